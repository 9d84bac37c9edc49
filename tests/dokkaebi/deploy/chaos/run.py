"""One chaos run: a deployment that is killed, told lies, and whose chain is rewritten, again and
again, until it stands; and then equals an undisturbed one, with no contract too many."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dokkaebi import journal
from dokkaebi.chain import endpoints
from dokkaebi.chain.keys import TEST_ADDRESSES, open_key
from dokkaebi.chain.manifest import Manifest, check_manifest, load_manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import POOL
from dokkaebi.deploy import Site, apply_plan, plan
from dokkaebi.deploy.apply import Patience
from dokkaebi.deploy.init import init_market
from dokkaebi.deploy.site import open_minter
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.chaos.loop import Differs
from tests.dokkaebi.deploy.chaos import faults
from tests.dokkaebi.deploy.chaos.faults import Pick, by_dice, no_fault
from tests.dokkaebi.deploy.chaos.world import World, open_world

KEY = "test:7"
ATTEMPTS = 80
FAULT_RATE = 0.07
SENDING_RATE = 0.5
WRITE_RATE = 0.15
WRITES = ("kill before", "kill torn", "kill after", "disk full")
# Errors that the next attempt may not find any more.
PASSING = {
    *("rpc_unreachable", "rpc_timeout", "rpc_refused", "deploy_waiting", "deploy_moves"),
    *("deploy_nonce_taken", "deploy_step_refused", "deploy_step_failed", "journal_unwritable"),
    # The second: a reorg made a pool at another time, between two looks at it.
    *("contract_missing", "contract_other_code", "block_unknown"),
}
_FOLDER = TemporaryDirectory()
IMPATIENT = Patience(look=0.05, bump=0.7, step=3.0)
PATIENT = Patience(look=0.05, bump=0.7, step=20.0)
PickWrite = Callable[[int], str]
# What an undisturbed deployment puts where.
Facts = Mapping[str, tuple[Any, ...]]


def site_in(folder: Path, chain: Chain) -> Site:
    """A site whose files are in a folder, of a market that may stand on any chain."""
    return Site(chain, folder / "manifest.json", folder / "documents", _market_file())


@cache
def _market_file() -> Path:
    path = Path(_FOLDER.name) / "market.toml"
    init_market(path, {"rewards.guardian": TEST_ADDRESSES["test"][6]})
    return path


# Read and derived once, not by each of a thousand processes.
plan.load_suite = cache(plan.load_suite)
test_account = cache(open_key)


def attempt(chain: Chain, folder: Path, patience: Patience = IMPATIENT) -> None:
    """Deploys, or goes on with it."""
    apply_plan(
        site_in(folder, chain),
        test_account(KEY, chain.chain_id),
        say=lambda key, values: None,
        patience=patience,
    )


def reasons_in(folder: Path) -> Path:
    """Where the attempts of a run say why they gave up, a line each."""
    return folder / "gave-up"


def no_write_fault(number: int) -> str:
    """Leaves the journal's writes as they are."""
    return ""


def chaos_run(seed: int, folder: Path, node: str) -> Counter[str]:
    """Plays one run on a node; how its attempts ended.

    Raises Differs.
    """
    dice, seen = random.Random(seed), Counter[str]()
    facts = undisturbed_facts(node)
    with open_world(node) as world, world.slow_blocks():
        for _ in range(ATTEMPTS):
            one, other = random.Random(dice.random()), random.Random(dice.random())
            ended = attempt_in_child(
                world, folder, by_dice(one, FAULT_RATE, SENDING_RATE), _writes_by_dice(other)
            )
            seen[ended] += 1
            if stands(world, folder):
                break
        else:
            raise Differs(f"not deployed after {ATTEMPTS}: {dict(seen)}")
        compare(world, folder, facts)
    return seen


def stands(world: World, folder: Path) -> bool:
    """Whether the deployment is done; a manifest that a reorg has falsified is removed."""
    path = folder / "manifest.json"
    # A request on its way may rewrite the chain, or send what was given up.
    world.faults.load(no_fault)
    if not path.exists():
        return False
    try:
        manifest = load_manifest(path)
        check_manifest(manifest, world.chain)
        if open_minter(world.chain, manifest) is not None:
            raise DokkaebiError("contract_missing", contract=POOL)
    except DokkaebiError:
        # A reorg took something back after all stood: a later run mends it.
        path.unlink()
        return False
    return True


