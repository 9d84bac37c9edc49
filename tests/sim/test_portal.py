"""The search of `make sim`, short: it finds nothing against our rules, and isn't blind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dokkaebi.portal.rules import BPS, Rules, load_rules
from tests.sim.portal import POOLS, Search, Strategy

CONTROLS = [name for name in POOLS if not name.startswith("ours")]


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules()


@pytest.mark.parametrize("name", ["ours", "ours, opening share"])
def test_no_adversary_profits(name: str, rules: Rules) -> None:
    search = Search(rules, 4, name)
    best = search.best()
    assert max(best.profit, best.without_gas) <= 0
    assert search.best_spending().without_gas < 0
    assert search.judge(Strategy(accounts=20, merged=False)).without_gas <= 0


def test_the_search_finds_a_share_that_is_too_high(rules: Rules) -> None:
    """A file of such rules is refused; only here can they be made."""
    search = Search(replace(rules, share_bps=BPS * 3), 4, "ours")
    best = search.best()
    assert best.without_gas > 0
    assert best.strategy.fee


@pytest.mark.parametrize("name", CONTROLS)
def test_other_pools_are_farmed(name: str, rules: Rules) -> None:
    ring = Strategy(accounts=12, merged=False, ring="mutual", praises=3, posts_a_day=3)
    assert Search(rules, 4, name).judge(ring).profit > 0
