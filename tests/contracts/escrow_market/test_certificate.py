"""A creation handed over with a delivered trade: the market's from the payment to the end."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import (
    MUCH_GAS,
    PRICE,
    REENTER,
    REJECT,
    offer_by,
)
from tests.contracts.support import (
    TRADE_FUNDED,
    TRADE_NONE,
    ZERO_BYTES32,
    make_offer,
    make_trade,
    register,
    reverts_with,
)


@pytest.fixture
def escrowed(desk, seller, buyer, creation):
    """A funded trade that holds the creation."""
    return desk.funded(seller, buyer, creation_id=creation)


def test_the_market_owns_the_certificate_until_the_end(
    market, registry, seller, buyer, creation, escrowed
):
    market.ship(escrowed, ZERO_BYTES32, {"from": seller})
    assert registry.ownerOf(creation) == market
    market.confirm(escrowed, {"from": buyer})
    assert registry.ownerOf(creation) == buyer


@pytest.mark.parametrize("who", ["seller", "buyer", "creator", "stranger"])
def test_nobody_moves_a_certificate_in_escrow(
    request, registry, market, stranger, creation, escrowed, who
):
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(market, stranger, creation, {"from": request.getfixturevalue(who)})


@pytest.mark.parametrize("who", ["seller", "buyer", "creator"])
def test_nobody_burns_a_certificate_in_escrow(request, registry, market, creation, escrowed, who):
    other = request.getfixturevalue(who)
    with reverts_with("Creation_NotOwned", creation, other, market):
        registry.burn(creation, {"from": other})


def test_an_approval_given_before_dies_with_the_escrow(
    desk, registry, market, seller, buyer, stranger, creation
):
    registry.approve(stranger, creation, {"from": seller})
    desk.funded(seller, buyer, creation_id=creation)
    assert registry.getApproved(creation) == ZERO_ADDRESS
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(market, stranger, creation, {"from": stranger})


@pytest.mark.parametrize("who", ["seller", "stranger"])
def test_nobody_sells_a_certificate_that_is_in_escrow(
    request, desk, registry, market, buyer, creation, escrowed, who
):
    thief = request.getfixturevalue(who)
    offer = desk.offer(thief, creation_id=creation, price=1)
    with reverts_with("TransferFromIncorrectOwner"):
        desk.fund(offer, buyer)
    assert registry.ownerOf(creation) == market


def test_older_offers_of_a_certificate_die_with_its_escrow(desk, seller, buyer, creation):
    other = desk.offer(seller, creation_id=creation, price=1)
    desk.funded(seller, buyer, creation_id=creation)
    with reverts_with("Creation_Moved", creation, 2, 1):
        desk.fund(other, buyer)


def test_older_offers_stay_dead_when_the_certificate_came_back(
    market, desk, seller, buyer, creation, escrowed
):
    market.refund(escrowed, {"from": seller})
    stale = make_offer(seller, creation_id=creation, tenure=1, price=1)
    market.offer(stale, {"from": seller})
    with reverts_with("Creation_Moved", creation, 3, 1):
        desk.fund(stale, buyer)


def test_a_refunded_certificate_can_be_offered_again(
    market, desk, registry, seller, stranger, creation, escrowed
):
    market.refund(escrowed, {"from": seller})
    again = desk.offer(seller, creation_id=creation)
    trade, _ = desk.fund(again, stranger)
    market.confirm(trade, {"from": stranger})
    assert registry.ownerOf(creation) == stranger


def test_fund_takes_a_certificate_that_is_approved_alone(market, desk, registry, seller, buyer):
    own = register(registry, seller, n=61)
    registry.approve(market, own, {"from": seller})
    desk.funded(seller, buyer, creation_id=own)
    assert registry.ownerOf(own) == market


def test_fund_reverts_for_somebody_elses_certificate(desk, registry, creator, seller, buyer):
    other = register(registry, creator, n=62)
    offer = desk.offer(seller, creation_id=other)
    with reverts_with("TransferFromIncorrectOwner"):
        desk.fund(offer, buyer)


def test_fund_reverts_when_the_certificate_was_never_registered(desk, seller, buyer):
    offer = desk.offer(seller, creation_id=78, tenure=0)
    with reverts_with("Creation_Unknown", 78):
        desk.fund(offer, buyer)


def test_fund_reverts_when_the_certificate_was_burnt(desk, registry, seller, buyer, creation):
    offer = desk.offer(seller, creation_id=creation)
    registry.burn(creation, {"from": seller})
    with reverts_with("TokenDoesNotExist"):
        desk.fund(offer, buyer)


def test_a_creation_sent_to_the_market_belongs_to_nobody(
    desk, registry, market, seller, buyer, stranger, creation
):
    registry.transferFrom(seller, market, creation, {"from": seller})
    for thief in (seller, stranger):
        offer = desk.offer(thief, creation_id=creation, price=1)
        with reverts_with("TransferFromIncorrectOwner"):
            desk.fund(offer, buyer)


def test_a_certificate_can_go_to_a_contract_without_a_receiver(
    market, desk, registry, MockBuyer, seller, stranger, creation
):
    agent = MockBuyer.deploy({"from": stranger})
    offer = desk.offer(seller, creation_id=creation)
    fund = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    agent.execute(market, PRICE, fund, {"from": stranger, "value": PRICE})
    trade = make_trade(market, offer, agent)
    agent.execute(market, 0, market.confirm.encode_input(trade), {"from": stranger})
    assert registry.ownerOf(creation) == agent


def test_a_certificate_goes_to_the_buyer_though_the_buyer_refuses_creations(
    market, desk, registry, hostile, seller, buyer, stranger, creation
):
    """`transferFrom` asks nobody, so no answer of the buyer's can stop the seller's money."""
    offer = desk.offer(seller, creation_id=creation)
    fund = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    hostile.execute(market, PRICE, fund, {"from": buyer, "value": PRICE})
    trade = make_trade(market, offer, hostile)
    market.ship(trade, ZERO_BYTES32, {"from": seller})
    chain.mine(timestamp=desk.deadline(trade) + 1)
    hostile.setMode(REJECT)
    market.claimTimeout(trade, {"from": stranger})
    assert registry.ownerOf(creation) == hostile
    assert desk.state(trade) == TRADE_NONE


def test_a_certificate_in_escrow_cant_be_borrowed_from_a_hook(
    market, desk, registry, hooked, MockReceiver, seller, buyer, creation, escrowed
):
    """A thief offers the creation that another trade has in escrow, pays with a token that calls
    its sender, and in that call ends the new trade: a market that takes the creation in last would
    hand out the one it holds for others. The thief must never own it, not for a moment."""
    token, agent = hooked
    accomplice = MockReceiver.deploy({"from": buyer})
    approve = registry.setApprovalForAll.encode_input(market, True)
    accomplice.execute(registry, 0, approve, {"from": buyer})
    tenure = registry.tenureOf(creation)
    offer = offer_by(
        accomplice, market, buyer, asset=token.address, creation_id=creation, tenure=tenure
    )
    trade = make_trade(market, offer, agent)
    # Refused, the refund of the price is credited, and the deposit looks exact from outside.
    agent.addCall(agent, 0, agent.setMode.encode_input(REJECT))
    refund = market.refund.encode_input(trade)
    agent.addCall(accomplice, 0, accomplice.execute.encode_input(market, 0, refund))
    agent.addCall(registry, 0, registry.ownerOf.encode_input(creation))
    agent.setMode(REENTER)
    fund = market.fund.encode_input(offer, b"", 1, ZERO_ADDRESS)
    with reverts_with("TransferFromIncorrectOwner"):
        agent.execute(market, 0, fund, {"from": buyer, "gas_limit": MUCH_GAS})
    assert registry.ownerOf(creation) == market
    assert registry.tenureOf(creation) == tenure
    assert desk.state(escrowed) == TRADE_FUNDED
    assert desk.units_left(offer) == 1
