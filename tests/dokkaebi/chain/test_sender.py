"""One transaction, and everything that can happen to it on the way."""

from __future__ import annotations

from typing import Any

import pytest

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.sender import Sender
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.chain.fake_node import error, fake_node, passed_on, result
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, Market, address, mine_at_once

ETH = 10**18


@pytest.fixture
def sender(market: Market) -> Sender:
    return Sender(market.chain, open_key(CREATOR, 1337))


def test_plan_sends_nothing_and_prices(market: Market, sender: Sender) -> None:
    before = market.chain.block_number
    plan = sender.plan(address(BUYER), "0x", 5)
    assert plan.gas == 21_000
    assert plan.gas_limit == 26_250
    assert 0 < plan.fee < plan.fee_max
    assert market.chain.block_number == before


def test_send_moves_coins_and_tells_its_block(market: Market, sender: Sender) -> None:
    before = market.chain.balance(address(BUYER))
    receipt = sender.transact(address(BUYER), "0x", 5)
    assert market.chain.balance(address(BUYER)) == before + 5
    assert int(receipt["blockNumber"], 16) == market.chain.block_number


def test_create_deploys_a_contract(market: Market, sender: Sender) -> None:
    receipt = sender.create(bytes.fromhex("60016000f3"))  # returns one byte, a STOP
    assert market.chain.code(receipt["contractAddress"]) == b"\x00"


def test_plan_names_the_contracts_reason(market: Market, sender: Sender) -> None:
    registry = market.suite.registry
    with pytest.raises(Reverted) as caught:
        sender.plan(registry.address, registry.encode("burn", 7))
    assert caught.value.key == "TokenDoesNotExist"


@pytest.mark.parametrize("value", [2000 * ETH, 1000 * ETH - 1])
def test_too_few_coins_for_value_or_gas(market: Market, value: int) -> None:
    sender = Sender(market.chain, open_key("test:19", 1337))
    with pytest.raises(DokkaebiError) as caught:
        sender.plan(address(BUYER), "0x", value)
    assert caught.value.key == "coins_too_few"
    assert caught.value.details["has"] == "1000 ETH"


def test_chain_without_a_base_fee_is_paid_the_old_way(market: Market) -> None:
    def answer(method: str, params: list[Any]) -> bytes:
        if method == "eth_getBlockByNumber":
            return result({"timestamp": "0x1"})
        return passed_on(market.chain.url, method, params)

    with fake_node(answer) as url:
        sender = Sender(connect(url), open_key(CREATOR, 1337))
        plan = sender.plan(address(BUYER), "0x", 1)
        assert set(plan.prices) == {"gasPrice"}
        assert sender.send(plan)["status"] == "0x1"


def dying(market: Market, fatal: str) -> Any:
    """A node that works until it is asked for `fatal`, and never answers again."""
    dead: list[bool] = []

    def answer(method: str, params: list[Any]) -> bytes | None:
        if dead or method == fatal:
            dead.append(True)
            return None
        return passed_on(market.chain.url, method, params)

    return fake_node(answer)


@pytest.mark.parametrize(
    ("fatal", "key"),
    [("eth_sendRawTransaction", "sent_unknown"), ("eth_getTransactionReceipt", "sent_lost")],
)
def test_node_that_dies_midway_leaves_the_hash(market: Market, fatal: str, key: str) -> None:
    with dying(market, fatal) as url:
        sender = Sender(connect(url), open_key(CREATOR, 1337))
        with pytest.raises(DokkaebiError) as caught:
            sender.transact(address(BUYER), "0x", 1)
    assert caught.value.key == key
    receipt = market.chain.receipt(caught.value.details["transaction"])
    assert (receipt is not None) == (key == "sent_lost")
    assert caught.value.details["transaction"] in str(caught.value)


def test_transaction_that_waits_too_long_is_named(market: Market, sender: Sender) -> None:
    plan = sender.plan(address(BUYER), "0x", 1)
    mine_at_once(market.chain, on=False)
    try:
        with pytest.raises(DokkaebiError) as caught:
            sender.send(plan, wait_seconds=0.2)
    finally:
        mine_at_once(market.chain, on=True)
    assert caught.value.key == "sent_waiting"


def test_transaction_that_fails_in_its_block_says_why(market: Market) -> None:
    """The chain changes between the trial and the block: somebody else's key burns the work."""
    token = market.suite.token
    market.give_tokens(BUYER, 5)
    sender = Sender(market.chain, open_key(BUYER, 1337))
    plan = sender.plan(token.address, token.encode("transfer", address(STRANGER), 5))
    sender.transact(token.address, token.encode("transfer", address(CREATOR), 5))

    def answer(method: str, params: list[Any]) -> bytes:
        body = passed_on(market.chain.url, method, params)
        if method == "eth_sendRawTransaction" and b"error" in body:
            # Ganache mines it and answers with its error; other nodes answer with the hash.
            sent = market.chain.block("latest")["transactions"][0]
            return result(sent)
        return body

    with fake_node(answer) as url, pytest.raises(DokkaebiError) as caught:
        Sender(Chain(url), sender.account).send(plan)
    assert caught.value.key == "sent_reverted"
    assert "needs 5" in str(caught.value)


def test_node_that_refuses_a_transaction_is_quoted(market: Market, sender: Sender) -> None:
    def answer(method: str, params: list[Any]) -> bytes:
        if method == "eth_sendRawTransaction":
            return error(-32000, "nonce too low")
        return passed_on(market.chain.url, method, params)

    with fake_node(answer) as url, pytest.raises(DokkaebiError) as caught:
        Sender(Chain(url), sender.account).transact(address(BUYER), "0x", 1)
    assert caught.value.key == "rpc_refused"
    assert "nonce too low" in str(caught.value)
