"""The board's rows: short transactions for writing, snapshots for reading."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    TextClause,
    and_,
    delete,
    exists,
    func,
    literal_column,
    select,
    text,
)

from dokkaebi.board import search
from dokkaebi.board.facts import SELLING, Facts
from dokkaebi.board.files import KeptFile
from dokkaebi.board.metadata import Metadata
from dokkaebi.board.tables import (
    SCHEMA_VERSION,
    board,
    create_all,
    document,
    file,
    gone,
    named,
    touch,
    work,
)
from dokkaebi.chain.documents import RAW, cid_text
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.suite import checksummed
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.places import Place, PostgresSchema, SqliteFile, clear_errors, place_of
from dokkaebi.ledger.rows import creation_key
from dokkaebi.ledger.schema import Long
from dokkaebi.ledger.store import Identity
from dokkaebi.spelling import is_mixed, skeleton

# Rows at once in a condition: engines bound the number of values.
SOME = 500
_LISTED = ("kind", "digest", "asset", "price", "expires_at")


@dataclass(frozen=True)
class Paper:
    """A document that was found usable: its digest, facts and file, and the metadata document that
    came with it."""

    digest: str
    facts: Facts
    body: bytes
    metadata: Metadata | None = None


@dataclass(frozen=True)
class Usage:
    """What somebody's files take, or everybody's."""

    files: int
    size: int


class Store:
    """An open board. Use `open_store`. Any thread may read and write."""

    def __init__(self, place: Place, writer: Engine, reader: Engine, registry: str) -> None:
        self._place = place
        self._writer = writer
        self._reader = reader
        self._registry = registry
        self._writing = threading.Lock()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._writing, clear_errors(self._place):
            try:
                with self._writer.begin() as connection:
                    yield connection
            except DokkaebiError:
                raise
            except BaseException:
                # A connection that was lost is made anew.
                self._writer.dispose()
                raise

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with clear_errors(self._place), self._reader.connect() as connection:
            yield connection

    def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        with self._read() as connection:
            return list(connection.execute(query))

    def _value(self, query: Select[Any]) -> Any:
        with self._read() as connection:
            return connection.execute(query).scalar()

    # Documents

    def known(self, digests: Sequence[str]) -> set[str]:
        """Which of these documents are here."""
        return set(self._some(select(document.c.digest), document.c.digest, digests))

    def add(self, papers: Sequence[Paper], now: int) -> None:
        """Puts documents on the board, all or none; those that are here stay as they are."""
        with self._write() as connection:
            here = select(document.c.digest).where(
                document.c.digest.in_([paper.digest for paper in papers])
            )
            known = set(connection.execute(here).scalars())
            fresh = {paper.digest: paper for paper in papers if paper.digest not in known}
            if not fresh:
                return
            rows = [_document_row(paper, now) for paper in fresh.values()]
            numbered = document.insert().returning(document.c.digest, document.c.number)
            numbers = {row.digest: row.number for row in connection.execute(numbered, rows)}
            touches = [
                {"topic": topic, "document": numbers[paper.digest]}
                for paper in fresh.values()
                for topic in dict.fromkeys(paper.facts.topics)
            ]
            connection.execute(touch.insert(), touches)
            connection.execute(delete(gone).where(gone.c.digest.in_(list(fresh))))
            for paper in fresh.values():
                if paper.metadata is not None:
                    self._put_work(connection, paper.metadata, now, registered=False)
                if paper.facts.details is not None:
                    cid = cid_text(RAW, paper.facts.details)
                    self._name(connection, [cid], paper.digest, paper.facts.signer)
            self._relist(connection, (paper.facts for paper in fresh.values()))

    def checked(self, digests: Sequence[str], now: int) -> None:
        """Remembers that documents were found usable again."""
        with self._write() as connection:
            same = document.c.digest.in_(digests)
            connection.execute(document.update().where(same).values(checked_at=now))

    def prolong(self, digest: str, until: int) -> None:
        """Moves a document's last second, as bids do that of an auction."""
        with self._write() as connection:
            same = document.c.digest == digest
            connection.execute(document.update().where(same).values(expires_at=until))

    def drop(self, reasons: dict[str, DokkaebiError], now: int) -> int:
        """Takes documents off, each with its reason; how many were still there."""
        count = 0
        with self._write() as connection:
            for digest, reason in reasons.items():
                found = connection.execute(
                    select(document).where(document.c.digest == digest)
                ).first()
                if found is None:
                    continue
                count += 1
                connection.execute(delete(touch).where(touch.c.document == found.number))
                connection.execute(delete(document).where(document.c.number == found.number))
                connection.execute(delete(named).where(named.c.source == digest))
                shown = reason.revert.shown if isinstance(reason, Reverted) else reason.details
                told = json.dumps({name: str(value) for name, value in shown.items()})
                connection.execute(delete(gone).where(gone.c.digest == digest))
                row = {"digest": digest, "kind": found.kind, "reason": reason.key}
                connection.execute(gone.insert().values(**row, details=told, gone_at=now))
                if found.collection == self._registry:
                    self._relist_one(connection, found.creation)
        return count

    def forget(self, before: int) -> None:
        """Forgets why documents were dropped, of those dropped before a moment."""
        with self._write() as connection:
            connection.execute(delete(gone).where(gone.c.gone_at < before))

    def document(self, digest: str) -> Row[Any] | None:
        """A document, if it is here."""
        found = self._rows(select(document).where(document.c.digest == digest))
        return found[0] if found else None

    def why_gone(self, digest: str) -> Row[Any] | None:
        """Why a document isn't here any more, if it was."""
        found = self._rows(select(gone).where(gone.c.digest == digest))
        return found[0] if found else None

    def rows_of(self, digests: Sequence[str]) -> list[Row[Any]]:
        """Those of some documents that are here."""
        return self._some_rows(select(document), document.c.digest, digests)

    def documents(
        self, limit: int, before: int | None = None, **wanted: str | None
    ) -> list[Row[Any]]:
        """Documents, the newest first, whose columns have the wanted values."""
        query = select(document).order_by(document.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(document.c.number < before)
        for column, value in wanted.items():
            if value is not None:
                query = query.where(document.c[column] == value)
        return self._rows(query)

    def after(self, number: int, limit: int) -> list[Row[Any]]:
        """Documents, the oldest first, from after a number on."""
        later = document.c.number > number
        return self._rows(select(document).where(later).order_by(document.c.number).limit(limit))

    def counts_of(self, signers: Sequence[str]) -> dict[str, int]:
        """How many documents of each of some signers are here."""
        query = select(document.c.signer, func.count()).group_by(document.c.signer)
        found: list[Any] = self._some_rows(query, document.c.signer, sorted(set(signers)))
        return dict.fromkeys(signers, 0) | {row[0]: int(row[1]) for row in found}

    def touched_by(self, topics: Sequence[str]) -> list[Row[Any]]:
        """Documents that events with these topics may have changed."""
        numbers = set(self._some(select(touch.c.document), touch.c.topic, topics))
        return self._some_rows(select(document), document.c.number, sorted(numbers))

    def expired(self, now: int, limit: int) -> list[Row[Any]]:
        """Documents whose time is over."""
        over = document.c.expires_at < now
        return self._rows(select(document).where(over).order_by(document.c.expires_at).limit(limit))

    def unchecked(self, since: int, limit: int) -> list[Row[Any]]:
        """Documents that weren't checked since a moment, the longest first."""
        old = document.c.checked_at < since
        return self._rows(select(document).where(old).order_by(document.c.checked_at).limit(limit))

    # Works

    def add_work(self, metadata: Metadata, now: int, *, registered: bool) -> None:
        """Puts a work on the board, or remembers that it was registered."""
        with self._write() as connection:
            self._put_work(connection, metadata, now, registered=registered)
            self._relist_one(connection, creation_key(metadata.id))

    def registered(self, creations: Sequence[str]) -> None:
        """Remembers that works were registered."""
        with self._write() as connection:
            for creation in creations:
                row = work.update().where(work.c.id == creation).values(registered=True)
                connection.execute(row)
                self._relist_one(connection, creation)

    def unregistered(self, creations: Sequence[str]) -> list[str]:
        """Which of these are works of the board that the registry didn't have when last seen."""
        waiting = select(work.c.id).where(~work.c.registered)
        return self._some(waiting, work.c.id, creations)

    def work(self, creation: str) -> Row[Any] | None:
        """A work that is shown."""
        found = self._rows(_works_query().where(work.c.id == creation, work.c.shown))
        return found[0] if found else None

    def works(
        self,
        limit: int,
        before: int | None = None,
        asked: str = "",
        creator: str | None = None,
        kind: str | None = None,
        *,
        for_sale: bool = False,
    ) -> list[Row[Any]]:
        """Works that are shown, the newest first: all words of `asked` are theirs."""
        dialect = self._reader.dialect.name
        found = search.condition(dialect, asked)
        number: Any = work.c.number
        if found is not None:
            number = literal_column(search.NUMBER[dialect], Long)

        def query(searched: TextClause) -> Select[Any]:
            wanted = _works_query().where(work.c.shown).limit(limit)
            if found is not None:
                condition, values = found
                wanted = wanted.select_from(work.join(searched, number == work.c.number))
                wanted = wanted.where(text(condition).bindparams(**values))
            if before is not None:
                wanted = wanted.where(number < before)
            if creator is not None:
                wanted = wanted.where(work.c.creator == creator)
            if kind is not None:
                wanted = wanted.where(work.c.kind == kind)
            if for_sale:
                wanted = wanted.where(work.c.kind.is_not(None))
            return wanted

        all_works = query(text("search"))
        if found is None or dialect == "sqlite":
            return self._rows(all_works.order_by(number.desc()))
        # PostgreSQL can't know which is quicker: going back through all works until enough have
        # frequent words, or sorting all that have rare ones. The newest works tell which it is.
        newest = before or int(self._value(select(func.max(work.c.number))) or 0) + 1
        recent = text(search.RECENT_ALONE).bindparams(recent=newest - search.RECENT)
        rows = self._rows(query(recent).order_by(number.desc()))
        if len(rows) == limit:
            return rows
        # A sum has no index whose order would lead back through all works.
        return self._rows(all_works.order_by((number + 0).desc()))

    def _put_work(
        self, connection: Connection, found: Metadata, now: int, *, registered: bool
    ) -> None:
        key = creation_key(found.id)
        row = connection.execute(select(work.c.number).where(work.c.id == key)).first()
        if row is not None:
            if registered:
                change = work.update().where(work.c.id == key).values(registered=True)
                connection.execute(change)
            return
        bones = skeleton(found.creator_name)
        others = and_(work.c.skeleton == bones, work.c.creator != found.creator, work.c.shown)
        taken = bool(bones) and connection.execute(select(exists().where(others))).scalar()
        warnings = ["name_mixed_script"] if is_mixed(found.creator_name) else []
        values = {
            "id": key,
            "title": found.title,
            "description": found.description,
            "tags": json.dumps(found.tags),
            "creator": found.creator,
            "creator_name": found.creator_name,
            "skeleton": bones,
            "warnings": json.dumps(warnings + ["name_taken"] * bool(taken)),
            "document_cid": found.cid,
            "content_type": found.content_type,
            "content_cid": found.content_cid,
            "content_size": found.content_size,
            "image": found.image,
            "registered": registered,
            "shown": registered,
            "posted_at": now,
        }
        insert = work.insert().values(**values).returning(work.c.number)
        number = connection.execute(insert).scalar_one()
        said = " ".join((found.title, found.creator_name, *found.tags, found.description))
        search.remember(connection, [(number, said)])
        files = [cid for cid in (found.cid, found.content_cid, found.image) if cid]
        self._name(connection, files, key, found.creator)

    def _relist(self, connection: Connection, facts: Iterable[Facts]) -> None:
        """Says anew what sells the works that documents are about."""
        own = {f.creation for f in facts if f.creation and f.collection == self._registry}
        here = connection.execute(select(work.c.id).where(work.c.id.in_(own))).scalars()
        for creation in list(here):
            self._relist_one(connection, creation)

    def _relist_one(self, connection: Connection, creation: str) -> None:
        seen = connection.execute(select(work.c.registered).where(work.c.id == creation)).first()
        if seen is None:
            return
        columns = [document.c[name] for name in _LISTED]
        of_it = (document.c.creation == creation) & (document.c.collection == self._registry)
        selling = (
            select(*columns)
            # A voucher without a price is there to be registered only.
            .where(of_it, document.c.kind.in_(SELLING), document.c.price.is_not(None))
            .order_by(document.c.number.desc())
            .limit(1)
        )
        listed = connection.execute(selling).first()
        signed = of_it & (document.c.kind == "voucher")
        shown = seen.registered or connection.execute(select(exists().where(signed))).scalar()
        values = dict(zip(_LISTED, listed or [None] * len(_LISTED), strict=True))
        change = work.update().where(work.c.id == creation)
        connection.execute(change.values(**values, shown=bool(shown)))

    # Files

    def file(self, cid: str) -> Row[Any] | None:
        """A file that is here."""
        found = self._rows(select(file).where(file.c.cid == cid))
        return found[0] if found else None

    def add_file(self, kept: KeptFile, key: str, now: int) -> None:
        """Remembers a file that is on disk now."""
        values = {"cid": kept.cid, "size": kept.size, "sha256": kept.sha256, "type": kept.type}
        with self._write() as connection:
            known = connection.execute(select(file.c.cid).where(file.c.cid == kept.cid)).first()
            if known is None:
                connection.execute(file.insert().values(**values, key=key, posted_at=now))

    def usage(self, key: str | None = None) -> Usage:
        """What the files of a key take; None for all."""
        query = select(func.count(), func.coalesce(func.sum(file.c.size), 0)).select_from(file)
        found: Any = self._rows(query if key is None else query.where(file.c.key == key))[0]
        return Usage(int(found[0]), int(found[1]))

    def namer(self, cid: str) -> str | None:
        """Whose work or document names a file, if it is shown."""
        rows = self._rows(
            select(named.c.key, named.c.source, work.c.shown)
            .select_from(named.outerjoin(work, named.c.source == work.c.id))
            .where(named.c.cid == cid)
            .order_by(named.c.source)
        )
        return next((str(row.key) for row in rows if row.shown is not False), None)

    def unnamed(self, before: int, limit: int) -> list[Row[Any]]:
        """Files that came before a moment and that nothing of here names."""
        namers = named.outerjoin(work, named.c.source == work.c.id)
        right = (named.c.cid == file.c.cid) & (work.c.shown.is_(None) | work.c.shown)
        is_named = exists(select(named.c.cid).select_from(namers).where(right).correlate(file))
        query = select(file).where(file.c.posted_at < before, ~is_named)
        return self._rows(query.order_by(file.c.posted_at).limit(limit))

    def keep(self, cids: Sequence[str], now: int) -> None:
        """Looks at files again later."""
        with self._write() as connection:
            connection.execute(file.update().where(file.c.cid.in_(cids)).values(posted_at=now))

    def drop_file(self, cid: str) -> None:
        """Forgets a file."""
        with self._write() as connection:
            connection.execute(delete(file).where(file.c.cid == cid))

    def _name(self, connection: Connection, cids: Iterable[str], source: str, key: str) -> None:
        for cid in dict.fromkeys(cids):
            same = (named.c.cid == cid) & (named.c.source == source)
            connection.execute(delete(named).where(same))
            connection.execute(named.insert().values(cid=cid, source=source, key=key))

    # Places

    def place(self, name: str) -> str | None:
        """Something that the board remembers."""
        found = self._value(select(board.c.value).where(board.c.key == name))
        return None if found is None else str(found)

    def set_place(self, name: str, value: str) -> None:
        """Remembers it."""
        with self._write() as connection:
            connection.execute(delete(board).where(board.c.key == name))
            connection.execute(board.insert().values(key=name, value=value))

    def counts(self) -> dict[str, int]:
        """How much is here."""
        works = select(func.count()).select_from(work).where(work.c.shown)
        return {
            "documents": int(self._value(select(func.count()).select_from(document))),
            "works": int(self._value(works)),
        }

    def _some(self, query: Select[Any], column: Any, values: Sequence[Any]) -> list[Any]:
        return [row[0] for row in self._some_rows(query, column, values)]

    def _some_rows(self, query: Select[Any], column: Any, values: Sequence[Any]) -> list[Row[Any]]:
        found: list[Row[Any]] = []
        for first in range(0, len(values), SOME):
            found += self._rows(query.where(column.in_(values[first : first + SOME])))
        return found


def _works_query() -> Select[Any]:
    """Works, and whether their picture is here."""
    held = exists(select(file.c.cid).where(file.c.cid == work.c.image).correlate(work))
    return select(work, held.label("held"))


def _document_row(paper: Paper, now: int) -> dict[str, Any]:
    facts = paper.facts
    return {
        "digest": paper.digest,
        "kind": facts.kind,
        "contract": facts.contract,
        "signer": facts.signer,
        "collection": facts.collection,
        "creation": facts.creation,
        "asset": facts.asset,
        "price": facts.price,
        "expires_at": facts.expires_at,
        "accepted_at": now,
        "checked_at": now,
        "body": paper.body,
    }


def store_place(ledger: Path | str, folder: Path, identity: Identity) -> Place:
    """Where a board is: a file in its folder beside a ledger in SQLite, else a schema beside the
    ledger's, which is of the same deployment."""
    beside = place_of(ledger, identity.addresses)
    if isinstance(beside, PostgresSchema):
        mark = hashlib.sha256(beside.name.encode()).hexdigest()[:12]
        return replace(beside, name=f"board_{mark}")
    return SqliteFile(folder / "board.sqlite3")


@contextmanager
def open_store(place: Place, identity: Identity) -> Iterator[Store]:
    """Opens a board, or makes it. Several processes may have it open.

    Errors: `board_other`, `board_other_schema`, and those of `open_ledger`.
    """
    registry = checksummed(identity.addresses["CreationRegistry"])
    _prepare(place, identity)
    writer, reader = place.engine(writing=True), place.engine(writing=False)
    try:
        if isinstance(place, SqliteFile):
            # What was accepted survives a power cut; one wait for the disk a batch.
            driver = writer.raw_connection()
            driver.cursor().execute("PRAGMA synchronous = FULL")
            driver.close()
        yield Store(place, writer, reader, registry)
    finally:
        reader.dispose()
        writer.dispose()


def _prepare(place: Place, identity: Identity) -> None:
    mine = {
        "schema_version": str(SCHEMA_VERSION),
        "chain_id": str(identity.chain_id),
        "genesis_hash": identity.genesis_hash,
        "registry": identity.addresses["CreationRegistry"],
    }
    with place.lock():
        engine = place.engine(writing=True)
        try:
            with clear_errors(place):
                with engine.begin() as connection:
                    is_new = place.is_new(connection)
                    if is_new:
                        place.prepare(connection)
                        create_all(connection)
                        rows = [{"key": key, "value": value} for key, value in mine.items()]
                        connection.execute(board.insert(), rows)
                    else:
                        place.check(connection)
                        found = {r.key: r.value for r in connection.execute(select(board))}
                        _check(place, found, mine)
                if is_new:
                    place.finish(engine)
        finally:
            engine.dispose()


def _check(place: Place, found: dict[str, str], mine: dict[str, str]) -> None:
    for key, wanted in mine.items():
        if found.get(key) != wanted:
            error = "board_other_schema" if key == "schema_version" else "board_other"
            seen = found.get(key, "-")
            raise DokkaebiError(error, path=place.shown, what=key, found=seen, wanted=wanted)
