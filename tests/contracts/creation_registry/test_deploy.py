"""What a new registry is."""

from brownie import ZERO_ADDRESS

from tests.contracts.conftest import CONTRACT_DOCUMENT
from tests.contracts.support import cid_text, event_names, reverts_with, reverts_without_error


def test_deploy_keeps_its_names(registry):
    assert registry.name() == "Dokkaebi Creations"
    assert registry.symbol() == "DKC"


def test_deploy_announces_the_contract_uri_once(registry):
    """ERC-7572."""
    assert event_names(registry.tx) == ["ContractURIUpdated"]


def test_contract_uri_is_the_documents_cid(registry):
    assert registry.contractURI() == "ipfs://" + cid_text(0x55, CONTRACT_DOCUMENT)


def test_limits_are_as_published(registry):
    assert registry.ROYALTY_BPS_MAX() == 1_000
    assert registry.ROYALTY_BPS_DEFAULT() == 500
    assert registry.PARENTS_SHARE_BPS() == 5_000
    assert registry.PARENTS_MAX() == 8
    assert registry.PARTNERS_MAX() == 4


def test_a_new_registry_is_empty(registry, creator):
    assert registry.balanceOf(creator) == 0
    with reverts_with("TokenDoesNotExist"):
        registry.ownerOf(1)


def test_balance_of_reverts_for_zero(registry):
    with reverts_with("BalanceQueryForZeroAddress"):
        registry.balanceOf(ZERO_ADDRESS)


def test_supports_its_interfaces(registry):
    for interface_id in ("0x01ffc9a7", "0x80ac58cd", "0x5b5e139f", "0x2a55205a", "0xe8a3d485"):
        assert registry.supportsInterface(interface_id), interface_id


def test_supports_nothing_else(registry):
    # None, ERC-1155, ERC-721 receiver, ERC-721 enumerable, ERC-20.
    for interface_id in ("0xffffffff", "0xd9b67a26", "0x150b7a02", "0x780e9d63", "0x36372b07"):
        assert not registry.supportsInterface(interface_id), interface_id
    assert not registry.supportsInterface("0x00000000")


def test_nobody_has_other_functions_than_these(registry):
    """No owner, no pause, no way to change a record or a document."""
    writing = {
        item["name"]
        for item in registry.abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    assert writing == {
        "approve",
        "burn",
        "cancelVouchers",
        "cancelVouchersFor",
        "permit",
        "register",
        "registerBatch",
        "registerFor",
        "registerTogether",
        "safeTransferFrom",
        "setApprovalForAll",
        "transferFrom",
    }


def test_the_registry_takes_no_coins(registry, stranger):
    with reverts_without_error():
        stranger.transfer(registry, 1)
    assert registry.balance() == 0
