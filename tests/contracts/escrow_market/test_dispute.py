"""Disputes: who may, until when, what an arbiter can do and what silence does; and settlements."""

import pytest
from brownie import chain

from tests.contracts.escrow_market.conftest import PRICE
from tests.contracts.support import (
    ARBITER_SILENT,
    DAY,
    RULED,
    SETTLED,
    TRADE_DISPUTED,
    TRADE_FUNDED,
    TRADE_NONE,
    TRADE_SHIPPED,
    ZERO_BYTES32,
    only_event,
    reverts_with,
    sign,
    sleep_to,
    trade_id,
)

ARBITER_FEE = PRICE * 300 // 10_000


@pytest.fixture
def arbiter(stranger):
    return stranger


@pytest.fixture
def disputed(desk, money, seller, buyer, arbiter):
    def disputed(**terms):
        return desk.disputed(seller, buyer, arbiter, asset=money.address, **terms)

    return disputed


def test_the_buyer_disputes_what_was_shipped(market, desk, seller, buyer, arbiter):
    trade = desk.shipped(seller, buyer, arbiter=arbiter)
    tx = market.dispute(trade, b"\7" * 32, {"from": buyer})
    assert desk.state(trade) == TRADE_DISPUTED
    assert only_event(tx, "EscrowDisputed") == {
        "tradeId": market.hashTrade(trade),
        "arbiter": arbiter,
        "rulingDeadline": tx.timestamp + 10 * DAY,
    }
    assert only_event(tx, "Evidence") == {
        "arbitrator": arbiter,
        "evidenceGroupID": int.from_bytes(trade_id(trade), "big"),
        "party": buyer,
        "evidence": "ipfs://f01551220" + "07" * 32,
    }


def test_dispute_reverts_for_anybody_else(market, desk, seller, buyer, arbiter):
    trade = desk.shipped(seller, buyer, arbiter=arbiter)
    for other in (seller, arbiter):
        with reverts_with("Trade_NotBuyer", other, buyer):
            market.dispute(trade, ZERO_BYTES32, {"from": other})


def test_dispute_reverts_without_an_arbiter(market, desk, seller, buyer):
    trade = desk.shipped(seller, buyer)
    with reverts_with("Trade_NotArbiter", buyer, "0x" + "00" * 20):
        market.dispute(trade, ZERO_BYTES32, {"from": buyer})


def test_dispute_reverts_before_shipping(market, desk, seller, buyer, arbiter):
    trade = desk.funded(seller, buyer, arbiter=arbiter)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_FUNDED, TRADE_SHIPPED):
        market.dispute(trade, ZERO_BYTES32, {"from": buyer})


@pytest.mark.parametrize("seconds", [-1, 0])
def test_dispute_until_the_last_second(market, desk, seller, buyer, arbiter, seconds):
    trade = desk.shipped(seller, buyer, arbiter=arbiter)
    sleep_to(chain, desk.deadline(trade) + seconds)
    market.dispute(trade, ZERO_BYTES32, {"from": buyer})
    assert desk.state(trade) == TRADE_DISPUTED


def test_dispute_reverts_after_the_deadline(market, desk, seller, buyer, arbiter):
    trade = desk.shipped(seller, buyer, arbiter=arbiter)
    deadline = desk.deadline(trade)
    sleep_to(chain, deadline + 1)
    with reverts_with("Trade_DeadlinePassed", trade_id(trade), deadline, deadline + 1):
        market.dispute(trade, ZERO_BYTES32, {"from": buyer})


@pytest.mark.parametrize("who", ["seller", "buyer"])
def test_fund_reverts_when_a_party_would_rule(request, desk, seller, buyer, who):
    party = request.getfixturevalue(who)
    with reverts_with("Arbiter_NotAllowed", party):
        desk.fund(desk.offer(seller, arbiter=party), buyer)


def test_parties_submit_evidence(market, disputed, seller, buyer, arbiter):
    trade = disputed()
    for party in (seller, buyer):
        tx = market.submitEvidence(trade, b"\1" * 32, {"from": party})
        assert only_event(tx, "Evidence")["party"] == party
    with reverts_with("Trade_NotParty", arbiter):
        market.submitEvidence(trade, b"\1" * 32, {"from": arbiter})


# Rule


