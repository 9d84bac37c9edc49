"""What people ask the books about money: what waits, what was sold, who was due what and got it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, func, select

from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.reports.kinds import (
    Account,
    Address,
    ArbiterOutcomes,
    CreatorSales,
    DaySales,
    Escrow,
    Flow,
    Income,
    Moment,
    TradeRow,
    Units,
    address,
)
from dokkaebi.ledger.reports.questions import disputes, trades, works_by_creator
from dokkaebi.ledger.rows import COIN
from dokkaebi.ledger.schema import exact_sum
from dokkaebi.ledger.store import Snapshot

# Market and asset, lower-case.
Till = tuple[str, str]
GIVEN = ("community", "creator", "referrer", "arbiter", "sponsor")
# Sales without escrow.
AT_ONCE = ("instant", "voucher", "bid")
ENDS = {
    "ruled": "ruled",
    "arbiter_silent": "silent",
    "settled": "agreed",
    "confirmed": "conceded",
    "seller_refund": "conceded",
}


def money_in_escrow(snapshot: Snapshot) -> list[Escrow]:
    """What buyers and bidders have paid for what hasn't ended, by market and asset."""
    sums: dict[Till, Counter[str]] = defaultdict(Counter)
    for market, asset, what, amount, deadline in _waiting(snapshot):
        entry = sums[market, asset]
        entry["items"] += 1
        entry["amount"] += amount
        entry[what] += amount
        if deadline < snapshot.cursor.timestamp:
            entry["overdue"] += amount
    return [
        Escrow(
            market,
            address(asset),
            entry["items"],
            *(Units(entry[name]) for name in list(Escrow.__dataclass_fields__)[3:]),
        )
        for (market, asset), entry in sorted(sums.items())
    ]


def sales_by_creator(snapshot: Snapshot) -> list[CreatorSales]:
    """Sales of each creator's works."""
    creators = {work.id: work.creator for work in works_by_creator(snapshot)}
    own = address(snapshot.identity.addresses["CreationRegistry"])
    sums: dict[tuple[Address, Address], list[TradeRow]] = defaultdict(list)
    for trade in _sales(snapshot):
        maker = trade.seller
        if trade.creation is not None and trade.collection == own:
            maker = creators[trade.creation]
        sums[maker, trade.asset].append(trade)
    return [
        CreatorSales(
            maker,
            asset,
            len(sales),
            sum(trade.seller != maker for trade in sales),
            Units(sum(trade.sold for trade in sales)),
            Moment(max(trade.ended_at or 0 for trade in sales)),
        )
        for (maker, asset), sales in sorted(sums.items(), key=_by_case)
    ]


def sales_by_day(snapshot: Snapshot, calendar: Calendar = UTC_CALENDAR) -> list[DaySales]:
    """Sales of each day of the calendar."""
    sums: dict[tuple[str, Address], list[TradeRow]] = defaultdict(list)
    for trade in _sales(snapshot):
        sums[calendar.day(trade.ended_at or 0), trade.asset].append(trade)
    return [
        DaySales(
            day=day,
            asset=asset,
            sales=len(sales),
            amount=Units(sum(trade.sold for trade in sales)),
            seller=Units(sum(trade.split.seller for trade in sales)),
            royalty=Units(sum(trade.split.royalty for trade in sales)),
            referral=Units(sum(trade.split.referral for trade in sales)),
            fee=Units(sum(trade.split.fee for trade in sales)),
            final=all(trade.final for trade in sales),
        )
        for (day, asset), sales in sorted(sums.items(), key=_by_case)
    ]


