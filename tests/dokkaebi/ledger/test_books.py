"""The commands of the books: what they print, write, and end with."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.suite import COIN
from dokkaebi.cli import main
from dokkaebi.cli.output import EXIT_STOPPED
from dokkaebi.config import project_root
from dokkaebi.ledger.reports import QUESTIONS
from dokkaebi.ledger.schema import DIGITS
from dokkaebi.ledger.store import Identity
from tests.dokkaebi.ledger.engines import contents, new_database
from tests.dokkaebi.ledger.market_day import Day

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command line: exit code, stdout, stderr."""
    for name in ("RPC", "MANIFEST", "DATABASE", "DATABASE_URL", "DOCUMENTS", "LANG", "ZONE"):
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


@pytest.mark.parametrize("words", [["--careful"], ["--finality", "3"], ["--rebuild"]])
def test_index_takes_its_options(
    run: Run, place: list[str | Path], words: list[str], tmp_path: Path, identity: Identity
) -> None:
    run("index", *place, "--finality", "2")
    before = contents(tmp_path / "books.sqlite3", identity)
    code, out, _ = run("index", *place, *words, "--json")
    assert code == 0
    assert (json.loads(out)["new_events"] > 100) == (words == ["--rebuild"])
    after = contents(tmp_path / "books.sqlite3", identity)
    for name in ("event", "trade", "credit"):
        assert after[name] == before[name]


def test_index_refuses_a_finality_of_nothing(run: Run, place: list[str | Path]) -> None:
    code, _, err = run("index", *place, "--finality", "0")
    assert code == 2
    assert "--finality" in err


def test_index_into_postgresql(run: Run, place: list[str | Path], postgres: str) -> None:
    url = new_database(postgres)
    there = [*place[:-3], url, "--lang", "en"]
    assert run("index", *there)[0] == 0
    code, out, _ = run("report", "money-in-escrow", *there)
    assert code == 0
    assert "MONEY IN ESCROW" in out
    code, out, _ = run("audit", *there)
    assert code == 0
    assert "no difference" in out


