"""What the auction house's tests share: auctions with defaults, people's acts, two kinds of money,
and books kept from events alone, which every test ends by comparing with the house."""

from typing import NamedTuple

import pytest
from brownie import accounts, chain, web3
from eth_utils import keccak
from web3._utils.events import get_event_data

from tests.contracts.support import (
    COIN,
    DAY,
    FEE_BPS,
    HOUR,
    TOKENS,
    _word,
    domain_separator,
    id_of,
    make_work,
    register,
    sign,
)

PRICE = 10**15 + 7
FEE = PRICE * FEE_BPS // 10_000
ROYALTY = PRICE * 500 // 10_000
STEP_BPS = 500
EXTENSION = 10 * 60
# Modes of MockReceiver.
ACCEPT, REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB, REENTER = range(6)
MUCH_GAS = 10_000_000


class Auction(NamedTuple):
    """`IAuctionHouse.Auction`; change a field with `_replace`."""

    seller: str
    collection: str
    creation_id: int
    tenure: int
    asset: str
    reserve: int
    step_bps: int
    ends_at: int
    extension_seconds: int
    royalty_bps_max: int
    nonce: int


def auction_id(house, auction):
    """EIP-712: the digest of an auction under a house's domain on this chain."""
    type_hash = keccak(
        b"Auction(address seller,address collection,uint256 creationId,uint256 tenure,"
        b"address asset,uint256 reserve,uint256 stepBps,uint256 endsAt,uint256 extensionSeconds,"
        b"uint256 royaltyBpsMax,uint256 nonce)"
    )
    struct_hash = keccak(type_hash + b"".join(_word(value) for value in auction))
    domain = domain_separator("Dokkaebi AuctionHouse", "1", chain.id, house)
    return keccak(b"\x19\x01" + domain + struct_hash)


