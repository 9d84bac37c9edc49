"""CreationMarket's events: creations sold at once, by offer or by bid, and swapped."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.handlers import consent, till
from dokkaebi.ledger.rows import (
    COIN,
    Add,
    Books,
    Effect,
    Handler,
    Lookups,
    Put,
    Record,
    address_or_none,
    creation_key,
    placed,
)


def on_offer_published(record: Record, books: Books) -> Iterable[Effect]:
    """An offer can be taken; also one that was cancelled or taken, and is published again."""
    offer = record.values["offer"]
    falls = offer["start"] != 0
    yield Put(
        "offer",
        consent.new_offer(
            record,
            kind="instant",
            collection=offer["collection"],
            creation_id=creation_key(offer["creationId"]),
            end_price=offer["endPrice"] if falls else None,
            starts_at=offer["start"] if falls else None,
            units=1,
            units_left=1,
            ship_seconds=None,
            inspect_seconds=None,
            arbiter=None,
            parts=None,
            details=None,
        ),
    )


def on_bid_accepted(record: Record, books: Books) -> Iterable[Effect]:
    """An owner gives a creation for a bid; its sale follows."""
    yield Put(
        "bid",
        {
            "id": record.values["bidId"],
            "bidder": record.values["bidder"],
            "seller": record.values["seller"],
            "accepted_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_sale_settled(record: Record, books: Books) -> Iterable[Effect]:
    """A sale: a trade that begins and ends here, under its document's id.

    If the buyer owns the work already, it was registered for this sale, by its creator's voucher:
    all others hand it over only after this event.
    Coins went through the market, and the community's part of them is credited; tokens went from
    the buyer straight to everybody. Several creators follow one by one in `RoyaltyPaid`.
    """
    values = record.values
    document, asset, seller, price = (
        values[name] for name in ("documentId", "asset", "seller", "price")
    )
    royalty, referral, fee = (values[part] for part in ("royalty", "referral", "fee"))
    taken = books.find("taken", document)
    number = taken["times"] if taken else 0
    creation = creation_key(values["creationId"])
    by_bid = books.find("bid", document) is not None
    kind = "bid" if by_bid else "instant"
    if values["collection"] == books.row("market", record.contract)["registry"]:
        work = books.find("creation", creation)
        if work is not None and work["owner"] == values["buyer"]:
            kind = "voucher"
    yield Put(
        "trade",
        till.new_trade(
            record,
            document,
            number=number,
            kind=kind,
            document_id=document,
            seller=seller,
            buyer=values["buyer"],
            referrer=address_or_none(values["referrer"]),
            collection=values["collection"],
            creation_id=creation,
            asset=asset,
            amount=price,
            **till.settled_at_once(record, "accepted" if by_bid else "bought"),
        ),
    )
    yield Add("taken", (document,), {"times": 1, "units": 1})
    yield from consent.take_units(record, books.find("offer", document), 1)
    gets = price - royalty - referral - fee
    parts = {"seller": gets, "royalty": royalty, "referral": referral, "fee": fee}
    yield till.settle(document, number, **parts)
    yield from till.owe(record, document, asset, "seller", seller, gets)
    if values["creator"] != COIN:
        yield from till.owe(record, document, asset, "creator", values["creator"], royalty)
    yield from till.owe(record, document, asset, "referrer", values["referrer"], referral)
    yield from till.owe_community(record, books, document, asset, fee, aside=asset == COIN)


def on_royalty_paid(record: Record, books: Books) -> Iterable[Effect]:
    """One of several creators' parts; the sale's event counted them all already."""
    values = record.values
    document = values["tradeId"]
    last = books.row("taken", document)["times"] - 1
    asset = books.row("trade", document, last)["asset"]
    yield from till.owe(record, document, asset, "creator", values["payee"], values["amount"])


def on_sponsor_repaid(record: Record, books: Books) -> Iterable[Effect]:
    """Whoever paid gas for a work's seller gets a part of the seller's; the settlement counts all
    of it as the seller's, who spent it."""
    document, sponsor, amount = (
        record.values[name] for name in ("documentId", "sponsor", "amount")
    )
    yield from till.sellers_to(record, books, document, "sponsor", sponsor, amount)


def on_swap_settled(record: Record, books: Books) -> Iterable[Effect]:
    """Two creations changed hands, without money."""
    values = record.values
    yield Put(
        "swap",
        {
            "id": values["swapId"],
            "maker": values["maker"],
            "taker": values["taker"],
            "given_collection": values["givenCollection"],
            "given_id": creation_key(values["givenId"]),
            "wanted_collection": values["wantedCollection"],
            "wanted_id": creation_key(values["wantedId"]),
            "settled_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


HANDLERS: dict[str, Handler] = {
    **till.HANDLERS,
    **consent.HANDLERS,
    "OfferPublished": on_offer_published,
    "OfferCancelled": consent.on_offer_cancelled,
    "BidAccepted": on_bid_accepted,
    "SaleSettled": on_sale_settled,
    "SponsorRepaid": on_sponsor_repaid,
    "RoyaltyPaid": on_royalty_paid,
    "SwapSettled": on_swap_settled,
}

LOOKUPS: Lookups = {
    "OfferPublished": (("offer", ("offerId",)),),
    "SaleSettled": (
        ("taken", ("documentId",)),
        ("bid", ("documentId",)),
        ("offer", ("documentId",)),
        ("trade", ("documentId", 0)),
    ),
}
