"""What counts against budgets, whatever becomes of an act."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dokkaebi.errors import DokkaebiError
from dokkaebi.sponsor.books import DAY_SECONDS, Books, Budgets, Entry, day_of

BUDGETS = Budgets(person=100, day=150, total=200)


def entry(number: int = 0, member: str = "A", at: int = 0) -> Entry:
    return Entry(f"act {number}", "kind", member, "to", "data", at)


def taken(books: Books, act: Entry) -> Entry:
    books.note({"kind": "act", "id": act.id, "act": act.kind, "member": act.member,
                "to": act.to, "data": act.data, "at": act.at})  # fmt: skip
    return books.acts[act.id]


def signed(books: Books, act: Entry, cost: int, at: int = 0, nonce: int = 0) -> None:
    books.note({"kind": "signed", "id": act.id, "nonce": nonce, "gas": 1, "raw": "", "hash": "",
                "max_fee": "1", "cost": str(cost), "at": at})  # fmt: skip


def ended(books: Books, act: Entry, state: str, cost: int) -> None:
    books.note({"kind": "end", "id": act.id, "state": state, "transaction": None,
                "cost": str(cost), "reason": ""})  # fmt: skip


def test_dearest_of_a_nonce_counts_until_it_ends() -> None:
    books = Books()
    act = taken(books, entry())
    assert books.counted() == 0
    for cost, counted in ((10, 10), (30, 30), (20, 30)):
        signed(books, act, cost)
        assert books.counted() == books.counted(member="A") == counted
    ended(books, act, "done", 7)
    assert books.counted() == 7
    other = taken(books, entry(1))
    signed(books, other, 50)
    ended(books, other, "failed", 5)
    assert books.counted() == 57


@pytest.mark.parametrize(
    ("member", "before", "key"),
    [("A", 60, "sponsor_person_spent"), ("B", 110, "sponsor_day_spent"),
     ("C", 160, "sponsor_spent")],
)  # fmt: skip
def test_budget_is_kept_to_the_wei(member: str, before: int, key: str) -> None:
    books = Books()
    spread = {"A": [("A", 60, 0)], "B": [("A", 60, 0), ("X", 50, 0)],
              "C": [("A", 60, 0), ("X", 50, 0), ("Y", 50, -DAY_SECONDS)]}[member]  # fmt: skip
    for number, (who, cost, at) in enumerate(spread):
        act = taken(books, entry(number, who, at))
        signed(books, act, cost, at)
    assert books.counted() == before
    act = entry(9, member)
    books.check(BUDGETS, act, 40, 0)
    with pytest.raises(DokkaebiError) as caught:
        books.check(BUDGETS, act, 41, 0)
    assert caught.value.key == key
    assert caught.value.details == {"needs": 41, "left": 40}


def test_dearer_version_needs_only_the_difference() -> None:
    books = Books()
    act = taken(books, entry())
    signed(books, act, 90)
    books.check(BUDGETS, act, 100, 0)
    with pytest.raises(DokkaebiError):
        books.check(BUDGETS, act, 101, 0)


@pytest.mark.parametrize("late", [-1, 0])
def test_an_act_counts_on_the_day_of_its_first_signature(late: int) -> None:
    books, midnight = Books(), 5 * DAY_SECONDS
    act = taken(books, entry(at=midnight - DAY_SECONDS))
    signed(books, act, 40, midnight + late)
    signed(books, act, 90, midnight + DAY_SECONDS)
    first, other = (4, 5) if late else (5, 4)
    assert day_of(act) == first
    assert (books.counted(day=first), books.counted(day=other)) == (90, 0)
    # What makes it dearer the next day is counted there, beside what that day has.
    taken(books, entry(1, "B"))
    signed(books, books.acts["act 1"], 60, first * DAY_SECONDS)
    with pytest.raises(DokkaebiError) as caught:
        books.check(Budgets(1_000, 150, 1_000), act, 91, midnight + DAY_SECONDS)
    assert caught.value.details == {"needs": 1, "left": 0}
    # One that was never signed counts where it will be: today.
    books.check(Budgets(1_000, 150, 1_000), entry(2, at=midnight), 150, midnight + DAY_SECONDS)


def test_an_act_without_a_signature_counts_from_when_it_came() -> None:
    assert [day_of(entry(at=at)) for at in (DAY_SECONDS - 1, DAY_SECONDS)] == [0, 1]


def test_what_is_over_is_not_open() -> None:
    books = Books()
    acts = [taken(books, entry(number)) for number in range(5)]
    signed(books, acts[1], 1)
    for act, state in zip(acts[2:], ("done", "failed", "dropped"), strict=True):
        signed(books, act, 1)
        ended(books, act, state, 0)
    assert books.open_acts() == acts[:2]


def test_whatever_happens_no_more_is_spent_than_budgets_allow() -> None:
    """A thousand runs of acts that are signed, made dearer, fail or succeed by dice, at whatever
    cost up to what was signed: what was really paid never exceeds a budget."""
    dice = random.Random(23)
    for _ in range(1_000):
        books, now = Books(), 0
        paid: list[tuple[str, int, int]] = []
        for number in range(30):
            now += dice.choice([0, 0, DAY_SECONDS // 2])
            member = dice.choice("ABC")
            act = taken(books, entry(number, member, now))
            costs: list[int] = []
            first = now
            for _ in range(dice.randrange(4)):
                cost = dice.randrange(1, 60)
                try:
                    books.check(BUDGETS, act, cost, now)
                except DokkaebiError:
                    continue
                signed(books, act, cost, now, number)
                first = now if not costs else first
                costs.append(cost)
                now += dice.choice([0, DAY_SECONDS])
            state = dice.choice(["done", "failed", None])
            if costs:
                # Any of them may be mined, also after it was written down as lost.
                really = dice.randrange(dice.choice(costs) + 1)
                paid.append((member, first // DAY_SECONDS, really))
                if state == "done":
                    ended(books, act, "done", really)
                elif state == "failed":
                    ended(books, act, "failed", 0)
        bounds: dict[Any, int] = {}
        for member, day, cost in paid:
            for key in (member, day, "all"):
                bounds[key] = bounds.get(key, 0) + cost
        assert bounds.pop("all", 0) <= BUDGETS.total
        for key, cost in bounds.items():
            assert cost <= (BUDGETS.person if isinstance(key, str) else BUDGETS.day), key
