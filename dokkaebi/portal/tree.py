"""The Merkle tree of an epoch's claims, as OpenZeppelin's `StandardMerkleTree` builds it and its
`MerkleProof` checks it: double-hashed leaves, sorted pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_WORD = 32


def leaf(chain_id: int, pool: str, epoch: int, account: str, cumulative: int) -> bytes:
    """keccak256(keccak256(abi.encode(chainId, pool, epoch, account, cumulative)))."""
    return next(iter(leaves(chain_id, pool, epoch, {account: cumulative})))


def leaves(chain_id: int, pool: str, epoch: int, amounts: Mapping[str, int]) -> list[bytes]:
    """The leaves of accounts in their order; `amounts` are cumulative, in smallest units."""
    from sha3 import keccak_256

    head = _word(chain_id) + _address(pool) + _word(epoch)
    return [
        keccak_256(keccak_256(head + _address(account) + _word(amount)).digest()).digest()
        for account, amount in amounts.items()
    ]


class Tree:
    """A tree of leaves; the order in which they are given makes no difference."""

    def __init__(self, given: Iterable[bytes]) -> None:
        from sha3 import keccak_256

        ordered = sorted(given)
        count = len(ordered)
        # As OpenZeppelin has it: the root first, the leaves from the end.
        nodes = [b""] * max(count - 1, 0) + ordered[::-1]
        for index in range(count - 2, -1, -1):
            left, right = nodes[2 * index + 1], nodes[2 * index + 2]
            pair = left + right if left < right else right + left
            nodes[index] = keccak_256(pair).digest()
        self._nodes = nodes
        self._count = count

    @property
    def root(self) -> bytes:
        """The root; of no leaf 32 zero bytes, which no proof leads to."""
        return self._nodes[0] if self._nodes else bytes(_WORD)

    def proof(self, wanted: bytes) -> list[bytes]:
        """The nodes beside the way from a leaf to the root. Raises `ValueError` of an unknown
        leaf."""
        index = self._nodes.index(wanted, max(self._count - 1, 0))
        found = []
        while index > 0:
            found.append(self._nodes[index + 1 if index % 2 else index - 1])
            index = (index - 1) // 2
        return found


def verify(root: bytes, proof: Iterable[bytes], wanted: bytes) -> bool:
    """Whether a proof leads from a leaf to a root, as the contract sees it."""
    from sha3 import keccak_256

    node = wanted
    for beside in proof:
        node = keccak_256(min(node, beside) + max(node, beside)).digest()
    return node == root


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD, "big")


def _address(account: str) -> bytes:
    return bytes.fromhex(account[2:]).rjust(_WORD, b"\0")
