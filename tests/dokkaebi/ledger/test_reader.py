"""The node as the balance check reads it: at a block's hash where that can be."""

from __future__ import annotations

from typing import Any

import pytest

from dokkaebi.chain.reader import ChainReader
from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.ledger.reports.balance import _call
from tests.dokkaebi.ledger.market_day import Day


class Listening:
    """A chain that keeps how blocks were named in calls."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self.named: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def raw(self, method: str, params: Any) -> Any:
        self.named += [params[1]] if method in {"eth_call", "eth_getBalance"} else []
        return self._chain.raw(method, params)

    def raw_batch(self, requests: Any) -> list[Any]:
        self.named += [params[1] for _, params in requests]
        return self._chain.raw_batch(requests)


def balances(day: Day) -> list[tuple[str, str]]:
    return [(day.token.address, _call("balanceOf(address)", person)) for person in day.people[:4]]


def test_a_block_is_named_by_its_hash(anvil_market: Day) -> None:
    listening: Any = Listening(anvil_market.chain)
    reader, block = ChainReader(listening), anvil_market.chain.block_number
    anvil_market.do(anvil_market.people[0], anvil_market.token, "transfer", "0x" + "9" * 40, 5)
    known = reader.block_hash(block)
    found = reader.calls(balances(anvil_market), block)
    assert all(one == {"blockHash": known, "requireCanonical": True} for one in listening.named)
    assert found == ChainReader(anvil_market.chain).calls(balances(anvil_market), block)
    assert found != ChainReader(anvil_market.chain).calls(balances(anvil_market), block + 1)


def test_a_chain_that_went_another_way_refuses(anvil_market: Day) -> None:
    chain = anvil_market.chain
    chain.raw("anvil_mine", [hex(3)])
    reader, block = ChainReader(chain), chain.block_number
    reader.block_hash(block)
    assert reader.balance(anvil_market.people[0], block) > 0
    chain.raw("anvil_reorg", [2, []])
    assert reader.calls(balances(anvil_market), block) == [None] * 4
    with pytest.raises(RpcRefused):
        reader.balance(anvil_market.people[0], block)


def test_a_node_that_knows_no_hashes_is_asked_by_number(day: Day) -> None:
    listening: Any = Listening(day.chain)
    reader, block = ChainReader(listening), day.chain.block_number // 2
    reader.block_hash(block)
    found = reader.calls(balances(day), block)
    assert found == ChainReader(day.chain).calls(balances(day), block)
    assert listening.named[-1] == hex(block)
