"""What anybody may ask, and calldata that isn't what it should be."""

import pytest
from brownie import ZERO_ADDRESS, web3

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    TRADE_NONE,
    ZERO_BYTES32,
    make_offer,
    make_trade,
    only_event,
    register,
    reverts_with,
    trade_id,
)


def test_nothing_is_known_of_what_never_was(market, desk, money, stranger):
    assert market.documentOf(b"\3" * 32) == (ZERO_ADDRESS, 0)
    assert market.unitsTaken(b"\3" * 32) == 0
    assert market.tradeState(b"\3" * 32) == (TRADE_NONE, 0, 0)
    assert desk.credit(money, stranger) == 0


def test_an_ended_trade_leaves_no_trace_but_its_offer(market, desk, seller, buyer):
    trade = desk.shipped(seller, buyer)
    market.confirm(trade, {"from": buyer})
    assert market.tradeState(trade_id(trade)) == (TRADE_NONE, 0, 0)


def test_ids_can_be_asked_for_before_anything_is_published(market, seller, buyer):
    trade = make_trade(market, make_offer(seller), buyer)
    assert bytes(market.hashTrade(trade)) == trade_id(trade)


@pytest.mark.parametrize("field", range(9))
def test_every_term_is_in_the_trades_id(market, seller, buyer, field):
    trade = make_trade(market, make_offer(seller), buyer)
    other = list(trade)
    if isinstance(other[field], str):
        other[field] = "0x" + "33" * 20
    elif isinstance(other[field], int):
        other[field] += 1
    else:
        other[field] = b"\3" * 32
    assert market.hashTrade(other) != market.hashTrade(trade)


def test_split_of_an_unknown_creation_reverts(market, seller):
    with reverts_with("Creation_Unknown", 79):
        market.splitOf(make_offer(seller, creation_id=79), ZERO_ADDRESS)


def test_split_says_what_confirming_does(market, desk, seller, buyer, referrer, creation):
    offer = desk.offer(seller, creation_id=creation, referral_bps=333, price=PRICE + 5)
    part, royalty, referral, fee = market.splitOf(offer, referrer)
    tx = market.confirm(desk.fund(offer, buyer, referrer)[0], {"from": buyer})
    assert only_event(tx, "EscrowReleased")["fee"] == fee
    assert only_event(tx, "RoyaltyPaid")["amount"] == royalty
    assert only_event(tx, "ReferralPaid")["amount"] == referral
    assert part == offer.price - royalty - referral - fee


@pytest.fixture(scope="module")
def derivative(registry, market, creator, stranger, seller):
    """A work of the stranger's, 10 %, after three of the creator's, owned by the seller."""
    parents = [register(registry, creator, n=231 + i) for i in range(3)]
    work = register(registry, stranger, n=240, royalty_bps=1_000, parents=parents)
    registry.transferFrom(stranger, seller, work, {"from": stranger})
    registry.setApprovalForAll(market, True, {"from": seller})
    return work


@pytest.mark.parametrize(
    ("price", "bps"),
    [(1, 5_000), (3, 3_333), (199, 1), (9_999, 4_999), (10_001, 777), (10**12 - 1, 3_141)],
)
def test_money_goes_where_the_split_says(
    market, desk, dkb, derivative, seller, buyer, referrer, creator, stranger, treasury, price, bps
):
    """Independent arithmetic, real money: each payee's balance, to the unit."""
    people = (seller, creator, stranger, referrer)
    terms = {"asset": dkb.address, "price": price, "referral_bps": bps}
    trade = desk.shipped(seller, buyer, referrer, creation_id=derivative, **terms)
    before = [dkb.of(person) for person in people]
    market.confirm(trade, {"from": buyer})
    royalty, referral, fee = price * 1_000 // 10_000, price * bps // 10_000, price // 100
    share = royalty // 2 // 3
    due = [price - royalty - referral - fee, 3 * share, royalty - 3 * share, referral]
    assert [dkb.of(p) - b for p, b in zip(people, before, strict=True)] == due
    assert desk.credit(dkb, treasury) == fee == dkb.of(market)


# Calldata


def answer_of(market, data, sender):
    """What a call comes to: its answer, or None when it reverts."""
    try:
        return web3.eth.call({"from": str(sender), "to": market.address, "data": data})
    except Exception as refusal:
        if "revert" not in str(refusal):
            raise
        return None


def soiled(data, word):
    """The same call with a bit set above the 160 of the address in one of its words."""
    raw = bytearray(bytes.fromhex(data[2:]))
    position = 4 + 32 * word + 11
    raw[position] |= 1
    return "0x" + raw.hex()


@pytest.mark.parametrize("word", [1, 2, 5, 12], ids=["seller", "buyer", "asset", "arbiter"])
def test_offers_with_soiled_addresses_are_refused(market, seller, word):
    data = market.offer.encode_input(make_offer(seller))
    assert answer_of(market, data, seller) is not None
    assert answer_of(market, soiled(data, word), seller) is None


@pytest.mark.parametrize(
    "word", [1, 2, 3, 4, 6], ids=["seller", "buyer", "referrer", "arbiter", "asset"]
)
def test_trades_with_soiled_addresses_are_refused(market, desk, seller, buyer, word):
    trade = desk.funded(seller, buyer)
    data = market.confirm.encode_input(trade)
    assert answer_of(market, data, buyer) is not None
    assert answer_of(market, soiled(data, word), buyer) is None


@pytest.mark.parametrize("name", ["offer", "confirm"])
def test_calldata_that_is_cut_off_is_refused(market, desk, seller, buyer, name):
    """Memory past the end of calldata reads as zeros, so a shorter call must not mean the same."""
    offer = make_offer(seller)
    trade = desk.funded(seller, buyer)
    term, sender = (offer, seller) if name == "offer" else (trade, buyer)
    data = getattr(market, name).encode_input(term)
    assert answer_of(market, data, sender) is not None
    assert answer_of(market, data[:-64], sender) is None


@pytest.mark.parametrize("name", ["offer", "cancel", "ship", "confirm", "refund", "claimTimeout"])
def test_coins_sent_to_functions_that_take_none_are_refused(market, desk, seller, buyer, name):
    offer = desk.offer(seller)
    trade = desk.funded(seller, buyer)
    arguments = {
        "offer": (make_offer(seller),),
        "cancel": (market.hashOffer(offer),),
        "ship": (trade, ZERO_BYTES32),
    }.get(name, (trade,))
    data = getattr(market, name).encode_input(*arguments)
    with pytest.raises(Exception, match="revert"):
        web3.eth.call({"from": str(seller), "to": market.address, "data": data, "value": 1})


def test_unknown_functions_are_refused(market, stranger):
    assert answer_of(market, "0x12345678", stranger) is None
    assert answer_of(market, "0x", stranger) is None
