"""Creations, offers and trades as the chain tells them, and the calldata of each act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dokkaebi.chain.reverts import Reverted, reverted
from dokkaebi.chain.rpc import Log, RpcRefused
from dokkaebi.chain.suite import COIN, Contract, Suite
from dokkaebi.errors import DokkaebiError

NOBODY = COIN
ZERO_WORD = bytes(32)
INSTANT, DELIVERED = 0, 1
OFFER_NONE, OFFER_OPEN, OFFER_FILLED = 0, 1, 2
TRADE_NONE, TRADE_FUNDED, TRADE_SHIPPED = 0, 1, 2
PREFIX_DIGITS_MIN = 6
_ID_LENGTH = 66


class Work(NamedTuple):
    """`ICreationRegistry.Work`: what is registered. Royalty in basis points, size in bytes."""

    document_digest: bytes
    document_size: int
    royalty_bps: int
    content_commitment: bytes
    parents: tuple[int, ...]


class Offer(NamedTuple):
    """`IEscrowMarket.Offer`. Price in smallest units, times in seconds, shares in basis points."""

    seller: str
    kind: int
    creation_id: int
    tenure: int
    asset: str
    price: int
    expiry: int
    ship_seconds: int
    inspect_seconds: int
    referral_bps: int
    details: bytes
    salt: int


class Trade(NamedTuple):
    """`IEscrowMarket.Trade`."""

    offer_id: bytes
    seller: str
    buyer: str
    referrer: str
    creation_id: int
    asset: str
    amount: int
    inspect_seconds: int
    referral_bps: int


class Split(NamedTuple):
    """`IEscrowMarket.Split`: where each unit of a price goes, smallest units."""

    seller: int
    royalty: int
    referral: int
    fee: int


class Creation(NamedTuple):
    """`ICreationRegistry.Creation`; `created_at` in seconds since 1970."""

    creator: str
    created_at: int
    royalty_bps: int
    parent_count: int
    tenure: int


@dataclass(frozen=True)
class FoundOffer:
    """A published offer: its id `0x…`, its terms, and where it was published."""

    id: str
    offer: Offer
    block_number: int
    transaction_hash: str


@dataclass(frozen=True)
class FoundTrade:
    """A delivered trade: its id `0x…`, its terms, its ship deadline, and where it was funded."""

    id: str
    trade: Trade
    ship_deadline: int
    block_number: int
    transaction_hash: str


@dataclass(frozen=True)
class Registration:
    """One `CreationRegistered`; hashes as bytes."""

    creation_id: int
    creator: str
    content_commitment: bytes
    block_number: int
    transaction_hash: str


@dataclass(frozen=True)
class Happening:
    """One event of the market about an offer or a trade, with its values by name."""

    event: str
    values: dict[str, Any]
    block_number: int
    transaction_hash: str


# Look up


def find_offer(suite: Suite, seen: str) -> FoundOffer:
    """The offer with an id, or with the only id that begins like `seen`."""
    log = _find(suite, "OfferPublished", seen, "offer_unknown")
    values = suite.market.decode_log("OfferPublished", log)
    return FoundOffer(_hex(values["offerId"]), Offer(*values["offer"]), *_place(log))


def find_trade(suite: Suite, seen: str) -> FoundTrade:
    """The delivered trade with an id, or with the only id that begins like `seen`."""
    return _trade_of(suite, _find(suite, "EscrowFunded", seen, "trade_unknown"))


def trade_of_offer(suite: Suite, offer_id: str) -> FoundTrade | None:
    """The delivered trade that took an offer, if one did."""
    logs = _logs(suite, "EscrowFunded", None, offer_id)
    return _trade_of(suite, logs[0]) if logs else None


def offers_of_creation(suite: Suite, creation_id: int) -> list[FoundOffer]:
    """All offers ever published of a creation, oldest first."""
    found = []
    for log in _logs(suite, "OfferPublished"):
        values = suite.market.decode_log("OfferPublished", log)
        offer = Offer(*values["offer"])
        if offer.creation_id == creation_id:
            found.append(FoundOffer(_hex(values["offerId"]), offer, *_place(log)))
    return found


def offer_state(suite: Suite, offer_id: str) -> int:
    """What an offer is: OFFER_NONE (never or cancelled), OFFER_OPEN, OFFER_FILLED."""
    return int(suite.market.call("offerState", bytes.fromhex(offer_id[2:])))


def trade_state(suite: Suite, trade_id: str) -> tuple[int, int]:
    """What a trade is (TRADE_NONE: ended) and the last second of its window."""
    state, deadline = suite.market.call("tradeState", bytes.fromhex(trade_id[2:]))
    return int(state), int(deadline)


def happenings(suite: Suite, subject: str) -> list[Happening]:
    """What the market said of an offer or a trade, in order."""
    market = suite.market
    names = {market.topic(event): event for event in _TOLD}
    logs = suite.chain.all_logs(
        [market.address],
        suite.manifest.first_block,
        suite.chain.block_number,
        [list(names), subject],
    )
    return [_happening(market, names[log["topics"][0]], log) for log in logs]


def creation(suite: Suite, creation_id: int) -> Creation | None:
    """What the registry knows of a creation; None if it was never registered."""
    try:
        answer = suite.registry.call("creationOf", creation_id)
    except RpcRefused as refusal:
        if _is(refusal, "Creation_Unknown"):
            return None
        raise
    return Creation(*answer)


def owner(suite: Suite, creation_id: int) -> str | None:
    """Who owns a creation; None if it was burnt or never registered."""
    try:
        return str(suite.registry.call("ownerOf", creation_id))
    except RpcRefused as refusal:
        if _is(refusal, "TokenDoesNotExist"):
            return None
        raise


def registrations(suite: Suite, creation_id: int | None = None) -> list[Registration]:
    """All registrations, or that of one creation; oldest first."""
    topic = None if creation_id is None else f"0x{creation_id:064x}"
    logs = suite.registry.logs(
        "CreationRegistered", suite.manifest.first_block, (topic,) if topic else ()
    )
    return [_registration(log) for log in logs]


def market_may_move(suite: Suite, creation_id: int, holder: str) -> bool:
    """Whether the market may hand over a creation of the holder's."""
    registry, market = suite.registry, suite.market.address
    if registry.call("isApprovedForAll", holder, market):
        return True
    return bool(registry.call("getApproved", creation_id) == market)


