"""The schema of the first releases, as they made it themselves."""

from __future__ import annotations

revision = "2"
down_revision = None


def upgrade() -> None:
    """Nothing: ledgers begin here."""
