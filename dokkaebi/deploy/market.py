"""Deploys the suite of one `market.toml` and writes down what stands where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.assets import COIN_DECIMALS, coin_symbol
from dokkaebi.chain.keys import LOCAL_CHAIN_IDS
from dokkaebi.chain.manifest import (
    Deployment,
    Manifest,
    check_manifest,
    load_manifest,
    save_manifest,
    write_atomically,
)
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.sender import Sender, gas_prices
from dokkaebi.chain.suite import DESK, Suite
from dokkaebi.config import Settings
from dokkaebi.deploy.apply import Patience, Say, apply
from dokkaebi.deploy.artifacts import Artifact, load_artifact
from dokkaebi.deploy.journal import Journal, open_journal, read_journal
from dokkaebi.deploy.plan import (
    FACTORY,
    USUAL_FACTORY,
    Argument,
    Plan,
    digest_of,
    init_code_of,
    keccak_text,
    make_plan,
    registry_document,
    shown_argument,
)
from dokkaebi.deploy.sources import digests_if_there
from dokkaebi.deploy.spec import MarketSpec, load_market_spec
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import amount_text

# Those of networks.yaml: coins there are worth nothing.
TESTNET_IDS = frozenset({1001, 80002, 84532, 421614, 560048, 11155111, 11155420})

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


def deploy_market(
    chain: Chain,
    account: LocalAccount,
    spec: MarketSpec,
    *,
    network: str,
    manifest_path: Path | None = None,
    documents: Path | None = None,
    say: Say = lambda key, values: None,
) -> Manifest:
    """Deploys a new market at once, on a chain that is as short-lived as this process: token,
    registry and markets, each wired to the registry. What has to survive anything: `deploy_here`.

    Writes the manifest to `manifest_path` if given, and the registry's document below `documents`.
    Nothing is written before all contracts stand. `say(key, values)` is told each step.
    """
    # The number of transactions so far: no market before had it.
    salt = str(chain.mined_nonce(account.address))
    plan = make_plan(chain, account.address, spec, network=network, salt=salt)
    manifest = apply(plan, chain, account, Journal(), say=say)
    _write(manifest, spec, manifest_path, documents)
    return manifest


def deploy_here(
    chain: Chain,
    account: LocalAccount,
    settings: Settings,
    *,
    network: str,
    market_file: Path | None,
    dry_run: bool,
    say: Say,
    salt: str = "",
    reviewed: str | None = None,
    fee_ceiling: int | None = None,
    confirm: Callable[[int], bool] = lambda chain_id: False,
    patience: Patience = Patience(),  # noqa: B008 - frozen
) -> dict[str, Any]:
    """Deploys where the settings point, unless a market stands there; what `--json` prints.

    Each transaction is in the journal beside the manifest before it is sent, so a later call goes
    on where this one was ended. `reviewed`: the digest of a plan, which is carried out as it is or
    not at all. On a chain that isn't known as a local one or a testnet, `confirm` is asked with its
    id. Errors as `apply`, and `plan_differs`, `plan_changed`, `mainnet_unconfirmed`.
    """
    path = settings.manifest_path(chain.chain_id)
    spec = load_market_spec(market_file)
    standing = standing_market(chain, path)
    if standing is not None:
        say("deployed_before", {"chain_id": chain.chain_id, "path": path})
        return {"deployed": False, "manifest": str(path)}
    journal_path = path.with_suffix(".journal")
    entries = read_journal(journal_path)
    begun = _begun(chain, entries)
    plan = make_plan(
        chain,
        account.address,
        spec,
        network=network or str(chain.chain_id),
        salt=salt,
        factory=None if begun is None else _factory_of(begun),
    )
    _check(plan, begun, reviewed)
    if dry_run:
        shown = _estimate(chain, plan, say)
        return {"deployed": False, "manifest": str(path), **shown}
    if chain.chain_id not in LOCAL_CHAIN_IDS | TESTNET_IDS and not confirm(chain.chain_id):
        raise DokkaebiError("mainnet_unconfirmed", chain_id=chain.chain_id)
    with open_journal(journal_path) as journal:
        if journal.entries != entries:
            # Somebody else began or went on since it was read.
            raise DokkaebiError("journal_locked", path=str(journal_path))
        if begun is None and journal.entries:
            # Of a local chain that is gone.
            journal.restart()
        manifest = apply(
            plan, chain, account, journal, say=say, fee_ceiling=fee_ceiling, patience=patience
        )
        _write(manifest, spec, path, settings.documents)
        if not journal.of("done"):
            journal.append("done", manifest=json.loads(manifest.to_json()))
    say("deployed_market", {"chain_id": chain.chain_id, "path": path})
    return {"deployed": True, "manifest": str(path), **json.loads(manifest.to_json())}


def _write(manifest: Manifest, spec: MarketSpec, path: Path | None, documents: Path | None) -> None:
    if documents is not None:
        document = registry_document(spec)
        digest = hashlib.sha256(document).hexdigest()
        write_atomically(documents / "registry" / f"{digest}.json", document.decode())
    if path is not None:
        save_manifest(path, manifest)


def _begun(chain: Chain, entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The plan that a journal is about; None if there is none, or if it is of a local chain that is
    gone. Raises `plan_other_chain` for another one's."""
    begun = next((entry["plan"] for entry in entries if entry["kind"] == "begin"), None)
    if begun is None:
        return None
    if begun["genesis_hash"] == chain.genesis_hash:
        return dict(begun)
    if chain.chain_id in LOCAL_CHAIN_IDS:
        return None
    raise DokkaebiError("plan_other_chain", plan=begun["chain_id"], chain=chain.chain_id)


