"""Deployments that are disturbed, and go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.fees import gas_prices
from dokkaebi.chain.keys import TEST_ADDRESSES, open_key
from dokkaebi.chain.manifest import load_manifest, save_manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.deploy import apply_plan, look_at_plan
from dokkaebi.deploy.apply import Patience
from dokkaebi.deploy.init import init_market
from dokkaebi.deploy.plan import MINTER_STEP
from dokkaebi.deploy.status import look_at_site
from dokkaebi.errors import DokkaebiError
from dokkaebi.journal import read_journal
from tests.dokkaebi.chaos.loop import Tally
from tests.dokkaebi.deploy.chaos.faults import at_sending
from tests.dokkaebi.deploy.chaos.run import (
    KEY,
    attempt,
    attempt_in_child,
    chaos_run,
    compare,
    site_in,
    undisturbed_facts,
)
from tests.dokkaebi.deploy.chaos.sweep import sweep
from tests.dokkaebi.deploy.chaos.world import NODES, World, open_world

QUICK = Patience(look=0.05, bump=0.4, step=3.0)


@pytest.mark.parametrize(("node", "seed"), [("anvil", 2), ("ganache", 3), ("hardhat", 4)])
def test_chaos_ends_in_an_undisturbed_deployment(node: str, seed: int, tmp_path: Path) -> None:
    """Kills, lost answers, lies and reorgs (`make chaos-deploy` plays many more)."""
    seen = chaos_run(seed, tmp_path, node)
    assert seen["killed"] + seen["gave up"] > 0
    assert seen["crashed"] == 0


def test_a_fault_at_any_place_ends_in_an_undisturbed_deployment() -> None:
    """Some of all places; `make chaos-deploy` plays them all, on every node."""
    tally = Tally()
    size = sweep("anvil", tally, stride=37)
    assert (size.sendings, size.writes) == (7, 9)
    assert tally.runs > 7
    assert (tally.wrong, tally.seen["crashed"]) == (0, 0)


@pytest.fixture(scope="module", params=NODES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_world(request.param) as one:
        yield one


@pytest.mark.parametrize("fault", ["", "kill before", "answer lost"])
def test_every_node_gets_the_same_bytes_again(world: World, fault: str, tmp_path: Path) -> None:
    with world.undone():
        attempt_in_child(world, tmp_path, at_sending(2, fault))
        before = sent(tmp_path)
        # Fees move meanwhile: what is signed anew has another hash.
        for _ in range(3):
            world.mine()
        attempt(world.chain, tmp_path)
        after = sent(tmp_path)
        assert after[: len(before)] == before
        compare(world, tmp_path, undisturbed_facts(world.node))
    found = load_manifest(tmp_path / "manifest.json").contracts
    # Each contract was signed once, and that is what was mined.
    assert len(after) == len({entry["contract"] for entry in after})
    assert after[-1]["contract"] == MINTER_STEP
    hashes = {entry["contract"]: entry["hash"] for entry in after}
    assert {name: one.transaction_hash for name, one in found.items()}.items() <= hashes.items()


@pytest.fixture
def chain() -> Iterator[Chain]:
    with start_node("anvil") as node:
        yield connect(node.url)


def plan(chain: Chain, folder: Path) -> dict[str, Any]:
    who = open_key(KEY, chain.chain_id).address
    return look_at_plan(site_in(folder, chain), who, say=lambda key, values: None)


def deploy(chain: Chain, folder: Path, salt: str = "", **more: Any) -> dict[str, Any]:
    return apply_plan(
        replace(site_in(folder, chain), salt=salt),
        open_key(KEY, chain.chain_id),
        say=lambda key, values: None,
        **{"patience": QUICK, **more},
    )


def as_if(monkeypatch: pytest.MonkeyPatch, chain: Chain, worth: str) -> None:
    """The chain counts as a public one, which the market file allows."""
    testnets = {chain.chain_id} if worth == "nothing" else set()
    monkeypatch.setattr("dokkaebi.deploy.site.LOCAL_CHAIN_IDS", frozenset())
    monkeypatch.setattr("dokkaebi.deploy.site.TESTNET_IDS", frozenset(testnets))
    monkeypatch.setattr("dokkaebi.deploy.site.name_of_network", lambda chain_id: "sepolia")


def error(chain: Chain, folder: Path, **more: Any) -> str:
    with pytest.raises(DokkaebiError) as seen:
        deploy(chain, folder, **more)
    return seen.value.key


def sent(folder: Path) -> list[dict[str, Any]]:
    journal = read_journal(folder / "manifest.journal")
    return [entry for entry in journal if entry["kind"] == "signed"]


def test_a_reviewed_plan_is_carried_out(chain: Chain, tmp_path: Path) -> None:
    reviewed = plan(chain, tmp_path)
    assert not list(tmp_path.iterdir())
    done = deploy(chain, tmp_path, reviewed=reviewed["digest"])
    steps = [step for step in reviewed["plan"]["steps"] if step["contract"] != MINTER_STEP]
    places = {step["contract"]: step["address"] for step in steps}
    assert {name: one["address"] for name, one in done["contracts"].items()} == places


def test_a_plan_that_changed_meanwhile_is_not(chain: Chain, tmp_path: Path) -> None:
    reviewed = plan(chain, tmp_path)
    assert error(chain, tmp_path, reviewed=reviewed["digest"], salt="other") == "plan_differs"
    assert not list(tmp_path.iterdir())


def test_a_begun_plan_is_gone_on_with_under_its_own_digest_only(
    chain: Chain, tmp_path: Path
) -> None:
    digest = plan(chain, tmp_path)["digest"]
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path, reviewed=digest) == "deploy_waiting"
    assert error(chain, tmp_path, reviewed="12" * 32) == "plan_differs"
    chain.raw("evm_setAutomine", [True])
    chain.raw("evm_mine")
    assert deploy(chain, tmp_path, reviewed=digest)["deployed"]


def test_a_journal_that_somebody_else_has_written_meanwhile_is_left_alone(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dokkaebi.deploy.site.read_journal", lambda path: [])
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


def test_a_begun_plan_is_gone_on_with_without_its_salt(chain: Chain, tmp_path: Path) -> None:
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path, salt="second") == "deploy_waiting"
    chain.raw("evm_setAutomine", [True])
    chain.raw("evm_mine")
    assert deploy(chain, tmp_path)["deployed"]
    assert chain.mined_nonce(open_key(KEY, chain.chain_id).address) == 7


@pytest.fixture
def testnet(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain that counts as a public one without real money."""
    as_if(monkeypatch, chain, "nothing")
    return chain


