"""Services in parts, and requests that a buyer pays before a maker is found."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    CONFIRMED,
    DAY,
    TRADE_FUNDED,
    TRADE_NONE,
    TRADE_SHIPPED,
    ZERO_BYTES32,
    make_offer,
    make_requested_trade,
    only_event,
    request_id,
    reverts_with,
    sleep_to,
    trade_id,
)

TWELVE = (9,) * 11 + (1,)


def worths(amount, parts):
    first = [amount * percent // 100 for percent in parts[:-1]]
    return [*first, amount - sum(first)]


@pytest.mark.parametrize("parts", [(33, 67), TWELVE], ids=len)
def test_each_part_is_paid_on_its_own(market, desk, money, seller, buyer, treasury, parts):
    trade = desk.funded(seller, buyer, asset=money.address, parts=parts)
    held = money.of(market) - PRICE
    due, fees = 0, 0
    for part, worth in enumerate(worths(PRICE, parts)):
        assert (desk.state(trade), desk.part(trade)) == (TRADE_FUNDED, part)
        market.ship(trade, ZERO_BYTES32, {"from": seller})
        before = money.of(seller)
        tx = market.confirm(trade, {"from": buyer})
        fee = worth // 100
        due, fees = due + worth - fee, fees + fee
        assert money.of(seller) - before == worth - fee
        if part < len(parts) - 1:
            assert only_event(tx, "PartReleased") == {
                "tradeId": market.hashTrade(trade),
                "part": part,
                "reason": CONFIRMED,
                "amount": worth,
                "fee": fee,
                "shipDeadline": tx.timestamp + 3 * DAY,
            }
    assert desk.state(trade) == TRADE_NONE
    assert only_event(tx, "EscrowReleased")["fee"] == fee
    assert due + fees == PRICE
    assert money.of(market) - held == fees == desk.credit(money, treasury)


def test_the_rest_is_refunded(market, desk, money, seller, buyer):
    trade = desk.funded(seller, buyer, asset=money.address, parts=(30, 30, 40))
    market.confirm(trade, {"from": buyer})
    before = money.of(buyer)
    market.refund(trade, {"from": seller})
    assert money.of(buyer) - before == PRICE - PRICE * 30 // 100


def test_a_part_not_shipped_in_time_refunds_the_rest(market, desk, coin, seller, buyer, stranger):
    trade = desk.funded(seller, buyer, parts=(30, 70))
    market.confirm(trade, {"from": buyer})
    deadline = desk.deadline(trade)
    sleep_to(chain, deadline)
    with reverts_with("Trade_DeadlineNotPassed", trade_id(trade), deadline, deadline):
        market.claimTimeout(trade, {"from": stranger})
    sleep_to(chain, deadline + 1)
    before = coin.of(buyer)
    market.claimTimeout(trade, {"from": stranger})
    assert coin.of(buyer) - before == PRICE - PRICE * 30 // 100


def test_a_part_not_confirmed_in_time_is_paid_and_the_next_begins(
    market, desk, coin, seller, buyer, stranger
):
    trade = desk.shipped(seller, buyer, parts=(30, 70))
    assert desk.state(trade) == TRADE_SHIPPED
    sleep_to(chain, desk.deadline(trade) + 1)
    before = coin.of(seller)
    market.claimTimeout(trade, {"from": stranger})
    worth = PRICE * 30 // 100
    assert coin.of(seller) - before == worth - worth // 100
    assert (desk.state(trade), desk.part(trade)) == (TRADE_FUNDED, 1)


def test_the_certificate_comes_with_the_last_part(market, desk, registry, seller, buyer, creation):
    trade = desk.funded(seller, buyer, creation_id=creation, parts=(50, 50))
    market.confirm(trade, {"from": buyer})
    assert registry.ownerOf(creation) == market
    market.confirm(trade, {"from": buyer})
    assert registry.ownerOf(creation) == buyer


# Requests


@pytest.fixture
def wanted(market, money, buyer):
    """A request of the buyer's that is paid and open."""

    def wanted(**terms):
        terms = {"asset": money.address, "price": PRICE, "buyer": buyer, **terms}
        request = make_offer(terms.pop("seller", ZERO_ADDRESS), **terms)
        value = PRICE if money.contract is None else 0
        market.request(request, b"", {"from": buyer, "value": value})
        return request

    return wanted


