"""What each contract is compiled from: a standard-JSON input with the sources that it needs and no
other, under Brownie's settings, so that anybody's compiler makes the same code of it, to the byte.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.manifest import write_atomically
from dokkaebi.config import project_root
from dokkaebi.deploy.artifacts import masked
from dokkaebi.errors import DokkaebiError

if TYPE_CHECKING:
    from dokkaebi.deploy.apply import Say

CONFIG = "brownie-config.yaml"
COMPILE_SECONDS = 900
# Below the project's folder.
KEPT = "var/compiled"
# At once.
COMPILERS = 2
# What explorers want to show; it changes no byte of the code.
OUTPUT = ("abi", "evm.bytecode", "evm.deployedBytecode", "metadata")
# What is compared here.
COMPARED = (
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
)
_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL
)
_IMPORT = re.compile(r"""(?:^|[;}])\s*import\b[^;"']*["']([^"']+)["']""")
_VERSION = re.compile(r"(\d+\.\d+\.\d+)(?:-nightly\.[\d.]+)?(\+commit\.\w+)")


@dataclass(frozen=True)
class CompilerInput:
    """A contract's standard-JSON input."""

    contract: str
    identifier: str
    document: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The input as it is hashed, exported and submitted: canonical JSON."""
        return json.dumps(self.document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the text, `0x…`."""
        return "0x" + hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Immutable:
    """A variable that the constructor writes into the code, and where in the code it stands."""

    name: str
    places: tuple[slice, ...]


@dataclass(frozen=True)
class Compiled:
    """What the compiler makes of an input. The runtime code has zeros where immutables will be."""

    contract: str
    init_code: bytes
    runtime: bytes
    immutables: tuple[Immutable, ...]

    def masked(self, code: bytes) -> bytes:
        """Code with zeros where this contract has immutables."""
        return masked(code, (place for one in self.immutables for place in one.places))


class Sources:
    """The project's sources and the settings that they are compiled under.

    `root`: the folder that holds `brownie-config.yaml` and what it names.
    Errors: `compiler_settings_wrong`, `source_missing`.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or project_root()
        self._texts: dict[str, str] = {}

    def compiler_input(self, contract: str) -> CompilerInput:
        """The input of one contract, by its name; `ArbitrationDesk 2` is an `ArbitrationDesk`."""
        name = contract.split()[0]
        path = f"contracts/{name}.sol"
        sources = {source: {"content": text} for source, text in self.needed(path).items()}
        document = {
            "language": "Solidity",
            "sources": sources,
            "settings": {**self._settings, "outputSelection": {"*": {"*": list(OUTPUT)}}},
        }
        return CompilerInput(name, f"{path}:{name}", document)

    @cached_property
    def _compiler(self) -> dict[str, Any]:
        import yaml

        path = self.root / CONFIG
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))["compiler"]
            return {"evm_version": found["evm_version"], **found["solc"]}
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError) as problem:
            raise DokkaebiError(
                "compiler_settings_wrong", path=str(path), problem=str(problem)
            ) from None

    @cached_property
    def _settings(self) -> dict[str, Any]:
        """Settings as Brownie hands them to solc; what it doesn't, isn't here either, since the
        code's metadata names them."""
        found = self._compiler
        settings = {
            "evmVersion": found["evm_version"],
            "optimizer": found["optimizer"],
            "remappings": found.get("remappings", []),
        }
        if found.get("viaIR") is not None:
            settings["viaIR"] = found["viaIR"]
        return settings

    @property
    def version(self) -> str:
        """The compiler's pinned version."""
        return str(self._compiler["version"])

    def needed(self, path: str) -> dict[str, str]:
        """Texts of a source and of all that it imports, by their names."""
        found: dict[str, str] = {}
        waiting = [path]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._read(name)
                waiting += [self._resolved(name, other) for other in imports_of(found[name])]
        return found

    def _read(self, name: str) -> str:
        if name in self._texts:
            return self._texts[name]
        try:
            # As it is in the file: another end of line would be another metadata hash.
            return self._texts.setdefault(name, (self.root / name).read_bytes().decode())
        except (OSError, UnicodeDecodeError) as problem:
            raise DokkaebiError("source_missing", path=name, problem=str(problem)) from None

    def _resolved(self, importer: str, path: str) -> str:
        """The name of an imported source: relative to its importer, or by the longest remapping."""
        if path.startswith(("./", "../")):
            return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
        pairs = [remapping.split("=", 1) for remapping in self._settings["remappings"]]
        fitting = [(prefix, place) for prefix, place in pairs if path.startswith(prefix)]
        prefix, place = max(fitting, key=lambda pair: len(pair[0]), default=("", ""))
        return place + path.removeprefix(prefix)


def imports_of(source: str) -> list[str]:
    """What a Solidity source imports, as it is written there."""
    return _IMPORT.findall(_COMMENT_OR_STRING.sub(lambda match: match[1] or " ", source))


def digests_if_there(contracts: Iterable[str]) -> dict[str, str]:
    """The hashes of contracts' inputs; "" where the sources aren't: a deployment has no need of
    them."""
    sources = Sources()
    found = dict.fromkeys(contracts, "")
    for name in found:
        with suppress(DokkaebiError):
            found[name] = sources.compiler_input(name).digest
    return found


