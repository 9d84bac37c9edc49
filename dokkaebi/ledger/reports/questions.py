"""What people ask the books about works, documents, trades and disputes. About money: `money`.

Each question gives typed rows (`kinds`), in an order of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Select,
    Subquery,
    Table,
    and_,
    false,
    func,
    literal,
    select,
    union_all,
)

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
    VoucherCancellation,
    Work,
    address,
    address_or_none,
    creation,
    creation_or_none,
    moment_or_none,
)
from dokkaebi.ledger.reports.listing import Listing, Rows
from dokkaebi.ledger.rows import Row
from dokkaebi.ledger.store import Snapshot

LIVE = ("funded", "shipped", "disputed")
# More keys than this in one query are slower than reading the whole table.
FEW_KEYS = 500


def works_by_creator(snapshot: Snapshot) -> list[Work]:
    """Creations, by creator and age."""
    return sorted(WORKS.all(snapshot), key=lambda work: work.creator.lower())


def open_offers(snapshot: Snapshot) -> list[OpenOffer]:
    """Published offers that nobody took or cancelled, as of the ledger's last block."""
    return OFFERS.all(snapshot)


def requests(snapshot: Snapshot) -> list[RequestRow]:
    """Every request for work, in the order of their payments."""
    return REQUESTS.all(snapshot)


def trades(snapshot: Snapshot) -> list[TradeRow]:
    """Everything that was given for money, at once or in steps, in the order of the payments."""
    return TRADES.all(snapshot)


def milestones(snapshot: Snapshot, trade: str | None = None) -> list[Milestone]:
    """The parts of trades (or of this one) that have several, trade by trade."""
    table = schema.trade.c
    query = select_trades().where(table.parts.is_not(None))
    if trade is not None:
        query = query.where(table.id == trade)
    trades = snapshot.rows(TRADES.in_order(query))
    part = schema.part
    rows = _among(snapshot, select(part), part.c.trade_id, [row["id"] for row in trades])
    paid = {(row["trade_id"], row["number"]): row for row in rows}
    found = []
    for one in trades:
        percents = [int(percent) for percent in one["parts"].split(",")]
        worths = worths_of(one["amount"], percents)
        for number, (percent, worth) in enumerate(zip(percents, worths, strict=True)):
            row = paid.get((one["id"], number))
            current = one if number == one["part"] else None
            found.append(
                Milestone(
                    trade=one["id"],
                    part=number + 1,
                    percent=percent,
                    state=_part_state(one, number, row is not None),
                    reason=row["reason"] if row else None,
                    seller=address(one["seller"]),
                    buyer=address(one["buyer"]),
                    asset=address(one["asset"]),
                    amount=Units(worth),
                    shipped_at=moment_or_none((row or current or {}).get("shipped_at")),
                    paid_at=moment_or_none(row["paid_at"] if row else None),
                    final=snapshot.is_final("trade", one["id"], one["number"]),
                )
            )
    return found


def swaps(snapshot: Snapshot) -> list[SwapRow]:
    """Creations that changed hands for one another, in their order."""
    return SWAPS.all(snapshot)


def auctions(snapshot: Snapshot) -> list[AuctionRow]:
    """Every auction, in the order of their openings."""
    return AUCTIONS.all(snapshot)


def bids(snapshot: Snapshot) -> list[BidRow]:
    """Bids in auctions, and signed bids that an owner accepted, in their order. Signed bids that
    nobody accepted never reached the chain."""
    return BIDS.all(snapshot)


def disputes(snapshot: Snapshot) -> list[DisputeRow]:
    """Every dispute, in their order."""
    return DISPUTES.all(snapshot)


def cancelled_nonces(snapshot: Snapshot) -> list[Cancellation]:
    """What people declared dead of what they signed, in its order."""
    return CANCELLATIONS.all(snapshot)


def cancelled_vouchers(snapshot: Snapshot) -> list[VoucherCancellation]:
    """Works whose creators declared vouchers dead, in their order."""
    return VOUCHER_CANCELLATIONS.all(snapshot)


