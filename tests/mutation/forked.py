"""A process of its own for each mutant, forked from one that has loaded everything."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def patience(seconds: float) -> float:
    """When a mutant counts as one that never ends, if without one it takes so many seconds."""
    return max(60.0, 10 * seconds)


def answer_of(child: Callable[..., None], *arguments: Any, seconds: float) -> Any:
    """What a child sends by the connection that it gets last; or in words that it ended without, or
    didn't end in time."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=child, args=(*arguments, theirs))
    process.start()
    theirs.close()
    said: Any = "the process ended"
    with suppress(EOFError):
        said = ours.recv() if ours.poll(seconds) else "no end in time"
    process.kill()
    process.join()
    return said
