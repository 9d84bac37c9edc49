"""Parquet files against the ledger, read by DuckDB: a program that knows nothing of us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import select

from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.index import index
from dokkaebi.ledger.parquet import export_parquet
from dokkaebi.ledger.reports.money import fees_and_royalties, sales_by_day
from dokkaebi.ledger.reports.questions import trades
from dokkaebi.ledger.store import Identity, Snapshot, open_ledger, read_ledger
from tests.dokkaebi.ledger.market_day import Day

TABLES = (schema.event, schema.block, schema.asset, *schema.DERIVED)


def read(
    folder: Path, table: str, query: str = "SELECT {columns} FROM {files}", **more: Any
) -> Any:
    files = f"read_parquet('{folder}/{table}/**/*.parquet', hive_partitioning = true)"
    return duckdb.sql(query.format(files=files, **more)).fetchall()


def text_of(rows: list[Any]) -> list[str]:
    return sorted(repr(tuple(map(str, row))) for row in rows)


@pytest.mark.parametrize("blocks", [10, 64, 100_000])
def test_every_row_of_every_table_is_there(snapshot: Snapshot, tmp_path: Path, blocks: int) -> None:
    written = export_parquet(snapshot, tmp_path / "p", range_blocks=blocks)
    for table in TABLES:
        rows = snapshot.rows(select(table))
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        found = read(tmp_path / "p", table.name, columns=columns)
        assert text_of(found) == text_of([tuple(row.values()) for row in rows]), table.name
        assert written[table.name] == len(rows)


def test_ranges_hold_just_their_blocks(snapshot: Snapshot, tmp_path: Path) -> None:
    export_parquet(snapshot, tmp_path / "p", range_blocks=16)
    for table in ("event", "trade", "share"):
        ends = read(
            tmp_path / "p",
            table,
            "SELECT block_range, min(block_number), max(block_number) FROM {files} GROUP BY ALL",
        )
        assert len(ends) > 3
        for low, first, last in ends:
            assert int(low) <= first <= last < int(low) + 16


def test_duckdb_sums_what_the_report_sums(snapshot: Snapshot, tmp_path: Path) -> None:
    export_parquet(snapshot, tmp_path / "p")
    query = """
        SELECT asset, sum(CAST(amount AS DECIMAL(38, 0))) FROM {files}
        WHERE role IN ('seller', 'sponsor', 'creator', 'referrer', 'community') GROUP BY asset
    """
    found = {asset: int(amount) for asset, amount in read(tmp_path / "p", "share", query)}
    sold: dict[str, int] = {}
    for row in sales_by_day(snapshot):
        sold[row.asset.lower()] = sold.get(row.asset.lower(), 0) + row.amount
    for asset, amount in sold.items():
        assert found[asset] >= amount
    assert found.keys() >= sold.keys()


def test_the_guides_query_answers(snapshot: Snapshot, tmp_path: Path) -> None:
    guide = (project_root() / "docs" / "scale.md").read_text(encoding="utf-8")
    query = guide.split("```sql\n")[1].split("```")[0]
    export_parquet(snapshot, tmp_path / "p")
    rows = duckdb.sql(query.replace("archive/", f"{tmp_path}/p/")).fetchall()
    earned: dict[str, int] = {}
    for _, asset, amount in rows:
        earned[asset] = earned.get(asset, 0) + int(amount)
    wanted: dict[str, int] = {}
    for trade in trades(snapshot):
        asset = trade.asset.lower()
        wanted[asset] = wanted.get(asset, 0) + trade.split.seller
    # The query tells what sellers got, a split what they spent on sponsors as well.
    for given in fees_and_royalties(snapshot):
        if given.role == "sponsor":
            wanted[given.asset.lower()] -= given.amount
    assert earned == {asset: amount for asset, amount in wanted.items() if amount}


def test_events_are_decoded_and_exact(snapshot: Snapshot, day: Day, tmp_path: Path) -> None:
    export_parquet(snapshot, tmp_path / "p", raw_only=True)
    assert {path.name for path in (tmp_path / "p").iterdir()} == {"event", "ledger.json"}
    query = "SELECT \"values\" FROM {files} WHERE contract = 'CommunityToken' AND name = 'Transfer'"
    sums: dict[str, int] = {}
    for (said,) in read(tmp_path / "p", "event", query):
        values = json.loads(said)
        sums[values["to"]] = sums.get(values["to"], 0) + int(values["value"])
        sums[values["from"]] = sums.get(values["from"], 0) - int(values["value"])
    for person in day.people:
        assert sums.get(person.lower(), 0) == day.token.call("balanceOf", person)


def test_finished_ranges_are_written_once(day: Day, identity: Identity, tmp_path: Path) -> None:
    head = day.chain.block_number
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=head // 2)
    with read_ledger(tmp_path / "l") as snapshot:
        final = snapshot.cursor.final_number
        folder = tmp_path / "p"
        whole = export_parquet(snapshot, folder, range_blocks=8, raw_only=True)["event"]
        before = {path: path.stat().st_mtime_ns for path in folder.glob("event/*/*")}
        again = export_parquet(snapshot, folder, range_blocks=8, raw_only=True)["event"]
        after = {path: path.stat().st_mtime_ns for path in folder.glob("event/*/*")}
    assert 0 < again < whole
    assert before.keys() == after.keys()
    for path, time in before.items():
        low = int(path.parent.name.partition("=")[2])
        assert (after[path] == time) == (low + 7 <= final), low


def test_what_a_reorg_took_is_gone_from_the_files(anvil_market: Day, tmp_path: Path) -> None:
    chain, identity = anvil_market.chain, Identity.of(anvil_market.manifest())
    maker, buyer = anvil_market.people[2:4]
    folder = tmp_path / "p"

    def export() -> list[tuple[Any, ...]]:
        with open_ledger(tmp_path / "l", identity) as ledger:
            index(chain, identity, ledger)
        with read_ledger(tmp_path / "l") as snapshot:
            export_parquet(snapshot, folder, range_blocks=2)
            return [tuple(row.values()) for row in snapshot.rows(select(schema.trade.c.id))]

    before = chain.raw("evm_snapshot")
    anvil_market.sell(maker, buyer, anvil_market.register(maker, "gone"), 1_001)
    (gone,) = export()
    assert read(folder, "trade", columns="id") == [gone]
    chain.raw("evm_revert", [before])
    chain.raw("anvil_mine", [hex(12)])
    assert export() == []
    assert not list(folder.glob("trade/block_range=*"))
    export()
    head = chain.block_number
    assert max(int(p.name.partition("=")[2]) for p in folder.glob("event/*")) <= head


def test_an_interrupted_export_leaves_whole_files(snapshot: Snapshot, tmp_path: Path) -> None:
    def stop(block: int) -> None:
        if block > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_parquet(snapshot, tmp_path / "p", range_blocks=16, said=stop)
    assert not list((tmp_path / "p").rglob(".*"))
    some = len(read(tmp_path / "p", "event", columns="name"))
    assert 0 < some < len(snapshot.rows(select(schema.event.c.name)))
    export_parquet(snapshot, tmp_path / "p", range_blocks=16)
    assert len(read(tmp_path / "p", "event", columns="name")) == len(
        snapshot.rows(select(schema.event.c.name))
    )


def test_a_folder_of_something_else_is_left_alone(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "mine", tmp_path / "file"):
        with pytest.raises(DokkaebiError) as refused:
            export_parquet(snapshot, path)
        assert refused.value.key == "parquet_foreign"
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["letter"]


@pytest.mark.parametrize("key", ["chain_id", "genesis_hash", "range_blocks"])
def test_another_ledgers_folder_is_refused(snapshot: Snapshot, tmp_path: Path, key: str) -> None:
    folder = tmp_path / "p"
    export_parquet(snapshot, folder, raw_only=True)
    about = json.loads((folder / "ledger.json").read_text())
    (folder / "ledger.json").write_text(json.dumps({**about, key: 5}))
    with pytest.raises(DokkaebiError) as refused:
        export_parquet(snapshot, folder)
    assert refused.value.key == "parquet_other_ledger"
