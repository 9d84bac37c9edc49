"""Odd tokens: handled exactly or refused, and never at another trade's cost."""

import pytest
from brownie import chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import TOKENS, only_event, reverts_with

FEE = PRICE // 100


def owed_and_held(desk, money, market, *payees, escrow=0):
    return escrow + sum(desk.credit(money, payee) for payee in payees), money.of(market)


def test_a_token_without_return_values_works(
    market, desk, odd_token, MockNoReturnToken, seller, buyer, treasury
):
    money = odd_token(MockNoReturnToken)
    market.confirm(desk.funded(seller, buyer, asset=money.address), {"from": buyer})
    assert money.of(seller) == PRICE - FEE
    market.withdraw(money.address, treasury, {"from": treasury})
    assert money.of(market) == 0


def test_a_token_that_takes_a_fee_is_refused(desk, odd_token, MockFeeToken, seller, buyer):
    money = odd_token(MockFeeToken)
    offer = desk.offer(seller, asset=money.address)
    with reverts_with("Asset_AmountWrong", money.address, PRICE - PRICE // 100, PRICE):
        desk.fund(offer, buyer)


def test_a_token_that_starts_to_take_a_fee_pays_less_but_costs_nobody_else(
    market, desk, odd_token, MockFeeToken, seller, buyer, treasury
):
    money = odd_token(MockFeeToken)
    money.contract.setFee(0)
    other = desk.funded(seller, buyer, asset=money.address)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setFee(1_000)
    market.confirm(trade, {"from": buyer})
    owed, held = owed_and_held(desk, money, market, treasury, seller, escrow=other.amount)
    assert owed == held


def test_a_token_that_says_no_is_refused_when_paid_in(
    desk, odd_token, MockFalseToken, market, seller, buyer
):
    money = odd_token(MockFalseToken)
    money.contract.setRefused(market, True)
    offer = desk.offer(seller, asset=money.address)
    with reverts_with("TransferFromFailed"):
        desk.fund(offer, buyer)


def test_a_token_that_says_no_when_paid_out_becomes_a_credit(
    market, desk, odd_token, MockFalseToken, seller, buyer
):
    money = odd_token(MockFalseToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setRefused(seller, True)
    market.confirm(trade, {"from": buyer})
    assert desk.credit(money, seller) == PRICE - FEE
    money.contract.setRefused(seller, False)
    market.withdraw(money.address, seller, {"from": seller})
    assert money.of(seller) == PRICE - FEE


def test_a_token_that_lies_when_paid_in_is_refused(desk, odd_token, MockLyingToken, seller, buyer):
    money = odd_token(MockLyingToken)
    money.contract.setLying(True)
    offer = desk.offer(seller, asset=money.address)
    with reverts_with("Asset_AmountWrong", money.address, 0, PRICE):
        desk.fund(offer, buyer)


def test_a_token_that_lies_when_paid_out_leaves_a_credit(
    market, desk, odd_token, MockLyingToken, seller, buyer, treasury
):
    money = odd_token(MockLyingToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setLying(True)
    market.confirm(trade, {"from": buyer})
    assert desk.credit(money, seller) == PRICE - FEE
    owed, held = owed_and_held(desk, money, market, treasury, seller)
    assert owed == held
    money.contract.setLying(False)
    market.withdraw(money.address, seller, {"from": seller})
    assert money.of(seller) == PRICE - FEE


def test_a_token_that_pays_and_says_no_isnt_paid_twice(
    market, desk, odd_token, MockDenyingToken, seller, buyer, treasury
):
    money = odd_token(MockDenyingToken)
    other = desk.funded(seller, buyer, asset=money.address)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setDenying(True)
    market.confirm(trade, {"from": buyer})
    assert money.of(seller) == 0
    assert desk.credit(money, seller) == PRICE - FEE
    owed, held = owed_and_held(desk, money, market, treasury, seller, escrow=other.amount)
    assert owed == held


def test_a_token_that_charges_its_sender_cant_take_from_others(
    market, desk, odd_token, MockSenderFeeToken, seller, buyer, treasury
):
    money = odd_token(MockSenderFeeToken)
    other = desk.funded(seller, buyer, asset=money.address)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setFee(500)
    market.confirm(trade, {"from": buyer})
    owed, held = owed_and_held(desk, money, market, treasury, seller, escrow=other.amount)
    assert owed == held
    with reverts_with("Withdrawal_Failed", money.address, seller, PRICE - FEE):
        market.withdraw(money.address, seller, {"from": seller})


@pytest.mark.parametrize("victim", ["seller", "referrer", "creator"])
def test_a_blocked_payee_doesnt_stop_the_others(
    request, market, desk, odd_token, MockBlocklistToken, registry,
    seller, buyer, referrer, creator, creation, victim, stranger,
):  # fmt: skip
    money = odd_token(MockBlocklistToken)
    trade = desk.shipped(
        seller, buyer, referrer, asset=money.address, creation_id=creation,
        referral_bps=1_000,
    )  # fmt: skip
    blocked = request.getfixturevalue(victim)
    money.contract.setBlocked(blocked, True)
    market.confirm(trade, {"from": buyer})
    parts = {
        seller: PRICE - FEE - PRICE // 20 - PRICE // 10,
        referrer: PRICE // 10,
        creator: PRICE // 20,
    }
    for payee, amount in parts.items():
        assert money.of(payee) == (0 if payee == blocked else amount)
        assert desk.credit(money, payee) == (amount if payee == blocked else 0)
    assert registry.ownerOf(creation) == buyer
    market.withdraw(money.address, stranger, {"from": blocked})
    assert money.of(stranger) == parts[blocked]


def test_a_blocked_buyer_is_credited_on_refund(
    market, desk, odd_token, MockBlocklistToken, seller, buyer, stranger
):
    money = odd_token(MockBlocklistToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setBlocked(buyer, True)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    market.claimTimeout(trade, {"from": stranger})
    assert desk.credit(money, buyer) == PRICE


def test_a_paused_token_pays_after_the_pause(
    market, desk, odd_token, MockPausableToken, seller, buyer
):
    money = odd_token(MockPausableToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setPaused(True)
    market.confirm(trade, {"from": buyer})
    assert desk.credit(money, seller) == PRICE - FEE
    money.contract.setPaused(False)
    market.withdrawFor(money.address, seller, {"from": buyer})
    assert money.of(seller) == PRICE - FEE


def test_a_token_that_refuses_zero_works_when_parts_are_zero(
    market, desk, odd_token, MockZeroRevertToken, seller, buyer, referrer
):
    money = odd_token(MockZeroRevertToken)
    trade = desk.funded(seller, buyer, referrer, asset=money.address, price=1, referral_bps=10)
    market.confirm(trade, {"from": buyer})
    assert money.of(seller) == 1


def test_a_token_that_burns_gas_is_bounded(
    market, desk, odd_token, MockGasBurnerToken, seller, buyer
):
    money = odd_token(MockGasBurnerToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setBurning(seller, True)
    tx = market.confirm(trade, {"from": buyer, "gas_limit": 2_000_000})
    assert desk.credit(money, seller) == PRICE - FEE
    assert tx.gas_used < 400_000


def test_a_token_that_returns_a_bomb_is_bounded(
    market, desk, odd_token, MockReturnBombToken, seller, buyer
):
    money = odd_token(MockReturnBombToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setBombing(seller, True)
    tx = market.confirm(trade, {"from": buyer, "gas_limit": 2_000_000})
    assert money.of(seller) + desk.credit(money, seller) == PRICE - FEE
    assert tx.gas_used < 400_000


def test_a_rebase_that_shrinks_touches_its_own_asset_only(
    market, desk, coin, odd_token, MockRebasingToken, seller, buyer, treasury
):
    money = odd_token(MockRebasingToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    coins = desk.funded(seller, buyer)
    money.contract.rebase(TOKENS // 2)
    market.confirm(trade, {"from": buyer})
    assert desk.credit(money, seller) == PRICE - FEE
    before = coin.of(seller)
    market.confirm(coins, {"from": buyer})
    assert coin.of(seller) - before == PRICE - FEE
    assert desk.credit(coin, treasury) == FEE


def test_donated_tokens_belong_to_nobody(market, desk, token, dkb, seller, buyer, treasury):
    token.transfer(market, 12_345, {"from": seller})
    trade = desk.funded(seller, buyer, asset=dkb.address)
    market.confirm(trade, {"from": buyer})
    market.withdraw(dkb.address, treasury, {"from": treasury})
    assert token.balanceOf(market) == 12_345


@pytest.mark.parametrize(
    ("answer", "paid"),
    [
        (b"", True),
        ((1).to_bytes(32, "big"), True),
        ((2).to_bytes(32, "big"), False),
        (b"\1", False),
    ],
)
def test_answers_of_a_token_that_moves_nothing_never_count_as_paid(
    market, desk, odd_token, MockAnswerToken, seller, buyer, answer, paid
):
    """Whatever such a token says, the balances say that nothing came in."""
    token = MockAnswerToken.deploy({"from": buyer})
    token.setAnswer(answer, False)
    offer = desk.offer(seller, asset=token.address)
    expected = "Asset_AmountWrong" if paid else "TransferFromFailed"
    arguments = (token.address, 0, PRICE) if paid else ()
    with reverts_with(expected, *arguments):
        desk.fund(offer, buyer)


def test_refused_payments_are_credited_once_a_trade(
    market, desk, odd_token, MockBlocklistToken, seller, buyer
):
    money = odd_token(MockBlocklistToken)
    money.contract.setBlocked(seller, True)
    for _ in (1, 2):
        trade = desk.funded(seller, buyer, asset=money.address)
        tx = market.confirm(trade, {"from": buyer})
        assert only_event(tx, "Credited")["amount"] == PRICE - FEE
    assert desk.credit(money, seller) == 2 * (PRICE - FEE)
