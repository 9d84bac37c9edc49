"""Credits, and how they leave the market."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import TOKENS, events_of, only_event, reverts_with

FEE = PRICE // 100
REJECT = 1


@pytest.fixture
def earned(market, desk, money, seller, buyer):
    """The community has a fee to collect."""
    market.confirm(desk.funded(seller, buyer, asset=money.address), {"from": buyer})
    return money


def test_withdraw_sends_the_whole_credit(market, desk, earned, treasury, stranger):
    before, held = earned.of(stranger), earned.of(market)
    tx = market.withdraw(earned.address, stranger, {"from": treasury})
    assert earned.of(stranger) - before == FEE == tx.return_value
    assert held - earned.of(market) == FEE
    assert desk.credit(earned, treasury) == 0
    event = only_event(tx, "Withdrawn")
    assert event == {"payee": treasury, "asset": earned.address, "to": stranger, "amount": FEE}


def test_withdraw_for_sends_to_the_payee_only(market, desk, earned, treasury, stranger):
    before = earned.of(treasury)
    tx = market.withdrawFor(earned.address, treasury, {"from": stranger})
    assert earned.of(treasury) - before == FEE == tx.return_value
    assert only_event(tx, "Withdrawn")["to"] == treasury
    assert desk.credit(earned, treasury) == 0


def test_withdraw_reverts_without_credit(market, money, stranger):
    with reverts_with("Credit_Empty", money.address, stranger):
        market.withdraw(money.address, stranger, {"from": stranger})


def test_withdraw_for_reverts_without_credit(market, money, stranger, buyer):
    with reverts_with("Credit_Empty", money.address, buyer):
        market.withdrawFor(money.address, buyer, {"from": stranger})


def test_withdraw_reverts_twice(market, earned, treasury):
    market.withdraw(earned.address, treasury, {"from": treasury})
    with reverts_with("Credit_Empty", earned.address, treasury):
        market.withdraw(earned.address, treasury, {"from": treasury})


def test_withdraw_reverts_to_nobody(market, earned, treasury):
    with reverts_with("Recipient_NotAllowed", ZERO_ADDRESS):
        market.withdraw(earned.address, ZERO_ADDRESS, {"from": treasury})


def test_withdraw_reverts_to_the_market(market, earned, treasury):
    with reverts_with("Recipient_NotAllowed", market):
        market.withdraw(earned.address, market, {"from": treasury})


def test_fees_of_many_sales_add_up(market, desk, money, seller, buyer, treasury):
    for _ in range(3):
        market.confirm(desk.funded(seller, buyer, asset=money.address), {"from": buyer})
    assert desk.credit(money, treasury) == 3 * FEE


def test_credits_of_two_assets_are_apart(market, desk, coin, dkb, seller, buyer, treasury):
    market.confirm(desk.funded(seller, buyer), {"from": buyer})
    market.confirm(desk.funded(seller, buyer, asset=dkb.address, price=5 * TOKENS), {"from": buyer})
    market.withdraw(dkb.address, treasury, {"from": treasury})
    assert desk.credit(coin, treasury) == FEE
    assert desk.credit(dkb, treasury) == 0


@pytest.fixture
def refusing_seller(MockReceiver, registry, market, buyer):
    """A contract that sells and refuses the coins it's paid."""
    receiver = MockReceiver.deploy({"from": buyer})
    receiver.setMode(REJECT)
    return receiver


def sell_by(receiver, market, desk, buyer, **terms):
    """Makes a contract publish an offer, which `buyer` funds and confirms."""
    from tests.contracts.support import make_offer

    offer = make_offer(receiver.address, price=PRICE, **terms)
    receiver.execute(market, 0, market.offer.encode_input(offer), {"from": buyer})
    trade, _ = desk.fund(offer, buyer)
    return market.confirm(trade, {"from": buyer})


def test_a_refused_payment_becomes_a_credit(market, desk, coin, refusing_seller, buyer):
    tx = sell_by(refusing_seller, market, desk, buyer)
    assert desk.credit(coin, refusing_seller) == PRICE - FEE
    event = only_event(tx, "Credited")
    assert event["payee"] == refusing_seller
    assert event["asset"] == coin.address
    assert event["amount"] == PRICE - FEE
    assert len(events_of(tx, "EscrowReleased")) == 1


def test_a_failing_withdrawal_keeps_the_credit(market, desk, coin, refusing_seller, buyer):
    sell_by(refusing_seller, market, desk, buyer)
    with reverts_with("Withdrawal_Failed", coin.address, refusing_seller, PRICE - FEE):
        market.withdrawFor(coin.address, refusing_seller, {"from": buyer})
    assert desk.credit(coin, refusing_seller) == PRICE - FEE


def test_who_cant_be_paid_can_withdraw_elsewhere(
    market, desk, coin, refusing_seller, buyer, stranger
):
    sell_by(refusing_seller, market, desk, buyer)
    before = coin.of(stranger)
    data = market.withdraw.encode_input(coin.address, stranger)
    refusing_seller.execute(market, 0, data, {"from": buyer})
    assert coin.of(stranger) - before == PRICE - FEE


def test_send_token_reverts_for_everybody(market, dkb, seller, treasury, deployer):
    for account in (seller, treasury, deployer):
        with reverts_with("Caller_NotMarket", account):
            market.transferOut(dkb.address, account, 1, {"from": account})
