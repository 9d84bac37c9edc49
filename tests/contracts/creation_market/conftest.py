"""What the creation market's tests share: documents with defaults, what people do with them, and
books kept from events alone, which every test ends by comparing with the market."""

from typing import NamedTuple

import pytest
from brownie import ZERO_ADDRESS, chain, web3
from eth_utils import keccak
from web3._utils.events import get_event_data

from tests.contracts.auction_house.conftest import Books, Money
from tests.contracts.support import (
    COIN,
    DAY,
    FEE_BPS,
    TOKENS,
    _word,
    domain_separator,
    only_event,
    register,
    reverts_with,
    sign,
)

PRICE = 10**15 + 7
FEE = PRICE * FEE_BPS // 10_000
ROYALTY = PRICE * 500 // 10_000
PRICE_MAX = 2**128 - 1
MUCH = 2**256 - 1


class Offer(NamedTuple):
    """`ICreationMarket.Offer`; change a field with `_replace`."""

    seller: str
    buyer: str
    collection: str
    creation_id: int
    tenure: int
    start: int
    price: int
    end_price: int
    asset: str
    expiry: int
    royalty_bps_max: int
    referral_bps: int
    nonce: int


class Bid(NamedTuple):
    """`ICreationMarket.Bid`."""

    bidder: str
    collection: str
    creation_id: int
    creator: str
    tenure: int
    asset: str
    price: int
    expiry: int
    nonce: int


class Swap(NamedTuple):
    """`ICreationMarket.Swap`."""

    maker: str
    taker: str
    given_collection: str
    given_id: int
    given_tenure: int
    wanted_collection: str
    wanted_id: int
    wanted_tenure: int
    expiry: int
    nonce: int


TYPES = {
    Offer: b"Offer(address seller,address buyer,address collection,uint256 creationId,"
    b"uint256 tenure,uint256 start,uint256 price,uint256 endPrice,address asset,uint256 expiry,"
    b"uint256 royaltyBpsMax,uint256 referralBps,uint256 nonce)",
    Bid: b"Bid(address bidder,address collection,uint256 creationId,address creator,"
    b"uint256 tenure,address asset,uint256 price,uint256 expiry,uint256 nonce)",
    Swap: b"Swap(address maker,address taker,address givenCollection,uint256 givenId,"
    b"uint256 givenTenure,address wantedCollection,uint256 wantedId,uint256 wantedTenure,"
    b"uint256 expiry,uint256 nonce)",
}


def digest(market, document, chain_id=None):
    """EIP-712: the digest of a document under a market's domain, on this chain unless told."""
    struct_hash = keccak(keccak(TYPES[type(document)]) + b"".join(map(_word, document)))
    chain_id = chain.id if chain_id is None else chain_id
    domain = domain_separator("Dokkaebi CreationMarket", "1", chain_id, market)
    return keccak(b"\x19\x01" + domain + struct_hash)


def hex_of(value):
    """bytes32 as events say them."""
    return "0x" + bytes(value).hex()


