"""Bidders, sellers and tokens that misbehave: they hurt themselves at most, and freeze nothing."""

import pytest
from brownie import chain

from tests.contracts.auction_house.conftest import (
    ACCEPT,
    BURN_GAS,
    FEE,
    PRICE,
    REENTER,
    REJECT,
    RETURN_BOMB,
    REVERT_BOMB,
    ROYALTY,
    auction_id,
    next_bid,
    register_by,
)
from tests.contracts.creation_registry.conftest import register_together
from tests.contracts.support import COIN, events_of, only_event, reverts_with

REFUSING = [REJECT, BURN_GAS, REVERT_BOMB]


# Bidders who don't want their money back


@pytest.mark.parametrize("mode", [*REFUSING, RETURN_BOMB])
def test_a_hostile_bidder_can_be_outbid(
    house, coin, hostile, seller, buyer, stranger, creation, mode
):
    auction = house.opened(seller, creation_id=creation)
    house.bid_by(hostile, buyer, auction)
    hostile.setMode(mode)
    before = coin.of(hostile)
    tx = house.bid(auction, stranger, next_bid(PRICE), gas_limit=1_000_000)
    assert house.bidder(auction) == stranger
    # A return bomb is an answer: the coins are there.
    assert coin.of(hostile) - before + house.credit(coin, hostile) == PRICE
    assert (house.credit(coin, hostile) == 0) == (mode == RETURN_BOMB)
    assert tx.gas_used < 150_000


def test_a_refused_repayment_is_credited_under_the_auction(
    house, coin, hostile, seller, buyer, stranger, creation
):
    auction = house.opened(seller, creation_id=creation)
    house.bid_by(hostile, buyer, auction)
    hostile.setMode(REJECT)
    tx = house.bid(auction, stranger, 2 * PRICE)
    assert only_event(tx, "Credited") == {
        "tradeId": "0x" + auction_id(house.contract, auction).hex(),
        "payee": hostile,
        "asset": COIN,
        "amount": PRICE,
    }


def test_a_hostile_bidder_gets_the_credit_later(
    house, coin, hostile, seller, buyer, stranger, creation
):
    auction = house.opened(seller, creation_id=creation)
    house.bid_by(hostile, buyer, auction)
    hostile.setMode(REJECT)
    house.bid(auction, stranger, 2 * PRICE)
    with reverts_with("Withdrawal_Failed", COIN, hostile, PRICE):
        house.contract.withdrawFor(COIN, hostile, {"from": stranger})
    assert house.credit(coin, hostile) == PRICE
    hostile.setMode(ACCEPT)
    before = coin.of(hostile)
    house.contract.withdrawFor(COIN, hostile, {"from": stranger})
    assert coin.of(hostile) - before == PRICE


def test_a_hostile_bidder_who_bids_again_is_credited_again(
    house, coin, hostile, seller, buyer, stranger, creation
):
    auction = house.opened(seller, creation_id=creation)
    amount, credited = PRICE, 0
    hostile.setMode(REJECT)
    for _ in range(3):
        house.bid_by(hostile, buyer, auction, amount)
        credited += amount
        house.bid(auction, stranger, next_bid(amount))
        assert house.credit(coin, hostile) == credited
        amount = next_bid(next_bid(amount))
    assert coin.of(house.contract) == credited + house.state(auction)[1]


def test_a_hostile_bidder_who_raises_the_own_bid_is_credited(
    house, coin, hostile, seller, buyer, creation
):
    auction = house.opened(seller, creation_id=creation)
    hostile.setMode(REJECT)
    house.bid_by(hostile, buyer, auction)
    house.bid_by(hostile, buyer, auction, 2 * PRICE)
    assert house.state(auction)[:2] == (hostile, 2 * PRICE)
    assert house.credit(coin, hostile) == PRICE


@pytest.mark.parametrize("mode", [*REFUSING, RETURN_BOMB, REENTER])
def test_a_hostile_winner_changes_nothing(
    house, registry, coin, hostile, seller, creator, buyer, creation, mode
):
    """The registry doesn't ask a winner."""
    auction = house.opened(seller, creation_id=creation)
    house.bid_by(hostile, buyer, auction)
    hostile.setMode(mode)
    house.ends(auction)
    before = coin.of(seller), coin.of(creator)
    house.contract.settle(auction, {"from": buyer})
    assert registry.ownerOf(creation) == hostile
    assert coin.of(seller) - before[0] == PRICE - FEE - ROYALTY
    assert coin.of(creator) - before[1] == ROYALTY


# Sellers and creators who refuse


