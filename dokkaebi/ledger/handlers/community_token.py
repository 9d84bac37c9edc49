"""CommunityToken's events: who holds how much."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.rows import COIN, Add, Books, Effect, Handler, Record


def on_transfer(record: Record, books: Books) -> Iterable[Effect]:
    """Moves a balance. From zero is a mint, to zero would be a burn."""
    value = record.values["value"]
    if record.values["from"] != COIN:
        yield Add("holder", (record.values["from"],), {"balance": -value})
    if record.values["to"] != COIN:
        yield Add("holder", (record.values["to"],), {"balance": value})


HANDLERS: dict[str, Handler] = {"Transfer": on_transfer}
