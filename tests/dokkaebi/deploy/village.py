"""A market to be handed over, and contracts that could take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from dokkaebi.chain import creation_market
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import Manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.sender import Receipt, Sender
from dokkaebi.chain.signer import Signer
from dokkaebi.chain.suite import COIN, Call, Contract, Suite, types_of
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.handover import handover
from tests.dokkaebi.chain.conftest import Stall
from tests.dokkaebi.conftest import (
    BUYER,
    CREATOR,
    GUARDIAN,
    OPERATOR,
    STRANGER,
    TREASURY,
    address,
)

ETH = 10**18
# Who, besides the operator, has a say in the co-operative.
MEMBERS = (CREATOR, BUYER)


@dataclass
class Village:
    """The market of OPERATOR on an Anvil of its own."""

    chain: Chain
    suite: Suite

    @property
    def manifest(self) -> Manifest:
        return self.suite.manifest

    @property
    def token(self) -> Contract:
        return self.suite.token

    @property
    def pool(self) -> Contract:
        return self.suite.pool

    @cached_property
    def stall(self) -> Stall:
        return Stall(SimpleNamespace(suite=self.suite))  # type: ignore[arg-type]

    def key(self, name: str) -> Signer:
        return open_key(name, self.chain.chain_id)

    def act(self, name: str, contract: Contract, function: str, *arguments: object) -> Receipt:
        return self.send(name, contract.prepare(function, *arguments))

    def send(self, name: str, call: Call) -> Receipt:
        return Sender(self.chain, self.key(name)).transact(*call)

    def mock(self, name: str, *arguments: object) -> Contract:
        """A contract of contracts/mocks."""
        artifact = load_artifact(name)
        inputs: list[dict[str, Any]] = next(
            (e["inputs"] for e in artifact.abi if e["type"] == "constructor"), []
        )
        init_code = artifact.init_code + encode(types_of(inputs), arguments)
        receipt = Sender(self.chain, self.key(STRANGER)).create(init_code)
        place = to_checksum_address(receipt["contractAddress"])
        return Contract(self.chain, name, place, artifact.abi)

    def multisig(self, owners: Sequence[str] = MEMBERS, threshold: int = 2) -> Contract:
        """Owners are `test:N` keys or addresses."""
        places = [address(o) if o.startswith("test:") else o for o in owners]
        return self.mock("MockMultisig", places, threshold)

    def timelock(
        self, proposers: Sequence[str], executors: Sequence[str], *, delay: int, admin: str = COIN
    ) -> Contract:
        return self.mock("MockTimelock", delay, proposers, executors, admin)

    def confirm(self, multisig: Contract, calls: Sequence[dict[str, str]]) -> None:
        """All members want some calls."""
        for call in calls:
            for member in MEMBERS:
                data = bytes.fromhex(call["data"][2:])
                self.act(member, multisig, "execute", call["to"], data)

    def hand_over(self, to: Contract | None, **more: Any) -> dict[str, Any]:
        place = None if to is None else to.address
        return handover(self.chain, self.key(OPERATOR), self.manifest, place, **more)

    def sell(self, asset: str = COIN, price: int = ETH, seller: str = CREATOR) -> None:
        """Somebody sells a work to BUYER, who has the tokens."""
        work = self.stall.create(seller, self.suite.creation_market)
        offer = creation_market.new_offer(
            self.suite,
            address(seller),
            work,
            price,
            expiry=self.stall.soon(),
            asset=asset,
        )
        self.send(seller, creation_market.publish(self.suite, offer))
        if asset != COIN:
            spender = self.suite.creation_market.address
            self.act(BUYER, self.suite.erc20(asset), "approve", spender, price)
        self.send(BUYER, creation_market.buy(self.suite, offer))

    def nonce(self, name: str = OPERATOR) -> int:
        return self.chain.mined_nonce(address(name))

    def pass_seconds(self, seconds: int) -> None:
        self.chain.raw("evm_increaseTime", [seconds])
        self.chain.raw("evm_mine")


@contextmanager
def open_village(treasury: str = TREASURY, token_steward: str = "") -> Iterator[Village]:
    """A new chain with a market on it, with a treasury and GUARDIAN."""
    with start_node("anvil") as node:
        chain = connect(node.url)
        spec = load_market_spec().with_fee_recipient(address(treasury))
        spec = replace(spec.with_guardian(address(GUARDIAN)), steward=token_steward)
        manifest = deploy_market(chain, open_key(OPERATOR, chain.chain_id), spec, network="t")
        yield Village(chain, Suite.open(chain, manifest))
