"""The guardian stops what waits, and nothing else."""

import pytest
from brownie import chain

from tests.contracts.reward_pool.conftest import REASON
from tests.contracts.support import TOKENS, event_names, only_event, reverts_with, sleep_to


def test_stop_says_why(fund, seller):
    fund.posted(1, (seller, TOKENS))
    tx = fund.pool.stop(REASON, {"from": fund.guardian})
    assert event_names(tx) == ["RootStopped"]
    assert only_event(tx, "RootStopped") == {"epoch": 1, "reason": "0x" + REASON.hex()}
    assert fund.pool.pending() == (0, "0x" + "00" * 24, 0, 0)


def test_only_the_guardian_stops(fund, seller, stranger):
    fund.posted(1, (seller, TOKENS))
    for other in (stranger, fund.steward, seller):
        with reverts_with("Guardian_Required", other, fund.guardian):
            fund.pool.stop(REASON, {"from": other})


def test_there_must_be_a_root_to_stop(fund, seller):
    with reverts_with("Root_NotPending"):
        fund.pool.stop(REASON, {"from": fund.guardian})
    fund.posted(1, (seller, TOKENS))
    fund.pool.stop(REASON, {"from": fund.guardian})
    with reverts_with("Root_NotPending"):
        fund.pool.stop(REASON, {"from": fund.guardian})


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_root_is_stopped_until_its_window_ends(fund, seller, late):
    rewards = fund.posted(1, (seller, TOKENS))
    sleep_to(chain, fund.pool.pending()[3] + late)
    if late < 0:
        fund.pool.stop(REASON, {"from": fund.guardian})
        fund.wait()
        with reverts_with("Claim_NotInTree", 0, seller, TOKENS):
            fund.claim(rewards)
    else:
        with reverts_with("Root_NotPending"):
            fund.pool.stop(REASON, {"from": fund.guardian})
        fund.claim(rewards)


def test_a_stopped_root_never_counts_and_another_takes_its_place(fund, seller, buyer):
    bad = fund.posted(1, (buyer, 2 * TOKENS))
    fund.pool.stop(REASON, {"from": fund.guardian})
    fund.wait()
    good = fund.posted(1, (seller, TOKENS))
    with reverts_with("Claim_NotInTree", 0, buyer, 2 * TOKENS):
        fund.claim(bad)
    fund.wait()
    fund.claim(good)
    with reverts_with("Claim_NotInTree", 0, buyer, 2 * TOKENS):
        fund.claim(bad)


def test_the_root_before_pays_while_others_wait_and_are_stopped(fund, seller, buyer, creator):
    first = fund.counting(1, (seller, TOKENS), (buyer, TOKENS), (creator, TOKENS))
    fund.claim(first, 0)
    fund.posted(2, (fund.steward, 4 * TOKENS))
    fund.claim(first, 1)
    fund.pool.stop(REASON, {"from": fund.guardian})
    fund.claim(first, 2)
    assert fund.pool.claimedBy(creator) == TOKENS


def test_a_guardian_who_stops_everything_takes_nothing(fund, seller):
    first = fund.counting(1, (seller, TOKENS))
    for _ in range(3):
        fund.posted(2, (seller, 2 * TOKENS))
        fund.pool.stop(REASON, {"from": fund.guardian})
    fund.claim(first)
    assert fund.pool.claimedBy(seller) == TOKENS
    assert fund.pool.minted() == 2 * TOKENS
