"""Reading ahead, by a thread and by a process: the same batches, the same errors, no rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.rpc import RpcRefused, RpcUnreachable
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import ahead
from dokkaebi.ledger.index import index
from dokkaebi.ledger.proof import NodeContradictsItself
from dokkaebi.ledger.store import Batch, Cursor, Identity, open_ledger
from tests.dokkaebi.ledger.engines import contents
from tests.dokkaebi.ledger.market_day import Day

WAYS = [ahead.by_thread, ahead.by_process]
Way = Callable[[Callable[[], Iterator[ahead.Read]]], Iterator[ahead.Read]]


def batch(number: int) -> ahead.Read:
    events = [(number, 0, "0x12", 0, "0x34", "CommunityToken", None, "", "0x")]
    cursor = Cursor(number, f"0x{number:064x}", number, 0)
    return f"0x{number - 1:064x}", Batch(cursor, events=events, named={"0x34": number})


def children() -> set[str]:
    """This process's children, those that nobody waited for included."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("way", WAYS)
def test_all_batches_come_in_order(way: Way) -> None:
    wanted = [batch(number) for number in range(1, 30)]
    assert list(way(lambda: iter(wanted))) == wanted
    assert list(way(lambda: iter([]))) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "problem",
    [
        DokkaebiError("ledger_chain_moves", block=5, problem="…"),
        RpcRefused("eth_getLogs", -32005, "too many results", "0x"),
        RpcUnreachable("rpc_timeout", url="http://x", seconds=30),
        NodeContradictsItself("block 5 isn't there"),
        KeyError("unforeseen"),
    ],
)
def test_errors_come_after_what_was_read(way: Way, problem: Exception) -> None:
    def read() -> Iterator[ahead.Read]:
        yield batch(1)
        raise problem

    found = way(read)
    assert next(found) == batch(1)
    with pytest.raises(type(problem)) as seen:
        next(found)
    assert str(seen.value) == str(problem)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_goes_on_reading_for_a_caller_who_left(way: Way, tmp_path: Path) -> None:
    mark = tmp_path / "read"

    def read() -> Iterator[ahead.Read]:
        for number in range(1, 10_000):
            mark.write_text(str(number))
            yield batch(number)

    before = children()
    found = way(read)
    next(found)
    found.close()  # type: ignore[attr-defined]
    seen = mark.read_text()
    time.sleep(0.3)
    assert mark.read_text() == seen
    assert children() == before


def test_a_caller_who_left_does_not_wait_for_the_node() -> None:
    def read() -> Iterator[ahead.Read]:
        yield batch(1)
        time.sleep(60)

    found = ahead.by_process(read)
    next(found)
    began = time.monotonic()
    found.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_killed_reader_is_noticed(when: str) -> None:
    def read() -> Iterator[ahead.Read]:
        if when == "between":
            yield batch(1)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(DokkaebiError) as seen:
        list(ahead.by_process(read))
    assert seen.value.key == "reader_ended"


def test_both_ways_make_the_same_ledger(
    day: Day, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def seen(way: Way) -> Way:
        def run(read: Any) -> Iterator[ahead.Read]:
            used.append(way)
            return way(read)

        return run

    for way in WAYS:
        monkeypatch.setattr(ahead, way.__name__, seen(way))
    for name, blocks in (("thread", 10**9), ("process", 1)):
        monkeypatch.setattr(ahead, "FORK_FROM_BLOCKS", blocks)
        with open_ledger(tmp_path / name, identity) as ledger:
            index(day.chain, identity, ledger)
    assert used == WAYS
    assert contents(tmp_path / "thread", identity) == contents(tmp_path / "process", identity)


PROGRAM = """
import os, sys, time
from pathlib import Path
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.ledger import ahead
from dokkaebi.ledger.store import Identity, open_ledger

def read():
    Path("child").write_text(str(os.getpid()))
    time.sleep(60)
    yield

with open_ledger(Path("l"), Identity.of(load_manifest(Path("m.json")))):
    list(ahead.by_process(read))
"""


def test_the_ledgers_lock_dies_with_the_parent_alone(
    day: Day, identity: Identity, tmp_path: Path
) -> None:
    """The reader lives on for a moment, but holds nothing."""
    save_manifest(tmp_path / "m.json", day.manifest())
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project_root())},
    )
    child = tmp_path / "child"
    while not (child.exists() and child.read_text()):
        time.sleep(0.02)
    with pytest.raises(DokkaebiError, match="Another"), open_ledger(tmp_path / "l", identity):
        pass
    process.kill()
    process.wait()
    os.kill(int(child.read_text()), 0)
    with open_ledger(tmp_path / "l", identity) as ledger:
        assert ledger.cursor() is None
    os.kill(int(child.read_text()), signal.SIGKILL)
