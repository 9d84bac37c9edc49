"""Deployments and people of the contract tests.

Every module deploys once, and every test starts from there. A module-scoped fixture that changes a
contract changes it for all later tests of its module.
"""

import gc
import sys
from types import SimpleNamespace

import pytest
from brownie.network import contract, state
from web3 import HTTPProvider

from tests.contracts.support import FEE_BPS, TOKENS, sha256, wake_up

CAP = 100_000_000 * TOKENS
OPENING_SUPPLY = 1_000_000 * TOKENS
PURSE = 10_000 * TOKENS
CONTRACT_DOCUMENT = sha256(b"the registry's own document")


def pytest_collection_finish():
    """Takes what won't go away out of Brownie's many collections, half of a test's time."""
    gc.collect()
    gc.freeze()


def caller_of_the_caller():
    """As much of `inspect.stack()` as Brownie looks at, without reading sources for it."""
    return [None, SimpleNamespace(frame=sys._getframe(2))]


def without_repeats(make_request):
    """Asks each node once for the chain's id, which web3 wants to know before every call."""
    known = {}

    def request(self, method, params):
        if method != "eth_chainId":
            return make_request(self, method, params)
        place = str(self.endpoint_uri)
        if place not in known:
            known[place] = make_request(self, method, params)
        return known[place]

    return request


def follow_the_clock(self, tx, *_):
    """What Brownie does after a transaction, but for the snapshot of `chain.undo`."""
    with self._undo_lock:
        tx._confirmed.wait()
        self._set_time_offset_from_block()


def pytest_configure(config):
    """Quickens Brownie, and cures two faults that it has under `--coverage`."""
    # `brownie.network.rpc` is an object; its module is hidden behind it.
    sys.modules["brownie.network.rpc"].inspect = SimpleNamespace(stack=caller_of_the_caller)
    HTTPProvider.make_request = without_repeats(HTTPProvider.make_request)
    state.Chain._add_to_undo_buffer = follow_the_clock
    if not config.getoption("--coverage", default=False):
        return
    # Contracts with immutables differ from their compiled code and would be left out of the report.
    contract._verify_deployed_code = lambda *_: True
    # Views become transactions at no gas price: Ganache refuses them, Brownie retries for ever.
    transact = contract.ContractCall.transact

    def transact_at_a_price(self, *args):
        args[-1].pop("gas_price")
        return transact(self, *args)

    contract.ContractCall.transact = transact_at_a_price


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