def _works(snapshot: Snapshot, rows: Rows) -> list[Work]:
    keys = [row["id"] for row in rows]
    parents = _by_creation(snapshot, schema.creation_parent, keys)
    partners = _by_creation(snapshot, schema.creation_partner, keys)
    own, trade = snapshot.identity.addresses["CreationRegistry"], schema.trade
    query = select_trades().where(trade.c.collection == own)
    sold, unsettled = Counter[str](), set[str]()
    for row in _among(snapshot, query, trade.c.creation_id, keys):
        traded = _trade(snapshot, row)
        sold[row["creation_id"]] += traded.is_sale
        if not traded.final:
            unsettled.add(row["creation_id"])
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
            final=snapshot.is_final("creation", row["id"]) and row["id"] not in unsettled,
        )
        for row in rows
    ]


def _select_offers() -> Select[Any]:
    table, work, market = schema.offer, schema.creation, schema.market
    ours = and_(work.c.id == table.c.creation_id, table.c.collection == market.c.registry)
    return (
        select(table, work.c.owner, work.c.tenure.label("tenure_now"), market.c.registry)
        .join(market, market.c.name == table.c.market)
        .outerjoin(work, ours)
        .where(table.c.state == "open")
    )


def _offers(snapshot: Snapshot, rows: Rows) -> list[OpenOffer]:
    now = snapshot.cursor.timestamp
    return [
        OpenOffer(
            id=row["id"],
            status=_offer_status(row, now, row["collection"] == row["registry"]),
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
            transaction=row["transaction_hash"],
            final=snapshot.is_final("offer", row["id"])
            and snapshot.is_final("creation", row["creation_id"]),
        )
        for row in rows
    ]


def _select_requests() -> Select[Any]:
    table, accepted = schema.request, schema.trade
    taken = accepted.c.id == table.c.trade_id
    return select(table, accepted.c.seller.label("taker")).outerjoin(accepted, taken)


def _requests(snapshot: Snapshot, rows: Rows) -> list[RequestRow]:
    now = snapshot.cursor.timestamp
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
            final=snapshot.is_final("request", row["id"]),
        )
        for row in rows
    ]


def _trades(snapshot: Snapshot, rows: Rows) -> list[TradeRow]:
    return [_trade(snapshot, row) for row in rows]


def _swaps(snapshot: Snapshot, rows: Rows) -> list[SwapRow]:
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
            final=snapshot.is_final("swap", row["id"]),
        )
        for row in rows
    ]


def _select_auctions() -> Select[Any]:
    table, held = schema.auction, schema.held_creation
    waits = and_(held.c.auction_id == table.c.id, held.c.retrieved_at.is_(None))
    return select(table, held.c.held_at).outerjoin(held, waits)


def _auctions(snapshot: Snapshot, rows: Rows) -> list[AuctionRow]:
    now = snapshot.cursor.timestamp
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
            final=snapshot.is_final("auction", row["id"])
            and snapshot.is_final("held_creation", row["collection"], row["creation_id"]),
        )
        for row in rows
    ]


def _all_bids() -> Subquery:
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
        false().label("last"),
        trade.c.funded_at.label("bid_at"),
        trade.c.funded_transaction.label("transaction_hash"),
    ).where(trade.c.kind == "bid")
    return union_all(in_auctions, accepted).subquery()


def _bids(snapshot: Snapshot, rows: Rows) -> list[BidRow]:
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
            final=row["block_number"] <= snapshot.cursor.final_number
            and snapshot.is_final("auction", row["document"]),
        )
        for row in rows
    ]


def _select_disputes() -> Select[Any]:
    table, trade = schema.dispute, schema.trade
    return select(table, trade.c.buyer, trade.c.seller).join(trade, trade.c.id == table.c.trade_id)


def _disputes(snapshot: Snapshot, rows: Rows) -> list[DisputeRow]:
    now, said = snapshot.cursor.timestamp, schema.evidence
    keys = [row["trade_id"] for row in rows]
    query = select(said.c.trade_id, said.c.block_number)
    counts, unsettled = Counter[str](), set[str]()
    for row in _among(snapshot, query, said.c.trade_id, keys):
        counts[row["trade_id"]] += 1
        if row["block_number"] > snapshot.cursor.final_number:
            unsettled.add(row["trade_id"])
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
            final=snapshot.is_final("dispute", row["trade_id"], row["part"])
            and row["trade_id"] not in unsettled,
        )
        for row in rows
    ]


