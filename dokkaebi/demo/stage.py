"""A market with people on a local chain, and what people do there, one transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.chain import (
    auction_house,
    creation_market,
    creation_registry,
    escrow_market,
    reward_pool,
    till,
    vouchers,
)
from dokkaebi.chain.assets import Asset, read_asset
from dokkaebi.chain.consents import Consent, Permit, sign
from dokkaebi.chain.documents import hash_file, make_document
from dokkaebi.chain.keys import new_key, open_key
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.sender import Receipt, Sender
from dokkaebi.chain.suite import COIN, Call, Contract, Suite
from dokkaebi.chain.terms import (
    NOBODY,
    Auction,
    Bid,
    Delivery,
    Found,
    Offer,
    Partner,
    Request,
    Swap,
    Terms,
    Trade,
    Voucher,
    Work,
)
from dokkaebi.demo.works import DemoWork
from dokkaebi.deploy import deploy_market, load_market_spec

DAY = 86_400
OPEN_SECONDS = 30 * DAY
SHIP_SECONDS = 7 * DAY
INSPECT_SECONDS = 3 * DAY
RULING_SECONDS = 5 * DAY


@dataclass(frozen=True)
class Person:
    """Somebody with a name and a key."""

    name: str
    sender: Sender

    @property
    def address(self) -> str:
        """The person's account."""
        return self.sender.address


@dataclass(frozen=True)
class Published:
    """A registered work."""

    work: DemoWork
    maker: Person
    creation: int


