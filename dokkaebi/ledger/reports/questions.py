"""What people ask the books about works, documents, trades and disputes. About money: `money`.

Each question gives typed rows (`kinds`), in an order of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, and_, func, literal, select

from dokkaebi.chain.documents import creation_cid
from dokkaebi.chain.terms import worths_of
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.kinds import (
    AuctionRow,
    BidRow,
    Cancellation,
    DisputeRow,
    Milestone,
    Moment,
    Number,
    OpenOffer,
    Partner,
    RequestRow,
    Split,
    SwapRow,
    TradeRow,
    Units,
    Work,
    address,
    address_or_none,
    creation,
    creation_or_none,
    moment_or_none,
)
from dokkaebi.ledger.store import Snapshot

LIVE = ("funded", "shipped", "disputed")


def works_by_creator(snapshot: Snapshot) -> list[Work]:
    """Creations, by creator and age."""
    table = schema.creation
    parents = _by_creation(snapshot, schema.creation_parent)
    partners = _by_creation(snapshot, schema.creation_partner)
    own = snapshot.identity.addresses["CreationRegistry"]
    sold = Counter(
        row["creation_id"]
        for row in snapshot.rows(select_trades())
        if row["collection"] == own and _trade(row, snapshot.cursor.timestamp).is_sale
    )
    order = (table.c.creator, table.c.block_number, table.c.log_index)
    return [
        Work(
            creator=address(row["creator"]),
            id=creation(row["id"]),
            cid=creation_cid(creation(row["id"])),
            owner=address_or_none(row["owner"]),
            royalty_bps=row["royalty_bps"],
            parents=tuple(creation(parent["parent_id"]) for parent in parents[row["id"]]),
            partners=tuple(
                Partner(address(one["partner"]), one["share_bps"]) for one in partners[row["id"]]
            ),
            sales=sold[row["id"]],
            created_at=Moment(row["created_at"]),
            transaction=row["transaction_hash"],
            document_digest=row["document_digest"],
            document_size=row["document_size"],
        )
        for row in snapshot.rows(select(table).order_by(*order))
    ]


def open_offers(snapshot: Snapshot) -> list[OpenOffer]:
    """Published offers that nobody took or cancelled, as of the ledger's last block."""
    table, work, now = schema.offer, schema.creation, snapshot.cursor.timestamp
    own = snapshot.identity.addresses["CreationRegistry"]
    ours = and_(work.c.id == table.c.creation_id, table.c.collection == own)
    query = (
        select(table, work.c.owner, work.c.tenure.label("tenure_now"))
        .outerjoin(work, ours)
        .where(table.c.state == "open")
        .order_by(table.c.block_number, table.c.log_index)
    )
    return [
        OpenOffer(
            id=row["id"],
            status=_offer_status(row, now, row["collection"] == own),
            kind=row["kind"],
            seller=address(row["seller"]),
            buyer=address_or_none(row["buyer"]),
            collection=address_or_none(row["collection"]),
            creation=creation_or_none(row["creation_id"]),
            asset=address(row["asset"]),
            price=Units(_price_now(row, now)),
            end_price=None if row["end_price"] is None else Units(row["end_price"]),
            units=row["units_left"],
            parts=row["parts"],
            arbiter=address_or_none(row["arbiter"]),
            referral_bps=row["referral_bps"],
            published_at=Moment(row["published_at"]),
            starts_at=moment_or_none(row["starts_at"]),
            expires_at=Moment(row["expiry"]),
        )
        for row in snapshot.rows(query)
    ]


def requests(snapshot: Snapshot) -> list[RequestRow]:
    """Every request for work, in the order of their payments."""
    table, accepted, now = schema.request, schema.trade, snapshot.cursor.timestamp
    query = (
        select(table, accepted.c.seller.label("taker"))
        .outerjoin(accepted, accepted.c.id == table.c.trade_id)
        .order_by(table.c.block_number, table.c.log_index)
    )
    return [
        RequestRow(
            id=row["id"],
            status="expired" if _is_late(row, row["expiry"], now) else row["state"],
            buyer=address(row["buyer"]),
            seller=address_or_none(row["taker"] or row["seller"]),
            creation=creation_or_none(row["creation_id"]),
            asset=address(row["asset"]),
            price=Units(row["price"]),
            parts=row["parts"],
            arbiter=address_or_none(row["arbiter"]),
            trade=row["trade_id"],
            requested_at=Moment(row["requested_at"]),
            expires_at=Moment(row["expiry"]),
            ended_at=moment_or_none(row["ended_at"]),
        )
        for row in snapshot.rows(query)
    ]


def trades(snapshot: Snapshot) -> list[TradeRow]:
    """Everything that was given for money, at once or in steps, in the order of the payments."""
    order = (schema.trade.c.block_number, schema.trade.c.log_index)
    rows = snapshot.rows(select_trades().order_by(*order))
    return [_trade(row, snapshot.cursor.timestamp) for row in rows]


