"""Whether a node gave all logs of a block. A header's bloom filter (yellow paper 4.3.1) is made of
every log of its block: where ours alone don't make it, the block's receipts must."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from dokkaebi.chain.rpc import RpcRefused

Log = Mapping[str, Any]
Header = Mapping[str, Any]


class Asked(Protocol):
    """A node; a refusal raises RpcRefused."""

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        """One request's result."""

    def raw_batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of many requests, in order."""


class NodeContradictsItself(Exception):  # noqa: N818 - a finding about the node, always caught
    """The parts of a node's answers don't fit; asked again they may."""


def complete_logs(
    node: Asked, header: Header, logs: Sequence[Log], addresses: Collection[str]
) -> Sequence[Log]:
    """All logs that `addresses` emitted in a block, given those that a node named.

    Raises NodeContradictsItself.
    """
    promised = int(header["logsBloom"], 16)
    ours = bloom_of(logs)
    if promised == 0 and logs:
        # Some chains fill in no blooms; all others would have refused such a log.
        return _from_receipts(node, header, addresses, None)
    if ours & ~promised:
        raise NodeContradictsItself(f"block {header['number']} knows nothing of a log")
    if ours == promised and _are_first(logs):
        return logs
    if not any(_bits(address) & ~promised == 0 for address in addresses):
        return logs
    found = _from_receipts(node, header, addresses, promised)
    if len(found) < len(logs):
        raise NodeContradictsItself(f"block {header['number']} lost a log")
    return found


def _are_first(logs: Sequence[Log]) -> bool:
    """Whether no log stands between these or before them: of two with the same address and topics
    the bloom filter tells one."""
    return [int(log["logIndex"], 16) for log in logs] == list(range(len(logs)))


def bloom_of(logs: Sequence[Log]) -> int:
    """The bloom filter that logs make, as a number."""
    bloom = 0
    for log in logs:
        bloom |= _bits(log["address"].lower())
        for topic in log["topics"]:
            bloom |= _bits(topic)
    return bloom


@lru_cache(maxsize=4_096)
def _bits(item: str) -> int:
    """The three bits of an address or topic, given in 0x-hex."""
    from eth_hash.auto import keccak

    digest = keccak(bytes.fromhex(item[2:]))
    bits = 0
    for start in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[start : start + 2], "big") & 2_047)
    return bits


def _from_receipts(
    node: Asked, header: Header, addresses: Collection[str], promised: int | None
) -> list[Log]:
    """The logs of `addresses`, of receipts that make the block's bloom filter."""
    receipts = _receipts(node, header)
    if len(receipts) != len(header["transactions"]):
        raise NodeContradictsItself(f"block {header['number']} has more transactions than receipts")
    if any(receipt["blockHash"] != header["hash"] for receipt in receipts):
        raise NodeContradictsItself(f"receipts of block {header['number']} are another block's")
    logs = [log for receipt in receipts for log in receipt["logs"]]
    if promised is not None and bloom_of(logs) != promised:
        raise NodeContradictsItself(f"receipts of block {header['number']} aren't all there")
    return [log for log in logs if log["address"].lower() in addresses]


def _receipts(node: Asked, header: Header) -> list[Any]:
    try:
        found = node.raw("eth_getBlockReceipts", [header["number"]])
    except RpcRefused:  # not every node knows this method
        asked = [("eth_getTransactionReceipt", [one]) for one in header["transactions"]]
        found = node.raw_batch(asked)
    if found is None or any(receipt is None for receipt in found):
        raise NodeContradictsItself(f"block {header['number']} has no receipts")
    return list(found)
