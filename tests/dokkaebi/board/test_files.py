"""Files of strangers: kept whole or not at all, never run, and not without end."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.board import files as files_module
from dokkaebi.board import watch as watch_module
from dokkaebi.board.limits import BoardLimits
from dokkaebi.board.pictures import picture_type
from dokkaebi.chain.documents import CHUNK_BYTES
from dokkaebi.chain.lookup import now_on
from tests.dokkaebi.board.conftest import PNG, Corner, corner_of, digest_of, metadata
from tests.dokkaebi.board.test_vouchers import voucher
from tests.dokkaebi.chain.conftest import Stall
from tests.dokkaebi.conftest import BUYER, CREATOR, address

PAGE = b"<!doctype html><script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    b"\xff\xda\0\x08\1\1\0\0\x3f\0\x12\xff\0\x34\xff\xd9"
)
WEBP = b"RIFF\x14\0\0\0WEBPVP8L\x08\0\0\0\x2f\0\0\0\x10\x07\x10\x11"


def bomb() -> bytes:
    """A zip of 10 kB that would be 10 MB."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    return held.getvalue()


def kept(corner: Corner) -> set[str]:
    """What is on the disk."""
    folder = corner.notices.files.path("x" * 59).parents[1]
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small(stall: Stall, tmp_path: Path) -> Iterator[Corner]:
    limits = BoardLimits(file_bytes=1_000, key_bytes=1_500, all_bytes=3_000, key_files=3)
    with corner_of(stall, tmp_path / "board", tmp_path / "ledger.sqlite3", limits) as opened:
        yield opened


# Bringing


def test_file_comes_and_can_be_checked(either: Corner) -> None:
    content = bytes(range(256)) * 1_100
    assert len(content) > CHUNK_BYTES
    answer = either.put(content)
    assert answer.status_code == 201, answer.text
    item = answer.json()["item"]
    assert item["cid"] == digest_of(content).cid
    assert item["cid"].startswith("bafybei")
    assert item["sha256"] == "0x" + hashlib.sha256(content).hexdigest()
    assert either.put(content).status_code == 200
    got = either.http.get(item["url"])
    assert digest_of(got.content).cid == item["cid"]
    part = either.http.get(item["url"], headers={"Range": "bytes=256-511"})
    assert (part.status_code, part.content) == (206, bytes(range(256)))
    again = either.http.get(item["url"], headers={"If-None-Match": got.headers["ETag"]})
    assert again.status_code == 304
    assert either.http.head(item["url"]).headers["Content-Length"] == str(len(content))
    assert either.http.get("/v1/board/files/" + "bafkrei" + "a" * 52).status_code == 404


def test_right_is_of_one_file_and_one_key(corner: Corner) -> None:
    now = now_on(corner.stall.suite)
    assert corner.refusal(corner.put(PNG, None), 403) == "board_file_unnamed"
    assert corner.refusal(corner.put(PNG, size=len(PNG) + 1)) == "consent_signature_wrong"
    assert corner.refusal(corner.put(PNG, expiry=now - 1), 403) == "board_right_expired"
    assert corner.refusal(corner.put(PNG, expiry=now + 90_000), 403) == "board_right_long"
    url = f"/v1/board/files/{digest_of(PNG).cid}"
    partly = corner.http.put(url, params={"signer": address(CREATOR)}, content=PNG)
    assert corner.refusal(partly) == "board_right_partly"
    assert kept(corner) == set()
    assert corner.put(PNG).status_code == 201


def test_document_gives_the_right_to_what_it_names(corner: Corner) -> None:
    picture = digest_of(PNG)
    content = {"name": "달", "type": "image/png", "size": len(PNG), "cid": picture.cid}
    document = metadata(CREATOR, content=content, image=f"ipfs://{picture.cid}")
    # Whoever has only the metadata document stands for nothing yet.
    assert corner.put(document.text, BUYER).status_code == 201
    assert corner.works() == []
    assert corner.refusal(corner.put(PNG, None), 403) == "board_file_unnamed"
    assert corner.post(voucher(corner, document)).status_code == 201
    assert corner.works()[0]["held"] is False
    assert corner.put(PNG, None).status_code == 201
    [work] = corner.works()
    assert (work["held"], work["image"]) == (True, picture.cid)
    assert corner.notices.store.usage(address(CREATOR)).files == 1


