"""The fast lane: contracts on an EVM inside this process, and the same way to speak to a node.

`Lane` and `Node` do the same things with the same answers, so that whoever plays on one can be
played again on the other (`tests/invariants/test_lanes_agree.py`). Addresses are lower case."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from tests.lane.abi import Function, artifact, error_of, events_of, functions_of

CHAIN_ID = 1_337
START = 1_800_000_000
# So much that a few of those who burn all they get, one inside the other, leave enough.
GAS = 10**15
RECEIPT_TRIES = 2_000
# A node's blocks are smaller.
NODE_GAS = 30_000_000
WEALTH = 10**30
# Of code that isn't as the compiler makes it for a chain.
CODE_MOST = 10**6
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

    def __init__(
        self,
        now: int = START,
        chain_id: int = CHAIN_ID,
        codes: Mapping[str, bytes] | None = None,
    ) -> None:
        """`codes`: other init code than the compiler's, by contract."""
        block = BlockEnv(timestamp=now, number=1, gas_limit=GAS)
        config = CfgEnv(chain_id=chain_id, limit_contract_code_size=CODE_MOST if codes else None)
        env = Env(cfg=config, block=block)
        self._evm = EVM(env=env, spec_id=SPEC, gas_limit=GAS)
        self.now, self.chain_id = now, chain_id
        self._codes = codes or {}

    def at(self, now: int) -> None:
        """The next transaction's second."""
        self._evm.set_block_env(BlockEnv(timestamp=now, number=1, gas_limit=GAS))
        self.now = now

    def deploy(self, sender: str, name: str, *arguments: Any, value: int = 0) -> Contract:
        """Deploys a contract of `build/contracts`. Its address follows from the sender's nonce."""
        code = init_code(name, arguments, self._codes.get(name))
        address = self._evm.deploy(sender, code, value=value)
        return Contract(name, address.lower())

    def send(self, sender: str, to: str, data: bytes, value: int = 0) -> Outcome:
        """A transaction."""
        try:
            answer = self._evm.message_call(sender, to, calldata=data, value=value, gas=GAS)
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

    def looked_at(self) -> list[str]:
        """Addresses of all accounts that anything ever asked for, failed calls and views too."""
        return list(self._evm.db_accounts)

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


def init_code(name: str, arguments: tuple[Any, ...], code: bytes | None = None) -> bytes:
    made = artifact(name)
    constructor = next((e for e in made["abi"] if e["type"] == "constructor"), {"inputs": []})
    code = bytes.fromhex(made["bytecode"]) if code is None else code
    return code + Function(constructor)(*arguments)[4:]


class Node:
    """A node that speaks JSON-RPC, Ganache or Anvil: whoever acts is let in, and what gas cost is
    given back, so that all is as on the lane.

    `request` asks for a method with its parameters, and answers as JSON-RPC does."""

    def __init__(self, request: Callable[[str, list[Any]], Any], now: int) -> None:
        self._request = request
        self.now = now
        self.chain_id = int(self._done("eth_chainId"), 16)
        self._anvil = "anvil" in self._done("web3_clientVersion").lower()

    def at(self, now: int) -> None:
        self.now = now

    def deploy(self, sender: str, name: str, *arguments: Any, value: int = 0) -> Contract:
        code = init_code(name, arguments)
        receipt = self._transact({"from": sender, "data": "0x" + code.hex(), "value": hex(value)})
        return Contract(name, receipt["contractAddress"].lower())

    def send(self, sender: str, to: str, data: bytes, value: int = 0) -> Outcome:
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        receipt = self._transact(call)
        if receipt["status"] == "0x0":
            # It changed nothing, and its block's clock is what it saw: asked now, it says why.
            answer = self._request("eth_call", [{**call, "gas": hex(NODE_GAS)}, "latest"])
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
        call = {"from": ASKER, "to": to, "data": "0x" + data.hex(), "gas": hex(NODE_GAS)}
        return bytes.fromhex(self._done("eth_call", call, "latest")[2:])

    def balance(self, address: str) -> int:
        return int(self._done("eth_getBalance", address, "latest"), 16)

    def snapshot(self) -> Any:
        return self._done("evm_snapshot")

    def revert(self, mark: Any) -> None:
        if not self._done("evm_revert", mark):
            raise RuntimeError(f"The node has no snapshot {mark}.")

    def endow(self, address: str, amount: int = WEALTH) -> None:
        if self._anvil:
            self._done("anvil_impersonateAccount", address)
        else:
            self._done("evm_addAccount", address, "")
            self._done("personal_unlockAccount", address, "", 0)
        self._set_balance(address, amount)

    def _set_balance(self, address: str, amount: int) -> None:
        name = "anvil_setBalance" if self._anvil else "evm_setAccountBalance"
        self._done(name, address, hex(amount))

    def _transact(self, call: dict[str, str]) -> Any:
        if self._anvil:
            self._done("evm_setNextBlockTimestamp", self.now)
        else:
            self._done("evm_setTime", self.now * 1_000)
        sent = self._request("eth_sendTransaction", [{**call, "gas": hex(NODE_GAS)}])
        # Ganache says of a transaction that it failed, and mines it all the same.
        number = sent["result"] if "result" in sent else sent["error"]["data"]["hash"]
        receipt = self._receipt(number)
        cost = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        self._set_balance(call["from"], self.balance(call["from"]) + cost)
        return receipt

    def _receipt(self, number: str) -> Any:
        """Anvil answers before it has mined."""
        for _ in range(RECEIPT_TRIES):
            receipt = self._done("eth_getTransactionReceipt", number)
            if receipt is not None:
                return receipt
            time.sleep(0.005)
        raise RuntimeError(f"No receipt of {number}.")

    def _done(self, method: str, *params: Any) -> Any:
        answer = self._request(method, list(params))
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
