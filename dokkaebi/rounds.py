"""Work that goes on beside other work, a round at a time, until it is told to end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dokkaebi.errors import DokkaebiError

# After a fault of ours the next round comes this much later, so that no log runs full.
FAULT_ROUNDS = 60


@contextmanager
def rounds_of(turn: Callable[[], object], seconds: float) -> Iterator[None]:
    """Takes turns in a thread of its own while the block lasts, the first after `seconds`, and ends
    after the one that is going on.

    A DokkaebiError is a node or a database that is away: the next round tries again. Whatever else
    a turn raises is our fault: it is logged, and ends no more than that turn.
    """
    end = threading.Event()

    def run() -> None:
        wait = seconds
        while not end.wait(wait):
            wait = seconds
            try:
                turn()
            except DokkaebiError:
                continue
            except Exception:
                logging.getLogger(__name__).exception("a round failed; the next one comes later")
                wait = seconds * FAULT_ROUNDS

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
