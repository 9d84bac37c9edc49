"""The addresses at which a node is asked: one or several, over HTTP or WebSocket, none too often,
the next one when one fails."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from dokkaebi.errors import DokkaebiError

TIMEOUT_SECONDS = 30
# How often everything is tried before it is said, and how long between, growing, seconds.
ATTEMPTS = 3
WAIT_SECONDS = 0.2
WAIT_SECONDS_MAX = 10.0
# How long an endpoint that failed is passed over while others answer.
REST_SECONDS = 5.0
SCHEMES = ("http://", "https://", "ws://", "wss://")
# Shown of what is no address: a host with a point or a port, and no longer than hosts are.
_PLACE = re.compile(r"(?=.{1,64}$)(localhost|[\w-]+(\.[\w-]+)+|[\w-]+(?=:))(:\d{1,6})?")
_SCHEME_LENGTH = 8
# Shorter parts of an address may stand in a node's words by chance.
_SECRET_LENGTH = 8
# Words of refusals that mean: asked too often. Codes: 429, and what some providers use for it.
TOO_OFTEN_WORDS = ("rate limit", "too many requests", "quota", "capacity", "compute units")
TOO_OFTEN_CODES = (429, -32097)


class RpcUnreachable(DokkaebiError):  # noqa: N818 - reads as what it is where it's caught
    """The node doesn't answer, or not in JSON-RPC."""


class RpcRefused(DokkaebiError):  # noqa: N818 - likewise
    """The node answered with an error. `data` is its raw revert data, `0x` without any."""

    def __init__(self, method: str, code: int, message: str, data: str) -> None:
        super().__init__("rpc_refused", method=method, code=code, problem=message)
        self.method = method
        self.code = code
        self.message = message
        self.data = data

    def __reduce__(self) -> tuple[type[RpcRefused], tuple[str, int, str, str]]:
        """So that it can come from another process."""
        return RpcRefused, (self.method, self.code, self.message, self.data)

    @property
    def too_often(self) -> bool:
        """Whether it was asked too often, and may answer later. A contract's words don't count: it
        can say what it likes."""
        said = self.message.lower()
        if "revert" in said:
            return False
        return self.code in TOO_OFTEN_CODES or any(word in said for word in TOO_OFTEN_WORDS)


class Endpoints:
    """One or several addresses of nodes of the same chain, separated by commas.

    `requests_per_second`: at most so many are sent, a batch counting as one. Raises
    RpcUnreachable with `rpc_url_wrong` for what is no address.
    """

    def __init__(self, urls: str, requests_per_second: int | None = None) -> None:
        self._all = [_Endpoint(url.strip()) for url in urls.split(",")]
        self._budget = _Budget(requests_per_second) if requests_per_second else None

    def ask(self, method: str, params: Sequence[Any]) -> Any:
        """One request's result. A transaction is never sent twice."""
        once = method.startswith("eth_send")
        return self._try(lambda endpoint: endpoint.ask(method, params), once=once)

    def ask_batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of many requests, in order."""
        once = any(method.startswith("eth_send") for method, _ in requests)
        found: list[Any] = self._try(lambda endpoint: endpoint.ask_batch(requests), once=once)
        return found

    def ask_each(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The same for requests that may be refused, of which none sends anything: a refusal stands
        in its result's place."""
        found: list[Any] = self._try(lambda endpoint: endpoint.ask_each(requests), once=False)
        return found

    def _try(self, ask: Callable[[_Endpoint], Any], *, once: bool) -> Any:
        from tenacity import (
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            wait_exponential,
            wait_random,
        )

        attempts = 1 if once else ATTEMPTS * len(self._all)
        for attempt in Retrying(
            stop=stop_after_attempt(attempts),
            wait=wait_exponential(multiplier=WAIT_SECONDS, max=WAIT_SECONDS_MAX)
            + wait_random(0, WAIT_SECONDS),
            retry=retry_if_exception(_may_pass),
            # With others to ask there's nothing to wait for.
            sleep=self._wait,
            reraise=True,
        ):
            with attempt:
                endpoint = self._next()
                if self._budget is not None:
                    self._budget.take()
                try:
                    return ask(endpoint)
                except (RpcUnreachable, RpcRefused) as problem:
                    if _may_pass(problem):
                        endpoint.resting_until = time.monotonic() + REST_SECONDS
                    raise
        raise AssertionError("an attempt returns or raises")

    def _next(self) -> _Endpoint:
        """The first that isn't resting; if all are, the one that rests longest already."""
        now = time.monotonic()
        awake = (endpoint for endpoint in self._all if endpoint.resting_until <= now)
        return next(awake, None) or min(self._all, key=lambda e: e.resting_until)

    def _wait(self, seconds: float) -> None:
        if all(endpoint.resting_until > time.monotonic() for endpoint in self._all):
            time.sleep(seconds)


