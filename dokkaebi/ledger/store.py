"""The only room that opens a database: a writer with a lock, and readers with a snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    bindparam,
    create_engine,
    delete,
    inspect,
    select,
)
from sqlalchemy import event as engine_event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from dokkaebi.chain.manifest import Manifest
from dokkaebi.chain.suite import SUITE
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.handlers import effects_of
from dokkaebi.ledger.rows import Add, Change, Put, Record, Row

# "DKKB": says that a SQLite file is one of ours.
APPLICATION_ID = 0x444B4B42
BUSY_SECONDS = 5.0
# Larger files aren't checked page by page each time they are opened.
CHECKED_BYTES = 64 << 20
REMEMBERED_ROWS = 200_000
REPLAYED_AT_ONCE = 10_000
CURSOR_ID = 1


@dataclass(frozen=True)
class Identity:
    """Which deployment a ledger is of. Addresses by contract name, lower-case."""

    chain_id: int
    genesis_hash: str
    first_block: int
    addresses: Mapping[str, str]
    label: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> Identity:
        """The identity that a deployment manifest gives; `label` is the registry's name."""
        registry = manifest.contracts["CreationRegistry"]
        return cls(
            manifest.chain_id,
            manifest.genesis_hash,
            manifest.first_block,
            {name: manifest.address(name).lower() for name in SUITE},
            registry.constructor_arguments.get("name_", ""),
        )

    def as_meta(self) -> dict[str, str]:
        """As the `meta` table keeps it."""
        return {
            "schema_version": str(schema.SCHEMA_VERSION),
            "chain_id": str(self.chain_id),
            "genesis_hash": self.genesis_hash,
            "first_block": str(self.first_block),
            **self.addresses,
        }


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last block that the ledger knows, and when it was, seconds since 1970."""

    block_number: int
    block_hash: str
    timestamp: int


@dataclass
class Batch:
    """What one transaction writes: raw rows, the records decoded of them, and the new cursor."""

    cursor: Cursor
    blocks: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    assets: list[Row] = field(default_factory=list)


class Desk:
    """Rows at work: handlers look them up here, effects change them, `flush` writes them."""

    def __init__(self, connection: Connection | None = None) -> None:
        self.connection = connection
        self._rows: dict[str, dict[tuple[Any, ...], Row]] = {t.name: {} for t in schema.DERIVED}
        # Dicts keep their order, so that a replay writes the same rows in the same order.
        self._changed: dict[str, dict[tuple[Any, ...], None]] = {
            table.name: {} for table in schema.DERIVED
        }

    def row(self, table: str, *key: Any) -> Mapping[str, Any]:
        """The row with this key; a ledger without it has a gap."""
        row = self.find(table, *key)
        if row is None:
            raise DokkaebiError("ledger_gap", table=table, key=", ".join(map(str, key)))
        return row

    def find(self, table: str, *key: Any) -> Row | None:
        """The row with this key, if there is one."""
        row = self._rows[table].get(key)
        if row is not None:
            return row
        found = self._read(schema.metadata.tables[table], key)
        return None if found is None else self._rows[table].setdefault(key, found)

    def apply(self, record: Record) -> None:
        """Changes the rows that an event changes."""
        for effect in tuple(effects_of(record, self)):
            if isinstance(effect, Put):
                keys = _key_columns(effect.table)
                self._set(effect.table, tuple(effect.row[k] for k in keys), effect.row)
            elif isinstance(effect, Change):
                row = {**self.row(effect.table, *effect.key), **effect.values}
                self._set(effect.table, effect.key, row)
            else:
                self._add(effect)

    def flush(self) -> None:
        """Writes every changed row."""
        for table in schema.DERIVED:
            changed = self._changed[table.name]
            if changed:
                rows = self._rows[table.name]
                upsert(self._connected(), table, [rows[key] for key in changed])
                changed.clear()
        if sum(map(len, self._rows.values())) > REMEMBERED_ROWS:
            for remembered in self._rows.values():
                remembered.clear()

    def _read(self, table: Table, key: tuple[Any, ...]) -> Row | None:
        values = dict(zip(_key_columns(table.name), key, strict=True))
        found = self._connected().execute(_select_by_key(table), values).mappings().first()
        return None if found is None else dict(found)

    def _set(self, table: str, key: tuple[Any, ...], row: Row) -> None:
        self._rows[table][key] = row
        self._changed[table][key] = None

    def _add(self, effect: Add) -> None:
        keys = _key_columns(effect.table)
        row = self.find(effect.table, *effect.key)
        if row is None:
            columns = schema.metadata.tables[effect.table].columns.keys()
            row = {**dict.fromkeys(columns, 0), **dict(zip(keys, effect.key, strict=True))}
        sums = {column: row[column] + amount for column, amount in effect.amounts.items()}
        if min(sums.values()) < 0:
            raise DokkaebiError(
                "ledger_gap", table=effect.table, key=", ".join(map(str, effect.key))
            )
        self._set(effect.table, effect.key, {**row, **sums})

    def _connected(self) -> Connection:
        assert self.connection is not None, "rows are looked up inside of a transaction"  # noqa: S101
        return self.connection


@cache
def _key_columns(table: str) -> list[str]:
    return [column.name for column in schema.metadata.tables[table].primary_key]


@cache
def _select_by_key(table: Table) -> Select[Any]:
    # Made once: building it takes longer than running it.
    return select(table).where(*(c == bindparam(c.name) for c in table.primary_key))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows over those with the same key."""
    if not rows:
        return
    engine = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = engine.insert(table)
    rest = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest), rows
    )


