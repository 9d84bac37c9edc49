"""Odd tokens: handled exactly or refused, and never at another sale's cost. Prices go from the
buyer straight to everybody; what a payee can't be given is taken in and credited."""

import pytest

from tests.contracts.creation_market.conftest import FEE, PRICE, ROYALTY
from tests.contracts.support import COIN, TOKENS, events_of, only_event, reverts_with

MUCH_GAS = 5_000_000


def sale(shop, money, seller, creation, **terms):
    return shop.published(seller, creation, asset=money.address, **terms)


def test_a_token_without_return_values_works(
    shop, odd_token, MockNoReturnToken, watch, creation, seller, creator, treasury, buyer
):
    money = odd_token(MockNoReturnToken)
    seen = watch(money, seller, creator, treasury)
    shop.buy(sale(shop, money, seller, creation), buyer)
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY, FEE]


def test_a_token_that_takes_a_fee_is_refused(
    shop, registry, odd_token, MockFeeToken, creation, seller, buyer
):
    money = odd_token(MockFeeToken)
    had, part = money.of(buyer), PRICE - FEE - ROYALTY
    got = part - part // 100
    with reverts_with("Payment_Wrong", money.address, had, had - PRICE, 0, got):
        shop.buy(sale(shop, money, seller, creation), buyer)
    assert registry.ownerOf(creation) == seller
    money.contract.setFee(0)
    shop.buy(sale(shop, money, seller, creation), buyer)


