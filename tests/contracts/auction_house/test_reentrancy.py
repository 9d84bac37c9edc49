"""Every function, called from every place where the house lets a stranger's code run: whatever
comes of it, the house holds exactly what it owes (`books`, after every test), and an innocent
auction ends as if nothing had been."""

import pytest
from brownie import ZERO_ADDRESS, chain
from brownie.exceptions import VirtualMachineError

from tests.contracts.auction_house.conftest import (
    ACCEPT,
    FEE,
    MUCH_GAS,
    PRICE,
    REENTER,
    REJECT,
    Money,
    next_bid,
)
from tests.contracts.support import (
    COIN,
    HOUR,
    TOKENS,
    events_of,
    only_event,
    register,
    reverts_with,
)

FUNCTIONS = [
    "open",
    "cancel",
    "bid",
    "bid again",
    "bid first",
    "bidWithPermit",
    "settle",
    "retrieve",
    "handOut",
    "withdraw",
    "withdrawFor",
    "transferOut",
    "cancelNonces",
]
PULLS = ["first bid", "bid"]
HOOKS = ["outbid", "paid", "withdraw"]
COLLECTIONS = ["locked", "handed out", "retrieved"]


class Scene:
    """A contract that sells, bids, wins and owns, in one asset; an innocent auction beside it."""

    def __init__(self, house, registry, money, agent, collection, people):
        self.house, self.registry, self.money, self.agent = house, registry, money, agent
        self.contract, self.collection = house.contract, collection
        self.seller, self.buyer, self.stranger, self.treasury = people
        self.sender = {"from": self.buyer, "gas_limit": MUCH_GAS}
        self.late = chain.time() + HOUR
        self.n = 300 if money.address == COIN else 400
        # Ended auctions: one that the agent won, one that it sold, one of its foreign creation.
        self.won = self.auctioned(ends_at=self.late)
        self.agent_bids(self.won)
        self.sold = self.auctioned(by_agent=True, ends_at=self.late)
        house.bid(self.sold, self.buyer)
        self.sold_too = self.auctioned(by_agent=True, ends_at=self.late)
        house.bid(self.sold_too, self.buyer)
        self.foreign_won = self.foreign(ends_at=self.late)
        self.agent_bids(self.foreign_won)
        self.foreign_held = self.foreign(ends_at=self.late)
        self.agent_bids(self.foreign_held)
        # Live ones.
        self.innocent = self.auctioned()
        house.bid(self.innocent, self.stranger)
        self.led = self.auctioned()
        self.agent_bids(self.led)
        self.led_too = self.auctioned()
        self.agent_bids(self.led_too)
        self.unbid = self.auctioned()
        self.unbid_too = self.auctioned()
        self.chased = self.auctioned()
        house.bid(self.chased, self.buyer)
        self.chased_too = self.auctioned()
        house.bid(self.chased_too, self.buyer)
        self.foreign_unbid = self.foreign()
        self.own = self.auctioned(by_agent=True)
        self.to_open = self.house.auction(
            agent.address, creation_id=self.work(agent), asset=money.address
        )
        # A credit of the agent's: outbid while it refused.
        outbid = self.auctioned()
        self.agent_bids(outbid)
        agent.setMode(REJECT)
        house.bid(outbid, self.stranger, next_bid(PRICE))
        agent.setMode(ACCEPT)
        chain.mine(timestamp=self.late + 1)
        # A creation that waits for the agent.
        collection.setHook(agent)
        agent.setMode(REJECT)
        self.contract.settle(self.foreign_held, self.sender)
        agent.setMode(ACCEPT)
        assert self.contract.heldFor(collection, self.foreign_held.creation_id) == agent

    def work(self, owner):
        self.n += 1
        work = register(self.registry, self.seller, self.n)
        if owner == self.agent:
            self.registry.transferFrom(self.seller, owner, work, {"from": self.seller})
        return work

    def auctioned(self, by_agent=False, **terms):
        terms |= {"asset": self.money.address}
        if by_agent:
            work = self.work(self.agent)
            return self.house.opened_by(self.agent, self.buyer, creation_id=work, **terms)
        return self.house.opened(self.seller, creation_id=self.work(self.seller), **terms)

    def foreign(self, **terms):
        self.n += 1
        self.collection.mint(self.seller, self.n, {"from": self.seller})
        terms |= {"asset": self.money.address, "collection": self.collection.address}
        return self.house.opened(self.seller, creation_id=self.n, **terms)

    def agent_bids(self, auction, amount=PRICE):
        return self.house.bid_by(self.agent, self.buyer, auction, amount, gas_limit=MUCH_GAS)

    def agent_acts(self, name, *arguments):
        data = getattr(self.contract, name).encode_input(*arguments)
        return self.agent.execute(self.contract, 0, data, self.sender)

    def happens(self, hook):
        """Something in which the agent is called, by the asset or by the collection."""
        asset, contract = self.money, self.contract
        if hook == "first bid":
            return self.agent_bids(self.unbid)
        if hook == "bid":
            return self.agent_bids(self.chased, next_bid(PRICE))
        if hook == "outbid":
            return self.house.bid(self.led, self.stranger, next_bid(PRICE), gas_limit=MUCH_GAS)
        if hook == "paid":
            return contract.settle(self.sold, self.sender)
        if hook == "withdraw":
            return self.agent_acts("withdraw", asset.address, self.agent)
        if hook == "locked":
            return self.house.bid(self.foreign_unbid, self.stranger, gas_limit=MUCH_GAS)
        if hook == "handed out":
            return contract.settle(self.foreign_won, self.sender)
        return self.agent_acts(
            "retrieve", self.collection, self.foreign_held.creation_id, self.agent
        )

    def call(self, name, hook):
        """The house, the coins sent along, and the data of a call from inside."""
        held = self.foreign_held.creation_id
        asset = self.money.address
        same = {
            "first bid": self.unbid,
            "bid": self.chased,
            "outbid": self.led,
            "locked": self.foreign_unbid,
        }.get(hook, self.led)
        arguments = {
            "open": (self.to_open,),
            "cancel": (self.own,),
            "bid": (self.chased_too, b"", next_bid(PRICE)),
            "bid again": (same, b"", 4 * PRICE),
            "bid first": (self.unbid_too, b"", PRICE),
            "bidWithPermit": (self.chased_too, b"", next_bid(PRICE), b""),
            "settle": (self.sold_too,),
            "retrieve": (self.collection, held, self.agent),
            "handOut": (self.collection, held, self.agent),
            "withdraw": (asset, self.agent),
            "withdrawFor": (asset, self.treasury),
            "transferOut": (asset, self.agent, 1),
            "cancelNonces": (0, 5),
        }[name]
        function = name.split()[0]
        value = arguments[2] if asset == COIN and function == "bid" else 0
        return self.contract, value, getattr(self.contract, function).encode_input(*arguments)


