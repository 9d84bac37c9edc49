"""The community's token, and a young one that has a steward still and no minter."""

from __future__ import annotations

from typing import Any

from tests.lane.chain import Contract
from tests.lane.machine import Intent, Machine
from tests.lane.rules import rule
from tests.models.town import ENDLESS, NOBODY

YOUNG = "YoungToken"


def _token(m: Machine) -> tuple[Contract, Any]:
    if m.chance(3):
        return m.world.contracts["CommunityToken"], m.world.token
    return m.world.contracts[YOUNG], m.world.young


def _holders(m: Machine) -> list[str]:
    return [m.address("deployer"), m.address("deployer"), *m.world.traders]


def _amount(m: Machine, token: Any, holder: str) -> int:
    has = token.balance(holder)
    return m.pick((0, 1, has, has + 1, m.dice.randrange(has + 1), m.dice.randrange(10**18)))


@rule("token", 4)
def transfer(m: Machine) -> Intent:
    contract, token = _token(m)
    sender = m.pick(_holders(m))
    to, amount = m.odd(m.pick(_holders(m)), NOBODY), _amount(m, token, sender)
    return Intent(
        sender, contract, "transfer", (to, amount),
        lambda caller: token.transfer(caller, to, amount),
    )  # fmt: skip


@rule("token", 3)
def approve(m: Machine) -> Intent:
    contract, token = _token(m)
    sender, spender = m.pick(_holders(m)), m.pick(_holders(m))
    amount = m.pick((0, 1, 10**18, ENDLESS))
    return Intent(
        sender, contract, "approve", (spender, amount),
        lambda caller: token.approve(caller, spender, amount),
    )  # fmt: skip


@rule("token", 4)
def transfer_from(m: Machine) -> Intent:
    contract, token = _token(m)
    allowed = m.some(
        key for key, amount in token.allowances.items() if amount and key[1] in _holders(m)
    )
    giver, spender = allowed or (m.pick(_holders(m)), m.pick(_holders(m)))
    to, amount = m.odd(m.pick(_holders(m)), NOBODY), _amount(m, token, giver)
    return Intent(
        spender, contract, "transferFrom", (giver, to, amount),
        lambda caller: token.transfer_from(caller, giver, to, amount),
    )  # fmt: skip


@rule("token", 3)
def permit(m: Machine) -> Intent:
    contract, token = _token(m)
    owner = m.pick([a for a in _holders(m) if a in m.town.people])
    spender, amount, deadline = m.pick(_holders(m)), m.pick((0, 10**18, ENDLESS)), m.expiry()
    digest = token.permit_digest(owner, spender, amount, deadline)
    signer = owner if not m.chance(5) else m.address("stranger")
    made = m.town.people[signer].sign(digest)
    arguments = (owner, spender, amount, deadline, made[64], made[:32], made[32:64])
    return Intent(
        m.who(), contract, "permit", arguments,
        lambda _: token.permit(owner, spender, amount, deadline, signer),
    )  # fmt: skip


@rule("token", 2)
def set_minter(m: Machine) -> Intent:
    contract, token = _token(m)
    minter = m.pick((m.world.minter.address, m.world.minter.address, m.address("stranger")))
    sender = token.steward.holder["now"]
    if m.chance(3):
        sender = m.address("stranger")
    return Intent(
        sender if sender != NOBODY else m.address("stranger"), contract, "setMinter", (minter,),
        lambda caller: token.set_minter(caller, minter),
    )  # fmt: skip


@rule("token", 2)
def mint(m: Machine) -> Intent:
    contract, token = _token(m)
    room = token.cap - token.supply[0]
    to, amount = m.pick(_holders(m)), m.pick((1, room, room + 1, m.dice.randrange(10**19)))
    minter = token.minter[0]
    if minter == m.world.minter.address and not m.chance(5):
        return Intent(
            m.who(), m.world.minter, "mint", (token.address, to, amount),
            lambda _: token.mint_by(minter, to, amount),
        )  # fmt: skip
    return Intent(
        minter if minter in m.town.agents else m.who(), contract, "mint", (to, amount),
        lambda caller: token.mint_by(caller, to, amount),
    )  # fmt: skip


def office(m: Machine, contract: Contract, office_: Any, room: tuple[str, ...]) -> Intent:
    """Hands an office over, takes it, or rarely gives it up."""
    ship = f"{office_.office}ship"
    act = m.pick(("offer", "offer", "accept", "accept", "renounce"))
    holder, offered = office_.holder["now"], office_.holder["next"]
    proper = offered if act == "accept" else holder
    if act == "renounce" and not m.chance(8):
        proper = m.address("stranger")
    sender = proper if proper != NOBODY and not m.chance(8) else m.address("stranger")
    if act == "offer":
        to = m.odd(m.address(m.pick(room)), NOBODY)
        return Intent(
            sender, contract, f"offer{ship}", (to,), lambda caller: office_.offer(caller, to)
        )
    do = getattr(office_, act)
    return Intent(sender, contract, f"{act}{ship}", (), do)


@rule("token", 2)
def stewardship(m: Machine) -> Intent:
    contract, token = _token(m)
    return office(m, contract, token.steward, ("steward", "mia", "stranger"))
