"""Why a contract refused: revert data into a name, its arguments, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from dokkaebi.chain.documents import creation_text
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COIN, COMPILED, load_abi, signature_of, types_of
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t
from dokkaebi.texts.figures import percent_text, span_text, time_text

_ERROR = "08c379a0"
_PANIC = "4e487b71"
# Solady's SafeTransferLib, which the ABI doesn't show.
_INHERITED = {
    "7939f424": "TransferFromFailed",
    "90b8ec18": "TransferFailed",
    "b12d13eb": "ETHTransferFailed",
}
_IDS = {"id", "creationId", "parent", "next"}
_TIMES = {"claimableFrom", "deadline", "expiry", "start", "timestamp"}
_BOUNDS = {"min", "max"}
# People who may be nobody.
_PEOPLE = {
    *("arbiter", "creator", "owner"),
    *("steward", "pendingSteward", "guardian", "pendingGuardian"),
}


@dataclass(frozen=True)
class Revert:
    """A decoded refusal. `arguments` are plain, `shown` are as people read them."""

    name: str
    arguments: dict[str, Any]
    shown: dict[str, str]


class Reverted(DokkaebiError):  # noqa: N818 - what happened, where it's caught
    """A contract refused a call. `key` is its error's name, `details` that error's arguments."""

    def __init__(self, revert: Revert) -> None:
        super().__init__(revert.name, **revert.arguments)
        self.revert = revert

    def __str__(self) -> str:
        return t(self.key, **self.revert.shown)


def reverted(refusal: RpcRefused) -> DokkaebiError:
    """What a node's refusal means: a contract's error, or the node's own."""
    if refusal.data == "0x" and "revert" not in refusal.message.lower():
        return refusal
    return Reverted(decode_revert(refusal.data))


def decode_revert(data: str) -> Revert:
    """Revert data (`0x…`) into the error that it is. What is unknown stays as it is."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    selector, body = data[2:10], data[10:]
    try:
        values = bytes.fromhex(body)
        if selector == _ERROR:
            return _plain("revert_said", reason=decode(["string"], values)[0])
        if selector == _PANIC:
            return _plain("revert_panic", code=hex(decode(["uint256"], values)[0]))
        if selector in _INHERITED:
            return _plain(_INHERITED[selector])
        entry = _errors().get(selector)
        if entry is not None:
            return _custom(entry, decode(types_of(entry["inputs"]), values))
    except (DecodingError, ValueError):
        pass
    return _plain("revert_unknown", data=data) if selector else _plain("revert_silent")


@cache
def _errors() -> dict[str, dict[str, Any]]:
    """Every custom error of the suite by its selector, 8 hex digits."""
    from eth_utils.crypto import keccak

    entries = (entry for name in COMPILED for entry in load_abi(name) if entry["type"] == "error")
    return {keccak(text=signature_of(entry))[:4].hex(): entry for entry in entries}


def _plain(name: str, **arguments: str) -> Revert:
    return Revert(name, dict(arguments), dict(arguments))


def _custom(entry: dict[str, Any], values: tuple[Any, ...]) -> Revert:
    from eth_utils.address import to_checksum_address

    arguments: dict[str, Any] = {}
    shown: dict[str, str] = {}
    for parameter, value in zip(entry["inputs"], values, strict=True):
        name = parameter["name"]
        if parameter["type"] == "address":
            value = to_checksum_address(value)
        elif isinstance(value, bytes):
            value = "0x" + value.hex()
        arguments[name] = str(value) if isinstance(value, int) else value
        shown[name] = _show(parameter, value, _measure(entry, name))
    return Revert(entry["name"], arguments, shown)


def _measure(entry: dict[str, Any], name: str) -> str:
    """The argument whose measure an argument has: a bound has that of the number that it bounds."""
    if name not in _BOUNDS:
        return name
    return next(str(p["name"]) for p in entry["inputs"] if p["type"].startswith("uint"))


def _show(parameter: dict[str, Any], value: Any, measure: str) -> str:
    """An argument as people read it."""
    internal = parameter.get("internalType", "")
    if internal.startswith("enum "):
        return t(f"{internal.rsplit('.', 1)[-1]}_{value}")
    if value == COIN and measure == "asset":
        return t("coin")
    if value == COIN and measure in _PEOPLE:
        return t("nobody")
    if not isinstance(value, int):
        return str(value)
    if measure in _IDS:
        return creation_text(value)
    if measure in _TIMES:
        return time_text(value)
    if measure.endswith("Bps"):
        return percent_text(value)
    return span_text(value) if measure.endswith("Seconds") else str(value)
