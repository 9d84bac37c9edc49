"""Where each unit goes, for any price: the parts add up, and rounding is the seller's."""

import pytest
from brownie import ZERO_ADDRESS
from brownie.test import given, strategy

from tests.contracts.support import make_offer, register


@pytest.fixture(scope="module")
def derivative(registry, creator, stranger, seller, referrer):
    """A work of the stranger's, 10 % royalty, with three parents of two creators."""
    parents = [
        register(registry, creator, n=31),
        register(registry, creator, n=32),
        register(registry, referrer, n=33),
    ]
    return register(registry, stranger, n=34, royalty_bps=1_000, parents=parents)


@given(
    price=strategy("uint256", min_value=1, max_value=2**128 - 1),
    bps=strategy("uint16", max_value=5_000),
)
def test_goods_are_divided_exactly(market, seller, referrer, price, bps):
    offer = make_offer(seller, price=price, referral_bps=bps)
    seller_part, royalty, referral, fee = market.splitOf(offer, referrer)
    assert (royalty, referral, fee) == (0, price * bps // 10_000, price // 100)
    assert seller_part == price - referral - fee


@given(
    price=strategy("uint256", min_value=1, max_value=2**128 - 1),
    bps=strategy("uint16", max_value=5_000),
)
def test_creations_are_divided_exactly(market, derivative, seller, referrer, price, bps):
    offer = make_offer(seller, creation_id=derivative, price=price, referral_bps=bps)
    parts = market.splitOf(offer, referrer)
    assert sum(parts) == price
    # The referrer is a parent's creator here and still gets both parts.
    assert parts[1] == price * 1_000 // 10_000


@given(price=strategy("uint256", min_value=1, max_value=2**128 - 1))
def test_a_parents_creator_who_sells_keeps_only_the_own_part(market, derivative, creator, price):
    offer = make_offer(creator, creation_id=derivative, price=price)
    seller_part, royalty, _, fee = market.splitOf(offer, ZERO_ADDRESS)
    whole = price * 1_000 // 10_000
    share = whole * 5_000 // 10_000 // 3
    assert royalty == whole - 2 * share
    assert seller_part == price - fee - royalty


def test_split_without_a_referrer(market, seller):
    offer = make_offer(seller, price=10_000, referral_bps=5_000)
    assert market.splitOf(offer, ZERO_ADDRESS) == (9_900, 0, 0, 100)


def test_the_heaviest_split_leaves_something_to_the_seller(
    EscrowMarket, registry, treasury, derivative, deployer, seller, referrer
):
    dear = EscrowMarket.deploy(registry, treasury, 250, {"from": deployer})
    offer = make_offer(seller, creation_id=derivative, price=10_000, referral_bps=5_000)
    assert dear.splitOf(offer, referrer) == (3_750, 1_000, 5_000, 250)
