"""The store: exact amounts, all or nothing, and databases that aren't ours to write."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import desk, places, schema
from dokkaebi.ledger.desk import Desk
from dokkaebi.ledger.rows import COIN, Record
from dokkaebi.ledger.schema import Amount, exact_sum
from dokkaebi.ledger.store import (
    Batch,
    Cursor,
    Identity,
    open_ledger,
    read_ledger,
)

LARGEST = 2**256 - 1
ADDRESSES = {
    "CommunityToken": "0x" + "11" * 20,
    "CreationRegistry": "0x" + "22" * 20,
    "CreationMarket": "0x" + "33" * 20,
    "EscrowMarket": "0x" + "44" * 20,
    "AuctionHouse": "0x" + "55" * 20,
}
IDENTITY = Identity(1337, "0x" + "ab" * 32, 1, ADDRESSES, "장터")
ANNA, BORA = ("0x" + digit * 40 for digit in "ab")


def transfer(giver: str, taker: str, value: int, log: int = 0) -> Record:
    values = {"from": giver, "to": taker, "value": value}
    place = ADDRESSES["CommunityToken"]
    return Record("CommunityToken", place, "Transfer", values, 1, log, "0xfeed", 1_700_000_000)


def batch(*records: Record, block: int = 1, **more: Any) -> Batch:
    placed = [replace(record, block_number=block) for record in records]
    return Batch(Cursor(block, f"0x{block:064x}", 1_700_000_000), records=placed, **more)


def balances(path: Path) -> dict[str, int]:
    with read_ledger(path) as snapshot:
        return {row["account"]: row["balance"] for row in snapshot.rows(select(schema.holder))}


# Amounts


@contextmanager
def amounts(path: Path, values: list[int]) -> Iterator[Any]:
    records = [transfer(COIN, f"0x{n:040x}", value, n) for n, value in enumerate(values, 1)]
    with open_ledger(path, IDENTITY) as ledger:
        ledger.write(batch(*records))
    with read_ledger(path) as snapshot:
        yield snapshot


def test_the_largest_amount_is_kept_exactly(tmp_path: Path) -> None:
    with amounts(tmp_path / "l", [LARGEST, 1]) as snapshot:
        rows = snapshot.rows(select(schema.holder.c.balance))
    assert sorted(row["balance"] for row in rows) == [1, LARGEST]


def test_sums_of_the_largest_amounts_are_exact(tmp_path: Path) -> None:
    with amounts(tmp_path / "l", [LARGEST] * 7 + [3]) as snapshot:
        (row,) = snapshot.rows(select(exact_sum(schema.holder.c.balance).label("sum")))
    assert row["sum"] == 7 * LARGEST + 3


def test_sums_of_random_amounts_are_exact(tmp_path: Path) -> None:
    dice = random.Random(2)
    values = [dice.getrandbits(dice.randrange(1, 257)) for _ in range(200)]
    with amounts(tmp_path / "l", values) as snapshot:
        (row,) = snapshot.rows(select(exact_sum(schema.holder.c.balance).label("sum")))
    assert row["sum"] == sum(values)


def test_the_sum_of_nothing_is_zero(tmp_path: Path) -> None:
    with amounts(tmp_path / "l", []) as snapshot:
        (row,) = snapshot.rows(select(exact_sum(schema.holder.c.balance).label("sum")))
    assert row["sum"] == 0


def test_amounts_sort_as_numbers(tmp_path: Path) -> None:
    with amounts(tmp_path / "l", [10, 9, LARGEST, 100, 2]) as snapshot:
        rows = snapshot.rows(select(schema.holder.c.balance).order_by(schema.holder.c.balance))
    assert [row["balance"] for row in rows] == [2, 9, 10, 100, LARGEST]


@pytest.mark.parametrize("wrong", [-1, 2**256, 1.0, "1", True])
def test_what_is_no_uint256_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="not a uint256"):
        Amount().process_bind_param(wrong, create_engine("sqlite://").dialect)


def test_what_is_no_uint256_never_reaches_the_file(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l", IDENTITY) as ledger:
        with pytest.raises(ValueError, match="not a uint256"):
            ledger.write(batch(transfer(COIN, ANNA, 2**256)))
        assert ledger.cursor() is None


def test_amounts_are_numeric_78_in_postgresql() -> None:
    text = str(CreateTable(schema.holder).compile(dialect=postgresql.dialect()))
    assert "balance NUMERIC(78, 0)" in text
    query = str(select(exact_sum(schema.holder.c.balance)).compile(dialect=postgresql.dialect()))
    assert "coalesce(sum(holder.balance), 0)" in query


def test_sqlites_tables_are_strict(books: Path) -> None:
    with sqlite3.connect(books) as connection:
        rows = connection.execute("SELECT name, strict FROM pragma_table_list WHERE type='table'")
        loose = {name for name, strict in rows if not strict} - {"sqlite_schema", "alembic_version"}
    assert not {name for name in loose if not name.startswith("sqlite_")}


# All or nothing


def test_a_batch_is_written_with_its_cursor(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "ledger.sqlite3"
    with open_ledger(path, IDENTITY) as ledger:
        assert ledger.cursor() is None
        ledger.write(batch(transfer(COIN, ANNA, 5)))
        ledger.write(batch(transfer(ANNA, BORA, 2), block=2))
        assert ledger.cursor() == Cursor(2, f"0x{2:064x}", 1_700_000_000)
    assert balances(path) == {ANNA: 3, BORA: 2}


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path, IDENTITY) as ledger:
        ledger.write(batch(transfer(COIN, ANNA, 5)))
        with pytest.raises(DokkaebiError) as seen:
            ledger.write(batch(transfer(ANNA, BORA, 2), transfer(BORA, ANNA, 3), block=2))
        assert seen.value.key == "ledger_gap"
        # What the failed batch changed in memory is forgotten as well.
        ledger.write(batch(transfer(ANNA, BORA, 1), block=2))
    assert balances(path) == {ANNA: 4, BORA: 1}


def test_an_event_of_an_unknown_trade_is_a_gap(tmp_path: Path) -> None:
    values = {"tradeId": "0xbb", "shipment": "0x" + "00" * 32, "inspectDeadline": 1}
    market = ADDRESSES["EscrowMarket"]
    event = Record("EscrowMarket", market, "EscrowShipped", values, 1, 0, "0xfeed", 1)
    with (
        open_ledger(tmp_path / "l", IDENTITY) as ledger,
        pytest.raises(DokkaebiError, match="trade") as seen,
    ):
        ledger.write(batch(event))
    assert seen.value.key == "ledger_gap"


def test_a_desk_forgets_rows_but_no_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(desk, "REMEMBERED_ROWS", 1)
    path = tmp_path / "l"
    with open_ledger(path, IDENTITY) as ledger:
        for number in range(1, 20):
            ledger.write(
                batch(transfer(COIN, ANNA, 5, 0), transfer(ANNA, BORA, 2, 1), block=number)
            )
    assert balances(path) == {ANNA: 57, BORA: 38}


def test_a_handler_needs_a_transaction() -> None:
    with pytest.raises(AssertionError, match="inside of a transaction"):
        Desk().row("trade", "0xbb", 0)


# Databases that aren't ours to write


def refusal(path: Path, identity: Identity = IDENTITY) -> DokkaebiError:
    """How opening for writing is refused; the file must stay as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(DokkaebiError) as seen, open_ledger(path, identity):
        pass
    after = path.read_bytes() if path.is_file() else None
    assert before == after
    assert "{" not in str(seen.value), "a value is missing from the sentence"
    assert len(str(seen.value)) > 40
    return seen.value


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path, IDENTITY) as ledger:
        ledger.write(batch(transfer(COIN, ANNA, 5)))
    return path


