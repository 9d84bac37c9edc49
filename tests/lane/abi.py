"""ABI coding by hand: a machine makes a million calls, and `eth_abi` takes longer for one than the
EVM does. `tests/lane/test_abi.py` compares the two."""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sha3 import keccak_256

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "build" / "contracts"
Encode = Callable[[Any], bytes]
Decode = Callable[[bytes, int], Any]
_ARRAY = re.compile(r"^(.*)\[(\d*)\]$")
# A call that reverts without data, out of gas, or with data that no error explains.
NOTHING = ("",)


def keccak(data: bytes) -> bytes:
    return bytes(keccak_256(data).digest())


class Coder(NamedTuple):
    """Encodes and decodes a type. Of a dynamic one, `size` is what its head takes: 32."""

    dynamic: bool
    size: int
    encode: Encode
    decode: Decode


@cache
def address_word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def word(value: Any) -> bytes:
    """A static value as it is: an integer (also below zero), an address, or 32 bytes."""
    if isinstance(value, int):
        return (value % 2**256).to_bytes(32, "big")
    return address_word(value) if isinstance(value, str) else bytes(value).ljust(32, b"\0")


def type_of(part: Any) -> str:
    """The canonical type of an ABI's parameter, tuples written out."""
    if not part["type"].startswith("tuple"):
        return str(part["type"])
    inner = ",".join(type_of(one) for one in part["components"])
    return f"({inner}){part['type'][5:]}"


@cache
def coder(kind: str) -> Coder:
    """The coder of a canonical type, such as `(address,uint8[])[]`."""
    array = _ARRAY.match(kind)
    if array:
        return _array(coder(array[1]), int(array[2]) if array[2] else None)
    if kind.startswith("("):
        return _tuple(tuple(coder(one) for one in _split(kind[1:-1])))
    if kind in {"bytes", "string"}:
        return _bytes(kind == "string")
    if kind == "address":
        return Coder(False, 32, address_word, lambda b, at: "0x" + b[at + 12 : at + 32].hex())
    if kind == "bool":
        return Coder(False, 32, word, lambda b, at: b[at + 31] == 1)
    if kind.startswith("bytes"):
        size = int(kind[5:])
        return Coder(
            False, 32, lambda v: bytes(v).ljust(32, b"\0"), lambda b, at: b[at : at + size]
        )
    return Coder(False, 32, word, lambda b, at: int.from_bytes(b[at : at + 32], "big"))


def _split(kinds: str) -> Iterator[str]:
    """The types between commas, but those inside brackets."""
    depth, start = 0, 0
    for at, letter in enumerate(kinds):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield kinds[start:at]
            start = at + 1
    if kinds:
        yield kinds[start:]


def _heads_and_tails(coders: Sequence[Coder], values: Sequence[Any]) -> bytes:
    heads, tails, at = [], [], sum(one.size for one in coders)
    for one, value in zip(coders, values, strict=True):
        made = one.encode(value)
        if one.dynamic:
            heads.append(at.to_bytes(32, "big"))
            tails.append(made)
            at += len(made)
        else:
            heads.append(made)
    return b"".join(heads) + b"".join(tails)


def _taken_apart(coders: Sequence[Coder], data: bytes, start: int) -> tuple[Any, ...]:
    found, at = [], start
    for one in coders:
        place = start + int.from_bytes(data[at : at + 32], "big") if one.dynamic else at
        found.append(one.decode(data, place))
        at += one.size
    return tuple(found)


def _tuple(coders: tuple[Coder, ...]) -> Coder:
    dynamic = any(one.dynamic for one in coders)
    size = 32 if dynamic else sum(one.size for one in coders)
    if size == 32 * len(coders) and not dynamic:
        encoders = [one.encode for one in coders]

        def encode(values: Sequence[Any]) -> bytes:
            return b"".join([made(v) for made, v in zip(encoders, values, strict=True)])

        return Coder(False, size, encode, lambda data, at: _taken_apart(coders, data, at))
    return Coder(
        dynamic,
        size,
        lambda values: _heads_and_tails(coders, values),
        lambda data, at: _taken_apart(coders, data, at),
    )


def _array(one: Coder, count: int | None) -> Coder:
    if count is not None:
        return _tuple((one,) * count)

    def encode(values: Sequence[Any]) -> bytes:
        return len(values).to_bytes(32, "big") + _heads_and_tails([one] * len(values), values)

    def decode(data: bytes, at: int) -> Any:
        length = int.from_bytes(data[at : at + 32], "big")
        return _taken_apart([one] * length, data, at + 32)

    return Coder(True, 32, encode, decode)


def _bytes(text: bool) -> Coder:
    def encode(value: Any) -> bytes:
        data = value.encode() if text else bytes(value)
        return len(data).to_bytes(32, "big") + data + bytes(-len(data) % 32)

    def decode(data: bytes, at: int) -> Any:
        length = int.from_bytes(data[at : at + 32], "big")
        found = bytes(data[at + 32 : at + 32 + length])
        return found.decode() if text else found

    return Coder(True, 32, encode, decode)


class Function:
    """Of a contract: makes calldata, and reads what comes back (one value as such)."""

    def __init__(self, entry: Any) -> None:
        kind = f"({','.join(type_of(part) for part in entry['inputs'])})"
        self.name = entry.get("name", "")
        self.signature = self.name + kind
        self.selector = keccak(self.signature.encode())[:4]
        self._inputs = coder(kind)
        outputs = entry.get("outputs") or []
        self._outputs = coder(f"({','.join(type_of(part) for part in outputs)})")
        self._single = len(outputs) == 1

    def __call__(self, *values: Any) -> bytes:
        return self.selector + self._inputs.encode(values)

    def read(self, data: bytes) -> Any:
        found = self._outputs.decode(data, 0)
        return found[0] if self._single else found

    def arguments(self, data: bytes) -> Any:
        """What calldata carries, without the selector; also an error's arguments."""
        return self._inputs.decode(data, 4)


