"""A file of a community → contributions in the portal's file: whole or not at all."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.entries import Entry, Found, Skipped
from dokkaebi.portal.imports import NAMELESS, READERS, detect
from dokkaebi.portal.store import KNOWN, LOOKALIKE, NEW, Store

# A clock may be a little ahead.
AHEAD_SECONDS = 300
# What is wrong with more than this is counted only; a list of a million lines helps nobody.
LISTED_MAX = 10_000


@dataclass
class Report:
    """What became of a file's pieces: how many by kind, and every skipped one with its reason."""

    path: Path
    digest: str
    format: str
    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Everything that the file has."""
        return sum(count.total() for count in (self.new, self.known, self.reasons))

    def skip(self, what: Skipped) -> None:
        """Lists a skipped piece."""
        self.reasons[what.reason] += 1
        if len(self.skipped) < LISTED_MAX:
            self.skipped.append(what)


def import_file(
    store: Store,
    path: Path,
    kinds: Collection[str],
    now: int,
    *,
    form: str | None = None,
    source: str | None = None,
) -> Report:
    """Imports a file in one transaction. What is known already stays as it is.

    `kinds` are those of the rules, `form` the format's name (None: by how the file begins),
    `source` where it is from, for files that don't say. Raises what the readers raise,
    `portal_format_unknown`, `portal_source_needed`, `file_missing`, `file_unreadable`.
    """
    if form is not None and form not in READERS:
        raise DokkaebiError("portal_format_unknown", path=form, known=", ".join(READERS))
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            form = form or detect(file, str(path))
            if form in NAMELESS and not source:
                raise DokkaebiError("portal_source_needed", path=str(path), format=form)
            report = Report(path, digest, form)
            with store.transaction():
                number = store.add_file(digest, path.name, form, now)
                for found in READERS[form](file, str(path), source):
                    _take(store, report, found, number, kinds, now)
    except FileNotFoundError:
        raise DokkaebiError("file_missing", path=str(path)) from None
    except OSError as problem:
        raise DokkaebiError("file_unreadable", path=str(path), problem=str(problem)) from None
    return report


def _take(
    store: Store, report: Report, found: Found, file: int, kinds: Collection[str], now: int
) -> None:
    if isinstance(found, Skipped):
        report.skip(found)
        return
    if reason := _reason(found, kinds, now):
        report.skip(Skipped(found.line, found.id[:60], *reason))
        return
    became, double = store.add(found, file)
    if became in (NEW, KNOWN):
        (report.new if became == NEW else report.known)[found.kind] += 1
    else:
        detail = f"{found.author} ~ {double}" if became == LOOKALIKE else found.kind
        report.skip(Skipped(found.line, found.id[:60], became, detail))


def _reason(entry: Entry, kinds: Collection[str], now: int) -> tuple[str, str] | None:
    if not entry.source:
        return "source", ""
    if entry.kind not in kinds:
        return "kind", entry.kind[:40]
    if entry.at > now + AHEAD_SECONDS:
        return "future", str(entry.at)
    return None
