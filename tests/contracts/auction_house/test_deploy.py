"""What a new auction house is, and which one can't be."""

import pytest
from brownie import ZERO_ADDRESS, web3

from tests.contracts.support import only_event, reverts_with, reverts_without_error


def test_deploy_keeps_its_terms(auction_house, registry, treasury):
    assert auction_house.REGISTRY() == registry
    assert auction_house.FEE_RECIPIENT() == treasury
    assert auction_house.FEE_BPS() == 100


def test_deploy_says_its_terms(auction_house, registry, treasury):
    assert only_event(auction_house.tx, "MarketOpened") == {
        "registry": registry,
        "feeRecipient": treasury,
        "feeBps": 100,
    }


def test_limits_are_as_published(auction_house):
    assert auction_house.FEE_BPS_MAX() == 250
    assert auction_house.PRICE_MAX() == 2**128 - 1
    assert auction_house.STEP_BPS_MIN() == 100
    assert auction_house.STEP_BPS_MAX() == 5_000
    assert auction_house.EXTENSION_SECONDS_MAX() == 3_600
    assert auction_house.EXTENSION_SECONDS_TOTAL() == 86_400
    assert auction_house.ROYALTY_BPS_MAX() == 1_000
    assert auction_house.DOCUMENT_SECONDS_MAX() == 365 * 86_400
    assert auction_house.FOREIGN_SECONDS_MAX() == 30 * 86_400
    assert auction_house.NONCES_MAX() == 65_536


def test_the_domain_is_the_auction_houses_own(auction_house, chain):
    """ERC-5267: name, version, chain and contract."""
    domain = auction_house.eip712Domain()
    assert domain[1:5] == ("Dokkaebi AuctionHouse", "1", chain.id, auction_house)


@pytest.mark.parametrize("fee_bps", [0, 250])
def test_deploy_takes_any_fee_up_to_the_highest(AuctionHouse, registry, deployer, fee_bps):
    house = AuctionHouse.deploy(registry, deployer, fee_bps, {"from": deployer})
    assert house.FEE_BPS() == fee_bps


def test_deploy_reverts_when_the_fee_is_too_high(AuctionHouse, registry, deployer):
    with reverts_with("Fee_TooHigh", 251, 250):
        AuctionHouse.deploy(registry, deployer, 251, {"from": deployer})


@pytest.mark.parametrize("registry_", ["zero", "person"])
def test_deploy_reverts_when_the_registry_has_no_code(AuctionHouse, stranger, deployer, registry_):
    registry_ = ZERO_ADDRESS if registry_ == "zero" else stranger
    with reverts_with("Registry_HasNoCode", registry_):
        AuctionHouse.deploy(registry_, deployer, 100, {"from": deployer})


@pytest.mark.parametrize("to", ["zero", "itself"])
def test_deploy_reverts_when_the_fee_goes_nowhere(AuctionHouse, registry, deployer, to):
    recipient = ZERO_ADDRESS if to == "zero" else deployer.get_deployment_address()
    with reverts_with("FeeRecipient_NotAllowed", recipient):
        AuctionHouse.deploy(registry, recipient, 100, {"from": deployer})


def test_the_house_takes_no_coins(auction_house, stranger):
    with reverts_without_error():
        stranger.transfer(auction_house, 1)
    assert auction_house.balance() == 0


def test_nobody_has_other_functions_than_these(auction_house):
    """No owner, no pause, no fee setter."""
    writing = {
        item["name"]
        for item in auction_house.abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    assert writing == {
        "bid",
        "bidWithPermit",
        "cancel",
        "cancelNonces",
        "cancelNoncesFor",
        "handOut",
        "open",
        "retrieve",
        "settle",
        "transferOut",
        "withdraw",
        "withdrawFor",
        "withdrawToFor",
    }


def test_only_a_bid_takes_coins(auction_house):
    payable = [
        item["name"] for item in auction_house.abi if item.get("stateMutability") == "payable"
    ]
    assert payable == ["bid"]


def test_the_house_fits_into_a_contract(auction_house):
    """EIP-170."""
    assert len(web3.eth.get_code(auction_house.address)) <= 24_576
