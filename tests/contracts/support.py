"""What the contract tests share: terms with defaults, exact refusals, exact time, and ids computed
in plain Python, independently of the Solidity that they are compared with."""

import hashlib
from base64 import b32encode
from contextlib import contextmanager
from typing import NamedTuple

import brownie
import pytest
from brownie import ZERO_ADDRESS, web3
from brownie.convert import EthAddress
from brownie.exceptions import VirtualMachineError
from eth_utils import keccak
from hypothesis import HealthCheck, settings

ZERO_BYTES32 = bytes(32)
COIN = ZERO_ADDRESS
INSTANT, DELIVERED = 0, 1
OFFER_NONE, OFFER_OPEN, OFFER_FILLED = 0, 1, 2
TRADE_NONE, TRADE_FUNDED, TRADE_SHIPPED = 0, 1, 2
CONFIRMED, INSPECTION_TIMEOUT, SELLER_REFUND, SHIP_TIMEOUT = 0, 1, 2, 3
HOUR, DAY = 3_600, 86_400
TOKENS = 10**18
FEE_BPS = 100


class Work(NamedTuple):
    """`ICreationRegistry.Work`."""

    document_digest: bytes
    document_size: int
    royalty_bps: int
    content_commitment: bytes
    parents: tuple


class Offer(NamedTuple):
    """`IEscrowMarket.Offer`; change a field with `_replace`."""

    seller: str
    kind: int
    creation_id: int
    tenure: int
    asset: str
    price: int
    expiry: int
    ship_seconds: int
    inspect_seconds: int
    referral_bps: int
    details: bytes
    salt: int


class Trade(NamedTuple):
    """`IEscrowMarket.Trade`; `make_trade` makes it of an offer."""

    offer_id: bytes
    seller: str
    buyer: str
    referrer: str
    creation_id: int
    asset: str
    amount: int
    inspect_seconds: int
    referral_bps: int


# Refusals


def _as_text(value):
    """An error's argument as Brownie prints it: addresses lower case, bytes as Python bytes."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (list, tuple)):
        return str(tuple(value))
    if hasattr(value, "address"):
        return value.address.lower()
    if isinstance(value, EthAddress) or (isinstance(value, str) and len(value) == 42):
        return str(value).lower()
    if isinstance(value, str) and value.startswith("0x"):
        return str(bytes.fromhex(value[2:]))
    if isinstance(value, bytes):
        return str(bytes(value))
    return str(value)


def error_text(error, *args):
    """`Name: a, b` as Brownie reports a custom error; without arguments `Name: ` with its space."""
    return f"{error}: {', '.join(_as_text(arg) for arg in args)}"


def reverts_with(error, *args):
    """Expects exactly this custom error with exactly these arguments.

    `args` are ints, accounts, contracts, addresses in any case, or bytes32 as bytes or 0x text:
    `with reverts_with("Offer_NotSeller", stranger, seller): ...`
    """
    return brownie.reverts(error_text(error, *args))


@contextmanager
def reverts_without_error():
    """Expects a revert that carries no data, such as coins sent to a function that takes none."""
    with pytest.raises(VirtualMachineError) as caught:
        yield
    message = caught.value.revert_msg or ""
    assert message in ("", "Cannot send ether to nonpayable function")


# Time


def sleep_to(chain, timestamp):
    """Puts the NEXT transaction's block exactly at `timestamp`, whatever time sending it takes.

    Views that are called before it see a block at `timestamp - 1` as the latest one.
    """
    chain.mine(timestamp=timestamp - 1)

    def send_at(transaction):
        wake_up()
        if "anvil" in web3.client_version.lower():
            web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])
        else:
            web3.provider.make_request("evm_setTime", [timestamp * 1_000])
        return web3.eth.send_transaction(transaction)

    web3.eth.send_transaction = send_at


def wake_up():
    """Forgets a `sleep_to` that no transaction followed."""
    vars(web3.eth).pop("send_transaction", None)


# Fuzzing


def examples(count):
    """Settings of a fuzz test. The health checks of this old Hypothesis fail on a busy machine."""
    return settings(max_examples=count, suppress_health_check=HealthCheck.all())


# Events


def event_names(tx):
    """The names of a transaction's events, in order."""
    return [event.name for event in tx.events]


def events_of(tx, name):
    """Every event of this name, in order, each as a plain dict."""
    return [dict(event[0]) for event in tx.events if event.name == name]


def only_event(tx, name):
    """The one event of this name, as a plain dict."""
    (event,) = events_of(tx, name)
    return event


# Ids and addresses of documents


def sha256(data):
    return hashlib.sha256(data).digest()


