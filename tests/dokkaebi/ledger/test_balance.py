"""The books against the chain: equal to the unit, and every single change is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dokkaebi.chain.reader import ChainReader
from dokkaebi.chain.suite import COIN
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import index
from dokkaebi.ledger.reports.balance import Balance, check
from dokkaebi.ledger.schema import DIGITS
from dokkaebi.ledger.store import Identity, Snapshot, open_ledger, read_ledger
from tests.dokkaebi.ledger.market_day import Day


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
    # Holders, the supply, owners, tenures and partners, credits, offers, requests, trades and
    # auctions by three, nonces, tills by asset, and what the books say twice.
    assert balance.compared > 250


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
            "UPDATE rewarded SET amount = ? WHERE account IN "
            "(SELECT account FROM rewarded LIMIT 1)",
            (padded(1),),
            {"rewarded", "pool_holds"},
        ),
        (
            "UPDATE reward_income SET rewards = ? WHERE rewards > ?",
            (padded(10**30), padded(0)),
            {"reward_income", "pool_holds"},
        ),
        (
            "UPDATE reward_epoch SET minted = ? WHERE number = 2",
            (padded(1),),
            {"reward_minted"},
        ),
        (
            "UPDATE reward_office SET holder = NULL WHERE office = 'guardian'",
            (),
            {"reward_guardian"},
        ),
        (
            "UPDATE reward_office SET offered_to = NULL WHERE office = 'guardian'",
            (),
            {"reward_office_offer"},
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
            {"credit", "money_in_and_out"},
        ),
        (
            "UPDATE credit SET amount = ? WHERE amount = ?",
            (padded(10**30), padded(901)),
            {"credit", "market_holds", "money_in_and_out"},
        ),
        (
            "UPDATE offer SET state = 'cancelled' WHERE id IN "
            "(SELECT id FROM offer WHERE state = 'open' AND kind = 'instant' LIMIT 1)",
            (),
            {"offer_owner"},
        ),
        (
            "UPDATE offer SET state = 'open' WHERE id IN "
            "(SELECT id FROM offer WHERE state = 'filled' AND kind = 'delivered' LIMIT 1)",
            (),
            {"offer_owner"},
        ),
        (
            "UPDATE offer SET units_left = 3 WHERE units = 5",
            (),
            {"offer_units"},
        ),
        (
            "UPDATE request SET state = 'retracted' WHERE id IN "
            "(SELECT id FROM request WHERE state = 'open' LIMIT 1)",
            (),
            {"request_owner", "money_in_and_out", "due_buyer"},
        ),
        (
            "UPDATE request SET state = 'open' WHERE state = 'retracted'",
            (),
            {"request_owner", "money_in_and_out", "due_buyer", "market_holds"},
        ),
        (
            "UPDATE trade SET state = 'disputed' WHERE state = 'shipped'",
            (),
            {"trade_state"},
        ),
        (
            "UPDATE trade SET deadline = 5 WHERE state = 'shipped'",
            (),
            {"trade_deadline"},
        ),
        (
            "UPDATE trade SET part = 0 WHERE parts = '50,50'",
            (),
            {"trade_part"},
        ),
        (
            "UPDATE trade SET rest = ? WHERE state = 'shipped'",
            (padded(2**255),),
            {"market_holds", "money_in_and_out", "trades"},
        ),
        (
            "UPDATE trade SET amount = ? WHERE kind = 'auction' AND (id, number) IN "
            "(SELECT id, number FROM trade WHERE kind = 'auction' LIMIT 1)",
            (padded(5),),
            {"trades"},
        ),
        (
            "UPDATE auction SET amount = ? WHERE id IN "
            "(SELECT id FROM auction WHERE state = 'open' AND bids = 2)",
            (padded(2_999),),
            {"auction_bid", "money_in_and_out"},
        ),
        (
            "UPDATE auction SET bidder = ? WHERE id IN "
            "(SELECT id FROM auction WHERE state = 'open' AND bids = 2)",
            (SOMEBODY,),
            {"auction_bidder"},
        ),
        (
            "UPDATE auction SET deadline = 5 WHERE id IN "
            "(SELECT id FROM auction WHERE state = 'open' AND bids = 2)",
            (),
            {"auction_deadline"},
        ),
        (
            "UPDATE auction_bid SET amount = ? WHERE amount = ?",
            (padded(2_001), padded(2_000)),
            {"money_in_and_out"},
        ),
        (
            "UPDATE held_creation SET retrieved_at = 5 WHERE retrieved_at IS NULL",
            (),
            {"held_creation"},
        ),
        (
            "UPDATE held_creation SET retrieved_at = NULL WHERE retrieved_at IS NOT NULL",
            (),
            {"held_creation"},
        ),
        (
            "UPDATE cancellation SET last = ? WHERE last = ?",
            (padded(1_000), padded(999)),
            {"nonce_used"},
        ),
        (
            "UPDATE creation_partner SET partner = ? WHERE (creation_id, position) IN "
            "(SELECT creation_id, position FROM creation_partner WHERE position = 1 LIMIT 1)",
            (SOMEBODY,),
            {"creation_partner"},
        ),
        (
            "UPDATE creation_partner SET share_bps = 2 WHERE (creation_id, position) IN "
            "(SELECT creation_id, position FROM creation_partner WHERE position = 1 LIMIT 1)",
            (),
            {"creation_share"},
        ),
        (
            "UPDATE settlement SET royalty = ? WHERE (trade_id, number) IN "
            "(SELECT trade_id, number FROM settlement WHERE royalty > ? LIMIT 1)",
            (padded(1), padded(1)),
            {"trades", "due_creator"},
        ),
        *(
            (
                "UPDATE share SET amount = ? WHERE (market, document_id, role, payee, asset) IN "
                "(SELECT market, document_id, role, payee, asset FROM share "
                "WHERE role = ? AND amount > ? LIMIT 1)",
                (padded(1), role, padded(1)),
                {f"due_{role}"},
            )
            for role in ("seller", "creator", "referrer", "community", "arbiter", "buyer")
        ),
        (
            "UPDATE share SET amount = ? WHERE role = 'change'",
            (padded(233),),
            {"money_in_and_out"},
        ),
        (
            "UPDATE payout SET paid = ? WHERE (market, document_id, payee, asset) IN "
            "(SELECT market, document_id, payee, asset FROM payout "
            "WHERE market = 'AuctionHouse' AND paid > ? LIMIT 1)",
            (padded(1), padded(1)),
            {"money_in_and_out"},
        ),
        (
            "UPDATE withdrawal SET amount = ? WHERE market = 'AuctionHouse'",
            (padded(1),),
            {"money_in_and_out"},
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


def test_a_gift_to_a_market_is_surplus_and_no_difference(
    small_market: Callable[[], Day], tmp_path: Path
) -> None:
    day = small_market()
    maker, buyer = day.people[2], day.people[4]
    day.sell(maker, buyer, day.register(maker, "a work"), 10_001)
    for market, coins in zip(day.markets, (70, 6, 1), strict=True):
        day.deploy("MockForcer", market.address, value=coins)
    day.do(maker, day.token, "transfer", day.house.address, 5)
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
    terms = day.offer(maker, day.register(maker, "a work"), 10_001)
    day.publish(terms)
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


def test_a_published_offer_whose_signed_twin_was_taken_is_no_difference(
    small_market: Callable[[], Day], tmp_path: Path
) -> None:
    """No event tells which of the two consents was used; the chain keeps the published one."""
    day = small_market()
    maker, buyer = day.people[2], day.people[4]
    terms = day.offer(maker, day.register(maker, "a work"), 10_001)
    offer_id = day.publish(terms)
    day.buy(buyer, terms, signature=day.sign(maker, offer_id))
    assert day.shop.call("sellerOf", offer_id) == maker
    with open_ledger(tmp_path / "l", Identity.of(day.manifest())) as ledger:
        index(day.chain, Identity.of(day.manifest()), ledger)
    assert checked(day, tmp_path / "l").matches
