"""What kills the mutants that the machine lets live: the contract's own tests, on Anvil.

Inside Brownie, this is a pytest plugin that goes through the collected tests once for each mutant,
those first that killed before, until one fails. Outside, `survivors` starts it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "contracts"
ORDER = "DOKKAEBI_MUTANTS"
# Which tests try the mutants of a file; a base's are tried by those of what is made of it.
TESTS = {
    "ArbitrationDesk": ("arbitration_desk",),
    "AuctionHouse": ("auction_house",),
    "CommunityToken": ("community_token",),
    "CreationMarket": ("creation_market",),
    "CreationRegistry": ("creation_registry",),
    "EscrowMarket": ("escrow_market",),
    "RewardPool": ("reward_pool",),
    "Collections": ("creation_market", "auction_house"),
    "Consent": ("escrow_market", "creation_market"),
    "Offices": ("reward_pool",),
    "RewardPurse": ("reward_pool",),
    "Signatures": ("creation_market", "escrow_market"),
    "Stewardship": ("community_token", "reward_pool"),
    "Till": ("escrow_market", "creation_market", "auction_house"),
    "ContentIdentifier": ("creation_registry", "libraries", "arbitration_desk"),
    "TradeTerms": ("escrow_market",),
}
# These measure gas, which woven code has more of.
LEFT_OUT = ("test_gas",)


def survivors(
    file: str,
    artifacts: dict[str, Any],
    functions: Mapping[int, str],
    folder: Path,
    seconds: float,
) -> dict[int, str | None]:
    """Of each mutant the test that killed it, or None. Those that no time was left for are left
    out. `functions`: in which function each mutant is."""
    stem = Path(file).stem
    project = _project(folder, artifacts)
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    codes = {name: made["bytecode"] for name, made in artifacts.items()}
    order = {
        "functions": dict(functions),
        "answer": str(answer),
        "seconds": seconds,
        "codes": codes,
    }
    (folder / "order.json").write_text(json.dumps(order), "utf-8")
    environment = {
        **os.environ,
        "DOKKAEBI_ROOT": str(project),
        "PYTHONPATH": str(project),
        "PYTEST_ADDOPTS": f"-p {__name__} -q",
        ORDER: str(folder / "order.json"),
    }
    places = [f"tests/contracts/{name}" for name in TESTS[stem]]
    with (folder / "brownie.log").open("w", encoding="utf-8") as log:
        subprocess.run(
            # Without the folder of the script on the path, where `brownie` is another file.
            [sys.executable, "-P", "tools/brownie.py", "test", *places, "--network", "anvil-fast"],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds * 1.5 + 600,
            check=False,
        )
    if not answer.is_file():
        raise RuntimeError((folder / "brownie.log").read_text("utf-8")[-3_000:])
    return {int(number): by for number, by in json.loads(answer.read_text("utf-8")).items()}


def _project(folder: Path, artifacts: dict[str, Any]) -> Path:
    """A copy of the project in which the contracts' code is the woven one."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    for name in ("contracts", "interfaces", "tests", "tools", "build", "scripts"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("node_modules", ".solcx", ".venv", "dokkaebi"):
        (project / name).symlink_to((ROOT / name).resolve())
    for name in ("brownie-config.yaml", "networks.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, project / name)
    for name, made in artifacts.items():
        path = project / "build" / "contracts" / f"{name}.json"
        built = json.loads(path.read_text("utf-8"))
        built |= {key: made[key] for key in ("bytecode", "deployedBytecode")}
        path.write_text(json.dumps(built), "utf-8")
    anvil = project / "tools" / "bin" / "anvil"
    anvil.write_text(anvil.read_text("utf-8").rstrip() + " --disable-code-size-limit\n", "utf-8")
    return project


# The plugin


def pytest_collection_modifyitems(items: list[Any]) -> None:
    items[:] = [item for item in items if item.path.stem not in LEFT_OUT]


def pytest_runtestloop(session: Any) -> bool | None:
    """Goes through the tests for each mutant. In place of pytest's own way."""
    from time import monotonic

    if ORDER not in os.environ:
        return None
    order = json.loads(Path(os.environ[ORDER]).read_text("utf-8"))
    for name, code in order["codes"].items():
        built = json.loads(Path(f"build/contracts/{name}.json").read_text("utf-8"))
        # Where a source is newer than its artifact, Brownie compiles, and no mutant is left.
        assert built["bytecode"] == code, f"{name} was compiled anew; run 'make setup' first"
    until = monotonic() + order["seconds"]
    kills: Counter[str] = Counter()
    _switch(0)
    broken = set(_failing(session, session.items, at_first=False))
    items = [item for item in session.items if item.nodeid not in broken]
    print(f"{len(items)} tests, {len(broken)} left out: {sorted(broken)}", flush=True)
    answers: dict[int, str | None] = {}
    for name, function in order["functions"].items():
        if monotonic() > until:
            break
        number = int(name)
        _switch(number)
        sorted_items = sorted(items, key=lambda item: _rank(item, kills, _words(function)))
        found = _failing(session, sorted_items, at_first=True)
        answers[number] = found[0] if found else None
        if found:
            kills[found[0]] += 1
            kills[found[0].split("::")[0]] += 1
        print(number, answers[number], flush=True)
        Path(order["answer"]).write_text(json.dumps(answers), "utf-8")
    return True


def _rank(item: Any, kills: Counter[str], function: set[str]) -> tuple[int, int, str, int]:
    """Modules that are named like the function first, then those that killed most."""
    module = item.nodeid.split("::")[0]
    alike = len(function & _words(item.path.stem))
    return (-alike, -kills[module], module, -kills[item.nodeid])


def _words(name: str) -> set[str]:
    """Words of a function's or a module's name, by which `settleFor` and `test_settle` meet."""
    words = re.findall(r"[a-z]+|[A-Z][a-z]*", name)
    return {word.lower()[:5] for word in words} - {"test", "for", "of"}


def _switch(number: int) -> None:
    from brownie import web3

    web3.provider.make_request("anvil_setCoinbase", [f"0x{number:040x}"])


def _failing(session: Any, items: list[Any], *, at_first: bool) -> list[str]:
    """Names of tests that fail; the first alone if asked so."""
    from _pytest.runner import runtestprotocol

    found = []
    for at, item in enumerate(items):
        following = items[at + 1] if at + 1 < len(items) else None
        reports = runtestprotocol(item, log=False, nextitem=following)
        if any(report.failed for report in reports):
            found.append(item.nodeid)
            if at_first:
                session._setupstate.teardown_exact(None)
                break
    return found
