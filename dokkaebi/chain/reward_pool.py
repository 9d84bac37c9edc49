"""The reward pool: its terms, where it stands, and the calls that post, stop and claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dokkaebi.chain.suite import Call, Suite
from dokkaebi.chain.terms import NOBODY


class PoolTerms(NamedTuple):
    """What never changes. `start`: of the first epoch, seconds since 1970; lengths are in seconds,
    the share in basis points, the allowance in the token's smallest unit."""

    token: str
    treasury: str
    purse: str
    start: int
    epoch_seconds: int
    challenge_seconds: int
    share_bps: int
    opening_allowance: int
    opening_epochs: int


class PostedRoot(NamedTuple):
    """A root, its first 24 bytes, with its epoch and the sum of all it grants, smallest unit.
    `claimable_from`: from when on a waiting one counts; zero of the one that counts."""

    epoch: int
    root: bytes
    total: int
    claimable_from: int = 0


class PoolState(NamedTuple):
    """Where the pool stands now; amounts in the token's smallest unit.

    `over` is the last epoch that is over, `active` the root that counts, `pending` the one that
    waits; both None where there is none. `budget`: the highest total that a root of epoch `over`
    could have, `released` of it from the opening allowance, `income` from trades and collected.
    """

    over: int
    active: PostedRoot | None
    pending: PostedRoot | None
    budget: int
    released: int
    income: int
    minted: int
    paid: int
    steward: str | None
    guardian: str | None


class Claim(NamedTuple):
    """`IRewardPool.Claim`: all that an account ever earned, and the way from its leaf to the
    root."""

    account: str
    cumulative: int
    proof: Sequence[bytes]


# Look up


def terms(suite: Suite) -> PoolTerms:
    """The terms of the pool."""
    names = [name.upper() for name in PoolTerms._fields]
    return PoolTerms(*_ask(suite, [(name,) for name in names]))


def state(suite: Suite) -> PoolState:
    """Where the pool stands now."""
    over = int(suite.pool.call("epochsOver"))
    active, pending, most, released, income, minted, steward, guardian = _ask(
        suite,
        [
            ("claimable",),
            ("pending",),
            ("budget", over),
            ("released", over),
            ("income",),
            ("minted",),
            ("steward",),
            ("guardian",),
        ],
    )
    return PoolState(
        over,
        _posted(active),
        _posted(pending),
        most,
        released,
        income,
        minted,
        paid(suite),
        None if steward == NOBODY else steward,
        None if guardian == NOBODY else guardian,
    )


def budget(suite: Suite, epoch: int) -> int:
    """The highest total, of all epochs together, that a root of `epoch` could have now."""
    return int(suite.pool.call("budget", epoch))


def budget_left(suite: Suite, epoch: int, promised: int) -> int:
    """What a root of `epoch` could give now beyond `promised`, the total of the epoch before."""
    return max(budget(suite, epoch) - promised, 0)


def paid(suite: Suite) -> int:
    """What was claimed so far, smallest unit."""
    pool = suite.pool
    logs = pool.logs("Claimed", suite.manifest.first_block)
    return sum(int(pool.decode_log("Claimed", log)["amount"]) for log in logs)


def claimed_by(suite: Suite, accounts: Sequence[str]) -> dict[str, int]:
    """What accounts got so far, smallest unit."""
    found = _ask(suite, [("claimedBy", account) for account in accounts])
    return dict(zip(accounts, found, strict=True))


def epoch_bounds(known: PoolTerms, epoch: int) -> tuple[int, int]:
    """When an epoch begins and when it is over, seconds since 1970."""
    start = known.start + (epoch - 1) * known.epoch_seconds
    return start, start + known.epoch_seconds


def _ask(suite: Suite, questions: Sequence[tuple[Any, ...]]) -> list[Any]:
    pool = suite.pool
    names = [name for name, *_ in questions]
    requests = [pool.question(name, *arguments) for name, *arguments in questions]
    answers = suite.chain.raw_batch(requests)
    return [
        pool.decode(name, bytes.fromhex(answer[2:]))
        for name, answer in zip(names, answers, strict=True)
    ]


def _posted(answer: tuple[int, bytes, int]) -> PostedRoot | None:
    found = PostedRoot(*answer)
    return found if found.epoch else None


# Act


def post(suite: Suite, epoch: int, root: bytes, total: int, digest: bytes) -> Call:
    """Posts an epoch's root, for the steward. `total`: all it grants, smallest unit; `digest`:
    sha2-256 of the epoch's document."""
    return suite.pool.prepare("post", epoch, root, total, digest)


def stop(suite: Suite, reason: bytes) -> Call:
    """Stops the root that waits, for the guardian. `reason`: sha2-256 of what says why."""
    return suite.pool.prepare("stop", reason)


def claim(suite: Suite, account: str, cumulative: int, proof: Sequence[bytes]) -> Call:
    """Pays an account what it earned and didn't get yet."""
    return suite.pool.prepare("claim", account, cumulative, proof)


def claim_many(suite: Suite, claims: Sequence[Claim]) -> Call:
    """Pays many accounts; who got everything already is skipped."""
    return suite.pool.prepare("claimMany", claims)


def collect(suite: Suite, asset: str) -> Call:
    """Divides what arrived at the purse in an asset between the rewards and the treasury."""
    return suite.pool.prepare("collect", asset)
