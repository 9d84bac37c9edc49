"""One Anvil a session with our suite on it; every exhibit starts from the same chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from tests.museum.hall import UNLIMITED, Hall


@pytest.fixture(scope="session")
def built() -> Iterator[Hall]:
    """The suite, with everybody's approval for the markets and some tokens."""
    with start_node("anvil", options=["--gas-price", "0", "--base-fee", "0"]) as node:
        hall = Hall(connect(node.url))
        token, registry = hall.suite.token, hall.suite.registry
        for who, address in hall.at.items():
            hall.send("deployer", token, "transfer", address, 10**21)
            for market in hall.suite.markets:
                hall.send(who, token, "approve", market.address, UNLIMITED)
                hall.send(who, registry, "setApprovalForAll", market.address, True)
        yield hall


@pytest.fixture
def hall(built: Hall) -> Iterator[Hall]:
    mark = built.chain.raw("evm_snapshot")
    nonces = dict(built.nonces)
    yield built
    built.chain.raw("evm_revert", [mark])
    built.nonces = nonces
