"""Opens a board: rows, files, and the node that says what is true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dokkaebi.board.files import Files
from dokkaebi.board.limits import BoardLimits
from dokkaebi.board.looking import LookingBeside, LookingHere
from dokkaebi.board.notices import Notices
from dokkaebi.board.store import open_store, store_place
from dokkaebi.chain.suite import Suite
from dokkaebi.ledger.store import Identity

FILES = "files"


@contextmanager
def open_notices(
    suite: Suite,
    ledger: Path | str,
    folder: Path,
    limits: BoardLimits | None = None,
    *,
    beside: bool = False,
) -> Iterator[Notices]:
    """Opens the board of a suite, or makes it: files in a folder, rows in a database beside the
    ledger. Several processes may have it open. `beside`: documents are looked at in a process of
    its own, unless the node's requests are counted, which one process has to do. Errors of
    `open_store`."""
    identity = Identity.of(suite.manifest)
    place = store_place(ledger, folder, identity)
    with open_store(place, identity) as store:
        bounds = limits or BoardLimits()
        kind = LookingBeside if beside and suite.chain.anew is not None else LookingHere
        looking = kind(suite, bounds.document_bytes)
        notices = Notices(suite, store, Files(folder / FILES), bounds, looking)
        try:
            yield notices
        finally:
            notices.close()
            looking.close()
