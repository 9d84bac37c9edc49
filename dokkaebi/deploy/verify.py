"""Whether a deployed market is what these sources say: compares recompiled code with the manifest,
the chain and `build/`, with no service in between, and exports what others need to do the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.manifest import Deployment, Manifest, write_atomically
from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.deploy.artifacts import Artifact, load_artifact
from dokkaebi.deploy.plan import (
    FACTORY_CODE,
    Argument,
    create2_address,
    created_address,
    init_code_of,
    keccak_text,
    purse_of,
)
from dokkaebi.deploy.sources import (
    Compiled,
    CompilerInput,
    Immutable,
    Sources,
    compiler_version,
    recompile,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.findings import BAD, GOOD, SKIPPED, Finding

if TYPE_CHECKING:
    from dokkaebi.deploy.apply import Say

INDEX = "index.json"
# Who runs the constructors here: nobody, twice. What differs between the two depends on the
# contract's own address, or on its creator's.
NOBODIES = ("0x" + 20 * "11", "0x" + 20 * "22")
EIP712_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
# OpenZeppelin's and Solady's EIP712 keep their contract's address, and the domain separator of it.
OWN_ADDRESS, SEPARATOR = "_cachedThis", "_cachedDomainSeparator"
# The reward pool keeps its purse's address, and when it was made.
PURSE, START = "PURSE", "START"
SEPARATOR_PARTS = (
    ("_hashedName", "_hashedVersion", "_cachedChainId"),
    ("_cachedNameHash", "_cachedVersionHash", "_cachedChainId"),
)


def verify_offline(
    chain: Chain,
    manifest: Manifest,
    say: Say = lambda key, values: None,
    root: Path | None = None,
    compiled: Mapping[str, Compiled] | None = None,
) -> list[Finding]:
    """Compares every contract of a manifest with what the sources below `root` (default: this
    project) compile to. Takes half a minute, nearly all of it the compiler's; `compiled`: what it
    made of them a moment ago.

    Each finding's facts say of which `contract` it is, and which `check`, whose title is the text
    `verify_<check>`.

    Errors: `verify_other_chain`, those of `recompile`, and of the node.
    """
    if (manifest.chain_id, manifest.genesis_hash) != (chain.chain_id, chain.genesis_hash):
        raise DokkaebiError("verify_other_chain", manifest=manifest.chain_id, chain=chain.chain_id)
    sources = Sources(root)
    if compiled is None:
        compiled = recompile((name.split()[0] for name in manifest.contracts), sources, say)
    findings: list[Finding] = []
    for number, (name, deployment) in enumerate(manifest.contracts.items(), 1):
        say("verify_contract", {"contract": name, "number": number, "of": len(manifest.contracts)})
        subject = _Subject(chain, manifest, sources, compiled[name.split()[0]], name, deployment)
        findings += subject.look()
    return findings


class _Subject:
    """One contract under examination."""

    def __init__(
        self,
        chain: Chain,
        manifest: Manifest,
        sources: Sources,
        compiled: Compiled,
        name: str,
        deployment: Deployment,
    ) -> None:
        self._chain = chain
        self._manifest = manifest
        self._sources = sources
        self._compiled = compiled
        self._name = name
        self._deployment = deployment
        self._code = chain.code(deployment.address)
        self._artifact = load_artifact(compiled.contract, sources.root / "build")
        self._init_code = compiled.init_code + constructor_data(self._artifact, deployment)

    def look(self) -> Iterator[Finding]:
        """Every check."""
        yield self._input()
        yield self._build()
        yield self._creation()
        yield self._address()
        yield self._runtime()
        yield self._immutables()

    def _finding(self, check: str, good: bool, key: str = "", **facts: object) -> Finding:
        return self._found(check, GOOD if good else BAD, key, **facts)

    def _found(self, check: str, state: str, key: str = "", **facts: object) -> Finding:
        named = {"contract": self._name, "check": check, **facts}
        return Finding(key or f"verify_{check}_{state}", state, named)

    def _input(self) -> Finding:
        """The sources and settings are those of the deployment."""
        recorded = self._deployment.compiler_input_hash
        if not recorded:
            return self._found("input", SKIPPED)
        seen = self._sources.compiler_input(self._compiled.contract).digest
        commit = self._manifest.commit or "?"
        return self._finding("input", seen == recorded, seen=seen, recorded=recorded, commit=commit)

    def _build(self) -> Finding:
        """What `build/` holds, and the next deployment would take, is what the sources give."""
        for kind, built, made in (
            ("creation", self._artifact.init_code, self._compiled.init_code),
            ("runtime", self._artifact.runtime, self._compiled.runtime),
        ):
            if built != made:
                return self._finding("build", False, code=kind, at=first_difference(built, made))
        return self._finding("build", True, size=len(self._artifact.init_code))

    def _creation(self) -> Finding:
        """Creation code and arguments are those that the manifest names."""
        seen, recorded = keccak_text(self._init_code), self._deployment.init_code_hash
        return self._finding("creation", seen == recorded, seen=seen, recorded=recorded)

    def _address(self) -> Finding:
        """The address follows from the creation code, by CREATE2, or from creator and nonce."""
        sent = self._chain.raw("eth_getTransactionByHash", [self._deployment.transaction_hash])
        if sent is None:
            transaction = self._deployment.transaction_hash
            return self._found("address", SKIPPED, transaction=transaction)
        address, data = self._deployment.address, _data_of(sent)
        if sent["to"] is None:
            nonce = int(sent["nonce"], 16)
            seen = created_address(sent["from"], nonce)
            good = seen == address and data == self._init_code
            key = "verify_address_created" if good else ""
            facts = {"creator": str(sent["from"]), "nonce": str(nonce)}
            return self._finding("address", good, key, seen=seen, address=address, **facts)
        factory, salt, sent_code = str(sent["to"]), data[:32], data[32:]
        seen = create2_address(factory, salt, self._init_code)
        by_factory = self._chain.code(factory) == FACTORY_CODE
        good = seen == address and by_factory and sent_code == self._init_code
        return self._finding("address", good, seen=seen, address=address, factory=factory)

    def _runtime(self) -> Finding:
        """The code on the chain is the recompiled one, but for the immutables."""
        made, code = self._compiled.runtime, self._code
        masked = self._compiled.masked(code)
        if masked != made:
            at = first_difference(masked, made)
            facts = {
                "at": at,
                "seen": _bytes_at(masked, at),
                "made": _bytes_at(made, at),
                "size": len(code),
                "made_size": len(made),
            }
            # Behind the code, solc writes a hash of sources and settings.
            only_metadata = len(masked) == len(made) and at >= len(made) - metadata_size(made)
            key = "verify_runtime_metadata" if only_metadata else ""
            return self._finding("runtime", False, key, **facts)
        recorded = (self._deployment.runtime_code_hash, self._deployment.runtime_masked_hash)
        seen = (keccak_text(code), keccak_text(masked))
        if recorded[0] != seen[0] or recorded[1] not in ("", seen[1]):
            key = "verify_runtime_recorded"
            return self._finding("runtime", False, key, seen=seen[0], recorded=recorded[0])
        return self._finding("runtime", True, size=len(code), count=len(self._places()))

    def _places(self) -> list[tuple[Immutable, slice]]:
        return [(one, place) for one in self._compiled.immutables for place in one.places]

    def _immutables(self) -> Finding:
        """What the constructor wrote into the code is what it writes when it is run again.

        Run by a call that makes a contract at another address, so what depends on the address is
        computed instead: it shows by differing between two such runs, and has to be one of the two
        values that EIP712 keeps, or a pool's purse. Anything else that differs is a bad finding.
        When a pool was made is the time of its block.
        """
        data = "0x" + self._init_code.hex()
        try:
            runs = [self._chain.call(None, data, nobody) for nobody in NOBODIES]
        except RpcRefused as refusal:
            key = "verify_immutables_refused"
            return self._finding("immutables", False, key, problem=refusal.message)
        if any(len(run) != len(self._code) for run in runs):
            key = "verify_immutables_refused"
            return self._finding("immutables", False, key, problem=f"{len(runs[0])} bytes")
        computed: list[str] = []
        for immutable, place in self._places():
            first, second = (run[place] for run in runs)
            expected: bytes | None = first
            if immutable.name == START or first != second:
                expected = self._at_home(immutable.name, runs[0])
                computed.append(immutable.name)
            if expected is None:
                key = "verify_immutables_unexplained"
                return self._finding("immutables", False, key, variable=immutable.name)
            if self._code[place] != expected:
                return self._finding(
                    "immutables",
                    False,
                    variable=immutable.name,
                    at=place.start,
                    seen="0x" + self._code[place].hex(),
                    made="0x" + expected.hex(),
                )
        names = [one.name for one in self._compiled.immutables]
        shown = ", ".join(dict.fromkeys(computed)) or "-"
        return self._finding("immutables", True, count=len(names), computed=shown)

    def _at_home(self, name: str, run: bytes) -> bytes | None:
        """A word that depends on the contract's address or block, as it has to be at the real ones;
        None if it isn't known how it depends on them."""
        if name == START:
            block = self._chain.block(self._deployment.block_number)
            return int(block["timestamp"], 16).to_bytes(32, "big")
        if name == PURSE:
            return bytes(12) + bytes.fromhex(purse_of(self._deployment.address)[2:])
        values = {one.name: run[one.places[0]] for one in self._compiled.immutables}
        away = values.get(OWN_ADDRESS, b"")
        home = bytes(12) + bytes.fromhex(self._deployment.address[2:])
        if name == OWN_ADDRESS:
            return home
        named = next((parts for parts in SEPARATOR_PARTS if set(parts) <= values.keys()), None)
        if name == SEPARATOR and named is not None:
            parts = b"".join(values[part] for part in named)
            # Not taken for granted: it has to explain the run as well.
            if values[name] == _separator(parts, away):
                return _separator(parts, home)
        return None


