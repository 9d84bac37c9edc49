"""The commands `index` and `report`: what they print, write, and end with."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.node import start_node
from dokkaebi.cli import main
from dokkaebi.ledger.reports import QUESTIONS
from dokkaebi.ledger.schema import DIGITS
from tests.dokkaebi.ledger.market_day import Day

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command line: exit code, stdout, stderr."""
    for name in ("RPC", "MANIFEST", "DATABASE", "DOCUMENTS", "LANG"):
        monkeypatch.delenv(f"DOKKAEBI_{name}", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        code = end.value.code
        assert isinstance(code, int)
        return code, said.out, said.err

    return run


@pytest.fixture
def manifest(day: Day, tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    save_manifest(path, day.manifest())
    return path


@pytest.fixture
def place(day: Day, manifest: Path, tmp_path: Path) -> list[str | Path]:
    """The options that every command needs here."""
    database = tmp_path / "books.sqlite3"
    return ["--rpc", day.chain.url, "--manifest", manifest, "--database", database, "--lang", "en"]


def spoil(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "UPDATE credit SET amount = ? WHERE amount = ?",
            (format(900, f"0{DIGITS}d"), format(901, f"0{DIGITS}d")),
        )
    connection.close()


# index


def test_index_says_what_it_read(run: Run, place: list[str | Path], day: Day) -> None:
    code, out, _ = run("index", *place)
    assert code == 0
    assert f"block {day.chain.block_number}" in out
    code, out, _ = run("index", *place)
    assert code == 0
    assert "Nothing new" in out


def test_index_speaks_json(run: Run, place: list[str | Path], day: Day) -> None:
    code, out, _ = run("index", *place, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["head_block"] == day.chain.block_number
    assert answer["new_events"] > 100


def test_index_without_a_node_is_an_error(run: Run, manifest: Path, tmp_path: Path) -> None:
    words = ["--rpc", "http://127.0.0.1:9", "--manifest", manifest, "--database", tmp_path / "l"]
    code, out, err = run("index", *words)
    assert (code, out) == (2, "")
    assert "127.0.0.1:9" in err
    assert not (tmp_path / "l").exists()
    code, out, _ = run("index", *words, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "rpc_unreachable"


def test_index_of_another_chains_manifest_is_an_error(
    run: Run, place: list[str | Path], manifest: Path, day: Day, tmp_path: Path
) -> None:
    save_manifest(manifest, replace(day.manifest(), genesis_hash="0x" + "12" * 32))
    code, _, err = run("index", *place)
    assert code == 2
    assert err
    assert not (tmp_path / "books.sqlite3").exists()


def test_index_into_another_file_is_an_error_and_leaves_it(
    run: Run, place: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "books.sqlite3").write_text("my shopping list " * 100)
    code, _, err = run("index", *place)
    assert code == 2
    assert "is not a Dokkaebi ledger" in err
    assert (tmp_path / "books.sqlite3").read_text() == "my shopping list " * 100


def test_index_into_another_deployments_ledger_is_an_error(
    run: Run, day: Day, manifest: Path, copied: Path
) -> None:
    contracts = day.manifest().contracts
    later = replace(day.manifest(), first_block=2, contracts=contracts)
    save_manifest(manifest, later)
    where = ["--rpc", day.chain.url, "--manifest", manifest, "--database", copied]
    code, out, _ = run("index", *where, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "ledger_other_deployment"


# report


def test_report_prints_tables(run: Run, place: list[str | Path]) -> None:
    run("index", *place)
    code, out, err = run("report", *place)
    assert (code, err) == (0, "")
    assert "OWED AGAINST PAID" in out


def test_report_answers_one_question(run: Run, place: list[str | Path]) -> None:
    run("index", *place)
    code, out, _ = run("report", "money-in-escrow", *place)
    assert code == 0
    assert "MONEY IN ESCROW" in out
    assert "TRADES" not in out


def test_report_needs_no_node_unless_it_checks(run: Run, manifest: Path, books: Path) -> None:
    dead = ["--rpc", "http://127.0.0.1:9", "--manifest", manifest, "--database", books]
    code, out, _ = run("report", "--format", "json", *dead)
    assert code == 0
    assert json.loads(out)["balances_match"] is None
    code, _, err = run("report", "--check", *dead)
    assert code == 2
    assert "127.0.0.1:9" in err


def test_report_of_json_is_one_object(run: Run, books: Path, day: Day) -> None:
    code, out, _ = run("report", "--json", "--database", books, "--documents", day.documents)
    report = json.loads(out)
    assert code == 0
    assert {"chain_id", "head_block", "events", "creations", "trades"} <= report.keys()
    assert any(work["title"] == "달항아리" for work in report["creations"])


def test_report_checks_the_books(run: Run, place: list[str | Path]) -> None:
    run("index", *place)
    code, out, err = run("report", "--check", "--format", "json", *place)
    assert code == 0
    assert json.loads(out)["balances_match"] is True
    assert "no difference" in err


def test_report_names_each_difference_and_ends_with_1(
    run: Run, place: list[str | Path], tmp_path: Path
) -> None:
    run("index", *place)
    spoil(tmp_path / "books.sqlite3")
    code, out, err = run("report", "--check", "--format", "json", *place)
    assert code == 1
    report = json.loads(out)
    assert report["balances_match"] is False
    # The credit itself, and the till whose sums it is in.
    assert [one["what"] for one in report["differences"]] == ["credit", "money_in_and_out"]
    assert "the books say 900, the chain says 901" in err
    code, _, err = run("report", "--check", "--format", "html", "--output", tmp_path / "r", *place)
    assert code == 1
    assert "the chain says 901" in err
    assert "books differ" in (tmp_path / "r").read_text()


def test_report_writes_the_page(run: Run, books: Path, day: Day, tmp_path: Path) -> None:
    page = tmp_path / "out" / "report.html"
    words = ["--documents", day.documents, "--works", day.works, "--lang", "ko"]
    code, out, _ = run("report", "--database", books, "--format", "html", "--output", page, *words)
    assert code == 0
    assert str(page) in out
    assert page.read_text().startswith('<!doctype html>\n<html lang="ko">')
    assert "data:image/svg+xml" in page.read_text()


def test_report_writes_csv_a_file_each(run: Run, books: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    code, _, _ = run("report", "--database", books, "--format", "csv", "--output", folder)
    assert code == 0
    assert len(list(folder.glob("*.csv"))) == len(QUESTIONS)
    with (folder / "trades.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) > 40


def test_report_writes_one_csv_into_a_file(run: Run, books: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    words = ["trades", "--database", books, "--format", "csv", "--output", file]
    assert run("report", *words)[0] == 0
    assert file.read_text().startswith("id,kind,document")


def test_report_prints_one_csv_and_not_several(run: Run, books: Path) -> None:
    code, out, _ = run("report", "trades", "--database", books, "--format", "csv")
    assert code == 0
    assert out.startswith("id,kind,document")
    code, out, err = run("report", "--database", books, "--format", "csv")
    assert (code, out) == (2, "")
    assert "--output" in err


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--format", "pdf"], "report_format_unknown"),
        (["sales-by-year"], "question_unknown"),
        (["trades", "--format", "html", "--output", "x.html"], "report_html_whole"),
        (["--works", "nowhere"], "report_works_missing"),
        (["--output", "taken/x.json"], "report_unwritable"),
    ],
)
def test_report_refuses_with_a_sentence(
    run: Run, books: Path, tmp_path: Path, words: list[str], key: str
) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    before = set(tmp_path.rglob("*"))
    form = [] if "--format" in words else ["--format", "json"]
    code, out, _ = run("report", *words, *form, "--database", books, "--json")
    assert code == 2
    assert json.loads(out)["error"] == key
    assert set(tmp_path.rglob("*")) == before
    code, _, err = run("report", *words, *form, "--database", books, "--lang", "ko")
    assert code == 2
    assert any("가" <= letter <= "힣" for letter in err)


@pytest.mark.parametrize(
    ("content", "key"),
    [(None, "ledger_missing"), (b"", "ledger_foreign"), (b"text " * 400, "ledger_foreign")],
)
def test_report_of_what_is_no_ledger(
    run: Run, tmp_path: Path, content: bytes | None, key: str
) -> None:
    path = tmp_path / "ledger.sqlite3"
    if content is not None:
        path.write_bytes(content)
    code, out, _ = run("report", "--database", path, "--json")
    assert code == 2
    assert json.loads(out)["error"] == key
    assert path.exists() is (content is not None)


def test_report_of_another_deployment_is_refused(
    run: Run, manifest: Path, day: Day, books: Path
) -> None:
    save_manifest(manifest, replace(day.manifest(), first_block=2))
    code, out, _ = run("report", "--manifest", manifest, "--database", books, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "ledger_other_deployment"


def test_report_of_a_damaged_ledger_is_refused(run: Run, copied: Path) -> None:
    copied.write_bytes(copied.read_bytes()[: 3 * 4_096])
    code, out, _ = run("report", "--database", copied, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "ledger_corrupt"


def test_the_check_against_another_chain_is_refused(run: Run, manifest: Path, books: Path) -> None:
    with start_node("ganache") as other:
        words = ["--rpc", other.url, "--manifest", manifest, "--database", books]
        code, _, err = run("report", "--check", *words)
    assert code == 2
    assert err
