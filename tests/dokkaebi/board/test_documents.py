"""Documents on the board: what is taken, what isn't, and what goes again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.board import notices as notices_module
from dokkaebi.board.limits import BoardLimits
from dokkaebi.chain.auction_house import new_auction
from dokkaebi.chain.consent_files import FILE_BYTES_MAX, consent_text
from dokkaebi.chain.creation_market import new_bid, new_swap
from dokkaebi.chain.creation_registry import approve_all_creations
from dokkaebi.chain.escrow_market import new_delivery
from dokkaebi.chain.nonces import cancel_nonces
from dokkaebi.chain.rpc import Chain, RpcUnreachable
from dokkaebi.chain.terms import Settlement
from dokkaebi.chain.till import approve_token
from dokkaebi.ledger.rows import creation_key
from tests.dokkaebi.board.conftest import Corner, corner_of
from tests.dokkaebi.chain.conftest import PRICE, Stall
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, address

AGREES = "631626ba7e60e01b60005260206000f3"


def test_offer_is_shown_once_it_was_looked_at(either: Corner) -> None:
    offer = either.offer()
    answer = either.post(offer)
    assert answer.status_code == 201, answer.text
    item = answer.json()["item"]
    assert (item["digest"], item["kind"], item["signer"]) == (offer.id, "offer", address(CREATOR))
    assert item["document"] == json.loads(consent_text(offer))
    assert either.documents() == [item]
    assert either.post(offer).status_code == 200
    assert either.documents() == [item]
    [other] = [either.post(either.offer(BUYER)).json()["item"]]
    assert either.documents(limit=1) == [other]
    page = either.http.get("/v1/board/documents", params={"limit": 1}).json()
    assert either.documents(limit=1, cursor=page["next"]) == [item]
    assert either.documents(signer=address(CREATOR)) == [item]
    assert either.documents(creation=item["cid"]) == [item]
    assert either.documents(kind="bid") == []


def test_every_kind_is_taken(corner: Corner) -> None:
    stall, suite = corner.stall, corner.stall.suite
    token, soon = suite.token.address, stall.soon()
    mine = [stall.create(CREATOR, suite.creation_market) for _ in range(2)]
    stall.act(CREATOR, approve_all_creations(suite, suite.auction_house))
    stall.market.give_tokens(BUYER, PRICE)
    stall.act(BUYER, approve_token(suite, token, suite.creation_market, PRICE))
    theirs = stall.create(BUYER, suite.creation_market)
    who, bidder = address(CREATOR), address(BUYER)
    papers = {
        "delivery": stall.sign(CREATOR, new_delivery(suite, who, PRICE, expiry=soon, nonce=1)),
        "bid": stall.sign(
            BUYER, new_bid(suite, bidder, PRICE, token, expiry=soon, creation_id=mine[0])
        ),
        "swap": stall.sign(CREATOR, new_swap(suite, who, mine[0], theirs, expiry=soon, nonce=2)),
        "auction": stall.sign(
            CREATOR, new_auction(suite, who, mine[1], PRICE, ends_at=stall.soon(7_200))
        ),
    }
    for kind, signed in papers.items():
        answer = corner.post(signed)
        assert answer.status_code == 201, answer.text
        assert answer.json()["item"]["kind"] == kind
        assert [item["digest"] for item in corner.documents(kind=kind)] == [signed.id]
    assert corner.watch().everything().dropped == 0


def test_what_cannot_be_used_is_refused(corner: Corner) -> None:
    stall, suite = corner.stall, corner.stall.suite
    good = corner.offer()
    bare = stall.create(BUYER)
    forged = corner.again(good, BUYER, nonce=3)
    refused = {
        "consent_signature_wrong": forged,
        "consent_owner_changed": corner.again(good, BUYER, seller=address(BUYER)),
        "consent_unapproved": corner.offer(BUYER, bare),
        "consent_moved": corner.again(good, tenure=1),
        "consent_creation_gone": corner.again(good, creation_id=7),
        "Price_OutOfRange": corner.again(good, price=0),
        "Expiry_OutOfRange": corner.again(good, expiry=2**40),
    }
    for key, signed in refused.items():
        assert corner.refusal(corner.post(signed)) == key
    stall.act(CREATOR, cancel_nonces(suite.creation_market, 9, 9))
    assert corner.refusal(corner.post(corner.again(good, nonce=9))) == "consent_nonce_spent"
    broke = new_bid(
        suite, address(STRANGER), 2**90, suite.token.address,
        expiry=stall.soon(), creation_id=good.terms.creation_id,
    )  # fmt: skip
    assert corner.refusal(corner.post(stall.sign(STRANGER, broke))) == "consent_bidder_poor"
    settled = stall.sign(CREATOR, Settlement(bytes(32), 0, 5_000, stall.soon()))
    assert corner.refusal(corner.post(settled)) == "board_kind_refused"
    assert corner.documents() == []
    assert corner.post(good).status_code == 201


def test_what_is_over_goes(corner: Corner) -> None:
    stall, good, end = corner.stall, corner.offer(), corner.stall.soon()
    early, late = (corner.again(good, expiry=end + s, nonce=n) for n, s in enumerate((0, 900)))
    assert [corner.post(signed).status_code for signed in (early, late)] == [201, 201]
    # The last second is one still; only then somebody has to look.
    assert [len(corner.notices.store.expired(end + s, 9)) for s in (-1, 0, 1)] == [0, 0, 1]
    assert corner.watch().round().dropped == 0
    stall.suite.chain.raw("evm_setTime", [1_000 * (end + 1)])
    stall.suite.chain.raw("evm_mine")
    assert corner.watch().round().dropped == 1
    assert [item["digest"] for item in corner.documents()] == [late.id]
    assert corner.refusal(corner.post(early)) == "consent_expired"


def test_contract_signs_as_it_says(corner: Corner) -> None:
    """ERC-1271: a wallet of code bids for nothing that it can't pay, so its offer is what shows."""
    stall = corner.stall
    wallet = stall.deploy(AGREES)
    good = corner.offer()
    signed = corner.again(good, seller=wallet)
    # Its signature counts; the work isn't its own.
    assert corner.refusal(corner.post(signed)) == "consent_owner_changed"
    nobody = corner.again(good, seller=stall.deploy("60006000fd"))
    assert corner.refusal(corner.post(nobody)) == "consent_signature_wrong"


