"""Deploys at once: a whole market on a chain that ends with the process, or a desk beside one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dokkaebi.chain.manifest import Deployment, Manifest, save_manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import DESK, POOL, Suite
from dokkaebi.deploy.apply import Say, apply
from dokkaebi.deploy.artifacts import Artifact, load_artifact
from dokkaebi.deploy.journal import Journal
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
    """Deploys a new market at once, on a chain that is as short-lived as this process: token,
    registry and markets, each wired to the registry. What has to survive anything: `apply_plan`.

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


def deploy_pool(
    account: Signer,
    suite: Suite,
    *,
    treasury: str,
    guardian: str,
    epoch_seconds: int,
    challenge_seconds: int,
    share_bps: int,
    opening_allowance: int,
    opening_epochs: int,
    manifest_path: Path | None = None,
) -> Manifest:
    """Deploys the reward pool of a suite, makes it the token's minter, and returns the manifest
    with it. `account` becomes the pool's steward and must be the token's.

    Times are in seconds, `share_bps` in basis points, `opening_allowance` in the token's smallest
    unit. Fees arrive at the pool only from markets whose fee recipient is `purse_of` it; others'
    have to be sent there. Raises the contracts' refusals, before or after the pool stands.
    """
    arguments: dict[str, Argument] = {
        "token": suite.token.address,
        "treasury": treasury,
        "firstSteward": account.address,
        "firstGuardian": guardian,
        "epochSeconds": epoch_seconds,
        "challengeSeconds": challenge_seconds,
        "shareBps": share_bps,
        "openingAllowance": opening_allowance,
        "openingEpochs": opening_epochs,
    }
    sender = Sender(suite.chain, account)
    pool = _deploy(sender, load_artifact(POOL), arguments)
    manifest = replace(suite.manifest, contracts={**suite.manifest.contracts, POOL: pool})
    if manifest_path is not None:
        save_manifest(manifest_path, manifest)
    sender.transact(*suite.token.prepare("setMinter", pool.address))
    return manifest


def purse_of(pool: str) -> str:
    """The address of a pool's purse: of the first contract that the pool makes. Known as soon as
    the pool's is, so that markets can name it their fee recipient."""
    from eth_utils.address import to_checksum_address
    from eth_utils.crypto import keccak

    # RLP of the list of an address and the nonce 1.
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(pool[2:]) + b"\x01")[-20:])


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
