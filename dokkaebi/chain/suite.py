"""The deployed suite: its contracts, their ABIs, and calls in plain Python values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from dokkaebi.chain.manifest import Manifest, check_manifest
from dokkaebi.chain.rpc import Chain, Log
from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError

# Markets that are older than it have none.
POOL = "RewardPool"
MARKETS = ("CreationMarket", "EscrowMarket", "AuctionHouse")
# In the order of their deployment.
SUITE = ("CommunityToken", POOL, "CreationRegistry", *MARKETS)
# Deployed for itself, once for each arbitrator, whenever somebody wants one.
DESK = "ArbitrationDesk"
COMPILED = (*SUITE, DESK)
COIN = "0x" + 40 * "0"
Abi = list[dict[str, Any]]


class NoAnswer(DokkaebiError):  # noqa: N818 - reads as what it is where it's caught
    """A contract answered something else than its ABI says, or nothing."""


class Call(NamedTuple):
    """A call to be sent: to whom, its calldata `0x…`, the coins that go along, wei."""

    to: str
    data: str
    value: int = 0


class Contract:
    """One contract at an address. Structs go in as tuples in the order of their fields and come
    back as tuples; addresses come back with checksum, bytes as bytes, numbers as int."""

    def __init__(self, chain: Chain, name: str, address: str, abi: Abi) -> None:
        self.chain = chain
        self.name = name
        self.address = address
        self.abi = abi
        self._selectors: dict[str, str] = {}

    def asked_through(self, chain: Chain) -> Contract:
        """The same contract, asked through another connection to the same chain."""
        other = copy(self)
        other.chain = chain
        return other

    def encode(self, function: str, *arguments: object) -> str:
        """The calldata of a call, `0x…`."""
        from eth_abi.abi import encode

        types = types_of(self._functions[function]["inputs"])
        return self.selector(function) + encode(types, arguments).hex()

    def decode_call(self, function: str, data: str) -> tuple[Any, ...]:
        """The arguments in calldata, of which the selector isn't looked at. Raises eth-abi's
        DecodingError for what is none."""
        from eth_abi.abi import decode

        inputs = self._functions[function]["inputs"]
        values = decode(types_of(inputs), bytes.fromhex(data[10:]))
        return tuple(_checksummed(v, p) for v, p in zip(values, inputs, strict=True))

    def selector(self, function: str) -> str:
        """The first four bytes of a function's calldata, `0x…`."""
        if function not in self._selectors:
            self._selectors[function] = _hash(self._functions[function])[:10]
        return self._selectors[function]

    def prepare(self, function: str, *arguments: object, value: int = 0) -> Call:
        """A call of this contract, to be sent."""
        return Call(self.address, self.encode(function, *arguments), value)

    def call(
        self, function: str, *arguments: object, sender: str | None = None, value: int = 0
    ) -> Any:
        """Asks a function; its one result, or a tuple of its results."""
        data = self.encode(function, *arguments)
        answer = self.chain.call(self.address, data, sender, value)
        return self.decode(function, answer)

    def question(self, function: str, *arguments: object) -> tuple[str, list[Any]]:
        """The request of a call, for `Chain.raw_batch`; `decode` reads its answer."""
        data = self.encode(function, *arguments)
        return "eth_call", [{"to": self.address, "data": data}, "latest"]

    def decode(self, function: str, answer: bytes) -> Any:
        """What a function returned: its one result, or a tuple of its results."""
        from eth_abi.abi import decode
        from eth_abi.exceptions import DecodingError

        outputs = self._functions[function]["outputs"]
        try:
            values = decode(types_of(outputs), answer)
        except DecodingError:
            raise NoAnswer(
                "contract_no_answer", contract=self.name, address=self.address, function=function
            ) from None
        results = tuple(_checksummed(v, p) for v, p in zip(values, outputs, strict=True))
        return results[0] if len(results) == 1 else results

    def parameters(self, function: str) -> list[dict[str, Any]]:
        """A function's parameters, as in the ABI."""
        return list(self._functions[function]["inputs"])

    @property
    def events(self) -> Sequence[str]:
        """The names of its events."""
        return tuple(self._events)

    def event_inputs(self, event: str) -> list[dict[str, Any]]:
        """An event's parameters, as in the ABI."""
        return list(self._events[event]["inputs"])

    def topic(self, event: str) -> str:
        """An event's first topic, `0x…`."""
        return _hash(self._events[event])

    def decode_log(self, event: str, log: Log) -> dict[str, Any]:
        """An event's values by name, of a log as the node sent it."""
        from eth_abi.abi import decode

        inputs = self._events[event]["inputs"]
        plain = types_of([p for p in inputs if not p["indexed"]])
        topics = iter(log["topics"][1:])
        values = iter(decode(plain, bytes.fromhex(log["data"][2:])))
        found: dict[str, Any] = {}
        for parameter in inputs:
            if parameter["indexed"]:
                word = bytes.fromhex(next(topics)[2:])
                value = decode([_type_of(parameter)], word)[0]
            else:
                value = next(values)
            found[parameter["name"]] = _checksummed(value, parameter)
        return found

    def logs(
        self, event: str, first_block: int, topics: tuple[str | list[str] | None, ...] = ()
    ) -> list[Log]:
        """All logs of an event since `first_block`; `topics` are those after the first."""
        return self.chain.all_logs(
            [self.address], first_block, self.chain.block_number, [self.topic(event), *topics]
        )

    @cached_property
    def _functions(self) -> dict[str, dict[str, Any]]:
        return {entry["name"]: entry for entry in self.abi if entry["type"] == "function"}

    @cached_property
    def _events(self) -> dict[str, dict[str, Any]]:
        return {entry["name"]: entry for entry in self.abi if entry["type"] == "event"}


