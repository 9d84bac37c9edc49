"""What kills a mutant: the machine of the fast lane, which compares each act with the models.

Each mutant gets a process of its own, forked from one that has loaded everything.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pyrevm import BlockEnv, CfgEnv

from tests.lane import chain, fuzz
from tests.lane.abi import ARTIFACTS
from tests.lane.machine import Machine
from tests.lane.world import World
from tests.mutation.weave import Woven

# Woven code is larger than any chain allows.
CODE_SIZE = 1 << 20
# For a mutant that never ends; all others take what they take, so that no load changes a result.
SECONDS = 600
PROFILES = {
    "ArbitrationDesk": (),
    "AuctionHouse": (4, 6, 7),
    "CommunityToken": (0, 7),
    "CreationMarket": (3, 6, 7),
    "CreationRegistry": (1, 3, 6, 4),
    "EscrowMarket": (2, 6, 7),
    "RewardPool": (5, 7),
    "Collections": (3, 4, 6),
    "Consent": (2, 3, 4, 6),
    "Offices": (5, 7),
    "RewardPurse": (5, 7),
    "Signatures": (3, 2, 4, 1),
    "Stewardship": (5, 0, 7),
    "Till": (2, 3, 4, 6),
    "ContentIdentifier": (1,),
    "TradeTerms": (2, 6),
}


def switch(number: int) -> None:
    """Switches a mutant on in this process, or all off with 0."""
    coinbase = f"0x{number:040x}"
    chain.BlockEnv = partial(BlockEnv, coinbase=coinbase)  # type: ignore[misc]
    chain.CfgEnv = partial(CfgEnv, limit_contract_code_size=CODE_SIZE)  # type: ignore[misc]


def load() -> None:
    """Brings what all mutants need into this process once, before others are forked from it."""
    World(chain.Lane())


def folder_of(woven: Woven, folder: Path) -> Path:
    """Artifacts as the lane reads them: the woven ones among all others."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in ARTIFACTS.glob("*.json"):
        made = woven.artifacts.get(path.stem)
        if made is None:
            (folder / path.name).symlink_to(path)
        else:
            (folder / path.name).write_text(json.dumps(made), "utf-8")
    return folder


def seeds_of(file: str, seed: int) -> Iterator[int]:
    """Seeds of those runs of the machine in which a file's code is at work."""
    rooms = PROFILES[Path(file).stem]
    start = seed * len(fuzz.PROFILES)
    while rooms:
        for room in rooms:
            yield start + room
        start += len(fuzz.PROFILES)


def play(folder: Path, seeds: Iterable[int]) -> str | None:
    """Plays runs; what was wrong, or None if nothing was."""
    try:
        machine = Machine(World(chain.Lane(folder=folder)))
        for seed in seeds:
            fuzz.play(machine, fuzz.plan(seed))
    except Exception as problem:
        # A mutant may break the deployment, or the machine's own arithmetic: any end is one.
        return f"{type(problem).__name__}: {problem}"[:300]
    return None


def _child(number: int, folder: Path, seeds: list[int], answer: Connection) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    switch(number)
    answer.send(play(folder, seeds))


def try_to_kill(number: int, folder: Path, seeds: list[int]) -> str | None:
    """What killed a mutant; None if it survived these runs."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_child, args=(number, folder, seeds, theirs))
    process.start()
    theirs.close()
    said: Any = "the process ended"
    with suppress(EOFError):
        said = ours.recv() if ours.poll(SECONDS) else "no end in time"
    process.kill()
    process.join()
    return said