def constructor_data(artifact: Artifact, deployment: Deployment) -> bytes:
    """The encoded arguments of a deployed contract's constructor.

    Raises `verify_arguments_wrong` for a manifest whose arguments aren't the constructor's.
    """
    from eth_abi.exceptions import EncodingError

    said = deployment.constructor_arguments
    inputs = artifact.constructor_inputs
    try:
        if list(said) != [parameter["name"] for parameter in inputs]:
            raise ValueError("other names")
        arguments = {p["name"]: _argument(p["type"], said[p["name"]]) for p in inputs}
        return init_code_of(artifact, arguments)[len(artifact.init_code) :]
    except (ValueError, TypeError, EncodingError) as problem:
        raise DokkaebiError(
            "verify_arguments_wrong", contract=artifact.name, problem=str(problem)
        ) from None


def first_difference(one: bytes, other: bytes) -> int:
    """Where two codes differ first; the shorter one's length if it is the other's beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def metadata_size(code: bytes) -> int:
    """How many bytes at the end of a code are solc's metadata, the two of their length included."""
    return int.from_bytes(code[-2:]) + 2


def deployed_inputs(manifest: Manifest, root: Path | None = None) -> dict[str, CompilerInput]:
    """The inputs that the contracts of a manifest were compiled from, by their names there.

    Raises `verify_sources_differ` if the sources here are others by now.
    """
    sources = Sources(root)
    found = {}
    for name, deployment in manifest.contracts.items():
        found[name] = sources.compiler_input(name)
        if deployment.compiler_input_hash not in ("", found[name].digest):
            commit = manifest.commit or "?"
            raise DokkaebiError("verify_sources_differ", contract=name, commit=commit)
    return found


