"""What a deployment costs, on chains that charge in other ways, and who can't pay for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from dokkaebi.chain import networks
from dokkaebi.chain.fees import ORACLE, DataFee, gas_prices
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.networks import Network
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.cli import run
from dokkaebi.deploy import load_market_spec, look_at_plan
from dokkaebi.deploy.costs import with_margin
from dokkaebi.deploy.plan import make_plan
from dokkaebi.texts import t
from tests.dokkaebi.deploy.chaos.run import KEY, site_in
from tests.dokkaebi.deploy.test_resume import deploy, error, sent

WEI_A_BYTE = 10**12
WEI_A_GAS = 10**6
SINCE_FJORD = {"getL1FeeUpperBound(uint256)": (4, WEI_A_BYTE)}
SINCE_ISTHMUS = {**SINCE_FJORD, "getOperatorFee(uint256)": (4, WEI_A_GAS)}
# A length stands behind the place of its bytes.
BEFORE_FJORD = {"getL1Fee(bytes)": (36, WEI_A_BYTE)}


class Odd(Chain):
    """A node of which some answers are changed."""

    def raw(self, method: str, params: Any = ()) -> Any:
        return self.changed(method, super().raw(method, params))

    def changed(self, method: str, answer: Any) -> Any:
        raise NotImplementedError


class Legacy(Odd):
    """A chain without EIP-1559."""

    def changed(self, method: str, answer: Any) -> Any:
        if method == "eth_getBlockByNumber":
            return {name: value for name, value in answer.items() if name != "baseFeePerGas"}
        return answer


class Low(Odd):
    """A node whose estimates are far too low."""

    def changed(self, method: str, answer: Any) -> Any:
        return hex(21_000) if method == "eth_estimateGas" else answer


class High(Odd):
    """A node whose estimates hold more than the EVM counts, as Arbitrum's do."""

    def changed(self, method: str, answer: Any) -> Any:
        return hex(3 * int(answer, 16)) if method == "eth_estimateGas" else answer


@pytest.fixture
def chain() -> Iterator[Chain]:
    with start_node("anvil") as node:
        yield connect(node.url)


def put_oracle(chain: Chain, functions: dict[str, tuple[int, int]]) -> None:
    """An oracle whose functions give a word of their calldata times a price; others revert."""
    code = bytes.fromhex("60003560e01c")  # the selector
    bodies = b""
    start = len(code) + 10 * len(functions) + 4
    for function, (place, price) in functions.items():
        body = bytes.fromhex(f"5b60{place:02x}3567{price:016x}0260005260206000f3")
        code += b"\x80\x63" + keccak(text=function)[:4] + b"\x14\x60"
        code += bytes([start + len(bodies)]) + b"\x57"
        bodies += body
    code += bytes.fromhex("5f5ffd00")
    assert len(code) == start
    chain.raw("anvil_setCode", [ORACLE, "0x" + (code + bodies).hex()])


def look(chain: Chain, folder: Path, **more: Any) -> dict[str, Any]:
    who = open_key(KEY, chain.chain_id).address
    return look_at_plan(site_in(folder, chain), who, say=lambda key, values: None, **more)


def holds(chain: Chain, wei: int) -> None:
    chain.raw("anvil_setBalance", [open_key(KEY, chain.chain_id).address, hex(wei)])


def types_of_sent(chain: Chain, folder: Path) -> set[str]:
    found = [chain.raw("eth_getTransactionByHash", [one["hash"]]) for one in sent(folder)]
    return {one["type"] for one in found}


def test_all_steps_are_paid_for_before_the_first(chain: Chain, tmp_path: Path) -> None:
    shown = look(chain, tmp_path)
    needs = int(shown["needs"])
    assert shown["refused"] == []
    assert int(shown["cost"]) < needs
    holds(chain, needs - 1)
    assert look(chain, tmp_path)["refused"] == ["deploy_coins_too_few"]
    assert error(chain, tmp_path) == "deploy_coins_too_few"
    assert sent(tmp_path) == []
    # What one step needs wouldn't have been too little for that step.
    assert needs > 2 * max(step["gas"] for step in shown["plan"]["steps"]) * gas_prices(chain)[2]
    holds(chain, needs)
    assert look(chain, tmp_path)["refused"] == []
    assert deploy(chain, tmp_path)["deployed"]


def test_what_stands_already_is_not_paid_for_again(chain: Chain, tmp_path: Path) -> None:
    first = look(chain, tmp_path)
    deploy(chain, tmp_path)
    (tmp_path / "manifest.json").unlink()
    again = look(chain, tmp_path)
    assert int(first["cost"]) > 0
    assert (again["gas"], again["cost"], again["needs"]) == (0, "0", "0")
    holds(chain, 0)
    assert deploy(chain, tmp_path)["deployed"]


