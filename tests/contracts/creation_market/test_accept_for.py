"""Owners who accept a bid by a signature, for whoever brings both."""

from typing import NamedTuple

import pytest
from brownie import chain

from tests.contracts.creation_market.conftest import FEE, PRICE, ROYALTY, hex_of, wrong
from tests.contracts.support import (
    DAY,
    fields,
    only_event,
    reverts_with,
    sign,
    sleep_to,
    typed_digest,
)

TYPES = {
    "Acceptance": fields(
        "address seller,bytes32 bidId,uint256 creationId,uint256 tenure,uint256 royaltyBpsMax,"
        "uint256 expiry"
    )
}


class Acceptance(NamedTuple):
    """`ICreationMarket.Acceptance`."""

    seller: str
    bid_id: bytes
    creation_id: int
    tenure: int
    royalty_bps_max: int
    expiry: int


def acceptance_digest(shop, acceptance):
    names = [field["name"] for field in TYPES["Acceptance"]]
    message = dict(zip(names, acceptance, strict=True))
    return typed_digest(shop.contract, "Dokkaebi CreationMarket", "Acceptance", TYPES, message)


@pytest.fixture
def acceptance_of(shop, registry):
    """What an owner signs to accept a bid for a creation."""

    def acceptance_of(seller, bid, creation_id, collection=None, **terms):
        return Acceptance(
            **{
                "seller": str(seller),
                "bid_id": shop.digest(bid),
                "creation_id": creation_id,
                "tenure": shop.tenure(collection or registry.address, creation_id),
                "royalty_bps_max": 0 if collection is None else 1_000,
                "expiry": chain.time() + DAY,
                **terms,
            }
        )

    return acceptance_of


@pytest.fixture
def bring(shop, stranger, buyer):
    """Somebody brings a bid of the buyer's and its acceptance."""

    def bring(bid, acceptance, signer, bid_signer=None, caller=stranger):
        return shop.contract.acceptFor(
            bid,
            shop.sign(bid, bid_signer or buyer),
            acceptance,
            sign(acceptance_digest(shop, acceptance), signer),
            b"",
            {"from": caller},
        )

    return bring


def test_a_signed_acceptance_sells_the_creation(
    shop, registry, dkb, watch, bring, acceptance_of, creation, seller, creator, treasury, buyer
):
    bid = shop.bid(buyer, creation, dkb)
    seen = watch(dkb, seller, creator, treasury, buyer)
    acceptance = acceptance_of(seller, bid, creation)
    assert bytes(shop.contract.hashAcceptance(acceptance)) == acceptance_digest(shop, acceptance)
    tx = bring(bid, acceptance, seller)
    assert registry.ownerOf(creation) == buyer
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY, FEE, -PRICE]
    bid_id = hex_of(shop.digest(bid))
    assert only_event(tx, "BidAccepted") == {"bidId": bid_id, "bidder": buyer, "seller": seller}


def test_accept_for_reverts_twice(shop, dkb, bring, acceptance_of, creation, seller, buyer):
    """The bid's nonce is used, and the creation has moved."""
    bid = shop.bid(buyer, creation, dkb)
    acceptance = acceptance_of(seller, bid, creation)
    bring(bid, acceptance, seller)
    with reverts_with("Creation_Moved", creation, 2, 1):
        bring(bid, acceptance, seller)


def test_accept_for_reverts_when_the_owner_didnt_sign(
    shop, dkb, bring, acceptance_of, creation, seller, buyer, stranger
):
    bid = shop.bid(buyer, creation, dkb)
    acceptance = acceptance_of(seller, bid, creation)
    for forger in (buyer, stranger):
        with reverts_with("Signature_Wrong", seller, acceptance_digest(shop, acceptance)):
            bring(bid, acceptance, forger)


