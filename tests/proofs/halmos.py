"""Symbolic proofs: each `check_…` of `tests/proofs/*.sol`, for every value of its parameters.

Halmos reads what Foundry's compiler leaves behind. Ours leaves the same, so that what is proved is
what the project's own compiler makes under the project's own settings.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.deploy.sources import Sources

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("tests/proofs")
BIN = ROOT / ".venv-prove" / "bin"
WORK = ROOT / "var" / "prove" / "halmos"
SECONDS = 1_800
PATIENCE = ("--solver-timeout-assertion", "600s")
OUTPUT = (
    "abi",
    "metadata",
    "storageLayout",
    "evm.bytecode",
    "evm.deployedBytecode",
    "evm.methodIdentifiers",
)
# What halmos' exit codes say.
VERDICTS = {0: "proved", 1: "counterexample", 2: "no answer in time", 4: "reverts always"}


@dataclass(frozen=True)
class Proof:
    """What became of one `check_…`. `seconds`: of halmos alone."""

    contract: str
    name: str
    verdict: str
    paths: int
    seconds: float

    @property
    def holds(self) -> bool:
        return self.verdict == "proved"


def proofs(only: str = "") -> Iterator[Proof]:
    """Compiles and proves all, contract by contract, or one of them."""
    names = [only] if only else sorted(path.stem for path in (ROOT / FOLDER).glob("*Proof.sol"))
    for name in names:
        shutil.rmtree(WORK / name, ignore_errors=True)
    with ThreadPoolExecutor(1) as ahead:
        for name, compiled in [(name, ahead.submit(_compile, name)) for name in names]:
            compiled.result()
            yield from _prove(name)


def _compile(name: str) -> None:
    path = (FOLDER / f"{name}.sol").as_posix()
    sources = Sources(ROOT)
    given = {place: {"content": text} for place, text in sources.needed(path).items()}
    settings = dict(sources.compiler_input("EscrowMarket").document["settings"])
    # Code of what is deployed, and of nothing else, since it takes long.
    wanted = [path, *(place for place in given if place.startswith("contracts/"))]
    settings["outputSelection"] = {
        "*": {"": ["ast"]},
        **{place: {"*": list(OUTPUT)} for place in wanted},
    }
    document = {"language": "Solidity", "sources": given, "settings": settings}
    compiler = ROOT / ".solcx" / f"solc-v{sources.version}"
    done = subprocess.run(
        [str(compiler), "--standard-json"],
        input=json.dumps(document),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=True,
    )
    answer = json.loads(done.stdout)
    for problem in answer.get("errors", []):
        if problem["severity"] == "error":
            raise SystemExit(problem["formattedMessage"])
    for place, contracts in answer["contracts"].items():
        folder = WORK / name / "out" / Path(place).name
        folder.mkdir(parents=True, exist_ok=True)
        for contract, made in contracts.items():
            artifact = _foundry(made, answer["sources"][place])
            (folder / f"{contract}.json").write_text(json.dumps(artifact), "utf-8")


def _foundry(made: Any, source: Any) -> dict[str, Any]:
    """A contract as Foundry writes it down."""
    code = {
        kind: {**made["evm"][kind], "object": "0x" + made["evm"][kind]["object"]}
        for kind in ("bytecode", "deployedBytecode")
    }
    return {
        **{key: made[key] for key in ("abi", "storageLayout")},
        **code,
        "methodIdentifiers": made["evm"]["methodIdentifiers"],
        "metadata": json.loads(made["metadata"] or '{"compiler": {"version": ""}}'),
        "ast": source["ast"],
        "id": source["id"],
    }


def _prove(name: str) -> Iterator[Proof]:
    folder = WORK / name
    # Halmos asks for `forge build` first; what that would leave is there already.
    forge = folder / "bin" / "forge"
    forge.parent.mkdir()
    forge.write_text("#!/bin/sh\n", "utf-8")
    forge.chmod(0o755)
    report = folder / "report.json"
    path = os.pathsep.join([str(forge.parent), str(BIN), os.environ["PATH"]])
    words = ["--root", str(folder), "--contract", name, "--json-output", str(report)]
    with (folder / "halmos.log").open("w", encoding="utf-8") as log:
        subprocess.run(
            [str(BIN / "halmos"), *words, "--no-status", "--solver-threads", "1", *PATIENCE],
            env={**os.environ, "PATH": path, "COLUMNS": "200"},
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    if not report.is_file():
        sys.stderr.write((folder / "halmos.log").read_text("utf-8")[-4_000:])
        raise SystemExit(f"halmos gave no report of {name}")
    for tests in json.loads(report.read_text("utf-8"))["test_results"].values():
        yield from (_proof(name, test) for test in tests)


def _proof(contract: str, test: Any) -> Proof:
    verdict = VERDICTS.get(test["exitcode"], "failed")
    if verdict == "proved" and test["num_bounded_loops"]:
        # Halmos warns and passes; what it left out is no proof.
        verdict = "loops not followed to their end"
    total = (test["num_paths"] or [0])[0]
    seconds = (test["time"] or [0.0])[0]
    return Proof(contract, test["name"].split("(")[0], verdict, total, seconds)
