"""Shares say in which block they fell due (derived tables, which the store makes anew); ranges of
blocks that workers read for the writer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Raw tables only."""
    long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "gathered",
        sa.Column("low", long, primary_key=True, autoincrement=False),
        sa.Column("high", long, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sqlite_strict=True,
    )
