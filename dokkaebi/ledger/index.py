"""The loop: ranges of blocks from a node, batch by batch into the ledger, and back when the chain
goes another way."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from dokkaebi.chain.rpc import RpcRefused, RpcUnreachable
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.assets import read_asset
from dokkaebi.ledger.proof import NodeContradictsItself
from dokkaebi.ledger.rows import COIN
from dokkaebi.ledger.source import Node, Source
from dokkaebi.ledger.store import Batch, Cursor, Identity, Ledger

# Blocks that can still change, where the node doesn't call an older one finalized.
FINALITY_BLOCKS = 64
# How often a chain may change while it is read, and a node be behind, before that is said.
ATTEMPTS = 5
ATTEMPT_SECONDS = 0.2
# When following: between two looks, and without a new block until that is said.
POLL_SECONDS = 2.0
STALL_SECONDS = 120.0
# Errors that the next look may not find any more.
PASSING = ("ledger_node_behind", "ledger_chain_moves")
# Hashes asked for at once when looking for the last block in common.
COMPARED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the loop is: the last block written, the head, the events of this run, and how many
    blocks were taken back in it."""

    block: int
    head: int
    events: int
    undone: int = 0


Said = Callable[[Progress], None]


class _ChainMoved(Exception):  # noqa: N818 - always caught
    """The chain went another way while it was read."""


