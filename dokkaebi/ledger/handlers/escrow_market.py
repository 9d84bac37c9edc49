"""EscrowMarket's events: offers, requests, and the way of every unit in escrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dokkaebi.chain.terms import REASONS, unpack_terms
from dokkaebi.ledger.handlers import consent, till
from dokkaebi.ledger.rows import (
    Add,
    Books,
    Change,
    Effect,
    Handler,
    Lookups,
    Put,
    Record,
    address_or_none,
    bytes_or_none,
    creation_or_none,
    placed,
)


def on_offer_published(record: Record, books: Books) -> Iterable[Effect]:
    """An offer can be taken; signed before, some of its units may be gone."""
    offer = record.values["offer"]
    certificate = creation_or_none(offer["creationId"])
    taken = books.find("taken", record.values["offerId"])
    yield Put(
        "offer",
        consent.new_offer(
            record,
            kind="delivered",
            collection=_collection(record, books, certificate),
            creation_id=certificate,
            end_price=None,
            starts_at=None,
            units=offer["units"],
            units_left=offer["units"] - (taken["units"] if taken else 0),
            ship_seconds=offer["shipSeconds"],
            inspect_seconds=offer["inspectSeconds"],
            arbiter=address_or_none(offer["arbiter"]),
            parts=consent.parts_text(offer["parts"]),
            details=bytes_or_none(offer["details"]),
        ),
    )


def on_work_requested(record: Record, books: Books) -> Iterable[Effect]:
    """A buyer paid for work that somebody may accept."""
    request = record.values["request"]
    yield Put(
        "request",
        {
            "id": record.values["requestId"],
            "market": record.contract,
            "state": "open",
            "buyer": record.values["buyer"],
            "seller": address_or_none(request["seller"]),
            "creation_id": creation_or_none(request["creationId"]),
            "tenure": request["tenure"],
            "asset": request["asset"],
            "price": request["price"],
            "expiry": request["expiry"],
            "ship_seconds": request["shipSeconds"],
            "inspect_seconds": request["inspectSeconds"],
            "arbiter": address_or_none(request["arbiter"]),
            "parts": consent.parts_text(request["parts"]),
            "details": bytes_or_none(request["details"]),
            "nonce": request["nonce"],
            "requested_at": record.timestamp,
            "ended_at": None,
            "trade_id": None,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_request_retracted(record: Record, books: Books) -> Iterable[Effect]:
    """The buyer gets the money of a request back."""
    identifier = record.values["requestId"]
    request = books.row("request", identifier)
    yield Change("request", (identifier,), {"state": "retracted", "ended_at": record.timestamp})
    back = (request["asset"], "buyer", request["buyer"], request["price"])
    yield from till.owe(record, identifier, *back)


def on_escrow_funded(record: Record, books: Books) -> Iterable[Effect]:
    """Units of an offer are paid for; or a request, paid for before, was accepted."""
    values = record.values
    trade, document = values["trade"], values["offerId"]
    terms = unpack_terms(trade["terms"])
    certificate = creation_or_none(trade["creationId"])
    requested = books.find("request", document) is not None
    yield Put(
        "trade",
        till.new_trade(
            record,
            values["tradeId"],
            kind="requested" if requested else "delivered",
            document_id=document,
            state="funded",
            seller=trade["seller"],
            buyer=trade["buyer"],
            referrer=address_or_none(trade["referrer"]),
            collection=_collection(record, books, certificate),
            creation_id=certificate,
            asset=trade["asset"],
            amount=trade["amount"],
            rest=trade["amount"],
            units=values["units"],
            parts=consent.parts_text(terms.parts),
            arbiter=address_or_none(trade["arbiter"]),
            arbiter_fee_bps=terms.arbiter_fee_bps,
            silent_seller_bps=terms.silent_seller_bps,
            details=bytes_or_none(values["details"]),
            deadline=values["shipDeadline"],
        ),
    )
    if requested:
        accepted = {"state": "accepted", "trade_id": values["tradeId"]}
        yield Change("request", (document,), {**accepted, "ended_at": record.timestamp})
        return
    yield Add("taken", (document,), {"times": 1, "units": values["units"]})
    yield from consent.take_units(record, books.find("offer", document), values["units"])


def on_escrow_shipped(record: Record, books: Books) -> Iterable[Effect]:
    """The part is on its way; the buyer's time to inspect runs."""
    yield _change(
        record,
        state="shipped",
        shipped_at=record.timestamp,
        deadline=record.values["inspectDeadline"],
        shipment=bytes_or_none(record.values["shipment"]),
    )


def on_part_released(record: Record, books: Books) -> Iterable[Effect]:
    """A part that isn't the last was paid; the next can be shipped."""
    trade = _trade(record, books)
    amount = record.values["amount"]
    yield from _release(record, books, trade, amount)
    yield _change(
        record,
        state="funded",
        rest=trade["rest"] - amount,
        part=trade["part"] + 1,
        deadline=record.values["shipDeadline"],
        shipped_at=None,
        shipment=None,
        disputed_at=None,
    )


def on_escrow_released(record: Record, books: Books) -> Iterable[Effect]:
    """The trade ended: its last part was paid."""
    trade = _trade(record, books)
    yield from _release(record, books, trade, trade["rest"])
    yield _end(record, "settled")


def on_escrow_refunded(record: Record, books: Books) -> Iterable[Effect]:
    """The trade ended: the buyer gets all that was left."""
    trade = _trade(record, books)
    yield from _refund(record, trade, trade["rest"])
    yield from _end_dispute(record, trade, to_buyer=trade["rest"])
    yield _end(record, "refunded")


