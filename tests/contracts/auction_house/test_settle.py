"""After the end: who gets the creation, who gets what of the price."""

from random import Random

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.auction_house.conftest import FEE, PRICE, ROYALTY, House, auction_id
from tests.contracts.creation_registry.conftest import partners_of, register_together, shares
from tests.contracts.support import (
    COIN,
    DAY,
    event_names,
    events_of,
    only_event,
    register,
    reverts_with,
    sleep_to,
)

MAX = 2**128 - 1


@pytest.fixture
def won(house, seller, buyer, creation):
    """An auction that the buyer bids most in."""

    def won(amount=PRICE, **terms):
        terms = {"creation_id": creation, "reserve": 1, **terms}
        auction = house.opened(seller, **terms)
        house.bid(auction, buyer, amount)
        return auction

    return won


# The creation and the price


def test_settle_hands_the_creation_to_the_winner(house, registry, won, buyer, creation):
    auction = won()
    house.settle(auction)
    assert registry.ownerOf(creation) == buyer
    assert house.state(auction) == (ZERO_ADDRESS, 0, 0)


def test_settle_divides_the_price(house, won, money, seller, creator, treasury):
    auction = won(asset=money.address)
    before = money.of(seller), money.of(creator), money.of(treasury)
    house.settle(auction)
    assert money.of(seller) - before[0] == PRICE - FEE - ROYALTY
    assert money.of(creator) - before[1] == ROYALTY
    assert money.of(treasury) == before[2]
    assert house.credit(money, treasury) == FEE == money.of(house.contract)


def test_settle_emits_everything(house, won, money, buyer, creator):
    auction = won(asset=money.address)
    tx = house.settle(auction)
    names = [name for name in event_names(tx) if name != "Transfer"]
    assert names == ["AuctionSettled", "RoyaltyPaid"]
    id_ = "0x" + auction_id(house.contract, auction).hex()
    assert only_event(tx, "AuctionSettled") == {
        "auctionId": id_,
        "winner": buyer,
        "price": PRICE,
        "fee": FEE,
    }
    assert only_event(tx, "RoyaltyPaid") == {
        "tradeId": id_,
        "payee": creator,
        "amount": ROYALTY,
    }


@pytest.mark.parametrize("who", ["seller", "buyer", "stranger", "treasury"])
def test_everybody_can_settle(house, registry, won, accounts, buyer, creation, who):
    caller = {"treasury": 1, "seller": 3, "buyer": 4, "stranger": 6}[who]
    house.settle(won(), accounts[caller])
    assert registry.ownerOf(creation) == buyer


def test_the_last_bidder_wins(house, registry, money, won, stranger, creation):
    auction = won(asset=money.address)
    house.bid(auction, stranger, 3 * PRICE)
    tx = house.settle(auction)
    assert registry.ownerOf(creation) == stranger
    assert only_event(tx, "AuctionSettled")["price"] == 3 * PRICE


def test_a_creator_pays_no_royalty_to_themselves(house, own_work, coin, seller, buyer):
    auction = house.opened(seller, creation_id=own_work(31))
    house.bid(auction, buyer)
    before = coin.of(seller)
    tx = house.settle(auction)
    assert coin.of(seller) - before == PRICE - FEE
    assert not events_of(tx, "RoyaltyPaid")


def test_a_work_without_royalty(house, registry, coin, seller, creator, buyer, creation):
    work = register(registry, creator, n=32, royalty_bps=0)
    registry.transferFrom(creator, seller, work, {"from": creator})
    auction = house.opened(seller, creation_id=work)
    house.bid(auction, buyer)
    before = coin.of(seller)
    tx = house.settle(auction)
    assert coin.of(seller) - before == PRICE - FEE
    assert not events_of(tx, "RoyaltyPaid")


def test_the_creator_as_winner_gets_the_royalty(house, coin, seller, creator, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, creator)
    before = coin.of(creator)
    house.settle(auction)
    assert coin.of(creator) - before == ROYALTY


def test_a_house_without_a_fee_keeps_nothing(
    AuctionHouse, registry, coin, treasury, seller, buyer, creation
):
    free = House(AuctionHouse.deploy(registry, treasury, 0, {"from": seller}), registry)
    registry.approve(free.contract, creation, {"from": seller})
    auction = free.opened(seller, creation_id=creation)
    free.bid(auction, buyer)
    free.settle(auction)
    assert free.credit(coin, treasury) == 0 == coin.of(free.contract)


def test_the_community_collects_its_fees(house, won, money, treasury, stranger):
    house.settle(won(asset=money.address))
    before = money.of(treasury)
    tx = house.contract.withdrawFor(money.address, treasury, {"from": stranger})
    assert money.of(treasury) - before == FEE
    assert only_event(tx, "Withdrawn") == {
        "payee": treasury,
        "asset": money.address,
        "to": treasury,
        "amount": FEE,
    }
    assert money.of(house.contract) == 0


