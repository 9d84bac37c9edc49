"""What people sign instead of sending transactions: typed data, and whose signatures are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.chain.suite import Abi, Suite, checksummed, load_abi
from dokkaebi.chain.terms import (
    Auction,
    Bid,
    Delivery,
    Offer,
    Request,
    Settlement,
    Swap,
    Terms,
    Voucher,
)

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

TypedData = dict[str, Any]

DOMAIN_VERSION = "1"
DOMAIN_FIELDS = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
# ERC-1271's answer.
_VALID = "1626ba7e"
_S_MAX = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


@dataclass(frozen=True)
class Kind:
    """A kind of document: its name, the contract that knows it, its EIP-712 type, and the field
    that names its signer (None: a settlement is signed by the parties of its trade)."""

    name: str
    terms: type[Terms]
    contract: str
    primary_type: str
    signer: str | None

    @property
    def hash_function(self) -> str:
        """The function of the contract that tells the document's digest."""
        return f"hash{self.primary_type}"

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields of the EIP-712 type, as in the contract's ABI."""
        return _fields(self.name)

    def fields_in(self, abi: Abi) -> list[dict[str, Any]]:
        """The fields of the EIP-712 type, as in an ABI of the contract."""
        entry = next(e for e in abi if e.get("name") == self.hash_function)
        inputs: list[dict[str, Any]] = entry["inputs"]
        # A settlement's fields are the parameters themselves.
        return list(inputs[0]["components"]) if inputs[0]["type"] == "tuple" else inputs

    def types(self, fields: list[dict[str, Any]]) -> dict[str, list[dict[str, str]]]:
        """The EIP-712 types of the document, of structs within it, and of its domain."""
        inner = {struct_name(f): f["components"] for f in fields if "components" in f}
        return {
            "EIP712Domain": DOMAIN_FIELDS,
            self.primary_type: _members(fields),
            **{name: _members(components) for name, components in inner.items()},
        }

    @property
    def domain_name(self) -> str:
        """The name in the contract's EIP-712 domain."""
        return f"Dokkaebi {self.contract}"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("offer", Offer, "CreationMarket", "Offer", "seller"),
        Kind("bid", Bid, "CreationMarket", "Bid", "bidder"),
        Kind("swap", Swap, "CreationMarket", "Swap", "maker"),
        Kind("delivery", Delivery, "EscrowMarket", "Offer", "seller"),
        Kind("request", Request, "EscrowMarket", "Request", "buyer"),
        Kind("settlement", Settlement, "EscrowMarket", "Settlement", None),
        Kind("auction", Auction, "AuctionHouse", "Auction", "seller"),
        Kind("voucher", Voucher, "CreationRegistry", "Voucher", "creator"),
    )
}


def kind_of(terms: Terms) -> Kind:
    """The kind of document that terms make."""
    return next(kind for kind in KINDS.values() if kind.terms is type(terms))


def struct_name(field: dict[str, Any]) -> str:
    """The name of a field's struct: `struct ICreationRegistry.Work` → `Work`."""
    return str(field["internalType"]).removesuffix("[]").split(".")[-1]


def _members(fields: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"name": field["name"], "type": _type_of(field)} for field in fields]


def _type_of(field: dict[str, Any]) -> str:
    """A field's EIP-712 type: structs go by their names."""
    if "components" not in field:
        return str(field["type"])
    return struct_name(field) + str(field["type"]).removeprefix("tuple")


def python_name(name: str) -> str:
    """A field's name as the structs of `terms` have it: `creationId` → `creation_id`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


@cache
def _fields(kind: str) -> list[dict[str, Any]]:
    return KINDS[kind].fields_in(load_abi(KINDS[kind].contract))


# Typed data


def typed_data(terms: Terms, chain_id: int, market: str) -> TypedData:
    """The EIP-712 typed data of a document, whole, as `eth_signTypedData_v4` takes it."""
    kind = kind_of(terms)
    message = _message(kind.fields, terms)
    return {
        "types": kind.types(kind.fields),
        "primaryType": kind.primary_type,
        "domain": _domain(kind, chain_id, market),
        "message": message,
    }


def _domain(kind: Kind, chain_id: int, market: str) -> dict[str, Any]:
    return {
        "name": kind.domain_name,
        "version": DOMAIN_VERSION,
        "chainId": chain_id,
        "verifyingContract": market,
    }


def _message(fields: list[dict[str, Any]], values: Any) -> dict[str, Any]:
    """A struct's values by name, structs within it likewise."""
    return {
        field["name"]: _inner(field, value) for field, value in zip(fields, values, strict=True)
    }


