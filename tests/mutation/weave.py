"""All mutants of a file in one contract, switched on one at a time by the block's `coinbase`.

Compiling takes half a minute. So a file's mutants are compiled together: where the source says `a <
b`, the woven one says `(coinbase is 17 ? a <= b : a < b)`. The contracts themselves don't read it.

Woven to be looked at, it asks for the coins of an account instead that has none: `(account 17 is
rich ? …)`. Nothing is ever switched on, and of whatever was executed, calls that failed and views
included, a node can tell which accounts it had to look at: that's which mutants' places it came to.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.deploy.sources import Sources
from tests.mutation.mutants import TRAP, Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
SERVER = Path(__file__).parent / "solc_server.cjs"
# Accounts that nobody has, one for each mutant.
ACCOUNTS = 0xD0CCAEB1 << 64
ACCOUNTS_MOST = 10**6


class Compiler:
    """A compiler that stays loaded. Used with `with`."""

    def __enter__(self) -> Compiler:
        self._process = subprocess.Popen(
            ["node", "--stack-size=30000", str(SERVER)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def __call__(self, document: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(document) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@dataclass(frozen=True)
class Woven:
    """Contracts with mutants inside: artifacts by name, and the mutants by their numbers."""

    artifacts: dict[str, Any]
    mutants: dict[int, Mutant]
    dropped: tuple[Mutant, ...]


def find(compiler: Compiler, sources: Sources, contract: str) -> dict[str, list[Mutant]]:
    """The mutants of a deployed contract's own sources, by file."""
    document = dict(sources.compiler_input(contract).document)
    document["settings"] = {**document["settings"], "outputSelection": {"*": {"": ["ast"]}}}
    answer = compiler(document)
    return {
        path: mutants_of(path, document["sources"][path]["content"].encode(), made["ast"])
        for path, made in answer["sources"].items()
        if path.startswith("contracts/")
    }


def numbers_in(addresses: Iterable[str]) -> set[int]:
    """Of which mutants these accounts tell, among all that were looked at."""
    numbers = {int(address, 16) - ACCOUNTS for address in addresses}
    return {number for number in numbers if 0 <= number < ACCOUNTS_MOST}


def weave(
    compiler: Compiler,
    sources: Sources,
    contracts: Iterable[str],
    mutants: Mapping[int, Mutant],
    *,
    to_be_looked_at: bool = False,
) -> Woven:
    """Compiles contracts with mutants inside, by their numbers; those that don't compile are
    dropped."""
    numbered = dict(mutants)
    dropped: list[Mutant] = []
    artifacts: dict[str, Any] = {}
    waiting = list(contracts)
    while waiting:
        contract = waiting[-1]
        answer, texts = _compile(compiler, sources, contract, numbered, to_be_looked_at)
        wrong = _to_blame(answer.get("errors", []), texts)
        if wrong is None:
            artifacts[contract] = _artifact(answer, contract)
            waiting.pop()
            continue
        for number in wrong:
            dropped.append(numbered.pop(number))
        # All have to hold the same mutants.
        artifacts, waiting = {}, list(contracts)
    return Woven(artifacts, numbered, tuple(dropped))


def _compile(
    compiler: Compiler, sources: Sources, contract: str, mutants: dict[int, Mutant], looked_at: bool
) -> tuple[Any, dict[str, bytes]]:
    made = sources.compiler_input(contract)
    path, name = made.identifier.split(":")
    texts = {}
    for place, source in made.document["sources"].items():
        here = {n: m for n, m in mutants.items() if m.file == place}
        text = source["content"].encode()
        if place.startswith(("contracts/", "interfaces/")):
            # The switch reads the block. Both words are as long, so nothing moves.
            text = text.replace(b" pure", b" view")
        texts[place] = _woven(text, here, looked_at).replace(
            b"assembly {", b'assembly ("memory-safe") {'
        )
    selection = {path: {name: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}}
    settings = {**made.document["settings"], "outputSelection": selection}
    settings["optimizer"] = {
        "enabled": True,
        "runs": 1,
        "details": {"yul": True, "yulDetails": {"stackAllocation": True, "optimizerSteps": "u:u"}},
    }
    given = {place: {"content": text.decode()} for place, text in texts.items()}
    return compiler({"language": "Solidity", "sources": given, "settings": settings}), texts


