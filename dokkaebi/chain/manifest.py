"""The deployment manifest `deployments/<chainId>.json`: what stands where, and how to check it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dokkaebi.chain.rpc import Chain, shown_url
from dokkaebi.errors import DokkaebiError

SCHEMA = 2
# Those that can be read; what a file of an older one lacks is empty.
SCHEMAS = (1, SCHEMA)
SUBMITTED, VERIFIED, FAILED = STATES = ("submitted", "verified", "failed")


@dataclass(frozen=True)
class Verification:
    """How far a service is with a contract's sources: one of `STATES`; what it calls the job, ""
    while it hasn't said; since when, UTC as ISO 8601."""

    state: str
    id: str
    at: str


@dataclass(frozen=True)
class Deployment:
    """One deployed contract. Hashes are keccak256, `0x…`; the arguments' integers decimal text.

    `compiler_input_hash`: SHA-256 of the standard-JSON input (`dokkaebi.deploy.sources`).
    `runtime_masked_hash`: of the code on the chain, its immutables zero, as the compiler leaves it.
    Both are "" where they weren't recorded. `verification`: by the service's name.
    """

    address: str
    transaction_hash: str
    block_number: int
    block_hash: str
    constructor_arguments: Mapping[str, str]
    init_code_hash: str
    runtime_code_hash: str
    runtime_masked_hash: str = ""
    compiler_input_hash: str = ""
    verification: Mapping[str, Verification] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """A suite on a chain. `first_block` is the block of its first contract; `compiler` the version
    that compiled it, as solc says it; `commit` that of the project, with "+changes" if there were
    some. Both are "" where unknown. `explorer`: where links to transactions go, "" for the usual
    one; `windows`: what offers give if their seller says nothing else, days."""

    chain_id: int
    genesis_hash: str
    network: str
    deployer: str
    first_block: int
    contracts: Mapping[str, Deployment] = field(default_factory=dict)
    commit: str = ""
    compiler: str = ""
    explorer: str = ""
    windows: Mapping[str, int] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_json(self) -> str:
        """The file's text, in the order of the format."""
        fields = asdict(self)
        contracts = fields.pop("contracts")
        ordered = {"schema": fields.pop("schema"), **fields, "contracts": contracts}
        return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"

    def address(self, contract: str) -> str:
        """A contract's address, by its name."""
        if contract not in self.contracts:
            raise DokkaebiError("manifest_contract_missing", contract=contract)
        return self.contracts[contract].address


def load_manifest(path: Path) -> Manifest:
    """Reads a manifest. A missing or malformed file is a DokkaebiError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DokkaebiError("manifest_missing", path=str(path)) from None
    except (OSError, ValueError) as problem:
        raise DokkaebiError("manifest_unreadable", path=str(path), problem=str(problem)) from None
    try:
        return _parse(document)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise DokkaebiError("manifest_malformed", path=str(path), problem=repr(problem)) from None


def save_manifest(path: Path, manifest: Manifest) -> None:
    """Writes a manifest whole or not at all."""
    write_atomically(path, manifest.to_json())


def check_manifest(manifest: Manifest, chain: Chain) -> None:
    """Refuses a manifest of another chain, or one whose contracts aren't there as recorded."""
    if manifest.chain_id != chain.chain_id:
        raise DokkaebiError(
            "manifest_other_chain",
            manifest=manifest.chain_id,
            chain=chain.chain_id,
            url=shown_url(chain.url),
        )
    if manifest.genesis_hash != chain.genesis_hash:
        raise DokkaebiError(
            "manifest_other_genesis",
            manifest=manifest.genesis_hash,
            chain=chain.genesis_hash,
            url=shown_url(chain.url),
        )
    _check_code(manifest, chain)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file so that nobody ever sees half of it, a crash included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes a rename last; some file systems can't, which is no reason to fail."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _check_code(manifest: Manifest, chain: Chain) -> None:
    from eth_utils.crypto import keccak

    items = list(manifest.contracts.items())
    codes = chain.raw_batch(("eth_getCode", [d.address, "latest"]) for _, d in items)
    for (name, deployment), code in zip(items, codes, strict=True):
        runtime = bytes.fromhex(code[2:])
        if not runtime:
            raise DokkaebiError(
                "contract_missing",
                contract=name,
                address=deployment.address,
                url=shown_url(chain.url),
            )
        if "0x" + keccak(runtime).hex() != deployment.runtime_code_hash:
            raise DokkaebiError("contract_other_code", contract=name, address=deployment.address)


def _parse(document: dict[str, Any]) -> Manifest:
    if document["schema"] not in SCHEMAS:
        raise ValueError(f"schema {document['schema']}, known are {SCHEMAS}")
    return Manifest(
        chain_id=_integer(document["chain_id"]),
        genesis_hash=_hex(document["genesis_hash"], 32),
        network=str(document["network"]),
        deployer=_hex(document["deployer"], 20),
        first_block=_integer(document["first_block"]),
        contracts={name: _deployment(d) for name, d in document["contracts"].items()},
        commit=str(document.get("commit", "")),
        compiler=str(document.get("compiler", "")),
        explorer=str(document.get("explorer", "")),
        windows={name: _integer(days) for name, days in document.get("windows", {}).items()},
    )


def _deployment(entry: dict[str, Any]) -> Deployment:
    return Deployment(
        address=_hex(entry["address"], 20),
        transaction_hash=_hex(entry["transaction_hash"], 32),
        block_number=_integer(entry["block_number"]),
        block_hash=_hex(entry["block_hash"], 32),
        constructor_arguments=dict(entry["constructor_arguments"]),
        init_code_hash=_hex(entry["init_code_hash"], 32),
        runtime_code_hash=_hex(entry["runtime_code_hash"], 32),
        runtime_masked_hash=_hex_or_nothing(entry.get("runtime_masked_hash", "")),
        compiler_input_hash=_hex_or_nothing(entry.get("compiler_input_hash", "")),
        verification={
            service: _verification(state)
            for service, state in entry.get("verification", {}).items()
        },
    )


def _verification(entry: dict[str, Any]) -> Verification:
    if entry["state"] not in STATES:
        raise ValueError(f"{entry['state']!r} is none of {STATES}")
    return Verification(entry["state"], str(entry["id"]), str(entry["at"]))


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _hex_or_nothing(value: object) -> str:
    return _hex(value, 32) if value != "" else ""


def _hex(value: object, size: int) -> str:
    """A `0x…` text of `size` bytes; an address comes back with its checksum."""
    if not isinstance(value, str) or not value.startswith("0x") or len(value) != 2 + 2 * size:
        raise ValueError(f"{value!r} is not {size} bytes of 0x-hex")
    bytes.fromhex(value[2:])
    if size == 20:
        from eth_utils.address import to_checksum_address

        return str(to_checksum_address(value))
    return value
