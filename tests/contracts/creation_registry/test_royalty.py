"""Royalties: ERC-2981, and who gets which part."""

import brownie
import pytest
from brownie.test import given, strategy

from tests.contracts.support import (
    examples,
    make_work,
    register,
    register_all,
    reverts_with,
)

PRICE_MAX = 2**128 - 1
AMOUNTS = [0, 1, 19, 20, 21, 9_999, 10_000, 10_001, 10**18 + 7, PRICE_MAX]


@pytest.fixture(scope="module")
def derivatives(registry, creator, buyer, accounts):
    """The buyer's derivatives by number of parents, 0 to 8, each parent of another creator."""
    parents = sorted(register(registry, accounts[10 + n], 200 + n) for n in range(8))
    works = [make_work(300 + n, royalty_bps=777, parents=parents[:n]) for n in range(9)]
    return register_all(registry, buyer, works)


def expected_split(price, royalty_bps, parents):
    """Own creator first, then the parents' in equal parts; rounding goes to the first."""
    royalty = price * royalty_bps // 10_000
    share = royalty * 5_000 // 10_000 // parents if parents else 0
    return [royalty - share * parents] + [share] * parents


@pytest.mark.parametrize("bps", [0, 1, 333, 500, 1_000])
def test_royalty_info_rounds_down(registry, creator, bps):
    id_ = register(registry, creator, 1, royalty_bps=bps)
    for price in AMOUNTS:
        assert registry.royaltyInfo(id_, price) == (creator, price * bps // 10_000)


def test_royalty_info_names_the_creator_after_a_sale(registry, creator, buyer, work_id):
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    assert registry.royaltyInfo(work_id, 10_000) == (creator, 500)


def test_royalty_info_survives_a_burn(registry, creator, work_id):
    registry.burn(work_id, {"from": creator})
    assert registry.royaltyInfo(work_id, 10_000) == (creator, 500)


def test_royalty_info_of_a_derivative_is_the_whole_royalty(registry, buyer, derivatives):
    for id_ in derivatives:
        assert registry.royaltyInfo(id_, 10_000) == (buyer, 777)


def test_royalty_info_reverts_when_unknown(registry):
    with reverts_with("Creation_Unknown", 7):
        registry.royaltyInfo(7, 10_000)


def test_royalty_info_reverts_when_the_price_overflows(registry, work_id):
    with brownie.reverts("Integer overflow"):
        registry.royaltyInfo(work_id, 2**256 - 1)


def test_royalties_of_an_original_go_to_its_creator(registry, creator, work_id):
    assert registry.royaltiesOf(work_id, 10_000) == ((creator,), (500,))


@pytest.mark.parametrize("parents", range(9))
def test_royalties_of_a_derivative_sum_exactly(registry, derivatives, parents):
    for price in AMOUNTS:
        receivers, amounts = registry.royaltiesOf(derivatives[parents], price)
        assert len(receivers) == parents + 1
        assert list(amounts) == expected_split(price, 777, parents)
        assert sum(amounts) == registry.royaltyInfo(derivatives[parents], price)[1]


def test_royalties_of_a_derivative_name_the_parents_creators_in_order(registry, buyer, derivatives):
    receivers, _ = registry.royaltiesOf(derivatives[8], 10_000)
    creators = [registry.creationOf(id_)["creator"] for id_ in registry.parentsOf(derivatives[8])]
    assert list(receivers) == [buyer, *creators]
    assert len(set(creators)) == 8


def test_rounding_goes_to_the_derivatives_creator(registry, derivatives):
    """777 bps of 10,000 is 777; half of it is 388; a third of that is 129."""
    _, amounts = registry.royaltiesOf(derivatives[3], 10_000)
    assert list(amounts) == [777 - 3 * 129, 129, 129, 129]


def test_parents_of_one_creator_are_paid_each(registry, creator, buyer):
    parents = register_all(registry, creator, [make_work(n) for n in (61, 62, 63)])
    id_ = register(registry, buyer, 1, royalty_bps=1_000, parents=parents)
    receivers, amounts = registry.royaltiesOf(id_, 60_000)
    assert list(receivers) == [buyer, creator, creator, creator]
    assert list(amounts) == [3_000, 1_000, 1_000, 1_000]


def test_a_creator_who_derives_from_themselves_gets_all(registry, creator, work_id):
    id_ = register(registry, creator, 2, royalty_bps=1_000, parents=[work_id])
    receivers, amounts = registry.royaltiesOf(id_, 20_000)
    assert list(receivers) == [creator, creator]
    assert list(amounts) == [1_000, 1_000]


def test_only_parents_share_not_grandparents(registry, creator, seller, buyer, work_id):
    child = register(registry, seller, 2, parents=[work_id])
    grandchild = register(registry, buyer, 3, royalty_bps=1_000, parents=[child])
    receivers, _ = registry.royaltiesOf(grandchild, 10_000)
    assert list(receivers) == [buyer, seller]


def test_a_derivatives_own_royalty_counts_not_its_parents(registry, creator, buyer):
    parent = register(registry, creator, 2, royalty_bps=1_000)
    id_ = register(registry, buyer, 3, royalty_bps=0, parents=[parent])
    assert registry.royaltiesOf(id_, 10_000) == ((buyer, creator), (0, 0))


def test_royalties_of_a_burnt_parent_reach_its_creator(registry, creator, buyer, work_id):
    id_ = register(registry, buyer, 2, royalty_bps=1_000, parents=[work_id])
    registry.burn(work_id, {"from": creator})
    receivers, amounts = registry.royaltiesOf(id_, 10_000)
    assert list(receivers) == [buyer, creator]
    assert list(amounts) == [500, 500]


def test_royalties_of_a_sold_parent_reach_its_creator(registry, creator, buyer, seller, work_id):
    id_ = register(registry, buyer, 2, royalty_bps=1_000, parents=[work_id])
    registry.transferFrom(creator, seller, work_id, {"from": creator})
    receivers, _ = registry.royaltiesOf(id_, 10_000)
    assert list(receivers) == [buyer, creator]


def test_royalties_of_survive_a_burn(registry, creator, work_id):
    registry.burn(work_id, {"from": creator})
    assert registry.royaltiesOf(work_id, 10_000) == ((creator,), (500,))


def test_royalties_of_reverts_when_unknown(registry):
    with reverts_with("Creation_Unknown", 7):
        registry.royaltiesOf(7, 10_000)


def test_royalties_of_reverts_when_the_price_overflows(registry, work_id):
    with brownie.reverts("Integer overflow"):
        registry.royaltiesOf(work_id, 2**256 - 1)


@given(
    price=strategy("uint256", max_value=PRICE_MAX),
    parents=strategy("uint8", max_value=8),
)
@examples(40)
def test_royalties_of_equal_python_for_any_price(registry, derivatives, price, parents):
    _, amounts = registry.royaltiesOf(derivatives[parents], price)
    assert list(amounts) == expected_split(price, 777, parents)
    assert sum(amounts) == registry.royaltyInfo(derivatives[parents], price)[1]


@given(
    price=strategy("uint256", max_value=PRICE_MAX),
    bps=strategy("uint16", max_value=1_000),
    n=strategy("uint32", min_value=1_000),
)
@examples(15)
def test_any_royalty_is_kept_and_rounds_down(registry, creator, price, bps, n):
    id_ = register(registry, creator, n, royalty_bps=bps)
    assert registry.royaltyInfo(id_, price) == (creator, price * bps // 10_000)
