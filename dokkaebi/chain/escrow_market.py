"""The escrow market: deliveries and requests, trades and their disputes, from terms to calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dokkaebi.chain.consents import Permit
from dokkaebi.chain.creation_registry import tenure as tenure_of
from dokkaebi.chain.creation_registry import tenure_if_owned
from dokkaebi.chain.lookup import find_log, found_in, logs_of
from dokkaebi.chain.nonces import next_nonce
from dokkaebi.chain.rpc import Log
from dokkaebi.chain.suite import COIN, Call, Suite
from dokkaebi.chain.terms import (
    NOBODY,
    ZERO_WORD,
    Delivery,
    Found,
    Request,
    Settlement,
    Split,
    T,
    Trade,
)

DAY = 86_400
SHIP_SECONDS = INSPECT_SECONDS = 7 * DAY
RULING_SECONDS = 14 * DAY
SILENT_SELLER_BPS = 5_000


class TradeState(NamedTuple):
    """What a trade is (`TRADE_…`), the last second of its window, its current part from zero."""

    state: int
    deadline: int
    part: int


class Open(NamedTuple):
    """Whose published offer or open request something is (nobody's if it isn't open), and how many
    units of an offer are left."""

    owner: str
    units: int


# Terms


def new_delivery(
    suite: Suite,
    seller: str,
    price: int,
    *,
    expiry: int,
    asset: str = COIN,
    creation_id: int = 0,
    buyer: str = NOBODY,
    units: int = 1,
    ship_seconds: int = SHIP_SECONDS,
    inspect_seconds: int = INSPECT_SECONDS,
    referral_bps: int = 0,
    arbiter: str = NOBODY,
    arbiter_fee_bps: int = 0,
    ruling_seconds: int | None = None,
    silent_seller_bps: int | None = None,
    parts: Sequence[int] = (),
    details: bytes = ZERO_WORD,
    nonce: int | None = None,
) -> Delivery:
    """An offer of goods or services, `price` for one unit; a `creation_id` comes along as
    certificate and must be the seller's.

    With an arbiter the windows and the default have defaults: 14 days, half to each. Published or
    signed it uses a nonce: the next that is free, or `nonce`.
    """
    return Delivery(
        seller=seller,
        buyer=buyer,
        creation_id=creation_id,
        tenure=tenure_if_owned(suite, creation_id, seller) if creation_id else 0,
        asset=asset,
        price=price,
        units=units,
        expiry=expiry,
        ship_seconds=ship_seconds,
        inspect_seconds=inspect_seconds,
        referral_bps=referral_bps,
        arbiter=arbiter,
        arbiter_fee_bps=arbiter_fee_bps,
        ruling_seconds=_with_arbiter(arbiter, ruling_seconds, RULING_SECONDS),
        silent_seller_bps=_with_arbiter(arbiter, silent_seller_bps, SILENT_SELLER_BPS),
        parts=tuple(parts),
        details=details,
        nonce=next_nonce(suite, suite.escrow_market, seller) if nonce is None else nonce,
    )


def new_request(
    suite: Suite,
    buyer: str,
    price: int,
    *,
    expiry: int,
    asset: str = COIN,
    creation_id: int = 0,
    seller: str = NOBODY,
    ship_seconds: int = SHIP_SECONDS,
    inspect_seconds: int = INSPECT_SECONDS,
    arbiter: str = NOBODY,
    arbiter_fee_bps: int = 0,
    ruling_seconds: int | None = None,
    silent_seller_bps: int | None = None,
    parts: Sequence[int] = (),
    details: bytes = ZERO_WORD,
    nonce: int | None = None,
) -> Request:
    """Work that a buyer pays for in advance, and `seller` (or anybody) may accept."""
    return Request(
        seller=seller,
        buyer=buyer,
        creation_id=creation_id,
        tenure=tenure_of(suite, creation_id) if creation_id else 0,
        asset=asset,
        price=price,
        units=1,
        expiry=expiry,
        ship_seconds=ship_seconds,
        inspect_seconds=inspect_seconds,
        referral_bps=0,
        arbiter=arbiter,
        arbiter_fee_bps=arbiter_fee_bps,
        ruling_seconds=_with_arbiter(arbiter, ruling_seconds, RULING_SECONDS),
        silent_seller_bps=_with_arbiter(arbiter, silent_seller_bps, SILENT_SELLER_BPS),
        parts=tuple(parts),
        details=details,
        nonce=next_nonce(suite, suite.escrow_market, buyer) if nonce is None else nonce,
    )


def _with_arbiter(arbiter: str, wanted: int | None, usual: int) -> int:
    """What was wanted; else what is usual with an arbiter, and nothing without one."""
    if wanted is not None:
        return wanted
    return 0 if arbiter == NOBODY else usual


def new_settlement(suite: Suite, trade: Found[Trade], seller_bps: int, expiry: int) -> Settlement:
    """A division of what is left of a trade now, to be signed by one party or both."""
    part = trade_state(suite, trade.id).part
    return Settlement(bytes.fromhex(trade.id[2:]), part, seller_bps, expiry)


# Look up


def find_offer(suite: Suite, seen: str) -> Found[Delivery]:
    """The published offer with an id, or with the only id that begins like `seen`."""
    return _find(suite, "OfferPublished", seen, "offer_unknown", "offer", Delivery)


def find_request(suite: Suite, seen: str) -> Found[Request]:
    """The request with an id, or with the only id that begins like `seen`."""
    return _find(suite, "WorkRequested", seen, "request_unknown", "request", Request)


def find_trade(suite: Suite, seen: str) -> Found[Trade]:
    """The trade with an id, or with the only id that begins like `seen`.

    Its `values`: `offerId`, `units`, `details`, `shipDeadline`.
    """
    return _find(suite, "EscrowFunded", seen, "trade_unknown", "trade", Trade)


def trades_of_offer(suite: Suite, offer_id: str) -> list[Found[Trade]]:
    """The trades that took units of an offer, or that a request became; oldest first."""
    logs = logs_of(suite, suite.escrow_market, "EscrowFunded", None, offer_id)
    return [_trade_in(suite, log) for log in logs]


def offers_of_creation(suite: Suite, creation_id: int) -> list[Found[Delivery]]:
    """All offers ever published with a creation as certificate, oldest first."""
    market = suite.escrow_market
    logs = logs_of(suite, market, "OfferPublished")
    found = [found_in(market, "OfferPublished", log, "offer", Delivery) for log in logs]
    return [told for told in found if told.terms.creation_id == creation_id]


def opened(suite: Suite, document_id: str) -> Open:
    """Whether an offer is published, a request open, and for how many units."""
    return Open(*suite.escrow_market.call("documentOf", bytes.fromhex(document_id[2:])))


def units_left(suite: Suite, delivery: Delivery, offer_id: str) -> int:
    """How many units of a signed offer nobody took, if its nonce is still good."""
    return delivery.units - int(suite.escrow_market.call("unitsTaken", bytes.fromhex(offer_id[2:])))


def trade_state(suite: Suite, trade_id: str) -> TradeState:
    """What a trade is now."""
    return TradeState(*suite.escrow_market.call("tradeState", bytes.fromhex(trade_id[2:])))


def split_of(suite: Suite, delivery: Delivery, referrer: str = NOBODY) -> Split:
    """How the price of one unit would be divided now, if paid in one part."""
    return Split(*suite.escrow_market.call("splitOf", delivery, referrer))


def funded_trade(suite: Suite, logs: Sequence[Log]) -> Found[Trade]:
    """The trade that a transaction's logs say was funded, or a request became."""
    topic = suite.escrow_market.topic("EscrowFunded")
    return _trade_in(suite, next(log for log in logs if log["topics"][0] == topic))


