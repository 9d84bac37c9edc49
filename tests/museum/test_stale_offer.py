"""An old, cheap offer that comes back to life when the creation comes back to its owner.

Peer, the real one: Zora v3, `AsksCoreEth` of @zoralabs/v3 1.0.13 (2022). So it was at OpenSea,
whose users lost theirs that way in January 2022: what had moved away and back was still for sale.
"""

from __future__ import annotations

from bench.gas.ours import PRICE, Terms
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall, zora


def away_and_back(hall: Hall, creation: int) -> None:
    seller, other = hall.at["seller"], hall.at["creator"]
    hall.send("seller", hall.suite.registry, "transferFrom", seller, other, creation)
    hall.send("creator", hall.suite.registry, "transferFrom", other, seller, creation)


def test_zora_sells_at_the_old_price(hall: Hall) -> None:
    asks = zora(hall, "AsksCoreEth", hall.model("OpenRoyalties").address)
    creation = hall.give_creation(hall.at["seller"])
    what = (hall.suite.registry.address, creation)
    hall.send("seller", asks, "createAsk", *what, PRICE)
    away_and_back(hall, creation)
    hall.send("rival", asks, "fillAsk", *what, coins=PRICE)
    assert hall.owner(creation) == hall.at["rival"]


def published(hall: Hall, offer: Terms) -> bytes:
    hall.send("seller", hall.suite.creation_market, "offer", offer)
    return b""


def signed(hall: Hall, offer: Terms) -> bytes:
    return hall.sign("seller", hall.suite.creation_market.call("hashOffer", offer))


def test_in_ours_the_old_offers_are_dead(hall: Hall) -> None:
    market = hall.suite.creation_market
    creation = hall.give_creation(hall.at["seller"])
    tenure = hall.suite.registry.call("tenureOf", creation)
    for offering in (published, signed):
        offer = hall.offer(COIN, creation)
        signature = offering(hall, offer)
        away_and_back(hall, creation)
        tenure += 2
        refused = hall.refusal("rival", market, "buy", offer, signature, COIN, coins=PRICE)
        what = (str(creation), str(tenure), str(tenure - 2))
        assert refused == ("Creation_Moved", *what)
    assert hall.owner(creation) == hall.at["seller"]


def test_ours_sells_what_stayed(hall: Hall) -> None:
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(COIN, creation)
    signature = signed(hall, offer)
    hall.send("rival", hall.suite.creation_market, "buy", offer, signature, COIN, coins=PRICE)
    assert hall.owner(creation) == hall.at["rival"]
