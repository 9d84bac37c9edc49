"""Ledgers of earlier releases become today's, with all that is in them.

`ledger-v2.sql.gz` is a market day as the release before the first revision wrote it.
"""

from __future__ import annotations

import gzip
import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from dokkaebi.chain.suite import SUITE
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import migrations, schema
from dokkaebi.ledger.places import place_of
from dokkaebi.ledger.store import Identity, copy_ledger, open_ledger, read_ledger
from tests.dokkaebi.ledger.engines import contents, new_database

OLD = Path(__file__).with_name("ledger-v2.sql.gz")
# Made anew by a replay, so what they hold follows from the raw tables.
RAW = (schema.block, schema.event)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.executescript(gzip.decompress(OLD.read_bytes()).decode())
    connection.close()
    return path


@pytest.fixture
def identity_of_old(old: Path) -> Identity:
    with sqlite3.connect(old) as connection:
        meta = dict(connection.execute("SELECT key, value FROM meta"))
    addresses = {name: meta[name] for name in SUITE if name in meta}
    first = int(meta["first_block"])
    return Identity(int(meta["chain_id"]), meta["genesis_hash"], first, addresses, meta["label"])


def rows_of(path: Path, table: str) -> list[dict[str, Any]]:
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = map(dict, connection.execute(f"SELECT * FROM {table}"))
        return sorted(rows, key=lambda row: repr(sorted(row.items())))


def sums_of(rows: Iterable[dict[str, Any]], key: Iterable[str]) -> Counter[tuple[Any, ...]]:
    """Sums of amounts by some columns."""
    sums, names = Counter[tuple[Any, ...]](), list(key)
    for row in rows:
        sums[tuple(row[name] for name in names)] += int(row["amount"])
    return sums


def test_an_old_ledger_is_brought_to_todays_schema(old: Path, identity_of_old: Identity) -> None:
    # Since version 5 there are tables of rewards, since version 6 of vouchers.
    new = ("reward", "voucher")
    names = [t.name for t in (*RAW, *schema.DERIVED) if not t.name.startswith(new)]
    before = {name: rows_of(old, name) for name in names}
    assert len(before["event"]) > 200
    with open_ledger(old, identity_of_old) as ledger:
        cursor = ledger.cursor()
    assert cursor is not None
    assert cursor.final_number == cursor.block_number - 64
    after = {name: rows_of(old, name) for name in names}
    # Since version 4, shares are kept block by block.
    names = ["market", "document_id", "role", "payee", "asset"]
    assert sums_of(after.pop("share"), names) == sums_of(before.pop("share"), names)
    assert after == before
    engine = create_engine(f"sqlite:///{old}")
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()
    # Alembic's own table is none of ours.
    assert [one for one in found if "alembic_version" not in repr(one)] == []
    assert version == migrations.HEAD
    with open_ledger(old, identity_of_old) as ledger:
        assert ledger.replay()[1] == {}


def test_an_upgraded_ledger_has_the_tables_of_a_new_one(
    old: Path, identity_of_old: Identity, tmp_path: Path
) -> None:
    for path in (old, tmp_path / "new"):
        with open_ledger(path, identity_of_old):
            pass
    made = "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'"
    columns = "SELECT m.name, c.* FROM sqlite_master m, pragma_table_info(m.name) c"
    for question in (made, columns):
        found = []
        for path in (old, tmp_path / "new"):
            with sqlite3.connect(path) as connection:
                found.append(sorted(map(repr, connection.execute(question))))
        assert found[0] == found[1]


def test_a_ledger_that_knew_no_vouchers_learns_of_them(
    copied: Path, books: Path, identity: Identity
) -> None:
    """Version 5 kept their events, and made nothing of them."""
    with sqlite3.connect(copied) as connection:
        connection.execute("DROP TABLE voucher_cancellation")
        connection.execute("DELETE FROM share WHERE role = 'sponsor'")
        connection.execute("UPDATE trade SET kind = 'instant' WHERE kind = 'voucher'")
        connection.execute("UPDATE creation SET owner = creator WHERE owner IS NOT NULL")
        connection.execute("UPDATE meta SET value = '5' WHERE key = 'schema_version'")
        connection.execute("UPDATE alembic_version SET version_num = '5'")
    connection.close()
    with open_ledger(copied, identity):
        pass
    found = contents(copied, identity)
    assert found == contents(books, identity)
    assert found["voucher_cancellation"]
    assert "'sponsor'" in str(found["share"])


def test_a_failed_upgrade_leaves_the_old_ledger(
    old: Path, identity_of_old: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dokkaebi.ledger import store

    def broken(*arguments: object) -> int:
        raise DokkaebiError("ledger_gap", table="x", key="y")

    monkeypatch.setattr(store, "replay", broken)
    with pytest.raises(DokkaebiError), open_ledger(old, identity_of_old):
        pass
    monkeypatch.undo()
    with sqlite3.connect(old) as connection:
        question = "SELECT value FROM meta WHERE key = 'schema_version'"
        assert connection.execute(question).fetchone() == ("2",)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "alembic_version" not in tables
    with open_ledger(old, identity_of_old) as ledger:
        assert ledger.cursor() is not None


def test_a_reader_doesnt_upgrade(old: Path, identity_of_old: Identity) -> None:
    with pytest.raises(DokkaebiError) as seen, read_ledger(old, identity_of_old):
        pass
    assert seen.value.key == "ledger_other_schema"


def test_a_ledger_is_copied_to_the_other_engine_and_back(
    books: Path, identity: Identity, postgres: str, tmp_path: Path
) -> None:
    database = new_database(postgres)
    with read_ledger(books) as snapshot:
        count = copy_ledger(snapshot, database)
    assert count == sum(map(len, contents(books, identity).values()))
    assert contents(database, identity) == contents(books, identity)
    with read_ledger(database) as snapshot:
        copy_ledger(snapshot, tmp_path / "back.sqlite3")
    assert contents(tmp_path / "back.sqlite3", identity) == contents(books, identity)
    with read_ledger(books) as snapshot, pytest.raises(DokkaebiError) as seen:
        copy_ledger(snapshot, database)
    assert seen.value.key == "copy_not_empty"


def test_several_ledgers_share_a_database(
    day: object, books: Path, identity: Identity, postgres: str
) -> None:
    from dataclasses import replace

    database = new_database(postgres)
    other = replace(identity, addresses={**identity.addresses, "AuctionHouse": "0x" + "12" * 20})
    with open_ledger(database, identity), open_ledger(database, other):
        with pytest.raises(DokkaebiError) as locked, open_ledger(database, identity):
            pass
        assert locked.value.key == "ledger_locked"
    with pytest.raises(DokkaebiError) as seen, read_ledger(database):
        pass
    assert seen.value.key == "ledger_which"
    name = place_of(database, identity.addresses).shown.rsplit(" ", 1)[1]
    with pytest.raises(DokkaebiError) as empty, read_ledger(f"{database}&schema={name}"):
        pass
    assert empty.value.key == "ledger_empty"


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://x:y:z", "https://x"])
def test_what_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(DokkaebiError) as seen, read_ledger(url):
        pass
    assert seen.value.key == "database_url_wrong"


def test_a_database_that_is_gone_says_so_without_its_password(identity: Identity) -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/none"
    with pytest.raises(DokkaebiError) as seen, open_ledger(url, identity):
        pass
    assert seen.value.key == "database_gone"
    assert "secret" not in str(seen.value)