@pytest.fixture(scope="module")
def scenes(
    house,
    registry,
    MockHookToken,
    MockReceiver,
    MockHookCollection,
    accounts,
    seller,
    buyer,
    stranger,
    treasury,
):
    registry.setApprovalForAll(house.contract, True, {"from": seller})
    found = {}
    for name in ("coins", "token"):
        collection = MockHookCollection.deploy({"from": seller})
        collection.setApprovalForAll(house.contract, True, {"from": seller})
        agent = MockReceiver.deploy({"from": buyer})
        money = Money()
        buyer.transfer(agent, 10**18)
        approve = registry.setApprovalForAll.encode_input(house.contract, True)
        agent.execute(registry, 0, approve, {"from": buyer})
        if name == "token":
            token = MockHookToken.deploy({"from": buyer})
            for holder in (agent, buyer, stranger):
                token.mint(holder, 100 * TOKENS, {"from": buyer})
            for holder in (buyer, stranger):
                token.approve(house.contract, 2**256 - 1, {"from": holder})
            approve = token.approve.encode_input(house.contract, 2**256 - 1)
            agent.execute(token, 0, approve, {"from": buyer})
            token.setHooked(agent, True, {"from": buyer})
            money = Money(token)
        people = (seller, buyer, stranger, treasury)
        found[name] = Scene(house, registry, money, agent, collection, people)
    return found


CELLS = [
    *(("token", hook, name) for hook in [*PULLS, "locked"] for name in FUNCTIONS),
    *((asset, hook, name) for asset in ("token", "coins") for hook in HOOKS for name in FUNCTIONS),
    *(("coins", hook, name) for hook in COLLECTIONS for name in FUNCTIONS),
]
# Acts of others, which the agent can't stop. `locked` it can: the collection is its accomplice.
UNSTOPPABLE = ["outbid", "paid", "handed out"]


@pytest.mark.parametrize(("asset", "hook", "name"), CELLS, ids=lambda part: part)
def test_reentering_leaves_the_books_exact(scenes, house, registry, asset, hook, name):
    scene = scenes[asset]
    scene.agent.addCall(*scene.call(name, hook))
    scene.agent.setMode(REENTER)
    try:
        scene.happens(hook)
    except VirtualMachineError:
        # The agent's own act may come to nothing, and then to nothing at all.
        assert hook not in UNSTOPPABLE
    scene.agent.setMode(ACCEPT)
    if hook == "outbid":
        assert house.state(scene.led)[1] >= next_bid(PRICE)
    if hook == "paid":
        assert house.deadline(scene.sold) == 0
        assert registry.ownerOf(scene.sold.creation_id) == scene.buyer
    if hook == "handed out":
        assert house.deadline(scene.foreign_won) == 0
        won = scene.foreign_won.creation_id
        owner = scene.collection.ownerOf(won)
        held = scene.contract.heldFor(scene.collection, won)
        assert owner == scene.agent or (owner == scene.contract and held == scene.agent)
    before = scene.money.of(scene.seller)
    house.settle(scene.innocent, scene.buyer)
    assert registry.ownerOf(scene.innocent.creation_id) == scene.stranger
    assert scene.money.of(scene.seller) - before == PRICE - FEE


