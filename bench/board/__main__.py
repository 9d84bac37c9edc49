"""How many offers the board takes, and how fast it finds works: `make bench-board`.

Offers come over HTTP, each a request of its own, from 64 connections to `dokkaebi serve` with a
chain of its own beside it (Anvil, then Ganache); works of several sellers, no two the same. Each
works with both engines. Figures in figures.json.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from dokkaebi.board.search import remember
from dokkaebi.board.store import open_store, store_place
from dokkaebi.board.tables import work
from dokkaebi.chain.consent_files import consent_text
from dokkaebi.chain.consents import sign
from dokkaebi.chain.creation_registry import approve_all_creations, register
from dokkaebi.chain.documents import creation_id
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import COIN, Suite
from dokkaebi.chain.terms import NOBODY, Offer, Work
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.ledger.index import index
from dokkaebi.ledger.places import Place
from dokkaebi.ledger.store import Identity, open_ledger
from tests.dokkaebi.ledger.engines import new_database, postgres_server

FIGURES = Path(__file__).with_name("figures.json")
ROOT = Path(__file__).resolve().parents[2]
OFFERS, SELLERS, CONNECTIONS, AT_ONCE = 2_000, 10, 64, 50
WORKS, ASKED = 100_000, 40
ENGINES = ("sqlite", "postgresql")
NOUNS = [
    "항아리",
    "달항아리",
    "주전자",
    "의자",
    "그림",
    "노래",
    "이야기",
    "도면",
    "옷장",
    "인형",
    "목걸이",
    "도깨비",
    "감나무",
    "나무",
]
KINDS = ["하얀", "푸른", "오래된", "작은", "커다란", "빛나는", "조용한", "따뜻한", "낡은", "새로운"]
NAMES = ["김도예", "이목수", "박화가", "최작가", "정시인", "강장인", "조도공", "윤소리"]


# Offers


def offers_of(chain: Chain, folder: Path) -> tuple[Path, list[bytes]]:
    """A deployed market with works to sell; its manifest, and a signed offer of each work."""
    path = folder / "market.json"
    operator = open_key("test:0", chain.chain_id)
    spec = load_market_spec()
    manifest = deploy_market(chain, operator, spec, network="bench", manifest_path=path)
    suite = Suite.open(chain, manifest)
    made: list[bytes] = []
    expiry = now_on(suite) + 86_400
    for number in range(SELLERS):
        key = open_key(f"test:{number}", chain.chain_id)
        sender = Sender(chain, key)
        sender.transact(*approve_all_creations(suite, suite.creation_market))
        for first in range(0, OFFERS // SELLERS, AT_ONCE):
            works = [
                Work(hashlib.sha256(b"%d %d" % (number, n)).digest(), 200, 500, bytes(32), ())
                for n in range(first, first + AT_ONCE)
            ]
            sender.transact(*register(suite, works))
            for n, made_work in enumerate(works, first):
                id_ = creation_id(made_work.document_digest, 200, key.address)
                terms = Offer(key.address, NOBODY, suite.registry.address, id_, 0, 0, 10**16, 0,
                              COIN, expiry, 0, 0, n)  # fmt: skip
                made.append(consent_text(sign(key, terms, suite)).encode())
    random.Random(1).shuffle(made)
    return path, made


@contextmanager
def serving(
    rpc: str, manifest: Path, ledger: Path | str, folder: Path
) -> Iterator[tuple[int, int]]:
    """`dokkaebi serve` in a process of its own; its port and the process's id."""
    port = 18_080 + random.randrange(2_000)
    words = [
        *("serve", "--rpc", rpc, "--manifest", str(manifest), "--database", str(ledger)),
        *("--board", str(folder), "--port", str(port), "--rate", "1000000/second", "--json"),
        *("--key-per-minute", "1000000", "--key-documents", "1000000"),
    ]
    code = "import sys; from dokkaebi.cli import run; sys.exit(run(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", code, *words], cwd=ROOT, env=os.environ)
    try:
        for _ in range(200):
            try:
                ask(port, "GET", "/v1/board")
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def post_all(port: int, bodies: list[bytes]) -> dict[str, Any]:
    """Posts everything from many connections."""
    waiting: Queue[bytes] = Queue()
    for body in bodies:
        waiting.put(body)
    statuses: list[int] = []

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            try:
                body = waiting.get_nowait()
            except Empty:
                return
            connection.request("POST", "/v1/board/documents", body)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    assert statuses.count(201) == len(bodies), statuses
    return {
        "offers": len(bodies),
        "seconds": round(seconds, 2),
        "per_second": round(len(bodies) / seconds),
    }


