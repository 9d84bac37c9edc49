"""The commands of a sale, from `offer` to `withdraw`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import NODE, SIGN, Result, Session, command
from dokkaebi.cli.telling import REASONS, offer_json, say_end
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.assets import Asset
    from dokkaebi.chain.market import FoundOffer, FoundTrade, Offer
    from dokkaebi.chain.suite import Contract, Suite
    from dokkaebi.cli.sending import Steps

app = typer.Typer()

DAY = 86_400
# Far above what the market takes, far below what an integer of the chain can't hold.
DAYS_MAX = 1_000_000

OfferId = Annotated[str, typer.Argument(metavar="OFFER", help=t("arg_offer"))]
TradeId = Annotated[str, typer.Argument(metavar="TRADE", help=t("arg_trade"))]
Referrer = Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_referrer"))]


def _days(text: str, least: int = 0) -> Any:
    return typer.Option(metavar="DAYS", help=t(text), min=least, max=DAYS_MAX)


@command(app, NODE, SIGN)
def offer(
    session: Session,
    price: Annotated[str, typer.Option(metavar="AMOUNT", help=t("option_price"))],
    creation: Annotated[str | None, typer.Option(metavar="ID", help=t("option_creation"))] = None,
    asset: Annotated[str, typer.Option(metavar="eth|token|0x…", help=t("option_asset"))] = "eth",
    delivered: Annotated[bool, typer.Option("--delivered", help=t("option_delivered"))] = False,
    ship_days: Annotated[int | None, _days("option_ship_days")] = None,
    inspect_days: Annotated[int | None, _days("option_inspect_days")] = None,
    details: Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_details"))] = None,
    referral: Annotated[str, typer.Option(metavar="PERCENT", help=t("option_referral"))] = "0",
    expires_days: Annotated[int, _days("option_expires_days", least=1)] = 30,
) -> Result:
    """Publishes an offer."""
    from dokkaebi.chain import market as chain_market
    from dokkaebi.chain.assets import named_asset, parse_percent
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.cli.sending import Steps

    kind = chain_market.DELIVERED if delivered else chain_market.INSTANT
    _check_offer_options(kind, creation, ship_days, inspect_days)
    suite = session.suite
    paid_in = named_asset(suite, asset)
    terms = chain_market.Offer(
        seller=session.account.address,
        kind=kind,
        creation_id=parse_creation_id(creation) if creation else 0,
        tenure=0,
        asset=paid_in.address,
        price=paid_in.parse(price),
        expiry=_expiry(session, expires_days * DAY),
        ship_seconds=(7 if ship_days is None else ship_days) * DAY if delivered else 0,
        inspect_seconds=(7 if inspect_days is None else inspect_days) * DAY if delivered else 0,
        referral_bps=parse_percent(referral),
        details=_digest_of(details),
        salt=_salt(),
    )
    if terms.creation_id:
        terms = terms._replace(tenure=_tenure_if_owned(session, terms.creation_id))
    steps = Steps(session)
    plan = steps.plan(suite.market.address, chain_market.offer_data(suite, terms))
    offer_id = chain_market.id_of_offer(suite, terms)
    if terms.creation_id:
        _approve_creation(session, steps, terms.creation_id)
    steps.do("offer", plan)
    if not session.dry_run:
        _say_offered(session, offer_id, terms, paid_in)
    return steps.result(offer=offer_id, terms=offer_json(terms))


def _check_offer_options(
    kind: int, creation: str | None, ship_days: int | None, inspect_days: int | None
) -> None:
    """Refuses combinations that mean nothing, before anything is looked up."""
    if kind == 0 and creation is None:
        raise DokkaebiError("offer_sells_nothing")
    if kind == 0 and (ship_days is not None or inspect_days is not None):
        raise DokkaebiError("offer_not_delivered")


def _expiry(session: Session, seconds: int) -> int:
    """When an offer ends that is open for so long from now on.

    Now is the chain's clock where that runs ahead, ours where the chain's newest block is old. The
    market counts its longest time from a block, so that one isn't reckoned from our clock.
    """
    import time

    block = int(session.chain.block()["timestamp"], 16)
    longest = int(session.suite.market.call("OFFER_SECONDS_MAX"))
    expiry = max(block, int(time.time())) + seconds
    return min(expiry, block + longest) if seconds <= longest else expiry


def _salt() -> int:
    """Any number; two offers of the same goods in the same second stay two."""
    import secrets

    return secrets.randbits(64)


def _digest_of(document: Path | None) -> bytes:
    from dokkaebi.chain.documents import hash_file
    from dokkaebi.chain.market import ZERO_WORD

    return hash_file(document).sha256 if document else ZERO_WORD


def _tenure_if_owned(session: Session, creation_id: int) -> int:
    """The present tenure of a creation, which must be the seller's."""
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.chain.market import creation, owner

    known = creation(session.suite, creation_id)
    if known is None:
        raise DokkaebiError("creation_unknown", seen=creation_cid(creation_id))
    holder = owner(session.suite, creation_id)
    if holder is None:
        raise DokkaebiError("creation_burnt", seen=creation_cid(creation_id))
    seller = session.account.address
    if holder != seller:
        raise DokkaebiError(
            "creation_not_yours", seen=creation_cid(creation_id), owner=holder, account=seller
        )
    return known.tenure


