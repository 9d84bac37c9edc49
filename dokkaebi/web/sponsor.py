"""The sponsor over HTTP: what it would pay for, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dokkaebi.chain.assets import parse_address
from dokkaebi.sponsor.acts import DATA_BYTES_MAX, known_kinds
from dokkaebi.sponsor.books import Entry
from dokkaebi.sponsor.relay import Sponsor
from dokkaebi.web import models
from dokkaebi.web.asked import AddressText, HashText

JSON = "application/json"
# Refusals that aren't 422.
STATUSES = {
    "sponsor_no_member": 403,
    "sponsor_busy": 503,
    "sponsor_shut": 503,
    "sponsor_spent": 507,
    "sponsor_day_spent": 507,
    "sponsor_person_spent": 507,
}
Wei = Annotated[str, Field(pattern=models.DIGITS, description="Wei.")]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    403: {"model": models.Problem, "description": "It doesn't pay for this account."},
    422: {"model": models.Problem, "description": "Asked wrongly, or the chain would refuse it."},
    429: {"model": models.Problem, "description": "Asked too often; see Retry-After."},
    503: {"model": models.Problem, "description": "It can't take more now."},
    507: {"model": models.Problem, "description": "A budget is spent."},
}


class Budget(BaseModel):
    """A budget, and what is left of it."""

    most: Wei
    left: Wei


class About(BaseModel):
    """The sponsor: its account, which acts it pays for, its budgets; of `account` whether it pays
    for it at all, and what is left for it."""

    sponsor: str
    kinds: list[str]
    day: Budget
    total: Budget
    account: str | None
    member: bool | None
    person: Budget | None


class ActWanted(BaseModel):
    """A call that the sponsor should send: to a contract of the market, with what was signed."""

    model_config = ConfigDict(extra="forbid")
    to: Annotated[str, Field(pattern=models.ADDRESS)]
    data: Annotated[
        str, Field(pattern="^0x([0-9a-fA-F]{2}){4,}$", max_length=2 + 2 * DATA_BYTES_MAX)
    ]


class ActItem(BaseModel):
    """An act. `state`: `queued`, `sent`, `done`, `failed` or `dropped`; `reason`: an error's key.
    `counted`: what it counts for against the budgets."""

    id: str
    kind: str
    member: str
    state: str
    transaction: str | None
    reason: str
    counted: Wei
    at: int


class OneAct(BaseModel):
    """An act."""

    item: ActItem


def add_sponsor(app: FastAPI, sponsor: Callable[[], Sponsor]) -> None:
    """All routes under `/v1/sponsor`. `sponsor` raises `sponsor_shut` while there is none."""

    @app.get("/v1/sponsor", tags=["sponsor"], responses={200: {"model": About}, **PROBLEMS})
    def about(account: Annotated[AddressText | None, Query()] = None) -> Response:
        """What it pays for, and what is left of its budgets."""
        found = sponsor()
        who = None if account is None else parse_address(account)
        left, budgets = found.left(who or found.address), found.budgets
        content = {
            "sponsor": found.address,
            "kinds": known_kinds(),
            "day": _budget(budgets.day, left.day),
            "total": _budget(budgets.total, left.total),
            "account": who,
            "member": None if who is None else found.is_member(who),
            "person": None if who is None else _budget(budgets.person, left.person),
        }
        return _send(content)

    @app.post(
        "/v1/sponsor/acts",
        tags=["sponsor"],
        responses={
            200: {"model": OneAct, "description": "It was taken before."},
            201: {"model": OneAct},
            **PROBLEMS,
        },
    )
    def post(wanted: ActWanted) -> Response:
        """Takes an act that would succeed now; it is sent when its turn comes."""
        entry, is_new = sponsor().offer(parse_address(wanted.to), wanted.data)
        return _send({"item": _item(entry)}, 201 if is_new else 200)

    @app.get(
        "/v1/sponsor/acts/{id}",
        tags=["sponsor"],
        responses={
            200: {"model": OneAct},
            404: {"model": models.Problem, "description": "There is no such act."},
            **PROBLEMS,
        },
    )
    def act(id: Annotated[HashText, Path()]) -> Response:
        """What became of an act."""
        entry = sponsor().find(id)
        if entry is None:
            raise HTTPException(404)
        return _send({"item": _item(entry)})


def _send(content: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(content), status, media_type=JSON, headers=headers)


def _budget(most: int, left: int) -> dict[str, str]:
    return {"most": str(most), "left": str(min(left, most))}


def _item(entry: Entry) -> dict[str, Any]:
    sent = entry.signed[-1].hash if entry.signed else None
    return {
        "id": entry.id,
        "kind": entry.kind,
        "member": entry.member,
        "state": entry.state,
        "transaction": entry.transaction or sent,
        "reason": entry.reason,
        "counted": str(entry.counted),
        "at": entry.at,
    }
