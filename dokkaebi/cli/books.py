"""The books' commands: index, audit, replay, copy. Their reports: `reports`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import DATABASE, EXIT_NO, NODE, Result, Session, command
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.ledger.index import Progress
    from dokkaebi.ledger.reports.balance import Difference
    from dokkaebi.ledger.store import Identity

app = typer.Typer()


@command(app, NODE, DATABASE)
def index(
    session: Session,
    follow: Annotated[bool, typer.Option("--follow", help=t("option_follow"))] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help=t("option_rebuild"))] = False,
    finality: Annotated[int, typer.Option(min=1, help=t("option_finality"))] = 64,
    careful: Annotated[bool, typer.Option("--careful", help=t("option_careful"))] = False,
) -> Result:
    from dokkaebi.ledger.index import follow as go_on
    from dokkaebi.ledger.index import index as run
    from dokkaebi.ledger.store import Identity, open_ledger

    chain = session.suite.chain
    identity = Identity.of(session.manifest)
    place = session.settings.database_place(chain.chain_id)
    options: dict[str, Any] = {"finality_blocks": finality, "careful": careful}
    with open_ledger(place, identity) as ledger:
        if rebuild:
            ledger.clear()
        cursor = ledger.cursor()
        before = cursor.block_number if cursor else identity.first_block - 1
        with session.progress_to("index_progress", before, chain.block_number) as reach:
            end = run(chain, identity, ledger, lambda said: reach(said.block), **options)
        _say_indexed(session, end, before, ledger.shown)
        if follow:
            go_on(
                chain,
                identity,
                ledger,
                lambda progress: _say_followed(session, progress, ledger.shown),
                lambda problem: session.note("index_waits", problem=problem),
                lambda seconds, head: session.note("index_stalled", seconds=seconds, head=head),
                **options,
            )
        shown = ledger.shown
    return {
        "head_block": end.block,
        "new_events": end.events,
        "undone_blocks": end.undone,
        "database": shown,
    }


def _say_indexed(session: Session, end: Progress, before: int, path: str) -> None:
    if end.undone:
        session.say("index_undone", blocks=end.undone)
    key = "index_done" if end.block > before or end.undone else "index_nothing"
    session.say(key, head=end.block, events=end.events, path=path)


def _say_followed(session: Session, progress: Progress, path: str) -> None:
    if progress.undone:
        session.say("index_undone", blocks=progress.undone)
    session.say("index_done", head=progress.block, events=progress.events, path=path)


@command(app, NODE, DATABASE)
def audit(
    session: Session,
    at: Annotated[int | None, typer.Option("--at", min=0, help=t("option_at"))] = None,
) -> Result:
    from dokkaebi.chain.reader import ChainReader
    from dokkaebi.ledger.audit import audit as run
    from dokkaebi.ledger.store import Identity, read_ledger

    identity = Identity.of(session.suite.manifest)
    place = ledger_place(session)
    with read_ledger(place, identity) as snapshot:
        first, last = identity.first_block, at or snapshot.cursor.block_number
        with session.progress_to("audit_progress", first, last) as reach:
            found = run(snapshot, session.chain, ChainReader(session.chain), at, reach)
    named = [
        {"what": d.what, "subject": d.subject, "books": d.books, "chain": d.chain}
        for d in found.differences
    ]
    facts = {"block": found.block, "compared": found.compared}
    if found.passes:
        session.say("audit_passes", **facts)
    else:
        session.exit_code = EXIT_NO
        session.note("audit_fails", **facts, count=len(found.differences))
        for one in found.differences:
            note_difference(session, one)
    return {**facts, "passes": found.passes, "differences": named}


@command(app, NODE, DATABASE)
def replay(session: Session) -> Result:
    from dokkaebi.ledger.store import Identity, open_ledger

    identity = Identity.of(session.manifest)
    with open_ledger(ledger_place(session), identity) as ledger:
        events, mended = ledger.replay()
    if mended:
        session.exit_code = EXIT_NO
        tables, count = ", ".join(sorted(mended)), sum(mended.values())
        session.note("replay_mended", events=events, count=count, tables=tables)
    else:
        session.say("replay_same", events=events)
    return {"events": events, "mended": mended}


@command(app, NODE, DATABASE)
def copy(
    session: Session,
    target: Annotated[str, typer.Argument(help=t("arg_copy_target"), metavar="TARGET")],
) -> Result:
    from dokkaebi.ledger.store import copy_ledger, read_ledger

    identity = named_identity(session)
    with read_ledger(ledger_place(session), identity) as snapshot:
        rows = copy_ledger(snapshot, target)
    session.say("copy_done", rows=rows, path=target.split("@")[-1])
    return {"rows": rows}


@command(app, NODE, DATABASE)
def gather(
    session: Session,
    blocks: Annotated[int, typer.Option(min=1, help=t("option_gather_blocks"))] = 1_000,
    finality: Annotated[int, typer.Option(min=1, help=t("option_finality"))] = 64,
) -> Result:
    from dokkaebi.ledger.gather import gather as run
    from dokkaebi.ledger.store import Identity

    identity = Identity.of(session.suite.manifest)
    count = run(
        session.chain,
        identity,
        str(ledger_place(session)),
        lambda low, high: session.say("gather_range", low=low, high=high),
        range_blocks=blocks,
        finality_blocks=finality,
    )
    session.say("gather_done", blocks=count)
    return {"blocks": count}


@command(app, NODE, DATABASE)
def parquet(
    session: Session,
    folder: Annotated[Path, typer.Argument(help=t("arg_parquet_folder"), metavar="FOLDER")],
    blocks: Annotated[int, typer.Option(min=1, help=t("option_blocks"))] = 100_000,
    raw: Annotated[bool, typer.Option("--raw", help=t("option_raw"))] = False,
) -> Result:
    from dokkaebi.ledger.parquet import export_parquet
    from dokkaebi.ledger.store import read_ledger

    with read_ledger(ledger_place(session), named_identity(session)) as snapshot:
        first, last = snapshot.identity.first_block, snapshot.cursor.block_number
        with session.progress_to("parquet_progress", first, last) as reach:
            rows = export_parquet(snapshot, folder, range_blocks=blocks, raw_only=raw, said=reach)
    session.say("parquet_done", rows=sum(rows.values()), path=folder)
    return {"folder": str(folder), "rows": rows}


def named_identity(session: Session) -> Identity | None:
    """The deployment of a manifest that was named."""
    from dokkaebi.ledger.store import Identity

    return Identity.of(session.manifest) if session.settings.manifest is not None else None


def ledger_place(session: Session) -> Path | str:
    """The ledger. Its default place depends on the chain, which a manifest names without a node."""
    settings = session.settings
    if settings.database is not None:
        return settings.database
    chain_id = session.manifest.chain_id if settings.manifest else session.chain.chain_id
    return settings.database_place(chain_id)


def note_difference(session: Session, one: Difference) -> None:
    table = one.what.removeprefix("table_")
    what = t(f"figure_{one.what}") if table == one.what else t("figure_table", table=table)
    session.note(
        "balance_difference", what=what, subject=one.subject, books=one.books, chain=one.chain
    )
