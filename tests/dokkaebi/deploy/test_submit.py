"""Publishing sources: three protocols, what goes wrong on the way, and runs that are ended."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.manifest import Manifest, Verification, load_manifest, save_manifest
from dokkaebi.config import project_root
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.plan import keccak_text
from dokkaebi.deploy.services import SERVICES
from dokkaebi.deploy.sources import Sources
from dokkaebi.deploy.submit import ATTEMPTS, INDEX_ATTEMPTS, LOOKS, submit
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t
from tests.dokkaebi.deploy.explorers import CHAIN, KEY, Explorer, start_explorer

NAMES = ("CommunityToken", "CreationRegistry")
PATHS = {"sourcify": "", "etherscan": "/v2/api", "blockscout": "/api"}
VERIFIED = dict.fromkeys(NAMES, "verified")


@pytest.fixture
def explorer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Explorer]:
    monkeypatch.setenv("DOKKAEBI_ETHERSCAN_KEY", KEY)
    with start_explorer() as running:
        yield running


@pytest.fixture
def path(manifest_file: Path, tmp_path: Path) -> Path:
    """A manifest with two contracts."""
    manifest = load_manifest(manifest_file)
    contracts = {name: manifest.contracts[name] for name in NAMES}
    target = tmp_path / "deployments" / "1337.json"
    save_manifest(target, replace(manifest, contracts=contracts))
    return target


class Run:
    """One call, which waits for nothing."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.slept: list[float] = []

    def __call__(
        self, path: Path, service: str, explorer: Explorer, chain: int = CHAIN
    ) -> dict[str, str]:
        return submit(
            path, chain, service, explorer.url + PATHS[service], self._say, self.slept.append
        )

    def error(self, path: Path, service: str, explorer: Explorer, chain: int = CHAIN) -> str:
        with pytest.raises(DokkaebiError) as caught:
            self(path, service, explorer, chain)
        for lang in ("en", "ko"):
            said = t(caught.value.key, lang, **caught.value.details)
            assert "{" not in said
            assert caught.value.key not in said
            assert KEY not in said
        assert KEY not in repr(caught.value.details)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return caught.value.key

    def _say(self, key: str, values: Any) -> None:
        self.told.append(key)
        for lang in ("en", "ko"):
            assert "{" not in t(key, lang, **values)
            assert KEY not in t(key, lang, **values)


@pytest.fixture
def run() -> Run:
    return Run()


def states(path: Path, service: str) -> dict[str, Verification | None]:
    return {n: d.verification.get(service) for n, d in load_manifest(path).contracts.items()}


def places(path: Path) -> list[str]:
    return [deployment.address for deployment in load_manifest(path).contracts.values()]


