"""What people ask the books. Each question gives typed rows, in an order of its own.

Addresses come with their checksum, ids of creations as the ABI's integer and as CID, amounts as
integers in the asset's smallest unit, moments in seconds since 1970. Days are days of UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NewType

from sqlalchemy import case, func, select

from dokkaebi.chain.documents import creation_cid
from dokkaebi.ledger import schema
from dokkaebi.ledger.schema import exact_sum
from dokkaebi.ledger.store import Snapshot

# What a column is made of; the forms (`reports.forms`) go by these names.
Units = NewType("Units", int)
Moment = NewType("Moment", int)
Address = NewType("Address", str)
CreationId = NewType("CreationId", int)


@dataclass(frozen=True, slots=True)
class Work:
    """A creation; `owner` is None once it is burnt. `sales` counts those that brought money."""

    creator: Address
    id: CreationId
    cid: str
    owner: Address | None
    royalty_bps: int
    parents: tuple[CreationId, ...]
    sales: int
    created_at: Moment
    transaction: str
    document_digest: str
    document_size: int


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer nobody took or cancelled. `status`: `open`, `expired`, or `moved` when its creation
    has changed hands since, so that it can't be taken either."""

    id: str
    status: str
    kind: str
    seller: Address
    creation: CreationId | None
    asset: Address
    price: Units
    referral_bps: int
    published_at: Moment
    expires_at: Moment


@dataclass(frozen=True, slots=True)
class Split:
    """Where a trade's amount went. All zero until the trade ends."""

    seller: Units
    royalty: Units
    referral: Units
    fee: Units
    refund: Units


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A trade. `overdue`: its deadline has passed, and anybody may end it."""

    id: str
    offer: str
    kind: str
    state: str
    reason: str | None
    seller: Address
    buyer: Address
    referrer: Address | None
    creation: CreationId | None
    asset: Address
    amount: Units
    split: Split
    in_escrow: Units
    overdue: bool
    funded_at: Moment
    shipped_at: Moment | None
    deadline: Moment | None
    ended_at: Moment | None
    funded_transaction: str
    ended_transaction: str | None


@dataclass(frozen=True, slots=True)
class Escrow:
    """What waits for the end of trades, by asset."""

    asset: Address
    trades: int
    amount: Units
    funded: Units
    shipped: Units
    overdue: Units


@dataclass(frozen=True, slots=True)
class CreatorSales:
    """Sales of a creator's works (goods and services without a work: of the seller), by asset.
    A resale is one by somebody else. Refunded trades are no sales."""

    creator: Address
    asset: Address
    sales: int
    resales: int
    amount: Units
    last_at: Moment


@dataclass(frozen=True, slots=True)
class DaySales:
    """A day's sales by asset, and their division. Refunded trades are no sales."""

    day: str
    asset: Address
    sales: int
    amount: Units
    seller: Units
    royalty: Units
    referral: Units
    fee: Units


@dataclass(frozen=True, slots=True)
class Income:
    """What a payee was given of others' sales: as `community`, `creator` or `referrer`."""

    role: str
    payee: Address
    asset: Address
    sales: int
    amount: Units


@dataclass(frozen=True, slots=True)
class Account:
    """A payee's account in an asset: owed = paid + credited, credited = withdrawn + waiting."""

    payee: Address
    asset: Address
    owed: Units
    paid: Units
    credited: Units
    withdrawn: Units
    waiting: Units


def works_by_creator(snapshot: Snapshot) -> list[Work]:
    """Creations, by creator and age."""
    table, parents = schema.creation, defaultdict(list)
    for row in snapshot.rows(select(schema.creation_parent).order_by("creation_id", "position")):
        parents[row["creation_id"]].append(CreationId(int(row["parent_id"], 16)))
    sold = Counter(
        row["creation_id"]
        for row in snapshot.rows(
            select(schema.trade.c.creation_id).where(schema.trade.c.state == "settled")
        )
    )
    order = (table.c.creator, table.c.block_number, table.c.log_index)
    return [
        Work(
            creator=address(row["creator"]),
            id=CreationId(int(row["id"], 16)),
            cid=creation_cid(int(row["id"], 16)),
            owner=address_or_none(row["owner"]),
            royalty_bps=row["royalty_bps"],
            parents=tuple(parents[row["id"]]),
            sales=sold[row["id"]],
            created_at=Moment(row["created_at"]),
            transaction=row["transaction_hash"],
            document_digest=row["document_digest"],
            document_size=row["document_size"],
        )
        for row in snapshot.rows(select(table).order_by(*order))
    ]


