"""The manifest: written whole, read strictly, compared with the chain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain import manifest as room
from dokkaebi.chain.manifest import Manifest, load_manifest, save_manifest, write_atomically
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from dokkaebi.chain.suite import MARKETS, Suite
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.conftest import BUYER, NODE, Market, address


def refusal(market: Market, manifest: Manifest) -> str:
    with pytest.raises(DokkaebiError) as caught:
        Suite.open(market.chain, manifest)
    assert str(caught.value) != caught.value.key
    return caught.value.key


def with_contract(manifest: Manifest, name: str, **changes: Any) -> Manifest:
    changed = replace(manifest.contracts[name], **changes)
    return replace(manifest, contracts={**manifest.contracts, name: changed})


def test_manifest_comes_back_as_it_was_saved(market: Market, tmp_path: Path) -> None:
    manifest = market.suite.manifest
    path = tmp_path / "new" / "1337.json"
    save_manifest(path, manifest)
    assert load_manifest(path) == manifest
    assert list(json.loads(path.read_text()))[:2] == ["schema", "chain_id"]
    assert [p.name for p in path.parent.iterdir()] == ["1337.json"]


def test_suite_opens(market: Market) -> None:
    suite = market.suite
    assert [market.name for market in suite.markets] == list(MARKETS)
    for market in suite.markets:
        assert market.call("REGISTRY") == suite.registry.address
        assert suite.market(market.name) is market
    assert suite.token.call("symbol") == "DKB"


def test_manifest_of_another_chain_is_refused(market: Market) -> None:
    assert refusal(market, replace(market.suite.manifest, chain_id=1)) == "manifest_other_chain"


def test_manifest_of_a_chain_begun_anew_is_refused(market: Market) -> None:
    other = replace(market.suite.manifest, genesis_hash="0x" + 64 * "1")
    assert refusal(market, other) == "manifest_other_genesis"


def test_contract_that_is_not_there_is_refused(market: Market) -> None:
    manifest = with_contract(market.suite.manifest, "EscrowMarket", address=address(BUYER))
    assert refusal(market, manifest) == "contract_missing"


def test_contract_with_other_code_is_refused(market: Market) -> None:
    token = market.suite.token.address
    manifest = with_contract(market.suite.manifest, "EscrowMarket", address=token)
    assert refusal(market, manifest) == "contract_other_code"


def test_manifest_without_a_contract_is_refused(market: Market) -> None:
    assert refusal(market, replace(market.suite.manifest, contracts={})) == (
        "manifest_contract_missing"
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "manifest_missing"),
        ("{", "manifest_unreadable"),
        ("[]", "manifest_malformed"),
        ("null", "manifest_malformed"),
        ("{}", "manifest_malformed"),
    ],
)
def test_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str | None, key: str) -> None:
    path = tmp_path / "1.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DokkaebiError) as caught:
        load_manifest(path)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 0),
        ("schema", 3),
        ("chain_id", "1337"),
        ("chain_id", True),
        ("first_block", -1),
        ("deployer", "0x12"),
        ("genesis_hash", "0x" + 64 * "g"),
        ("contracts", []),
    ],
)
def test_manifest_with_a_wrong_field_is_refused(
    market: Market, tmp_path: Path, field: str, value: object
) -> None:
    document = json.loads(market.manifest.read_text())
    document[field] = value
    path = tmp_path / "1.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DokkaebiError) as caught:
        load_manifest(path)
    assert caught.value.key == "manifest_malformed"


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")

    def fail(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(room.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_another_chain_with_the_same_id_is_told_apart(market: Market) -> None:
    with start_node(NODE) as node:
        chain = connect(node.url)
        assert chain.chain_id == market.chain.chain_id
        with pytest.raises(DokkaebiError) as caught:
            Suite.open(chain, market.suite.manifest)
    assert caught.value.key in {"manifest_other_genesis", "contract_missing"}
