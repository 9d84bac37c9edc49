"""How a signed document stands with the chain: whether it can be used now, else why not."""

from __future__ import annotations

from collections.abc import Iterator

from dokkaebi.chain.auction_house import auction_state
from dokkaebi.chain.consents import Consent, Permit, is_signed_by
from dokkaebi.chain.creation_registry import may_move, owner
from dokkaebi.chain.creation_registry import tenure as tenure_of
from dokkaebi.chain.documents import creation_text
from dokkaebi.chain.escrow_market import (
    find_trade,
    opened,
    trade_state,
    trades_of_offer,
    units_left,
)
from dokkaebi.chain.lookup import happenings, now_on
from dokkaebi.chain.nonces import cancelled_nonces
from dokkaebi.chain.reverts import Reverted, reverted
from dokkaebi.chain.rpc import RpcRefused, RpcUnreachable
from dokkaebi.chain.suite import COIN, Contract, Suite
from dokkaebi.chain.terms import (
    NOBODY,
    TRADE_NONE,
    Auction,
    Bid,
    Delivery,
    Offer,
    Settlement,
    Swap,
    Terms,
    Voucher,
)
from dokkaebi.chain.till import permit_works, purse
from dokkaebi.chain.vouchers import problems_of_voucher
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import time_text

# The event that says that a document was used up, by its kind; of a delivery its trades do. And the
# one that says that it was taken off after it had been published.
_USED_BY = {
    "offer": "SaleSettled",
    "bid": "BidAccepted",
    "swap": "SwapSettled",
    "auction": "AuctionOpened",
}
_CANCELLED_BY = {"delivery": "OfferCancelled", "auction": "AuctionCancelled"}
_OF_TERMS = {"Price_OutOfRange", "Expiry_OutOfRange", "Bid_TermsWrong"}


def check_consent(suite: Suite, consent: Consent) -> None:
    """Refuses a document that can't be used now, with the first reason that there is."""
    for problem in _problems(suite, consent):
        raise problem


def problems_of(suite: Suite, consent: Consent) -> list[DokkaebiError]:
    """Every reason why a document can't be used now; none if it can."""
    return list(_problems(suite, consent))


def unusable(suite: Suite, consent: Consent) -> DokkaebiError | None:
    """The first reason why a document can't be used now; None if it can. For documents of
    strangers: asks for states only and never searches the chain's events."""
    return next(_problems(suite, consent, searching=False), None)


def signer_of(suite: Suite, consent: Consent) -> str:
    """Who signed a document; of a settlement whichever party of its trade did."""
    terms = consent.terms
    if isinstance(terms, Settlement):
        trade = find_trade(suite, "0x" + terms.trade_id.hex()).terms
        able = [trade.buyer, trade.seller]
    else:
        able = [str(consent.signer)]
    for account in able:
        if is_signed_by(suite.chain, account, consent.digest, consent.signature):
            return account
    raise DokkaebiError("consent_signature_wrong", signer=" / ".join(able))


def _problems(suite: Suite, consent: Consent, *, searching: bool = True) -> Iterator[DokkaebiError]:
    place = _wrong_place(suite, consent)
    if place is not None:
        # Nothing else that could be said of it would be of this market.
        yield place
        return
    try:
        signer_of(suite, consent)
    except RpcUnreachable:
        raise
    except DokkaebiError as problem:
        yield problem
        return
    now, terms = now_on(suite), consent.terms
    expiry = _expiry(suite, consent)
    yield from _time(terms, expiry, now)
    if isinstance(terms, Voucher):
        if now <= expiry:
            yield from problems_of_voucher(suite, consent)
        return
    if isinstance(terms, Settlement):
        yield from _trade(suite, terms)
        return
    yield from _nonce(suite, consent, searching=searching)
    if now <= expiry:
        yield from _terms(suite, consent)
    yield from _creations(suite, consent)
    if isinstance(terms, Bid):
        yield from _money(suite, consent, terms)


