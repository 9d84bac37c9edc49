"""Offers that a seller only signed: whose signature, under what, how often, until when."""

import pytest
from brownie import ZERO_ADDRESS, chain, web3

from tests.contracts.auction_house.conftest import MUCH_GAS
from tests.contracts.creation_market.conftest import (
    FEE,
    PRICE,
    PRICE_MAX,
    ROYALTY,
    digest,
    hex_of,
    sale_of,
    wrong,
)
from tests.contracts.support import (
    COIN,
    DAY,
    event_names,
    id_of,
    make_work,
    register,
    reverts_with,
    set_code,
    sign,
    sleep_to,
)

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def signed(shop, creation, seller):
    """An offer and its seller's signature."""
    return shop.signed(seller, creation)


def test_a_signed_offer_is_taken(shop, registry, money, watch, creation, seller, buyer, creator):
    offer, signature = shop.signed(seller, creation, asset=money.address)
    seen = watch(money, seller, creator)
    tx = shop.buy(offer, buyer, signature)
    assert registry.ownerOf(creation) == buyer
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY]
    assert sale_of(tx)["documentId"] == hex_of(shop.digest(offer))
    assert shop.contract.nonceUsed(seller, offer.nonce)


def test_a_signature_costs_the_seller_nothing(shop, coin, creation, seller, buyer):
    before = seller.nonce
    offer, signature = shop.signed(seller, creation)
    shop.buy(offer, buyer, signature)
    assert seller.nonce == before


def test_a_compact_signature_counts(shop, registry, signed, creation, buyer):
    """ERC-2098: 64 bytes."""
    offer, signature = signed
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    compact = signature[:32] + (s | (v - 27) << 255).to_bytes(32, "big")
    shop.buy(offer, buyer, compact)
    assert registry.ownerOf(creation) == buyer


def test_both_parities_count_in_both_forms(shop, registry, own_work, seller, buyer):
    seen = set()
    for n in range(40, 60):
        offer, signature = shop.signed(seller, own_work(seller, n))
        s, v = int.from_bytes(signature[32:64], "big"), signature[64]
        compact = signature[:32] + (s | (v - 27) << 255).to_bytes(32, "big")
        shop.buy(offer, buyer, compact if n % 2 else signature)
        seen.add((v, n % 2))
        if len(seen) == 4:
            return
    pytest.fail(f"Twenty signatures were all like these: {seen}")


# Whose


def test_buy_reverts_when_a_stranger_signed(shop, signed, stranger, buyer):
    offer, _ = signed
    with wrong(shop, offer):
        shop.buy(offer, buyer, shop.sign(offer, stranger))


def test_buy_reverts_when_the_buyer_signed(shop, signed, buyer):
    offer, _ = signed
    with wrong(shop, offer):
        shop.buy(offer, buyer, shop.sign(offer, buyer))


@pytest.mark.parametrize(
    "field",
    ["buyer", "collection", "creation_id", "tenure", "price", "asset", "expiry",
     "referral_bps", "nonce"],
)  # fmt: skip
def test_buy_reverts_when_a_signed_term_was_altered(shop, signed, buyer, field):
    offer, signature = signed
    value = getattr(offer, field)
    altered = offer._replace(**{field: value + 1 if isinstance(value, int) else buyer.address})
    with wrong(shop, altered):
        shop.buy(altered, buyer, signature, value=2 * PRICE)


def test_buy_reverts_when_signed_for_another_market(
    shop, CreationMarket, registry, treasury, signed, seller, buyer
):
    offer, _ = signed
    twin = CreationMarket.deploy(registry, treasury, 100, {"from": treasury})
    with wrong(shop, offer):
        shop.buy(offer, buyer, sign(digest(twin, offer), seller))


def test_buy_reverts_when_signed_for_another_chain(shop, signed, seller, buyer):
    offer, _ = signed
    for other in (1, 0, chain.id + 1):
        with wrong(shop, offer):
            shop.buy(offer, buyer, sign(digest(shop.contract, offer, other), seller))


def test_buy_reverts_when_signed_as_a_personal_message(shop, signed, seller, buyer):
    """`eth_sign` puts a prefix before what it signs."""
    offer, _ = signed
    prefixed = web3.keccak(b"\x19Ethereum Signed Message:\n32" + shop.digest(offer))
    with wrong(shop, offer):
        shop.buy(offer, buyer, sign(prefixed, seller))


def test_buy_reverts_when_the_signature_has_a_twin(shop, signed, buyer):
    """The other `s` of the same signature, which is as good to the curve."""
    offer, signature = signed
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with wrong(shop, offer):
        shop.buy(offer, buyer, twin)