def test_accept_for_reverts_when_the_bidder_didnt_sign(
    shop, dkb, bring, acceptance_of, creation, seller, buyer, stranger
):
    bid = shop.bid(buyer, creation, dkb)
    with wrong(shop, bid):
        bring(bid, acceptance_of(seller, bid, creation), seller, bid_signer=stranger)


def test_an_acceptance_is_of_one_bid(shop, dkb, bring, acceptance_of, creation, seller, buyer):
    dear, cheap = shop.bid(buyer, creation, dkb), shop.bid(buyer, creation, dkb, price=1)
    with reverts_with("Acceptance_OtherBid", shop.digest(dear), shop.digest(cheap)):
        bring(cheap, acceptance_of(seller, dear, creation), seller)


@pytest.mark.parametrize("change", [{"royalty_bps_max": 1}, {"expiry": 1}], ids=str)
def test_accept_for_reverts_when_altered(
    shop, dkb, acceptance_of, creation, seller, buyer, stranger, change
):
    bid = shop.bid(buyer, creation, dkb)
    acceptance = acceptance_of(seller, bid, creation)
    signature = sign(acceptance_digest(shop, acceptance), seller)
    if "expiry" in change:
        change = {"expiry": acceptance.expiry + 1}
    altered = acceptance._replace(**change)
    with reverts_with("Signature_Wrong", seller, acceptance_digest(shop, altered)):
        shop.contract.acceptFor(
            bid, shop.sign(bid, buyer), altered, signature, b"", {"from": stranger}
        )


def test_an_acceptance_dies_when_the_creation_left_and_came_back(
    shop, registry, dkb, bring, acceptance_of, creation, seller, buyer, stranger
):
    """The bid for any work of its creator would live."""
    creator = registry.creationOf(creation).dict()["creator"]
    bid = shop.bid(buyer, 0, dkb, creator=creator)
    acceptance = acceptance_of(seller, bid, creation)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    with reverts_with("Creation_Moved", creation, 3, 1):
        bring(bid, acceptance, seller)
    bring(bid, acceptance_of(seller, bid, creation), seller)
    assert registry.ownerOf(creation) == buyer


@pytest.mark.parametrize("seconds", [-1, 0])
def test_an_acceptance_is_good_to_its_last_second(
    shop, registry, dkb, bring, acceptance_of, creation, seller, buyer, seconds
):
    bid = shop.bid(buyer, creation, dkb)
    acceptance = acceptance_of(seller, bid, creation)
    sleep_to(chain, acceptance.expiry + seconds)
    bring(bid, acceptance, seller)
    assert registry.ownerOf(creation) == buyer


def test_accept_for_reverts_after_the_last_second(
    shop, dkb, bring, acceptance_of, creation, seller, buyer
):
    bid = shop.bid(buyer, creation, dkb)
    acceptance = acceptance_of(seller, bid, creation)
    now = acceptance.expiry + 1
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", acceptance.expiry, now, now + 365 * DAY):
        bring(bid, acceptance, seller)


def test_accept_for_reverts_when_the_owner_bids(shop, dkb, bring, acceptance_of, own_work, buyer):
    id_ = own_work(buyer, 5)
    bid = shop.bid(buyer, id_, dkb)
    with reverts_with("Buyer_IsSeller", buyer):
        bring(bid, acceptance_of(buyer, bid, id_), buyer)


def test_a_foreign_creation_is_accepted_for_thirty_days_at_most(
    shop, dkb, bring, acceptance_of, foreign, MockCollection, seller, buyer
):
    collection = foreign(MockCollection)
    bid = shop.bid(buyer, 5, dkb, collection=collection.address)
    now = chain.time()
    late = acceptance_of(seller, bid, 5, collection.address, expiry=now + 31 * DAY)
    sleep_to(chain, now + 10)
    with reverts_with("Expiry_OutOfRange", late.expiry, now + 10, now + 10 + 30 * DAY):
        bring(bid, late, seller)
    bring(bid, acceptance_of(seller, bid, 5, collection.address), seller)
    assert collection.ownerOf(5) == buyer
