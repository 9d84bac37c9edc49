"""Time, moods, malice and gifts; and what all markets share."""

from __future__ import annotations

from typing import Any

from tests.lane.machine import DAY, NONCE_FIRST, Intent, Machine
from tests.lane.rules import RULES, rule
from tests.lane.world import COLLECTIONS, TRADERS
from tests.models.town import (
    ACCEPT,
    BURN_GAS,
    COIN,
    ENDLESS,
    REJECT,
    RETURN_BOMB,
    REVERT_BOMB,
    WRONG_ANSWER,
)

MOODS = (ACCEPT, ACCEPT, ACCEPT, REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB, WRONG_ANSWER)
# What an agent does in the middle of another's call.
REENTERING = ("escrow", "desk", "creations", "auctions", "money", "registry", "pool")


@rule("town", 2)
def wait(m: Machine) -> None:
    m.jump(m.boundary() if not m.chance(4) else m.town.now + m.dice.randrange(DAY))


@rule("town", 2)
def mood(m: Machine) -> None:
    agent, mode = m.address(m.pick(("eve", "fox"))), m.pick(MOODS)
    m.world.side(m.address("deployer"), m.world.contracts[m.world.names[agent]], "setMode", mode)
    m.town.modes[agent] = mode


@rule("town", 1)
def answer(m: Machine) -> None:
    """How an agent answers when it's asked for its signature."""
    name, how = m.pick(("eve", "fox")), m.pick((0, 0, 1, 2, 3, 4))
    m.world.side(m.address("deployer"), m.world.contracts[name], "setAnswer", how)
    m.town.answers[m.address(name)] = how


@rule("town", 6)
def script(m: Machine) -> None:
    agent = m.address(m.pick(("eve", "fox")))
    m.forced = agent
    names = sorted(name for name, one in RULES.items() if one.room in REENTERING)
    intents = []
    for _ in range(m.pick((1, 1, 2))):
        intent = RULES[m.pick(names)].act(m)
        if intent is not None and intent.value < 2**96:
            intents.append(intent)
    m.forced = None
    if intents:
        m.script(agent, intents)


@rule("town", 5)
def strike(m: Machine) -> Intent | None:
    """An agent does something, and in the middle of it the same again."""
    agent = m.address(m.pick(("eve", "fox")))
    if m.town.scripts[agent]:
        return None
    m.forced = agent
    names = sorted(name for name, one in RULES.items() if one.room in REENTERING)
    intent = RULES[m.pick(names)].act(m)
    if intent is None or intent.value >= 2**96 or intent.sender != agent:
        return None
    nested = [intent]
    if intent.function == "fund" and m.chance(2):
        nested = [end_what_is_opened(m, intent)]
    m.script(agent, nested)
    return intent


def end_what_is_opened(m: Machine, intent: Intent) -> Intent:
    """To confirm the trade that is being opened, or to ask for its money back."""
    escrow = m.world.escrow
    terms, signature, units, referrer = intent.arguments
    id_ = escrow.offer_id(terms)
    left = terms.units - escrow.taken[id_] if signature else escrow.documents[id_][1]
    trade = escrow.terms_of(
        id_, terms, terms.seller, intent.sender, referrer, units, max(0, terms.units - left)
    )
    name, do = m.pick((("confirm", escrow.confirm), ("refund", escrow.refund)))
    return Intent(intent.sender, intent.contract, name, (trade,), lambda c: do(c, trade))


@rule("town", 4)
def misbehave(m: Machine) -> None:
    """A token's issuer changes how it behaves."""
    name = m.pick((
        "MockBlocklistToken", "MockFeeToken", "MockSenderFeeToken", "MockLyingToken",
        "MockReturnBombToken", "MockGasBurnerToken",
    ))  # fmt: skip
    flags, calm = m.town.tokens[m.address(name)].flags, m.chance(2)
    account = m.pick(
        [*m.world.traders, *map(m.address, ("mia", "referrer", "treasury")), *_tills(m)]
    )
    if name == "MockLyingToken":
        change(m, name, flags, "lying", not calm, "setLying", not calm)
    elif name == "MockSenderFeeToken" or (name == "MockFeeToken" and m.chance(2)):
        bps = 0 if calm else m.pick((1, 100, 5_000))
        change(m, name, flags, "fee", bps, "setFee", bps)
    elif name == "MockReturnBombToken" and m.chance(3):
        change(m, name, flags, "reverting", calm, "setBomb", 100_000, calm)
    else:
        function = {
            "MockBlocklistToken": "setBlocked",
            "MockFeeToken": "setRefused",
            "MockReturnBombToken": "setBombing",
            "MockGasBurnerToken": "setBurning",
        }[name]
        change(m, name, flags, account, not calm, function, account, not calm)


def change(m: Machine, name: str, flags: Any, key: Any, value: Any, *call: Any) -> None:
    function, *arguments = call
    m.world.side(m.address("deployer"), m.world.contracts[name], function, *arguments)
    flags[key] = value


@rule("town", 1)
def misbehave_as_collection(m: Machine) -> None:
    name = m.pick(tuple(COLLECTIONS)[1:])
    flags, calm = m.town.collections[m.address(name)].flags, m.chance(2)
    account = m.pick([*m.world.traders, *_tills(m)])
    if name == "MockLyingCollection":
        change(m, name, flags, "lying", not calm, "setLying", not calm)
    elif name == "MockRefusingCollection":
        how = 0 if calm else m.pick((1, 2, 3))
        change(m, name, flags, account, how, "setRefusal", account, how)
    else:
        hook = m.address(m.pick(("eve", "fox"))) if not calm else COIN
        change(m, name, flags, "hook", hook if hook != COIN else 0, "setHook", hook)