def _find(
    suite: Suite, event: str, seen: str, unknown: str, field: str, make: Callable[..., T]
) -> Found[T]:
    log = find_log(suite, suite.escrow_market, event, seen, unknown)
    return found_in(suite.escrow_market, event, log, field, make)


def _trade_in(suite: Suite, log: Log) -> Found[Trade]:
    return found_in(suite.escrow_market, "EscrowFunded", log, "trade", Trade)


# Act: offers and requests


def publish(suite: Suite, delivery: Delivery) -> Call:
    """Publishes an offer, and uses its nonce."""
    return suite.escrow_market.prepare("offer", delivery)


def cancel(suite: Suite, offer_id: str) -> Call:
    """Takes a published offer off, with all units that are left."""
    return suite.escrow_market.prepare("cancel", bytes.fromhex(offer_id[2:]))


def fund(
    suite: Suite,
    delivery: Delivery,
    signature: bytes = b"",
    units: int = 1,
    referrer: str = NOBODY,
    permit: Permit | None = None,
) -> Call:
    """Pays for units of an offer into escrow; without a signature of a published one."""
    market = suite.escrow_market
    if permit is not None:
        arguments = (delivery, signature, units, referrer, permit.encoded)
        return market.prepare("fundWithPermit", *arguments)
    value = delivery.price * units if delivery.asset == COIN else 0
    return market.prepare("fund", delivery, signature, units, referrer, value=value)


