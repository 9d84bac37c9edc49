"""The demo's command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dokkaebi.cli.output import EXIT_NO, Result, Session, command
from dokkaebi.texts import t

app = typer.Typer()


@command(app)
def demo(
    session: Session,
    works: Annotated[Path | None, typer.Option(help=t("option_demo_works"))] = None,
    output: Annotated[Path | None, typer.Option(help=t("option_demo_output"))] = None,
) -> Result:
    """Plays a market day."""
    from dokkaebi.config import project_root
    from dokkaebi.demo import play_market_day

    root = project_root()
    outcome = play_market_day(
        works or root / "examples" / "works", output or root / "var" / "demo", session.say
    )
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
    return {
        "folder": str(outcome.folder),
        "trades": outcome.trades,
        "events": outcome.events,
        "balances_match": outcome.balances_match,
    }
