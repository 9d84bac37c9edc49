"""Figures as people read them: times, spans, shares, amounts. All of it exact, nothing a float."""

from __future__ import annotations

from datetime import UTC, datetime

from dokkaebi.texts import t

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
# What datetime can show; beyond it the plain number says enough.
_LATEST = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


def time_text(seconds: int) -> str:
    """A moment in the local time zone, `2026-11-23 18:42 KST`."""
    if not 0 <= seconds < _LATEST:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def span_text(seconds: int, lang: str | None = None) -> str:
    """A length of time in its two largest units, `3 days 4 hours`; nothing is `0 seconds`."""
    parts: list[str] = []
    rest = abs(seconds)
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count and len(parts) < 2:
            parts.append(t(f"span_{name}" if count != 1 else f"span_{name}_one", lang, count=count))
        elif parts:
            break
    return " ".join(parts) or t("span_seconds", lang, count=0)


def percent_text(bps: int) -> str:
    """Basis points as percent, `2.5 %`."""
    return f"{units_text(bps, 2)} %"


def units_text(amount: int, decimals: int) -> str:
    """A number of smallest units in whole ones, exact and without needless zeros: `0.05`."""
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(decimals + 1, "0")
    if decimals == 0:
        return sign + digits
    whole, part = digits[:-decimals], digits[-decimals:].rstrip("0")
    return f"{sign}{whole}.{part}" if part else sign + whole


def amount_text(amount: int, decimals: int, symbol: str) -> str:
    """An amount with its asset's symbol, `0.05 ETH`."""
    return f"{units_text(amount, decimals)} {symbol}"


def size_text(size: int) -> str:
    """A file's size, `40.0 MB` (a million bytes each)."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{units_text(size * 10 // factor, 1)} {unit}"
    return t("size_bytes", count=size)
