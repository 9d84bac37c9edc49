"""Chains that are too old for our code are told from those that aren't."""

from __future__ import annotations

from pathlib import Path

import pytest

from dokkaebi.chain.evm import evm_problem
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import RpcRefused, connect
from dokkaebi.config import load_settings
from dokkaebi.deploy import load_market_spec
from dokkaebi.deploy.plan import make_plan
from dokkaebi.doctor import Doctor
from tests.dokkaebi.chain.conftest import refused
from tests.dokkaebi.chain.fake_node import error, fake_node, passed_on
from tests.dokkaebi.conftest import OPERATOR, Market, address


@pytest.mark.parametrize("hardfork", ["london", "paris"])
def test_a_chain_without_push0_is_too_old(hardfork: str) -> None:
    with start_node("anvil", hardfork=hardfork) as node:
        chain = connect(node.url)
        assert evm_problem(chain)
        spec = load_market_spec()
        plan = refused(lambda: make_plan(chain, address(OPERATOR), spec, network="n"))
        assert plan == "chain_too_old"
        settings = load_settings(rpc=node.url)
        found = {one.name: one for one in Doctor(settings, lambda chain_id: None).look()}  # type: ignore[arg-type,return-value]
        assert found["evm"].state == "bad"
        assert "PUSH0" in found["evm"].facts["problem"]


@pytest.mark.parametrize("hardfork", ["shanghai", "cancun", "prague"])
def test_a_chain_with_push0_is_not(hardfork: str) -> None:
    with start_node("anvil", hardfork=hardfork) as node:
        chain = connect(node.url)
        assert evm_problem(chain) is None
        assert make_plan(chain, address(OPERATOR), load_market_spec(), network="n").steps


def test_ganache_is_not(market: Market) -> None:
    assert evm_problem(market.chain) is None


def test_of_a_node_that_runs_no_creations_nothing_is_said(market: Market) -> None:
    def answer(method: str, params: list[object]) -> bytes:
        if method == "eth_call":
            return error(-32000, "to is required")
        return passed_on(market.chain.url, method, params)

    with fake_node(answer) as url:
        assert evm_problem(connect(url)) is None


def test_a_node_that_is_asked_too_often_says_nothing_of_its_evm(
    market: Market, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("dokkaebi.chain.endpoints.WAIT_SECONDS", 0.01)

    def answer(method: str, params: list[object]) -> bytes:
        if method == "eth_call":
            return error(429, "rate limit")
        return passed_on(market.chain.url, method, params)

    with fake_node(answer) as url, pytest.raises(RpcRefused):
        evm_problem(connect(url))
