"""Offers on chain: published by their seller, within the bounds, and taken off by their seller."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.creation_market.conftest import PRICE, PRICE_MAX, hex_of
from tests.contracts.support import (
    DAY,
    event_names,
    only_event,
    reverts_with,
    reverts_without_error,
    sleep_to,
)


def test_an_offer_is_published(shop, money, creation, seller):
    offer = shop.offer(seller, creation, asset=money.address)
    tx = shop.contract.offer(offer, {"from": seller})
    assert tx.return_value == hex_of(shop.digest(offer))
    assert shop.contract.sellerOf(shop.digest(offer)) == seller


def test_publishing_says_every_term(shop, creation, seller, buyer, stranger):
    now = chain.time()
    offer = shop.offer(
        seller,
        creation,
        buyer=buyer.address,
        start=now + 5,
        end_price=3,
        asset=stranger.address,
        referral_bps=77,
        expiry=now + DAY,
        nonce=2**256 - 1,
    )
    tx = shop.contract.offer(offer, {"from": seller})
    assert event_names(tx) == ["OfferPublished"]
    event = only_event(tx, "OfferPublished")
    assert event["offerId"] == hex_of(shop.digest(offer))
    assert tuple(event["offer"]) == tuple(offer)


@pytest.mark.parametrize("word", [0, 1, 2, 8], ids=["seller", "buyer", "collection", "asset"])
def test_offer_reverts_when_an_address_has_more_bits_than_one(shop, creation, seller, word):
    """What is published is the calldata as it came."""
    offer = shop.offer(seller, creation)
    data = bytearray.fromhex(shop.contract.offer.encode_input(offer)[2:])
    seller.transfer(shop.contract, data="0x" + data.hex())
    data[4 + 32 * word] = 1
    with reverts_without_error():
        seller.transfer(shop.contract, data="0x" + data.hex())


def test_publishing_a_foreign_creation_says_its_royalty(shop, stranger, seller):
    """Nothing is asked of the collection before somebody buys."""
    offer = shop.offer(seller, 0, collection=stranger.address, royalty_bps_max=1_000)
    tx = shop.contract.offer(offer, {"from": seller})
    assert tuple(only_event(tx, "OfferPublished")["offer"]) == tuple(offer)


def test_an_open_offer_is_said_again_and_no_more(shop, coin, creation, seller, buyer):
    offer = shop.published(seller, creation)
    tx = shop.contract.offer(offer, {"from": seller})
    assert event_names(tx) == ["OfferPublished"]
    shop.buy(offer, buyer)
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.buy(offer, buyer)


def test_offers_of_one_creation_stand_beside_each_other(shop, creation, seller):
    offers = [shop.published(seller, creation) for _ in range(3)]
    assert all(shop.open(offer) for offer in offers)
    assert len({shop.digest(offer) for offer in offers}) == 3


def test_publishing_takes_nothing(shop, registry, creation, seller):
    shop.published(seller, creation)
    assert registry.ownerOf(creation) == seller
    assert registry.tenureOf(creation) == 1


def test_publishing_uses_no_nonce(shop, creation, seller):
    offer = shop.published(seller, creation)
    assert not shop.contract.nonceUsed(seller, offer.nonce)


def test_offer_reverts_when_the_caller_isnt_the_seller(shop, creation, seller, stranger):
    offer = shop.offer(seller, creation)
    with reverts_with("Offer_NotSeller", stranger, seller):
        shop.contract.offer(offer, {"from": stranger})


def test_offer_reverts_for_nobody(shop, creation, stranger):
    offer = shop.offer(ZERO_ADDRESS, creation)
    with reverts_with("Offer_NotSeller", stranger, ZERO_ADDRESS):
        shop.contract.offer(offer, {"from": stranger})


@pytest.mark.parametrize("price", [1, PRICE_MAX])
def test_prices_have_bounds(shop, creation, seller, price):
    assert shop.open(shop.published(seller, creation, price=price))


@pytest.mark.parametrize("price", [0, PRICE_MAX + 1, 2**256 - 1])
def test_offer_reverts_when_the_price_is_out_of_range(shop, creation, seller, price):
    offer = shop.offer(seller, creation, price=price)
    with reverts_with("Price_OutOfRange", price, PRICE_MAX):
        shop.contract.offer(offer, {"from": seller})


LONGEST = [("registry", 365 * DAY), ("foreign", 30 * DAY)]


def at_expiry(shop, creation, seller, collection, now, expiry):
    """An offer to be published at `now`."""
    terms = {} if collection == "registry" else {"collection": seller.address}
    offer = shop.offer(seller, creation, expiry=expiry, **terms)
    sleep_to(chain, now)
    return offer


@pytest.mark.parametrize(("collection", "longest"), LONGEST)
@pytest.mark.parametrize("end", ["first", "last"])
def test_expiries_have_bounds(shop, creation, seller, collection, longest, end):
    now = chain.time() + 100
    expiry = now + 1 if end == "first" else now + longest
    offer = at_expiry(shop, creation, seller, collection, now, expiry)
    shop.contract.offer(offer, {"from": seller})
    assert shop.open(offer)


@pytest.mark.parametrize(("collection", "longest"), LONGEST)
@pytest.mark.parametrize("end", ["zero", "past", "now", "too late", "never"])
def test_offer_reverts_when_the_expiry_is_out_of_range(
    shop, creation, seller, collection, longest, end
):
    now = chain.time() + 100
    expiry = {
        "zero": 0,
        "past": now - 1,
        "now": now,
        "too late": now + longest + 1,
        "never": 2**256 - 1,
    }[end]
    offer = at_expiry(shop, creation, seller, collection, now, expiry)
    with reverts_with("Expiry_OutOfRange", expiry, now + 1, now + longest):
        shop.contract.offer(offer, {"from": seller})


def test_commissions_have_a_bound(shop, creation, seller):
    assert shop.open(shop.published(seller, creation, referral_bps=5_000))


@pytest.mark.parametrize("bps", [5_001, 10_000, 2**256 - 1])
def test_offer_reverts_when_the_commission_is_too_high(shop, creation, seller, bps):
    offer = shop.offer(seller, creation, referral_bps=bps)
    with reverts_with("Offer_ReferralTooHigh", bps, 5_000):
        shop.contract.offer(offer, {"from": seller})


@pytest.mark.parametrize("bps", [1, 1_000])
def test_offer_reverts_when_the_registrys_royalty_is_set(shop, creation, seller, bps):
    offer = shop.offer(seller, creation, royalty_bps_max=bps)
    with reverts_with("Royalty_TooHigh", bps, 0):
        shop.contract.offer(offer, {"from": seller})


@pytest.mark.parametrize("bps", [1_001, 2**256 - 1])
def test_offer_reverts_when_the_foreign_royalty_is_too_high(shop, seller, stranger, bps):
    offer = shop.offer(seller, 5, collection=stranger.address, royalty_bps_max=bps)
    with reverts_with("Royalty_TooHigh", bps, 1_000):
        shop.contract.offer(offer, {"from": seller})


# Falling prices


@pytest.mark.parametrize(("before_expiry", "end"), [(1, 1), (1, PRICE - 1), (7 * DAY, 5)])
def test_a_falling_price_is_published(shop, creation, seller, before_expiry, end):
    expiry = chain.time() + DAY
    offer = shop.published(
        seller, creation, start=expiry - before_expiry, end_price=end, expiry=expiry
    )
    assert shop.open(offer)


@pytest.mark.parametrize(
    ("before_expiry", "end"),
    [(None, 1), (0, 5), (-1, 5), (10, 0), (10, PRICE), (10, PRICE + 1), (10, 2**256 - 1)],
)
def test_offer_reverts_when_the_fall_is_wrong(shop, creation, seller, before_expiry, end):
    expiry = chain.time() + DAY
    start = 0 if before_expiry is None else expiry - before_expiry
    offer = shop.offer(seller, creation, start=start, end_price=end, expiry=expiry)
    with reverts_with("Offer_FallWrong", start, end):
        shop.contract.offer(offer, {"from": seller})


# Taken off


def test_a_seller_takes_an_offer_off(shop, creation, seller, buyer):
    offer = shop.published(seller, creation)
    tx = shop.contract.cancel(shop.digest(offer), {"from": seller})
    assert event_names(tx) == ["OfferCancelled"]
    assert only_event(tx, "OfferCancelled") == {
        "offerId": hex_of(shop.digest(offer)),
        "seller": seller,
    }
    assert shop.contract.sellerOf(shop.digest(offer)) == ZERO_ADDRESS
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.buy(offer, buyer)


def test_an_offer_taken_off_can_be_published_again(shop, registry, creation, seller, buyer):
    offer = shop.published(seller, creation)
    shop.contract.cancel(shop.digest(offer), {"from": seller})
    shop.contract.offer(offer, {"from": seller})
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


def test_an_expired_offer_can_be_taken_off(shop, creation, seller):
    offer = shop.published(seller, creation)
    chain.mine(timestamp=offer.expiry + 1)
    shop.contract.cancel(shop.digest(offer), {"from": seller})
    assert not shop.open(offer)


def test_cancel_reverts_when_the_caller_isnt_the_seller(shop, creation, seller, stranger):
    offer = shop.published(seller, creation)
    with reverts_with("Offer_NotSeller", stranger, seller):
        shop.contract.cancel(shop.digest(offer), {"from": stranger})
    assert shop.open(offer)


@pytest.mark.parametrize("state", ["never", "taken off", "taken", "signed"])
def test_cancel_reverts_when_the_offer_isnt_open(shop, creation, seller, buyer, state):
    offer = shop.offer(seller, creation)
    if state in {"taken off", "taken"}:
        shop.contract.offer(offer, {"from": seller})
    if state == "taken off":
        shop.contract.cancel(shop.digest(offer), {"from": seller})
    if state == "taken":
        shop.buy(offer, buyer)
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.contract.cancel(shop.digest(offer), {"from": seller})


def test_taking_one_offer_off_leaves_the_others(shop, registry, creation, seller, buyer):
    first, second = shop.published(seller, creation), shop.published(seller, creation)
    shop.contract.cancel(shop.digest(first), {"from": seller})
    assert shop.open(second)
    shop.buy(second, buyer)
    assert registry.ownerOf(creation) == buyer


def test_a_contract_publishes_and_takes_off(shop, wallet, buyer):
    offer = shop.published_by(wallet, buyer, 5, collection=buyer.address)
    assert shop.open(offer)
    shop.act(wallet, buyer, "cancel", shop.digest(offer))
    assert not shop.open(offer)
