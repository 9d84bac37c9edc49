"""What a sponsor spent and may have to, by its journal alone.

What was signed counts with all that it can cost until it is known what it did; what failed counts
so for ever. Of the transactions that bear the same nonce one can be mined, so the dearest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dokkaebi.errors import DokkaebiError

QUEUED, SENT, DONE, FAILED, DROPPED = "queued", "sent", "done", "failed", "dropped"
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Budgets:
    """Wei: for one person in all, for everybody in a day (of UTC), and in all."""

    person: int
    day: int
    total: int


@dataclass
class Signed:
    """A transaction that was signed; `cost`: the most that it can cost, wei."""

    raw: str
    hash: str
    max_fee: int
    cost: int
    at: int


@dataclass
class Entry:
    """An act and what became of it. `nonce`: that of all of its transactions."""

    id: str
    kind: str
    member: str
    to: str
    data: str
    at: int
    state: str = QUEUED
    nonce: int | None = None
    gas: int = 0
    signed: list[Signed] = field(default_factory=list)
    transaction: str | None = None
    cost: int = 0
    reason: str = ""

    @property
    def counted(self) -> int:
        """What it counts for, wei."""
        if self.state in {DONE, DROPPED}:
            return self.cost
        return max([self.cost, *(one.cost for one in self.signed)])

    @property
    def is_open(self) -> bool:
        """Whether something can still become of it."""
        return self.state in {QUEUED, SENT}


class Books:
    """All acts of a journal, in order."""

    def __init__(self, entries: Iterable[Mapping[str, Any]] = ()) -> None:
        self.acts: dict[str, Entry] = {}
        for entry in entries:
            self.note(entry)

    def note(self, entry: Mapping[str, Any]) -> None:
        """One line of the journal."""
        if entry["kind"] == "act":
            values = {k: entry[k] for k in ("id", "member", "to", "data", "at")}
            self.acts[entry["id"]] = Entry(kind=entry["act"], **values)
            return
        act = self.acts[entry["id"]]
        if entry["kind"] == "signed":
            act.state, act.nonce, act.gas = SENT, entry["nonce"], entry["gas"]
            told = (entry["raw"], entry["hash"], int(entry["max_fee"]), int(entry["cost"]))
            act.signed.append(Signed(*told, entry["at"]))
        elif entry["kind"] == "end":
            act.cost = int(entry["cost"])
            act.transaction, act.reason = entry["transaction"], entry["reason"]
            # A failure counts for all that it could have cost.
            act.state = entry["state"]

    def open_acts(self) -> list[Entry]:
        """What isn't over, the oldest first."""
        return [act for act in self.acts.values() if act.is_open]

    def counted(self, *, member: str | None = None, day: int | None = None) -> int:
        """What counts against a budget: a member's, a day's (days since 1970), or all."""
        return sum(
            act.counted
            for act in self.acts.values()
            if (member is None or act.member == member) and (day is None or day_of(act) == day)
        )

    def check(self, budgets: Budgets, act: Entry, cost: int, now: int) -> None:
        """Refuses an act that could exceed a budget. `cost`: the most that it can cost beside what
        it counts for already. Errors: `sponsor_person_spent`, `sponsor_day_spent`,
        `sponsor_spent`."""
        more = cost - act.counted
        bounds = (
            ("sponsor_spent", self.counted(), budgets.total),
            ("sponsor_day_spent", self._today(act, now), budgets.day),
            ("sponsor_person_spent", self.counted(member=act.member), budgets.person),
        )
        for error, counted, most in bounds:
            if counted + more > most:
                raise DokkaebiError(error, needs=more, left=max(most - counted, 0))

    def _today(self, act: Entry, now: int) -> int:
        day = day_of(act) if act.signed else now // DAY_SECONDS
        return self.counted(day=day)


def day_of(act: Entry) -> int:
    """The day against which an act counts: of its first signature."""
    first = act.signed[0].at if act.signed else act.at
    return first // DAY_SECONDS
