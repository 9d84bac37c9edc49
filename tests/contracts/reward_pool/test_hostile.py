"""Stewards who lie, trees that cheat, and strangers who call back."""

import pytest
from brownie import ZERO_ADDRESS, chain
from eth_utils import keccak

from tests.contracts.reward_pool.conftest import (
    ALLOWANCE,
    ALLOWANCE_EPOCHS,
    DOCUMENT,
    REASON,
    Fund,
    Rewards,
)
from tests.contracts.reward_pool.tree import Tree, leaf, node
from tests.contracts.support import COIN, TOKENS, events_of, reverts_with, sleep_to

PART = ALLOWANCE // ALLOWANCE_EPOCHS


# Trees


def test_a_node_is_no_leaf(fund, seller, buyer, creator, stranger):
    """Second preimage: a leaf is hashed twice, so nobody can name what a node is the hash of."""
    rewards = fund.counting(1, *((one, TOKENS) for one in (seller, buyer, creator, stranger)))
    left, right = rewards.tree.levels[1]
    # Whoever reads a node's children as a leaf's words finds no account there.
    for account, amount, proof in (
        (f"0x{left[12:].hex()}", int.from_bytes(right, "big"), []),
        (f"0x{left[:20].hex()}", int.from_bytes(left[20:], "big"), [right]),
        (seller, TOKENS, [right]),
    ):
        with reverts_with("Claim_NotInTree", 0, account, amount):
            fund.pool.claim(account, amount, proof, {"from": stranger})


def test_a_leaf_hashed_once_is_none(fund, seller):
    """A tree whose leaves are hashed once pays nobody."""
    from eth_abi import encode

    types = ["uint256", "address", "uint256", "address", "uint256"]
    once = keccak(encode(types, [chain.id, fund.pool.address, 1, seller.address, TOKENS]))
    sleep_to(chain, fund.end_of(1))
    fund.pool.post(1, once, TOKENS, DOCUMENT, {"from": fund.steward})
    sleep_to(chain, fund.pool.pending()[3])
    with reverts_with("Claim_NotInTree", 0, seller, TOKENS):
        fund.pool.claim(seller, TOKENS, [], {"from": seller})


def test_duplicate_leaves_pay_once(fund, seller, buyer):
    rewards = fund.counting(1, (seller, TOKENS), (seller, TOKENS), (buyer, TOKENS))
    fund.claim(rewards, 0)
    with reverts_with("Claim_Empty", seller, TOKENS):
        fund.claim(rewards, 1)
    fund.claim(rewards, 2)
    assert fund.token.balanceOf(fund.pool) == TOKENS


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_leaves_of_an_account_pay_the_higher(fund, seller, order):
    rewards = fund.counting(1, (seller, TOKENS), (seller, 3 * TOKENS))
    before = fund.token.balanceOf(seller)
    for index in order:
        fund.pool.claimMany([rewards.claim(index)], {"from": seller})
    assert fund.token.balanceOf(seller) - before == 3 * TOKENS


@pytest.mark.parametrize("what", ["chain", "pool", "epoch"])
def test_another_pools_chains_or_epochs_tree_pays_nobody(fund, seller, buyer, deploy, what):
    pool = deploy() if what == "pool" else fund.pool
    chain_id = chain.id + (what == "chain")
    alien = Rewards(pool, 2 if what == "epoch" else 1, [(seller, TOKENS)], chain_id=chain_id)
    sleep_to(chain, fund.end_of(1))
    fund.pool.post(1, alien.root, TOKENS, DOCUMENT, {"from": fund.steward})
    sleep_to(chain, fund.pool.pending()[3])
    with reverts_with("Claim_NotInTree", 0, seller, TOKENS):
        fund.claim(alien)


def test_a_root_that_only_begins_alike_is_another(fund, seller, buyer):
    """24 bytes are compared, and all of them."""
    rewards = fund.rewards(1, (seller, TOKENS), (buyer, TOKENS))
    for place, works in ((23, False), (24, True), (31, True)):
        root = bytearray(rewards.root)
        root[place] ^= 1
        chain.snapshot()
        sleep_to(chain, fund.end_of(1))
        fund.pool.post(1, bytes(root), 2 * TOKENS, DOCUMENT, {"from": fund.steward})
        sleep_to(chain, fund.pool.pending()[3])
        if works:
            fund.claim(rewards)
        else:
            with reverts_with("Claim_NotInTree", 0, seller, TOKENS):
                fund.claim(rewards)
        chain.revert()