def milestones(snapshot: Snapshot) -> list[Milestone]:
    """The parts of trades that have several, trade by trade."""
    paid = {(row["trade_id"], row["number"]): row for row in snapshot.rows(select(schema.part))}
    table = schema.trade
    query = (
        select(table)
        .where(table.c.parts.is_not(None))
        .order_by(table.c.block_number, table.c.log_index)
    )
    found = []
    for trade in snapshot.rows(query):
        percents = [int(percent) for percent in trade["parts"].split(",")]
        worths = worths_of(trade["amount"], percents)
        for number, (percent, worth) in enumerate(zip(percents, worths, strict=True)):
            row = paid.get((trade["id"], number))
            current = trade if number == trade["part"] else None
            found.append(
                Milestone(
                    trade=trade["id"],
                    part=number + 1,
                    percent=percent,
                    state=_part_state(trade, number, row is not None),
                    reason=row["reason"] if row else None,
                    seller=address(trade["seller"]),
                    buyer=address(trade["buyer"]),
                    asset=address(trade["asset"]),
                    amount=Units(worth),
                    shipped_at=moment_or_none((row or current or {}).get("shipped_at")),
                    paid_at=moment_or_none(row["paid_at"] if row else None),
                )
            )
    return found


def swaps(snapshot: Snapshot) -> list[SwapRow]:
    """Creations that changed hands for one another, in their order."""
    table = schema.swap
    return [
        SwapRow(
            id=row["id"],
            maker=address(row["maker"]),
            taker=address(row["taker"]),
            given_collection=address(row["given_collection"]),
            given=creation(row["given_id"]),
            wanted_collection=address(row["wanted_collection"]),
            wanted=creation(row["wanted_id"]),
            settled_at=Moment(row["settled_at"]),
            transaction=row["transaction_hash"],
        )
        for row in snapshot.rows(select(table).order_by(table.c.block_number, table.c.log_index))
    ]


def auctions(snapshot: Snapshot) -> list[AuctionRow]:
    """Every auction, in the order of their openings."""
    table, held, now = schema.auction, schema.held_creation, snapshot.cursor.timestamp
    waits = and_(held.c.auction_id == table.c.id, held.c.retrieved_at.is_(None))
    query = (
        select(table, held.c.held_at)
        .outerjoin(held, waits)
        .order_by(table.c.block_number, table.c.log_index)
    )
    return [
        AuctionRow(
            id=row["id"],
            status=_auction_status(row, now),
            seller=address(row["seller"]),
            collection=address(row["collection"]),
            creation=creation(row["creation_id"]),
            asset=address(row["asset"]),
            reserve=Units(row["reserve"]),
            bids=row["bids"],
            bidder=address_or_none(row["bidder"]),
            amount=Units(row["amount"]),
            opened_at=Moment(row["opened_at"]),
            deadline=Moment(row["deadline"]),
            ended_at=moment_or_none(row["ended_at"]),
        )
        for row in snapshot.rows(query)
    ]


def bids(snapshot: Snapshot) -> list[BidRow]:
    """Bids in auctions, and signed bids that an owner accepted, in their order. Signed bids that
    nobody accepted never reached the chain."""
    bid, lot, trade = schema.auction_bid, schema.auction, schema.trade
    in_auctions = select(
        bid.c.block_number,
        bid.c.log_index,
        bid.c.auction_id.label("document"),
        bid.c.bidder,
        lot.c.state,
        lot.c.collection,
        lot.c.creation_id,
        bid.c.asset,
        bid.c.amount,
        (bid.c.amount == lot.c.amount).label("last"),
        bid.c.bid_at,
        bid.c.transaction_hash,
    ).join(lot, lot.c.id == bid.c.auction_id)
    accepted = select(
        trade.c.block_number,
        trade.c.log_index,
        trade.c.id.label("document"),
        trade.c.buyer.label("bidder"),
        literal("accepted").label("state"),
        trade.c.collection,
        trade.c.creation_id,
        trade.c.asset,
        trade.c.amount,
        trade.c.funded_at.label("bid_at"),
        trade.c.funded_transaction.label("transaction_hash"),
    ).where(trade.c.kind == "bid")
    rows = [*snapshot.rows(in_auctions), *snapshot.rows(accepted)]
    return [
        BidRow(
            document=row["document"],
            status=_bid_status(row),
            bidder=address(row["bidder"]),
            collection=address(row["collection"]),
            creation=creation(row["creation_id"]),
            asset=address(row["asset"]),
            amount=Units(row["amount"]),
            bid_at=Moment(row["bid_at"]),
            transaction=row["transaction_hash"],
        )
        for row in sorted(rows, key=lambda row: (row["block_number"], row["log_index"]))
    ]