def test_a_ledger_opens_again(ledger_file: Path) -> None:
    with open_ledger(ledger_file, IDENTITY) as ledger:
        assert ledger.cursor() is not None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"chain_id": 1}, "ledger_other_chain"),
        ({"genesis_hash": "0x" + "cd" * 32}, "ledger_other_genesis"),
        ({"first_block": 2}, "ledger_other_deployment"),
        ({"addresses": {**ADDRESSES, "EscrowMarket": ANNA}}, "ledger_other_deployment"),
    ],
)
def test_a_ledger_of_something_else_is_refused(
    ledger_file: Path, change: dict[str, Any], key: str
) -> None:
    other = replace(IDENTITY, **change)
    assert refusal(ledger_file, other).key == key
    with pytest.raises(DokkaebiError) as seen, read_ledger(ledger_file, other):
        pass
    assert seen.value.key == key


def test_a_ledger_of_another_version_is_refused(ledger_file: Path) -> None:
    with sqlite3.connect(ledger_file) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    connection.close()
    assert refusal(ledger_file).key == "ledger_other_schema"


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all, but longer than a header of SQLite's would be. " * 20)
    assert refusal(path).key == "ledger_foreign"


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE photo (id)")
    connection.close()
    assert refusal(path).key == "ledger_foreign"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).key == "ledger_foreign"


def test_a_damaged_ledger_is_refused(copied: Path, identity: Identity) -> None:
    raw = bytearray(copied.read_bytes())
    # Whatever is read first: where tables begin depends on how many there are.
    raw[4_096:] = b"\x5a" * (len(raw) - 4_096)
    copied.write_bytes(raw)
    assert refusal(copied, identity).key == "ledger_corrupt"


