"""`make prove`: symbolic proofs (halmos), static analysis (slither), lint (solhint).

    python -m tests.proofs [halmos] [slither] [solhint] [TillProof]

All three unless some are named; of the proofs all, or those of one contract. Ends with 1 if
anything isn't proved or explained.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.proofs import halmos, slither

TOOLS = ("halmos", "slither", "solhint")
SOLIDITY = ("contracts/*.sol", "contracts/{base,libraries}/**/*.sol", "interfaces/**/*.sol")


def run_halmos(console: Console, only: str = "") -> tuple[str, bool]:
    found = []
    for proof in halmos.proofs(only):
        mark = "ok     " if proof.holds else "not ok "
        what = "" if proof.holds else f": {proof.verdict}"
        console.print(f"{mark} {proof.contract} {proof.name}{what}", highlight=False)
        found.append(proof)
    proved = sum(proof.holds for proof in found)
    return f"{proved} of {len(found)} proved", bool(found) and proved == len(found)


def run_slither(console: Console) -> tuple[str, bool]:
    triage = slither.triage()
    for finding in triage.unexplained:
        console.print(f"not ok  {finding}", highlight=False)
    for stale in triage.stale:
        console.print(f"not ok  explained, but not found: {stale}", highlight=False)
    text = f"{triage.found} findings, {len(triage.unexplained)} unexplained"
    if triage.stale:
        text += f", {len(triage.stale)} explanations of nothing"
    return text, not triage.unexplained and not triage.stale


def run_solhint(console: Console) -> tuple[str, bool]:
    command = ["node_modules/.bin/solhint", "--max-warnings", "0", "--noPoster", *SOLIDITY]
    done = subprocess.run(command, cwd=slither.ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        console.print(done.stdout + done.stderr, highlight=False)
    return "nothing" if done.returncode == 0 else "findings", done.returncode == 0


def main(arguments: list[str]) -> int:
    only = next((word for word in arguments if word.endswith("Proof")), "")
    chosen = [word for word in arguments if word != only] or (["halmos"] if only else list(TOOLS))
    if unknown := set(chosen) - set(TOOLS):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(TOOLS)}")
    console = Console(width=100)
    runs = {
        "halmos": partial(run_halmos, only=only),
        "slither": run_slither,
        "solhint": run_solhint,
    }
    table = Table("tool", "found", "")
    good = True
    for tool in chosen:
        text, right = runs[tool](console)
        table.add_row(tool, text, "ok" if right else "NOT OK")
        good = good and right
    console.print(table)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
