"""Publishing an offer and taking it back."""

import pytest
from brownie import ZERO_ADDRESS, chain
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contracts.support import (
    COIN,
    DAY,
    HOUR,
    make_offer,
    offer_id,
    only_event,
    request_id,
    reverts_with,
    sleep_to,
)


def test_offer_is_open_and_complete_in_its_event(market, desk, seller, creation):
    terms = {"arbiter": "0x" + "55" * 20, "parts": (30, 70), "details": b"\7" * 32}
    offer = make_offer(seller, creation_id=creation, tenure=1, referral_bps=250, **terms)
    tx = market.offer(offer, {"from": seller})
    event = only_event(tx, "OfferPublished")
    assert event["offerId"] == "0x" + offer_id(market, offer).hex()
    assert event["seller"] == seller
    seen = tuple(event["offer"])
    assert tuple(seen[:15]) == tuple(offer)[:15]
    assert (tuple(seen[15]), bytes(seen[16]), seen[17]) == offer[15:]
    assert tx.return_value == event["offerId"]
    assert desk.units_left(offer) == 1


def test_offer_keeps_nothing_of_the_creation(desk, registry, seller, creation):
    desk.offer(seller, creation_id=creation)
    assert registry.ownerOf(creation) == seller


FIELDS = {
    "seller": "address",
    "buyer": "address",
    "creationId": "uint256",
    "tenure": "uint256",
    "asset": "address",
    "price": "uint256",
    "units": "uint256",
    "expiry": "uint256",
    "shipSeconds": "uint256",
    "inspectSeconds": "uint256",
    "referralBps": "uint256",
    "arbiter": "address",
    "arbiterFeeBps": "uint256",
    "rulingSeconds": "uint256",
    "silentSellerBps": "uint256",
    "parts": "uint8[]",
    "details": "bytes32",
    "nonce": "uint256",
}


@pytest.mark.parametrize("parts", [(), (50, 50), (1,) * 11 + (89,)], ids=len)
@pytest.mark.parametrize("name", ["Offer", "Request"])
def test_document_ids_are_eip712_digests(market, seller, name, parts):
    offer = make_offer(seller, details=b"\7" * 32, parts=parts)
    message = encode_typed_data(
        domain_data={
            "name": "Dokkaebi EscrowMarket",
            "version": "1",
            "chainId": chain.id,
            "verifyingContract": market.address,
        },
        message_types={name: [{"name": n, "type": t} for n, t in FIELDS.items()]},
        message_data=dict(zip(FIELDS, offer._replace(parts=list(parts)), strict=True)),
    )
    digest = bytes(Account.create().sign_message(message).message_hash)
    asked, computed = {
        "Offer": (market.hashOffer, offer_id),
        "Request": (market.hashRequest, request_id),
    }[name]
    assert bytes(asked(offer)) == digest == computed(market, offer)


def test_offer_ids_differ_between_markets(EscrowMarket, market, registry, treasury, seller):
    twin = EscrowMarket.deploy(registry, treasury, 100, {"from": seller})
    offer = make_offer(seller)
    assert twin.hashOffer(offer) != market.hashOffer(offer)


