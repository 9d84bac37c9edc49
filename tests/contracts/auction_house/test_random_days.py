"""Days of random acts by many people, held against a model in Python, and drained in the end."""

from collections import Counter
from random import Random

import pytest
from brownie import ZERO_ADDRESS, chain
from brownie.exceptions import VirtualMachineError

from tests.contracts.auction_house.conftest import (
    ACCEPT,
    EXTENSION_TOTAL,
    REJECT,
    next_bid,
)
from tests.contracts.support import DAY, HOUR, TOKENS, sleep_to

ACTS = 90


class Day:
    """Auctions of a few people in one asset; `hostile` bids too, and refuses its money at times."""

    def __init__(self, random, house, own_work, money, people, hostile):
        self.random, self.house, self.own_work, self.money = random, house, own_work, money
        self.seller, self.bidders, self.hostile = people[0], people[1:], hostile
        self.refuses = False
        self.now = chain.time()
        # Of each auction: its document, and [bidder, amount, deadline] while it is open.
        self.lots = []
        self.owed = 0
        self.done = Counter()

    def tick(self, seconds=None):
        # Anvil gives each block a second of its own, so what went before may be ahead of the plan.
        self.now = max(self.now, chain[-1].timestamp)
        self.now += self.random.choice([1, 60, 600, 2 * HOUR]) if seconds is None else seconds
        sleep_to(chain, self.now)

    def act(self):
        acts = [self.bid] * 8 + [self.open, self.end, self.end, self.cancel, self.mood, self.mood]
        self.random.choice(acts)()

    def open(self):
        if len(self.lots) > 14:
            return
        terms = {
            "creation_id": self.own_work(500 + len(self.lots)),
            "asset": self.money.address,
            "reserve": self.random.choice([1, 99, 10**6, 10**15]),
            "step_bps": self.random.choice([100, 333, 5_000]),
            "extension_seconds": self.random.choice([0, 600, HOUR]),
            "ends_at": self.now + self.random.randint(6 * HOUR, 2 * DAY),
        }
        auction = self.house.opened(self.seller, **terms)
        self.now = chain[-1].timestamp
        self.lots.append((auction, [ZERO_ADDRESS, 0, auction.ends_at]))

    def bid(self):
        if not self.lots:
            return
        live = [pair for pair in self.lots if pair[1][2] > self.now]
        auction, lot = self.random.choice(live * 9 + self.lots)
        least = next_bid(lot[1], auction.step_bps) if lot[1] else auction.reserve
        amount = least + self.random.choice([-1, 0, 0, 1, least])
        if amount > TOKENS:
            return
        bidder = self.random.choice([*self.bidders, self.hostile])
        self.tick()
        allowed = amount >= least and self.now <= lot[2]
        if bidder == self.hostile and self.refuses and self.money.contract:
            # Its hook refuses to pay, too.
            allowed = False
        try:
            if bidder == self.hostile:
                self.house.bid_by(bidder, self.bidders[0], auction, amount)
            else:
                self.house.bid(auction, bidder, amount)
        except VirtualMachineError:
            assert not allowed
            self.done["refused bids"] += 1
            return
        assert allowed
        self.done["bids"] += 1
        if lot[0] == self.hostile and self.refuses:
            self.owed += lot[1]
            self.done["credits"] += 1
        latest = auction.ends_at + EXTENSION_TOTAL
        moved = min(self.now + auction.extension_seconds, latest)
        lot[:] = [bidder, amount, max(lot[2], moved)]

    def end(self):
        """Somebody tries to settle, early or not."""
        if not self.lots:
            return
        auction, lot = self.random.choice(self.lots)
        self.tick()
        try:
            self.house.contract.settle(auction, {"from": self.random.choice(self.bidders)})
        except VirtualMachineError:
            assert self.now <= lot[2] or not lot[1]
            return
        assert self.now > lot[2]
        self.settled(auction, lot)

    def settled(self, auction, lot):
        assert lot[1]
        self.done["settled"] += 1
        owner = self.house.registry.ownerOf(auction.creation_id)
        assert owner == getattr(lot[0], "address", lot[0])
        lot[:] = [ZERO_ADDRESS, 0, 0]

    def cancel(self):
        if not self.lots:
            return
        auction, lot = self.random.choice(self.lots)
        self.tick(1)
        try:
            self.house.contract.cancel(auction, {"from": self.seller})
        except VirtualMachineError:
            assert lot[1] or not lot[2]
            return
        assert lot[2]
        assert not lot[1]
        lot[:] = [ZERO_ADDRESS, 0, 0]

    def mood(self):
        self.refuses = not self.refuses
        self.hostile.setMode(REJECT if self.refuses else ACCEPT, {"from": self.bidders[0]})

    def check(self, treasury):
        """The house knows what the model knows."""
        for auction, lot in self.lots:
            assert self.house.state(auction) == tuple(lot)
        assert self.house.credit(self.money, self.hostile) == self.owed
        live = sum(lot[1] for _, lot in self.lots)
        fees = self.house.credit(self.money, treasury)
        assert self.money.of(self.house.contract) == live + self.owed + fees

    def drain(self, treasury):
        """Time, one settlement each, and one call of each payee."""
        self.hostile.setMode(ACCEPT, {"from": self.bidders[0]})
        chain.mine(timestamp=max(self.now, *(lot[2] for _, lot in self.lots)) + 1)
        for auction, lot in self.lots:
            if lot[1]:
                self.house.contract.settle(auction, {"from": self.bidders[0]})
                self.settled(auction, lot)
        for payee in (self.hostile, treasury):
            if self.house.credit(self.money, payee):
                self.house.contract.withdrawFor(self.money.address, payee, {"from": treasury})
        assert self.money.of(self.house.contract) == 0
        # Less would be a day on which nothing happens.
        assert self.done["bids"] > 15
        assert min(self.done[what] for what in ("refused bids", "credits", "settled")) > 0


@pytest.mark.parametrize("seed", range(3))
def test_a_random_day_follows_the_model_and_drains(
    house, own_work, coin, hostile, treasury, seller, buyer, stranger, referrer, seed
):
    people = (seller, buyer, stranger, referrer)
    day = Day(Random(seed), house, own_work, coin, people, hostile)
    for _ in range(4):
        day.open()
    for _ in range(ACTS):
        day.act()
    day.check(treasury)
    day.drain(treasury)


def test_a_random_day_in_tokens(
    house, own_work, hooked_money, hostile, treasury, seller, buyer, stranger, referrer
):
    people = (seller, buyer, stranger, referrer)
    day = Day(Random(9), house, own_work, hooked_money, people, hostile)
    for _ in range(4):
        day.open()
    for _ in range(ACTS):
        day.act()
    day.check(treasury)
    day.drain(treasury)


@pytest.fixture
def hooked_money(house, odd_token, MockHookToken, hostile, buyer, referrer):
    """A token that asks `hostile` before it moves anything to it, so that it can refuse."""
    money = odd_token(MockHookToken)
    token = money.contract
    for holder in (hostile, referrer):
        token.mint(holder, 100 * TOKENS, {"from": buyer})
    token.approve(house.contract, 2**255, {"from": referrer})
    approve = token.approve.encode_input(house.contract, 2**255)
    hostile.execute(token, 0, approve, {"from": buyer})
    token.setHooked(hostile, True, {"from": buyer})
    return money
