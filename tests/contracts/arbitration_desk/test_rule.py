"""Rulings, and what becomes of the money."""

import pytest
from brownie import chain

from tests.contracts.arbitration_desk.conftest import (
    ARBITER_FEE_BPS,
    COST,
    HALVES,
    PRICE,
    REFUSED,
    SILENT_SELLER_BPS,
    TO_BUYER,
    TO_SELLER,
)
from tests.contracts.support import (
    COIN,
    FEE_BPS,
    TOKENS,
    TRADE_DISPUTED,
    TRADE_NONE,
    event_names,
    only_event,
    register,
    reverts_with,
    sleep_to,
)

RULED, SETTLED, ARBITER_SILENT = 4, 5, 6
ARBITER_FEE = PRICE * ARBITER_FEE_BPS // 10_000
SELLER_BPS = {TO_BUYER: 0, TO_SELLER: 10_000, HALVES: 5_000}


def division(ruling, price=PRICE):
    """To the arbiter, the buyer, the community and the seller."""
    arbiter = price * ARBITER_FEE_BPS // 10_000
    left = price - arbiter
    buyer = left * (10_000 - SELLER_BPS[ruling]) // 10_000
    fee = (left - buyer) * FEE_BPS // 10_000
    return arbiter, buyer, fee, left - buyer - fee


# The ruling


@pytest.mark.parametrize("ruling", range(4))
def test_the_arbitrators_ruling_is_kept(court, buyer, stranger, ruling):
    trade, number = court.submitted()
    tx = court.arbitrator.giveRuling(number, ruling, {"from": stranger})
    assert event_names(tx) == ["Ruling"]
    assert only_event(tx, "Ruling") == {
        "arbitrator": court.arbitrator,
        "disputeID": number,
        "ruling": ruling,
    }
    assert court.desk.disputeOf(court.id_of(trade)) == (number, buyer, True, ruling)


def test_a_ruling_moves_nothing_yet(court):
    """So that no gas limit of an arbitrator's can lose it."""
    trade = court.ruled(TO_SELLER)
    assert court.state(trade) == TRADE_DISPUTED
    assert court.market.balance() == PRICE


def test_rule_reverts_when_the_caller_isnt_the_arbitrator(court, seller, buyer, deployer):
    trade, number = court.submitted()
    for thief in (seller, buyer, deployer):
        with reverts_with("Caller_NotArbitrator", thief, court.arbitrator):
            court.desk.rule(number, TO_SELLER, {"from": thief})
    assert court.desk.disputeOf(court.id_of(trade))[2] is False


@pytest.mark.parametrize("ruling", [4, 5, 256, 257, 2**256 - 1])
def test_rule_reverts_when_there_is_no_such_ruling(court, stranger, ruling):
    """256 + 1 would be 1 in the eight bits that are kept."""
    _, number = court.submitted()
    with reverts_with("Ruling_NotAllowed", number, ruling):
        court.arbitrator.giveRuling(number, ruling, {"from": stranger})


@pytest.mark.parametrize("first", [REFUSED, TO_BUYER])
def test_rule_reverts_when_ruled_before(court, stranger, first):
    _, number = court.submitted()
    court.arbitrator.giveRuling(number, first, {"from": stranger})
    for second in (first, TO_SELLER):
        with reverts_with("Ruling_NotAllowed", number, second):
            court.arbitrator.giveRuling(number, second, {"from": stranger})


@pytest.mark.parametrize("number", [0, 7, 2**256 - 1])
def test_rule_reverts_when_the_dispute_is_unknown(crooked, stranger, number):
    data = crooked.desk.rule.encode_input(number, TO_SELLER)
    with reverts_with("Dispute_Unknown", number):
        crooked.arbitrator.execute(crooked.desk, data, {"from": stranger})


# Carrying it out


