"""Forms of answers: JSON for programs, CSV for spreadsheets, cells for a terminal.

A column's form follows from its type's name in `kinds`: amounts are strings of smallest units in
JSON and exact decimals elsewhere, moments are seconds in JSON and ISO 8601 elsewhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from typing import Any

from sqlalchemy import func, select

from dokkaebi.chain.documents import creation_cid
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.reports.kinds import Partner, Split, address
from dokkaebi.ledger.rows import COIN
from dokkaebi.ledger.store import Snapshot
from dokkaebi.texts.figures import units_text

STRUCTS: dict[str, type] = {"Split": Split}
# Creations go by their CID where people read, so this would say it twice.
ONLY_JSON = {"cid"}

# A spreadsheet would run what begins like this.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Assets:
    """How amounts of each asset are written, and creations of each collection."""

    def __init__(self, snapshot: Snapshot) -> None:
        rows = snapshot.rows(select(schema.asset).order_by(schema.asset.c.address))
        self._rows: dict[str, dict[str, Any]] = {address(row["address"]): row for row in rows}
        self._own = {COIN, address(snapshot.identity.addresses["CommunityToken"])}
        self._registry = address(snapshot.identity.addresses["CreationRegistry"])

    def decimals(self, asset: str) -> int:
        """How many digits stand behind the point."""
        return int(self._rows[asset]["decimals"])

    def symbol(self, asset: str) -> str:
        """The asset's symbol. Any stranger's token can call itself ETH, so it bears its address."""
        symbol = self._rows[asset]["symbol"] or "?"
        return symbol if asset in self._own else f"{symbol} ({asset[:6]}…{asset[-4:]})"

    def number(self, amount: int, asset: str) -> str:
        """An amount in whole units, exact."""
        return units_text(amount, self.decimals(asset))

    def text(self, amount: int, asset: str) -> str:
        """An amount in whole units with its symbol."""
        return f"{self.number(amount, asset)} {self.symbol(asset)}"

    def is_ours(self, collection: str | None) -> bool:
        """Whether a collection is the registry; certificates of trades may name none."""
        return collection in {None, self._registry}

    def creation(self, creation: int, collection: str | None) -> str:
        """A creation's CID; another collection's own number."""
        return creation_cid(creation) if self.is_ours(collection) else str(creation)

    def as_json(self) -> list[dict[str, Any]]:
        """The table of assets."""
        columns = ("name", "symbol", "decimals", "block_number")
        return [
            {"address": checked, **{name: row[name] for name in columns}}
            for checked, row in self._rows.items()
        ]


def whole(
    snapshot: Snapshot,
    answers: Mapping[str, Sequence[Any]],
    titles: Mapping[int, str | None] | None = None,
) -> dict[str, Any]:
    """The JSON report: which chain and block it is of, and the answers. The whole report (all
    questions) has `creations` as well, with the `titles` that are known."""
    counts = snapshot.rows(select(func.count().label("events")).select_from(schema.event))
    report: dict[str, Any] = {
        "market": snapshot.identity.label,
        "chain_id": snapshot.identity.chain_id,
        "genesis_hash": snapshot.identity.genesis_hash,
        "contracts": {k: address(v) for k, v in snapshot.identity.addresses.items()},
        "head_block": snapshot.cursor.block_number,
        "head_hash": snapshot.cursor.block_hash,
        "head_time": snapshot.cursor.timestamp,
        "final_block": snapshot.cursor.final_number,
        "events": counts[0]["events"],
        "assets": Assets(snapshot).as_json(),
    }
    for name, rows in answers.items():
        report[name] = [as_json(row) for row in rows]
    if "works_by_creator" in report:
        known = titles or {}
        report["creations"] = report["works_by_creator"]
        for work in report["creations"]:
            work["title"] = known.get(int(work["id"]))
    return report


def as_json(row: Any) -> dict[str, Any]:
    """A typed row as JSON values, exact."""
    return {part.name: _json_value(part, getattr(row, part.name)) for part in fields(row)}


def as_csv(
    rows: Sequence[Any], kind: type, assets: Assets, calendar: Calendar = UTC_CALENDAR
) -> str:
    """Rows of one question as CSV (RFC 4180), with headings also when there are none."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings(kind))
    writer.writerows([_defused(cell) for cell in cells(row, assets, calendar)] for row in rows)
    return out.getvalue()


def headings(kind: type) -> list[str]:
    """The columns of a question; a struct gives one for each of its parts."""
    return [name for name, _ in _columns(kind)]


def cells(row: Any, assets: Assets, calendar: Calendar = UTC_CALENDAR) -> list[str]:
    """A typed row as text, in the order of `headings`."""
    found: list[str] = []
    for name, part in _columns(type(row)):
        holder = row
        for step in name.split("."):
            holder = getattr(holder, step)
        found.append(_text(part, holder, row, assets, calendar))
    return found


def _columns(kind: type) -> list[tuple[str, Field[Any]]]:
    columns: list[tuple[str, Field[Any]]] = []
    for part in fields(kind):
        if part.name in ONLY_JSON:
            continue
        struct = STRUCTS.get(str(part.type))
        if struct is None:
            columns.append((part.name, part))
        else:
            columns += [(f"{part.name}.{inner.name}", inner) for inner in fields(struct)]
    return columns


def _json_value(part: Field[Any], value: Any) -> Any:
    if is_dataclass(value):
        return as_json(value)
    if isinstance(value, tuple):
        return [as_json(item) if is_dataclass(item) else str(item) for item in value]
    if value is not None and _is(part, "Units", "Number", "CreationId"):
        return str(value)
    return value


def _text(part: Field[Any], value: Any, row: Any, assets: Assets, calendar: Calendar) -> str:
    if value is None:
        return ""
    if _is(part, "Units"):
        return assets.number(value, row.asset)
    if _is(part, "Moment"):
        return calendar.text(value)
    if part.name == "asset":
        return assets.symbol(value)
    if isinstance(value, tuple):
        return " ".join(map(_item, value))
    if _is(part, "CreationId"):
        return assets.creation(value, _collection(part, row))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _is(part: Field[Any], *kinds: str) -> bool:
    """Whether a column is of one of these kinds, empty cells aside."""
    return str(part.type).removesuffix(" | None") in kinds


def _item(item: Any) -> str:
    """One of a cell's several: a partner with the share in basis points, or a parent."""
    if isinstance(item, Partner):
        return f"{item.account}:{item.share_bps}"
    return creation_cid(item)


def _collection(part: Field[Any], row: Any) -> str | None:
    """The collection of a row's creation, which stands beside it."""
    name = "collection" if part.name == "creation" else f"{part.name}_collection"
    found: str | None = getattr(row, name, None)
    return found


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
