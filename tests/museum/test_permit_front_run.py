"""A permit that somebody else sends first, so that the call that brings it fails.

Peer, the real one: `UniswapV2Router02` of @uniswap/v2-periphery 1.1.0-beta.0 with the pair of
@uniswap/v2-core 1.0.1 (2020). Nothing is stolen, but what was signed and paid for doesn't happen,
as often as somebody cares to spoil it. Told of many protocols in 2023 and 2024.
"""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE
from dokkaebi.chain.suite import COIN, Contract
from tests.museum.hall import UNLIMITED, Hall

SHARE = 10**12
CORE, PERIPHERY = "@uniswap/v2-core", "@uniswap/v2-periphery"


def test_uniswaps_withdrawal_is_spoiled(hall: Hall) -> None:
    factory = hall.peer(CORE, "build/UniswapV2Factory.json", hall.at["deployer"])
    places = (factory.address, COIN)
    router = hall.peer(PERIPHERY, "build/UniswapV2Router02.json", *places)
    tokens = sorted(
        (hall.contract("MockToken") for _ in range(2)), key=lambda token: int(token.address, 16)
    )
    for token in tokens:
        hall.give(token, PRICE, router.address)
    pair_of = [token.address for token in tokens]
    later = hall.now() + DAY
    hall.send(
        "seller", router, "addLiquidity", *pair_of, SHARE, SHARE, 0, 0, hall.at["seller"], later
    )
    place = factory.call("getPair", *pair_of)
    pair = Contract(hall.chain, "UniswapV2Pair", place, hall.abi(CORE, "build/UniswapV2Pair.json"))
    shares = hall.held(pair, "seller")
    assert shares > 0
    signature = hall.sign_permit(pair, "seller", router.address, shares, later)
    withdrawal = (*pair_of, shares, 0, 0, hall.at["seller"], later, False, *signature)
    # Undisturbed it works; `call` changes nothing.
    router.call("removeLiquidityWithPermit", *withdrawal, sender=hall.at["seller"])
    # The rival sees it coming, takes the permit out of it and sends that first.
    permit = (hall.at["seller"], router.address, shares, later, *signature)
    hall.send("rival", pair, "permit", *permit)
    refused = hall.refusal("seller", router, "removeLiquidityWithPermit", *withdrawal)
    assert refused == ("revert_said", "UniswapV2: INVALID_SIGNATURE")
    assert hall.held(pair, "seller") == shares


def test_our_purchases_go_through(hall: Hall) -> None:
    token, market = hall.suite.token, hall.suite.creation_market
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(token.address, creation)
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", token, "approve", market.address, 0)
    deadline = hall.now() + DAY
    signature = hall.sign_permit(token, "buyer", market.address, PRICE, deadline)
    packed = hall.packed_permit(PRICE, deadline, signature)
    hall.send(
        "rival", token, "permit", hall.at["buyer"], market.address, PRICE, deadline, *signature
    )
    hall.send("buyer", market, "buyWithPermit", offer, b"", COIN, packed)
    assert hall.owner(creation) == hall.at["buyer"]


def test_our_escrow_is_funded(hall: Hall) -> None:
    token, market = hall.suite.token, hall.suite.escrow_market
    offer = hall.goods(token.address)
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", token, "approve", market.address, 0)
    deadline = hall.now() + DAY
    signature = hall.sign_permit(token, "buyer", market.address, PRICE, deadline)
    packed = hall.packed_permit(PRICE, deadline, signature)
    hall.send(
        "rival", token, "permit", hall.at["buyer"], market.address, PRICE, deadline, *signature
    )
    hall.send("buyer", market, "fundWithPermit", offer, b"", 1, COIN, packed)
    assert hall.held(token, market.address) == PRICE


def test_in_ours_a_bad_permit_still_buys_nothing(hall: Hall) -> None:
    token, market = hall.suite.token, hall.suite.escrow_market
    offer = hall.goods(token.address)
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", token, "approve", market.address, 0)
    signature = hall.sign_permit(token, "rival", market.address, PRICE, UNLIMITED)
    packed = hall.packed_permit(PRICE, UNLIMITED, signature)
    refused = hall.refusal("buyer", market, "fundWithPermit", offer, b"", 1, COIN, packed)
    assert refused == ("TransferFromFailed",)
