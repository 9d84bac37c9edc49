"""The portal's commands: from a community's files to an epoch that the pool pays."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.help import HelpfulGroup
from dokkaebi.cli.output import DATABASE, EXIT_NO, NODE, SIGN, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.portal.epoch import Difference, Document, Terms
    from dokkaebi.portal.importing import Report
    from dokkaebi.portal.market import Market
    from dokkaebi.portal.rules import Rules

STORE_NAME = "portal.sqlite3"
SHOWN_MAX = 200

app = typer.Typer()
group = typer.Typer(
    name="portal",
    cls=HelpfulGroup,
    no_args_is_help=True,
    help=t("help_portal"),
    add_completion=False,
)
app.add_typer(group)

Folder = Annotated[Path | None, typer.Option(metavar="FOLDER", help=t("option_portal_folder"))]
RulesFile = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE", help=t("option_portal_rules"))
]
Without = Annotated[bool, typer.Option("--without-market", help=t("option_portal_without_market"))]
Epochs = Annotated[int | None, typer.Option("--epoch", min=1, help=t("option_portal_epoch"))]
Person = Annotated[str, typer.Argument(metavar="PERSON", help=t("arg_portal_person"))]
LinkFile = Annotated[Path, typer.Argument(metavar="FILE", help=t("arg_portal_link"))]
DocumentFile = Annotated[Path, typer.Argument(metavar="DOCUMENT", help=t("arg_portal_document"))]


# Import


@command(group, name="import")
def portal_import(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=t("arg_portal_files"))],
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help=t("option_portal_format"))
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help=t("option_portal_source"))
    ] = None,
    folder: Folder = None,
    rules: RulesFile = None,
) -> Result:
    from dokkaebi.portal.importing import import_file
    from dokkaebi.portal.rules import load_rules
    from dokkaebi.portal.store import open_store

    known = load_rules(rules)
    reports = []
    with open_store(_store_path(folder), make=True) as store:
        for path in files:
            made = import_file(store, path, known.kinds, int(time.time()), form=form, source=source)
            _say_imported(session, made)
            reports.append(made)
    return {"files": [_report_facts(made) for made in reports]}


def _say_imported(session: Session, report: Report) -> None:
    session.say(
        "portal_imported",
        path=report.path,
        format=report.format,
        total=report.total,
        new=report.new.total(),
        known=report.known.total(),
        skipped=report.reasons.total(),
    )
    for kind in sorted({*report.new, *report.known}):
        count = {"new": report.new[kind], "known": report.known[kind]}
        session.say("portal_imported_kind", kind=kind, **count)
    for one in report.skipped[:SHOWN_MAX]:
        reason = t(f"portal_skip_{one.reason}", detail=one.detail)
        session.say("portal_skipped", line=one.line, id=one.id, reason=reason)
    rest = report.reasons.total() - min(len(report.skipped), SHOWN_MAX)
    if rest:
        session.say("portal_skipped_more", count=rest)


def _report_facts(report: Report) -> dict[str, Any]:
    return {
        "file": str(report.path),
        "sha256": report.digest,
        "format": report.format,
        "total": report.total,
        "new": dict(report.new),
        "known": dict(report.known),
        "reasons": dict(report.reasons),
        "skipped": [
            {"line": one.line, "id": one.id, "reason": one.reason, "detail": one.detail}
            for one in report.skipped
        ],
    }


# People


@command(group, NODE, SIGN, name="sign-link")
def portal_sign_link(
    session: Session,
    person: Person,
    unlink: Annotated[bool, typer.Option("--unlink", help=t("option_portal_unlink"))] = False,
    wallet: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_portal_wallet"))
    ] = None,
    output: Annotated[Path | None, typer.Option(help=t("option_portal_link_output"))] = None,
    folder: Folder = None,
    rules: RulesFile = None,
) -> Result:
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.chain.persona_links import sign_as_steward, sign_as_wallet, write_link
    from dokkaebi.portal.names import parse_persona
    from dokkaebi.portal.people import new_link
    from dokkaebi.portal.rules import load_rules
    from dokkaebi.portal.store import open_store

    known, persona, account = load_rules(rules), parse_persona(person), session.account
    owner = parse_address(wallet) if wallet else account.address
    with open_store(_store_path(folder), make=True) as store:
        link = new_link(store, known, persona, owner, int(time.time()), linked=not unlink)
    if unlink and account.address.lower() == known.steward:
        link = sign_as_steward(account, link)
    else:
        link = sign_as_wallet(account, link)
    path = output or Path(f"persona-link-{link.digest.hex()[:8]}.json")
    write_link(path, link)
    key = "portal_unlink_signed" if unlink else "portal_link_signed"
    session.say(key, persona=persona, path=path, code=link.claim_code)
    return {"file": str(path), "claim_code": link.claim_code, "nonce": link.nonce}


@command(group, NODE, SIGN, name="attest")
def portal_attest(session: Session, file: LinkFile, rules: RulesFile = None) -> Result:
    from dokkaebi.chain.persona_links import read_link, sign_as_steward, write_link
    from dokkaebi.portal.rules import load_rules

    known, account, link = load_rules(rules), session.account, read_link(file)
    if account.address.lower() != known.steward:
        raise DokkaebiError("portal_not_steward", signer=account.address, steward=known.steward)
    write_link(file, sign_as_steward(account, link))
    persona = f"{link.nickname}@{link.source}"
    session.say("portal_attested", persona=persona, wallet=link.wallet, code=link.claim_code)
    return {"file": str(file), "persona": persona, "wallet": link.wallet}


@command(group, name="link")
def portal_link(
    session: Session, file: LinkFile, folder: Folder = None, rules: RulesFile = None
) -> Result:
    from dokkaebi.chain.persona_links import read_link
    from dokkaebi.portal.people import add_link
    from dokkaebi.portal.rules import load_rules
    from dokkaebi.portal.store import open_store

    link = read_link(file)
    closed = [document["end"] for document in documents_of(folder)]
    with open_store(_store_path(folder), make=True) as store:
        new = add_link(store, load_rules(rules), link, int(time.time()), max(closed, default=0))
    persona = f"{link.nickname}@{link.source}"
    key = "portal_linked" if link.linked else "portal_unlinked"
    session.say(key if new else "portal_link_known", persona=persona, wallet=link.wallet)
    return {"persona": persona, "wallet": link.wallet, "linked": link.linked, "new": new}


# Epochs


@command(group, NODE, DATABASE, name="close")
def portal_close(
    session: Session,
    epoch: Annotated[int, typer.Argument(metavar="EPOCH", min=1, help=t("arg_portal_epoch"))],
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help=t("option_portal_start"))
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help=t("option_portal_end"))] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help=t("option_portal_budget"))
    ] = None,
    chain_id: Annotated[int | None, typer.Option(min=1, help=t("option_portal_chain"))] = None,
    pool: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_portal_pool"))
    ] = None,
    without_market: Without = False,
    folder: Folder = None,
    rules: RulesFile = None,
) -> Result:
    from dokkaebi.chain.assets import parse_address, parse_decimal
    from dokkaebi.portal.epoch import close, digest_of, previous_document, write_document
    from dokkaebi.portal.explaining import TOKEN_DECIMALS, token_text
    from dokkaebi.portal.rules import load_rules
    from dokkaebi.portal.store import open_store

    known, epochs = load_rules(rules), _epochs_folder(folder)
    previous = previous_document(epochs, epoch)
    told = {
        "start": None if start is None else _moment(start),
        "end": None if end is None else _moment(end),
        "budget": budget and parse_decimal(budget, TOKEN_DECIMALS, "portal_amount_fine"),
        "chain_id": chain_id,
        "pool": pool and parse_address(pool),
    }
    told = {name: value for name, value in told.items() if value is not None}
    # Of a market the chain's own clock counts: its ledger says below whether that is past.
    terms = _terms(session, epoch, previous, told, ahead=not without_market)
    market = _market(session, terms, without_market)
    with open_store(_store_path(folder), make=True) as store:
        document = close(store, known, terms, previous, market)
    path = write_document(epochs, document)
    digest = "0x" + digest_of(document).hex()
    facts = {"root": document["root"], "digest": digest, "accounts": len(document["accounts"])}
    paid, total = (token_text(int(document[name])) for name in ("paid", "total"))
    people = len(document["people"])
    session.say("portal_closed", epoch=epoch, path=path, people=people, paid=paid, total=total)
    session.say("portal_closed_root", **facts)
    sums = {"paid": document["paid"], "total": document["total"]}
    return {"document": str(path), "epoch": epoch, "people": people, **facts, **sums}


@command(group, DATABASE, name="recompute")
def portal_recompute(
    session: Session,
    document: DocumentFile,
    without_market: Without = False,
    folder: Folder = None,
    rules: RulesFile = None,
) -> Result:
    from dokkaebi.portal.epoch import read_document

    found = read_document(document)
    differences = differences_of(session, document, found, folder, rules, without_market)
    if differences:
        session.exit_code = EXIT_NO
        session.note("portal_differs", path=document, count=len(differences))
        for one in differences[:SHOWN_MAX]:
            session.note(
                "portal_difference", where=one.where, document=one.document, computed=one.computed
            )
    else:
        session.say("portal_equal", path=document, root=found["root"])
    named = [
        {"where": one.where, "document": one.document, "computed": one.computed}
        for one in differences
    ]
    return {"equal": not differences, "differences": named}


@command(group, name="proof")
def portal_proof(
    session: Session,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=t("arg_portal_account"))],
    epoch: Epochs = None,
    folder: Folder = None,
) -> Result:
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.portal.epoch import claim_of
    from dokkaebi.portal.explaining import token_text

    claim = claim_of(_document(folder, epoch), parse_address(account))
    amount = token_text(claim.cumulative)
    session.say("portal_claim", epoch=claim.epoch, account=claim.account, amount=amount)
    for node in claim.proof:
        session.print(f"  0x{node.hex()}")
    return {
        "epoch": claim.epoch,
        "account": claim.account,
        "cumulative": str(claim.cumulative),
        "proof": claim.proof,
        "root": claim.root,
    }


@command(group, DATABASE, name="explain")
def portal_explain(
    session: Session,
    person: Person,
    epoch: Epochs = None,
    without_market: Without = False,
    folder: Folder = None,
    rules: RulesFile = None,
) -> Result:
    from dokkaebi.portal.epoch import previous_document, terms_of
    from dokkaebi.portal.explaining import explain
    from dokkaebi.portal.names import parse_persona
    from dokkaebi.portal.store import open_store

    document = _document(folder, epoch)
    terms = terms_of(document)
    previous = previous_document(_epochs_folder(folder), terms.number)
    persona = parse_persona(person)
    known = _same_rules(rules, document)
    market = _market(session, terms, without_market)
    with open_store(_store_path(folder)) as store:
        sentences = explain(store, known, document, previous, market, persona)
    for sentence in sentences:
        session.print(sentence)
    return {"person": str(persona), "epoch": terms.number, "sentences": sentences}


@command(group, name="report")
def portal_report(session: Session, folder: Folder = None) -> Result:
    from dokkaebi.portal import reports
    from dokkaebi.portal.explaining import points_text, token_text

    documents = documents_of(folder)
    if not documents:
        raise DokkaebiError("portal_no_epoch", path=str(_epochs_folder(folder)))
    rows = reports.epochs(documents)
    people, kinds = reports.by_person(documents), reports.by_kind(documents)
    head = ["epoch", "people", "points", "mileage", "budget", "paid", "gini"]
    session.table(
        [t(f"portal_column_{name}") for name in head],
        [
            [
                str(row.epoch),
                str(row.people),
                points_text(row.points),
                *(token_text(amount) for amount in (row.mileage, row.budget, row.paid)),
                _ratio(row.mileage_gini.numerator, row.mileage_gini.denominator),
            ]
            for row in rows
        ],
    )
    session.print()
    head = ["person", "points", "mileage", "paid", "waiting"]
    session.table(
        [t(f"portal_column_{name}") for name in head],
        [
            [
                str(one.persona),
                points_text(one.points),
                *(token_text(amount) for amount in (one.mileage, one.paid, one.waiting)),
            ]
            for one in people[:SHOWN_MAX]
        ],
    )
    session.print()
    session.table(
        [t(f"portal_column_{name}") for name in ("person", "kind", "made", "received")],
        [
            [str(one.persona), one.kind, points_text(one.made), points_text(one.received)]
            for one in kinds[:SHOWN_MAX]
        ],
    )
    return {
        "epochs": [vars(row) for row in rows],
        "people": [vars(one) for one in people],
        "kinds": [vars(one) for one in kinds],
    }


# What they share


def _terms(
    session: Session, epoch: int, previous: Document | None, told: dict[str, Any], ahead: bool
) -> Terms:
    """What an epoch is closed with: as told, else as the deployed pool has it. An epoch that is
    told whole needs no node; unless it may be `ahead`, this machine's clock says that it's over."""
    from dokkaebi.portal.epoch import Terms
    from dokkaebi.texts.figures import time_text

    offline = {"end", "budget", "chain_id", "pool"} <= told.keys()
    found: dict[str, Any] = {} if offline else _deployed_terms(session, epoch, previous)
    if previous:
        found["start"] = previous["end"]
    found |= told
    if "start" not in found:
        raise DokkaebiError("portal_time_wrong", seen="")
    if offline and not ahead and found["end"] > int(time.time()):
        raise DokkaebiError("portal_epoch_open", epoch=epoch, end=time_text(found["end"]))
    return Terms(epoch, **found)


def _deployed_terms(session: Session, epoch: int, previous: Document | None) -> dict[str, Any]:
    """An epoch of the deployed pool; its budget is what the pool could promise beyond what the
    epochs before did."""
    from dokkaebi.chain import reward_pool
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    start, end = reward_pool.epoch_bounds(reward_pool.terms(suite), epoch)
    if epoch > reward_pool.state(suite).over:
        raise DokkaebiError("portal_epoch_open", epoch=epoch, end=time_text(end))
    promised = int(previous["total"]) if previous else 0
    return {
        "start": start,
        "end": end,
        "budget": reward_pool.budget_left(suite, epoch, promised),
        "chain_id": suite.chain.chain_id,
        "pool": suite.pool.address,
    }


def differences_of(
    session: Session,
    path: Path,
    document: Document,
    folder: Path | None,
    rules: Path | None,
    without_market: bool,
) -> list[Difference]:
    """Where a document isn't what its inputs and the rules give."""
    from dokkaebi.portal.epoch import previous_document, recompute, terms_of
    from dokkaebi.portal.rules import load_rules
    from dokkaebi.portal.store import open_store

    previous = previous_document(path.parent, document["epoch"])
    market = _market(session, terms_of(document), without_market)
    with open_store(_store_path(folder)) as store:
        return recompute(store, load_rules(rules), document, previous, market)


