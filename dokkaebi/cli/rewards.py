"""The portal's commands on the chain: from an epoch's document to tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import DATABASE, NODE, SIGN, Result, Session, command
from dokkaebi.cli.portal import (
    DocumentFile,
    Folder,
    RulesFile,
    Without,
    differences_of,
    documents_of,
    group,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.reward_pool import Claim, PoolState, PostedRoot
    from dokkaebi.chain.suite import Suite
    from dokkaebi.portal.epoch import Document

# Some 80,000 gas each, in a transaction that any block has room for.
CLAIMS_AT_ONCE = 100

# The commands are the portal's group's.
app = typer.Typer()


@command(group, NODE, SIGN, DATABASE, name="post")
def portal_post(
    session: Session,
    document: DocumentFile,
    without_market: Without = False,
    folder: Folder = None,
    rules: RulesFile = None,
) -> Result:
    """Posts the root of an epoch's document."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.cli.sending import Steps
    from dokkaebi.portal.epoch import digest_of, read_document
    from dokkaebi.texts.figures import time_text

    suite, found = session.suite, read_document(document)
    _check_fits(suite, document, found)
    differences = differences_of(session, document, found, folder, rules, without_market)
    if differences:
        first = differences[0]
        raise DokkaebiError(
            "portal_post_differs", path=str(document), count=len(differences), where=first.where
        )
    epoch, total = found["epoch"], int(found["total"])
    call = reward_pool.post(suite, epoch, bytes.fromhex(found["root"][2:]), total, digest_of(found))
    steps, claimable_from = Steps(session), None
    if steps.call("portal_post", *call) is not None:
        pending = reward_pool.state(suite).pending
        claimable_from = pending.claimable_from if pending else 0
        session.say("portal_posted", epoch=epoch, time=time_text(claimable_from))
    return steps.result(epoch=epoch, root=found["root"], claimable_from=claimable_from)


@command(group, NODE, SIGN, name="stop")
def portal_stop(
    session: Session,
    reason: Annotated[str, typer.Argument(metavar="FILE|TEXT", help=t("arg_portal_reason"))],
) -> Result:
    """Stops the root that waits."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.cli.sending import Steps

    suite = session.suite
    digest = _digest_of_reason(reason)
    pending = reward_pool.state(suite).pending
    steps = Steps(session)
    if steps.call("portal_stop", *reward_pool.stop(suite, digest)) is not None and pending:
        session.say("portal_stopped", epoch=pending.epoch, digest=digest.hex())
    return steps.result(epoch=pending.epoch if pending else None, reason=digest)


@command(group, NODE, SIGN, name="claim")
def portal_claim(
    session: Session,
    document: DocumentFile,
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT", help=t("arg_portal_claim"))
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help=t("option_portal_all"))] = False,
) -> Result:
    """Claims for oneself or for others."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.cli.sending import Steps
    from dokkaebi.portal.epoch import read_document
    from dokkaebi.portal.explaining import token_text

    suite, found = session.suite, read_document(document)
    if everybody:
        wanted = [account for account, _ in found["accounts"]]
    else:
        wanted = [parse_address(one) for one in accounts or [session.account.address]]
    claims = _claims(suite, document, found, wanted)
    claimed = reward_pool.claimed_by(suite, [one.account for one in claims])
    due = [one for one in claims if one.cumulative > claimed[one.account]]
    steps = Steps(session)
    for first in range(0, len(due), CLAIMS_AT_ONCE):
        batch = due[first : first + CLAIMS_AT_ONCE]
        if len(batch) == 1:
            call = reward_pool.claim(suite, *batch[0])
        else:
            call = reward_pool.claim_many(suite, batch)
        if steps.call("portal_claim", *call) is not None:
            amount = sum(one.cumulative - claimed[one.account] for one in batch)
            session.say("portal_claimed", count=len(batch), amount=token_text(amount))
    skipped = len(claims) - len(due)
    if skipped:
        session.say("portal_claim_skipped", count=skipped)
    paid = {one.account: str(one.cumulative - claimed[one.account]) for one in due}
    return steps.result(epoch=found["epoch"], claimed=paid, skipped=skipped)


@command(group, NODE, SIGN, name="collect")
def portal_collect(
    session: Session,
    assets: Annotated[
        list[str] | None,
        typer.Argument(metavar="eth|token|0x…", help=t("arg_portal_assets")),
    ] = None,
) -> Result:
    """Brings the markets' fees to the purse, and divides what arrived there."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.chain.assets import named_asset
    from dokkaebi.chain.reverts import Reverted
    from dokkaebi.chain.suite import COIN
    from dokkaebi.chain.till import credits_of, withdraw_for
    from dokkaebi.cli.sending import Steps

    suite, steps = session.suite, Steps(session)
    purse = reward_pool.terms(suite).purse
    wanted = [named_asset(suite, one).address for one in assets or []]
    credits = [one for one in credits_of(suite, purse) if not wanted or one.asset in wanted]
    for credit in credits:
        steps.call("withdraw", *withdraw_for(credit.market, credit.asset, purse))
    arriving = dict.fromkeys(credit.asset for credit in credits)
    divided = []
    for asset in wanted or [*dict.fromkeys([COIN, suite.token.address, *arriving])]:
        if session.dry_run and asset in arriving:
            steps.later("portal_collect")
            continue
        try:
            planned = steps.plan(*reward_pool.collect(suite, asset))
        except Reverted as refusal:
            if refusal.key != "Income_Empty" or wanted:
                raise
            continue
        steps.do("portal_collect", planned)
        divided.append(asset)
    if not steps.listed:
        session.say("portal_collect_nothing")
    return steps.result(purse=purse, divided=divided)


@command(group, NODE, name="status")
def portal_status(
    session: Session,
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT", help=t("arg_portal_status"))
    ] = None,
    folder: Folder = None,
) -> Result:
    """Shows where the pool stands, and what accounts could claim."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.portal.explaining import token_text
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    wanted = [parse_address(one) for one in accounts or []]
    state, terms = reward_pool.state(suite), reward_pool.terms(suite)
    until = reward_pool.epoch_bounds(terms, state.over + 1)[1]
    session.say("portal_status_epoch", over=state.over, now=state.over + 1, end=time_text(until))
    sums = {name: getattr(state, name) for name in ("budget", "released", "income", "minted")}
    session.say("portal_status_sums", **{name: token_text(one) for name, one in sums.items()})
    session.say("portal_status_paid", amount=token_text(state.paid))
    _say_roots(session, state)
    nobody = t("nobody")
    offices = {"steward": state.steward or nobody, "guardian": state.guardian or nobody}
    session.say("portal_status_offices", **offices)
    claimable = _claimable(suite, state, wanted, folder) if wanted else {}
    for account, amount in claimable.items():
        session.say("portal_claimable", account=account, amount=token_text(amount))
    return {
        "pool": suite.pool.address,
        "over": state.over,
        "epoch_end": until,
        **{name: str(one) for name, one in sums.items()},
        "paid": str(state.paid),
        "active": _root_facts(state.active),
        "pending": _root_facts(state.pending),
        "steward": state.steward,
        "guardian": state.guardian,
        "claimable": {account: str(amount) for account, amount in claimable.items()},
    }


