"""Every fault at every place of a deployment, one at a time: no dice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from dokkaebi.journal import read_journal
from tests.dokkaebi.chaos.loop import Differs, Tally
from tests.dokkaebi.deploy.chaos.faults import (
    ANY,
    KILLS,
    SENDING,
    Pick,
    at_call,
    at_sending,
    no_fault,
)
from tests.dokkaebi.deploy.chaos.run import (
    PATIENT,
    WRITES,
    Facts,
    PickWrite,
    attempt_in_child,
    compare,
    no_write_fault,
    reasons_in,
    stands,
    undisturbed_facts,
)
from tests.dokkaebi.deploy.chaos.world import World, open_world

ATTEMPTS = 4


class Size(NamedTuple):
    """How long an undisturbed deployment is."""

    requests: int
    sendings: int
    writes: int


class Case(NamedTuple):
    """One fault at one place."""

    name: str
    pick: Pick
    pick_write: PickWrite = no_write_fault


def sweep(node: str, tally: Tally, stride: int = 1) -> Size:
    """Plays all cases from the same state; `stride`: every so many-th only."""
    facts = undisturbed_facts(node)
    with open_world(node) as world:
        size = _measure(world)
        for case in list(cases(size, node))[::stride]:

            def run(folder: Path) -> Counter[str]:
                if "reorg" in case.name:  # noqa: B023 - called at once
                    # Anvil can't go back to a state before one.
                    with open_world(node) as own:
                        return play(own, folder, case, facts)  # noqa: B023
                with world.undone():
                    return play(world, folder, case, facts)  # noqa: B023

            tally.play(f"{node}, {case.name}", run)
    return size


def cases(size: Size, node: str) -> Iterator[Case]:
    """A kill at every request, a kill or a full disk at every write of the journal, and whatever
    else at every sending."""
    for number in range(1, size.requests + 1):
        for fault in KILLS:
            yield Case(f"{fault} request {number}", at_call(number, fault))
    for number in range(1, size.writes + 1):
        for way in WRITES:
            yield Case(f"{way} at write {number}", no_fault, _at_write(number, way))
    for number in range(1, size.sendings + 1):
        for fault in (*ANY, *SENDING):
            # Reorgs elsewhere want blocks that come by themselves: the dice have those.
            if fault not in KILLS and (node == "anvil" or not fault.startswith("reorg")):
                yield Case(f"{fault} at sending {number}", at_sending(number, fault))
    for fault in ("pending ahead", "pending behind", "latest behind"):
        yield Case(fault, lambda request: fault)  # noqa: B023 - used before the next


def play(world: World, folder: Path, case: Case, facts: Facts) -> Counter[str]:
    """One disturbed attempt, then as many undisturbed ones as it takes; how the first ended.

    Raises Differs.
    """
    first = attempt_in_child(world, folder, case.pick, case.pick_write)
    ended, attempts = first, 1
    while not stands(world, folder):
        if attempts == ATTEMPTS or ended == "crashed":
            why = reasons_in(folder).read_text().split() if reasons_in(folder).exists() else []
            raise Differs(f"not deployed after {attempts} attempts, the last {ended}: {why}")
        # What came back into the queue by a reorg waits there for ever if no block is made.
        world.mine()
        # Nothing is in its way but a busy machine, whose node may be late.
        ended = attempt_in_child(world, folder, no_fault, patience=PATIENT)
        attempts += 1
    compare(world, folder, facts)
    return Counter({f"first {first}, stood after {attempts}": 1})


def _measure(world: World) -> Size:
    with world.undone(), TemporaryDirectory() as name:
        if attempt_in_child(world, Path(name), no_fault) != "deployed":
            raise Differs("an undisturbed deployment didn't come through")
        writes = len(read_journal(Path(name) / "manifest.journal"))
        return Size(world.faults.requests, world.faults.sendings, writes)


def _at_write(number: int, way: str) -> PickWrite:
    return lambda write: way if write == number else ""