# What goes again


def test_events_take_documents_off(corner: Corner) -> None:
    stall, suite = corner.stall, corner.stall.suite
    cancelled, moved, revoked, kept = (
        corner.offer(CREATOR, nonce=1),
        corner.offer(CREATOR, nonce=2),
        corner.offer(BUYER, nonce=3),
        corner.offer(CREATOR, nonce=4),
    )
    doubled = corner.again(cancelled, price=PRICE + 1)
    for signed in (cancelled, doubled, moved, revoked, kept):
        assert corner.post(signed).status_code == 201
    corner.follow()
    stall.act(CREATOR, cancel_nonces(suite.creation_market, 1, 1))
    work = moved.terms.creation_id
    registry, who = suite.registry, address(CREATOR)
    stall.act(CREATOR, registry.prepare("transferFrom", who, address(STRANGER), work))
    taken_back = registry.prepare("setApprovalForAll", suite.creation_market.address, False)
    stall.act(BUYER, taken_back)
    assert corner.follow() == 4
    assert [item["digest"] for item in corner.documents()] == [kept.id]
    reasons = {}
    for signed in (cancelled, doubled, moved, revoked):
        answer = corner.http.get(
            f"/v1/board/documents/{signed.id}", headers={"Accept-Language": "ko"}
        )
        assert answer.status_code == 410
        assert "{" not in answer.json()["item"]["message"]
        reasons[signed.id] = answer.json()["item"]["reason"]
    assert list(reasons.values()) == [
        "consent_nonce_spent", "consent_nonce_spent", "consent_moved", "consent_unapproved",
    ]  # fmt: skip
    # Nothing comes back by itself; somebody has to post it.
    stall.act(BUYER, approve_all_creations(suite, suite.creation_market))
    corner.follow()
    assert len(corner.documents()) == 1
    assert corner.post(revoked).status_code == 201
    assert len(corner.documents()) == 2
    assert corner.http.get("/v1/board/documents/0x" + 64 * "0").status_code == 404


def test_what_no_event_touches_is_looked_at_in_turn(corner: Corner) -> None:
    """Without a ledger too: the oldest look comes first."""
    stall, suite = corner.stall, corner.stall.suite
    signed = corner.offer(CREATOR, nonce=1)
    corner.post(signed)
    stall.act(CREATOR, cancel_nonces(suite.creation_market, 0, 5))
    assert corner.watch().round().dropped == 0
    corner.notices.store.checked([signed.id], 0)
    assert corner.watch().round().dropped == 1


