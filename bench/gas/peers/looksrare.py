"""LooksRare v2, compiled from its package."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_typing import Hash32
from eth_utils.crypto import keccak

from bench.gas.ours import DAY, PRICE, Bench, Terms
from bench.gas.peers.kit import PeerFigure, compiled, deploy_code, package, version
from dokkaebi.chain.suite import COIN, Contract

NAME = "@looksrare/contracts-exchange-v2"
LIBRARY = "@looksrare/contracts-libs"
COMPILER = "0.8.17, via IR, 888,888 runs"
SETTINGS = {"viaIR": True, "optimizer": {"enabled": True, "runs": 888_888}}
# Answers two zero words to everything: a registry of royalties in which nobody is written.
EMPTY_REGISTRY = "600580600b6000396000f360406000f3"
ASK, STANDARD, ERC721 = 1, 0, 0
MAKER = (
    "Maker(uint8 quoteType,uint256 globalNonce,uint256 subsetNonce,uint256 orderNonce,"
    "uint256 strategyId,uint8 collectionType,address collection,address currency,address signer,"
    "uint256 startTime,uint256 endTime,uint256 price,uint256[] itemIds,uint256[] amounts,"
    "bytes additionalParameters)"
)


def measure(bench: Bench, creation: int) -> dict[str, PeerFigure]:
    """Signed asks in coins and tokens, royalty by ERC-2981."""
    protocol, nfts = _deploy(bench)
    at, token = bench.at, bench.suite.token
    bench.send("deployer", nfts, "allowOperator", protocol.address)
    for asset in (token.address, COIN):
        bench.send("deployer", protocol, "updateCurrencyStatus", asset, True)
    bench.send("seller", nfts, "grantApprovals", [protocol.address])
    bench.send("seller", bench.suite.registry, "setApprovalForAll", nfts.address, True)
    bench.send("buyer", token, "approve", protocol.address, 2**256 - 1)
    gas: dict[str, int] = {}
    nonce = 0
    for kind, asset in (("erc20", token.address), ("coins", COIN)):
        for _ in range(2):
            nonce += 1
            maker = _maker(bench, creation, asset, nonce)
            digest = keccak(b"\x19\x01" + protocol.call("domainSeparator") + _hash(maker))
            signed = bench.keys["seller"].unsafe_sign_hash(Hash32(digest))
            taker = (at["buyer"], b"")
            no_tree: Terms = (bytes(32), [])
            coins = PRICE if asset == COIN else 0
            call = (taker, maker, bytes(signed.signature), no_tree, COIN)
            gas[f"fill_{kind}"] = bench.send(
                "buyer", protocol, "executeTakerBid", *call, coins=coins
            )
            parties = (at["buyer"], at["seller"])
            bench.send("buyer", bench.suite.registry, "transferFrom", *parties, creation)
    note = "royalty and fee pushed at once; a slot for each nonce; its own fee of 0.5 %"
    return {job: PeerFigure(used, note, version(NAME), COMPILER) for job, used in gas.items()}


def _deploy(bench: Bench) -> tuple[Contract, Contract]:
    remappings = {f"{NAME}/": package(NAME), f"{LIBRARY}/": package(LIBRARY)}
    deployer = bench.at["deployer"]

    def make(name: str, *arguments: object) -> Contract:
        entry = f"{NAME}/contracts/{name}.sol"
        built = compiled(entry, [name], remappings, "0.8.17", SETTINGS)[name]
        return deploy_code(bench, name, built["abi"], built["code"], *arguments)

    nfts = make("TransferManager", deployer)
    protocol = make("LooksRareProtocol", deployer, bench.at["treasury"], nfts.address, COIN)
    registry = deploy_code(bench, "EmptyRegistry", [], EMPTY_REGISTRY)
    royalties = make("CreatorFeeManagerWithRoyalties", registry.address)
    bench.send("deployer", protocol, "updateCreatorFeeManager", royalties.address)
    return protocol, nfts


def _maker(bench: Bench, creation: int, asset: str, nonce: int) -> Terms:
    what = (ERC721, bench.suite.registry.address, asset, bench.at["seller"])
    times = (bench.now() - 1, bench.now() + 30 * DAY)
    return (ASK, 0, 0, nonce, STANDARD, *what, *times, PRICE, [creation], [1], b"")


def _hash(maker: Terms) -> bytes:
    *words, ids, amounts, parameters = maker
    types = ["uint8", *4 * ["uint256"], "uint8", *3 * ["address"], *3 * ["uint256"]]
    lists = [keccak(encode(len(v) * ["uint256"], v)) for v in (ids, amounts)]
    hashes = [*lists, keccak(parameters)]
    return keccak(
        encode(["bytes32", *types, *3 * ["bytes32"]], [keccak(text=MAKER), *words, *hashes])
    )
