"""The commands of signed documents: small files that cost nothing, until somebody uses them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dokkaebi.cli.dealing import (
    DAY,
    AssetName,
    Creation,
    Details,
    InspectDays,
    OfferDays,
    Output,
    Paper,
    Price,
    Referral,
    Referrer,
    ShipDays,
    days_of,
    days_option,
    digest_of,
    expiry_in,
    let_move,
    let_take,
    next_signed_nonce,
    sign_and_write,
)
from dokkaebi.cli.market import check_offer_options, referrer_of, take
from dokkaebi.cli.output import DOCUMENTS, NODE, SIGN, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.consents import Consent
    from dokkaebi.chain.terms import Delivery, Offer, Voucher

app = typer.Typer()

Address = Annotated[str | None, typer.Option(metavar="ADDRESS")]


@command(app, NODE, SIGN, DOCUMENTS)
def sign_offer(
    session: Session,
    price: Price,
    creation: Creation = None,
    asset: AssetName = "eth",
    delivered: Annotated[bool, typer.Option("--delivered", help=t("option_delivered"))] = False,
    ship_days: ShipDays = None,
    inspect_days: InspectDays = None,
    details: Details = None,
    referral: Referral = "0",
    expires_days: OfferDays = None,
    buyer: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_buyer"))] = None,
    end_price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help=t("option_end_price"))
    ] = None,
    units: Annotated[int, typer.Option(metavar="N", help=t("option_units"), min=1)] = 1,
    parts: Annotated[str | None, typer.Option(metavar="30,30,40", help=t("option_parts"))] = None,
    arbiter: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_arbiter"))
    ] = None,
    arbiter_fee: Annotated[
        str, typer.Option(metavar="PERCENT", help=t("option_arbiter_fee"))
    ] = "0",
    ruling_days: Annotated[int | None, days_option("option_ruling_days")] = None,
    silent: Annotated[str | None, typer.Option(metavar="PERCENT", help=t("option_silent"))] = None,
    output: Output = None,
) -> Result:
    """Signs an offer, which costs nothing."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.chain.assets import named_asset, parse_address, parse_percent
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.chain.lookup import now_on
    from dokkaebi.chain.terms import NOBODY
    from dokkaebi.cli.sending import Steps

    check_offer_options(delivered, creation, ship_days, inspect_days)
    only_delivered = (parts, arbiter, ruling_days, silent)
    if not delivered and (units != 1 or any(option is not None for option in only_delivered)):
        raise DokkaebiError("offer_not_delivered")
    if delivered and end_price is not None:
        raise DokkaebiError("offer_delivered_falls")
    suite, seller = session.suite, session.account.address
    paid_in = named_asset(suite, asset)
    creation_id = parse_creation_id(creation) if creation else 0
    reserved = parse_address(buyer) if buyer else NOBODY
    market = suite.escrow_market if delivered else suite.creation_market
    limit = "OFFER_SECONDS_MAX" if delivered else "DOCUMENT_SECONDS_MAX"
    expiry = expiry_in(session, days_of(session, "offer_days", expires_days), market, limit)
    terms: Offer | Delivery
    if delivered:
        terms = escrow_market.new_delivery(
            suite,
            seller,
            paid_in.parse(price),
            expiry=expiry,
            asset=paid_in.address,
            creation_id=creation_id,
            buyer=reserved,
            units=units,
            ship_seconds=days_of(session, "ship_days", ship_days),
            inspect_seconds=days_of(session, "inspect_days", inspect_days),
            referral_bps=parse_percent(referral),
            arbiter=parse_address(arbiter) if arbiter else NOBODY,
            arbiter_fee_bps=parse_percent(arbiter_fee),
            ruling_seconds=None if ruling_days is None else ruling_days * DAY,
            silent_seller_bps=None if silent is None else parse_percent(silent),
            parts=_parts(parts),
            details=digest_of(details),
            nonce=next_signed_nonce(session, market),
        )
    else:
        falls = end_price is not None
        terms = creation_market.new_offer(
            suite,
            seller,
            creation_id,
            paid_in.parse(price),
            expiry=expiry,
            asset=paid_in.address,
            buyer=reserved,
            start=now_on(suite) if falls else 0,
            end_price=paid_in.parse(end_price) if end_price is not None else 0,
            referral_bps=parse_percent(referral),
            nonce=next_signed_nonce(session, market),
        )
    steps = Steps(session)
    if terms.creation_id:
        let_move(session, steps, market, terms.creation_id)
    consent, path = sign_and_write(session, terms, output)
    return steps.result(offer=consent.id, file=str(path))


