"""A market with people on a local chain, and what people do there, one transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dokkaebi.chain import market
from dokkaebi.chain.assets import Asset, read_asset
from dokkaebi.chain.documents import content_commitment, hash_file, make_document
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.market import DELIVERED, INSTANT, NOBODY, ZERO_WORD, FoundTrade, Offer
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.sender import Receipt, Sender
from dokkaebi.chain.suite import COIN, Suite
from dokkaebi.demo.works import DemoWork
from dokkaebi.deploy import deploy_market, load_market_spec

DAY = 86_400
OFFER_DAYS = 30
SHIP_SECONDS = 7 * DAY
INSPECT_SECONDS = 3 * DAY


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
    """A freshly deployed market. Account 0 deploys, account 1 is the co-operative's."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self.chain = chain
        self.documents = folder / "documents"
        self._accounts = 0
        operator = self.person("operator")
        self.cooperative = self.person("cooperative")
        spec = load_market_spec().with_fee_recipient(self.cooperative.address)
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
        self._salt = 0

    def person(self, name: str) -> Person:
        """The next well-known test account, under a name."""
        key = open_key(f"test:{self._accounts}", self.chain.chain_id)
        self._accounts += 1
        return Person(name, Sender(self.chain, key))

    def asset(self, name: str) -> Asset:
        """`eth` or `token`."""
        return self.coin if name == "eth" else self.token

    # Time

    def now(self) -> int:
        """The chain's time, seconds since 1970."""
        return int(self.chain.block()["timestamp"], 16)

    def pass_time(self, seconds: int) -> None:
        """Lets time pass; only a development node can."""
        self.chain.raw("evm_increaseTime", [seconds])
        self.chain.raw("evm_mine")

    # What people do

    def give_tokens(self, to: Person, amount: int) -> None:
        """The operator hands out tokens of the opening supply."""
        data = self.suite.token.encode("transfer", to.address, amount)
        self.operator.sender.transact(self.suite.token.address, data)

    def publish(self, maker: Person, work: DemoWork, known: dict[str, int]) -> Published:
        """A maker registers a work; `known` has the ids of its parents by file name."""
        file = hash_file(work.path)
        parents = tuple(sorted(known[name] for name in work.parents))
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
        commitment = content_commitment(file.sha256, maker.address)
        entry = market.Work(
            document.digest, len(document.text), work.royalty_bps, commitment, parents
        )
        write_atomically(self.documents / document.place, document.text.decode())
        data = market.register_data(self.suite, [entry])
        self._act(maker, self.suite.registry.address, data)
        return Published(work, maker, document.id)

    def offer(
        self,
        seller: Person,
        asset: Asset,
        price: int,
        *,
        creation: int = 0,
        delivered: bool = False,
        referral_bps: int = 0,
        details: bytes = ZERO_WORD,
    ) -> Offer:
        """A seller publishes an offer; of a creation, the market may hand it over from now on."""
        self._salt += 1
        tenure = int(self.suite.registry.call("tenureOf", creation)) if creation else 0
        offer = Offer(
            seller=seller.address,
            kind=DELIVERED if delivered else INSTANT,
            creation_id=creation,
            tenure=tenure,
            asset=asset.address,
            price=price,
            expiry=self.now() + OFFER_DAYS * DAY,
            ship_seconds=SHIP_SECONDS if delivered else 0,
            inspect_seconds=INSPECT_SECONDS if delivered else 0,
            referral_bps=referral_bps,
            details=details,
            salt=self._salt,
        )
        if creation:
            approval = market.approve_creation_data(self.suite, creation)
            self._act(seller, self.suite.registry.address, approval)
        self._market(seller, market.offer_data(self.suite, offer))
        return offer

    def cancel(self, seller: Person, offer: Offer) -> None:
        """A seller takes an offer back."""
        offer_id = market.id_of_offer(self.suite, offer)
        self._market(seller, market.cancel_data(self.suite, offer_id))

    def take(self, buyer: Person, offer: Offer, referrer: Person | None = None) -> Receipt:
        """A buyer pays an offer's price: buys an instant one, funds a delivered one."""
        if offer.asset != COIN:
            approval = market.approve_token_data(
                self.suite.token, self.suite.market.address, offer.price
            )
            self._act(buyer, offer.asset, approval)
        data = market.take_data(self.suite, offer, referrer.address if referrer else NOBODY)
        return self._market(buyer, data, offer.price if offer.asset == COIN else 0)

    def fund(self, buyer: Person, offer: Offer) -> FoundTrade:
        """A buyer pays a delivered offer's price into escrow."""
        return market.funded_trade(self.suite, self.take(buyer, offer)["logs"])

    def ship(self, seller: Person, trade: FoundTrade) -> None:
        """A seller says the goods are on their way."""
        self._market(seller, market.ship_data(self.suite, trade.trade, ZERO_WORD))

    def end(self, person: Person, act: str, trade: FoundTrade) -> None:
        """Somebody ends a trade: `confirm`, `refund` or `claimTimeout`."""
        self._market(person, market.trade_data(self.suite, act, trade.trade))

    def withdraw(self, person: Person) -> dict[str, int]:
        """A person withdraws all credits; asset → amount."""
        credit = market.credits_of(self.suite, person.address)
        for asset in credit:
            self._market(person, market.withdraw_data(self.suite, asset, person.address))
        return credit

    def _market(self, person: Person, data: str, value: int = 0) -> Receipt:
        return self._act(person, self.suite.market.address, data, value)

    def _act(self, person: Person, to: str, data: str, value: int = 0) -> Receipt:
        return person.sender.transact(to, data, value)
