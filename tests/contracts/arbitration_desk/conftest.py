"""What the desk's tests share: a dispute before an arbitrator."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.support import COIN, DAY, FEE_BPS, ZERO_BYTES32, make_offer, only_event

PRICE = 10**15 + 7
ARBITER_FEE_BPS = 300
RULING_SECONDS = 10 * DAY
SILENT_SELLER_BPS = 2_500
COST = 1_000
APPEAL_COST = 3_000
EXTRA_DATA = "0x" + "07" * 40
META_EVIDENCE = bytes(range(32))
REFUSED, TO_BUYER, TO_SELLER, HALVES = range(4)


class Court:
    """A desk, its market and its arbitrator, and trades that come before them."""

    def __init__(self, desk, market, arbitrator, seller, buyer):
        self.desk, self.market, self.arbitrator = desk, market, arbitrator
        self.seller, self.buyer = seller, buyer

    def funded(self, arbiter=None, **terms):
        """A funded trade, as the event says it."""
        offer = make_offer(self.seller, arbiter=arbiter or self.desk, **{"price": PRICE, **terms})
        self.market.offer(offer, {"from": self.seller})
        value = offer.price if offer.asset == COIN else 0
        tx = self.market.fund(offer, b"", 1, ZERO_ADDRESS, {"from": self.buyer, "value": value})
        return only_event(tx, "EscrowFunded")["trade"]

    def shipped(self, **terms):
        trade = self.funded(**terms)
        self.market.ship(trade, ZERO_BYTES32, {"from": self.seller})
        return trade

    def disputed(self, **terms):
        trade = self.shipped(**terms)
        self.market.dispute(trade, ZERO_BYTES32, {"from": self.buyer})
        return trade

    def id_of(self, trade):
        return self.market.hashTrade(trade)

    def encoded(self, trade):
        """abi.encode of a trade, as its id commits to it: the arguments of `hashTrade`."""
        return bytes.fromhex(self.market.hashTrade.encode_input(trade)[10:])

    def state(self, trade):
        return self.market.tradeState(self.id_of(trade))[0]

    def deadline(self, trade):
        return self.market.tradeState(self.id_of(trade))[1]

    def submit(self, trade, sender, value=COST):
        return self.desk.submit(self.encoded(trade), {"from": sender, "value": value})

    def submitted(self, sender=None, **terms):
        """A trade before the arbitrator, and the arbitrator's number of it."""
        trade = self.disputed(**terms)
        tx = self.submit(trade, sender or self.buyer)
        return trade, only_event(tx, "Dispute")["disputeID"]

    def ruled(self, ruling, sender=None, **terms):
        trade, number = self.submitted(sender, **terms)
        self.arbitrator.giveRuling(number, ruling, {"from": self.seller})
        return trade

    def carry_out(self, trade, sender):
        return self.desk.carryOut(self.encoded(trade), {"from": sender})


@pytest.fixture(scope="module")
def escrow(EscrowMarket, registry, deployer, treasury):
    return EscrowMarket.deploy(registry, treasury, FEE_BPS, {"from": deployer})


@pytest.fixture(scope="module")
def court_of(ArbitrationDesk, escrow, deployer, seller, buyer):
    """A court under an arbitrator."""

    def court_of(arbitrator):
        desk = ArbitrationDesk.deploy(
            escrow, arbitrator, EXTRA_DATA, META_EVIDENCE, {"from": deployer}
        )
        return Court(desk, escrow, arbitrator, seller, buyer)

    return court_of


@pytest.fixture(scope="module")
def court(court_of, MockArbitrator, deployer):
    return court_of(MockArbitrator.deploy({"from": deployer}))


@pytest.fixture
def crooked(court_of, MockCrookedArbitrator, deployer):
    """A court under an arbitrator who cheats."""
    return court_of(MockCrookedArbitrator.deploy({"from": deployer}))
