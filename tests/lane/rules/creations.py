"""Sales at once: offers, falling prices, bids, swaps, and works that are sold before they are
registered."""

from __future__ import annotations

from typing import Any

from tests.lane.machine import DAY, HOUR, Intent, Machine
from tests.lane.rules import rule
from tests.lane.rules.registry import some_voucher
from tests.lane.world import COLLECTIONS
from tests.models.creation_market import price_at
from tests.models.town import COIN, NOBODY

# A market's coins come along as value, of which nobody has that much.
COINS_MOST = 10**25


def contract(m: Machine) -> Any:
    return m.world.contracts["CreationMarket"]


def some_piece(m: Machine, owner: str = "") -> tuple[str, int, int, str]:
    """A creation of any collection: collection, id, tenure, owner."""
    registry = m.world.registry
    if m.chance(3):
        name = m.pick(tuple(COLLECTIONS))
        collection = m.town.collections[m.address(name)]
        ids = [i for i, one in collection.owners.items() if owner in {"", one}]
        id_ = m.some(ids)
        if id_ is not None:
            return collection.address, id_, 0, collection.owners[id_]
    own = [i for i, one in registry.owners.items() if one != NOBODY and owner in {"", one}]
    id_ = m.some(own)
    if id_ is None:
        return m.odd(registry.address, m.address("stranger")), m.dice.randrange(9), 0, m.who()
    return registry.address, id_, m.odd(registry.works[id_].tenure, 0, 1), registry.owners[id_]


