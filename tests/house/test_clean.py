"""What must never be committed: secrets, places of a machine, generated files that were edited."""

from __future__ import annotations

import re
from pathlib import Path

from dokkaebi.deploy.export import GENERATED_LOCALLY, export_frontend_abi
from tests.house.secret_scan import secrets_in
from tests.house.test_layout import ROOT, tracked

TEXT = {".py", ".sol", ".md", ".toml", ".yaml", ".yml", ".json", ".ts", ".cjs", ".html", ".txt",
        ".in", ".lock", ".cfg", ".sh", "", ".jinja", ".css", ".j2"}  # fmt: skip
# Assembled from parts, so that this file doesn't contain what it looks for.
HOSTS = re.compile("|".join(["registry" + r"\.npmjs", "pypi" + r"\.org", "python" + "hosted"]))
PLACES = re.compile(r"(?<![\w.])/(?:" + "|".join(["home/\\w", "Users/\\w", "root/\\w"]) + ")")


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        if path.suffix in TEXT and "examples" not in path.parts:
            found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
    return found


def test_no_registry_host_and_no_place_of_a_machine() -> None:
    for name, text in texts():
        assert not HOSTS.search(text), f"{name}: {HOSTS.search(text)}"
        assert not PLACES.search(text), f"{name}: {PLACES.search(text)}"


def test_no_secret_is_committed() -> None:
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture, a sound
            text = ""
        name = str(path.relative_to(ROOT))
        assert secrets_in(name, text) == [], name


def test_frontend_abi_equals_a_fresh_export(tmp_path: Path) -> None:
    export_frontend_abi(tmp_path)
    fresh = {p.name: p.read_text("utf-8") for p in tmp_path.iterdir()}
    committed = {p.name: p.read_text("utf-8") for p in tracked("frontend-abi/*")}
    assert {n: t for n, t in fresh.items() if n not in GENERATED_LOCALLY} == committed
