"""What the compiler made: ABIs and creation code, as `brownie compile` leaves them in `build/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.chain.suite import COMPILED
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError


@dataclass(frozen=True)
class Artifact:
    """One compiled contract. Its runtime code has zeros where immutables will be; `compiler` is
    the version that made it, as solc says it."""

    name: str
    abi: list[dict[str, Any]]
    init_code: bytes
    runtime: bytes
    compiler: str

    @property
    def constructor_inputs(self) -> list[dict[str, Any]]:
        """The constructor's parameters, as in the ABI."""
        return next(list(e["inputs"]) for e in self.abi if e["type"] == "constructor")

    def masked(self, code: bytes) -> bytes:
        """Code of this contract with zeros where it has immutables: they are pushed as whole
        words, and no other word of zeros ever is, since PUSH0 does that."""
        pushed = re.finditer(b"\x7f(\0{32})", self.runtime)
        return masked(code, (slice(*found.span(1)) for found in pushed))


def masked(code: bytes, places: Iterable[slice]) -> bytes:
    """Code with zeros at some places."""
    seen = bytearray(code)
    for place in places:
        seen[place] = bytes(len(seen[place]))
    return bytes(seen)


def load_artifact(name: str, build: Path | None = None) -> Artifact:
    """Reads one contract's artifact; `build` is the folder that Brownie writes."""
    path = (build or project_root() / "build") / "contracts" / f"{name}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        init_code = bytes.fromhex(document["bytecode"])
        runtime = bytes.fromhex(document["deployedBytecode"])
        compiler = document["compiler"]["version"]
        return Artifact(name, document["abi"], init_code, runtime, compiler)
    except FileNotFoundError:
        raise DokkaebiError("artifact_missing", contract=name, path=str(path)) from None
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DokkaebiError(
            "artifact_unreadable", contract=name, path=str(path), problem=str(problem)
        ) from None


def load_suite(build: Path | None = None) -> dict[str, Artifact]:
    """Reads the artifacts of every contract that can be deployed, by name."""
    return {name: load_artifact(name, build) for name in COMPILED}
