"""Handing a market over to several people: offered, accepted, cleared, and nothing done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.suite import COIN, Call, Contract
from dokkaebi.config import project_root
from dokkaebi.deploy.audit import audit
from dokkaebi.deploy.safe_file import checksum_of
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.chain.conftest import refused
from tests.dokkaebi.conftest import (
    BUYER,
    CREATOR,
    DAY,
    GUARDIAN,
    OPERATOR,
    REFERRER,
    STRANGER,
    TREASURY,
    address,
)
from tests.dokkaebi.deploy.village import ETH, Village, open_village

OPENING = 1_000_000 * ETH


@pytest.fixture(scope="module")
def opened() -> Iterator[Village]:
    with open_village() as village:
        yield village


@pytest.fixture
def village(opened: Village) -> Iterator[Village]:
    snapshot = opened.chain.raw("evm_snapshot")
    yield opened
    opened.chain.raw("evm_revert", [snapshot])


@pytest.fixture
def own_fees() -> Iterator[Village]:
    """A market whose deployer is the treasury."""
    with open_village(OPERATOR) as village:
        yield village


# The way of a hand-over


def test_after_a_handover_the_audit_is_clean(village: Village) -> None:
    safe = village.multisig()
    village.act(OPERATOR, village.token, "approve", address(STRANGER), 5)
    registry = village.suite.registry
    village.act(OPERATOR, registry, "setApprovalForAll", address(STRANGER), True)
    work = village.stall.create(OPERATOR)
    village.act(OPERATOR, registry, "approve", address(STRANGER), work)

    first = village.hand_over(safe)
    assert (first["state"], [s["act"] for s in first["transactions"]]) == (
        "offered",
        ["handover_offering"],
    )
    assert village.pool.call("pendingSteward") == safe.address
    again = village.hand_over(safe)
    assert again == {**first, "transactions": []}
    assert village.token.call("balanceOf", address(OPERATOR)) == OPENING, "not before they accept"

    village.confirm(safe, first["calls"]["accept"])
    assert village.pool.call("steward") == safe.address
    second = village.hand_over(safe)
    assert second["state"] == "handed over"
    assert [s["act"] for s in second["transactions"]] == [
        "handover_sending",
        "handover_revoking_tokens",
        "handover_revoking_works",
        "handover_revoking_work",
    ]
    assert village.token.call("balanceOf", address(TREASURY)) == OPENING
    assert village.token.call("allowance", address(OPERATOR), address(STRANGER)) == 0
    assert not registry.call("isApprovedForAll", address(OPERATOR), address(STRANGER))
    assert registry.call("getApproved", work) == COIN

    before = village.nonce()
    third = village.hand_over(safe)
    assert (third["state"], third["transactions"], third["left"]) == ("handed over", [], [])
    assert village.nonce() == before
    assert audit(village.chain, village.manifest).clean


def test_a_timelock_accepts_after_its_delay(village: Village) -> None:
    lock = village.timelock([address(BUYER)], [COIN], delay=DAY)
    calls = village.hand_over(lock)["calls"]
    assert calls == village.hand_over(lock)["calls"], "the same act, however often it is asked"
    schedule, execute = (
        Call(calls[name][0]["to"], calls[name][0]["data"]) for name in ("schedule", "execute")
    )
    assert schedule.to == execute.to == lock.address
    refused(lambda: village.send(STRANGER, schedule))
    refused(lambda: village.send(BUYER, execute))
    village.send(BUYER, schedule)
    village.pass_seconds(DAY - 10)
    refused(lambda: village.send(STRANGER, execute))
    village.pass_seconds(11)
    village.send(STRANGER, execute)
    assert village.pool.call("steward") == lock.address
    assert village.hand_over(lock)["state"] == "handed over"
    assert audit(village.chain, village.manifest).clean


def test_a_second_offer_to_a_timelock_is_another_act(village: Village) -> None:
    lock = village.timelock([address(BUYER)], [COIN], delay=0)
    first = village.hand_over(lock)["calls"]
    village.act(OPERATOR, village.pool, "offerStewardship", COIN)
    second = village.hand_over(lock)["calls"]
    assert first["schedule"] != second["schedule"]
    for name in ("schedule", "execute"):
        village.send(BUYER, Call(second[name][0]["to"], second[name][0]["data"]))
    assert village.pool.call("steward") == lock.address


def test_an_offer_goes_to_somebody_else_instead(village: Village) -> None:
    first, second = village.multisig(), village.multisig()
    village.hand_over(first)
    assert len(village.hand_over(second)["transactions"]) == 1
    assert village.pool.call("pendingSteward") == second.address


def test_files_load_into_the_transaction_builder(village: Village, tmp_path: Path) -> None:
    safe = village.multisig()
    done = village.hand_over(safe, folder=tmp_path)
    (path,) = map(Path, done["files"])
    assert path == tmp_path / "handover-31337-accept.json"
    batch = json.loads(path.read_text("utf-8"))
    assert batch["chainId"] == "31337"
    assert batch["meta"]["createdFromSafeAddress"] == safe.address
    (entry,) = batch["transactions"]
    (call,) = done["calls"]["accept"]
    assert (entry["to"], entry["data"], entry["value"]) == (
        village.pool.address,
        call["data"],
        "0",
    )
    checksum = batch["meta"].pop("checksum")
    assert checksum_of(batch) == checksum
    lock = village.timelock([address(BUYER)], [COIN], delay=0)
    names = [Path(file).name for file in village.hand_over(lock, folder=tmp_path)["files"]]
    assert names == ["handover-31337-schedule.json", "handover-31337-execute.json"]


def test_the_checksum_is_safes() -> None:
    """Of a batch that Safe's own builder wrote."""
    batch: dict[str, Any] = {
        "version": "1.0",
        "chainId": "1",
        "createdAt": 1761326849944,
        "meta": {
            "name": "Transactions Batch",
            "description": "",
            "txBuilderVersion": "1.18.2",
            "createdFromSafeAddress": "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
                "value": "0",
                "data": None,
                "contractMethod": {
                    "inputs": [
                        {"internalType": "address", "name": "spender", "type": "address"},
                        {"internalType": "uint256", "name": "value", "type": "uint256"},
                    ],
                    "name": "approve",
                    "payable": False,
                },
                "contractInputsValues": {
                    "spender": "0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8",
                    "value": "100000000000",
                },
            }
        ],
    }
    digest = "0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989"
    assert checksum_of(batch) == digest
    assert checksum_of({**batch, "createdAt": 1}) != digest


