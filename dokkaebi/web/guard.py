"""What every request passes: how often one may ask, headers, and the count."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dokkaebi.web.limits import Limits
from dokkaebi.web.metrics import Metrics

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """A layer around an application, which hands messages on as they are; Starlette's own
    `BaseHTTPMiddleware` makes a task and a queue of each request. `too_often`: the answer to
    whoever has to wait so many seconds."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        metrics: Metrics,
        too_often: Callable[[Request, int], Response],
    ) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics
        self._too_often = too_often

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # An answer that never began is a fault of ours.
        began, status = time.perf_counter(), 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        client = scope.get("client")
        wait = self._limits.wait(client[0] if client else "")
        answer = self._too_often(Request(scope), wait) if wait else self._app
        try:
            await answer(scope, receive, send_guarded)
        finally:
            self._metrics.count(scope, status, time.perf_counter() - began)
