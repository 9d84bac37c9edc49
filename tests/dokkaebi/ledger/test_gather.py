"""Shared back-fill: workers claim ranges, nobody reads one twice, and the ledger is the same."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dokkaebi.chain.rpc import Chain
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.gather import gather
from dokkaebi.ledger.index import index
from dokkaebi.ledger.store import Identity, open_gatherer, open_ledger
from tests.dokkaebi.ledger.engines import contents, new_database
from tests.dokkaebi.ledger.market_day import Day

FINALITY = 20


@pytest.fixture
def url(postgres: str, identity: Identity) -> str:
    """A ledger that has nothing yet."""
    made = new_database(postgres)
    with open_ledger(made, identity):
        pass
    return made


def ranges(url: str) -> list[tuple[int, int, bool]]:
    with psycopg.connect(url) as connection:
        name = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dokkaebi\\_%'"
        ).fetchone()
        assert name is not None
        query = f'SELECT low, high, content IS NOT NULL FROM "{name[0]}".gathered ORDER BY low'
        return connection.execute(query.encode()).fetchall()  # type: ignore[return-value]


@pytest.fixture
def clean(day: Day, identity: Identity, tmp_path: Path) -> dict[str, list[str]]:
    with open_ledger(tmp_path / "clean", identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=FINALITY)
    return contents(tmp_path / "clean", identity)


def test_gathered_ranges_give_the_same_ledger(
    day: Day, identity: Identity, url: str, clean: dict[str, list[str]]
) -> None:
    final = day.chain.block_number - FINALITY
    first = identity.first_block
    count = gather(day.chain, identity, url, range_blocks=17, finality_blocks=FINALITY)
    assert count == final - first + 1
    found = ranges(url)
    assert found[0][0] == first
    assert found[-1][1] == final
    assert all(read for _, _, read in found)
    assert all(above[0] == below[1] + 1 for below, above in pairwise(found))
    with open_ledger(url, identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=FINALITY)
    assert contents(url, identity) == clean
    assert ranges(url) == []


def test_what_was_final_when_it_was_gathered_leaves_no_trace(
    anvil_market: Day, postgres: str, tmp_path: Path
) -> None:
    """The chain has grown since, so the last final block is another one."""
    chain, identity = anvil_market.chain, Identity.of(anvil_market.manifest())
    where = new_database(postgres)
    with open_ledger(where, identity):
        pass
    chain.raw("anvil_mine", [hex(120)])
    assert gather(chain, identity, where, range_blocks=7, finality_blocks=FINALITY) > 50
    chain.raw("anvil_mine", [hex(50)])
    for place in (where, tmp_path / "l"):
        with open_ledger(place, identity) as ledger:
            index(chain, identity, ledger, finality_blocks=FINALITY)
    assert contents(where, identity) == contents(tmp_path / "l", identity)


class Deaf:
    """A node that gives nobody logs of final blocks."""

    def __init__(self, chain: Chain, final: int) -> None:
        self._chain, self._final = chain, final

    anew = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def get_logs(self, addresses: Any, low: int, high: int) -> Any:
        assert low > self._final, "the writer read what was gathered"
        return self._chain.get_logs(addresses, low, high)


def test_the_writer_reads_nothing_again(
    day: Day, identity: Identity, url: str, clean: dict[str, list[str]]
) -> None:
    gather(day.chain, identity, url, range_blocks=30, finality_blocks=FINALITY)
    node: Any = Deaf(day.chain, day.chain.block_number - FINALITY)
    with open_ledger(url, identity) as ledger:
        index(node, identity, ledger, finality_blocks=FINALITY)
    assert contents(url, identity) == clean


def test_workers_never_read_the_same(day: Day, identity: Identity, url: str) -> None:
    seen: list[tuple[int, int]] = []
    workers = [
        threading.Thread(
            target=gather,
            args=(Chain(day.chain.url), identity, url, lambda low, high: seen.append((low, high))),
            kwargs={"range_blocks": 5, "finality_blocks": FINALITY},
        )
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(seen) == len(set(seen)) == len(ranges(url))
    assert sum(high - low + 1 for low, high in seen) == day.chain.block_number - FINALITY


def test_a_writer_beside_workers(
    day: Day, identity: Identity, url: str, clean: dict[str, list[str]]
) -> None:
    worker = threading.Thread(
        target=gather,
        args=(Chain(day.chain.url), identity, url),
        kwargs={"range_blocks": 7, "finality_blocks": FINALITY},
    )
    worker.start()
    with open_ledger(url, identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=FINALITY)
    worker.join()
    with open_ledger(url, identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=FINALITY)
    assert contents(url, identity) == clean


@pytest.fixture
def stuck(day: Day, identity: Identity, url: str) -> Iterator[int]:
    """A worker's process that has claimed the first range, and reads for ever."""

    def work() -> None:
        with open_gatherer(url, identity) as ledger:
            ledger.plan(100, 10, 64)
            with ledger.claim():
                time.sleep(60)

    process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    process.start()
    assert process.pid is not None
    while not ranges(url):
        time.sleep(0.05)
    time.sleep(0.3)
    yield process.pid
    process.kill()


def test_a_claimed_range_is_left_alone_and_a_killed_workers_is_free(
    identity: Identity, url: str, stuck: int
) -> None:
    with open_gatherer(url, identity) as ledger:
        with ledger.claim() as claim:
            assert claim is not None
            assert claim.low == 11
        os.kill(stuck, signal.SIGKILL)
        deadline = time.monotonic() + 10
        lows = set()
        while 1 not in lows and time.monotonic() < deadline:
            with ledger.claim() as claim:
                lows.add(claim and claim.low)
            time.sleep(0.05)
        assert 1 in lows


def test_a_failed_range_is_free_again(identity: Identity, url: str) -> None:
    with open_gatherer(url, identity) as ledger:
        ledger.plan(100, 10, 64)
        with pytest.raises(KeyboardInterrupt), ledger.claim():
            raise KeyboardInterrupt
        with ledger.claim() as claim:
            assert claim is not None
            assert (claim.low, claim.content) == (1, None)


@pytest.mark.parametrize(("until", "planned"), [(0, 0), (1, 1), (10, 1), (11, 2), (1_000, 5)])
def test_ranges_are_planned_up_to_the_last_final_block(
    identity: Identity, url: str, until: int, planned: int
) -> None:
    with open_gatherer(url, identity) as ledger:
        for _ in range(2):
            ledger.plan(until, 10, 5)
        found = ranges(url)
        assert len(found) == planned
        assert all(high <= until for _, high, _ in found)


def test_a_file_is_refused(day: Day, identity: Identity, tmp_path: Path) -> None:
    with pytest.raises(DokkaebiError) as refused:
        gather(day.chain, identity, str(tmp_path / "l"))
    assert refused.value.key == "gather_needs_postgresql"


def test_a_ledger_has_to_be_there(day: Day, identity: Identity, postgres: str) -> None:
    with pytest.raises(DokkaebiError) as refused:
        gather(day.chain, identity, new_database(postgres))
    assert refused.value.key == "ledger_missing"
