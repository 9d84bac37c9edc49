"""Zora v3: asks and reserve auctions, as its package ships them."""

from __future__ import annotations

from bench.gas.ours import DAY, PRICE, Bench
from bench.gas.peers.kit import PeerFigure, deploy, package, version
from dokkaebi.chain.suite import COIN, Contract

NAME = "@zoralabs/v3"
COMPILER = "0.8.10, 500,000 runs, as shipped"
FEE_BPS = 100


def measure(bench: Bench, creation: int) -> dict[str, PeerFigure]:
    """Asks in coins and tokens, an auction in coins; royalty by the engine that its tests use."""
    built = package(NAME) / "dist" / "artifacts"

    def make(name: str, *arguments: object) -> Contract:
        return deploy(bench, built / f"{name}.sol" / f"{name}.json", *arguments)

    at, token = bench.at, bench.suite.token
    settings = make("ZoraProtocolFeeSettings")
    manager = make("ZoraModuleManager", at["deployer"], settings.address)
    bench.send("deployer", settings, "init", manager.address, COIN)
    nfts = make("ERC721TransferHelper", manager.address)
    money = make("ERC20TransferHelper", manager.address)
    engine = make("RoyaltyEngine", at["creator"])
    wrapped = make("WETH")
    shared = (engine.address, settings.address, wrapped.address)
    coin_asks = make("AsksCoreEth", nfts.address, *shared)
    token_asks = make("AsksCoreErc20", money.address, nfts.address, *shared)
    auctions = make("ReserveAuctionCoreEth", nfts.address, *shared)
    bench.give_creation(auctions.address)
    for module in (coin_asks, token_asks, auctions):
        bench.send("deployer", manager, "registerModule", module.address)
        fee = (module.address, at["treasury"], FEE_BPS)
        bench.send("deployer", settings, "setFeeParams", *fee)
        for who in ("seller", "buyer"):
            bench.send(who, manager, "setApprovalForModule", module.address, True)
    bench.send("seller", bench.suite.registry, "setApprovalForAll", nfts.address, True)
    bench.send("buyer", token, "approve", money.address, 2**256 - 1)
    gas: dict[str, int] = {}
    for _ in range(2):
        _token_asks(bench, gas, token_asks, creation)
        _coin_asks(bench, gas, coin_asks, creation)
        steps = _auction(bench, gas, auctions, creation)
    note = "royalty and fee pushed at once"
    notes = {"auction_coins": f"{note}; {steps}"}
    return {
        job: PeerFigure(used, notes.get(job, note), version(NAME), COMPILER)
        for job, used in gas.items()
    }


def _coin_asks(bench: Bench, gas: dict[str, int], asks: Contract, creation: int) -> None:
    what = (bench.suite.registry.address, creation)
    gas["offer"] = bench.send("seller", asks, "createAsk", *what, PRICE)
    gas["cancel"] = bench.send("seller", asks, "cancelAsk", *what)
    bench.send("seller", asks, "createAsk", *what, PRICE)
    gas["buy_coins"] = bench.send("buyer", asks, "fillAsk", *what, coins=PRICE)
    _back(bench, "buyer", creation)


def _token_asks(bench: Bench, gas: dict[str, int], asks: Contract, creation: int) -> None:
    what = (bench.suite.registry.address, creation)
    price = (PRICE, bench.suite.token.address)
    bench.send("seller", asks, "createAsk", *what, *price)
    gas["buy_erc20"] = bench.send("buyer", asks, "fillAsk", *what, *price)
    _back(bench, "buyer", creation)


def _back(bench: Bench, who: str, creation: int) -> None:
    parties = (bench.at[who], bench.at["seller"])
    bench.send(who, bench.suite.registry, "transferFrom", *parties, creation)


def _auction(bench: Bench, gas: dict[str, int], auctions: Contract, creation: int) -> str:
    """One auction; what each of its steps took, in words."""
    what = (bench.suite.registry.address, creation)
    terms = (*what, DAY, PRICE, bench.at["seller"], 0)
    steps = {
        "open": bench.send("seller", auctions, "createAuction", *terms),
        "first_bid": bench.send("buyer", auctions, "createBid", *what, coins=PRICE),
        "outbid": bench.send("rival", auctions, "createBid", *what, coins=2 * PRICE),
    }
    bench.wait(DAY + 1)
    steps["settle"] = bench.send("deployer", auctions, "settleAuction", *what)
    _back(bench, "rival", creation)
    gas["auction_coins"] = sum(steps.values())
    return ", ".join(f"{step} {used:,}" for step, used in steps.items())