def _store_path(folder: Path | None) -> Path:
    return _home(folder) / STORE_NAME


def _epochs_folder(folder: Path | None) -> Path:
    return _home(folder) / "epochs"


def _home(folder: Path | None) -> Path:
    from dokkaebi.config import project_root

    return folder or project_root() / "var" / "portal"


def documents_of(folder: Path | None) -> list[Document]:
    """All epochs that were closed, in their order."""
    from dokkaebi.portal.epoch import read_document

    return [read_document(path) for path in sorted(_epochs_folder(folder).glob("epoch-*.json"))]


def _document(folder: Path | None, epoch: int | None) -> Document:
    """An epoch's document; the last one's if none is named."""
    from dokkaebi.portal.epoch import document_path, read_document

    if epoch is not None:
        return read_document(document_path(_epochs_folder(folder), epoch))
    found = sorted(_epochs_folder(folder).glob("epoch-*.json"))
    if not found:
        raise DokkaebiError("portal_no_epoch", path=str(_epochs_folder(folder)))
    return read_document(found[-1])


def _same_rules(path: Path | None, document: Document) -> Rules:
    """The rules that a document was made by; others would explain something else."""
    from dokkaebi.portal.rules import load_rules

    rules = load_rules(path)
    if rules.digest != document["rules"]:
        raise DokkaebiError("portal_other_rules", seen=rules.digest, needed=document["rules"])
    return rules


