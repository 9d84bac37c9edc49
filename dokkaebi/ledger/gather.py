"""Shared back-fill: workers read ranges of final blocks into PostgreSQL, the ledger's one writer
takes them from there in their order.

A worker claims a range by locking its row (`FOR UPDATE SKIP LOCKED`) for as long as it reads, so a
range whose worker was killed is free again at once. Reading is most of a back-fill's time where
the node is far; what needs the order of events is done by the writer alone.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import Any

import orjson

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.assets import asset_of
from dokkaebi.ledger.events import names_asset, record_of
from dokkaebi.ledger.index import FINALITY_BLOCKS, check_node, final_block
from dokkaebi.ledger.source import Node, Source
from dokkaebi.ledger.store import Batch, Cursor, Gatherer, Identity, open_gatherer

# Blocks of a range: some thousand events of a busy market, and little lost by a kill.
RANGE_BLOCKS = 1_000
# How many ranges are planned at once.
RANGES_AHEAD = 64
_EVENT_COLUMNS = [column.name for column in schema.event.columns]


def gather(
    node: Node,
    identity: Identity,
    where: str,
    said: Callable[[int, int], None] = lambda low, high: None,
    *,
    range_blocks: int = RANGE_BLOCKS,
    finality_blocks: int = FINALITY_BLOCKS,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Reads final blocks that the ledger doesn't have yet, until all are read or being read by
    others; how many blocks this worker read. `said` hears of each range.

    Errors: `gather_needs_postgresql`, `ledger_missing`, those of the node and of the store.
    """
    check_node(node, identity)
    source = Source(node, identity, sleep=sleep)
    count = 0
    with open_gatherer(where, identity) as ledger:
        while True:
            final = final_block(node, node.block_number, finality_blocks, identity)
            ledger.plan(final, range_blocks, RANGES_AHEAD)
            read = _one(source, ledger, said, final)
            if not read:
                return count
            count += read


def _one(source: Source, ledger: Gatherer, said: Callable[[int, int], None], final: int) -> int:
    """Claims a range and reads it; how many blocks, 0 if there is none."""
    with ledger.claim() as claim:
        if claim is None:
            return 0
        claim.content = _packed(source, claim.low, claim.high, final)
    said(claim.low, claim.high)
    return claim.high - claim.low + 1


def _packed(source: Source, low: int, high: int, final: int) -> bytes:
    """A range's blocks and events."""
    parent, blocks, events = "", [], []
    at = low
    cursor: Cursor | None = None
    while at <= high:
        above, batch = source.read(at, high, final)
        if cursor is not None and above != cursor.block_hash:
            raise DokkaebiError("ledger_chain_moves", block=at, problem="another parent")
        parent = parent or above
        blocks += batch.blocks
        events += batch.events
        cursor = batch.cursor
        at = cursor.block_number + 1
    assert cursor is not None, "a range has a block"  # noqa: S101
    end = [cursor.block_number, cursor.block_hash, cursor.timestamp]
    return zlib.compress(orjson.dumps([parent, end, blocks, events]), 1)


def unpacked(content: bytes, final_number: int) -> tuple[str, Batch]:
    """What a worker read: the parent hash of its first block, and the batch."""
    parent, (number, block_hash, timestamp), blocks, events = orjson.loads(zlib.decompress(content))
    cursor = Cursor(number, block_hash, timestamp, final_number)
    filled = {values[0] for values in events}
    # The block that was the last final one then needn't be kept any more.
    blocks = [one for one in blocks if one["number"] in filled or one["number"] >= final_number]
    batch = Batch(cursor, blocks=blocks, events=list(map(tuple, events)))
    times = {block["number"]: block["timestamp"] for block in blocks}
    for values in batch.events:
        row: dict[str, Any] = dict(zip(_EVENT_COLUMNS, values, strict=True))
        record = record_of({**row, "timestamp": times[row["block_number"]]})
        if record is None:
            continue
        batch.records.append(record)
        if names_asset(record):
            batch.named.setdefault(asset_of(record.values), record.block_number)
    return parent, batch
