"""The hand-made coding is that of `eth_abi`, and the documents' hashes are the contracts' own."""

from __future__ import annotations

from random import Random
from typing import Any

import eth_abi
import pytest
from eth_account import Account

from tests.lane.abi import (
    artifact,
    coder,
    digest_of,
    domain_of,
    error_of,
    functions_of,
    struct,
    type_of,
)
from tests.lane.chain import CHAIN_ID, Lane
from tests.lane.keys import ORDER, person
from tests.lane.machine import r_and_s
from tests.models.books import NOTHING

CONTRACTS = ("EscrowMarket", "CreationMarket", "AuctionHouse", "CreationRegistry", "RewardPool")
DOCUMENTS = (
    ("EscrowMarket", "offer", 0, "Offer", "hashOffer"),
    ("EscrowMarket", "offer", 0, "Request", "hashRequest"),
    ("CreationMarket", "offer", 0, None, "hashOffer"),
    ("CreationMarket", "accept", 0, None, "hashBid"),
    ("CreationMarket", "swap", 0, None, "hashSwap"),
    ("CreationMarket", "acceptFor", 2, None, "hashAcceptance"),
    ("AuctionHouse", "open", 0, None, "hashAuction"),
    ("CreationRegistry", "registerFor", 0, None, "hashVoucher"),
)


def some(part: Any, dice: Random) -> Any:
    """A value of an ABI's parameter."""
    kind = part["type"]
    if kind.endswith("[]"):
        one = {**part, "type": kind[:-2]}
        return tuple(some(one, dice) for _ in range(dice.randrange(4)))
    if kind == "tuple":
        return tuple(some(one, dice) for one in part["components"])
    if kind == "address":
        return f"0x{dice.getrandbits(160):040x}"
    if kind == "bool":
        return dice.random() < 0.5
    if kind == "bytes":
        return dice.randbytes(dice.randrange(70))
    if kind.startswith("bytes"):
        return dice.randbytes(int(kind[5:]))
    return dice.getrandbits(int(kind.removeprefix("uint")))


@pytest.mark.parametrize("contract", CONTRACTS)
def test_calldata_is_as_eth_abi_makes_it(contract: str) -> None:
    dice, tried = Random(contract), 0
    for entry in artifact(contract)["abi"]:
        if entry["type"] != "function":
            continue
        kinds = [type_of(part) for part in entry["inputs"]]
        for _ in range(5):
            values = tuple(some(part, dice) for part in entry["inputs"])
            made = coder(f"({','.join(kinds)})").encode(values)
            assert made == eth_abi.encode(kinds, values)
            assert coder(f"({','.join(kinds)})").decode(made, 0) == values
            tried += 1
    assert tried > 50


@pytest.mark.parametrize(("contract", "function", "at", "name", "view"), DOCUMENTS)
def test_documents_have_the_ids_that_the_contracts_give_them(
    contract: str, function: str, at: int, name: str | None, view: str
) -> None:
    lane, dice = Lane(), Random(view)
    token = lane.deploy(person("ada").address, "MockToken").address
    arguments: tuple[Any, ...] = (token, person("ada").address, 100)
    if contract == "CreationRegistry":
        arguments = ("Creations", "DKC", bytes(32))
    made = lane.deploy(person("ada").address, contract, *arguments)
    (entry,) = (e for e in artifact(contract)["abi"] if e.get("name") == view)
    domain = domain_of(f"Dokkaebi {contract}", CHAIN_ID, made.address)
    for _ in range(10):
        document = some(entry["inputs"][0], dice)
        hashed = struct(contract, function, at, name).hash(document)
        found = made.functions[view]
        assert found.read(lane.ask(made.address, found(document))) == digest_of(domain, hashed)


def test_errors_are_read_by_name_and_arguments() -> None:
    error = functions_of("EscrowMarket")["creditOf"]  # any two addresses
    data = error("0x" + "11" * 20, "0x" + "22" * 20)[4:]
    selector = bytes.fromhex("00000000")
    assert error_of(selector + data) == NOTHING
    assert error_of(b"") == NOTHING


def test_signatures_are_their_signers() -> None:
    for name in ("ada", "ben", "cho"):
        one = person(name)
        for number in range(20):
            digest = Random(f"{name}{number}").randbytes(32)
            signature = one.sign(digest)
            recovered = Account._recover_hash(digest, signature=signature)
            assert recovered.lower() == one.address
            assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
            assert len(r_and_s(signature)) == 64