def open_offers(snapshot: Snapshot) -> list[OpenOffer]:
    """Offers that nobody took or cancelled, as of the ledger's last block."""
    table, creation = schema.offer, schema.creation
    query = (
        select(table, creation.c.owner, creation.c.tenure.label("tenure_now"))
        .outerjoin(creation, creation.c.id == table.c.creation_id)
        .where(table.c.state == "open")
        .order_by(table.c.block_number, table.c.log_index)
    )
    return [
        OpenOffer(
            id=row["id"],
            status=_offer_status(row, snapshot.cursor.timestamp),
            kind=row["kind"],
            seller=address(row["seller"]),
            creation=_creation(row["creation_id"]),
            asset=address(row["asset"]),
            price=Units(row["price"]),
            referral_bps=row["referral_bps"],
            published_at=Moment(row["published_at"]),
            expires_at=Moment(row["expiry"]),
        )
        for row in snapshot.rows(query)
    ]


def trades(snapshot: Snapshot) -> list[TradeRow]:
    """Every trade, instant sales included, in the order of their payments."""
    table, end = schema.trade, schema.settlement
    query = (
        select(table, *(end.c[part].label(f"split_{part}") for part in Split.__dataclass_fields__))
        .outerjoin(end, end.c.trade_id == table.c.id)
        .order_by(table.c.block_number, table.c.log_index)
    )
    return [_trade(row, snapshot.cursor.timestamp) for row in snapshot.rows(query)]


def money_in_escrow(snapshot: Snapshot) -> list[Escrow]:
    """What buyers have paid for trades that haven't ended, by asset."""
    table = schema.trade
    shipping = table.c.state == "funded"
    deadline = case((shipping, table.c.ship_deadline), else_=table.c.inspect_deadline)
    late = deadline < snapshot.cursor.timestamp
    query = (
        select(
            table.c.asset,
            func.count().label("trades"),
            exact_sum(table.c.amount).label("amount"),
            *(
                exact_sum(case((condition, table.c.amount))).label(name)
                for name, condition in (
                    ("funded", shipping),
                    ("shipped", table.c.state == "shipped"),
                    ("overdue", late),
                )
            ),
        )
        .where(table.c.state.in_(("funded", "shipped")))
        .group_by(table.c.asset)
        .order_by(table.c.asset)
    )
    return [
        Escrow(
            address(row["asset"]),
            row["trades"],
            *(Units(row[name]) for name in ("amount", "funded", "shipped", "overdue")),
        )
        for row in snapshot.rows(query)
    ]


def sales_by_creator(snapshot: Snapshot) -> list[CreatorSales]:
    """Sales of each creator's works."""
    table, creation = schema.trade, schema.creation
    maker = func.coalesce(creation.c.creator, table.c.seller)
    query = (
        select(
            maker.label("creator"),
            table.c.asset,
            func.count().label("sales"),
            func.sum(case((table.c.seller != maker, 1), else_=0)).label("resales"),
            exact_sum(table.c.amount).label("amount"),
            func.max(table.c.ended_at).label("last_at"),
        )
        .outerjoin(creation, creation.c.id == table.c.creation_id)
        .where(table.c.state == "settled")
        .group_by(maker, table.c.asset)
        .order_by(maker, table.c.asset)
    )
    return [
        CreatorSales(
            address(row["creator"]),
            address(row["asset"]),
            row["sales"],
            int(row["resales"]),
            Units(row["amount"]),
            Moment(row["last_at"]),
        )
        for row in snapshot.rows(query)
    ]


def sales_by_day(snapshot: Snapshot) -> list[DaySales]:
    """Sales of each day of UTC."""
    table = schema.settlement
    parts = ("amount", "seller", "royalty", "referral", "fee")
    # Whole days since 1970, which every engine can group by alike.
    number = table.c.settled_at - table.c.settled_at % 86_400
    query = (
        select(
            number.label("day"),
            table.c.asset,
            func.count().label("sales"),
            *(exact_sum(table.c[part]).label(part) for part in parts),
        )
        .join(schema.trade, schema.trade.c.id == table.c.trade_id)
        .where(schema.trade.c.state == "settled")
        .group_by(number, table.c.asset)
        .order_by(number, table.c.asset)
    )
    return [
        DaySales(
            datetime.fromtimestamp(row["day"], UTC).date().isoformat(),
            address(row["asset"]),
            row["sales"],
            *(Units(row[part]) for part in parts),
        )
        for row in snapshot.rows(query)
    ]


