"""The command that looks whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from dokkaebi.cli.output import DATABASE, EXIT_NO, NODE, Result, Session, command
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

app = typer.Typer()
MARKS = {"good": "✓", "bad": "✗", "skipped": "–"}


@command(app, NODE, DATABASE)
def doctor(session: Session) -> Result:
    from dokkaebi.doctor import BAD, Doctor

    def key(chain_id: int) -> Signer:
        return session.account

    findings = []
    for one in Doctor(session.settings, key).look():
        findings.append({"check": one.name, "state": one.state, **one.facts})
        if one.state == BAD:
            session.exit_code = EXIT_NO
        session.print(f"{MARKS[one.state]} {_sentence(one.name, one.state, one.facts)}")
    return {"well": session.exit_code == 0, "findings": findings}


def _sentence(name: str, state: str, facts: dict[str, Any]) -> str:
    """What a person reads; a problem that was said elsewhere is said as it was."""
    if "problem" in facts:
        return f"{t(f'doctor_{name}')}: {facts['problem']}"
    if state == "skipped":
        return f"{t(f'doctor_{name}')}: {t('doctor_without_' + str(facts['why']))}"
    key = f"doctor_{name}_{state}"
    return f"{t(f'doctor_{name}')}: {t(key, **facts)}"
