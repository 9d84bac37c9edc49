"""The commands of a sale on chain, from `offer` to `withdraw`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.dealing import (
    InspectDays,
    OfferDays,
    ShipDays,
    check_seller,
    days_of,
    digest_of,
    expiry_in,
    let_move,
    let_take,
    show_split,
)
from dokkaebi.cli.output import NODE, SIGN, Result, Session, command
from dokkaebi.cli.telling import document_json, end_of, say_end
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.assets import Asset
    from dokkaebi.chain.suite import Call
    from dokkaebi.chain.terms import Delivery, Found, Offer, Trade
    from dokkaebi.chain.till import Credit
    from dokkaebi.cli.sending import Steps

app = typer.Typer()

OfferId = Annotated[str, typer.Argument(metavar="OFFER", help=t("arg_offer"))]
TradeId = Annotated[str, typer.Argument(metavar="TRADE", help=t("arg_trade"))]
Referrer = Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_referrer"))]


@command(app, NODE, SIGN)
def offer(
    session: Session,
    price: Annotated[str, typer.Option(metavar="AMOUNT", help=t("option_price"))],
    creation: Annotated[str | None, typer.Option(metavar="ID", help=t("option_creation"))] = None,
    asset: Annotated[str, typer.Option(metavar="eth|token|0x…", help=t("option_asset"))] = "eth",
    delivered: Annotated[bool, typer.Option("--delivered", help=t("option_delivered"))] = False,
    ship_days: ShipDays = None,
    inspect_days: InspectDays = None,
    details: Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_details"))] = None,
    referral: Annotated[str, typer.Option(metavar="PERCENT", help=t("option_referral"))] = "0",
    expires_days: OfferDays = None,
) -> Result:
    """Publishes an offer."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.chain.assets import named_asset, parse_percent
    from dokkaebi.chain.consents import id_of
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.cli.sending import Steps

    check_offer_options(delivered, creation, ship_days, inspect_days)
    suite = session.suite
    paid_in = named_asset(suite, asset)
    seller, creation_id = session.account.address, parse_creation_id(creation) if creation else 0
    terms: Offer | Delivery
    if delivered:
        market, limit = suite.escrow_market, "OFFER_SECONDS_MAX"
        terms = escrow_market.new_delivery(
            suite,
            seller,
            paid_in.parse(price),
            expiry=expiry_in(session, days_of(session, "offer_days", expires_days), market, limit),
            asset=paid_in.address,
            creation_id=creation_id,
            ship_seconds=days_of(session, "ship_days", ship_days),
            inspect_seconds=days_of(session, "inspect_days", inspect_days),
            referral_bps=parse_percent(referral),
            details=digest_of(details),
        )
        plan = (escrow_market.publish(suite, terms), "offered_delivered")
    else:
        market, limit = suite.creation_market, "DOCUMENT_SECONDS_MAX"
        terms = creation_market.new_offer(
            suite,
            seller,
            creation_id,
            paid_in.parse(price),
            expiry=expiry_in(session, days_of(session, "offer_days", expires_days), market, limit),
            asset=paid_in.address,
            referral_bps=parse_percent(referral),
        )
        plan = (creation_market.publish(suite, terms), "offered_instant")
    steps = Steps(session)
    call, said = plan
    planned = steps.plan(*call)
    offer_id = id_of(suite, terms)
    if terms.creation_id:
        let_move(session, steps, market, terms.creation_id)
    steps.do("offer", planned)
    if not session.dry_run:
        _say_offered(session, said, offer_id, terms, paid_in)
    return steps.result(offer=offer_id, terms=document_json(terms))


def check_offer_options(
    delivered: bool, creation: str | None, ship_days: int | None, inspect_days: int | None
) -> None:
    """Refuses combinations that mean nothing, before anything is looked up."""
    if not delivered and creation is None:
        raise DokkaebiError("offer_sells_nothing")
    if not delivered and (ship_days is not None or inspect_days is not None):
        raise DokkaebiError("offer_not_delivered")


def _say_offered(
    session: Session, said: str, offer_id: str, terms: Offer | Delivery, asset: Asset
) -> None:
    from dokkaebi.texts.figures import time_text

    price, expiry = asset.text(terms.price), time_text(terms.expiry)
    session.say(said, offer=offer_id, price=price, expiry=expiry)


