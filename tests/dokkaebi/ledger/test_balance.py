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


def spoil(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(statement).rowcount == 1
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


ONE = "LIMIT 1)"


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            f"UPDATE holder SET balance = '{padded(1)}' WHERE account IN "
            f"(SELECT account FROM holder WHERE balance > '{padded(1)}' {ONE}",
            {"token_balance", "token_supply"},
        ),
        (
            f"UPDATE creation SET owner = '{COIN[:-1]}9' WHERE id IN (SELECT id FROM creation {ONE}",
            {"creation_owner"},
        ),
        (
            f"UPDATE creation SET owner = '{COIN[:-1]}9' WHERE owner IS NULL",
            {"creation_owner"},
        ),
        (
            f"UPDATE creation SET owner = NULL WHERE id IN "
            f"(SELECT id FROM creation WHERE owner IS NOT NULL {ONE}",
            {"creation_owner"},
        ),
        (
            f"UPDATE creation SET tenure = 9 WHERE id IN (SELECT id FROM creation {ONE}",
            {"creation_tenure"},
        ),
        (
            f"UPDATE credit SET amount = '{padded(5)}' WHERE amount = '{padded(901)}'",
            {"credit"},
        ),
        (
            f"UPDATE credit SET amount = '{padded(10**30)}' WHERE amount = '{padded(901)}'",
            {"credit", "market_holds"},
        ),
        (
            f"UPDATE offer SET state = 'open' WHERE id IN "
            f"(SELECT id FROM offer WHERE state = 'filled' {ONE}",
            {"offer_state"},
        ),
        (
            f"UPDATE trade SET state = 'settled' WHERE id IN "
            f"(SELECT id FROM trade WHERE state = 'funded' {ONE}",
            {"trade_state", "trade_deadline"},
        ),
        (
            "UPDATE trade SET ship_deadline = 5 WHERE state = 'funded'",
            {"trade_deadline"},
        ),
        (
            f"UPDATE trade SET amount = '{padded(2**255)}' WHERE state = 'funded'",
            {"market_holds"},
        ),
    ],
)
def test_every_changed_figure_is_named(
    day: Day, copied: Path, statement: str, what: set[str]
) -> None:
    spoil(copied, statement)
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


def test_the_check_is_of_the_ledgers_last_block_whatever_came_after(
    small_market: Callable[[], Day], tmp_path: Path
) -> None:
    day = small_market()
    identity = Identity.of(day.manifest())
    maker, buyer = day.people[2], day.people[4]
    terms = day.offer(maker, INSTANT, day.register(maker, "a work"), 10_001)
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger)
    day.buy(buyer, terms)
    assert checked(day, tmp_path / "l").matches


def test_another_chain_cant_be_compared(copied: Path, small_market: Callable[[], Day]) -> None:
    with pytest.raises(DokkaebiError) as seen:
        checked(small_market(), copied)
    assert seen.value.key == "balance_other_chain"
