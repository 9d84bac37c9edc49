"""What the commands of a sale share: times, approvals, and where the money goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import Session
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.assets import Asset
    from dokkaebi.chain.consents import Consent
    from dokkaebi.chain.suite import Call, Contract
    from dokkaebi.chain.terms import Split, Terms
    from dokkaebi.cli.sending import Steps

DAY = 86_400
HOUR = 3_600
# Far above what the markets take, far below what an integer of the chain can't hold.
DAYS_MAX = 1_000_000
NONCES = "nonces.json"

Price = Annotated[str, typer.Option(metavar="AMOUNT", help=t("option_price"))]
AssetName = Annotated[str, typer.Option(metavar="eth|token|0x…", help=t("option_asset"))]
Creation = Annotated[str | None, typer.Option(metavar="ID", help=t("option_creation"))]
Referral = Annotated[str, typer.Option(metavar="PERCENT", help=t("option_referral"))]
Referrer = Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_referrer"))]
Details = Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_details"))]
Output = Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_paper_output"))]
Paper = Annotated[Path, typer.Argument(metavar="FILE", help=t("arg_paper"))]


def days_option(text: str, least: int = 0) -> Any:
    """An option that counts days."""
    return typer.Option(metavar="DAYS", help=t(text), min=least, max=DAYS_MAX)


# Without them, as the market usually gives them.
ShipDays = Annotated[int | None, days_option("option_ship_days")]
InspectDays = Annotated[int | None, days_option("option_inspect_days")]
OfferDays = Annotated[int | None, days_option("option_expires_days", least=1)]


def days_of(session: Session, name: str, given: int | None) -> int:
    """Days as given, else as the market usually gives them, seconds."""
    usual = {"ship_days": 7, "inspect_days": 7, "offer_days": 30, **session.suite.manifest.windows}
    return DAY * (usual[name] if given is None else given)


def expiry_in(session: Session, seconds: int, market: Contract, limit: str) -> int:
    """When a document ends that is open for so long from now on.

    Now is the chain's clock where that runs ahead, ours where the chain's newest block is old. The
    market counts its longest time from a block, so that one isn't reckoned from our clock.
    """
    import time

    block = int(session.chain.block()["timestamp"], 16)
    longest = int(market.call(limit))
    expiry = max(block, int(time.time())) + seconds
    return min(expiry, block + longest) if seconds <= longest else expiry


def digest_of(document: Path | None) -> bytes:
    """sha2-256 of a file, zero without one."""
    from dokkaebi.chain.documents import hash_file
    from dokkaebi.chain.terms import ZERO_WORD

    return hash_file(document).sha256 if document else ZERO_WORD


def let_move(session: Session, steps: Steps, market: Contract, creation_id: int) -> bool:
    """Lets a market hand a creation over, if it may not yet. True if a dry run couldn't."""
    from dokkaebi.chain.creation_registry import approve_creation, may_move

    suite = session.suite
    if may_move(suite, market, creation_id, session.account.address):
        return False
    session.say("approving_creation")
    steps.call("approve_creation", *approve_creation(suite, market, creation_id))
    return session.dry_run


def let_take(
    session: Session, steps: Steps, market: Contract, asset: Asset, amount: int, call: Call
) -> bool:
    """Lets a market take exactly an amount of a token. True if it couldn't, in a dry run."""
    from dokkaebi.chain.reverts import Reverted
    from dokkaebi.chain.till import purse

    if asset.is_coin:
        return False
    suite, payer = session.suite, session.account.address
    has, allowed = purse(suite, asset.address, payer, market)
    if allowed >= amount and has >= amount:
        return False
    try:
        # The market checks the terms before it asks the token, so only the token may refuse yet.
        steps.plan(*call)
    except Reverted as refusal:
        if refusal.key != "TransferFromFailed":
            raise
    if has < amount:
        raise DokkaebiError(
            "tokens_too_few", account=payer, has=asset.text(has), needs=asset.text(amount)
        )
    session.say("approving_token", price=asset.text(amount))
    _approve_exactly(session, steps, market, asset, amount, allowed)
    return session.dry_run


def _approve_exactly(
    session: Session, steps: Steps, market: Contract, asset: Asset, amount: int, allowed: int
) -> None:
    """Sets an allowance; by way of zero where a token (such as USDT) wants that."""
    from dokkaebi.chain.reverts import Reverted
    from dokkaebi.chain.till import approve_token

    call = approve_token(session.suite, asset.address, market, amount)
    try:
        plan = steps.plan(*call)
    except Reverted:
        if not allowed:
            raise
        zero = approve_token(session.suite, asset.address, market, 0)
        if steps.call("approve_token", *zero) is None:
            steps.later("approve_token")
            return
        plan = steps.plan(*call)
    steps.do("approve_token", plan)


def check_seller(session: Session, market: Contract, creation_id: int, seller: str) -> None:
    """A seller who took the market's approval back would make the payment fail."""
    from dokkaebi.chain.creation_registry import may_move, owner

    if not creation_id or owner(session.suite, creation_id) != seller:
        return
    if not may_move(session.suite, market, creation_id, seller):
        raise DokkaebiError("seller_withdrew_approval", seller=seller)


def show_split(session: Session, split: Split, price: int, asset: Asset) -> dict[str, str]:
    """Where each unit of a price goes; shown before anything is sent."""
    session.say("split_heading", price=asset.text(price))
    shown = {name: amount for name, amount in split._asdict().items() if amount}
    session.table([], [[t(f"split_{name}"), asset.text(amount)] for name, amount in shown.items()])
    return {name: str(amount) for name, amount in split._asdict().items()}


def next_signed_nonce(session: Session, market: Contract) -> int:
    """A nonce for a document that is signed: the chain can't know which were given out."""
    from dokkaebi.chain.nonces import NonceBook

    book = NonceBook(session.settings.documents / NONCES)
    return book.give(session.suite, market, session.account.address)


def sign_and_write(
    session: Session, terms: Terms, output: Path | None, document: bytes | None = None
) -> tuple[Consent, Path]:
    """Reads a document out, signs it, and writes it to a file that can be mailed; `document`: the
    metadata document that goes along with a voucher."""
    from dataclasses import replace

    from dokkaebi.chain.consent_files import write_consent
    from dokkaebi.chain.consents import sign
    from dokkaebi.chain.explain import explain, facts_of

    for line in explain(terms, facts_of(session.suite, terms)):
        session.print(line)
    consent = replace(sign(session.account, terms, session.suite), document=document)
    path = output or Path(f"{consent.kind.name}-{consent.id[2:10]}.json")
    if path.exists():
        raise DokkaebiError("paper_exists", path=str(path))
    write_consent(path, consent)
    session.say("paper_written", path=str(path))
    return consent, path
