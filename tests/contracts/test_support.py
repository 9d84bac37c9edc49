"""The helpers that every other contract test trusts."""

import hashlib
import time

import pytest
from brownie import web3
from eth_utils import keccak

from tests.contracts.support import (
    cid_text,
    creation_id,
    error_text,
    event_names,
    events_of,
    folder_block,
    make_offer,
    make_trade,
    make_work,
    offer_id,
    only_event,
    register,
    reverts_with,
    sleep_to,
    trade_id,
    wake_up,
)


@pytest.mark.parametrize("ahead", [2, 60, 86_400, 40_000_000])
def test_sleep_to_places_the_next_transaction_exactly(chain, token, seller, buyer, ahead):
    target = chain[-1].timestamp + ahead
    sleep_to(chain, target)
    tx = token.transfer(buyer, 1, {"from": seller})
    assert tx.timestamp == target


def test_sleep_to_places_three_transactions_in_a_row(chain, token, seller, buyer):
    target = chain[-1].timestamp + 1_000
    for timestamp in (target - 1, target, target + 1):
        sleep_to(chain, timestamp)
        assert token.transfer(buyer, 1, {"from": seller}).timestamp == timestamp


def test_sleep_to_is_exact_when_sending_takes_long(chain, token, seller, buyer):
    target = chain[-1].timestamp + 1_000
    sleep_to(chain, target)
    waiting = web3.eth.send_transaction

    def slow(transaction):
        time.sleep(1.5)
        return waiting(transaction)

    web3.eth.send_transaction = slow
    assert token.transfer(buyer, 1, {"from": seller}).timestamp == target


def test_sleep_to_places_a_reverting_transaction(chain, token, stranger):
    target = chain[-1].timestamp + 1_000
    sleep_to(chain, target)
    with reverts_with("ERC20InsufficientBalance", stranger, 0, 1):
        token.transfer(stranger, 1, {"from": stranger})
    assert chain[-1].timestamp == target


def test_wake_up_forgets_a_sleep(chain, token, seller, buyer):
    target = chain[-1].timestamp + 1_000
    sleep_to(chain, target)
    wake_up()
    assert web3.eth.send_transaction.__self__ is web3.eth


def test_isolation_gives_each_test_the_same_chain(chain, token):
    assert chain.height == len(chain) - 1
    assert token.totalSupply() == 1_000_000 * 10**18


def test_error_text_is_what_brownie_prints(seller):
    assert error_text("Steward_Zero") == "Steward_Zero: "
    assert (
        error_text("Steward_Required", seller, 5) == f"Steward_Required: {str(seller).lower()}, 5"
    )
    assert error_text("X", b"\1" * 32) == "X: " + str(b"\1" * 32)
    assert error_text("X", "0x" + "01" * 32) == error_text("X", b"\1" * 32)


def test_reverts_with_refuses_other_arguments(token, stranger):
    with (
        pytest.raises(AssertionError, match="Unexpected revert string"),
        reverts_with("ERC20InsufficientBalance", stranger, 0, 2),
    ):
        token.transfer(stranger, 1, {"from": stranger})


def test_reverts_with_refuses_a_success(token, seller, stranger):
    with (
        pytest.raises(AssertionError, match="did not revert"),
        reverts_with("ERC20InsufficientBalance", stranger, 0, 2),
    ):
        token.transfer(stranger, 1, {"from": seller})


def test_events_come_in_order_and_complete(registry, creator):
    works = [make_work(1), make_work(2)]
    tx = registry.registerBatch(works, {"from": creator})
    assert event_names(tx) == ["CreationRegistered", "Transfer"] * 2
    digests = [event["documentDigest"] for event in events_of(tx, "CreationRegistered")]
    assert [bytes(digest) for digest in digests] == [work.document_digest for work in works]
    with pytest.raises(ValueError, match="too many values"):
        only_event(tx, "CreationRegistered")


def test_register_returns_the_id_that_python_computes(registry, creator):
    work = make_work(7)
    id_ = register(registry, creator, 7)
    assert id_ == creation_id(work.document_digest, work.document_size, creator)


def test_offer_and_trade_ids_are_the_markets(market, seller, buyer, referrer):
    offer = make_offer(seller, creation_id=5, referral_bps=7, details=b"\2" * 32)
    assert bytes(market.hashOffer(offer)) == offer_id(market, offer)
    trade = make_trade(market, offer, buyer, referrer)
    assert bytes(market.hashTrade(trade)) == trade_id(trade)


def test_make_offer_refuses_unknown_terms(seller):
    with pytest.raises(TypeError, match="prise"):
        make_offer(seller, prise=1)


def test_cid_text_knows_the_empty_document():
    """`ipfs add --cid-version=1` of nothing, known everywhere."""
    digest = hashlib.sha256(b"").digest()
    assert cid_text(0x55, digest) == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


def test_cid_text_knows_the_empty_folder():
    """UnixFS: the block `0a 02 08 01`."""
    digest = hashlib.sha256(bytes.fromhex("0a020801")).digest()
    assert cid_text(0x70, digest) == "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


def test_folder_block_is_96_bytes_from_the_interface():
    digest, creator = keccak(b"any"), "0x" + "aB" * 20
    size = 16_383
    assert folder_block(digest, size, creator) == (
        bytes.fromhex("125a0a2401551220")
        + digest
        + bytes.fromhex("122f")
        + f"0x{'ab' * 20}.json".encode()
        + bytes.fromhex("18ff7f0a020801")
    )
