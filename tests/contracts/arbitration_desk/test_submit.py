"""Bringing a trade before the arbitrator, and appealing."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.arbitration_desk.conftest import (
    APPEAL_COST,
    COST,
    TO_BUYER,
    TO_SELLER,
)
from tests.contracts.support import TRADE_DISPUTED, event_names, only_event, reverts_with, sleep_to


def test_submit_emits_the_dispute(court, buyer):
    trade = court.disputed()
    tx = court.submit(trade, buyer)
    assert event_names(tx) == ["Dispute"]
    assert only_event(tx, "Dispute") == {
        "arbitrator": court.arbitrator,
        "disputeID": 0,
        "metaEvidenceID": 0,
        "evidenceGroupID": int(str(court.id_of(trade)), 16),
    }
    assert tx.return_value == 0


def test_the_group_is_that_of_the_markets_evidence(court, buyer):
    """ERC-1497: what the parties say goes to the market, under the number that the desk names."""
    trade, _ = court.submitted()
    tx = court.market.submitEvidence(trade, b"\7" * 32, {"from": buyer})
    evidence = only_event(tx, "Evidence")
    assert evidence["evidenceGroupID"] == int(str(court.id_of(trade)), 16)
    assert evidence["arbitrator"] == court.desk


@pytest.mark.parametrize("who", ["buyer", "seller", "stranger"])
def test_anybody_pays_the_arbitrator(court, accounts, who):
    payer = accounts[{"seller": 3, "buyer": 4, "stranger": 6}[who]]
    trade = court.disputed()
    court.submit(trade, payer)
    assert court.desk.disputeOf(court.id_of(trade)) == (0, payer, False, 0)
    assert court.arbitrator.balance() == COST
    assert court.desk.balance() == 0


def test_disputes_are_numbered_by_the_arbitrator(court):
    trades = [court.submitted() for _ in range(3)]
    assert [number for _, number in trades] == [0, 1, 2]
    for trade, number in trades:
        assert court.desk.disputeOf(court.id_of(trade))[0] == number


def test_a_free_arbitrator_is_asked_for_nothing(court, buyer):
    court.arbitrator.setCost(0)
    trade = court.disputed()
    court.submit(trade, buyer, value=0)
    assert court.desk.disputeOf(court.id_of(trade))[1] == buyer


def test_a_trade_that_wasnt_submitted_is_nobodys(court):
    trade = court.disputed()
    assert court.desk.disputeOf(court.id_of(trade)) == (0, ZERO_ADDRESS, False, 0)


def test_submit_changes_nothing_in_the_market(court):
    trade = court.disputed()
    deadline = court.deadline(trade)
    court.submit(trade, court.buyer)
    assert (court.state(trade), court.deadline(trade)) == (TRADE_DISPUTED, deadline)


# Refusals


@pytest.mark.parametrize("value", [0, COST - 1, COST + 1])
def test_submit_reverts_when_the_coins_differ(court, buyer, value):
    trade = court.disputed()
    with reverts_with("Value_Wrong", value, COST):
        court.submit(trade, buyer, value)
    assert court.desk.disputeOf(court.id_of(trade))[1] == ZERO_ADDRESS


def test_submit_reverts_when_the_cost_rose_meanwhile(court, buyer):
    trade = court.disputed()
    court.arbitrator.setCost(COST + 5)
    with reverts_with("Value_Wrong", COST, COST + 5):
        court.submit(trade, buyer)
    court.submit(trade, buyer, COST + 5)


@pytest.mark.parametrize("state", ["unknown", "funded", "shipped", "settled", "timed out"])
def test_submit_reverts_when_the_trade_isnt_disputed(court, seller, buyer, stranger, state):
    trade = {
        "unknown": lambda: (*court.funded()[:-1], 12_345),
        "funded": court.funded,
        "shipped": court.shipped,
        "settled": court.disputed,
        "timed out": court.disputed,
    }[state]()
    if state == "settled":
        court.market.refund(trade, {"from": seller})
    if state == "timed out":
        chain.mine(timestamp=court.deadline(trade) + 1)
        court.market.claimTimeout(trade, {"from": stranger})
    with reverts_with("Trade_NotHere", court.id_of(trade)):
        court.submit(trade, buyer)


def test_submit_reverts_when_the_arbiter_is_somebody_else(court, buyer, stranger):
    trade = court.disputed(arbiter=stranger)
    with reverts_with("Trade_NotHere", court.id_of(trade)):
        court.submit(trade, buyer)


def test_submit_reverts_at_another_desk(court, court_of, MockArbitrator, deployer, buyer):
    trade = court.disputed()
    other = court_of(MockArbitrator.deploy({"from": deployer}))
    with reverts_with("Trade_NotHere", court.id_of(trade)):
        other.submit(trade, buyer)


def test_submit_reverts_when_submitted_before(court, seller, buyer):
    court.submitted()
    trade, number = court.submitted()
    for who in (seller, buyer):
        with reverts_with("Trade_AlreadySubmitted", court.id_of(trade), number):
            court.submit(trade, who)


def test_submit_reverts_when_submitted_and_ruled(court, buyer):
    trade = court.ruled(TO_BUYER)
    with reverts_with("Trade_AlreadySubmitted", court.id_of(trade), 0):
        court.submit(trade, buyer)


@pytest.mark.parametrize("length", [0, 31, 287])
def test_submit_reverts_when_the_terms_are_cut_off(court, buyer, length):
    trade = court.disputed()
    encoded = court.encoded(trade)
    assert len(encoded) == 288
    with pytest.raises(Exception, match="revert"):
        court.desk.submit(encoded[:length], {"from": buyer, "value": COST})


def test_what_follows_the_terms_is_ignored(court, buyer):
    trade = court.disputed()
    encoded = court.encoded(trade)
    court.desk.submit(encoded + b"\7" * 40, {"from": buyer, "value": COST})
    with reverts_with("Trade_AlreadySubmitted", court.id_of(trade), 0):
        court.submit(trade, buyer)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_submit_until_the_deadline(court, buyer, seconds):
    trade = court.disputed()
    sleep_to(chain, court.deadline(trade) + seconds)
    court.submit(trade, buyer)
    assert court.desk.disputeOf(court.id_of(trade))[1] == buyer


def test_submit_reverts_after_the_deadline(court, buyer):
    """No ruling could be carried out any more, and the arbitrator would be paid for nothing."""
    trade = court.disputed()
    sleep_to(chain, court.deadline(trade) + 1)
    with reverts_with("Trade_NotHere", court.id_of(trade)):
        court.submit(trade, buyer)


# Appeals


def test_appeal_pays_the_arbitrator(court, seller):
    _, number = court.submitted()
    court.desk.appeal(number, {"from": seller, "value": APPEAL_COST})
    assert court.arbitrator.cases(number)[3] == 1
    assert court.arbitrator.balance() == COST + APPEAL_COST
    assert court.desk.balance() == 0


@pytest.mark.parametrize("value", [0, APPEAL_COST - 1, APPEAL_COST + 1])
def test_appeal_reverts_when_the_coins_differ(court, seller, value):
    _, number = court.submitted()
    with reverts_with("Value_Wrong", value, APPEAL_COST):
        court.desk.appeal(number, {"from": seller, "value": value})


@pytest.mark.parametrize("number", [0, 1, 2**256 - 1])
def test_appeal_reverts_when_the_dispute_is_unknown(court, seller, number):
    with reverts_with("Dispute_Unknown", number):
        court.desk.appeal(number, {"from": seller, "value": APPEAL_COST})


def test_an_appeal_changes_no_ruling_here(court, seller):
    """An arbitrator calls `rule` once all appeals are over; before, the desk hears nothing."""
    trade = court.ruled(TO_SELLER)
    court.desk.appeal(0, {"from": seller, "value": APPEAL_COST})
    assert court.desk.disputeOf(court.id_of(trade))[2:] == (True, TO_SELLER)