def _factory_of(begun: Mapping[str, Any]) -> str:
    first = begun["steps"][0]
    return str(first["address"] if first["contract"] == FACTORY else USUAL_FACTORY)


def _check(plan: Plan, begun: Mapping[str, Any] | None, reviewed: str | None) -> None:
    """What was begun is gone on with, and what was reviewed is carried out, or nothing."""
    now = plan.as_json()
    if begun is not None:
        names = ("contract", "address", "data_sha256")
        before, after = (
            [tuple(step[name] for name in names) for step in one["steps"]] for one in (begun, now)
        )
        if before != after:
            raise DokkaebiError("plan_changed")
    # A begun plan is the one that was reviewed, though some of it may stand by now.
    digest = digest_of(now if begun is None else begun)
    if reviewed not in {None, digest}:
        raise DokkaebiError("plan_differs", reviewed=reviewed, now=digest)


def _estimate(chain: Chain, plan: Plan, say: Say) -> dict[str, Any]:
    cost = plan.gas * gas_prices(chain)[1]
    balance = chain.balance(plan.deployer)
    symbol = coin_symbol(chain.chain_id)
    for step in plan.steps:
        key = "plan_standing" if step.standing else "plan_step"
        facts = {"contract": step.name, "address": step.address, "gas": f"{step.gas:,}"}
        say(key, facts)
    shown = {
        "gas": f"{plan.gas:,}",
        "cost": amount_text(cost, COIN_DECIMALS, symbol),
        "address": plan.deployer,
        "balance": amount_text(balance, COIN_DECIMALS, symbol),
    }
    say("deploy_estimate", shown)
    say("plan_digest", {"digest": plan.digest()})
    return {
        "gas": plan.gas,
        "cost": str(cost),
        "balance": str(balance),
        "digest": plan.digest(),
        "plan": plan.as_json(),
    }


def standing_market(chain: Chain, manifest_path: Path) -> Manifest | None:
    """The market that a manifest says stands on this chain; None if there is no manifest, or if it
    is of a local chain that is gone (they all have the same id). Raises for anything doubtful."""
    if not manifest_path.is_file():
        return None
    manifest = load_manifest(manifest_path)
    try:
        check_manifest(manifest, chain)
    except DokkaebiError:
        if manifest.chain_id == chain.chain_id and chain.chain_id in LOCAL_CHAIN_IDS:
            return None
        raise
    return manifest


def deploy_desk(
    account: LocalAccount,
    suite: Suite,
    *,
    arbitrator: str,
    extra_data: bytes,
    meta_evidence: bytes,
    manifest_path: Path | None = None,
) -> Manifest:
    """Deploys an arbitration desk for an ERC-792 arbitrator, and returns the manifest with it.

    `meta_evidence` is sha2-256 of the ERC-1497 document that says what the rulings mean. The
    manifest calls the desk `ArbitrationDesk`, or `ArbitrationDesk 2` if there is one already.
    """
    arguments: dict[str, Argument] = {
        "market": suite.escrow_market.address,
        "arbitrator": arbitrator,
        "extraData": extra_data,
        "metaEvidence": meta_evidence,
    }
    sender = Sender(suite.chain, account)
    desk = _deploy(sender, load_artifact(DESK), arguments)
    contracts = dict(suite.manifest.contracts)
    desks = sum(name.split()[0] == DESK for name in contracts)
    contracts[f"{DESK} {desks + 1}" if desks else DESK] = desk
    manifest = replace(suite.manifest, contracts=contracts)
    if manifest_path is not None:
        save_manifest(manifest_path, manifest)
    return manifest


def _deploy(sender: Sender, artifact: Artifact, arguments: dict[str, Argument]) -> Deployment:
    from eth_utils.address import to_checksum_address

    init_code = init_code_of(artifact, arguments)
    receipt = sender.create(init_code)
    address = to_checksum_address(receipt["contractAddress"])
    code = sender.chain.code(address)
    return Deployment(
        address=address,
        transaction_hash=receipt["transactionHash"],
        block_number=int(receipt["blockNumber"], 16),
        block_hash=receipt["blockHash"],
        constructor_arguments={name: shown_argument(value) for name, value in arguments.items()},
        init_code_hash=keccak_text(init_code),
        runtime_code_hash=keccak_text(code),
        runtime_masked_hash=keccak_text(artifact.masked(code)),
        compiler_input_hash=digests_if_there([artifact.name])[artifact.name],
    )
