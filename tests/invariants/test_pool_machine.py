"""Random lives of a reward pool against the model, under stewards who lie as often as not: totals
above the budget or below their leaves, leaves that fall, stand twice or name strangers, epochs too
early or too late. A guardian stops some roots, strangers claim for whom they like. Whatever they
do, no more is paid than the budget; and at the end everybody gets what the last good root says."""

import os
from collections import Counter
from random import Random

import pytest
from brownie import chain
from brownie.exceptions import VirtualMachineError

from tests.contracts.reward_pool.conftest import Rewards
from tests.contracts.support import DAY, HOUR, TOKENS, sha256, sleep_to
from tests.invariants.pool_model import PoolModel, Root

STEPS = 60
DOCUMENT = sha256(b"an epoch")
EPOCH_SECONDS, CHALLENGE_SECONDS = 3 * DAY, 2 * DAY
ALLOWANCE, ALLOWANCE_EPOCHS, SHARE_BPS = 100 * TOKENS + 7, 5, 4_001
LIES = ("greedy", "understated", "twice", "falling", "strangers", "early", "again")


class Life:
    """Everything follows from `seed`. Honest stewards give what they promised, and some more."""

    def __init__(self, pool, token, people, seed):
        self.pool, self.token, self.people = pool, token, people
        self.members = [str(one) for one in people["members"]]
        self.random = Random(seed)
        self.model = PoolModel(
            pool.START(), EPOCH_SECONDS, CHALLENGE_SECONDS, SHARE_BPS, ALLOWANCE, ALLOWANCE_EPOCHS
        )
        self.trees = {}
        # Each member's cumulative amounts as honest stewards know them.
        self.earned = Counter()
        self.done = Counter()
        self.supply, self.now = token.totalSupply(), chain.time() + HOUR
        self.before = {name: token.balanceOf(name) for name in self.members}
        self.treasury_before = token.balanceOf(people["treasury"])

    def run(self, steps):
        for _ in range(steps):
            getattr(self, self.random.choices(*RULES)[0])()
            self.check_laws()
        self.drain()

    # Rules

    def rule_time_passes(self):
        self.now += self.random.randrange(2 * DAY)

    def rule_to_a_boundary(self):
        """The second before, at or after a root counts or an epoch ends."""
        ends = self.model.start + (self.model.over(self.now) + 1) * EPOCH_SECONDS
        at = self.model.waiting.counts_from if self.model.waiting else ends
        self.now = max(self.now, at - 3 + self.random.randrange(3))

    def rule_income(self):
        amount = self.random.randrange(1, 9 * TOKENS)
        self.token.transfer(self.pool.PURSE(), amount, {"from": self.people["payer"]})
        self.model.arrived += amount

    def rule_collect(self):
        self._tick()
        if self._act("payer", "collect", self.token, why_not=self.model.why_not_collect()):
            self.model.collect()

    def rule_post_honestly(self):
        now = self._tick()
        epoch = self.model.over(now)
        room = self.model.budget(epoch) - max(self.earned.total(), self.model.counting.total)
        # After a lie that counted, promises may be above what is left.
        earned = Counter(self.earned)
        for member in self.random.sample(self.members, 3):
            earned[member] += self.random.randrange(max(1, room // 3))
        leaves = tuple((m, earned[m]) for m in self.members)
        if self._post(epoch, leaves, max(earned.total(), self.model.counting.total), now):
            self.earned = earned

    def rule_lie(self):
        now = self._tick()
        lie = self.random.choice(LIES)
        epoch, budget = self.model.over(now), self.model.budget(self.model.over(now))
        leaves = [(m, self.earned[m] + self.random.randrange(TOKENS)) for m in self.members]
        total = sum(amount for _, amount in leaves)
        if lie == "greedy":
            total = budget + 1 + self.random.randrange(TOKENS)
        elif lie == "understated":
            leaves = [(m, amount + 5 * TOKENS) for m, amount in leaves]
            total = min(total, budget)
        elif lie == "twice":
            leaves.append((self.members[0], leaves[0][1] + TOKENS))
        elif lie == "falling":
            leaves = [(m, amount // 2) for m, amount in leaves]
            total = sum(amount for _, amount in leaves)
        elif lie == "strangers":
            leaves = [(str(self.people["stranger"]), budget)]
            total = budget
        elif lie == "early":
            epoch += 1
        elif lie == "again":
            epoch = self.model.counting.epoch
        self._post(epoch, tuple(leaves), total, now)

    def rule_somebody_else_posts(self):
        now = self._tick()
        sender = self.random.choice(["guardian", "payer", "stranger"])
        self._post(self.model.over(now), ((self.members[0], 1),), 1, now, sender)

    def rule_stop(self):
        """A guardian who stops most lies, and at times an honest root; others can't."""
        self._tick()
        waiting = self.model.waiting
        if waiting and waiting.is_honest() and self.random.random() < 0.7:
            return
        sender = self.random.choice(["guardian", "guardian", "steward", "stranger"])
        why_not = self.model.why_not_stop(sender == "guardian")
        if self._act(sender, "stop", DOCUMENT, why_not=why_not):
            self.model.stop()

    def rule_claim(self):
        """Somebody's right, mostly of the root that counts, at times of another or made up."""
        self._tick()
        roots = [self.model.counting] * 4 + ([self.model.waiting] if self.model.waiting else [])
        root = self.random.choice(roots)
        if not root.leaves:
            return
        tree, index = self._tree(root), self.random.randrange(len(root.leaves))
        account, cumulative, proof = tree.claim(index)
        if self.random.random() < 0.1:
            cumulative += 1
        in_tree = root is self.model.counting and (account, cumulative) == root.leaves[index]
        why_not = self.model.why_not_claim(in_tree, account, cumulative)
        if self._act("payer", "claim", account, cumulative, proof, why_not=why_not):
            self.model.claim(account, cumulative)

    def rule_claim_many(self):
        self._tick()
        root = self.model.counting
        picks = [self.random.randrange(len(root.leaves)) for _ in range(4) if root.leaves]
        paid, holds, why_not = Counter(self.model.paid), self.model.holds, set()
        for account, cumulative in (root.leaves[pick] for pick in picks):
            if self.model.due(account, cumulative) > self.model.holds:
                why_not = {"TransferFailed"}
                break
            self.model.claim(account, cumulative)
        claims = [self._tree(root).claim(pick) for pick in picks]
        if not self._act("payer", "claimMany", claims, why_not=why_not):
            self.model.paid, self.model.holds = paid, holds

    # Laws

    def check_laws(self):
        """Never over budget; sums equal; each account has what it was paid."""
        model = self.model
        assert self.pool.income() == model.income
        assert self.pool.minted() == model.minted <= model.released(model.over(self.now))
        assert self.token.totalSupply() == self.supply + model.minted
        paid = model.paid.total()
        assert paid <= model.counting.total <= model.minted + model.income
        treasury = self.token.balanceOf(self.people["treasury"]) - self.treasury_before
        assert treasury == model.to_treasury
        # The chain moves a root's money with the first claim or post after its window.
        both = self.token.balanceOf(self.pool) + self.token.balanceOf(self.pool.PURSE())
        assert both == model.arrived + model.income + model.minted - paid
        for member in self.members:
            assert self.token.balanceOf(member) - self.before[member] == model.paid[member]
            assert self.pool.claimedBy(member) == model.paid[member]

    def drain(self):
        """An honest root at the end makes everybody whole, in any order, by anybody's call."""
        self.now = self.model.waiting.counts_from if self.model.waiting else self.now
        self._tick()
        for name in self.members:
            self.earned[name] = max(self.earned[name], self.model.paid[name])
        strangers = Counter({m: a for m, a in self.model.paid.items() if m not in self.members})
        owed = Counter({**self.earned, **strangers})
        self.now = self.model.start + (self.model.over(self.now) + 1) * EPOCH_SECONDS
        now = self._tick()
        epoch = self.model.over(now)
        missing = max(0, owed.total() - self.model.budget(epoch))
        if missing:
            # Lies cost what was promised: the treasury makes good what they took.
            amount = missing * 10_000 // SHARE_BPS + 2
            self.token.transfer(self.pool.PURSE(), amount, {"from": self.people["payer"]})
            self.model.arrived += amount
        leaves = tuple(owed.items()) or ((self.members[0], 0),)
        assert self._post(epoch, leaves, max(owed.total(), self.model.counting.total), now)
        root = self.model.waiting
        self.now = root.counts_from
        self.model.at(self.now)
        order = self.random.sample(range(len(leaves)), len(leaves))
        claims = [self._tree(root).claim(index) for index in order]
        assert self._act("stranger", "claimMany", claims, why_not=set())
        for account, cumulative in leaves:
            self.model.claim(account, cumulative)
        self.check_laws()
        for member in self.members:
            assert self.model.paid[member] == owed[member]
        assert self.token.balanceOf(self.pool) == self.model.holds
        assert self.token.balanceOf(self.pool.PURSE()) == self.model.purse()

    # Helpers

    def _post(self, epoch, leaves, total, now, sender="steward"):
        root = Root(epoch, leaves, total, now + CHALLENGE_SECONDS)
        tree = self._tree(root)
        why_not = self.model.why_not_post(sender == "steward", root, now)
        arguments = (epoch, tree.root, total, DOCUMENT)
        if not self._act(sender, "post", *arguments, why_not=why_not):
            return False
        self.model.post(root)
        return True

    def _tree(self, root):
        key = (root.epoch, root.leaves)
        if key not in self.trees:
            self.trees[key] = Rewards(self.pool, root.epoch, root.leaves)
        return self.trees[key]

    def _act(self, sender, name, *arguments, why_not):
        """Acts, at the model's second; whether it came about, after comparing with the model."""
        sleep_to(chain, self.now)
        try:
            getattr(self.pool, name)(*arguments, {"from": self.people[sender]})
        except (VirtualMachineError, ValueError) as refusal:
            message = str(getattr(refusal, "revert_msg", refusal))
            assert any(error in message for error in why_not), (name, message, why_not)
            self.done["refused"] += 1
            return False
        assert not why_not, (name, why_not)
        self.done[name] += 1
        return True

    def _tick(self):
        self.now = max(self.now, chain.time()) + 2
        self.model.at(self.now)
        return self.now


# What happens how often, so that lives are eventful.
WEIGHTS = {"rule_post_honestly": 4, "rule_lie": 3, "rule_claim": 5, "rule_time_passes": 4}
NAMES = [name for name in vars(Life) if name.startswith("rule_")]
RULES = (NAMES, [WEIGHTS.get(name, 2) for name in NAMES])


@pytest.fixture(scope="module")
def world(RewardPool, token, deployer, treasury, buyer, accounts):
    steward, guardian, stranger = accounts[7:10]
    token.transfer(buyer, 500_000 * TOKENS, {"from": deployer})
    offices = (token, treasury, steward, guardian)
    terms = (EPOCH_SECONDS, CHALLENGE_SECONDS, SHARE_BPS, ALLOWANCE, ALLOWANCE_EPOCHS)
    pool = RewardPool.deploy(*offices, *terms, {"from": deployer})
    token.setMinter(pool, {"from": deployer})
    members = [accounts.add() for _ in range(5)]
    people = {
        "treasury": treasury,
        "steward": steward,
        "guardian": guardian,
        "payer": buyer,
        "stranger": stranger,
        "members": members,
    }
    return pool, token, people


@pytest.mark.parametrize("seed", range(int(os.environ.get("DOKKAEBI_LIVES", "4"))))
def test_the_pool_agrees_with_its_model(world, seed):
    """More lives: `DOKKAEBI_LIVES=100 brownie test tests/invariants`."""
    life = Life(*world, seed)
    life.run(STEPS)
    assert life.done["refused"] > 3, life.done
    assert life.done["post"] > 2, life.done
