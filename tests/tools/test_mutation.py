"""The mutants of `make mutate`: they are in the code, off until asked for; each does something."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyrevm import EVM, BlockEnv, Env

from dokkaebi.deploy.sources import Sources
from tests.lane.abi import Function, keccak
from tests.mutation.mutants import Mutant
from tests.mutation.weave import Compiler, Woven, find, numbers_in, weave

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
KINDS = ("address", "address", "uint256")
PAY = Function({"name": "pay", "inputs": [{"type": kind} for kind in KINDS]})


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


@pytest.fixture(scope="module")
def found_and_woven(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[Mutant], Woven, Woven]:
    """All mutants; the specimen to switch them on in, and the one that is looked at."""
    project = tmp_path_factory.mktemp("specimen")
    shutil.copy(ROOT / "brownie-config.yaml", project)
    (project / FILE).parent.mkdir()
    (project / FILE).write_text(SPECIMEN, "utf-8")
    sources = Sources(project)
    with Compiler() as compiler:
        mutants = find(compiler, sources, "Specimen")[FILE]
        numbered = dict(enumerate(mutants, 1))
        switched, looked_at = (
            weave(compiler, sources, ["Specimen"], numbered, to_be_looked_at=looked_at)
            for looked_at in (False, True)
        )
        return mutants, switched, looked_at


@pytest.fixture
def mutants_and_code(
    found_and_woven: tuple[list[Mutant], Woven, Woven],
) -> tuple[list[Mutant], Woven]:
    return found_and_woven[:2]


def seen(woven: Woven, number: int) -> list[Any]:
    """What anybody sees of a specimen in which one mutant is on."""
    env = Env(block=BlockEnv(coinbase=f"0x{number:040x}", number=1, timestamp=1))
    evm = EVM(env=env, spec_id="Shanghai")
    address = evm.deploy(SENDER, bytes.fromhex(woven.artifacts["Specimen"]["bytecode"]))
    call = partial(evm.message_call, SENDER, address)
    found: list[Any] = []
    for sum_ in (0, 1, 2, 99, 100, 101, 102):
        try:
            found.append(call(calldata=PAY(FROM, TO, sum_)))
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


def places(woven: Woven, sum_: int) -> set[str]:
    """Which mutants' places a payment comes to."""
    evm = EVM(env=Env(block=BlockEnv(number=1, timestamp=1)), spec_id="Shanghai")
    address = evm.deploy(SENDER, bytes.fromhex(woven.artifacts["Specimen"]["bytecode"]))
    with suppress(RuntimeError):
        evm.message_call(SENDER, address, calldata=PAY(FROM, TO, sum_))
    return {woven.mutants[number].key for number in numbers_in(evm.db_accounts)}


def test_places_are_told_that_were_come_to(
    found_and_woven: tuple[list[Mutant], Woven, Woven],
) -> None:
    *_, woven = found_and_woven
    check, effect, seven = (
        f"pay: {one}"
        for one in ("sum > MOST => false", "paid += sum; => nothing", "7 => uint256(8)")
    )
    zero, some, refused = (places(woven, sum_) for sum_ in (0, 100, 101))
    # Of a call that failed too.
    assert check in refused & some & zero
    assert {effect, "_next: 1 => add(1, 0x20)"} <= some & zero
    assert effect not in refused
    assert [seven in one for one in (zero, some, refused)] == [True, False, False]
    assert zero | some | refused == {one.key for one in woven.mutants.values()}
