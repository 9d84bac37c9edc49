"""What goes wrong between a deploying process and its node."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.dokkaebi.chaos.proxy import Answer, Forward, refuse

KILLS = ("kill before", "kill after")
# To any request. Late is later than the one who asks waits, seconds.
ANY = (
    *KILLS,
    *("not asked", "answer lost", "answered twice", "answered late", "asked late"),
    *("slow", "reorg 1", "pending ahead", "pending behind", "latest behind"),
)
# To a transaction on its way.
SENDING = (
    *("nonce too low", "already known", "underpriced", "sent twice", "swallowed"),
    *(f"reorg {depth}" for depth in range(1, 11)),
)
# Faults by which a node gets the same transaction again: it was sent anew meanwhile.
TWICE = ("sent twice", "asked late")
TIMEOUT_SECONDS = 2.0
LATE_SECONDS = 2.4
SLOW_SECONDS = 0.15


@dataclass(frozen=True)
class Request:
    """One request of the process: its number, its method, and which sending it is (0: none)."""

    number: int
    method: str
    sending: int


Pick = Callable[[Request], str]


def no_fault(request: Request) -> str:
    """Leaves everything as it is."""
    return ""


def at_call(number: int, fault: str) -> Pick:
    """A fault at one request."""
    return lambda request: fault if request.number == number else ""


def at_sending(number: int, fault: str) -> Pick:
    """A fault at one transaction's sending."""
    return lambda request: fault if request.sending == number else ""


def by_dice(dice: random.Random, rate: float, sending_rate: float) -> Pick:
    """Faults now and then."""
    lock = threading.Lock()

    def pick(request: Request) -> str:
        with lock:
            if dice.random() >= (sending_rate if request.sending else rate):
                return ""
            return dice.choice(ANY + SENDING if request.sending else ANY)

    return pick


class SendingFaults:
    """What the proxy does, aimed at one process at a time. `reorg`: replaces so many blocks;
    `twice`: whether the node takes a transaction twice as once (Ganache mines it twice)."""

    def __init__(self, reorg: Callable[[int], None], *, twice: bool) -> None:
        self._reorg, self._twice = reorg, twice
        self._pick: Pick = no_fault
        self._calm = threading.Condition()
        self._aimed = threading.Event()
        self._victim = self._open = self.requests = self.sendings = 0

    def load(self, pick: Pick) -> None:
        """Chooses what happens to the next process; waits for what is still under way."""
        with self._calm:
            self._calm.wait_for(lambda: not self._open, timeout=60)
            self._pick, self.requests, self.sendings = pick, 0, 0
            self._aimed.clear()

    def aim(self, victim: int) -> None:
        """Says which process it is."""
        self._victim = victim
        self._aimed.set()

    def play(self, asked: bytes, forward: Forward) -> Answer | None:
        """Answers a request, or doesn't."""
        question = json.loads(asked)
        with self._calm:
            self._open += 1
            request = self._numbered(question)
        try:
            fault = self._pick(request)
            if request.sending and not self._twice and fault in TWICE:
                fault = ""
            return self._answer(question, fault, lambda: forward(asked))
        finally:
            with self._calm:
                self._open -= 1
                self._calm.notify_all()

    def _numbered(self, question: Any) -> Request:
        method = "" if isinstance(question, list) else question["method"]
        sends = method.startswith("eth_send")
        self.requests += 1
        self.sendings += sends
        return Request(self.requests, method, self.sendings if sends else 0)

    def _answer(self, question: Any, fault: str, ask: Callable[[], bytes]) -> Answer | None:
        if fault in {"kill before", "not asked"}:
            return self._none(kill=fault == "kill before")
        if fault in {"nonce too low", "underpriced"}:
            return _refusal(question, f"transaction {fault}")
        if fault == "swallowed":
            return _swallowed(question)
        if fault == "asked late":
            time.sleep(LATE_SECONDS)
        body = ask()
        if fault == "sent twice":
            # The node says to the second that it knows it already.
            body = ask()
        if fault.startswith("reorg"):
            self._reorg(int(fault.split()[1]))
        if fault in {"kill after", "answer lost"}:
            return self._none(kill=fault == "kill after")
        if fault == "already known":
            return _refusal(question, fault)
        if fault in {"answered late", "slow"}:
            time.sleep(LATE_SECONDS if fault == "answered late" else SLOW_SECONDS)
        return Answer(_told(question, body, fault), times=1 + (fault == "answered twice"))

    def _none(self, *, kill: bool) -> None:
        if kill:
            self._aimed.wait()
            with suppress(ProcessLookupError):
                os.kill(self._victim, signal.SIGKILL)


def _refusal(question: Any, message: str) -> Answer:
    answer = {"jsonrpc": "2.0", "id": question["id"]}
    refuse(answer, -32000, message)
    return Answer(json.dumps(answer).encode())


def _swallowed(question: Any) -> Answer:
    """The node says that it has it, and forgets it."""
    from eth_utils.crypto import keccak

    name = "0x" + keccak(bytes.fromhex(question["params"][0][2:])).hex()
    return Answer(json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": name}).encode())


def _told(question: Any, body: bytes, fault: str) -> bytes:
    """An answer, or a lie about how many transactions an account has sent."""
    block, _, way = fault.partition(" ")
    if isinstance(question, list) or question["method"] != "eth_getTransactionCount":
        return body
    if question["params"][1] != block:
        return body
    answer = json.loads(body)
    count = int(answer["result"], 16)
    answer["result"] = hex(max(count + (2 if way == "ahead" else -1), 0))
    return json.dumps(answer).encode()