def split_of(suite: Suite, offer: Offer, referrer: str) -> Split:
    """How an offer's price would be divided now."""
    return Split(*suite.market.call("splitOf", offer, referrer))


def credits_of(suite: Suite, payee: str) -> dict[str, int]:
    """What a payee can withdraw now, by asset; smallest units."""
    assets = sorted(_assets_of(suite, payee))
    market = suite.market
    requests = [_call_request(market, "creditOf", asset, payee) for asset in assets]
    answers = suite.chain.raw_batch(requests)
    amounts = [int(market.decode("creditOf", bytes.fromhex(a[2:]))) for a in answers]
    return {asset: amount for asset, amount in zip(assets, amounts, strict=True) if amount}


# Act


def register_data(suite: Suite, works: Sequence[Work]) -> str:
    """Calldata that registers one work, or several at once."""
    if len(works) == 1:
        return suite.registry.encode("register", works[0])
    return suite.registry.encode("registerBatch", list(works))


def approve_creation_data(suite: Suite, creation_id: int) -> str:
    """Calldata (for the registry) that lets the market hand over a creation."""
    return suite.registry.encode("approve", suite.market.address, creation_id)


def approve_token_data(token: Contract, spender: str, amount: int) -> str:
    """Calldata (for a token) that lets a spender take an amount."""
    return token.encode("approve", spender, amount)


def offer_data(suite: Suite, offer: Offer) -> str:
    """Calldata that publishes an offer."""
    return suite.market.encode("offer", offer)


def cancel_data(suite: Suite, offer_id: str) -> str:
    """Calldata that takes an offer back."""
    return suite.market.encode("cancel", bytes.fromhex(offer_id[2:]))


def take_data(suite: Suite, offer: Offer, referrer: str) -> str:
    """Calldata that buys an instant offer or funds a delivered one."""
    return suite.market.encode("buy" if offer.kind == INSTANT else "fund", offer, referrer)


def ship_data(suite: Suite, trade: Trade, shipment: bytes) -> str:
    """Calldata that says the goods are on their way."""
    return suite.market.encode("ship", trade, shipment)


def trade_data(suite: Suite, act: str, trade: Trade) -> str:
    """Calldata of `confirm`, `refund` or `claimTimeout`."""
    return suite.market.encode(act, trade)


