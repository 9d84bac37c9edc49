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
# Blockscout's, for submitting sources. Those at optimism.blockscout.com redirect, which loses what
# was posted.
BLOCKSCOUTS = {
    1: "https://eth.blockscout.com",
    10: "https://explorer.optimism.io",
    137: "https://polygon.blockscout.com",
    8453: "https://base.blockscout.com",
    42161: "https://arbitrum.blockscout.com",
    84532: "https://base-sepolia.blockscout.com",
    421614: "https://arbitrum-sepolia.blockscout.com",
    560048: "https://eth-hoodi.blockscout.com",
    11155111: "https://eth-sepolia.blockscout.com",
    11155420: "https://testnet-explorer.optimism.io",
}
# One for all chains.
SOURCIFY = "https://sourcify.dev/server"
ETHERSCAN_API = "https://api.etherscan.io/v2/api"


def verifier_url(service: str, chain_id: int) -> str | None:
    """Where a service takes the sources of a public chain's contracts, None where it doesn't."""
    if chain_id not in EXPLORERS:
        return None
    blockscout = BLOCKSCOUTS.get(chain_id)
    return {
        "sourcify": SOURCIFY,
        "etherscan": ETHERSCAN_API,
        "blockscout": f"{blockscout}/api" if blockscout else None,
    }.get(service)


def transaction_link(chain_id: int, transaction: str, explorer: str | None = None) -> str | None:
    """The page of a transaction at `explorer`, else at the one known for the chain, if any."""
    base = explorer or EXPLORERS.get(chain_id)
    return f"{base.rstrip('/')}/tx/{transaction}" if base else None
