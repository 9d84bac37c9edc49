"""The command `show`: everything the chain says of a creation, an offer or a trade, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.output import DOCUMENTS, NODE, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.assets import Asset
    from dokkaebi.chain.market import Creation, FoundOffer, FoundTrade, Happening

app = typer.Typer()

OFFER_STATES = ("none", "open", "filled")
TRADE_STATES = ("ended", "funded", "shipped")
KINDS = ("instant", "delivered")
REASONS = ("confirmed", "inspection_timeout", "seller_refund", "ship_timeout")


@command(app, NODE, DOCUMENTS)
def show(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help=t("arg_any_id"))],
) -> Result:
    """Finds out what an id is, and tells about it."""
    from dokkaebi.chain.documents import parse_creation_id
    from dokkaebi.chain.market import creation, find_offer, find_trade

    try:
        creation_id = parse_creation_id(id)
    except DokkaebiError:
        if not id.startswith("0x"):
            raise
    else:
        known = creation(session.suite, creation_id)
        if known is not None:
            return _show_creation(session, creation_id, known)
        if not id.startswith("0x"):
            raise DokkaebiError("creation_unknown", seen=id)
    for find, tell in ((find_trade, _show_trade), (find_offer, _show_offer)):
        try:
            found: Any = find(session.suite, id)
        except DokkaebiError as problem:
            if problem.key in {"trade_unknown", "offer_unknown"}:
                continue
            raise
        return tell(session, found)
    raise DokkaebiError("anything_unknown", seen=id)