# Renouncing


def test_renouncing_ends_it_for_ever(village: Village) -> None:
    done = village.hand_over(None, renounce=True)
    assert [s["act"] for s in done["transactions"]] == ["handover_renouncing", "handover_sending"]
    assert village.pool.call("steward") == COIN
    assert village.token.call("balanceOf", address(TREASURY)) == OPENING
    again = village.hand_over(None, renounce=True)
    assert (again["state"], again["transactions"]) == ("renounced", [])
    found = audit(village.chain, village.manifest)
    assert found.clean
    assert "power_steward_nobody" in {finding.name for finding in found.findings}


def test_a_used_up_stewardship_leaves_only_money_to_move(village: Village) -> None:
    safe = village.multisig()
    village.act(OPERATOR, village.pool, "renounceStewardship")
    done = village.hand_over(safe)
    assert (done["state"], [s["act"] for s in done["transactions"]]) == (
        "ended",
        ["handover_sending"],
    )
    assert village.hand_over(None, renounce=True)["state"] == "renounced"


# Money


def test_credits_go_where_the_deployer_cant_reach_them(own_fees: Village) -> None:
    village, who = own_fees, address(OPERATOR)
    calm, moody = (village.mock("MockBlocklistToken") for _ in range(2))
    for token in (calm, moody):
        village.act(STRANGER, token, "mint", address(BUYER), ETH)
        # So that the price is credited instead of paid.
        village.act(STRANGER, token, "setBlocked", who, True)
        village.sell(token.address, seller=OPERATOR)
        village.act(STRANGER, token, "setBlocked", who, False)
    safe = village.multisig()
    village.confirm(safe, village.hand_over(safe)["calls"]["accept"])
    village.act(STRANGER, moody, "setBlocked", safe.address, True)
    done = village.hand_over(safe)
    price = ETH - ETH // 100
    assert calm.call("balanceOf", safe.address) == price
    assert village.token.call("balanceOf", safe.address) == OPENING
    (left,) = done["left"]
    assert (left["act"], left["to"]) == ("handover_withdrawing", safe.address)
    bad = {f.name for f in audit(village.chain, village.manifest).findings if f.state == "bad"}
    assert bad == {"power_fee_who", "power_credit"}
    # What didn't work is tried again.
    village.act(STRANGER, moody, "setBlocked", safe.address, False)
    done = village.hand_over(safe)
    assert (done["left"], len(done["transactions"])) == ([], 1)
    assert moody.call("balanceOf", safe.address) == price
    bad = {f.name for f in audit(village.chain, village.manifest).findings if f.state == "bad"}
    assert bad == {"power_fee_who"}, "which can't be handed over"