def on_escrow_disputed(record: Record, books: Books) -> Iterable[Effect]:
    """The buyer calls the arbiter, who has time to rule."""
    trade = _trade(record, books)
    deadline = record.values["rulingDeadline"]
    yield _change(record, state="disputed", disputed_at=record.timestamp, deadline=deadline)
    yield Put(
        "dispute",
        {
            "trade_id": trade["id"],
            "part": trade["part"],
            "arbiter": record.values["arbiter"],
            "reason": None,
            "asset": trade["asset"],
            "amount": trade["rest"],
            "to_seller": 0,
            "to_buyer": 0,
            "arbiter_fee": 0,
            "fee_recipient": None,
            "deadline": deadline,
            "disputed_at": record.timestamp,
            "ended_at": None,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_evidence(record: Record, books: Books) -> Iterable[Effect]:
    """A party says something about a disputed trade."""
    values = record.values
    yield Put(
        "evidence",
        {
            "trade_id": f"0x{values['evidenceGroupID']:064x}",
            "arbiter": values["arbitrator"],
            "party": values["party"],
            "document": values["evidence"],
            "submitted_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_escrow_divided(record: Record, books: Books) -> Iterable[Effect]:
    """The trade ended: what was left was divided by the arbiter, by both, or by default."""
    values, trade = record.values, _trade(record, books)
    to_buyer, arbiter_fee = values["toBuyer"], values["arbiterFee"]
    to_seller = trade["rest"] - to_buyer - arbiter_fee
    yield from _pay_seller(record, books, trade, to_seller)
    yield from _refund(record, trade, to_buyer)
    yield till.settle(trade["id"], arbiter=arbiter_fee)
    due = (trade["asset"], "arbiter", values["feeRecipient"], arbiter_fee)
    yield from till.owe(record, trade["id"], *due)
    yield from _end_dispute(
        record,
        trade,
        to_seller=to_seller,
        to_buyer=to_buyer,
        arbiter_fee=arbiter_fee,
        fee_recipient=address_or_none(values["feeRecipient"]),
    )
    yield _end(record, "divided")


def _trade(record: Record, books: Books) -> Mapping[str, Any]:
    return books.row("trade", record.values["tradeId"], 0)


def _change(record: Record, **columns: Any) -> Change:
    return Change("trade", (record.values["tradeId"], 0), columns)


def _collection(record: Record, books: Books, certificate: str | None) -> str | None:
    """A certificate is always one of the market's registry."""
    return books.row("market", record.contract)["registry"] if certificate else None


def _release(
    record: Record, books: Books, trade: Mapping[str, Any], amount: int
) -> Iterator[Effect]:
    """The current part is the seller's."""
    yield from _pay_seller(record, books, trade, amount)
    yield Put(
        "part",
        {
            "trade_id": trade["id"],
            "number": trade["part"],
            "reason": REASONS[record.values["reason"]],
            "amount": amount,
            "fee": record.values["fee"],
            "shipped_at": trade["shipped_at"],
            "shipment": trade["shipment"],
            "paid_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
        },
    )
    yield from _end_dispute(record, trade, to_seller=amount)


def _pay_seller(
    record: Record, books: Books, trade: Mapping[str, Any], amount: int
) -> Iterator[Effect]:
    """All but the fee, until `RoyaltyPaid` and `ReferralPaid` take from it."""
    fee, asset = record.values["fee"], trade["asset"]
    yield till.settle(trade["id"], seller=amount - fee, fee=fee)
    yield from till.owe(record, trade["id"], asset, "seller", trade["seller"], amount - fee)
    yield from till.owe_community(record, books, trade["id"], asset, fee)


def _refund(record: Record, trade: Mapping[str, Any], amount: int) -> Iterator[Effect]:
    yield till.settle(trade["id"], refund=amount)
    yield from till.owe(record, trade["id"], trade["asset"], "buyer", trade["buyer"], amount)


def _end_dispute(record: Record, trade: Mapping[str, Any], **outcome: Any) -> Iterator[Effect]:
    """How the dispute ended, if there was one; also by conceding or by agreement."""
    if trade["state"] != "disputed":
        return
    reason = REASONS[record.values["reason"]]
    ended = {"reason": reason, "ended_at": record.timestamp, **outcome}
    yield Change("dispute", (trade["id"], trade["part"]), ended)


def _end(record: Record, state: str) -> Change:
    return _change(
        record,
        state=state,
        reason=REASONS[record.values["reason"]],
        rest=0,
        deadline=None,
        ended_at=record.timestamp,
        ended_transaction=record.transaction_hash,
    )


HANDLERS: dict[str, Handler] = {
    **till.HANDLERS,
    **consent.HANDLERS,
    "OfferPublished": on_offer_published,
    "OfferCancelled": consent.on_offer_cancelled,
    "WorkRequested": on_work_requested,
    "RequestRetracted": on_request_retracted,
    "EscrowFunded": on_escrow_funded,
    "EscrowShipped": on_escrow_shipped,
    "PartReleased": on_part_released,
    "EscrowReleased": on_escrow_released,
    "EscrowRefunded": on_escrow_refunded,
    "EscrowDisputed": on_escrow_disputed,
    "Evidence": on_evidence,
    "EscrowDivided": on_escrow_divided,
}

LOOKUPS: Lookups = {
    "OfferPublished": (("taken", ("offerId",)), ("offer", ("offerId",))),
    "EscrowFunded": (
        ("request", ("offerId",)),
        ("taken", ("offerId",)),
        ("offer", ("offerId",)),
        ("trade", ("tradeId", 0)),
    ),
    "EscrowShipped": (("trade", ("tradeId", 0)),),
    "EscrowReleased": (("trade", ("tradeId", 0)),),
    "EscrowRefunded": (("trade", ("tradeId", 0)),),
}