@pytest.mark.parametrize("asset", ["coins", "token"])
@pytest.mark.parametrize("ruling", [TO_BUYER, TO_SELLER, HALVES])
def test_the_money_is_divided_as_ruled(
    court, token, seller, buyer, stranger, referrer, treasury, ruling, asset
):
    if asset == "token":
        token.approve(court.market, 10 * TOKENS, {"from": buyer})
    address = COIN if asset == "coins" else token.address
    trade = court.ruled(ruling, sender=referrer, asset=address)
    people = (referrer, buyer, seller)

    def held():
        if asset == "coins":
            return [account.balance() for account in people]
        return [token.balanceOf(account) for account in people]

    before = held()
    tx = court.carry_out(trade, stranger)
    gained = [now - then for now, then in zip(held(), before, strict=True)]
    arbiter, to_buyer, fee, to_seller = division(ruling)
    assert gained == [arbiter, to_buyer, to_seller]
    assert court.market.creditOf(address, treasury) == fee
    assert court.state(trade) == TRADE_NONE
    assert only_event(tx, "EscrowDivided") == {
        "tradeId": court.id_of(trade),
        "reason": RULED,
        "toBuyer": to_buyer,
        "arbiterFee": arbiter,
        "feeRecipient": referrer,
        "fee": fee,
    }


@pytest.mark.parametrize("who", ["seller", "buyer", "stranger"])
def test_anybody_carries_a_ruling_out(court, accounts, who):
    trade = court.ruled(HALVES)
    court.carry_out(trade, accounts[{"seller": 3, "buyer": 4, "stranger": 6}[who]])
    assert court.state(trade) == TRADE_NONE


@pytest.mark.parametrize(
    ("ruling", "winner"), [(TO_BUYER, "seller"), (TO_SELLER, "buyer"), (HALVES, "buyer")]
)
def test_the_certificate_follows_the_ruling(
    court, registry, seller, buyer, stranger, ruling, winner
):
    work = register(registry, seller, n=1)
    registry.approve(court.market, work, {"from": seller})
    trade = court.ruled(ruling, creation_id=work)
    court.carry_out(trade, stranger)
    assert registry.ownerOf(work) == {"seller": seller, "buyer": buyer}[winner]


