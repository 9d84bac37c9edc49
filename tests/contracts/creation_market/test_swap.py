"""Two creations change hands at once, without money, or none does."""

import pytest
from brownie import chain

from tests.contracts.creation_market.conftest import hex_of, wrong
from tests.contracts.support import DAY, only_event, reverts_with, sleep_to


@pytest.fixture
def pair(own_work, creation, buyer):
    """The seller's creation and one of the buyer's."""
    return creation, own_work(buyer, 31)


def test_two_creations_change_hands(shop, registry, pair, seller, buyer):
    given, wanted = pair
    swap = shop.swap(seller, given, wanted)
    tx = shop.swapped(swap, buyer)
    assert registry.ownerOf(given) == buyer
    assert registry.ownerOf(wanted) == seller
    assert only_event(tx, "SwapSettled") == {
        "swapId": hex_of(shop.digest(swap)),
        "maker": seller,
        "taker": buyer,
        "givenCollection": registry,
        "givenId": given,
        "wantedCollection": registry,
        "wantedId": wanted,
    }


def test_a_swap_happens_once(shop, registry, pair, seller, buyer):
    swap = shop.swap(seller, *pair)
    shop.swapped(swap, buyer)
    with pytest.raises(Exception, match=r"Creation_Moved"):
        shop.swapped(swap, buyer)
    again = shop.swap(seller, pair[1], pair[0], nonce=swap.nonce)
    with reverts_with("Nonce_Used", seller, swap.nonce):
        shop.swapped(again, buyer)


def test_swap_reverts_when_the_maker_didnt_sign(shop, pair, seller, buyer, stranger):
    swap = shop.swap(seller, *pair)
    for forger in (buyer, stranger):
        with wrong(shop, swap):
            shop.swapped(swap, buyer, shop.sign(swap, forger))


def test_swap_reverts_when_altered(shop, pair, own_work, seller, buyer):
    other = own_work(buyer, 32)
    swap = shop.swap(seller, *pair)
    altered = swap._replace(wanted_id=other)
    with wrong(shop, altered):
        shop.swapped(altered, buyer, shop.sign(swap, seller))


def test_swap_reverts_for_the_maker(shop, own_work, creation, seller):
    other = own_work(seller, 33)
    with reverts_with("Buyer_IsSeller", seller):
        shop.swapped(shop.swap(seller, creation, other), seller)


def test_a_reserved_swap_is_for_its_taker(shop, registry, pair, seller, buyer, stranger):
    swap = shop.swap(seller, *pair, taker=buyer.address)
    with reverts_with("Swap_Reserved", stranger, buyer):
        shop.swapped(swap, stranger)
    shop.swapped(swap, buyer)
    assert registry.ownerOf(pair[0]) == buyer


def test_swap_reverts_when_the_taker_doesnt_own_it(shop, registry, pair, seller, stranger):
    swap = shop.swap(seller, *pair)
    with reverts_with("TransferFromIncorrectOwner"):
        shop.swapped(swap, stranger)
    assert registry.ownerOf(pair[0]) == seller


def test_swap_reverts_when_the_maker_doesnt_own_it(shop, registry, own_work, creation, buyer):
    mine = own_work(buyer, 34)
    swap = shop.swap(buyer, creation, mine)
    with pytest.raises(Exception, match="Buyer_IsSeller"):
        shop.swapped(swap, buyer)


@pytest.mark.parametrize("which", [0, 1], ids=["given", "wanted"])
def test_a_swap_dies_when_a_creation_changed_hands(
    shop, registry, pair, seller, buyer, stranger, which
):
    swap = shop.swap(seller, *pair)
    owner = (seller, buyer)[which]
    registry.transferFrom(owner, stranger, pair[which], {"from": owner})
    registry.transferFrom(stranger, owner, pair[which], {"from": stranger})
    tenure = (swap.given_tenure, swap.wanted_tenure)[which]
    with reverts_with("Creation_Moved", pair[which], tenure + 2, tenure):
        shop.swapped(swap, buyer)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_swap_is_good_to_its_last_second(shop, registry, pair, seller, buyer, seconds):
    swap = shop.swap(seller, *pair)
    sleep_to(chain, swap.expiry + seconds)
    shop.swapped(swap, buyer)
    assert registry.ownerOf(pair[0]) == buyer


