"""`make mutate`: small faults in the contracts, and in the Python that counts money, one at a time;
each should be noticed.

    python -m tests.mutation [--only EscrowMarket] [--limit 60] [--seed 1] [--traps] [--again]

A contract's mutant is first played by the machine of the fast lane; if it survives that, the
contract's own tests try, of both those alone that come to its place. A module's mutant is tried by
the module's tests. What survives is named, unless `explained.toml` says why nobody could notice it.
The figures go to `results.json` and `docs/invariants.md`, file by file. Ends with 1 where less than
95 % of a contract's are killed, or 85 % of a module's, or an explanation fits nothing, or nothing
comes to a branch.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from dokkaebi.deploy.sources import Sources, project_commit
from tests.mutation import contract_tests, figures, killers, python_tests
from tests.mutation.forked import patience
from tests.mutation.mutants import TRAP, Mutant
from tests.mutation.weave import Compiler, Woven, find, weave

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
EXPLAINED = HERE / "explained.toml"
WORK = ROOT / "var" / "mutate"
AIM, PYTHON_AIM = 0.95, 0.85
# The machine's runs that each mutant has to survive, and the time that the contract's tests get for
# all of a file's.
RUNS = 24
SECONDS = 6 * 3_600.0
# A file's mutants are at work in the contracts that are made of it.
BASES = {
    "Collections": ("CreationMarket", "AuctionHouse"),
    "Consent": ("EscrowMarket", "CreationMarket"),
    "ContentIdentifier": ("CreationRegistry", "ArbitrationDesk"),
    "Offices": ("RewardPool",),
    "RewardPurse": ("RewardPool",),
    "Signatures": ("CreationMarket", "EscrowMarket"),
    "Stewardship": ("RewardPool", "CommunityToken"),
    "Till": ("EscrowMarket", "CreationMarket", "AuctionHouse"),
    "TradeTerms": ("EscrowMarket",),
}


@dataclass
class Result:
    """Of one file. `killed`: by what."""

    file: str
    tried: list[Mutant] = field(default_factory=list)
    killed: dict[str, str] = field(default_factory=dict)
    explained: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    # Traps, and whether anything came to them.
    places: dict[str, bool] = field(default_factory=dict)

    @property
    def survived(self) -> list[str]:
        gone = {*self.killed, *self.explained, *self.untried}
        return [one.key for one in self.tried if one.key not in gone]

    @property
    def share(self) -> float:
        """Of those that can be noticed."""
        noticeable = len(self.killed) + len(self.survived)
        return len(self.killed) / noticeable if noticeable else 1.0

    @property
    def never_reached(self) -> list[str]:
        return [key for key, reached in self.places.items() if not reached]

    def reached(self) -> dict[str, Any]:
        """How many of the traps' places were reached, and which weren't."""
        return {
            "reached": [sum(self.places.values()), len(self.places)],
            "never_reached": self.never_reached,
            "reached_at": project_commit(),
        }

    def as_json(self, arguments: argparse.Namespace) -> dict[str, Any]:
        kinds = Counter(one.kind for one in self.tried)
        dead = Counter(one.kind for one in self.tried if one.key in self.killed)
        by = Counter("machine" if how == "machine" else "tests" for how in self.killed.values())
        return {
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "commit": project_commit(),
            "seed": arguments.seed,
            "limit": arguments.limit,
            "mutants": len(self.tried),
            "killed": len(self.killed),
            "killed_by": dict(sorted(by.items())),
            "share_killed": f"{self.share:.3f}",
            "by_class": {kind: [dead[kind], count] for kind, count in sorted(kinds.items())},
            "explained": self.explained,
            "survived": self.survived,
            "not_tried_for_want_of_time": self.untried,
            "not_compiled": self.dropped,
        }


def explanations(file: str) -> dict[str, str]:
    """Reasons, by mutant, why nobody could notice it."""
    entries = tomllib.loads(EXPLAINED.read_text("utf-8")).get("equivalent", [])
    return {one["mutant"]: one["reason"] for one in entries if one["file"] == file}


def files_of(compiler: Compiler, sources: Sources) -> dict[str, list[Mutant]]:
    """All mutants there are, by file."""
    found: dict[str, list[Mutant]] = {}
    for path in sorted((ROOT / "contracts").glob("*.sol")):
        for file, mutants in find(compiler, sources, path.stem).items():
            found.setdefault(file, mutants)
    return dict(sorted(found.items()))


def try_module(file: str, mutants: list[Mutant], console: Console) -> Result:
    """A Python module's mutants, by its tests."""
    console.print(f"{file}: {len(mutants)} mutants", highlight=False)
    reasons, result = explanations(file), Result(file)
    folder = WORK / Path(file).stem
    tried = python_tests.survivors(file, [one.key for one in mutants], folder)
    for one in mutants:
        test = tried.get(one.key, "")
        if test == "":
            result.dropped.append(one.key)
            continue
        result.tried.append(one)
        if test is not None:
            result.killed[one.key] = test
        elif one.key in reasons:
            result.explained.append(one.key)
    return result


