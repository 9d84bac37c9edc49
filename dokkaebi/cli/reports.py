"""The commands that answer from the books: report, statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dokkaebi.cli.books import ledger_place, named_identity, note_difference
from dokkaebi.cli.output import (
    DATABASE,
    DOCUMENTS,
    EXIT_NO,
    NODE,
    ZONE,
    Result,
    Session,
    command,
    to_json,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.ledger.reports.balance import Balance
    from dokkaebi.ledger.reports.calendar import Calendar
    from dokkaebi.ledger.reports.community import Portal
    from dokkaebi.ledger.reports.statement import Statement
    from dokkaebi.ledger.store import Identity, Snapshot

FORMATS = ("table", "json", "csv", "html")
STATEMENT_FORMATS = ("table", "json", "csv")
# Between two looks at a ledger that is followed.
FOLLOW_SECONDS = 2

app = typer.Typer()


@command(app, NODE, DATABASE, DOCUMENTS, ZONE)
def report(
    session: Session,
    questions: Annotated[
        list[str] | None, typer.Argument(help=t("arg_questions"), metavar="QUESTION")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help=t("option_format"))
    ] = "table",
    output: Annotated[Path | None, typer.Option(help=t("option_output"))] = None,
    works: Annotated[Path | None, typer.Option(help=t("option_works"))] = None,
    portal: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=t("option_report_portal"))
    ] = None,
    by: Annotated[str, typer.Option(metavar="day|week|month", help=t("option_by"))] = "month",
    check: Annotated[bool, typer.Option("--check", help=t("option_check"))] = False,
    follow: Annotated[bool, typer.Option("--follow", help=t("option_report_follow"))] = False,
) -> Result:
    from dokkaebi.ledger.reports.calendar import Calendar
    from dokkaebi.ledger.reports.render import render
    from dokkaebi.ledger.store import Identity, read_ledger

    form = _form(session, form, FORMATS, output)
    calendar = Calendar(session.settings.zone, by)
    identity = Identity.of(session.suite.manifest) if check else named_identity(session)

    def make(snapshot: Snapshot) -> Balance | None:
        balance = _balance(session, snapshot) if check else None
        made = render(
            snapshot,
            form,
            questions or [],
            documents=session.settings.documents,
            works=works,
            balance=balance,
            calendar=calendar,
            refresh=FOLLOW_SECONDS if follow else None,
            portal=_portal(snapshot, portal) if portal else None,
        )
        if output is None:
            print(_only(made), flush=True)
        else:
            _write(session, output, made)
        return balance

    place = ledger_place(session)
    if follow:
        _with_each(place, identity, make)
    with read_ledger(place, identity) as snapshot:
        balance = make(snapshot)
    matches = None if balance is None else balance.matches
    return {"output": str(output), "balances_match": matches} if output else None


@command(app, NODE, DATABASE, DOCUMENTS, ZONE)
def statement(
    session: Session,
    account: Annotated[str, typer.Argument(help=t("arg_statement_account"), metavar="ACCOUNT")],
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help=t("option_first_day"))
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help=t("option_last_day"))
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="|".join(STATEMENT_FORMATS), help=t("option_statement_format")
        ),
    ] = "table",
    output: Annotated[Path | None, typer.Option(help=t("option_statement_output"))] = None,
    explorer: Annotated[str | None, typer.Option(metavar="URL", help=t("option_explorer"))] = None,
) -> Result:
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.ledger.reports import statement as statements
    from dokkaebi.ledger.reports.calendar import Calendar
    from dokkaebi.ledger.reports.exhibits import Exhibits
    from dokkaebi.ledger.store import read_ledger

    form = _form(session, form, STATEMENT_FORMATS, output)
    calendar = Calendar(session.settings.zone)
    begin = calendar.begin(first) if first else None
    end = calendar.end(last) if last else None
    if begin is not None and end is not None and end <= begin:
        raise DokkaebiError("period_empty", first=str(first), last=str(last))
    exhibits = Exhibits(session.settings.documents, None)
    with read_ledger(ledger_place(session), named_identity(session)) as snapshot:
        found = statements.statement(
            snapshot,
            parse_address(account),
            begin,
            end,
            explorer=explorer or _explorer(session, snapshot.identity.chain_id),
            exhibits=exhibits,
        )
        as_json = statements.as_json(snapshot, found, calendar)
        if form == "table":
            made = _statement_table(snapshot, found, calendar)
        else:
            made = statements.as_text(snapshot, found, form, calendar)
    if output is not None:
        _write(session, output, made)
        return {"output": str(output), "receipts": len(found.receipts)}
    print(to_json(as_json) if session.as_json else made.rstrip("\n"))
    return None


def _statement_table(snapshot: Snapshot, found: Statement, calendar: Calendar) -> str:
    """Receipts, and below them what they come to."""
    from dokkaebi.ledger.reports.forms import Assets
    from dokkaebi.ledger.reports.kinds import Receipt
    from dokkaebi.ledger.reports.render import TABLE_COLUMNS, table

    assets = Assets(snapshot)
    title = t("statement_title", account=found.account)
    columns = TABLE_COLUMNS["statement"]
    made = table(snapshot, title, found.receipts, Receipt, columns, calendar)
    sums = [
        t("statement_total", role=t(f"word_{role}"), amount=assets.text(amount, asset))
        for (role, asset), amount in found.totals().items()
    ]
    return "\n".join([made, *sums])


def _portal(snapshot: Snapshot, folder: Path) -> Portal:
    """What the documents of the market's own epochs say of people."""
    from dokkaebi.cli.portal import documents_of
    from dokkaebi.ledger.reports.community import Portal
    from dokkaebi.ledger.reports.rewards import pool_of
    from dokkaebi.portal import reports

    place = (snapshot.identity.chain_id, (pool_of(snapshot) or "").lower())
    documents = [
        one for one in documents_of(folder) if (one["chainId"], one["pool"].lower()) == place
    ]
    if not documents:
        raise DokkaebiError("report_portal_empty", path=str(folder))
    return Portal(
        reports.epochs(documents), reports.by_person(documents), reports.by_kind(documents)
    )


