"""`docs/operate.md`, command by command, as an operator types it: a copy of the project, a key of
its own, a chain that calls itself Sepolia, a multisig, a service that takes sources."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.suite import SUITE
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.sources import KEPT
from dokkaebi.deploy.spec import load_market_spec
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, address
from tests.dokkaebi.deploy.explorers import Explorer, start_explorer

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "operate.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
SEPOLIA = 11_155_111
# Made before any test runs; everything else is run here.
SET_UP = "make setup\n"


def test_the_korean_guide_has_the_same_commands() -> None:
    korean = (ROOT / "docs" / "operate.ko.md").read_text("utf-8")
    assert re.findall(r"^```sh\n(.*?)^```$", korean, re.MULTILINE | re.DOTALL) == BLOCKS
    for text in (GUIDE, korean):
        assert len(re.findall(r"^## ", text, re.MULTILINE)) == 8
        assert len(re.findall(r"^\| ", text, re.MULTILINE)) == 17


class Operator:
    """A shell in a copy of the project, where `…` is replaced by what is known by then."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.known: dict[str, str] = {}
        self._state = folder / "state.sh"
        self._home = folder / "home"
        self._home.mkdir()
        _copy_project(self.project)
        self._state.touch()

    def run(self, block: str) -> str:
        """Runs the commands of a block, each of which has to succeed; what they said."""
        given = re.sub(
            r'export (\w+)="[^"]*…"', lambda m: f'export {m[1]}="{self.known[m[1]]}"', block
        )
        assert "…" not in given
        script = f'set -euo pipefail\n. "{self._state}"\n{given}\nexport -p > "{self._state}"\n'
        environment = {
            "HOME": str(self._home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.project),
            "DOKKAEBI_LANG": "en",
        }
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{given}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _copy_project(target: Path) -> None:
    """What git would clone, what isn't committed yet included; what was fetched is linked."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    shutil.copytree(ROOT / "build", target / "build", symlinks=True)
    (ROOT / KEPT).mkdir(parents=True, exist_ok=True)
    (target / KEPT).parent.mkdir(exist_ok=True)
    for name in (".venv", "node_modules", ".solcx", KEPT):
        (target / name).symlink_to(ROOT / name)


@pytest.fixture
def chain() -> Iterator[Chain]:
    with start_node("anvil", chain_id=SEPOLIA) as node:
        yield connect(node.url)


@pytest.fixture
def explorer() -> Iterator[Explorer]:
    with start_explorer() as running:
        running.chain = SEPOLIA
        yield running


def new_multisig(chain: Chain) -> str:
    """A multisig of two members, made by somebody else."""
    artifact = load_artifact("MockMultisig")
    members = [address(CREATOR), address(BUYER)]
    data = artifact.init_code + encode(["address[]", "uint256"], [members, 2])
    fields = {"from": address(STRANGER), "data": "0x" + data.hex()}
    return str(send(chain, fields)["contractAddress"])


def send(chain: Chain, fields: dict[str, str]) -> dict[str, Any]:
    """Sends from one of the node's own accounts, and waits for the block."""
    transaction = chain.raw("eth_sendTransaction", [fields])
    for _ in range(100):
        if (receipt := chain.receipt(transaction)) is not None:
            return receipt
        time.sleep(0.1)
    raise AssertionError("no block")


def accept(chain: Chain, multisig: str, said: str) -> None:
    """Both members confirm the calls that the command told."""
    from eth_utils.crypto import keccak

    calls = re.findall(r"has to call (0x\w{40}) with (0x[0-9a-f]+)", said)
    assert calls
    for to, data in calls:
        arguments = encode(["address", "bytes"], [to, bytes.fromhex(data[2:])])
        call = "0x" + (keccak(text="execute(address,bytes)")[:4] + arguments).hex()
        for member in (CREATOR, BUYER):
            send(chain, {"from": address(member), "to": multisig, "data": call})


def test_every_command_of_the_guide(chain: Chain, explorer: Explorer, tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    password = tmp_path / "password"
    password.write_text("correct horse battery", "utf-8")
    multisig = new_multisig(chain)
    operator.known = {
        "DOKKAEBI_RPC": chain.url,
        "DOKKAEBI_PASSWORD_FILE": str(password),
        "MULTISIG": multisig,
        "GUARDIAN": address(STRANGER),
        "VERIFIER": explorer.url,
    }
    blocks = iter(BLOCKS)
    first = next(blocks)
    assert first.startswith(SET_UP)
    operator.run(first.removeprefix(SET_UP))

    made = operator.run(next(blocks))
    (who,) = re.findall(r"0x[0-9a-fA-F]{40}", made)
    chain.raw("anvil_setBalance", [who, hex(10**18)])
    assert "✗" not in operator.run(next(blocks))

    operator.run(next(blocks))
    spec = load_market_spec(operator.project / "market.toml")
    assert (spec.token_name, spec.fee_recipient.lower()) == ("Potters' Coin", multisig.lower())

    plan, rest = next(blocks).split("export DIGEST", 1)
    (operator.known["DIGEST"],) = re.findall(r"apply ([0-9a-f]{64})", operator.run(plan))
    operator.run("export DIGEST" + rest)
    said = operator.run(next(blocks))
    assert "✗" not in said
    assert (operator.project / "deployments" / f"{SEPOLIA}.json").is_file()
    assert str(SEPOLIA) in (operator.project / "frontend-abi" / "addresses.ts").read_text("utf-8")

    said = operator.run(next(blocks))
    assert "✗" not in said
    assert said.count("✓") >= 30
    assert len(explorer.posts()) == len(SUITE)
    assert "Money goes round" in operator.run(next(blocks))

    offered = operator.run(next(blocks))
    assert list((operator.project / "var" / "handover").glob("*.json"))
    accept(chain, multisig, offered)
    said = operator.run(next(blocks))
    assert "holds no power over this market" in said
    assert (operator.project / "var" / "proof.json").is_file()

    said = operator.run(next(blocks))
    assert "✗" not in said
    assert next(blocks, None) is None
