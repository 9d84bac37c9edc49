"""What is said and written by commands that go well and by those that don't: never a key, never a
password, never what a node's address hides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from dokkaebi.chain.sender import Sender
from dokkaebi.cli import run
from tests.dokkaebi.chain.fake_node import error, fake_node, passed_on
from tests.dokkaebi.conftest import Answer

KEY = "7d" * 16 + "3b" * 16
PASSWORD = "a password nobody guesses"
USER_PASSWORD = "userpassword99"
TOKEN = "f00dtoken5ecret" * 2
SECRETS = (KEY, PASSWORD, USER_PASSWORD, TOKEN)

Say = Callable[..., Answer]


def with_token(url: str) -> str:
    """The same node, at an address as providers give it."""
    return url.replace("://", f"://user:{USER_PASSWORD}@") + f"/v3/{TOKEN}?apikey={TOKEN}"


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A node with coins for KEY."""
    with start_node("anvil") as running:
        sender = Sender(connect(running.url), open_key("test:0", 31337))
        sender.transact(Account.from_key(KEY).address, "0x", 10**20)
        yield running.url


@pytest.fixture(scope="module")
def node(plain: str) -> Iterator[str]:
    """The same behind an address that is a secret."""
    with fake_node(lambda method, params: passed_on(plain, method, params)) as url:
        yield with_token(url)


@pytest.fixture
def say(
    tmp_path: Path, node: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Say:
    """Runs a command."""
    (tmp_path / "maker.json").write_text(json.dumps(Account.encrypt(KEY, PASSWORD, iterations=2)))
    (tmp_path / "password").write_text(PASSWORD + "\n")
    monkeypatch.setattr("dokkaebi.chain.endpoints.WAIT_SECONDS", 0.01)
    surroundings = {
        "MAKER": KEY,
        "DOKKAEBI_RPC": node,
        "DOKKAEBI_KEY": "env:MAKER",
        "DOKKAEBI_PASSWORD": PASSWORD,
        "DOKKAEBI_MANIFEST": str(tmp_path / "manifest.json"),
        "DOKKAEBI_DOCUMENTS": str(tmp_path / "documents"),
    }

    def say(*words: str, **variables: str) -> Answer:
        for name, value in {**surroundings, **variables}.items():
            monkeypatch.setenv(name, value)
        code = run(words)
        said = capfd.readouterr()
        return Answer(code, said.out, said.err)

    return say


def keeps_quiet(done: Answer, folder: Path) -> None:
    """No secret in what was said, nor in any file but those that we put there."""
    texts = {"stdout": done.out, "stderr": done.err}
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in {"maker.json", "password"}:
            texts[path.name] = path.read_text(encoding="utf-8", errors="replace")
    for place, text in texts.items():
        for secret in SECRETS:
            assert secret.lower() not in text.lower(), f"{place} tells {secret}: {text}"


@pytest.mark.parametrize("as_json", [(), ("--json",)])
@pytest.mark.parametrize("key", ["env:MAKER", "maker.json"])
def test_a_deployment_that_goes_well(
    say: Say, tmp_path: Path, key: str, as_json: tuple[str, ...]
) -> None:
    # Another market each time: the node is the same.
    salt = ("--salt", f"{key} {as_json}")
    for words in (
        ("deploy", "plan", *salt),
        ("deploy", "apply", *salt),
        ("deploy", "apply", *salt),
        ("deploy", "status"),
        ("doctor",),
    ):
        done = say(*words, *as_json, DOKKAEBI_KEY=key)
        assert done.code in {0, 1}, done
        keeps_quiet(done, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"manifest.json", "manifest.journal"} <= names


FAILURES: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "fee": (("deploy", "apply", "--max-fee", "0.000000001"), {}, "fee_over_ceiling"),
    "password": (
        ("deploy", "plan", "--key", "maker.json"),
        {"DOKKAEBI_PASSWORD": PASSWORD + "!"},
        "keystore_password_wrong",
    ),
    "password file": (
        ("deploy", "plan", "--key", "maker.json"),
        {"DOKKAEBI_PASSWORD_FILE": "none"},
        "password_file_unreadable",
    ),
    "half a key": (("deploy", "plan"), {"MAKER": KEY[:-1]}, "key_variable_wrong"),
    "a key and more": (("deploy", "plan"), {"MAKER": KEY + "00"}, "key_variable_wrong"),
    "a key in the open": (("deploy", "plan", "--key", KEY), {}, "key_in_the_open"),
    "a key as a path": (("deploy", "plan", "--key", f"keys/0x{KEY}"), {}, "key_in_the_open"),
    "a signer's arguments": (
        ("deploy", "plan", "--key", f"command:no-such-program --password '{PASSWORD}'"),
        {},
        "signer_missing",
    ),
    "a signer's quote": (
        ("deploy", "plan", "--key", f"command:signer --password '{PASSWORD}"),
        {},
        "signer_command_wrong",
    ),
    "nobody there": (
        ("deploy", "plan"),
        {"DOKKAEBI_RPC": with_token("http://127.0.0.1:9")},
        "rpc_unreachable",
    ),
    "no address": (
        ("deploy", "plan"),
        {"DOKKAEBI_RPC": with_token("htps://node.example")},
        "rpc_url_wrong",
    ),
    "two addresses": (
        ("deploy", "plan"),
        {"DOKKAEBI_RPC": f"http://127.0.0.1:9,{with_token('https://no de')}"},
        "rpc_unreachable",
    ),
}


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("name", FAILURES)
def test_a_command_that_fails(say: Say, tmp_path: Path, name: str, as_json: bool) -> None:
    words, variables, key = FAILURES[name]
    done = say(*words, *(["--json"] if as_json else []), **variables)
    assert done.code == 2, done
    if as_json:
        assert json.loads(done.out)["error"] == key
    keeps_quiet(done, tmp_path)


@pytest.mark.parametrize(
    ("method", "answer", "status"),
    [
        ("eth_chainId", error(-32000, f"invalid api key {TOKEN}"), 200),
        ("eth_getCode", error(-32000, f"https://x.example/v3/{TOKEN} has no credit"), 200),
        ("eth_getBlockByNumber", b'{"jsonrpc": "2.0", "id": 0, "result": null}', 200),
        ("eth_chainId", f"<html>{TOKEN}</html>".encode(), 200),
        ("eth_chainId", f"no such key {TOKEN}".encode(), 401),
    ],
)
def test_a_node_that_repeats_its_key(
    say: Say, tmp_path: Path, plain: str, method: str, answer: bytes, status: int
) -> None:
    def answers(asked: str, params: list[Any]) -> bytes:
        return answer if asked == method else passed_on(plain, asked, params)

    with fake_node(answers, status) as url:
        for more in ((), ("--json",)):
            for words in (("deploy", "plan"), ("deploy", "apply"), ("doctor",)):
                done = say(*words, *more, DOKKAEBI_RPC=with_token(url))
                # The doctor has no need of some answers.
                assert done.code != 0 or words == ("doctor",), done
                keeps_quiet(done, tmp_path)
