"""`market.toml`: what one market is. Read once, at deployment."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dokkaebi.chain.assets import parse_address, parse_decimal
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError

TOKEN_DECIMALS = 18
FEE_BPS_MAX = 250
UINT256_MAX = 2**256 - 1
# The escrow market's SHIP_SECONDS_MAX, INSPECT_SECONDS_MAX and OFFER_SECONDS_MAX.
DAYS_MAX = {"ship_days": 60, "inspect_days": 30, "offer_days": 365}
# The reward pool's.
ALLOWANCE_MAX = 2**128 - 1
REWARDS_RANGES = {
    "share_bps": (0, 10_000),
    "opening_epochs": (1, 1_000),
    "epoch_days": (1, 366),
    "challenge_days": (2, 30),
}


@dataclass(frozen=True)
class Field:
    """One entry of the file. `usual`: what a new file has; its kind is the entry's. `comment`: a
    comment stands above it."""

    section: str
    name: str
    usual: Any
    comment: bool = True

    @property
    def path(self) -> str:
        """`section.name`, as in messages."""
        return f"{self.section}.{self.name}"


FIELDS = (
    Field("token", "name", "Dokkaebi Community Token"),
    Field("token", "name_ko", "도깨비 마을돈", comment=False),
    Field("token", "symbol", "DKB"),
    Field("token", "symbol_ko", "깨비", comment=False),
    Field("token", "cap", "100000000"),
    Field("token", "opening_supply", "1000000", comment=False),
    Field("token", "opening_holder", ""),
    Field("token", "steward", ""),
    Field("registry", "name", "Dokkaebi Creations"),
    Field("registry", "name_ko", "도깨비 창작물", comment=False),
    Field("registry", "symbol", "DKC", comment=False),
    Field("registry", "description", "Creations of the makers of this market.", comment=False),
    Field("registry", "description_ko", "이 장터 만든이들의 창작물.", comment=False),
    Field("market", "fee_bps", 100),
    Field("market", "fee_recipient", ""),
    Field("rewards", "share_bps", 5_000),
    Field("rewards", "opening_allowance", "1000000"),
    Field("rewards", "opening_epochs", 52, comment=False),
    Field("rewards", "epoch_days", 7),
    Field("rewards", "challenge_days", 2, comment=False),
    Field("rewards", "steward", ""),
    Field("rewards", "guardian", ""),
    Field("windows", "ship_days", 7),
    Field("windows", "inspect_days", 7, comment=False),
    Field("windows", "offer_days", 30, comment=False),
    Field(
        "networks",
        "allowed",
        [
            "sepolia",
            "hoodi",
            "base-sepolia",
            "arbitrum-sepolia",
            "optimism-sepolia",
            "polygon-amoy",
            "kaia-kairos",
        ],
    ),
    Field("networks", "explorer", ""),
)
SECTIONS = tuple(dict.fromkeys(field.section for field in FIELDS))


@dataclass(frozen=True)
class Windows:
    """How long a seller's offers give by default, days."""

    ship_days: int = 7
    inspect_days: int = 7
    offer_days: int = 30


@dataclass(frozen=True)
class Rewards:
    """The reward pool's terms. `opening_allowance` in the token's smallest unit. An empty address
    means the deployer; if that is the steward, an empty guardian is nobody."""

    share_bps: int
    opening_allowance: int
    opening_epochs: int
    epoch_days: int
    challenge_days: int
    steward: str
    guardian: str


@dataclass(frozen=True)
class MarketSpec:
    """One market. Amounts in the token's smallest unit; an empty address means the deployer.
    `allowed`: the networks it may be deployed to; local chains always are."""

    token_name: str
    token_name_ko: str
    token_symbol: str
    token_symbol_ko: str
    cap: int
    opening_supply: int
    opening_holder: str
    steward: str
    registry_name: str
    registry_name_ko: str
    registry_symbol: str
    registry_description: str
    registry_description_ko: str
    fee_bps: int
    fee_recipient: str
    rewards: Rewards
    windows: Windows
    allowed: tuple[str, ...]
    explorer: str

    def with_fee_recipient(self, address: str) -> MarketSpec:
        """The same market with another treasury."""
        return replace(self, fee_recipient=address)

    def with_guardian(self, address: str) -> MarketSpec:
        """The same market with another guardian of its rewards."""
        return replace(self, rewards=replace(self.rewards, guardian=address))


def market_path(path: Path | None = None) -> Path:
    """The market file: as given, else `market.toml` of the project."""
    return path or project_root() / "market.toml"


