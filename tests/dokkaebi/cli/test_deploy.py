"""`dokkaebi deploy …` as people type it: what it says, its exit codes, its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.node import start_node
from dokkaebi.cli import run
from dokkaebi.deploy.spec import load_market_spec
from tests.dokkaebi.conftest import OPERATOR, STRANGER, address


class Shell:
    """The command line on an Anvil of its own, with files in a folder."""

    def __init__(self, url: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._options = ["--rpc", url, "--manifest", str(folder / "manifest.json")]
        self._capsys = capsys

    def __call__(self, *words: str, key: str | None = OPERATOR, code: int = 0) -> str:
        signs = ["--key", key] if key else []
        assert run(["deploy", *words, *self._options, *signs, "--lang", "en"]) == code
        said = self._capsys.readouterr()
        return said.out + said.err

    def json(self, *words: str, key: str | None = OPERATOR, code: int = 0) -> Any:
        return json.loads(self(*words, "--json", key=key, code=code))


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with start_node("anvil") as node:
        yield Shell(node.url, tmp_path, capsys)


def test_init_takes_fields_and_refuses_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "market.toml"
    assert run(["deploy", "init", str(path), "--set", "token.symbol=POT", "--lang", "en"]) == 0
    assert "Look through it" in capsys.readouterr().out
    assert load_market_spec(path).token_symbol == "POT"
    assert run(["deploy", "init", str(path), "--lang", "en"]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    for wrong in ("token.colour=red", "token.symbol"):
        assert run(["deploy", "init", str(path), "--set", wrong, "--lang", "en"]) == 2
        assert "token.name" in capsys.readouterr().err


def test_a_plan_needs_no_key_and_names_what_apply_does(shell: Shell) -> None:
    plan = shell.json("plan", "--deployer", address(OPERATOR), key=None)
    assert not list(shell.folder.glob("manifest*"))
    done = shell.json("apply", plan["digest"])
    places = {step["contract"]: step["address"] for step in plan["plan"]["steps"]}
    for name, contract in done["contracts"].items():
        assert contract["address"] == places[name]
    assert shell("apply").startswith("The market of")


def test_a_plan_of_somebody_else_is_not_carried_out(shell: Shell) -> None:
    plan = shell.json("plan", "--deployer", address(STRANGER), key=None)
    assert "no longer the one" in shell("apply", plan["digest"], code=2)
    assert shell.json("apply", plan["digest"], code=2)["error"] == "plan_differs"


def test_status_tells_nothing_begun_from_all_well(shell: Shell) -> None:
    states = {one["state"] for one in shell.json("status", key=None)["findings"]}
    assert states == {"skipped"}
    shell("apply")
    told = shell.json("status", key=None)
    assert told["well"]
    assert {one["state"] for one in told["findings"]} == {"good"}


def test_an_audit_finds_what_the_deployer_still_holds(shell: Shell) -> None:
    shell("apply")
    said = shell("audit", "--output", str(shell.folder / "proof.json"), key=None, code=1)
    assert "✗" in said
    assert "still holds what the lines with ✗ say" in said
    assert not json.loads((shell.folder / "proof.json").read_text("utf-8"))["clean"]
    assert "holds no power" in shell("audit", "--who", address(STRANGER), key=None)


def test_a_hand_over_to_a_person_is_refused(shell: Shell) -> None:
    shell("apply")
    assert "has no code" in shell("handover", address(STRANGER), code=2)
    assert "multisig or a timelock" in shell("handover", code=2)


def test_smoke_says_that_money_goes_round(shell: Shell) -> None:
    shell("apply")
    assert "Money goes round" in shell("smoke")


def test_sources_are_exported_without_compiling(shell: Shell) -> None:
    shell("apply")
    folder = shell.folder / "sources"
    assert str(folder) in shell("verify", "--export", str(folder), key=None)
    assert (folder / "index.json").is_file()
    assert "Known are: sourcify" in shell("verify", "--service", "elsewhere", key=None, code=2)
