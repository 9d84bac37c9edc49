"""What is known of works beyond the chain: their documents, and pictures of their files.

Documents and files are strangers'. They count only if their digests are those on the chain, and
pictures leave here as data for an `<img>`, where nothing in them can run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dokkaebi.chain.documents import document_name
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports.kinds import Work

# A page for a phone: larger files aren't put in, and not more than this in all.
PICTURE_BYTES = 3 << 20
ALL_PICTURES_BYTES = 24 << 20
TITLE_LENGTH = 120
_RASTER = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A work as its creator describes it; None where nothing is known. `picture` is a data URI."""

    title: str | None = None
    creator_name: str | None = None
    media: str | None = None
    picture: str | None = None


class Exhibits:
    """Looks works up in a folder of documents, and their files in a folder of works."""

    def __init__(self, documents: Path | None, works: Path | None) -> None:
        if works is not None and not works.is_dir():
            raise DokkaebiError("report_works_missing", path=str(works))
        self._documents = documents
        self._works = works
        self._room = ALL_PICTURES_BYTES
        self._found: dict[int, Exhibit] = {}

    def of(self, work: Work) -> Exhibit:
        """What is known of a work."""
        if work.id not in self._found:
            self._found[work.id] = self._look(work)
        return self._found[work.id]

    def _look(self, work: Work) -> Exhibit:
        document = self._document(work)
        if document is None:
            return Exhibit()
        content = document.get("content")
        content = content if isinstance(content, dict) else {}
        return Exhibit(
            title=_line(document.get("name")),
            creator_name=_line(document.get("creator_name")),
            media=_line(content.get("type")),
            picture=self._picture(str(content.get("sha256", ""))),
        )

    def _document(self, work: Work) -> dict[str, Any] | None:
        if self._documents is None:
            return None
        path = self._documents / work.cid / document_name(work.creator)
        try:
            if path.stat().st_size != work.document_size:
                return None
            text = path.read_bytes()
            if "0x" + hashlib.sha256(text).hexdigest() != work.document_digest:
                return None
            document = json.loads(text)
        except (OSError, ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None

    def _picture(self, digest: str) -> str | None:
        path = self._files.get(digest.lower())
        if path is None:
            return None
        data = path.read_bytes()
        media = _media(data)
        if media is None or len(data) > self._room:
            return None
        self._room -= len(data)
        return f"data:{media};base64,{base64.b64encode(data).decode()}"

    @cached_property
    def _files(self) -> dict[str, Path]:
        """sha2-256 → file, for those that could be pictures."""
        return {digest: path for path in self._candidates() if (digest := _digest(path))}

    def _candidates(self) -> Iterator[Path]:
        if self._works is None:
            return
        for path in sorted(self._works.rglob("*")):
            if path.is_file() and path.stat().st_size <= PICTURE_BYTES:
                yield path


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _media(data: bytes) -> str | None:
    """What picture a file is by its first bytes; its name says nothing."""
    for start, media in _RASTER:
        if data.startswith(start):
            return media
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg[\s>]", head, re.DOTALL):
        return "image/svg+xml"
    return None


def _line(value: Any) -> str | None:
    """A stranger's text as one line: no control characters, none that turn the line around."""
    if not isinstance(value, str):
        return None
    seen = "".join(c if c.isprintable() else " " for c in value[: 8 * TITLE_LENGTH])
    words = " ".join(seen.split())
    if len(words) > TITLE_LENGTH:
        words = words[: TITLE_LENGTH - 1].rstrip() + "…"
    return words or None
