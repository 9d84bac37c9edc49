"""Who may mint, and how much."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.conftest import CAP, OPENING_SUPPLY, PURSE
from tests.contracts.support import event_names, only_event, reverts_with, set_code

ROOM = CAP - OPENING_SUPPLY


@pytest.fixture(scope="module")
def other_contract(token, MockMinter, deployer):
    return MockMinter.deploy({"from": deployer})


# Naming the minter


def test_set_minter_names_it(token, other_contract, deployer):
    tx = token.setMinter(other_contract, {"from": deployer})
    assert token.minter() == other_contract
    assert event_names(tx) == ["MinterNamed", "StewardshipTaken"]
    assert only_event(tx, "MinterNamed") == {"minter": other_contract}
    assert only_event(tx, "StewardshipTaken") == {"before": deployer, "steward": ZERO_ADDRESS}


def test_set_minter_reverts_when_the_caller_is_not_the_steward(
    token, other_contract, stranger, deployer
):
    with reverts_with("Steward_Required", stranger, deployer):
        token.setMinter(other_contract, {"from": stranger})
    assert token.minter() == ZERO_ADDRESS


def test_set_minter_reverts_when_the_future_minter_calls(token, other_contract, deployer, stranger):
    with reverts_with("Steward_Required", other_contract, deployer):
        other_contract.setMinter(token, other_contract, {"from": stranger})


def test_set_minter_reverts_when_it_has_no_code(token, stranger, deployer):
    with reverts_with("Minter_HasNoCode", stranger):
        token.setMinter(stranger, {"from": deployer})


def test_set_minter_reverts_for_a_person_with_delegated_code(token, stranger, deployer):
    """EIP-7702: such an account has code and is still somebody's key."""
    delegation = "0xef0100" + "11" * 20
    set_code(stranger, delegation)
    with reverts_with("Minter_HasNoCode", stranger):
        token.setMinter(stranger, {"from": deployer})


# Anvil ends when it's given code that begins like a delegation and is none.
ON_GANACHE = pytest.mark.require_network("development")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("0xef0101" + "11" * 20, marks=ON_GANACHE),
        pytest.param("0xef0100" + "11" * 21, marks=ON_GANACHE),
        "0x" + "11" * 23,
        "0x00",
    ],
)
def test_set_minter_takes_any_other_code(token, stranger, deployer, code):
    set_code(stranger, code)
    token.setMinter(stranger, {"from": deployer})
    assert token.minter() == stranger


def test_set_minter_reverts_when_it_is_zero(token, deployer):
    with reverts_with("Minter_HasNoCode", ZERO_ADDRESS):
        token.setMinter(ZERO_ADDRESS, {"from": deployer})


def test_set_minter_can_be_tried_again_after_a_refusal(token, other_contract, stranger, deployer):
    with reverts_with("Minter_HasNoCode", stranger):
        token.setMinter(stranger, {"from": deployer})
    token.setMinter(other_contract, {"from": deployer})
    assert token.minter() == other_contract


def test_set_minter_works_for_a_steward_that_is_a_contract(
    CommunityToken, other_contract, deployer
):
    token = CommunityToken.deploy("V", "V", 9, 0, deployer, other_contract, {"from": deployer})
    other_contract.setMinter(token, other_contract, {"from": deployer})
    assert token.minter() == other_contract


# Minting


def test_mint_reverts_when_no_minter_is_named(token, deployer):
    with reverts_with("Minter_Required", deployer, ZERO_ADDRESS):
        token.mint(deployer, 1, {"from": deployer})


def test_set_minter_reverts_when_one_is_named(token, minter, other_contract, deployer):
    with reverts_with("Minter_AlreadySet", minter):
        token.setMinter(other_contract, {"from": deployer})
    assert token.minter() == minter


def test_set_minter_reverts_when_the_same_one_is_named_again(token, minter, deployer):
    with reverts_with("Minter_AlreadySet", minter):
        token.setMinter(minter, {"from": deployer})


def test_mint_gives_new_tokens(token, minter, stranger):
    tx = minter.mint(token, stranger, 7, {"from": stranger})
    assert token.balanceOf(stranger) == 7
    assert token.totalSupply() == OPENING_SUPPLY + 7
    assert event_names(tx) == ["Transfer"]
    assert only_event(tx, "Transfer") == {"from": ZERO_ADDRESS, "to": stranger, "value": 7}


def test_mint_leaves_other_balances_alone(token, minter, stranger, seller, buyer):
    minter.mint(token, seller, 7, {"from": stranger})
    assert token.balanceOf(seller) == PURSE + 7
    assert token.balanceOf(buyer) == PURSE


@pytest.mark.parametrize("below", [1, 0])
def test_mint_works_up_to_the_cap(token, minter, stranger, below):
    minter.mint(token, stranger, ROOM - below, {"from": stranger})
    assert token.totalSupply() == CAP - below


def test_mint_reverts_when_above_the_cap(token, minter, stranger):
    with reverts_with("Supply_CapExceeded", ROOM + 1, ROOM):
        minter.mint(token, stranger, ROOM + 1, {"from": stranger})
    assert token.totalSupply() == OPENING_SUPPLY


def test_mint_reverts_when_the_cap_is_used_up(token, minter, stranger):
    minter.mint(token, stranger, ROOM, {"from": stranger})
    with reverts_with("Supply_CapExceeded", 1, 0):
        minter.mint(token, stranger, 1, {"from": stranger})


def test_mint_counts_what_was_minted_in_parts(token, minter, stranger):
    minter.mint(token, stranger, ROOM - 10, {"from": stranger})
    minter.mint(token, stranger, 4, {"from": stranger})
    with reverts_with("Supply_CapExceeded", 7, 6):
        minter.mint(token, stranger, 7, {"from": stranger})


def test_mint_reverts_with_the_largest_amount_without_overflow(token, minter, stranger):
    with reverts_with("Supply_CapExceeded", 2**256 - 1, ROOM):
        minter.mint(token, stranger, 2**256 - 1, {"from": stranger})


def test_mint_of_nothing_changes_nothing(token, minter, stranger):
    minter.mint(token, stranger, 0, {"from": stranger})
    assert token.totalSupply() == OPENING_SUPPLY


def test_mint_reverts_when_it_goes_to_zero(token, minter, stranger):
    with reverts_with("ERC20InvalidReceiver", ZERO_ADDRESS):
        minter.mint(token, ZERO_ADDRESS, 1, {"from": stranger})


def test_mint_reverts_when_the_steward_calls(token, minter, deployer):
    with reverts_with("Minter_Required", deployer, minter):
        token.mint(deployer, 1, {"from": deployer})


def test_mint_reverts_when_a_holder_calls(token, minter, seller):
    with reverts_with("Minter_Required", seller, minter):
        token.mint(seller, 1, {"from": seller})


# No power over balances


def test_the_steward_cannot_move_balances(token, seller, deployer):
    with reverts_with("ERC20InsufficientAllowance", deployer, 0, 1):
        token.transferFrom(seller, deployer, 1, {"from": deployer})


def test_the_minter_cannot_move_balances(token, seller, MockBuyer, deployer):
    minter = MockBuyer.deploy({"from": deployer})
    token.setMinter(minter, {"from": deployer})
    data = token.transferFrom.encode_input(seller, minter, 1)
    with reverts_with("ERC20InsufficientAllowance", minter, 0, 1):
        minter.execute(token, 0, data, {"from": deployer})
    assert token.balanceOf(seller) == PURSE
