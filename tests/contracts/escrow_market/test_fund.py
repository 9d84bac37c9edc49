"""Paying a delivered offer into escrow."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    DAY,
    TRADE_FUNDED,
    make_offer,
    make_trade,
    offer_id,
    only_event,
    reverts_with,
    sleep_to,
    trade_id,
)


def test_fund_holds_the_price(market, desk, money, seller, buyer):
    offer = desk.offer(seller, asset=money.address)
    before, paid = money.of(market), money.of(buyer)
    trade, tx = desk.fund(offer, buyer)
    gas = tx.gas_used * tx.gas_price if money.contract is None else 0
    assert money.of(market) - before == PRICE
    assert paid - money.of(buyer) - gas == PRICE
    assert desk.state(trade) == TRADE_FUNDED
    assert desk.deadline(trade) == tx.timestamp + 3 * DAY
    assert desk.units_left(offer) == 0


def test_fund_says_all_that_later_calls_need(market, desk, money, seller, buyer, referrer):
    offer = desk.offer(seller, asset=money.address, referral_bps=70, inspect_seconds=9 * DAY)
    trade, tx = desk.fund(offer, buyer, referrer)
    event = only_event(tx, "EscrowFunded")
    assert event["tradeId"] == "0x" + trade_id(trade).hex() == tx.return_value
    assert event["offerId"] == market.hashOffer(offer)
    assert event["buyer"] == buyer
    assert event["shipDeadline"] == tx.timestamp + 3 * DAY
    expected = make_trade(market, offer, buyer, referrer)
    assert bytes(trade.offer_id) == expected.offer_id
    assert trade[1:] == expected[1:]
    assert event["units"] == 1


def test_trade_id_is_the_hash_of_its_terms(market, desk, seller, buyer):
    trade = desk.funded(seller, buyer)
    assert bytes(market.hashTrade(trade)) == trade_id(trade)


def test_fund_takes_the_creation_as_certificate(desk, registry, market, seller, buyer, creation):
    desk.funded(seller, buyer, creation_id=creation)
    assert registry.ownerOf(creation) == market


def test_fund_reverts_when_the_certificate_moved(desk, registry, seller, buyer, stranger, creation):
    offer = desk.offer(seller, creation_id=creation)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    with reverts_with("Creation_Moved", creation, 3, 1):
        desk.fund(offer, buyer)


def test_fund_reverts_when_the_market_may_not_take_the_certificate(
    desk, registry, market, seller, buyer, creation, coin
):
    offer = desk.offer(seller, creation_id=creation)
    registry.setApprovalForAll(market, False, {"from": seller})
    before = coin.of(market)
    with reverts_with("NotOwnerNorApproved"):
        desk.fund(offer, buyer)
    assert coin.of(market) == before


@pytest.mark.parametrize("seconds", [-1, 0])
def test_fund_until_the_last_second(desk, seller, buyer, seconds):
    offer = desk.offer(seller)
    sleep_to(chain, offer.expiry + seconds)
    assert desk.fund(offer, buyer)[1].timestamp == offer.expiry + seconds


def test_fund_reverts_when_expired(market, desk, seller, buyer):
    offer = desk.offer(seller)
    sleep_to(chain, offer.expiry + 1)
    with reverts_with("Document_Expired", offer_id(market, offer), offer.expiry, offer.expiry + 1):
        desk.fund(offer, buyer)


def test_fund_reverts_when_never_published(market, desk, seller, buyer):
    offer = make_offer(seller)
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        desk.fund(offer, buyer)


def test_fund_reverts_twice(market, desk, seller, buyer, stranger):
    offer = desk.offer(seller)
    desk.fund(offer, buyer)
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        desk.fund(offer, stranger)


def test_fund_reverts_for_the_seller(desk, seller):
    with reverts_with("Buyer_IsSeller", seller):
        desk.fund(desk.offer(seller), seller)


@pytest.mark.parametrize("who", ["seller", "buyer", "market"])
def test_fund_reverts_when_a_party_refers(request, desk, seller, buyer, who):
    party = request.getfixturevalue(who)
    with reverts_with("Referrer_NotAllowed", party):
        desk.fund(desk.offer(seller), buyer, party)


@pytest.mark.parametrize("difference", [-1, 1])
def test_fund_reverts_when_the_coins_are_wrong(market, desk, seller, buyer, difference):
    offer = desk.offer(seller)
    with reverts_with("Value_Wrong", PRICE + difference, PRICE):
        market.fund(offer, b"", 1, ZERO_ADDRESS, {"from": buyer, "value": PRICE + difference})


def test_fund_reverts_when_coins_come_with_a_token_price(market, desk, dkb, seller, buyer):
    offer = desk.offer(seller, asset=dkb.address)
    with reverts_with("Value_Wrong", PRICE, 0):
        market.fund(offer, b"", 1, ZERO_ADDRESS, {"from": buyer, "value": PRICE})


def test_fund_reverts_when_the_asset_has_no_code(desk, seller, buyer, stranger):
    offer = desk.offer(seller, asset=stranger.address)
    with reverts_with("Asset_HasNoCode", stranger):
        desk.fund(offer, buyer)


def test_fund_reverts_without_enough_tokens(desk, dkb, token, seller, stranger):
    offer = desk.offer(seller, asset=dkb.address, price=token.balanceOf(stranger) + 1)
    with reverts_with("TransferFromFailed"):
        desk.fund(offer, stranger)


def test_the_same_buyer_can_have_many_trades(desk, coin, market, seller, buyer):
    before = coin.of(market)
    trades = [desk.funded(seller, buyer) for n in range(3)]
    assert len({trade_id(trade) for trade in trades}) == 3
    assert coin.of(market) - before == 3 * PRICE
