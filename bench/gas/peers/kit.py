"""What all peers need: their packages from npm, checked and unpacked, and contracts to call."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from bench.gas.ours import Bench
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.suite import Contract, types_of
from dokkaebi.config import project_root

OUR_COMPILER = "0.8.37"
LOCK = Path(__file__).parent / "packages.json"


@dataclass(frozen=True)
class PeerFigure:
    """What a peer's job costs; `note` says what it lacks or does besides."""

    gas: int
    note: str
    package: str
    compiler: str

    def as_json(self, ours: int) -> dict[str, Any]:
        """For the results' file, with ours as a ratio of it."""
        return {
            "gas": self.gas,
            "ours_to_it": f"{ours / self.gas:.3f}",
            "note": self.note,
            "package": self.package,
            "compiler": self.compiler,
        }


def package(name: str) -> Path:
    """A package's folder, fetched once by the version and hash in `packages.json`.

    Only its own files: peers' packages depend on repositories that can't be reached, and need
    none of that to be run.
    """
    lock = json.loads(LOCK.read_text(encoding="utf-8"))[name]
    folder = project_root() / "var" / "peers" / f"{name.replace('/', '-')}-{lock['version']}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Tests in several processes want the same.
    with FileLock(folder.parent / "lock"):
        if not folder.is_dir():
            _fetch(name, lock, folder)
    return folder


def _fetch(name: str, lock: dict[str, str], folder: Path) -> None:
    wanted = f"{lock.get('package', name)}@{lock['version']}"
    command = ["npm", "pack", wanted, "--json", "--silent"]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=True)
    archive = folder.parent / json.loads(done.stdout)[0]["filename"]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != lock["integrity"]:
        raise RuntimeError(f"{name}: sha512-{digest} was fetched, {lock['integrity']} is needed")
    part = folder.with_suffix(".part")
    with tarfile.open(archive) as packed:
        packed.extractall(part, filter="data")
    archive.unlink()
    (part / "package").rename(folder)
    part.rmdir()


def version(name: str) -> str:
    """A package as `name@version`."""
    return f"{name}@{json.loads(LOCK.read_text(encoding='utf-8'))[name]['version']}"


def deploy(bench: Bench, artifact: Path, *arguments: object) -> Contract:
    """Deploys a contract of which a package brings ABI and bytecode."""
    content = json.loads(artifact.read_text(encoding="utf-8"))
    output = content.get("compilerOutput", content)
    code = content.get("bytecode") or output["evm"]["bytecode"]
    code = code if isinstance(code, str) else code["object"]
    return deploy_code(bench, artifact.stem, output["abi"], code, *arguments)


def deploy_code(
    bench: Bench, name: str, abi: list[dict[str, Any]], code: str, *arguments: object
) -> Contract:
    """Deploys bytecode; functions that share a name are told apart by nothing: the last counts."""
    from eth_abi.abi import encode
    from eth_utils.address import to_checksum_address

    inputs: list[dict[str, Any]] = next(
        (e["inputs"] for e in abi if e["type"] == "constructor"), []
    )
    data = "0x" + code.removeprefix("0x") + encode(types_of(inputs), arguments).hex()
    fields = {"from": bench.at["deployer"], "data": data, "gas": hex(25_000_000)}
    sent = bench.chain.raw("eth_sendTransaction", [fields])
    receipt = bench.chain.receipt(sent)
    while receipt is None:
        receipt = bench.chain.receipt(sent)
    assert receipt["status"] == "0x1", f"{name} wasn't deployed"
    return Contract(bench.chain, name, to_checksum_address(receipt["contractAddress"]), abi)


def compiled(
    entry: str,
    names: Sequence[str],
    remappings: dict[str, Path],
    compiler: str,
    settings: dict[str, Any],
    key: str = "",
) -> dict[str, dict[str, Any]]:
    """ABI and bytecode of contracts that a package brings as source only; compiled once.

    `compiler` is the version of npm's solc, `entry` a path that starts with one of `remappings`,
    `key` what makes these sources differ from others under the same path.
    """
    mark = hashlib.sha256(json.dumps([entry, compiler, settings, key]).encode()).hexdigest()[:16]
    cache = project_root() / "var" / "peers" / f"{Path(entry).stem}-{mark}.json"
    cache.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(cache.with_suffix(".lock")):
        if not cache.is_file():
            output = _compile(entry, names, remappings, compiler, settings)
            write_atomically(cache, json.dumps(output))
    return dict(json.loads(cache.read_text(encoding="utf-8")))


def _compile(
    entry: str,
    names: Sequence[str],
    remappings: dict[str, Path],
    compiler: str,
    settings: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    ours = project_root() / "node_modules" / "solc"
    folder = ours if compiler == OUR_COMPILER else package(f"solc-{compiler}")
    selection = {"*": {name: ["abi", "evm.bytecode.object"] for name in names}}
    done = subprocess.run(
        [
            "node",
            str(Path(__file__).parent / "compile.cjs"),
            str(folder / "soljson.js"),
            entry,
            *(f"{prefix}={folder}/" for prefix, folder in remappings.items()),
        ],
        input=json.dumps({**settings, "outputSelection": selection}),
        capture_output=True,
        text=True,
        check=True,
    )
    output = json.loads(done.stdout)
    problems = [e for e in output.get("errors", []) if e["severity"] == "error"]
    if problems:
        raise RuntimeError(problems[0]["formattedMessage"])
    return {
        name: {"abi": contract["abi"], "code": contract["evm"]["bytecode"]["object"]}
        for contracts in output["contracts"].values()
        for name, contract in contracts.items()
        if name in names
    }
