"""`market.toml`: what one market is. Read once, at deployment."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dokkaebi.chain.assets import parse_address, parse_decimal
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError

TOKEN_DECIMALS = 18
FEE_BPS_MAX = 250
UINT256_MAX = 2**256 - 1

FIELDS: dict[str, dict[str, type]] = {
    "token": {
        "name": str,
        "symbol": str,
        "cap": str,
        "opening_supply": str,
        "opening_holder": str,
        "steward": str,
    },
    "registry": {"name": str, "symbol": str, "description": str},
    "market": {"fee_bps": int, "fee_recipient": str},
}


@dataclass(frozen=True)
class MarketSpec:
    """One market. Amounts in the token's smallest unit; an empty address means the deployer."""

    token_name: str
    token_symbol: str
    cap: int
    opening_supply: int
    opening_holder: str
    steward: str
    registry_name: str
    registry_symbol: str
    registry_description: str
    fee_bps: int
    fee_recipient: str

    def with_fee_recipient(self, address: str) -> MarketSpec:
        """The same market with another recipient of the fee."""
        return replace(self, fee_recipient=address)


def load_market_spec(path: Path | None = None) -> MarketSpec:
    """Reads and checks a market file (default: `market.toml` of the project)."""
    file = path or project_root() / "market.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise DokkaebiError("market_unreadable", path=str(file), problem=str(problem)) from None
    _check_shape(document, file)
    token, registry, market = document["token"], document["registry"], document["market"]
    spec = MarketSpec(
        token_name=token["name"],
        token_symbol=token["symbol"],
        cap=_units(token["cap"], "token.cap", file),
        opening_supply=_units(token["opening_supply"], "token.opening_supply", file),
        opening_holder=_address(token["opening_holder"], "token.opening_holder", file),
        steward=_address(token["steward"], "token.steward", file),
        registry_name=registry["name"],
        registry_symbol=registry["symbol"],
        registry_description=registry["description"],
        fee_bps=market["fee_bps"],
        fee_recipient=_address(market["fee_recipient"], "market.fee_recipient", file),
    )
    if not 0 < spec.cap <= UINT256_MAX or spec.opening_supply > spec.cap:
        raise _wrong(file, "token.cap", token["cap"], "opening_supply ≤ cap, cap > 0")
    if not 0 <= spec.fee_bps <= FEE_BPS_MAX:
        raise _wrong(file, "market.fee_bps", spec.fee_bps, f"0–{FEE_BPS_MAX}")
    return spec


def _check_shape(document: dict[str, Any], file: Path) -> None:
    for section, fields in FIELDS.items():
        table = document.get(section)
        if not isinstance(table, dict):
            raise _wrong(file, section, table, "[…]")
        for name, kind in fields.items():
            if type(table.get(name)) is not kind:
                raise _wrong(file, f"{section}.{name}", table.get(name), kind.__name__)
        unknown = sorted(set(table) - set(fields))
        if unknown:
            raise _wrong(file, f"{section}.{unknown[0]}", table[unknown[0]], " · ".join(fields))
    unknown = sorted(set(document) - set(FIELDS))
    if unknown:
        raise _wrong(file, unknown[0], "", " · ".join(FIELDS))


def _units(text: str, field: str, file: Path) -> int:
    """Whole tokens, as a decimal string, in the smallest unit."""
    try:
        return parse_decimal(text, TOKEN_DECIMALS, "amount_too_fine", symbol=field)
    except DokkaebiError:
        raise _wrong(file, field, text, '"1000000"') from None


def _address(text: str, field: str, file: Path) -> str:
    """An address with its checksum, or nothing."""
    try:
        return parse_address(text) if text else ""
    except DokkaebiError:
        raise _wrong(file, field, text, "0x…") from None


def _wrong(file: Path, field: str, seen: object, needed: str) -> DokkaebiError:
    return DokkaebiError(
        "market_field_wrong", path=str(file), field=field, seen=seen, needed=needed
    )
