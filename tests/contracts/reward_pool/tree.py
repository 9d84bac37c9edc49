"""Merkle trees of cumulative rewards in plain Python, apart from the Solidity and the package."""

from eth_abi import encode
from eth_utils import keccak


def leaf(chain_id, pool, epoch, account, cumulative):
    """An account's leaf, hashed twice."""
    types = ["uint256", "address", "uint256", "address", "uint256"]
    return keccak(keccak(encode(types, [chain_id, str(pool), epoch, str(account), cumulative])))


def node(one, other):
    """A node of two children in either order."""
    return keccak(min(one, other) + max(one, other))


class Tree:
    """A tree of leaves in the order given; a lonely node rises as it is."""

    def __init__(self, leaves):
        self.levels = [list(leaves)]
        while len(self.levels[-1]) > 1:
            level = self.levels[-1]
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            self.levels.append([node(*pair) if len(pair) == 2 else pair[0] for pair in pairs])

    @property
    def root(self):
        return self.levels[-1][0]

    def proof(self, index):
        """The siblings from a leaf up."""
        siblings = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                siblings.append(level[sibling])
            index //= 2
        return siblings
