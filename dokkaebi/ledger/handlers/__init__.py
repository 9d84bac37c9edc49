"""One event in, changes of rows out; a module for each contract and each base of the markets."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.handlers import (
    arbitration_desk,
    auction_house,
    community_token,
    creation_market,
    creation_registry,
    escrow_market,
)
from dokkaebi.ledger.rows import Books, Effect, Handler, Record

HANDLERS: dict[str, dict[str, Handler]] = {
    "CommunityToken": community_token.HANDLERS,
    "CreationRegistry": creation_registry.HANDLERS,
    "CreationMarket": creation_market.HANDLERS,
    "EscrowMarket": escrow_market.HANDLERS,
    "AuctionHouse": auction_house.HANDLERS,
    "ArbitrationDesk": arbitration_desk.HANDLERS,
}


def effects_of(record: Record, books: Books) -> Iterable[Effect]:
    """What an event changes; nothing for events that are only kept, approvals for example."""
    handler = HANDLERS[record.contract].get(record.event)
    return handler(record, books) if handler else ()
