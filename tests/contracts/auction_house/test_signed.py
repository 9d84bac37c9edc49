"""Auctions that the seller signed and the first bid opens; and the nonces that end them."""

import pytest
from brownie import ZERO_ADDRESS, chain, web3

from tests.contracts.auction_house.conftest import (
    EXTENSION,
    MUCH_GAS,
    PRICE,
    auction_id,
)
from tests.contracts.support import (
    DAY,
    FEE_BPS,
    event_names,
    only_event,
    reverts_with,
    set_code,
    sign,
    sleep_to,
)

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def signed(house, seller, creation):
    """An auction that the seller only signed, and the signature."""
    auction = house.auction(seller, creation_id=creation)
    return auction, house.sign(auction, seller)


def test_the_first_bid_opens_a_signed_auction(house, registry, money, seller, buyer, creation):
    auction = house.auction(seller, creation_id=creation, asset=money.address)
    tx = house.bid(auction, buyer, signature=house.sign(auction, seller))
    assert house.state(auction) == (buyer, PRICE, auction.ends_at)
    assert registry.ownerOf(creation) == house.contract
    assert event_names(tx)[:2] == ["AuctionOpened", "AuctionBid"]
    assert only_event(tx, "AuctionOpened") == {
        "auctionId": "0x" + auction_id(house.contract, auction).hex(),
        "seller": seller,
        "auction": tuple(auction),
    }
    assert house.contract.nonceUsed(seller, auction.nonce)


def test_later_bids_need_no_signature(house, signed, buyer, stranger, referrer):
    auction, signature = signed
    house.bid(auction, buyer, signature=signature)
    house.bid(auction, stranger, 2 * PRICE)
    house.bid(auction, referrer, 4 * PRICE, signature=signature)
    tx = house.bid(auction, buyer, 8 * PRICE, signature=b"anything")
    assert event_names(tx) == ["AuctionBid"]


def test_a_signed_auction_settles_like_any(house, registry, signed, buyer, creation):
    auction, signature = signed
    house.bid(auction, buyer, signature=signature)
    house.settle(auction)
    assert registry.ownerOf(creation) == buyer


def test_a_signed_auctions_first_bid_moves_the_end(house, signed, buyer):
    auction, signature = signed
    sleep_to(chain, auction.ends_at - 1)
    house.bid(auction, buyer, signature=signature)
    assert house.deadline(auction) == auction.ends_at - 1 + EXTENSION


def test_a_failed_first_bid_leaves_it_signed(house, registry, signed, buyer, seller):
    auction, signature = signed
    registry.setApprovalForAll(house.contract, False, {"from": seller})
    with reverts_with("NotOwnerNorApproved"):
        house.bid(auction, buyer, signature=signature)
    assert not house.contract.nonceUsed(seller, auction.nonce)
    registry.setApprovalForAll(house.contract, True, {"from": seller})
    house.bid(auction, buyer, signature=signature)


def test_a_first_bid_below_the_reserve_leaves_it_signed(house, signed, buyer, seller):
    auction, signature = signed
    with reverts_with("Bid_OutOfRange", PRICE - 1, PRICE, 2**128 - 1):
        house.bid(auction, buyer, PRICE - 1, signature=signature)
    assert not house.contract.nonceUsed(seller, auction.nonce)
    assert house.deadline(auction) == 0


def test_a_seller_can_open_what_they_signed(house, signed, seller, buyer):
    """The same document, so the same auction; the signature is worth nothing any more."""
    auction, signature = signed
    house.contract.open(auction, {"from": seller})
    tx = house.bid(auction, buyer, signature=signature)
    assert event_names(tx) == ["AuctionBid", "Transfer"]


def test_the_seller_cant_open_it_by_an_own_bid(house, signed, seller):
    auction, signature = signed
    with reverts_with("Buyer_IsSeller", seller):
        house.bid(auction, seller, signature=signature)


# Once


def test_a_signed_auction_opens_once(house, registry, signed, seller, buyer, creation):
    auction, signature = signed
    house.bid(auction, buyer, signature=signature)
    house.settle(auction)
    with reverts_with("Auction_NotOpen", auction_id(house.contract, auction)):
        house.bid(auction, buyer)
    now = chain.time() + 100
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", auction.ends_at, now, now + 365 * DAY):
        house.bid(auction, buyer, signature=signature)


def test_cancelling_the_nonce_kills_a_signed_auction(house, signed, seller, buyer):
    auction, signature = signed
    house.contract.cancelNonces(0, auction.nonce, {"from": seller})
    with reverts_with("Nonce_Used", seller, auction.nonce):
        house.bid(auction, buyer, signature=signature)


def test_two_signed_auctions_of_one_nonce_are_alternatives(house, own_work, signed, seller, buyer):
    auction, signature = signed
    other = auction._replace(creation_id=own_work(30), tenure=0)
    house.bid(other, buyer, signature=house.sign(other, seller))
    with reverts_with("Nonce_Used", seller, auction.nonce):
        house.bid(auction, buyer, signature=signature)


