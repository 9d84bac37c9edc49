"""The services that publish contracts' sources: Sourcify, Etherscan and Blockscout, each in its own
protocol; what they answer, in the same few words.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dokkaebi.chain.explorers import verifier_url
from dokkaebi.chain.rpc import shown_url
from dokkaebi.config import environment
from dokkaebi.errors import DokkaebiError

SERVICES = ("sourcify", "etherscan", "blockscout")
KEY_VARIABLE = "DOKKAEBI_ETHERSCAN_KEY"
TIMEOUT_SECONDS = 60
PROBLEM_LENGTH = 300
RETRY_AFTER_MAX = 120.0
# What a job is: at work, done, refused; or the service doesn't know the contract yet.
PENDING, DONE, REFUSED, UNINDEXED = "pending", "done", "refused", "unindexed"
# Words of Etherscan's API and of those that speak like it.
_DONE_WORDS = ("pass - verified", "already verified")
_PENDING_WORDS = ("pending in queue", "in progress")
_UNINDEXED_WORDS = ("unable to locate contractcode", "is not a smart")
_TOO_OFTEN_WORDS = ("rate limit", "daily limit", "too many", "try again later")
_KEY_WORDS = ("invalid api key", "missing api key")
_CHAIN_WORDS = ("unsupported chainid", "not supported for this chain")


@dataclass(frozen=True)
class Job:
    """A contract whose sources are to be published. `arguments`: hex without `0x`; `compiler`: as
    solc says its version."""

    contract: str
    address: str
    transaction_hash: str
    identifier: str
    input: Mapping[str, Any]
    text: str
    arguments: str
    compiler: str


@dataclass(frozen=True)
class Answer:
    """What a service says of a job: one of the states above, its id, and why if refused."""

    state: str
    id: str = ""
    problem: str = ""


class Later(DokkaebiError):  # noqa: N818 - reads as what it is where it's caught
    """The service may answer later. `seconds`: how long it wants to be left alone, 0 if it doesn't
    say; `taken`: whether it may have taken what it was sent."""

    def __init__(
        self, key: str, /, *, seconds: float = 0, taken: bool = False, **more: Any
    ) -> None:
        super().__init__(key, **more)
        self.seconds = seconds
        self.taken = taken


class Service(Protocol):
    """A place to submit sources to.

    Every method raises Later, or DokkaebiError for what no waiting mends.
    """

    def submit(self, job: Job) -> Answer:
        """Hands a job in; pending with its id, or how it ended."""

    def look(self, id_: str) -> Answer:
        """How far a job is."""

    def has(self, address: str) -> bool:
        """Whether a contract's sources are published there already."""


def open_service(service: str, chain_id: int, url: str | None = None) -> Service:
    """A service for a chain; `url`: another address of it, API path included.

    Errors: `verify_service_unknown`, `verify_service_elsewhere`, `verify_key_missing`.
    """
    if service not in SERVICES:
        known = ", ".join(SERVICES)
        raise DokkaebiError("verify_service_unknown", seen=service, known=known)
    place = url or verifier_url(service, chain_id)
    if place is None:
        raise DokkaebiError("verify_service_elsewhere", service=service, chain=chain_id)
    if service == "sourcify":
        return _Sourcify(_Http(service, place), chain_id)
    if service == "blockscout":
        return _EtherscanLike(_Http(service, place), {})
    key = environment().get(KEY_VARIABLE, "")
    if not key:
        raise DokkaebiError("verify_key_missing", variable=KEY_VARIABLE)
    fixed = {"chainid": str(chain_id), "apikey": key}
    return _EtherscanLike(_Http(service, place, key), fixed)


