"""The loop of `make chaos` and `make chaos-deploy`: many runs, counted, and a table at the end."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

Play = Callable[[int, Path, str], Counter[str]]


class Differs(AssertionError):  # noqa: N818 - a finding
    """A run that didn't end as an undisturbed one does."""


class Tally:
    """What happened in some runs, and which came out wrong."""

    def __init__(self) -> None:
        self.runs, self.wrong, self.seen = 0, 0, Counter[str]()
        self._began = time.monotonic()

    def play(self, what: str, run: Callable[[Path], Counter[str]]) -> None:
        """Plays one run in a folder of its own; `what` names it if it comes out wrong."""
        self.runs += 1
        with tempfile.TemporaryDirectory(prefix="dokkaebi-chaos-") as folder:
            try:
                self.seen += run(Path(folder))
            except Differs as problem:
                self.wrong += 1
                print(f"\n{what}: {problem}", file=sys.stderr)
        print(f"\r{self.runs} runs", end="", file=sys.stderr, flush=True)

    def show(self, equal: str) -> bool:
        """Prints the table; whether all is right. `equal`: "runs equal a clean ledger"."""
        print(file=sys.stderr)
        for what, count in sorted(self.seen.items()):
            print(f"{count:>8,}  {what}")
        seconds = time.monotonic() - self._began
        print(f"{self.runs - self.wrong} of {self.runs} {equal}, in {seconds:.0f} s", flush=True)
        return not self.wrong and not self.seen["crashed"]


def options(program: str, runs: int) -> argparse.Namespace:
    """`--runs` and `--seed` of the command line."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def throw_dice(given: argparse.Namespace, kinds: Sequence[str], play: Play, equal: str) -> bool:
    """Plays `--runs` runs from `--seed` on, of each kind in turn; whether all came out right."""
    tally = Tally()
    for number in range(given.runs):
        seed, kind = given.seed + number, kinds[number % len(kinds)]
        tally.play(f"seed {seed}, {kind}", lambda folder: play(seed, folder, kind))  # noqa: B023
    return tally.show(equal)
