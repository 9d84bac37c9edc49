"""The peers, from npm, measured on the chain on which ours was measured."""

from __future__ import annotations

from bench.gas.ours import Bench
from bench.gas.peers import kleros, looksrare, seaport, tokens, zero_ex, zora
from bench.gas.peers.kit import PeerFigure

MISSING = {
    "thirdweb": "not set up; its figures elsewhere are far above those measured here",
}

__all__ = ["MISSING", "PeerFigure", "measure_peers"]


def measure_peers(bench: Bench, creation: int) -> dict[str, dict[str, PeerFigure]]:
    """Job → peer → figure. `creation` is the seller's, of our registry."""
    measured = {
        "Kleros v1": kleros.measure(bench),
        "Zora v3": zora.measure(bench, creation),
        "0x v4": zero_ex.measure(bench, creation),
        "Seaport 1.5": seaport.measure(bench, creation),
        "LooksRare v2": looksrare.measure(bench, creation),
        "OpenZeppelin": tokens.measure(bench, "OpenZeppelin"),
        "Solady": tokens.measure(bench, "Solady"),
    }
    jobs: dict[str, dict[str, PeerFigure]] = {}
    for peer, figures in measured.items():
        for job, figure in figures.items():
            jobs.setdefault(job, {})[peer] = figure
    return jobs
