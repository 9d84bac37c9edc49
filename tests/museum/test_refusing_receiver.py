"""A party that refuses the coins it's sent, so that the other isn't paid either.

Peer, a model: `models/OriginEscrow.sol`, Origin's first marketplace (2018), whose package on npm
brings no escrow. A ruling pushes to both parties and insists that both arrive.
"""

from __future__ import annotations

from bench.gas.ours import PRICE
from dokkaebi.chain.suite import COIN
from tests.museum.hall import REJECT, Hall

HALF = PRICE // 2


def test_origins_seller_is_never_paid(hall: Hall) -> None:
    escrow, buyer = hall.model("OriginEscrow"), hall.receiver()
    parties = (hall.at["seller"], hall.at["arbiter"])
    hall.through(buyer, escrow, "open", *parties, coins=PRICE)
    hall.through(buyer, escrow, "dispute", 0)
    hall.send("rival", buyer, "setMode", REJECT)
    # The arbiter gives the seller everything but one wei, and still nothing moves.
    for refund in (HALF, 1, PRICE):
        refused = hall.refusal("arbiter", escrow, "rule", 0, refund)
        assert refused == ("revert_said", "refund failed")
    assert hall.refusal("seller", escrow, "finalize", 0) == ("revert_said", "not now")
    assert hall.coins(escrow.address) == PRICE


def test_ours_pays_the_seller_and_keeps_the_buyers_part_for_them(hall: Hall) -> None:
    market, buyer = hall.suite.escrow_market, hall.receiver()
    offer = hall.goods(COIN, hall.at["arbiter"])
    hall.send("seller", market, "offer", offer)
    hall.through(buyer, market, "fund", offer, b"", 1, COIN, coins=PRICE)
    trade = hall.trade_of(offer, buyer.address)
    hall.send("seller", market, "ship", trade, bytes(32))
    hall.through(buyer, market, "dispute", trade, bytes(32))
    hall.send("rival", buyer, "setMode", REJECT)
    had = hall.coins("seller")
    hall.send("arbiter", market, "rule", trade, 5_000, hall.at["arbiter"])
    assert hall.coins("seller") - had == HALF - HALF // 100
    assert hall.credit(market, COIN, buyer.address) == HALF
    assert hall.refusal("rival", market, "withdrawFor", COIN, buyer.address) == (
        "Withdrawal_Failed",
        COIN,
        buyer.address,
        str(HALF),
    )
    had = hall.coins("creator")
    hall.through(buyer, market, "withdraw", COIN, hall.at["creator"])
    assert hall.coins("creator") - had == HALF
