"""Random lives of a market against the model: after every step the market holds what it owes, and
at the end time alone and one call from each payee drain it to zero."""

import pytest
from brownie import ZERO_ADDRESS, chain
from brownie.exceptions import VirtualMachineError
from brownie.test import strategy

from tests.contracts.support import (
    COIN,
    DAY,
    DELIVERED,
    INSTANT,
    TRADE_FUNDED,
    TRADE_SHIPPED,
    make_offer,
    make_trade,
    offer_id,
    only_event,
    register,
    sleep_to,
    trade_id,
)
from tests.invariants.market_model import MarketModel, ModelTrade

REJECT, ACCEPT = 1, 0


class MarketMachine:
    """Two sellers (one a contract that refuses coins), two buyers, a referrer, two assets."""

    kind_of_asset = strategy("bool")
    pick = strategy("uint8")
    price = strategy("uint256", min_value=1, max_value=10**16)
    bps = strategy("uint16", max_value=5_000)
    hours = strategy("uint16", min_value=1, max_value=24 * 6)

    def __init__(cls, market, registry, token, people, refusing, treasury):  # noqa: N805
        cls.market = market
        cls.registry = registry
        cls.token = token
        cls.seller, cls.buyers, cls.referrer, cls.stranger = people
        cls.refusing = refusing
        cls.treasury = treasury

    def setup(self):
        self.model = MarketModel(self.treasury.address, {self.refusing.address})
        self.terms = {}
        self.works = 0
        self.salt = 0

    # Rules

    def rule_fund(self, kind_of_asset, pick, price, bps):
        asset = self.token.address if kind_of_asset else COIN
        buyer = self.buyers[pick % 2]
        by_contract = pick % 3 == 0
        referrer = self.referrer.address if pick % 5 else ZERO_ADDRESS
        seller = self.refusing if by_contract else self.seller
        offer = self._offer(seller.address, asset, price, bps)
        self._publish(offer, by_contract)
        value = 0 if kind_of_asset else price
        tx = self.market.fund(offer, referrer, {"from": buyer, "value": value})
        trade = make_trade(self.market, offer, buyer, referrer)
        key = trade_id(trade)
        self.terms[key] = trade
        self.model.fund(
            key,
            ModelTrade(
                seller.address,
                buyer.address,
                referrer if referrer != ZERO_ADDRESS else None,
                asset,
                price,
                bps,
                offer.inspect_seconds,
                "funded",
                tx.timestamp + offer.ship_seconds,
            ),
        )

    def rule_sell(self, kind_of_asset, pick, price, bps):
        """An instant sale of a new work of the referrer's, in half of the cases a derivative."""
        asset = self.token.address if kind_of_asset else COIN
        self.works += 1
        creators = [self.referrer.address]
        parents = []
        if pick % 2:
            parents = [register(self.registry, self.stranger, n=5_000 + self.works)]
            creators.append(self.stranger.address)
        royalty = bps % 1_001
        work = register(self.registry, self.referrer, 1_000 + self.works, royalty, parents)
        moved = (self.referrer, self.seller, work)
        self.registry.transferFrom(*moved, {"from": self.referrer})
        self.registry.approve(self.market, work, {"from": self.seller})
        self.salt += 1
        offer = make_offer(
            self.seller, INSTANT, creation_id=work, tenure=1, asset=asset, price=price
        )._replace(salt=self.salt, expiry=chain.time() + DAY)
        self.market.offer(offer, {"from": self.seller})
        buyer = self.buyers[pick % 2]
        value = 0 if kind_of_asset else price
        self.market.buy(offer, ZERO_ADDRESS, {"from": buyer, "value": value})
        assert self.registry.ownerOf(work) == buyer
        self.model.sell(asset, price, self.seller.address, creators, royalty)

    def rule_ship(self, pick):
        key = self._some(pick)
        if key is None:
            return
        trade, model = self.terms[key], self.model.trades[key]
        allowed = model.state == "funded" and chain.time() + 60 <= model.deadline
        late = chain.time() > model.deadline
        if not allowed and not (model.state == "shipped" or late):
            return  # too close to the deadline to say
        if allowed:
            tx = self._act("ship", trade, trade.seller)
            self.model.ship(key, tx.timestamp)
            return
        error = "Trade_StateWrong" if model.state == "shipped" else "Trade_DeadlinePassed"
        with pytest.raises(VirtualMachineError, match=error):
            self._act("ship", trade, trade.seller)

    def rule_confirm(self, pick):
        key = self._some(pick)
        if key is not None:
            self._act("confirm", self.terms[key], self.terms[key].buyer)
            self.model.release(key)

    def rule_refund(self, pick):
        key = self._some(pick)
        if key is not None:
            self._act("refund", self.terms[key], self.terms[key].seller)
            self.model.refund(key)

    def rule_time_passes(self, hours):
        chain.mine(timestamp=chain.time() + hours * 3_600)

    def rule_claim(self, pick):
        key = self._some(pick)
        if key is None:
            return
        model = self.model.trades[key]
        now = chain.time() + 30
        sleep_to(chain, now)
        if now > model.deadline:
            self.market.claimTimeout(self.terms[key], {"from": self.stranger})
            self._end_by_time(key)
            return
        with pytest.raises(VirtualMachineError, match="Trade_DeadlineNotPassed"):
            self.market.claimTimeout(self.terms[key], {"from": self.stranger})

    def rule_withdraw(self, kind_of_asset):
        asset = self.token.address if kind_of_asset else COIN
        if self.model.credit.get((asset, self.treasury.address)):
            tx = self.market.withdrawFor(asset, self.treasury, {"from": self.stranger})
            amount = self.model.withdraw(asset, self.treasury.address)
            assert only_event(tx, "Withdrawn")["amount"] == amount

    # Laws

    def invariant_solvency(self):
        assert self.market.balance() == self.model.held(COIN)
        assert self.token.balanceOf(self.market) == self.model.held(self.token.address)

    def invariant_credits(self):
        for (asset, payee), amount in self.model.credit.items():
            assert self.market.creditOf(asset, payee) == amount

    def invariant_states(self):
        states = {"funded": TRADE_FUNDED, "shipped": TRADE_SHIPPED}
        for key, trade in self.terms.items():
            model = self.model.trades.get(key)
            state, deadline = self.market.tradeState(key)
            assert state == (states[model.state] if model else 0), trade
            assert deadline == (model.deadline if model else 0)

    def teardown(self):
        """The drain."""
        for _ in range(2):
            latest = max((t.deadline for t in self.model.trades.values()), default=0)
            chain.mine(timestamp=max(chain.time(), latest) + 1)
            for key in list(self.model.trades):
                self.market.claimTimeout(self.terms[key], {"from": self.stranger})
                self._end_by_time(key)
        self.refusing.setMode(ACCEPT, {"from": self.stranger})
        for asset, payee in list(self.model.credit):
            if self.model.credit[asset, payee]:
                self.market.withdrawFor(asset, payee, {"from": self.stranger})
                self.model.withdraw(asset, payee)
        self.refusing.setMode(REJECT, {"from": self.stranger})
        assert self.market.balance() == 0
        assert self.token.balanceOf(self.market) == 0

    # Helpers

    def _offer(self, seller, asset, price, bps):
        self.salt += 1
        terms = {"asset": asset, "price": price, "referral_bps": bps, "salt": self.salt}
        return make_offer(seller, DELIVERED, expiry=chain.time() + DAY, **terms)

    def _publish(self, offer, by_contract):
        if by_contract:
            data = self.market.offer.encode_input(offer)
            self.refusing.execute(self.market, 0, data, {"from": self.stranger})
        else:
            self.market.offer(offer, {"from": self.seller})
        assert self.market.offerState(offer_id(self.market, offer)) == 1

    def _some(self, pick):
        keys = list(self.model.trades)
        return keys[pick % len(keys)] if keys else None

    def _act(self, name, trade, sender):
        arguments = (trade, bytes(32)) if name == "ship" else (trade,)
        if sender == self.refusing.address:
            data = getattr(self.market, name).encode_input(*arguments)
            return self.refusing.execute(self.market, 0, data, {"from": self.stranger})
        return getattr(self.market, name)(*arguments, {"from": sender})

    def _end_by_time(self, key):
        if self.model.trades[key].state == "funded":
            self.model.refund(key)
        else:
            self.model.release(key)


def test_the_market_agrees_with_its_model(
    state_machine, market, registry, token, MockReceiver,
    seller, buyer, creator, referrer, stranger, treasury,
):  # fmt: skip
    refusing = MockReceiver.deploy({"from": stranger})
    refusing.setMode(REJECT, {"from": stranger})
    for account in (buyer, creator):
        token.approve(market, 2**256 - 1, {"from": account})
    people = (seller, (buyer, creator), referrer, stranger)
    settings = {"max_examples": 5, "stateful_step_count": 20}
    state_machine(
        MarketMachine, market, registry, token, people, refusing, treasury, settings=settings
    )