# Stewards


def test_a_total_below_the_leaves_pays_no_more_than_itself(fund, seller, buyer, creator):
    """Whoever comes first gets it: the lie costs those who were lied to, never the budget."""
    rewards = fund.counting(
        1, (seller, TOKENS), (buyer, TOKENS), (creator, TOKENS), total=2 * TOKENS
    )
    fund.claim(rewards, 2)
    fund.claim(rewards, 0)
    with reverts_with("TransferFailed"):
        fund.claim(rewards, 1)
    with reverts_with("TransferFailed"):
        fund.pool.claimMany(rewards.claims, {"from": buyer})
    assert fund.pool.claimedBy(buyer) == 0
    # An honest root later makes it good.
    honest = fund.counting(2, (seller, TOKENS), (buyer, TOKENS), (creator, TOKENS))
    fund.claim(honest, 1)


def test_a_greedy_leaf_gets_nothing_at_all(fund, seller, buyer):
    rewards = fund.counting(1, (seller, 2**255), (buyer, TOKENS), total=PART)
    with reverts_with("TransferFailed"):
        fund.claim(rewards, 0)
    fund.claim(rewards, 1)


def test_a_lying_root_takes_nothing_of_the_next(fund, seller, buyer, creator):
    """Neither from what arrives, nor from a root that waits, nor from one that counts."""
    lie = fund.counting(1, (seller, PART), (creator, 2 * PART), total=PART)
    fund.claim(lie, 0)
    fund.earn(buyer, 4 * TOKENS)
    fund.pool.collect(fund.token, {"from": buyer})
    honest = fund.posted(2, (buyer, PART + TOKENS), (seller, PART), total=2 * PART + TOKENS)
    with reverts_with("TransferFailed"):
        fund.claim(lie, 1)
    fund.wait()
    with reverts_with("Claim_NotInTree", 0, creator, 2 * PART):
        fund.claim(lie, 1)
    fund.claim(honest, 0)
    assert fund.pool.claimedBy(buyer) == PART + TOKENS


def test_amounts_that_fall_take_nothing_back(fund, seller, buyer):
    first = fund.counting(1, (seller, 3 * TOKENS))
    fund.claim(first)
    second = fund.counting(2, (seller, TOKENS), (buyer, 2 * TOKENS), total=5 * TOKENS)
    with reverts_with("Claim_Empty", seller, 3 * TOKENS):
        fund.claim(second, 0)
    fund.claim(second, 1)
    assert fund.pool.claimedBy(seller) == 3 * TOKENS
    third = fund.counting(3, (seller, 4 * TOKENS), (buyer, 2 * TOKENS))
    fund.claim(third, 0)
    assert fund.pool.claimedBy(seller) == 4 * TOKENS


def test_before_a_root_counts_every_right_of_the_one_before_can_be_saved(
    fund, seller, buyer, creator, stranger
):
    """A steward wants what is left unclaimed, and the guardian sleeps."""
    first = fund.counting(1, (seller, TOKENS), (buyer, TOKENS), (creator, TOKENS))
    fund.posted(2, (fund.steward, 3 * TOKENS), total=3 * TOKENS)
    sleep_to(chain, fund.counts_from - 1)
    assert fund.pool.claimMany(first.claims, {"from": stranger}).return_value == 3 * TOKENS
    assert fund.token.balanceOf(fund.pool) == 0


def test_the_steward_has_no_way_to_the_money(fund, seller, buyer):
    """All they can call moves nothing of what is claimable to anybody but by a root."""
    fund.earn(buyer, 2 * TOKENS)
    rewards = fund.counting(1, (seller, PART), (buyer, TOKENS))
    fund.claim(rewards, 1)
    for asset in (fund.token, COIN, fund.pool):
        with reverts_with("Income_Empty", asset):
            fund.pool.collect(asset, {"from": fund.steward})
    fund.pool.renounceStewardship({"from": fund.steward})
    fund.pool.renounceGuardianship({"from": fund.guardian})
    fund.claim(rewards, 0)
    assert fund.token.balanceOf(fund.pool) == 0


