"""Compares the books with the chain and with themselves, to the unit, at the last block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import and_, select

from dokkaebi.chain.suite import MARKETS, POOL
from dokkaebi.chain.terms import TRADE_STATES
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.reports.kinds import Flow, address
from dokkaebi.ledger.reports.money import money_in_and_out
from dokkaebi.ledger.rows import COIN
from dokkaebi.ledger.schema import exact_sum
from dokkaebi.ledger.store import Snapshot

# As what somebody is due a part of a trade, and the settlement's column that such parts are of.
ROLES = {
    "seller": "seller",
    "sponsor": "seller",
    "creator": "royalty",
    "referrer": "referral",
    "community": "fee",
    "arbiter": "arbiter",
    "buyer": "refund",
}


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
    """The outcome: figures compared, differences, and what was given to the markets on top.

    `surplus`: asset → smallest units that the markets hold beyond what they owe; no difference,
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
    """Compares escrow and credits, balances, owners, documents, states and the supply with the
    chain, and what came in with what went out, settlements with shares, within the books.

    Raises `balance_other_chain` if the chain's block isn't the one that the ledger ends with.
    """
    block = snapshot.cursor.block_number
    if reader.block_hash(block) != snapshot.cursor.block_hash:
        raise DokkaebiError("balance_other_chain", block=block)
    figures = [
        *_community(snapshot),
        *_creations(snapshot),
        *_credits(snapshot),
        *_offers(snapshot),
        *_requests(snapshot),
        *_trades(snapshot),
        *_auctions(snapshot),
        *_nonces(snapshot),
        *_vouchers(snapshot),
        *_rewards(snapshot),
    ]
    answers = reader.calls([(figure.to, figure.data) for figure in figures], block)
    seen = [_word(answer, f.word) for f, answer in zip(figures, answers, strict=True)]
    differences = [
        Difference(f.what, f.subject, _shown(f.books), _shown(chain))
        for f, chain in zip(figures, seen, strict=True)
        if f.books != chain
    ]
    surplus = Counter[str]()
    flows = money_in_and_out(snapshot)
    held = _held(snapshot, reader, flows)
    for (market, asset), (owed, holds) in held.items():
        if holds < owed:
            subject = f"{market} · {asset}"
            differences.append(Difference("market_holds", subject, str(owed), str(holds)))
        elif holds > owed:
            surplus[asset] += holds - owed
    pool = list(_pool_holds(snapshot))
    differences += [one for one in pool if int(one.chain) < int(one.books)]
    own = [*_tills(flows), *_settlements(snapshot)]
    differences += [one for one in own if one.books != one.chain]
    compared = len(figures) + len(held) + len(pool) + len(own)
    return Balance(compared, tuple(differences), dict(surplus))


