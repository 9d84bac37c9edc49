"""A deployed market compared with its sources: all is well, and whatever isn't is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import Manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COMPILED, DESK, SUITE, Suite
from dokkaebi.deploy import deploy_desk
from dokkaebi.deploy.artifacts import load_suite
from dokkaebi.deploy.plan import keccak_text
from dokkaebi.deploy.sources import Compiled, Sources, recompile
from dokkaebi.deploy.verify import (
    BAD,
    GOOD,
    SKIPPED,
    Finding,
    export_inputs,
    first_difference,
    metadata_size,
    verify_offline,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t
from tests.dokkaebi.conftest import OPERATOR, STRANGER, Market, address, put_code
from tests.dokkaebi.deploy.test_sources import CONFIG, copy_of_the_project, edit

CHECKS = ("input", "build", "creation", "address", "runtime", "immutables")
MARKET = "EscrowMarket"


@pytest.fixture(scope="module")
def compiled() -> Mapping[str, Compiled]:
    """All contracts, compiled once."""
    return recompile(COMPILED)


class Verifier:
    """Looks at single contracts of the deployed market, after something has been changed."""

    def __init__(self, market: Market, compiled: Mapping[str, Compiled]) -> None:
        self.chain: Chain = market.chain
        self.manifest: Manifest = market.suite.manifest
        self.compiled = compiled

    def look(self, name: str = MARKET, **changes: Any) -> dict[str, Finding]:
        """The findings of one contract, by check; `changes`: of its entry in the manifest."""
        deployment = replace(self.manifest.contracts[name], **changes)
        manifest = replace(self.manifest, contracts={name: deployment})
        found = verify_offline(self.chain, manifest, compiled=self.compiled)
        for finding in found:
            for lang in ("en", "ko"):
                said = t(finding.name, lang, **finding.facts)
                assert "{" not in said
                assert finding.name not in said
                assert (
                    t(f"verify_{finding.facts['check']}", lang)
                    != f"verify_{finding.facts['check']}"
                )
        return {finding.facts["check"]: finding for finding in found}

    def code(self, name: str = MARKET) -> bytes:
        return self.chain.code(self.manifest.address(name))

    def put(self, code: bytes, name: str = MARKET) -> None:
        put_code(self.chain, self.manifest.address(name), code)

    def place(self, variable: str, name: str = MARKET) -> slice:
        immutables = {one.name: one.places for one in self.compiled[name].immutables}
        return immutables[variable][-1]


@pytest.fixture
def verifier(market: Market, compiled: Mapping[str, Compiled]) -> Verifier:
    return Verifier(market, compiled)


def bad(findings: Mapping[str, Finding]) -> set[str]:
    return {check for check, finding in findings.items() if finding.state == BAD}


def flipped(code: bytes, at: int) -> bytes:
    return code[:at] + bytes([code[at] ^ 1]) + code[at + 1 :]


def with_desks(market: Market) -> Manifest:
    suite = market.suite
    for extra in (b"", b"court 1"):
        manifest = deploy_desk(
            open_key(OPERATOR, market.chain.chain_id),
            suite,
            arbitrator=suite.token.address,
            extra_data=extra,
            meta_evidence=bytes(range(32)),
        )
        suite = Suite.open(market.chain, manifest)
    return suite.manifest


def test_a_market_and_its_desks_are_what_the_sources_say(
    market: Market, compiled: Mapping[str, Compiled]
) -> None:
    manifest = with_desks(market)
    told: list[str] = []
    found = verify_offline(
        market.chain,
        manifest,
        lambda key, values: told.append(str(values["contract"])),
        None,
        compiled,
    )
    names = [*SUITE, DESK, f"{DESK} 2"]
    assert [(f.facts["contract"], f.facts["check"]) for f in found] == [
        (n, c) for n in names for c in CHECKS
    ]
    assert {finding.state for finding in found} == {GOOD}
    assert told == names
    keys = {
        finding.facts["contract"]: finding.name
        for finding in found
        if finding.facts["check"] == "address"
    }
    assert keys[MARKET] == "verify_address_good"
    assert keys[f"{DESK} 2"] == "verify_address_created"


def test_only_what_depends_on_the_address_is_computed(verifier: Verifier) -> None:
    for name in (MARKET, "CreationRegistry", "CommunityToken"):
        computed = verifier.look(name)["immutables"].facts["computed"]
        assert set(str(computed).split(", ")) == {"_cachedDomainSeparator", "_cachedThis"}, name


def test_masking_without_the_compiler_finds_all_immutables(
    verifier: Verifier, compiled: Mapping[str, Compiled]
) -> None:
    for name, artifact in load_suite().items():
        ones = bytes([255]) * len(artifact.runtime)
        assert artifact.masked(ones) == compiled[name].masked(ones)
        assert compiled[name].masked(ones) != ones
        if name in SUITE:
            code = verifier.code(name)
            assert artifact.masked(code) == artifact.runtime != code


@pytest.mark.parametrize("where", ["first", "middle", "last of the code"])
def test_a_changed_byte_of_code_is_found(verifier: Verifier, where: str) -> None:
    code = verifier.code()
    places = {"first": 0, "middle": 11_000, "last of the code": len(code) - metadata_size(code) - 1}
    at = places[where]
    verifier.put(flipped(code, at))
    found = verifier.look()
    assert bad(found) == {"runtime"}
    assert found["runtime"].name == "verify_runtime_bad"
    assert found["runtime"].facts["at"] == at


def test_another_metadata_hash_is_told_from_other_code(verifier: Verifier) -> None:
    code = verifier.code()
    verifier.put(flipped(code, len(code) - metadata_size(code)))
    assert verifier.look()["runtime"].name == "verify_runtime_metadata"


def test_code_of_another_length_is_found(verifier: Verifier) -> None:
    code = verifier.code()
    verifier.put(code[:-1])
    found = verifier.look()
    assert bad(found) == {"runtime", "immutables"}
    assert found["runtime"].facts["at"] == len(code) - 1
    verifier.put(code + b"\0")
    assert bad(verifier.look()) == {"runtime", "immutables"}


@pytest.mark.parametrize(
    "variable",
    [
        "FEE_BPS",
        "FEE_RECIPIENT",
        "REGISTRY",
        "_cachedNameHash",
        "_cachedThis",
        "_cachedDomainSeparator",
    ],
)
def test_a_changed_immutable_is_found(verifier: Verifier, variable: str) -> None:
    forged = flipped(verifier.code(), verifier.place(variable).stop - 1)
    verifier.put(forged)
    assert verifier.look()["runtime"].name == "verify_runtime_recorded"
    # Whoever forges the code can forge the manifest as well.
    found = verifier.look(runtime_code_hash=keccak_text(forged))
    assert bad(found) == {"immutables"}
    assert found["immutables"].facts["variable"] == variable


@pytest.mark.parametrize(
    ("argument", "value"),
    [("feeBps", "101"), ("feeRecipient", address(STRANGER)), ("registry", address(OPERATOR))],
)
def test_a_changed_argument_is_found(verifier: Verifier, argument: str, value: str) -> None:
    arguments = {**verifier.manifest.contracts[MARKET].constructor_arguments, argument: value}
    found = verifier.look(constructor_arguments=arguments)
    assert bad(found) == {"creation", "address", "immutables"}
    # The registry of that one has no code, so its constructor refuses.
    refused = argument == "registry"
    assert (found["immutables"].name == "verify_immutables_refused") is refused


@pytest.mark.parametrize("arguments", [{}, {"feeBps": "1"}, {"name_": 3, "symbol_": 3}])
def test_arguments_that_are_not_the_constructors_are_refused(
    verifier: Verifier, arguments: dict[str, Any]
) -> None:
    with pytest.raises(DokkaebiError) as caught:
        verifier.look(constructor_arguments=arguments)
    assert caught.value.key == "verify_arguments_wrong"


def test_an_argument_out_of_range_is_refused(verifier: Verifier) -> None:
    before = verifier.manifest.contracts[MARKET].constructor_arguments
    for value in ("-1", str(2**256), "ten"):
        with pytest.raises(DokkaebiError) as caught:
            verifier.look(constructor_arguments={**before, "feeBps": value})
        assert caught.value.key == "verify_arguments_wrong"


def test_other_hashes_in_the_manifest_are_found(verifier: Verifier) -> None:
    other = "0x" + 64 * "1"
    assert bad(verifier.look(init_code_hash=other)) == {"creation"}
    assert bad(verifier.look(runtime_code_hash=other)) == {"runtime"}
    assert bad(verifier.look(runtime_masked_hash=other)) == {"runtime"}
    assert bad(verifier.look(compiler_input_hash=other)) == {"input"}


def test_another_transaction_is_found(verifier: Verifier) -> None:
    other = verifier.manifest.contracts["AuctionHouse"].transaction_hash
    assert bad(verifier.look(transaction_hash=other)) == {"address"}
    found = verifier.look(transaction_hash="0x" + 64 * "1")
    assert bad(found) == set()
    assert found["address"].state == SKIPPED


def test_what_an_old_manifest_does_not_record_is_skipped(verifier: Verifier) -> None:
    found = verifier.look(compiler_input_hash="", runtime_masked_hash="")
    assert bad(found) == set()
    assert found["input"].state == SKIPPED


def test_a_manifest_of_another_chain_is_refused(
    verifier: Verifier, compiled: Mapping[str, Compiled]
) -> None:
    for other in ({"chain_id": 1}, {"genesis_hash": "0x" + 64 * "1"}):
        with pytest.raises(DokkaebiError) as caught:
            verify_offline(verifier.chain, replace(verifier.manifest, **other), compiled=compiled)
        assert caught.value.key == "verify_other_chain"


def comment(root: Path) -> None:
    edit(root / "contracts" / f"{DESK}.sol", "pragma solidity", "// Hello.\npragma solidity")


def optimizer(root: Path) -> None:
    edit(root / CONFIG, "runs: 1000000", "runs: 1")


@pytest.mark.parametrize(
    ("change", "key"),
    [(comment, "verify_runtime_metadata"), (optimizer, "verify_runtime_bad")],
)
def test_other_sources_or_settings_are_found(
    market: Market, tmp_path: Path, change: Callable[[Path], None], key: str
) -> None:
    manifest = with_desks(market)
    manifest = replace(manifest, contracts={DESK: manifest.contracts[DESK]})
    change(copy_of_the_project(tmp_path))
    found = {f.facts["check"]: f for f in verify_offline(market.chain, manifest, root=tmp_path)}
    assert {"input", "build", "creation", "address", "runtime"} <= bad(found)
    assert found["runtime"].name == key
    with pytest.raises(DokkaebiError) as caught:
        export_inputs(manifest, tmp_path / "out", tmp_path)
    assert caught.value.key == "verify_sources_differ"
    assert not (tmp_path / "out").exists()


def test_inputs_are_exported(market: Market, tmp_path: Path) -> None:
    manifest = with_desks(market)
    folder = tmp_path / "new" / "folder"
    paths = export_inputs(manifest, folder)
    assert sorted(paths) == sorted(folder.iterdir())
    assert paths[-1].name == "index.json"
    index = json.loads(paths[-1].read_text("utf-8"))
    assert index["compiler"] == manifest.compiler != ""
    assert index["chain_id"] == manifest.chain_id
    suite = load_suite()
    assert list(index["contracts"]) == [*SUITE, DESK, f"{DESK} 2"]
    for name, entry in index["contracts"].items():
        deployment, contract = manifest.contracts[name], name.split()[0]
        text = (folder / entry["input"]).read_bytes()
        assert "0x" + hashlib.sha256(text).hexdigest() == deployment.compiler_input_hash
        assert entry["input_sha256"] == deployment.compiler_input_hash
        assert entry["identifier"] == f"contracts/{contract}.sol:{contract}"
        assert f"contracts/{contract}.sol" in json.loads(text)["sources"]
        init_code = suite[contract].init_code + bytes.fromhex(entry["constructor_arguments"])
        assert keccak_text(init_code) == deployment.init_code_hash
        assert entry["address"] == deployment.address


def test_a_deployment_records_what_it_was_made_of(market: Market) -> None:
    manifest = with_desks(market)
    assert len(manifest.commit.removesuffix("+changes")) == 40
    suite = load_suite()
    for name, deployment in manifest.contracts.items():
        artifact = suite[name.split()[0]]
        assert manifest.compiler == artifact.compiler
        assert deployment.compiler_input_hash == Sources().compiler_input(name).digest
        assert deployment.runtime_masked_hash == keccak_text(artifact.runtime)
        assert deployment.verification == {}


def test_the_first_difference_is_said() -> None:
    assert first_difference(b"abc", b"abd") == 2
    assert first_difference(b"abc", b"ab") == 2
    assert first_difference(b"", b"ab") == 0
    assert first_difference(b"xbc", b"abd") == 0
