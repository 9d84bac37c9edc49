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
ARBITER_FEE_BPS_MAX = 500
NONE, FUNDED, SHIPPED, DISPUTED = 0, 1, 2, 3


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
    """A trade, alive or ended (`NONE`)."""

    offer: Any
    buyer: str
    referrer: str
    amount: int
    deadline: int
    state: int = FUNDED
    part: int = 0

    def worths(self) -> list[int]:
        """What each part is worth; the last takes what rounding leaves."""
        *first, _ = self.offer.parts or (100,)
        parts = [self.amount * percent // 100 for percent in first]
        return [*parts, self.amount - sum(parts)]

    def left(self) -> int:
        """What is still in escrow."""
        return 0 if self.state == NONE else sum(self.worths()[self.part :])


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
    nonces: set[tuple[str, int]] = field(default_factory=set)
    trades: dict[Hashable, Trade] = field(default_factory=dict)
    credit: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    change: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    refusing: set[tuple[str, str]] = field(default_factory=set)

    # Laws

    def held(self, asset: str) -> int:
        """What the market must hold: escrow and credits."""
        escrow = sum(t.left() for t in self.trades.values() if t.offer.asset == asset)
        return escrow + sum(v for (a, _), v in self.credit.items() if a == asset)

    def total(self, asset: str) -> int:
        """Everything that changed hands; nothing is made or lost."""
        return self.held(asset) + sum(v for (a, _), v in self.change.items() if a == asset)

    # Offer and cancel

    def why_not_offer(self, terms: Any, sender: str, now: int) -> set[str]:
        units_max = 1 if terms.creation_id else 2**32 - 1
        ruled = terms.arbiter != self.nobody
        ruling_min, ruling_max = (DAY, 60 * DAY) if ruled else (0, 0)
        return _reasons(
            Document_NotOwn=sender != terms.seller,
            Offer_UnitsOutOfRange=not 1 <= terms.units <= units_max,
            Offer_PriceOutOfRange=not 1 <= terms.price <= PRICE_MAX // max(1, terms.units),
            Expiry_OutOfRange=not now < terms.expiry <= now + 365 * DAY,
            Offer_ReferralTooHigh=terms.referral_bps > REFERRAL_BPS_MAX,
            Offer_ShipWindowOutOfRange=not HOUR <= terms.ship_seconds <= 60 * DAY,
            Offer_InspectWindowOutOfRange=not DAY <= terms.inspect_seconds <= 30 * DAY,
            Offer_RulingWindowOutOfRange=not ruling_min <= terms.ruling_seconds <= ruling_max,
            Offer_ArbiterFeeTooHigh=terms.arbiter_fee_bps > ruled * ARBITER_FEE_BPS_MAX,
            Offer_DefaultOutOfRange=terms.silent_seller_bps > ruled * BPS,
            Offer_PartsWrong=not self._parts_are_right(terms.parts),
            Nonce_Used=(terms.seller, terms.nonce) in self.nonces,
        )

    @staticmethod
    def _parts_are_right(parts: tuple[int, ...]) -> bool:
        return not parts or (2 <= len(parts) <= 12 and min(parts) > 0 and sum(parts) == 100)

    def offer(self, key: Hashable, terms: Any) -> None:
        self.offers[key] = (terms, terms.units)
        self.nonces.add((terms.seller, terms.nonce))

    def why_not_cancel(self, key: Hashable, sender: str) -> set[str]:
        is_open = self.units_left(key) > 0
        return _reasons(
            Offer_NotOpen=not is_open,
            Document_NotOwn=is_open and self.offers[key][0].seller != sender,
        )

    def cancel(self, key: Hashable) -> None:
        self.offers[key] = (self.offers[key][0], 0)

    def units_left(self, key: Hashable) -> int:
        return self.offers[key][1] if key in self.offers else 0

    # Fund

    def why_not_fund(
        self, key: Hashable, units: int, buyer: str, referrer: str, value: int, now: int
    ) -> set[str]:
        terms, left = self.offers[key]
        work = self.works.get(terms.creation_id)
        price = terms.price * units
        return _reasons(
            Offer_NotOpen=not left,
            Offer_UnitsWrong=left > 0 and not 1 <= units <= left,
            Document_Expired=now > terms.expiry,
            Buyer_IsSeller=buyer == terms.seller,
            Arbiter_NotAllowed=terms.arbiter in {buyer, terms.seller, self.address},
            Referrer_NotAllowed=referrer in {buyer, terms.seller, self.address},
            Creation_Moved=work is not None and work.tenure != terms.tenure,
            Value_Wrong=value != (price if terms.asset == self.coin else 0),
            TransferFromFailed=terms.asset != self.coin and (terms.asset, buyer) in self.refusing,
            TransferFromIncorrectOwner=work is not None and work.owner != terms.seller,
        )

    def fund(
        self, key: Hashable, trade_key: Hashable, units: int, buyer: str, referrer: str, now: int
    ) -> None:
        assert trade_key not in self.trades
        terms, left = self.offers[key]
        self.offers[key] = (terms, left - units)
        amount = terms.price * units
        self.change[terms.asset, buyer] -= amount
        deadline = now + terms.ship_seconds
        self.trades[trade_key] = Trade(terms, buyer, referrer, amount, deadline)
        self._hand_over(terms, self.address)

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
        self._release(key, now)

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
        """Not shipped: the buyer's. Shipped: the seller's. Disputed: as the terms say."""
        trade = self.trades[key]
        if trade.state == FUNDED:
            self._give_back(key)
        elif trade.state == SHIPPED:
            self._release(key, now)
        else:
            self._split(key, trade.offer.silent_seller_bps, None)

    def why_not_dispute(self, key: Hashable, sender: str, now: int) -> set[str]:
        trade = self.trades[key]
        alive = trade.state != NONE
        return _reasons(
            Trade_StateWrong=trade.state != SHIPPED,
            Trade_NotBuyer=alive and sender != trade.buyer,
            Trade_NotArbiter=alive and trade.offer.arbiter == self.nobody,
            Trade_DeadlinePassed=trade.state == SHIPPED and now > trade.deadline,
        )

    def dispute(self, key: Hashable, now: int) -> None:
        trade = self.trades[key]
        trade.state, trade.deadline = DISPUTED, now + trade.offer.ruling_seconds

    def why_not_rule(self, key: Hashable, sender: str, now: int, seller_bps: int) -> set[str]:
        trade = self.trades[key]
        return _reasons(
            Trade_StateWrong=trade.state != DISPUTED,
            Trade_NotArbiter=trade.state != NONE and sender != trade.offer.arbiter,
            Trade_DeadlinePassed=trade.state == DISPUTED and now > trade.deadline,
            Division_OutOfRange=seller_bps > BPS,
        )

    def rule(self, key: Hashable, seller_bps: int, fee_recipient: str) -> None:
        self._split(key, seller_bps, fee_recipient)

    def why_not_settle(self, key: Hashable) -> set[str]:
        return _reasons(Trade_StateWrong=self.trades[key].state == NONE)

    def settle(self, key: Hashable, seller_bps: int) -> None:
        self._split(key, seller_bps, None)

    def _release(self, key: Hashable, now: int) -> None:
        trade = self.trades[key]
        worth = trade.worths()[trade.part]
        if trade.part == len(trade.worths()) - 1:
            trade.state = NONE
            self._hand_over(trade.offer, trade.buyer)
        else:
            trade.part += 1
            trade.state, trade.deadline = FUNDED, now + trade.offer.ship_seconds
        self._divide(trade.offer, trade.referrer, worth, trade.offer.creation_id)

    def _give_back(self, key: Hashable) -> None:
        trade = self.trades[key]
        left = trade.left()
        trade.state = NONE
        self._hand_over(trade.offer, trade.offer.seller)
        self._pay(trade.offer.asset, trade.buyer, left)

    def _split(self, key: Hashable, seller_bps: int, fee_recipient: str | None) -> None:
        """The arbiter's fee first, then the buyer's share rounded down, the rest the seller's; the
        creation is sold if the seller gets half."""
        trade = self.trades[key]
        terms = trade.offer
        left = trade.left()
        trade.state = NONE
        if fee_recipient is not None:
            fee = left * terms.arbiter_fee_bps // BPS
            self._pay(terms.asset, fee_recipient, fee)
            left -= fee
        to_buyer = left * (BPS - seller_bps) // BPS
        self._pay(terms.asset, trade.buyer, to_buyer)
        sold = seller_bps >= BPS // 2
        work = terms.creation_id if sold else 0
        self._divide(terms, trade.referrer, left - to_buyer, work)
        self._hand_over(terms, trade.buyer if sold else terms.seller)

    def _hand_over(self, terms: Any, to: str) -> None:
        if terms.creation_id:
            self.works[terms.creation_id].move(to)

    # Money

    def _divide(self, terms: Any, referrer: str, price: int, creation_id: int) -> None:
        """Royalty, commission and fee rounded down; the rest is the seller's, with any royalty of
        the seller's own."""
        asset = terms.asset
        fee = price * self.fee_bps // BPS
        parts = [(referrer, price * terms.referral_bps // BPS)] if referrer != self.nobody else []
        if creation_id:
            parts += [
                part
                for part in self._royalties(self.works[creation_id], price)
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
