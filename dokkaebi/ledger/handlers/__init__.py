"""One event in, changes of rows out; a module for each contract and each base of the markets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dokkaebi.ledger.handlers import (
    arbitration_desk,
    auction_house,
    community_token,
    creation_market,
    creation_registry,
    escrow_market,
    reward_pool,
)
from dokkaebi.ledger.rows import Books, Effect, Handler, Lookups, Record

HANDLERS: dict[str, dict[str, Handler]] = {
    "CommunityToken": community_token.HANDLERS,
    "CreationRegistry": creation_registry.HANDLERS,
    "CreationMarket": creation_market.HANDLERS,
    "EscrowMarket": escrow_market.HANDLERS,
    "AuctionHouse": auction_house.HANDLERS,
    "ArbitrationDesk": arbitration_desk.HANDLERS,
    "RewardPool": reward_pool.HANDLERS,
}


# What handlers look up, by contract and event; read in bulk before they run.
LOOKUPS: dict[str, Lookups] = {
    "CreationMarket": creation_market.LOOKUPS,
    "EscrowMarket": escrow_market.LOOKUPS,
}


def effects_of(record: Record, books: Books) -> Iterable[Effect]:
    """What an event changes; nothing for events that are only kept, approvals for example."""
    handler = HANDLERS[record.contract].get(record.event)
    return handler(record, books) if handler else ()


def lookups_of(record: Record) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Table and key of rows that the handler of an event will probably look up."""
    for table, fields in LOOKUPS.get(record.contract, {}).get(record.event, ()):
        yield table, tuple(record.values[f] if isinstance(f, str) else f for f in fields)