def _cancellations(snapshot: Snapshot, rows: Rows) -> list[Cancellation]:
    return [
        Cancellation(
            row["market"],
            address(row["signer"]),
            Number(row["first"]),
            Number(row["last"]),
            Moment(row["cancelled_at"]),
            row["transaction_hash"],
            row["block_number"] <= snapshot.cursor.final_number,
        )
        for row in rows
    ]


def _voucher_cancellations(snapshot: Snapshot, rows: Rows) -> list[VoucherCancellation]:
    return [
        VoucherCancellation(
            creation(row["creation_id"]),
            address(row["creator"]),
            Number(row["least_version"]),
            Moment(row["cancelled_at"]),
            row["transaction_hash"],
            row["block_number"] <= snapshot.cursor.final_number,
        )
        for row in rows
    ]


def select_trades() -> Select[Any]:
    """Trades with the parts of their settlements as `split_…`, zero while there are none."""
    table, end = schema.trade, schema.settlement
    parts = (
        func.coalesce(end.c[part], 0).label(f"split_{part}") for part in Split.__dataclass_fields__
    )
    same = and_(end.c.trade_id == table.c.id, end.c.number == table.c.number)
    return select(table, *parts).outerjoin(end, same)


def _by_creation(snapshot: Snapshot, table: Table, keys: Sequence[str]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    query = select(table).order_by("creation_id", "position")
    for row in _among(snapshot, query, table.c.creation_id, keys):
        found[row["creation_id"]].append(row)
    return found


def _among(
    snapshot: Snapshot, query: Select[Any], column: Column[Any], keys: Sequence[str]
) -> Iterable[Row]:
    """The rows of a query that stand beside others. Beside many, all are read."""
    few = query.where(column.in_(set(keys))) if len(keys) <= FEW_KEYS else query
    return snapshot.rows(few)


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


def _trade(snapshot: Snapshot, row: Mapping[str, Any]) -> TradeRow:
    now, deadline = snapshot.cursor.timestamp, moment_or_none(row["deadline"])
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
        final=snapshot.is_final("trade", row["id"], row["number"]),
    )


WORKS = Listing(
    lambda: select(schema.creation),
    _works,
    schema.creation.c,
    {"creator": schema.creation.c.creator, "owner": schema.creation.c.owner},
)
OFFERS = Listing(
    _select_offers,
    _offers,
    schema.offer.c,
    {name: schema.offer.c[name] for name in ("seller", "buyer", "kind", "collection", "asset")}
    | {"creation": schema.offer.c.creation_id},
)
REQUESTS = Listing(
    _select_requests,
    _requests,
    schema.request.c,
    {name: schema.request.c[name] for name in ("buyer", "state", "asset")},
)
TRADES = Listing(
    select_trades,
    _trades,
    schema.trade.c,
    {name: schema.trade.c[name] for name in ("seller", "buyer", "kind", "state", "asset")}
    | {"creation": schema.trade.c.creation_id},
)
SWAPS = Listing(
    lambda: select(schema.swap),
    _swaps,
    schema.swap.c,
    {name: schema.swap.c[name] for name in ("maker", "taker")},
)
AUCTIONS = Listing(
    _select_auctions,
    _auctions,
    schema.auction.c,
    {name: schema.auction.c[name] for name in ("seller", "bidder", "state", "asset")},
)
_EVERY_BID = _all_bids()
BIDS = Listing(
    lambda: select(_EVERY_BID),
    _bids,
    _EVERY_BID.c,
    {name: _EVERY_BID.c[name] for name in ("bidder", "document", "asset")},
)
DISPUTES = Listing(
    _select_disputes,
    _disputes,
    schema.dispute.c,
    {"arbiter": schema.dispute.c.arbiter, "trade": schema.dispute.c.trade_id},
)
CANCELLATIONS = Listing(
    lambda: select(schema.cancellation),
    _cancellations,
    schema.cancellation.c,
    {name: schema.cancellation.c[name] for name in ("market", "signer")},
)
VOUCHER_CANCELLATIONS = Listing(
    lambda: select(schema.voucher_cancellation),
    _voucher_cancellations,
    schema.voucher_cancellation.c,
    {"creator": schema.voucher_cancellation.c.creator}
    | {"creation": schema.voucher_cancellation.c.creation_id},
)
