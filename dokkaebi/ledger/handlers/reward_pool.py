"""RewardPool's events: roots of epochs, what arrived, and who got what."""

from __future__ import annotations

from collections.abc import Iterable

from dokkaebi.ledger.rows import (
    Add,
    Books,
    Change,
    Effect,
    Handler,
    Put,
    Record,
    address_or_none,
    placed,
)


def on_pool_opened(record: Record, books: Books) -> Iterable[Effect]:
    """The pool exists, under terms that never change."""
    said = record.values
    yield Put(
        "reward_pool",
        {
            "address": record.address,
            "token": said["token"],
            "treasury": said["treasury"],
            "purse": said["purse"],
            "epoch_seconds": said["epochSeconds"],
            "challenge_seconds": said["challengeSeconds"],
            "share_bps": said["shareBps"],
            "opening_allowance": said["openingAllowance"],
            "opening_epochs": said["openingEpochs"],
            "opened_at": record.timestamp,
        },
    )


def on_stewardship_offered(record: Record, books: Books) -> Iterable[Effect]:
    """The steward offers the office to somebody, or to nobody any more."""
    yield _offered(record, "steward")


def on_guardianship_offered(record: Record, books: Books) -> Iterable[Effect]:
    """The guardian offers the office to somebody, or to nobody any more."""
    yield _offered(record, "guardian")


def on_stewardship_taken(record: Record, books: Books) -> Iterable[Effect]:
    """Somebody is the steward from now on, or nobody ever again."""
    yield _taken(record, "steward")


def on_guardianship_taken(record: Record, books: Books) -> Iterable[Effect]:
    """Somebody is the guardian from now on, or nobody ever again."""
    yield _taken(record, "guardian")


def _offered(record: Record, office: str) -> Effect:
    return Change("reward_office", (office,), {"offered_to": address_or_none(record.values["to"])})


def _taken(record: Record, office: str) -> Effect:
    holder = address_or_none(record.values[office])
    return Put("reward_office", {"office": office, "holder": holder, "offered_to": None})


def on_root_posted(record: Record, books: Books) -> Iterable[Effect]:
    """A root waits, in place of one that was stopped if there was one for its epoch."""
    said = record.values
    before = books.find("reward_epoch", said["epoch"])
    yield Put(
        "reward_epoch",
        {
            "number": said["epoch"],
            "state": "posted",
            "root": said["root"],
            "total": said["total"],
            "document": said["document"],
            "minted": said["minted"] + (before["minted"] if before else 0),
            "claimable_from": said["claimableFrom"],
            "posted_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
            **placed(record),
        },
    )


def on_root_stopped(record: Record, books: Books) -> Iterable[Effect]:
    """The root that waited never counts."""
    epoch = record.values["epoch"]
    yield Change("reward_epoch", (epoch,), {"state": "stopped"})
    yield Put(
        "reward_stop",
        {
            **placed(record),
            "epoch": epoch,
            "root": books.row("reward_epoch", epoch)["root"],
            "reason": record.values["reason"],
            "stopped_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
        },
    )


def on_claimed(record: Record, books: Books) -> Iterable[Effect]:
    """An account got tokens; the token's own event moves them."""
    account, amount = record.values["account"], record.values["amount"]
    yield Put(
        "reward_claim",
        {
            **placed(record),
            "account": account,
            "amount": amount,
            "claimed_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
        },
    )
    yield Add("rewarded", (account,), {"amount": amount})


def on_income_collected(record: Record, books: Books) -> Iterable[Effect]:
    """What arrived at the purse was divided."""
    said = record.values
    yield Put(
        "reward_income",
        {
            **placed(record),
            "asset": said["asset"],
            "rewards": said["rewards"],
            "treasury": said["treasury"],
            "collected_at": record.timestamp,
            "transaction_hash": record.transaction_hash,
        },
    )


HANDLERS: dict[str, Handler] = {
    "PoolOpened": on_pool_opened,
    "StewardshipOffered": on_stewardship_offered,
    "GuardianshipOffered": on_guardianship_offered,
    "StewardshipTaken": on_stewardship_taken,
    "GuardianshipTaken": on_guardianship_taken,
    "RootPosted": on_root_posted,
    "RootStopped": on_root_stopped,
    "Claimed": on_claimed,
    "IncomeCollected": on_income_collected,
}
