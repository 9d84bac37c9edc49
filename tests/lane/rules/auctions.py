"""Auctions: opened or signed, outbid by people and agents, of honest and of lying collections."""

from __future__ import annotations

from typing import Any

from tests.lane.machine import DAY, HOUR, Intent, Machine
from tests.lane.rules import rule
from tests.lane.rules.creations import some_piece
from tests.lane.rules.town import misbehave_as_collection
from tests.models.auction_house import Lot
from tests.models.town import COIN, NOBODY


def contract(m: Machine) -> Any:
    return m.world.contracts["AuctionHouse"]


def some_auction(m: Machine, seller: str = "") -> Any:
    collection, id_, tenure, owner = some_piece(m, seller)
    seller = seller or owner
    if seller not in m.world.traders:
        seller = m.pick(m.world.traders)
    asset, own = m.asset(), collection == m.world.registry.address
    ends = m.expiry(365 * DAY if own else 30 * DAY)
    return m.world.auctions.auction_struct.make(
        seller, collection, id_, tenure, asset, m.odd(m.price(asset), 0, 2**128),
        m.odd(m.pick((100, 500, 5_000)), 99, 5_001), ends,
        m.odd(m.pick((0, 60, HOUR)), HOUR + 1),
        m.odd(0 if own else m.pick((0, 500, 1_000)), 1, 1_001), m.new_nonce(seller),
    )  # fmt: skip


@rule("auctions", 4)
def open_(m: Machine) -> Intent:
    auction = some_auction(m, m.forced or "")
    m.remember("auction", auction)
    return Intent(
        m.who(auction.seller), contract(m), "open", (auction,),
        lambda c: m.world.auctions.open(c, auction),
    )  # fmt: skip


def _lot(m: Machine) -> Lot | None:
    """One that is open, or rarely one that was, or never was."""
    auctions = m.world.auctions
    lots = [one for one in auctions.lots.values() if one]
    if not lots or m.chance(12):
        auction = m.remembered("auction")
        return Lot(auction, NOBODY, 0, 0) if auction else None
    # Those that end first, so that time doesn't run over the others.
    return m.pick(sorted(lots, key=lambda one: one.deadline)[:4])


@rule("auctions", 1)
def cancel(m: Machine) -> Intent | None:
    lot = _lot(m)
    if lot is None or not m.chance(2):
        return None
    return Intent(
        m.who(lot.auction.seller), contract(m), "cancel", (lot.auction,),
        lambda c: m.world.auctions.cancel(c, lot.auction),
    )  # fmt: skip


def _bid(m: Machine, auction: Any, signature: bytes) -> Intent:
    auctions = m.world.auctions
    bidder, amount, deadline = auctions.state_of(auctions.id_of(auction))
    if m.chance(5) and deadline > m.town.now:
        m.jump(deadline - m.pick((-1, 0, 0, 1, 59, HOUR)))
    least = auction.reserve
    if bidder != NOBODY:
        least = amount + max(1, amount * auction.step_bps // 10_000)
    amount = m.odd(m.pick((least, least, least + 1, least * 2)), max(0, least - 1), 2**128)
    who = m.who()
    if who == auction.seller and m.forced is None and not m.chance(10):
        who = m.pick([one for one in m.world.traders if one != auction.seller])
    value = amount if auction.asset == COIN and amount < 10**25 else 0
    value = m.odd(value, value + 1)
    permit = m.permit(who, auctions.address, auction.asset) if not value else b""
    if permit:
        return Intent(
            who, contract(m), "bidWithPermit", (auction, signature, amount, permit),
            lambda c: auctions.bid(c, auction, signature, amount, 0, permit),
        )  # fmt: skip
    return Intent(
        who, contract(m), "bid", (auction, signature, amount),
        lambda c: auctions.bid(c, auction, signature, amount, value), value,
    )  # fmt: skip


@rule("auctions", 9)
def bid(m: Machine) -> Intent | None:
    lot = _lot(m)
    return _bid(m, lot.auction, b"" if not m.chance(10) else b"\1") if lot else None


@rule("auctions", 1)
def duel(m: Machine) -> Intent | None:
    """Bids at the last second, again and again, as far as they can move the end."""
    lots = [one for one in m.world.auctions.lots.values() if one and one.auction.extension_seconds]
    lot = m.some(lots)
    if lot is None or m.forced is not None:
        return None
    id_ = m.world.auctions.id_of(lot.auction)
    for _ in range(m.pick((2, 5, 30))):
        _, _, deadline = m.world.auctions.state_of(id_)
        m.jump(deadline)
        if not m.act(_bid(m, lot.auction, b"")):
            return None
    return None


@rule("auctions", 4)
def bid_signed(m: Machine) -> Intent:
    auctions = m.world.auctions
    found = m.paper("auction") if m.chance(2) else None
    if found is None:
        auction = some_auction(m)
        found = m.keep("auction", (auction, m.sign(auction.seller, auctions.id_of(auction))))
        m.remember("auction", auction)
    auction, signature = found
    if m.chance(25):
        auction = auction._replace(**m.pick((
            {"reserve": max(1, auction.reserve - 1)}, {"asset": COIN}, {"step_bps": 101},
            {"tenure": auction.tenure + 1}, {"ends_at": auction.ends_at - 1},
            {"nonce": auction.nonce + 7},
        )))  # fmt: skip
    return _bid(m, auction, signature)


@rule("auctions", 3)
def settle(m: Machine) -> Intent | None:
    lot = _lot(m)
    if lot is None:
        return None
    if lot.deadline and not m.chance(6):
        m.jump(lot.deadline + m.pick((-1, 0, 1, 1, 1, DAY)))
    return Intent(
        m.who(), contract(m), "settle", (lot.auction,),
        lambda _: m.world.auctions.settle(lot.auction),
    )  # fmt: skip


@rule("auctions", 3)
def collection_changes(m: Machine) -> None:
    """What is held here may be refused by whom it goes to."""
    misbehave_as_collection(m)


@rule("auctions", 2)
def retrieve(m: Machine) -> Intent | None:
    auctions = m.world.auctions
    held = [(key, owner) for key, owner in auctions.held.items() if owner != NOBODY]
    if not held and not m.chance(6):
        return None
    (collection, id_), owner = m.some(held) or ((m.address("MockCollection"), 1), NOBODY)
    to = m.odd(m.pick([owner, *m.world.traders]), NOBODY, auctions.address)
    return Intent(
        m.who(owner), contract(m), "retrieve", (collection, id_, to),
        lambda c: auctions.retrieve(c, collection, id_, to),
    )  # fmt: skip


@rule("auctions", 1)
def only_the_house(m: Machine) -> Intent | None:
    if not m.chance(3):
        return None
    collection, id_, _, owner = some_piece(m)
    return Intent(
        m.who(), contract(m), "handOut", (collection, id_, owner), m.world.auctions.only_itself
    )
