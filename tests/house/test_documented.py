"""What people compile against, type or read is documented, in both languages where they read it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dokkaebi.texts import catalogue
from tests.mutation import figures

ROOT = Path(__file__).resolve().parents[2]
INTERFACES = sorted((ROOT / "interfaces").glob("*.sol"))
ABIS = sorted((ROOT / "frontend-abi").glob("[A-Z]*.json"))


@pytest.mark.parametrize("path", INTERFACES, ids=lambda p: p.stem)
def test_every_declaration_has_natspec(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"    (error|event|function|struct|enum) \w+", line):
            assert lines[number - 1].strip().startswith("///"), f"{path.name}:{number + 1} {line}"


@pytest.mark.parametrize("path", ABIS, ids=lambda p: p.stem)
def test_every_error_has_a_text_in_both_languages(path: Path) -> None:
    texts = catalogue()
    for entry in json.loads(path.read_text(encoding="utf-8")):
        if entry["type"] == "error":
            text = texts[entry["name"]]
            assert set(text) >= {"en", "ko"}, entry["name"]
            used = set(re.findall(r"{(\w+)", text["en"] + text["ko"]))
            assert used <= {parameter["name"] for parameter in entry["inputs"]}, entry["name"]


def test_texts_use_the_same_values_in_both_languages() -> None:
    for key, text in catalogue().items():
        values = [set(re.findall(r"{(\w+)", text[language])) for language in ("en", "ko")]
        assert values[0] == values[1], key


def test_the_figures_of_the_mutants_are_the_last_ones() -> None:
    page = figures.PAGE.read_text("utf-8")
    assert figures.in_page(page, figures.results()) == page


def commands() -> dict[str, str]:
    """Every command's path and help text, as the terminal shows it."""
    import typer.main

    from dokkaebi.cli import app

    found: dict[str, str] = {}

    def walk(command: object, path: str) -> None:
        found[path] = getattr(command, "help", None) or ""
        for name, child in getattr(command, "commands", {}).items():
            walk(child, f"{path} {name}")

    walk(typer.main.get_command(app), "dokkaebi")
    return found


def test_every_command_and_option_is_documented() -> None:
    import typer.main

    from dokkaebi.cli import app

    def walk(command: object, path: str) -> None:
        assert getattr(command, "help", None), f"{path} has no help"
        for option in getattr(command, "params", []):
            if option.name not in {"help", "install_completion", "show_completion"}:
                assert getattr(option, "help", None), f"{path} {option.name} has no help"
        for name, child in getattr(command, "commands", {}).items():
            walk(child, f"{path} {name}")

    walk(typer.main.get_command(app), "dokkaebi")


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_readmes_name_every_command(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for path in commands():
        if path.count(" ") == 1:
            assert path in text, f"{name} doesn't say what `{path}` is for"


def test_readmes_have_the_same_shape() -> None:
    shapes = []
    for name in ("README.md", "README.ko.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        prose = re.sub(r"```.*?```", "```", text, flags=re.DOTALL)
        shapes.append(re.findall(r"^(#+ |```|!\[|\| ?-)", prose, re.MULTILINE))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", ["docs/invariants.md", "docs/threat-model.md"])
def test_documents_name_tests_that_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    ids = re.findall(r"`(tests/[\w/.]+\.py)::(\w+)`", text)
    assert len(ids) == text.count("::"), "a test is named in another way"
    for path, function in ids:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"\bdef {function}\b", source), f"{path}::{function}"


def test_every_exhibit_is_in_the_museums_table() -> None:
    museum = ROOT / "tests" / "museum"
    named = re.findall(r"\((test_\w+\.py)\)", (museum / "README.md").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(path.name for path in museum.glob("test_*.py"))


def test_an_exhibit_says_what_it_is_shown_against() -> None:
    """Each exhibit says whether its peer is real or a model, and says no more than it shows."""
    for path in (ROOT / "tests" / "museum").glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        said = text.split('"""')[1]
        assert re.search(r"^Peer, (the real (one|parts)|a model)", said, re.MULTILINE), path.name
        fetched = "hall.peer(" in text or "zora(" in text
        assert fetched == ("Peer, the real one" in said), path.name


def test_the_example_environment_has_every_variable_and_no_value() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    networks = (ROOT / "networks.yaml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$(DOKKAEBI_RPC_\w+)", networks)) - {"DOKKAEBI_RPC_LOCAL"}
    assert wanted <= given.keys()
    assert {value for value in given.values() if value} == set()
