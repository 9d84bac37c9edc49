"""Metadata documents of works, as strangers wrote them: read strictly, kept as plain text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from dokkaebi.chain.assets import parse_address
from dokkaebi.chain.documents import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_BYTES_MIN,
    RAW,
    cid_text,
    creation_id,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.spelling import strange_letter

DEPTH_MAX = 8
TITLE_LENGTH_MAX = 200
NAME_LENGTH_MAX = 120
TAGS_MAX, TAG_LENGTH_MAX = 32, 60
_LINES = "\n\r\t"


@dataclass(frozen=True)
class Metadata:
    """What a metadata document says of a work. `id`: what its creator's registering gives it; the
    creator is who the document names, whether or not they know of it."""

    text: bytes
    creator: str
    title: str
    description: str
    creator_name: str
    tags: tuple[str, ...]
    content_type: str
    content_cid: str | None
    content_size: int | None
    image: str | None

    @property
    def digest(self) -> bytes:
        """sha2-256 of the document."""
        return hashlib.sha256(self.text).digest()

    @property
    def cid(self) -> str:
        """Where its file is."""
        return cid_text(RAW, self.digest)

    @property
    def id(self) -> int:
        """The creation's id."""
        return creation_id(self.digest, len(self.text), self.creator)


def read_metadata(text: bytes) -> Metadata:
    """Reads a document's bytes. Errors: `board_metadata_size`, `board_metadata_wrong`,
    `board_text_strange`, `board_too_deep`."""
    if not DOCUMENT_BYTES_MIN <= len(text) <= DOCUMENT_BYTES_MAX:
        least, most = DOCUMENT_BYTES_MIN, DOCUMENT_BYTES_MAX
        raise DokkaebiError("board_metadata_size", size=len(text), min=least, max=most)
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _wrong("JSON") from None
    if not isinstance(found, dict):
        raise _wrong("JSON")
    check_depth(found, DEPTH_MAX)
    content = found.get("content", {})
    if not isinstance(content, dict):
        raise _wrong("content")
    size = content.get("size")
    if size is not None and (type(size) is not int or not 0 <= size < 2**53):
        raise _wrong("content.size")
    return Metadata(
        text,
        _creator(found.get("creator")),
        _text(found, "name", TITLE_LENGTH_MAX, least=1),
        _text(found, "description", DOCUMENT_BYTES_MAX, allowed=_LINES),
        _text(found, "creator_name", NAME_LENGTH_MAX),
        _tags(found.get("tags", [])),
        _text(content, "type", NAME_LENGTH_MAX),
        _cid(content.get("cid")),
        size,
        _cid(found.get("image")),
    )


def check_depth(value: Any, deepest: int) -> None:
    """Refuses JSON whose lists and objects are nested deeper. Raises `board_too_deep`."""
    level: list[Any] = [value]
    depth = 0
    while level:
        inner = [part for part in level if isinstance(part, dict | list)]
        depth += bool(inner)
        if depth > deepest:
            raise DokkaebiError("board_too_deep", max=deepest)
        level = [v for part in inner for v in (part.values() if isinstance(part, dict) else part)]


def file_cid(text: object) -> str | None:
    """The CID of a file as the board names it, of a CID or an `ipfs://` address; None if it is
    none."""
    if not isinstance(text, str):
        return None
    seen = text.removeprefix("ipfs://")
    if len(seen) != 59 or not seen.startswith(("bafkrei", "bafybei")):
        return None
    return seen if set(seen) <= set("abcdefghijklmnopqrstuvwxyz234567") else None


def _creator(value: object) -> str:
    if not isinstance(value, str):
        raise _wrong("creator")
    try:
        return parse_address(value)
    except DokkaebiError:
        raise _wrong("creator") from None


def _text(
    found: dict[str, Any], field: str, longest: int, *, least: int = 0, allowed: str = ""
) -> str:
    value = found.get(field, "")
    if not isinstance(value, str) or not least <= len(value.strip()) or len(value) > longest:
        raise _wrong(field)
    return checked_text(field, value, allowed)


def checked_text(field: str, value: str, allowed: str = "") -> str:
    """The text, if a reader sees all of it. Raises `board_text_strange`."""
    strange = strange_letter(value, allowed)
    if strange is not None:
        raise DokkaebiError("board_text_strange", field=field, seen=f"U+{ord(strange):04X}")
    return value


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > TAGS_MAX:
        raise _wrong("tags")
    for tag in value:
        if not isinstance(tag, str) or not 0 < len(tag) <= TAG_LENGTH_MAX:
            raise _wrong("tags")
        checked_text("tags", tag)
    return tuple(value)


def _cid(value: object) -> str | None:
    """A picture may be anywhere; what isn't a file's CID isn't shown."""
    return file_cid(value)


def _wrong(field: str) -> DokkaebiError:
    return DokkaebiError("board_metadata_wrong", field=field)
