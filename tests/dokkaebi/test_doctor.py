"""The doctor: each line well, ill or not looked at, and what it says then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import load_manifest, save_manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.config import Settings, load_settings
from dokkaebi.doctor import CLOCK_SECONDS, DISK_BYTES, HEAD_SECONDS, Doctor
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import index
from dokkaebi.ledger.store import Identity, open_ledger
from dokkaebi.texts import catalogue
from tests.dokkaebi.conftest import CREATOR, Market

CHECKS = ["python", "compiled", "disk", "node", "head", "evm", "key", "contracts", "ledger"]


@pytest.fixture
def settings(market: Market, tmp_path: Path) -> Settings:
    return replace(
        load_settings(rpc=market.chain.url, key=CREATOR),
        manifest=market.manifest,
        database=tmp_path / "ledger.sqlite3",
    )


def look(settings: Settings, **more: Any) -> dict[str, Any]:
    def key(chain_id: int) -> Any:
        return open_key(str(settings.key), chain_id)

    return {one.name: one for one in Doctor(settings, key, **more).look()}


def test_all_is_well(market: Market, settings: Settings) -> None:
    identity = Identity.of(load_manifest(market.manifest))
    with open_ledger(settings.database, identity) as ledger:  # type: ignore[arg-type]
        index(market.chain, identity, ledger)
    found = look(settings)
    assert list(found) == CHECKS
    assert {one.state for one in found.values()} == {"good"}
    assert found["ledger"].facts["behind"] == 0


def test_without_a_node_the_rest_is_skipped(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dokkaebi.chain.endpoints.WAIT_SECONDS", 0.01)
    found = look(replace(settings, rpc="http://127.0.0.1:9"))
    assert found["node"].state == "bad"
    assert "127.0.0.1:9" in found["node"].facts["problem"]
    for name in ("head", "evm", "key", "contracts", "ledger"):
        assert (found[name].state, found[name].facts) == ("skipped", {"why": "node"})


def test_what_is_not_there_yet_is_no_illness(settings: Settings, tmp_path: Path) -> None:
    found = look(replace(settings, key=None, manifest=tmp_path / "none.json"))
    assert found["key"].facts == {"why": "key"}
    assert found["contracts"].facts == {"why": "manifest"}
    assert look(settings)["ledger"].facts == {"why": "ledger"}


def test_contracts_that_are_others(market: Market, settings: Settings, tmp_path: Path) -> None:
    manifest = load_manifest(market.manifest)
    token = replace(manifest.contracts["CommunityToken"], runtime_code_hash="0x" + "12" * 32)
    path = tmp_path / "m.json"
    contracts = {**manifest.contracts, "CommunityToken": token}
    save_manifest(path, replace(manifest, contracts=contracts))
    found = look(replace(settings, manifest=path))
    assert found["contracts"].state == "bad"
    assert "CommunityToken" in found["contracts"].facts["problem"]


def test_a_key_without_coins(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOR", "0x" + "77" * 32)
    assert look(replace(settings, key="env:POOR"))["key"].state == "bad"


def test_a_key_that_is_none(settings: Settings) -> None:
    found = look(replace(settings, key="env:NOWHERE"))["key"]
    assert found.state == "bad"
    assert "NOWHERE" in found.facts["problem"]


@pytest.mark.parametrize(("free", "state"), [(-1, "bad"), (0, "good"), (1, "good")])
def test_a_disk_without_room(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    import shutil

    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=DISK_BYTES + free))
    assert look(settings)["disk"].state == state


@pytest.mark.parametrize(
    ("age", "state"),
    [
        *((HEAD_SECONDS, "good"), (HEAD_SECONDS + 1, "bad")),
        *((-CLOCK_SECONDS, "good"), (-CLOCK_SECONDS - 1, "bad")),
    ],
)
def test_a_head_that_is_old_or_of_the_future(
    market: Market,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    age: int,
    state: str,
) -> None:
    # As if the chain weren't a local one.
    monkeypatch.setattr("dokkaebi.chain.networks.LOCAL_CHAIN_IDS", frozenset())
    now = int(market.chain.block()["timestamp"], 16) + age
    assert look(replace(settings, key=None), clock=lambda: float(now))["head"].state == state


def test_a_ledger_behind(market: Market, settings: Settings, monkeypatch: Any) -> None:
    identity = Identity.of(load_manifest(market.manifest))
    with open_ledger(settings.database, identity) as ledger:  # type: ignore[arg-type]
        index(market.chain, identity, ledger)
    head = market.chain.block_number
    for more, state in ((20, "good"), (21, "bad")):
        monkeypatch.setattr(Chain, "block_number", head + more)
        assert look(settings)["ledger"].state == state


def test_the_command_says_it_and_ends_with_1_if_something_is_ill(market: Market) -> None:
    answer = market.say("doctor", "--lang", "en", key=None)
    assert answer.code == 0
    assert "✓ Node: " in answer.out
    broken = market.do("doctor", key=None)
    assert [one["check"] for one in broken["findings"]] == CHECKS
    assert broken["well"] is True


def test_every_state_has_a_text() -> None:
    texts = catalogue()
    for name in CHECKS:
        assert f"doctor_{name}" in texts
    for why in ("node", "key", "manifest", "ledger"):
        assert f"doctor_without_{why}" in texts


def test_a_sentence_for_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Callable[..., Any]:
        raise DokkaebiError("artifact_missing", contract="X", path="y")

    monkeypatch.setattr("dokkaebi.deploy.artifacts.load_suite", fail)
    assert look(settings)["compiled"].state == "bad"


def test_the_clock_is_the_machines_own(settings: Settings) -> None:
    assert look(settings, clock=time.time)["head"].state == "good"
