"""An arbiter who never answers.

Peer, the real one: Kleros v1, `MultipleArbitrableTransaction` of @kleros/kleros-interaction 0.10.0
(2019); Origin's first marketplace did the same. Once a dispute is there, only a ruling ends it.
"""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall

KLEROS = "@kleros/kleros-interaction"
FEE = 10**15
YEAR = 365 * DAY


def test_kleros_freezes_the_money_for_ever(hall: Hall) -> None:
    built = "build/contracts"
    arbitrator = hall.peer(KLEROS, f"{built}/CentralizedArbitrator.json", FEE)
    terms = (arbitrator.address, b"", DAY)
    escrow = hall.peer(KLEROS, f"{built}/MultipleArbitrableTransaction.json", *terms)
    hall.send(
        "buyer", escrow, "createTransaction", 3 * DAY, hall.at["seller"], "terms", coins=PRICE
    )
    hall.send("buyer", escrow, "payArbitrationFeeBySender", 0, coins=FEE)
    hall.send("seller", escrow, "payArbitrationFeeByReceiver", 0, coins=FEE)
    hall.wait(100 * YEAR)
    # Every way out, tried by each: even both parties together can't have the money.
    for who in ("buyer", "seller", "deployer"):
        for way in ("executeTransaction", "timeOutBySender", "timeOutByReceiver"):
            assert hall.refusal(who, escrow, way, 0)[0] == "revert_said"
        for way in ("pay", "reimburse"):
            assert hall.refusal(who, escrow, way, 0, PRICE)[0] == "revert_said"
        assert hall.refusal(who, escrow, "rule", 0, 1) == (
            "revert_said",
            "The caller must be the arbitrator.",
        )
    assert (
        hall.coins(escrow.address) == PRICE + FEE
    )  # one of two fees; the arbitrator has the other


def test_ours_divides_it_as_agreed_after_the_deadline(hall: Hall) -> None:
    market = hall.suite.escrow_market
    offer = hall.goods(COIN, hall.at["arbiter"])
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", market, "fund", offer, b"", 1, COIN, coins=PRICE)
    trade = hall.trade_of(offer, hall.at["buyer"])
    hall.send("seller", market, "ship", trade, bytes(32))
    hall.send("buyer", market, "dispute", trade, bytes(32))
    deadline = hall.state(trade)[1]
    hall.at_time(deadline)
    assert hall.refusal("buyer", market, "claimTimeout", trade) == (
        "Trade_DeadlineNotPassed",
        "0x" + market.call("hashTrade", trade).hex(),
        str(deadline),
        str(deadline),
    )
    had = {who: hall.coins(who) for who in ("buyer", "seller")}
    hall.at_time(deadline + 1)
    hall.send("rival", market, "claimTimeout", trade)  # anybody may
    half = PRICE // 2  # the offer says so
    assert hall.coins("buyer") - had["buyer"] == half
    assert hall.coins("seller") - had["seller"] == half - half // 100
    assert hall.coins(market.address) == half // 100  # the community's, credited
