"""`python -m tests.dokkaebi.deploy.chaos.plain`: a plain Brownie script beside ours, fault by
fault (ten minutes)."""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.dokkaebi.deploy.chaos.plain.trial import FAULTS, SENDINGS, WAYS, Found, trial

JOBS = 2


def main() -> int:
    """Plays each fault at some places against both; prints the table."""
    began = time.monotonic()
    places = [(fault, sending, way) for fault in FAULTS for sending in SENDINGS for way in WAYS]
    with ThreadPoolExecutor(JOBS) as workers:
        found = dict(zip(places, workers.map(lambda place: _play(*place), places), strict=True))
    titles = " ".join(f"{name:>6}" for name in Found._fields)
    print(f"\n{'n = ' + str(len(SENDINGS)) + ' each':<24}" + f"{titles}  | " * len(WAYS))
    for fault in FAULTS:
        cells = [
            [sum(found[fault, sending, way][column] for sending in SENDINGS) for column in range(5)]
            for way in WAYS
        ]
        print(f"{fault:<24}" + "".join(" ".join(f"{n:>6}" for n in row) + "  | " for row in cells))
    print(f"{' beside '.join(WAYS)}, in {time.monotonic() - began:.0f} s")
    return 0


def _play(fault: str, sending: int, way: str) -> Found:
    with tempfile.TemporaryDirectory(prefix="dokkaebi-plain-") as folder:
        found = trial(fault, sending, Path(folder), way)
    print(f"{way:<6} {fault} at {sending}: {found}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
