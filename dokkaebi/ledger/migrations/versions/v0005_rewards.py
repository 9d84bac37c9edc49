"""The reward pool: derived tables only, which the store makes anew."""

from __future__ import annotations

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Nothing in raw tables."""
