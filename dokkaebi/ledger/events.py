"""Decodes raw logs of the suite by a table made of the ABIs: readers of words, put together once.

The hot loop of a back-fill; `eth_abi`, against which it is tested, takes thirty times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dokkaebi.chain.suite import COMPILED, load_abi
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.rows import Record

Abi = Sequence[Mapping[str, Any]]
# Digits of one word.
WORD = 64
# Reads a value: the digits of the data, where its head stands, and where its tuple begins.
Reader = Callable[[str, int, int], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """An ABI type: how to read it, the words of its head, and whether its tail is elsewhere."""

    read: Reader
    words: int = 1
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One event: indexed inputs stand in topics, the others, at least `digits` long, in data."""

    name: str
    indexed: tuple[tuple[str, Reader], ...]
    plain: tuple[tuple[str, Reader, int], ...]
    digits: int
    names_asset: bool


Shapes = Mapping[str, Mapping[str, Shape]]


def shapes_of(abis: Mapping[str, Abi]) -> dict[str, dict[str, Shape]]:
    """Contract name → topic 0 (0x-hex) → shape; ERC-20 and ERC-721 share topics."""
    from eth_utils.crypto import keccak

    table: dict[str, dict[str, Shape]] = {}
    for contract, abi in abis.items():
        table[contract] = {}
        for entry in abi:
            if entry["type"] != "event" or entry.get("anonymous"):
                continue
            kinds = ",".join(_signature(item) for item in entry["inputs"])
            topic = "0x" + keccak(text=f"{entry['name']}({kinds})").hex()
            table[contract][topic] = _shape(entry)
    return table


@cache
def suite_shapes() -> Shapes:
    """The table of the suite and its desks, from `frontend-abi/`."""
    return shapes_of({name: load_abi(name) for name in COMPILED})


def decode(shape: Shape, topics: Sequence[str], data: str) -> dict[str, Any]:
    """An event's values by name: integers as `int`, structs as dicts, sequences as lists,
    everything else in lower-case 0x-hex. `topics` (the first names the event) and `data` are
    lower-case 0x-hex.

    Raises `ValueError` if they don't have the event's shape.
    """
    if len(topics) != len(shape.indexed) + 1:
        raise ValueError(f"{shape.name}: {len(topics)} topics")
    if len(data) < shape.digits + 2:
        raise ValueError(f"{shape.name}: {len(data) // 2 - 1} bytes of data")
    values: dict[str, Any] = {}
    at = 1
    for name, read in shape.indexed:
        values[name] = read(topics[at], 2, 2)
        at += 1
    for name, read, head in shape.plain:
        values[name] = read(data, head, 2)
    return values


def record_of(row: Mapping[str, Any]) -> Record | None:
    """A row of `event`, with its block's `timestamp`, decoded; None for an unknown event.

    Raises `ledger_undecodable`.
    """
    topics = row["topics"].split(",")
    shape = suite_shapes()[row["contract"]].get(topics[0])
    if shape is None:
        return None
    try:
        values = decode(shape, topics, row["data"])
    except ValueError as problem:
        raise undecodable(shape, row["block_number"], row["transaction_hash"], problem) from None
    return Record(
        row["contract"],
        row["address"],
        shape.name,
        values,
        row["block_number"],
        row["log_index"],
        row["transaction_hash"],
        row["timestamp"],
    )


def names_asset(record: Record) -> bool:
    """Whether an event names an asset."""
    return record.event in _names_asset()[record.contract]


@cache
def _names_asset() -> dict[str, set[str]]:
    return {
        contract: {shape.name for shape in shapes.values() if shape.names_asset}
        for contract, shapes in suite_shapes().items()
    }


def undecodable(shape: Shape, block: int, transaction: str, problem: ValueError) -> DokkaebiError:
    """The error of an event that doesn't have its shape."""
    return DokkaebiError(
        "ledger_undecodable",
        event=shape.name,
        block=block,
        transaction=transaction,
        problem=str(problem),
    )


def _shape(entry: Mapping[str, Any]) -> Shape:
    indexed = tuple((i["name"], _kind(i).read) for i in entry["inputs"] if i["indexed"])
    plain, head = [], 2
    for item in entry["inputs"]:
        if item["indexed"]:
            continue
        kind = _kind(item)
        plain.append((item["name"], kind.read, head))
        head += kind.words * WORD
    names = [*entry["inputs"], *(p for i in entry["inputs"] for p in i.get("components", ()))]
    names_asset = any(item["name"] == "asset" for item in names)
    return Shape(entry["name"], indexed, tuple(plain), head - 2, names_asset)


