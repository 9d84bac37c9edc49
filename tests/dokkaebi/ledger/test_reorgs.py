"""Chains that go another way: the ledger follows, on both engines, and leaves no trace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import Progress, index
from dokkaebi.ledger.store import Cursor, Identity, open_ledger
from tests.dokkaebi.ledger.chaos.run import chaos_run
from tests.dokkaebi.ledger.engines import contents
from tests.dokkaebi.ledger.market_day import Day
from tests.dokkaebi.ledger.test_index import Altered, no_sleep

Place = Path | str
FINALITY = 30


def run(node: Any, identity: Identity, place: Place, **options: Any) -> Progress:
    with open_ledger(place, identity) as ledger:
        return index(
            node, identity, ledger, sleep=no_sleep, **{"finality_blocks": FINALITY, **options}
        )


def equals_a_clean_one(day: Day, place: Place, tmp_path: Path) -> None:
    identity = Identity.of(day.manifest())
    clean = tmp_path / f"clean-{os.urandom(4).hex()}.sqlite3"
    run(day.chain, identity, clean)
    assert contents(place, identity) == contents(clean, identity)


def trade(day: Day) -> None:
    """A sale and a delivery on its way, in blocks of their own."""
    maker, buyer = day.people[2], day.people[4]
    day.sell(maker, buyer, day.register(maker, f"work {day.count}"), 1_001)
    day.fund(buyer, day.delivery(maker, 5_003))


class NamesNoBlockFinal(Altered):
    """A node that doesn't know which blocks are final."""

    def raw(self, method: str, params: Sequence[Any] = ()) -> Any:
        if "finalized" in params:
            raise RpcRefused(method, -32602, "invalid block tag", "0x")
        return super().raw(method, params)


def rewrite(day: Day, depth: int) -> None:
    day.chain.raw("anvil_reorg", [depth, []])


@pytest.mark.parametrize("depth", [1, 2, 7, 12])
def test_a_reorg_is_followed(anvil_market: Day, place: Place, tmp_path: Path, depth: int) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    for _ in range(4):
        trade(day)
    before = run(day.chain, identity, place)
    rewrite(day, depth)
    trade(day)
    after = run(day.chain, identity, place)
    assert before.undone == 0
    assert after.undone == depth
    equals_a_clean_one(day, place, tmp_path)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_reorg_takes_a_sale_by_voucher_back(
    anvil_market: Day, place: Place, tmp_path: Path, depth: int
) -> None:
    """Registered, minted to its buyer and sold in one block; cancelled vouchers before."""
    day = anvil_market
    identity = Identity.of(day.manifest())
    maker, buyer, sponsor = day.people[2], day.people[4], day.people[6]
    run(day.chain, identity, place)
    first = day.voucher(maker, "a shoe", price=1_001, sponsor=(sponsor, 9))
    second = day.voucher(maker, "a hat", version=2)
    day.do(maker, day.registry, "cancelVouchers", *second[1][:2], 2)
    day.buy_new(buyer, first)
    day.do(buyer, day.registry, "transferFrom", buyer, sponsor, day.id_of(first))
    before = run(day.chain, identity, place)
    rows = contents(place, identity)
    assert [len(rows[name]) for name in ("creation", "voucher_cancellation")] == [1, 1]
    rewrite(day, depth)
    if depth > 1:
        # The voucher counts again, for somebody else.
        day.buy_new(day.people[5], first)
    after = run(day.chain, identity, place)
    assert (before.undone, after.undone) == (0, depth)
    (work,) = contents(place, identity)["creation"]
    assert (buyer if depth == 1 else day.people[5]).lower() in work
    assert f"0x{day.id_of(first):064x}" in work
    equals_a_clean_one(day, place, tmp_path)


def test_two_reorgs_in_a_row_are_followed(anvil_market: Day, place: Place, tmp_path: Path) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    for _ in range(3):
        trade(day)
    run(day.chain, identity, place)
    rewrite(day, 3)
    trade(day)
    run(day.chain, identity, place)
    rewrite(day, 9)
    rewrite(day, 2)
    trade(day)
    run(day.chain, identity, place)
    equals_a_clean_one(day, place, tmp_path)


def test_a_reorg_while_it_is_read_is_followed(
    anvil_market: Day, place: Place, tmp_path: Path
) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    for _ in range(4):
        trade(day)
    run(day.chain, identity, place, finality_blocks=FINALITY)
    for _ in range(4):
        trade(day)
    node = Altered(day.chain)
    reads = 0

    def rewritten(headers: list[Any]) -> list[Any]:
        nonlocal reads
        reads += 1
        if reads == 1:
            rewrite(day, 20)
            trade(day)
        return headers

    node.change_headers = rewritten
    run(node, identity, place)
    assert reads > 2
    equals_a_clean_one(day, place, tmp_path)