@command(app, NODE, SIGN)
def cancel(session: Session, offer: OfferId) -> Result:
    """Takes a published offer back."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    offer_id, delivered = _which(session, offer)
    call = (escrow_market if delivered else creation_market).cancel(suite, offer_id)
    steps = Steps(session)
    steps.call("cancel", *call)
    if not session.dry_run:
        session.say("cancelled", offer=offer_id)
    return steps.result(offer=offer_id)


def _which(session: Session, seen: str) -> tuple[str, bool]:
    """The id of a published offer, and whether it is a delivered one."""
    from dokkaebi.chain import creation_market, escrow_market

    try:
        return creation_market.find_offer(session.suite, seen).id, False
    except DokkaebiError as unknown:
        if unknown.key != "offer_unknown":
            raise
    return escrow_market.find_offer(session.suite, seen).id, True


@command(app, NODE, SIGN)
def buy(session: Session, offer: OfferId, referrer: Referrer = None) -> Result:
    """Takes an offer that is sold at once."""
    from dokkaebi.chain import creation_market
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    offer_id, delivered = _which(session, offer)
    if delivered:
        raise DokkaebiError("offer_is_delivered")
    found = creation_market.find_offer(suite, offer_id)
    brought_by = referrer_of(referrer)
    steps = Steps(session)
    call = creation_market.buy(suite, found.terms, referrer=brought_by)
    split, receipt = take(session, steps, "buy", found.terms, call, brought_by)
    if receipt is not None:
        session.say("bought", creation=creation_cid(found.terms.creation_id))
    return steps.result(offer=found.id, split=split)


@command(app, NODE, SIGN)
def fund(session: Session, offer: OfferId, referrer: Referrer = None) -> Result:
    """Takes a delivered offer."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    offer_id, delivered = _which(session, offer)
    if not delivered:
        raise DokkaebiError("offer_is_instant")
    found = escrow_market.find_offer(suite, offer_id)
    brought_by = referrer_of(referrer)
    steps = Steps(session)
    call = escrow_market.fund(suite, found.terms, referrer=brought_by)
    split, receipt = take(session, steps, "fund", found.terms, call, brought_by)
    if receipt is None:
        return steps.result(offer=found.id, trade=None, split=split)
    trade = escrow_market.funded_trade(suite, receipt["logs"])
    deadline = trade.values["shipDeadline"]
    session.say("funded", trade=trade.id, deadline=time_text(deadline))
    return steps.result(offer=found.id, trade=trade.id, ship_deadline=deadline, split=split)


def referrer_of(seen: str | None) -> str:
    """Who brought the buyer; nobody without one."""
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.chain.terms import NOBODY

    return parse_address(seen) if seen else NOBODY


