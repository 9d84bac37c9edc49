"""Sales by voucher, sponsors and cancelled vouchers: derived tables only, which the store makes
anew."""

from __future__ import annotations

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Nothing in raw tables."""
