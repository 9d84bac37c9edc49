"""Publishing an offer and taking it back."""

import brownie
import pytest
from brownie import ZERO_ADDRESS, chain
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contracts.support import (
    COIN,
    DAY,
    DELIVERED,
    HOUR,
    INSTANT,
    OFFER_FILLED,
    OFFER_NONE,
    OFFER_OPEN,
    make_offer,
    offer_id,
    only_event,
    reverts_with,
    sleep_to,
)


def test_offer_is_open_and_complete_in_its_event(market, desk, seller, creation):
    offer = make_offer(seller, INSTANT, creation_id=creation, tenure=1, referral_bps=250, salt=9)
    tx = market.offer(offer, {"from": seller})
    event = only_event(tx, "OfferPublished")
    assert event["offerId"] == "0x" + offer_id(market, offer).hex()
    assert event["seller"] == seller
    seen = tuple(event["offer"])
    assert seen[:10] == tuple(offer)[:10]
    assert (bytes(seen[10]), seen[11]) == (offer.details, 9)
    assert tx.return_value == event["offerId"]
    assert desk.offer_state(offer) == OFFER_OPEN


def test_offer_keeps_nothing_of_the_creation(desk, registry, seller, creation):
    desk.offer(seller, creation_id=creation)
    assert registry.ownerOf(creation) == seller


def test_offer_id_is_the_eip712_digest(market, seller):
    offer = make_offer(seller, DELIVERED, salt=2**256 - 1, details=b"\7" * 32)
    names = [e["name"] for e in market.abi if e.get("name") == "hashOffer"]
    assert names
    types = ["address", "uint8"] + ["uint256"] * 2 + ["address"] + ["uint256"] * 5
    types += ["bytes32", "uint256"]
    fields = [
        "seller",
        "kind",
        "creationId",
        "tenure",
        "asset",
        "price",
        "expiry",
        "shipSeconds",
        "inspectSeconds",
        "referralBps",
        "details",
        "salt",
    ]
    message = encode_typed_data(
        domain_data={
            "name": "Dokkaebi EscrowMarket",
            "version": "1",
            "chainId": chain.id,
            "verifyingContract": market.address,
        },
        message_types={
            "Offer": [{"name": n, "type": t} for n, t in zip(fields, types, strict=True)]
        },
        message_data=dict(zip(fields, offer, strict=True)),
    )
    key = Account.create()
    digest = key.sign_message(message).message_hash
    assert bytes(market.hashOffer(offer)) == bytes(digest) == offer_id(market, offer)


def test_offer_ids_differ_between_markets(EscrowMarket, market, registry, treasury, seller):
    twin = EscrowMarket.deploy(registry, treasury, 100, {"from": seller})
    offer = make_offer(seller, DELIVERED)
    assert twin.hashOffer(offer) != market.hashOffer(offer)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": 0},
        {"creation_id": 5},
        {"tenure": 3},
        {"asset": "0x" + "11" * 20},
        {"price": 2},
        {"expiry": 5},
        {"ship_seconds": 7},
        {"inspect_seconds": 7},
        {"referral_bps": 1},
        {"details": b"\1" * 32},
        {"salt": 2},
        {"seller": "0x" + "22" * 20},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_term_is_in_the_offers_id(market, seller, change):
    offer = make_offer(seller, DELIVERED)
    assert market.hashOffer(offer._replace(**change)) != market.hashOffer(offer)


def test_offer_reverts_for_another_seller(market, seller, stranger):
    with reverts_with("Offer_NotSeller", stranger, seller):
        market.offer(make_offer(seller, DELIVERED), {"from": stranger})


def test_offer_reverts_when_it_is_open(market, desk, seller):
    offer = desk.offer(seller)
    with reverts_with("Offer_AlreadyPublished", offer_id(market, offer), OFFER_OPEN):
        market.offer(offer, {"from": seller})


def test_offer_reverts_when_it_was_filled(market, desk, seller, buyer):
    offer = desk.offer(seller)
    desk.fund(offer, buyer)
    with reverts_with("Offer_AlreadyPublished", offer_id(market, offer), OFFER_FILLED):
        market.offer(offer, {"from": seller})


@pytest.mark.parametrize("price", [1, 2**128 - 1])
def test_offer_takes_a_price_within_bounds(desk, seller, price):
    assert desk.offer_state(desk.offer(seller, price=price)) == OFFER_OPEN


@pytest.mark.parametrize("price", [0, 2**128, 2**256 - 1])
def test_offer_reverts_when_the_price_is_out_of_range(desk, seller, price):
    with reverts_with("Offer_PriceOutOfRange", price, 2**128 - 1):
        desk.offer(seller, price=price)


@pytest.mark.parametrize("ahead", [1, 365 * DAY])
def test_offer_takes_an_expiry_within_bounds(market, seller, ahead):
    now = chain.time() + 100
    offer = make_offer(seller, DELIVERED, expiry=now + ahead)
    sleep_to(chain, now)
    assert market.offer(offer, {"from": seller}).timestamp == now


@pytest.mark.parametrize("ahead", [-1, 0, 365 * DAY + 1])
def test_offer_reverts_when_the_expiry_is_out_of_range(market, seller, ahead):
    now = chain.time() + 100
    offer = make_offer(seller, DELIVERED, expiry=now + ahead)
    sleep_to(chain, now)
    with reverts_with("Offer_ExpiryOutOfRange", now + ahead, now + 1, now + 365 * DAY):
        market.offer(offer, {"from": seller})


