"""Deployments on Ganache, the chain of the demo and of most operators' first day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from tests.dokkaebi.conftest import deploy_suite

# Both take the place of the fixtures that all other tests share, which stand on another node.


@pytest.fixture(scope="session")
def chain() -> Iterator[Chain]:
    with start_node("ganache") as running:
        yield connect(running.url)


@pytest.fixture(scope="session")
def manifest_file(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deploy_suite(chain, tmp_path_factory.mktemp("deployment"))
