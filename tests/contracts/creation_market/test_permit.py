"""Buying with a permit instead of an approval."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.auction_house.conftest import MUCH_GAS
from tests.contracts.creation_market.conftest import FEE, PRICE, ROYALTY, hex_of, sale_of
from tests.contracts.support import DAY, reverts_with, sign_permit, sleep_to


@pytest.fixture
def permit(token, shop, buyer):
    """A permit of the buyer's for the market, 160 bytes."""

    def permit(amount=PRICE, deadline=2**64, signer=buyer, spender=None, nonce=None):
        spender = spender or shop.contract
        return sign_permit(token, buyer, spender, amount, deadline, signer, nonce)

    return permit


@pytest.fixture
def in_tokens(shop, token, creation, seller):
    """An offer in tokens. Nobody approved them."""
    return shop.published(seller, creation, asset=token.address)


def buy(shop, offer, buyer, permit, signature=b"", referrer=ZERO_ADDRESS, **terms):
    return shop.contract.buyWithPermit(offer, signature, referrer, permit, {"from": buyer, **terms})


def test_a_permit_replaces_the_approval(
    shop, registry, token, in_tokens, permit, seller, buyer, creator
):
    before = [token.balanceOf(who) for who in (buyer, seller, creator)]
    buy(shop, in_tokens, buyer, permit())
    assert registry.ownerOf(in_tokens.creation_id) == buyer
    after = [token.balanceOf(who) for who in (buyer, seller, creator)]
    changes = [now - then for now, then in zip(after, before, strict=True)]
    assert changes == [-PRICE, PRICE - FEE - ROYALTY, ROYALTY]
    assert token.allowance(buyer, shop.contract) == 0


def test_a_permit_buys_a_signed_offer(shop, registry, token, permit, creation, seller, buyer):
    offer, signature = shop.signed(seller, creation, asset=token.address)
    tx = buy(shop, offer, buyer, permit(), signature)
    assert sale_of(tx)["documentId"] == hex_of(shop.digest(offer))
    assert registry.ownerOf(creation) == buyer


def test_the_referrer_is_paid(shop, token, permit, creation, seller, buyer, referrer):
    offer = shop.published(seller, creation, asset=token.address, referral_bps=1_000)
    before = token.balanceOf(referrer)
    buy(shop, offer, buyer, permit(), referrer=referrer)
    assert token.balanceOf(referrer) - before == PRICE // 10


def test_a_front_run_permit_does_no_harm(shop, registry, token, in_tokens, permit, buyer, stranger):
    words = permit()
    value, deadline, v = (int.from_bytes(words[i : i + 32], "big") for i in (0, 32, 64))
    token.permit(
        buyer, shop.contract, value, deadline, v, words[96:128], words[128:], {"from": stranger}
    )
    buy(shop, in_tokens, buyer, words)
    assert registry.ownerOf(in_tokens.creation_id) == buyer


def test_an_empty_permit_is_none(shop, registry, token, in_tokens, buyer):
    with reverts_with("TransferFromFailed"):
        buy(shop, in_tokens, buyer, b"")
    token.approve(shop.contract, PRICE, {"from": buyer})
    buy(shop, in_tokens, buyer, b"")
    assert registry.ownerOf(in_tokens.creation_id) == buyer


@pytest.mark.parametrize(
    "flaw", ["expired", "too little", "a stranger's", "another spender", "another nonce"]
)
def test_buy_reverts_when_the_permit_is_no_good(shop, in_tokens, permit, buyer, stranger, flaw):
    words = {
        "expired": {"deadline": 1},
        "too little": {"amount": PRICE - 1},
        "a stranger's": {"signer": stranger},
        "another spender": {"spender": stranger},
        "another nonce": {"nonce": 7},
    }[flaw]
    with reverts_with("TransferFromFailed"):
        buy(shop, in_tokens, buyer, permit(**words))


