"""EscrowMarket in plain Python, written from the interface's NatSpec and not from the Solidity.

Money is counted per asset: who holds what, what is in escrow, who has credit.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

BPS = 10_000
FEE_BPS = 100
PARENTS_SHARE_BPS = 5_000


@dataclass
class ModelTrade:
    """A delivered trade under way."""

    seller: str
    buyer: str
    referrer: str | None
    asset: str
    amount: int
    referral_bps: int
    inspect_seconds: int
    state: str
    deadline: int


@dataclass
class MarketModel:
    """Everything the market owes, and whom it must have paid so far."""

    treasury: str
    refusing: set[str] = field(default_factory=set)
    trades: dict[bytes, ModelTrade] = field(default_factory=dict)
    credit: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def held(self, asset: str) -> int:
        """What the market must hold: escrow and credits."""
        escrow = sum(t.amount for t in self.trades.values() if t.asset == asset)
        return escrow + sum(v for (a, _), v in self.credit.items() if a == asset)

    def fund(self, trade_id: bytes, trade: ModelTrade) -> None:
        assert trade_id not in self.trades
        self.trades[trade_id] = trade

    def ship(self, trade_id: bytes, now: int) -> None:
        trade = self.trades[trade_id]
        trade.state, trade.deadline = "shipped", now + trade.inspect_seconds

    def release(self, trade_id: bytes) -> None:
        """The seller's favour: fee to the community, commission, the rest to the seller."""
        trade = self.trades.pop(trade_id)
        fee = trade.amount * FEE_BPS // BPS
        referral = trade.amount * trade.referral_bps // BPS if trade.referrer else 0
        self.credit[trade.asset, self.treasury] += fee
        if trade.referrer:
            self._pay(trade.asset, trade.referrer, referral)
        self._pay(trade.asset, trade.seller, trade.amount - fee - referral)

    def refund(self, trade_id: bytes) -> None:
        """The buyer's favour: all of it."""
        trade = self.trades.pop(trade_id)
        self._pay(trade.asset, trade.buyer, trade.amount)

    def sell(
        self, asset: str, price: int, seller: str, creators: list[str], royalty_bps: int
    ) -> None:
        """An instant sale of a work; `creators` are its own creator, then its parents'."""
        fee = price * FEE_BPS // BPS
        royalty = price * royalty_bps // BPS
        own, *parents = creators
        share = royalty * PARENTS_SHARE_BPS // BPS // len(parents) if parents else 0
        parts = [(own, royalty - share * len(parents)), *((parent, share) for parent in parents)]
        rest = price - fee
        for creator, amount in parts:
            if creator != seller:
                self._pay(asset, creator, amount)
                rest -= amount
        self.credit[asset, self.treasury] += fee
        self._pay(asset, seller, rest)

    def withdraw(self, asset: str, payee: str) -> int:
        amount = self.credit.pop((asset, payee))
        self.paid[asset, payee] += amount
        return amount

    def _pay(self, asset: str, payee: str, amount: int) -> None:
        if payee in self.refusing:
            self.credit[asset, payee] += amount
        else:
            self.paid[asset, payee] += amount
