"""Ship, confirm, refund, and the deadlines that anybody may trigger."""

import pytest
from brownie import chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    CONFIRMED,
    DAY,
    INSPECTION_TIMEOUT,
    SELLER_REFUND,
    SHIP_TIMEOUT,
    TRADE_FUNDED,
    TRADE_NONE,
    TRADE_SHIPPED,
    ZERO_BYTES32,
    events_of,
    make_offer,
    make_trade,
    only_event,
    reverts_with,
    sleep_to,
    trade_id,
)

FEE = PRICE // 100
ACTS = ["ship", "confirm", "refund", "claimTimeout"]


def act(market, name, trade, sender):
    """Any act on a trade, so that refusals can be tried with each."""
    arguments = (trade, ZERO_BYTES32) if name == "ship" else (trade,)
    return getattr(market, name)(*arguments, {"from": sender})


# Ship


def test_ship_starts_the_inspection(market, desk, seller, buyer):
    trade = desk.funded(seller, buyer)
    tx = market.ship(trade, b"\7" * 32, {"from": seller})
    event = only_event(tx, "EscrowShipped")
    assert event["tradeId"] == market.hashTrade(trade)
    assert bytes(event["shipment"]) == b"\7" * 32
    assert event["inspectDeadline"] == tx.timestamp + 2 * DAY == desk.deadline(trade)
    assert desk.state(trade) == TRADE_SHIPPED


@pytest.mark.parametrize("seconds", [-1, 0])
def test_ship_until_the_last_second(market, desk, seller, buyer, seconds):
    trade = desk.funded(seller, buyer)
    sleep_to(chain, desk.deadline(trade) + seconds)
    market.ship(trade, ZERO_BYTES32, {"from": seller})
    assert desk.state(trade) == TRADE_SHIPPED


def test_ship_reverts_after_the_deadline(market, desk, seller, buyer):
    trade = desk.funded(seller, buyer)
    deadline = desk.deadline(trade)
    sleep_to(chain, deadline + 1)
    with reverts_with("Trade_DeadlinePassed", trade_id(trade), deadline, deadline + 1):
        market.ship(trade, ZERO_BYTES32, {"from": seller})


@pytest.mark.parametrize("who", ["buyer", "stranger"])
def test_ship_reverts_for_anybody_else(request, market, desk, seller, buyer, who):
    other = request.getfixturevalue(who)
    trade = desk.funded(seller, buyer)
    with reverts_with("Trade_NotSeller", other, seller):
        market.ship(trade, ZERO_BYTES32, {"from": other})


def test_ship_reverts_when_shipped(market, desk, seller, buyer):
    trade = desk.shipped(seller, buyer)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_SHIPPED, TRADE_FUNDED):
        market.ship(trade, ZERO_BYTES32, {"from": seller})


# Confirm


@pytest.mark.parametrize("shipped", [False, True], ids=["by hand", "shipped"])
def test_confirm_pays_the_seller(market, desk, money, seller, buyer, treasury, shipped):
    make = desk.shipped if shipped else desk.funded
    trade = make(seller, buyer, asset=money.address)
    before, held = money.of(seller), money.of(market)
    tx = market.confirm(trade, {"from": buyer})
    assert money.of(seller) - before == PRICE - FEE
    assert held - money.of(market) == PRICE - FEE
    assert desk.credit(money, treasury) == FEE
    assert desk.state(trade) == TRADE_NONE
    assert only_event(tx, "EscrowReleased") == {
        "tradeId": market.hashTrade(trade),
        "reason": CONFIRMED,
        "fee": FEE,
    }


def test_confirm_pays_the_referrer(market, desk, money, seller, buyer, referrer):
    trade = desk.shipped(seller, buyer, referrer, asset=money.address, referral_bps=1_500)
    before = money.of(referrer)
    tx = market.confirm(trade, {"from": buyer})
    assert money.of(referrer) - before == PRICE * 1_500 // 10_000
    assert only_event(tx, "ReferralPaid") == {
        "tradeId": market.hashTrade(trade),
        "payee": referrer,
        "amount": PRICE * 1_500 // 10_000,
    }


