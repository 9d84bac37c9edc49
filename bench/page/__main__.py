"""How fast the wallet page is with 10,000 works on the board: `make bench-page`.

Headless Chromium on this machine, a fresh profile each time; figures in figures.json.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from pathlib import Path

from dokkaebi.board.search import remember
from dokkaebi.board.store import store_place
from dokkaebi.board.tables import work
from dokkaebi.chain.documents import RAW, cid_text, creation_id
from dokkaebi.chain.keys import TEST_ADDRESSES
from dokkaebi.chain.manifest import load_manifest
from dokkaebi.config import project_root
from dokkaebi.ledger.rows import creation_key
from dokkaebi.ledger.store import Identity
from tests.web.market import Served, served_market

FIGURES = Path(__file__).with_name("figures.json")
WORKS = 10_000
NOUNS = ("달항아리", "찻상", "조각보", "빈손", "사발", "kettle", "bowl", "weave", "roof", "poem")


def fill(market: Served) -> None:
    """Puts works on the board, straight into its tables, as if they had been registered."""
    identity = Identity.of(load_manifest(market.manifest))
    place = store_place(market.folder / "ledger.sqlite3", market.folder / "board", identity)
    rows, said = [], []
    for number in range(1, WORKS + 1):
        title = f"{NOUNS[number % 10]} {NOUNS[number // 10 % 10]} {number}"
        creator = TEST_ADDRESSES["test"][number % 20]
        digest = hashlib.sha256(str(number).encode()).digest()
        said.append((number, f"{title} 이도공 손으로 만든 것"))
        rows.append(
            {
                "content_type": "image/png",
                "skeleton": "",
                "document_cid": cid_text(RAW, digest),
                "number": number,
                "id": creation_key(creation_id(digest, 400, creator)),
                "title": title,
                "description": "손으로 만든 것",
                "tags": "[]",
                "creator": creator,
                "creator_name": "이도공",
                "warnings": "[]",
                "registered": True,
                "shown": True,
                "posted_at": number,
            }
        )
    engine = place.engine(writing=True)
    with engine.begin() as connection:
        connection.execute(work.insert(), rows)
        remember(connection, said)
    engine.dispose()


def main() -> None:
    """Fills a board and opens its page."""
    measure = str(Path(__file__).with_name("measure.mjs"))
    with (
        tempfile.TemporaryDirectory(prefix="dokkaebi-bench-") as place,
        served_market(Path(place)) as market,
    ):
        fill(market)
        environment = {**os.environ, **market.environment()}
        said = subprocess.run(
            ["node", measure],
            cwd=project_root(),
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    figures = {"works": WORKS, "machine": platform.machine(), **json.loads(said)}
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(FIGURES.read_text("utf-8"))


if __name__ == "__main__":
    main()
