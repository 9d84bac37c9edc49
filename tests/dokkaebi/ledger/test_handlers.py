"""Handlers alone: a record in, changes of rows out. No database, no chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dokkaebi.ledger.handlers import HANDLERS, effects_of
from dokkaebi.ledger.handlers.creation_registry import TENURES, creation_key
from dokkaebi.ledger.rows import COIN, Add, Change, Effect, Put, Record

SELLER, BUYER, FRIEND, CREATOR, COMMUNITY, TOKEN, MARKET = (f"0x{n:040x}" for n in range(1, 8))
OFFER, TRADE = f"0x{0xAA:064x}", f"0x{0xBB:064x}"
ZERO = f"0x{0:064x}"
HUGE = 2**256 - 1


class Shelf:
    """Rows that earlier events left."""

    def __init__(self, **rows: Mapping[str, Any]) -> None:
        self._rows = rows

    def row(self, table: str, *key: Any) -> Mapping[str, Any]:
        return self._rows[table]


def record(contract: str, event: str, **values: Any) -> Record:
    return Record(contract, MARKET, event, values, 12, 3, "0xfeed", 1_700_000_000)


def effects(record: Record, **rows: Mapping[str, Any]) -> list[Effect]:
    return list(effects_of(record, Shelf(**rows)))


def trade_row(**changes: Any) -> dict[str, Any]:
    row = {"id": TRADE, "seller": SELLER, "buyer": BUYER, "referrer": FRIEND, "asset": TOKEN}
    return {**row, "amount": 1_000, **changes}


def test_token_transfer_moves_a_balance() -> None:
    moved = record("CommunityToken", "Transfer", **{"from": SELLER, "to": BUYER, "value": HUGE})
    assert effects(moved) == [
        Add("holder", (SELLER,), {"balance": -HUGE}),
        Add("holder", (BUYER,), {"balance": HUGE}),
    ]


def test_token_mint_has_no_giver_and_burn_no_taker() -> None:
    mint = record("CommunityToken", "Transfer", **{"from": COIN, "to": BUYER, "value": 5})
    burn = record("CommunityToken", "Transfer", **{"from": BUYER, "to": COIN, "value": 5})
    assert effects(mint) == [Add("holder", (BUYER,), {"balance": 5})]
    assert effects(burn) == [Add("holder", (BUYER,), {"balance": -5})]


def test_creation_registered_makes_a_creation_of_its_creator() -> None:
    (put,) = effects(
        record(
            "CreationRegistry",
            "CreationRegistered",
            id=HUGE,
            creator=CREATOR,
            documentDigest="0xd1",
            documentSize=300,
            royaltyBps=1_000,
            contentCommitment="0xc0",
        )
    )
    assert isinstance(put, Put)
    assert put.table == "creation"
    assert put.row["id"] == "0x" + "f" * 64
    assert put.row["creator"] == put.row["owner"] == CREATOR
    assert put.row["tenure"] == 0
    assert put.row["created_at"] == 1_700_000_000
    assert (put.row["block_number"], put.row["log_index"]) == (12, 3)


def test_creation_derived_keeps_parents_in_order() -> None:
    made = effects(record("CreationRegistry", "CreationDerived", id=9, parents=[7, 8]))
    assert [(e.row["position"], e.row["parent_id"]) for e in made if isinstance(e, Put)] == [
        (0, creation_key(7)),
        (1, creation_key(8)),
    ]


def test_creation_transfer_counts_tenures_and_a_mint_does_not() -> None:
    def moved(giver: str, taker: str, tenure: int) -> list[Effect]:
        values = {"from": giver, "to": taker, "id": 9}
        return effects(
            record("CreationRegistry", "Transfer", **values), creation={"tenure": tenure}
        )

    key = (creation_key(9),)
    assert moved(COIN, SELLER, 0) == []
    assert moved(SELLER, BUYER, 0) == [Change("creation", key, {"owner": BUYER, "tenure": 1})]
    last = TENURES - 1
    assert moved(SELLER, BUYER, last) == [Change("creation", key, {"owner": BUYER, "tenure": 0})]
    assert moved(SELLER, COIN, 3) == [Change("creation", key, {"owner": None})]


def offer(**changes: Any) -> dict[str, Any]:
    terms = {
        "seller": SELLER,
        "kind": 0,
        "creationId": 0,
        "tenure": HUGE,
        "asset": COIN,
        "price": 2**128 - 1,
        "expiry": 1_800_000_000,
        "shipSeconds": 0,
        "inspectSeconds": 0,
        "referralBps": 0,
        "details": ZERO,
        "salt": HUGE,
    }
    return {**terms, **changes}


def test_offer_published_is_open_with_all_its_terms() -> None:
    event = record(
        "EscrowMarket", "OfferPublished", offerId=OFFER, seller=SELLER, offer=offer(kind=1)
    )
    (put,) = effects(event)
    assert isinstance(put, Put)
    assert put.row["state"] == "open"
    assert put.row["kind"] == "delivered"
    assert put.row["creation_id"] is None
    assert put.row["details"] is None
    assert put.row["salt"] == put.row["tenure"] == HUGE
    assert put.row["ended_at"] is None


def test_offer_published_again_replaces_the_cancelled_one() -> None:
    event = record("EscrowMarket", "OfferPublished", offerId=OFFER, seller=SELLER, offer=offer())
    (put,) = effects(event)
    assert isinstance(put, Put)
    assert put.row["id"] == OFFER


def test_offer_cancelled_closes_it() -> None:
    (change,) = effects(record("EscrowMarket", "OfferCancelled", offerId=OFFER, seller=SELLER))
    assert change == Change("offer", (OFFER,), {"state": "cancelled", "ended_at": 1_700_000_000})


def sale(**changes: Any) -> Record:
    values = {
        "offerId": OFFER,
        "seller": SELLER,
        "buyer": BUYER,
        "creationId": 9,
        "asset": TOKEN,
        "price": 1_000,
        "referrer": FRIEND,
        "royalty": 50,
        "referral": 25,
        "fee": 10,
    }
    return record("EscrowMarket", "SaleSettled", **{**values, **changes})


def settle(event: Record) -> list[Effect]:
    rows = {"offer": {"referral_bps": 250}, "market": {"fee_recipient": COMMUNITY}}
    return effects(event, **rows)


def puts(made: list[Effect], table: str) -> list[dict[str, Any]]:
    return [effect.row for effect in made if isinstance(effect, Put) and effect.table == table]


def adds(made: list[Effect], table: str) -> list[tuple[tuple[Any, ...], dict[str, int]]]:
    found = (effect for effect in made if isinstance(effect, Add) and effect.table == table)
    return [(effect.key, dict(effect.amounts)) for effect in found]


def test_sale_settled_is_a_whole_trade_under_its_offers_id() -> None:
    made = settle(sale())
    (trade,) = puts(made, "trade")
    assert (trade["id"], trade["state"], trade["reason"]) == (OFFER, "settled", "instant")
    assert trade["creation_id"] == creation_key(9)
    (end,) = puts(made, "settlement")
    parts = [end[part] for part in ("seller", "royalty", "referral", "fee", "refund")]
    assert parts == [915, 50, 25, 10, 0]
    assert sum(parts) == end["amount"]


def test_sale_settled_owes_seller_referrer_and_community_but_no_creator_yet() -> None:
    made = settle(sale())
    assert [(s["role"], s["payee"], s["amount"]) for s in puts(made, "share")] == [
        ("seller", SELLER, 915),
        ("referrer", FRIEND, 25),
        ("community", COMMUNITY, 10),
    ]
    assert adds(made, "payout") == [
        ((OFFER, SELLER, TOKEN), {"owed": 915, "paid": 915}),
        ((OFFER, FRIEND, TOKEN), {"owed": 25, "paid": 25}),
        ((OFFER, COMMUNITY, TOKEN), {"owed": 10, "paid": 10}),
        ((OFFER, COMMUNITY, TOKEN), {"paid": -10, "credited": 10}),
    ]
    assert adds(made, "credit") == [((TOKEN, COMMUNITY), {"amount": 10})]


def test_sale_settled_without_referrer_and_fee_owes_only_the_seller() -> None:
    made = settle(sale(referrer=COIN, referral=0, fee=0, royalty=0))
    assert [(s["role"], s["amount"]) for s in puts(made, "share")] == [("seller", 1_000)]
    assert puts(made, "trade")[0]["referrer"] is None
    assert adds(made, "credit") == []


def test_sale_whose_parts_take_all_owes_the_seller_nothing() -> None:
    made = settle(sale(price=85))
    assert "seller" not in [s["role"] for s in puts(made, "share")]


def test_escrow_funded_waits_for_shipping() -> None:
    terms = {
        "offerId": OFFER,
        "seller": SELLER,
        "buyer": BUYER,
        "referrer": COIN,
        "creationId": 0,
        "asset": COIN,
        "amount": 1_000,
        "inspectSeconds": 86_400,
        "referralBps": 0,
    }
    values = {"tradeId": TRADE, "offerId": OFFER, "buyer": BUYER, "trade": terms}
    made = effects(record("EscrowMarket", "EscrowFunded", **values, shipDeadline=1_700_000_900))
    (trade,) = puts(made, "trade")
    assert (trade["state"], trade["reason"], trade["ended_at"]) == ("funded", None, None)
    assert trade["ship_deadline"] == 1_700_000_900
    assert trade["referrer"] is None
    assert puts(made, "settlement") == []
    assert Change("offer", (OFFER,), {"state": "filled", "ended_at": 1_700_000_000}) in made


def test_escrow_shipped_waits_for_inspection() -> None:
    values = {"tradeId": TRADE, "shipment": ZERO, "inspectDeadline": 1_700_000_500}
    (change,) = effects(record("EscrowMarket", "EscrowShipped", **values))
    assert isinstance(change, Change)
    assert change.values["state"] == "shipped"
    assert change.values["inspect_deadline"] == 1_700_000_500
    assert change.values["shipment"] is None


@pytest.mark.parametrize(("reason", "word"), [(0, "confirmed"), (1, "inspection_timeout")])
def test_escrow_released_divides_the_amount(reason: int, word: str) -> None:
    values = {"tradeId": TRADE, "reason": reason, "royalty": 33, "referral": 7, "fee": 10}
    event = record("EscrowMarket", "EscrowReleased", **values)
    made = effects(event, trade=trade_row(), market={"fee_recipient": COMMUNITY})
    (end,) = puts(made, "settlement")
    assert (end["seller"], end["reason"]) == (950, word)
    change = next(effect for effect in made if isinstance(effect, Change))
    assert (change.values["state"], change.values["reason"]) == ("settled", word)


@pytest.mark.parametrize(("reason", "word"), [(2, "seller_refund"), (3, "ship_timeout")])
def test_escrow_refunded_gives_all_back(reason: int, word: str) -> None:
    event = record("EscrowMarket", "EscrowRefunded", tradeId=TRADE, reason=reason)
    made = effects(event, trade=trade_row())
    (end,) = puts(made, "settlement")
    assert (end["refund"], end["seller"], end["fee"], end["reason"]) == (1_000, 0, 0, word)
    (share,) = puts(made, "share")
    assert (share["role"], share["payee"], share["amount"]) == ("buyer", BUYER, 1_000)


def test_royalty_paid_is_the_creators_share() -> None:
    event = record("EscrowMarket", "RoyaltyPaid", tradeId=TRADE, payee=CREATOR, amount=33)
    made = effects(event, trade=trade_row())
    (share,) = puts(made, "share")
    assert (share["role"], share["payee"], share["asset"]) == ("creator", CREATOR, TOKEN)
    assert adds(made, "payout") == [((TRADE, CREATOR, TOKEN), {"owed": 33, "paid": 33})]


def test_credited_was_not_paid_after_all() -> None:
    values = {"tradeId": TRADE, "payee": SELLER, "asset": TOKEN, "amount": 950}
    made = effects(record("EscrowMarket", "Credited", **values))
    assert adds(made, "payout") == [((TRADE, SELLER, TOKEN), {"paid": -950, "credited": 950})]
    assert adds(made, "credit") == [((TOKEN, SELLER), {"amount": 950})]


def test_withdrawn_takes_the_credit() -> None:
    values = {"payee": SELLER, "asset": TOKEN, "to": FRIEND, "amount": 950}
    made = effects(record("EscrowMarket", "Withdrawn", **values))
    (row,) = puts(made, "withdrawal")
    assert (row["payee"], row["recipient"], row["amount"]) == (SELLER, FRIEND, 950)
    assert adds(made, "credit") == [((TOKEN, SELLER), {"amount": -950})]


@pytest.mark.parametrize(
    ("contract", "event"),
    [
        ("CommunityToken", "Approval"),
        ("CommunityToken", "MinterNamed"),
        ("CreationRegistry", "Approval"),
        ("CreationRegistry", "ApprovalForAll"),
        ("CreationRegistry", "ContractURIUpdated"),
        ("EscrowMarket", "EIP712DomainChanged"),
    ],
)
def test_other_events_are_only_kept(contract: str, event: str) -> None:
    assert effects(record(contract, event)) == []


def test_handlers_are_named_after_their_events() -> None:
    import re

    for handlers in HANDLERS.values():
        for event, handler in handlers.items():
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
            assert handler.__name__ == f"on_{snake}"
