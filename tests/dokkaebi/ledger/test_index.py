"""The loop against a real chain: whole, in pieces, killed, misled."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dokkaebi.chain import ranges
from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger import store as store_module
from dokkaebi.ledger.events import record_of
from dokkaebi.ledger.index import Progress, index
from dokkaebi.ledger.store import Identity, open_ledger, read_ledger
from tests.dokkaebi.ledger.market_day import Day


def dump(path: Path, tables: Iterable[Any] = schema.metadata.sorted_tables) -> dict[str, Any]:
    """Every row of every table, as SQLite has it."""
    with sqlite3.connect(path) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(str(table.select()))))
            for table in tables
        }


def no_sleep(seconds: float) -> None:
    """Nobody has to wait for a node that never changes its mind."""


def refused(node: Any, identity: Identity, path: Path, **options: Any) -> DokkaebiError:
    with open_ledger(path, identity) as ledger, pytest.raises(DokkaebiError) as seen:
        index(node, identity, ledger, sleep=no_sleep, **options)
    assert "{" not in str(seen.value), "a value is missing from the sentence"
    return seen.value


def spans(monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    """Ranges of so many blocks, always."""
    monkeypatch.setattr(ranges, "SPAN_FIRST", blocks)
    monkeypatch.setattr(ranges, "SPAN_MAX", blocks)


class Altered:
    """A node that passes everything on, unless a test changes an answer."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.change_logs: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda x: x
        self.change_headers: Callable[[list[Any]], list[Any]] = lambda x: x
        self.calls = 0
        self.dies_at: int | None = None

    chain_id = property(lambda self: self.chain.chain_id)
    genesis_hash = property(lambda self: self.chain.genesis_hash)
    block_number = property(lambda self: self.chain.block_number)

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        self._live()
        return self.chain.raw(method, params)

    def _live(self) -> None:
        self.calls += 1
        if self.dies_at is not None and self.calls >= self.dies_at:
            raise RpcUnreachable("rpc_unreachable", url="http://127.0.0.1:1")

    def raw_batch(self, requests: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        self._live()
        return self.change_headers(self.chain.raw_batch(requests))

    def get_logs(self, addresses: Sequence[str], low: int, high: int) -> list[dict[str, Any]]:
        self._live()
        return self.change_logs(self.chain.get_logs(addresses, low, high))

    def call(self, to: str, data: str) -> bytes:
        self._live()
        return self.chain.call(to, data)


# Whole


def test_every_log_of_the_suite_is_kept_raw(day: Day, identity: Identity, books: Path) -> None:
    logs = day.chain.all_logs(list(identity.addresses.values()), 0, day.chain.block_number)
    with read_ledger(books) as snapshot:
        rows = snapshot.rows(select(schema.event))
        blocks = {row["number"]: row for row in snapshot.rows(select(schema.block))}
    kept = {(r["block_number"], r["log_index"]): (r["topics"].split(","), r["data"]) for r in rows}
    assert kept == {
        (int(x["blockNumber"], 16), int(x["logIndex"], 16)): (x["topics"], x["data"]) for x in logs
    }
    for log in logs:
        assert blocks[int(log["blockNumber"], 16)]["hash"] == log["blockHash"]


def test_the_cursor_is_the_chains_head(day: Day, books: Path) -> None:
    with read_ledger(books) as snapshot:
        head = day.chain.block()
        assert snapshot.cursor.block_number == int(head["number"], 16)
        assert snapshot.cursor.block_hash == head["hash"]
        assert snapshot.cursor.timestamp == int(head["timestamp"], 16)


def test_indexing_again_changes_nothing(day: Day, identity: Identity, copied: Path) -> None:
    before = dump(copied)
    with open_ledger(copied, identity) as ledger:
        progress = index(day.chain, identity, ledger)
    assert (progress.events, progress.block) == (0, day.chain.block_number)
    assert dump(copied) == before


def test_progress_reaches_the_head(day: Day, identity: Identity, tmp_path: Path) -> None:
    said: list[Progress] = []
    with open_ledger(tmp_path / "l", identity) as ledger:
        end = index(day.chain, identity, ledger, said.append)
    assert said[-1] == end
    assert end.block == end.head == day.chain.block_number
    assert end.events > 100


def test_assets_know_their_names(day: Day, books: Path) -> None:
    with read_ledger(books) as snapshot:
        rows = snapshot.rows(select(schema.asset))
    assert {(row["symbol"], row["decimals"]) for row in rows} == {
        ("ETH", 18),
        ("DKB", 18),
        ("MOCK", 18),
    }


def test_a_desk_can_be_indexed_with_the_suite(day: Day, identity: Identity, tmp_path: Path) -> None:
    desk, court = (
        day.contracts[name].address.lower() for name in ("ArbitrationDesk", "MockArbitrator")
    )
    with_desk = replace(identity, addresses={**identity.addresses, "ArbitrationDesk": desk})
    with open_ledger(tmp_path / "l", with_desk) as ledger:
        index(day.chain, with_desk, ledger)
    with read_ledger(tmp_path / "l") as snapshot:
        (row,) = snapshot.rows(select(schema.arbitration))
        (dispute,) = snapshot.rows(select(schema.dispute).where(schema.dispute.c.arbiter == desk))
        (about,) = snapshot.rows(select(schema.desk))
    assert (row["desk"], row["arbitrator"], row["ruling"]) == (desk, court, 3)
    assert row["trade_id"] == dispute["trade_id"]
    assert dispute["reason"] == "ruled"
    assert dispute["fee_recipient"] == day.people[6].lower()
    assert about["meta_evidence"].startswith("ipfs://bafkrei")


# In pieces


@pytest.mark.parametrize("span", [1, 7, 40])
def test_ranges_of_any_length_give_the_same_rows(
    day: Day,
    identity: Identity,
    books: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    span: int,
) -> None:
    spans(monkeypatch, span)
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(day.chain, identity, ledger)
    assert dump(tmp_path / "l") == dump(books)


@pytest.mark.parametrize("at_once", [1, 13, 10_000])
def test_replay_gives_the_same_rows(
    identity: Identity, copied: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(store_module, "REPLAYED_AT_ONCE", at_once)
    before = dump(copied)
    with sqlite3.connect(copied) as connection:
        for table in schema.DERIVED:
            connection.execute(str(table.delete()))
    connection.close()
    assert dump(copied, schema.DERIVED) != {
        name: before[name] for name in dump(copied, schema.DERIVED)
    }
    with open_ledger(copied, identity) as ledger:
        events, mended = ledger.replay()
    assert events == len(before["event"])
    assert sum(mended.values()) > 100
    assert dump(copied) == before


def test_replay_mends_what_was_changed(identity: Identity, copied: Path) -> None:
    before = dump(copied)
    with sqlite3.connect(copied) as connection:
        connection.execute("UPDATE trade SET state = 'settled', amount = '7'")
        connection.execute("DELETE FROM credit")
    connection.close()
    with open_ledger(copied, identity) as ledger:
        _, mended = ledger.replay()
    assert mended.keys() == {"trade", "credit"}
    assert dump(copied) == before
    with open_ledger(copied, identity) as ledger:
        assert ledger.replay()[1] == {}


def test_replay_is_all_or_nothing(identity: Identity, copied: Path) -> None:
    before = dump(copied)

    def broken(row: Any) -> Any:
        if row["name"] == "Withdrawn":
            raise DokkaebiError("ledger_gap", table="x", key="y")
        return record_of(row)

    with open_ledger(copied, identity) as ledger, pytest.raises(DokkaebiError):
        ledger.replay(broken)
    assert dump(copied) == before


def test_a_node_that_dies_midway_loses_nothing(
    day: Day,
    identity: Identity,
    books: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans(monkeypatch, 5)
    path = tmp_path / "l"
    reached = []
    for dies_at in (3, 20, 33):
        node = Altered(day.chain)
        node.dies_at = dies_at
        assert isinstance(refused(node, identity, path), RpcUnreachable)
        with open_ledger(path, identity) as ledger:
            cursor = ledger.cursor()
            reached.append(cursor.block_number if cursor else 0)
    assert reached == sorted(reached)
    assert 0 < reached[-1] < day.chain.block_number
    with open_ledger(path, identity) as ledger:
        index(day.chain, identity, ledger)
    assert dump(path) == dump(books)


KILLED = """
import sys
from pathlib import Path
from dokkaebi.chain import ranges
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.chain.rpc import connect
from dokkaebi.ledger.index import index
from dokkaebi.ledger.store import Identity, open_ledger
ranges.SPAN_FIRST = ranges.SPAN_MAX = 1
identity = Identity.of(load_manifest(Path(sys.argv[2])))
with open_ledger(Path(sys.argv[3]), identity) as ledger:
    index(connect(sys.argv[1]), identity, ledger, lambda p: print(p.block, flush=True))
"""


def test_a_kill_at_any_moment_leaves_a_ledger_that_resumes(
    day: Day, identity: Identity, books: Path, tmp_path: Path
) -> None:
    manifest, path = tmp_path / "manifest.json", tmp_path / "l"
    save_manifest(manifest, day.manifest())
    command = [sys.executable, "-c", KILLED, day.chain.url, str(manifest), str(path)]
    dice = random.Random(7)
    kills = 0
    for _ in range(6):
        with subprocess.Popen(
            command, cwd=project_root(), stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for _ in range(dice.randrange(1, 14)):
                if not child.stdout.readline():
                    break
            # In the middle of reading or writing the next range, whatever that is.
            child.send_signal(signal.SIGKILL)
            kills += child.wait() == -signal.SIGKILL
    assert kills == 6
    with open_ledger(path, identity) as ledger:
        cursor = ledger.cursor()
        assert cursor is not None
        assert 0 < cursor.block_number < day.chain.block_number
        index(day.chain, identity, ledger)
    assert dump(path) == dump(books)


# Misled


ALL = 10**6  # No block is final yet, so each is proven complete.


def test_an_unknown_event_is_kept_raw_and_changes_nothing(
    day: Day, identity: Identity, books: Path, tmp_path: Path
) -> None:
    node = Altered(day.chain)

    def add(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        strange = {**logs[-1], "logIndex": "0xff", "topics": ["0x" + "99" * 32]}
        nameless = {**logs[-1], "logIndex": "0xfe", "topics": []}
        return [*logs, nameless, strange]

    node.change_logs = add
    with open_ledger(tmp_path / "l", identity) as ledger:
        # All final: of a block that isn't, no node could make us believe such logs.
        index(node, identity, ledger, finality_blocks=-1)
    assert dump(tmp_path / "l", schema.DERIVED) == dump(books, schema.DERIVED)
    with read_ledger(tmp_path / "l") as snapshot:
        unknown = snapshot.rows(select(schema.event).where(schema.event.c.name.is_(None)))
    assert {row["topics"] for row in unknown} == {"", "0x" + "99" * 32}


def test_an_event_out_of_shape_stops_the_loop(day: Day, identity: Identity, tmp_path: Path) -> None:
    node = Altered(day.chain)
    node.change_logs = lambda logs: [{**log, "data": "0x00"} for log in logs]
    assert refused(node, identity, tmp_path / "l").key == "ledger_undecodable"
    assert dump(tmp_path / "l")["event"] == []


@pytest.mark.parametrize("careful", [True, False])
def test_logs_that_a_node_leaves_out_are_found_in_receipts(
    day: Day, identity: Identity, books: Path, tmp_path: Path, careful: bool
) -> None:
    node = Altered(day.chain)
    node.change_logs = lambda logs: logs[::2]
    finality = -1 if careful else ALL
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(node, identity, ledger, finality_blocks=finality, careful=careful)
    tables = (schema.event, *schema.DERIVED)
    assert dump(tmp_path / "l", tables) == dump(books, tables)


def test_logs_that_are_missing_everywhere_are_noticed(
    day: Day, identity: Identity, tmp_path: Path
) -> None:
    node = Altered(day.chain)
    node.change_logs = lambda logs: logs[:-1]
    asked = node.raw

    def raw(method: str, params: Sequence[Any] = ()) -> Any:
        if method != "eth_getBlockReceipts":
            return asked(method, params)
        raise RpcRefused(method, -32601, "no such method", "0x")

    def drop(receipts: list[Any]) -> list[Any]:
        return [{**r, "logs": r["logs"][:-1]} if r and "logs" in r else r for r in receipts]

    node.raw = raw  # type: ignore[method-assign]
    node.change_headers = drop
    assert refused(node, identity, tmp_path / "l", finality_blocks=ALL).key == "ledger_chain_moves"
    assert dump(tmp_path / "l")["event"] == []


def test_logs_missing_from_final_blocks_leave_a_gap(
    day: Day, identity: Identity, tmp_path: Path
) -> None:
    from dokkaebi.ledger.events import suite_shapes

    shapes = suite_shapes()["EscrowMarket"]
    node = Altered(day.chain)
    node.change_logs = lambda logs: [
        log
        for log in logs
        if log["topics"][0] not in shapes or shapes[log["topics"][0]].name != "EscrowFunded"
    ]
    with open_ledger(tmp_path / "l", identity) as ledger, pytest.raises(DokkaebiError) as seen:
        index(node, identity, ledger, finality_blocks=-1)
    assert seen.value.key == "ledger_gap"


@pytest.mark.parametrize("call", [1, 2])
def test_a_chain_that_changes_while_it_is_read_is_read_again(
    day: Day, identity: Identity, books: Path, tmp_path: Path, call: int
) -> None:
    node = Altered(day.chain)
    seen = 0

    def other(headers: list[Any]) -> list[Any]:
        nonlocal seen
        seen += 1
        if seen != call:
            return headers
        return [*headers[:-1], {**headers[-1], "hash": "0x" + "77" * 32}]

    node.change_headers = other
    with open_ledger(tmp_path / "l", identity) as ledger:
        index(node, identity, ledger, sleep=no_sleep)
    assert seen > call
    assert dump(tmp_path / "l") == dump(books)


FORGED = "0x" + "77" * 32


@pytest.mark.parametrize(
    "change",
    [
        lambda logs: [{**logs[0], "blockHash": FORGED}, *logs[1:]],
        lambda logs: [logs[0], *logs],
        lambda logs: [{**logs[0], "blockNumber": "0xfffff"}, *logs[1:]],
        lambda logs: [{**logs[0], "removed": True}, *logs[1:]],
    ],
    ids=["of another block", "twice", "not asked for", "removed"],
)
def test_logs_that_cant_be_are_noticed(
    day: Day, identity: Identity, tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    node = Altered(day.chain)
    node.change_logs = change
    assert refused(node, identity, tmp_path / "l").key == "ledger_chain_moves"


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: [None, *headers[1:]],
        lambda headers: [{**headers[0], "number": "0xfffff"}, *headers[1:]],
        lambda headers: [*headers[:-1], {**headers[-1], "parentHash": FORGED}],
        lambda headers: [{**h, "logsBloom": "0x" + "00" * 255 + "01"} for h in headers],
    ],
    ids=["gone", "another", "no child", "blooms of nothing"],
)
def test_headers_that_cant_be_are_noticed(
    day: Day, identity: Identity, tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    node = Altered(day.chain)
    node.change_headers = change
    assert refused(node, identity, tmp_path / "l", finality_blocks=ALL).key == "ledger_chain_moves"


def test_a_forged_log_is_noticed(day: Day, identity: Identity, tmp_path: Path) -> None:
    node = Altered(day.chain)
    node.change_logs = lambda logs: [
        *logs[:-1],
        {**logs[-1], "topics": [*logs[-1]["topics"][:-1], FORGED]},
    ]
    assert refused(node, identity, tmp_path / "l", finality_blocks=ALL).key == "ledger_chain_moves"


def test_another_chain_is_refused(
    identity: Identity, small_market: Callable[[], Day], copied: Path
) -> None:
    other = small_market()
    before = dump(copied)
    assert refused(other.chain, identity, copied).key == "ledger_wrong_node"
    assert dump(copied) == before


def test_a_node_that_hasnt_reached_the_first_block_is_behind(
    day: Day, identity: Identity, tmp_path: Path
) -> None:
    later = replace(identity, first_block=10_000)
    assert refused(day.chain, later, tmp_path / "l").key == "ledger_node_behind"
