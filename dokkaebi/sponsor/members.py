"""For whom a sponsor pays: those on a list, those with a work on the board, or those whose voucher
there repays it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from dokkaebi.board.store import Store
from dokkaebi.chain.assets import parse_address
from dokkaebi.errors import DokkaebiError

Members = Callable[[str], bool]
_LOOKED_AT = 100


def listed(path: Path) -> Members:
    """Addresses of a file, one a line; `#` begins a remark. Raises `sponsor_list_unreadable`, and
    what `parse_address` raises."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as problem:
        raise DokkaebiError(
            "sponsor_list_unreadable", path=str(path), problem=str(problem)
        ) from None
    words = (line.split("#")[0].strip() for line in lines)
    known = {parse_address(word) for word in words if word}
    return known.__contains__


def on_board(store: Store) -> Members:
    """Whoever has a work on the board. Keys cost nothing, so only the budgets bound these."""
    return lambda account: bool(store.works(1, creator=account))


def repaying(store: Store, sponsor: str, least: int) -> Members:
    """Whoever has a voucher on the board that repays the sponsor at least so much, in the coin."""

    def is_member(account: str) -> bool:
        for row in store.documents(_LOOKED_AT, kind="voucher", signer=account):
            sale = json.loads(row.body)["terms"]["sale"]
            coin = int(sale["asset"], 16) == 0
            if sale["sponsor"] == sponsor and coin and int(sale["sponsorAmount"]) >= least:
                return True
        return False

    return is_member
