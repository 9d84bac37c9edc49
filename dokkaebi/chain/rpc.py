"""A node as the rest of the package sees it: JSON-RPC in plain Python values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, cast

from dokkaebi.chain.endpoints import Endpoints, RpcRefused, RpcUnreachable, shown_url
from dokkaebi.errors import DokkaebiError

BATCH_SIZE = 100

Log = dict[str, Any]
Block = dict[str, Any]

__all__ = ["Block", "Chain", "Log", "RpcRefused", "RpcUnreachable", "connect", "shown_url"]


class Chain:
    """A node. Numbers are ints, hashes and data `0x…` strings, logs as the node sent them.

    `url`: its address, or several with commas, the next of which is asked when one fails.
    """

    def __init__(self, url: str, requests_per_second: int | None = None) -> None:
        self.url = url
        self._requests_per_second = requests_per_second
        self._endpoints = Endpoints(url, requests_per_second)
        self._timestamps: dict[int, int] = {}

    @property
    def anew(self) -> Callable[[], Chain] | None:
        """Makes the same node with connections of its own, for another process; None where both
        would have to share a budget of requests."""
        return None if self._requests_per_second else lambda: Chain(self.url)

    # Anything

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        """One JSON-RPC request; its `result`. Raises RpcRefused or RpcUnreachable."""
        return self._endpoints.ask(method, params)

    def raw_batch(self, requests: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many requests in few round trips; their results in order."""
        rest = list(requests)
        results: list[Any] = []
        while rest:
            part, rest = rest[:BATCH_SIZE], rest[BATCH_SIZE:]
            results += self._endpoints.ask_batch(part)
        return results

    def raw_each(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The same for requests that may be refused: RpcRefused in the place of the result."""
        results: list[Any] = []
        for first in range(0, len(requests), BATCH_SIZE):
            results += self._endpoints.ask_each(requests[first : first + BATCH_SIZE])
        return results

    # The chain

    @cached_property
    def chain_id(self) -> int:
        """The chain's id (EIP-155)."""
        return int(self.raw("eth_chainId"), 16)

    @cached_property
    def genesis_hash(self) -> str:
        """Hash of block 0: tells two chains with the same id apart."""
        return str(self.block(0)["hash"])

    @property
    def block_number(self) -> int:
        """The newest block's number, asked anew each time."""
        return int(self.raw("eth_blockNumber"), 16)

    def block(self, block: int | str = "latest") -> Block:
        """A block's header, with its transactions' hashes, as the node sent it."""
        found = self.raw("eth_getBlockByNumber", [_tag(block), False])
        if found is None:
            raise DokkaebiError("block_unknown", block=str(block), url=shown_url(self.url))
        return cast(Block, found)

    def timestamp(self, number: int) -> int:
        """When a block was made, seconds since 1970."""
        return self.timestamps([number])[number]

    def timestamps(self, numbers: Iterable[int]) -> dict[int, int]:
        """When blocks were made; asks for each block once."""
        wanted = set(numbers)
        missing = sorted(wanted - self._timestamps.keys())
        requests = [("eth_getBlockByNumber", [_tag(number), False]) for number in missing]
        for number, block in zip(missing, self.raw_batch(requests), strict=True):
            if block is None:
                raise DokkaebiError("block_unknown", block=str(number), url=shown_url(self.url))
            self._timestamps[number] = int(block["timestamp"], 16)
        return {number: self._timestamps[number] for number in wanted}

    def get_logs(
        self,
        addresses: Sequence[str],
        from_block: int,
        to_block: int,
        topics: Sequence[str | Sequence[str] | None] | None = None,
    ) -> list[Log]:
        """Logs of a range of blocks, both ends included, in one request."""
        question: dict[str, Any] = {
            "address": list(addresses),
            "fromBlock": _tag(from_block),
            "toBlock": _tag(to_block),
        }
        if topics is not None:
            question["topics"] = list(topics)
        return cast("list[Log]", self.raw("eth_getLogs", [question]))

    def all_logs(
        self,
        addresses: Sequence[str],
        from_block: int,
        to_block: int,
        topics: Sequence[str | Sequence[str] | None] | None = None,
    ) -> list[Log]:
        """Logs of a range of any length: halves a range that the node finds too large."""
        if from_block > to_block:
            return []
        try:
            return self.get_logs(addresses, from_block, to_block, topics)
        except RpcRefused:
            if from_block == to_block:
                raise
        middle = (from_block + to_block) // 2
        lower = self.all_logs(addresses, from_block, middle, topics)
        return lower + self.all_logs(addresses, middle + 1, to_block, topics)

    # An account

    def code(self, address: str, block: int | str = "latest") -> bytes:
        """An account's code, empty where it isn't a contract."""
        return bytes.fromhex(str(self.raw("eth_getCode", [address, _tag(block)]))[2:])

    def balance(self, address: str) -> int:
        """An account's coins, wei."""
        return int(self.raw("eth_getBalance", [address, "latest"]), 16)

    def nonce(self, address: str) -> int:
        """How many transactions an account has sent, waiting ones included."""
        return int(self.raw("eth_getTransactionCount", [address, "pending"]), 16)

    def mined_nonce(self, address: str) -> int:
        """How many of an account's transactions are in blocks."""
        return int(self.raw("eth_getTransactionCount", [address, "latest"]), 16)

    # Transactions

    def call(
        self,
        to: str | None,
        data: str,
        sender: str | None = None,
        value: int = 0,
        block: int | str = "latest",
    ) -> bytes:
        """Runs a call without sending it; what it returns. A revert raises RpcRefused."""
        fields = transaction_fields(to, data, sender, value)
        return bytes.fromhex(str(self.raw("eth_call", [fields, _tag(block)]))[2:])

    def estimate(self, to: str | None, data: str, sender: str, value: int = 0) -> int:
        """The gas that a transaction needs. A revert raises RpcRefused."""
        fields = transaction_fields(to, data, sender, value)
        return int(self.raw("eth_estimateGas", [fields]), 16)

    def send_raw(self, signed: bytes) -> str:
        """Sends a signed transaction; its hash. Never tried twice."""
        return str(self.raw("eth_sendRawTransaction", ["0x" + signed.hex()]))

    def receipt(self, transaction_hash: str) -> dict[str, Any] | None:
        """A transaction's receipt as the node sent it, None while it isn't in a block."""
        return cast(
            "dict[str, Any] | None", self.raw("eth_getTransactionReceipt", [transaction_hash])
        )


def connect(url: str, requests_per_second: int | None = None) -> Chain:
    """A connection to a node that answers. Raises RpcUnreachable."""
    chain = Chain(url, requests_per_second)
    _ = chain.chain_id
    return chain


def transaction_fields(to: str | None, data: str, sender: str | None, value: int) -> dict[str, str]:
    """A call's fields as JSON-RPC wants them; `to` None makes a contract."""
    fields = {"data": data, "value": hex(value)}
    if to is not None:
        fields["to"] = to
    if sender is not None:
        fields["from"] = sender
    return fields


def _tag(block: int | str) -> str:
    return block if isinstance(block, str) else hex(block)