def test_a_signed_auction_dies_with_the_tenure(house, registry, signed, seller, stranger, buyer):
    auction, signature = signed
    registry.transferFrom(seller, stranger, auction.creation_id, {"from": seller})
    registry.transferFrom(stranger, seller, auction.creation_id, {"from": stranger})
    with reverts_with("Creation_Moved", auction.creation_id, 3, 1):
        house.bid(auction, buyer, signature=signature)


# Until when


def test_a_signed_auction_opens_at_its_last_second(house, signed, buyer):
    auction, signature = signed
    sleep_to(chain, auction.ends_at)
    house.bid(auction, buyer, signature=signature)
    assert house.state(auction) == (buyer, PRICE, auction.ends_at + EXTENSION)


@pytest.mark.parametrize("late", [1, 400 * DAY])
def test_a_signed_auction_doesnt_open_after_its_last_second(house, signed, buyer, late):
    auction, signature = signed
    now = auction.ends_at + late
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", auction.ends_at, now, now + 365 * DAY):
        house.bid(auction, buyer, signature=signature)


@pytest.mark.parametrize("early", [0, 1])
def test_a_signed_auction_of_a_far_day_opens_later(house, signed, seller, buyer, early):
    now = chain.time() + 100
    auction = signed[0]._replace(ends_at=now + 365 * DAY + early)
    signature = house.sign(auction, seller)
    sleep_to(chain, now)
    if early:
        with reverts_with("Expiry_OutOfRange", auction.ends_at, now, now + 365 * DAY):
            house.bid(auction, buyer, signature=signature)
        sleep_to(chain, now + early)
    house.bid(auction, buyer, signature=signature)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"reserve": 0}, ("Price_OutOfRange", 0, 2**128 - 1)),
        ({"reserve": 2**128}, ("Price_OutOfRange", 2**128, 2**128 - 1)),
        ({"step_bps": 99}, ("Auction_StepOutOfRange", 99, 100, 5_000)),
        ({"step_bps": 5_001}, ("Auction_StepOutOfRange", 5_001, 100, 5_000)),
        ({"extension_seconds": 3_601}, ("Auction_ExtensionOutOfRange", 3_601, 3_600)),
        ({"royalty_bps_max": 1}, ("Royalty_TooHigh", 1, 0)),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else "",
)
def test_signed_terms_are_checked_like_opened_ones(house, signed, seller, buyer, change, error):
    auction = signed[0]._replace(**change)
    with reverts_with(*error):
        house.bid(auction, buyer, signature=house.sign(auction, seller))


# Whose signature


def wrong(house, auction):
    return reverts_with("Signature_Wrong", auction.seller, auction_id(house.contract, auction))


def test_a_compact_signature_counts(house, signed, buyer):
    """ERC-2098: 64 bytes."""
    auction, signature = signed
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    compact = r + (s | (v - 27) << 255).to_bytes(32, "big")
    house.bid(auction, buyer, signature=compact)
    assert house.bidder(auction) == buyer


def test_bid_reverts_when_a_stranger_signed(house, signed, stranger, buyer):
    auction, _ = signed
    with wrong(house, auction):
        house.bid(auction, buyer, signature=house.sign(auction, stranger))


@pytest.mark.parametrize(
    "field", ["creation_id", "asset", "reserve", "step_bps", "ends_at", "nonce"]
)
def test_bid_reverts_when_a_signed_term_was_altered(house, signed, buyer, field):
    auction, signature = signed
    value = getattr(auction, field)
    altered = auction._replace(**{field: buyer.address if field == "asset" else value + 1})
    with wrong(house, altered):
        house.bid(altered, buyer, signature=signature)


def test_bid_reverts_when_signed_for_another_house(
    house, AuctionHouse, registry, treasury, signed, seller, buyer
):
    auction, _ = signed
    twin = AuctionHouse.deploy(registry, treasury, FEE_BPS, {"from": treasury})
    signature = sign(auction_id(twin, auction), seller)
    with wrong(house, auction):
        house.bid(auction, buyer, signature=signature)


def test_bid_reverts_when_signed_for_another_chain(house, signed, seller, buyer, monkeypatch):
    auction, _ = signed
    monkeypatch.setattr(type(chain), "id", 1)
    signature = house.sign(auction, seller)
    monkeypatch.undo()
    with wrong(house, auction):
        house.bid(auction, buyer, signature=signature)


def test_bid_reverts_when_signed_as_a_personal_message(house, signed, seller, buyer):
    """`eth_sign` puts a prefix before what it signs."""
    auction, _ = signed
    prefixed = web3.keccak(
        b"\x19Ethereum Signed Message:\n32" + auction_id(house.contract, auction)
    )
    with wrong(house, auction):
        house.bid(auction, buyer, signature=sign(prefixed, seller))


def test_bid_reverts_when_the_signature_has_a_twin(house, signed, buyer):
    """The other `s` of the same signature, which is as good to the curve."""
    auction, signature = signed
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with wrong(house, auction):
        house.bid(auction, buyer, signature=twin)


