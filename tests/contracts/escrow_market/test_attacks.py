"""Hostile payees, hooks, thieves and clocks: nobody else's money moves, nobody's is stuck."""

from types import SimpleNamespace

import pytest
from brownie import ZERO_ADDRESS, chain
from brownie.exceptions import VirtualMachineError

from tests.contracts.escrow_market.conftest import (
    BURN_GAS,
    PRICE,
    REENTER,
    REJECT,
    RETURN_BOMB,
    REVERT_BOMB,
    Money,
    offer_by,
    register_by,
)
from tests.contracts.support import (
    COIN,
    TOKENS,
    TRADE_NONE,
    make_offer,
    make_trade,
    offer_id,
    register,
    reverts_with,
)

FEE = PRICE // 100


# Payees who refuse


@pytest.mark.parametrize("mode", [REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB])
def test_a_hostile_creator_stops_nobody(
    market, desk, registry, coin, hostile, seller, buyer, mode, referrer
):
    work = register_by(registry, hostile, seller)
    registry.approve(market, work, {"from": seller})
    offer = desk.offer(seller, creation_id=work, referral_bps=1_000)
    hostile.setMode(mode)
    before = coin.of(seller), coin.of(referrer)
    trade, _ = desk.fund(offer, buyer, referrer)
    tx = market.confirm(trade, {"from": buyer, "gas_limit": 3_000_000})
    royalty = PRICE // 20
    assert registry.ownerOf(work) == buyer
    assert coin.of(seller) - before[0] == PRICE - FEE - royalty - PRICE // 10
    assert coin.of(referrer) - before[1] == PRICE // 10
    # A return bomb is an answer: the coins are there.
    assert desk.credit(coin, hostile) + hostile.balance() == royalty
    assert tx.gas_used < 400_000


@pytest.mark.parametrize("mode", [REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB])
def test_a_hostile_buyer_cant_stop_the_deadline(
    market, desk, coin, hostile, seller, stranger, buyer, mode
):
    offer = desk.offer(seller)
    data = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    hostile.execute(market, PRICE, data, {"from": buyer, "value": PRICE})
    trade = make_trade(market, offer, hostile)
    chain.mine(timestamp=desk.deadline(trade) + 1)
    hostile.setMode(mode)
    tx = market.claimTimeout(trade, {"from": stranger, "gas_limit": 3_000_000})
    assert desk.credit(coin, hostile) + hostile.balance() == PRICE
    assert tx.gas_used < 300_000


@pytest.mark.parametrize("mode", [REJECT, BURN_GAS, REVERT_BOMB])
def test_a_hostile_seller_cant_keep_a_buyer_from_ending(
    market, desk, coin, hostile, buyer, treasury, mode
):
    trade, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    hostile.setMode(mode)
    market.confirm(trade, {"from": buyer, "gas_limit": 3_000_000})
    assert desk.state(trade) == TRADE_NONE
    assert desk.credit(coin, hostile) == PRICE - FEE


def test_a_hostile_referrer_stops_nobody(market, desk, coin, hostile, seller, buyer):
    trade = desk.shipped(seller, buyer, hostile, referral_bps=1_000)
    hostile.setMode(BURN_GAS)
    before = coin.of(seller)
    market.confirm(trade, {"from": buyer, "gas_limit": 3_000_000})
    assert coin.of(seller) - before == PRICE - FEE - PRICE // 10
    assert desk.credit(coin, hostile) == PRICE // 10


# Reentrancy


@pytest.fixture
def scripted(market, desk, hostile, buyer, seller):
    """A hostile seller with a second trade under way, who calls back when it is paid."""

    def script(name, *arguments, value=0):
        hostile.addCall(market, value, getattr(market, name).encode_input(*arguments))
        hostile.setMode(REENTER)

    return script


@pytest.mark.parametrize("name", ["ship", "confirm", "refund", "claimTimeout"])
def test_reentering_the_same_trade_finds_it_ended(
    market, desk, coin, hostile, scripted, buyer, treasury, name
):
    trade, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    other, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    scripted(name, trade, b"\0" * 32) if name == "ship" else scripted(name, trade)
    tx = market.confirm(trade, {"from": buyer, "gas_limit": 3_000_000})
    (reentered,) = [e for e in tx.events if e.name == "Reentered"]
    assert reentered["success"] is False
    assert hostile.balance() == PRICE - FEE
    assert coin.of(market) == other.amount + desk.credit(coin, treasury)