@pytest.fixture
def taken_back(testnet: Chain, tmp_path: Path) -> Chain:
    """A chain that took its last two blocks back, after a whole market stood."""
    chain = testnet
    deploy(chain, tmp_path, reviewed=plan(chain, tmp_path)["digest"])
    chain.raw("anvil_reorg", [2, []])
    chain.raw("anvil_dropAllTransactions")
    return chain


def test_contracts_that_a_reorg_took_stop_everything_until_they_are_restored(
    taken_back: Chain, tmp_path: Path
) -> None:
    before = load_manifest(tmp_path / "manifest.json")
    states = {one.name for one in look_at_site(site_in(tmp_path, taken_back))}
    assert states == {"status_done", "status_contract_stands", "status_contract_gone"}
    assert error(taken_back, tmp_path) == "contract_taken_back"
    assert load_manifest(tmp_path / "manifest.json") == before
    assert deploy(taken_back, tmp_path, restore=True)["deployed"]
    after = load_manifest(tmp_path / "manifest.json")
    places = [{name: one.address for name, one in m.contracts.items()} for m in (before, after)]
    assert places[0] == places[1]
    assert all(one.state == "good" for one in look_at_site(site_in(tmp_path, taken_back)))


def test_contracts_that_a_reorg_moved_are_written_down_anew(chain: Chain, tmp_path: Path) -> None:
    deploy(chain, tmp_path)
    before = load_manifest(tmp_path / "manifest.json")
    raws = [entry["raw"] for entry in sent(tmp_path)]
    count = len(raws)
    chain.raw("anvil_reorg", [count, [[raw, number] for number, raw in enumerate(raws)]])
    moved = [one for one in look_at_site(site_in(tmp_path, chain)) if one.state == "bad"]
    assert {one.name for one in moved} == {"status_contract_moved"}
    nonce = chain.mined_nonce(open_key(KEY, chain.chain_id).address)
    assert deploy(chain, tmp_path)["deployed"]
    assert chain.mined_nonce(open_key(KEY, chain.chain_id).address) == nonce
    after = load_manifest(tmp_path / "manifest.json")
    assert after != before
    assert all(one.state == "good" for one in look_at_site(site_in(tmp_path, chain)))


