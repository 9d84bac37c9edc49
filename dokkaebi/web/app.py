"""The API: routes over the ledger's listings and reports."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any, Literal, Union

import orjson
from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dokkaebi.board.notices import Notices
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import DATED, KINDS, QUESTIONS, answer, forms
from dokkaebi.ledger.reports import questions as asked
from dokkaebi.ledger.reports import statement as statements
from dokkaebi.ledger.reports.calendar import Calendar
from dokkaebi.ledger.reports.events import EVENTS
from dokkaebi.ledger.reports.kinds import EventRow, address
from dokkaebi.ledger.reports.listing import Listing
from dokkaebi.ledger.reports.money import owed_against_paid, tokens_of
from dokkaebi.ledger.store import Snapshot
from dokkaebi.sponsor.relay import Sponsor
from dokkaebi.texts import LANGUAGES, t
from dokkaebi.web import board as boards
from dokkaebi.web import models
from dokkaebi.web import sponsor as sponsors
from dokkaebi.web.asked import (
    AddressText,
    CreationText,
    DayText,
    HashText,
    Paged,
    ZoneText,
    asked_of,
)
from dokkaebi.web.books import Books
from dokkaebi.web.desk import Desk
from dokkaebi.web.guard import Guard
from dokkaebi.web.limits import Limits
from dokkaebi.web.metrics import Metrics
from dokkaebi.web.page import PageSettings, add_page, page_folder

VERSION = version("dokkaebi")
LISTINGS: dict[str, tuple[Listing[Any], type]] = {
    "works": (asked.WORKS, KINDS["works_by_creator"]),
    "offers": (asked.OFFERS, KINDS["open_offers"]),
    "requests": (asked.REQUESTS, KINDS["requests"]),
    "trades": (asked.TRADES, KINDS["trades"]),
    "auctions": (asked.AUCTIONS, KINDS["auctions"]),
    "bids": (asked.BIDS, KINDS["bids"]),
    "swaps": (asked.SWAPS, KINDS["swaps"]),
    "disputes": (asked.DISPUTES, KINDS["disputes"]),
    "cancellations": (asked.CANCELLATIONS, KINDS["cancelled_nonces"]),
    "voucher-cancellations": (asked.VOUCHER_CANCELLATIONS, KINDS["cancelled_vouchers"]),
    "events": (EVENTS, EventRow),
}
# Answers of whole questions that are kept until the next block.
KEPT_ANSWERS = 64
# A longer statement has to be asked for period by period.
RECEIPTS_MAX = 5_000
JSON = "application/json"
# What is never written by us: the books have to be there, and the node's chain theirs.
UNAVAILABLE = ("ledger_", "database_")
STATUSES = boards.STATUSES | sponsors.STATUSES
PROBLEMS: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing is new since the answer whose ETag was sent."},
    422: {"model": models.Problem, "description": "Asked wrongly."},
    429: {"model": models.Problem, "description": "Asked too often; see Retry-After."},
    503: {"model": models.Problem, "description": "The books can't be read."},
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": models.Problem, "description": "There is no such thing."}
}


class _NotModified(Exception):  # noqa: N818 - an answer
    """The caller has the answer already."""

    def __init__(self, tag: str) -> None:
        self.tag = tag


class Book:
    """One look at the books, for one request."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        cursor = snapshot.cursor
        self.head = {
            "number": cursor.block_number,
            "hash": cursor.block_hash,
            "timestamp": cursor.timestamp,
            "final": cursor.final_number,
        }
        # Weak: answers to the same question mean the same, whatever packs them on the way.
        self.tag = f'W/"{VERSION}-{cursor.block_hash[2:]}-{cursor.final_number}"'

    def send(self, content: Mapping[str, Any]) -> Response:
        """An answer that is right until the next block."""
        return self.send_bytes(orjson.dumps({"head": self.head, **content}))

    def send_bytes(self, content: bytes) -> Response:
        """The same of JSON that is made already."""
        headers = {"ETag": self.tag, "Cache-Control": "no-cache"}
        return Response(content, media_type=JSON, headers=headers)


