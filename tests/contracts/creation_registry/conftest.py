"""Works made together, and an independent model of who gets what of a sale."""

import pytest

from tests.contracts.support import make_work, only_event, register


@pytest.fixture
def work_id(registry, creator):
    """The creator's registered work number 1."""
    return register(registry, creator, 1)


def partners_of(shares):
    """Partners in the registry's order: by account. `shares` are basis points by account."""
    found = [(str(account), bps) for account, bps in shares.items()]
    return sorted(found, key=lambda partner: int(partner[0], 16))


def register_together(registry, creator, shares, n=1, royalty_bps=500, parents=()):
    """Registers the n-th test work for `creator` with partners, and returns its id."""
    work = make_work(n, royalty_bps, parents)
    tx = registry.registerTogether(work, partners_of(shares), {"from": creator})
    return only_event(tx, "CreationRegistered")["id"]


def makers_parts(creator, partners, amount):
    """What the makers of a work get of an amount; the creator first, who gets what is left."""
    parts = [(account, amount * bps // 10_000) for account, bps in partners]
    return [(str(creator), amount - sum(part for _, part in parts)), *parts]


def royalties(makers, parents, royalty_bps, price):
    """Who gets what of a royalty. `makers` is (creator, partners); `parents` are such, one each."""
    royalty = price * royalty_bps // 10_000
    share = royalty * 5_000 // 10_000 // len(parents) if parents else 0
    found = makers_parts(*makers, royalty - share * len(parents))
    for parent in parents:
        found += makers_parts(*parent, share)
    return found


def shares(makers, parents, royalty_bps, seller, price, net):
    """Who but the seller gets what of a sale that leaves `net` to the seller and the creators."""
    found = royalties(makers, parents, royalty_bps, price)
    creator, partners = makers
    if str(seller) == str(creator):
        own = 1 + len(partners)
        left = net - sum(amount for payee, amount in found[own:] if payee != str(seller))
        found[:own] = makers_parts(creator, partners, left)
    return [(payee, 0 if payee == str(seller) else amount) for payee, amount in found]
