"""Compares the books with the chain, to the unit, at the ledger's last block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.questions import address
from dokkaebi.ledger.rows import COIN
from dokkaebi.ledger.schema import exact_sum
from dokkaebi.ledger.store import Snapshot

OFFER_STATES = {"cancelled": 0, "open": 1, "filled": 2}
TRADE_STATES = {"settled": 0, "refunded": 0, "funded": 1, "shipped": 2}


class Reader(Protocol):
    """A chain that can be asked how it was at a block."""

    def block_hash(self, block: int) -> str | None:
        """The hash of a block, None if there is none."""

    def balance(self, account: str, block: int) -> int:
        """An account's coins, wei."""

    def calls(self, calls: Sequence[tuple[str, str]], block: int) -> list[bytes | None]:
        """What calls (to, data as 0x-hex) return; None for one that reverts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the books and the chain don't say alike. `what` names a kind of figure."""

    what: str
    subject: str
    books: str
    chain: str


@dataclass(frozen=True, slots=True)
class Balance:
    """The outcome: figures compared, differences, and what was given to the market on top.

    `surplus`: asset → smallest units that the market holds beyond what it owes; no difference,
    since anybody can send coins to anybody.
    """

    compared: int
    differences: tuple[Difference, ...]
    surplus: dict[str, int]

    @property
    def matches(self) -> bool:
        """Whether the books balance."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure of the books, and the call that gives the chain's."""

    what: str
    subject: str
    to: str
    data: str
    books: int | None
    # Words of the answer that are compared; a reverting call answers None.
    word: int = 0


def check(snapshot: Snapshot, reader: Reader) -> Balance:
    """Compares escrow and credits, balances, owners, states and the supply.

    Raises `balance_other_chain` if the chain's block isn't the one that the ledger ends with.
    """
    block = snapshot.cursor.block_number
    if reader.block_hash(block) != snapshot.cursor.block_hash:
        raise DokkaebiError("balance_other_chain", block=block)
    figures = [*_community(snapshot), *_creations(snapshot), *_market(snapshot)]
    answers = reader.calls([(figure.to, figure.data) for figure in figures], block)
    differences = []
    for figure, answer in zip(figures, answers, strict=True):
        seen = _word(answer, figure.word)
        if seen != figure.books:
            differences.append(
                Difference(figure.what, figure.subject, _shown(figure.books), _shown(seen))
            )
    surplus = {}
    held = _held(snapshot, reader)
    for asset, (owed, holds) in held.items():
        if holds < owed:
            differences.append(Difference("market_holds", asset, str(owed), str(holds)))
        elif holds > owed:
            surplus[asset] = holds - owed
    return Balance(len(figures) + len(held), tuple(differences), surplus)


def _held(snapshot: Snapshot, reader: Reader) -> dict[str, tuple[int, int]]:
    """Asset → (what the market owes, what it holds)."""
    block, market = snapshot.cursor.block_number, snapshot.identity.addresses["EscrowMarket"]
    owed: dict[str, int] = {}
    for table, live in (
        (schema.trade, schema.trade.c.state.in_(("funded", "shipped"))),
        (schema.credit, None),
    ):
        query = select(table.c.asset, exact_sum(table.c.amount).label("amount"))
        query = query.group_by(table.c.asset)
        for row in snapshot.rows(query if live is None else query.where(live)):
            owed[row["asset"]] = owed.get(row["asset"], 0) + row["amount"]
    # Also assets that owe nothing: what is there is surplus.
    for row in snapshot.rows(select(schema.asset.c.address)):
        owed.setdefault(row["address"], 0)
    tokens = sorted(asset for asset in owed if asset != COIN)
    answers = reader.calls([(a, _call("balanceOf(address)", market)) for a in tokens], block)
    holds = {a: _word(answer) or 0 for a, answer in zip(tokens, answers, strict=True)}
    holds[COIN] = reader.balance(market, block)
    return {address(asset): (owed.get(asset, 0), holds[asset]) for asset in sorted(holds)}


def _community(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every balance of the community token, and its supply."""
    token = snapshot.identity.addresses["CommunityToken"]
    supply = 0
    for row in snapshot.rows(select(schema.holder).order_by("account")):
        supply += row["balance"]
        data = _call("balanceOf(address)", row["account"])
        yield _Figure("token_balance", address(row["account"]), token, data, row["balance"])
    yield _Figure("token_supply", address(token), token, _call("totalSupply()"), supply)


def _creations(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every creation's owner; asking for a burnt one's reverts."""
    registry = snapshot.identity.addresses["CreationRegistry"]
    for row in snapshot.rows(select(schema.creation).order_by("id")):
        owner = None if row["owner"] is None else int(row["owner"], 16)
        data = _call("ownerOf(uint256)", row["id"])
        yield _Figure("creation_owner", row["id"], registry, data, owner)
        data = _call("tenureOf(uint256)", row["id"])
        yield _Figure("creation_tenure", row["id"], registry, data, row["tenure"])


def _market(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every credit, offer and trade."""
    market = snapshot.identity.addresses["EscrowMarket"]
    credits = schema.credit
    for row in snapshot.rows(select(credits).order_by("asset", "payee")):
        subject = f"{address(row['payee'])} · {address(row['asset'])}"
        data = _call("creditOf(address,address)", row["asset"], row["payee"])
        yield _Figure("credit", subject, market, data, row["amount"])
    for row in snapshot.rows(select(schema.offer).order_by("id")):
        data = _call("offerState(bytes32)", row["id"])
        yield _Figure("offer_state", row["id"], market, data, OFFER_STATES[row["state"]])
    delivered = schema.trade.c.kind == "delivered"
    for row in snapshot.rows(select(schema.trade).where(delivered).order_by("id")):
        data = _call("tradeState(bytes32)", row["id"])
        yield _Figure("trade_state", row["id"], market, data, TRADE_STATES[row["state"]])
        deadline = {"funded": row["ship_deadline"], "shipped": row["inspect_deadline"]}
        until = deadline.get(row["state"], 0)
        yield _Figure("trade_deadline", row["id"], market, data, until, word=1)


def _call(signature: str, *words: str) -> str:
    """Calldata of a function whose arguments are single words, given as 0x-hex."""
    from eth_utils.crypto import keccak

    return "0x" + keccak(text=signature)[:4].hex() + "".join(w[2:].rjust(64, "0") for w in words)


def _word(answer: bytes | None, index: int = 0) -> int | None:
    """One word of an answer; None for a revert or no answer."""
    if answer is None or len(answer) < 32 * (index + 1):
        return None
    return int.from_bytes(answer[32 * index : 32 * (index + 1)], "big")


def _shown(value: int | None) -> str:
    return "—" if value is None else str(value)