def disputes(snapshot: Snapshot) -> list[DisputeRow]:
    """Every dispute, in their order."""
    table, trade, said = schema.dispute, schema.trade, schema.evidence
    now = snapshot.cursor.timestamp
    counts = Counter(row["trade_id"] for row in snapshot.rows(select(said.c.trade_id)))
    query = (
        select(table, trade.c.buyer, trade.c.seller)
        .join(trade, trade.c.id == table.c.trade_id)
        .order_by(table.c.block_number, table.c.log_index)
    )
    return [
        DisputeRow(
            trade=row["trade_id"],
            part=row["part"] + 1,
            reason=row["reason"],
            arbiter=address(row["arbiter"]),
            buyer=address(row["buyer"]),
            seller=address(row["seller"]),
            asset=address(row["asset"]),
            amount=Units(row["amount"]),
            to_seller=Units(row["to_seller"]),
            to_buyer=Units(row["to_buyer"]),
            arbiter_fee=Units(row["arbiter_fee"]),
            evidence=counts[row["trade_id"]],
            overdue=row["ended_at"] is None and row["deadline"] < now,
            disputed_at=Moment(row["disputed_at"]),
            deadline=Moment(row["deadline"]),
            ended_at=moment_or_none(row["ended_at"]),
        )
        for row in snapshot.rows(query)
    ]


def cancelled_nonces(snapshot: Snapshot) -> list[Cancellation]:
    """What people declared dead of what they signed, in its order."""
    table = schema.cancellation
    return [
        Cancellation(
            row["market"],
            address(row["signer"]),
            Number(row["first"]),
            Number(row["last"]),
            Moment(row["cancelled_at"]),
            row["transaction_hash"],
        )
        for row in snapshot.rows(select(table).order_by(table.c.block_number, table.c.log_index))
    ]


def select_trades() -> Select[Any]:
    """Trades with the parts of their settlements as `split_…`, zero while there are none."""
    table, end = schema.trade, schema.settlement
    parts = (
        func.coalesce(end.c[part], 0).label(f"split_{part}") for part in Split.__dataclass_fields__
    )
    same = and_(end.c.trade_id == table.c.id, end.c.number == table.c.number)
    return select(table, *parts).outerjoin(end, same)


def _by_creation(snapshot: Snapshot, table: Any) -> Mapping[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in snapshot.rows(select(table).order_by("creation_id", "position")):
        found[row["creation_id"]].append(row)
    return found


def _is_late(row: Mapping[str, Any], deadline: int, now: int) -> bool:
    return bool(row["state"] == "open" and deadline < now)


def _offer_status(row: Mapping[str, Any], now: int, ours: bool) -> str:
    if row["expiry"] < now:
        return "expired"
    if ours and (row["owner"] != row["seller"] or row["tenure_now"] != row["tenure"]):
        return "moved"
    return "early" if (row["starts_at"] or 0) > now else "open"


def _price_now(row: Mapping[str, Any], now: int) -> int:
    """The price; a falling one as the market computes it, rounded up."""
    start, price = row["starts_at"], int(row["price"])
    if start is None or now < start:
        return price
    passed = min(now, row["expiry"]) - start
    fall: int = (price - row["end_price"]) * passed // (row["expiry"] - start)
    return price - fall


def _part_state(trade: Mapping[str, Any], number: int, paid: bool) -> str:
    if paid:
        return "paid"
    if trade["state"] in LIVE and number != trade["part"]:
        return "ahead"
    return str(trade["state"])


def _auction_status(row: Mapping[str, Any], now: int) -> str:
    if _is_late(row, row["deadline"], now):
        return "over" if row["bids"] else "expired"
    return "held" if row["held_at"] is not None else str(row["state"])


def _bid_status(row: Mapping[str, Any]) -> str:
    if row["state"] == "accepted":
        return "accepted"
    if not row["last"]:
        return "outbid"
    return "won" if row["state"] == "settled" else "highest"


def _trade(row: Mapping[str, Any], now: int) -> TradeRow:
    deadline = moment_or_none(row["deadline"])
    return TradeRow(
        id=row["id"],
        kind=row["kind"],
        document=row["document_id"],
        state=row["state"],
        reason=row["reason"],
        seller=address(row["seller"]),
        buyer=address(row["buyer"]),
        referrer=address_or_none(row["referrer"]),
        collection=address_or_none(row["collection"]),
        creation=creation_or_none(row["creation_id"]),
        asset=address(row["asset"]),
        amount=Units(row["amount"]),
        units=row["units"],
        split=Split(*(Units(int(row[f"split_{part}"])) for part in Split.__dataclass_fields__)),
        in_escrow=Units(row["rest"]),
        parts=row["parts"],
        part=row["part"] + 1,
        arbiter=address_or_none(row["arbiter"]),
        overdue=deadline is not None and deadline < now,
        funded_at=Moment(row["funded_at"]),
        shipped_at=moment_or_none(row["shipped_at"]),
        disputed_at=moment_or_none(row["disputed_at"]),
        deadline=deadline,
        ended_at=moment_or_none(row["ended_at"]),
        funded_transaction=row["funded_transaction"],
        ended_transaction=row["ended_transaction"],
    )
