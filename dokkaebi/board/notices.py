"""The board: takes documents and files, having looked at everything first."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Row

from dokkaebi.board.facts import facts_of
from dokkaebi.board.files import Files, Incoming
from dokkaebi.board.limits import BoardLimits
from dokkaebi.board.metadata import read_metadata
from dokkaebi.board.rights import UploadRight, check_right
from dokkaebi.board.store import Paper, Store
from dokkaebi.chain.consent_files import consent_text, parse_consent
from dokkaebi.chain.consents import Consent
from dokkaebi.chain.creation_registry import creation
from dokkaebi.chain.documents import DOCUMENT_BYTES_MAX, DOCUMENT_BYTES_MIN, RAW, cid_text
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.standing import unusable
from dokkaebi.chain.suite import NoAnswer, Suite
from dokkaebi.chain.terms import Voucher
from dokkaebi.chain.together import ask_together
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

    def __init__(self, suite: Suite, store: Store, files: Files, limits: BoardLimits) -> None:
        self.suite = suite
        self.store = store
        self.files = files
        self.limits = limits
        self._recent: dict[str, deque[float]] = {}
        self._coming: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._inbox: queue.Queue[tuple[bytes, Future[Posted]] | None] = queue.Queue(WAITING_MAX)
        self._worker: threading.Thread | None = None

    # Documents

    def post(self, body: bytes) -> Future[Posted]:
        """Takes a document's file; those that come at the same time are looked at together. What
        was posted is on the board once the future is done; its error says why it isn't.

        Raises `board_busy` if too many wait.
        """
        done: Future[Posted] = Future()
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True)
                self._worker.start()
        try:
            self._inbox.put_nowait((body, done))
        except queue.Full:
            raise DokkaebiError("board_busy") from None
        return done

    def close(self) -> None:
        """Ends once all that was posted has been looked at."""
        if self._worker is not None:
            self._inbox.put(None)
            self._worker.join()

    def _work(self) -> None:
        going_on, expected = True, 1
        while going_on:
            batch = [self._inbox.get()]
            # Whoever was answered just now may post again: a moment's wait makes one look of many.
            until = time.monotonic() + GATHER_SECONDS
            while len(batch) < BATCH:
                rest = until - time.monotonic() if len(batch) < expected else 0
                try:
                    batch.append(self._inbox.get(block=rest > 0, timeout=max(rest, 0)))
                except queue.Empty:
                    break
            expected = len(batch)
            going_on = None not in batch
            posts = [entry for entry in batch if entry is not None]
            found = self._taken([body for body, _ in posts])
            for (_, done), result in zip(posts, found, strict=True):
                if isinstance(result, Posted):
                    done.set_result(result)
                else:
                    done.set_exception(result)

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
        read = [_outcome(partial(self._read, body)) for body in bodies]
        papers = [entry[0] for entry in read if not isinstance(entry, DokkaebiError)]
        known = self.store.known([paper.digest for paper in papers])
        fresh = {
            entry[0].digest: entry
            for entry in read
            if not isinstance(entry, DokkaebiError) and entry[0].digest not in known
        }
        refused: dict[str, DokkaebiError] = {}
        problems = self.look([consent for _, consent in fresh.values()])
        counts = self.store.counts_of([paper.facts.signer for paper, _ in fresh.values()])
        for (paper, _), problem in zip(fresh.values(), problems, strict=True):
            # Limits are the signer's, so they count once the signature was found right.
            signer = paper.facts.signer
            refusal = problem or (self._beyond(signer, counts[signer]) if bounded else None)
            if refusal is not None:
                refused[paper.digest] = refusal
            else:
                counts[signer] += 1
        good: list[Paper] = []
        for digest, (paper, consent) in fresh.items():
            if digest in refused:
                continue
            try:
                good.append(self._with_metadata(paper, consent))
            except DokkaebiError as problem:
                refused[digest] = problem
        if good:
            self.store.add(good, int(time.time()))
        results: list[Posted | DokkaebiError] = []
        for entry in read:
            if isinstance(entry, DokkaebiError):
                results.append(entry)
                continue
            digest = entry[0].digest
            results.append(refused.get(digest) or Posted(digest, digest in fresh))
            # Twice in one batch is new once.
            fresh.pop(digest, None)
        return results

    def _read(self, body: bytes) -> tuple[Paper, Consent]:
        if len(body) > self.limits.document_bytes:
            raise DokkaebiError("consent_too_large", max=self.limits.document_bytes)
        consent = parse_consent(body)
        # What came beside is kept for itself.
        plain = consent_text(replace(consent, document=None))
        return Paper(consent.id, facts_of(self.suite, consent), plain.encode()), consent

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

    def look(self, consents: Sequence[Consent]) -> list[DokkaebiError | None]:
        """Why documents can't be used now, in order. `board_node_silent`: nobody could look."""
        tasks: list[Callable[[Suite], _Seen]] = [partial(_look, consent) for consent in consents]
        found = ask_together(self.suite, tasks)
        return [entry.problem if isinstance(entry, _Seen) else _blamed(entry) for entry in found]

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


@dataclass(frozen=True)
class _Seen:
    """A document that was looked at."""

    problem: DokkaebiError | None


def _look(consent: Consent, suite: Suite) -> _Seen:
    return _Seen(unusable(suite, consent))


def _blamed(problem: DokkaebiError) -> DokkaebiError:
    """What stopped the looking: a contract that the document names, whose fault it is then, or the
    node."""
    if isinstance(problem, NoAnswer | Reverted):
        return problem
    if isinstance(problem, RpcRefused) and _OF_CONTRACTS.search(problem.message):
        return DokkaebiError("board_contract_wrong", problem=problem.message)
    return DokkaebiError("board_node_silent", problem=str(problem))


def _outcome(act: Callable[[], tuple[Paper, Consent]]) -> tuple[Paper, Consent] | DokkaebiError:
    try:
        return act()
    except DokkaebiError as problem:
        return problem