def intake(node: str, engine: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, start_node(node) as running:
        folder = Path(name)
        chain = connect(running.url)
        manifest, bodies = offers_of(chain, folder)
        with _place(engine, folder) as ledger:
            identity = Identity.of(load_manifest(manifest))
            with open_ledger(ledger, identity) as opened:
                index(chain, identity, opened)
            with serving(running.url, manifest, ledger, folder / "board") as (port, process):
                post_all(port, bodies[:200])
                before = cpu_seconds(process)
                figures = post_all(port, bodies[200:])
                spent = cpu_seconds(process) - before
                return {
                    **figures,
                    # What others on the machine can't change.
                    "server_cpu_ms_each": round(1_000 * spent / figures["offers"], 2),
                    "load": round(os.getloadavg()[0], 1),
                }


def cpu_seconds(process: int) -> float:
    """What a process and its children have used of a processor so far."""
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # Some end meanwhile.
        with suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if stat.parent.name == str(process) or fields[1] == str(process):
                spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


@contextmanager
def _place(engine: str, folder: Path) -> Iterator[Path | str]:
    if engine == "sqlite":
        yield folder / "ledger.sqlite3"
    else:
        with postgres_server() as server:
            yield new_database(server)


# Search


def fill(place: Place) -> None:
    """Works with titles as people give them, put straight into the tables."""
    chance = random.Random(2)
    engine = place.engine(writing=True)
    for first in range(0, WORKS, 5_000):
        rows, said = [], []
        for number in range(first + 1, first + 5_001):
            title = f"{chance.choice(KINDS)} {chance.choice(NOUNS)} {number}"
            words = " ".join(chance.choices(NOUNS + KINDS, k=30))
            rare = " 두루미" if number % 1_000 == 7 else ""
            name = chance.choice(NAMES)
            said.append((number, f"{title} {name} handmade 손으로 빚어 구운 {words}{rare}"))
            rows.append(
                {
                    **dict.fromkeys(("content_type", "skeleton", "document_cid"), ""),
                    **dict.fromkeys(("tags", "warnings"), "[]"),
                    "number": number,
                    "id": f"0x{number:064x}",
                    "title": title,
                    "description": words + rare,
                    "creator": f"0x{number % 5_000:040x}",
                    "creator_name": name,
                    "registered": True,
                    "shown": True,
                    "posted_at": 1_800_000_000,
                }
            )
        with engine.begin() as connection:
            connection.execute(work.insert(), rows)
            remember(connection, said)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def search(engine: str) -> dict[str, Any]:
    """Milliseconds for a page of 50, by what was asked: the median and the slowest of 40."""
    identity = Identity(1, "0x" + "0" * 64, 1, {"CreationRegistry": "0x" + "11" * 20})
    asked = {
        "everything": "",
        "in every second one, 2 letters": "나무",
        "in one of a thousand, 2 letters": "두루",
        "one letter": "달",
        "in none": "없는말",
        "three words": "하얀 항아리 김도예",
        "rare and frequent": "두루미 나무",
        "Latin": "handmade",
        "a number": "77777",
    }
    with tempfile.TemporaryDirectory() as name, _place(engine, Path(name)) as ledger:
        place = store_place(ledger, Path(name), identity)
        with open_store(place, identity) as store:
            began = time.monotonic()
            fill(place)
            figures: dict[str, Any] = {
                "works": WORKS,
                "fill_seconds": round(time.monotonic() - began),
            }
            for label, words in asked.items():
                times = sorted(
                    _timed(lambda w=words: store.works(50, asked=w)) for _ in range(ASKED)
                )
                figures[label] = {
                    "found": len(store.works(50, asked=words)),
                    "median_ms": round(times[ASKED // 2], 1),
                    "slowest_ms": round(times[-1], 1),
                }
            return figures


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1_000


def main() -> None:
    wanted = sys.argv[1:] or [
        f"{what}-{e}" for what in ("anvil", "ganache", "search") for e in ENGINES
    ]
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in wanted:
        what, engine = name.split("-")
        figures[name] = search(engine) if what == "search" else intake(what, engine)
        print(name, json.dumps(figures[name], ensure_ascii=False))
    figures["made"] = {
        "at": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    FIGURES.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
