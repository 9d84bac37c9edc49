"""The portal's commands as people type them, in both languages."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.cli import run
from dokkaebi.portal.rules import DEFAULT, load_rules
from dokkaebi.texts import catalogue
from tests.dokkaebi.conftest import CREATOR, Market, address
from tests.dokkaebi.portal.conftest import DATA

STEWARD, POOL = "test:2", "0x" + "5" * 40
PLACE = ("--chain-id", "1", "--pool", POOL, "--without-market")


class Desk:
    """The command line, in a folder of its own."""

    def __init__(self, folder: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.rules, self._capsys = folder, rules, capsys

    def say(self, *words: object, lang: str = "en") -> tuple[int, str, str]:
        with_rules = ["--rules", str(self.rules)] if words[0] not in ("report", "proof") else []
        options = [] if words[0] == "attest" else ["--folder", str(self.folder)]
        code = run(["portal", *map(str, words), *options, *with_rules, "--lang", lang])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def do(self, *words: object) -> Any:
        code, out, err = self.say(*words, "--json")
        assert code in (0, 1), (out, err)
        return json.loads(out)

    def error(self, *words: object) -> str:
        code, out, _ = self.say(*words, "--json")
        assert code == 2, out
        key = str(json.loads(out)["error"])
        for lang in ("en", "ko"):
            code, out, err = self.say(*words, lang=lang)
            assert (code, out) == (2, "")
            assert key not in err
        assert key in catalogue()
        return key


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    rules = tmp_path / "rules.toml"
    text = DEFAULT.read_text().replace("0x" + "0" * 40 + '"', address(STEWARD).lower() + '"')
    rules.write_text(text)
    assert load_rules(rules).steward == address(STEWARD).lower()
    return Desk(tmp_path / "portal", rules, capsys)


def test_import_says_what_became_of_each_piece(desk: Desk) -> None:
    path = DATA / "blog.wordpress.xml"
    found = desk.do("import", path)["files"][0]
    assert found["total"] == sum(found["new"].values()) + len(found["skipped"])
    assert sum(found["reasons"].values()) == len(found["skipped"])
    code, out, _ = desk.say("import", path)
    assert code == 0
    assert "0 new, 4 known already" in out
    for one in found["skipped"]:
        assert f"line {one['line']}, {one['id']}: " in out
    assert "건너뜀 10건" in desk.say("import", path, lang="ko")[1]


def test_each_bad_file_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<rss><channel>")
    assert desk.error("import", bad) == "portal_xml_broken"
    assert desk.error("import", tmp_path / "none") == "file_missing"
    assert desk.error("import", DATA / "site.ghost.json") == "portal_source_needed"
    assert desk.error("import", DATA / "all.csv", "--format", "xls") == "portal_format_unknown"
    assert desk.do("import", DATA / "site.ghost.json", "--source", "s.example")["files"]


def test_an_epoch_from_files_to_claims(desk: Desk, market: Market, tmp_path: Path) -> None:
    desk.do("import", DATA / "all.csv")
    node = ("--rpc", market.chain.url)
    link = tmp_path / "link.json"
    person = "nabi@club.example"
    signed = desk.do("sign-link", person, "--key", CREATOR, "--output", link, *node)
    assert signed["claim_code"].startswith("dokkaebi-")
    assert desk.error("link", link) == "portal_link_signature"
    assert desk.error("attest", link, "--key", CREATOR, *node) == "portal_not_steward"
    assert desk.do("attest", link, "--key", STEWARD, *node)["persona"] == person
    assert desk.do("link", link)["new"]
    assert not desk.do("link", link)["new"]
    time.sleep(1.1)
    end = int(time.time())
    close = ("close", 1, "--start", "2026-11-01", "--budget", "10.5", *PLACE)
    assert desk.error(*close, "--end", end + 60) == "portal_epoch_open"
    assert desk.error(*close, "--end", "soon") == "portal_time_wrong"
    assert desk.error("close", 2, *close[2:], "--end", end) == "portal_epoch_gap"
    assert desk.error("report") == "portal_no_epoch"
    closed = desk.do(*close, "--end", end)
    document = json.loads(Path(closed["document"]).read_bytes())
    assert document["budget"] == str(105 * 10**17)
    assert document["inputs"]["links"] == [["club.example", "nabi", address(CREATOR).lower()]]
    assert closed["root"] == document["root"]

    again = ("recompute", closed["document"], "--without-market")
    code, out, _ = desk.say(*again)
    assert code == 0
    assert out.startswith("Equal")
    changed = desk.folder / "epochs" / "changed.json"
    text = Path(closed["document"]).read_text().replace('"paid":"0"', '"paid":"1"')
    changed.write_text(text)
    code, _, err = desk.say("recompute", changed, "--without-market")
    assert code == 1
    assert "people.nabi@club.example.paid" in err
    assert not desk.do("recompute", changed, "--without-market")["equal"]

    explain = ("explain", person, "--without-market")
    sentences = desk.do(*explain)["sentences"]
    assert any("nabi@club.example made WRITE 1" in one for one in sentences)
    assert any("gave nabi@club.example LIKE 2" in one for one in sentences)
    out = desk.say(*explain, lang="ko")[1]
    assert "nabi@club.example의 WRITE 1" in out
    assert "portal_" not in out + "".join(sentences)
    assert desk.error("explain", "nobody@x", "--without-market") == "portal_person_unknown"
    assert desk.error("explain", "nobody", "--without-market") == "portal_persona_wrong"
    assert desk.error("proof", address(CREATOR)) == "portal_nothing_to_claim"

    report = desk.do("report")
    assert [row["epoch"] for row in report["epochs"]] == [1]
    assert {str(one["persona"][1]) for one in report["people"]} == {"nabi", "gom"}
    assert desk.say("report")[0] == 0

    end_link = tmp_path / "end.json"
    words = ("sign-link", person, "--unlink", "--key", CREATOR, "--output", end_link, *node)
    desk.do(*words)
    assert desk.do("link", end_link)["linked"] is False


def test_other_rules_explain_nothing(desk: Desk) -> None:
    desk.do("import", DATA / "all.csv")
    close = ("close", 1, "--start", "2026-11-01", "--end", "2026-11-20", "--budget", "1", *PLACE)
    desk.do(*close)
    desk.rules.write_text(desk.rules.read_text() + "\n# changed\n")
    explain = ("explain", "nabi@club.example", "--without-market")
    assert desk.error(*explain) == "portal_other_rules"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("share_bps = 5000", "share_bps = 10000", "portal_rules_wrong"),
        ("[points]", "[points", "portal_rules_unreadable"),
    ],
)
def test_wrong_rules_are_refused(old: str, new: str, key: str, desk: Desk) -> None:
    text = desk.rules.read_text()
    assert old in text
    desk.rules.write_text(text.replace(old, new, 1))
    assert desk.error("import", DATA / "all.csv") == key