def _look(request: Request) -> Iterator[Book]:
    with request.app.state.books.snapshot() as snapshot:
        book = Book(snapshot)
        sent = request.headers.get("if-none-match", "")
        if book.tag in [tag.strip() for tag in sent.split(",")]:
            raise _NotModified(book.tag)
        yield book


Look = Annotated[Book, Depends(_look)]


def create_app(
    books: Books,
    *,
    limits: Limits,
    origins: Sequence[str] = ("*",),
    board: Desk[Notices] | None = None,
    sponsor: Desk[Sponsor] | None = None,
    page: PageSettings | None = None,
) -> FastAPI:
    """The application. `origins`: whose pages may use it; `board`: with the notice board;
    `sponsor`: with somebody who pays for gas; `page`: with the wallet page."""
    desks: list[Desk[Any]] = [desk for desk in (board, sponsor) if desk is not None]
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for desk in desks:
            threading.Thread(target=desk.open_early, daemon=True).start()
        yield
        for desk in reversed(desks):
            desk.close()
        books.close()

    app = FastAPI(
        title="Dokkaebi",
        summary="The books of a market, read from its chain's events.",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.books = books
    app.add_middleware(Guard, limits=limits, metrics=metrics, too_often=_too_often)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        # Anybody may write to the board from anywhere: what counts is who signed. Cookies and
        # passwords of browsers are never asked for, so none can be used against their owner.
        allow_methods=["GET", "HEAD", *(("POST", "PUT") if desks else ())],
        allow_headers=["Content-Type", "If-None-Match", "Range"],
        expose_headers=["ETag", "Retry-After", "Next-Cursor"],
    )
    _add_errors(app)
    _add_state(app, books, metrics)

    _add_market(app)
    for name, (listing, kind) in LISTINGS.items():
        _add_listing(app, name, listing, models.model_of(kind))
    _add_single(app)
    _add_accounts(app)
    _add_reports(app)
    if page is not None:
        add_page(app, books, page, page_folder())
    if board is not None:
        boards.add_board(app, board)
    if sponsor is not None:
        sponsors.add_sponsor(app, sponsor.opened)
    return app


def _too_often(request: Request, seconds: int) -> Response:
    response = _problem(request, 429, "asked_too_often", seconds=seconds)
    response.headers["Retry-After"] = str(seconds)
    return response


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(_NotModified)
    async def not_modified(_: Request, problem: _NotModified) -> Response:
        headers = {"ETag": problem.tag, "Cache-Control": "no-cache"}
        return Response(status_code=304, headers=headers)

    @app.exception_handler(DokkaebiError)
    async def refused(request: Request, problem: DokkaebiError) -> Response:
        status = 503 if problem.key.startswith(UNAVAILABLE) else STATUSES.get(problem.key, 422)
        response = _problem(request, status, problem.key, **problem.details)
        if status == 429:
            response.headers["Retry-After"] = "60"
        return response

    @app.exception_handler(RequestValidationError)
    async def asked_wrongly(request: Request, problem: RequestValidationError) -> Response:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _problem(request, 422, "request_wrong", where=where, problem=first["msg"])

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, problem: HTTPException) -> Response:
        key = "route_unknown" if problem.status_code == 404 else "method_unknown"
        response = _problem(request, problem.status_code, key, path=request.url.path)
        response.headers.update(problem.headers or {})
        return response

    @app.exception_handler(Exception)
    async def unexpected(request: Request, problem: Exception) -> Response:
        return _problem(request, 500, "unexpected", problem=type(problem).__name__)


def _problem(request: Request, status: int, key: str, **details: Any) -> Response:
    wanted = request.headers.get("accept-language", "")[:2].lower()
    message = t(key, wanted if wanted in LANGUAGES else "en", **details)
    shown = {name: str(value) for name, value in details.items()}
    content = orjson.dumps({"error": key, "message": message, "details": shown})
    return Response(content, status, media_type=JSON, headers={"Cache-Control": "no-store"})


