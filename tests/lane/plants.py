"""`make plant`: bugs that are put into a copy of the sources, one at a time, and must be found.

A machine that finds nothing shows nothing unless it finds what is there. Each plant breaks a law
in one contract; that contract is compiled with it and the machine plays, from a fixed seed, until
it sees the difference or its time is over."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from dokkaebi.deploy.sources import Sources
from tests.lane.abi import ROOT
from tests.lane.chain import Lane
from tests.lane.fuzz import bound, fuzz
from tests.lane.world import World

SECONDS = 300.0
PROCESSES = 2
SEED = 1_000
# A quarter of the optimizer's steps takes a third of the time; by the old way it's a sixth, but
# some contracts have too many variables for it. Each makes code that is a little longer.
QUICK = {
    "optimizer": {
        "enabled": True,
        "runs": 1,
        "details": {
            "yul": True,
            "yulDetails": {"stackAllocation": True, "optimizerSteps": "dhfoDgvulfnTUtnIf:"},
        },
    }
}
PLAIN = {"optimizer": {"enabled": True, "runs": 1}, "viaIR": False}
WITHOUT_IR = {
    *("CreationMarket", "AuctionHouse", "RewardPool", "CommunityToken", "ArbitrationDesk"),
}
COPIED = ("contracts", "interfaces")
LINKED = ("node_modules", ".solcx")


class Plant(NamedTuple):
    """In `source`, once, `old` becomes `new`; `contract` is compiled with it."""

    law: str
    contract: str
    source: str
    old: str
    new: str
    says: str


ESCROW, CREATIONS, AUCTIONS = "EscrowMarket", "CreationMarket", "AuctionHouse"
REGISTRY, POOL, TOKEN = "CreationRegistry", "RewardPool", "CommunityToken"
DESK, TILL = "ArbitrationDesk", "base/Till"
PLANTS = (
    Plant("solvency", ESCROW, ESCROW,
          "_pay(tradeId, trade.asset, trade.buyer, left);",
          "_pay(tradeId, trade.asset, trade.buyer, left == 0 ? left : trade.amount);",
          "a refund gives back parts that were paid"),
    Plant("solvency", ESCROW, TILL,
          "if (received != amount) revert Asset_AmountWrong(asset, received, amount);", "",
          "what a token brings in isn't measured"),
    Plant("solvency", AUCTIONS, TILL,
          "if (sent != amount) revert Asset_AmountWrong(asset, sent, amount);", "",
          "what a token takes out isn't measured"),
    Plant("solvency", CREATIONS, TILL,
          """        delete _credits[asset][payee];
        emit Withdrawn(payee, asset, to, amount);
        bool sent =
            asset == COIN
                ? SafeTransferLib.trySafeTransferETH(to, amount, gasleft())
                : _sendTokens(asset, to, amount, gasleft());
""",
          """        emit Withdrawn(payee, asset, to, amount);
        bool sent =
            asset == COIN
                ? SafeTransferLib.trySafeTransferETH(to, amount, gasleft())
                : _sendTokens(asset, to, amount, gasleft());
        delete _credits[asset][payee];
