"""Random lives of the three markets, told by their events alone: whatever comes, every unit that
came in is paid, withdrawn, in escrow or waiting, and the ledger never stumbles."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dokkaebi.chain.terms import TradeTerms, pack_terms, worths_of
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.money import money_in_and_out, owed_against_paid
from dokkaebi.ledger.reports.questions import trades
from dokkaebi.ledger.rows import COIN, NO_BYTES, Record
from dokkaebi.ledger.store import Snapshot, open_ledger, read_ledger
from tests.dokkaebi.ledger.test_store import ADDRESSES, IDENTITY, batch

TOKEN, COMMUNITY = "0x" + "ee" * 20, "0x" + "cc" * 20
PEOPLE = [f"0x{n:040x}" for n in range(1, 7)]
SHOP, ESCROW, HOUSE = "CreationMarket", "EscrowMarket", "AuctionHouse"
Till = tuple[str, str]
Beside = list[tuple[str, dict[str, Any]]]


class Life:
    """Makes events as the contracts would, and keeps each till as a single number."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.records: list[Record] = []
        self.holds: Counter[Till] = Counter()
        self.credits: Counter[tuple[str, str, str]] = Counter()
        self.live: dict[str, dict[str, Any]] = {}
        self.lots: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, dict[str, Any]] = {}
        self.count = 0
        for market in (SHOP, ESCROW, HOUSE):
            place = {"registry": ADDRESSES["CreationRegistry"], "feeRecipient": COMMUNITY}
            self.say(market, "MarketOpened", **place, feeBps=100)

    def say(self, market: str, event: str, **values: Any) -> None:
        place, number = ADDRESSES[market], len(self.records)
        self.records.append(
            Record(market, place, event, values, 1, number, "0xfeed", 1_700_000_000)
        )

    def new_id(self) -> str:
        self.count += 1
        return f"0x{self.count:064x}"

    def price(self) -> int:
        return self.dice.choice([1, 7, 10_000, self.dice.getrandbits(100) + 1, 2**128 - 1])

    def asset(self) -> str:
        return self.dice.choice([COIN, TOKEN])

    def persons(self, count: int) -> list[str]:
        return self.dice.sample(PEOPLE, count)

    def divide(self, amount: int) -> tuple[int, int, dict[str, int]]:
        """Fee, referral and some creators' parts, as little or as much as the seller has."""
        fee = amount // 100
        referral = self.dice.choice([0, amount // 20])
        most, parts = amount - fee - referral, {}
        for creator in self.persons(self.dice.randrange(4)):
            part = self.dice.choice([most, self.dice.randrange(most + 1)])
            most -= part
            if part:
                parts[creator] = part
        return fee, referral, parts

    def pay(self, market: str, document: str, asset: str, payee: str, amount: int) -> None:
        """At once, or by a credit."""
        if not amount:
            return
        if self.dice.random() < 0.7:
            self.holds[market, asset] -= amount
        else:
            self.credits[market, asset, payee] += amount
            values = {"tradeId": document, "payee": payee, "asset": asset, "amount": amount}
            self.say(market, "Credited", **values)

    def distribute(
        self,
        market: str,
        document: str,
        asset: str,
        seller: str,
        amount: int,
        announce: Callable[[int], None],
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """What `Till` does with an amount that a market holds. `between`: a payee's mischief."""
        fee, referral, creators = self.divide(amount)
        announce(fee)
        alone = len(creators) == 1
        if alone:
            for creator, part in creators.items():
                self.say(market, "RoyaltyPaid", tradeId=document, payee=creator, amount=part)
        if referral:
            self.say(market, "ReferralPaid", tradeId=document, payee=PEOPLE[5], amount=referral)
        self.credits[market, asset, COMMUNITY] += fee
        rest = amount - fee - referral - sum(creators.values())
        self.pay(market, document, asset, seller, rest)
        between()
        for creator, part in creators.items():
            if part and not alone:
                self.say(market, "RoyaltyPaid", tradeId=document, payee=creator, amount=part)
            self.pay(market, document, asset, creator, part)
        if referral:
            self.pay(market, document, asset, PEOPLE[5], referral)

    # Acts

    def sell(self) -> None:
        seller, buyer = self.persons(2)
        document, asset, price = self.new_id(), self.asset(), self.price()
        for _ in range(self.dice.choice([1, 1, 1, 2])):
            fee, referral, creators = self.divide(price)
            alone = next(iter(creators)) if len(creators) == 1 else COIN
            self.say(
                SHOP,
                "SaleSettled",
                documentId=document,
                seller=seller,
                buyer=buyer,
                collection=TOKEN,
                creationId=9,
                asset=asset,
                price=price,
                referrer=PEOPLE[5] if referral else COIN,
                creator=alone,
                royalty=sum(creators.values()),
                referral=referral,
                fee=fee,
            )
            # Coins came in; tokens do only where they must be credited.
            self.holds[SHOP, asset] += price if asset == COIN else 0
            if asset == COIN:
                self.credits[SHOP, COIN, COMMUNITY] += fee
            dues = [(seller, price - fee - referral - sum(creators.values()))]
            dues += [*creators.items(), (PEOPLE[5], referral)]
            for payee, amount in dues if asset == COIN else [*dues, (COMMUNITY, fee)]:
                if alone == COIN and (payee, amount) in creators.items():
                    values = {"tradeId": document, "payee": payee, "amount": amount}
                    self.say(SHOP, "RoyaltyPaid", **values)
                if asset == COIN:
                    self.pay(SHOP, document, COIN, payee, amount)
                elif amount and self.dice.random() < 0.3:
                    self.holds[SHOP, asset] += amount
                    self.credits[SHOP, asset, payee] += amount
                    values = {"tradeId": document, "payee": payee, "asset": asset}
                    self.say(SHOP, "Credited", **values, amount=amount)
        if asset == COIN and self.dice.random() < 0.3:
            self.holds[SHOP, COIN] += 5
            self.credits[SHOP, COIN, buyer] += 5
            values = {"tradeId": NO_BYTES, "payee": buyer, "asset": COIN, "amount": 5}
            self.say(SHOP, "Credited", **values)

    def fund(self, document: str = "", **terms: Any) -> None:
        seller, buyer = self.persons(2)
        trade = {"seller": seller, "buyer": buyer, "asset": self.asset(), "amount": self.price()}
        trade |= terms
        parts = self.dice.choice([(), (50, 50), (1, 98, 1), (33, 33, 34)])
        key = self.new_id()
        packed = pack_terms(TradeTerms(1, 1, 1, 0, 0, 0, 0, parts))
        more = {"offerId": document or self.new_id(), "referrer": COIN, "arbiter": PEOPLE[4]}
        self.say(
            ESCROW,
            "EscrowFunded",
            tradeId=key,
            offerId=more["offerId"],
            buyer=trade["buyer"],
            trade={**trade, **more, "creationId": 0, "terms": packed},
            units=1,
            details=NO_BYTES,
            shipDeadline=5,
        )
        if not document:
            self.holds[ESCROW, trade["asset"]] += trade["amount"]
        self.live[key] = {**trade, "worths": worths_of(trade["amount"], parts)}

    def move(self) -> None:
        """A step of a live trade."""
        if not self.live:
            return
        key = self.dice.choice(list(self.live))
        trade = self.live[key]
        step = self.dice.choice(["ship", "dispute", "part", "part", "refund", "divide"])
        if step == "ship":
            self.say(ESCROW, "EscrowShipped", tradeId=key, shipment=NO_BYTES, inspectDeadline=6)
        elif step == "dispute" and not trade.get("disputed"):
            trade["disputed"] = True
            self.say(ESCROW, "EscrowDisputed", tradeId=key, arbiter=PEOPLE[4], rulingDeadline=7)
        elif step == "part":
            self.release(key)
        elif step == "refund":
            del self.live[key]
            self.say(ESCROW, "EscrowRefunded", tradeId=key, reason=2)
            self.pay(ESCROW, key, trade["asset"], trade["buyer"], sum(trade["worths"]))
        elif step == "divide":
            self.split(key)

    def release(self, key: str) -> None:
        trade = self.live[key]
        worth, trade["disputed"] = trade["worths"].pop(0), False
        last = not trade["worths"]
        if last:
            del self.live[key]

        def announce(fee: int) -> None:
            values = {"tradeId": key, "reason": 0, "fee": fee}
            if last:
                self.say(ESCROW, "EscrowReleased", **values)
            else:
                self.say(ESCROW, "PartReleased", **values, part=0, amount=worth, shipDeadline=8)

        def nested() -> None:
            # A creator who is the buyer confirms the next part while this one is being paid.
            if not last and self.dice.random() < 0.5:
                self.release(key)

        place = (ESCROW, key, trade["asset"], trade["seller"])
        self.distribute(*place, worth, announce, nested)

    def split(self, key: str) -> None:
        trade = self.live.pop(key)
        rest = sum(trade["worths"])
        arbiter_fee = rest * self.dice.choice([0, 5]) // 100
        to_buyer = self.dice.choice([0, (rest - arbiter_fee) // 3, rest - arbiter_fee])
        who = PEOPLE[3] if arbiter_fee else COIN

        def announce(fee: int) -> None:
            values = {"tradeId": key, "reason": 4, "toBuyer": to_buyer, "arbiterFee": arbiter_fee}
            self.say(ESCROW, "EscrowDivided", **values, feeRecipient=who, fee=fee)

        place = (ESCROW, key, trade["asset"], trade["seller"])
        self.distribute(*place, rest - to_buyer - arbiter_fee, announce)
        self.pay(ESCROW, key, trade["asset"], trade["buyer"], to_buyer)
        self.pay(ESCROW, key, trade["asset"], who, arbiter_fee)

    def request(self) -> None:
        (buyer,) = self.persons(1)
        key, asset, price = self.new_id(), self.asset(), self.price()
        terms = {"seller": COIN, "buyer": buyer, "creationId": 0, "tenure": 0, "asset": asset}
        small = dict.fromkeys(("expiry", "shipSeconds", "inspectSeconds", "nonce"), 9)
        more = {"price": price, "arbiter": COIN, "parts": [], "details": NO_BYTES}
        request = {**terms, **small, **more}
        self.say(ESCROW, "WorkRequested", requestId=key, buyer=buyer, request=request)
        self.holds[ESCROW, asset] += price
        self.requests[key] = request

    def answer(self) -> None:
        if not self.requests:
            return
        key, request = self.requests.popitem()
        if self.dice.random() < 0.5:
            self.say(ESCROW, "RequestRetracted", requestId=key, buyer=request["buyer"])
            self.pay(ESCROW, key, request["asset"], request["buyer"], request["price"])
        else:
            seller = self.dice.choice([p for p in PEOPLE if p != request["buyer"]])
            terms = {"amount": request["price"], "asset": request["asset"]}
            self.fund(key, buyer=request["buyer"], seller=seller, **terms)

    def bid(self) -> None:
        seller, bidder = self.persons(2)
        if not self.lots or self.dice.random() < 0.3:
            key, asset = self.new_id(), self.asset()
            place = {"collection": TOKEN, "creationId": 3, "tenure": 0, "asset": asset}
            small = {"reserve": 1, "stepBps": 100, "endsAt": 9, "extensionSeconds": 0, "nonce": 0}
            auction = {"seller": seller, **place, **small}
            self.say(HOUSE, "AuctionOpened", auctionId=key, seller=seller, auction=auction)
            self.lots[key] = {"seller": seller, "asset": asset, "bidder": "", "amount": 0}
        key = self.dice.choice(list(self.lots))
        lot = self.lots[key]
        amount = lot["amount"] + self.dice.choice([1, self.dice.getrandbits(90) + 1])
        self.say(HOUSE, "AuctionBid", auctionId=key, bidder=bidder, amount=amount, deadline=9)
        self.holds[HOUSE, lot["asset"]] += amount
        if lot["bidder"]:
            self.pay(HOUSE, key, lot["asset"], lot["bidder"], lot["amount"])
        lot |= {"bidder": bidder, "amount": amount}

    def hammer(self) -> None:
        over = [key for key, lot in self.lots.items() if lot["bidder"]]
        if not over:
            return
        key = self.dice.choice(over)
        lot = self.lots.pop(key)

        def announce(fee: int) -> None:
            values = {"winner": lot["bidder"], "price": lot["amount"], "fee": fee}
            self.say(HOUSE, "AuctionSettled", auctionId=key, **values)

        self.distribute(HOUSE, key, lot["asset"], lot["seller"], lot["amount"], announce)

    def withdraw(self) -> None:
        waiting = [key for key, amount in self.credits.items() if amount]
        if not waiting:
            return
        market, asset, payee = key = self.dice.choice(waiting)
        amount = self.credits.pop(key)
        self.holds[market, asset] -= amount
        self.say(market, "Withdrawn", payee=payee, asset=asset, to=PEOPLE[2], amount=amount)

    def live_on(self, steps: int) -> None:
        acts = (
            *(self.sell, self.fund, self.move, self.move, self.move),
            *(self.request, self.answer, self.bid, self.bid, self.hammer, self.withdraw),
        )
        for _ in range(steps):
            self.dice.choice(acts)()


@pytest.fixture
def told(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Life, Snapshot]]:
    """A life, and a ledger of its events."""
    life = Life(request.param)
    life.live_on(120)
    with open_ledger(tmp_path / "l", IDENTITY) as ledger:
        known = {"name": "X", "symbol": "X", "decimals": 0, "block_number": 1}
        assets = [{"address": asset, **known} for asset in (COIN, TOKEN)]
        ledger.write(batch(*life.records, assets=assets))
    with read_ledger(tmp_path / "l") as snapshot:
        yield life, snapshot


@pytest.mark.parametrize("told", range(12), indirect=True)
def test_every_till_holds_what_the_books_say(told: tuple[Life, Snapshot]) -> None:
    life, snapshot = told
    flows = money_in_and_out(snapshot)
    for row in flows:
        assert row.came_in == row.paid + row.withdrawn + row.in_escrow + row.waiting
        assert row.in_escrow + row.waiting == life.holds[row.market, row.asset.lower()]
    seen = {(row.market, row.asset.lower()) for row in flows}
    assert seen >= {till for till, amount in life.holds.items() if amount}
    rows = snapshot.rows(select(schema.credit))
    waiting = {(r["market"], r["asset"], r["payee"]): r["amount"] for r in rows if r["amount"]}
    assert waiting == {key: amount for key, amount in life.credits.items() if amount}


@pytest.mark.parametrize("told", range(12, 18), indirect=True)
def test_every_account_and_every_trade_add_up(told: tuple[Life, Snapshot]) -> None:
    _, snapshot = told
    for account in owed_against_paid(snapshot):
        assert account.owed == account.paid + account.credited
        assert account.credited == account.withdrawn + account.waiting
    shares = Counter[tuple[str, str]]()
    for row in snapshot.rows(select(schema.share)):
        shares[row["document_id"], row["role"]] += row["amount"]
    split = Counter[tuple[str, str]]()
    for trade in trades(snapshot):
        parts = trade.split
        whole = sum(getattr(parts, part) for part in parts.__dataclass_fields__)
        assert whole + trade.in_escrow == trade.amount
        split[trade.id, "seller"] += parts.seller
        split[trade.id, "creator"] += parts.royalty
        split[trade.id, "referrer"] += parts.referral
        split[trade.id, "community"] += parts.fee
    for key, amount in split.items():
        assert shares[key] == amount
