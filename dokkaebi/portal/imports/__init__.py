"""Files of communities → entries. Each format is a module; all of them read as a stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import BinaryIO

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.entries import Entries
from dokkaebi.portal.imports import activitypub, discourse, feeds, ghost, tables, wordpress

Reader = Callable[[BinaryIO, str, str | None], Entries]

READERS: dict[str, Reader] = {
    "wordpress": wordpress.read,
    "feed": feeds.read,
    "activitypub": activitypub.read,
    "discourse": discourse.read,
    "ghost": ghost.read,
    "csv": tables.read_csv,
    "jsonl": tables.read_json_lines,
}
# Their files don't say where they are from.
NAMELESS = ("discourse", "ghost")
_HEAD_BYTES = 1 << 16
_MARKS = (
    ("wordpress", r"wordpress\.org/export/1\."),
    ("feed", r"<(\w+:)?(rss|feed)\b"),
    ("activitypub", r'^\s*[{].*"(orderedItems|OrderedCollection(Page)?)"'),
    ("ghost", r'^\s*[{]\s*"(db|meta|data)"\s*:'),
    ("jsonl", r'^\s*[{][^\n]*"kind"\s*:'),
    ("discourse", r'^\s*[{].*"(post_stream|category_id|topics|categories)"\s*:'),
    ("csv", r"^[^\n<{]*\bkind\b"),
)


def detect(file: BinaryIO, path: str) -> str:
    """The format's name by how a file begins; raises `portal_format_unknown`."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", "replace")
    for name, mark in _MARKS:
        if re.search(mark, text, re.DOTALL):
            return name
    raise DokkaebiError("portal_format_unknown", path=path, known=", ".join(READERS))
