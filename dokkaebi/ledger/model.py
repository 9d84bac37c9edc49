"""What a market's chain must say, told by its events alone: a second, plain reading of the
interfaces that shares nothing with the handlers but the decoded events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from dokkaebi.ledger.rows import COIN, Record

# Sales in the community's and others' tokens go straight to everybody, the fee included.
STRAIGHT = "CreationMarket"


class Model:
    """Balances, owners, states and credits, event by event."""

    def __init__(self) -> None:
        self.balances = Counter[str]()
        self.owners: dict[int, str | None] = {}
        self.tenures = Counter[int]()
        # (market, asset, payee) → what waits there.
        self.credits = Counter[tuple[str, str, str]]()
        # Trade → state as the contract numbers it: 0 ended, 1 funded, 2 shipped, 3 disputed.
        self.trades: dict[str, int] = {}
        # Open auction → the highest bidder, nobody yet, or None when it is over.
        self.bidders: dict[str, str | None] = {}
        self.community: dict[str, str] = {}
        # What each account got of the reward pool, what that took in for rewards, and minted.
        self.rewarded = Counter[str]()
        self.pool = Counter({"income": 0, "minted": 0})
        self.offices: dict[str, str] = {}
        self._assets: dict[str, str] = {}

    def apply(self, record: Record) -> None:
        """One event."""
        act = getattr(self, f"_{record.contract}_{record.event}", None)
        act = act or getattr(self, f"_any_{record.event}", None)
        if act is not None:
            act(record, record.values)

    def _CommunityToken_Transfer(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        for account, amount in ((said["from"], -said["value"]), (said["to"], said["value"])):
            if account != COIN:
                self.balances[account] += amount

    def _CreationRegistry_Transfer(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        creation, giver, taker = said["id"], said["from"], said["to"]
        self.owners[creation] = None if taker == COIN else taker
        if COIN not in (giver, taker):
            self.tenures[creation] += 1

    def _any_MarketOpened(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.community[record.contract] = said["feeRecipient"]

    def _any_Credited(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.credits[record.contract, said["asset"], said["payee"]] += said["amount"]

    def _any_Withdrawn(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.credits[record.contract, said["asset"], said["payee"]] -= said["amount"]

    def _fee(self, record: Record, asset: str) -> None:
        """Credited without an event of its own."""
        fee = record.values["fee"]
        if fee and not (record.contract == STRAIGHT and asset != COIN):
            self.credits[record.contract, asset, self.community[record.contract]] += fee

    def _any_SaleSettled(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self._fee(record, said["asset"])

    def _any_EscrowFunded(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 1
        self._assets[said["tradeId"]] = said["trade"]["asset"]

    def _any_EscrowShipped(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 2

    def _any_EscrowDisputed(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 3

    def _any_PartReleased(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 1
        self._fee(record, self._assets[said["tradeId"]])

    def _any_EscrowReleased(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 0
        self._fee(record, self._assets[said["tradeId"]])

    def _any_EscrowDivided(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 0
        self._fee(record, self._assets[said["tradeId"]])

    def _any_EscrowRefunded(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.trades[said["tradeId"]] = 0

    def _any_AuctionOpened(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.bidders[said["auctionId"]] = COIN
        self._assets[said["auctionId"]] = said["auction"]["asset"]

    def _any_AuctionBid(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.bidders[said["auctionId"]] = said["bidder"]

    def _any_AuctionCancelled(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.bidders[said["auctionId"]] = None

    def _any_AuctionSettled(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.bidders[said["auctionId"]] = None
        self._fee(record, self._assets[said["auctionId"]])

    def _RewardPool_Claimed(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.rewarded[said["account"]] += said["amount"]

    def _RewardPool_IncomeCollected(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.pool["income"] += said["rewards"]

    def _RewardPool_RootPosted(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.pool["minted"] += said["minted"]

    def _RewardPool_StewardshipTaken(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.offices["steward"] = said["steward"]

    def _RewardPool_GuardianshipTaken(self, record: Record, said: Mapping[str, Any]) -> None:  # noqa: N802
        self.offices["guardian"] = said["guardian"]


def figures(
    model: Model, addresses: Mapping[str, str]
) -> dict[str, list[tuple[str, str, str, int | None]]]:
    """Kind → subject, contract, calldata and the first word of the answer; None for a revert."""
    from eth_utils.crypto import keccak

    def call(signature: str, *words: int | str) -> str:
        digits = (f"{w:x}" if isinstance(w, int) else w[2:] for w in words)
        return "0x" + keccak(text=signature)[:4].hex() + "".join(d.rjust(64, "0") for d in digits)

    token, registry = addresses["CommunityToken"], addresses["CreationRegistry"]
    found: dict[str, list[tuple[str, str, str, int | None]]] = defaultdict(list)
    for account, amount in model.balances.items():
        ask = call("balanceOf(address)", account)
        found["token_balance"].append((account, token, ask, amount))
    found["token_supply"].append((token, token, call("totalSupply()"), model.balances.total()))
    for creation, owner in model.owners.items():
        subject = f"0x{creation:064x}"
        holds = None if owner is None else int(owner, 16)
        ask = call("ownerOf(uint256)", creation)
        found["creation_owner"].append((subject, registry, ask, holds))
        ask = call("tenureOf(uint256)", creation)
        found["creation_tenure"].append((subject, registry, ask, model.tenures[creation]))
    for (market, asset, payee), amount in model.credits.items():
        ask = call("creditOf(address,address)", asset, payee)
        found["credit"].append((f"{market} · {payee} · {asset}", addresses[market], ask, amount))
    for trade, state in model.trades.items():
        ask = call("tradeState(bytes32)", trade)
        found["trade_state"].append((trade, addresses["EscrowMarket"], ask, state))
    for auction, bidder in model.bidders.items():
        ask = call("auctionState(bytes32)", auction)
        highest = int(bidder or COIN, 16)
        found["auction_bidder"].append((auction, addresses["AuctionHouse"], ask, highest))
    if model.offices:
        pool = addresses["RewardPool"]
        for account, amount in model.rewarded.items():
            ask = call("claimedBy(address)", account)
            found["rewarded"].append((account, pool, ask, amount))
        for name, amount in model.pool.items():
            found[f"reward_{name}"].append((pool, pool, call(f"{name}()"), amount))
        for office, holder in model.offices.items():
            found[f"reward_{office}"].append((pool, pool, call(f"{office}()"), int(holder, 16)))
    return found
