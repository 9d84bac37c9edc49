"""Opening an auction on chain."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.auction_house.conftest import (
    DOCUMENT_MAX,
    EXTENSION_MAX,
    FOREIGN_MAX,
    auction_id,
)
from tests.contracts.support import event_names, only_event, reverts_with, sleep_to


def test_open_emits_everything(auction_house, house, seller, creation):
    auction = house.auction(seller, creation_id=creation)
    tx = auction_house.open(auction, {"from": seller})
    assert event_names(tx) == ["AuctionOpened"]
    assert only_event(tx, "AuctionOpened") == {
        "auctionId": "0x" + auction_id(auction_house, auction).hex(),
        "seller": seller,
        "auction": tuple(auction),
    }


def test_open_returns_the_id(auction_house, house, seller, creation):
    auction = house.auction(seller, creation_id=creation)
    tx = auction_house.open(auction, {"from": seller})
    id_ = "0x" + auction_id(auction_house, auction).hex()
    assert str(tx.return_value) == id_ == str(auction_house.hashAuction(auction))


def test_an_open_auction_waits_for_a_bid(house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    assert house.state(auction) == (ZERO_ADDRESS, 0, auction.ends_at)


def test_open_leaves_the_creation_with_the_seller(house, registry, seller, creation):
    house.opened(seller, creation_id=creation)
    assert registry.ownerOf(creation) == seller


def test_open_uses_the_nonce(auction_house, house, seller, creation):
    auction = house.auction(seller, creation_id=creation)
    assert not auction_house.nonceUsed(seller, auction.nonce)
    auction_house.open(auction, {"from": seller})
    assert auction_house.nonceUsed(seller, auction.nonce)
    assert not auction_house.nonceUsed(seller, auction.nonce + 1)


def test_an_auction_that_isnt_open_has_no_state(house, seller, creation):
    assert house.state(house.auction(seller, creation_id=creation)) == (ZERO_ADDRESS, 0, 0)


@pytest.mark.parametrize("field", range(11))
def test_every_field_is_in_the_id(auction_house, house, seller, creation, field):
    auction = house.auction(seller, creation_id=creation)
    value = auction[field]
    other = ZERO_ADDRESS if isinstance(value, str) and value != ZERO_ADDRESS else value
    if other == value:
        other = seller.address if isinstance(value, str) else value + 1
    changed = auction._replace(**{auction._fields[field]: other})
    seen = auction_house.hashAuction(changed)
    assert str(seen) == "0x" + auction_id(auction_house, changed).hex()
    assert seen != auction_house.hashAuction(auction)


def test_two_auctions_of_a_creation_can_be_open(house, seller, creation):
    first = house.opened(seller, creation_id=creation)
    second = house.opened(seller, creation_id=creation, reserve=5)
    assert house.deadline(first) == first.ends_at
    assert house.deadline(second) == second.ends_at


def test_opening_asks_nothing_of_the_creation(house, seller, stranger, creation):
    """A seller may open first and approve, or even buy, later; bids show whether it was true."""
    house.opened(stranger, creation_id=creation)
    house.opened(seller, creation_id=creation, tenure=99)
    house.opened(seller, creation_id=7, tenure=0)


# Refusals


def test_open_reverts_when_the_caller_isnt_the_seller(
    auction_house, house, seller, stranger, creation
):
    auction = house.auction(seller, creation_id=creation)
    with reverts_with("Auction_NotSeller", stranger, seller):
        auction_house.open(auction, {"from": stranger})


@pytest.mark.parametrize("reserve", [1, 2**128 - 1])
def test_open_takes_the_least_and_the_most(house, seller, creation, reserve):
    auction = house.opened(seller, creation_id=creation, reserve=reserve)
    assert house.deadline(auction) == auction.ends_at


@pytest.mark.parametrize("reserve", [0, 2**128, 2**256 - 1])
def test_open_reverts_when_the_reserve_is_out_of_range(house, seller, creation, reserve):
    with reverts_with("Price_OutOfRange", reserve, 2**128 - 1):
        house.opened(seller, creation_id=creation, reserve=reserve)


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "foreign"])
@pytest.mark.parametrize("seconds", ["least", "most"])
def test_open_takes_the_nearest_and_the_farthest_end(
    auction_house, house, seller, creation, registry, token, ours, seconds
):
    now = chain.time() + 100
    longest = DOCUMENT_MAX if ours else FOREIGN_MAX
    ends_at = now + (1 if seconds == "least" else longest)
    collection = registry.address if ours else token.address
    auction = house.auction(seller, collection=collection, creation_id=creation, ends_at=ends_at)
    sleep_to(chain, now)
    auction_house.open(auction, {"from": seller})
    assert house.deadline(auction) == ends_at


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "foreign"])
@pytest.mark.parametrize("seconds", ["past", "now", "too far", "for ever"])
def test_open_reverts_when_the_end_is_out_of_range(
    auction_house, house, seller, creation, registry, token, ours, seconds
):
    now = chain.time() + 100
    longest = DOCUMENT_MAX if ours else FOREIGN_MAX
    ends_at = {
        "past": 0,
        "now": now,
        "too far": now + longest + 1,
        "for ever": 2**256 - 1,
    }[seconds]
    collection = registry.address if ours else token.address
    auction = house.auction(seller, collection=collection, creation_id=creation, ends_at=ends_at)
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", ends_at, now + 1, now + longest):
        auction_house.open(auction, {"from": seller})


@pytest.mark.parametrize("step_bps", [100, 5_000])
def test_open_takes_the_lowest_and_the_highest_step(house, seller, creation, step_bps):
    house.opened(seller, creation_id=creation, step_bps=step_bps)


@pytest.mark.parametrize("step_bps", [0, 99, 5_001, 2**256 - 1])
def test_open_reverts_when_the_step_is_out_of_range(house, seller, creation, step_bps):
    with reverts_with("Auction_StepOutOfRange", step_bps, 100, 5_000):
        house.opened(seller, creation_id=creation, step_bps=step_bps)


@pytest.mark.parametrize("seconds", [0, EXTENSION_MAX])
def test_open_takes_no_and_the_longest_extension(house, seller, creation, seconds):
    house.opened(seller, creation_id=creation, extension_seconds=seconds)


@pytest.mark.parametrize("seconds", [EXTENSION_MAX + 1, 2**256 - 1])
def test_open_reverts_when_the_extension_is_too_long(house, seller, creation, seconds):
    with reverts_with("Auction_ExtensionOutOfRange", seconds, EXTENSION_MAX):
        house.opened(seller, creation_id=creation, extension_seconds=seconds)


@pytest.mark.parametrize("bps", [0, 1_000])
def test_open_takes_any_royalty_of_a_foreign_collection(house, seller, token, bps):
    house.opened(seller, collection=token.address, creation_id=1, royalty_bps_max=bps)


@pytest.mark.parametrize("bps", [1_001, 2**256 - 1])
def test_open_reverts_when_a_foreign_royalty_is_too_high(house, seller, token, bps):
    with reverts_with("Royalty_TooHigh", bps, 1_000):
        house.opened(seller, collection=token.address, creation_id=1, royalty_bps_max=bps)


def test_open_reverts_when_the_registrys_royalty_is_limited(house, seller, creation):
    """The registry says what its creators get, not the seller."""
    with reverts_with("Royalty_TooHigh", 1, 0):
        house.opened(seller, creation_id=creation, royalty_bps_max=1)


def test_open_reverts_when_opened_before(auction_house, house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    with reverts_with("Nonce_Used", seller, auction.nonce):
        auction_house.open(auction, {"from": seller})


def test_open_reverts_when_another_auction_used_the_nonce(auction_house, house, seller, creation):
    auction = house.opened(seller, creation_id=creation)
    with reverts_with("Nonce_Used", seller, auction.nonce):
        auction_house.open(auction._replace(reserve=1), {"from": seller})


def test_open_reverts_when_the_nonce_was_cancelled(auction_house, house, seller, creation):
    auction = house.auction(seller, creation_id=creation)
    auction_house.cancelNonces(auction.nonce, auction.nonce, {"from": seller})
    with reverts_with("Nonce_Used", seller, auction.nonce):
        auction_house.open(auction, {"from": seller})


def test_somebody_elses_nonce_is_free(house, seller, stranger, creation):
    auction = house.opened(seller, creation_id=creation)
    house.opened(stranger, creation_id=creation, nonce=auction.nonce)


@pytest.mark.parametrize("nonce", [0, 255, 256, 2**256 - 1])
def test_any_number_is_a_nonce(auction_house, house, seller, creation, nonce):
    house.opened(seller, creation_id=creation, nonce=nonce)
    assert auction_house.nonceUsed(seller, nonce)
    assert not auction_house.nonceUsed(seller, nonce ^ 1)
    assert not auction_house.nonceUsed(seller, nonce ^ 256)
