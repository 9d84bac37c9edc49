"""Bidding: how much, until when, and who is repaid."""

from random import Random

import pytest
from brownie import chain

from tests.contracts.auction_house.conftest import (
    EXTENSION,
    EXTENSION_MAX,
    EXTENSION_TOTAL,
    PRICE,
    STEP_BPS,
    auction_id,
    next_bid,
)
from tests.contracts.support import (
    COIN,
    DAY,
    TOKENS,
    event_names,
    events_of,
    only_event,
    register,
    reverts_with,
    sleep_to,
)

MAX = 2**128 - 1


# The first bid


def test_the_first_bid_locks_the_creation(house, registry, money, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    assert registry.ownerOf(creation) == house.contract
    assert house.state(auction) == (buyer, PRICE, auction.ends_at)


def test_the_first_bid_takes_the_money_in(house, money, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    before = money.of(buyer)
    tx = house.bid(auction, buyer)
    gas = tx.gas_used * tx.gas_price if money.address == COIN else 0
    assert before - money.of(buyer) - gas == PRICE == money.of(house.contract)


def test_a_bid_emits_everything(house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    tx = house.bid(auction, buyer, PRICE + 5)
    assert event_names(tx) == ["AuctionBid", "Transfer"]
    assert only_event(tx, "AuctionBid") == {
        "auctionId": "0x" + auction_id(house.contract, auction).hex(),
        "bidder": buyer,
        "amount": PRICE + 5,
        "deadline": auction.ends_at,
    }


@pytest.mark.parametrize("reserve", [1, PRICE])
def test_the_reserve_is_enough(house, seller, buyer, creation, reserve):
    auction = house.opened(seller, creation_id=creation, reserve=reserve)
    house.bid(auction, buyer, reserve)
    assert house.bidder(auction) == buyer


def test_bid_reverts_below_the_reserve(house, registry, money, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    for amount in (0, 1, PRICE - 1):
        with reverts_with("Bid_OutOfRange", amount, PRICE, MAX):
            house.bid(auction, buyer, amount)
    assert registry.ownerOf(creation) == seller


def test_the_highest_bid_there_is(house, odd_token, MockToken, seller, buyer, stranger, creation):
    money = odd_token(MockToken, amount=2**128)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer, MAX)
    assert house.state(auction)[:2] == (buyer, MAX)
    least = next_bid(MAX)
    with reverts_with("Bid_OutOfRange", MAX, least, MAX):
        house.bid(auction, stranger, MAX)


@pytest.mark.parametrize("amount", [MAX + 1, 2**254])
def test_bid_reverts_above_the_highest(
    house, odd_token, MockToken, seller, buyer, creation, amount
):
    money = odd_token(MockToken, amount=2**254)
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    with reverts_with("Bid_OutOfRange", amount, PRICE, MAX):
        house.bid(auction, buyer, amount)


# What a first bid needs of the creation; without it, nothing has happened


def nothing_happened(house, auction, money, bidder):
    assert house.state(auction)[:2] == ("0x" + "0" * 40, 0)
    assert money.of(house.contract) == 0


def test_bid_reverts_when_the_creation_was_sold(
    house, registry, money, seller, buyer, stranger, creation
):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    with reverts_with("Creation_Moved", creation, 2, 1):
        house.bid(auction, buyer)
    nothing_happened(house, auction, money, buyer)


def test_bid_reverts_when_the_creation_came_back(
    house, registry, coin, seller, buyer, stranger, creation
):
    """An auction of one tenure is dead in the next, also with the same owner."""
    auction = house.opened(seller, creation_id=creation)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    with reverts_with("Creation_Moved", creation, 3, 1):
        house.bid(auction, buyer)
    nothing_happened(house, auction, coin, buyer)


@pytest.mark.parametrize("tenure", [0, 2])
def test_bid_reverts_when_the_tenure_was_never_right(house, seller, buyer, creation, tenure):
    auction = house.opened(seller, creation_id=creation, tenure=tenure)
    with reverts_with("Creation_Moved", creation, 1, tenure):
        house.bid(auction, buyer)


def test_bid_reverts_when_the_house_may_not_move_the_creation(
    house, registry, money, seller, buyer, creation
):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    registry.setApprovalForAll(house.contract, False, {"from": seller})
    with reverts_with("NotOwnerNorApproved"):
        house.bid(auction, buyer)
    nothing_happened(house, auction, money, buyer)
    registry.approve(house.contract, creation, {"from": seller})
    house.bid(auction, buyer)
    assert house.bidder(auction) == buyer


def test_bid_reverts_when_the_creation_is_somebody_elses(house, coin, stranger, buyer, creation):
    """The owner approved the house, not the stranger's auction."""
    auction = house.opened(stranger, creation_id=creation)
    with reverts_with("TransferFromIncorrectOwner"):
        house.bid(auction, buyer)
    nothing_happened(house, auction, coin, buyer)


def test_bid_reverts_when_the_creation_was_burnt(house, registry, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    registry.burn(creation, {"from": seller})
    with reverts_with("TokenDoesNotExist"):
        house.bid(auction, buyer)


def test_bid_reverts_when_the_creation_is_unknown(house, seller, buyer):
    auction = house.opened(seller, creation_id=7, tenure=0)
    with reverts_with("Creation_Unknown", 7):
        house.bid(auction, buyer)


def test_one_of_two_auctions_gets_the_creation(house, seller, buyer, stranger, creation):
    first = house.opened(seller, creation_id=creation)
    second = house.opened(seller, creation_id=creation)
    house.bid(second, buyer)
    with reverts_with("Creation_Moved", creation, 2, 1):
        house.bid(first, stranger)


def test_a_creation_in_the_house_cant_be_auctioned_by_its_bidder(
    house, registry, seller, buyer, stranger, creation
):
    """Not even by whoever bids most, before the end."""
    house.bid(house.opened(seller, creation_id=creation), buyer)
    registry.setApprovalForAll(house.contract, True, {"from": buyer})
    for thief in (buyer, seller):
        auction = house.opened(thief, creation_id=creation)
        with reverts_with("TransferFromIncorrectOwner"):
            house.bid(auction, stranger)


# Money that comes along


@pytest.mark.parametrize("sent", [0, PRICE - 1, PRICE + 1])
def test_bid_reverts_when_the_coins_differ(house, seller, buyer, creation, sent):
    auction = house.opened(seller, creation_id=creation)
    with reverts_with("Value_Wrong", sent, PRICE):
        house.contract.bid(auction, b"", PRICE, {"from": buyer, "value": sent})


def test_bid_reverts_when_coins_come_with_tokens(house, dkb, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=dkb.address)
    with reverts_with("Value_Wrong", 1, 0):
        house.contract.bid(auction, b"", PRICE, {"from": buyer, "value": 1})


def test_bid_reverts_without_an_allowance(house, registry, token, dkb, seller, buyer, creation):
    token.approve(house.contract, PRICE - 1, {"from": buyer})
    auction = house.opened(seller, creation_id=creation, asset=dkb.address)
    with reverts_with("TransferFromFailed"):
        house.bid(auction, buyer)
    assert registry.ownerOf(creation) == seller


# Outbidding


def test_outbidding_repays_the_bidder_before(house, money, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    before = money.of(buyer)
    tx = house.bid(auction, stranger, next_bid(PRICE))
    assert money.of(buyer) - before == PRICE
    assert not events_of(tx, "Credited")
    assert house.state(auction)[:2] == (stranger, next_bid(PRICE))
    assert money.of(house.contract) == next_bid(PRICE)


def test_outbidding_emits_the_bid_only(house, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    assert event_names(house.bid(auction, stranger, 2 * PRICE)) == ["AuctionBid"]


def test_outbidding_repays_a_contract(house, coin, hostile, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid_by(hostile, buyer, auction)
    before = coin.of(hostile)
    house.bid(auction, stranger, 2 * PRICE)
    assert coin.of(hostile) - before == PRICE
    assert house.credit(coin, hostile) == 0


def test_many_bids_repay_each(house, money, seller, buyer, stranger, referrer, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    bidders = [buyer, stranger, referrer]
    amount = PRICE
    house.bid(auction, bidders[0], amount)
    for n in range(1, 7):
        last, bidder = bidders[(n - 1) % 3], bidders[n % 3]
        before = money.of(last)
        paid, amount = amount, next_bid(amount)
        house.bid(auction, bidder, amount)
        assert money.of(last) - before == paid
        assert money.of(house.contract) == amount


def test_a_bidder_can_raise_the_own_bid(house, money, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    before = money.of(buyer)
    tx = house.bid(auction, buyer, 2 * PRICE)
    gas = tx.gas_used * tx.gas_price if money.address == COIN else 0
    assert before - money.of(buyer) - gas == PRICE
    assert house.state(auction)[:2] == (buyer, 2 * PRICE)


def test_an_own_bid_needs_the_step_too(house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    with reverts_with("Bid_OutOfRange", next_bid(PRICE) - 1, next_bid(PRICE), MAX):
        house.bid(auction, buyer, next_bid(PRICE) - 1)


def test_a_refused_bid_leaves_the_bidder_before(house, money, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation, asset=money.address)
    house.bid(auction, buyer)
    for amount in (0, PRICE, next_bid(PRICE) - 1):
        with reverts_with("Bid_OutOfRange", amount, next_bid(PRICE), MAX):
            house.bid(auction, stranger, amount)
    assert house.state(auction)[:2] == (buyer, PRICE)


# The step


@pytest.mark.parametrize("step_bps", [100, 333, 5_000])
@pytest.mark.parametrize("amount", [1, 2, 3, 19, 20, 99, 100, 101, 199, 200, 10_001])
def test_the_step_is_exact_and_at_least_one(
    house, seller, buyer, stranger, creation, step_bps, amount
):
    auction = house.opened(seller, creation_id=creation, reserve=1, step_bps=step_bps)
    house.bid(auction, buyer, amount)
    least = next_bid(amount, step_bps)
    assert least > amount
    with reverts_with("Bid_OutOfRange", least - 1, least, MAX):
        house.bid(auction, stranger, least - 1)
    house.bid(auction, stranger, least)


@pytest.mark.parametrize("seed", range(4))
def test_the_step_is_exact_for_any_amount(
    house, odd_token, MockToken, seller, buyer, stranger, creation, seed
):
    random = Random(seed)
    money = odd_token(MockToken, amount=2**128)
    step_bps = random.randint(100, 5_000)
    amount = random.getrandbits(random.randint(10, 126)) + 1
    terms = {"reserve": amount, "step_bps": step_bps, "asset": money.address}
    auction = house.opened(seller, creation_id=creation, **terms)
    house.bid(auction, buyer, amount)
    least = next_bid(amount, step_bps)
    with reverts_with("Bid_OutOfRange", least - 1, least, MAX):
        house.bid(auction, stranger, least - 1)
    house.bid(auction, stranger, least)
    assert money.of(house.contract) == least


# Who


def test_bid_reverts_when_the_seller_bids(house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    with reverts_with("Buyer_IsSeller", seller):
        house.bid(auction, seller)
    house.bid(auction, buyer)
    with reverts_with("Buyer_IsSeller", seller):
        house.bid(auction, seller, 2 * PRICE)


def test_the_creator_and_the_community_can_bid(house, seller, creator, treasury, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, creator)
    house.bid(auction, treasury, 2 * PRICE)
    assert house.bidder(auction) == treasury


def test_bid_reverts_when_it_was_never_opened(house, seller, buyer, creation):
    auction = house.auction(seller, creation_id=creation)
    with reverts_with("Auction_NotOpen", auction_id(house.contract, auction)):
        house.bid(auction, buyer)


@pytest.mark.parametrize("field", ["reserve", "step_bps", "asset", "extension_seconds"])
def test_bid_reverts_when_other_terms_come_along(house, seller, buyer, token, creation, field):
    auction = house.opened(seller, creation_id=creation)
    value = token.address if field == "asset" else 200
    other = auction._replace(**{field: value})
    with reverts_with("Auction_NotOpen", auction_id(house.contract, other)):
        house.bid(other, buyer)


# Until when


@pytest.mark.parametrize("seconds", [-1, 0])
def test_bids_are_taken_until_the_last_second(house, seller, buyer, creation, seconds):
    auction = house.opened(seller, creation_id=creation, extension_seconds=0)
    sleep_to(chain, auction.ends_at + seconds)
    house.bid(auction, buyer)
    assert house.state(auction) == (buyer, PRICE, auction.ends_at)


@pytest.mark.parametrize("late", [1, 400 * DAY])
def test_bid_reverts_after_the_last_second(house, seller, buyer, creation, late):
    auction = house.opened(seller, creation_id=creation)
    now = auction.ends_at + late
    sleep_to(chain, now)
    id_ = auction_id(house.contract, auction)
    with reverts_with("Auction_Ended", id_, auction.ends_at, now):
        house.bid(auction, buyer)


def test_bid_reverts_after_the_moved_end(house, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation)
    sleep_to(chain, auction.ends_at)
    house.bid(auction, buyer)
    end = auction.ends_at + EXTENSION
    sleep_to(chain, end + 1)
    with reverts_with("Auction_Ended", auction_id(house.contract, auction), end, end + 1):
        house.bid(auction, stranger, 2 * PRICE)


@pytest.mark.parametrize(
    ("before_end", "moved"),
    [
        (EXTENSION + 1, 0),
        (EXTENSION, 0),
        (EXTENSION - 1, 1),
        (1, EXTENSION - 1),
        (0, EXTENSION),
    ],
)
def test_a_bid_near_the_end_moves_it(house, seller, buyer, stranger, creation, before_end, moved):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    sleep_to(chain, auction.ends_at - before_end)
    tx = house.bid(auction, stranger, 2 * PRICE)
    assert house.deadline(auction) == auction.ends_at + moved
    assert only_event(tx, "AuctionBid")["deadline"] == auction.ends_at + moved


def test_the_first_bid_moves_the_end_too(house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    sleep_to(chain, auction.ends_at)
    house.bid(auction, buyer)
    assert house.deadline(auction) == auction.ends_at + EXTENSION


def test_a_bid_at_the_moved_end_moves_it_again(house, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation)
    sleep_to(chain, auction.ends_at)
    house.bid(auction, buyer)
    sleep_to(chain, auction.ends_at + EXTENSION)
    house.bid(auction, stranger, 2 * PRICE)
    assert house.deadline(auction) == auction.ends_at + 2 * EXTENSION


def test_no_bid_moves_an_end_without_extension(house, seller, buyer, stranger, creation):
    auction = house.opened(seller, creation_id=creation, extension_seconds=0)
    for n, bidder in enumerate((buyer, stranger), 1):
        sleep_to(chain, auction.ends_at - 1 + n // 2)
        house.bid(auction, bidder, n * PRICE)
    assert house.deadline(auction) == auction.ends_at


def test_bids_near_the_end_move_it_a_day_at_most(house, seller, buyer, stranger, creation):
    """Law 3: whoever bids each hour still ends on the next day."""
    auction = house.opened(
        seller, creation_id=creation, extension_seconds=EXTENSION_MAX, reserve=10**6
    )
    amount = 10**6
    latest = auction.ends_at + EXTENSION_TOTAL
    for hour in range(24):
        sleep_to(chain, auction.ends_at + hour * EXTENSION_MAX)
        house.bid(auction, (buyer, stranger)[hour % 2], amount)
        assert house.deadline(auction) == auction.ends_at + (hour + 1) * EXTENSION_MAX
        amount = next_bid(amount)
    assert house.deadline(auction) == latest
    for before_latest in (EXTENSION_MAX - 1, 1, 0):
        sleep_to(chain, latest - before_latest)
        house.bid(auction, buyer, amount)
        assert house.deadline(auction) == latest
        amount = next_bid(amount)
    sleep_to(chain, latest + 1)
    with reverts_with("Auction_Ended", auction_id(house.contract, auction), latest, latest + 1):
        house.bid(auction, stranger, amount)


@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_the_cap_cuts_the_last_extension(house, seller, buyer, creation, beyond):
    """Bids at the moved ends, the last of which would move it to just before or behind the cap."""
    seconds = 3_599
    auction = house.opened(seller, creation_id=creation, extension_seconds=seconds, reserve=10**6)
    latest = auction.ends_at + EXTENSION_TOTAL
    amount, moment = 10**6, auction.ends_at
    while moment < latest - seconds - 1:
        sleep_to(chain, moment)
        house.bid(auction, buyer, amount)
        moment, amount = moment + seconds, next_bid(amount)
    sleep_to(chain, latest - seconds + beyond)
    house.bid(auction, buyer, amount)
    assert house.deadline(auction) == min(latest, latest + beyond)


def test_an_early_bid_never_brings_the_end_nearer(house, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, extension_seconds=EXTENSION_MAX)
    house.bid(auction, buyer)
    assert house.deadline(auction) == auction.ends_at


# Several auctions side by side


def test_auctions_dont_touch_each_other(house, own_work, money, seller, buyer, stranger):
    auctions = [
        house.opened(seller, creation_id=own_work(n), asset=money.address) for n in (21, 22, 23)
    ]
    for n, auction in enumerate(auctions, 1):
        house.bid(auction, buyer, n * PRICE)
    house.bid(auctions[1], stranger, 5 * PRICE)
    assert [house.state(auction)[:2] for auction in auctions] == [
        (buyer, PRICE),
        (stranger, 5 * PRICE),
        (buyer, 3 * PRICE),
    ]
    assert money.of(house.contract) == 9 * PRICE


def test_bids_in_coins_and_tokens_stay_apart(house, own_work, coin, dkb, seller, buyer):
    for n, asset in ((21, coin), (22, dkb)):
        auction = house.opened(seller, creation_id=own_work(n), asset=asset.address)
        house.bid(auction, buyer, n * PRICE)
    assert coin.of(house.contract) == 21 * PRICE
    assert dkb.of(house.contract) == 22 * PRICE


def test_a_big_bid_in_tokens(house, dkb, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation, asset=dkb.address)
    house.bid(auction, buyer, 9_000 * TOKENS)
    assert dkb.of(house.contract) == 9_000 * TOKENS


def test_the_step_of_one_auction_isnt_anothers(house, own_work, seller, buyer, stranger):
    low = house.opened(seller, creation_id=own_work(21), step_bps=100)
    high = house.opened(seller, creation_id=own_work(22), step_bps=5_000)
    for auction in (low, high):
        house.bid(auction, buyer)
    house.bid(low, stranger, next_bid(PRICE, 100))
    with reverts_with("Bid_OutOfRange", next_bid(PRICE), next_bid(PRICE, 5_000), MAX):
        house.bid(high, stranger, next_bid(PRICE, STEP_BPS))


def test_a_creator_can_auction_a_fresh_work(house, registry, creator, buyer):
    work = register(registry, creator, n=77)
    registry.approve(house.contract, work, {"from": creator})
    house.bid(house.opened(creator, creation_id=work), buyer)
    assert registry.ownerOf(work) == house.contract