def test_confirm_hands_over_the_certificate_and_pays_its_creator(
    market, desk, registry, money, seller, buyer, creator, creation
):
    trade = desk.shipped(seller, buyer, asset=money.address, creation_id=creation)
    before = money.of(creator)
    tx = market.confirm(trade, {"from": buyer})
    royalty = PRICE * 500 // 10_000
    assert registry.ownerOf(creation) == buyer
    assert money.of(creator) - before == royalty
    assert only_event(tx, "RoyaltyPaid") == {
        "tradeId": market.hashTrade(trade),
        "payee": creator,
        "amount": royalty,
    }


def test_confirm_after_the_deadline_is_still_the_buyers_word(market, desk, seller, buyer):
    trade = desk.shipped(seller, buyer)
    chain.mine(timestamp=desk.deadline(trade) + DAY)
    market.confirm(trade, {"from": buyer})
    assert desk.state(trade) == TRADE_NONE


@pytest.mark.parametrize("who", ["seller", "stranger", "treasury"])
def test_confirm_reverts_for_anybody_else(request, market, desk, seller, buyer, who):
    other = request.getfixturevalue(who)
    trade = desk.shipped(seller, buyer)
    with reverts_with("Trade_NotBuyer", other, buyer):
        market.confirm(trade, {"from": other})


# Refund


@pytest.mark.parametrize("shipped", [False, True], ids=["before shipping", "after shipping"])
def test_refund_gives_all_of_it_back(market, desk, money, seller, buyer, treasury, shipped):
    make = desk.shipped if shipped else desk.funded
    trade = make(seller, buyer, asset=money.address)
    before = money.of(buyer)
    tx = market.refund(trade, {"from": seller})
    assert money.of(buyer) - before == PRICE
    assert desk.credit(money, treasury) == 0
    assert desk.state(trade) == TRADE_NONE
    event = only_event(tx, "EscrowRefunded")
    assert event == {"tradeId": market.hashTrade(trade), "reason": SELLER_REFUND}


def test_refund_returns_the_certificate(market, desk, registry, seller, buyer, creation):
    trade = desk.shipped(seller, buyer, creation_id=creation)
    market.refund(trade, {"from": seller})
    assert registry.ownerOf(creation) == seller


def test_refund_works_after_the_deadlines(market, desk, coin, seller, buyer):
    trade = desk.shipped(seller, buyer)
    chain.mine(timestamp=desk.deadline(trade) + DAY)
    before = coin.of(buyer)
    market.refund(trade, {"from": seller})
    assert coin.of(buyer) - before == PRICE


@pytest.mark.parametrize("who", ["buyer", "stranger"])
def test_refund_reverts_for_anybody_else(request, market, desk, seller, buyer, who):
    other = request.getfixturevalue(who)
    trade = desk.funded(seller, buyer)
    with reverts_with("Trade_NotSeller", other, seller):
        market.refund(trade, {"from": other})


# Deadlines


def test_not_shipped_in_time_refunds_the_buyer(market, desk, money, seller, buyer, stranger):
    trade = desk.funded(seller, buyer, asset=money.address)
    sleep_to(chain, desk.deadline(trade) + 1)
    before = money.of(buyer)
    tx = market.claimTimeout(trade, {"from": stranger})
    assert money.of(buyer) - before == PRICE
    event = only_event(tx, "EscrowRefunded")
    assert event == {"tradeId": market.hashTrade(trade), "reason": SHIP_TIMEOUT}


def test_not_confirmed_in_time_pays_the_seller(market, desk, money, seller, buyer, stranger):
    trade = desk.shipped(seller, buyer, asset=money.address)
    sleep_to(chain, desk.deadline(trade) + 1)
    before = money.of(seller)
    tx = market.claimTimeout(trade, {"from": stranger})
    assert money.of(seller) - before == PRICE - FEE
    assert only_event(tx, "EscrowReleased")["reason"] == INSPECTION_TIMEOUT