@pytest.mark.parametrize(("sent", "key"), [(PNG[:-1], "board_file_shorter"),
                                           (PNG[:-1] + b"!", "board_file_other"),
                                           (PNG + b"!", "board_file_longer")])  # fmt: skip
def test_other_bytes_leave_nothing(corner: Corner, sent: bytes, key: str) -> None:
    answer = corner.put(sent, cid=digest_of(PNG).cid, size=len(sent))
    if key == "board_file_other":
        assert corner.refusal(answer) == key
    found = asgi_put(corner, digest_of(PNG).cid, len(PNG), [sent])
    assert found[1]["error"] == key
    assert kept(corner) == set()
    assert corner.put(PNG).status_code == 201


def asgi_put(
    corner: Corner, cid: str, said: int, pieces: list[bytes] | None
) -> tuple[int, dict[str, Any]]:
    """A request whose Content-Length may lie; without pieces, whoever reads the body fails."""
    import json

    from dokkaebi.board.rights import upload_data
    from dokkaebi.chain.consents import sign_typed

    suite = corner.stall.suite
    expiry = now_on(suite) + 600
    data = upload_data(suite, cid, said, expiry)
    signature = sign_typed(corner.stall.key(CREATOR), data).hex()
    query = f"signer={address(CREATOR)}&expiry={expiry}&signature=0x{signature}"
    scope = {
        "type": "http", "method": "PUT", "path": f"/v1/board/files/{cid}", "raw_path": b"",
        "query_string": query.encode(), "headers": [(b"content-length", str(said).encode())],
        "client": ("test", 1), "server": ("test", 80), "scheme": "http", "http_version": "1.1",
        "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    rest = iter(pieces or [])
    read = 0
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal read
        assert pieces is not None, "the body was read"
        piece = next(rest, b"")
        read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    asyncio.run(corner.http.app(scope, receive, send))  # type: ignore[arg-type, attr-defined]
    body = b"".join(m.get("body", b"") for m in told)
    return told[0]["status"], {**json.loads(body), "read": read}


def test_gigabyte_is_refused_before_it_comes(corner: Corner) -> None:
    status, said = asgi_put(corner, digest_of(PNG).cid, 1 << 30, None)
    assert (status, said["error"]) == (413, "board_file_large")
    assert kept(corner) == set()


def test_gigabyte_that_says_it_is_small_is_stopped(corner: Corner) -> None:
    """Nothing beyond what was said reaches the disk, and the rest isn't waited for."""
    megabyte = bytes(1 << 20)
    status, said = asgi_put(corner, digest_of(PNG).cid, len(PNG), [megabyte] * 1_024)
    assert (status, said["error"]) == (413, "board_file_longer")
    assert said["read"] <= 2 << 20
    assert kept(corner) == set()


def test_length_has_to_be_said(corner: Corner) -> None:
    def pieces() -> Iterator[bytes]:
        yield PNG

    answer = corner.http.put(f"/v1/board/files/{digest_of(PNG).cid}", content=pieces())
    assert corner.refusal(answer, 411) == "board_length_missing"


def test_quotas_are_the_keys_and_everybodys(small: Corner) -> None:
    contents = [bytes([n]) * 600 for n in range(8)]
    assert small.refusal(small.put(b"x" * 1_001), 413) == "board_file_large"
    assert small.refusal(small.put(b"")) == "board_file_empty"
    assert [small.put(c).status_code for c in contents[:2]] == [201, 201]
    assert small.refusal(small.put(contents[2]), 507) == "board_key_bytes"
    assert small.put(b"y").status_code == 201
    assert small.refusal(small.put(b"z"), 507) == "board_key_files"
    assert [small.put(c, BUYER).status_code for c in contents[2:4]] == [201, 201]
    assert small.refusal(small.put(contents[4], "test:3"), 507) == "board_full"
    used = small.notices.store.usage()
    assert used.size <= 3_000


def test_room_is_kept_for_what_is_on_its_way(small: Corner) -> None:
    first, second = b"a" * 900, b"b" * 900
    who = address(CREATOR)
    with small.notices.receiving(digest_of(first).cid, 900, who) as incoming:
        assert small.refusal(small.put(second), 507) == "board_key_bytes"
        incoming.add(first)
    assert small.notices.store.usage(who).size == 900
    assert small.refusal(small.put(second), 507) == "board_key_bytes"


def test_full_disk_is_said(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(files_module, "DISK_RESERVE", 1 << 60)
        assert corner.refusal(corner.put(PNG), 507) == "board_disk_full"
    assert corner.put(PNG).status_code == 201


# Reading


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PNG, "image/png"), (GIF, "image/gif"), (JPEG, "image/jpeg"), (WEBP, "image/webp")],
)
def test_pictures_are_pictures(corner: Corner, content: bytes, kind: str) -> None:
    answer = corner.put(content)
    assert answer.json()["item"]["type"] == kind
    got = corner.http.get(answer.json()["item"]["url"])
    assert (got.headers["Content-Type"], got.content) == (kind, content)
    assert got.headers["Content-Disposition"] == "inline"
    for cut in (content[:-1], content + b"PK\5\6", content[:8] + b"<script>" + content[8:]):
        assert picture_type(cut) is None


