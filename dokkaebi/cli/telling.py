"""How documents and trades are told: in sentences, and as the objects of `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dokkaebi.cli.output import Session
from dokkaebi.texts import t
from dokkaebi.texts.figures import time_text

if TYPE_CHECKING:
    from dokkaebi.chain.lookup import Happening
    from dokkaebi.chain.terms import Terms, Trade

# What a moment's sentence says beside its time: the values of its event that are people.
_ADDRESSES = ("seller", "buyer", "payee", "bidder", "party", "winner", "arbiter")
# What ends a trade or pays a part of it, and how `--json` calls it.
ENDS = {
    "EscrowReleased": "released",
    "EscrowRefunded": "refunded",
    "EscrowDivided": "divided",
    "PartReleased": "part_released",
}
_AMOUNTS = {"price", "end_price", "reserve", "amount"}
_IDS = {"creation_id", "given_id", "wanted_id", "nonce"}


def document_json(terms: Terms) -> dict[str, Any]:
    """A document's terms; amounts and ids as decimal text."""
    from dokkaebi.chain.consents import kind_of

    told: dict[str, Any] = {"kind": kind_of(terms).name}
    for name, value in terms._asdict().items():
        told[name] = str(value) if name in _AMOUNTS | _IDS else value
    creation_id = getattr(terms, "creation_id", None)
    if creation_id is not None:
        told |= creation_json(creation_id)
    return told


def trade_json(trade: Trade) -> dict[str, Any]:
    """A trade's terms; amounts as decimal text."""
    small = trade.unpacked
    return {
        "offer": trade.offer_id,
        "seller": trade.seller,
        "buyer": trade.buyer,
        "referrer": trade.referrer,
        "arbiter": trade.arbiter,
        **creation_json(trade.creation_id),
        "asset": trade.asset,
        "amount": str(trade.amount),
        **small._asdict(),
    }


def creation_json(creation_id: int) -> dict[str, Any]:
    """A creation's number and address; nothing for zero."""
    from dokkaebi.chain.documents import creation_text

    if creation_id == 0:
        return {"creation": None, "creation_cid": None}
    return {"creation": str(creation_id), "creation_cid": creation_text(creation_id)}


def say_moments(session: Session, moments: Sequence[Happening]) -> list[dict[str, Any]]:
    """Tells what happened, in order and with times; the same as objects."""
    from dokkaebi.chain.terms import REASONS

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


def end_of(moments: Sequence[Happening]) -> Happening | None:
    """What last moved a trade's money, if anything did."""
    return next((m for m in reversed(moments) if m.event in ENDS), None)


def say_end(
    session: Session, trade: Trade, end: Happening | None, moments: Sequence[Happening]
) -> dict[str, Any]:
    """Says how a trade, or its last part so far, ended and who got how much."""
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.terms import REASONS

    if end is None:
        return {"outcome": None, "reason": None}
    asset = read_asset(session.suite, trade.asset)
    name = REASONS[end.values["reason"]]
    reason = t(f"reason_{name}")
    done = sum(1 for m in moments if m.event == "PartReleased")
    if end.event == "PartReleased":
        done -= 1
    left = trade.rest(done)
    beside = [m for m in moments if m.transaction_hash == end.transaction_hash]
    parts = {
        "royalty": sum(m.values["amount"] for m in beside if m.event == "RoyaltyPaid"),
        "referral": sum(m.values["amount"] for m in beside if m.event == "ReferralPaid"),
        "fee": end.values.get("fee", 0),
    }
    told = {"outcome": ENDS[end.event], "reason": name}
    if end.event == "EscrowRefunded":
        amount = asset.text(left)
        session.say("ended_refunded", reason=reason, amount=amount, buyer=trade.buyer)
        return told
    if end.event == "PartReleased":
        left = end.values["amount"]
    to_buyer, arbiter_fee = end.values.get("toBuyer", 0), end.values.get("arbiterFee", 0)
    session.say(
        "ended_divided" if end.event == "EscrowDivided" else "ended_released",
        reason=reason,
        amount=asset.text(left - to_buyer - arbiter_fee - sum(parts.values())),
        seller=trade.seller,
        buyer=trade.buyer,
        back=asset.text(to_buyer),
        arbiter=asset.text(arbiter_fee),
        **{name: asset.text(part) for name, part in parts.items()},
    )
    return told
