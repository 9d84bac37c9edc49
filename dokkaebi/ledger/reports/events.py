"""Raw events, with what they say."""

from __future__ import annotations

from typing import Any

from dokkaebi.ledger import schema
from dokkaebi.ledger.events import record_of
from dokkaebi.ledger.reports.kinds import EventRow, Moment, address
from dokkaebi.ledger.reports.listing import Listing, Rows
from dokkaebi.ledger.store import Snapshot, select_events


def _events(snapshot: Snapshot, rows: Rows) -> list[EventRow]:
    final = snapshot.cursor.final_number
    return [
        EventRow(
            block_number=row["block_number"],
            log_index=row["log_index"],
            timestamp=Moment(row["timestamp"]),
            transaction_hash=row["transaction_hash"],
            transaction_index=row["transaction_index"],
            address=address(row["address"]),
            contract=row["contract"],
            name=row["name"],
            topics=tuple(row["topics"].split(",")) if row["topics"] else (),
            data=row["data"],
            values=None if row["name"] is None else _plain(getattr(record_of(row), "values", None)),
            final=row["block_number"] <= final,
        )
        for row in rows
    ]


def _plain(value: Any) -> Any:
    """Integers as decimal text, since JSON's readers would round them."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


EVENTS = Listing(
    select_events,
    _events,
    schema.event.c,
    {name: schema.event.c[name] for name in ("contract", "name", "address")},
)