def test_a_truncated_ledger_is_refused(copied: Path, identity: Identity) -> None:
    copied.write_bytes(copied.read_bytes()[: 3 * 4_096])
    assert refusal(copied, identity).key == "ledger_corrupt"


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.touch()
    with open_ledger(path, IDENTITY) as ledger:
        ledger.write(batch(transfer(COIN, ANNA, 5)))
    assert balances(path) == {ANNA: 5}


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert refusal(tmp_path / "file" / "ledger.sqlite3").key == "ledger_unwritable"


def hold(path: Path, held: Any, done: Any) -> None:
    with open_ledger(path, IDENTITY):
        held.set()
        done.wait(60)


def test_one_writer_at_a_time_and_its_lock_dies_with_it(ledger_file: Path) -> None:
    fork = multiprocessing.get_context("spawn")
    held, done = fork.Event(), fork.Event()
    writer = fork.Process(target=hold, args=(ledger_file, held, done))
    writer.start()
    try:
        assert held.wait(30)
        assert refusal(ledger_file).key == "ledger_locked"
        # Readers aren't locked out.
        assert balances(ledger_file) == {ANNA: 5}
    finally:
        writer.kill()
        writer.join()
    with open_ledger(ledger_file, IDENTITY) as ledger:
        assert ledger.cursor() is not None


def test_a_database_that_another_program_locks_is_busy(
    ledger_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(ledger_file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(DokkaebiError) as seen, open_ledger(ledger_file, IDENTITY):
            pass
        assert seen.value.key == "ledger_busy"
    finally:
        other.close()
    with open_ledger(ledger_file, IDENTITY) as ledger:
        assert ledger.cursor() is not None


def test_a_full_disk_is_said_and_nothing_is_lost(
    ledger_file: Path, full_disk: Callable[[], None]
) -> None:
    with open_ledger(ledger_file, IDENTITY) as ledger:
        full_disk()
        many = [transfer(COIN, f"0x{n:040x}", 1, n) for n in range(1, 5_000)]
        with pytest.raises(DokkaebiError) as seen:
            ledger.write(batch(*many, block=2))
        assert seen.value.key == "ledger_unwritable"
        assert "full" in str(seen.value)
    assert balances(ledger_file) == {ANNA: 5}


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Stops the database from growing, as a full disk does."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    stops: list[Any] = []

    def fill() -> None:
        @event.listens_for(Engine, "begin")
        def stop(connection: Any) -> None:
            # It is never less than what there is.
            connection.exec_driver_sql("PRAGMA max_page_count = 1")

        stops.append(stop)

    yield fill
    for stop in stops:
        event.remove(Engine, "begin", stop)


# Reading


def test_reading_what_isnt_there_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(DokkaebiError) as seen, read_ledger(tmp_path / "none.sqlite3"):
        pass
    assert seen.value.key == "ledger_missing"
    assert list(tmp_path.iterdir()) == []


def test_reading_a_ledger_that_was_never_filled_says_so(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path, IDENTITY):
        pass
    with pytest.raises(DokkaebiError) as seen, read_ledger(path):
        pass
    assert seen.value.key == "ledger_empty"


@pytest.mark.parametrize("content", [b"", b"plain text " * 500])
def test_reading_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "l"
    path.write_bytes(content)
    with pytest.raises(DokkaebiError) as seen, read_ledger(path):
        pass
    assert seen.value.key == "ledger_foreign"
    assert path.read_bytes() == content


def test_a_reader_sees_one_moment(ledger_file: Path) -> None:
    with read_ledger(ledger_file) as snapshot, open_ledger(ledger_file, IDENTITY) as ledger:
        ledger.write(batch(transfer(ANNA, BORA, 1), block=2))
        assert snapshot.cursor.block_number == 1
        assert snapshot.rows(select(schema.holder.c.balance)) == [{"balance": 5}]
    assert balances(ledger_file) == {ANNA: 4, BORA: 1}


def test_a_snapshot_knows_what_it_is_of(ledger_file: Path) -> None:
    with read_ledger(ledger_file, IDENTITY) as snapshot:
        assert snapshot.identity == IDENTITY


def test_reading_leaves_nothing_behind(ledger_file: Path) -> None:
    before = ledger_file.read_bytes()
    with read_ledger(ledger_file):
        pass
    assert ledger_file.read_bytes() == before
    names = {path.name for path in ledger_file.parent.iterdir()}
    assert names == {"ledger.sqlite3", "ledger.sqlite3.lock"}


def test_a_reader_cant_write(ledger_file: Path) -> None:
    with read_ledger(ledger_file) as snapshot:
        with pytest.raises(DokkaebiError) as seen:
            snapshot.rows(schema.holder.delete())  # type: ignore[arg-type]
        assert seen.value.key == "ledger_unwritable"
