"""The commands of auctions: `auction open`, `sign`, `bid`, `cancel`, `settle`, `retrieve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dokkaebi.cli.dealing import (
    DAY,
    AssetName,
    Output,
    days_option,
    expiry_in,
    let_move,
    let_take,
    next_signed_nonce,
    sign_and_write,
)
from dokkaebi.cli.help import HelpfulGroup
from dokkaebi.cli.output import DOCUMENTS, NODE, SIGN, Result, Session, command
from dokkaebi.cli.telling import document_json
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.terms import Auction

app = typer.Typer()
group = typer.Typer(cls=HelpfulGroup, help=t("help_auction"), no_args_is_help=True)
app.add_typer(group, name="auction")

AuctionId = Annotated[str, typer.Argument(metavar="AUCTION", help=t("arg_auction"))]
Creation = Annotated[str, typer.Option(metavar="ID", help=t("option_creation"))]
Reserve = Annotated[str, typer.Option(metavar="AMOUNT", help=t("option_reserve"))]
Step = Annotated[str, typer.Option(metavar="PERCENT", help=t("option_step"))]
EndDays = Annotated[int, days_option("option_auction_days", least=1)]


def _terms(
    session: Session,
    creation: str,
    reserve: str,
    asset: str,
    step: str,
    days: int,
    nonce: int | None,
) -> Auction:
    from dokkaebi.chain import auction_house
    from dokkaebi.chain.assets import named_asset, parse_percent
    from dokkaebi.chain.documents import parse_creation_id

    suite = session.suite
    paid_in = named_asset(suite, asset)
    return auction_house.new_auction(
        suite,
        session.account.address,
        parse_creation_id(creation),
        paid_in.parse(reserve),
        ends_at=expiry_in(session, days * DAY, suite.auction_house, "DOCUMENT_SECONDS_MAX"),
        asset=paid_in.address,
        step_bps=parse_percent(step),
        nonce=nonce,
    )


@command(group, NODE, SIGN, name="open")
def auction_open(
    session: Session,
    creation: Creation,
    reserve: Reserve,
    asset: AssetName = "eth",
    step: Step = "5",
    days: EndDays = 7,
) -> Result:
    """Opens an auction on chain."""
    from dokkaebi.chain import auction_house
    from dokkaebi.chain.consents import id_of
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    terms = _terms(session, creation, reserve, asset, step, days, None)
    steps = Steps(session)
    planned = steps.plan(*auction_house.open_auction(suite, terms))
    let_move(session, steps, suite.auction_house, terms.creation_id)
    auction_id = id_of(suite, terms)
    if steps.do("auction_open", planned) is not None:
        session.say("auction_opened", auction=auction_id, end=time_text(terms.ends_at))
    return steps.result(auction=auction_id, terms=document_json(terms))


@command(group, NODE, SIGN, DOCUMENTS, name="sign")
def auction_sign(
    session: Session,
    creation: Creation,
    reserve: Reserve,
    asset: AssetName = "eth",
    step: Step = "5",
    days: EndDays = 7,
    output: Output = None,
) -> Result:
    """Signs an auction, which the first bid opens."""
    from dokkaebi.cli.sending import Steps

    house = session.suite.auction_house
    nonce = next_signed_nonce(session, house)
    terms = _terms(session, creation, reserve, asset, step, days, nonce)
    steps = Steps(session)
    let_move(session, steps, house, terms.creation_id)
    consent, path = sign_and_write(session, terms, output)
    return steps.result(auction=consent.id, file=str(path))


@command(group, NODE, SIGN, name="bid")
def auction_bid(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="AUCTION|FILE", help=t("arg_auction_file"))],
    amount: Annotated[str, typer.Option(metavar="AMOUNT", help=t("option_bid_amount"))],
) -> Result:
    """Bids in an auction."""
    from dokkaebi.chain import auction_house
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.consents import id_of
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    terms, signature = _auction(session, what)
    asset = read_asset(suite, terms.asset)
    offered = asset.parse(amount)
    auction_id = id_of(suite, terms)
    if auction_house.auction_state(suite, auction_id).deadline:
        signature = b""
    call = auction_house.bid(suite, terms, offered, signature)
    steps = Steps(session)
    if let_take(session, steps, suite.auction_house, asset, offered, call):
        steps.later("auction_bid")
        return steps.result(auction=auction_id)
    if steps.call("auction_bid", *call) is None:
        return steps.result(auction=auction_id)
    deadline = auction_house.auction_state(suite, auction_id).deadline
    session.say("auction_bidden", amount=asset.text(offered), end=time_text(deadline))
    return steps.result(auction=auction_id, amount=str(offered), deadline=deadline)


def _auction(session: Session, seen: str) -> tuple[Auction, bytes]:
    """An auction by its id, or by the file in which it was signed."""
    from dokkaebi.chain import auction_house
    from dokkaebi.chain.consent_files import read_consent
    from dokkaebi.chain.terms import Auction

    if seen.startswith("0x"):
        return auction_house.find_auction(session.suite, seen).terms, b""
    consent = read_consent(Path(seen))
    if not isinstance(consent.terms, Auction):
        raise DokkaebiError("paper_not_auction", kind=consent.kind.name)
    return consent.terms, consent.signature


@command(group, NODE, SIGN, name="cancel")
def auction_cancel(session: Session, auction: AuctionId) -> Result:
    """Takes an auction off that nobody bid in."""
    from dokkaebi.chain import auction_house
    from dokkaebi.cli.sending import Steps

    found = auction_house.find_auction(session.suite, auction)
    steps = Steps(session)
    if steps.call("cancel", *auction_house.cancel(session.suite, found.terms)) is not None:
        session.say("auction_cancelled", auction=found.id)
    return steps.result(auction=found.id)


@command(group, NODE, SIGN, name="settle")
def auction_settle(session: Session, auction: AuctionId) -> Result:
    """Ends an auction whose time is over."""
    from dokkaebi.chain import auction_house
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    found = auction_house.find_auction(suite, auction)
    state = auction_house.auction_state(suite, found.id)
    steps = Steps(session)
    if steps.call("auction_settle", *auction_house.settle(suite, found.terms)) is not None:
        price = read_asset(suite, found.terms.asset).text(state.amount)
        session.say("auction_settled", winner=state.bidder, price=price)
    return steps.result(auction=found.id, winner=state.bidder, price=str(state.amount))
