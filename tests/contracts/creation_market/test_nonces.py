"""Nonces: used one by one, cancelled from the first to the last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.support import event_names, examples, only_event, reverts_with

LAST = 2**256 - 1


def test_cancelling_is_announced(shop, seller):
    tx = shop.contract.cancelNonces(300, 600, {"from": seller})
    assert event_names(tx) == ["NoncesCancelled"]
    assert only_event(tx, "NoncesCancelled") == {"signer": seller, "first": 300, "last": 600}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0, 0),
        (7, 7),
        (0, 255),
        (255, 256),
        (256, 256),
        (1, 254),
        (254, 257),
        (255, 512),
        (256, 511),
        (300, 1_000),
        (LAST, LAST),
        (LAST - 300, LAST),
        (2**255 - 1, 2**255),
    ],
)
def test_exactly_what_was_named_is_cancelled(shop, seller, first, last):
    shop.contract.cancelNonces(first, last, {"from": seller})
    inside = {first, last, (first + last) // 2, min(last, first | 255), max(first, last & ~255)}
    for nonce in inside:
        assert shop.contract.nonceUsed(seller, nonce)
    for nonce in (first - 1, last + 1, first - 256, last + 256):
        if 0 <= nonce <= LAST:
            assert not shop.contract.nonceUsed(seller, nonce)


def test_one_signers_nonces_are_no_others(shop, seller, buyer):
    shop.contract.cancelNonces(0, 100, {"from": seller})
    assert not shop.contract.nonceUsed(buyer, 50)


def test_nothing_is_used_at_first(shop, seller):
    for nonce in (0, 1, 255, 256, LAST):
        assert not shop.contract.nonceUsed(seller, nonce)


@pytest.mark.parametrize("first", [0, 1, 255, LAST - 65_535])
def test_the_most_that_go_at_once(shop, seller, first):
    last = first + 65_535
    tx = shop.contract.cancelNonces(first, last, {"from": seller})
    assert shop.contract.nonceUsed(seller, first)
    assert shop.contract.nonceUsed(seller, last)
    assert tx.gas_used < 7_000_000


@pytest.mark.parametrize(
    ("first", "last"),
    [(1, 0), (LAST, 0), (257, 256), (0, 65_536), (0, LAST), (LAST - 65_536, LAST), (5, 65_541)],
)
def test_cancel_nonces_reverts_when_out_of_range(shop, seller, first, last):
    with reverts_with("Nonces_OutOfRange", first, last, 65_536):
        shop.contract.cancelNonces(first, last, {"from": seller})


def test_cancelling_twice_changes_nothing(shop, seller):
    shop.contract.cancelNonces(10, 20, {"from": seller})
    shop.contract.cancelNonces(15, 30, {"from": seller})
    assert [n for n in range(5, 36) if shop.contract.nonceUsed(seller, n)] == list(range(10, 31))


def test_cancelling_keeps_those_used_around(shop, creation, own_work, seller, buyer):
    for n, nonce in ((1, 4), (2, 70), (3, 255)):
        work = creation if n == 1 else own_work(seller, 80 + n)
        offer, signature = shop.signed(seller, work, nonce=nonce)
        shop.buy(offer, buyer, signature)
    shop.contract.cancelNonces(60, 80, {"from": seller})
    used = [n for n in range(256) if shop.contract.nonceUsed(seller, n)]
    assert used == [4, *range(60, 81), 255]


def test_all_up_to_a_point_go_at_once(shop, creation, seller, buyer):
    signed = [shop.signed(seller, creation, nonce=nonce) for nonce in (0, 5, 300, 301)]
    shop.contract.cancelNonces(0, 300, {"from": seller})
    for offer, signature in signed[:3]:
        with reverts_with("Nonce_Used", seller, offer.nonce):
            shop.buy(offer, buyer, signature)
    shop.buy(signed[3][0], buyer, signed[3][1])


def test_any_range_is_cancelled_exactly(shop, seller, stranger):
    """A model: a set of numbers."""
    model = set()

    @given(first=st.integers(0, 1_100), length=st.integers(0, 700))
    @examples(8)
    def check(first, length):
        shop.contract.cancelNonces(first, first + length, {"from": stranger})
        model.update(range(first, first + length + 1))
        edges = {first - 1, first, first + length, first + length + 1, 255, 256, 511, 512, 900}
        for nonce in edges - {-1}:
            assert shop.contract.nonceUsed(stranger, nonce) is (nonce in model)

    check()
