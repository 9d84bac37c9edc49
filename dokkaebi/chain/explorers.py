"""Where people look at transactions of public chains."""

from __future__ import annotations

from dokkaebi.chain.networks import NETWORKS

# One for all chains.
SOURCIFY = "https://sourcify.dev/server"
ETHERSCAN_API = "https://api.etherscan.io/v2/api"


def verifier_url(service: str, chain_id: int) -> str | None:
    """Where a service takes the sources of a public chain's contracts, None where it doesn't."""
    network = NETWORKS.get(chain_id)
    if network is None or network.worth == "local":
        return None
    services = {
        "sourcify": SOURCIFY,
        "etherscan": ETHERSCAN_API,
        "blockscout": network.blockscout,
    }
    return services.get(service)


def transaction_link(chain_id: int, transaction: str, explorer: str | None = None) -> str | None:
    """The page of a transaction at `explorer`, else at the one known for the chain, if any."""
    network = NETWORKS.get(chain_id)
    base = explorer or (network.explorer if network else None)
    return f"{base.rstrip('/')}/tx/{transaction}" if base else None
