"""IPFS addresses, ids and documents. The addresses were made once with npm's ipfs-unixfs-importer
(CIDv1, raw leaves, chunks of 262,144 bytes, 174 links a node)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import unicodedata
from pathlib import Path

import pytest

from dokkaebi.chain import documents
from dokkaebi.chain.documents import (
    DAG_PB,
    RAW,
    Document,
    FileDigest,
    cid_text,
    creation_cid,
    hash_file,
    make_document,
    mime_type,
    parse_creation_id,
)
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.conftest import Market

CREATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ROWS = [bytes((column * 7 + row) & 255 for column in range(256)) for row in range(256)]
DIGEST = FileDigest(5, hashlib.sha256(b"hello").digest(), cid_text(RAW, bytes(32)))

VECTORS = {
    0: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    1: "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu",
    262_143: "bafkreifdvtaw3r22wcpxqwl6hqc23mjy6uznm4quylmlzhfaidv7ao74pq",
    262_144: "bafkreigfzujldfc3kac4khdwhsdftadvbpqf7r4rcz45tsy5v5mmuxsjce",
    262_145: "bafybeig6znqiybwijw5celqbrnzrcmtx7vjz35f6q7fas2xpgbuduy4vim",
    2 * 262_144: "bafybeicaatol54nwf2fbglhdasdqztlm6boxuwawghqjcmghvrgz7xxtli",
    174 * 262_144: "bafybeigqxmeweruxc5h6sycnyeliy4dpwovxeixj65tcpg4ibzauryjidi",
    174 * 262_144 + 1: "bafybeif27l2j4irucp2iapdwkgrvgo73i2rkszjsw4o5gr2c3xh2vtl2tq",
    175 * 262_144: "bafybeifff2p6p5m664n73irgruh5bccbxr5letpot4jmiygjvs5fpd3amq",
    348 * 262_144 + 5: "bafybeid4gqpqk3p7e7huvpdrgztf6lr3librvefq7e36mrpzkznvwsfxhe",
}


def content(size: int) -> bytes:
    """Byte i is i·7 + (i >> 8)·13 + (i >> 16)·31, as in the program that made the vectors."""
    rows = (ROWS[(row * 13 + (row >> 8) * 31) & 255] for row in range((size + 255) // 256))
    return b"".join(rows)[:size]


@pytest.mark.parametrize("size", VECTORS, ids=str)
def test_cid_of_a_file_is_what_ipfs_says(size: int) -> None:
    data = content(size)
    digest = documents._hash_stream(io.BytesIO(data), None)
    assert digest == FileDigest(size, hashlib.sha256(data).digest(), VECTORS[size])


def test_id_of_a_folder_is_what_ipfs_says() -> None:
    document = Document(CREATOR, b'{"a":"' + b"x" * 300 + b'"}')
    assert str(document.place) == (
        "bafybeih3fr7ox7qti66lqv27fn27aqu6qdizijlh5t2a62h7ln4wfi5ecy/"
        "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.json"
    )
    assert cid_text(RAW, document.digest) == (
        "bafkreibefw7kruyrbq27a2tnrwwgndgx5c27zt7mlwsqe4aizcltxrq54q"
    )


@pytest.mark.parametrize("size", [128, 129, 16_383])
def test_id_equals_the_registrys(market: Market, size: int) -> None:
    document = Document(CREATOR, b"x" * size)
    registry = market.suite.registry
    assert registry.call("idOf", document.digest, size, CREATOR) == document.id


def test_id_differs_for_another_creator() -> None:
    text = b"x" * 200
    assert Document(CREATOR, text).id != Document("0x" + 40 * "1", text).id


def test_creation_id_is_read_in_all_its_forms() -> None:
    number = int.from_bytes(hashlib.sha256(b"any").digest(), "big")
    cid = creation_cid(number)
    for text in (cid, str(number), f"0x{number:064x}", f"ipfs://{cid}/0xab.json", f" {cid} "):
        assert parse_creation_id(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "0x12",
        str(2**256),
        "bafybei",
        creation_cid(7)[:-1],
        creation_cid(7)[:-1] + "b",  # spare bits set
        cid_text(RAW, bytes(32)),
        "9" * 5000,
    ],
)
def test_creation_id_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DokkaebiError) as caught:
        parse_creation_id(text)
    assert caught.value.key == "creation_id_wrong"


def test_document_is_canonical() -> None:
    document = make_document(
        DIGEST, "달 항아리.png", CREATOR, "달", "둥글다", "이", 500, [10**40, 3]
    )
    fields = json.loads(document.text)
    again = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert document.text == again.encode()
    assert fields == {
        "name": "달",
        "description": "둥글다",
        "creator": CREATOR.lower(),
        "creator_name": "이",
        "content": {
            "name": "달 항아리.png",
            "type": "image/png",
            "size": 5,
            "sha256": DIGEST.sha256.hex(),
            "cid": DIGEST.cid,
        },
        "image": f"ipfs://{DIGEST.cid}",
        "royalty_bps": 500,
        "parents": ["3", str(10**40)],
    }


def test_document_spells_hangul_one_way() -> None:
    names = [unicodedata.normalize(form, "도깨비.txt") for form in ("NFC", "NFD")]
    made = {make_document(DIGEST, name, CREATOR, name).id for name in names}
    assert len(made) == 1


def test_document_survives_a_file_name_that_is_no_text() -> None:
    name = os.fsdecode(b"\xff.bin")
    assert make_document(DIGEST, name, CREATOR, name).text.decode("utf-8")


def test_document_that_is_too_long_is_refused() -> None:
    fits = 16_383 - len(make_document(DIGEST, "a.txt", CREATOR, "a").text)
    assert len(make_document(DIGEST, "a.txt", CREATOR, "a", "x" * fits).text) == 16_383
    with pytest.raises(DokkaebiError) as caught:
        make_document(DIGEST, "a.txt", CREATOR, "a", "x" * (fits + 1))
    assert caught.value.key == "document_too_long"


@pytest.mark.parametrize(
    ("name", "kind", "field"),
    [
        ("a.png", "image/png", "image"),
        ("a.SVG", "image/svg+xml", "image"),
        ("a.mp3", "audio/mpeg", "animation_url"),
        ("a.mp4", "video/mp4", "animation_url"),
        ("a.txt", "text/plain", None),
        ("a.dxf", "image/vnd.dxf", None),
        ("a.stl", "model/stl", None),
        ("a.tar.gz", "application/gzip", None),
        ("a", "application/octet-stream", None),
    ],
)
def test_document_shows_what_can_be_shown(name: str, kind: str, field: str | None) -> None:
    assert mime_type(name) == kind
    fields = json.loads(make_document(DIGEST, name, CREATOR, "a").text)
    assert {"image", "animation_url"} & fields.keys() == ({field} if field else set())


def test_file_is_hashed_and_advance_is_told(tmp_path: Path) -> None:
    path = tmp_path / "two chunks"
    path.write_bytes(content(262_145))
    steps: list[int] = []
    assert hash_file(path, steps.append).cid == VECTORS[262_145]
    assert steps == [262_144, 1]


@pytest.mark.parametrize(
    ("name", "key"), [("none", "file_missing"), ("", "file_is_folder"), ("empty", "file_empty")]
)
def test_file_that_cannot_be_hashed_is_refused(tmp_path: Path, name: str, key: str) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(DokkaebiError) as caught:
        hash_file(tmp_path / name)
    assert caught.value.key == key


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(DokkaebiError) as caught:
        hash_file(path)
    assert caught.value.key == "file_unreadable"


def test_cid_has_the_form_that_wallets_know() -> None:
    assert cid_text(DAG_PB, bytes(32)).startswith("bafybei")
    assert len(cid_text(DAG_PB, bytes(32))) == 59
