"""Faults that could be in the contracts: small changes of the source, found in its syntax tree.

The tools there are cut expressions apart by their text (slither-mutate splits a line at the first
operator, universalmutator knows regular expressions alone) and need a compilation for each mutant.
The compiler's own syntax tree tells exactly what is where and of what type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
OPERATOR = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "/",
    "&": "|",
    "|": "&",
    "<<": ">>",
    ">>": "<<",
    "&&": "||",
    "||": "&&",
}
ASSIGNMENT = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
# Not a fault: shows whether a place is ever reached.
TRAP = "trap"
NUMBER = re.compile(r"uint\d+$")
# What calls and events say and whom they pay: mixed up where the types allow it.
SWAPPABLE = re.compile(r"(address|uint\d+|bytes32|bytes4)( payable)?$")


@dataclass(frozen=True)
class Mutant:
    """One change: `source` becomes `instead` at `start` (bytes) of a file. `statement`: whether it
    is a whole statement. `at`: which of those that read the same in the same function it is."""

    file: str
    function: str
    kind: str
    start: int
    end: int
    source: str
    instead: str
    statement: bool
    at: int = 0

    @property
    def key(self) -> str:
        """Names it without line numbers, which move."""
        text = f"{_flat(self.source)} => {_flat(self.instead) or 'nothing'}"
        return f"{self.function}: {text}" + (f" ({self.at + 1})" if self.at else "")


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def mutants_of(file: str, text: bytes, tree: Any) -> list[Mutant]:
    """All mutants of a source, in the order of their places."""
    finder = _Finder(file, text)
    for contract in tree["nodes"]:
        if contract["nodeType"] != "ContractDefinition":
            continue
        for part in contract["nodes"]:
            if part["nodeType"] == "FunctionDefinition" and part.get("body"):
                finder.function = part["name"] or part["kind"]
                finder.walk(part["body"], None)
    return numbered(finder.found)


def numbered(found: Iterable[Mutant]) -> list[Mutant]:
    """Mutants in the order of their places; of those that read the same, which one each is."""
    seen: dict[str, int] = {}
    ordered = []
    for one in sorted(set(found), key=lambda m: (m.start, m.end, m.kind, m.instead)):
        at = seen[one.key] = seen.get(one.key, -1) + 1
        ordered.append(Mutant(**{**one.__dict__, "at": at}))
    return ordered


class _Finder:
    def __init__(self, file: str, text: bytes) -> None:
        self.file, self.text = file, text
        self.function = ""
        self.found: list[Mutant] = []

    def of(self, node: Any) -> str:
        start, end = place(node)
        return self.text[start:end].decode()

    def add(self, kind: str, node: Any, instead: str, *, statement: bool = False) -> None:
        start, end = place(node)
        if statement:
            # The compiler leaves the semicolon out.
            end = self.text.index(b";", end) + 1
        source = self.text[start:end].decode()
        self.found.append(
            Mutant(self.file, self.function, kind, start, end, source, instead, statement)
        )

    def walk(self, node: Any, parent: Any) -> None:
        if isinstance(node, list):
            for one in node:
                self.walk(one, parent)
        elif isinstance(node, dict) and "nodeType" in node:
            visit = getattr(self, f"on_{node['nodeType']}", None)
            if visit is not None:
                visit(node, parent)
            if node["nodeType"] == "InlineAssembly":
                return
            for key, child in node.items():
                if key not in {"typeDescriptions", "documentation", "leftHandSide", "typeName"}:
                    self.walk(child, node)

    # Places

    def on_Block(self, node: Any, parent: Any) -> None:
        """A trap before the first statement, and after each check that has no other branch: whoever
        comes to all of them has been in every branch, and so in every line."""
        statements = node["statements"]
        for before, one in zip([None, *statements], statements, strict=False):
            checked = before and before["nodeType"] == "IfStatement" and not before.get("falseBody")
            if before is None or checked:
                start, end = place(one)
                words = _flat(self.text[start:end].decode())[:60]
                self.found.append(
                    Mutant(self.file, self.function, TRAP, start, start, words, "trap", True)
                )

    on_UncheckedBlock = on_Block  # noqa: N815 - as the compiler calls it

    # Conditions

    def on_IfStatement(self, node: Any, parent: Any) -> None:
        condition = node["condition"]
        if not node.get("falseBody") and _reverts(node["trueBody"]):
            self.add("removed check", condition, "false")
        else:
            self.add("condition", condition, "true")
            self.add("condition", condition, "false")

    def on_Conditional(self, node: Any, parent: Any) -> None:
        self.add("condition", node["condition"], "true")
        self.add("condition", node["condition"], "false")

    # Operators

    def on_BinaryOperation(self, node: Any, parent: Any) -> None:
        if _constant(node):
            return
        left, right = self.of(node["leftExpression"]), self.of(node["rightExpression"])
        operator = node["operator"]
        if operator in BOUNDARY:
            self.add("boundary", node, f"{left} {BOUNDARY[operator]} {right}")
        elif operator in OPERATOR:
            self.add("operator", node, f"({left}) {OPERATOR[operator]} ({right})")
        if operator in {"&&", "||"}:
            self.add("removed check", node["leftExpression"], _neutral(operator))
            self.add("removed check", node["rightExpression"], _neutral(operator))

    def on_UnaryOperation(self, node: Any, parent: Any) -> None:
        if node["operator"] == "!":
            self.add("operator", node, self.of(node["subExpression"]))

    # Numbers

    def on_Literal(self, node: Any, parent: Any) -> None:
        if node["kind"] != "number" or node.get("subdenomination") or parent is None:
            return
        kind = _number_type(parent)
        if kind is None:
            return
        value = int(node["value"].replace("_", ""), 0)
        for other in {value + 1, max(value - 1, 0)} - {value}:
            self.add("number", node, f"{kind}({other})")

    def on_Identifier(self, node: Any, parent: Any) -> None:
        constant = re.fullmatch(r"[A-Z][A-Z0-9_]+", node["name"])
        if constant and node["typeDescriptions"]["typeString"] == "uint256":
            self.add("constant", node, f"{node['name']} + 1")

    # Effects

    def on_ExpressionStatement(self, node: Any, parent: Any) -> None:
        if parent and parent.get("loopExpression") is node:
            return
        self.add("dropped effect", node, "", statement=True)
        inner = node["expression"]
        if inner["nodeType"] == "Assignment" and inner["operator"] in ASSIGNMENT:
            left, right = self.of(inner["leftHandSide"]), self.of(inner["rightHandSide"])
            for other in (ASSIGNMENT[inner["operator"]], "="):
                self.add("operator", node, f"{left} {other} {right};", statement=True)

    def on_EmitStatement(self, node: Any, parent: Any) -> None:
        self.add("dropped effect", node, "", statement=True)
        self._swap(node, node["eventCall"], statement=True)

    def on_FunctionCall(self, node: Any, parent: Any) -> None:
        if node["kind"] != "functionCall" or parent is None:
            return
        if parent["nodeType"] in {"EmitStatement", "RevertStatement"}:
            return
        if parent["nodeType"] == "ExpressionStatement":
            self._swap(parent, node, statement=True)
        elif SWAPPABLE.match(node["typeDescriptions"]["typeString"] or ""):
            self._swap(node, node, statement=False)

    def _swap(self, whole: Any, call: Any, *, statement: bool) -> None:
        """Two neighbours of one type among a call's arguments change places."""
        arguments = call["arguments"]
        for left, right in pairwise(arguments):
            kinds = {_kind(left), _kind(right)}
            if len(kinds) != 1 or not SWAPPABLE.match(kinds.pop()):
                continue
            if self.of(left) == self.of(right):
                continue
            begin, _ = place(whole)
            _, end = place(whole)
            (l0, l1), (r0, r1) = place(left), place(right)
            text = self.text
            parts = (text[begin:l0], text[r0:r1], text[l1:r0], text[l0:l1], text[r1:end])
            instead = b"".join(parts).decode()
            self.add("swapped", whole, instead + ";" * statement, statement=statement)

    def on_Return(self, node: Any, parent: Any) -> None:
        value = node.get("expression")
        if value is None:
            return
        kind = value["typeDescriptions"]["typeString"] or ""
        if kind == "bool":
            self.add("return", value, f"!({self.of(value)})")
        elif kind.startswith("uint") and self.of(value) != "0":
            self.add("return", value, f"{kind}(0)")

    def on_InlineAssembly(self, node: Any, parent: Any) -> None:
        for literal in _yul_literals(node["AST"]):
            self.add("assembly", literal, f"add({self.of(literal)}, 0x20)")


