"""The tables, one source for every database engine. Amounts are exact to 2^256 - 1."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

SCHEMA_VERSION = 6
DIGITS = 78
LIMIT = 1 << 256


def checked_amount(value: Any) -> int:
    """The value, if it is a uint256; else `ValueError`."""
    if type(value) is not int or not 0 <= value < LIMIT:
        raise ValueError(f"not a uint256: {value!r}")
    return value


def amount_text(value: Any) -> str:
    """An amount as SQLite keeps it."""
    return str(checked_amount(value)).zfill(DIGITS)


class Amount(TypeDecorator[int]):
    """An integer from 0 to 2^256 - 1: `NUMERIC(78)`, in SQLite text of fixed width, which sorts
    like the number. SQLite's own numbers would become floats."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The engine's own type."""
        exact = Text() if dialect.name == "sqlite" else Numeric(DIGITS, 0)
        return dialect.type_descriptor(exact)

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        """Into the database; anything but a uint256 is refused."""
        if value is None:
            return None
        return amount_text(value) if dialect.name == "sqlite" else Decimal(checked_amount(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Out of the database."""
        return None if value is None else int(value)


class exact_sum(FunctionElement[int]):  # noqa: N801  (it reads as a function of SQL)
    """The sum of an `Amount` column as an exact integer; zero of no rows."""

    inherit_cache = True
    type = Amount()