def _varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number, value):
    """A protobuf field: a number, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def cid_bytes(codec, digest):
    """A binary CIDv1: version, codec, sha2-256 (0x12), 32 bytes."""
    return _varint(1) + _varint(codec) + bytes([0x12, 32]) + bytes(digest)


def cid_text(codec, digest):
    """A CIDv1 in lower-case base32 without padding, `b…`."""
    return "b" + b32encode(cid_bytes(codec, digest)).decode().lower().rstrip("=")


def document_name(creator):
    return f"{str(creator).lower()}.json"


def folder_block(digest, size, creator):
    """The dag-pb block of a UnixFS folder with one raw file.

    `ipfs add -r --cid-version=1` makes the same.
    """
    link = (
        _field(1, cid_bytes(0x55, digest))
        + _field(2, document_name(creator).encode())
        + _field(3, size)
    )
    return _field(2, link) + _field(1, _field(1, 1))


def creation_id(digest, size, creator):
    """The id that a document (its sha2-256 and its length) has under a creator."""
    return int.from_bytes(sha256(folder_block(bytes(digest), size, creator)), "big")


def id_of(work, creator):
    return creation_id(work.document_digest, work.document_size, creator)


def token_uri(id_, creator):
    return f"ipfs://{cid_text(0x70, id_.to_bytes(32, 'big'))}/{document_name(creator)}"


def content_commitment(content_digest, creator):
    return keccak(bytes(content_digest) + bytes.fromhex(str(creator)[2:]))


# Creations


def make_work(n=1, royalty_bps=500, parents=(), size=None):
    """The n-th test work; its document, size and content commitment follow from `n`."""
    return Work(
        document_digest=sha256(b"document %d" % n),
        document_size=300 + n % 1_000 if size is None else size,
        royalty_bps=royalty_bps,
        content_commitment=keccak(b"content %d" % n),
        parents=tuple(sorted(parents)),
    )


def register(registry, creator, n=1, royalty_bps=500, parents=()):
    """Registers the n-th test work for `creator` and returns its id."""
    tx = registry.register(make_work(n, royalty_bps, parents), {"from": creator})
    return only_event(tx, "CreationRegistered")["id"]


def register_all(registry, creator, works):
    """Registers works in one transaction and returns their ids, in order."""
    tx = registry.registerBatch(list(works), {"from": creator})
    return [event["id"] for event in events_of(tx, "CreationRegistered")]


# Offers


def make_offer(seller, kind=INSTANT, **terms):
    """An offer with defaults that the market accepts; `terms` are fields of `Offer`.

    An instant offer needs `creation_id`. Delivered: 3 days to ship, 2 days to inspect.
    """
    delivered = kind == DELIVERED
    defaults = {
        "creation_id": 0,
        "tenure": 0,
        "asset": COIN,
        "price": 10**15,
        "expiry": brownie.chain.time() + 7 * DAY,
        "ship_seconds": 3 * DAY if delivered else 0,
        "inspect_seconds": 2 * DAY if delivered else 0,
        "referral_bps": 0,
        "details": ZERO_BYTES32,
        "salt": 1,
    }
    unknown = set(terms) - set(defaults)
    if unknown:
        raise TypeError(f"Offer has no fields {sorted(unknown)}.")
    return Offer(seller=str(seller), kind=kind, **{**defaults, **terms})


def make_trade(market, offer, buyer, referrer=ZERO_ADDRESS):
    """The trade that `buyer` makes of a delivered offer by funding it."""
    return Trade(
        offer_id=offer_id(market, offer),
        seller=offer.seller,
        buyer=str(buyer),
        referrer=str(referrer),
        creation_id=offer.creation_id,
        asset=offer.asset,
        amount=offer.price,
        inspect_seconds=offer.inspect_seconds,
        referral_bps=offer.referral_bps,
    )


def offer_id(market, offer):
    """EIP-712: the digest of an offer under a market's domain on this chain."""
    type_hash = keccak(
        b"Offer(address seller,uint8 kind,uint256 creationId,uint256 tenure,address asset,"
        b"uint256 price,uint256 expiry,uint256 shipSeconds,uint256 inspectSeconds,"
        b"uint256 referralBps,bytes32 details,uint256 salt)"
    )
    struct_hash = keccak(type_hash + b"".join(_word(value) for value in offer))
    domain = domain_separator("Dokkaebi EscrowMarket", "1", brownie.chain.id, market)
    return keccak(b"\x19\x01" + domain + struct_hash)


def trade_id(trade):
    return keccak(b"".join(_word(value) for value in trade))


def domain_separator(name, version, chain_id, contract):
    """EIP-712's domain of name, version, chain and contract."""
    type_hash = keccak(
        b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    )
    return keccak(
        type_hash
        + keccak(name.encode())
        + keccak(version.encode())
        + _word(chain_id)
        + _word(str(contract))
    )


def _word(value):
    """A static value as 32 bytes of ABI."""
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return bytes.fromhex(value[2:]).rjust(32, b"\0") if isinstance(value, str) else bytes(value)
