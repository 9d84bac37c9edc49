"""`make chaos-deploy RUNS=200 SEED=1`: many disturbed deployments, on Anvil and Ganache."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.dokkaebi.deploy.chaos.run import Differs, chaos_run

NODES = ("anvil", "ganache")


def main() -> int:
    """Plays the runs; says what happened, and exits with 1 if one came out wrong."""
    parser = argparse.ArgumentParser(prog="chaos-deploy")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    seen, wrong, began = Counter[str](), 0, time.monotonic()
    for number in range(given.runs):
        seed, node = given.seed + number, NODES[number % 2]
        with tempfile.TemporaryDirectory(prefix="dokkaebi-chaos-") as folder:
            try:
                seen += chaos_run(seed, Path(folder), node)
            except Differs as problem:
                wrong += 1
                print(f"\n{node}: {problem}", file=sys.stderr)
        print(f"\r{number + 1} of {given.runs} runs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for what, count in sorted(seen.items()):
        print(f"{count:>8,}  {what}")
    seconds = time.monotonic() - began
    right = given.runs - wrong
    print(f"{right} of {given.runs} deployments equal an undisturbed one, in {seconds:.0f} s")
    return 1 if wrong or seen["crashed"] else 0


if __name__ == "__main__":
    sys.exit(main())
