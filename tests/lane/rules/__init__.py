"""The rules: what may happen next, by the room of the contract that it happens to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.lane.machine import Intent, Machine

Act = Callable[[Machine], Intent | None]


class Rule(NamedTuple):
    room: str
    weight: int
    act: Act


RULES: dict[str, Rule] = {}


def rule(room: str, weight: int = 1) -> Callable[[Act], Act]:
    def add(act: Act) -> Act:
        name = f"{room}.{act.__name__}"
        assert name not in RULES
        RULES[name] = Rule(room, weight, act)
        return act

    return add
