"""Settings: flag, environment, `.env`, `dokkaebi.toml`, default; the first one wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from dokkaebi.config import DEFAULT_RPC, load_settings, project_root
from dokkaebi.errors import DokkaebiError


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOKKAEBI_DOCUMENTS", raising=False)


@pytest.mark.usefixtures("bare")
def test_defaults() -> None:
    settings = load_settings()
    assert settings.rpc == DEFAULT_RPC
    assert settings.key is None
    assert settings.manifest_path(5) == project_root() / "deployments" / "5.json"
    assert settings.database_place(5) == project_root() / "var" / "ledger-5.sqlite3"
    assert settings.documents == project_root() / "documents"


def test_each_place_is_outranked_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    (tmp_path / "dokkaebi.toml").write_text('rpc = "http://file"')
    assert load_settings().rpc == "http://file"
    (below / ".env").write_text("DOKKAEBI_RPC=http://dotenv")
    assert load_settings().rpc == "http://dotenv"
    monkeypatch.setenv("DOKKAEBI_RPC", "http://environment")
    assert load_settings().rpc == "http://environment"
    assert load_settings(rpc="http://flag").rpc == "http://flag"


def test_paths_are_meant_from_where_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    (tmp_path / "dokkaebi.toml").write_text('manifest = "m.json"\nkey = "maker.json"')
    settings = load_settings(database=Path("d.sqlite3"))
    assert settings.manifest == tmp_path / "m.json"
    assert settings.key == str(tmp_path / "maker.json")
    assert settings.database == below / "d.sqlite3"
    assert load_settings(key="env:MAKER").key == "env:MAKER"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("rpc = ", "config_unreadable"),
        ('rcp = "http://x"', "config_name_unknown"),
        ("rpc = 8545", "config_not_text"),
        ('lang = "fr"', "language_unknown"),
    ],
)
def test_malformed_file_is_refused(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "dokkaebi.toml").write_text(text)
    with pytest.raises(DokkaebiError) as caught:
        load_settings()
    assert caught.value.key == key
    assert key not in str(caught.value)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dokkaebi.toml").write_bytes(b"rpc = '\xff'")
    with pytest.raises(DokkaebiError) as caught:
        load_settings()
    assert caught.value.key == "config_unreadable"
