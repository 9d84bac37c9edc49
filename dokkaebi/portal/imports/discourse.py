"""Discourse: a topic as `/t/<id>.json` gives it, and the export of categories (`rake export`)."""

from __future__ import annotations

from typing import Any, BinaryIO

from dokkaebi.portal.entries import COMMENT, WRITE, Entries, Found, Skipped, make_entry
from dokkaebi.portal.imports.items import items
from dokkaebi.portal.names import Persona

# What moderators and the program itself put between the posts, and what only the staff sees.
_POST_TYPE_REGULAR = 1
_ARRAYS = frozenset({"post_stream.posts", "topics"})


def read(file: BinaryIO, path: str, source: str | None) -> Entries:
    """Posts: a topic's first is written, the others answer. Likes are counts there, without names,
    so they can't count."""
    names = _usernames(file, path)
    firsts: dict[Any, str] = {}
    for item in items(file, path, arrays=_ARRAYS):
        if not isinstance(item.value, dict):
            if item.path in _ARRAYS:
                yield Skipped(item.line, str(item.value)[:60], "shape")
        elif item.path == "topics":
            yield from _topic(item.line, item.value, source or "", names)
        else:
            yield _post(item.line, item.value, source or "", names, firsts)


def _usernames(file: BinaryIO, path: str) -> dict[Any, str]:
    """Names by account, in an export of categories; it may have them behind the posts."""
    found = {}
    for item in items(file, path, arrays=frozenset({"users"})):
        if item.path == "users" and isinstance(item.value, dict):
            found[item.value.get("id")] = str(item.value.get("username") or "")
    file.seek(0)
    return found


def _topic(line: int, topic: dict[str, Any], source: str, names: dict[Any, str]) -> Entries:
    posts = topic.get("posts")
    if not isinstance(posts, list):
        yield Skipped(line, f"topic-{topic.get('id')}", "shape")
        return
    firsts: dict[Any, str] = {}
    for number, post in enumerate(posts, 1):
        if isinstance(post, dict):
            placed = {"post_number": number, "topic_id": topic.get("id"), **post}
            yield _post(line, placed, source, names, firsts)
        else:
            yield Skipped(line, str(post)[:60], "shape")


def _post(
    line: int, post: dict[str, Any], source: str, names: dict[Any, str], firsts: dict[Any, str]
) -> Found:
    identifier = f"post-{post.get('id')}"
    author = str(post.get("username") or names.get(post.get("user_id")) or "")
    number, topic = post.get("post_number"), post.get("topic_id")
    if number == 1:
        firsts[topic] = identifier
    if post.get("post_type", _POST_TYPE_REGULAR) != _POST_TYPE_REGULAR:
        return Skipped(line, identifier, "not_writing", str(post.get("post_type")))
    if post.get("hidden") or post.get("deleted_at") or post.get("user_deleted"):
        return Skipped(line, identifier, "trash")
    answered = post.get("reply_to_user")
    to = answered.get("username") if isinstance(answered, dict) else None
    return make_entry(
        line,
        source,
        WRITE if number == 1 else COMMENT,
        identifier,
        author,
        str(post.get("created_at") or ""),
        target=None if number == 1 else firsts.get(topic),
        receiver=Persona(source, str(to)) if to else None,
        text=str(post.get("raw") or post.get("cooked") or ""),
    )
