"""Trades: offers in units and parts, requests, disputes under silent and unjust arbiters."""

from __future__ import annotations

from typing import Any

from tests.lane.abi import keccak
from tests.lane.machine import DAY, HOUR, NO_WORD, Intent, Machine
from tests.lane.rules import rule
from tests.models.escrow_market import DISPUTED, FUNDED, SHIPPED, Trade, trade_id
from tests.models.town import COIN, NOBODY

NOTE = keccak(b"a note")
PARTS = ((), (), (), (33, 67), (50, 50), (10, 20, 30, 40), (1,) * 11 + (89,), (1, 99))
WRONG_PARTS = ((100,), (50, 49), (60, 60), (0, 100), (1,) * 12 + (88,))


def contract(m: Machine) -> Any:
    return m.world.contracts["EscrowMarket"]


def certificate(m: Machine, seller: str) -> tuple[int, int]:
    """A creation that comes along, with its tenure; zero for most."""
    registry = m.world.registry
    if not m.chance(3):
        return 0, 0
    own = [i for i, owner in registry.owners.items() if owner == seller]
    every = [i for i, work in registry.works.items() if work]
    id_ = m.some(own if not m.chance(8) else every)
    if id_ is None:
        return 0, 0
    return id_, m.odd(registry.works[id_].tenure, 0, 1, 2)


