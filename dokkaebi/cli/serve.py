"""The command that serves the books over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from dokkaebi.cli.board import opened_board
from dokkaebi.cli.books import ledger_place, named_identity
from dokkaebi.cli.output import BOARD, DATABASE, NODE, Result, Session, command
from dokkaebi.cli.sponsor import (
    BOARD_MEMBERS,
    DAY,
    PERSON,
    TOTAL,
    Day,
    Key,
    Person,
    Total,
    Whom,
    running_sponsor,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.rounds import rounds_of
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.board.limits import BoardLimits
    from dokkaebi.board.notices import Notices
    from dokkaebi.sponsor.relay import Sponsor
    from dokkaebi.web.books import Books
    from dokkaebi.web.page import PageSettings

# Connections that wait while all threads are busy.
BACKLOG = 256
RATE = "50/second"

app = typer.Typer()


@command(app, NODE, DATABASE, BOARD)
def serve(
    session: Session,
    host: Annotated[str, typer.Option(help=t("option_host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help=t("option_port"))] = 8080,
    rate: Annotated[str, typer.Option(help=t("option_rate"))] = RATE,
    origin: Annotated[list[str] | None, typer.Option(help=t("option_origin"))] = None,
    public_rpc: Annotated[str | None, typer.Option(help=t("option_public_rpc"))] = None,
    with_board: Annotated[
        bool, typer.Option("--with-board/--without-board", help=t("option_with_board"))
    ] = True,
    file_mb: Annotated[int, typer.Option(min=1, help=t("option_file_mb"))] = 32,
    key_mb: Annotated[int, typer.Option(min=1, help=t("option_key_mb"))] = 256,
    key_documents: Annotated[int, typer.Option(min=1, help=t("option_key_documents"))] = 2_000,
    key_per_minute: Annotated[int, typer.Option(min=1, help=t("option_key_per_minute"))] = 120,
    board_mb: Annotated[int, typer.Option(min=1, help=t("option_board_mb"))] = 16_384,
    sponsor: Key = None,
    person: Person = PERSON,
    day: Day = DAY,
    total: Total = TOTAL,
    members: Whom = BOARD_MEMBERS,
) -> Result:
    from dokkaebi.board.limits import BoardLimits

    bounds = BoardLimits(
        file_bytes=file_mb << 20,
        key_bytes=key_mb << 20,
        all_bytes=board_mb << 20,
        key_documents=key_documents,
        documents_per_minute=key_per_minute,
    )
    paying = partial(running_sponsor, session, sponsor or "", person, day, total, members)
    return serve_market(
        session,
        host,
        port,
        rate=rate,
        origins=origin or ["*"],
        board=bounds if with_board else None,
        sponsor=paying if sponsor else None,
        public_rpc=public_rpc,
    )


def serve_market(
    session: Session,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    rate: str = RATE,
    origins: Sequence[str] = ("*",),
    board: BoardLimits | None = None,
    sponsor: Callable[[], AbstractContextManager[Sponsor]] | None = None,
    public_rpc: str | None = None,
) -> Result:
    """Serves the session's market until it is stopped: without limits without a board, without an
    opened sponsor without one."""
    import uvicorn

    from dokkaebi.chain.rpc import Chain
    from dokkaebi.web.app import create_app
    from dokkaebi.web.books import Books
    from dokkaebi.web.desk import Desk
    from dokkaebi.web.limits import Limits

    limits = Limits(rate)
    # The books can be read without a node; only how old they are is then not known.
    node = Chain(session.settings.rpc, session.settings.rpc_requests_per_second)
    books = Books(ledger_place(session), named_identity(session), node)
    listening = _listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    session.say("serve_at", url=url)
    waits = partial(_waits, session)
    application = create_app(
        books,
        limits=limits,
        origins=origins,
        board=None
        if board is None
        else Desk(partial(_watched_board, session, books, board), "board_shut", waits),
        sponsor=None if sponsor is None else Desk(sponsor, "sponsor_shut", waits),
        page=_page_settings(session, public_rpc),
    )
    config = uvicorn.Config(application, log_level="warning", access_log=False, backlog=BACKLOG)
    uvicorn.Server(config).run(sockets=[listening])
    return {"url": url}


def _page_settings(session: Session, public_rpc: str | None) -> PageSettings:
    """The page's names and windows, of the market file; a local chain's node is nobody's secret."""
    from dokkaebi.chain.networks import LOCAL_CHAIN_IDS
    from dokkaebi.deploy import load_market_spec
    from dokkaebi.web.page import PageSettings

    named = session.manifest if session.settings.manifest is not None else None
    local = named is not None and named.chain_id in LOCAL_CHAIN_IDS
    try:
        spec = load_market_spec()
    except DokkaebiError:
        # Whoever mirrors another's market has no market file.
        return PageSettings(rpc=public_rpc)
    return PageSettings(
        names={"en": spec.registry_name, "ko": spec.registry_name_ko},
        rpc=public_rpc or (session.settings.rpc if local else None),
        explorer=spec.explorer,
        windows=asdict(spec.windows),
    )


@contextmanager
def _watched_board(session: Session, books: Books, limits: BoardLimits) -> Iterator[Notices]:
    """The board, looked after while it is open."""
    from dokkaebi.board.watch import ROUND_SECONDS, Watch

    with opened_board(session, limits, beside=True) as notices:
        watch = Watch(notices, books.snapshot)
        with rounds_of(watch.round, ROUND_SECONDS):
            yield notices


def _waits(session: Session, problem: DokkaebiError) -> None:
    session.note("serve_waits", problem=str(problem))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Whoever asks before the application is up waits a moment instead of being refused.
        listening.listen(BACKLOG)
    except OSError as problem:
        raise DokkaebiError(
            "serve_port_taken", host=host, port=port, problem=problem.strerror or str(problem)
        ) from None
    return listening
