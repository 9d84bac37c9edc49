"""The rules of the portal: a TOML file of integers, read strictly."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.errors import DokkaebiError

DEFAULT = Path(__file__).with_name("rules.toml")
VERSION = 1
BPS = 10_000
# Points are counted in thousandths, so that a third of a point isn't lost.
MILLI = 1_000
DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
# Thousandths of it fit into 32 bits, which the scorer relies on.
_POINTS_MAX = 10**6
_KIND = re.compile(r"[A-Z][A-Z0-9_]{0,31}", re.ASCII)
_ADDRESS = re.compile(r"0x[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True)
class KindRule:
    """What a contribution of a kind gives: points to who made it, and to whom it praises. One that
    counts `at_once` is no vote that somebody could hurry with: a trade, with its fee."""

    made: int
    received: int
    at_once: bool = False


@dataclass(frozen=True)
class Rules:
    """The rules as read. `steward` attests nicknames (lower-case; zero: nobody). Points are whole
    ones, amounts the community token's smallest units, rates by asset: smallest units of the token
    for smallest units of the asset."""

    community: str
    steward: str
    kinds: Mapping[str, KindRule]
    day_max: int
    pair_max: int
    mutual_free: int
    age_start_bps: int
    age_full_days: int
    late_hours: int
    accept_days: int
    threshold_points: int
    payout_min: int
    share_bps: int
    opening_share_bps: int
    opening_epochs: int
    rates: Mapping[str, tuple[int, int]]
    digest: str

    def share_in(self, epoch: int) -> int:
        """The share of fees, in basis points, that comes back in an epoch."""
        return self.opening_share_bps if epoch <= self.opening_epochs else self.share_bps

    def oldest_in(self, start: int) -> int:
        """The time of the oldest contribution that can count in an epoch that starts then."""
        return start - self.accept_days * DAY_SECONDS - self.late_hours * HOUR_SECONDS

    def in_token(self, asset: str, fee: int) -> int:
        """A fee in the token's smallest units, by the fixed rate; zero of unlisted assets."""
        units, per = self.rates.get(asset.lower(), (0, 1))
        return fee * units // per


def load_rules(path: Path | None = None) -> Rules:
    """Reads a rules file; without a path the one of this package.

    Raises `portal_rules_unreadable`, `portal_rules_wrong`.
    """
    path = path or DEFAULT
    try:
        text = path.read_bytes()
        found = tomllib.loads(text.decode("utf-8"))
    except (OSError, ValueError) as problem:
        raise DokkaebiError(
            "portal_rules_unreadable", path=str(path), problem=str(problem)
        ) from None
    return _Reader(str(path)).rules(found, hashlib.sha256(text).hexdigest())


class _Reader:
    """Reads one file; each refusal names its field."""

    def __init__(self, path: str) -> None:
        self._path = path

    def rules(self, found: dict[str, Any], digest: str) -> Rules:
        known = {"version", "community", "steward", "kinds", "points", "epoch", "mileage", "fees"}
        self._only("", found, known)
        self._whole("version", found.get("version"), VERSION, VERSION)
        points = self._numbers(
            found,
            "points",
            day_max=(0, _POINTS_MAX),
            pair_max=(0, _POINTS_MAX),
            mutual_free=(0, _POINTS_MAX),
            age_start_bps=(0, BPS),
            age_full_days=(0, 36_500),
        )
        epoch = self._numbers(found, "epoch", late_hours=(0, 8_784), accept_days=(0, 36_500))
        mileage = self._numbers(
            found, "mileage", threshold_points=(0, _POINTS_MAX), payout_min=(0, 2**256 - 1)
        )
        # A share of everything or more would pay for circular trades.
        fees = self._numbers(
            found,
            "fees",
            share_bps=(0, BPS - 1),
            opening_share_bps=(0, BPS - 1),
            opening_epochs=(0, 10_000),
            rates=None,
        )
        community = found.get("community")
        if not isinstance(community, str) or not 1 <= len(community) <= 64:
            raise self._wrong("community", community, "1 … 64")
        steward = found.get("steward")
        if not isinstance(steward, str) or not _ADDRESS.fullmatch(steward):
            raise self._wrong("steward", steward, "0x…")
        rates = self._rates(self._table("fees.rates", found["fees"].get("rates", {})))
        kinds = self._kinds(self._table("kinds", found.get("kinds")))
        return Rules(
            community=community,
            steward=steward,
            kinds=kinds,
            rates=rates,
            digest=digest,
            **points,
            **epoch,
            **mileage,
            **fees,
        )

    def _kinds(self, found: dict[str, Any]) -> dict[str, KindRule]:
        kinds = {}
        for name, value in found.items():
            field = f"kinds.{name}"
            if not _KIND.fullmatch(name):
                raise self._wrong(field, name, "A…Z, 0…9, _")
            rule = self._table(field, value)
            self._only(field, rule, {"made", "received", "at_once"})
            at_once = rule.get("at_once", False)
            if type(at_once) is not bool:
                raise self._wrong(f"{field}.at_once", at_once, "true, false")
            kinds[name] = KindRule(
                self._whole(f"{field}.made", rule.get("made", 0), 0, 1_000_000),
                self._whole(f"{field}.received", rule.get("received", 0), 0, 1_000_000),
                at_once,
            )
        return kinds

    def _rates(self, found: dict[str, Any]) -> dict[str, tuple[int, int]]:
        rates = {}
        for asset, value in found.items():
            field = f"fees.rates.{asset}"
            if not _ADDRESS.fullmatch(asset):
                raise self._wrong(field, asset, "0x…")
            rate = self._table(field, value)
            self._only(field, rate, {"units", "per"})
            units = self._whole(f"{field}.units", rate.get("units"), 0, 2**128)
            rates[asset] = units, self._whole(f"{field}.per", rate.get("per"), 1, 2**128)
        return rates

    def _numbers(
        self, found: dict[str, Any], name: str, **fields: tuple[int, int] | None
    ) -> dict[str, int]:
        table = self._table(name, found.get(name))
        self._only(name, table, set(fields))
        return {
            field: self._whole(f"{name}.{field}", table.get(field), *bounds)
            for field, bounds in fields.items()
            if bounds is not None
        }

    def _table(self, field: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(field, value, "[…]")
        return value

    def _only(self, field: str, table: dict[str, Any], known: set[str]) -> None:
        for name in table:
            if name not in known:
                raise self._wrong(f"{field}.{name}".lstrip("."), "?", ", ".join(sorted(known)))

    def _whole(self, field: str, value: Any, low: int, high: int) -> int:
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(field, value, f"{low} … {high}")
        return value

    def _wrong(self, field: str, seen: object, needed: str) -> DokkaebiError:
        return DokkaebiError(
            "portal_rules_wrong", path=self._path, field=field, seen=str(seen)[:60], needed=needed
        )