def project_commit(root: Path | None = None) -> str:
    """The project's git commit, with "+changes" if files differ from it; "" if it's in no git."""
    folder = root or project_root()
    git = ["git", "--no-optional-locks", "-C", str(folder)]
    try:
        top, commit, changes = (
            subprocess.run([*git, *words], capture_output=True, text=True, check=True).stdout
            for words in (
                ["rev-parse", "--show-toplevel"],
                ["rev-parse", "HEAD"],
                ["status", "--porcelain"],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    # A copy within somebody else's repository has no commit of its own.
    if Path(top.strip()) != folder.resolve():
        return ""
    return commit.strip() + ("+changes" if changes else "")


def compiler_version(sources: Sources) -> str:
    """The whole version of the pinned compiler, e.g. `0.8.37+commit.f401782d`.

    Raises `compiler_missing`.
    """
    said = _run(sources, ["--version"], "")
    found = _VERSION.search(said)
    if found is None or found[1] != sources.version:
        raise DokkaebiError("compiler_missing", version=sources.version)
    return found[1] + found[2]


def recompile(
    contracts: Iterable[str],
    sources: Sources | None = None,
    say: Say = lambda key, values: None,
) -> dict[str, Compiled]:
    """Compiles each contract from its input and nothing else, offline; by name.

    Each alone: what solc makes of a contract by way of IR depends on which other sources are there.
    Takes a minute; what was made of the same input by the same compiler before is kept in `KEPT`.
    Errors: `compiler_missing`, `compile_failed`, those of `Sources`.
    """
    sources = sources or Sources()
    inputs = [sources.compiler_input(name) for name in dict.fromkeys(contracts)]
    version = compiler_version(sources) if inputs else ""
    made = {one.contract: _kept(sources, version, one) for one in inputs}
    fresh = [one for one in inputs if made[one.contract] is None]
    if fresh:
        say("verify_compiling", {"count": len(fresh), "version": sources.version})
    with ThreadPoolExecutor(COMPILERS) as pool:
        found = pool.map(lambda one: _compile(sources, version, one), fresh)
        made |= {one.contract: one for one in found}
    if fresh:
        say("verify_compiled", {"count": len(fresh)})
    return {name: one for name, one in made.items() if one is not None}


def _kept(sources: Sources, version: str, one: CompilerInput) -> Compiled | None:
    """What was made of an input before."""
    try:
        found = json.loads(_place(sources, version, one).read_text(encoding="utf-8"))
        immutables = tuple(
            Immutable(name, tuple(slice(*place) for place in places))
            for name, places in found["immutables"]
        )
        init_code, runtime = (bytes.fromhex(found[name]) for name in ("init_code", "runtime"))
        return Compiled(one.contract, init_code, runtime, immutables)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(sources: Sources, contract: str, answer: Mapping[str, Any]) -> None:
    """Keeps what the compiler answered to a contract's own input, with the sources' trees."""
    one = sources.compiler_input(contract)
    made = _compiled(one, answer["contracts"], _variable_names(answer["sources"]))
    _keep(sources, compiler_version(sources), one, made)


def _keep(sources: Sources, version: str, one: CompilerInput, made: Compiled) -> None:
    document = {
        "init_code": made.init_code.hex(),
        "runtime": made.runtime.hex(),
        "immutables": [
            [each.name, [[place.start, place.stop] for place in each.places]]
            for each in made.immutables
        ],
    }
    # Without room for it, it is made again next time.
    with suppress(OSError):
        write_atomically(_place(sources, version, one), json.dumps(document))


def _place(sources: Sources, version: str, one: CompilerInput) -> Path:
    name = hashlib.sha256(f"{version} {one.identifier} {one.digest}".encode()).hexdigest()
    return sources.root / KEPT / f"{name}.json"


def _compile(sources: Sources, version: str, one: CompilerInput) -> Compiled:
    path, name = one.identifier.split(":")
    selection = {"*": {"": ["ast"]}, path: {name: list(COMPARED)}}
    settings = {**one.document["settings"], "outputSelection": selection}
    document = {**one.document, "settings": settings}
    answer = json.loads(_run(sources, ["--standard-json"], json.dumps(document)))
    problems = [e for e in answer.get("errors", []) if e["severity"] == "error"]
    if problems:
        raise DokkaebiError("compile_failed", problem=problems[0]["formattedMessage"].strip())
    made = _compiled(one, answer["contracts"], _variable_names(answer["sources"]))
    _keep(sources, version, one, made)
    return made


def _run(sources: Sources, options: list[str], stdin: str) -> str:
    """Runs the compiler that Brownie uses, where it finds no source but those it is given."""
    binary = sources.root / ".solcx" / f"solc-v{sources.version}"
    try:
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run(
                [str(binary.absolute()), *options],
                input=stdin,
                cwd=empty,
                capture_output=True,
                encoding="utf-8",
                timeout=COMPILE_SECONDS,
                check=True,
            )
    except (OSError, subprocess.TimeoutExpired):
        raise DokkaebiError("compiler_missing", version=sources.version) from None
    except subprocess.CalledProcessError as problem:
        raise DokkaebiError("compile_failed", problem=problem.stderr.strip()) from None
    return done.stdout


def _compiled(one: CompilerInput, contracts: Any, names: Mapping[str, str]) -> Compiled:
    path, name = one.identifier.split(":")
    code = contracts[path][name]["evm"]
    runtime = code["deployedBytecode"]
    immutables = tuple(
        Immutable(
            names.get(number, number),
            tuple(slice(p["start"], p["start"] + p["length"]) for p in places),
        )
        for number, places in sorted(runtime["immutableReferences"].items())
    )
    return Compiled(
        name,
        bytes.fromhex(code["bytecode"]["object"]),
        bytes.fromhex(runtime["object"]),
        immutables,
    )


def _variable_names(sources: Mapping[str, Any]) -> dict[str, str]:
    """Names of the contracts' variables, by the number that the compiler gives them."""
    return {
        str(node["id"]): str(node["name"])
        for source in sources.values()
        for contract in source["ast"]["nodes"]
        for node in contract.get("nodes", [])
        if node["nodeType"] == "VariableDeclaration"
    }
