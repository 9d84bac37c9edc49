"""`make demo`: a market day on a chain of its own, and books that must balance."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Say = Callable[..., None]


@dataclass(frozen=True)
class Outcome:
    """What a market day left behind. `differences` name what the books and the chain say unlike."""

    folder: Path
    trades: int
    events: int
    balances_match: bool
    differences: tuple[str, ...]


def play_market_day(
    works: Path, target: Path, say: Say, stay: Callable[[str, Outcome], None] | None = None
) -> Outcome:
    """Plays a market day with the files of `works`; leaves `report.html`, `report.json`,
    `ledger.sqlite3`, `deployment.json` and `documents/` in `target`, all of them or none. `stay`
    is called while the node still runs, with its address, once everything is there."""
    from dokkaebi.chain.node import start_node
    from dokkaebi.chain.rpc import connect
    from dokkaebi.demo.day import MarketDay
    from dokkaebi.demo.stage import Stage
    from dokkaebi.demo.works import load_works

    loaded = load_works(works)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".demo-", dir=target.parent))
    try:
        folder.chmod(0o755)
        with start_node("ganache") as node:
            say("demo_chain", url=node.url)
            stage = Stage(connect(node.url), folder)
            MarketDay(stage, loaded, say).play()
            outcome = Outcome(target, *_write_books(stage, folder, works))
            _replace(target, folder)
            if stay is not None:
                stay(node.url, outcome)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return outcome


def _write_books(stage: Any, folder: Path, works: Path) -> tuple[int, int, bool, tuple[str, ...]]:
    from dokkaebi.chain.manifest import write_atomically
    from dokkaebi.chain.reader import ChainReader
    from dokkaebi.ledger.index import index
    from dokkaebi.ledger.reports.balance import check
    from dokkaebi.ledger.reports.render import render
    from dokkaebi.ledger.store import Identity, open_ledger, read_ledger

    identity = Identity.of(stage.suite.manifest)
    database = folder / "ledger.sqlite3"
    with open_ledger(database, identity) as ledger:
        index(stage.chain, identity, ledger)
    with read_ledger(database, identity) as snapshot:
        balance = check(snapshot, ChainReader(stage.chain))
        report: dict[str, Any] = {}
        for form in ("json", "html"):
            text = render(snapshot, form, documents=stage.documents, works=works, balance=balance)
            write_atomically(folder / f"report.{form}", str(text))
            if form == "json":
                report = json.loads(str(text))
    differences = tuple(f"{d.what} {d.subject}: {d.books} ≠ {d.chain}" for d in balance.differences)
    return len(report["trades"]), report["events"], balance.matches, differences


def _replace(target: Path, folder: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)
