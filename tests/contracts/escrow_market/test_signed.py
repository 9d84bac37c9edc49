"""Offers that their seller only signed, their units, and the nonces that they use."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    DAY,
    TRADE_FUNDED,
    make_offer,
    make_trade,
    offer_id,
    reverts_with,
    sign,
    sign_permit,
    sleep_to,
    trade_id,
)

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def signed(market, desk, seller):
    """An offer that nobody published, and the seller's signature."""

    def signed(**terms):
        offer = desk.draft(seller, **terms)
        return offer, sign(offer_id(market, offer), seller)

    return signed


def test_a_signed_offer_is_funded(market, desk, money, signed, buyer):
    offer, signature = signed(asset=money.address)
    before = money.of(market)
    trade, _ = desk.fund(offer, buyer, signature=signature)
    assert trade_id(trade) == trade_id(make_trade(market, offer, buyer))
    assert desk.state(trade) == TRADE_FUNDED
    assert money.of(market) - before == PRICE


def test_a_signed_offer_is_funded_once(desk, signed, seller, buyer, stranger):
    offer, signature = signed()
    desk.fund(offer, buyer, signature=signature)
    with reverts_with("Nonce_Used", seller, offer.nonce):
        desk.fund(offer, stranger, signature=signature)


@pytest.mark.parametrize(("units", "taken"), [(1, 0), (2, 1)])
def test_units_are_counted_if_there_is_more_than_one(market, desk, signed, buyer, units, taken):
    """The nonce says it of a single one."""
    offer, signature = signed(units=units)
    desk.fund(offer, buyer, signature=signature)
    assert market.unitsTaken(offer_id(market, offer)) == taken


def test_fund_reverts_when_somebody_else_signed(market, desk, seller, buyer, stranger):
    offer = desk.draft(seller)
    digest = offer_id(market, offer)
    for forger in (buyer, stranger):
        with reverts_with("Signature_Wrong", seller, digest):
            desk.fund(offer, buyer, signature=sign(digest, forger))


def test_fund_reverts_when_a_signed_term_was_altered(market, desk, signed, seller, buyer):
    offer, signature = signed()
    cheap = offer._replace(price=1)
    with reverts_with("Signature_Wrong", seller, offer_id(market, cheap)):
        desk.fund(cheap, buyer, signature=signature)


def test_fund_reverts_when_signed_for_another_market(
    EscrowMarket, market, registry, treasury, desk, seller, buyer
):
    twin = EscrowMarket.deploy(registry, treasury, 100, {"from": seller})
    offer = desk.draft(seller)
    with reverts_with("Signature_Wrong", seller, offer_id(market, offer)):
        desk.fund(offer, buyer, signature=sign(offer_id(twin, offer), seller))


def test_a_request_signed_as_offer_is_none(market, desk, seller, buyer):
    """The names of the structs differ, so no signature means both."""
    offer = desk.draft(seller)
    with reverts_with("Signature_Wrong", seller, offer_id(market, offer)):
        desk.fund(offer, buyer, signature=sign(bytes(market.hashRequest(offer)), seller))


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_signed_offer_is_good_to_its_last_second(desk, signed, buyer, seconds):
    offer, signature = signed()
    sleep_to(chain, offer.expiry + seconds)
    trade, tx = desk.fund(offer, buyer, signature=signature)
    assert tx.timestamp == offer.expiry + seconds
    assert desk.state(trade) == TRADE_FUNDED


def test_fund_reverts_after_the_last_second(market, desk, signed, buyer):
    offer, signature = signed()
    sleep_to(chain, offer.expiry + 1)
    with reverts_with("Document_Expired", offer_id(market, offer), offer.expiry, offer.expiry + 1):
        desk.fund(offer, buyer, signature=signature)


@pytest.mark.parametrize(
    ("terms", "error", "seen"),
    [
        ({"price": 0}, "Offer_PriceOutOfRange", (0, 2**128 - 1)),
        ({"units": 0}, "Offer_UnitsOutOfRange", (0, 2**32 - 1)),
        ({"referral_bps": 5_001}, "Offer_ReferralTooHigh", (5_001, 5_000)),
        ({"parts": (50, 49)}, "Offer_PartsWrong", (2, 99)),
    ],
)
def test_signed_terms_are_checked_like_published_ones(desk, signed, buyer, terms, error, seen):
    offer, signature = signed(**terms)
    with reverts_with(error, *seen):
        desk.fund(offer, buyer, signature=signature)


