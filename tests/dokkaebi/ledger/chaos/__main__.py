"""`make chaos RUNS=300 SEED=1`: many chaos runs, half of them on each engine."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.dokkaebi.chaos.loop import options, throw_dice
from tests.dokkaebi.ledger.chaos.run import chaos_run
from tests.dokkaebi.ledger.engines import ENGINES, new_database, postgres_server


def main() -> int:
    """Plays the runs; says what happened, and exits with 1 if a ledger came out wrong."""
    given = options("chaos", 300)
    with postgres_server() as server:

        def play(seed: int, folder: Path, engine: str) -> Counter[str]:
            sqlite = folder / "ledger.sqlite3"
            return chaos_run(
                seed, folder, new_database(server) if engine == "postgresql" else sqlite
            )

        right = throw_dice(given, ENGINES, play, "runs equal a clean ledger")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
