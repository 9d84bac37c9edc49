"""Rows at work: handlers look them up here, effects change them, and they are written in bulk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.handlers import effects_of, lookups_of
from dokkaebi.ledger.rows import Add, Put, Record, Row
from dokkaebi.ledger.tables import Access, Key, access, driver_cursor

# Rows kept from one batch for the next, so that few have to be read again.
REMEMBERED_ROWS = 3_000
# Of a trade that began while its row is remembered, nothing else can be in the database; the
# tables, and where in their keys the trade's id stands.
OF_TRADES = {"settlement": 0, "part": 0, "dispute": 0, "share": 1, "payout": 3}


class Desk:
    """The derived rows. `final_number`: blocks up to it are never undone."""

    def __init__(self) -> None:
        self.final_number = -1
        self._cursor: Any = None
        self._rows: dict[str, dict[Key, Row]] = {t.name: {} for t in schema.DERIVED}
        # Dicts keep their order, so that a replay writes the same rows in the same order.
        self._changed: dict[str, dict[Key, None]] = {t.name: {} for t in schema.DERIVED}
        self._access: dict[str, Access] = {}
        self._absent: dict[str, set[Key]] = {t.name: set() for t in schema.DERIVED}
        self._begun: set[str] = set()
        self._block = -1
        self._seen: set[tuple[str, Key]] = set()
        self._undo: list[tuple[int, int, str, str, str | None]] = []

    def connect(self, connection: Connection | None) -> None:
        """Works within a transaction; None when it is over."""
        if connection is None:
            self._cursor = None
            return
        self._cursor = driver_cursor(connection)
        dialect = connection.dialect.name
        self._access = {t.name: access(t.name, dialect) for t in schema.DERIVED}

    def row(self, table: str, *key: Any) -> Mapping[str, Any]:
        """The row with this key; a ledger without it has a gap."""
        row = self.find(table, *key)
        if row is None:
            raise DokkaebiError("ledger_gap", table=table, key=", ".join(map(str, key)))
        return row

    def find(self, table: str, *key: Any) -> Row | None:
        """The row with this key, if there is one."""
        rows = self._rows[table]
        row = rows.get(key)
        if row is not None:
            return row
        if key in self._absent[table]:
            return None
        if table in OF_TRADES and key[OF_TRADES[table]] in self._begun:
            return None
        assert self._cursor is not None, "rows are looked up inside of a transaction"  # noqa: S101
        found = self._access[table].find(self._cursor, key)
        if found is not None:
            rows[key] = found
        return found

    def prepare(self, records: Iterable[Record]) -> None:
        """Reads in bulk what the handlers of records will look up."""
        wanted: dict[str, set[Key]] = defaultdict(set)
        for record in records:
            for table, key in lookups_of(record):
                wanted[table].add(key)
        for table, keys in wanted.items():
            keys -= self._rows[table].keys()
            keys -= self._absent[table]
            found = self._access[table].find_many(self._cursor, list(keys))
            self._rows[table].update(found)
            self._absent[table] |= keys - found.keys()

    def apply(self, record: Record) -> None:
        """Changes the rows that an event changes."""
        if record.block_number != self._block:
            self._block = record.block_number
            self._seen.clear()
        # All are made before the first is applied: handlers look at rows as they were.
        for effect in tuple(effects_of(record, self)):
            if isinstance(effect, Add):
                self._add(effect.table, effect.key, effect.amounts)
            elif isinstance(effect, Put):
                self._put(effect.table, effect.row)
            else:
                self._change(effect.table, effect.key, effect.values)

    def flush(self) -> None:
        """Writes every changed row, and how those of blocks that aren't final were before."""
        for table, changed in self._changed.items():
            if changed:
                rows = self._rows[table]
                self._access[table].upsert(self._cursor, [rows[key] for key in changed])
                changed.clear()
        if self._undo:
            access("undo", self._dialect).insert(self._cursor, self._undo)
            self._undo.clear()
        if sum(map(len, self._rows.values())) > REMEMBERED_ROWS:
            self.forget()

    def undo(self, steps: Iterable[tuple[str, str, str | None]]) -> None:
        """Takes changes back: table, key and row before of each, the latest change first."""
        self.forget()
        self._block = -1
        first: dict[tuple[str, Key], Row | None] = {}
        for table, key, before in steps:
            first[table, tuple(json.loads(key))] = None if before is None else json.loads(before)
        for table, using in self._access.items():
            rows = {key: row for (name, key), row in first.items() if name == table}
            gone = [key for key, row in rows.items() if row is None]
            if gone:
                using.delete(self._cursor, gone)
            kept = [row for row in rows.values() if row is not None]
            if kept:
                using.upsert(self._cursor, kept)

    def forget(self) -> None:
        """Remembers no row, so that each is read again."""
        for remembered in self._rows.values():
            remembered.clear()
        for absent in self._absent.values():
            absent.clear()
        self._begun.clear()

    @property
    def _dialect(self) -> str:
        return "sqlite" if type(self._cursor).__module__ == "sqlite3" else "postgresql"

    def _put(self, table: str, row: Row) -> None:
        key = self._access[table].key_of(row)
        # An auction's bids come before its trade, under the same id.
        is_first = table == "trade" and key[1] == 0 and row["kind"] != "auction"
        if is_first and self.find(table, *key) is None:
            self._begun.add(key[0])
        self._touch(table, key)
        self._rows[table][key] = row

    def _change(self, table: str, key: Key, values: Row) -> None:
        self.row(table, *key)
        self._touch(table, key)
        self._rows[table][key].update(values)

    def _add(self, table: str, key: Key, amounts: Mapping[str, int]) -> None:
        rows = self._rows[table]
        row = rows.get(key) or self.find(table, *key)
        self._touch(table, key)
        if row is None:
            using = self._access[table]
            row = {**dict.fromkeys(using.columns, 0), **dict(zip(using.keys, key, strict=True))}
            rows[key] = row
        for column, amount in amounts.items():
            row[column] += amount
            if row[column] < 0:
                raise DokkaebiError("ledger_gap", table=table, key=", ".join(map(str, key)))

    def _touch(self, table: str, key: Key) -> None:
        """Before each change of a row: keeps it as it was before a block that isn't final."""
        self._changed[table][key] = None
        if self._block <= self.final_number or (table, key) in self._seen:
            return
        self._seen.add((table, key))
        before = self.find(table, *key)
        columns = self._access[table].columns
        # A row is the same text whether it was read or made here.
        kept = None if before is None else _json({name: before[name] for name in columns})
        self._undo.append((self._block, len(self._seen), table, key_text(key), kept))


def key_text(key: Key) -> str:
    """A key as `undo` keeps it."""
    return _json(key)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
