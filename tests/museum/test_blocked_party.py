"""A party whom the token's issuer blocks, so that nobody in the trade is paid.

Peer, the real one: Kleros v1, `MultipleArbitrableTokenTransaction` of @kleros/kleros-interaction
0.10.0 (2019). A ruling that divides the money pushes to both and insists that both arrive.
"""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall

KLEROS = "@kleros/kleros-interaction"
FEE = 10**15
NOBODY_WINS = 0
HALF = PRICE // 2


def test_kleros_freezes_the_buyers_half_with_the_blocked_sellers(hall: Hall) -> None:
    built = "build/contracts"
    arbitrator = hall.peer(KLEROS, f"{built}/CentralizedArbitrator.json", FEE)
    terms = (arbitrator.address, b"", DAY)
    escrow = hall.peer(KLEROS, f"{built}/MultipleArbitrableTokenTransaction.json", *terms)
    token = hall.contract("MockBlocklistToken")
    hall.give(token, PRICE, escrow.address)
    deal = (PRICE, token.address, 3 * DAY, hall.at["seller"], "terms")
    hall.send("buyer", escrow, "createTransaction", *deal)
    hall.send("buyer", escrow, "payArbitrationFeeBySender", 0, coins=FEE)
    hall.send("seller", escrow, "payArbitrationFeeByReceiver", 0, coins=FEE)
    hall.send("deployer", token, "setBlocked", hall.at["seller"], True)
    ruling = hall.refusal("deployer", arbitrator, "giveRuling", 0, NOBODY_WINS)
    assert ruling == hall.blocked("seller")
    hall.wait(100 * 365 * DAY)
    for way in ("executeTransaction", "timeOutBySender", "timeOutByReceiver"):
        assert hall.refusal("buyer", escrow, way, 0)[0] == "revert_said"
    assert hall.held(token, escrow.address) == PRICE
    assert hall.held(token, "buyer") == 0
    # It's the block that does it: without, each has a half.
    hall.send("deployer", token, "setBlocked", hall.at["seller"], False)
    hall.send("deployer", arbitrator, "giveRuling", 0, NOBODY_WINS)
    assert hall.held(token, "buyer") == HALF


def test_ours_pays_the_buyer_and_keeps_the_blocked_sellers_part_for_them(hall: Hall) -> None:
    market, token = hall.suite.escrow_market, hall.contract("MockBlocklistToken")
    hall.give(token, PRICE, market.address)
    offer = hall.goods(token.address, hall.at["arbiter"])
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", market, "fund", offer, b"", 1, COIN)
    trade = hall.trade_of(offer, hall.at["buyer"])
    hall.send("seller", market, "ship", trade, bytes(32))
    hall.send("buyer", market, "dispute", trade, bytes(32))
    hall.send("deployer", token, "setBlocked", hall.at["seller"], True)
    hall.send("arbiter", market, "rule", trade, 5_000, hall.at["arbiter"])
    assert hall.held(token, "buyer") == HALF
    kept = HALF - HALF // 100
    assert hall.credit(market, token.address, "seller") == kept
    # Only the seller's own address is blocked: they may have it paid to another of theirs.
    hall.send("seller", market, "withdraw", token.address, hall.at["creator"])
    assert hall.held(token, "creator") == PRICE + kept
