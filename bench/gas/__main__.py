"""`make bench-gas`: the gas of each call on Anvil, beside the figures of the best peers.

Receipts' `gasUsed` of whole transactions, sent by ordinary accounts that already hold what is
moved, with approvals given, and a market in which each payee was paid before. The figures go to
`bench/gas/figures.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_utils import keccak
from rich.console import Console
from rich.table import Table

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from dokkaebi.chain.suite import COIN, Contract, Suite
from dokkaebi.deploy import deploy_market, load_market_spec

# job: (unavoidable cost, best peer, its gas, what ours should reach)
ANCHORS: dict[str, tuple[int, str, int, int]] = {
    "erc20_transfer": (33_376, "Solady", 34_007, 34_479),
    "erc20_permit_later_nonce": (55_260, "Solady", 56_669, 57_665),
    "register_default_royalty": (50_551, "Solady, digest as id", 51_113, 58_000),
    "erc721_safe_transfer": (41_403, "Solady", 44_422, 45_586),
    "offer": (45_908, "Zora v3", 54_443, 52_000),
    "cancel": (22_921, "Zora v3", 27_751, 27_000),
    "buy_coins": (76_923, "Seaport", 98_004, 95_000),
    "buy_erc20": (76_563, "Zora v3", 133_560, 110_000),
    "fund_coins": (45_544, "Kleros v2", 126_337, 62_000),
    "fund_erc20": (64_356, "Kleros v2", 165_169, 85_000),
    "ship": (28_332, "Origin", 46_122, 34_000),
    "confirm_coins": (32_432, "Kleros v1", 42_147, 42_000),
    "confirm_erc20": (37_460, "Kleros v1", 50_271, 50_000),
    "release_after_deadline_coins": (32_204, "Kleros v1", 59_733, 45_000),
}
PRICE = 10**17
DAY = 86_400
TARGET = Path(__file__).parent / "figures.json"


class Bench:
    """A fresh market on Anvil, and the gas of what is done there."""

    def __init__(self, url: str) -> None:
        self.chain = connect(url)
        names = ("deployer", "seller", "buyer", "creator", "treasury")
        self.keys = {
            name: open_key(f"test:{i}", self.chain.chain_id) for i, name in enumerate(names)
        }
        self.at = {name: key.address for name, key in self.keys.items()}
        spec = load_market_spec().with_fee_recipient(self.at["treasury"])
        manifest = deploy_market(self.chain, self.keys["deployer"], spec, network="bench")
        self.suite = Suite.open(self.chain, manifest)
        self.salt = 0
        self.gas: dict[str, int] = {}

    def send(self, who: str, contract: Contract, call: str, *values: Any, coins: int = 0) -> int:
        """Sends one call; the gas it used."""
        data = contract.encode(call, *values)
        fields = {"from": self.at[who], "to": contract.address, "data": data, "value": hex(coins)}
        sent = self.chain.raw("eth_sendTransaction", [{**fields, "gas": hex(2_000_000)}])
        receipt = self.chain.receipt(sent)
        while receipt is None:
            receipt = self.chain.receipt(sent)
        assert receipt["status"] == "0x1", f"{call} reverted"
        return int(receipt["gasUsed"], 16)

    def now(self) -> int:
        return int(self.chain.block()["timestamp"], 16)

    def work(self) -> tuple[bytes, int, int, bytes, list[int]]:
        self.salt += 1
        digest = hashlib.sha256(b"%d" % self.salt).digest()
        return (digest, 700, 500, keccak(digest), [])

    def offer(self, asset: str, creation: int = 0) -> tuple[Any, ...]:
        """An offer of the seller's, instant where it sells a creation."""
        self.salt += 1
        tenure = self.suite.registry.call("tenureOf", creation) if creation else 0
        windows = (0, 0) if creation else (7 * DAY, 3 * DAY)
        details = bytes(32) if creation else hashlib.sha256(b"goods").digest()
        terms = (creation, tenure, asset, PRICE, self.now() + 30 * DAY, *windows, 0, details)
        return (self.at["seller"], 0 if creation else 1, *terms, self.salt)

    def trade(self, offer: tuple[Any, ...]) -> tuple[Any, ...]:
        offer_id = self.suite.market.call("hashOffer", offer)
        parties = (offer[0], self.at["buyer"], COIN)
        return (offer_id, *parties, offer[2], offer[4], offer[5], offer[8], offer[9])


def prepare(bench: Bench) -> int:
    """Gives everybody something of everything, so that later figures are of existing holders."""
    token, registry, market = bench.suite.token, bench.suite.registry, bench.suite.market
    for name in ("seller", "buyer", "creator", "treasury"):
        bench.send("deployer", token, "transfer", bench.at[name], 10**21)
        bench.send(name, registry, "register", bench.work())
    bench.send("deployer", token, "transfer", market.address, 1)
    bench.send("buyer", token, "approve", market.address, 2**256 - 1)
    bench.send("seller", registry, "setApprovalForAll", market.address, True)
    work = bench.work()
    bench.gas["register_default_royalty"] = bench.send("creator", registry, "register", work)
    creation = registry.call("idOf", work[0], work[1], bench.at["creator"])
    call = "transferFrom"
    bench.send("creator", registry, call, bench.at["creator"], bench.at["seller"], creation)
    return int(creation)


def measure_tokens(bench: Bench, creation: int) -> None:
    token, registry = bench.suite.token, bench.suite.registry
    seller, buyer = bench.at["seller"], bench.at["buyer"]
    bench.gas["erc20_transfer"] = bench.send("buyer", token, "transfer", seller, 10**18)
    for spender in ("seller", "treasury"):
        bench.gas["erc20_permit_later_nonce"] = permit(bench, bench.at[spender])
    bench.gas["erc721_safe_transfer"] = safe_transfer(bench, creation)
    bench.send("buyer", registry, "transferFrom", buyer, seller, creation)


