"""Amounts are exact, and what isn't one is refused."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from dokkaebi.chain.assets import Asset, named_asset, parse_address, parse_percent, read_asset
from dokkaebi.chain.suite import COIN
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.conftest import BUYER, Market, address, put_code

USD = Asset("0x" + 40 * "1", "USD", 6)
MAX = 2**256 - 1
ODD = "0x" + "0dd0" * 10


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", 0), ("1", 10**6), ("0.05", 50_000), ("1.000001", 1_000_001), (" 7.0 ", 7 * 10**6)],
)
def test_amount_is_read_exactly(text: str, amount: int) -> None:
    assert USD.parse(text) == amount


def test_largest_amount_is_read_and_shown_exactly() -> None:
    whole = Asset(COIN, "X", 0)
    assert whole.parse(str(MAX)) == MAX
    fine = Asset(COIN, "X", 77)
    assert fine.parse(fine.text(MAX).removesuffix(" X")) == MAX


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "amount_wrong"),
        ("-1", "amount_wrong"),
        ("1,000", "amount_wrong"),
        (".5", "amount_wrong"),
        ("1.", "amount_wrong"),
        ("1e3", "amount_wrong"),
        ("nan", "amount_wrong"),
        ("١", "amount_wrong"),
        ("9" * 80, "amount_wrong"),
        ("9" * 5000, "amount_wrong"),
        ("0.0000001", "amount_too_fine"),
        ("1.0000000", "amount_too_fine"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, key: str) -> None:
    with pytest.raises(DokkaebiError) as caught:
        USD.parse(text)
    assert caught.value.key == key


def test_percent_is_read_in_basis_points() -> None:
    assert [parse_percent(text) for text in ("5", "2.5%", "0.01 %", "0")] == [500, 250, 1, 0]
    with pytest.raises(DokkaebiError) as caught:
        parse_percent("0.001")
    assert caught.value.key == "percent_too_fine"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0x12", "address_wrong"),
        ("70997970C51812dc3A010C7d01b50e0d17dc79C8", "address_wrong"),
        ("0x70997970c51812dc3A010C7d01b50e0d17dc79C8", "address_checksum_wrong"),
    ],
)
def test_what_is_no_address_is_refused(text: str, key: str) -> None:
    with pytest.raises(DokkaebiError) as caught:
        parse_address(text)
    assert caught.value.key == key


def test_address_may_be_in_either_case_or_have_its_checksum() -> None:
    right = address(BUYER)
    for text in (right, right.lower(), "0x" + right[2:].upper(), f" {right} "):
        assert parse_address(text) == right


def test_assets_are_named(market: Market) -> None:
    suite = market.suite
    assert named_asset(suite, "eth") == Asset(COIN, "ETH", 18)
    token = Asset(suite.token.address, "DKB", 18)
    assert named_asset(suite, "token") == token
    assert named_asset(suite, suite.token.address.lower()) == token


@pytest.mark.parametrize(("seen", "key"), [("dogs", "asset_unknown"), ("0x1", "address_wrong")])
def test_unknown_asset_is_refused(market: Market, seen: str, key: str) -> None:
    with pytest.raises(DokkaebiError) as caught:
        named_asset(market.suite, seen)
    assert caught.value.key == key


def test_account_that_is_no_token_is_refused(market: Market) -> None:
    for where in (address(BUYER), market.suite.escrow_market.address):
        with pytest.raises(DokkaebiError) as caught:
            read_asset(market.suite, where)
        assert caught.value.key == "asset_no_token"


def test_coin_is_told_from_tokens() -> None:
    assert Asset(COIN, "ETH", 18).is_coin
    assert not USD.is_coin


def answering(market: Market, data: bytes) -> str:
    """A contract that gives the same answer to every question."""
    size, start = len(data).to_bytes(2, "big").hex(), "000f"
    code = bytes.fromhex(f"61{size}61{start}60003961{size}6000f3") + data
    put_code(market.chain, ODD, code)
    return ODD


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        ("KRW", "KRW"),
        ("K", "K"),
        (" 원화 ", "원화"),
        ("A" * 16, "A" * 16),
        ("A" * 17, ODD),
        ("", ODD),
        ("TWO WORDS", ODD),
        ("A\u202eB", ODD),
    ],
)
def test_symbol_that_is_no_word_is_replaced_by_the_address(
    market: Market, symbol: str, shown: str
) -> None:
    place = answering(market, encode(["string"], [symbol]))
    # The first word of the answer, as a number.
    assert read_asset(market.suite, place) == Asset(place, shown, 32)


def test_token_has_at_most_as_many_decimals_as_an_amount(market: Market) -> None:
    place = answering(market, encode(["uint256"], [77]))
    assert read_asset(market.suite, place) == Asset(place, place, 77)
    answering(market, encode(["uint256"], [78]))
    with pytest.raises(DokkaebiError) as caught:
        read_asset(market.suite, place)
    assert caught.value.key == "asset_no_token"