def try_contract(
    compiler: Compiler,
    sources: Sources,
    file: str,
    mutants: list[Mutant],
    traps: list[Mutant],
    console: Console,
) -> Result:
    """A contract's mutants; of the traps, which are reached. Without mutants, that alone."""
    stem = Path(file).stem
    contracts, folder = BASES.get(stem, (stem,)), WORK / stem
    console.print(f"{file}: looking who comes where", highlight=False)
    both = dict(enumerate([*mutants, *traps], 1))
    woven = weave(compiler, sources, contracts, both, to_be_looked_at=True)
    result = Result(file, dropped=[one.key for one in woven.dropped])
    seeds = list(islice(killers.seeds_of(file, 1), RUNS))
    told = track(seeds, "the machine's runs", console=console)
    machine = {seed: killers.places_reached(_codes(woven), seed) for seed in told}
    tests = contract_tests.places_reached(file, woven.artifacts, folder)
    reached = set[int]().union(*(some for some in machine.values() if isinstance(some, set)))
    reached = reached.union(*(some for some in tests.values() if some is not None))
    result.places = {m.key: n in reached for n, m in woven.mutants.items() if m.kind == TRAP}
    untold = sum(isinstance(some, str) for some in machine.values()), [*tests.values()].count(None)
    console.print(
        f"{file}: untold of {untold[0]} of {len(machine)} runs, {untold[1]} of {len(tests)} tests",
        highlight=False,
    )
    if not mutants:
        return result

    rest = {number: one for number, one in woven.mutants.items() if one.kind != TRAP}
    console.print(f"{file}: weaving {len(rest)} mutants in", highlight=False)
    woven = weave(compiler, sources, contracts, rest)
    result.tried, codes = list(woven.mutants.values()), _codes(woven)
    begun = monotonic()
    unwoven = killers.try_to_kill(0, codes, seeds) if seeds else None
    longest = patience(monotonic() - begun)
    if unwoven is not None:
        raise SystemExit(f"{file}: with all mutants off, {unwoven}")
    for number, one in track(woven.mutants.items(), "by the machine", console=console):
        some = [seed for seed in seeds if isinstance(machine[seed], str) or number in machine[seed]]
        if some and killers.try_to_kill(number, codes, some, longest) is not None:
            result.killed[one.key] = "machine"
    reasons = explanations(file)
    left = {
        number: one
        for number, one in woven.mutants.items()
        if one.key not in result.killed and one.key not in reasons
    }
    console.print(f"{file}: the machine leaves {len(left)}", highlight=False)
    coming = {
        number: [name for name, places in tests.items() if places is None or number in places]
        for number in left
    }
    functions = {number: one.function for number, one in left.items()}
    tried = (
        contract_tests.survivors(file, woven.artifacts, functions, coming, folder, SECONDS)
        if left
        else {}
    )
    for number, one in left.items():
        if number not in tried:
            result.untried.append(one.key)
        elif (test := tried[number]) is not None:
            result.killed[one.key] = test
    result.explained = [
        one.key for one in result.tried if one.key in reasons and one.key not in result.killed
    ]
    return result


def _codes(woven: Woven) -> dict[str, bytes]:
    return {name: bytes.fromhex(made["bytecode"]) for name, made in woven.artifacts.items()}


def stale(file: str, mutants: list[Mutant], result: Result) -> list[str]:
    """Explanations of mutants that there are none of, or that something kills."""
    there = {one.key for one in mutants}
    return [key for key in explanations(file) if key not in there or key in result.killed]


