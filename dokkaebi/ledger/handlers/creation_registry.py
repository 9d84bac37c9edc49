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
    """A new creation; its creator owns it, unless its mint, which comes next, says otherwise."""
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
    """A creation changes hands or is burnt, or is minted to whoever bought it unregistered."""
    giver, taker = record.values["from"], record.values["to"]
    key = creation_key(record.values["id"])
    if giver == COIN:
        # Registries of the first releases tell of a mint before they tell of its work.
        work = books.find("creation", key)
        if work is not None and work["owner"] != taker:
            yield Change("creation", (key,), {"owner": taker})
        return
    if taker == COIN:
        yield Change("creation", (key,), {"owner": None})
        return
    tenure = books.row("creation", key)["tenure"] + 1
    yield Change("creation", (key,), {"owner": taker, "tenure": tenure})


def on_vouchers_cancelled(record: Record, books: Books) -> Iterable[Effect]:
    """Vouchers of a work that isn't registered are dead below a version."""
    yield Put(
        "voucher_cancellation",
        {
            "creation_id": creation_key(record.values["id"]),
            "creator": record.values["creator"],
            "least_version": record.values["leastVersion"],
            "cancelled_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


HANDLERS: dict[str, Handler] = {
    "CreationRegistered": on_creation_registered,
    "CreationShared": on_creation_shared,
    "CreationDerived": on_creation_derived,
    "Transfer": on_transfer,
    "VouchersCancelled": on_vouchers_cancelled,
}
