"""A bidder who can't be given their money back, so that nobody can bid more.

Peer, the real one: Zora v3, `ReserveAuctionCoreErc20` of @zoralabs/v3 1.0.13 (2022). thirdweb's
auctions do the same. The bid before is pushed back, and must arrive.
"""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE
from tests.museum.hall import Hall, zora, zora_money

HIGH = 50 * PRICE


def test_zoras_auction_goes_to_the_blocked_bidder_for_the_reserve(hall: Hall) -> None:
    engine = hall.model("OpenRoyalties")
    house = zora(hall, "ReserveAuctionCoreErc20", engine.address, tokens=True)
    token = hall.contract("MockBlocklistToken")
    hall.give(token, HIGH, zora_money(house))
    creation = hall.give_creation(hall.at["seller"])
    what = (hall.suite.registry.address, creation)
    terms = (DAY, PRICE, hall.at["seller"], 0, token.address)
    hall.send("seller", house, "createAuction", *what, *terms)
    hall.send("rival", house, "createBid", *what, PRICE)
    hall.send("deployer", token, "setBlocked", hall.at["rival"], True)
    # The buyer would pay fifty times as much.
    refused = hall.refusal("buyer", house, "createBid", *what, HIGH)
    assert refused == hall.blocked("rival")
    hall.wait(DAY + 1)
    hall.send("rival", house, "settleAuction", *what)
    assert hall.owner(creation) == hall.at["rival"]
    assert hall.held(token, "seller") - HIGH <= PRICE


def test_in_ours_anybody_can_bid_more(hall: Hall) -> None:
    house, token = hall.suite.auction_house, hall.contract("MockBlocklistToken")
    hall.give(token, HIGH, house.address)
    creation = hall.give_creation(hall.at["seller"])
    auction = hall.auction(creation)
    auction = (*auction[:4], token.address, *auction[5:])
    hall.send("seller", house, "open", auction)
    hall.send("rival", house, "bid", auction, b"", PRICE)
    hall.send("deployer", token, "setBlocked", hall.at["rival"], True)
    hall.send("buyer", house, "bid", auction, b"", HIGH)
    assert hall.credit(house, token.address, "rival") == PRICE
    hall.wait(DAY + 1)
    hall.send("seller", house, "settle", auction)
    assert hall.owner(creation) == hall.at["buyer"]
    assert hall.held(token, "seller") == HIGH + HIGH - HIGH // 100 - HIGH // 20
