"""Many offers in one transaction: all or none."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.creation_market.conftest import FEE, PRICE
from tests.contracts.support import event_names, reverts_with

REJECT = 1


@pytest.fixture
def works(own_work, seller):
    return [own_work(seller, 40 + n) for n in range(3)]


def buy_many(shop, offers, buyer, signatures=None, value=0, referrer=ZERO_ADDRESS):
    signatures = [b""] * len(offers) if signatures is None else signatures
    terms = {"from": buyer, "value": value}
    return shop.contract.buyMany(offers, signatures, referrer, terms)


def test_many_are_bought_with_coins(shop, registry, coin, watch, works, seller, buyer, treasury):
    offers = [shop.published(seller, work) for work in works]
    seen = watch(coin, seller, treasury)
    tx = buy_many(shop, offers, buyer, value=3 * PRICE)
    assert [registry.ownerOf(work) for work in works] == [buyer] * 3
    assert seen.gained() == [3 * (PRICE - FEE), 3 * FEE]
    assert event_names(tx).count("SaleSettled") == 3


def test_coins_tokens_and_signatures_mix(shop, registry, dkb, watch, works, seller, buyer):
    published = shop.published(seller, works[0])
    in_tokens = shop.published(seller, works[1], asset=dkb.address)
    signed, signature = shop.signed(seller, works[2])
    seen = watch(dkb, seller)
    buy_many(shop, [published, in_tokens, signed], buyer, [b"", b"", signature], value=2 * PRICE)
    assert [registry.ownerOf(work) for work in works] == [buyer] * 3
    assert seen.gained() == [PRICE - FEE]


def test_change_comes_back_once(shop, coin, works, seller, buyer):
    offers = [shop.published(seller, work) for work in works]
    before = coin.of(buyer)
    tx = buy_many(shop, offers, buyer, value=3 * PRICE + 12_345)
    assert before - coin.of(buyer) - tx.gas_used * tx.gas_price == 3 * PRICE


def test_too_few_coins_buy_none(shop, registry, works, seller, buyer):
    offers = [shop.published(seller, work) for work in works]
    with reverts_with("Value_Wrong", PRICE - 1, PRICE):
        buy_many(shop, offers, buyer, value=3 * PRICE - 1)
    assert [registry.ownerOf(work) for work in works] == [seller] * 3


def test_coins_with_tokens_only_are_refused(shop, dkb, works, seller, buyer):
    offers = [shop.published(seller, work, asset=dkb.address) for work in works]
    with reverts_with("Value_Wrong", 1, 0):
        buy_many(shop, offers, buyer, value=1)
    buy_many(shop, offers, buyer)


def test_one_that_is_gone_stops_all(shop, registry, works, seller, buyer, stranger):
    offers = [shop.published(seller, work) for work in works]
    shop.buy(offers[1], stranger)
    with reverts_with("Offer_NotOpen", shop.digest(offers[1])):
        buy_many(shop, offers, buyer, value=3 * PRICE)
    assert registry.ownerOf(works[0]) == seller


def test_the_same_offer_twice_is_refused(shop, works, seller, buyer):
    offer = shop.published(seller, works[0])
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        buy_many(shop, [offer, offer], buyer, value=2 * PRICE)


@pytest.mark.parametrize(("offers", "signatures"), [(0, 0), (1, 0), (1, 2)])
def test_buy_many_reverts_when_the_counts_differ(shop, works, seller, buyer, offers, signatures):
    published = [shop.published(seller, work) for work in works[:offers]]
    with reverts_with("Offers_CountWrong", offers, signatures):
        buy_many(shop, published, buyer, [b""] * signatures, value=PRICE)


def test_coins_of_others_cant_pay_for_a_batch(
    shop, coin, works, own_work, seller, buyer, hostile, treasury
):
    """The market holds credits; a batch spends what came with it and nothing else."""
    shop.buy(shop.published(seller, works[0], price=10**18), buyer, value=10**18)
    assert shop.credit(coin, treasury) == 10**16
    offers = [shop.published(seller, work) for work in works[1:]]
    with reverts_with("Value_Wrong", 0, PRICE):
        buy_many(shop, offers, buyer, value=PRICE)


def test_sellers_who_refuse_are_credited(
    shop, registry, coin, works, hostile, seller, buyer, creator
):
    registry.transferFrom(seller, hostile, works[0], {"from": seller})
    approve = registry.approve.encode_input(shop.contract, works[0])
    hostile.execute(registry, 0, approve, {"from": buyer})
    refusing = shop.published_by(hostile, buyer, works[0])
    other = shop.published(seller, works[1])
    hostile.setMode(REJECT)
    buy_many(shop, [refusing, other], buyer, value=2 * PRICE)
    royalty = PRICE * 500 // 10_000
    assert shop.credit(coin, hostile) == PRICE - FEE - royalty
    assert registry.ownerOf(works[1]) == buyer
