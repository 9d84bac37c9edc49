"""Disputes before an arbitrator by way of the desk: one that rules, cheats, or is silent."""

from __future__ import annotations

from typing import Any

from tests.lane.machine import Intent, Machine
from tests.lane.rules import escrow, rule
from tests.lane.rules.escrow import some_trade
from tests.models.arbitration_desk import (
    NO_TRICK,
    PAY_BACK,
    RAISE_PRICE,
    RULING_MAX,
    SAME_NUMBER,
)
from tests.models.escrow_market import DISPUTED, FUNDED, SHIPPED, Trade, trade_bytes, trade_id
from tests.models.town import NOBODY


def contract(m: Machine) -> Any:
    return m.world.contracts["ArbitrationDesk"]


def _trade(m: Machine, state: int, *, submitted: bool = False) -> Trade | None:
    """One whose terms name the desk, in a state; rarely any other."""
    desk = m.world.desk
    found = [
        one
        for one in m.world.escrow.trades.values()
        if one and one.state == state and one.terms.arbiter == desk.address
        and (desk.cases[trade_id(one.terms)].submitter != NOBODY) == submitted
    ]  # fmt: skip
    return some_trade(m, DISPUTED) if m.chance(20) else m.some(found)


@rule("desk", 3)
def ship(m: Machine) -> Intent | None:
    trade = _trade(m, FUNDED)
    return escrow.shipping(m, trade) if trade else None


@rule("desk", 3)
def dispute(m: Machine) -> Intent | None:
    trade = _trade(m, SHIPPED)
    return escrow.disputing(m, trade) if trade else None


@rule("desk", 3)
def submit(m: Machine) -> Intent | None:
    trade = _trade(m, DISPUTED)
    if trade is None:
        return None
    terms, desk = trade.terms, m.world.desk
    if m.chance(10) and trade.deadline > m.town.now:
        m.jump(trade.deadline + m.pick((-1, 0, 1)))
    cost = desk.arbitrator.state["cost"]
    value = m.odd(cost, cost + 1, max(0, cost - 1))
    return Intent(
        m.who(m.pick((terms.buyer, terms.seller))), contract(m), "submit", (trade_bytes(terms),),
        lambda caller: desk.submit(caller, terms, value), value,
    )  # fmt: skip


def _number(m: Machine) -> int | None:
    """Of a dispute, mostly one of the last; rarely of none."""
    desk = m.world.desk
    known = sorted(number for number, key in desk.trades.items() if key is not None)[-4:]
    return m.odd(m.pick(known), 7_777) if known else None


@rule("desk", 2)
def appeal(m: Machine) -> Intent | None:
    desk, number = m.world.desk, _number(m)
    if number is None:
        return None
    cost = desk.arbitrator.state["appeal"]
    value = m.odd(cost, cost + 1, 0)
    return Intent(
        m.who(), contract(m), "appeal", (number,), lambda _: desk.appeal(number, value), value
    )


@rule("desk", 3)
def give_ruling(m: Machine) -> Intent | None:
    """By the arbitrator, of any dispute and any number; by others in vain."""
    desk, number = m.world.desk, _number(m)
    if number is None:
        return None
    ruling = m.odd(m.pick((1, 1, 2, 2, 3, 3, 0)), RULING_MAX + 1, 2**200)
    if m.chance(12):
        return Intent(
            m.who(), contract(m), "rule", (number, ruling),
            lambda caller: desk.rule(caller, number, ruling),
        )  # fmt: skip
    data = contract(m).functions["rule"](number, ruling)
    return Intent(
        m.who(), m.world.contracts["MockCrookedArbitrator"], "execute", (desk.address, data),
        lambda _: desk.rule(desk.arbitrator.address, number, ruling),
    )  # fmt: skip


@rule("desk", 3)
def carry_out(m: Machine) -> Intent | None:
    trade = _trade(m, DISPUTED, submitted=True)
    if trade is None:
        return None
    terms = trade.terms
    if m.chance(10) and trade.deadline > m.town.now:
        m.jump(trade.deadline + m.pick((-1, 0, 1)))
    return Intent(
        m.who(), contract(m), "carryOut", (trade_bytes(terms),),
        lambda _: m.world.desk.carry_out(terms),
    )  # fmt: skip


@rule("desk", 1)
def cheat(m: Machine) -> None:
    """The arbitrator changes what it asks, or how it cheats."""
    state = m.world.desk.arbitrator.state
    mock, deployer = m.world.contracts["MockCrookedArbitrator"], m.address("deployer")
    if m.chance(2):
        cost = m.pick((0, 1, 1_000, 10**15))
        m.world.side(deployer, mock, "setCost", cost)
        state["cost"] = cost
    else:
        trick = m.pick((NO_TRICK, NO_TRICK, RAISE_PRICE, SAME_NUMBER, PAY_BACK))
        m.world.side(deployer, mock, "setTrick", trick)
        state["trick"] = trick