def _market(session: Session, terms: Terms, without: bool) -> Market:
    """What the ledger says up to an epoch's end; it has to know all of it for good."""
    from dokkaebi.portal.market import Market, from_ledger

    if without:
        return Market()
    from dokkaebi.ledger.reports.patronage import final_at, paid_trades, registered_works
    from dokkaebi.ledger.store import read_ledger

    place = session.settings.database_place(terms.chain_id)
    with read_ledger(place) as snapshot:
        if snapshot.identity.chain_id != terms.chain_id:
            raise DokkaebiError(
                "ledger_other_chain",
                path=str(place),
                found=snapshot.identity.chain_id,
                wanted=terms.chain_id,
            )
        if final_at(snapshot) < terms.end:
            raise DokkaebiError("portal_books_behind", epoch=terms.number, path=str(place))
        works = registered_works(snapshot, terms.end)
        return from_ledger(terms.chain_id, works, paid_trades(snapshot, terms.end))


def _moment(text: str) -> int:
    from dokkaebi.portal.entries import parse_time

    at = parse_time(text)
    if at is None:
        raise DokkaebiError("portal_time_wrong", seen=text)
    return at


def _ratio(numerator: int, denominator: int) -> str:
    """A share from 0 to 1 with four digits, rounded down."""
    from dokkaebi.texts.figures import units_text

    return units_text(numerator * 10_000 // denominator, 4)
