"""Documents in sentences: every field, both languages, and nothing left out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dokkaebi.chain import creation_market as sales
from dokkaebi.chain import escrow_market as escrow
from dokkaebi.chain.assets import Asset
from dokkaebi.chain.consents import KINDS, Consent, Permit
from dokkaebi.chain.explain import Facts, explain, explain_state, facts_of
from dokkaebi.chain.nonces import cancel_nonces
from dokkaebi.chain.suite import COIN
from dokkaebi.chain.terms import (
    NO_SALE,
    NOBODY,
    ZERO_WORD,
    Auction,
    Bid,
    Delivery,
    Offer,
    Request,
    Terms,
    Voucher,
    Work,
)
from dokkaebi.texts import set_language
from tests.dokkaebi.chain.conftest import PRICE, Stall
from tests.dokkaebi.chain.test_consents import random_terms
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, address

REGISTRY = address("test:9")
TOKEN = Asset(address("test:8"), "DKB", 18)
WHO = address(CREATOR)
WORK = 2**255
OFFER = Offer(WHO, NOBODY, REGISTRY, WORK, 0, 0, PRICE, 0, COIN, 1_800_000_000, 0, 0, 4)
DELIVERY = Delivery(
    WHO, NOBODY, 0, 0, COIN, 10**18, 3, 1_800_000_000, 3_600, 86_400, 250,
    address(STRANGER), 300, 7 * 86_400, 2_500, (30, 70), ZERO_WORD, 0,
)  # fmt: skip


def zero_terms(kind: str) -> Terms:
    """Terms of a kind that say nothing."""
    if kind == "voucher":
        return Voucher(NOBODY, Work(ZERO_WORD, 0, 0, ZERO_WORD, ()), (), NO_SALE, 0, 0)
    nothing: dict[str, Any] = {
        "address": NOBODY, "bytes32": ZERO_WORD, "uint8[]": (), "uint256": 0,
    }  # fmt: skip
    make: Any = KINDS[kind].terms
    terms: Terms = make(*(nothing[field["type"]] for field in KINDS[kind].fields))
    return terms


def field_count(terms: Terms) -> int:
    """How many fields there are to tell, those of structs within for themselves; of no sale one."""
    if not isinstance(terms, Voucher):
        return len(terms)
    return 4 + len(terms.work) + (1 if terms.sale == NO_SALE else len(terms.sale))


@pytest.mark.parametrize("facts", [None, Facts(TOKEN, REGISTRY)])
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_a_sentence(kind: str, lang: str, facts: Facts | None) -> None:
    for terms in (zero_terms(kind), random_terms(kind, 0), random_terms(kind, 1)):
        lines = explain(terms, facts, lang)
        assert len(lines) == 1 + field_count(terms)
        for line in lines:
            assert line.endswith((".", "다.", "요."))
            assert not re.search(r"{\w+}|explain_", line), line
            if lang == "ko":
                assert re.search("[가-힣]", line)


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_said(kind: str) -> None:
    """Addresses and digests stand there whole, to be compared."""
    terms = random_terms(kind, 2)
    text = "\n".join(explain(terms))

    def check(values: Any) -> None:
        for value in values:
            if isinstance(value, tuple):
                check(value)
            elif isinstance(value, str) and value != NOBODY:
                assert value in text
            elif isinstance(value, bytes):
                assert value.hex() in text

    check(terms)


def test_offer_reads_as_people_speak() -> None:
    lines = explain(OFFER, Facts(Asset(COIN, "ETH", 18), REGISTRY))
    assert lines[2:5] == [
        "Anybody may buy.",
        f"The creation is one of this market's registry, {REGISTRY}.",
        "Sold is the creation bafybeieaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.",
    ]
    assert "The price is 0.01 ETH." in lines
    assert "The price is fixed." in lines
    assert "It is paid in the chain's own coin." in lines
    assert any(re.search(r"until 2027-01-1\d \d\d:\d\d:\d\d[+-]\d\d:\d\d,", line) for line in lines)
    set_language("ko")
    assert "값은 0.01 ETH입니다." in explain(OFFER, Facts(Asset(COIN, "ETH", 18)))


def test_amounts_stay_raw_without_a_chain() -> None:
    assert f"The price is {PRICE} (smallest units)." in explain(OFFER)


def test_tokens_are_named_with_their_address() -> None:
    lines = explain(OFFER._replace(asset=TOKEN.address), Facts(TOKEN))
    assert f"It is paid in the token DKB ({TOKEN.address})." in lines


def test_falling_price_is_told() -> None:
    lines = explain(OFFER._replace(start=1_790_000_000, end_price=1), Facts(TOKEN))
    assert "It falls evenly to 0.000000000000000001 DKB at the last second." in lines
    assert any(line.startswith("The price falls from 2026-09-2") for line in lines)


def test_delivery_tells_parts_units_and_what_silence_means() -> None:
    lines = explain(DELIVERY, Facts(TOKEN))
    assert any(line.endswith("price as 1: 30 % (0.3 DKB), 2: 70 % (0.7 DKB).") for line in lines)
    for line in (
        "There are 3 units, 3 DKB for all.",
        "If the arbiter is silent, the seller gets 25 % and the buyer 75 % of what is left.",
        "For ruling the arbiter takes 3 % of what is divided.",
        "Whoever brings the buyer gets 2.5 % of what is paid to the seller.",
        "No creation comes with it.",
    ):
        assert line in lines
    silent = explain(DELIVERY._replace(silent_seller_bps=0))
    assert any("the seller gets 0 % and the buyer 100 %" in line for line in silent)
    nobody = explain(DELIVERY._replace(arbiter=NOBODY, silent_seller_bps=0))
    assert "Nothing is divided by default, since nobody can dispute." in nobody


def test_request_speaks_of_the_maker() -> None:
    lines = explain(Request(*DELIVERY))
    assert f"Only {WHO} may accept the work." in lines
    assert "No creation comes with it." in lines


def test_tenures_are_told_where_they_count() -> None:
    ours, foreign = Facts(None, REGISTRY), Facts(None, address(BUYER))
    assert any("(tenure 0)" in line for line in explain(OFFER, ours))
    assert any("no tenures count here" in line for line in explain(OFFER, foreign))
    assert "So no change of owners ends it (tenure 0)." in explain(DELIVERY, ours)
    assert any("dies when" in line for line in explain(DELIVERY._replace(creation_id=WORK)))
    bid = Bid(WHO, REGISTRY, 0, address(BUYER), 0, TOKEN.address, 1, 1, 0)
    assert "How often that work changed hands doesn't matter." in explain(bid, ours)
    assert "Wanted is no single creation but any of a creator's." in explain(bid)
    assert "Wanted is the creation 0." in explain(bid._replace(creator=NOBODY))


def test_auction_tells_its_steps() -> None:
    auction = Auction(WHO, REGISTRY, WORK, 1, COIN, PRICE, 500, 1_800_000_000, 600, 0, 0)
    lines = explain(auction, Facts(Asset(COIN, "ETH", 18)))
    assert "Each bid must be higher than the last by 5 % of it." in lines
    assert any("last 10 minutes" in line for line in lines)


def test_signed_document_tells_where_it_counts_and_who_signed() -> None:
    consent = Consent(OFFER, 1337, address(BUYER), bytes(65))
    lines = explain(consent)
    assert lines[-1] == f"It must be signed by {WHO}."
    assert consent.id in lines[-2]
    assert f"chain 1337 in the CreationMarket at {address(BUYER)}" in lines[-3]
    permitted = Consent(OFFER, 1337, address(BUYER), bytes(65), Permit(7, 1_800_000_000, bytes(65)))
    assert any(
        "lets the market take 7 (smallest units) until 2027-01-1" in line
        for line in explain(permitted)
    )
    settled = Consent(random_terms("settlement", 0), 1, NOBODY, b"")
    assert explain(settled)[-1] == "It must be signed by the buyer or the seller of the trade."


def test_moments_beyond_all_calendars_are_numbers() -> None:
    assert any(str(2**255) in line for line in explain(OFFER._replace(expiry=2**255)))


def test_chain_tells_symbols_and_the_state(stall: Stall) -> None:
    suite = stall.suite
    work = stall.create(market=suite.creation_market)
    token = suite.token.address
    offer = sales.new_offer(
        suite, address(CREATOR), work, PRICE, expiry=stall.soon(), asset=token, nonce=0
    )
    facts = facts_of(suite, offer)
    assert facts == Facts(Asset(token, "DKB", 18), suite.registry.address)
    assert facts_of(suite, offer._replace(asset=address(BUYER))).asset is None
    assert facts_of(suite, random_terms("swap", 0)).asset is None
    consent = stall.sign(CREATOR, offer)
    assert explain_state(suite, consent) == ["It can be used now."]
    stall.act(CREATOR, cancel_nonces(suite.creation_market, 0, 0))
    assert explain_state(suite, consent) == [
        f"{address(CREATOR)} cancelled the document (number 0). Ask for a new one."
    ]


def test_requests_terms_are_explained_from_the_chain(stall: Stall) -> None:
    suite = stall.suite
    terms = escrow.new_request(suite, address(BUYER), PRICE, expiry=stall.soon())
    assert "The price of one unit is 0.01 ETH." in explain(terms, facts_of(suite, terms))