def some_terms(m: Machine, seller: str, buyer: str, requested: bool = False) -> Any:
    asset = m.asset()
    id_, tenure = certificate(m, seller)
    units = 1 if requested or id_ else m.pick((1, 1, 1, 2, 3, 5))
    desk = m.world.desk.address
    arbiter = m.pick((NOBODY, *(m.address("clerk"),) * 3, desk, desk, desk, *m.world.traders))
    if arbiter in {seller, buyer} and not m.chance(10):
        arbiter = NOBODY
    ruled = arbiter != NOBODY
    price = m.price(asset)
    return m.world.escrow.offer_struct.make(
        seller, buyer, id_, tenure, asset,
        m.odd(price // units if price > units else price, 0, 2**128),
        m.odd(units, 0, 2, 2**32),
        m.expiry(),
        m.odd(m.pick((HOUR, DAY + 1, 3 * DAY, 60 * DAY)), HOUR - 1, 60 * DAY + 1),
        m.odd(m.pick((DAY, 2 * DAY + 1, 30 * DAY)), DAY - 1, 30 * DAY + 1),
        0 if requested and not m.chance(30) else m.odd(m.pick((0, 0, 501, 4_999, 5_000)), 5_001),
        m.odd(arbiter, m.world.escrow.address),
        m.odd(m.pick((0, 301, 499, 500)) if ruled else 0, 501, 1),
        m.odd(m.pick((DAY, 10 * DAY + 1, 60 * DAY)) if ruled else 0, DAY - 1, 60 * DAY + 1, 0),
        m.odd(m.pick((0, 2_500, 4_999, 5_000, 10_000)) if ruled else 0, 10_001, 1),
        m.odd(m.pick(PARTS), *WRONG_PARTS),
        m.pick((NO_WORD, NOTE)),
        m.new_nonce(buyer if requested else seller),
    )  # fmt: skip


@rule("escrow", 4)
def offer(m: Machine) -> Intent:
    seller = m.who()
    terms = some_terms(m, seller, m.pick((NOBODY, NOBODY, NOBODY, m.pick(m.world.traders))))
    if m.chance(10):
        found = m.paper("offer")
        terms = found[0] if found else terms
    m.remember("offer", terms)
    return Intent(
        m.who(seller), contract(m), "offer", (terms,),
        lambda caller: m.world.escrow.offer(caller, terms),
    )  # fmt: skip


@rule("escrow", 1)
def cancel(m: Machine) -> Intent:
    documents = m.world.escrow.documents
    open_ = [(key, owner) for key, (owner, _) in documents.items() if owner != NOBODY]
    id_, owner = m.some(open_) or (NOTE, NOBODY)
    return Intent(
        m.who(owner), contract(m), "cancel", (id_,), lambda c: m.world.escrow.cancel(c, id_)
    )


def _fund(m: Machine, terms: Any, signature: bytes) -> Intent:
    market, seller = m.world.escrow, terms.seller
    id_ = market.offer_id(terms)
    buyer = m.who(terms.buyer)
    if buyer == seller and m.forced is None and not m.chance(10):
        buyer = m.pick([one for one in m.world.traders if one != seller])
    left = terms.units - market.taken[id_] if signature else market.documents[id_][1]
    units = m.odd(m.pick((1, max(1, left), max(1, left // 2))), 0, left + 1)
    referrer = m.pick((NOBODY, NOBODY, m.address("referrer"), m.pick(m.world.traders)))
    if referrer in {buyer, seller} and not m.chance(10):
        referrer = NOBODY
    value = terms.price * units if terms.asset == COIN else 0
    value = m.odd(value, value + 1, max(0, value - 1))
    value = value if value < 10**25 else 0
    permit = m.permit(buyer, market.address, terms.asset) if not value else b""
    if permit:
        return Intent(
            buyer, contract(m), "fundWithPermit", (terms, signature, units, referrer, permit),
            lambda c: market.fund(c, terms, signature, units, referrer, 0, permit),
        )  # fmt: skip
    return Intent(
        buyer, contract(m), "fund", (terms, signature, units, referrer),
        lambda c: market.fund(c, terms, signature, units, referrer, value), value,
    )  # fmt: skip


@rule("escrow", 10)
def fund(m: Machine) -> Intent | None:
    """A published offer, mostly one that is open."""
    market = m.world.escrow
    known = list(m.known.get("offer", ()))
    open_ = [one for one in known if market.documents[market.offer_id(one)][1]]
    terms = m.some(open_ if open_ and not m.chance(8) else known)
    return _fund(m, terms, b"") if terms else None


@rule("escrow", 8)
def fund_signed(m: Machine) -> Intent:
    market = m.world.escrow
    found = m.paper("offer") if m.chance(2) else None
    if found is None:
        seller = m.pick(m.world.traders)
        terms = some_terms(m, seller, m.pick((NOBODY, NOBODY, m.pick(m.world.traders))))
        id_ = market.offer_id(terms)
        if m.chance(30):
            id_ = m.world.creations.digest("Nothing()")
        found = m.keep("offer", (terms, m.sign(seller, id_)))
        m.remember("offer", terms)
    terms, signature = found
    if m.chance(25):
        terms = terms._replace(**m.pick((
            {"price": max(1, terms.price - 1)}, {"asset": COIN}, {"units": terms.units + 1},
            {"arbiter": NOBODY}, {"expiry": terms.expiry + 1}, {"nonce": terms.nonce + 7},
            {"parts": ()}, {"silent_seller_bps": 1}, {"tenure": terms.tenure + 1},
        )))  # fmt: skip
    return _fund(m, terms, signature)


# Requests


@rule("escrow", 4)
def request(m: Machine) -> Intent:
    market, buyer = m.world.escrow, m.who()
    seller = m.pick((NOBODY, NOBODY, m.pick(m.world.traders)))
    terms = some_terms(m, seller, buyer, requested=True)
    m.remember("request", terms)
    value = terms.price if terms.asset == COIN and terms.price < 10**25 else 0
    value = m.odd(value, value + 1)
    permit = m.permit(buyer, market.address, terms.asset)
    return Intent(
        m.who(buyer), contract(m), "request", (terms, permit),
        lambda c: market.request(c, terms, permit, value), value,
    )  # fmt: skip


def _request(m: Machine) -> Any:
    open_ = [one for one in m.world.escrow.requested.values() if one]
    return m.some(open_) if open_ and not m.chance(6) else m.remembered("request")


@rule("escrow", 2)
def retract(m: Machine) -> Intent | None:
    terms = _request(m)
    if terms is None:
        return None
    if m.chance(3) and terms.expiry < m.town.now + DAY * 30:
        m.jump(terms.expiry + m.pick((-1, 0, 1)))
    return Intent(
        m.who(terms.buyer if not m.chance(3) else ""), contract(m), "retract", (terms,),
        lambda c: m.world.escrow.retract(c, terms),
    )  # fmt: skip


@rule("escrow", 3)
def accept(m: Machine) -> Intent | None:
    terms = _request(m)
    if terms is None:
        return None
    return Intent(
        m.who(terms.seller), contract(m), "accept", (terms,),
        lambda c: m.world.escrow.accept(c, terms),
    )  # fmt: skip


@rule("escrow", 2)
def accept_for(m: Machine) -> Intent | None:
    market = m.world.escrow
    found = m.paper("acceptance") if m.chance(5) else None
    if found is None:
        terms = _request(m)
        if terms is None:
            return None
        wanted = terms.seller != NOBODY and not m.chance(8)
        seller, expiry = terms.seller if wanted else m.pick(m.world.traders), m.expiry()
        kind = "Acceptance(bytes32 requestId,address seller,uint256 expiry)"
        digest = market.digest(kind, market.request_id(terms), seller, expiry)
        found = m.keep("acceptance", (terms, seller, expiry, m.sign(seller, digest)))
    terms, seller, expiry, signature = found
    return Intent(
        m.who(), contract(m), "acceptFor", (terms, seller, expiry, signature),
        lambda _: market.accept_for(seller, terms, expiry, signature),
    )  # fmt: skip


# Trades


def some_trade(m: Machine, *states: int) -> Trade | None:
    """One that is alive, mostly in one of these states; at times one that ended."""
    market = m.world.escrow
    alive = [one for one in market.trades.values() if one]
    # Those that end first, so that time doesn't run over the others.
    alive = sorted(alive, key=lambda one: one.deadline)[:6]
    right = [one for one in alive if one.state in states] if states else alive
    if m.chance(10):
        ended = [one for one in market.ended.values() if one]
        terms = m.some(ended)
        if terms is not None:
            return Trade(None, terms, 0, 0)
    return m.some(right if right and not m.chance(10) else alive)


@rule("escrow", 9)
def ship(m: Machine) -> Intent | None:
    trade = some_trade(m, FUNDED)
    return shipping(m, trade) if trade else None


def shipping(m: Machine, trade: Trade) -> Intent:
    terms = trade.terms
    if m.chance(8) and trade.deadline > m.town.now:
        m.jump(trade.deadline + m.pick((-1, 0, 1)))
    return Intent(
        m.who(terms.seller), contract(m), "ship", (terms, NOTE),
        lambda c: m.world.escrow.ship(c, terms, NOTE),
    )  # fmt: skip


@rule("escrow", 2)
def ship_for(m: Machine) -> Intent | None:
    market = m.world.escrow
    found = m.paper("shipment") if m.chance(3) else None
    if found is None:
        trade = some_trade(m, FUNDED)
        if trade is None:
            return None
        terms, expiry = trade.terms, m.expiry()
        kind = "Shipment(bytes32 tradeId,uint256 part,bytes32 shipment,uint256 expiry)"
        digest = market.digest(kind, trade_id(terms), m.odd(trade.part, 1), NOTE, expiry)
        found = m.keep("shipment", (terms, NOTE, expiry, m.sign(terms.seller, digest)))
    return Intent(m.who(), contract(m), "shipFor", found, lambda _: market.ship_for(*found))


@rule("escrow", 4)
def confirm(m: Machine) -> Intent | None:
    trade = some_trade(m)
    if trade is None:
        return None
    terms = trade.terms
    return Intent(
        m.who(terms.buyer), contract(m), "confirm", (terms,),
        lambda c: m.world.escrow.confirm(c, terms),
    )  # fmt: skip


@rule("escrow", 2)
def refund(m: Machine) -> Intent | None:
    trade = some_trade(m)
    if trade is None:
        return None
    terms = trade.terms
    return Intent(
        m.who(terms.seller), contract(m), "refund", (terms,),
        lambda c: m.world.escrow.refund(c, terms),
    )  # fmt: skip


@rule("escrow", 1)
def refund_for(m: Machine) -> Intent | None:
    market = m.world.escrow
    found = m.paper("refund") if m.chance(3) else None
    if found is None:
        trade = some_trade(m)
        if trade is None:
            return None
        terms, expiry = trade.terms, m.expiry()
        kind = "Refund(bytes32 tradeId,uint256 part,uint256 expiry)"
        digest = market.digest(kind, trade_id(terms), m.odd(trade.part, 1), expiry)
        found = m.keep("refund", (terms, expiry, m.sign(terms.seller, digest)))
    return Intent(m.who(), contract(m), "refundFor", found, lambda _: market.refund_for(*found))


@rule("escrow", 3)
def claim_timeout(m: Machine) -> Intent | None:
    """To the second before, at, or after a deadline."""
    trade = some_trade(m)
    if trade is None:
        return None
    terms = trade.terms
    if trade.deadline and not m.chance(6):
        m.jump(trade.deadline + m.pick((-1, 0, 1, 1, 1, HOUR)))
    return Intent(
        m.who(), contract(m), "claimTimeout", (terms,),
        lambda _: m.world.escrow.claim_timeout(terms),
    )  # fmt: skip


@rule("escrow", 7)
def dispute(m: Machine) -> Intent | None:
    trade = some_trade(m, SHIPPED)
    return disputing(m, trade) if trade else None


def disputing(m: Machine, trade: Trade) -> Intent:
    terms, evidence = trade.terms, m.pick((NO_WORD, NOTE))
    if m.chance(8) and trade.deadline > m.town.now:
        m.jump(trade.deadline + m.pick((-1, 0, 1)))
    return Intent(
        m.who(terms.buyer), contract(m), "dispute", (terms, evidence),
        lambda c: m.world.escrow.dispute(c, terms, evidence),
    )  # fmt: skip


@rule("escrow", 1)
def submit_evidence(m: Machine) -> Intent | None:
    trade = some_trade(m, DISPUTED)
    if trade is None:
        return None
    terms = trade.terms
    return Intent(
        m.who(m.pick((terms.buyer, terms.seller))), contract(m), "submitEvidence", (terms, NOTE),
        lambda c: m.world.escrow.submit_evidence(c, terms, NOTE),
    )  # fmt: skip


@rule("escrow", 1)
def submit_evidence_for(m: Machine) -> Intent | None:
    market = m.world.escrow
    found = m.paper("evidence") if m.chance(3) else None
    if found is None:
        trade = some_trade(m, DISPUTED)
        if trade is None:
            return None
        terms = trade.terms
        party = m.odd(m.pick((terms.buyer, terms.seller)), m.address("stranger"))
        rest = (party, NOTE, m.expiry(), m.new_nonce(party))
        kind = (
            "Evidence(bytes32 tradeId,address party,bytes32 evidence,uint256 expiry,uint256 nonce)"
        )
        digest = market.digest(kind, trade_id(terms), *rest)
        found = m.keep("evidence", (terms, *rest, m.sign(party, digest)))
    return Intent(
        m.who(), contract(m), "submitEvidenceFor", found,
        lambda _: market.submit_evidence_for(*found),
    )  # fmt: skip


@rule("escrow", 5)
def rule_(m: Machine) -> Intent | None:
    trade = some_trade(m, DISPUTED)
    if trade is None:
        return None
    terms = trade.terms
    bps = m.odd(
        m.pick((0, 1, 4_999, 5_000, 5_001, 9_999, 10_000, m.dice.randrange(10_001))), 10_001
    )
    payee = m.odd(m.pick((terms.arbiter, *m.world.traders)), NOBODY, m.world.escrow.address)
    payee = m.address("clerk") if payee == NOBODY and terms.arbiter == NOBODY else payee
    return Intent(
        m.who(terms.arbiter), contract(m), "rule", (terms, bps, payee),
        lambda c: m.world.escrow.rule(c, terms, bps, payee),
    )  # fmt: skip


@rule("escrow", 2)
def settle(m: Machine) -> Intent | None:
    market = m.world.escrow
    found = m.paper("settlement") if m.chance(4) else None
    if found is None:
        trade = some_trade(m)
        if trade is None:
            return None
        terms, expiry = trade.terms, m.expiry()
        bps = m.odd(m.pick((0, 4_999, 5_000, 10_000, m.dice.randrange(10_001))), 10_001)
        digest = market.settlement(trade_id(terms), m.odd(trade.part, 1), bps, expiry)
        signatures = (m.sign(terms.buyer, digest), m.sign(terms.seller, digest))
        found = m.keep("settlement", (terms, bps, expiry, *signatures))
    if m.chance(6):
        found = (*found[:3], b"", found[4])
    sender = m.who(m.pick((found[0].buyer, found[0].seller, "")))
    return Intent(sender, contract(m), "settle", found, lambda c: market.settle(c, *found))
