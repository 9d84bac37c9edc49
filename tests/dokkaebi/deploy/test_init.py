"""`deploy init`: a file that explains itself, and nothing asked that somebody has said."""

from __future__ import annotations

from pathlib import Path

import pytest

from dokkaebi.config import project_root
from dokkaebi.deploy import load_market_spec
from dokkaebi.deploy.init import ASKED, init_market
from dokkaebi.deploy.spec import FIELDS
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import set_language

SHIPPED = (project_root() / "market.toml").read_text("utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "market.toml"


def test_the_shipped_file_is_what_init_writes(path: Path) -> None:
    assert init_market(path, {}) == (True, [field.path for field in FIELDS])
    assert path.read_text("utf-8") == SHIPPED


def test_it_explains_itself_in_korean(path: Path) -> None:
    set_language("ko")
    init_market(path, {})
    assert "처음 있는 양을 받는 이" in path.read_text("utf-8")
    assert load_market_spec(path) == load_market_spec()


def test_only_what_the_operator_knows_is_asked_and_once(path: Path) -> None:
    asked: list[str] = []

    def ask(question: str, usual: str) -> str:
        asked.append(question)
        return ""

    init_market(path, {"token.symbol": "POT"}, ask)
    assert len(asked) == len(set(asked)) == len(ASKED) - 1
    asked.clear()
    assert init_market(path, {}, ask) == (False, [])
    assert asked == []


def test_answers_are_taken_and_others_follow_from_them(path: Path) -> None:
    answers = {"The community token's name, in English": "Potters' Coin"}
    init_market(path, {"market.fee_bps": "50"}, lambda question, usual: answers.get(question, ""))
    spec = load_market_spec(path)
    assert (spec.token_name, spec.registry_name) == ("Potters' Coin", "Potters' Coin Creations")
    assert spec.fee_bps == 50


def test_what_a_file_says_stays_with_its_comments(path: Path) -> None:
    old = SHIPPED[: SHIPPED.index("[windows]")].replace(
        "fee_bps = 100", "fee_bps = 25 # as we voted in May"
    )
    path.write_text(old, "utf-8")
    is_new, fields = init_market(path, {})
    assert not is_new
    assert {name.split(".")[0] for name in fields} == {"windows", "networks"}
    text = path.read_text("utf-8")
    assert text.startswith(old.rstrip("\n"))
    assert load_market_spec(path).fee_bps == 25


def test_a_field_that_is_given_is_replaced(path: Path) -> None:
    path.write_text(SHIPPED, "utf-8")
    assert init_market(path, {"networks.allowed": "hoodi, sepolia"}) == (
        False,
        ["networks.allowed"],
    )
    assert load_market_spec(path).allowed == ("hoodi", "sepolia")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"market.fee_bps": "251"}, "market.fee_bps"),
        ({"market.fee_bps": "one"}, "market.fee_bps"),
        ({"market.fee_recipient": "0x12"}, "market.fee_recipient"),
        ({"token.cap": "0"}, "token.cap"),
    ],
)
def test_nothing_is_written_unless_it_is_a_market(
    path: Path, given: dict[str, str], field: str
) -> None:
    with pytest.raises(DokkaebiError) as caught:
        init_market(path, given)
    assert caught.value.details["field"] == field
    assert not path.exists()


def test_a_file_that_is_no_toml_is_left_alone(path: Path) -> None:
    path.write_text("[token", "utf-8")
    with pytest.raises(DokkaebiError) as caught:
        init_market(path, {})
    assert caught.value.key == "market_unreadable"
    assert path.read_text("utf-8") == "[token"