@pytest.mark.parametrize(
    ("asset", "hook"),
    [("coins", "outbid"), ("coins", "paid"), ("coins", "withdraw"), ("token", "outbid"),
     ("token", "paid"), ("token", "bid"), ("coins", "locked"), ("token", "handed out"),
     ("coins", "retrieved")],
)  # fmt: skip
def test_the_scene_reaches_the_house_from_inside(scenes, house, asset, hook):
    """The matrix above would pass on a stage where nothing happens."""
    scene = scenes[asset]
    scene.agent.addCall(*scene.call("cancel", hook))
    scene.agent.setMode(REENTER)
    tx = scene.happens(hook)
    assert [event["success"] for event in events_of(tx, "Reentered")] == [True]
    assert house.deadline(scene.own) == 0


# What a thief would try


def test_a_bid_nested_in_a_bid_keeps_the_higher(scenes, house):
    """The collection's hook bids more while the first bid is under way."""
    scene = scenes["coins"]
    scene.agent.addCall(*scene.call("bid again", "locked"))
    scene.agent.setMode(REENTER)
    before = scene.money.of(scene.stranger)
    tx = scene.happens("locked")
    gas = tx.gas_used * tx.gas_price
    assert house.state(scene.foreign_unbid)[:2] == (scene.agent, 4 * PRICE)
    assert before - scene.money.of(scene.stranger) - gas == 0


def test_an_outbid_bidder_who_bids_again_from_inside_wins(scenes, house):
    """Repaid in the middle of being outbid, a contract may bid higher at once, like anybody."""
    scene = scenes["coins"]
    scene.agent.addCall(*scene.call("bid again", "outbid"))
    scene.agent.setMode(REENTER)
    scene.happens("outbid")
    bidder, amount, _ = house.state(scene.led)
    assert (bidder, amount) in ((scene.agent, 4 * PRICE), (scene.stranger, next_bid(PRICE)))


def test_a_nested_bid_of_tokens_is_counted_once(scenes, house):
    """The sender's hook bids in another auction in the middle of paying for the first."""
    scene = scenes["token"]
    scene.agent.addCall(*scene.call("bid first", "first bid"))
    scene.agent.setMode(REENTER)
    with reverts_with("Asset_AmountWrong", scene.money.address, 2 * PRICE, PRICE):
        scene.happens("first bid")
    assert house.state(scene.unbid)[1] == house.state(scene.unbid_too)[1] == 0


def test_a_price_is_paid_once(scenes, house):
    """The seller settles again from inside the payment."""
    scene = scenes["coins"]
    scene.agent.addCall(house.contract, 0, house.contract.settle.encode_input(scene.sold))
    scene.agent.setMode(REENTER)
    before = scene.money.of(scene.agent)
    tx = scene.happens("paid")
    assert [event["success"] for event in events_of(tx, "Reentered")] == [False]
    assert scene.money.of(scene.agent) - before == PRICE - FEE - PRICE // 20


@pytest.mark.parametrize("asset", ["coins", "token"])
def test_a_fee_is_credited_before_a_stranger_is_called(scenes, house, asset):
    """Whoever withdraws the community's credit from inside withdraws what the events before say."""
    scene = scenes[asset]
    before = house.credit(scene.money, scene.treasury)
    scene.agent.addCall(*scene.call("withdrawFor", "handed out"))
    scene.agent.setMode(REENTER)
    tx = scene.happens("handed out")
    assert only_event(tx, "Withdrawn")["amount"] == before + FEE
    assert house.credit(scene.money, scene.treasury) == 0


def test_nobody_holds_what_is_nobodys(scenes, house):
    """Before anything is held, `retrieve` finds the zero address, which nobody is."""
    scene = scenes["coins"]
    assert house.contract.heldFor(scene.collection, scene.foreign_won.creation_id) == ZERO_ADDRESS
    scene.agent.addCall(
        house.contract,
        0,
        house.contract.retrieve.encode_input(
            scene.collection, scene.foreign_won.creation_id, scene.agent
        ),
    )
    scene.agent.setMode(REENTER)
    tx = scene.happens("handed out")
    assert [event["success"] for event in events_of(tx, "Reentered")] == [False]
    assert scene.collection.ownerOf(scene.foreign_won.creation_id) == scene.agent
