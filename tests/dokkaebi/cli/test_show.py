"""`show`: whatever an id is, what the chain says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dokkaebi.chain.documents import parse_creation_id
from dokkaebi.chain.suite import COIN
from tests.dokkaebi.conftest import BUYER, CREATOR, REFERRER, Market, address


@pytest.fixture
def creation(market: Market, work: Path) -> str:
    return market.publish(work, "--title", "백자")


@pytest.fixture
def offer(market: Market, creation: str) -> str:
    return str(market.do("offer", "--creation", creation, "--price", "0.05")["offer"])


@pytest.fixture
def trade(market: Market) -> str:
    words = ["--delivered", "--price", "2", "--referral", "5"]
    offer = market.do("offer", *words)["offer"]
    return str(market.do("fund", offer, "--referrer", address(REFERRER), key=BUYER)["trade"])


def test_a_creation_is_told_under_each_form_of_its_id(market: Market, creation: str) -> None:
    number = parse_creation_id(creation)
    told = [market.do("show", id) for id in (creation, str(number), f"0x{number:064x}")]
    assert told[0] == told[1] == told[2]
    assert told[0]["kind"] == "creation"
    assert told[0]["title"] == "백자"
    assert told[0]["owner"] == told[0]["creator"] == address(CREATOR)


def test_a_creations_sentences(market: Market, creation: str, offer: str) -> None:
    said = market.say("show", creation).out
    for part in ("“백자”", address(CREATOR), "5 %", "ipfs://" + creation, offer, "0.05 ETH"):
        assert part in said


def test_a_creation_without_its_document_has_no_title(
    market: Market, creation: str, tmp_path: Path
) -> None:
    [document] = (tmp_path / "documents").rglob("*.json")
    document.write_text(document.read_text().replace("백자", "청자"))
    assert market.do("show", creation)["title"] is None


def test_only_offers_that_can_be_taken_are_listed(
    market: Market, creation: str, offer: str
) -> None:
    assert market.do("show", creation)["open_offers"] == [offer]
    market.do("cancel", offer)
    assert market.do("show", creation)["open_offers"] == []
    old = market.do("offer", "--creation", creation, "--price", "0.01")["offer"]
    registry, number = market.suite.registry, parse_creation_id(creation)
    move = registry.encode("transferFrom", address(CREATOR), address(BUYER), number)
    market.send(CREATOR, registry.address, move)
    assert market.do("show", creation)["open_offers"] == []
    assert market.do("show", old)["hindrance"] == "moved"


def test_a_derivative_and_a_burnt_creation(market: Market, creation: str, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_text("la")
    child = market.publish(song, "--parent", creation)
    assert market.do("show", child)["parents"] == [creation]
    registry = market.suite.registry
    market.send(CREATOR, registry.address, registry.encode("burn", parse_creation_id(creation)))
    assert market.do("show", creation)["owner"] is None
    assert "burnt" in market.say("show", creation).out


def test_an_open_offer(market: Market, offer: str) -> None:
    told = market.do("show", offer[:14])
    assert (told["kind"], told["id"], told["state"]) == ("offer", offer, "open")
    assert told["takeable"] is True
    assert told["terms"]["price"] == "50000000000000000"
    assert [moment["event"] for moment in told["history"]] == ["OfferPublished"]


def test_a_taken_offer_names_its_buyer(market: Market, offer: str) -> None:
    market.do("buy", offer, key=BUYER)
    told = market.do("show", offer)
    assert (told["state"], told["trade"]) == ("filled", None)
    assert address(BUYER) in market.say("show", offer).out


def test_what_hinders_an_open_offer(market: Market, creation: str, offer: str) -> None:
    registry, number = market.suite.registry, parse_creation_id(creation)
    market.send(CREATOR, registry.address, registry.encode("approve", COIN, number))
    assert market.do("show", offer)["hindrance"] == "unapproved"
    move = registry.encode("transferFrom", address(CREATOR), address(BUYER), number)
    market.send(CREATOR, registry.address, move)
    assert market.do("show", offer)["hindrance"] == "moved"
    market.pass_days(31)
    assert market.do("show", offer)["hindrance"] == "expired"
    assert "time is over" in market.say("show", offer).out


def test_a_trade_along_its_life(market: Market, trade: str) -> None:
    told = market.do("show", trade[:10])
    assert (told["kind"], told["state"], told["outcome"]) == ("trade", "funded", None)
    assert told["terms"]["referrer"] == address(REFERRER)
    assert "must ship until" in market.say("show", trade).out
    market.do("ship", trade)
    assert market.do("show", trade)["state"] == "shipped"
    market.do("confirm", trade, key=BUYER)
    told = market.do("show", trade)
    assert (told["state"], told["outcome"], told["deadline"]) == ("ended", "released", None)
    events = [moment["event"] for moment in told["history"]]
    assert events == ["EscrowFunded", "EscrowShipped", "EscrowReleased", "ReferralPaid"]
    assert told["history"][2]["reason"] == "confirmed"


@pytest.mark.parametrize(
    ("ship", "said"), [(False, "return the money"), (True, "have the seller paid")]
)
def test_a_late_trade_says_who_may_end_it(
    market: Market, trade: str, ship: bool, said: str
) -> None:
    if ship:
        market.do("ship", trade)
    market.pass_days(7.1)
    assert said in market.say("show", trade).out


def test_korean(market: Market, trade: str, creation: str) -> None:
    assert "발송해야 합니다" in market.say("show", trade, "--lang", "ko").out
    assert "로열티" in market.say("show", creation, "--lang", "ko").out


@pytest.mark.parametrize(
    ("id", "key"),
    [
        ("7", "creation_unknown"),
        ("pot", "creation_id_wrong"),
        ("0x" + 64 * "1", "anything_unknown"),
        ("0x1234567", "anything_unknown"),
        ("0x123", "id_wrong"),
    ],
)
def test_an_unknown_id_is_said(market: Market, id: str, key: str) -> None:
    assert market.error("show", id) == key