def test_swap_reverts_after_the_last_second(shop, pair, seller, buyer):
    swap = shop.swap(seller, *pair)
    sleep_to(chain, swap.expiry + 1)
    with reverts_with("Document_Expired", shop.digest(swap), swap.expiry, swap.expiry + 1):
        shop.swapped(swap, buyer)


def test_swap_reverts_when_open_too_long(shop, pair, seller, buyer):
    now = chain.time() + 100
    swap = shop.swap(seller, *pair, expiry=now + 365 * DAY + 1)
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", swap.expiry, now, now + 365 * DAY):
        shop.swapped(swap, buyer)


def test_a_cancelled_swap_is_dead(shop, pair, seller, buyer):
    swap = shop.swap(seller, *pair)
    shop.contract.cancelNonces(swap.nonce, swap.nonce, {"from": seller})
    with reverts_with("Nonce_Used", seller, swap.nonce):
        shop.swapped(swap, buyer)


# Foreign collections


def test_ours_for_a_foreign_creation(
    shop, registry, foreign, MockCollection, own_work, seller, buyer
):
    collection = foreign(MockCollection)
    mine = own_work(buyer, 35)
    swap = shop.swap(seller, (collection.address, 5), mine)
    shop.swapped(swap, buyer)
    assert collection.ownerOf(5) == buyer
    assert registry.ownerOf(mine) == seller


@pytest.mark.parametrize("which", ["given", "wanted"])
def test_a_swap_with_a_foreign_creation_is_short(
    shop, foreign, MockCollection, own_work, seller, buyer, which
):
    """Nobody counts the tenures of other collections, so such a document lives 30 days at most."""
    collection = foreign(MockCollection)
    mine = own_work(buyer, 36)
    now = chain.time() + 100
    things = ((collection.address, 5), mine)
    maker, taker = (seller, buyer) if which == "given" else (buyer, seller)
    things = things if which == "given" else things[::-1]
    swap = shop.swap(maker, *things, expiry=now + 30 * DAY + 1)
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", swap.expiry, now, now + 30 * DAY):
        shop.swapped(swap, taker)
    shop.swapped(swap._replace(expiry=now + 30 * DAY), taker)


def test_a_collection_that_moves_nothing_swaps_nothing(
    shop, registry, foreign, MockLyingCollection, own_work, seller, buyer
):
    collection = foreign(MockLyingCollection)
    mine = own_work(buyer, 37)
    swap = shop.swap(seller, (collection.address, 5), mine)
    collection.setLying(True)
    with reverts_with("Creation_NotDelivered", collection, 5, seller):
        shop.swapped(swap, buyer)
    assert registry.ownerOf(mine) == buyer


def test_swap_reverts_when_there_is_no_such_collection(
    shop, registry, own_work, seller, buyer, stranger
):
    mine = own_work(buyer, 38)
    swap = shop.swap(seller, (stranger.address, 5), mine)
    with reverts_with("Collection_HasNoCode", stranger):
        shop.swapped(swap, buyer)
    assert registry.ownerOf(mine) == buyer


def test_a_hook_cant_sell_what_is_being_swapped(
    shop, registry, foreign, MockHookCollection, MockReceiver, own_work, seller, buyer
):
    """The collection calls out in the middle: whatever comes of it, both move or none does."""
    collection = foreign(MockHookCollection)
    agent = MockReceiver.deploy({"from": buyer})
    mine = own_work(buyer, 39)
    swap = shop.swap(seller, (collection.address, 5), mine)
    again = shop.contract.swap.encode_input(swap, shop.sign(swap, seller))
    agent.addCall(shop.contract, 0, again)
    agent.setMode(5)
    collection.setHook(agent)
    tx = shop.swapped(swap, buyer)
    assert [event["success"] for event in tx.events["Reentered"]] == [False]
    assert (collection.ownerOf(5), registry.ownerOf(mine)) == (buyer, seller)