def _approve_creation(session: Session, steps: Steps, creation_id: int) -> None:
    """Lets the market hand over a creation, if it may not yet."""
    from dokkaebi.chain.market import approve_creation_data, market_may_move

    suite = session.suite
    if market_may_move(suite, creation_id, session.account.address):
        return
    session.say("approving_creation")
    data = approve_creation_data(suite, creation_id)
    steps.call("approve_creation", suite.registry.address, data)


def _say_offered(session: Session, offer_id: str, terms: Offer, asset: Asset) -> None:
    from dokkaebi.texts.figures import time_text

    key = "offered_delivered" if terms.kind else "offered_instant"
    price, expiry = asset.text(terms.price), time_text(terms.expiry)
    session.say(key, offer=offer_id, price=price, expiry=expiry)


@command(app, NODE, SIGN)
def cancel(session: Session, offer: OfferId) -> Result:
    """Takes an offer back."""
    from dokkaebi.chain.market import cancel_data, find_offer
    from dokkaebi.cli.sending import Steps

    found = find_offer(session.suite, offer)
    steps = Steps(session)
    steps.call("cancel", session.suite.market.address, cancel_data(session.suite, found.id))
    if not session.dry_run:
        session.say("cancelled", offer=found.id)
    return steps.result(offer=found.id)


@command(app, NODE, SIGN)
def buy(session: Session, offer: OfferId, referrer: Referrer = None) -> Result:
    """Takes an instant offer."""
    from dokkaebi.chain.documents import creation_cid

    found, steps, split, receipt = _take(session, offer, 0, referrer)
    if receipt is not None:
        session.say("bought", creation=creation_cid(found.offer.creation_id))
    return steps.result(offer=found.id, split=split)


@command(app, NODE, SIGN)
def fund(session: Session, offer: OfferId, referrer: Referrer = None) -> Result:
    """Takes a delivered offer."""
    from dokkaebi.chain.market import funded_trade
    from dokkaebi.texts.figures import time_text

    found, steps, split, receipt = _take(session, offer, 1, referrer)
    if receipt is None:
        return steps.result(offer=found.id, trade=None, split=split)
    trade = funded_trade(session.suite, receipt["logs"])
    session.say("funded", trade=trade.id, deadline=time_text(trade.ship_deadline))
    return steps.result(
        offer=found.id, trade=trade.id, ship_deadline=trade.ship_deadline, split=split
    )


