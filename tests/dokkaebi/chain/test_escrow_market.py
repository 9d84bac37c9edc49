"""Deliveries, requests, disputes and settlements through the chain room alone."""

from __future__ import annotations

from typing import Any

import pytest

from dokkaebi.chain import arbitration_desk as desks
from dokkaebi.chain import escrow_market as escrow
from dokkaebi.chain.consents import id_of
from dokkaebi.chain.lookup import happenings
from dokkaebi.chain.suite import COIN, Call
from dokkaebi.chain.terms import (
    NOBODY,
    REASONS,
    TRADE_DISPUTED,
    TRADE_FUNDED,
    TRADE_NONE,
    TRADE_SHIPPED,
    Found,
    Trade,
    TradeTerms,
)
from dokkaebi.chain.till import approve_token, credits_of, sign_permit, withdraw_for
from dokkaebi.deploy import deploy_desk
from tests.dokkaebi.chain.conftest import PRICE, Stall, refused
from tests.dokkaebi.conftest import BUYER, CREATOR, DAY, REFERRER, STRANGER, address

ARBITER = STRANGER
EVIDENCE = bytes(range(32))


def funded(stall: Stall, units: int = 1, **terms: Any) -> Found[Trade]:
    """A trade of CREATOR and BUYER, whose offer was signed."""
    suite = stall.suite
    delivery = escrow.new_delivery(
        suite, address(CREATOR), PRICE, expiry=stall.soon(), units=units, **terms
    )
    consent = stall.sign(CREATOR, delivery)
    receipt = stall.act(BUYER, escrow.fund(suite, delivery, consent.signature, units))
    return escrow.funded_trade(suite, receipt["logs"])


def state_of(stall: Stall, trade: Found[Trade]) -> int:
    return escrow.trade_state(stall.suite, trade.id).state


def last_reason(stall: Stall, trade: Found[Trade]) -> str:
    told = [h for h in happenings(stall.suite, trade.id) if "reason" in h.values]
    return REASONS[told[-1].values["reason"]]


