"""Shares say in which block they fell due: derived tables, which the store makes anew."""

from __future__ import annotations

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Nothing among the raw tables."""
