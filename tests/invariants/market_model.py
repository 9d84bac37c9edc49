"""EscrowMarket in plain Python, written from the interface's NatSpec and not from the Solidity.

Accounts, works and assets are whatever the test names them by. Each act has a question before it,
`why_not_…`, that gives the names of all errors which may be answered; no name means that the act
must succeed. Money is counted as what changed hands since the beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

BPS = 10_000
PARENTS_SHARE_BPS = 5_000
PRICE_MAX = 2**128 - 1
REFERRAL_BPS_MAX = 5_000
HOUR, DAY = 3_600, 86_400
INSTANT, DELIVERED = 0, 1
NONE, OPEN, FILLED = 0, 1, 2
FUNDED, SHIPPED = 1, 2
# Bounds of the windows in which to ship and to inspect, by kind.
WINDOWS = {INSTANT: ((0, 0), (0, 0)), DELIVERED: ((HOUR, 60 * DAY), (DAY, 30 * DAY))}


@dataclass
class Work:
    """A creation: its own creator first, then its parents'."""

    owner: str
    creators: list[str]
    royalty_bps: int
    tenure: int = 0

    def move(self, to: str) -> None:
        self.owner = to
        self.tenure += 1


@dataclass
class Trade:
    """A delivered trade, alive or ended (`NONE`)."""

    offer: Any
    buyer: str
    referrer: str
    deadline: int
    state: int = FUNDED


