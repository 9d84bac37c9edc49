"""Every function, called from every place where the market lets a stranger's code run. The books
are compared after each test, and an innocent offer is sold as if nothing had been."""

import pytest
from brownie import ZERO_ADDRESS
from brownie.exceptions import VirtualMachineError

from tests.contracts.creation_market.conftest import MUCH, PRICE, Money
from tests.contracts.support import COIN, TOKENS

ACCEPT, REJECT, REENTER = 0, 1, 5
MUCH_GAS = 10_000_000
FUNCTIONS = [
    "offer",
    "cancel",
    "cancelNonces",
    "buy",
    "buyWithPermit",
    "buyMany",
    "accept",
    "swap",
    "withdraw",
    "withdrawFor",
    "transferOut",
]
CELLS = [
    *(("token", hook, name) for hook in ("buy", "paid", "withdraw") for name in FUNCTIONS),
    *(("coins", hook, name) for hook in ("change", "paid", "withdraw") for name in FUNCTIONS),
]


class Scene:
    """A contract that owns works, has money and a credit, and is called by what it is paid in."""

    def __init__(self, shop, registry, own_work, money, agent, people):
        self.shop, self.registry, self.money, self.agent = shop, registry, money, agent
        self.seller, self.buyer, self.treasury = people
        self.own_work = own_work
        self.count = 70
        asset = money.address
        self.value = PRICE if asset == COIN else 0
        self.innocent = shop.published(self.seller, self.work(self.seller), asset=asset)
        # The agent's credit, and the community's.
        sold = self.offered()
        if asset == COIN:
            agent.setMode(REJECT)
        else:
            money.contract.setHooked(agent, True, {"from": self.buyer})
            agent.setMode(REJECT)
        shop.buy(sold, self.buyer, gas_limit=MUCH_GAS)
        agent.setMode(ACCEPT)
        assert shop.credit(money, agent) > 0
        # What the hooks hang on, and what is done from inside.
        self.outer_sold = self.offered()
        self.outer_bought = shop.published(self.seller, self.work(self.seller), asset=asset)
        self.inner_offer = shop.offer(agent.address, self.work(agent), asset=asset)
        self.inner_cancel = self.offered()
        inner = [shop.published(self.seller, self.work(self.seller), asset=asset) for _ in range(3)]
        self.inner_buy, self.inner_permit, self.inner_many = inner
        self.given = self.work(agent)
        self.bid = shop.bid(self.buyer, self.given, asset if asset != COIN else agent.address)
        self.swapped = self.work(agent)
        self.swap = shop.swap(self.seller, self.work(self.seller), self.swapped)

    def work(self, owner):
        self.count += 1
        id_ = self.own_work(self.seller, self.count)
        if owner != self.seller:
            self.registry.transferFrom(self.seller, owner, id_, {"from": self.seller})
        return id_

    def offered(self):
        work = self.work(self.agent)
        return self.shop.published_by(self.agent, self.buyer, work, asset=self.money.address)

    def call(self, name):
        """The market's address, the coins sent along, and the data of a call from inside."""
        shop = self.shop
        arguments = {
            "offer": (self.inner_offer,),
            "cancel": (shop.digest(self.inner_cancel),),
            "cancelNonces": (0, 300),
            "buy": (self.inner_buy, b"", ZERO_ADDRESS),
            "buyWithPermit": (self.inner_permit, b"", ZERO_ADDRESS, bytes(160)),
            "buyMany": ([self.inner_many], [b""], ZERO_ADDRESS),
            "accept": (self.bid, shop.sign(self.bid, self.buyer), self.given, 0, b""),
            "swap": (self.swap, shop.sign(self.swap, self.seller)),
            "withdraw": (self.money.address, self.agent),
            "withdrawFor": (self.money.address, self.treasury),
            "transferOut": (self.money.address, self.agent, 1),
        }[name]
        value = self.value if name in {"buy", "buyMany"} else 0
        return shop.contract, value, getattr(shop.contract, name).encode_input(*arguments)

    def happens(self, hook):
        """Something that calls the agent."""
        terms = {"gas_limit": MUCH_GAS}
        if hook == "paid":
            self.shop.buy(self.outer_sold, self.buyer, **terms)
        elif hook == "withdraw":
            arguments = (self.money.address, self.agent)
            self.shop.act(self.agent, self.buyer, "withdraw", *arguments, **terms)
        else:
            value = 2 * self.value
            arguments = (self.outer_bought, b"", ZERO_ADDRESS)
            self.shop.act(self.agent, self.buyer, "buy", *arguments, value=value, **terms)


@pytest.fixture
def scene(shop, registry, own_work, coin, MockHookToken, MockReceiver, seller, buyer, treasury):
    def scene(asset):
        agent = MockReceiver.deploy({"from": buyer})
        buyer.transfer(agent, 10**18)
        money = coin
        if asset == "token":
            token = MockHookToken.deploy({"from": buyer})
            for holder in (agent, buyer):
                token.mint(holder, 100 * TOKENS, {"from": buyer})
            token.approve(shop.contract, MUCH, {"from": buyer})
            approve = token.approve.encode_input(shop.contract, MUCH)
            agent.execute(token, 0, approve, {"from": buyer})
            money = Money(token)
        approve = registry.setApprovalForAll.encode_input(shop.contract, True)
        agent.execute(registry, 0, approve, {"from": buyer})
        return Scene(shop, registry, own_work, money, agent, (seller, buyer, treasury))

    return scene


@pytest.mark.parametrize(("asset", "hook", "name"), CELLS, ids=lambda part: part)
def test_reentering_leaves_the_books_exact(scene, asset, hook, name):
    scene = scene(asset)
    scene.agent.addCall(*scene.call(name))
    scene.agent.setMode(REENTER)
    if hook == "paid":
        # Somebody else's act. In tokens the agent can make its own sale fail, by spending what it
        # got (or more of the buyer's) before the balances are compared: nothing is sold then.
        spends = asset == "token" and name in {"buy", "buyWithPermit", "buyMany", "accept"}
        if spends:
            with pytest.raises(VirtualMachineError, match="Payment_Wrong"):
                scene.happens(hook)
        else:
            scene.happens(hook)
        owner = scene.registry.ownerOf(scene.outer_sold.creation_id)
        assert owner == (scene.agent if spends else scene.buyer)
    else:
        # The agent's own act: it may come to nothing, and then to nothing at all.
        try:
            scene.happens(hook)
        except VirtualMachineError:
            assert asset == "token"
    scene.agent.setMode(ACCEPT)
    before = scene.money.of(scene.seller) + scene.shop.credit(scene.money, scene.seller)
    scene.shop.buy(scene.innocent, scene.buyer)
    after = scene.money.of(scene.seller) + scene.shop.credit(scene.money, scene.seller)
    # The seller made it, so no royalty.
    assert after - before == PRICE - PRICE // 100


@pytest.mark.parametrize(("asset", "hook"), [("coins", "withdraw"), ("token", "buy")])
def test_the_scene_reaches_the_market_from_inside(scene, asset, hook):
    """The matrix above would pass on a stage where nothing happens."""
    scene = scene(asset)
    for name in ("offer", "cancel", "swap"):
        scene.agent.addCall(*scene.call(name))
    scene.agent.setMode(REENTER)
    scene.happens(hook)
    assert scene.shop.open(scene.inner_offer)
    assert not scene.shop.open(scene.inner_cancel)
    assert scene.registry.ownerOf(scene.swapped) == scene.seller
