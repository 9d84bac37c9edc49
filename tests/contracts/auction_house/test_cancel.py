"""Taking an auction off that nobody bid in."""

from brownie import ZERO_ADDRESS, chain

from tests.contracts.auction_house.conftest import auction_id
from tests.contracts.support import event_names, only_event, reverts_with, sleep_to


def test_cancel_closes_the_auction(auction_house, house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    tx = auction_house.cancel(auction, {"from": seller})
    assert event_names(tx) == ["AuctionCancelled"]
    assert only_event(tx, "AuctionCancelled") == {
        "auctionId": "0x" + auction_id(auction_house, auction).hex(),
        "seller": seller,
    }
    assert house.state(auction) == (ZERO_ADDRESS, 0, 0)


def test_a_cancelled_auction_takes_no_bid(auction_house, house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    auction_house.cancel(auction, {"from": seller})
    with reverts_with("Auction_NotOpen", auction_id(auction_house, auction)):
        house.bid(auction, buyer)


def test_a_cancelled_auction_never_comes_back(auction_house, house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    auction_house.cancel(auction, {"from": seller})
    with reverts_with("Nonce_Used", seller, auction.nonce):
        auction_house.open(auction, {"from": seller})
    with reverts_with("Nonce_Used", seller, auction.nonce):
        house.bid(auction, buyer, signature=house.sign(auction, seller))


def test_an_auction_that_nobody_wanted_can_be_cancelled_later(
    auction_house, house, seller, creation
):
    auction = house.opened(seller, creation_id=creation)
    house.ends(auction)
    auction_house.cancel(auction, {"from": seller})
    assert house.deadline(auction) == 0


def test_cancel_reverts_when_the_caller_isnt_the_seller(
    auction_house, house, seller, stranger, creation
):
    auction = house.opened(seller, creation_id=creation)
    with reverts_with("Auction_NotSeller", stranger, seller):
        auction_house.cancel(auction, {"from": stranger})


def test_cancel_reverts_when_somebody_bids(auction_house, house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    with reverts_with("Auction_HasBid", auction_id(auction_house, auction), buyer):
        auction_house.cancel(auction, {"from": seller})


def test_cancel_reverts_when_somebody_won(auction_house, house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    house.ends(auction)
    with reverts_with("Auction_HasBid", auction_id(auction_house, auction), buyer):
        auction_house.cancel(auction, {"from": seller})


def test_cancel_reverts_when_it_isnt_open(auction_house, house, seller, creation):
    auction = house.auction(seller, creation_id=creation)
    with reverts_with("Auction_NotOpen", auction_id(auction_house, auction)):
        auction_house.cancel(auction, {"from": seller})


def test_cancel_reverts_when_it_was_cancelled(auction_house, house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    auction_house.cancel(auction, {"from": seller})
    with reverts_with("Auction_NotOpen", auction_id(auction_house, auction)):
        auction_house.cancel(auction, {"from": seller})


def test_cancel_reverts_when_it_was_settled(auction_house, house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    house.settle(auction)
    with reverts_with("Auction_NotOpen", auction_id(auction_house, auction)):
        auction_house.cancel(auction, {"from": seller})


def test_cancel_reverts_when_other_terms_come_along(auction_house, house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    other = auction._replace(reserve=1)
    with reverts_with("Auction_NotOpen", auction_id(auction_house, other)):
        auction_house.cancel(other, {"from": seller})
    assert house.deadline(auction)


def test_an_open_auction_doesnt_end_with_its_nonce(auction_house, house, seller, buyer, creation):
    """`cancelNonces` is for what was signed; who opened an auction takes it off by `cancel`."""
    auction = house.opened(seller, creation_id=creation)
    auction_house.cancelNonces(auction.nonce, auction.nonce, {"from": seller})
    house.bid(auction, buyer)
    assert house.bidder(auction) == buyer


def test_cancel_at_the_last_second_of_bidding(auction_house, house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    sleep_to(chain, auction.ends_at)
    auction_house.cancel(auction, {"from": seller})
    assert house.deadline(auction) == 0