def _add_state(app: FastAPI, books: Books, metrics: Metrics) -> None:
    """How the service is."""
    plain = {"Cache-Control": "no-store"}

    @app.get("/health", tags=["state"], responses={429: PROBLEMS[429]})
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": VERSION}

    @app.get(
        "/ready",
        tags=["state"],
        responses={200: {"model": models.Ready}, 503: {"model": models.Ready}, 429: PROBLEMS[429]},
    )
    def ready() -> Response:
        """The books are there and near the node's head; 503 and why, if they aren't."""
        found = books.readiness()
        cursor = found.cursor
        content = {
            "ready": found.reason is None,
            "reason": found.reason,
            "head": None
            if cursor is None
            else {
                "number": cursor.block_number,
                "hash": cursor.block_hash,
                "timestamp": cursor.timestamp,
                "final": cursor.final_number,
            },
            "node_block": found.node_block,
            "behind_blocks": found.behind_blocks,
            "behind_seconds": found.behind_seconds,
            "age_seconds": None if cursor is None else max(int(time.time()) - cursor.timestamp, 0),
        }
        status = 200 if found.reason is None else 503
        return Response(orjson.dumps(content), status, media_type=JSON, headers=plain)

    @app.get("/metrics", tags=["state"], response_class=Response, responses={429: PROBLEMS[429]})
    def measures() -> Response:
        """The same for Prometheus, and how often and how fast was answered."""
        content, kind = metrics.text(books.readiness())
        return Response(content, media_type=kind, headers=plain)


def _add_market(app: FastAPI) -> None:
    @app.get("/v1/market", tags=["market"], responses={200: {"model": models.Market}, **PROBLEMS})
    def market(book: Look) -> Response:
        """Which market this is, and how far the books are."""
        identity = book.snapshot.identity
        return book.send(
            {
                "market": identity.label,
                "chain_id": identity.chain_id,
                "genesis_hash": identity.genesis_hash,
                "first_block": identity.first_block,
                "contracts": {name: address(at) for name, at in identity.addresses.items()},
            }
        )

    @app.get("/v1/assets", tags=["market"], responses={200: {"model": models.Assets}, **PROBLEMS})
    def assets(book: Look) -> Response:
        """What amounts are in: symbols and decimals."""
        return book.send({"items": forms.Assets(book.snapshot).as_json()})


def _add_listing(app: FastAPI, name: str, listing: Listing[Any], model: type[BaseModel]) -> None:
    asked_model = asked_of(name, listing)

    def rows(
        book: Look,
        page: Annotated[Paged, Query()],
    ) -> Response:
        found, end = listing.page(book.snapshot, page.limit, page.place(), page.wanted())
        following = None if end is None else f"{end[0]}-{end[1]}"
        return book.send({"items": list(map(forms.as_json, found)), "next": following})

    rows.__doc__ = f"The market's {name}, the newest first."
    rows.__annotations__["page"] = Annotated[asked_model, Query()]
    app.get(
        f"/v1/{name}",
        tags=["rows"],
        name=name,
        responses={200: {"model": models.page_of(model)}, **PROBLEMS},
    )(rows)