def _woven(text: bytes, mutants: dict[int, Mutant], looked_at: bool) -> bytes:
    """The text with each mutant beside what it would replace."""
    places: dict[tuple[int, int, bool], list[int]] = {}
    for number, one in mutants.items():
        places.setdefault((one.start, one.end, one.statement), []).append(number)
    # Outer ones first, and a statement before the expression that it consists of.
    order = sorted(places, key=lambda p: (p[0], -p[1], not p[2]))

    def render(start: int, end: int, inside: list[tuple[int, int, bool]]) -> bytes:
        parts, at = [], start
        while inside:
            first, *rest = inside
            within = [p for p in rest if p[1] <= first[1]]
            inside = [p for p in rest if p[1] > first[1]]
            parts.append(text[at : first[0]])
            parts.append(wrap(first, render(first[0], first[1], within)))
            at = first[1]
        parts.append(text[at:end])
        return b"".join(parts)

    def wrap(at: tuple[int, int, bool], plain: bytes) -> bytes:
        numbers = [mutants[n] for n in places[at] if mutants[n].kind == "number"]
        if numbers:
            # A bare literal would take the smallest type that holds it.
            plain = numbers[0].instead.split("(")[0].encode() + b"(" + plain + b")"
        for number in places[at]:
            one = mutants[number]
            instead, account = one.instead.encode(), ACCOUNTS + number
            on, bit = f"block.coinbase == address({number})", f"eq(coinbase(), {number})"
            if looked_at:
                on, bit = f"address(uint160({account})).balance != 0", f"balance({account})"
            mark = f"/*m{number}*/".encode()
            if one.kind == TRAP:
                plain += b"%bif (%b) { revert(); }%b " % (mark, on.encode(), mark)
            elif one.kind == "assembly":
                added = f"add({one.source}, mul(0x20, {bit}))"
                plain = mark + added.encode() + mark
            elif one.statement:
                plain = b"%bif (%b) { %b } else { %b }%b" % (
                    mark,
                    on.encode(),
                    instead,
                    plain,
                    mark,
                )
            else:
                plain = b"%b(%b ? %b : %b)%b" % (mark, on.encode(), instead, plain, mark)
        return plain

    return render(0, len(text), order)


def _to_blame(errors: Sequence[Any], texts: dict[str, bytes]) -> set[int] | None:
    """The mutants at which the compiler found errors; None if it found none."""
    wrong = [error for error in errors if error["severity"] == "error"]
    if not wrong:
        return None
    found: set[int] = set()
    for error in wrong:
        where = error.get("sourceLocation") or {}
        text = texts.get(where.get("file", ""), b"")
        found |= _marks(text, where.get("start", -1), where.get("end", -1))
    if not found:
        raise RuntimeError(wrong[0]["formattedMessage"])
    return found


def _marks(text: bytes, start: int, end: int) -> set[int]:
    """The innermost mutant around a place, or else those inside it."""
    around, inside = [], set()
    position = 0
    opened: dict[int, int] = {}
    while (position := text.find(b"/*m", position)) >= 0:
        number = int(text[position + 3 : text.find(b"*/", position)])
        if number in opened:
            first = opened.pop(number)
            if first <= start and end <= position + 3:
                around.append((position - first, number))
            elif start <= first and position <= end:
                inside.add(number)
        else:
            opened[number] = position
        position += 3
    return {min(around)[1]} if around else inside


def _artifact(answer: Any, contract: str) -> Any:
    for contracts in answer["contracts"].values():
        made = contracts.get(contract)
        if made and made["evm"]["bytecode"]["object"]:
            return {
                "contractName": contract,
                "abi": made["abi"],
                "bytecode": made["evm"]["bytecode"]["object"],
                "deployedBytecode": made["evm"]["deployedBytecode"]["object"],
            }
    raise RuntimeError(f"no code of {contract}")