@pytest.mark.parametrize("bps", [0, 1, 4_999, 5_000, 9_999, 10_000])
def test_a_ruling_divides_exactly(
    market, desk, money, disputed, seller, buyer, treasury, referrer, arbiter, bps
):
    trade = disputed()
    people = (seller, buyer, referrer)
    before, held = [money.of(p) for p in people], money.of(market)
    tx = market.rule(trade, bps, referrer, {"from": arbiter})
    gas = 0
    left = PRICE - ARBITER_FEE
    to_buyer = left * (10_000 - bps) // 10_000
    fee = (left - to_buyer) // 100
    due = [left - to_buyer - fee, to_buyer - gas, ARBITER_FEE]
    assert [money.of(p) - b for p, b in zip(people, before, strict=True)] == due
    assert desk.credit(money, treasury) == fee
    assert held - money.of(market) == PRICE - fee
    assert desk.state(trade) == TRADE_NONE
    assert only_event(tx, "EscrowDivided") == {
        "tradeId": market.hashTrade(trade),
        "reason": RULED,
        "toBuyer": to_buyer,
        "arbiterFee": ARBITER_FEE,
        "feeRecipient": referrer,
        "fee": fee,
    }


def test_rule_reverts_above_the_whole(market, disputed, arbiter):
    with reverts_with("Division_OutOfRange", 10_001, 10_000):
        market.rule(disputed(), 10_001, arbiter, {"from": arbiter})


@pytest.mark.parametrize("who", ["seller", "buyer", "treasury"])
def test_rule_reverts_for_anybody_else(request, market, disputed, arbiter, who):
    other = request.getfixturevalue(who)
    with reverts_with("Trade_NotArbiter", other, arbiter):
        market.rule(disputed(), 5_000, other, {"from": other})


def test_rule_reverts_before_a_dispute(market, desk, seller, buyer, arbiter):
    trade = desk.shipped(seller, buyer, arbiter=arbiter)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_SHIPPED, TRADE_DISPUTED):
        market.rule(trade, 5_000, arbiter, {"from": arbiter})


def test_rule_reverts_when_the_fee_would_go_nowhere(market, disputed, arbiter):
    trade = disputed()
    for nowhere in ("0x" + "00" * 20, market.address):
        with reverts_with("Recipient_NotAllowed", nowhere):
            market.rule(trade, 5_000, nowhere, {"from": arbiter})


@pytest.mark.parametrize("seconds", [-1, 0])
def test_rule_until_the_last_second(market, desk, disputed, arbiter, seconds):
    trade = disputed()
    sleep_to(chain, desk.deadline(trade) + seconds)
    market.rule(trade, 5_000, arbiter, {"from": arbiter})
    assert desk.state(trade) == TRADE_NONE


def test_a_silent_arbiter_is_replaced_by_the_default(
    market, desk, money, disputed, seller, buyer, treasury, referrer, arbiter
):
    trade = disputed()
    deadline = desk.deadline(trade)
    sleep_to(chain, deadline)
    with reverts_with("Trade_DeadlineNotPassed", trade_id(trade), deadline, deadline):
        market.claimTimeout(trade, {"from": referrer})
    chain.mine(timestamp=deadline + 1)
    with reverts_with("Trade_DeadlinePassed", trade_id(trade), deadline, deadline + 1):
        market.rule.call(trade, 10_000, arbiter, {"from": arbiter})
    before = money.of(seller), money.of(buyer)
    tx = market.claimTimeout(trade, {"from": referrer})
    to_buyer = PRICE * 7_500 // 10_000
    fee = (PRICE - to_buyer) // 100
    assert money.of(seller) - before[0] == PRICE - to_buyer - fee
    assert money.of(buyer) - before[1] == to_buyer
    event = only_event(tx, "EscrowDivided")
    assert (event["reason"], event["arbiterFee"]) == (ARBITER_SILENT, 0)


@pytest.mark.parametrize(("bps", "sold"), [(4_999, False), (5_000, True)])
def test_the_certificate_goes_by_half(
    market, registry, disputed, seller, buyer, arbiter, creation, bps, sold
):
    trade = disputed(creation_id=creation)
    tx = market.rule(trade, bps, arbiter, {"from": arbiter})
    assert registry.ownerOf(creation) == (buyer if sold else seller)
    assert ("RoyaltyPaid" in tx.events) is sold


def test_a_ruling_divides_what_is_left_of_the_parts(
    market, desk, money, seller, buyer, referrer, arbiter
):
    trade = desk.funded(seller, buyer, asset=money.address, arbiter=arbiter, parts=(40, 60))
    market.confirm(trade, {"from": buyer})
    market.ship(trade, ZERO_BYTES32, {"from": seller})
    market.dispute(trade, ZERO_BYTES32, {"from": buyer})
    before = money.of(buyer)
    market.rule(trade, 0, referrer, {"from": arbiter})
    left = PRICE - PRICE * 40 // 100
    assert money.of(buyer) - before == left - left * 300 // 10_000


