"""The networks that are known by name: one row a chain, and everything else about chains derives
from it. Any other chain works as well, as one where coins are worth money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Worth = Literal["money", "nothing", "local"]
# How a transaction is charged beyond its gas at the block's price. `op-stack`: for its data, by an
# oracle, on top of the gas; `arbitrum`: likewise, but within the gas, so that estimates are far
# above what the EVM counts; `kaia`: a base fee between two bounds that validators vote on.
Fees = Literal["ethereum", "op-stack", "arbitrum", "kaia"]

EVM_LEVELS = ("london", "paris", "shanghai", "cancun", "prague")


@dataclass(frozen=True)
class Network:
    """One chain. `name` as in networks.yaml; `worth`: what coins there are worth; `evm`: a level
    that it has reached; `explorer`: Etherscan's or Blockscout's pages, a transaction behind `/tx/`;
    `blockscout`: where Blockscout's API is, if one is open to all."""

    chain_id: int
    name: str
    title: str
    worth: Worth
    coin: str = "ETH"
    evm: str = "cancun"
    explorer: str | None = None
    blockscout: str | None = None
    fees: Fees = "ethereum"


NETWORKS = {
    network.chain_id: network
    for network in (
        Network(1337, "local", "Ganache", "local", evm="shanghai"),
        Network(31337, "anvil", "Anvil", "local", evm="shanghai"),
        Network(
            1,
            "ethereum",
            "Ethereum",
            "money",
            explorer="https://etherscan.io",
            blockscout="https://eth.blockscout.com/api",
        ),
        Network(
            11155111,
            "sepolia",
            "Sepolia",
            "nothing",
            explorer="https://sepolia.etherscan.io",
            blockscout="https://eth-sepolia.blockscout.com/api",
        ),
        Network(
            560048,
            "hoodi",
            "Hoodi",
            "nothing",
            explorer="https://hoodi.etherscan.io",
            blockscout="https://eth-hoodi.blockscout.com/api",
        ),
        Network(
            8453,
            "base",
            "Base",
            "money",
            explorer="https://basescan.org",
            blockscout="https://base.blockscout.com/api",
            fees="op-stack",
        ),
        Network(
            84532,
            "base-sepolia",
            "Base Sepolia",
            "nothing",
            explorer="https://sepolia.basescan.org",
            blockscout="https://base-sepolia.blockscout.com/api",
            fees="op-stack",
        ),
        Network(
            42161,
            "arbitrum",
            "Arbitrum One",
            "money",
            explorer="https://arbiscan.io",
            blockscout="https://arbitrum.blockscout.com/api",
            fees="arbitrum",
        ),
        Network(
            421614,
            "arbitrum-sepolia",
            "Arbitrum Sepolia",
            "nothing",
            explorer="https://sepolia.arbiscan.io",
            blockscout="https://arbitrum-sepolia.blockscout.com/api",
            fees="arbitrum",
        ),
        Network(
            10,
            "optimism",
            "OP Mainnet",
            "money",
            explorer="https://optimistic.etherscan.io",
            blockscout="https://explorer.optimism.io/api",
            fees="op-stack",
        ),
        Network(
            11155420,
            "optimism-sepolia",
            "OP Sepolia",
            "nothing",
            explorer="https://sepolia-optimism.etherscan.io",
            blockscout="https://testnet-explorer.optimism.io/api",
            fees="op-stack",
        ),
        Network(
            137,
            "polygon",
            "Polygon",
            "money",
            coin="POL",
            explorer="https://polygonscan.com",
            blockscout="https://polygon.blockscout.com/api",
        ),
        Network(
            80002,
            "polygon-amoy",
            "Amoy",
            "nothing",
            coin="POL",
            explorer="https://amoy.polygonscan.com",
            blockscout="https://polygon-amoy.blockscout.com/api",
        ),
        Network(
            8217,
            "kaia",
            "Kaia",
            "money",
            coin="KAIA",
            explorer="https://kaiascan.io",
            fees="kaia",
        ),
        Network(
            1001,
            "kaia-kairos",
            "Kairos",
            "nothing",
            coin="KAIA",
            explorer="https://kairos.kaiascan.io",
            fees="kaia",
        ),
    )
}
# Chains of one's own machine, where keys that everybody knows do no harm.
LOCAL_CHAIN_IDS = frozenset(n.chain_id for n in NETWORKS.values() if n.worth == "local")
TESTNET_IDS = frozenset(n.chain_id for n in NETWORKS.values() if n.worth == "nothing")


def coin_symbol(chain_id: int) -> str:
    """What a chain's coin is called; `ETH` where that isn't known."""
    network = NETWORKS.get(chain_id)
    return network.coin if network else "ETH"


def name_of_network(chain_id: int) -> str:
    """A chain's name, as in networks.yaml; its id where that isn't known."""
    network = NETWORKS.get(chain_id)
    return network.name if network else str(chain_id)
