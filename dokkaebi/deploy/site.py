"""Where a market is to stand, and what an operator does there: look at the plan, carry it out, see
how it is. The plan's journal lies beside the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.assets import COIN_DECIMALS
from dokkaebi.chain.manifest import (
    Deployment,
    Manifest,
    check_manifest,
    load_manifest,
    save_manifest,
    write_atomically,
)
from dokkaebi.chain.networks import LOCAL_CHAIN_IDS, TESTNET_IDS, coin_symbol, name_of_network
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import POOL, SUITE, Call, Contract, load_abi
from dokkaebi.deploy.apply import Patience, Say, apply
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.costs import coins_problem, costs_of, fee_problem
from dokkaebi.deploy.plan import (
    TOKEN,
    Plan,
    Step,
    digest_of,
    keccak_text,
    lacks_guardian,
    make_plan,
    registry_document,
)
from dokkaebi.deploy.spec import MarketSpec, load_market_spec, market_path
from dokkaebi.errors import DokkaebiError
from dokkaebi.journal import open_journal, read_journal
from dokkaebi.texts.figures import amount_text

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer


@dataclass(frozen=True)
class Site:
    """A chain, and the files of the market on it. `salt`: tells several markets of one deployer
    apart."""

    chain: Chain
    manifest_path: Path
    documents: Path
    market_file: Path | None = None
    salt: str = ""

    @property
    def journal_path(self) -> Path:
        """The journal of the deployment."""
        return self.manifest_path.with_suffix(".journal")

    @property
    def is_local(self) -> bool:
        """Whether the chain is one of our own, whose coins are worth nothing."""
        return self.chain.chain_id in LOCAL_CHAIN_IDS


def look_at_plan(
    site: Site, deployer: str, *, say: Say, fee_ceiling: int | None = None
) -> dict[str, Any]:
    """Says what a deployment by `deployer` would do now, what that costs, and what would stop it;
    sends nothing. `fee_ceiling`: wei a unit of gas.

    Errors: those of the market file, `chain_too_old`, `plan_changed`, `plan_other_chain`,
    `network_not_allowed`.
    """
    begun = _begun(site, read_journal(site.journal_path))
    plan = _plan(site, deployer, load_market_spec(site.market_file), begun)
    return {
        "manifest": str(site.manifest_path),
        **_estimate(site.chain, plan, begun, say, fee_ceiling),
    }


def apply_plan(
    site: Site,
    account: Signer,
    *,
    say: Say,
    reviewed: str | None = None,
    restore: bool = False,
    fee_ceiling: int | None = None,
    confirm: Callable[[int], bool] = lambda chain_id: False,
    patience: Patience = Patience(),  # noqa: B008 - frozen
) -> dict[str, Any]:
    """Deploys what the plan says, unless the market stands there; what `--json` prints.

    Each transaction is in the journal beside the manifest before it is sent, so a later call goes
    on where this one was ended. `reviewed`: the digest of the plan, which is carried out as it is
    or not at all; needed off local chains, until it is begun. `restore`: deploys again what a reorg
    took away after all stood. On a chain that isn't known as a local one or a testnet, `confirm` is
    asked with its id.

    Errors as `apply`, and `plan_unreviewed`, `plan_differs`, `plan_changed`, `plan_other_chain`,
    `network_not_allowed`, `mainnet_unconfirmed`, those of a manifest that doesn't fit the chain.
    """
    spec = load_market_spec(site.market_file)
    before = _manifest_before(site, restore)
    if (
        before is not None
        and not restore
        and not _moved(site.chain, before)
        and not _has_to_name(site.chain, before, account.address)
    ):
        say("deployed_before", {"chain_id": site.chain.chain_id, "path": site.manifest_path})
        return {"deployed": False, "manifest": str(site.manifest_path)}
    entries = read_journal(site.journal_path)
    begun = _begun(site, entries)
    plan = _plan(site, account.address, spec, begun)
    _check_standing(plan, before)
    _check_review(site, plan, begun, before, reviewed)
    if site.chain.chain_id not in LOCAL_CHAIN_IDS | TESTNET_IDS and not confirm(
        site.chain.chain_id
    ):
        raise DokkaebiError("mainnet_unconfirmed", chain_id=site.chain.chain_id)
    with open_journal(site.journal_path) as journal:
        if journal.entries != entries:
            # Somebody else began or went on since it was read.
            raise DokkaebiError("journal_locked", path=str(site.journal_path))
        if begun is None and journal.entries:
            # Of a local chain that is gone.
            journal.restart()
        manifest = apply(
            plan, site.chain, account, journal, say=say, fee_ceiling=fee_ceiling, patience=patience
        )
        manifest = _keep(described(manifest, spec), before)
        write_market(manifest, spec, site.manifest_path, site.documents)
        if not journal.of("done"):
            journal.append("done", manifest=json.loads(manifest.to_json()))
    say("deployed_market", {"chain_id": site.chain.chain_id, "path": site.manifest_path})
    return {
        "deployed": True,
        "manifest": str(site.manifest_path),
        **json.loads(manifest.to_json()),
    }


def standing_market(chain: Chain, manifest_path: Path) -> Manifest | None:
    """The market that a manifest says stands on this chain; None if there is no manifest, or if it
    is of a local chain that is gone (they all have the same id). Raises for anything doubtful."""
    if not manifest_path.is_file():
        return None
    manifest = load_manifest(manifest_path)
    try:
        _check_standing_code(manifest, chain)
    except DokkaebiError:
        if manifest.chain_id == chain.chain_id and chain.chain_id in LOCAL_CHAIN_IDS:
            return None
        raise
    return manifest


def described(manifest: Manifest, spec: MarketSpec) -> Manifest:
    """A manifest with what the market file says beside the contracts."""
    return replace(manifest, explorer=spec.explorer, windows=asdict(spec.windows))


def write_market(
    manifest: Manifest, spec: MarketSpec, path: Path | None, documents: Path | None
) -> None:
    """Writes the registry's document below `documents`, then the manifest; each if it is given."""
    if documents is not None:
        document = registry_document(spec)
        digest = hashlib.sha256(document).hexdigest()
        write_atomically(documents / "registry" / f"{digest}.json", document.decode())
    if path is not None:
        save_manifest(path, manifest)


