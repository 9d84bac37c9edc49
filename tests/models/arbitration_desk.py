"""`IArbitrationDesk` in plain Python, written from its NatSpec, and an ERC-792 arbitrator that
cheats as `MockCrookedArbitrator` does."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.models.books import Refused, refuse_if
from tests.models.escrow_market import DISPUTED, EscrowMarket, trade_id
from tests.models.till import BPS
from tests.models.town import COIN, NOBODY, Town

RULING_MAX = 3
# 0: the arbitrator refuses.
SELLER_BPS = {1: 0, 2: BPS, 3: BPS // 2}
NO_TRICK, RAISE_PRICE, SAME_NUMBER, PAY_BACK = range(4)


class Case(NamedTuple):
    """As `disputeOf` answers."""

    number: int
    submitter: str
    ruled: bool = False
    ruling: int = 0


NO_CASE = Case(0, NOBODY)


class Arbitrator:
    """Takes exactly what it asks, unless it is told to cheat."""

    def __init__(self, town: Town, address: str) -> None:
        self.town, self.address = town, address
        self.state = town.books.open("arbitrator")
        for key, value in (("cost", 1_000), ("appeal", 3_000), ("cases", 0), ("trick", NO_TRICK)):
            self.state.put_back(key, value)

    def create(self, payer: str, value: int) -> int:
        """A dispute's number."""
        trick = self.state["trick"]
        if trick == RAISE_PRICE:
            raise Refused(("Payment_Wrong", value, 2 * self.state["cost"]))
        self.town.move(COIN, payer, self.address, value)
        number = self.state["cases"]
        self.state.add("cases", 1)
        return 0 if trick == SAME_NUMBER else number


class ArbitrationDesk:
    """`cases`: by the trade's id; `trades`: by the dispute's number."""

    def __init__(
        self, town: Town, address: str, market: EscrowMarket, arbitrator: Arbitrator
    ) -> None:
        self.town, self.address, self.market = town, address, market
        self.arbitrator = arbitrator
        self.cases = town.books.open("cases", NO_CASE)
        self.trades = town.books.open("disputes", None)

    def submit(self, caller: str, terms: Any, value: int) -> None:
        key = trade_id(terms)
        state, deadline, _ = self.market.state_of(key)
        before = state == DISPUTED and self.town.now <= deadline
        case, cost = self.cases[key], self.arbitrator.state["cost"]
        refuse_if(
            (not (before and terms.arbiter == self.address), "Trade_NotHere", key),
            (case.submitter != NOBODY, "Trade_AlreadySubmitted", key, case.number),
            (value != cost, "Value_Wrong", value, cost),
        )
        number = self.arbitrator.create(self.address, value)
        refuse_if((self.trades[number] is not None, "Dispute_NotNew", number))
        self.cases[key] = Case(number, caller)
        self.trades[number] = key
        self.town.say(
            self.address, "Dispute", self.arbitrator.address, number, 0, int.from_bytes(key, "big")
        )

    def appeal(self, number: int, value: int) -> None:
        cost = self.arbitrator.state["appeal"]
        unknown = self.trades[number] is None
        refuse_if(
            (unknown, "Dispute_Unknown", number),
            (not unknown and value != cost, "Value_Wrong", value, cost),
        )
        self.town.move(COIN, self.address, self.arbitrator.address, value)

    def rule(self, caller: str, number: int, ruling: int) -> None:
        arbitrator, key = self.arbitrator.address, self.trades[number]
        refuse_if(
            (caller != arbitrator, "Caller_NotArbitrator", caller, arbitrator),
            (key is None, "Dispute_Unknown", number),
            (
                key is not None and (self.cases[key].ruled or ruling > RULING_MAX),
                "Ruling_NotAllowed", number, ruling,
            ),
        )  # fmt: skip
        self.cases[key] = self.cases[key]._replace(ruled=True, ruling=ruling)
        self.town.say(self.address, "Ruling", arbitrator, number, ruling)

    def carry_out(self, terms: Any) -> None:
        """Rules in the market as the desk; the arbiter's fee is the submitter's."""
        key = trade_id(terms)
        case = self.cases[key]
        refuse_if((case.ruling == 0, "Ruling_Missing", key))
        self.market.rule(self.address, terms, SELLER_BPS[case.ruling], case.submitter)
