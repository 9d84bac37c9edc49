"""Fast ways in and out of single tables: statements made once, values as drivers take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table

from dokkaebi.ledger import schema
from dokkaebi.ledger.rows import Row
from dokkaebi.ledger.schema import Amount, amount_text, checked_amount

Key = tuple[Any, ...]
# Fewer rows than this aren't worth a COPY.
COPIED_FROM = 50
# Values of one statement in SQLite. Python's driver lets other threads run during each statement,
# and waits for them after it: one with many rows waits once.
VALUES_AT_ONCE = 4_000
KEYS_AT_ONCE = 500


class Access:
    """One table as one engine keeps it."""

    def __init__(self, table: Table, dialect: str) -> None:
        self.name = table.name
        columns = list(table.columns)
        self.columns = [column.name for column in columns]
        self.keys = [column.name for column in table.primary_key]
        self.key_of: Callable[[Row], Key] = _getter(self.keys)
        self._is_sqlite = dialect == "sqlite"
        self._values_of = _getter(self.columns)
        self._into = amount_text if self._is_sqlite else checked_amount
        amounts = {column.name for column in columns if isinstance(column.type, Amount)}
        self._amounts = [i for i, name in enumerate(self.columns) if name in amounts]
        self._key_amounts = [i for i, name in enumerate(self.keys) if name in amounts]
        mark = "?" if self._is_sqlite else "%s"
        everything = ", ".join(f'"{name}"' for name in self.columns)
        marks = ", ".join(mark for _ in self.columns)
        same = " AND ".join(f'"{name}" = {mark}' for name in self.keys)
        keys = ", ".join(f'"{name}"' for name in self.keys)
        rest = [name for name in self.columns if name not in self.keys]
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
        self._over = f"ON CONFLICT ({keys}) DO " + (f"UPDATE SET {sets}" if rest else "NOTHING")
        self._select_all = f'SELECT {everything} FROM "{table.name}"'  # noqa: S608
        self._select = f"{self._select_all} WHERE {same}"
        self._head = f'INSERT INTO "{table.name}" ({everything})'
        self._insert = f"{self._head} VALUES ({marks})"
        self._delete = f'DELETE FROM "{table.name}" WHERE {same}'  # noqa: S608
        self._copy = f'COPY "{table.name}" ({everything}) FROM STDIN'
        self._staging = (
            f'CREATE TEMP TABLE "incoming_{table.name}" (LIKE "{table.name}") ON COMMIT DROP',
            f'COPY "incoming_{table.name}" ({everything}) FROM STDIN',
            f'INSERT INTO "{table.name}" ({everything}) '  # noqa: S608
            f'SELECT {everything} FROM "incoming_{table.name}" {self._over}',
            f'DROP TABLE "incoming_{table.name}"',
        )

    def find(self, cursor: Any, key: Key) -> Row | None:
        """The row with this key."""
        cursor.execute(self._select, self._key(key))
        found = cursor.fetchone()
        return None if found is None else self._row(found)

    def find_many(self, cursor: Any, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows with these keys, by their keys."""
        found: dict[Key, Row] = {}
        mark = "?" if self._is_sqlite else "%s"
        columns = ", ".join(f'"{name}"' for name in self.keys)
        one = f"({', '.join(mark for _ in self.keys)})"
        for start in range(0, len(keys), KEYS_AT_ONCE):
            part = keys[start : start + KEYS_AT_ONCE]
            among = f"({columns}) IN (VALUES {', '.join(one for _ in part)})"
            values = [value for key in part for value in self._key(key)]
            cursor.execute(f"{self._select_all} WHERE {among}", values)
            for values in cursor.fetchall():
                row = self._row(values)
                found[self.key_of(row)] = row
        return found

    def insert(self, cursor: Any, rows: Sequence[Key]) -> None:
        """Adds rows, given as their values in the order of the columns."""
        if self._is_sqlite:
            self._insert_many(cursor, rows, "")
        elif len(rows) < COPIED_FROM:
            cursor.executemany(self._insert, rows)
        else:
            self._copy_in(cursor, self._copy, rows)

    def upsert(self, cursor: Any, rows: Iterable[Row]) -> None:
        """Writes rows over those with the same keys."""
        values = [self.values(row) for row in rows]
        if self._is_sqlite:
            self._insert_many(cursor, values, self._over)
            return
        if len(values) < COPIED_FROM:
            cursor.executemany(f"{self._insert} {self._over}", values)
            return
        make, copy, merge, drop = self._staging
        cursor.execute(make)
        self._copy_in(cursor, copy, values)
        cursor.execute(merge)
        cursor.execute(drop)

    def delete(self, cursor: Any, keys: Sequence[Key]) -> None:
        """Removes rows by their keys."""
        cursor.executemany(self._delete, [self._key(key) for key in keys])

    def values(self, row: Row) -> Key:
        """A row's values in the order of the columns, as the driver takes them."""
        values = self._values_of(row)
        if not self._amounts:
            return values
        changed = list(values)
        for position in self._amounts:
            if changed[position] is not None:
                changed[position] = self._into(changed[position])
        return tuple(changed)

    def _insert_many(self, cursor: Any, rows: Sequence[Key], over: str) -> None:
        """Rows by as few statements as there can be."""
        at_once = VALUES_AT_ONCE // len(self.columns)
        marks = f"({', '.join('?' for _ in self.columns)})"
        whole = len(rows) - len(rows) % at_once
        for start in range(0, whole, at_once):
            many = ", ".join([marks] * at_once)
            values = list(chain.from_iterable(rows[start : start + at_once]))
            cursor.execute(f"{self._head} VALUES {many} {over}", values)
        cursor.executemany(f"{self._insert} {over}", rows[whole:])

    def _row(self, values: Sequence[Any]) -> Row:
        row = dict(zip(self.columns, values, strict=True))
        for position in self._amounts:
            name = self.columns[position]
            if row[name] is not None:
                row[name] = int(row[name])
        return row

    def _key(self, key: Key) -> Key:
        if not self._key_amounts:
            return key
        changed = list(key)
        for position in self._key_amounts:
            changed[position] = self._into(changed[position])
        return tuple(changed)

    @staticmethod
    def _copy_in(cursor: Any, statement: str, rows: Iterable[Key]) -> None:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


@cache
def access(name: str, dialect: str) -> Access:
    """The table with this name, in an engine by SQLAlchemy's name of its dialect."""
    return Access(schema.metadata.tables[name], dialect)


def driver_cursor(connection: Connection) -> Any:
    """The driver's own cursor, inside of SQLAlchemy's transaction."""
    driver = connection.connection.driver_connection
    assert driver is not None, "the connection is open"  # noqa: S101
    return driver.cursor()


def _getter(names: Sequence[str]) -> Callable[[Row], Key]:
    if len(names) == 1:
        (only,) = names
        return lambda row: (row[only],)
    return itemgetter(*names)