def test_offer_takes_the_highest_commission(desk, seller):
    assert desk.offer_state(desk.offer(seller, referral_bps=5_000)) == OFFER_OPEN


def test_offer_reverts_when_the_commission_is_too_high(desk, seller):
    with reverts_with("Offer_ReferralTooHigh", 5_001, 5_000):
        desk.offer(seller, referral_bps=5_001)


@pytest.mark.parametrize("seconds", [HOUR, 60 * DAY])
def test_offer_takes_a_ship_window_within_bounds(desk, seller, seconds):
    assert desk.offer_state(desk.offer(seller, ship_seconds=seconds)) == OFFER_OPEN


@pytest.mark.parametrize("seconds", [0, HOUR - 1, 60 * DAY + 1])
def test_offer_reverts_when_the_ship_window_is_out_of_range(desk, seller, seconds):
    with reverts_with("Offer_ShipWindowOutOfRange", seconds, HOUR, 60 * DAY):
        desk.offer(seller, ship_seconds=seconds)


@pytest.mark.parametrize("seconds", [DAY, 30 * DAY])
def test_offer_takes_an_inspect_window_within_bounds(desk, seller, seconds):
    assert desk.offer_state(desk.offer(seller, inspect_seconds=seconds)) == OFFER_OPEN


@pytest.mark.parametrize("seconds", [0, DAY - 1, 30 * DAY + 1])
def test_offer_reverts_when_the_inspect_window_is_out_of_range(desk, seller, seconds):
    with reverts_with("Offer_InspectWindowOutOfRange", seconds, DAY, 30 * DAY):
        desk.offer(seller, inspect_seconds=seconds)


def test_instant_offer_reverts_with_a_ship_window(desk, seller, creation):
    with reverts_with("Offer_ShipWindowOutOfRange", 1, 0, 0):
        desk.offer(seller, creation_id=creation, ship_seconds=1)


def test_instant_offer_reverts_with_an_inspect_window(desk, seller, creation):
    with reverts_with("Offer_InspectWindowOutOfRange", 1, 0, 0):
        desk.offer(seller, creation_id=creation, inspect_seconds=1)


def test_instant_offer_reverts_without_a_creation(desk, seller):
    with reverts_with("Offer_CreationMissing"):
        desk.offer(seller, kind=INSTANT)


def test_unknown_kinds_are_refused(market, seller):
    offer = make_offer(seller, DELIVERED)._replace(kind=2)
    with pytest.raises((brownie.exceptions.VirtualMachineError, ValueError)):
        market.offer(offer, {"from": seller})


# Cancel


def test_cancel_closes_the_offer(market, desk, seller, buyer):
    offer = desk.offer(seller)
    tx = market.cancel(market.hashOffer(offer), {"from": seller})
    event = only_event(tx, "OfferCancelled")
    assert event == {"offerId": market.hashOffer(offer), "seller": seller}
    assert desk.offer_state(offer) == OFFER_NONE
    with reverts_with("Offer_NotOpen", offer_id(market, offer), OFFER_NONE):
        desk.fund(offer, buyer)


def test_cancel_reverts_for_anybody_else(market, desk, seller, stranger):
    offer = desk.offer(seller)
    with reverts_with("Offer_NotSeller", stranger, seller):
        market.cancel(market.hashOffer(offer), {"from": stranger})


def test_cancel_reverts_when_never_published(market, seller):
    with reverts_with("Offer_NotOpen", b"\5" * 32, OFFER_NONE):
        market.cancel(b"\5" * 32, {"from": seller})


def test_cancel_reverts_twice(market, desk, seller):
    offer = desk.offer(seller)
    market.cancel(market.hashOffer(offer), {"from": seller})
    with reverts_with("Offer_NotOpen", offer_id(market, offer), OFFER_NONE):
        market.cancel(market.hashOffer(offer), {"from": seller})


def test_cancel_reverts_when_filled(market, desk, seller, buyer):
    offer = desk.offer(seller)
    desk.fund(offer, buyer)
    with reverts_with("Offer_NotOpen", offer_id(market, offer), OFFER_FILLED):
        market.cancel(market.hashOffer(offer), {"from": seller})


def test_a_cancelled_offer_may_be_published_again(market, desk, seller, buyer):
    offer = desk.offer(seller)
    market.cancel(market.hashOffer(offer), {"from": seller})
    market.offer(offer, {"from": seller})
    desk.fund(offer, buyer)
    assert desk.offer_state(offer) == OFFER_FILLED


def test_an_expired_offer_can_still_be_cancelled(market, desk, seller):
    offer = desk.offer(seller)
    chain.mine(timestamp=offer.expiry + DAY)
    market.cancel(market.hashOffer(offer), {"from": seller})
    assert desk.offer_state(offer) == OFFER_NONE


def test_nobody_can_have_an_offer_of_the_zero_address(market, buyer):
    offer = make_offer(ZERO_ADDRESS, DELIVERED, asset=COIN)
    with reverts_with("Offer_NotOpen", offer_id(market, offer), OFFER_NONE):
        market.fund(offer, ZERO_ADDRESS, {"from": buyer, "value": offer.price})


def test_nobody_can_take_an_offer_of_the_mark_for_filled(market, desk, seller, buyer):
    filled = desk.offer(seller)
    desk.fund(filled, buyer)
    with reverts_with("Offer_NotOpen", offer_id(market, filled), OFFER_FILLED):
        desk.fund(filled, buyer)
