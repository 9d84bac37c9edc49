"""Following the chain: what is waited for, what is said, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import Progress, follow, index
from dokkaebi.ledger.store import Identity, open_ledger
from tests.dokkaebi.ledger.engines import contents, new_database
from tests.dokkaebi.ledger.market_day import Day


class Enough(Exception):  # noqa: N818 - ends a loop
    """The test has seen enough."""


class Moody:
    """A node in front of a chain: its head, and the errors it has yet to raise, as told."""

    def __init__(self, chain: Chain, head: int) -> None:
        self._chain = chain
        self.head = head
        self.errors: list[Exception] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    anew = None

    @property
    def block_number(self) -> int:
        if self.errors:
            raise self.errors.pop(0)
        return self.head


class Followed:
    """A ledger that is followed by a clock that each look moves on."""

    def __init__(self, day: Day, identity: Identity, where: Path | str) -> None:
        self.node = Moody(day.chain, 60)
        self.identity, self.where = identity, where
        self.now = 0.0
        self.seen: list[Progress] = []
        self.waited: list[str] = []
        self.stalled: list[tuple[int, int]] = []

    def run(self, looks: int, each: Callable[[int], None] = lambda look: None) -> None:
        count = 0

        def sleep(seconds: float) -> None:
            nonlocal count
            self.now += seconds
            if seconds == 10:
                count += 1
                if count == looks:
                    raise Enough
                each(count)

        with open_ledger(self.where, self.identity) as ledger, pytest.raises(Enough):
            follow(
                self.node,  # type: ignore[arg-type]
                self.identity,
                ledger,
                self.seen.append,
                lambda problem: self.waited.append(problem.key),
                lambda seconds, head: self.stalled.append((seconds, head)),
                poll_seconds=10,
                stall_seconds=100,
                sleep=sleep,
                clock=lambda: self.now,
            )


@pytest.fixture
def followed(day: Day, identity: Identity, tmp_path: Path) -> Followed:
    return Followed(day, identity, tmp_path / "l")


def test_each_new_block_is_written(followed: Followed) -> None:
    def grow(look: int) -> None:
        followed.node.head += look % 2

    followed.run(9, grow)
    assert [step.block for step in followed.seen if step.block >= 60] == [60, 61, 62, 63, 64]
    assert followed.waited == []


@pytest.mark.parametrize(
    ("looks", "said"), [(10, []), (11, []), (12, [(110, 60)]), (40, [(110, 60)])]
)
def test_a_stall_is_said_once_and_not_too_early(
    followed: Followed, looks: int, said: list[tuple[int, int]]
) -> None:
    followed.run(looks)
    assert followed.stalled == said


def test_a_stall_after_a_new_block_is_said_again(followed: Followed) -> None:
    def grow(look: int) -> None:
        followed.node.head += look == 20

    followed.run(40, grow)
    assert followed.stalled == [(110, 60), (110, 61)]


@pytest.mark.parametrize(
    "problem",
    [
        RpcUnreachable("rpc_timeout", url="x", seconds=30),
        RpcRefused("eth_blockNumber", 429, "slow down", "0x"),
    ],
)
def test_a_node_that_fails_is_waited_for(followed: Followed, problem: Exception) -> None:
    def fail(look: int) -> None:
        if look == 1:
            followed.node.errors = [problem, problem]
            followed.node.head += 1

    followed.run(5, fail)
    assert followed.waited == [problem.key] * 2  # type: ignore[attr-defined]
    assert followed.seen[-1].block == 61


def test_a_node_behind_is_waited_for(followed: Followed) -> None:
    def back(look: int) -> None:
        followed.node.head = {1: 50, 2: 50, 3: 61}.get(look, 61)

    followed.run(5, back)
    assert followed.waited == ["ledger_node_behind"] * 2
    assert followed.seen[-1].block == 61


def test_what_does_not_pass_ends_it(followed: Followed) -> None:
    followed.node.errors = [DokkaebiError("ledger_reorg_deep", block=1, head=2)]
    with (
        open_ledger(followed.where, followed.identity) as ledger,
        pytest.raises(DokkaebiError) as seen,
    ):
        follow(
            followed.node,  # type: ignore[arg-type]
            followed.identity,
            ledger,
            followed.seen.append,
            lambda problem: None,
            lambda seconds, head: None,
            sleep=lambda seconds: None,
        )
    assert seen.value.key == "ledger_reorg_deep"


def test_a_database_that_goes_away_ends_it_and_nothing_is_lost(
    day: Day, identity: Identity, postgres: str, tmp_path: Path
) -> None:
    url = new_database(postgres)
    broken = 0

    def cut(progress: Progress) -> None:
        nonlocal broken
        broken += 1
        if broken == 2:
            with psycopg.connect(postgres, autocommit=True) as connection:
                ours = "FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                connection.execute(f"SELECT pg_terminate_backend(pid) {ours}".encode())

    with pytest.raises(DokkaebiError) as seen, open_ledger(url, identity) as ledger:
        index(day.chain, identity, ledger, cut)
    assert seen.value.key == "database_gone"
    with open_ledger(url, identity) as ledger:
        there = ledger.cursor()
        assert there is not None
        assert 0 < there.block_number < day.chain.block_number
        index(day.chain, identity, ledger)
    with open_ledger(tmp_path / "clean", identity) as ledger:
        index(day.chain, identity, ledger)
    assert contents(url, identity) == contents(tmp_path / "clean", identity)


def test_a_postgresql_without_room_is_said_and_nothing_is_lost(
    day: Day, identity: Identity, postgres: str, tmp_path: Path
) -> None:
    """A full disk, played by a limit of the server's own: no temporary file may be written, and a
    table's trigger refuses what a full disk would."""
    url = new_database(postgres)
    with open_ledger(url, identity) as ledger:
        ledger.clear()
    place = f"dokkaebi_{_mark(url)}"
    full = f"""
        CREATE FUNCTION "{place}".full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device';
        END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON "{place}".event
        FOR EACH ROW WHEN (NEW.block_number > 100) EXECUTE FUNCTION "{place}".full_disk();
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(full.encode())
    with pytest.raises(DokkaebiError) as seen, open_ledger(url, identity) as ledger:
        index(day.chain, identity, ledger)
    assert seen.value.key in {"database_gone", "ledger_unwritable"}
    assert "No space left" in str(seen.value)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP TRIGGER full_disk ON "{place}".event'.encode())
        connection.execute(f'DROP FUNCTION "{place}".full_disk()'.encode())
    for where in (url, tmp_path / "clean"):
        with open_ledger(where, identity) as ledger:
            index(day.chain, identity, ledger)
    assert contents(url, identity) == contents(tmp_path / "clean", identity)


def _mark(url: str) -> str:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dokkaebi\\_%'"
        ).fetchone()
    assert found is not None
    return str(found[0]).removeprefix("dokkaebi_")