@pytest.mark.parametrize("rounds", [1, 3])
def test_whoever_buys_points_with_fees_loses(fund, buyer, treasury, rounds):
    """All the fees are the buyer's, and so is every reward beyond the allowance."""
    before = fund.token.balanceOf(buyer)
    total = 0
    for epoch in range(5, 5 + rounds):
        fund.earn(buyer, 10 * TOKENS)
        total = fund.pool.budget(epoch) - ALLOWANCE
        rewards = fund.counting(epoch, (buyer, total))
        fund.claim(rewards)
    assert fund.pool.minted() == 0
    assert fund.token.balanceOf(buyer) - before == -5 * TOKENS * rounds


# Strangers


def test_reentering_from_a_payment_of_coins_finds_nothing(
    deploy, token, deployer, MockReceiver, seller, buyer, steward, guardian, stranger
):
    """The treasury is called with coins and calls everything back."""
    agent = MockReceiver.deploy({"from": deployer})
    pool = deploy(treasury=agent)
    fund = Fund(pool, token, steward, guardian)
    fund.earn(buyer, 2 * TOKENS)
    rewards = fund.counting(1, (seller, TOKENS))
    stranger.transfer(pool.PURSE(), 5)
    calls = (
        pool.collect.encode_input(COIN),
        pool.collect.encode_input(token),
        pool.claim.encode_input(*rewards.claim(0)),
        pool.claim.encode_input(*rewards.claim(0)),
    )
    for data in calls:
        agent.addCall(pool, 0, data, {"from": deployer})
    agent.setMode(5, {"from": deployer})
    tx = pool.collect(COIN, {"from": stranger})
    outcomes = [event["success"] for event in events_of(tx, "Reentered")]
    assert outcomes == [False, False, True, False]
    assert (agent.balance(), token.balanceOf(pool)) == (5, 0)
    assert pool.claimedBy(seller) == TOKENS


def test_a_treasury_that_refuses_coins_stops_only_them(
    deploy, token, deployer, MockReceiver, buyer, stranger
):
    agent = MockReceiver.deploy({"from": deployer})
    agent.setMode(1, {"from": deployer})
    pool = deploy(treasury=agent)
    stranger.transfer(pool.PURSE(), 5)
    token.transfer(pool.PURSE(), 4, {"from": buyer})
    with reverts_with("ETHTransferFailed"):
        pool.collect(COIN, {"from": stranger})
    pool.collect(token, {"from": stranger})
    assert token.balanceOf(agent) == 2


def test_a_foreign_token_that_calls_back_finds_nothing(
    fund, MockHookToken, MockReceiver, deployer, treasury, stranger, buyer, deploy
):
    agent = MockReceiver.deploy({"from": deployer})
    pool = deploy(treasury=agent)
    other = MockHookToken.deploy({"from": deployer})
    other.mint(pool.PURSE(), 6, {"from": deployer})
    other.setHooked(agent, True, {"from": deployer})
    agent.addCall(pool, 0, pool.collect.encode_input(other), {"from": deployer})
    agent.setMode(5, {"from": deployer})
    tx = pool.collect(other, {"from": stranger})
    assert [event["success"] for event in events_of(tx, "Reentered")] == [False]
    assert other.balanceOf(agent) == 6


def test_the_empty_address_and_the_pool_cant_be_paid_twice(fund, seller):
    """Leaves of addresses that nobody has: zero's reverts, the pool's moves nothing."""
    rewards = fund.counting(1, (ZERO_ADDRESS, TOKENS), (fund.pool, TOKENS), (seller, TOKENS))
    with reverts_with("TransferFailed"):
        fund.claim(rewards, 0)
    fund.claim(rewards, 1)
    assert fund.token.balanceOf(fund.pool) == 3 * TOKENS
    fund.claim(rewards, 2)
    with reverts_with("Claim_Empty", fund.pool, TOKENS):
        fund.claim(rewards, 1)


def test_pythons_tree_is_the_plain_one():
    """Against a tree written out."""
    a, b, c = (leaf(1, "0x" + "11" * 20, 1, "0x" + "22" * 20, n) for n in range(3))
    assert Tree([a]).root == a
    assert Tree([a, b]).root == keccak(min(a, b) + max(a, b))
    tree = Tree([a, b, c])
    assert tree.root == node(node(a, b), c)
    assert (tree.proof(0), tree.proof(2)) == ([b, c], [node(a, b)])
    assert REASON != DOCUMENT
