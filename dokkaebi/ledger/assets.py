"""What an asset calls itself. Strangers wrote these contracts: asked once, and not believed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

from dokkaebi.chain.assets import COIN_DECIMALS
from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.ledger.rows import COIN, Row

NAME_LENGTH = 48
SYMBOL_LENGTH = 12
# 10^77 is the largest power of ten in a uint256.
DECIMALS_MAX = 77
_NAME, _SYMBOL, _DECIMALS = "0x06fdde03", "0x95d89b41", "0x313ce567"
_WORD = 32


class Caller(Protocol):
    """A node that runs a call; a revert raises RpcRefused."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""

    def call(self, to: str, data: str) -> bytes:
        """What the call returns."""


def read_asset(node: Caller, address: str) -> Row:
    """An asset's row: `name` and `symbol` are None where it doesn't say, `decimals` is then 0."""
    if address == COIN:
        symbol = coin_symbol(node.chain_id)
        return {"address": COIN, "name": symbol, "symbol": symbol, "decimals": COIN_DECIMALS}
    decimals = int.from_bytes(_ask(node, address, _DECIMALS)[:_WORD], "big")
    return {
        "address": address,
        "name": _word(_ask(node, address, _NAME), NAME_LENGTH),
        "symbol": _word(_ask(node, address, _SYMBOL), SYMBOL_LENGTH),
        "decimals": decimals if decimals <= DECIMALS_MAX else 0,
    }


def asset_of(values: Mapping[str, Any]) -> str:
    """The asset that an event names, itself or in its struct; for events that name one."""
    if "asset" in values:
        return str(values["asset"])
    return next(str(v["asset"]) for v in values.values() if isinstance(v, dict) and "asset" in v)


def _ask(node: Caller, address: str, selector: str) -> bytes:
    try:
        return node.call(address, selector)
    except RpcRefused:
        return b""


def _word(answer: bytes, length: int) -> str | None:
    """A string, or the bytes32 of older tokens, without what could turn or hide a line."""
    if len(answer) == _WORD:
        raw = answer.rstrip(b"\0")
    else:
        size = int.from_bytes(answer[_WORD : 2 * _WORD], "big")
        raw = answer[2 * _WORD : 2 * _WORD + min(size, 4 * length)]
    text = raw.decode("utf-8", "ignore")
    seen = "".join(c for c in text if unicodedata.category(c)[0] in "LNPS" or c == " ")
    return seen.strip()[:length].strip() or None