@pytest.mark.parametrize("length", [1, 32, 63, 66, 130])
def test_bid_reverts_when_the_signature_is_no_signature(house, signed, buyer, length):
    auction, signature = signed
    with wrong(house, auction):
        house.bid(auction, buyer, signature=(signature * 2)[:length])


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_bid_reverts_when_the_recovery_byte_is_odd(house, signed, buyer, v):
    auction, signature = signed
    with wrong(house, auction):
        house.bid(auction, buyer, signature=signature[:64] + bytes([v]))


def test_nobody_is_no_signer(house, signed, buyer):
    """A signature that recovers nobody isn't the zero address's."""
    auction = signed[0]._replace(seller=ZERO_ADDRESS)
    for signature in (bytes(65), bytes(64), signed[1][:64] + b"\0"):
        with wrong(house, auction):
            house.bid(auction, buyer, signature=signature)


# Contracts sign by ERC-1271


@pytest.fixture
def wallet(house, MockSigner, registry, seller, creation):
    """A contract that owns the creation, and its auction."""
    contract = MockSigner.deploy({"from": seller})
    registry.transferFrom(seller, contract, creation, {"from": seller})
    approve = registry.setApprovalForAll.encode_input(house.contract, True)
    contract.execute(registry, 0, approve, {"from": seller})
    return contract, house.auction(contract.address, creation_id=creation)


@pytest.mark.parametrize("signature", [b"x", bytes(64), bytes(65), b"y" * 500])
def test_a_contract_signs(house, registry, wallet, buyer, creation, signature):
    contract, auction = wallet
    contract.sign(auction_id(house.contract, auction), signature)
    house.bid(auction, buyer, signature=signature)
    house.settle(auction)
    assert registry.ownerOf(creation) == buyer
    assert contract.balance() == PRICE - PRICE // 100 - PRICE // 20


def test_bid_reverts_when_a_contract_didnt_sign(house, wallet, buyer):
    _, auction = wallet
    with wrong(house, auction):
        house.bid(auction, buyer, signature=b"x")


@pytest.mark.parametrize("answer", [1, 2, 3, 4], ids=["wrong", "revert", "burn", "bomb"])
def test_bid_reverts_when_a_contract_answers_oddly(house, wallet, buyer, answer):
    contract, auction = wallet
    contract.sign(auction_id(house.contract, auction), b"x")
    contract.setAnswer(answer)
    with wrong(house, auction):
        house.bid(auction, buyer, signature=b"x", gas_limit=MUCH_GAS)


def test_bid_reverts_when_a_contract_changed_its_mind(house, wallet, buyer):
    contract, auction = wallet
    contract.sign(auction_id(house.contract, auction), b"x")
    contract.sign(auction_id(house.contract, auction), b"")
    with wrong(house, auction):
        house.bid(auction, buyer, signature=b"x")


def test_bid_reverts_when_the_contract_cant_sign(house, registry, signed, buyer, hostile):
    auction = signed[0]._replace(seller=hostile.address)
    with wrong(house, auction):
        house.bid(auction, buyer, signature=signed[1])


def test_an_account_with_lent_code_signs_with_its_key(house, signed, seller, buyer):
    """EIP-7702: the key counts first, whatever the code says of signatures."""
    auction, signature = signed
    delegated = "0xef0100" + house.contract.address[2:].lower()
    set_code(seller, delegated)
    house.bid(auction, buyer, signature=signature)
    assert house.bidder(auction) == buyer


# Nonces


def test_cancel_nonces_emits_and_marks(house, seller, stranger):
    tx = house.contract.cancelNonces(300, 600, {"from": seller})
    assert only_event(tx, "NoncesCancelled") == {"signer": seller, "first": 300, "last": 600}
    for nonce, used in ((299, False), (300, True), (512, True), (600, True), (601, False)):
        assert house.contract.nonceUsed(seller, nonce) is used
        assert not house.contract.nonceUsed(stranger, nonce)


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (255, 256), (0, 255), (256, 511), (2**256 - 1, 2**256 - 1)]
)
def test_cancel_nonces_keeps_to_its_bounds(house, seller, first, last):
    house.contract.cancelNonces(first, last, {"from": seller})
    for nonce in range(max(0, first - 2), min(2**256, last + 3)):
        assert house.contract.nonceUsed(seller, nonce) is (first <= nonce <= last)


def test_cancel_nonces_takes_the_most(house, seller):
    house.contract.cancelNonces(1, 65_536, {"from": seller, "gas_limit": MUCH_GAS})
    assert not house.contract.nonceUsed(seller, 0)
    assert house.contract.nonceUsed(seller, 1)
    assert house.contract.nonceUsed(seller, 65_536)
    assert not house.contract.nonceUsed(seller, 65_537)


@pytest.mark.parametrize(("first", "last"), [(1, 0), (0, 65_536), (5, 2**256 - 1)])
def test_cancel_nonces_reverts_when_out_of_range(house, seller, first, last):
    with reverts_with("Nonces_OutOfRange", first, last, 65_536):
        house.contract.cancelNonces(first, last, {"from": seller})
