"""Derivatives and their parents."""

import pytest

from tests.contracts.support import (
    event_names,
    id_of,
    make_work,
    only_event,
    register,
    register_all,
    reverts_with,
)


@pytest.fixture(scope="module")
def parents(registry, creator, seller):
    """Nine registered works of two creators, in ascending order."""
    ids = register_all(registry, creator, [make_work(n) for n in range(100, 105)])
    return sorted(ids + register_all(registry, seller, [make_work(n) for n in range(105, 109)]))


def derive(registry, buyer, parents):
    work = make_work(1)._replace(parents=tuple(parents))
    registry.register(work, {"from": buyer})
    return id_of(work, buyer)


@pytest.mark.parametrize("count", [1, 2, 7, 8])
def test_register_records_parents(registry, buyer, parents, count):
    id_ = derive(registry, buyer, parents[:count])
    assert list(registry.parentsOf(id_)) == parents[:count]
    assert registry.creationOf(id_)["parentCount"] == count


def test_register_emits_the_derivation(registry, buyer, parents):
    work = make_work(1, parents=parents[:3])
    tx = registry.register(work, {"from": buyer})
    assert event_names(tx) == ["CreationRegistered", "CreationDerived", "Transfer"]
    expected = {"id": id_of(work, buyer), "parents": tuple(parents[:3])}
    assert only_event(tx, "CreationDerived") == expected


def test_an_original_has_no_parents(registry, work_id):
    assert registry.parentsOf(work_id) == ()
    assert registry.creationOf(work_id)["parentCount"] == 0


def test_register_reverts_when_there_are_too_many_parents(registry, buyer, parents):
    with reverts_with("Parents_TooMany", 9, 8):
        derive(registry, buyer, parents)


def test_register_reverts_when_there_are_far_too_many_parents(registry, buyer, parents):
    """16 would leave no trace in the record's four bits."""
    with reverts_with("Parents_TooMany", 16, 8):
        derive(registry, buyer, [*parents, *range(1, 8)])


def test_register_reverts_when_a_parent_is_unknown(registry, buyer, parents):
    unknown = parents[1] + 1
    with reverts_with("Creation_Unknown", unknown):
        derive(registry, buyer, [parents[0], parents[1], unknown])


def test_register_reverts_when_a_work_is_its_own_parent(registry, buyer):
    own = id_of(make_work(1), buyer)
    with reverts_with("Creation_Unknown", own):
        derive(registry, buyer, [own])


def test_register_reverts_when_a_parent_comes_twice(registry, buyer, parents):
    with reverts_with("Parents_NotAscending", parents[0], parents[0]):
        derive(registry, buyer, [parents[0], parents[0]])


def test_register_reverts_when_parents_descend(registry, buyer, parents):
    with reverts_with("Parents_NotAscending", parents[1], parents[0]):
        derive(registry, buyer, [parents[1], parents[0]])


def test_register_reverts_when_the_last_parent_descends(registry, buyer, parents):
    with reverts_with("Parents_NotAscending", parents[2], parents[1]):
        derive(registry, buyer, [parents[0], parents[2], parents[1]])


def test_register_reverts_when_a_parent_is_zero(registry, buyer):
    with reverts_with("Parents_NotAscending", 0, 0):
        derive(registry, buyer, [0])


def test_a_refused_derivative_leaves_nothing(registry, buyer, parents):
    with reverts_with("Parents_NotAscending", parents[1], parents[0]):
        derive(registry, buyer, [parents[1], parents[0]])
    id_ = derive(registry, buyer, parents[:1])
    assert list(registry.parentsOf(id_)) == parents[:1]


def test_a_burnt_parent_is_allowed(registry, creator, buyer, work_id):
    registry.burn(work_id, {"from": creator})
    id_ = derive(registry, buyer, [work_id])
    assert registry.parentsOf(id_) == (work_id,)


def test_a_sold_parent_is_allowed_and_keeps_its_creator(registry, creator, buyer, seller, work_id):
    registry.transferFrom(creator, seller, work_id, {"from": creator})
    id_ = derive(registry, buyer, [work_id])
    receivers, _ = registry.royaltiesOf(id_, 10_000)
    assert list(receivers) == [buyer, creator]


def test_anybody_can_derive_from_their_own_work(registry, creator, work_id):
    id_ = register(registry, creator, 2, parents=[work_id])
    assert registry.parentsOf(id_) == (work_id,)


def test_a_derivative_can_be_derived_from(registry, creator, buyer, work_id):
    child = derive(registry, buyer, [work_id])
    grandchild = register(registry, creator, 3, parents=[child])
    assert registry.parentsOf(grandchild) == (child,)


def test_parents_of_reverts_when_unknown(registry):
    with reverts_with("Creation_Unknown", 7):
        registry.parentsOf(7)


def test_parents_survive_a_burn(registry, buyer, parents):
    id_ = derive(registry, buyer, parents[:2])
    registry.burn(id_, {"from": buyer})
    assert list(registry.parentsOf(id_)) == parents[:2]


def test_parents_survive_a_transfer(registry, buyer, seller, parents):
    id_ = derive(registry, buyer, parents[:2])
    registry.transferFrom(buyer, seller, id_, {"from": buyer})
    assert list(registry.parentsOf(id_)) == parents[:2]
