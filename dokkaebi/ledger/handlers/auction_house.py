"""AuctionHouse's events: auctions, bids, and creations that a collection wouldn't hand over."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.handlers import consent, till
from dokkaebi.ledger.rows import Books, Change, Effect, Handler, Put, Record, creation_key, placed


def on_auction_opened(record: Record, books: Books) -> Iterable[Effect]:
    """Bids can be made; of a signed auction the first follows at once."""
    auction = record.values["auction"]
    yield Put(
        "auction",
        {
            "id": record.values["auctionId"],
            "market": record.contract,
            "state": "open",
            "seller": auction["seller"],
            "collection": auction["collection"],
            "creation_id": creation_key(auction["creationId"]),
            "tenure": auction["tenure"],
            "asset": auction["asset"],
            "reserve": auction["reserve"],
            "step_bps": auction["stepBps"],
            "ends_at": auction["endsAt"],
            "extension_seconds": auction["extensionSeconds"],
            "nonce": auction["nonce"],
            "bidder": None,
            "amount": 0,
            "bids": 0,
            "deadline": auction["endsAt"],
            "opened_at": record.timestamp,
            "ended_at": None,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_auction_cancelled(record: Record, books: Books) -> Iterable[Effect]:
    """An auction that nobody bid in was taken off."""
    yield _end(record, "cancelled")


def on_auction_bid(record: Record, books: Books) -> Iterable[Effect]:
    """A bid comes in, and the one before it goes back."""
    values = record.values
    identifier, bidder, amount = (values[name] for name in ("auctionId", "bidder", "amount"))
    auction = books.row("auction", identifier)
    yield Put(
        "auction_bid",
        {
            "market": record.contract,
            "auction_id": identifier,
            "bidder": bidder,
            "asset": auction["asset"],
            "amount": amount,
            "deadline": values["deadline"],
            "bid_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )
    highest = {"bidder": bidder, "amount": amount, "deadline": values["deadline"]}
    yield Change("auction", (identifier,), {**highest, "bids": auction["bids"] + 1})
    if auction["bidder"] is not None:
        outbid = (auction["asset"], "bidder", auction["bidder"], auction["amount"])
        yield from till.owe(record, identifier, *outbid)


def on_auction_settled(record: Record, books: Books) -> Iterable[Effect]:
    """The highest bid is the price, and is divided; creators follow in `RoyaltyPaid`."""
    values = record.values
    identifier, price, fee = (values[name] for name in ("auctionId", "price", "fee"))
    auction = books.row("auction", identifier)
    asset, seller = auction["asset"], auction["seller"]
    yield _end(record, "settled")
    yield Put(
        "trade",
        till.new_trade(
            record,
            identifier,
            kind="auction",
            document_id=identifier,
            seller=seller,
            buyer=values["winner"],
            collection=auction["collection"],
            creation_id=auction["creation_id"],
            asset=asset,
            amount=price,
            **till.settled_at_once(record, "auctioned"),
        ),
    )
    yield till.settle(identifier, seller=price - fee, fee=fee)
    yield from till.owe(record, identifier, asset, "seller", seller, price - fee)
    yield from till.owe_community(record, books, identifier, asset, fee)


def on_creation_held(record: Record, books: Books) -> Iterable[Effect]:
    """The collection didn't hand the creation over; it waits for its owner."""
    values = record.values
    yield Put(
        "held_creation",
        {
            "collection": values["collection"],
            "creation_id": creation_key(values["creationId"]),
            "auction_id": values["auctionId"],
            "owner": values["owner"],
            "held_at": record.timestamp,
            "recipient": None,
            "retrieved_at": None,
        },
    )


def on_creation_retrieved(record: Record, books: Books) -> Iterable[Effect]:
    """The owner took a waiting creation out."""
    values = record.values
    yield Change(
        "held_creation",
        (values["collection"], creation_key(values["creationId"])),
        {"recipient": values["to"], "retrieved_at": record.timestamp},
    )


def _end(record: Record, state: str) -> Change:
    values = {"state": state, "ended_at": record.timestamp}
    return Change("auction", (record.values["auctionId"],), values)


HANDLERS: dict[str, Handler] = {
    **till.HANDLERS,
    **consent.HANDLERS,
    "AuctionOpened": on_auction_opened,
    "AuctionCancelled": on_auction_cancelled,
    "AuctionBid": on_auction_bid,
    "AuctionSettled": on_auction_settled,
    "CreationHeld": on_creation_held,
    "CreationRetrieved": on_creation_retrieved,
}
