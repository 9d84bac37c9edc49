"""Assets and payees that can't be paid for a while, or for ever: who is owed keeps the claim, and
nobody else waits."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import (
    PRICE,
    REJECT,
    RETURN_BOMB,
    offer_by,
    register_by,
)
from tests.contracts.support import (
    COIN,
    DAY,
    TRADE_NONE,
    events_of,
    make_offer,
    make_trade,
    only_event,
    register,
    reverts_with,
)

FEE = PRICE // 100


def sold(market, desk, offer, buyer):
    """An offer taken and confirmed; the confirmation."""
    trade, _ = desk.fund(offer, buyer)
    return market.confirm(trade, {"from": buyer})


def test_a_token_paused_in_escrow_can_be_refunded_by_time(
    market, desk, odd_token, MockPausableToken, seller, buyer, stranger
):
    money = odd_token(MockPausableToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setPaused(True)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    tx = market.claimTimeout(trade, {"from": stranger})
    assert only_event(tx, "Credited") == {
        "tradeId": market.hashTrade(trade),
        "payee": buyer,
        "asset": money.address,
        "amount": PRICE,
    }
    with reverts_with("Withdrawal_Failed", money.address, buyer, PRICE):
        market.withdrawFor(money.address, buyer, {"from": stranger})
    money.contract.setPaused(False)
    before = money.of(buyer)
    market.withdrawFor(money.address, buyer, {"from": stranger})
    assert money.of(buyer) - before == PRICE
    assert money.of(market) == 0


def test_a_paused_token_cant_be_paid_in(desk, odd_token, MockPausableToken, seller, buyer):
    money = odd_token(MockPausableToken)
    offer = desk.offer(seller, asset=money.address)
    money.contract.setPaused(True)
    with reverts_with("TransferFromFailed"):
        desk.fund(offer, buyer)


def test_a_blocked_market_keeps_every_claim(
    market, desk, odd_token, MockBlocklistToken, seller, buyer, treasury
):
    money = odd_token(MockBlocklistToken)
    trades = [desk.funded(seller, buyer, asset=money.address) for n in (1, 2)]
    coins = desk.funded(seller, buyer)
    money.contract.setBlocked(market, True)
    market.confirm(trades[0], {"from": buyer})
    market.refund(trades[1], {"from": seller})
    market.confirm(coins, {"from": buyer})
    assert desk.credit(money, seller) == PRICE - FEE
    assert desk.credit(money, buyer) == PRICE
    money.contract.setBlocked(market, False)
    for payee in (seller, buyer, treasury):
        market.withdraw(money.address, payee, {"from": payee})
    assert money.of(market) == 0


def test_a_token_that_vanished_ends_its_trades_and_nobody_elses(
    market, desk, registry, coin, odd_token, MockVanishingToken, seller, buyer, creation
):
    money = odd_token(MockVanishingToken)
    trade = desk.shipped(seller, buyer, asset=money.address, creation_id=creation)
    coins = desk.funded(seller, buyer)
    money.contract.vanish({"from": buyer})
    market.confirm(trade, {"from": buyer})
    assert registry.ownerOf(creation) == buyer
    assert desk.credit(money, seller) == PRICE - FEE - PRICE // 20
    with reverts_with("Withdrawal_Failed", money.address, seller, PRICE - FEE - PRICE // 20):
        market.withdraw(money.address, seller, {"from": seller})
    before = coin.of(seller)
    market.confirm(coins, {"from": buyer})
    assert coin.of(seller) - before == PRICE - FEE


def test_a_token_that_says_no_to_a_withdrawal_leaves_the_credit(
    market, desk, odd_token, MockFalseToken, seller, buyer, stranger
):
    money = odd_token(MockFalseToken)
    trade = desk.funded(seller, buyer, asset=money.address)
    money.contract.setRefused(seller, True)
    market.confirm(trade, {"from": buyer})
    with reverts_with("Withdrawal_Failed", money.address, seller, PRICE - FEE):
        market.withdraw(money.address, seller, {"from": seller})
    assert desk.credit(money, seller) == PRICE - FEE
    market.withdraw(money.address, stranger, {"from": seller})
    assert money.of(stranger) == PRICE - FEE


def test_no_asset_is_the_market_itself(market, desk, seller, buyer):
    offer = desk.offer(seller, asset=market.address)
    with reverts_with("TransferFromFailed"):
        desk.fund(offer, buyer)


def test_a_certificate_stays_when_the_asset_has_no_code(
    desk, registry, seller, buyer, stranger, creation
):
    offer = desk.offer(seller, creation_id=creation, asset=stranger.address)
    with reverts_with("Asset_HasNoCode", stranger):
        desk.fund(offer, buyer)
    assert registry.ownerOf(creation) == seller


def test_a_certificate_stays_when_the_token_takes_a_fee(
    desk, registry, odd_token, MockFeeToken, seller, buyer, creation
):
    money = odd_token(MockFeeToken)
    offer = desk.offer(seller, creation_id=creation, asset=money.address)
    with reverts_with("Asset_AmountWrong", money.address, PRICE - PRICE // 100, PRICE):
        desk.fund(offer, buyer)
    assert registry.ownerOf(creation) == seller


@pytest.mark.parametrize("price", [1, 2**128 - 1])
def test_the_least_and_the_most_go_through_escrow(
    market, desk, odd_token, MockToken, seller, buyer, referrer, treasury, price
):
    money = odd_token(MockToken, amount=2**128)
    terms = {"asset": money.address, "price": price, "referral_bps": 5_000}
    market.confirm(desk.shipped(seller, buyer, referrer, **terms), {"from": buyer})
    assert money.of(referrer) == price // 2
    assert money.of(seller) == price - price // 2 - price // 100
    assert desk.credit(money, treasury) == price // 100 == money.of(market)


def test_one_wei_buys(market, desk, coin, seller, buyer, creation, treasury):
    offer = desk.offer(seller, creation_id=creation, price=1)
    before = coin.of(seller)
    sold(market, desk, offer, buyer)
    assert coin.of(seller) - before == 1
    assert desk.credit(coin, treasury) == 0


def test_a_refused_royalty_is_credited_under_the_trades_id(
    market, desk, registry, hostile, seller, buyer
):
    work = register_by(registry, hostile, seller)
    registry.approve(market, work, {"from": seller})
    offer = desk.offer(seller, creation_id=work)
    hostile.setMode(REJECT)
    trade, _ = desk.fund(offer, buyer)
    tx = market.confirm(trade, {"from": buyer})
    royalty = PRICE // 20
    assert only_event(tx, "RoyaltyPaid") == {
        "tradeId": market.hashTrade(trade),
        "payee": hostile,
        "amount": royalty,
    }
    assert only_event(tx, "Credited") == {
        "tradeId": market.hashTrade(trade),
        "payee": hostile,
        "asset": COIN,
        "amount": royalty,
    }
    assert market.creditOf(COIN, hostile) == royalty


def test_the_communitys_fee_is_said_in_one_event_only(market, desk, money, seller, buyer, treasury):
    trade = desk.funded(seller, buyer, asset=money.address)
    tx = market.confirm(trade, {"from": buyer})
    assert not events_of(tx, "Credited")
    assert only_event(tx, "EscrowReleased")["fee"] == FEE == desk.credit(money, treasury)


def test_each_parents_creator_has_an_event(
    market, desk, registry, creator, seller, stranger, buyer
):
    parents = [register(registry, creator, n=71), register(registry, stranger, n=72)]
    work = register(registry, seller, n=73, royalty_bps=1_000, parents=parents)
    registry.approve(market, work, {"from": seller})
    tx = sold(market, desk, desk.offer(seller, creation_id=work), buyer)
    paid = {(event["payee"], event["amount"]) for event in events_of(tx, "RoyaltyPaid")}
    assert paid == {(creator, PRICE // 40), (stranger, PRICE // 40)}


def test_the_creator_as_buyer_gets_the_royalty_back(market, desk, coin, seller, creator, creation):
    trade, _ = desk.fund(desk.offer(seller, creation_id=creation), creator)
    before = coin.of(creator)
    tx = market.confirm(trade, {"from": creator})
    gas = tx.gas_used * tx.gas_price
    assert coin.of(creator) - before + gas == PRICE // 20


def test_the_community_as_buyer_and_referrer_is_paid_like_anybody(
    market, desk, coin, seller, buyer, treasury
):
    trade = desk.funded(seller, buyer, treasury, referral_bps=1_000)
    before = coin.of(treasury)
    market.confirm(trade, {"from": buyer})
    assert coin.of(treasury) - before == PRICE // 10
    assert desk.credit(coin, treasury) == FEE


def test_a_seller_who_is_no_party_of_the_credit_cant_withdraw_it(
    market, desk, coin, hostile, seller, buyer, stranger
):
    trade, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    hostile.setMode(REJECT)
    market.confirm(trade, {"from": buyer})
    for thief in (seller, buyer, stranger):
        with reverts_with("Credit_Empty", COIN, thief):
            market.withdraw(COIN, thief, {"from": thief})
    assert desk.credit(coin, hostile) == PRICE - FEE


def test_a_withdrawal_may_answer_with_a_bomb(market, desk, coin, hostile, seller, buyer, treasury):
    market.confirm(desk.funded(seller, buyer), {"from": buyer})
    hostile.setMode(RETURN_BOMB)
    tx = market.withdraw(COIN, hostile, {"from": treasury, "gas_limit": 1_000_000})
    assert hostile.balance() == FEE
    assert tx.gas_used < 200_000


@pytest.mark.parametrize("days", [1, 400, 40_000])
def test_a_forgotten_trade_can_be_ended_whenever(market, desk, coin, seller, buyer, stranger, days):
    trade = desk.shipped(seller, buyer)
    chain.mine(timestamp=desk.deadline(trade) + days * DAY)
    before = coin.of(seller)
    market.claimTimeout(trade, {"from": stranger})
    assert coin.of(seller) - before == PRICE - FEE
    assert desk.state(trade) == TRADE_NONE


@pytest.mark.parametrize("act", ["ship", "claimTimeout"])
def test_altered_terms_dont_ship_or_run_out(market, desk, seller, buyer, stranger, act):
    trade = desk.funded(seller, buyer)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    forged = trade._replace(buyer=stranger.address, terms=trade.terms + (1 << 24))
    arguments = (forged, bytes(32)) if act == "ship" else (forged,)
    with reverts_with("Trade_StateWrong", market.hashTrade(forged), 0, 1):
        getattr(market, act)(*arguments, {"from": seller})


def test_a_shipped_trade_cant_be_claimed_by_the_funded_deadline(
    market, desk, seller, buyer, stranger
):
    """Shipping at the last second gives the buyer the whole inspection."""
    trade = desk.funded(seller, buyer)
    first = desk.deadline(trade)
    market.ship(trade, bytes(32), {"from": seller})
    chain.mine(timestamp=first + 1 - DAY)
    assert desk.deadline(trade) < first
    chain.mine(timestamp=desk.deadline(trade) + 1)
    tx = market.claimTimeout(trade, {"from": stranger})
    assert len(events_of(tx, "EscrowReleased")) == 1


def test_a_refused_refund_leaves_the_certificate_with_the_seller(
    market, desk, registry, coin, hostile, seller, buyer, creation
):
    offer = desk.offer(seller, creation_id=creation)
    fund = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    hostile.execute(market, PRICE, fund, {"from": buyer, "value": PRICE})
    hostile.setMode(REJECT)
    market.refund(make_trade(market, offer, hostile), {"from": seller})
    assert registry.ownerOf(creation) == seller
    assert desk.credit(coin, hostile) == PRICE


def test_offers_of_two_sellers_never_share_an_id(market, desk, seller, stranger, buyer):
    mine = desk.offer(seller)
    theirs = make_offer(stranger, **{
        name: getattr(mine, name)
        for name in mine._fields
        if name != "seller"
    })  # fmt: skip
    market.offer(theirs, {"from": stranger})
    market.cancel(market.hashOffer(theirs), {"from": stranger})
    desk.fund(mine, buyer)
