"""Trades' small numbers in one word, and what parts are worth."""

from __future__ import annotations

import pytest

from dokkaebi.chain.suite import load_abi
from dokkaebi.chain.terms import (
    Auction,
    Bid,
    Creation,
    Delivery,
    Offer,
    Partner,
    Swap,
    Trade,
    TradeTerms,
    Work,
    pack_terms,
    unpack_terms,
    worths_of,
)

MOST = TradeTerms(2**24 - 1, 2**24 - 1, 2**24 - 1, 2**16 - 1, 2**16 - 1, 2**16 - 1, 2**32 - 1, ())
NONE = TradeTerms(0, 0, 0, 0, 0, 0, 0, ())
MIXED = TradeTerms(3_600, 86_400, 0, 500, 0, 5_000, 7, (30, 30, 40))


def structs(contract: str) -> dict[str, list[str]]:
    """The fields of every struct that an ABI names."""
    found: dict[str, list[str]] = {}

    def walk(parameter: dict[str, object]) -> None:
        parts = parameter.get("components", [])
        assert isinstance(parts, list)
        if parts:
            name = str(parameter["internalType"]).split(".")[-1].removesuffix("[]")
            found[name] = [part["name"] for part in parts]
        for part in parts:
            walk(part)

    for entry in load_abi(contract):
        for parameter in [*entry.get("inputs", []), *entry.get("outputs", [])]:
            walk(parameter)
    return found


@pytest.mark.parametrize(
    ("contract", "name", "struct"),
    [
        ("CreationMarket", "Offer", Offer),
        ("CreationMarket", "Bid", Bid),
        ("CreationMarket", "Swap", Swap),
        ("EscrowMarket", "Offer", Delivery),
        ("EscrowMarket", "Trade", Trade),
        ("AuctionHouse", "Auction", Auction),
        ("CreationRegistry", "Work", Work),
        ("CreationRegistry", "Partner", Partner),
        ("CreationRegistry", "Creation", Creation),
    ],
)
def test_structs_are_those_of_the_contracts(
    contract: str, name: str, struct: type[tuple[object, ...]]
) -> None:
    from dokkaebi.chain.consents import python_name

    fields = [python_name(field) for field in structs(contract)[name]]
    assert list(struct._fields) == fields  # type: ignore[attr-defined]


@pytest.mark.parametrize("terms", [NONE, MOST, MIXED, MIXED._replace(parts=(8,) * 11 + (12,))])
def test_small_numbers_come_back_as_they_were_packed(terms: TradeTerms) -> None:
    word = pack_terms(terms)
    assert word < 2**256
    assert unpack_terms(word) == terms


def test_small_numbers_lie_where_the_interface_says() -> None:
    word = pack_terms(MIXED)
    places = {0: 24, 24: 24, 48: 24, 72: 16, 88: 16, 104: 16, 120: 32}
    read = [word >> shift & (1 << width) - 1 for shift, width in places.items()]
    assert read == [3_600, 86_400, 0, 500, 0, 5_000, 7]
    assert word >> 152 == 30 | 30 << 8 | 40 << 16


@pytest.mark.parametrize(
    "terms",
    [
        NONE._replace(ship_seconds=2**24),
        NONE._replace(silent_seller_bps=2**16),
        NONE._replace(serial=2**32),
        NONE._replace(parts=(256,)),
    ],
)
def test_number_that_does_not_fit_is_refused(terms: TradeTerms) -> None:
    with pytest.raises(ValueError, match="doesn't fit"):
        pack_terms(terms)


@pytest.mark.parametrize(
    ("amount", "parts", "worths"),
    [
        (100, (), [100]),
        (100, (30, 30, 40), [30, 30, 40]),
        (7, (33, 33, 34), [2, 2, 3]),
        (1, (50, 50), [0, 1]),
    ],
)
def test_last_part_takes_what_rounding_leaves(
    amount: int, parts: tuple[int, ...], worths: list[int]
) -> None:
    assert worths_of(amount, parts) == worths
    terms = pack_terms(NONE._replace(parts=parts))
    nobody = "0x" + 40 * "0"
    trade = Trade(bytes(32), nobody, nobody, nobody, nobody, 0, nobody, amount, terms)
    assert [trade.rest(part) for part in range(len(worths))] == [
        amount - sum(worths[:part]) for part in range(len(worths))
    ]
