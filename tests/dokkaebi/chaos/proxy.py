"""An HTTP proxy in front of a node; what it does to each request, its faults say."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tests.dokkaebi.serving import serving

Forward = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Answer:
    """What the one who asked gets. `cut`: half of it; `times`: how often it is sent."""

    body: bytes
    status: int = 200
    cut: bool = False
    times: int = 1


class Faults(Protocol):
    """What goes wrong between a node and those who ask it."""

    def play(self, asked: bytes, forward: Forward) -> Answer | None:
        """The answer to a request, None for none at all; `forward` asks the node."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: those who ask are killed now and then."""


@contextmanager
def faulty_proxy(node: str, faults: Faults) -> Iterator[str]:
    """Runs the proxy on a free port; its address."""

    def forward(asked: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310
            node, asked, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found: bytes = answer.read()
        return found

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two would wait for each other for 40 ms.
        wbufsize = -1

        def do_POST(self) -> None:
            answer = faults.play(self.rfile.read(int(self.headers["Content-Length"])), forward)
            if answer is None:
                self.close_connection = True
                return
            for _ in range(answer.times):
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(
                    answer.body[: len(answer.body) // 2] if answer.cut else answer.body
                )
            if answer.cut:
                self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    with serving(Handler, _Server) as url:
        yield url


def refuse(answer: dict[str, Any], code: int, message: str) -> None:
    """Makes an answer a refusal."""
    answer.pop("result", None)
    answer["error"] = {"code": code, "message": message}
