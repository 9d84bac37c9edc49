"""Documents are looked at in processes beside, as they are here; and those processes may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.board import notices as notices_module
from dokkaebi.board.limits import BoardLimits
from dokkaebi.board.looking import LookingBeside, LookingHere
from dokkaebi.board.notices import Posted
from dokkaebi.board.opening import open_notices
from dokkaebi.board.store import Store
from dokkaebi.chain.consent_files import consent_text
from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.board.conftest import Corner

BYTES_MAX = 20_000


@pytest.fixture
def beside(corner: Corner) -> Iterator[LookingBeside]:
    looking = LookingBeside(corner.stall.suite, BYTES_MAX)
    yield looking
    looking.close()


def plain(found: Any) -> Any:
    """An error as what people are told of it."""
    return (found.key, found.details) if isinstance(found, DokkaebiError) else found


def test_both_ways_say_the_same(corner: Corner, beside: LookingBeside) -> None:
    here = LookingHere(corner.stall.suite, BYTES_MAX)
    good = corner.offer()
    other = replace(good, signature=good.signature[:-1] + b"\x1d")
    unsaleable = corner.again(good, creation_id=12_345)
    bodies = [consent_text(one).encode() for one in (good, other, unsaleable)]
    bodies += [b"{}", b"\xff", b" " * (BYTES_MAX + 1)]
    read = here.read(bodies)
    assert [*map(plain, beside.read(bodies))] == [*map(plain, read)]
    consents = [found.consent for found in read if not isinstance(found, DokkaebiError)]
    usable = here.usable(consents)
    assert usable[0] is None
    assert all(usable[1:])
    assert [*map(plain, beside.usable(consents))] == [*map(plain, usable)]


def test_node_that_is_away_is_nobodys_fault(corner: Corner) -> None:
    suite = replace(corner.stall.suite, chain=Chain("http://127.0.0.1:1"))
    looking = LookingBeside(suite, BYTES_MAX)
    with pytest.raises(DokkaebiError) as seen:
        looking.read([b"{}"])
    assert seen.value.key == "board_node_silent"
    found = looking.usable([corner.offer()])
    assert [one and one.key for one in found] == ["board_node_silent"]
    looking.close()


def test_killed_process_is_replaced(corner: Corner, beside: LookingBeside) -> None:
    offer = corner.offer()
    assert beside.usable([offer]) == [None]
    before = multiprocessing.active_children()
    assert len(before) == beside.at_once
    for child in before:
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
    assert beside.usable([offer]) == [None]


def test_what_kills_it_every_time_is_given_up(beside: LookingBeside) -> None:
    with pytest.raises(DokkaebiError) as seen:
        beside._ask(os._exit, 3)  # type: ignore[arg-type]
    assert seen.value.key == "board_busy"
    assert beside.read([]) == []


def test_it_ends_with_whoever_began_it(corner: Corner, tmp_path: Path) -> None:
    """Killed by force, a server leaves no process behind."""
    script = tmp_path / "begin.py"
    manifest = tmp_path / "manifest.json"
    save_manifest(manifest, corner.stall.suite.manifest)
    script.write_text(
        "import multiprocessing, sys, time\n"
        "from pathlib import Path\n"
        "from dokkaebi.board.looking import LookingBeside\n"
        "from dokkaebi.chain.manifest import load_manifest\n"
        "from dokkaebi.chain.rpc import Chain\n"
        "from dokkaebi.chain.suite import Suite\n"
        "if __name__ == '__main__':\n"
        "    suite = Suite.open(Chain(sys.argv[1]), load_manifest(Path(sys.argv[2])))\n"
        "    looking = LookingBeside(suite, 1_000)\n"
        "    assert looking.read([]) == []\n"
        "    print(*[one.pid for one in multiprocessing.active_children()], flush=True)\n"
        "    time.sleep(600)\n"
    )
    url = corner.stall.suite.chain.url
    server = subprocess.Popen(
        [sys.executable, str(script), url, str(manifest)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(project_root())},
    )
    assert server.stdout is not None
    children = [int(pid) for pid in server.stdout.readline().split()]
    assert children
    server.kill()
    server.wait()
    until = time.monotonic() + 30
    while left := [pid for pid in children if Path(f"/proc/{pid}/cmdline").exists()]:
        # One that has ended stays in the list until init looks.
        left = [pid for pid in left if Path(f"/proc/{pid}/cmdline").read_bytes()]
        if not left:
            break
        assert time.monotonic() < until, left
        time.sleep(0.1)


def test_limits_hold_however_many_look(
    corner: Corner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was posted is answered, by two at once, and a key's limit is met exactly, though
    each of the two counts before the other has written."""
    suite, most = corner.stall.suite, 50
    count = Store.counts_of

    def slowly(self: Store, signers: Any) -> Any:
        found = count(self, signers)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(Store, "counts_of", slowly)
    monkeypatch.setattr(notices_module, "BATCH", 16)
    creation = corner.stall.create("test:1", suite.creation_market)
    offers = [corner.offer(creation=creation, nonce=1_000 + n) for n in range(most + 30)]
    bounds = BoardLimits(key_documents=most, documents_per_minute=10_000)
    place, folder = tmp_path / "other.sqlite3", tmp_path / "other"
    with open_notices(suite, place, folder, bounds, beside=True) as notices:
        waiting = [notices.post(consent_text(one).encode()) for one in offers]
        found = [one.exception() or one.result() for one in waiting]
        assert notices.store.counts()["documents"] == most
    good = [one for one in found if isinstance(one, Posted)]
    assert len(good) == most
    assert all(one.new and one.row is not None for one in good)
    keys = {one.key for one in found if isinstance(one, DokkaebiError)}
    assert keys == {"board_key_full"}