def _take(
    session: Session, seen: str, kind: int, referrer: str | None
) -> tuple[FoundOffer, Steps, dict[str, str], dict[str, Any] | None]:
    """Takes an offer of a kind: shows where the money goes, approves the token, pays."""
    from dokkaebi.chain import market as chain_market
    from dokkaebi.chain.assets import parse_address, read_asset
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    found = chain_market.find_offer(suite, seen)
    if found.offer.kind != kind:
        raise DokkaebiError("offer_is_delivered" if found.offer.kind else "offer_is_instant")
    brought_by = parse_address(referrer) if referrer else chain_market.NOBODY
    asset = read_asset(suite, found.offer.asset)
    steps = Steps(session)
    data = chain_market.take_data(suite, found.offer, brought_by)
    value = found.offer.price if asset.is_coin else 0
    split = _show_split(session, found.offer, brought_by, asset)
    act = "fund" if kind else "buy"
    if not asset.is_coin and _allow_token(session, steps, found.offer, asset, data):
        steps.later(act)
        return found, steps, split, None
    _check_certificate(session, found.offer)
    return found, steps, split, steps.call(act, suite.market.address, data, value)


def _show_split(session: Session, terms: Offer, referrer: str, asset: Asset) -> dict[str, str]:
    """Where each unit of the price goes; shown before anything is sent."""
    from dokkaebi.chain.market import split_of

    split = split_of(session.suite, terms, referrer)
    session.say("split_heading", price=asset.text(terms.price))
    shown = {name: amount for name, amount in split._asdict().items() if amount}
    session.table([], [[t(f"split_{name}"), asset.text(amount)] for name, amount in shown.items()])
    return {name: str(amount) for name, amount in split._asdict().items()}


def _check_certificate(session: Session, terms: Offer) -> None:
    """A seller who took the market's approval back would make the payment fail."""
    from dokkaebi.chain.market import market_may_move, owner

    if not terms.creation_id:
        return
    holder = owner(session.suite, terms.creation_id)
    if holder == terms.seller and not market_may_move(session.suite, terms.creation_id, holder):
        raise DokkaebiError("seller_withdrew_approval", seller=terms.seller)


def _allow_token(
    session: Session, steps: Steps, terms: Offer, asset: Asset, take_data: str
) -> bool:
    """Lets the market take exactly the price in a token. True if it couldn't, in a dry run."""
    from dokkaebi.chain.reverts import Reverted

    suite, buyer = session.suite, session.account.address
    token = suite.erc20(asset.address)
    has = token.call("balanceOf", buyer)
    allowed = token.call("allowance", buyer, suite.market.address)
    if allowed >= terms.price and has >= terms.price:
        return False
    try:
        # The market checks the offer before it asks the token, so only the token may refuse yet.
        steps.plan(suite.market.address, take_data)
    except Reverted as refusal:
        if refusal.key != "TransferFromFailed":
            raise
    if has < terms.price:
        raise DokkaebiError(
            "tokens_too_few", account=buyer, has=asset.text(has), needs=asset.text(terms.price)
        )
    _check_certificate(session, terms)
    session.say("approving_token", price=asset.text(terms.price))
    _approve_exactly(steps, token, suite.market.address, terms.price, allowed)
    return session.dry_run


def _approve_exactly(steps: Steps, token: Contract, market: str, price: int, allowed: int) -> None:
    """Sets an allowance; by way of zero where a token (such as USDT) wants that."""
    from dokkaebi.chain.market import approve_token_data
    from dokkaebi.chain.reverts import Reverted

    data = approve_token_data(token, market, price)
    try:
        plan = steps.plan(token.address, data)
    except Reverted:
        if not allowed:
            raise
        zero = approve_token_data(token, market, 0)
        if steps.call("approve_token", token.address, zero) is None:
            steps.later("approve_token")
            return
        plan = steps.plan(token.address, data)
    steps.do("approve_token", plan)