@pytest.mark.parametrize("mode", REFUSING)
def test_a_hostile_seller_stops_nobody(
    house, registry, coin, hostile, seller, creator, buyer, creation, mode
):
    registry.transferFrom(seller, hostile, creation, {"from": seller})
    approve = registry.approve.encode_input(house.contract, creation)
    hostile.execute(registry, 0, approve, {"from": buyer})
    auction = house.opened_by(hostile, buyer, creation_id=creation)
    house.bid(auction, buyer)
    hostile.setMode(mode)
    before = coin.of(creator)
    tx = house.settle(auction, gas_limit=1_000_000)
    assert registry.ownerOf(creation) == buyer
    assert coin.of(creator) - before == ROYALTY
    assert house.credit(coin, hostile) == PRICE - FEE - ROYALTY
    assert only_event(tx, "Credited")["amount"] == PRICE - FEE - ROYALTY


@pytest.mark.parametrize("mode", REFUSING)
def test_a_hostile_creator_stops_nobody(
    house, registry, coin, hostile, seller, buyer, creation, mode
):
    work = register_by(registry, hostile, seller)
    auction = house.opened(seller, creation_id=work)
    house.bid(auction, buyer)
    hostile.setMode(mode)
    before = coin.of(seller)
    house.settle(auction, gas_limit=1_000_000)
    assert registry.ownerOf(work) == buyer
    assert coin.of(seller) - before == PRICE - FEE - ROYALTY
    assert house.credit(coin, hostile) == ROYALTY


def test_a_hostile_partner_stops_nobody(house, registry, coin, hostile, seller, buyer, referrer):
    work = register_together(registry, seller, {hostile: 1_000, referrer: 2_000}, n=51)
    registry.approve(house.contract, work, {"from": seller})
    auction = house.opened(seller, creation_id=work)
    house.bid(auction, buyer)
    hostile.setMode(BURN_GAS)
    before = coin.of(referrer)
    house.settle(auction, gas_limit=1_000_000)
    net = PRICE - FEE
    assert coin.of(referrer) - before == net * 2_000 // 10_000
    assert house.credit(coin, hostile) == net * 1_000 // 10_000


# Tokens that won't repay a bidder


def outbid(house, money, seller, buyer, stranger, creation):
    """The buyer bids; what follows makes the repayment fail."""
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    return auction


@pytest.mark.parametrize("reason", ["block", "burn", "bomb", "false", "answer"])
def test_a_bidder_whom_the_token_refuses_is_credited(
    house,
    odd_token,
    MockBlocklistToken,
    MockGasBurnerToken,
    MockReturnBombToken,
    MockFalseToken,
    MockDenyingToken,
    seller,
    buyer,
    stranger,
    creation,
    reason,
):
    factory, spoil = {
        "block": (MockBlocklistToken, lambda t: t.setBlocked(buyer, True)),
        "burn": (MockGasBurnerToken, lambda t: t.setBurning(buyer, True)),
        "bomb": (MockReturnBombToken, lambda t: t.setBombing(buyer, True)),
        "false": (MockFalseToken, lambda t: t.setRefused(buyer, True)),
        "answer": (MockDenyingToken, lambda t: t.setDenying(True)),
    }[reason]
    money = odd_token(factory)
    auction = outbid(house, money, seller, buyer, stranger, creation)
    spoil(money.contract)
    before = money.of(buyer)
    tx = house.bid(auction, stranger, next_bid(PRICE), gas_limit=2_000_000)
    assert house.state(auction)[:2] == (stranger, next_bid(PRICE))
    assert money.of(buyer) == before
    assert house.credit(money, buyer) == PRICE
    assert only_event(tx, "Credited")["payee"] == buyer


def test_a_blocked_bidder_sends_the_credit_elsewhere(
    house, odd_token, MockBlocklistToken, seller, buyer, stranger, referrer, creation
):
    money = odd_token(MockBlocklistToken)
    auction = outbid(house, money, seller, buyer, stranger, creation)
    money.contract.setBlocked(buyer, True)
    house.bid(auction, stranger, 2 * PRICE)
    with reverts_with("Withdrawal_Failed", money.address, buyer, PRICE):
        house.contract.withdrawFor(money.address, buyer, {"from": stranger})
    house.contract.withdraw(money.address, referrer, {"from": buyer})
    assert money.of(referrer) == PRICE


