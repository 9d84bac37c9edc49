"""Every question against a slow, independent recomputation from the chain's logs.

`Naive` shares nothing with the ledger: it decodes with the chain room's `Contract`, keeps lists,
and counts by hand. What it can, it asks the contracts themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from dokkaebi.chain.documents import creation_cid
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN, MARKETS, POOL, Contract, load_abi
from dokkaebi.chain.terms import REASONS
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import index
from dokkaebi.ledger.reports import KINDS, QUESTIONS, answer
from dokkaebi.ledger.reports.calendar import Calendar
from dokkaebi.ledger.reports.kinds import BidRow
from dokkaebi.ledger.reports.money import (
    fees_and_royalties,
    money_in_and_out,
    money_in_escrow,
    outcomes_by_arbiter,
    owed_against_paid,
    sales_by_creator,
    sales_by_day,
)
from dokkaebi.ledger.reports.people import (
    market_health,
    quantile,
    repeat_customers,
    settlement_times,
)
from dokkaebi.ledger.reports.questions import (
    auctions,
    bids,
    cancelled_nonces,
    cancelled_vouchers,
    disputes,
    milestones,
    open_offers,
    requests,
    swaps,
    trades,
    works_by_creator,
)
from dokkaebi.ledger.reports.rewards import rewards_by_account, rewards_by_epoch
from dokkaebi.ledger.store import Identity, Snapshot, open_ledger, read_ledger
from tests.dokkaebi.ledger.market_day import ARBITER_FEE_BPS, FEE_BPS, Day

BPS = 10_000
ROLE_PARTS = {
    "seller": "seller",
    "sponsor": "seller",
    "creator": "royalty",
    "referrer": "referral",
    "community": "fee",
    "arbiter": "arbiter",
    "buyer": "refund",
}
Happened = tuple[str, dict[str, Any], int]
Part = tuple[str, str, int]


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


class Naive:
    """What happened, as lists of (event, values, time), and what follows from it."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.events = {name: self._events(day.contracts[name]) for name in MARKETS}
        self.registry = self._events(day.registry)
        makers = {v["id"]: v["creator"] for n, v, _ in self.registry if n == "CreationRegistered"}
        self.minted = {
            (day.registry.address, v["id"], v["to"], makers[v["id"]])
            for n, v, _ in self.registry
            if n == "Transfer" and v["from"] == COIN and v["to"] != makers[v["id"]]
        }
        self.now = day.now()
        self.treasury = day.people[1]
        self.auctions = {
            values["auctionId"]: values["auction"] for values, _ in self.of("AuctionOpened")
        }
        self.requests = {
            values["requestId"]: values["request"] for values, _ in self.of("WorkRequested")
        }
        self.trades = [*self._sales(), *self._escrowed(), *self._auctioned()]

    def _events(self, contract: Contract) -> list[Happened]:
        names = [entry["name"] for entry in contract.abi if entry["type"] == "event"]
        topics = {contract.topic(name): name for name in names}
        chain = self.day.chain
        found = []
        for log in chain.all_logs([contract.address], 0, chain.block_number):
            name = topics[log["topics"][0]]
            time = chain.timestamp(int(log["blockNumber"], 16))
            found.append((name, contract.decode_log(name, log), time))
        return found

    def of(self, *names: str, market: str = "") -> list[tuple[dict[str, Any], int]]:
        return [
            (values, time)
            for contract in ([market] if market else MARKETS)
            for name, values, time in self.events[contract]
            if name in names
        ]

    # Divisions, from the terms and from what the registry says of shares

    def _division(self, trade: dict[str, Any], amount: int, *, sold: bool = True) -> list[Part]:
        fee, referrer = amount * FEE_BPS // BPS, trade["referrer"]
        parts = [("community", self.treasury, fee)]
        referral = amount * trade["referral_bps"] // BPS if referrer != COIN else 0
        parts.append(("referrer", referrer, referral))
        if sold and trade["creation"]:
            parts += self._creators(trade, amount, amount - fee - referral)
        parts.append(("seller", trade["seller"], amount - sum(part for _, _, part in parts)))
        return parts

    def _creators(self, trade: dict[str, Any], amount: int, net: int) -> list[Part]:
        creation, seller = trade["creation"], trade["seller"]
        if trade["collection"] != self.day.registry.address:
            collection = Contract(self.day.chain, "Mock", trade["collection"], self.mock_abi)
            payee, royalty = collection.call("royaltyInfo", creation, amount)
            most = amount * 500 // BPS
            return [] if payee in {seller, COIN} else [("creator", payee, min(royalty, most))]
        registry = self.day.registry
        _, shared, creator, royalty = registry.call("saleOf", creation, seller, amount)
        if not shared:
            return [("creator", creator, royalty)]
        payees, amounts = registry.call("sharesOf", creation, seller, amount, net)
        return [("creator", *one) for one in zip(payees, amounts, strict=True)]

    @property
    def mock_abi(self) -> list[dict[str, Any]]:
        return self.day.contracts["MockCollection"].abi

    def _sales(self) -> list[dict[str, Any]]:
        bids = {values["bidId"] for values, _ in self.of("BidAccepted")}
        sponsors = {values["documentId"]: values for values, _ in self.of("SponsorRepaid")}
        found = []
        for values, time in self.of("SaleSettled"):
            price = values["price"]
            trade = {
                "market": "CreationMarket",
                "id": hexed(values["documentId"]),
                "kind": self._way(values, bids),
                **{name: values[name] for name in ("seller", "buyer", "referrer", "collection")},
                "creation": values["creationId"],
                "asset": values["asset"],
                "amount": price,
                # Signed terms are nowhere on the chain.
                "referral_bps": -(-values["referral"] * BPS // price),
                "funded": time,
                "ended": time,
                "rest": 0,
                "reason": "accepted" if values["documentId"] in bids else "bought",
            }
            parts = self._division(trade, price)
            if repaid := sponsors.get(values["documentId"]):
                role, seller, gets = parts.pop()
                parts.append((role, seller, gets - repaid["amount"]))
                parts.append(("sponsor", repaid["sponsor"], repaid["amount"]))
            found.append({**trade, "parts": parts, "steps": [(time, parts)]})
        return found

    def _way(self, sale: dict[str, Any], bids: set[bytes]) -> str:
        """How a sale came about. A work sold by voucher was minted to its buyer."""
        if sale["documentId"] in bids:
            return "bid"
        new = (sale["collection"], sale["creationId"], sale["buyer"], sale["seller"])
        return "voucher" if new in self.minted else "instant"

    def _escrowed(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, values, time in self.events["EscrowMarket"]:
            if "tradeId" not in values or name in {"RoyaltyPaid", "ReferralPaid", "Credited"}:
                continue
            key = hexed(values["tradeId"])
            if name == "EscrowFunded":
                _, seller, buyer, referrer, arbiter, creation, asset, amount, terms = values[
                    "trade"
                ]
                percents = (terms >> 152).to_bytes(13, "little").rstrip(b"\0")
                requested = values["offerId"] in self.requests
                found[key] = {
                    "market": "EscrowMarket",
                    "id": key,
                    "kind": "requested" if requested else "delivered",
                    "seller": seller,
                    "buyer": buyer,
                    "referrer": referrer,
                    "arbiter": arbiter,
                    "collection": self.day.registry.address,
                    "creation": creation,
                    "asset": asset,
                    "amount": amount,
                    "referral_bps": terms >> 72 & 0xFFFF,
                    "percents": list(percents) or [100],
                    "part": 0,
                    "funded": time,
                    "ended": None,
                    "reason": None,
                    "rest": amount,
                    "parts": [],
                    "steps": [],
                }
            elif name in {"PartReleased", "EscrowReleased", "EscrowRefunded", "EscrowDivided"}:
                self._move(found[key], name, values, time)
        return list(found.values())

    def _move(self, trade: dict[str, Any], name: str, values: dict[str, Any], time: int) -> None:
        rest, amount = trade["rest"], trade["amount"]
        if name == "PartReleased":
            worth = amount * trade["percents"][trade["part"]] // 100
            self._pay(trade, self._division(trade, worth), time)
            trade["part"] += 1
            trade["rest"] -= worth
            return
        if name == "EscrowReleased":
            self._pay(trade, self._division(trade, rest), time)
        elif name == "EscrowRefunded":
            self._pay(trade, [("buyer", trade["buyer"], rest)], time)
        else:
            ruled = values["reason"] == 4
            arbiter_fee = rest * ARBITER_FEE_BPS // BPS if ruled else 0
            to_buyer = values["toBuyer"]
            to_seller = rest - arbiter_fee - to_buyer
            parts = [
                ("arbiter", values["feeRecipient"], arbiter_fee),
                ("buyer", trade["buyer"], to_buyer),
                *self._division(trade, to_seller, sold=to_seller >= to_buyer),
            ]
            self._pay(trade, parts, time)
        trade |= {"ended": time, "rest": 0, "reason": values["reason"]}

    @staticmethod
    def _pay(trade: dict[str, Any], parts: list[Part], time: int) -> None:
        trade["parts"] += parts
        trade["steps"].append((time, parts))

    def _auctioned(self) -> list[dict[str, Any]]:
        found = []
        for values, time in self.of("AuctionSettled"):
            terms = self.auctions[values["auctionId"]]
            trade = {
                "market": "AuctionHouse",
                "id": hexed(values["auctionId"]),
                "kind": "auction",
                "seller": terms[0],
                "buyer": values["winner"],
                "referrer": COIN,
                "collection": terms[1],
                "creation": terms[2],
                "asset": terms[4],
                "amount": values["price"],
                "referral_bps": 0,
                "funded": time,
                "ended": time,
                "rest": 0,
                "reason": "auctioned",
            }
            parts = self._division(trade, values["price"])
            found.append({**trade, "parts": parts, "steps": [(time, parts)]})
        return found

    # What follows

    def sold(self, trade: dict[str, Any]) -> int:
        return sum(part for role, _, part in trade["parts"] if role not in {"buyer", "arbiter"})

    def sales(self) -> list[dict[str, Any]]:
        return [trade for trade in self.trades if trade["ended"] and self.sold(trade)]

    def open_requests(self) -> list[tuple[Any, ...]]:
        over = {values["requestId"] for values, _ in self.of("RequestRetracted")}
        over |= {values["offerId"] for values, _ in self.of("EscrowFunded")}
        return [terms for key, terms in self.requests.items() if key not in over]

    def highest_bids(self) -> dict[bytes, dict[str, Any]]:
        return {values["auctionId"]: values for values, _ in self.of("AuctionBid")}

    def standing_bids(self) -> dict[bytes, dict[str, Any]]:
        over = {values["auctionId"] for values, _ in self.of("AuctionSettled")}
        return {key: bid for key, bid in self.highest_bids().items() if key not in over}

    def dues(self) -> list[tuple[str, str, str, str, int]]:
        """Market, role, payee, asset and amount of everything that anybody was due."""
        found = [
            (trade["market"], role, payee, trade["asset"], amount)
            for trade in self.trades
            for role, payee, amount in trade["parts"]
        ]
        for values, _ in self.of("RequestRetracted"):
            terms = self.requests[values["requestId"]]
            found.append(("EscrowMarket", "buyer", terms[1], terms[4], terms[5]))
        before: dict[bytes, dict[str, Any]] = {}
        for values, _ in self.of("AuctionBid"):
            key = values["auctionId"]
            if key in before:
                bid, asset = before[key], self.auctions[key][4]
                found.append(("AuctionHouse", "bidder", bid["bidder"], asset, bid["amount"]))
            before[key] = values
        for market in MARKETS:
            for values, _ in self.of("Credited", market=market):
                if values["tradeId"] == bytes(32):
                    found.append((market, "change", *credit_of(values)))
        return [due for due in found if due[4]]


def credit_of(values: dict[str, Any]) -> tuple[str, str, int]:
    return values["payee"], values["asset"], values["amount"]


@pytest.fixture(scope="module")
def naive(day: Day) -> Naive:
    return Naive(day)


# Works and documents


def test_works_by_creator(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    registered = [
        (values, time) for name, values, time in naive.registry if name == "CreationRegistered"
    ]
    ours = [trade for trade in naive.sales() if trade["collection"] == day.registry.address]
    sold = Counter(trade["creation"] for trade in ours)
    rows = {row.id: row for row in works_by_creator(snapshot)}
    assert len(rows) == len(registered)
    burnt = 0
    for values, time in registered:
        row = rows[values["id"]]
        assert row.creator == values["creator"]
        assert row.created_at == time
        assert row.royalty_bps == values["royaltyBps"]
        assert row.parents == day.registry.call("parentsOf", row.id)
        partners = tuple((one.account, one.share_bps) for one in row.partners)
        assert partners == day.registry.call("partnersOf", row.id)
        assert row.cid == creation_cid(row.id)
        assert row.sales == sold[row.id]
        if row.owner is None:
            burnt += 1
        else:
            assert row.owner == day.registry.call("ownerOf", row.id)
            place = day.registry.call("tokenURI", row.id)
            assert place == f"ipfs://{row.cid}/{row.creator.lower()}.json"
    assert burnt == 1
    assert any(row.partners for row in rows.values())
    assert [r.creator for r in rows.values()] == sorted(
        (r.creator for r in rows.values()), key=str.lower
    )


def test_open_offers(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = {row.id: row for row in open_offers(snapshot)}
    wanted = {}
    for values, _ in naive.of("OfferPublished", market="CreationMarket"):
        if day.shop.call("sellerOf", values["offerId"]) != COIN:
            wanted[hexed(values["offerId"])] = values["offer"]
    for values, _ in naive.of("OfferPublished", market="EscrowMarket"):
        owner, units = day.escrow.call("documentOf", values["offerId"])
        if owner != COIN:
            wanted[hexed(values["offerId"])] = values["offer"]
            assert rows[hexed(values["offerId"])].units == units
    assert rows.keys() == wanted.keys()
    falling = 0
    for key, terms in wanted.items():
        row = rows[key]
        buyer = None if terms[1] == COIN else terms[1]
        assert (row.seller, row.buyer) == (terms[0], buyer)
        if row.kind == "delivered":
            assert (row.creation or 0, row.asset, row.price) == (terms[2], terms[4], terms[5])
            assert (row.expires_at, row.referral_bps) == (terms[7], terms[10])
            continue
        collection, creation, _, start, price, end, asset, expiry = terms[2:10]
        assert (row.collection, row.creation, row.asset) == (collection, creation, asset)
        if start and start <= naive.now:
            falling += 1
            price -= (price - end) * (naive.now - start) // (expiry - start)
            assert end < price < terms[6]
        assert row.price == price
        assert (row.expires_at, row.starts_at or 0) == (expiry, start)
    assert falling == 1
    assert sorted(row.status for row in rows.values()) == [
        "early",
        "expired",
        *3 * ["moved"],
        *4 * ["open"],
    ]


def test_requests(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = {row.id: row for row in requests(snapshot)}
    assert rows.keys() == {hexed(key) for key in naive.requests}
    accepted = {values["offerId"]: values for values, _ in naive.of("EscrowFunded")}
    for key, terms in naive.requests.items():
        row = rows[hexed(key)]
        owner, units = day.escrow.call("documentOf", key)
        assert units == 0
        assert (owner == row.buyer) == (row.status in {"open", "expired"})
        assert (row.buyer, row.asset, row.price) == (terms[1], terms[4], terms[5])
        if key in accepted:
            assert row.trade == hexed(accepted[key]["tradeId"])
            assert row.seller == accepted[key]["trade"][1]
    assert sorted(row.status for row in rows.values()) == [
        *2 * ["accepted"],
        *("expired", "open", "retracted"),
    ]


def test_swaps(naive: Naive, snapshot: Snapshot) -> None:
    happened = [
        (*(values[name] for name in ("maker", "givenId", "taker", "wantedId")), time)
        for values, time in naive.of("SwapSettled")
    ]
    assert len(happened) == 1
    assert [
        (row.maker, row.given, row.taker, row.wanted, row.settled_at) for row in swaps(snapshot)
    ] == happened


def test_cancelled_nonces(naive: Naive, snapshot: Snapshot) -> None:
    happened = [
        (market, values["signer"], values["first"], values["last"])
        for market in MARKETS
        for values, _ in naive.of("NoncesCancelled", market=market)
    ]
    rows = cancelled_nonces(snapshot)
    assert [(row.market, row.signer, row.first, row.last) for row in rows] == happened
    assert rows[-1].last == 2**256 - 1


def test_cancelled_vouchers(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    happened = [
        (values["id"], values["creator"], values["leastVersion"], time)
        for name, values, time in naive.registry
        if name == "VouchersCancelled"
    ]
    rows = cancelled_vouchers(snapshot)
    said = [(row.creation, row.creator, row.least_version, row.cancelled_at) for row in rows]
    assert said == happened
    assert [row.least_version for row in rows] == [1, 5, 2**62 - 1, 3]
    assert day.registry.call("leastVersionOf", rows[1].creation) == 5


# Trades


def test_trades(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = trades(snapshot)
    assert len(rows) == len(naive.trades)
    assert [row.funded_at for row in rows] == sorted(row.funded_at for row in rows)
    left = {id(row): row for row in rows}
    for trade in naive.trades:
        row = next(
            row for row in left.values() if (row.id, row.buyer) == (trade["id"], trade["buyer"])
        )
        del left[id(row)]
        for part in ("kind", "seller", "asset", "amount"):
            assert getattr(row, part) == trade[part]
        assert (row.referrer or COIN) == trade["referrer"]
        assert (row.creation or 0) == trade["creation"]
        assert (row.funded_at, row.ended_at) == (trade["funded"], trade["ended"])
        by_part = Counter[str]()
        for role, _, amount in trade["parts"]:
            by_part[ROLE_PARTS[role]] += amount
        for part in set(ROLE_PARTS.values()):
            assert getattr(row.split, part) == by_part[part], (trade, part)
        whole = sum(getattr(row.split, part) for part in row.split.__dataclass_fields__)
        assert whole + row.in_escrow == row.amount
        assert row.in_escrow == trade["rest"]
        assert row.sold == naive.sold(trade)
        if trade["market"] == "EscrowMarket":
            state, deadline, part = day.escrow.call("tradeState", bytes.fromhex(row.id[2:]))
            assert {"funded": 1, "shipped": 2, "disputed": 3}.get(row.state, 0) == state
            assert (row.deadline or 0) == deadline
            assert row.ended_at is not None or row.part == part + 1
    assert {row.reason for row in rows} == {
        None,
        *("bought", "accepted", "auctioned", "confirmed", "inspection_timeout"),
        *("seller_refund", "ship_timeout", "ruled", "settled", "arbiter_silent"),
    }
    assert {row.state for row in rows} == {
        *("funded", "shipped", "disputed", "settled", "refunded", "divided"),
    }
    assert Counter(row.id for row in rows).most_common(1)[0][1] == 2


def test_milestones(naive: Naive, snapshot: Snapshot) -> None:
    rows = milestones(snapshot)
    for trade in naive.trades:
        mine = [row for row in rows if row.trade == trade["id"]]
        percents = trade.get("percents", [100])
        if len(percents) == 1:
            assert mine == []
            continue
        assert [row.percent for row in mine] == percents
        assert [row.part for row in mine] == list(range(1, len(percents) + 1))
        assert sum(row.amount for row in mine) == trade["amount"]
        paid = sum(row.amount for row in mine if row.state == "paid")
        assert paid == naive.sold(trade)
    assert {row.state for row in rows} == {"paid", "funded", "refunded"}


def test_auctions(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = {row.id: row for row in auctions(snapshot)}
    assert rows.keys() == {hexed(key) for key in naive.auctions}
    counts = Counter(values["auctionId"] for values, _ in naive.of("AuctionBid"))
    for key, terms in naive.auctions.items():
        row = rows[hexed(key)]
        assert (row.seller, row.collection, row.creation) == terms[:3]
        assert (row.reserve, row.bids) == (terms[5], counts[key])
        bidder, amount, deadline = day.house.call("auctionState", key)
        if row.ended_at is None:
            assert (row.bidder or COIN, row.amount, row.deadline) == (bidder, amount, deadline)
            assert (row.status in {"over", "expired"}) == (deadline < naive.now)
        else:
            assert deadline == 0
        waits = day.house.call("heldFor", row.collection, row.creation)
        assert (row.status == "held") == (waits != COIN)
    assert {row.status for row in rows.values()} == {
        *("open", "over", "expired", "cancelled", "settled", "held")
    }


def test_bids(naive: Naive, snapshot: Snapshot) -> None:
    rows = bids(snapshot)
    in_auctions = [
        (hexed(values["auctionId"]), values["bidder"], values["amount"])
        for values, _ in naive.of("AuctionBid")
    ]
    seen = [(row.document, row.bidder, row.amount) for row in rows if row.status != "accepted"]
    assert seen == in_auctions
    accepted = [row for row in rows if row.status == "accepted"]
    assert [(row.document, row.bidder) for row in accepted] == [
        (hexed(values["bidId"]), values["bidder"]) for values, _ in naive.of("BidAccepted")
    ]
    last = {hexed(key): values["amount"] for key, values in naive.highest_bids().items()}
    won = {trade["id"] for trade in naive.trades if trade["kind"] == "auction"}
    for row in rows:
        if row.status == "outbid":
            assert row.amount < last[row.document]
        elif row.status != "accepted":
            assert row.amount == last[row.document]
            assert (row.status == "won") == (row.document in won)


def test_disputes_and_their_outcomes(naive: Naive, snapshot: Snapshot) -> None:
    rows = disputes(snapshot)
    opened = naive.of("EscrowDisputed")
    assert [(row.trade, row.arbiter) for row in rows] == [
        (hexed(values["tradeId"]), values["arbiter"]) for values, _ in opened
    ]
    for row in rows:
        said = [v for v, _ in naive.of("Evidence") if v["evidenceGroupID"] == int(row.trade, 16)]
        assert row.evidence == len(said)
        if row.reason in {"ruled", "settled", "arbiter_silent", "seller_refund"}:
            assert row.to_seller + row.to_buyer + row.arbiter_fee == row.amount
        assert (row.arbiter_fee > 0) == (row.reason == "ruled")
        (trade,) = [trade for trade in naive.trades if trade["id"] == row.trade]
        if row.reason == "ruled":
            gross = sum(
                part for role, _, part in trade["parts"] if role not in {"buyer", "arbiter"}
            )
            assert row.to_seller == gross
    assert Counter(row.reason for row in rows) == {
        "ruled": 3,
        **dict.fromkeys(("confirmed", "arbiter_silent", "seller_refund", "settled", None), 1),
    }
    outcomes = outcomes_by_arbiter(snapshot)
    assert sum(one.disputes for one in outcomes) == len(rows)
    for one in outcomes:
        ends = one.open + one.ruled + one.silent + one.agreed + one.conceded
        assert one.disputes == ends
        mine = [r for r in rows if (r.arbiter, r.asset) == (one.arbiter, one.asset)]
        for column in ("amount", "to_seller", "to_buyer", "arbiter_fee"):
            assert getattr(one, column) == sum(getattr(row, column) for row in mine)


# Money


def test_money_in_escrow(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(market: str, asset: str, what: str, amount: int, deadline: int) -> None:
        entry = sums[market, asset]
        entry.update({"items": 1, "amount": amount, what: amount})
        entry["overdue"] += amount if deadline < naive.now else 0

    for trade in naive.trades:
        if not trade["ended"]:
            state, deadline, _ = day.escrow.call("tradeState", bytes.fromhex(trade["id"][2:]))
            what = {1: "funded", 2: "shipped", 3: "disputed"}[state]
            add("EscrowMarket", trade["asset"], what, trade["rest"], deadline)
    for terms in naive.open_requests():
        add("EscrowMarket", terms[4], "requested", terms[5], terms[7])
    for key, bid in naive.standing_bids().items():
        add("AuctionHouse", naive.auctions[key][4], "bid", bid["amount"], bid["deadline"])
    rows = money_in_escrow(snapshot)
    assert {(row.market, row.asset) for row in rows} == sums.keys()
    columns = ("items", "amount", "funded", "shipped", "disputed", "requested", "bid", "overdue")
    for row in rows:
        for column in columns:
            assert getattr(row, column) == sums[row.market, row.asset][column], column
    for column in columns:
        assert any(getattr(row, column) for row in rows), column


def test_sales_by_creator(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    creators = {
        values["id"]: values["creator"]
        for name, values, _ in naive.registry
        if name == "CreationRegistered"
    }
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for trade in naive.sales():
        ours = trade["creation"] and trade["collection"] == day.registry.address
        maker = creators[trade["creation"]] if ours else trade["seller"]
        entry = sums[maker, trade["asset"]]
        entry[0] += 1
        entry[1] += trade["seller"] != maker
        entry[2] += naive.sold(trade)
        entry[3] = max(entry[3], trade["ended"])
    rows = sales_by_creator(snapshot)
    assert {(r.creator, r.asset): [r.sales, r.resales, r.amount, r.last_at] for r in rows} == dict(
        sums
    )
    assert any(row.resales for row in rows)


def test_sales_by_day(naive: Naive, snapshot: Snapshot) -> None:
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for trade in naive.sales():
        date = datetime.fromtimestamp(trade["ended"], UTC).strftime("%Y-%m-%d")
        entry = sums[date, trade["asset"]]
        entry["sales"] += 1
        for role, _, amount in trade["parts"]:
            entry[ROLE_PARTS[role]] += amount
    rows = sales_by_day(snapshot)
    assert {(row.day, row.asset) for row in rows} == sums.keys()
    for row in rows:
        entry = sums[row.day, row.asset]
        assert (row.sales, row.seller) == (entry["sales"], entry["seller"])
        assert (row.royalty, row.referral, row.fee) == (
            entry["royalty"],
            entry["referral"],
            entry["fee"],
        )
        assert row.amount == row.seller + row.royalty + row.referral + row.fee
    assert [row.day for row in rows] == sorted(row.day for row in rows)


def test_fees_and_royalties(naive: Naive, snapshot: Snapshot) -> None:
    sums, ids = Counter[tuple[str, str, str]](), defaultdict[tuple[str, str, str], set[str]](set)
    for trade in naive.trades:
        for role, payee, amount in trade["parts"]:
            if role not in {"seller", "buyer"} and amount:
                sums[role, payee, trade["asset"]] += amount
                ids[role, payee, trade["asset"]].add(trade["id"])
    rows = fees_and_royalties(snapshot)
    assert {(r.role, r.payee, r.asset): r.amount for r in rows} == dict(sums)
    assert {(r.role, r.payee, r.asset): r.sales for r in rows} == {
        key: len(found) for key, found in ids.items()
    }
    assert {row.role for row in rows} == {
        *("community", "creator", "referrer", "arbiter", "sponsor")
    }


def test_owed_against_paid(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    owed, credited, withdrawn = (Counter[tuple[str, str, str]]() for _ in range(3))
    for market, role, payee, asset, amount in naive.dues():
        owed[market, payee, asset] += amount
        if role == "community" and (market != "CreationMarket" or asset == COIN):
            credited[market, payee, asset] += amount
    for market in MARKETS:
        for values, _ in naive.of("Credited", market=market):
            payee, asset, amount = credit_of(values)
            credited[market, payee, asset] += amount
        for values, _ in naive.of("Withdrawn", market=market):
            payee, asset, amount = credit_of(values)
            withdrawn[market, payee, asset] += amount
    rows = owed_against_paid(snapshot)
    assert {(row.market, row.payee, row.asset) for row in rows} == owed.keys()
    for row in rows:
        key = (row.market, row.payee, row.asset)
        assert (row.owed, row.credited, row.withdrawn) == (
            owed[key],
            credited[key],
            withdrawn[key],
        )
        assert row.owed == row.paid + row.credited
        assert row.credited == row.withdrawn + row.waiting
        market = day.contracts[row.market]
        assert row.waiting == market.call("creditOf", row.asset, row.payee)
    assert any(row.waiting for row in rows)
    assert any(row.withdrawn and row.waiting for row in rows)


def test_money_in_and_out(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    rows = {(row.market, row.asset): row for row in money_in_and_out(snapshot)}
    for row in rows.values():
        assert row.came_in == row.paid + row.withdrawn + row.in_escrow + row.waiting
        holds = day.chain.balance(day.contracts[row.market].address)
        if row.asset != COIN:
            token = Contract(day.chain, "ERC20", row.asset, day.token.abi)
            holds = token.call("balanceOf", day.contracts[row.market].address)
        assert row.in_escrow + row.waiting == holds
    sold = Counter[tuple[str, str]]()
    for trade in naive.trades:
        if trade["market"] == "CreationMarket":
            sold["CreationMarket", trade["asset"]] += trade["amount"]
    change = sum(due[4] for due in naive.dues() if due[1] == "change")
    for key, amount in sold.items():
        extra = change if key[1] == COIN else 0
        assert rows[key].came_in + rows[key].straight == amount + extra
        assert (rows[key].straight == 0) == (key[1] == COIN)
    assert change == 234


def test_payments_at_once_are_the_tokens_own_transfers(naive: Naive, snapshot: Snapshot) -> None:
    """Markets never say what they paid at once; the token does. What buyers paid straight to
    others stands in no transfer of a market's."""
    token, moved, came_in = naive.day.token, Counter[tuple[str, str]](), Counter[str]()
    names = {naive.day.contracts[name].address: name for name in MARKETS}
    for log in token.logs("Transfer", 0):
        values = token.decode_log("Transfer", log)
        if values["from"] in names:
            moved[names[values["from"]], values["to"]] += values["value"]
        if values["to"] in names:
            came_in[names[values["to"]]] += values["value"]
    rows = [
        row
        for row in owed_against_paid(snapshot)
        if row.asset == token.address and row.market != "CreationMarket"
    ]
    assert {
        (row.market, row.payee): row.paid + row.withdrawn
        for row in rows
        if row.paid + row.withdrawn
    } == moved
    flows = [row for row in money_in_and_out(snapshot) if row.asset == token.address]
    assert {row.market: row.came_in for row in flows if row.came_in} == came_in


# Rewards


def _pool_events(naive: Naive, day: Day) -> tuple[Contract, list[Happened]]:
    address = day.manifest().address(POOL)
    pool = Contract(day.chain, POOL, address, load_abi(POOL))
    return pool, naive._events(pool)


def test_rewards_by_epoch(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    pool, events = _pool_events(naive, day)
    start, seconds = pool.call("START"), pool.call("EPOCH_SECONDS")
    happened: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)

    def add(at: int, asset: str, **amounts: int) -> None:
        if at >= start:
            happened[(at - start) // seconds + 1, asset].update(amounts)

    for trade in naive.trades:
        for at, parts in trade["steps"]:
            fee = sum(amount for role, _, amount in parts if role == "community")
            add(at, trade["asset"], fees=fee)
    for name, values, at in events:
        if name == "Claimed":
            add(at, day.token.address, claimed=values["amount"])
        elif name == "IncomeCollected":
            divided = {"to_rewards": values["rewards"], "to_treasury": values["treasury"]}
            add(at, values["asset"], **divided)
        elif name == "RootPosted":
            happened[values["epoch"], day.token.address]["minted"] += values["minted"]
    # The first root was stopped, the second counts, the third waits.
    totals = [values["total"] for name, values, _ in events if name == "RootPosted"]
    happened[1, day.token.address]["granted"] = totals[1]
    happened[2, day.token.address]["granted"] = totals[2] - totals[1]

    rows = rewards_by_epoch(snapshot)
    names = ("fees", "to_rewards", "to_treasury", "granted", "minted", "claimed")
    assert {
        (row.epoch, row.asset): {name: getattr(row, name) for name in names if getattr(row, name)}
        for row in rows
        if any(getattr(row, name) for name in names)
    } == {
        key: {name: amount for name, amount in sums.items() if amount}
        for key, sums in happened.items()
        if any(sums.values())
    }
    assert sum(row.fees for row in rows) > 0
    last = (naive.now - start) // seconds + 1
    of_token = [row for row in rows if row.asset == day.token.address]
    assert [row.epoch for row in of_token] == list(range(1, last + 1))
    waits = [at for name, values, at in events if name == "RootPosted"][-1]
    counts = waits + pool.call("CHALLENGE_SECONDS") <= naive.now
    assert of_token[0].state == "claimable"
    assert of_token[1].state == ("claimable" if counts else "posted")
    assert of_token[-1].state in {"running", "posted"}
    assert [row.starts_at for row in of_token[1:]] == [row.ends_at for row in of_token[:-1]]
    assert of_token[0].starts_at == start


def test_rewards_by_account(naive: Naive, day: Day, snapshot: Snapshot) -> None:
    _, events = _pool_events(naive, day)
    sums = Counter[str]()
    for name, values, _ in events:
        if name == "Claimed":
            sums[values["account"]] += values["amount"]
    rows = rewards_by_account(snapshot)
    assert {row.account: row.amount for row in rows} == sums
    assert [row.amount for row in rows] == sorted(sums.values(), reverse=True)
    assert {row.asset for row in rows} == {day.token.address}


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
    from tests.dokkaebi.ledger.test_store import IDENTITY, batch

    with open_ledger(tmp_path / "l", IDENTITY) as ledger:
        ledger.write(batch())
    with read_ledger(tmp_path / "l") as snapshot:
        assert all(rows == [] for rows in answer(snapshot).values())


# People


def _nearest_rank(values: list[int], percent: int) -> int:
    """By counting: the smallest value that at least so many percent of all don't exceed."""
    return next(
        value
        for value in sorted(values)
        if sum(other <= value for other in values) * 100 >= percent * len(values)
    )


def test_settlement_times(naive: Naive, snapshot: Snapshot) -> None:
    spans: dict[tuple[str, str], list[int]] = defaultdict(list)
    shipped = {values["tradeId"]: time for values, time in naive.of("EscrowShipped")}
    halves: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for trade in naive.trades:
        if trade["market"] != "EscrowMarket" or trade["ended"] is None:
            continue
        key = trade["kind"], REASONS[trade["reason"]]
        spans[key].append(trade["ended"] - trade["funded"])
        sent = shipped.get(bytes.fromhex(trade["id"][2:]))
        if sent and trade["percents"] == [100]:
            halves[key].append((sent - trade["funded"], trade["ended"] - sent))
    rows = {(row.kind, row.reason): row for row in settlement_times(snapshot)}
    assert {key: row.trades for key, row in rows.items()} == {k: len(v) for k, v in spans.items()}
    assert len(rows) >= 7
    for key, row in rows.items():
        mine = spans[key]
        assert (row.fastest, row.slowest) == (min(mine), max(mine))
        assert row.median == _nearest_rank(mine, 50)
        assert row.ninth_decile == _nearest_rank(mine, 90)
        for position, median in enumerate((row.to_ship, row.to_end)):
            of = [half[position] for half in halves[key]]
            assert median == (_nearest_rank(of, 50) if of else None)
    assert any(row.fastest < row.slowest for row in rows.values())


@pytest.mark.parametrize(
    ("values", "part", "of", "wanted"),
    [([7], 1, 2, 7), ([1, 2], 1, 2, 1), ([3, 1, 2], 1, 2, 2), (list(range(1, 11)), 9, 10, 9)],
)
def test_quantiles_are_values_of_their_own(
    values: list[int], part: int, of: int, wanted: int
) -> None:
    assert quantile(values, part, of) == wanted == _nearest_rank(values, 100 * part // of)


def test_repeat_customers(naive: Naive, snapshot: Snapshot) -> None:
    rows = {row.seller: row for row in repeat_customers(snapshot)}
    sales = naive.sales()
    assert rows.keys() == {trade["seller"] for trade in sales}
    for seller, row in rows.items():
        mine = [trade["buyer"] for trade in sales if trade["seller"] == seller]
        again = [buyer for buyer in mine if mine.count(buyer) > 1]
        assert (row.sales, row.buyers) == (len(mine), len(set(mine)))
        assert (row.returning, row.sales_to_returning) == (len(set(again)), len(again))
        assert row.returning_bps == len(again) * BPS // len(mine)
    assert {row.returning > 0 for row in rows.values()} == {True, False}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", "America/New_York"])
@pytest.mark.parametrize(
    ("by", "form"), [("day", "%Y-%m-%d"), ("week", "%G-W%V"), ("month", "%Y-%m")]
)
def test_market_health(naive: Naive, snapshot: Snapshot, zone: str, by: str, form: str) -> None:
    def period(moment: int) -> str:
        return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime(form)

    made = [(v, t) for name, v, t in naive.registry if name == "CreationRegistered"]
    opened = naive.of("EscrowDisputed")
    first_made, first_bought = dict[str, str](), dict[str, str]()
    for values, time in made:
        first_made.setdefault(values["creator"], period(time))
    for trade in sorted(naive.trades, key=lambda trade: trade["funded"]):
        first_bought.setdefault(trade["buyer"], period(trade["funded"]))
    rows = market_health(snapshot, Calendar(zone, by))
    days = range(made[0][1], naive.now + 1, 3600)
    assert [row.period for row in rows] == list(
        dict.fromkeys([*map(period, days), period(naive.now)])
    )
    for row in rows:
        works = [values["creator"] for values, time in made if period(time) == row.period]
        begun = [trade for trade in naive.trades if period(trade["funded"]) == row.period]
        ended = [
            trade
            for trade in naive.trades
            if trade["ended"] and period(trade["ended"]) == row.period
        ]
        quarrels = sum(period(time) == row.period for _, time in opened)
        buyers = {trade["buyer"] for trade in begun}
        assert (row.works, row.makers) == (len(works), len(set(works)))
        assert row.new_makers == sum(first_made[who] == row.period for who in set(works))
        assert (row.trades, row.buyers) == (len(begun), len(buyers))
        assert row.sellers == len({trade["seller"] for trade in begun})
        assert row.new_buyers == sum(first_bought[who] == row.period for who in buyers)
        assert row.sales == sum(naive.sold(trade) > 0 for trade in ended)
        assert row.refunds == sum(naive.sold(trade) == 0 for trade in ended)
        assert row.disputes == quarrels
        assert row.disputes_bps == (quarrels * BPS // len(begun) if begun else None)
        spans = [t["ended"] - t["funded"] for t in ended if t["market"] == "EscrowMarket"]
        assert row.median == (_nearest_rank(spans, 50) if spans else None)
    assert sum(row.trades for row in rows) == len(naive.trades)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", "America/New_York"])
def test_days_are_those_of_the_zone(naive: Naive, snapshot: Snapshot, zone: str) -> None:
    counts = Counter(
        datetime.fromtimestamp(trade["ended"], ZoneInfo(zone)).strftime("%Y-%m-%d")
        for trade in naive.sales()
    )
    seen = Counter[str]()
    for row in sales_by_day(snapshot, Calendar(zone)):
        seen[row.day] += row.sales
    assert seen == counts


# Finality


class Until:
    """A node that knows no block after one."""

    def __init__(self, chain: Chain, block_number: int) -> None:
        self._chain = chain
        self.block_number = block_number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


def _without_time(row: Any) -> tuple[Any, ...]:
    """A row without what depends on the time at which it is looked at."""
    changing = {"final", "overdue"} | (set() if isinstance(row, BidRow) else {"status"})
    return tuple(getattr(row, f.name) for f in fields(row) if f.name not in changing)


def test_rows_say_whether_they_are_final(day: Day, identity: Identity, tmp_path: Path) -> None:
    """With each block final up to the middle, just what later blocks touched isn't final."""
    head = day.chain.block_number
    middle = head // 2
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=head - middle)
    with open_ledger(tmp_path / "old", identity) as ledger:
        index(cast(Chain, Until(day.chain, middle)), identity, ledger)
    with read_ledger(tmp_path / "l") as now, read_ledger(tmp_path / "old") as then:
        assert now.cursor.final_number == then.cursor.block_number == middle
        before, after = answer(then), answer(now)
        names = ("works_by_creator", "requests", "trades", "auctions", "swaps", "bids")
        mixed = Counter[bool]()
        for name in names:
            known = {_without_time(row) for row in before[name]}
            for row in after[name]:
                mixed[row.final] += 1
                if row.final:
                    assert _without_time(row) in known, row
        assert mixed[True] > 10
        assert mixed[False] > 10