def test_a_request_is_paid_accepted_and_delivered(market, desk, money, wanted, seller, buyer):
    held = money.of(market)
    request = wanted()
    assert money.of(market) - held == PRICE
    assert market.documentOf(request_id(market, request)) == (buyer, 0)
    market.accept(request, {"from": seller})
    trade = make_requested_trade(market, request, seller)
    assert desk.state(trade) == TRADE_FUNDED
    before = money.of(seller)
    market.confirm(trade, {"from": buyer})
    assert money.of(seller) - before == PRICE - PRICE // 100


def test_a_request_is_accepted_once(market, wanted, seller, stranger):
    request = wanted()
    market.accept(request, {"from": seller})
    for who in (seller, stranger):
        with reverts_with("Request_NotOpen", request_id(market, request)):
            market.accept(request, {"from": who})


def test_a_request_may_name_its_maker(market, wanted, seller, stranger):
    request = wanted(seller=seller)
    with reverts_with("Document_Reserved", stranger, seller):
        market.accept(request, {"from": stranger})
    market.accept(request, {"from": seller})


def test_the_buyer_takes_a_request_back(market, money, wanted, buyer, seller):
    request = wanted()
    before = money.of(market)
    market.retract(request, {"from": buyer})
    assert before - money.of(market) == PRICE
    with reverts_with("Request_NotOpen", request_id(market, request)):
        market.retract(request, {"from": buyer})
    with reverts_with("Request_NotOpen", request_id(market, request)):
        market.accept(request, {"from": seller})


@pytest.mark.parametrize("ahead", [1, 365 * DAY])
def test_a_request_is_open_from_the_next_second_on_for_a_year(market, wanted, seller, ahead):
    now = chain.time() + 10
    sleep_to(chain, now)
    request = wanted(expiry=now + ahead)
    assert market.documentOf(request_id(market, request))[0] != ZERO_ADDRESS


@pytest.mark.parametrize("ahead", [0, 365 * DAY + 1])
def test_request_reverts_when_the_expiry_is_out_of_range(market, wanted, ahead):
    now = chain.time() + 10
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", now + ahead, now + 1, now + 365 * DAY):
        wanted(expiry=now + ahead)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_nobody_else_takes_it_back_in_time(market, wanted, buyer, stranger, seconds):
    request = wanted()
    sleep_to(chain, request.expiry + seconds)
    with reverts_with("Document_NotOwn", stranger, buyer):
        market.retract(request, {"from": stranger})


def test_anybody_gives_an_expired_request_back(market, money, wanted, buyer, stranger):
    request = wanted()
    before = money.of(buyer)
    sleep_to(chain, request.expiry + 1)
    market.retract(request, {"from": stranger})
    assert money.of(buyer) - before == PRICE


def test_accept_reverts_when_expired(market, wanted, seller):
    request = wanted()
    sleep_to(chain, request.expiry + 1)
    error = ("Document_Expired", request_id(market, request), request.expiry, request.expiry + 1)
    with reverts_with(*error):
        market.accept(request, {"from": seller})


def test_nobody_accepts_the_own_request(market, wanted, buyer):
    with reverts_with("Buyer_IsSeller", buyer):
        market.accept(wanted(), {"from": buyer})


def test_an_arbiter_accepts_nothing(market, wanted, stranger):
    with reverts_with("Arbiter_NotAllowed", stranger):
        market.accept(wanted(arbiter=stranger), {"from": stranger})


def test_request_reverts_for_somebody_elses_money(market, buyer, stranger):
    request = make_offer(ZERO_ADDRESS, buyer=buyer)
    with reverts_with("Document_NotOwn", stranger, buyer):
        market.request(request, b"", {"from": stranger, "value": request.price})


@pytest.mark.parametrize("terms", [{"units": 2}, {"referral_bps": 1}])
def test_request_reverts_with_units_or_a_commission(market, buyer, terms):
    request = make_offer(ZERO_ADDRESS, buyer=buyer, **terms)
    with reverts_with("Request_TermsWrong", request.units, request.referral_bps):
        market.request(request, b"", {"from": buyer, "value": request.price * request.units})


def test_request_reverts_when_the_buyer_would_rule(market, buyer):
    request = make_offer(ZERO_ADDRESS, buyer=buyer, arbiter=buyer)
    with reverts_with("Arbiter_NotAllowed", buyer):
        market.request(request, b"", {"from": buyer, "value": request.price})


def test_cancel_doesnt_lose_a_requests_money(market, wanted, buyer):
    request = wanted()
    with reverts_with("Offer_NotOpen", request_id(market, request)):
        market.cancel(request_id(market, request), {"from": buyer})
    market.retract(request, {"from": buyer})
