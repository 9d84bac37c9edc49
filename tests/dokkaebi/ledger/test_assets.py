"""What strangers' tokens say of themselves."""

from __future__ import annotations

import pytest
from eth_abi import encode

from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.ledger.assets import asset_of, read_asset
from dokkaebi.ledger.rows import COIN

TOKEN = "0x" + "44" * 20
SYMBOL, DECIMALS = "0x95d89b41", "0x313ce567"


class Token:
    """A node with one token; what it doesn't answer reverts."""

    chain_id = 1337

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers

    def call(self, to: str, data: str) -> bytes:
        if data not in self.answers:
            raise RpcRefused("eth_call", 3, "reverted", "0x")
        return self.answers[data]


def symbol(answer: bytes) -> str | None:
    seen = read_asset(Token({SYMBOL: answer}), TOKEN)["symbol"]
    assert seen is None or isinstance(seen, str)
    return seen


def decimals(answer: bytes) -> int:
    return int(read_asset(Token({DECIMALS: answer}), TOKEN)["decimals"])


def test_the_chains_coin_is_known_without_asking() -> None:
    row = read_asset(Token({}), COIN)
    assert (row["symbol"], row["decimals"]) == ("ETH", 18)


def test_a_plain_token() -> None:
    assert symbol(encode(["string"], ["DKB"])) == "DKB"
    assert decimals(encode(["uint8"], [6])) == 6


def test_an_old_token_answers_bytes32() -> None:
    assert symbol(b"MKR".ljust(32, b"\0")) == "MKR"


def test_a_token_that_says_nothing_has_no_symbol() -> None:
    row = read_asset(Token({}), TOKEN)
    assert (row["name"], row["symbol"], row["decimals"]) == (None, None, 0)


@pytest.mark.parametrize(
    "answer",
    [b"", b"\xff" * 31, b"\xff" * 64, b"\xff" * 500, encode(["string"], [""]), b"\0" * 32],
)
def test_nonsense_is_no_symbol(answer: bytes) -> None:
    assert symbol(answer) is None


def test_a_symbol_cant_turn_hide_or_fill_a_line() -> None:
    assert symbol(encode(["string"], ["A\u202eB\nC\u200bD\x00"])) == "ABCD"
    assert symbol(encode(["string"], ["가" * 50_000])) == "가" * 12


@pytest.mark.parametrize(("said", "taken"), [(77, 77), (78, 0), (2**256 - 1, 0)])
def test_decimals_beyond_a_uint256_are_none(said: int, taken: int) -> None:
    assert decimals(said.to_bytes(32, "big")) == taken


def test_assets_are_found_in_values_and_structs() -> None:
    assert asset_of({"asset": TOKEN, "amount": 1}) == TOKEN
    assert asset_of({"offer": {"asset": COIN}, "seller": TOKEN}) == COIN
