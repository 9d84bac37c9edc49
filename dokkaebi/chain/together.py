"""Many questions about a chain at once: whoever asks is written as if alone, and the requests of
all of them travel together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson
from greenlet import getcurrent, greenlet

from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.chain.suite import Suite
from dokkaebi.errors import DokkaebiError

T = TypeVar("T")
ASKERS_MAX = 64


def ask_together(suite: Suite, tasks: Sequence[Callable[[Suite], T]]) -> list[T | DokkaebiError]:
    """What tasks return, or the DokkaebiErrors that they raise, in order. They take turns: each
    goes on until it asks the node, and once all of them wait for it, it is asked for everything in
    one batch. The same question is asked once. Other exceptions are raised, the first one's."""
    found: list[Any] = []
    for first in range(0, len(tasks), ASKERS_MAX):
        found += _play(suite, tasks[first : first + ASKERS_MAX])
    return found


class _Question(NamedTuple):
    """What a task wants to know, and its text, by which the same one is known again."""

    text: bytes
    method: str
    params: Sequence[Any]


def _play(suite: Suite, tasks: Sequence[Callable[[Suite], T]]) -> list[T | DokkaebiError]:
    known: dict[bytes, Any] = {}
    asking = suite.asked_through(_PartyChain(suite.chain, known))
    askers = [greenlet(_outcome) for _ in tasks]
    # A question of each that waits, and the outcome of each that came to its end.
    said: list[Any] = [
        asker.switch(task, asking) for asker, task in zip(askers, tasks, strict=True)
    ]
    while waiting := [number for number, asker in enumerate(askers) if not asker.dead]:
        wanted = list({said[number].text: said[number] for number in waiting}.values())
        try:
            answers = suite.chain.raw_each([(one.method, one.params) for one in wanted])
        except DokkaebiError as problem:
            answers = [problem] * len(wanted)
        known.update(zip((one.text for one in wanted), answers, strict=True))
        for number in waiting:
            said[number] = askers[number].switch()
    for result in said:
        if isinstance(result, BaseException) and not isinstance(result, DokkaebiError):
            raise result
    return said


def _outcome(task: Callable[[Suite], T], suite: Suite) -> T | BaseException:
    try:
        return task(suite)
    except BaseException as problem:
        return problem


class _PartyChain(Chain):
    """The chain as a task sees it, which goes back to whoever made it to wait. `known`: what was
    answered so far."""

    def __init__(self, chain: Chain, known: dict[bytes, Any]) -> None:
        super().__init__(chain.url)
        # Asked already, and for ever the same.
        self.__dict__.update(chain_id=chain.chain_id, genesis_hash=chain.genesis_hash)
        self._known = known
        self._all = getcurrent()

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        """A question that waits for those of the others."""
        text = orjson.dumps([method, list(params)])
        if text not in self._known:
            self._all.switch(_Question(text, method, params))
        answer = self._known[text]
        if isinstance(answer, DokkaebiError):
            raise answer
        return answer

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
