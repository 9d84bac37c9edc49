"""What the three markets have in common as tills: what is owed, paid at once, credited, withdrawn.

The markets don't say what they pay at once, nor what the seller gets; both follow from their
events as `ITill` and the markets' interfaces say. So a part counts as paid until a `Credited` says
otherwise, and what creators and referrers get is taken from what the seller got so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dokkaebi.ledger.rows import NO_BYTES, Add, Books, Effect, Handler, Put, Record, Row, placed


def on_market_opened(record: Record, books: Books) -> Iterable[Effect]:
    """The market's fixed terms."""
    yield Put(
        "market",
        {
            "name": record.contract,
            "address": record.address,
            "registry": record.values["registry"],
            "fee_recipient": record.values["feeRecipient"],
            "fee_bps": record.values["feeBps"],
        },
    )


def on_royalty_paid(record: Record, books: Books) -> Iterable[Effect]:
    """A creator's part of what was the seller's."""
    yield from _hand_on(record, books, "creator", "royalty")


def on_referral_paid(record: Record, books: Books) -> Iterable[Effect]:
    """The referrer's part of what was the seller's."""
    yield from _hand_on(record, books, "referrer", "referral")


def on_credited(record: Record, books: Books) -> Iterable[Effect]:
    """What was owed couldn't be paid at once, and waits. Without an id it is change."""
    document, payee, asset, amount = (
        record.values[name] for name in ("tradeId", "payee", "asset", "amount")
    )
    if document == NO_BYTES:
        yield from owe(record, document, asset, "change", payee, amount)
    yield from set_aside(record, document, asset, payee, amount)


def on_withdrawn(record: Record, books: Books) -> Iterable[Effect]:
    """A payee's whole credit left."""
    values = record.values
    yield Put(
        "withdrawal",
        {
            "market": record.contract,
            "payee": values["payee"],
            "asset": values["asset"],
            "recipient": values["to"],
            "amount": values["amount"],
            "withdrawn_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )
    key = (values["payee"], record.contract, values["asset"])
    yield Add("credit", key, {"amount": -values["amount"]})


def new_trade(record: Record, identifier: str, **columns: Any) -> Row:
    """A trade's row as it begins; what `columns` leaves out isn't there."""
    return {
        "id": identifier,
        "number": 0,
        "market": record.contract,
        "reason": None,
        "referrer": None,
        "units": 1,
        "parts": None,
        "part": 0,
        "arbiter": None,
        "arbiter_fee_bps": None,
        "silent_seller_bps": None,
        "details": None,
        "funded_at": record.timestamp,
        "deadline": None,
        "shipped_at": None,
        "shipment": None,
        "disputed_at": None,
        "ended_at": None,
        "funded_transaction": record.transaction_hash,
        "ended_transaction": None,
        **placed(record),
        **columns,
    }


def settled_at_once(record: Record, reason: str) -> Row:
    """The columns of a trade that ends as it begins."""
    return {
        "state": "settled",
        "reason": reason,
        "rest": 0,
        "ended_at": record.timestamp,
        "ended_transaction": record.transaction_hash,
    }


def settle(identifier: str, number: int = 0, **parts: int) -> Add:
    """Adds to where a trade's amount went; `parts` by the columns of `settlement`."""
    return Add("settlement", (identifier, number), parts)


def owe(
    record: Record, document: str, asset: str, role: str, payee: str, amount: int
) -> Iterator[Effect]:
    """Somebody's part; it counts as paid until a `Credited` says otherwise."""
    if amount == 0:
        return
    market = record.contract
    key = (market, document, record.block_number, role, payee, asset)
    yield Add("share", key, {"amount": amount})
    yield Add("payout", (payee, market, asset, document), {"owed": amount, "paid": amount})


def set_aside(
    record: Record, document: str, asset: str, payee: str, amount: int
) -> Iterator[Effect]:
    """A part wasn't paid after all, but credited."""
    if amount == 0:
        return
    market = record.contract
    moved = {"paid": -amount, "credited": amount}
    yield Add("payout", (payee, market, asset, document), moved)
    yield Add("credit", (payee, market, asset), {"amount": amount})


def sellers_to(
    record: Record, books: Books, identifier: str, role: str, payee: str, amount: int
) -> Iterator[Effect]:
    """Somebody gets a part of what counted as the seller's of a trade."""
    trade = books.row("trade", identifier, 0)
    asset, seller = trade["asset"], trade["seller"]
    key = (record.contract, identifier, record.block_number, "seller", seller, asset)
    yield Add("share", key, {"amount": -amount})
    less = {"owed": -amount, "paid": -amount}
    yield Add("payout", (seller, record.contract, asset, identifier), less)
    yield from owe(record, identifier, asset, role, payee, amount)


def owe_community(
    record: Record, books: Books, document: str, asset: str, fee: int, *, aside: bool = True
) -> Iterator[Effect]:
    """The community's fee. Where it is credited, `Credited` doesn't say it again."""
    community = books.row("market", record.contract)["fee_recipient"]
    yield from owe(record, document, asset, "community", community, fee)
    if aside:
        yield from set_aside(record, document, asset, community, fee)


def _hand_on(record: Record, books: Books, role: str, column: str) -> Iterator[Effect]:
    """What stands beside an event that gave the seller all but the fee."""
    identifier, payee, amount = (record.values[name] for name in ("tradeId", "payee", "amount"))
    yield settle(identifier, seller=-amount, **{column: amount})
    yield from sellers_to(record, books, identifier, role, payee, amount)


HANDLERS: dict[str, Handler] = {
    "MarketOpened": on_market_opened,
    "RoyaltyPaid": on_royalty_paid,
    "ReferralPaid": on_referral_paid,
    "Credited": on_credited,
    "Withdrawn": on_withdrawn,
}
