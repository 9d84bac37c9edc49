"""What the market's ledger says of works and trades, as contributions and payments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dokkaebi.portal.names import Persona, chain_persona
from dokkaebi.portal.scoring import Contribution, Payment

WORK, TRADE = "WORK", "TRADE"


class WorkRow(Protocol):
    """A registered work; time in seconds since 1970."""

    @property
    def id(self) -> str:
        """The creation's id."""

    @property
    def creator(self) -> str:
        """Who registered it."""

    @property
    def at(self) -> int:
        """When."""


class TradeRow(Protocol):
    """A trade that ended by paying its seller; amounts in smallest units of the asset."""

    @property
    def id(self) -> str:
        """The trade's id, the same for none other."""

    @property
    def buyer(self) -> str:
        """Who paid."""

    @property
    def seller(self) -> str:
        """Who was paid."""

    @property
    def asset(self) -> str:
        """In which asset."""

    @property
    def fee(self) -> int:
        """The community's fee."""

    @property
    def at(self) -> int:
        """When it ended."""


@dataclass(frozen=True)
class Market:
    """A market's part of an epoch."""

    contributions: tuple[Contribution, ...] = ()
    payments: tuple[Payment, ...] = ()


def from_ledger(chain_id: int, works: Iterable[WorkRow], trades: Iterable[TradeRow]) -> Market:
    """Works are made by their creators; in a settled trade the buyer praises the seller."""
    source = chain_persona(chain_id, "").source
    contributions, payments = [], []
    for work in works:
        who = chain_persona(chain_id, work.creator)
        contributions.append(Contribution(work.at, source, WORK, work.id, who))
    for trade in trades:
        buyer, seller = trade.buyer.lower(), trade.seller.lower()
        who, whom = Persona(source, buyer), Persona(source, seller)
        contributions.append(Contribution(trade.at, source, TRADE, trade.id, who, whom))
        if trade.fee:
            asset = trade.asset.lower()
            payments.append(Payment(trade.at, trade.id, buyer, seller, asset, trade.fee))
    return Market(tuple(sorted(contributions)), tuple(sorted(payments)))
