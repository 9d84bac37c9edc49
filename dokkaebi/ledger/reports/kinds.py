"""The rows of answers, and what their columns are made of.

Addresses come with their checksum, ids of creations as the ABI's integer and as CID, amounts as
integers in the asset's smallest unit, moments and spans of time in seconds. Days, weeks and months
are those of the report's time zone. A creation without a collection is one of the registry; people
count parts from one. `final` rows can't change by a reorg any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NewType

# What a column is made of; the forms (`reports.forms`) go by these names.
Units = NewType("Units", int)
Number = NewType("Number", int)
Moment = NewType("Moment", int)
Seconds = NewType("Seconds", int)
Address = NewType("Address", str)
CreationId = NewType("CreationId", int)


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody who made a work together with its creator."""

    account: Address
    share_bps: int


@dataclass(frozen=True, slots=True)
class Work:
    """A creation; `owner` is None once it is burnt. `sales` counts those that brought money."""

    creator: Address
    id: CreationId
    cid: str
    owner: Address | None
    royalty_bps: int
    parents: tuple[CreationId, ...]
    partners: tuple[Partner, ...]
    sales: int
    created_at: Moment
    transaction: str
    document_digest: str
    document_size: int
    final: bool


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """A published offer that nobody took or cancelled. `status`: `open`, `early` before a falling
    price begins to fall, `expired`, or `moved` when its creation has changed hands since, so that
    it can't be taken either. `price` is of one unit and of now, `end_price` where it falls to."""

    id: str
    status: str
    kind: str
    seller: Address
    buyer: Address | None
    collection: Address | None
    creation: CreationId | None
    asset: Address
    price: Units
    end_price: Units | None
    units: int
    parts: str | None
    arbiter: Address | None
    referral_bps: int
    published_at: Moment
    starts_at: Moment | None
    expires_at: Moment
    transaction: str
    final: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """Work that a buyer paid for before somebody accepted it. `status`: `open`, `expired` when
    anybody can send the money back, `retracted`, or `accepted`: then it is a trade. `seller`: who
    may accept it, or did."""

    id: str
    status: str
    buyer: Address
    seller: Address | None
    creation: CreationId | None
    asset: Address
    price: Units
    parts: str | None
    arbiter: Address | None
    trade: str | None
    requested_at: Moment
    expires_at: Moment
    ended_at: Moment | None
    final: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Where a trade's amount went so far; what is missing is still in escrow. `royalty` is all
    that creators got, those included who made a work together with its seller. `seller` includes
    what a sponsor got of it."""

    seller: Units
    royalty: Units
    referral: Units
    fee: Units
    arbiter: Units
    refund: Units


@dataclass(frozen=True, slots=True)
class TradeRow:
    """Something for money: `instant`, by `voucher` (registered and sold at once), by an accepted
    `bid`, `delivered`, `requested`, or by `auction`. `part` is the current one of `parts`.
    `overdue`: its deadline has passed, and anybody may carry it on."""

    id: str
    kind: str
    document: str
    state: str
    reason: str | None
    seller: Address
    buyer: Address
    referrer: Address | None
    collection: Address | None
    creation: CreationId | None
    asset: Address
    amount: Units
    units: int
    split: Split
    in_escrow: Units
    parts: str | None
    part: int
    arbiter: Address | None
    overdue: bool
    funded_at: Moment
    shipped_at: Moment | None
    disputed_at: Moment | None
    deadline: Moment | None
    ended_at: Moment | None
    funded_transaction: str
    ended_transaction: str | None
    final: bool

    @property
    def sold(self) -> int:
        """What it brought to sellers, creators, referrers and the community."""
        split = self.split
        return split.seller + split.royalty + split.referral + split.fee

    @property
    def is_sale(self) -> bool:
        """Whether it has ended and brought something."""
        return self.ended_at is not None and self.sold > 0


@dataclass(frozen=True, slots=True)
class Milestone:
    """A part of a trade that has several. `state`: `paid`, what the trade is if it's the current
    one, `ahead`, or how the trade ended without it."""

    trade: str
    part: int
    percent: int
    state: str
    reason: str | None
    seller: Address
    buyer: Address
    asset: Address
    amount: Units
    shipped_at: Moment | None
    paid_at: Moment | None
    final: bool


@dataclass(frozen=True, slots=True)
class SwapRow:
    """Two creations that changed hands without money; the maker gave the one and got the other."""

    id: str
    maker: Address
    taker: Address
    given_collection: Address
    given: CreationId
    wanted_collection: Address
    wanted: CreationId
    settled_at: Moment
    transaction: str
    final: bool


@dataclass(frozen=True, slots=True)
class AuctionRow:
    """An auction, and its highest bid. `status`: `open`, `over` when anybody can settle it,
    `expired` when nobody bid, `cancelled`, `settled`, or `held`: settled, and the creation still
    waits for its winner."""

    id: str
    status: str
    seller: Address
    collection: Address
    creation: CreationId
    asset: Address
    reserve: Units
    bids: int
    bidder: Address | None
    amount: Units
    opened_at: Moment
    deadline: Moment
    ended_at: Moment | None
    final: bool


@dataclass(frozen=True, slots=True)
class BidRow:
    """A bid in an auction (`outbid`, `highest` or `won`), or a signed one (`accepted`)."""

    document: str
    status: str
    bidder: Address
    collection: Address
    creation: CreationId
    asset: Address
    amount: Units
    bid_at: Moment
    transaction: str
    final: bool


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute about what was left of a trade, from one part on. `reason` says how it ended, and
    the amounts what each side got then, before fees; if the buyer only conceded the part, the rest
    went on."""

    trade: str
    part: int
    reason: str | None
    arbiter: Address
    buyer: Address
    seller: Address
    asset: Address
    amount: Units
    to_seller: Units
    to_buyer: Units
    arbiter_fee: Units
    evidence: int
    overdue: bool
    disputed_at: Moment
    deadline: Moment
    ended_at: Moment | None
    final: bool


