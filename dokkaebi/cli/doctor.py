"""The command that looks whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dokkaebi.cli.findings import tell_findings
from dokkaebi.cli.output import DATABASE, NODE, Result, Session, command
from dokkaebi.findings import Finding
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

app = typer.Typer()


@command(app, NODE, DATABASE)
def doctor(session: Session) -> Result:
    from dokkaebi.doctor import Doctor

    def key(chain_id: int) -> Signer:
        return session.account

    return tell_findings(session, Doctor(session.settings, key).look(), _sentence)


def _sentence(finding: Finding) -> str:
    """What a person reads; a problem that was said elsewhere is said as it was."""
    title, facts = t(f"doctor_{finding.name}"), finding.facts
    if "problem" in facts:
        return f"{title}: {facts['problem']}"
    if finding.state == "skipped":
        return f"{title}: {t('doctor_without_' + str(facts['why']))}"
    return f"{title}: {t(f'doctor_{finding.name}_{finding.state}', **facts)}"
