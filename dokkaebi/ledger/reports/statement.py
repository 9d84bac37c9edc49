"""What an account earned in a period, payment by payment: for its own books, and a tax office."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, tuple_

from dokkaebi.chain.explorers import transaction_link
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports import forms
from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.reports.exhibits import Exhibits
from dokkaebi.ledger.reports.kinds import (
    Moment,
    Receipt,
    Units,
    address,
    address_or_none,
    creation,
    creation_or_none,
)
from dokkaebi.ledger.reports.questions import WORKS
from dokkaebi.ledger.rows import Row
from dokkaebi.ledger.store import Snapshot

INCOME = ("seller", "creator", "referrer", "sponsor", "arbiter", "community")
# The events that pay; several of a document can stand in one block.
PAYING = ("SaleSettled", "PartReleased", "EscrowReleased", "EscrowDivided", "AuctionSettled")
KEYS_AT_ONCE = 400

Step = tuple[str, str, int]


@dataclass(frozen=True)
class Statement:
    """Receipts from the moment `begin` (None: the first) until before `end` (None: the last)."""

    account: str
    begin: int | None
    end: int | None
    receipts: list[Receipt]

    def totals(self) -> dict[tuple[str, str], int]:
        """Role and asset → what was received."""
        sums = Counter[tuple[str, str]]()
        for receipt in self.receipts:
            sums[receipt.role, receipt.asset] += receipt.amount
        return dict(sorted(sums.items()))


def statement(
    snapshot: Snapshot,
    account: str,
    begin: int | None = None,
    end: int | None = None,
    *,
    explorer: str | None = None,
    exhibits: Exhibits | None = None,
    longest: int | None = None,
) -> Statement:
    """Everything that trades brought an account, in its order.

    `account`: 0x-hex. `explorer`: an address that transactions' hashes are put behind, else the one
    known for the chain. Raises `statement_too_long` for more than `longest` receipts.
    """
    mine = list(_mine(snapshot, account.lower(), begin, end, longest))
    if longest is not None and len(mine) > longest:
        raise DokkaebiError("statement_too_long", longest=longest)
    steps = [_step(row) for row in mine]
    shares, links = _shares(snapshot, steps), _transactions(snapshot, steps)
    trades = _trades(snapshot, steps)
    titles = _titles(snapshot, trades.values(), exhibits)
    receipts = []
    for row in mine:
        step = _step(row)
        trade, transaction = trades[step], links[step]
        of, key = shares[step], trade["creation_id"]
        receipts.append(
            Receipt(
                at=Moment(row["timestamp"]),
                role=row["role"],
                kind=trade["kind"],
                market=row["market"],
                document=row["document_id"],
                collection=address_or_none(trade["collection"]),
                creation=creation_or_none(key),
                title=titles.get(key),
                seller=address(trade["seller"]),
                buyer=address(trade["buyer"]),
                asset=address(row["asset"]),
                price=Units(sum(of.values())),
                fee=Units(of["community"]),
                royalty=Units(of["creator"]),
                referral=Units(of["referrer"]),
                sponsor=Units(of["sponsor"]),
                arbiter=Units(of["arbiter"]),
                amount=Units(row["amount"]),
                transaction=transaction,
                link=transaction_link(snapshot.identity.chain_id, transaction, explorer),
                final=row["block_number"] <= snapshot.cursor.final_number,
            )
        )
    return Statement(address(account.lower()), begin, end, receipts)


def as_json(
    snapshot: Snapshot, found: Statement, calendar: Calendar = UTC_CALENDAR
) -> dict[str, Any]:
    """A statement as JSON values: amounts as strings of smallest units, moments in seconds."""
    return {
        "market": snapshot.identity.label,
        "chain_id": snapshot.identity.chain_id,
        "account": found.account,
        "zone": calendar.zone,
        "from": found.begin,
        "until": found.end,
        "head_block": snapshot.cursor.block_number,
        "head_hash": snapshot.cursor.block_hash,
        "final_block": snapshot.cursor.final_number,
        "assets": forms.Assets(snapshot).as_json(),
        "totals": [
            {"role": role, "asset": asset, "amount": str(amount)}
            for (role, asset), amount in found.totals().items()
        ],
        "receipts": [forms.as_json(receipt) for receipt in found.receipts],
    }


def as_text(snapshot: Snapshot, found: Statement, form: str, calendar: Calendar) -> str:
    """A statement as `csv` or `json`."""
    if form == "csv":
        return forms.as_csv(found.receipts, Receipt, forms.Assets(snapshot), calendar)
    return json.dumps(as_json(snapshot, found, calendar), ensure_ascii=False, indent=2) + "\n"


def _mine(
    snapshot: Snapshot, account: str, begin: int | None, end: int | None, longest: int | None
) -> Iterator[Row]:
    share, block, payout = schema.share, schema.block, schema.payout
    # Shares go by their documents; these are found among the account's payouts.
    same = and_(
        share.c.market == payout.c.market,
        share.c.document_id == payout.c.document_id,
        share.c.payee == payout.c.payee,
        share.c.asset == payout.c.asset,
    )
    query = (
        select(share, block.c.timestamp)
        .join(payout, same)
        .join(block, block.c.number == share.c.block_number)
        .where(payout.c.payee == account, share.c.role.in_(INCOME), share.c.amount > 0)
        .order_by(share.c.block_number, share.c.document_id, share.c.role, share.c.asset)
    )
    if begin is not None:
        query = query.where(block.c.timestamp >= begin)
    if end is not None:
        query = query.where(block.c.timestamp < end)
    if longest is not None:
        query = query.limit(longest + 1)
    yield from snapshot.rows(query)


def _step(row: Mapping[str, Any]) -> Step:
    return row["market"], row["document_id"], row["block_number"]


def _shares(snapshot: Snapshot, steps: Iterable[Step]) -> Mapping[Step, Counter[str]]:
    """What each step gave, by role; what went back to the buyer aside."""
    share = schema.share
    found: dict[Step, Counter[str]] = defaultdict(Counter)
    for keys in _portions({(market, document) for market, document, _ in steps}):
        among = tuple_(share.c.market, share.c.document_id).in_(keys)
        for row in snapshot.rows(select(share).where(among, share.c.role.in_(INCOME))):
            found[_step(row)][row["role"]] += row["amount"]
    return found


def _transactions(snapshot: Snapshot, steps: Iterable[Step]) -> Mapping[Step, str]:
    event = schema.event.c
    found: dict[Step, str] = {}
    for blocks in _portions({block for _, _, block in steps}):
        query = select(
            event.block_number, event.contract, event.topics, event.transaction_hash
        ).where(event.block_number.in_(blocks), event.name.in_(PAYING))
        for row in snapshot.rows(query):
            document = row["topics"].split(",")[1]
            found[row["contract"], document, row["block_number"]] = row["transaction_hash"]
    return found


def _trades(snapshot: Snapshot, steps: Sequence[Step]) -> Mapping[Step, Row]:
    """The trade of each step. A document can be sold again: the trade of the step's block then."""
    trade = schema.trade
    by_document: dict[str, list[Row]] = defaultdict(list)
    for keys in _portions({document for _, document, _ in steps}):
        query = select(trade).where(trade.c.id.in_(keys)).order_by(trade.c.number)
        for row in snapshot.rows(query):
            by_document[row["id"]].append(row)
    return {
        (market, document, block): [
            row for row in by_document[document] if row["block_number"] <= block
        ][-1]
        for market, document, block in steps
    }


def _titles(
    snapshot: Snapshot, trades: Iterable[Row], exhibits: Exhibits | None
) -> Mapping[str, str | None]:
    """Titles of the registry's creations, by their keys, as far as they are known."""
    if exhibits is None:
        return {}
    own = snapshot.identity.addresses["CreationRegistry"]
    wanted = {trade["creation_id"] for trade in trades if trade["collection"] == own}
    table, found = schema.creation, {}
    for keys in _portions(wanted):
        rows = snapshot.rows(select(table).where(table.c.id.in_(keys)))
        for work in WORKS.make(snapshot, rows):
            found[work.id] = exhibits.of(work).title
    return {key: found.get(creation(key)) for key in wanted}


def _portions(keys: Iterable[Any]) -> Iterator[list[Any]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), KEYS_AT_ONCE):
        yield ordered[start : start + KEYS_AT_ONCE]