@dataclass(frozen=True, slots=True)
class ArbiterOutcomes:
    """How disputes before an arbiter ended, by asset: `open` yet, `ruled`, by default since the
    arbiter was `silent`, `agreed` by both, or `conceded` by one."""

    arbiter: Address
    asset: Address
    disputes: int
    open: int
    ruled: int
    silent: int
    agreed: int
    conceded: int
    amount: Units
    to_seller: Units
    to_buyer: Units
    arbiter_fee: Units


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Nonces, first and last included, under which nothing that somebody signed counts."""

    market: str
    signer: Address
    first: Number
    last: Number
    cancelled_at: Moment
    transaction: str
    final: bool


@dataclass(frozen=True, slots=True)
class VoucherCancellation:
    """A work whose vouchers are dead below a version; its creator wanted that while it wasn't
    registered."""

    creation: CreationId
    creator: Address
    least_version: Number
    cancelled_at: Moment
    transaction: str
    final: bool


@dataclass(frozen=True, slots=True)
class Escrow:
    """What waits in a market for an end, by asset: paid for trades (by their state), for requests
    that nobody accepted yet, and as highest bids. `items` counts them all."""

    market: str
    asset: Address
    items: int
    amount: Units
    funded: Units
    shipped: Units
    disputed: Units
    requested: Units
    bid: Units
    overdue: Units


@dataclass(frozen=True, slots=True)
class CreatorSales:
    """Sales of a creator's works (of what has no creator in the registry: of the seller), by
    asset. A resale is one by somebody else. What went back to buyers, and to arbiters, is none."""

    creator: Address
    asset: Address
    sales: int
    resales: int
    amount: Units
    last_at: Moment


@dataclass(frozen=True, slots=True)
class DaySales:
    """The sales that ended on a day by asset, and their division."""

    day: str
    asset: Address
    sales: int
    amount: Units
    seller: Units
    royalty: Units
    referral: Units
    fee: Units
    final: bool


@dataclass(frozen=True, slots=True)
class Income:
    """What a payee was given of trades: as `community`, `creator`, `referrer`, `arbiter` or
    `sponsor`."""

    role: str
    payee: Address
    asset: Address
    sales: int
    amount: Units


@dataclass(frozen=True, slots=True)
class Account:
    """A payee's account with a market: owed = paid + credited, credited = withdrawn + waiting."""

    market: str
    payee: Address
    asset: Address
    owed: Units
    paid: Units
    credited: Units
    withdrawn: Units
    waiting: Units


