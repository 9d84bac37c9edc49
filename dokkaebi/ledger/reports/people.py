"""What people ask about people: how long they wait, who comes back, how the market lives."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.reports.kinds import (
    Address,
    Customers,
    Health,
    Moment,
    Seconds,
    SettlementTime,
    TradeRow,
)
from dokkaebi.ledger.reports.questions import disputes, trades, works_by_creator
from dokkaebi.ledger.store import Snapshot

# Others are settled in the block in which they are paid.
IN_STEPS = ("delivered", "requested")
BPS = 10_000
Row = TypeVar("Row")


def settlement_times(snapshot: Snapshot) -> list[SettlementTime]:
    """How long trades in escrow took from their payment to their end, by how they ended."""
    ended: dict[tuple[str, str], list[TradeRow]] = defaultdict(list)
    for trade in trades(snapshot):
        if trade.kind in IN_STEPS and trade.ended_at is not None:
            ended[trade.kind, trade.reason or ""].append(trade)
    found = []
    for (kind, reason), of in sorted(ended.items()):
        spans = [_span(trade) for trade in of]
        whole = [trade for trade in of if trade.parts is None and trade.shipped_at is not None]
        found.append(
            SettlementTime(
                kind,
                reason,
                len(of),
                Seconds(min(spans)),
                Seconds(quantile(spans, 1, 2)),
                Seconds(quantile(spans, 9, 10)),
                Seconds(max(spans)),
                _median((trade.shipped_at or 0) - trade.funded_at for trade in whole),
                _median((trade.ended_at or 0) - (trade.shipped_at or 0) for trade in whole),
            )
        )
    return found


def repeat_customers(snapshot: Snapshot) -> list[Customers]:
    """Whose customers come back: of each seller's sales, those to buyers of two or more."""
    sales: dict[Address, list[TradeRow]] = defaultdict(list)
    for trade in trades(snapshot):
        if trade.is_sale:
            sales[trade.seller].append(trade)
    found = []
    for seller, of in sorted(sales.items(), key=lambda entry: entry[0].lower()):
        times = Counter(trade.buyer for trade in of)
        again = [times[buyer] for buyer in times if times[buyer] > 1]
        found.append(
            Customers(
                seller,
                len(times),
                len(again),
                len(of),
                sum(again),
                sum(again) * BPS // len(of),
                Moment(max(trade.ended_at or 0 for trade in of)),
            )
        )
    return found


def market_health(snapshot: Snapshot, calendar: Calendar = UTC_CALENDAR) -> list[Health]:
    """Makers, buyers, trades and disputes in each period of the calendar."""
    works, all_trades, all_disputes = (
        sorted(works_by_creator(snapshot), key=lambda work: work.created_at),
        trades(snapshot),
        disputes(snapshot),
    )
    ended = [trade for trade in all_trades if trade.ended_at is not None]
    moments = [work.created_at for work in works] + [trade.funded_at for trade in all_trades]
    if not moments:
        return []
    periods = calendar.periods(min(moments), snapshot.cursor.timestamp)
    makers = _first_times([(work.creator, work.created_at) for work in works], calendar)
    buyers = _first_times([(trade.buyer, trade.funded_at) for trade in all_trades], calendar)
    by_work = _grouped(works, lambda work: calendar.period(work.created_at))
    by_begin = _grouped(all_trades, lambda trade: calendar.period(trade.funded_at))
    by_end = _grouped(ended, lambda trade: calendar.period(trade.ended_at or 0))
    by_dispute = _grouped(all_disputes, lambda dispute: calendar.period(dispute.disputed_at))
    found = []
    for period in periods:
        made, begun, over = by_work[period], by_begin[period], by_end[period]
        quarrels, bought = by_dispute[period], {trade.buyer for trade in begun}
        found.append(
            Health(
                period=period,
                works=len(made),
                makers=len({work.creator for work in made}),
                new_makers=sum(first == period for first in makers.values()),
                sellers=len({trade.seller for trade in begun}),
                buyers=len(bought),
                new_buyers=sum(buyers[buyer] == period for buyer in bought),
                trades=len(begun),
                sales=sum(trade.is_sale for trade in over),
                refunds=sum(not trade.is_sale for trade in over),
                disputes=len(quarrels),
                disputes_bps=len(quarrels) * BPS // len(begun) if begun else None,
                median=_median(_span(trade) for trade in over if trade.kind in IN_STEPS),
                final=all(row.final for rows in (made, begun, over, quarrels) for row in rows),
            )
        )
    return found


def quantile(values: Sequence[int], part: int, of: int) -> int:
    """The smallest value that `part` of `of` values don't exceed (nearest rank)."""
    return sorted(values)[-(-len(values) * part // of) - 1]


def _median(spans: Iterable[int]) -> Seconds | None:
    """The lower of the two in the middle, if there is any."""
    found = list(spans)
    return Seconds(statistics.median_low(found)) if found else None


def _span(trade: TradeRow) -> int:
    return (trade.ended_at or 0) - trade.funded_at


def _first_times(seen: Iterable[tuple[Address, Moment]], calendar: Calendar) -> dict[Address, str]:
    """Somebody → the period in which they were seen first; the earliest come first."""
    found: dict[Address, str] = {}
    for account, moment in seen:
        found.setdefault(account, calendar.period(moment))
    return found


def _grouped(rows: Iterable[Row], period: Callable[[Row], str]) -> defaultdict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[period(row)].append(row)
    return groups
