"""Looking at documents before they are taken: what a file says, and whether the chain lets it be
used now; in this process, or in one beside it that leaves this one free to serve."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import connection, get_context, parent_process
from typing import Any, NamedTuple, Protocol, TypeVar

from dokkaebi.board.facts import facts_of
from dokkaebi.board.store import Paper
from dokkaebi.chain.consent_files import consent_text, parse_consent
from dokkaebi.chain.consents import Consent
from dokkaebi.chain.manifest import Manifest
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.chain.standing import unusable
from dokkaebi.chain.suite import NoAnswer, Suite
from dokkaebi.chain.together import ask_together
from dokkaebi.errors import DokkaebiError

T = TypeVar("T")
# Words of nodes for what a contract did.
_OF_CONTRACTS = re.compile("revert|out of gas|opcode|stack|invalid jump|OutOfGas", re.IGNORECASE)


class Read(NamedTuple):
    """A document's file that could be read: its row, and what it is."""

    paper: Paper
    consent: Consent


class Looking(Protocol):
    """Whoever looks at documents. Answers come in the order of what was asked. `at_once`: how many
    may ask at a time."""

    at_once: int

    def read(self, bodies: Sequence[bytes]) -> list[Read | DokkaebiError]:
        """What files say, or why they say nothing."""

    def usable(self, consents: Sequence[Consent]) -> list[DokkaebiError | None]:
        """Why documents can't be used now; None for those that can. `board_node_silent`: nobody
        could look."""

    def close(self) -> None:
        """Ends what was begun."""


class LookingHere:
    """In this process, by whoever asks. `document_bytes`: a larger file isn't read."""

    at_once = 1

    def __init__(self, suite: Suite, document_bytes: int) -> None:
        self._suite, self._document_bytes = suite, document_bytes

    def read(self, bodies: Sequence[bytes]) -> list[Read | DokkaebiError]:
        """As `Looking.read`."""
        return [self._outcome(body) for body in bodies]

    def _outcome(self, body: bytes) -> Read | DokkaebiError:
        try:
            if len(body) > self._document_bytes:
                raise DokkaebiError("consent_too_large", max=self._document_bytes)
            consent = parse_consent(body)
            facts = facts_of(self._suite, consent)
        except DokkaebiError as problem:
            return problem
        # What came beside is kept for itself.
        plain = consent_text(replace(consent, document=None))
        return Read(Paper(consent.id, facts, plain.encode()), consent)

    def usable(self, consents: Sequence[Consent]) -> list[DokkaebiError | None]:
        """As `Looking.usable`."""
        tasks: list[Callable[[Suite], _Seen]] = [partial(_look, consent) for consent in consents]
        found = ask_together(self._suite, tasks)
        return [entry.problem if isinstance(entry, _Seen) else _blamed(entry) for entry in found]

    def close(self) -> None:
        """Nothing was begun."""


class LookingBeside:
    """In processes of their own, with connections of their own. Those that died are replaced. Two:
    while one waits for the node, the other computes."""

    at_once = 2

    def __init__(self, suite: Suite, document_bytes: int) -> None:
        self._beginning = (suite.chain.url, suite.manifest, document_bytes)
        self._lock = threading.Lock()
        self._pool = self._begun()
        # It takes a second to start; whoever posts first needn't wait for it.
        for _ in range(self.at_once):
            self._pool.submit(_read, ())

    def read(self, bodies: Sequence[bytes]) -> list[Read | DokkaebiError]:
        """As `Looking.read`."""
        return self._ask(_read, tuple(bodies))

    def usable(self, consents: Sequence[Consent]) -> list[DokkaebiError | None]:
        """As `Looking.usable`."""
        return self._ask(_usable, tuple(consents))

    def close(self) -> None:
        """Ends the processes once they have answered."""
        self._pool.shutdown()

    def _begun(self) -> ProcessPoolExecutor:
        # Forked, it would hold this one's locks and connections.
        return ProcessPoolExecutor(self.at_once, get_context("spawn"), _begin, self._beginning)

    def _ask(self, act: Callable[[Any], T], what: Sequence[Any]) -> T:
        pool = self._pool
        try:
            return pool.submit(act, what).result()
        except BrokenProcessPool:
            with self._lock:
                if self._pool is pool:
                    self._pool = self._begun()
                pool = self._pool
        try:
            return pool.submit(act, what).result()
        except BrokenProcessPool:
            raise DokkaebiError("board_busy") from None


@dataclass(frozen=True)
class _Seen:
    """A document that was looked at."""

    problem: DokkaebiError | None


def _look(consent: Consent, suite: Suite) -> _Seen:
    return _Seen(unusable(suite, consent))


def _blamed(problem: DokkaebiError) -> DokkaebiError:
    """What stopped the looking: a contract that the document names, whose fault it is then, or the
    node."""
    if isinstance(problem, NoAnswer | Reverted):
        return problem
    if isinstance(problem, RpcRefused) and _OF_CONTRACTS.search(problem.message):
        return DokkaebiError("board_contract_wrong", problem=problem.message)
    return DokkaebiError("board_node_silent", problem=str(problem))


# In a process beside

_here: Callable[[], LookingHere]


def _begin(url: str, manifest: Manifest, document_bytes: int) -> None:
    global _here
    # Whoever stops the server by a key stops this one by way of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A node that is away now may be there later: a failure isn't kept.
    _here = cache(lambda: LookingHere(Suite.open(Chain(url), manifest), document_bytes))


def _end_with_parent() -> None:
    """Nobody else would end it if the server is killed."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)


def _read(bodies: Sequence[bytes]) -> list[Read | DokkaebiError]:
    return [_plain(found) for found in _opened().read(bodies)]


def _usable(consents: Sequence[Consent]) -> list[DokkaebiError | None]:
    try:
        here = _opened()
    except DokkaebiError as silent:
        return [silent] * len(consents)
    return [_plain(found) for found in here.usable(consents)]


def _opened() -> LookingHere:
    try:
        return _here()
    except DokkaebiError as problem:
        raise DokkaebiError("board_node_silent", problem=str(problem)) from None


def _plain(found: T) -> T:
    """Errors that can travel: some kinds are made of what can't."""
    if isinstance(found, DokkaebiError) and type(found) is not DokkaebiError:
        return DokkaebiError(found.key, **found.details)  # type: ignore[return-value]
    return found
