"""The fast lane: contracts on an EVM inside this process, and the same way to speak to a node.

`Lane` and `Node` do the same things with the same answers, so that whoever plays on one can be
played again on the other (`tests/invariants/test_lanes_agree.py`). Addresses are lower case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from tests.lane.abi import ARTIFACTS, CHAIN_ID, Function, artifact, error_of, events_of, functions_of

START = 1_800_000_000
# So much that a few of those who burn all they get, one inside the other, leave enough.
GAS = 10**15
WEALTH = 10**30
ASKER = "0x" + "a5" * 20
# Exactly so: any other spelling silently means the newest fork.
SPEC = "Shanghai"


class Log(NamedTuple):
    address: str
    topics: tuple[bytes, ...]
    data: bytes


class Outcome(NamedTuple):
    """What became of a call: `error` is None, or the name and the arguments of what it answered."""

    error: tuple[Any, ...] | None
    answer: bytes
    logs: tuple[Log, ...]


@dataclass(frozen=True)
class Contract:
    """A deployed contract: `contract.functions["fund"](…)` is calldata."""

    name: str
    address: str

    @property
    def functions(self) -> dict[str, Function]:
        return functions_of(self.name)


class Lane:
    """An EVM in this process. Gas costs nothing; the clock is what `at` says."""

    def __init__(self, now: int = START, folder: Any = ARTIFACTS) -> None:
        block = BlockEnv(timestamp=now, number=1, gas_limit=GAS)
        env = Env(cfg=CfgEnv(chain_id=CHAIN_ID), block=block)
        self._evm = EVM(env=env, spec_id=SPEC, gas_limit=GAS)
        self.folder = folder
        self.now = now

    def at(self, now: int) -> None:
        """The next transaction's second."""
        self._evm.set_block_env(BlockEnv(timestamp=now, number=1, gas_limit=GAS))
        self.now = now

    def deploy(self, sender: str, name: str, *arguments: Any, value: int = 0) -> Contract:
        """Deploys a contract of `build/contracts`. Its address follows from the sender's nonce."""
        code = init_code(name, arguments, self.folder)
        address = self._evm.deploy(sender, code, value=value)
        return Contract(name, address.lower())

    def send(self, sender: str, to: str, data: bytes, value: int = 0, gas: int = GAS) -> Outcome:
        """A transaction."""
        try:
            answer = self._evm.message_call(sender, to, calldata=data, value=value, gas=gas)
        except RuntimeError as refusal:
            return Outcome(_refusal(str(refusal)), b"", ())
        logs = tuple(
            Log(log.address.lower(), tuple(log.data[0]), log.data[1])
            for log in self._evm.result.logs
        )
        return Outcome(None, answer, logs)

    def ask(self, to: str, data: bytes) -> bytes:
        """A view."""
        return bytes(self._evm.message_call(ASKER, to, calldata=data, is_static=True))

    def balance(self, address: str) -> int:
        return int(self._evm.get_balance(address))

    def snapshot(self) -> Any:
        return self._evm.snapshot()

    def revert(self, mark: Any) -> None:
        """Back to a snapshot, which is used up."""
        self._evm.revert(mark)

    def endow(self, address: str, amount: int = WEALTH) -> None:
        """Gives an account that exists on no chain yet its coins."""
        self._evm.insert_account_info(address, AccountInfo(balance=amount))


def _refusal(text: str) -> tuple[Any, ...]:
    """The error in what pyrevm says: `Revert { gas_used: …, output: 0x… }` or a halt."""
    _, found, output = text.partition("output: 0x")
    return error_of(bytes.fromhex(output.removesuffix(" }"))) if found else error_of(b"")


def init_code(name: str, arguments: tuple[Any, ...], folder: Any = ARTIFACTS) -> bytes:
    made = artifact(name, folder)
    constructor = next((e for e in made["abi"] if e["type"] == "constructor"), {"inputs": []})
    return bytes.fromhex(made["bytecode"]) + Function(constructor)(*arguments)[4:]


class Node:
    """A node that speaks JSON-RPC, as Ganache does: accounts are unlocked, and what gas cost is
    given back, so that it's as on the lane."""

    def __init__(self, request: Callable[[str, list[Any]], Any], now: int) -> None:
        self._request = request
        self.folder = ARTIFACTS
        self.now = now
        self._failed_at: int | None = None

    def at(self, now: int) -> None:
        self.now = now

    def deploy(self, sender: str, name: str, *arguments: Any, value: int = 0) -> Contract:
        code = init_code(name, arguments)
        receipt = self._transact({"from": sender, "data": "0x" + code.hex(), "value": hex(value)})
        return Contract(name, receipt["contractAddress"].lower())

    def send(self, sender: str, to: str, data: bytes, value: int = 0, gas: int = GAS) -> Outcome:
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        call["gas"] = hex(gas)
        receipt = self._transact(call)
        if receipt["status"] == "0x0":
            # The block before is the state; this one's clock is what the call saw.
            answer = self._request("eth_call", [call, "latest"])
            return Outcome(error_of(bytes.fromhex(answer["error"]["data"][2:])), b"", ())
        logs = tuple(
            Log(
                log["address"].lower(),
                tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
                bytes.fromhex(log["data"][2:]),
            )
            for log in receipt["logs"]
        )
        return Outcome(None, b"", logs)

    def ask(self, to: str, data: bytes) -> bytes:
        call = {"to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}
        return bytes.fromhex(self._done("eth_call", [call, "latest"])[2:])

    def balance(self, address: str) -> int:
        return int(self._done("eth_getBalance", [address, "latest"]), 16)

    def snapshot(self) -> Any:
        return self._done("evm_snapshot", [])

    def revert(self, mark: Any) -> None:
        self._done("evm_revert", [mark])

    def endow(self, address: str, amount: int = WEALTH) -> None:
        self._done("evm_addAccount", [address, ""])
        self._done("personal_unlockAccount", [address, "", 0])
        self._done("evm_setAccountBalance", [address, hex(amount)])

    def _transact(self, call: dict[str, str]) -> Any:
        before = self.balance(call["from"])
        self._done("evm_setTime", [self.now * 1_000])
        number = self._done("eth_sendTransaction", [{"gas": hex(GAS), **call}])
        receipt = self._done("eth_getTransactionReceipt", [number])
        spent = int(call["value"], 16) if receipt["status"] == "0x1" else 0
        del before
        cost = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        now = self.balance(call["from"]) + cost
        self._done("evm_setAccountBalance", [call["from"], hex(now)])
        del spent
        return receipt

    def _done(self, method: str, params: list[Any]) -> Any:
        answer = self._request(method, params)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


def events_in(logs: tuple[Log, ...], contracts: dict[str, str]) -> list[tuple[Any, ...]]:
    """Decoded: address, name, arguments; of the contracts whose names by address are given."""
    found = []
    for log in logs:
        name = contracts.get(log.address)
        if name is not None:
            event = events_of(name)[log.topics[0]]
            found.append((log.address, event.name, *event.read(log.topics, log.data)))
    return found
