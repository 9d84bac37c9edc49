"""A collection that raises its royalty to the whole price after the seller offered.

Peer, the real one: Zora v3, `AsksCoreEth` of @zoralabs/v3 1.0.13 (2022), with a model of the
royalty engine (`models/OpenRoyalties.sol`): the market bounds nothing that a collection takes.
"""

from __future__ import annotations

import pytest

from bench.gas.ours import PRICE, Terms
from dokkaebi.chain.suite import COIN, Contract
from tests.museum.hall import Hall, zora, zora_creations

WHOLE = 10_000
TOKEN_ID = 7


def collection_of_the_seller(hall: Hall, spender: str) -> Contract:
    """A foreign collection of which the seller has one; its royalty, 5 %, goes to the rival."""
    collection = hall.contract("MockCollection")
    hall.send("deployer", collection, "mint", hall.at["seller"], TOKEN_ID)
    hall.send("rival", collection, "setRoyalty", hall.at["rival"], 500)
    hall.send("seller", collection, "setApprovalForAll", spender, True)
    return collection


def test_zoras_seller_gets_nothing(hall: Hall) -> None:
    asks = zora(hall, "AsksCoreEth", hall.model("OpenRoyalties").address)
    collection = collection_of_the_seller(hall, zora_creations(asks))
    what = (collection.address, TOKEN_ID)
    hall.send("seller", asks, "createAsk", *what, PRICE)
    hall.send("rival", collection, "setRoyalty", hall.at["rival"], WHOLE)
    had = {who: hall.coins(who) for who in ("seller", "rival")}
    hall.send("buyer", asks, "fillAsk", *what, coins=PRICE)
    assert hall.coins("seller") == had["seller"]
    assert hall.coins("rival") - had["rival"] == PRICE
    assert collection.call("ownerOf", TOKEN_ID) == hall.at["buyer"]


def foreign_offer(hall: Hall, collection: Contract, royalty_bps_max: int) -> Terms:
    offer = hall.offer(COIN, hall.give_creation(hall.at["seller"]))
    return (*offer[:2], collection.address, TOKEN_ID, 0, *offer[5:10], royalty_bps_max, *offer[11:])


@pytest.mark.parametrize("royalty_bps", [500, 501, WHOLE, 3 * WHOLE])
def test_in_ours_it_takes_no_more_than_the_seller_signed(hall: Hall, royalty_bps: int) -> None:
    market = hall.suite.creation_market
    collection = collection_of_the_seller(hall, market.address)
    offer = foreign_offer(hall, collection, 500)
    hall.send("seller", market, "offer", offer)
    hall.send("rival", collection, "setRoyalty", hall.at["rival"], royalty_bps)
    had = {who: hall.coins(who) for who in ("seller", "rival")}
    hall.send("buyer", market, "buy", offer, b"", COIN, coins=PRICE)
    royalty, fee = PRICE // 20, PRICE // 100
    assert hall.coins("rival") - had["rival"] == royalty
    assert hall.coins("seller") - had["seller"] == PRICE - royalty - fee
    assert collection.call("ownerOf", TOKEN_ID) == hall.at["buyer"]


def test_in_ours_nobody_signs_more_than_a_tenth(hall: Hall) -> None:
    market = hall.suite.creation_market
    collection = collection_of_the_seller(hall, market.address)
    offer = foreign_offer(hall, collection, 1_001)
    assert hall.refusal("seller", market, "offer", offer) == ("Royalty_TooHigh", "1001", "1000")
    hall.send("seller", market, "offer", foreign_offer(hall, collection, 1_000))