@compiles(exact_sum)
def _numeric_sum(element: exact_sum, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(sum({compiler.process(element.clauses, **options)}), 0)"


@compiles(exact_sum, "sqlite")
def _text_sum(element: exact_sum, compiler: SQLCompiler, **options: Any) -> str:
    # Of no rows at all, Python's aggregates give NULL.
    nothing = "0" * DIGITS
    return f"coalesce(exact_sum({compiler.process(element.clauses, **options)}), '{nothing}')"


class ExactSum:
    """The aggregate that `exact_sum` calls in SQLite."""

    def __init__(self) -> None:
        self.total = 0

    def step(self, value: str | None) -> None:
        """One row."""
        if value is not None:
            self.total += int(value)

    def finalize(self) -> str:
        """The sum, as wide as an `Amount`, so that it sorts like one."""
        return format(self.total, f"0{DIGITS}d")


metadata = MetaData()
# SQLite's strict tables know no BIGINT; its INTEGER has 64 bits anyway.
Long = BigInteger().with_variant(Integer(), "sqlite")


def _table(name: str, *parts: Column[Any] | CheckConstraint | Index, by_key: bool = False) -> Table:
    """A table. `by_key`: its rows are small, or come in the order of their keys, so SQLite keeps
    them in the key's own tree."""
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=not by_key)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def _long(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(name, Long, nullable=null, primary_key=key, autoincrement=False)


def _amount(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(name, Amount, nullable=null, primary_key=key, autoincrement=False)


def _place(*, key: bool = False) -> tuple[Column[int], Column[int]]:
    return _long("block_number", key=key), _long("log_index", key=key)


def _by_place(table: str) -> Index:
    """Pages go by the chain's order. New rows come at its end, so this costs little."""
    return Index(f"{table}_place", "block_number", "log_index")


def _words(column: str, *allowed: str) -> CheckConstraint:
    words = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


# What the ledger is of, and how far it is.
meta = _table("meta", _text("key", key=True), _text("value"))
# Blocks up to `final_number` don't change any more; those above it can be undone.
cursor = _table(
    "cursor",
    _long("id", key=True),
    _long("block_number"),
    _text("block_hash"),
    _long("timestamp"),
    _long("final_number"),
)
# Read from the chain once, since no event tells; strangers' words, so `symbol` may be missing.
asset = _table(
    "asset",
    _text("address", key=True),
    _text("name", null=True),
    _text("symbol", null=True),
    _long("decimals"),
    # Whose events named it first.
    _long("block_number"),
)

# Raw: everything below is derived from these and can be dropped. Blocks that have events, and all
# from the last final one on.
block = _table(
    "block", _long("number", key=True), _text("hash"), _text("parent_hash"), _long("timestamp")
)
event = _table(
    "event",
    *_place(key=True),
    _text("transaction_hash"),
    _long("transaction_index"),
    _text("address"),
    _text("contract"),
    _text("name", null=True),
    _text("topics"),
    _text("data"),
    by_key=True,
)
# How rows of derived tables were before a block that isn't final changed them; `before` is None for
# rows that weren't there. `key` and `before` are JSON.
undo = _table(
    "undo",
    _long("block_number", key=True),
    _long("position", key=True),
    _text("table_name"),
    _text("key"),
    _text("before", null=True),
    by_key=True,
)

# Ranges of final blocks that workers read for the writer; `content` once one has.
gathered = _table(
    "gathered",
    _long("low", key=True),
    _long("high"),
    Column("content", LargeBinary, nullable=True),
)

market = _table(
    "market",
    _text("name", key=True),
    _text("address"),
    _text("registry"),
    _text("fee_recipient"),
    _long("fee_bps"),
)
creation = _table(
    "creation",
    _text("id", key=True),
    _text("creator"),
    _text("owner", null=True),
    _long("tenure"),
    _text("document_digest"),
    _long("document_size"),
    _long("royalty_bps"),
    _text("content_commitment"),
    _long("created_at"),
    _text("transaction_hash"),
    *_place(),
    _by_place("creation"),
    Index("creation_creator", "creator"),
)
creation_parent = _table(
    "creation_parent",
    _text("creation_id", key=True),
    _long("position", key=True),
    _text("parent_id"),
    by_key=True,
)
creation_partner = _table(
    "creation_partner",
    _text("creation_id", key=True),
    _long("position", key=True),
    _text("partner"),
    _long("share_bps"),
    by_key=True,
)
holder = _table("holder", _text("account", key=True), _amount("balance"), by_key=True)

# Documents, as far as the chain knows them: signed ones it first sees when they are used.
offer = _table(
    "offer",
    _text("id", key=True),
    _text("market"),
    _text("kind"),
    _text("state"),
    _text("seller"),
    _text("buyer", null=True),
    _text("collection", null=True),
    _text("creation_id", null=True),
    # Whatever a seller wrote: nothing bounds it until somebody takes the offer.
    _amount("tenure"),
    _text("asset"),
    _amount("price"),
    # Where a falling price ends, and when it begins to fall.
    _amount("end_price", null=True),
    _long("starts_at", null=True),
    _long("units"),
    _long("units_left"),
    _long("expiry"),
    _long("referral_bps"),
    _long("ship_seconds", null=True),
    _long("inspect_seconds", null=True),
    _text("arbiter", null=True),
    _text("parts", null=True),
    _text("details", null=True),
    _amount("nonce"),
    _long("published_at"),
    _long("ended_at", null=True),
    _text("transaction_hash"),
    *_place(),
    _by_place("offer"),
    _words("kind", "instant", "delivered"),
    _words("state", "open", "filled", "cancelled"),
    Index("offer_state", "state"),
)
# How often a document was taken, published or not, and how many units of it.
taken = _table(
    "taken", _text("document_id", key=True), _amount("times"), _amount("units"), by_key=True
)
# Signed bids that an owner accepted; the trade has the same id.
bid = _table(
    "bid",
    _text("id", key=True),
    _text("bidder"),
    _text("seller"),
    _long("accepted_at"),
    _text("transaction_hash"),
    *_place(),
    by_key=True,
)
swap = _table(
    "swap",
    _text("id", key=True),
    _text("maker"),
    _text("taker"),
    _text("given_collection"),
    _text("given_id"),
    _text("wanted_collection"),
    _text("wanted_id"),
    _long("settled_at"),
    _text("transaction_hash"),
    *_place(),
    _by_place("swap"),
)
request = _table(
    "request",
    _text("id", key=True),
    _text("market"),
    _text("state"),
    _text("buyer"),
    _text("seller", null=True),
    _text("creation_id", null=True),
    _amount("tenure"),
    _text("asset"),
    _amount("price"),
    _long("expiry"),
    _long("ship_seconds"),
    _long("inspect_seconds"),
    _text("arbiter", null=True),
    _text("parts", null=True),
    _text("details", null=True),
    _amount("nonce"),
    _long("requested_at"),
    _long("ended_at", null=True),
    _text("trade_id", null=True),
    _text("transaction_hash"),
    *_place(),
    _by_place("request"),
    _words("state", "open", "retracted", "accepted"),
    Index("request_state", "state"),
)
auction = _table(
    "auction",
    _text("id", key=True),
    _text("market"),
    _text("state"),
    _text("seller"),
    _text("collection"),
    _text("creation_id"),
    _amount("tenure"),
    _text("asset"),
    _amount("reserve"),
    _long("step_bps"),
    _long("ends_at"),
    _long("extension_seconds"),
    _amount("nonce"),
    # The highest bid; none yet: nobody and zero.
    _text("bidder", null=True),
    _amount("amount"),
    _long("bids"),
    _long("deadline"),
    _long("opened_at"),
    _long("ended_at", null=True),
    _text("transaction_hash"),
    *_place(),
    _by_place("auction"),
    _words("state", "open", "cancelled", "settled"),
    Index("auction_state", "state"),
)
auction_bid = _table(
    "auction_bid",
    *_place(key=True),
    _text("market"),
    _text("auction_id"),
    _text("bidder"),
    _text("asset"),
    _amount("amount"),
    _long("deadline"),
    _long("bid_at"),
    _text("transaction_hash"),
    Index("auction_bid_auction", "auction_id"),
)
# Creations that an auction's collection didn't hand to the winner.
held_creation = _table(
    "held_creation",
    _text("collection", key=True),
    _text("creation_id", key=True),
    _text("auction_id"),
    _text("owner"),
    _long("held_at"),
    _text("recipient", null=True),
    _long("retrieved_at", null=True),
)
cancellation = _table(
    "cancellation",
    *_place(key=True),
    _text("market"),
    _text("signer"),
    _amount("first"),
    _amount("last"),
    _long("cancelled_at"),
    _text("transaction_hash"),
)
# Vouchers of works that weren't registered then, dead below a version.
voucher_cancellation = _table(
    "voucher_cancellation",
    *_place(key=True),
    _text("creation_id"),
    _text("creator"),
    _long("least_version"),
    _long("cancelled_at"),
    _text("transaction_hash"),
    Index("voucher_cancellation_creation", "creation_id"),
)

# Something for money, in one step or several. A sale has its document's id and, should the same
# document be published and taken again, the next number; all others have the number zero.
trade = _table(
    "trade",
    _text("id", key=True),
    _long("number", key=True),
    _text("market"),
    _text("kind"),
    _text("document_id"),
    _text("state"),
    _text("reason", null=True),
    _text("seller"),
    _text("buyer"),
    _text("referrer", null=True),
    _text("collection", null=True),
    _text("creation_id", null=True),
    _text("asset"),
    _amount("amount"),
    # What is still in escrow.
    _amount("rest"),
    _long("units"),
    # Percents of the parts with commas, and the current one, from zero.
    _text("parts", null=True),
    _long("part"),
    _text("arbiter", null=True),
    _long("arbiter_fee_bps", null=True),
    _long("silent_seller_bps", null=True),
    _text("details", null=True),
    _long("funded_at"),
    _long("deadline", null=True),
    _long("shipped_at", null=True),
    _text("shipment", null=True),
    _long("disputed_at", null=True),
    _long("ended_at", null=True),
    _text("funded_transaction"),
    _text("ended_transaction", null=True),
    *_place(),
    _by_place("trade"),
    _words("kind", "instant", "voucher", "bid", "delivered", "requested", "auction"),
    _words("state", "funded", "shipped", "disputed", "settled", "refunded", "divided"),
    Index("trade_state", "state"),
)
# Each part of a trade that was paid to its seller, before fees; most trades have a single one.
part = _table(
    "part",
    _text("trade_id", key=True),
    _long("number", key=True),
    _text("reason"),
    _amount("amount"),
    _amount("fee"),
    _long("shipped_at", null=True),
    _text("shipment", null=True),
    _long("paid_at"),
    _text("transaction_hash"),
    by_key=True,
)
# One for each part that was disputed. What went where is before fees.
dispute = _table(
    "dispute",
    _text("trade_id", key=True),
    _long("part", key=True),
    _text("arbiter"),
    _text("reason", null=True),
    _text("asset"),
    _amount("amount"),
    _amount("to_seller"),
    _amount("to_buyer"),
    _amount("arbiter_fee"),
    _text("fee_recipient", null=True),
    _long("deadline"),
    _long("disputed_at"),
    _long("ended_at", null=True),
    _text("transaction_hash"),
    *_place(),
    _by_place("dispute"),
    Index("dispute_arbiter", "arbiter"),
)
evidence = _table(
    "evidence",
    *_place(key=True),
    _text("trade_id"),
    _text("arbiter"),
    _text("party"),
    _text("document"),
    _long("submitted_at"),
    _text("transaction_hash"),
    Index("evidence_trade", "trade_id"),
)
# Desks bring trades before an ERC-792 arbitrator, which numbers its disputes.
desk = _table("desk", _text("address", key=True), _text("meta_evidence"))
arbitration = _table(
    "arbitration",
    _text("desk", key=True),
    _amount("number", key=True),
    _text("arbitrator"),
    _text("trade_id"),
    _amount("ruling", null=True),
    _long("submitted_at"),
    _long("ruled_at", null=True),
)

# The reward pool. `steward` and `guardian`: who holds each office, and whom it is offered to.
reward_pool = _table(
    "reward_pool",
    _text("address", key=True),
    _text("token"),
    _text("treasury"),
    _text("purse"),
    _long("epoch_seconds"),
    _long("challenge_seconds"),
    _long("share_bps"),
    _amount("opening_allowance"),
    _long("opening_epochs"),
    _long("opened_at"),
    by_key=True,
)
reward_office = _table(
    "reward_office",
    _text("office", key=True),
    _text("holder", null=True),
    _text("offered_to", null=True),
    _words("office", "steward", "guardian"),
    by_key=True,
)
# The last root posted for each epoch. It counts from `claimable_from` on, unless it was stopped;
# `minted` is what all of the epoch's roots needed.
reward_epoch = _table(
    "reward_epoch",
    _long("number", key=True),
    _text("state"),
    _text("root"),
    _amount("total"),
    _text("document"),
    _amount("minted"),
    _long("claimable_from"),
    _long("posted_at"),
    _text("transaction_hash"),
    *_place(),
    _words("state", "posted", "stopped"),
)
# Every root that was stopped, also those that another one replaced.
reward_stop = _table(
    "reward_stop",
    *_place(key=True),
    _long("epoch"),
    _text("root"),
    _text("reason"),
    _long("stopped_at"),
    _text("transaction_hash"),
)
reward_claim = _table(
    "reward_claim",
    *_place(key=True),
    _text("account"),
    _amount("amount"),
    _long("claimed_at"),
    _text("transaction_hash"),
    Index("reward_claim_account", "account"),
)
# What each account got so far.
rewarded = _table("rewarded", _text("account", key=True), _amount("amount"), by_key=True)
# What arrived at the pool's purse, as it was divided.
reward_income = _table(
    "reward_income",
    *_place(key=True),
    _text("asset"),
    _amount("rewards"),
    _amount("treasury"),
    _long("collected_at"),
    _text("transaction_hash"),
)

# Where a trade's amount went so far; what is left is the trade's `rest`.
settlement = _table(
    "settlement",
    _text("trade_id", key=True),
    _long("number", key=True),
    _amount("seller"),
    _amount("royalty"),
    _amount("referral"),
    _amount("fee"),
    _amount("arbiter"),
    _amount("refund"),
    by_key=True,
)
# What somebody was due of a trade or another document in a block, and as what. Of trades: the
# settlement's parts (the seller's without what a `sponsor` got of it); besides, requests taken back
# (`buyer`), bids outbid (`bidder`), and `change`.
share = _table(
    "share",
    _text("market", key=True),
    _text("document_id", key=True),
    _long("block_number", key=True),
    _text("role", key=True),
    _text("payee", key=True),
    _text("asset", key=True),
    _amount("amount"),
    _words(
        "role",
        *("seller", "sponsor", "creator", "referrer", "community", "arbiter", "buyer"),
        *("bidder", "change"),
    ),
    by_key=True,
)
# How a payee got what they were due: owed = paid at once + credited. The payee comes first, so that
# an account's documents are found without an index.
payout = _table(
    "payout",
    _text("payee", key=True),
    _text("market", key=True),
    _text("asset", key=True),
    _text("document_id", key=True),
    _amount("owed"),
    _amount("paid"),
    _amount("credited"),
    by_key=True,
)
withdrawal = _table(
    "withdrawal",
    *_place(key=True),
    _text("market"),
    _text("payee"),
    _text("asset"),
    _text("recipient"),
    _amount("amount"),
    _long("withdrawn_at"),
    _text("transaction_hash"),
    Index("withdrawal_payee", "payee"),
)
# What waits in a market for each payee now.
credit = _table(
    "credit",
    _text("payee", key=True),
    _text("market", key=True),
    _text("asset", key=True),
    _amount("amount"),
    by_key=True,
)

DERIVED = (
    market,
    creation,
    creation_parent,
    creation_partner,
    holder,
    offer,
    taken,
    bid,
    swap,
    request,
    auction,
    auction_bid,
    held_creation,
    cancellation,
    voucher_cancellation,
    trade,
    part,
    dispute,
    evidence,
    desk,
    arbitration,
    reward_pool,
    reward_office,
    reward_epoch,
    reward_stop,
    reward_claim,
    rewarded,
    reward_income,
    settlement,
    share,
    payout,
    withdrawal,
    credit,
)