def some_offer(m: Machine, seller: str = "") -> Any:
    collection, id_, tenure, owner = some_piece(m, seller)
    seller = seller or owner
    if seller not in m.world.traders:
        seller = m.pick(m.world.traders)
    asset, own = m.asset(), collection == m.world.registry.address
    price, expiry = m.odd(m.price(asset), 0, 2**128), m.expiry(365 * DAY if own else 30 * DAY)
    falls = m.chance(4)
    start = m.town.now + m.pick((-DAY, 0, 1, HOUR)) if falls else 0
    end = max(1, price // 3) if falls else 0
    return m.world.creations.offer_struct.make(
        seller, m.pick((NOBODY, NOBODY, NOBODY, m.pick(m.world.traders))), collection, id_, tenure,
        start, price, m.odd(end, 0, 1, price), asset, expiry,
        m.odd(0 if own else m.pick((0, 500, 1_000)), 1, 1_001),
        m.odd(m.pick((0, 0, 500, 5_000)), 5_001), m.new_nonce(seller),
    )  # fmt: skip


@rule("creations", 4)
def offer(m: Machine) -> Intent:
    terms = some_offer(m, m.forced or "")
    m.remember("sale", terms)
    return Intent(
        m.who(terms.seller), contract(m), "offer", (terms,),
        lambda c: m.world.creations.offer(c, terms),
    )  # fmt: skip


@rule("creations", 1)
def cancel(m: Machine) -> Intent:
    open_ = [(k, seller) for k, seller in m.world.creations.offers.items() if seller != NOBODY]
    id_, seller = m.some(open_) or (b"\1" * 32, NOBODY)
    return Intent(
        m.who(seller), contract(m), "cancel", (id_,), lambda c: m.world.creations.cancel(c, id_)
    )


def _offer_to_buy(m: Machine) -> tuple[Any, bytes] | None:
    """A published offer, or one that is signed, now or before."""
    market = m.world.creations
    if m.chance(2):
        known = m.known.get("sale", ())
        open_ = [o for o in known if market.offers[market.id_of(market.offer_struct, o)] != NOBODY]
        terms = m.some(open_ if open_ and not m.chance(8) else known)
        return (terms, b"") if terms else None
    found = m.paper("sale") if m.chance(3) else None
    if found is None:
        terms = some_offer(m)
        id_ = market.id_of(market.offer_struct, terms)
        found = m.keep("sale", (terms, m.sign(terms.seller, id_)))
        m.remember("sale", terms)
    if m.chance(25):
        terms = found[0]
        return terms._replace(**m.pick((
            {"price": max(1, terms.price - 1)}, {"asset": COIN}, {"buyer": NOBODY},
            {"creation_id": terms.creation_id + 1}, {"nonce": terms.nonce + 7},
            {"tenure": terms.tenure + 1}, {"expiry": terms.expiry + 1},
            {"royalty_bps_max": 0}, {"referral_bps": 0},
        ))), found[1]  # fmt: skip
    return found  # type: ignore[no-any-return]


def _buyer(m: Machine, seller: str, wanted: str) -> str:
    buyer = m.who(wanted)
    if buyer == seller and m.forced is None and not m.chance(10):
        return m.pick([one for one in m.world.traders if one != seller])
    return buyer


def _referrer(m: Machine, *parties: str) -> str:
    referrer = m.pick((NOBODY, NOBODY, m.address("referrer"), m.pick(m.world.traders)))
    referrer = m.odd(referrer, m.world.creations.address)
    return NOBODY if referrer in parties and not m.chance(10) else referrer


def _coins(m: Machine, price: int) -> int:
    value = m.pick((price, price, price, price + 1, price * 2, max(0, price - 1)))
    return value if value < COINS_MOST else 0


@rule("creations", 9)
def buy(m: Machine) -> Intent | None:
    found = _offer_to_buy(m)
    if found is None:
        return None
    (terms, signature), market = found, m.world.creations
    if m.chance(6) and m.town.now < terms.expiry < m.town.now + 40 * DAY:
        m.jump(terms.expiry + m.pick((-1, 0, 1)))
    buyer = _buyer(m, terms.seller, terms.buyer)
    referrer = _referrer(m, buyer, terms.seller)
    price = _price_now(m, terms)
    permit = m.permit(buyer, market.address, terms.asset) if terms.asset != COIN else b""
    if permit:
        return Intent(
            buyer, contract(m), "buyWithPermit", (terms, signature, referrer, permit),
            lambda c: market.buy_with_permit(c, terms, signature, referrer, permit),
        )  # fmt: skip
    value = _coins(m, price) if terms.asset == COIN else m.odd(0, 1)
    return Intent(
        buyer, contract(m), "buy", (terms, signature, referrer),
        lambda c: market.buy(c, terms, signature, referrer, value), value,
    )  # fmt: skip


def _price_now(m: Machine, terms: Any) -> int:
    if not terms.start <= m.town.now <= terms.expiry or terms.expiry <= terms.start:
        return int(terms.price)
    return price_at(terms, m.town.now)


@rule("creations", 2)
def buy_many(m: Machine) -> Intent | None:
    found = [_offer_to_buy(m) for _ in range(m.pick((1, 2, 2, 3)))]
    papers = [one for one in found if one is not None]
    if not papers and not m.chance(4):
        return None
    market, buyer = m.world.creations, m.who()
    offers, signatures = tuple(o for o, _ in papers), tuple(s for _, s in papers)
    signatures = signatures if not m.chance(20) else signatures[1:]
    coins = sum(_price_now(m, terms) for terms in offers if terms.asset == COIN)
    value, referrer = _coins(m, coins) if coins else 0, _referrer(m, buyer)
    return Intent(
        buyer, contract(m), "buyMany", (offers, signatures, referrer),
        lambda c: market.buy_many(c, offers, signatures, referrer, value), value,
    )  # fmt: skip


@rule("creations", 5)
def buy_new(m: Machine) -> Intent:
    market = m.world.creations
    found = m.paper("sold voucher") if m.chance(3) else None
    if found is None:
        seller = market.address if not m.chance(15) else m.world.auctions.address
        found = some_voucher(m, "sold voucher", seller)
    voucher, signature = found
    if m.chance(25):
        voucher = voucher._replace(**m.pick((
            {"version": voucher.version + 9}, {"expiry": voucher.expiry + 1},
            {"sale": voucher.sale._replace(price=max(1, voucher.sale.price // 2))},
            {"sale": voucher.sale._replace(sponsor_amount=0)}, {"partners": ()},
        )))  # fmt: skip
    sale = voucher.sale
    buyer = _buyer(m, voucher.creator, sale.buyer)
    referrer = _referrer(m, buyer, voucher.creator)
    permit = m.permit(buyer, market.address, sale.asset) if sale.asset != COIN else b""
    value = _coins(m, sale.price) if sale.asset == COIN else m.odd(0, 1)
    return Intent(
        buyer, contract(m), "buyNew", (voucher, signature, referrer, permit),
        lambda c: market.buy_new(c, voucher, signature, referrer, permit, value), value,
    )  # fmt: skip


def _some_bid(m: Machine) -> tuple[Any, bytes]:
    market, registry = m.world.creations, m.world.registry
    found = m.paper("bid") if m.chance(3) else None
    if found is not None:
        return found  # type: ignore[no-any-return]
    bidder = m.pick(m.world.traders)
    collection, id_, tenure, _ = some_piece(m)
    asset = m.asset()
    if asset == COIN and not m.chance(10):
        asset = m.world.token.address
    creator = NOBODY
    work = registry.works[id_]
    if collection == registry.address and work and m.chance(3):
        creator, id_, tenure = m.odd(work.creator, bidder), m.odd(0, id_), m.odd(0, 1)
    bid = market.bid_struct.make(
        bidder, collection, id_, creator, tenure, asset, m.odd(m.price(asset), 0),
        m.expiry(365 * DAY if collection == registry.address else 30 * DAY), m.new_nonce(bidder),
    )  # fmt: skip
    return m.keep("bid", (bid, m.sign(bidder, market.id_of(market.bid_struct, bid))))


def _given(m: Machine, bid: Any) -> tuple[int, str]:
    """What is given for a bid, and who owns it."""
    registry = m.world.registry
    id_ = bid.creation_id
    if bid.creator != NOBODY:
        fitting = [i for i, w in registry.works.items() if w and w.creator == bid.creator]
        id_ = m.some(fitting) or 0
    id_ = m.odd(id_, id_ + 1)
    collection = m.town.collections.get(bid.collection)
    owner = collection.owners[id_] if collection else NOBODY
    return id_, owner if owner in m.world.traders else m.pick(m.world.traders)


@rule("creations", 4)
def accept(m: Machine) -> Intent:
    market = m.world.creations
    bid, signature = _some_bid(m)
    id_, owner = _given(m, bid)
    own = bid.collection == m.world.registry.address
    most = m.odd(0 if own else m.pick((0, 1_000)), 1_001, 1)
    permit = m.permit(bid.bidder, market.address, bid.asset)
    return Intent(
        m.who(owner), contract(m), "accept", (bid, signature, id_, most, permit),
        lambda c: market.accept(c, bid, signature, id_, most, permit),
    )  # fmt: skip


@rule("creations", 2)
def accept_for(m: Machine) -> Intent:
    market, registry = m.world.creations, m.world.registry
    found = m.paper("sellers acceptance") if m.chance(4) else None
    if found is None:
        bid, signature = _some_bid(m)
        id_, owner = _given(m, bid)
        own, work = bid.collection == registry.address, registry.works[id_]
        bid_id = market.id_of(market.bid_struct, bid)
        acceptance = market.acceptance_struct.make(
            owner, m.odd(bid_id, b"\1" * 32), id_, m.odd(work.tenure if own and work else 0, 1),
            0 if own else m.pick((0, 1_000)), m.expiry(365 * DAY if own else 30 * DAY),
        )  # fmt: skip
        digest = market.id_of(market.acceptance_struct, acceptance)
        found = (bid, signature, acceptance, m.sign(owner, digest))
        m.keep("sellers acceptance", found)
    permit = m.permit(found[0].bidder, market.address, found[0].asset)
    arguments = (*found, permit)
    return Intent(
        m.who(), contract(m), "acceptFor", arguments, lambda _: market.accept_for(*arguments)
    )


@rule("creations", 3)
def swap(m: Machine) -> Intent:
    market = m.world.creations
    found = m.paper("swap") if m.chance(4) else None
    if found is None:
        given, given_id, given_tenure, maker = some_piece(m)
        wanted, wanted_id, wanted_tenure, taker = some_piece(m)
        maker = maker if maker in m.world.traders else m.pick(m.world.traders)
        foreign = {given, wanted} != {m.world.registry.address}
        swap_ = market.swap_struct.make(
            maker, m.pick((NOBODY, NOBODY, m.pick(m.world.traders))), given, given_id,
            given_tenure, wanted, wanted_id, wanted_tenure,
            m.expiry(30 * DAY if foreign else 365 * DAY), m.new_nonce(maker),
        )  # fmt: skip
        signature = m.sign(maker, market.id_of(market.swap_struct, swap_))
        found = m.keep("swap", (swap_, signature, taker))
    swap_, signature, taker = found
    taker = taker if taker in m.world.traders else ""
    return Intent(
        m.who(swap_.taker if swap_.taker != NOBODY else taker), contract(m), "swap",
        (swap_, signature), lambda c: market.swap(c, swap_, signature),
    )  # fmt: skip
