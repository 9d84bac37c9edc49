"""Registering several works at once."""

import pytest

from tests.contracts.support import (
    event_names,
    events_of,
    id_of,
    make_work,
    register,
    reverts_with,
    reverts_without_error,
)


def test_batch_registers_in_order(registry, creator):
    works = [make_work(n, royalty_bps=n) for n in (3, 1, 2)]
    tx = registry.registerBatch(works, {"from": creator})
    ids = [id_of(work, creator) for work in works]
    assert list(tx.return_value) == ids
    assert [event["id"] for event in events_of(tx, "CreationRegistered")] == ids
    assert [event["royaltyBps"] for event in events_of(tx, "CreationRegistered")] == [3, 1, 2]


def test_batch_emits_what_single_registrations_emit(registry, creator, seller):
    works = [make_work(n) for n in (1, 2)]
    batch = registry.registerBatch(works, {"from": creator})
    singles = [registry.register(work, {"from": creator}) for work in (make_work(3), make_work(4))]
    assert event_names(batch) == event_names(singles[0]) + event_names(singles[1])


def test_batch_makes_the_caller_owner_of_all(registry, creator):
    works = [make_work(n) for n in range(5)]
    registry.registerBatch(works, {"from": creator})
    assert registry.balanceOf(creator) == 5
    for work in works:
        assert registry.ownerOf(id_of(work, creator)) == creator


def test_batch_of_one_is_a_registration(registry, creator):
    work = make_work(1)
    registry.registerBatch([work], {"from": creator})
    assert registry.ownerOf(id_of(work, creator)) == creator


def test_batch_of_none_does_nothing(registry, creator):
    tx = registry.registerBatch([], {"from": creator})
    assert tx.return_value == ()
    assert event_names(tx) == []


def test_batch_of_none_leaves_the_numbers_alone(registry, creator, seller):
    registry.registerBatch([], {"from": creator})
    id_ = register(registry, seller, 1)
    assert registry.creationOf(id_)["creator"] == seller


def test_batch_can_derive_from_its_own_earlier_works(registry, creator):
    parent = make_work(1)
    child = make_work(2, parents=[id_of(parent, creator)])
    registry.registerBatch([parent, child], {"from": creator})
    assert registry.parentsOf(id_of(child, creator)) == (id_of(parent, creator),)


def test_batch_reverts_when_a_parent_comes_later(registry, creator):
    parent = make_work(1)
    child = make_work(2, parents=[id_of(parent, creator)])
    with reverts_with("Creation_Unknown", id_of(parent, creator)):
        registry.registerBatch([child, parent], {"from": creator})


def test_batch_reverts_when_a_work_comes_twice(registry, creator):
    works = [make_work(1), make_work(2), make_work(1)]
    with reverts_with("Creation_AlreadyRegistered", id_of(works[0], creator)):
        registry.registerBatch(works, {"from": creator})
    assert registry.balanceOf(creator) == 0


@pytest.mark.parametrize("position", [0, 1, 2])
def test_batch_reverts_when_one_royalty_is_too_high(registry, creator, position):
    works = [make_work(n) for n in range(3)]
    works[position] = works[position]._replace(royalty_bps=1_001)
    with reverts_with("Royalty_TooHigh", 1_001, 1_000):
        registry.registerBatch(works, {"from": creator})
    assert registry.balanceOf(creator) == 0


def test_batch_reverts_when_one_document_is_too_long(registry, creator):
    works = [make_work(1), make_work(2, size=16_384)]
    with reverts_with("Document_SizeOutOfRange", 16_384, 128, 16_383):
        registry.registerBatch(works, {"from": creator})


def test_batch_reverts_when_one_was_registered_before(registry, creator):
    id_ = register(registry, creator, 2)
    with reverts_with("Creation_AlreadyRegistered", id_):
        registry.registerBatch([make_work(1), make_work(2)], {"from": creator})
    with reverts_with("Creation_Unknown", id_of(make_work(1), creator)):
        registry.creationOf(id_of(make_work(1), creator))


def test_batch_works_after_a_refused_one(registry, creator):
    with reverts_with("Royalty_TooHigh", 1_001, 1_000):
        registry.registerBatch([make_work(1), make_work(2, 1_001)], {"from": creator})
    registry.registerBatch([make_work(1), make_work(2)], {"from": creator})
    assert registry.balanceOf(creator) == 2


def test_batch_reverts_when_coins_come_along(registry, creator):
    with reverts_without_error():
        registry.registerBatch([make_work(1)], {"from": creator, "value": 1})


def test_batch_and_single_share_the_creators_number(registry, creator, seller):
    register(registry, creator, 1)
    register(registry, seller, 1)
    registry.registerBatch([make_work(2)], {"from": creator})
    assert registry.creationOf(id_of(make_work(2), creator))["creator"] == creator
