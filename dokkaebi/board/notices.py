"""The board: takes documents and files, having looked at everything first."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from dokkaebi.board.files import Files, Incoming
from dokkaebi.board.limits import BoardLimits
from dokkaebi.board.looking import Looking, Read
from dokkaebi.board.metadata import read_metadata
from dokkaebi.board.rights import UploadRight, check_right
from dokkaebi.board.store import Paper, Store
from dokkaebi.chain.consents import Consent
from dokkaebi.chain.creation_registry import creation
from dokkaebi.chain.documents import DOCUMENT_BYTES_MAX, DOCUMENT_BYTES_MIN, RAW, cid_text
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.suite import Suite
from dokkaebi.chain.terms import Voucher
from dokkaebi.errors import DokkaebiError

# Documents that are looked at together.
BATCH = 64
# How long a look waits for as many documents as the last one had, seconds.
GATHER_SECONDS = 0.02
# Posts that wait at most; more are asked to come again.
WAITING_MAX = 2_048
_MINUTE = 60.0
# Words of nodes for what a contract did.
_OF_CONTRACTS = re.compile("revert|out of gas|opcode|stack|invalid jump|OutOfGas", re.IGNORECASE)


@dataclass(frozen=True)
class Posted:
    """What became of a document that was posted: its digest, whether it is new here, and its row
    for who waits for it (None: dropped meanwhile)."""

    digest: str
    new: bool
    row: Row[Any] | None = None


class Notices:
    """An open board with its node. Use `open_notices`."""

    def __init__(
        self, suite: Suite, store: Store, files: Files, limits: BoardLimits, looking: Looking
    ) -> None:
        self.suite = suite
        self.looking = looking
        self.store = store
        self.files = files
        self.limits = limits
        self._recent: dict[str, deque[float]] = {}
        self._coming: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._inbox: queue.Queue[tuple[bytes, Future[Posted]] | None] = queue.Queue(WAITING_MAX)
        self._workers: list[threading.Thread] = []
        self._taking = threading.Lock()

    # Documents

    def post(self, body: bytes) -> Future[Posted]:
        """Takes a document's file; those that come at the same time are looked at together. What
        was posted is on the board once the future is done; its error says why it isn't.

        Raises `board_busy` if too many wait.
        """
        done: Future[Posted] = Future()
        with self._lock:
            while len(self._workers) < self.looking.at_once:
                self._workers.append(threading.Thread(target=self._work, daemon=True))
                self._workers[-1].start()
        try:
            self._inbox.put_nowait((body, done))
        except queue.Full:
            raise DokkaebiError("board_busy") from None
        return done

    def close(self) -> None:
        """Ends once all that was posted has been looked at."""
        for _ in self._workers:
            self._inbox.put(None)
        for worker in self._workers:
            worker.join()

    def _work(self) -> None:
        expected, batch = 1, [self._inbox.get()]
        while batch != [None]:
            # Whoever was answered just now may post again: a moment's wait makes one look of many.
            until = time.monotonic() + GATHER_SECONDS
            while len(batch) < BATCH and batch[-1] is not None:
                rest = until - time.monotonic() if len(batch) < expected else 0
                try:
                    batch.append(self._inbox.get(block=rest > 0, timeout=max(rest, 0)))
                except queue.Empty:
                    break
            expected = len(batch)
            posts = [entry for entry in batch if entry is not None]
            found = self._taken([body for body, _ in posts])
            for (_, done), result in zip(posts, found, strict=True):
                if isinstance(result, Posted):
                    done.set_result(result)
                else:
                    done.set_exception(result)
            batch = batch[-1:] if batch[-1] is None else [self._inbox.get()]

    def _taken(self, bodies: Sequence[bytes]) -> list[Posted | BaseException]:
        try:
            found = self.take(bodies)
            digests = [result.digest for result in found if isinstance(result, Posted)]
            rows = {row.digest: row for row in self.store.rows_of(digests)}
            return [
                replace(result, row=rows.get(result.digest))
                if isinstance(result, Posted)
                else result
                for result in found
            ]
        except Exception as problem:
            return [problem] * len(bodies)

    def take(
        self, bodies: Sequence[bytes], *, bounded: bool = True
    ) -> list[Posted | DokkaebiError]:
        """Looks at documents' files and puts those on the board that can be used; in order what
        became of each. `bounded`: with the limits of each key."""
        read = self.looking.read(bodies)
        good = [entry for entry in read if isinstance(entry, Read)]
        known = self.store.known([entry.paper.digest for entry in good])
        fresh = {entry.paper.digest: entry for entry in good if entry.paper.digest not in known}
        problems = self.looking.usable([entry.consent for entry in fresh.values()])
        # What others post at the same time counts for the same limits.
        with self._taking:
            refused = self._put(list(fresh.values()), problems, bounded=bounded)
        results: list[Posted | DokkaebiError] = []
        for entry in read:
            if isinstance(entry, DokkaebiError):
                results.append(entry)
                continue
            digest = entry.paper.digest
            results.append(refused.get(digest) or Posted(digest, digest in fresh))
            # Twice in one batch is new once.
            fresh.pop(digest, None)
        return results

    def _put(
        self, fresh: Sequence[Read], problems: Sequence[DokkaebiError | None], *, bounded: bool
    ) -> dict[str, DokkaebiError]:
        """Puts documents that were looked at on the board; why not, by those that aren't."""
        counts = self.store.counts_of([paper.facts.signer for paper, _ in fresh])
        refused: dict[str, DokkaebiError] = {}
        taken: list[Paper] = []
        for (paper, consent), found in zip(fresh, problems, strict=True):
            signer, problem = paper.facts.signer, found
            if problem is None and bounded:
                # Limits are the signer's, so they count once the signature was found right.
                problem = self._beyond(signer, counts[signer])
            if problem is None:
                counts[signer] += 1
                try:
                    taken.append(self._with_metadata(paper, consent))
                except DokkaebiError as wrong:
                    problem = wrong
            if problem is not None:
                refused[paper.digest] = problem
        if taken:
            self.store.add(taken, int(time.time()))
        return refused

    def _with_metadata(self, paper: Paper, consent: Consent) -> Paper:
        """A voucher with its metadata document, which came beside or is here already: without it
        nobody would know what is sold. Errors: `board_metadata_missing`, `board_metadata_other`,
        those of `read_metadata` and of `receiving`."""
        voucher = consent.terms
        if not isinstance(voucher, Voucher):
            return paper
        cid = cid_text(RAW, voucher.work.document_digest)
        text = consent.document
        if text is None:
            if self.store.file(cid) is None:
                raise DokkaebiError("board_metadata_missing", cid=cid)
            text = self.files.path(cid).read_bytes()
        metadata = read_metadata(text)
        if metadata.creator != voucher.creator or len(text) != voucher.work.document_size:
            raise DokkaebiError("board_metadata_other", seen=metadata.creator)
        if self.store.file(cid) is None:
            with self._receiving(cid, len(text), paper.facts.signer) as incoming:
                incoming.add(text)
        return replace(paper, metadata=metadata)

    def _beyond(self, signer: str, here: int) -> DokkaebiError | None:
        """Why somebody who has so many documents here may post no more for now. Counts this one if
        they may."""
        if here >= self.limits.key_documents:
            return DokkaebiError("board_key_full", signer=signer, max=self.limits.key_documents)
        now = time.monotonic()
        with self._lock:
            if len(self._recent) > WAITING_MAX:
                self._recent = {k: v for k, v in self._recent.items() if now - v[-1] < _MINUTE}
            recent = self._recent.setdefault(signer, deque())
            while recent and now - recent[0] >= _MINUTE:
                recent.popleft()
            if len(recent) >= self.limits.documents_per_minute:
                most = self.limits.documents_per_minute
                return DokkaebiError("board_key_often", signer=signer, max=most)
            recent.append(now)
        return None

    # Files

    def key_of(self, cid: str, size: int, right: UploadRight | None) -> str:
        """Whose quota bears a file: who signed for it, else whose document names it.

        Errors: `board_file_unnamed`, and those of `check_right`.
        """
        if right is not None:
            check_right(self.suite, right, cid, size, now_on(self.suite))
            return right.signer
        named_by = self.store.namer(cid)
        if named_by is None:
            raise DokkaebiError("board_file_unnamed", cid=cid)
        return named_by

    @contextmanager
    def receiving(self, cid: str, size: int, key: str) -> Iterator[Incoming]:
        """Takes a file's bytes on somebody's quota; it is on the board after the block, and if it
        is a metadata document, its work is as well. An empty key is the operator's, who has no
        quota.

        Errors: `board_file_empty`, `board_file_large`, `board_key_files`, `board_key_bytes`,
        `board_full`, and those of `Files`.
        """
        with self._receiving(cid, size, key) as incoming:
            yield incoming
        if DOCUMENT_BYTES_MIN <= size <= DOCUMENT_BYTES_MAX:
            self._look_for_work(cid)

    @contextmanager
    def _receiving(self, cid: str, size: int, key: str) -> Iterator[Incoming]:
        if not size:
            raise DokkaebiError("board_file_empty")
        if size > self.limits.file_bytes:
            raise DokkaebiError("board_file_large", size=size, max=self.limits.file_bytes)
        with self._reserved(cid, size, key):
            with self.files.receive(cid, size) as incoming:
                yield incoming
                sha256 = incoming.check()
            self.store.add_file(self.files.kept(cid, sha256), key, int(time.time()))

    @contextmanager
    def _reserved(self, cid: str, size: int, key: str) -> Iterator[None]:
        """Keeps room for a file that is on its way."""
        token = f"{cid} {threading.get_ident()} {time.monotonic_ns()}"
        with self._lock:
            coming = list(self._coming.values())
            everybody = self.store.usage()
            if everybody.size + sum(size for _, size in coming) + size > self.limits.all_bytes:
                raise DokkaebiError("board_full")
            if key:
                own = [size for whose, size in coming if whose == key]
                mine = self.store.usage(key)
                if mine.files + len(own) >= self.limits.key_files:
                    raise DokkaebiError("board_key_files", max=self.limits.key_files)
                if mine.size + sum(own) + size > self.limits.key_bytes:
                    raise DokkaebiError("board_key_bytes", max=self.limits.key_bytes)
            self._coming[token] = (key, size)
        try:
            yield
        finally:
            with self._lock:
                del self._coming[token]

    def _look_for_work(self, cid: str) -> None:
        """A metadata document makes a work, which is shown once its creator stands for it."""
        try:
            found = read_metadata(self.files.path(cid).read_bytes())
        except DokkaebiError:
            # Any small file may be kept.
            return
        registered = creation(self.suite, found.id) is not None
        self.store.add_work(found, int(time.time()), registered=registered)
