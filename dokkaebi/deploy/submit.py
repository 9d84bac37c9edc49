"""Publishes the sources of a deployed market at a service, contract by contract. Each step is in
the manifest before and after it is taken, so a run that was ended is taken up where it stopped:
what a service has taken isn't submitted again, and where its answer was lost, it is asked first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from dokkaebi.chain.manifest import (
    FAILED,
    SUBMITTED,
    VERIFIED,
    Manifest,
    Verification,
    load_manifest,
    save_manifest,
)
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.services import (
    DONE,
    PENDING,
    REFUSED,
    UNINDEXED,
    Answer,
    Job,
    Later,
    Service,
    open_service,
)
from dokkaebi.deploy.verify import constructor_data, deployed_compiler, deployed_inputs
from dokkaebi.errors import DokkaebiError

if TYPE_CHECKING:
    from dokkaebi.deploy.apply import Say

# A service that can't answer now is asked so often, with pauses that grow, seconds.
ATTEMPTS = 6
PAUSE, PAUSE_MAX = 1.0, 60.0
# Between two requests: Etherscan allows three a second to a free key.
GAP = 0.4
# How often jobs are looked at, and with what pauses: about ten minutes in all.
LOOKS = 40
LOOK_PAUSE, LOOK_PAUSE_MAX = 3.0, 20.0
# A contract that was made a moment ago isn't known everywhere yet.
INDEX_ATTEMPTS = 8
INDEX_PAUSE = 15.0
# What is returned for a contract that the service still didn't know at the end.
WAITING = "waiting"


def submit(
    manifest_path: Path,
    chain_id: int,
    service: str,
    url: str | None = None,
    say: Say = lambda key, values: None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Submits every contract of a manifest that isn't published at a service yet, and waits for its
    verdict; how each ended: `verified`, `failed`, `submitted` where it is still at work after ten
    minutes, `waiting` where it doesn't know the contract yet. Call it again for the last two, and
    for what failed once that is mended.

    `service`: one of `SERVICES`; `url`: another address of it. Etherscan's key is taken from the
    environment. Errors: `verify_other_chain`, `verify_sources_differ`, `verify_submitting`,
    `verify_unreachable`, `verify_too_often`, `verify_garbage`, `verify_key_wrong`,
    `verify_chain_unsupported`, those of `open_service`; what was reached before is in the manifest.
    """
    place = open_service(service, chain_id, url)
    try:
        with FileLock(manifest_path.with_suffix(".verify.lock"), timeout=0):
            run = _Run(manifest_path, chain_id, service, place, say, sleep)
            return run.all()
    except Timeout:
        raise DokkaebiError("verify_submitting", path=str(manifest_path)) from None


