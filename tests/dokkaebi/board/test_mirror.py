"""Boards that take what others have, and the commands that do it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dokkaebi.board.mirror import LINE_BYTES_MAX
from dokkaebi.chain.consent_files import consent_text
from dokkaebi.chain.nonces import cancel_nonces
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.store import read_ledger
from tests.dokkaebi.board.conftest import Corner, corner_of, metadata
from tests.dokkaebi.board.test_vouchers import voucher
from tests.dokkaebi.chain.conftest import Stall
from tests.dokkaebi.conftest import BUYER, CREATOR


@pytest.fixture
def filled(corner: Corner) -> Corner:
    """A board with three documents and a work."""
    for signed in (corner.offer(nonce=1), voucher(corner, metadata(CREATOR)), corner.offer(BUYER)):
        assert corner.post(signed).status_code == 201
    return corner


def say(corner: Corner, folder: Path, *words: object) -> dict[str, object]:
    """A command on a board's folder."""
    options = ("--board", folder, "--database", folder.parent / "ledger.sqlite3")
    return dict(corner.stall.market.do("board", *words, *options, key=None))


def test_export_is_imported_elsewhere(filled: Corner, tmp_path: Path) -> None:
    here, there, lines = tmp_path / "board", tmp_path / "other", tmp_path / "board.jsonl"
    assert say(filled, here, "export", lines)["lines"] == 4
    assert say(filled, there, "import", lines) == {"new": 3, "known": 0, "refused": {}}
    assert say(filled, there, "import", lines) == {"new": 0, "known": 3, "refused": {}}
    listed = [say(filled, folder, "list") for folder in (here, there)]
    assert listed[0]["documents"] == listed[1]["documents"] == 3
    assert listed[0]["works"] == listed[1]["works"] == 1
    with corner_of(filled.stall, there, tmp_path / "ledger.sqlite3") as opened:
        assert [work["title"] for work in opened.works(q="항아")] == ["달항아리"]


def test_import_believes_nothing(filled: Corner, tmp_path: Path) -> None:
    here, lines = tmp_path / "board", tmp_path / "board.jsonl"
    say(filled, here, "export", lines)
    good = lines.read_text().splitlines()
    forged = json.loads(good[0])
    forged["document"]["terms"]["price"] = "1"
    stale = filled.offer(nonce=9)
    filled.stall.act(CREATOR, cancel_nonces(filled.stall.suite.creation_market, 9, 9))
    old = json.dumps({"document": json.loads(consent_text(stale))})
    long = "x" * (2 * LINE_BYTES_MAX)
    bad = [json.dumps(forged), old, "{}", "[" * 5_000, long, "", '{"metadata": "<"}']
    lines.write_text("\n".join([*bad, *good]) + "\n")
    answer = filled.stall.market.bare(
        "board", "import", lines, "--json", "--board", tmp_path / "third",
        "--database", tmp_path / "ledger.sqlite3",
        "--rpc", filled.stall.suite.chain.url, "--manifest", filled.stall.market.manifest,
    )  # fmt: skip
    assert answer.code == 1
    assert answer.json == {
        "new": 3,
        "known": 0,
        "refused": {
            "consent_digest_wrong": 1,
            "consent_nonce_spent": 1,
            "board_line_wrong": 3,
            "board_metadata_size": 1,
        },
    }


def test_mirror_goes_on_where_it_stopped(filled: Corner) -> None:
    whole = filled.http.get("/v1/board/mirror")
    assert whole.headers["Content-Type"] == "application/jsonl"
    pieces, cursor = b"", "0"
    while True:
        page = filled.http.get("/v1/board/mirror", params={"cursor": cursor, "limit": 1})
        if not page.content:
            break
        pieces, cursor = pieces + page.content, page.headers["Next-Cursor"]
    assert pieces == whole.content
    assert cursor == whole.headers["Next-Cursor"]
    last = filled.offer(nonce=5)
    filled.post(last)
    later = filled.http.get("/v1/board/mirror", params={"cursor": cursor}).content.splitlines()
    assert [json.loads(line)["document"]["digest"] for line in later] == [last.id]


def test_numbers_are_never_used_again(filled: Corner) -> None:
    """Whoever stopped at a number misses nothing that comes after it."""
    [newest] = filled.documents(limit=1)
    filled.notices.store.drop({newest["digest"]: DokkaebiError("consent_expired")}, 5)
    filled.post(filled.offer(BUYER, nonce=77))
    assert filled.documents(limit=1)[0]["number"] > newest["number"]


def test_check_takes_off_what_cannot_be_used(filled: Corner, tmp_path: Path) -> None:
    filled.stall.act(CREATOR, cancel_nonces(filled.stall.suite.creation_market, 1, 1))
    assert say(filled, tmp_path / "board", "check") == {"looked": 3, "dropped": 1}
    assert len(filled.documents()) == 2


def test_board_of_another_market_is_refused(filled: Corner, tmp_path: Path) -> None:
    filled.notices.store.set_place("registry", "0x" + "0" * 40)
    options = ("--board", tmp_path / "board", "--database", tmp_path / "ledger.sqlite3")
    assert filled.stall.market.error("board", "list", *options, key=None) == "board_other"


def test_ledger_and_board_leave_each_other_alone(either: Corner) -> None:
    """Also where only one ledger is expected: the board beside it is none."""
    either.post(either.offer())
    either.index()
    with read_ledger(either.ledger) as snapshot:
        assert snapshot.cursor.block_number > 0
    assert len(either.documents()) == 1


def test_board_opens_again_after_a_kill(stall: Stall, tmp_path: Path) -> None:
    where = (stall, tmp_path / "board", tmp_path / "ledger.sqlite3")
    with corner_of(*where) as first:
        signed = first.offer()
        assert first.post(signed).status_code == 201
        # What another process sees while the first one is still there.
        with corner_of(*where) as second:
            assert [item["digest"] for item in second.documents()] == [signed.id]
            assert second.post(signed).status_code == 200