def test_a_token_that_takes_a_fee_is_not_credited(
    shop, registry, odd_token, MockFeeToken, creation, seller, buyer
):
    money = odd_token(MockFeeToken)
    money.contract.setRefused(seller, True)
    part = PRICE - FEE - ROYALTY
    with reverts_with("Asset_AmountWrong", money.address, part - part // 100, part):
        shop.buy(sale(shop, money, seller, creation), buyer)
    assert registry.ownerOf(creation) == seller
    money.contract.setFee(0)
    shop.buy(sale(shop, money, seller, creation), buyer)
    assert shop.credit(money.address, seller) == part


def test_a_token_that_charges_its_sender_is_refused(
    shop, odd_token, MockSenderFeeToken, creation, seller, buyer
):
    money = odd_token(MockSenderFeeToken)
    money.contract.setFee(500)
    with pytest.raises(Exception, match="Payment_Wrong"):
        shop.buy(sale(shop, money, seller, creation), buyer)
    assert money.of(seller) == 0


def test_a_token_that_lies_is_refused(
    shop, registry, odd_token, MockLyingToken, creation, seller, buyer
):
    money = odd_token(MockLyingToken)
    money.contract.setLying(True)
    had = money.of(buyer)
    with reverts_with("Payment_Wrong", money.address, had, had, 0, 0):
        shop.buy(sale(shop, money, seller, creation), buyer)
    assert registry.ownerOf(creation) == seller


def test_a_token_that_pays_and_says_no_takes_nothing_twice(
    shop, registry, odd_token, MockContradictingToken, creation, seller, buyer
):
    money = odd_token(MockContradictingToken)
    money.contract.setContradicted(seller, True)
    with pytest.raises(Exception, match="Payment_Wrong"):
        shop.buy(sale(shop, money, seller, creation), buyer)
    assert registry.ownerOf(creation) == seller
    assert money.of(buyer) == 100 * TOKENS


@pytest.mark.parametrize("victim", ["seller", "creator", "referrer", "treasury"])
def test_a_token_that_says_no_to_one_credits_that_one(
    request, shop, registry, odd_token, MockFalseToken, watch,
    creation, seller, creator, referrer, treasury, buyer, stranger, victim,
):  # fmt: skip
    money = odd_token(MockFalseToken)
    people = (seller, creator, referrer, treasury)
    due = [PRICE - FEE - ROYALTY - PRICE // 10, ROYALTY, PRICE // 10, FEE]
    who = request.getfixturevalue(victim)
    money.contract.setRefused(who, True)
    seen = watch(money, *people)
    tx = shop.buy(sale(shop, money, seller, creation, referral_bps=1_000), buyer, referrer=referrer)
    assert registry.ownerOf(creation) == buyer
    assert seen.gained() == due
    share = due[people.index(who)]
    assert shop.credit(money, who) == share == money.of(shop.contract)
    assert only_event(tx, "Credited")["payee"] == who
    shop.contract.withdraw(money.address, stranger, {"from": who})
    assert money.of(shop.contract) == 0


@pytest.mark.parametrize("victim", ["seller", "creator"])
def test_a_blocked_payee_is_credited(
    request, shop, odd_token, MockBlocklistToken, creation, seller, creator, buyer, victim
):
    money = odd_token(MockBlocklistToken)
    who = request.getfixturevalue(victim)
    money.contract.setBlocked(who, True)
    shop.buy(sale(shop, money, seller, creation), buyer)
    owed = {"seller": PRICE - FEE - ROYALTY, "creator": ROYALTY}[victim]
    assert shop.credit(money, who) == owed
    with reverts_with("Withdrawal_Failed", money.address, who, owed):
        shop.contract.withdrawFor(money.address, who, {"from": buyer})
    assert shop.credit(money, who) == owed


def test_a_blocked_buyer_cant_buy(
    shop, registry, odd_token, MockBlocklistToken, creation, seller, buyer
):
    money = odd_token(MockBlocklistToken)
    money.contract.setBlocked(buyer, True)
    with reverts_with("TransferFromFailed"):
        shop.buy(sale(shop, money, seller, creation), buyer)
    assert registry.ownerOf(creation) == seller


def test_a_blocked_market_hurts_only_those_who_cant_be_paid(
    shop, odd_token, MockBlocklistToken, watch, creation, seller, buyer
):
    money = odd_token(MockBlocklistToken)
    money.contract.setBlocked(shop.contract, True)
    seen = watch(money, seller)
    shop.buy(sale(shop, money, seller, creation), buyer)
    assert seen.gained() == [PRICE - FEE - ROYALTY]


def test_a_paused_token_sells_nothing(
    shop, registry, odd_token, MockPausableToken, creation, seller, buyer
):
    money = odd_token(MockPausableToken)
    offer = sale(shop, money, seller, creation)
    money.contract.setPaused(True)
    with reverts_with("TransferFromFailed"):
        shop.buy(offer, buyer)
    money.contract.setPaused(False)
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


def test_a_token_that_refuses_zero_works_when_parts_are_zero(
    shop, odd_token, MockZeroRevertToken, watch, creation, seller, buyer, referrer
):
    money = odd_token(MockZeroRevertToken)
    seen = watch(money, seller)
    offer = sale(shop, money, seller, creation, price=1, referral_bps=10)
    shop.buy(offer, buyer, referrer=referrer)
    assert seen.gained() == [1]


def test_a_token_that_burns_gas_is_bounded(
    shop, odd_token, MockGasBurnerToken, creation, seller, buyer
):
    money = odd_token(MockGasBurnerToken)
    money.contract.setBurning(seller, True)
    tx = shop.buy(sale(shop, money, seller, creation), buyer, gas_limit=MUCH_GAS)
    assert shop.credit(money, seller) == PRICE - FEE - ROYALTY
    assert tx.gas_used < 600_000


def test_a_token_that_returns_a_bomb_is_bounded(
    shop, odd_token, MockReturnBombToken, watch, creation, seller, buyer
):
    money = odd_token(MockReturnBombToken)
    money.contract.setBombing(seller, True)
    seen = watch(money, seller)
    tx = shop.buy(sale(shop, money, seller, creation), buyer, gas_limit=MUCH_GAS)
    assert seen.gained() == [PRICE - FEE - ROYALTY]
    assert tx.gas_used < 600_000


@pytest.mark.parametrize("decimals", [0, 6, 255])
def test_decimals_dont_matter(
    shop, odd_token, MockDecimalsToken, watch, creation, seller, buyer, decimals
):
    money = odd_token(MockDecimalsToken, decimals)
    seen = watch(money, seller)
    shop.buy(sale(shop, money, seller, creation), buyer)
    assert seen.gained() == [PRICE - FEE - ROYALTY]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "Payment_Wrong"),
        ((1).to_bytes(32, "big"), "Payment_Wrong"),
        ((2).to_bytes(32, "big"), "TransferFromFailed"),
        (b"\1", "TransferFromFailed"),
    ],
)
def test_answers_of_a_token_that_moves_nothing_never_count_as_paid(
    shop, registry, MockAnswerToken, creation, seller, buyer, answer, error
):
    token = MockAnswerToken.deploy({"from": buyer})
    token.setAnswer(answer, False)
    offer = shop.published(seller, creation, asset=token.address)
    with pytest.raises(Exception, match=error):
        shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == seller


