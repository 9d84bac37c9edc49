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
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import DESK, SUITE, Suite
from dokkaebi.config import Settings
from dokkaebi.deploy.artifacts import Artifact, load_artifact, load_suite
from dokkaebi.deploy.spec import MarketSpec, load_market_spec
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import amount_text

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

REGISTRY = "CreationRegistry"
# Storing names, immutables and an event; measured at 110,000 (registry) and less.
CONSTRUCTOR_GAS = 110_000

Argument = str | int | bytes
Say = Callable[[str, Mapping[str, object]], None]


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
    """Deploys token, registry and markets, each wired to the registry, and returns the manifest.

    Writes it to `manifest_path` if given, and the registry's document below `documents`. Nothing is
    written before all contracts stand. `say(key, values)` is told each step.
    """
    artifacts = load_suite()
    who = account.address
    sender = Sender(chain, account)
    done: dict[str, Deployment] = {}
    for name in SUITE:
        say("deploying_contract", {"contract": name, "number": len(done) + 1, "of": len(SUITE)})
        registry = done[REGISTRY].address if REGISTRY in done else who
        done[name] = _deploy(sender, artifacts[name], _arguments(name, spec, who, registry))
        say("deployed_contract", {"contract": name, "address": done[name].address})
    manifest = Manifest(
        chain_id=chain.chain_id,
        genesis_hash=chain.genesis_hash,
        network=network,
        deployer=who,
        first_block=min(d.block_number for d in done.values()),
        contracts=done,
    )
    check_manifest(manifest, chain)
    if documents is not None:
        document = _registry_document(spec)
        digest = hashlib.sha256(document).hexdigest()
        write_atomically(documents / "registry" / f"{digest}.json", document.decode())
    if manifest_path is not None:
        save_manifest(manifest_path, manifest)
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


def deploy_here(
    chain: Chain,
    account: LocalAccount,
    settings: Settings,
    *,
    network: str,
    market_file: Path | None,
    dry_run: bool,
    say: Say,
) -> dict[str, Any]:
    """Deploys where the settings point, unless a market stands there; what `--json` prints."""
    path = settings.manifest_path(chain.chain_id)
    spec = load_market_spec(market_file)
    manifest = standing_market(chain, path)
    if manifest is not None:
        say("deployed_before", {"chain_id": chain.chain_id, "path": path})
        return {"deployed": False, "manifest": str(path)}
    if dry_run:
        return {"deployed": False, "manifest": str(path), **_estimate(chain, account, spec, say)}
    name = network or str(chain.chain_id)
    manifest = deploy_market(
        chain,
        account,
        spec,
        network=name,
        manifest_path=path,
        documents=settings.documents,
        say=say,
    )
    say("deployed_market", {"chain_id": chain.chain_id, "path": path})
    return {"deployed": True, "manifest": str(path), **json.loads(manifest.to_json())}


def _estimate(chain: Chain, account: LocalAccount, spec: MarketSpec, say: Say) -> dict[str, Any]:
    gas = estimate_gas(spec, account.address)
    cost = gas * int(chain.raw("eth_gasPrice"), 16)
    balance = chain.balance(account.address)
    symbol = coin_symbol(chain.chain_id)
    shown = {
        "gas": f"{gas:,}",
        "cost": amount_text(cost, COIN_DECIMALS, symbol),
        "address": account.address,
        "balance": amount_text(balance, COIN_DECIMALS, symbol),
    }
    say("deploy_estimate", shown)
    return {"gas": gas, "cost": str(cost), "balance": str(balance)}


def estimate_gas(spec: MarketSpec, deployer: str) -> int:
    """About how much gas a deployment takes in all, from the size of the code: a node can't be
    asked about the markets before the registry stands, whose address has the size of any other."""
    artifacts = load_suite()
    return sum(
        _creation_gas(
            artifacts[name],
            _init_code(artifacts[name], _arguments(name, spec, deployer, registry=deployer)),
        )
        for name in SUITE
    )


def _creation_gas(artifact: Artifact, init_code: bytes) -> int:
    data = sum(16 if byte else 4 for byte in init_code)
    words = (len(init_code) + 31) // 32
    return 53_000 + data + 2 * words + 200 * artifact.runtime_size + CONSTRUCTOR_GAS


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


def _arguments(name: str, spec: MarketSpec, deployer: str, registry: str) -> dict[str, Argument]:
    """The constructor's arguments of one contract of the suite."""
    if name == "CommunityToken":
        return {
            "name_": spec.token_name,
            "symbol_": spec.token_symbol,
            "cap": spec.cap,
            "openingSupply": spec.opening_supply,
            "openingHolder": spec.opening_holder or deployer,
            "steward": spec.steward or deployer,
        }
    if name == REGISTRY:
        return {
            "name_": spec.registry_name,
            "symbol_": spec.registry_symbol,
            "contractDocument": hashlib.sha256(_registry_document(spec)).digest(),
        }
    return {
        "registry": registry,
        "feeRecipient": spec.fee_recipient or deployer,
        "feeBps": spec.fee_bps,
    }


def _registry_document(spec: MarketSpec) -> bytes:
    """The ERC-7572 document about the registry, canonical JSON."""
    document = {
        "name": spec.registry_name,
        "symbol": spec.registry_symbol,
        "description": spec.registry_description,
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _init_code(artifact: Artifact, arguments: dict[str, Argument]) -> bytes:
    from eth_abi.abi import encode

    types = [parameter["type"] for parameter in artifact.constructor_inputs]
    return artifact.init_code + encode(types, list(arguments.values()))


def _deploy(sender: Sender, artifact: Artifact, arguments: dict[str, Argument]) -> Deployment:
    from eth_utils.address import to_checksum_address
    from eth_utils.crypto import keccak

    init_code = _init_code(artifact, arguments)
    receipt = sender.create(init_code)
    address = to_checksum_address(receipt["contractAddress"])
    return Deployment(
        address=address,
        transaction_hash=receipt["transactionHash"],
        block_number=int(receipt["blockNumber"], 16),
        block_hash=receipt["blockHash"],
        constructor_arguments={name: _shown(value) for name, value in arguments.items()},
        init_code_hash="0x" + keccak(init_code).hex(),
        runtime_code_hash="0x" + keccak(sender.chain.code(address)).hex(),
    )


def _shown(value: Argument) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
