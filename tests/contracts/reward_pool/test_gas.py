"""What claims cost."""

from tests.contracts.support import TOKENS

CLAIM_GAS_MAX = 55_000
# Keeps a tree of 1,024 leaves: ten nodes to each.
OTHERS = [f"0x{number:040x}" for number in range(1, 1_024)]


def test_a_later_claim_with_ten_nodes_is_cheap(fund, seller, buyer):
    """Of somebody who holds tokens and claimed before; the whole transaction."""
    first = fund.counting(1, (seller, TOKENS), (buyer, TOKENS))
    for index in range(2):
        fund.claim(first, index)
    others = [(account, 10**15 + 7) for account in OTHERS[2:]]
    second = fund.counting(2, (seller, 2 * TOKENS + 7), (buyer, 3 * TOKENS + 9), *others)
    # The first claim of an epoch lets its root count.
    fund.claim(second, 0)
    assert len(second.tree.proof(1)) == 10
    tx = fund.claim(second, 1, sender=buyer)
    assert tx.gas_used <= CLAIM_GAS_MAX
