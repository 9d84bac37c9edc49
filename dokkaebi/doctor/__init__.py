"""Looks at everything that an operator needs, and says of each whether it is well.

A check that can't be made, since what it needs is missing or another one failed, is skipped and
says why; no check changes anything.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from dokkaebi.chain.assets import COIN_DECIMALS
from dokkaebi.chain.manifest import Manifest, check_manifest, load_manifest
from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.rpc import Chain, connect, shown_url
from dokkaebi.config import Settings, project_root
from dokkaebi.errors import DokkaebiError
from dokkaebi.findings import BAD, GOOD, SKIPPED, Finding
from dokkaebi.ledger.store import Identity, read_ledger
from dokkaebi.texts.figures import amount_text, size_text, span_text

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

PYTHON = (3, 11)
# Signatures and deadlines go wrong when the clock is this far off.
CLOCK_SECONDS = 60
# A head that is older says that the node has stopped, but for chains that mine on demand.
HEAD_SECONDS = 600
BEHIND_BLOCKS = 20
DISK_BYTES = 1 << 30


class Doctor:
    """One look. `open_key` gives the operator's key, or raises why there is none."""

    def __init__(
        self,
        settings: Settings,
        open_key: Callable[[int], Signer],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._open_key = open_key
        self._clock = clock

    def look(self) -> Iterator[Finding]:
        """Every finding, in the order in which things depend on each other."""
        checks = (
            self._python,
            self._compiled,
            self._disk,
            self._node,
            self._head,
            self._evm,
            self._key,
            self._contracts,
            self._ledger,
        )
        for check in checks:
            name = check.__name__.removeprefix("_")
            try:
                yield check(name)
            except _Skipped as why:
                yield Finding(name, SKIPPED, {"why": why.args[0]})
            except DokkaebiError as problem:
                yield Finding(name, BAD, {"problem": str(problem)})

    # What is here

    def _python(self, name: str) -> Finding:
        seen = sys.version_info[:2]
        facts = {"seen": ".".join(map(str, sys.version_info[:3]))}
        return Finding(name, GOOD if seen == PYTHON else BAD, facts)

    def _compiled(self, name: str) -> Finding:
        from dokkaebi.deploy.artifacts import load_suite

        return Finding(name, GOOD, {"count": len(load_suite())})

    def _disk(self, name: str) -> Finding:
        free = shutil.disk_usage(project_root()).free
        state = GOOD if free >= DISK_BYTES else BAD
        return Finding(name, state, {"free": size_text(free), "needed": size_text(DISK_BYTES)})

    # The chain

    @cached_property
    def _chain(self) -> Chain:
        try:
            return connect(self._settings.rpc, self._settings.rpc_requests_per_second)
        except DokkaebiError:
            raise _Skipped("node") from None

    def _node(self, name: str) -> Finding:
        # Told here, whatever else is skipped for it.
        chain = connect(self._settings.rpc, self._settings.rpc_requests_per_second)
        facts = {"url": shown_url(self._settings.rpc), "chain_id": chain.chain_id}
        return Finding(name, GOOD, facts)

    def _head(self, name: str) -> Finding:
        from dokkaebi.chain.networks import LOCAL_CHAIN_IDS

        header = self._chain.block()
        age = round(self._clock()) - int(header["timestamp"], 16)
        facts = {"block": int(header["number"], 16), "age": span_text(age)}
        if self._chain.chain_id in LOCAL_CHAIN_IDS:
            # It mines when it is asked, and its clock may be anything.
            return Finding(name, GOOD, facts)
        late = age > HEAD_SECONDS or age < -CLOCK_SECONDS
        return Finding(name, BAD if late else GOOD, facts)

    def _evm(self, name: str) -> Finding:
        from dokkaebi.chain.evm import evm_problem

        if (problem := evm_problem(self._chain)) is not None:
            chain_id = self._chain.chain_id
            raise DokkaebiError("chain_too_old", chain_id=chain_id, problem=problem)
        return Finding(name, GOOD)

    def _key(self, name: str) -> Finding:
        if self._settings.key is None:
            raise _Skipped("key")
        account = self._open_key(self._chain.chain_id)
        balance = self._chain.balance(account.address)
        symbol = coin_symbol(self._chain.chain_id)
        facts = {
            "address": account.address,
            "balance": amount_text(balance, COIN_DECIMALS, symbol),
        }
        return Finding(name, GOOD if balance else BAD, facts)

    # The market

    @cached_property
    def _manifest(self) -> Manifest:
        path = self._settings.manifest_path(self._chain.chain_id)
        if not path.exists():
            raise _Skipped("manifest")
        return load_manifest(path)

    def _contracts(self, name: str) -> Finding:
        manifest = self._manifest
        check_manifest(manifest, self._chain)
        return Finding(name, GOOD, {"count": len(manifest.contracts), "network": manifest.network})

    def _ledger(self, name: str) -> Finding:
        place = self._settings.database_place(self._chain.chain_id)
        try:
            with read_ledger(place, Identity.of(self._manifest)) as snapshot:
                cursor = snapshot.cursor
        except DokkaebiError as problem:
            if problem.key in {"ledger_missing", "ledger_empty"}:
                raise _Skipped("ledger") from None
            raise
        behind = self._chain.block_number - cursor.block_number
        facts = {"block": cursor.block_number, "behind": max(behind, 0)}
        return Finding(name, BAD if behind > BEHIND_BLOCKS else GOOD, facts)


class _Skipped(Exception):  # noqa: N818 - always caught
    """A check that can't be made; its argument says what is missing."""
