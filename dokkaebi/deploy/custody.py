"""In whose hands an account is: a person's, several people's, or a contract's that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dokkaebi.chain.reader import ChainReader
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN, Abi, Contract, NoAnswer

PERSON, DELEGATED, SAFE, TIMELOCK, OTHER = "person", "delegated", "safe", "timelock", "other"
# EIP-7702: the code of a person's account that lent itself another's.
DELEGATION = bytes.fromhex("ef0100")
_DELEGATION_BYTES = 23
# OpenZeppelin's AccessControl: who may give and take every role.
_ADMIN_ROLE = bytes(32)


def _function(name: str, inputs: tuple[str, ...], output: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "inputs": [{"name": "", "type": kind} for kind in inputs],
        "outputs": [{"name": "", "type": output}] if output else [],
        "stateMutability": "view" if output else "nonpayable",
    }


SAFE_ABI: Abi = [
    _function("getOwners", (), "address[]"),
    _function("getThreshold", (), "uint256"),
    _function("isModuleEnabled", ("address",), "bool"),
]
_CALL = ("address", "uint256", "bytes", "bytes32", "bytes32")
TIMELOCK_ABI: Abi = [
    _function("getMinDelay", (), "uint256"),
    _function("hasRole", ("bytes32", "address"), "bool"),
    _function("PROPOSER_ROLE", (), "bytes32"),
    _function("EXECUTOR_ROLE", (), "bytes32"),
    _function("schedule", (*_CALL, "uint256"), ""),
    _function("execute", _CALL, ""),
]


@dataclass(frozen=True)
class Custody:
    """What an account is, and how one person commands it alone: `problem` names the sentence that
    says so, None if they don't."""

    kind: str
    problem: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class View:
    """A chain as it was at a block."""

    def __init__(self, chain: Chain, block: int | None = None) -> None:
        self.chain = chain
        self.block = chain.block_number if block is None else block
        self.reader = ChainReader(chain)

    @cached_property
    def block_hash(self) -> str | None:
        """The block's hash; once it was asked for, everything is read by it."""
        return self.reader.block_hash(self.block)

    def code(self, account: str) -> bytes:
        """An account's code."""
        return self.reader.code(account, self.block)

    def ask(self, contract: Contract, function: str, *arguments: object) -> Any:
        """What a function answers; None if it refuses or answers nonsense."""
        call = (contract.address, contract.encode(function, *arguments))
        (answer,) = self.reader.calls([call], self.block)
        try:
            return None if answer is None else contract.decode(function, answer)
        except NoAnswer:
            return None


def is_delegation(code: bytes) -> bool:
    """Whether code is only a person's delegation to other code (EIP-7702)."""
    return len(code) == _DELEGATION_BYTES and code.startswith(DELEGATION)


def custody_of(view: View, account: str, who: str, _seen: frozenset[str] = frozenset()) -> Custody:
    """What an account is, and whether `who` commands it alone, through others of their own too.

    Members of a timelock's roles that are contracts aren't looked into: it names none of them.
    """
    code = view.code(account)
    if not code or is_delegation(code):
        facts = {"account": account}
        problem = "custody_is_who" if account == who else None
        return Custody(DELEGATED if code else PERSON, problem, facts)
    safe = Contract(view.chain, "Safe", account, SAFE_ABI)
    owners, threshold = view.ask(safe, "getOwners"), view.ask(safe, "getThreshold")
    if owners and threshold is not None:
        return _safe(view, safe, tuple(owners), int(threshold), who, _seen | {account})
    timelock = Contract(view.chain, "TimelockController", account, TIMELOCK_ABI)
    if view.ask(timelock, "getMinDelay") is not None:
        return _timelock(view, timelock, who)
    return Custody(OTHER, None, {"account": account})


def _safe(
    view: View,
    safe: Contract,
    owners: tuple[str, ...],
    threshold: int,
    who: str,
    seen: frozenset[str],
) -> Custody:
    facts = {"account": safe.address, "who": who, "owners": len(owners), "threshold": threshold}
    if view.ask(safe, "isModuleEnabled", who):
        return Custody(SAFE, "custody_safe_module", facts)
    held = sum(
        owner == who
        or (owner not in seen and custody_of(view, owner, who, seen).problem is not None)
        for owner in owners
    )
    alone = held >= threshold
    return Custody(SAFE, "custody_safe_alone" if alone else None, {**facts, "held": held})


def _timelock(view: View, timelock: Contract, who: str) -> Custody:
    def has(role: bytes | None, account: str) -> bool:
        return role is not None and bool(view.ask(timelock, "hasRole", role, account))

    facts = {"account": timelock.address, "who": who}
    proposer = view.ask(timelock, "PROPOSER_ROLE")
    if proposer is None:
        return Custody(OTHER, None, {"account": timelock.address})
    if has(_ADMIN_ROLE, who):
        return Custody(TIMELOCK, "custody_timelock_admin", facts)
    executor = view.ask(timelock, "EXECUTOR_ROLE")
    # Given to nobody, the role of the executor is everybody's.
    if has(proposer, who) and (has(executor, who) or has(executor, COIN)):
        return Custody(TIMELOCK, "custody_timelock_alone", facts)
    return Custody(TIMELOCK, None, facts)
