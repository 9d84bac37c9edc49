"""Deploys at once: a whole market on a chain that ends with the process, or a desk beside one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dokkaebi.chain.manifest import Deployment, Manifest, save_manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import DESK, Suite
from dokkaebi.deploy.apply import Say, apply
from dokkaebi.deploy.artifacts import Artifact, load_artifact
from dokkaebi.deploy.plan import (
    Argument,
    init_code_of,
    keccak_text,
    make_plan,
    shown_argument,
)
from dokkaebi.deploy.site import described, write_market
from dokkaebi.deploy.sources import digests_if_there
from dokkaebi.deploy.spec import MarketSpec
from dokkaebi.journal import Journal

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer


def deploy_market(
    chain: Chain,
    account: Signer,
    spec: MarketSpec,
    *,
    network: str,
    manifest_path: Path | None = None,
    documents: Path | None = None,
    say: Say = lambda key, values: None,
) -> Manifest:
    """Deploys a new market at once, on a chain that is as short-lived as this process: token, pool,
    registry and markets, wired to each other. What has to survive anything: `apply_plan`.

    Writes the manifest to `manifest_path` if given, and the registry's document below `documents`.
    Nothing is written before all contracts stand. `say(key, values)` is told each step.
    """
    # The number of transactions so far: no market before had it.
    salt = str(chain.mined_nonce(account.address))
    plan = make_plan(chain, account.address, spec, network=network, salt=salt)
    manifest = described(apply(plan, chain, account, Journal(), say=say), spec)
    write_market(manifest, spec, manifest_path, documents)
    return manifest


def deploy_desk(
    account: Signer,
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
