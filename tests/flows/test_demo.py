"""The first thing a stranger does: `make demo`, on the shipped works and on a folder of files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".venv" / "bin" / "dokkaebi"


def demo(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(COMMAND), "demo", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a market day of the shipped works said, and the folder it left."""
    folder = tmp_path_factory.mktemp("day") / "demo"
    done = demo("--output", folder, "--lang", "en")
    assert done.returncode == 0, done.stderr
    return done.stdout, folder


@pytest.fixture(scope="module")
def report(day: tuple[str, Path]) -> dict[str, Any]:
    return dict(json.loads((day[1] / "report.json").read_text("utf-8")))


def test_demo_leaves_its_files_and_says_that_the_books_balance(day: tuple[str, Path]) -> None:
    said, folder = day
    last = said.strip().splitlines()[-1]
    assert re.fullmatch(r"books balance: \d+ trades, \d+ events", last)
    for name in ("report.html", "report.json", "ledger.sqlite3", "deployment.json"):
        assert (folder / name).stat().st_size > 0
    assert not list(folder.parent.glob(".demo-*"))


def test_demo_report_has_its_keys(report: dict[str, Any]) -> None:
    assert {"chain_id", "head_block", "events", "creations", "trades"} <= set(report)
    assert report["balances_match"] is True
    assert report["chain_id"] == 1337
    for trade in report["trades"]:
        assert {"id", "state", "seller", "buyer", "asset", "amount"} <= set(trade)
        assert isinstance(trade["amount"], str)


def test_demo_splits_add_up_to_what_was_paid(report: dict[str, Any]) -> None:
    ended = [trade for trade in report["trades"] if trade["state"] != "funded"]
    assert len(ended) >= 16
    for trade in ended:
        parts = trade["split"]
        assert all(isinstance(amount, str) for amount in parts.values())
        assert sum(map(int, parts.values())) == int(trade["amount"])


def test_demo_shows_each_way_a_trade_can_go(report: dict[str, Any]) -> None:
    reasons = {trade.get("reason") for trade in report["trades"]}
    assert {"confirmed", "inspection_timeout", "seller_refund", "ship_timeout"} <= reasons
    assert {"ruled", "arbiter_silent", "settled", "bought", "accepted", "auctioned"} <= reasons
    assert "funded" in {trade["state"] for trade in report["trades"]}
    assert {trade["asset"] for trade in report["trades"]} >= {"0x" + 40 * "0"}


def test_demo_shows_auction_barter_milestones_and_requests(report: dict[str, Any]) -> None:
    assert len(report["auctions"]) == len(report["swaps"]) == 1
    assert len(report["milestones"]) == 3
    assert len(report["requests"]) == 2
    assert len(report["disputes"]) == 3


def test_demo_sells_the_work_of_somebody_without_a_coin(
    day: tuple[str, Path], report: dict[str, Any]
) -> None:
    (sale,) = (trade for trade in report["trades"] if trade["kind"] == "voucher")
    (work,) = (one for one in report["creations"] if one["id"] == sale["creation"])
    assert (work["creator"], work["owner"]) == (sale["seller"], sale["buyer"])
    (sponsor,) = (one for one in report["fees_and_royalties"] if one["role"] == "sponsor")
    (seller,) = (one for one in report["owed_against_paid"] if one["payee"] == sale["seller"])
    assert 0 < int(sponsor["amount"]) == int(sale["split"]["seller"]) - int(seller["paid"])
    assert seller["owed"] == seller["paid"]
    said = day[0]
    assert said.index("never had a coin") < said.index("never paid for gas")


def test_demo_pays_for_what_people_wrote_and_the_tokens_are_spent(day: tuple[str, Path]) -> None:
    said, folder = day
    documents = sorted((folder / "portal").glob("epoch-*.json"))
    accounts = json.loads(documents[-1].read_text("utf-8"))["accounts"]
    assert len(accounts) >= 3
    _, scene = said.split("becomes tokens:")
    assert scene.count(" gets ") == len(accounts)
    assert "by a signed permit" in said


def test_demo_works_are_real_files_of_several_formats(report: dict[str, Any]) -> None:
    files = list((ROOT / "examples" / "works").iterdir())
    assert len(files) >= 8
    assert len({file.suffix for file in files}) >= 4
    assert len(report["creations"]) == len(files)


def test_demo_derivative_pays_its_parents_creator(report: dict[str, Any]) -> None:
    paid = [trade for trade in report["trades"] if int(trade["split"].get("royalty", "0")) > 0]
    assert paid


def test_demo_plays_any_folder_and_replaces_the_last_one_as_a_whole(
    tmp_path: Path, day: tuple[str, Path]
) -> None:
    works, target = tmp_path / "works", tmp_path / "demo"
    works.mkdir()
    for number in range(3):
        (works / f"작품 {number}.bin").write_bytes(bytes([number]) * (number + 1))
    shutil.copytree(day[1], target)
    (target / "left-over").write_text("old")
    done = demo("--works", works, "--output", target, "--lang", "ko")
    assert done.returncode == 0, done.stderr
    assert "books balance:" in done.stdout
    assert "작품 1" in done.stdout
    assert not (target / "left-over").exists()
    assert len(json.loads((target / "report.json").read_text("utf-8"))["creations"]) == 3


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "hidden", "empty file"])
def test_demo_refuses_bad_works_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    works = tmp_path / "works"
    if kind == "file":
        works.write_text("x")
    elif kind != "missing":
        works.mkdir()
    if kind == "hidden":
        (works / ".hidden").write_text("x")
    if kind == "empty file":
        (works / "empty.txt").touch()
    done = demo("--works", works, "--output", tmp_path / "out" / "demo")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(works) in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "demo").exists()
    assert not list((tmp_path / "out").glob(".demo-*")) if (tmp_path / "out").exists() else True