class _Http:
    """Requests to one service. What it says is shown without the key."""

    def __init__(self, service: str, url: str, key: str = "") -> None:
        from requests import Session

        self.service = service
        self.url = url.rstrip("/")
        self._key = key
        self._session = Session()
        if key:
            # The protocol wants it in the address, which urllib3 would log.
            log = logging.getLogger("urllib3.connectionpool")
            log.addFilter(lambda record: key not in record.getMessage())

    def ask(self, method: str, path: str = "", **options: Any) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of an answer below 500. Raises Later with
        `verify_unreachable`, `verify_too_often` or `verify_garbage`."""
        import requests

        sends = method == "POST"
        try:
            answer = self._session.request(
                method,
                self.url + path,
                timeout=TIMEOUT_SECONDS,
                # A redirect would turn a POST into a GET, or take the key elsewhere.
                allow_redirects=False,
                **options,
            )
        except (requests.RequestException, OSError):
            raise self.later("verify_unreachable", taken=sends) from None
        if answer.status_code == 429:
            # Sourcify says it like this that it is at work on the same contract.
            at_work = b"duplicate_verification_request" in answer.content
            seconds = _seconds(answer.headers)
            raise self.later("verify_too_often", seconds=seconds, taken=at_work)
        if answer.status_code >= 500:
            seconds = _seconds(answer.headers)
            raise self.later("verify_unreachable", taken=sends, seconds=seconds)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise self.later("verify_garbage", taken=sends, status=answer.status_code)
        return answer.status_code, document

    def later(self, key: str, **more: Any) -> Later:
        """The service may answer later."""
        return Later(key, service=self.service, url=shown_url(self.url), **more)

    def shown(self, said: object) -> str:
        """What the service said, in one line, without the key."""
        text = " ".join(str(said).split())
        return (text.replace(self._key, "…") if self._key else text)[:PROBLEM_LENGTH]

    def refusal(self, key: str, said: object) -> DokkaebiError:
        """Something that no waiting mends."""
        url = shown_url(self.url)
        return DokkaebiError(key, service=self.service, url=url, problem=self.shown(said))


class _Sourcify:
    """Sourcify's API, version 2."""

    def __init__(self, http: _Http, chain_id: int) -> None:
        self._http = http
        self._chain_id = chain_id

    def submit(self, job: Job) -> Answer:
        body = {
            "stdJsonInput": job.input,
            "compilerVersion": job.compiler,
            "contractIdentifier": job.identifier,
            "creationTransactionHash": job.transaction_hash,
        }
        path = f"/v2/verify/{self._chain_id}/{job.address}"
        status, said = self._http.ask("POST", path, json=body)
        if status == 202 and said.get("verificationId"):
            return Answer(PENDING, str(said["verificationId"]))
        if status == 409:
            return Answer(DONE)
        return self._refused(said)

    def look(self, id_: str) -> Answer:
        status, said = self._http.ask("GET", f"/v2/verify/{id_}")
        if status != 200 or not isinstance(said.get("isJobCompleted"), bool):
            return self._refused(said)
        if not said["isJobCompleted"]:
            return Answer(PENDING, id_)
        if said.get("error"):
            return self._refused(said["error"])
        if (said.get("contract") or {}).get("match"):
            return Answer(DONE, id_)
        return Answer(REFUSED, id_, self._http.shown("no match"))

    def has(self, address: str) -> bool:
        _, said = self._http.ask("GET", f"/v2/contract/{self._chain_id}/{address}")
        if "match" not in said:
            self._refused(said)
        return bool(said.get("match"))

    def _refused(self, said: Mapping[str, Any]) -> Answer:
        code, message = said.get("customCode"), said.get("message")
        if code == "already_verified":
            return Answer(DONE)
        if code == "contract_not_deployed":
            return Answer(UNINDEXED)
        if code == "unsupported_chain":
            raise self._http.refusal("verify_chain_unsupported", message)
        if code is None and message is None:
            raise self._http.later("verify_garbage", status=200)
        return Answer(REFUSED, "", self._http.shown(f"{code}: {message}"))


class _EtherscanLike:
    """Etherscan's API, version 2, and Blockscout's in its likeness. `fixed`: what goes with every
    request."""

    def __init__(self, http: _Http, fixed: Mapping[str, str]) -> None:
        self._http = http
        self._fixed = fixed

    def submit(self, job: Job) -> Answer:
        form = {
            "contractaddress": job.address,
            "sourceCode": job.text,
            "codeformat": "solidity-standard-json-input",
            "contractname": job.identifier,
            "compilerversion": f"v{job.compiler}",
            # Etherscan has always misspelt it; some Blockscouts don't.
            "constructorArguements": job.arguments,
            "constructorArguments": job.arguments,
        }
        good, said = self._ask("POST", "verifysourcecode", data=form)
        if good and not _has_words(said, _DONE_WORDS):
            return Answer(PENDING, said)
        return self._answer("", said)

    def look(self, id_: str) -> Answer:
        _, said = self._ask("GET", "checkverifystatus", guid=id_)
        return self._answer(id_, said)

    def has(self, address: str) -> bool:
        status, document = self._send("GET", "getsourcecode", {"address": address})
        result = document.get("result")
        if not isinstance(result, list):
            self._complain(self._said(document), status)
            return False
        return any(isinstance(one, dict) and one.get("SourceCode") for one in result)

    def _ask(
        self, method: str, action: str, data: Mapping[str, str] | None = None, **query: str
    ) -> tuple[bool, str]:
        """Whether the service calls it a success, and what it says."""
        status, document = self._send(method, action, query, data)
        said = self._said(document)
        self._complain(said, status)
        return str(document.get("status")) == "1", said

    def _send(
        self,
        method: str,
        action: str,
        query: Mapping[str, str],
        data: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        params = {"module": "contract", "action": action, **query, **self._fixed}
        status, document = self._http.ask(method, params=params, data=data)
        if "status" not in document and status < 400:
            raise self._http.later("verify_garbage", taken=method == "POST", status=status)
        return status, document

    def _said(self, document: Mapping[str, Any]) -> str:
        """Etherscan says it as `result`, Blockscout some things as `message` alone."""
        return str(document.get("result") or document.get("message") or "")

    def _complain(self, said: str, status: int) -> None:
        """Raises for what is about no contract in particular."""
        if said.lower().startswith("fail"):
            return
        if _has_words(said, _CHAIN_WORDS):
            raise self._http.refusal("verify_chain_unsupported", said)
        # Before the next: who tries a wrong key too often is told both.
        if status in (401, 403) or _has_words(said, _KEY_WORDS):
            raise self._http.refusal("verify_key_wrong", said)
        if _has_words(said, _TOO_OFTEN_WORDS):
            raise self._http.later("verify_too_often")

    def _answer(self, id_: str, said: str) -> Answer:
        for state, words in (
            (DONE, _DONE_WORDS),
            (PENDING, _PENDING_WORDS),
            (UNINDEXED, _UNINDEXED_WORDS),
        ):
            if _has_words(said, words):
                return Answer(state, id_)
        return Answer(REFUSED, id_, self._http.shown(said))


def _has_words(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)


def _seconds(headers: Mapping[str, str]) -> float:
    """How long a service wants to be left alone; 0 if it doesn't say, or names a date."""
    wanted = headers.get("Retry-After", "")
    return min(float(wanted), RETRY_AFTER_MAX) if wanted.isdigit() else 0.0
