"""Who may name the minter: handed over in two steps, renounced, or used up."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.conftest import CAP, OPENING_SUPPLY
from tests.contracts.support import event_names, only_event, reverts_with


@pytest.fixture
def other_contract(token, MockMinter, deployer):
    return MockMinter.deploy({"from": deployer})


def offer(token, to, steward):
    return token.offerStewardship(to, {"from": steward})


# Offering


def test_an_offer_changes_nothing_but_the_pending_steward(token, deployer, seller):
    tx = offer(token, seller, deployer)
    assert (token.steward(), token.pendingSteward()) == (deployer, seller)
    assert event_names(tx) == ["StewardshipOffered"]
    assert only_event(tx, "StewardshipOffered") == {"steward": deployer, "to": seller}


def test_offer_reverts_when_the_caller_is_not_the_steward(token, deployer, stranger):
    with reverts_with("Steward_Required", stranger, deployer):
        offer(token, stranger, stranger)
    assert token.pendingSteward() == ZERO_ADDRESS


def test_offer_reverts_when_only_an_offer_was_made(token, deployer, seller, buyer):
    offer(token, seller, deployer)
    with reverts_with("Steward_Required", seller, deployer):
        offer(token, buyer, seller)
    assert token.pendingSteward() == seller


def test_an_offer_takes_the_place_of_the_one_before(token, deployer, seller, buyer):
    offer(token, seller, deployer)
    offer(token, buyer, deployer)
    with reverts_with("Stewardship_NotOffered", seller, buyer):
        token.acceptStewardship({"from": seller})
    token.acceptStewardship({"from": buyer})
    assert token.steward() == buyer


def test_an_offer_can_be_withdrawn(token, deployer, seller):
    offer(token, seller, deployer)
    tx = offer(token, ZERO_ADDRESS, deployer)
    assert only_event(tx, "StewardshipOffered") == {"steward": deployer, "to": ZERO_ADDRESS}
    with reverts_with("Stewardship_NotOffered", seller, ZERO_ADDRESS):
        token.acceptStewardship({"from": seller})
    assert token.steward() == deployer


# Accepting


def test_whoever_accepts_is_the_steward(token, deployer, seller, other_contract):
    offer(token, seller, deployer)
    tx = token.acceptStewardship({"from": seller})
    assert (token.steward(), token.pendingSteward()) == (seller, ZERO_ADDRESS)
    assert event_names(tx) == ["StewardshipTaken"]
    assert only_event(tx, "StewardshipTaken") == {"before": deployer, "steward": seller}
    with reverts_with("Steward_Required", deployer, seller):
        token.setMinter(other_contract, {"from": deployer})
    token.setMinter(other_contract, {"from": seller})
    assert token.minter() == other_contract


def test_accept_reverts_when_nothing_is_offered(token, stranger):
    with reverts_with("Stewardship_NotOffered", stranger, ZERO_ADDRESS):
        token.acceptStewardship({"from": stranger})


def test_accept_reverts_when_it_is_offered_to_somebody_else(token, deployer, seller, stranger):
    offer(token, seller, deployer)
    for other in (stranger, deployer):
        with reverts_with("Stewardship_NotOffered", other, seller):
            token.acceptStewardship({"from": other})
    assert token.steward() == deployer


def test_accept_works_once(token, deployer, seller):
    offer(token, seller, deployer)
    token.acceptStewardship({"from": seller})
    with reverts_with("Stewardship_NotOffered", seller, ZERO_ADDRESS):
        token.acceptStewardship({"from": seller})


def test_a_steward_may_offer_it_to_themselves(token, deployer):
    offer(token, deployer, deployer)
    token.acceptStewardship({"from": deployer})
    assert (token.steward(), token.pendingSteward()) == (deployer, ZERO_ADDRESS)


# Renouncing


def test_renouncing_ends_the_stewardship_for_ever(token, deployer, seller, other_contract):
    tx = token.renounceStewardship({"from": deployer})
    assert (token.steward(), token.pendingSteward()) == (ZERO_ADDRESS, ZERO_ADDRESS)
    assert event_names(tx) == ["StewardshipTaken"]
    assert only_event(tx, "StewardshipTaken") == {"before": deployer, "steward": ZERO_ADDRESS}
    with reverts_with("Steward_Required", deployer, ZERO_ADDRESS):
        token.setMinter(other_contract, {"from": deployer})
    with reverts_with("Steward_Required", deployer, ZERO_ADDRESS):
        offer(token, seller, deployer)
    assert (token.totalSupply(), token.CAP()) == (OPENING_SUPPLY, CAP)


def test_renouncing_withdraws_the_offer(token, deployer, seller):
    offer(token, seller, deployer)
    token.renounceStewardship({"from": deployer})
    with reverts_with("Stewardship_NotOffered", seller, ZERO_ADDRESS):
        token.acceptStewardship({"from": seller})


def test_renounce_reverts_when_the_caller_is_not_the_steward(token, deployer, seller):
    offer(token, seller, deployer)
    with reverts_with("Steward_Required", seller, deployer):
        token.renounceStewardship({"from": seller})
    assert token.steward() == deployer


# Using it up


def test_naming_the_minter_ends_the_stewardship(token, deployer, seller, other_contract):
    offer(token, seller, deployer)
    token.setMinter(other_contract, {"from": deployer})
    assert (token.steward(), token.pendingSteward()) == (ZERO_ADDRESS, ZERO_ADDRESS)
    with reverts_with("Stewardship_NotOffered", seller, ZERO_ADDRESS):
        token.acceptStewardship({"from": seller})
    for act in (token.renounceStewardship, lambda sender: offer(token, seller, sender["from"])):
        with reverts_with("Steward_Required", deployer, ZERO_ADDRESS):
            act({"from": deployer})
    assert token.minter() == other_contract


def test_a_refused_minter_leaves_the_stewardship(token, deployer, stranger):
    with reverts_with("Minter_HasNoCode", stranger):
        token.setMinter(stranger, {"from": deployer})
    assert token.steward() == deployer
