"""The machine itself: what it does follows from its seed, it sees a model that is wrong, and what
it prints of a failure is short and fails again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.lane.abi import ROOT
from tests.lane.chain import Lane
from tests.lane.drain import drain
from tests.lane.fuzz import (
    ACTS,
    PROFILES,
    bound,
    failure_of,
    fuzz,
    plan,
    shrink,
    steps_from,
)
from tests.lane.machine import Intent, Machine, Mismatch
from tests.lane.plants import PLANTS
from tests.lane.rules import RULES
from tests.lane.world import World
from tests.models.arbitration_desk import ArbitrationDesk
from tests.models.auction_house import AuctionHouse
from tests.models.books import Refused
from tests.models.community_token import CommunityToken
from tests.models.creation_market import CreationMarket
from tests.models.creation_registry import CreationRegistry
from tests.models.escrow_market import EscrowMarket
from tests.models.reward_pool import RewardPool
from tests.models.till import Till
from tests.models.town import Town

SEEDS_MOST = 24


@pytest.fixture(scope="module")
def world() -> World:
    return World(Lane())


@pytest.fixture
def machine(world: World) -> Machine:
    return Machine(world)


@pytest.mark.parametrize("seed", range(len(PROFILES)))
def test_a_life_agrees_with_its_model_and_drains(machine: Machine, seed: int) -> None:
    assert failure_of(machine, plan(seed)) is None
    assert machine.acts.total() > 150
    assert 10 < machine.refusals.total() < machine.acts.total()


def test_a_seed_is_always_the_same_life(machine: Machine) -> None:
    lives = []
    for _ in range(2):
        assert failure_of(machine, plan(7)) is None
        lives.append(machine.diary)
    assert lives[0] == lives[1]


def test_every_rule_belongs_to_some_profile() -> None:
    rooms = {room for profile in PROFILES for room in profile}
    assert {one.room for one in RULES.values()} == rooms


def twice_the_fee(self: Any, price: int, referrer: str, referral_bps: int) -> Any:
    made = TAKE_SHARES(self, price, referrer, referral_bps)
    made.fee, made.seller = 2 * made.fee, made.seller - made.fee
    return made


def never_refuses_nonces(self: Any, signer: str, nonce: int) -> bool:
    return False


def a_second_longer(self: Any, key: bytes, trade: Any, needed: int) -> Any:
    return NOT_IN(self, key, trade._replace(deadline=trade.deadline + 1), needed)


def no_tenure(self: Any, caller: str, giver: str, to: str, id_: int) -> None:
    work = self.works[id_]
    MOVE(self, caller, giver, to, id_)
    self.works[id_] = work


def mints_anything(self: Any, caller: str, to: str, amount: int) -> None:
    self.mint(to, amount)


def releases_early(self: Any, epoch: int) -> int:
    return RELEASED(self, epoch + 1)


def says_nothing(self: Any, address: str, name: str, *arguments: Any) -> None:
    if name != "AuctionSettled":
        SAY(self, address, name, *arguments)


def forgets_whom_it_held_for(self: Any, id_: bytes, *rest: Any) -> None:
    self.hand_over(rest[0], rest[1], self.address, rest[2])


def never_pays(self: Any, asset: str, to: str, amount: int) -> bool:
    return False


TAKE_SHARES, NOT_IN, MOVE = Till._take_shares, EscrowMarket._not_in, CreationRegistry.move
RELEASED, SAY = RewardPool.released, Town.say
WRONG: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (Till, "_take_shares", twice_the_fee),
    (Till, "nonce_used", never_refuses_nonces),
    (Till, "send", never_pays),
    (EscrowMarket, "_not_in", a_second_longer),
    (CreationRegistry, "move", no_tenure),
    (CommunityToken, "mint_by", mints_anything),
    (RewardPool, "released", releases_early),
    (Town, "say", says_nothing),
    (AuctionHouse, "_hand_out", forgets_whom_it_held_for),
    (CreationMarket, "parties_are_wrong", lambda *_: []),
    (ArbitrationDesk, "appeal", lambda *_: None),
)


@pytest.mark.parametrize(("of", "name", "wrong"), WRONG)
def test_a_wrong_model_is_seen(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, of: Any, name: str, wrong: Any
) -> None:
    monkeypatch.setattr(of, name, wrong)
    for seed in range(SEEDS_MOST):
        if failure_of(machine, plan(seed)) is not None:
            return
    pytest.fail(f"{SEEDS_MOST} lives agree with a model that is wrong.")


def test_what_stays_after_the_drain_is_seen(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit of tokens too many, which no books know of."""
    world = machine.world
    assert failure_of(machine, plan(2)[:50]) is None
    machine.begin_again()
    for step in plan(2)[:50]:
        machine.take(step, ACTS)
    token = world.contracts["MockFeeToken"]
    world.side(world.address("deployer"), token, "mint", world.escrow.address, 1)
    with pytest.raises(Mismatch, match="MockFeeToken's supply"):
        drain(machine)


def test_a_failure_is_shrunk_and_can_be_replayed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CommunityToken, "mint_by", mints_anything)
    steps = plan(0)
    problem = failure_of(machine, steps)
    assert problem is not None
    failure = shrink(machine, steps[: machine.step_number], problem)
    assert len(failure.steps) <= 3
    assert failure_of(machine, steps_from(failure.as_text())) == failure.problem
    assert len(failure.diary) <= len(failure.steps)
    monkeypatch.undo()
    assert failure_of(machine, failure.steps) is None


def test_an_act_that_is_refused_leaves_the_model_as_it_was(machine: Machine) -> None:
    world = machine.world
    token, ada = world.contracts["CommunityToken"], world.address("ada")
    before = dict(world.town.money)

    def do(caller: str) -> None:
        world.token.transfer(caller, ada, 1)
        raise Refused(("ERC20InsufficientBalance", caller, 0, 10**30))

    poor = world.address("stranger")
    intent = Intent(poor, token, "transfer", (ada, 10**30), do)
    with pytest.raises(Mismatch):
        machine.act(intent._replace(arguments=(ada, 0)))
    assert dict(world.town.money) == before


def test_fuzz_stops_at_its_bound(world: World) -> None:
    report = fuzz(0, bound(600, None), world=world)
    assert (report.steps, report.runs, report.failure) == (600, 2, None)
    assert fuzz(0, bound(None, 0.0), world=world).runs == 0


def test_every_plant_still_finds_its_place() -> None:
    """The sources change; that each plant is found, `make plant` shows."""
    for plant in PLANTS:
        text = (ROOT / "contracts" / f"{plant.source}.sol").read_text(encoding="utf-8")
        assert text.count(plant.old) == 1, plant.says
    assert len({plant.law for plant in PLANTS}) >= 7
    assert json.dumps([plant.says for plant in PLANTS])
