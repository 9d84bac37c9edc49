"""A node as the balance check reads it."""

from __future__ import annotations

from collections.abc import Sequence

from dokkaebi.chain.rpc import Chain, RpcRefused


class ChainReader:
    """Answers of `Chain` at a block. A batch with a revert in it is asked again, one by one."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def block_hash(self, block: int) -> str | None:
        """The hash of a block, None if there is none."""
        found = self._chain.raw("eth_getBlockByNumber", [hex(block), False])
        return None if found is None else str(found["hash"])

    def balance(self, account: str, block: int) -> int:
        """An account's coins, wei."""
        return int(self._chain.raw("eth_getBalance", [account, hex(block)]), 16)

    def calls(self, calls: Sequence[tuple[str, str]], block: int) -> list[bytes | None]:
        """What calls return; None for one that the node refuses."""
        size = 100
        found: list[bytes | None] = []
        for start in range(0, len(calls), size):
            part = calls[start : start + size]
            requests = [("eth_call", [{"to": to, "data": data}, hex(block)]) for to, data in part]
            try:
                found += [bytes.fromhex(answer[2:]) for answer in self._chain.raw_batch(requests)]
            except RpcRefused:
                found += [self._call(to, data, block) for to, data in part]
        return found

    def _call(self, to: str, data: str, block: int) -> bytes | None:
        try:
            return self._chain.call(to, data, block=block)
        except RpcRefused:
            return None
