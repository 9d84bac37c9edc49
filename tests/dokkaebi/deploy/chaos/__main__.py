"""`make chaos-deploy RUNS=200 SEED=1`: each fault at each place, then many disturbed deployments,
on Anvil, Ganache and Hardhat."""

from __future__ import annotations

import sys

from tests.dokkaebi.chaos.loop import Tally, options, throw_dice
from tests.dokkaebi.deploy.chaos.run import chaos_run
from tests.dokkaebi.deploy.chaos.sweep import sweep
from tests.dokkaebi.deploy.chaos.world import NODES

EQUAL = "deployments equal an undisturbed one"


def main() -> int:
    """Plays it all; says what happened, and exits with 1 if one came out wrong."""
    given, right = options("chaos-deploy", 200), True
    for node in NODES:
        tally = Tally()
        size = sweep(node, tally)
        right &= tally.show(f"on {node}: {EQUAL}")
        print(f"{node}: {size.requests} requests, {size.sendings} sendings, {size.writes} writes\n")
    right &= throw_dice(given, NODES, chaos_run, EQUAL)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