class Event:
    """Reads logs into arguments, in the order of the ABI."""

    def __init__(self, entry: Any) -> None:
        kinds = [(type_of(part), part["indexed"]) for part in entry["inputs"]]
        self.name = entry["name"]
        self.topic = keccak(f"{self.name}({','.join(kind for kind, _ in kinds)})".encode())
        self._indexed = [coder(kind) if indexed else None for kind, indexed in kinds]
        self._data = coder(f"({','.join(kind for kind, indexed in kinds if not indexed)})")

    def read(self, topics: Sequence[bytes], data: bytes) -> tuple[Any, ...]:
        """Its arguments; refuses data that is longer or shorter than they are."""
        if not self._data.dynamic and len(data) != self._data.size:
            raise ValueError(f"{self.name} has {len(data)} bytes of data, not {self._data.size}")
        rest, values = iter(self._data.decode(data, 0)), iter(topics[1:])
        return tuple(
            one.decode(next(values), 0) if one is not None else next(rest) for one in self._indexed
        )


@cache
def artifact(name: str) -> Any:
    """What the compiler made of a contract. Raises `FileNotFoundError`: run `make compile`."""
    return json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))


@cache
def functions_of(name: str) -> dict[str, Function]:
    """A contract's functions by name; of two with one name, the one with more arguments."""
    found: dict[str, Function] = {}
    entries = [entry for entry in artifact(name)["abi"] if entry["type"] == "function"]
    for entry in sorted(entries, key=lambda entry: len(entry["inputs"])):
        found[entry["name"]] = Function(entry)
    return found


@cache
def events_of(name: str) -> dict[bytes, Event]:
    made = [Event(entry) for entry in artifact(name)["abi"] if entry["type"] == "event"]
    return {event.topic: event for event in made}


@cache
def errors() -> dict[bytes, Function]:
    """Every error of every contract and library, by its selector."""
    found = {}
    for path in ARTIFACTS.glob("*.json"):
        for entry in artifact(path.stem)["abi"]:
            if entry["type"] == "error":
                error = Function(entry)
                found[error.selector] = error
    return found


def error_of(data: bytes) -> tuple[Any, ...]:
    """The error that revert data holds: its name and arguments; `NOTHING` where it is none."""
    error = errors().get(data[:4])
    if error is None:
        return NOTHING
    return (error.name, *error.arguments(data))


class Struct:
    """A struct of a contract's: a named tuple of its fields, and its EIP-712 hash."""

    def __init__(self, part: Any, name: str | None = None) -> None:
        self.name = name or part["internalType"].split(".")[-1].split(" ")[-1].removesuffix("[]")
        self._parts = part["components"]
        fields = [_snake(one["name"]) for one in self._parts]
        self.make = namedtuple(self.name, fields)  # type: ignore[misc]
        self._inner = {
            at: Struct(one) for at, one in enumerate(self._parts) if one["type"].startswith("tuple")
        }
        self.type_hash = keccak(self._type().encode())
        # A document is hashed by its model, and again by whoever takes it.
        self.hash = lru_cache(1_000)(self._hash)

    def inner(self, field: str) -> Struct:
        """The struct of a field."""
        return self._inner[self.make._fields.index(field)]

    def _own_type(self) -> str:
        return f"{self.name}({','.join(self._field(*one) for one in enumerate(self._parts))})"

    def _field(self, at: int, part: Any) -> str:
        inner = self._inner.get(at)
        kind = inner.name + part["type"][5:] if inner else part["type"]
        return f"{kind} {part['name']}"

    def _types(self) -> dict[str, str]:
        found = {self.name: self._own_type()}
        for inner in self._inner.values():
            found.update(inner._types())
        return found

    def _type(self) -> str:
        found = self._types()
        return found.pop(self.name) + "".join(found[name] for name in sorted(found))

    def _hash(self, values: Sequence[Any]) -> bytes:
        """EIP-712's `hashStruct`."""
        words = [self._word(at, part, values[at]) for at, part in enumerate(self._parts)]
        return keccak(self.type_hash + b"".join(words))

    def _word(self, at: int, part: Any, value: Any) -> bytes:
        inner = self._inner.get(at)
        if part["type"].endswith("[]"):
            return keccak(b"".join(inner.hash(one) if inner else word(one) for one in value))
        return inner.hash(value) if inner else word(value)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def struct(contract: str, function: str, at: int = 0, name: str | None = None) -> Struct:
    """The struct that a function takes as its argument number `at`."""
    (entry,) = (e for e in artifact(contract)["abi"] if e.get("name") == function)
    return Struct(entry["inputs"][at], name)


def domain_of(name: str, chain_id: int, contract: str) -> bytes:
    """EIP-712's domain separator of name, version 1, chain and contract."""
    kind = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    parts = (keccak(kind), keccak(name.encode()), keccak(b"1"), word(chain_id), word(contract))
    return keccak(b"".join(parts))


def digest_of(domain: bytes, struct_hash: bytes) -> bytes:
    return keccak(b"\x19\x01" + domain + struct_hash)


def hash_words(kind: str, *values: Any) -> bytes:
    """`hashStruct` of a struct of words, by its type."""
    return keccak(keccak(kind.encode()) + b"".join(word(value) for value in values))