def withdraw_data(suite: Suite, asset: str, to: str) -> str:
    """Calldata that withdraws the sender's credit in an asset."""
    return suite.market.encode("withdraw", asset, to)


def id_of_offer(suite: Suite, offer: Offer) -> str:
    """The id that an offer will have, `0x…`."""
    return _hex(suite.market.call("hashOffer", offer))


def funded_trade(suite: Suite, logs: Sequence[Log]) -> FoundTrade:
    """The trade that a transaction's logs say was funded."""
    topic = suite.market.topic("EscrowFunded")
    log = next(log for log in logs if log["topics"][0] == topic)
    return _trade_of(suite, log)


# Inside

_TOLD = (
    "OfferPublished",
    "OfferCancelled",
    "SaleSettled",
    "EscrowFunded",
    "EscrowShipped",
    "EscrowReleased",
    "EscrowRefunded",
    "RoyaltyPaid",
    "Credited",
)


def _logs(suite: Suite, event: str, *topics: str | None) -> list[Log]:
    return suite.market.logs(event, suite.manifest.first_block, topics)


def _find(suite: Suite, event: str, seen: str, unknown: str) -> Log:
    """The log whose first indexed value is an id, or begins like one."""
    wanted = seen.strip().lower()
    digits = wanted.removeprefix("0x")
    is_hex = wanted.startswith("0x") and all(d in "0123456789abcdef" for d in digits)
    if not is_hex or not PREFIX_DIGITS_MIN <= len(digits) <= _ID_LENGTH - 2:
        raise DokkaebiError("id_wrong", seen=seen, digits=PREFIX_DIGITS_MIN)
    if len(wanted) == _ID_LENGTH:
        logs = _logs(suite, event, wanted)
    else:
        logs = [log for log in _logs(suite, event) if log["topics"][1].startswith(wanted)]
    ids = sorted({log["topics"][1] for log in logs})
    if not ids:
        raise DokkaebiError(unknown, seen=seen)
    if len(ids) > 1:
        raise DokkaebiError("id_ambiguous", seen=seen, ids=", ".join(ids))
    return logs[-1]


def _trade_of(suite: Suite, log: Log) -> FoundTrade:
    values = suite.market.decode_log("EscrowFunded", log)
    trade = Trade(*values["trade"])
    return FoundTrade(_hex(values["tradeId"]), trade, values["shipDeadline"], *_place(log))


def _happening(market: Contract, event: str, log: Log) -> Happening:
    return Happening(event, market.decode_log(event, log), *_place(log))


def _registration(log: Log) -> Registration:
    """Decoded by hand: there may be a hundred thousand of them. The data is four words: document
    digest, document size, royalty, commitment."""
    from eth_utils.address import to_checksum_address

    _, creation_topic, creator_topic = log["topics"]
    return Registration(
        int(creation_topic, 16),
        to_checksum_address(creator_topic[-40:]),
        bytes.fromhex(log["data"][2 + 3 * 64 : 2 + 4 * 64]),
        *_place(log),
    )


def _assets_of(suite: Suite, payee: str) -> set[str]:
    """Every asset in which a payee may have credit."""
    market = suite.market
    payee_topic = "0x" + 24 * "0" + payee[2:].lower()
    credited = _logs(suite, "Credited", None, payee_topic)
    found = {COIN, suite.token.address}
    found |= {market.decode_log("Credited", log)["asset"] for log in credited}
    if payee == market.call("FEE_RECIPIENT"):
        for event, part in (("SaleSettled", None), ("EscrowFunded", "trade")):
            for log in _logs(suite, event):
                values = market.decode_log(event, log)
                found.add(values["asset"] if part is None else Trade(*values[part]).asset)
    return found


def _call_request(
    contract: Contract, function: str, *arguments: object
) -> tuple[str, list[dict[str, str] | str]]:
    data = contract.encode(function, *arguments)
    return "eth_call", [{"to": contract.address, "data": data}, "latest"]


def _is(refusal: RpcRefused, error: str) -> bool:
    reason = reverted(refusal)
    return isinstance(reason, Reverted) and reason.key == error


def _place(log: Log) -> tuple[int, str]:
    return int(log["blockNumber"], 16), str(log["transactionHash"])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