@pytest.mark.parametrize(
    "content",
    [PAGE, SVG, bomb(), PNG + bomb(), GIF + PAGE, b"GIF89a/*" + PAGE, b"\xff\xd8\xff" + PAGE,
     b"%PDF-1.7", b"#!/bin/sh\nrm -rf /"],
    ids=["page", "svg", "bomb", "picture and bomb", "picture and page", "gif of script",
         "jpeg of page", "pdf", "shell"],
)  # fmt: skip
def test_nothing_else_runs(corner: Corner, content: bytes) -> None:
    """Pages, drawings with scripts, archives and files that are two things: bytes, as they came."""
    answer = corner.put(content)
    assert answer.status_code == 201
    got = corner.http.get(answer.json()["item"]["url"])
    assert got.content == content
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"] == "attachment"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert sum(
        f.stat().st_size for f in corner.notices.files._folder.rglob("*") if f.is_file()
    ) == (len(content))


# Tidying


def test_what_nothing_names_goes_after_a_day(corner: Corner) -> None:
    picture = digest_of(PNG)
    document = metadata(CREATOR, image=f"ipfs://{picture.cid}")
    corner.post(voucher(corner, document))
    for content in (PNG, b"nobody's"):
        corner.put(content)
    corner.index()
    watch = corner.watch()
    assert watch.tidy() == 0
    corner.notices.store.keep([digest_of(c).cid for c in (PNG, b"nobody's", document.text)], 0)
    assert watch.tidy() == 1
    assert kept(corner) == {picture.cid, document_cid(document.text)}


def document_cid(text: bytes) -> str:
    return digest_of(text).cid


def test_half_a_file_is_forgotten(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt), corner.notices.receiving(digest_of(PNG).cid, 9, ""):
        raise KeyboardInterrupt
    assert kept(corner) == set()
    left = corner.notices.files._incoming / "killed"
    left.write_bytes(b"half")
    corner.notices.files.forget_unfinished()
    assert left.exists()
    monkeypatch.setattr(files_module, "FORGOTTEN_SECONDS", -1)
    corner.notices.files.forget_unfinished()
    assert not left.exists()
    assert watch_module.UNNAMED_SECONDS == 86_400