def test_a_shorter_chain_is_followed_when_it_grows(
    anvil_market: Day, place: Place, tmp_path: Path
) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    start = day.chain.raw("evm_snapshot")
    trade(day)
    trade(day)
    run(day.chain, identity, place)
    rows = contents(place, identity)
    day.chain.raw("evm_revert", [start])
    with pytest.raises(DokkaebiError) as behind:
        run(day.chain, identity, place)
    assert behind.value.key == "ledger_node_behind"
    assert contents(place, identity) == rows
    day.register(day.people[3], "another history")
    run(day.chain, identity, place)
    equals_a_clean_one(day, place, tmp_path)


def test_an_asset_that_a_reorg_removed_is_forgotten(
    anvil_market: Day, place: Place, tmp_path: Path
) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    maker, buyer = day.people[2], day.people[4]
    money = day.deploy("MockToken")
    day.do(maker, money, "mint", buyer, 10**6)
    day.do(buyer, money, "approve", day.escrow.address, 10**6)
    day.fund(buyer, day.delivery(maker, 901, asset=money.address))
    run(day.chain, identity, place)
    assert money.address.lower() in str(contents(place, identity)["asset"])
    rewrite(day, 1)
    trade(day)
    run(day.chain, identity, place)
    assert money.address.lower() not in str(contents(place, identity)["asset"])
    equals_a_clean_one(day, place, tmp_path)


@pytest.mark.parametrize(("depth", "follows"), [(4, True), (5, True), (6, False)])
def test_what_was_final_is_never_taken_back(
    anvil_market: Day, place: Place, depth: int, follows: bool
) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    for _ in range(3):
        trade(day)
    node = NamesNoBlockFinal(day.chain)
    run(node, identity, place, finality_blocks=5)
    rows = contents(place, identity)
    rewrite(day, depth)
    if follows:
        assert run(node, identity, place, finality_blocks=5).undone == depth
        return
    with pytest.raises(DokkaebiError) as seen:
        run(node, identity, place, finality_blocks=5)
    assert seen.value.key == "ledger_reorg_deep"
    assert "--rebuild" in str(seen.value)
    assert contents(place, identity) == rows


def test_what_the_node_may_still_change_isnt_final(anvil_market: Day, place: Place) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    trade(day)
    # Anvil calls the block before the last 64 final.
    run(day.chain, identity, place, finality_blocks=5)
    rewrite(day, 6)
    assert run(day.chain, identity, place, finality_blocks=5).undone == 6


def test_a_node_behind_is_no_reorg(anvil_market: Day, place: Place) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    trade(day)
    run(day.chain, identity, place)
    rows = contents(place, identity)

    class Behind(Altered):
        block_number = property(lambda self: self.chain.block_number - 3)

    with pytest.raises(DokkaebiError) as seen:
        run(Behind(day.chain), identity, place)
    assert seen.value.key == "ledger_node_behind"
    assert contents(place, identity) == rows


def test_a_writer_that_lost_its_lock_writes_nothing(anvil_market: Day, place: Place) -> None:
    day = anvil_market
    identity = Identity.of(day.manifest())
    trade(day)

    class Overtaken(Altered):
        """While it is asked, somebody else writes."""

        def get_logs(self, addresses: Sequence[str], low: int, high: int) -> list[dict[str, Any]]:
            moved.append(low)
            return super().get_logs(addresses, low, high)

    moved: list[int] = []
    with open_ledger(place, identity) as ledger:
        index(day.chain, identity, ledger, finality_blocks=FINALITY)
        cursor = ledger.cursor()
        assert cursor is not None
        trade(day)
        write = ledger.write

        def overtaken(batch: Any) -> None:
            ledger.write = write  # type: ignore[method-assign]
            index(day.chain, identity, ledger, finality_blocks=FINALITY)
            write(batch)

        ledger.write = overtaken  # type: ignore[method-assign]
        with pytest.raises(DokkaebiError) as seen:
            index(Overtaken(day.chain), identity, ledger, finality_blocks=FINALITY)
        assert seen.value.key == "ledger_locked"
        after = ledger.cursor()
    assert isinstance(after, Cursor)
    assert after.block_number == day.chain.block_number


@pytest.mark.parametrize("seed", range(4))
def test_chaos_ends_in_a_clean_ledger(place: Place, tmp_path: Path, seed: int) -> None:
    seen = chaos_run(1_000 + seed, tmp_path, place)
    assert seen["crashed"] == 0
    assert seen["reorgs"] > 0