# What was there before


def _manifest_before(site: Site, restore: bool) -> Manifest | None:
    """The manifest of an earlier deployment; contracts that are gone are an error, unless they are
    to be restored."""
    try:
        return standing_market(site.chain, site.manifest_path)
    except DokkaebiError as problem:
        if problem.key != "contract_missing":
            raise
        if restore:
            return load_manifest(site.manifest_path)
        raise DokkaebiError("contract_taken_back", **problem.details) from None


def _moved(chain: Chain, manifest: Manifest) -> bool:
    """Whether a reorg put a contract into another block than the manifest says."""
    return any(not is_there(chain, one) for one in manifest.contracts.values())


def _check_standing_code(manifest: Manifest, chain: Chain) -> None:
    """As `check_manifest`; but a pool that a reorg put into another block is no other contract."""
    contracts = dict(manifest.contracts)
    if POOL in contracts and is_same_pool(chain, contracts[POOL]):
        del contracts[POOL]
    check_manifest(replace(manifest, contracts=contracts), chain)


def is_same_pool(chain: Chain, pool: Deployment) -> bool:
    """Whether a pool's code is the recorded one but for its immutables, of which one is the time of
    its block."""
    code = chain.code(pool.address)
    return keccak_text(load_artifact(POOL).masked(code)) == pool.runtime_masked_hash


def open_minter(chain: Chain, manifest: Manifest) -> tuple[str, Call] | None:
    """The token's steward (zero: nobody any more) and what they have to call to name the pool its
    minter; None if that was done, or there is no pool."""
    if POOL not in manifest.contracts:
        return None
    pool = manifest.address(POOL)
    token = Contract(chain, TOKEN, manifest.address(TOKEN), load_abi(TOKEN))
    if token.call("minter") == pool:
        return None
    return token.call("steward"), token.prepare("setMinter", pool)


def _has_to_name(chain: Chain, manifest: Manifest, account: str) -> bool:
    """Whether an account has to name the minter still: a reorg may have taken just that back."""
    left = open_minter(chain, manifest)
    return left is not None and left[0] == account


def is_there(chain: Chain, deployment: Deployment) -> bool:
    """Whether the block that a deployment names is still on the chain."""
    try:
        return bool(chain.block(deployment.block_number)["hash"] == deployment.block_hash)
    except DokkaebiError as problem:
        if problem.key != "block_unknown":
            raise
        return False


def _keep(manifest: Manifest, before: Manifest | None) -> Manifest:
    """A manifest with what stood beside the suite before, such as desks, and with where the sources
    were published."""
    if before is None:
        return manifest
    suite = {
        name: replace(one, verification=before.contracts[name].verification)
        for name, one in manifest.contracts.items()
    }
    beside = {name: one for name, one in before.contracts.items() if name not in SUITE}
    return replace(manifest, contracts={**suite, **beside})


