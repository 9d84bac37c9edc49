"""The market day's deliveries: what is made, shipped, confirmed, quarrelled about and settled."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from dokkaebi.chain import escrow_market
from dokkaebi.chain.assets import Asset
from dokkaebi.chain.terms import Found, Trade
from dokkaebi.demo.stage import DAY, INSPECT_SECONDS, RULING_SECONDS, SHIP_SECONDS, Person
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.demo.day import MarketDay

UNIT = 10**18
ARBITER_FEE_BPS = 200
SILENT_SELLER_BPS = 4_000
RULED_SELLER_BPS = 7_000
SETTLED_SELLER_BPS = 5_000
PARTS = (30, 30, 40)


def goods_of(what: str) -> bytes:
    """sha2-256 of what goods are called: the document that an offer of them names."""
    return hashlib.sha256(t(what).encode()).digest()


class Deliveries:
    """The scenes in which money waits in escrow."""

    def __init__(self, day: MarketDay) -> None:
        self.day = day
        self.stage, self.suite, self.say = day.stage, day.stage.suite, day.say
        self.ari, self.boram, self.chan, self.passerby = day.ari, day.boram, day.chan, day.passerby

    def play(self) -> None:
        """All of them."""
        self.deliver()
        self.deliver_in_parts()
        self.answer_a_request()
        self.dispute()
        self.never_ship()
        self.never_confirm()
        self.refuse()

    def deliver(self) -> None:
        """Goods are paid into escrow, shipped and confirmed; one has its work as certificate."""
        self.say("demo_scene_delivered")
        maker = self.day.someone(0)
        asset, price = self.stage.coin, 4 * UNIT // 100
        bowls = self.stage.new_delivery(
            maker, asset, price, units=5, details=goods_of("demo_goods_bowls")
        )
        signature = self.stage.sign(maker, bowls).signature
        trade = self.stage.fund(self.chan, bowls, signature, units=2)
        self._funded(self.chan, maker, "demo_goods_bowls", asset, 2 * price)
        self.say("demo_units", taken=2, units=5)
        self.stage.pass_time(2 * DAY)
        self._ship(maker, trade)
        self.stage.pass_time(DAY)
        self._confirm(self.chan, maker, trade)
        self._deliver_with_certificate()

    def _deliver_with_certificate(self) -> None:
        published = self.day.played("certificate")
        if published is None:
            return
        asset, price = self.stage.token, 300 * UNIT
        maker = published.maker
        trade = self.stage.order(self.ari, maker, asset, price, creation_id=published.creation)
        self.say(
            "demo_certificate",
            buyer=self.ari.name,
            maker=maker.name,
            title=published.work.title,
            price=asset.text(price),
        )
        self.stage.act(self.ari, escrow_market.confirm(self.suite, trade.terms))
        self.say("demo_confirmed_by_hand", buyer=self.ari.name, maker=maker.name)

    def deliver_in_parts(self) -> None:
        """A service in three parts: two are done and paid, the third is given back."""
        self.say("demo_scene_parts")
        maker = self.day.someone(2)
        asset, price = self.stage.token, 200 * UNIT
        trade = self._order(self.boram, maker, "demo_goods_kitchen", asset, price, parts=PARTS)
        for part in (1, 2):
            self.stage.pass_time(DAY)
            self.stage.act(maker, escrow_market.ship(self.suite, trade.terms))
            self.stage.act(self.boram, escrow_market.confirm(self.suite, trade.terms))
            self.say("demo_part", number=part, maker=maker.name, percent=PARTS[part - 1])
        self.stage.act(maker, escrow_market.refund(self.suite, trade.terms))
        self.say("demo_rest_refunded", maker=maker.name, buyer=self.boram.name, percent=PARTS[2])

    def answer_a_request(self) -> None:
        """A buyer pays first, and a maker accepts the work; another request is taken back."""
        self.say("demo_scene_request")
        asset, price = self.stage.token, 60 * UNIT
        request = self.stage.request(self.ari, asset, price, goods_of("demo_goods_sign"))
        self.say(
            "demo_requested",
            buyer=self.ari.name,
            goods=t("demo_goods_sign"),
            price=asset.text(price),
        )
        maker = self.day.someone(1)
        trade = self.stage.accept_request(maker, request)
        self.say("demo_request_accepted", maker=maker.name)
        self._ship(maker, trade)
        self._confirm(self.ari, maker, trade)
        late = self.stage.request(self.chan, asset, price, goods_of("demo_goods_sign"))
        self.stage.act(self.chan, escrow_market.retract(self.suite, late))
        self.say("demo_request_retracted", buyer=self.chan.name)

    def dispute(self) -> None:
        """Three quarrels: one is ruled, one slept over, and one settled without the arbiter."""
        self.say("demo_scene_dispute")
        arbiter = self.day.arbiter
        maker = self.day.someone(0)
        asset, price = self.stage.token, 100 * UNIT
        named = {"arbiter": arbiter.address, "arbiter_fee_bps": ARBITER_FEE_BPS}
        named |= {"silent_seller_bps": SILENT_SELLER_BPS}
        for ending in ("ruled", "silent", "settled"):
            what = f"demo_goods_{ending}"
            trade = self._order(self.chan, maker, what, asset, price, **named)
            self._ship(maker, trade)
            complaint = hashlib.sha256(t("demo_complaint").encode()).digest()
            call = escrow_market.dispute(self.suite, trade.terms, complaint)
            self.stage.act(self.chan, call)
            self.say("demo_disputed", buyer=self.chan.name)
            if ending == "ruled":
                call = escrow_market.rule(
                    self.suite, trade.terms, RULED_SELLER_BPS, arbiter.address
                )
                self.stage.act(arbiter, call)
                percent = RULED_SELLER_BPS // 100
                self.say("demo_ruled", arbiter=arbiter.name, percent=percent, maker=maker.name)
            elif ending == "silent":
                self.stage.pass_time(RULING_SECONDS + 1)
                call = escrow_market.claim_timeout(self.suite, trade.terms)
                self.stage.act(self.passerby, call)
                percent = SILENT_SELLER_BPS // 100
                self.say("demo_silent", arbiter=arbiter.name, percent=percent, maker=maker.name)
            else:
                self.stage.settle(maker, self.chan, trade, SETTLED_SELLER_BPS)
                self.say("demo_settled", maker=maker.name, buyer=self.chan.name)

    def never_ship(self) -> None:
        """A seller never ships; after the deadline a passer-by sends the money back."""
        self.say("demo_scene_no_shipping")
        maker = self.day.someone(2)
        asset, price = self.stage.token, 90 * UNIT
        trade = self._order(self.boram, maker, "demo_goods_repair", asset, price)
        self.stage.pass_time(SHIP_SECONDS + 1)
        self.stage.act(self.passerby, escrow_market.claim_timeout(self.suite, trade.terms))
        self.say("demo_not_shipped", maker=maker.name, buyer=self.boram.name)

    def never_confirm(self) -> None:
        """A buyer never confirms; after the inspection the seller is paid all the same."""
        self.say("demo_scene_no_confirmation")
        maker = self.day.someone(1)
        asset, price = self.stage.coin, 3 * UNIT // 100
        trade = self._order(self.ari, maker, "demo_goods_song", asset, price)
        self.stage.pass_time(DAY)
        self._ship(maker, trade)
        self.stage.pass_time(INSPECT_SECONDS + 1)
        self.stage.act(self.passerby, escrow_market.claim_timeout(self.suite, trade.terms))
        self.say("demo_not_confirmed", maker=maker.name, buyer=self.ari.name)

    def refuse(self) -> None:
        """A seller gives the money back; another trade stays on its way."""
        self.say("demo_scene_refusal")
        maker = self.day.someone(3)
        asset, price = self.stage.token, 150 * UNIT
        trade = self._order(self.chan, maker, "demo_goods_blanket", asset, price)
        self.stage.act(maker, escrow_market.refund(self.suite, trade.terms))
        self.say("demo_refused", maker=maker.name, buyer=self.chan.name)
        asset, price = self.stage.coin, 4 * UNIT // 100
        self._order(self.boram, maker, "demo_goods_scarf", asset, price)
        self.say("demo_still_open", buyer=self.boram.name)

    # What the scenes are made of

    def _order(
        self, buyer: Person, maker: Person, what: str, asset: Asset, price: int, **terms: object
    ) -> Found[Trade]:
        trade = self.stage.order(buyer, maker, asset, price, details=goods_of(what), **terms)
        self._funded(buyer, maker, what, asset, price)
        return trade

    def _ship(self, maker: Person, trade: Found[Trade]) -> None:
        self.stage.act(maker, escrow_market.ship(self.suite, trade.terms))
        self.say("demo_shipped", maker=maker.name)

    def _confirm(self, buyer: Person, maker: Person, trade: Found[Trade]) -> None:
        self.stage.act(buyer, escrow_market.confirm(self.suite, trade.terms))
        self.say("demo_confirmed", buyer=buyer.name, maker=maker.name)

    def _funded(self, buyer: Person, maker: Person, what: str, asset: Asset, price: int) -> None:
        self.say(
            "demo_funded",
            buyer=buyer.name,
            maker=maker.name,
            goods=t(what),
            price=asset.text(price),
        )
