"""Keys from keystores, the environment and the well-known phrases, and their refusals."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from dokkaebi.chain.keys import (
    TEST_ADDRESSES,
    TEST_PHRASES,
    name_of_test_key,
    new_keystore,
    open_key,
)
from dokkaebi.errors import DokkaebiError

OWN = "0x" + "7b" * 32
SEPOLIA = 11_155_111


def refusal(*arguments: Any, **options: Any) -> str:
    with pytest.raises(DokkaebiError) as caught:
        open_key(*arguments, **options)
    assert OWN[2:] not in str(caught.value)
    assert OWN[2:] not in str(caught.value.details)
    return caught.value.key


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "maker.json"
    # Few rounds: only the format is tried here.
    path.write_text(json.dumps(Account.encrypt(OWN, "right password", iterations=2)))
    return path


@pytest.mark.parametrize("kind", TEST_PHRASES)
def test_frozen_test_addresses_are_those_of_the_phrases(kind: str) -> None:
    for number in (0, 1, 19):
        account = open_key(f"{kind}:{number}", 1337)
        assert account.address == TEST_ADDRESSES[kind][number]
        assert name_of_test_key(account.address.lower()) == f"{kind}:{number}"
    assert len(set(TEST_ADDRESSES[kind])) == 20


@pytest.mark.parametrize("reference", ["test:20", "test:x", "ganache:-1", "test:١"])
def test_unknown_test_key_is_refused(reference: str) -> None:
    assert refusal(reference, 1337) == "key_number_unknown"


@pytest.mark.parametrize("chain_id", [1, SEPOLIA, 1338])
def test_test_key_is_refused_on_a_chain_that_is_not_local(chain_id: int) -> None:
    assert refusal("test:1", chain_id) == "key_is_public"


def test_test_key_is_refused_however_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKER", "0x" + open_key("ganache:7", 1337).key.hex())
    assert open_key("env:MAKER", 31337).address == TEST_ADDRESSES["ganache"][7]
    assert refusal("env:MAKER", SEPOLIA) == "key_is_public"


def test_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKER", OWN)
    assert open_key("env:MAKER", SEPOLIA).address == Account.from_key(OWN).address


def test_key_comes_from_a_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MAKER={OWN}\n")
    assert open_key("env:MAKER", SEPOLIA).address == Account.from_key(OWN).address


@pytest.mark.parametrize(
    ("value", "key"),
    [
        *(
            ("", "key_variable_empty"),
            ("12", "key_variable_wrong"),
            ("00" * 32, "key_variable_wrong"),
        ),
        *((OWN[:-1], "key_variable_wrong"), (OWN + "0", "key_variable_wrong")),
    ],
)
def test_variable_without_a_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, key: str
) -> None:
    monkeypatch.setenv("MAKER", value)
    assert refusal("env:MAKER", 1337) == key


def test_key_written_into_the_command_is_refused() -> None:
    assert refusal(OWN, 1337) == "key_in_the_open"
    assert refusal(f"some/folder/{OWN}", 1337) == "key_in_the_open"


def test_keystore_opens_with_a_password_file(keystore: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("right password\n")
    assert open_key(str(keystore), SEPOLIA, password).address == Account.from_key(OWN).address


def test_keystore_opens_with_a_password_from_environment_or_prompt(
    keystore: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_key(str(keystore), SEPOLIA, ask_password=lambda path: "right password")
    monkeypatch.setenv("DOKKAEBI_PASSWORD", "right password")
    assert open_key(str(keystore), SEPOLIA)


def test_keystore_refuses_a_wrong_password(keystore: Path) -> None:
    wrong = refusal(str(keystore), 1337, ask_password=lambda path: "wrong")
    assert wrong == "keystore_password_wrong"


def test_keystore_without_a_password_is_refused(keystore: Path, tmp_path: Path) -> None:
    assert refusal(str(keystore), 1337) == "password_missing"
    assert refusal(str(keystore), 1337, tmp_path / "none") == "password_file_unreadable"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "keystore_missing"),
        ("{", "keystore_unreadable"),
        ("[]", "keystore_malformed"),
        ('{"version": 3}', "keystore_malformed"),
        ('{"version": 3, "crypto": {}}', "keystore_malformed"),
        ('{"version": 3, "crypto": {"kdf": "x", "cipher": "y"}}', "keystore_malformed"),
    ],
)
def test_file_that_is_no_keystore_is_refused(tmp_path: Path, text: str | None, key: str) -> None:
    path = tmp_path / "some.json"
    if text is not None:
        path.write_text(text)
    assert refusal(str(path), 1337, ask_password=lambda path: "any") == key


def test_new_keystore_opens_again_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "new.json"
    asked: list[bool] = []

    def ask(again: bool) -> str:
        asked.append(again)
        return "long enough"

    address = new_keystore(path, None, ask)
    assert asked == [False, True]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_key(str(path), SEPOLIA, ask_password=lambda path: "long enough").address == address


def test_new_keystore_refuses_what_would_be_regretted(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    answers = iter(["one password", "another one"])
    for ask, key in (
        (lambda again: next(answers), "passwords_differ"),
        (lambda again: "short", "password_too_short"),
    ):
        with pytest.raises(DokkaebiError) as caught:
            new_keystore(path, None, ask)
        assert caught.value.key == key
        assert not path.exists()
    path.write_text("something")
    with pytest.raises(DokkaebiError) as caught:
        new_keystore(path, None, lambda again: "long enough")
    assert caught.value.key == "key_file_exists"
    assert path.read_text() == "something"
