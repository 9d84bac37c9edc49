"""Long runs: seeded, bounded by steps or seconds, in several processes; and what's left of one that
failed when every step that it can do without is left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic

from tests.lane import rules as rules_
from tests.lane.chain import Lane
from tests.lane.drain import drain
from tests.lane.machine import Machine, Mismatch, Step
from tests.lane.rules import RULES, auctions, creations, desk, escrow, pool, registry, token, town
from tests.lane.world import World

ROOMS = (auctions, creations, desk, escrow, pool, registry, token, town, rules_)
RUN_STEPS = 300
# A room alone, two together, or all of them.
PROFILES: tuple[tuple[str, ...], ...] = (
    ("token",),
    ("registry", "town"),
    ("escrow", "desk", "money", "town", "registry"),
    ("creations", "money", "town", "registry"),
    ("auctions", "money", "town", "registry"),
    ("pool", "token"),
    ("escrow", "desk"),
    ("escrow", "desk", "creations", "auctions", "registry", "money", "town"),
    ("token", "registry", "escrow", "desk", "creations", "auctions", "money", "town", "pool"),
)
SHRINK_SECONDS = 30
ACTS = {name: one.act for name, one in RULES.items()}


@dataclass
class Failure:
    """A run that failed: the shortest list of steps found, what it said, and what happened."""

    steps: list[Step]
    problem: str
    diary: list[str]
    taken: int

    def as_text(self) -> str:
        """To be replayed: `python -m tests.lane --replay FILE`."""
        return json.dumps([list(step) for step in self.steps])


@dataclass
class Report:
    steps: int = 0
    runs: int = 0
    checks: int = 0
    limited: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failure: Failure | None = None

    def add(self, other: Report) -> None:
        self.steps += other.steps
        self.runs += other.runs
        self.checks += other.checks
        self.limited += other.limited
        self.acts += other.acts
        self.refusals += other.refusals
        self.failure = self.failure or other.failure


def plan(seed: int, steps: int = RUN_STEPS) -> list[Step]:
    """The steps of a run."""
    dice = Random(seed)
    rooms = PROFILES[seed % len(PROFILES)]
    names = sorted(name for name, one in RULES.items() if one.room in rooms)
    weights = [RULES[name].weight for name in names]
    chosen = dice.choices(names, weights, k=steps)
    return [Step(name, dice.getrandbits(32)) for name in chosen]


def play(machine: Machine, steps: Sequence[Step]) -> None:
    """A whole run, the drain included. Raises `Mismatch`."""
    machine.begin_again()
    for step in steps:
        machine.take(step, ACTS)
    drain(machine)


def fuzz(
    seed: int,
    stop: Callable[[Report], bool],
    stride: int = 1,
    world: World | None = None,
    say: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Runs from `seed` on, each `stride`-th, until `stop` or a failure, which is shrunk."""
    machine = Machine(world or World(Lane()))
    report = Report()
    while not stop(report):
        steps = plan(seed)
        try:
            play(machine, steps)
        except Mismatch as problem:
            report.failure = shrink(machine, steps[: machine.step_number], str(problem))
            report.failure.taken = report.steps + machine.steps
        report.steps += machine.steps
        report.checks += machine.checks
        report.limited = machine.town.limited_reentries
        report.runs += 1
        report.acts += machine.acts
        report.refusals += machine.refusals
        machine.acts.clear()
        machine.refusals.clear()
        machine.steps = machine.checks = 0
        if report.failure:
            break
        say(report)
        seed += stride
    return report


def shrink(machine: Machine, steps: list[Step], problem: str) -> Failure:
    """Leaves out as many steps as it can: halves, quarters, … and at last single ones, as long as
    what is left fails in any way."""
    counted = machine.steps
    until = monotonic() + SHRINK_SECONDS
    size = max(1, len(steps) // 2)
    while size:
        at, left_out = 0, False
        while at < len(steps) and monotonic() < until:
            fewer = steps[:at] + steps[at + size :]
            said = failure_of(machine, fewer)
            if said is None:
                at += size
            else:
                steps, problem, left_out = fewer, said, True
        size = size if left_out and size == 1 else size // 2
    said = failure_of(machine, steps)
    machine.steps = counted
    return Failure(steps, said or problem, list(machine.diary), 0)


def failure_of(machine: Machine, steps: Sequence[Step]) -> str | None:
    try:
        play(machine, steps)
    except Mismatch as problem:
        return str(problem)
    return None


def steps_from(text: str) -> list[Step]:
    return [Step(*entry) for entry in json.loads(text)]


def bound(steps: int | None, seconds: float | None) -> Callable[[Report], bool]:
    """Whichever comes first."""
    until = monotonic() + seconds if seconds is not None else None

    def stop(report: Report) -> bool:
        if steps is not None and report.steps >= steps:
            return True
        return until is not None and monotonic() >= until

    return stop
