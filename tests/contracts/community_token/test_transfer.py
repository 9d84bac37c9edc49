"""ERC-20: transfers and allowances."""

from brownie import ZERO_ADDRESS
from brownie.test import given, strategy

from tests.contracts.conftest import OPENING_SUPPLY, PURSE
from tests.contracts.support import (
    event_names,
    examples,
    only_event,
    reverts_with,
)

INFINITE = 2**256 - 1


def test_transfer_moves_tokens(token, seller, stranger):
    tx = token.transfer(stranger, 5, {"from": seller})
    assert token.balanceOf(seller) == PURSE - 5
    assert token.balanceOf(stranger) == 5
    assert tx.return_value is True
    assert event_names(tx) == ["Transfer"]
    assert only_event(tx, "Transfer") == {"from": seller, "to": stranger, "value": 5}


def test_transfer_moves_a_whole_balance(token, seller, stranger):
    token.transfer(stranger, PURSE, {"from": seller})
    assert token.balanceOf(seller) == 0


def test_transfer_reverts_when_the_balance_is_too_small(token, seller, stranger):
    with reverts_with("ERC20InsufficientBalance", seller, PURSE, PURSE + 1):
        token.transfer(stranger, PURSE + 1, {"from": seller})


def test_transfer_of_nothing_works_and_is_logged(token, stranger, seller):
    tx = token.transfer(seller, 0, {"from": stranger})
    assert only_event(tx, "Transfer") == {"from": stranger, "to": seller, "value": 0}


def test_transfer_to_oneself_changes_nothing(token, seller):
    token.transfer(seller, PURSE, {"from": seller})
    assert token.balanceOf(seller) == PURSE


def test_transfer_to_oneself_reverts_when_the_balance_is_too_small(token, seller):
    with reverts_with("ERC20InsufficientBalance", seller, PURSE, PURSE + 1):
        token.transfer(seller, PURSE + 1, {"from": seller})


def test_transfer_reverts_when_it_goes_to_zero(token, seller):
    with reverts_with("ERC20InvalidReceiver", ZERO_ADDRESS):
        token.transfer(ZERO_ADDRESS, 1, {"from": seller})


def test_transfers_keep_the_supply(token, seller, buyer):
    token.transfer(buyer, 5, {"from": seller})
    assert token.totalSupply() == OPENING_SUPPLY


def test_approve_sets_an_allowance(token, seller, stranger):
    tx = token.approve(stranger, 5, {"from": seller})
    assert token.allowance(seller, stranger) == 5
    assert tx.return_value is True
    assert event_names(tx) == ["Approval"]
    assert only_event(tx, "Approval") == {"owner": seller, "spender": stranger, "value": 5}


def test_approve_replaces_an_allowance(token, seller, stranger):
    token.approve(stranger, 5, {"from": seller})
    token.approve(stranger, 3, {"from": seller})
    assert token.allowance(seller, stranger) == 3


def test_approve_reverts_when_the_spender_is_zero(token, seller):
    with reverts_with("ERC20InvalidSpender", ZERO_ADDRESS):
        token.approve(ZERO_ADDRESS, 1, {"from": seller})


def test_approve_gives_nobody_else_an_allowance(token, seller, buyer, stranger):
    token.approve(stranger, 5, {"from": seller})
    assert token.allowance(buyer, stranger) == 0
    assert token.allowance(seller, buyer) == 0


def test_transfer_from_uses_the_allowance(token, seller, buyer, stranger):
    token.approve(stranger, 5, {"from": seller})
    tx = token.transferFrom(seller, buyer, 3, {"from": stranger})
    assert token.allowance(seller, stranger) == 2
    assert token.balanceOf(seller) == PURSE - 3
    assert token.balanceOf(buyer) == PURSE + 3
    assert event_names(tx) == ["Transfer"]


def test_transfer_from_uses_the_last_of_the_allowance(token, seller, buyer, stranger):
    token.approve(stranger, 5, {"from": seller})
    token.transferFrom(seller, buyer, 5, {"from": stranger})
    assert token.allowance(seller, stranger) == 0


def test_transfer_from_reverts_when_the_allowance_is_too_small(token, seller, buyer, stranger):
    token.approve(stranger, 5, {"from": seller})
    with reverts_with("ERC20InsufficientAllowance", stranger, 5, 6):
        token.transferFrom(seller, buyer, 6, {"from": stranger})


def test_transfer_from_reverts_when_the_balance_is_too_small(token, seller, buyer, stranger):
    token.approve(stranger, INFINITE, {"from": seller})
    with reverts_with("ERC20InsufficientBalance", seller, PURSE, PURSE + 1):
        token.transferFrom(seller, buyer, PURSE + 1, {"from": stranger})


def test_transfer_from_reverts_when_it_goes_to_zero(token, seller, stranger):
    token.approve(stranger, 5, {"from": seller})
    with reverts_with("ERC20InvalidReceiver", ZERO_ADDRESS):
        token.transferFrom(seller, ZERO_ADDRESS, 1, {"from": stranger})


def test_transfer_from_oneself_needs_an_allowance_too(token, seller, buyer):
    with reverts_with("ERC20InsufficientAllowance", seller, 0, 1):
        token.transferFrom(seller, buyer, 1, {"from": seller})


def test_transfer_from_of_nothing_needs_no_allowance(token, seller, buyer, stranger):
    token.transferFrom(seller, buyer, 0, {"from": stranger})
    assert token.balanceOf(seller) == PURSE


def test_an_infinite_allowance_stays(token, seller, buyer, stranger):
    token.approve(stranger, INFINITE, {"from": seller})
    token.transferFrom(seller, buyer, PURSE, {"from": stranger})
    assert token.allowance(seller, stranger) == INFINITE


def test_an_allowance_just_below_infinite_is_used(token, seller, buyer, stranger):
    token.approve(stranger, INFINITE - 1, {"from": seller})
    token.transferFrom(seller, buyer, 1, {"from": stranger})
    assert token.allowance(seller, stranger) == INFINITE - 2


@given(parts=strategy("uint256[3]", max_value=PURSE))
@examples(10)
def test_transfers_only_move(token, seller, buyer, stranger, parts):
    people = (seller, buyer, stranger)
    before = [token.balanceOf(person) for person in people]
    for index, part in enumerate(parts):
        amount = part % (before[index] + 1)
        token.transfer(people[(index + 1) % 3], amount, {"from": people[index]})
        before[index] -= amount
        before[(index + 1) % 3] += amount
    assert [token.balanceOf(person) for person in people] == before
    assert sum(before) == 2 * PURSE