def test_money_without_a_place_to_go_is_said(own_fees: Village) -> None:
    assert refused(lambda: own_fees.hand_over(None, renounce=True)) == "handover_no_treasury"


# Refusals


def test_only_several_people_can_take_it(village: Village) -> None:
    who = address(OPERATOR)

    def error(to: Contract) -> str:
        return refused(lambda: village.hand_over(to))

    def account(place: str) -> Contract:
        return Contract(village.chain, "Account", place, [])

    assert refused(lambda: village.hand_over(None)) == "handover_nobody"
    assert error(account(who)) == "handover_to_deployer"
    for own in village.manifest.contracts.values():
        assert error(account(own.address)) == "handover_to_market"
    assert error(account(address(STRANGER))) == "handover_to_person"
    delegation = "0xef0100" + village.mock("MockMultisig", [who], 1).address[2:]
    village.chain.raw("anvil_setCode", [address(REFERRER), delegation])
    assert error(account(address(REFERRER))) == "handover_to_delegated"
    assert error(village.mock("MockBuyer")) == "handover_to_unknown"
    assert village.nonce() == village.chain.nonce(who)
    assert village.pool.call("pendingSteward") == COIN


def test_a_multisig_that_one_can_command_is_none(village: Village) -> None:
    def error(to: Contract) -> str:
        return refused(lambda: village.hand_over(to))

    assert error(village.multisig([OPERATOR], 1)) == "custody_safe_alone"
    assert error(village.multisig([OPERATOR, *(CREATOR, BUYER)], 1)) == "custody_safe_alone"
    # Two owners who are one.
    own = village.multisig([OPERATOR, STRANGER], 1)
    assert error(village.multisig([OPERATOR, own.address, BUYER], 2)) == "custody_safe_alone"
    moduled = village.multisig()
    village.act(CREATOR, moduled, "enableModule", address(OPERATOR))
    assert error(moduled) == "custody_safe_module"
    others = village.multisig([CREATOR, STRANGER], 1)
    for fine in (
        village.multisig([OPERATOR, CREATOR, BUYER], 2),
        village.multisig([OPERATOR, own.address, BUYER], 3),
        village.multisig([OPERATOR, others.address, BUYER], 2),
        village.multisig([CREATOR], 1),
    ):
        assert village.hand_over(fine)["state"] == "offered"


