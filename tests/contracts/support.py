"""What the contract tests share: terms with defaults, exact refusals, exact time, and ids computed
in plain Python, independently of the Solidity that they are compared with."""

import hashlib
from base64 import b32encode
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple

import brownie
import pytest
from brownie import ZERO_ADDRESS, web3
from brownie.convert import EthAddress
from brownie.exceptions import VirtualMachineError
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import HealthCheck, settings

ZERO_BYTES32 = bytes(32)
COIN = ZERO_ADDRESS
TRADE_NONE, TRADE_FUNDED, TRADE_SHIPPED, TRADE_DISPUTED = 0, 1, 2, 3
CONFIRMED, INSPECTION_TIMEOUT, SELLER_REFUND, SHIP_TIMEOUT, RULED, SETTLED, ARBITER_SILENT = range(
    7
)
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
    buyer: str
    creation_id: int
    tenure: int
    asset: str
    price: int
    units: int
    expiry: int
    ship_seconds: int
    inspect_seconds: int
    referral_bps: int
    arbiter: str
    arbiter_fee_bps: int
    ruling_seconds: int
    silent_seller_bps: int
    parts: tuple
    details: bytes
    nonce: int


class Trade(NamedTuple):
    """`IEscrowMarket.Trade`; `make_trade` makes it of an offer."""

    offer_id: bytes
    seller: str
    buyer: str
    referrer: str
    arbiter: str
    creation_id: int
    asset: str
    amount: int
    terms: int


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
        if on_anvil():
            ask_node("evm_setNextBlockTimestamp", timestamp)
        else:
            ask_node("evm_setTime", timestamp * 1_000)
        return web3.eth.send_transaction(transaction)

    web3.eth.send_transaction = send_at


def wake_up():
    """Forgets a `sleep_to` that no transaction followed."""
    vars(web3.eth).pop("send_transaction", None)


# What the nodes do in words of their own


def on_anvil():
    return "anvil" in web3.client_version.lower()


def ask_node(method, *params):
    """What a development node answers; a node that refuses fails the test."""
    answer = web3.provider.make_request(method, list(params))
    assert "error" not in answer, answer
    return answer["result"]


def set_code(account, code):
    """Puts `code` (0x text) in the place of an account's."""
    ask_node("anvil_setCode" if on_anvil() else "evm_setAccountCode", account.address, code)


def set_storage(contract, slot, value):
    """Puts a number into a contract's slot."""
    method = "anvil_setStorageAt" if on_anvil() else "evm_setAccountStorageAt"
    ask_node(method, contract.address, f"0x{slot:064x}", f"0x{value:064x}")


@contextmanager
def one_block():
    """Keeps what is sent within, and mines it together at the end."""
    stop, start = (("evm_setAutomine", False), ("evm_setAutomine", True))
    if not on_anvil():
        stop, start = (("miner_stop",), ("miner_start",))
    ask_node(*stop)
    try:
        yield
        ask_node("evm_mine")
    finally:
        ask_node(*start)


# Fuzzing


def examples(most):
    """Settings of a fuzz test. The health checks of this old Hypothesis fail on a busy machine."""
    return settings(max_examples=most, suppress_health_check=HealthCheck.all())


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


# Signatures

MNEMONIC = "test test test test test test test test test test test junk"
PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def key_of(account):
    """The private key of one of Ganache's well-known accounts."""
    Account.enable_unaudited_hdwallet_features()
    path = f"m/44'/60'/0'/0/{list(brownie.accounts).index(account)}"
    return Account.from_mnemonic(MNEMONIC, account_path=path).key


def sign(digest, account):
    return bytes(Account.unsafe_sign_hash(digest, key_of(account)).signature)


def sign_permit(token, owner, spender, amount, deadline=2**64, signer=None, nonce=None):
    """An ERC-2612 permit as the markets take it: value, deadline, v, r, s, 160 bytes."""
    domain = {
        "name": token.name(),
        "version": "1",
        "chainId": brownie.chain.id,
        "verifyingContract": token.address,
    }
    message = {
        "owner": owner.address,
        "spender": spender.address,
        "value": amount,
        "nonce": token.nonces(owner) if nonce is None else nonce,
        "deadline": deadline,
    }
    made = Account.sign_typed_data(key_of(signer or owner), domain, PERMIT, message)
    words = (amount, deadline, made.v, made.r, made.s)
    return b"".join(word.to_bytes(32, "big") for word in words)


