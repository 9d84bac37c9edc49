"""What kills the mutants that the machine lets live: the contract's own tests, on Anvil.

Inside Brownie, this is a pytest plugin. It looks which test comes to which mutants' places; and
it goes, for each mutant, through the tests that come to its place, those first that killed before,
until one fails. Outside, `places_reached` and `survivors` start it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.weave import numbers_in

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
SENDING, RECEIPT = "eth_sendTransaction", "eth_getTransactionReceipt"
ACCOUNTS_SEEN = {"tracer": "prestateTracer"}
# For one round through the tests, however busy the machine is.
ROUND_SECONDS = 3_600.0


def places_reached(
    file: str, artifacts: dict[str, Any], folder: Path
) -> dict[str, set[int] | None]:
    """By test, which mutants' places it comes to; None where that can't be told, since it fails.
    `artifacts`: woven to be looked at."""
    order = {"codes": _codes(artifacts)}
    answer = _brownie(file, artifacts, folder, order, "looked at", ROUND_SECONDS)
    return {name: None if places is None else set(places) for name, places in answer.items()}


def survivors(
    file: str,
    artifacts: dict[str, Any],
    functions: Mapping[int, str],
    tests: Mapping[int, list[str]],
    folder: Path,
    seconds: float,
) -> dict[int, str | None]:
    """Of each mutant the test that killed it, or None. Those that no time was left for are left
    out. `functions`: in which function each mutant is. `tests`: which come to its place."""
    order = {
        "codes": _codes(artifacts),
        "seconds": seconds,
        "mutants": {number: [functions[number], tests[number]] for number in functions},
    }
    answer = _brownie(file, artifacts, folder, order, "tried", seconds * 1.5 + ROUND_SECONDS)
    return {int(number): by for number, by in answer.items()}


def _codes(artifacts: dict[str, Any]) -> dict[str, str]:
    return {name: made["bytecode"] for name, made in artifacts.items()}


def _brownie(
    file: str, artifacts: dict[str, Any], folder: Path, order: Any, name: str, seconds: float
) -> Any:
    """Lets Brownie carry an order out; the answer."""
    project = _project(folder, artifacts)
    answer, log_path = folder / f"{name}.json", folder / f"{name}.log"
    answer.unlink(missing_ok=True)
    (folder / "order.json").write_text(json.dumps({**order, "answer": str(answer)}), "utf-8")
    environment = {
        **os.environ,
        "DOKKAEBI_ROOT": str(project),
        "PYTHONPATH": str(project),
        "PYTEST_ADDOPTS": f"-p {__name__} -q",
        ORDER: str(folder / "order.json"),
    }
    places = [f"tests/contracts/{name}" for name in TESTS[Path(file).stem]]
    with log_path.open("w", encoding="utf-8") as log:
        subprocess.run(
            # Without the folder of the script on the path, where `brownie` is another file.
            [sys.executable, "-P", "tools/brownie.py", "test", *places, "--network", "anvil-fast"],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    if not answer.is_file():
        raise RuntimeError(log_path.read_text("utf-8")[-3_000:])
    return json.loads(answer.read_text("utf-8"))


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
    """Carries an order out. In place of pytest's own way."""
    if ORDER not in os.environ:
        return None
    order = json.loads(Path(os.environ[ORDER]).read_text("utf-8"))
    for name, code in order["codes"].items():
        built = json.loads(Path(f"build/contracts/{name}.json").read_text("utf-8"))
        # Where a source is newer than its artifact, Brownie compiles, and no mutant is left.
        assert built["bytecode"] == code, f"{name} was compiled anew; run 'make setup' first"
    answer = Path(order["answer"])
    if "mutants" in order:
        _try_all(session, order, answer)
    else:
        answer.write_text(json.dumps(_look(session)), "utf-8")
    return True


# Which test comes to which places


