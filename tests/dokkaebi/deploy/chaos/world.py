"""A chain to be disturbed, behind a proxy; its blocks can be replaced on any node."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, RpcRefused, connect
from tests.dokkaebi.chaos.proxy import faulty_proxy
from tests.dokkaebi.conftest import mine_at_once
from tests.dokkaebi.deploy.chaos.faults import SendingFaults

NODES = ("anvil", "ganache", "hardhat")
BLOCK_SECONDS = 0.2
# Something for a reorg to take back that isn't ours.
BLOCKS_BEFORE = 12


class World:
    """A chain of one's own. `url`: where it is disturbed; `chain`: where it isn't."""

    def __init__(self, node: str, chain: Chain) -> None:
        self.node, self.chain, self.url = node, chain, ""
        self.begin = chain.block_number
        self.faults = SendingFaults(self.reorg, twice=node != "ganache")
        self._lock = threading.Lock()
        self._before: list[str] = []

    def mine(self) -> None:
        """Makes a block of whatever waits."""
        with self._lock:
            self._mine()

    def reorg(self, depth: int) -> None:
        """Replaces the newest blocks by others, which lack what was in them."""
        with self._lock:
            if self.node == "anvil":
                with suppress(RpcRefused):
                    self.chain.raw("anvil_reorg", [depth, []])
            elif len(self._before) > depth:
                self.chain.raw("evm_revert", [self._before[-depth]])
                del self._before[-depth:]
                for _ in range(depth + 1):
                    self._mine()

    def _mine(self) -> None:
        if self.node != "anvil":
            self._before.append(self.chain.raw("evm_snapshot"))
        self.chain.raw("evm_mine")

    @contextmanager
    def slow_blocks(self, seconds: float = BLOCK_SECONDS) -> Iterator[None]:
        """Lets transactions wait for a block, as they do on a real chain."""
        mine_at_once(self.chain, on=False)
        stopped = threading.Event()

        def mine() -> None:
            while not stopped.wait(seconds):
                self.mine()

        miner = threading.Thread(target=mine)
        miner.start()
        try:
            yield
        finally:
            stopped.set()
            miner.join()
            self.mine()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Takes back all that happens in a `with` block."""
        before = self.chain.raw("evm_snapshot")
        try:
            yield
        finally:
            self.chain.raw("evm_revert", [before])


@contextmanager
def open_world(node: str) -> Iterator[World]:
    """Starts a chain that mines at once, and a proxy before it."""
    with start_node(node) as running:
        world = World(node, connect(running.url))
        for _ in range(BLOCKS_BEFORE):
            world.mine()
        with faulty_proxy(running.url, world.faults) as world.url:
            yield world