def _inner(field: dict[str, Any], value: Any) -> Any:
    if "components" not in field:
        return _plain(value)
    if field["type"] == "tuple":
        return _message(field["components"], value)
    return [_message(field["components"], element) for element in value]


def _plain(value: Any) -> Any:
    """A value that JSON keeps whole: numbers as decimal text."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    return str(value) if isinstance(value, int) else value


def digest_of_typed(data: TypedData) -> bytes:
    """What is signed of typed data."""
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak

    message = encode_typed_data(full_message=data)
    return keccak(b"\x19" + message.version + message.header + message.body)


def domain_separator(data: TypedData) -> bytes:
    """The hash of typed data's domain, which a contract tells as its `DOMAIN_SEPARATOR`."""
    from eth_account.messages import encode_typed_data

    return bytes(encode_typed_data(full_message=data).header)


def digest_of(terms: Terms, chain_id: int, market: str) -> bytes:
    """A document's digest, which is its id: what the contract's `hash…` function says. The same as
    `digest_of_typed`, which takes thirty times as long: boards take hundreds a second."""
    from sha3 import keccak_256

    kind = kind_of(terms)
    hashed = _hash_struct(kind.name, kind.primary_type, kind.fields, terms)
    domain = _domain_hash(kind.name, chain_id, market)
    return bytes(keccak_256(b"\x19\x01" + domain + hashed).digest())


@lru_cache(64)
def _domain_hash(kind: str, chain_id: int, market: str) -> bytes:
    # The domain doesn't depend on what is signed.
    whatever = [{"name": "whatever", "type": "bool"}]
    return domain_separator(
        {
            "types": {"EIP712Domain": DOMAIN_FIELDS, "Whatever": whatever},
            "primaryType": "Whatever",
            "domain": _domain(KINDS[kind], chain_id, market),
            "message": {"whatever": True},
        }
    )


@cache
def _type_hash(kind: str, name: str) -> bytes:
    """EIP-712's hash of a struct's type: itself, then all that it refers to by name."""
    from sha3 import keccak_256

    types = KINDS[kind].types(KINDS[kind].fields)
    inner = {m["type"].removesuffix("[]") for m in types[name]} & types.keys()
    said = "".join(
        f"{each}({','.join(' '.join((m['type'], m['name'])) for m in types[each])})"
        for each in (name, *sorted(inner))
    )
    return bytes(keccak_256(said.encode()).digest())


def _hash_struct(kind: str, name: str, fields: list[dict[str, Any]], values: Any) -> bytes:
    from sha3 import keccak_256

    words = [_hashed(kind, field, value) for field, value in zip(fields, values, strict=True)]
    return bytes(keccak_256(_type_hash(kind, name) + b"".join(words)).digest())


def _hashed(kind: str, field: dict[str, Any], value: Any) -> bytes:
    """A value's word in its struct's hash."""
    type_ = str(field["type"])
    if type_.endswith("[]"):
        from sha3 import keccak_256

        element = {**field, "type": type_.removesuffix("[]")}
        words = (_hashed(kind, element, part) for part in value)
        return bytes(keccak_256(b"".join(words)).digest())
    if "components" in field:
        return _hash_struct(kind, struct_name(field), field["components"], value)
    if type_ == "address":
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    return value if isinstance(value, bytes) else int(value).to_bytes(32)


def id_of(suite: Suite, terms: Terms) -> str:
    """The id, `0x…`, that terms have in a suite's market."""
    place = suite.signed_for(kind_of(terms).contract)
    return "0x" + digest_of(terms, suite.chain.chain_id, place.address).hex()


# Signatures


def sign_typed(account: Signer, data: TypedData) -> bytes:
    """An account's signature of typed data, 65 bytes."""
    return bytes(account.sign_typed_data(full_message=data).signature)


