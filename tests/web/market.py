"""A market that is served as an operator serves it: a node, the suite, the index, the server.

`python -m tests.web.market` leaves one running, with some works on its board, to look at.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from dokkaebi.chain.keys import TEST_ADDRESSES, open_key
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import Suite
from dokkaebi.config import project_root
from dokkaebi.deploy import deploy_market, load_market_spec

WAIT_SECONDS = 60
TOKENS_EACH = 10_000 * 10**18
# The accounts that browsers use; the node's first ones are the operator's and the treasury's.
BROWSERS = range(3, 18)
SPONSOR = "test:18"


@dataclass(frozen=True)
class Served:
    """Where a market is: its page, its node, its deployment."""

    page: str
    rpc: str
    manifest: Path
    folder: Path

    def environment(self) -> dict[str, str]:
        """As the browser's tests read it."""
        return {"MARKET_PAGE": self.page, "MARKET_RPC": self.rpc, "MARKET_FOLDER": str(self.folder)}


@contextmanager
def served_market(folder: Path) -> Iterator[Served]:
    """A new market with everything that `dokkaebi serve` needs, for as long as a `with` block."""
    with ExitStack() as stack:
        node = stack.enter_context(start_node("ganache"))
        chain = connect(node.url)
        manifest = folder / "1337.json"
        _deploy(chain, manifest)
        settings = {
            "DOKKAEBI_RPC": node.url,
            "DOKKAEBI_MANIFEST": str(manifest),
            "DOKKAEBI_DATABASE": str(folder / "ledger.sqlite3"),
            "DOKKAEBI_BOARD": str(folder / "board"),
        }
        stack.enter_context(_running(folder, settings, "index", "--follow"))
        words = ["serve", "--port", "0", "--rate", "2000/second", "--sponsor", SPONSOR]
        page = stack.enter_context(_running(folder, settings, *words))
        _wait(f"{page}/config.json")
        yield Served(page + "/", node.url, manifest, folder)


def _deploy(chain: Chain, manifest: Path) -> None:
    spec = load_market_spec().with_fee_recipient(TEST_ADDRESSES["test"][1])
    spec = spec.with_guardian(TEST_ADDRESSES["test"][2])
    operator = open_key("test:0", chain.chain_id)
    deployed = deploy_market(chain, operator, spec, network="tests", manifest_path=manifest)
    suite, sender = Suite.open(chain, deployed), Sender(chain, operator)
    for number in BROWSERS:
        to = TEST_ADDRESSES["test"][number]
        sender.transact(*suite.token.prepare("transfer", to, TOKENS_EACH))


@contextmanager
def _running(folder: Path, settings: dict[str, str], *words: str) -> Iterator[str]:
    """A command that stays; the address that it says, if it says one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOKKAEBI_")}
    log = folder / f"{words[0]}.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", "from dokkaebi.cli import main; main()", *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**kept, **settings, "PYTHONPATH": str(project_root()), "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield _address_in(log, process) if words[0] == "serve" else ""
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _address_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _wait(url: str) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while requests.get(url, timeout=10).status_code != 200:
        assert time.monotonic() < until, url
        time.sleep(0.1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with (
        tempfile.TemporaryDirectory(prefix="dokkaebi-page-") as place,
        served_market(Path(place)) as market,
    ):
        print(market.page, market.rpc, flush=True)
        signal.pause()
