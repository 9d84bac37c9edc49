"""Files of communities: what counts, what doesn't and why; of bad files nothing stays."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.entries import Entry, Found, Skipped, parse_time
from dokkaebi.portal.importing import Report
from dokkaebi.portal.imports import READERS, detect
from dokkaebi.portal.imports.items import CHUNK_BYTES, items
from dokkaebi.portal.names import Persona
from dokkaebi.portal.rules import Rules
from dokkaebi.portal.store import Store
from dokkaebi.texts import catalogue
from tests.dokkaebi.portal.conftest import DATA, NOW, Import

NAMED = {"discourse": "forum.example", "ghost": "site.example"}
FORMATS = {
    "blog.wordpress.xml": "wordpress",
    "feed.rss": "feed",
    "feed.atom": "feed",
    "outbox.json": "activitypub",
    "topic.discourse.json": "discourse",
    "category.discourse.json": "discourse",
    "site.ghost.json": "ghost",
    "all.csv": "csv",
    "all.jsonl": "jsonl",
}


def read(name: str) -> list[Found]:
    with (DATA / name).open("rb") as file:
        form = detect(file, name)
        assert form == FORMATS[name]
        return list(READERS[form](file, name, NAMED.get(form)))


def facts(found: list[Found]) -> list[tuple[str, ...]]:
    """Kind, id, author; target and receiver of those that count."""
    return [
        (one.kind, one.id, one.author, one.target or "", str(one.receiver or ""))
        for one in found
        if isinstance(one, Entry)
    ]


def reasons(found: list[Found]) -> dict[str, str]:
    return {one.id: one.reason for one in found if isinstance(one, Skipped)}


def test_wordpress() -> None:
    found = read("blog.wordpress.xml")
    assert sorted(facts(found)) == [
        ("COMMENT", "comment-11", "lee", "post-1", ""),
        # A guest who types an account's name isn't that account.
        ("COMMENT", "comment-12", "~kim", "comment-11", ""),
        ("SHARE", "comment-13", "~else.example", "post-1", ""),
        ("WRITE", "post-1", "kim", "", ""),
    ]
    assert reasons(found) == {
        "comment-14": "spam",
        "comment-15": "unapproved",
        "comment-16": "post_hidden",
        "post-2": "draft",
        "post-3": "attachment",
        "post-4": "not_writing",
        "post-5": "password",
        "post-6": "private",
        "post-7": "scheduled",
        "post-8": "trash",
    }
    assert {one.source for one in found if isinstance(one, Entry)} == {"blog.example/town"}
    lines = (DATA / "blog.wordpress.xml").read_text().splitlines()
    for one in found:
        number = one.id.split("-")[1]
        text = "\n".join(lines[one.line - 1 : one.line + 4])
        assert lines[one.line - 1].strip().startswith(("<item>", "<wp:comment>")), one
        assert f"_id>{number}<" in text


def test_feeds() -> None:
    found = read("feed.rss")
    assert facts(found) == [("WRITE", "https://news.example/1", "Rene", "", "")]
    assert reasons(found) == {"https://news.example/2": "date"}
    assert found[0].at == 1_793_581_200  # type: ignore[union-attr]
    atom = read("feed.atom")
    assert [one[2] for one in facts(atom)] == ["mina", "bora"]
    assert {one.source for one in atom if isinstance(one, Entry)} == {"atom.example"}


def test_activitypub() -> None:
    found = read("outbox.json")
    base = "https://m.example/users/ari/statuses/"
    assert facts(found) == [
        ("WRITE", f"{base}1", "ari", "", ""),
        ("COMMENT", f"{base}2", "ari", "https://n.example/@bora/77", "bora@n.example"),
        (
            "SHARE",
            f"{base}3/activity",
            "ari",
            "https://n.example/users/bora/statuses/78",
            "bora@n.example",
        ),
    ]
    assert list(reasons(found).values()) == ["private", "kind"]
    assert [one.line for one in found] == [3, 6, 9, 11, 14]


def test_discourse() -> None:
    found = read("topic.discourse.json")
    assert facts(found) == [
        ("WRITE", "post-1", "sora", "", ""),
        ("COMMENT", "post-2", "dani", "post-1", ""),
        ("COMMENT", "post-3", "sora", "post-1", "dani@forum.example"),
    ]
    assert reasons(found) == {"post-4": "not_writing", "post-5": "trash"}
    assert facts(read("category.discourse.json")) == [
        ("WRITE", "post-1", "sora", "", ""),
        ("COMMENT", "post-2", "dani", "post-1", ""),
    ]


def test_ghost() -> None:
    found = read("site.ghost.json")
    assert facts(found) == [("WRITE", "post-a", "hana", "", "")]
    assert reasons(found) == {"post-b": "draft", "post-c": "private"}


def test_tables(bring: Import) -> None:
    report = bring("all.csv")
    assert dict(report.new) == {"WRITE": 1, "LIKE": 1, "COMMENT": 1}
    assert [(one.line, one.reason) for one in report.skipped] == [
        (6, "kind"),
        (7, "twice"),
        (8, "future"),
        (9, "lookalike"),
        (10, "lookalike"),
        (11, "date"),
        (12, "author"),
        (13, "id"),
        (14, "source"),
        (15, "columns"),
    ]
    assert report.total == 13
    lines = bring("all.jsonl")
    # The same ids in the same source: known already.
    assert dict(lines.known) == {"WRITE": 1, "LIKE": 1}
    assert [(one.line, one.reason) for one in lines.skipped] == [(4, "shape")]


def test_what_a_reaction_praises_is_found_by_its_target(bring: Import, store: Store) -> None:
    bring("all.csv")
    nabi = Persona("club.example", "nabi")
    found = {one.id: one.receiver for one in store.contributions(0, NOW, 1)}
    assert found == {"1": None, "2": nabi, "3": nabi}


@pytest.mark.parametrize("name", FORMATS)
def test_importing_again_changes_nothing(name: str, bring: Import, store: Store) -> None:
    options = {"source": "x.example"} if FORMATS[name] in NAMED else {}
    first = bring(name, **options)
    rows = list(store.contributions(0, NOW, 9))
    again = bring(name, **options)
    assert not again.new
    assert again.known.total() == first.new.total() + first.reasons["twice"]
    assert again.total == first.total
    assert list(store.contributions(0, NOW, 9)) == rows
    assert len(store.files()) == 1


def test_a_longer_export_brings_only_what_is_new(
    bring: Import, store: Store, tmp_path: Path
) -> None:
    longer = tmp_path / "longer.jsonl"
    text = (DATA / "all.jsonl").read_text()
    more = '{"kind":"WRITE","id":7,"author":"gom","at":1793700001,"source":"club.example"}\n'
    bring("all.jsonl")
    longer.write_text(text + more)
    report = bring(longer)
    assert (dict(report.new), report.known.total()) == ({"WRITE": 1}, 2)
    assert [one.file for one in store.contributions(0, NOW, 9) if one.id == "7"] == [2]


def test_every_reason_has_a_text() -> None:
    texts = catalogue()
    for name in FORMATS:
        for reason in reasons(read(name)).values():
            assert f"portal_skip_{reason}" in texts


# Bad files

BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rss><channel><item>&b;</item></channel></rss>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE rss [
<!ENTITY a SYSTEM "file:///etc/hostname">]><rss><channel><item>&a;</item></channel></rss>"""
EUC_KR = '<?xml version="1.0" encoding="euc-kr"?><rss>가</rss>'.encode("euc-kr")
GOOD = b'{"kind":"WRITE","id":1,"author":"a","at":1793700000,"source":"s"}\n'
HEAD = b"kind,id,author,at,source\n"


