"""How often one address may ask."""

from __future__ import annotations

import math
import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from dokkaebi.errors import DokkaebiError


class Limits:
    """`rate`: like `20/second` or `600/minute`. Raises `rate_wrong`."""

    def __init__(self, rate: str) -> None:
        try:
            self._item = parse(rate)
        except ValueError:
            raise DokkaebiError("rate_wrong", rate=rate) from None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait(self, who: str) -> int:
        """Seconds until `who` may ask again; 0 if they may now, which is counted."""
        if self._limiter.hit(self._item, who):
            return 0
        reset = self._limiter.get_window_stats(self._item, who).reset_time
        return max(math.ceil(reset - time.time()), 1)
