"""The smoke test of a deployment: two trades that really happen, and nothing lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain import creation_registry
from dokkaebi.chain.consents import guest_of
from dokkaebi.chain.documents import parse_creation_id
from dokkaebi.chain.fees import gas_prices
from dokkaebi.chain.keys import open_key
from dokkaebi.deploy import smoke as smoke_module
from dokkaebi.deploy.smoke import TRANSFER_GAS, smoke
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.conftest import OPERATOR, STRANGER, Market


def test_both_trades_are_played_and_the_guest_keeps_almost_nothing(
    market: Market, tmp_path: Path
) -> None:
    suite, chain = market.suite, market.chain
    key = open_key(OPERATOR, chain.chain_id)
    told: list[str] = []
    done = smoke(suite, key, tmp_path, say=lambda name, values: told.append(name))
    assert told == ["smoke_guest", "smoke_sold", "smoke_delivered", "smoke_done"]
    creation = parse_creation_id(done["creation"])
    assert creation_registry.owner(suite, creation) == done["guest"]
    assert creation_registry.creation(suite, creation).creator == key.address
    assert chain.balance(done["guest"]) <= 2 * TRANSFER_GAS * gas_prices(chain)[2]
    # Again: another work, the same guest.
    again = smoke(suite, key, tmp_path, say=lambda name, values: None)
    assert again["guest"] == done["guest"]
    assert again["creation"] != done["creation"]


def test_a_run_that_was_ended_leaves_the_guest_s_coins_to_the_next(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, chain = market.suite, market.chain
    key = open_key(OPERATOR, chain.chain_id)
    guest = guest_of(key, chain.chain_id, suite.registry.address).address
    with monkeypatch.context() as patch:
        patch.setattr(smoke_module, "_sell_at_once", lambda *rest: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            smoke(suite, key, tmp_path, say=lambda name, values: None)
    lent = chain.balance(guest)
    assert lent > 0
    smoke(suite, key, tmp_path, say=lambda name, values: None)
    assert chain.balance(guest) < lent


def test_guests_differ_by_key_chain_and_market(market: Market) -> None:
    keys = [open_key(name, market.chain.chain_id) for name in (OPERATOR, STRANGER)]
    place = market.suite.registry.address
    other = market.suite.token.address
    guests = {
        guest_of(keys[0], 1, place).address,
        guest_of(keys[1], 1, place).address,
        guest_of(keys[0], 2, place).address,
        guest_of(keys[0], 1, other).address,
    }
    assert len(guests) == 4


def test_a_market_that_keeps_the_work_is_found_out(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = open_key(OPERATOR, 1337)
    guest = guest_of(key, 1337, market.suite.registry.address).address
    really = creation_registry.owner

    def kept(*question: Any) -> str | None:
        owner = really(*question)
        return key.address if owner == guest else owner

    monkeypatch.setattr(creation_registry, "owner", kept)
    with pytest.raises(DokkaebiError) as caught:
        smoke(market.suite, key, tmp_path, say=lambda name, values: None)
    assert caught.value.key == "smoke_wrong"
