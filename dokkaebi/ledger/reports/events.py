"""Raw events, with what they say."""

from __future__ import annotations

from collections.abc import Mapping
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
            values=_said(row),
            final=row["block_number"] <= final,
        )
        for row in rows
    ]


def _said(row: Mapping[str, Any]) -> dict[str, Any] | None:
    record = record_of(row)
    return None if record is None else dict(plain_values(record.values))


def plain_values(value: Any) -> Any:
    """An event's values for JSON: integers are decimal text, since JSON's readers round them."""
    if isinstance(value, dict):
        return {name: plain_values(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


EVENTS = Listing(
    select_events,
    _events,
    schema.event.c,
    {name: schema.event.c[name] for name in ("contract", "name", "address")},
)
