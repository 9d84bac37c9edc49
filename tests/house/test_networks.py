"""Every list of networks says the same: networks.yaml, .env.example and the package's table."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from dokkaebi.chain.explorers import transaction_link
from dokkaebi.chain.networks import (
    EVM_LEVELS,
    LOCAL_CHAIN_IDS,
    NETWORKS,
    TESTNET_IDS,
    Network,
    coin_symbol,
)
from dokkaebi.chain.node import CHAIN_IDS
from tests.house.test_layout import ROOT


def listed(kind: str) -> list[dict[str, Any]]:
    """The entries of networks.yaml."""
    entries = yaml.safe_load((ROOT / "networks.yaml").read_text(encoding="utf-8"))[kind]
    return [one for entry in entries for one in entry.get("networks", [entry])]


def test_live_networks_have_the_ids_and_names_of_the_table() -> None:
    known = {n.name: n.chain_id for n in NETWORKS.values()}
    live = {one["id"]: one["chainid"] for one in listed("live")}
    assert live.items() <= known.items()
    titles = {n.chain_id: n.title for n in NETWORKS.values()}
    for one in listed("live"):
        if one["id"] != "local":
            assert titles[one["chainid"]] == one["name"]


def test_every_testnet_of_the_table_can_be_chosen() -> None:
    live = {one["chainid"] for one in listed("live")} - LOCAL_CHAIN_IDS
    assert live == TESTNET_IDS


def test_development_nodes_are_local() -> None:
    ids = {one["cmd_settings"]["chain_id"] for one in listed("development")}
    assert ids == set(CHAIN_IDS.values()) == LOCAL_CHAIN_IDS


def test_the_example_environment_names_every_live_network() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^DOKKAEBI_RPC_((?!REQUESTS)\w+)=", text, re.MULTILINE))
    ids = {n.name.upper().replace("-", "_") for n in NETWORKS.values() if n.worth == "nothing"}
    assert named == ids
    for one in listed("live"):
        variable = "$DOKKAEBI_RPC_" + one["id"].upper().replace("-", "_")
        assert one["host"] == variable


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.name)
def test_a_row_is_whole(network: Network) -> None:
    config = yaml.safe_load((ROOT / "brownie-config.yaml").read_text(encoding="utf-8"))
    compiled = config["compiler"]["evm_version"]
    assert EVM_LEVELS.index(network.evm) >= EVM_LEVELS.index(compiled)
    assert coin_symbol(network.chain_id) == network.coin
    link = transaction_link(network.chain_id, "0x12")
    if network.worth == "local":
        assert (network.explorer, network.blockscout, link) == (None, None, None)
        return
    assert link == f"{network.explorer}/tx/0x12"
    for url in (network.explorer, network.blockscout or "https://none/api"):
        assert url is not None
        assert re.fullmatch(r"https://[a-z.\-]+(/api)?", url)
    assert (network.blockscout or "/api").endswith("/api")


def test_names_and_titles_tell_networks_apart() -> None:
    assert len({n.name for n in NETWORKS.values()}) == len(NETWORKS)
    assert len({n.title for n in NETWORKS.values()}) == len(NETWORKS)


def test_what_is_unknown_is_worth_money_and_has_no_page() -> None:
    assert 4242 not in LOCAL_CHAIN_IDS | TESTNET_IDS
    assert coin_symbol(4242) == "ETH"
    assert transaction_link(4242, "0x12") is None
    assert transaction_link(4242, "0x12", "https://x.example/") == "https://x.example/tx/0x12"


def test_mainnets_stand_beside_their_testnets() -> None:
    """A testnet is charged as its mainnet is, in a coin of the same name."""
    pairs = {
        11155111: 1,
        560048: 1,
        84532: 8453,
        421614: 42161,
        11155420: 10,
        80002: 137,
        1001: 8217,
    }
    assert pairs.keys() == TESTNET_IDS
    for test, main in pairs.items():
        assert NETWORKS[main].worth == "money"
        for field in ("coin", "fees", "evm"):
            assert getattr(NETWORKS[test], field) == getattr(NETWORKS[main], field)


def test_what_needs_ganache_is_in_the_share_that_runs_there() -> None:
    """`make test` skips it on Anvil; and each contract has a module in that share."""
    share = set(
        re.findall(r"^    (tests/\S+\.py)$", (ROOT / "tools/test").read_text(), re.MULTILINE)
    )
    modules = {
        path.relative_to(ROOT).as_posix(): path
        for path in (ROOT / "tests" / "contracts").glob("*/test_*.py")
    }
    assert share <= {*modules, "tests/contracts/test_support.py", "tests/contracts/test_mocks.py"}
    assert {
        name for name, path in modules.items() if "require_network" in path.read_text()
    } <= share
    tested = {path.parent.name for path in modules.values()} - {"libraries"}
    assert {modules[name].parent.name for name in share & set(modules)} == tested
