"""What the compiler made: ABIs and creation code, as `brownie compile` leaves them in `build/`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.chain.suite import COMPILED
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError


@dataclass(frozen=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: list[dict[str, Any]]
    init_code: bytes
    runtime_size: int

    @property
    def constructor_inputs(self) -> list[dict[str, Any]]:
        """The constructor's parameters, as in the ABI."""
        return next(list(e["inputs"]) for e in self.abi if e["type"] == "constructor")


def load_artifact(name: str, build: Path | None = None) -> Artifact:
    """Reads one contract's artifact; `build` is the folder that Brownie writes."""
    path = (build or project_root() / "build") / "contracts" / f"{name}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        init_code = bytes.fromhex(document["bytecode"])
        runtime_size = len(document["deployedBytecode"]) // 2
        return Artifact(name, document["abi"], init_code, runtime_size)
    except FileNotFoundError:
        raise DokkaebiError("artifact_missing", contract=name, path=str(path)) from None
    except (OSError, ValueError, KeyError) as problem:
        raise DokkaebiError(
            "artifact_unreadable", contract=name, path=str(path), problem=str(problem)
        ) from None


def load_suite(build: Path | None = None) -> dict[str, Artifact]:
    """Reads the artifacts of every contract that can be deployed, by name."""
    return {name: load_artifact(name, build) for name in COMPILED}