@pytest.mark.parametrize("length", [1, 32, 63, 66, 128, 130])
def test_buy_reverts_when_the_signature_is_no_signature(shop, signed, buyer, length):
    offer, signature = signed
    with wrong(shop, offer):
        shop.buy(offer, buyer, (signature * 2)[:length])


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_buy_reverts_when_the_recovery_byte_is_odd(shop, signed, buyer, v):
    offer, signature = signed
    with wrong(shop, offer):
        shop.buy(offer, buyer, signature[:64] + bytes([v]))


def test_nobody_is_no_signer(shop, signed, buyer):
    """A signature that recovers nobody isn't the zero address's."""
    offer = signed[0]._replace(seller=ZERO_ADDRESS)
    for signature in (bytes(65), bytes(64), signed[1][:64] + b"\0", b"\1"):
        with wrong(shop, offer):
            shop.buy(offer, buyer, signature)


def test_a_bids_signature_is_no_offers(shop, dkb, creation, seller, buyer):
    """Types are part of the digest: what somebody bids is never what they sell for."""
    offer, _ = shop.signed(seller, creation, asset=dkb.address)
    bid = shop.bid(seller, creation, dkb)
    with wrong(shop, offer):
        shop.buy(offer, buyer, shop.sign(bid, seller))


def test_an_account_with_lent_code_signs_with_its_key(shop, registry, signed, seller, buyer):
    """EIP-7702: the key counts first, whatever the code says of signatures."""
    offer, signature = signed
    lent = "0xef0100" + shop.contract.address[2:].lower()
    set_code(seller, lent)
    shop.buy(offer, buyer, signature)
    assert registry.ownerOf(offer.creation_id) == buyer


# Contracts sign by ERC-1271


@pytest.fixture
def by_wallet(shop, registry, wallet, creation, seller):
    """An offer of a creation that a contract owns."""
    registry.transferFrom(seller, wallet, creation, {"from": seller})
    return shop.offer(wallet.address, creation)


@pytest.mark.parametrize("signature", [b"x", bytes(64), bytes(65), b"y" * 500])
def test_a_contract_signs(shop, registry, coin, wallet, by_wallet, buyer, creation, signature):
    wallet.sign(shop.digest(by_wallet), signature)
    before = coin.of(wallet)
    shop.buy(by_wallet, buyer, signature)
    assert registry.ownerOf(creation) == buyer
    assert coin.of(wallet) - before == PRICE - FEE - ROYALTY
    assert shop.contract.nonceUsed(wallet, by_wallet.nonce)


def test_buy_reverts_when_a_contract_didnt_sign(shop, by_wallet, buyer):
    with wrong(shop, by_wallet):
        shop.buy(by_wallet, buyer, b"x")


@pytest.mark.parametrize("answer", [1, 2, 3, 4], ids=["wrong", "revert", "burn", "bomb"])
def test_buy_reverts_when_a_contract_answers_oddly(shop, wallet, by_wallet, buyer, answer):
    wallet.sign(shop.digest(by_wallet), b"x")
    wallet.setAnswer(answer)
    with wrong(shop, by_wallet):
        shop.buy(by_wallet, buyer, b"x", gas_limit=MUCH_GAS)


def test_buy_reverts_when_a_contract_changed_its_mind(shop, wallet, by_wallet, buyer):
    """The interface warns of it: its consent counts as it answers at that moment."""
    wallet.sign(shop.digest(by_wallet), b"x")
    wallet.sign(shop.digest(by_wallet), b"")
    with wrong(shop, by_wallet):
        shop.buy(by_wallet, buyer, b"x")


def test_a_contract_has_no_empty_signature(shop, wallet, by_wallet, buyer):
    """Without a signature an offer is a published one, whatever the contract would answer."""
    wallet.sign(shop.digest(by_wallet), b"")
    with reverts_with("Offer_NotOpen", shop.digest(by_wallet)):
        shop.buy(by_wallet, buyer, b"")


def test_buy_reverts_when_the_contract_cant_sign(shop, signed, hostile, buyer):
    offer = signed[0]._replace(seller=hostile.address)
    with wrong(shop, offer):
        shop.buy(offer, buyer, signed[1])


# Once


def test_a_signed_offer_works_once(shop, registry, signed, creation, seller, buyer, stranger):
    offer, signature = signed
    shop.buy(offer, buyer, signature)
    registry.transferFrom(buyer, seller, creation, {"from": buyer})
    with reverts_with("Nonce_Used", seller, offer.nonce):
        shop.buy(offer, stranger, signature)


