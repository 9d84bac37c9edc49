"""Nonces: the numbers by which signed documents are used once, or cancelled."""

from __future__ import annotations

import json
from pathlib import Path

from filelock import FileLock

from dokkaebi.chain.lookup import address_topic, logs_of
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.suite import Call, Contract, Suite
from dokkaebi.errors import DokkaebiError

PROBE_COUNT = 64


class NonceBook:
    """Remembers the nonces of documents that aren't used yet, which the chain can't know.

    One JSON file; by chain, market and signer, the first number that was never given. Whoever
    signs on two machines can give a number twice: then only one of the two documents works.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def give(self, suite: Suite, market: Contract, signer: str) -> int:
        """The next nonce of a signer's in a market, which it won't give again."""
        key = f"{suite.chain.chain_id} {suite.chain.genesis_hash} {market.address} {signer}"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self._path}.lock"):
            given = self._read()
            nonce = next_nonce(suite, market, signer, given.get(key, 0))
            given[key] = nonce + 1
            write_atomically(self._path, json.dumps(given, indent=2) + "\n")
        return nonce

    def _read(self) -> dict[str, int]:
        try:
            given = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(key): int(nonce) for key, nonce in given.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as problem:
            raise DokkaebiError(
                "nonces_unreadable", path=str(self._path), problem=str(problem)
            ) from None


def next_nonce(suite: Suite, market: Contract, signer: str, first: int = 0) -> int:
    """The first nonce from `first` on that was neither used nor cancelled, as the chain knows."""
    cancelled = cancelled_nonces(suite, market, signer)
    candidate = first
    while True:
        candidate = _beyond(candidate, cancelled)
        numbers = range(candidate, candidate + PROBE_COUNT)
        used = _used(market, signer, numbers)
        free = next((n for n in numbers if not used[n - candidate]), None)
        if free is not None:
            return free
        candidate += PROBE_COUNT


def cancelled_nonces(suite: Suite, market: Contract, signer: str) -> list[tuple[int, int]]:
    """The ranges of nonces that a signer cancelled, first and last included, ascending."""
    logs = logs_of(suite, market, "NoncesCancelled", address_topic(signer))
    values = (market.decode_log("NoncesCancelled", log) for log in logs)
    return sorted((v["first"], v["last"]) for v in values)


def cancel_nonces(market: Contract, first: int, last: int) -> Call:
    """Kills every document of the sender's with a nonce from `first` to `last`, both included."""
    return market.prepare("cancelNonces", first, last)


def _beyond(number: int, ranges: list[tuple[int, int]]) -> int:
    for first, last in ranges:
        if first <= number <= last:
            number = last + 1
    return number


def _used(market: Contract, signer: str, numbers: range) -> list[bool]:
    requests = [market.question("nonceUsed", signer, number) for number in numbers]
    answers = market.chain.raw_batch(requests)
    return [bool(market.decode("nonceUsed", bytes.fromhex(a[2:]))) for a in answers]
