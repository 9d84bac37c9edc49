"""Ranges of blocks from a node: as long as it gives, some ahead, checked against headers."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

from dokkaebi.chain.ranges import ATTEMPTS, LogRanges
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import ahead
from dokkaebi.ledger.assets import asset_of
from dokkaebi.ledger.events import decode, suite_shapes, undecodable
from dokkaebi.ledger.proof import NodeContradictsItself, complete_logs
from dokkaebi.ledger.rows import Record, Row
from dokkaebi.ledger.store import Batch, Cursor, Identity

ATTEMPT_SECONDS = 0.2

Header = dict[str, Any]


class Node(Protocol):
    """What is asked of a node; `chain.rpc.Chain` is one."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""

    @property
    def genesis_hash(self) -> str:
        """Hash of block 0."""

    @property
    def block_number(self) -> int:
        """The newest block's number."""

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        """One request's result."""

    def raw_batch(self, requests: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of many requests, in order."""

    def get_logs(self, addresses: Sequence[str], from_block: int, to_block: int) -> list[Any]:
        """Raw logs of a range of blocks, both ends included, in one request."""

    def call(self, to: str, data: str) -> bytes:
        """What a call returns; a revert raises RpcRefused."""


class Source:
    """Reads a deployment's blocks. `careful`: proves every block complete, not only those that
    aren't final yet."""

    def __init__(
        self,
        node: Node,
        identity: Identity,
        *,
        careful: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._node = node
        self._names = {address: name for name, address in identity.addresses.items()}
        self._careful = careful
        self._sleep = sleep
        self._ranges = LogRanges(self._names)

    def batches(self, low: int, head: int, final_number: int) -> Iterator[ahead.Read]:
        """Every block from `low` to `head`: the parent hash of each batch's first block, and the
        batch. The next ones are read while the caller works on this one.

        Raises `ledger_chain_moves`, `ledger_undecodable`, and the node's errors.
        """
        fresh = getattr(self._node, "anew", None)
        if fresh is None or not ahead.CAN_FORK or head - low < ahead.FORK_FROM_BLOCKS:
            return ahead.by_thread(lambda: self._all(low, head, final_number))

        def read() -> Iterator[ahead.Read]:
            # Two processes can't share a connection.
            self._node = fresh()
            yield from self._all(low, head, final_number)

        return ahead.by_process(read)

    def _all(self, low: int, head: int, final_number: int) -> Iterator[ahead.Read]:
        while low <= head:
            found = self.read(low, head, final_number)
            low = found[1].cursor.block_number + 1
            yield found
            # Not beside the next one.
            del found

    def read(self, low: int, head: int, final_number: int) -> tuple[str, Batch]:
        """A batch of the blocks from `low` on."""
        problem: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(ATTEMPT_SECONDS * 2**attempt)
            try:
                return self._read(low, head, final_number)
            except NodeContradictsItself as found:
                problem = found
        raise DokkaebiError("ledger_chain_moves", block=low, problem=str(problem))

    def headers(self, numbers: Sequence[int]) -> list[Header]:
        """Headers with the hashes of their transactions. Raises NodeContradictsItself."""
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        found = self._node.raw_batch(asked)
        for number, header in zip(numbers, found, strict=True):
            if header is None or int(header["number"], 16) != number:
                raise NodeContradictsItself(f"block {number} isn't there")
        return found

    def _read(self, low: int, head: int, final_number: int) -> tuple[str, Batch]:
        high, logs = self._ranges.read(self._node, low, head)
        by_block: dict[int, list[Any]] = defaultdict(list)
        for log in logs:
            number = int(log["blockNumber"], 16)
            if not low <= number <= high or log.get("removed"):
                raise NodeContradictsItself(f"a log of block {number} was not asked for")
            by_block[number].append(log)
        proven_from = low if self._careful else max(low, final_number)
        numbers = sorted({low, high, *by_block, *range(proven_from, high + 1)})
        headers = dict(zip(numbers, self.headers(numbers), strict=True))
        for below, above in pairwise(numbers):
            linked = headers[above]["parentHash"] == headers[below]["hash"]
            if above == below + 1 and not linked:
                raise NodeContradictsItself(f"block {above} isn't the child of block {below}")
        for number in range(proven_from, high + 1):
            found = complete_logs(
                self._node, headers[number], by_block.get(number, []), self._names.keys()
            )
            if found:
                by_block[number] = list(found)
        batch = _batch(headers, by_block, high, final_number, self._names)
        return str(headers[low]["parentHash"]), batch


def _batch(
    headers: Mapping[int, Header],
    by_block: dict[int, list[Any]],
    high: int,
    final_number: int,
    names: Mapping[str, str],
) -> Batch:
    """Rows and records of logs, each of which must be of its block. The hot loop."""
    end = headers[high]
    batch = Batch(Cursor(high, end["hash"], int(end["timestamp"], 16), final_number))
    shapes = suite_shapes()
    events, records = batch.events, batch.records
    for number in sorted(headers):
        header, logs = headers[number], by_block.pop(number, ())
        if logs or number >= final_number:
            batch.blocks.append(_block_row(number, header))
        if not logs:
            continue
        block_hash, timestamp = header["hash"], int(header["timestamp"], 16)
        last = -1
        for log in logs:
            if log["blockHash"] != block_hash:
                raise NodeContradictsItself(f"a log of block {number} is another block's")
            index = int(log["logIndex"], 16)
            if index <= last:
                raise NodeContradictsItself(f"block {number} has logs twice or in disorder")
            last = index
            address = log["address"].lower()
            topics = log["topics"]
            if not all(map(str.islower, topics)):
                topics = [topic.lower() for topic in topics]
            data = log["data"]
            if not data.islower():
                data = data.lower()
            contract = names[address]
            shape = shapes[contract].get(topics[0]) if topics else None
            transaction = log["transactionHash"]
            place = int(log["transactionIndex"], 16)
            name = shape.name if shape else None
            joined = ",".join(topics)
            events.append(
                (number, index, transaction, place, address, contract, name, joined, data)
            )
            if shape is None:
                continue
            try:
                values = decode(shape, topics, data)
            except ValueError as problem:
                raise undecodable(shape, number, transaction, problem) from None
            records.append(
                Record(contract, address, shape.name, values, number, index, transaction, timestamp)
            )
            if shape.names_asset:
                batch.named.setdefault(asset_of(values), number)
    return batch


def _block_row(number: int, header: Header) -> Row:
    return {
        "number": number,
        "hash": header["hash"],
        "parent_hash": header["parentHash"],
        "timestamp": int(header["timestamp"], 16),
    }