def test_a_second_signature_gives_no_second_life(
    shop, MockSigner, wallet, by_wallet, registry, buyer, stranger
):
    wallet.sign(shop.digest(by_wallet), b"x")
    shop.buy(by_wallet, buyer, b"x")
    wallet.sign(shop.digest(by_wallet), b"y")
    with reverts_with("Nonce_Used", wallet, by_wallet.nonce):
        shop.buy(by_wallet, stranger, b"y")


def test_two_offers_of_one_nonce_are_alternatives(shop, own_work, signed, seller, buyer):
    offer, signature = signed
    other, other_signature = shop.signed(seller, own_work(seller, 30), nonce=offer.nonce)
    shop.buy(other, buyer, other_signature)
    with reverts_with("Nonce_Used", seller, offer.nonce):
        shop.buy(offer, buyer, signature)


def test_a_failed_sale_uses_no_nonce(shop, registry, signed, creation, seller, buyer):
    offer, signature = signed
    registry.setApprovalForAll(shop.contract, False, {"from": seller})
    with reverts_with("NotOwnerNorApproved"):
        shop.buy(offer, buyer, signature)
    assert not shop.contract.nonceUsed(seller, offer.nonce)
    registry.setApprovalForAll(shop.contract, True, {"from": seller})
    shop.buy(offer, buyer, signature)


def test_nonces_of_two_sellers_are_apart(shop, registry, signed, own_work, stranger, seller, buyer):
    offer, signature = signed
    other, other_signature = shop.signed(stranger, own_work(stranger, 31), nonce=offer.nonce)
    shop.buy(other, buyer, other_signature)
    shop.buy(offer, buyer, signature)
    assert registry.ownerOf(offer.creation_id) == buyer


@pytest.mark.parametrize("nonce", [0, 255, 256, 2**128, 2**256 - 1])
def test_any_number_is_a_nonce(shop, creation, seller, buyer, nonce):
    offer, signature = shop.signed(seller, creation, nonce=nonce)
    shop.buy(offer, buyer, signature)
    assert shop.contract.nonceUsed(seller, nonce)


def test_signing_what_is_published_gives_a_second_consent(
    shop, registry, own_work, seller, buyer, stranger
):
    """The interface says so. In the registry the tenure ends it all the same."""
    work = own_work(seller, 32)
    offer = shop.published(seller, work)
    signature = shop.sign(offer, seller)
    shop.buy(offer, buyer, signature)
    assert shop.open(offer)
    registry.transferFrom(buyer, seller, work, {"from": buyer})
    with reverts_with("Creation_Moved", work, 2, 0):
        shop.buy(offer, stranger)


def test_taking_an_offer_off_leaves_its_signature(shop, registry, creation, seller, buyer):
    """Signed documents die by their nonce only."""
    offer = shop.published(seller, creation)
    signature = shop.sign(offer, seller)
    shop.contract.cancel(shop.digest(offer), {"from": seller})
    shop.buy(offer, buyer, signature)
    assert registry.ownerOf(creation) == buyer


def test_buy_reverts_when_the_nonce_was_cancelled(shop, signed, seller, buyer):
    offer, signature = signed
    shop.contract.cancelNonces(offer.nonce, offer.nonce, {"from": seller})
    with reverts_with("Nonce_Used", seller, offer.nonce):
        shop.buy(offer, buyer, signature)


def test_cancelled_nonces_leave_published_offers(shop, registry, creation, seller, buyer):
    offer = shop.published(seller, creation)
    shop.contract.cancelNonces(0, offer.nonce, {"from": seller})
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


# Until when


@pytest.mark.parametrize("early", [0, 1])
def test_a_signed_offer_is_good_to_its_last_second(shop, registry, signed, buyer, early):
    offer, signature = signed
    sleep_to(chain, offer.expiry - early)
    shop.buy(offer, buyer, signature)
    assert registry.ownerOf(offer.creation_id) == buyer


def test_buy_reverts_after_the_last_second(shop, signed, buyer):
    offer, signature = signed
    sleep_to(chain, offer.expiry + 1)
    with reverts_with("Document_Expired", shop.digest(offer), offer.expiry, offer.expiry + 1):
        shop.buy(offer, buyer, signature)