# When


@pytest.mark.parametrize("seconds", [-1, 0])
def test_settle_reverts_before_the_end(house, won, stranger, seconds):
    auction = won()
    now = auction.ends_at + seconds
    sleep_to(chain, now)
    id_ = auction_id(house.contract, auction)
    with reverts_with("Auction_NotEnded", id_, auction.ends_at, now):
        house.contract.settle(auction, {"from": stranger})


@pytest.mark.parametrize("seconds", [1, 2, 40_000 * DAY])
def test_settle_works_after_the_end_for_ever(house, registry, won, buyer, seconds, creation):
    auction = won()
    sleep_to(chain, auction.ends_at + seconds)
    house.contract.settle(auction, {"from": buyer})
    assert registry.ownerOf(creation) == buyer


def test_settle_waits_for_the_moved_end(house, registry, won, stranger, creation):
    auction = won(extension_seconds=600)
    sleep_to(chain, auction.ends_at)
    house.bid(auction, stranger, 2 * PRICE)
    end = auction.ends_at + 600
    sleep_to(chain, end)
    with reverts_with("Auction_NotEnded", auction_id(house.contract, auction), end, end):
        house.contract.settle(auction, {"from": stranger})
    sleep_to(chain, end + 1)
    house.contract.settle(auction, {"from": stranger})
    assert registry.ownerOf(creation) == stranger


def test_settle_reverts_when_nobody_bid(house, seller, stranger, creation):
    auction = house.opened(seller, creation_id=creation)
    with reverts_with("Auction_HasNoBid", auction_id(house.contract, auction)):
        house.settle(auction, stranger)


def test_settle_reverts_when_it_was_never_opened(house, seller, stranger, creation):
    auction = house.auction(seller, creation_id=creation)
    with reverts_with("Auction_NotOpen", auction_id(house.contract, auction)):
        house.contract.settle(auction, {"from": stranger})


def test_settle_reverts_when_settled_before(house, registry, won, stranger, creation):
    auction = won()
    house.settle(auction)
    with reverts_with("Auction_NotOpen", auction_id(house.contract, auction)):
        house.contract.settle(auction, {"from": stranger})


@pytest.mark.parametrize("field", ["seller", "asset", "royalty_bps_max", "creation_id"])
def test_settle_reverts_when_other_terms_come_along(house, won, stranger, field):
    """Else a thief would be paid as seller, or in another asset."""
    auction = won()
    value = getattr(auction, field)
    other = stranger.address if isinstance(value, str) else value + 1
    changed = auction._replace(**{field: other})
    house.ends(auction)
    with reverts_with("Auction_NotOpen", auction_id(house.contract, changed)):
        house.contract.settle(changed, {"from": stranger})


def test_the_winner_can_auction_the_creation_next(house, registry, won, buyer, stranger, creation):
    house.settle(won())
    registry.approve(house.contract, creation, {"from": buyer})
    auction = house.opened(buyer, creation_id=creation)
    house.bid(auction, stranger)
    house.settle(auction)
    assert registry.ownerOf(creation) == stranger


# The smallest and the largest


@pytest.mark.parametrize("price", [1, 19, 20, 99, 100, 10_001])
def test_small_prices_are_divided_exactly(house, won, money, seller, creator, treasury, price):
    auction = won(price, asset=money.address)
    before = money.of(seller), money.of(creator)
    house.settle(auction)
    fee, royalty = price // 100, price // 20
    assert money.of(seller) - before[0] == price - fee - royalty
    assert money.of(creator) - before[1] == royalty
    assert house.credit(money, treasury) == fee


@pytest.mark.parametrize("seed", range(5))
def test_any_price_is_divided_exactly(
    house, won, odd_token, MockToken, seller, creator, treasury, seed
):
    price = MAX if seed == 0 else Random(seed).getrandbits(Random(seed).randint(20, 127)) + 1
    money = odd_token(MockToken, amount=2**128)
    house.settle(won(price, asset=money.address))
    assert money.of(seller) == price - price // 100 - price // 20
    assert money.of(creator) == price // 20
    assert house.credit(money, treasury) == price // 100


# Partners and parents


def test_a_creator_who_sells_shares_with_partners(
    house, registry, money, seller, buyer, stranger, referrer
):
    work = register_together(registry, seller, {stranger: 2_000, referrer: 3_000}, n=41)
    registry.approve(house.contract, work, {"from": seller})
    auction = house.opened(seller, creation_id=work, asset=money.address)
    house.bid(auction, buyer)
    before = {who: money.of(who) for who in (seller, stranger, referrer)}
    tx = house.settle(auction)
    net = PRICE - FEE
    gained = {who: money.of(who) - before[who] for who in before}
    assert gained == {
        stranger: net * 2_000 // 10_000,
        referrer: net * 3_000 // 10_000,
        seller: net - net * 2_000 // 10_000 - net * 3_000 // 10_000,
    }
    paid = {event["payee"]: event["amount"] for event in events_of(tx, "RoyaltyPaid")}
    assert paid == {stranger.address: gained[stranger], referrer.address: gained[referrer]}
    assert {str(event["tradeId"]) for event in events_of(tx, "RoyaltyPaid")} == {
        "0x" + auction_id(house.contract, auction).hex()
    }