def _form(session: Session, form: str, known: tuple[str, ...], output: Path | None) -> str:
    if form not in known:
        raise DokkaebiError("report_format_unknown", format=form, known=", ".join(known))
    return "json" if session.as_json and output is None else form


def _with_each(
    place: Path | str, identity: Identity | None, make: Callable[[Snapshot], object]
) -> NoReturn:
    """Again whenever the ledger has got on, until it is interrupted."""
    from dokkaebi.ledger.store import read_ledger

    seen = None
    while True:
        with read_ledger(place, identity) as snapshot:
            if snapshot.cursor != seen:
                seen = snapshot.cursor
                make(snapshot)
        time.sleep(FOLLOW_SECONDS)


def _balance(session: Session, snapshot: Snapshot) -> Balance:
    """Compares the books with the chain; says on stderr what differs, and then exits with 1."""
    from dokkaebi.chain.reader import ChainReader
    from dokkaebi.ledger.reports.balance import check
    from dokkaebi.ledger.reports.forms import Assets

    balance = check(snapshot, ChainReader(session.chain))
    block, differences = snapshot.cursor.block_number, balance.differences
    for asset, amount in balance.surplus.items():
        session.note("balance_surplus", amount=Assets(snapshot).text(amount, asset))
    if balance.matches:
        session.note("balance_matches", block=block, compared=balance.compared)
        return balance
    session.exit_code = EXIT_NO
    session.note("balance_differs", block=block, compared=balance.compared, count=len(differences))
    for one in differences:
        note_difference(session, one)
    return balance


def _only(made: str | dict[str, str]) -> str:
    """The text for a terminal, which has room for one."""
    if isinstance(made, str):
        return made.rstrip("\n")
    if len(made) > 1:
        raise DokkaebiError("report_csv_folder")
    return next(iter(made.values())).rstrip("\n")


def _explorer(session: Session, chain_id: int) -> str:
    """The one that the market named when it was deployed."""
    from dokkaebi.chain.manifest import load_manifest

    path = session.settings.manifest_path(chain_id)
    return load_manifest(path).explorer if path.is_file() else ""


def _write(session: Session, output: Path, made: str | dict[str, str]) -> None:
    """Writes each file whole or not at all."""
    from dokkaebi.chain.manifest import write_atomically

    files = {output: made} if isinstance(made, str) else _csv_files(output, made)
    for path, text in files.items():
        try:
            write_atomically(path, text)
        except OSError as problem:
            raise DokkaebiError(
                "report_unwritable", path=str(path), problem=problem.strerror or str(problem)
            ) from None
        session.say("report_written", path=path)


def _csv_files(output: Path, made: dict[str, str]) -> dict[Path, str]:
    """One table goes into a file, several into a folder."""
    if len(made) == 1:
        return {output: next(iter(made.values()))}
    if output.is_file():
        raise DokkaebiError("report_csv_folder")
    return {output / f"{name}.csv": text for name, text in made.items()}
