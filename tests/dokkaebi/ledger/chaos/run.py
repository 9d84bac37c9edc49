"""One chaos run: a chain that grows and is rewritten, a node that fails and lies, a loop that is
killed; and in the end a ledger that equals a clean one, row by row."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from dokkaebi.chain import endpoints, ranges
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import ahead
from dokkaebi.ledger.index import index
from dokkaebi.ledger.store import Identity, open_ledger
from tests.dokkaebi.chaos.loop import Differs
from tests.dokkaebi.chaos.proxy import faulty_proxy
from tests.dokkaebi.ledger.chaos.faults import ReadingFaults
from tests.dokkaebi.ledger.engines import contents
from tests.dokkaebi.ledger.market_day import Day, open_market

ROUNDS = 7
FAULT_RATE = 0.08
DEPTH_MAX = 12
FINALITY = 40
KILL_SECONDS = 0.3


def chaos_run(seed: int, folder: Path, where: Path | str) -> Counter[str]:
    """Plays one run into the ledger at `where`; what happened how often.

    Raises Differs.
    """
    dice, seen = random.Random(seed), Counter[str]()
    with start_node("anvil") as node:
        day = open_market(connect(node.url), folder / "market")
        identity = Identity.of(day.manifest())
        settled = day.chain.block_number
        faults = ReadingFaults(seed, FAULT_RATE)
        with faulty_proxy(node.url, faults) as url:
            for _ in range(ROUNDS):
                deepest = min(DEPTH_MAX, day.chain.block_number - settled)
                if deepest and dice.random() < 0.7:
                    depth = dice.randrange(1, deepest + 1)
                    day.chain.raw("anvil_reorg", [depth, []])
                    seen["reorgs"] += 1
                    seen["blocks replaced"] += depth
                for _ in range(dice.randrange(1, 4)):
                    _act(day, dice)
                for _ in range(dice.randrange(1, 3)):
                    seen[_index_in_child(url, identity, where, dice)] += 1
        with open_ledger(where, identity) as ledger:
            index(day.chain, identity, ledger, finality_blocks=FINALITY)
        clean = folder / "clean.sqlite3"
        with open_ledger(clean, identity) as ledger:
            index(day.chain, identity, ledger, finality_blocks=FINALITY)
        one, other = contents(where, identity), contents(clean, identity)
        for table, rows in other.items():
            if one[table] != rows:
                raise Differs(f"table {table} differs")
        seen["events"] += len(other["event"])
    return seen


def _act(day: Day, dice: random.Random) -> None:
    """Something that people do, in a few blocks of its own."""
    maker, buyer = day.people[2 + dice.randrange(2)], day.people[4 + dice.randrange(2)]
    what = dice.choice(["sale", "voucher", "delivery", "dispute", "request", "transfer", "idle"])
    if what == "sale":
        asset = dice.choice([{}, {"asset": day.token.address}])
        day.sell(maker, buyer, day.register(maker, f"work {dice.random()}"), 1_001, **asset)
    elif what == "voucher":
        sponsor = (day.people[6], dice.randrange(2))
        voucher = day.voucher(
            maker, f"work {dice.random()}", price=1_001, sponsor=sponsor, version=1
        )
        day.do(maker, day.registry, "cancelVouchers", *voucher[1][:2], 1)
        day.buy_new(buyer, voucher)
    elif what == "delivery":
        trade = day.fund(buyer, day.delivery(maker, 5_003))
        for step in ("ship", "confirm")[: dice.randrange(3)]:
            who, more = (maker, (bytes(32),)) if step == "ship" else (buyer, ())
            day.do(who, day.escrow, step, trade, *more)
    elif what == "dispute":
        trade = day.fund(buyer, day.arbitrated(maker, 7_001, day.people[6]))
        day.dispute(trade)
        day.do(day.people[6], day.escrow, "rule", trade, 3_333, day.people[6])
    elif what == "request":
        day.request(buyer, 2_000)
    elif what == "transfer":
        day.do(maker, day.token, "transfer", buyer, dice.randrange(1, 10**15))
    else:
        day.chain.raw("anvil_mine", [hex(dice.randrange(1, 6))])


def _index_in_child(url: str, identity: Identity, where: Path | str, dice: random.Random) -> str:
    """Indexes in a process of its own, which may be killed; how it ended."""
    killed_after = dice.random() * KILL_SECONDS if dice.random() < 0.45 else None
    span = dice.choice([1, 3, 50])
    child = os.fork()
    if child == 0:
        os._exit(_child(url, identity, where, span))
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return {0: "indexed", 1: "gave up"}.get(os.waitstatus_to_exitcode(status), "crashed")


def _child(url: str, identity: Identity, where: Path | str, span: int) -> int:
    ranges.SPAN_FIRST = span
    # Small spans with a process of their own, to be killed with or without it.
    ahead.FORK_FROM_BLOCKS = 1 if span == 3 else 500
    endpoints.WAIT_SECONDS = 0.005
    endpoints.REST_SECONDS = 0.0
    try:
        with open_ledger(where, identity) as ledger:
            chain: Any = Chain(url)
            index(
                chain,
                identity,
                ledger,
                finality_blocks=FINALITY,
                sleep=lambda seconds: time.sleep(seconds / 50),
            )
    except DokkaebiError:
        return 1
    except BaseException:
        import traceback

        traceback.print_exc()
        return 2
    return 0
