"""The sponsor's commands, and what `serve` needs of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.board import opened_board
from dokkaebi.cli.help import HelpfulGroup
from dokkaebi.cli.output import BOARD, DATABASE, NODE, Result, Session, command
from dokkaebi.rounds import rounds_of
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.board.notices import Notices
    from dokkaebi.sponsor.members import Members
    from dokkaebi.sponsor.relay import Sponsor

JOURNAL_NAME = "sponsor.journal"
SHOWN_MAX = 50

app = typer.Typer()
group = typer.Typer(
    name="sponsor",
    cls=HelpfulGroup,
    no_args_is_help=True,
    help=t("help_sponsor"),
    add_completion=False,
)
app.add_typer(group)

Key = Annotated[str | None, typer.Option("--sponsor", metavar="KEY", help=t("option_sponsor"))]
Person = Annotated[
    str, typer.Option("--person-budget", metavar="AMOUNT", help=t("option_sponsor_person"))
]
Day = Annotated[str, typer.Option("--day-budget", metavar="AMOUNT", help=t("option_sponsor_day"))]
Total = Annotated[
    str, typer.Option("--total-budget", metavar="AMOUNT", help=t("option_sponsor_total"))
]
Whom = Annotated[
    str, typer.Option("--members", metavar="FILE|board|repaid", help=t("option_sponsor_members"))
]
PERSON, DAY, TOTAL = "0.01", "0.1", "1"
BOARD_MEMBERS = "board"


@contextmanager
def running_sponsor(
    session: Session, key: str, person: str, day: str, total: str, members: str
) -> Iterator[Sponsor]:
    """The sponsor of a key, with its journal in the board's folder; its queue runs while it is
    open."""
    from dokkaebi.chain.assets import COIN_DECIMALS, parse_decimal
    from dokkaebi.chain.keys import open_key
    from dokkaebi.journal import open_journal
    from dokkaebi.sponsor.books import Budgets
    from dokkaebi.sponsor.relay import ROUND_SECONDS, Sponsor

    suite, settings = session.suite, session.settings
    chain_id = suite.chain.chain_id
    account = open_key(key, chain_id, settings.password_file, note=session.note)
    amounts = [
        parse_decimal(text, COIN_DECIMALS, "amount_too_fine", symbol="")
        for text in (person, day, total)
    ]
    journal_path = settings.board_folder(chain_id) / JOURNAL_NAME
    with opened_board(session) as notices, open_journal(journal_path) as journal:
        whom = _members(notices, members, account.address, amounts[0])
        opened = Sponsor(suite, account, journal, Budgets(*amounts), whom)
        with rounds_of(opened.step, ROUND_SECONDS):
            yield opened


def _members(notices: Notices, members: str, sponsor: str, person: int) -> Members:
    from dokkaebi.sponsor.members import listed, on_board, repaying

    if members == BOARD_MEMBERS:
        return on_board(notices.store)
    if members == "repaid":
        return repaying(notices.store, sponsor, person)
    return listed(Path(members))


@command(group, NODE, DATABASE, BOARD, name="run")
def sponsor_run(
    session: Session,
    sponsor: Annotated[str, typer.Option("--sponsor", metavar="KEY", help=t("option_sponsor"))],
    person: Person = PERSON,
    day: Day = DAY,
    total: Total = TOTAL,
    members: Whom = BOARD_MEMBERS,
) -> Result:
    with running_sponsor(session, sponsor, person, day, total, members) as running:
        session.say("sponsor_running", sponsor=running.address)
        threading.Event().wait()
    return {}


@command(group, NODE, BOARD, name="show")
def sponsor_show(session: Session) -> Result:
    from dokkaebi.chain.assets import COIN_DECIMALS
    from dokkaebi.chain.networks import coin_symbol
    from dokkaebi.journal import read_journal
    from dokkaebi.sponsor.books import Books
    from dokkaebi.texts.figures import amount_text

    chain_id = session.chain.chain_id
    path = session.settings.board_folder(chain_id) / JOURNAL_NAME
    books = Books(read_journal(path))
    symbol = coin_symbol(chain_id)

    def coins(wei: int) -> str:
        return amount_text(wei, COIN_DECIMALS, symbol)

    acts = list(books.acts.values())
    cells = [[a.kind, a.member, a.state, coins(a.counted)] for a in reversed(acts[-SHOWN_MAX:])]
    headings = ("kind", "member", "state", "counted")
    session.table([t(f"column_sponsor_{name}") for name in headings], cells)
    counted, waiting = books.counted(), len(books.open_acts())
    session.say("sponsor_line", counted=coins(counted), acts=len(acts), open=waiting)
    shown: list[dict[str, Any]] = [
        {"id": a.id, "kind": a.kind, "member": a.member, "state": a.state,
         "counted": str(a.counted), "reason": a.reason}
        for a in acts
    ]  # fmt: skip
    return {"counted": str(counted), "open": waiting, "acts": shown}
