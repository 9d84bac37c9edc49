"""Deployments that are disturbed, and go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.fees import gas_prices
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.deploy import deploy_here
from dokkaebi.deploy.apply import Patience
from dokkaebi.deploy.journal import read_journal
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.deploy.chaos.run import KEY, chaos_run, settings_in

QUICK = Patience(look=0.05, bump=0.4, step=3.0)


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("node", ["anvil", "ganache"])
def test_chaos_ends_in_an_undisturbed_deployment(node: str, seed: int, tmp_path: Path) -> None:
    """Kills, lost answers, lies and reorgs (`make chaos-deploy` plays many more)."""
    seen = chaos_run(seed, tmp_path, node)
    assert seen["killed"] + seen["gave up"] > 0
    assert seen["crashed"] == 0


@pytest.fixture
def chain() -> Iterator[Chain]:
    with start_node("anvil") as node:
        yield connect(node.url)


def deploy(chain: Chain, folder: Path, **more: Any) -> dict[str, Any]:
    options = {"network": "n", "market_file": None, "dry_run": False, "patience": QUICK, **more}
    return deploy_here(
        chain,
        open_key(KEY, chain.chain_id),
        settings_in(folder, chain.url),
        say=lambda key, values: None,
        **options,
    )


def error(chain: Chain, folder: Path, **more: Any) -> str:
    with pytest.raises(DokkaebiError) as seen:
        deploy(chain, folder, **more)
    return seen.value.key


def sent(folder: Path) -> list[dict[str, Any]]:
    journal = read_journal(folder / "manifest.journal")
    return [entry for entry in journal if entry["kind"] == "signed"]


def test_a_reviewed_plan_is_carried_out(chain: Chain, tmp_path: Path) -> None:
    reviewed = deploy(chain, tmp_path, dry_run=True)
    assert not list(tmp_path.iterdir())
    done = deploy(chain, tmp_path, reviewed=reviewed["digest"])
    places = {step["contract"]: step["address"] for step in reviewed["plan"]["steps"]}
    assert {name: one["address"] for name, one in done["contracts"].items()} == places


def test_a_plan_that_changed_meanwhile_is_not(chain: Chain, tmp_path: Path) -> None:
    reviewed = deploy(chain, tmp_path, dry_run=True)
    assert error(chain, tmp_path, reviewed=reviewed["digest"], salt="other") == "plan_differs"
    assert not list(tmp_path.iterdir())


def test_a_begun_plan_is_gone_on_with_under_its_own_digest_only(
    chain: Chain, tmp_path: Path
) -> None:
    digest = deploy(chain, tmp_path, dry_run=True)["digest"]
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path, reviewed=digest) == "deploy_waiting"
    assert error(chain, tmp_path, reviewed="12" * 32) == "plan_differs"
    chain.raw("evm_setAutomine", [True])
    chain.raw("evm_mine")
    assert deploy(chain, tmp_path, reviewed=digest)["deployed"]


def test_a_journal_that_somebody_else_has_written_meanwhile_is_left_alone(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dokkaebi.deploy.market.read_journal", lambda path: [])
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path) == "deploy_waiting"
    before = (tmp_path / "manifest.journal").read_bytes()
    assert error(chain, tmp_path) == "journal_locked"
    assert (tmp_path / "manifest.journal").read_bytes() == before


def test_a_market_that_stands_is_not_deployed_again(chain: Chain, tmp_path: Path) -> None:
    assert deploy(chain, tmp_path)["deployed"]
    count = chain.block_number
    assert not deploy(chain, tmp_path)["deployed"]
    assert chain.block_number == count


@pytest.mark.parametrize("kept", ["journal", "nothing"])
def test_a_lost_manifest_is_found_again(chain: Chain, tmp_path: Path, kept: str) -> None:
    deploy(chain, tmp_path)
    before = load_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").unlink()
    if kept == "nothing":
        (tmp_path / "manifest.journal").unlink()
    count = chain.block_number
    deploy(chain, tmp_path)
    assert load_manifest(tmp_path / "manifest.json") == before
    assert chain.block_number == count


def test_a_fee_that_is_too_low_is_raised(chain: Chain, tmp_path: Path) -> None:
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path) == "deploy_waiting"
    first, *others = sent(tmp_path)
    assert others
    for before, after in zip([first, *others], others, strict=False):
        assert after["nonce"] == before["nonce"]
        for name, price in before["prices"].items():
            assert int(after["prices"][name]) * 100 > int(price) * 124
    chain.raw("evm_setAutomine", [True])
    chain.raw("evm_mine")
    deploy(chain, tmp_path)
    assert chain.mined_nonce(open_key(KEY, chain.chain_id).address) == 5


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_fee_over_the_ceiling_is_never_signed(chain: Chain, tmp_path: Path, more: int) -> None:
    wanted = gas_prices(chain)[2]
    if more < 0:
        assert error(chain, tmp_path, fee_ceiling=wanted + more) == "fee_over_ceiling"
        assert sent(tmp_path) == []
    else:
        chain.raw("evm_setAutomine", [False])
        assert error(chain, tmp_path, fee_ceiling=wanted + more) == "deploy_waiting"
        # Waited, but never raised.
        assert len(sent(tmp_path)) == 1


@pytest.mark.parametrize("answer", [True, False])
def test_a_chain_with_real_money_wants_a_confirmation(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    asked: list[int] = []

    def confirm(chain_id: int) -> bool:
        asked.append(chain_id)
        return answer

    # As if the chain were one that nobody knows.
    monkeypatch.setattr("dokkaebi.deploy.market.LOCAL_CHAIN_IDS", frozenset())
    if answer:
        assert deploy(chain, tmp_path, confirm=confirm)["deployed"]
    else:
        assert error(chain, tmp_path, confirm=confirm) == "mainnet_unconfirmed"
        assert not list(tmp_path.iterdir())
    assert asked == [chain.chain_id]


def test_without_anybody_to_ask_no_real_money_is_spent(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dokkaebi.deploy.market.LOCAL_CHAIN_IDS", frozenset())
    assert error(chain, tmp_path) == "mainnet_unconfirmed"
    assert deploy(chain, tmp_path, dry_run=True)["digest"]


def test_a_dropped_transaction_is_sent_again(chain: Chain, tmp_path: Path) -> None:
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path) == "deploy_waiting"
    before = sent(tmp_path)
    for entry in before:
        chain.raw("anvil_dropTransaction", [entry["hash"]])
    chain.raw("evm_setAutomine", [True])
    deploy(chain, tmp_path)
    first = load_manifest(tmp_path / "manifest.json").contracts["CommunityToken"]
    assert first.transaction_hash in {entry["hash"] for entry in before}


def test_a_key_that_somebody_else_uses_is_noticed(chain: Chain, tmp_path: Path) -> None:
    key = open_key(KEY, chain.chain_id)
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path) == "deploy_waiting"
    for entry in sent(tmp_path):
        chain.raw("anvil_dropTransaction", [entry["hash"]])
    chain.raw("evm_setAutomine", [True])
    chain.raw("eth_sendTransaction", [{"from": key.address, "to": key.address}])
    assert error(chain, tmp_path) == "deploy_nonce_taken"
    # Known now: the next run signs anew.
    deploy(chain, tmp_path)


def test_too_few_coins_are_said_before_anything_is_signed(chain: Chain, tmp_path: Path) -> None:
    chain.raw("anvil_setBalance", [open_key(KEY, chain.chain_id).address, "0x1"])
    assert error(chain, tmp_path) == "deploy_coins_too_few"
    assert sent(tmp_path) == []


def test_another_market_cannot_be_slipped_under_a_begun_one(chain: Chain, tmp_path: Path) -> None:
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path) == "deploy_waiting"
    assert error(chain, tmp_path, salt="another") == "plan_changed"
    chain.raw("evm_setAutomine", [True])
    chain.raw("evm_mine")
    deploy(chain, tmp_path)


def test_a_local_chain_that_is_gone_leaves_its_journal_aside(chain: Chain, tmp_path: Path) -> None:
    deploy(chain, tmp_path)
    with start_node("anvil", options=["--timestamp", "1700000000"]) as node:
        other = connect(node.url)
        if other.genesis_hash == chain.genesis_hash:
            pytest.fail("the chains are the same")
        deploy(other, tmp_path)
    assert (tmp_path / "manifest.journal.old").exists()


def test_a_damaged_journal_stops_before_anything_is_sent(chain: Chain, tmp_path: Path) -> None:
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path) == "deploy_waiting"
    path = tmp_path / "manifest.journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    count = chain.nonce(open_key(KEY, chain.chain_id).address)
    assert error(chain, tmp_path) == "journal_corrupt"
    assert chain.nonce(open_key(KEY, chain.chain_id).address) == count
