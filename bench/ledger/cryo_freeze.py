"""cryo writes the suite's raw logs as Parquet: `python cryo_freeze.py MARKET FOLDER HEAD`.

Runs in cryo's own environment, with nothing of ours.
"""

import json
import sys
from pathlib import Path

import cryo

market, folder, head = sys.argv[1:]
told = json.loads(Path(market).read_text())
Path(folder).mkdir()
cryo.freeze(
    "logs",
    rpc=told["url"],
    contract=[one["address"] for one in told["contracts"].values()],
    start_block=told["first"],
    end_block=int(head) + 1,
    output_dir=folder,
    verbose=False,
)
