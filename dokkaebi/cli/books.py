"""The books' commands: index, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dokkaebi.cli.output import DATABASE, DOCUMENTS, EXIT_NO, NODE, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.ledger.reports.balance import Balance
    from dokkaebi.ledger.store import Snapshot

FORMATS = ("table", "json", "csv", "html")

app = typer.Typer()


@command(app, NODE, DATABASE)
def index(session: Session) -> Result:
    from dokkaebi.ledger.index import Progress
    from dokkaebi.ledger.index import index as run
    from dokkaebi.ledger.store import Identity, open_ledger

    chain = session.suite.chain
    identity = Identity.of(session.manifest)
    path = session.settings.database_path(chain.chain_id)
    with open_ledger(path, identity) as ledger:
        cursor = ledger.cursor()
        before = cursor.block_number if cursor else identity.first_block - 1
        with session.progress("index_progress", max(chain.block_number - before, 1)) as advance:
            done = before

            def said(progress: Progress) -> None:
                nonlocal done
                advance(progress.block - done)
                done = progress.block

            end = run(chain, identity, ledger, said)
    key = "index_done" if end.block > before else "index_nothing"
    session.say(key, head=end.block, events=end.events, path=path)
    return {"head_block": end.block, "new_events": end.events, "database": str(path)}


@command(app, NODE, DATABASE, DOCUMENTS)
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
    check: Annotated[bool, typer.Option("--check", help=t("option_check"))] = False,
) -> Result:
    from dokkaebi.ledger.reports.render import render
    from dokkaebi.ledger.store import Identity, read_ledger

    if form not in FORMATS:
        raise DokkaebiError("report_format_unknown", format=form, known=", ".join(FORMATS))
    if session.as_json and output is None:
        form = "json"
    identity = None
    if check:
        identity = Identity.of(session.suite.manifest)
    elif session.settings.manifest is not None:
        identity = Identity.of(session.manifest)
    with read_ledger(_database(session), identity) as snapshot:
        balance = _balance(session, snapshot) if check else None
        made = render(
            snapshot,
            form,
            questions or [],
            documents=session.settings.documents,
            works=works,
            balance=balance,
        )
    if output is None:
        print(_only(made))
    else:
        _write(session, output, made)
    matches = None if balance is None else balance.matches
    return {"output": str(output), "balances_match": matches} if output else None


def _database(session: Session) -> Path:
    """The ledger. Its default place depends on the chain, which a manifest names without a node."""
    settings = session.settings
    if settings.database is not None:
        return settings.database
    chain_id = session.manifest.chain_id if settings.manifest else session.chain.chain_id
    return settings.database_path(chain_id)


def _balance(session: Session, snapshot: Snapshot) -> Balance:
    """Compares the books with the chain; says on stderr what differs, and then exits with 1."""
    from dokkaebi.ledger.reader import ChainReader
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
        session.note(
            "balance_difference",
            what=t(f"figure_{one.what}"),
            subject=one.subject,
            books=one.books,
            chain=one.chain,
        )
    return balance


def _only(made: str | dict[str, str]) -> str:
    """The text for a terminal, which has room for one."""
    if isinstance(made, str):
        return made.rstrip("\n")
    if len(made) > 1:
        raise DokkaebiError("report_csv_folder")
    return next(iter(made.values())).rstrip("\n")


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
