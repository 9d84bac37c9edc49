"""An inner node of a Merkle tree that passes for a leaf (second preimage).

Peer, a model on the real library: `models/InviteDrop.sol` over OpenZeppelin's `MerkleProof` 4.9.3.
Its leaves are 64 bytes hashed once, as its documentation warns of: two siblings' hashes, side by
side, are a leaf that nobody was given.
"""

from __future__ import annotations

import hashlib

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from bench.gas.ours import DAY
from tests.museum.hall import Hall

PRIZE = 10**18
Tree = list[list[bytes]]


def tree_of(leaves: list[bytes]) -> Tree:
    """The levels of a tree whose pairs are sorted; a power of two leaves."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        pairs = zip(levels[-1][::2], levels[-1][1::2], strict=True)
        levels.append([keccak(min(pair) + max(pair)) for pair in pairs])
    return levels


def proof_of(tree: Tree, level: int, index: int) -> list[bytes]:
    """The siblings of a node on its way up."""
    return [tree[i][(index >> (i - level)) ^ 1] for i in range(level, len(tree) - 1)]


def test_the_models_prizes_go_to_somebody_without_an_invitation(hall: Hall) -> None:
    invitations = [(keccak(text=f"secret {seat}"), seat) for seat in range(4)]
    tree = tree_of([keccak(encode(["bytes32", "uint256"], pair)) for pair in invitations])
    drop = hall.model("InviteDrop", tree[-1][0], PRIZE)
    hall.send_data("deployer", drop.address, "0x", 4 * PRIZE)
    # A guest claims, and shows the tree's hashes; the rival reads them, and knows no secret.
    hall.send("buyer", drop, "claim", *invitations[0], proof_of(tree, 0, 0))
    had = hall.coins("rival")
    for index in (0, 1):
        pair = sorted(tree[0][2 * index : 2 * index + 2])
        fake = (pair[0], int.from_bytes(pair[1], "big"))
        hall.send("rival", drop, "claim", *fake, proof_of(tree, 1, index))
    assert hall.coins("rival") - had == 2 * PRIZE
    hall.send("seller", drop, "claim", *invitations[1], proof_of(tree, 0, 1))
    # Nothing is left for the guests who come later.
    refused = hall.refusal("creator", drop, "claim", *invitations[2], proof_of(tree, 0, 2))
    assert refused == ("revert_silent",)


def test_ours_pays_leaves_only(hall: Hall) -> None:
    pool = hall.suite.pool
    rights = [(hall.at[who], 10**18) for who in ("seller", "buyer", "creator", "arbiter")]
    tree = tree_of([pool.call("leafOf", 1, *right) for right in rights])
    hall.wait(7 * DAY)
    document = hashlib.sha256(b"epoch").digest()
    hall.send("deployer", pool, "post", 1, tree[-1][0], 4 * 10**18, document)
    hall.wait(2 * DAY)
    for index in (0, 1):
        pair = sorted(tree[0][2 * index : 2 * index + 2])
        # As much of the node as fits into what a claim says.
        fake = (to_checksum_address(pair[0][-20:]), int.from_bytes(pair[1], "big"))
        refused = hall.refusal("rival", pool, "claim", *fake, proof_of(tree, 1, index))
        assert refused == ("Claim_NotInTree", "0", fake[0], str(fake[1]))
    had = hall.held(hall.suite.token, "creator")
    hall.send("rival", pool, "claim", *rights[2], proof_of(tree, 0, 2))
    assert hall.held(hall.suite.token, "creator") - had == 10**18
