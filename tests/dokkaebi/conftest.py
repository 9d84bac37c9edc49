"""One node a session with the suite on it; every test starts from the same chain."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.keys import TEST_ADDRESSES, open_key
from dokkaebi.chain.node import CHAIN_IDS, start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import Suite
from dokkaebi.cli import run
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.texts import set_language

# Who is who, among the node's accounts.
OPERATOR, CREATOR, BUYER, STRANGER, REFERRER, TREASURY, GUARDIAN = [
    "test:0",
    "test:1",
    "test:2",
    "test:3",
    "test:4",
    "test:5",
    "test:6",
]
DAY = 86_400
# The fastest one; what depends on a node is tried on each (`start_node` in tests), the demo and
# Brownie's scripts run on Ganache. `TEST_NODE=ganache` runs these and the browser's there too.
NODE = os.environ.get("TEST_NODE", "anvil")
# Commands that sign nothing take no key.
READING = ("verify", "show")


def address(key: str) -> str:
    """The address of a `test:N` key."""
    return TEST_ADDRESSES["test"][int(key.removeprefix("test:"))]


def mine_at_once(chain: Chain, *, on: bool) -> None:
    """Whether each transaction gets a block at once, or waits for one."""
    if chain.chain_id == CHAIN_IDS["ganache"]:
        chain.raw("miner_start" if on else "miner_stop")
    else:
        chain.raw("evm_setAutomine", [on])


def put_code(chain: Chain, account: str, code: bytes) -> None:
    """Gives an account other code."""
    ganache = chain.chain_id == CHAIN_IDS["ganache"]
    chain.raw("evm_setAccountCode" if ganache else "anvil_setCode", [account, "0x" + code.hex()])
    assert chain.code(account) == code


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No setting of whoever runs the tests counts; files land in the test's own folder."""
    for name in os.environ:
        if name.startswith("DOKKAEBI_") or name in {"LC_ALL", "LC_MESSAGES", "LANG"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DOKKAEBI_DOCUMENTS", str(tmp_path / "documents"))
    monkeypatch.chdir(tmp_path)
    set_language(None)
    yield
    set_language(None)


@pytest.fixture(scope="session")
def chain() -> Iterator[Chain]:
    with start_node(NODE) as running:
        yield connect(running.url)


@pytest.fixture(scope="session")
def manifest_file(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deploy_suite(chain, tmp_path_factory.mktemp("deployment"))


def deploy_suite(chain: Chain, folder: Path) -> Path:
    """The suite, deployed by OPERATOR; TREASURY gets what the reward pool leaves of the fees."""
    path = folder / f"{chain.chain_id}.json"
    spec = load_market_spec().with_fee_recipient(address(TREASURY))
    spec = spec.with_guardian(address(GUARDIAN))
    deploy_market(
        chain, open_key(OPERATOR, chain.chain_id), spec, network="tests", manifest_path=path
    )
    return path


@dataclass(frozen=True)
class Answer:
    """What a command did: its exit code, what it said, its object where `--json` was asked."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Market:
    """The deployed suite, and the command line on it."""

    def __init__(self, chain: Chain, manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
        from dokkaebi.chain.manifest import load_manifest

        self.chain = chain
        self.manifest = manifest
        self.suite = Suite.open(chain, load_manifest(manifest))
        self._capsys = capsys

    def say(self, *words: object, key: str | None = CREATOR) -> Answer:
        """Runs a command as people type it."""
        options = ["--rpc", self.chain.url, "--manifest", str(self.manifest)]
        if key is not None and words[0] not in READING:
            options += ["--key", key]
        return self.bare(*words, *options)

    def bare(self, *words: object) -> Answer:
        """Runs a command with no option but its own."""
        self._capsys.readouterr()
        code = run([str(word) for word in words])
        said = self._capsys.readouterr()
        return Answer(code, said.out, said.err)

    def do(self, *words: object, key: str | None = CREATOR) -> Any:
        """Runs a command with `--json` that must succeed; its object."""
        answer = self.say(*words, "--json", key=key)
        assert answer.code == 0, answer
        return answer.json

    def error(self, *words: object, key: str | None = CREATOR) -> str:
        """Runs a command that must fail; its error's key. Checks the sentence in both languages."""
        answer = self.say(*words, "--json", key=key)
        assert answer.code == 2, answer
        key_of_error = str(answer.json["error"])
        assert answer.err == ""
        for lang, letter in (("en", "[a-z]"), ("ko", "[가-힣]")):
            plain = self.say(*words, "--lang", lang, key=key)
            assert plain.code == 2
            assert key_of_error not in plain.err
            assert "{" not in plain.err
            assert re.search(letter, plain.err), plain.err
            assert "Traceback" not in plain.err
        return key_of_error

    def publish(self, path: Path, *options: object, key: str = CREATOR) -> str:
        """Registers a file; the creation's CID."""
        return str(self.do("publish", path, *options, key=key)["creations"][0]["cid"])

    def pass_days(self, days: float) -> None:
        """Moves the chain's clock."""
        self.chain.raw("evm_increaseTime", [int(days * DAY)])
        self.chain.raw("evm_mine")

    def send(self, key: str, to: str, data: str = "0x", value: int = 0) -> dict[str, Any]:
        """Sends a transaction beside the command line."""
        sender = Sender(self.chain, open_key(key, self.chain.chain_id))
        return sender.transact(to, data, value)

    def give_tokens(self, key: str, amount: int) -> None:
        """Gives an account community tokens of the operator's."""
        token = self.suite.token
        self.send(OPERATOR, token.address, token.encode("transfer", address(key), amount))


@pytest.fixture
def market(
    chain: Chain, manifest_file: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Market]:
    snapshot = chain.raw("evm_snapshot")
    yield Market(chain, manifest_file, capsys)
    chain.raw("evm_revert", [snapshot])


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A small picture."""
    path = tmp_path / "pot.svg"
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg'><circle r='9'/></svg>", "utf-8")
    return path
