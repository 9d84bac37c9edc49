"""The reward pool from a root to tokens, on a chain with a pool of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dokkaebi.chain import reward_pool
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.suite import Suite
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.epoch import Document, claim_of
from dokkaebi.portal.tree import Tree, leaves
from tests.dokkaebi.conftest import BUYER, CREATOR, DAY, OPERATOR, STRANGER, Market, address

TOKENS = 10**18
DIGEST, REASON = b"d" * 32, b"r" * 32


@pytest.fixture
def suite(market: Market) -> Suite:
    """A suite whose pool has other terms: 100 tokens in ten epochs of a week, two days' window."""
    key = open_key(OPERATOR, market.chain.chain_id)
    spec = load_market_spec().with_fee_recipient(address(STRANGER))
    spec = spec.with_guardian(address(STRANGER))
    rewards = replace(spec.rewards, opening_allowance=100 * TOKENS, opening_epochs=10)
    manifest = deploy_market(market.chain, key, replace(spec, rewards=rewards), network="rewards")
    return Suite.open(market.chain, manifest)


def document(suite: Suite, epoch: int, amounts: dict[str, int]) -> Document:
    """As much of an epoch's document as claims need."""
    place = {"chainId": suite.chain.chain_id, "pool": suite.pool.address.lower(), "epoch": epoch}
    accounts = [[account.lower(), str(amount)] for account, amount in sorted(amounts.items())]
    return {**place, "accounts": accounts}


def root_of(document: Document) -> bytes:
    amounts = {account: int(amount) for account, amount in document["accounts"]}
    place = (document["chainId"], document["pool"], document["epoch"])
    return Tree(leaves(*place, amounts)).root


def claim_in(document: Document, account: str) -> reward_pool.Claim:
    found = claim_of(document, account)
    return reward_pool.Claim(found.account, found.cumulative, found.proof)


def test_a_new_pool_says_its_terms_and_that_nothing_was_posted(
    market: Market, suite: Suite
) -> None:
    known, seen = reward_pool.terms(suite), reward_pool.state(suite)
    assert known.token == suite.token.address
    assert known.purse == suite.pool.call("PURSE")
    assert known[4:] == (7 * DAY, 2 * DAY, 5_000, 100 * TOKENS, 10)
    assert known.start == int(suite.chain.block(int(_deployed_in(suite)))["timestamp"], 16)
    assert (seen.over, seen.active, seen.pending, seen.paid) == (0, None, None, 0)
    assert (seen.steward, seen.guardian) == (address(OPERATOR), address(STRANGER))
    first, second = (reward_pool.epoch_bounds(known, epoch) for epoch in (1, 2))
    assert first == (known.start, known.start + 7 * DAY)
    assert second[0] == first[1]
    market.pass_days(7)
    assert reward_pool.state(suite).over == 1


def _deployed_in(suite: Suite) -> int:
    return suite.manifest.contracts["RewardPool"].block_number


def test_a_root_counts_when_its_window_has_passed(market: Market, suite: Suite) -> None:
    market.pass_days(7)
    assert reward_pool.budget(suite, 1) == reward_pool.state(suite).budget == 10 * TOKENS
    assert reward_pool.budget(suite, 2) == 20 * TOKENS
    made = document(suite, 1, {address(CREATOR): 7 * TOKENS, address(BUYER): 3 * TOKENS})
    root = root_of(made)
    call = reward_pool.post(suite, 1, root, 10 * TOKENS, DIGEST)
    with pytest.raises(DokkaebiError, match="steward"):
        market.send(STRANGER, *call)
    market.send(OPERATOR, *call)
    pending = reward_pool.state(suite).pending
    assert pending is not None
    assert (pending.epoch, pending.root, pending.total) == (1, root[:24], 10 * TOKENS)

    mine = claim_in(made, address(CREATOR))
    wait = pending.claimable_from - int(suite.chain.block()["timestamp"], 16)
    market.chain.raw("evm_increaseTime", [wait - 5])
    market.chain.raw("evm_mine")
    with pytest.raises(DokkaebiError):
        market.send(STRANGER, *reward_pool.claim(suite, *mine))
    market.chain.raw("evm_increaseTime", [5])
    market.chain.raw("evm_mine")
    seen = reward_pool.state(suite)
    assert seen.pending is None
    assert seen.active == reward_pool.PostedRoot(1, root[:24], 10 * TOKENS)
    market.send(STRANGER, *reward_pool.claim(suite, *mine))
    market.send(STRANGER, *reward_pool.claim_many(suite, [mine, claim_in(made, address(BUYER))]))
    assert suite.token.call("balanceOf", suite.pool.address) == 0
    got = reward_pool.claimed_by(suite, [address(CREATOR), address(BUYER), address(STRANGER)])
    assert list(got.values()) == [7 * TOKENS, 3 * TOKENS, 0]
    assert reward_pool.state(suite).paid == 10 * TOKENS


def test_a_stopped_root_never_counts(market: Market, suite: Suite) -> None:
    market.pass_days(7)
    made = document(suite, 1, {address(CREATOR): TOKENS})
    market.send(OPERATOR, *reward_pool.post(suite, 1, root_of(made), TOKENS, DIGEST))
    with pytest.raises(DokkaebiError, match="guardian"):
        market.send(OPERATOR, *reward_pool.stop(suite, REASON))
    market.send(STRANGER, *reward_pool.stop(suite, REASON))
    market.pass_days(3)
    seen = reward_pool.state(suite)
    assert (seen.active, seen.pending) == (None, None)


def test_income_is_what_trades_brought(market: Market, suite: Suite) -> None:
    known = reward_pool.terms(suite)
    before = reward_pool.budget(suite, 1)
    market.send(OPERATOR, *suite.token.prepare("transfer", known.purse, 9))
    assert reward_pool.budget(suite, 1) == before + 4
    market.send(STRANGER, *reward_pool.collect(suite, suite.token.address))
    assert reward_pool.state(suite).income == 4
    assert suite.token.call("balanceOf", address(STRANGER)) == 5
