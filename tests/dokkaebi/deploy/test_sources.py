"""Compiler inputs: minimal, under Brownie's settings, the same code to the byte."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dokkaebi.chain.suite import COMPILED, DESK
from dokkaebi.config import project_root
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.sources import (
    KEPT,
    Compiled,
    Sources,
    compiler_version,
    digests_if_there,
    imports_of,
    project_commit,
    recompile,
)
from dokkaebi.errors import DokkaebiError

ROOT = project_root()
CONFIG = "brownie-config.yaml"


def copy_of_the_project(folder: Path) -> Path:
    """Sources and settings that may be changed; what is fetched or built is the project's."""
    for name in ("contracts", "interfaces"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / CONFIG, folder / CONFIG)
    for name in ("node_modules", ".solcx", "tools", "build"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_of_the_project(tmp_path)


def error(root: Path, said: str = "") -> str:
    with pytest.raises(DokkaebiError) as caught:
        recompile([DESK], Sources(root))
    assert str(caught.value) != caught.value.key
    assert said in caught.value.details.get("problem", "")
    return caught.value.key


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ('import "a.sol";', ["a.sol"]),
        ("import {A, B as C} from './a.sol';\nimport * as D from \"d.sol\";", ["./a.sol", "d.sol"]),
        ('import {\n  A,\n  B\n} from\n  "a.sol";', ["a.sol"]),
        ('// import "no.sol";\n/* import "no.sol"; */ import "a.sol"; // "no.sol"', ["a.sol"]),
        ('import "https://a.org/b.sol";', ["https://a.org/b.sol"]),
        ('contract A { string s = "// import"; } import "a.sol";', ["a.sol"]),
        ('contract A { bytes important = "a"; }', []),
        ("contract A {}", []),
    ],
)
def test_imports_are_read(source: str, imports: list[str]) -> None:
    assert imports_of(source) == imports


@pytest.mark.parametrize("contract", COMPILED)
def test_an_input_has_what_the_contract_needs_and_no_more(contract: str) -> None:
    # The compiler's own word: what goes into the metadata hash.
    one = Sources().compiler_input(contract)
    path, name = one.identifier.split(":")
    document = json.loads(one.text)
    document["settings"]["outputSelection"] = {path: {name: ["metadata"]}}
    command = [ROOT / ".solcx" / f"solc-v{Sources().version}", "--standard-json"]
    done = subprocess.run(
        command, input=json.dumps(document), capture_output=True, text=True, check=True
    )
    metadata = json.loads(json.loads(done.stdout)["contracts"][path][name]["metadata"])
    assert set(document["sources"]) == set(metadata["sources"])
    assert metadata["settings"]["compilationTarget"] == {path: name}


def test_settings_are_those_of_brownie(copy: Path) -> None:
    compiler = yaml.safe_load((ROOT / CONFIG).read_text("utf-8"))["compiler"]
    settings = Sources().compiler_input(DESK).document["settings"]
    assert settings["evmVersion"] == compiler["evm_version"]
    for name in ("optimizer", "viaIR", "remappings"):
        assert settings[name] == compiler["solc"][name]
    edit(copy / CONFIG, "runs: 1000000", "runs: 7")
    assert Sources(copy).compiler_input(DESK).document["settings"]["optimizer"]["runs"] == 7


def test_a_longer_remapping_goes_first(copy: Path) -> None:
    (copy / "contracts" / "A.sol").write_text('import "solady/a/B.sol"; contract A {}')
    (copy / "elsewhere").mkdir()
    (copy / "elsewhere" / "B.sol").write_text('import "./../elsewhere/./C.sol";')
    (copy / "elsewhere" / "C.sol").write_text("")
    more = '- "solady/=node_modules/solady/src/"\n      - "solady/a/=elsewhere/"'
    edit(copy / CONFIG, '- "solady/=node_modules/solady/src/"', more)
    names = set(Sources(copy).compiler_input("A").document["sources"])
    assert names == {"contracts/A.sol", "elsewhere/B.sol", "elsewhere/C.sol"}


