"""The portal's own file: contributions as imported, and who is linked to which wallet.

It is no ledger: what communities wrote can't be read from the chain again. One SQLite file, so that
a steward can hand it out with an epoch and anybody can recompute it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.entries import Entry
from dokkaebi.portal.names import NAME_LENGTH_MAX, Persona
from dokkaebi.portal.scoring import Contribution
from dokkaebi.spelling import clean_name, folded, skeleton

# "DKKP": says that a SQLite file is one of these.
APPLICATION_ID = 0x444B4B50
SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
CACHE_KB = 16_000
_READ_AT_ONCE = 5_000
_REMEMBERED_MAX = 100_000

_SCHEMA = (
    """CREATE TABLE file (
        number INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        format TEXT NOT NULL, imported_at INTEGER NOT NULL
    ) STRICT""",
    # Names that people would mistake for one another can't stand beside one another.
    """CREATE TABLE persona (
        number INTEGER PRIMARY KEY, source TEXT NOT NULL, nickname TEXT NOT NULL,
        folded TEXT NOT NULL, skeleton TEXT NOT NULL, wrote INTEGER NOT NULL,
        UNIQUE (source, nickname)
    ) STRICT""",
    "CREATE INDEX persona_folded ON persona (source, folded)",
    "CREATE INDEX persona_skeleton ON persona (source, skeleton)",
    """CREATE TABLE contribution (
        source TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        file INTEGER NOT NULL, author INTEGER NOT NULL, at INTEGER NOT NULL,
        target TEXT, receiver INTEGER, twin INTEGER NOT NULL,
        PRIMARY KEY (source, kind, id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX contribution_target ON contribution (source, id, kind)",
    # Signed documents as they are: they prove themselves.
    """CREATE TABLE link (
        digest TEXT PRIMARY KEY, source TEXT NOT NULL, nickname TEXT NOT NULL,
        wallet TEXT NOT NULL, linked INTEGER NOT NULL, nonce INTEGER NOT NULL,
        issued_at INTEGER NOT NULL, document TEXT NOT NULL,
        UNIQUE (source, nickname, nonce)
    ) STRICT, WITHOUT ROWID""",
)


@dataclass(frozen=True)
class ImportedFile:
    """A file that was imported: its number in order, sha2-256, name, format."""

    number: int
    digest: str
    name: str
    format: str


@dataclass(frozen=True)
class LinkRow:
    """A link or its end as somebody signed it; times in seconds since 1970."""

    digest: str
    persona: Persona
    wallet: str
    linked: bool
    nonce: int
    issued_at: int
    document: str


# What became of an entry.
NEW, KNOWN, TWICE, LOOKALIKE = "new", "known", "twice", "lookalike"


class Store:
    """The file, opened. Use `open_store`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        # Persona → its number, or the name it looks like.
        self._authors: dict[Persona, tuple[int, str]] = {}

    # Import

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        with clear_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._authors.clear()
                raise
            self._connection.execute("COMMIT")

    def add_file(self, digest: str, name: str, form: str, now: int) -> int:
        """The number of a file. One that was here before has it already; 0 stands for that, since
        it can't bring anything new."""
        found = self._connection.execute("SELECT 1 FROM file WHERE digest = ?", (digest,))
        if found.fetchone():
            return 0
        cursor = self._connection.execute(
            "INSERT INTO file (digest, name, format, imported_at) VALUES (?, ?, ?, ?)",
            (digest, name, form, now),
        )
        return int(cursor.lastrowid or 0)

    def add(self, entry: Entry, file: int) -> tuple[str, str]:
        """Adds an entry, if it isn't known: what became of it, and a name that it looks like."""
        author = Persona(entry.source, entry.author)
        number, double = self._author(author)
        if double:
            return LOOKALIKE, double
        if not file:
            return KNOWN, ""
        receiver = self._receiver(entry.receiver) if entry.receiver else None
        row = (entry.source, entry.kind, entry.id, file, number, entry.at, entry.target, receiver)
        cursor = self._connection.execute(
            "INSERT INTO contribution VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*row, entry.twin),
        )
        if cursor.rowcount:
            return NEW, ""
        found = self._connection.execute(
            "SELECT file FROM contribution WHERE source = ? AND kind = ? AND id = ?", row[:3]
        )
        return (TWICE if found.fetchone()[0] == file else KNOWN), ""

    def _author(self, persona: Persona) -> tuple[int, str]:
        """A persona's number, or the name of somebody who wrote before and looks the same."""
        known = self._authors.get(persona)
        if known is None:
            if len(self._authors) >= _REMEMBERED_MAX:
                self._authors.clear()
            known = self._authors[persona] = self._enter(persona)
        return known

    def _enter(self, persona: Persona) -> tuple[int, str]:
        number, wrote = self._find(persona)
        if wrote:
            return number, ""
        source, nickname = persona
        query = (
            "SELECT nickname FROM persona WHERE source = ?1 AND folded = ?2 AND wrote "
            "UNION ALL SELECT nickname FROM persona WHERE source = ?1 AND skeleton = ?3 AND wrote"
        )
        values = (source, folded(nickname), skeleton(nickname))
        if double := self._connection.execute(query, values).fetchone():
            return 0, str(double[0])
        if number:
            self._connection.execute("UPDATE persona SET wrote = 1 WHERE number = ?", (number,))
        return number or self._insert(persona, wrote=True), ""

    def _receiver(self, persona: Persona) -> int | None:
        """The number of somebody whom a file names. That somebody may never have written anything,
        so no author is refused for looking like them."""
        named = Persona(persona.source, clean_name(persona.nickname))
        if not named.source or not 0 < len(named.nickname) <= NAME_LENGTH_MAX:
            return None
        number, _ = self._find(named)
        return number or self._insert(named, wrote=False)

    def _find(self, persona: Persona) -> tuple[int, bool]:
        query = "SELECT number, wrote FROM persona WHERE source = ? AND nickname = ?"
        found = self._connection.execute(query, persona).fetchone()
        return (found[0], bool(found[1])) if found else (0, False)

    def _insert(self, persona: Persona, *, wrote: bool) -> int:
        cursor = self._connection.execute(
            "INSERT INTO persona (source, nickname, folded, skeleton, wrote) "
            "VALUES (?, ?, ?, ?, ?)",
            (*persona, folded(persona.nickname), skeleton(persona.nickname), wrote),
        )
        return int(cursor.lastrowid or 0)

    # Links

    def has_link(self, digest: str) -> bool:
        """Whether a signed link is here already."""
        query = "SELECT 1 FROM link WHERE digest = ?"
        with clear_errors(self._path):
            return self._connection.execute(query, (digest,)).fetchone() is not None

    def add_link(self, row: LinkRow) -> None:
        """Keeps a signed link; raises `portal_link_nonce` where it doesn't follow on the last."""
        with self.transaction():
            query = (
                "SELECT coalesce(max(nonce), 0) + 1, coalesce(max(issued_at), 0) FROM link "
                "WHERE source = ? AND nickname = ?"
            )
            needed, issued_at = self._connection.execute(query, row.persona).fetchone()
            if row.nonce != needed or row.issued_at < issued_at:
                raise DokkaebiError("portal_link_nonce", seen=row.nonce, needed=needed)
            self._connection.execute(
                "INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    row.digest,
                    *row.persona,
                    row.wallet,
                    int(row.linked),
                    row.nonce,
                    row.issued_at,
                    row.document,
                ),
            )

    def next_nonce(self, persona: Persona) -> int:
        """The nonce that a persona's next link has."""
        query = "SELECT coalesce(max(nonce), 0) + 1 FROM link WHERE source = ? AND nickname = ?"
        with clear_errors(self._path):
            return int(self._connection.execute(query, persona).fetchone()[0])

    def links(self, before: int) -> dict[Persona, str]:
        """Persona → wallet as it was just before a moment."""
        query = (
            "SELECT source, nickname, wallet, linked FROM link WHERE issued_at < ? "
            "ORDER BY source, nickname, nonce"
        )
        found: dict[Persona, str] = {}
        with clear_errors(self._path):
            for source, nickname, wallet, linked in self._connection.execute(query, (before,)):
                found[Persona(source, nickname)] = wallet if linked else ""
        return {persona: wallet for persona, wallet in found.items() if wallet}

    # Read

    def files(self) -> list[ImportedFile]:
        """The imported files in their order."""
        query = "SELECT number, digest, name, format FROM file ORDER BY number"
        with clear_errors(self._path):
            return [ImportedFile(*row) for row in self._connection.execute(query)]

    def contributions(self, since: int, before: int, files: int) -> Iterator[Contribution]:
        """Contributions of the first files in a time, by source, kind and id. Whom one praises is
        known by name, or by what it praises."""
        personas = self._personas()
        query = (
            "SELECT c.at, c.source, c.kind, c.id, c.author, coalesce(c.receiver, ("
            " SELECT t.author FROM contribution t INDEXED BY contribution_target"
            " WHERE t.source = c.source AND t.id = c.target"
            " AND t.file <= ?3 ORDER BY t.kind DESC LIMIT 1)), c.twin, c.file "
            "FROM contribution c WHERE c.at >= ?1 AND c.at < ?2 AND c.file <= ?3 "
            "ORDER BY c.source, c.kind, c.id"
        )
        with clear_errors(self._path):
            cursor = self._connection.execute(query, (since, before, files))
            while rows := cursor.fetchmany(_READ_AT_ONCE):
                for at, source, kind, identifier, author, receiver, twin, file in rows:
                    yield Contribution(
                        at,
                        source,
                        kind,
                        identifier,
                        personas[author],
                        personas[receiver] if receiver else None,
                        twin,
                        file,
                    )

    def first_seen(self, files: int) -> dict[Persona, int]:
        """When each persona contributed first, by the first files."""
        personas = self._personas()
        query = "SELECT author, min(at) FROM contribution WHERE file <= ? GROUP BY author"
        with clear_errors(self._path):
            rows = self._connection.execute(query, (files,))
            return {personas[author]: at for author, at in rows}

    def _personas(self) -> dict[int, Persona]:
        rows = self._connection.execute("SELECT number, source, nickname FROM persona")
        return {number: Persona(source, nickname) for number, source, nickname in rows}


@contextmanager
def open_store(path: Path, *, make: bool = False) -> Iterator[Store]:
    """Opens the portal's file, or makes it. Several may read while one writes.

    Errors: `portal_missing`, `portal_foreign`, `portal_busy`, `portal_unusable`.
    """
    if not make and not path.is_file():
        raise DokkaebiError("portal_missing", path=str(path))
    with clear_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _prepare(connection, path)
            yield Store(connection, path)
        finally:
            connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN EXCLUSIVE")
        # Another one may have made it meanwhile.
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if mark != APPLICATION_ID or version != SCHEMA_VERSION:
        raise DokkaebiError("portal_foreign", path=str(path))


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into sentences."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        busy = "locked" in str(problem) or "busy" in str(problem)
        raise DokkaebiError(
            "portal_busy" if busy else "portal_unusable", path=str(path), problem=str(problem)
        ) from None
    except sqlite3.DatabaseError as problem:
        foreign = "not a database" in str(problem)
        raise DokkaebiError(
            "portal_foreign" if foreign else "portal_unusable", path=str(path), problem=str(problem)
        ) from None