def test_a_resale_shares_the_royalty(
    house, registry, money, creator, seller, buyer, stranger, creation
):
    work = register_together(registry, creator, {stranger: 4_000}, n=42)
    registry.transferFrom(creator, seller, work, {"from": creator})
    auction = house.opened(seller, creation_id=work, asset=money.address)
    house.bid(auction, buyer)
    before = {who: money.of(who) for who in (seller, creator, stranger)}
    house.settle(auction)
    assert money.of(stranger) - before[stranger] == ROYALTY * 4_000 // 10_000
    assert money.of(creator) - before[creator] == ROYALTY - ROYALTY * 4_000 // 10_000
    assert money.of(seller) - before[seller] == PRICE - FEE - ROYALTY


@pytest.mark.parametrize("sells", ["creator", "partner", "parents_creator", "stranger"])
def test_a_large_family_is_paid_exactly(house, registry, accounts, money, buyer, creation, sells):
    """Eight parents of several makers each; what everybody gains is what the model says."""
    people = accounts[8:18]
    made = [
        (people[n], {people[(n + k) % 10]: 1_111 * k for k in range(1, n % 5)}) for n in range(8)
    ]
    parents = {}
    for n, (maker, others) in enumerate(made):
        id_ = (
            register_together(registry, maker, others, n=430 + n)
            if others
            else register(registry, maker, n=430 + n)
        )
        parents[id_] = (maker, partners_of(others))
    ids = sorted(parents)
    own = {people[1]: 2_222, people[9]: 3_333}
    work = register_together(registry, people[8], own, n=440, royalty_bps=777, parents=ids)
    seller = {
        "creator": people[8],
        "partner": people[9],
        "parents_creator": people[3],
        "stranger": accounts[6],
    }[sells]
    if seller != people[8]:
        registry.transferFrom(people[8], seller, work, {"from": people[8]})
    registry.approve(house.contract, work, {"from": seller})
    auction = house.opened(seller, creation_id=work, asset=money.address)
    house.bid(auction, buyer)
    house.ends(auction)
    before = {who: money.of(who) for who in {*people, seller}}
    tx = house.contract.settle(auction, {"from": accounts[7]})
    net = PRICE - FEE
    expected = dict.fromkeys(before, 0)
    makers = (people[8], partners_of(own))
    for payee, amount in shares(makers, [parents[i] for i in ids], 777, seller, PRICE, net):
        expected[accounts.at(payee)] += amount
    expected[seller] = net - sum(expected.values())
    assert {who: money.of(who) - before[who] for who in before} == expected
    said = sum(event["amount"] for event in events_of(tx, "RoyaltyPaid"))
    assert said == net - expected[seller]
    assert all(event["amount"] for event in events_of(tx, "RoyaltyPaid"))


def test_forty_five_payees_who_burn_all_gas_are_affordable(
    house, registry, accounts, odd_token, MockGasBurnerToken, seller, buyer, creation
):
    """The worst that a work can be, in the worst token that there is: still within one block."""
    money = odd_token(MockGasBurnerToken)
    partners = dict.fromkeys(accounts[15:19], 2_000)
    parents = [register_together(registry, accounts[7 + n], partners, n=450 + n) for n in range(8)]
    work = register_together(registry, seller, partners, n=460, royalty_bps=1_000, parents=parents)
    auction = house.opened(seller, creation_id=work, asset=money.address)
    house.bid(auction, buyer)
    for account in (seller, *accounts[7:19]):
        money.contract.setBurning(account, True, {"from": buyer})
    tx = house.settle(auction, buyer, gas_limit=29_000_000)
    assert registry.ownerOf(work) == buyer
    assert len(events_of(tx, "RoyaltyPaid")) == len(events_of(tx, "Credited")) - 1 == 44
    assert tx.gas_used < 15_000_000


def test_forty_five_new_payees_of_coins_are_affordable(house, registry, accounts, seller, buyer):
    partners = {f"0x{n:040x}": 2_000 for n in range(0xABC001, 0xABC005)}
    parents = [register_together(registry, accounts[8 + n], partners, n=450 + n) for n in range(8)]
    work = register_together(registry, seller, partners, n=460, parents=parents)
    registry.approve(house.contract, work, {"from": seller})
    auction = house.opened(seller, creation_id=work, asset=COIN)
    house.bid(auction, buyer)
    tx = house.settle(auction, buyer)
    assert registry.ownerOf(work) == buyer
    assert tx.gas_used < 1_500_000