def fees_and_royalties(snapshot: Snapshot) -> list[Income]:
    """What the community, creators, referrers, arbiters and sponsors were given of trades."""
    table = schema.share
    query = (
        select(
            table.c.role,
            table.c.payee,
            table.c.asset,
            func.count(table.c.document_id.distinct()).label("sales"),
            exact_sum(table.c.amount).label("amount"),
        )
        .where(table.c.role.in_(GIVEN))
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


def outcomes_by_arbiter(snapshot: Snapshot) -> list[ArbiterOutcomes]:
    """How the disputes before each arbiter ended."""
    sums: dict[tuple[Address, Address], Counter[str]] = defaultdict(Counter)
    for one in disputes(snapshot):
        entry = sums[one.arbiter, one.asset]
        entry["disputes"] += 1
        entry[ENDS[one.reason] if one.reason else "open"] += 1
        for column in ("amount", "to_seller", "to_buyer", "arbiter_fee"):
            entry[column] += getattr(one, column)
    columns = list(ArbiterOutcomes.__dataclass_fields__)[2:]
    return [
        ArbiterOutcomes(*key, *(entry[column] for column in columns))  # type: ignore[arg-type]
        for key, entry in sorted(sums.items(), key=_by_case)
    ]


def owed_against_paid(snapshot: Snapshot, payee: str | None = None) -> list[Account]:
    """For each market, payee (or this one, lower-case) and asset, what is owed, and what became of
    it."""
    owed = _sums(snapshot, schema.payout, ("owed", "paid", "credited"), payee)
    withdrawn = _sums(snapshot, schema.withdrawal, ("amount",), payee)
    waiting = _sums(snapshot, schema.credit, ("amount",), payee)
    accounts = []
    for key in sorted({*owed, *withdrawn, *waiting}):
        due = owed.get(key, {"owed": 0, "paid": 0, "credited": 0})
        accounts.append(
            Account(
                market=key[0],
                payee=address(key[1]),
                asset=address(key[2]),
                owed=Units(due["owed"]),
                paid=Units(due["paid"]),
                credited=Units(due["credited"]),
                withdrawn=Units(withdrawn[key]["amount"] if key in withdrawn else 0),
                waiting=Units(waiting[key]["amount"] if key in waiting else 0),
            )
        )
    return accounts


def money_in_and_out(snapshot: Snapshot) -> list[Flow]:
    """What came into each market, and where it is now.

    Each column is read from a table of its own, so that they agree only if the books are right.
    """
    came_in, straight = _came_in(snapshot)
    columns: dict[str, Counter[Till]] = {"came_in": came_in, "straight": straight}
    for name, table, column in (
        ("paid", schema.payout, "paid"),
        ("withdrawn", schema.withdrawal, "amount"),
        ("waiting", schema.credit, "amount"),
    ):
        columns[name] = _by_till(snapshot, _till_sums(table, column))
    columns["paid"].subtract(straight)
    columns["in_escrow"] = Counter()
    for market, asset, _, amount, _ in _waiting(snapshot):
        columns["in_escrow"][market, asset] += amount
    tills = {till for sums in columns.values() for till, amount in sums.items() if amount}
    names = list(Flow.__dataclass_fields__)[2:]
    return [
        Flow(market, address(asset), *(Units(columns[name][market, asset]) for name in names))
        for market, asset in sorted(tills)
    ]


def _sales(snapshot: Snapshot) -> list[TradeRow]:
    return [trade for trade in trades(snapshot) if trade.is_sale]


def _by_case(entry: tuple[tuple[str, str], Any]) -> tuple[str, str]:
    """Sorts addresses as numbers, whatever their checksum."""
    return entry[0][0].lower(), entry[0][1].lower()


def _waiting(snapshot: Snapshot) -> Iterator[tuple[str, str, str, int, int]]:
    """What waits for an end: market, asset, as what, how much, until when."""
    trade, request, auction = schema.trade, schema.request, schema.auction
    standing = auction.c.state == "open", auction.c.bidder.is_not(None)
    for row in snapshot.rows(select(trade).where(trade.c.ended_at.is_(None))):
        yield row["market"], row["asset"], row["state"], row["rest"], row["deadline"]
    for row in snapshot.rows(select(request).where(request.c.state == "open")):
        yield row["market"], row["asset"], "requested", row["price"], row["expiry"]
    for row in snapshot.rows(select(auction).where(*standing)):
        yield row["market"], row["asset"], "bid", row["amount"], row["deadline"]


def _came_in(snapshot: Snapshot) -> tuple[Counter[Till], Counter[Till]]:
    """What came into each market, and what of its sales went past it.

    EscrowMarket: trades, but those of requests, and requests. AuctionHouse: every bid.
    CreationMarket: the prices of sales for coins and change that couldn't be given back; of sales
    for tokens only what had to be credited.
    """
    trade, share = schema.trade, schema.share
    sold = _by_till(snapshot, _till_sums(trade, "amount", trade.c.kind.in_(AT_ONCE)))
    credited = _by_till(snapshot, _till_sums(schema.payout, "credited"))
    came_in, straight = Counter[Till](), Counter[Till]()
    for till, amount in sold.items():
        through = amount if till[1] == COIN else credited[till]
        came_in[till] += through
        straight[till] += amount - through
    for query in (
        _till_sums(share, "amount", share.c.role == "change"),
        _till_sums(trade, "amount", trade.c.kind == "delivered"),
        _till_sums(schema.request, "price"),
        _till_sums(schema.auction_bid, "amount"),
    ):
        came_in.update(_by_till(snapshot, query))
    return came_in, straight


def _till_sums(table: Any, column: str, *conditions: Any) -> Select[Any]:
    sums = exact_sum(table.c[column]).label("amount")
    query = select(table.c.market, table.c.asset, sums).where(*conditions)
    return query.group_by(table.c.market, table.c.asset)


def _by_till(snapshot: Snapshot, query: Select[Any]) -> Counter[Till]:
    rows = snapshot.rows(query)
    return Counter({(row["market"], row["asset"]): row["amount"] for row in rows})


def tokens_of(snapshot: Snapshot, account: str) -> int:
    """Somebody's (lower-case) community tokens, smallest units."""
    holder = schema.holder.c
    rows = snapshot.rows(select(holder.balance).where(holder.account == account))
    return int(rows[0]["balance"]) if rows else 0


def _sums(
    snapshot: Snapshot, table: Any, columns: Iterable[str], payee: str | None
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Sums of a table by market, payee and asset."""
    key = (table.c.market, table.c.payee, table.c.asset)
    sums = [exact_sum(table.c[column]).label(column) for column in columns]
    query = select(*key, *sums).group_by(*key)
    rows = snapshot.rows(query if payee is None else query.where(table.c.payee == payee))
    return {(row["market"], row["payee"], row["asset"]): row for row in rows}