class Ledger:
    """A ledger opened for writing. Use `open_ledger`."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._desk = Desk()

    def cursor(self) -> Cursor | None:
        """How far the ledger is; `None` before the first batch."""
        with self._transaction() as connection:
            return _cursor(connection)

    def known_assets(self) -> set[str]:
        """Assets whose names were read already."""
        with self._transaction() as connection:
            return set(connection.execute(select(schema.asset.c.address)).scalars())

    def write(self, batch: Batch) -> None:
        """Raw rows, derived rows and the cursor: all or none."""
        with self._transaction() as connection:
            if batch.blocks:
                connection.execute(schema.block.insert(), batch.blocks)
            if batch.events:
                connection.execute(schema.event.insert(), batch.events)
            upsert(connection, schema.asset, batch.assets)
            self._derive(batch.records)
            row = {
                "id": CURSOR_ID,
                "block_number": batch.cursor.block_number,
                "block_hash": batch.cursor.block_hash,
                "timestamp": batch.cursor.timestamp,
            }
            upsert(connection, schema.cursor, [row])

    def replay(self, decode: Callable[[Mapping[str, Any]], Record | None]) -> int:
        """Makes all derived rows again from the raw events; all or none.

        `decode` turns an event's row (with the block's `timestamp`) into a record, or `None`.
        Returns the number of raw events.
        """
        with self._transaction() as connection:
            self._desk = Desk(connection)
            for table in schema.DERIVED:
                connection.execute(delete(table))
            count = 0
            events = select_events().execution_options(yield_per=REPLAYED_AT_ONCE)
            for rows in connection.execute(events).mappings().partitions():
                self._derive(record for row in rows if (record := decode(dict(row))))
                count += len(rows)
            return count

    def _derive(self, records: Iterable[Record]) -> None:
        for record in records:
            self._desk.apply(record)
        self._desk.flush()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with clear_errors(self._path), self._engine.begin() as connection:
                self._desk.connection = connection
                yield connection
        except BaseException:
            # What the desk remembers was perhaps undone.
            self._desk = Desk()
            raise


class Snapshot:
    """A ledger as it is at one moment, for reading. Use `read_ledger`."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.meta = _meta(connection)
        cursor = _cursor(connection)
        if cursor is None:
            raise DokkaebiError("ledger_empty", path=str(path))
        self.cursor = cursor

    def rows(self, statement: Select[Any]) -> list[dict[str, Any]]:
        """The rows of a query, as dicts."""
        with clear_errors(self._path):
            return [dict(row) for row in self._connection.execute(statement).mappings()]

    @property
    def identity(self) -> Identity:
        """Which deployment this ledger is of."""
        return Identity(
            int(self.meta["chain_id"]),
            self.meta["genesis_hash"],
            int(self.meta["first_block"]),
            {name: self.meta[name] for name in SUITE},
            self.meta["label"],
        )


def select_events() -> Select[Any]:
    """Raw events in the chain's order, each with its block's `timestamp`."""
    joined = schema.event.join(schema.block, schema.event.c.block_number == schema.block.c.number)
    return (
        select(schema.event, schema.block.c.timestamp)
        .select_from(joined)
        .order_by(schema.event.c.block_number, schema.event.c.log_index)
    )


@contextmanager
def open_ledger(path: Path, identity: Identity) -> Iterator[Ledger]:
    """Opens a ledger for writing, or makes it. One writer at a time; the lock dies with its owner.

    Errors: `ledger_locked`, `ledger_busy`, `ledger_unwritable`, `ledger_corrupt`, `ledger_foreign`,
    `ledger_other_chain`, `ledger_other_deployment`, `ledger_other_schema`.
    """
    _check_place(path)
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise DokkaebiError("ledger_locked", path=str(path)) from None
    except OSError as problem:
        raise DokkaebiError("ledger_unwritable", path=str(path), problem=str(problem)) from None
    engine = _engine(path, writing=True)
    try:
        with clear_errors(path):
            _prepare(engine, path, identity)
        yield Ledger(engine, path)
    finally:
        engine.dispose()
        lock.release()