def test_a_blocked_winner_still_gets_the_creation(
    house, registry, odd_token, MockBlocklistToken, seller, buyer, creation
):
    money = odd_token(MockBlocklistToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    money.contract.setBlocked(buyer, True)
    house.settle(auction)
    assert registry.ownerOf(creation) == buyer
    assert money.of(seller) == PRICE - FEE - ROYALTY


def test_a_blocked_house_ends_its_auctions_by_credits(
    house, registry, odd_token, MockBlocklistToken, seller, buyer, stranger, creator, creation
):
    """The issuer freezes the house: no bid comes in any more, but the auction ends."""
    money = odd_token(MockBlocklistToken)
    auction = outbid(house, money, seller, buyer, stranger, creation)
    money.contract.setBlocked(house.contract, True)
    with reverts_with("TransferFromFailed"):
        house.bid(auction, stranger, 2 * PRICE)
    house.settle(auction)
    assert registry.ownerOf(creation) == buyer
    assert house.credit(money, seller) == PRICE - FEE - ROYALTY
    assert house.credit(money, creator) == ROYALTY
    money.contract.setBlocked(house.contract, False)
    for payee in (seller, creator):
        house.contract.withdrawFor(money.address, payee, {"from": stranger})


def test_a_paused_token_delays_and_loses_nothing(
    house, registry, odd_token, MockPausableToken, seller, buyer, stranger, creation
):
    money = odd_token(MockPausableToken)
    auction = outbid(house, money, seller, buyer, stranger, creation)
    money.contract.setPaused(True)
    with reverts_with("TransferFromFailed"):
        house.bid(auction, stranger, 2 * PRICE)
    tx = house.settle(auction)
    assert registry.ownerOf(creation) == buyer
    assert len(events_of(tx, "Credited")) == 2
    money.contract.setPaused(False)
    house.contract.withdraw(money.address, seller, {"from": seller})
    assert money.of(seller) == PRICE - FEE - ROYALTY


def test_a_token_that_vanished_ends_its_own_auction_only(
    house, registry, own_work, coin, odd_token, MockVanishingToken, seller, buyer, creation
):
    money = odd_token(MockVanishingToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    other = house.opened(seller, creation_id=own_work(52))
    house.bid(other, buyer)
    money.contract.vanish({"from": buyer})
    house.settle(auction)
    assert registry.ownerOf(creation) == buyer
    assert house.credit(money, seller) == PRICE - FEE - ROYALTY
    before = coin.of(seller)
    house.settle(other)
    assert coin.of(seller) - before == PRICE - FEE


# Odd tokens as bids


def refused(house, money, auction, bidder, registry, *error):
    with reverts_with(*error):
        house.bid(auction, bidder)
    assert house.state(auction)[1] == 0
    assert registry.ownerOf(auction.creation_id) == auction.seller
    assert money.of(house.contract) == 0


def test_bid_reverts_when_the_token_takes_a_fee(
    house, registry, odd_token, MockFeeToken, seller, buyer, creation
):
    money = odd_token(MockFeeToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    error = ("Asset_AmountWrong", money.address, PRICE - PRICE // 100, PRICE)
    refused(house, money, auction, buyer, registry, *error)
    money.contract.setFee(0)
    house.bid(auction, buyer)


def test_bid_reverts_when_the_token_lies(
    house, registry, odd_token, MockLyingToken, seller, buyer, creation
):
    money = odd_token(MockLyingToken)
    money.contract.setLying(True)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    error = ("Asset_AmountWrong", money.address, 0, PRICE)
    refused(house, money, auction, buyer, registry, *error)


def test_bid_reverts_when_the_token_says_no(
    house, registry, odd_token, MockFalseToken, seller, buyer, creation
):
    money = odd_token(MockFalseToken)
    money.contract.setRefused(house.contract, True)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    refused(house, money, auction, buyer, registry, "TransferFromFailed")


@pytest.mark.parametrize("kind", ["person", "house", "registry"])
def test_bid_reverts_when_the_asset_is_no_token(
    house, registry, seller, buyer, stranger, creation, kind
):
    asset = {"person": stranger, "house": house.contract, "registry": registry}[kind]
    auction = house.opened(seller, creation_id=creation, asset=asset.address)
    error = ("Asset_HasNoCode", stranger) if kind == "person" else ("TransferFromFailed",)
    with reverts_with(*error):
        house.bid(auction, buyer)
    assert registry.ownerOf(creation) == seller


def test_a_token_without_answers_is_fine(
    house, registry, odd_token, MockNoReturnToken, seller, buyer, stranger, creation
):
    money = odd_token(MockNoReturnToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    before = money.of(buyer)
    house.bid(auction, stranger, 2 * PRICE)
    assert money.of(buyer) - before == PRICE
    house.settle(auction)
    price = 2 * PRICE
    assert money.of(seller) == price - price // 100 - price // 20


def test_a_token_that_refuses_zero_is_fine(
    house, odd_token, MockZeroRevertToken, seller, buyer, creation
):
    """At a price of 1 fee and royalty are nothing, and nothing is sent."""
    money = odd_token(MockZeroRevertToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address, reserve=1)
    house.bid(auction, buyer, 1)
    tx = house.settle(auction)
    assert money.of(seller) == 1
    assert not events_of(tx, "Credited")


def test_a_token_that_takes_more_from_its_sender_pays_nobody_twice(
    house, odd_token, MockSenderFeeToken, seller, buyer, stranger, creation
):
    money = odd_token(MockSenderFeeToken)
    auction = outbid(house, money, seller, buyer, stranger, creation)
    money.contract.setFee(100)
    house.bid(auction, stranger, 2 * PRICE)
    assert house.credit(money, buyer) == PRICE
    assert money.of(house.contract) == 3 * PRICE


def test_a_token_that_shrinks_hurts_its_own_auction_only(
    house, registry, own_work, coin, books, odd_token, MockRebasingToken, seller, buyer, creation
):
    money = odd_token(MockRebasingToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer, 2 * PRICE)
    other = house.opened(seller, creation_id=own_work(53))
    house.bid(other, buyer)
    money.contract.rebase(10**18 // 2)
    books.gifts[money.address] = -PRICE
    house.settle(auction)
    # What is there doesn't do for the seller; it does for the creator.
    assert registry.ownerOf(creation) == buyer
    assert house.credit(money, seller) == 2 * PRICE - 2 * PRICE // 100 - 2 * PRICE // 20
    before = coin.of(seller)
    house.settle(other)
    assert coin.of(seller) - before == PRICE - FEE


def test_a_token_that_grows_leaves_its_growth_to_nobody(
    house, books, odd_token, MockRebasingToken, seller, buyer, creation
):
    money = odd_token(MockRebasingToken)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    money.contract.rebase(2 * 10**18)
    books.gifts[money.address] = PRICE + money.of(house.contract) - 2 * PRICE
    house.settle(auction)
    assert money.of(seller) + house.credit(money, seller) == PRICE - FEE - ROYALTY


def test_coins_forced_in_belong_to_nobody(
    house, books, coin, MockForcer, seller, buyer, stranger, treasury, creation
):
    MockForcer.deploy(house.contract, {"from": stranger, "value": 12_345})
    books.gifts[COIN] = 12_345
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    house.settle(auction)
    house.contract.withdraw(COIN, treasury, {"from": treasury})
    assert coin.of(house.contract) == 12_345


def test_a_token_whose_transfers_need_much_gas_is_paid(
    house, odd_token, MockThirstyToken, seller, buyer, stranger, creation
):
    money = odd_token(MockThirstyToken)
    money.contract.setThirst(120_000)
    auction = outbid(house, money, seller, buyer, stranger, creation)
    before = money.of(buyer)
    house.bid(auction, stranger, 2 * PRICE)
    assert money.of(buyer) - before == PRICE


# Withdrawing


def test_withdraw_sends_a_credit_elsewhere(house, won_fee, money, treasury, stranger):
    before = money.of(stranger)
    tx = house.contract.withdraw(money.address, stranger, {"from": treasury})
    assert tx.return_value == FEE
    assert money.of(stranger) - before == FEE
    assert house.credit(money, treasury) == 0


@pytest.fixture
def won_fee(house, money, seller, buyer, creation):
    """A settled auction, of which the community has its fee to withdraw."""
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    house.settle(auction)


def test_withdraw_reverts_twice(house, won_fee, money, treasury):
    house.contract.withdraw(money.address, treasury, {"from": treasury})
    with reverts_with("Credit_Empty", money.address, treasury):
        house.contract.withdraw(money.address, treasury, {"from": treasury})


def test_withdraw_reverts_when_there_is_nothing(house, won_fee, money, stranger):
    for act in (house.contract.withdraw, house.contract.withdrawFor):
        with reverts_with("Credit_Empty", money.address, stranger):
            act(money.address, stranger, {"from": stranger})


def test_withdraw_reverts_when_it_would_go_nowhere(house, won_fee, money, treasury):
    for to in ("0x" + "0" * 40, house.contract.address):
        with reverts_with("Recipient_NotAllowed", to):
            house.contract.withdraw(money.address, to, {"from": treasury})


def test_nobody_else_sends_tokens_out(house, dkb, seller, buyer, stranger, creation):
    house.bid(house.opened(seller, creation_id=creation, asset=dkb.address), buyer)
    for thief in (seller, buyer, stranger):
        with reverts_with("Caller_NotMarket", thief):
            house.contract.transferOut(dkb.address, thief, 1, {"from": thief})


# What stays open ends by time alone


def test_every_auction_drains(house, own_work, money, seller, buyer, stranger, treasury):
    """Law 3: time, one settlement each, one call of each payee: nothing is left."""
    auctions = [
        house.opened(seller, creation_id=own_work(n), asset=money.address) for n in range(60, 64)
    ]
    for n, auction in enumerate(auctions):
        house.bid(auction, buyer, PRICE + n)
        if n % 2:
            house.bid(auction, stranger, 2 * PRICE + n)
    chain.mine(timestamp=max(house.deadline(auction) for auction in auctions) + 1)
    for auction in auctions:
        house.contract.settle(auction, {"from": stranger})
    house.contract.withdrawFor(money.address, treasury, {"from": stranger})
    assert money.of(house.contract) == 0