def take(
    session: Session,
    steps: Steps,
    act: str,
    terms: Offer | Delivery,
    call: Call,
    referrer: str,
    units: int = 1,
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Takes an offer: shows where the money goes, approves the token, pays."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.reverts import Reverted
    from dokkaebi.chain.terms import Delivery

    suite = session.suite
    asset = read_asset(suite, terms.asset)
    if isinstance(terms, Delivery):
        market, split = suite.escrow_market, escrow_market.split_of(suite, terms, referrer)
    else:
        market, split = suite.creation_market, creation_market.split_of(suite, terms, referrer)
    shown = show_split(session, split, terms.price, asset)
    try:
        blocked = let_take(session, steps, market, asset, terms.price * units, call)
    except Reverted as refusal:
        if refusal.key == "NotOwnerNorApproved":
            check_seller(session, market, terms.creation_id, terms.seller)
        raise
    if blocked:
        steps.later(act)
        return shown, None
    check_seller(session, market, terms.creation_id, terms.seller)
    return shown, steps.call(act, *call)


@command(app, NODE, SIGN)
def ship(
    session: Session,
    trade: TradeId,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help=t("option_document"))
    ] = None,
) -> Result:
    """Says that the goods are on their way."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    found = find_trade(session, trade)
    shipment = digest_of(document)
    steps = Steps(session)
    if steps.call("ship", *escrow_market.ship(suite, found.terms, shipment)) is None:
        return steps.result(trade=found.id, shipment=shipment)
    deadline = escrow_market.trade_state(suite, found.id).deadline
    session.say("shipped", trade=found.id, deadline=time_text(deadline))
    return steps.result(trade=found.id, shipment=shipment, inspect_deadline=deadline)


@command(app, NODE, SIGN)
def confirm(session: Session, trade: TradeId) -> Result:
    """The buyer is content."""
    return _end(session, trade, "confirm")


@command(app, NODE, SIGN)
def refund(session: Session, trade: TradeId) -> Result:
    """The seller gives the money back."""
    return _end(session, trade, "refund")


@command(app, NODE, SIGN)
def claim_timeout(session: Session, trade: TradeId) -> Result:
    """Ends a trade whose deadline has passed."""
    return _end(session, trade, "claim_timeout")


def _end(session: Session, seen: str, act: str) -> Result:
    """Does what ends a trade, or its current part."""
    from dokkaebi.chain import escrow_market

    found = find_trade(session, seen)
    call: Call = getattr(escrow_market, act)(session.suite, found.terms)
    return finish(session, found, act, call)


def finish(session: Session, found: Found[Trade], act: str, call: Call) -> Result:
    """Sends what ends a trade or its current part, and says who got what."""
    from dokkaebi.chain.lookup import happenings
    from dokkaebi.cli.sending import Steps

    steps = Steps(session)
    if steps.call(act, *call) is None:
        return steps.result(trade=found.id)
    moments = happenings(session.suite, found.id)
    end = end_of(moments)
    told = say_end(session, found.terms, end, moments)
    return steps.result(trade=found.id, **told)


def find_trade(session: Session, seen: str) -> Found[Trade]:
    """The trade behind a trade's id, or behind the id of the offer that it took."""
    from dokkaebi.chain import escrow_market

    try:
        return escrow_market.find_trade(session.suite, seen)
    except DokkaebiError as unknown:
        if unknown.key != "trade_unknown":
            raise
        for find in (escrow_market.find_offer, escrow_market.find_request):
            try:
                document = find(session.suite, seen).id
            except DokkaebiError:
                continue
            taken = escrow_market.trades_of_offer(session.suite, document)
            if taken:
                return taken[-1]
        raise unknown from None


@command(app, NODE, SIGN)
def withdraw(
    session: Session,
    asset: Annotated[
        str | None, typer.Option(metavar="eth|token|0x…|all", help=t("option_withdraw_asset"))
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_to"))] = None,
) -> Result:
    """Collects what waits for the key's account; without an asset, only shows it."""
    from dokkaebi.chain.assets import named_asset, parse_address, read_asset
    from dokkaebi.chain.till import Credit, credits_of
    from dokkaebi.chain.till import withdraw as withdrawing
    from dokkaebi.cli.sending import Steps

    if asset is None and to is not None:
        raise DokkaebiError("withdraw_what")
    account = session.account.address
    receiver = parse_address(to) if to else account
    suite = session.suite
    credits = credits_of(suite, account)
    if asset is not None and asset != "all":
        named = named_asset(suite, asset)
        credits = [credit for credit in credits if credit.asset == named.address]
        # With nothing to collect, the market says so itself.
        credits = credits or [Credit(suite.escrow_market, named.address, 0)]
    if asset is None or not credits:
        return _show_credits(session, credits)
    steps = Steps(session)
    for credit in credits:
        call = withdrawing(credit.market, credit.asset, receiver)
        if steps.call("withdraw", *call) is not None:
            amount = read_asset(suite, credit.asset).text(credit.amount)
            session.say("withdrawn", amount=amount, to=receiver)
    return steps.result(to=receiver, withdrawn=_sums(credits))


def _sums(credits: list[Credit]) -> dict[str, str]:
    """Asset → amount over all markets."""
    sums: dict[str, int] = {}
    for credit in credits:
        sums[credit.asset] = sums.get(credit.asset, 0) + credit.amount
    return {asset: str(amount) for asset, amount in sums.items()}


def _show_credits(session: Session, credits: list[Credit]) -> Result:
    from dokkaebi.chain.assets import read_asset

    account = session.account.address
    session.say("credits_heading" if credits else "credits_none", account=account)
    assets = {address: read_asset(session.suite, address) for address in _sums(credits)}
    amounts = _sums(credits)
    rows = [[asset.text(int(amounts[address])), address] for address, asset in assets.items()]
    session.table([], rows)
    if credits:
        session.say("credits_hint")
    listed = [
        {
            "asset": address,
            "symbol": asset.symbol,
            "decimals": asset.decimals,
            "amount": amounts[address],
        }
        for address, asset in assets.items()
    ]
    return {"account": account, "credits": listed}
