"""What the page shows of a community's portal, which isn't in the books: its epochs, and people's
points and tokens. Points are thousandths, amounts in the token's smallest units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

GINIS = ("points_gini", "mileage_gini", "paid_gini")


class EpochRow(Protocol):
    """An epoch's sums, and how unequally they are spread: 0 all the same, towards 1 one has all."""

    @property
    def epoch(self) -> int:
        """Its number."""

    @property
    def people(self) -> int:
        """How many did or got something."""

    @property
    def points(self) -> int:
        """The points of all."""

    @property
    def mileage(self) -> int:
        """The mileage of all."""

    @property
    def points_gini(self) -> Fraction:
        """Of the epoch's points."""

    @property
    def mileage_gini(self) -> Fraction:
        """Of the epoch's mileage."""

    @property
    def paid_gini(self) -> Fraction:
        """Of everything ever paid out."""


class PersonRow(Protocol):
    """A person over all epochs; `waiting` isn't paid yet."""

    @property
    def persona(self) -> object:
        """Nickname and source."""

    @property
    def points(self) -> int:
        """All points."""

    @property
    def mileage(self) -> int:
        """All mileage."""

    @property
    def paid(self) -> int:
        """What was paid of it."""

    @property
    def waiting(self) -> int:
        """What wasn't."""


class KindRow(Protocol):
    """A person's points of a kind."""

    @property
    def persona(self) -> object:
        """Nickname and source."""

    @property
    def kind(self) -> str:
        """Of what."""

    @property
    def made(self) -> int:
        """For making it."""

    @property
    def received(self) -> int:
        """For getting it."""


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal's epochs in their order, people with most tokens first, and their kinds."""

    epochs: Sequence[EpochRow]
    people: Sequence[PersonRow]
    kinds: Sequence[KindRow]


@dataclass(frozen=True, slots=True)
class Beat:
    """What is plotted, epoch by epoch: (epoch, amount, permille of the highest)."""

    name: str
    bars: Sequence[tuple[int, int | Fraction, int]]

    @property
    def is_gini(self) -> bool:
        """Whether its amounts are coefficients, of which the last one says how it is now."""
        return self.name in GINIS


def beats(epochs: Sequence[EpochRow]) -> list[Beat]:
    """People, points and mileage relative to the highest; Gini coefficients as they are."""
    found = []
    for name in ("people", "points", "mileage"):
        amounts: Mapping[int, int] = {one.epoch: getattr(one, name) for one in epochs}
        highest = max(amounts.values(), default=0) or 1
        found.append(Beat(name, [(e, n, n * 1000 // highest) for e, n in amounts.items()]))
    for name in GINIS:
        spread: Mapping[int, Fraction] = {one.epoch: getattr(one, name) for one in epochs}
        found.append(Beat(name, [(e, g, int(g * 1000)) for e, g in spread.items()]))
    return found
