"""Jogakbo (조각보), the Korean wrapping cloth of patches: the same seed gives the same cloth.

A work without a picture is shown by the cloth of its id, a market by that of its chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

# Which of the page's cloth colours; `page.css` gives them their values, by day and by night.
COLOURS = 9
SMALLEST = 10


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of the cloth; `colour` is an index below `COLOURS`."""

    x: int
    y: int
    width: int
    height: int
    colour: int


def patchwork(seed: bytes, width: int, height: int, patches: int) -> list[Patch]:
    """Cuts a cloth of `width` × `height` into about `patches` patches."""
    throws = _throws(seed)
    cloth = [Patch(0, 0, width, height, next(throws) % COLOURS)]
    for _ in range(patches - 1):
        largest = max(range(len(cloth)), key=lambda i: cloth[i].width * cloth[i].height)
        cloth += _cut(cloth.pop(largest), next(throws), next(throws), next(throws))
    return cloth


def _cut(patch: Patch, where: int, which: int, slant: int) -> Iterator[Patch]:
    """Two patches of one, cut across its longer side somewhere in the middle half."""
    x, y, width, height, colour = patch.x, patch.y, patch.width, patch.height, patch.colour
    other = (colour + 1 + which % (COLOURS - 1)) % COLOURS
    share = 64 + where // 2
    across = width > height if width != height else bool(slant % 2)
    if across:
        part = max(min(width * share // 256, width - SMALLEST), min(SMALLEST, width // 2))
        yield Patch(x, y, part, height, colour)
        yield Patch(x + part, y, width - part, height, other)
    else:
        part = max(min(height * share // 256, height - SMALLEST), min(SMALLEST, height // 2))
        yield Patch(x, y, width, part, colour)
        yield Patch(x, y + part, width, height - part, other)


def _throws(seed: bytes) -> Iterator[int]:
    """Bytes without end."""
    for number in count():
        yield from hashlib.sha256(seed + number.to_bytes(4, "big")).digest()
