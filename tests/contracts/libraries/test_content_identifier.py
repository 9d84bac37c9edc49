"""IPFS addresses against plain Python."""

import pytest
from brownie import web3
from brownie.test import given, strategy

from tests.contracts.support import (
    cid_text,
    document_name,
    examples,
    folder_block,
    sha256,
)

RAW, DAG_PB = 0x55, 0x70


@pytest.fixture(scope="module")
def identifier(module_isolation, MockContentIdentifier, deployer):
    return MockContentIdentifier.deploy({"from": deployer})


@pytest.mark.parametrize("digit", "0123456789abcdef")
def test_document_name_writes_every_digit_at_every_place(identifier, digit):
    address = "0x" + digit * 40
    assert identifier.documentName(address) == f"{address}.json"


def test_document_name_keeps_the_order_of_digits(identifier):
    address = "0x0123456789abcdef0123fedcba98765432104567"
    assert identifier.documentName(address) == f"{address}.json"


@pytest.mark.parametrize("digit", "0123456789abcdef")
def test_folder_digest_names_every_digit(identifier, digit):
    address = "0x" + digit * 40
    seen = bytes(identifier.folderDigest(bytes(32), 200, address))
    assert seen == sha256(folder_block(bytes(32), 200, address))


@given(owner=strategy("bytes20"))
@examples(25)
def test_document_name_equals_python_for_any_address(identifier, owner):
    address = web3.to_checksum_address(bytes(owner))
    assert identifier.documentName(address) == document_name(address)


@pytest.mark.parametrize("size", [128, 129, 255, 256, 8_191, 8_192, 16_382, 16_383])
def test_folder_digest_is_the_blocks(identifier, creator, size):
    digest = sha256(b"any document")
    seen = bytes(identifier.folderDigest(digest, size, creator))
    assert seen == sha256(folder_block(digest, size, creator))


@pytest.mark.parametrize("codec", [RAW, DAG_PB])
@pytest.mark.parametrize("digest", [bytes(32), b"\xff" * 32, bytes(range(32)), sha256(b"")])
def test_cid_is_base32(identifier, codec, digest):
    assert identifier.cid(bytes([codec]), digest) == cid_text(codec, digest)


def test_cid_knows_the_empty_document(identifier):
    seen = identifier.cid(bytes([RAW]), sha256(b""))
    assert seen == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


def test_cid_knows_the_empty_folder(identifier):
    seen = identifier.cid(bytes([DAG_PB]), sha256(bytes.fromhex("0a020801")))
    assert seen == "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


@given(digest=strategy("bytes32"))
@examples(25)
def test_cid_equals_python_for_any_digest(identifier, digest):
    assert identifier.cid(bytes([RAW]), digest) == cid_text(RAW, digest)
