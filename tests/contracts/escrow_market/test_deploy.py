"""What is fixed at deployment, and that nobody has any power afterwards."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.support import DAY, HOUR, only_event, reverts_with, reverts_without_error


def test_deploy_keeps_registry_recipient_and_fee(market, registry, treasury):
    assert market.REGISTRY() == registry
    assert market.FEE_RECIPIENT() == treasury
    assert market.FEE_BPS() == 100


def test_deploy_says_what_never_changes(market, registry, treasury):
    event = only_event(market.tx, "MarketOpened")
    assert event == {"registry": registry, "feeRecipient": treasury, "feeBps": 100}


def test_limits_are_as_published(market):
    assert market.FEE_BPS_MAX() == 250
    assert market.REFERRAL_BPS_MAX() == 5_000
    assert market.PRICE_MAX() == 2**128 - 1
    assert market.OFFER_SECONDS_MAX() == 365 * DAY
    assert market.SHIP_SECONDS_MIN() == HOUR
    assert market.SHIP_SECONDS_MAX() == 60 * DAY
    assert market.INSPECT_SECONDS_MIN() == DAY
    assert market.INSPECT_SECONDS_MAX() == 30 * DAY
    assert market.RULING_SECONDS_MIN() == DAY
    assert market.RULING_SECONDS_MAX() == 60 * DAY
    assert market.ARBITER_FEE_BPS_MAX() == 500
    assert market.PARTS_MAX() == 12
    assert market.NONCES_MAX() == 65_536


@pytest.mark.parametrize("fee", [0, 250])
def test_deploy_takes_a_fee_up_to_the_highest(EscrowMarket, registry, treasury, deployer, fee):
    assert EscrowMarket.deploy(registry, treasury, fee, {"from": deployer}).FEE_BPS() == fee


def test_deploy_reverts_when_the_fee_is_too_high(EscrowMarket, registry, treasury, deployer):
    with reverts_with("Fee_TooHigh", 251, 250):
        EscrowMarket.deploy(registry, treasury, 251, {"from": deployer})


def test_deploy_reverts_without_a_fee_recipient(EscrowMarket, registry, deployer):
    with reverts_with("FeeRecipient_NotAllowed", ZERO_ADDRESS):
        EscrowMarket.deploy(registry, ZERO_ADDRESS, 100, {"from": deployer})


def test_deploy_reverts_when_the_market_would_pay_itself(EscrowMarket, registry, deployer):
    itself = deployer.get_deployment_address()
    with reverts_with("FeeRecipient_NotAllowed", itself):
        EscrowMarket.deploy(registry, itself, 100, {"from": deployer})


def test_deploy_reverts_when_the_registry_has_no_code(EscrowMarket, stranger, treasury, deployer):
    with reverts_with("Registry_HasNoCode", stranger):
        EscrowMarket.deploy(stranger, treasury, 100, {"from": deployer})


def test_nobody_has_other_functions_than_these(market):
    changing = {
        entry["name"]
        for entry in market.abi
        if entry["type"] == "function" and entry["stateMutability"] in {"nonpayable", "payable"}
    }
    assert changing == {
        "offer",
        "cancel",
        "cancelNonces",
        "cancelNoncesFor",
        "fund",
        "fundWithPermit",
        "request",
        "retract",
        "accept",
        "acceptFor",
        "ship",
        "shipFor",
        "confirm",
        "refund",
        "refundFor",
        "claimTimeout",
        "dispute",
        "submitEvidence",
        "submitEvidenceFor",
        "rule",
        "settle",
        "withdraw",
        "withdrawFor",
        "withdrawToFor",
        "transferOut",
    }


def test_the_market_takes_no_stray_coins(market, stranger):
    with reverts_without_error():
        stranger.transfer(market.address, 1)


def test_the_contract_fits_into_its_limit(EscrowMarket):
    assert len(EscrowMarket._build["deployedBytecode"]) // 2 <= 24_576
