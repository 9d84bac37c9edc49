"""What the API says in its OpenAPI document about its answers: models made of the rows' types.

They describe; they don't convert. `ledger.reports.forms` makes the JSON, and a test holds the two
together.
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field, create_model

from dokkaebi.ledger.reports import kinds

ADDRESS = "^0x[0-9a-fA-F]{40}$"
HASH = "^0x[0-9a-f]{64}$"
DIGITS = "^(0|[1-9][0-9]{0,77})$"

# Types of the rows, and how JSON has them.
FORMS: dict[Any, Any] = {
    kinds.Units: Annotated[str, Field(pattern=DIGITS, description="Smallest units.")],
    kinds.Number: Annotated[str, Field(pattern=DIGITS)],
    kinds.CreationId: Annotated[str, Field(pattern=DIGITS, description="ERC-721 id, decimal.")],
    kinds.Moment: Annotated[int, Field(description="Seconds since 1970.")],
    kinds.Seconds: Annotated[int, Field(description="Seconds.")],
    kinds.Address: Annotated[str, Field(pattern=ADDRESS, description="EIP-55.")],
}


class Head(BaseModel):
    """The block up to which an answer is right. Rows of later blocks than `final` can change."""

    number: int
    hash: Annotated[str, Field(pattern=HASH)]
    timestamp: int
    final: int


class Problem(BaseModel):
    """What went wrong: a key for programs, a sentence for people, and the sentence's values."""

    error: str
    message: str
    details: dict[str, Any]


class Asset(BaseModel):
    """Money: the chain's coin (address zero) or a token. Names are the token's own words."""

    address: Annotated[str, Field(pattern=ADDRESS)]
    name: str | None
    symbol: str | None
    decimals: int
    block_number: int


class Market(BaseModel):
    """Which deployment this is."""

    market: str
    chain_id: int
    genesis_hash: str
    first_block: int
    contracts: dict[str, str]
    head: Head


class Assets(BaseModel):
    """Every asset that was ever named in the market."""

    head: Head
    items: list[Asset]


class Ready(BaseModel):
    """Whether the books are up to date: how far they are behind the node, and their age."""

    ready: bool
    reason: str | None
    head: Head | None
    node_block: int | None
    behind_blocks: int | None
    behind_seconds: int | None
    age_seconds: int | None


@cache
def model_of(kind: type) -> type[BaseModel]:
    """A row's model."""
    hints = get_type_hints(kind)
    columns: dict[str, Any] = {part.name: (_form(hints[part.name]), ...) for part in fields(kind)}
    return create_model(kind.__name__, __doc__=kind.__doc__, **columns)


@cache
def page_of(kind: type[BaseModel]) -> type[BaseModel]:
    """A page of rows: `next`, given as `after`, leads to the next one."""
    return create_model(
        f"{kind.__name__}Page",
        __doc__="Rows, the newest first. `next` is what `after` has to be for the next page.",
        head=(Head, ...),
        items=(list[kind], ...),  # type: ignore[valid-type]
        next=(str | None, ...),
    )


@cache
def answer_of(kind: type[BaseModel]) -> type[BaseModel]:
    """All rows of a question."""
    return create_model(
        f"{kind.__name__}Answer",
        __doc__="Every row of an answer.",
        head=(Head, ...),
        items=(list[kind], ...),  # type: ignore[valid-type]
    )


@cache
def one_of(kind: type[BaseModel]) -> type[BaseModel]:
    """A single row."""
    return create_model(
        f"One{kind.__name__}", __doc__="One row.", head=(Head, ...), item=(kind, ...)
    )


def _form(hint: Any) -> Any:
    if hint in FORMS:
        return FORMS[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return Union[tuple(part if part is type(None) else _form(part) for part in parts)]  # noqa: UP007
    if origin is tuple:
        inner = parts[0]
        return list[model_of(inner) if is_dataclass(inner) else FORMS.get(inner, inner)]  # type: ignore[misc, arg-type]
    if is_dataclass(hint):
        return model_of(hint)  # type: ignore[arg-type]
    return hint


class Total(BaseModel):
    """What a statement's receipts come to."""

    role: str
    asset: Annotated[str, Field(pattern=ADDRESS)]
    amount: Annotated[str, Field(pattern=DIGITS)]


class Trades(BaseModel):
    """A trade, its parts and its disputes."""

    head: Head
    items: list[model_of(kinds.TradeRow)]  # type: ignore[valid-type]
    milestones: list[model_of(kinds.Milestone)]  # type: ignore[valid-type]
    disputes: list[model_of(kinds.DisputeRow)]  # type: ignore[valid-type]


class Statement(BaseModel):
    """What somebody earned in a period."""

    head: Head
    market: str
    chain_id: int
    account: Annotated[str, Field(pattern=ADDRESS)]
    zone: str
    begin: Annotated[int | None, Field(alias="from")]
    until: int | None
    head_block: int
    head_hash: str
    final_block: int
    assets: list[Asset]
    totals: list[Total]
    receipts: list[model_of(kinds.Receipt)]  # type: ignore[valid-type]


class Account(BaseModel):
    """What somebody is owed by each market, and their community tokens."""

    head: Head
    account: Annotated[str, Field(pattern=ADDRESS)]
    community_tokens: Annotated[str, Field(pattern=DIGITS)]
    owed: list[model_of(kinds.Account)]  # type: ignore[valid-type]