def _add_single(app: FastAPI) -> None:
    def one(model: type) -> dict[int | str, dict[str, Any]]:
        return {200: {"model": models.one_of(models.model_of(model))}, **MISSING, **PROBLEMS}

    @app.get("/v1/works/{creation}", tags=["rows"], responses=one(LISTINGS["works"][1]))
    def work(book: Look, creation: Annotated[CreationText, Path()]) -> Response:
        """A work, by its CID or number."""
        return _only(book, asked.WORKS.find(book.snapshot, id=creation))

    @app.get("/v1/auctions/{auction}", tags=["rows"], responses=one(LISTINGS["auctions"][1]))
    def auction(book: Look, auction: Annotated[HashText, Path()]) -> Response:
        """An auction; its bids are `/v1/bids?document=`."""
        return _only(book, asked.AUCTIONS.find(book.snapshot, id=auction))

    @app.get(
        "/v1/trades/{trade}",
        tags=["rows"],
        responses={200: {"model": models.Trades}, **MISSING, **PROBLEMS},
    )
    def trade(book: Look, trade: Annotated[HashText, Path()]) -> Response:
        """A trade with its parts and disputes. A document that was sold again has several."""
        found = asked.TRADES.find(book.snapshot, id=trade)
        if not found:
            raise HTTPException(404)
        parts = asked.milestones(book.snapshot, trade)
        disputes = asked.DISPUTES.find(book.snapshot, trade_id=trade)
        return book.send(
            {
                "items": list(map(forms.as_json, found)),
                "milestones": list(map(forms.as_json, parts)),
                "disputes": list(map(forms.as_json, disputes)),
            }
        )


def _only(book: Book, found: Sequence[Any]) -> Response:
    if not found:
        raise HTTPException(404)
    return book.send({"item": forms.as_json(found[0])})


def _add_accounts(app: FastAPI) -> None:
    @app.get(
        "/v1/accounts/{account}",
        tags=["accounts"],
        responses={200: {"model": models.Account}, **PROBLEMS},
    )
    def account(book: Look, account: Annotated[AddressText, Path()]) -> Response:
        """What each market owes somebody, and what became of it; all zero for strangers."""
        owed = owed_against_paid(book.snapshot, account)
        return book.send(
            {
                "account": address(account),
                "community_tokens": str(tokens_of(book.snapshot, account)),
                "owed": list(map(forms.as_json, owed)),
            }
        )

    @app.get(
        "/v1/accounts/{account}/statement",
        tags=["accounts"],
        responses={200: {"model": models.Statement}, **PROBLEMS},
    )
    def statement(
        book: Look,
        account: Annotated[AddressText, Path()],
        first: Annotated[DayText | None, Query(alias="from")] = None,
        last: Annotated[DayText | None, Query(alias="to")] = None,
        zone: Annotated[ZoneText, Query()] = "UTC",
    ) -> Response:
        """What somebody earned, payment by payment, from one day to another, both included."""
        calendar = Calendar(zone)
        begin = calendar.begin(first) if first else None
        end = calendar.end(last) if last else None
        found = statements.statement(book.snapshot, account, begin, end, longest=RECEIPTS_MAX)
        return book.send(statements.as_json(book.snapshot, found, calendar))


def _add_reports(app: FastAPI) -> None:
    kept: dict[tuple[str, ...], bytes] = {}
    lock = threading.Lock()
    answers = tuple(models.answer_of(models.model_of(kind)) for kind in KINDS.values())

    @app.get(
        "/v1/reports/{question}",
        tags=["reports"],
        responses={200: {"model": Union[answers]}, **PROBLEMS},  # noqa: UP007
    )
    def report(
        book: Look,
        question: Literal[tuple(QUESTIONS)],  # type: ignore[valid-type]
        zone: Annotated[ZoneText, Query()] = "UTC",
        by: Literal["day", "week", "month"] = "month",
    ) -> Response:
        """The whole answer to a question of `dokkaebi report`."""
        calendar = Calendar(zone, by)
        dated = (zone, by) if question in DATED else ()
        key = (book.tag, question, *dated)
        # One at a time: an answer about everything is dear, and the next may want the same.
        with lock:
            if key not in kept:
                rows = answer(book.snapshot, [question], calendar)[question]
                content = {"head": book.head, "items": list(map(forms.as_json, rows))}
                if len(kept) >= KEPT_ANSWERS:
                    kept.clear()
                kept[key] = orjson.dumps(content)
            made = kept[key]
        return book.send_bytes(made)
