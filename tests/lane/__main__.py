"""`make fuzz`: random lives of all contracts in process, against the models, until so many steps
or seconds have passed. `--replay FILE` plays a run again, the steps as a failure prints them."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.lane.chain import Lane
from tests.lane.fuzz import Report, bound, failure_of, fuzz, steps_from
from tests.lane.machine import Machine
from tests.lane.world import World

PROCESSES = 2
SAY_EVERY_SECONDS = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--steps", type=int, help="stop after so many")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--replay", type=Path, help="a file with the steps of a failure")
    options = parser.parse_args()
    console = Console()
    if options.replay:
        return replay(console, options.replay)
    if options.steps is None and options.seconds is None:
        options.steps = 200_000
    began = time.monotonic()
    report = run(options.seed, options.steps, options.seconds, options.processes)
    show(console, report, time.monotonic() - began)
    return 1 if report.failure else 0


def run(seed: int, steps: int | None, seconds: float | None, processes: int) -> Report:
    """Several processes, each with its own seeds; all end with the first failure of their own."""
    each = None if steps is None else -(-steps // processes)
    total = Report()
    with ProcessPoolExecutor(processes) as pool:
        jobs = [
            pool.submit(_work, seed + number, each, seconds, processes)
            for number in range(processes)
        ]
        for job in as_completed(jobs):
            total.add(job.result())
    return total


def _work(seed: int, steps: int | None, seconds: float | None, stride: int) -> Report:
    said, began = time.monotonic(), time.monotonic()

    def say(report: Report) -> None:
        nonlocal said
        if time.monotonic() - said >= SAY_EVERY_SECONDS:
            said = time.monotonic()
            pace = report.steps / (said - began)
            print(f"seed {seed}: {report.steps:,} steps, {pace:,.0f} a second", flush=True)

    return fuzz(seed, bound(steps, seconds), stride, say=say)


def show(console: Console, report: Report, seconds: float) -> None:
    table = Table("act", "times", "refused with", "times", title="Fuzz")
    acts, refusals = report.acts.most_common(), report.refusals.most_common()
    for at in range(max(len(acts), len(refusals))):
        act = acts[at] if at < len(acts) else ("", "")
        refusal = refusals[at] if at < len(refusals) else ("", "")
        table.add_row(act[0], f"{act[1]}", refusal[0], f"{refusal[1]}")
    console.print(table)
    console.print(
        f"{report.steps:,} steps in {report.runs:,} runs, each drained to zero; "
        f"{report.acts.total():,} acts, of which {report.refusals.total():,} were refused as "
        f"they had to be; {report.checks:,} entries and laws compared; {report.limited:,} calls "
        f"from within payments; {seconds:,.0f} s, {report.steps / seconds:,.0f} steps a second."
    )
    if report.failure:
        tell(console, report.failure.problem, report.failure.diary)
        print(report.failure.as_text())
        print(
            f"Found after {report.failure.taken:,} steps. The last line, in a file: --replay FILE"
        )


def tell(console: Console, problem: str, diary: list[str]) -> None:
    console.print("What happened:", style="bold")
    for line in diary:
        print(" ", line)
    console.print("FAILED:", style="bold red", end=" ")
    print(problem)


def replay(console: Console, path: Path) -> int:
    machine = Machine(World(Lane()))
    problem = failure_of(machine, steps_from(path.read_text(encoding="utf-8")))
    if problem is None:
        console.print("Nothing is wrong with this run.")
        return 0
    tell(console, problem, machine.diary)
    return 1


if __name__ == "__main__":
    sys.exit(main())
