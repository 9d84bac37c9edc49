"""Faults that could be in the Python that counts money: small changes, found in its syntax tree,
and put into the functions of a running process.

mutmut writes every mutant into a copy of the project and imports it anew; what stands on a chain
and two databases is set up again for each. Here the tests' own process is forked, and a function's
code is exchanged in the fork: all who know the function have the mutant.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from tests.mutation.mutants import BOUNDARY, Mutant, numbered

COMPARED: dict[type, tuple[str, str]] = {
    **{
        kind: (sign, BOUNDARY[sign])
        for kind, sign in (
            (ast.Lt, "<"), (ast.LtE, "<="), (ast.Gt, ">"), (ast.GtE, ">="),
            (ast.Eq, "=="), (ast.NotEq, "!="),
        )
    },
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}  # fmt: skip
COMPUTED: dict[type, str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


def python_mutants(file: str, text: str) -> list[Mutant]:
    """All mutants of a module's functions, in the order of their places."""
    finder = _Finder(file, text)
    finder.scope(ast.parse(text).body, "")
    return numbered(finder.found)


class _Finder(ast.NodeVisitor):
    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text.encode()
        self.lines = [0]
        for line in self.text.split(b"\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.function = ""
        self.found: list[Mutant] = []

    def scope(self, body: list[ast.stmt], name: str) -> None:
        """Functions and methods; what stands outside of them runs once, on import."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                self.scope(node.body, f"{name}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                self.function = f"{name}{node.name}"
                for statement in node.body:
                    self.visit(statement)

    def place(self, node: Any) -> tuple[int, int]:
        """First byte, and the one behind the last."""
        return (
            self.lines[node.lineno - 1] + node.col_offset,
            self.lines[node.end_lineno - 1] + node.end_col_offset,
        )

    def of(self, node: ast.AST) -> str:
        start, end = self.place(node)
        return self.text[start:end].decode()

    def add(self, kind: str, node: ast.AST, instead: str) -> None:
        start, end = self.place(node)
        source = self.text[start:end].decode()
        self.found.append(
            Mutant(self.file, self.function, kind, start, end, source, instead, False)
        )

    def visit(self, node: ast.AST) -> None:
        # Messages and types change no sum.
        if isinstance(node, ast.JoinedStr):
            return
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.visit(node.value)
            return
        super().visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            _, other = COMPARED[type(operator)]
            start, end = self.place(left)[0], self.place(right)[1]
            between = f"{self.of(left)} {other} {self.of(right)}"
            source = self.text[start:end].decode()
            self.found.append(
                Mutant(self.file, self.function, "boundary", start, end, source, between, False)
            )
            left = right
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        other = COMPUTED.get(type(node.op))
        words = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        if other is not None and not words:
            self.add("operator", node, f"({self.of(node.left)} {other} {self.of(node.right)})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        neutral = "True" if isinstance(node.op, ast.And) else "False"
        for value in node.values:
            self.add("removed check", value, neutral)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self.add("operator", node, f"bool({self.of(node.operand)})")
        elif isinstance(node.op, ast.USub):
            self.add("operator", node, self.of(node.operand))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self.add("number", node, str(not node.value))
        elif isinstance(node.value, int):
            for other in (node.value + 1, node.value - 1):
                self.add("number", node, f"({other})")

    def _condition(self, node: ast.If | ast.While | ast.IfExp) -> None:
        self.add("condition", node.test, f"not ({self.of(node.test)})")
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _condition  # noqa: N815 - as ast calls them

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self.add("removed check", test, "True")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in CALLED:
            self.add("call", node.func, CALLED[node.func.id])
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call | ast.Yield):
            self.add("dropped effect", node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.add("dropped effect", node, "pass")
        other = COMPUTED.get(type(node.op))
        if other is not None:
            target, value = self.of(node.target), self.of(node.value)
            self.add("operator", node, f"{target} {other}= {value}")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.add("removed check", node, "pass")


def changed(text: str, one: Mutant) -> str:
    """The module with a mutant in it."""
    raw = text.encode()
    return (raw[: one.start] + one.instead.encode() + raw[one.end :]).decode()


def switch_on(module: Any, text: str, one: Mutant) -> bool:
    """Exchanges the code of the function that the mutant is in; whether that was possible."""
    try:
        code = compile(changed(text, one), module.__file__, "exec")
    except (SyntaxError, ValueError):
        return False
    wanted = next((c for c in _codes(code) if c.co_qualname == one.function), None)
    if wanted is None:
        return False
    found = False
    # All there are: of cached and decorated ones the inner ones too.
    for function in gc.get_objects():
        if (
            isinstance(function, FunctionType)
            and function.__module__ == module.__name__
            and function.__code__.co_qualname == one.function
        ):
            if len(function.__code__.co_freevars) != len(wanted.co_freevars):
                return False
            function.__code__ = wanted
            found = True
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
