"""What the portal asks the books: who registered what, and who paid which fees. Final rows only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select

from dokkaebi.ledger import schema
from dokkaebi.ledger.store import Snapshot


@dataclass(frozen=True)
class RegisteredWork:
    """A work; `at` in seconds since 1970."""

    id: str
    creator: str
    at: int


@dataclass(frozen=True)
class PaidTrade:
    """A trade that ended with something for its seller; `fee` in smallest units of the asset."""

    id: str
    buyer: str
    seller: str
    asset: str
    fee: int
    at: int


def registered_works(snapshot: Snapshot, before: int) -> list[RegisteredWork]:
    """Works registered before a moment."""
    work = schema.creation.c
    query = select(work.id, work.creator, work.created_at).where(work.created_at < before)
    return [
        RegisteredWork(row["id"], row["creator"], row["created_at"])
        for row in snapshot.rows(query.order_by(work.id))
        if snapshot.is_final("creation", row["id"])
    ]


def paid_trades(snapshot: Snapshot, before: int) -> list[PaidTrade]:
    """Trades that ended before a moment and whose seller got something."""
    trade, settlement = schema.trade.c, schema.settlement.c
    same = and_(settlement.trade_id == trade.id, settlement.number == trade.number)
    query = (
        select(schema.trade, settlement.fee, settlement.seller.label("paid"))
        .join_from(schema.trade, schema.settlement, same)
        .where(trade.ended_at < before)
        .order_by(trade.id, trade.number)
    )
    return [
        PaidTrade(
            f"{row['id']}/{row['number']}",
            row["buyer"],
            row["seller"],
            row["asset"],
            row["fee"],
            row["ended_at"],
        )
        for row in snapshot.rows(query)
        if row["paid"] and snapshot.is_final("trade", row["id"], row["number"])
    ]


def final_at(snapshot: Snapshot) -> int:
    """The time of the last block that can't change any more; -1 if there is none yet."""
    block = schema.block.c
    query = select(block.timestamp).where(block.number == snapshot.cursor.final_number)
    return next((int(row["timestamp"]) for row in snapshot.rows(query)), -1)