class _Endpoint:
    """One address."""

    def __init__(self, url: str) -> None:
        try:
            _shown_right(url)
        except ValueError:
            raise RpcUnreachable("rpc_url_wrong", url=_shown_wrong(url)) from None
        self.url = url
        self.resting_until = 0.0

    def ask(self, method: str, params: Sequence[Any]) -> Any:
        """One request's result."""
        return self._talk(lambda: self._ask(method, params))

    def ask_batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of many requests, in order."""
        return [_unrefused(result) for result in self.ask_each(requests)]

    def ask_each(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The same, with a refusal in the place of its result; one for asking too often is raised,
        since it is of all."""
        found: list[Any] = self._talk(lambda: self._ask_each(requests))
        for number, result in enumerate(found):
            if isinstance(result, RpcRefused):
                if result.too_often:
                    raise result
                found[number] = self._cleaned(result)
        return found

    def _cleaned(self, refusal: RpcRefused) -> RpcRefused:
        """Some repeat the key that they refuse."""
        said = _without_secrets(refusal.message, self.url)
        return RpcRefused(refusal.method, refusal.code, said, refusal.data)

    def _ask(self, method: str, params: Sequence[Any]) -> Any:
        return _result(method, self._send(_request(0, method, params)))

    def _ask_each(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        body = [_request(number, *request) for number, request in enumerate(requests)]
        answers = self._send(body)
        if not isinstance(answers, list):  # a node that takes no batches says so in one answer
            return [_outcome(method, self._send(_request(0, method, p))) for method, p in requests]
        # Batches may be answered in any order.
        by_id = {answer["id"]: answer for answer in answers}
        return [_outcome(method, by_id[number]) for number, (method, _) in enumerate(requests)]

    @cached_property
    def _send(self) -> Callable[[Any], Any]:
        return _web_socket(self.url) if self.url.startswith("ws") else _http(self.url)

    def _talk(self, ask: Callable[[], Any]) -> Any:
        """Runs a request, and says in words what can go wrong on the way."""
        import requests

        shown = shown_url(self.url)
        try:
            return ask()
        except RpcRefused as refusal:
            raise self._cleaned(refusal) from None
        except (requests.Timeout, TimeoutError):
            seconds = TIMEOUT_SECONDS
            raise RpcUnreachable("rpc_timeout", url=shown, seconds=seconds) from None
        except requests.HTTPError as problem:
            status = problem.response.status_code
            raise RpcUnreachable("rpc_http", url=shown, status=status) from None
        except requests.JSONDecodeError:
            raise RpcUnreachable("rpc_no_json", url=shown) from None
        except (requests.RequestException, OSError):
            raise RpcUnreachable("rpc_unreachable", url=shown) from None
        except (ValueError, TypeError, KeyError):
            raise RpcUnreachable("rpc_no_json", url=shown) from None
        except Exception as problem:
            if type(problem).__module__.startswith("websockets."):
                raise RpcUnreachable("rpc_unreachable", url=shown) from None
            raise


def _request(number: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _http(url: str) -> Callable[[Any], Any]:
    """Posts a request or a batch; its decoded answer. web3's provider would decode by `json`, which
    takes three times as long, and needs 25 MB of modules."""
    import orjson
    from requests import Session
    from requests.utils import get_environ_proxies, get_netrc_auth

    session = Session()
    # What the environment says of this address is asked once, not at each request: it takes as
    # long as all the rest.
    session.trust_env = False
    session.proxies = get_environ_proxies(url)
    session.auth = get_netrc_auth(url)
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    headers = {"Content-Type": "application/json"}

    def send(body: Any) -> Any:
        sent = session.post(url, orjson.dumps(body), headers=headers, timeout=TIMEOUT_SECONDS)
        sent.raise_for_status()
        return orjson.loads(sent.content)

    return send


def _web_socket(url: str) -> Callable[[Any], Any]:
    """The same over a WebSocket, by web3's provider, which keeps the connection."""
    from web3 import LegacyWebSocketProvider
    from web3.types import RPCEndpoint

    provider = LegacyWebSocketProvider(
        url, websocket_kwargs={"max_size": None}, websocket_timeout=TIMEOUT_SECONDS
    )

    def send(body: Any) -> Any:
        if isinstance(body, list):
            wanted = [(RPCEndpoint(one["method"]), one["params"]) for one in body]
            answers: Any = provider.make_batch_request(wanted)
            if isinstance(answers, list):
                # Its ids are its own, its order is ours.
                return [{**answer, "id": number} for number, answer in enumerate(answers)]
            return answers
        return provider.make_request(RPCEndpoint(body["method"]), body["params"])

    return send


class _Budget:
    """Requests in any second."""

    def __init__(self, requests_per_second: int) -> None:
        from limits import RateLimitItemPerSecond
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._item = RateLimitItemPerSecond(requests_per_second)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self) -> None:
        """Waits until one more may be sent."""
        while not self._limiter.hit(self._item):
            reset = self._limiter.get_window_stats(self._item).reset_time
            time.sleep(max(reset - time.time(), 0.01))


def shown_url(urls: str) -> str:
    """A node's address, or several with commas, without what may be a password or an access key."""
    return ", ".join(_shown(url.strip()) for url in urls.split(","))


def _shown(url: str) -> str:
    try:
        return _shown_right(url)
    except ValueError:
        return _shown_wrong(url)


def _shown_right(url: str) -> str:
    """Raises ValueError for what is no address."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if not url.startswith(SCHEMES) or not parts.hostname:
        raise ValueError(url)
    port = f":{parts.port}" if parts.port else ""
    hidden = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.hostname}{port}{hidden}"


def _shown_wrong(url: str) -> str:
    """Of what is no address the place that may have been meant; it may hold a secret as well."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    place = re.split(r"[/?#]", rest.rsplit("@", 1)[-1])[0]
    if rest and not _PLACE.fullmatch(place):
        place = "…"
    return (scheme if len(scheme) <= _SCHEME_LENGTH else "…") + mark + place


def _without_secrets(text: str, url: str) -> str:
    """A node's words without those parts of its address that `shown_url` leaves out."""
    for part in re.split(r"[/?&=#:@]+", url):
        if len(part) >= _SECRET_LENGTH and part not in _shown(url):
            text = text.replace(part, "…")
    return text


def _may_pass(problem: BaseException) -> bool:
    """Whether the same request may have an answer elsewhere, or later."""
    if isinstance(problem, RpcRefused):
        return problem.too_often
    return isinstance(problem, RpcUnreachable) and problem.key != "rpc_url_wrong"


def _result(method: str, answer: Any) -> Any:
    if not isinstance(answer, dict):
        raise TypeError("not a JSON-RPC answer")
    problem = answer.get("error")
    if problem is None:
        return answer["result"]
    if not isinstance(problem, dict):
        raise RpcRefused(method, 0, str(problem), "0x")
    code, message = problem.get("code", 0), str(problem.get("message", ""))
    raise RpcRefused(method, int(code), message, _revert_data(problem.get("data")))


def _outcome(method: str, answer: Any) -> Any:
    try:
        return _result(method, answer)
    except RpcRefused as refusal:
        return refusal


def _unrefused(result: Any) -> Any:
    if isinstance(result, RpcRefused):
        raise result
    return result


def _revert_data(data: Any) -> str:
    """Revert data from an error answer: a string, or inside an object (Ganache)."""
    if isinstance(data, dict):
        data = data.get("result") or data.get("data")
    return data if isinstance(data, str) and data.startswith("0x") else "0x"
