"""What handlers take and give: a decoded event in, changes of rows out. No database in here.

Nobody changes these objects once they are made; that they aren't frozen saves half their time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

COIN = "0x" + "00" * 20
NO_BYTES = "0x" + "00" * 32

Row = dict[str, Any]


@dataclass(slots=True)
class Record:
    """One decoded event of the suite, and where it stands.

    Addresses and byte strings are lower-case 0x-hex, integers are `int`, structs are dicts by the
    ABI's names. `timestamp` is the block's, seconds since 1970.
    """

    contract: str
    address: str
    event: str
    values: Mapping[str, Any]
    block_number: int
    log_index: int
    transaction_hash: str
    timestamp: int


@dataclass(slots=True)
class Put:
    """Writes a whole row, over an older one with the same key."""

    table: str
    row: Row


@dataclass(slots=True)
class Change:
    """Sets columns of a row that must be there."""

    table: str
    key: tuple[Any, ...]
    values: Row


@dataclass(slots=True)
class Add:
    """Adds to amounts of a row, which begins at zero. No amount may end below zero."""

    table: str
    key: tuple[Any, ...]
    amounts: Mapping[str, int]


Effect = Put | Change | Add


class Books(Protocol):
    """What a handler may look up: rows that earlier events left."""

    def row(self, table: str, *key: Any) -> Mapping[str, Any]:
        """The row with this key, which must be there."""

    def find(self, table: str, *key: Any) -> Mapping[str, Any] | None:
        """The row with this key, if there is one."""


Handler = Callable[[Record, Books], Iterable[Effect]]
# Event → tables and keys; a key's parts are names of the event's values, or numbers as they are.
Lookups = Mapping[str, tuple[tuple[str, tuple[str | int, ...]], ...]]


def placed(record: Record) -> Row:
    """The columns that name an event: where an append-only row comes from."""
    return {"block_number": record.block_number, "log_index": record.log_index}


def address_or_none(address: str) -> str | None:
    """The zero address means nobody."""
    return None if address == COIN else address


def bytes_or_none(value: str) -> str | None:
    """A digest of zeros means that there is none."""
    return None if value == NO_BYTES else value


def creation_key(creation_id: int) -> str:
    """A creation's key in the tables: 0x and 64 hex digits."""
    return f"0x{creation_id:064x}"


def creation_or_none(creation_id: int) -> str | None:
    """A certificate's key; zero means none."""
    return creation_key(creation_id) if creation_id else None
