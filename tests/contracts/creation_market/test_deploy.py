"""What is fixed at deployment, and what no deployment can have."""

import pytest
from brownie import ZERO_ADDRESS, web3
from eth_utils import keccak

from tests.contracts.support import (
    DAY,
    FEE_BPS,
    _word,
    only_event,
    reverts_with,
    reverts_without_error,
)


def test_the_market_says_what_it_was_deployed_with(creation_market, registry, treasury):
    assert creation_market.REGISTRY() == registry
    assert creation_market.FEE_RECIPIENT() == treasury
    assert creation_market.FEE_BPS() == FEE_BPS


def test_opening_is_announced(creation_market, registry, treasury):
    assert only_event(creation_market.tx, "MarketOpened") == {
        "registry": registry,
        "feeRecipient": treasury,
        "feeBps": FEE_BPS,
    }


def test_the_limits_are_what_the_documents_say(creation_market):
    assert creation_market.FEE_BPS_MAX() == 250
    assert creation_market.PRICE_MAX() == 2**128 - 1
    assert creation_market.REFERRAL_BPS_MAX() == 5_000
    assert creation_market.ROYALTY_BPS_MAX() == 1_000
    assert creation_market.DOCUMENT_SECONDS_MAX() == 365 * DAY
    assert creation_market.FOREIGN_SECONDS_MAX() == 30 * DAY
    assert creation_market.NONCES_MAX() == 65_536


@pytest.mark.parametrize("bps", [0, 250])
def test_the_fee_has_bounds(CreationMarket, registry, treasury, deployer, bps):
    assert CreationMarket.deploy(registry, treasury, bps, {"from": deployer}).FEE_BPS() == bps


def test_deploy_reverts_when_the_fee_is_too_high(CreationMarket, registry, treasury, deployer):
    with reverts_with("Fee_TooHigh", 251, 250):
        CreationMarket.deploy(registry, treasury, 251, {"from": deployer})


def test_deploy_reverts_when_nobody_gets_the_fee(CreationMarket, registry, deployer):
    with reverts_with("FeeRecipient_NotAllowed", ZERO_ADDRESS):
        CreationMarket.deploy(registry, ZERO_ADDRESS, FEE_BPS, {"from": deployer})


def test_deploy_reverts_when_the_market_gets_the_fee(CreationMarket, registry, deployer):
    """Its address is known before: RLP of the deployer and a nonce below 128."""
    nonce = web3.eth.get_transaction_count(deployer.address)
    assert 0 < nonce < 128
    market = keccak(b"\xd6\x94" + bytes.fromhex(deployer.address[2:]) + bytes([nonce]))[12:]
    with reverts_with("FeeRecipient_NotAllowed", "0x" + market.hex()):
        CreationMarket.deploy(registry, "0x" + market.hex(), FEE_BPS, {"from": deployer})


@pytest.mark.parametrize("who", ["zero", "person"])
def test_deploy_reverts_without_a_registry(CreationMarket, treasury, stranger, deployer, who):
    registry = ZERO_ADDRESS if who == "zero" else stranger.address
    with reverts_with("Registry_HasNoCode", registry):
        CreationMarket.deploy(registry, treasury, FEE_BPS, {"from": deployer})


def test_the_market_takes_no_coins(creation_market, stranger):
    with reverts_without_error():
        stranger.transfer(creation_market, 1)


@pytest.mark.parametrize("data", ["0x", "0x12345678", "0xa9059cbb" + "00" * 64])
def test_there_is_no_other_function(creation_market, stranger, data):
    with reverts_without_error():
        stranger.transfer(creation_market, 0, data=data)


def test_nothing_but_buying_takes_coins(creation_market):
    paid = {
        item["name"] for item in creation_market.abi if item.get("stateMutability") == "payable"
    }
    assert paid == {"buy", "buyMany", "buyNew"}


def test_the_domain_separates_markets(creation_market):
    """ERC-5267: wallets can ask what they sign for."""
    fields, name, version, chain_id, contract, salt, extensions = creation_market.eip712Domain()
    assert (fields, name, version) == ("0x0f", "Dokkaebi CreationMarket", "1")
    assert (chain_id, contract) == (web3.eth.chain_id, creation_market)
    assert (int(salt.hex(), 16), extensions) == (0, ())
    assert len(_word(str(contract))) == 32
