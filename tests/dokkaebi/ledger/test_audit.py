"""The audit: silent about a right ledger, and loud about any single value that isn't."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.reader import ChainReader
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.audit import Audit, audit
from dokkaebi.ledger.schema import Amount
from dokkaebi.ledger.store import Identity, copy_ledger, read_ledger
from tests.dokkaebi.ledger.engines import new_database
from tests.dokkaebi.ledger.market_day import Day

# Says when a chain was indexed last, which the chain doesn't know; a row for each column otherwise.
COLUMNS = [
    (table.name, column.name)
    for table in schema.metadata.sorted_tables
    for column in table.columns
    if table.name not in ("meta",) and (table.name, column.name) != ("cursor", "id")
]


def audited(day: Day, where: Path | str, at: int | None = None) -> Audit:
    with read_ledger(where) as snapshot:
        return audit(snapshot, day.chain, ChainReader(day.chain), at)


def test_a_right_ledger_passes(day: Day, books: Path) -> None:
    found = audited(day, books)
    assert found.differences == ()
    assert found.compared > 1_500
    assert found.block == day.chain.block_number


def test_a_right_ledger_passes_in_postgresql(day: Day, books: Path, postgres: str) -> None:
    database = new_database(postgres)
    with read_ledger(books) as snapshot:
        copy_ledger(snapshot, database)
    assert audited(day, database).differences == ()


@pytest.mark.parametrize("back", [0, 1, 40, 150])
def test_a_ledger_is_audited_at_older_blocks(day: Day, books: Path, back: int) -> None:
    found = audited(day, books, day.chain.block_number - back)
    assert found.differences == ()
    assert found.compared > 100


@pytest.mark.parametrize("block", [0, 10**6])
def test_a_block_that_the_ledger_doesnt_have_is_refused(day: Day, books: Path, block: int) -> None:
    with pytest.raises(DokkaebiError) as seen:
        audited(day, books, block)
    assert seen.value.key == "audit_block_unknown"


def test_a_ledger_of_another_chain_is_refused(day: Day, copied: Path) -> None:
    with sqlite3.connect(copied) as connection:
        connection.execute("UPDATE cursor SET block_hash = ?", ("0x" + "77" * 32,))
    connection.close()
    with pytest.raises(DokkaebiError) as seen:
        audited(day, copied)
    assert seen.value.key == "balance_other_chain"


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda name: name)
def test_any_single_changed_value_is_caught(
    day: Day, copied: Path, table: str, column: str
) -> None:
    dice = random.Random(f"{table}.{column}")
    with sqlite3.connect(copied) as connection:
        keys = [key.name for key in schema.metadata.tables[table].primary_key]
        rows = connection.execute(f"SELECT {', '.join(keys)}, {column} FROM {table}").fetchall()
        if not rows:
            pytest.skip(f"the day has no row of {table}")
        *key, value = dice.choice(rows)
        same = " AND ".join(f"{name} = ?" for name in keys)
        for changed in other_values(schema.metadata.tables[table].columns[column], value):
            try:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {same}", (changed, *key))
            except sqlite3.IntegrityError:
                continue  # not a value that could be stored here
            break
        else:
            pytest.skip(f"{table}.{column} can't be anything else")
    connection.close()
    try:
        assert not audited(day, copied).passes
    except DokkaebiError as refused:
        # So wrong that it can't even be read, or isn't of this chain.
        assert refused.key in ("balance_other_chain", "ledger_undecodable", "ledger_gap")


def other_values(column: Any, value: Any) -> Iterator[Any]:
    if isinstance(column.type, Amount):
        yield f"{int(value or 0) ^ 1:078d}"
    elif isinstance(value, int):
        yield value + 1
        yield value - 1
    elif value is None:
        yield "0x" + "77" * 20
        yield 7
    else:
        yield value[:-1] + ("0" if value[-1] != "0" else "1")
        # Words of a list of allowed ones.
        for word in ("settled", "refunded", "funded", "open", "cancelled", "filled", "retracted"):
            if word != value:
                yield word
        for word in ("instant", "delivered", "bid", "auction", "seller", "buyer", "community"):
            if word != value:
                yield word


@pytest.mark.parametrize("table", ["event", "block", "trade", "holder", "credit", "undo", "asset"])
def test_any_missing_row_is_caught(day: Day, copied: Path, table: str) -> None:
    keys = ", ".join(key.name for key in schema.metadata.tables[table].primary_key)
    with sqlite3.connect(copied) as connection:
        one = f"SELECT {keys} FROM {table} ORDER BY {keys} DESC LIMIT 1"
        connection.execute(f"DELETE FROM {table} WHERE ({keys}) IN ({one})")
    connection.close()
    try:
        assert not audited(day, copied).passes
    except DokkaebiError as refused:
        assert refused.key == "ledger_gap"


def test_a_wrong_handler_is_caught_by_the_model(
    day: Day, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and replay would agree; the second reading and the chain don't."""
    from dokkaebi.ledger.handlers import community_token
    from dokkaebi.ledger.index import index
    from dokkaebi.ledger.rows import Add
    from dokkaebi.ledger.store import open_ledger

    right = community_token.HANDLERS["Transfer"]

    def wrong(record: Any, books: Any) -> Any:
        for effect in right(record, books):
            assert isinstance(effect, Add)
            yield Add(effect.table, effect.key, {k: v * 2 for k, v in effect.amounts.items()})

    monkeypatch.setitem(community_token.HANDLERS, "Transfer", wrong)
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger)
    found = audited(day, tmp_path / "l")
    assert {one.what for one in found.differences} >= {"token_balance"}