""",
          "a credit is paid before it's taken off: whoever is paid withdraws again"),
    Plant("solvency", AUCTIONS, AUCTIONS,
          "_pay(auctionId, auction.asset, before, amountBefore);",
          "_pay(auctionId, auction.asset, before, before == address(0) ? 0 : amount);",
          "whoever is outbid gets the new bid"),
    Plant("conservation", ESCROW, TILL,
          "(fee, referral, price - fee - referral)", "(fee, referral, price - fee)",
          "the commission comes out of nobody's part"),
    Plant("conservation", CREATIONS, TILL,
          "(price * FEE_BPS) / BPS;", "(price * FEE_BPS + BPS - 1) / BPS;",
          "the fee is rounded up"),
    Plant("conservation", REGISTRY, REGISTRY,
          "royalty - share * parentCount,", "royalty / 2,",
          "a derivative's royalty loses its rounding"),
    Plant("conservation", CREATIONS, CREATIONS,
          "_pay(bytes32(0), COIN, msg.sender, msg.value - spent);",
          "_pay(bytes32(0), COIN, msg.sender, (msg.value - spent) / 2);",
          "half of the change is kept"),
    Plant("liveness", ESCROW, TILL,
          """        _checkGas(gasBefore, gasLimit);
        _credit(asset, payee, amount);
        emit Credited(tradeId, payee, asset, amount);""",
          """        gasBefore;
        tradeId;
        revert Withdrawal_Failed(asset, payee, amount);""",
          "a payee who refuses stops the others"),
    Plant("liveness", AUCTIONS, AUCTIONS,
          "        if (moved) return;\n",
          "        if (!moved) revert Caller_NotMarket(winner);\n        if (moved) return;\n",
          "a collection that refuses stops the money"),
    Plant("liveness", ESCROW, ESCROW,
          "if (block.timestamp <= _deadlineIn(slot)) {",
          "if (block.timestamp <= _deadlineIn(slot) + 1) {",
          "a deadline ends a second late"),
    Plant("liveness", AUCTIONS, AUCTIONS,
          "return moved < latest ? moved : latest;",
          "return moved < latest + 365 days ? moved : latest;",
          "bids move an auction's end for ever"),
    Plant("one end", ESCROW, ESCROW,
          "            delete _trades[tradeId];\n            emit EscrowReleased",
          "            emit EscrowReleased",
          "a trade is paid and lives on"),
    Plant("one end", ESCROW, ESCROW,
          "if (all != 1) _taken[offerId] = serial + units;",
          "if (all > 3) _taken[offerId] = serial + units;",
          "units of a signed offer are sold twice"),
    Plant("one end", ESCROW, ESCROW,
          "        tradeId = _open(offerId, offer_, offer_.seller, msg.sender",
          "        _collect(offer_.asset, offer_.price * units);\n        if (units != 0) return "
          "_open(offerId, offer_, offer_.seller, msg.sender, referrer, units, serial);\n"
          "        tradeId = _open(offerId, offer_, offer_.seller, msg.sender",
          "a trade is paid before it is opened: a token's hook comes in between"),
    Plant("one end", POOL, POOL,
          "        claimedBy[account] = cumulative;\n", "        claimedBy[account] = claimed;\n",
          "a right is paid again"),
    Plant("consent", CREATIONS, CREATIONS,
          "            _useNonce(seller, offer_.nonce);\n", "",
          "a signed offer works twice"),
    Plant("consent", CREATIONS, CREATIONS,
          "if (bound && tenure != sale.tenure) {", "if (bound && tenure < sale.tenure) {",
          "an offer outlives a change of owner"),
    Plant("consent", CREATIONS, CREATIONS,
          "_checkSignature(acceptance.seller, hashAcceptance(acceptance), sellerSignature);",
          "sellerSignature;",
          "anybody accepts for an owner"),
    Plant("consent", ESCROW, "base/Signatures",
          "if (block.timestamp > expiry) {", "if (block.timestamp >= expiry) {",
          "a document dies a second early"),
    Plant("consent", ESCROW, ESCROW,
          "hashSettlement(tradeId, slot >> PART_SHIFT, sellerBps, expiry);",
          "hashSettlement(tradeId, 0, sellerBps, expiry);",
          "a settlement is good for another part than the one agreed on"),
    Plant("consent", REGISTRY, REGISTRY,
          "if (version < least) revert", "if (version + 1 < least) revert",
          "a cancelled voucher works"),
    Plant("consent", REGISTRY, REGISTRY,
          "spender, tokenId, tenureOf(tokenId), deadline)",
          "spender, tokenId, tenureOf(tokenId) & ~uint256(1), deadline)",
          "a permit outlives its owner"),
    Plant("consent", AUCTIONS, "base/Consent",
          "mask <<= first & 0xff;", "mask <<= first & 0x7f;",
          "cancelling nonces misses some"),
    Plant("rewards", POOL, POOL,
          "most = released(epoch) + income;", "most = released(epoch + 1) + income;",
          "the budget is an epoch ahead"),
    Plant("rewards", POOL, POOL,
          "if (block.timestamp >= _counting.until) revert",
          "if (block.timestamp > _counting.until) revert",
          "a root is stopped in the second in which it counts"),
    Plant("power", TOKEN, TOKEN,
          "        emit MinterNamed(newMinter);\n        _setSteward(address(0));\n",
          "        emit MinterNamed(newMinter);\n",
          "the stewardship doesn't end with its use"),
    Plant("power", TOKEN, TOKEN,
          "if (amount > room) revert", "if (amount > room + 1) revert",
          "one unit more than the cap is minted"),
    Plant("one end", DESK, DESK,
          "if (case_.ruled || ruling > RULING_MAX)", "if (ruling > RULING_MAX)",
          "an arbitrator may rule a second time"),
    Plant("payees", DESK, DESK,
          ".rule(terms, sellerBps, case_.submitter)", ".rule(terms, sellerBps, msg.sender)",
          "the arbiter's fee is whoever carries the ruling out's"),
    Plant("books", CREATIONS, CREATIONS,
          "emit SponsorRepaid(sale.documentId, terms.sponsor, sponsorAmount);",
          "emit SponsorRepaid(sale.documentId, voucher.creator, sponsorAmount);",
          "an event names another payee than the one who was paid"),
)  # fmt: skip


class Found(NamedTuple):
    plant: Plant
    problem: str
    steps: int
    shrunk: int
    compiling: float
    seconds: float


def code_of(plant: Plant) -> bytes:
    """The contract's init code, compiled from a copy of the sources with the bug in it."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name)
        for name in LINKED:
            (root / name).symlink_to((ROOT / name).resolve())
        shutil.copy(ROOT / "brownie-config.yaml", root)
        path = root / "contracts" / f"{plant.source}.sol"
        text = path.read_text(encoding="utf-8")
        if text.count(plant.old) != 1:
            raise SystemExit(
                f"{plant.source}: stands there {text.count(plant.old)} times: {plant.old}"
            )
        path.write_text(text.replace(plant.old, plant.new), encoding="utf-8")
        return _compile(Sources(root), plant.contract)


