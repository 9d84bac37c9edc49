"""Titles and pictures count only if their digests are those on the chain."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from dokkaebi.chain.documents import creation_cid, document_name
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import exhibits as module
from dokkaebi.ledger.reports.exhibits import Exhibit, Exhibits
from dokkaebi.ledger.reports.kinds import Address, CreationId, Moment, Work

CREATOR = Address("0x" + "Ab" * 20)
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"


def work_of(document: bytes) -> Work:
    digest = "0x" + hashlib.sha256(document).hexdigest()
    return Work(
        CREATOR, CreationId(7), creation_cid(7), CREATOR, 500, (), (), 0, Moment(1), "0x", digest,
        len(document), True,
    )  # fmt: skip


def put(folder: Path, document: bytes) -> Work:
    work = work_of(document)
    place = folder / work.cid / document_name(CREATOR)
    place.parent.mkdir(parents=True)
    place.write_bytes(document)
    return work


def described(folder: Path, file: bytes = PNG, **fields: object) -> Work:
    content = {"sha256": hashlib.sha256(file).hexdigest(), "type": "image/png"}
    document = {"name": "달항아리", "creator_name": "Yi", "content": content, **fields}
    return put(folder, json.dumps(document).encode())


def test_a_document_gives_title_name_and_media(tmp_path: Path) -> None:
    work = described(tmp_path)
    assert Exhibits(tmp_path, None).of(work) == Exhibit("달항아리", "Yi", "image/png", None)


def test_without_folders_nothing_is_known(tmp_path: Path) -> None:
    work = described(tmp_path)
    assert Exhibits(None, None).of(work) == Exhibit()
    assert Exhibits(tmp_path / "none", None).of(work) == Exhibit()


def test_a_changed_document_counts_for_nothing(tmp_path: Path) -> None:
    work = described(tmp_path)
    place = tmp_path / work.cid / document_name(CREATOR)
    place.write_bytes(place.read_bytes().replace(b"Yi", b"Me"))
    assert Exhibits(tmp_path, None).of(work) == Exhibit()
    place.write_bytes(place.read_bytes() + b" ")
    assert Exhibits(tmp_path, None).of(work) == Exhibit()


@pytest.mark.parametrize(
    "document", [b"no json", b"[]", b'"text"', b"\xff\xfe", b"[" * 20_000, b'{"content": 5}']
)
def test_a_document_of_another_kind_says_nothing(tmp_path: Path, document: bytes) -> None:
    assert Exhibits(tmp_path, None).of(put(tmp_path, document)) == Exhibit()


def test_fields_of_another_kind_say_nothing(tmp_path: Path) -> None:
    work = described(tmp_path, name=["x"], creator_name=7, content=[])
    assert Exhibits(tmp_path, None).of(work) == Exhibit()


def test_a_picture_is_found_by_its_digest_not_its_name(tmp_path: Path) -> None:
    works = tmp_path / "works" / "deep"
    works.mkdir(parents=True)
    (works / "any name.txt").write_bytes(PNG)
    (works / "other.png").write_bytes(PNG + b"!")
    seen = Exhibits(tmp_path, tmp_path / "works").of(described(tmp_path))
    assert seen.picture == "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    ("file", "media"),
    [
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"<svg xmlns='x'></svg>", "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg>", "image/svg+xml"),
        (b"<html><svg></svg></html>", None),
        (b"<svgx>", None),
        (b"plain text", None),
    ],
)
def test_a_file_is_a_picture_by_its_first_bytes(
    tmp_path: Path, file: bytes, media: str | None
) -> None:
    works = tmp_path / "works"
    works.mkdir()
    (works / "file").write_bytes(file)
    picture = Exhibits(tmp_path, works).of(described(tmp_path, file)).picture
    assert (picture or "data:None;").startswith(f"data:{media};")


def test_a_large_picture_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = tmp_path / "works"
    works.mkdir()
    (works / "file").write_bytes(PNG)
    work = described(tmp_path)
    monkeypatch.setattr(module, "PICTURE_BYTES", len(PNG) - 1)
    assert Exhibits(tmp_path, works).of(work).picture is None
    monkeypatch.setattr(module, "PICTURE_BYTES", len(PNG))
    assert Exhibits(tmp_path, works).of(work).picture is not None
    monkeypatch.setattr(module, "ALL_PICTURES_BYTES", len(PNG) - 1)
    assert Exhibits(tmp_path, works).of(work).picture is None


def test_a_missing_works_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DokkaebiError) as seen:
        Exhibits(None, tmp_path / "none")
    assert seen.value.key == "report_works_missing"
