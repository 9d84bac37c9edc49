"""What a new desk is, and which one can't be."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.arbitration_desk.conftest import EXTRA_DATA, META_EVIDENCE
from tests.contracts.support import (
    ZERO_BYTES32,
    cid_text,
    event_names,
    only_event,
    reverts_with,
    reverts_without_error,
)


def test_deploy_keeps_its_terms(court, escrow):
    assert court.desk.MARKET() == escrow
    assert court.desk.ARBITRATOR() == court.arbitrator


def test_deploy_says_what_rulings_mean(court):
    """ERC-1497."""
    assert event_names(court.desk.tx) == ["MetaEvidence"]
    event = only_event(court.desk.tx, "MetaEvidence")
    assert event["metaEvidenceID"] == 0
    assert event["evidence"] == "ipfs://" + cid_text(0x55, META_EVIDENCE)


@pytest.mark.parametrize("which", ["market", "arbitrator"])
@pytest.mark.parametrize("who", ["zero", "person"])
def test_deploy_reverts_when_a_contract_has_no_code(
    ArbitrationDesk, court, escrow, stranger, deployer, which, who
):
    account = ZERO_ADDRESS if who == "zero" else stranger
    contracts = (account, court.arbitrator) if which == "market" else (escrow, account)
    with reverts_with("Contract_HasNoCode", account):
        ArbitrationDesk.deploy(*contracts, b"", ZERO_BYTES32, {"from": deployer})


def test_the_desk_takes_no_coins(court, stranger):
    with reverts_without_error():
        stranger.transfer(court.desk, 1)


def test_nobody_has_other_functions_than_these(court):
    writing = {
        item["name"]
        for item in court.desk.abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    assert writing == {"appeal", "carryOut", "rule", "submit"}


def test_the_arbitrator_hears_the_extra_data(court, buyer):
    trade = court.disputed()
    court.submit(trade, buyer)
    arbitrated, choices, extra_data, _ = court.arbitrator.cases(0)
    assert (arbitrated, choices) == (court.desk, 3)
    assert str(extra_data) == EXTRA_DATA


@pytest.mark.parametrize("cost", [0, 1, 10**18])
def test_the_cost_is_the_arbitrators(court, cost):
    court.arbitrator.setCost(cost)
    assert court.desk.costOf() == cost
