"""How a deployment is: what its files say, compared with the chain. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dokkaebi.chain.manifest import Manifest, load_manifest
from dokkaebi.chain.suite import COIN, POOL
from dokkaebi.deploy.site import Site, is_same_pool, is_there, open_minter
from dokkaebi.errors import DokkaebiError
from dokkaebi.findings import BAD, GOOD, SKIPPED, Finding
from dokkaebi.journal import read_journal

# What nothing can be asked of.
GONE = ("status_contract_gone", "status_contract_foreign")


def look_at_site(site: Site) -> Iterator[Finding]:
    """Journal, manifest, each contract, and the token's minter, in this order."""
    try:
        yield _journal(site)
    except DokkaebiError as problem:
        yield Finding("status_problem", BAD, {"problem": str(problem)})
    if not site.manifest_path.is_file():
        yield Finding("status_no_manifest", SKIPPED, {"path": str(site.manifest_path)})
        return
    try:
        manifest = load_manifest(site.manifest_path)
    except DokkaebiError as problem:
        yield Finding("status_problem", BAD, {"problem": str(problem)})
        return
    seen = (site.chain.chain_id, site.chain.genesis_hash)
    if (manifest.chain_id, manifest.genesis_hash) != seen:
        facts = {"path": str(site.manifest_path), "chain_id": site.chain.chain_id}
        yield Finding("status_other_chain", BAD, facts)
        return
    contracts = list(_contracts(site, manifest))
    yield from contracts
    if not any(one.name in GONE for one in contracts):
        yield from _minter(site, manifest)


def _journal(site: Site) -> Finding:
    entries = read_journal(site.journal_path)
    facts: dict[str, Any] = {"path": str(site.journal_path)}
    begun = next((entry for entry in entries if entry["kind"] == "begin"), None)
    if begun is None:
        return Finding("status_not_begun", SKIPPED, facts)
    facts["digest"] = begun["digest"]
    if any(entry["kind"] == "done" for entry in entries):
        return Finding("status_done", GOOD, facts)
    steps = [step["contract"] for step in begun["plan"]["steps"]]
    signed = {entry["contract"] for entry in entries if entry["kind"] == "signed"}
    facts |= {"signed": len(signed), "of": len(steps)}
    return Finding("status_under_way", BAD, facts)


def _contracts(site: Site, manifest: Manifest) -> Iterator[Finding]:
    from eth_utils.crypto import keccak

    pool = manifest.contracts.get(POOL)
    for name, deployment in manifest.contracts.items():
        facts = {"contract": name, "address": deployment.address, "block": deployment.block_number}
        code = site.chain.code(deployment.address)
        if not code:
            yield Finding("status_contract_gone", BAD, facts)
        elif "0x" + keccak(code).hex() != deployment.runtime_code_hash:
            # A pool keeps when it was made.
            moved = deployment == pool and is_same_pool(site.chain, deployment)
            key = "status_contract_moved" if moved else "status_contract_foreign"
            yield Finding(key, BAD, facts)
        elif not is_there(site.chain, deployment):
            yield Finding("status_contract_moved", BAD, facts)
        else:
            yield Finding("status_contract_stands", GOOD, facts)


def _minter(site: Site, manifest: Manifest) -> Iterator[Finding]:
    """Whether the pool can mint rewards."""
    if POOL not in manifest.contracts:
        return
    left = open_minter(site.chain, manifest)
    if left is None:
        yield Finding("status_minter_named", GOOD)
        return
    steward, call = left
    key = "status_minter_never" if steward == COIN else "status_minter_open"
    yield Finding(key, BAD, {"steward": steward, "to": call.to, "data": call.data})
