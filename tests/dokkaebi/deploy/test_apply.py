"""Deploying: every contract of the suite, wired as it should be, and desks beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN, COMPILED, DESK, MARKETS, POOL, SUITE, Suite
from dokkaebi.deploy import (
    deploy_desk,
    deploy_market,
    load_market_spec,
    purse_of,
)
from dokkaebi.deploy.artifacts import load_suite
from dokkaebi.deploy.plan import FACTORY, MINTER_STEP, make_plan
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.conftest import GUARDIAN, OPERATOR, TREASURY, Market, address

META_EVIDENCE = bytes(range(32))


def test_suite_stands_and_every_market_has_the_same_terms(market: Market) -> None:
    suite = market.suite
    assert tuple(suite.manifest.contracts) == SUITE
    for contract in suite.markets:
        assert contract.call("REGISTRY") == suite.registry.address
        assert contract.call("FEE_RECIPIENT") == purse_of(suite.pool.address)
        assert contract.call("FEE_BPS") == load_market_spec().fee_bps


def test_manifest_says_the_arguments(market: Market) -> None:
    contracts = market.suite.manifest.contracts
    for name in MARKETS:
        assert contracts[name].constructor_arguments == {
            "registry": market.suite.registry.address,
            "feeRecipient": purse_of(market.suite.pool.address),
            "feeBps": "100",
        }
    inputs = {name: artifact.constructor_inputs for name, artifact in load_suite().items()}
    for name in SUITE:
        said = contracts[name].constructor_arguments
        assert list(said) == [parameter["name"] for parameter in inputs[name]]


def test_estimate_is_near_and_not_below(chain: Chain, market: Market) -> None:
    plan = make_plan(chain, address(OPERATOR), load_market_spec(), network="tests", salt="new")
    estimate = sum(step.gas for step in plan.steps if step.name in SUITE)
    hashes = [d.transaction_hash for d in market.suite.manifest.contracts.values()]
    receipts = [chain.receipt(transaction) for transaction in hashes]
    spent = sum(int(receipt["gasUsed"], 16) for receipt in receipts if receipt)
    assert spent <= estimate <= spent * 11 // 10


def test_each_step_is_told(chain: Chain, market: Market) -> None:
    told: list[tuple[str, object]] = []
    deploy_market(
        chain,
        open_key(OPERATOR, chain.chain_id),
        load_market_spec(),
        network="tests",
        say=lambda key, values: told.append((key, values["contract"])),
    )
    steps = ("deploying_contract", "deployed_contract")
    # Ganache has no CREATE2 factory of its own.
    deployed = [(step, name) for name in (FACTORY, *SUITE) for step in steps]
    called = [(step, MINTER_STEP) for step in ("calling_contract", "called_contract")]
    assert told == deployed + called


def test_desks_stand_beside_the_suite(market: Market, tmp_path: Path) -> None:
    suite, path = market.suite, tmp_path / "1337.json"
    key = open_key(OPERATOR, market.chain.chain_id)
    arbitrators = [suite.token.address, suite.registry.address]
    for arbitrator in arbitrators:
        manifest = deploy_desk(
            key,
            suite,
            arbitrator=arbitrator,
            extra_data=b"court 1",
            meta_evidence=META_EVIDENCE,
            manifest_path=path,
        )
        suite = Suite.open(market.chain, manifest)
    assert load_manifest(path) == suite.manifest
    assert tuple(suite.manifest.contracts) == (*SUITE, DESK, f"{DESK} 2")
    for name, arbitrator in zip((DESK, f"{DESK} 2"), arbitrators, strict=True):
        desk = suite.desk(suite.manifest.address(name))
        assert desk.call("MARKET") == suite.escrow_market.address
        assert desk.call("ARBITRATOR") == arbitrator
    said = suite.manifest.contracts[DESK].constructor_arguments
    inputs = load_suite()[DESK].constructor_inputs
    assert list(said) == [parameter["name"] for parameter in inputs]


def test_desk_for_nobody_is_refused(market: Market) -> None:
    with pytest.raises(DokkaebiError) as caught:
        deploy_desk(
            open_key(OPERATOR, market.chain.chain_id),
            market.suite,
            arbitrator=address(TREASURY),
            extra_data=b"",
            meta_evidence=META_EVIDENCE,
        )
    assert caught.value.key == "Contract_HasNoCode"


def test_the_pool_gets_the_fees_and_is_the_minter(market: Market) -> None:
    suite, pool = market.suite, market.suite.pool
    assert suite.token.call("minter") == pool.address
    assert suite.token.call("steward") == COIN, "which ends with that"
    assert (pool.call("TOKEN"), pool.call("TREASURY")) == (suite.token.address, address(TREASURY))
    assert (pool.call("steward"), pool.call("guardian")) == (address(OPERATOR), address(GUARDIAN))
    assert pool.call("PURSE") == purse_of(pool.address)


def test_an_older_suite_without_a_pool_says_so(market: Market) -> None:
    manifest = market.suite.manifest
    others = {name: one for name, one in manifest.contracts.items() if name != POOL}
    suite = Suite.open(market.chain, replace(manifest, contracts=others))
    with pytest.raises(DokkaebiError) as caught:
        _ = suite.pool
    assert caught.value.key == "manifest_contract_missing"


def test_everything_compiled_is_loaded() -> None:
    assert tuple(load_suite()) == COMPILED
