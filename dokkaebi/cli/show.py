"""The command `show`: everything the chain says of a creation, an offer or a trade."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import DOCUMENTS, NODE, Result, Session, command
from dokkaebi.cli.telling import (
    KINDS,
    OFFER_STATES,
    TRADE_STATES,
    offer_json,
    say_end,
    say_moments,
    trade_json,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.assets import Asset
    from dokkaebi.chain.market import Creation, FoundOffer, FoundTrade, Happening

app = typer.Typer()


@command(app, NODE, DOCUMENTS)
def show(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help=t("arg_any_id"))],
) -> Result:
    """Finds out what an id is, and tells about it."""
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.chain.market import creation, find_offer, find_trade

    try:
        creation_id = parse_creation_id(id)
    except DokkaebiError:
        if not id.startswith("0x"):
            raise
    else:
        known = creation(session.suite, creation_id)
        if known is not None:
            return _show_creation(session, creation_id, known)
        if not id.startswith("0x"):
            raise DokkaebiError("creation_unknown", seen=id)
    for find, tell in ((find_trade, _show_trade), (find_offer, _show_offer)):
        try:
            found: Any = find(session.suite, id)
        except DokkaebiError as problem:
            if problem.key in {"trade_unknown", "offer_unknown"}:
                continue
            raise
        return tell(session, found)
    raise DokkaebiError("anything_unknown", seen=id)


def _show_creation(session: Session, creation_id: int, known: Creation) -> Result:
    from dokkaebi.chain.documents import creation_cid, document_name
    from dokkaebi.chain.market import owner, registrations
    from dokkaebi.texts.figures import percent_text, time_text

    suite, cid = session.suite, creation_cid(creation_id)
    holder = owner(suite, creation_id)
    record = registrations(suite, creation_id)[0]
    parents = [creation_cid(parent) for parent in suite.registry.call("parentsOf", creation_id)]
    title = _title(session, cid, document_name(known.creator), creation_id, known.creator)
    session.say("show_creation", cid=cid, id=creation_id)
    if title:
        session.say("show_title", title=title)
    session.say(
        "show_registered",
        creator=known.creator,
        when=time_text(known.created_at),
        block=record.block_number,
        transaction=record.transaction_hash,
    )
    if holder is None:
        session.say("show_burnt")
    else:
        session.say("show_owner", owner=holder, count=known.tenure)
    session.say("show_royalty", royalty=percent_text(known.royalty_bps))
    for parent in parents:
        session.say("show_parent", parent=parent)
    uri = f"ipfs://{cid}/{document_name(known.creator)}"
    session.say("show_uri", uri=uri)
    return {
        "kind": "creation",
        "id": str(creation_id),
        "cid": cid,
        "title": title,
        "creator": known.creator,
        "created_at": known.created_at,
        "owner": holder,
        "royalty_bps": known.royalty_bps,
        "tenure": known.tenure,
        "parents": parents,
        "token_uri": uri,
        "transaction": record.transaction_hash,
        "open_offers": _show_open_offers(session, creation_id, known.tenure),
    }


def _title(session: Session, cid: str, name: str, creation_id: int, creator: str) -> str | None:
    """The work's title, if its document is kept here and is the one that the id names."""
    from dokkaebi.chain.documents import Document

    path = session.settings.documents / cid / name
    if not path.is_file():
        return None
    document = Document(creator, path.read_bytes())
    if document.id != creation_id:
        return None
    return str(json.loads(document.text)["name"])


def _show_open_offers(session: Session, creation_id: int, tenure: int) -> list[str]:
    """The offers of a creation that can be taken now."""
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.market import OFFER_OPEN, offer_state, offers_of_creation
    from dokkaebi.texts.figures import time_text

    now = int(session.chain.block()["timestamp"], 16)
    takeable = []
    for found in offers_of_creation(session.suite, creation_id):
        if found.offer.tenure != tenure or found.offer.expiry < now or found.id in takeable:
            continue
        if offer_state(session.suite, found.id) != OFFER_OPEN:
            continue
        takeable.append(found.id)
        session.say(
            "show_open_offer",
            offer=found.id,
            kind=t(f"Kind_{found.offer.kind}"),
            price=read_asset(session.suite, found.offer.asset).text(found.offer.price),
            expiry=time_text(found.offer.expiry),
        )
    return takeable