def test_reentering_to_end_another_trade_pays_each_once(
    market, desk, coin, hostile, scripted, buyer, treasury
):
    first, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    second, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    scripted("refund", second)
    before = coin.of(buyer)
    tx = market.confirm(first, {"from": buyer, "gas_limit": 3_000_000})
    gas = tx.gas_used * tx.gas_price
    assert hostile.balance() == PRICE - FEE
    assert coin.of(buyer) - before + gas == PRICE
    assert coin.of(market) == desk.credit(coin, treasury) == FEE


def test_reentering_withdraw_pays_once(market, desk, coin, hostile, scripted, buyer, treasury):
    trade, _ = desk.fund(offer_by(hostile, market, buyer), buyer)
    hostile.setMode(REJECT)
    market.confirm(trade, {"from": buyer, "gas_limit": 3_000_000})
    scripted("withdraw", COIN, hostile.address)
    market.withdrawFor(COIN, hostile, {"from": buyer, "gas_limit": 3_000_000})
    assert hostile.balance() == PRICE - FEE
    assert coin.of(market) == desk.credit(coin, treasury)


# Hooks of tokens


def test_a_nested_deposit_is_counted_once(market, desk, hooked, seller, buyer):
    """The sender's hook funds another offer in the middle of paying for the first."""
    token, agent = hooked
    money = Money(token)
    first = desk.offer(seller, asset=token.address)
    second = desk.offer(seller, asset=token.address)
    agent.addCall(market, 0, market.fund.encode_input(second, b"", 1, ZERO_ADDRESS))
    agent.setMode(REENTER)
    data = market.fund.encode_input(first, b"", 1, ZERO_ADDRESS)
    with reverts_with("Asset_AmountWrong", token, 2 * PRICE, PRICE):
        agent.execute(market, 0, data, {"from": buyer, "gas_limit": 5_000_000})
    assert money.of(market) == 0
    assert desk.units_left(first) == desk.units_left(second) == 1


def test_a_nested_fill_of_the_same_offer_is_refused(market, desk, hooked, seller, buyer):
    token, agent = hooked
    offer = desk.offer(seller, asset=token.address)
    data = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    agent.addCall(market, 0, data)
    agent.setMode(REENTER)
    agent.execute(market, 0, data, {"from": buyer, "gas_limit": 5_000_000})
    assert token.balanceOf(market) == PRICE
    assert desk.units_left(offer) == 0


@pytest.fixture
def thieves(market, hooked, buyer, MockReceiver):
    """A seller and a buyer's agent of one thief: `offer` is the seller's, `fund` the agent's; from
    `refund(offer)` on the seller refunds its trade from inside the agent's deposits."""
    token, agent = hooked
    seller = MockReceiver.deploy({"from": buyer})

    def fund(offer):
        data = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
        agent.execute(market, 0, data, {"from": buyer, "gas_limit": 5_000_000})

    def refund(offer):
        data = market.refund.encode_input(make_trade(market, offer, agent))
        agent.addCall(seller, 0, seller.execute.encode_input(market, 0, data))
        agent.setMode(REENTER)

    def offer(**terms):
        return offer_by(seller, market, buyer, asset=token.address, **terms)

    return SimpleNamespace(token=token, offer=offer, fund=fund, refund=refund)


def test_a_nested_refund_during_the_deposit_is_undone(market, desk, thieves, seller, buyer):
    """The buyer's hook has the seller refund before the money is in."""
    innocent, _ = desk.fund(desk.offer(seller, asset=thieves.token.address), buyer)
    offer = thieves.offer()
    thieves.refund(offer)
    with reverts_with("Asset_AmountWrong", thieves.token, 0, PRICE):
        thieves.fund(offer)
    assert thieves.token.balanceOf(market) == innocent.amount


def test_a_deposit_during_which_more_leaves_than_comes_is_undone(
    market, desk, thieves, seller, buyer
):
    """The seller refunds an older trade from inside the deposit of a cheap one."""
    innocent, _ = desk.fund(desk.offer(seller, asset=thieves.token.address), buyer)
    dear = thieves.offer()
    thieves.fund(dear)
    thieves.refund(dear)
    cheap = thieves.offer(price=1)
    with reverts_with("Asset_AmountWrong", thieves.token, 0, 1):
        thieves.fund(cheap)
    assert thieves.token.balanceOf(market) == innocent.amount + dear.price


