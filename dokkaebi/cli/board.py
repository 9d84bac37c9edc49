"""The notice board's commands: what is on it, whether it still holds, and from board to board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.books import ledger_place, named_identity
from dokkaebi.cli.help import HelpfulGroup
from dokkaebi.cli.output import BOARD, DATABASE, EXIT_NO, NODE, Result, Session, command
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.board.limits import BoardLimits
    from dokkaebi.board.notices import Notices

SHOWN_MAX = 50

app = typer.Typer()
group = typer.Typer(
    name="board",
    cls=HelpfulGroup,
    no_args_is_help=True,
    help=t("help_board"),
    add_completion=False,
)
app.add_typer(group)


@contextmanager
def opened_board(
    session: Session, limits: BoardLimits | None = None, *, beside: bool = False
) -> Iterator[Notices]:
    """The board of the session's market; `beside` as `open_notices` has it."""
    from dokkaebi.board.opening import open_notices

    suite = session.suite
    chain_id = suite.chain.chain_id
    settings = session.settings
    place, folder = settings.database_place(chain_id), settings.board_folder(chain_id)
    with open_notices(suite, place, folder, limits, beside=beside) as notices:
        yield notices


@command(group, NODE, DATABASE, BOARD, name="list")
def board_list(session: Session) -> Result:
    from dokkaebi.board.views import document_item
    from dokkaebi.ledger.reports.forms import as_json
    from dokkaebi.texts.figures import size_text, time_text

    with opened_board(session) as notices:
        store, registry = notices.store, notices.suite.registry.address
        usage, counts = store.usage(), store.counts()
        rows = store.documents(SHOWN_MAX)
    items = [document_item(row, registry) for row in rows]
    cells = [
        [i.kind, i.digest[:10], i.signer, i.cid or str(i.creation or ""), time_text(i.expires_at)]
        for i in items
    ]
    headings = ("kind", "document", "signer", "creation", "expiry")
    session.table([t(f"column_board_{name}") for name in headings], cells)
    session.say("board_listed", **counts, files=usage.files, size=size_text(usage.size))
    shown = [as_json(item) for item in items]
    return {**counts, "files": usage.files, "bytes": usage.size, "items": shown}


@command(group, NODE, DATABASE, BOARD, name="check")
def board_check(session: Session) -> Result:
    from dokkaebi.board.watch import Watch
    from dokkaebi.web.books import Books

    books = Books(ledger_place(session), named_identity(session), None)
    with opened_board(session) as notices:
        found = Watch(notices, books.snapshot).everything()
    books.close()
    session.say("board_checked", looked=found.looked, dropped=found.dropped)
    return {"looked": found.looked, "dropped": found.dropped}


@command(group, NODE, DATABASE, BOARD, name="export")
def board_export(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("arg_board_file"))],
) -> Result:
    from dokkaebi.board.mirror import export_lines
    from dokkaebi.chain.manifest import write_atomically

    with opened_board(session) as notices:
        lines = list(export_lines(notices.store, notices.files))
    write_atomically(file, b"".join(lines).decode())
    session.say("board_exported", count=len(lines), path=str(file))
    return {"lines": len(lines), "file": str(file)}


@command(group, NODE, DATABASE, BOARD, name="import")
def board_import(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("arg_board_file"))],
) -> Result:
    from dokkaebi.board.mirror import import_lines

    with opened_board(session) as notices, file.open("rb") as source:
        found = import_lines(notices, source)
    refused = sum(found.refused.values())
    session.say("board_imported", new=found.new, known=found.known, refused=refused)
    for error, count in sorted(found.refused.items()):
        session.say("board_refused_lines", error=error, count=count)
    if refused:
        session.exit_code = EXIT_NO
    facts: dict[str, Any] = {"new": found.new, "known": found.known, "refused": found.refused}
    return facts
