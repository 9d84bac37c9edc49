"""JSON, CSV, tables: exact, and harmless wherever they are opened."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal, getcontext
from typing import Any

import pytest
from sqlalchemy import select

from dokkaebi.chain.suite import COIN
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports import QUESTIONS, answer
from dokkaebi.ledger.reports.balance import Balance, Difference
from dokkaebi.ledger.reports.forms import Assets, as_csv
from dokkaebi.ledger.reports.kinds import Account, Address, Units
from dokkaebi.ledger.reports.render import render
from dokkaebi.ledger.store import Snapshot
from dokkaebi.texts import set_language
from tests.dokkaebi.ledger.market_day import SCRIPT_TITLE, Day

getcontext().prec = 100


def text(snapshot: Snapshot, form: str, *names: str, **more: Any) -> str:
    made = render(snapshot, form, names, **more)
    assert isinstance(made, str)
    return made


def table(snapshot: Snapshot, name: str) -> list[dict[str, str]]:
    made = render(snapshot, "csv", [name])
    assert isinstance(made, dict)
    return list(csv.DictReader(io.StringIO(made[name])))


# JSON


def test_the_whole_report(day: Day, snapshot: Snapshot) -> None:
    report = json.loads(text(snapshot, "json", documents=day.documents))
    head = day.chain.block()
    assert report["chain_id"] == 1337
    assert report["head_block"] == int(head["number"], 16)
    assert report["head_hash"] == head["hash"]
    assert report["market"] == "도깨비 장터"
    assert report["contracts"]["EscrowMarket"] == day.escrow.address
    assert report["events"] == len(snapshot.rows(select(schema.event)))
    assert report["balances_match"] is None
    assert QUESTIONS.keys() <= report.keys()
    assert len(report["creations"]) == day.count + 1
    assert SCRIPT_TITLE in {work["title"] for work in report["creations"]}


def test_the_reports_trades_add_up(snapshot: Snapshot) -> None:
    report = json.loads(text(snapshot, "json"))
    parts = {"seller", "royalty", "referral", "fee", "arbiter", "refund"}
    assert len(report["trades"]) > 40
    for trade in report["trades"]:
        assert {"id", "state", "seller", "buyer", "asset", "amount", "split"} <= trade.keys()
        assert trade["split"].keys() == parts
        amounts = [trade["amount"], trade["in_escrow"], *trade["split"].values()]
        assert all(isinstance(amount, str) for amount in amounts)
        whole, *rest = map(int, amounts)
        assert whole == sum(rest)


def test_json_has_no_float_and_no_integer_that_javascript_would_round(snapshot: Snapshot) -> None:
    def refuse(number: str) -> Any:
        raise AssertionError(number)

    def small(number: str) -> int:
        assert abs(int(number)) <= 2**53 - 1
        return int(number)

    json.loads(text(snapshot, "json"), parse_float=refuse, parse_int=small)


def test_one_question_comes_alone(snapshot: Snapshot) -> None:
    report = json.loads(text(snapshot, "json", "money-in-escrow"))
    assert "money_in_escrow" in report
    assert not {"creations", *QUESTIONS} - {"money_in_escrow"} & report.keys()


def test_the_check_is_in_the_report(snapshot: Snapshot) -> None:
    good = json.loads(text(snapshot, "json", balance=Balance(7, (), {COIN: 2**200})))
    assert (good["balances_match"], good["compared"], good["differences"]) == (True, 7, [])
    assert good["surplus"] == {COIN: str(2**200)}
    one = Difference("credit", "0x9", "5", "6")
    bad = json.loads(text(snapshot, "json", balance=Balance(7, (one,), {})))
    assert bad["balances_match"] is False
    assert bad["differences"] == [{"what": "credit", "subject": "0x9", "books": "5", "chain": "6"}]


# CSV


@pytest.mark.parametrize("name", QUESTIONS)
def test_csv_has_a_line_for_each_row(snapshot: Snapshot, name: str) -> None:
    lines = table(snapshot, name)
    assert len(lines) == len(answer(snapshot, [name])[name])
    assert all(None not in line and None not in line.values() for line in lines)


def test_csv_amounts_are_exact_decimals(snapshot: Snapshot) -> None:
    rows = answer(snapshot, ["trades"])["trades"]
    assets = Assets(snapshot)
    for line, row in zip(table(snapshot, "trades"), rows, strict=True):
        unit = Decimal(10) ** assets.decimals(row.asset)
        assert Decimal(line["amount"]) * unit == row.amount
        assert Decimal(line["split.seller"]) * unit == row.split.seller
        assert Decimal(line["split.refund"]) * unit == row.split.refund


def test_csv_moments_are_iso_8601(snapshot: Snapshot) -> None:
    from datetime import datetime

    rows = answer(snapshot, ["trades"])["trades"]
    for line, row in zip(table(snapshot, "trades"), rows, strict=True):
        assert datetime.fromisoformat(line["funded_at"]).timestamp() == row.funded_at


def test_csv_without_rows_has_headings(snapshot: Snapshot) -> None:
    made = as_csv([], Account, Assets(snapshot))
    assert made == "market,payee,asset,owed,paid,credited,withdrawn,waiting\r\n"


@pytest.mark.parametrize("symbol", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)"])
def test_csv_gives_a_spreadsheet_nothing_to_run(snapshot: Snapshot, symbol: str) -> None:
    stranger = Address("0x" + "4" * 40)
    assets = Assets(snapshot)
    assets._rows[stranger] = {"symbol": symbol, "decimals": 0}
    row = Account("EscrowMarket", stranger, stranger, *map(Units, (1, 2, 3, 4, 5)))
    (_, line) = csv.reader(io.StringIO(as_csv([row], Account, assets)))
    assert line[2].startswith(f"'{symbol}")


def test_a_strangers_asset_bears_its_address(snapshot: Snapshot, day: Day) -> None:
    assets = Assets(snapshot)
    coins = day.contracts["MockBlocklistToken"].address
    assert assets.symbol(COIN) == "ETH"
    assert assets.symbol(day.token.address) == "DKB"
    assert assets.symbol(coins) == f"MOCK ({coins[:6]}…{coins[-4:]})"


# Tables


def test_tables_show_every_question(snapshot: Snapshot) -> None:
    made = text(snapshot, "table")
    for title in ("WORKS BY CREATOR", "OPEN OFFERS", "TRADES", "OWED AGAINST PAID"):
        assert title in made
    assert "time to inspect ran out" in made
    assert "3.000000000000000007" in made
    assert all(len(line) <= 160 for line in made.splitlines())


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_tables_have_a_text_for_every_column_and_word(snapshot: Snapshot, lang: str) -> None:
    set_language(lang)
    assert not re.findall(r"(?:column|word|why|market)_\w+", text(snapshot, "table"))


def test_tables_speak_korean(snapshot: Snapshot) -> None:
    set_language("ko")
    made = text(snapshot, "table", "trades")
    assert "확인 기한이 지남" in made
    assert "거래" in made


def test_a_table_never_shortens_an_amount(snapshot: Snapshot) -> None:
    for row in answer(snapshot, ["sales_by_day"])["sales_by_day"]:
        assert Assets(snapshot).number(row.seller, row.asset) in text(
            snapshot, "table", "sales-by-day"
        )


def test_the_page_is_whole(snapshot: Snapshot) -> None:
    with pytest.raises(DokkaebiError) as seen:
        render(snapshot, "html", ["trades"])
    assert seen.value.key == "report_html_whole"
