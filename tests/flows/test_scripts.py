"""`brownie run …` on chains that Brownie starts, and on one that runs already."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dokkaebi.chain.node import Node, start_node
from dokkaebi.chain.suite import SUITE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """An environment whose manifest and documents are the test's own."""
    return {
        **os.environ,
        "DOKKAEBI_MANIFEST": str(tmp_path / "deployment.json"),
        "DOKKAEBI_DOCUMENTS": str(tmp_path / "documents"),
        "DOKKAEBI_LANG": "en",
    }


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with start_node("ganache") as running:
        yield running


def brownie(settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv" / "bin" / "brownie"), "run", *words]
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=240, check=False
    )


def test_deploy_on_a_fresh_ganache(settings: dict[str, str]) -> None:
    done = brownie(settings, "deploy", "--network", "development")
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads(Path(settings["DOKKAEBI_MANIFEST"]).read_text("utf-8"))
    assert manifest["chain_id"] == 1337
    assert tuple(manifest["contracts"]) == SUITE


def test_deploy_on_a_fresh_anvil(settings: dict[str, str]) -> None:
    done = brownie(settings, "deploy", "--network", "anvil")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(Path(settings["DOKKAEBI_MANIFEST"]).read_text("utf-8"))["chain_id"] == 31337


def test_deploy_register_offer_buy_on_a_running_chain(
    settings: dict[str, str], node: Node, tmp_path: Path
) -> None:
    settings["DOKKAEBI_RPC_LOCAL"] = node.url
    work = tmp_path / "pot.txt"
    shutil.copy(ROOT / "README.md", work)
    for words in (["deploy"], ["register", "main", str(work), "Pot"]):
        done = brownie(settings, *words, "--network", "local")
        assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = [p for p in Path(settings["DOKKAEBI_DOCUMENTS"]).iterdir() if p.name != "registry"]

    done = brownie(settings, "offer", "main", folder.name, "0.5", "--network", "local")
    assert done.returncode == 0, done.stdout + done.stderr
    words = done.stdout.replace(".", " ").replace(",", " ").split()
    *_, offer_id = [word for word in words if word.startswith("0x") and len(word) == 66]

    settings["DOKKAEBI_KEY"] = "test:3"
    done = brownie(settings, "buy", "main", offer_id, "--network", "local")
    assert done.returncode == 0, done.stdout + done.stderr
    done = brownie(settings, "buy", "main", offer_id, "--network", "local")
    assert done.returncode != 0


def test_register_on_a_fresh_chain_deploys_a_market_first(
    settings: dict[str, str], tmp_path: Path
) -> None:
    work = tmp_path / "pot.txt"
    work.write_text("a pot")
    done = brownie(settings, "register", "main", str(work), "--network", "development")
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path(settings["DOKKAEBI_MANIFEST"]).is_file()


def test_each_step_of_a_deployment_by_brownie(settings: dict[str, str], node: Node) -> None:
    settings["DOKKAEBI_RPC_LOCAL"] = node.url
    said = brownie(settings, "deploy", "plan", "--network", "local")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "dokkaebi deploy apply " in said.stdout
    for step in ("apply", "status"):
        done = brownie(settings, "deploy", step, "--network", "local")
        assert done.returncode == 0, done.stdout + done.stderr
    # The deployer holds everything yet.
    assert brownie(settings, "deploy", "audit", "--network", "local").returncode != 0
