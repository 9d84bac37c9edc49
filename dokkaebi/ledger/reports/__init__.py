"""Questions to the books, and the forms of their answers. Nothing in here knows a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args, get_type_hints

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import money, people, questions, rewards
from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.store import Snapshot

QUESTIONS: dict[str, Callable[..., Sequence[Any]]] = {
    question.__name__: question
    for question in (
        questions.works_by_creator,
        questions.open_offers,
        questions.requests,
        questions.trades,
        questions.milestones,
        questions.auctions,
        questions.bids,
        questions.swaps,
        questions.disputes,
        money.outcomes_by_arbiter,
        people.settlement_times,
        people.repeat_customers,
        people.market_health,
        money.sales_by_creator,
        money.sales_by_day,
        money.fees_and_royalties,
        money.money_in_escrow,
        money.money_in_and_out,
        money.owed_against_paid,
        rewards.rewards_by_epoch,
        rewards.rewards_by_account,
        questions.cancelled_nonces,
        questions.cancelled_vouchers,
    )
}

# Those whose answers depend on the calendar.
DATED = ("sales_by_day", "market_health")

# Question → the type of its rows.
KINDS: dict[str, type] = {
    name: get_args(get_type_hints(question)["return"])[0] for name, question in QUESTIONS.items()
}


def answer(
    snapshot: Snapshot, names: Sequence[str] = (), calendar: Calendar = UTC_CALENDAR
) -> dict[str, Sequence[Any]]:
    """Question → typed rows; without names, all questions. Hyphens do as well as underscores."""
    wanted = [name.replace("-", "_") for name in names] or list(QUESTIONS)
    for name in wanted:
        if name not in QUESTIONS:
            known = ", ".join(known.replace("_", "-") for known in QUESTIONS)
            raise DokkaebiError("question_unknown", question=name, known=known)
    return {
        name: QUESTIONS[name](snapshot, calendar) if name in DATED else QUESTIONS[name](snapshot)
        for name in wanted
    }
