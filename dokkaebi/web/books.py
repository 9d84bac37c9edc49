"""The open ledger behind the API: one look at a time, and how far it is behind the node."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.store import Cursor, Identity, LedgerReader, Snapshot, open_reader

# A node isn't asked more often than this.
NODE_SECONDS = 2.0
# Behind by more blocks than this, the books aren't ready.
BEHIND_MAX = 20


@dataclass(frozen=True, slots=True)
class Readiness:
    """Where the ledger is, where the node is, and why the books aren't ready, if they aren't."""

    reason: str | None
    cursor: Cursor | None
    node_block: int | None = None
    node_time: int | None = None

    @property
    def behind_blocks(self) -> int | None:
        """Blocks that the ledger doesn't have yet."""
        if self.cursor is None or self.node_block is None:
            return None
        return max(self.node_block - self.cursor.block_number, 0)

    @property
    def behind_seconds(self) -> int | None:
        """Between the ledger's last block and the node's."""
        if self.cursor is None or self.node_time is None:
            return None
        return max(self.node_time - self.cursor.timestamp, 0)


class Books:
    """A ledger, opened when it is there, and the node whose chain it mirrors."""

    def __init__(
        self,
        where: Path | str,
        identity: Identity | None,
        chain: Chain | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._where = where
        self._identity = identity
        self._chain = chain
        self._clock = clock
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self._reader: LedgerReader | None = None
        self._seen: tuple[int, int] | str | None = None
        self._seen_at = 0.0

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The ledger as it is now. Errors of `open_reader` and `LedgerReader.snapshot`."""
        with self._lock:
            if self._reader is None:
                opening = open_reader(self._where, self._identity)
                self._reader = self._opened.enter_context(opening)
            reader = self._reader
        with reader.snapshot() as snapshot:
            yield snapshot

    def close(self) -> None:
        """Closes the ledger."""
        self._opened.close()
        self._reader = None

    def readiness(self) -> Readiness:
        """Whether the ledger can be read, and is near the node's head."""
        try:
            with self.snapshot() as snapshot:
                cursor, identity = snapshot.cursor, snapshot.identity
        except DokkaebiError as problem:
            return Readiness(problem.key, None)
        seen = self._node(identity)
        if isinstance(seen, str):
            return Readiness(seen, cursor)
        found = Readiness(None, cursor, *seen)
        if (found.behind_blocks or 0) > BEHIND_MAX:
            return Readiness("behind", cursor, *seen)
        return found

    def _node(self, identity: Identity) -> tuple[int, int] | str:
        """The node's last block and its time, or why there is none."""
        with self._lock:
            if self._seen is None or self._clock() - self._seen_at > NODE_SECONDS:
                self._seen = self._ask_node(identity)
                self._seen_at = self._clock()
            return self._seen

    def _ask_node(self, identity: Identity) -> tuple[int, int] | str:
        chain = self._chain
        if chain is None:
            return "node_unknown"
        try:
            if (chain.chain_id, chain.genesis_hash) != (identity.chain_id, identity.genesis_hash):
                return "node_other_chain"
            header: dict[str, Any] = chain.block()
            return int(header["number"], 16), int(header["timestamp"], 16)
        except RpcUnreachable:
            return "node_unreachable"
        except (RpcRefused, DokkaebiError):
            return "node_refuses"
