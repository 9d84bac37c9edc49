"""The journal: whole lines, in their order, unaltered, by one writer."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from dokkaebi.errors import DokkaebiError
from dokkaebi.journal import open_journal, read_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "1.journal"
    with open_journal(made) as journal:
        for number in range(4):
            journal.append("signed", contract="토큰", nonce=number, raw="0x" + "ab" * 50)
    return made


def error(path: Path) -> str:
    with pytest.raises(DokkaebiError) as seen:
        read_journal(path)
    return seen.value.key


def test_what_was_written_is_read(path: Path, tmp_path: Path) -> None:
    assert [entry["nonce"] for entry in read_journal(path)] == [0, 1, 2, 3]
    with open_journal(path) as journal:
        assert len(journal.of("signed", nonce=2)) == 1
        journal.append("done")
    assert read_journal(path)[-1] == {"kind": "done"}
    assert read_journal(tmp_path / "none") == []


def test_a_torn_last_line_was_never_acted_on(path: Path) -> None:
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(last, len(whole)):
        path.write_bytes(whole[:cut])
        assert len(read_journal(path)) == 3
    with open_journal(path) as journal:
        journal.append("signed", nonce=9)
    assert [entry["nonce"] for entry in read_journal(path)] == [0, 1, 2, 9]


def test_no_byte_can_be_altered(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(0, len(whole) - 1, 7):
        other = bytes([whole[place] ^ 1])
        if other == b"\n" or whole[place : place + 1] == b"\n":
            continue
        path.write_bytes(whole[:place] + other + whole[place + 1 :])
        try:
            entries = read_journal(path)
        except DokkaebiError as problem:
            assert problem.key == "journal_corrupt"
        else:
            pytest.fail(f"byte {place}: {entries}")


def test_no_line_can_be_left_out_or_moved(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for others in (lines[1:], lines[:1] + lines[2:], [lines[1], lines[0], *lines[2:]]):
        path.write_bytes(b"".join(others))
        assert error(path) == "journal_corrupt"


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"null", b"x", b'{"entry":{},"before":"","digest":""}']
)
def test_what_is_no_entry_is_refused(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert error(path) == "journal_corrupt"


def test_one_writer_at_a_time(path: Path) -> None:
    with open_journal(path):
        with pytest.raises(DokkaebiError) as seen, open_journal(path):
            pass
        assert seen.value.key == "journal_locked"
    with open_journal(path):
        pass


def test_the_lock_dies_with_its_owner(path: Path) -> None:
    child = os.fork()
    if child == 0:
        with open_journal(path):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with open_journal(path) as journal:
        assert len(journal.entries) == 4


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path) -> None:
    child = os.fork()
    if child == 0:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = path.stat().st_size + 100
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        code = 1
        try:
            with open_journal(path) as journal:
                journal.append("signed", raw="0x" + "cd" * 500)
        except DokkaebiError as problem:
            code = 0 if problem.key == "journal_unwritable" else 2
        os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(read_journal(path)) == 4
    assert path.read_bytes().endswith(b"\n")


def test_lines_are_json_that_people_can_read(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["entry"]["contract"] == "토큰"
        assert "토큰" in line
