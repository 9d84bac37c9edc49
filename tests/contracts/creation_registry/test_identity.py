"""Ids: what they are made of, and why nobody can take another's."""

import pytest
from brownie import web3
from brownie.test import given, strategy

from tests.contracts.support import (
    cid_text,
    creation_id,
    examples,
    id_of,
    make_work,
    one_block,
    only_event,
    register,
    reverts_with,
    sha256,
)


def test_id_of_is_the_folders_digest(registry, creator):
    work = make_work(1)
    seen = registry.idOf(work.document_digest, work.document_size, creator)
    assert seen == id_of(work, creator)


def test_id_of_is_the_digest_of_the_interfaces_block(registry):
    """The interface's 96 bytes, spelled out."""
    block = (
        bytes.fromhex("125a0a2401551220" + "00" * 31 + "ff" + "122f")
        + b"0x00000000000000000000000000000000deadbeef.json"
        + bytes.fromhex("18" + "8102" + "0a020801")
    )
    expected = int.from_bytes(sha256(block), "big")
    seen = registry.idOf("0x" + "00" * 31 + "ff", 257, "0x00000000000000000000000000000000deadbeef")
    assert seen == expected


@pytest.mark.parametrize(
    ("size", "folder"),
    [
        (128, "bafybeia6cabun3xwsy6qzz737du3lz2vsephjjruojewdcloqvuq5ljdna"),
        (300, "bafybeied5v6olougsrcwrf2xnia57sme7attpiq27xlstsaapzxuisgtre"),
        (16_383, "bafybeiekeqehrpew6zuixmtwakvmgozkesr5xbnxuxuwxmfmywvvqmtram"),
    ],
)
def test_id_of_is_what_ipfs_itself_computes(registry, size, folder):
    """npm's ipfs-unixfs-importer made these folders of one document of `size` letters a."""
    creator = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"
    id_ = registry.idOf(sha256(b"a" * size), size, creator)
    assert cid_text(0x70, id_.to_bytes(32, "big")) == folder


@pytest.mark.parametrize("size", [128, 129, 255, 256, 16_256, 16_383])
def test_id_of_counts_the_size(registry, creator, size):
    assert registry.idOf(b"\1" * 32, size, creator) == creation_id(b"\1" * 32, size, creator)


@pytest.mark.parametrize("size", [0, 127, 16_384, 2**16 + 200, 2**256 - 1])
def test_id_of_reverts_when_the_size_is_out_of_bounds(registry, creator, size):
    with reverts_with("Document_SizeOutOfRange", size, 128, 16_383):
        registry.idOf(b"\1" * 32, size, creator)


@given(
    digest=strategy("bytes32"),
    size=strategy("uint256", min_value=128, max_value=16_383),
    owner=strategy("bytes20"),
)
@examples(40)
def test_id_of_equals_python_for_any_work(registry, digest, size, owner):
    address = web3.to_checksum_address(bytes(owner))
    assert registry.idOf(digest, size, address) == creation_id(digest, size, address)


def test_one_document_under_two_creators_is_two_creations(registry, creator, seller):
    first = register(registry, creator, 1)
    second = register(registry, seller, 1)
    assert first != second
    assert registry.ownerOf(first) == registry.creationOf(first)["creator"] == creator
    assert registry.ownerOf(second) == registry.creationOf(second)["creator"] == seller
    assert registry.tokenURI(first) != registry.tokenURI(second)


def test_one_document_with_another_size_is_another_creation(registry, creator):
    work = make_work(1)
    registry.register(work, {"from": creator})
    longer = work._replace(document_size=work.document_size + 1)
    registry.register(longer, {"from": creator})
    assert registry.balanceOf(creator) == 2


# Theft from the mempool


@pytest.fixture
def mine_together(chain, registry):
    """Sends the same calldata from several senders and mines all of it in one block.

    `gas_prices` are wei by sender; the dearest is mined first.
    """

    def mine_together(calldata, gas_prices):
        with one_block():
            hashes = [
                web3.eth.send_transaction(
                    {
                        "from": sender.address,
                        "to": registry.address,
                        "data": calldata,
                        "gas": 500_000,
                        "gasPrice": gas_price,
                    }
                )
                for sender, gas_price in gas_prices.items()
            ]
        return [chain.get_transaction(hash_.to_0x_hex()) for hash_ in hashes]

    return mine_together


@pytest.mark.parametrize("thief_first", [True, False])
def test_a_thief_who_copies_pending_calldata_gets_another_id(
    registry, creator, stranger, mine_together, thief_first
):
    """The fee decides who is mined first; it decides nothing else."""
    work = make_work(1)
    calldata = registry.register.encode_input(work)
    own, theft = mine_together(
        calldata, {creator: 3 * 10**9, stranger: (4 if thief_first else 2) * 10**9}
    )
    assert own.block_number == theft.block_number
    assert (theft.txindex < own.txindex) is thief_first
    assert own.status == theft.status == 1
    id_ = id_of(work, creator)
    assert only_event(own, "CreationRegistered")["id"] == id_
    assert registry.ownerOf(id_) == registry.creationOf(id_)["creator"] == creator
    assert only_event(theft, "CreationRegistered")["id"] == id_of(work, stranger) != id_


def test_a_thief_who_copies_a_whole_batch_takes_nothing(registry, creator, stranger):
    works = [make_work(n) for n in range(3)]
    calldata = registry.registerBatch.encode_input(works)
    stranger.transfer(registry, data=calldata)
    registry.registerBatch(works, {"from": creator})
    for work in works:
        assert registry.ownerOf(id_of(work, creator)) == creator


def test_a_thiefs_copy_does_not_stop_a_later_derivative(registry, creator, stranger):
    parent = register(registry, creator, 1)
    derivative = make_work(2, parents=[parent])
    stolen = registry.register(derivative, {"from": stranger})
    own = registry.register(derivative, {"from": creator})
    assert only_event(own, "CreationDerived")["id"] == id_of(derivative, creator)
    assert only_event(stolen, "CreationDerived")["id"] == id_of(derivative, stranger)
