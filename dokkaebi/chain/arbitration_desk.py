"""An arbitration desk: brings disputed trades before an ERC-792 arbitrator."""

from __future__ import annotations

from typing import NamedTuple

from dokkaebi.chain.suite import Call, Contract, Suite, types_of
from dokkaebi.chain.terms import Trade


class Case(NamedTuple):
    """A trade's dispute: its number, who paid (nobody: not submitted), whether it is ruled, how."""

    dispute_id: int
    submitter: str
    ruled: bool
    ruling: int


def cost_of(desk: Contract) -> int:
    """What bringing a trade before the arbitrator costs now, wei."""
    return int(desk.call("costOf"))


def case_of(desk: Contract, trade_id: str) -> Case:
    """What became of a trade's dispute."""
    return Case(*desk.call("disputeOf", bytes.fromhex(trade_id[2:])))


def submit(suite: Suite, desk: Contract, trade: Trade) -> Call:
    """Brings a disputed trade before the arbitrator, and pays for it."""
    return desk.prepare("submit", _encoded(suite, trade), value=cost_of(desk))


def appeal(desk: Contract, dispute_id: int, cost: int) -> Call:
    """Appeals against a ruling; `cost` is what the arbitrator asks, wei."""
    return desk.prepare("appeal", dispute_id, value=cost)


def carry_out(suite: Suite, desk: Contract, trade: Trade) -> Call:
    """Carries a ruling out in the market."""
    return desk.prepare("carryOut", _encoded(suite, trade))


def _encoded(suite: Suite, trade: Trade) -> bytes:
    """abi.encode of a trade."""
    from eth_abi.abi import encode

    return encode(types_of(suite.escrow_market.parameters("hashTrade")), [trade])
