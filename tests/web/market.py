"""A market that is served as an operator serves it: a node, the suite, the index, the server.

`python -m tests.web.market` leaves one running, with some works on its board, to look at.
"""

from __future__ import annotations

import signal
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
from dokkaebi.deploy import deploy_market, load_market_spec
from tests.commands import WAIT_SECONDS, running_command
from tests.dokkaebi.conftest import NODE

TOKENS_EACH = 10_000 * 10**18
# Ganache's own number, which Anvil takes on.
CHAIN_ID = 1337
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
        node = stack.enter_context(start_node(NODE, chain_id=CHAIN_ID))
        chain = connect(node.url)
        manifest = folder / f"{CHAIN_ID}.json"
        _deploy(chain, manifest)
        settings = {
            "DOKKAEBI_RPC": node.url,
            "DOKKAEBI_MANIFEST": str(manifest),
            "DOKKAEBI_DATABASE": str(folder / "ledger.sqlite3"),
            "DOKKAEBI_BOARD": str(folder / "board"),
        }
        stack.enter_context(running_command(folder, settings, "index", "--follow"))
        words = ["serve", "--port", "0", "--rate", "2000/second", "--sponsor", SPONSOR]
        page = stack.enter_context(running_command(folder, settings, *words)).url
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
