"""Whoever calls chooses the gas. With any amount of it, either all is undone or everybody named is
paid or credited, and whoever can be paid isn't put off with a credit."""

import pytest
from brownie import ZERO_ADDRESS, chain, web3

from tests.contracts.escrow_market.conftest import BURN_GAS, PRICE, Money, offer_by, register_by
from tests.contracts.support import (
    COIN,
    TOKENS,
    TRADE_NONE,
    make_trade,
    register,
    reverts_with,
)

FEE = PRICE // 100
ROYALTY = PRICE // 20
REFERRAL = PRICE // 10
TRIES = 24


class Probe:
    """`MockGasProbe`, and whose money to look at."""

    def __init__(self, contract, market, sender):
        self.contract = contract
        self.market = market
        self.sender = sender

    def does(self, name, *arguments, value=0):
        """Makes the probe act once, with all the gas it needs."""
        data = getattr(self.market, name).encode_input(*arguments)
        return self.contract.execute(
            self.market, value, data, {"from": self.sender, "value": value}
        )

    def tries(self, name, *arguments, money, payees, value=0, most=250_000):
        """Paid and credited by payee, for each amount of gas with which a call succeeds: amounts
        from nearly nothing to `most`, and closer ones around the least that is enough."""
        watches = []
        for payee in payees:
            held = (payee.address, b"")
            if money.contract is not None:
                held = (money.address, money.contract.balanceOf.encode_input(payee))
            credit = self.market.creditOf.encode_input(money.address, payee)
            watches += [held, (self.market.address, credit)]
        before = [n for p in payees for n in (money.of(p), self.market.creditOf(money.address, p))]
        call = (self.market, value, getattr(self.market, name).encode_input(*arguments), watches)
        step = most // TRIES
        wide = self._outcomes(*call, 10_000, step)
        least = min(gas for gas, success, _ in wide if success)
        narrow = self._outcomes(*call, least - step, 2 * step // TRIES)
        assert not narrow[0][1]
        found = []
        for _, success, seen in wide + narrow:
            changes = [now - then for now, then in zip(seen, before, strict=True)]
            if success:
                found.append(list(zip(changes[::2], changes[1::2], strict=True)))
            else:
                assert not any(changes)
        return found

    def _outcomes(self, *arguments):
        data = self.contract.probe.encode_input(*arguments, TRIES)
        call = {"from": str(self.sender), "to": self.contract.address, "data": data}
        return self.contract.probe.decode_output(web3.eth.call({**call, "gas": 49_000_000}))


@pytest.fixture
def probe(MockGasProbe, market, token, deployer, buyer):
    contract = MockGasProbe.deploy({"from": buyer})
    token.transfer(contract, 10 * TOKENS, {"from": deployer})
    approve = token.approve.encode_input(market, 2**256 - 1)
    contract.execute(token, 0, approve, {"from": buyer})
    buyer.transfer(contract, 10**17)
    return Probe(contract, market, buyer)


@pytest.fixture
def honest(MockReceiver, buyer):
    """A contract that takes coins, and needs some gas for it."""
    return MockReceiver.deploy({"from": buyer})


@pytest.fixture
def maker(MockReceiver, registry, market, seller):
    """A contract that made the creation which the seller sells."""
    contract = MockReceiver.deploy({"from": seller})
    work = register_by(registry, contract, seller)
    registry.setApprovalForAll(market, True, {"from": seller})
    return contract, work


def test_confirm_pays_all_or_nothing(market, desk, money, probe, maker, seller, honest):
    creator, work = maker
    offer = desk.offer(seller, creation_id=work, asset=money.address, referral_bps=1_000)
    probe.does("fund", offer, b"", 1, honest, value=desk.value(offer))
    trade = make_trade(market, offer, probe.contract, honest)
    due = [(PRICE - FEE - ROYALTY - REFERRAL, 0), (ROYALTY, 0), (REFERRAL, 0)]
    payees = (seller, creator, honest)
    for outcome in probe.tries("confirm", trade, money=money, payees=payees):
        assert outcome == due


def test_a_deadline_pays_all_or_nothing(market, desk, money, probe, maker, seller, buyer, honest):
    creator, work = maker
    terms = {"creation_id": work, "asset": money.address, "referral_bps": 1_000}
    trade = desk.shipped(seller, buyer, honest, **terms)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    due = [(PRICE - FEE - ROYALTY - REFERRAL, 0), (ROYALTY, 0), (REFERRAL, 0)]
    payees = (seller, creator, honest)
    for outcome in probe.tries("claimTimeout", trade, money=money, payees=payees):
        assert outcome == due


def test_a_missed_shipment_refunds_all_or_nothing(market, desk, coin, probe, seller, honest, buyer):
    offer = desk.offer(seller)
    data = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    honest.execute(market, PRICE, data, {"from": buyer, "value": PRICE})
    trade = make_trade(market, offer, honest)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    for outcome in probe.tries("claimTimeout", trade, money=coin, payees=(honest,)):
        assert outcome == [(PRICE, 0)]


def test_refund_pays_all_or_nothing(market, desk, money, probe, buyer):
    offer = offer_by(probe.contract, market, buyer, asset=money.address)
    trade, _ = desk.fund(offer, buyer)
    for outcome in probe.tries("refund", trade, money=money, payees=(buyer,)):
        assert outcome == [(PRICE, 0)]


def test_a_ruling_pays_all_or_nothing(
    market, desk, money, probe, maker, seller, buyer, honest, stranger
):
    """The seller's half, the buyer's, royalty, commission and the arbiter's fee."""
    creator, work = maker
    terms = {"creation_id": work, "asset": money.address, "referral_bps": 1_000, "price": 10**6}
    trade = desk.disputed(seller, buyer, probe.contract, honest, **terms)
    # 3 % for the arbiter; half of the rest; of the seller's half 1 %, 5 % and 10 %.
    due = [(407_400, 0), (485_000, 0), (24_250, 0), (48_500, 0), (30_000, 0)]
    payees = (seller, buyer, creator, honest, stranger)
    arguments = ("rule", trade, 5_000, stranger)
    for outcome in probe.tries(*arguments, money=money, payees=payees, most=400_000):
        assert outcome == due


def test_withdraw_for_with_little_gas_costs_no_credit(
    market, desk, money, probe, seller, buyer, treasury
):
    market.confirm(desk.funded(seller, buyer, asset=money.address), {"from": buyer})
    terms = {"money": money, "payees": (treasury,), "most": 100_000}
    for outcome in probe.tries("withdrawFor", money.address, treasury, **terms):
        assert outcome == [(FEE, -FEE)]


def test_a_hostile_payee_is_credited_whatever_the_gas(market, desk, coin, probe, hostile, honest):
    """The payee who burns what it gets can't be used to starve those after it."""
    offer = offer_by(hostile, market, probe.sender, referral_bps=1_000)
    probe.does("fund", offer, b"", 1, honest, value=PRICE)
    hostile.setMode(BURN_GAS)
    trade = make_trade(market, offer, probe.contract, honest)
    for outcome in probe.tries("confirm", trade, money=coin, payees=(hostile, honest)):
        assert outcome == [(0, PRICE - FEE - REFERRAL), (REFERRAL, 0)]


def test_a_thirsty_token_pays_or_credits_whatever_the_gas(
    market, desk, odd_token, MockThirstyToken, probe, seller, buyer, treasury
):
    """A payee whose credit is written in the same call already (the community as referrer) is the
    cheapest to put off with a credit; it is never left without either."""
    money = odd_token(MockThirstyToken)
    money.contract.transfer(probe.contract, PRICE, {"from": buyer})
    approve = money.contract.approve.encode_input(market, PRICE)
    probe.contract.execute(money.contract, 0, approve, {"from": buyer})
    offer = desk.offer(seller, asset=money.address, referral_bps=1_000)
    probe.does("fund", offer, b"", 1, treasury)
    money.contract.setThirst(80_000)
    trade = make_trade(market, offer, probe.contract, treasury)
    terms = {"money": money, "payees": (seller, treasury), "most": 360_000}
    for (paid, credit), (paid_treasury, credit_treasury) in probe.tries("confirm", trade, **terms):
        assert paid + credit == PRICE - FEE - REFERRAL
        assert paid_treasury + credit_treasury == FEE + REFERRAL


@pytest.mark.parametrize("kind", ["coins", "token"])
def test_the_most_hostile_payees_there_can_be_are_affordable(
    market, desk, registry, coin, odd_token, MockGasBurnerToken, MockReceiver,
    seller, buyer, stranger, hostile, kind,
):  # fmt: skip
    """A derivative of eight works, whose makers, like its own, the seller and the referrer, burn
    all the gas they get. Anybody can still end the trade in one transaction."""
    makers = [MockReceiver.deploy({"from": seller}) for _ in range(9)]
    parents = [
        register_by(registry, maker, seller, n=100 + i) for i, maker in enumerate(makers[1:])
    ]
    work = register_by(registry, makers[0], seller, n=120, royalty_bps=1_000, parents=parents)
    agent = MockReceiver.deploy({"from": seller})
    registry.transferFrom(seller, agent, work, {"from": seller})
    approve = registry.approve.encode_input(market, work)
    agent.execute(registry, 0, approve, {"from": seller})
    money = coin if kind == "coins" else odd_token(MockGasBurnerToken)
    terms = {"creation_id": work, "tenure": 2, "asset": money.address, "referral_bps": 1_000}
    offer = offer_by(agent, market, seller, **terms)
    trade, _ = desk.fund(offer, buyer, hostile)
    payees = [agent, hostile, *makers]
    for payee in payees:
        payee.setMode(BURN_GAS)
        if money.contract is not None:
            money.contract.setBurning(payee, True)
    ship = market.ship.encode_input(trade, bytes(32))
    agent.execute(market, 0, ship, {"from": seller})
    chain.mine(timestamp=desk.deadline(trade) + 1)
    tx = market.claimTimeout(trade, {"from": stranger, "gas_limit": 6_000_000})
    assert tx.gas_used < 3_500_000
    assert desk.state(trade) == TRADE_NONE
    assert registry.ownerOf(work) == buyer
    assert sum(desk.credit(money, payee) for payee in payees) == PRICE - FEE
    assert money.of(market) == PRICE


def test_a_withdrawal_to_a_gas_burner_costs_the_caller_alone(
    market, desk, coin, hostile, seller, buyer, treasury
):
    market.confirm(desk.funded(seller, buyer), {"from": buyer})
    hostile.setMode(BURN_GAS)
    with reverts_with("Withdrawal_Failed", COIN, hostile, FEE):
        market.withdraw(COIN, hostile, {"from": treasury, "gas_limit": 1_000_000})
    assert desk.credit(coin, treasury) == FEE


def test_a_creation_of_eight_parents_can_be_bought(market, desk, registry, seller, creator, buyer):
    parents = [register(registry, creator, n=140 + i) for i in range(8)]
    work = register(registry, seller, n=150, royalty_bps=1_000, parents=parents)
    registry.approve(market, work, {"from": seller})
    trade, _ = desk.fund(desk.offer(seller, creation_id=work), buyer)
    before = Money().of(creator)
    market.confirm(trade, {"from": buyer})
    share = PRICE // 10 * 5_000 // 10_000 // 8
    assert Money().of(creator) - before == 8 * share
