"""0x v4's NFT orders, compiled from its package, behind the proxy that the package ships."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from bench.gas.ours import DAY, PRICE, Bench, Terms
from bench.gas.peers.kit import PeerFigure, compiled, deploy, deploy_code, package, version
from dokkaebi.chain.suite import COIN, Contract

NAME = "@0x/contracts-zero-ex"
COMPILER = "0.6.12, 1,000,000 runs; the proxy as shipped"
ETH = "0x" + 40 * "E"
ROYALTY, FEE = PRICE // 20, PRICE // 100
FEATURE = "contracts/src/features/nft_orders/ERC721OrdersFeature.sol"
EIP712_SIGNATURE = 2


def measure(bench: Bench, creation: int) -> dict[str, PeerFigure]:
    """Signed sell orders in coins and tokens; royalty and fee are two fees on top of the price."""
    zero_ex = _deploy(bench)
    bench.send("seller", bench.suite.registry, "setApprovalForAll", zero_ex.address, True)
    bench.send("buyer", bench.suite.token, "approve", zero_ex.address, 2**256 - 1)
    gas: dict[str, int] = {}
    nonce = 0
    for kind, asset in (("erc20", bench.suite.token.address), ("coins", ETH)):
        for _ in range(2):
            nonce += 1
            order = _order(bench, creation, asset, nonce)
            digest = zero_ex.call("getERC721OrderHash", order)
            signed = bench.keys["seller"].unsafe_sign_hash(digest)
            signature = (
                EIP712_SIGNATURE,
                signed.v,
                signed.r.to_bytes(32, "big"),
                signed.s.to_bytes(32, "big"),
            )
            coins = PRICE if asset == ETH else 0
            gas[f"fill_{kind}"] = bench.send(
                "buyer", zero_ex, "buyERC721", order, signature, b"", coins=coins
            )
            parties = (bench.at["buyer"], bench.at["seller"])
            bench.send("buyer", bench.suite.registry, "transferFrom", *parties, creation)
    gas["cancel"] = bench.send("seller", zero_ex, "cancelERC721Order", nonce + 1)
    note = "royalty and fee pushed at once, chosen by the signer"
    return {job: PeerFigure(used, note, version(NAME), COMPILER) for job, used in gas.items()}


def _deploy(bench: Bench) -> Contract:
    folder = package(NAME)
    built = folder / "lib" / "generated-artifacts"
    feature = compiled(
        f"{NAME}/{FEATURE}",
        ["ERC721OrdersFeature"],
        {
            f"{NAME}/": folder,
            "@0x/contracts-erc20/": package("@0x/contracts-erc20"),
            "@0x/contracts-utils/": package("@0x/contracts-utils"),
        },
        "0.6.12",
        {"optimizer": {"enabled": True, "runs": 1_000_000}, "evmVersion": "istanbul"},
    )["ERC721OrdersFeature"]
    deployer = bench.at["deployer"]
    migration = deploy(bench, built / "InitialMigration.json", deployer)
    proxy = deploy(bench, built / "ZeroEx.json", migration.address)
    registry = deploy(bench, built / "SimpleFunctionRegistryFeature.json")
    ownable = deploy(bench, built / "OwnableFeature.json")
    features = (registry.address, ownable.address)
    bench.send("deployer", migration, "initializeZeroEx", deployer, proxy.address, features)
    orders = deploy_code(
        bench, "ERC721OrdersFeature", feature["abi"], feature["code"], proxy.address, COIN
    )
    owner = Contract(bench.chain, "OwnableFeature", proxy.address, ownable.abi)
    bench.send("deployer", owner, "migrate", orders.address, keccak(text="migrate()")[:4], deployer)
    return Contract(bench.chain, "ZeroEx", proxy.address, _told_apart(orders.abi))


def _told_apart(abi: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the forms of a name that aren't called here."""
    return [e for e in abi if e.get("name") != "buyERC721" or len(e["inputs"]) == 3]


def _order(bench: Bench, creation: int, asset: str, nonce: int) -> Terms:
    fees = [(bench.at["creator"], ROYALTY, b""), (bench.at["treasury"], FEE, b"")]
    price = PRICE - ROYALTY - FEE
    money = (bench.now() + 30 * DAY, nonce, asset, price, fees)
    registry = bench.suite.registry.address
    return (0, bench.at["seller"], COIN, *money, registry, creation, [])
