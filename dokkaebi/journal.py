"""A write-ahead journal: what was signed is on disk before it is sent.

A file of JSON lines. Each holds the SHA-256 of the line before, and its own, so that neither a lost
nor an altered line goes unnoticed; only the last one may be torn, by a crash while it was written,
and was then never acted on.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dokkaebi.errors import DokkaebiError

Entry = Mapping[str, Any]
START = "0" * 64


class Journal:
    """A journal opened for writing. Use `open_journal`; without a path it is kept in memory alone,
    for chains that are gone when the process is."""

    def __init__(
        self, path: Path | None = None, entries: Sequence[Entry] = (), last: str = START
    ) -> None:
        self.path = path
        self.entries = list(map(dict, entries))
        self._last = last

    def append(self, kind: str, **values: Any) -> None:
        """Writes an entry, and returns when it is on disk. Raises `journal_unwritable`."""
        entry = {"kind": kind, **values}
        line, digest = _line(entry, self._last)
        if self.path is not None:
            _write(self.path, line)
        self.entries.append(entry)
        self._last = digest

    def restart(self) -> None:
        """Begins anew; the old one is kept beside it."""
        if self.path is not None:
            self.path.replace(self.path.with_suffix(".journal.old"))
        self.entries, self._last = [], START

    def of(self, kind: str, **values: Any) -> list[dict[str, Any]]:
        """The entries of a kind with these values, the oldest first."""
        return [
            entry
            for entry in self.entries
            if entry["kind"] == kind and all(entry.get(k) == v for k, v in values.items())
        ]


def _write(path: Path, line: bytes) -> None:
    try:
        with path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                written = file.write(line)
                if written != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                # A full disk may have taken a part of it.
                file.truncate(before)
                raise
    except OSError as problem:
        raise DokkaebiError(
            "journal_unwritable", path=str(path), problem=problem.strerror or str(problem)
        ) from None


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """Opens a journal, or begins one. One writer at a time; the lock dies with its owner.

    Errors: `journal_locked`, `journal_corrupt`, `journal_unwritable`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise DokkaebiError("journal_locked", path=str(path)) from None
    except OSError as problem:
        raise DokkaebiError(
            "journal_unwritable", path=str(path), problem=problem.strerror or str(problem)
        ) from None
    try:
        yield _open(path)
    finally:
        lock.release()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The entries of a journal, without opening it for writing. Raises `journal_corrupt`."""
    return _read(path)[0]


def _open(path: Path) -> Journal:
    entries, last, whole = _read(path)
    if path.exists() and path.stat().st_size > whole:
        # Torn by a crash: nothing was done after it.
        with path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    return Journal(path, entries, last)


def _read(path: Path) -> tuple[list[dict[str, Any]], str, int]:
    """Entries, the last digest, and how many bytes of the file are whole lines."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return [], START, 0
    except OSError as problem:
        raise DokkaebiError(
            "journal_corrupt", path=str(path), line=0, problem=str(problem)
        ) from None
    entries: list[dict[str, Any]] = []
    last, whole = START, 0
    lines = raw.split(b"\n")
    # What follows the last line's end was torn.
    for number, line in enumerate(lines[:-1], 1):
        try:
            document = json.loads(line)
            entry, before, digest = document["entry"], document["before"], document["digest"]
        except (ValueError, KeyError, TypeError):
            raise DokkaebiError(
                "journal_corrupt", path=str(path), line=number, problem="no entry"
            ) from None
        if before != last or _line(entry, before)[1] != digest:
            raise DokkaebiError(
                "journal_corrupt", path=str(path), line=number, problem="another digest"
            )
        entries.append(entry)
        last, whole = digest, whole + len(line) + 1
    return entries, last, whole


def _line(entry: Entry, before: str) -> tuple[bytes, str]:
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
    document = {"before": before, "entry": entry, "digest": digest}
    return (json.dumps(document, sort_keys=True, ensure_ascii=False) + "\n").encode(), digest
