"""One chaos run: a deployment that is killed, told lies, and whose chain is rewritten, again and
again, until it stands; and then equals an undisturbed one, with no contract too many."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dokkaebi.chain import endpoints
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import Manifest, check_manifest, load_manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable, connect
from dokkaebi.deploy import Site, apply_plan, journal
from dokkaebi.deploy.apply import Patience
from dokkaebi.deploy.plan import FACTORY
from dokkaebi.errors import DokkaebiError

KEY = "test:7"
ATTEMPTS = 80
BLOCK_SECONDS = 0.4
FAULT_RATE = 0.07
SENDING_RATE = 0.5
ANVIL_ID = 31337
FAULTS = (
    *("kill before", "kill after", "answer lost", "unreachable"),
    *("nonce too low", "already known", "underpriced", "sent twice"),
    *("nonce of the past", "reorg"),
)
# Errors that the next attempt may not find any more.
PASSING = {
    *("rpc_unreachable", "rpc_timeout", "rpc_refused", "deploy_waiting", "deploy_moves"),
    *("deploy_nonce_taken", "deploy_step_refused", "deploy_step_failed", "journal_unwritable"),
    *("contract_missing", "block_unknown"),
}


class Differs(AssertionError):  # noqa: N818 - a finding
    """A deployment that isn't what an undisturbed one is."""


class Faulty(Chain):
    """A node that fails as its dice say."""

    def __init__(self, url: str, dice: random.Random, rate: float) -> None:
        super().__init__(url)
        self._dice, self._rate = dice, rate

    def raw(self, method: str, params: Any = ()) -> Any:
        sends = method == "eth_sendRawTransaction"
        rate = SENDING_RATE if sends else self._rate
        fault = self._dice.choice(FAULTS) if self._dice.random() < rate else ""
        if fault == "kill before":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "unreachable":
            raise RpcUnreachable("rpc_unreachable", url="faulty")
        if sends and fault in {"nonce too low", "already known", "underpriced"}:
            if fault == "already known":
                super().raw(method, params)
            raise RpcRefused(method, -32000, f"transaction {fault}", "0x")
        if sends and fault == "sent twice" and self.chain_id == ANVIL_ID:
            # Ganache would mine it twice.
            super().raw(method, params)
            with suppress(RpcRefused):
                super().raw(method, params)
            return None
        if fault == "reorg" and sends:
            answer = super().raw(method, params)
            with suppress(RpcRefused):
                super().raw("anvil_reorg", [self._dice.randrange(1, 4), []])
            return answer
        answer = super().raw(method, params)
        if fault == "kill after":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "answer lost":
            raise RpcUnreachable("rpc_timeout", url="faulty", seconds=0)
        if fault == "nonce of the past" and method == "eth_getTransactionCount":
            return hex(max(int(answer, 16) - 1, 0))
        return answer


def site_in(folder: Path, chain: Chain) -> Site:
    """A site whose files are in a folder."""
    return Site(chain, folder / "manifest.json", folder / "documents")


def attempt(chain: Chain, folder: Path) -> None:
    """Deploys, or goes on with it."""
    apply_plan(
        site_in(folder, chain),
        open_key(KEY, chain.chain_id),
        say=lambda key, values: None,
        patience=Patience(look=0.05, bump=1.0, step=4.0),
    )


def chaos_run(seed: int, folder: Path, node_name: str) -> Counter[str]:
    """Plays one run; how its attempts ended.

    Raises Differs.
    """
    dice, seen = random.Random(seed), Counter[str]()
    with start_node(node_name) as node:
        chain = connect(node.url)
        begin = chain.block_number
        # Something for a reorg to take back that isn't ours.
        for _ in range(12):
            chain.raw("evm_mine")
        path = folder / "manifest.json"
        with _mined_now_and_then(node.url, node_name):
            for _ in range(ATTEMPTS):
                seen[_attempt_in_child(node.url, folder, random.Random(dice.random()))] += 1
                if path.exists():
                    with suppress(DokkaebiError):
                        check_manifest(load_manifest(path), chain)
                        break
                    # A reorg took something back after all stood: a later run mends it.
                    path.unlink()
            else:
                raise Differs(f"seed {seed}: not deployed after {ATTEMPTS}: {dict(seen)}")
        _compare(seed, chain, load_manifest(path), folder, begin)
    return seen


