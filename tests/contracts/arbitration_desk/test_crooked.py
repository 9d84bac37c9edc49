"""Arbitrators that cheat: whoever pays them may lose the payment, nobody's trade gets stuck."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.arbitration_desk.conftest import (
    COST,
    PRICE,
    TO_BUYER,
    TO_SELLER,
)
from tests.contracts.support import TRADE_NONE, events_of, only_event, reverts_with, set_code

NONE, RAISE_PRICE, SAME_NUMBER, PAY_BACK, MEDDLE = range(5)


def meddled(tx):
    """Whether the arbitrator's call in the middle came to something."""
    return only_event(tx, "Meddled")["success"]


def test_an_arbitrator_who_raises_the_price_gets_nothing(crooked, buyer):
    trade = crooked.disputed()
    crooked.arbitrator.setTrick(RAISE_PRICE)
    with reverts_with("Payment_Wrong", COST, 2 * COST):
        crooked.submit(trade, buyer)
    assert crooked.desk.disputeOf(crooked.id_of(trade))[1] == ZERO_ADDRESS
    crooked.arbitrator.setTrick(NONE)
    crooked.submit(trade, buyer)


@pytest.mark.parametrize("cost", [10**30, 2**256 - 1])
def test_a_greedy_arbitrator_is_just_not_paid(crooked, buyer, stranger, cost):
    """Nobody can afford the arbitrator; the default applies in the end."""
    trade = crooked.disputed()
    crooked.arbitrator.setCost(cost)
    with reverts_with("Value_Wrong", COST, cost):
        crooked.submit(trade, buyer)
    chain.mine(timestamp=crooked.deadline(trade) + 1)
    crooked.market.claimTimeout(trade, {"from": stranger})
    assert crooked.state(trade) == TRADE_NONE


def test_a_number_given_twice_is_refused(crooked, buyer, stranger):
    """Else one ruling would decide two trades, or the second trade take the first one's."""
    first = crooked.disputed()
    second = crooked.disputed()
    crooked.arbitrator.setTrick(SAME_NUMBER)
    crooked.submit(first, buyer)
    with reverts_with("Dispute_NotNew", 0):
        crooked.submit(second, buyer)
    assert crooked.desk.disputeOf(crooked.id_of(second))[1] == ZERO_ADDRESS
    crooked.arbitrator.giveRuling(0, TO_SELLER)
    crooked.carry_out(first, stranger)
    with reverts_with("Ruling_Missing", crooked.id_of(second)):
        crooked.carry_out(second, stranger)


def test_a_number_given_twice_after_the_end_is_refused(crooked, buyer, stranger):
    first, _ = crooked.submitted()
    crooked.arbitrator.giveRuling(0, TO_SELLER)
    crooked.carry_out(first, stranger)
    crooked.arbitrator.setTrick(SAME_NUMBER)
    with reverts_with("Dispute_NotNew", 0):
        crooked.submit(crooked.disputed(), buyer)


def test_an_arbitrator_cant_pay_back(crooked, buyer):
    """The desk takes no coins, so none can get stuck in it."""
    trade = crooked.disputed()
    crooked.arbitrator.setTrick(PAY_BACK)
    tx = crooked.submit(trade, buyer)
    assert meddled(tx) is False
    assert crooked.desk.balance() == 0
    assert crooked.desk.disputeOf(crooked.id_of(trade))[1] == buyer


def test_an_arbitrator_cant_rule_before_its_number_is_known(crooked, buyer):
    trade = crooked.disputed()
    crooked.arbitrator.setCall(crooked.desk, 0, crooked.desk.rule.encode_input(0, TO_SELLER))
    crooked.arbitrator.setTrick(MEDDLE)
    tx = crooked.submit(trade, buyer)
    assert meddled(tx) is False
    assert crooked.desk.disputeOf(crooked.id_of(trade)) == (0, buyer, False, 0)


