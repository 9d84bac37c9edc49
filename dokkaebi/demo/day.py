"""The story of a market day: who sells what to whom, and what goes wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from dokkaebi.chain.assets import Asset
from dokkaebi.chain.market import Offer
from dokkaebi.demo.stage import DAY, INSPECT_SECONDS, SHIP_SECONDS, Person, Published, Stage
from dokkaebi.demo.works import MAKERS_MAX, DemoWork
from dokkaebi.texts import t

REFERRAL_BPS = 500
POCKET_TOKENS = 2_000
UNIT = 10**18

Say = Callable[..., None]


class MarketDay:
    """Plays the scenes in order; `say(key, **values)` is told each step as it happens."""

    def __init__(self, stage: Stage, works: Sequence[DemoWork], say: Say) -> None:
        self.stage = stage
        self.say = say
        makers = list(dict.fromkeys(work.maker for work in works))
        self.makers = {name: stage.person(name) for name in makers[:MAKERS_MAX]}
        self.works = works
        self.ari, self.boram, self.chan, self.passerby = (
            stage.person(t(f"demo_person_{name}")) for name in ("ari", "boram", "chan", "passerby")
        )
        self.shelf: list[Published] = []

    def play(self) -> None:
        """The whole day."""
        self.open_the_market()
        self.sell_at_once()
        self.sell_a_derivative()
        self.deliver()
        self.never_ship()
        self.never_confirm()
        self.refuse()
        self.close_the_market()

    # Scenes

    def open_the_market(self) -> None:
        """Makers register their works and offer each of them; buyers get tokens to spend."""
        self.say("demo_scene_open")
        known: dict[str, int] = {}
        for work in self.works:
            published = self.stage.publish(self._maker(work), work, known)
            known[work.path.name] = published.creation
            self.shelf.append(published)
            key = "demo_published_derivative" if work.parents else "demo_published"
            self.say(key, maker=published.maker.name, title=work.title, file=work.path.name)
        for buyer in (self.ari, self.boram, self.chan):
            self.stage.give_tokens(buyer, POCKET_TOKENS * UNIT)
        self.say("demo_tokens", amount=self.stage.token.text(POCKET_TOKENS * UNIT))

    def sell_at_once(self) -> None:
        """Two works change hands at once, one of them thanks to somebody who told a friend."""
        self.say("demo_scene_instant")
        originals = [p for p in self.shelf if not p.work.parents]
        for number, published in enumerate(originals):
            offer = self._offer(published, referral_bps=REFERRAL_BPS)
            if number == 0:
                self.stage.take(self.ari, offer)
                self._bought(self.ari, published)
            elif number == 1:
                self.stage.take(self.boram, offer, self.passerby)
                self._bought(self.boram, published)
                self.say("demo_referred", referrer=self.passerby.name)
            elif number == 2:
                self.stage.cancel(published.maker, offer)
                self.say("demo_cancelled", maker=published.maker.name, title=published.work.title)

    def sell_a_derivative(self) -> None:
        """A derivative is sold and resold; each time its parents' creators get their part."""
        derivative = next((p for p in self.shelf if p.work.parents), None)
        if derivative is None:
            return
        self.say("demo_scene_derivative")
        self.stage.take(self.boram, self._offer(derivative))
        self._bought(self.boram, derivative)
        self.stage.pass_time(DAY)
        asset, price = self._price(derivative.work)
        resale = self.stage.offer(self.boram, asset, 2 * price, creation=derivative.creation)
        self.stage.take(self.chan, resale)
        self.say(
            "demo_resold",
            seller=self.boram.name,
            buyer=self.chan.name,
            title=derivative.work.title,
            price=asset.text(2 * price),
            maker=derivative.maker.name,
        )

    def deliver(self) -> None:
        """Goods are paid into escrow, shipped and confirmed; one has its work as certificate."""
        self.say("demo_scene_delivered")
        maker = self._someone(0)
        asset, price = self.stage.coin, 8 * UNIT // 100
        trade = self.stage.fund(self.chan, self._goods(maker, "demo_goods_bowls", asset, price))
        self._funded(self.chan, maker, "demo_goods_bowls", asset, price)
        self.stage.pass_time(2 * DAY)
        self.stage.ship(maker, trade)
        self.say("demo_shipped", maker=maker.name)
        self.stage.pass_time(DAY)
        self.stage.end(self.chan, "confirm", trade)
        self.say("demo_confirmed", buyer=self.chan.name, maker=maker.name)
        self._deliver_with_certificate()

    def _deliver_with_certificate(self) -> None:
        kept = [p for p in self.shelf[2:] if not p.work.parents]
        if not kept:
            return
        published = kept[0]
        asset, price = self.stage.token, 300 * UNIT
        offer = self.stage.offer(
            published.maker, asset, price, creation=published.creation, delivered=True
        )
        trade = self.stage.fund(self.ari, offer)
        self.say(
            "demo_certificate",
            buyer=self.ari.name,
            maker=published.maker.name,
            title=published.work.title,
            price=asset.text(price),
        )
        self.stage.end(self.ari, "confirm", trade)
        self.say("demo_confirmed_by_hand", buyer=self.ari.name, maker=published.maker.name)

    def never_ship(self) -> None:
        """A seller never ships; after the deadline a passer-by sends the money back."""
        self.say("demo_scene_no_shipping")
        maker = self._someone(2)
        asset, price = self.stage.token, 90 * UNIT
        trade = self.stage.fund(self.boram, self._goods(maker, "demo_goods_repair", asset, price))
        self._funded(self.boram, maker, "demo_goods_repair", asset, price)
        self.stage.pass_time(SHIP_SECONDS + 1)
        self.stage.end(self.passerby, "claimTimeout", trade)
        self.say("demo_not_shipped", maker=maker.name, buyer=self.boram.name)

    def never_confirm(self) -> None:
        """A buyer never confirms; after the inspection the seller is paid all the same."""
        self.say("demo_scene_no_confirmation")
        maker = self._someone(1)
        asset, price = self.stage.coin, 3 * UNIT // 100
        trade = self.stage.fund(self.ari, self._goods(maker, "demo_goods_song", asset, price))
        self._funded(self.ari, maker, "demo_goods_song", asset, price)
        self.stage.pass_time(DAY)
        self.stage.ship(maker, trade)
        self.say("demo_shipped", maker=maker.name)
        self.stage.pass_time(INSPECT_SECONDS + 1)
        self.stage.end(self.passerby, "claimTimeout", trade)
        self.say("demo_not_confirmed", maker=maker.name, buyer=self.ari.name)

    def refuse(self) -> None:
        """A seller gives the money back; another trade stays on its way."""
        self.say("demo_scene_refusal")
        maker = self._someone(3)
        asset, price = self.stage.token, 150 * UNIT
        trade = self.stage.fund(self.chan, self._goods(maker, "demo_goods_blanket", asset, price))
        self._funded(self.chan, maker, "demo_goods_blanket", asset, price)
        self.stage.end(maker, "refund", trade)
        self.say("demo_refused", maker=maker.name, buyer=self.chan.name)
        asset, price = self.stage.coin, 4 * UNIT // 100
        goods = self._goods(maker, "demo_goods_scarf", asset, price)
        self.stage.fund(self.boram, goods)
        self._funded(self.boram, maker, "demo_goods_scarf", asset, price)
        self.say("demo_still_open", buyer=self.boram.name)

    def close_the_market(self) -> None:
        """Everybody collects what waits for them."""
        self.say("demo_scene_close")
        cooperative = self.stage.cooperative
        people = [*self.makers.values(), self.ari, self.boram, self.chan, self.passerby]
        for person in (cooperative, *people):
            name = t("demo_person_cooperative") if person is cooperative else person.name
            for asset, amount in self.stage.withdraw(person).items():
                shown = self.stage.coin if asset == self.stage.coin.address else self.stage.token
                self.say("demo_withdrew", person=name, amount=shown.text(amount))
        self.say("demo_paid_at_once")

    # What the scenes are made of

    def _maker(self, work: DemoWork) -> Person:
        return self.makers.get(work.maker) or next(iter(self.makers.values()))

    def _someone(self, number: int) -> Person:
        """One of the makers, whichever there are."""
        makers = list(self.makers.values())
        return makers[number % len(makers)]

    def _price(self, work: DemoWork) -> tuple[Asset, int]:
        return self.stage.asset(work.asset), work.price

    def _offer(self, published: Published, referral_bps: int = 0) -> Offer:
        asset, price = self._price(published.work)
        return self.stage.offer(
            published.maker, asset, price, creation=published.creation, referral_bps=referral_bps
        )

    def _goods(self, maker: Person, what: str, asset: Asset, price: int) -> Offer:
        details = hashlib.sha256(t(what).encode()).digest()
        return self.stage.offer(maker, asset, price, delivered=True, details=details)

    def _bought(self, buyer: Person, published: Published) -> None:
        asset, price = self._price(published.work)
        self.say(
            "demo_bought",
            buyer=buyer.name,
            title=published.work.title,
            maker=published.maker.name,
            price=asset.text(price),
        )

    def _funded(self, buyer: Person, maker: Person, what: str, asset: Asset, price: int) -> None:
        self.say(
            "demo_funded",
            buyer=buyer.name,
            maker=maker.name,
            goods=t(what),
            price=asset.text(price),
        )
