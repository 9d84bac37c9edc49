"""Where a ledger is: a SQLite file, or a schema of a PostgreSQL database. The only module that
knows how engines are opened, locked and what their errors mean."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy import event as engine_event
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema

# "DKKB": says that a SQLite file is one of ours.
APPLICATION_ID = 0x444B4B42
BUSY_SECONDS = 5.0
# Larger files aren't checked page by page each time they are opened.
CHECKED_BYTES = 64 << 20
# The default of 2,000 makes random keys slow.
CACHE_KB = 12_000
# Events are about a kilobyte long.
PAGE_BYTES = 16_384
# Pages are written back from the log when it has so many: 64 MB.
WAL_PAGES = 4_000
CONNECT_SECONDS = 10
# More than the threads of `dokkaebi serve`.
READERS_MAX = 60
SCHEMA_PREFIX = "dokkaebi_"


class Place(Protocol):
    """Where a ledger is."""

    @property
    def shown(self) -> str:
        """For people; without passwords."""

    def exists(self) -> bool:
        """Whether there is something."""

    def engine(self, *, writing: bool) -> Engine:
        """Connections to it. Those for reading see one moment and can't write."""

    def lock(self) -> AbstractContextManager[None]:
        """Held by the one who may write. It dies with its owner. Raises `ledger_locked`."""

    def is_new(self, connection: Connection) -> bool:
        """Whether there is nothing yet, so that a ledger can be made here."""

    def prepare(self, connection: Connection) -> None:
        """What an engine wants before the tables of a new ledger are made."""

    def check(self, connection: Connection) -> None:
        """Refuses what is no ledger, or a damaged one."""

    def finish(self, engine: Engine) -> None:
        """What an engine wants after the tables of a new ledger were made."""

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises."""

    def explained(self, problem: BaseException) -> DokkaebiError:
        """The database's error as a sentence."""


