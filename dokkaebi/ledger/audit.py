"""Proves a ledger: its raw rows by the chain, its derived rows by its raw ones, and what these say
by a second reading of them that the chain is asked to confirm."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, Table, Text, select

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.assets import read_asset
from dokkaebi.ledger.events import record_of
from dokkaebi.ledger.model import Model, figures
from dokkaebi.ledger.places import SqliteFile
from dokkaebi.ledger.reports.balance import Difference, Reader, check
from dokkaebi.ledger.rows import COIN, Row
from dokkaebi.ledger.source import Node, Source
from dokkaebi.ledger.store import Snapshot, replay, select_events

EVENTS_AT_ONCE = 5_000
# Differences that are named; more say nothing new.
NAMED_MAX = 100

Said = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Audit:
    """The outcome: the block, figures compared, and what differs (the first hundred)."""

    block: int
    compared: int
    differences: tuple[Difference, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def audit(
    snapshot: Snapshot,
    node: Node,
    reader: Reader,
    at: int | None = None,
    said: Said = lambda block: None,
) -> Audit:
    """Compares the ledger with the chain as it was at a block, the ledger's last one by default.

    At its last block also every derived row, every asset's name and every sum is compared. What is
    made of something wrong isn't compared any more.
    Raises `audit_block_unknown`, `balance_other_chain`, and the node's errors.
    """
    last = snapshot.cursor
    block = last.block_number if at is None else at
    if not snapshot.identity.first_block <= block <= last.block_number:
        raise DokkaebiError("audit_block_unknown", block=block, last=last.block_number)
    if reader.block_hash(last.block_number) != last.block_hash:
        raise DokkaebiError("balance_other_chain", block=last.block_number)
    found = _Found()
    whole = block == last.block_number
    named = _raw(snapshot, node, block, found, said)
    if whole:
        _ends(snapshot, node, found)
        _assets(snapshot, node, named, found)
        if not found.differences:
            _derived(snapshot, found)
    # What is made of wrong rows would only say the same again.
    if not found.differences:
        _model(snapshot, reader, block, found)
        if whole:
            balance = check(snapshot, reader)
            found.compared += balance.compared
            found.differences += balance.differences
    if reader.block_hash(last.block_number) != last.block_hash:
        # What was read was of two chains.
        raise DokkaebiError("balance_other_chain", block=last.block_number)
    return Audit(block, found.compared, tuple(found.differences[:NAMED_MAX]))


class _Found:
    """What was compared so far."""

    def __init__(self) -> None:
        self.compared = 0
        self.differences: list[Difference] = []

    def compare(self, what: str, subject: str, books: object, chain: object) -> None:
        """One figure."""
        self.compared += 1
        if books != chain:
            self.differences.append(Difference(what, subject, _shown(books), _shown(chain)))


def _raw(snapshot: Snapshot, node: Node, block: int, found: _Found, said: Said) -> dict[str, int]:
    """Every event and every block, read from the chain again. The assets that events name, with
    the first block that does."""
    identity = snapshot.identity
    desks = {n: snapshot.meta[n] for n in snapshot.meta if n == "ArbitrationDesk"}
    identity = replace(identity, addresses={**identity.addresses, **desks})
    source = Source(node, identity)
    final = snapshot.cursor.final_number
    low = identity.first_block
    named = {COIN: low, identity.addresses["CommunityToken"]: low}
    for _, batch in source.batches(low, block, final):
        high = batch.cursor.block_number
        event, stored = schema.event, schema.block
        query = select(event).where(event.c.block_number.between(low, high))
        kept = {_place(row): tuple(row.values()) for row in snapshot.rows(query)}
        there = {values[:2]: values for values in batch.events}
        for place in sorted(kept.keys() | there.keys()):
            found.compare("event", f"{place[0]}:{place[1]}", kept.get(place), there.get(place))
        query = select(stored).where(stored.c.number.between(low, high))
        blocks = {row["number"]: row for row in snapshot.rows(query)}
        for row in batch.blocks:
            number = row["number"]
            found.compare("block", str(number), blocks.pop(number, None), row)
        for number in blocks:
            found.compare("block", str(number), blocks[number], None)
        named = {**batch.named, **named}
        said(high)
        low = high + 1
    return named


def _place(row: dict[str, Any]) -> tuple[int, int]:
    return row["block_number"], row["log_index"]


def _model(snapshot: Snapshot, reader: Reader, block: int, found: _Found) -> None:
    """What the raw events say, by the plain model, against the chain at the block."""
    model = Model()
    query = select_events().where(schema.event.c.block_number <= block)
    for rows in snapshot.stream(query, EVENTS_AT_ONCE):
        for row in rows:
            record = record_of(row)
            if record is not None:
                model.apply(record)
    for what, asked in figures(model, snapshot.identity.addresses).items():
        answers = reader.calls([(to, data) for _, to, data, _ in asked], block)
        for (subject, _, _, expected), answer in zip(asked, answers, strict=True):
            word = int.from_bytes(answer[:32], "big") if answer else None
            found.compare(what, subject, expected, word)


def _ends(snapshot: Snapshot, node: Node, found: _Found) -> None:
    """Where the ledger says that it ends."""
    cursor = snapshot.cursor
    header = node.raw("eth_getBlockByNumber", [hex(cursor.block_number), False])
    found.compare("cursor", "timestamp", cursor.timestamp, int(header["timestamp"], 16))
    found.compare("cursor", "final", cursor.final_number <= cursor.block_number, True)
    version = snapshot.meta["schema_version"]
    found.compare("meta", "schema_version", version, str(schema.SCHEMA_VERSION))


def _assets(snapshot: Snapshot, node: Node, named: dict[str, int], found: _Found) -> None:
    """What assets call themselves."""
    kept = {row["address"]: row for row in snapshot.rows(select(schema.asset))}
    for address in sorted(kept.keys() | named.keys()):
        said = None
        if address in named:
            said = {**read_asset(node, address), "block_number": named[address]}
        found.compare("asset", address, kept.get(address), said)


def _derived(snapshot: Snapshot, found: _Found) -> None:
    """Every derived row, against those that the raw rows make in a database of their own."""
    with tempfile.TemporaryDirectory(prefix="dokkaebi-audit-") as folder:
        engine = SqliteFile(Path(folder) / "scratch.sqlite3").engine(writing=True)
        try:
            with engine.begin() as scratch:
                schema.metadata.create_all(scratch)
                for table in (schema.meta, schema.asset, schema.block, schema.event):
                    for rows in snapshot.stream(select(table), EVENTS_AT_ONCE):
                        scratch.execute(table.insert(), rows)
                replay(scratch, snapshot.cursor.final_number)
                for table in (schema.asset, schema.undo, *schema.DERIVED):
                    for key, kept, made in _pairs(snapshot, scratch, table):
                        found.compare(f"table_{table.name}", key, kept, made)
        finally:
            engine.dispose()


def _pairs(
    snapshot: Snapshot, scratch: Connection, table: Table
) -> Iterator[tuple[str, Row | None, Row | None]]:
    """Rows with the same key, of both databases, which give them in the same order."""
    names = [column.name for column in table.primary_key]
    here = chain.from_iterable(snapshot.stream(_by_key(table, snapshot.dialect), EVENTS_AT_ONCE))
    query = _by_key(table, "sqlite").execution_options(yield_per=EVENTS_AT_ONCE)
    there = map(dict, scratch.execute(query).mappings())
    kept, made = next(here, None), next(there, None)
    while kept is not None or made is not None:
        keys = [tuple(row[n] for n in names) if row else None for row in (kept, made)]
        first = min(key for key in keys if key is not None)
        yield (
            ", ".join(map(str, first)),
            kept if keys[0] == first else None,
            made if keys[1] == first else None,
        )
        if keys[0] == first:
            kept = next(here, None)
        if keys[1] == first:
            made = next(there, None)


def _by_key(table: Table, dialect: str) -> Select[Any]:
    """A table in the order of its keys, in which Python would sort them too."""
    plain = [
        column.collate("C") if dialect == "postgresql" and isinstance(column.type, Text) else column
        for column in table.primary_key
    ]
    return select(table).order_by(*plain)


def _shown(value: object) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