def index(
    node: Node,
    identity: Identity,
    ledger: Ledger,
    said: Said = lambda progress: None,
    *,
    finality_blocks: int = FINALITY_BLOCKS,
    careful: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Progress:
    """Brings the ledger to the chain's head; what a reorg replaced is taken back. What was written
    stays, whatever happens after.

    Errors: `ledger_wrong_node`, `ledger_node_behind`, `ledger_reorg_deep`, `ledger_chain_moves`,
    `ledger_undecodable`, `ledger_gap`, and those of the node and of the store.
    """
    check_node(node, identity)
    source = Source(node, identity, careful=careful, sleep=sleep)
    run = _Run(node, identity, ledger, said, finality_blocks, source)
    found: Exception | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(ATTEMPT_SECONDS * 2**attempt)
        try:
            with _rare_collections():
                return run.to_head()
        except (_ChainMoved, NodeContradictsItself) as problem:
            found = problem
        except DokkaebiError as problem:
            if problem.key != "ledger_node_behind" or attempt == ATTEMPTS - 1:
                raise
            found = problem
    raise DokkaebiError("ledger_chain_moves", block=run.progress.block + 1, problem=str(found))


def follow(
    node: Node,
    identity: Identity,
    ledger: Ledger,
    said: Said,
    waits: Callable[[DokkaebiError], None],
    stalled: Callable[[int, int], None],
    *,
    poll_seconds: float = POLL_SECONDS,
    stall_seconds: float = STALL_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    **options: Any,
) -> None:
    """Goes on with each new block until it is interrupted.

    `waits` hears of a node that is gone, behind or at odds with itself, each time; `stalled` of
    seconds without a new block and the head, once. `options` are `index`'s.
    """
    head, since, told = -1, clock(), False
    while True:
        try:
            progress = index(node, identity, ledger, said, sleep=sleep, **options)
        except DokkaebiError as problem:
            if problem.key not in PASSING and not isinstance(problem, RpcUnreachable | RpcRefused):
                raise
            waits(problem)
        else:
            if progress.head != head:
                head, since, told = progress.head, clock(), False
        passed = clock() - since
        if passed > stall_seconds and not told:
            stalled(round(passed), head)
            told = True
        sleep(poll_seconds)


class _Run:
    """One call of `index`."""

    def __init__(
        self,
        node: Node,
        identity: Identity,
        ledger: Ledger,
        said: Said,
        finality_blocks: int,
        source: Source,
    ) -> None:
        self._node = node
        self._identity = identity
        self._ledger = ledger
        self._said = said
        self._finality = finality_blocks
        self._source = source
        self.progress = Progress(identity.first_block - 1, 0, 0)

    def to_head(self) -> Progress:
        """From the ledger's cursor to the head, as it is now."""
        cursor = self._ledger.cursor()
        head = self._node.block_number
        first = self._identity.first_block
        if cursor is None and head < first:
            raise DokkaebiError("ledger_node_behind", head=head, block=first)
        ancestor = None if cursor is None else self._ancestor(cursor, head)
        below = ancestor if ancestor is not None else cursor
        low = below.block_number + 1 if below else first
        final = max(self._final(head), cursor.final_number if cursor else first - 1)
        self.progress = replace(self.progress, block=low - 1, head=head)
        known = self._ledger.known_assets(low - 1)
        batches = self._linked(low, head, final, below)
        if ancestor is not None and cursor is not None:
            batches = self._replacing(batches, ancestor, cursor, min(head, cursor.block_number))
        for batch in batches:
            batch.after = cursor
            self._name_assets(batch, known)
            self._ledger.write(batch)
            undone = 0
            if batch.ancestor is not None and cursor is not None:
                undone = cursor.block_number - batch.ancestor
            cursor = batch.cursor
            self._step(cursor.block_number, head, len(batch.events), undone)
            del batch
        return self.progress

    def _linked(self, low: int, head: int, final: int, below: Cursor | None) -> Iterator[Batch]:
        """Batches, each of which goes on where the one before ended."""
        for parent, batch in self._batches(low, head, final):
            if below is not None and parent != below.block_hash:
                raise _ChainMoved(f"block {below.block_number + 1} has another parent")
            below = batch.cursor
            yield batch
            # Not beside the next one.
            del batch

    def _batches(self, low: int, head: int, final: int) -> Iterator[tuple[str, Batch]]:
        """What workers have gathered already, and from the node what they haven't."""
        from dokkaebi.ledger.gather import unpacked

        while low <= head:
            content = self._ledger.gathered(low)
            if content is not None:
                found = unpacked(content, final)
                low = found[1].cursor.block_number + 1
                yield found
                continue
            following = self._ledger.gathered_from(low)
            end = head if following is None else min(following - 1, head)
            for found in self._source.batches(low, end, final):
                low = found[1].cursor.block_number + 1
                yield found
                # Not beside the next one.
                del found
                if self._ledger.gathered_from(low - 1) == low:
                    break

    def _replacing(
        self, batches: Iterator[Batch], ancestor: Cursor, cursor: Cursor, until: int
    ) -> Iterator[Batch]:
        """The same batches; those that replace old blocks are one, which first takes these back."""
        final = max(self._final(until), cursor.final_number)
        at = Cursor(ancestor.block_number, ancestor.block_hash, ancestor.timestamp, final)
        whole = Batch(at, ancestor=ancestor.block_number)
        for batch in batches:
            whole.cursor = batch.cursor
            whole.blocks += batch.blocks
            whole.events += batch.events
            whole.records += batch.records
            whole.named = {**batch.named, **whole.named}
            if batch.cursor.block_number >= until:
                break
        yield whole
        yield from batches

    def _ancestor(self, cursor: Cursor, head: int) -> Cursor | None:
        """The last block that the ledger and the chain have in common; None if it is the
        ledger's last."""
        if head >= cursor.block_number:
            (header,) = self._source.headers([cursor.block_number])
            if header["hash"] == cursor.block_hash:
                return None
        hashes = self._ledger.hashes()
        numbers = sorted((number for number in hashes if number <= head), reverse=True)
        if not numbers:
            raise DokkaebiError("ledger_node_behind", head=head, block=cursor.block_number)
        for start in range(0, len(numbers), COMPARED_AT_ONCE):
            for header in self._source.headers(numbers[start : start + COMPARED_AT_ONCE]):
                number = int(header["number"], 16)
                if header["hash"] != hashes[number]:
                    continue
                if number == head < cursor.block_number:
                    # Behind, or cut short; only its next block can tell.
                    raise DokkaebiError("ledger_node_behind", head=head, block=cursor.block_number)
                return Cursor(number, hashes[number], int(header["timestamp"], 16))
        raise DokkaebiError("ledger_reorg_deep", block=cursor.final_number, head=head)

    def _final(self, head: int) -> int:
        return final_block(self._node, head, self._finality, self._identity)

    def _name_assets(self, batch: Batch, known: set[str]) -> None:
        """Asks assets that are named for the first time what they call themselves."""
        first = self._identity.first_block
        named = {**batch.named, COIN: first, self._identity.addresses["CommunityToken"]: first}
        for address in sorted(named.keys() - known):
            row = read_asset(self._node, address)
            batch.assets.append({**row, "block_number": named[address]})
        known.update(named)

    def _step(self, block: int, head: int, events: int = 0, undone: int = 0) -> None:
        before = self.progress
        self.progress = Progress(block, head, before.events + events, before.undone + undone)
        if events or undone or block > before.block:
            self._said(self.progress)


def final_block(node: Node, head: int, finality_blocks: int, identity: Identity) -> int:
    """The last block that won't change: the node's finalized one, or an older one."""
    counted = head - finality_blocks
    try:
        block = node.raw("eth_getBlockByNumber", ["finalized", False])
    except RpcRefused:
        block = None
    named = counted if block is None else int(block["number"], 16)
    return max(min(named, counted), identity.first_block - 1)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Python looks for garbage less often: a back-fill makes many objects and no circles, and
    looking through them takes a fifth of its time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def check_node(node: Node, identity: Identity) -> None:
    """Raises `ledger_wrong_node` for another chain's."""
    seen = (node.chain_id, node.genesis_hash)
    if seen != (identity.chain_id, identity.genesis_hash):
        raise DokkaebiError(
            "ledger_wrong_node",
            seen=f"{seen[0]} ({seen[1][:10]}…)",
            wanted=f"{identity.chain_id} ({identity.genesis_hash[:10]}…)",
        )
