"""One chain with one market day for all tests of the ledger; each test has its own database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.ledger.index import index
from dokkaebi.ledger.store import Identity, Snapshot, open_ledger, read_ledger
from dokkaebi.texts import set_language
from tests.dokkaebi.ledger.engines import ENGINES, new_database, postgres_server
from tests.dokkaebi.ledger.market_day import Day, open_market, play


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The market day. Read only: tests that change the chain start one of their own."""
    with start_node("ganache") as node:
        day = open_market(connect(node.url), tmp_path_factory.mktemp("day"))
        play(day)
        yield day


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server; its URL."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new ledger can be: once a file, once a database."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite3"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def anvil_market(tmp_path: Path) -> Iterator[Day]:
    """A market on a chain that can be rewritten."""
    with start_node("anvil") as node:
        yield open_market(connect(node.url), tmp_path / "market")


@pytest.fixture(scope="session")
def identity(day: Day) -> Identity:
    return Identity.of(day.manifest())


@pytest.fixture(scope="session")
def books(day: Day, identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the whole day. Read only: `copied` gives one to change."""
    path = tmp_path_factory.mktemp("books") / "ledger.sqlite3"
    with open_ledger(path, identity) as ledger:
        index(day.chain, identity, ledger)
    return path


@pytest.fixture
def copied(books: Path, tmp_path: Path) -> Path:
    """A ledger of the whole day that a test may spoil."""
    path = tmp_path / "copied.sqlite3"
    with sqlite3.connect(books) as source, sqlite3.connect(path) as target:
        source.backup(target)
    return path


@pytest.fixture
def snapshot(books: Path) -> Iterator[Snapshot]:
    with read_ledger(books) as snapshot:
        yield snapshot


@pytest.fixture
def small_market(tmp_path: Path) -> Iterator[Callable[[], Day]]:
    """Makes markets on chains of their own, for tests that change the chain."""
    with ExitStack() as nodes:

        def make() -> Day:
            node = nodes.enter_context(start_node("ganache"))
            chain: Chain = connect(node.url)
            return open_market(chain, tmp_path / node.url.rsplit(":", 1)[1])

        yield make
