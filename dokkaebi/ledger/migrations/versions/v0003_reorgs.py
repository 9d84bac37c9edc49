"""Reorgs: which blocks are final, what can be undone, and when an asset was named first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

# What counts as final in a ledger that kept nothing to undo.
DEPTH = 64


def upgrade() -> None:
    """Raw tables only."""
    long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _remake(
        "cursor",
        [
            sa.Column("id", long, primary_key=True, autoincrement=False),
            sa.Column("block_number", long, nullable=False),
            sa.Column("block_hash", sa.Text, nullable=False),
            sa.Column("timestamp", long, nullable=False),
            sa.Column("final_number", long, nullable=False),
        ],
        {"final_number": f"block_number - {DEPTH}"},
    )
    _remake(
        "asset",
        [
            sa.Column("address", sa.Text, primary_key=True, nullable=False),
            sa.Column("name", sa.Text),
            sa.Column("symbol", sa.Text),
            sa.Column("decimals", long, nullable=False),
            sa.Column("block_number", long, nullable=False),
        ],
        # The store looks up the right one when it replays.
        {"block_number": "0"},
    )
    op.create_table(
        "undo",
        sa.Column("block_number", long, primary_key=True, autoincrement=False),
        sa.Column("position", long, primary_key=True, autoincrement=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        _remake(
            "event",
            [
                sa.Column("block_number", long, primary_key=True, autoincrement=False),
                sa.Column("log_index", long, primary_key=True, autoincrement=False),
                sa.Column("transaction_hash", sa.Text, nullable=False),
                sa.Column("transaction_index", long, nullable=False),
                sa.Column("address", sa.Text, nullable=False),
                sa.Column("contract", sa.Text, nullable=False),
                sa.Column("name", sa.Text),
                sa.Column("topics", sa.Text, nullable=False),
                sa.Column("data", sa.Text, nullable=False),
            ],
            {},
            by_key=True,
        )


def _remake(
    table: str, columns: list[sa.Column[object]], new: dict[str, str], *, by_key: bool = False
) -> None:
    """Makes a table anew with the rows of the old one, and `new` columns by their SQL."""
    op.rename_table(table, f"{table}_2")
    options = {"sqlite_strict": True, "sqlite_with_rowid": not by_key}
    op.create_table(table, *columns, **options)
    values = ", ".join(new.get(column.name, f'"{column.name}"') for column in columns)
    op.execute(f'INSERT INTO "{table}" SELECT {values} FROM "{table}_2"')  # noqa: S608
    op.drop_table(f"{table}_2")
