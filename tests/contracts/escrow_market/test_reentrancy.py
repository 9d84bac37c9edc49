"""Every function, called from every place where the market lets a stranger's code run: whatever
comes of it, the market holds exactly what it owes, and an innocent trade ends as if nothing
had been."""

from types import SimpleNamespace

import pytest
from brownie import ZERO_ADDRESS, chain
from brownie.exceptions import VirtualMachineError

from tests.contracts.escrow_market.conftest import (
    ACCEPT,
    MUCH_GAS,
    PRICE,
    REENTER,
    REJECT,
    Money,
    offer_by,
)
from tests.contracts.support import (
    COIN,
    DAY,
    TOKENS,
    TRADE_NONE,
    ZERO_BYTES32,
    make_offer,
    make_requested_trade,
    make_trade,
    request_id,
    sign,
    trade_id,
)

FEE = PRICE // 100
FUNCTIONS = [
    "offer",
    "cancel",
    "cancelNonces",
    "fund",
    "fundWithPermit",
    "request",
    "retract",
    "accept",
    "ship",
    "confirm",
    "refund",
    "claimTimeout",
    "dispute",
    "submitEvidence",
    "rule",
    "settle",
    "withdraw",
    "withdrawFor",
    "transferOut",
]


class Scene:
    """A contract with a hand in every kind of trade, one asset, and an innocent trade beside it."""

    def __init__(self, market, desk, registry, money, agent, people):
        self.market, self.desk, self.registry = market, desk, registry
        self.money, self.agent = money, agent
        self.seller, self.buyer, self.treasury = people
        asset = money.address
        self.value = PRICE if asset == COIN else 0
        self.innocent = desk.funded(self.seller, self.buyer, asset=asset)
        # Credit for the agent.
        owed = self.sold()
        agent.setMode(REJECT)
        market.confirm(owed, {"from": self.buyer})
        agent.setMode(ACCEPT)
        # What the hooks hang on, and what is done from inside.
        self.to_request = self.requested(self.agent, nonce=10**6 + 2)
        self.to_rule = self.disputed()
        self.to_fund = desk.offer(self.seller, asset=asset)
        self.to_confirm = self.sold()
        self.to_be_refunded = self.bought()
        self.inner_offer = make_offer(agent.address, asset=asset)
        self.inner_cancel = self.offered()
        self.inner_fund = desk.offer(self.seller, asset=asset)
        self.inner_ship = self.sold()
        self.inner_confirm = self.bought()
        self.inner_refund = self.sold()
        self.inner_late = self.bought(ship_seconds=3_600)
        self.inner_funded = desk.offer(self.seller, asset=asset)
        self.inner_request = self.requested(self.agent, nonce=10**6)
        self.inner_retract = self.requested(self.agent, nonce=10**6 + 1)
        self.act("request", self.inner_retract, b"", value=self.value)
        self.inner_accept = self.requested(self.buyer)
        sent = {"from": self.buyer, "value": self.value}
        market.request(self.inner_accept, b"", sent)
        self.inner_dispute = self.bought(arbiter=self.treasury.address)
        market.ship(self.inner_dispute, ZERO_BYTES32, {"from": self.seller})
        self.inner_rule = self.disputed()
        self.inner_settle = self.sold()
        chain.mine(timestamp=chain.time() + 3_700)
        self.settled_until = chain.time() + 30 * DAY
        digest = market.hashSettlement(trade_id(self.inner_settle), 0, 10_000, self.settled_until)
        self.consent = sign(digest, self.buyer)

    def act(self, name, *arguments, value=0):
        """The agent acts on the market."""
        data = getattr(self.market, name).encode_input(*arguments)
        return self.agent.execute(
            self.market, value, data, {"from": self.buyer, "gas_limit": MUCH_GAS}
        )

    def offered(self, **terms):
        return offer_by(self.agent, self.market, self.buyer, asset=self.money.address, **terms)

    def sold(self, **terms):
        return self.desk.fund(self.offered(**terms), self.buyer)[0]

    def bought(self, **terms):
        offer = self.desk.offer(self.seller, asset=self.money.address, **terms)
        self.act("fund", offer, b"", 1, ZERO_ADDRESS, value=self.value)
        return make_trade(self.market, offer, self.agent)

    def requested(self, buyer, **terms):
        """A request of this buyer's, for anybody to accept."""
        terms = {"buyer": str(buyer), "asset": self.money.address, "price": PRICE, **terms}
        return make_offer(ZERO_ADDRESS, **terms)

    def disputed(self):
        """A disputed trade of the others in which the agent is the arbiter."""
        terms = {"asset": self.money.address, "arbiter": self.agent.address}
        return self.desk.disputed(self.seller, self.buyer, **terms)

    def call(self, name):
        """The market's address, the coins sent along, and the data of a call from inside."""
        arguments = {
            "offer": (self.inner_offer,),
            "cancel": (self.market.hashOffer(self.inner_cancel),),
            "cancelNonces": (10**9, 10**9),
            "fund": (self.inner_fund, b"", 1, ZERO_ADDRESS),
            "fundWithPermit": (self.inner_funded, b"", 1, ZERO_ADDRESS, bytes(160)),
            "request": (self.inner_request, b""),
            "retract": (self.inner_retract,),
            "accept": (self.inner_accept,),
            "ship": (self.inner_ship, ZERO_BYTES32),
            "confirm": (self.inner_confirm,),
            "refund": (self.inner_refund,),
            "claimTimeout": (self.inner_late,),
            "dispute": (self.inner_dispute, ZERO_BYTES32),
            "submitEvidence": (self.inner_dispute, ZERO_BYTES32),
            "rule": (self.inner_rule, 5_000, self.agent),
            "settle": (self.inner_settle, 10_000, self.settled_until, self.consent, b""),
            "withdraw": (self.money.address, self.agent),
            "withdrawFor": (self.money.address, self.treasury),
            "transferOut": (self.money.address, self.agent, 1),
        }[name]
        value = self.value if name in {"fund", "request"} else 0
        return self.market, value, getattr(self.market, name).encode_input(*arguments)

    def happens(self, hook):
        """Something that calls the agent."""
        if hook == "fund":
            self.act("fund", self.to_fund, b"", 1, ZERO_ADDRESS, value=self.value)
        elif hook == "request":
            self.act("request", self.to_request, b"", value=self.value)
        elif hook == "rule":
            # The agent rules from outside and gets the arbiter's fee.
            self.act("rule", self.to_rule, 3_333, self.agent)
        elif hook == "confirm":
            self.market.confirm(self.to_confirm, {"from": self.buyer, "gas_limit": MUCH_GAS})
        elif hook == "refund":
            self.market.refund(self.to_be_refunded, {"from": self.seller, "gas_limit": MUCH_GAS})
        else:
            self.act("withdraw", self.money.address, self.agent)

    def owed(self):
        """Escrow and credits, from what the market says."""
        market = self.market
        trades = [
            self.innocent,
            self.to_confirm,
            self.to_be_refunded,
            self.inner_ship,
            self.inner_confirm,
            self.inner_refund,
            self.inner_late,
            self.inner_dispute,
            self.inner_rule,
            self.inner_settle,
            self.to_rule,
            make_trade(market, self.to_fund, self.agent),
            make_trade(market, self.inner_fund, self.agent),
            make_trade(market, self.inner_funded, self.agent),
            make_requested_trade(market, self.inner_accept, self.agent),
        ]
        states = [market.tradeState(trade_id(trade))[0] for trade in trades]
        escrow = sum(PRICE for state in states if state != TRADE_NONE)
        for request in (
            self.to_request,
            self.inner_request,
            self.inner_retract,
            self.inner_accept,
        ):
            owner = market.documentOf(request_id(market, request))[0]
            escrow += PRICE if owner != ZERO_ADDRESS else 0
        payees = (self.agent, self.seller, self.buyer, self.treasury)
        return escrow + sum(self.desk.credit(self.money, payee) for payee in payees)


