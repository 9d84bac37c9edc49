"""OpenZeppelin's and Solady's tokens and collections, compiled as ours are."""

from __future__ import annotations

from pathlib import Path

from eth_typing import Hash32
from eth_utils.crypto import keccak

from bench.gas.ours import PRICE, Bench, permit, safe_transfer
from bench.gas.peers.kit import OUR_COMPILER, PeerFigure, compiled, deploy_code
from dokkaebi.chain.suite import Contract
from dokkaebi.config import project_root

COMPILER = f"{OUR_COMPILER}, via IR, 1,000,000 runs"
SETTINGS = {
    "viaIR": True,
    "evmVersion": "shanghai",
    "optimizer": {"enabled": True, "runs": 1_000_000},
}
PACKAGES = {"OpenZeppelin": "@openzeppelin/contracts@5.3.0", "Solady": "solady@0.1.26"}
NO_FEE = "the address as text; no fee, no royalty, no expiry, no record of its creator"
URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/0.json"


def measure(bench: Bench, library: str) -> dict[str, PeerFigure]:
    """Transfers, permits and mints of one library's plainest contracts."""
    token, works = _deploy(bench, f"{library}Token"), _deploy(bench, f"{library}Works")
    for name in ("buyer", "seller", "creator"):
        bench.send("deployer", token, "mint", bench.at[name], 10**21)
    gas = {"erc20_transfer": bench.send("buyer", token, "transfer", bench.at["seller"], 10**18)}
    for spender in ("seller", "treasury"):
        gas["erc20_permit_later_nonce"] = permit(bench, token, bench.at[spender])
    text = (URI,) if library == "OpenZeppelin" else ()
    for number, name in enumerate(("buyer", "seller", "seller", "creator", "creator")):
        creation = int.from_bytes(keccak(b"%d" % number))
        minted = bench.send(name, works, "mint", creation, *text)
        if name == "seller":
            moved = creation
    gas["register_default_royalty"] = minted
    if text:
        gas["voucher_sale_coins"] = gas["voucher_sale_coins_without_fee"] = _redeem(bench)
    gas["erc721_safe_transfer"] = safe_transfer(bench, works, moved)
    notes = {
        "register_default_royalty": "a mint: no record of creator, time or royalty"
        + (", the address as text" if text else ", an id and nothing else"),
        "voucher_sale_coins": NO_FEE,
        "voucher_sale_coins_without_fee": NO_FEE,
    }
    return {
        job: PeerFigure(used, notes.get(job, ""), PACKAGES[library], COMPILER)
        for job, used in gas.items()
    }


def _redeem(bench: Bench) -> int:
    """The least lazy mint that OpenZeppelin's library makes."""
    works = _deploy(bench, "OpenZeppelinVouchers")
    for number, name in enumerate(("buyer", "creator")):
        bench.send(name, works, "mint", int.from_bytes(keccak(b"first %d" % number)), URI)
    voucher = (bench.at["creator"], int.from_bytes(keccak(b"voucher")), PRICE, URI)
    key = bench.keys["creator"]
    signed = key.unsafe_sign_hash(Hash32(works.call("hashVoucher", voucher)))
    return bench.send("buyer", works, "redeem", voucher, bytes(signed.signature), coins=PRICE)


def _deploy(bench: Bench, name: str) -> Contract:
    modules = project_root() / "node_modules"
    remappings = {
        "sources/": Path(__file__).parent / "sources",
        "@openzeppelin/": modules / "@openzeppelin",
        "solady/": modules / "solady" / "src",
    }
    built = compiled(f"sources/{name}.sol", [name], remappings, OUR_COMPILER, SETTINGS)[name]
    return deploy_code(bench, name, built["abi"], built["code"])