def _begun(site: Site, entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The plan that a journal is about; None if there is none, or if it is of a local chain that is
    gone. Raises `plan_other_chain` for another one's."""
    begun = next((entry["plan"] for entry in entries if entry["kind"] == "begin"), None)
    if begun is None:
        return None
    if begun["genesis_hash"] == site.chain.genesis_hash:
        return dict(begun)
    if site.is_local:
        return None
    raise DokkaebiError("plan_other_chain", plan=begun["chain_id"], chain=site.chain.chain_id)


# The plan


def _plan(site: Site, deployer: str, spec: MarketSpec, begun: Mapping[str, Any] | None) -> Plan:
    """The plan as it is now; what was begun is gone on with, or nothing."""
    network = name_of_network(site.chain.chain_id)
    if not site.is_local and network not in spec.allowed:
        raise DokkaebiError(
            "network_not_allowed",
            path=str(market_path(site.market_file)),
            network=network,
            allowed=", ".join(spec.allowed),
        )
    if not site.is_local and lacks_guardian(spec, deployer):
        raise DokkaebiError("rewards_guardian_missing", path=str(market_path(site.market_file)))
    plan = make_plan(site.chain, deployer, spec, network=network, salt=site.salt, begun=begun)
    if begun is not None:
        names = ("contract", "address", "data_sha256")
        before, now = (
            [tuple(step[name] for name in names) for step in one["steps"]]
            for one in (begun, plan.as_json())
        )
        if before != now:
            raise DokkaebiError("plan_changed")
    return plan


def _check_standing(plan: Plan, before: Manifest | None) -> None:
    """What a manifest says must be what the plan is about: else a second market would be made."""
    if before is None:
        return
    planned = {step.name: step.address for step in plan.steps}
    there = {name: one.address for name, one in before.contracts.items()}
    # A market without a pool is an older one.
    if any(there.get(name) != planned[name] for name in SUITE):
        raise DokkaebiError("plan_changed")


def _check_review(
    site: Site,
    plan: Plan,
    begun: Mapping[str, Any] | None,
    before: Manifest | None,
    reviewed: str | None,
) -> None:
    """What was reviewed is carried out, or nothing."""
    # A begun plan is the one that was reviewed, though some of it may stand by now.
    digest = digest_of(plan.as_json() if begun is None else begun)
    if reviewed is None:
        if begun is None and before is None and not site.is_local:
            raise DokkaebiError("plan_unreviewed")
    elif reviewed != digest:
        raise DokkaebiError("plan_differs", reviewed=reviewed, now=digest)


def _estimate(
    chain: Chain,
    plan: Plan,
    begun: Mapping[str, Any] | None,
    say: Say,
    fee_ceiling: int | None,
) -> dict[str, Any]:
    missing = [step for step in plan.steps if not step.standing]
    costs = costs_of(chain, plan.deployer, missing)
    balance = chain.balance(plan.deployer)
    symbol = coin_symbol(chain.chain_id)
    fees = dict(zip((step.name for step in missing), costs.fees, strict=True))
    for step in plan.steps:
        key = _said_of(step)
        facts = {"contract": step.name, "address": step.address, "gas": f"{step.gas:,}"}
        cost = amount_text(fees.get(step.name, 0), COIN_DECIMALS, symbol)
        say(key, {**facts, "cost": cost})
    if (call := plan.for_steward) is not None:
        say("plan_for_steward", {"to": call.to, "data": call.data})
    shown = {
        "gas": f"{costs.gas:,}",
        "cost": amount_text(costs.fee, COIN_DECIMALS, symbol),
        "address": plan.deployer,
        "balance": amount_text(balance, COIN_DECIMALS, symbol),
    }
    say("deploy_estimate", shown)
    problems = (
        coins_problem(chain, plan.deployer, costs),
        fee_problem(costs.price, fee_ceiling),
    )
    refused = [problem for problem in problems if problem is not None]
    for problem in refused:
        say(problem.key, problem.details)
    digest = plan.digest() if begun is None else digest_of(begun)
    say("plan_begun" if begun is not None else "plan_digest", {"digest": digest})
    return {
        "begun": begun is not None,
        "gas": costs.gas,
        "cost": str(costs.fee),
        "needs": str(costs.needs),
        "balance": str(balance),
        "refused": [problem.key for problem in refused],
        "digest": digest,
        "for_steward": None if call is None else {"to": call.to, "data": call.data},
        "plan": plan.as_json(),
    }


def _said_of(step: Step) -> str:
    if step.is_call:
        return "plan_called" if step.standing else "plan_call"
    return "plan_standing" if step.standing else "plan_step"
