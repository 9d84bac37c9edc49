"""Who gets what, once, in whatever order."""

from itertools import permutations

import pytest
from brownie import chain

from tests.contracts.reward_pool.conftest import ALLOWANCE, ALLOWANCE_EPOCHS
from tests.contracts.support import TOKENS, event_names, only_event, reverts_with, sleep_to

PART = ALLOWANCE // ALLOWANCE_EPOCHS


@pytest.fixture
def before(token, accounts):
    """Everybody's tokens at first."""
    return {str(account): token.balanceOf(account) for account in accounts[:10]}


def gained(fund, before, account):
    return fund.token.balanceOf(account) - before[str(account)]


def test_claim_pays_the_account(fund, before, seller, buyer):
    rewards = fund.counting(1, (seller, 3 * TOKENS), (buyer, TOKENS))
    tx = fund.claim(rewards, sender=seller)
    # The first claim brings the root's money into the pool.
    assert event_names(tx) == ["Transfer", "Claimed", "Transfer"]
    assert only_event(tx, "Claimed") == {"account": seller, "amount": 3 * TOKENS}
    assert tx.return_value == 3 * TOKENS
    assert gained(fund, before, seller) == 3 * TOKENS
    assert fund.pool.claimedBy(seller) == 3 * TOKENS
    assert fund.pool.claimable() == (1, "0x" + rewards.root[:24].hex(), 4 * TOKENS)
    tx = fund.claim(rewards, 1)
    assert event_names(tx) == ["Claimed", "Transfer"]
    assert fund.token.balanceOf(fund.pool) == 0


def test_anybody_claims_for_others_and_gets_nothing(fund, before, seller, stranger):
    rewards = fund.counting(1, (seller, TOKENS))
    fund.claim(rewards, sender=stranger)
    assert gained(fund, before, seller) == TOKENS
    assert gained(fund, before, stranger) == 0


def test_a_right_is_paid_once(fund, before, seller, buyer):
    rewards = fund.counting(1, (seller, TOKENS), (buyer, TOKENS))
    fund.claim(rewards)
    with reverts_with("Claim_Empty", seller, TOKENS):
        fund.claim(rewards)
    assert gained(fund, before, seller) == TOKENS


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_root_counts_when_its_window_has_passed(fund, before, seller, late):
    rewards = fund.posted(1, (seller, TOKENS))
    sleep_to(chain, fund.counts_from + late)
    if late < 0:
        with reverts_with("Claim_NotInTree", 0, seller, TOKENS):
            fund.claim(rewards)
    else:
        fund.claim(rewards)
    assert gained(fund, before, seller) == (0 if late < 0 else TOKENS)


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_views_know_when_a_root_counts(fund, seller, late):
    """Without any transaction."""
    fund.counting(1, (seller, TOKENS))
    rewards = fund.posted(2, (seller, 2 * TOKENS))
    chain.mine(timestamp=fund.counts_from + late)
    waits = late < 0
    assert fund.pool.claimable()[::2] == ((1, TOKENS) if waits else (2, 2 * TOKENS))
    start = "0x" + rewards.root[:24].hex()
    nothing = (0, "0x" + "00" * 24, 0, 0)
    assert fund.pool.pending() == ((2, start, 2 * TOKENS, fund.counts_from) if waits else nothing)


def test_the_root_before_pays_until_the_next_counts(fund, before, seller, buyer):
    first = fund.counting(1, (seller, TOKENS), (buyer, TOKENS))
    second = fund.posted(2, (seller, 2 * TOKENS), (buyer, 2 * TOKENS))
    fund.claim(first, 0)
    sleep_to(chain, fund.counts_from - 1)
    fund.claim(first, 1)
    fund.wait()
    with reverts_with("Claim_NotInTree", 0, seller, TOKENS):
        fund.claim(first)
    fund.claim(second, 0)
    fund.claim(second, 1)
    for account in (seller, buyer):
        assert gained(fund, before, account) == 2 * TOKENS
    assert fund.token.balanceOf(fund.pool) == 0


