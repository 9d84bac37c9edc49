"""ERC-2612: allowances by signature."""

import brownie
import pytest
from brownie import ZERO_ADDRESS
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.contracts.support import HOUR, PERMIT, event_names, only_event, reverts_with, sleep_to

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture(scope="module")
def holder(token, deployer):
    """Somebody who has tokens, a key, and never a coin."""
    holder = Account.from_key(keccak(b"a holder without coins"))
    token.transfer(holder.address, 100, {"from": deployer})
    return holder


@pytest.fixture
def deadline(chain):
    return chain[-1].timestamp + HOUR


@pytest.fixture
def sign(token, holder, stranger, chain, deadline):
    """Signs a permit of 7 for `stranger`, or whatever is asked for. Returns v, r, s."""

    def sign(key=holder, owner=holder.address, domain=(), **message):
        defaults = {"spender": stranger.address, "value": 7, "nonce": 0, "deadline": deadline}
        signed = key.sign_message(
            encode_typed_data(
                {
                    "name": "Dokkaebi Community Token",
                    "version": "1",
                    "chainId": chain.id,
                    "verifyingContract": token.address,
                    **dict(domain),
                },
                PERMIT,
                {"owner": owner, **defaults, **message},
            )
        )
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    return sign


def wrong_signer(owner):
    """A signature of something else recovers to an address that nobody can foresee."""
    return brownie.reverts(
        revert_pattern=rf"ERC2612InvalidSigner: 0x[0-9a-f]{{40}}, {owner.lower()}"
    )


def test_permit_sets_an_allowance(token, holder, stranger, referrer, deadline, sign):
    tx = token.permit(holder.address, stranger, 7, deadline, *sign(), {"from": referrer})
    assert token.allowance(holder.address, stranger) == 7
    assert token.nonces(holder.address) == 1
    assert event_names(tx) == ["Approval"]
    assert only_event(tx, "Approval") == {
        "owner": holder.address,
        "spender": stranger,
        "value": 7,
    }


def test_permit_lets_the_spender_spend(token, holder, stranger, deadline, sign):
    token.permit(holder.address, stranger, 7, deadline, *sign(), {"from": stranger})
    token.transferFrom(holder.address, stranger, 7, {"from": stranger})
    assert token.balanceOf(stranger) == 7


def test_permit_reverts_when_replayed(token, holder, stranger, deadline, sign):
    signature = sign()
    token.permit(holder.address, stranger, 7, deadline, *signature, {"from": stranger})
    with wrong_signer(holder.address):
        token.permit(holder.address, stranger, 7, deadline, *signature, {"from": stranger})


def test_permit_takes_the_next_nonce(token, holder, stranger, deadline, sign):
    token.permit(holder.address, stranger, 7, deadline, *sign(), {"from": stranger})
    signature = sign(nonce=1, value=9)
    token.permit(holder.address, stranger, 9, deadline, *signature, {"from": stranger})
    assert token.allowance(holder.address, stranger) == 9
    assert token.nonces(holder.address) == 2


def test_permit_reverts_when_the_nonce_is_early(token, holder, stranger, deadline, sign):
    with wrong_signer(holder.address):
        token.permit(holder.address, stranger, 7, deadline, *sign(nonce=1), {"from": stranger})


@pytest.mark.parametrize("before", [1, 0])
def test_permit_works_until_its_deadline(token, holder, stranger, chain, deadline, sign, before):
    signature = sign()
    sleep_to(chain, deadline - before)
    token.permit(holder.address, stranger, 7, deadline, *signature, {"from": stranger})
    assert token.allowance(holder.address, stranger) == 7


def test_permit_reverts_when_expired(token, holder, stranger, chain, deadline, sign):
    signature = sign()
    sleep_to(chain, deadline + 1)
    with reverts_with("ERC2612ExpiredSignature", deadline):
        token.permit(holder.address, stranger, 7, deadline, *signature, {"from": stranger})


def test_permit_reverts_when_another_key_signed(token, holder, stranger, deadline, sign):
    thief = Account.from_key(keccak(b"a thief"))
    with reverts_with("ERC2612InvalidSigner", thief.address, holder.address):
        token.permit(holder.address, stranger, 7, deadline, *sign(key=thief), {"from": stranger})


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": 1},
        {"name": "Another Token"},
        {"version": "2"},
        {"verifyingContract": "0x" + "11" * 20},
    ],
    ids=["chain", "name", "version", "contract"],
)
def test_permit_reverts_when_signed_for_another_domain(
    token, holder, stranger, deadline, sign, domain
):
    with wrong_signer(holder.address):
        token.permit(
            holder.address, stranger, 7, deadline, *sign(domain=domain), {"from": stranger}
        )


def test_permit_reverts_when_the_value_differs(token, holder, stranger, deadline, sign):
    with wrong_signer(holder.address):
        token.permit(holder.address, stranger, 8, deadline, *sign(), {"from": stranger})


def test_permit_reverts_when_the_spender_differs(token, holder, referrer, deadline, sign):
    with wrong_signer(holder.address):
        token.permit(holder.address, referrer, 7, deadline, *sign(), {"from": referrer})


def test_permit_reverts_when_the_deadline_differs(token, holder, stranger, deadline, sign):
    with wrong_signer(holder.address):
        token.permit(holder.address, stranger, 7, deadline + 1, *sign(), {"from": stranger})


def test_permit_reverts_when_the_signature_is_malleated(token, holder, stranger, deadline, sign):
    v, r, s = sign()
    high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    with reverts_with("ECDSAInvalidSignatureS", high):
        token.permit(holder.address, stranger, 7, deadline, 55 - v, r, high, {"from": stranger})


def test_permit_reverts_when_the_signature_is_none(token, holder, stranger, deadline):
    with reverts_with("ECDSAInvalidSignature"):
        token.permit(
            holder.address, stranger, 7, deadline, 0, b"\1" * 32, b"\1" * 32, {"from": stranger}
        )


def test_permit_reverts_when_the_owner_is_zero(token, stranger, deadline):
    """A broken signature recovers to zero, which must not be an owner."""
    with reverts_with("ECDSAInvalidSignature"):
        token.permit(
            ZERO_ADDRESS, stranger, 7, deadline, 27, bytes(32), bytes(32), {"from": stranger}
        )


def test_permit_of_a_zero_value_revokes(token, holder, stranger, deadline, sign):
    token.permit(holder.address, stranger, 7, deadline, *sign(), {"from": stranger})
    signature = sign(nonce=1, value=0)
    token.permit(holder.address, stranger, 0, deadline, *signature, {"from": stranger})
    assert token.allowance(holder.address, stranger) == 0


def test_permit_nonces_are_each_owners(token, holder, seller, stranger, deadline, sign):
    token.permit(holder.address, stranger, 7, deadline, *sign(), {"from": stranger})
    assert token.nonces(seller) == 0
