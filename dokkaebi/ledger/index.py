"""The loop: ranges of logs from a node, batch by batch into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.assets import assets_of, read_asset
from dokkaebi.ledger.events import Shapes, decode, suite_shapes
from dokkaebi.ledger.rows import COIN, Record, Row
from dokkaebi.ledger.store import Batch, Cursor, Identity, Ledger

# What most providers give in one answer.
SPAN_BLOCKS = 2_000


class Node(Protocol):
    """What the loop asks of a node; `chain.rpc.Chain` is one."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""

    @property
    def genesis_hash(self) -> str:
        """Hash of block 0."""

    @property
    def block_number(self) -> int:
        """The newest block's number."""

    def raw_batch(self, requests: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of many requests, in order."""

    def all_logs(
        self, addresses: Sequence[str], from_block: int, to_block: int
    ) -> list[dict[str, Any]]:
        """Raw logs of a range of blocks, both ends included."""

    def call(self, to: str, data: str) -> bytes:
        """What a call returns; a revert raises RpcRefused."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the loop is: the last block written, the head, and the events of this run."""

    block: int
    head: int
    events: int


def index(
    node: Node,
    identity: Identity,
    ledger: Ledger,
    said: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Brings the ledger to the chain's head. What was written stays, whatever happens after.

    Errors: `ledger_wrong_node`, `ledger_node_behind`, `ledger_chain_changed`, `ledger_chain_moves`,
    `ledger_undecodable`, `ledger_gap`, and those of the node and of the store.
    """
    _check_node(node, identity)
    cursor = ledger.cursor()
    head = node.block_number
    if cursor is not None:
        _check_cursor(node, cursor, head)
    low = cursor.block_number + 1 if cursor else identity.first_block
    if cursor is None and head < low:
        raise DokkaebiError("ledger_node_behind", head=head, block=low)
    progress = Progress(low - 1, head, 0)
    known = ledger.known_assets()
    while low <= head:
        high = min(low + SPAN_BLOCKS - 1, head)
        batch = fetch(node, identity, low, high, cursor)
        named = {COIN, identity.addresses["CommunityToken"]}
        named = named.union(*(assets_of(record.values) for record in batch.records)) - known
        batch.assets = [read_asset(node, address) for address in sorted(named)]
        ledger.write(batch)
        known |= named
        cursor, low = batch.cursor, high + 1
        progress = Progress(high, head, progress.events + len(batch.events))
        said(progress)
    return progress


def fetch(node: Node, identity: Identity, low: int, high: int, cursor: Cursor | None) -> Batch:
    """Logs of a range of blocks with their blocks, all of one and the same chain."""
    first, last = _headers(node, [low, high])
    if cursor is not None and first["parentHash"] != cursor.block_hash:
        raise DokkaebiError("ledger_chain_moves", block=low)
    names = {address: name for name, address in identity.addresses.items()}
    logs = node.all_logs(list(names), low, high)
    numbers = sorted({int(log["blockNumber"], 16) for log in logs} | {high})
    headers = dict(zip(numbers, _headers(node, numbers), strict=True))
    if headers[high]["hash"] != last["hash"]:
        raise DokkaebiError("ledger_chain_moves", block=high)
    end = headers[high]
    batch = Batch(Cursor(high, end["hash"], int(end["timestamp"], 16)))
    shapes = suite_shapes()
    for log in logs:
        if headers[int(log["blockNumber"], 16)]["hash"] != log["blockHash"]:
            raise DokkaebiError("ledger_chain_moves", block=int(log["blockNumber"], 16))
        batch.events.append(event_row(log, names, shapes))
    batch.events.sort(key=lambda row: (row["block_number"], row["log_index"]))
    filled = {row["block_number"] for row in batch.events}
    batch.blocks = [_block_row(headers[number]) for number in numbers if number in filled]
    times = {row["number"]: row["timestamp"] for row in batch.blocks}
    for row in batch.events:
        record = record_of({**row, "timestamp": times[row["block_number"]]})
        if record is not None:
            batch.records.append(record)
    return batch


def event_row(log: Mapping[str, Any], names: Mapping[str, str], shapes: Shapes) -> Row:
    """A raw log as the `event` table keeps it; `name` is None for an event that no ABI knows."""
    contract = names[log["address"].lower()]
    topics = [topic.lower() for topic in log["topics"]]
    shape = shapes[contract].get(topics[0]) if topics else None
    return {
        "block_number": int(log["blockNumber"], 16),
        "log_index": int(log["logIndex"], 16),
        "transaction_hash": log["transactionHash"].lower(),
        "transaction_index": int(log["transactionIndex"], 16),
        "address": log["address"].lower(),
        "contract": contract,
        "name": shape.name if shape else None,
        "topics": ",".join(topics),
        "data": log["data"].lower(),
    }


def record_of(row: Mapping[str, Any]) -> Record | None:
    """A row of `event`, with its block's `timestamp`, decoded; None for an unknown event."""
    topics = row["topics"].split(",")
    shape = suite_shapes()[row["contract"]].get(topics[0])
    if shape is None:
        return None
    try:
        values = decode(shape, topics, row["data"])
    except ValueError as problem:
        raise DokkaebiError(
            "ledger_undecodable",
            event=shape.name,
            block=row["block_number"],
            transaction=row["transaction_hash"],
            problem=str(problem),
        ) from None
    return Record(
        contract=row["contract"],
        address=row["address"],
        event=shape.name,
        values=values,
        block_number=row["block_number"],
        log_index=row["log_index"],
        transaction_hash=row["transaction_hash"],
        timestamp=row["timestamp"],
    )


def _check_node(node: Node, identity: Identity) -> None:
    seen = (node.chain_id, node.genesis_hash)
    if seen != (identity.chain_id, identity.genesis_hash):
        raise DokkaebiError(
            "ledger_wrong_node",
            seen=f"{seen[0]} ({seen[1][:10]}…)",
            wanted=f"{identity.chain_id} ({identity.genesis_hash[:10]}…)",
        )


def _check_cursor(node: Node, cursor: Cursor, head: int) -> None:
    """The ledger's last block must still be the chain's."""
    if head < cursor.block_number:
        raise DokkaebiError("ledger_node_behind", head=head, block=cursor.block_number)
    (block,) = _headers(node, [cursor.block_number])
    if block["hash"] != cursor.block_hash:
        raise DokkaebiError(
            "ledger_chain_changed",
            block=cursor.block_number,
            seen=block["hash"],
            wanted=cursor.block_hash,
        )


def _headers(node: Node, numbers: Sequence[int]) -> list[dict[str, Any]]:
    requests = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
    headers = node.raw_batch(requests)
    for number, header in zip(numbers, headers, strict=True):
        if header is None:
            raise DokkaebiError("ledger_chain_moves", block=number)
    return headers


def _block_row(header: Mapping[str, Any]) -> Row:
    return {
        "number": int(header["number"], 16),
        "hash": header["hash"],
        "parent_hash": header["parentHash"],
        "timestamp": int(header["timestamp"], 16),
    }
