"""RewardPool in plain Python, written from the interface's NatSpec and not from the Solidity.

Trees are dicts: of leaves (account, cumulative) whoever made them. Each act has a question before
it, `why_not_…`, that gives the names of all errors which may be answered; no name means that the
act must succeed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

BPS = 10_000


@dataclass
class Root:
    """A posted root: its epoch, its leaves, and the total that the steward said."""

    epoch: int
    leaves: tuple[tuple[str, int], ...]
    total: int
    counts_from: int

    def is_honest(self) -> bool:
        """Whether everybody stands in it once, and the total is the sum."""
        accounts = [account for account, _ in self.leaves]
        return len(set(accounts)) == len(accounts) and self.total == sum(a for _, a in self.leaves)


@dataclass
class PoolModel:
    """What the pool took in, minted and paid. `arrived` waits in the purse to be divided."""

    start: int
    epoch_seconds: int
    challenge_seconds: int
    share_bps: int
    allowance: int
    allowance_epochs: int
    arrived: int = 0
    income: int = 0
    minted: int = 0
    to_treasury: int = 0
    counting: Root = field(default_factory=lambda: Root(0, (), 0, 0))
    waiting: Root | None = None
    # What the pool itself holds, gifts included.
    holds: int = 0
    paid: Counter[str] = field(default_factory=Counter)

    # Time

    def at(self, now: int) -> None:
        """Lets the root that waits count when its window has passed."""
        if self.waiting and now >= self.waiting.counts_from:
            self.holds += self.waiting.total - self.counting.total
            self.counting, self.waiting = self.waiting, None

    def over(self, now: int) -> int:
        return (now - self.start) // self.epoch_seconds

    # Budget

    def released(self, epoch: int) -> int:
        return self.allowance * min(epoch, self.allowance_epochs) // self.allowance_epochs

    def budget(self, epoch: int) -> int:
        return self.released(epoch) + self.income + self.arrived * self.share_bps // BPS

    def collect(self) -> None:
        share = self.arrived * self.share_bps // BPS
        self.income += share
        self.to_treasury += self.arrived - share
        self.arrived = 0

    def why_not_collect(self) -> set[str]:
        return set() if self.arrived else {"Income_Empty"}

    # Roots

    def why_not_post(self, sender_may: bool, root: Root, now: int) -> set[str]:
        most = self.budget(root.epoch)
        return _reasons(
            Steward_Required=not sender_may,
            Root_Pending=self.waiting is not None,
            Epoch_NotNew=root.epoch <= self.counting.epoch,
            Epoch_NotOver=root.epoch > self.over(now),
            Total_OutOfRange=not self.counting.total <= root.total <= most,
        )

    def post(self, root: Root) -> None:
        self.collect()
        self.minted = max(self.minted, root.total - self.income)
        self.waiting = root

    def why_not_stop(self, sender_may: bool) -> set[str]:
        return _reasons(Guardian_Required=not sender_may, Root_NotPending=self.waiting is None)

    def stop(self) -> None:
        self.waiting = None

    # Claims

    def due(self, account: str, cumulative: int) -> int:
        return max(0, cumulative - self.paid[account])

    def why_not_claim(self, in_tree: bool, account: str, cumulative: int) -> set[str]:
        due = self.due(account, cumulative)
        return _reasons(
            Claim_NotInTree=not in_tree,
            Claim_Empty=in_tree and due == 0,
            TransferFailed=in_tree and due > self.holds,
        )

    def claim(self, account: str, cumulative: int) -> None:
        due = self.due(account, cumulative)
        self.holds -= due
        self.paid[account] += due

    # Laws

    def purse(self) -> int:
        """What the purse must hold."""
        return self.arrived + self.income + self.minted - self.counting.total


def _reasons(**reasons: bool) -> set[str]:
    return {name for name, holds in reasons.items() if holds}