def test_silent_node_takes_nothing_off(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    signed, fresh = corner.offer(nonce=1), corner.offer(nonce=2)
    assert corner.post(signed).status_code == 201

    def silent(self: Chain, requests: object) -> Any:
        raise RpcUnreachable("rpc_unreachable", url="http://node")

    with monkeypatch.context() as patched:
        patched.setattr(Chain, "raw_each", silent)
        assert corner.refusal(corner.post(fresh), 503) == "board_node_silent"
        assert corner.watch().everything().dropped == 0
    assert [item["digest"] for item in corner.documents()] == [signed.id]
    assert corner.post(fresh).status_code == 201


# Strangers


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (b"", 422, "consent_not_json"),
        (b"\xff\xfe", 422, "consent_not_json"),
        (b"[" * 30_000, 422, "consent_not_json"),
        (b"[]", 422, "consent_field_wrong"),
        (b'{"dokkaebi": "offer", "dokkaebi": "bid"}', 422, "consent_field_twice"),
        (b'{"version": NaN}', 422, "consent_not_json"),
        (b'{"version": ' + b"9" * 5_000 + b"}", 422, "consent_not_json"),
        (b'{"dokkaebi": "<script>"}', 422, "consent_kind_unknown"),
        (b" " * (FILE_BYTES_MAX + 1), 413, "consent_too_large"),
    ],
)
def test_what_is_no_document_is_refused(corner: Corner, body: bytes, status: int, key: str) -> None:
    answer = corner.post(body)
    assert corner.refusal(answer, status) == key
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_fuzzed_documents_are_refused_or_known(corner: Corner) -> None:
    """Bytes of a good document changed at random: the board takes none and never stumbles."""
    good = consent_text(corner.offer()).encode()
    assert corner.post(good).status_code == 201
    dice = random.Random(6)
    for _ in range(300):
        body = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(body))
            body[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
        answer = corner.post(bytes(body))
        assert answer.status_code in {200, 422}, answer.text
    assert len(corner.documents()) == 1


def test_key_has_limits_and_others_do_not_use_them_up(stall: Stall, tmp_path: Path) -> None:
    limits = BoardLimits(key_documents=2, documents_per_minute=3)
    with corner_of(stall, tmp_path / "board", tmp_path / "ledger.sqlite3", limits) as corner:
        good = corner.offer(nonce=0)
        # Somebody else's signature under the creator's name costs the creator nothing.
        for nonce in range(5):
            corner.post(corner.again(good, BUYER, nonce=nonce))
        assert [corner.post(corner.again(good, nonce=n)).status_code for n in (1, 2)] == [201, 201]
        full = corner.post(corner.again(good, nonce=3))
        assert corner.refusal(full, 507) == "board_key_full"
        assert corner.post(corner.offer(BUYER)).status_code == 201
        stall.act(CREATOR, cancel_nonces(stall.suite.creation_market, 1, 2))
        corner.watch().everything()
        assert corner.post(corner.again(good, nonce=3)).status_code == 201
        often = corner.post(corner.again(good, nonce=4))
        assert corner.refusal(often, 429) == "board_key_often"
        assert often.headers["Retry-After"] == "60"


def test_full_inbox_asks_to_come_again(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def put_nowait(self, _: object) -> None:
            raise notices_module.queue.Full

    good = corner.offer()
    with monkeypatch.context() as patched:
        patched.setattr(corner.notices, "_workers", [object()])
        patched.setattr(corner.notices, "_inbox", Full())
        assert corner.refusal(corner.post(good), 503) == "board_busy"
    assert corner.post(good).status_code == 201


def test_node_is_asked_together(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many documents take as many round trips as one."""
    offers = [consent_text(corner.offer(nonce=n)).encode() for n in range(8)]
    sent: list[int] = []
    real = Chain.raw_each

    def counted(self: Chain, requests: Any) -> list[Any]:
        sent.append(len(requests))
        return real(self, requests)

    monkeypatch.setattr(Chain, "raw_each", counted)
    corner.notices.take(offers[:1])
    alone = len(sent)
    corner.notices.take(offers[1:])
    assert len(sent) == 2 * alone
    assert max(sent) >= 7


# Other sites


def test_any_site_may_write_and_no_cookie_is_known(corner: Corner) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    allowed = corner.http.options("/v1/board/documents", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "*"
    answer = corner.post(corner.offer(), Origin="https://elsewhere.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for headers in (allowed.headers, answer.headers):
        assert "Access-Control-Allow-Credentials" not in headers
        assert "Set-Cookie" not in headers


def test_same_answer_is_not_sent_twice(corner: Corner) -> None:
    first = corner.http.get("/v1/board/documents")
    same = {"If-None-Match": first.headers["ETag"]}
    assert corner.http.get("/v1/board/documents", headers=same).status_code == 304
    corner.post(corner.offer())
    assert corner.http.get("/v1/board/documents", headers=same).status_code == 200


def test_board_says_what_it_takes(corner: Corner) -> None:
    about = corner.http.get("/v1/board").json()
    assert about["registry"] == corner.stall.suite.registry.address
    assert (about["documents"], about["works"], about["files"]) == (0, 0, 0)
    assert about["limits"]["file_bytes"] == str(32 << 20)
    assert about["upload"]["domain"]["name"] == "Dokkaebi Board"


def test_creation_key_is_what_filters_ask(corner: Corner) -> None:
    signed = corner.offer()
    corner.post(signed)
    assert corner.documents(creation=creation_key(signed.terms.creation_id))
