"""`make bench-gas`: the gas of each job, ours and the peers' side by side on one Anvil chain.

Receipts' `gasUsed` of whole transactions, sent by ordinary accounts that already hold what is
moved, with approvals given, nonces in use and every payee paid before. The figures go to
`bench/gas/figures.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.gas.ours import NAMES, Bench, measure_ours, measure_without_fee
from bench.gas.peers import MISSING, PeerFigure, measure_peers
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect

# job: (what it can't avoid: 21,000, calldata, storage, logs, calls; what ours must reach)
AIMS: dict[str, tuple[int, int]] = {
    "erc20_transfer": (33_376, 34_479),
    "erc20_permit_later_nonce": (55_260, 57_665),
    "register_default_royalty": (50_551, 58_000),
    "erc721_safe_transfer": (41_403, 45_586),
    "offer": (45_908, 52_000),
    "cancel": (22_921, 27_000),
    "voucher_sale_coins": (64_951, 74_000),
    "voucher_sale_coins_without_fee": (64_951, 74_000),
    "buy_coins": (76_923, 95_000),
    "buy_erc20": (76_563, 110_000),
    "fill_coins": (86_443, 105_000),
    "fill_erc20": (89_311, 112_000),
    "fund_coins": (45_544, 62_000),
    "fund_erc20": (64_356, 85_000),
    "ship": (28_332, 34_000),
    "confirm_coins": (32_432, 42_000),
    "confirm_erc20": (37_460, 50_000),
    "release_after_deadline_coins": (32_204, 45_000),
    "dispute": (28_332, 37_000),
    "rule_coins": (33_100, 60_000),
    "auction_coins": (209_503, 300_000),
    "reward_claim": (50_373, 55_000),
}
TARGET = Path(__file__).parent / "figures.json"


def figures(ours: dict[str, int], peers: dict[str, dict[str, PeerFigure]]) -> dict[str, Any]:
    """One entry a job: ours, the bound, the aim, and the peers that were measured."""
    jobs: dict[str, Any] = {}
    for job, gas in sorted(ours.items()):
        entry: dict[str, Any] = {"gas": gas}
        if job in AIMS:
            bound, aim = AIMS[job]
            entry |= {
                "unavoidable": bound,
                "ratio_to_unavoidable": f"{gas / bound:.3f}",
                "aim": aim,
                "reaches_aim": gas <= aim,
            }
        measured = peers.get(job, {})
        if measured:
            best = min(measured, key=lambda name: measured[name].gas)
            entry |= {
                "best_peer": best,
                "best_peer_gas": measured[best].gas,
                "beats_best_peer": gas <= measured[best].gas,
                "peers": {name: figure.as_json(gas) for name, figure in sorted(measured.items())},
            }
        jobs[job] = entry
    return {
        "measured_on": "anvil, shanghai, ours and peers on one chain in one run",
        "market": "fee 1 %, royalty 5 %, price 0.1; every payee paid before",
        "missing": MISSING,
        "jobs": jobs,
    }


def show(result: dict[str, Any]) -> None:
    """Prints the table. Yellow: over the aim; red: over the best peer."""
    table = Table("job", "gas", "÷ unavoidable", "aim", "best peer", "÷ best peer", title="Gas")
    for job, row in result["jobs"].items():
        aim = f"{row['aim']:,}" if "aim" in row else "–"
        peer = ratio = "–"
        if "best_peer" in row:
            peer = f"{row['best_peer']} {row['best_peer_gas']:,}"
            ratio = f"{row['gas'] / row['best_peer_gas']:.2f}"
        style = "" if row.get("reaches_aim", True) else "yellow"
        style = style if row.get("beats_best_peer", True) else "red"
        bound = row.get("ratio_to_unavoidable", "–")
        table.add_row(job, f"{row['gas']:,}", bound, aim, peer, ratio, style=style)
    console = Console()
    console.print(table)
    for peer, reason in result["missing"].items():
        console.print(f"not measured: {peer}: {reason}")


def main() -> None:
    """Measures everything, writes the figures and prints the table."""
    with start_node("anvil") as node:
        free = Bench(connect(node.url), fee_bps=0)
        for name in NAMES[1:]:
            free.send(name, free.suite.registry, "register", free.work())
        measure_without_fee(free)
    with start_node("anvil") as node:
        bench = Bench(connect(node.url))
        creation = measure_ours(bench)
        ours = {**bench.gas, **free.gas}
        peers = measure_peers(bench, creation)
    result = figures(ours, peers)
    write_atomically(TARGET, json.dumps(result, indent=2) + "\n")
    show(result)


if __name__ == "__main__":
    main()
