"""The wallet page's server side: what is sent, under which policy, and what isn't."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from dokkaebi.ledger.store import Identity
from dokkaebi.web.app import create_app
from dokkaebi.web.books import Books
from dokkaebi.web.limits import Limits
from dokkaebi.web.page import POLICY, PageSettings, add_page
from tests.dokkaebi.ledger.market_day import Day


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page as Vite leaves it, and something beside it that nobody may read."""
    page = tmp_path / "dist"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>장터</title>", "utf-8")
    (page / "assets" / "index-1.js").write_text("export {};", "utf-8")
    (tmp_path / "secret").write_text("secret", "utf-8")
    return page


def served(books: Path, folder: Path, settings: PageSettings) -> TestClient:
    opened = Books(books, None, None)
    app = create_app(opened, limits=Limits("1000/second"))
    add_page(app, opened, settings, folder)
    return TestClient(app)


def test_the_page_comes_under_its_policy(books: Path, folder: Path) -> None:
    page = served(books, folder, PageSettings())
    answer = page.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == POLICY
    for unsafe in ("unsafe-inline", "unsafe-eval", "http:", "https:", "data:", "*"):
        assert unsafe not in POLICY
    assert page.get("/health").headers["content-security-policy"] != POLICY
    script = page.get("/assets/index-1.js")
    assert script.headers["cache-control"].endswith("immutable")
    assert script.headers["x-content-type-options"] == "nosniff"
    assert "javascript" in script.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["/assets/../../secret", "/assets/%2e%2e/%2e%2e/secret", "/secret"]
)
def test_nothing_beside_the_page_is_sent(books: Path, folder: Path, path: str) -> None:
    assert served(books, folder, PageSettings()).get(path).status_code == 404


def test_a_page_that_was_not_built_is_missing(books: Path, tmp_path: Path) -> None:
    answer = served(books, tmp_path / "nothing", PageSettings()).get("/")
    assert answer.status_code == 404
    assert answer.json()["error"] == "route_unknown"


def test_it_says_which_market_this_is(books: Path, folder: Path, day: Day) -> None:
    named = PageSettings(names={"en": "Village", "ko": "마을"}, windows={"ship_days": 3})
    told = served(books, folder, named).get("/config.json").json()
    identity = Identity.of(day.manifest())
    assert told["chain_id"] == identity.chain_id
    assert told["contracts"] == dict(identity.addresses)
    assert told["names"] == {"en": "Village", "ko": "마을"}
    assert (told["rpc"], told["windows"], told["local"]) == (None, {"ship_days": 3}, True)


def test_a_market_without_a_file_has_its_registrys_name(books: Path, folder: Path) -> None:
    told = served(books, folder, PageSettings()).get("/config.json").json()
    assert told["names"] == {"en": "도깨비 장터", "ko": "도깨비 장터"}


def test_books_that_are_not_there_are_said(folder: Path, tmp_path: Path) -> None:
    answer = served(tmp_path / "none", folder, PageSettings()).get("/config.json")
    assert (answer.status_code, answer.json()["error"]) == (503, "ledger_missing")