@pytest.mark.parametrize("flaw", ["expired", "a stranger's", "zeros", "ones"])
def test_a_bad_permit_does_no_harm_beside_an_approval(
    shop, registry, token, in_tokens, permit, buyer, stranger, flaw
):
    token.approve(shop.contract, PRICE, {"from": buyer})
    words = {
        "expired": lambda: permit(deadline=1),
        "a stranger's": lambda: permit(signer=stranger),
        "zeros": lambda: bytes(160),
        "ones": lambda: b"\xff" * 64 + bytes(31) + b"\xff" * 65,
    }[flaw]()
    buy(shop, in_tokens, buyer, words)
    assert registry.ownerOf(in_tokens.creation_id) == buyer


def test_a_permit_is_good_to_its_last_second(shop, registry, in_tokens, permit, buyer):
    now = chain.time() + DAY
    words = permit(deadline=now)
    sleep_to(chain, now)
    buy(shop, in_tokens, buyer, words)
    assert registry.ownerOf(in_tokens.creation_id) == buyer


def test_a_late_permit_is_none(shop, in_tokens, permit, buyer):
    now = chain.time() + DAY
    words = permit(deadline=now - 1)
    sleep_to(chain, now)
    with reverts_with("TransferFromFailed"):
        buy(shop, in_tokens, buyer, words)


@pytest.mark.parametrize("length", [1, 65, 159, 161, 192, 320])
def test_buy_reverts_when_the_permit_is_malformed(shop, in_tokens, permit, buyer, length):
    with reverts_with("Permit_Malformed", length, 160):
        buy(shop, in_tokens, buyer, (permit() * 2)[:length])


def test_a_permit_is_the_buyers_own(shop, in_tokens, permit, buyer, stranger):
    """A stranger who comes with the buyer's permit has none."""
    words = permit()
    with reverts_with("TransferFromFailed"):
        buy(shop, in_tokens, stranger, words)


def test_the_rest_of_a_large_permit_stays_an_allowance(shop, token, in_tokens, permit, buyer):
    buy(shop, in_tokens, buyer, permit(3 * PRICE))
    assert token.allowance(buyer, shop.contract) == 2 * PRICE


def test_there_is_no_permit_for_coins(shop, permit, creation, seller, buyer):
    offer = shop.published(seller, creation)
    for words in (b"", permit()):
        with reverts_with("Value_Wrong", 0, PRICE):
            buy(shop, offer, buyer, words)


def test_buy_reverts_when_the_token_has_no_code(shop, permit, creation, seller, buyer, stranger):
    offer = shop.published(seller, creation, asset=stranger.address)
    with reverts_with("Asset_HasNoCode", stranger):
        buy(shop, offer, buyer, permit())


@pytest.mark.parametrize("how", ["no function", "a bomb", "a revert"])
def test_a_token_without_permits_takes_an_approval(
    shop, registry, odd_token, MockToken, MockBombPermitToken, creation, seller, buyer, how
):
    factory = MockToken if how == "no function" else MockBombPermitToken
    money = odd_token(factory)
    if how == "a revert":
        money.contract.setReverting(True)
    offer = shop.published(seller, creation, asset=money.address)
    tx = buy(shop, offer, buyer, bytes(160), gas_limit=MUCH_GAS)
    assert registry.ownerOf(creation) == buyer
    assert tx.gas_used < 500_000


def test_a_permit_falls_with_the_sale(shop, token, in_tokens, permit, buyer, seller):
    """Nothing at all happens, so the permit isn't used either."""
    shop.contract.cancel(shop.digest(in_tokens), {"from": seller})
    with reverts_with("Offer_NotOpen", shop.digest(in_tokens)):
        buy(shop, in_tokens, buyer, permit())
    assert token.nonces(buyer) == 0


def test_a_permit_for_any_contract_is_only_a_permit(shop, registry, creation, seller, buyer):
    """The call goes wherever the offer says: to the market itself, or the registry."""
    for asset in (shop.contract, registry):
        offer = shop.published(seller, creation, asset=asset.address)
        with reverts_with("TransferFromFailed"):
            buy(shop, offer, buyer, bytes(160))
