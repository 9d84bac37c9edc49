"""WordPress's own export, WXR 1.x: posts and pages, their comments and pingbacks."""

from __future__ import annotations

from typing import BinaryIO

from dokkaebi.portal.entries import (
    COMMENT,
    SHARE,
    WRITE,
    Entries,
    Found,
    Skipped,
    make_entry,
    parse_time,
)
from dokkaebi.portal.imports.elements import Element, records
from dokkaebi.portal.imports.places import host_of, site_of
from dokkaebi.portal.names import GUEST

_RECORDS = frozenset({"item", "wp:comment", "wp:author"})
_WRITTEN = ("post", "page")
_NOT_PUBLIC = {
    "draft": "draft",
    "auto-draft": "draft",
    "pending": "draft",
    "private": "private",
    "trash": "trash",
    "future": "scheduled",
}
_COMMENTS = ("", "comment")
_LINKS = ("pingback", "trackback")


def read(file: BinaryIO, path: str, source: str | None) -> Entries:
    """A WXR export's posts and comments; everything else in it with the reason why not."""
    logins: dict[str, str] = {}
    for record in records(file, path, _RECORDS):
        channel = record.parent
        if record.name == "wp:author":
            logins[record.get("wp:author_id")] = record.get("wp:author_login")
        elif record.name == "item" and channel is not None:
            yield _post(record, source or site_of(channel.get("wp:base_blog_url")))
        elif record.name == "wp:comment" and channel is not None and channel.parent is not None:
            site = source or site_of(channel.parent.get("wp:base_blog_url"))
            yield _comment(record, channel, site, logins)


def _post(item: Element, source: str) -> Found:
    identifier = f"post-{item.get('wp:post_id')}"
    if reason := _reason(item):
        return Skipped(item.line, identifier, *reason)
    date = item.get("wp:post_date_gmt")
    return make_entry(
        item.line,
        source,
        WRITE,
        identifier,
        item.get("dc:creator"),
        date if parse_time(date) is not None else item.get("pubDate"),
        text=item.get("content:encoded"),
    )


def _reason(item: Element) -> tuple[str, str] | None:
    """Why an item isn't something that somebody wrote for all, and what says so."""
    kind, status = item.get("wp:post_type"), item.get("wp:status")
    if kind == "attachment":
        return "attachment", kind
    if kind not in _WRITTEN:
        return "not_writing", kind
    return _hidden(item) or (None if status == "publish" else ("status", status))


def _hidden(item: Element) -> tuple[str, str] | None:
    status = item.get("wp:status")
    if status in _NOT_PUBLIC:
        return _NOT_PUBLIC[status], status
    return ("password", "") if item.get("wp:post_password") else None


def _comment(comment: Element, post: Element, source: str, logins: dict[str, str]) -> Found:
    identifier = f"comment-{comment.get('wp:comment_id')}"
    approved, kind = comment.get("wp:comment_approved"), comment.get("wp:comment_type")
    reason: tuple[str, str] | None = None
    if approved in ("spam", "trash"):
        reason = approved, approved
    elif approved != "1":
        reason = "unapproved", approved
    elif hidden := _hidden(post):
        reason = "post_hidden", hidden[1] or "password"
    elif kind not in (*_COMMENTS, *_LINKS):
        reason = "kind", kind
    if reason:
        return Skipped(comment.line, identifier, *reason)
    answered = comment.get("wp:comment_parent")
    parent = f"comment-{answered}" if answered not in ("", "0") else None
    return make_entry(
        comment.line,
        source,
        SHARE if kind in _LINKS else COMMENT,
        identifier,
        _author(comment, kind, logins),
        comment.get("wp:comment_date_gmt"),
        target=parent or f"post-{post.get('wp:post_id')}",
        text=comment.get("wp:comment_content"),
    )


def _author(comment: Element, kind: str, logins: dict[str, str]) -> str:
    """An account's name; what a guest typed, or the site that links here, is marked as a guest's:
    anybody could have typed the name of an account."""
    if kind in _LINKS:
        host = host_of(comment.get("wp:comment_author_url"))
        return GUEST + host if host else ""
    user, name = comment.get("wp:comment_user_id"), comment.get("wp:comment_author")
    if user not in ("", "0"):
        return logins.get(user) or f"user-{user}"
    return GUEST + name if name else ""