@dataclass(frozen=True, slots=True)
class Flow:
    """A market's till, by asset: came_in = paid + withdrawn + in_escrow + waiting. `straight` never
    came in: tokens that went from buyers to everybody without a stop."""

    market: str
    asset: Address
    came_in: Units
    paid: Units
    withdrawn: Units
    in_escrow: Units
    waiting: Units
    straight: Units


@dataclass(frozen=True, slots=True)
class SettlementTime:
    """How long trades of a kind that ended for a reason took from payment to end. `ninth_decile`:
    nine of ten took no longer. `to_ship` and `to_end` are medians before and after the shipment, of
    trades without parts."""

    kind: str
    reason: str
    trades: int
    fastest: Seconds
    median: Seconds
    ninth_decile: Seconds
    slowest: Seconds
    to_ship: Seconds | None
    to_end: Seconds | None


@dataclass(frozen=True, slots=True)
class Customers:
    """A seller's customers, and those of them who bought more than once (`returning`).
    `returning_bps`: the part of all sales that was to these, basis points."""

    seller: Address
    buyers: int
    returning: int
    sales: int
    sales_to_returning: int
    returning_bps: int
    last_at: Moment


@dataclass(frozen=True, slots=True)
class Health:
    """A period of the market. Works count when registered, `trades` with their sellers and buyers
    when paid, `sales` and `refunds` when ended, disputes when opened (`disputes_bps`: per trade
    paid in the period, basis points). `new_…`: seen for the first time. `median`: from payment to
    end of the trades in escrow that ended."""

    period: str
    works: int
    makers: int
    new_makers: int
    sellers: int
    buyers: int
    new_buyers: int
    trades: int
    sales: int
    refunds: int
    disputes: int
    disputes_bps: int | None
    median: Seconds | None
    final: bool


@dataclass(frozen=True, slots=True)
class RewardEpoch:
    """An epoch of the reward pool in an asset. `state`: `running`, `unposted`, `posted` while its
    root waits, `claimable`, or `stopped`. `fees`: what trades brought the community in it;
    `to_rewards` and `to_treasury`: what was divided of what arrived. `granted`: what its root added
    to the one before, `minted` for it; `claimed` in its time, for any epoch."""

    epoch: int
    state: str
    starts_at: Moment
    ends_at: Moment
    asset: Address
    fees: Units
    to_rewards: Units
    to_treasury: Units
    granted: Units
    minted: Units
    claimed: Units
    final: bool


@dataclass(frozen=True, slots=True)
class Rewarded:
    """What an account got of the reward pool, and when last."""

    account: Address
    claims: int
    asset: Address
    amount: Units
    last_at: Moment


@dataclass(frozen=True, slots=True)
class Receipt:
    """What somebody got of one payment, as `seller`, `creator`, `referrer`, `sponsor` (of the
    seller's part, for gas), `arbiter` or `community`. `price`: what the buyer paid then and didn't
    get back; `amount` is theirs of it. A trade in parts has one for each part."""

    at: Moment
    role: str
    kind: str
    market: str
    document: str
    collection: Address | None
    creation: CreationId | None
    title: str | None
    seller: Address
    buyer: Address
    asset: Address
    price: Units
    fee: Units
    royalty: Units
    referral: Units
    sponsor: Units
    arbiter: Units
    amount: Units
    transaction: str
    link: str | None
    final: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """A log of the market's contracts, as it is on the chain, and decoded: `values` by name,
    integers as decimal text; none of an event that isn't the suite's."""

    block_number: int
    log_index: int
    timestamp: Moment
    transaction_hash: str
    transaction_index: int
    address: Address
    contract: str
    name: str | None
    topics: tuple[str, ...]
    data: str
    values: dict[str, Any] | None
    final: bool


@lru_cache(maxsize=100_000)
def address(lower: str) -> Address:
    """An address with its checksum (EIP-55)."""
    from eth_utils.address import to_checksum_address

    return Address(to_checksum_address(lower))


def address_or_none(lower: str | None) -> Address | None:
    """An address with its checksum, or nobody."""
    return None if lower is None else address(lower)


def creation(key: str) -> CreationId:
    """A creation's id, of its key in the tables."""
    return CreationId(int(key, 16))


def creation_or_none(key: str | None) -> CreationId | None:
    """A creation's id, or none."""
    return None if key is None else creation(key)


def moment_or_none(seconds: int | None) -> Moment | None:
    """A moment, or never."""
    return None if seconds is None else Moment(seconds)
