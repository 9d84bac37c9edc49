"""The board's tables, one source for both engines. They stand beside the ledger's and aren't
derived from anything: in SQLite in a file of their own, in PostgreSQL in a schema of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.engine import Connection

from dokkaebi.ledger.schema import Amount, Long

SCHEMA_VERSION = 1

metadata = MetaData()


def _table(name: str, *parts: Column[Any] | Index, counted: bool = False) -> Table:
    """A table. `counted`: its numbers are never used again, so that a place in it stays one."""
    return Table(name, metadata, *parts, sqlite_autoincrement=counted)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def _long(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(name, Long, nullable=null, primary_key=key, autoincrement=False)


def _counter() -> Column[int]:
    return Column("number", Long, primary_key=True, autoincrement=True)


def _yes(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


board = _table("board", _text("key", key=True), _text("value"))

# Signed documents that could be used when they were last checked. Addresses have their checksum,
# creations are 0x and 64 digits.
document = _table(
    "document",
    _counter(),
    _text("digest"),
    _text("kind"),
    _text("contract"),
    _text("signer"),
    _text("collection", null=True),
    _text("creation", null=True),
    _text("asset", null=True),
    Column("price", Amount, nullable=True),
    _long("expires_at"),
    _long("accepted_at"),
    _long("checked_at"),
    Column("body", LargeBinary, nullable=False),
    Index("document_digest", "digest", unique=True),
    Index("document_signer", "signer"),
    Index("document_creation", "creation"),
    Index("document_expires", "expires_at"),
    Index("document_checked", "checked_at"),
    counted=True,
)
# What an event has to name so that a document is checked again.
touch = _table(
    "touch",
    _text("topic", key=True),
    _long("document", key=True),
    Index("touch_document", "document"),
)
# Why a document isn't here any more; forgotten after a while.
gone = _table(
    "gone",
    _text("digest", key=True),
    _text("kind"),
    _text("reason"),
    _text("details"),
    _long("gone_at"),
    Index("gone_at", "gone_at"),
)
# Works whose metadata document is here. `registered`: the registry has it. What sells it now, from
# `kind` on, is the newest of its documents.
work = _table(
    "work",
    _counter(),
    _text("id"),
    _text("title"),
    _text("description"),
    _text("tags"),
    _text("creator"),
    _text("creator_name"),
    _text("skeleton"),
    _text("warnings"),
    _text("document_cid"),
    _text("content_type"),
    _text("content_cid", null=True),
    _long("content_size", null=True),
    _text("image", null=True),
    _yes("registered"),
    _yes("shown"),
    _text("kind", null=True),
    _text("digest", null=True),
    _text("asset", null=True),
    Column("price", Amount, nullable=True),
    _long("expires_at", null=True),
    _long("posted_at"),
    Index("work_id", "id", unique=True),
    Index("work_creator", "creator"),
    Index("work_skeleton", "skeleton"),
    Index("work_shown", "shown", "number"),
    counted=True,
)
# Files on disk. `key`: whose quota they count against, empty for the operator's own.
file = _table(
    "file",
    _text("cid", key=True),
    _long("size"),
    Column("sha256", LargeBinary, nullable=False),
    _text("type"),
    _text("key"),
    _long("posted_at"),
    Index("file_key", "key"),
)
# Which files a work or a document of here (`source`) names: it gives the right to bring them, on
# the quota of `key`, and keeps them.
named = _table(
    "named",
    _text("cid", key=True),
    _text("source", key=True),
    _text("key"),
    Index("named_source", "source"),
)

# Searching is the engines' own: full text in SQLite, an index over lists in PostgreSQL.
_SEARCH = {
    "sqlite": ("CREATE VIRTUAL TABLE search USING fts5(pairs, letters, tokenize = 'ascii')",),
    "postgresql": (
        "CREATE TABLE search"
        " (number BIGINT PRIMARY KEY, words TEXT NOT NULL, grams TEXT[] NOT NULL)",
        "CREATE INDEX search_grams ON search USING GIN (grams)",
    ),
}


def create_all(connection: Connection) -> None:
    """Makes all tables."""
    metadata.create_all(connection)
    for statement in _SEARCH[connection.dialect.name]:
        connection.execute(text(statement))
