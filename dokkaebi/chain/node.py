"""A development node of one's own: on a free port, with funded accounts, never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dokkaebi.chain.keys import TEST_PHRASES
from dokkaebi.chain.rpc import Chain, RpcUnreachable
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError

START_SECONDS = 60
TRIES = 3
CHAIN_IDS = {"ganache": 1337, "anvil": 31337, "hardhat": 31337}
ACCOUNTS = 20
COINS_EACH = 1000


@dataclass(frozen=True)
class Node:
    """A running node. Its accounts are `test:0` to `test:19`, with 1,000 coins each."""

    name: str
    url: str


@contextmanager
def start_node(
    name: str = "ganache",
    port: int | None = None,
    options: Sequence[str] = (),
    hardfork: str = "shanghai",
    chain_id: int | None = None,
) -> Iterator[Node]:
    """Runs `ganache`, `anvil` or `hardhat` for the time of a `with` block, mining on each
    transaction. Hardhat is for our own tests: its accounts and chain are in tools/.

    `options` go to its command line as they are; `hardfork`: the level of its EVM;
    `chain_id`: another one than the usual.
    The node hangs on `tools/leash.py`, which ends it when this process is gone, however it went.
    """
    if name not in CHAIN_IDS:
        raise DokkaebiError("node_unknown", name=name, known=", ".join(CHAIN_IDS))
    with tempfile.TemporaryDirectory(prefix="dokkaebi-node-") as folder:
        id_ = chain_id or CHAIN_IDS[name]
        process, url = _launch(name, port, Path(folder), id_, [*options, *_level(name, hardfork)])
        try:
            yield Node(name, url)
        finally:
            _stop(process)


def _launch(
    name: str, port: int | None, folder: Path, chain_id: int, options: Sequence[str]
) -> tuple[subprocess.Popen[bytes], str]:
    said = ""
    if port is not None and not _is_free(port):
        raise DokkaebiError("node_port_taken", port=port)
    for _ in range(1 if port else TRIES):  # a free port may be taken before the node has it
        number = port or _free_port()
        log = folder / "stderr"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [*_command(name, number, chain_id), *options],
                stdin=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, "DOKKAEBI_NODE_QUIET": "1", "TMPDIR": str(folder)},
            )
        url = f"http://127.0.0.1:{number}"
        try:
            if _answers(process, url, chain_id):
                return process, url
        except BaseException:
            _stop(process)
            raise
        _stop(process)
        said = log.read_text(encoding="utf-8", errors="replace").strip()[-300:]
    raise DokkaebiError("node_not_started", name=name, problem=said or "—")


def _command(name: str, port: int, chain_id: int) -> list[str]:
    leash = project_root() / "tools" / "leash.py"
    # Isolated and without site packages: the leash needs neither, and starts at once.
    command = [sys.executable, "-I", "-S", str(leash), name]
    phrase = TEST_PHRASES["test"]
    if name == "ganache":
        return [
            *command,
            *("--server.host", "127.0.0.1", "--server.port", str(port)),
            *("--chain.chainId", str(chain_id), "--chain.networkId", str(chain_id)),
            *("--wallet.mnemonic", phrase),
            *("--wallet.totalAccounts", str(ACCOUNTS), "--wallet.defaultBalance", str(COINS_EACH)),
            *("--miner.blockGasLimit", "30000000"),
        ]
    if name == "hardhat":
        return [*command, "node", "--hostname", "127.0.0.1", "--port", str(port)]
    return [
        *command,
        *("--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id)),
        *("--mnemonic", phrase, "--accounts", str(ACCOUNTS)),
        *("--balance", str(COINS_EACH), "--gas-limit", "30000000", "--quiet"),
    ]


def _level(name: str, hardfork: str) -> list[str]:
    options = {"ganache": "--chain.hardfork", "anvil": "--hardfork"}
    return [options[name], hardfork] if name in options else []


def _answers(process: subprocess.Popen[bytes], url: str, chain_id: int) -> bool:
    """Waits until the node answers; False if it ended before."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        port = int(url.rsplit(":", 1)[1])
        with socket.socket() as probe:
            listening = probe.connect_ex(("127.0.0.1", port)) == 0
        if listening:
            try:
                right = Chain(url).chain_id == chain_id
            except RpcUnreachable:
                right = False
            # A node that lost its port to another one ends by itself right after its start.
            return right and process.poll() is None
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