def attempt_in_child(
    world: World,
    folder: Path,
    pick: Pick,
    pick_write: PickWrite = no_write_fault,
    *,
    patience: Patience = IMPATIENT,
) -> str:
    """Deploys in a process of its own; how it ended."""
    world.faults.load(pick)
    child = os.fork()
    if child == 0:
        os._exit(_child(world.url, folder, pick_write, patience))
    world.faults.aim(child)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return {0: "deployed", 1: "gave up"}.get(os.waitstatus_to_exitcode(status), "crashed")


def _child(url: str, folder: Path, pick_write: PickWrite, patience: Patience) -> int:
    endpoints.WAIT_SECONDS = 0.005
    endpoints.REST_SECONDS = 0.0
    endpoints.TIMEOUT_SECONDS = faults.TIMEOUT_SECONDS  # type: ignore[assignment]
    _disturb_writes(pick_write)
    try:
        attempt(Chain(url), folder, patience)
    except DokkaebiError as problem:
        with reasons_in(folder).open("a") as file:
            file.write(f"{problem.key}\n")
        if problem.key in PASSING:
            return 1
        print(f"{problem.key}: {problem}", flush=True)
        return 2
    except BaseException:
        import traceback

        traceback.print_exc()
        return 2
    return 0


def _writes_by_dice(dice: random.Random) -> PickWrite:
    return lambda number: dice.choice(WRITES) if dice.random() < WRITE_RATE else ""


def _disturb_writes(pick: PickWrite) -> None:
    """Ends the process at a write of the journal, before, in the midst of it, or after; or lets
    the disk be full for the rest of its life, with half of the entry written."""
    write, numbers = journal._write, count(1)

    def disturbed(path: Path, line: bytes) -> None:
        way = pick(next(numbers))
        if way == "disk full":
            _fill_disk(path, len(line) // 2)
        if way == "kill torn":
            # On a full disk even less of it.
            with suppress(OSError), path.open("ab", buffering=0) as file:
                file.write(line[: len(line) // 2])
        elif way != "kill before":
            write(path, line)
        if way.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)

    journal._write = disturbed


def _fill_disk(path: Path, room: int) -> None:
    import resource

    size = (path.stat().st_size if path.exists() else 0) + room
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@cache
def undisturbed_facts(node: str) -> Facts:
    """What an undisturbed deployment puts where, on a chain of its own."""
    with open_world(node) as world, TemporaryDirectory() as folder:
        attempt(world.chain, Path(folder))
        return facts_of(load_manifest(Path(folder) / "manifest.json"))


def facts_of(manifest: Manifest) -> Facts:
    """What has to be equal: all but the transactions and blocks that put it there."""
    return {
        name: (
            one.address,
            one.init_code_hash,
            # A pool keeps when it was made.
            one.runtime_masked_hash if name == POOL else one.runtime_code_hash,
            dict(one.constructor_arguments),
        )
        for name, one in manifest.contracts.items()
    }


def compare(world: World, folder: Path, facts: Facts) -> None:
    """The contracts of an undisturbed deployment, each created once, by no more transactions, and
    the pool the token's minter."""
    found = load_manifest(folder / "manifest.json")
    if facts_of(found) != facts:
        raise Differs(f"{facts_of(found)} instead of {facts}")
    for name, deployment in found.contracts.items():
        if world.chain.block(deployment.block_number)["hash"] != deployment.block_hash:
            raise Differs(f"{name} isn't in the block that the manifest names")
    if open_minter(world.chain, found) is not None:
        raise Differs("the pool isn't the minter")
    steps = journal.read_journal(folder / "manifest.journal")[0]["plan"]["steps"]
    made = _transactions(world)
    # CREATE2 refuses a second creation, so a transaction too many would have failed.
    if made != Counter(good=len(steps)):
        raise Differs(f"{dict(made)} transactions for {len(steps)} contracts")


def _transactions(world: World) -> Counter[str]:
    account = test_account(KEY, world.chain.chain_id).address.lower()
    made, hashes = Counter[str](), set[str]()
    for number in range(world.begin, world.chain.block_number + 1):
        block = world.chain.raw("eth_getBlockByNumber", [hex(number), True])
        for sent in block["transactions"]:
            if sent["from"].lower() == account:
                receipt = world.chain.receipt(sent["hash"])
                assert receipt is not None
                ended = "good" if int(receipt["status"], 16) else "failed"
                # Ganache mines what it gets twice, once more under the same hash.
                made["again" if sent["hash"] in hashes else ended] += 1
                hashes.add(sent["hash"])
    return made
