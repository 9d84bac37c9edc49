"""A token that calls its holder in the middle of a deposit (ERC-777), so that it counts twice.

Peer, a model: `models/HookBank.sol`, the fault by which Lendf.Me lost 25 million dollars in April
2020. The depositor takes everything out from inside a second deposit; then the balance from before
is written back.
"""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE, Terms
from dokkaebi.chain.suite import COIN, Contract
from tests.museum.hall import ACCEPT, REENTER, Hall

STAKE = 100 * PRICE


def hooked(hall: Hall, spender: str) -> tuple[Contract, Contract]:
    """A token with hooks, and the thief whom it calls, who has STAKE + 1."""
    token, thief = hall.contract("MockHookToken"), hall.receiver()
    hall.give(token, STAKE, spender)
    hall.send("deployer", token, "mint", thief.address, STAKE + 1)
    hall.send("deployer", token, "setHooked", thief.address, True)
    hall.through(thief, token, "approve", spender, STAKE + 1)
    return token, thief


def script(hall: Hall, thief: Contract, contract: Contract, call: str, *values: object) -> None:
    data = bytes.fromhex(contract.encode(call, *values)[2:])
    hall.send("rival", thief, "addCall", contract.address, 0, data)
    hall.send("rival", thief, "setMode", REENTER)


def test_the_models_depositors_lose_all(hall: Hall) -> None:
    bank = hall.model("HookBank")
    token, thief = hooked(hall, bank.address)
    hall.send("buyer", bank, "supply", token.address, STAKE)
    hall.through(thief, bank, "supply", token.address, STAKE)
    script(hall, thief, bank, "withdraw", token.address, STAKE)
    hall.through(thief, bank, "supply", token.address, 1)
    hall.send("rival", thief, "setMode", ACCEPT)
    # Everything is out already, and counts as still there.
    hall.through(thief, bank, "withdraw", token.address, STAKE)
    assert hall.held(token, thief.address) == 2 * STAKE
    assert hall.held(token, bank.address) == 1
    refused = hall.refusal("buyer", bank, "withdraw", token.address, STAKE)
    assert refused == ("ERC20InsufficientBalance", bank.address, "1", str(STAKE))


def wish(hall: Hall, who: str, asset: str, price: int, nonce: int) -> Terms:
    """A request for goods, open to any seller."""
    goods = hall.goods(asset)
    terms = (COIN, who, 0, 0, asset, price, 1, hall.now() + DAY)
    return (*terms, *goods[8:17], nonce)


def test_ours_undoes_a_deposit_with_a_withdrawal_inside(hall: Hall) -> None:
    market = hall.suite.escrow_market
    token, thief = hooked(hall, market.address)
    hall.send(
        "buyer", market, "request", wish(hall, hall.at["buyer"], token.address, STAKE, 1), b""
    )
    first = wish(hall, thief.address, token.address, STAKE, 1)
    hall.through(thief, market, "request", first, b"")
    script(hall, thief, market, "retract", first)
    second = wish(hall, thief.address, token.address, 1, 2)
    order = (market.address, 0, bytes.fromhex(market.encode("request", second, b"")[2:]))
    assert hall.refusal("rival", thief, "execute", *order) == (
        "Asset_AmountWrong",
        token.address,
        "0",
        "1",
    )
    # Without the hook the thief has their own back, and the others' is still there.
    hall.send("rival", thief, "setMode", ACCEPT)
    hall.through(thief, market, "retract", first)
    assert hall.held(token, thief.address) == STAKE + 1
    assert hall.held(token, market.address) == STAKE
