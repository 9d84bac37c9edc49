"""Auctions through the chain room alone."""

from __future__ import annotations

from dokkaebi.chain import auction_house as auctions
from dokkaebi.chain.creation_registry import owner
from dokkaebi.chain.lookup import happenings
from dokkaebi.chain.suite import COIN
from dokkaebi.chain.terms import NOBODY, Auction
from dokkaebi.chain.till import credits_of, sign_permit
from tests.dokkaebi.chain.conftest import HOUR, PRICE, Stall, refused
from tests.dokkaebi.conftest import BUYER, CREATOR, REFERRER, STRANGER, address


def auction_of(stall: Stall, asset: str = COIN) -> Auction:
    work = stall.create(market=stall.suite.auction_house)
    return auctions.new_auction(
        stall.suite, address(CREATOR), work, PRICE, ends_at=stall.soon(), asset=asset
    )


def test_opened_auction_is_found_bid_in_and_settled(stall: Stall) -> None:
    suite = stall.suite
    auction = auction_of(stall)
    stall.act(CREATOR, auctions.open_auction(suite, auction))
    found = auctions.find_auction(suite, stall.sign(CREATOR, auction).id[:10])
    assert found.terms == auction
    state = auctions.auction_state(suite, found.id)
    assert state == (NOBODY, 0, auction.ends_at)
    assert auctions.least_bid(auction, state) == PRICE
    stall.act(BUYER, auctions.bid(suite, auction, PRICE))
    state = auctions.auction_state(suite, found.id)
    least = auctions.least_bid(auction, state)
    assert least == PRICE * 105 // 100
    low = auctions.bid(suite, auction, least - 1)
    assert refused(lambda: stall.act(STRANGER, low)) == "Bid_OutOfRange"
    stall.act(STRANGER, auctions.bid(suite, auction, least))
    stall.pass_seconds(2 * HOUR)
    stall.act(REFERRER, auctions.settle(suite, auction))
    assert owner(suite, auction.creation_id) == address(STRANGER)
    events = [h.event for h in happenings(suite, found.id)]
    assert events == ["AuctionOpened", "AuctionBid", "AuctionBid", "AuctionSettled"]
    fee = least // 100
    assert credits_of(suite, suite.pool.call("PURSE")) == [(suite.auction_house, COIN, fee)]
    assert auctions.held_for(suite, auction.collection, auction.creation_id) is None


def test_least_step_is_one_unit() -> None:
    auction = Auction(NOBODY, NOBODY, 1, 0, COIN, 1, 100, 1, 0, 0, 0)
    for amount, least in ((1, 2), (99, 100), (100, 101), (200, 202)):
        state = auctions.AuctionState("0x1", amount, 1)
        assert auctions.least_bid(auction, state) == least


def test_signed_auction_opens_with_its_first_bid(stall: Stall) -> None:
    suite = stall.suite
    auction = auction_of(stall)
    consent = stall.sign(CREATOR, auction)
    bare = auctions.bid(suite, auction, PRICE)
    assert refused(lambda: stall.act(BUYER, bare)) == "Auction_NotOpen"
    stall.act(BUYER, auctions.bid(suite, auction, PRICE, consent.signature))
    assert auctions.auction_state(suite, consent.id).bidder == address(BUYER)


def test_auction_without_a_bid_is_cancelled(stall: Stall) -> None:
    suite = stall.suite
    auction = auction_of(stall)
    stall.act(CREATOR, auctions.open_auction(suite, auction))
    stall.act(CREATOR, auctions.cancel(suite, auction))
    assert auctions.auction_state(suite, stall.sign(CREATOR, auction).id).deadline == 0


def test_bid_in_tokens_comes_with_a_permit(stall: Stall) -> None:
    suite, token = stall.suite, stall.suite.token.address
    stall.market.give_tokens(BUYER, PRICE)
    auction = auction_of(stall, token)
    stall.act(CREATOR, auctions.open_auction(suite, auction))
    house = suite.auction_house
    permit = sign_permit(suite, stall.key(BUYER), token, house, PRICE, stall.soon())
    stall.act(BUYER, auctions.bid(suite, auction, PRICE, permit=permit))
    assert auctions.bid(suite, auction, PRICE).value == 0


def test_nothing_waits_for_whom_nothing_is_held(stall: Stall) -> None:
    suite = stall.suite
    call = auctions.retrieve(suite, suite.registry.address, 7, address(BUYER))
    assert refused(lambda: stall.act(BUYER, call)) == "Creation_NotHeld"
    assert refused(lambda: auctions.find_auction(suite, "0x123456")) == "auction_unknown"