@pytest.mark.parametrize(("ours", "longest"), [(True, 365 * DAY), (False, 30 * DAY)])
def test_a_signed_offer_is_open_no_longer_than_any(
    shop, registry, foreign, MockCollection, creation, seller, buyer, ours, longest
):
    collection = registry if ours else foreign(MockCollection)
    id_ = creation if ours else 5
    now = chain.time() + 100
    terms = {"collection": collection.address}
    offer, signature = shop.signed(seller, id_, expiry=now + longest + 1, **terms)
    sleep_to(chain, now)
    with reverts_with("Expiry_OutOfRange", now + longest + 1, now, now + longest):
        shop.buy(offer, buyer, signature)
    sleep_to(chain, now + 1)
    shop.buy(offer, buyer, signature)
    assert collection.ownerOf(id_) == buyer


# Terms are those of any offer


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"price": 0}, ("Price_OutOfRange", 0, PRICE_MAX)),
        ({"price": PRICE_MAX + 1}, ("Price_OutOfRange", PRICE_MAX + 1, PRICE_MAX)),
        ({"referral_bps": 5_001}, ("Offer_ReferralTooHigh", 5_001, 5_000)),
        ({"royalty_bps_max": 1}, ("Royalty_TooHigh", 1, 0)),
        ({"end_price": 1}, ("Offer_FallWrong", 0, 1)),
        ({"start": 1, "end_price": PRICE}, ("Offer_FallWrong", 1, PRICE)),
        ({"start": 1}, ("Offer_FallWrong", 1, 0)),
    ],
    ids=lambda part: ",".join(part) if isinstance(part, dict) else "",
)
def test_signed_terms_are_checked_like_published_ones(shop, creation, seller, buyer, change, error):
    offer, signature = shop.signed(seller, creation, **change)
    with reverts_with(*error):
        shop.buy(offer, buyer, signature, value=PRICE)


@pytest.mark.parametrize(
    "refusal", ["seller", "reserved", "referrer", "too few coins", "coins for tokens"]
)
def test_a_signed_offer_refuses_like_a_published_one(
    shop, dkb, creation, seller, buyer, stranger, refusal
):
    terms = {
        "reserved": {"buyer": stranger.address},
        "coins for tokens": {"asset": dkb.address},
    }.get(refusal, {})
    offer, signature = shop.signed(seller, creation, **terms)
    acts = {
        "seller": (seller, {}, ("Buyer_IsSeller", seller)),
        "reserved": (buyer, {}, ("Offer_Reserved", buyer, stranger)),
        "referrer": (buyer, {"referrer": buyer}, ("Referrer_NotAllowed", buyer)),
        "too few coins": (buyer, {"value": PRICE - 1}, ("Value_Wrong", PRICE - 1, PRICE)),
        "coins for tokens": (buyer, {"value": 1}, ("Value_Wrong", 1, 0)),
    }
    who, change, error = acts[refusal]
    with reverts_with(*error):
        shop.buy(offer, who, signature, **change)


def test_a_signed_offer_dies_with_the_tenure(shop, registry, signed, seller, stranger, buyer):
    offer, signature = signed
    registry.transferFrom(seller, stranger, offer.creation_id, {"from": seller})
    registry.transferFrom(stranger, seller, offer.creation_id, {"from": stranger})
    with reverts_with("Creation_Moved", offer.creation_id, 3, 1):
        shop.buy(offer, buyer, signature)


def test_a_signed_foreign_offer_works_after_the_creation_came_back(
    shop, foreign, MockCollection, seller, stranger, buyer
):
    """No tenure is counted there; the interface warns of it."""
    collection = foreign(MockCollection)
    offer, signature = shop.signed(seller, 5, collection=collection.address)
    collection.transferFrom(seller, stranger, 5, {"from": seller})
    collection.transferFrom(stranger, seller, 5, {"from": stranger})
    shop.buy(offer, buyer, signature)
    assert collection.ownerOf(5) == buyer


def test_a_signed_sale_says_no_more_than_a_published_one(shop, registry, signed, buyer):
    offer, signature = signed
    tx = shop.buy(offer, buyer, signature)
    assert sorted(event_names(tx)) == ["SaleSettled", "Transfer"]
    assert offer.asset == COIN


def test_a_work_registered_after_it_was_offered_can_be_sold(shop, registry, seller, buyer):
    """A seller may sign before the registration: the id is known, the tenure is zero."""
    work = id_of(make_work(33), seller)
    offer, signature = shop.signed(seller, work, tenure=0)
    with reverts_with("Creation_Unknown", work):
        shop.buy(offer, buyer, signature)
    assert register(registry, seller, 33) == work
    registry.approve(shop.contract, work, {"from": seller})
    shop.buy(offer, buyer, signature)
    assert registry.ownerOf(work) == buyer
