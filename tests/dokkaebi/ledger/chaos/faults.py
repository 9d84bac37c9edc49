"""A node that fails, dawdles and lies, as its dice say, to those who read it."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

from tests.dokkaebi.chaos.proxy import Answer, Forward, refuse

FAULTS = (
    "hang up",
    "status 500",
    "status 429",
    "too many results",
    "rate limit",
    "delay",
    "cut short",
    "fewer logs",
    "logs twice",
    "stale head",
    "no header",
    "forged log",
)


class ReadingFaults:
    """What goes wrong, and how often: `rate` of all requests."""

    def __init__(self, seed: int, rate: float) -> None:
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self.rate = rate

    def play(self, asked: bytes, forward: Forward) -> Answer | None:
        """Answers a request, or doesn't."""
        fault = self._draw()
        if fault == "hang up":
            return None
        if fault == "delay":
            time.sleep(0.02 + self._below(50) / 1_000)
        if fault in ("status 500", "status 429"):
            return Answer(b"{}", int(fault.split()[1]))
        body = self._altered(json.loads(asked), forward(asked), fault)
        return Answer(body, cut=fault == "cut short")

    def _draw(self) -> str | None:
        with self._lock:
            if self._dice.random() >= self.rate:
                return None
            return self._dice.choice(FAULTS)

    def _below(self, limit: int) -> int:
        with self._lock:
            return self._dice.randrange(limit)

    def _altered(self, asked: Any, body: bytes, fault: str | None) -> bytes:
        if fault is None:
            return body
        answers = json.loads(body)
        many = isinstance(asked, list)
        for one, answer in zip(asked, answers, strict=True) if many else [(asked, answers)]:
            self._spoil(one, answer, fault)
        return json.dumps(answers).encode()

    def _spoil(self, asked: dict[str, Any], answer: dict[str, Any], fault: str) -> None:
        method, found = asked["method"], answer.get("result")
        if method == "eth_getLogs":
            if fault == "too many results":
                refuse(answer, -32005, "query returned more than 10000 results")
            elif fault == "rate limit":
                refuse(answer, 429, "rate limit exceeded")
            elif found and fault == "fewer logs":
                del found[self._below(len(found))]
            elif found and fault == "logs twice":
                found.insert(0, found[self._below(len(found))])
            elif found and fault == "forged log":
                one = found[self._below(len(found))]
                one["data"] = one["data"][:-1] + "0123456789abcdef"[self._below(16)]
                one["topics"] = [*one["topics"][:-1], "0x" + "00" * 31 + "77"]
        elif method == "eth_blockNumber" and fault == "stale head":
            answer["result"] = hex(max(int(found, 16) - 1 - self._below(8), 0))
        elif fault == "no header" and asked["params"][:1] != ["finalized"] and "getBlock" in method:
            # As a node behind has it; which block is final, it knows.
            answer["result"] = None