def _held(
    snapshot: Snapshot, reader: Reader, flows: Sequence[Flow]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Market and asset → (what the market owes, what it holds)."""
    block = snapshot.cursor.block_number
    owes = {(f.market, str(f.asset)): f.in_escrow + f.waiting for f in flows}
    # Also assets that nobody is owed: what is there is surplus.
    assets = [row["address"] for row in snapshot.rows(select(schema.asset.c.address))]
    tokens = sorted(asset for asset in assets if asset != COIN)
    places = [(name, snapshot.identity.addresses[name]) for name in MARKETS]
    calls = [(token, _call("balanceOf(address)", place)) for _, place in places for token in tokens]
    answers = iter(reader.calls(calls, block))
    held: dict[tuple[str, str], tuple[int, int]] = {}
    for market, place in places:
        holds = {COIN: reader.balance(place, block)}
        holds |= {token: _word(next(answers)) or 0 for token in tokens}
        for asset, amount in holds.items():
            key = (market, address(asset))
            held[key] = (owes.get(key, 0), amount)
    return held


def _tills(flows: Sequence[Flow]) -> Iterator[Difference]:
    """What came in is what went out and what is still there."""
    for flow in flows:
        there = flow.paid + flow.withdrawn + flow.in_escrow + flow.waiting
        subject = f"{flow.market} · {flow.asset}"
        yield Difference("money_in_and_out", subject, str(flow.came_in), str(there))


def _settlements(snapshot: Snapshot) -> Iterator[Difference]:
    """An amount is where it went and what is in escrow, and each part is somebody's."""
    trade, end, request = schema.trade, schema.settlement, schema.request
    parts: dict[str, list[str]] = {}
    for role, column in ROLES.items():
        parts.setdefault(column, []).append(role)
    sums: dict[str, Counter[str]] = {column: Counter() for column in parts}
    divided = Counter[str]()
    columns = [exact_sum(end.c[column]).label(column) for column in parts]
    same = and_(end.c.trade_id == trade.c.id, end.c.number == trade.c.number)
    query = select(trade.c.asset, *columns).join(end, same).group_by(trade.c.asset)
    for row in snapshot.rows(query):
        for column in parts:
            sums[column][row["asset"]] += row[column]
            divided[row["asset"]] += row[column]
    amounts = exact_sum(trade.c.amount).label("amount"), exact_sum(trade.c.rest).label("rest")
    for row in snapshot.rows(select(trade.c.asset, *amounts).group_by(trade.c.asset)):
        whole = divided[row["asset"]] + row["rest"]
        yield Difference("trades", address(row["asset"]), str(row["amount"]), str(whole))
    back = exact_sum(request.c.price).label("price")
    query = select(request.c.asset, back).where(request.c.state == "retracted")
    for row in snapshot.rows(query.group_by(request.c.asset)):
        sums["refund"][row["asset"]] += row["price"]
    share = schema.share
    query = select(share.c.role, share.c.asset, exact_sum(share.c.amount).label("amount"))
    query = query.where(share.c.role.in_(ROLES)).group_by(share.c.role, share.c.asset)
    due = Counter({(r["role"], r["asset"]): r["amount"] for r in snapshot.rows(query)})
    for column, roles in parts.items():
        for asset in sums[column].keys() | {asset for role, asset in due if role in roles}:
            books, shares = sums[column][asset], sum(due[role, asset] for role in roles)
            yield Difference(f"due_{roles[0]}", address(asset), str(books), str(shares))


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
    for row in snapshot.rows(select(schema.creation_partner)):
        # The list's place and length come first.
        word, data = 2 + 2 * row["position"], _call("partnersOf(uint256)", row["creation_id"])
        partner, key = int(row["partner"], 16), row["creation_id"]
        yield _Figure("creation_partner", key, registry, data, partner, word)
        yield _Figure("creation_share", key, registry, data, row["share_bps"], word + 1)


def _credits(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every credit."""
    credits = schema.credit
    for row in snapshot.rows(select(credits).order_by("market", "asset", "payee")):
        subject = f"{row['market']} · {address(row['payee'])} · {address(row['asset'])}"
        data = _call("creditOf(address,address)", row["asset"], row["payee"])
        market = snapshot.identity.addresses[row["market"]]
        yield _Figure("credit", subject, market, data, row["amount"])


def _offers(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every published offer: whose it is, and how much is left of it."""
    for row in snapshot.rows(select(schema.offer).order_by("id")):
        market = snapshot.identity.addresses[row["market"]]
        owner = int(row["seller"], 16) if row["state"] == "open" else 0
        if row["kind"] == "delivered":
            data = _call("documentOf(bytes32)", row["id"])
            yield _Figure("offer_owner", row["id"], market, data, owner)
            yield _Figure("offer_units", row["id"], market, data, row["units_left"], word=1)
        elif row["state"] != "filled":
            # Its signed twin may have been taken instead, which leaves the published one open;
            # no event tells which of the two it was.
            yield _Figure(
                "offer_owner", row["id"], market, _call("sellerOf(bytes32)", row["id"]), owner
            )


def _requests(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every request: whose it is while it's open."""
    for row in snapshot.rows(select(schema.request).order_by("id")):
        market = snapshot.identity.addresses[row["market"]]
        owner = int(row["buyer"], 16) if row["state"] == "open" else 0
        yield _Figure(
            "request_owner", row["id"], market, _call("documentOf(bytes32)", row["id"]), owner
        )


def _trades(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every trade in escrow: its state, deadline and current part, all zero once it ended."""
    delivered = schema.trade.c.kind.in_(("delivered", "requested"))
    for row in snapshot.rows(select(schema.trade).where(delivered).order_by("id")):
        market = snapshot.identity.addresses[row["market"]]
        data = _call("tradeState(bytes32)", row["id"])
        live = row["ended_at"] is None
        state = TRADE_STATES.index(row["state"]) if live else 0
        words = {"state": state, "deadline": row["deadline"] or 0, "part": row["part"] * live}
        yield from _figures("trade", row["id"], market, data, words)


def _auctions(snapshot: Snapshot) -> Iterator[_Figure]:
    """Every auction: its highest bid and deadline; and who may take out what waits there."""
    for row in snapshot.rows(select(schema.auction).order_by("id")):
        market = snapshot.identity.addresses[row["market"]]
        data = _call("auctionState(bytes32)", row["id"])
        live = row["state"] == "open"
        bidder = int(row["bidder"] or COIN, 16) * live
        words = {"bidder": bidder, "bid": row["amount"] * live, "deadline": row["deadline"] * live}
        yield from _figures("auction", row["id"], market, data, words)
    held = schema.held_creation
    market = snapshot.identity.addresses["AuctionHouse"]
    for row in snapshot.rows(select(held).order_by("collection", "creation_id")):
        owner = int(row["owner"], 16) if row["retrieved_at"] is None else 0
        data = _call("heldFor(address,uint256)", row["collection"], row["creation_id"])
        subject = f"{address(row['collection'])} · {int(row['creation_id'], 16)}"
        yield _Figure("held_creation", subject, market, data, owner)


def _nonces(snapshot: Snapshot) -> Iterator[_Figure]:
    """The first and the last of nonces that were cancelled together."""
    for row in snapshot.rows(select(schema.cancellation)):
        market = snapshot.identity.addresses[row["market"]]
        for nonce in sorted({row["first"], row["last"]}):
            data = _call("nonceUsed(address,uint256)", row["signer"], hex(nonce))
            subject = f"{row['market']} · {address(row['signer'])} · {nonce}"
            yield _Figure("nonce_used", subject, market, data, 1)


def _vouchers(snapshot: Snapshot) -> Iterator[_Figure]:
    """The last version below which vouchers are dead, of each work whose creator cancelled some;
    asking for a registered one's reverts."""
    registry = snapshot.identity.addresses["CreationRegistry"]
    dead, work = schema.voucher_cancellation, schema.creation
    query = select(dead, work.c.created_at)
    query = query.outerjoin(work, work.c.id == dead.c.creation_id)
    least: dict[str, int | None] = {}
    for row in snapshot.rows(query.order_by(dead.c.block_number, dead.c.log_index)):
        is_registered = row["created_at"] is not None
        least[row["creation_id"]] = None if is_registered else row["least_version"]
    for key, version in least.items():
        data = _call("leastVersionOf(uint256)", key)
        yield _Figure("least_version", key, registry, data, version)


def _rewards(snapshot: Snapshot) -> Iterator[_Figure]:
    """What the reward pool paid to each account, took in for rewards, and minted; its offices."""
    pool = snapshot.identity.addresses.get(POOL)
    if pool is None:
        return
    for row in snapshot.rows(select(schema.rewarded).order_by("account")):
        data = _call("claimedBy(address)", row["account"])
        yield _Figure("rewarded", address(row["account"]), pool, data, row["amount"])
    for name, books in _pool_sums(snapshot).items():
        yield _Figure(f"reward_{name}", address(pool), pool, _call(f"{name}()"), books)
    for row in snapshot.rows(select(schema.reward_office)):
        pending = f"pending{row['office'].capitalize()}()"
        for what, signature, holder in (
            (f"reward_{row['office']}", f"{row['office']}()", row["holder"]),
            ("reward_office_offer", pending, row["offered_to"]),
        ):
            books = int(holder or COIN, 16)
            yield _Figure(what, address(pool), pool, _call(signature), books)


def _pool_sums(snapshot: Snapshot) -> dict[str, int]:
    """What the reward pool took in for rewards and minted."""
    columns = {"income": schema.reward_income.c.rewards, "minted": schema.reward_epoch.c.minted}
    sums = {name: exact_sum(column).label("sum") for name, column in columns.items()}
    return {name: snapshot.rows(select(total))[0]["sum"] for name, total in sums.items()}


def _pool_holds(snapshot: Snapshot) -> Iterator[Difference]:
    """What the reward pool and its purse hold covers what they took in or minted for rewards and
    didn't pay; anything beyond was given or isn't divided yet."""
    holder, rewarded = schema.holder.c, schema.rewarded.c
    (paid,) = snapshot.rows(select(exact_sum(rewarded.amount).label("amount")))
    for row in snapshot.rows(select(schema.reward_pool)):
        places = (row["address"], row["purse"])
        query = select(exact_sum(holder.balance).label("balance"))
        (held,) = snapshot.rows(query.where(holder.account.in_(places)))
        owed = sum(_pool_sums(snapshot).values()) - paid["amount"]
        yield Difference("pool_holds", address(row["address"]), str(owed), str(held["balance"]))


def _figures(
    noun: str, subject: str, to: str, data: str, words: Mapping[str, int]
) -> Iterator[_Figure]:
    """Figures that one call answers, word by word."""
    for position, (name, books) in enumerate(words.items()):
        yield _Figure(f"{noun}_{name}", subject, to, data, books, word=position)


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
