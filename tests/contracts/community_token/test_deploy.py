"""What a new token is."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.conftest import CAP, OPENING_SUPPLY
from tests.contracts.support import (
    domain_separator,
    event_names,
    only_event,
    reverts_with,
    reverts_without_error,
)


@pytest.fixture
def deploy(CommunityToken, deployer, treasury):
    def deploy(cap=1_000, opening=400, holder=treasury, steward=deployer):
        return CommunityToken.deploy(
            "Village", "VIL", cap, opening, holder, steward, {"from": deployer}
        )

    return deploy


def test_deploy_keeps_its_arguments(deploy, treasury, stranger):
    token = deploy(cap=1_000, opening=400, holder=treasury, steward=stranger)
    assert token.name() == "Village"
    assert token.symbol() == "VIL"
    assert token.decimals() == 18
    assert token.CAP() == 1_000
    assert token.steward() == stranger
    assert token.pendingSteward() == ZERO_ADDRESS
    assert token.minter() == ZERO_ADDRESS
    assert token.totalSupply() == 400


def test_deploy_gives_the_opening_supply_to_its_holder_only(deploy, treasury, deployer):
    token = deploy(opening=400, holder=treasury)
    assert token.balanceOf(treasury) == 400
    assert token.balanceOf(deployer) == 0


def test_deploy_says_who_is_the_steward(deploy, stranger):
    tx = deploy(steward=stranger).tx
    assert only_event(tx, "StewardshipTaken") == {"before": ZERO_ADDRESS, "steward": stranger}


def test_deploy_emits_the_opening_transfer(deploy, treasury):
    tx = deploy(opening=400, holder=treasury).tx
    assert event_names(tx) == ["StewardshipTaken", "Transfer"]
    assert only_event(tx, "Transfer") == {"from": ZERO_ADDRESS, "to": treasury, "value": 400}


def test_deploy_without_opening_supply_mints_nothing(deploy):
    token = deploy(opening=0, holder=ZERO_ADDRESS)
    assert token.totalSupply() == 0
    assert event_names(token.tx) == ["StewardshipTaken"]


@pytest.mark.parametrize("opening", [999, 1_000])
def test_deploy_takes_an_opening_supply_up_to_the_cap(deploy, opening):
    assert deploy(cap=1_000, opening=opening).totalSupply() == opening


def test_deploy_reverts_when_the_opening_supply_is_above_the_cap(deploy):
    with reverts_with("Supply_OutOfRange", 1_001, 1_000):
        deploy(cap=1_000, opening=1_001)


def test_deploy_reverts_when_the_cap_is_zero(deploy):
    with reverts_with("Supply_OutOfRange", 0, 0):
        deploy(cap=0, opening=0)


def test_deploy_takes_the_largest_cap(deploy):
    assert deploy(cap=2**256 - 1).CAP() == 2**256 - 1


def test_deploy_reverts_when_the_steward_is_zero(deploy):
    with reverts_with("Steward_Zero"):
        deploy(steward=ZERO_ADDRESS)


def test_deploy_reverts_when_nobody_holds_the_opening_supply(deploy):
    with reverts_with("ERC20InvalidReceiver", ZERO_ADDRESS):
        deploy(opening=1, holder=ZERO_ADDRESS)


def test_the_projects_token_opens_as_configured(token):
    assert token.CAP() == CAP
    assert token.totalSupply() == OPENING_SUPPLY


def test_domain_separator_is_eip712s(token, chain):
    expected = domain_separator("Dokkaebi Community Token", "1", chain.id, token)
    assert bytes(token.DOMAIN_SEPARATOR()) == expected


def test_eip712_domain_describes_the_separator(token, chain):
    fields, name, version, chain_id, contract, salt, extensions = token.eip712Domain()
    assert bytes(fields) == b"\x0f"
    assert (name, version) == ("Dokkaebi Community Token", "1")
    assert (chain_id, contract) == (chain.id, token.address)
    assert (int.from_bytes(bytes(salt), "big"), extensions) == (0, ())


def test_nobody_has_other_functions_than_these(token):
    """No owner, no pause, no burn, no blocklist, no way to name another minter."""
    writing = {
        item["name"]
        for item in token.abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    erc20 = {"approve", "permit", "transfer", "transferFrom"}
    stewards = {"acceptStewardship", "offerStewardship", "renounceStewardship", "setMinter"}
    assert writing == erc20 | stewards | {"mint"}


def test_the_token_takes_no_coins(token, stranger):
    with reverts_without_error():
        stranger.transfer(token, 1)
    assert token.balance() == 0
