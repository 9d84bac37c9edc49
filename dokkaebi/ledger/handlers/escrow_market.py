"""EscrowMarket's events: offers, trades, and the way of every unit paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dokkaebi.ledger.handlers.creation_registry import creation_key
from dokkaebi.ledger.rows import (
    Add,
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

# The contract's enums, in its order.
KINDS = ("instant", "delivered")
REASONS = ("confirmed", "inspection_timeout", "seller_refund", "ship_timeout")
INSTANT = "instant"
NO_BYTES = "0x" + "00" * 32


def on_market_opened(record: Record, books: Books) -> Iterable[Effect]:
    """The market's fixed terms."""
    yield Put(
        "market",
        {
            "address": record.address,
            "registry": record.values["registry"],
            "fee_recipient": record.values["feeRecipient"],
            "fee_bps": record.values["feeBps"],
        },
    )


def on_offer_published(record: Record, books: Books) -> Iterable[Effect]:
    """An offer can be taken; also one that was cancelled and is published again."""
    offer = record.values["offer"]
    yield Put(
        "offer",
        {
            "id": record.values["offerId"],
            "state": "open",
            "seller": offer["seller"],
            "kind": KINDS[offer["kind"]],
            "creation_id": _creation(offer["creationId"]),
            "tenure": offer["tenure"],
            "asset": offer["asset"],
            "price": offer["price"],
            "expiry": offer["expiry"],
            "ship_seconds": offer["shipSeconds"],
            "inspect_seconds": offer["inspectSeconds"],
            "referral_bps": offer["referralBps"],
            "details": _bytes(offer["details"]),
            "salt": offer["salt"],
            "published_at": record.timestamp,
            "ended_at": None,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_offer_cancelled(record: Record, books: Books) -> Iterable[Effect]:
    """An offer was taken back."""
    yield _close_offer(record, "cancelled")


def on_sale_settled(record: Record, books: Books) -> Iterable[Effect]:
    """An instant sale: a trade that begins and ends here, under its offer's id."""
    values = record.values
    yield _close_offer(record, "filled")
    offer = books.row("offer", values["offerId"])
    trade: Row = {
        "id": values["offerId"],
        "offer_id": values["offerId"],
        "kind": INSTANT,
        "state": "settled",
        "reason": INSTANT,
        "seller": values["seller"],
        "buyer": values["buyer"],
        "referrer": address_or_none(values["referrer"]),
        "creation_id": _creation(values["creationId"]),
        "asset": values["asset"],
        "amount": values["price"],
        "inspect_seconds": 0,
        "referral_bps": offer["referral_bps"],
        "funded_at": record.timestamp,
        "ship_deadline": None,
        "shipped_at": None,
        "inspect_deadline": None,
        "shipment": None,
        "ended_at": record.timestamp,
        "funded_transaction": record.transaction_hash,
        "ended_transaction": record.transaction_hash,
        **placed(record),
    }
    yield Put("trade", trade)
    yield from _settle(record, books, trade, INSTANT)


def on_escrow_funded(record: Record, books: Books) -> Iterable[Effect]:
    """A delivered offer was taken; its price is in escrow."""
    values = record.values
    terms = values["trade"]
    yield _close_offer(record, "filled")
    yield Put(
        "trade",
        {
            "id": values["tradeId"],
            "offer_id": values["offerId"],
            "kind": "delivered",
            "state": "funded",
            "reason": None,
            "seller": terms["seller"],
            "buyer": terms["buyer"],
            "referrer": address_or_none(terms["referrer"]),
            "creation_id": _creation(terms["creationId"]),
            "asset": terms["asset"],
            "amount": terms["amount"],
            "inspect_seconds": terms["inspectSeconds"],
            "referral_bps": terms["referralBps"],
            "funded_at": record.timestamp,
            "ship_deadline": values["shipDeadline"],
            "shipped_at": None,
            "inspect_deadline": None,
            "shipment": None,
            "ended_at": None,
            "funded_transaction": record.transaction_hash,
            "ended_transaction": None,
            **placed(record),
        },
    )


def on_escrow_shipped(record: Record, books: Books) -> Iterable[Effect]:
    """The goods are on their way; the buyer's time to inspect runs."""
    yield Change(
        "trade",
        (record.values["tradeId"],),
        {
            "state": "shipped",
            "shipped_at": record.timestamp,
            "inspect_deadline": record.values["inspectDeadline"],
            "shipment": _bytes(record.values["shipment"]),
        },
    )


def on_escrow_released(record: Record, books: Books) -> Iterable[Effect]:
    """A delivered trade ended for the seller."""
    reason = REASONS[record.values["reason"]]
    trade = books.row("trade", record.values["tradeId"])
    yield _end_trade(record, "settled", reason)
    yield from _settle(record, books, trade, reason)


def on_escrow_refunded(record: Record, books: Books) -> Iterable[Effect]:
    """A delivered trade ended for the buyer, who gets all of it."""
    reason = REASONS[record.values["reason"]]
    trade = books.row("trade", record.values["tradeId"])
    yield _end_trade(record, "refunded", reason)
    yield _settlement(record, trade, reason, refund=trade["amount"])
    yield from _owe(record, trade, "buyer", trade["buyer"], trade["amount"])


def on_royalty_paid(record: Record, books: Books) -> Iterable[Effect]:
    """One creator's part; stands after the event that ended the trade."""
    trade = books.row("trade", record.values["tradeId"])
    yield from _owe(record, trade, "creator", record.values["payee"], record.values["amount"])


def on_credited(record: Record, books: Books) -> Iterable[Effect]:
    """What was owed couldn't be paid at once, and waits."""
    values = record.values
    key = (values["tradeId"], values["payee"])
    yield Add("payout", (*key, values["asset"]), _moved(values["amount"]))
    yield Add("credit", (values["asset"], values["payee"]), {"amount": values["amount"]})


def on_withdrawn(record: Record, books: Books) -> Iterable[Effect]:
    """A payee's whole credit left."""
    values = record.values
    yield Put(
        "withdrawal",
        {
            "payee": values["payee"],
            "asset": values["asset"],
            "recipient": values["to"],
            "amount": values["amount"],
            "withdrawn_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )
    yield Add("credit", (values["asset"], values["payee"]), {"amount": -values["amount"]})


def _settle(
    record: Record, books: Books, trade: Mapping[str, Any], reason: str
) -> Iterator[Effect]:
    """A trade's price is divided. Royalties follow one by one in `RoyaltyPaid`."""
    royalty, referral, fee = (record.values[part] for part in ("royalty", "referral", "fee"))
    seller = trade["amount"] - royalty - referral - fee
    yield _settlement(record, trade, reason, seller, royalty, referral, fee)
    yield from _owe(record, trade, "seller", trade["seller"], seller)
    if referral:
        yield from _owe(record, trade, "referrer", trade["referrer"], referral)
    if fee:
        # Always credited, and `Credited` doesn't say it again.
        community = books.row("market", record.address)["fee_recipient"]
        yield from _owe(record, trade, "community", community, fee)
        yield Add("payout", (trade["id"], community, trade["asset"]), _moved(fee))
        yield Add("credit", (trade["asset"], community), {"amount": fee})


def _settlement(
    record: Record,
    trade: Mapping[str, Any],
    reason: str,
    seller: int = 0,
    royalty: int = 0,
    referral: int = 0,
    fee: int = 0,
    refund: int = 0,
) -> Put:
    return Put(
        "settlement",
        {
            "trade_id": trade["id"],
            "reason": reason,
            "asset": trade["asset"],
            "amount": trade["amount"],
            "seller": seller,
            "royalty": royalty,
            "referral": referral,
            "fee": fee,
            "refund": refund,
            "settled_at": record.timestamp,
            **placed(record),
        },
    )


def _owe(
    record: Record, trade: Mapping[str, Any], role: str, payee: str, amount: int
) -> Iterator[Effect]:
    """A payee's part of an end. It counts as paid until a `Credited` says otherwise."""
    if amount == 0:
        return
    yield Put(
        "share",
        {
            "role": role,
            "trade_id": trade["id"],
            "payee": payee,
            "asset": trade["asset"],
            "amount": amount,
            **placed(record),
        },
    )
    yield Add("payout", (trade["id"], payee, trade["asset"]), {"owed": amount, "paid": amount})


def _moved(amount: int) -> dict[str, int]:
    """Not paid after all, but credited."""
    return {"paid": -amount, "credited": amount}


def _close_offer(record: Record, state: str) -> Change:
    values = {"state": state, "ended_at": record.timestamp}
    return Change("offer", (record.values["offerId"],), values)


def _end_trade(record: Record, state: str, reason: str) -> Change:
    return Change(
        "trade",
        (record.values["tradeId"],),
        {
            "state": state,
            "reason": reason,
            "ended_at": record.timestamp,
            "ended_transaction": record.transaction_hash,
        },
    )


def _creation(creation_id: int) -> str | None:
    return creation_key(creation_id) if creation_id else None


def _bytes(value: str) -> str | None:
    return None if value == NO_BYTES else value


HANDLERS: dict[str, Handler] = {
    "MarketOpened": on_market_opened,
    "OfferPublished": on_offer_published,
    "OfferCancelled": on_offer_cancelled,
    "SaleSettled": on_sale_settled,
    "EscrowFunded": on_escrow_funded,
    "EscrowShipped": on_escrow_shipped,
    "EscrowReleased": on_escrow_released,
    "EscrowRefunded": on_escrow_refunded,
    "RoyaltyPaid": on_royalty_paid,
    "Credited": on_credited,
    "Withdrawn": on_withdrawn,
}
