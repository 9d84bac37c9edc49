"""Deployments and people of the contract tests.

Every module deploys once, and every test starts from there. A module-scoped fixture that changes a
contract changes it for all later tests of its module.
"""

import gc

import pytest

from tests.contracts import brisk
from tests.contracts.support import FEE_BPS, TOKENS, sha256, wake_up

CAP = 100_000_000 * TOKENS
OPENING_SUPPLY = 1_000_000 * TOKENS
PURSE = 10_000 * TOKENS
CONTRACT_DOCUMENT = sha256(b"the registry's own document")


def pytest_collection_finish():
    """Takes what won't go away out of Brownie's many collections, half of a test's time."""
    gc.collect()
    gc.freeze()


def pytest_configure(config):
    brisk.install(config)


@pytest.fixture(autouse=True)
def isolation(fn_isolation):
    yield
    wake_up()


@pytest.fixture(scope="session")
def deployer(accounts):
    return accounts[0]


@pytest.fixture(scope="session")
def treasury(accounts):
    return accounts[1]


@pytest.fixture(scope="session")
def creator(accounts):
    return accounts[2]


@pytest.fixture(scope="session")
def seller(accounts):
    return accounts[3]


@pytest.fixture(scope="session")
def buyer(accounts):
    return accounts[4]


@pytest.fixture(scope="session")
def referrer(accounts):
    return accounts[5]


@pytest.fixture(scope="session")
def stranger(accounts):
    return accounts[6]


@pytest.fixture(scope="module")
def token(module_isolation, CommunityToken, deployer, creator, seller, buyer):
    """The community token; creator, seller and buyer hold `PURSE` each, the deployer the rest."""
    token = CommunityToken.deploy(
        "Dokkaebi Community Token",
        "DKB",
        CAP,
        OPENING_SUPPLY,
        deployer,
        deployer,
        {"from": deployer},
    )
    for holder in (creator, seller, buyer):
        token.transfer(holder, PURSE, {"from": deployer})
    return token


@pytest.fixture(scope="module")
def registry(module_isolation, CreationRegistry, deployer):
    return CreationRegistry.deploy(
        "Dokkaebi Creations", "DKC", CONTRACT_DOCUMENT, {"from": deployer}
    )


@pytest.fixture(scope="module")
def market(EscrowMarket, registry, deployer, treasury):
    return EscrowMarket.deploy(registry, treasury, FEE_BPS, {"from": deployer})
