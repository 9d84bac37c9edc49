"""Ledgers: a writer with a lock, and readers with a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, delete, func, select

from dokkaebi.chain.manifest import Manifest
from dokkaebi.chain.suite import POOL, SUITE
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import migrations, schema
from dokkaebi.ledger.assets import asset_of
from dokkaebi.ledger.desk import Desk, key_text
from dokkaebi.ledger.events import names_asset, record_of
from dokkaebi.ledger.places import Place, PostgresSchema, clear_errors, place_of
from dokkaebi.ledger.rows import COIN, Record, Row
from dokkaebi.ledger.tables import Key, access, driver_cursor

REPLAYED_AT_ONCE = 10_000
CURSOR_ID = 1
# What is made of raw events alone.
REPLAYED = (*schema.DERIVED, schema.undo)
COPIED_AT_ONCE = 5_000

Decoder = Callable[[Mapping[str, Any]], Record | None]


@dataclass(frozen=True)
class Identity:
    """Which deployment a ledger is of. Addresses by contract name, lower-case; the reward pool's
    only if there is one."""

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
            {
                name: manifest.address(name).lower()
                for name in SUITE
                if name != POOL or name in manifest.contracts
            },
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
    """The last block that the ledger knows, when it was (seconds since 1970), and the last block
    that can't change any more."""

    block_number: int
    block_hash: str
    timestamp: int
    final_number: int = -1


@dataclass
class Batch:
    """What one transaction writes: raw rows, the records decoded of them, and the new cursor.

    `events` are values in the order of the table's columns, `named` assets and the block of the
    first event that names them. `after` is the cursor that the batch
    goes on from. With `ancestor`, everything above that block is taken back first.
    """

    cursor: Cursor
    after: Cursor | None = None
    ancestor: int | None = None
    blocks: list[Row] = field(default_factory=list)
    events: list[Key] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)
    assets: list[Row] = field(default_factory=list)


