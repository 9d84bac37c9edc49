"""A stall on the chain: works to sell, documents to sign, and calls sent by whoever sends them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from dokkaebi.chain.consents import Consent, Permit, sign
from dokkaebi.chain.creation_registry import approve_all_creations, register
from dokkaebi.chain.documents import creation_id
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.sender import Receipt, Sender
from dokkaebi.chain.signer import Signer
from dokkaebi.chain.suite import Call, Contract, Suite
from dokkaebi.chain.terms import Terms, Work
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import LANGUAGES, set_language
from tests.dokkaebi.conftest import CREATOR, Market, address

HOUR = 3_600
PRICE = 10**16


class Stall:
    """A market, and short words for what tests do in it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.suite: Suite = market.suite
        self._sizes = count(200)

    def key(self, name: str) -> Signer:
        return open_key(name, self.suite.chain.chain_id)

    def act(self, name: str, call: Call) -> Receipt:
        """Sends a call that must succeed."""
        return Sender(self.suite.chain, self.key(name)).transact(*call)

    def sign(self, name: str, terms: Terms, permit: Permit | None = None) -> Consent:
        return sign(self.key(name), terms, self.suite, permit)

    def soon(self, seconds: int = HOUR) -> int:
        return now_on(self.suite) + seconds

    def create(self, name: str = CREATOR, market: Contract | None = None) -> int:
        """Registers a work, and lets a market hand its creator's works over."""
        size = next(self._sizes)
        digest = hashlib.sha256(str(size).encode()).digest()
        work = Work(digest, size, 500, bytes(32), ())
        self.act(name, register(self.suite, [work]))
        if market is not None:
            self.act(name, approve_all_creations(self.suite, market))
        return creation_id(digest, size, address(name))

    def deploy(self, runtime: str) -> str:
        """A contract of a few bytes of code."""
        code = bytes.fromhex(runtime)
        # Copies what follows these 12 bytes into memory and returns it.
        init = bytes.fromhex(f"60{len(code):02x}600c60003960{len(code):02x}6000f3") + code
        receipt: dict[str, Any] = Sender(self.suite.chain, self.key(CREATOR)).create(init)
        from eth_utils.address import to_checksum_address

        return str(to_checksum_address(receipt["contractAddress"]))

    def pass_seconds(self, seconds: int) -> None:
        self.suite.chain.raw("evm_increaseTime", [seconds])
        self.suite.chain.raw("evm_mine")


@pytest.fixture
def stall(market: Market) -> Stall:
    return Stall(market)


def refused(act: Callable[[], object]) -> str:
    """The key of the error that refuses an act; its sentence must be there in both languages."""
    with pytest.raises(DokkaebiError) as caught:
        act()
    for lang in LANGUAGES:
        set_language(lang)
        assert not re.search(r"{\w+}", str(caught.value)), caught.value
    set_language(None)
    return caught.value.key
