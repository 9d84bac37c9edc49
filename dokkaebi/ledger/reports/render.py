"""A report as text: JSON, CSV, tables for a terminal, or the page."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import KINDS, answer, forms
from dokkaebi.ledger.reports.balance import Balance
from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.reports.community import Portal
from dokkaebi.ledger.reports.exhibits import Exhibits
from dokkaebi.ledger.store import Snapshot
from dokkaebi.texts import t
from dokkaebi.texts.figures import span_text

TABLE_WIDTH = 160
# Ids, addresses and numbers that are longer than this are cut in the middle.
SHORT_LENGTH = 24
# What fits into a terminal; the other forms have every column.
TABLE_COLUMNS: dict[str, tuple[str, ...]] = {
    "works_by_creator": ("creator", "id", "owner", "royalty_bps", "sales", "created_at"),
    "open_offers": ("id", "status", "kind", "seller", "creation", "price", "asset", "expires_at"),
    "requests": ("id", "status", "buyer", "seller", "price", "asset", "requested_at", "expires_at"),
    "trades": ("id", "kind", "state", "reason", "seller", "buyer", "amount", "asset", "funded_at"),
    "milestones": ("trade", "part", "percent", "state", "seller", "amount", "asset", "paid_at"),
    "auctions": ("id", "status", "seller", "creation", "bids", "bidder", "amount", "asset"),
    "bids": ("document", "status", "bidder", "creation", "amount", "asset", "bid_at"),
    "swaps": ("id", "maker", "given", "taker", "wanted", "settled_at"),
    "disputes": (
        *("trade", "part", "reason", "arbiter", "amount", "to_seller", "to_buyer"),
        *("arbiter_fee", "asset"),
    ),
    "money_in_and_out": (
        "market",
        "asset",
        *("came_in", "paid", "withdrawn", "in_escrow", "waiting"),
    ),
    "rewards_by_epoch": (
        *("epoch", "state", "ends_at", "fees", "to_rewards", "to_treasury"),
        *("granted", "minted", "claimed", "asset"),
    ),
    "cancelled_nonces": ("market", "signer", "first", "last", "cancelled_at"),
    "cancelled_vouchers": ("creator", "creation", "least_version", "cancelled_at"),
    "market_health": (
        *("period", "works", "new_makers", "sellers", "buyers", "new_buyers", "trades", "sales"),
        *("refunds", "disputes", "median"),
    ),
    "statement": (
        *("at", "role", "kind", "creation", "buyer", "price", "fee", "amount", "asset"),
        "transaction",
    ),
}
# Column → the beginning of its words' keys.
WORDS = dict.fromkeys(("status", "kind", "state", "role"), "word") | {
    "reason": "why",
    "market": "market",
}
SHORT = {
    *("id", "trade", "document", "creation", "given", "wanted"),
    *("creator", "owner", "seller", "buyer", "payee", "bidder", "maker", "taker", "arbiter"),
    *("signer", "first", "last", "transaction"),
}
# ISO 8601, in any zone.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
DURATIONS = {"fastest", "median", "ninth_decile", "slowest", "to_ship", "to_end"}


def render(
    snapshot: Snapshot,
    form: str,
    names: Sequence[str] = (),
    *,
    documents: Path | None = None,
    works: Path | None = None,
    balance: Balance | None = None,
    lang: str | None = None,
    calendar: Calendar = UTC_CALENDAR,
    refresh: int | None = None,
    portal: Portal | None = None,
) -> str | dict[str, str]:
    """The report in a form: `table`, `json`, `html`, or `csv` (a text for each question).

    `documents` is where metadata documents are kept, `works` a folder with the works' files; both
    only add titles and pictures. `balance` is the outcome of the check, if it was made. With
    `refresh`, a browser loads the page again after so many seconds; `portal` is for the page only.
    """
    answers = answer(snapshot, names, calendar)
    if form == "csv":
        assets = forms.Assets(snapshot)
        return {
            name: forms.as_csv(rows, KINDS[name], assets, calendar)
            for name, rows in answers.items()
        }
    if form == "table":
        return "\n".join(
            table(snapshot, t(name), rows, KINDS[name], TABLE_COLUMNS.get(name, ()), calendar)
            for name, rows in answers.items()
        )
    exhibits = Exhibits(documents, works)
    if form == "json":
        return _json(snapshot, answers, exhibits, balance)
    if names:
        raise DokkaebiError("report_html_whole")
    from dokkaebi.ledger.reports.page import page

    return page(snapshot, answers, exhibits, balance, lang, calendar, refresh, portal)


def _json(
    snapshot: Snapshot,
    answers: Mapping[str, Sequence[Any]],
    exhibits: Exhibits,
    balance: Balance | None,
) -> str:
    titles = {w.id: exhibits.of(w).title for w in answers.get("works_by_creator", ())}
    report = forms.whole(snapshot, answers, titles)
    report["balances_match"] = None if balance is None else balance.matches
    if balance is not None:
        report["compared"] = balance.compared
        report["differences"] = [asdict(one) for one in balance.differences]
        report["surplus"] = {asset: str(amount) for asset, amount in balance.surplus.items()}
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def table(
    snapshot: Snapshot,
    title: str,
    rows: Sequence[Any],
    kind: type,
    wanted: Sequence[str],
    calendar: Calendar,
) -> str:
    """Rows as a table for a terminal, with their title; `wanted` columns, or all."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=io.StringIO(), width=TABLE_WIDTH, color_system=None)
    console.print(Text(title.upper()))
    if rows:
        assets, columns = forms.Assets(snapshot), forms.headings(kind)
        shown = wanted or [column for column in columns if column != "final"]
        lines = Table(box=None, pad_edge=False)
        for column in shown:
            lines.add_column(t(f"column_{column}"), overflow="fold")
        for row in rows:
            cells = dict(zip(columns, forms.cells(row, assets, calendar), strict=True))
            # Text, since Rich would read brackets in strangers' symbols as mark-up.
            lines.add_row(*(Text(_cell(column, cells[column])) for column in shown))
        console.print(lines)
    else:
        console.print(Text(t("report_nothing")))
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _cell(column: str, text: str) -> str:
    if column in WORDS and text:
        return t(f"{WORDS[column]}_{text}")
    if column in SHORT and len(text) > SHORT_LENGTH:
        head = 9 if text.startswith("bafy") else 6
        return f"{text[:head]}…{text[-4:]}"
    if column in DURATIONS and text:
        return span_text(int(text))
    if MOMENT.fullmatch(text):
        return text[:16].replace("T", " ")
    return text