def place(node: Any) -> tuple[int, int]:
    """First byte, and the one behind the last."""
    start, length, _ = node["src"].split(":")
    return int(start), int(start) + int(length)


def _kind(node: Any) -> str:
    return (node["typeDescriptions"]["typeString"] or "").removeprefix("contract ")


def _constant(node: Any) -> bool:
    """Made of literals alone: the compiler computes it."""
    return (node["typeDescriptions"]["typeString"] or "").startswith(
        ("int_const", "rational_const")
    )


def _number_type(parent: Any) -> str | None:
    """The type that a number takes on beside what it is compared or computed with."""
    if parent["nodeType"] == "BinaryOperation" and not _constant(parent):
        kinds = [_kind(parent[f"{side}Expression"]) for side in ("left", "right")]
        return next((kind for kind in kinds if NUMBER.match(kind)), None)
    if parent["nodeType"] in {"Assignment", "Conditional", "VariableDeclarationStatement"}:
        return "uint256"
    if parent["nodeType"] == "Return" or parent.get("kind") == "functionCall":
        return "uint256"
    return None


def _neutral(operator: str) -> str:
    return "true" if operator == "&&" else "false"


def _reverts(body: Any) -> bool:
    statements = body["statements"] if body["nodeType"] == "Block" else [body]
    return len(statements) == 1 and statements[0]["nodeType"] == "RevertStatement"


def _yul_literals(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _yul_literals(one)
    elif isinstance(node, dict):
        if node.get("nodeType") == "YulLiteral" and node.get("kind") == "number":
            yield node
        for key, child in node.items():
            if key not in {"src", "nativeSrc"}:
                yield from _yul_literals(child)