@pytest.fixture
def program(anvil_market: Day, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts commands on a market of its own, as people do."""
    save_manifest(tmp_path / "m.json", anvil_market.manifest())
    chain, started = anvil_market.chain, []
    where = ["--rpc", chain.url, "--manifest", "m.json", "--database", "l.sqlite3"]

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from dokkaebi.cli import main; main()", *words, *where],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(project_root()), "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """Reads on until a line has these words."""
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


def test_index_follows_the_chain_until_it_is_stopped(
    anvil_market: Day, program: Callable[..., subprocess.Popen[str]]
) -> None:
    chain = anvil_market.chain
    process = program("index", "--follow", "--lang", "en")
    line_with(process, f"block {chain.block_number}")
    chain.raw("evm_mine")
    line_with(process, f"block {chain.block_number}")
    anvil_market.do(anvil_market.people[0], anvil_market.token, "transfer", COIN[:-1] + "9", 5)
    assert "1 new events" in line_with(process, f"block {chain.block_number}")
    # The last two blocks go another way.
    chain.raw("anvil_reorg", [2, []])
    line_with(process, "taken back")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == EXIT_STOPPED


def test_a_page_is_made_again_as_the_ledger_gets_on(
    anvil_market: Day, program: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    chain = anvil_market.chain
    assert program("index").wait(60) == 0
    page = tmp_path / "page.html"
    words = ["--format", "html", "--output", "page.html", "--follow", "--lang", "en"]
    process = program("report", *words)
    line_with(process, "page.html")
    assert '<meta http-equiv="refresh" content="2">' in page.read_text()
    assert f"block {chain.block_number} " in page.read_text()
    chain.raw("evm_mine")
    assert program("index").wait(60) == 0
    line_with(process, "page.html")
    assert f"block {chain.block_number} " in page.read_text()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == EXIT_STOPPED


# audit, replay, copy


def test_audit_passes_or_names_what_differs(
    run: Run, place: list[str | Path], tmp_path: Path, day: Day
) -> None:
    run("index", *place)
    code, out, _ = run("audit", *place)
    assert code == 0
    assert "no difference" in out
    code, out, _ = run("audit", "--at", str(day.chain.block_number // 2), *place, "--json")
    assert (code, json.loads(out)["passes"]) == (0, True)
    assert json.loads(out)["block"] == day.chain.block_number // 2
    spoil(tmp_path / "books.sqlite3")
    code, out, err = run("audit", *place, "--json")
    assert (code, json.loads(out)["passes"]) == (1, False)
    assert len(json.loads(out)["differences"]) == err.count("the books say")


def test_audit_of_a_block_to_come_is_an_error(run: Run, place: list[str | Path]) -> None:
    run("index", *place)
    code, out, _ = run("audit", "--at", "99999999", *place, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "audit_block_unknown"


def test_replay_mends_what_was_spoiled(run: Run, place: list[str | Path], tmp_path: Path) -> None:
    run("index", *place)
    code, out, _ = run("replay", *place)
    assert code == 0
    assert "as it was" in out
    spoil(tmp_path / "books.sqlite3")
    code, out, err = run("replay", *place, "--json")
    assert (code, json.loads(out)["mended"]) == (1, {"credit": 1})
    assert "credit" in err
    assert run("replay", *place)[0] == 0
    assert run("audit", *place)[0] == 0


def test_copy_to_postgresql_and_back(
    run: Run, copied: Path, postgres: str, tmp_path: Path, identity: Identity
) -> None:
    url, back = new_database(postgres), tmp_path / "back.sqlite3"
    code, out, _ = run("copy", url, "--database", copied, "--lang", "en")
    assert code == 0
    assert "rows" in out
    assert run("copy", back, "--database", url)[0] == 0
    assert contents(back, identity) == contents(copied, identity)
    code, out, _ = run("copy", url, "--database", copied, "--json")
    assert code == 2
    assert json.loads(out)["error"] == "copy_not_empty"


# parquet, gather


def test_parquet_writes_a_folder_and_refuses_another(
    run: Run, place: list[str | Path], tmp_path: Path
) -> None:
    run("index", *place)
    code, out, _ = run("parquet", tmp_path / "files", "--blocks", "50", *place, "--json")
    assert code == 0
    assert json.loads(out)["rows"]["event"] > 100
    code, out, _ = run("parquet", tmp_path / "files", "--raw", "--blocks", "50", *place)
    assert code == 0
    code, out, _ = run("parquet", tmp_path, *place, "--json")
    assert (code, json.loads(out)["error"]) == (2, "parquet_foreign")


def test_gather_helps_an_index_into_postgresql(
    run: Run, place: list[str | Path], postgres: str, day: Day
) -> None:
    there = [*place[:-3], new_database(postgres), "--lang", "en"]
    code, out, _ = run("gather", *there, "--json")
    assert (code, json.loads(out)["error"]) == (2, "ledger_missing")
    run("index", *there)
    code, out, _ = run("index", *there, "--rebuild", "--json")
    assert code == 0
    code, out, _ = run("gather", *there)
    assert code == 0
    assert "nothing is left" in out
    code, out, _ = run("gather", *place, "--json")
    assert (code, json.loads(out)["error"]) == (2, "gather_needs_postgresql")


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


def test_report_has_a_time_zone(run: Run, books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["report", "trades", "--format", "csv", "--database", books]
    assert "Z,-" not in run(*words)[1]
    assert "+09:00" in run(*words, "--zone", "Asia/Seoul")[1]
    monkeypatch.setenv("DOKKAEBI_ZONE", "Asia/Seoul")
    assert "+09:00" in run(*words)[1]
    assert "+09:00" not in run(*words, "--zone", "UTC")[1]


@pytest.mark.parametrize(("by", "form"), [("day", r"\d{4}-\d\d-\d\d"), ("week", r"\d{4}-W\d\d")])
def test_health_is_counted_by_the_period_asked_for(
    run: Run, books: Path, by: str, form: str
) -> None:
    words = ["report", "market-health", "--format", "csv", "--by", by, "--database", books]
    code, out, _ = run(*words)
    assert code == 0
    assert all(re.match(form + ",", line) for line in out.splitlines()[1:])


# statement


def test_statement_is_a_table_csv_or_json(run: Run, books: Path, day: Day, tmp_path: Path) -> None:
    words = ["statement", day.people[2], "--database", books, "--documents", day.documents]
    code, out, _ = run(*words, "--lang", "en")
    assert code == 0
    assert "As seller: " in out
    assert day.people[2].upper() in out.splitlines()[0].upper()
    code, out, _ = run(*words, "--format", "csv")
    lines = list(csv.DictReader(out.splitlines()))
    assert len(lines) > 3
    assert all(line["link"] == "" for line in lines)
    code, out, _ = run(*words, "--format", "csv", "--explorer", "https://scan.example")
    assert out.count("https://scan.example/tx/0x") == len(lines)
    code, out, _ = run(*words, "--json")
    assert len(json.loads(out)["receipts"]) == len(lines)
    file = tmp_path / "2026.csv"
    code, out, _ = run(*words, "--format", "csv", "--output", file)
    assert code == 0
    assert list(csv.DictReader(file.read_text().splitlines())) == lines


def test_statement_of_a_period_and_of_nobody(run: Run, books: Path, day: Day) -> None:
    words = ["statement", day.people[2], "--database", books, "--json"]
    whole = json.loads(run(*words)[1])["receipts"]
    days = [datetime.fromtimestamp(row["at"], UTC).date().isoformat() for row in whole]
    first = json.loads(run(*words, "--to", days[0])[1])["receipts"]
    rest = json.loads(run(*words, "--from", days[-1])[1])["receipts"]
    assert [row["at"] for row in first] == [
        r["at"] for r, d in zip(whole, days, strict=True) if d == days[0]
    ]
    assert [row["at"] for row in rest] == [
        r["at"] for r, d in zip(whole, days, strict=True) if d == days[-1]
    ]
    code, out, _ = run("statement", "0x" + "9" * 40, "--database", books, "--lang", "en")
    assert code == 0
    assert "Nothing yet" in out


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["0x12"], "address_wrong"),
        (["0x" + "9" * 40, "--from", "yesterday"], "day_unknown"),
        (["0x" + "9" * 40, "--from", "2026-02-01", "--to", "2026-01-31"], "period_empty"),
        (["0x" + "9" * 40, "--zone", "Mars/Base"], "zone_unknown"),
        (["0x" + "9" * 40, "--format", "html"], "report_format_unknown"),
    ],
)
def test_statement_refuses_with_a_sentence(
    run: Run, books: Path, words: list[str], key: str
) -> None:
    code, out, _ = run("statement", *words, "--database", books, "--json")
    assert code == 2
    assert json.loads(out)["error"] == key


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--zone", "Asia/Soul"], "zone_unknown"),
        (["--by", "year"], "period_unknown"),
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
