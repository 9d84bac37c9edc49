"""ActivityPub outboxes, as Mastodon exports them (`outbox.json`)."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from dokkaebi.portal.entries import (
    COMMENT,
    LIKE,
    SHARE,
    WRITE,
    Entries,
    Found,
    Skipped,
    make_entry,
)
from dokkaebi.portal.imports.items import Item, items
from dokkaebi.portal.imports.places import host_of
from dokkaebi.portal.names import Persona

_PUBLIC = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")
_ARRAYS = frozenset({"orderedItems", "items"})
_PERSON = re.compile(r"https?://[^/]+/(?:users/|@|u/|profile/)([^/?#]+)", re.ASCII)
_PRAISE = {"Announce": SHARE, "Like": LIKE}


def read(file: BinaryIO, path: str, source: str | None) -> Entries:
    """An outbox's public notes, answers, boosts and likes. The source is the actor's host."""
    for item in items(file, path, arrays=_ARRAYS):
        if item.path in _ARRAYS:
            yield _activity(item, source)


def _activity(item: Item, source: str | None) -> Found:
    activity = item.value
    if not isinstance(activity, dict):
        return Skipped(item.line, str(activity)[:60], "shape")
    kind = str(activity.get("type", ""))
    identifier = _url(activity.get("id"))
    if not _is_public(activity):
        return Skipped(item.line, identifier[:60], "private")
    person = persona_of(_url(activity.get("actor")))
    note = activity.get("object")
    common = (
        source or (person.source if person else ""),
        person.nickname if person else "",
        str(activity.get("published", "")),
    )
    if kind in _PRAISE:
        return _made(item, _PRAISE[kind], identifier, common, _url(note))
    if kind != "Create" or not isinstance(note, dict):
        return Skipped(item.line, identifier[:60], "kind", kind)
    if note.get("type") not in ("Note", "Article", "Question", "Page"):
        return Skipped(item.line, identifier[:60], "kind", str(note.get("type")))
    answered = _url(note.get("inReplyTo"))
    return _made(
        item,
        COMMENT if answered else WRITE,
        _url(note.get("id")) or identifier,
        common,
        answered,
        str(note.get("content") or ""),
    )


def _made(
    item: Item,
    kind: str,
    identifier: str,
    common: tuple[str, str, str],
    target: str,
    text: str = "",
) -> Found:
    source, author, date = common
    return make_entry(
        item.line,
        source,
        kind,
        identifier,
        author,
        date,
        target=target or None,
        receiver=persona_of(target),
        text=text,
    )


def persona_of(url: str) -> Persona | None:
    """Whose profile or note a URL is, as far as it says."""
    found = _PERSON.match(url)
    return Persona(host_of(url), found[1]) if found and host_of(url) else None


def _is_public(activity: dict[str, Any]) -> bool:
    for field in ("to", "cc"):
        value = activity.get(field) or []
        if any(one in _PUBLIC for one in ([value] if isinstance(value, str) else value)):
            return True
    return False


def _url(value: Any) -> str:
    """An object's id, whether it is given whole or by its id."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else ""
