"""A board of a test's own, on the stall of the chain's tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dokkaebi.board.limits import BoardLimits
from dokkaebi.board.notices import Notices
from dokkaebi.board.opening import open_notices
from dokkaebi.board.rights import upload_data
from dokkaebi.board.watch import Watch
from dokkaebi.chain.consent_files import consent_text
from dokkaebi.chain.consents import Consent, sign_typed
from dokkaebi.chain.creation_market import new_offer
from dokkaebi.chain.documents import Document, FileDigest, FileHasher
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.terms import Offer
from dokkaebi.ledger.index import index
from dokkaebi.ledger.store import Identity, open_ledger
from dokkaebi.web.app import create_app
from dokkaebi.web.books import Books
from dokkaebi.web.desk import Desk
from dokkaebi.web.limits import Limits
from tests.dokkaebi.chain.conftest import PRICE, Stall, stall
from tests.dokkaebi.conftest import CREATOR, address
from tests.dokkaebi.ledger.conftest import postgres
from tests.dokkaebi.ledger.engines import ENGINES, new_database

__all__ = ["postgres", "stall"]

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc"
    b"\xf8\xcf\xc0\xf0\x1f\0\5\0\1\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)


def digest_of(content: bytes) -> FileDigest:
    hasher = FileHasher()
    hasher.add(content)
    return hasher.digest()


@dataclass
class Corner:
    """A board, the ledger beside it, and an HTTP client of both."""

    stall: Stall
    notices: Notices
    books: Books
    http: TestClient
    ledger: Path | str

    # Signing

    def offer(self, name: str = CREATOR, creation: int | None = None, **more: Any) -> Consent:
        """A signed offer of a work that its seller owns and the market may hand over."""
        suite = self.stall.suite
        if creation is None:
            creation = self.stall.create(name, suite.creation_market)
        options = {"expiry": self.stall.soon(), **more}
        return self.stall.sign(name, new_offer(suite, address(name), creation, PRICE, **options))

    def again(self, consent: Consent, name: str = CREATOR, **changes: Any) -> Consent:
        """The same document with other terms, signed."""
        assert isinstance(consent.terms, Offer)
        return self.stall.sign(name, consent.terms._replace(**changes))

    # Asking

    def post(self, consent: Consent | bytes | dict[str, Any], **headers: str) -> Any:
        body = consent
        if isinstance(consent, Consent):
            body = consent_text(consent).encode()
        elif isinstance(consent, dict):
            body = json.dumps(consent).encode()
        return self.http.post("/v1/board/documents", content=body, headers=headers)

    def refusal(self, answer: Any, status: int = 422) -> str:
        """The key of a refusal, whose sentence is there."""
        assert answer.status_code == status, answer.text
        told = answer.json()
        assert told["message"] != told["error"]
        assert "{" not in told["message"], told
        return str(told["error"])

    def put(self, content: bytes, name: str | None = CREATOR, **changes: Any) -> Any:
        """Brings a file with a key's right, or without any."""
        found = digest_of(content)
        cid = changes.pop("cid", found.cid)
        asked: dict[str, Any] = {}
        if name is not None:
            suite = self.stall.suite
            expiry = changes.get("expiry", now_on(suite) + 600)
            data = upload_data(suite, cid, changes.get("size", len(content)), expiry)
            signature = sign_typed(self.stall.key(name), data)
            signed = "0x" + signature.hex()
            asked = {"signer": address(name), "expiry": expiry, "signature": signed}
        return self.http.put(f"/v1/board/files/{cid}", params=asked, content=content)

    def documents(self, **asked: Any) -> list[dict[str, Any]]:
        return list(self.http.get("/v1/board/documents", params=asked).json()["items"])

    def works(self, **asked: Any) -> list[dict[str, Any]]:
        return list(self.http.get("/v1/board/works", params=asked).json()["items"])

    # The chain goes on

    def index(self) -> None:
        """Brings the ledger to the chain's head."""
        suite = self.stall.suite
        identity = Identity.of(suite.manifest)
        with open_ledger(self.ledger, identity) as ledger:
            index(suite.chain, identity, ledger)

    def watch(self) -> Watch:
        return Watch(self.notices, self.books.snapshot)

    def follow(self) -> int:
        """Indexes, and looks after the board; how many documents went."""
        self.index()
        return self.watch().round().dropped


def metadata(creator: str, title: str = "달항아리", **more: Any) -> Document:
    """A work's metadata document."""
    fields = {
        "name": title,
        "description": "A moon jar of white porcelain, thrown in two halves and joined by hand.",
        "creator": address(creator).lower(),
        "creator_name": "김도예",
        **more,
    }
    return Document(address(creator), json.dumps(fields, ensure_ascii=False).encode())


@contextmanager
def corner_of(
    stall: Stall, folder: Path, ledger: Path | str, limits: BoardLimits | None = None
) -> Iterator[Corner]:
    """A board in a folder, beside a ledger."""
    suite = stall.suite
    books = Books(ledger, Identity.of(suite.manifest), suite.chain)
    desk = Desk(lambda: open_notices(suite, ledger, folder, limits), "board_shut")
    app = create_app(books, limits=Limits("100000/second"), board=desk)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Corner(stall, desk.opened(), books, http, ledger)


@pytest.fixture
def corner(stall: Stall, tmp_path: Path) -> Iterator[Corner]:
    with corner_of(stall, tmp_path / "board", tmp_path / "ledger.sqlite3") as opened:
        yield opened


@pytest.fixture(params=ENGINES)
def either(request: pytest.FixtureRequest, stall: Stall, tmp_path: Path) -> Iterator[Corner]:
    """The same on both engines."""
    if request.param == "sqlite":
        ledger: Path | str = tmp_path / "ledger.sqlite3"
    else:
        ledger = new_database(request.getfixturevalue("postgres"))
    with corner_of(stall, tmp_path / "board", ledger) as opened:
        yield opened