@pytest.mark.parametrize("state", ["funded", "shipped"])
@pytest.mark.parametrize("seconds", [-1, 0])
def test_timeout_reverts_until_the_deadline_has_passed(
    market, desk, seller, buyer, stranger, state, seconds
):
    trade = getattr(desk, state)(seller, buyer)
    deadline = desk.deadline(trade)
    sleep_to(chain, deadline + seconds)
    with reverts_with("Trade_DeadlineNotPassed", trade_id(trade), deadline, deadline + seconds):
        market.claimTimeout(trade, {"from": stranger})


@pytest.mark.parametrize("who", ["seller", "buyer"])
def test_parties_may_trigger_the_deadline_as_well(request, market, desk, seller, buyer, who):
    trade = desk.funded(seller, buyer)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    market.claimTimeout(trade, {"from": request.getfixturevalue(who)})
    assert desk.state(trade) == TRADE_NONE


def test_timeouts_move_the_certificate_to_the_right_side(
    market, desk, registry, seller, buyer, stranger, creation
):
    trade = desk.funded(seller, buyer, creation_id=creation)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    market.claimTimeout(trade, {"from": stranger})
    assert registry.ownerOf(creation) == seller
    trade = desk.shipped(seller, buyer, creation_id=creation)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    market.claimTimeout(trade, {"from": stranger})
    assert registry.ownerOf(creation) == buyer


@pytest.mark.parametrize("ship", [3_600, 60 * DAY])
@pytest.mark.parametrize("inspect", [DAY, 30 * DAY])
def test_every_window_ends(market, desk, seller, buyer, stranger, coin, ship, inspect):
    """From funding on, money is free again within 90 days, whatever nobody does."""
    trade = desk.shipped(seller, buyer, ship_seconds=ship, inspect_seconds=inspect)
    chain.mine(timestamp=chain.time() + ship + inspect + 2)
    market.claimTimeout(trade, {"from": stranger})
    assert desk.state(trade) == TRADE_NONE


# One end


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("end", ["confirm", "refund", "claimTimeout"])
def test_a_trade_ends_once(market, desk, seller, buyer, stranger, end, name):
    trade = desk.shipped(seller, buyer)
    enders = {"confirm": buyer, "refund": seller, "claimTimeout": stranger}
    if end == "claimTimeout":
        chain.mine(timestamp=desk.deadline(trade) + 1)
    act(market, end, trade, enders[end])
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_NONE, TRADE_FUNDED):
        act(market, name, trade, {**enders, "ship": seller}[name])


@pytest.mark.parametrize("name", ACTS)
def test_acts_revert_for_a_trade_that_never_was(market, seller, buyer, name):
    trade = make_trade(market, make_offer(seller), buyer)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_NONE, TRADE_FUNDED):
        act(market, name, trade, seller if name in {"ship", "refund"} else buyer)


@pytest.mark.parametrize(
    "field",
    [
        "offer_id",
        "seller",
        "buyer",
        "referrer",
        "arbiter",
        "creation_id",
        "asset",
        "amount",
        "terms",
    ],
)
def test_altered_terms_are_no_trade(market, desk, dkb, seller, buyer, stranger, field):
    trade = desk.shipped(seller, buyer)
    altered = {
        "offer_id": b"\1" * 32,
        "asset": dkb.address,
        "amount": PRICE + 1,
        "creation_id": 1,
        "terms": trade.terms + 1,
    }.get(field, stranger.address)
    forged = trade._replace(**{field: altered})
    for name, sender in (("confirm", forged.buyer), ("refund", forged.seller)):
        with reverts_with("Trade_StateWrong", trade_id(forged), TRADE_NONE, TRADE_FUNDED):
            act(market, name, forged, sender)


def test_an_ended_trade_leaves_no_event_of_a_second_end(market, desk, seller, buyer):
    trade = desk.shipped(seller, buyer)
    tx = market.confirm(trade, {"from": buyer})
    assert len(events_of(tx, "EscrowReleased")) == 1
    assert not events_of(tx, "EscrowRefunded")
