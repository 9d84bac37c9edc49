"""Registering one work."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.support import (
    event_names,
    id_of,
    make_work,
    only_event,
    register,
    reverts_with,
    reverts_without_error,
    sleep_to,
)

SIZE_MIN, SIZE_MAX = 128, 16_383


def size_refused(size):
    return reverts_with("Document_SizeOutOfRange", size, SIZE_MIN, SIZE_MAX)


def test_register_makes_the_caller_creator_and_owner(registry, creator):
    id_ = register(registry, creator, 1)
    assert registry.ownerOf(id_) == creator
    assert registry.balanceOf(creator) == 1
    assert registry.creationOf(id_)["creator"] == creator


def test_register_returns_the_id(registry, creator):
    work = make_work(1)
    tx = registry.register(work, {"from": creator})
    assert tx.return_value == id_of(work, creator)


def test_register_records_the_work(registry, creator, chain):
    moment = chain[-1].timestamp + 1_000
    sleep_to(chain, moment)
    id_ = register(registry, creator, 1, royalty_bps=250)
    assert registry.creationOf(id_) == (creator, moment, 250, 0, 0)


def test_register_emits_a_complete_event(registry, creator):
    work = make_work(1, royalty_bps=750)
    tx = registry.register(work, {"from": creator})
    assert event_names(tx) == ["CreationRegistered", "Transfer"]
    id_ = id_of(work, creator)
    assert only_event(tx, "Transfer") == {"from": ZERO_ADDRESS, "to": creator, "id": id_}
    assert only_event(tx, "CreationRegistered") == {
        "id": id_,
        "creator": creator,
        "documentDigest": "0x" + work.document_digest.hex(),
        "documentSize": work.document_size,
        "royaltyBps": 750,
        "contentCommitment": "0x" + work.content_commitment.hex(),
    }


def test_register_takes_a_work_without_a_file(registry, creator):
    work = make_work(1)._replace(content_commitment=bytes(32))
    tx = registry.register(work, {"from": creator})
    assert (
        int.from_bytes(bytes(only_event(tx, "CreationRegistered")["contentCommitment"]), "big") == 0
    )


def test_register_reverts_when_registered_before(registry, creator, work_id):
    with reverts_with("Creation_AlreadyRegistered", work_id):
        register(registry, creator, 1)


def test_register_reverts_when_only_other_terms_differ(registry, creator, work_id):
    """The royalty, the commitment and the parents aren't part of the id."""
    parent = register(registry, creator, 2)
    again = make_work(1, royalty_bps=0, parents=[parent])._replace(content_commitment=b"\7" * 32)
    with reverts_with("Creation_AlreadyRegistered", work_id):
        registry.register(again, {"from": creator})


def test_register_reverts_when_the_work_was_sold(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    with reverts_with("Creation_AlreadyRegistered", work_id):
        register(registry, creator, 1)


def test_register_reverts_when_the_work_was_burnt(registry, creator, work_id):
    registry.burn(work_id, {"from": creator})
    with reverts_with("Creation_AlreadyRegistered", work_id):
        register(registry, creator, 1)


@pytest.mark.parametrize("size", [SIZE_MIN, SIZE_MAX])
def test_register_takes_documents_within_bounds(registry, creator, size):
    work = make_work(1, size=size)
    registry.register(work, {"from": creator})
    assert registry.ownerOf(id_of(work, creator)) == creator


@pytest.mark.parametrize("size", [0, SIZE_MIN - 1, SIZE_MAX + 1, 2**16 - 1])
def test_register_reverts_when_the_document_is_out_of_bounds(registry, creator, size):
    with size_refused(size):
        registry.register(make_work(1, size=size), {"from": creator})


@pytest.mark.parametrize("royalty", [0, 1, 999, 1_000])
def test_register_takes_royalties_up_to_the_highest(registry, creator, royalty):
    id_ = register(registry, creator, 1, royalty_bps=royalty)
    assert registry.creationOf(id_)["royaltyBps"] == royalty


@pytest.mark.parametrize("royalty", [1_001, 1_024, 2**16 - 1])
def test_register_reverts_when_the_royalty_is_too_high(registry, creator, royalty):
    with reverts_with("Royalty_TooHigh", royalty, 1_000):
        register(registry, creator, 1, royalty_bps=royalty)


def test_register_works_for_a_contract(registry, deployer, MockBuyer):
    """It isn't asked whether it handles ERC-721: it registered by itself."""
    contract = MockBuyer.deploy({"from": deployer})
    work = make_work(1)
    contract.execute(registry, 0, registry.register.encode_input(work), {"from": deployer})
    assert registry.ownerOf(id_of(work, contract)) == contract


def test_register_reverts_when_coins_come_along(registry, creator):
    with reverts_without_error():
        registry.register(make_work(1), {"from": creator, "value": 1})


def test_registering_again_gives_another_work_of_the_same_creator(registry, creator, work_id):
    second = register(registry, creator, 2)
    assert second != work_id
    assert registry.balanceOf(creator) == 2
    assert registry.creationOf(second)["creator"] == creator


def test_many_creators_do_not_mix(registry, accounts):
    """Creators are numbered inside; every one keeps their own works."""
    people = accounts[:10]
    ids = {
        (person, n): register(registry, person, n, royalty_bps=100 * n + index)
        for n in (1, 2)
        for index, person in enumerate(people)
    }
    assert len(set(ids.values())) == 20
    for (person, n), id_ in ids.items():
        creation = registry.creationOf(id_)
        assert creation["creator"] == person
        assert creation["royaltyBps"] == 100 * n + people.index(person)
        assert registry.balanceOf(person) == 2
