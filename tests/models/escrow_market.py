"""`IEscrowMarket` in plain Python, written from its NatSpec and not from the Solidity."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.lane.abi import digest_of, keccak, struct, word
from tests.models.books import refuse_if
from tests.models.till import BPS, DAY, PRICE_MAX, Till, permit_is_wrong
from tests.models.town import NOBODY

HOUR = 3_600
REFERRAL_BPS_MAX, ARBITER_FEE_BPS_MAX = 5_000, 500
UNITS_MAX, PARTS_MAX = 2**32 - 1, 12
NONE, FUNDED, SHIPPED, DISPUTED = 0, 1, 2, 3
CONFIRMED, INSPECTION_TIMEOUT, SELLER_REFUND, SHIP_TIMEOUT, RULED, SETTLED, ARBITER_SILENT = range(
    7
)
NO_DOCUMENT = (NOBODY, 0)
ENDED = (NONE, 0, 0)


class Trade(NamedTuple):
    """A trade's life: what was agreed, and `IEscrowMarket.Trade` as it is hashed."""

    offer: Any
    terms: Any
    state: int
    deadline: int
    part: int = 0

    def worths(self) -> list[int]:
        """What each part is worth; the last takes what rounding leaves."""
        *first, _ = self.offer.parts or (100,)
        parts = [self.terms.amount * percent // 100 for percent in first]
        return [*parts, self.terms.amount - sum(parts)]

    def left(self) -> int:
        """What is still in escrow."""
        return sum(self.worths()[self.part :])


def pack_terms(offer: Any, serial: int) -> int:
    """The small numbers of a trade in one word, as `IEscrowMarket.Trade` says."""
    fields = [
        (offer.ship_seconds, 24),
        (offer.inspect_seconds, 24),
        (offer.ruling_seconds, 24),
        (offer.referral_bps, 16),
        (offer.arbiter_fee_bps, 16),
        (offer.silent_seller_bps, 16),
        (serial, 32),
        *((percent, 8) for percent in offer.parts),
    ]
    packed = shift = 0
    for value, bits in fields:
        packed |= value << shift
        shift += bits
    return packed


def trade_bytes(terms: Any) -> bytes:
    """`abi.encode` of a trade: words alone."""
    return b"".join(word(value) for value in terms)


def trade_id(terms: Any) -> bytes:
    return keccak(trade_bytes(terms))


def place_of(evidence: bytes) -> str:
    """A CIDv1, raw, in base 16."""
    return f"ipfs://f01551220{evidence.hex()}"


class EscrowMarket(Till):
    """`documents`: owner and units left of published offers and open requests."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        open_ = self.town.books.open
        self.documents = open_("documents", NO_DOCUMENT)
        self.requested = open_("requested", None)
        self.taken = open_("taken")
        self.trades = open_("trades", None)
        self.ended = open_("ended", None)
        self.offer_struct = struct("EscrowMarket", "offer", 0, "Offer")
        self.request_struct = struct("EscrowMarket", "offer", 0, "Request")
        self.trade_struct = struct("EscrowMarket", "ship")

    def offer_id(self, offer: Any) -> bytes:
        return digest_of(self.domain, self.offer_struct.hash(offer))

    def request_id(self, request: Any) -> bytes:
        return digest_of(self.domain, self.request_struct.hash(request))

    def escrow(self, asset: str) -> int:
        trades = sum(t.left() for t in self.trades.values() if t and t.offer.asset == asset)
        requests = (r for r in self.requested.values() if r)
        return trades + sum(r.price for r in requests if r.asset == asset)

    # Terms

    def terms_are_wrong(self, offer: Any, earliest: int) -> list[tuple[Any, ...]]:
        units, units_max = offer.units, 1 if offer.creation_id else UNITS_MAX
        price_max = PRICE_MAX // max(1, units)
        latest = self.town.now + 365 * DAY
        ruled = offer.arbiter != NOBODY
        ruling = (DAY, 60 * DAY) if ruled else (0, 0)
        return [
            (not 1 <= units <= units_max, "Offer_UnitsOutOfRange", units, units_max),
            (not 1 <= offer.price <= price_max, "Offer_PriceOutOfRange", offer.price, price_max),
            (
                not earliest <= offer.expiry <= latest,
                "Expiry_OutOfRange", offer.expiry, earliest, latest,
            ),
            (
                offer.referral_bps > REFERRAL_BPS_MAX,
                "Offer_ReferralTooHigh", offer.referral_bps, REFERRAL_BPS_MAX,
            ),
            _out_of("Offer_ShipWindowOutOfRange", offer.ship_seconds, HOUR, 60 * DAY),
            _out_of("Offer_InspectWindowOutOfRange", offer.inspect_seconds, DAY, 30 * DAY),
            _out_of("Offer_RulingWindowOutOfRange", offer.ruling_seconds, *ruling),
            _above("Offer_ArbiterFeeTooHigh", offer.arbiter_fee_bps, ruled * ARBITER_FEE_BPS_MAX),
            _above("Offer_DefaultOutOfRange", offer.silent_seller_bps, ruled * BPS),
            parts_are_wrong(offer.parts),
        ]  # fmt: skip

    def cannot_open(self, id_: bytes, offer: Any, buyer: str, seller: str) -> list[tuple[Any, ...]]:
        now, arbiter = self.town.now, offer.arbiter
        partial = arbiter != NOBODY and arbiter in {buyer, seller, self.address}
        checks = [
            (now > offer.expiry, "Document_Expired", id_, offer.expiry, now),
            (buyer == seller, "Buyer_IsSeller", seller),
            (partial, "Arbiter_NotAllowed", arbiter),
        ]
        if offer.creation_id:
            registry = self.registry.address
            checks.append(self.has_moved(registry, offer.creation_id, offer.tenure))
        return checks

    # Offer

    def offer(self, caller: str, offer: Any) -> None:
        refuse_if(
            (caller != offer.seller, "Document_NotOwn", caller, offer.seller),
            *self.terms_are_wrong(offer, self.town.now + 1),
            self.nonce_is_used(offer.seller, offer.nonce),
        )
        id_ = self.offer_id(offer)
        self.used[caller, offer.nonce] = True
        self.documents[id_] = (caller, offer.units - self.taken[id_])
        self.say("OfferPublished", id_, caller, tuple(offer))

    def cancel(self, caller: str, id_: bytes) -> None:
        owner, units = self.documents[id_]
        refuse_if(
            (units == 0, "Offer_NotOpen", id_),
            (units != 0 and caller != owner, "Document_NotOwn", caller, owner),
        )
        self.documents[id_] = NO_DOCUMENT
        self.say("OfferCancelled", id_, caller)

    # Fund

    def fund(
        self, caller: str, offer: Any, signature: bytes, units: int, referrer: str, value: int,
        permit: bytes = b"",
    ) -> None:  # fmt: skip
        id_, seller = self.offer_id(offer), offer.seller
        favoured = referrer != NOBODY and referrer in {caller, seller, self.address}
        reserved = offer.buyer not in {NOBODY, caller}
        if signature:
            left = offer.units - (self.taken[id_] if offer.units != 1 else 0)
            last = units == left
            checks = [
                *self.terms_are_wrong(offer, self.town.now),
                self.town.not_signed(seller, id_, signature),
                self.nonce_is_used(seller, offer.nonce),
            ]
        else:
            left = self.documents[id_][1]
            checks = [(left == 0, "Offer_NotOpen", id_)]
        refuse_if(
            permit_is_wrong(permit),
            *self.cannot_open(id_, offer, caller, seller),
            (reserved, "Document_Reserved", caller, offer.buyer),
            (favoured, "Referrer_NotAllowed", referrer),
            *checks,
            (
                not 1 <= units <= left and (left != 0 or bool(signature)),
                "Offer_UnitsWrong", id_, units, left,
            ),
        )  # fmt: skip
        self.use_permit(offer.asset, caller, permit)
        if signature:
            serial = offer.units - left
            if last:
                self.used[seller, offer.nonce] = True
            if offer.units != 1:
                self.taken[id_] = serial + units
        else:
            serial = offer.units - left
            self.documents[id_] = (seller, left - units) if units != left else NO_DOCUMENT
        self._open(id_, offer, seller, caller, referrer, units, serial)
        self.collect(offer.asset, caller, offer.price * units, value)

    def terms_of(
        self,
        id_: bytes,
        offer: Any,
        seller: str,
        buyer: str,
        referrer: str,
        units: int,
        serial: int,
    ) -> Any:
        """`IEscrowMarket.Trade`."""
        return self.trade_struct.make(
            id_, seller, buyer, referrer, offer.arbiter, offer.creation_id, offer.asset,
            offer.price * units, pack_terms(offer, serial),
        )  # fmt: skip

    def _open(
        self,
        id_: bytes,
        offer: Any,
        seller: str,
        buyer: str,
        referrer: str,
        units: int,
        serial: int,
    ) -> None:
        terms = self.terms_of(id_, offer, seller, buyer, referrer, units, serial)
        key = trade_id(terms)
        assert self.trades[key] is None, "A trade came back."
        assert self.ended[key] is None, "A trade came back."
        deadline = self.town.now + offer.ship_seconds
        self.trades[key] = Trade(offer, terms, FUNDED, deadline)
        self.say("EscrowFunded", key, id_, buyer, tuple(terms), units, offer.details, deadline)
        self._certificate(offer.creation_id, seller, self.address)

    def _certificate(self, id_: int, giver: str, to: str) -> None:
        if id_:
            self.registry.move(self.address, giver, to, id_)

    # Request

    def request(self, caller: str, request: Any, permit: bytes, value: int) -> None:
        refuse_if(
            (caller != request.buyer, "Document_NotOwn", caller, request.buyer),
            (caller == request.seller, "Buyer_IsSeller", caller),
            (caller == request.arbiter, "Arbiter_NotAllowed", caller),
            (
                request.units != 1 or request.referral_bps != 0,
                "Request_TermsWrong", request.units, request.referral_bps,
            ),
            *self.terms_are_wrong(request, self.town.now + 1),
            self.nonce_is_used(caller, request.nonce),
            permit_is_wrong(permit),
        )  # fmt: skip
        id_ = self.request_id(request)
        self.used[caller, request.nonce] = True
        self.documents[id_] = (caller, 0)
        self.requested[id_] = request
        self.say("WorkRequested", id_, caller, tuple(request))
        self.use_permit(request.asset, caller, permit)
        self.collect(request.asset, caller, request.price, value)

    def retract(self, caller: str, request: Any) -> None:
        early = caller != request.buyer and self.town.now <= request.expiry
        id_ = self.request_id(request)
        refuse_if(
            (early, "Document_NotOwn", caller, request.buyer),
            self._not_requested(id_),
        )
        self._close(id_)
        self.say("RequestRetracted", id_, request.buyer)
        self.pay(id_, request.asset, request.buyer, request.price)

    def accept(self, seller: str, request: Any) -> None:
        self._accept(seller, request)

    def accept_for(self, seller: str, request: Any, expiry: int, signature: bytes) -> None:
        kind = "Acceptance(bytes32 requestId,address seller,uint256 expiry)"
        digest = self.digest(kind, self.request_id(request), seller, expiry)
        self._accept(seller, request, *self.town.no_consent(seller, digest, expiry, signature))

    def _accept(self, seller: str, request: Any, *checks: tuple[Any, ...]) -> None:
        id_ = self.request_id(request)
        wanted = request.seller
        refuse_if(
            *checks,
            self._not_requested(id_),
            *self.cannot_open(id_, request, request.buyer, seller),
            (wanted not in {NOBODY, seller}, "Document_Reserved", seller, wanted),
        )
        self._close(id_)
        self._open(id_, request, seller, request.buyer, NOBODY, 1, 0)

    def _not_requested(self, id_: bytes) -> tuple[Any, ...]:
        return (self.requested[id_] is None, "Request_NotOpen", id_)

    def _close(self, id_: bytes) -> None:
        self.documents[id_] = NO_DOCUMENT
        self.requested[id_] = None

    # The life of a trade

    def _alive(self, terms: Any) -> tuple[bytes, Trade]:
        key = trade_id(terms)
        trade = self.trades[key]
        refuse_if((trade is None, "Trade_StateWrong", key, NONE, FUNDED))
        return key, trade

    def _not_in(self, key: bytes, trade: Trade, needed: int) -> list[tuple[Any, ...]]:
        """A step that is open in one state, until its deadline."""
        right = trade.state == needed
        now = self.town.now
        late = right and now > trade.deadline
        return [
            (not right, "Trade_StateWrong", key, trade.state, needed),
            (late, "Trade_DeadlinePassed", key, trade.deadline, now),
        ]

    def _change(self, key: bytes, trade: Trade, state: int, deadline: int) -> None:
        self.trades[key] = trade._replace(state=state, deadline=deadline)

    def _end(self, key: bytes, trade: Trade) -> None:
        self.trades[key] = None
        self.ended[key] = trade.terms

    def ship(self, caller: str, terms: Any, shipment: bytes) -> None:
        key, trade = self._alive(terms)
        seller = terms.seller
        self._ship(key, trade, shipment, (caller != seller, "Trade_NotSeller", caller, seller))

    def ship_for(self, terms: Any, shipment: bytes, expiry: int, signature: bytes) -> None:
        key, trade = self._alive(terms)
        kind = "Shipment(bytes32 tradeId,uint256 part,bytes32 shipment,uint256 expiry)"
        digest = self.digest(kind, key, trade.part, shipment, expiry)
        self._ship(
            key, trade, shipment, *self.town.no_consent(terms.seller, digest, expiry, signature)
        )

    def _ship(self, key: bytes, trade: Trade, shipment: bytes, *checks: tuple[Any, ...]) -> None:
        refuse_if(*checks, *self._not_in(key, trade, FUNDED))
        deadline = self.town.now + trade.offer.inspect_seconds
        self._change(key, trade, SHIPPED, deadline)
        self.say("EscrowShipped", key, shipment, deadline)

    def confirm(self, caller: str, terms: Any) -> None:
        key, trade = self._alive(terms)
        refuse_if((caller != terms.buyer, "Trade_NotBuyer", caller, terms.buyer))
        self._release(key, trade, CONFIRMED)

    def refund(self, caller: str, terms: Any) -> None:
        key, trade = self._alive(terms)
        refuse_if((caller != terms.seller, "Trade_NotSeller", caller, terms.seller))
        self._give_back(key, trade, SELLER_REFUND)

    def refund_for(self, terms: Any, expiry: int, signature: bytes) -> None:
        key, trade = self._alive(terms)
        kind = "Refund(bytes32 tradeId,uint256 part,uint256 expiry)"
        digest = self.digest(kind, key, trade.part, expiry)
        refuse_if(*self.town.no_consent(terms.seller, digest, expiry, signature))
        self._give_back(key, trade, SELLER_REFUND)

    def claim_timeout(self, terms: Any) -> None:
        """Not shipped: the buyer's. Shipped: the seller's. Disputed: as the terms say."""
        key, trade = self._alive(terms)
        now = self.town.now
        early = now <= trade.deadline
        refuse_if((early, "Trade_DeadlineNotPassed", key, trade.deadline, now))
        if trade.state == FUNDED:
            self._give_back(key, trade, SHIP_TIMEOUT)
        elif trade.state == SHIPPED:
            self._release(key, trade, INSPECTION_TIMEOUT)
        else:
            self._split(key, trade, trade.offer.silent_seller_bps, ARBITER_SILENT, NOBODY)

    def dispute(self, caller: str, terms: Any, evidence: bytes) -> None:
        key, trade = self._alive(terms)
        refuse_if(
            (caller != terms.buyer, "Trade_NotBuyer", caller, terms.buyer),
            (terms.arbiter == NOBODY, "Trade_NotArbiter", caller, NOBODY),
            *self._not_in(key, trade, SHIPPED),
        )
        deadline = self.town.now + trade.offer.ruling_seconds
        self._change(key, trade, DISPUTED, deadline)
        self.say("EscrowDisputed", key, terms.arbiter, deadline)
        if any(evidence):
            self._evidence(key, terms, caller, evidence)

    def submit_evidence(self, party: str, terms: Any, evidence: bytes) -> None:
        key, trade = self._alive(terms)
        self._submit(key, trade, party, evidence)

    def submit_evidence_for(
        self, terms: Any, party: str, evidence: bytes, expiry: int, nonce: int, signature: bytes
    ) -> None:
        key, trade = self._alive(terms)
        kind = (
            "Evidence(bytes32 tradeId,address party,bytes32 evidence,uint256 expiry,uint256 nonce)"
        )
        digest = self.digest(kind, key, party, evidence, expiry, nonce)
        checks = self.town.no_consent(party, digest, expiry, signature)
        self._submit(key, trade, party, evidence, *checks, self.nonce_is_used(party, nonce))
        self.used[party, nonce] = True

    def _submit(
        self, key: bytes, trade: Trade, party: str, evidence: bytes, *checks: tuple[Any, ...]
    ) -> None:
        terms = trade.terms
        stranger = party not in {terms.buyer, terms.seller}
        refuse_if(
            *checks,
            (stranger, "Trade_NotParty", party),
            *self._not_in(key, trade, DISPUTED),
        )
        self._evidence(key, terms, party, evidence)

    def _evidence(self, key: bytes, terms: Any, party: str, evidence: bytes) -> None:
        number = int.from_bytes(key, "big")
        self.say("Evidence", terms.arbiter, number, party, place_of(evidence))

    def rule(self, caller: str, terms: Any, seller_bps: int, payee: str) -> None:
        key, trade = self._alive(terms)
        refuse_if(
            (caller != terms.arbiter, "Trade_NotArbiter", caller, terms.arbiter),
            *self._not_in(key, trade, DISPUTED),
            (payee in {NOBODY, self.address}, "Recipient_NotAllowed", payee),
            _above("Division_OutOfRange", seller_bps, BPS),
        )
        self._split(key, trade, seller_bps, RULED, payee)

    def settlement(self, key: bytes, part: int, seller_bps: int, expiry: int) -> bytes:
        kind = "Settlement(bytes32 tradeId,uint256 part,uint256 sellerBps,uint256 expiry)"
        return self.digest(kind, key, part, seller_bps, expiry)

    def settle(
        self, caller: str, terms: Any, seller_bps: int, expiry: int, buyers: bytes, sellers: bytes
    ) -> None:
        key, trade = self._alive(terms)
        digest, now = self.settlement(key, trade.part, seller_bps, expiry), self.town.now
        refuse_if(
            (now > expiry, "Document_Expired", digest, expiry, now),
            caller != terms.buyer and self.town.not_signed(terms.buyer, digest, buyers),
            caller != terms.seller and self.town.not_signed(terms.seller, digest, sellers),
            _above("Division_OutOfRange", seller_bps, BPS),
        )
        self._split(key, trade, seller_bps, SETTLED, NOBODY)

    # Ends

    def _release(self, key: bytes, trade: Trade, reason: int) -> None:
        terms, worths = trade.terms, trade.worths()
        worth, asset = worths[trade.part], terms.asset
        parts = self.divide(
            worth, terms.seller, terms.referrer, trade.offer.referral_bps, terms.creation_id
        )
        if trade.part == len(worths) - 1:
            self._end(key, trade)
            self.say("EscrowReleased", key, reason, parts.fee)
            self._certificate(terms.creation_id, self.address, terms.buyer)
        else:
            deadline = self.town.now + trade.offer.ship_seconds
            self._change(key, trade._replace(part=trade.part + 1), FUNDED, deadline)
            self.say("PartReleased", key, trade.part, reason, worth, parts.fee, deadline)
        self._settle_money(key, terms, asset, parts)

    def _settle_money(self, key: bytes, terms: Any, asset: str, parts: Any) -> None:
        if parts.fee:
            self.credits.add((asset, self.fee_recipient), parts.fee)
        self.announce(key, terms.referrer, parts)
        self.distribute(key, asset, terms.seller, terms.referrer, parts)

    def _give_back(self, key: bytes, trade: Trade, reason: int) -> None:
        self._end(key, trade)
        self.say("EscrowRefunded", key, reason)
        self._certificate(trade.terms.creation_id, self.address, trade.terms.seller)
        self.pay(key, trade.terms.asset, trade.terms.buyer, trade.left())

    def _split(
        self, key: bytes, trade: Trade, seller_bps: int, reason: int, arbiter_payee: str
    ) -> None:
        """The arbiter's fee first, then the buyer's share rounded down, the rest the seller's; the
        creation is sold if the seller gets half."""
        terms, left = trade.terms, trade.left()
        ruled = arbiter_payee != NOBODY
        arbiter_fee = left * trade.offer.arbiter_fee_bps // BPS if ruled else 0
        to_buyer = (left - arbiter_fee) * (BPS - seller_bps) // BPS
        sold = 2 * seller_bps >= BPS
        parts = self.divide(
            left - arbiter_fee - to_buyer, terms.seller, terms.referrer,
            trade.offer.referral_bps, terms.creation_id if sold else 0,
        )  # fmt: skip
        self._end(key, trade)
        self.say("EscrowDivided", key, reason, to_buyer, arbiter_fee, arbiter_payee, parts.fee)
        if parts.fee:
            self.credits.add((terms.asset, self.fee_recipient), parts.fee)
        self.announce(key, terms.referrer, parts)
        self._certificate(terms.creation_id, self.address, terms.buyer if sold else terms.seller)
        self.pay(key, terms.asset, terms.buyer, to_buyer)
        self.distribute(key, terms.asset, terms.seller, terms.referrer, parts)
        self.pay(key, terms.asset, arbiter_payee, arbiter_fee)

    def state_of(self, key: bytes) -> tuple[int, int, int]:
        trade = self.trades[key]
        return ENDED if trade is None else (trade.state, trade.deadline, trade.part)


def parts_are_wrong(parts: tuple[int, ...]) -> tuple[Any, ...]:
    """2 to 12 percents above zero that make 100, or none. What the error says of the sum, the
    interface leaves open where there are too many of them, or one is zero."""
    right = not parts or (2 <= len(parts) <= PARTS_MAX and 0 not in parts and sum(parts) == 100)
    counted = sum(parts) if 2 <= len(parts) <= PARTS_MAX else 0
    if 0 in parts:
        counted = sum(parts[: parts.index(0)])
    return (not right, "Offer_PartsWrong", len(parts), counted)


def _out_of(error: str, value: int, least: int, most: int) -> tuple[Any, ...]:
    return (not least <= value <= most, error, value, least, most)


def _above(error: str, value: int, most: int) -> tuple[Any, ...]:
    return (value > most, error, value, most)