@pytest.mark.parametrize(
    "change",
    [
        {"buyer": "0x" + "44" * 20},
        {"units": 2},
        {"arbiter": "0x" + "44" * 20},
        {"arbiter_fee_bps": 1},
        {"ruling_seconds": 1},
        {"silent_seller_bps": 1},
        {"parts": (40, 60)},
        {"creation_id": 5},
        {"tenure": 3},
        {"asset": "0x" + "11" * 20},
        {"price": 2},
        {"expiry": 5},
        {"ship_seconds": 7},
        {"inspect_seconds": 7},
        {"referral_bps": 1},
        {"details": b"\1" * 32},
        {"nonce": 2**200},
        {"seller": "0x" + "22" * 20},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_term_is_in_the_offers_id(market, seller, change):
    offer = make_offer(seller)
    assert market.hashOffer(offer._replace(**change)) != market.hashOffer(offer)


def test_offer_reverts_for_another_seller(market, seller, stranger):
    with reverts_with("Document_NotOwn", stranger, seller):
        market.offer(make_offer(seller), {"from": stranger})


def test_offer_reverts_when_its_nonce_is_used(market, desk, seller):
    offer = desk.offer(seller)
    other = make_offer(seller, price=77, nonce=offer.nonce)
    for again in (offer, other):
        with reverts_with("Nonce_Used", seller, offer.nonce):
            market.offer(again, {"from": seller})
    market.offer(other._replace(nonce=offer.nonce + 2**60), {"from": seller})


def test_offer_reverts_when_it_was_filled(market, desk, seller, buyer):
    offer = desk.offer(seller)
    desk.fund(offer, buyer)
    with reverts_with("Nonce_Used", seller, offer.nonce):
        market.offer(offer, {"from": seller})


@pytest.mark.parametrize("price", [1, 2**128 - 1])
def test_offer_takes_a_price_within_bounds(desk, seller, price):
    assert desk.units_left(desk.offer(seller, price=price)) == 1


@pytest.mark.parametrize("price", [0, 2**128, 2**256 - 1])
def test_offer_reverts_when_the_price_is_out_of_range(desk, seller, price):
    with reverts_with("Offer_PriceOutOfRange", price, 2**128 - 1):
        desk.offer(seller, price=price)


@pytest.mark.parametrize("ahead", [1, 365 * DAY])
def test_offer_takes_an_expiry_within_bounds(market, seller, ahead):
    now = chain.time() + 100
    offer = make_offer(seller, expiry=now + ahead)
    sleep_to(chain, now)
    assert market.offer(offer, {"from": seller}).timestamp == now


@pytest.mark.parametrize("ahead", [-1, 0, 365 * DAY + 1])
def test_offer_reverts_when_the_expiry_is_out_of_range(market, seller, ahead):
    now = chain.time() + 100
    offer = make_offer(seller, expiry=now + ahead)
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", now + ahead, now + 1, now + 365 * DAY):
        market.offer(offer, {"from": seller})


def test_offer_takes_the_highest_commission(desk, seller):
    assert desk.units_left(desk.offer(seller, referral_bps=5_000)) == 1


def test_offer_reverts_when_the_commission_is_too_high(desk, seller):
    with reverts_with("Offer_ReferralTooHigh", 5_001, 5_000):
        desk.offer(seller, referral_bps=5_001)


@pytest.mark.parametrize("seconds", [HOUR, 60 * DAY])
def test_offer_takes_a_ship_window_within_bounds(desk, seller, seconds):
    assert desk.units_left(desk.offer(seller, ship_seconds=seconds)) == 1


@pytest.mark.parametrize("seconds", [0, HOUR - 1, 60 * DAY + 1])
def test_offer_reverts_when_the_ship_window_is_out_of_range(desk, seller, seconds):
    with reverts_with("Offer_ShipWindowOutOfRange", seconds, HOUR, 60 * DAY):
        desk.offer(seller, ship_seconds=seconds)


@pytest.mark.parametrize("seconds", [DAY, 30 * DAY])
def test_offer_takes_an_inspect_window_within_bounds(desk, seller, seconds):
    assert desk.units_left(desk.offer(seller, inspect_seconds=seconds)) == 1


@pytest.mark.parametrize("seconds", [0, DAY - 1, 30 * DAY + 1])
def test_offer_reverts_when_the_inspect_window_is_out_of_range(desk, seller, seconds):
    with reverts_with("Offer_InspectWindowOutOfRange", seconds, DAY, 30 * DAY):
        desk.offer(seller, inspect_seconds=seconds)


@pytest.mark.parametrize(("units", "price"), [(2**32 - 1, 2**96), (3, (2**128 - 1) // 3)])
def test_offer_takes_units_within_bounds(desk, seller, units, price):
    assert desk.units_left(desk.offer(seller, units=units, price=price)) == units


@pytest.mark.parametrize("units", [0, 2**32])
def test_offer_reverts_when_the_units_are_out_of_range(desk, seller, units):
    with reverts_with("Offer_UnitsOutOfRange", units, 2**32 - 1):
        desk.offer(seller, units=units)


def test_offer_reverts_when_all_units_cost_too_much(desk, seller):
    most = (2**128 - 1) // 3
    with reverts_with("Offer_PriceOutOfRange", most + 1, most):
        desk.offer(seller, units=3, price=most + 1)


def test_offer_reverts_with_two_units_of_a_certificate(desk, seller, creation):
    with reverts_with("Offer_UnitsOutOfRange", 2, 1):
        desk.offer(seller, creation_id=creation, units=2)
    assert desk.units_left(desk.offer(seller, creation_id=creation, units=1)) == 1


@pytest.mark.parametrize(
    ("terms", "error", "seen"),
    [
        ({"ruling_seconds": DAY - 1}, "Offer_RulingWindowOutOfRange", (DAY - 1, DAY, 60 * DAY)),
        (
            {"ruling_seconds": 60 * DAY + 1},
            "Offer_RulingWindowOutOfRange",
            (60 * DAY + 1, DAY, 60 * DAY),
        ),
        ({"arbiter_fee_bps": 501}, "Offer_ArbiterFeeTooHigh", (501, 500)),
        ({"silent_seller_bps": 10_001}, "Offer_DefaultOutOfRange", (10_001, 10_000)),
    ],
)
def test_offer_reverts_when_the_arbitration_is_out_of_range(
    desk, seller, stranger, terms, error, seen
):
    with reverts_with(error, *seen):
        desk.offer(seller, arbiter=stranger, **terms)


@pytest.mark.parametrize(
    "terms",
    [
        {"ruling_seconds": DAY},
        {"ruling_seconds": 60 * DAY},
        {"arbiter_fee_bps": 0},
        {"arbiter_fee_bps": 500},
        {"silent_seller_bps": 0},
        {"silent_seller_bps": 10_000},
    ],
)
def test_offer_takes_arbitration_within_bounds(desk, seller, stranger, terms):
    assert desk.units_left(desk.offer(seller, arbiter=stranger, **terms)) == 1


@pytest.mark.parametrize(
    ("terms", "error", "seen"),
    [
        ({"ruling_seconds": 1}, "Offer_RulingWindowOutOfRange", (1, 0, 0)),
        ({"arbiter_fee_bps": 1}, "Offer_ArbiterFeeTooHigh", (1, 0)),
        ({"silent_seller_bps": 1}, "Offer_DefaultOutOfRange", (1, 0)),
    ],
)
def test_offer_reverts_with_arbitration_but_no_arbiter(desk, seller, terms, error, seen):
    with reverts_with(error, *seen):
        desk.offer(seller, **terms)


@pytest.mark.parametrize("parts", [(1, 99), (50, 50), (1,) * 11 + (89,)], ids=len)
def test_offer_takes_parts_that_make_a_hundred(desk, seller, parts):
    assert desk.units_left(desk.offer(seller, parts=parts)) == 1


@pytest.mark.parametrize(
    ("parts", "percents"),
    [
        ((100,), 0),
        ((50, 49), 99),
        ((50, 51), 101),
        ((50, 0, 50), 50),
        ((60, 40, 0), 100),
        ((8,) * 12 + (4,), 0),
    ],
)
def test_offer_reverts_when_the_parts_are_wrong(desk, seller, parts, percents):
    with reverts_with("Offer_PartsWrong", len(parts), percents):
        desk.offer(seller, parts=parts)


# Cancel


def test_cancel_closes_the_offer(market, desk, seller, buyer):
    offer = desk.offer(seller)
    tx = market.cancel(market.hashOffer(offer), {"from": seller})
    event = only_event(tx, "OfferCancelled")
    assert event == {"offerId": market.hashOffer(offer), "seller": seller}
    assert desk.units_left(offer) == 0
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        desk.fund(offer, buyer)


def test_cancel_reverts_for_anybody_else(market, desk, seller, stranger):
    offer = desk.offer(seller)
    with reverts_with("Document_NotOwn", stranger, seller):
        market.cancel(market.hashOffer(offer), {"from": stranger})


def test_cancel_reverts_when_never_published(market, seller):
    with reverts_with("Offer_NotOpen", b"\5" * 32):
        market.cancel(b"\5" * 32, {"from": seller})


def test_cancel_reverts_twice(market, desk, seller):
    offer = desk.offer(seller)
    market.cancel(market.hashOffer(offer), {"from": seller})
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        market.cancel(market.hashOffer(offer), {"from": seller})


def test_cancel_reverts_when_filled(market, desk, seller, buyer):
    offer = desk.offer(seller)
    desk.fund(offer, buyer)
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        market.cancel(market.hashOffer(offer), {"from": seller})


def test_a_cancelled_offer_stays_dead(market, desk, seller):
    offer = desk.offer(seller)
    market.cancel(market.hashOffer(offer), {"from": seller})
    with reverts_with("Nonce_Used", seller, offer.nonce):
        market.offer(offer, {"from": seller})
    desk.offer(seller)


def test_an_expired_offer_can_still_be_cancelled(market, desk, seller):
    offer = desk.offer(seller)
    chain.mine(timestamp=offer.expiry + DAY)
    market.cancel(market.hashOffer(offer), {"from": seller})
    assert desk.units_left(offer) == 0


def test_nobody_can_have_an_offer_of_the_zero_address(market, buyer):
    offer = make_offer(ZERO_ADDRESS, asset=COIN)
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        market.fund(offer, b"", 1, ZERO_ADDRESS, {"from": buyer, "value": offer.price})
