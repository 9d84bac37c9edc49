"""Where people look at transactions of public chains."""

from __future__ import annotations

from dokkaebi.chain.networks import NETWORKS


def transaction_link(chain_id: int, transaction: str, explorer: str | None = None) -> str | None:
    """The page of a transaction at `explorer`, else at the one known for the chain, if any."""
    network = NETWORKS.get(chain_id)
    base = explorer or (network.explorer if network else None)
    return f"{base.rstrip('/')}/tx/{transaction}" if base else None
