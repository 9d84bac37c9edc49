"""Whether bytes are a picture and nothing else: read by their structure from the first to the last.

What is a picture and an archive, a script or a page at once has bytes behind its end, or words of a
page in it; such a file is kept, but no browser is told that it is a picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from mmap import mmap

OTHER = "application/octet-stream"
# Words that browsers once took for a page's beginning, whatever surrounded them.
_PAGE = re.compile(rb"<(script|html|head|body|iframe|svg|!doctype|\?php|%)", re.IGNORECASE)


Bytes = bytes | mmap


class _Broken(Exception):  # noqa: N818 - never leaves this file
    """Not a whole picture of its kind."""


def picture_type(content: Bytes) -> str | None:
    """The media type of a picture that browsers show; None for everything else."""
    for beginning, (kind, walk) in _KINDS.items():
        if content[: len(beginning)] == beginning and not _PAGE.search(content):
            with suppress(_Broken, IndexError):
                if walk(content) == len(content):
                    return kind
    return None


def _png(data: Bytes) -> int:
    """Chunks: length, name, content, checksum; the last one is IEND."""
    at = 8
    while True:
        length, name = int.from_bytes(_part(data, at, 4)), _part(data, at + 4, 4)
        if (at == 8) != (name == b"IHDR") or not name.isalpha():
            raise _Broken
        at += 12 + length
        if name == b"IEND":
            return at


def _jpeg(data: Bytes) -> int:
    """Segments: a marker, and a length unless it has no content; after a scan's beginning comes its
    data, in which FF is never followed by a marker but those of restarts."""
    at = 2
    while True:
        head, marker = _part(data, at, 2)
        if head != 0xFF:
            raise _Broken
        if marker == 0xD9:
            return at + 2
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(_part(data, at + 2, 2))
        if not 0xC0 <= marker <= 0xFE or 0xD0 <= marker <= 0xD8 or length < 2:
            raise _Broken
        at += 2 + length
        if marker == 0xDA:
            at = _after_scan(data, at)


def _after_scan(data: Bytes, at: int) -> int:
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise _Broken
        follows = data[at + 1]
        if follows == 0 or 0xD0 <= follows <= 0xD7:
            at += 2
        elif follows == 0xFF:
            at += 1
        else:
            return at


def _gif(data: Bytes) -> int:
    """Blocks: extensions and pictures, each of pieces that end with an empty one; then `;`."""
    at = 13 + _colours(data[10])
    while True:
        block = data[at]
        if block == 0x3B:
            return at + 1
        if block == 0x21:
            at += 2
        elif block == 0x2C:
            at += 11 + _colours(data[at + 9])
        else:
            raise _Broken
        while length := data[at]:
            at += 1 + length
        at += 1


def _colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(data: Bytes) -> int:
    """A RIFF of chunks, whose size it says, of the form WEBP."""
    end = 8 + int.from_bytes(_part(data, 4, 4), "little")
    if _part(data, 8, 4) != b"WEBP" or data[12:15] != b"VP8":
        raise _Broken
    at = 12
    while at < end:
        length = int.from_bytes(_part(data, at + 4, 4), "little")
        at += 8 + length + length % 2
    return at if at == end else -1


def _part(data: Bytes, at: int, length: int) -> bytes:
    part = data[at : at + length]
    if len(part) != length:
        raise _Broken
    return part


_KINDS: dict[bytes, tuple[str, Callable[[Bytes], int]]] = {
    b"\x89PNG\r\n\x1a\n": ("image/png", _png),
    b"\xff\xd8\xff": ("image/jpeg", _jpeg),
    b"GIF87a": ("image/gif", _gif),
    b"GIF89a": ("image/gif", _gif),
    b"RIFF": ("image/webp", _webp),
}