class _Run:
    """One call of `submit`."""

    def __init__(
        self,
        path: Path,
        chain_id: int,
        service: str,
        place: Service,
        say: Say,
        sleep: Callable[[float], None],
    ) -> None:
        self._path = path
        self._service = service
        self._place = place
        self._say = say
        self._sleep = sleep
        manifest = load_manifest(path)
        if manifest.chain_id != chain_id:
            raise DokkaebiError("verify_other_chain", manifest=manifest.chain_id, chain=chain_id)
        self._jobs = jobs_of(manifest)
        self._states = {
            name: deployment.verification.get(service)
            for name, deployment in manifest.contracts.items()
        }

    def all(self) -> dict[str, str]:
        """Submits all, then looks until all have ended."""
        unindexed = [name for name in self._jobs if not self._begin(name)]
        for _ in range(INDEX_ATTEMPTS):
            if not unindexed:
                break
            self._say("verify_unindexed", {"contract": unindexed[0], "service": self._service})
            self._sleep(INDEX_PAUSE)
            unindexed = [name for name in unindexed if not self._begin(name)]
        self._wait()
        return {name: state.state if state else WAITING for name, state in self._states.items()}

    def _begin(self, name: str) -> bool:
        """Submits a contract, unless that was done; False if the service doesn't know it yet."""
        state = self._states[name]
        if state is not None and state.state == VERIFIED:
            self._tell("verify_was_published", name)
            return True
        if state is not None and state.state == SUBMITTED and state.id:
            return True
        # A run that ended while it submitted: the service may have it, under an id it didn't tell.
        taken = state is not None and state.state == SUBMITTED
        answer = self._patiently(lambda again: self._submit(name, taken or again))
        return self._note(name, answer)

    def _submit(self, name: str, taken: bool) -> Answer:
        job = self._jobs[name]
        if taken and self._place.has(job.address):
            return Answer(DONE)
        self._save(name, SUBMITTED, "")
        self._tell("verify_submitting_contract", name)
        return self._place.submit(job)

    def _wait(self) -> None:
        pause = LOOK_PAUSE
        for _ in range(LOOKS):
            waiting = [n for n, s in self._states.items() if s and s.state == SUBMITTED]
            if not waiting:
                return
            self._sleep(pause)
            pause = min(pause * 1.5, LOOK_PAUSE_MAX)
            for name in waiting:
                self._look(name)

    def _look(self, name: str) -> None:
        state = self._states[name]
        id_ = state.id if state else ""
        self._note(name, self._patiently(lambda again: self._place.look(id_)))

    def _note(self, name: str, answer: Answer) -> bool:
        """Writes down what a service answered; False if it doesn't know the contract yet."""
        before = self._states[name]
        if answer.state == UNINDEXED:
            # It took nothing, and there is nothing to look at.
            self._save(name, None, "")
            return False
        if answer.state == PENDING and before is not None and answer.id != before.id:
            self._save(name, SUBMITTED, answer.id)
        if answer.state == DONE:
            self._save(name, VERIFIED, answer.id or (before.id if before else ""))
            self._tell("verify_published", name)
        if answer.state == REFUSED:
            self._save(name, FAILED, answer.id)
            self._tell("verify_refused", name, problem=answer.problem)
        return True

    def _patiently(self, ask: Callable[[bool], Answer]) -> Answer:
        """Asks until there is an answer. The argument says whether what was sent before may have
        arrived; what the service says at last, if it never answers, is raised."""
        from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

        taken = False

        def pause(state: RetryCallState) -> float:
            problem = state.outcome.exception() if state.outcome else None
            wanted = problem.seconds if isinstance(problem, Later) else 0.0
            return max(wanted, min(PAUSE * 2.0 ** (state.attempt_number - 1), PAUSE_MAX))

        def tell(state: RetryCallState) -> None:
            problem = state.outcome.exception() if state.outcome else None
            self._say("verify_pause", {"service": self._service, "problem": str(problem)})

        for attempt in Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=pause,
            retry=retry_if_exception_type(Later),
            sleep=self._sleep,
            before_sleep=tell,
            reraise=True,
        ):
            with attempt:
                self._sleep(GAP)
                try:
                    return ask(taken)
                except Later as problem:
                    taken = taken or problem.taken
                    raise
        raise AssertionError("an attempt returns or raises")

    def _tell(self, key: str, name: str, **values: object) -> None:
        self._say(key, {"contract": name, "service": self._service, **values})

    def _save(self, name: str, state: str | None, id_: str) -> None:
        """Writes a state into the manifest as it is by now: a desk may have come to it."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        new = Verification(state, id_, at) if state else None
        manifest = load_manifest(self._path)
        deployment = manifest.contracts[name]
        others: Mapping[str, Verification] = {
            service: one
            for service, one in deployment.verification.items()
            if service != self._service
        }
        verification = {**others, self._service: new} if new else others
        contracts = {
            **manifest.contracts,
            name: replace(deployment, verification=verification),
        }
        save_manifest(self._path, replace(manifest, contracts=contracts))
        self._states[name] = new


def jobs_of(manifest: Manifest) -> dict[str, Job]:
    """What there is to submit of a manifest, by the names there. Raises `verify_sources_differ`."""
    compiler = deployed_compiler(manifest)
    return {
        name: Job(
            contract=name,
            address=manifest.contracts[name].address,
            transaction_hash=manifest.contracts[name].transaction_hash,
            identifier=one.identifier,
            input=one.document,
            text=one.text,
            arguments=constructor_data(load_artifact(one.contract), manifest.contracts[name]).hex(),
            compiler=compiler,
        )
        for name, one in deployed_inputs(manifest).items()
    }
