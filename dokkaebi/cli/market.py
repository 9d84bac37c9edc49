"""The market's commands: publish, offer, cancel, buy, fund, ship, confirm, refund, claim-timeout, withdraw, show, verify."""

from __future__ import annotations

import typer

from dokkaebi.cli.output import NODE, Result, Session, command

app = typer.Typer()


@command(app, NODE)
def show(session: Session) -> Result:
    session.print(str(session.suite))
    return {"a": 1}