class Ledger:
    """A ledger opened for writing. Use `open_ledger`."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self._engine = engine
        self._place = place
        self._desk = Desk()

    @property
    def shown(self) -> str:
        """Where the ledger is, for people."""
        return self._place.shown

    def cursor(self) -> Cursor | None:
        """How far the ledger is; `None` before the first batch."""
        with self._transaction() as connection:
            return _cursor(connection)

    def known_assets(self, block: int) -> set[str]:
        """Assets that events up to a block named; they were asked for their names."""
        asset = schema.asset.c
        with self._transaction() as connection:
            query = select(asset.address).where(asset.block_number <= block)
            return set(connection.execute(query).scalars())

    def hashes(self) -> dict[int, str]:
        """Number → hash of the last final block and of all above it."""
        with self._transaction() as connection:
            cursor = _cursor(connection)
            if cursor is None:
                return {}
            block = schema.block.c
            query = select(block.number, block.hash).where(block.number >= cursor.final_number)
            found = {row.number: row.hash for row in connection.execute(query)}
            return {**found, cursor.block_number: cursor.block_hash}

    def gathered(self, low: int) -> bytes | None:
        """What a worker read of the blocks from `low` on, if one did."""
        range_ = schema.gathered.c
        with self._transaction() as connection:
            query = select(range_.content).where(range_.low == low)
            return connection.execute(query).scalar()

    def gathered_from(self, low: int) -> int | None:
        """Where the first range above `low` begins that a worker has read."""
        range_ = schema.gathered.c
        with self._transaction() as connection:
            read = (range_.low > low) & range_.content.is_not(None)
            return connection.execute(select(func.min(range_.low)).where(read)).scalar()

    def write(self, batch: Batch) -> None:
        """Raw rows, derived rows and the cursor: all or none.

        Raises `ledger_locked` if the ledger isn't where the batch goes on from: somebody else
        wrote meanwhile, after the lock was lost with its connection.
        """
        with self._transaction() as connection:
            if batch.after is not None and _cursor(connection) != batch.after:
                raise DokkaebiError("ledger_locked", path=self._place.shown)
            if batch.ancestor is not None:
                self._rewind(connection, batch.ancestor)
            cursor, dialect = driver_cursor(connection), connection.dialect.name
            for name, rows in (("block", batch.blocks), ("asset", batch.assets)):
                if rows:
                    access(name, dialect).upsert(cursor, rows)
            if batch.events:
                access("event", dialect).insert(cursor, batch.events)
            self._desk.final_number = batch.cursor.final_number
            self._desk.prepare(batch.records)
            for record in batch.records:
                self._desk.apply(record)
            self._desk.flush()
            self._settle(connection, batch.cursor)

    def replay(self, decode: Decoder = record_of) -> tuple[int, dict[str, int]]:
        """Makes all derived rows again from the raw events; all or none.

        Returns the number of raw events, and table → how many of its rows were others before.
        """
        with self._transaction() as connection:
            cursor = _cursor(connection)
            self._desk.forget()
            for table in REPLAYED:
                connection.exec_driver_sql(_copy_of(table))
            events = replay(connection, cursor.final_number if cursor else -1, decode)
            mended = {table.name: _differing(connection, table.name) for table in REPLAYED}
            return events, {name: count for name, count in mended.items() if count}

    def clear(self) -> None:
        """Forgets all but what the ledger is of."""
        with self._transaction() as connection:
            self._desk.forget()
            for table in (schema.cursor, schema.asset, schema.block, schema.event, *REPLAYED):
                connection.execute(delete(table))

    def _rewind(self, connection: Connection, ancestor: int) -> None:
        """Takes back everything above a block, as if it had never been."""
        undo = schema.undo.c
        steps = (
            select(undo.table_name, undo.key, undo.before)
            .where(undo.block_number > ancestor)
            .order_by(undo.block_number.desc(), undo.position.desc())
        )
        self._desk.undo(tuple(row) for row in connection.execute(steps))
        above = (schema.undo.c.block_number, schema.event.c.block_number, schema.block.c.number)
        for column in (*above, schema.asset.c.block_number):
            connection.execute(delete(column.table).where(column > ancestor))

    def _settle(self, connection: Connection, cursor: Cursor) -> None:
        """Writes the cursor, and drops what was only kept while blocks could change."""
        row = {
            "id": CURSOR_ID,
            "block_number": cursor.block_number,
            "block_hash": cursor.block_hash,
            "timestamp": cursor.timestamp,
            "final_number": cursor.final_number,
        }
        access("cursor", connection.dialect.name).upsert(driver_cursor(connection), [row])
        final, block, event = cursor.final_number, schema.block.c, schema.event.c
        connection.execute(delete(schema.undo).where(schema.undo.c.block_number <= final))
        past = schema.gathered.c.high <= cursor.block_number
        connection.execute(delete(schema.gathered).where(past))
        filled = select(event.block_number).where(event.block_number == block.number).exists()
        empty = (block.number < final) & (block.number > self._pruned_to) & ~filled
        connection.execute(delete(schema.block).where(empty))
        self._pruned_to = final - 1

    # Below it no eventless block is left; after an opening nobody knows.
    _pruned_to = -1

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with clear_errors(self._place), self._engine.begin() as connection:
                self._desk.connect(connection)
                yield connection
                self._desk.connect(None)
        except BaseException:
            # What the desk remembers was perhaps undone.
            self._desk = Desk()
            raise


def replay(connection: Connection, final_number: int, decode: Decoder = record_of) -> int:
    """Makes all derived rows again from the raw events, and says when assets were named first.

    `decode` turns an event's row (with the block's `timestamp`) into a record, or `None`.
    Returns the number of raw events.
    """
    desk = Desk()
    desk.connect(connection)
    desk.final_number = final_number
    for table in REPLAYED:
        connection.execute(delete(table))
    count = 0
    named: dict[str, int] = {}
    events = select_events().execution_options(yield_per=REPLAYED_AT_ONCE)
    for rows in connection.execute(events).mappings().partitions():
        records = [record for row in rows if (record := decode(dict(row))) is not None]
        desk.prepare(records)
        for record in records:
            desk.apply(record)
            if names_asset(record):
                named.setdefault(asset_of(record.values), record.block_number)
        desk.flush()
        count += len(rows)
    _name_assets(connection, named)
    return count


def _name_assets(connection: Connection, named: Mapping[str, int]) -> None:
    """Whose events named each asset first; the coin and the community's token are there from the
    beginning."""
    asset, found = schema.asset, _meta(connection)
    first = int(found["first_block"])
    blocks = {**named, COIN: first, found["CommunityToken"]: first}
    for address, block in blocks.items():
        same = (asset.c.address == address) & (asset.c.block_number != block)
        connection.execute(asset.update().where(same).values(block_number=block))


class Snapshot:
    """A ledger as it is at one moment, for reading. Use `read_ledger`."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self._connection = connection
        self._place = place
        self.meta = _meta(connection)
        cursor = _cursor(connection)
        if cursor is None:
            raise DokkaebiError("ledger_empty", path=place.shown)
        self.cursor = cursor
        self._unfinal: dict[str, set[str]] = {}

    @property
    def dialect(self) -> str:
        """The engine's name: `sqlite` or `postgresql`."""
        return self._connection.dialect.name

    def _changing(self, table: str) -> set[str]:
        """Keys of a table's rows that blocks changed which aren't final yet."""
        if table not in self._unfinal:
            undo = schema.undo.c
            rows = self.rows(select(undo.key).where(undo.table_name == table))
            self._unfinal[table] = {row["key"] for row in rows}
        return self._unfinal[table]

    def is_final(self, table: str, *key: Any) -> bool:
        """Whether a derived row is as it would be without the blocks that can still change."""
        return key_text(key) not in self._changing(table)

    def rows(self, statement: Select[Any]) -> list[dict[str, Any]]:
        """The rows of a query, as dicts."""
        with clear_errors(self._place):
            return [dict(row) for row in self._connection.execute(statement).mappings()]

    def stream(self, statement: Select[Any], at_once: int) -> Iterator[list[dict[str, Any]]]:
        """The rows of a query, as dicts, so many at once."""
        with clear_errors(self._place):
            options = {"yield_per": at_once}
            result = self._connection.execute(statement, execution_options=options).mappings()
            for rows in result.partitions():
                yield [dict(row) for row in rows]

    @property
    def identity(self) -> Identity:
        """Which deployment this ledger is of."""
        return Identity(
            int(self.meta["chain_id"]),
            self.meta["genesis_hash"],
            int(self.meta["first_block"]),
            {name: self.meta[name] for name in SUITE if name in self.meta},
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
def open_ledger(where: Path | str | Place, identity: Identity) -> Iterator[Ledger]:
    """Opens a ledger for writing, or makes it; older ones are brought to today's schema. One
    writer at a time; the lock dies with its owner.

    Errors: `ledger_locked`, `ledger_busy`, `ledger_unwritable`, `ledger_corrupt`, `ledger_foreign`,
    `ledger_other_chain`, `ledger_other_deployment`, `ledger_other_schema`, `database_gone`.
    """
    place = place_of(where, identity.addresses)
    with place.lock():
        engine = place.engine(writing=True)
        try:
            with clear_errors(place):
                _prepare(engine, place, identity)
            yield Ledger(engine, place)
        finally:
            engine.dispose()


@dataclass
class Claim:
    """A range of blocks that one worker reads. What it sets as `content` is kept."""

    low: int
    high: int
    content: bytes | None = None


class Gatherer:
    """A ledger as a worker of a shared back-fill sees it. Use `open_gatherer`."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self._engine = engine
        self._place = place

    def plan(self, until: int, range_blocks: int, ahead: int) -> None:
        """Has some ranges ready to be claimed, between what the ledger has and `until`."""
        range_ = schema.gathered
        with clear_errors(self._place), self._engine.begin() as connection:
            # Two at once would plan overlapping ranges.
            connection.exec_driver_sql(f'LOCK TABLE "{range_.name}" IN SHARE ROW EXCLUSIVE MODE')
            cursor = _cursor(connection)
            first = int(_meta(connection)["first_block"])
            done = cursor.block_number if cursor else first - 1
            last = connection.execute(select(func.max(range_.c.high))).scalar()
            low = max(done, last or 0) + 1
            open_ = select(func.count()).where(range_.c.content.is_(None))
            count = connection.execute(open_).scalar() or 0
            while low <= until and count < ahead:
                high = min(low + range_blocks - 1, until)
                connection.execute(range_.insert().values(low=low, high=high))
                low, count = high + 1, count + 1

    @contextmanager
    def claim(self) -> Iterator[Claim | None]:
        """The lowest range that nobody has read or is reading; None if there is none. It is this
        worker's while the block runs, and free again if it fails or dies."""
        range_ = schema.gathered
        with clear_errors(self._place), self._engine.begin() as connection:
            query = (
                select(range_.c.low, range_.c.high)
                .where(range_.c.content.is_(None))
                .order_by(range_.c.low)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            found = connection.execute(query).first()
            claim = None if found is None else Claim(found.low, found.high)
            yield claim
            if claim is not None:
                mine = range_.update().where(range_.c.low == claim.low)
                connection.execute(mine.values(content=claim.content))


@contextmanager
def open_gatherer(where: Path | str | Place, identity: Identity) -> Iterator[Gatherer]:
    """Opens a PostgreSQL ledger for reading ahead, beside its writer and other workers.

    Errors: `gather_needs_postgresql`, and those of `open_reader`.
    """
    place = place_of(where, identity.addresses)
    if not isinstance(place, PostgresSchema):
        raise DokkaebiError("gather_needs_postgresql", path=place.shown)
    with open_reader(place, identity) as reader:
        reader.check()
    engine = place.engine(writing=True)
    try:
        yield Gatherer(engine, place)
    finally:
        engine.dispose()


class LedgerReader:
    """A ledger opened for reading, as often as needed, from any thread. Use `open_reader`."""

    def __init__(self, engine: Engine, place: Place, identity: Identity | None) -> None:
        self._engine = engine
        self._place = place
        self._identity = identity

    def check(self) -> None:
        """Raises what the ledger may have become since it was opened: `ledger_other_schema`,
        `ledger_other_deployment`, …"""
        with clear_errors(self._place), self._engine.connect() as connection:
            self._check(connection)

    def _check(self, connection: Connection) -> None:
        found = _meta(connection)
        _check_version(found, self._place)
        _check_identity(found, self._identity, self._place)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The ledger as it is now; writers go on meanwhile. Raises `ledger_empty`, and what `check`
        raises."""
        with clear_errors(self._place):
            connection = self._engine.connect()
        with connection:
            with clear_errors(self._place):
                self._check(connection)
                snapshot = Snapshot(connection, self._place)
            yield snapshot


@contextmanager
def open_reader(
    where: Path | str | Place, identity: Identity | None = None
) -> Iterator[LedgerReader]:
    """Opens a ledger for reading. With `identity`, a ledger of anything else is refused. Errors as
    `open_ledger`, and `ledger_missing`."""
    place = place_of(where, identity.addresses if identity else None)
    if not place.exists():
        raise DokkaebiError("ledger_missing", path=place.shown)
    engine = place.engine(writing=False)
    try:
        with clear_errors(place), engine.connect() as connection:
            place.check(connection)
        yield LedgerReader(engine, place, identity)
    finally:
        engine.dispose()


@contextmanager
def read_ledger(where: Path | str | Place, identity: Identity | None = None) -> Iterator[Snapshot]:
    """A ledger as it is now, opened for a single look. Errors as `open_reader`, and
    `ledger_empty`."""
    with open_reader(where, identity) as reader, reader.snapshot() as snapshot:
        yield snapshot


def copy_ledger(snapshot: Snapshot, where: Path | str | Place) -> int:
    """Copies a ledger to an empty place, all or nothing; how many rows it has.

    Errors: `copy_not_empty`, and those of `open_ledger`.
    """
    place = place_of(where, snapshot.identity.addresses)
    with place.lock():
        engine = place.engine(writing=True)
        try:
            with clear_errors(place), engine.begin() as connection:
                if not place.is_new(connection):
                    raise DokkaebiError("copy_not_empty", path=place.shown)
                place.prepare(connection)
                schema.metadata.create_all(connection)
                migrations.stamp(connection)
                cursor, dialect = driver_cursor(connection), connection.dialect.name
                count = 0
                for table in schema.metadata.sorted_tables:
                    into = access(table.name, dialect)
                    for rows in snapshot.stream(select(table), COPIED_AT_ONCE):
                        into.insert(cursor, [into.values(row) for row in rows])
                        count += len(rows)
            with clear_errors(place):
                place.finish(engine)
        finally:
            engine.dispose()
    return count


def _prepare(engine: Engine, place: Place, identity: Identity) -> None:
    """Makes the tables of a new ledger; checks that an old one is this deployment's, and brings it
    to today's schema."""
    with engine.begin() as connection:
        is_new = place.is_new(connection)
        if is_new:
            place.prepare(connection)
            schema.metadata.create_all(connection)
            fixed = {**identity.as_meta(), "label": identity.label}
            rows = [{"key": key, "value": value} for key, value in fixed.items()]
            connection.execute(schema.meta.insert(), rows)
            migrations.stamp(connection)
        else:
            place.check(connection)
            found = _meta(connection)
            _check_identity(found, identity, place)
            if migrations.can_upgrade(found.get("schema_version", "?")):
                _upgrade(connection)
            else:
                _check_version(found, place)
    if is_new:
        place.finish(engine)


def _upgrade(connection: Connection) -> None:
    """Brings an older ledger to today's schema, and makes its derived rows anew."""
    migrations.upgrade(connection)
    schema.metadata.drop_all(connection, schema.DERIVED)
    schema.metadata.create_all(connection, schema.DERIVED)
    meta = schema.meta
    version = meta.update().where(meta.c.key == "schema_version")
    connection.execute(version.values(value=str(schema.SCHEMA_VERSION)))
    cursor = _cursor(connection)
    replay(connection, cursor.final_number if cursor else -1)


def _check_version(found: Mapping[str, str], place: Place) -> None:
    version = found.get("schema_version", "?")
    if version != str(schema.SCHEMA_VERSION):
        raise DokkaebiError(
            "ledger_other_schema", path=place.shown, found=version, wanted=schema.SCHEMA_VERSION
        )


def _check_identity(found: Mapping[str, str], wanted: Identity | None, place: Place) -> None:
    if wanted is None:
        return
    # A pool that isn't in the manifest isn't in the ledger either.
    expected = {POOL: "-", **wanted.as_meta()}
    del expected["schema_version"]
    others = {"chain_id": "ledger_other_chain", "genesis_hash": "ledger_other_genesis"}
    for key, error in others.items():
        if found.get(key) != expected[key]:
            raise DokkaebiError(
                error, path=place.shown, found=found.get(key, "-"), wanted=expected[key]
            )
    for key, value in expected.items():
        if found.get(key, "-") != value:
            raise DokkaebiError(
                "ledger_other_deployment",
                path=place.shown,
                what=key,
                found=found.get(key, "-"),
                wanted=value,
            )


def _copy_of(table: Table) -> str:
    """SQL that puts a table's rows aside, on disk: there may be many."""
    return f'CREATE TEMP TABLE "before_{table.name}" AS SELECT * FROM "{table.name}"'  # noqa: S608


def _differing(connection: Connection, name: str) -> int:
    """How many rows aren't as they were before, missing and new ones included."""
    counts = []
    for these, those in ((name, f"before_{name}"), (f"before_{name}", name)):
        other = f'SELECT * FROM "{these}" EXCEPT SELECT * FROM "{those}"'  # noqa: S608
        query = f"SELECT count(*) FROM ({other}) AS other"  # noqa: S608
        counts.append(connection.exec_driver_sql(query).scalar())
    connection.exec_driver_sql(f'DROP TABLE "before_{name}"')
    return max(int(count or 0) for count in counts)


def _meta(connection: Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(select(schema.meta))}


def _cursor(connection: Connection) -> Cursor | None:
    row = connection.execute(select(schema.cursor)).first()
    if row is None:
        return None
    return Cursor(row.block_number, row.block_hash, row.timestamp, row.final_number)
