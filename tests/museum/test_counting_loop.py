"""An auction that refunds in one loop and pays its maker when a count is reached.

Peer, a model: `models/CountingAuction.sol`, the two faults of Akutar's auction (April 2022). A
bidder who refuses their refund stops everybody's; and since it counts bidders against pieces, one
bidder with two pieces is enough for the maker's 11,539 ether to stay there for ever.
"""

from __future__ import annotations

from bench.gas.ours import PRICE
from dokkaebi.chain.suite import COIN
from tests.museum.hall import REJECT, Hall

LOW = PRICE // 2


def test_the_model_never_refunds_when_one_refuses(hall: Hall) -> None:
    auction, thief = hall.model("CountingAuction", PRICE), hall.receiver()
    hall.send("buyer", auction, "bid", 1, coins=PRICE)
    hall.through(thief, auction, "bid", 1, coins=PRICE)
    hall.send("deployer", auction, "lowerPrice", LOW)
    hall.send("rival", thief, "setMode", REJECT)
    assert hall.refusal("buyer", auction, "processRefunds") == ("revert_said", "refund failed")
    assert hall.refusal("deployer", auction, "claimProjectFunds")[0] == "revert_said"
    assert hall.coins(auction.address) == 2 * PRICE


def test_the_model_never_pays_when_one_bought_two(hall: Hall) -> None:
    auction = hall.model("CountingAuction", PRICE)
    hall.send("buyer", auction, "bid", 2, coins=2 * PRICE)
    hall.send("rival", auction, "bid", 1, coins=PRICE)
    hall.send("deployer", auction, "lowerPrice", LOW)
    hall.send("buyer", auction, "processRefunds")
    assert hall.refusal("deployer", auction, "processRefunds") == ("revert_said", "all refunded")
    refused = hall.refusal("deployer", auction, "claimProjectFunds")
    assert refused == ("revert_said", "refunds not done")
    assert hall.coins(auction.address) == 3 * LOW


def test_ours_pays_each_sale_by_itself(hall: Hall) -> None:
    market, thief = hall.suite.escrow_market, hall.receiver()
    goods = hall.goods(COIN)
    offer = (*goods[:6], 4, *goods[7:])
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", market, "fund", offer, b"", 2, COIN, coins=2 * PRICE)
    hall.through(thief, market, "fund", offer, b"", 1, COIN, coins=PRICE)
    hall.send("creator", market, "fund", offer, b"", 1, COIN, coins=PRICE)
    double = hall.trade_of(offer, hall.at["buyer"], units=2)
    refusing = hall.trade_of(offer, thief.address, serial=2)
    single = hall.trade_of(offer, hall.at["creator"], serial=3)
    hall.send("rival", thief, "setMode", REJECT)
    had = {who: hall.coins(who) for who in ("seller", "creator")}
    hall.send("seller", market, "refund", refusing)
    hall.send("seller", market, "refund", single)
    assert hall.coins("creator") - had["creator"] == PRICE
    hall.send("buyer", market, "confirm", double)
    fee = 2 * PRICE // 100
    assert hall.coins("seller") - had["seller"] == 2 * PRICE - fee
    # What is left is the fee and what the thief refused, both to be fetched.
    assert hall.credit(market, COIN, thief.address) == PRICE
    assert hall.coins(market.address) == PRICE + fee


def test_ours_settles_when_one_bid_twice_and_one_refuses(hall: Hall) -> None:
    house, thief = hall.suite.auction_house, hall.receiver()
    creation = hall.give_creation(hall.at["seller"])
    auction = hall.auction(creation)
    hall.send("seller", house, "open", auction)
    hall.send("buyer", house, "bid", auction, b"", PRICE, coins=PRICE)
    hall.through(thief, house, "bid", auction, b"", 2 * PRICE, coins=2 * PRICE)
    hall.send("rival", thief, "setMode", REJECT)
    had = {who: hall.coins(who) for who in ("seller", "buyer")}
    hall.send("buyer", house, "bid", auction, b"", 3 * PRICE, coins=3 * PRICE)
    hall.at_time(auction[7] + 1)
    hall.send("rival", house, "settle", auction)
    price = 3 * PRICE
    assert hall.coins("seller") - had["seller"] == price - price // 100 - price // 20
    assert had["buyer"] - hall.coins("buyer") == price
    assert hall.credit(house, COIN, thief.address) == 2 * PRICE
    assert hall.owner(creation) == hall.at["buyer"]