@pytest.mark.parametrize("act", ["withdraw", "refund", "fund"])
def test_a_hooked_payee_who_reenters_stops_only_itself(
    market, desk, hooked, seller, buyer, treasury, act
):
    """The seller's hook moves the market's balance while it is being paid: its own payment is
    undone and credited, and the books hold."""
    token, agent = hooked
    money = Money(token)
    trade, _ = desk.fund(offer_by(agent, market, buyer, asset=token.address), buyer)
    other, _ = desk.fund(offer_by(agent, market, buyer, asset=token.address), buyer)
    third = desk.offer(seller, asset=token.address)
    calls = {
        "withdraw": market.withdrawFor.encode_input(token, treasury),
        "refund": market.refund.encode_input(other),
        "fund": market.fund.encode_input(third, b"", 1, ZERO_ADDRESS),
    }
    agent.addCall(market, 0, calls[act])
    agent.setMode(REENTER)
    market.confirm(trade, {"from": buyer, "gas_limit": 5_000_000})
    assert desk.state(trade) == TRADE_NONE
    escrow = other.amount if desk.state(other) != TRADE_NONE else 0
    escrow += PRICE if desk.units_left(third) == 0 else 0
    owed = escrow + desk.credit(money, agent) + desk.credit(money, treasury)
    assert token.balanceOf(market) == owed


# Thieves


def test_coins_forced_into_the_market_change_nothing(
    market, desk, coin, MockForcer, seller, buyer, stranger, treasury
):
    MockForcer.deploy(market, {"from": stranger, "value": 12_345})
    trade = desk.funded(seller, buyer)
    before = coin.of(seller)
    market.confirm(trade, {"from": buyer})
    assert coin.of(seller) - before == PRICE - FEE
    assert coin.of(market) == 12_345 + desk.credit(coin, treasury)


def test_a_trade_of_one_market_is_nothing_in_another(
    EscrowMarket, registry, treasury, desk, seller, buyer
):
    trade = desk.funded(seller, buyer)
    twin = EscrowMarket.deploy(registry, treasury, 100, {"from": seller})
    with reverts_with("Trade_StateWrong", twin.hashTrade(trade), 0, 1):
        twin.refund(trade, {"from": seller})


def test_the_market_moves_no_creation_that_it_only_may_move(
    market, desk, registry, seller, stranger, creation
):
    """An approval alone is worth nothing to a thief: an offer needs the seller's own call."""
    forged = make_offer(seller, creation_id=creation, tenure=1, price=1)
    with reverts_with("Document_NotOwn", stranger, seller):
        market.offer(forged, {"from": stranger})
    own = make_offer(stranger, creation_id=creation, tenure=1, price=1)
    market.offer(own, {"from": stranger})
    with reverts_with("TransferFromIncorrectOwner"):
        desk.fund(own, seller)


def test_the_market_pulls_no_tokens_but_the_callers(
    market, desk, dkb, token, seller, buyer, stranger
):
    """The buyer's allowance is no good to a stranger who takes an offer."""
    offer = desk.offer(seller, asset=dkb.address, price=50 * TOKENS)
    before = token.balanceOf(buyer)
    desk.fund(offer, stranger)
    assert token.balanceOf(buyer) == before


def test_a_token_as_registry_or_registry_as_token_moves_nothing(
    market, desk, registry, seller, buyer, creation
):
    """The registry has a `transferFrom`, but its amounts are ids: as an asset it is refused."""
    registry.setApprovalForAll(market, True, {"from": buyer})
    own = register(registry, buyer, n=70)
    offer = desk.offer(seller, asset=registry.address, price=min(own, 2**128 - 1))
    with pytest.raises(VirtualMachineError):
        desk.fund(offer, buyer)
    assert registry.ownerOf(own) == buyer


def test_a_filled_offer_stays_filled_after_its_trade_ended(market, desk, seller, buyer):
    offer = desk.offer(seller)
    trade, _ = desk.fund(offer, buyer)
    market.refund(trade, {"from": seller})
    with reverts_with("Nonce_Used", seller, offer.nonce):
        market.offer(offer, {"from": seller})
    with reverts_with("Offer_NotOpen", offer_id(market, offer)):
        desk.fund(offer, buyer)
