"""Boards as JSON lines, so that one can take what another has: signed documents as they are, and
metadata documents as text. Whoever reads them checks all of it again.

```json
{"number": 7, "document": {"dokkaebi": "offer", …}}
{"number": 7, "metadata": "{\\"name\\": …}"}
```
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import orjson

from dokkaebi.board.files import Files
from dokkaebi.board.metadata import read_metadata
from dokkaebi.board.notices import BATCH, Notices
from dokkaebi.board.store import Store
from dokkaebi.errors import DokkaebiError

LINE_BYTES_MAX = 131_072


@dataclass
class Imported:
    """What became of lines: how many were new, here already, and refused, by error."""

    new: int = 0
    known: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, problem: DokkaebiError) -> None:
        """One line that can't be used."""
        self.refused[problem.key] = self.refused.get(problem.key, 0) + 1


def lines_of(store: Store, files: Files, after: int, limit: int) -> tuple[int, list[bytes]]:
    """Lines of documents, the oldest first, from after a number on, each after the metadata
    document of its work, if that is here; and the number of the last one."""
    lines: list[bytes] = []
    last = after
    for row in store.after(after, limit):
        last = row.number
        work = store.work(row.creation) if row.creation else None
        if work is not None and store.file(work.document_cid) is not None:
            text = files.path(work.document_cid).read_bytes().decode("utf-8")
            lines.append(orjson.dumps({"number": last, "metadata": text}) + b"\n")
        lines.append(_document_line(last, json.loads(row.body)))
    return last, lines


def _document_line(number: int, document: dict[str, Any]) -> bytes:
    return orjson.dumps({"number": number, "document": document}) + b"\n"


def export_lines(store: Store, files: Files) -> Iterator[bytes]:
    """All lines of a board."""
    last = 0
    while True:
        here, lines = lines_of(store, files, last, BATCH)
        yield from lines
        if here == last:
            return
        last = here


def import_lines(notices: Notices, source: BinaryIO) -> Imported:
    """Takes lines as if somebody posted them, without the limits of each key: the operator answers
    for the file. A line that is no document is refused; the others are taken."""
    found = Imported()
    waiting: list[bytes] = []
    for line in _lines(source):
        try:
            entry = _entry(line)
            if "metadata" in entry:
                _take_metadata(notices, entry["metadata"].encode())
                continue
            waiting.append(json.dumps(entry["document"]).encode())
        except DokkaebiError as problem:
            found.refuse(problem)
        if len(waiting) == BATCH:
            _take(notices, waiting, found)
            waiting = []
    _take(notices, waiting, found)
    return found


def _lines(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(LINE_BYTES_MAX + 1):
        whole = line
        while len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            # Too long anyway: only its end is looked for.
            line = source.readline(LINE_BYTES_MAX + 1)
        if whole.strip():
            yield whole


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line) if len(line) <= LINE_BYTES_MAX else None
    except (ValueError, RecursionError):
        entry = None
    kinds = {"metadata": str, "document": dict}
    if isinstance(entry, dict) and any(type(entry.get(n)) is kind for n, kind in kinds.items()):
        return entry
    raise DokkaebiError("board_line_wrong")


def _take(notices: Notices, bodies: Iterable[bytes], found: Imported) -> None:
    for result in notices.take(list(bodies), bounded=False):
        if isinstance(result, DokkaebiError):
            found.refuse(result)
        else:
            found.new += result.new
            found.known += not result.new


def _take_metadata(notices: Notices, text: bytes) -> None:
    metadata = read_metadata(text)
    if notices.store.file(metadata.cid) is None:
        with notices.receiving(metadata.cid, len(text), "") as incoming:
            incoming.add(text)