# What they share


def _check_place(suite: Suite, path: Path, document: Document) -> None:
    """Refuses the document of another chain or pool."""
    pool = suite.pool.address
    if (document["chainId"], document["pool"]) != (suite.chain.chain_id, pool.lower()):
        raise DokkaebiError(
            "portal_other_pool",
            path=str(path),
            seen=document["pool"],
            seen_chain=document["chainId"],
            pool=pool,
            chain=suite.chain.chain_id,
        )


def _check_fits(suite: Suite, path: Path, document: Document) -> None:
    """Refuses a document whose pool, epoch's end or total isn't what the chain has."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.portal.explaining import token_text
    from dokkaebi.texts.figures import time_text

    _check_place(suite, path, document)
    epoch = document["epoch"]
    end = reward_pool.epoch_bounds(reward_pool.terms(suite), epoch)[1]
    if document["end"] != end:
        raise DokkaebiError(
            "portal_post_end", epoch=epoch, seen=time_text(document["end"]), end=time_text(end)
        )
    total, budget = int(document["total"]), reward_pool.budget(suite, epoch)
    if total > budget:
        raise DokkaebiError(
            "portal_post_budget", epoch=epoch, total=token_text(total), budget=token_text(budget)
        )


def _digest_of_reason(reason: str) -> bytes:
    """sha2-256 of a reason: of the file with that name, else of the text, which is some words."""
    import hashlib

    path = Path(reason)
    if len(reason.split()) < 2 or path.is_file():
        if not path.is_file():
            raise DokkaebiError("file_missing", path=reason)
        return hashlib.sha256(path.read_bytes()).digest()
    return hashlib.sha256(reason.encode()).digest()


def _claims(suite: Suite, path: Path, document: Document, accounts: Sequence[str]) -> list[Claim]:
    """Claims by a document whose root counts now."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.portal.epoch import claims_of
    from dokkaebi.texts.figures import time_text

    _check_place(suite, path, document)
    state, epoch = reward_pool.state(suite), document["epoch"]
    if not _is_root(document, state.active):
        if state.pending and _is_root(document, state.pending):
            time = time_text(state.pending.claimable_from)
            raise DokkaebiError("portal_claim_waits", epoch=epoch, time=time)
        active = state.active.epoch if state.active else 0
        raise DokkaebiError("portal_claim_other", path=str(path), epoch=epoch, active=active)
    found = claims_of(document, dict.fromkeys(accounts))
    return [reward_pool.Claim(one.account, one.cumulative, one.proof) for one in found]


def _is_root(document: Document, posted: PostedRoot | None) -> bool:
    root = bytes.fromhex(document["root"][2:])
    return posted is not None and (posted.epoch, posted.root) == (document["epoch"], root[:24])


def _claimable(
    suite: Suite, state: PoolState, accounts: list[str], folder: Path | None
) -> dict[str, int]:
    """What accounts could claim now, by the document of the root that counts."""
    from dokkaebi.chain import reward_pool

    if state.active is None:
        return dict.fromkeys(accounts, 0)
    known = [one for one in documents_of(folder) if _is_root(one, state.active)]
    if not known:
        raise DokkaebiError("portal_document_needed", epoch=state.active.epoch)
    amounts = {account: int(amount) for account, amount in known[0]["accounts"]}
    claimed = reward_pool.claimed_by(suite, accounts)
    return {
        account: max(amounts.get(account.lower(), 0) - claimed[account], 0) for account in accounts
    }


def _say_roots(session: Session, state: PoolState) -> None:
    from dokkaebi.portal.explaining import token_text
    from dokkaebi.texts.figures import time_text

    if state.active:
        total = token_text(state.active.total)
        session.say("portal_status_active", epoch=state.active.epoch, total=total)
    else:
        session.say("portal_status_none")
    if state.pending:
        total, time = token_text(state.pending.total), time_text(state.pending.claimable_from)
        session.say("portal_status_pending", epoch=state.pending.epoch, total=total, time=time)


def _root_facts(posted: PostedRoot | None) -> dict[str, Any] | None:
    if posted is None:
        return None
    return {**posted._asdict(), "total": str(posted.total)}
