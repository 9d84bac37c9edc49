"""Kleros v1's escrow, `MultipleArbitrableTransaction` and its token twin, as shipped."""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE, Bench
from bench.gas.peers.kit import PeerFigure, deploy, package, version
from dokkaebi.chain.suite import Contract

NAME = "@kleros/kleros-interaction"
COMPILER = "0.4.24, as shipped"
FEE = 10**15
EVIDENCE = "/ipfs/QmTeBKv9PXxVtCkc4Bzz2KbfzjQVbqqKoXXzfCDDZwYTRo/meta.json"


def measure(bench: Bench) -> dict[str, PeerFigure]:
    """Escrow in coins and in tokens. It has no fee for a community and no royalty."""
    built = package(NAME) / "build" / "contracts"
    arbitrator = deploy(bench, built / "CentralizedArbitrator.json", FEE)
    coins = deploy(
        bench, built / "MultipleArbitrableTransaction.json", arbitrator.address, b"", DAY
    )
    tokens = deploy(
        bench, built / "MultipleArbitrableTokenTransaction.json", arbitrator.address, b"", DAY
    )
    gas: dict[str, int] = {}
    for _ in range(2):
        _coins(bench, gas, coins, arbitrator)
        _tokens(bench, gas, tokens)
    notes = {
        "dispute": "both parties pay the arbitrator, in two calls; the second creates the dispute",
        "rule_coins": "all to one party",
    }
    return {
        job: PeerFigure(used, notes.get(job, "no fee, no royalty"), version(NAME), COMPILER)
        for job, used in gas.items()
    }


def _coins(bench: Bench, gas: dict[str, int], market: Contract, arbitrator: Contract) -> None:
    seller = bench.at["seller"]

    def create() -> int:
        gas["fund_coins"] = bench.send(
            "buyer", market, "createTransaction", 3 * DAY, seller, EVIDENCE, coins=PRICE
        )
        return int(market.call("getCountTransactions")) - 1

    gas["confirm_coins"] = bench.send("buyer", market, "pay", create(), PRICE)
    late = create()
    bench.wait(4 * DAY)
    gas["release_after_deadline_coins"] = bench.send("deployer", market, "executeTransaction", late)
    disputed = create()
    first = bench.send("buyer", market, "payArbitrationFeeBySender", disputed, coins=FEE)
    second = bench.send("seller", market, "payArbitrationFeeByReceiver", disputed, coins=FEE)
    gas["dispute"] = first + second
    number = int(market.call("transactions", disputed)[4])
    gas["rule_coins"] = bench.send("deployer", arbitrator, "giveRuling", number, 2)


def _tokens(bench: Bench, gas: dict[str, int], market: Contract) -> None:
    token, seller = bench.suite.token, bench.at["seller"]
    bench.send("buyer", token, "approve", market.address, 2**256 - 1)
    bench.send("deployer", token, "transfer", market.address, 1)
    gas["fund_erc20"] = bench.send(
        "buyer",
        market,
        "createTransaction",
        PRICE,
        token.address,
        3 * DAY,
        seller,
        EVIDENCE,
    )
    number = int(market.call("getCountTransactions")) - 1
    gas["confirm_erc20"] = bench.send("buyer", market, "pay", number, PRICE)
