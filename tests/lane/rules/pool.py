"""The reward pool under stewards who lie as often as not."""

from __future__ import annotations

from collections import Counter

from tests.lane.abi import keccak
from tests.lane.machine import NO_WORD, Intent, Machine
from tests.lane.rules import rule
from tests.lane.rules.token import office
from tests.models.reward_pool import Root, Tree
from tests.models.town import COIN, NOBODY

TOKENS = 10**18
DOCUMENT = keccak(b"an epoch")
LIES = ("greedy", "understated", "twice", "falling", "strangers", "early", "again", "empty", "zero")


def members(m: Machine) -> list[str]:
    return [*m.world.traders, m.address("mia")]


def tree_of(m: Machine, root: Root) -> Tree:
    return m.world.pool.tree(root.epoch, root.leaves)


@rule("pool", 2)
def income(m: Machine) -> Intent:
    """Tokens for the purse, or now and then for the pool itself, where they are nobody's."""
    token, pool = m.world.token, m.world.pool
    to = pool.purse if not m.chance(10) else pool.address
    amount = m.dice.randrange(1, 9 * TOKENS)
    return Intent(
        m.who(), m.world.contracts["CommunityToken"], "transfer", (to, amount),
        lambda caller: token.transfer(caller, to, amount),
    )  # fmt: skip


@rule("pool", 2)
def collect(m: Machine) -> Intent:
    asset = m.pick((m.world.token.address, m.world.token.address, COIN, m.asset()))
    return Intent(
        m.who(), m.world.contracts["RewardPool"], "collect", (asset,),
        lambda _: m.world.pool.collect(asset),
    )  # fmt: skip


def post_intent(
    m: Machine, epoch: int, leaves: tuple[tuple[str, int], ...], total: int, sender: str
) -> Intent:
    pool = m.world.pool
    root = pool.tree(epoch, leaves).root if total or leaves else NO_WORD
    return Intent(
        sender, m.world.contracts["RewardPool"], "post", (epoch, root, total, DOCUMENT),
        lambda caller: pool.post(caller, epoch, root, total, DOCUMENT, leaves),
    )  # fmt: skip


def _steward(m: Machine) -> str:
    steward = m.world.pool.steward.holder["now"]
    return steward if steward != NOBODY else m.address("steward")


@rule("pool", 4)
def post(m: Machine) -> Intent:
    """An honest root: what was promised, and some more, as far as the budget reaches."""
    pool = m.world.pool
    if pool.effective.epoch >= pool.over() and not m.chance(6):
        m.jump(pool.terms.start + (pool.over() + 1) * pool.terms.epoch_seconds + m.pick((-1, 0, 0)))
    epoch, counting = pool.over(), pool.effective
    earned: Counter[str] = Counter()
    for account, amount in counting.leaves:
        earned[account] = max(earned[account], amount)
    for account in members(m):
        earned[account] = max(earned[account], pool.claimed[account])
    room = pool.budget(epoch) - max(earned.total(), counting.total)
    for account in m.dice.sample(members(m), 3):
        earned[account] += m.dice.randrange(max(1, room // 3))
    leaves = tuple(sorted(earned.items()))
    return post_intent(m, epoch, leaves, max(earned.total(), counting.total), _steward(m))


@rule("pool", 3)
def lie(m: Machine) -> Intent:
    pool, kind = m.world.pool, m.pick(LIES)
    epoch = pool.over()
    budget = pool.budget(epoch)
    leaves = [(one, pool.claimed[one] + m.dice.randrange(TOKENS)) for one in members(m)]
    total = sum(amount for _, amount in leaves)
    if kind == "greedy":
        total = budget + m.pick((1, TOKENS))
    elif kind == "understated":
        leaves = [(one, amount + 5 * TOKENS) for one, amount in leaves]
        total = min(total, budget)
    elif kind == "twice":
        leaves.append((leaves[0][0], leaves[0][1] + TOKENS))
    elif kind == "falling":
        leaves = [(one, amount // 2) for one, amount in leaves]
        total = sum(amount for _, amount in leaves)
    elif kind == "strangers":
        leaves, total = [(m.address("stranger"), budget)], budget
    elif kind == "early":
        epoch += 1
    elif kind == "again":
        epoch = pool.effective.epoch
    elif kind == "empty":
        leaves, total = [], pool.effective.total
    elif kind == "zero":
        leaves, total = [], 0
    sender = _steward(m) if not m.chance(10) else m.address("stranger")
    return post_intent(m, epoch, tuple(leaves), total, sender)


@rule("pool", 2)
def stop(m: Machine) -> Intent | None:
    """By a guardian who spares most honest roots."""
    pool = m.world.pool
    if pool.waiting and pool.waiting.is_honest() and not m.chance(4):
        return None
    if pool.waiting and m.chance(3):
        m.jump(pool.waiting.counts_from + m.pick((-1, 0, 0, 1)))
    guardian = pool.guardian.holder["now"]
    sender = guardian if guardian != NOBODY and not m.chance(6) else m.address("stranger")
    return Intent(
        sender, m.world.contracts["RewardPool"], "stop", (DOCUMENT,),
        lambda caller: pool.stop(caller, DOCUMENT),
    )  # fmt: skip


@rule("pool", 5)
def claim(m: Machine) -> Intent | None:
    """Somebody's right, mostly of the root that counts, at times of another or made up."""
    pool = m.world.pool
    root = pool.waiting if pool.waiting and m.chance(6) else pool.effective
    if not root.leaves:
        return None
    index = m.dice.randrange(len(root.leaves))
    (account, amount), proof = root.leaves[index], tree_of(m, root).proof(index)
    amount = m.odd(amount, amount + 1)
    if m.chance(30):
        account = m.address("stranger")
    return Intent(
        m.who(), m.world.contracts["RewardPool"], "claim", (account, amount, proof),
        lambda _: pool.claim(account, amount, proof),
    )  # fmt: skip


@rule("pool", 2)
def claim_many(m: Machine) -> Intent | None:
    pool = m.world.pool
    root = pool.effective
    if not root.leaves:
        return None
    tree = tree_of(m, root)
    picks = [m.dice.randrange(len(root.leaves)) for _ in range(m.pick((0, 2, 4)))]
    claims = tuple((*root.leaves[at], tree.proof(at)) for at in picks)
    return Intent(
        m.who(), m.world.contracts["RewardPool"], "claimMany", (claims,),
        lambda _: pool.claim_many(claims),
    )  # fmt: skip


@rule("pool", 1)
def offices(m: Machine) -> Intent:
    pool = m.world.pool
    which = m.pick((pool.steward, pool.guardian))
    return office(m, m.world.contracts["RewardPool"], which, ("steward", "guardian", "mia"))
