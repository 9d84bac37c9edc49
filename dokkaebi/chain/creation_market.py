"""The creation market: offers, bids and swaps of creations, from their terms to the calls."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from dokkaebi.chain.consents import Permit
from dokkaebi.chain.creation_registry import royalty_bps, tenure_if_owned
from dokkaebi.chain.creation_registry import tenure as tenure_of
from dokkaebi.chain.lookup import find_log, found_in, logs_of, now_on
from dokkaebi.chain.nonces import next_nonce
from dokkaebi.chain.suite import COIN, Call, Suite
from dokkaebi.chain.terms import NOBODY, Bid, Found, Offer, Split, Swap

# Terms


def new_offer(
    suite: Suite,
    seller: str,
    creation_id: int,
    price: int,
    *,
    expiry: int,
    asset: str = COIN,
    collection: str | None = None,
    buyer: str = NOBODY,
    start: int = 0,
    end_price: int = 0,
    royalty_bps_max: int | None = None,
    referral_bps: int = 0,
    nonce: int | None = None,
) -> Offer:
    """An offer of a creation that the seller owns now.

    `start` and `end_price`: of a falling price. `royalty_bps_max` (None: what the collection asks)
    counts in other collections only. To be published it may have any nonce, which is the default;
    to be signed it needs the next one (`NonceBook.give`).
    """
    where = collection or suite.registry.address
    tenure = tenure_if_owned(suite, creation_id, seller, collection)
    if royalty_bps_max is None:
        royalty_bps_max = royalty_bps(suite, creation_id, where)
    return Offer(
        seller=seller,
        buyer=buyer,
        collection=where,
        creation_id=creation_id,
        tenure=tenure,
        start=start,
        price=price,
        end_price=end_price,
        asset=asset,
        expiry=expiry,
        royalty_bps_max=royalty_bps_max,
        referral_bps=referral_bps,
        nonce=secrets.randbits(64) if nonce is None else nonce,
    )


def new_bid(
    suite: Suite,
    bidder: str,
    price: int,
    asset: str,
    *,
    expiry: int,
    creation_id: int = 0,
    collection: str | None = None,
    creator: str = NOBODY,
    nonce: int | None = None,
) -> Bid:
    """A bid in tokens for one creation, or for any work of a `creator`; to be signed."""
    where = collection or suite.registry.address
    any_work = creator != NOBODY
    return Bid(
        bidder=bidder,
        collection=where,
        creation_id=0 if any_work else creation_id,
        creator=creator,
        tenure=0 if any_work else tenure_of(suite, creation_id, where),
        asset=asset,
        price=price,
        expiry=expiry,
        nonce=next_nonce(suite, suite.creation_market, bidder) if nonce is None else nonce,
    )


def new_swap(
    suite: Suite,
    maker: str,
    given_id: int,
    wanted_id: int,
    *,
    expiry: int,
    given_collection: str | None = None,
    wanted_collection: str | None = None,
    taker: str = NOBODY,
    nonce: int | None = None,
) -> Swap:
    """A creation that the maker owns now for another one; to be signed."""
    registry = suite.registry.address
    given, wanted = given_collection or registry, wanted_collection or registry
    return Swap(
        maker=maker,
        taker=taker,
        given_collection=given,
        given_id=given_id,
        given_tenure=tenure_if_owned(suite, given_id, maker, given),
        wanted_collection=wanted,
        wanted_id=wanted_id,
        wanted_tenure=tenure_of(suite, wanted_id, wanted),
        expiry=expiry,
        nonce=next_nonce(suite, suite.creation_market, maker) if nonce is None else nonce,
    )


# Look up


def find_offer(suite: Suite, seen: str) -> Found[Offer]:
    """The published offer with an id, or with the only id that begins like `seen`."""
    market = suite.creation_market
    log = find_log(suite, market, "OfferPublished", seen, "offer_unknown")
    return found_in(market, "OfferPublished", log, "offer", Offer)


def offers_of_creation(
    suite: Suite, creation_id: int, collection: str | None = None
) -> list[Found[Offer]]:
    """All offers ever published of a creation, oldest first; each once."""
    market = suite.creation_market
    where = collection or suite.registry.address
    found: dict[str, Found[Offer]] = {}
    for log in logs_of(suite, market, "OfferPublished"):
        told = found_in(market, "OfferPublished", log, "offer", Offer)
        if (told.terms.collection, told.terms.creation_id) == (where, creation_id):
            found.setdefault(told.id, told)
    return list(found.values())


def is_open(suite: Suite, offer_id: str) -> bool:
    """Whether an offer is published and neither taken off nor taken."""
    return bool(suite.creation_market.call("sellerOf", bytes.fromhex(offer_id[2:])) != NOBODY)


def price_of(suite: Suite, offer: Offer) -> int:
    """The price of an offer now; that of a falling price before its start is where it starts."""
    if offer.start and now_on(suite) < offer.start:
        return offer.price
    return int(suite.creation_market.call("priceOf", offer))


def split_of(suite: Suite, offer: Offer, referrer: str = NOBODY) -> Split:
    """How an offer's price would be divided now."""
    return Split(*suite.creation_market.call("splitOf", offer, referrer))


# Act


def publish(suite: Suite, offer: Offer) -> Call:
    """Publishes an offer."""
    return suite.creation_market.prepare("offer", offer)


def cancel(suite: Suite, offer_id: str) -> Call:
    """Takes a published offer off."""
    return suite.creation_market.prepare("cancel", bytes.fromhex(offer_id[2:]))


def buy(
    suite: Suite,
    offer: Offer,
    signature: bytes = b"",
    referrer: str = NOBODY,
    permit: Permit | None = None,
) -> Call:
    """Takes an offer; without a signature a published one. A permit is for tokens only."""
    market = suite.creation_market
    if permit is not None:
        return market.prepare("buyWithPermit", offer, signature, referrer, permit.encoded)
    return market.prepare("buy", offer, signature, referrer, value=_coins(suite, [offer]))


def buy_many(suite: Suite, offers: Sequence[tuple[Offer, bytes]], referrer: str = NOBODY) -> Call:
    """Takes several offers with their signatures (empty: published), all or none."""
    terms = [offer for offer, _ in offers]
    signatures = [signature for _, signature in offers]
    value = _coins(suite, terms)
    return suite.creation_market.prepare("buyMany", terms, signatures, referrer, value=value)


def _coins(suite: Suite, offers: Iterable[Offer]) -> int:
    """The coins that go along; of a price that falls meanwhile, the change comes back."""
    return sum(price_of(suite, offer) for offer in offers if offer.asset == COIN)


def accept_bid(
    suite: Suite,
    bid: Bid,
    signature: bytes,
    creation_id: int | None = None,
    royalty_bps_max: int | None = None,
    permit: Permit | None = None,
) -> Call:
    """Gives a creation for a bid: the one wanted, or `creation_id` of the wanted creator's."""
    given = bid.creation_id if creation_id is None else creation_id
    if royalty_bps_max is None:
        royalty_bps_max = royalty_bps(suite, given, bid.collection)
    return suite.creation_market.prepare(
        "accept", bid, signature, given, royalty_bps_max, permit.encoded if permit else b""
    )


def swap(suite: Suite, terms: Swap, signature: bytes) -> Call:
    """Gives what a maker wants, and gets what the maker gives."""
    return suite.creation_market.prepare("swap", terms, signature)
