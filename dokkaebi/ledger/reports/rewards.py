"""What people ask the books about rewards: what the pool cost against the fees, and who got it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import func, select

from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.kinds import (
    Address,
    Moment,
    Rewarded,
    RewardEpoch,
    Units,
    address,
)
from dokkaebi.ledger.reports.patronage import final_at
from dokkaebi.ledger.schema import exact_sum
from dokkaebi.ledger.store import Snapshot

Row = dict[str, Any]
# By epoch and asset, lower-case: what each of a row's amounts comes to.
Sums = dict[tuple[int, str], Counter[str]]


def rewards_by_epoch(snapshot: Snapshot) -> list[RewardEpoch]:
    """What the pool cost in each epoch, against what trades brought in; one row for each asset."""
    pool = _pool(snapshot)
    if pool is None:
        return []
    now, final = snapshot.cursor.timestamp, final_at(snapshot)
    first, seconds = pool["opened_at"], pool["epoch_seconds"]
    sums = _sums(snapshot, pool)
    roots = _roots(snapshot)
    for number, root in roots.items():
        sums[number, pool["token"]].update(minted=root["minted"], granted=root["granted"])
    for number in range(1, (now - first) // seconds + 2):
        sums[number, pool["token"]].update()
    rows = []
    for (number, asset), entry in sorted(sums.items()):
        start, end = first + (number - 1) * seconds, first + number * seconds
        rows.append(
            RewardEpoch(
                number,
                roots[number]["state"] if number in roots else _unposted(end, now),
                Moment(start),
                Moment(end),
                address(asset),
                Units(entry["fees"]),
                Units(entry["to_rewards"]),
                Units(entry["to_treasury"]),
                Units(entry["granted"]),
                Units(entry["minted"]),
                Units(entry["claimed"]),
                end <= final and snapshot.is_final("reward_epoch", number),
            )
        )
    return rows


def rewards_by_account(snapshot: Snapshot) -> list[Rewarded]:
    """What each account got of the pool, most first."""
    pool, claim = _pool(snapshot), schema.reward_claim.c
    if pool is None:
        return []
    query = select(
        claim.account,
        func.count().label("claims"),
        exact_sum(claim.amount).label("amount"),
        func.max(claim.claimed_at).label("last_at"),
    ).group_by(claim.account)
    rows = [
        Rewarded(
            address(row["account"]),
            row["claims"],
            address(pool["token"]),
            Units(row["amount"]),
            Moment(row["last_at"]),
        )
        for row in snapshot.rows(query)
    ]
    return sorted(rows, key=lambda row: (-row.amount, row.account))


def pool_of(snapshot: Snapshot) -> Address | None:
    """The reward pool's address; None where there is none."""
    pool = _pool(snapshot)
    return None if pool is None else address(pool["address"])


def _pool(snapshot: Snapshot) -> Row | None:
    return next(iter(snapshot.rows(select(schema.reward_pool))), None)


def _sums(snapshot: Snapshot, pool: Row) -> Sums:
    """Fees, what was divided and what was claimed, each in the epoch in which it happened."""
    share, block = schema.share.c, schema.block.c
    claim, income = schema.reward_claim.c, schema.reward_income.c
    first, seconds = pool["opened_at"], pool["epoch_seconds"]
    sums: Sums = defaultdict(Counter)

    def add(at: int, asset: str, **amounts: int) -> None:
        if at >= first:
            sums[(at - first) // seconds + 1, asset].update(amounts)

    fees = (
        select(block.timestamp, share.asset, share.amount)
        .join_from(schema.share, schema.block, block.number == share.block_number)
        .where(share.role == "community")
    )
    for row in snapshot.rows(fees):
        add(row["timestamp"], row["asset"], fees=row["amount"])
    for row in snapshot.rows(
        select(income.collected_at, income.asset, income.rewards, income.treasury)
    ):
        amounts = {"to_rewards": row["rewards"], "to_treasury": row["treasury"]}
        add(row["collected_at"], row["asset"], **amounts)
    for row in snapshot.rows(select(claim.claimed_at, claim.amount)):
        add(row["claimed_at"], pool["token"], claimed=row["amount"])
    return sums


def _roots(snapshot: Snapshot) -> dict[int, Row]:
    """The epochs for which a root was posted: `granted` is what it added to the one before."""
    epoch, now = schema.reward_epoch, snapshot.cursor.timestamp
    found, before = {}, 0
    for row in snapshot.rows(select(epoch).order_by(epoch.c.number)):
        state, granted = row["state"], 0
        if state == "posted":
            granted, before = row["total"] - before, row["total"]
            state = "claimable" if row["claimable_from"] <= now else "posted"
        found[row["number"]] = {"state": state, "granted": granted, "minted": row["minted"]}
    return found


def _unposted(end: int, now: int) -> str:
    return "running" if now < end else "unposted"
