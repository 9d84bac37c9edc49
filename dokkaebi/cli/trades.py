"""The commands of a quarrel: `dispute`, `evidence`, `rule` and `settle`; and requests for work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dokkaebi.cli.dealing import (
    DAY,
    AssetName,
    Details,
    InspectDays,
    OfferDays,
    Output,
    Price,
    ShipDays,
    days_of,
    days_option,
    digest_of,
    expiry_in,
    let_take,
    sign_and_write,
)
from dokkaebi.cli.market import TradeId, find_trade, finish
from dokkaebi.cli.output import NODE, SIGN, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

app = typer.Typer()

Evidence = Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_evidence"))]
RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help=t("arg_request"))]
BPS = 10_000


@command(app, NODE, SIGN)
def dispute(session: Session, trade: TradeId, evidence: Evidence = None) -> Result:
    """The buyer calls the arbiter."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    found = find_trade(session, trade)
    steps = Steps(session)
    call = escrow_market.dispute(suite, found.terms, digest_of(evidence))
    if steps.call("dispute", *call) is None:
        return steps.result(trade=found.id)
    deadline = escrow_market.trade_state(suite, found.id).deadline
    session.say("disputed", arbiter=found.terms.arbiter, deadline=time_text(deadline))
    return steps.result(trade=found.id, ruling_deadline=deadline)


@command(app, NODE, SIGN)
def evidence(
    session: Session,
    trade: TradeId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("option_evidence"))],
) -> Result:
    """A party says something about a disputed trade."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.cli.sending import Steps

    found = find_trade(session, trade)
    digest = digest_of(file)
    steps = Steps(session)
    steps.call("evidence", *escrow_market.submit_evidence(session.suite, found.terms, digest))
    return steps.result(trade=found.id, evidence=digest)


@command(app, NODE, SIGN)
def rule(
    session: Session,
    trade: TradeId,
    seller: Annotated[str, typer.Option(metavar="PERCENT", help=t("option_seller_share"))],
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_fee_to"))] = None,
) -> Result:
    """The arbiter divides what is left."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.chain.assets import parse_address

    found = find_trade(session, trade)
    payee = parse_address(to) if to else session.account.address
    share = seller_share(seller)
    call = escrow_market.rule(session.suite, found.terms, share, payee)
    return finish(session, found, "rule", call)


def seller_share(text: str) -> int:
    """A share of 0 to 100 %, in basis points."""
    from dokkaebi.chain.assets import parse_percent

    share = parse_percent(text)
    if share > BPS:
        raise DokkaebiError("share_too_high", seen=text)
    return share


@command(app, NODE, SIGN)
def settle(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="TRADE|FILE", help=t("arg_settle"))],
    seller: Annotated[
        str | None, typer.Option(metavar="PERCENT", help=t("option_seller_share"))
    ] = None,
    output: Output = None,
    expires_days: Annotated[int, days_option("option_expires_days", least=1)] = 7,
) -> Result:
    """Proposes a division (a trade and --seller), or carries one out (a file)."""
    if seller is None:
        return _carry_out(session, Path(what))
    from dokkaebi.chain import escrow_market

    found = find_trade(session, what)
    if session.account.address not in {found.terms.buyer, found.terms.seller}:
        raise DokkaebiError("not_a_party", account=session.account.address)
    expiry = expiry_in(
        session, expires_days * DAY, session.suite.escrow_market, "OFFER_SECONDS_MAX"
    )
    terms = escrow_market.new_settlement(session.suite, found, seller_share(seller), expiry)
    _, path = sign_and_write(session, terms, output)
    return {"trade": found.id, "seller_bps": terms.seller_bps, "file": str(path)}


def _carry_out(session: Session, path: Path) -> Result:
    from dokkaebi.chain import escrow_market
    from dokkaebi.chain.consent_files import read_consent
    from dokkaebi.chain.standing import check_consent, signer_of
    from dokkaebi.chain.terms import Settlement

    consent = read_consent(path)
    terms = consent.terms
    if not isinstance(terms, Settlement):
        raise DokkaebiError("paper_not_settlement", path=str(path))
    suite = session.suite
    check_consent(suite, consent)
    found = escrow_market.find_trade(suite, "0x" + terms.trade_id.hex())
    by_buyer = signer_of(suite, consent) == found.terms.buyer
    signatures = (consent.signature, b"") if by_buyer else (b"", consent.signature)
    call = escrow_market.settle(suite, found.terms, terms, *signatures)
    return finish(session, found, "settle", call)


@command(app, NODE, SIGN)
def request(
    session: Session,
    price: Price,
    asset: AssetName = "eth",
    maker: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_maker"))] = None,
    ship_days: ShipDays = None,
    inspect_days: InspectDays = None,
    details: Details = None,
    expires_days: OfferDays = None,
) -> Result:
    """Pays for work that a maker may accept."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.chain.assets import named_asset, parse_address
    from dokkaebi.chain.consents import id_of
    from dokkaebi.chain.terms import NOBODY
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    market, paid_in = suite.escrow_market, named_asset(suite, asset)
    terms = escrow_market.new_request(
        suite,
        session.account.address,
        paid_in.parse(price),
        expiry=expiry_in(
            session, days_of(session, "offer_days", expires_days), market, "OFFER_SECONDS_MAX"
        ),
        asset=paid_in.address,
        seller=parse_address(maker) if maker else NOBODY,
        ship_seconds=days_of(session, "ship_days", ship_days),
        inspect_seconds=days_of(session, "inspect_days", inspect_days),
        details=digest_of(details),
    )
    steps = Steps(session)
    call = escrow_market.request(suite, terms)
    request_id = id_of(suite, terms)
    if let_take(session, steps, market, paid_in, terms.price, call):
        steps.later("request")
    elif steps.call("request", *call) is not None:
        session.say("requested", request=request_id, price=paid_in.text(terms.price))
    return steps.result(request=request_id)


@command(app, NODE, SIGN)
def retract(session: Session, request: RequestId) -> Result:
    """Takes a request and its money back."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.cli.sending import Steps

    found = escrow_market.find_request(session.suite, request)
    steps = Steps(session)
    if steps.call("retract", *escrow_market.retract(session.suite, found.terms)) is not None:
        session.say("retracted", request=found.id)
    return steps.result(request=found.id)


@command(app, NODE, SIGN)
def take_request(session: Session, request: RequestId) -> Result:
    """A maker accepts a request for work."""
    from dokkaebi.chain import escrow_market
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    found = escrow_market.find_request(suite, request)
    steps = Steps(session)
    receipt = steps.call("accept", *escrow_market.accept(suite, found.terms))
    if receipt is None:
        return steps.result(request=found.id, trade=None)
    trade = escrow_market.funded_trade(suite, receipt["logs"])
    deadline = trade.values["shipDeadline"]
    session.say("funded", trade=trade.id, deadline=time_text(deadline))
    return steps.result(request=found.id, trade=trade.id, ship_deadline=deadline)