@pytest.mark.parametrize(
    ("data", "error", "line"),
    [
        (BOMB, "portal_xml_entities", 1),
        (OUTSIDE, "portal_xml_entities", 2),
        (b"<rss><channel>\n<item></channel></rss>", "portal_xml_broken", 2),
        (b"<rss><channel>\n<item></item>", "portal_xml_broken", 2),
        (b'<?xml version="1.0"?>\n<rss>\xff\xfe</rss>', "portal_xml_broken", 2),
        (b'<?xml version="1.0" encoding="x-none"?><rss/>', "portal_encoding_unknown", None),
        (EUC_KR, "portal_encoding_unknown", None),
        (b"<rss>" + b"<a>" * 100 + b"</a>" * 100 + b"</rss>", "portal_xml_broken", 1),
        (b'{"orderedItems": [\n{"id": 1},\n{"id": }]}', "portal_json_broken", 3),
        (b'{"orderedItems": [\n{"id": 1}', "portal_json_broken", 2),
        (b'{"orderedItems": [1] x', "portal_json_broken", 1),
        (b'{"orderedItems": [NaN]}', "portal_json_broken", 1),
        (b'{"orderedItems": ["\xff"]}', "portal_encoding_wrong", None),
        (b'{"orderedItems": ' + b"[" * 100_000, "portal_json_broken", 1),
        (GOOD + b"{broken\n", "portal_json_broken", 2),
        (GOOD + b'{"kind": "\xff"}\n', "portal_encoding_wrong", 2),
        (HEAD + b'WRITE,1,a,1793700000,s\nWRITE,2,"a\n', "portal_csv_broken", 3),
        (HEAD + b"WRITE,1,a,1793700000,s\nWRITE,2,\xff,1,s\n", "portal_encoding_wrong", 3),
        (b"kind,id\n1,2\n", "portal_columns", None),
        (b"what is this", "portal_format_unknown", None),
        (b"", "portal_format_unknown", None),
    ],
)
def test_of_a_bad_file_nothing_stays(
    data: bytes, error: str, line: int | None, bring: Import, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "bad"
    path.write_bytes(data)
    with pytest.raises(DokkaebiError) as caught:
        bring(path)
    assert caught.value.key == error
    assert line is None or caught.value.details["line"] == line
    assert set(catalogue()[error]) == {"en", "ko"}
    assert store.files() == []
    assert list(store.contributions(0, NOW, 9)) == []


def test_a_nameless_file_needs_a_source(bring: Import) -> None:
    with pytest.raises(DokkaebiError) as caught:
        bring("site.ghost.json")
    assert caught.value.key == "portal_source_needed"
    assert bring("site.ghost.json", source="site.example").new.total() == 1


def test_an_unknown_format_is_refused(bring: Import) -> None:
    with pytest.raises(DokkaebiError) as caught:
        bring("all.csv", form="xls")
    assert caught.value.key == "portal_format_unknown"


def test_a_missing_file(bring: Import, tmp_path: Path) -> None:
    with pytest.raises(DokkaebiError) as caught:
        bring(tmp_path / "none")
    assert caught.value.key == "file_missing"


@pytest.mark.parametrize(("length", "counts"), [(1 << 20, True), ((1 << 20) + 1, False)])
def test_texts_up_to_a_million_letters_count(
    length: int, counts: bool, bring: Import, tmp_path: Path
) -> None:
    paths = {"jsonl": tmp_path / "a.jsonl", "xml": tmp_path / "b.xml"}
    text = "x" * length
    paths["jsonl"].write_text(GOOD.decode().replace("}", f',"text":"{text}"}}'))
    paths["xml"].write_text(
        (DATA / "feed.rss").read_text().replace("<description>one", f"<description>{text}")
    )
    for path in paths.values():
        report = bring(path)
        assert report.new.total() == counts
        assert report.reasons["long"] == (not counts)


def test_ten_megabytes_of_comment_are_one_skipped_line(bring: Import, tmp_path: Path) -> None:
    path = tmp_path / "huge.xml"
    text = (DATA / "blog.wordpress.xml").read_text()
    huge = f"<wp:comment_content>{'x' * (10 << 20)}</wp:comment_content></wp:comment>"
    path.write_text(text.replace("</wp:comment>", huge, 1))
    report = bring(path)
    assert [one.id for one in report.skipped if one.reason == "long"] == ["comment-11"]
    assert report.new.total() == 3


@pytest.mark.parametrize(
    ("field", "length", "counts"),
    [("author", 120, True), ("author", 121, False), ("id", 500, True), ("id", 501, False)],
)
def test_names_and_ids_have_a_length(
    field: str, length: int, counts: bool, bring: Import, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    row = {**json.loads(GOOD), field: "x" * length}
    path.write_text(json.dumps(row))
    report = bring(path)
    assert report.new.total() == counts
    assert report.reasons[field] == (not counts)


@pytest.mark.parametrize(("ahead", "counts"), [(299, True), (300, True), (301, False)])
def test_a_clock_may_be_a_little_ahead(
    ahead: int, counts: bool, bring: Import, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD.decode().replace("1793700000", str(NOW + ahead)))
    assert bring(path).new.total() == counts


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-02T10:00:00Z", 1_793_613_600),
        ("2026-11-02 10:00:00", 1_793_613_600),
        ("2026-11-02T19:00:00.999+09:00", 1_793_613_600),
        ("2026-11-02T19:00:00+0900", 1_793_613_600),
        ("Mon, 02 Nov 2026 10:00:00 GMT", 1_793_613_600),
        ("2026-11-02", 1_793_577_600),
        ("1793613600", 1_793_613_600),
        ("1970-01-01T00:00:00Z", 0),
        ("0000-00-00 00:00:00", None),
        ("1969-12-31T23:59:59Z", None),
        ("2026-02-30", None),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("9" * 13, None),
        ("１７９３６１３６００", None),
    ],
)
def test_dates(text: str, seconds: int | None) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("shift", [*range(CHUNK_BYTES - 40, CHUNK_BYTES + 1)])
def test_json_is_the_same_wherever_a_chunk_ends(shift: int, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = ["도깨비", 1234567, {"a": [1, {}]}, None, -12, []]
    values = ", ".join(["1", '"도깨비"', "1234567", '{"a": [1, {}]}', "null", "-12", "[]"])
    path.write_text(f'{{"pad": "{"x" * (shift - 20)}", "a":\n [{values}], "b": 7}}')
    with path.open("rb") as file:
        found = list(items(file, "a", arrays=frozenset({"a"})))
    assert [one.value for one in found if one.path == "a"] == [1, *rows]
    assert {one.line for one in found if one.path == "a"} == {2}
    assert found[-1].value == 7


def test_a_name_that_was_only_mentioned_takes_nobodys_place(bring: Import, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        '{"kind":"LIKE","id":1,"author":"x","at":1,"source":"s","to":"A1ice"}',
        '{"kind":"LIKE","id":1,"author":"y","at":1,"source":"t","to":"ALICE"}',
        '{"kind":"WRITE","id":2,"author":"Alice","at":2,"source":"s"}',
        '{"kind":"WRITE","id":2,"author":"Alice","at":2,"source":"t"}',
        '{"kind":"WRITE","id":3,"author":"ALICE","at":3,"source":"t"}',
        '{"kind":"WRITE","id":3,"author":"A1ice","at":3,"source":"s"}',
        '{"kind":"WRITE","id":4,"author":"A1ice","at":3,"source":"elsewhere"}',
    ]
    path.write_text("\n".join(rows))
    report = bring(path)
    assert [(one.id, one.reason) for one in report.skipped] == [
        ("3", "lookalike"),
        ("3", "lookalike"),
    ]


def test_only_a_file_of_ours_is_opened(tmp_path: Path, rules: Rules) -> None:
    from dokkaebi.portal.store import open_store

    other = tmp_path / "other"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE a (b)")
    connection.close()
    text = tmp_path / "text"
    text.write_text("not a database, but long enough to be looked at" * 50)
    for path in (other, text):
        with pytest.raises(DokkaebiError) as caught, open_store(path):
            pass
        assert caught.value.key == "portal_foreign"
    with pytest.raises(DokkaebiError) as caught, open_store(tmp_path / "none"):
        pass
    assert caught.value.key == "portal_missing"


def test_a_killed_import_leaves_nothing(tmp_path: Path) -> None:
    """The process dies in the midst of a file; the next one finds the portal as it was."""
    path = tmp_path / "a.jsonl"
    rows = (GOOD.decode().replace(":1,", f":{n},") for n in range(20_000))
    path.write_text("".join(rows))
    code = f"""
import os
from pathlib import Path
from dokkaebi.portal import importing, store
add = store.Store.add
def dying(self, entry, file):
    if entry.id == "15000":
        os._exit(9)
    return add(self, entry, file)
store.Store.add = dying
with store.open_store(Path({str(tmp_path / "p")!r}), make=True) as opened:
    importing.import_file(opened, Path({str(path)!r}), ["WRITE"], {NOW})
"""
    from dokkaebi.portal.importing import import_file
    from dokkaebi.portal.store import open_store

    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=False, cwd=project_root())
    assert done.returncode == 9, done.stderr
    with open_store(tmp_path / "p") as opened:
        assert opened.files() == []
        assert list(opened.contributions(0, NOW, 9)) == []
        assert import_file(opened, path, ["WRITE"], NOW).new.total() == 20_000


def test_random_damage_gives_a_sentence_or_entries(
    bring: Import, store: Store, tmp_path: Path
) -> None:
    chance = random.Random(5)
    path = tmp_path / "damaged"
    for name, form in FORMATS.items():
        whole = (DATA / name).read_bytes()
        for _ in range(25):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 4)):
                at = chance.randrange(len(data))
                data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
            path.write_bytes(data)
            try:
                report: Report = bring(path, form=form, source="x.example")
            except DokkaebiError as error:
                assert error.key in catalogue()
            else:
                assert report.total >= report.new.total()
