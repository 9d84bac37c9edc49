"""Every sentence exists, in both languages, under the key that the code uses."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dokkaebi import texts
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import catalogue, language, language_of, set_language, t
from dokkaebi.texts.figures import percent_text, size_text, span_text, time_text, units_text

PACKAGE = Path(texts.__file__).parents[1]
# Functions whose first argument is a text's key.
SPEAKERS = {"t", "DokkaebiError", "RpcUnreachable", "say", "note", "progress"}


def used_keys() -> set[str]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if (
                name in SPEAKERS
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                found.add(first.value)
    return found


def test_every_key_in_the_code_has_a_text() -> None:
    missing = sorted(used_keys() - catalogue().keys())
    assert missing == []


def test_every_text_is_whole() -> None:
    for key, text in catalogue().items():
        assert set(text) == {"en", "ko"}, key
        assert all(value.strip() for value in text.values()), key
        assert re.search("[가-힣]", text["ko"]) or text["ko"] == text["en"], key


def test_key_that_stands_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text('[twice]\nen = "x"\nko = "x"\n')
    monkeypatch.setattr(texts, "_loaded", {})
    monkeypatch.setattr(texts, "_unread", sorted(tmp_path.iterdir()))
    with pytest.raises(ValueError, match=r"b\.toml: twice"):
        catalogue()


def test_unknown_key_and_missing_value_hide_nothing() -> None:
    assert t("no_such_key", amount=3) == "no_such_key (amount: 3)"
    assert "{path}" in t("file_missing")


def test_help_reads_one_catalogue_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_loaded", {})
    monkeypatch.setattr(texts, "_unread", list(texts._FILES))
    t("help_publish")
    assert len(texts._unread) == len(texts._FILES) - 1


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "DOKKAEBI_LANG": "en"}, "en"),
        ({"DOKKAEBI_LANG": "fr"}, "en"),
    ],
)
def test_language_comes_from_the_environment(environment: dict[str, str], lang: str) -> None:
    assert language_of(environment) == lang


def test_language_can_be_chosen() -> None:
    set_language("ko")
    assert language() == "ko"
    error = DokkaebiError("file_missing", path="a")
    assert str(error) == "a 파일이 없습니다."
    set_language(None)
    assert str(error) == "There is no file a."
    with pytest.raises(ValueError, match="fr"):
        set_language("fr")


def test_figures_are_exact() -> None:
    assert units_text(2**256 - 1, 18) == (
        "115792089237316195423570985008687907853269984665640564039457.584007913129639935"
    )
    assert [units_text(n, 2) for n in (0, 5, 50, 100, -150)] == ["0", "0.05", "0.5", "1", "-1.5"]
    assert percent_text(250) == "2.5 %"
    assert size_text(41_943_040) == "41.9 MB"
    assert size_text(999) == "999 bytes"
    assert [span_text(n) for n in (0, 1, 3_600, 90_061)] == [
        "0 seconds",
        "1 second",
        "1 hour",
        "1 day 1 hour",
    ]
    assert time_text(2**255) == str(2**255)
    assert time_text(1_700_000_000).startswith("2023-11-1")