def _compile(sources: Sources, contract: str) -> bytes:
    made = sources.compiler_input(contract)
    path, name = made.identifier.split(":")
    settings = {
        **made.document["settings"],
        **(PLAIN if contract in WITHOUT_IR else QUICK),
        "outputSelection": {path: {name: ["evm.bytecode.object"]}},
    }
    binary = (sources.root / ".solcx" / f"solc-v{sources.version}").resolve()
    done = subprocess.run(
        [str(binary), "--standard-json"],
        input=json.dumps({**made.document, "settings": settings}),
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    wrong = [
        one["formattedMessage"] for one in answer.get("errors", []) if one["severity"] == "error"
    ]
    if wrong:
        raise SystemExit(wrong[0])
    return bytes.fromhex(answer["contracts"][path][name]["evm"]["bytecode"]["object"])


def look_for(plant: Plant, seconds: float = SECONDS) -> Found:
    began = time.monotonic()
    code = code_of(plant)
    compiled = time.monotonic()
    world = World(Lane(codes={plant.contract: code}))
    report = fuzz(SEED, bound(None, seconds), world=world)
    failure = report.failure
    return Found(
        plant,
        failure.problem if failure else "",
        failure.taken if failure else report.steps,
        len(failure.steps) if failure else 0,
        compiled - began,
        time.monotonic() - compiled,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make plant", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each plant")
    parser.add_argument("--only", default="", help="those whose description has this in it")
    options = parser.parse_args(arguments)
    chosen = [plant for plant in PLANTS if options.only in plant.says]
    with ProcessPoolExecutor(PROCESSES) as pool:
        jobs = [pool.submit(look_for, plant, options.seconds) for plant in chosen]
        table = Table("law", "contract", "planted", "found after", "shrunk to", "seconds")
        missed = 0
        for job in jobs:
            found = job.result()
            missed += not found.problem
            after = f"{found.steps:,} steps" if found.problem else f"NOT, in {found.steps:,} steps"
            row = (found.plant.law, found.plant.contract, found.plant.says, after,
                   f"{found.shrunk}", f"{found.compiling:.0f} + {found.seconds:.0f}")  # fmt: skip
            table.add_row(*row)
            print(" | ".join(row), "|", found.problem[:160], flush=True)
    Console().print(table)
    print(f"{len(chosen) - missed} of {len(chosen)} found.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
