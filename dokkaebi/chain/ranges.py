"""Logs of long ranges of blocks, in pieces as long as the node gives."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from dokkaebi.chain.rpc import RpcRefused, RpcUnreachable

# How long a range is at first and at most, blocks. Most providers give 10,000.
SPAN_FIRST = 50
SPAN_MAX = 10_000
# Events that are worth a transaction, and few enough to be held twice.
EVENTS_AIM = 5_000
ATTEMPTS = 5
# A range is halved when an answer took so long.
SLOW_SECONDS = 10.0


class LogNode(Protocol):
    """What is asked for logs; `chain.rpc.Chain` is one."""

    def get_logs(self, addresses: Sequence[str], from_block: int, to_block: int) -> list[Any]:
        """Raw logs of a range of blocks, both ends included, in one request."""


class LogRanges:
    """Asks for the logs of some contracts, and learns how many blocks at once a node gives."""

    def __init__(self, addresses: Collection[str]) -> None:
        self._addresses = list(addresses)
        self._span = SPAN_FIRST
        self._failures = 0

    def read(self, node: LogNode, low: int, head: int) -> tuple[int, list[Any]]:
        """The logs from `low` on, of as many blocks as the node gives, and the last of these.

        Raises RpcRefused and RpcUnreachable.
        """
        while True:
            high = min(low + self._span - 1, head)
            began = time.monotonic()
            try:
                logs = node.get_logs(self._addresses, low, high)
            except (RpcRefused, RpcUnreachable) as problem:
                too_often = isinstance(problem, RpcRefused) and problem.too_often
                if high == low or too_often or self._unreachable(problem):
                    raise
                self._span = max((high - low + 1) // 2, 1)
                continue
            self._failures = 0
            took = time.monotonic() - began
            if took > SLOW_SECONDS or len(logs) > 2 * EVENTS_AIM:
                self._span = max(self._span // 2, 1)
            elif len(logs) < EVENTS_AIM and high - low + 1 == self._span:
                self._span = min(self._span * 2, SPAN_MAX)
            return high, logs

    def _unreachable(self, problem: Exception) -> bool:
        """Whether a node that didn't answer is gone, rather than asked for too much at once."""
        if isinstance(problem, RpcRefused):
            return False
        self._failures += 1
        return self._failures > ATTEMPTS