@command(app, NODE, SIGN)
def ship(
    session: Session,
    trade: TradeId,
    document: Annotated[
        Path | None, typer.Option(metavar="FILE", help=t("option_document"))
    ] = None,
) -> Result:
    """Says that the goods are on their way."""
    from dokkaebi.chain.market import ship_data, trade_state
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    found = _trade(session, trade)
    shipment = _digest_of(document)
    steps = Steps(session)
    data = ship_data(suite, found.trade, shipment)
    if steps.call("ship", suite.market.address, data) is None:
        return steps.result(trade=found.id, shipment=shipment)
    _, deadline = trade_state(suite, found.id)
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
    return _end(session, trade, "claimTimeout")


def _end(session: Session, seen: str, act: str) -> Result:
    """Ends a trade, and says who got what."""
    from dokkaebi.chain.market import happenings, trade_data
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    found = _trade(session, seen)
    steps = Steps(session)
    function = "claimTimeout" if act == "claim_timeout" else act
    if steps.call(act, suite.market.address, trade_data(suite, function, found.trade)) is None:
        return steps.result(trade=found.id)
    ends = {"EscrowReleased": "released", "EscrowRefunded": "refunded"}
    end = next(h for h in happenings(suite, found.id) if h.event in ends)
    outcome = ends[end.event]
    say_end(session, found.trade, end)
    return steps.result(trade=found.id, outcome=outcome, reason=REASONS[end.values["reason"]])


def _trade(session: Session, seen: str) -> FoundTrade:
    """The trade behind a trade's id, or behind the id of the offer that it took."""
    from dokkaebi.chain.market import find_offer, find_trade, trade_of_offer

    try:
        return find_trade(session.suite, seen)
    except DokkaebiError as unknown:
        if unknown.key != "trade_unknown":
            raise
        try:
            taken = trade_of_offer(session.suite, find_offer(session.suite, seen).id)
        except DokkaebiError:
            taken = None
        if taken is None:
            raise unknown from None
        return taken


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
    from dokkaebi.chain.market import credits_of
    from dokkaebi.cli.sending import Steps

    if asset is None and to is not None:
        raise DokkaebiError("withdraw_what")
    receiver = parse_address(to) if to else session.account.address
    suite = session.suite
    if asset is None or asset == "all":
        credits = credits_of(suite, session.account.address)
        assets = [read_asset(suite, address) for address in credits]
    else:
        assets = [named_asset(suite, asset)]
        credits = {assets[0].address: _credit(suite, assets[0], session.account.address)}
    if asset is None or not assets:
        return _show_credits(session, assets, credits)
    steps = Steps(session)
    for each in assets:
        _withdraw(session, steps, each, credits[each.address], receiver)
    return steps.result(
        to=receiver, withdrawn={each.address: str(credits[each.address]) for each in assets}
    )


def _credit(suite: Suite, asset: Asset, payee: str) -> int:
    return int(suite.market.call("creditOf", asset.address, payee))


def _show_credits(session: Session, assets: list[Asset], credits: dict[str, int]) -> Result:
    account = session.account.address
    session.say("credits_heading" if assets else "credits_none", account=account)
    session.table([], [[asset.text(credits[asset.address]), asset.address] for asset in assets])
    if assets:
        session.say("credits_hint")
    listed = [
        {
            "asset": asset.address,
            "symbol": asset.symbol,
            "decimals": asset.decimals,
            "amount": str(credits[asset.address]),
        }
        for asset in assets
    ]
    return {"account": account, "credits": listed}


def _withdraw(session: Session, steps: Steps, asset: Asset, amount: int, receiver: str) -> None:
    from dokkaebi.chain.market import withdraw_data

    data = withdraw_data(session.suite, asset.address, receiver)
    if steps.call("withdraw", session.suite.market.address, data) is not None:
        session.say("withdrawn", amount=asset.text(amount), to=receiver)
