"""A node that answers as a test wants: in front of a real one, or all by itself."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.dokkaebi.serving import serving

# Given a request's method and params: the answer's body, None to hang up without a word.
Answer = Callable[[str, list[Any]], bytes | None]


@contextmanager
def fake_node(answer: Answer, status: int = 200) -> Iterator[str]:
    """Runs a server on a free port; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            first = request[0] if isinstance(request, list) else request
            body = answer(first["method"], first["params"])
            if body is None:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    with serving(Handler) as url:
        yield url


def result(value: object) -> bytes:
    """A JSON-RPC answer."""
    return json.dumps({"jsonrpc": "2.0", "id": 0, "result": value}).encode()


def error(code: int, message: str, data: object = None) -> bytes:
    """A JSON-RPC refusal."""
    problem = {"code": code, "message": message, "data": data}
    return json.dumps({"jsonrpc": "2.0", "id": 0, "error": problem}).encode()


def passed_on(url: str, method: str, params: list[Any]) -> bytes:
    """What a real node answers."""
    body = json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        return bytes(response.read())