def _wrong_place(suite: Suite, consent: Consent) -> DokkaebiError | None:
    chain_id = suite.chain.chain_id
    if consent.chain_id != chain_id:
        return DokkaebiError("consent_chain_wrong", seen=consent.chain_id, chain=chain_id)
    place, seen = suite.signed_for(consent.kind.contract), consent.market
    if seen == place.address and isinstance(consent.terms, Voucher) and consent.terms.is_sold:
        place, seen = suite.creation_market, consent.terms.sale.market
    if seen != place.address:
        return DokkaebiError(
            "consent_market_wrong", seen=seen, market=place.address, name=place.name
        )
    return None


def _time(terms: Terms, expiry: int, now: int) -> Iterator[DokkaebiError]:
    if now > expiry:
        yield DokkaebiError("consent_expired", expiry=time_text(expiry), now=time_text(now))
    elif isinstance(terms, Offer) and now < terms.start:
        yield DokkaebiError("consent_not_started", start=time_text(terms.start), now=time_text(now))


def _expiry(suite: Suite, consent: Consent) -> int:
    """The last second of a document; bids may have moved that of an auction."""
    terms = consent.terms
    if isinstance(terms, Auction):
        return max(terms.ends_at, auction_state(suite, consent.id).deadline)
    return terms.expiry


def _trade(suite: Suite, terms: Settlement) -> Iterator[DokkaebiError]:
    trade_id = "0x" + terms.trade_id.hex()
    seen = trade_state(suite, trade_id)
    if seen.state == TRADE_NONE:
        yield DokkaebiError("consent_trade_over", trade=trade_id)
    elif seen.part != terms.part:
        # People count from one.
        yield DokkaebiError("consent_part_done", seen=seen.part + 1, part=terms.part + 1)


def _nonce(suite: Suite, consent: Consent, *, searching: bool) -> Iterator[DokkaebiError]:
    terms, market = consent.terms, suite.market(consent.kind.contract)
    signer = str(consent.signer)
    nonce: int = terms.nonce  # type: ignore[union-attr]
    if isinstance(terms, Delivery) and units_left(suite, terms, consent.id) == 0:
        yield DokkaebiError("consent_filled", document=consent.id)
        return
    if not market.call("nonceUsed", signer, nonce):
        return
    if isinstance(terms, Auction) and auction_state(suite, consent.id).deadline:
        # Somebody opened it; bids go on without the signature.
        return
    if isinstance(terms, Delivery) and opened(suite, consent.id).units:
        yield DokkaebiError("consent_published", document=consent.id)
        return
    if not searching:
        yield DokkaebiError("consent_nonce_spent", signer=signer, nonce=nonce)
        return
    told = {happening.event for happening in happenings(suite, consent.id)}
    if _CANCELLED_BY.get(consent.kind.name) in told:
        yield DokkaebiError("consent_cancelled", signer=signer, nonce=nonce)
    elif _USED_BY.get(consent.kind.name) in told or trades_of_offer(suite, consent.id):
        yield DokkaebiError("consent_filled", document=consent.id)
    elif any(a <= nonce <= b for a, b in cancelled_nonces(suite, market, signer)):
        yield DokkaebiError("consent_cancelled", signer=signer, nonce=nonce)
    else:
        yield DokkaebiError("consent_nonce_spent", signer=signer, nonce=nonce)


def _terms(suite: Suite, consent: Consent) -> Iterator[DokkaebiError]:
    """Terms that the market would refuse, found by using them without sending anything."""
    market = suite.market(consent.kind.contract)
    if isinstance(consent.terms, Auction) and auction_state(suite, consent.id).deadline:
        # Opened, so the market took them.
        return
    try:
        _try_terms(market, consent)
    except RpcRefused as refusal:
        problem = reverted(refusal)
        if not isinstance(problem, Reverted):
            raise problem from None
        if isinstance(consent.terms, Bid | Swap):
            # Tried by nobody who could give anything, so more than these refuses.
            if problem.key in _OF_TERMS:
                yield problem
        elif problem.key != "Nonce_Used":
            yield problem


