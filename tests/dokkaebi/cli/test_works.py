"""publish and verify, and their refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dokkaebi.chain.documents import creation_cid, parse_creation_id
from dokkaebi.config import project_root
from tests.dokkaebi.chain.fake_node import error, fake_node, passed_on
from tests.dokkaebi.conftest import BUYER, CREATOR, Market, address

# Bytes of memory at most. Linux's getrusage counts the process that forked as well.
PEAK = {
    "linux": "peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) * 1024",
    "darwin": "import resource; peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss",
}


def documents(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "documents").rglob("*") if path.is_file())


def test_publish_registers_and_keeps_the_document(
    market: Market, work: Path, tmp_path: Path
) -> None:
    done = market.do(
        "publish", work, "--title", "백자", "--description", "a pot", "--creator-name", "Lee",
        "--royalty", "2.5",
    )  # fmt: skip
    [creation] = done["creations"]
    assert creation["registered"] == "now"
    assert creation["royalty_bps"] == 250
    registry = market.suite.registry
    assert registry.call("ownerOf", int(creation["id"])) == address(CREATOR)
    assert registry.call("tokenURI", int(creation["id"])) == creation["token_uri"]
    [document] = documents(tmp_path)
    assert str(document) == creation["document"]
    fields = json.loads(document.read_bytes())
    assert (fields["name"], fields["description"], fields["creator_name"]) == (
        "백자",
        "a pot",
        "Lee",
    )
    assert [act["act"] for act in done["transactions"]] == ["register"]


def test_publish_registers_several_at_once(market: Market, tmp_path: Path) -> None:
    files = []
    for name in ("a.txt", "b.mp3", "도면.dxf"):
        (tmp_path / name).write_text(name)
        files.append(tmp_path / name)
    done = market.do("publish", *files, files[0])  # one of them twice
    assert len(done["transactions"]) == 1
    assert len(done["creations"]) == 3
    assert len(documents(tmp_path)) == 3
    for creation in done["creations"]:
        assert market.suite.registry.call("ownerOf", int(creation["id"])) == address(CREATOR)


def test_publish_says_what_is_registered_and_sends_nothing(market: Market, work: Path) -> None:
    first = market.publish(work)
    before = market.chain.block_number
    answer = market.say("publish", work)
    assert answer.code == 0
    assert "registered already" in answer.out
    assert first in answer.out
    assert market.do("publish", work)["creations"][0]["registered"] == "before"
    assert market.chain.block_number == before


def test_publish_registers_only_what_is_new(market: Market, work: Path, tmp_path: Path) -> None:
    market.publish(work)
    other = tmp_path / "other.txt"
    other.write_text("new")
    done = market.do("publish", work, other)
    assert [c["registered"] for c in done["creations"]] == ["before", "now"]


def test_publish_brings_back_a_lost_document(market: Market, work: Path, tmp_path: Path) -> None:
    market.publish(work)
    [document] = documents(tmp_path)
    text = document.read_bytes()
    document.unlink()
    market.publish(work)
    assert document.read_bytes() == text


def test_dry_run_prices_and_changes_nothing(market: Market, work: Path, tmp_path: Path) -> None:
    before = market.chain.block_number
    done = market.do("publish", work, "--dry-run")
    assert done["dry_run"] is True
    assert done["creations"][0]["registered"] == "no"
    [step] = done["transactions"]
    assert step["gas"] > 50_000
    assert int(step["fee_max"]) >= int(step["fee"]) > 0
    assert market.chain.block_number == before
    assert documents(tmp_path) == []
    assert "Nothing was sent" in market.say("publish", work, "--dry-run").out


def test_derivative_names_its_parents(market: Market, work: Path, tmp_path: Path) -> None:
    parents = [market.publish(work, "--title", str(n)) for n in range(2)]
    song = tmp_path / "song.mp3"
    song.write_text("la")
    cid = market.publish(
        song, "--parent", parents[1], "--parent", parents[0], "--parent", parents[1], key=BUYER
    )
    recorded = market.suite.registry.call("parentsOf", parse_creation_id(cid))
    assert {creation_cid(parent) for parent in recorded} == set(parents)


def test_publish_refuses_files_that_are_none(market: Market, tmp_path: Path, work: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    before = market.chain.block_number
    assert market.error("publish", work, empty) == "file_empty"
    assert market.error("publish", tmp_path) == "file_is_folder"
    assert market.error("publish", tmp_path / "none") == "file_missing"
    assert market.chain.block_number == before
    assert documents(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["--royalty", "10.01"], "royalty_too_high"),
        (["--royalty", "700"], "royalty_too_high"),
        (["--royalty", "five"], "amount_wrong"),
        (["--royalty", "1.234"], "percent_too_fine"),
        (["--parent", "7"], "parent_unknown"),
        (["--parent", "pot"], "creation_id_wrong"),
        (["--description", "x" * 17_000], "document_too_long"),
        (["--key", "test:99"], "key_number_unknown"),
        (["--rpc", "http://127.0.0.1:1"], "rpc_unreachable"),
        (["--manifest", "none.json"], "manifest_missing"),
    ],
)
def test_publish_refuses_wrong_options(
    market: Market, work: Path, tmp_path: Path, options: list[str], key: str
) -> None:
    words = ["publish", work, "--json", "--rpc", market.chain.url, "--manifest", market.manifest]
    answer = market.bare(*words, "--key", CREATOR, *options)
    assert (answer.code, answer.json["error"]) == (2, key)
    assert documents(tmp_path) == []


def test_publish_refuses_one_title_for_many(market: Market, work: Path) -> None:
    assert market.error("publish", work, work, "--title", "x") == "title_for_many"


def test_publish_needs_a_key(market: Market, work: Path) -> None:
    assert market.error("publish", work, key=None) == "key_missing"


def test_publish_needs_coins(market: Market, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOR", "0x" + "7b" * 32)
    assert market.error("publish", work, key="env:POOR") == "coins_too_few"


def test_too_many_parents_are_refused_by_the_registry(market: Market, work: Path) -> None:
    parents = [market.publish(work, "--title", str(n)) for n in range(9)]
    options = [word for parent in parents for word in ("--parent", parent)]
    assert market.error("publish", work, *options) == "Parents_TooMany"


def test_refused_transaction_leaves_no_document(market: Market, work: Path, tmp_path: Path) -> None:
    def answer(method: str, params: list[object]) -> bytes | None:
        if method == "eth_sendRawTransaction":
            return error(-32000, "pool is full")
        return passed_on(market.chain.url, method, params)

    words = ["publish", work, "--json", "--manifest", market.manifest, "--key", CREATOR]
    with fake_node(answer) as url:
        said = market.bare(*words, "--rpc", url)
    assert (said.code, said.json["error"]) == (2, "rpc_refused")
    assert documents(tmp_path) == []
    assert list((tmp_path / "documents").iterdir()) == []


def test_lost_node_keeps_the_document_and_names_the_hash(
    market: Market, work: Path, tmp_path: Path
) -> None:
    def answer(method: str, params: list[object]) -> bytes | None:
        if method == "eth_getTransactionReceipt":
            return None
        return passed_on(market.chain.url, method, params)

    words = ["publish", work, "--json", "--manifest", market.manifest, "--key", CREATOR]
    with fake_node(answer) as url:
        said = market.bare(*words, "--rpc", url)
    assert (said.code, said.json["error"]) == (2, "sent_lost")
    assert market.chain.receipt(said.json["details"]["transaction"]) is not None
    assert len(documents(tmp_path)) == 1
    assert market.do("publish", work)["creations"][0]["registered"] == "before"


def test_verify_says_yes(market: Market, work: Path, tmp_path: Path) -> None:
    cid = market.publish(work)
    copy = tmp_path / "a copy of it"
    copy.write_bytes(work.read_bytes())
    answer = market.say("verify", copy)
    assert answer.code == 0
    assert answer.out.startswith("Yes:")
    assert cid in answer.out
    assert address(CREATOR) in answer.out
    [found] = market.do("verify", copy)["registrations"]
    assert found["cid"] == cid
    assert found["timestamp"] == market.chain.timestamp(found["block"])


def test_verify_tells_all_who_registered_it_earliest_first(market: Market, work: Path) -> None:
    market.publish(work)
    market.publish(work, key=BUYER)
    found = market.do("verify", work)["registrations"]
    assert [f["creator"] for f in found] == [address(CREATOR), address(BUYER)]
    assert "Later also" in market.say("verify", work).out


def test_verify_says_no(market: Market, work: Path, tmp_path: Path) -> None:
    market.publish(work)
    other = tmp_path / "other"
    other.write_bytes(work.read_bytes() + b"\n")
    answer = market.say("verify", other)
    assert answer.code == 1
    assert answer.out.startswith("No:")
    said = market.say("verify", other, "--json")
    assert (said.code, said.json["registered"]) == (1, False)


def test_verify_refuses_what_is_no_file(market: Market, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert market.error("verify", tmp_path / "empty") == "file_empty"
    assert market.error("verify", tmp_path / "none") == "file_missing"


def test_publish_of_40_megabytes_stays_within_100_of_memory(market: Market, tmp_path: Path) -> None:
    plan = tmp_path / "blueprint.dwg"
    with plan.open("wb") as file:
        for number in range(40):
            file.write(bytes([number]) * 1_000_000)
    program = (
        "import sys; from dokkaebi.cli import run; code = run(sys.argv[1:]);"
        f"{PEAK[sys.platform]}; print(peak, file=sys.stderr); sys.exit(code)"
    )
    words = ["publish", str(plan), "--rpc", market.chain.url, "--key", CREATOR]
    done = subprocess.run(
        [sys.executable, "-c", program, *words, "--manifest", str(market.manifest)],
        capture_output=True,
        text=True,
        check=True,
        cwd=project_root(),
    )
    assert int(done.stderr.split()[-1]) < 100_000_000
    assert market.say("verify", plan).code == 0
