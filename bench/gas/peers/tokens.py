"""OpenZeppelin's and Solady's tokens and collections, compiled as ours are."""

from __future__ import annotations

from pathlib import Path

from eth_utils.crypto import keccak

from bench.gas.ours import Bench, permit, safe_transfer
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
    gas["erc721_safe_transfer"] = safe_transfer(bench, works, moved)
    notes = {
        "register_default_royalty": "a mint: no record of creator, time or royalty"
        + (", the address as text" if text else ", an id and nothing else")
    }
    return {
        job: PeerFigure(used, notes.get(job, ""), PACKAGES[library], COMPILER)
        for job, used in gas.items()
    }


def _deploy(bench: Bench, name: str) -> Contract:
    modules = project_root() / "node_modules"
    remappings = {
        "sources/": Path(__file__).parent / "sources",
        "@openzeppelin/": modules / "@openzeppelin",
        "solady/": modules / "solady" / "src",
    }
    built = compiled(f"sources/{name}.sol", [name], remappings, OUR_COMPILER, SETTINGS)[name]
    return deploy_code(bench, name, built["abi"], built["code"])
