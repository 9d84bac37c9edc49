"""The notice board over HTTP: what strangers write, so nothing of it is believed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from dokkaebi.board import items, views
from dokkaebi.board.facts import POSTED
from dokkaebi.board.metadata import file_cid
from dokkaebi.board.mirror import lines_of
from dokkaebi.board.notices import Notices
from dokkaebi.board.pictures import OTHER
from dokkaebi.board.rights import UPLOAD, UploadRight, upload_domain
from dokkaebi.board.search import QUERY_LENGTH_MAX
from dokkaebi.chain.assets import parse_address
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports import forms
from dokkaebi.texts import DEFAULT, LANGUAGES
from dokkaebi.web import models
from dokkaebi.web.asked import AddressText, CreationText, HashText
from dokkaebi.web.desk import Desk

PAGE, PAGE_MAX = 50, 500
# Files at the same time, and how long the next bytes of one may take, seconds.
UPLOADS_MAX = 16
PIECE_SECONDS = 30.0
# Written to the disk at once, bytes.
WRITTEN_AT_ONCE = 256 * 1024
JSON = "application/json"
LINES = "application/jsonl"
FOR_EVER = "public, max-age=31536000, immutable"
# Nothing of a file may run, whatever a browser takes it for.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

# Refusals that aren't 422.
STATUSES = {
    "consent_too_large": 413,
    "board_file_large": 413,
    "board_file_longer": 413,
    "board_length_missing": 411,
    "board_upload_slow": 408,
    "board_key_often": 429,
    "board_busy": 503,
    "board_shut": 503,
    "board_node_silent": 503,
    "board_full": 507,
    "board_disk_full": 507,
    "board_key_full": 507,
    "board_key_files": 507,
    "board_key_bytes": 507,
    "board_file_unnamed": 403,
    "board_right_expired": 403,
    "board_right_long": 403,
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": models.Problem, "description": "Asked wrongly, or refused: see `error`."},
    429: {"model": models.Problem, "description": "Too often; see Retry-After."},
    503: {"model": models.Problem, "description": "The board or its node can't answer now."},
}
READING: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing is new since the answer whose ETag was sent."},
    **PROBLEMS,
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": models.Problem, "description": "There is no such thing."}
}
TOO_LARGE: dict[int | str, dict[str, Any]] = {
    413: {"model": models.Problem, "description": "Larger than the board takes."},
    507: {"model": models.Problem, "description": "The key's quota, or the board's, is used up."},
}

DocumentModel = models.model_of(items.DocumentItem)
WorkModel = models.model_of(items.WorkItem)
FileModel = models.model_of(items.FileItem)

Cursor = Annotated[int, Field(ge=0, le=2**53, description="`next` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=PAGE_MAX, description="Rows of a page.")]
KindText = Annotated[str, Field(pattern=f"^({'|'.join(POSTED)})$", description="A kind.")]
CidText = Annotated[
    str,
    Path(pattern="^baf(kre|ybe)i[a-z2-7]{52}$", description="A file's CID, version 1, base32."),
]


class Documents(BaseModel):
    """Documents that can be used, the newest first. `next` is the next page's `cursor`."""

    items: list[DocumentModel]  # type: ignore[valid-type]
    next: str | None


class OneDocument(BaseModel):
    """A document."""

    item: DocumentModel  # type: ignore[valid-type]


class GoneDocument(BaseModel):
    """A document that can't be used any more."""

    item: models.model_of(items.GoneItem)  # type: ignore[valid-type]


class Works(BaseModel):
    """Works, the newest first. `next` is the next page's `cursor`."""

    items: list[WorkModel]  # type: ignore[valid-type]
    next: str | None


class OneWork(BaseModel):
    """A work."""

    item: WorkModel  # type: ignore[valid-type]


class OneFile(BaseModel):
    """A file."""

    item: FileModel  # type: ignore[valid-type]