@dataclass(frozen=True)
class Suite:
    """The contracts of one manifest on one chain."""

    chain: Chain
    manifest: Manifest
    token: Contract
    registry: Contract
    creation_market: Contract
    escrow_market: Contract
    auction_house: Contract

    @classmethod
    def open(cls, chain: Chain, manifest: Manifest) -> Suite:
        """Binds the contracts, after checking chain id, first block and code."""
        check_manifest(manifest, chain)
        contracts = (
            Contract(chain, name, manifest.address(name), load_abi(name))
            for name in SUITE
            if name != POOL
        )
        return cls(chain, manifest, *contracts)

    def asked_through(self, chain: Chain) -> Suite:
        """The same contracts, asked through another connection to the same chain."""
        own = (self.token, self.registry, *self.markets)
        moved = (contract.asked_through(chain) for contract in own)
        return Suite(chain, self.manifest, *moved)

    @property
    def markets(self) -> tuple[Contract, ...]:
        """The contracts that take money and give credit."""
        return (self.creation_market, self.escrow_market, self.auction_house)

    def market(self, name: str) -> Contract:
        """A market by its contract's name."""
        return next(market for market in self.markets if market.name == name)

    def signed_for(self, name: str) -> Contract:
        """A contract that signed documents are for, by its name: a market, or the registry."""
        return self.registry if name == self.registry.name else self.market(name)

    def erc20(self, address: str) -> Contract:
        """Any ERC-20 token, spoken to by the community token's ABI."""
        return Contract(self.chain, "ERC20", address, self.token.abi)

    def erc721(self, address: str) -> Contract:
        """Any ERC-721 collection, spoken to by the registry's ABI."""
        return Contract(self.chain, "ERC721", address, self.registry.abi)

    @property
    def pool(self) -> Contract:
        """The reward pool. Raises `manifest_contract_missing` where there is none."""
        return Contract(self.chain, POOL, self.manifest.address(POOL), load_abi(POOL))

    def desk(self, address: str) -> Contract:
        """An arbitration desk."""
        return Contract(self.chain, DESK, address, load_abi(DESK))


def load_abi(name: str, folder: Path | None = None) -> Abi:
    """A contract's ABI from `frontend-abi/`."""
    path = (folder or project_root() / "frontend-abi") / f"{name}.json"
    try:
        return list(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as problem:
        raise DokkaebiError("abi_unreadable", path=str(path), problem=str(problem)) from None


@lru_cache(4_096)
def checksummed(address: str) -> str:
    """An address with its checksum (EIP-55), which takes a while and is asked for the same few."""
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))


def types_of(parameters: list[dict[str, Any]]) -> list[str]:
    """The canonical types of an ABI entry's inputs or outputs, structs as `(…)`."""
    return [_type_of(parameter) for parameter in parameters]


def signature_of(entry: dict[str, Any]) -> str:
    """A function's, event's or error's signature, `transfer(address,uint256)`."""
    return f"{entry['name']}({','.join(types_of(entry['inputs']))})"


def _hash(entry: dict[str, Any]) -> str:
    from eth_utils.crypto import keccak

    return "0x" + keccak(text=signature_of(entry)).hex()


def _type_of(parameter: dict[str, Any]) -> str:
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type_of(component) for component in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _checksummed(value: Any, parameter: dict[str, Any]) -> Any:
    """Gives addresses their checksum, in structs and lists as well."""
    kind = str(parameter["type"])
    if kind.endswith("]"):
        element = {**parameter, "type": kind[: kind.rindex("[")]}
        return tuple(_checksummed(v, element) for v in value)
    if kind == "tuple":
        components = parameter["components"]
        return tuple(_checksummed(v, c) for v, c in zip(value, components, strict=True))
    return checksummed(value) if kind == "address" else value
