"""Burning: the owner only, and for ever."""

from brownie import ZERO_ADDRESS

from tests.contracts.support import event_names, only_event, register, reverts_with


def test_burn_destroys_the_creation(registry, creator, work_id):
    tx = registry.burn(work_id, {"from": creator})
    assert registry.balanceOf(creator) == 0
    assert event_names(tx) == ["Transfer"]
    assert only_event(tx, "Transfer") == {"from": creator, "to": ZERO_ADDRESS, "id": work_id}
    with reverts_with("TokenDoesNotExist"):
        registry.ownerOf(work_id)


def test_burn_works_for_a_later_owner(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    registry.burn(work_id, {"from": buyer})
    assert registry.balanceOf(buyer) == 0


def test_burn_reverts_when_a_stranger_calls(registry, creator, stranger, work_id):
    with reverts_with("Creation_NotOwned", work_id, stranger, creator):
        registry.burn(work_id, {"from": stranger})
    assert registry.ownerOf(work_id) == creator


def test_burn_reverts_when_the_approved_calls(registry, creator, stranger, work_id):
    registry.approve(stranger, work_id, {"from": creator})
    with reverts_with("Creation_NotOwned", work_id, stranger, creator):
        registry.burn(work_id, {"from": stranger})


def test_burn_reverts_when_an_operator_calls(registry, creator, stranger, work_id):
    registry.setApprovalForAll(stranger, True, {"from": creator})
    with reverts_with("Creation_NotOwned", work_id, stranger, creator):
        registry.burn(work_id, {"from": stranger})


def test_burn_reverts_when_the_creator_sold_it(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    with reverts_with("Creation_NotOwned", work_id, creator, buyer):
        registry.burn(work_id, {"from": creator})


def test_burn_reverts_when_unknown(registry, creator):
    with reverts_with("TokenDoesNotExist"):
        registry.burn(7, {"from": creator})


def test_burn_reverts_when_burnt(registry, creator, work_id):
    registry.burn(work_id, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.burn(work_id, {"from": creator})


def test_a_burnt_creation_cannot_be_transferred(registry, creator, buyer, work_id):
    registry.burn(work_id, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.transferFrom(creator, buyer, work_id, {"from": creator})


def test_a_burnt_creation_cannot_be_taken_from_zero(registry, creator, stranger, work_id):
    registry.burn(work_id, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.transferFrom(ZERO_ADDRESS, stranger, work_id, {"from": stranger})


def test_a_burnt_creation_cannot_be_approved(registry, creator, stranger, work_id):
    registry.burn(work_id, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.approve(stranger, work_id, {"from": creator})


def test_burn_clears_the_approval(registry, creator, stranger, work_id):
    registry.approve(stranger, work_id, {"from": creator})
    registry.burn(work_id, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.getApproved(work_id)
    with reverts_with("TokenDoesNotExist"):
        registry.transferFrom(creator, stranger, work_id, {"from": stranger})


def test_burn_leaves_other_creations_alone(registry, creator, work_id):
    other = register(registry, creator, 2)
    registry.burn(work_id, {"from": creator})
    assert registry.ownerOf(other) == creator
    assert registry.balanceOf(creator) == 1


def test_burn_does_not_count_as_a_change_of_hands(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    registry.burn(work_id, {"from": buyer})
    assert registry.tenureOf(work_id) == 1
