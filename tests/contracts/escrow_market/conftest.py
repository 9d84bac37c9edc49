"""What the market's tests share: a creation for sale, two kinds of money, names for acts."""

import pytest
from brownie import ZERO_ADDRESS, accounts

from tests.contracts.support import (
    COIN,
    TOKENS,
    ZERO_BYTES32,
    Trade,
    id_of,
    make_offer,
    make_work,
    offer_id,
    only_event,
    register,
)

PRICE = 10**15 + 7
# Modes of MockReceiver.
ACCEPT, REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB, REENTER = range(6)
MUCH_GAS = 10_000_000


class Money:
    """One asset: the chain's coin, or a token of which buyers hold enough."""

    def __init__(self, contract=None):
        self.contract = contract
        self.address = COIN if contract is None else contract.address

    def of(self, account):
        address = getattr(account, "address", account)
        if self.contract is None:
            return accounts.at(address, force=True).balance()
        return self.contract.balanceOf(address)


class Market:
    """The market and what people do there; every act returns its transaction."""

    def __init__(self, contract, registry):
        self.contract = contract
        self.registry = registry

    def offer(self, seller, **terms):
        """Publishes an offer."""
        offer = self.draft(seller, **terms)
        self.contract.offer(offer, {"from": seller})
        return offer

    def draft(self, seller, **terms):
        """An offer with the tenure of now that nobody knows of."""
        if terms.get("creation_id") and "tenure" not in terms:
            terms["tenure"] = self.registry.tenureOf(terms["creation_id"])
        return make_offer(seller, **{"price": PRICE, **terms})

    def value(self, offer, units=1):
        return offer.price * units if offer.asset == COIN else 0

    def take(self, offer, buyer, referrer=ZERO_ADDRESS, units=1, signature=b""):
        """Funds an offer; its transaction."""
        sent = {"from": buyer, "value": self.value(offer, units)}
        return self.contract.fund(offer, signature, units, referrer, sent)

    def fund(self, offer, buyer, referrer=ZERO_ADDRESS, units=1, signature=b""):
        """Funds an offer; the trade and its transaction."""
        tx = self.take(offer, buyer, referrer, units, signature)
        trade = only_event(tx, "EscrowFunded")["trade"]
        return Trade(*trade), tx

    def funded(self, seller, buyer, referrer=ZERO_ADDRESS, **terms):
        """A freshly funded trade."""
        return self.fund(self.offer(seller, **terms), buyer, referrer)[0]

    def shipped(self, seller, buyer, referrer=ZERO_ADDRESS, **terms):
        """A freshly shipped trade."""
        trade = self.funded(seller, buyer, referrer, **terms)
        self.contract.ship(trade, ZERO_BYTES32, {"from": seller})
        return trade

    def disputed(self, seller, buyer, arbiter, referrer=ZERO_ADDRESS, **terms):
        """A freshly disputed trade."""
        trade = self.shipped(seller, buyer, referrer, arbiter=arbiter, **terms)
        self.contract.dispute(trade, ZERO_BYTES32, {"from": buyer})
        return trade

    def state(self, trade):
        return self.contract.tradeState(self.contract.hashTrade(trade))[0]

    def part(self, trade):
        return self.contract.tradeState(self.contract.hashTrade(trade))[2]

    def deadline(self, trade):
        return self.contract.tradeState(self.contract.hashTrade(trade))[1]

    def units_left(self, offer):
        """How many units of a published offer are left; zero if it isn't open."""
        return self.contract.documentOf(offer_id(self.contract, offer))[1]

    def credit(self, money, account):
        return self.contract.creditOf(money.address, getattr(account, "address", account))


@pytest.fixture(scope="module")
def desk(market, registry):
    return Market(market, registry)


@pytest.fixture(scope="module")
def coin():
    return Money()


@pytest.fixture(scope="module")
def dkb(token, market, buyer, stranger, deployer):
    token.transfer(stranger, 100 * TOKENS, {"from": deployer})
    for account in (buyer, stranger):
        token.approve(market, 2**256 - 1, {"from": account})
    return Money(token)


@pytest.fixture(params=["coins", "token"])
def money(request, coin, dkb):
    """Each money path is walked with both kinds of asset."""
    return coin if request.param == "coins" else dkb


@pytest.fixture(scope="module")
def creation(registry, market, creator, seller):
    """A work of the creator's that the seller owns and the market may hand over; royalty 5 %."""
    id_ = register(registry, creator, n=1)
    registry.transferFrom(creator, seller, id_, {"from": creator})
    registry.setApprovalForAll(market, True, {"from": seller})
    return id_


@pytest.fixture
def odd_token(market, buyer):
    """Deploys a mock token, gives the buyer some, and approves the market."""

    def deploy(factory, *arguments, amount=100 * TOKENS):
        token = factory.deploy(*arguments, {"from": buyer})
        token.mint(buyer, amount, {"from": buyer})
        token.approve(market, 2**255, {"from": buyer})
        return Money(token)

    return deploy


def offer_by(contract, market, sender, **terms):
    """Makes a contract publish an offer."""
    offer = make_offer(contract.address, **{"price": PRICE, **terms})
    contract.execute(market, 0, market.offer.encode_input(offer), {"from": sender})
    return offer


def register_by(registry, contract, new_owner, n=50, **terms):
    """A work of a contract's, given to `new_owner`."""
    work = make_work(n, **terms)
    contract.execute(registry, 0, registry.register.encode_input(work), {"from": new_owner})
    id_ = id_of(work, contract)
    move = registry.transferFrom.encode_input(contract, new_owner, id_)
    contract.execute(registry, 0, move, {"from": new_owner})
    return id_


@pytest.fixture
def hostile(MockReceiver, buyer):
    """A contract that does what its mode says when it's paid."""
    return MockReceiver.deploy({"from": buyer})


@pytest.fixture
def hooked(MockHookToken, MockReceiver, market, buyer):
    """A token with hooks, and a contract that holds some, has approved the market and is hooked."""
    token = MockHookToken.deploy({"from": buyer})
    agent = MockReceiver.deploy({"from": buyer})
    token.mint(agent, 100 * TOKENS, {"from": buyer})
    token.mint(buyer, 100 * TOKENS, {"from": buyer})
    token.approve(market, 2**256 - 1, {"from": buyer})
    approve = token.approve.encode_input(market, 2**256 - 1)
    agent.execute(token, 0, approve, {"from": buyer})
    token.setHooked(agent, True, {"from": buyer})
    return token, agent