def test_rights_left_unclaimed_wait_in_later_roots(fund, before, seller, buyer):
    """One proof for all epochs, a year and more later."""
    amounts = [PART // 2 * number for number in range(1, 5)]
    for epoch, amount in enumerate(amounts, start=1):
        rewards = fund.counting(epoch, (seller, amount), (buyer, amount))
    late = fund.counting(60, (seller, amounts[-1]), (buyer, amounts[-1] + 5), total=4 * PART)
    with reverts_with("Claim_NotInTree", 0, seller, amounts[-1]):
        fund.claim(rewards)
    fund.claim(late, 0)
    assert gained(fund, before, seller) == amounts[-1] == 2 * PART


ORDERS = list(permutations(range(3)))


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_claims_never_matters(fund, before, seller, buyer, creator, order):
    """Nor who claimed in which epoch before."""
    people = (seller, buyer, creator)
    first = fund.counting(1, *((one, (i + 1) * TOKENS) for i, one in enumerate(people)))
    fund.claim(first, order[0])
    second = fund.counting(2, *((one, (i + 2) * TOKENS) for i, one in enumerate(people)))
    for index in order:
        fund.claim(second, index)
    assert [gained(fund, before, one) for one in people] == [2 * TOKENS, 3 * TOKENS, 4 * TOKENS]
    assert fund.token.balanceOf(fund.pool) == 0


# Many at once


def test_claim_many_pays_each(fund, before, seller, buyer, creator, stranger):
    rewards = fund.counting(1, (seller, 1), (buyer, 2), (creator, 3))
    tx = fund.pool.claimMany(rewards.claims, {"from": stranger})
    assert event_names(tx) == ["Transfer", *["Claimed", "Transfer"] * 3]
    assert tx.return_value == 6
    assert [gained(fund, before, one) for one in (seller, buyer, creator)] == [1, 2, 3]


def test_claim_many_skips_who_has_got_everything(fund, before, seller, buyer):
    """Somebody may have been quicker; that stops nobody else."""
    rewards = fund.counting(1, (seller, TOKENS), (buyer, TOKENS))
    fund.claim(rewards, 0)
    tx = fund.pool.claimMany([*rewards.claims, rewards.claim(1)], {"from": seller})
    assert tx.return_value == TOKENS
    assert gained(fund, before, buyer) == TOKENS
    assert fund.pool.claimMany(rewards.claims, {"from": seller}).return_value == 0


@pytest.mark.parametrize("index", [0, 1, 2])
def test_claim_many_says_which_isnt_in_the_tree(fund, before, seller, buyer, creator, index):
    people = (seller, buyer, creator)
    rewards = fund.counting(1, *((one, TOKENS) for one in people))
    claims = rewards.claims
    claims[index] = (people[index], TOKENS + 1, claims[index][2])
    with reverts_with("Claim_NotInTree", index, people[index], TOKENS + 1):
        fund.pool.claimMany(claims, {"from": seller})
    assert [gained(fund, before, one) for one in people] == [0, 0, 0]


def test_claim_many_of_none_pays_nothing(fund, seller):
    fund.counting(1, (seller, TOKENS))
    assert fund.pool.claimMany([], {"from": seller}).return_value == 0


# What isn't in the tree


def test_every_part_of_a_claim_is_in_the_proof(fund, seller, buyer, creator, stranger):
    rewards = fund.counting(1, (seller, TOKENS), (buyer, 2 * TOKENS), (creator, TOKENS))
    account, amount, proof = rewards.claim(0)
    for wrong in (
        (stranger, amount, proof),
        (account, amount + 1, proof),
        (account, amount - 1, proof),
        (account, amount, proof[:-1]),
        (account, amount, [*proof, proof[0]]),
        (account, amount, proof[::-1]),
        (account, amount, []),
        (account, amount, [bytes(32), *proof[1:]]),
    ):
        with reverts_with("Claim_NotInTree", 0, *wrong[:2]):
            fund.pool.claim(*wrong, {"from": seller})
    fund.claim(rewards)


def test_nothing_is_in_the_tree_before_the_first_root(fund, seller):
    with reverts_with("Claim_NotInTree", 0, seller, 0):
        fund.pool.claim(seller, 0, [], {"from": seller})


def test_leaf_is_hashed_as_written_down(fund, seller):
    rewards = fund.rewards(7, (seller, TOKENS))
    assert bytes(fund.pool.leafOf(7, seller, TOKENS)) == rewards.leaves[0]


@pytest.mark.parametrize("others", [0, 1, 2, 3, 4, 6])
def test_trees_of_any_size_pay_all_their_leaves(fund, before, accounts, others):
    people = accounts[2 : 3 + others]
    rewards = fund.counting(1, *((one, 1 + i) for i, one in enumerate(people)))
    for index in range(len(people)):
        fund.claim(rewards, index, sender=accounts[9])
    assert [gained(fund, before, one) for one in people] == list(range(1, 2 + others))
