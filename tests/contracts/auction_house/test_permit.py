"""Bidding with a permit instead of an approval."""

import pytest

from tests.contracts.auction_house.conftest import PRICE
from tests.contracts.support import COIN, reverts_with, sign_permit


@pytest.fixture
def permit(token, house, buyer, seller, creation):
    """The buyer's permit of an amount, as `bidWithPermit` wants it."""

    def permit(amount=PRICE, deadline=2**64, signer=buyer):
        return sign_permit(token, buyer, house.contract, amount, deadline, signer)

    return permit


@pytest.fixture
def in_tokens(house, token, seller, creation):
    return house.opened(seller, creation_id=creation, asset=token.address)


def test_a_permit_replaces_the_approval(house, token, in_tokens, permit, buyer):
    house.contract.bidWithPermit(in_tokens, b"", PRICE, permit(), {"from": buyer})
    assert house.state(in_tokens)[:2] == (buyer, PRICE)
    assert token.allowance(buyer, house.contract) == 0


def test_a_permit_opens_a_signed_auction(house, token, permit, seller, buyer, creation):
    auction = house.auction(seller, creation_id=creation, asset=token.address)
    signature = house.sign(auction, seller)
    house.contract.bidWithPermit(auction, signature, PRICE, permit(), {"from": buyer})
    assert house.bidder(auction) == buyer


def test_a_front_run_permit_does_no_harm(house, token, in_tokens, permit, buyer, stranger):
    words = permit()
    value, deadline, v = (int.from_bytes(words[i : i + 32], "big") for i in (0, 32, 64))
    token.permit(
        buyer, house.contract, value, deadline, v, words[96:128], words[128:], {"from": stranger}
    )
    house.contract.bidWithPermit(in_tokens, b"", PRICE, words, {"from": buyer})
    assert house.bidder(in_tokens) == buyer


def test_an_empty_permit_is_none(house, token, in_tokens, buyer):
    token.approve(house.contract, PRICE, {"from": buyer})
    house.contract.bidWithPermit(in_tokens, b"", PRICE, b"", {"from": buyer})
    assert house.bidder(in_tokens) == buyer


@pytest.mark.parametrize("flaw", ["expired", "too little", "a stranger's"])
def test_bid_reverts_when_the_permit_is_no_good(
    house, token, in_tokens, permit, buyer, stranger, flaw
):
    words = {
        "expired": lambda: permit(deadline=1),
        "too little": lambda: permit(PRICE - 1),
        "a stranger's": lambda: permit(signer=stranger),
    }[flaw]()
    with reverts_with("TransferFromFailed"):
        house.contract.bidWithPermit(in_tokens, b"", PRICE, words, {"from": buyer})


def test_a_bad_permit_does_no_harm_beside_an_approval(
    house, token, in_tokens, permit, buyer, stranger
):
    token.approve(house.contract, PRICE, {"from": buyer})
    words = permit(signer=stranger)
    house.contract.bidWithPermit(in_tokens, b"", PRICE, words, {"from": buyer})
    assert house.bidder(in_tokens) == buyer


@pytest.mark.parametrize("length", [1, 159, 161, 320])
def test_bid_reverts_when_the_permit_is_malformed(house, in_tokens, buyer, length):
    with reverts_with("Permit_Malformed", length, 160):
        house.contract.bidWithPermit(in_tokens, b"", PRICE, bytes(length), {"from": buyer})


def test_there_is_no_permit_for_coins(house, permit, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=COIN)
    for words in (b"", permit()):
        with reverts_with("Value_Wrong", 0, PRICE):
            house.contract.bidWithPermit(auction, b"", PRICE, words, {"from": buyer})


def test_bid_reverts_when_a_token_without_code_is_permitted(
    house, permit, seller, buyer, stranger, creation
):
    auction = house.opened(seller, creation_id=creation, asset=stranger.address)
    with reverts_with("Asset_HasNoCode", stranger):
        house.contract.bidWithPermit(auction, b"", PRICE, permit(), {"from": buyer})
