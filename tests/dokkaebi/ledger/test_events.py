"""Decoding: every event of the suite, and what isn't one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from eth_abi import decode as eth_abi_decode
from eth_abi import encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from dokkaebi.chain.suite import COMPILED, load_abi
from dokkaebi.ledger.events import decode, shapes_of, suite_shapes
from tests.dokkaebi.ledger.market_day import Day

EVENTS = [
    (name, entry) for name in COMPILED for entry in load_abi(name) if entry["type"] == "event"
]
# OpenZeppelin's EIP712 declares it and never emits it.
UNUSED = "EIP712DomainChanged"
LARGEST = 2**256 - 1


def value_of(kind: str, dice: random.Random) -> Any:
    """A random value of an ABI type, the extremes included."""
    if kind.endswith("[]"):
        return [value_of(kind[:-2], dice) for _ in range(dice.randrange(4))]
    if kind == "address":
        return f"0x{dice.choice([0, 2**160 - 1, dice.getrandbits(160)]):040x}"
    if kind == "bool":
        return dice.random() < 0.5
    if kind.startswith("uint"):
        bits = int(kind[4:])
        return dice.choice([0, 2**bits - 1, dice.getrandbits(bits)])
    if kind == "bytes32":
        return dice.randbytes(32)
    if kind == "string":
        return "".join(dice.choices("ipfs://f01551220 도깨비", k=dice.randrange(80)))
    raise AssertionError(kind)


def made_up(item: dict[str, Any], dice: random.Random) -> tuple[str, Any, Any]:
    """Type, value for the encoder, and value as the decoder should give it."""
    if item["type"] == "tuple[]":
        single = {**item, "type": "tuple"}
        many = [made_up(single, dice) for _ in range(dice.randrange(4))]
        kind = made_up(single, dice)[0]
        return f"{kind}[]", [one[1] for one in many], [one[2] for one in many]
    if item["type"] == "tuple":
        parts = [made_up(part, dice) for part in item["components"]]
        names = [part["name"] for part in item["components"]]
        seen = dict(zip(names, (part[2] for part in parts), strict=True))
        return f"({','.join(p[0] for p in parts)})", tuple(p[1] for p in parts), seen
    value = value_of(item["type"], dice)
    return item["type"], value, "0x" + value.hex() if isinstance(value, bytes) else value


@pytest.mark.parametrize(
    ("contract", "entry"), EVENTS, ids=lambda x: x if isinstance(x, str) else x["name"]
)
def test_every_event_decodes_to_what_was_encoded(contract: str, entry: dict[str, Any]) -> None:
    dice = random.Random(entry["name"])
    for _ in range(25):
        made = {item["name"]: made_up(item, dice) for item in entry["inputs"]}
        signature = f"{entry['name']}({','.join(kind for kind, _, _ in made.values())})"
        topics = ["0x" + keccak(text=signature).hex()]
        plain = []
        for item in entry["inputs"]:
            kind, value, _ = made[item["name"]]
            if item["indexed"]:
                topics.append("0x" + encode([kind], [value]).hex())
            else:
                plain.append((kind, value))
        data = "0x" + encode([k for k, _ in plain], [v for _, v in plain]).hex()
        shape = suite_shapes()[contract][topics[0]]
        assert shape.name == entry["name"]
        assert decode(shape, topics, data) == {name: seen for name, (_, _, seen) in made.items()}


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Data with something wrong: a word, a byte or the end."""
    way = dice.choice(["word", "byte", "cut", "more"])
    if way == "cut" or not data:
        return data[: dice.randrange(len(data) + 1)]
    if way == "more":
        return data + dice.randbytes(dice.randrange(1, 64))
    at = dice.randrange(len(data))
    if way == "byte":
        return data[:at] + dice.randbytes(1) + data[at + 1 :]
    at -= at % 32
    word = dice.choice([0, 1, 31, 32, 33, 64, 2**32, 2**64, 2**255, LARGEST, len(data)])
    return data[:at] + word.to_bytes(32, "big") + data[at + 32 :]


@pytest.mark.parametrize(
    ("contract", "entry"), EVENTS, ids=lambda x: x if isinstance(x, str) else x["name"]
)
def test_damaged_data_is_refused_or_read_as_eth_abi_reads_it(
    contract: str, entry: dict[str, Any]
) -> None:
    dice = random.Random(entry["name"])
    refused = 0
    for _ in range(120):
        made = {item["name"]: made_up(item, dice) for item in entry["inputs"]}
        signature = f"{entry['name']}({','.join(kind for kind, _, _ in made.values())})"
        topics = ["0x" + keccak(text=signature).hex()]
        topics += ["0x" + "00" * 32 for item in entry["inputs"] if item["indexed"]]
        plain = [item for item in entry["inputs"] if not item["indexed"]]
        kinds = [made[item["name"]][0] for item in plain]
        data = damaged(encode(kinds, [made[item["name"]][1] for item in plain]), dice)
        try:
            wanted = eth_abi_decode(kinds, data)
        except (DecodingError, UnicodeDecodeError, OverflowError):
            wanted = None
        shape = suite_shapes()[contract][topics[0]]
        try:
            found = decode(shape, topics, "0x" + data.hex())
        except ValueError:
            # It may be stricter about strings alone.
            refused += 1
            assert wanted is None or "string" in signature
            continue
        if wanted is not None:
            for item, kind, value in zip(plain, kinds, wanted, strict=True):
                again = encode([kind], [value])
                assert encode([kind], [_encodable(found[item["name"]])]) == again
    assert refused > 0 or not plain


def _encodable(value: Any) -> Any:
    """A decoded value as `eth_abi` takes it."""
    if isinstance(value, dict):
        return tuple(map(_encodable, value.values()))
    if isinstance(value, list):
        return list(map(_encodable, value))
    if isinstance(value, str) and value.startswith("0x") and len(value) == 66:
        return bytes.fromhex(value[2:])
    return value


def test_erc20_and_erc721_transfers_share_a_topic_and_are_told_apart() -> None:
    shapes = suite_shapes()
    topic = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    assert len(shapes["CommunityToken"][topic].plain) == 1
    assert len(shapes["CreationRegistry"][topic].plain) == 0


def test_an_event_with_too_few_topics_is_refused() -> None:
    topic = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    with pytest.raises(ValueError, match="topics"):
        decode(suite_shapes()["CommunityToken"][topic], [topic], "0x" + "00" * 32)


def test_an_event_with_too_little_data_is_refused() -> None:
    topic = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    topics = [topic, "0x" + "00" * 32, "0x" + "00" * 32]
    with pytest.raises(ValueError, match="Transfer"):
        decode(suite_shapes()["CommunityToken"][topic], topics, "0x00")


def test_anonymous_events_have_no_shape() -> None:
    abi = [{"type": "event", "name": "Quiet", "anonymous": True, "inputs": []}]
    assert shapes_of({"X": abi}) == {"X": {}}


def test_the_market_day_makes_every_event_that_its_contracts_can_emit(day: Day) -> None:
    by_address = {contract.address.lower(): name for name, contract in day.contracts.items()}
    shapes = suite_shapes()
    seen = set()
    for log in day.chain.all_logs(list(by_address), 0, day.chain.block_number):
        name = by_address[log["address"]]
        if name in shapes:
            seen.add((name, shapes[name][log["topics"][0]].name))
    missing = {(name, entry["name"]) for name, entry in EVENTS} - seen
    assert {one for one in missing if one[1] != UNUSED} == {
        # A sale says itself what its referrer got; auctions have none.
        ("CreationMarket", "ReferralPaid"),
        ("AuctionHouse", "ReferralPaid"),
    }
