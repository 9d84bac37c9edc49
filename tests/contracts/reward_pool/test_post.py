"""Which roots can be posted, when, and what they may cost."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.conftest import CAP, OPENING_SUPPLY
from tests.contracts.reward_pool.conftest import (
    ALLOWANCE,
    ALLOWANCE_EPOCHS,
    CHALLENGE_SECONDS,
    DOCUMENT,
    EPOCH_SECONDS,
    REASON,
    SHARE_BPS,
    Fund,
)
from tests.contracts.support import (
    TOKENS,
    ZERO_BYTES32,
    event_names,
    only_event,
    reverts_with,
    sleep_to,
)

PART = ALLOWANCE // ALLOWANCE_EPOCHS


def test_post_says_what_it_is(fund, seller):
    rewards = fund.rewards(1, (seller, TOKENS))
    sleep_to(chain, fund.end_of(1))
    tx = fund.post(rewards)
    assert event_names(tx) == ["RootPosted", "Transfer"]
    until = tx.timestamp + CHALLENGE_SECONDS
    assert only_event(tx, "RootPosted") == {
        "epoch": 1,
        "root": "0x" + rewards.root.hex(),
        "total": TOKENS,
        "document": "0x" + DOCUMENT.hex(),
        "minted": TOKENS,
        "claimableFrom": until,
    }
    assert fund.pool.pending() == (1, "0x" + rewards.root[:24].hex(), TOKENS, until)
    assert fund.pool.claimable()[0] == 0


def test_only_the_steward_posts(fund, seller, guardian):
    rewards = fund.rewards(1, (seller, TOKENS))
    sleep_to(chain, fund.end_of(1))
    with reverts_with("Steward_Required", guardian, fund.steward):
        fund.post(rewards, sender=guardian)
    fund.post(rewards)


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_an_epoch_is_posted_once_it_is_over(fund, seller, late):
    rewards = fund.rewards(1, (seller, TOKENS))
    sleep_to(chain, fund.end_of(1) + late)
    if late < 0:
        with reverts_with("Epoch_NotOver", 1, 0):
            fund.post(rewards)
    else:
        fund.post(rewards)


@pytest.mark.parametrize("epoch", [3, 2**24, 2**256 - 1])
def test_later_epochs_wait(fund, seller, epoch):
    rewards = fund.rewards(epoch, (seller, TOKENS))
    sleep_to(chain, fund.end_of(3) - 1)
    with reverts_with("Epoch_NotOver", epoch, 2):
        fund.post(rewards)


def test_epochs_may_be_left_out(fund, seller):
    rewards = fund.counting(3, (seller, 3 * PART))
    fund.claim(rewards)
    assert fund.pool.claimable()[0] == 3


def test_epochs_go_forward(fund, seller):
    fund.counting(2, (seller, TOKENS))
    for epoch in (0, 1, 2):
        with reverts_with("Epoch_NotNew", epoch, 2):
            fund.post(fund.rewards(epoch, (seller, 2 * TOKENS)))
    fund.posted(3, (seller, 2 * TOKENS))


def test_epoch_zero_is_none(fund, seller):
    with reverts_with("Epoch_NotNew", 0, 0):
        fund.post(fund.rewards(0, (seller, TOKENS)))


def test_one_root_waits_at_a_time(fund, seller):
    fund.posted(1, (seller, TOKENS))
    until = fund.pool.pending()[3]
    for epoch in (1, 2):
        with reverts_with("Root_Pending", 1, until):
            fund.post(fund.rewards(epoch, (seller, TOKENS)))


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_the_next_root_can_be_posted_once_the_one_before_counts(fund, late):
    """Also without any claim in between."""
    first = fund.posted(1, (fund.guardian, TOKENS))
    # One second before, at and after the window's end, which is before the next epoch's.
    until = fund.pool.pending()[3]
    second = fund.rewards(2, (fund.guardian, 2 * TOKENS))
    sleep_to(chain, until + late)
    if late < 0:
        with reverts_with("Root_Pending", 1, until):
            fund.post(second)
        return
    with reverts_with("Epoch_NotOver", 2, 1):
        fund.post(second)
    assert fund.pool.claimable() == (1, "0x" + first.root[:24].hex(), TOKENS)


def test_no_root_is_zero(fund):
    sleep_to(chain, fund.end_of(1))
    with reverts_with("Root_Zero"):
        fund.pool.post(1, ZERO_BYTES32, 0, DOCUMENT, {"from": fund.steward})


# What it may cost


@pytest.mark.parametrize("epoch", [1, 2, 4, 5])
def test_without_income_the_allowance_is_all(fund, seller, epoch):
    most = min(epoch, ALLOWANCE_EPOCHS) * PART
    assert fund.pool.budget(epoch) == most
    sleep_to(chain, fund.end_of(epoch))
    with reverts_with("Total_OutOfRange", most + 1, 0, most):
        fund.post(fund.rewards(epoch, (seller, most + 1)))
    fund.post(fund.rewards(epoch, (seller, most)))


def test_an_earlier_epoch_has_its_own_budget(fund, seller):
    sleep_to(chain, fund.end_of(4))
    with reverts_with("Total_OutOfRange", PART + 1, 0, PART):
        fund.post(fund.rewards(1, (seller, PART + 1)))
    fund.post(fund.rewards(1, (seller, PART)))


def test_income_lifts_the_budget_by_its_share(fund, seller, buyer):
    fund.earn(buyer, 3 * TOKENS + 1)
    most = PART + (3 * TOKENS + 1) * SHARE_BPS // 10_000
    assert fund.pool.budget(1) == most
    sleep_to(chain, fund.end_of(1))
    with reverts_with("Total_OutOfRange", most + 1, 0, most):
        fund.post(fund.rewards(1, (seller, most + 1)))
    fund.post(fund.rewards(1, (seller, most)))
    assert fund.pool.budget(1) == most
    assert fund.pool.minted() == PART


def test_income_is_paid_out_before_anything_is_minted(fund, seller, buyer):
    fund.earn(buyer, 4 * TOKENS)
    supply = fund.token.totalSupply()
    rewards = fund.counting(1, (seller, 2 * TOKENS))
    fund.claim(rewards)
    assert fund.pool.minted() == 0
    assert fund.token.totalSupply() == supply
    rewards = fund.counting(2, (seller, 3 * TOKENS))
    fund.claim(rewards)
    assert fund.pool.minted() == TOKENS
    assert fund.token.totalSupply() == supply + TOKENS


def test_later_income_saves_minting(fund, seller, buyer):
    """What was minted stays in the count; income pays for the rest."""
    fund.counting(1, (seller, TOKENS))
    fund.earn(buyer, 2 * TOKENS)
    fund.posted(2, (seller, 2 * TOKENS))
    assert (fund.pool.minted(), fund.pool.income()) == (TOKENS, TOKENS)


def test_totals_never_fall(fund, seller):
    fund.counting(1, (seller, TOKENS))
    most = 2 * PART
    sleep_to(chain, fund.end_of(2))
    with reverts_with("Total_OutOfRange", TOKENS - 1, TOKENS, most):
        fund.post(fund.rewards(2, (seller, TOKENS - 1)))
    fund.post(fund.rewards(2, (seller, TOKENS)))


def test_post_reverts_while_the_pool_cant_mint(CommunityToken, deploy, deployer, seller, buyer):
    """The token has no minter yet; what arrived pays all the same."""
    token = CommunityToken.deploy(
        "V", "V", CAP, OPENING_SUPPLY, buyer, deployer, {"from": deployer}
    )
    pool = deploy(token=token)
    fund = Fund(pool, token, pool.steward(), pool.guardian())
    fund.earn(buyer, 2 * TOKENS)
    sleep_to(chain, fund.end_of(1))
    with reverts_with("Minter_Required", pool, ZERO_ADDRESS):
        fund.post(fund.rewards(1, (seller, TOKENS + 1)))
    fund.post(fund.rewards(1, (seller, TOKENS)))


def test_a_stopped_roots_money_serves_the_next(fund, seller):
    fund.posted(1, (seller, PART))
    fund.pool.stop(REASON, {"from": fund.guardian})
    assert fund.pool.minted() == PART
    tx = fund.post(fund.rewards(1, (seller, PART)))
    assert only_event(tx, "RootPosted")["minted"] == 0
    assert fund.pool.minted() == PART
    assert fund.token.balanceOf(fund.pool.PURSE()) == PART


def test_epochs_are_over_to_the_second(fund):
    for epoch in (1, 2):
        for late, over in ((-1, epoch - 1), (0, epoch), (1, epoch)):
            chain.mine(timestamp=fund.end_of(epoch) + late)
            assert fund.pool.epochsOver() == over
    assert fund.end_of(2) - fund.end_of(1) == EPOCH_SECONDS
