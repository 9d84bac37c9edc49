"""Sales, bids and swaps through the chain room alone."""

from __future__ import annotations

import pytest

from dokkaebi.chain import creation_market as sales
from dokkaebi.chain.consents import id_of
from dokkaebi.chain.creation_registry import (
    approve_creation,
    creation,
    may_move,
    owner,
    partners,
    register_together,
    royalty_bps,
    tenure,
    tenure_if_owned,
)
from dokkaebi.chain.documents import creation_id
from dokkaebi.chain.lookup import happenings
from dokkaebi.chain.suite import COIN
from dokkaebi.chain.terms import Partner, Work
from dokkaebi.chain.till import approve_token, credits_of, purse, sign_permit, withdraw_for
from tests.dokkaebi.chain.conftest import HOUR, PRICE, Stall, refused
from tests.dokkaebi.conftest import BUYER, CREATOR, REFERRER, STRANGER, address


def test_published_offer_is_found_bought_and_told(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create(market=suite.creation_market)
    offer = sales.new_offer(
        suite, address(CREATOR), work, PRICE, expiry=stall.soon(), referral_bps=200
    )
    stall.act(CREATOR, sales.publish(suite, offer))
    offer_id = id_of(suite, offer)
    found = sales.find_offer(suite, offer_id[:10])
    assert (found.id, found.terms) == (offer_id, offer)
    assert [f.id for f in sales.offers_of_creation(suite, work)] == [offer_id]
    assert sales.is_open(suite, offer_id)
    split = sales.split_of(suite, offer, address(REFERRER))
    assert split == (PRICE * 97 // 100, 0, PRICE * 2 // 100, PRICE // 100)
    stall.act(BUYER, sales.buy(suite, found.terms, referrer=address(REFERRER)))
    assert owner(suite, work) == address(BUYER)
    assert tenure(suite, work) == 1
    assert not sales.is_open(suite, offer_id)
    assert [h.event for h in happenings(suite, offer_id)] == ["OfferPublished", "SaleSettled"]


def test_offer_is_cancelled(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create()
    offer = sales.new_offer(suite, address(CREATOR), work, PRICE, expiry=stall.soon())
    stall.act(CREATOR, sales.publish(suite, offer))
    stall.act(CREATOR, sales.cancel(suite, id_of(suite, offer)))
    assert refused(lambda: stall.act(BUYER, sales.buy(suite, offer))) == "Offer_NotOpen"


def test_offers_of_the_same_goods_stay_two(stall: Stall) -> None:
    work = stall.create()
    made = [
        sales.new_offer(stall.suite, address(CREATOR), work, PRICE, expiry=stall.soon())
        for _ in range(2)
    ]
    assert made[0] != made[1]


def test_only_what_one_owns_is_offered(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create()
    act = lambda who, what: tenure_if_owned(suite, what, who)  # noqa: E731
    assert act(address(CREATOR), work) == 0
    assert refused(lambda: act(address(BUYER), work)) == "creation_not_yours"
    assert refused(lambda: act(address(BUYER), work + 1)) == "creation_unknown"
    stall.act(CREATOR, suite.registry.prepare("burn", work))
    assert refused(lambda: act(address(CREATOR), work)) == "creation_burnt"
    assert creation(suite, work) is not None
    assert creation(suite, work + 1) is None


def test_falling_price_is_asked_of_the_chain(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create(market=suite.creation_market)
    start, expiry = stall.soon(HOUR), stall.soon(3 * HOUR)
    offer = sales.new_offer(
        suite, address(CREATOR), work, PRICE, expiry=expiry, start=start, end_price=PRICE // 2
    )
    consent = stall.sign(CREATOR, offer)
    assert sales.price_of(suite, offer) == PRICE
    assert (
        refused(lambda: stall.act(BUYER, sales.buy(suite, offer, consent.signature)))
        == "Offer_NotStarted"
    )
    stall.pass_seconds(2 * HOUR)
    price = sales.price_of(suite, offer)
    assert PRICE // 2 < price < PRICE
    stall.act(BUYER, sales.buy(suite, offer, consent.signature))
    assert owner(suite, work) == address(BUYER)


def test_several_offers_are_bought_at_once(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    works = [stall.create(market=market) for _ in range(3)]
    offers = [
        sales.new_offer(suite, address(CREATOR), work, PRICE, expiry=stall.soon(), nonce=number)
        for number, work in enumerate(works)
    ]
    signed = [(offer, stall.sign(CREATOR, offer).signature) for offer in offers[:2]]
    stall.act(CREATOR, sales.publish(suite, offers[2]))
    call = sales.buy_many(suite, [*signed, (offers[2], b"")])
    assert call.value == 3 * PRICE
    stall.act(BUYER, call)
    assert {owner(suite, work) for work in works} == {address(BUYER)}


def test_tokens_are_paid_with_an_approval_or_a_permit(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    stall.market.give_tokens(BUYER, 2 * PRICE)
    token = suite.token.address
    works = [stall.create(market=market) for _ in range(2)]
    offers = [
        sales.new_offer(
            suite, address(CREATOR), work, PRICE, expiry=stall.soon(), asset=token, nonce=number
        )
        for number, work in enumerate(works)
    ]
    first, second = (stall.sign(CREATOR, offer) for offer in offers)
    stall.act(BUYER, approve_token(suite, token, market, PRICE))
    assert purse(suite, token, address(BUYER), market) == (2 * PRICE, PRICE)
    call = sales.buy(suite, offers[0], first.signature)
    assert call.value == 0
    stall.act(BUYER, call)
    assert purse(suite, token, address(BUYER), market) == (PRICE, 0)
    permit = sign_permit(suite, stall.key(BUYER), token, market, PRICE, stall.soon())
    assert permit is not None
    stall.act(BUYER, sales.buy(suite, offers[1], second.signature, permit=permit))
    assert owner(suite, works[1]) == address(BUYER)


def test_what_knows_no_permits_gives_none(stall: Stall) -> None:
    suite = stall.suite
    for asset in (suite.registry.address, address(BUYER)):
        permit = sign_permit(
            suite, stall.key(BUYER), asset, suite.creation_market, PRICE, stall.soon()
        )
        assert permit is None


def test_bid_for_one_creation_is_accepted_with_its_permit(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    work = stall.create(market=market)
    stall.market.give_tokens(BUYER, PRICE)
    token = suite.token.address
    bid = sales.new_bid(suite, address(BUYER), PRICE, token, expiry=stall.soon(), creation_id=work)
    permit = sign_permit(suite, stall.key(BUYER), token, market, PRICE, stall.soon())
    consent = stall.sign(BUYER, bid, permit)
    stall.act(CREATOR, sales.accept_bid(suite, bid, consent.signature, permit=consent.permit))
    assert owner(suite, work) == address(BUYER)
    assert [h.event for h in happenings(suite, consent.id)] == ["BidAccepted", "SaleSettled"]


def test_bid_for_any_work_takes_the_one_given(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    work = stall.create(market=market)
    stall.market.give_tokens(BUYER, PRICE)
    stall.act(BUYER, approve_token(suite, suite.token.address, market, PRICE))
    bid = sales.new_bid(
        suite,
        address(BUYER),
        PRICE,
        suite.token.address,
        expiry=stall.soon(),
        creation_id=work,
        creator=address(CREATOR),
    )
    assert (bid.creation_id, bid.tenure) == (0, 0)
    signature = stall.sign(BUYER, bid).signature
    stall.act(CREATOR, sales.accept_bid(suite, bid, signature, work))
    assert owner(suite, work) == address(BUYER)


def test_two_creations_change_hands(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    given = stall.create(CREATOR, market)
    wanted = stall.create(STRANGER, market)
    swap = sales.new_swap(suite, address(CREATOR), given, wanted, expiry=stall.soon())
    consent = stall.sign(CREATOR, swap)
    stall.act(STRANGER, sales.swap(suite, swap, consent.signature))
    assert owner(suite, given) == address(STRANGER)
    assert owner(suite, wanted) == address(CREATOR)


def test_credit_waits_in_its_market(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    work = stall.create(market=market)
    offer = sales.new_offer(suite, address(CREATOR), work, PRICE, expiry=stall.soon())
    stall.act(BUYER, sales.buy(suite, offer, stall.sign(CREATOR, offer).signature))
    place = suite.pool.call("PURSE")
    assert credits_of(suite, place) == [(market, COIN, PRICE // 100)]
    assert credits_of(suite, address(CREATOR)) == []
    stall.act(STRANGER, withdraw_for(market, COIN, place))
    assert credits_of(suite, place) == []
    assert suite.chain.balance(place) == PRICE // 100


def test_one_creation_is_approved_for_one_market(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create()
    holder = address(CREATOR)
    assert not may_move(suite, suite.creation_market, work, holder)
    stall.act(CREATOR, approve_creation(suite, suite.creation_market, work))
    assert may_move(suite, suite.creation_market, work, holder)
    assert not may_move(suite, suite.auction_house, work, holder)


def test_works_made_together_name_everybody(stall: Stall) -> None:
    suite = stall.suite
    work = Work(bytes(31) + b"\1", 200, 500, bytes(32), ())
    others = [Partner(address(key), 2_000) for key in (BUYER, STRANGER)]
    for order in (others, others[::-1]):
        call = register_together(suite, work, order)
        assert call == register_together(suite, work, others)
    stall.act(CREATOR, call)
    made = creation_id(work.document_digest, 200, address(CREATOR))
    assert set(partners(suite, made)) == set(others)


def test_other_collections_are_asked_politely(stall: Stall) -> None:
    suite = stall.suite
    for nothing in (suite.token.address, address(BUYER)):
        assert owner(suite, 1, nothing) is None
        assert royalty_bps(suite, 1, nothing) == 0
        assert tenure(suite, 1, nothing) == 0
    assert royalty_bps(suite, 1, suite.registry.address) == 0
    # Says 9,999 basis points to everybody, whoever is asked for: a receiver and an amount.
    greedy = stall.deploy("61270f60205260205f5260405ff3")
    assert royalty_bps(suite, 1, greedy) == suite.creation_market.call("ROYALTY_BPS_MAX") == 1_000


@pytest.mark.parametrize("seen", ["0x12", "12345678", "0x" + "g" * 64, "0x" + "1" * 65])
def test_what_is_no_id_is_refused(stall: Stall, seen: str) -> None:
    assert refused(lambda: sales.find_offer(stall.suite, seen)) == "id_wrong"


def test_unknown_offer_is_refused(stall: Stall) -> None:
    assert refused(lambda: sales.find_offer(stall.suite, "0x123456")) == "offer_unknown"
    assert not sales.is_open(stall.suite, "0x" + "1" * 64)
