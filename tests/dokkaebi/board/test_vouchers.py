"""A work that nobody registered: signed, shown, and gone once somebody did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dokkaebi.chain.consents import Consent
from dokkaebi.chain.documents import Document, creation_cid
from dokkaebi.chain.terms import Work
from dokkaebi.chain.vouchers import new_voucher, register_for
from tests.dokkaebi.board.conftest import Corner, metadata
from tests.dokkaebi.chain.conftest import PRICE
from tests.dokkaebi.conftest import BUYER, CREATOR


def voucher(corner: Corner, document: Document, key: str = CREATOR, **more: Any) -> Consent:
    """A signed voucher with its metadata document beside."""
    work = Work(document.digest, len(document.text), 500, bytes(32), ())
    options = {"expiry": corner.stall.soon(), "price": PRICE, **more}
    terms = new_voucher(corner.stall.suite, document.creator, work, **options)
    return replace(corner.stall.sign(key, terms), document=document.text)


def test_voucher_brings_its_work(either: Corner) -> None:
    document = metadata(CREATOR)
    signed = voucher(either, document)
    answer = either.post(signed)
    assert answer.status_code == 201, answer.text
    [work] = either.works(q="항아")
    assert work["title"] == "달항아리"
    assert (work["kind"], work["digest"], work["price"]) == ("voucher", signed.id, str(PRICE))
    assert (work["cid"], work["registered"]) == (creation_cid(document.id), False)
    held = either.http.get(f"/v1/board/files/{work['document_cid']}")
    assert held.content == document.text


def test_registered_voucher_goes_and_its_work_stays(corner: Corner) -> None:
    signed = voucher(corner, metadata(CREATOR), price=0)
    assert corner.post(signed).status_code == 201
    corner.follow()
    corner.stall.act(BUYER, register_for(corner.stall.suite, signed.terms, signed.signature))
    assert corner.follow() == 1
    gone = corner.http.get(f"/v1/board/documents/{signed.id}")
    assert (gone.status_code, gone.json()["item"]["reason"]) == (410, "voucher_used")
    [work] = corner.works()
    assert (work["registered"], work["kind"]) == (True, None)
