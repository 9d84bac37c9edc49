"""Every error of every contract becomes a sentence, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from dokkaebi.chain.documents import creation_cid
from dokkaebi.chain.reverts import Reverted, decode_revert, reverted
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COMPILED, load_abi, signature_of, types_of
from dokkaebi.texts import set_language

ERRORS = {e["name"]: e for name in COMPILED for e in load_abi(name) if e["type"] == "error"}
ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
NOBODY = "0x" + 40 * "0"
BIG = 2**255
SAMPLES: dict[str, Any] = {"address": ADDRESS, "bytes32": b"\x01" * 32, "string": "x", "uint8": 1}


def revert_of(entry: dict[str, Any], *values: object) -> str:
    selector = keccak(text=signature_of(entry))[:4]
    return "0x" + (selector + encode(types_of(entry["inputs"]), values)).hex()


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_error_has_a_sentence(name: str, lang: str) -> None:
    entry = ERRORS[name]
    values = [SAMPLES.get(parameter["type"], 1000) for parameter in entry["inputs"]]
    error = Reverted(decode_revert(revert_of(entry, *values)))
    assert error.key == name
    assert set(error.details) == {parameter["name"] for parameter in entry["inputs"]}
    set_language(lang)
    sentence = str(error)
    assert not set("{}") & set(sentence)
    assert sentence.endswith((".", "!", "?"))
    assert name not in sentence


@pytest.mark.parametrize(
    ("name", "values", "seen"),
    [
        ("Royalty_TooHigh", [1250, 1000], "12.5 % is above the highest one allowed, 10 %"),
        ("Offer_ReferralTooHigh", [6000, 5000], "60 % is above what the market allows, 50 %"),
        ("Offer_ShipWindowOutOfRange", [90_000, 3600, 5_184_000], "1 day 1 hour"),
        ("Document_Expired", [bytes(32), 1_700_000_000, 1_700_000_001], "2023-11-14"),
        ("Expiry_OutOfRange", [0, 1_700_000_000, 2**255], "between 2023-11-14"),
        ("Offer_NotStarted", [bytes(32), 1_700_000_000, 0], "from 2023-11-14"),
        ("Trade_StateWrong", [bytes(32), 3, 1], "is disputed"),
        ("Auction_StepOutOfRange", [0, 100, 5_000], "0 % is out of bounds; 1 % to 50 %"),
        ("Auction_ExtensionOutOfRange", [7_200, 3_600], "by 2 hours is too long; at most 1 hour"),
        ("Division_OutOfRange", [10_001, 10_000], "100.01 % of what is left; 100 % is all"),
        ("Document_SizeOutOfRange", [1, 128, 16_383], "must have 128 to 16383"),
        ("Offer_UnitsOutOfRange", [0, 10_000], "1 to 10000 can"),
        ("Creation_Unknown", [BIG], creation_cid(BIG)),
        ("Creation_NotDelivered", [ADDRESS, 7, NOBODY], "moved 7, but nobody has it"),
        ("Trade_NotArbiter", [ADDRESS, NOBODY], "(nobody)"),
        ("Credit_Empty", [NOBODY, ADDRESS], "the chain's coin"),
    ],
)
def test_arguments_are_shown_as_people_read_them(name: str, values: list[Any], seen: str) -> None:
    assert seen in str(Reverted(decode_revert(revert_of(ERRORS[name], *values))))


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ("0x08c379a0" + encode(["string"], ["not today"]).hex(), "revert_said"),
        ("0x4e487b71" + encode(["uint256"], [17]).hex(), "revert_panic"),
        ("0x7939f424", "TransferFromFailed"),
        ("0x12345678", "revert_unknown"),
        (revert_of(ERRORS["Creation_Unknown"], 7)[:-2], "revert_unknown"),
        ("0x", "revert_silent"),
    ],
)
def test_other_reverts_are_told_apart(data: str, key: str) -> None:
    error = Reverted(decode_revert(data))
    assert error.key == key
    assert str(error) != key


def test_a_nodes_own_refusal_stays_one() -> None:
    refusal = RpcRefused("eth_call", -32000, "out of memory", "0x")
    assert reverted(refusal) is refusal
    silent = RpcRefused("eth_call", -32000, "VM Exception: revert", "0x")
    assert reverted(silent).key == "revert_silent"