def load_market_spec(path: Path | None = None) -> MarketSpec:
    """Reads and checks a market file. Errors: `market_unreadable`, `market_field_wrong`,
    `market_field_missing`."""
    file = market_path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DokkaebiError("market_missing", path=str(file)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise DokkaebiError("market_unreadable", path=str(file), problem=str(problem)) from None
    return parse_market(document, file)


def parse_market(document: Mapping[str, Any], file: Path) -> MarketSpec:
    """A market from what its file says; `file` is named in errors."""
    _check_shape(document, file)
    token, registry, market = document["token"], document["registry"], document["market"]
    networks = document["networks"]
    spec = MarketSpec(
        token_name=token["name"],
        token_name_ko=token["name_ko"],
        token_symbol=token["symbol"],
        token_symbol_ko=token["symbol_ko"],
        cap=_units(token["cap"], "token.cap", file),
        opening_supply=_units(token["opening_supply"], "token.opening_supply", file),
        opening_holder=_address(token["opening_holder"], "token.opening_holder", file),
        steward=_address(token["steward"], "token.steward", file),
        registry_name=registry["name"],
        registry_name_ko=registry["name_ko"],
        registry_symbol=registry["symbol"],
        registry_description=registry["description"],
        registry_description_ko=registry["description_ko"],
        fee_bps=market["fee_bps"],
        fee_recipient=_address(market["fee_recipient"], "market.fee_recipient", file),
        rewards=_rewards(document["rewards"], file),
        windows=Windows(**document["windows"]),
        allowed=tuple(networks["allowed"]),
        explorer=networks["explorer"],
    )
    if not 0 < spec.cap <= UINT256_MAX or spec.opening_supply > spec.cap:
        raise _wrong(file, "token.cap", token["cap"], "opening_supply ≤ cap, cap > 0")
    if not 0 <= spec.fee_bps <= FEE_BPS_MAX:
        raise _wrong(file, "market.fee_bps", spec.fee_bps, f"0–{FEE_BPS_MAX}")
    _check_rewards(spec, document["rewards"], file)
    for name, days in document["windows"].items():
        if not 1 <= days <= DAYS_MAX[name]:
            raise _wrong(file, f"windows.{name}", days, f"1–{DAYS_MAX[name]}")
    if not all(isinstance(name, str) for name in spec.allowed):
        raise _wrong(file, "networks.allowed", networks["allowed"], '["sepolia"]')
    if spec.explorer and not spec.explorer.startswith(("https://", "http://")):
        raise _wrong(file, "networks.explorer", spec.explorer, "https://…")
    return spec


def _rewards(table: Mapping[str, Any], file: Path) -> Rewards:
    fields = dict(table)
    fields["opening_allowance"] = _units(
        table["opening_allowance"], "rewards.opening_allowance", file
    )
    for office in ("steward", "guardian"):
        fields[office] = _address(table[office], f"rewards.{office}", file)
    return Rewards(**fields)


def _check_rewards(spec: MarketSpec, table: Mapping[str, Any], file: Path) -> None:
    """What the pool's constructor would refuse."""
    rewards = spec.rewards
    if rewards.opening_allowance > min(spec.cap - spec.opening_supply, ALLOWANCE_MAX):
        seen, needed = table["opening_allowance"], "≤ cap − opening_supply"
        raise _wrong(file, "rewards.opening_allowance", seen, needed)
    for name, (low, high) in REWARDS_RANGES.items():
        if not low <= table[name] <= high:
            raise _wrong(file, f"rewards.{name}", table[name], f"{low}–{high}")
    if rewards.guardian and rewards.guardian == rewards.steward:
        raise _wrong(file, "rewards.guardian", rewards.guardian, "≠ rewards.steward")


def _check_shape(document: Mapping[str, Any], file: Path) -> None:
    for section in SECTIONS:
        table = document.get(section)
        if not isinstance(table, dict):
            raise DokkaebiError("market_field_missing", path=str(file), field=f"[{section}]")
        fields = {field.name: field for field in FIELDS if field.section == section}
        for name, field in fields.items():
            if name not in table:
                raise DokkaebiError("market_field_missing", path=str(file), field=field.path)
            if type(table[name]) is not type(field.usual):
                raise _wrong(file, field.path, table[name], type(field.usual).__name__)
        unknown = sorted(set(table) - set(fields))
        if unknown:
            raise _wrong(file, f"{section}.{unknown[0]}", table[unknown[0]], " · ".join(fields))
    unknown = sorted(set(document) - set(SECTIONS))
    if unknown:
        raise _wrong(file, unknown[0], "", " · ".join(SECTIONS))


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