def request(suite: Suite, terms: Request, permit: Permit | None = None) -> Call:
    """Pays for work that somebody may accept."""
    value = terms.price if terms.asset == COIN else 0
    encoded = permit.encoded if permit else b""
    return suite.escrow_market.prepare("request", terms, encoded, value=value)


def retract(suite: Suite, terms: Request) -> Call:
    """Gives an open request's money back to its buyer."""
    return suite.escrow_market.prepare("retract", terms)


def accept(suite: Suite, terms: Request) -> Call:
    """Makes the sender the seller of what was requested."""
    return suite.escrow_market.prepare("accept", terms)


# Act: trades


def ship(suite: Suite, trade: Trade, shipment: bytes = ZERO_WORD) -> Call:
    """Says that the goods are on their way, or the part is done."""
    return suite.escrow_market.prepare("ship", trade, shipment)


def confirm(suite: Suite, trade: Trade) -> Call:
    """The buyer is content with the current part."""
    return suite.escrow_market.prepare("confirm", trade)


def refund(suite: Suite, trade: Trade) -> Call:
    """The seller gives all that is left back."""
    return suite.escrow_market.prepare("refund", trade)


def claim_timeout(suite: Suite, trade: Trade) -> Call:
    """What a passed deadline means."""
    return suite.escrow_market.prepare("claimTimeout", trade)


def dispute(suite: Suite, trade: Trade, evidence: bytes = ZERO_WORD) -> Call:
    """The buyer calls the arbiter; `evidence` is sha2-256 of a document."""
    return suite.escrow_market.prepare("dispute", trade, evidence)


def submit_evidence(suite: Suite, trade: Trade, evidence: bytes) -> Call:
    """A party says something about a disputed trade."""
    return suite.escrow_market.prepare("submitEvidence", trade, evidence)


def rule(suite: Suite, trade: Trade, seller_bps: int, fee_recipient: str) -> Call:
    """The arbiter divides what is left; the fee of the terms goes to `fee_recipient`."""
    return suite.escrow_market.prepare("rule", trade, seller_bps, fee_recipient)


def settle(
    suite: Suite,
    trade: Trade,
    settlement: Settlement,
    buyer_signature: bytes = b"",
    seller_signature: bytes = b"",
) -> Call:
    """Divides what is left as both say; who sends needs no signature."""
    _, _, seller_bps, expiry = settlement
    signatures = (buyer_signature, seller_signature)
    return suite.escrow_market.prepare("settle", trade, seller_bps, expiry, *signatures)