def safe_transfer(bench: Bench, creation: int) -> int:
    """`safeTransferFrom` has two forms, which the suite's encoder doesn't tell apart."""
    selector = keccak(text="safeTransferFrom(address,address,uint256)")[:4]
    words = [bench.at["seller"], bench.at["buyer"], creation]
    data = selector + encode(["address", "address", "uint256"], words)
    fields = {"from": bench.at["seller"], "to": bench.suite.registry.address}
    sent = bench.chain.raw("eth_sendTransaction", [{**fields, "data": "0x" + data.hex()}])
    receipt = bench.chain.receipt(sent)
    while receipt is None:
        receipt = bench.chain.receipt(sent)
    return int(receipt["gasUsed"], 16)


def permit(bench: Bench, spender: str) -> int:
    token, owner = bench.suite.token, bench.keys["creator"]
    nonce = token.call("nonces", owner.address)
    deadline = bench.now() + DAY
    separator = token.call("DOMAIN_SEPARATOR")
    typehash = keccak(
        text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    )
    types = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    words = [typehash, owner.address, spender, 10**18, nonce, deadline]
    digest = keccak(b"\x19\x01" + separator + keccak(encode(types, words)))
    signed = owner.unsafe_sign_hash(digest)
    signature = (signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
    return bench.send("buyer", token, "permit", *words[1:4], deadline, *signature)


def measure_sales(bench: Bench, asset: str, kind: str, creation: int) -> None:
    market, registry = bench.suite.market, bench.suite.registry
    coins = PRICE if asset == COIN else 0
    for _ in range(2):  # the first pays for slots that later ones find in use
        sale = bench.offer(asset, creation)
        bench.gas["offer"] = bench.send("seller", market, "offer", sale)
        bench.gas[f"buy_{kind}"] = bench.send("buyer", market, "buy", sale, COIN, coins=coins)
        back = (bench.at["buyer"], bench.at["seller"], creation)
        bench.send("buyer", registry, "transferFrom", *back)

        goods = bench.offer(asset)
        bench.gas["offer_delivered"] = bench.send("seller", market, "offer", goods)
        bench.gas[f"fund_{kind}"] = bench.send("buyer", market, "fund", goods, COIN, coins=coins)
        trade = bench.trade(goods)
        bench.gas["ship"] = bench.send("seller", market, "ship", trade, bytes(32))
        bench.gas[f"confirm_{kind}"] = bench.send("buyer", market, "confirm", trade)
    cancelled = bench.offer(asset)
    bench.send("seller", market, "offer", cancelled)
    offer_id = market.call("hashOffer", cancelled)
    bench.gas["cancel"] = bench.send("seller", market, "cancel", offer_id)
    refunded = bench.offer(asset)
    bench.send("seller", market, "offer", refunded)
    bench.send("buyer", market, "fund", refunded, COIN, coins=coins)
    bench.gas[f"refund_{kind}"] = bench.send("seller", market, "refund", bench.trade(refunded))
    measure_release(bench, asset, kind, coins)


def measure_release(bench: Bench, asset: str, kind: str, coins: int) -> None:
    market = bench.suite.market
    late = bench.offer(asset)
    bench.send("seller", market, "offer", late)
    bench.send("buyer", market, "fund", late, COIN, coins=coins)
    bench.send("seller", market, "ship", bench.trade(late), bytes(32))
    bench.chain.raw("evm_increaseTime", [4 * DAY])
    bench.chain.raw("evm_mine")
    job = f"release_after_deadline_{kind}"
    bench.gas[job] = bench.send("deployer", market, "claimTimeout", bench.trade(late))


def figures(gas: dict[str, int]) -> dict[str, Any]:
    jobs = {}
    for job, used in sorted(gas.items()):
        jobs[job] = {"gas": used}
        if job in ANCHORS:
            bound, peer, peer_gas, aim = ANCHORS[job]
            jobs[job] |= {
                "unavoidable": bound,
                "ratio_to_unavoidable": f"{used / bound:.3f}",
                "best_peer": peer,
                "best_peer_gas": peer_gas,
                "aim": aim,
                "reaches_aim": used <= aim,
                "beats_best_peer": used <= peer_gas,
            }
    return {
        "measured_on": "anvil, shanghai",
        "market": "fee 1 %, royalty 5 %, price 0.1; every payee paid before",
        "peers": "measured once elsewhere in one run, not repeated here",
        "jobs": jobs,
    }


def show(result: dict[str, Any]) -> None:
    table = Table("job", "gas", "÷ unavoidable", "aim", "best peer", title="Gas")
    for job, row in result["jobs"].items():
        aim = f"{row['aim']:,}" if "aim" in row else "–"
        style = "" if row.get("reaches_aim", True) else "yellow"
        peer = f"{row['best_peer']} {row['best_peer_gas']:,}" if "aim" in row else "–"
        ratio = row.get("ratio_to_unavoidable", "–")
        table.add_row(job, f"{row['gas']:,}", ratio, aim, peer, style=style)
    Console().print(table)


def main() -> None:
    with start_node("anvil") as node:
        bench = Bench(node.url)
        creation = prepare(bench)
        steps: list[Callable[[], None]] = [
            lambda: measure_tokens(bench, creation),
            lambda: measure_sales(bench, bench.suite.token.address, "erc20", creation),
            lambda: measure_sales(bench, COIN, "coins", creation),
        ]
        for step in steps:
            step()
    result = figures(bench.gas)
    write_atomically(TARGET, json.dumps(result, indent=2) + "\n")
    show(result)


if __name__ == "__main__":
    main()