def next_bid(amount, step_bps=STEP_BPS):
    """The lowest bid after one of this amount."""
    return amount + max(1, amount * step_bps // 10_000)


class Money:
    """One asset: the chain's coin, or a token of which bidders hold enough."""

    def __init__(self, contract=None):
        self.contract = contract
        self.address = COIN if contract is None else contract.address

    def of(self, account):
        address = getattr(account, "address", account)
        if self.contract is None:
            return web3.eth.get_balance(address)
        return self.contract.balanceOf(address)


class House:
    """The auction house and what people do there; every act returns its transaction."""

    def __init__(self, contract, registry):
        self.contract = contract
        self.registry = registry
        self.nonce = 0

    def auction(self, seller, **terms):
        """An auction of a creation (of the registry, unless `collection` says otherwise)."""
        self.nonce += 1
        ours = terms.get("collection", self.registry.address) == self.registry.address
        if ours and "tenure" not in terms:
            terms["tenure"] = self.registry.tenureOf(terms["creation_id"])
        defaults = {
            "collection": self.registry.address,
            "tenure": 0,
            "asset": COIN,
            "reserve": PRICE,
            "step_bps": STEP_BPS,
            "ends_at": chain.time() + 3 * DAY,
            "extension_seconds": EXTENSION,
            "royalty_bps_max": 0 if ours else 1_000,
            "nonce": self.nonce,
        }
        return Auction(seller=str(seller), **{**defaults, **terms})

    def opened(self, seller, **terms):
        auction = self.auction(seller, **terms)
        self.contract.open(auction, {"from": seller})
        return auction

    def opened_by(self, agent, sender, **terms):
        """An auction that a contract opens."""
        auction = self.auction(agent.address, **terms)
        data = self.contract.open.encode_input(auction)
        agent.execute(self.contract, 0, data, {"from": sender})
        return auction

    def sign(self, auction, account):
        return sign(auction_id(self.contract, auction), account)

    def bid(self, auction, bidder, amount=PRICE, signature=b"", **terms):
        value = amount if auction.asset == COIN else 0
        terms = {"from": bidder, "value": value, **terms}
        return self.contract.bid(auction, signature, amount, terms)

    def bid_by(self, agent, sender, auction, amount=PRICE, **terms):
        """A contract bids with its own money."""
        value = amount if auction.asset == COIN else 0
        data = self.contract.bid.encode_input(auction, b"", amount)
        return agent.execute(self.contract, value, data, {"from": sender, **terms})

    def state(self, auction):
        return self.contract.auctionState(auction_id(self.contract, auction))

    def bidder(self, auction):
        return self.state(auction)[0]

    def deadline(self, auction):
        return self.state(auction)[2]

    def ends(self, auction):
        """Time passes until the auction can be settled."""
        chain.mine(timestamp=self.deadline(auction) + 1)

    def settle(self, auction, sender=None, **terms):
        """Waits for the end and settles."""
        self.ends(auction)
        return self.contract.settle(auction, {"from": sender or accounts[7], **terms})

    def credit(self, money, account):
        return self.contract.creditOf(money.address, getattr(account, "address", account))


class Books:
    """The house's books from its events alone: live bids and credits."""

    def __init__(self, contract, fee_recipient):
        self.contract = contract
        self.fee_recipient = fee_recipient.address
        # What came or went by no act of the house's, by asset: gifts, rebases.
        self.gifts = {}
        events = [item for item in contract.abi if item["type"] == "event"]
        self.events = {self._topic(item): item for item in events}

    @staticmethod
    def _topic(item):
        def name_of(part):
            if part["type"] != "tuple":
                return part["type"]
            return "(" + ",".join(name_of(inner) for inner in part["components"]) + ")"

        return keccak(f"{item['name']}({','.join(map(name_of, item['inputs']))})".encode())

    def read(self):
        """Live bids by auction, and credits by asset and payee."""
        assets, bids, credits = {}, {}, {}
        logs = web3.eth.get_logs({"address": self.contract.address, "fromBlock": 0})
        for log in logs:
            item = self.events[bytes(log["topics"][0])]
            event = get_event_data(web3.codec, item, log)["args"]
            id_ = event.get("auctionId")
            if item["name"] == "AuctionOpened":
                assert id_ not in assets, "an auction opens once"
                assets[id_] = event["auction"]["asset"]
            elif item["name"] == "AuctionBid":
                bids[id_] = event["amount"]
            elif item["name"] == "AuctionSettled":
                assert event["price"] == bids.pop(id_), "what was bid is paid"
                self._add(credits, assets[id_], self.fee_recipient, event["fee"])
            elif item["name"] == "Credited":
                self._add(credits, event["asset"], event["payee"], event["amount"])
            elif item["name"] == "Withdrawn":
                assert credits.pop((event["asset"], event["payee"])) == event["amount"]
        return {id_: (assets[id_], amount) for id_, amount in bids.items()}, credits

    @staticmethod
    def _add(credits, asset, payee, amount):
        if amount:
            credits[asset, payee] = credits.get((asset, payee), 0) + amount

    def check(self):
        """Balance = live bids + credits, for each asset; and the house says the same."""
        bids, credits = self.read()
        owed = dict.fromkeys([COIN, *self.gifts], 0)
        for id_, (asset, amount) in bids.items():
            assert self.contract.auctionState(id_)[1] == amount
            owed[asset] = owed.get(asset, 0) + amount
        for (asset, payee), amount in credits.items():
            assert self.contract.creditOf(asset, payee) == amount
            owed[asset] = owed.get(asset, 0) + amount
        for asset, amount in owed.items():
            if asset == COIN or web3.eth.get_code(asset):
                held = self._balance(asset)
                assert held == amount + self.gifts.get(asset, 0), f"{asset}: {held}, owed {amount}"

    def _balance(self, asset):
        if asset == COIN:
            return web3.eth.get_balance(self.contract.address)
        question = {"to": asset, "data": "0x70a08231" + self.contract.address[2:].rjust(64, "0")}
        return int.from_bytes(bytes(web3.eth.call(question)), "big")


@pytest.fixture(scope="module")
def auction_house(AuctionHouse, registry, deployer, treasury):
    return AuctionHouse.deploy(registry, treasury, FEE_BPS, {"from": deployer})


@pytest.fixture(scope="module")
def house(auction_house, registry):
    return House(auction_house, registry)


@pytest.fixture(autouse=True)
def books(isolation, auction_house, treasury):
    """Law 1, after every test: the house holds what it owes, to the unit."""
    books = Books(auction_house, treasury)
    yield books
    books.check()


@pytest.fixture(scope="module")
def coin():
    return Money()


@pytest.fixture(scope="module")
def dkb(token, auction_house, buyer, stranger, referrer, deployer):
    for account in (stranger, referrer):
        token.transfer(account, 100 * TOKENS, {"from": deployer})
    for account in (buyer, stranger, referrer):
        token.approve(auction_house, 2**256 - 1, {"from": account})
    return Money(token)


@pytest.fixture(params=["coins", "token"])
def money(request, coin, dkb):
    """Each money path is walked with both kinds of asset."""
    return coin if request.param == "coins" else dkb


@pytest.fixture(scope="module")
def creation(registry, auction_house, creator, seller):
    """A work of the creator's that the seller owns and the house may move; royalty 5 %."""
    id_ = register(registry, creator, n=1)
    registry.transferFrom(creator, seller, id_, {"from": creator})
    registry.setApprovalForAll(auction_house, True, {"from": seller})
    return id_


@pytest.fixture
def own_work(registry, auction_house, seller):
    """Registers a work of the seller's own, which the house may move."""

    def own_work(n, **terms):
        id_ = register(registry, seller, n, **terms)
        registry.approve(auction_house, id_, {"from": seller})
        return id_

    return own_work


@pytest.fixture
def odd_token(auction_house, buyer, stranger):
    """Deploys a mock token, gives buyer and stranger some, and approves the house."""

    def deploy(factory, *arguments, amount=100 * TOKENS):
        token = factory.deploy(*arguments, {"from": buyer})
        for account in (buyer, stranger):
            token.mint(account, amount, {"from": buyer})
            token.approve(auction_house, 2**255, {"from": account})
        return Money(token)

    return deploy


@pytest.fixture
def hostile(MockReceiver, buyer):
    """A contract with coins that does what its mode says when it's paid."""
    contract = MockReceiver.deploy({"from": buyer})
    buyer.transfer(contract, 10**18)
    return contract


@pytest.fixture
def foreign(auction_house, seller):
    """Deploys a foreign collection whose creation 5 the seller owns and the house may move."""

    def deploy(factory):
        collection = factory.deploy({"from": seller})
        collection.mint(seller, 5, {"from": seller})
        collection.setApprovalForAll(auction_house, True, {"from": seller})
        return collection

    return deploy


def register_by(registry, agent, new_owner, n=50, **terms):
    """A work of a contract's, given to `new_owner`."""
    work = make_work(n, **terms)
    agent.execute(registry, 0, registry.register.encode_input(work), {"from": new_owner})
    id_ = id_of(work, agent)
    move = registry.transferFrom.encode_input(agent, new_owner, id_)
    agent.execute(registry, 0, move, {"from": new_owner})
    return id_


# Times that the tests name.
FOREIGN_MAX, DOCUMENT_MAX, EXTENSION_MAX, EXTENSION_TOTAL = 30 * DAY, 365 * DAY, HOUR, DAY
