"""What all commands share: help, languages, wrong words, settings, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.cli import run
from dokkaebi.cli import works as works_room
from dokkaebi.cli.output import to_json
from dokkaebi.config import project_root
from dokkaebi.texts import catalogue
from tests.dokkaebi.conftest import CREATOR, Market

COMMANDS = [
    "publish",
    "verify",
    "offer",
    "cancel",
    "buy",
    "fund",
    "ship",
    "confirm",
    "refund",
    "claim-timeout",
    "withdraw",
    "show",
]


def program(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from dokkaebi.cli import main; main()", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", **environment},
        cwd=project_root(),
        check=False,
    )


def test_help_lists_every_command() -> None:
    said = program("--help")
    assert said.returncode == 0
    for name in COMMANDS:
        assert f" {name} " in said.stdout
        assert catalogue()[f"help_{name.replace('-', '_')}"]["en"] in said.stdout


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["--help", "--lang", "ko"], {}),
        (["buy", "--lang=ko", "--help"], {}),
        (["--lang", "ko", "buy", "--help"], {}),
        (["buy", "--help"], {"LANG": "ko_KR.UTF-8"}),
        (["buy", "--help"], {"DOKKAEBI_LANG": "ko", "LANG": "en_US.UTF-8"}),
    ],
)
def test_help_speaks_korean(words: list[str], environment: dict[str, str]) -> None:
    said = program(*words, **environment)
    assert "즉시 거래를 삽니다" in said.stdout
    assert "이 도움말을 보여 주고 끝냅니다" in said.stdout


def test_help_loads_nothing_heavy() -> None:
    heavy = ("web3", "eth_account", "eth_abi", "sqlalchemy", "jinja2", "pygal", "requests")
    code = (
        "import sys; from dokkaebi.cli import run; run(['--help']);"
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_shared_options(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    for option in ("--json", "--rpc", "--manifest", "--lang"):
        assert option in said
    assert ("--dry-run" in said) == ("--key" in said) == (name not in {"show", "verify"})


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["buy"], "OFFER"),
        (["buy", "0x1", "--bla"], "--bla"),
        (["byu"], "byu"),
        (["offer", "--price", "1", "--ship-days", "soon"], "--ship-days"),
        (["offer", "--price", "1", "--expires-days", "-1"], "--expires-days"),
        (["show", "7", "--lang", "fr"], "fr"),
        (["publish"], "FILE"),
    ],
)
def test_wrong_words_are_a_sentence_and_2(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    said = capsys.readouterr()
    assert part in said.err
    assert "--help" in said.err
    assert said.out == ""
    assert run([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "usage_wrong"


def test_no_words_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "publish" in capsys.readouterr().out


def test_settings_come_from_environment_and_file(
    market: Market, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dokkaebi.toml").write_text(
        f'rpc = "{market.chain.url}"\nmanifest = "{market.manifest}"\nlang = "ko"\n'
    )
    monkeypatch.setenv("DOKKAEBI_KEY", CREATOR)
    answer = market.bare("publish", work)
    assert answer.code == 0
    assert "등록했습니다" in answer.out
    assert "is registered" in market.bare("publish", work, "--lang", "en").out
    assert "is registered" in market.bare("--lang", "en", "publish", work).out


@pytest.mark.parametrize(
    ("text", "key"), [("rpc = ", "config_unreadable"), ("speed = 3", "config_name_unknown")]
)
def test_malformed_settings_are_said(market: Market, tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "dokkaebi.toml").write_text(text)
    assert market.error("show", "7") == key


def test_a_fault_of_ours_is_said_without_a_traceback(
    market: Market, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("what nobody foresaw")

    monkeypatch.setattr(works_room, "_check_work", break_down)
    assert market.error("publish", work) == "unexpected"


def test_a_refusing_system_is_said(market: Market, work: Path, tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("a file where a folder should be")
    before = market.chain.block_number
    assert market.error("publish", work) == "system_error"
    assert market.chain.block_number == before


def test_ctrl_c_ends_quietly(market: Market, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(works_room, "_check_work", interrupt)
    answer = market.say("publish", work)
    assert (answer.code, answer.err) == (130, "Stopped.\n")


def test_json_loses_nothing() -> None:
    value = {
        "large": 2**256 - 1,
        "small": 7,
        "bytes": b"\x01",
        "path": Path("a"),
        "none": None,
        "yes": True,
    }
    assert json.loads(to_json(value)) == {
        "large": str(2**256 - 1),
        "small": 7,
        "bytes": "0x01",
        "path": "a",
        "none": None,
        "yes": True,
    }
