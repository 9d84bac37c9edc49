"""The command `show`: everything the chain says of a creation, an offer or a trade."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import DOCUMENTS, NODE, Result, Session, command
from dokkaebi.cli.telling import document_json, end_of, say_end, say_moments, trade_json
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.assets import Asset
    from dokkaebi.chain.terms import Auction, Creation, Found, Request, Trade

app = typer.Typer()


@command(app, NODE, DOCUMENTS)
def show(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help=t("arg_any_id"))],
) -> Result:
    """Finds out what an id is, and tells about it."""
    from dokkaebi.chain import auction_house, creation_market, escrow_market
    from dokkaebi.chain.creation_registry import creation
    from dokkaebi.chain.documents import parse_creation_id

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
    finders: tuple[tuple[Any, Any], ...] = (
        (escrow_market.find_trade, _show_trade),
        (creation_market.find_offer, _show_offer),
        (escrow_market.find_offer, _show_offer),
        (escrow_market.find_request, _show_request),
        (auction_house.find_auction, _show_auction),
    )
    for find, tell in finders:
        try:
            found: Any = find(session.suite, id)
        except DokkaebiError as problem:
            if problem.key.endswith("_unknown"):
                continue
            raise
        return dict(tell(session, found))
    raise DokkaebiError("anything_unknown", seen=id)


def _show_creation(session: Session, creation_id: int, known: Creation) -> Result:
    from dokkaebi.chain.creation_registry import owner, partners, registrations
    from dokkaebi.chain.documents import creation_cid, document_name
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
    makers = partners(suite, creation_id)
    for partner in makers:
        share = percent_text(partner.share_bps)
        session.say("show_partner", partner=partner.account, share=share)
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
        "partners": [partner._asdict() for partner in makers],
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
    """The published offers of a creation that can be taken now."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    now = int(session.chain.block()["timestamp"], 16)
    found: list[Found[Any]] = [
        *creation_market.offers_of_creation(suite, creation_id),
        *escrow_market.offers_of_creation(suite, creation_id),
    ]
    takeable = []
    for each in found:
        if each.terms.tenure != tenure or each.terms.expiry < now or each.id in takeable:
            continue
        if not _is_open(session, each):
            continue
        takeable.append(each.id)
        session.say(
            "show_open_offer",
            offer=each.id,
            kind=_kind_of(each.terms),
            price=read_asset(suite, each.terms.asset).text(each.terms.price),
            expiry=time_text(each.terms.expiry),
        )
    return takeable


def _is_delivery(terms: Any) -> bool:
    from dokkaebi.chain.terms import Delivery

    return isinstance(terms, Delivery)


def _kind_of(terms: Any) -> str:
    return t("kind_delivered" if _is_delivery(terms) else "kind_instant")


def _is_open(session: Session, found: Found[Any]) -> bool:
    """Whether a published offer, or a request, is open."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.chain.terms import NOBODY

    if _is_delivery(found.terms):
        return escrow_market.opened(session.suite, found.id).owner != NOBODY
    return creation_market.is_open(session.suite, found.id)


def _show_offer(session: Session, found: Found[Any]) -> Result:
    from dokkaebi.chain import escrow_market
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.lookup import happenings

    terms = found.terms
    asset = read_asset(session.suite, terms.asset)
    moments = happenings(session.suite, found.id)
    trades = escrow_market.trades_of_offer(session.suite, found.id) if _is_delivery(terms) else []
    is_open = _is_open(session, found)
    taken = bool(trades) or any(moment.event == "SaleSettled" for moment in moments)
    state = "open" if is_open else "filled" if taken else "none"
    session.say("show_offer", offer=found.id, kind=_kind_of(terms))
    _say_offer_terms(session, terms, asset, is_open)
    hindrance = _hindrance(session, terms) if is_open else None
    session.say(f"show_offer_{state}")
    if hindrance is not None:
        session.say(f"show_offer_{hindrance}")
    told = say_moments(session, moments)
    for trade in trades:
        session.say("show_offer_trade", trade=trade.id, buyer=trade.terms.buyer)
    return {
        "kind": "offer",
        "id": found.id,
        "state": state,
        "takeable": is_open and hindrance is None,
        "hindrance": hindrance,
        "terms": document_json(terms),
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "trade": trades[-1].id if trades else None,
        "history": told,
    }


def _say_offer_terms(session: Session, terms: Any, asset: Asset, is_open: bool) -> None:
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.chain.terms import ZERO_WORD
    from dokkaebi.texts.figures import percent_text, span_text, time_text

    session.say("show_offer_price", seller=terms.seller, price=asset.text(terms.price))
    if terms.creation_id:
        session.say("show_creation_sold", cid=creation_cid(terms.creation_id))
    if _is_delivery(terms):
        session.say(
            "show_windows",
            ship=span_text(terms.ship_seconds),
            inspect=span_text(terms.inspect_seconds),
        )
        if terms.details != ZERO_WORD:
            session.say("show_details", digest=terms.details.hex())
    if terms.referral_bps:
        session.say("show_referral", referral=percent_text(terms.referral_bps))
    if is_open:
        session.say("show_expiry", expiry=time_text(terms.expiry))


def _hindrance(session: Session, terms: Any) -> str | None:
    """Why an open offer can't be taken all the same: `expired`, `moved`, `unapproved`, or None."""
    from dokkaebi.chain.creation_registry import may_move

    suite = session.suite
    if int(session.chain.block()["timestamp"], 16) > terms.expiry:
        return "expired"
    if terms.creation_id == 0:
        return None
    if suite.registry.call("tenureOf", terms.creation_id) != terms.tenure:
        return "moved"
    market = suite.escrow_market if _is_delivery(terms) else suite.creation_market
    may = may_move(suite, market, terms.creation_id, terms.seller)
    return None if may else "unapproved"