def _try_terms(market: Contract, consent: Consent) -> None:
    terms, signer = consent.terms, consent.signer
    if isinstance(terms, Bid):
        arguments = (terms, consent.signature, terms.creation_id, 0, b"")
        market.call("accept", *arguments, sender=market.address)
    elif isinstance(terms, Swap):
        market.call("swap", terms, consent.signature, sender=market.address)
    else:
        act = "open" if isinstance(terms, Auction) else "offer"
        market.call(act, terms, sender=signer)


def _creations(suite: Suite, consent: Consent) -> Iterator[DokkaebiError]:
    """Creations that changed hands, or that the market may not hand over."""
    terms, registry = consent.terms, suite.registry.address
    if isinstance(terms, Swap):
        yield from _creation(
            suite, consent, terms.given_collection, terms.given_id, terms.given_tenure, terms.maker
        )
        yield from _creation(
            suite, consent, terms.wanted_collection, terms.wanted_id, terms.wanted_tenure, None
        )
    elif isinstance(terms, Bid):
        if terms.creator == NOBODY:
            where, creation_id = terms.collection, terms.creation_id
            yield from _creation(suite, consent, where, creation_id, terms.tenure, None)
    elif isinstance(terms, Delivery):
        if terms.creation_id:
            seller = terms.seller
            yield from _creation(suite, consent, registry, terms.creation_id, terms.tenure, seller)
    elif isinstance(terms, Offer | Auction) and not _has_bid(suite, consent):
        where, creation_id, seller = terms.collection, terms.creation_id, terms.seller
        yield from _creation(suite, consent, where, creation_id, terms.tenure, seller)


def _has_bid(suite: Suite, consent: Consent) -> bool:
    """Whether an auction has the creation already."""
    if not isinstance(consent.terms, Auction):
        return False
    return auction_state(suite, consent.id).bidder != NOBODY


def _creation(
    suite: Suite,
    consent: Consent,
    collection: str,
    creation_id: int,
    tenure: int,
    giver: str | None,
) -> Iterator[DokkaebiError]:
    shown = creation_text(creation_id)
    holder = owner(suite, creation_id, collection)
    if holder is None:
        yield DokkaebiError("consent_creation_gone", creation=shown, collection=collection)
        return
    seen = tenure_of(suite, creation_id, collection)
    if seen != tenure:
        yield DokkaebiError("consent_moved", creation=shown, tenure=seen, documented=tenure)
    elif giver is not None and holder != giver:
        yield DokkaebiError("consent_owner_changed", creation=shown, owner=holder, giver=giver)
    elif giver is not None:
        market = suite.market(consent.kind.contract)
        if not may_move(suite, market, creation_id, giver, collection):
            yield DokkaebiError("consent_unapproved", giver=giver, creation=shown)


def _money(suite: Suite, consent: Consent, bid: Bid) -> Iterator[DokkaebiError]:
    """A bidder who has too little, or doesn't let the market take it."""
    if bid.asset == COIN:
        # A wrong term, and told as such.
        return
    held = purse(suite, bid.asset, bid.bidder, suite.creation_market)
    if held.balance < bid.price:
        yield DokkaebiError(
            "consent_bidder_poor", bidder=bid.bidder, has=held.balance, needs=bid.price
        )
    elif held.allowance < bid.price and not _permits(suite, consent.permit, bid):
        yield DokkaebiError("consent_bidder_unapproved", bidder=bid.bidder, asset=bid.asset)


def _permits(suite: Suite, permit: Permit | None, bid: Bid) -> bool:
    if permit is None or permit.value < bid.price:
        return False
    return permit_works(suite, bid.asset, bid.bidder, suite.creation_market, permit)
