"""Documents: the digest that the market knows, and signatures that are whose they say."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dokkaebi.chain.consents import (
    KINDS,
    Consent,
    digest_of,
    id_of,
    is_signed_by,
    kind_of,
    python_name,
    recover,
    sign_typed,
    struct_name,
    typed_data,
)
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.terms import INNER, NOBODY, Request, Settlement, Terms
from tests.dokkaebi.chain.conftest import Stall
from tests.dokkaebi.conftest import BUYER, CREATOR, address

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
# Says yes to every signature: returns ERC-1271's answer; and one that returns it unpadded.
AGREES = "631626ba7e60e01b60005260206000f3"
MUMBLES = "631626ba7e60005260206000f3"
REFUSES = "60006000fd"


def random_terms(kind: str, seed: int) -> Terms:
    """Terms of a kind with any values at all."""
    from eth_utils.address import to_checksum_address

    dice = random.Random(f"{kind} {seed}")

    def value(field: dict[str, Any]) -> Any:
        type_ = str(field["type"])
        if type_ == "uint8[]":
            return tuple(dice.randbytes(dice.randrange(13)))
        if type_.endswith("[]"):
            element = {**field, "type": type_.removesuffix("[]")}
            return tuple(value(element) for _ in range(dice.randrange(4)))
        if "components" in field:
            return INNER[struct_name(field)](*map(value, field["components"]))
        if type_ == "address":
            return to_checksum_address("0x" + dice.randbytes(20).hex())
        if type_ == "bytes32":
            return dice.randbytes(32)
        bits = int(type_.removeprefix("uint"))
        return dice.choice([0, 1, 2**bits - 1, dice.getrandbits(bits)])

    make: Any = KINDS[kind].terms
    terms: Terms = make(*map(value, KINDS[kind].fields))
    return terms


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_those_of_the_struct(kind: str) -> None:
    names = tuple(python_name(field["name"]) for field in KINDS[kind].fields)
    assert KINDS[kind].terms._fields == names
    assert KINDS[kind].signer in {None, *names}
    assert kind_of(random_terms(kind, 0)) is KINDS[kind]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_digest_is_what_the_market_says(stall: Stall, kind: str, seed: int) -> None:
    terms = random_terms(kind, seed)
    market = stall.suite.signed_for(KINDS[kind].contract)
    arguments = terms if isinstance(terms, Settlement) else (terms,)
    said = market.call(KINDS[kind].hash_function, *arguments)
    assert digest_of(terms, stall.suite.chain.chain_id, market.address) == said
    assert id_of(stall.suite, terms) == "0x" + said.hex()


def test_digest_is_of_one_chain_one_market_and_one_kind(stall: Stall) -> None:
    market = stall.suite.escrow_market.address
    terms = random_terms("delivery", 0)
    digests = {
        digest_of(terms, 1337, market),
        digest_of(terms, 1, market),
        digest_of(terms, 1337, address(BUYER)),
        digest_of(Request(*terms), 1337, market),
    }
    assert len(digests) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_typed_data_keeps_big_numbers_whole(kind: str) -> None:
    import json

    terms = random_terms(kind, 1)
    data = typed_data(terms, 1, NOBODY)
    message = json.loads(json.dumps(data))["message"]
    for field, value in zip(KINDS[kind].fields, terms, strict=True):
        if field["type"] == "uint256":
            assert message[field["name"]] == str(value)


def test_key_signs_and_is_recovered() -> None:
    account = open_key(CREATOR, 1337)
    data = typed_data(random_terms("offer", 0), 1337, NOBODY)
    digest = digest_of(random_terms("offer", 0), 1337, NOBODY)
    signature = sign_typed(account, data)
    assert len(signature) == 65
    assert recover(digest, signature) == address(CREATOR)
    # ERC-2098: the parity in the highest bit of s.
    s = int.from_bytes(signature[32:64], "big") | (signature[64] - 27) << 255
    assert recover(digest, signature[:32] + s.to_bytes(32, "big")) == address(CREATOR)


def test_signature_that_others_could_make_is_nobodys() -> None:
    account = open_key(CREATOR, 1337)
    terms = random_terms("offer", 0)
    digest = digest_of(terms, 1337, NOBODY)
    signature = sign_typed(account, typed_data(terms, 1337, NOBODY))
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    mirrored = r + (N - s).to_bytes(32, "big") + bytes([55 - v])
    assert recover(digest, mirrored) is None
    for wrong in (
        b"",
        signature[:64] + bytes([v - 27]),
        signature + b"\0",
        bytes(65),
        b"\xff" * 64,
        bytes(64) + b"\x1b",
    ):
        assert recover(digest, wrong) is None
    assert recover(bytes(32), signature) != address(CREATOR)


def test_contract_agrees_by_itself(stall: Stall) -> None:
    digest = bytes(32)
    chain = stall.suite.chain
    assert is_signed_by(chain, stall.deploy(AGREES), digest, b"anything")
    for other in (stall.deploy(MUMBLES), stall.deploy(REFUSES), address(BUYER)):
        assert not is_signed_by(chain, other, digest, b"anything")


def test_consent_knows_its_signer(stall: Stall) -> None:
    terms = random_terms("bid", 0)._replace(bidder=address(BUYER))
    consent = stall.sign(BUYER, terms)
    assert consent.signer == address(BUYER)
    assert consent.id == id_of(stall.suite, terms)
    assert is_signed_by(stall.suite.chain, address(BUYER), consent.digest, consent.signature)
    assert Consent(random_terms("settlement", 0), 1, NOBODY, b"").signer is None
