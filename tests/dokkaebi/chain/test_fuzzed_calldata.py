"""Calldata that nobody meant: whatever the escrow market makes of it, its trades stay in states
that it knows, and its coins are those of trades, requests and credits."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dokkaebi.chain import escrow_market as escrow
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COIN, Call
from dokkaebi.chain.terms import TRADE_DISPUTED, TRADE_NONE, Request, Trade
from tests.dokkaebi.chain.conftest import HOUR, PRICE, Stall
from tests.dokkaebi.conftest import BUYER, CREATOR, REFERRER, STRANGER, TREASURY, address

ARBITER = REFERRER
PEOPLE = (CREATOR, BUYER, STRANGER, ARBITER, TREASURY)
DAY = 86_400
WORDS = (0, 1, 2, 31, 32, 2**8 - 1, 2**64, 2**128 - 1, 2**160, 2**255, 2**256 - 1)
LIVES, CALLS = 2, 45


def funded(stall: Stall, parts: tuple[int, ...] = ()) -> Trade:
    suite = stall.suite
    terms = escrow.new_delivery(
        suite,
        address(CREATOR),
        PRICE,
        expiry=stall.soon(DAY),
        arbiter=address(ARBITER),
        arbiter_fee_bps=500,
        parts=parts,
    )
    stall.act(CREATOR, escrow.publish(suite, terms))
    receipt = stall.act(BUYER, escrow.fund(suite, terms))
    return escrow.funded_trade(suite, receipt["logs"]).terms


def requested(stall: Stall) -> Request:
    terms = escrow.new_request(
        stall.suite, address(BUYER), PRICE, expiry=stall.soon(HOUR), arbiter=address(ARBITER)
    )
    stall.act(BUYER, escrow.request(stall.suite, terms))
    return terms


def calls_about(stall: Stall, trade: Trade, request: Request) -> list[Call]:
    """Each call that could move a trade or a request, well formed."""
    suite = stall.suite
    about: list[Callable[[], Call]] = [
        lambda: escrow.ship(suite, trade),
        lambda: escrow.confirm(suite, trade),
        lambda: escrow.refund(suite, trade),
        lambda: escrow.claim_timeout(suite, trade),
        lambda: escrow.dispute(suite, trade, b"\1" * 32),
        lambda: escrow.submit_evidence(suite, trade, b"\2" * 32),
        lambda: escrow.rule(suite, trade, 5_000, address(ARBITER)),
        lambda: escrow.accept(suite, request),
        lambda: escrow.retract(suite, request),
    ]
    arguments = (trade, 5_000, stall.soon(DAY), b"", b"")
    settle = suite.escrow_market.prepare("settle", *arguments)
    return [*(call() for call in about), settle]


def mutated(dice: random.Random, data: str) -> str:
    """Calldata with something wrong in it, or with nothing wrong."""
    body = bytearray.fromhex(data[2:])
    way = dice.randrange(6)
    if way == 0:
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    elif way == 1:
        at = 4 + 32 * dice.randrange((len(body) - 4) // 32)
        body[at : at + 32] = dice.choice(WORDS).to_bytes(32, "big")
    elif way == 2:
        del body[dice.randrange(1, len(body)) :]
    elif way == 3:
        body += dice.randbytes(dice.randrange(1, 65))
    elif way == 4:
        first, second = (4 + 32 * dice.randrange((len(body) - 4) // 32) for _ in range(2))
        body[first : first + 32], body[second : second + 32] = (
            body[second : second + 32],
            body[first : first + 32],
        )
    return "0x" + body.hex()


def send(stall: Stall, dice: random.Random, data: str) -> None:
    """Sends calldata as anybody; that it is refused is as good as anything."""
    market = stall.suite.escrow_market.address
    fields = {"from": address(dice.choice(PEOPLE)), "to": market, "data": data}
    value = dice.choice((0, 0, 0, 1, PRICE))
    try:
        stall.suite.chain.raw(
            "eth_sendTransaction", [{**fields, "value": hex(value), "gas": hex(1_000_000)}]
        )
    except RpcRefused:
        return


def check(stall: Stall, trades: list[Trade], request: Request) -> None:
    market, chain = stall.suite.escrow_market, stall.suite.chain
    owed = 0
    for trade in trades:
        state, deadline, part = market.call("tradeState", market.call("hashTrade", trade))
        assert TRADE_NONE <= state <= TRADE_DISPUTED
        assert (deadline == 0) == (state == TRADE_NONE)
        assert part < max(1, len(trade.worths))
        owed += trade.rest(part) if state != TRADE_NONE else 0
    # What was asked for may have become a trade of any of them.
    for person in PEOPLE:
        accepted = trade_of(stall, request, address(person))
        state, _, _ = market.call("tradeState", market.call("hashTrade", accepted))
        owed += PRICE if state != TRADE_NONE else 0
        owed += market.call("creditOf", COIN, address(person))
    owed += market.call("creditOf", COIN, stall.suite.pool.call("PURSE"))
    owner, _ = market.call("documentOf", market.call("hashRequest", request))
    owed += PRICE if owner == address(BUYER) else 0
    assert int(chain.raw("eth_getBalance", [market.address, "latest"]), 16) == owed


def trade_of(stall: Stall, request: Request, seller: str) -> Trade:
    """The trade that a request becomes if this seller accepts it."""
    from dokkaebi.chain.terms import TradeTerms, pack_terms

    windows = (request.ship_seconds, request.inspect_seconds, request.ruling_seconds)
    shares = (request.referral_bps, request.arbiter_fee_bps, request.silent_seller_bps)
    terms = pack_terms(TradeTerms(*windows, *shares, 0, request.parts))
    request_id = stall.suite.escrow_market.call("hashRequest", request)
    parties = (seller, request.buyer, COIN, request.arbiter)
    return Trade(request_id, *parties, request.creation_id, request.asset, request.price, terms)


@pytest.mark.parametrize("seed", range(LIVES))
def test_fuzzed_calldata_leaves_every_trade_in_a_known_state(stall: Stall, seed: int) -> None:
    dice = random.Random(seed)
    trades = [funded(stall), funded(stall, (30, 30, 40)), funded(stall), funded(stall)]
    request = requested(stall)
    suite = stall.suite
    for trade in trades[2:]:
        stall.act(CREATOR, escrow.ship(suite, trade))
    stall.act(BUYER, escrow.dispute(suite, trades[3]))
    check(stall, trades, request)
    for _ in range(CALLS):
        calls = calls_about(stall, dice.choice(trades), request)
        send(stall, dice, mutated(dice, dice.choice(calls).data))
        if dice.randrange(10) == 0:
            stall.pass_seconds(dice.choice((HOUR, DAY, 8 * DAY)))
        check(stall, trades, request)