class Shop:
    """The creation market and what people do there; every act returns its transaction."""

    def __init__(self, contract, registry):
        self.contract = contract
        self.registry = registry
        self.nonce = 0

    def next_nonce(self):
        self.nonce += 1
        return self.nonce

    def tenure(self, collection, id_):
        return self.registry.tenureOf(id_) if collection == self.registry.address else 0

    def offer(self, seller, creation_id, **terms):
        """An offer of a creation (of the registry, unless `collection` says otherwise)."""
        collection = terms.get("collection", self.registry.address)
        ours = collection == self.registry.address
        defaults = {
            "buyer": ZERO_ADDRESS,
            "collection": collection,
            "tenure": self.tenure(collection, creation_id) if "tenure" not in terms else None,
            "start": 0,
            "price": PRICE,
            "end_price": 0,
            "asset": COIN,
            "expiry": chain.time() + 7 * DAY,
            "royalty_bps_max": 0 if ours else 1_000,
            "referral_bps": 0,
            "nonce": self.next_nonce(),
        }
        return Offer(seller=str(seller), creation_id=creation_id, **{**defaults, **terms})

    def published(self, seller, creation_id, **terms):
        offer = self.offer(seller, creation_id, **terms)
        self.contract.offer(offer, {"from": seller})
        return offer

    def published_by(self, agent, sender, creation_id, **terms):
        """An offer that a contract publishes."""
        offer = self.offer(agent.address, creation_id, **terms)
        self.act(agent, sender, "offer", offer)
        return offer

    def signed(self, seller, creation_id, **terms):
        """An offer that its seller only signs; the offer and the signature."""
        offer = self.offer(seller, creation_id, **terms)
        return offer, self.sign(offer, seller)

    def bid(self, bidder, creation_id, asset, **terms):
        """A bid for one creation, or, with `creator` and no id, for any work of a creator."""
        collection = terms.get("collection", self.registry.address)
        one = "creator" not in terms and "tenure" not in terms
        defaults = {
            "collection": collection,
            "creator": ZERO_ADDRESS,
            "tenure": self.tenure(collection, creation_id) if one else 0,
            "price": PRICE,
            "expiry": chain.time() + 7 * DAY,
            "nonce": self.next_nonce(),
        }
        return Bid(
            bidder=str(bidder),
            creation_id=creation_id,
            asset=getattr(asset, "address", asset),
            **{**defaults, **terms},
        )

    def swap(self, maker, given, wanted, **terms):
        """A swap of `given` for `wanted`: ids of the registry, or (collection, id)."""
        words = {}
        for name, thing in (("given", given), ("wanted", wanted)):
            collection, id_ = thing if isinstance(thing, tuple) else (self.registry.address, thing)
            words[f"{name}_collection"] = str(collection)
            words[f"{name}_id"] = id_
            words[f"{name}_tenure"] = self.tenure(str(collection), id_)
        defaults = {
            "taker": ZERO_ADDRESS,
            "expiry": chain.time() + 7 * DAY,
            "nonce": self.next_nonce(),
        }
        return Swap(maker=str(maker), **{**words, **defaults, **terms})

    def digest(self, document):
        return digest(self.contract, document)

    def sign(self, document, account):
        return sign(self.digest(document), account)

    def buy(self, offer, buyer, signature=b"", referrer=ZERO_ADDRESS, **terms):
        value = offer.price if offer.asset == COIN else 0
        terms = {"from": buyer, "value": value, **terms}
        return self.contract.buy(offer, signature, referrer, terms)

    def accept(self, bid, seller, signature=None, creation_id=None, **terms):
        """The seller gives the creation wanted, or another; the bidder signs unless it did."""
        if signature is None:
            signature = self.sign(bid, bid.bidder)
        if creation_id is None:
            creation_id = bid.creation_id
        foreign = bid.collection != self.registry.address
        royalty = terms.pop("royalty_bps_max", 1_000 if foreign else 0)
        permit = terms.pop("permit", b"")
        return self.contract.accept(
            bid, signature, creation_id, royalty, permit, {"from": seller, **terms}
        )

    def swapped(self, swap, taker, signature=None, **terms):
        if signature is None:
            signature = self.sign(swap, swap.maker)
        return self.contract.swap(swap, signature, {"from": taker, **terms})

    def act(self, agent, sender, name, *arguments, value=0, **terms):
        """A contract acts on the market with its own money."""
        data = getattr(self.contract, name).encode_input(*arguments)
        return agent.execute(self.contract, value, data, {"from": sender, **terms})

    def credit(self, money, account):
        asset = getattr(money, "address", money)
        return self.contract.creditOf(asset, getattr(account, "address", account))

    def open(self, offer):
        return self.contract.sellerOf(self.digest(offer)) == offer.seller


class CreditBooks(Books):
    """The market's books from its events alone: it holds nothing but credits."""

    def read(self):
        credits = {}
        logs = web3.eth.get_logs({"address": self.contract.address, "fromBlock": 0})
        for log in logs:
            item = self.events[bytes(log["topics"][0])]
            event = get_event_data(web3.codec, item, log)["args"]
            if item["name"] == "SaleSettled":
                self.gifts.setdefault(event["asset"], 0)
                if event["asset"] == COIN:
                    self._add(credits, COIN, self.fee_recipient, event["fee"])
            elif item["name"] == "Credited":
                self._add(credits, event["asset"], event["payee"], event["amount"])
            elif item["name"] == "Withdrawn":
                assert credits.pop((event["asset"], event["payee"])) == event["amount"]
        return {}, credits


