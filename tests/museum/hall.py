"""The hall: our suite and the exhibits' peers and models on one chain of free gas."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from eth_abi.abi import encode
from eth_typing import Hash32
from eth_utils.crypto import keccak

from bench.gas.ours import Bench, Terms
from bench.gas.peers.kit import OUR_COMPILER, compiled, deploy, deploy_code, package
from dokkaebi.chain.reverts import decode_revert
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COIN, Contract
from dokkaebi.config import project_root

MODELS = Path(__file__).parent / "models"
OPENZEPPELIN = "@openzeppelin/contracts-4.9.3"
UNLIMITED = 2**256 - 1
# A refusal: the error's name and arguments, or what a peer said.
Refusal = tuple[Any, ...]
ACCEPT, REJECT, REENTER = 0, 1, 5  # of MockReceiver


class Hall(Bench):
    """People, our suite, and whatever is exhibited. Gas costs nothing, so balances are exact."""

    FIELDS: ClassVar = {"gas": hex(10_000_000), "gasPrice": "0x0"}

    # Contracts

    def contract(self, name: str, *arguments: object) -> Contract:
        """One of the project's own, mocks included."""
        folder = project_root() / "build" / "contracts"
        return deploy(self, folder / f"{name}.json", *arguments)

    def model(self, name: str, *arguments: object) -> Contract:
        """One of what `models/Hall.sol` brings, compiled by the project's compiler."""
        built = models()[name]
        return deploy_code(self, name, built["abi"], built["code"], *arguments)

    def peer(self, name: str, artifact: str, *arguments: object) -> Contract:
        """A contract as its package from npm ships it, compiled."""
        return deploy(self, package(name) / artifact, *arguments)

    def abi(self, name: str, artifact: str) -> list[dict[str, Any]]:
        """The ABI of a package's contract that another one deployed."""
        content = json.loads((package(name) / artifact).read_text(encoding="utf-8"))
        return list(content["abi"])

    def receiver(self) -> Contract:
        """A contract that does what it's told when it's paid."""
        return self.contract("MockReceiver")

    def through(
        self, receiver: Contract, contract: Contract, call: str, *values: Any, coins: int = 0
    ) -> None:
        """Lets a receiver make a call, with coins of the rival's."""
        order = (contract.address, coins, bytes.fromhex(contract.encode(call, *values)[2:]))
        self.send("rival", receiver, "execute", *order, coins=coins)

    # Money

    def coins(self, who: str) -> int:
        """What a person, by name, or an address holds, wei."""
        return self.chain.balance(self.at.get(who, who))

    def held(self, token: Contract, who: str) -> int:
        """What a person, by name, or an address holds of a token or a collection."""
        return int(token.call("balanceOf", self.at.get(who, who)))

    def owner(self, creation: int) -> str:
        return str(self.suite.registry.call("ownerOf", creation))

    def give(self, token: Contract, amount: int, *spenders: str) -> None:
        """Gives a mock token to everybody, with approval for `spenders`."""
        for name, address in self.at.items():
            self.send("deployer", token, "mint", address, amount)
            for spender in spenders:
                self.send(name, token, "approve", spender, UNLIMITED)

    # Refusals

    def refusal(
        self, who: str, contract: Contract, call: str, *values: Any, coins: int = 0
    ) -> Refusal:
        """How a call is refused: the error's name and its arguments, numbers as text."""
        data = contract.encode(call, *values)
        return self.refusal_of(self.at.get(who, who), contract.address, data, coins)

    def refusal_of(self, sender: str, to: str, data: str, coins: int = 0) -> Refusal:
        """How calldata is refused."""
        with pytest.raises(RpcRefused) as refused:
            self.chain.call(to, data, sender, coins)
        revert = decode_revert(refused.value.data)
        return (revert.name, *revert.arguments.values())

    def blocked(self, who: str) -> Refusal:
        """How a call is refused in which `MockBlocklistToken` refuses somebody."""
        said = keccak(text="Account_Blocked(address)")[:4] + encode(["address"], [self.at[who]])
        return ("revert_unknown", "0x" + said.hex())

    # Signatures

    def sign_permit(
        self, token: Contract, who: str, spender: str, value: int, deadline: int
    ) -> tuple[int, bytes, bytes]:
        """An ERC-2612 permit with the token's own domain, as v, r, s."""
        typehash = keccak(
            text="Permit(address owner,address spender,uint256 value,uint256 nonce,"
            "uint256 deadline)"
        )
        nonce = token.call("nonces", self.at[who])
        types = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
        words = (typehash, self.at[who], spender, value, nonce, deadline)
        separator = token.call("DOMAIN_SEPARATOR")
        return self.sign_hash(who, keccak(b"\x19\x01" + separator + keccak(encode(types, words))))

    def sign_hash(self, who: str, digest: bytes) -> tuple[int, bytes, bytes]:
        """A signature as v, r, s."""
        signed = self.keys[who].unsafe_sign_hash(Hash32(digest))
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    def packed_permit(
        self, value: int, deadline: int, signature: tuple[int, bytes, bytes]
    ) -> bytes:
        """A permit as our markets take it."""
        types = ["uint256", "uint256", "uint8", "bytes32", "bytes32"]
        return encode(types, (value, deadline, *signature))

    # Terms

    def trade_of(self, offer: Terms, buyer: str, *, units: int = 1, serial: int = 0) -> Terms:
        """The trade of whoever took `units` of an offer, after `serial` units were taken."""
        trade = self.trade(offer)
        terms = trade[8] | (serial << 120)
        return (trade[0], offer[0], buyer, *trade[3:7], offer[5] * units, terms)

    def state(self, trade: Terms) -> tuple[int, int, int]:
        """A trade's state, deadline and part; zero when it ended."""
        market = self.suite.escrow_market
        state: tuple[int, int, int] = market.call("tradeState", market.call("hashTrade", trade))
        return state

    def credit(self, market: Contract, asset: str, who: str) -> int:
        return int(market.call("creditOf", asset, self.at.get(who, who)))

    def at_time(self, second: int) -> None:
        """Lets the next block, and what is asked now, come at a time."""
        self.chain.raw("evm_setNextBlockTimestamp", [second])
        self.chain.raw("evm_mine")


