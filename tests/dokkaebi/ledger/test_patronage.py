"""What the portal asks the books about works, trades and their fees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dokkaebi.cli import run
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.patronage import final_at, paid_trades, registered_works
from dokkaebi.ledger.store import Snapshot, read_ledger
from dokkaebi.portal.epoch import read_document
from dokkaebi.portal.rules import DEFAULT, load_rules
from tests.dokkaebi.ledger.market_day import Day

ALWAYS = 2**40


def all_final(snapshot: Snapshot) -> bool:
    return not snapshot.rows(select(schema.undo).limit(1))


def test_only_final_rows_are_told(snapshot: Snapshot) -> None:
    works = snapshot.rows(select(schema.creation))
    final = [row for row in works if snapshot.is_final("creation", row["id"])]
    assert {work.id for work in registered_works(snapshot, ALWAYS)} == {r["id"] for r in final}
    told = {trade.id for trade in paid_trades(snapshot, ALWAYS)}
    for row in snapshot.rows(select(schema.trade)):
        if not snapshot.is_final("trade", row["id"], row["number"]):
            assert f"{row['id']}/{row['number']}" not in told
    assert final_at(snapshot) <= snapshot.cursor.timestamp


def test_every_fee_of_an_ended_trade_is_told(day: Day, snapshot: Snapshot) -> None:
    told = {trade.id: trade for trade in paid_trades(snapshot, ALWAYS)}
    settled = {
        f"{row['trade_id']}/{row['number']}": row
        for row in snapshot.rows(select(schema.settlement))
    }
    ended = [row for row in snapshot.rows(select(schema.trade)) if row["ended_at"] is not None]
    if not all_final(snapshot):
        ended = [row for row in ended if snapshot.is_final("trade", row["id"], row["number"])]
    wanted = {}
    for row in ended:
        name = f"{row['id']}/{row['number']}"
        if settled[name]["seller"]:
            wanted[name] = (row["buyer"], row["seller"], settled[name]["fee"], row["ended_at"])
    assert wanted
    assert {name: (one.buyer, one.seller, one.fee, one.at) for name, one in told.items()} == wanted


def test_a_moment_is_excluded(snapshot: Snapshot) -> None:
    works = registered_works(snapshot, ALWAYS)
    trades = paid_trades(snapshot, ALWAYS)
    last = max(one.at for one in works)
    assert len(registered_works(snapshot, last)) == sum(one.at < last for one in works)
    assert len(registered_works(snapshot, last + 1)) == len(works)
    last = max(one.at for one in trades)
    assert len(paid_trades(snapshot, last)) == sum(one.at < last for one in trades)
    assert len(paid_trades(snapshot, last + 1)) == len(trades)


def test_an_epoch_pays_of_the_markets_fees(
    day: Day, books: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with read_ledger(books) as snapshot:
        end, chain_id = final_at(snapshot), snapshot.identity.chain_id
        trades = paid_trades(snapshot, end)
    rules = tmp_path / "rules.toml"
    text = DEFAULT.read_text().replace("payout_min = 1000000000000000000", "payout_min = 1")
    rules.write_text(text.replace("threshold_points = 20", "threshold_points = 1"))
    shared = ["--database", str(books), "--folder", str(tmp_path / "p"), "--rules", str(rules)]

    def close(until: int) -> tuple[int, dict[str, Any]]:
        words = ["close", "1", "--start", "2020-01-01", "--end", str(until), "--budget", "1000000"]
        place = ["--chain-id", str(chain_id), "--pool", "0x" + "5" * 40]
        code = run(["portal", *words, *place, *shared, "--json"])
        return code, json.loads(capsys.readouterr().out)

    code, said = close(end + 1)
    assert (code, said["error"]) == (2, "portal_books_behind")
    code, said = close(end)
    assert code == 0
    document = read_document(Path(said["document"]))
    known = load_rules(rules)
    fees = sum(known.in_token(trade.asset, trade.fee) for trade in trades)
    assert 0 < int(document["paid"]) <= fees * known.opening_share_bps // 10_000
    sellers = {trade.seller for trade in trades}
    assert {wallet for wallet, _ in document["accounts"]} <= sellers
    assert run(["portal", "recompute", said["document"], *shared]) == 0
    assert capsys.readouterr().out.startswith("Equal")
    wallet = document["accounts"][0][0]
    explain = ["portal", "explain", f"{wallet}@chain:{chain_id}", *shared]
    assert run(explain) == 0
    assert "TRADE" in capsys.readouterr().out
    assert run(["portal", "proof", wallet, "--folder", str(tmp_path / "p")]) == 0
    assert "may claim" in capsys.readouterr().out