def test_a_timelock_that_one_can_command_is_none(village: Village) -> None:
    who, other = address(OPERATOR), address(BUYER)

    def error(to: Contract) -> str:
        return refused(lambda: village.hand_over(to))

    alone = village.timelock([who, other], [who], delay=DAY)
    assert error(alone) == "custody_timelock_alone"
    assert error(village.timelock([who], [COIN], delay=DAY)) == "custody_timelock_alone"
    admin = village.timelock([other], [other], delay=DAY, admin=who)
    assert error(admin) == "custody_timelock_admin"
    for fine in (
        village.timelock([who], [other], delay=DAY),
        village.timelock([other], [who], delay=DAY),
        village.timelock([other], [COIN], delay=DAY),
    ):
        assert village.hand_over(fine)["state"] == "offered"
    # An admin who renounced is one no more.
    village.act(OPERATOR, admin, "renounceRole", bytes(32), who)
    assert village.hand_over(admin)["state"] == "offered"


def test_only_the_steward_hands_over(village: Village) -> None:
    safe, other = village.multisig(), village.multisig()
    village.confirm(safe, village.hand_over(safe)["calls"]["accept"])
    assert refused(lambda: village.hand_over(other)) == "handover_not_steward"
    assert refused(lambda: village.hand_over(None, renounce=True)) == "handover_not_steward"


# The rewards


def test_the_guardianship_goes_to_another_party(village: Village, tmp_path: Path) -> None:
    safe, who = village.multisig(), address(OPERATOR)
    village.act(GUARDIAN, village.pool, "offerGuardianship", who)
    village.act(OPERATOR, village.pool, "acceptGuardianship")
    for same in (safe.address, who):
        with pytest.raises(DokkaebiError) as caught:
            village.hand_over(safe, guardian=same)
        assert caught.value.key == "handover_guardian_same"
    own = village.multisig([OPERATOR], 1).address
    assert refused(lambda: village.hand_over(safe, guardian=own)) == "custody_safe_alone"

    done = village.hand_over(safe, guardian=address(GUARDIAN), folder=tmp_path)
    assert [one["act"] for one in done["transactions"]] == ["handover_offering"] * 2
    assert sorted(done["calls"]) == ["accept", "accept-guardianship"]
    village.confirm(safe, done["calls"]["accept"])
    waiting = village.hand_over(safe, guardian=address(GUARDIAN))
    assert (waiting["state"], sorted(waiting["calls"])) == ("offered", ["accept-guardianship"])
    (call,) = done["calls"]["accept-guardianship"]
    village.send(GUARDIAN, Call(call["to"], call["data"]))
    assert village.hand_over(safe)["state"] == "handed over"
    assert audit(village.chain, village.manifest).clean


def test_a_guardianship_without_an_heir_is_left_and_said(village: Village) -> None:
    village.act(GUARDIAN, village.pool, "offerGuardianship", address(OPERATOR))
    village.act(OPERATOR, village.pool, "acceptGuardianship")
    done = village.hand_over(village.multisig())
    assert [one["act"] for one in done["left"]] == ["handover_guardian_left"]
    assert village.pool.call("guardian") == address(OPERATOR)


def test_both_stewardships_are_accepted_with_one_file(tmp_path: Path) -> None:
    with open_village(token_steward=address(STRANGER)) as village:
        village.act(STRANGER, village.token, "offerStewardship", address(OPERATOR))
        told: list[str] = []
        safe = village.multisig()
        village.hand_over(safe, dry_run=True, say=lambda key, values: told.append(key))
        assert "handover_others" in told
        village.act(OPERATOR, village.token, "acceptStewardship")
        done = village.hand_over(safe, folder=tmp_path)
        (path,) = map(Path, done["files"])
        entries = json.loads(path.read_text("utf-8"))["transactions"]
        places = [village.token.address, village.pool.address]
        assert [entry["to"] for entry in entries] == places
        village.confirm(safe, done["calls"]["accept"])
        assert {village.token.call("steward"), village.pool.call("steward")} == {safe.address}


# Interrupted


class Killed(Exception):  # noqa: N818 - what happens to the run
    """The process ends here."""