class Watch:
    """What each account has gained of an asset, credits included, since the watch began."""

    def __init__(self, shop, money, *accounts):
        self.shop, self.money = shop, money
        self.accounts = accounts
        self.before = self._now()

    def _now(self):
        return [self.money.of(who) + self.shop.credit(self.money, who) for who in self.accounts]

    def gained(self):
        return [now - then for now, then in zip(self._now(), self.before, strict=True)]


@pytest.fixture(scope="module")
def creation_market(CreationMarket, registry, deployer, treasury):
    return CreationMarket.deploy(registry, treasury, FEE_BPS, {"from": deployer})


@pytest.fixture(scope="module")
def shop(creation_market, registry):
    return Shop(creation_market, registry)


@pytest.fixture(autouse=True)
def books(isolation, creation_market, treasury):
    """Law 1, after every test: the market holds what it owes, to the unit."""
    books = CreditBooks(creation_market, treasury)
    yield books
    books.check()


@pytest.fixture
def watch(shop):
    """Begins to watch some accounts' money."""
    return lambda money, *accounts: Watch(shop, money, *accounts)


@pytest.fixture(scope="module")
def coin():
    return Money()


@pytest.fixture(scope="module")
def dkb(token, creation_market, buyer, stranger, referrer, deployer):
    for account in (stranger, referrer):
        token.transfer(account, 100 * TOKENS, {"from": deployer})
    for account in (buyer, stranger):
        token.approve(creation_market, MUCH, {"from": account})
    return Money(token)


@pytest.fixture(params=["coins", "token"])
def money(request, coin, dkb):
    """Each money path is walked with both kinds of asset."""
    return coin if request.param == "coins" else dkb


@pytest.fixture(scope="module")
def creation(registry, creation_market, creator, seller):
    """A work of the creator's that the seller owns and the market may move; royalty 5 %."""
    id_ = register(registry, creator, n=1)
    registry.transferFrom(creator, seller, id_, {"from": creator})
    registry.setApprovalForAll(creation_market, True, {"from": seller})
    return id_


@pytest.fixture
def own_work(registry, creation_market):
    """Registers a work of somebody's own, which the market may move."""

    def own_work(account, n, **terms):
        id_ = register(registry, account, n, **terms)
        registry.approve(creation_market, id_, {"from": account})
        return id_

    return own_work


@pytest.fixture
def odd_token(creation_market, buyer, stranger):
    """Deploys a mock token, gives buyer and stranger some, and approves the market."""

    def deploy(factory, *arguments, amount=100 * TOKENS):
        token = factory.deploy(*arguments, {"from": buyer})
        for account in (buyer, stranger):
            token.mint(account, amount, {"from": buyer})
            token.approve(creation_market, 2**255, {"from": account})
        return Money(token)

    return deploy


@pytest.fixture
def foreign(creation_market, seller):
    """Deploys a foreign collection whose creation 5 the seller owns and the market may move."""

    def deploy(factory):
        collection = factory.deploy({"from": seller})
        collection.mint(seller, 5, {"from": seller})
        collection.setApprovalForAll(creation_market, True, {"from": seller})
        return collection

    return deploy


@pytest.fixture
def hostile(MockReceiver, buyer):
    """A contract with coins that does what its mode says when it's paid."""
    contract = MockReceiver.deploy({"from": buyer})
    buyer.transfer(contract, 10**18)
    return contract


@pytest.fixture
def wallet(MockSigner, creation_market, registry, buyer):
    """A contract with coins that signs what it's told; the market may move its creations."""
    contract = MockSigner.deploy({"from": buyer})
    buyer.transfer(contract, 10**18)
    approve = registry.setApprovalForAll.encode_input(creation_market, True)
    contract.execute(registry, 0, approve, {"from": buyer})
    return contract


def wrong(shop, document):
    """The refusal of a signature under a document."""
    return reverts_with("Signature_Wrong", document[0], shop.digest(document))


def sale_of(tx):
    return only_event(tx, "SaleSettled")