def _signature(item: Mapping[str, Any]) -> str:
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    parts = ",".join(_signature(part) for part in item["components"])
    return f"({parts}){item['type'][len('tuple') :]}"


def _kind(item: Mapping[str, Any]) -> Kind:
    name = str(item["type"])
    if name.endswith("[]"):
        return _sequence(_kind({**item, "type": name[:-2]}))
    if name == "tuple":
        return _struct([(part["name"], _kind(part)) for part in item["components"]])
    if name in ("string", "bytes"):
        return _text() if name == "string" else _bytes()
    return Kind(_word_reader(name))


def _word_reader(name: str) -> Reader:
    """A type of one word."""
    if name.startswith("uint"):
        return _uint(int(name[4:]))
    if name == "address":
        return _address
    if name == "bool":
        return _bool
    if name == "bytes32":
        return _bytes32
    if name.startswith("bytes") and name[5:].isdigit():
        return _short_bytes(int(name[5:]))
    raise NotImplementedError(f"events of the suite have no {name}")


def _uint(bits: int) -> Reader:
    if bits == 256:
        return lambda digits, at, base: int(digits[at : at + WORD], 16)
    limit = 1 << bits

    def read(digits: str, at: int, base: int) -> int:
        value = int(digits[at : at + WORD], 16)
        if value >= limit:
            raise ValueError(f"{value} is no uint{bits}")
        return value

    return read


def _address(digits: str, at: int, base: int) -> str:
    if digits[at : at + 24] != "0" * 24:
        raise ValueError(f"no address: {digits[at : at + WORD]}")
    return "0x" + digits[at + 24 : at + WORD]


def _bool(digits: str, at: int, base: int) -> bool:
    value = int(digits[at : at + WORD], 16)
    if value > 1:
        raise ValueError(f"{value} is neither true nor false")
    return value == 1


def _bytes32(digits: str, at: int, base: int) -> str:
    return "0x" + digits[at : at + WORD]


def _short_bytes(size: int) -> Reader:
    def read(digits: str, at: int, base: int) -> str:
        if digits[at + 2 * size : at + WORD].strip("0"):
            raise ValueError(f"more than {size} bytes")
        return "0x" + digits[at : at + 2 * size]

    return read


def _tail(digits: str, at: int, base: int) -> int:
    """Where a dynamic value's tail begins."""
    start: int = base + 2 * int(digits[at : at + WORD], 16)
    if start + WORD > len(digits):
        raise ValueError("data ends before a value begins")
    return start


def _sequence(element: Kind) -> Kind:
    size, read = element.words * WORD, element.read

    def read_all(digits: str, at: int, base: int) -> list[Any]:
        start = _tail(digits, at, base)
        count = int(digits[start : start + WORD], 16)
        first = start + WORD
        if first + count * size > len(digits):
            raise ValueError(f"data ends before {count} values do")
        return [read(digits, first + number * size, first) for number in range(count)]

    return Kind(read_all, dynamic=True)


def _struct(parts: Sequence[tuple[str, Kind]]) -> Kind:
    dynamic = any(kind.dynamic for _, kind in parts)
    places, words = [], 0
    for name, kind in parts:
        places.append((name, kind.read, words * WORD))
        words += kind.words

    def read_flat(digits: str, at: int, base: int) -> dict[str, Any]:
        return {name: read(digits, at + place, at) for name, read, place in places}

    def read_tail(digits: str, at: int, base: int) -> dict[str, Any]:
        start = _tail(digits, at, base)
        if start + words * WORD > len(digits):
            raise ValueError("data ends within a struct")
        return read_flat(digits, start, start)

    return Kind(read_tail, dynamic=True) if dynamic else Kind(read_flat, words)


def _bytes() -> Kind:
    def read(digits: str, at: int, base: int) -> str:
        start = _tail(digits, at, base)
        end = start + WORD + 2 * int(digits[start : start + WORD], 16)
        if end > len(digits):
            raise ValueError("data ends within bytes")
        return "0x" + digits[start + WORD : end]

    return Kind(read, dynamic=True)


def _text() -> Kind:
    raw = _bytes().read
    return Kind(
        lambda digits, at, base: bytes.fromhex(raw(digits, at, base)[2:]).decode(), dynamic=True
    )
