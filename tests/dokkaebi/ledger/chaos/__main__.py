"""`make chaos RUNS=300 SEED=1`: many chaos runs, half of them on each engine."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.dokkaebi.ledger.chaos.run import Differs, chaos_run
from tests.dokkaebi.ledger.engines import ENGINES, new_database, postgres_server


def main() -> int:
    """Plays the runs; says what happened, and exits with 1 if a ledger came out wrong."""
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    seen, wrong, began = Counter[str](), [], time.monotonic()
    with postgres_server() as server:
        for number in range(given.runs):
            seed, engine = given.seed + number, ENGINES[number % 2]
            with tempfile.TemporaryDirectory(prefix="dokkaebi-chaos-") as folder:
                place = Path(folder)
                where = new_database(server) if engine == "postgresql" else place / "ledger.sqlite3"
                try:
                    seen += chaos_run(seed, place, where)
                except Differs as problem:
                    wrong.append(f"{engine}: {problem}")
                    print(f"\n{wrong[-1]}", file=sys.stderr)
            print(f"\r{number + 1} of {given.runs} runs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for what, count in sorted(seen.items()):
        print(f"{count:>8,}  {what}")
    seconds = time.monotonic() - began
    right = given.runs - len(wrong)
    print(f"{right} of {given.runs} runs equal a clean ledger, in {seconds:.0f} s")
    return 1 if wrong or seen["crashed"] else 0


if __name__ == "__main__":
    sys.exit(main())
