"""Rounds beside other work."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from dokkaebi import rounds
from dokkaebi.errors import DokkaebiError
from dokkaebi.rounds import rounds_of

SECONDS = 0.01


class Turns:
    """Turns that raise what they are told to, and count; `done` is set after the last."""

    def __init__(self, *raised: Exception | None) -> None:
        self.count, self.done, self._raised = 0, threading.Event(), raised

    def __call__(self) -> None:
        self.count += 1
        if self.count > len(self._raised):
            self.done.set()
            return
        problem = self._raised[self.count - 1]
        if problem is not None:
            raise problem


def played(turns: Callable[[], object], done: threading.Event) -> None:
    with rounds_of(turns, SECONDS):
        assert done.wait(10)


def test_goes_on_after_a_node_was_away(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns(DokkaebiError("rpc_unreachable", url="x", problem="y"), None)
    played(turns, turns.done)
    assert not caplog.records


def test_a_fault_of_ours_is_logged_and_ends_one_turn(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "FAULT_ROUNDS", 2)
    turns = Turns(ZeroDivisionError("nobody thought of it"))
    played(turns, turns.done)
    assert "nobody thought of it" in caplog.text


def test_ends_with_its_block_and_after_its_turn() -> None:
    began, may_end, ended = threading.Event(), threading.Event(), []

    def turn() -> None:
        began.set()
        may_end.wait(10)
        ended.append(True)

    with rounds_of(turn, SECONDS):
        assert began.wait(10)
        threading.Timer(0.05, may_end.set).start()
    assert ended == [True]


def test_ends_when_the_block_raises() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), rounds_of(lambda: None, SECONDS):
        raise KeyError("x")
    assert threading.active_count() == before
