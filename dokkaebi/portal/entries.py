"""What importers make of files: entries, and what was skipped with the reason. Dates, texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from dokkaebi.portal.names import NAME_LENGTH_MAX, Persona
from dokkaebi.spelling import clean_name

WRITE, SHARE, COMMENT, LIKE = "WRITE", "SHARE", "COMMENT", "LIKE"
# Longer texts aren't contributions but attacks on the one who reads them.
TEXT_LENGTH_MAX = 1 << 20
ID_LENGTH_MAX = 500
_DATE_LENGTH_MAX = 100
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A contribution as a file has it, `at` in seconds since 1970. `target` is the id of what it
    praises in the same source, `receiver` whom. `twin` is the same for the same text; 0: none."""

    line: int
    source: str
    kind: str
    id: str
    author: str
    at: int
    target: str | None = None
    receiver: Persona | None = None
    twin: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """What wasn't counted: where it begins, its name in the file, and why, as the text
    `portal_skip_<reason>` says with `detail`."""

    line: int
    id: str
    reason: str
    detail: str = ""


Found: TypeAlias = Entry | Skipped
Entries: TypeAlias = Iterator[Found]


def make_entry(
    line: int,
    source: str,
    kind: str,
    identifier: str,
    author: str,
    date: str,
    *,
    target: str | None = None,
    receiver: Persona | None = None,
    text: str = "",
) -> Found:
    """An entry of a file's own words; what is missing or wrong with it skips it."""
    shown = clean_name(identifier)[:60]
    if not identifier.isprintable() or not 0 < len(identifier) <= ID_LENGTH_MAX:
        return Skipped(line, shown, "id")
    if len(text) > TEXT_LENGTH_MAX:
        return Skipped(line, shown, "long", str(len(text)))
    name = clean_name(author)
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        return Skipped(line, shown, "author", name[:40])
    at = parse_time(date)
    if at is None:
        return Skipped(line, shown, "date", clean_name(date)[:40])
    return Entry(line, source, kind, identifier, name, at, target, receiver, twin_of(text))


def parse_time(text: str) -> int | None:
    """Seconds since 1970 of an ISO 8601, RFC 822 or decimal date, without a zone UTC's; else
    None."""
    text = text.strip()
    if len(text) > _DATE_LENGTH_MAX:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 12:
        return int(text)
    try:
        if found := _ISO.fullmatch(text):
            zone = (found[7] or "Z").replace("UTC", "Z")
            day = f"{found[1]}-{found[2]}-{found[3]}"
            clock = f"{found[4] or '00'}:{found[5] or '00'}:{found[6] or '00'}"
            moment = datetime.fromisoformat(f"{day}T{clock}{zone}")
        else:
            moment = parsedate_to_datetime(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # An exact difference: `timestamp()` is a float.
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    seconds = since.days * 86_400 + since.seconds
    return seconds if seconds >= 0 else None


def twin_of(text: str) -> int:
    """A number of 63 bits that is the same for texts that differ in spaces and case only."""
    words = " ".join(text.casefold().split())
    if not words:
        return 0
    digest = hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1 or 1
