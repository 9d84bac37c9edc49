"""The auction house: English auctions, from their terms to the calls."""

from __future__ import annotations

from typing import NamedTuple

from dokkaebi.chain.consents import Permit
from dokkaebi.chain.creation_registry import royalty_bps, tenure_if_owned
from dokkaebi.chain.lookup import find_log, found_in
from dokkaebi.chain.nonces import next_nonce
from dokkaebi.chain.suite import COIN, Call, Suite
from dokkaebi.chain.terms import BPS, NOBODY, Auction, Found

STEP_BPS = 500
EXTENSION_SECONDS = 600


class AuctionState(NamedTuple):
    """The highest bid and its bidder (nobody without one), and the last second for a higher one
    (zero if the auction isn't open)."""

    bidder: str
    amount: int
    deadline: int


def new_auction(
    suite: Suite,
    seller: str,
    creation_id: int,
    reserve: int,
    *,
    ends_at: int,
    asset: str = COIN,
    collection: str | None = None,
    step_bps: int = STEP_BPS,
    extension_seconds: int = EXTENSION_SECONDS,
    royalty_bps_max: int | None = None,
    nonce: int | None = None,
) -> Auction:
    """An auction of a creation that the seller owns now; opened or signed it uses a nonce: the
    next that is free, or `nonce`."""
    where = collection or suite.registry.address
    tenure = tenure_if_owned(suite, creation_id, seller, collection)
    if royalty_bps_max is None:
        royalty_bps_max = royalty_bps(suite, creation_id, where)
    return Auction(
        seller=seller,
        collection=where,
        creation_id=creation_id,
        tenure=tenure,
        asset=asset,
        reserve=reserve,
        step_bps=step_bps,
        ends_at=ends_at,
        extension_seconds=extension_seconds,
        royalty_bps_max=royalty_bps_max,
        nonce=next_nonce(suite, suite.auction_house, seller) if nonce is None else nonce,
    )


# Look up


def find_auction(suite: Suite, seen: str) -> Found[Auction]:
    """The opened auction with an id, or with the only id that begins like `seen`."""
    house = suite.auction_house
    log = find_log(suite, house, "AuctionOpened", seen, "auction_unknown")
    return found_in(house, "AuctionOpened", log, "auction", Auction)


def auction_state(suite: Suite, auction_id: str) -> AuctionState:
    """Who bids most, and until when a higher bid can be made."""
    return AuctionState(*suite.auction_house.call("auctionState", bytes.fromhex(auction_id[2:])))


def least_bid(auction: Auction, state: AuctionState) -> int:
    """The lowest bid that can be made now."""
    if state.bidder == NOBODY:
        return auction.reserve
    return state.amount + max(1, state.amount * auction.step_bps // BPS)


def held_for(suite: Suite, collection: str, creation_id: int) -> str | None:
    """Who may retrieve a creation that its collection didn't hand over; None if nobody."""
    holder = str(suite.auction_house.call("heldFor", collection, creation_id))
    return None if holder == NOBODY else holder


# Act


def open_auction(suite: Suite, auction: Auction) -> Call:
    """Opens an auction; the creation stays with the seller until the first bid."""
    return suite.auction_house.prepare("open", auction)


def cancel(suite: Suite, auction: Auction) -> Call:
    """Takes an open auction off that nobody bid in."""
    return suite.auction_house.prepare("cancel", auction)


def bid(
    suite: Suite,
    auction: Auction,
    amount: int,
    signature: bytes = b"",
    permit: Permit | None = None,
) -> Call:
    """Bids; the first bid in a signed auction brings its signature and opens it."""
    house = suite.auction_house
    if permit is not None:
        return house.prepare("bidWithPermit", auction, signature, amount, permit.encoded)
    value = amount if auction.asset == COIN else 0
    return house.prepare("bid", auction, signature, amount, value=value)


def settle(suite: Suite, auction: Auction) -> Call:
    """Ends an auction whose time is over."""
    return suite.auction_house.prepare("settle", auction)


def retrieve(suite: Suite, collection: str, creation_id: int, to: str) -> Call:
    """Takes out a creation that waits for the sender."""
    return suite.auction_house.prepare("retrieve", collection, creation_id, to)
