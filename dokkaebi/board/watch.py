"""Keeps the board true: looks again at what events touched, at what is over, and at the oldest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from dokkaebi.board.notices import BATCH, Notices
from dokkaebi.chain.consent_files import parse_consent
from dokkaebi.chain.lookup import now_on
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.store import Snapshot

# How often it looks whether something happened, seconds.
ROUND_SECONDS = 1.0
# What no event touches (another token's balance, another collection) is looked at so often, and so
# many in a round.
AGAIN_SECONDS = 600
OLD_AT_ONCE = BATCH
# Bids move an auction's end; it is looked at again after so long.
PROLONGED_SECONDS = 60
# Files that nothing names are dropped after a day; why documents went is known for a month.
UNNAMED_SECONDS = 86_400
GONE_SECONDS = 30 * 86_400
TIDY_SECONDS = 3_600
EVENTS_AT_ONCE = 5_000
_PLACE = "followed"


@dataclass(frozen=True)
class Round:
    """What a look found: documents looked at, and taken off."""

    looked: int = 0
    dropped: int = 0

    def __add__(self, other: Round) -> Round:
        return Round(self.looked + other.looked, self.dropped + other.dropped)


class Watch:
    """Looks after a board, a `round` at a time. `look` opens the ledger, or raises a DokkaebiError
    where there is none: then documents are looked at by their age alone."""

    def __init__(self, notices: Notices, look: Callable[[], Any]) -> None:
        self._notices = notices
        self._store = notices.store
        self._look = look
        self._tidied = 0.0

    def round(self) -> Round:
        """Looks at what events touched since the last round, what is over, and some of the oldest;
        tidies now and then."""
        now = int(time.time())
        found = self._touched()
        over = self._store.expired(now_on(self._notices.suite), BATCH)
        old = self._store.unchecked(now - AGAIN_SECONDS, OLD_AT_ONCE)
        found += self._again({row.number: row for row in (*over, *old)}.values())
        if time.monotonic() - self._tidied > TIDY_SECONDS or not self._tidied:
            self.tidy()
            self._tidied = time.monotonic()
        return found

    def everything(self) -> Round:
        """Looks at every document, and tidies."""
        self._touched()
        found, number = Round(), 0
        while rows := self._store.after(number, BATCH):
            number = rows[-1].number
            found += self._again(rows)
        self.tidy()
        return found

    def tidy(self) -> int:
        """Drops files that nothing names, and old reasons; how many files."""
        now = int(time.time())
        self._store.forget(now - GONE_SECONDS)
        self._notices.files.forget_unfinished()
        count = 0
        while rows := self._store.unnamed(now - UNNAMED_SECONDS, BATCH):
            kept = self._named_on_chain(rows)
            self._store.keep([row.cid for row in rows if row.cid in kept], now)
            for row in rows:
                if row.cid not in kept:
                    self._store.drop_file(row.cid)
                    self._notices.files.drop(row.cid)
                    count += 1
        return count

    def _again(self, rows: Iterable[Row[Any]]) -> Round:
        """Looks at documents anew and drops those that can't be used."""
        count, dropped, now = 0, 0, int(time.time())
        waiting = list(rows)
        while waiting:
            some, waiting = waiting[:BATCH], waiting[BATCH:]
            consents = [parse_consent(row.body) for row in some]
            problems = dict(
                zip((r.digest for r in some), self._notices.looking.usable(consents), strict=True)
            )
            silent = {d for d, p in problems.items() if p and p.key == "board_node_silent"}
            wrong = {d: p for d, p in problems.items() if p is not None and d not in silent}
            count += len(some) - len(silent)
            dropped += self._store.drop(wrong, now)
            good = [row for row in some if row.digest not in wrong and row.digest not in silent]
            self._store.checked([row.digest for row in good], now)
            on_chain = now_on(self._notices.suite)
            for row in good:
                if row.expires_at < on_chain:
                    self._store.prolong(row.digest, on_chain + PROLONGED_SECONDS)
        return Round(count, dropped)

    # The ledger's events

    def _touched(self) -> Round:
        try:
            with self._look() as snapshot:
                return self._follow(snapshot)
        except DokkaebiError as problem:
            if problem.key.startswith(("ledger_", "database_")):
                return Round()
            raise

    def _follow(self, snapshot: Snapshot) -> Round:
        cursor = snapshot.cursor
        here = f"{cursor.block_number} {cursor.block_hash}"
        before = self._store.place(_PLACE)
        found = Round()
        # A new board has nothing that older events could have touched.
        if before is not None and before != here:
            event = schema.event.c
            query = select(event.topics).where(event.block_number >= _follows(snapshot, before))
            for rows in snapshot.stream(query, EVENTS_AT_ONCE):
                topics = {topic for row in rows for topic in row["topics"].split(",")[1:]}
                found += self._touch(sorted(topics))
        self._store.set_place(_PLACE, here)
        return found

    def _touch(self, topics: Sequence[str]) -> Round:
        self._store.registered(self._store.unregistered(topics))
        return self._again(self._store.touched_by(topics))

    def _named_on_chain(self, rows: Sequence[Row[Any]]) -> set[str]:
        """Files that the ledger knows: documents of works, evidence, what trades are about."""
        digests = {"0x" + row.sha256.hex(): row.cid for row in rows}
        columns = (
            schema.creation.c.document_digest,
            schema.evidence.c.document,
            schema.offer.c.details,
            schema.request.c.details,
            schema.trade.c.details,
            schema.trade.c.shipment,
            schema.desk.c.meta_evidence,
        )
        named: set[str] = set()
        try:
            with self._look() as snapshot:
                for column in columns:
                    found = snapshot.rows(select(column.label("digest")).where(column.in_(digests)))
                    named |= {digests[row["digest"]] for row in found}
        except DokkaebiError:
            # Who can't look throws nothing away.
            return set(digests.values())
        return named


def _follows(snapshot: Snapshot, before: str) -> int:
    """The first block whose events weren't seen, or that may be another one now."""
    number, seen = before.split()
    block = schema.block.c
    same = snapshot.rows(select(block.hash).where(block.number == int(number)))
    if same and same[0]["hash"] == seen:
        return int(number) + 1
    return min(int(number), snapshot.cursor.final_number)
