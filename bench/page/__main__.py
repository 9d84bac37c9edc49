"""How fast the wallet page is with 10,000 works on the board: `make bench-page`.

Headless Chromium on this machine, a fresh profile each time; figures in figures.json.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

from dokkaebi.board.metadata import read_metadata
from dokkaebi.board.opening import open_notices
from dokkaebi.chain.documents import FileDigest, make_document
from dokkaebi.chain.keys import TEST_ADDRESSES
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.chain.rpc import connect
from dokkaebi.chain.suite import Suite
from dokkaebi.config import project_root
from tests.web.market import Served, served_market

FIGURES = Path(__file__).with_name("figures.json")
WORKS = 10_000
NOUNS = ("달항아리", "찻상", "조각보", "빈손", "사발", "kettle", "bowl", "weave", "roof", "poem")


def fill(market: Served) -> None:
    """Puts works on the board, as if they had been registered."""
    suite = Suite.open(connect(market.rpc), load_manifest(market.manifest))
    ledger, board = market.folder / "ledger.sqlite3", market.folder / "board"
    file = FileDigest(
        1_000, bytes(32), "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    )
    with open_notices(suite, ledger, board) as notices:
        for number in range(WORKS):
            title = f"{NOUNS[number % 10]} {NOUNS[number // 10 % 10]} {number}"
            creator = TEST_ADDRESSES["test"][number % 20]
            made = make_document(file, f"{number}.png", creator, title, "손으로 만든 것. " * 5)
            notices.store.add_work(read_metadata(made.text), int(time.time()), registered=True)


def main() -> None:
    """Fills a board and opens its page."""
    with tempfile.TemporaryDirectory(prefix="dokkaebi-bench-") as place:
        with served_market(Path(place)) as market:
            fill(market)
            said = subprocess.run(
                ["node", str(Path(__file__).with_name("measure.mjs"))],
                cwd=project_root(),
                env={**os.environ, **market.environment()},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
    figures = {"works": WORKS, "machine": platform.machine(), **json.loads(said)}
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(FIGURES.read_text("utf-8"))


if __name__ == "__main__":
    main()
