"""Nobody gets a power unseen: the tables of `deploy/powers.py` against the compiler's account."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.crypto import keccak

from dokkaebi.chain.suite import COMPILED, load_abi
from dokkaebi.deploy import powers
from tests.house.test_layout import ROOT

MODULES = ROOT / "node_modules"


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    """Syntax trees and storage layouts of the deployed contracts, of the sources as they are."""
    names = [f"contracts/{name}.sol" for name in COMPILED]
    sources = {name: {"content": (ROOT / name).read_text("utf-8")} for name in names}
    question = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "remappings": [
                "@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/",
                "solady/=node_modules/solady/src/",
            ],
            "outputSelection": {"*": {"": ["ast"], "*": ["storageLayout"]}},
        },
    }
    solc = ["node", "tools/solc.cjs", "--standard-json", "--allow-paths", str(MODULES.resolve())]
    answer = subprocess.run(
        solc, cwd=ROOT, input=json.dumps(question), capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    assert not [e for e in found.get("errors", ()) if e["severity"] == "error"]
    return found


def variables(compiled: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state variable of a contract, inherited too, with the contract that declares it."""
    trees = [source["ast"] for source in compiled["sources"].values()]
    contracts = {
        node["id"]: node
        for tree in trees
        for node in tree["nodes"]
        if node["nodeType"] == "ContractDefinition"
    }
    (whole,) = (c for c in contracts.values() if c["name"] == name)
    for base in whole["linearizedBaseContracts"]:
        for node in contracts[base]["nodes"]:
            if node["nodeType"] == "VariableDeclaration":
                yield contracts[base]["name"], node


def test_every_variable_is_classified(compiled: dict[str, Any]) -> None:
    seen: dict[str, set[str]] = {}
    for name in COMPILED:
        for owner, node in variables(compiled, name):
            if node["mutability"] != "constant":
                seen.setdefault(owner, set()).add(node["name"])
    assert seen == {owner: set(table) for owner, table in powers.STATE.items()}
    kinds = {kind for table in powers.STATE.values() for kind in table.values()}
    assert kinds <= {powers.POWER, powers.MONEY, powers.RECORD, powers.NONE}


def test_constants_name_nobody(compiled: dict[str, Any]) -> None:
    """Constants need no class, but one that is an account would be somebody's power."""
    named = {
        (owner, node["name"])
        for name in COMPILED
        for owner, node in variables(compiled, name)
        if node["mutability"] == "constant"
        and node["typeDescriptions"]["typeString"].startswith(("address", "contract"))
    }
    assert named == {("Till", "COIN")}


def test_powers_are_read_where_the_compiler_put_them(compiled: dict[str, Any]) -> None:
    wanted: dict[str, dict[str, int]] = {}
    for name in COMPILED:
        layout = compiled["contracts"][f"contracts/{name}.sol"][name]["storageLayout"]["storage"]
        slots = {word["label"]: (int(word["slot"]), word["offset"]) for word in layout}
        for owner, node in variables(compiled, name):
            power = powers.STATE.get(owner, {}).get(node["name"]) == powers.POWER
            if power and node["mutability"] == "mutable":
                slot, offset = slots[node["name"]]
                assert offset == 0, "read as a whole word"
                wanted.setdefault(name, {})[node["name"]] = slot
    assert wanted == powers.SLOTS


@pytest.mark.parametrize("name", COMPILED)
def test_every_function_is_classified(name: str) -> None:
    writing = [powers.shape_of(e) for e in load_abi(name) if powers.changes_something(e)]
    assert len(set(writing)) == len(writing), "two functions look the same"
    assert set(writing) == powers.FUNCTIONS[name].keys()


def test_proxy_slots_are_erc1967s() -> None:
    for name, slot in powers.PROXY_SLOTS.items():
        assert int(slot, 16) == int.from_bytes(keccak(text=f"eip1967.proxy.{name}"), "big") - 1


def test_no_contract_takes_calls_that_no_function_knows() -> None:
    for name in COMPILED:
        assert {e["type"] for e in load_abi(name)} <= {"function", "event", "error", "constructor"}
