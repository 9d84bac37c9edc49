"""Commands that stay, each a process of its own as an operator starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dokkaebi.config import project_root

WAIT_SECONDS = 60


class Running:
    """A process and what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    def says(self, pattern: str) -> str:
        """The first thing like this that it says; waits for it."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            ended = self.process.poll() is not None
            if found := re.search(pattern, self._log.read_text()):
                return found[0]
            if ended:
                break
            time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.says(r"http://127\.0\.0\.1:\d+")


@contextmanager
def running_command(folder: Path, settings: Mapping[str, str], *words: str) -> Iterator[Running]:
    """`dokkaebi WORDS` in a folder, with no settings but these; ended with the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOKKAEBI_")}
    log = folder / f"{words[0]}.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", "from dokkaebi.cli import main; main()", *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**kept, **settings, "PYTHONPATH": str(project_root()), "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