@pytest.mark.parametrize("functions", [SINCE_FJORD, SINCE_ISTHMUS, BEFORE_FJORD])
def test_data_is_paid_for_where_an_oracle_says_so(
    chain: Chain, tmp_path: Path, functions: dict[str, tuple[int, int]]
) -> None:
    plain = look(chain, tmp_path)
    put_oracle(chain, functions)
    fee = DataFee(chain)
    assert fee.of("0x" + "12" * 80, 0) == 200 * WEI_A_BYTE
    more = look(chain, tmp_path)
    assert more["gas"] == plain["gas"]
    key = open_key(KEY, chain.chain_id)
    steps = make_plan(chain, key.address, load_market_spec(), network="n").steps
    wanted = [WEI_A_BYTE * (len(step.data) // 2 - 1 + 120) for step in steps]
    if functions is SINCE_ISTHMUS:
        wanted = [
            fee + WEI_A_GAS * with_margin(s.gas) for fee, s in zip(wanted, steps, strict=True)
        ]
    assert int(more["cost"]) - int(plain["cost"]) == sum(wanted)
    # Most is needed before the last contract; what its limit gives back pays for the call.
    beside = int(more["needs"]) - int(plain["needs"])
    assert sum(wanted[:-1]) <= beside <= sum(wanted)
    # Enough for the gas alone isn't enough.
    holds(chain, int(more["needs"]) - 1)
    assert error(chain, tmp_path) == "deploy_coins_too_few"
    holds(chain, int(more["needs"]))
    assert deploy(chain, tmp_path)["deployed"]


def test_each_step_is_held_to_the_data_fee_of_its_moment(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_oracle(chain, SINCE_FJORD)
    holds(chain, 10**18)
    # As if data had become dearer since the first look.
    monkeypatch.setattr("dokkaebi.deploy.apply.coins_problem", lambda *arguments: None)
    put_oracle(chain, {"getL1FeeUpperBound(uint256)": (4, 10**15)})
    assert error(chain, tmp_path) == "coins_too_few"
    assert sent(tmp_path) == []


def test_chains_without_an_oracle_are_not_asked(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_oracle(chain, SINCE_FJORD)
    assert DataFee(chain).of("0x", 0) == 120 * WEI_A_BYTE
    other = Network(chain.chain_id, "x", "X", "money")
    monkeypatch.setitem(networks.NETWORKS, chain.chain_id, other)
    assert DataFee(chain).of("0x", 0) == 0
    # Of an unknown chain it isn't known that it has none.
    monkeypatch.delitem(networks.NETWORKS, chain.chain_id)
    assert DataFee(chain).of("0x", 0) == 120 * WEI_A_BYTE
    chain.raw("anvil_setCode", [ORACLE, "0x"])
    assert DataFee(chain).of("0x", 0) == 0


@pytest.mark.parametrize(
    ("kind", "type_", "names"),
    [
        (Chain, "0x2", {"maxFeePerGas", "maxPriorityFeePerGas"}),
        (Legacy, "0x0", {"gasPrice"}),
    ],
)
def test_a_chain_with_and_one_without_base_fees(
    chain: Chain, tmp_path: Path, kind: type[Chain], type_: str, names: set[str]
) -> None:
    node = kind(chain.url)
    shown = look(node, tmp_path)
    holds(chain, int(shown["needs"]) - 1)
    assert error(node, tmp_path) == "deploy_coins_too_few"
    holds(chain, int(shown["needs"]))
    assert deploy(node, tmp_path)["deployed"]
    assert types_of_sent(chain, tmp_path) == {type_}
    assert {frozenset(one["prices"]) for one in sent(tmp_path)} == {frozenset(names)}


def test_estimates_that_are_far_too_low_are_not_believed(chain: Chain, tmp_path: Path) -> None:
    node = Low(chain.url)
    gas = {s["contract"]: s["gas"] for s in look(node, tmp_path)["plan"]["steps"]}
    assert deploy(node, tmp_path)["deployed"]
    for one in sent(tmp_path):
        assert one["gas"] == with_margin(gas[one["contract"]] * 9 // 10)


def test_estimates_that_are_far_higher_are_believed(chain: Chain, tmp_path: Path) -> None:
    plain = look(chain, tmp_path)
    node = High(chain.url)
    shown = look(node, tmp_path)
    assert 2.5 < shown["gas"] / plain["gas"] < 3.1
    assert 2.5 < int(shown["cost"]) / int(plain["cost"]) < 3.1
    holds(chain, int(plain["needs"]))
    assert error(node, tmp_path) == "deploy_coins_too_few"
    holds(chain, int(shown["needs"]))
    assert deploy(node, tmp_path)["deployed"]
    used = {one["contract"]: one["gas"] for one in sent(tmp_path)}
    for step in plain["plan"]["steps"]:
        assert used[step["contract"]] > 2.5 * with_margin(step["gas"])


def test_a_fee_over_the_ceiling_is_said_in_the_plan(chain: Chain, tmp_path: Path) -> None:
    price = gas_prices(chain)[2]
    for ceiling, refused in ((price - 1, ["fee_over_ceiling"]), (price, []), (price + 1, [])):
        assert look(chain, tmp_path, fee_ceiling=ceiling)["refused"] == refused
    assert error(chain, tmp_path, fee_ceiling=price - 1) == "fee_over_ceiling"
    assert sent(tmp_path) == []


def test_the_ceiling_and_the_coins_are_said_in_words(chain: Chain, tmp_path: Path) -> None:
    holds(chain, 0)
    told: list[str] = []
    look_at_plan(
        site_in(tmp_path, chain),
        open_key(KEY, chain.chain_id).address,
        say=lambda key, values: told.append(t(key, lang="en", **values)),
        fee_ceiling=1,
    )
    assert any("more than --max-fee 0.000000001" in one for one in told)
    assert any("for the 7 steps that are left it must hold" in one for one in told)


def test_the_command_says_it_too(
    chain: Chain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["deploy", "plan", "--rpc", chain.url, "--key", KEY, "--lang", "en"]
    words += ["--manifest", str(tmp_path / "m.json")]
    assert run([*words, "--max-fee", "0.000000001"]) == 0
    said = capsys.readouterr().out
    assert "more than --max-fee 0.000000001" in said
    assert "digest is" in said
    assert run(words) == 0
    assert "--max-fee" not in capsys.readouterr().out
