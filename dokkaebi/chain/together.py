"""Many questions about a chain at once: whoever asks is written as if alone, and the requests of
all of them travel together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.chain.suite import Suite
from dokkaebi.errors import DokkaebiError

T = TypeVar("T")
ASKERS_MAX = 64


def ask_together(suite: Suite, tasks: Sequence[Callable[[Suite], T]]) -> list[T | DokkaebiError]:
    """What tasks return, or the DokkaebiErrors that they raise, in order. Each runs in a thread of
    its own; once all of them wait for the node, it is asked for everything in one batch. The same
    question is asked once. Other exceptions are raised, the first one's."""
    found: list[Any] = [None] * len(tasks)
    for first in range(0, len(tasks), ASKERS_MAX):
        group = tasks[first : first + ASKERS_MAX]
        found[first : first + len(group)] = _Party(suite, len(group)).run(group)
    return found


class _Party:
    """Tasks that ask in rounds. `_running`: those that don't wait for an answer."""

    def __init__(self, suite: Suite, size: int) -> None:
        self._suite = suite
        self._running = size
        self._asked = threading.Condition()
        self._wanted: dict[bytes, tuple[str, Sequence[Any]]] = {}
        self._known: dict[bytes, Any] = {}
        self._waiting = 0

    def run(self, tasks: Sequence[Callable[[Suite], T]]) -> list[Any]:
        """All tasks to their end."""
        found: list[Any] = [None] * len(tasks)
        suite = self._suite.asked_through(_PartyChain(self._suite.chain, self))

        def work(number: int, task: Callable[[Suite], T]) -> None:
            try:
                found[number] = task(suite)
            except BaseException as problem:
                found[number] = problem
            finally:
                self._leave()

        threads = [threading.Thread(target=work, args=entry) for entry in enumerate(tasks)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in found:
            if isinstance(result, BaseException) and not isinstance(result, DokkaebiError):
                raise result
        return found

    def ask(self, method: str, params: Sequence[Any]) -> Any:
        """One task's question; waits until its round is answered."""
        key = orjson.dumps([method, list(params)])
        with self._asked:
            if key not in self._known:
                self._wanted[key] = (method, params)
                self._running -= 1
                self._waiting += 1
                self._send_if_all_wait()
                self._asked.wait_for(lambda: key in self._known)
            answer = self._known[key]
        if isinstance(answer, DokkaebiError):
            raise answer
        return answer

    def _leave(self) -> None:
        with self._asked:
            self._running -= 1
            self._send_if_all_wait()

    def _send_if_all_wait(self) -> None:
        if self._running or not self._wanted:
            return
        keys = list(self._wanted)
        try:
            answers = self._suite.chain.raw_each([self._wanted[key] for key in keys])
        except DokkaebiError as problem:
            answers = [problem] * len(keys)
        self._known.update(zip(keys, answers, strict=True))
        self._wanted.clear()
        self._running, self._waiting = self._waiting, 0
        self._asked.notify_all()


class _PartyChain(Chain):
    """The chain as a task of a party sees it."""

    def __init__(self, chain: Chain, party: _Party) -> None:
        super().__init__(chain.url)
        # Asked already, and for ever the same.
        self.__dict__.update(chain_id=chain.chain_id, genesis_hash=chain.genesis_hash)
        self._party = party

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        """A question that waits for those of the others."""
        return self._party.ask(method, params)

    def raw_batch(self, requests: Any) -> list[Any]:
        """Questions one after the other: each travels with others' anyway."""
        return [self.raw(*request) for request in requests]

    def raw_each(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The same, with refusals in place."""
        return [self._outcome(*request) for request in requests]

    def _outcome(self, method: str, params: Sequence[Any]) -> Any:
        try:
            return self.raw(method, params)
        except RpcRefused as refusal:
            return refusal