class Looking:
    """Notes which accounts the node looked at, whoever asked: by a test, or by a fixture that is
    there for more tests than one."""

    def __init__(self) -> None:
        # By scope: where fixtures came to that stand for the whole session or module.
        self.by_scope: dict[str, set[int]] = {"session": set(), "package": set(), "module": set()}
        self.here: set[int] = set()
        self.sent: set[str] = set()
        self.untold = False

    def begin(self) -> None:
        """Another test."""
        self.here, self.sent, self.untold = set(), set(), False

    def watch(self) -> None:
        from tests.contracts.brisk import Line

        ask = Line._ask

        def watched(line: Any, method: str, params: Any) -> Any:
            answer = ask(line, method, params)
            failed = "error" in answer
            if method == "eth_call" or (failed and method in {"eth_estimateGas", SENDING}):
                self._note(ask(line, "debug_traceCall", [params[0], "latest", ACCOUNTS_SEEN]))
            elif method == SENDING:
                self.sent.add(answer["result"])
            elif method == RECEIPT and answer["result"] and params[0] in self.sent:
                # Before it is in a block, there is nothing to be told.
                self.sent.remove(params[0])
                self._note(ask(line, "debug_traceTransaction", [params[0], ACCOUNTS_SEEN]))
            return answer

        Line._ask = watched

    def _note(self, seen: Any) -> None:
        self.untold |= "error" in seen
        self.here |= numbers_in(seen.get("result", ()))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before, self.here = self.here, set()
        yield
        if fixturedef.scope in self.by_scope:
            self.by_scope[fixturedef.scope] |= self.here
        else:
            before |= self.here
        self.here = before


def _look(session: Any) -> dict[str, list[int] | None]:
    looking = Looking()
    looking.watch()
    session.config.pluginmanager.register(looking)
    found: dict[str, list[int] | None] = {}
    module, of_module = None, dict[str, set[int]]()
    for at, item in enumerate(session.items):
        if item.path != module:
            module, looking.by_scope["module"] = item.path, set()
        looking.begin()
        following = session.items[at + 1] if at + 1 < len(session.items) else None
        passed = _passes(item, following)
        told = passed and not looking.untold and not looking.sent
        found[item.nodeid] = sorted(looking.here) if told else None
        of_module[item.nodeid.split("::")[0]] = looking.by_scope["module"]
    everywhere = looking.by_scope["session"] | looking.by_scope["package"]
    for name, places in found.items():
        if places is not None:
            found[name] = sorted({*places, *everywhere, *of_module[name.split("::")[0]]})
    return found


# Which test kills which mutant


def _try_all(session: Any, order: Any, answer: Path) -> None:
    from time import monotonic

    until = monotonic() + order["seconds"]
    kills: Counter[str] = Counter()
    sound: dict[str, bool] = {}
    answers: dict[int, str | None] = {}
    for name, (function, tests) in order["mutants"].items():
        if monotonic() > until:
            break
        number = int(name)
        _switch(number)
        coming = set(tests)
        items = [item for item in session.items if item.nodeid in coming]
        items.sort(key=lambda item: _rank(item, kills, _words(function)))
        killer = _first_failing(session, items, number, sound)
        answers[number] = killer
        if killer:
            kills[killer] += 1
            kills[killer.split("::")[0]] += 1
        print(number, killer, f"of {len(items)}", flush=True)
        answer.write_text(json.dumps(answers), "utf-8")


def _first_failing(
    session: Any, items: list[Any], number: int, sound: dict[str, bool]
) -> str | None:
    """The first test that fails because of the mutant. `sound`: which pass with all mutants off."""
    for at, item in enumerate(items):
        if not sound.get(item.nodeid, True):
            continue
        if _passes(item, items[at + 1] if at + 1 < len(items) else None):
            continue
        session._setupstate.teardown_exact(None)
        if item.nodeid not in sound:
            _switch(0)
            sound[item.nodeid] = _passes(item, None)
            _switch(number)
        if sound[item.nodeid]:
            return str(item.nodeid)
    return None


def _passes(item: Any, following: Any) -> bool:
    from _pytest.runner import runtestprotocol

    return not any(one.failed for one in runtestprotocol(item, log=False, nextitem=following))


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
