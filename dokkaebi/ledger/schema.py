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
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

SCHEMA_VERSION = 1
DIGITS = 78
LIMIT = 1 << 256


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
        if type(value) is not int or not 0 <= value < LIMIT:
            raise ValueError(f"not a uint256: {value!r}")
        return format(value, f"0{DIGITS}d") if dialect.name == "sqlite" else Decimal(value)

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


def _table(name: str, *parts: Column[Any] | CheckConstraint | Index) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def _long(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(name, Long, nullable=null, primary_key=key, autoincrement=False)


def _amount(name: str) -> Column[int]:
    return Column(name, Amount, nullable=False)


def _place(*, key: bool = False) -> tuple[Column[int], Column[int]]:
    return _long("block_number", key=key), _long("log_index", key=key)


def _words(column: str, *allowed: str) -> CheckConstraint:
    words = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


# What the ledger is of, and how far it is.
meta = _table("meta", _text("key", key=True), _text("value"))
cursor = _table(
    "cursor", _long("id", key=True), _long("block_number"), _text("block_hash"), _long("timestamp")
)
# Read from the chain once, since no event tells; strangers' words, so `symbol` may be missing.
asset = _table(
    "asset",
    _text("address", key=True),
    _text("name", null=True),
    _text("symbol", null=True),
    _long("decimals"),
)

# Raw: everything below is derived from these and can be dropped.
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
)

market = _table(
    "market",
    _text("address", key=True),
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
    Index("creation_creator", "creator"),
)
creation_parent = _table(
    "creation_parent",
    _text("creation_id", key=True),
    _long("position", key=True),
    _text("parent_id"),
)
holder = _table("holder", _text("account", key=True), _amount("balance"))
offer = _table(
    "offer",
    _text("id", key=True),
    _text("state"),
    _text("seller"),
    _text("kind"),
    _text("creation_id", null=True),
    # Whatever a seller wrote: nothing bounds it until somebody takes the offer.
    _amount("tenure"),
    _text("asset"),
    _amount("price"),
    _long("expiry"),
    _long("ship_seconds"),
    _long("inspect_seconds"),
    _long("referral_bps"),
    _text("details", null=True),
    _amount("salt"),
    _long("published_at"),
    _long("ended_at", null=True),
    _text("transaction_hash"),
    *_place(),
    _words("state", "open", "filled", "cancelled"),
    _words("kind", "instant", "delivered"),
    Index("offer_state", "state"),
)
trade = _table(
    "trade",
    _text("id", key=True),
    _text("offer_id"),
    _text("kind"),
    _text("state"),
    _text("reason", null=True),
    _text("seller"),
    _text("buyer"),
    _text("referrer", null=True),
    _text("creation_id", null=True),
    _text("asset"),
    _amount("amount"),
    _long("inspect_seconds"),
    _long("referral_bps"),
    _long("funded_at"),
    _long("ship_deadline", null=True),
    _long("shipped_at", null=True),
    _long("inspect_deadline", null=True),
    _text("shipment", null=True),
    _long("ended_at", null=True),
    _text("funded_transaction"),
    _text("ended_transaction", null=True),
    *_place(),
    _words("state", "funded", "shipped", "settled", "refunded"),
    Index("trade_state", "state"),
)
# One row for each end of a trade: where its amount went.
settlement = _table(
    "settlement",
    _text("trade_id", key=True),
    _text("reason"),
    _text("asset"),
    _amount("amount"),
    _amount("seller"),
    _amount("royalty"),
    _amount("referral"),
    _amount("fee"),
    _amount("refund"),
    _long("settled_at"),
    *_place(),
)
# One row for each payee's part of an end; an event gives at most one of each role.
share = _table(
    "share",
    *_place(key=True),
    _text("role", key=True),
    _text("trade_id"),
    _text("payee"),
    _text("asset"),
    _amount("amount"),
    _words("role", "seller", "creator", "referrer", "community", "buyer"),
    Index("share_trade", "trade_id"),
)
# How a payee got what a trade owed: owed = paid at once + credited.
payout = _table(
    "payout",
    _text("trade_id", key=True),
    _text("payee", key=True),
    _text("asset", key=True),
    _amount("owed"),
    _amount("paid"),
    _amount("credited"),
)
withdrawal = _table(
    "withdrawal",
    *_place(key=True),
    _text("payee"),
    _text("asset"),
    _text("recipient"),
    _amount("amount"),
    _long("withdrawn_at"),
    _text("transaction_hash"),
)
# What waits in the market for each payee now.
credit = _table("credit", _text("asset", key=True), _text("payee", key=True), _amount("amount"))

DERIVED = (
    market,
    creation,
    creation_parent,
    holder,
    offer,
    trade,
    settlement,
    share,
    payout,
    withdrawal,
    credit,
)