@pytest.fixture(scope="module")
def scenes(
    market, desk, registry, MockHookToken, MockReceiver, seller, buyer, treasury, coin
):  # fmt: skip
    token = MockHookToken.deploy({"from": buyer})
    people = (seller, buyer, treasury)
    found = {}
    for name, money in (("coins", coin), ("token", Money(token))):
        agent = MockReceiver.deploy({"from": buyer})
        buyer.transfer(agent, 10**17)
        for holder in (agent, buyer):
            token.mint(holder, 100 * TOKENS, {"from": buyer})
        token.approve(market, 2**256 - 1, {"from": buyer})
        approve = token.approve.encode_input(market, 2**256 - 1)
        agent.execute(token, 0, approve, {"from": buyer})
        token.setHooked(agent, True, {"from": buyer})
        scene = found[name] = Scene(market, desk, registry, money, agent, people)
        assert scene.owed() == money.of(market) > 7 * PRICE
    return SimpleNamespace(**found)


CELLS = [
    *(("token", hook, name) for hook in ("fund", "request") for name in FUNCTIONS),
    *(
        (asset, hook, name)
        for asset in ("token", "coins")
        for hook in ("confirm", "refund", "rule", "withdraw")
        for name in FUNCTIONS
    ),
]


@pytest.mark.parametrize(("asset", "hook", "name"), CELLS, ids=lambda part: part)
def test_reentering_leaves_the_books_exact(scenes, asset, hook, name):
    scene = getattr(scenes, asset)
    scene.agent.addCall(*scene.call(name))
    scene.agent.setMode(REENTER)
    if hook in {"fund", "request", "rule", "withdraw"}:
        # The agent's own act: it may come to nothing, and then to nothing at all.
        try:
            scene.happens(hook)
        except VirtualMachineError:
            assert hook == "rule" or asset == "token"
    else:
        # Somebody else's act: the agent can't stop it.
        scene.happens(hook)
        ended = scene.to_confirm if hook == "confirm" else scene.to_be_refunded
        assert scene.desk.state(ended) == TRADE_NONE
    scene.agent.setMode(ACCEPT)
    before = scene.money.of(scene.seller)
    scene.market.confirm(scene.innocent, {"from": scene.buyer})
    assert scene.money.of(scene.seller) - before == PRICE - FEE
    assert scene.owed() == scene.money.of(scene.market)


@pytest.mark.parametrize(("hook", "asset"), [("withdraw", "coins"), ("fund", "token")])
def test_the_scene_reaches_the_market_from_inside(scenes, hook, asset):
    """The matrix above would pass on a stage where nothing happens."""
    scene = getattr(scenes, asset)
    for name in ("offer", "cancel", "ship"):
        scene.agent.addCall(*scene.call(name))
    scene.agent.setMode(REENTER)
    scene.happens(hook)
    assert scene.desk.units_left(scene.inner_offer) == 1
    assert scene.desk.units_left(scene.inner_cancel) == 0
    assert scene.desk.state(scene.inner_ship) == 2