def test_buy_reverts_when_the_asset_has_no_code(shop, creation, seller, buyer, stranger):
    with reverts_with("Asset_HasNoCode", stranger):
        shop.buy(shop.published(seller, creation, asset=stranger.address), buyer)


def test_the_registry_is_no_money(shop, registry, creation, own_work, seller, buyer):
    """Its `transferFrom` moves creations; a price is no creation's id and moves nothing."""
    mine = own_work(buyer, 61)
    registry.setApprovalForAll(shop.contract, True, {"from": buyer})
    offer = shop.published(seller, creation, asset=registry.address)
    with pytest.raises(Exception, match="revert"):
        shop.buy(offer, buyer)
    assert (registry.ownerOf(mine), registry.ownerOf(creation)) == (buyer, seller)


def test_a_rebase_that_shrinks_touches_its_own_credits_only(
    shop, books, coin, odd_token, MockRebasingToken, creation, own_work, seller, buyer, hostile
):
    money = odd_token(MockRebasingToken)
    other = own_work(seller, 62)
    shop.buy(sale(shop, money, seller, creation), buyer)
    money.contract.rebase(TOKENS // 2)
    shop.buy(shop.published(seller, other), buyer)
    assert shop.credit(money, seller) == 0


# Payees who refuse coins, and withdrawals


@pytest.mark.parametrize("mode", [1, 2, 4], ids=["reject", "burn", "bomb"])
def test_a_seller_who_refuses_is_credited_and_collects_elsewhere(
    shop, registry, coin, hostile, creation, seller, buyer, stranger, mode
):
    registry.transferFrom(seller, hostile, creation, {"from": seller})
    approve = registry.approve.encode_input(shop.contract, creation)
    hostile.execute(registry, 0, approve, {"from": buyer})
    offer = shop.published_by(hostile, buyer, creation)
    hostile.setMode(mode)
    tx = shop.buy(offer, buyer, gas_limit=MUCH_GAS)
    due = PRICE - FEE - ROYALTY
    assert only_event(tx, "Credited")["amount"] == due == shop.credit(coin, hostile)
    with reverts_with("Withdrawal_Failed", COIN, hostile, due):
        shop.contract.withdrawFor(COIN, hostile, {"from": stranger, "gas_limit": MUCH_GAS})
    before = coin.of(stranger)
    shop.act(hostile, buyer, "withdraw", COIN, stranger)
    assert coin.of(stranger) - before == due
    assert shop.credit(coin, hostile) == 0


def test_withdraw_reverts_without_credit(shop, stranger):
    with reverts_with("Credit_Empty", COIN, stranger):
        shop.contract.withdraw(COIN, stranger, {"from": stranger})


def test_the_community_withdraws_once(shop, coin, creation, seller, buyer, treasury):
    shop.buy(shop.published(seller, creation), buyer)
    tx = shop.contract.withdrawFor(COIN, treasury, {"from": buyer})
    assert only_event(tx, "Withdrawn")["amount"] == FEE
    with reverts_with("Credit_Empty", COIN, treasury):
        shop.contract.withdrawFor(COIN, treasury, {"from": buyer})


def test_withdraw_reverts_when_it_would_go_nowhere(shop, creation, seller, buyer, treasury):
    shop.buy(shop.published(seller, creation), buyer)
    for to in ("0x" + "0" * 40, shop.contract.address):
        with reverts_with("Recipient_NotAllowed", to):
            shop.contract.withdraw(COIN, to, {"from": treasury})


def test_nobody_else_sends_tokens_out(shop, dkb, seller, treasury):
    for account in (seller, treasury):
        with reverts_with("Caller_NotMarket", account):
            shop.contract.transferOut(dkb.address, account, 1, {"from": account})


def test_makers_of_parents_are_paid_and_credited_one_by_one(
    shop, odd_token, MockBlocklistToken, own_work, seller, creator, buyer, stranger
):
    """A derivative of two makers' works: one of them can't be paid, the other is."""
    money = odd_token(MockBlocklistToken)
    parents = [own_work(creator, 63), own_work(stranger, 64)]
    work = own_work(seller, 65, royalty_bps=1_000, parents=parents)
    money.contract.setBlocked(creator, True)
    before = money.of(stranger)
    tx = shop.buy(sale(shop, money, seller, work), buyer)
    share = PRICE // 10 // 2 // 2
    assert shop.credit(money, creator) == share
    assert money.of(stranger) - before == share
    assert {e["payee"] for e in events_of(tx, "RoyaltyPaid")} == {creator, stranger}
