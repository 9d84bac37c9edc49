"""ERC-721 transfers and approvals, and the tenure that counts them."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.support import event_names, only_event, register, reverts_with

ACCEPT, REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB, REENTER, WRONG_ANSWER = range(7)


@pytest.fixture(scope="module")
def receiver(registry, MockReceiver, deployer):
    return MockReceiver.deploy({"from": deployer})


@pytest.fixture(scope="module")
def move(registry):
    """The three ways to transfer, by name."""
    return {
        "transferFrom": registry.transferFrom,
        "safeTransferFrom": registry.safeTransferFrom["address,address,uint256"],
        "safeTransferFrom with data": lambda *args: registry.safeTransferFrom[
            "address,address,uint256,bytes"
        ](*args[:3], b"hello", args[3]),
    }


WAYS = pytest.mark.parametrize(
    "way", ["transferFrom", "safeTransferFrom", "safeTransferFrom with data"]
)


@WAYS
def test_transfer_moves_the_creation(registry, creator, buyer, work_id, move, way):
    tx = move[way](creator, buyer, work_id, {"from": creator})
    assert registry.ownerOf(work_id) == buyer
    assert registry.balanceOf(creator) == 0
    assert registry.balanceOf(buyer) == 1
    assert event_names(tx) == ["Transfer"]
    assert only_event(tx, "Transfer") == {"from": creator, "to": buyer, "id": work_id}


@WAYS
def test_transfer_counts_the_tenure(registry, creator, buyer, work_id, move, way):
    assert registry.tenureOf(work_id) == 0
    move[way](creator, buyer, work_id, {"from": creator})
    assert registry.tenureOf(work_id) == 1
    assert registry.creationOf(work_id)["tenure"] == 1


@WAYS
def test_transfer_to_oneself_counts_the_tenure(registry, creator, work_id, move, way):
    """An offer of before is dead: its seller can end it by this alone."""
    move[way](creator, creator, work_id, {"from": creator})
    assert registry.tenureOf(work_id) == 1
    assert registry.ownerOf(work_id) == creator
    assert registry.balanceOf(creator) == 1


def test_transfers_to_and_fro_count_each(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    registry.transferFrom(buyer, creator, work_id, {"from": buyer})
    assert registry.ownerOf(work_id) == creator
    assert registry.tenureOf(work_id) == 2


@WAYS
def test_transfer_by_the_approved_counts_the_tenure(
    registry, creator, buyer, stranger, work_id, move, way
):
    registry.approve(stranger, work_id, {"from": creator})
    move[way](creator, buyer, work_id, {"from": stranger})
    assert registry.ownerOf(work_id) == buyer
    assert registry.tenureOf(work_id) == 1


@WAYS
def test_transfer_by_an_operator_counts_the_tenure(
    registry, creator, buyer, stranger, work_id, move, way
):
    registry.setApprovalForAll(stranger, True, {"from": creator})
    move[way](creator, buyer, work_id, {"from": stranger})
    assert registry.ownerOf(work_id) == buyer
    assert registry.tenureOf(work_id) == 1


@WAYS
def test_transfer_reverts_when_a_stranger_calls(registry, creator, stranger, work_id, move, way):
    with reverts_with("NotOwnerNorApproved"):
        move[way](creator, stranger, work_id, {"from": stranger})
    assert registry.ownerOf(work_id) == creator
    assert registry.tenureOf(work_id) == 0


@WAYS
def test_transfer_reverts_when_it_goes_to_zero(registry, creator, work_id, move, way):
    with reverts_with("TransferToZeroAddress"):
        move[way](creator, ZERO_ADDRESS, work_id, {"from": creator})


@WAYS
def test_transfer_reverts_when_from_is_not_the_owner(registry, creator, buyer, work_id, move, way):
    with reverts_with("TransferFromIncorrectOwner"):
        move[way](buyer, creator, work_id, {"from": creator})
    assert registry.tenureOf(work_id) == 0


@WAYS
def test_transfer_reverts_when_unknown(registry, creator, buyer, move, way):
    with reverts_with("TokenDoesNotExist"):
        move[way](creator, buyer, 7, {"from": creator})
    with reverts_with("Creation_Unknown", 7):
        registry.tenureOf(7)


@WAYS
def test_transfer_reverts_when_coins_come_along(registry, creator, buyer, work_id, move, way):
    with reverts_with("Value_NotAccepted", 1):
        move[way](creator, buyer, work_id, {"from": creator, "value": 1})
    assert registry.balance() == 0


def test_approve_reverts_when_coins_come_along(registry, creator, buyer, work_id):
    with reverts_with("Value_NotAccepted", 1):
        registry.approve(buyer, work_id, {"from": creator, "value": 1})


def test_tenure_is_each_creations_own(registry, creator, buyer, work_id):
    other = register(registry, creator, 2)
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    assert registry.tenureOf(other) == 0


def test_tenure_of_reverts_when_unknown(registry):
    with reverts_with("Creation_Unknown", 7):
        registry.tenureOf(7)


# Approvals


def test_approve_names_one_account(registry, creator, stranger, work_id):
    tx = registry.approve(stranger, work_id, {"from": creator})
    assert registry.getApproved(work_id) == stranger
    assert event_names(tx) == ["Approval"]
    assert only_event(tx, "Approval") == {"owner": creator, "account": stranger, "id": work_id}


def test_approve_can_be_taken_back(registry, creator, stranger, work_id):
    registry.approve(stranger, work_id, {"from": creator})
    registry.approve(ZERO_ADDRESS, work_id, {"from": creator})
    assert registry.getApproved(work_id) == ZERO_ADDRESS
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(creator, stranger, work_id, {"from": stranger})


def test_approve_works_for_an_operator(registry, creator, stranger, buyer, work_id):
    registry.setApprovalForAll(stranger, True, {"from": creator})
    registry.approve(buyer, work_id, {"from": stranger})
    assert registry.getApproved(work_id) == buyer


def test_approve_reverts_when_a_stranger_calls(registry, stranger, work_id):
    with reverts_with("NotOwnerNorApproved"):
        registry.approve(stranger, work_id, {"from": stranger})


def test_approve_reverts_when_the_approved_calls(registry, creator, stranger, buyer, work_id):
    registry.approve(stranger, work_id, {"from": creator})
    with reverts_with("NotOwnerNorApproved"):
        registry.approve(buyer, work_id, {"from": stranger})


def test_approve_reverts_when_unknown(registry, creator, stranger):
    with reverts_with("TokenDoesNotExist"):
        registry.approve(stranger, 7, {"from": creator})


def test_get_approved_reverts_when_unknown(registry):
    with reverts_with("TokenDoesNotExist"):
        registry.getApproved(7)


def test_approve_does_not_count_as_a_change_of_hands(registry, creator, stranger, work_id):
    registry.approve(stranger, work_id, {"from": creator})
    assert registry.tenureOf(work_id) == 0


@WAYS
def test_transfer_clears_the_approval(registry, creator, buyer, stranger, work_id, move, way):
    registry.approve(stranger, work_id, {"from": creator})
    move[way](creator, buyer, work_id, {"from": creator})
    assert registry.getApproved(work_id) == ZERO_ADDRESS
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(buyer, stranger, work_id, {"from": stranger})


def test_transfer_to_oneself_clears_the_approval(registry, creator, stranger, work_id):
    registry.approve(stranger, work_id, {"from": creator})
    registry.transferFrom(creator, creator, work_id, {"from": creator})
    assert registry.getApproved(work_id) == ZERO_ADDRESS


def test_set_approval_for_all_names_an_operator(registry, creator, stranger):
    tx = registry.setApprovalForAll(stranger, True, {"from": creator})
    assert registry.isApprovedForAll(creator, stranger)
    assert only_event(tx, "ApprovalForAll") == {
        "owner": creator,
        "operator": stranger,
        "isApproved": True,
    }


def test_set_approval_for_all_can_be_taken_back(registry, creator, stranger, work_id):
    registry.setApprovalForAll(stranger, True, {"from": creator})
    registry.setApprovalForAll(stranger, False, {"from": creator})
    assert not registry.isApprovedForAll(creator, stranger)
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(creator, stranger, work_id, {"from": stranger})


def test_an_operator_has_no_say_over_what_was_sold(registry, creator, buyer, stranger, work_id):
    registry.setApprovalForAll(stranger, True, {"from": creator})
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(buyer, stranger, work_id, {"from": stranger})


def test_the_creator_has_no_say_over_what_was_sold(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(buyer, creator, work_id, {"from": creator})


# Contracts as receivers


def test_safe_transfer_to_an_accepting_contract(registry, creator, receiver, work_id):
    registry.safeTransferFrom["address,address,uint256"](
        creator, receiver, work_id, {"from": creator}
    )
    assert registry.ownerOf(work_id) == receiver
    assert registry.tenureOf(work_id) == 1


def test_safe_transfer_reverts_when_the_contract_refuses(registry, creator, receiver, work_id):
    receiver.setMode(REJECT, {"from": creator})
    with reverts_with("Receiver_Refused"):
        registry.safeTransferFrom["address,address,uint256"](
            creator, receiver, work_id, {"from": creator}
        )
    assert registry.ownerOf(work_id) == creator
    assert registry.tenureOf(work_id) == 0


def test_safe_transfer_reverts_when_the_contract_answers_wrongly(
    registry, creator, receiver, work_id
):
    receiver.setMode(WRONG_ANSWER, {"from": creator})
    with reverts_with("TransferToNonERC721ReceiverImplementer"):
        registry.safeTransferFrom["address,address,uint256"](
            creator, receiver, work_id, {"from": creator}
        )


def test_safe_transfer_reverts_when_the_contract_is_no_receiver(
    registry, creator, MockBuyer, deployer, work_id
):
    contract = MockBuyer.deploy({"from": deployer})
    with reverts_with("TransferToNonERC721ReceiverImplementer"):
        registry.safeTransferFrom["address,address,uint256"](
            creator, contract, work_id, {"from": creator}
        )


def test_transfer_to_a_contract_that_is_no_receiver(
    registry, creator, MockBuyer, deployer, work_id
):
    """`transferFrom` doesn't ask, as the interface warns."""
    contract = MockBuyer.deploy({"from": deployer})
    registry.transferFrom(creator, contract, work_id, {"from": creator})
    assert registry.ownerOf(work_id) == contract


def test_a_receiver_can_pass_the_creation_on_at_once(registry, creator, receiver, buyer, work_id):
    """Reentering while it arrives moves it once more, and both moves count."""
    receiver.setMode(REENTER, {"from": creator})
    onward = registry.transferFrom.encode_input(receiver, buyer, work_id)
    receiver.addCall(registry, 0, onward, {"from": creator})
    tx = registry.safeTransferFrom["address,address,uint256"](
        creator, receiver, work_id, {"from": creator}
    )
    assert only_event(tx, "Reentered")["success"]
    assert registry.ownerOf(work_id) == buyer
    assert registry.tenureOf(work_id) == 2
    assert registry.balanceOf(receiver) == 0
    assert registry.balanceOf(buyer) == 1
