"""The loop that most people write: web3.py's `get_logs` and `process_log`, a row at a time.

`python -m bench.ledger.web3_loop MARKET DATABASE`, where MARKET is the JSON that `bench.ledger`
writes. It keeps raw and decoded events, and nothing derived.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

from hexbytes import HexBytes
from web3 import HTTPProvider, Web3

RANGE = 50


def main(market: Path, database: Path) -> None:
    """From the first block to the head."""
    told = json.loads(market.read_text())
    web3 = Web3(HTTPProvider(told["url"]))
    events = {}
    for one in told["contracts"].values():
        contract = web3.eth.contract(address=one["address"], abi=one["abi"])
        for event in contract.events:
            events[one["address"].lower(), event().topic] = event()
    connection = sqlite3.connect(database)
    connection.execute(
        "CREATE TABLE event (block INTEGER, log INTEGER, hash TEXT, name TEXT, said TEXT)"
    )
    head = web3.eth.block_number
    addresses = [one["address"] for one in told["contracts"].values()]
    for low in range(told["first"], head + 1, RANGE):
        high = min(low + RANGE - 1, head)
        logs = web3.eth.get_logs({"address": addresses, "fromBlock": low, "toBlock": high})
        for log in logs:
            topic = HexBytes(log["topics"][0]).to_0x_hex()
            event = events[log["address"].lower(), topic]
            said = event.process_log(log)
            connection.execute(
                "INSERT INTO event VALUES (?, ?, ?, ?, ?)",
                (
                    log["blockNumber"],
                    log["logIndex"],
                    log["transactionHash"].to_0x_hex(),
                    said["event"],
                    json.dumps(dict(said["args"]), default=str),
                ),
            )
        connection.commit()
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
