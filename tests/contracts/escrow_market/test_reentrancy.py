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
    DELIVERED,
    TOKENS,
    TRADE_NONE,
    ZERO_BYTES32,
    make_offer,
    make_trade,
    register,
    trade_id,
)

FEE = PRICE // 100
FUNCTIONS = [
    "offer",
    "cancel",
    "buy",
    "fund",
    "ship",
    "confirm",
    "refund",
    "claimTimeout",
    "withdraw",
    "withdrawFor",
    "sendToken",
]


class Scene:
    """A contract with a hand in every kind of trade, one asset, and an innocent trade beside it."""

    def __init__(self, market, desk, registry, money, agent, people):
        self.market, self.desk, self.registry = market, desk, registry
        self.money, self.agent = money, agent
        self.seller, self.buyer, self.treasury = people
        asset = money.address
        self.value = PRICE if asset == COIN else 0
        self.innocent = desk.funded(self.seller, self.buyer, asset=asset, salt=100)
        # Credit for the agent.
        owed = self.sold(salt=101)
        agent.setMode(REJECT)
        market.confirm(owed, {"from": self.buyer})
        agent.setMode(ACCEPT)
        # What the hooks hang on, and what is done from inside.
        self.to_fund = desk.offer(self.seller, asset=asset, salt=102)
        self.to_confirm = self.sold(salt=103)
        self.to_be_refunded = self.bought(salt=104)
        self.inner_offer = make_offer(agent.address, DELIVERED, asset=asset, salt=105)
        self.inner_cancel = self.offered(salt=106)
        self.inner_fund = desk.offer(self.seller, asset=asset, salt=107)
        self.inner_ship = self.sold(salt=108)
        self.inner_confirm = self.bought(salt=109)
        self.inner_refund = self.sold(salt=110)
        self.inner_late = self.bought(salt=111, ship_seconds=3_600)
        self.inner_buy = self.work_for_sale(1)
        self.to_buy = self.work_for_sale(2)
        chain.mine(timestamp=chain.time() + 3_700)

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
        self.act("fund", offer, ZERO_ADDRESS, value=self.value)
        return make_trade(self.market, offer, self.agent)

    def work_for_sale(self, n):
        n += 200 if self.money.address == COIN else 210
        work = register(self.registry, self.seller, n)
        self.registry.approve(self.market, work, {"from": self.seller})
        return self.desk.offer(self.seller, creation_id=work, asset=self.money.address)

    def call(self, name):
        """The market's address, the coins sent along, and the data of a call from inside."""
        arguments = {
            "offer": (self.inner_offer,),
            "cancel": (self.market.hashOffer(self.inner_cancel),),
            "buy": (self.inner_buy, ZERO_ADDRESS),
            "fund": (self.inner_fund, ZERO_ADDRESS),
            "ship": (self.inner_ship, ZERO_BYTES32),
            "confirm": (self.inner_confirm,),
            "refund": (self.inner_refund,),
            "claimTimeout": (self.inner_late,),
            "withdraw": (self.money.address, self.agent),
            "withdrawFor": (self.money.address, self.treasury),
            "sendToken": (self.money.address, self.agent, 1),
        }[name]
        value = self.value if name in {"buy", "fund"} else 0
        return self.market, value, getattr(self.market, name).encode_input(*arguments)

    def happens(self, hook):
        """Something that calls the agent."""
        if hook == "fund":
            self.act("fund", self.to_fund, ZERO_ADDRESS, value=self.value)
        elif hook == "buy":
            self.act("buy", self.to_buy, ZERO_ADDRESS, value=self.value)
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
            make_trade(market, self.to_fund, self.agent),
            make_trade(market, self.inner_fund, self.agent),
        ]
        states = [market.tradeState(trade_id(trade))[0] for trade in trades]
        escrow = sum(PRICE for state in states if state != TRADE_NONE)
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
    *(("token", hook, name) for hook in ("fund", "buy") for name in FUNCTIONS),
    *(
        (asset, hook, name)
        for asset in ("token", "coins")
        for hook in ("confirm", "refund", "withdraw")
        for name in FUNCTIONS
    ),
]


@pytest.mark.parametrize(("asset", "hook", "name"), CELLS, ids=lambda part: part)
def test_reentering_leaves_the_books_exact(scenes, asset, hook, name):
    scene = getattr(scenes, asset)
    scene.agent.addCall(*scene.call(name))
    scene.agent.setMode(REENTER)
    if hook in {"fund", "buy", "withdraw"}:
        # The agent's own act: it may come to nothing, and then to nothing at all.
        try:
            scene.happens(hook)
        except VirtualMachineError:
            assert hook != "withdraw" or asset == "token"
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
    assert scene.desk.offer_state(scene.inner_offer) == 1
    assert scene.desk.offer_state(scene.inner_cancel) == 0
    assert scene.desk.state(scene.inner_ship) == 2
