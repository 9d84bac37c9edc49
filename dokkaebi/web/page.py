"""The wallet page: its built files under a strict policy, and what it must know of the market.

The page reads the chain through the reader's own wallet, so that it needs no node of ours and can
be told nothing wrong about money; the policy lets it speak to this server and to nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dokkaebi.chain.networks import LOCAL_CHAIN_IDS, NETWORKS
from dokkaebi.config import project_root
from dokkaebi.web.books import Books

# Its own scripts and styles, pictures that it checked itself (blob:), its worker; nothing else.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types dokkaebi",
    )
)
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class PageSettings:
    """What the ledger can't tell the page. `names`: the market's, by language; `rpc`: a node that
    wallets may be told of; `windows`: what offers give if their seller says nothing, days."""

    names: Mapping[str, str] = field(default_factory=dict)
    rpc: str | None = None
    explorer: str = ""
    windows: Mapping[str, int] = field(default_factory=dict)


def page_folder() -> Path:
    """Where `make web` leaves the page."""
    return project_root() / "web" / "dist"


class _Built(StaticFiles):
    """Files whose names change with what is in them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response


def add_page(app: FastAPI, books: Books, settings: PageSettings, folder: Path) -> None:
    """Serves the page at `/`, if it was built, and `/config.json`. Raises what `Books` raises."""

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        """The page."""
        if not (folder / "index.html").is_file():
            raise HTTPException(404)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return FileResponse(folder / "index.html", headers=headers)

    @app.get("/config.json", include_in_schema=False)
    def config() -> Response:
        """Which market on which chain, for the page."""
        with books.snapshot() as snapshot:
            identity = snapshot.identity
        content = orjson.dumps(
            {
                **_chain(identity.chain_id, settings),
                "names": {
                    lang: settings.names.get(lang) or identity.label for lang in ("en", "ko")
                },
                "contracts": dict(identity.addresses),
                "first_block": identity.first_block,
                "windows": dict(settings.windows),
            }
        )
        return Response(
            content, media_type="application/json", headers={"Cache-Control": "no-cache"}
        )

    if (folder / "assets").is_dir():
        app.mount("/assets", _Built(directory=folder / "assets"), name="assets")


def _chain(chain_id: int, settings: PageSettings) -> dict[str, Any]:
    known = NETWORKS.get(chain_id)
    return {
        "chain_id": chain_id,
        "chain_name": known.title if known else f"Chain {chain_id}",
        "coin": known.coin if known else "ETH",
        "local": chain_id in LOCAL_CHAIN_IDS,
        "rpc": settings.rpc,
        "explorer": settings.explorer or (known.explorer if known else None) or "",
    }