def _show_offer(session: Session, found: FoundOffer) -> Result:
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.market import OFFER_OPEN, happenings, offer_state, trade_of_offer

    offer = found.offer
    asset = read_asset(session.suite, offer.asset)
    state = offer_state(session.suite, found.id)
    session.say("show_offer", offer=found.id, kind=t(f"Kind_{offer.kind}"))
    _say_offer_terms(session, found, asset, state)
    hindrance = _hindrance(session, found) if state == OFFER_OPEN else None
    session.say(f"show_offer_{OFFER_STATES[state]}")
    if hindrance is not None:
        session.say(f"show_offer_{hindrance}")
    moments = say_moments(session, happenings(session.suite, found.id))
    trade = trade_of_offer(session.suite, found.id) if state > OFFER_OPEN else None
    if trade is not None:
        session.say("show_offer_trade", trade=trade.id, buyer=trade.trade.buyer)
    return {
        "kind": "offer",
        "id": found.id,
        "state": OFFER_STATES[state],
        "takeable": state == OFFER_OPEN and hindrance is None,
        "hindrance": hindrance,
        "terms": offer_json(offer),
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "trade": trade.id if trade else None,
        "history": moments,
    }


def _say_offer_terms(session: Session, found: FoundOffer, asset: Asset, state: int) -> None:
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.chain.market import OFFER_OPEN, ZERO_WORD
    from dokkaebi.texts.figures import percent_text, span_text, time_text

    offer = found.offer
    session.say("show_offer_price", seller=offer.seller, price=asset.text(offer.price))
    if offer.creation_id:
        session.say("show_creation_sold", cid=creation_cid(offer.creation_id))
    if offer.kind == KINDS.index("delivered"):
        session.say(
            "show_windows",
            ship=span_text(offer.ship_seconds),
            inspect=span_text(offer.inspect_seconds),
        )
    if offer.referral_bps:
        session.say("show_referral", referral=percent_text(offer.referral_bps))
    if offer.details != ZERO_WORD:
        session.say("show_details", digest=offer.details.hex())
    if state == OFFER_OPEN:
        session.say("show_expiry", expiry=time_text(offer.expiry))


def _hindrance(session: Session, found: FoundOffer) -> str | None:
    """Why an open offer can't be taken all the same: `expired`, `moved`, `unapproved`, or None."""
    from dokkaebi.chain.market import market_may_move

    offer, suite = found.offer, session.suite
    if int(session.chain.block()["timestamp"], 16) > offer.expiry:
        return "expired"
    if offer.creation_id == 0:
        return None
    if suite.registry.call("tenureOf", offer.creation_id) != offer.tenure:
        return "moved"
    return None if market_may_move(suite, offer.creation_id, offer.seller) else "unapproved"


def _show_trade(session: Session, found: FoundTrade) -> Result:
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.chain.market import NOBODY, happenings, trade_state

    trade = found.trade
    asset = read_asset(session.suite, trade.asset)
    state, deadline = trade_state(session.suite, found.id)
    moments = happenings(session.suite, found.id)
    session.say("show_trade", trade=found.id, offer="0x" + trade.offer_id.hex())
    session.say(
        "show_trade_parties",
        buyer=trade.buyer,
        seller=trade.seller,
        amount=asset.text(trade.amount),
    )
    if trade.creation_id:
        session.say("show_creation_sold", cid=creation_cid(trade.creation_id))
    if trade.referrer != NOBODY:
        session.say("show_referrer", referrer=trade.referrer)
    ended = next((m for m in moments if m.event in {"EscrowReleased", "EscrowRefunded"}), None)
    if ended is None:
        _say_deadline(session, state, deadline)
    else:
        say_end(session, trade, ended)
    return {
        "kind": "trade",
        "id": found.id,
        "state": TRADE_STATES[state],
        "outcome": _outcome(ended),
        "deadline": deadline or None,
        "terms": trade_json(trade),
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "history": say_moments(session, moments),
    }


def _say_deadline(session: Session, state: int, deadline: int) -> None:
    """What can happen next, and until when."""
    from dokkaebi.texts.figures import span_text, time_text

    now = int(session.chain.block()["timestamp"], 16)
    name = TRADE_STATES[state]
    if now > deadline:
        session.say(f"show_trade_{name}_late", deadline=time_text(deadline))
    else:
        left = span_text(deadline - now)
        session.say(f"show_trade_{name}", deadline=time_text(deadline), left=left)


def _outcome(ended: Happening | None) -> str | None:
    if ended is None:
        return None
    return "released" if ended.event == "EscrowReleased" else "refunded"