@pytest.mark.parametrize("acts", range(4))
def test_killed_before_any_act_another_run_finishes(village: Village, acts: int) -> None:
    village.act(OPERATOR, village.token, "approve", address(STRANGER), 5)
    village.act(OPERATOR, village.suite.registry, "setApprovalForAll", address(STRANGER), True)
    before, told = village.nonce(), 0

    def say(key: str, values: Mapping[str, object]) -> None:
        nonlocal told
        if key in {
            "handover_renouncing",
            "handover_sending",
            "handover_revoking_tokens",
            "handover_revoking_works",
        }:
            told += 1
            if told > acts:
                raise Killed

    with pytest.raises(Killed):
        village.hand_over(None, renounce=True, say=say)
    assert village.nonce() == before + acts
    assert len(village.hand_over(None, renounce=True)["transactions"]) == 4 - acts
    assert village.hand_over(None, renounce=True)["transactions"] == []
    assert village.nonce() == before + 4
    assert audit(village.chain, village.manifest).clean


CHILD = """
import sys
from pathlib import Path
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.chain.rpc import connect
from dokkaebi.deploy.handover import handover
url, key, manifest, to = sys.argv[1:]
chain = connect(url)
handover(chain, open_key(key, chain.chain_id), load_manifest(Path(manifest)), to)
"""


def test_killed_while_waiting_nothing_is_sent_twice(village: Village, tmp_path: Path) -> None:
    chain, safe, manifest = village.chain, village.multisig(), tmp_path / "m.json"
    save_manifest(manifest, village.manifest)
    before = village.nonce()
    chain.raw("evm_setAutomine", [False])
    try:
        words = [sys.executable, "-c", CHILD, chain.url, OPERATOR, str(manifest), safe.address]
        where = {**os.environ, "PYTHONPATH": str(project_root())}
        with subprocess.Popen(words, cwd=project_root(), env=where) as child:
            while chain.nonce(address(OPERATOR)) == before:
                assert child.poll() is None
                time.sleep(0.1)
            child.send_signal(signal.SIGKILL)
        waiting = refused(lambda: village.hand_over(safe, wait_seconds=0.3))
        assert waiting == "handover_waiting"
        chain.raw("evm_mine")
    finally:
        chain.raw("evm_setAutomine", [True])
    done = village.hand_over(safe)
    assert (done["state"], done["transactions"]) == ("offered", [])
    assert village.nonce() == before + 1


def test_a_dry_run_says_all_and_sends_nothing(village: Village) -> None:
    told: list[str] = []
    before = village.nonce()

    def say(key: str, values: Mapping[str, object]) -> None:
        told.append(key)

    village.hand_over(None, renounce=True, dry_run=True, say=say)
    ended = "handover_ended"  # the token's stewardship, by naming the pool
    assert told == [ended, "handover_renouncing", "handover_sending", "handover_dry_run"]
    safe = village.multisig()
    done = village.hand_over(safe, dry_run=True, say=say)
    assert (done["transactions"], done["calls"]) == ([], {})
    assert village.nonce() == before


def test_every_sentence_has_its_values(village: Village) -> None:
    from dokkaebi.texts import LANGUAGES, t

    told: list[str] = []

    def say(key: str, values: Mapping[str, object]) -> None:
        told.extend(t(key, lang, **values) for lang in LANGUAGES)

    safe = village.multisig()
    village.act(OPERATOR, village.token, "approve", address(STRANGER), 5)
    calls = village.hand_over(safe, say=say)["calls"]
    village.hand_over(safe, say=say)
    village.confirm(safe, calls["accept"])
    village.hand_over(safe, say=say)
    lock = village.timelock([address(BUYER)], [COIN], delay=0)
    with pytest.raises(Reverted):
        village.send(STRANGER, village.token.prepare("offerStewardship", lock.address))
    assert told
    assert not [sentence for sentence in told if "{" in sentence or sentence.startswith("handover")]
