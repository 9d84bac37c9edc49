"""The story of a market day: who sells what to whom, at once or at auction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dokkaebi.chain.assets import Asset
from dokkaebi.demo.deliveries import Deliveries
from dokkaebi.demo.rewards import Rewards
from dokkaebi.demo.stage import DAY, Person, Published, Stage
from dokkaebi.demo.works import MAKERS_MAX, DemoWork
from dokkaebi.texts import t

REFERRAL_BPS = 500
PARTNER_BPS = 3_000
POCKET_TOKENS = 2_000
UNIT = 10**18
AUCTION_SECONDS = DAY
SPONSORED = UNIT // 4
# What becomes of the original works, in the order in which they are on the shelf.
ROLES = (
    *("sold", "signed", "certificate", "together", "auctioned", "wanted", "given", "taken"),
    "unregistered",
)

Say = Callable[..., None]


class MarketDay:
    """Plays the scenes in order; `say(key, **values)` is told each step as it happens."""

    def __init__(self, stage: Stage, works: Sequence[DemoWork], say: Say) -> None:
        self.stage = stage
        self.say = say
        names = list(dict.fromkeys(work.maker for work in works))
        self.makers = {name: stage.person(name) for name in names[:MAKERS_MAX]}
        self.works = works
        self.ari, self.boram, self.chan, self.passerby, self.arbiter = (
            stage.person(t(f"demo_person_{name}"))
            for name in ("ari", "boram", "chan", "passerby", "arbiter")
        )
        self.shelf: list[Published] = []
        self.newcomers: list[Person] = []
        originals = [work for work in works if not work.parents]
        self.roles = {work.path.name: role for work, role in zip(originals, ROLES, strict=False)}

    def play(self) -> None:
        """The whole day."""
        self.open_the_market()
        self.sell_at_once()
        self.sell_by_voucher()
        self.sell_a_derivative()
        self.let_the_price_fall()
        self.auction()
        self.bid_and_swap()
        Deliveries(self).play()
        self.close_the_market()
        Rewards(self, self.stage.folder).play()

    # Scenes

    def open_the_market(self) -> None:
        """Makers register their works, one of them together; buyers get tokens to spend."""
        self.say("demo_scene_open")
        known: dict[str, int] = {}
        for work in self.works:
            if self.roles.get(work.path.name) == "unregistered":
                continue
            partner = self._partner(work)
            shared = None if partner is None else (partner, PARTNER_BPS)
            published = self.stage.publish(self._maker(work), work, known, shared)
            known[work.path.name] = published.creation
            self.shelf.append(published)
            key = "demo_published_derivative" if work.parents else "demo_published"
            self.say(key, maker=published.maker.name, title=work.title, file=work.path.name)
            if partner is not None:
                self.say("demo_published_together", partner=partner.name)
        for buyer in (self.ari, self.boram, self.chan):
            self.stage.give_tokens(buyer, POCKET_TOKENS * UNIT)
        self.say("demo_tokens", amount=self.stage.token.text(POCKET_TOKENS * UNIT))

    def sell_at_once(self) -> None:
        """Works are offered: one is bought, one by a signature that cost its maker nothing."""
        self.say("demo_scene_instant")
        for published in self.shelf:
            role = self.roles.get(published.work.path.name)
            asset, price = self.price(published.work)
            maker, creation = published.maker, published.creation
            if published.work.parents or role in {"together", "auctioned", "wanted", "given"}:
                continue
            if role == "signed":
                offer = self.stage.new_offer(
                    maker, asset, price, creation, referral_bps=REFERRAL_BPS
                )
                signature = self.stage.sign(maker, offer).signature
                self.stage.buy(self.boram, offer, signature, self.passerby)
                self.say("demo_signed", maker=maker.name, title=published.work.title)
                self._bought(self.boram, published)
                self.say("demo_referred", referrer=self.passerby.name)
                continue
            offer = self.stage.offer(maker, asset, price, creation)
            if role == "sold":
                self.stage.buy(self.ari, offer)
                self._bought(self.ari, published)
            elif role == "certificate":
                self.stage.cancel(maker, self.stage.sign(maker, offer))
                self.say("demo_cancelled", maker=maker.name, title=published.work.title)

    def sell_by_voucher(self) -> None:
        """A maker who never had a coin signs; the buyer registers and buys the work at once."""
        work = next((w for w in self.works if self.roles.get(w.path.name) == "unregistered"), None)
        if work is None:
            return
        self.say("demo_scene_voucher")
        name = t("demo_person_newcomer") if work.maker in self.makers else work.maker
        maker, sponsor = self.stage.newcomer(name), self.stage.cooperative
        self.newcomers.append(maker)
        asset, price = self.stage.token, work.price
        voucher = self.stage.voucher(maker, work, price, sponsor, SPONSORED)
        signature = self.stage.sign(maker, voucher).signature
        values = {"maker": name, "title": work.title}
        self.say("demo_voucher_signed", file=work.path.name, price=asset.text(price), **values)
        self.stage.buy_new(self.boram, voucher, signature)
        self.say("demo_voucher_bought", buyer=self.boram.name, **values)
        self.say(
            "demo_voucher_paid",
            maker=name,
            amount=asset.text(self.stage.holds(maker)),
            sponsor=t("demo_person_cooperative"),
            repaid=asset.text(SPONSORED),
        )

    def sell_a_derivative(self) -> None:
        """A derivative is sold and resold; each time its parents' creators get their part."""
        derivative = next((p for p in self.shelf if p.work.parents), None)
        if derivative is None:
            return
        self.say("demo_scene_derivative")
        asset, price = self.price(derivative.work)
        first = self.stage.offer(derivative.maker, asset, price, derivative.creation)
        self.stage.buy(self.boram, first)
        self._bought(self.boram, derivative)
        self.stage.pass_time(DAY)
        resale = self.stage.offer(self.boram, asset, 2 * price, derivative.creation)
        self.stage.buy(self.chan, resale)
        self.say(
            "demo_resold",
            seller=self.boram.name,
            buyer=self.chan.name,
            title=derivative.work.title,
            price=asset.text(2 * price),
            maker=derivative.maker.name,
        )

    def let_the_price_fall(self) -> None:
        """A price falls until somebody buys; a partner gets a share."""
        published = self.played("together")
        if published is None:
            return
        self.say("demo_scene_falling")
        asset, price = self.price(published.work)
        start = self.stage.soon(0)
        offer = self.stage.new_offer(
            published.maker,
            asset,
            price,
            published.creation,
            start=start,
            end_price=price // 2,
            expiry=start + 2 * DAY,
        )
        signature = self.stage.sign(published.maker, offer).signature
        self.stage.pass_time_until(start + DAY)
        self.stage.buy(self.chan, offer, signature)
        self.say(
            "demo_fell",
            buyer=self.chan.name,
            title=published.work.title,
            maker=published.maker.name,
            price=asset.text(price),
            end=asset.text(price // 2),
        )
        partner = self._partner(published.work)
        if partner is not None:
            self.say("demo_shared", partner=partner.name, percent=PARTNER_BPS // 100)

    def auction(self) -> None:
        """An auction that its seller only signed; the outbid bidder is repaid at once."""
        published = self.played("auctioned")
        if published is None:
            return
        self.say("demo_scene_auction")
        coin, reserve = self.stage.coin, UNIT // 100
        maker, title = published.maker, published.work.title
        auction, signature = self.stage.auction(maker, published.creation, reserve, AUCTION_SECONDS)
        self.say("demo_auction", maker=maker.name, title=title, price=coin.text(reserve))
        self.stage.bid_in(self.boram, auction, reserve, signature)
        self.say("demo_auction_bid", bidder=self.boram.name, price=coin.text(reserve))
        self.stage.bid_in(self.chan, auction, 3 * reserve)
        self.say("demo_auction_bid", bidder=self.chan.name, price=coin.text(3 * reserve))
        self.say("demo_auction_repaid", bidder=self.boram.name)
        self.stage.pass_time(AUCTION_SECONDS + 1)
        self.stage.settle_auction(self.passerby, auction)
        self.say("demo_auction_settled", bidder=self.chan.name, title=title, maker=maker.name)

    def bid_and_swap(self) -> None:
        """A bid is accepted, and two makers exchange works without money."""
        wanted = self.played("wanted")
        if wanted is not None:
            self.say("demo_scene_bid")
            price = 70 * UNIT
            bid = self.stage.bid(self.ari, price, wanted.creation)
            title = wanted.work.title
            self.say(
                "demo_bid",
                bidder=self.ari.name,
                title=title,
                price=self.stage.token.text(price),
            )
            self.stage.accept_bid(wanted.maker, *bid)
            self.say("demo_bid_accepted", maker=wanted.maker.name, bidder=self.ari.name)
        given, taken = self.played("given"), self._other_makers_work()
        if given is None or taken is None:
            return
        self.say("demo_scene_swap")
        self.stage.swap(given.maker, given.creation, taken.maker, taken.creation)
        self.say(
            "demo_swapped",
            maker=given.maker.name,
            given=given.work.title,
            taker=taken.maker.name,
            taken=taken.work.title,
        )

    def close_the_market(self) -> None:
        """Everybody collects what waits for them."""
        self.say("demo_scene_close")
        for asset, amount in self.stage.collect_fees().items():
            shown = self.stage.coin if asset == self.stage.coin.address else self.stage.token
            name = t("demo_person_cooperative")
            self.say("demo_withdrew", person=name, amount=shown.text(amount))
        guests = (self.ari, self.boram, self.chan, self.passerby, self.arbiter)
        for person in (*self.makers.values(), *guests):
            for asset, amount in self.stage.withdraw(person).items():
                shown = self.stage.coin if asset == self.stage.coin.address else self.stage.token
                self.say("demo_withdrew", person=person.name, amount=shown.text(amount))
        self.say("demo_paid_at_once")

    # What the scenes are made of

    def played(self, role: str) -> Published | None:
        """The work that plays a role today, if there are works enough."""
        return next((p for p in self.shelf if self.roles.get(p.work.path.name) == role), None)

    def someone(self, number: int) -> Person:
        """One of the makers, whichever there are."""
        makers = list(self.makers.values())
        return makers[number % len(makers)]

    def price(self, work: DemoWork) -> tuple[Asset, int]:
        """What a work's maker asks for it."""
        return self.stage.asset(work.asset), work.price

    def _maker(self, work: DemoWork) -> Person:
        return self.makers.get(work.maker) or next(iter(self.makers.values()))

    def _partner(self, work: DemoWork) -> Person | None:
        """Who made a work together with its maker: of one work, the next maker."""
        makers = list(self.makers.values())
        if self.roles.get(work.path.name) != "together" or len(makers) < 2:
            return None
        return makers[(makers.index(self._maker(work)) + 1) % len(makers)]

    def _other_makers_work(self) -> Published | None:
        """A work still with its maker, who isn't the one who gives theirs away."""
        given = self.played("given")
        late = self.shelf[ROLES.index("taken") :]
        return next(
            (
                p
                for p in late
                if given is not None
                and not p.work.parents
                and p.maker is not given.maker
                and self.roles.get(p.work.path.name) in {"taken", None}
            ),
            None,
        )

    def _bought(self, buyer: Person, published: Published) -> None:
        asset, price = self.price(published.work)
        self.say(
            "demo_bought",
            buyer=buyer.name,
            title=published.work.title,
            maker=published.maker.name,
            price=asset.text(price),
        )
