"""The demo's command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dokkaebi.cli.output import EXIT_NO, Result, Session, command
from dokkaebi.rounds import rounds_of
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.demo import Outcome

app = typer.Typer()
# How often the books look for a new block, seconds.
LOOK_SECONDS = 0.5


@command(app)
def demo(
    session: Session,
    works: Annotated[Path | None, typer.Option(help=t("option_demo_works"))] = None,
    output: Annotated[Path | None, typer.Option(help=t("option_demo_output"))] = None,
    serve: Annotated[bool, typer.Option("--serve", help=t("option_demo_serve"))] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help=t("option_port"))] = 0,
) -> Result:
    """Plays a market day."""
    from dokkaebi.config import project_root
    from dokkaebi.demo import play_market_day

    root = project_root()
    folder = works or root / "examples" / "works"

    def stay(url: str, outcome: Outcome) -> None:
        _tell(session, outcome)
        _stay(session, url, outcome.folder, folder, port)

    outcome = play_market_day(
        folder, output or root / "var" / "demo", session.say, stay if serve else None
    )
    if not serve:
        _tell(session, outcome)
    return {
        "folder": str(outcome.folder),
        "trades": outcome.trades,
        "events": outcome.events,
        "balances_match": outcome.balances_match,
    }


def _tell(session: Session, outcome: Outcome) -> None:
    for name in ("report.html", "report.json", "ledger.sqlite3", "deployment.json"):
        session.print(f"  {outcome.folder / name}")
    if not outcome.balances_match:
        session.exit_code = EXIT_NO
        for difference in outcome.differences:
            session.note("demo_difference", difference=difference)
        session.note("demo_unbalanced", count=len(outcome.differences))
    else:
        # Programs look for this line, so it is the same in all languages.
        session.print(f"books balance: {outcome.trades} trades, {outcome.events} events")


def _stay(session: Session, url: str, folder: Path, works: Path, port: int) -> None:
    """The market goes on, with its page, until somebody stops it."""
    from dokkaebi.board.limits import BoardLimits
    from dokkaebi.chain.keys import TEST_PHRASES
    from dokkaebi.cli.serve import serve_market
    from dokkaebi.config import load_settings

    settings = load_settings(
        rpc=url,
        manifest=folder / "deployment.json",
        database=folder / "ledger.sqlite3",
        board=folder / "board",
    )
    market = Session(settings, session.as_json)
    session.say("demo_serving", phrase=TEST_PHRASES["test"])
    with _followed(market):
        _show_works(market, folder / "documents", works)
        serve_market(market, port=port, board=BoardLimits())


@contextmanager
def _followed(session: Session) -> Iterator[None]:
    """The books follow the chain for as long as a `with` block."""
    from dokkaebi.ledger.index import index
    from dokkaebi.ledger.store import Identity, open_ledger

    identity = Identity.of(session.manifest)

    def follow() -> None:
        with open_ledger(session.settings.database or "", identity) as ledger:
            index(session.chain, identity, ledger)

    with rounds_of(follow, LOOK_SECONDS):
        yield


def _show_works(session: Session, documents: Path, works: Path) -> None:
    """Puts the day's works on the board: what their makers said of them, then their files."""
    from dokkaebi.chain.documents import hash_file
    from dokkaebi.cli.board import opened_board

    said = sorted(documents.glob("bafybei*/*.json"))
    files = sorted(path for path in works.iterdir() if path.is_file())
    with opened_board(session) as notices:
        for path in (*said, *files):
            found = hash_file(path)
            # The operator's own: on nobody's quota.
            with notices.receiving(found.cid, found.size, "") as incoming:
                incoming.add(path.read_bytes())
