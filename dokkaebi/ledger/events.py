"""Decodes raw logs of the suite by a table made of the ABIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from dokkaebi.chain.suite import COMPILED, load_abi

Abi = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """One input of an event; `parts` are those of a struct."""

    name: str
    kind: str
    parts: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """One event: its indexed inputs stand in topics, the others in data."""

    name: str
    indexed: tuple[Field, ...]
    plain: tuple[Field, ...]


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
            fields = [(_field(item), item["indexed"]) for item in entry["inputs"]]
            signature = f"{entry['name']}({','.join(field.kind for field, _ in fields)})"
            table[contract]["0x" + keccak(text=signature).hex()] = Shape(
                entry["name"],
                tuple(field for field, indexed in fields if indexed),
                tuple(field for field, indexed in fields if not indexed),
            )
    return table


def _field(item: Mapping[str, Any]) -> Field:
    kind = item["type"]
    if not kind.startswith("tuple"):
        return Field(item["name"], kind)
    parts = tuple(_field(part) for part in item["components"])
    return Field(item["name"], f"({','.join(p.kind for p in parts)}){kind[len('tuple') :]}", parts)


@cache
def suite_shapes() -> Shapes:
    """The table of the suite and its desks, from `frontend-abi/`."""
    return shapes_of({name: load_abi(name) for name in COMPILED})


def decode(shape: Shape, topics: Sequence[str], data: str) -> dict[str, Any]:
    """An event's values by name. `topics` (the first names the event) and `data` are 0x-hex.

    Raises `ValueError` if they don't have the event's shape.
    """
    from eth_abi import abi
    from eth_abi.exceptions import DecodingError

    if len(topics) != len(shape.indexed) + 1:
        raise ValueError(f"{shape.name}: {len(topics)} topics")
    values: dict[str, Any] = {}
    try:
        for field, topic in zip(shape.indexed, topics[1:], strict=True):
            (value,) = abi.decode([field.kind], bytes.fromhex(topic[2:]))
            values[field.name] = _plain(field, value)
        plain = abi.decode([field.kind for field in shape.plain], bytes.fromhex(data[2:]))
    except DecodingError as problem:
        raise ValueError(f"{shape.name}: {problem}") from problem
    for field, value in zip(shape.plain, plain, strict=True):
        values[field.name] = _plain(field, value)
    return values


def _plain(field: Field, value: Any) -> Any:
    """Bytes as hex, structs as dicts, sequences as lists."""
    if field.kind.endswith("]"):
        element = replace(field, kind=field.kind[: field.kind.rindex("[")])
        return [_plain(element, item) for item in value]
    if field.parts:
        return {p.name: _plain(p, v) for p, v in zip(field.parts, value, strict=True)}
    return "0x" + value.hex() if isinstance(value, bytes) else value
