"""What the three markets have in common as keepers of documents: offers, and cancelled nonces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dokkaebi.ledger.rows import (
    Books,
    Change,
    Effect,
    Handler,
    Put,
    Record,
    Row,
    address_or_none,
    placed,
)


def on_nonces_cancelled(record: Record, books: Books) -> Iterable[Effect]:
    """Whatever somebody signed under these nonces is dead; who has it knows which documents."""
    yield Put(
        "cancellation",
        {
            "market": record.contract,
            "signer": record.values["signer"],
            "first": record.values["first"],
            "last": record.values["last"],
            "cancelled_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_offer_cancelled(record: Record, books: Books) -> Iterable[Effect]:
    """A published offer was taken off, with all that is left of it."""
    yield Change(
        "offer",
        (record.values["offerId"],),
        {"state": "cancelled", "units_left": 0, "ended_at": record.timestamp},
    )


def new_offer(record: Record, **columns: Any) -> Row:
    """The row of an offer that was just published."""
    offer = record.values["offer"]
    return {
        "id": record.values["offerId"],
        "market": record.contract,
        "state": "open",
        "seller": offer["seller"],
        "buyer": address_or_none(offer["buyer"]),
        "tenure": offer["tenure"],
        "asset": offer["asset"],
        "price": offer["price"],
        "expiry": offer["expiry"],
        "referral_bps": offer["referralBps"],
        "nonce": offer["nonce"],
        "published_at": record.timestamp,
        "ended_at": None,
        "transaction_hash": record.transaction_hash,
        **placed(record),
        **columns,
    }


def take_units(record: Record, offer: Mapping[str, Any] | None, units: int) -> Iterable[Effect]:
    """Fewer units of a published offer are left; a signed one isn't in the books."""
    if offer is None or offer["state"] != "open":
        return
    left = offer["units_left"] - units
    sold_out = {} if left else {"state": "filled", "ended_at": record.timestamp}
    yield Change("offer", (offer["id"],), {"units_left": left, **sold_out})


def parts_text(percents: Sequence[int]) -> str | None:
    """Percents of parts as the tables keep them; None for a single part."""
    return ",".join(map(str, percents)) or None


HANDLERS: dict[str, Handler] = {"NoncesCancelled": on_nonces_cancelled}
