"""Works on the board: found by their words, and strangers' words stay words."""

from __future__ import annotations

import json

import pytest

from dokkaebi.board.metadata import DEPTH_MAX, read_metadata
from dokkaebi.chain.documents import Document
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.board.conftest import Corner, metadata
from tests.dokkaebi.board.test_vouchers import voucher
from tests.dokkaebi.conftest import BUYER, CREATOR, address


def post(corner: Corner, *documents: Document, key: str = CREATOR) -> None:
    for document in documents:
        answer = corner.post(voucher(corner, document, key))
        assert answer.status_code == 201, answer.text


def titles(corner: Corner, asked: str, **more: object) -> list[str]:
    return [str(work["title"]) for work in corner.works(q=asked, **more)]


def test_works_are_found_by_parts_of_words(either: Corner) -> None:
    post(
        either,
        metadata(CREATOR, "감나무 의자", creator_name="이목수", tags=["원목", "가구"]),
        metadata(CREATOR, "나무지기 이야기", creator_name="정시인"),
        metadata(CREATOR, "Café Chair", creator_name="Zoë"),
    )
    assert titles(either, "나무") == ["나무지기 이야기", "감나무 의자"]
    assert titles(either, "감나무") == ["감나무 의자"]
    assert titles(either, "나무의") == []
    assert titles(either, "무") == ["나무지기 이야기", "감나무 의자"]
    assert titles(either, "가구 목수") == ["감나무 의자"]
    assert titles(either, "CAFE cha zoe") == ["Café Chair"]
    assert titles(either, "moon jar") == ["Café Chair", "나무지기 이야기", "감나무 의자"]
    assert titles(either, "없는 나무") == []
    for odd in ('"', "나무*", "NEAR(나무)", "pairs : x", "%", "_", "' OR 1=1 --", "🏺", "a" * 200):
        titles(either, odd)
    page = either.http.get("/v1/board/works", params={"q": "나무", "limit": 1}).json()
    assert titles(either, "나무", limit=1, cursor=page["next"]) == ["감나무 의자"]
    assert titles(either, "나무", creator=address(BUYER)) == []
    assert titles(either, "", kind="offer") == []
    assert len(titles(either, "", for_sale=True)) == 3


def test_words_of_strangers_stay_words(corner: Corner) -> None:
    title = "<img src=x onerror=alert(1)>"
    post(corner, metadata(CREATOR, title, description="<script>alert(2)</script>" + " x" * 60))
    answer = corner.http.get("/v1/board/works", params={"q": "onerror"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["items"][0]["title"] == title


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"name": "달\u202e항아리"}, "board_text_strange"),
        ({"name": "x\x1b[2J"}, "board_text_strange"),
        ({"creator_name": "a\x00b"}, "board_text_strange"),
        ({"tags": ["ok", "\u2028"]}, "board_text_strange"),
        ({"name": ""}, "board_metadata_wrong"),
        ({"name": "x" * 201}, "board_metadata_wrong"),
        ({"name": 7}, "board_metadata_wrong"),
        ({"creator": "0x12"}, "board_metadata_wrong"),
        ({"creator": address(BUYER)}, "board_metadata_other"),
        ({"tags": ["x"] * 33}, "board_metadata_wrong"),
        ({"content": {"size": -1}}, "board_metadata_wrong"),
        ({"extra": [[[[[[[[[1]]]]]]]]]}, "board_too_deep"),
    ],
)
def test_metadata_is_read_strictly(corner: Corner, change: dict[str, object], key: str) -> None:
    fields = json.loads(metadata(CREATOR).text) | change
    document = Document(address(CREATOR), json.dumps(fields).encode())
    assert corner.refusal(corner.post(voucher(corner, document))) == key
    assert corner.works() == []


def test_depth_is_counted() -> None:
    def nested(depth: int) -> bytes:
        fields = json.loads(metadata(CREATOR).text)
        inner: object = 1
        for _ in range(depth - 1):
            inner = [inner]
        return json.dumps(fields | {"extra": inner}).encode()

    assert read_metadata(nested(DEPTH_MAX)).title
    with pytest.raises(DokkaebiError, match="deep"):
        read_metadata(nested(DEPTH_MAX + 1))
    with pytest.raises(DokkaebiError):
        read_metadata(b"[" * 10_000)


def test_emoji_of_several_parts_is_no_trick(corner: Corner) -> None:
    post(corner, metadata(CREATOR, "가족 👩‍👩‍👧 도자기"))
    assert len(corner.works()) == 1


def test_lookalikes_are_marked(corner: Corner) -> None:
    post(corner, metadata(CREATOR, "one", creator_name="Kim Pottery"))
    post(
        corner,
        metadata(BUYER, "two", creator_name="Kim Pottery"),
        metadata(BUYER, "three", creator_name="Kіm Pottery"),
        metadata(BUYER, "four", creator_name="김 pottery공방"),
        key=BUYER,
    )
    found = {work["title"]: work["warnings"] for work in corner.works()}
    assert found == {
        "one": [],
        "two": ["name_taken"],
        "three": ["name_mixed_script", "name_taken"],
        "four": [],
    }


def test_voucher_needs_its_document(corner: Corner) -> None:
    from dataclasses import replace

    signed = voucher(corner, metadata(CREATOR))
    bare = replace(signed, document=None)
    assert corner.refusal(corner.post(bare)) == "board_metadata_missing"
    assert signed.document is not None
    assert corner.put(signed.document, BUYER).status_code == 201
    assert corner.works() == []
    assert corner.post(bare).status_code == 201
    assert len(corner.works()) == 1


def test_other_document_beside_is_refused(corner: Corner) -> None:
    signed = voucher(corner, metadata(CREATOR))
    body = json.loads(voucher_text(signed))
    body["document"] = body["document"].replace("moon", "sun_")
    assert corner.refusal(corner.post(body)) == "consent_document_other"


def voucher_text(signed: object) -> str:
    from dokkaebi.chain.consent_files import consent_text

    return consent_text(signed)  # type: ignore[arg-type]
