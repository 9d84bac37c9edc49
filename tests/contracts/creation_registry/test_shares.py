"""What a market asks of a work that is sold: who but the seller gets what."""

from random import Random

import brownie
import pytest
from brownie import web3

from tests.contracts.creation_registry.conftest import (
    partners_of,
    register_together,
    royalties,
    shares,
)
from tests.contracts.support import make_work, register, register_all, reverts_with

PRICE_MAX = 2**128 - 1
ROYALTY_BPS = 777
EDGES = [1, 10_001, PRICE_MAX]


class Family:
    """The creator's works with 0 to 8 parents and 0 to 4 partners, and who made them.

    The parents were made by others with up to four partners of their own, who overlap: the creator
    is a partner of one parent and made another, and a partner of the creator's made a third.
    """

    def __init__(self, registry, creator, accounts):
        self.registry = registry
        self.creator = creator
        people = accounts[8:18]
        self.partners = [
            partners_of(dict(zip(people, bps, strict=False)))
            for bps in ((), (9_999,), (1, 4_999), (3_333, 3_333, 3_333), (1, 10, 100, 1_000))
        ]
        made = [
            (people[4], {}),
            (people[5], {people[6]: 5_000, creator: 1_234}),
            (creator, {}),
            (people[0], {people[9]: 1}),
            (people[6], dict.fromkeys(people[:4], 2_499)),
            (people[7], {people[8]: 9_999}),
            (creator, {people[1]: 333}),
            (people[9], {people[5]: 3, people[6]: 30, people[7]: 300}),
        ]
        parents = {}
        for n, (maker, others) in enumerate(made):
            add = register_together if others else lambda r, m, _, n: register(r, m, n)
            parents[add(registry, maker, others, n=500 + n)] = (maker, partners_of(others))
        self.parent_ids = sorted(parents)
        self.parents = [parents[id_] for id_ in self.parent_ids]
        self.ids = {}
        for count in range(9):
            for with_ in range(5):
                n = 600 + 10 * count + with_
                terms = {"royalty_bps": ROYALTY_BPS, "parents": self.parent_ids[:count]}
                if with_:
                    work = make_work(n, **terms)
                    tx = registry.registerTogether(work, self.partners[with_], {"from": creator})
                    self.ids[count, with_] = tx.return_value
                else:
                    self.ids[count, with_] = register(registry, creator, n, **terms)

    def royalties(self, count, with_, price):
        makers = (self.creator, self.partners[with_])
        return royalties(makers, self.parents[:count], ROYALTY_BPS, price)

    def shares(self, count, with_, seller, price, net):
        makers = (self.creator, self.partners[with_])
        return shares(makers, self.parents[:count], ROYALTY_BPS, seller, price, net)


@pytest.fixture(scope="module")
def family(registry, creator, accounts):
    return Family(registry, creator, accounts)


def paired(answer):
    payees, amounts = answer
    return [(str(payee), amount) for payee, amount in zip(payees, amounts, strict=True)]