@contextmanager
def read_ledger(path: Path, identity: Identity | None = None) -> Iterator[Snapshot]:
    """Opens a ledger for reading, as it is now; writers go on meanwhile.

    With `identity`, a ledger of anything else is refused. Errors as `open_ledger`, and
    `ledger_missing`, `ledger_empty`.
    """
    if not path.exists():
        raise DokkaebiError("ledger_missing", path=str(path))
    engine = _engine(path, writing=False)
    try:
        with clear_errors(path):
            connection = engine.connect()
        with connection:
            with clear_errors(path):
                _check_ours(connection, path)
                _check_identity(_meta(connection), identity, path)
                snapshot = Snapshot(connection, path)
            yield snapshot
    finally:
        engine.dispose()


def _check_place(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DokkaebiError("ledger_unwritable", path=str(path), problem=str(problem)) from None
    if path.is_dir():
        raise DokkaebiError("ledger_foreign", path=str(path))


def _engine(path: Path, *, writing: bool) -> Engine:
    # Readers may tidy up behind a writer that was killed, but make no file and write no row.
    mode = "rwc" if writing else "rw"

    def connect() -> sqlite3.Connection:
        # The driver's own transactions would commit before each CREATE TABLE.
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
        )
        if not writing:
            connection.execute("PRAGMA query_only = ON")
        connection.create_aggregate("exact_sum", 1, schema.ExactSum)  # type: ignore[arg-type]
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @engine_event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _prepare(engine: Engine, path: Path, identity: Identity) -> None:
    """Makes the tables of a new ledger, or checks that an old one is this deployment's."""
    with engine.begin() as connection:
        if inspect(connection).get_table_names():
            _check_ours(connection, path)
            _check_identity(_meta(connection), identity, path)
            return
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        schema.metadata.create_all(connection)
        fixed = {**identity.as_meta(), "label": identity.label}
        rows = [{"key": key, "value": value} for key, value in fixed.items()]
        connection.execute(schema.meta.insert(), rows)
    driver = engine.raw_connection()
    try:
        # Kept in the file: readers and the one writer don't wait for each other.
        driver.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        driver.close()


def _check_ours(connection: Connection, path: Path) -> None:
    if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
        raise DokkaebiError("ledger_foreign", path=str(path))
    if path.stat().st_size <= CHECKED_BYTES:
        answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if answer != "ok":
            raise DokkaebiError("ledger_corrupt", path=str(path), problem=str(answer))


def _check_identity(found: Mapping[str, str], wanted: Identity | None, path: Path) -> None:
    version = found.get("schema_version", "?")
    if version != str(schema.SCHEMA_VERSION):
        raise DokkaebiError(
            "ledger_other_schema", path=str(path), found=version, wanted=schema.SCHEMA_VERSION
        )
    if wanted is None:
        return
    expected = wanted.as_meta()
    others = {"chain_id": "ledger_other_chain", "genesis_hash": "ledger_other_genesis"}
    for key, error in others.items():
        if found.get(key) != expected[key]:
            raise DokkaebiError(
                error, path=str(path), found=found.get(key, "-"), wanted=expected[key]
            )
    for key, value in expected.items():
        if found.get(key) != value:
            raise DokkaebiError(
                "ledger_other_deployment",
                path=str(path),
                what=key,
                found=found.get(key, "-"),
                wanted=value,
            )


def _meta(connection: Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(select(schema.meta))}


def _cursor(connection: Connection) -> Cursor | None:
    row = connection.execute(select(schema.cursor)).first()
    return Cursor(row.block_number, row.block_hash, row.timestamp) if row else None


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turns the database's errors into sentences."""
    try:
        yield
    except DatabaseError as problem:
        raise _explained(problem.orig or problem, path) from None
    except sqlite3.DatabaseError as problem:
        raise _explained(problem, path) from None


def _explained(problem: BaseException, path: Path) -> DokkaebiError:
    text = str(problem)
    if isinstance(problem, sqlite3.OperationalError | OperationalError):
        if "locked" in text or "busy" in text:
            return DokkaebiError("ledger_busy", path=str(path))
        if "no such table" not in text and "no such column" not in text:
            return DokkaebiError("ledger_unwritable", path=str(path), problem=text)
    if "not a database" in text:
        return DokkaebiError("ledger_foreign", path=str(path))
    return DokkaebiError("ledger_corrupt", path=str(path), problem=text)
