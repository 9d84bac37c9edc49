"""Days, weeks, months and moments as people of a time zone write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from dokkaebi.errors import DokkaebiError

PERIODS = ("day", "week", "month")


@dataclass(frozen=True)
class Calendar:
    """A time zone by its name in the IANA database, and what `period` means.

    Raises `zone_unknown`, `period_unknown`.
    """

    zone: str = "UTC"
    by: str = "month"

    def __post_init__(self) -> None:
        if self.by not in PERIODS:
            raise DokkaebiError("period_unknown", period=self.by, known=", ".join(PERIODS))
        _ = self._zone

    @cached_property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.zone)
        except (ValueError, OSError, KeyError):
            raise DokkaebiError("zone_unknown", zone=self.zone) from None

    def at(self, moment: int) -> datetime:
        """A moment on the zone's clock."""
        return datetime.fromtimestamp(moment, self._zone)

    def day(self, moment: int) -> str:
        """The day of a moment: 2026-11-23."""
        return self.at(moment).date().isoformat()

    def period(self, moment: int) -> str:
        """The period of a moment: 2026-11-23, 2026-W48 (ISO 8601) or 2026-11."""
        return self._label(self.at(moment).date())

    def periods(self, first: int, last: int) -> list[str]:
        """Every period from that of one moment to that of another, empty ones too."""
        return list(dict.fromkeys(map(self._label, self.days(first, last))))

    def days(self, first: int, last: int) -> Iterator[date]:
        """Every day from that of one moment to that of another."""
        day, end = self.at(first).date(), self.at(last).date()
        while day <= end:
            yield day
            day += timedelta(days=1)

    def begin(self, day: str) -> int:
        """When a day begins. Raises `day_unknown` for what isn't one."""
        return self._midnight(day, 0)

    def end(self, day: str) -> int:
        """When a day is over. Raises `day_unknown` for what isn't one."""
        return self._midnight(day, 1)

    def text(self, moment: int) -> str:
        """A moment in ISO 8601, with the zone's distance from UTC."""
        return self.at(moment).isoformat().replace("+00:00", "Z")

    def short(self, moment: int) -> str:
        """A moment without seconds and zone."""
        return self.at(moment).strftime("%Y-%m-%d %H:%M")

    def _label(self, day: date) -> str:
        if self.by == "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02d}"
        return day.isoformat()[: len("2026-11") if self.by == "month" else None]

    def _midnight(self, day: str, later: int) -> int:
        try:
            found = date.fromisoformat(day) + timedelta(days=later)
            begin = datetime(found.year, found.month, found.day, tzinfo=self._zone)
            return int(begin.astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            raise DokkaebiError("day_unknown", day=day) from None


UTC_CALENDAR = Calendar()