def prices(*seed):
    """Prices of all sizes, and what a market may leave of each: at least 47.5 %."""
    random = Random(repr(seed))
    found = [*EDGES, *(random.getrandbits(random.randint(2, 128)) for _ in range(3))]
    return [(price, price - price * random.randint(0, 5_250) // 10_000) for price in found]


# The model against the registry


@pytest.mark.parametrize("with_", range(5))
def test_royalties_of_equal_python(registry, family, with_):
    for count in range(9):
        id_ = family.ids[count, with_]
        for price, _ in prices("royalty", with_, count):
            seen = paired(registry.royaltiesOf(id_, price))
            assert seen == family.royalties(count, with_, price)
            assert sum(amount for _, amount in seen) == registry.royaltyInfo(id_, price)[1]


@pytest.mark.parametrize("with_", range(5))
@pytest.mark.parametrize("who", ["creator", "partner", "parents_creator", "stranger"])
def test_shares_of_equal_python(registry, family, accounts, creator, stranger, who, with_):
    seller = {
        "creator": creator,
        "partner": accounts[8],
        "parents_creator": accounts[13],
        "stranger": stranger,
    }[who]
    for count in range(9):
        id_ = family.ids[count, with_]
        for price, net in prices(who, with_, count):
            seen = paired(registry.sharesOf(id_, seller, price, net))
            assert seen == family.shares(count, with_, seller, price, net)
            assert all(amount == 0 for payee, amount in seen if payee == seller)
            assert sum(amount for _, amount in seen) <= net


@pytest.mark.parametrize("who", ["creator", "stranger"])
def test_sale_of_says_all_of_a_simple_work_and_else_refers(
    registry, family, who, creator, stranger
):
    seller = {"creator": creator, "stranger": stranger}[who]
    for (count, with_), id_ in family.ids.items():
        for price in EDGES:
            answer = registry.saleOf(id_, seller, price)
            if count or with_:
                assert answer == (0, True, brownie.ZERO_ADDRESS, 0)
            else:
                royalty = 0 if seller == creator else price * ROYALTY_BPS // 10_000
                assert answer == (0, False, creator, royalty)
                assert paired(registry.sharesOf(id_, seller, price, price)) == [(creator, royalty)]


# In numbers that a person can check


def test_a_creator_who_sells_shares_the_proceeds(registry, creator, buyer, stranger):
    """10,000 for a work of three, all of it theirs: 2,000 and 3,000 to the partners."""
    id_ = register_together(registry, creator, {buyer: 2_000, stranger: 3_000}, royalty_bps=1_000)
    found = dict(paired(registry.sharesOf(id_, creator, 10_000, 10_000)))
    assert found == {creator: 0, buyer: 2_000, stranger: 3_000}


def test_a_creator_who_sells_shares_what_the_market_leaves(registry, creator, buyer):
    id_ = register_together(registry, creator, {buyer: 5_000})
    assert paired(registry.sharesOf(id_, creator, 10_000, 9_800))[1] == (buyer, 4_900)


def test_partners_share_after_the_parents(registry, creator, seller, buyer):
    """Royalty 1,000, half of it the parent's: 500. The partner has half of the other 9,500."""
    parent = register(registry, seller, 2)
    id_ = register_together(registry, creator, {buyer: 5_000}, royalty_bps=1_000, parents=[parent])
    found = paired(registry.sharesOf(id_, creator, 10_000, 10_000))
    assert found == [(creator, 0), (buyer, 4_750), (seller, 500)]


def test_a_resale_shares_the_royalty(registry, creator, buyer, seller):
    id_ = register_together(registry, creator, {buyer: 4_000}, royalty_bps=1_000)
    found = paired(registry.sharesOf(id_, seller, 10_000, 9_900))
    assert found == [(creator, 600), (buyer, 400)]


def test_a_partner_who_resells_keeps_the_own_part(registry, creator, buyer):
    id_ = register_together(registry, creator, {buyer: 4_000}, royalty_bps=1_000)
    found = paired(registry.sharesOf(id_, buyer, 10_000, 9_900))
    assert found == [(creator, 600), (buyer, 0)]


def test_the_owner_counts_not_only_the_seller(registry, creator, buyer, seller):
    """The registry is told who sells; that the creator sold before changes nothing."""
    id_ = register_together(registry, creator, {buyer: 4_000}, royalty_bps=1_000)
    before = registry.sharesOf(id_, creator, 10_000, 9_900)
    registry.transferFrom(creator, seller, id_, {"from": creator})
    assert registry.sharesOf(id_, creator, 10_000, 9_900) == before


def test_a_partner_who_also_made_a_parent_is_named_twice(registry, creator, buyer):
    parent = register(registry, buyer, 2)
    id_ = register_together(registry, creator, {buyer: 5_000}, royalty_bps=1_000, parents=[parent])
    found = paired(registry.sharesOf(id_, creator, 10_000, 10_000))
    assert found == [(creator, 0), (buyer, 4_750), (buyer, 500)]


def test_a_creator_who_derives_from_an_own_shared_work_pays_its_partners(
    registry, creator, buyer, stranger
):
    """Half of the parent's 500 is the creator's own, and stays with what the partners share."""
    parent = register_together(registry, creator, {stranger: 5_000}, n=2)
    id_ = register_together(registry, creator, {buyer: 5_000}, royalty_bps=1_000, parents=[parent])
    found = paired(registry.sharesOf(id_, creator, 10_000, 10_000))
    assert found == [(creator, 0), (buyer, 4_875), (creator, 0), (stranger, 250)]


def test_rounding_goes_to_the_seller(registry, creator, accounts):
    id_ = register_together(registry, creator, dict.fromkeys(accounts[10:14], 2_499))
    amounts = registry.sharesOf(id_, creator, 7, 7)[1]
    assert amounts == (0, 1, 1, 1, 1)


def test_nothing_brings_nothing(registry, family, creator, stranger):
    for id_ in family.ids.values():
        for seller in (creator, stranger):
            assert not any(registry.sharesOf(id_, seller, 0, 0)[1])


# Unknown, burnt, moved


def test_sale_of_reverts_when_unknown(registry, seller):
    with reverts_with("Creation_Unknown", 7):
        registry.saleOf(7, seller, 10_000)


def test_shares_of_reverts_when_unknown(registry, seller):
    with reverts_with("Creation_Unknown", 7):
        registry.sharesOf(7, seller, 10_000, 10_000)


def test_sale_of_tells_the_tenure(registry, creator, buyer, seller, work_id):
    shared = register_together(registry, creator, {seller: 1}, n=2)
    for id_, is_shared in ((work_id, False), (shared, True)):
        registry.transferFrom(creator, buyer, id_, {"from": creator})
        assert registry.saleOf(id_, buyer, 10_000)[:2] == (1, is_shared)
        registry.transferFrom(buyer, creator, id_, {"from": buyer})
        assert registry.saleOf(id_, buyer, 10_000)[:2] == (2, is_shared)


def test_shares_survive_a_burn(registry, creator, buyer, seller):
    id_ = register_together(registry, creator, {buyer: 4_000}, royalty_bps=1_000)
    before = registry.sharesOf(id_, seller, 10_000, 9_900)
    registry.burn(id_, {"from": creator})
    assert registry.sharesOf(id_, seller, 10_000, 9_900) == before
    assert registry.saleOf(id_, seller, 1) == (0, True, brownie.ZERO_ADDRESS, 0)


@pytest.mark.parametrize("name", ["saleOf", "sharesOf"])
def test_a_price_that_overflows_is_refused(registry, work_id, seller, name):
    arguments = (work_id, seller, 2**256 - 1, 0)[: len(getattr(registry, name).abi["inputs"])]
    with brownie.reverts("Integer overflow"):
        getattr(registry, name)(*arguments)


def test_shares_of_reverts_when_less_is_left_than_the_parents_get(registry, creator, seller):
    """No market of the suite leaves so little; whoever asks in error gets no wrong answer."""
    parent = register(registry, seller, 2)
    id_ = register(registry, creator, 3, royalty_bps=1_000, parents=[parent])
    assert paired(registry.sharesOf(id_, creator, 10_000, 500))[1] == (seller, 500)
    with brownie.reverts("Integer overflow"):
        registry.sharesOf(id_, creator, 10_000, 499)


# ERC-2981 knows one receiver


def test_royalty_info_of_a_work_made_together_names_its_creator(registry, creator, buyer):
    id_ = register_together(registry, creator, {buyer: 9_999}, royalty_bps=1_000)
    assert registry.royaltyInfo(id_, 10_000) == (creator, 1_000)


# Gas


def gas_of(contract, name, *arguments):
    data = getattr(contract, name).encode_input(*arguments)
    return web3.eth.estimate_gas({"to": contract.address, "data": data}) - 21_000


def test_the_worst_case_is_affordable(registry, creator, stranger, accounts):
    """Five makers of the work and of each of its eight parents: 45 payees."""
    makers = accounts[10:18]
    parents = [
        register_together(registry, maker, dict.fromkeys(accounts[5:9], 2_499), n=700 + n)
        for n, maker in enumerate(makers)
    ]
    id_ = register_together(
        registry, creator, dict.fromkeys(accounts[5:9], 2_499), n=708, parents=parents
    )
    for seller in (creator, stranger):
        assert len(registry.sharesOf(id_, seller, PRICE_MAX, PRICE_MAX)[0]) == 45
        assert gas_of(registry, "saleOf", id_, seller, 10**18) < 15_000
        assert gas_of(registry, "sharesOf", id_, seller, PRICE_MAX, PRICE_MAX) < 250_000
    assert gas_of(registry, "royaltiesOf", id_, PRICE_MAX) < 250_000


def test_a_simple_work_costs_little(registry, creator, stranger, work_id):
    assert gas_of(registry, "saleOf", work_id, stranger, 10**18) < 10_000


def test_a_batch_and_single_works_have_no_partners(registry, creator, buyer):
    register_together(registry, creator, {buyer: 1}, n=1)
    for id_ in register_all(registry, creator, [make_work(n) for n in (2, 3)]):
        assert registry.partnersOf(id_) == ()
        assert registry.royaltiesOf(id_, 10_000) == ((creator,), (500,))