class Uploads(BaseModel):
    """What is signed to bring a file: EIP-712."""

    domain: dict[str, Any]
    types: dict[str, list[dict[str, str]]]


class About(BaseModel):
    """The board: how much it has and takes."""

    chain_id: int
    registry: str
    documents: int
    works: int
    files: int
    bytes: str
    kinds: list[str]
    limits: models.model_of(items.Limits)  # type: ignore[valid-type]
    upload: Uploads


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: Limit = PAGE
    cursor: Cursor | None = None


class DocumentsAsked(_Asked):
    """Which documents."""

    kind: KindText | None = None
    signer: AddressText | None = None
    creation: CreationText | None = None


class WorksAsked(_Asked):
    """Which works."""

    q: Annotated[str, Field(max_length=QUERY_LENGTH_MAX, description="Words, or parts of.")] = ""
    creator: AddressText | None = None
    kind: KindText | None = None
    for_sale: bool = False


class MirrorAsked(_Asked):
    """Where to go on."""

    cursor: Cursor = 0


class UploadAsked(BaseModel):
    """Whose right it is; left out for a file that a document of here names."""

    model_config = ConfigDict(extra="forbid")
    signer: AddressText | None = None
    expiry: Annotated[int, Field(ge=0, le=2**53)] | None = None
    signature: Annotated[str, Field(pattern="^0x([0-9a-fA-F]{2})+$", max_length=8_194)] | None = (
        None
    )


def add_board(app: FastAPI, desk: Desk[Notices]) -> None:
    """All routes under `/v1/board`."""
    _add_about(app, desk)
    _add_documents(app, desk)
    _add_works(app, desk)
    _add_files(app, desk)
    _add_mirror(app, desk)


def _send(request: Request, content: Any, status: int = 200) -> Response:
    """An answer, or that nothing is new since the last one."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    about = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in [sent.strip() for sent in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=about)
    return Response(body, status, media_type=JSON, headers=about)


def _page(rows: Sequence[Any], limit: int, made: Callable[[Any], Any]) -> dict[str, Any]:
    following = str(rows[-1].number) if len(rows) == limit else None
    return {"items": [forms.as_json(made(row)) for row in rows], "next": following}


def _add_about(app: FastAPI, desk: Desk[Notices]) -> None:
    @app.get("/v1/board", tags=["board"], responses={200: {"model": About}, **READING})
    def board(request: Request) -> Response:
        """What the board takes, how much it has, and what is signed to bring a file."""
        notices = desk.opened()
        bounds, usage = notices.limits, notices.store.usage()
        shown = items.Limits(
            **{name: getattr(bounds, name) for name in items.Limits.__dataclass_fields__}
        )
        content = {
            "chain_id": notices.suite.chain.chain_id,
            "registry": notices.suite.registry.address,
            **notices.store.counts(),
            "files": usage.files,
            "bytes": str(usage.size),
            "kinds": list(POSTED),
            "limits": forms.as_json(shown),
            "upload": {"domain": upload_domain(notices.suite), "types": {"Upload": UPLOAD}},
        }
        return _send(request, content)


def _add_documents(app: FastAPI, desk: Desk[Notices]) -> None:
    def item(row: Any) -> items.DocumentItem:
        return views.document_item(row, desk.opened().suite.registry.address)

    @app.post(
        "/v1/board/documents",
        tags=["board"],
        responses={
            200: {"model": OneDocument, "description": "It was here already."},
            201: {"model": OneDocument},
            **TOO_LARGE,
            **PROBLEMS,
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": {"type": "object"}}},
            }
        },
    )
    async def post(request: Request) -> Response:
        """Puts a signed document's file on the board, once it was found usable."""
        notices = desk.found
        if notices is None:
            notices = await run_in_threadpool(desk.opened)
        body = await _small_body(request, notices.limits.document_bytes)
        posted = await asyncio.wrap_future(notices.post(body))
        if posted.row is None:
            raise HTTPException(404)
        content = {"item": forms.as_json(item(posted.row))}
        return _send(request, content, 201 if posted.new else 200)

    @app.get(
        "/v1/board/documents", tags=["board"], responses={200: {"model": Documents}, **READING}
    )
    def documents(request: Request, asked: Annotated[DocumentsAsked, Query()]) -> Response:
        """Documents that can be used now, the newest first."""
        signer = None if asked.signer is None else parse_address(asked.signer)
        wanted = {"kind": asked.kind, "signer": signer, "creation": asked.creation}
        rows = desk.opened().store.documents(asked.limit, asked.cursor, **wanted)
        return _send(request, _page(rows, asked.limit, item))

    @app.get(
        "/v1/board/documents/{digest}",
        tags=["board"],
        responses={
            200: {"model": OneDocument},
            410: {"model": GoneDocument, "description": "It can't be used any more."},
            **MISSING,
            **READING,
        },
    )
    def document(request: Request, digest: Annotated[HashText, Path()]) -> Response:
        """A document, or why it isn't here any more."""
        store = desk.opened().store
        row = store.document(digest)
        if row is not None:
            return _send(request, {"item": forms.as_json(item(row))})
        gone = store.why_gone(digest)
        if gone is None:
            raise HTTPException(404)
        return _send(request, {"item": forms.as_json(views.gone_item(gone, _lang(request)))}, 410)


