"""CreationRegistry's events: who made what, and who owns it."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.rows import (
    COIN,
    Books,
    Change,
    Effect,
    Handler,
    Put,
    Record,
    creation_key,
    placed,
)


def on_creation_registered(record: Record, books: Books) -> Iterable[Effect]:
    """A new creation; its creator owns it."""
    values = record.values
    yield Put(
        "creation",
        {
            "id": creation_key(values["id"]),
            "creator": values["creator"],
            "owner": values["creator"],
            "tenure": 0,
            "document_digest": values["documentDigest"],
            "document_size": values["documentSize"],
            "royalty_bps": values["royaltyBps"],
            "content_commitment": values["contentCommitment"],
            "created_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_creation_shared(record: Record, books: Books) -> Iterable[Effect]:
    """Who made a work together with its creator, in the order given."""
    for position, partner in enumerate(record.values["partners"]):
        yield Put(
            "creation_partner",
            {
                "creation_id": creation_key(record.values["id"]),
                "position": position,
                "partner": partner["account"],
                "share_bps": partner["shareBps"],
            },
        )


def on_creation_derived(record: Record, books: Books) -> Iterable[Effect]:
    """The creations that one is derived from, in the order given."""
    for position, parent in enumerate(record.values["parents"]):
        yield Put(
            "creation_parent",
            {
                "creation_id": creation_key(record.values["id"]),
                "position": position,
                "parent_id": creation_key(parent),
            },
        )


def on_transfer(record: Record, books: Books) -> Iterable[Effect]:
    """A creation changes hands or is burnt. Its mint is `CreationRegistered`, which comes after."""
    giver, taker = record.values["from"], record.values["to"]
    if giver == COIN:
        return
    key = creation_key(record.values["id"])
    if taker == COIN:
        yield Change("creation", (key,), {"owner": None})
        return
    tenure = books.row("creation", key)["tenure"] + 1
    yield Change("creation", (key,), {"owner": taker, "tenure": tenure})


HANDLERS: dict[str, Handler] = {
    "CreationRegistered": on_creation_registered,
    "CreationShared": on_creation_shared,
    "CreationDerived": on_creation_derived,
    "Transfer": on_transfer,
}
