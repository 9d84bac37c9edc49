"""What kills mutants of Python: the module's own tests, in a fork of one process that has imported
everything and set up what lasts.

Inside pytest, this is a plugin that goes in a fork, for each mutant, through the tests that call
its function, those first that killed before, until one fails. Outside, `survivors` starts it.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

import pytest

from tests.mutation.forked import answer_of, patience
from tests.mutation.mutants import Mutant
from tests.mutation.python_mutants import python_mutants, switch_on

ROOT = Path(__file__).resolve().parents[2]
ORDER = "DOKKAEBI_PYTHON_MUTANTS"
# Which tests try the mutants of a module on which money depends.
MODULES = {
    "dokkaebi/portal/scoring.py": ("portal/test_scoring.py", "portal/test_epoch.py"),
    "dokkaebi/portal/tree.py": ("portal/test_epoch.py", "chain/test_reward_pool.py"),
    "dokkaebi/portal/epoch.py": ("portal/test_epoch.py", "portal/test_commands.py"),
    "dokkaebi/portal/rules.py": ("portal/test_rules.py",),
    "dokkaebi/sponsor/books.py": ("sponsor/test_books.py", "sponsor/test_relay.py"),
    "dokkaebi/chain/assets.py": ("chain/test_assets.py",),
    "dokkaebi/ledger/reports/statement.py": ("ledger/test_statement.py",),
    # Those that need no market of their own.
    "dokkaebi/ledger/reports/balance.py": (
        "ledger/test_balance.py::test_the_days_books_balance",
        "ledger/test_balance.py::test_every_changed_figure_is_named",
    ),
}
# Of a fork, without a mutant: the most that it may take, and the most memory.
SECONDS, BYTES = 900.0, 6 << 30


def mutants_in(file: str) -> list[Mutant]:
    """All mutants of a module."""
    return python_mutants(file, (ROOT / file).read_text("utf-8"))


def survivors(file: str, keys: Sequence[str], folder: Path) -> dict[str, str | None]:
    """Of each mutant the test that killed it, or None; "" of one that can't be switched on."""
    folder.mkdir(parents=True, exist_ok=True)
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    order = {"file": file, "keys": list(keys), "answer": str(answer)}
    (folder / "order.json").write_text(json.dumps(order), "utf-8")
    places = [f"tests/dokkaebi/{name}" for name in MODULES[file]]
    options = ("-q", "-p", "no:pytest-brownie", "-p", "no:cacheprovider", "-p", __name__)
    with (folder / "pytest.log").open("w", encoding="utf-8") as log:
        subprocess.run(
            [sys.executable, "-m", "pytest", *options, *places],
            cwd=ROOT,
            env={**os.environ, ORDER: str(folder / "order.json"), "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not answer.is_file():
        raise RuntimeError((folder / "pytest.log").read_text("utf-8")[-3_000:])
    found: dict[str, str | None] = json.loads(answer.read_text("utf-8"))
    return found


# The plugin


class Calls:
    """Which of a module's functions each test calls; what lasting fixtures call, all do."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.by_test: dict[str, set[str]] = {}
        self.by_all: set[str] = set()
        self._here: set[str] = set()

    def come_to(self, function: str, item: Any) -> bool:
        called = self.by_test[item.nodeid] | self.by_all
        return any(f"{one}.".startswith(f"{function}.") for one in called)

    @contextmanager
    def of(self, item: Any) -> Iterator[None]:
        self._here = self.by_test[item.nodeid] = set()
        sys.setprofile(self._note)
        threading.setprofile(self._note)
        yield
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename == self.path:
            self._here.add(frame.f_code.co_qualname)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before = self._here
        if fixturedef.scope != "function":
            self._here = self.by_all
        yield
        self._here = before


def pytest_runtestloop(session: Any) -> bool | None:
    """Goes through the tests for each mutant. In place of pytest's own way."""
    if ORDER not in os.environ:
        return None
    order = json.loads(Path(os.environ[ORDER]).read_text("utf-8"))
    file, wanted = order["file"], set(order["keys"])
    text = (ROOT / file).read_text("utf-8")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    items = list(session.items)
    calls = Calls(str(ROOT / file))
    session.config.pluginmanager.register(calls)
    assert _failing(items, items[0], calls) is None, "the tests fail without a mutant"
    begun = monotonic()
    said = _in_fork(items, lambda: True, SECONDS)
    longest = patience(monotonic() - begun)
    assert said is None, f"in a fork, without a mutant: {said}"
    kills: Counter[str] = Counter()
    answers: dict[str, str | None] = {}
    for one in mutants_in(file):
        if one.key not in wanted:
            continue
        calling = [item for item in items if calls.come_to(one.function, item)]
        calling.sort(key=lambda item: -kills[item.nodeid])
        found = None
        if calling:
            found = _in_fork(calling, lambda one=one: switch_on(module, text, one), longest)
        answers[one.key] = found
        if found:
            kills[found] += 1
        print(one.key, "=>", found, f"of {len(calling)}", flush=True)
        Path(order["answer"]).write_text(json.dumps(answers), "utf-8")
    return True


def _in_fork(items: list[Any], prepare: Callable[[], bool], seconds: float) -> str | None:
    """The test that fails in a fork, None if none does, "" if it couldn't be prepared."""
    said: str | None = answer_of(_child, items, prepare, seconds=seconds)
    return said


def _child(items: list[Any], prepare: Callable[[], bool], answer: Connection) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # One that never ends may take memory instead of time.
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    if not prepare():
        answer.send("")
    else:
        items[0].session._setupstate.teardown_exact(items[0])
        answer.send(_failing(items, items[-1]))
    # What lasts is the parent's to take down.
    os._exit(0)


def _failing(items: list[Any], following: Any, calls: Calls | None = None) -> str | None:
    """The first test that fails. What lasts stays for whatever follows."""
    from _pytest.runner import runtestprotocol

    for at, item in enumerate(items):
        with calls.of(item) if calls else nullcontext():
            reports = runtestprotocol(
                item, log=False, nextitem=items[at + 1] if at + 1 < len(items) else following
            )
        if any(report.failed for report in reports):
            return str(item.nodeid)
    return None
