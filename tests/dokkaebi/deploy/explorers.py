"""A server that takes contracts' sources in all three protocols, as strictly as the real ones."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.dokkaebi.serving import serving

CHAIN = 1337
KEY = "S3CRETKEYOFTHEOPERATOR"
FORM = {
    "contractaddress",
    "sourceCode",
    "codeformat",
    "contractname",
    "compilerversion",
    "constructorArguements",
}
SOURCIFY_BODY = {"stdJsonInput", "compilerVersion", "contractIdentifier", "creationTransactionHash"}
VERSION = re.compile(r"\d+\.\d+\.\d+\+commit\.[0-9a-f]{8}")
Reply = tuple[int, Any]


@dataclass
class Taken:
    """A job as it was submitted."""

    id: str
    address: str
    document: dict[str, Any]
    identifier: str
    arguments: str | None
    looks: int = 0


@dataclass
class Explorer:
    """What the server does, and what it was asked. `chain`: the only one that it knows; `pending`:
    looks before a verdict."""

    url: str = ""
    chain: int = CHAIN
    pending: int = 1
    published: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    # Replies that are given instead of the next ones; "drop" hangs up, "take" takes the job first.
    disturbances: list[Reply | str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    jobs: list[Taken] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    # Whose submission is taken and never answered.
    hold: str = ""

    def posts(self) -> list[str]:
        """Whose sources were taken, in order."""
        return [job.address for job in self.jobs]

    # Sourcify

    def sourcify_post(self, chain: str, address: str, body: Any) -> Reply:
        if chain != str(self.chain):
            return 404, {"customCode": "unsupported_chain", "message": f"Chain {chain} not found"}
        document = body.get("stdJsonInput") or {}
        wrong = (
            set(body) != SOURCIFY_BODY
            or set(document) != {"language", "sources", "settings"}
            or not all(source.get("content") for source in document["sources"].values())
            or not VERSION.fullmatch(body["compilerVersion"])
            or not re.fullmatch("0x[0-9a-f]{64}", body["creationTransactionHash"])
            or body["contractIdentifier"].split(":")[0] not in document["sources"]
        )
        if wrong:
            return 400, {"customCode": "invalid_parameter", "message": "Something is wrong"}
        if any(job.address == address and not self._over(job) for job in self.jobs):
            return 429, {"customCode": "duplicate_verification_request", "message": "At work"}
        if address in self.published:
            return 409, {"customCode": "already_verified", "message": "Already verified"}
        job = self._take(address, document, body["contractIdentifier"], None)
        return 202, {"verificationId": job.id}

    def sourcify_job(self, id_: str) -> Reply:
        job = next((job for job in self.jobs if job.id == id_), None)
        if job is None:
            return 404, {"customCode": "job_not_found", "message": "No such job"}
        shown = {"verificationId": id_, "isJobCompleted": self._look(job)}
        if not shown["isJobCompleted"]:
            return 200, {**shown, "contract": {"match": None}}
        if job.address in self.refuses:
            error = {"customCode": "no_match", "message": "The bytecodes don't match."}
            return 200, {**shown, "contract": {"match": None}, "error": error}
        return 200, {**shown, "contract": {"match": "exact_match"}}

    def sourcify_contract(self, address: str) -> Reply:
        known = address in self.published
        return (200 if known else 404), {"match": "exact_match" if known else None}

    # Etherscan and Blockscout

    def etherscan(self, method: str, query: dict[str, str], form: dict[str, str]) -> Reply:
        if query.get("chainid") != str(self.chain):
            return 200, _no("Missing or unsupported chainid parameter (required for v2 api)")
        if query.get("apikey") != KEY:
            # Some explorers repeat what they were given.
            return 200, _no(f"Invalid API Key (#err2)|{query.get('apikey')}")
        return self._action(method, query, form, "Contract source code already verified", "")

    def blockscout(self, method: str, query: dict[str, str], form: dict[str, str]) -> Reply:
        if {"chainid", "apikey"} & set(query):
            return 200, _no("Somebody else's parameters")
        return self._action(method, query, form, "", "Smart-contract already verified.")

    def _action(
        self, method: str, query: dict[str, str], form: dict[str, str], known: str, message: str
    ) -> Reply:
        action = query.get("action")
        if query.get("module") != "contract" or action is None:
            return 200, _no("Error! Missing Or invalid Module name")
        if action == "verifysourcecode" and method == "POST":
            return self._verify(form, known, message)
        if action == "checkverifystatus" and method == "GET":
            job = next((job for job in self.jobs if job.id == query.get("guid")), None)
            if job is None:
                return 200, _no("Invalid GUID")
            if not self._look(job):
                return 200, _no("Pending in queue")
            if job.address in self.refuses:
                return 200, _no("Fail - Unable to verify. Bytecode does not match")
            return 200, _yes("Pass - Verified")
        if action == "getsourcecode" and method == "GET":
            source = "{}" if query["address"] in self.published else ""
            return 200, _yes([{"SourceCode": source}])
        return 200, _no("Error! Missing Or invalid Action name")

    def _verify(self, form: dict[str, str], known: str, message: str) -> Reply:
        if missing := FORM - set(form):
            return 200, _no(f"Missing {sorted(missing)}")
        address = form["contractaddress"]
        if self.unknown.get(address, 0) > 0:
            self.unknown[address] -= 1
            return 200, _no(f"Unable to locate ContractCode at {address}")
        if address in self.published:
            # Blockscout says it as the message, without a result.
            return 200, {**_no(known or None), "message": message or "NOTOK"}
        document = json.loads(form["sourceCode"])
        path = form["contractname"].split(":")[0]
        wrong = (
            form["codeformat"] != "solidity-standard-json-input"
            or not form["compilerversion"].startswith("v")
            or not VERSION.fullmatch(form["compilerversion"][1:])
            or path not in document["sources"]
            or re.search("[^0-9a-f]", form["constructorArguements"])
        )
        if wrong:
            return 200, _no("Something is wrong")
        identifier = form["contractname"]
        job = self._take(address, document, identifier, form["constructorArguements"])
        return 200, _yes(job.id)

    # Jobs

    def _take(
        self, address: str, document: dict[str, Any], identifier: str, arguments: str | None
    ) -> Taken:
        job = Taken(f"job{len(self.jobs)}", address, document, identifier, arguments)
        self.jobs.append(job)
        return job

    def _over(self, job: Taken) -> bool:
        return job.looks > self.pending

    def _look(self, job: Taken) -> bool:
        job.looks += 1
        if self._over(job) and job.address not in self.refuses:
            self.published.add(job.address)
        return self._over(job)

    def finish(self) -> None:
        """The service has worked through all that it took."""
        for job in self.jobs:
            job.looks = self.pending + 1
            self.published.add(job.address)


def _yes(result: Any) -> dict[str, Any]:
    return {"status": "1", "message": "OK", "result": result}


def _no(result: Any) -> dict[str, Any]:
    return {"status": "0", "message": "NOTOK", "result": result}


@contextmanager
def start_explorer() -> Iterator[Explorer]:
    """A server on a free port of this machine."""
    explorer = Explorer()
    with serving(_handler(explorer), _Server) as explorer.url:
        try:
            yield explorer
        finally:
            explorer.held.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler(explorer: Explorer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", b"")

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, method: str, body: bytes) -> None:
            explorer.requests.append(f"{method} {self.path}")
            disturbance = explorer.disturbances.pop(0) if explorer.disturbances else None
            if disturbance == "drop":
                self.connection.close()
                return
            reply: Callable[[], Reply] = lambda: self._reply(method, body)  # noqa: E731
            status, said = disturbance if isinstance(disturbance, tuple) else reply()
            posted = explorer.jobs[-1].address if explorer.jobs else ""
            if method == "POST" and explorer.hold and posted == explorer.hold:
                explorer.hold = ""
                explorer.held.wait(60)
            if disturbance == "take":
                self.connection.close()
                return
            text = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "7")
            if status == 302:
                self.send_header("Location", explorer.url)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _reply(self, method: str, body: bytes) -> Reply:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            form = {}
            if self.headers.get("Content-Type") == "application/x-www-form-urlencoded":
                form = {n: v[0] for n, v in parse_qs(body.decode()).items()}
            if parts.path == "/v2/api":
                return explorer.etherscan(method, query, form)
            if parts.path == "/api":
                return explorer.blockscout(method, query, form)
            words = parts.path.split("/")[2:]
            if method == "POST" and words[:1] == ["verify"] and len(words) == 3:
                assert self.headers["Content-Type"] == "application/json"
                return explorer.sourcify_post(words[1], words[2], json.loads(body))
            if method == "GET" and words[:1] == ["verify"] and len(words) == 2:
                return explorer.sourcify_job(words[1])
            if method == "GET" and words[:1] == ["contract"] and len(words) == 3:
                return explorer.sourcify_contract(words[2])
            return 404, {"customCode": "route_not_found", "message": "No such route"}

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    return Handler