def _add_works(app: FastAPI, desk: Desk[Notices]) -> None:
    @app.get("/v1/board/works", tags=["board"], responses={200: {"model": Works}, **READING})
    def works(request: Request, asked: Annotated[WorksAsked, Query()]) -> Response:
        """Works, the newest first; with `q` those that have all of its words, or parts of words."""
        rows = desk.opened().store.works(
            asked.limit,
            asked.cursor,
            asked.q,
            None if asked.creator is None else parse_address(asked.creator),
            asked.kind,
            for_sale=asked.for_sale,
        )
        return _send(request, _page(rows, asked.limit, views.work_item))

    @app.get(
        "/v1/board/works/{creation}",
        tags=["board"],
        responses={200: {"model": OneWork}, **MISSING, **READING},
    )
    def work(request: Request, creation: Annotated[CreationText, Path()]) -> Response:
        """A work, by its CID or number."""
        row = desk.opened().store.work(creation)
        if row is None:
            raise HTTPException(404)
        return _send(request, {"item": forms.as_json(views.work_item(row))})


def _add_files(app: FastAPI, desk: Desk[Notices]) -> None:
    uploads = asyncio.Semaphore(UPLOADS_MAX)

    @app.put(
        "/v1/board/files/{cid}",
        tags=["board"],
        responses={
            200: {"model": OneFile, "description": "It was here already."},
            201: {"model": OneFile},
            403: {"model": models.Problem, "description": "Nobody's right to bring it."},
            408: {"model": models.Problem, "description": "The bytes came too slowly."},
            411: {"model": models.Problem, "description": "No Content-Length."},
            **TOO_LARGE,
            **PROBLEMS,
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {OTHER: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def put(
        request: Request, cid: CidText, asked: Annotated[UploadAsked, Query()]
    ) -> Response:
        """Keeps a file. Its digest is computed while it comes; another one is refused."""
        notices = await run_in_threadpool(desk.opened)
        size = _length(request)
        here = await run_in_threadpool(notices.store.file, cid)
        if here is None:
            if uploads.locked():
                raise DokkaebiError("board_busy")
            async with uploads:
                await _receive(request, notices, _known_cid(cid), size, _right(asked))
            row = await run_in_threadpool(notices.store.file, cid)
        else:
            row = here
        content = {"item": forms.as_json(views.file_item(row))}  # type: ignore[arg-type]
        return _send(request, content, 201 if here is None else 200)

    async def file(request: Request, cid: CidText) -> Response:
        notices = await run_in_threadpool(desk.opened)
        row = await run_in_threadpool(notices.store.file, cid)
        if row is None:
            raise HTTPException(404)
        shown = "inline" if row.type != OTHER else "attachment"
        headers = {
            "ETag": f'"{cid}"',
            "Cache-Control": FOR_EVER,
            "Content-Disposition": shown,
            "Content-Security-Policy": FILE_POLICY,
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if f'"{cid}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return FileResponse(notices.files.path(cid), media_type=row.type, headers=headers)

    kept: dict[int | str, dict[str, Any]] = {
        200: {"content": {OTHER: {}, "image/*": {}}, "description": "The bytes."},
        **MISSING,
        **READING,
    }
    file.__doc__ = "A file's bytes, as they came."
    app.get("/v1/board/files/{cid}", tags=["board"], responses=kept, response_class=Response)(file)
    app.head("/v1/board/files/{cid}", include_in_schema=False)(file)


def _add_mirror(app: FastAPI, desk: Desk[Notices]) -> None:
    @app.get(
        "/v1/board/mirror",
        tags=["board"],
        response_class=Response,
        responses={200: {"content": {LINES: {}}, "description": "JSON lines."}, **READING},
    )
    def mirror(request: Request, asked: Annotated[MirrorAsked, Query()]) -> Response:
        """Everything as JSON lines, the oldest first; the header Next-Cursor goes on from there."""
        notices = desk.opened()
        last, lines = lines_of(notices.store, notices.files, asked.cursor, asked.limit)
        response = _send(request, b"".join(lines))
        response.headers.update({"Content-Type": LINES, "Next-Cursor": str(last)})
        return response


# What was sent


async def _small_body(request: Request, most: int) -> bytes:
    """A body of at most so many bytes; a longer one isn't read to its end."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise DokkaebiError("consent_too_large", max=most)
    return bytes(body)


def _length(request: Request) -> int:
    said = request.headers.get("content-length", "")
    if not said.isascii() or not said.isdigit() or len(said) > 15:
        raise DokkaebiError("board_length_missing")
    return int(said)


def _known_cid(cid: str) -> str:
    known = file_cid(cid)
    if known is None:
        raise HTTPException(404)
    return known


def _right(asked: UploadAsked) -> UploadRight | None:
    given = (asked.signer, asked.expiry, asked.signature)
    if given == (None, None, None):
        return None
    if asked.signer is None or asked.expiry is None or asked.signature is None:
        raise DokkaebiError("board_right_partly")
    signature = bytes.fromhex(asked.signature[2:])
    return UploadRight(parse_address(asked.signer), asked.expiry, signature)


async def _receive(
    request: Request, notices: Notices, cid: str, size: int, right: UploadRight | None
) -> None:
    key = await run_in_threadpool(notices.key_of, cid, size, right)
    receiving = notices.receiving(cid, size, key)
    incoming = await run_in_threadpool(receiving.__enter__)
    try:
        async for piece in _pieces(request):
            await run_in_threadpool(incoming.add, piece)
    except BaseException as problem:
        # Nothing of it stays, also when the reader hung up.
        await asyncio.shield(run_in_threadpool(_fail, receiving, problem))
        raise
    await run_in_threadpool(receiving.__exit__, None, None, None)


def _fail(receiving: AbstractContextManager[Any], problem: BaseException) -> None:
    try:
        receiving.__exit__(type(problem), problem, problem.__traceback__)
    except BaseException as same:
        if same is not problem:
            raise


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a write."""
    stream = aiter(request.stream())
    waiting = bytearray()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), PIECE_SECONDS)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise DokkaebiError("board_upload_slow", seconds=int(PIECE_SECONDS)) from None
        waiting += piece
        if len(waiting) >= WRITTEN_AT_ONCE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _lang(request: Request) -> str:
    wanted = request.headers.get("accept-language", "")[:2].lower()
    return wanted if wanted in LANGUAGES else DEFAULT
