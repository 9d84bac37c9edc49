"""The page: self-contained, in both languages, and nothing a stranger wrote can run in it."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.suite import COIN
from dokkaebi.ledger.reports import answer
from dokkaebi.ledger.reports.balance import Balance, Difference
from dokkaebi.ledger.reports.community import Portal
from dokkaebi.ledger.reports.exhibits import Exhibit
from dokkaebi.ledger.reports.kinds import Moment
from dokkaebi.ledger.reports.page import names_of, plots, rounded, ways
from dokkaebi.ledger.reports.patchwork import COLOURS, patchwork
from dokkaebi.ledger.reports.render import render
from dokkaebi.ledger.store import Snapshot, open_ledger, read_ledger
from dokkaebi.portal.names import Persona
from dokkaebi.portal.reports import EpochRow, Person, PersonKind
from dokkaebi.texts import t
from tests.dokkaebi.ledger.market_day import SCRIPT_NAME, SCRIPT_TITLE, Day
from tests.dokkaebi.ledger.test_store import IDENTITY, batch

VOID = {"meta", "img", "input", "br", "rect", "circle", "path", "link"}


class Page(HTMLParser):
    """Tags with their attributes, texts by language, and whether tags close as they opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[tuple[str, str]] = []
        self.open: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in VOID:
            self.open.append((tag, values.get("class", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        language = next((c for _, c in reversed(self.open) if c in {"en", "ko"}), "")
        self.words.append((language, data))

    def text(self, language: str = "") -> str:
        return "".join(word for lang, word in self.words if not language or lang == language)


def html(snapshot: Snapshot, **more: Any) -> str:
    made = render(snapshot, "html", **more)
    assert isinstance(made, str)
    return made


@pytest.fixture
def page(day: Day, snapshot: Snapshot) -> Page:
    return Page(html(snapshot, documents=day.documents, works=day.works))


def test_the_page_needs_nothing_else(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:image/"))
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_styles_load_nothing(snapshot: Snapshot) -> None:
    style = re.search(r"<style>(.*?)</style>", html(snapshot), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_hostile_titles_are_only_text(page: Page) -> None:
    assert SCRIPT_TITLE in page.text()
    assert SCRIPT_NAME in page.text()
    assert not [a for _, a in page.tags if a.get("src") == "x"]
    assert "\u202e" not in page.text()
    assert "drawing gpj.exe" in page.text()


def test_a_title_of_ten_kilobytes_is_cut(page: Page) -> None:
    longest = max(re.findall("가+", page.text()), key=len)
    assert len(longest) == 119


def test_pictures_are_data_of_images_never_drawings_in_the_page(day: Day, page: Page) -> None:
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    # One for each work but the one that no command made.
    assert len(pictures) == day.count
    assert all(p["src"].startswith("data:image/svg+xml;base64,") for p in pictures)
    # Drawn by us: the goblin, the market's cloth, and the cloths of works without a picture.
    drawings = [a for tag, a in page.tags if tag == "svg"]
    assert {a["class"] for a in drawings} == {"goblin", "cloth"}


def test_without_documents_the_page_still_shows_every_work(day: Day, snapshot: Snapshot) -> None:
    page = Page(html(snapshot))
    assert (
        len([a for t, a in page.tags if a.get("class", "").startswith("sheet work")])
        == day.count + 1
    )
    assert not [tag for tag, _ in page.tags if tag == "img"]


@pytest.mark.parametrize(("lang", "other"), [("en", "ko"), ("ko", "en")])
def test_both_languages_are_in_the_page_and_one_is_chosen(
    snapshot: Snapshot, lang: str, other: str
) -> None:
    page = Page(html(snapshot, lang=lang))
    inputs = {a["id"]: a for t, a in page.tags if t == "input"}
    assert "checked" in inputs[f"lang-{lang}"]
    assert "checked" not in inputs[f"lang-{other}"]
    assert "Where every unit went" in page.text("en")
    assert "돈이 간 곳" in page.text("ko")
    spans = [a["class"] for t, a in page.tags if a.get("class") in {"en", "ko"}]
    assert spans.count("en") == spans.count("ko")
    assert spans.count("en") > 100


def test_no_text_is_missing(page: Page) -> None:
    assert not re.findall(r"(?:page|word|why|column|way|figure|market)_\w+|\{\w+\}", page.text())


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_has_a_section_for_everything_that_happened(page: Page, lang: str) -> None:
    text = page.text(lang)
    for key in (
        *("auctions", "requests", "swaps", "disputes", "outcomes_by_arbiter", "money_in_and_out"),
        *("cancelled_nonces", "why_ruled", "why_arbiter_silent", "why_settled", "word_held"),
    ):
        assert t(key, lang) in text, key
    classes = [attributes.get("class", "") for _, attributes in page.tags]
    assert classes.count("parts") == 4
    assert "sheet barter" in classes


def test_the_page_shows_a_portal_if_it_is_given(snapshot: Snapshot) -> None:
    half = Fraction(1, 2)
    rows = [
        EpochRow(number, 0, 1, 2, number * 3_000, 5, 6, 7, 8, half, Fraction(0), half)
        for number in (1, 2)
    ]
    name = Persona("club.example", "<b>nabi</b>")
    people, kinds = [Person(name, 3_500, 10**18, 0, 1)], [PersonKind(name, "WRITE", 2_000, 1_500)]
    shown = Page(html(snapshot, portal=Portal(rows, people, kinds)))
    for lang in ("en", "ko"):
        for key in ("page_portal", "beat_points_gini", "rewards_by_epoch", "rewards_by_account"):
            assert t(key, lang) in shown.text(lang), key
    text = shown.text()
    assert "<b>nabi</b>@club.example" in text
    assert {"3.5", "2", "1.5", "0.5"} <= {word.strip() for _, word in shown.words}
    heights = [a["style"] for tag, a in shown.tags if a.get("title") in {"1: 3", "2: 6"}]
    assert heights == ["height:max(3px,50.0%)", "height:max(3px,100.0%)"]
    assert t("page_portal", "en") not in Page(html(snapshot)).text("en")


def test_creations_of_other_collections_go_by_their_number(day: Day, page: Page) -> None:
    cards = day.contracts["MockCollection"].address
    assert "No. 1 of" in page.text("en")
    assert cards in page.text()


def test_amounts_and_addresses_are_whole(day: Day, page: Page) -> None:
    text = page.text()
    assert "3.000000000000000007 ETH" in text
    assert "340,282,366,920,938,463,463.374607431768211455 ETH" in text
    assert day.escrow.address in text
    for person in day.people[2:6]:
        assert person in text


def test_the_seal_says_what_the_check_found(snapshot: Snapshot) -> None:
    unchecked = Page(html(snapshot)).text("en")
    assert "not checked" in unchecked
    good = Page(html(snapshot, balance=Balance(61, (), {COIN: 5}))).text("en")
    assert "books balance" in good
    assert "61 figures compared, no difference" in good
    assert (
        "0.000000000000000005 ETH more than they owe"
        in Page(html(snapshot, balance=Balance(61, (), {COIN: 5}))).text()
    )
    one = Difference("credit", "<b>subject</b>", "5", "6")
    bad = Page(html(snapshot, balance=Balance(61, (one,), {}))).text()
    assert "books differ" in bad
    assert "<b>subject</b>: the books say 5, the chain says 6" in bad


def test_a_long_list_is_cut_and_says_so(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dokkaebi.ledger.reports import page as module

    monkeypatch.setattr(module, "SHOWN", 4)
    text = Page(html(snapshot)).text("en")
    count = len(answer(snapshot, ["trades"])["trades"])
    assert f"4 of {count} are shown" in text


def test_an_empty_market_has_a_page_whatever_its_name(tmp_path: Path) -> None:
    hostile = replace(IDENTITY, label=SCRIPT_TITLE)
    with open_ledger(tmp_path / "l", hostile) as ledger:
        ledger.write(batch())
    with read_ledger(tmp_path / "l") as snapshot:
        page = Page(html(snapshot))
    assert "Nothing yet." in page.text("en")
    assert page.text().count(SCRIPT_TITLE) == 2
    assert "script" not in [tag for tag, _ in page.tags]


# Names


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ([("a", "Yi"), ("a", "Yi"), ("b", "Bak")], {"a": "Yi", "b": "Bak"}),
        ([("a", "Yi"), ("a", "I"), ("b", "Bak")], {"b": "Bak"}),
        ([("a", "Yi"), ("b", "Yi"), ("c", "Bak")], {"c": "Bak"}),
        ([("a", None), ("b", "Bak")], {"b": "Bak"}),
    ],
)
def test_a_name_is_shown_only_if_it_is_somebodys_alone(
    snapshot: Snapshot, said: list[tuple[str, str | None]], shown: dict[str, str]
) -> None:
    (sample, *_) = answer(snapshot, ["works_by_creator"])["works_by_creator"]
    works = [replace(sample, id=n, creator=who) for n, (who, _) in enumerate(said)]
    exhibits = {n: Exhibit(creator_name=name) for n, (_, name) in enumerate(said)}
    assert names_of(works, exhibits) == shown


# Figures of the plots


def test_ways_are_all_that_buyers_paid(snapshot: Snapshot) -> None:
    answers = answer(snapshot)
    found = ways(answers)
    for way in found:
        paid = sum(
            trade.amount
            for trade in answers["trades"]
            if trade.asset == way.asset and trade.kind != "requested"
        )
        paid += sum(r.price for r in answers["requests"] if r.asset == way.asset)
        standing = [a for a in answers["auctions"] if a.asset == way.asset and not a.ended_at]
        paid += sum(auction.amount for auction in standing)
        assert way.amount == paid == sum(part.amount for part in way.slices)
        assert sum(part.permille for part in way.slices) == 1000
    parts = {part.part for way in found for part in way.slices}
    assert parts == {"seller", "royalty", "referral", "fee", "arbiter", "refund", "escrow"}


@pytest.mark.parametrize("amounts", [[1], [1, 1, 1], [10**40, 1], [2, 3, 5, 7, 11, 13]])
def test_rounded_shares_make_a_whole(amounts: list[int]) -> None:
    shares = rounded(amounts)
    assert sum(shares) == 1000
    for amount, share in zip(amounts, shares, strict=True):
        assert abs(share * sum(amounts) - amount * 1000) < sum(amounts)


def test_plots_are_all_sales(snapshot: Snapshot) -> None:
    trades = answer(snapshot, ["trades"])["trades"]
    for plot in plots(trades):
        sold = [t.sold for t in trades if t.asset == plot.asset and t.is_sale]
        assert plot.amount == sum(sold) == sum(bar.amount for bar in plot.bars)
        assert plot.sales == len(sold) == sum(bar.sales for bar in plot.bars)
        assert max(bar.permille for bar in plot.bars) == 1000


@pytest.mark.parametrize(
    ("hours", "first", "bars"),
    [
        (0, "2023-11-14 22", 1),
        (5, "2023-11-14 22", 6),
        (72, "2023-11-14", 4),
        (24 * 90, "2023-11", 4),
    ],
)
def test_plots_choose_hours_days_or_months(
    snapshot: Snapshot, hours: int, first: str, bars: int
) -> None:
    trade = next(t for t in answer(snapshot, ["trades"])["trades"] if t.state == "settled")
    begin = 1_700_000_000
    sales = [replace(trade, ended_at=Moment(begin + 3_600 * h)) for h in {0, hours}]
    (plot,) = plots(sales)
    assert plot.bars[0].label == first
    assert len(plot.bars) == bars
    assert plot.bars[-1].sales == 1


@pytest.mark.parametrize("patches", [1, 2, 13, 44])
def test_a_cloth_covers_its_ground_once(patches: int) -> None:
    for number in range(20):
        cloth = patchwork(number.to_bytes(32, "big"), 240, 180, patches)
        assert len(cloth) == patches
        assert sum(p.width * p.height for p in cloth) == 240 * 180
        cells = {
            (x, y)
            for p in cloth
            for x in range(p.x, p.x + p.width)
            for y in range(p.y, p.y + p.height)
        }
        assert len(cells) == 240 * 180
        assert all(0 <= p.colour < COLOURS for p in cloth)


def test_the_same_seed_gives_the_same_cloth_and_another_another() -> None:
    assert patchwork(b"a", 240, 180, 13) == patchwork(b"a", 240, 180, 13)
    assert patchwork(b"a", 240, 180, 13) != patchwork(b"b", 240, 180, 13)