class Stage:
    """A freshly deployed suite. Account 0 deploys, account 1 is the co-operative's, which is the
    treasury, account 2 guards the rewards."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self.chain = chain
        self.folder = folder
        self.documents = folder / "documents"
        self._accounts = 0
        operator = self.person("operator")
        self.cooperative = self.person("cooperative")
        self.guardian = self.person("guardian")
        spec = load_market_spec().with_fee_recipient(self.cooperative.address)
        spec = spec.with_guardian(self.guardian.address)
        manifest = deploy_market(
            chain,
            operator.sender.account,
            spec,
            network="demo",
            manifest_path=folder / "deployment.json",
            documents=self.documents,
        )
        self.operator = operator
        self.suite = Suite.open(chain, manifest)
        self.coin = read_asset(self.suite, COIN)
        self.token = read_asset(self.suite, self.suite.token.address)
        self._nonces: dict[tuple[str, str], int] = {}

    def person(self, name: str) -> Person:
        """The next well-known test account, under a name."""
        key = open_key(f"test:{self._accounts}", self.chain.chain_id)
        self._accounts += 1
        return Person(name, Sender(self.chain, key))

    def newcomer(self, name: str) -> Person:
        """Somebody with a key that was just made: no coin, and no transaction ever."""
        return Person(name, Sender(self.chain, new_key()))

    def holds(self, person: Person) -> int:
        """A person's community tokens, smallest units."""
        return int(self.suite.token.call("balanceOf", person.address))

    def asset(self, name: str) -> Asset:
        """`eth` or `token`."""
        return self.coin if name == "eth" else self.token

    # Time

    def soon(self, seconds: int = OPEN_SECONDS) -> int:
        """A moment on the chain's clock, seconds since 1970."""
        return now_on(self.suite) + seconds

    def pass_time(self, seconds: int) -> None:
        """Lets time pass; only a development node can."""
        self.chain.raw("evm_increaseTime", [seconds])
        self.chain.raw("evm_mine")

    def pass_time_until(self, moment: int) -> None:
        """The same until a second has just begun, so that what follows happens within it."""
        self.chain.raw("evm_setTime", [1_000 * moment])
        self.chain.raw("evm_mine")

    # What people do

    def act(self, person: Person, call: Call) -> Receipt:
        """Somebody sends a call."""
        return person.sender.transact(*call)

    def sign(self, person: Person, terms: Terms) -> Consent:
        """Somebody signs a document, which costs nothing."""
        return sign(person.sender.account, terms, self.suite)

    def give_tokens(self, to: Person, amount: int) -> None:
        """The operator hands out tokens of the opening supply."""
        self.act(self.operator, self.suite.token.prepare("transfer", to.address, amount))

    def publish(
        self,
        maker: Person,
        work: DemoWork,
        known: dict[str, int],
        partner: tuple[Person, int] | None = None,
    ) -> Published:
        """A maker registers a work; `known` has the ids of its parents by file name. A `partner`
        made it too, for a share in basis points."""
        parents = tuple(sorted(known[name] for name in work.parents))
        creation, entry = self._work_of(maker, work, parents)
        if partner is None:
            call = creation_registry.register(self.suite, [entry])
        else:
            shares = [Partner(partner[0].address, partner[1])]
            call = creation_registry.register_together(self.suite, entry, shares)
        self.act(maker, call)
        return Published(work, maker, creation)

    def _work_of(
        self, maker: Person, work: DemoWork, parents: tuple[int, ...] = ()
    ) -> tuple[int, Work]:
        """A work's id and what is registered of it; its document is written down."""
        file = hash_file(work.path)
        document = make_document(
            file,
            work.path.name,
            maker.address,
            work.title,
            work.description,
            maker.name,
            work.royalty_bps,
            parents,
        )
        entry = creation_registry.work_of(document, file, work.royalty_bps, parents)
        write_atomically(self.documents / document.place, document.text.decode())
        return document.id, entry

    def let_move(self, owner: Person, market: Contract, creation: int) -> None:
        """An owner lets a market hand a creation over."""
        self.act(owner, creation_registry.approve_creation(self.suite, market, creation))

    def let_take(self, buyer: Person, market: Contract, asset: str, amount: int) -> None:
        """A buyer lets a market take a price in tokens."""
        if asset != COIN:
            self.act(buyer, till.approve_token(self.suite, asset, market, amount))

    def withdraw(self, person: Person) -> dict[str, int]:
        """A person withdraws all credits, of all markets; asset → amount."""
        collected: dict[str, int] = {}
        for credit in till.credits_of(self.suite, person.address):
            self.act(person, till.withdraw(credit.market, credit.asset, person.address))
            collected[credit.asset] = collected.get(credit.asset, 0) + credit.amount
        return collected

    def collect_fees(self) -> dict[str, int]:
        """Brings the fees to the pool's purse and divides them; asset → what the treasury got."""
        purse = reward_pool.terms(self.suite).purse
        for credit in till.credits_of(self.suite, purse):
            self.act(self.operator, till.withdraw_for(credit.market, credit.asset, purse))
        pool, divided = self.suite.pool, {}
        for asset in (COIN, self.suite.token.address):
            holds = (
                self.chain.balance(purse)
                if asset == COIN
                else self.suite.token.call("balanceOf", purse)
            )
            if not holds:
                continue
            receipt = self.act(self.operator, reward_pool.collect(self.suite, asset))
            (found,) = [
                pool.decode_log("IncomeCollected", log)
                for log in receipt["logs"]
                if log["topics"][0] == pool.topic("IncomeCollected")
            ]
            divided[asset] = int(found["treasury"])
        return divided

    # At once

    def new_offer(
        self, seller: Person, asset: Asset, price: int, creation: int, **terms: Any
    ) -> Offer:
        """An offer to be published or signed; the market may hand the creation over from now on."""
        market = self.suite.creation_market
        self.let_move(seller, market, creation)
        return creation_market.new_offer(
            self.suite,
            seller.address,
            creation,
            price,
            expiry=terms.pop("expiry", self.soon()),
            asset=asset.address,
            nonce=self._nonce(market, seller),
            **terms,
        )

    def offer(self, seller: Person, asset: Asset, price: int, creation: int, **terms: Any) -> Offer:
        """A seller publishes an offer."""
        offer = self.new_offer(seller, asset, price, creation, **terms)
        self.act(seller, creation_market.publish(self.suite, offer))
        return offer

    def cancel(self, seller: Person, consent: Consent) -> None:
        """A seller takes a published offer back."""
        self.act(seller, creation_market.cancel(self.suite, consent.id))

    def buy(
        self, buyer: Person, offer: Offer, signature: bytes = b"", referrer: Person | None = None
    ) -> Receipt:
        """A buyer takes an offer, published or signed."""
        self.let_take(buyer, self.suite.creation_market, offer.asset, offer.price)
        address = referrer.address if referrer else NOBODY
        return self.act(buyer, creation_market.buy(self.suite, offer, signature, address))

    def bid(self, bidder: Person, price: int, creation: int) -> tuple[Bid, bytes, Permit | None]:
        """Somebody signs what they would pay in tokens, and a permit to take it."""
        market, token = self.suite.creation_market, self.suite.token.address
        expiry = self.soon()
        bid: Bid = creation_market.new_bid(
            self.suite,
            bidder.address,
            price,
            token,
            expiry=expiry,
            creation_id=creation,
            nonce=self._nonce(market, bidder),
        )
        permit = till.sign_permit(self.suite, bidder.sender.account, token, market, price, expiry)
        return bid, self.sign(bidder, bid).signature, permit

    def accept_bid(self, owner: Person, bid: Bid, signature: bytes, permit: Permit | None) -> None:
        """An owner gives a creation for a bid."""
        self.let_move(owner, self.suite.creation_market, bid.creation_id)
        self.act(owner, creation_market.accept_bid(self.suite, bid, signature, permit=permit))

    def swap(self, maker: Person, given: int, taker: Person, wanted: int) -> None:
        """Two owners exchange creations; one signs, the other carries it out."""
        market = self.suite.creation_market
        self.let_move(maker, market, given)
        self.let_move(taker, market, wanted)
        terms: Swap = creation_market.new_swap(
            self.suite,
            maker.address,
            given,
            wanted,
            expiry=self.soon(),
            nonce=self._nonce(market, maker),
        )
        signature = self.sign(maker, terms).signature
        self.act(taker, creation_market.swap(self.suite, terms, signature))

    # Registered and sold at once

    def voucher(
        self, maker: Person, work: DemoWork, price: int, sponsor: Person, repaid: int
    ) -> Voucher:
        """A work to be registered and sold for tokens by whoever brings its maker's signature; the
        sponsor is repaid of it."""
        _, entry = self._work_of(maker, work)
        return vouchers.new_voucher(
            self.suite,
            maker.address,
            entry,
            expiry=self.soon(),
            price=price,
            asset=self.token.address,
            sponsor=sponsor.address,
            sponsor_amount=repaid,
        )

    def buy_new(self, buyer: Person, voucher: Voucher, signature: bytes) -> None:
        """A buyer registers a work and buys it, in one transaction: a permit goes along."""
        market, sale = self.suite.creation_market, voucher.sale
        permit = till.sign_permit(
            self.suite, buyer.sender.account, sale.asset, market, sale.price, self.soon()
        )
        self.act(buyer, vouchers.buy_new(self.suite, voucher, signature, permit=permit))

    # Auctions

    def auction(
        self, seller: Person, creation: int, reserve: int, seconds: int
    ) -> tuple[Auction, bytes]:
        """A seller signs an auction in coins, which the first bid opens."""
        house = self.suite.auction_house
        self.let_move(seller, house, creation)
        terms: Auction = auction_house.new_auction(
            self.suite,
            seller.address,
            creation,
            reserve,
            ends_at=self.soon(seconds),
            nonce=self._nonce(house, seller),
        )
        return terms, self.sign(seller, terms).signature

    def bid_in(self, bidder: Person, auction: Auction, amount: int, signature: bytes = b"") -> None:
        """Somebody bids in an auction; the first brings the seller's signature."""
        self.act(bidder, auction_house.bid(self.suite, auction, amount, signature))

    def settle_auction(self, person: Person, auction: Auction) -> None:
        """Anybody ends an auction whose time is over."""
        self.act(person, auction_house.settle(self.suite, auction))

    # Delivered

    def new_delivery(self, seller: Person, asset: Asset, price: int, **terms: Any) -> Delivery:
        """Terms of goods or services."""
        market = self.suite.escrow_market
        if terms.get("creation_id"):
            self.let_move(seller, market, terms["creation_id"])
        if terms.get("arbiter"):
            terms.setdefault("ruling_seconds", RULING_SECONDS)
        return escrow_market.new_delivery(
            self.suite,
            seller.address,
            price,
            expiry=self.soon(),
            asset=asset.address,
            ship_seconds=SHIP_SECONDS,
            inspect_seconds=INSPECT_SECONDS,
            nonce=self._nonce(market, seller),
            **terms,
        )

    def fund(
        self, buyer: Person, delivery: Delivery, signature: bytes = b"", units: int = 1
    ) -> Found[Trade]:
        """A buyer pays units of an offer into escrow."""
        amount = delivery.price * units
        self.let_take(buyer, self.suite.escrow_market, delivery.asset, amount)
        call = escrow_market.fund(self.suite, delivery, signature, units)
        return escrow_market.funded_trade(self.suite, self.act(buyer, call)["logs"])

    def order(
        self, buyer: Person, seller: Person, asset: Asset, price: int, **terms: Any
    ) -> Found[Trade]:
        """A seller publishes goods or services, and a buyer pays for them into escrow."""
        delivery = self.new_delivery(seller, asset, price, **terms)
        self.act(seller, escrow_market.publish(self.suite, delivery))
        return self.fund(buyer, delivery)

    def request(self, buyer: Person, asset: Asset, price: int, details: bytes) -> Request:
        """A buyer pays for work that somebody may accept."""
        market = self.suite.escrow_market
        terms: Request = escrow_market.new_request(
            self.suite,
            buyer.address,
            price,
            expiry=self.soon(),
            asset=asset.address,
            details=details,
            nonce=self._nonce(market, buyer),
        )
        self.let_take(buyer, market, asset.address, price)
        self.act(buyer, escrow_market.request(self.suite, terms))
        return terms

    def accept_request(self, seller: Person, request: Request) -> Found[Trade]:
        """A maker accepts a request."""
        receipt = self.act(seller, escrow_market.accept(self.suite, request))
        return escrow_market.funded_trade(self.suite, receipt["logs"])

    def settle(
        self, proposer: Person, accepter: Person, trade: Found[Trade], seller_bps: int
    ) -> None:
        """One party signs a division of a trade, the other carries it out."""
        expiry = self.soon(DAY)
        terms = escrow_market.new_settlement(self.suite, trade, seller_bps, expiry)
        signature = self.sign(proposer, terms).signature
        by_buyer = proposer.address == trade.terms.buyer
        signatures = (signature, b"") if by_buyer else (b"", signature)
        self.act(accepter, escrow_market.settle(self.suite, trade.terms, terms, *signatures))

    def _nonce(self, market: Contract, signer: Person) -> int:
        key = (market.name, signer.address)
        self._nonces[key] = self._nonces.get(key, -1) + 1
        return self._nonces[key]
