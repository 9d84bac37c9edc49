"""Records are for ever, and their packing holds at its ends."""

import pytest
from brownie import web3
from eth_utils import keccak

from tests.contracts.support import (
    id_of,
    make_work,
    register,
    register_all,
    reverts_with,
    set_storage,
)

CREATORS_MAX = 2**30 - 1
ROUND = 2**17  # transfers
CREATOR_COUNT_SLOT = 2
ERC721_SLOT_SEED = bytes.fromhex("7d882553")


def slot_of(id_):
    """Where Solady's ERC-721 keeps a creation's owner and record."""
    base = keccak(id_.to_bytes(32, "big")[:28] + ERC721_SLOT_SEED)
    return (2 * id_ + int.from_bytes(base, "big")) % 2**256


def terms(creation):
    """A creation without its tenure."""
    return tuple(creation)[:4]


@pytest.fixture(scope="module")
def derivative(registry, treasury, referrer):
    """The referrer's work, derived from two of the treasury's."""
    parents = register_all(registry, treasury, [make_work(n) for n in (50, 51)])
    return register(registry, referrer, 60, royalty_bps=777, parents=parents)


def test_a_record_survives_transfers(registry, referrer, stranger, derivative):
    before = terms(registry.creationOf(derivative))
    registry.transferFrom(referrer, stranger, derivative, {"from": referrer})
    registry.transferFrom(stranger, referrer, derivative, {"from": stranger})
    assert terms(registry.creationOf(derivative)) == before


def test_a_record_survives_a_burn(registry, referrer, derivative):
    before = tuple(registry.creationOf(derivative))
    registry.burn(derivative, {"from": referrer})
    assert tuple(registry.creationOf(derivative)) == before


def test_a_record_survives_approvals(registry, referrer, stranger, derivative):
    before = tuple(registry.creationOf(derivative))
    registry.approve(stranger, derivative, {"from": referrer})
    registry.setApprovalForAll(stranger, True, {"from": referrer})
    assert tuple(registry.creationOf(derivative)) == before


def test_a_record_survives_its_creators_other_works(registry, referrer, derivative):
    before = tuple(registry.creationOf(derivative))
    register(registry, referrer, 2, royalty_bps=1)
    assert tuple(registry.creationOf(derivative)) == before


def test_a_record_survives_derivatives_of_it(registry, stranger, derivative):
    before = tuple(registry.creationOf(derivative))
    register(registry, stranger, 3, parents=[derivative])
    assert tuple(registry.creationOf(derivative)) == before


def test_creation_of_reverts_when_unknown(registry):
    with reverts_with("Creation_Unknown", 7):
        registry.creationOf(7)


def test_creation_of_reverts_when_a_registration_failed(registry, creator):
    work = make_work(1, royalty_bps=1_001)
    with reverts_with("Royalty_TooHigh", 1_001, 1_000):
        registry.register(work, {"from": creator})
    with reverts_with("Creation_Unknown", id_of(work, creator)):
        registry.creationOf(id_of(work, creator))


def test_a_creators_number_survives_selling_everything(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    assert registry.balanceOf(creator) == 0
    second = register(registry, creator, 2)
    assert registry.creationOf(second)["creator"] == creator
    assert registry.creationOf(work_id)["creator"] == creator


def test_a_buyer_who_becomes_a_creator_gets_an_own_number(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    own = register(registry, buyer, 1)
    assert registry.creationOf(own)["creator"] == buyer
    assert registry.creationOf(work_id)["creator"] == creator
    assert registry.balanceOf(buyer) == 2


# The ends of the packing, reached by writing storage


def test_the_last_creator_can_register(registry, creator):
    set_storage(registry, CREATOR_COUNT_SLOT, CREATORS_MAX - 1)
    id_ = register(registry, creator, 1, royalty_bps=1_000)
    creation = registry.creationOf(id_)
    assert creation["creator"] == creator
    assert creation["royaltyBps"] == 1_000


def test_register_reverts_when_there_are_too_many_creators(registry, creator):
    set_storage(registry, CREATOR_COUNT_SLOT, CREATORS_MAX)
    with reverts_with("Creators_TooMany", CREATORS_MAX):
        register(registry, creator, 1)


def test_known_creators_register_when_there_are_too_many(registry, creator, seller, work_id):
    set_storage(registry, CREATOR_COUNT_SLOT, CREATORS_MAX)
    with reverts_with("Creators_TooMany", CREATORS_MAX):
        register(registry, seller, 1)
    assert registry.creationOf(register(registry, creator, 2))["creator"] == creator


def test_a_tenure_never_comes_again(registry, creator, buyer):
    id_ = register(registry, creator, 1, royalty_bps=1_000)
    before = terms(registry.creationOf(id_))
    slot = slot_of(id_)
    for rounds in (1, 2):
        packed = int.from_bytes(bytes(web3.eth.get_storage_at(registry.address, slot)), "big")
        set_storage(registry, slot, packed | (ROUND - 2) << (160 + 78))
        for tenure in range(rounds * ROUND - 1, rounds * ROUND + 2):
            owner = registry.ownerOf(id_)
            other = buyer if owner == creator else creator
            registry.transferFrom(owner, other, id_, {"from": owner})
            assert registry.tenureOf(id_) == registry.nonces(id_) == tenure
            assert registry.creationOf(id_)["tenure"] == tenure
            assert registry.saleOf(id_, creator, 1)[0] == tenure
            assert registry.ownerOf(id_) == other
        # Back to an even number: `ROUND - 2` is written over it in the next turn.
        registry.transferFrom(other, owner, id_, {"from": other})
    assert terms(registry.creationOf(id_)) == before
