"""Every question against a slow, independent recomputation from the chain's logs.

`Naive` shares nothing with the ledger: it decodes with the chain room's `Contract`, keeps lists,
and counts by hand. What it can, it asks the contracts themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.documents import creation_cid
from dokkaebi.chain.suite import COIN, Contract
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import KINDS, QUESTIONS, answer
from dokkaebi.ledger.reports.questions import (
    fees_and_royalties,
    money_in_escrow,
    open_offers,
    owed_against_paid,
    sales_by_creator,
    sales_by_day,
    trades,
    works_by_creator,
)
from dokkaebi.ledger.store import Snapshot, read_ledger
from tests.dokkaebi.ledger.market_day import FEE_BPS, Day

SETTLED = ("SaleSettled", "EscrowReleased")


class Naive:
    """What happened, as lists of (event, values, time)."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.events = self._events(day.market)
        self.registry = self._events(day.registry)
        self.now = day.now()
        self.market = day.market.address
        self.treasury = day.people[1]
        self.trades = self._trades()

    def _events(self, contract: Contract) -> list[tuple[str, dict[str, Any], int]]:
        names = [entry["name"] for entry in contract.abi if entry["type"] == "event"]
        topics = {contract.topic(name): name for name in names}
        chain = self.day.chain
        found = []
        for log in chain.all_logs([contract.address], 0, chain.block_number):
            name = topics[log["topics"][0]]
            time = chain.timestamp(int(log["blockNumber"], 16))
            found.append((name, contract.decode_log(name, log), time))
        return found

    def of(self, *names: str) -> list[tuple[dict[str, Any], int]]:
        return [(values, time) for name, values, time in self.events if name in names]

    def _trades(self) -> dict[str, dict[str, Any]]:
        """Trade id → its terms and, once it ended, the split recomputed from the terms."""
        offers = {values["offerId"]: values["offer"] for values, _ in self.of("OfferPublished")}
        found: dict[str, dict[str, Any]] = {}
        for name, values, time in self.events:
            if name == "SaleSettled":
                terms = offers[values["offerId"]]
                trade = {
                    "seller": terms[0],
                    "buyer": values["buyer"],
                    "creation": terms[2],
                    "asset": terms[4],
                    "amount": terms[5],
                    "referrer": values["referrer"],
                    "referral_bps": terms[9],
                    "funded": time,
                }
                found["0x" + values["offerId"].hex()] = self._ended(trade, time, refund=False)
            elif name == "EscrowFunded":
                terms = values["trade"]
                found["0x" + values["tradeId"].hex()] = {
                    "seller": terms[1],
                    "buyer": terms[2],
                    "referrer": terms[3],
                    "creation": terms[4],
                    "asset": terms[5],
                    "amount": terms[6],
                    "referral_bps": terms[8],
                    "funded": time,
                    "ended": None,
                    "refunded": False,
                }
            elif name in {"EscrowReleased", "EscrowRefunded"}:
                key = "0x" + values["tradeId"].hex()
                found[key] = self._ended(found[key], time, refund=name == "EscrowRefunded")
        return found

    def _ended(self, trade: dict[str, Any], time: int, refund: bool) -> dict[str, Any]:
        """The split, from the terms and from what the registry says of royalties."""
        amount, parts = trade["amount"], list[tuple[str, str, int]]()
        if refund:
            parts.append(("buyer", trade["buyer"], amount))
        else:
            fee = amount * FEE_BPS // 10_000
            parts.append(("community", self.treasury, fee))
            if trade["referrer"] != COIN:
                bps = trade["referral_bps"]
                parts.append(("referrer", trade["referrer"], amount * bps // 10_000))
            if trade["creation"]:
                payees, royalties = self.day.registry.call("royaltiesOf", trade["creation"], amount)
                for payee, royalty in zip(payees, royalties, strict=True):
                    if payee != trade["seller"]:
                        parts.append(("creator", payee, royalty))
            rest = amount - sum(part for _, _, part in parts)
            parts.append(("seller", trade["seller"], rest))
        return {**trade, "ended": time, "refunded": refund, "parts": [p for p in parts if p[2]]}

    def settled(self) -> list[dict[str, Any]]:
        return [t for t in self.trades.values() if t["ended"] and not t["refunded"]]

    def live(self) -> list[tuple[str, dict[str, Any]]]:
        return [(key, trade) for key, trade in self.trades.items() if not trade["ended"]]


@pytest.fixture(scope="module")
def naive(day: Day) -> Naive:
    return Naive(day)


def test_works_by_creator(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    registered = [
        (values, time) for name, values, time in naive.registry if name == "CreationRegistered"
    ]
    sold = Counter(trade["creation"] for trade in naive.settled())
    rows = {row.id: row for row in works_by_creator(snapshot)}
    assert len(rows) == len(registered)
    burnt = 0
    for values, time in registered:
        row = rows[values["id"]]
        assert row.creator == values["creator"]
        assert row.created_at == time
        assert row.royalty_bps == values["royaltyBps"]
        assert row.parents == day.registry.call("parentsOf", row.id)
        assert row.cid == creation_cid(row.id)
        assert row.sales == sold[row.id]
        if row.owner is None:
            burnt += 1
        else:
            assert row.owner == day.registry.call("ownerOf", row.id)
            place = day.registry.call("tokenURI", row.id)
            assert place == f"ipfs://{row.cid}/{row.creator.lower()}.json"
    assert burnt == 1
    assert [r.creator for r in rows.values()] == sorted(
        (r.creator for r in rows.values()), key=str.lower
    )


def test_open_offers(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = {row.id: row for row in open_offers(snapshot)}
    wanted = {}
    for values, time in naive.of("OfferPublished"):
        if day.market.call("offerState", values["offerId"]) == 1:
            wanted["0x" + values["offerId"].hex()] = (values["offer"], time)
    assert rows.keys() == wanted.keys()
    for key, (terms, time) in wanted.items():
        row = rows[key]
        assert (row.seller, row.creation or 0, row.asset, row.price) == (
            terms[0],
            terms[2],
            terms[4],
            terms[5],
        )
        assert (row.expires_at, row.referral_bps, row.published_at) == (terms[6], terms[9], time)
    assert sorted(row.status for row in rows.values()) == ["expired", *3 * ["moved"], "open"]


def test_trades(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = {row.id: row for row in trades(snapshot)}
    assert rows.keys() == naive.trades.keys()
    for key, trade in naive.trades.items():
        row = rows[key]
        for part in ("seller", "buyer", "asset", "amount"):
            assert getattr(row, part) == trade[part]
        assert (row.referrer or COIN) == trade["referrer"]
        assert (row.creation or 0) == trade["creation"]
        assert (row.funded_at, row.ended_at) == (trade["funded"], trade["ended"])
        by_role = Counter[str]()
        for role, _, amount in trade.get("parts", []):
            by_role[role] += amount
        assert row.split.seller == by_role["seller"]
        assert row.split.royalty == by_role["creator"]
        assert row.split.referral == by_role["referrer"]
        assert row.split.fee == by_role["community"]
        assert row.split.refund == by_role["buyer"]
        whole = sum(getattr(row.split, part) for part in row.split.__dataclass_fields__)
        assert whole + row.in_escrow == row.amount
        if row.kind == "delivered":
            state, deadline = day.market.call("tradeState", bytes.fromhex(key[2:]))
            assert {"funded": 1, "shipped": 2}.get(row.state, 0) == state
            assert (row.deadline or 0) == deadline
    reasons = Counter(row.reason for row in rows.values())
    assert reasons.keys() == {
        None,
        "instant",
        "confirmed",
        "inspection_timeout",
        "seller_refund",
        "ship_timeout",
    }


def test_money_in_escrow(naive: Naive, snapshot: Snapshot) -> None:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for key, trade in naive.live():
        state, deadline = naive.day.market.call("tradeState", bytes.fromhex(key[2:]))
        entry = sums[trade["asset"]]
        entry["trades"] += 1
        entry["amount"] += trade["amount"]
        entry[{1: "funded", 2: "shipped"}[state]] += trade["amount"]
        if deadline < naive.now:
            entry["overdue"] += trade["amount"]
    rows = money_in_escrow(snapshot)
    assert {row.asset for row in rows} == sums.keys()
    assert len(sums) == 2
    for row in rows:
        for column in ("trades", "amount", "funded", "shipped", "overdue"):
            assert getattr(row, column) == sums[row.asset][column], column


def test_sales_by_creator(naive: Naive, snapshot: Snapshot) -> None:
    creators = {
        values["id"]: values["creator"]
        for name, values, _ in naive.registry
        if name == "CreationRegistered"
    }
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for trade in naive.settled():
        maker = creators[trade["creation"]] if trade["creation"] else trade["seller"]
        entry = sums[maker, trade["asset"]]
        entry[0] += 1
        entry[1] += trade["seller"] != maker
        entry[2] += trade["amount"]
        entry[3] = max(entry[3], trade["ended"])
    rows = sales_by_creator(snapshot)
    assert {(r.creator, r.asset): [r.sales, r.resales, r.amount, r.last_at] for r in rows} == dict(
        sums
    )
    assert any(row.resales for row in rows)


def test_sales_by_day(naive: Naive, snapshot: Snapshot) -> None:
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for trade in naive.settled():
        date = datetime.fromtimestamp(trade["ended"], UTC).strftime("%Y-%m-%d")
        entry = sums[date, trade["asset"]]
        entry["sales"] += 1
        entry["amount"] += trade["amount"]
        for role, _, amount in trade["parts"]:
            entry[role] += amount
    rows = sales_by_day(snapshot)
    assert {(row.day, row.asset) for row in rows} == sums.keys()
    for row in rows:
        entry = sums[row.day, row.asset]
        assert (row.sales, row.amount, row.seller) == (
            entry["sales"],
            entry["amount"],
            entry["seller"],
        )
        assert (row.royalty, row.referral, row.fee) == (
            entry["creator"],
            entry["referrer"],
            entry["community"],
        )
    assert [row.day for row in rows] == sorted(row.day for row in rows)


def test_fees_and_royalties(naive: Naive, snapshot: Snapshot) -> None:
    sums, counts = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for trade in naive.settled():
        kinds = {(role, payee) for role, payee, _ in trade["parts"] if role != "seller"}
        counts.update((role, payee, trade["asset"]) for role, payee in kinds)
        for role, payee, amount in trade["parts"]:
            if role != "seller":
                sums[role, payee, trade["asset"]] += amount
    rows = fees_and_royalties(snapshot)
    assert {(r.role, r.payee, r.asset): r.amount for r in rows} == dict(sums)
    assert {(r.role, r.payee, r.asset): r.sales for r in rows} == dict(counts)
    assert {row.role for row in rows} == {"community", "creator", "referrer"}


def test_owed_against_paid(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    owed = Counter[tuple[str, str]]()
    credited = Counter[tuple[str, str]]()
    withdrawn = Counter[tuple[str, str]]()
    for trade in naive.trades.values():
        for role, payee, amount in trade.get("parts", []):
            owed[payee, trade["asset"]] += amount
            if role == "community":
                credited[payee, trade["asset"]] += amount
    for values, _ in naive.of("Credited"):
        credited[values["payee"], values["asset"]] += values["amount"]
    for values, _ in naive.of("Withdrawn"):
        withdrawn[values["payee"], values["asset"]] += values["amount"]
    rows = owed_against_paid(snapshot)
    assert {(row.payee, row.asset) for row in rows} == owed.keys()
    for row in rows:
        key = (row.payee, row.asset)
        assert (row.owed, row.credited, row.withdrawn) == (
            owed[key],
            credited[key],
            withdrawn[key],
        )
        assert row.owed == row.paid + row.credited
        assert row.credited == row.withdrawn + row.waiting
        assert row.waiting == day.market.call("creditOf", row.asset, row.payee)
    assert any(row.waiting for row in rows)
    assert any(row.withdrawn and row.waiting for row in rows)


def test_payments_at_once_are_the_tokens_own_transfers(naive: Naive, snapshot: Snapshot) -> None:
    """The market never says what it paid at once; the token does."""
    token, moved = naive.day.token, Counter[str]()
    for log in token.logs("Transfer", 0):
        values = token.decode_log("Transfer", log)
        if values["from"] == naive.market:
            moved[values["to"]] += values["value"]
    rows = [row for row in owed_against_paid(snapshot) if row.asset == token.address]
    assert {
        row.payee: row.paid + row.withdrawn for row in rows if row.paid + row.withdrawn
    } == moved


def test_coins_in_are_coins_paid_waiting_or_in_escrow(naive: Naive, snapshot: Snapshot) -> None:
    paid_in = sum(trade["amount"] for trade in naive.trades.values() if trade["asset"] == COIN)
    rows = [row for row in owed_against_paid(snapshot) if row.asset == COIN]
    gone = sum(row.paid + row.withdrawn for row in rows)
    assert naive.day.chain.balance(naive.market) == paid_in - gone


def test_answers_come_in_the_order_asked(snapshot: Snapshot) -> None:
    assert list(answer(snapshot, ["trades", "open-offers"])) == ["trades", "open_offers"]
    assert list(answer(snapshot)) == list(QUESTIONS) == list(KINDS)


def test_rows_are_of_their_questions_kind(snapshot: Snapshot) -> None:
    for name, rows in answer(snapshot).items():
        assert rows, name
        assert {type(row) for row in rows} == {KINDS[name]}


def test_an_unknown_question_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(DokkaebiError, match="sales-by-day") as seen:
        answer(snapshot, ["sales-by-year"])
    assert seen.value.key == "question_unknown"


def test_a_market_where_nothing_happened_has_empty_answers(tmp_path: Path) -> None:
    from dokkaebi.ledger.store import open_ledger
    from tests.dokkaebi.ledger.test_store import IDENTITY, batch

    with open_ledger(tmp_path / "l", IDENTITY) as ledger:
        ledger.write(batch())
    with read_ledger(tmp_path / "l") as snapshot:
        assert all(rows == [] for rows in answer(snapshot).values())