def place_of(where: Path | str | Place, addresses: Mapping[str, str] | None = None) -> Place:
    """A place from a path or a `postgresql://` URL. In PostgreSQL a deployment (`addresses` by
    contract name) has a schema of its own, so that many can share a database; without
    `addresses` the database's only ledger is meant.

    Errors: `database_url_wrong`, `ledger_missing`, `ledger_which`.
    """
    if isinstance(where, Path):
        return SqliteFile(where)
    if not isinstance(where, str):
        return where
    if "://" not in where:
        return SqliteFile(Path(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        raise DokkaebiError("database_url_wrong", url=where.split("@")[-1]) from None
    if url.get_backend_name() != "postgresql":
        raise DokkaebiError("database_url_wrong", url=url.render_as_string())
    url = url.set(drivername="postgresql+psycopg")
    name = url.query.get("schema")
    url = url.difference_update_query(["schema"])
    if isinstance(name, str):
        return PostgresSchema(url.render_as_string(hide_password=False), name)
    return PostgresSchema.of(url.render_as_string(hide_password=False), addresses)


@contextmanager
def clear_errors(place: Place) -> Iterator[None]:
    """Turns the database's errors into sentences."""
    try:
        yield
    except DBAPIError as problem:
        raise place.explained(problem.orig or problem) from None
    except place.driver_errors as problem:
        raise place.explained(problem) from None


def _pool(*, writing: bool) -> dict[str, Any]:
    """The writer has a single connection; readers one for each thread of a server."""
    if writing:
        return {"poolclass": StaticPool}
    return {"poolclass": QueuePool, "max_overflow": READERS_MAX}


@dataclass(frozen=True)
class SqliteFile:
    """A file, in WAL mode: readers and the one writer don't wait for each other."""

    path: Path

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.path)

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.path.exists()

    def engine(self, *, writing: bool) -> Engine:
        """Connections to the file."""
        # Readers may tidy up behind a writer that was killed, but make no file and write no row.
        mode = "rwc" if writing else "rw"

        def connect() -> sqlite3.Connection:
            # The driver's own transactions would commit before each CREATE TABLE.
            connection = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            if not writing:
                connection.execute("PRAGMA query_only = ON")
            connection.create_aggregate("exact_sum", 1, schema.ExactSum)  # type: ignore[arg-type]
            return connection

        engine = create_engine("sqlite://", creator=connect, **_pool(writing=writing))

        @engine_event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    @contextmanager
    def lock(self) -> Iterator[None]:
        """A lock file beside the file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise self._unwritable(problem) from None
        if self.path.is_dir():
            raise DokkaebiError("ledger_foreign", path=self.shown)
        lock = FileLock(f"{self.path}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DokkaebiError("ledger_locked", path=self.shown) from None
        except OSError as problem:
            raise self._unwritable(problem) from None
        try:
            yield
        finally:
            lock.release()

    def is_new(self, connection: Connection) -> bool:
        """Whether the file has no table."""
        return not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()

    def prepare(self, connection: Connection) -> None:
        """Marks the file as ours."""
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

    def check(self, connection: Connection) -> None:
        """Looks for our mark, and at each page of smaller files."""
        if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
            raise DokkaebiError("ledger_foreign", path=self.shown)
        if self.path.stat().st_size <= CHECKED_BYTES:
            answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if answer != "ok":
                raise DokkaebiError("ledger_corrupt", path=self.shown, problem=str(answer))

    def finish(self, engine: Engine) -> None:
        """Switches to WAL, which can't be done within a transaction."""
        driver = engine.raw_connection()
        try:
            driver.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            driver.close()

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """SQLite's errors."""
        return (sqlite3.DatabaseError,)

    def explained(self, problem: BaseException) -> DokkaebiError:
        """SQLite's error as a sentence."""
        said = str(problem)
        if isinstance(problem, sqlite3.OperationalError):
            if "locked" in said or "busy" in said:
                return DokkaebiError("ledger_busy", path=self.shown)
            if "no such table" not in said and "no such column" not in said:
                return self._unwritable(problem)
        if "not a database" in said:
            return DokkaebiError("ledger_foreign", path=self.shown)
        return DokkaebiError("ledger_corrupt", path=self.shown, problem=said)

    def _unwritable(self, problem: BaseException) -> DokkaebiError:
        return DokkaebiError("ledger_unwritable", path=self.shown, problem=str(problem))


@dataclass(frozen=True)
class PostgresSchema:
    """A schema of a PostgreSQL database. `url` is SQLAlchemy's, with `postgresql+psycopg`."""

    url: str
    name: str

    @classmethod
    def of(cls, url: str, addresses: Mapping[str, str] | None) -> PostgresSchema:
        """The schema of a deployment; or, of an unknown one, the only ledger there is."""
        if addresses is not None:
            suite = ",".join(address for _, address in sorted(addresses.items()))
            mark = hashlib.sha256(suite.encode()).hexdigest()[:12]
            return cls(url, SCHEMA_PREFIX + mark)
        place = cls(url, "")
        with clear_errors(place), place._connected() as connection:
            found = connection.execute(
                text("SELECT nspname FROM pg_namespace WHERE nspname LIKE :like ORDER BY nspname"),
                {"like": SCHEMA_PREFIX.replace("_", r"\_") + "%"},
            )
            names = list(found.scalars())
        if not names:
            raise DokkaebiError("ledger_missing", path=place.shown)
        if len(names) > 1:
            raise DokkaebiError("ledger_which", path=place.shown, names=", ".join(names))
        return cls(url, names[0])

    @property
    def shown(self) -> str:
        """The URL without its password, and the schema."""
        shown = make_url(self.url).set(drivername="postgresql", password=None)
        return shown.render_as_string() + (f" · {self.name}" if self.name else "")

    def exists(self) -> bool:
        """Whether there is such a schema."""
        with clear_errors(self), self._connected() as connection:
            query = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
            return connection.execute(query, {"name": self.name}).first() is not None

    def engine(self, *, writing: bool) -> Engine:
        """Connections to the schema; the writer has a single one, which holds the lock."""
        options = [f'search_path="{self.name}"', "timezone=UTC"]
        if not writing:
            options += ["default_transaction_read_only=on"]
        return create_engine(
            self.url,
            **_pool(writing=writing),
            pool_pre_ping=not writing,
            isolation_level="READ COMMITTED" if writing else "REPEATABLE READ",
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": " ".join(f"-c {option}" for option in options),
                # Found dead after a minute instead of after hours.
                "keepalives_idle": 20,
                "keepalives_interval": 10,
                "keepalives_count": 4,
            },
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """An advisory lock of a session of its own: the server releases it with the connection."""
        with clear_errors(self):
            engine = create_engine(
                self.url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS}
            )
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            with clear_errors(self):
                query = text("SELECT pg_try_advisory_lock(:key)")
                if not connection.execute(query, {"key": self._lock_key}).scalar():
                    raise DokkaebiError("ledger_locked", path=self.shown)
            yield

    def is_new(self, connection: Connection) -> bool:
        """Whether the schema has no table."""
        query = text("SELECT count(*) FROM pg_tables WHERE schemaname = :name")
        return not connection.execute(query, {"name": self.name}).scalar()

    def prepare(self, connection: Connection) -> None:
        """Makes the schema."""
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{self.name}"')

    def check(self, connection: Connection) -> None:
        """Looks for the table that says what a ledger is of."""
        query = text("SELECT 1 FROM pg_tables WHERE schemaname = :name AND tablename = 'meta'")
        if connection.execute(query, {"name": self.name}).first() is None:
            raise DokkaebiError("ledger_foreign", path=self.shown)

    def finish(self, engine: Engine) -> None:
        """Nothing."""

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """PostgreSQL's errors."""
        import psycopg

        return (psycopg.Error,)

    def explained(self, problem: BaseException) -> DokkaebiError:
        """PostgreSQL's error as a sentence."""
        import psycopg

        said = " ".join(str(problem).split())
        if isinstance(problem, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
            return DokkaebiError("ledger_busy", path=self.shown)
        if isinstance(problem, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
            return DokkaebiError("ledger_corrupt", path=self.shown, problem=said)
        if isinstance(problem, psycopg.OperationalError | psycopg.errors.InsufficientPrivilege):
            return DokkaebiError("database_gone", path=self.shown, problem=said)
        return DokkaebiError("ledger_unwritable", path=self.shown, problem=said)

    @property
    def _lock_key(self) -> int:
        digest = hashlib.sha256(f"dokkaebi:{self.name}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = create_engine(
            self.url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS}
        )
        with engine.connect() as connection:
            yield connection