def typed_digest(contract, name, primary, types, message):
    """EIP-712: the digest of a message under a contract's domain, as eth-account makes it."""
    signable = encode_typed_data(
        _domain(contract, name), {primary: types[primary], **types}, message
    )
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def fields(text):
    """`"address to,uint256 amount"` as EIP-712's list of fields."""
    pairs = (field.split(" ") for field in text.split(","))
    return [{"type": kind, "name": name} for kind, name in pairs]


def _domain(contract, name):
    return {
        "name": name,
        "version": "1",
        "chainId": brownie.chain.id,
        "verifyingContract": contract.address,
    }


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


def make_offer(seller, **terms):
    """An offer with defaults that the market accepts; `terms` are fields of `Offer`.

    3 days to ship, 2 days to inspect, a new nonce; with an `arbiter` 10 days to rule, a fee of 3 %,
    and a quarter for the seller if the arbiter is silent.
    """
    arbitrated = str(terms.get("arbiter", ZERO_ADDRESS)) != ZERO_ADDRESS
    defaults = {
        "buyer": ZERO_ADDRESS,
        "creation_id": 0,
        "tenure": 0,
        "asset": COIN,
        "price": 10**15,
        "units": 1,
        "expiry": brownie.chain.time() + 7 * DAY,
        "ship_seconds": 3 * DAY,
        "inspect_seconds": 2 * DAY,
        "referral_bps": 0,
        "arbiter": ZERO_ADDRESS,
        "arbiter_fee_bps": 300 if arbitrated else 0,
        "ruling_seconds": 10 * DAY if arbitrated else 0,
        "silent_seller_bps": 2_500 if arbitrated else 0,
        "parts": (),
        "details": ZERO_BYTES32,
    }
    unknown = set(terms) - {*defaults, "nonce"}
    if unknown:
        raise TypeError(f"Offer has no fields {sorted(unknown)}.")
    if "nonce" not in terms:
        terms["nonce"] = next(_NONCES)
    offer = Offer(seller=str(seller), **{**defaults, **terms})
    return offer._replace(buyer=str(offer.buyer), arbiter=str(offer.arbiter))


_NONCES = count(1)


def make_trade(market, offer, buyer, referrer=ZERO_ADDRESS, units=1, serial=0):
    """The trade that `buyer` makes of an offer by funding it after `serial` units were taken."""
    return _trade_of(offer_id(market, offer), offer, offer.seller, buyer, referrer, units, serial)


def make_requested_trade(market, request, seller):
    """The trade that `seller` makes of a request by accepting it."""
    return _trade_of(request_id(market, request), request, seller, request.buyer)


def _trade_of(document, offer, seller, buyer, referrer=ZERO_ADDRESS, units=1, serial=0):
    return Trade(
        offer_id=document,
        seller=str(seller),
        buyer=str(buyer),
        referrer=str(referrer),
        arbiter=offer.arbiter,
        creation_id=offer.creation_id,
        asset=offer.asset,
        amount=offer.price * units,
        terms=pack_terms(offer, serial),
    )


def pack_terms(offer, serial=0):
    """The small numbers of a trade in one word, as `IEscrowMarket.Trade` says."""
    fields = [
        (offer.ship_seconds, 24),
        (offer.inspect_seconds, 24),
        (offer.ruling_seconds, 24),
        (offer.referral_bps, 16),
        (offer.arbiter_fee_bps, 16),
        (offer.silent_seller_bps, 16),
        (serial, 32),
        *((percent, 8) for percent in offer.parts),
    ]
    word = shift = 0
    for value, bits in fields:
        word |= value << shift
        shift += bits
    return word


def offer_id(market, offer):
    """EIP-712: the digest of an offer under a market's domain on this chain."""
    return _document_id("Offer", market, offer)


def request_id(market, request):
    """EIP-712: the digest of a request under a market's domain on this chain."""
    return _document_id("Request", market, request)


def _document_id(name, market, document):
    type_hash = keccak(
        name.encode() + b"(address seller,address buyer,uint256 creationId,uint256 tenure,"
        b"address asset,uint256 price,uint256 units,uint256 expiry,"
        b"uint256 shipSeconds,uint256 inspectSeconds,uint256 referralBps,address arbiter,"
        b"uint256 arbiterFeeBps,uint256 rulingSeconds,"
        b"uint256 silentSellerBps,uint8[] parts,bytes32 details,uint256 nonce)"
    )
    parts = keccak(b"".join(_word(percent) for percent in document.parts))
    words = document._replace(parts=parts)
    struct_hash = keccak(type_hash + b"".join(_word(value) for value in words))
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