@cache
def models() -> dict[str, dict[str, Any]]:
    """ABI and bytecode of the models, and of OpenZeppelin's 4.9.3 what they need."""
    folders = {"museum/": MODELS, "openzeppelin-4.9.3/": package(OPENZEPPELIN)}
    settings = {"evmVersion": "shanghai", "optimizer": {"enabled": True, "runs": 200}}
    sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(MODELS.glob("*.sol"))}
    names = re.findall(r"import \{(\w+)\}", sources["Hall.sol"])
    key = hashlib.sha256(json.dumps(sources).encode()).hexdigest()
    return compiled("museum/Hall.sol", names, folders, OUR_COMPILER, settings, key)


def zora(hall: Hall, name: str, engine: str, *, tokens: bool = False) -> Contract:
    """A module of Zora v3 as its package ships it, registered and approved by everybody.

    `engine` tells royalties; `tokens`: the module takes ERC-20 tokens.
    """

    def make(name: str, *arguments: object) -> Contract:
        return hall.peer("@zoralabs/v3", f"dist/artifacts/{name}.sol/{name}.json", *arguments)

    settings = make("ZoraProtocolFeeSettings")
    manager = make("ZoraModuleManager", hall.at["deployer"], settings.address)
    hall.send("deployer", settings, "init", manager.address, COIN)
    nfts = make("ERC721TransferHelper", manager.address)
    helpers = [nfts.address]
    if tokens:
        helpers.insert(0, make("ERC20TransferHelper", manager.address).address)
    module = make(name, *helpers, engine, settings.address, make("WETH").address)
    hall.send("deployer", manager, "registerModule", module.address)
    for who in hall.at:
        hall.send(who, manager, "setApprovalForModule", module.address, True)
        hall.send(who, hall.suite.registry, "setApprovalForAll", nfts.address, True)
    return module


def zora_money(module: Contract) -> str:
    """Who takes tokens for a Zora module."""
    return str(module.call("erc20TransferHelper"))


def zora_creations(module: Contract) -> str:
    """Who takes creations for a Zora module."""
    return str(module.call("erc721TransferHelper"))
