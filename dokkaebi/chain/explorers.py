"""Where people look at transactions of public chains."""

from __future__ import annotations

# By chain id. Etherscan's or Blockscout's; all put a transaction's hash behind `/tx/`.
EXPLORERS = {
    1: "https://etherscan.io",
    10: "https://optimistic.etherscan.io",
    137: "https://polygonscan.com",
    1001: "https://kairos.kaiascan.io",
    8217: "https://kaiascan.io",
    8453: "https://basescan.org",
    42161: "https://arbiscan.io",
    80002: "https://amoy.polygonscan.com",
    84532: "https://sepolia.basescan.org",
    421614: "https://sepolia.arbiscan.io",
    560048: "https://hoodi.etherscan.io",
    11155111: "https://sepolia.etherscan.io",
    11155420: "https://sepolia-optimism.etherscan.io",
}


def transaction_link(chain_id: int, transaction: str, explorer: str | None = None) -> str | None:
    """The page of a transaction at `explorer`, else at the one known for the chain, if any."""
    base = explorer or EXPLORERS.get(chain_id)
    return f"{base.rstrip('/')}/tx/{transaction}" if base else None
