"""What people agree to: the structs of the contracts, field by field and in their order.

Amounts in the asset's smallest unit, times in seconds, shares in basis points, nobody is `0x000…`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from dokkaebi.chain.suite import COIN

NOBODY = COIN
ZERO_WORD = bytes(32)
BPS = 10_000
# What becomes of a trade: `IEscrowMarket.TradeState` and `IEscrowMarket.Reason`, by number.
TRADE_NONE, TRADE_FUNDED, TRADE_SHIPPED, TRADE_DISPUTED = range(4)
TRADE_STATES = ("ended", "funded", "shipped", "disputed")
REASONS = (
    "confirmed",
    "inspection_timeout",
    "seller_refund",
    "ship_timeout",
    "ruled",
    "settled",
    "arbiter_silent",
)


class Offer(NamedTuple):
    """`ICreationMarket.Offer`: a creation, sold at once."""

    seller: str
    buyer: str
    collection: str
    creation_id: int
    tenure: int
    start: int
    price: int
    end_price: int
    asset: str
    expiry: int
    royalty_bps_max: int
    referral_bps: int
    nonce: int


class Bid(NamedTuple):
    """`ICreationMarket.Bid`: what somebody would pay for a creation, or any work of a creator."""

    bidder: str
    collection: str
    creation_id: int
    creator: str
    tenure: int
    asset: str
    price: int
    expiry: int
    nonce: int


class Swap(NamedTuple):
    """`ICreationMarket.Swap`: one creation for another."""

    maker: str
    taker: str
    given_collection: str
    given_id: int
    given_tenure: int
    wanted_collection: str
    wanted_id: int
    wanted_tenure: int
    expiry: int
    nonce: int


class Delivery(NamedTuple):
    """`IEscrowMarket.Offer`, by a seller: goods or services, paid into escrow and delivered."""

    seller: str
    buyer: str
    creation_id: int
    tenure: int
    asset: str
    price: int
    units: int
    expiry: int
    ship_seconds: int
    inspect_seconds: int
    referral_bps: int
    arbiter: str
    arbiter_fee_bps: int
    ruling_seconds: int
    silent_seller_bps: int
    parts: tuple[int, ...]
    details: bytes
    nonce: int


class Request(Delivery):
    """`IEscrowMarket.Offer`, by a buyer: work that a maker may accept."""

    __slots__ = ()


class Settlement(NamedTuple):
    """`IEscrowMarket.hashSettlement`: how both divide what is left of a trade."""

    trade_id: bytes
    part: int
    seller_bps: int
    expiry: int


class Auction(NamedTuple):
    """`IAuctionHouse.Auction`."""

    seller: str
    collection: str
    creation_id: int
    tenure: int
    asset: str
    reserve: int
    step_bps: int
    ends_at: int
    extension_seconds: int
    royalty_bps_max: int
    nonce: int


class Work(NamedTuple):
    """`ICreationRegistry.Work`: what is registered. Size in bytes."""

    document_digest: bytes
    document_size: int
    royalty_bps: int
    content_commitment: bytes
    parents: tuple[int, ...]


class Partner(NamedTuple):
    """`ICreationRegistry.Partner`: who made a work together with its creator."""

    account: str
    share_bps: int


class Sale(NamedTuple):
    """`ICreationRegistry.Sale`: how a voucher's work is sold for the first time; nobody's market
    where it isn't."""

    market: str
    buyer: str
    asset: str
    price: int
    referral_bps: int
    sponsor: str
    sponsor_amount: int


NO_SALE = Sale(NOBODY, NOBODY, NOBODY, 0, 0, NOBODY, 0)


class Voucher(NamedTuple):
    """`ICreationRegistry.Voucher`: a work that its creator wants to be registered by anybody."""

    creator: str
    work: Work
    partners: tuple[Partner, ...]
    sale: Sale
    expiry: int
    version: int

    @property
    def asset(self) -> str | None:
        """What it is sold for; None if it isn't."""
        return self.sale.asset if self.is_sold else None

    @property
    def is_sold(self) -> bool:
        """Whether it is sold, and not only registered."""
        return self.sale.market != NOBODY


Terms = Offer | Bid | Swap | Delivery | Settlement | Auction | Voucher
# Structs within documents, by their names in the contracts.
INNER: dict[str, type[Work | Partner | Sale]] = {"Work": Work, "Partner": Partner, "Sale": Sale}


class TradeTerms(NamedTuple):
    """The small numbers of a trade, which `Trade.terms` packs; `serial`: units taken before."""

    ship_seconds: int
    inspect_seconds: int
    ruling_seconds: int
    referral_bps: int
    arbiter_fee_bps: int
    silent_seller_bps: int
    serial: int
    parts: tuple[int, ...]


class Trade(NamedTuple):
    """`IEscrowMarket.Trade`."""

    offer_id: bytes
    seller: str
    buyer: str
    referrer: str
    arbiter: str
    creation_id: int
    asset: str
    amount: int
    terms: int

    @property
    def unpacked(self) -> TradeTerms:
        """The small numbers, one by one."""
        return unpack_terms(self.terms)

    def rest(self, part: int) -> int:
        """What is left in escrow before a part (from zero) is paid."""
        return self.amount - sum(self.worths[:part])

    @property
    def worths(self) -> list[int]:
        """What each part is worth; the last takes what rounding leaves."""
        return worths_of(self.amount, self.unpacked.parts)


class Split(NamedTuple):
    """Where each unit of a price goes."""

    seller: int
    royalty: int
    referral: int
    fee: int


class Creation(NamedTuple):
    """`ICreationRegistry.Creation`; `created_at` in seconds since 1970."""

    creator: str
    created_at: int
    royalty_bps: int
    parent_count: int
    tenure: int


T = TypeVar("T")


@dataclass(frozen=True)
class Found(Generic[T]):
    """Terms that the chain tells of: their id `0x…`, the event that told them (its values by name,
    such as `shipDeadline`), and where."""

    id: str
    terms: T
    values: dict[str, Any]
    block_number: int
    transaction_hash: str


# Small numbers in one word, from the lowest bit.
_WIDTHS = (24, 24, 24, 16, 16, 16, 32)
_PART_WIDTH = 8
_PARTS_BYTES = (256 - sum(_WIDTHS)) // 8


def pack_terms(terms: TradeTerms) -> int:
    """A trade's small numbers in one word, as `Trade.terms` has them."""
    word, shift = 0, 0
    for number, width in _fields(terms):
        if number >> width:
            raise ValueError(f"{number} doesn't fit {width} bits")
        word |= number << shift
        shift += width
    return word


def _fields(terms: TradeTerms) -> Iterator[tuple[int, int]]:
    yield from zip(terms[:-1], _WIDTHS, strict=True)
    yield from ((percent, _PART_WIDTH) for percent in terms.parts)


def unpack_terms(word: int) -> TradeTerms:
    """A trade's small numbers, one by one."""
    numbers = []
    for width in _WIDTHS:
        numbers.append(word & (1 << width) - 1)
        word >>= width
    parts = word.to_bytes(_PARTS_BYTES, "little").rstrip(b"\0")
    ship, inspect, ruling, referral, fee, silent, serial = numbers
    return TradeTerms(ship, inspect, ruling, referral, fee, silent, serial, tuple(parts))


def worths_of(amount: int, parts: Sequence[int]) -> list[int]:
    """What each part of an amount is worth; `parts` are percents, none for a single part."""
    worths = [amount * percent // 100 for percent in parts[:-1]]
    return [*worths, amount - sum(worths)]
