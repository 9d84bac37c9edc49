"""How offers and trades are told: in sentences, and as the objects of `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dokkaebi.cli.output import Session
from dokkaebi.texts import t
from dokkaebi.texts.figures import time_text

if TYPE_CHECKING:
    from dokkaebi.chain.market import Happening, Offer, Trade

KINDS = ("instant", "delivered")
OFFER_STATES = ("none", "open", "filled")
TRADE_STATES = ("ended", "funded", "shipped")
REASONS = ("confirmed", "inspection_timeout", "seller_refund", "ship_timeout")

# What a moment's sentence says beside its time: the values of its event that are people.
_ADDRESSES = ("seller", "buyer", "payee")


def offer_json(offer: Offer) -> dict[str, Any]:
    """An offer's terms; amounts as decimal text."""
    return {
        "seller": offer.seller,
        "kind": KINDS[offer.kind],
        **_creation_json(offer.creation_id),
        "tenure": offer.tenure,
        "asset": offer.asset,
        "price": str(offer.price),
        "expiry": offer.expiry,
        "ship_seconds": offer.ship_seconds,
        "inspect_seconds": offer.inspect_seconds,
        "referral_bps": offer.referral_bps,
        "details": offer.details,
        "salt": str(offer.salt),
    }


def trade_json(trade: Trade) -> dict[str, Any]:
    """A trade's terms; amounts as decimal text."""
    return {
        "offer": trade.offer_id,
        "seller": trade.seller,
        "buyer": trade.buyer,
        "referrer": trade.referrer,
        **_creation_json(trade.creation_id),
        "asset": trade.asset,
        "amount": str(trade.amount),
        "inspect_seconds": trade.inspect_seconds,
        "referral_bps": trade.referral_bps,
    }


def _creation_json(creation_id: int) -> dict[str, Any]:
    from dokkaebi.chain.documents import creation_cid

    if creation_id == 0:
        return {"creation": None, "creation_cid": None}
    return {"creation": str(creation_id), "creation_cid": creation_cid(creation_id)}


def say_moments(session: Session, moments: list[Happening]) -> list[dict[str, Any]]:
    """Tells what happened, in order and with times; the same as objects."""
    times = session.chain.timestamps(m.block_number for m in moments)
    told = []
    for moment in moments:
        when = times[moment.block_number]
        people = {name: moment.values.get(name, "") for name in _ADDRESSES}
        reason = REASONS[moment.values["reason"]] if "reason" in moment.values else None
        session.say(
            f"moment_{moment.event}",
            when=time_text(when),
            reason=t(f"reason_{reason}") if reason else "",
            **people,
        )
        told.append(
            {
                "event": moment.event,
                "timestamp": when,
                "block": moment.block_number,
                "transaction": moment.transaction_hash,
                **({"reason": reason} if reason else {}),
            }
        )
    return told


def say_end(session: Session, trade: Trade, end: Happening) -> None:
    """Says how a trade ended and who got how much."""
    from dokkaebi.chain.assets import read_asset

    asset = read_asset(session.suite, trade.asset)
    reason = t(f"reason_{REASONS[end.values['reason']]}")
    if end.event == "EscrowRefunded":
        amount = asset.text(trade.amount)
        session.say("ended_refunded", reason=reason, amount=amount, buyer=trade.buyer)
        return
    parts = {name: end.values[name] for name in ("royalty", "referral", "fee")}
    session.say(
        "ended_released",
        reason=reason,
        amount=asset.text(trade.amount - sum(parts.values())),
        seller=trade.seller,
        **{name: asset.text(part) for name, part in parts.items()},
    )
