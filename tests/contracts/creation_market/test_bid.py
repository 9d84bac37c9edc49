"""Bids that their bidder only signed, for one creation or for any work of a creator."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.creation_market.conftest import FEE, PRICE, ROYALTY, hex_of, sale_of, wrong
from tests.contracts.support import (
    COIN,
    DAY,
    event_names,
    only_event,
    register,
    reverts_with,
    sleep_to,
)


def test_an_accepted_bid_sells_the_creation(
    shop, registry, dkb, watch, creation, seller, creator, treasury, buyer
):
    bid = shop.bid(buyer, creation, dkb)
    seen = watch(dkb, seller, creator, treasury, buyer)
    shop.accept(bid, seller)
    assert registry.ownerOf(creation) == buyer
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY, FEE, -PRICE]


def test_an_accepted_bid_says_everything(shop, dkb, creation, seller, creator, buyer):
    bid = shop.bid(buyer, creation, dkb)
    tx = shop.accept(bid, seller)
    bid_id = hex_of(shop.digest(bid))
    assert only_event(tx, "BidAccepted") == {"bidId": bid_id, "bidder": buyer, "seller": seller}
    sale = sale_of(tx)
    assert (sale["documentId"], sale["seller"], sale["buyer"]) == (bid_id, seller, buyer)
    assert (sale["creator"], sale["royalty"], sale["referral"]) == (creator, ROYALTY, 0)
    ours = [name for name in event_names(tx) if name not in {"Transfer", "Approval"}]
    assert ours == ["BidAccepted", "SaleSettled"]


def test_accept_reverts_twice(shop, dkb, creation, seller, buyer):
    bid = shop.bid(buyer, creation, dkb)
    shop.accept(bid, seller)
    with reverts_with("Nonce_Used", buyer, bid.nonce):
        shop.accept(bid, seller)


def test_accept_reverts_when_the_bidder_didnt_sign(shop, dkb, creation, seller, buyer, stranger):
    bid = shop.bid(buyer, creation, dkb)
    for forger in (seller, stranger):
        with wrong(shop, bid):
            shop.accept(bid, seller, shop.sign(bid, forger))


@pytest.mark.parametrize("change", [{"price": 1}, {"nonce": 99}, {"expiry": 2}], ids=str)
def test_accept_reverts_when_a_term_was_altered(shop, dkb, creation, seller, buyer, change):
    bid = shop.bid(buyer, creation, dkb)
    if "expiry" in change:
        change = {"expiry": bid.expiry + 1}
    altered = bid._replace(**change)
    with wrong(shop, altered):
        shop.accept(altered, seller, shop.sign(bid, buyer))


def test_accept_reverts_for_the_bidder(shop, dkb, creation, buyer):
    with reverts_with("Buyer_IsSeller", buyer):
        shop.accept(shop.bid(buyer, creation, dkb), buyer)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_bid_is_good_to_its_last_second(shop, registry, dkb, creation, seller, buyer, seconds):
    bid = shop.bid(buyer, creation, dkb)
    sleep_to(chain, bid.expiry + seconds)
    shop.accept(bid, seller)
    assert registry.ownerOf(creation) == buyer


def test_accept_reverts_after_the_last_second(shop, dkb, creation, seller, buyer):
    bid = shop.bid(buyer, creation, dkb)
    sleep_to(chain, bid.expiry + 1)
    with reverts_with("Document_Expired", shop.digest(bid), bid.expiry, bid.expiry + 1):
        shop.accept(bid, seller)


def test_a_bid_dies_when_the_creation_changes_hands(
    shop, registry, dkb, creation, seller, stranger, buyer
):
    bid = shop.bid(buyer, creation, dkb)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.approve(shop.contract, creation, {"from": stranger})
    with reverts_with("Creation_Moved", creation, 2, 1):
        shop.accept(bid, stranger)


def test_accept_reverts_for_another_creation(shop, dkb, own_work, creation, seller, buyer):
    other = own_work(seller, 7)
    bid = shop.bid(buyer, creation, dkb)
    with reverts_with("Bid_CreationWrong", other, ZERO_ADDRESS):
        shop.accept(bid, seller, creation_id=other)


def test_accept_reverts_when_the_seller_doesnt_own_it(shop, dkb, creation, stranger, buyer):
    with reverts_with("TransferFromIncorrectOwner"):
        shop.accept(shop.bid(buyer, creation, dkb), stranger)


def test_accept_reverts_without_the_buyers_tokens(shop, token, dkb, creation, seller, buyer):
    bid = shop.bid(buyer, creation, dkb)
    token.approve(shop.contract, PRICE - 1, {"from": buyer})
    with reverts_with("TransferFromFailed"):
        shop.accept(bid, seller)


def test_accept_reverts_with_coins_as_asset(shop, creation, seller, buyer):
    """Coins can't be pulled: a bid in coins would be paid with other people's."""
    bid = shop.bid(buyer, creation, COIN)
    with reverts_with("Bid_TermsWrong", COIN, creation, ZERO_ADDRESS):
        shop.accept(bid, seller)


def test_accept_reverts_when_the_price_is_nothing(shop, dkb, creation, seller, buyer):
    with reverts_with("Price_OutOfRange", 0, 2**128 - 1):
        shop.accept(shop.bid(buyer, creation, dkb, price=0), seller)


def test_accept_reverts_when_open_too_long(shop, dkb, creation, seller, buyer):
    now = chain.time() + 100
    bid = shop.bid(buyer, creation, dkb, expiry=now + 365 * DAY + 1)
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", bid.expiry, now, now + 365 * DAY):
        shop.accept(bid, seller)


def test_a_cancelled_bid_is_dead(shop, dkb, creation, seller, buyer):
    bid = shop.bid(buyer, creation, dkb)
    shop.contract.cancelNonces(bid.nonce, bid.nonce, {"from": buyer})
    with reverts_with("Nonce_Used", buyer, bid.nonce):
        shop.accept(bid, seller)


# Any work of a creator


def test_any_work_of_a_creator_fills_a_bid(
    shop, registry, dkb, watch, own_work, creator, buyer, stranger
):
    first, second = own_work(creator, 11), own_work(creator, 12)
    bid = shop.bid(buyer, 0, dkb, creator=creator.address)
    shop.accept(bid, creator, creation_id=second)
    assert registry.ownerOf(second) == buyer
    assert registry.ownerOf(first) == creator
    with reverts_with("Nonce_Used", buyer, bid.nonce):
        shop.accept(bid, creator, creation_id=first)


def test_whoever_owns_a_work_of_the_creator_fills_it(
    shop, registry, dkb, watch, creation, seller, creator, buyer
):
    bid = shop.bid(buyer, 0, dkb, creator=creator.address)
    seen = watch(dkb, seller, creator)
    shop.accept(bid, seller, creation_id=creation)
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY]


def test_accept_reverts_for_somebody_elses_work(shop, dkb, own_work, seller, creator, buyer):
    other = own_work(seller, 13)
    bid = shop.bid(buyer, 0, dkb, creator=creator.address)
    with reverts_with("Bid_CreationWrong", other, creator):
        shop.accept(bid, seller, creation_id=other)


@pytest.mark.parametrize("terms", [{"tenure": 1}, {"creation": True}], ids=str)
def test_accept_reverts_when_a_creators_bid_names_more(
    shop, dkb, creation, seller, creator, buyer, terms
):
    id_ = creation if "creation" in terms else 0
    tenure = terms.get("tenure", 0)
    bid = shop.bid(buyer, id_, dkb, creator=creator.address, tenure=tenure)
    with reverts_with("Bid_TermsWrong", dkb.address, id_, creator):
        shop.accept(bid, seller, creation_id=creation)


def test_accept_reverts_when_a_creators_bid_is_for_a_foreign_collection(
    shop, dkb, foreign, MockCollection, seller, creator, buyer
):
    collection = foreign(MockCollection)
    bid = shop.bid(buyer, 0, dkb, creator=creator.address, collection=collection.address)
    with reverts_with("Bid_TermsWrong", dkb.address, 0, creator):
        shop.accept(bid, seller, creation_id=5)


def test_accept_reverts_for_a_work_that_never_was(shop, dkb, seller, creator, buyer):
    bid = shop.bid(buyer, 0, dkb, creator=creator.address)
    with pytest.raises(Exception, match=r"Creation_Unknown|Bid_CreationWrong"):
        shop.accept(bid, seller, creation_id=4_711)


# Foreign collections and contracts that sign


def test_a_bid_for_a_foreign_creation(shop, dkb, watch, foreign, MockCollection, seller, buyer):
    collection = foreign(MockCollection)
    bid = shop.bid(buyer, 5, dkb, collection=collection.address)
    seen = watch(dkb, seller)
    shop.accept(bid, seller)
    assert collection.ownerOf(5) == buyer
    assert seen.gained() == [PRICE - FEE]


@pytest.mark.parametrize(("most", "paid"), [(1_000, 700), (300, 300), (0, 0)])
def test_the_seller_clamps_a_foreign_royalty(
    shop, dkb, watch, foreign, MockCollection, seller, stranger, buyer, most, paid
):
    collection = foreign(MockCollection)
    collection.setRoyalty(stranger, 700)
    bid = shop.bid(buyer, 5, dkb, collection=collection.address)
    seen = watch(dkb, seller, stranger)
    shop.accept(bid, seller, royalty_bps_max=most)
    royalty = PRICE * paid // 10_000
    assert seen.gained() == [PRICE - FEE - royalty, royalty]


def test_accept_reverts_when_the_royalty_allowed_is_too_high(
    shop, dkb, foreign, MockCollection, seller, buyer
):
    collection = foreign(MockCollection)
    bid = shop.bid(buyer, 5, dkb, collection=collection.address)
    with reverts_with("Royalty_TooHigh", 1_001, 1_000):
        shop.accept(bid, seller, royalty_bps_max=1_001)


def test_accept_reverts_when_a_royalty_is_named_for_our_registry(
    shop, dkb, creation, seller, buyer
):
    with reverts_with("Royalty_TooHigh", 1, 0):
        shop.accept(shop.bid(buyer, creation, dkb), seller, royalty_bps_max=1)


def test_a_contract_bids(shop, registry, token, dkb, creation, seller, wallet, buyer, deployer):
    token.transfer(wallet, PRICE, {"from": deployer})
    approve = token.approve.encode_input(shop.contract, PRICE)
    wallet.execute(token, 0, approve, {"from": buyer})
    bid = shop.bid(wallet.address, creation, dkb)
    with wrong(shop, bid):
        shop.accept(bid, seller, b"not yet")
    wallet.sign(shop.digest(bid), b"whatever it says")
    shop.accept(bid, seller, b"whatever it says")
    assert registry.ownerOf(creation) == wallet


def test_a_work_registered_after_the_bid_counts(shop, registry, dkb, creator, buyer):
    bid = shop.bid(buyer, 0, dkb, creator=creator.address)
    signature = shop.sign(bid, buyer)
    work = register(registry, creator, n=21)
    registry.approve(shop.contract, work, {"from": creator})
    shop.accept(bid, creator, signature, creation_id=work)
    assert registry.ownerOf(work) == buyer