@dataclass
class MarketModel:
    """What everybody has, is owed and may do. `terms` of an offer are those of the interface."""

    address: str
    treasury: str
    nobody: str
    coin: str
    fee_bps: int
    works: dict[int, Work] = field(default_factory=dict)
    offers: dict[Hashable, tuple[Any, int]] = field(default_factory=dict)
    trades: dict[Hashable, Trade] = field(default_factory=dict)
    credit: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    change: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    refusing: set[tuple[str, str]] = field(default_factory=set)

    # Laws

    def held(self, asset: str) -> int:
        """What the market must hold: escrow and credits."""
        escrow = sum(
            t.offer.price
            for t in self.trades.values()
            if t.state != NONE and t.offer.asset == asset
        )
        return escrow + sum(v for (a, _), v in self.credit.items() if a == asset)

    def total(self, asset: str) -> int:
        """Everything that changed hands; nothing is made or lost."""
        return self.held(asset) + sum(v for (a, _), v in self.change.items() if a == asset)

    # Offer and cancel

    def why_not_offer(self, key: Hashable, terms: Any, sender: str, now: int) -> set[str]:
        (ship_min, ship_max), (inspect_min, inspect_max) = WINDOWS[terms.kind]
        return _reasons(
            Offer_NotSeller=sender != terms.seller,
            Offer_PriceOutOfRange=not 1 <= terms.price <= PRICE_MAX,
            Offer_ExpiryOutOfRange=not now < terms.expiry <= now + 365 * DAY,
            Offer_ReferralTooHigh=terms.referral_bps > REFERRAL_BPS_MAX,
            Offer_ShipWindowOutOfRange=not ship_min <= terms.ship_seconds <= ship_max,
            Offer_InspectWindowOutOfRange=not inspect_min <= terms.inspect_seconds <= inspect_max,
            Offer_CreationMissing=terms.kind == INSTANT and not terms.creation_id,
            Offer_AlreadyPublished=self.offer_state(key) != NONE,
        )

    def offer(self, key: Hashable, terms: Any) -> None:
        self.offers[key] = (terms, OPEN)

    def why_not_cancel(self, key: Hashable, sender: str) -> set[str]:
        is_open = self.offer_state(key) == OPEN
        return _reasons(
            Offer_NotOpen=not is_open,
            Offer_NotSeller=is_open and self.offers[key][0].seller != sender,
        )

    def cancel(self, key: Hashable) -> None:
        self.offers[key] = (self.offers[key][0], NONE)

    def offer_state(self, key: Hashable) -> int:
        return self.offers[key][1] if key in self.offers else NONE

    # Buy and fund

    def why_not_take(
        self, kind: int, key: Hashable, terms: Any, buyer: str, referrer: str, value: int, now: int
    ) -> set[str]:
        work = self.works.get(terms.creation_id)
        return _reasons(
            Offer_NotOpen=self.offer_state(key) != OPEN,
            Offer_KindWrong=terms.kind != kind,
            Offer_Expired=now > terms.expiry,
            Buyer_IsSeller=buyer == terms.seller,
            Referrer_NotAllowed=referrer in {buyer, terms.seller, self.address},
            Offer_CreationMoved=work is not None and work.tenure != terms.tenure,
            Value_Wrong=value != (terms.price if terms.asset == self.coin else 0),
            TransferFromFailed=terms.asset != self.coin and (terms.asset, buyer) in self.refusing,
            TransferFromIncorrectOwner=work is not None and work.owner != terms.seller,
        )

    def buy(self, key: Hashable, buyer: str, referrer: str) -> None:
        terms = self._take(key, buyer)
        self._divide(terms, referrer)
        self.works[terms.creation_id].move(buyer)

    def fund(self, key: Hashable, trade_key: Hashable, buyer: str, referrer: str, now: int) -> None:
        assert trade_key not in self.trades
        terms = self._take(key, buyer)
        self.trades[trade_key] = Trade(terms, buyer, referrer, now + terms.ship_seconds)
        self._hand_over(terms, self.address)

    def _take(self, key: Hashable, buyer: str) -> Any:
        terms, _ = self.offers[key]
        self.offers[key] = (terms, FILLED)
        self.change[terms.asset, buyer] -= terms.price
        return terms

    # The life of a trade

    def why_not_ship(self, key: Hashable, sender: str, now: int) -> set[str]:
        trade = self.trades[key]
        return _reasons(
            Trade_StateWrong=trade.state != FUNDED,
            Trade_NotSeller=trade.state != NONE and sender != trade.offer.seller,
            Trade_DeadlinePassed=trade.state == FUNDED and now > trade.deadline,
        )

    def ship(self, key: Hashable, now: int) -> None:
        trade = self.trades[key]
        trade.state, trade.deadline = SHIPPED, now + trade.offer.inspect_seconds

    def why_not_confirm(self, key: Hashable, sender: str, now: int) -> set[str]:
        trade = self.trades[key]
        ended = trade.state == NONE
        return _reasons(Trade_StateWrong=ended, Trade_NotBuyer=not ended and sender != trade.buyer)

    def confirm(self, key: Hashable, now: int) -> None:
        self._release(key)

    def why_not_refund(self, key: Hashable, sender: str, now: int) -> set[str]:
        trade = self.trades[key]
        ended = trade.state == NONE
        return _reasons(
            Trade_StateWrong=ended, Trade_NotSeller=not ended and sender != trade.offer.seller
        )

    def refund(self, key: Hashable, now: int) -> None:
        self._give_back(key)

    def why_not_claim_timeout(self, key: Hashable, sender: str, now: int) -> set[str]:
        trade = self.trades[key]
        ended = trade.state == NONE
        return _reasons(
            Trade_StateWrong=ended,
            Trade_DeadlineNotPassed=not ended and now <= trade.deadline,
        )

    def claim_timeout(self, key: Hashable, now: int) -> None:
        """Not shipped: the buyer's. Shipped: the seller's."""
        if self.trades[key].state == FUNDED:
            self._give_back(key)
        else:
            self._release(key)

    def _release(self, key: Hashable) -> None:
        trade = self.trades[key]
        trade.state = NONE
        self._hand_over(trade.offer, trade.buyer)
        self._divide(trade.offer, trade.referrer)

    def _give_back(self, key: Hashable) -> None:
        trade = self.trades[key]
        trade.state = NONE
        self._hand_over(trade.offer, trade.offer.seller)
        self._pay(trade.offer.asset, trade.buyer, trade.offer.price)

    def _hand_over(self, terms: Any, to: str) -> None:
        if terms.creation_id:
            self.works[terms.creation_id].move(to)

    # Money

    def _divide(self, terms: Any, referrer: str) -> None:
        """Royalty, commission and fee rounded down; the rest is the seller's, with any royalty of
        the seller's own."""
        price, asset = terms.price, terms.asset
        fee = price * self.fee_bps // BPS
        parts = [(referrer, price * terms.referral_bps // BPS)] if referrer != self.nobody else []
        if terms.creation_id:
            parts += [
                part
                for part in self._royalties(self.works[terms.creation_id], price)
                if part[0] != terms.seller
            ]
        self.credit[asset, self.treasury] += fee
        for payee, amount in parts:
            self._pay(asset, payee, amount)
        self._pay(asset, terms.seller, price - fee - sum(amount for _, amount in parts))

    def _royalties(self, work: Work, price: int) -> list[tuple[str, int]]:
        """Half to the parents' creators in equal parts, the rest to the work's own."""
        royalty = price * work.royalty_bps // BPS
        own, *parents = work.creators
        share = royalty * PARENTS_SHARE_BPS // BPS // len(parents) if parents else 0
        return [(own, royalty - share * len(parents)), *((parent, share) for parent in parents)]

    def _pay(self, asset: str, payee: str, amount: int) -> None:
        if (asset, payee) in self.refusing:
            self.credit[asset, payee] += amount
        else:
            self.change[asset, payee] += amount

    def why_not_withdraw(self, asset: str, payee: str) -> set[str]:
        owed = self.credit[asset, payee]
        return _reasons(
            Credit_Empty=not owed,
            Withdrawal_Failed=bool(owed) and (asset, payee) in self.refusing,
        )

    def withdraw(self, asset: str, payee: str) -> int:
        amount = self.credit.pop((asset, payee))
        self.change[asset, payee] += amount
        return amount


def _reasons(**checks: bool) -> set[str]:
    return {error for error, applies in checks.items() if applies}
