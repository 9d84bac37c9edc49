"""Instant sales: the creation for its price, or nothing at all."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    DELIVERED,
    INSTANT,
    OFFER_FILLED,
    OFFER_NONE,
    events_of,
    make_offer,
    make_work,
    offer_id,
    only_event,
    register,
    reverts_with,
    sleep_to,
)

FEE = PRICE // 100
ROYALTY = PRICE * 500 // 10_000


def test_buy_swaps_the_creation_for_its_price(
    market, desk, registry, money, seller, buyer, creator, treasury, creation
):
    offer = desk.offer(seller, creation_id=creation, asset=money.address)
    before = {account: money.of(account) for account in (seller, creator, market)}
    paid = money.of(buyer)
    tx = desk.buy(offer, buyer)
    gas = tx.gas_used * tx.gas_price if money.contract is None else 0
    assert registry.ownerOf(creation) == buyer
    assert paid - money.of(buyer) - gas == PRICE
    assert money.of(seller) - before[seller] == PRICE - FEE - ROYALTY
    assert money.of(creator) - before[creator] == ROYALTY
    assert money.of(market) - before[market] == FEE
    assert desk.credit(money, treasury) == FEE
    assert desk.offer_state(offer) == OFFER_FILLED


def test_buy_says_all_of_it(market, desk, money, seller, buyer, creator, referrer, creation):
    offer = desk.offer(seller, creation_id=creation, asset=money.address, referral_bps=300)
    tx = desk.buy(offer, buyer, referrer)
    assert only_event(tx, "SaleSettled") == {
        "offerId": market.hashOffer(offer),
        "seller": seller,
        "buyer": buyer,
        "creationId": creation,
        "asset": money.address,
        "price": PRICE,
        "referrer": referrer,
        "royalty": ROYALTY,
        "referral": PRICE * 300 // 10_000,
        "fee": FEE,
    }
    assert only_event(tx, "RoyaltyPaid") == {
        "tradeId": market.hashOffer(offer),
        "payee": creator,
        "amount": ROYALTY,
    }
    assert not events_of(tx, "Credited")


def test_buy_pays_the_referrer(market, desk, money, seller, buyer, referrer, creation):
    offer = desk.offer(seller, creation_id=creation, asset=money.address, referral_bps=5_000)
    before = money.of(referrer)
    desk.buy(offer, buyer, referrer)
    assert money.of(referrer) - before == PRICE // 2


def test_buy_without_a_referrer_leaves_the_commission_with_the_seller(
    desk, coin, seller, buyer, creation
):
    offer = desk.offer(seller, creation_id=creation, referral_bps=5_000)
    before = coin.of(seller)
    desk.buy(offer, buyer)
    assert coin.of(seller) - before == PRICE - FEE - ROYALTY


def test_a_creator_who_sells_keeps_the_royalty(market, desk, registry, coin, creator, buyer):
    own = register(registry, creator, n=5, royalty_bps=1_000)
    registry.approve(market, own, {"from": creator})
    offer = desk.offer(creator, creation_id=own)
    before = coin.of(creator)
    tx = desk.buy(offer, buyer)
    assert coin.of(creator) - before == PRICE - FEE
    assert only_event(tx, "SaleSettled")["royalty"] == 0
    assert not events_of(tx, "RoyaltyPaid")


def test_a_derivative_pays_its_parents_creators(
    market, desk, registry, coin, creator, seller, buyer, stranger, referrer
):
    first = register(registry, creator, n=6)
    second = register(registry, stranger, n=7)
    derivative = register(registry, seller, n=8, royalty_bps=1_000, parents=[first, second])
    registry.approve(market, derivative, {"from": seller})
    offer = desk.offer(seller, creation_id=derivative)
    before = {account: coin.of(account) for account in (creator, stranger, seller)}
    tx = desk.buy(offer, buyer)
    share = PRICE // 10 // 2 // 2
    assert coin.of(creator) - before[creator] == share
    assert coin.of(stranger) - before[stranger] == share
    assert coin.of(seller) - before[seller] == PRICE - FEE - 2 * share
    assert only_event(tx, "SaleSettled")["royalty"] == 2 * share


def test_a_resold_derivative_pays_its_own_creator_as_well(
    market, desk, registry, coin, creator, seller, buyer, stranger
):
    parent = register(registry, creator, n=6)
    derivative = register(registry, stranger, n=8, royalty_bps=1_000, parents=[parent])
    registry.transferFrom(stranger, seller, derivative, {"from": stranger})
    registry.approve(market, derivative, {"from": seller})
    before = {account: coin.of(account) for account in (creator, stranger)}
    desk.buy(desk.offer(seller, creation_id=derivative), buyer)
    royalty = PRICE // 10
    assert coin.of(creator) - before[creator] == royalty // 2
    assert coin.of(stranger) - before[stranger] == royalty - royalty // 2


def test_buy_of_a_work_without_royalty_pays_none(market, desk, registry, creator, seller, buyer):
    free = register(registry, creator, n=9, royalty_bps=0)
    registry.transferFrom(creator, seller, free, {"from": creator})
    registry.approve(market, free, {"from": seller})
    tx = desk.buy(desk.offer(seller, creation_id=free), buyer)
    assert only_event(tx, "SaleSettled")["royalty"] == 0


def test_buy_in_a_market_without_fee(EscrowMarket, registry, treasury, seller, buyer, coin):
    free = EscrowMarket.deploy(registry, treasury, 0, {"from": seller})
    own = register(registry, seller, n=4)
    registry.approve(free, own, {"from": seller})
    offer = make_offer(seller, INSTANT, creation_id=own)
    free.offer(offer, {"from": seller})
    before = coin.of(seller)
    free.buy(offer, ZERO_ADDRESS, {"from": buyer, "value": offer.price})
    assert coin.of(seller) - before == offer.price
    assert free.balance() == 0


@pytest.mark.parametrize("price", [1, 99, 100, 2**128 - 1])
def test_buy_divides_any_price_exactly(desk, odd_token, MockToken, seller, buyer, creation, price):
    money = odd_token(MockToken, amount=2**128)
    offer = desk.offer(seller, creation_id=creation, asset=money.address, price=price)
    tx = desk.buy(offer, buyer)
    event = only_event(tx, "SaleSettled")
    assert event["fee"] == price // 100
    assert event["royalty"] == price * 500 // 10_000
    assert money.of(seller) == price - price // 100 - price * 500 // 10_000


@pytest.mark.parametrize("seconds", [-1, 0])
def test_buy_until_the_last_second(desk, registry, seller, buyer, creation, seconds):
    offer = desk.offer(seller, creation_id=creation)
    sleep_to(chain, offer.expiry + seconds)
    desk.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


def test_buy_reverts_when_expired(market, desk, seller, buyer, creation):
    offer = desk.offer(seller, creation_id=creation)
    sleep_to(chain, offer.expiry + 1)
    with reverts_with("Offer_Expired", offer_id(market, offer), offer.expiry, offer.expiry + 1):
        desk.buy(offer, buyer)


def test_buy_reverts_when_never_published(market, desk, seller, buyer, creation):
    offer = make_offer(seller, INSTANT, creation_id=creation, tenure=1)
    with reverts_with("Offer_NotOpen", offer_id(market, offer), OFFER_NONE):
        desk.buy(offer, buyer)


def test_buy_reverts_when_sold(market, desk, seller, buyer, stranger, creation):
    offer = desk.offer(seller, creation_id=creation)
    desk.buy(offer, buyer)
    with reverts_with("Offer_NotOpen", offer_id(market, offer), OFFER_FILLED):
        desk.buy(offer, stranger)


def test_buy_reverts_for_a_delivered_offer(market, desk, seller, buyer):
    offer = desk.offer(seller)
    with reverts_with("Offer_KindWrong", offer_id(market, offer), DELIVERED, INSTANT):
        desk.buy(offer, buyer)


def test_buy_reverts_for_the_seller(desk, seller, creation):
    offer = desk.offer(seller, creation_id=creation)
    with reverts_with("Buyer_IsSeller", seller):
        desk.buy(offer, seller)


@pytest.mark.parametrize("who", ["seller", "buyer", "market"])
def test_buy_reverts_when_a_party_refers(request, desk, seller, buyer, creation, who):
    party = request.getfixturevalue(who)
    offer = desk.offer(seller, creation_id=creation, referral_bps=100)
    with reverts_with("Referrer_NotAllowed", party):
        desk.buy(offer, buyer, party)


@pytest.mark.parametrize("difference", [-1, 1, -PRICE])
def test_buy_reverts_when_the_coins_are_wrong(market, desk, seller, buyer, creation, difference):
    offer = desk.offer(seller, creation_id=creation)
    with reverts_with("Value_Wrong", PRICE + difference, PRICE):
        market.buy(offer, ZERO_ADDRESS, {"from": buyer, "value": PRICE + difference})


def test_buy_reverts_when_coins_come_with_a_token_price(market, desk, dkb, seller, buyer, creation):
    offer = desk.offer(seller, creation_id=creation, asset=dkb.address)
    with reverts_with("Value_Wrong", 1, 0):
        market.buy(offer, ZERO_ADDRESS, {"from": buyer, "value": 1})


def test_buy_reverts_without_an_allowance(desk, dkb, registry, market, seller, buyer, creation):
    dkb.contract.approve(market, PRICE - 1, {"from": buyer})
    offer = desk.offer(seller, creation_id=creation, asset=dkb.address)
    with reverts_with("TransferFromFailed"):
        desk.buy(offer, buyer)
    assert registry.ownerOf(creation) == seller


def test_buy_reverts_when_the_market_may_not_hand_over(
    desk, registry, market, seller, buyer, creation
):
    offer = desk.offer(seller, creation_id=creation)
    registry.setApprovalForAll(market, False, {"from": seller})
    with reverts_with("NotOwnerNorApproved"):
        desk.buy(offer, buyer)


def test_buy_reverts_when_the_creation_was_never_registered(desk, seller, buyer):
    offer = desk.offer(seller, creation_id=77, tenure=0, kind=INSTANT)
    with reverts_with("Creation_Unknown", 77):
        desk.buy(offer, buyer)


def test_buy_reverts_for_somebody_elses_creation(desk, registry, creator, seller, buyer):
    other = register(registry, creator, n=3)
    offer = desk.offer(seller, creation_id=other)
    with reverts_with("TransferFromIncorrectOwner"):
        desk.buy(offer, buyer)


def test_buy_reverts_when_the_creation_was_burnt(desk, registry, seller, buyer, creation):
    offer = desk.offer(seller, creation_id=creation)
    registry.burn(creation, {"from": seller})
    with reverts_with("TokenDoesNotExist"):
        desk.buy(offer, buyer)


def test_an_old_offer_is_dead_after_the_creation_left_and_returned(
    desk, registry, seller, buyer, stranger, creation
):
    old = desk.offer(seller, creation_id=creation, price=1)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    with reverts_with("Offer_CreationMoved", creation, 3, 1):
        desk.buy(old, buyer)


def test_an_old_offer_is_dead_even_if_the_creation_went_to_its_own_owner(
    desk, registry, seller, buyer, creation
):
    old = desk.offer(seller, creation_id=creation)
    registry.transferFrom(seller, seller, creation, {"from": seller})
    with reverts_with("Offer_CreationMoved", creation, 2, 1):
        desk.buy(old, buyer)


def test_two_offers_of_one_creation_can_be_taken_once(desk, seller, buyer, stranger, creation):
    cheap = desk.offer(seller, creation_id=creation, salt=1)
    dear = desk.offer(seller, creation_id=creation, salt=2, price=PRICE + 1)
    desk.buy(cheap, buyer)
    with reverts_with("Offer_CreationMoved", creation, 2, 1):
        desk.buy(dear, stranger)


def test_a_contract_can_buy(market, desk, registry, MockBuyer, seller, stranger, creation):
    agent = MockBuyer.deploy({"from": stranger})
    offer = desk.offer(seller, creation_id=creation)
    data = market.buy.encode_input(offer, ZERO_ADDRESS)
    agent.execute(market, PRICE, data, {"from": stranger, "value": PRICE})
    assert registry.ownerOf(creation) == agent


def test_the_whole_batch_of_a_maker_can_be_sold(market, desk, registry, seller, buyer):
    works = [make_work(n) for n in range(20, 23)]
    registry.registerBatch(works, {"from": seller})
    registry.setApprovalForAll(market, True, {"from": seller})
    for work in works:
        id_ = registry.idOf(work.document_digest, work.document_size, seller)
        desk.buy(desk.offer(seller, creation_id=id_), buyer)
        assert registry.ownerOf(id_) == buyer