def test_an_input_alone_gives_the_built_code_and_a_comment_another(copy: Path) -> None:
    # Its own input and nothing else, as a service compiles it; then with a comment more.
    built, made = load_artifact(DESK), recompile([DESK], Sources(copy))[DESK]
    assert (made.init_code, made.runtime) == (built.init_code, built.runtime)
    # What setup kept is the same.
    assert recompile([DESK])[DESK] == made
    digest = Sources().compiler_input(DESK).digest
    assert Sources(copy).compiler_input(DESK).digest == digest
    with (copy / "interfaces" / f"I{DESK}.sol").open("a") as file:
        file.write("// A comment.\n")
    assert Sources(copy).compiler_input(DESK).digest != digest
    other = recompile([DESK], Sources(copy))[DESK]
    assert len(other.runtime) == len(made.runtime)
    assert other.runtime != made.runtime


def test_what_was_compiled_is_kept_and_made_again_where_it_is_torn(copy: Path) -> None:
    told: list[str] = []

    def compiled() -> Compiled:
        told.clear()
        return recompile([DESK], Sources(copy), lambda key, _: told.append(key))[DESK]

    made, saying = compiled(), ["verify_compiling", "verify_compiled"]
    assert told == saying
    assert compiled() == made
    assert told == []
    (kept,) = (copy / KEPT).iterdir()
    kept.write_bytes(kept.read_bytes()[:1_000])
    assert compiled() == made
    assert told == saying
    (copy / CONFIG).write_text((copy / CONFIG).read_text().replace("runs: 1000000", "runs: 1"))
    assert compiled().runtime != made.runtime
    assert told == saying


def test_a_desk_by_number_is_a_desk() -> None:
    assert Sources().compiler_input(f"{DESK} 2") == Sources().compiler_input(DESK)


def test_the_whole_version_is_told(copy: Path) -> None:
    assert compiler_version(Sources()) == load_artifact(DESK).compiler
    (copy / ".solcx").unlink()
    with pytest.raises(DokkaebiError) as caught:
        compiler_version(Sources(copy))
    assert caught.value.key == "compiler_missing"


def test_what_is_missing_or_wrong_is_said(copy: Path) -> None:
    desk = copy / "contracts" / f"{DESK}.sol"
    text = desk.read_text("utf-8")
    desk.write_text(text.replace("contract ", "kontract "))
    assert error(copy, "ParserError") == "compile_failed"
    desk.write_text('import "nowhere.sol";' + text)
    assert error(copy) == "source_missing"
    desk.unlink()
    assert error(copy) == "source_missing"
    desk.write_text(text)
    for config in ("", "compiler: 3", "compiler: [", "compiler:\n  evm_version: shanghai"):
        (copy / CONFIG).write_text(config)
        assert error(copy) == "compiler_settings_wrong"


def test_a_source_that_the_input_lacks_is_not_picked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # Were an import overlooked, the code would compile here, and nowhere else.
    monkeypatch.setattr("dokkaebi.deploy.sources.imports_of", lambda source: [])
    assert error(ROOT, "not found") == "compile_failed"


def test_a_deployment_needs_no_sources(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert digests_if_there([DESK]) == {DESK: Sources().compiler_input(DESK).digest}
    monkeypatch.setattr("dokkaebi.deploy.sources.project_root", lambda: copy)
    shutil.rmtree(copy / "interfaces")
    assert digests_if_there([DESK]) == {DESK: ""}


def test_the_commit_is_told(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert project_commit(tmp_path) == ""
    git("init")
    assert project_commit(tmp_path) == ""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text("1")
    git("add", ".")
    git("commit", "-m", "One")
    commit = git("rev-parse", "HEAD")
    assert project_commit(tmp_path) == commit
    assert project_commit(tmp_path / "inner") == ""
    (tmp_path / "inner" / "file").write_text("2")
    assert project_commit(tmp_path) == f"{commit}+changes"
