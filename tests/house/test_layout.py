"""The house itself: arrows run one way, one noun a file, nothing generated is edited."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Which rooms of the package a room may import; `cli` is on top, errors and texts at the bottom.
BASE = {"errors", "texts", "config", "findings", "spelling", "journal", "rounds"}
ARROWS = {
    "errors": {"texts"},
    "texts": set(),
    "config": {"errors", "texts"},
    "findings": set(),
    "spelling": set(),
    "journal": {"errors"},
    "rounds": {"errors"},
    "chain": BASE,
    "deploy": BASE | {"chain"},
    "ledger": BASE | {"chain"},
    "portal": BASE | {"chain"},
    "board": BASE | {"chain", "ledger"},
    "sponsor": BASE | {"chain", "board"},
    "web": BASE | {"chain", "ledger", "board", "sponsor"},
    "doctor": BASE | {"chain", "deploy", "ledger"},
    "demo": BASE | {"chain", "deploy", "ledger", "portal"},
    "cli": BASE
    | {"chain", "deploy", "ledger", "portal", "board", "sponsor", "web", "demo", "doctor"},
}


def tracked(*patterns: str) -> list[Path]:
    """Files of the project as git knows them, those not yet added included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines() if (ROOT / name).is_file()]


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def only_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports_of(path: Path, *, types: bool) -> set[str]:
    """The modules that a file imports, with or without those it imports for their types only."""
    modules = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not types:
        tree.body = [node for node in tree.body if not only_types(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            modules.add(node.module or "")
            modules |= {f"{node.module}.{a.name}" for a in node.names if node.module == "dokkaebi"}
    return modules


def package_files() -> list[Path]:
    return tracked("dokkaebi/*.py")


@pytest.mark.parametrize("path", package_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_python_arrows_run_one_way(path: Path) -> None:
    room = path.relative_to(ROOT / "dokkaebi").with_suffix("").parts[0]
    for module in imports_of(path, types=False):
        top = module.split(".")[0]
        assert top != "brownie", f"{path}: the package never imports brownie"
        if top in {"web3", "eth_account"}:
            assert room == "chain", f"{path}: only chain/ knows {top}"
        if top == "sqlalchemy":
            assert room in {"ledger", "board"}, f"{path}: opens a database"
        if top == "sqlite3":
            # What communities wrote isn't derived from the chain: it stands in a file of its own.
            assert room in {"ledger", "portal"}, f"{path}: opens a database"
    for module in imports_of(path, types=True):
        top = module.split(".")[0]
        target = room_of(module) if top == "dokkaebi" else ""
        if target and target != room and room != "__init__":
            assert target in ARROWS[room], f"{path}: no arrow from {room} to {target}"


def test_scripts_are_thin() -> None:
    for path in tracked("scripts/*.py"):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef):
                statements = [s for s in function.body if not isinstance(s, ast.Expr | ast.Import)]
                assert len(statements) <= 6, f"{path}: {function.name} belongs into dokkaebi/"


SOLIDITY = tracked("contracts/*.sol", "interfaces/*.sol")


@pytest.mark.parametrize("path", SOLIDITY, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_noun_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    nouns = re.findall(r"^(?:abstract )?(?:contract|interface|library) (\w+)", text, re.MULTILINE)
    assert nouns == [path.stem]
    assert text.rstrip().endswith("}"), "nothing at file level after it"


@pytest.mark.parametrize("path", SOLIDITY, ids=lambda p: str(p.relative_to(ROOT)))
def test_solidity_arrows_run_one_way(path: Path) -> None:
    sources = re.findall(r'^import .*?"([^"]+)";', path.read_text(encoding="utf-8"), re.MULTILINE)
    folder = path.relative_to(ROOT).parent.as_posix()
    for source in sources:
        if folder == "interfaces":
            assert source.startswith("./I"), f"{path.name} imports {source}, no interface"
        if "mocks/" in source:
            assert folder == "contracts/mocks", f"{path.name} imports a mock"


def test_no_room_is_unknown() -> None:
    rooms = {p.relative_to(ROOT / "dokkaebi").with_suffix("").parts[0] for p in package_files()}
    assert rooms - {"__init__", "__main__"} <= set(ARROWS)


def test_every_base_has_its_interface() -> None:
    for path in (ROOT / "contracts" / "base").glob("*.sol"):
        assert (ROOT / "interfaces" / f"I{path.stem}.sol").is_file()


def test_every_contract_has_its_interface_and_tests() -> None:
    for path in (ROOT / "contracts").glob("*.sol"):
        noun = path.stem
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", noun).lower()
        assert (ROOT / "interfaces" / f"I{noun}.sol").is_file()
        assert list((ROOT / "tests" / "contracts" / snake).glob("test_*.py")), snake
        assert (ROOT / "dokkaebi" / "ledger" / "handlers" / f"{snake}.py").is_file()
        assert (ROOT / "frontend-abi" / f"{noun}.json").is_file()