def _parts(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    try:
        return tuple(int(part.strip().removesuffix("%")) for part in text.split(","))
    except ValueError:
        raise DokkaebiError("parts_wrong", seen=text) from None


@command(app, NODE, SIGN, DOCUMENTS)
def bid(
    session: Session,
    price: Price,
    creation: Creation = None,
    creator: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_creator"))
    ] = None,
    asset: AssetName = "token",
    expires_days: OfferDays = None,
    output: Output = None,
) -> Result:
    """Signs what one would pay for a creation, or for any work of a creator."""
    from dokkaebi.chain import creation_market
    from dokkaebi.chain.assets import named_asset, parse_address
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.chain.terms import NOBODY
    from dokkaebi.cli.sending import Steps

    if (creation is None) == (creator is None):
        raise DokkaebiError("bid_for_what")
    suite = session.suite
    market, paid_in = suite.creation_market, named_asset(suite, asset)
    if paid_in.is_coin:
        raise DokkaebiError("bid_in_coins")
    terms = creation_market.new_bid(
        suite,
        session.account.address,
        paid_in.parse(price),
        paid_in.address,
        expiry=expiry_in(
            session, days_of(session, "offer_days", expires_days), market, "DOCUMENT_SECONDS_MAX"
        ),
        creation_id=parse_creation_id(creation) if creation else 0,
        creator=parse_address(creator) if creator else NOBODY,
        nonce=next_signed_nonce(session, market),
    )
    steps = Steps(session)
    from dokkaebi.chain.till import approve_token, purse

    if purse(suite, paid_in.address, terms.bidder, market).allowance < terms.price:
        session.say("approving_token", price=paid_in.text(terms.price))
        call = approve_token(suite, paid_in.address, market, terms.price)
        steps.call("approve_token", *call)
    consent, path = sign_and_write(session, terms, output)
    return steps.result(bid=consent.id, file=str(path))


@command(app, NODE, SIGN, DOCUMENTS)
def swap(
    session: Session,
    give: Annotated[str, typer.Option(metavar="ID", help=t("option_give"))],
    want: Annotated[str, typer.Option(metavar="ID", help=t("option_want"))],
    taker: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_buyer"))] = None,
    expires_days: OfferDays = None,
    output: Output = None,
) -> Result:
    """Signs an exchange of two creations."""
    from dokkaebi.chain import creation_market
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.chain.terms import NOBODY
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    market = suite.creation_market
    terms = creation_market.new_swap(
        suite,
        session.account.address,
        parse_creation_id(give),
        parse_creation_id(want),
        expiry=expiry_in(
            session, days_of(session, "offer_days", expires_days), market, "DOCUMENT_SECONDS_MAX"
        ),
        taker=parse_address(taker) if taker else NOBODY,
        nonce=next_signed_nonce(session, market),
    )
    steps = Steps(session)
    let_move(session, steps, market, terms.given_id)
    consent, path = sign_and_write(session, terms, output)
    return steps.result(swap=consent.id, file=str(path))


# Use


@command(app, NODE, SIGN)
def fill(
    session: Session,
    file: Paper,
    referrer: Referrer = None,
    units: Annotated[int, typer.Option(metavar="N", help=t("option_units_taken"), min=1)] = 1,
) -> Result:
    """Uses a signed offer or swap."""
    from dokkaebi.chain import creation_market, escrow_market
    from dokkaebi.chain.terms import Delivery, Offer, Swap
    from dokkaebi.cli.sending import Steps
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    consent = _checked(session, file)
    terms, steps = consent.terms, Steps(session)
    brought_by = referrer_of(referrer)
    if isinstance(terms, Offer):
        call = creation_market.buy(suite, terms, consent.signature, brought_by)
        split, receipt = take(session, steps, "buy", terms, call, brought_by)
        if receipt is not None:
            session.say("filled", document=consent.id)
        return steps.result(offer=consent.id, split=split)
    if isinstance(terms, Delivery):
        call = escrow_market.fund(suite, terms, consent.signature, units, brought_by)
        split, receipt = take(session, steps, "fund", terms, call, brought_by, units)
        if receipt is None:
            return steps.result(offer=consent.id, trade=None, split=split)
        trade = escrow_market.funded_trade(suite, receipt["logs"])
        deadline = trade.values["shipDeadline"]
        session.say("funded", trade=trade.id, deadline=time_text(deadline))
        return steps.result(offer=consent.id, trade=trade.id, ship_deadline=deadline, split=split)
    if isinstance(terms, Swap):
        let_move(session, steps, suite.creation_market, terms.wanted_id)
        if steps.call("swap", *creation_market.swap(suite, terms, consent.signature)) is not None:
            session.say("filled", document=consent.id)
        return steps.result(swap=consent.id)
    raise DokkaebiError("paper_not_for_fill", kind=consent.kind.name)


@command(app, NODE, SIGN)
def accept(
    session: Session,
    file: Paper,
    creation: Creation = None,
) -> Result:
    """An owner gives a creation for a bid."""
    from dokkaebi.chain import creation_market
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.chain.terms import NOBODY, Bid
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    consent = _checked(session, file)
    terms = consent.terms
    if not isinstance(terms, Bid):
        raise DokkaebiError("paper_not_bid", kind=consent.kind.name)
    if creation is None and terms.creator != NOBODY:
        raise DokkaebiError("accept_which")
    given = parse_creation_id(creation) if creation else terms.creation_id
    steps = Steps(session)
    let_move(session, steps, suite.creation_market, given)
    call = creation_market.accept_bid(suite, terms, consent.signature, given, permit=consent.permit)
    if steps.call("accept", *call) is not None:
        session.say("filled", document=consent.id)
    return steps.result(bid=consent.id)


