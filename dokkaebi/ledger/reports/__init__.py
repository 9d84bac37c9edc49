"""Questions to the books, and the forms of their answers. Nothing in here knows a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import questions
from dokkaebi.ledger.store import Snapshot

QUESTIONS: dict[str, Callable[[Snapshot], Sequence[Any]]] = {
    question.__name__: question
    for question in (
        questions.works_by_creator,
        questions.open_offers,
        questions.trades,
        questions.money_in_escrow,
        questions.sales_by_creator,
        questions.sales_by_day,
        questions.fees_and_royalties,
        questions.owed_against_paid,
    )
}

# Question → the type of its rows.
KINDS: dict[str, type] = {
    "works_by_creator": questions.Work,
    "open_offers": questions.OpenOffer,
    "trades": questions.TradeRow,
    "money_in_escrow": questions.Escrow,
    "sales_by_creator": questions.CreatorSales,
    "sales_by_day": questions.DaySales,
    "fees_and_royalties": questions.Income,
    "owed_against_paid": questions.Account,
}


def answer(snapshot: Snapshot, names: Sequence[str] = ()) -> dict[str, Sequence[Any]]:
    """Question → typed rows; without names, all questions. Hyphens do as well as underscores."""
    wanted = [name.replace("-", "_") for name in names] or list(QUESTIONS)
    for name in wanted:
        if name not in QUESTIONS:
            known = ", ".join(known.replace("_", "-") for known in QUESTIONS)
            raise DokkaebiError("question_unknown", question=name, known=known)
    return {name: QUESTIONS[name](snapshot) for name in wanted}