def test_a_signed_offer_dies_with_the_tenure(
    desk, registry, signed, seller, stranger, buyer, creation
):
    offer, signature = signed(creation_id=creation)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    with reverts_with("Creation_Moved", creation, 3, 1):
        desk.fund(offer, buyer, signature=signature)


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_signed_offer_is_open_no_longer_than_any(desk, signed, buyer, seconds):
    now = chain.time() + 100
    offer, signature = signed(expiry=now + 365 * DAY + seconds)
    sleep_to(chain, now)
    if seconds == 0:
        desk.fund(offer, buyer, signature=signature)
    else:
        with reverts_with("Expiry_OutOfRange", offer.expiry, now, now + 365 * DAY):
            desk.fund(offer, buyer, signature=signature)


def test_a_compact_signature_counts_and_its_twin_doesnt(market, desk, signed, seller, buyer):
    """ERC-2098; and the other `s` that the curve allows for the same key."""
    offer, signature = signed()
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    twin = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    with reverts_with("Signature_Wrong", seller, offer_id(market, offer)):
        desk.fund(offer, buyer, signature=twin)
    compact = r + (s | (v - 27) << 255).to_bytes(32, "big")
    desk.fund(offer, buyer, signature=compact)


def test_a_contract_signs(market, desk, MockSigner, seller, buyer):
    """ERC-1271."""
    wallet = MockSigner.deploy({"from": seller})
    offer = desk.draft(wallet)
    digest = offer_id(market, offer)
    with reverts_with("Signature_Wrong", wallet, digest):
        desk.fund(offer, buyer, signature=b"not yet")
    wallet.sign(digest, b"whatever it says")
    trade, _ = desk.fund(offer, buyer, signature=b"whatever it says")
    assert trade.seller == wallet


@pytest.mark.parametrize("answer", [1, 2, 3, 4], ids=["wrong", "revert", "burn", "bomb"])
def test_fund_reverts_when_a_contract_answers_oddly(
    market, desk, MockSigner, seller, buyer, answer
):
    wallet = MockSigner.deploy({"from": seller})
    offer = desk.draft(wallet)
    digest = offer_id(market, offer)
    wallet.sign(digest, b"signed")
    wallet.setAnswer(answer)
    with reverts_with("Signature_Wrong", wallet, digest):
        value = desk.value(offer)
        terms = {"from": buyer, "value": value, "gas_limit": 3_000_000}
        market.fund(offer, b"signed", 1, ZERO_ADDRESS, terms)


# Nonces


@pytest.mark.parametrize(("first", "last"), [(1, 0), (0, 65_536), (5, 65_541)])
def test_cancel_nonces_reverts_when_out_of_range(market, seller, first, last):
    with reverts_with("Nonces_OutOfRange", first, last, 65_536):
        market.cancelNonces(first, last, {"from": seller})


def test_cancel_nonces_keeps_to_its_bounds(market, seller):
    market.cancelNonces(10_250, 10_770, {"from": seller})
    used = [market.nonceUsed(seller, n) for n in (10_249, 10_250, 10_500, 10_770, 10_771)]
    assert used == [False, True, True, True, False]


def test_cancelled_nonces_kill_signed_offers(market, desk, signed, seller, buyer):
    offer, signature = signed()
    other, other_signature = signed(nonce=offer.nonce + 1)
    market.cancelNonces(offer.nonce, offer.nonce, {"from": seller})
    with reverts_with("Nonce_Used", seller, offer.nonce):
        desk.fund(offer, buyer, signature=signature)
    desk.fund(other, buyer, signature=other_signature)


def test_anothers_cancelling_kills_nothing(market, desk, signed, stranger, buyer):
    offer, signature = signed()
    market.cancelNonces(0, offer.nonce, {"from": stranger})
    desk.fund(offer, buyer, signature=signature)


def test_two_offers_of_one_nonce_are_alternatives(desk, signed, seller, buyer):
    first, first_signature = signed()
    second, second_signature = signed(nonce=first.nonce, price=PRICE * 2)
    desk.fund(second, buyer, signature=second_signature)
    with reverts_with("Nonce_Used", seller, first.nonce):
        desk.fund(first, buyer, signature=first_signature)


def test_a_published_offer_uses_the_nonce_of_a_signed_one(market, desk, signed, seller, buyer):
    offer, signature = signed()
    market.offer(offer, {"from": seller})
    with reverts_with("Nonce_Used", seller, offer.nonce):
        desk.fund(offer, buyer, signature=signature)
    desk.fund(offer, buyer)


# Reserved


def test_a_reserved_offer_is_for_its_buyer(desk, seller, buyer, stranger):
    offer = desk.offer(seller, buyer=buyer)
    with reverts_with("Document_Reserved", stranger, buyer):
        desk.fund(offer, stranger)
    desk.fund(offer, buyer)


