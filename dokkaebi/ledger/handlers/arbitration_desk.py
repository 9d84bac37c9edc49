"""ArbitrationDesk's events: trades before an ERC-792 arbitrator, and how it ruled."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.rows import Books, Change, Effect, Handler, Put, Record


def on_meta_evidence(record: Record, books: Books) -> Iterable[Effect]:
    """A desk exists; the document says what its rulings mean."""
    yield Put("desk", {"address": record.address, "meta_evidence": record.values["evidence"]})


def on_dispute(record: Record, books: Books) -> Iterable[Effect]:
    """A trade is before the arbitrator."""
    yield Put(
        "arbitration",
        {
            "desk": record.address,
            "number": record.values["disputeID"],
            "arbitrator": record.values["arbitrator"],
            "trade_id": f"0x{record.values['evidenceGroupID']:064x}",
            "ruling": None,
            "submitted_at": record.timestamp,
            "ruled_at": None,
        },
    )


def on_ruling(record: Record, books: Books) -> Iterable[Effect]:
    """The arbitrator has ruled; what it means for the money, the market says."""
    yield Change(
        "arbitration",
        (record.address, record.values["disputeID"]),
        {"ruling": record.values["ruling"], "ruled_at": record.timestamp},
    )


HANDLERS: dict[str, Handler] = {
    "MetaEvidence": on_meta_evidence,
    "Dispute": on_dispute,
    "Ruling": on_ruling,
}
