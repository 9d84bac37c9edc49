"""Static analysis of every contract that is deployed, and what we say to each finding.

Slither can't read a Brownie project, so it gets each contract's standard-JSON input. Findings that
lie in libraries alone are their authors'. Each of ours, of whatever level, needs a line in
`findings.toml`; a line that explains nothing fails as well.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.deploy.sources import Sources

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv-prove" / "bin"
WORK = ROOT / "var" / "prove" / "slither"
FINDINGS = Path(__file__).parent / "findings.toml"
SECONDS = 900
OUTPUT = ("abi", "userdoc", "devdoc")
# In place of code, which takes the compiler long and which no detector reads.
NO_CODE = {"object": "", "sourceMap": ""}


@dataclass(frozen=True)
class Triage:
    """Findings by what they are: `check place`, or `check place (n)` of n that read the same."""

    found: int
    unexplained: tuple[str, ...]
    stale: tuple[str, ...]


def triage() -> Triage:
    seen: set[tuple[str, str, str]] = set()
    for path in sorted((ROOT / "contracts").glob("*.sol")):
        seen |= _findings(path.stem)
    counts = Counter(f"{check} {place}" for check, place, _ in seen)
    found = {key if n == 1 else f"{key} ({n})" for key, n in counts.items()}
    explained = _explained()
    return Triage(
        sum(counts.values()), tuple(sorted(found - explained)), tuple(sorted(explained - found))
    )


def _explained() -> set[str]:
    entries = tomllib.loads(FINDINGS.read_text("utf-8"))["accepted"]
    keys = [f"{one['check']} {place}" for one in entries for place in one["places"]]
    if len(keys) != len(set(keys)) or not all(one["reason"].strip() for one in entries):
        raise SystemExit(f"{FINDINGS.name}: a finding is explained twice, or without a reason")
    return set(keys)


def _findings(contract: str) -> set[tuple[str, str, str]]:
    """Check, place and wording of each finding in a contract and all that is ours in it."""
    sources = Sources(ROOT)
    compiler = f"{ROOT}/.solcx/solc-v{sources.version}"
    WORK.mkdir(parents=True, exist_ok=True)
    given, report = WORK / f"{contract}.json", WORK / f"{contract}.report.json"
    report.unlink(missing_ok=True)
    document = dict(sources.compiler_input(contract).document)
    selection = {"*": {"*": list(OUTPUT), "": ["ast"]}}
    document["settings"] = {**document["settings"], "outputSelection": selection}
    given.write_text(json.dumps(document), "utf-8")
    words = ["--compile-force-framework", "Solc-json", "--filter-paths", "node_modules/"]
    done = subprocess.run(
        [
            *(str(BIN / "slither"), str(given), *words),
            *("--solc", str(_answering(compiler, document, contract)), "--json", str(report)),
        ],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    if not report.is_file():
        raise SystemExit(f"slither gave no report of {contract}:\n{done.stderr[-4_000:]}")
    answer = json.loads(report.read_text("utf-8"))
    if not answer["success"]:
        raise SystemExit(f"slither failed at {contract}: {answer['error']}")
    found = {
        (one["check"], _place(one), _wording(one["description"]))
        for one in answer["results"].get("detectors", [])
    }
    return {one for one in found if not _is_our_style(*one[:2])}


def _is_our_style(check: str, place: str) -> bool:
    """Constants, immutables and what reads them are in capitals, which slither wants of none."""
    return check == "naming-convention" and place.split(".")[-1].isupper()


def _answering(compiler: str, document: Any, contract: str) -> Path:
    """A compiler that gives slither what ours said of an input, and empty code."""
    done = subprocess.run(
        [compiler, "--standard-json"],
        input=json.dumps(document),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=True,
    )
    answer = json.loads(done.stdout)
    for contracts in answer["contracts"].values():
        for made in contracts.values():
            made["evm"] = {"bytecode": NO_CODE, "deployedBytecode": NO_CODE}
    said, script = WORK / f"{contract}.solc.json", WORK / f"{contract}.solc"
    said.write_text(json.dumps(answer), "utf-8")
    script.write_text(
        "#!/bin/sh\n"
        f"[ \"$1\" = --version ] && exec '{compiler}' --version\n"
        f"cat > /dev/null\nexec cat '{said}'\n",
        "utf-8",
    )
    script.chmod(0o755)
    return script


def _place(finding: Any) -> str:
    """The function or variable that a finding begins with, or else the file."""
    first = finding["elements"][0] if finding["elements"] else None
    if first is None:
        return "everywhere"
    names = []
    while first is not None and first["type"] in {"function", "variable", "contract", "node"}:
        if first["type"] != "node":
            names.append(first["name"])
        first = first.get("type_specific_fields", {}).get("parent")
    if names:
        return ".".join(reversed(names))
    return str(finding["elements"][0]["source_mapping"]["filename_relative"])


def _wording(description: str) -> str:
    """Without the lines' numbers, which move."""
    return re.sub(r"#\d+(-\d+)?", "", description)
