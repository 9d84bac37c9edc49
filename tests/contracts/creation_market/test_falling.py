"""Falling prices: from a start, by the second, down to an end at the expiry."""

import pytest
from brownie import chain
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.creation_market.conftest import PRICE_MAX, sale_of
from tests.contracts.support import DAY, HOUR, examples, reverts_with, sleep_to

HIGH, LOW = 10**15 + 7, 10**14 + 3


def price_at(offer, when):
    """The price in exact fractions, rounded up."""
    fallen = (offer.price - offer.end_price) * (when - offer.start)
    length = offer.expiry - offer.start
    return -((fallen - offer.price * length) // length)


@pytest.fixture
def falling(shop, creation, seller, money):
    """An offer whose price falls for a day, from an hour from now."""
    start = chain.time() + HOUR
    return shop.published(
        seller,
        creation,
        asset=money.address,
        start=start,
        price=HIGH,
        end_price=LOW,
        expiry=start + DAY,
    )


@pytest.mark.parametrize("after", [0, 1, 2, DAY // 2, DAY // 2 + 1, DAY - 1, DAY])
def test_the_price_falls_by_the_second(shop, money, watch, falling, seller, buyer, after):
    now = falling.start + after
    price = price_at(falling, now)
    seen = watch(money, seller)
    sleep_to(chain, now)
    tx = shop.buy(falling, buyer)
    assert sale_of(tx)["price"] == price
    assert seen.gained() == [price - price // 100 - price * 500 // 10_000]


def test_it_starts_at_the_price_and_ends_at_the_end(falling):
    assert price_at(falling, falling.start) == HIGH
    assert price_at(falling, falling.expiry) == LOW


def test_buy_reverts_before_the_start(shop, falling, buyer):
    now = falling.start - 1
    sleep_to(chain, now)
    with reverts_with("Offer_NotStarted", shop.digest(falling), falling.start, now):
        shop.buy(falling, buyer)


def test_buy_reverts_after_the_end(shop, falling, buyer):
    now = falling.expiry + 1
    sleep_to(chain, now)
    with reverts_with("Document_Expired", shop.digest(falling), falling.expiry, now):
        shop.buy(falling, buyer)


def test_a_start_in_the_past_is_a_price_that_falls_already(shop, coin, creation, seller, buyer):
    now = chain.time()
    offer = shop.offer(
        seller, creation, start=now - DAY, price=HIGH, end_price=LOW, expiry=now + DAY
    )
    sleep_to(chain, now + 10)
    shop.contract.offer(offer, {"from": seller})
    sleep_to(chain, now + 20)
    tx = shop.buy(offer, buyer)
    assert sale_of(tx)["price"] == price_at(offer, now + 20)


def test_a_signed_price_falls_too(shop, money, creation, seller, buyer):
    start = chain.time() + 10
    offer, signature = shop.signed(
        seller,
        creation,
        asset=money.address,
        start=start,
        price=HIGH,
        end_price=LOW,
        expiry=start + 1_000,
    )
    sleep_to(chain, start - 1)
    with reverts_with("Offer_NotStarted", shop.digest(offer), start, start - 1):
        shop.buy(offer, buyer, signature)
    sleep_to(chain, start + 333)
    tx = shop.buy(offer, buyer, signature)
    assert sale_of(tx)["price"] == price_at(offer, start + 333)


@pytest.fixture
def in_coins(shop, coin, creation, seller):
    start = chain.time() + HOUR
    return shop.published(
        seller, creation, start=start, price=HIGH, end_price=LOW, expiry=start + DAY
    )


def test_what_the_price_has_fallen_by_comes_back(shop, coin, in_coins, buyer):
    """Nobody knows in which second a transaction comes: the rest is change."""
    before = coin.of(buyer)
    sleep_to(chain, in_coins.start + 40_000)
    tx = shop.buy(in_coins, buyer, value=HIGH)
    price = price_at(in_coins, in_coins.start + 40_000)
    assert before - coin.of(buyer) - tx.gas_used * tx.gas_price == price < HIGH


def test_the_exact_price_is_enough(shop, registry, in_coins, buyer):
    now = in_coins.start + 40_000
    sleep_to(chain, now)
    shop.buy(in_coins, buyer, value=price_at(in_coins, now))
    assert registry.ownerOf(in_coins.creation_id) == buyer


def test_buy_reverts_when_one_wei_is_missing(shop, in_coins, buyer):
    now = in_coins.start + 40_000
    price = price_at(in_coins, now)
    sleep_to(chain, now)
    with reverts_with("Value_Wrong", price - 1, price):
        shop.buy(in_coins, buyer, value=price - 1)


def test_the_shortest_fall_lasts_a_second(shop, coin, creation, seller, buyer):
    start = chain.time() + 100
    offer = shop.published(seller, creation, start=start, price=2, end_price=1, expiry=start + 1)
    sleep_to(chain, start + 1)
    assert sale_of(shop.buy(offer, buyer, value=2))["price"] == 1


def test_a_fall_of_one_wei_rounds_up_to_the_end(shop, coin, creation, seller, buyer):
    start = chain.time() + 100
    offer = shop.published(seller, creation, start=start, price=2, end_price=1, expiry=start + 100)
    sleep_to(chain, start + 99)
    assert sale_of(shop.buy(offer, buyer, value=2))["price"] == 2


def test_the_widest_fall_overflows_nowhere(shop, creation, seller):
    now = chain.time()
    offer = shop.offer(
        seller, creation, start=1, price=PRICE_MAX, end_price=1, expiry=now + 300 * DAY
    )
    chain.mine(timestamp=now + 1)
    assert shop.contract.priceOf(offer) == price_at(offer, now + 1)


def test_the_price_of_now_can_be_asked(shop, falling):
    with reverts_with("Offer_NotStarted", shop.digest(falling), falling.start, chain[-1].timestamp):
        shop.contract.priceOf(falling)
    for after in (0, 1, 12_345, DAY):
        chain.mine(timestamp=falling.start + after)
        assert shop.contract.priceOf(falling) == price_at(falling, falling.start + after)


def test_a_fixed_price_can_be_asked(shop, creation, seller):
    assert shop.contract.priceOf(shop.offer(seller, creation, price=77)) == 77


def test_the_price_never_rises_nor_leaves_its_bounds(shop, creation, seller):
    chain.mine()
    now = chain[-1].timestamp

    @given(
        high=st.integers(2, PRICE_MAX),
        low=st.integers(1, PRICE_MAX),
        since=st.integers(0, now - 1),
        ahead=st.integers(0, 365 * DAY),
    )
    @examples(60)
    def check(high, low, since, ahead):
        low = min(low, high - 1)
        start = max(1, now - since)
        offer = shop.offer(
            seller, creation, tenure=1, start=start, price=high, end_price=low,
            expiry=max(now + ahead, start + 1),
        )  # fmt: skip
        price = shop.contract.priceOf(offer)
        assert low <= price <= high
        assert price == price_at(offer, now)
        later = shop.contract.priceOf(offer._replace(start=max(1, start - 1)))
        assert price >= later or offer.start == start == 1

    check()
