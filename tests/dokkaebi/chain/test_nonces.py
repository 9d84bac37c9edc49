"""Nonces: the next free one, and a book of those that no transaction shows yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from dokkaebi.chain import creation_market as sales
from dokkaebi.chain.nonces import (
    PROBE_COUNT,
    NonceBook,
    cancel_nonces,
    cancelled_nonces,
    next_nonce,
)
from tests.dokkaebi.chain.conftest import PRICE, Stall, refused
from tests.dokkaebi.conftest import BUYER, CREATOR, address


def test_first_nonce_is_zero_and_the_next_follows_what_was_used(stall: Stall) -> None:
    suite, market = stall.suite, stall.suite.creation_market
    who = address(CREATOR)
    assert next_nonce(suite, market, who) == 0
    for number in (0, 1, 3):
        work = stall.create(market=market)
        offer = sales.new_offer(suite, who, work, PRICE, expiry=stall.soon(), nonce=number)
        stall.act(BUYER, sales.buy(suite, offer, stall.sign(CREATOR, offer).signature))
    assert next_nonce(suite, market, who) == 2
    assert next_nonce(suite, market, who, 3) == 4
    assert next_nonce(suite, market, address(BUYER)) == 0
    assert next_nonce(suite, suite.escrow_market, who) == 0


@pytest.mark.parametrize(
    ("ranges", "free"),
    [
        ([(0, 0)], 1),
        ([(0, PROBE_COUNT - 1)], PROBE_COUNT),
        ([(0, 60_000)], 60_001),
        ([(1, 5)], 0),
        ([(3, 9), (0, 4)], 10),
    ],
)
def test_cancelled_nonces_are_passed_over(
    stall: Stall, ranges: list[tuple[int, int]], free: int
) -> None:
    suite, market = stall.suite, stall.suite.auction_house
    for first, last in ranges:
        stall.act(CREATOR, cancel_nonces(market, first, last))
    assert cancelled_nonces(suite, market, address(CREATOR)) == sorted(ranges)
    assert cancelled_nonces(suite, market, address(BUYER)) == []
    assert next_nonce(suite, market, address(CREATOR)) == free


def test_book_never_gives_a_nonce_twice(stall: Stall, tmp_path: Path) -> None:
    suite = stall.suite
    path = tmp_path / "new" / "nonces.json"
    who, markets = address(CREATOR), suite.markets
    given = [NonceBook(path).give(suite, markets[0], who) for _ in range(3)]
    assert given == [0, 1, 2]
    assert NonceBook(path).give(suite, markets[1], who) == 0
    assert NonceBook(path).give(suite, markets[0], address(BUYER)) == 0
    stall.act(CREATOR, cancel_nonces(markets[0], 0, 99))
    assert NonceBook(path).give(suite, markets[0], who) == 100


@pytest.mark.parametrize("text", ["", "[1]", '{"a": "b"}', "{"])
def test_book_that_cant_be_read_is_refused(stall: Stall, tmp_path: Path, text: str) -> None:
    path = tmp_path / "nonces.json"
    path.write_text(text)
    book = NonceBook(path)
    market = stall.suite.creation_market
    assert refused(lambda: book.give(stall.suite, market, address(CREATOR))) == "nonces_unreadable"
    assert path.read_text() == text