def survivors_of(file: str) -> set[str]:
    """What survived the last time, or wasn't tried."""
    known = figures.results().get(file, {})
    return {*known.get("survived", []), *known.get("not_tried_for_want_of_time", [])}


def joined(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What a file's figures are after its survivors were tried again."""
    killed = before["killed"] + now["killed"]
    by_class = {
        kind: [dead + now["by_class"].get(kind, [0])[0], count]
        for kind, (dead, count) in before["by_class"].items()
    }
    return before | {
        "killed": killed,
        "killed_by": dict(Counter(before["killed_by"]) + Counter(now["killed_by"])),
        "share_killed": f"{killed / (killed + len(now['survived'])):.3f}",
        "by_class": by_class,
        "explained": before["explained"] + now["explained"],
        "survived": now["survived"],
        "not_tried_for_want_of_time": now["not_tried_for_want_of_time"],
        "again_at": now["commit"],
    }


def write(results: list[Result], arguments: argparse.Namespace) -> None:
    known = figures.results()
    for one in results:
        known.setdefault(one.file, {})
        if one.places:
            known[one.file] |= one.reached()
        if arguments.again:
            known[one.file] = joined(known[one.file], one.as_json(arguments))
        elif not arguments.traps:
            known[one.file] |= one.as_json(arguments)
    figures.RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", "utf-8")
    page = figures.PAGE.read_text("utf-8")
    figures.PAGE.write_text(figures.in_page(page, known), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("--only", default="", help="a contract, base, library or module by name")
    parser.add_argument("--limit", type=int, default=0, help="how many mutants of a file; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    parser.add_argument(
        "--traps", action="store_true", help="no faults: is every branch of the contracts reached?"
    )
    parser.add_argument(
        "--again", action="store_true", help="only those that survived last time, or weren't tried"
    )
    arguments = parser.parse_args()
    console = Console(width=100)
    table = Table("file", "mutants", "killed", "by the machine", "explained", "survived", "share")
    results: list[Result] = []
    problems: list[str] = []

    def some(mutants: list[Mutant]) -> list[Mutant]:
        if arguments.again:
            return [one for one in mutants if one.key in survivors_of(one.file)]
        if arguments.limit and arguments.limit < len(mutants):
            return random.Random(arguments.seed).sample(mutants, arguments.limit)
        return mutants

    def take(result: Result, mutants: list[Mutant], aim: float) -> None:
        for key in result.survived:
            console.print(f"  survived  {key}", highlight=False)
        results.append(result)
        write(results, arguments)
        problems.extend(f"{result.file}: never reached: {key}" for key in result.never_reached)
        if arguments.traps:
            return
        stale_ones = stale(result.file, mutants, result)
        problems.extend(f"explained for nothing: {key}" for key in stale_ones)
        if result.share < aim and not arguments.again:
            problems.append(f"{result.file}: {result.share:.1%} killed, not {aim:.0%}")

    modules = {f for f in python_tests.MODULES if arguments.only in {"", Path(f).stem}}
    if not modules or not arguments.only:
        killers.load()
        with Compiler() as compiler:
            sources = Sources(ROOT)
            found = files_of(compiler, sources)
            chosen = {f: m for f, m in found.items() if arguments.only in {"", Path(f).stem}}
            if not chosen:
                raise SystemExit(f"There is no {arguments.only} to be tried.")
            for file, all_there_are in chosen.items():
                if arguments.again and not survivors_of(file):
                    continue
                mutants = [one for one in all_there_are if one.kind != TRAP]
                traps = [one for one in all_there_are if one.kind == TRAP]
                chosen_ones = [] if arguments.traps else some(mutants)
                result = try_contract(compiler, sources, file, chosen_ones, traps, console)
                take(result, mutants, AIM)
    for file in sorted(modules) if not arguments.traps else ():
        if arguments.again and not survivors_of(file):
            continue
        mutants = python_tests.mutants_in(file)
        take(try_module(file, some(mutants), console), mutants, PYTHON_AIM)
    for one in results:
        machine = sum(how == "machine" for how in one.killed.values())
        counts = (len(one.tried), len(one.killed), machine, len(one.explained), len(one.survived))
        table.add_row(one.file, *map(str, counts), f"{one.share:.1%}")
    console.print(table)
    for problem in problems:
        console.print(f"not ok  {problem}", highlight=False)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
