"""Finding what the contracts told: by an id or its beginning, and everything about one id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dokkaebi.chain.reverts import Reverted, reverted
from dokkaebi.chain.rpc import Log, RpcRefused
from dokkaebi.chain.suite import Contract, Suite
from dokkaebi.chain.terms import Found, T
from dokkaebi.errors import DokkaebiError

PREFIX_DIGITS_MIN = 6
_ID_LENGTH = 66


@dataclass(frozen=True)
class Happening:
    """One event about an offer, a trade, an auction …, with its values by name."""

    contract: str
    event: str
    values: dict[str, Any]
    block_number: int
    transaction_hash: str


def happenings(suite: Suite, subject: str) -> list[Happening]:
    """What the markets said of an id (`0x…`), in order."""
    found: list[tuple[int, int, Happening]] = []
    for market in suite.markets:
        names = {market.topic(event): event for event in market.events}
        for place in (0, 1):
            wanted = [t for t, event in names.items() if _is_about(market, event, place)]
            if not wanted:
                continue
            before = [None] * place
            logs = suite.chain.all_logs(
                [market.address],
                suite.manifest.first_block,
                suite.chain.block_number,
                [wanted, *before, subject],
            )
            for log in logs:
                told = _happening(market, names[log["topics"][0]], log)
                found.append((told.block_number, int(log["logIndex"], 16), told))
    return [told for *_, told in sorted(found, key=lambda entry: entry[:2])]


def _is_about(market: Contract, event: str, place: int) -> bool:
    """Whether an event's indexed value at a place is the id of what it is about."""
    indexed = [p for p in market.event_inputs(event) if p["indexed"]]
    if place == 0:
        return bool(indexed) and indexed[0]["type"] == "bytes32"
    # ERC-1497 has the arbitrator first, and calls the trade a group.
    return len(indexed) > 1 and indexed[1]["name"] == "evidenceGroupID"


def find_log(suite: Suite, market: Contract, event: str, seen: str, unknown: str) -> Log:
    """The newest log whose first indexed value is an id, or begins like one. `unknown` is the
    error's key if there is none."""
    wanted = seen.strip().lower()
    digits = wanted.removeprefix("0x")
    is_hex = wanted.startswith("0x") and all(d in "0123456789abcdef" for d in digits)
    if not is_hex or not PREFIX_DIGITS_MIN <= len(digits) <= _ID_LENGTH - 2:
        raise DokkaebiError("id_wrong", seen=seen, digits=PREFIX_DIGITS_MIN)
    if len(wanted) == _ID_LENGTH:
        logs = logs_of(suite, market, event, wanted)
    else:
        logs = [log for log in logs_of(suite, market, event) if log["topics"][1].startswith(wanted)]
    ids = sorted({log["topics"][1] for log in logs})
    if not ids:
        raise DokkaebiError(unknown, seen=seen)
    if len(ids) > 1:
        raise DokkaebiError("id_ambiguous", seen=seen, ids=", ".join(ids))
    return logs[-1]


def logs_of(suite: Suite, market: Contract, event: str, *topics: str | None) -> list[Log]:
    """All logs of an event; `topics` are those after the first."""
    return market.logs(event, suite.manifest.first_block, topics)


def found_in(
    market: Contract, event: str, log: Log, field: str, make: Callable[..., T]
) -> Found[T]:
    """The terms that a log tells in one of its values."""
    values = market.decode_log(event, log)
    terms = make(*values.pop(field))
    number, transaction = place_of(log)
    return Found(log["topics"][1], terms, values, number, transaction)


def place_of(log: Log) -> tuple[int, str]:
    """The block and the transaction of a log."""
    return int(log["blockNumber"], 16), str(log["transactionHash"])


def refused_with(refusal: RpcRefused, error: str) -> bool:
    """Whether a contract refused with an error."""
    reason = reverted(refusal)
    return isinstance(reason, Reverted) and reason.key == error


def address_topic(address: str) -> str:
    """An address as a topic."""
    return "0x" + 24 * "0" + address[2:].lower()


def now_on(suite: Suite) -> int:
    """The time of the chain's newest block, seconds since 1970."""
    return int(suite.chain.block()["timestamp"], 16)


def _happening(market: Contract, event: str, log: Log) -> Happening:
    return Happening(market.name, event, market.decode_log(event, log), *place_of(log))
