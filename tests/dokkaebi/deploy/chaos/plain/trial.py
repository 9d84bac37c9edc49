"""One fault against one way to deploy: the plain script, or ours; then the operator runs it again
if it failed. What is on the chain and what is written down is counted afterwards."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dokkaebi.config import project_root
from dokkaebi.deploy.apply import Patience
from dokkaebi.deploy.artifacts import load_suite
from dokkaebi.journal import read_journal
from tests.dokkaebi.deploy.chaos.faults import Pick, Request, at_sending, no_fault
from tests.dokkaebi.deploy.chaos.run import KEY, attempt, test_account
from tests.dokkaebi.deploy.chaos.world import World, open_world

# Long enough for a reorg of three blocks to take back what was seen a moment ago.
BLOCK_SECONDS = 1.0
HANG_SECONDS = 90.0
PATIENCE = Patience(look=0.5, bump=10.0, step=45.0)
ATTEMPTS = 2
FULL_DISK_BYTES = 20_000
NODE = "anvil"
DISK_FULL = "disk full"
# At which of the five transactions; a reorg at the first would have nothing to take back.
SENDINGS = (2, 4)
FAULTS: Mapping[str, Callable[[int], Pick]] = {
    "none": lambda sending: no_fault,
    "killed after sending": lambda sending: at_sending(sending, "kill after"),
    "answer lost": lambda sending: at_sending(sending, "answer lost"),
    "answered late": lambda sending: at_sending(sending, "answered late"),
    "sent twice": lambda sending: at_sending(sending, "sent twice"),
    "'nonce too low'": lambda sending: at_sending(sending, "nonce too low"),
    "'already known'": lambda sending: at_sending(sending, "already known"),
    "'underpriced'": lambda sending: at_sending(sending, "underpriced"),
    "accepted, never mined": lambda sending: at_sending(sending, "swallowed"),
    "reorg of 3 blocks": lambda sending: at_sending(sending, "reorg 3"),
    "nonce behind": lambda sending: _nonce(sending, "latest behind"),
    "pending nonce ahead": lambda sending: _nonce(sending, "pending ahead"),
    DISK_FULL: lambda sending: no_fault,
}


class Found(NamedTuple):
    """After it all: contracts created a second time, contracts that nothing names, names of what
    isn't there, attempts that hung, and whether it isn't done."""

    twice: int
    lost: int
    wrong: int
    hung: int
    undone: int


Ended = str
Attempt = Callable[[World, Path, bool], Ended]


def trial(fault: str, sending: int, folder: Path, way: str) -> Found:
    """Plays a fault against a `way`, `plain` or `ours`."""
    run, records = WAYS[way]
    with open_world(NODE) as world, world.slow_blocks(BLOCK_SECONDS):
        ended = Counter[str]()
        last = ""
        for number in range(ATTEMPTS):
            world.faults.load(no_fault if number else FAULTS[fault](sending))
            last = run(world, folder, not number and fault == DISK_FULL)
            ended[last] += 1
            if last == "done":
                break
        world.faults.load(no_fault)
        time.sleep(2 * BLOCK_SECONDS)
        return _found(world, *records(folder), hung=ended["hung"], done=last == "done")


def _nonce(sending: int, lie: str) -> Pick:
    """A lie to all who ask for a nonce before a transaction is sent, from the one before on."""
    sent = 0

    def pick(request: Request) -> str:
        nonlocal sent
        sent = max(sent, request.sending)
        return lie if sent == sending - 1 else ""

    return pick


# Ways to deploy


def _plain(world: World, folder: Path, full: bool) -> Ended:
    if not (folder / "contracts").exists():
        _make_project(folder)
    log = (folder / "log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "launcher", "run", "deploy", "--network", "local"],
        cwd=folder,
        env=os.environ | {"DOKKAEBI_ROOT": str(folder), "DOKKAEBI_RPC_LOCAL": world.url},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=_fill_disk if full else None,
    )
    world.faults.aim(process.pid)
    return _ended(process)


def _make_project(folder: Path) -> None:
    root = project_root()
    for name in ("contracts", "interfaces", "node_modules", ".solcx"):
        (folder / name).symlink_to(root / name)
    # Under its own name it would hide Brownie from itself.
    shutil.copy(root / "tools" / "brownie.py", folder / "launcher")
    shutil.copytree(root / "build", folder / "build", ignore=shutil.ignore_patterns("deployments"))
    shutil.copy(root / "brownie-config.yaml", folder)
    networks = (root / "networks.yaml").read_text("utf-8")
    (folder / "networks.yaml").write_text(networks.replace("chainid: 1337", "chainid: 31337"))
    (folder / "scripts").mkdir()
    shutil.copy(Path(__file__).with_name("script.py"), folder / "scripts" / "deploy.py")


def _ours(world: World, folder: Path, full: bool) -> Ended:
    process = subprocess.Popen(
        [sys.executable, "-m", __spec__.name, world.url, str(folder)],
        cwd=project_root(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_fill_disk if full else None,
    )
    world.faults.aim(process.pid)
    return _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> Ended:
    try:
        return "failed" if process.wait(HANG_SECONDS) else "done"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "hung"


def _fill_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_DISK_BYTES, FULL_DISK_BYTES))


# What each writes down: addresses it names in any file, and those it calls the market


def _plain_records(folder: Path) -> tuple[set[str], set[str]]:
    named = {path.stem.lower() for path in (folder / "build" / "deployments").glob("*/0x*.json")}
    market = set()
    if (folder / "deployed.json").exists() and (text := (folder / "deployed.json").read_text()):
        market = {address.lower() for address in json.loads(text).values()}
    return named | market, named | market


def _our_records(folder: Path) -> tuple[set[str], set[str]]:
    entries = read_journal(folder / "manifest.journal")
    steps = entries[0]["plan"]["steps"] if entries else []
    market = set()
    if (folder / "manifest.json").exists():
        contracts = json.loads((folder / "manifest.json").read_text())["contracts"]
        market = {one["address"].lower() for one in contracts.values()}
    return {step["address"].lower() for step in steps} | market, market


WAYS: dict[str, tuple[Attempt, Callable[[Path], tuple[set[str], set[str]]]]] = {
    "plain": (_plain, _plain_records),
    "ours": (_ours, _our_records),
}


def _found(world: World, named: set[str], market: set[str], *, hung: int, done: bool) -> Found:
    created = Counter[str]()
    lost = 0
    for contract, address in _created(world):
        created[contract] += 1
        lost += address not in named
    twice = sum(count - 1 for count in created.values())
    wrong = sum(not world.chain.code(address) for address in market)
    return Found(twice, lost, wrong, hung, not done)


def _created(world: World) -> Iterator[tuple[str, str]]:
    """The contracts that the key has put on the chain: name and address."""
    from dokkaebi.deploy.plan import create2_address

    artifacts, account = load_suite(), test_account(KEY, world.chain.chain_id).address.lower()
    for number in range(world.begin, world.chain.block_number + 1):
        block = world.chain.raw("eth_getBlockByNumber", [hex(number), True])
        for sent in block["transactions"]:
            receipt = world.chain.receipt(sent["hash"])
            if sent["from"].lower() != account or not receipt or not int(receipt["status"], 16):
                continue
            data = bytes.fromhex(sent["input"][2:])
            salt, code = (data[:32], data[32:]) if sent["to"] else (b"", data)
            name = next(n for n, one in artifacts.items() if code.startswith(one.init_code))
            made = receipt["contractAddress"]
            place = create2_address(sent["to"], salt, code) if sent["to"] else made
            yield name, place.lower()


if __name__ == "__main__":
    from dokkaebi.chain.rpc import Chain

    attempt(Chain(sys.argv[1]), Path(sys.argv[2]), PATIENCE)