@pytest.mark.parametrize("service", SERVICES)
def test_sources_are_published(path: Path, run: Run, explorer: Explorer, service: str) -> None:
    before = load_manifest(path)
    assert run(path, service, explorer) == VERIFIED
    assert explorer.posts() == places(path)
    for job, (name, deployment) in zip(explorer.jobs, before.contracts.items(), strict=True):
        mine = Sources().compiler_input(name)
        assert job.document == mine.document
        assert job.identifier == mine.identifier
        if job.arguments is not None:
            init_code = load_artifact(name).init_code + bytes.fromhex(job.arguments)
            assert keccak_text(init_code) == deployment.init_code_hash
        state = states(path, service)[name]
        assert state is not None
        assert (state.state, state.id) == ("verified", job.id)
        assert state.at.endswith("+00:00")
    # Nothing else of the manifest has changed.
    after = load_manifest(path)
    bare = {name: replace(d, verification={}) for name, d in after.contracts.items()}
    assert replace(after, contracts=bare) == before
    assert run.told.count("verify_published") == 2


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_published_is_not_submitted_again(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    run(path, service, explorer)
    asked = len(explorer.requests)
    assert run(path, service, explorer) == VERIFIED
    assert len(explorer.requests) == asked
    # Nor is it where the manifest knows nothing of it.
    explorer.published = {*places(path)}
    forgotten = load_manifest(path)
    contracts = {n: replace(d, verification={}) for n, d in forgotten.contracts.items()}
    save_manifest(path, replace(forgotten, contracts=contracts))
    assert run(path, service, explorer) == VERIFIED
    assert len(explorer.jobs) == 2


def test_services_are_kept_apart(path: Path, run: Run, explorer: Explorer) -> None:
    for service in SERVICES:
        explorer.published.clear()
        assert run(path, service, explorer) == VERIFIED
    assert len(explorer.jobs) == 6
    kept = load_manifest(path).contracts[NAMES[0]].verification
    assert tuple(kept) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_a_mismatch_is_told_and_may_be_tried_again(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    first, _ = places(path)
    explorer.refuses = {first}
    assert run(path, service, explorer) == {**VERIFIED, NAMES[0]: "failed"}
    assert run.told.count("verify_refused") == 1
    state = states(path, service)[NAMES[0]]
    assert state is not None
    assert state.state == "failed"
    explorer.refuses = set()
    assert run(path, service, explorer) == VERIFIED
    assert explorer.posts().count(first) == 2


@pytest.mark.parametrize("service", SERVICES)
def test_a_long_queue_is_waited_for_but_not_for_ever(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    explorer.pending = LOOKS
    assert run(path, service, explorer) == dict.fromkeys(NAMES, "submitted")
    assert 300 < sum(run.slept) < 1200
    assert run(path, service, explorer) == VERIFIED
    assert len(explorer.jobs) == 2


@pytest.mark.parametrize("service", ["etherscan", "blockscout"])
def test_a_contract_that_is_not_known_yet_is_waited_for(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    first, second = places(path)
    explorer.unknown = {first: INDEX_ATTEMPTS, second: 1}
    assert run(path, service, explorer) == VERIFIED
    assert len(explorer.jobs) == 2
    assert run.told.count("verify_unindexed") == INDEX_ATTEMPTS


def test_a_contract_that_stays_unknown_is_left_for_later(
    path: Path, run: Run, explorer: Explorer
) -> None:
    first, _ = places(path)
    explorer.unknown = {first: INDEX_ATTEMPTS + 1}
    assert run(path, "etherscan", explorer) == {**VERIFIED, NAMES[0]: "waiting"}
    assert states(path, "etherscan")[NAMES[0]] is None
    assert run(path, "etherscan", explorer) == VERIFIED


TOO_OFTEN = {
    "sourcify": (429, {"message": "Too many requests"}),
    "etherscan": (
        200,
        {
            "status": "0",
            "message": "NOTOK",
            "result": "Max rate limit reached, please use API Key for higher rate limit",
        },
    ),
    "blockscout": (429, {"message": "Too many requests"}),
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "trouble",
    [
        "too often",
        "drop",
        (500, {"message": "Internal"}),
        (503, b"<html>"),
        (200, b"<html>garbage"),
        (200, []),
        (302, b""),
    ],
    ids=str,
)
def test_trouble_that_passes_is_outlasted(
    path: Path, run: Run, explorer: Explorer, service: str, trouble: Any
) -> None:
    one = TOO_OFTEN[service] if trouble == "too often" else trouble
    explorer.disturbances = [one] * (ATTEMPTS - 1)
    assert run(path, service, explorer) == VERIFIED
    assert explorer.posts() == places(path)
    assert run.told.count("verify_pause") == ATTEMPTS - 1
    # Pauses grow, and one that was asked for is kept.
    waits = [seconds for seconds in run.slept[: 2 * ATTEMPTS - 2] if seconds >= 1]
    assert waits == sorted(waits)
    assert (waits[0] >= 7) is (isinstance(one, tuple) and one[0] == 429)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("trouble", "key"),
    [
        ("too often", "verify_too_often"),
        ("drop", "verify_unreachable"),
        ((502, b""), "verify_unreachable"),
        ((200, b"<html>garbage"), "verify_garbage"),
        ((200, {"unknown": 1}), "verify_garbage"),
    ],
    ids=str,
)
def test_trouble_that_stays_is_told_and_gone_on_from(
    path: Path, run: Run, explorer: Explorer, service: str, trouble: Any, key: str
) -> None:
    one = TOO_OFTEN[service] if trouble == "too often" else trouble
    explorer.disturbances = [one] * ATTEMPTS
    assert run.error(path, service, explorer) == key
    assert run(path, service, explorer) == VERIFIED
    assert explorer.posts() == places(path)


@pytest.mark.parametrize("service", SERVICES)
def test_a_lost_answer_to_a_submission_leads_to_no_second_one(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    explorer.pending = 0
    # Taken, but the answer is lost; meanwhile the service has done its work.
    explorer.disturbances = ["take"]
    original = explorer._take

    def take(*arguments: Any) -> Any:
        job = original(*arguments)
        explorer.published.add(job.address)
        return job

    explorer._take = take  # type: ignore[method-assign]
    assert run(path, service, explorer) == VERIFIED
    assert explorer.posts() == places(path)
    assert sum(request.startswith("POST") for request in explorer.requests) == 2


def test_sourcify_at_work_on_what_was_lost_is_waited_for(
    path: Path, run: Run, explorer: Explorer
) -> None:
    explorer.disturbances = ["take"]

    def sleep(seconds: float) -> None:
        run.slept.append(seconds)
        if seconds >= 7:
            explorer.finish()

    done = submit(path, CHAIN, "sourcify", explorer.url, run._say, sleep)
    assert done == VERIFIED
    assert explorer.posts() == places(path)


def test_nobody_there_is_told(path: Path, run: Run, explorer: Explorer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        explorer.url = f"http://127.0.0.1:{free.getsockname()[1]}"
    for service in SERVICES:
        assert run.error(path, service, explorer) == "verify_unreachable"


def test_the_key_stays_secret(
    path: Path,
    run: Run,
    explorer: Explorer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert run(path, "etherscan", explorer) == VERIFIED
    assert any(KEY in request for request in explorer.requests)
    seen = len(explorer.requests)
    assert run(path, "blockscout", explorer)
    assert not any(KEY in request for request in explorer.requests[seen:])
    explorer.published.clear()
    save_manifest(path, _forgotten(path))
    # A wrong one, which the service repeats.
    monkeypatch.setenv("DOKKAEBI_ETHERSCAN_KEY", f"{KEY}WRONG")
    assert run.error(path, "etherscan", explorer) == "verify_key_wrong"
    said = capfd.readouterr()
    assert "urllib3" in caplog.text
    for text in (caplog.text, said.out, said.err, path.read_text("utf-8")):
        assert KEY not in text


def _forgotten(path: Path) -> Manifest:
    manifest = load_manifest(path)
    contracts = {n: replace(d, verification={}) for n, d in manifest.contracts.items()}
    return replace(manifest, contracts=contracts)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Invalid API Key", "verify_key_wrong"),
        ("Missing/Invalid API Key", "verify_key_wrong"),
        ("Too many invalid api key attempts, please try again later", "verify_key_wrong"),
        ("Free API access is not supported for this chain.", "verify_chain_unsupported"),
        ("Missing or unsupported chainid parameter", "verify_chain_unsupported"),
    ],
)
def test_what_no_waiting_mends_is_told_at_once(
    path: Path, run: Run, explorer: Explorer, said: str, key: str
) -> None:
    explorer.disturbances = [(200, {"status": "0", "message": "NOTOK", "result": said})]
    assert run.error(path, "etherscan", explorer) == key
    assert "verify_pause" not in run.told
    assert run(path, "etherscan", explorer) == VERIFIED


def test_a_chain_that_sourcify_does_not_serve_is_told(
    path: Path, run: Run, explorer: Explorer
) -> None:
    save_manifest(path, replace(load_manifest(path), chain_id=5))
    assert run.error(path, "sourcify", explorer, chain=5) == "verify_chain_unsupported"


def test_what_cannot_be_submitted_is_refused(
    path: Path, run: Run, explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.error(path, "sourcify", explorer, chain=1) == "verify_other_chain"
    for service in SERVICES:
        with pytest.raises(DokkaebiError) as caught:
            submit(path, CHAIN, service)
        assert caught.value.key == "verify_service_elsewhere"
    with pytest.raises(DokkaebiError) as caught:
        submit(path, CHAIN, "elsewhere", explorer.url)
    assert caught.value.key == "verify_service_unknown"
    manifest = load_manifest(path)
    other = replace(manifest.contracts[NAMES[1]], compiler_input_hash="0x" + 64 * "1")
    save_manifest(path, replace(manifest, contracts={**manifest.contracts, NAMES[1]: other}))
    assert run.error(path, "sourcify", explorer) == "verify_sources_differ"
    monkeypatch.delenv("DOKKAEBI_ETHERSCAN_KEY")
    assert run.error(path, "etherscan", explorer) == "verify_key_missing"
    assert explorer.requests == []


def test_a_manifest_of_the_first_schema_can_be_submitted(
    path: Path, run: Run, explorer: Explorer
) -> None:
    document = json.loads(path.read_text("utf-8"))
    document["schema"] = 1
    for name in ("commit", "compiler"):
        del document[name]
    for entry in document["contracts"].values():
        for name in ("runtime_masked_hash", "compiler_input_hash", "verification"):
            del entry[name]
    path.write_text(json.dumps(document), "utf-8")
    assert load_manifest(path).compiler == ""
    assert run(path, "etherscan", explorer) == VERIFIED
    assert json.loads(path.read_text("utf-8"))["schema"] == 2


PROGRAM = """
import sys
from pathlib import Path
from dokkaebi.deploy.submit import submit
submit(Path(sys.argv[1]), 1337, sys.argv[2], sys.argv[3], print)
"""


def killed(path: Path, service: str, explorer: Explorer, when: Callable[[], bool]) -> str:
    """Starts a run of its own, and kills it at a moment; all that it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, path, service, explorer.url + PATHS[service]],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(project_root())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = time.monotonic() + 60
    while not when() and time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    assert when()
    process.send_signal(signal.SIGKILL)
    said = process.communicate()[0]
    assert KEY not in said
    return said


@pytest.mark.parametrize("service", SERVICES)
def test_a_run_killed_while_it_submits_is_taken_up(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    first, second = places(path)
    # The second submission arrives, and its answer never comes.
    explorer.hold = second
    killed(path, service, explorer, lambda: explorer.posts() == [first, second])
    before = states(path, service)
    assert [(s.state, bool(s.id)) for s in before.values() if s] == [
        ("submitted", True),
        ("submitted", False),
    ]
    explorer.finish()
    assert run(path, service, explorer) == VERIFIED
    assert explorer.posts() == [first, second]
    assert sum(request.startswith("POST") for request in explorer.requests) == 2


@pytest.mark.parametrize("service", SERVICES)
def test_a_run_killed_while_it_waits_is_taken_up(
    path: Path, run: Run, explorer: Explorer, service: str
) -> None:
    explorer.pending = 3
    ids = ["job0", "job1"]
    killed(
        path,
        service,
        explorer,
        lambda: [s.id for s in states(path, service).values() if s] == ids,
    )
    assert run(path, service, explorer) == VERIFIED
    assert len(explorer.jobs) == 2


def test_two_runs_at_once_are_refused(path: Path, run: Run, explorer: Explorer) -> None:
    explorer.pending = 1000
    seen: list[str] = []

    def sleep(seconds: float) -> None:
        if not seen:
            seen.append(run.error(path, "sourcify", explorer))

    submit(path, CHAIN, "sourcify", explorer.url, sleep=sleep)
    assert seen == ["verify_submitting"]
    assert len(explorer.jobs) == 2
