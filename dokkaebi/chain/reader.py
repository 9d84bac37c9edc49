"""A node as checks read it: at one block, and at no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dokkaebi.chain.rpc import Chain, RpcRefused

CALLS_AT_ONCE = 100


class ChainReader:
    """Answers of `Chain` at a block. A batch with a revert in it is asked again, one by one.

    A block whose hash was asked for is named by it (EIP-1898), so that a node which has changed its
    mind meanwhile refuses instead of answering from another chain. Nodes that don't know that
    (Ganache) are asked by the number.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._hashes: dict[int, str] = {}
        self._by_hash: bool | None = None

    def block_hash(self, block: int) -> str | None:
        """The hash of a block, None if there is none."""
        found = self._chain.raw("eth_getBlockByNumber", [hex(block), False])
        if found is None:
            return None
        self._hashes[block] = str(found["hash"])
        return self._hashes[block]

    def balance(self, account: str, block: int) -> int:
        """An account's coins, wei."""
        return int(self._chain.raw("eth_getBalance", [account, self.at(block)]), 16)

    def code(self, account: str, block: int) -> bytes:
        """An account's code, empty where it isn't a contract."""
        return bytes.fromhex(str(self._chain.raw("eth_getCode", [account, self.at(block)]))[2:])

    def storage(self, account: str, slot: str, block: int) -> int:
        """A word of a contract's storage; `slot` in 0x-hex."""
        word = str(self._chain.raw("eth_getStorageAt", [account, slot, self.at(block)]))
        # Ganache says nothing where others say zero.
        return int.from_bytes(bytes.fromhex(word[2:]), "big")

    def calls(self, calls: Sequence[tuple[str, str]], block: int) -> list[bytes | None]:
        """What calls return; None for one that the node refuses."""
        at = self.at(block)
        found: list[bytes | None] = []
        for start in range(0, len(calls), CALLS_AT_ONCE):
            part = calls[start : start + CALLS_AT_ONCE]
            requests: list[tuple[str, Sequence[Any]]] = [
                ("eth_call", [{"to": to, "data": data}, at]) for to, data in part
            ]
            try:
                found += [bytes.fromhex(answer[2:]) for answer in self._chain.raw_batch(requests)]
            except RpcRefused:
                found += [self._call(request) for request in requests]
        return found

    def at(self, block: int) -> str | dict[str, object]:
        """How a block is named in requests."""
        known = self._hashes.get(block)
        if known is None:
            return hex(block)
        at: dict[str, object] = {"blockHash": known, "requireCanonical": True}
        if self._by_hash is None:
            try:
                self._chain.raw("eth_getBalance", ["0x" + "00" * 20, at])
                self._by_hash = True
            except RpcRefused:
                self._by_hash = False
        return at if self._by_hash else hex(block)

    def _call(self, request: tuple[str, Sequence[Any]]) -> bytes | None:
        try:
            return bytes.fromhex(str(self._chain.raw(*request))[2:])
        except RpcRefused:
            return None
