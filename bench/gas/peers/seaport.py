"""Seaport 1.5, compiled from its package with its own settings."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from bench.gas.ours import DAY, PRICE, Bench
from bench.gas.peers.kit import PeerFigure, compiled, deploy_code, package, version
from dokkaebi.chain.suite import COIN, Contract

NAME = "seaport-core"
COMPILER = "0.8.17, via IR, 4,294,967,295 runs"
SETTINGS = {
    "viaIR": True,
    "optimizer": {"enabled": True, "runs": 4_294_967_295},
    "metadata": {"bytecodeHash": "none"},
}
ROYALTY, FEE = PRICE // 20, PRICE // 100
NO_CONDUIT = bytes(32)
COINS, ERC20, ERC721 = 0, 1, 2
FULL_OPEN = 0
BASIC_COINS, BASIC_ERC20 = 0, 8


def measure(bench: Bench, creation: int) -> dict[str, PeerFigure]:
    """Basic orders signed, and the same validated on chain; royalty and fee as extra recipients."""
    seaport = _deploy(bench)
    bench.send("seller", bench.suite.registry, "setApprovalForAll", seaport.address, True)
    bench.send("buyer", bench.suite.token, "approve", seaport.address, 2**256 - 1)
    gas: dict[str, int] = {}
    salt = 0
    for kind, asset in (("erc20", bench.suite.token.address), ("coins", COIN)):
        for _ in range(2):
            salt += 1
            gas[f"fill_{kind}"] = _fill(bench, seaport, _parameters(bench, creation, asset, salt))
            _back(bench, creation)
            salt += 1
            parameters = _parameters(bench, creation, asset, salt)
            gas["offer"] = bench.send("seller", seaport, "validate", [(parameters, b"")])
            gas[f"buy_{kind}"] = _fill(bench, seaport, parameters, validated=True)
            _back(bench, creation)
    parameters = _parameters(bench, creation, COIN, salt + 1)
    counter = seaport.call("getCounter", bench.at["seller"])
    gas["cancel"] = bench.send("seller", seaport, "cancel", [(*parameters[:10], counter)])
    note = "royalty and fee pushed at once, chosen by the signer; no conduit"
    return {job: PeerFigure(used, note, version(NAME), COMPILER) for job, used in gas.items()}


def _deploy(bench: Bench) -> Contract:
    remappings = {"seaport-core/": package(NAME), "seaport-types/": package("seaport-types")}
    paths = {"ConduitController": "seaport-core/src/conduit/ConduitController.sol"}
    paths["Seaport"] = "seaport-core/src/Seaport.sol"
    built: dict[str, dict[str, Any]] = {}
    for name, entry in paths.items():
        built |= compiled(entry, [name], remappings, "0.8.17", SETTINGS)
    conduits = built["ConduitController"]
    controller = deploy_code(bench, "ConduitController", conduits["abi"], conduits["code"])
    seaport = built["Seaport"]
    return deploy_code(bench, "Seaport", seaport["abi"], seaport["code"], controller.address)


def _parameters(bench: Bench, creation: int, asset: str, salt: int) -> tuple[Any, ...]:
    """OrderParameters: the creation against price, royalty and fee."""
    item = COINS if asset == COIN else ERC20
    parts = (
        (PRICE - ROYALTY - FEE, bench.at["seller"]),
        (ROYALTY, bench.at["creator"]),
        (FEE, bench.at["treasury"]),
    )
    wanted = [(item, asset, 0, amount, amount, who) for amount, who in parts]
    given = [(ERC721, bench.suite.registry.address, creation, 1, 1)]
    times = (bench.now() - 1, bench.now() + 30 * DAY)
    end = (*times, bytes(32), salt, NO_CONDUIT, len(wanted))
    return (bench.at["seller"], COIN, given, wanted, FULL_OPEN, *end)


def _fill(
    bench: Bench, seaport: Contract, parameters: tuple[Any, ...], *, validated: bool = False
) -> int:
    """`fulfillBasicOrder`; its gas."""
    seller, _, given, wanted, _, start, end, zone_hash, salt, conduit, _ = parameters
    signature = b""
    if not validated:
        counter = seaport.call("getCounter", seller)
        order_hash = seaport.call("getOrderHash", (*parameters[:10], counter))
        separator = seaport.call("information")[1]
        signature = bench.sign("seller", keccak(b"\x19\x01" + separator + order_hash))
    asset = wanted[0][1]
    kind = BASIC_COINS if asset == COIN else BASIC_ERC20
    basic = (
        *(asset, 0, wanted[0][3], seller, COIN, given[0][1], given[0][2], 1, kind),
        *(start, end, zone_hash, salt, conduit, NO_CONDUIT, len(wanted) - 1),
        [(amount, who) for *_, amount, _, who in wanted[1:]],
        signature,
    )
    coins = PRICE if asset == COIN else 0
    return bench.send("buyer", seaport, "fulfillBasicOrder", basic, coins=coins)


def _back(bench: Bench, creation: int) -> None:
    parties = (bench.at["buyer"], bench.at["seller"])
    bench.send("buyer", bench.suite.registry, "transferFrom", *parties, creation)
