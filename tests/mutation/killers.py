"""What kills a mutant: the machine of the fast lane, which compares each act with the models.

Each mutant gets a process of its own, forked from one that has loaded everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from pyrevm import BlockEnv

from tests.lane import chain, fuzz
from tests.lane.machine import Machine
from tests.lane.world import World
from tests.mutation.forked import answer_of
from tests.mutation.weave import numbers_in

# Without a mutant. One that never ends is stopped after ten times what that took, so that no load
# changes a result.
SECONDS = 600.0
# In which rooms of the machine a file's code is at work.
ROOMS = {
    "ArbitrationDesk": ("desk",),
    "AuctionHouse": ("auctions",),
    "CommunityToken": ("token",),
    "CreationMarket": ("creations",),
    "CreationRegistry": ("registry",),
    "EscrowMarket": ("escrow",),
    "RewardPool": ("pool",),
    "Collections": ("creations", "auctions"),
    "Consent": ("escrow", "creations", "auctions"),
    "ContentIdentifier": ("registry",),
    "Offices": ("pool",),
    "RewardPurse": ("pool",),
    "Signatures": ("escrow", "creations", "auctions", "registry"),
    "Stewardship": ("pool", "token"),
    "Till": ("escrow", "creations", "auctions"),
    "TradeTerms": ("escrow",),
}


def switch(number: int) -> None:
    """Switches a mutant on in this process, or all off with 0."""
    chain.BlockEnv = partial(BlockEnv, coinbase=f"0x{number:040x}")  # type: ignore[misc]


def load() -> None:
    """Brings what all mutants need into this process once, before others are forked from it."""
    World(chain.Lane())


def seeds_of(file: str, first: int) -> Iterator[int]:
    """Seeds, from the first on, of runs of the machine in which a file's code is at work."""
    rooms = ROOMS[Path(file).stem]
    for seed in count(first) if rooms else ():
        if set(rooms) & set(fuzz.PROFILES[seed % len(fuzz.PROFILES)]):
            yield seed


def play(codes: Mapping[str, bytes], seeds: Iterable[int]) -> str | None:
    """Plays runs; what was wrong, or None if nothing was."""
    return _play_on(chain.Lane(codes=codes), seeds)


def _play_on(lane: chain.Lane, seeds: Iterable[int]) -> str | None:
    try:
        machine = Machine(World(lane))
        for seed in seeds:
            fuzz.play(machine, fuzz.plan(seed))
    except Exception as problem:
        # A mutant may break the deployment, or the machine's own arithmetic: any end is one.
        return f"{type(problem).__name__}: {problem}"[:300]
    return None


def places_reached(codes: Mapping[str, bytes], seed: int) -> set[int] | str:
    """Which mutants' places a run comes to, or what ended it: to look at accounts takes gas, which
    decides something in a few runs. `codes`: woven to be looked at."""
    said: set[int] | str = answer_of(_looking_child, codes, seed, seconds=SECONDS)
    return said


def _looking_child(codes: Mapping[str, bytes], seed: int, answer: Connection) -> None:
    lane = chain.Lane(codes=codes)
    said = _play_on(lane, [seed])
    answer.send(said or numbers_in(lane.looked_at()))


def _child(number: int, codes: Mapping[str, bytes], seeds: list[int], answer: Connection) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    switch(number)
    answer.send(play(codes, seeds))


def try_to_kill(
    number: int, codes: Mapping[str, bytes], seeds: list[int], seconds: float = SECONDS
) -> str | None:
    """What killed a mutant; None if it survived these runs."""
    said: str | None = answer_of(_child, number, codes, seeds, seconds=seconds)
    return said
