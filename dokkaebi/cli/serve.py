"""The command that serves the books over HTTP."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from dokkaebi.cli.books import ledger_place, named_identity
from dokkaebi.cli.output import DATABASE, NODE, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

# Connections that wait while all threads are busy.
BACKLOG = 256

app = typer.Typer()


@command(app, NODE, DATABASE)
def serve(
    session: Session,
    host: Annotated[str, typer.Option(help=t("option_host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help=t("option_port"))] = 8080,
    rate: Annotated[str, typer.Option(help=t("option_rate"))] = "50/second",
    origin: Annotated[list[str] | None, typer.Option(help=t("option_origin"))] = None,
) -> Result:
    import uvicorn

    from dokkaebi.chain.rpc import Chain
    from dokkaebi.web.app import create_app
    from dokkaebi.web.books import Books
    from dokkaebi.web.limits import Limits

    limits = Limits(rate)
    # The books can be read without a node; only how old they are is then not known.
    node = Chain(session.settings.rpc, session.settings.rpc_requests_per_second)
    books = Books(ledger_place(session), named_identity(session), node)
    listening = _listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    session.say("serve_at", url=url)
    application = create_app(books, limits=limits, origins=origin or ["*"])
    config = uvicorn.Config(application, log_level="warning", access_log=False, backlog=BACKLOG)
    uvicorn.Server(config).run(sockets=[listening])
    return {"url": url}


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