@contextmanager
def _mined_now_and_then(url: str, node_name: str) -> Iterator[None]:
    """Lets transactions wait for a block, as they do on a real chain."""
    chain, stopped = Chain(url), threading.Event()
    chain.raw(*(("evm_setAutomine", [False]) if node_name == "anvil" else ("miner_stop", [])))

    def mine() -> None:
        while not stopped.wait(BLOCK_SECONDS):
            chain.raw("evm_mine")

    miner = threading.Thread(target=mine)
    miner.start()
    try:
        yield
    finally:
        stopped.set()
        miner.join()
        chain.raw("evm_mine")


def _attempt_in_child(url: str, folder: Path, dice: random.Random) -> str:
    child = os.fork()
    if child == 0:
        os._exit(_child(url, folder, dice))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return {0: "deployed", 1: "gave up"}.get(os.waitstatus_to_exitcode(status), "crashed")


def _child(url: str, folder: Path, dice: random.Random) -> int:
    endpoints.WAIT_SECONDS = 0.005
    if dice.random() < 0.1:
        _fill_disk()
    _kill_while_writing(dice)
    try:
        attempt(Faulty(url, dice, FAULT_RATE), folder)
    except DokkaebiError as problem:
        if problem.key in PASSING:
            return 1
        print(f"{problem.key}: {problem}", flush=True)
        return 2
    except BaseException:
        import traceback

        traceback.print_exc()
        return 2
    return 0


def _kill_while_writing(dice: random.Random) -> None:
    """Ends the process at some writes of the journal: before, in the midst of it, or after."""
    write = journal._write

    def killing(path: Path, line: bytes) -> None:
        way = dice.choice(["before", "torn", "after"]) if dice.random() < 0.15 else ""
        if way == "torn":
            # On a full disk even less of it.
            with suppress(OSError), path.open("ab", buffering=0) as file:
                file.write(line[: dice.randrange(len(line))])
        elif way != "before":
            write(path, line)
        if way:
            os.kill(os.getpid(), signal.SIGKILL)

    journal._write = killing


def _fill_disk() -> None:
    """Lets files grow no further than a journal with an entry or two."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def _compare(seed: int, chain: Chain, found: Manifest, folder: Path, begin: int) -> None:
    """The contracts of an undisturbed deployment, each created once, by no more transactions."""
    entries = journal.read_journal(folder / "manifest.journal")
    planned = {step["contract"]: step for step in entries[0]["plan"]["steps"]}
    for name, deployment in found.contracts.items():
        if deployment.address != planned[name]["address"]:
            raise Differs(f"seed {seed}: {name} isn't where it was planned")
        if chain.block(deployment.block_number)["hash"] != deployment.block_hash:
            raise Differs(f"seed {seed}: {name} isn't in the block that the manifest names")
    account = open_key(KEY, chain.chain_id).address.lower()
    made = Counter[str]()
    for number in range(begin, chain.block_number + 1):
        block = chain.raw("eth_getBlockByNumber", [hex(number), True])
        for sent in block["transactions"]:
            if sent["from"].lower() == account:
                receipt = chain.receipt(sent["hash"])
                assert receipt is not None
                made["good" if int(receipt["status"], 16) else "failed"] += 1
    wanted = len(planned) if FACTORY in planned else len(found.contracts)
    # CREATE2 refuses a second creation, so a transaction too many would have failed.
    if made != Counter(good=wanted):
        raise Differs(f"seed {seed}: {dict(made)} transactions for {wanted} contracts")
