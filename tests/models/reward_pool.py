"""`IRewardPool` in plain Python, written from its NatSpec and not from the Solidity."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.lane.abi import keccak, word
from tests.models.books import Refused, refuse_if
from tests.models.community_token import CommunityToken, Stewardship
from tests.models.town import COIN, NOBODY, Town

BPS = 10_000


class Root(NamedTuple):
    """A posted root: its epoch, its leaves, and the total that the steward said."""

    epoch: int
    root: bytes
    leaves: tuple[tuple[str, int], ...]
    total: int
    counts_from: int

    def is_honest(self) -> bool:
        """Whether everybody stands in it once, and the total is the sum."""
        accounts = [account for account, _ in self.leaves]
        return len(set(accounts)) == len(accounts) and self.total == sum(a for _, a in self.leaves)


NO_ROOT = Root(0, bytes(32), (), 0, 0)


class Terms(NamedTuple):
    start: int
    epoch_seconds: int
    challenge_seconds: int
    share_bps: int
    allowance: int
    allowance_epochs: int


class Tree:
    """A tree of leaves, and the proofs in it."""

    def __init__(
        self, chain_id: int, pool: str, epoch: int, leaves: tuple[tuple[str, int], ...]
    ) -> None:
        hashed = [leaf_of(chain_id, pool, epoch, *leaf) for leaf in leaves]
        self._rows = [hashed or [keccak(b"an empty tree")]]
        while len(self._rows[-1]) > 1:
            row = self._rows[-1]
            pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
            self._rows.append([keccak(b"".join(sorted(p))) if p[1:] else p[0] for p in pairs])
        self.root = self._rows[-1][0]

    def proof(self, index: int) -> tuple[bytes, ...]:
        found = []
        for row in self._rows[:-1]:
            if index ^ 1 < len(row):
                found.append(row[index ^ 1])
            index //= 2
        return tuple(found)


def leaf_of(chain_id: int, pool: str, epoch: int, account: str, amount: int) -> bytes:
    words = (chain_id, pool, epoch, account, amount)
    return keccak(keccak(b"".join(word(one) for one in words)))


def root_by(leaf: bytes, proof: Any) -> bytes:
    for sibling in proof:
        leaf = keccak(b"".join(sorted((leaf, sibling))))
    return leaf


class RewardPool:
    """`state`: the root that counts, the one that waits or None, what was taken in and minted."""

    def __init__(
        self, town: Town, address: str, purse: str, token: CommunityToken, treasury: str,
        steward: str, guardian: str, terms: Terms,
    ) -> None:  # fmt: skip
        self.town, self.address, self.purse, self.token = town, address, purse, token
        self.treasury, self.terms = treasury, terms
        self.steward = Stewardship(town, address, "Steward", steward)
        self.guardian = Stewardship(town, address, "Guardian", guardian)
        self.state = town.books.open("pool", 0)
        self.state.put_back("counting", NO_ROOT)
        self.state.put_back("waiting", None)
        self.claimed = town.books.open("claimed")

    @property
    def counting(self) -> Root:
        return self.state["counting"]  # type: ignore[no-any-return]

    @property
    def waiting(self) -> Root | None:
        """The root that waits, in its window."""
        root = self.state["waiting"]
        return root if root and self.town.now < root.counts_from else None

    @property
    def effective(self) -> Root:
        """The root that counts now, whether the chain has noticed or not."""
        root = self.state["waiting"]
        return root if root and self.town.now >= root.counts_from else self.counting

    def tree(self, epoch: int, leaves: tuple[tuple[str, int], ...]) -> Tree:
        return Tree(self.town.chain_id, self.address, epoch, leaves)

    # Budget

    def over(self) -> int:
        return (self.town.now - self.terms.start) // self.terms.epoch_seconds

    def released(self, epoch: int) -> int:
        epochs = self.terms.allowance_epochs
        return self.terms.allowance * min(epoch, epochs) // epochs

    def arrived(self) -> int:
        kept = self.state["income"] + self.state["minted"] - self.counting.total
        return self.token.balance(self.purse) - int(kept)

    def budget(self, epoch: int) -> int:
        share = self.arrived() * self.terms.share_bps // BPS
        return self.released(epoch) + int(self.state["income"]) + share

    def _take_effect(self) -> None:
        """The first claim or post after its window brings a root's money here."""
        root = self.effective
        if root is self.counting:
            return
        more = root.total - self.counting.total
        self.state["counting"], self.state["waiting"] = root, None
        self.token.transfer(self.purse, self.address, more)

    def _count(self) -> int:
        """What of the income is the treasury's."""
        arrived = self.arrived()
        if not arrived:
            return 0
        rewards = arrived * self.terms.share_bps // BPS
        self.state["income"] += rewards
        treasury = arrived - rewards
        self.town.say(self.address, "IncomeCollected", self.token.address, rewards, treasury)
        return treasury

    # Post and stop

    def post(
        self, caller: str, epoch: int, root: bytes, total: int, document: bytes, leaves: Any
    ) -> None:
        refuse_if(self.steward.require(caller))
        self._take_effect()
        waiting, counting, over = self.waiting, self.counting, self.over()
        least, most = counting.total, self.budget(epoch)
        refuse_if(
            waiting and (True, "Root_Pending", waiting.epoch, waiting.counts_from),
            (epoch <= counting.epoch, "Epoch_NotNew", epoch, counting.epoch),
            (epoch > over, "Epoch_NotOver", epoch, over),
            (not any(root), "Root_Zero"),
            (not least <= total <= most, "Total_OutOfRange", total, least, most),
        )
        treasury = self._count()
        counts_from = self.town.now + self.terms.challenge_seconds
        self.state["waiting"] = Root(epoch, root, tuple(leaves), total, counts_from)
        missing = max(0, total - self.state["income"] - self.state["minted"])
        self.state["minted"] += missing
        self.town.say(
            self.address, "RootPosted", epoch, root, total, document, missing, counts_from
        )
        if treasury:
            self.token.transfer(self.purse, self.treasury, treasury)
        if missing:
            self.token.mint_by(self.address, self.purse, missing)

    def stop(self, caller: str, reason: bytes) -> None:
        waiting = self.waiting
        refuse_if(self.guardian.require(caller), (waiting is None, "Root_NotPending"))
        assert waiting is not None
        self.state["waiting"] = None
        self.town.say(self.address, "RootStopped", waiting.epoch, reason)

    # Claim

    def claim(self, account: str, cumulative: int, proof: Any) -> None:
        self._take_effect()
        if not self._claim(0, account, cumulative, proof):
            raise Refused(("Claim_Empty", account, self.claimed[account]))

    def claim_many(self, claims: Any) -> None:
        self._take_effect()
        for index, (account, cumulative, proof) in enumerate(claims):
            self._claim(index, account, cumulative, proof)

    def _claim(self, index: int, account: str, cumulative: int, proof: Any) -> int:
        root = self.counting
        leaf = leaf_of(self.town.chain_id, self.address, root.epoch, account, cumulative)
        # 24 bytes of a root are kept.
        missing = root_by(leaf, proof)[:24] != root.root[:24]
        refuse_if((missing, "Claim_NotInTree", index, account, cumulative))
        due = cumulative - self.claimed[account]
        if due <= 0:
            return 0
        self.claimed[account] = cumulative
        self.town.say(self.address, "Claimed", account, due)
        if self.town.books.attempt(lambda: self.token.transfer(self.address, account, due)):
            raise Refused(("TransferFailed",))
        return int(due)

    # Collect

    def collect(self, asset: str) -> None:
        if asset == self.token.address:
            refuse_if((not self.arrived(), "Income_Empty", asset))
            treasury = self._count()
        else:
            treasury = self.town.balance(asset, self.purse)
            refuse_if((not treasury, "Income_Empty", asset))
            self.town.say(self.address, "IncomeCollected", asset, 0, treasury)
        if treasury:
            self._pay_treasury(asset, treasury)

    def _pay_treasury(self, asset: str, amount: int) -> None:
        if asset == COIN:
            self.town.pay_coins(self.purse, self.treasury, amount)
            return
        token = self.town.token(asset)
        assert token is not None
        said: list[bool] = []
        refused = self.town.books.attempt(
            lambda: said.append(token.transfer(self.purse, self.treasury, amount))
        )
        refuse_if((bool(refused) or not said[-1], "TransferFailed"))

    # Laws

    def promised(self) -> dict[str, int]:
        """What those whom the root names that counts have still to get."""
        due: dict[str, int] = {}
        for account, cumulative in self.effective.leaves:
            due[account] = max(due.get(account, 0), cumulative - self.claimed[account])
        return {account: amount for account, amount in due.items() if amount > 0}


assert NOBODY == COIN
