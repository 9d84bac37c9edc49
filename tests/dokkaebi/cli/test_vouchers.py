"""Signed works on the command line: nothing is spent until somebody registers or buys."""

from __future__ import annotations

from pathlib import Path

from dokkaebi.chain.documents import parse_creation_id
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, Market, address

PRICE = 10**16


def test_voucher_is_signed_registered_and_used_up(market: Market, work: Path) -> None:
    before = market.chain.balance(address(CREATOR)), market.chain.nonce(address(CREATOR))
    made = market.do("sign-voucher", work, "--title", "달항아리", "--output", "v.json")
    assert (market.chain.balance(address(CREATOR)), market.chain.nonce(address(CREATOR))) == before
    told = market.do("explain", "v.json", key=None)
    assert (told["kind"], told["problems"]) == ("voucher", [])
    assert market.error("buy-new", "v.json", key=BUYER) == "voucher_not_sold"
    assert market.error("fill", "v.json", key=BUYER) == "paper_not_for_fill"
    done = market.do("register-for", "v.json", key=STRANGER)
    assert done["creation"] == made["creation"]["cid"]
    id_ = parse_creation_id(done["creation"])
    assert market.suite.registry.call("ownerOf", id_) == address(CREATOR)
    assert market.error("register-for", "v.json", key=STRANGER) == "voucher_used"


def test_voucher_is_bought(market: Market, work: Path) -> None:
    made = market.do("sign-voucher", work, "--price", "0.01", "--output", "v.json")
    before = market.chain.balance(address(CREATOR))
    assert market.error("register-for", "v.json", key=STRANGER) == "voucher_is_sold"
    bought = market.do("buy-new", "v.json", key=BUYER)
    id_ = parse_creation_id(bought["creation"])
    assert bought["creation"] == made["creation"]["cid"]
    assert market.suite.registry.call("ownerOf", id_) == address(BUYER)
    assert market.suite.registry.call("creationOf", id_)[0] == address(CREATOR)
    assert 0 < market.chain.balance(address(CREATOR)) - before < PRICE


def test_token_voucher_is_bought_with_an_approval(market: Market, work: Path) -> None:
    market.give_tokens(BUYER, 5 * 10**18)
    market.do("sign-voucher", work, "--price", "5", "--asset", "token", "--output", "v.json")
    bought = market.do("buy-new", "v.json", key=BUYER)
    assert [step["act"] for step in bought["transactions"]] == ["approve_token", "buy_new"]


def test_cancelled_voucher_is_dead_and_the_next_one_lives(market: Market, work: Path) -> None:
    market.do("sign-voucher", work, "--output", "first.json")
    market.do("cancel-signed", "first.json")
    assert market.error("register-for", "first.json", key=BUYER) == "voucher_cancelled"
    market.do("sign-voucher", work, "--output", "second.json")
    assert market.do("register-for", "second.json", key=BUYER)["creation"]


def test_sponsor_who_asks_too_much_is_refused(market: Market, work: Path) -> None:
    options = ("--price", "0.01", "--sponsor", address(STRANGER), "--sponsor-amount")
    market.do("sign-voucher", work, *options, "0.01", "--output", "dear.json")
    assert market.error("buy-new", "dear.json", key=BUYER) == "voucher_sponsor_wrong"
    market.do("sign-voucher", work, *options, "0.001", "--output", "fair.json")
    before = market.chain.balance(address(STRANGER))
    market.do("buy-new", "fair.json", key=BUYER)
    assert market.chain.balance(address(STRANGER)) - before == 10**15
