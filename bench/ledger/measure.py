"""Runs a program, and says how long it and all its children took, and how much memory they held.

Linux only: it reads /proc. Memory is the proportional set size, so that what processes share
counts once.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds by the clock, seconds of CPU, and the most memory held at once, bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class Watch:
    """Adds up what the processes below some others use, until it is stopped."""

    def __init__(self, *roots: int) -> None:
        self._roots = roots
        self._cpu: dict[int, float] = {}
        self._before = _family(roots)
        self._peak = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> Usage:
        """What was used since the beginning."""
        seconds = time.monotonic() - self._began
        self._stopped.set()
        self._thread.join()
        cpu = sum(now - self._before.get(pid, 0.0) for pid, now in self._cpu.items())
        return Usage(seconds, cpu, self._peak)

    def _look(self) -> None:
        while not self._stopped.is_set():
            family = _family(self._roots)
            self._cpu |= family
            self._peak = max(self._peak, sum(map(_memory, family)))
            self._stopped.wait(LOOK_SECONDS)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    done: Callable[[], bool] | None = None,
    log: Path,
    besides: Sequence[int] = (),
) -> Usage:
    """Runs a command until it ends, or until `done` says so. `besides`: other processes that work
    for it, like a database server; what they use from now on counts as well.

    Raises RuntimeError with the end of its output if it fails.
    """
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        watch = Watch(process.pid, *besides)
        while process.poll() is None:
            if done is not None and done():
                break
            time.sleep(0.02)
        usage = watch.stop()
    if process.poll() is None:
        process.terminate()
        process.wait(20)
    elif process.returncode != 0 or done is not None:
        end = log.read_text(errors="replace")[-2_000:]
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{end}")
    return usage


def _memory(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) << 10 for line in text.splitlines() if line[:4] == "Pss:")


def _family(roots: Sequence[int]) -> dict[int, float]:
    """Process → CPU seconds, of some processes and all below them."""
    parents: dict[int, int] = {}
    cpu: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        cpu[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    family = set(roots) & cpu.keys()
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return {pid: cpu[pid] for pid in family}