@command(app, NODE, SIGN)
def register_for(session: Session, file: Paper) -> Result:
    """Has a signed work registered for its creator, and pays the gas."""
    from dokkaebi.chain import vouchers
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.cli.sending import Steps

    consent, terms = _voucher(session, file)
    if terms.is_sold:
        raise DokkaebiError("voucher_is_sold")
    steps, cid = Steps(session), creation_cid(vouchers.creation_of(terms))
    call = vouchers.register_for(session.suite, terms, consent.signature)
    if steps.call("register_for", *call) is not None:
        session.say("voucher_registered", creation=cid, creator=terms.creator)
    return steps.result(voucher=consent.id, creation=cid)


@command(app, NODE, SIGN)
def buy_new(session: Session, file: Paper, referrer: Referrer = None) -> Result:
    """Buys a signed work that nobody registered yet."""
    from dokkaebi.chain import vouchers
    from dokkaebi.chain.assets import read_asset
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.cli.sending import Steps

    consent, terms = _voucher(session, file)
    if not terms.is_sold:
        raise DokkaebiError("voucher_not_sold")
    suite, steps = session.suite, Steps(session)
    cid = creation_cid(vouchers.creation_of(terms))
    asset = read_asset(suite, terms.sale.asset)
    call = vouchers.buy_new(suite, terms, consent.signature, referrer_of(referrer))
    if let_take(session, steps, suite.creation_market, asset, terms.sale.price, call):
        steps.later("buy_new")
    elif steps.call("buy_new", *call) is not None:
        session.say("voucher_bought", creation=cid, price=asset.text(terms.sale.price))
    return steps.result(voucher=consent.id, creation=cid)


def _voucher(session: Session, file: Path) -> tuple[Consent, Voucher]:
    """A voucher that can be used now."""
    from dokkaebi.chain.terms import Voucher

    consent = _checked(session, file)
    if not isinstance(consent.terms, Voucher):
        raise DokkaebiError("paper_not_voucher", kind=consent.kind.name)
    return consent, consent.terms


def _checked(session: Session, file: Path) -> Consent:
    """A document that can be used now."""
    from dokkaebi.chain.consent_files import read_consent
    from dokkaebi.chain.standing import check_consent

    consent = read_consent(file)
    check_consent(session.suite, consent)
    return consent


@command(app, NODE)
def explain(session: Session, file: Paper) -> Result:
    """Reads a document out."""
    from dokkaebi.chain import explain as explaining
    from dokkaebi.chain.consent_files import read_consent
    from dokkaebi.chain.standing import problems_of

    consent = read_consent(file)
    facts = explaining.facts_of(session.suite, consent.terms)
    lines = explaining.explain(consent, facts)
    state = explaining.explain_state(session.suite, consent)
    for line in [*lines, *state]:
        session.print(line)
    problems = [problem.key for problem in problems_of(session.suite, consent)]
    return {
        "id": consent.id,
        "kind": consent.kind.name,
        "sentences": lines,
        "state": state,
        "problems": problems,
    }


@command(app, NODE, SIGN)
def cancel_signed(
    session: Session,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help=t("arg_paper"))] = None,
    up_to: Annotated[int | None, typer.Option(metavar="N", help=t("option_up_to"), min=0)] = None,
    market: Annotated[
        str | None, typer.Option(metavar="MARKET", help=t("option_market_name"))
    ] = None,
) -> Result:
    """Kills a signed document, or all up to a nonce."""
    from dokkaebi.chain.consent_files import read_consent
    from dokkaebi.chain.nonces import cancel_nonces
    from dokkaebi.chain.terms import Voucher
    from dokkaebi.chain.vouchers import cancel_voucher
    from dokkaebi.cli.sending import Steps

    if (file is None) == (up_to is None):
        raise DokkaebiError("cancel_what")
    suite, steps = session.suite, Steps(session)
    if file is not None:
        consent = read_consent(file)
        if isinstance(consent.terms, Voucher):
            call = cancel_voucher(suite, consent.terms)
            if steps.call("cancel_signed", *call) is not None:
                session.say("voucher_was_cancelled", version=consent.terms.version)
            return steps.result(voucher=consent.id)
        nonce = getattr(consent.terms, "nonce", None)
        if nonce is None:
            raise DokkaebiError("paper_not_cancelled", kind=consent.kind.name)
        places, first, last = [suite.market(consent.kind.contract)], int(nonce), int(nonce)
    else:
        names = [market] if market else [each.name for each in suite.markets]
        known = [each.name for each in suite.markets]
        if any(name not in known for name in names):
            raise DokkaebiError("market_unknown", seen=market, known=", ".join(known))
        places, first, last = [suite.market(name) for name in names], 0, int(up_to or 0)
    for place in places:
        if steps.call("cancel_signed", *cancel_nonces(place, first, last)) is not None:
            session.say("cancelled_signed", market=place.name, first=first, last=last)
    return steps.result(first=first, last=last)