# Units


@pytest.mark.parametrize("how", ["published", "signed"])
def test_units_are_sold_until_none_is_left(market, desk, money, seller, buyer, signed, how):
    offer, signature = signed(units=3, asset=money.address)
    if how == "published":
        market.offer(offer, {"from": seller})
        signature = b""
    before = money.of(market)
    first, _ = desk.fund(offer, buyer, units=1, signature=signature)
    with reverts_with("Offer_UnitsWrong", offer_id(market, offer), 3, 2):
        desk.fund(offer, buyer, units=3, signature=signature)
    with reverts_with("Offer_UnitsWrong", offer_id(market, offer), 0, 2):
        desk.fund(offer, buyer, units=0, signature=signature)
    second, _ = desk.fund(offer, buyer, units=2, signature=signature)
    assert trade_id(first) == trade_id(make_trade(market, offer, buyer, units=1))
    assert trade_id(second) == trade_id(make_trade(market, offer, buyer, units=2, serial=1))
    assert money.of(market) - before == 3 * PRICE
    if how == "published":
        with reverts_with("Offer_NotOpen", offer_id(market, offer)):
            desk.fund(offer, buyer, units=1)
    else:
        with reverts_with("Offer_UnitsWrong", offer_id(market, offer), 1, 0):
            desk.fund(offer, buyer, units=1, signature=signature)


def test_publishing_leaves_the_units_that_were_signed_away(market, desk, seller, buyer, signed):
    offer, signature = signed(units=5)
    desk.fund(offer, buyer, units=2, signature=signature)
    market.offer(offer, {"from": seller})
    assert desk.units_left(offer) == 3
    with reverts_with("Nonce_Used", seller, offer.nonce):
        desk.fund(offer, buyer, units=1, signature=signature)


# Permits


def test_fund_with_permit_takes_what_the_allowance_gives(market, desk, dkb, seller, buyer):
    """A permit that fails says nothing: somebody may have used it first."""
    offer = desk.offer(seller, asset=dkb.address)
    before = dkb.of(market)
    market.fundWithPermit(offer, b"", 1, ZERO_ADDRESS, bytes(160), {"from": buyer})
    assert dkb.of(market) - before == PRICE


@pytest.fixture
def permitted(market, desk, token, seller, buyer):
    """An offer in tokens that the buyer didn't approve, and a permit."""
    token.approve(market, 0, {"from": buyer})
    return desk.offer(seller, asset=token.address), sign_permit(token, buyer, market, PRICE)


def test_a_permit_replaces_the_approval(market, desk, dkb, permitted, buyer):
    offer, permit = permitted
    with reverts_with("TransferFromFailed"):
        desk.fund(offer, buyer)
    before = dkb.of(market)
    market.fundWithPermit(offer, b"", 1, ZERO_ADDRESS, permit, {"from": buyer})
    assert dkb.of(market) - before == PRICE
    assert dkb.contract.allowance(buyer, market) == 0


def test_a_front_run_permit_does_no_harm(market, dkb, permitted, buyer, stranger):
    offer, permit = permitted
    value, deadline, v = (int.from_bytes(permit[i : i + 32], "big") for i in (0, 32, 64))
    words = (value, deadline, v, permit[96:128], permit[128:])
    dkb.contract.permit(buyer, market, *words, {"from": stranger})
    before = dkb.of(market)
    market.fundWithPermit(offer, b"", 1, ZERO_ADDRESS, permit, {"from": buyer})
    assert dkb.of(market) - before == PRICE


def test_fund_reverts_when_a_stranger_signed_the_permit(market, token, permitted, buyer, stranger):
    offer, _ = permitted
    forged = sign_permit(token, buyer, market, PRICE, signer=stranger)
    with reverts_with("TransferFromFailed"):
        market.fundWithPermit(offer, b"", 1, ZERO_ADDRESS, forged, {"from": buyer})


def test_a_request_is_paid_with_a_permit(market, dkb, token, permitted, buyer):
    _, permit = permitted
    request = make_offer(ZERO_ADDRESS, buyer=buyer, asset=token.address, price=PRICE)
    before = dkb.of(market)
    market.request(request, permit, {"from": buyer})
    assert dkb.of(market) - before == PRICE


@pytest.mark.parametrize("length", [1, 159, 161])
def test_fund_with_permit_reverts_when_the_permit_is_malformed(
    market, desk, dkb, seller, buyer, length
):
    offer = desk.offer(seller, asset=dkb.address)
    with reverts_with("Permit_Malformed", length, 160):
        market.fundWithPermit(offer, b"", 1, ZERO_ADDRESS, bytes(length), {"from": buyer})
