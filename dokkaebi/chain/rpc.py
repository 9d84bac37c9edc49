"""One connection to a node: JSON-RPC with a time limit, and sentences instead of stack traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from dokkaebi.errors import DokkaebiError

if TYPE_CHECKING:
    from web3 import HTTPProvider
    from web3.types import RPCEndpoint

TIMEOUT_SECONDS = 30
RETRIES = 3
BATCH_SIZE = 100

Log = dict[str, Any]
Block = dict[str, Any]


class RpcUnreachable(DokkaebiError):  # noqa: N818 - reads as what it is where it's caught
    """The node doesn't answer, or not in JSON-RPC."""


class RpcRefused(DokkaebiError):  # noqa: N818 - likewise
    """The node answered with an error. `data` is its raw revert data, `0x` without any."""

    def __init__(self, method: str, code: int, message: str, data: str) -> None:
        super().__init__("rpc_refused", method=method, code=code, problem=message)
        self.code = code
        self.message = message
        self.data = data


class Chain:
    """A node. Numbers are ints, hashes and data `0x…` strings, logs as the node sent them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._timestamps: dict[int, int] = {}

    # Anything

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        """One JSON-RPC request; its `result`. Raises RpcRefused or RpcUnreachable."""
        return self._talk(partial(self._ask, method, params))

    def raw_batch(self, requests: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many requests in few round trips; their results in order."""
        rest = list(requests)
        results: list[Any] = []
        while rest:
            part, rest = rest[:BATCH_SIZE], rest[BATCH_SIZE:]
            results += self._talk(partial(self._ask_batch, part))
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
            raise DokkaebiError("block_unknown", block=str(block), url=self.url)
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
                raise DokkaebiError("block_unknown", block=str(number), url=self.url)
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

    def code(self, address: str) -> bytes:
        """An account's code, empty where it isn't a contract."""
        return bytes.fromhex(str(self.raw("eth_getCode", [address, "latest"]))[2:])

    def balance(self, address: str) -> int:
        """An account's coins, wei."""
        return int(self.raw("eth_getBalance", [address, "latest"]), 16)

    def nonce(self, address: str) -> int:
        """How many transactions an account has sent, waiting ones included."""
        return int(self.raw("eth_getTransactionCount", [address, "pending"]), 16)

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

    # Inside

    def _ask(self, method: str, params: Sequence[Any]) -> Any:
        answer = self._provider.make_request(cast("RPCEndpoint", method), list(params))
        return _result(method, answer)

    def _ask_batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        endpoints = [(cast("RPCEndpoint", method), list(params)) for method, params in requests]
        answers = self._provider.make_batch_request(endpoints)
        if not isinstance(answers, list):  # a node that takes no batches says so in one answer
            return [self._ask(method, params) for method, params in requests]
        return [_result(m, answer) for (m, _), answer in zip(requests, answers, strict=True)]

    @cached_property
    def _provider(self) -> HTTPProvider:
        import requests
        from web3 import HTTPProvider
        from web3.providers.rpc.utils import (
            REQUEST_RETRY_ALLOWLIST,
            ExceptionRetryConfiguration,
        )

        retry = ExceptionRetryConfiguration(
            errors=(requests.ConnectionError, requests.Timeout, requests.HTTPError),
            retries=RETRIES,
            backoff_factor=0.2,
            # A transaction may have arrived although its answer was lost.
            method_allowlist=[m for m in REQUEST_RETRY_ALLOWLIST if not m.startswith("eth_send")],
        )
        return HTTPProvider(
            self.url,
            request_kwargs={"timeout": TIMEOUT_SECONDS},
            exception_retry_configuration=retry,
        )

    def _talk(self, ask: Callable[[], Any]) -> Any:
        """Runs a request, and says in words what can go wrong on the way."""
        import requests

        try:
            return ask()
        except requests.Timeout:
            raise RpcUnreachable(
                "rpc_timeout", url=shown_url(self.url), seconds=TIMEOUT_SECONDS
            ) from None
        except requests.HTTPError as problem:
            status = problem.response.status_code
            raise RpcUnreachable("rpc_http", url=shown_url(self.url), status=status) from None
        except (requests.RequestException, ConnectionError):
            raise RpcUnreachable("rpc_unreachable", url=shown_url(self.url)) from None
        except (ValueError, TypeError, KeyError):
            raise RpcUnreachable("rpc_no_json", url=shown_url(self.url)) from None


def connect(url: str) -> Chain:
    """A connection to a node that answers. Raises RpcUnreachable."""
    try:
        known = url.startswith(("http://", "https://")) and bool(shown_url(url))
    except ValueError:
        known = False
    if not known:
        raise RpcUnreachable("rpc_url_wrong", url=url)
    chain = Chain(url)
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


def shown_url(url: str) -> str:
    """A node's address without what may be a password or an access key."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    hidden = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.hostname}{port}{hidden}"


def _tag(block: int | str) -> str:
    return block if isinstance(block, str) else hex(block)


def _result(method: str, answer: Any) -> Any:
    if not isinstance(answer, dict):
        raise TypeError("not a JSON-RPC answer")
    problem = answer.get("error")
    if problem is None:
        return answer["result"]
    if not isinstance(problem, dict):
        raise RpcRefused(method, 0, str(problem), "0x")
    code, message = problem.get("code", 0), str(problem.get("message", ""))
    raise RpcRefused(method, int(code), message, _revert_data(problem.get("data")))


def _revert_data(data: Any) -> str:
    """Revert data from an error answer: a string, or inside an object (Ganache)."""
    if isinstance(data, dict):
        data = data.get("result") or data.get("data")
    return data if isinstance(data, str) and data.startswith("0x") else "0x"