def test_a_minter_that_a_reorg_took_back_is_named_again(testnet: Chain, tmp_path: Path) -> None:
    chain, site = testnet, site_in(tmp_path, testnet)
    deploy(chain, tmp_path, reviewed=plan(chain, tmp_path)["digest"])
    assert not deploy(chain, tmp_path)["deployed"]
    chain.raw("anvil_reorg", [1, []])
    chain.raw("anvil_dropAllTransactions")
    assert [one.name for one in look_at_site(site) if one.state == "bad"] == ["status_minter_open"]
    assert deploy(chain, tmp_path)["deployed"]
    assert all(one.state == "good" for one in look_at_site(site))
    assert not deploy(chain, tmp_path)["deployed"]


def test_another_steward_names_the_minter_when_they_like(chain: Chain, tmp_path: Path) -> None:
    path, steward = tmp_path / "market.toml", TEST_ADDRESSES["test"][3]
    init_market(path, {"token.steward": steward})
    site, key = replace(site_in(tmp_path, chain), market_file=path), open_key(KEY, chain.chain_id)
    told: list[str] = []
    shown = look_at_plan(site, key.address, say=lambda name, values: told.append(name))
    assert "plan_for_steward" in told
    assert apply_plan(site, key, say=lambda name, values: None)["deployed"]
    left = [one for one in look_at_site(site) if one.state == "bad"]
    assert [one.name for one in left] == ["status_minter_open"]
    call = shown["for_steward"]
    assert (left[0].facts["steward"], left[0].facts["data"]) == (steward, call["data"])
    assert not apply_plan(site, key, say=lambda name, values: None)["deployed"]
    chain.raw("eth_sendTransaction", [{"from": steward, **call}])
    assert all(one.state == "good" for one in look_at_site(site))


def test_desks_stay_in_a_manifest_that_is_written_anew(taken_back: Chain, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    before = load_manifest(path)
    desk = before.contracts["CommunityToken"]
    save_manifest(path, replace(before, contracts={**before.contracts, "ArbitrationDesk": desk}))
    deploy(taken_back, tmp_path, restore=True)
    assert load_manifest(path).contracts["ArbitrationDesk"] == desk


def test_a_manifest_of_another_plan_is_left_alone(taken_back: Chain, tmp_path: Path) -> None:
    before = (tmp_path / "manifest.json").read_bytes()
    (tmp_path / "manifest.journal").unlink()
    assert error(taken_back, tmp_path, restore=True, salt="another") == "plan_changed"
    assert (tmp_path / "manifest.json").read_bytes() == before


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
    assert chain.mined_nonce(open_key(KEY, chain.chain_id).address) == 7


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

    as_if(monkeypatch, chain, "money")
    reviewed = plan(chain, tmp_path)["digest"]
    if answer:
        assert deploy(chain, tmp_path, reviewed=reviewed, confirm=confirm)["deployed"]
    else:
        assert error(chain, tmp_path, reviewed=reviewed, confirm=confirm) == "mainnet_unconfirmed"
        assert not list(tmp_path.iterdir())
    assert asked == [chain.chain_id]


def test_without_anybody_to_ask_no_real_money_is_spent(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if(monkeypatch, chain, "money")
    reviewed = plan(chain, tmp_path)["digest"]
    assert error(chain, tmp_path, reviewed=reviewed) == "mainnet_unconfirmed"


def test_a_network_that_the_market_file_does_not_allow_is_refused(
    testnet: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dokkaebi.deploy.site.name_of_network", lambda chain_id: "ethereum")
    with pytest.raises(DokkaebiError) as seen:
        plan(testnet, tmp_path)
    assert seen.value.key == "network_not_allowed"


def test_off_local_chains_a_plan_has_to_be_reviewed(testnet: Chain, tmp_path: Path) -> None:
    chain = testnet
    assert error(chain, tmp_path) == "plan_unreviewed"
    digest = plan(chain, tmp_path)["digest"]
    chain.raw("evm_setAutomine", [False])
    assert error(chain, tmp_path, reviewed=digest) == "deploy_waiting"
    chain.raw("evm_setAutomine", [True])
    chain.raw("evm_mine")
    # What was begun was reviewed.
    shown = plan(chain, tmp_path)
    assert (shown["begun"], shown["digest"]) == (True, digest)
    assert deploy(chain, tmp_path)["deployed"]
    assert not deploy(chain, tmp_path)["deployed"]


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
