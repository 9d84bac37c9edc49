"""A long chain of the suite's own events: registrations, offers, sales, escrow and transfers.

Rounds of five blocks. What depends on an earlier step stands a block after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import requests

from bench.gas.ours import DAY, Bench
from dokkaebi.chain.suite import COIN, Contract

BATCHES, WORKS = 6, 5
SALES = 15
ESCROWS = 10
TRANSFERS = (40, 60, 40, 90, 90)
PRICE = 10**16
AT_ONCE = 500


class LongChain(Bench):
    """Makes the chain; `requests` go to the node in batches, a block is mined for each step."""

    def __init__(self, chain: Any) -> None:
        super().__init__(chain)
        self.session = requests.Session()
        self.events = 0
        self.expiry = self.now() + 30 * DAY
        token, registry = self.suite.token, self.suite.registry
        for name in ("seller", "buyer", "creator", "rival", "arbiter"):
            self.send("deployer", token, "transfer", self.at[name], 10**21)
        for market in self.suite.markets:
            self.send("buyer", token, "approve", market.address, 2**256 - 1)
            self.send("creator", registry, "setApprovalForAll", market.address, True)
        chain.raw("evm_setAutomine", [False])

    def grow(self, events: int, said: Callable[[int], None] = lambda done: None) -> int:
        """Rounds until the suite has emitted at least `events`; how many it has."""
        while self.events < events:
            for step in self._round():
                self._mine(step)
            said(self.events)
        self.chain.raw("evm_setAutomine", [True])
        return self.events

    def _round(self) -> Iterator[list[tuple[str, Contract, str, tuple[Any, ...]]]]:
        registry, market, escrow = (
            self.suite.registry,
            self.suite.creation_market,
            self.suite.escrow_market,
        )
        batches = [[self.work() for _ in range(WORKS)] for _ in range(BATCHES)]
        yield [("creator", registry, "registerBatch", (works,)) for works in batches]
        made = [work for works in batches for work in works]
        ids = self._ask(registry, "idOf", [(w[0], w[1], self.at["creator"]) for w in made[:SALES]])
        offers = [self._instant(creation) for creation in ids]
        goods = [self._delivered() for _ in range(ESCROWS)]
        yield [("creator", market, "offer", (offer,)) for offer in offers] + [
            ("seller", escrow, "offer", (offer,)) for offer in goods
        ]
        yield [("buyer", market, "buy", (offer, b"", COIN)) for offer in offers] + [
            ("buyer", escrow, "fund", (offer, b"", 1, COIN)) for offer in goods
        ]
        hashes = self._ask(escrow, "hashOffer", [(offer,) for offer in goods])
        trades = [self.trade_of(offer, of) for offer, of in zip(goods, hashes, strict=True)]
        yield [("seller", escrow, "ship", (trade, bytes(32))) for trade in trades]
        yield [("buyer", escrow, "confirm", (trade,)) for trade in trades]

    def _instant(self, creation: int) -> tuple[Any, ...]:
        token, market = self.suite.token.address, self.suite.creation_market
        what = (self.suite.registry.address, creation, 0)
        price = (0, PRICE, 0, token, self.expiry)
        return (self.at["creator"], COIN, *what, *price, 0, 0, self.nonce(market))

    def _delivered(self) -> tuple[Any, ...]:
        goods = list(self.goods(self.suite.token.address))
        goods[5] = PRICE
        return tuple(goods)

    def trade_of(self, offer: tuple[Any, ...], offer_id: bytes) -> tuple[Any, ...]:
        """The trade of the buyer who takes an offer whose id is known."""
        ship, inspect = offer[8:10]
        parties = (self.at["seller"], self.at["buyer"], COIN, offer[11])
        return (offer_id, *parties, offer[2], offer[4], offer[5], ship | (inspect << 24))

    def _mine(self, calls: list[tuple[str, Contract, str, tuple[Any, ...]]]) -> None:
        height = self.chain.block_number + 1
        names = ("seller", "buyer", "rival", "arbiter")
        number = TRANSFERS[height % len(TRANSFERS)]
        pairs = [(names[i % 4], names[(i + 1 + i // 4 % 3) % 4]) for i in range(number)]
        moves = [
            (giver, self.suite.token, "transfer", (self.at[taker], 10**15 + i))
            for i, (giver, taker) in enumerate(pairs)
        ]
        wanted = [
            (
                "eth_sendTransaction",
                [
                    {
                        "from": self.at[who],
                        "to": contract.address,
                        "data": contract.encode(function, *values),
                        "gas": hex(1_500_000 if function == "registerBatch" else 300_000),
                        "gasPrice": hex(2 * 10**9),
                    }
                ],
            )
            for who, contract, function, values in calls + moves
        ]
        self._batch(wanted)
        self.chain.raw("evm_mine")
        block = self.chain.raw("eth_getBlockByNumber", ["latest", False])
        assert len(block["transactions"]) == len(wanted), "transactions were left out"
        receipts = self.chain.raw("eth_getBlockReceipts", [block["number"]])
        assert all(receipt["status"] == "0x1" for receipt in receipts), "a transaction failed"
        self.events += sum(len(receipt["logs"]) for receipt in receipts)

    def _ask(self, contract: Contract, function: str, calls: list[tuple[Any, ...]]) -> list[Any]:
        data = [{"to": contract.address, "data": contract.encode(function, *c)} for c in calls]
        answers = self._batch([("eth_call", [{**fields}, "latest"]) for fields in data])
        return [contract.decode(function, bytes.fromhex(answer[2:])) for answer in answers]

    def _batch(self, wanted: list[tuple[str, list[Any]]]) -> list[Any]:
        results: list[Any] = []
        for start in range(0, len(wanted), AT_ONCE):
            body = [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                for number, (method, params) in enumerate(wanted[start : start + AT_ONCE])
            ]
            answers = json.loads(self.session.post(self.chain.url, json=body, timeout=60).content)
            for answer in sorted(answers, key=lambda answer: answer["id"]):
                assert "result" in answer, answer
                results.append(answer["result"])
        return results