def test_a_trade_cant_be_submitted_from_inside_its_submission(crooked, buyer):
    trade = crooked.disputed()
    data = crooked.desk.submit.encode_input(crooked.encoded(trade))
    buyer.transfer(crooked.arbitrator, COST)
    crooked.arbitrator.setCall(crooked.desk, COST, data)
    crooked.arbitrator.setTrick(MEDDLE)
    tx = crooked.submit(trade, buyer)
    assert meddled(tx) is False
    assert len(events_of(tx, "Dispute")) == 1
    assert crooked.desk.disputeOf(crooked.id_of(trade))[1] == buyer


def test_another_trade_can_be_submitted_from_inside(crooked, buyer):
    """Each gets its own number, so that does no harm."""
    first, second = crooked.disputed(), crooked.disputed()
    data = crooked.desk.submit.encode_input(crooked.encoded(second))
    buyer.transfer(crooked.arbitrator, COST)
    crooked.arbitrator.setCall(crooked.desk, COST, data)
    crooked.arbitrator.setTrick(MEDDLE)
    tx = crooked.submit(first, buyer)
    assert meddled(tx) is True
    assert crooked.desk.disputeOf(crooked.id_of(second))[:2] == (0, crooked.arbitrator)
    assert crooked.desk.disputeOf(crooked.id_of(first))[:2] == (1, buyer)


@pytest.mark.parametrize("act", ["carryOut", "appeal"])
def test_nothing_else_works_from_inside_either(crooked, buyer, act):
    trade = crooked.disputed()
    arguments = (crooked.encoded(trade),) if act == "carryOut" else (0,)
    crooked.arbitrator.setCall(crooked.desk, 0, getattr(crooked.desk, act).encode_input(*arguments))
    crooked.arbitrator.setTrick(MEDDLE)
    assert meddled(crooked.submit(trade, buyer)) is False


def test_an_arbitrator_cant_rule_a_trade_in_the_market_itself(crooked, stranger):
    """Only the desk is the arbiter, and it knows three divisions."""
    trade, _ = crooked.submitted()
    data = crooked.market.rule.encode_input(trade, 10_000, crooked.arbitrator)
    with reverts_with("Trade_NotArbiter", crooked.arbitrator, crooked.desk):
        crooked.arbitrator.execute(crooked.market, data, {"from": stranger})


def test_an_arbitrator_cant_rule_for_another_desk(crooked, court, stranger):
    trade, number = court.submitted()
    data = court.desk.rule.encode_input(number, TO_SELLER)
    with reverts_with("Caller_NotArbitrator", crooked.arbitrator, court.arbitrator):
        crooked.arbitrator.execute(court.desk, data, {"from": stranger})
    assert court.desk.disputeOf(court.id_of(trade))[2] is False


def test_two_desks_of_one_arbitrator_stay_apart(court, court_of, buyer, stranger):
    """Numbers are the arbitrator's; each desk knows its own only."""
    twin = court_of(court.arbitrator)
    first, number = court.submitted()
    second, other = twin.submitted()
    assert (number, other) == (0, 1)
    court.arbitrator.giveRuling(number, TO_BUYER)
    court.arbitrator.giveRuling(other, TO_SELLER)
    assert court.desk.disputeOf(court.id_of(first))[3] == TO_BUYER
    assert twin.desk.disputeOf(twin.id_of(second))[3] == TO_SELLER
    with reverts_with("Dispute_Unknown", other):
        court.desk.appeal(other, {"from": buyer, "value": 3_000})


def test_an_arbitrator_that_vanished_leaves_the_default(crooked, buyer, stranger):
    trade = crooked.disputed()
    set_code(crooked.arbitrator, "0x")
    with pytest.raises(Exception, match="revert"):
        crooked.submit(trade, buyer)
    chain.mine(timestamp=crooked.deadline(trade) + 1)
    crooked.market.claimTimeout(trade, {"from": stranger})
    assert crooked.state(trade) == TRADE_NONE


def test_a_crooked_arbitrator_never_gets_the_price(crooked, buyer, stranger):
    """It can only divide, and the fee goes to who paid it: all it has is what it was paid."""
    trade, number = crooked.submitted()
    crooked.arbitrator.giveRuling(number, TO_BUYER)
    crooked.carry_out(trade, stranger)
    assert crooked.arbitrator.balance() == COST
    assert crooked.market.balance() == 0 < PRICE
