"""ERC-4494: approvals by signature."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.support import (
    DAY,
    domain_separator,
    fields,
    register,
    reverts_with,
    sign,
    sleep_to,
    typed_digest,
)

PERMIT = {
    "Permit": fields("address spender,uint256 tokenId,uint256 nonce,uint256 deadline"),
}


@pytest.fixture
def permit(registry, stranger):
    """Somebody brings a permit; its digest, and what brings it."""

    def permit(owner, id_, spender, deadline=2**64, nonce=None, signature=None):
        message = {
            "spender": str(spender),
            "tokenId": id_,
            "nonce": registry.nonces(id_) if nonce is None else nonce,
            "deadline": deadline,
        }
        digest = typed_digest(registry, "Dokkaebi CreationRegistry", "Permit", PERMIT, message)
        signed = sign(digest, owner) if signature is None else signature
        return digest, lambda: registry.permit(spender, id_, deadline, signed, {"from": stranger})

    return permit


def test_the_domain_is_told(registry):
    expected = domain_separator("Dokkaebi CreationRegistry", "1", chain.id, registry)
    assert bytes(registry.DOMAIN_SEPARATOR()) == expected
    assert registry.eip712Domain()[1:5] == (
        "Dokkaebi CreationRegistry",
        "1",
        chain.id,
        registry.address,
    )
    assert registry.supportsInterface("0x5604e225")


def test_a_permit_approves(registry, permit, creator, seller):
    id_ = register(registry, creator)
    tx = permit(creator, id_, seller)[1]()
    assert registry.getApproved(id_) == seller
    assert tx.events["Approval"][0] == {"owner": creator, "account": seller, "id": id_}
    registry.transferFrom(creator, seller, id_, {"from": seller})
    assert registry.ownerOf(id_) == seller


def test_permit_reverts_for_anybody_but_the_owner(registry, permit, creator, seller, buyer):
    """Not even an operator's signature approves."""
    id_ = register(registry, creator)
    registry.setApprovalForAll(buyer, True, {"from": creator})
    for forger in (seller, buyer):
        digest, brought = permit(forger, id_, seller)
        with reverts_with("Signature_Wrong", creator, digest):
            brought()


def test_a_permit_dies_when_the_creation_changes_hands(registry, permit, creator, seller):
    id_ = register(registry, creator)
    _, brought = permit(creator, id_, seller)
    registry.transferFrom(creator, seller, id_, {"from": creator})
    registry.transferFrom(seller, creator, id_, {"from": seller})
    now, _ = permit(creator, id_, seller)
    assert registry.nonces(id_) == registry.tenureOf(id_) == 2
    with reverts_with("Signature_Wrong", creator, now):
        brought()


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_permit_is_good_to_its_last_second(registry, permit, creator, seller, seconds):
    id_ = register(registry, creator)
    deadline = chain.time() + DAY
    _, brought = permit(creator, id_, seller, deadline)
    sleep_to(chain, deadline + seconds)
    brought()
    assert registry.getApproved(id_) == seller


def test_permit_reverts_after_the_last_second(registry, permit, creator, seller):
    id_ = register(registry, creator)
    deadline = chain.time() + DAY
    digest, brought = permit(creator, id_, seller, deadline)
    sleep_to(chain, deadline + 1)
    with reverts_with("Document_Expired", digest, deadline, deadline + 1):
        brought()


def test_permit_reverts_for_what_was_never_registered_or_is_burnt(registry, creator, seller):
    with reverts_with("Creation_Unknown", 5):
        registry.permit(seller, 5, 2**64, b"", {"from": creator})
    id_ = register(registry, creator)
    registry.burn(id_, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.permit(seller, id_, 2**64, b"", {"from": creator})
    with reverts_with("Creation_Unknown", 5):
        registry.nonces(5)


def test_a_permit_takes_an_approval_back(registry, permit, creator, seller):
    id_ = register(registry, creator)
    permit(creator, id_, seller)[1]()
    permit(creator, id_, ZERO_ADDRESS)[1]()
    assert registry.getApproved(id_) == ZERO_ADDRESS


def test_a_contract_permits(registry, permit, MockSigner, creator, seller):
    maker = MockSigner.deploy({"from": creator})
    id_ = register(registry, creator)
    registry.transferFrom(creator, maker, id_, {"from": creator})
    digest, brought = permit(maker, id_, seller, signature=b"ours")
    with reverts_with("Signature_Wrong", maker, digest):
        brought()
    maker.sign(digest, b"ours", {"from": creator})
    brought()
    assert registry.getApproved(id_) == seller
