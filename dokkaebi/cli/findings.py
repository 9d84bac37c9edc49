"""How findings are told: a line each, and an exit code that says whether all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dokkaebi.cli.output import EXIT_NO, Result, Session
from dokkaebi.findings import BAD, GOOD, NOTED, SKIPPED, Finding
from dokkaebi.texts import t

MARKS = {GOOD: "✓", BAD: "✗", SKIPPED: "–", NOTED: "·"}


def sentence_of(finding: Finding) -> str:
    """The sentence that a finding is named after."""
    return t(finding.name, **finding.facts)


def tell_findings(
    session: Session,
    findings: Iterable[Finding],
    sentence: Callable[[Finding], str] = sentence_of,
) -> Result:
    """Prints each finding as it comes; exit code 1 if any is bad."""
    told = []
    for finding in findings:
        told.append(finding.as_json())
        if finding.state == BAD:
            session.exit_code = EXIT_NO
        session.print(f"{MARKS[finding.state]} {sentence(finding)}")
    return {"well": session.exit_code == 0, "findings": told}