def test_published_offer_is_found_funded_in_parts_and_told(stall: Stall) -> None:
    suite = stall.suite
    delivery = escrow.new_delivery(
        suite, address(CREATOR), PRICE, expiry=stall.soon(), units=5, parts=(40, 60)
    )
    stall.act(CREATOR, escrow.publish(suite, delivery))
    offer_id = id_of(suite, delivery)
    assert escrow.find_offer(suite, offer_id[:12]).terms == delivery
    assert escrow.opened(suite, offer_id) == (address(CREATOR), 5)
    assert escrow.split_of(suite, delivery) == (PRICE * 99 // 100, 0, 0, PRICE // 100)
    trades = []
    for units in (2, 3):
        receipt = stall.act(BUYER, escrow.fund(suite, delivery, units=units))
        trades.append(escrow.funded_trade(suite, receipt["logs"]))
    assert escrow.trades_of_offer(suite, offer_id) == trades
    assert escrow.find_trade(suite, trades[0].id) == trades[0]
    assert escrow.opened(suite, offer_id) == (NOBODY, 0)
    seen = trades[1].terms
    assert seen.unpacked == TradeTerms(7 * DAY, 7 * DAY, 0, 0, 0, 0, 2, (40, 60))
    assert (seen.amount, seen.worths) == (3 * PRICE, [PRICE * 6 // 5, PRICE * 9 // 5])
    assert trades[1].values["units"] == 3
    for part in (0, 1):
        assert escrow.trade_state(suite, trades[1].id).part == part
        stall.act(CREATOR, escrow.ship(suite, seen, EVIDENCE))
        stall.act(BUYER, escrow.confirm(suite, seen))
    events = [h.event for h in happenings(suite, trades[1].id)]
    assert events == [
        "EscrowFunded", "EscrowShipped", "PartReleased", "EscrowShipped", "EscrowReleased",
    ]  # fmt: skip
    assert state_of(stall, trades[1]) == TRADE_NONE


def test_offer_is_cancelled(stall: Stall) -> None:
    suite = stall.suite
    delivery = escrow.new_delivery(suite, address(CREATOR), PRICE, expiry=stall.soon())
    stall.act(CREATOR, escrow.publish(suite, delivery))
    stall.act(CREATOR, escrow.cancel(suite, id_of(suite, delivery)))
    assert refused(lambda: stall.act(BUYER, escrow.fund(suite, delivery))) == "Offer_NotOpen"


def test_units_of_a_signed_offer_are_counted(stall: Stall) -> None:
    suite = stall.suite
    delivery = escrow.new_delivery(
        suite, address(CREATOR), PRICE, expiry=stall.soon(), units=3, nonce=9
    )
    consent = stall.sign(CREATOR, delivery)
    assert escrow.units_left(suite, delivery, consent.id) == 3
    stall.act(BUYER, escrow.fund(suite, delivery, consent.signature, 2))
    assert escrow.units_left(suite, delivery, consent.id) == 1


def test_certificate_comes_along(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create(market=suite.escrow_market)
    trade = funded(stall, creation_id=work)
    assert trade.terms.creation_id == work
    delivery = escrow.new_delivery(suite, address(BUYER), PRICE, expiry=stall.soon(), creation_id=0)
    assert delivery.tenure == 0
    stall.act(CREATOR, escrow.refund(suite, trade.terms))
    again = escrow.new_delivery(
        suite, address(CREATOR), PRICE, expiry=stall.soon(), creation_id=work
    )
    assert again.tenure == 2
    stall.act(CREATOR, escrow.publish(suite, again))
    assert [f.terms for f in escrow.offers_of_creation(suite, work)] == [again]


def test_nobodys_arbitration_has_no_terms(stall: Stall) -> None:
    suite = stall.suite
    plain = escrow.new_delivery(suite, address(CREATOR), PRICE, expiry=stall.soon())
    assert (plain.ruling_seconds, plain.silent_seller_bps) == (0, 0)
    ruled = escrow.new_delivery(
        suite, address(CREATOR), PRICE, expiry=stall.soon(), arbiter=address(ARBITER)
    )
    assert (ruled.ruling_seconds, ruled.silent_seller_bps) == (14 * DAY, 5_000)
    chosen = escrow.new_delivery(
        suite,
        address(CREATOR),
        PRICE,
        expiry=stall.soon(),
        arbiter=address(ARBITER),
        silent_seller_bps=0,
    )
    assert chosen.silent_seller_bps == 0


def test_request_is_accepted_by_a_maker(stall: Stall) -> None:
    suite = stall.suite
    terms = escrow.new_request(suite, address(BUYER), PRICE, expiry=stall.soon())
    call = escrow.request(suite, terms)
    assert call.value == PRICE
    stall.act(BUYER, call)
    found = escrow.find_request(suite, id_of(suite, terms))
    assert found.terms == terms
    assert type(found.terms) is type(terms)
    assert escrow.opened(suite, found.id) == (address(BUYER), 0)
    receipt = stall.act(CREATOR, escrow.accept(suite, found.terms))
    trade = escrow.funded_trade(suite, receipt["logs"])
    assert (trade.terms.seller, trade.terms.buyer) == (address(CREATOR), address(BUYER))
    assert escrow.trades_of_offer(suite, found.id) == [trade]


def test_request_is_retracted(stall: Stall) -> None:
    suite = stall.suite
    terms = escrow.new_request(
        suite, address(BUYER), PRICE, expiry=stall.soon(), seller=address(CREATOR)
    )
    stall.act(BUYER, escrow.request(suite, terms))
    stall.act(BUYER, escrow.retract(suite, terms))
    assert refused(lambda: stall.act(CREATOR, escrow.accept(suite, terms))) == "Request_NotOpen"


def test_tokens_are_paid_with_a_permit(stall: Stall) -> None:
    suite, token = stall.suite, stall.suite.token.address
    stall.market.give_tokens(BUYER, 2 * PRICE)
    delivery = escrow.new_delivery(suite, address(CREATOR), PRICE, expiry=stall.soon(), asset=token)
    signature = stall.sign(CREATOR, delivery).signature
    key = stall.key(BUYER)
    permit = sign_permit(suite, key, token, suite.escrow_market, PRICE, stall.soon())
    stall.act(BUYER, escrow.fund(suite, delivery, signature, permit=permit))
    terms = escrow.new_request(suite, address(BUYER), PRICE, expiry=stall.soon(), asset=token)
    permit = sign_permit(suite, key, token, suite.escrow_market, PRICE, stall.soon())
    call = escrow.request(suite, terms, permit)
    assert call.value == 0
    stall.act(BUYER, call)
    assert suite.token.call("balanceOf", suite.escrow_market.address) == 2 * PRICE


def test_deadlines_end_a_trade(stall: Stall) -> None:
    suite = stall.suite
    trade = funded(stall, ship_seconds=3_600)
    claim = escrow.claim_timeout(suite, trade.terms)
    assert refused(lambda: stall.act(REFERRER, claim)) == "Trade_DeadlineNotPassed"
    stall.pass_seconds(3_601)
    stall.act(REFERRER, claim)
    assert last_reason(stall, trade) == "ship_timeout"


def disputed(stall: Stall, **terms: Any) -> Found[Trade]:
    trade = funded(stall, **{"arbiter": address(ARBITER), "arbiter_fee_bps": 500, **terms})
    stall.act(CREATOR, escrow.ship(stall.suite, trade.terms))
    assert state_of(stall, trade) == TRADE_SHIPPED
    stall.act(BUYER, escrow.dispute(stall.suite, trade.terms, EVIDENCE))
    assert state_of(stall, trade) == TRADE_DISPUTED
    return trade


def test_arbiter_rules_on_evidence(stall: Stall) -> None:
    suite = stall.suite
    trade = disputed(stall)
    stall.act(CREATOR, escrow.submit_evidence(suite, trade.terms, EVIDENCE))
    stall.act(ARBITER, escrow.rule(suite, trade.terms, 3_000, address(REFERRER)))
    told = happenings(suite, trade.id)
    events = [h.event for h in told]
    assert events == [
        "EscrowFunded", "EscrowShipped", "EscrowDisputed", "Evidence", "Evidence", "EscrowDivided",
    ]  # fmt: skip
    assert told[3].values["evidence"] == f"ipfs://f01551220{EVIDENCE.hex()}"
    assert told[-1].values["arbiterFee"] == PRICE * 500 // 10_000
    assert last_reason(stall, trade) == "ruled"


def test_silent_arbiter_leaves_the_default(stall: Stall) -> None:
    trade = disputed(stall, silent_seller_bps=2_500)
    stall.pass_seconds(14 * DAY + 1)
    stall.act(REFERRER, escrow.claim_timeout(stall.suite, trade.terms))
    assert last_reason(stall, trade) == "arbiter_silent"


@pytest.mark.parametrize("carried_out_by", [BUYER, CREATOR, REFERRER])
def test_both_settle(stall: Stall, carried_out_by: str) -> None:
    suite = stall.suite
    trade = disputed(stall)
    settlement = escrow.new_settlement(suite, trade, 6_000, stall.soon())
    signatures = {
        key: b"" if key == carried_out_by else stall.sign(key, settlement).signature
        for key in (BUYER, CREATOR)
    }
    call = escrow.settle(suite, trade.terms, settlement, signatures[BUYER], signatures[CREATOR])
    stall.act(carried_out_by, call)
    assert last_reason(stall, trade) == "settled"


def test_fee_waits_where_it_was_taken(stall: Stall) -> None:
    suite, token = stall.suite, stall.suite.token.address
    stall.market.give_tokens(BUYER, PRICE)
    stall.act(BUYER, approve_token(suite, token, suite.escrow_market, PRICE))
    for asset in (COIN, token):
        trade = funded(stall, asset=asset)
        stall.act(BUYER, escrow.confirm(suite, trade.terms))
    purse = suite.pool.call("PURSE")
    credits_ = credits_of(suite, purse)
    assert credits_ == [(suite.escrow_market, a, PRICE // 100) for a in sorted([COIN, token])]
    stall.act(REFERRER, withdraw_for(suite.escrow_market, token, purse))
    assert suite.token.call("balanceOf", purse) == PRICE // 100


@pytest.mark.parametrize("find", [escrow.find_offer, escrow.find_request, escrow.find_trade])
def test_what_is_not_there_is_refused(stall: Stall, find: Any) -> None:
    key = find.__name__.removeprefix("find_") + "_unknown"
    assert refused(lambda: find(stall.suite, "0x123456")) == key


# An arbitrator that takes 7 wei and gives number 0 to every dispute.
ARBITRATOR = (
    "5f3560e01c"  # the selector
    "80" "63f7434ea9" "14" "6016" "57"  # arbitrationCost(bytes)
    "5f5f5260205ff3"  # anything else: 0
    "5b60075f5260205ff3"
)  # fmt: skip


def test_desk_brings_a_trade_before_an_arbitrator(stall: Stall, tmp_path: Any) -> None:
    suite = stall.suite
    arbitrator = stall.deploy(ARBITRATOR)
    path = tmp_path / "1337.json"
    manifest = deploy_desk(
        stall.key(CREATOR),
        suite,
        arbitrator=arbitrator,
        extra_data=b"court 1",
        meta_evidence=EVIDENCE,
        manifest_path=path,
    )
    desk = suite.desk(manifest.address("ArbitrationDesk"))
    trade = disputed(stall, arbiter=desk.address)
    assert desks.case_of(desk, trade.id).submitter == NOBODY
    call = desks.submit(suite, desk, trade.terms)
    assert call == Call(desk.address, call.data, 7)
    stall.act(BUYER, call)
    assert desks.case_of(desk, trade.id) == (0, address(BUYER), False, 0)
    carry = desks.carry_out(suite, desk, trade.terms)
    assert refused(lambda: stall.act(BUYER, carry)) == "Ruling_Missing"
    assert state_of(stall, trade) == TRADE_DISPUTED != TRADE_FUNDED
