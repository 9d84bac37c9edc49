"""What sellers and parties sign, for whoever brings it: shipping, refunds, acceptances, evidence,
cancellations and withdrawals."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.escrow_market.conftest import PRICE, offer_by
from tests.contracts.support import (
    COIN,
    DAY,
    SELLER_REFUND,
    TRADE_DISPUTED,
    TRADE_FUNDED,
    TRADE_NONE,
    TRADE_SHIPPED,
    ZERO_BYTES32,
    Trade,
    event_names,
    fields,
    make_offer,
    offer_id,
    only_event,
    request_id,
    reverts_with,
    sign,
    sleep_to,
    trade_id,
    typed_digest,
)

TYPES = {
    "Shipment": fields("bytes32 tradeId,uint256 part,bytes32 shipment,uint256 expiry"),
    "Refund": fields("bytes32 tradeId,uint256 part,uint256 expiry"),
    "Acceptance": fields("bytes32 requestId,address seller,uint256 expiry"),
    "Evidence": fields(
        "bytes32 tradeId,address party,bytes32 evidence,uint256 expiry,uint256 nonce"
    ),
    "Cancellation": fields("address signer,uint256 first,uint256 last,uint256 expiry"),
    "Withdrawal": fields("address payee,address asset,address to,uint256 expiry,uint256 nonce"),
}
PARCEL = b"\7" * 32


class Papers:
    """Documents about the market, their digests, and who brings them."""

    def __init__(self, market, bearer):
        self.market = market
        self.sent = {"from": bearer}

    def digest(self, kind, *values):
        names = [field["name"] for field in TYPES[kind]]
        message = {
            name: str(value) if hasattr(value, "address") else value
            for name, value in zip(names, values, strict=True)
        }
        types = {kind: TYPES[kind]}
        return typed_digest(self.market, "Dokkaebi EscrowMarket", kind, types, message)

    def ship(self, trade, signer, part=0, shipment=PARCEL, expiry=None, brought=None):
        expiry = chain.time() + DAY if expiry is None else expiry
        digest = self.digest("Shipment", trade_id(trade), part, shipment, expiry)
        return self.market.shipFor(
            trade, brought or shipment, expiry, sign(digest, signer), self.sent
        )

    def refund(self, trade, signer, part=0, expiry=None):
        expiry = chain.time() + DAY if expiry is None else expiry
        digest = self.digest("Refund", trade_id(trade), part, expiry)
        return self.market.refundFor(trade, expiry, sign(digest, signer), self.sent)

    def accept(self, request, seller, signer=None, expiry=None):
        expiry = chain.time() + DAY if expiry is None else expiry
        digest = self.digest("Acceptance", request_id(self.market, request), seller, expiry)
        signature = sign(digest, signer or seller)
        return self.market.acceptFor(request, seller, expiry, signature, self.sent)

    def say(self, trade, party, nonce, signer=None, evidence=PARCEL, expiry=None):
        expiry = chain.time() + DAY if expiry is None else expiry
        digest = self.digest("Evidence", trade_id(trade), party, evidence, expiry, nonce)
        signature = sign(digest, signer or party)
        return self.market.submitEvidenceFor(
            trade, party, evidence, expiry, nonce, signature, self.sent
        )

    def cancel(self, signer, first, last, forger=None, expiry=None):
        expiry = chain.time() + DAY if expiry is None else expiry
        digest = self.digest("Cancellation", signer, first, last, expiry)
        signature = sign(digest, forger or signer)
        return self.market.cancelNoncesFor(signer, first, last, expiry, signature, self.sent)

    def withdraw(self, payee, asset, to, nonce, forger=None, expiry=None, brought=None):
        expiry = chain.time() + DAY if expiry is None else expiry
        digest = self.digest("Withdrawal", payee, asset, to, expiry, nonce)
        signature = sign(digest, forger or payee)
        return self.market.withdrawToFor(
            payee, asset, brought or to, expiry, nonce, signature, self.sent
        )


@pytest.fixture(scope="module")
def papers(market, accounts):
    """Somebody who is no party brings them."""
    return Papers(market, accounts[8])


@pytest.fixture
def request_of(market, buyer):
    """A request that the buyer paid for."""

    def request_of(maker=ZERO_ADDRESS):
        made = make_offer(maker, buyer=buyer, price=PRICE)
        market.request(made, b"", {"from": buyer, "value": PRICE})
        return made

    return request_of


# Shipping


def test_a_signed_shipment_ships(desk, papers, money, seller, buyer):
    trade = desk.funded(seller, buyer, asset=money.address)
    tx = papers.ship(trade, seller)
    assert desk.state(trade) == TRADE_SHIPPED
    assert only_event(tx, "EscrowShipped") == {
        "tradeId": "0x" + trade_id(trade).hex(),
        "shipment": "0x" + PARCEL.hex(),
        "inspectDeadline": tx.timestamp + 2 * DAY,
    }


def test_ship_for_reverts_when_the_seller_didnt_sign(desk, papers, seller, buyer, stranger):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    digest = papers.digest("Shipment", trade_id(trade), 0, PARCEL, expiry)
    for forger in (buyer, stranger):
        with reverts_with("Signature_Wrong", seller, digest):
            papers.ship(trade, forger, expiry=expiry)


def test_ship_for_reverts_when_the_parcel_was_altered(desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)
    other, expiry = b"\x08" * 32, chain.time() + DAY
    digest = papers.digest("Shipment", trade_id(trade), 0, other, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.ship(trade, seller, expiry=expiry, brought=other)


def test_ship_for_reverts_twice(desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)
    papers.ship(trade, seller)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_SHIPPED, TRADE_FUNDED):
        papers.ship(trade, seller)


def test_a_shipment_of_one_part_ships_no_other(market, desk, papers, seller, buyer):
    """Nor one of one trade another."""
    trade = desk.funded(seller, buyer, parts=(50, 50))
    other = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    papers.ship(trade, seller, expiry=expiry)
    market.confirm(trade, {"from": buyer})
    digest = papers.digest("Shipment", trade_id(trade), 1, PARCEL, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.ship(trade, seller, part=0, expiry=expiry)
    papers.ship(trade, seller, part=1, expiry=expiry)
    assert desk.state(trade) == TRADE_SHIPPED
    signature = sign(papers.digest("Shipment", trade_id(trade), 0, PARCEL, expiry), seller)
    digest = papers.digest("Shipment", trade_id(other), 0, PARCEL, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        market.shipFor(other, PARCEL, expiry, signature, papers.sent)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_shipment_is_good_to_its_last_second(desk, papers, seller, buyer, seconds):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    sleep_to(chain, expiry + seconds)
    papers.ship(trade, seller, expiry=expiry)
    assert desk.state(trade) == TRADE_SHIPPED


def test_ship_for_reverts_after_the_last_second(desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    digest = papers.digest("Shipment", trade_id(trade), 0, PARCEL, expiry)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        papers.ship(trade, seller, expiry=expiry)


def test_a_signature_ships_no_later_than_its_seller_could(desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)
    deadline = desk.deadline(trade)
    sleep_to(chain, deadline + 1)
    with reverts_with("Trade_DeadlinePassed", trade_id(trade), deadline, deadline + 1):
        papers.ship(trade, seller, expiry=2**40)


def test_ship_for_reverts_for_no_trade(desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)._replace(amount=1)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_NONE, TRADE_FUNDED):
        papers.ship(trade, seller)


def test_a_contract_ships_by_signature(market, desk, papers, MockSigner, buyer, stranger):
    shop = MockSigner.deploy({"from": stranger})
    trade, _ = desk.fund(offer_by(shop, market, stranger), buyer)
    expiry = chain.time() + DAY
    digest = papers.digest("Shipment", trade_id(trade), 0, PARCEL, expiry)
    with reverts_with("Signature_Wrong", shop, digest):
        market.shipFor(trade, PARCEL, expiry, b"ours", papers.sent)
    shop.sign(digest, b"ours", {"from": stranger})
    market.shipFor(trade, PARCEL, expiry, b"ours", papers.sent)
    assert desk.state(trade) == TRADE_SHIPPED


# Refunds


def test_a_signed_refund_gives_all_back(market, desk, papers, money, seller, buyer):
    trade = desk.funded(seller, buyer, asset=money.address)
    before = money.of(buyer)
    tx = papers.refund(trade, seller)
    assert money.of(buyer) - before == PRICE
    assert only_event(tx, "EscrowRefunded")["reason"] == SELLER_REFUND
    assert desk.state(trade) == TRADE_NONE
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_NONE, TRADE_FUNDED):
        papers.refund(trade, seller)


def test_a_signed_refund_ends_a_dispute(desk, papers, seller, buyer, stranger):
    trade = desk.disputed(seller, buyer, stranger)
    papers.refund(trade, seller)
    assert desk.state(trade) == TRADE_NONE


def test_refund_for_reverts_when_the_seller_didnt_sign(desk, papers, seller, buyer, stranger):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    digest = papers.digest("Refund", trade_id(trade), 0, expiry)
    for forger in (buyer, stranger):
        with reverts_with("Signature_Wrong", seller, digest):
            papers.refund(trade, forger, expiry=expiry)


def test_a_refund_of_a_part_that_was_paid_is_dead(market, desk, papers, seller, buyer):
    """It was signed when nothing was delivered, and must not take the rest of the work's price."""
    trade = desk.funded(seller, buyer, parts=(50, 50))
    expiry = chain.time() + DAY
    market.confirm(trade, {"from": buyer})
    digest = papers.digest("Refund", trade_id(trade), 1, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.refund(trade, seller, part=0, expiry=expiry)
    papers.refund(trade, seller, part=1, expiry=expiry)
    assert desk.state(trade) == TRADE_NONE


def test_a_shipment_signed_as_refund_is_none(market, desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    signature = sign(papers.digest("Shipment", trade_id(trade), 0, ZERO_BYTES32, expiry), seller)
    digest = papers.digest("Refund", trade_id(trade), 0, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        market.refundFor(trade, expiry, signature, papers.sent)


def test_refund_for_reverts_after_the_last_second(desk, papers, seller, buyer):
    trade = desk.funded(seller, buyer)
    expiry = chain.time() + DAY
    sleep_to(chain, expiry)
    papers.refund(trade, seller, expiry=expiry)
    trade = desk.funded(seller, buyer)
    digest = papers.digest("Refund", trade_id(trade), 0, expiry)
    sleep_to(chain, expiry + DAY)
    with reverts_with("Document_Expired", digest, expiry, expiry + DAY):
        papers.refund(trade, seller, expiry=expiry)


# Acceptances


def test_a_signed_acceptance_opens_the_trade(desk, papers, request_of, seller, buyer):
    request = request_of()
    tx = papers.accept(request, seller)
    trade = only_event(tx, "EscrowFunded")["trade"]
    assert trade["seller"] == seller
    assert trade["buyer"] == buyer
    assert desk.state(Trade(*trade)) == TRADE_FUNDED


def test_accept_for_reverts_when_forged_or_repeated(market, papers, request_of, seller, stranger):
    request = request_of()
    expiry = chain.time() + DAY
    digest = papers.digest("Acceptance", request_id(market, request), seller, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.accept(request, seller, signer=stranger, expiry=expiry)
    papers.accept(request, seller, expiry=expiry)
    with reverts_with("Request_NotOpen", request_id(market, request)):
        papers.accept(request, seller, expiry=expiry)


def test_accept_for_reverts_for_whom_the_request_isnt(papers, request_of, seller, buyer, stranger):
    with reverts_with("Document_Reserved", stranger, seller):
        papers.accept(request_of(seller), stranger)
    with reverts_with("Buyer_IsSeller", buyer):
        papers.accept(request_of(), buyer)


def test_accept_for_reverts_after_the_last_second(market, papers, request_of, seller):
    request = request_of()
    expiry = chain.time() + DAY
    digest = papers.digest("Acceptance", request_id(market, request), seller, expiry)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        papers.accept(request, seller, expiry=expiry)


# Evidence


def test_signed_evidence_is_the_partys(desk, papers, seller, buyer, stranger):
    trade = desk.disputed(seller, buyer, stranger)
    for party, nonce in ((seller, 901), (buyer, 902)):
        tx = papers.say(trade, party, nonce)
        assert only_event(tx, "Evidence")["party"] == party
        assert desk.state(trade) == TRADE_DISPUTED
        with reverts_with("Nonce_Used", party, nonce):
            papers.say(trade, party, nonce)


def test_submit_evidence_for_reverts_for_strangers_and_forgers(
    desk, papers, seller, buyer, stranger, referrer
):
    trade = desk.disputed(seller, buyer, stranger)
    with reverts_with("Trade_NotParty", referrer):
        papers.say(trade, referrer, 1)
    expiry = chain.time() + DAY
    digest = papers.digest("Evidence", trade_id(trade), seller, PARCEL, expiry, 903)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.say(trade, seller, 903, signer=buyer, expiry=expiry)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        papers.say(trade, seller, 903, expiry=expiry)


def test_submit_evidence_for_reverts_without_a_dispute(desk, papers, seller, buyer):
    trade = desk.shipped(seller, buyer)
    with reverts_with("Trade_StateWrong", trade_id(trade), TRADE_SHIPPED, TRADE_DISPUTED):
        papers.say(trade, seller, 904)


# Cancellations


def test_a_signed_cancellation_kills_offers(market, desk, papers, seller, buyer):
    offer = desk.draft(seller, nonce=7_000)
    signature = sign(offer_id(market, offer), seller)
    tx = papers.cancel(seller, 7_000, 7_001)
    assert only_event(tx, "NoncesCancelled") == {"signer": seller, "first": 7_000, "last": 7_001}
    assert not market.nonceUsed(seller, 6_999)
    assert not market.nonceUsed(seller, 7_002)
    with reverts_with("Nonce_Used", seller, 7_000):
        desk.fund(offer, buyer, signature=signature)


def test_a_cancellation_brought_again_changes_nothing(market, papers, seller):
    papers.cancel(seller, 7_000, 7_000, expiry=2**40)
    papers.cancel(seller, 7_000, 7_000, expiry=2**40)
    assert market.nonceUsed(seller, 7_000)
    assert not market.nonceUsed(seller, 7_001)


def test_cancel_nonces_for_reverts_when_forged_or_late(market, papers, seller, stranger):
    expiry = chain.time() + DAY
    digest = papers.digest("Cancellation", seller, 7_000, 7_000, expiry)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.cancel(seller, 7_000, 7_000, forger=stranger, expiry=expiry)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        papers.cancel(seller, 7_000, 7_000, expiry=expiry)
    assert not market.nonceUsed(seller, 7_000)


def test_cancel_nonces_for_reverts_for_too_many(market, papers, seller):
    with reverts_with("Nonces_OutOfRange", 1, 0, market.NONCES_MAX()):
        papers.cancel(seller, 1, 0)


# Withdrawals


@pytest.fixture
def owed(market, odd_token, MockBlocklistToken, desk, seller, buyer):
    """A token in which the seller is owed a price, which couldn't be paid at once."""
    token = odd_token(MockBlocklistToken)
    trade = desk.shipped(seller, buyer, asset=token.address)
    token.contract.setBlocked(seller, True, {"from": buyer})
    market.confirm(trade, {"from": buyer})
    assert desk.credit(token, seller) == PRICE - PRICE // 100
    return token


def test_a_signed_withdrawal_goes_where_its_payee_wants(desk, papers, owed, seller, stranger):
    amount = desk.credit(owed, seller)
    tx = papers.withdraw(seller, owed.contract, stranger, 905)
    assert owed.of(stranger) - 100 * 10**18 in (amount, amount - 100 * 10**18)
    assert only_event(tx, "Withdrawn") == {
        "payee": seller,
        "asset": owed.address,
        "to": stranger,
        "amount": amount,
    }
    assert desk.credit(owed, seller) == 0
    with reverts_with("Nonce_Used", seller, 905):
        papers.withdraw(seller, owed.contract, stranger, 905)


def test_withdraw_to_for_reverts_when_forged_altered_or_late(
    desk, papers, owed, seller, buyer, stranger
):
    expiry = chain.time() + DAY
    digest = papers.digest("Withdrawal", seller, owed.contract, stranger, expiry, 906)
    with reverts_with("Signature_Wrong", seller, digest):
        papers.withdraw(seller, owed.contract, stranger, 906, forger=buyer, expiry=expiry)
    altered = papers.digest("Withdrawal", seller, owed.contract, buyer, expiry, 906)
    with reverts_with("Signature_Wrong", seller, altered):
        papers.withdraw(seller, owed.contract, stranger, 906, expiry=expiry, brought=buyer)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        papers.withdraw(seller, owed.contract, stranger, 906, expiry=expiry)


def test_a_withdrawal_that_fails_can_be_brought_again(desk, papers, owed, seller, buyer, stranger):
    amount = desk.credit(owed, seller)
    owed.contract.setBlocked(stranger, True, {"from": buyer})
    with reverts_with("Withdrawal_Failed", owed.contract, stranger, amount):
        papers.withdraw(seller, owed.contract, stranger, 907, expiry=2**40)
    owed.contract.setBlocked(stranger, False, {"from": buyer})
    papers.withdraw(seller, owed.contract, stranger, 907, expiry=2**40)
    assert desk.credit(owed, seller) == 0


def test_withdraw_to_for_reverts_for_nobody_and_for_nothing(
    market, papers, owed, seller, buyer, stranger
):
    for nobody in (ZERO_ADDRESS, market.address):
        with reverts_with("Recipient_NotAllowed", nobody):
            papers.withdraw(seller, owed.contract, nobody, 908)
    with reverts_with("Credit_Empty", COIN, stranger):
        papers.withdraw(stranger, COIN, buyer, 909)


def test_a_bearer_is_neither_charged_nor_named(desk, papers, seller, buyer, accounts):
    """Whoever brings papers pays gas, and stands in no event."""
    bearer = papers.sent["from"]
    trade = desk.funded(seller, buyer)
    before = bearer.balance()
    shipped, refunded = papers.ship(trade, seller), papers.refund(trade, seller)
    spent = sum(tx.gas_used * tx.gas_price for tx in (shipped, refunded))
    assert bearer.balance() == before - spent
    for tx in (shipped, refunded):
        assert bearer.address.lower()[2:] not in str([dict(e[0]) for e in tx.events]).lower()
    assert event_names(shipped) == ["EscrowShipped"]