def test_a_desk_divides_what_is_left_of_the_parts(court, seller, buyer, stranger):
    trade = court.shipped(parts=(30, 70))
    court.market.confirm(trade, {"from": buyer})
    court.market.ship(trade, bytes(32), {"from": seller})
    court.market.dispute(trade, bytes(32), {"from": buyer})
    court.submit(trade, stranger)
    court.arbitrator.giveRuling(0, TO_BUYER)
    before = buyer.balance()
    court.carry_out(trade, stranger)
    _, to_buyer, _, _ = division(TO_BUYER, PRICE - PRICE * 30 // 100)
    assert buyer.balance() - before == to_buyer


def test_the_arbiters_fee_goes_to_whoever_paid_the_arbitrator(court, buyer, stranger):
    trade = court.ruled(TO_SELLER, sender=stranger)
    before = stranger.balance()
    court.carry_out(trade, buyer)
    assert stranger.balance() - before == ARBITER_FEE


def test_without_a_fee_the_submitter_gets_nothing(court, buyer, stranger):
    trade = court.ruled(TO_SELLER, sender=stranger, arbiter_fee_bps=0)
    before = stranger.balance()
    court.carry_out(trade, buyer)
    assert stranger.balance() == before


def test_a_submitter_who_refuses_the_fee_is_credited(court, MockReceiver, buyer, stranger):
    payer = MockReceiver.deploy({"from": buyer})
    trade = court.disputed()
    data = court.desk.submit.encode_input(court.encoded(trade))
    payer.execute(court.desk, COST, data, {"from": buyer, "value": COST})
    court.arbitrator.giveRuling(0, TO_BUYER)
    payer.setMode(1)
    court.carry_out(trade, stranger)
    assert court.market.creditOf(COIN, payer) == ARBITER_FEE


def test_carry_out_reverts_without_a_ruling(court, stranger):
    for trade in (court.disputed(), court.submitted()[0]):
        with reverts_with("Ruling_Missing", court.id_of(trade)):
            court.carry_out(trade, stranger)


def test_carry_out_reverts_when_the_arbitrator_refused(court, stranger):
    trade = court.ruled(REFUSED)
    with reverts_with("Ruling_Missing", court.id_of(trade)):
        court.carry_out(trade, stranger)


def test_carry_out_reverts_when_carried_out_before(court, stranger):
    trade = court.ruled(HALVES)
    court.carry_out(trade, stranger)
    with reverts_with("Trade_StateWrong", court.id_of(trade), 0, 1):
        court.carry_out(trade, stranger)


@pytest.mark.parametrize("way", ["refund", "confirm"])
def test_carry_out_reverts_when_a_party_conceded(court, seller, buyer, stranger, way):
    trade = court.ruled(HALVES)
    getattr(court.market, way)(trade, {"from": seller if way == "refund" else buyer})
    with reverts_with("Trade_StateWrong", court.id_of(trade), 0, 1):
        court.carry_out(trade, stranger)


def test_carry_out_reverts_when_other_terms_come_along(court, stranger):
    """A thief's own trade isn't the one that was ruled."""
    trade = court.ruled(TO_SELLER)
    forged = (trade[0], stranger.address, *trade[2:])
    with reverts_with("Ruling_Missing", court.id_of(forged)):
        court.carry_out(forged, stranger)


def test_a_ruling_of_one_trade_isnt_anothers(court, stranger):
    first = court.ruled(TO_SELLER)
    second, _ = court.submitted()
    with reverts_with("Ruling_Missing", court.id_of(second)):
        court.carry_out(second, stranger)
    court.carry_out(first, stranger)
    assert court.state(second) == TRADE_DISPUTED


def test_nobody_rules_past_the_desk(court, seller, buyer, stranger):
    trade = court.ruled(TO_SELLER)
    for thief in (seller, buyer, stranger):
        with reverts_with("Trade_NotArbiter", thief, court.desk):
            court.market.rule(trade, 10_000, thief, {"from": thief})


# Too late, or not at all: the default of the terms


def divided_by_default(court, trade, seller, buyer, stranger):
    before = buyer.balance(), seller.balance()
    tx = court.market.claimTimeout(trade, {"from": stranger})
    to_buyer = PRICE * (10_000 - SILENT_SELLER_BPS) // 10_000
    fee = (PRICE - to_buyer) * FEE_BPS // 10_000
    assert buyer.balance() - before[0] == to_buyer
    assert seller.balance() - before[1] == PRICE - to_buyer - fee
    event = only_event(tx, "EscrowDivided")
    assert (event["reason"], event["arbiterFee"]) == (ARBITER_SILENT, 0)


@pytest.mark.parametrize("how", ["nobody submits", "no ruling", "refused"])
def test_without_a_ruling_the_default_applies(court, seller, buyer, stranger, how):
    trade = {
        "nobody submits": court.disputed,
        "no ruling": lambda: court.submitted()[0],
        "refused": lambda: court.ruled(REFUSED),
    }[how]()
    end = court.deadline(trade)
    sleep_to(chain, end)
    with reverts_with("Trade_DeadlineNotPassed", court.id_of(trade), end, end):
        court.market.claimTimeout(trade, {"from": stranger})
    sleep_to(chain, end + 1)
    divided_by_default(court, trade, seller, buyer, stranger)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_ruling_is_carried_out_until_the_deadline(court, stranger, seconds):
    trade = court.ruled(TO_SELLER)
    sleep_to(chain, court.deadline(trade) + seconds)
    court.carry_out(trade, stranger)
    assert court.state(trade) == TRADE_NONE


def test_a_ruling_after_the_deadline_comes_too_late(court, seller, buyer, stranger):
    trade, number = court.submitted()
    end = court.deadline(trade)
    sleep_to(chain, end + 1)
    court.arbitrator.giveRuling(number, TO_SELLER)
    sleep_to(chain, end + 10)
    with reverts_with("Trade_DeadlinePassed", court.id_of(trade), end, end + 10):
        court.carry_out(trade, stranger)
    divided_by_default(court, trade, seller, buyer, stranger)


def test_a_ruling_in_time_that_nobody_carried_out_is_too_late(court, seller, buyer, stranger):
    trade = court.ruled(TO_SELLER)
    chain.mine(timestamp=court.deadline(trade) + 1)
    divided_by_default(court, trade, seller, buyer, stranger)


def test_a_ruling_after_the_end_stays_on_paper(court, seller, stranger):
    trade, number = court.submitted()
    court.market.refund(trade, {"from": seller})
    court.arbitrator.giveRuling(number, TO_SELLER)
    with reverts_with("Trade_StateWrong", court.id_of(trade), 0, 1):
        court.carry_out(trade, stranger)