def deployed_compiler(manifest: Manifest) -> str:
    """The version that compiled a manifest's contracts, as solc says it."""
    return manifest.compiler or compiler_version(Sources())


def export_inputs(manifest: Manifest, folder: Path, root: Path | None = None) -> list[Path]:
    """Writes each contract's standard-JSON input into a folder, and an index that says what else a
    verification needs; whole files or none. The index is written last.

    Each input's SHA-256 is the manifest's `compiler_input_hash`. Errors as `deployed_inputs`.
    """
    inputs = deployed_inputs(manifest, root)
    entries = {}
    written = []
    for name, one in inputs.items():
        deployment = manifest.contracts[name]
        path = folder / f"{name.replace(' ', '-')}.json"
        write_atomically(path, one.text)
        written.append(path)
        entries[name] = {
            "address": deployment.address,
            "transaction_hash": deployment.transaction_hash,
            "input": path.name,
            "input_sha256": one.digest,
            "identifier": one.identifier,
            "constructor_arguments": constructor_data(
                load_artifact(one.contract), deployment
            ).hex(),
        }
    index = {
        "chain_id": manifest.chain_id,
        "commit": manifest.commit,
        "compiler": deployed_compiler(manifest),
        "contracts": entries,
    }
    path = folder / INDEX
    write_atomically(path, json.dumps(index, indent=2) + "\n")
    return [*written, path]


def _argument(kind: str, text: str) -> Argument:
    """An argument as the encoder wants it, from the manifest's text."""
    if kind.startswith(("uint", "int")):
        return int(text)
    return bytes.fromhex(text[2:]) if kind.startswith("bytes") else text


def _data_of(transaction: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(str(transaction["input"])[2:])


def _bytes_at(code: bytes, at: int) -> str:
    return "0x" + code[at : at + 8].hex()


def _separator(parts: bytes, address: bytes) -> bytes:
    from eth_utils.crypto import keccak

    return bytes(keccak(keccak(text=EIP712_DOMAIN) + parts + address))
