"""Creations of other collections: sold like ours, their royalty up to what the seller agreed to."""

from contextlib import suppress

import pytest
from brownie import chain
from brownie.exceptions import VirtualMachineError

from tests.contracts.creation_market.conftest import FEE, PRICE, sale_of
from tests.contracts.support import DAY, reverts_with, sleep_to

MUCH_GAS = 10_000_000
WORD = 32


@pytest.fixture
def honest(foreign, MockCollection):
    return foreign(MockCollection)


def published(shop, collection, seller, **terms):
    return shop.published(seller, 5, collection=collection.address, **terms)


def test_a_foreign_creation_is_sold(shop, money, watch, honest, seller, buyer, treasury):
    offer = published(shop, honest, seller, asset=money.address)
    seen = watch(money, seller, treasury)
    tx = shop.buy(offer, buyer)
    assert honest.ownerOf(5) == buyer
    assert seen.gained() == [PRICE - FEE, FEE]
    assert (sale_of(tx)["collection"], sale_of(tx)["royalty"]) == (honest, 0)


@pytest.mark.parametrize("said", [0, 1, 499, 500, 501, 1_000, 1_001, 10_000, 60_000])
@pytest.mark.parametrize("most", [0, 500, 1_000])
def test_a_foreign_royalty_is_clamped(shop, dkb, watch, honest, seller, buyer, creator, said, most):
    honest.setRoyalty(creator, said)
    offer = published(shop, honest, seller, asset=dkb.address, royalty_bps_max=most)
    seen = watch(dkb, seller, creator)
    tx = shop.buy(offer, buyer)
    royalty = min(PRICE * said // 10_000, PRICE * most // 10_000)
    assert seen.gained() == [PRICE - FEE - royalty, royalty]
    assert sale_of(tx)["royalty"] == royalty


def test_the_split_says_what_buying_does(shop, honest, seller, buyer, creator, referrer):
    honest.setRoyalty(creator, 777)
    offer = published(shop, honest, seller, referral_bps=1_234)
    split = shop.contract.splitOf(offer, referrer)
    sale = sale_of(shop.buy(offer, buyer, referrer=referrer))
    assert split[1:] == (sale["royalty"], sale["referral"], sale["fee"])
    assert sum(split) == PRICE


@pytest.mark.parametrize("who", ["zero", "seller", "market"])
def test_a_royalty_to_nobody_else_stays_with_the_seller(
    shop, money, watch, honest, seller, buyer, who
):
    to = {"zero": "0x" + "0" * 40, "seller": seller, "market": shop.contract}[who]
    honest.setRoyalty(to, 1_000)
    offer = published(shop, honest, seller, asset=money.address)
    seen = watch(money, seller)
    assert sale_of(shop.buy(offer, buyer))["royalty"] == 0
    assert seen.gained() == [PRICE - FEE]


BAD_ANSWERS = {
    "nothing": (b"", 0, 0),
    "63 bytes": (b"\0" * 31 + b"\1" + b"\0" * 31, 63, 0),
    "no address": (b"\xff" * WORD + b"\0" * 31 + b"\5", 64, 0),
    "bit 160": (b"\0" * 11 + b"\1" + b"\7" * 20 + b"\0" * 31 + b"\5", 64, 0),
    "a revert": (b"\0" * 31 + b"\7" + b"\0" * 31 + b"\5", 64, 1),
    "an endless bomb": (b"", 10**9, 0),
    "burnt gas": (b"", 0, 2),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_royalty_that_makes_no_sense_is_none(
    shop, coin, watch, foreign, MockAnswerCollection, seller, buyer, answer
):
    collection = foreign(MockAnswerCollection)
    collection.setAnswer(*answer)
    offer = published(shop, collection, seller)
    seen = watch(coin, seller)
    tx = shop.buy(offer, buyer, gas_limit=MUCH_GAS)
    assert collection.ownerOf(5) == buyer
    assert seen.gained() == [PRICE - FEE]
    assert tx.gas_used < 400_000


def test_the_last_address_of_all_is_one_too(
    shop, foreign, MockAnswerCollection, accounts, seller, buyer
):
    collection, payee = foreign(MockAnswerCollection), accounts.at("0x" + "ff" * 20, force=True)
    collection.setAnswer(b"\0" * 12 + b"\xff" * 20 + b"\0" * 31 + b"\5", 64, 0)
    before = payee.balance()
    shop.buy(published(shop, collection, seller), buyer)
    assert payee.balance() - before == 5


def test_the_largest_royalty_is_clamped_without_overflow(
    shop, coin, watch, foreign, MockAnswerCollection, seller, buyer, creator
):
    collection = foreign(MockAnswerCollection)
    words = bytes.fromhex(creator.address[2:]).rjust(WORD, b"\0") + b"\xff" * WORD
    collection.setAnswer(words, 64, 0)
    offer = published(shop, collection, seller, royalty_bps_max=333)
    seen = watch(coin, creator)
    shop.buy(offer, buyer)
    assert seen.gained() == [PRICE * 333 // 10_000]


@pytest.mark.parametrize("mode", [1, 2, 4], ids=["reject", "burn", "bomb"])
def test_a_hostile_royalty_payee_is_credited(shop, coin, honest, hostile, seller, buyer, mode):
    honest.setRoyalty(hostile, 1_000)
    hostile.setMode(mode)
    shop.buy(published(shop, honest, seller), buyer, gas_limit=MUCH_GAS)
    assert honest.ownerOf(5) == buyer
    assert shop.credit(coin, hostile) == PRICE // 10


def test_with_too_little_gas_for_the_royalty_nothing_is_sold(
    shop, foreign, MockThirstyCollection, seller, buyer, creator
):
    """A collection that needs much gas to tell can't be asked with little."""
    collection = foreign(MockThirstyCollection)
    collection.setRoyalty(creator, 1_000)
    collection.setThirst(60_000)
    offer = published(shop, collection, seller)
    for gas in range(100_000, 400_000, 20_000):
        chain.snapshot()
        royalty = None
        with suppress(VirtualMachineError):
            royalty = sale_of(shop.buy(offer, buyer, gas_limit=gas))["royalty"]
        assert royalty in (None, PRICE // 10)
        assert collection.ownerOf(5) == (seller if royalty is None else buyer)
        chain.revert()
    assert royalty == PRICE // 10


def test_buy_reverts_with_too_little_gas_for_the_royalty(shop, honest, seller, buyer):
    offer = published(shop, honest, seller)
    with pytest.raises(Exception, match="Gas_TooLittle"):
        shop.buy(offer, buyer, gas_limit=130_000)


# Collections that cheat


def test_buy_reverts_when_the_collection_moves_nothing(
    shop, money, foreign, MockLyingCollection, seller, buyer
):
    collection = foreign(MockLyingCollection)
    offer = published(shop, collection, seller, asset=money.address)
    collection.setLying(True)
    before = money.of(seller)
    with reverts_with("Creation_NotDelivered", collection, 5, seller):
        shop.buy(offer, buyer)
    assert money.of(seller) == before


def test_a_collection_that_claims_to_have_moved_hurts_its_own_buyer_only(
    shop, coin, watch, foreign, MockLyingCollection, seller, buyer, creation
):
    collection = foreign(MockLyingCollection)
    offer = published(shop, collection, seller)
    collection.setLying(True)
    collection.setClaimed(5, buyer)
    shop.buy(offer, buyer)
    shop.buy(shop.published(seller, creation), buyer)


def test_buy_reverts_when_there_is_no_such_collection(shop, seller, buyer, stranger):
    with reverts_with("Collection_HasNoCode", stranger):
        shop.buy(published(shop, stranger, seller), buyer)


def test_buy_reverts_when_the_market_may_not_move_it(shop, honest, seller, buyer):
    honest.setApprovalForAll(shop.contract, False, {"from": seller})
    with reverts_with("ERC721InsufficientApproval", shop.contract, 5):
        shop.buy(published(shop, honest, seller), buyer)


def test_buy_reverts_when_the_seller_doesnt_own_it(shop, honest, seller, buyer, stranger):
    offer = published(shop, honest, stranger)
    with reverts_with("ERC721IncorrectOwner", stranger, 5, seller):
        shop.buy(offer, buyer)


def test_buy_reverts_with_a_tenure_of_a_foreign_creation(shop, honest, seller, buyer):
    """Other collections count no tenures, so a document that names one is about ours."""
    with reverts_with("Creation_Moved", 5, 0, 3):
        shop.buy(published(shop, honest, seller, tenure=3), buyer)


@pytest.mark.parametrize("ahead", [30 * DAY, 30 * DAY + 1])
def test_a_foreign_document_lives_thirty_days(shop, honest, seller, ahead):
    now = chain.time() + 100
    offer = shop.offer(seller, 5, collection=honest.address, expiry=now + ahead)
    sleep_to(chain, now)
    if ahead == 30 * DAY:
        shop.contract.offer(offer, {"from": seller})
    else:
        with reverts_with("Expiry_OutOfRange", offer.expiry, now + 1, now + 30 * DAY):
            shop.contract.offer(offer, {"from": seller})


def test_a_token_is_no_collection(shop, token, dkb, seller, buyer):
    """An ERC-20 has a `transferFrom` too; it doesn't say who owns an id, so nothing moves."""
    token.approve(shop.contract, 10**18, {"from": seller})
    before = token.balanceOf(seller)
    offer = shop.published(seller, 10**18, collection=token.address)
    with pytest.raises(Exception, match="revert"):
        shop.buy(offer, buyer)
    assert token.balanceOf(seller) == before


def test_a_hook_that_buys_again_buys_once(
    shop, coin, foreign, MockHookCollection, MockReceiver, seller, buyer
):
    collection = foreign(MockHookCollection)
    agent = MockReceiver.deploy({"from": buyer})
    buyer.transfer(agent, PRICE)
    offer = published(shop, collection, seller)
    again = shop.contract.buy.encode_input(offer, b"", "0x" + "0" * 40)
    agent.addCall(shop.contract, PRICE, again)
    agent.setMode(5)
    collection.setHook(agent)
    tx = shop.buy(offer, buyer)
    assert [event["success"] for event in tx.events["Reentered"]] == [False]
    assert collection.ownerOf(5) == buyer