# Concede


def test_the_seller_concedes_by_refunding(market, money, disputed, seller, buyer):
    trade = disputed()
    before = money.of(buyer)
    market.refund(trade, {"from": seller})
    assert money.of(buyer) - before == PRICE


def test_the_buyer_concedes_by_confirming(market, money, disputed, seller, buyer):
    trade = disputed()
    before = money.of(seller)
    market.confirm(trade, {"from": buyer})
    assert money.of(seller) - before == PRICE - PRICE // 100


# Settle


@pytest.fixture
def agreed(market):
    """The digest of a division."""

    def agreed(trade, bps, expiry, part=0):
        return bytes(market.hashSettlement(trade_id(trade), part, bps, expiry))

    return agreed


@pytest.mark.parametrize("state", ["funded", "shipped", "disputed"])
def test_both_settle_on_any_division(
    market, desk, money, seller, buyer, arbiter, referrer, agreed, state
):
    people = (seller, buyer, arbiter) if state == "disputed" else (seller, buyer)
    trade = getattr(desk, state)(*people, asset=money.address)
    expiry = chain.time() + DAY
    digest = agreed(trade, 3_000, expiry)
    before = money.of(seller), money.of(buyer)
    signatures = sign(digest, buyer), sign(digest, seller)
    tx = market.settle(trade, 3_000, expiry, *signatures, {"from": referrer})
    to_buyer = PRICE * 7_000 // 10_000
    fee = (PRICE - to_buyer) // 100
    assert money.of(buyer) - before[1] == to_buyer
    assert money.of(seller) - before[0] == PRICE - to_buyer - fee
    event = only_event(tx, "EscrowDivided")
    assert (event["reason"], event["arbiterFee"]) == (SETTLED, 0)


def test_a_party_needs_only_the_others_signature(market, desk, seller, buyer, agreed):
    expiry = chain.time() + DAY
    for sender, other in ((buyer, seller), (seller, buyer)):
        trade = desk.funded(seller, buyer)
        signature = sign(agreed(trade, 5_000, expiry), other)
        both = (b"", signature) if sender == buyer else (signature, b"")
        market.settle(trade, 5_000, expiry, *both, {"from": sender})
        assert desk.state(trade) == TRADE_NONE


def test_settle_reverts_when_one_didnt_agree(market, desk, seller, buyer, stranger, agreed):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    digest = agreed(trade, 5_000, expiry)
    bad = sign(digest, stranger)
    with reverts_with("Signature_Wrong", buyer, digest):
        market.settle(trade, 5_000, expiry, bad, sign(digest, seller), {"from": stranger})
    with reverts_with("Signature_Wrong", seller, digest):
        market.settle(trade, 5_000, expiry, b"", bad, {"from": buyer})


def test_settle_reverts_for_another_division_trade_or_part(market, desk, seller, buyer, agreed):
    trade = desk.funded(seller, buyer, parts=(50, 50))
    other = desk.funded(seller, buyer, parts=(50, 50))
    expiry = chain.time() + DAY
    signature = sign(agreed(trade, 5_000, expiry), buyer)
    with reverts_with("Signature_Wrong", buyer, agreed(trade, 5_001, expiry)):
        market.settle(trade, 5_001, expiry, signature, b"", {"from": seller})
    with reverts_with("Signature_Wrong", buyer, agreed(other, 5_000, expiry)):
        market.settle(other, 5_000, expiry, signature, b"", {"from": seller})
    market.confirm(trade, {"from": buyer})
    with reverts_with("Signature_Wrong", buyer, agreed(trade, 5_000, expiry, part=1)):
        market.settle(trade, 5_000, expiry, signature, b"", {"from": seller})


def test_settle_reverts_when_expired(market, desk, seller, buyer, agreed):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    digest = agreed(trade, 5_000, expiry)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        market.settle(trade, 5_000, expiry, sign(digest, buyer), b"", {"from": seller})
    assert desk.state(trade) == TRADE_FUNDED


def test_settle_reverts_twice(market, desk, seller, buyer, agreed):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    signature = sign(agreed(trade, 5_000, expiry), buyer)
    market.settle(trade, 5_000, expiry, signature, b"", {"from": seller})
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_NONE, TRADE_FUNDED):
        market.settle(trade, 5_000, expiry, signature, b"", {"from": seller})