def _show_request(session: Session, found: Found[Request]) -> Result:
    from dokkaebi.chain import escrow_market
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.explain import explain, facts_of
    from dokkaebi.chain.lookup import happenings

    terms = found.terms
    asset = read_asset(session.suite, terms.asset)
    trades = escrow_market.trades_of_offer(session.suite, found.id)
    is_open = _is_open(session, found)
    state = "open" if is_open else "filled" if trades else "none"
    for line in explain(terms, facts_of(session.suite, terms)):
        session.print(line)
    session.say(f"show_request_{state}")
    told = say_moments(session, happenings(session.suite, found.id))
    return {
        "kind": "request",
        "id": found.id,
        "state": state,
        "terms": document_json(terms),
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "trade": trades[-1].id if trades else None,
        "history": told,
    }


def _show_auction(session: Session, found: Found[Auction]) -> Result:
    from dokkaebi.chain import auction_house
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.explain import explain, facts_of
    from dokkaebi.chain.lookup import happenings
    from dokkaebi.texts.figures import time_text

    terms = found.terms
    asset = read_asset(session.suite, terms.asset)
    state = auction_house.auction_state(session.suite, found.id)
    for line in explain(terms, facts_of(session.suite, terms)):
        session.print(line)
    if state.amount:
        session.say("show_auction_bid", bidder=state.bidder, amount=asset.text(state.amount))
    if state.deadline:
        session.say("show_auction_end", end=time_text(state.deadline))
    told = say_moments(session, happenings(session.suite, found.id))
    return {
        "kind": "auction",
        "id": found.id,
        "open": state.deadline != 0,
        "bidder": state.bidder if state.amount else None,
        "amount": str(state.amount),
        "deadline": state.deadline or None,
        "terms": document_json(terms),
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "history": told,
    }


def _show_trade(session: Session, found: Found[Trade]) -> Result:
    from dokkaebi.chain import escrow_market
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.chain.lookup import happenings
    from dokkaebi.chain.terms import NOBODY, TRADE_STATES

    trade = found.terms
    asset = read_asset(session.suite, trade.asset)
    state, deadline, part = escrow_market.trade_state(session.suite, found.id)
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
    if trade.arbiter != NOBODY:
        session.say("show_arbiter", arbiter=trade.arbiter)
    if len(trade.worths) > 1 and state:
        session.say("show_part", part=part + 1, parts=len(trade.worths))
    outcome = None
    if state:
        _say_deadline(session, TRADE_STATES[state], deadline)
    else:
        outcome = say_end(session, trade, end_of(moments), moments)["outcome"]
    return {
        "kind": "trade",
        "id": found.id,
        "state": TRADE_STATES[state],
        "outcome": outcome,
        "deadline": deadline or None,
        "part": part,
        "terms": trade_json(trade),
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "history": say_moments(session, moments),
    }


def _say_deadline(session: Session, name: str, deadline: int) -> None:
    """What can happen next, and until when."""
    from dokkaebi.texts.figures import span_text, time_text

    now = int(session.chain.block()["timestamp"], 16)
    if now > deadline:
        session.say(f"show_trade_{name}_late", deadline=time_text(deadline))
    else:
        left = span_text(deadline - now)
        session.say(f"show_trade_{name}", deadline=time_text(deadline), left=left)
