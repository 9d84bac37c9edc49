"""`python -m bench.gas.opcodes`: on which opcodes a job's gas goes, ours beside a peer's.

For the jobs in which a bare token of Solady's takes less than ours: what we do besides.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.gas.ours import Bench, measure_ours
from bench.gas.peers import tokens
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect

JOBS = (
    "erc20_transfer",
    "erc20_permit_later_nonce",
    "erc721_safe_transfer",
    "register_default_royalty",
)
KINDS = {
    "storage": ("SLOAD", "SSTORE"),
    "log": ("LOG0", "LOG1", "LOG2", "LOG3", "LOG4"),
    "other accounts": ("CALL", "STATICCALL", "DELEGATECALL", "EXTCODESIZE"),
    "hashing": ("KECCAK256", "SHA3"),
    "memory and calldata": (
        *(
            "MLOAD",
            "MSTORE",
            "MSTORE8",
            "CALLDATALOAD",
            "CALLDATACOPY",
            "CODECOPY",
            "RETURNDATACOPY",
        ),
    ),
    "jumps": ("JUMP", "JUMPI", "JUMPDEST"),
}
KIND_OF = {opcode: kind for kind, opcodes in KINDS.items() for opcode in opcodes}
REST = "stack and arithmetic"


class TracedBench(Bench):
    """Remembers the transaction in which a function took some gas."""

    def __init__(self, chain: Chain) -> None:
        self.sent: dict[tuple[str, int], str] = {}
        super().__init__(chain)

    def send_data(self, who: str, to: str, data: str, coins: int = 0) -> int:
        gas = super().send_data(who, to, data, coins)
        self.sent[to, gas] = self.chain.raw("eth_getBlockByNumber", ["latest", False])[
            "transactions"
        ][-1]
        return gas

    def hash_of(self, gas: int) -> str:
        """The first transaction that took so much."""
        return next(sent for (_, used), sent in self.sent.items() if used == gas)


def account(chain: Chain, sent: str) -> Counter[str]:
    """Kind of opcode → gas. What a call passes on is counted there, not at the call."""
    data = bytes.fromhex(chain.raw("eth_getTransactionByHash", [sent])["input"][2:])
    gas = Counter({"21,000 and calldata": 21_000 + sum(16 if byte else 4 for byte in data)})
    options = {"disableStorage": True, "disableMemory": True, "disableStack": True}
    steps: list[dict[str, Any]] = chain.raw("debug_traceTransaction", [sent, options])["structLogs"]
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        cost = step["gasCost"]
        if following is not None and following["depth"] > step["depth"]:
            cost -= following["gas"]
        elif following is not None and following["depth"] == step["depth"]:
            cost = step["gas"] - following["gas"]  # a precompile has no steps of its own
        gas[KIND_OF.get(step["op"], REST)] += cost
    return gas


def main() -> None:
    """Prints one table a job."""
    console = Console()
    with start_node("anvil", options=["--steps-tracing"]) as node:
        bench = TracedBench(connect(node.url))
        measure_ours(bench)
        peers = tokens.measure(bench, "Solady")
        for job in JOBS:
            ours, theirs = bench.gas[job], peers[job].gas
            left = account(bench.chain, bench.hash_of(ours))
            right = account(bench.chain, bench.hash_of(theirs))
            assert (sum(left.values()), sum(right.values())) == (ours, theirs), (left, right)
            table = Table("kind of opcode", "ours", "Solady", "more", title=job)
            for kind in ("21,000 and calldata", *KINDS, REST):
                row = (left[kind], right[kind], left[kind] - right[kind])
                table.add_row(kind, *(f"{gas:,}" for gas in row))
            table.add_row("in all", f"{ours:,}", f"{theirs:,}", f"{ours - theirs:,}")
            console.print(table)


if __name__ == "__main__":
    main()
