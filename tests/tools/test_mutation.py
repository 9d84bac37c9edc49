"""The mutants of `make mutate`: they are in the code, off until asked for; each does something."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyrevm import EVM, BlockEnv, Env

from dokkaebi.deploy.sources import Sources
from tests.lane.abi import Function, keccak
from tests.mutation.mutants import Mutant
from tests.mutation.weave import Compiler, Woven, find, weave

ROOT = Path(__file__).resolve().parents[2]
FILE = "contracts/Specimen.sol"
SPECIMEN = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;
contract Specimen {
    uint256 private constant MOST = 100;
    uint256 public paid;
    mapping(address payee => uint256 sum) public sums;
    event Paid(address from, address to, uint256 sum);
    error Sum_TooHigh(uint256 seen, uint256 most);
    function pay(address from, address to, uint256 sum) external returns (uint256) {
        if (sum > MOST) revert Sum_TooHigh(sum, MOST);
        paid += sum;
        sums[to] = sum == 0 ? 7 : sum;
        emit Paid(from, to, sum);
        return _next(sum);
    }
    function _next(uint256 sum) private pure returns (uint256 next) {
        assembly {
            next := add(sum, 1)
        }
    }
}
"""
SENDER, FROM, TO = (f"0x{digit * 40}" for digit in "123")


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


@pytest.fixture(scope="module")
def mutants_and_code(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Mutant], Woven]:
    project = tmp_path_factory.mktemp("specimen")
    shutil.copy(ROOT / "brownie-config.yaml", project)
    (project / FILE).parent.mkdir()
    (project / FILE).write_text(SPECIMEN, "utf-8")
    sources = Sources(project)
    with Compiler() as compiler:
        mutants = find(compiler, sources, "Specimen")[FILE]
        return mutants, weave(compiler, sources, ["Specimen"], mutants)


def seen(woven: Woven, number: int) -> list[Any]:
    """What anybody sees of a specimen in which one mutant is on."""
    env = Env(block=BlockEnv(coinbase=f"0x{number:040x}", number=1, timestamp=1))
    evm = EVM(env=env, spec_id="Shanghai")
    address = evm.deploy(SENDER, bytes.fromhex(woven.artifacts["Specimen"]["bytecode"]))
    call = partial(evm.message_call, SENDER, address)
    address_type, number_type = {"type": "address"}, {"type": "uint256"}
    pay = Function({"name": "pay", "inputs": [address_type, address_type, number_type]})
    found: list[Any] = []
    for sum_ in (0, 1, 2, 99, 100, 101, 102):
        try:
            found.append(call(calldata=pay(FROM, TO, sum_)))
            found.append([(log.data[0], bytes(log.data[1])) for log in evm.result.logs])
        except RuntimeError as refusal:
            found.append(str(refusal).split("output")[-1])
        found.append(call(calldata=selector("paid()")))
        for who in (FROM, TO):
            found.append(
                call(calldata=selector("sums(address)") + bytes(12) + bytes.fromhex(who[2:]))
            )
    return found


def test_all_kinds_of_faults_are_found(mutants_and_code: tuple[list[Mutant], Woven]) -> None:
    mutants, woven = mutants_and_code
    assert woven.dropped == ()
    assert {(one.kind, one.key) for one in mutants} >= {
        ("removed check", "pay: sum > MOST => false"),
        ("boundary", "pay: sum > MOST => sum >= MOST"),
        ("constant", "pay: MOST => MOST + 1"),
        ("dropped effect", "pay: paid += sum; => nothing"),
        ("operator", "pay: paid += sum; => paid -= sum;"),
        ("condition", "pay: sum == 0 => true"),
        ("number", "pay: 7 => uint256(8)"),
        ("swapped", "pay: emit Paid(from, to, sum); => emit Paid(to, from, sum);"),
        ("return", "pay: _next(sum) => uint256(0)"),
        ("assembly", "_next: 1 => add(1, 0x20)"),
    }
    assert len({one.key for one in mutants}) == len(mutants)


def test_no_mutant_is_on_until_it_is_asked_for(
    mutants_and_code: tuple[list[Mutant], Woven],
) -> None:
    _, woven = mutants_and_code
    plain = seen(woven, 0)
    assert plain[0] == (1).to_bytes(32, "big"), "of a sum of 0, the next"
    assert seen(woven, len(woven.mutants) + 1) == plain


def test_each_mutant_is_noticed(mutants_and_code: tuple[list[Mutant], Woven]) -> None:
    _, woven = mutants_and_code
    plain = seen(woven, 0)
    unnoticed = [one.key for number, one in woven.mutants.items() if seen(woven, number) == plain]
    assert unnoticed == []