def _tills(m: Machine) -> list[str]:
    return [market.address for market in m.world.markets.values()]


@rule("town", 1)
def force_coins(m: Machine) -> None:
    """Without the market being called."""
    market, amount = m.pick(list(m.world.markets.values())), m.dice.randrange(1, 10**18)
    deployer = m.address("deployer")
    m.chain.deploy(deployer, "MockForcer", market.address, value=amount)
    m.town.move(COIN, deployer, market.address, amount)
    market.gifts.add(COIN, amount)


@rule("town", 1)
def give_tokens(m: Machine) -> Intent:
    market, asset = m.pick(list(m.world.markets.values())), m.asset()
    asset = asset if asset != COIN else m.world.token.address
    token, amount = m.town.tokens[asset], m.dice.randrange(1, 10**18)

    def do(caller: str) -> None:
        before = token.balance(market.address)
        token.transfer(caller, market.address, amount)
        market.gifts.add(asset, token.balance(market.address) - before)

    contract = m.world.contracts[m.world.names[asset]]
    # By somebody who does nothing else in between.
    giver = m.address(m.pick(TRADERS))
    return Intent(giver, contract, "transfer", (market.address, amount), do)


@rule("town", 1)
def approve(m: Machine) -> Intent:
    """A market's allowance, in part, not at all, or endless again."""
    market, asset = m.pick(list(m.world.markets.values())), m.asset()
    asset = asset if asset != COIN else m.world.token.address
    amount = m.pick((ENDLESS, ENDLESS, 10**6, 0))
    contract = m.world.contracts[m.world.names[asset]]
    token = m.town.tokens[asset]
    return Intent(
        m.who(), contract, "approve", (market.address, amount),
        lambda caller: token.approve(caller, market.address, amount),
    )  # fmt: skip


# Money


def _some_credit(m: Machine) -> tuple[Any, str, str]:
    """Of a market; mostly one that is owed."""
    markets = list(m.world.markets.values())
    owed = [(t, *key) for t in markets for key, amount in t.credits.items() if amount]
    own = [one for one in owed if one[2] == m.forced]
    if own:
        return m.pick(own)
    market = m.pick(markets)
    if owed and not m.chance(8):
        return m.pick(owed)
    return market, m.asset(), m.pick(m.world.traders)


@rule("money", 2)
def withdraw(m: Machine) -> Intent:
    market, asset, payee = _some_credit(m)
    if payee not in m.world.traders:
        payee = ""
    to = m.pick([*m.world.traders, payee or m.address("ada"), market.address, COIN])
    if payee and not m.chance(4):
        to = payee
    return Intent(
        m.who(payee), m.market_of(market), "withdraw", (asset, to),
        lambda caller: market.withdraw(caller, asset, to),
    )  # fmt: skip


@rule("money", 2)
def withdraw_for(m: Machine) -> Intent:
    market, asset, payee = _some_credit(m)
    return Intent(
        m.who(), m.market_of(market), "withdrawFor", (asset, payee),
        lambda _: market.withdraw_for(asset, payee),
    )  # fmt: skip


@rule("money", 1)
def withdraw_to_for(m: Machine) -> Intent:
    found = m.paper("withdrawal") if m.chance(4) else None
    if found is None:
        market, asset, payee = _some_credit(m)
        to = m.pick([*m.world.traders, m.address("treasury"), market.address])
        expiry, nonce = m.expiry(), m.new_nonce(payee)
        kind = "Withdrawal(address payee,address asset,address to,uint256 expiry,uint256 nonce)"
        signature = m.sign(payee, market.digest(kind, payee, asset, to, expiry, nonce))
        found = m.keep("withdrawal", (market, (payee, asset, to, expiry, nonce, signature)))
    market, arguments = found
    if m.chance(20):
        arguments = (*arguments[:2], m.address("stranger"), *arguments[3:])
    return Intent(
        m.who(), m.market_of(market), "withdrawToFor", arguments,
        lambda _: market.withdraw_to_for(*arguments),
    )  # fmt: skip


@rule("money", 1)
def only_the_market(m: Machine) -> Intent:
    market, asset, payee = _some_credit(m)
    arguments = (asset, payee, 1)
    return Intent(m.who(), m.market_of(market), "transferOut", arguments, market.only_itself)


def _nonces(m: Machine, signer: str) -> tuple[int, int]:
    first = m.dice.randrange(NONCE_FIRST - 2, m.nonces[signer] + NONCE_FIRST + 2)
    last = first + m.pick((0, 0, 1, 300, 65_535, 65_536, -1))
    return first, max(0, last)


@rule("money", 1)
def cancel_nonces(m: Machine) -> Intent:
    market, sender = m.pick(list(m.world.markets.values())), m.who()
    first, last = _nonces(m, sender)
    if last - first > 300 and not m.chance(10):
        last = first
    return Intent(
        sender, m.market_of(market), "cancelNonces", (first, last),
        lambda caller: market.cancel_nonces(caller, first, last),
    )  # fmt: skip


@rule("money", 1)
def cancel_nonces_for(m: Machine) -> Intent:
    found = m.paper("cancellation") if m.chance(4) else None
    if found is None:
        market, signer = m.pick(list(m.world.markets.values())), m.pick(m.world.traders)
        first, last = _nonces(m, signer)
        last = min(last, first + 300)
        expiry = m.expiry()
        kind = "Cancellation(address signer,uint256 first,uint256 last,uint256 expiry)"
        signature = m.sign(signer, market.digest(kind, signer, first, last, expiry))
        found = m.keep("cancellation", (market, (signer, first, last, expiry, signature)))
    market, arguments = found
    return Intent(
        m.who(), m.market_of(market), "cancelNoncesFor", arguments,
        lambda _: market.cancel_nonces_for(*arguments),
    )  # fmt: skip