def fees_and_royalties(snapshot: Snapshot) -> list[Income]:
    """What the community, creators and referrers were given of sales."""
    table = schema.share
    query = (
        select(
            table.c.role,
            table.c.payee,
            table.c.asset,
            func.count(table.c.trade_id.distinct()).label("sales"),
            exact_sum(table.c.amount).label("amount"),
        )
        .where(table.c.role.in_(("community", "creator", "referrer")))
        .group_by(table.c.role, table.c.payee, table.c.asset)
        .order_by(table.c.role, table.c.payee, table.c.asset)
    )
    return [
        Income(
            row["role"],
            address(row["payee"]),
            address(row["asset"]),
            row["sales"],
            Units(row["amount"]),
        )
        for row in snapshot.rows(query)
    ]


def owed_against_paid(snapshot: Snapshot) -> list[Account]:
    """For each payee and asset, what splits and refunds owe, and what became of it."""
    owed = _sums(snapshot, schema.payout, ("owed", "paid", "credited"))
    withdrawn = _sums(snapshot, schema.withdrawal, ("amount",))
    waiting = _sums(snapshot, schema.credit, ("amount",))
    accounts = []
    for key in sorted({*owed, *withdrawn, *waiting}):
        splits = owed.get(key, {"owed": 0, "paid": 0, "credited": 0})
        accounts.append(
            Account(
                payee=address(key[0]),
                asset=address(key[1]),
                owed=Units(splits["owed"]),
                paid=Units(splits["paid"]),
                credited=Units(splits["credited"]),
                withdrawn=Units(withdrawn[key]["amount"] if key in withdrawn else 0),
                waiting=Units(waiting[key]["amount"] if key in waiting else 0),
            )
        )
    return accounts


@lru_cache(maxsize=100_000)
def address(lower: str) -> Address:
    """An address with its checksum (EIP-55)."""
    from eth_utils.address import to_checksum_address

    return Address(to_checksum_address(lower))


def address_or_none(lower: str | None) -> Address | None:
    """An address with its checksum, or nobody."""
    return None if lower is None else address(lower)


def _creation(key: str | None) -> CreationId | None:
    return None if key is None else CreationId(int(key, 16))


def _offer_status(row: Mapping[str, Any], now: int) -> str:
    if row["expiry"] < now:
        return "expired"
    if row["creation_id"] is None:
        return "open"
    here = row["owner"] == row["seller"] and row["tenure_now"] == row["tenure"]
    return "open" if here else "moved"


def _trade(row: Mapping[str, Any], now: int) -> TradeRow:
    live = row["state"] in {"funded", "shipped"}
    deadline = row["ship_deadline"] if row["state"] == "funded" else row["inspect_deadline"]
    return TradeRow(
        id=row["id"],
        offer=row["offer_id"],
        kind=row["kind"],
        state=row["state"],
        reason=row["reason"],
        seller=address(row["seller"]),
        buyer=address(row["buyer"]),
        referrer=address_or_none(row["referrer"]),
        creation=_creation(row["creation_id"]),
        asset=address(row["asset"]),
        amount=Units(row["amount"]),
        split=Split(*(Units(row[f"split_{part}"] or 0) for part in Split.__dataclass_fields__)),
        in_escrow=Units(row["amount"] if live else 0),
        overdue=live and deadline < now,
        funded_at=Moment(row["funded_at"]),
        shipped_at=_moment(row["shipped_at"]),
        deadline=_moment(deadline) if live else None,
        ended_at=_moment(row["ended_at"]),
        funded_transaction=row["funded_transaction"],
        ended_transaction=row["ended_transaction"],
    )


def _moment(seconds: int | None) -> Moment | None:
    return None if seconds is None else Moment(seconds)


def _sums(
    snapshot: Snapshot, table: Any, columns: Iterable[str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Sums of a table by payee and asset."""
    sums = [exact_sum(table.c[column]).label(column) for column in columns]
    query = select(table.c.payee, table.c.asset, *sums).group_by(table.c.payee, table.c.asset)
    return {(row["payee"], row["asset"]): row for row in snapshot.rows(query)}
