"""Statements: every payment an account got, against the slow recomputation of `test_questions`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports.calendar import Calendar
from dokkaebi.ledger.reports.exhibits import Exhibits
from dokkaebi.ledger.reports.forms import Assets
from dokkaebi.ledger.reports.statement import Statement, as_text, statement
from dokkaebi.ledger.store import Snapshot
from tests.dokkaebi.ledger.market_day import SCRIPT_TITLE, Day
from tests.dokkaebi.ledger.test_questions import Naive

INCOME = {"seller", "sponsor", "creator", "referrer", "arbiter", "community"}


@pytest.fixture(scope="module")
def naive(day: Day) -> Naive:
    return Naive(day)


def earned(naive: Naive, account: str) -> Iterator[tuple[Any, ...]]:
    """Moment, role, trade, price, amount of everything an account got."""
    for trade in naive.trades:
        for time, parts in trade["steps"]:
            price = sum(amount for role, _, amount in parts if role != "buyer")
            mine = Counter[str]()
            for role, payee, amount in parts:
                if payee == account and role in INCOME:
                    mine[role] += amount
            for role, amount in mine.items():
                if amount:
                    yield time, role, trade["id"], trade["asset"], price, amount


def seen(found: Statement) -> list[tuple[Any, ...]]:
    return [
        (row.at, row.role, row.document, row.asset, row.price, row.amount) for row in found.receipts
    ]


def everybody(day: Day, naive: Naive) -> set[str]:
    return {payee for trade in naive.trades for _, payee, _ in trade["parts"]} | set(day.people)


def test_everybodys_statement(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    roles = Counter[str]()
    for account in everybody(day, naive):
        found = statement(snapshot, account)
        assert Counter(seen(found)) == Counter(earned(naive, account)), account
        assert [row.at for row in found.receipts] == sorted(row.at for row in found.receipts)
        totals = Counter[tuple[str, str]]()
        for _, role, _, asset, _, amount in earned(naive, account):
            totals[role, asset] += amount
            roles[role] += 1
        assert list(found.totals().items()) == sorted(totals.items())
    assert roles.keys() == INCOME


def test_a_receipts_parts_make_its_price(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    for account in day.people:
        for row in statement(snapshot, account).receipts:
            others = row.fee + row.royalty + row.referral + row.sponsor + row.arbiter
            assert row.price >= others
            if row.role == "seller":
                assert row.amount == row.price - others


def test_a_receipts_transaction_is_the_payment(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    checked = 0
    for account in day.people:
        for row in statement(snapshot, account, explorer="https://scan.example/").receipts:
            assert row.link == f"https://scan.example/tx/{row.transaction}"
            receipt = day.chain.receipt(row.transaction)
            assert receipt is not None
            assert day.chain.timestamp(int(receipt["blockNumber"], 16)) == row.at
            topics = [log["topics"][1] for log in receipt["logs"] if len(log["topics"]) > 1]
            assert row.document in topics
            checked += 1
    assert checked > 40


def test_a_trade_in_parts_has_a_receipt_for_each(naive: Naive, snapshot: Snapshot) -> None:
    paid = {
        trade["id"]: sum(any(role == "seller" for role, _, _ in of) for _, of in trade["steps"])
        for trade in naive.trades
    }
    trade = max(naive.trades, key=lambda trade: paid[trade["id"]])
    rows = [
        row
        for row in statement(snapshot, trade["seller"]).receipts
        if (row.document, row.role) == (trade["id"], "seller")
    ]
    assert len({row.transaction for row in rows}) == len(rows) == paid[trade["id"]] > 1


@pytest.mark.parametrize("edge", [-1, 0, 1])
def test_a_period_begins_and_ends_to_the_second(
    naive: Naive, snapshot: Snapshot, edge: int
) -> None:
    account = naive.trades[0]["seller"]
    whole = seen(statement(snapshot, account))
    moments = sorted({row[0] for row in whole})
    begin, end = moments[1] + edge, moments[-2] + edge
    part = statement(snapshot, account, begin, end)
    assert seen(part) == [row for row in whole if begin <= row[0] < end]
    assert (moments[1] in {row.at for row in part.receipts}) == (edge <= 0)
    assert (moments[-2] in {row.at for row in part.receipts}) == (edge == 1)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_statement_can_be_too_long(naive: Naive, snapshot: Snapshot, more: int) -> None:
    account = naive.trades[0]["seller"]
    whole = statement(snapshot, account)
    longest = len(whole.receipts) + more
    if more < 0:
        with pytest.raises(DokkaebiError) as refused:
            statement(snapshot, account, longest=longest)
        assert refused.value.key == "statement_too_long"
    else:
        assert statement(snapshot, account, longest=longest) == whole


@pytest.mark.parametrize("after", [-1, 0, 1])
def test_what_is_final_is_said_to_the_block(
    naive: Naive, day: Day, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    account = naive.trades[0]["seller"]
    last = statement(snapshot, account).receipts[-1]
    receipt = day.chain.receipt(last.transaction)
    assert receipt is not None
    final = int(receipt["blockNumber"], 16) + after
    monkeypatch.setattr(snapshot, "cursor", replace(snapshot.cursor, final_number=final))
    assert statement(snapshot, account).receipts[-1].final == (after >= 0)


def test_titles_come_from_the_documents(day: Day, snapshot: Snapshot) -> None:
    titles = {
        row.title
        for account in day.people
        for row in statement(snapshot, account, exhibits=Exhibits(day.documents, None)).receipts
    }
    assert None in titles
    assert len(titles) > 2
    assert all(row.title is None for row in statement(snapshot, day.people[2]).receipts)


def test_csv_is_exact_and_on_the_zones_clock(naive: Naive, snapshot: Snapshot) -> None:
    account, assets = naive.trades[0]["seller"], Assets(snapshot)
    found = statement(snapshot, account)
    made = as_text(snapshot, found, "csv", Calendar("Asia/Seoul"))
    lines = list(csv.DictReader(io.StringIO(made)))
    assert len(lines) == len(found.receipts) > 3
    for line, row in zip(lines, found.receipts, strict=True):
        unit = Decimal(10) ** assets.decimals(row.asset)
        assert Decimal(line["amount"]) * unit == row.amount
        assert line["at"].endswith("+09:00")
        assert datetime.fromisoformat(line["at"]).timestamp() == row.at


def test_json_says_of_what_it_is(day: Day, snapshot: Snapshot) -> None:
    exhibits = Exhibits(day.documents, None)
    found = statement(snapshot, day.people[2], 5, 2**40, exhibits=exhibits)
    text = as_text(snapshot, found, "json", Calendar("Europe/Berlin"))
    made = json.loads(text)
    assert text == json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    assert made["account"] == day.people[2]
    assert (made["from"], made["until"], made["zone"]) == (5, 2**40, "Europe/Berlin")
    assert made["head_hash"] == snapshot.cursor.block_hash
    assert len(made["receipts"]) == len(found.receipts)
    assert SCRIPT_TITLE not in json.dumps(made["receipts"])


# Calendars


@pytest.mark.parametrize("zone", ["Asia/Soul", "", "../UTC", "/etc/passwd", "x" * 300, "Asia"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(DokkaebiError) as refused:
        Calendar(zone)
    assert refused.value.key == "zone_unknown"


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(DokkaebiError) as refused:
        Calendar("UTC", "year")
    assert refused.value.key == "period_unknown"


@pytest.mark.parametrize("day", ["2026-02-30", "27.11.2026", "", "2026-13-01", "9999-12-31"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(DokkaebiError) as refused:
        Calendar("Asia/Seoul").end(day)
    assert refused.value.key == "day_unknown"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", "2026-11-27", 24),
        ("Asia/Seoul", "2026-11-27", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
    ],
)
def test_a_day_is_as_long_as_the_zone_makes_it(zone: str, day: str, hours: int) -> None:
    calendar = Calendar(zone, "day")
    begin, end = calendar.begin(day), calendar.end(day)
    assert end - begin == hours * 3_600
    assert calendar.period(begin) == calendar.period(end - 1) == day
    assert calendar.period(begin - 1) != day != calendar.period(end)
