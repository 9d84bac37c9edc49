"""What can be asked: parameters of the API, read into what the ledger's tables hold."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from dokkaebi.chain.documents import parse_creation_id
from dokkaebi.chain.suite import MARKETS
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.reports.listing import Listing, Place
from dokkaebi.ledger.rows import creation_key

LIMIT, LIMIT_MAX = 50, 500
# Block numbers and log indices that any engine's integers hold.
AFTER = r"^[0-9]{1,18}-[0-9]{1,9}$"


def _creation(text: str) -> str:
    try:
        return creation_key(parse_creation_id(text))
    except DokkaebiError:
        raise ValueError("neither a CID, nor a decimal number, nor 0x and 64 digits") from None


def _pattern(pattern: str, description: str) -> Any:
    limits = StringConstraints(pattern=pattern, to_lower=True)
    return Annotated[str, limits, Field(description=description)]


AddressText = _pattern("^0x[0-9a-fA-F]{40}$", "An address.")
HashText = _pattern("^0x[0-9a-fA-F]{64}$", "An id or hash: 0x and 64 digits.")
WordText = _pattern("^[a-z]{1,20}$", "A word as rows have it.")
CreationText = Annotated[
    str,
    Field(
        # Numbers of 78 digits are nearly all beyond 2^256.
        pattern="^(bafybei[a-h][a-z2-7]{50}[aeimquy4]|0x[0-9a-fA-F]{64}"
        "|[1-9][0-9]{0,76}|1(0[0-9]|1[0-5])[0-9]{75})$",
        description="A creation: its CID, its number, or 0x and 64 digits.",
    ),
    AfterValidator(_creation),
]
MarketText = Annotated[str, Field(pattern=f"^({'|'.join(MARKETS)})$", description="A market.")]
NameText = Annotated[str, Field(pattern="^[A-Za-z]{1,40}$", description="A name in the ABI.")]

ZoneText = Annotated[
    str,
    Field(
        max_length=64,
        description="A time zone of the IANA database.",
        json_schema_extra={"enum": sorted(available_timezones())},
    ),
]
DayText = Annotated[
    str,
    Field(
        pattern=r"^(19[7-9][0-9]|2[0-9]{3})-[01][0-9]-[0-3][0-9]$",
        description="A day, like 2026-11-27.",
        json_schema_extra={"format": "date"},
    ),
]

FILTERS: dict[str, Any] = {
    **dict.fromkeys(("kind", "state"), WordText),
    **dict.fromkeys(("document", "trade"), HashText),
    "creation": CreationText,
    "market": MarketText,
    "contract": NameText,
    "name": NameText,
}


class Paged(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="Rows of a page.")] = LIMIT
    after: Annotated[str | None, Field(pattern=AFTER, description="`next` of the page before.")] = (
        None
    )

    def place(self) -> Place | None:
        """Where the page before ended."""
        if self.after is None:
            return None
        block, index = self.after.split("-")
        return int(block), int(index)

    def wanted(self) -> dict[str, Any]:
        """Columns and what they must be."""
        given = self.model_dump(exclude={"limit", "after"})
        return {name: value for name, value in given.items() if value is not None}


def asked_of(name: str, listing: Listing[Any]) -> type[Paged]:
    """The parameters of a listing: the page, and its filters. Others are addresses."""
    columns: dict[str, Any] = {
        column: (FILTERS.get(column, AddressText) | None, None) for column in listing.filters
    }
    return create_model(f"{name.title()}Asked", __base__=Paged, **columns)
