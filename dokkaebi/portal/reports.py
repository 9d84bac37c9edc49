"""What epochs' documents answer: points and tokens by person and kind, and how they are spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dokkaebi.portal.epoch import Document
from dokkaebi.portal.names import Persona


@dataclass(frozen=True)
class PersonKind:
    """A person's points (thousandths) of a kind over some epochs: made, and received."""

    persona: Persona
    kind: str
    made: int
    received: int


@dataclass(frozen=True)
class Person:
    """A person over some epochs: points in thousandths, amounts in the token's smallest units;
    `waiting` is what isn't paid yet."""

    persona: Persona
    points: int
    mileage: int
    paid: int
    waiting: int


@dataclass(frozen=True)
class EpochRow:
    """An epoch's sums. `gini` says how unequally points and mileage of the epoch, and everything
    ever paid out, are spread: 0 all the same, towards 1 one has all."""

    epoch: int
    start: int
    end: int
    people: int
    points: int
    mileage: int
    budget: int
    paid: int
    total: int
    points_gini: Fraction
    mileage_gini: Fraction
    paid_gini: Fraction


def by_person(documents: Sequence[Document]) -> list[Person]:
    """Everybody's points and tokens, most tokens first."""
    sums: dict[Persona, list[int]] = {}
    for document in documents:
        for one in document["people"]:
            row = sums.setdefault(Persona(one["source"], one["nickname"]), [0, 0, 0, 0])
            row[0] += points_of(one)
            row[1] += int(one["mileage"])
            row[2] += int(one["paid"])
            row[3] = int(one["waiting"])
    rows = [Person(persona, *row) for persona, row in sums.items()]
    return sorted(rows, key=lambda row: (-row.mileage, -row.points, row.persona))


def by_kind(documents: Sequence[Document]) -> list[PersonKind]:
    """Everybody's points by kind; what was taken off for mutual praise isn't any kind's."""
    sums: dict[tuple[Persona, str], list[int]] = {}
    for document in documents:
        for one in document["people"]:
            persona = Persona(one["source"], one["nickname"])
            for column, name in enumerate(("made", "received")):
                for kind, points in one[name].items():
                    sums.setdefault((persona, kind), [0, 0])[column] += points
    return [PersonKind(*key, *row) for key, row in sorted(sums.items())]


def epochs(documents: Sequence[Document]) -> list[EpochRow]:
    """The epochs in their order."""
    return [_epoch(document) for document in documents]


def _epoch(document: Document) -> EpochRow:
    people = document["people"]
    points = [points_of(one) for one in people]
    mileage = [int(one["mileage"]) for one in people]
    return EpochRow(
        document["epoch"],
        document["start"],
        document["end"],
        len(people),
        sum(points),
        sum(mileage),
        int(document["budget"]),
        int(document["paid"]),
        int(document["total"]),
        gini(points),
        gini(mileage),
        gini(int(amount) for _, amount in document["accounts"]),
    )


def points_of(one: Mapping[str, Any]) -> int:
    """A person's points of an epoch, in thousandths."""
    return int(sum(one["made"].values()) + sum(one["received"].values()) - one["mutual"])


def gini(amounts: Iterable[int]) -> Fraction:
    """The Gini coefficient, exact: 0 where all have the same, towards 1 where one has all."""
    ordered = sorted(amounts)
    count, whole = len(ordered), sum(ordered)
    if not whole:
        return Fraction(0)
    weighed = sum((2 * place - count - 1) * one for place, one in enumerate(ordered, 1))
    return Fraction(weighed, count * whole)
