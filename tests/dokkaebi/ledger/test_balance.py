"""The books against the chain: equal to the unit, and every single change is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dokkaebi.chain.suite import COIN
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import index
from dokkaebi.ledger.reader import ChainReader
from dokkaebi.ledger.reports.balance import Balance, check
from dokkaebi.ledger.schema import DIGITS
from dokkaebi.ledger.store import Identity, Snapshot, open_ledger, read_ledger
from tests.dokkaebi.ledger.market_day import INSTANT, Day


def spoil(path: Path, statement: str, *values: object) -> None:
    """Changes exactly one row."""
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def checked(day: Day, path: Path) -> Balance:
    with read_ledger(path) as snapshot:
        return check(snapshot, ChainReader(day.chain))


def padded(amount: int) -> str:
    return format(amount, f"0{DIGITS}d")


def test_the_days_books_balance(day: Day, snapshot: Snapshot) -> None:
    balance = check(snapshot, ChainReader(day.chain))
    assert balance.matches
    assert balance.differences == ()
    assert balance.surplus == {}
    # Holders, the supply, owners and tenures, credits, offers, trades twice, assets.
    assert balance.compared > 60


SOMEBODY = "0x" + "09" * 20


@pytest.mark.parametrize(
    ("statement", "values", "what"),
    [
        (
            "UPDATE holder SET balance = ? WHERE account IN "
            "(SELECT account FROM holder WHERE balance > ? LIMIT 1)",
            (padded(1), padded(1)),
            {"token_balance", "token_supply"},
        ),
        (
            "UPDATE creation SET owner = ? WHERE id IN "
            "(SELECT id FROM creation WHERE owner IS NOT NULL LIMIT 1)",
            (SOMEBODY,),
            {"creation_owner"},
        ),
        (
            "UPDATE creation SET owner = ? WHERE owner IS NULL",
            (SOMEBODY,),
            {"creation_owner"},
        ),
        (
            "UPDATE creation SET owner = NULL WHERE id IN "
            "(SELECT id FROM creation WHERE owner IS NOT NULL LIMIT 1)",
            (),
            {"creation_owner"},
        ),
        (
            "UPDATE creation SET tenure = 9 WHERE id IN (SELECT id FROM creation LIMIT 1)",
            (),
            {"creation_tenure"},
        ),
        (
            "UPDATE credit SET amount = ? WHERE amount = ?",
            (padded(5), padded(901)),
            {"credit"},
        ),
        (
            "UPDATE credit SET amount = ? WHERE amount = ?",
            (padded(10**30), padded(901)),
            {"credit", "market_holds"},
        ),
        (
            "UPDATE offer SET state = 'open' WHERE id IN "
            "(SELECT id FROM offer WHERE state = 'filled' LIMIT 1)",
            (),
            {"offer_state"},
        ),
        (
            "UPDATE trade SET state = 'settled' WHERE state = 'funded'",
            (),
            {"trade_state", "trade_deadline"},
        ),
        (
            "UPDATE trade SET ship_deadline = 5 WHERE state = 'funded'",
            (),
            {"trade_deadline"},
        ),
        (
            "UPDATE trade SET amount = ? WHERE state = 'funded'",
            (padded(2**255),),
            {"market_holds"},
        ),
    ],
)
def test_every_changed_figure_is_named(
    day: Day, copied: Path, statement: str, values: tuple[object, ...], what: set[str]
) -> None:
    spoil(copied, statement, *values)
    balance = checked(day, copied)
    assert not balance.matches
    assert {one.what for one in balance.differences} == what
    assert all(one.books != one.chain for one in balance.differences)


def test_a_gift_to_the_market_is_surplus_and_no_difference(
    small_market: Callable[[], Day], tmp_path: Path
) -> None:
    day = small_market()
    maker, buyer = day.people[2], day.people[4]
    day.buy(buyer, day.offer(maker, INSTANT, day.register(maker, "a work"), 10_001))
    day.deploy("MockForcer", day.market.address, value=77)
    day.do(maker, day.token, "transfer", day.market.address, 5)
    identity = Identity.of(day.manifest())
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger)
    balance = checked(day, tmp_path / "l")
    assert balance.matches
    assert balance.surplus == {COIN: 77, day.token.address: 5}


@pytest.mark.parametrize("burnt", [False, True])
def test_the_check_is_of_the_ledgers_last_block_whatever_came_after(
    small_market: Callable[[], Day], tmp_path: Path, burnt: bool
) -> None:
    day = small_market()
    identity = Identity.of(day.manifest())
    maker, buyer = day.people[2], day.people[4]
    terms = day.offer(maker, INSTANT, day.register(maker, "a work"), 10_001)
    if burnt:
        # Asking for its owner reverts, so that this batch is asked again one by one.
        day.do(maker, day.registry, "burn", day.register(maker, "burnt"))
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger)
    day.buy(buyer, terms)
    balance = checked(day, tmp_path / "l")
    # The fee that the market holds since would be surplus.
    assert (balance.differences, balance.surplus) == ((), {})


def test_another_chain_cant_be_compared(copied: Path, small_market: Callable[[], Day]) -> None:
    with pytest.raises(DokkaebiError) as seen:
        checked(small_market(), copied)
    assert seen.value.key == "balance_other_chain"