def guest_of(account: Signer, chain_id: int, place: str) -> Signer:
    """A second account that follows from a signature of the first: the same each time, and nobody
    else's. `place`: a contract on the chain, so that it has no right anywhere else."""
    from eth_account import Account
    from eth_utils.crypto import keccak

    data: TypedData = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Guest": [{"name": "purpose", "type": "string"}],
        },
        "primaryType": "Guest",
        "domain": {"name": "Dokkaebi guest", "chainId": chain_id, "verifyingContract": place},
        "message": {"purpose": "The other side of a smoke test"},
    }
    guest: Signer = Account.from_key(keccak(sign_typed(account, data)))
    return guest


def recover(digest: bytes, signature: bytes) -> str | None:
    """Whose key made a signature: 65 bytes, or 64 as in ERC-2098. None where nobody's did, and for
    one that somebody could have made of another (a high `s`), as the markets have it."""
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if len(signature) == 64:
        s = int.from_bytes(signature[32:], "big")
        parity, s = s >> 255, s & (1 << 255) - 1
    elif len(signature) == 65 and signature[64] in (27, 28):
        parity, s = signature[64] - 27, int.from_bytes(signature[32:64], "big")
    else:
        return None
    if s > _S_MAX:
        return None
    try:
        made = Signature(vrs=(parity, int.from_bytes(signature[:32], "big"), s))
        return checksummed(made.recover_public_key_from_msg_hash(digest).to_address())
    except (BadSignature, ValidationError):
        return None


def is_signed_by(chain: Chain, signer: str, digest: bytes, signature: bytes) -> bool:
    """Whether a signature is an account's: by its key, else, of a contract, as it says itself
    (ERC-1271). In the order in which the markets ask."""
    return recover(digest, signature) == signer or _contract_agrees(
        chain, signer, digest, signature
    )


def _contract_agrees(chain: Chain, signer: str, digest: bytes, signature: bytes) -> bool:
    from eth_abi.abi import encode

    if not chain.code(signer):
        return False
    question = "0x" + _VALID + encode(["bytes32", "bytes"], [digest, signature]).hex()
    try:
        answer = chain.call(signer, question)
    except RpcRefused:
        return False
    return answer[:32] == bytes.fromhex(_VALID).ljust(32, b"\0")


@dataclass(frozen=True)
class Permit:
    """An ERC-2612 permit in the signer's asset for the market, which goes along with a bid."""

    value: int
    deadline: int
    signature: bytes

    @property
    def encoded(self) -> bytes:
        """As the markets take it: abi.encode(value, deadline, v, r, s)."""
        from eth_abi.abi import encode

        r, s, v = self.signature[:32], self.signature[32:64], self.signature[64]
        return encode(
            ["uint256", "uint256", "uint8", "bytes32", "bytes32"],
            [self.value, self.deadline, v, r, s],
        )


@dataclass(frozen=True)
class Consent:
    """A signed document: terms, for one market or registry on one chain (`market`: its address),
    and somebody's signature. `document`: the metadata document of a voucher's work, if it is
    beside."""

    terms: Terms
    chain_id: int
    market: str
    signature: bytes
    permit: Permit | None = None
    document: bytes | None = None

    @property
    def kind(self) -> Kind:
        """Which kind of document it is."""
        return kind_of(self.terms)

    @cached_property
    def digest(self) -> bytes:
        """What is signed."""
        return digest_of(self.terms, self.chain_id, self.market)

    @property
    def id(self) -> str:
        """The digest as an id, `0x…`."""
        return "0x" + self.digest.hex()

    @property
    def signer(self) -> str | None:
        """Who has to have signed; None for a settlement: either party of its trade."""
        field = self.kind.signer
        return None if field is None else str(getattr(self.terms, field))


def sign(account: Signer, terms: Terms, suite: Suite, permit: Permit | None = None) -> Consent:
    """Signs terms for a suite's market. Costs nothing and sends nothing."""
    market = suite.signed_for(kind_of(terms).contract).address
    chain_id = suite.chain.chain_id
    signature = sign_typed(account, typed_data(terms, chain_id, market))
    return Consent(terms, chain_id, market, signature, permit)
