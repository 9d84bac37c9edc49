"""A node of one's own: it starts, it is funded, and nobody leaves it behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dokkaebi.chain.keys import TEST_ADDRESSES
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from dokkaebi.errors import DokkaebiError

PROGRAM = """
import sys, time
from dokkaebi.chain.node import start_node
with start_node(sys.argv[1]) as node:
    print(node.url, flush=True)
    time.sleep(600)
"""


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rsplit(":", 1)[1]))) == 0


def is_gone(url: str) -> bool:
    end = time.monotonic() + 15
    while listens(url) and time.monotonic() < end:
        time.sleep(0.02)
    return not listens(url)


@pytest.mark.parametrize(
    ("name", "chain_id"), [("ganache", 1337), ("anvil", 31337), ("hardhat", 31337)]
)
def test_node_starts_funded_and_ends(name: str, chain_id: int) -> None:
    with start_node(name) as node:
        chain = connect(node.url)
        assert chain.chain_id == chain_id
        for account in (TEST_ADDRESSES["test"][0], TEST_ADDRESSES["test"][19]):
            assert chain.balance(account) == 1000 * 10**18
    assert is_gone(node.url)


def test_node_ends_with_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), start_node("anvil") as node:
        _ = 1 / 0
    assert is_gone(node.url)


@pytest.mark.parametrize("name", ["ganache", "anvil", "hardhat"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_node_ends_with_whoever_started_it(name: str, number: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, name], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    assert listens(url)
    owner.send_signal(number)
    owner.wait()
    owner.stdout.close()
    assert is_gone(url)


def test_two_nodes_run_side_by_side() -> None:
    with start_node("anvil") as one, start_node("anvil") as two:
        assert one.url != two.url
        connect(one.url).raw("anvil_mine", ["0x5"])
        assert (connect(one.url).block_number, connect(two.url).block_number) == (5, 0)


def test_unknown_node_is_refused() -> None:
    with pytest.raises(DokkaebiError) as caught, start_node("geth"):
        pass
    assert caught.value.key == "node_unknown"


@pytest.mark.parametrize("name", ["ganache", "anvil"])
def test_port_that_is_taken_is_said(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DokkaebiError) as caught, start_node(name, port):
            pass
    assert caught.value.key == "node_port_taken"


def test_node_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with start_node("ganache"):
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
    assert os.environ.get("TMPDIR") != str(tmp_path)
