"""How documents stand with the chain: good, or refused with a sentence of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dokkaebi.chain import auction_house as auctions
from dokkaebi.chain import creation_market as sales
from dokkaebi.chain import escrow_market as escrow
from dokkaebi.chain.consents import Consent, sign_typed, typed_data
from dokkaebi.chain.creation_registry import approve_all_creations
from dokkaebi.chain.nonces import cancel_nonces
from dokkaebi.chain.standing import check_consent, problems_of, signer_of
from dokkaebi.chain.suite import COIN
from dokkaebi.chain.terms import Bid, Terms
from dokkaebi.chain.till import approve_token, sign_permit
from tests.dokkaebi.chain.conftest import HOUR, PRICE, Stall, refused
from tests.dokkaebi.chain.test_consents import AGREES, MUMBLES
from tests.dokkaebi.chain.test_escrow_market import disputed
from tests.dokkaebi.conftest import BUYER, CREATOR, DAY, STRANGER, address

# Who signs each kind of document here.
SIGNERS = {"offer": CREATOR, "delivery": CREATOR, "auction": CREATOR, "swap": CREATOR, "bid": BUYER}


def made(stall: Stall, kind: str) -> Terms:
    """Good terms of a kind."""
    suite, expiry = stall.suite, stall.soon()
    if kind == "delivery":
        work = stall.create(market=suite.escrow_market)
        return escrow.new_delivery(
            suite, address(CREATOR), PRICE, expiry=expiry, creation_id=work, nonce=3
        )
    if kind == "auction":
        work = stall.create(market=suite.auction_house)
        return auctions.new_auction(suite, address(CREATOR), work, PRICE, ends_at=expiry, nonce=3)
    work = stall.create(market=suite.creation_market)
    if kind == "offer":
        return sales.new_offer(suite, address(CREATOR), work, PRICE, expiry=expiry, nonce=3)
    if kind == "swap":
        wanted = stall.create(STRANGER, suite.creation_market)
        return sales.new_swap(suite, address(CREATOR), work, wanted, expiry=expiry, nonce=3)
    token = suite.token.address
    stall.market.give_tokens(BUYER, PRICE)
    stall.act(BUYER, approve_token(suite, token, suite.creation_market, PRICE))
    return sales.new_bid(
        suite, address(BUYER), PRICE, token, expiry=expiry, creation_id=work, nonce=3
    )


def good(stall: Stall, kind: str) -> Consent:
    consent = stall.sign(SIGNERS[kind], made(stall, kind))
    assert problems_of(stall.suite, consent) == []
    check_consent(stall.suite, consent)
    return consent


def again(stall: Stall, consent: Consent, **changes: Any) -> Consent:
    """The same document with other terms, signed anew."""
    return stall.sign(SIGNERS[consent.kind.name], consent.terms._replace(**changes))


def key_of(stall: Stall, consent: Consent) -> str:
    return refused(lambda: check_consent(stall.suite, consent))


@pytest.mark.parametrize("kind", SIGNERS)
def test_document_of_another_place_is_refused(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    assert key_of(stall, replace(consent, chain_id=1)) == "consent_chain_wrong"
    assert key_of(stall, replace(consent, market=address(BUYER))) == "consent_market_wrong"


@pytest.mark.parametrize("kind", SIGNERS)
def test_signature_of_somebody_else_is_refused(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    assert signer_of(stall.suite, consent) == consent.signer
    other = stall.sign(STRANGER, consent.terms)
    assert key_of(stall, other) == "consent_signature_wrong"
    short = replace(consent, signature=consent.signature[:63])
    assert key_of(stall, short) == "consent_signature_wrong"


def test_contract_may_be_the_signer(stall: Stall) -> None:
    suite = stall.suite
    for code, key in ((AGREES, "consent_owner_changed"), (MUMBLES, "consent_signature_wrong")):
        terms = made(stall, "offer")._replace(seller=stall.deploy(code))
        market = suite.creation_market.address
        data = typed_data(terms, suite.chain.chain_id, market)
        signature = sign_typed(stall.key(CREATOR), data)
        consent = Consent(terms, suite.chain.chain_id, market, signature)
        assert key_of(stall, consent) == key


@pytest.mark.parametrize("kind", SIGNERS)
def test_document_expires_after_its_last_second(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    expiry = consent.terms[list(consent.terms._fields).index(_expiry_of(kind))]
    stall.suite.chain.raw("evm_mine", [expiry])
    assert [p.key for p in problems_of(stall.suite, consent)] in ([], ["Expiry_OutOfRange"])
    stall.suite.chain.raw("evm_mine", [expiry + 1])
    assert key_of(stall, consent) == "consent_expired"


def _expiry_of(kind: str) -> str:
    return "ends_at" if kind == "auction" else "expiry"


@pytest.mark.parametrize("kind", SIGNERS)
def test_cancelled_document_is_refused(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    market = stall.suite.market(consent.kind.contract)
    stall.act(SIGNERS[kind], cancel_nonces(market, 0, 2))
    check_consent(stall.suite, consent)
    stall.act(SIGNERS[kind], cancel_nonces(market, 3, 3))
    assert key_of(stall, consent) == "consent_cancelled"


def use(stall: Stall, consent: Consent) -> None:
    suite, terms, signature = stall.suite, consent.terms, consent.signature
    calls: dict[str, Any] = {
        "offer": (BUYER, sales.buy),
        "delivery": (BUYER, escrow.fund),
        "swap": (STRANGER, sales.swap),
        "bid": (CREATOR, sales.accept_bid),
    }
    who, act = calls[consent.kind.name]
    more = {"permit": consent.permit} if consent.permit else {}
    stall.act(who, act(suite, terms, signature, **more))


@pytest.mark.parametrize("kind", ["offer", "delivery", "swap", "bid"])
def test_used_document_is_refused(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    use(stall, consent)
    assert key_of(stall, consent) == "consent_filled"


@pytest.mark.parametrize("kind", ["offer", "delivery", "swap", "bid"])
def test_number_used_by_another_document_is_told(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    other = good(stall, kind)
    use(stall, other)
    assert key_of(stall, consent) == "consent_nonce_spent"


def test_units_that_are_left_can_be_taken(stall: Stall) -> None:
    suite = stall.suite
    terms = escrow.new_delivery(
        suite, address(CREATOR), PRICE, expiry=stall.soon(), units=3, nonce=3
    )
    consent = stall.sign(CREATOR, terms)
    stall.act(BUYER, escrow.fund(suite, terms, consent.signature, 2))
    check_consent(suite, consent)
    stall.act(BUYER, escrow.fund(suite, terms, consent.signature, 1))
    assert key_of(stall, consent) == "consent_filled"


def test_delivery_that_was_published_as_well_is_told(stall: Stall) -> None:
    consent = good(stall, "delivery")
    stall.act(CREATOR, escrow.publish(stall.suite, consent.terms))  # type: ignore[arg-type]
    assert key_of(stall, consent) == "consent_published"
    stall.act(CREATOR, escrow.cancel(stall.suite, consent.id))
    assert key_of(stall, consent) == "consent_cancelled"


def test_auction_that_bids_moved_is_good_until_its_new_end(stall: Stall) -> None:
    suite = stall.suite
    consent = good(stall, "auction")
    auction: Any = consent.terms
    suite.chain.raw("evm_mine", [auction.ends_at - 10])
    stall.act(BUYER, auctions.bid(suite, auction, PRICE, consent.signature))
    suite.chain.raw("evm_mine", [auction.ends_at + 10])
    check_consent(suite, consent)
    deadline = auctions.auction_state(suite, consent.id).deadline
    suite.chain.raw("evm_mine", [deadline + 1])
    assert key_of(stall, consent) == "consent_expired"


def test_auction_that_was_opened_and_cancelled_is_told(stall: Stall) -> None:
    consent = good(stall, "auction")
    auction: Any = consent.terms
    stall.act(CREATOR, auctions.open_auction(stall.suite, auction))
    check_consent(stall.suite, consent)
    stall.act(CREATOR, auctions.cancel(stall.suite, auction))
    assert key_of(stall, consent) == "consent_cancelled"


def test_auction_goes_on_after_its_signature_was_used(stall: Stall) -> None:
    suite = stall.suite
    consent = good(stall, "auction")
    auction: Any = consent.terms
    stall.act(BUYER, auctions.bid(suite, auction, PRICE, consent.signature))
    check_consent(suite, consent)
    stall.pass_seconds(2 * HOUR)
    stall.act(BUYER, auctions.settle(suite, auction))
    assert "consent_filled" in [p.key for p in problems_of(suite, consent)]


@pytest.mark.parametrize("kind", SIGNERS)
def test_creation_that_moved_kills_the_document(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    terms: Any = consent.terms
    work = terms.given_id if kind == "swap" else terms.creation_id
    registry = stall.suite.registry
    for giver, taker in ((CREATOR, STRANGER), (STRANGER, CREATOR)):
        call = registry.prepare("transferFrom", address(giver), address(taker), work)
        stall.act(giver, call)
        assert key_of(stall, consent) == "consent_moved"


def test_wanted_creation_that_moved_kills_the_swap(stall: Stall) -> None:
    consent = good(stall, "swap")
    terms: Any = consent.terms
    call = stall.suite.registry.prepare(
        "transferFrom", address(STRANGER), address(BUYER), terms.wanted_id
    )
    stall.act(STRANGER, call)
    assert key_of(stall, consent) == "consent_moved"


def test_creation_of_somebody_else_is_told(stall: Stall) -> None:
    consent = good(stall, "offer")
    work = stall.create(STRANGER)
    assert key_of(stall, again(stall, consent, creation_id=work)) == "consent_owner_changed"


@pytest.mark.parametrize("kind", ["offer", "delivery", "auction"])
def test_burnt_creation_is_told(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    terms: Any = consent.terms
    stall.act(CREATOR, stall.suite.registry.prepare("burn", terms.creation_id))
    assert key_of(stall, consent) == "consent_creation_gone"


@pytest.mark.parametrize("kind", ["offer", "delivery", "auction", "swap"])
def test_seller_who_took_the_approval_back_is_told(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    market = stall.suite.market(consent.kind.contract)
    stall.act(CREATOR, approve_all_creations(stall.suite, market, approved=False))
    assert key_of(stall, consent) == "consent_unapproved"


def test_falling_price_that_has_not_started_is_told(stall: Stall) -> None:
    terms = made(stall, "offer")._replace(start=stall.soon(600), end_price=1)
    consent = stall.sign(CREATOR, terms)
    assert key_of(stall, consent) == "consent_not_started"
    stall.suite.chain.raw("evm_mine", [terms.start])  # type: ignore[union-attr]
    check_consent(stall.suite, consent)


@pytest.mark.parametrize(
    ("kind", "changes", "key"),
    [
        ("offer", {"price": 0}, "Price_OutOfRange"),
        ("offer", {"referral_bps": 5_001}, "Offer_ReferralTooHigh"),
        ("offer", {"end_price": 1}, "Offer_FallWrong"),
        ("delivery", {"parts": (100,)}, "Offer_PartsWrong"),
        ("delivery", {"ship_seconds": 1}, "Offer_ShipWindowOutOfRange"),
        ("auction", {"step_bps": 0}, "Auction_StepOutOfRange"),
        ("bid", {"asset": COIN}, "Bid_TermsWrong"),
        ("bid", {"price": 0}, "Price_OutOfRange"),
        ("bid", {"creator": address(CREATOR)}, "Bid_TermsWrong"),
    ],
)
def test_terms_that_the_market_refuses_are_told(
    stall: Stall, kind: str, changes: dict[str, Any], key: str
) -> None:
    consent = good(stall, kind)
    assert key_of(stall, again(stall, consent, **changes)) == key


@pytest.mark.parametrize("kind", SIGNERS)
def test_document_that_is_open_too_long_is_told(stall: Stall, kind: str) -> None:
    consent = good(stall, kind)
    longest = again(stall, consent, **{_expiry_of(kind): stall.soon(364 * DAY)})
    check_consent(stall.suite, longest)
    longer = again(stall, consent, **{_expiry_of(kind): stall.soon(366 * DAY)})
    assert key_of(stall, longer) == "Expiry_OutOfRange"


def test_bidder_must_be_able_to_pay(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    consent = good(stall, "bid")
    bid: Any = consent.terms
    assert key_of(stall, again(stall, consent, price=PRICE + 1)) == "consent_bidder_poor"
    stall.act(BUYER, approve_token(suite, bid.asset, market, PRICE - 1))
    assert key_of(stall, consent) == "consent_bidder_unapproved"
    permit = sign_permit(suite, stall.key(BUYER), bid.asset, market, PRICE, stall.soon())
    permitted = replace(consent, permit=permit)
    check_consent(suite, permitted)
    key, soon = stall.key(BUYER), stall.soon()
    for wrong in (
        sign_permit(suite, key, bid.asset, market, PRICE - 1, soon),
        sign_permit(suite, key, bid.asset, suite.escrow_market, PRICE, soon),
        sign_permit(suite, stall.key(STRANGER), bid.asset, market, PRICE, soon),
        sign_permit(suite, key, bid.asset, market, PRICE, stall.soon(-1)),
    ):
        assert key_of(stall, replace(consent, permit=wrong)) == "consent_bidder_unapproved"
    stall.act(BUYER, approve_token(suite, bid.asset, market, 0))
    use(stall, permitted)


def test_bid_for_any_work_is_bound_to_none(stall: Stall) -> None:
    consent = good(stall, "bid")
    any_work = again(stall, consent, creation_id=0, creator=address(CREATOR))
    assert isinstance(any_work.terms, Bid)
    check_consent(stall.suite, any_work)


def test_settlement_is_good_while_its_trade_is_at_its_part(stall: Stall) -> None:
    suite = stall.suite
    trade = disputed(stall, parts=(50, 50))
    settlement = escrow.new_settlement(suite, trade, 5_000, stall.soon())
    for key in (BUYER, CREATOR):
        consent = stall.sign(key, settlement)
        check_consent(suite, consent)
        assert signer_of(suite, consent) == address(key)
    assert key_of(stall, stall.sign(STRANGER, settlement)) == "consent_signature_wrong"
    stall.act(BUYER, escrow.confirm(suite, trade.terms))
    assert key_of(stall, consent) == "consent_part_done"
    stall.act(CREATOR, escrow.refund(suite, trade.terms))
    assert key_of(stall, consent) == "consent_trade_over"
    unknown = settlement._replace(trade_id=bytes(32))
    assert key_of(stall, stall.sign(BUYER, unknown)) == "trade_unknown"


def test_every_problem_is_told(stall: Stall) -> None:
    consent = good(stall, "offer")
    stall.act(CREATOR, cancel_nonces(stall.suite.creation_market, 0, 9))
    stall.pass_seconds(2 * HOUR)
    keys = [problem.key for problem in problems_of(stall.suite, consent)]
    assert keys == ["consent_expired", "consent_cancelled"]
