"""CSV and JSON lines, for whatever has no importer.

Columns (fields): `kind`, `id`, `author`, `at` (ISO 8601 or seconds since 1970) and, where known,
`source`, `target` (the id of what it praises), `to` (whom, in the same source) and `text`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.entries import Entries, Found, Skipped, make_entry
from dokkaebi.portal.names import Persona
from dokkaebi.spelling import clean_name

NEEDED = ("kind", "id", "author", "at")
KNOWN = (*NEEDED, "source", "target", "to", "text")
LINE_BYTES_MAX = 32 << 20


def read_csv(file: BinaryIO, path: str, source: str | None) -> Entries:
    """Rows of a CSV file with a head, UTF-8. Raises `portal_columns`, `portal_csv_broken`,
    `portal_encoding_wrong`."""
    csv.field_size_limit(min(LINE_BYTES_MAX, sys.maxsize))
    rows = csv.reader(_lines(file, path), strict=True)
    columns = _next(rows, path) or []
    columns = [column.strip().lower() for column in columns]
    if missing := [name for name in NEEDED if name not in columns]:
        raise DokkaebiError("portal_columns", path=path, missing=", ".join(missing))
    while True:
        line = rows.line_num + 1
        row = _next(rows, path)
        if row is None:
            return
        if len(row) == len(columns):
            yield _entry(line, dict(zip(columns, row, strict=True)), source)
        elif row:
            yield Skipped(line, row[0][:60], "columns", str(len(row)))


def _next(rows: Any, path: str) -> list[str] | None:
    try:
        found: list[str] | None = next(rows, None)
        return found
    except csv.Error as problem:
        raise DokkaebiError(
            "portal_csv_broken", path=path, line=rows.line_num, problem=str(problem)
        ) from None


def read_json_lines(file: BinaryIO, path: str, source: str | None) -> Entries:
    """Lines that are JSON objects. Raises `portal_json_broken`, `portal_encoding_wrong`."""
    for line, text in enumerate(_lines(file, path), 1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise DokkaebiError(
                "portal_json_broken", path=path, line=line, problem=str(problem)
            ) from None
        if isinstance(value, dict):
            yield _entry(line, {str(name): value[name] for name in value}, source)
        else:
            yield Skipped(line, text[:60].strip(), "shape")


def _lines(file: BinaryIO, path: str) -> Iterator[str]:
    """Lines as they are, their ends included: a quoted field of CSV may have several."""
    number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX:
            raise DokkaebiError("portal_line_long", path=path, line=number, max=LINE_BYTES_MAX)
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as problem:
            raise DokkaebiError(
                "portal_encoding_wrong", path=path, line=number, problem=problem.reason
            ) from None
        yield text


def _entry(line: int, row: Mapping[str, Any], source: str | None) -> Found:
    words = {name: _word(row.get(name)) for name in KNOWN}
    place = source or clean_name(words["source"])
    return make_entry(
        line,
        place,
        words["kind"].strip().upper(),
        words["id"].strip(),
        words["author"],
        words["at"],
        target=words["target"].strip() or None,
        receiver=Persona(place, clean_name(words["to"])) if words["to"].strip() else None,
        text=words["text"],
    )


def _word(value: Any) -> str:
    return "" if value is None else str(value)
