"""A proxy in front of a node that fails, dawdles and lies, as its dice say."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Faults:
    """What goes wrong, and how often: `rate` of all requests."""

    def __init__(self, seed: int, rate: float) -> None:
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self.rate = rate

    def draw(self) -> str | None:
        """The fault of the next request."""
        with self._lock:
            if self._dice.random() >= self.rate:
                return None
            return self._dice.choice(FAULTS)

    def below(self, limit: int) -> int:
        """A number below a limit."""
        with self._lock:
            return self._dice.randrange(limit)


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


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: those who ask are killed now and then."""


@contextmanager
def faulty_proxy(node: str, faults: Faults) -> Iterator[str]:
    """Runs the proxy on a free port; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            fault = faults.draw()
            if fault == "hang up":
                self.close_connection = True
                return
            if fault == "delay":
                time.sleep(0.02 + faults.below(50) / 1_000)
            if fault in ("status 500", "status 429"):
                self._send(b"{}", int(fault.split()[1]))
                return
            request = urllib.request.Request(  # noqa: S310
                node, asked, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                body = answer.read()
            self._send(self._altered(json.loads(asked), body, fault), 200, cut=fault == "cut short")

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
                    del found[faults.below(len(found))]
                elif found and fault == "logs twice":
                    found.insert(0, found[faults.below(len(found))])
                elif found and fault == "forged log":
                    one = found[faults.below(len(found))]
                    one["data"] = one["data"][:-1] + "0123456789abcdef"[faults.below(16)]
                    one["topics"] = [*one["topics"][:-1], "0x" + "00" * 31 + "77"]
            elif method == "eth_blockNumber" and fault == "stale head":
                answer["result"] = hex(max(int(found, 16) - 1 - faults.below(8), 0))
            elif (
                fault == "no header"
                and asked["params"][:1] != ["finalized"]
                and "getBlock" in method
            ):
                # As a node behind has it; which block is final, it knows.
                answer["result"] = None

        def _send(self, body: bytes, status: int, *, cut: bool = False) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            if cut:
                self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refuse(answer: dict[str, Any], code: int, message: str) -> None:
    """Makes an answer a refusal."""
    answer.pop("result", None)
    answer["error"] = {"code": code, "message": message}
