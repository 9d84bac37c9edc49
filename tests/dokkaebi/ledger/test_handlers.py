"""Handlers alone: a record in, changes of rows out. No database, no chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dokkaebi.chain.terms import TradeTerms, pack_terms
from dokkaebi.ledger.handlers import HANDLERS, effects_of
from dokkaebi.ledger.rows import COIN, Add, Change, Effect, Put, Record, creation_key

SELLER, BUYER, FRIEND, CREATOR, COMMUNITY, TOKEN, MARKET, REGISTRY, ARBITER = (
    f"0x{n:040x}" for n in range(1, 10)
)
OFFER, TRADE = f"0x{0xAA:064x}", f"0x{0xBB:064x}"
NOW = 1_700_000_000
ZERO = f"0x{0:064x}"
HUGE = 2**256 - 1


class Shelf:
    """Rows that earlier events left."""

    def __init__(self, **rows: Mapping[str, Any]) -> None:
        self._rows = rows

    def row(self, table: str, *key: Any) -> Mapping[str, Any]:
        return self._rows[table]

    def find(self, table: str, *key: Any) -> Mapping[str, Any] | None:
        return self._rows.get(table)


def record(contract: str, event: str, **values: Any) -> Record:
    return Record(contract, MARKET, event, values, 12, 3, "0xfeed", NOW)


def effects(record: Record, **rows: Mapping[str, Any]) -> list[Effect]:
    return list(effects_of(record, Shelf(**rows)))


def puts(made: list[Effect], table: str) -> list[dict[str, Any]]:
    return [effect.row for effect in made if isinstance(effect, Put) and effect.table == table]


def adds(made: list[Effect], table: str) -> list[tuple[tuple[Any, ...], dict[str, int]]]:
    found = (effect for effect in made if isinstance(effect, Add) and effect.table == table)
    return [(effect.key, dict(effect.amounts)) for effect in found]


def changes(made: list[Effect], table: str) -> dict[str, Any]:
    """What the changes of a table set, all together."""
    found: dict[str, Any] = {}
    for effect in made:
        if isinstance(effect, Change) and effect.table == table:
            found |= effect.values
    return found


def settled(made: list[Effect]) -> dict[str, int]:
    """What a settlement got, all together."""
    found: dict[str, int] = {}
    for _, amounts in adds(made, "settlement"):
        for column, amount in amounts.items():
            found[column] = found.get(column, 0) + amount
    return {column: amount for column, amount in found.items() if amount}


def shares(made: list[Effect]) -> list[tuple[str, str, int]]:
    """Role, payee and amount of each share."""
    return [(key[3], key[4], amounts["amount"]) for key, amounts in adds(made, "share")]


def trade_row(**changes: Any) -> dict[str, Any]:
    row = {
        "id": TRADE,
        "state": "shipped",
        "seller": SELLER,
        "buyer": BUYER,
        "asset": TOKEN,
        "amount": 1_000,
        "rest": 1_000,
        "part": 0,
        "shipped_at": NOW - 5,
        "shipment": None,
    }
    return {**row, **changes}


MARKET_ROW = {"fee_recipient": COMMUNITY, "registry": REGISTRY}


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
    assert put.row["created_at"] == NOW
    assert (put.row["block_number"], put.row["log_index"]) == (12, 3)


def test_creation_derived_keeps_parents_in_order() -> None:
    made = effects(record("CreationRegistry", "CreationDerived", id=9, parents=[7, 8]))
    assert [(e.row["position"], e.row["parent_id"]) for e in made if isinstance(e, Put)] == [
        (0, creation_key(7)),
        (1, creation_key(8)),
    ]


def test_creation_shared_keeps_partners_in_order() -> None:
    partners = [{"account": FRIEND, "shareBps": 1}, {"account": CREATOR, "shareBps": 2_500}]
    made = effects(record("CreationRegistry", "CreationShared", id=9, partners=partners))
    assert [
        (row["creation_id"], row["position"], row["partner"], row["share_bps"])
        for row in puts(made, "creation_partner")
    ] == [(creation_key(9), 0, FRIEND, 1), (creation_key(9), 1, CREATOR, 2_500)]


def test_creation_transfer_counts_tenures_and_a_mint_does_not() -> None:
    def moved(giver: str, taker: str, tenure: int) -> list[Effect]:
        values = {"from": giver, "to": taker, "id": 9}
        work = {"owner": SELLER, "tenure": tenure}
        return effects(record("CreationRegistry", "Transfer", **values), creation=work)

    key = (creation_key(9),)
    assert moved(COIN, SELLER, 0) == []
    assert moved(COIN, BUYER, 0) == [Change("creation", key, {"owner": BUYER})]
    assert moved(SELLER, BUYER, 0) == [Change("creation", key, {"owner": BUYER, "tenure": 1})]
    many = 2**18
    assert moved(SELLER, BUYER, many - 1) == [
        Change("creation", key, {"owner": BUYER, "tenure": many})
    ]
    assert moved(SELLER, COIN, 3) == [Change("creation", key, {"owner": None})]


def test_a_mint_before_its_registration_changes_nothing() -> None:
    values = {"from": COIN, "to": BUYER, "id": 9}
    assert effects(record("CreationRegistry", "Transfer", **values)) == []


def test_vouchers_cancelled_are_kept() -> None:
    values = {"id": 9, "creator": CREATOR, "leastVersion": 2**62 - 1}
    (row,) = puts(
        effects(record("CreationRegistry", "VouchersCancelled", **values)), "voucher_cancellation"
    )
    assert (row["creation_id"], row["creator"], row["least_version"]) == (
        *(creation_key(9), CREATOR, 2**62 - 1),
    )
    assert (row["cancelled_at"], row["block_number"], row["log_index"]) == (NOW, 12, 3)


# What the three markets have in common

MARKETS = ("CreationMarket", "EscrowMarket", "AuctionHouse")


@pytest.mark.parametrize("market", MARKETS)
def test_market_opened_keeps_its_terms(market: str) -> None:
    values = {"registry": REGISTRY, "feeRecipient": COMMUNITY, "feeBps": 250}
    (put,) = effects(record(market, "MarketOpened", **values))
    assert isinstance(put, Put)
    assert put.row["name"] == market
    assert (put.row["address"], put.row["fee_recipient"]) == (MARKET, COMMUNITY)


@pytest.mark.parametrize("market", MARKETS)
def test_credited_was_not_paid_after_all(market: str) -> None:
    values = {"tradeId": TRADE, "payee": SELLER, "asset": TOKEN, "amount": 950}
    made = effects(record(market, "Credited", **values))
    moved = {"paid": -950, "credited": 950}
    assert adds(made, "payout") == [((SELLER, market, TOKEN, TRADE), moved)]
    assert adds(made, "credit") == [((SELLER, market, TOKEN), {"amount": 950})]
    assert shares(made) == []


def test_credited_without_an_id_is_change() -> None:
    values = {"tradeId": ZERO, "payee": BUYER, "asset": COIN, "amount": 5}
    made = effects(record("CreationMarket", "Credited", **values))
    assert shares(made) == [("change", BUYER, 5)]
    key = (BUYER, "CreationMarket", COIN, ZERO)
    assert adds(made, "payout") == [
        (key, {"owed": 5, "paid": 5}),
        (key, {"paid": -5, "credited": 5}),
    ]


@pytest.mark.parametrize("market", MARKETS)
def test_withdrawn_takes_the_credit(market: str) -> None:
    values = {"payee": SELLER, "asset": TOKEN, "to": FRIEND, "amount": 950}
    made = effects(record(market, "Withdrawn", **values))
    (row,) = puts(made, "withdrawal")
    assert (row["market"], row["payee"], row["recipient"], row["amount"]) == (
        *(market, SELLER, FRIEND, 950),
    )
    assert adds(made, "credit") == [((SELLER, market, TOKEN), {"amount": -950})]


@pytest.mark.parametrize("market", MARKETS)
def test_nonces_cancelled_are_kept_whatever_they_are(market: str) -> None:
    values = {"signer": SELLER, "first": 0, "last": HUGE}
    (row,) = puts(effects(record(market, "NoncesCancelled", **values)), "cancellation")
    assert (row["market"], row["signer"], row["first"], row["last"]) == (market, SELLER, 0, HUGE)


@pytest.mark.parametrize("market", MARKETS[1:])
@pytest.mark.parametrize(
    ("event", "role", "column"),
    [("RoyaltyPaid", "creator", "royalty"), ("ReferralPaid", "referrer", "referral")],
)
def test_what_stands_beside_an_end_is_taken_from_the_sellers(
    market: str, event: str, role: str, column: str
) -> None:
    values = {"tradeId": TRADE, "payee": FRIEND, "amount": 33}
    made = effects(record(market, event, **values), trade=trade_row())
    assert adds(made, "settlement") == [((TRADE, 0), {"seller": -33, column: 33})]
    assert shares(made) == [("seller", SELLER, -33), (role, FRIEND, 33)]
    assert adds(made, "payout") == [
        ((SELLER, market, TOKEN, TRADE), {"owed": -33, "paid": -33}),
        ((FRIEND, market, TOKEN, TRADE), {"owed": 33, "paid": 33}),
    ]


@pytest.mark.parametrize("market", MARKETS[:2])
def test_offer_cancelled_closes_it(market: str) -> None:
    (change,) = effects(record(market, "OfferCancelled", offerId=OFFER, seller=SELLER))
    closed = {"state": "cancelled", "units_left": 0, "ended_at": NOW}
    assert change == Change("offer", (OFFER,), closed)


# Sales at once


def offer(**changes: Any) -> dict[str, Any]:
    terms = {
        "seller": SELLER,
        "buyer": COIN,
        "collection": REGISTRY,
        "creationId": HUGE,
        "tenure": HUGE,
        "start": 0,
        "price": 2**128 - 1,
        "endPrice": 0,
        "asset": COIN,
        "expiry": NOW + 5,
        "royaltyBpsMax": 0,
        "referralBps": 0,
        "nonce": HUGE,
    }
    return {**terms, **changes}


def published(market: str, terms: dict[str, Any], **rows: Any) -> dict[str, Any]:
    event = record(market, "OfferPublished", offerId=OFFER, seller=SELLER, offer=terms)
    (row,) = puts(effects(event, market=MARKET_ROW, **rows), "offer")
    assert (row["id"], row["market"], row["state"], row["ended_at"]) == (
        OFFER,
        market,
        "open",
        None,
    )
    return row


def test_offer_published_is_open_with_all_its_terms() -> None:
    row = published("CreationMarket", offer())
    assert (row["kind"], row["buyer"], row["units_left"]) == ("instant", None, 1)
    assert (row["collection"], row["creation_id"]) == (REGISTRY, "0x" + "f" * 64)
    assert (row["starts_at"], row["end_price"]) == (None, None)
    assert row["nonce"] == row["tenure"] == HUGE


def test_offer_published_with_a_falling_price_says_from_when_and_to_where() -> None:
    row = published("CreationMarket", offer(start=NOW, endPrice=7, buyer=BUYER))
    assert (row["starts_at"], row["end_price"], row["buyer"]) == (NOW, 7, BUYER)


def sale(**changes: Any) -> Record:
    values = {
        "documentId": OFFER,
        "seller": SELLER,
        "buyer": BUYER,
        "collection": REGISTRY,
        "creationId": 9,
        "asset": COIN,
        "price": 1_000,
        "referrer": FRIEND,
        "creator": CREATOR,
        "royalty": 50,
        "referral": 25,
        "fee": 10,
    }
    return record("CreationMarket", "SaleSettled", **{**values, **changes})


def settle(event: Record, **rows: Any) -> list[Effect]:
    return effects(event, market=MARKET_ROW, **rows)


def test_sale_settled_is_a_whole_trade_under_its_documents_id() -> None:
    made = settle(sale())
    (trade,) = puts(made, "trade")
    assert (trade["id"], trade["number"], trade["kind"]) == (OFFER, 0, "instant")
    assert (trade["state"], trade["reason"], trade["rest"]) == ("settled", "bought", 0)
    assert (trade["collection"], trade["creation_id"]) == (REGISTRY, creation_key(9))
    assert settled(made) == {"seller": 915, "royalty": 50, "referral": 25, "fee": 10}
    assert shares(made) == [
        ("seller", SELLER, 915),
        ("creator", CREATOR, 50),
        ("referrer", FRIEND, 25),
        ("community", COMMUNITY, 10),
    ]


@pytest.mark.parametrize(
    ("owner", "collection", "kind"),
    [
        (BUYER, REGISTRY, "voucher"),
        (SELLER, REGISTRY, "instant"),
        (None, REGISTRY, "instant"),
        (BUYER, TOKEN, "instant"),
    ],
)
def test_sale_settled_is_by_voucher_if_the_buyer_owns_the_work_before(
    owner: str | None, collection: str, kind: str
) -> None:
    made = settle(sale(collection=collection), creation={"owner": owner})
    (trade,) = puts(made, "trade")
    assert (trade["kind"], trade["reason"]) == (kind, "bought")


def test_sponsor_repaid_moves_the_sellers_money_and_leaves_the_settlement() -> None:
    values = {"documentId": TRADE, "sponsor": FRIEND, "amount": 33}
    made = effects(record("CreationMarket", "SponsorRepaid", **values), trade=trade_row())
    assert settled(made) == {}
    assert shares(made) == [("seller", SELLER, -33), ("sponsor", FRIEND, 33)]
    assert adds(made, "payout") == [
        ((SELLER, "CreationMarket", TOKEN, TRADE), {"owed": -33, "paid": -33}),
        ((FRIEND, "CreationMarket", TOKEN, TRADE), {"owed": 33, "paid": 33}),
    ]


@pytest.mark.parametrize(("asset", "credited"), [(COIN, 10), (TOKEN, 0)])
def test_sale_settled_credits_the_fee_in_coins_and_pays_it_in_tokens(
    asset: str, credited: int
) -> None:
    made = settle(sale(asset=asset))
    rows = [amounts for key, amounts in adds(made, "payout") if key[0] == COMMUNITY]
    assert sum(amounts["owed"] for amounts in rows if "owed" in amounts) == 10
    assert sum(amounts.get("credited", 0) for amounts in rows) == credited
    assert sum(amounts["amount"] for _, amounts in adds(made, "credit")) == credited


def test_sale_settled_with_several_creators_leaves_them_to_royalty_paid() -> None:
    made = settle(sale(creator=COIN))
    assert settled(made)["royalty"] == 50
    assert "creator" not in [role for role, _, _ in shares(made)]
    event = record("CreationMarket", "RoyaltyPaid", tradeId=OFFER, payee=CREATOR, amount=50)
    made = effects(event, taken={"times": 1}, trade=trade_row())
    assert adds(made, "settlement") == []
    assert shares(made) == [("creator", CREATOR, 50)]


def test_sale_settled_without_referrer_and_fee_owes_only_the_seller() -> None:
    made = settle(sale(referrer=COIN, creator=COIN, referral=0, fee=0, royalty=0))
    assert shares(made) == [("seller", SELLER, 1_000)]
    assert puts(made, "trade")[0]["referrer"] is None
    assert adds(made, "credit") == []


def test_sale_whose_parts_take_all_owes_the_seller_nothing() -> None:
    assert "seller" not in [role for role, _, _ in shares(settle(sale(price=85)))]


def test_sale_settled_fills_a_published_offer_and_no_other() -> None:
    row = {"id": OFFER, "state": "open", "units_left": 1}
    assert changes(settle(sale(), offer=row), "offer") == {
        "units_left": 0,
        "state": "filled",
        "ended_at": NOW,
    }
    assert changes(settle(sale(), offer={**row, "state": "cancelled"}), "offer") == {}
    assert changes(settle(sale()), "offer") == {}


def test_sale_settled_again_under_the_same_document_is_another_trade() -> None:
    (trade,) = puts(settle(sale(), taken={"times": 3}), "trade")
    assert (trade["id"], trade["number"]) == (OFFER, 3)


def test_sale_settled_for_a_bid_is_one() -> None:
    (bid,) = puts(
        effects(record("CreationMarket", "BidAccepted", bidId=OFFER, bidder=BUYER, seller=SELLER)),
        "bid",
    )
    assert (bid["bidder"], bid["seller"]) == (BUYER, SELLER)
    (trade,) = puts(settle(sale(), bid=bid), "trade")
    assert (trade["kind"], trade["reason"]) == ("bid", "accepted")


def test_swap_settled_names_both_creations() -> None:
    values = {"swapId": OFFER, "maker": SELLER, "taker": BUYER}
    given = {"givenCollection": REGISTRY, "givenId": HUGE}
    wanted = {"wantedCollection": TOKEN, "wantedId": 0}
    event = record("CreationMarket", "SwapSettled", **values, **given, **wanted)
    (row,) = puts(effects(event), "swap")
    assert (row["maker"], row["given_collection"], row["given_id"]) == (
        *(SELLER, REGISTRY, "0x" + "f" * 64),
    )
    assert (row["taker"], row["wanted_collection"], row["wanted_id"]) == (BUYER, TOKEN, ZERO)


# Delivered


def delivery(**changes: Any) -> dict[str, Any]:
    terms = {
        "seller": SELLER,
        "buyer": COIN,
        "creationId": 0,
        "tenure": HUGE,
        "asset": TOKEN,
        "price": 100,
        "units": 5,
        "expiry": NOW + 5,
        "shipSeconds": 3_600,
        "inspectSeconds": 86_400,
        "referralBps": 0,
        "arbiter": COIN,
        "arbiterFeeBps": 0,
        "rulingSeconds": 0,
        "silentSellerBps": 0,
        "parts": [],
        "details": ZERO,
        "nonce": HUGE,
    }
    return {**terms, **changes}


def test_offer_published_in_escrow_has_its_units_parts_and_arbiter() -> None:
    row = published("EscrowMarket", delivery(arbiter=ARBITER, parts=[40, 60], creationId=9))
    assert (row["kind"], row["units"], row["units_left"]) == ("delivered", 5, 5)
    assert (row["arbiter"], row["parts"]) == (ARBITER, "40,60")
    assert (row["collection"], row["creation_id"]) == (REGISTRY, creation_key(9))
    plain = published("EscrowMarket", delivery())
    assert [
        plain[name] for name in ("arbiter", "parts", "details", "creation_id", "collection")
    ] == [None] * 5


def test_offer_published_after_units_were_taken_by_signature_has_the_rest() -> None:
    assert published("EscrowMarket", delivery(), taken={"units": 2})["units_left"] == 3


def funded(**changes: Any) -> Record:
    terms = TradeTerms(3_600, 86_400, 60, 250, 300, 7_500, 2, (33, 67))
    trade = {
        "offerId": OFFER,
        "seller": SELLER,
        "buyer": BUYER,
        "referrer": COIN,
        "arbiter": ARBITER,
        "creationId": 0,
        "asset": COIN,
        "amount": 1_000,
        "terms": pack_terms(terms),
    }
    values = {
        "tradeId": TRADE,
        "offerId": OFFER,
        "buyer": BUYER,
        "trade": {**trade, **changes},
        "units": 2,
        "details": ZERO,
        "shipDeadline": NOW + 900,
    }
    return record("EscrowMarket", "EscrowFunded", **values)


def test_escrow_funded_waits_for_shipping_with_all_of_it() -> None:
    made = effects(funded(), market=MARKET_ROW)
    (trade,) = puts(made, "trade")
    assert (trade["kind"], trade["state"], trade["reason"]) == ("delivered", "funded", None)
    assert (trade["rest"], trade["units"], trade["parts"]) == (1_000, 2, "33,67")
    assert (trade["arbiter_fee_bps"], trade["silent_seller_bps"]) == (300, 7_500)
    assert (trade["deadline"], trade["referrer"], trade["collection"]) == (NOW + 900, None, None)
    assert adds(made, "settlement") == []
    assert adds(made, "taken") == [((OFFER,), {"times": 1, "units": 2})]


def test_escrow_funded_takes_its_units_off_a_published_offer() -> None:
    row = {"id": OFFER, "state": "open", "units_left": 3}
    assert changes(effects(funded(), offer=row), "offer") == {"units_left": 1}
    last = effects(funded(), offer={**row, "units_left": 2})
    assert changes(last, "offer") == {"units_left": 0, "state": "filled", "ended_at": NOW}


def test_escrow_funded_of_a_request_accepts_it_and_takes_no_money() -> None:
    made = effects(funded(), request={"id": OFFER})
    assert puts(made, "trade")[0]["kind"] == "requested"
    assert changes(made, "request") == {"state": "accepted", "trade_id": TRADE, "ended_at": NOW}
    assert adds(made, "taken") == []


def test_work_requested_is_open_and_retracted_goes_back() -> None:
    request = delivery(seller=COIN, buyer=BUYER, units=1)
    event = record("EscrowMarket", "WorkRequested", requestId=OFFER, buyer=BUYER, request=request)
    (row,) = puts(effects(event), "request")
    assert (row["state"], row["seller"], row["price"]) == ("open", None, 100)
    event = record("EscrowMarket", "RequestRetracted", requestId=OFFER, buyer=BUYER)
    made = effects(event, request=row)
    assert changes(made, "request") == {"state": "retracted", "ended_at": NOW}
    assert shares(made) == [("buyer", BUYER, 100)]


def test_escrow_shipped_waits_for_inspection() -> None:
    values = {"tradeId": TRADE, "shipment": ZERO, "inspectDeadline": NOW + 500}
    made = effects(record("EscrowMarket", "EscrowShipped", **values))
    assert changes(made, "trade") == {
        "state": "shipped",
        "shipped_at": NOW,
        "deadline": NOW + 500,
        "shipment": None,
    }


def in_escrow(event: str, trade: dict[str, Any], **values: Any) -> list[Effect]:
    event_ = record("EscrowMarket", event, tradeId=TRADE, **values)
    return effects(event_, trade=trade, market=MARKET_ROW)


@pytest.mark.parametrize(("reason", "word"), [(0, "confirmed"), (1, "inspection_timeout")])
def test_escrow_released_gives_the_seller_all_but_the_fee(reason: int, word: str) -> None:
    made = in_escrow("EscrowReleased", trade_row(rest=700, part=1), reason=reason, fee=7)
    assert settled(made) == {"seller": 693, "fee": 7}
    assert shares(made) == [("seller", SELLER, 693), ("community", COMMUNITY, 7)]
    (part,) = puts(made, "part")
    assert (part["number"], part["amount"], part["reason"]) == (1, 700, word)
    assert changes(made, "trade") == {
        "state": "settled",
        "reason": word,
        "rest": 0,
        "deadline": None,
        "ended_at": NOW,
        "ended_transaction": "0xfeed",
    }


def test_part_released_goes_on_with_the_next_part() -> None:
    values = {"part": 0, "reason": 0, "amount": 330, "fee": 3, "shipDeadline": NOW + 9}
    made = in_escrow("PartReleased", trade_row(), **values)
    assert settled(made) == {"seller": 327, "fee": 3}
    after = changes(made, "trade")
    assert (after["state"], after["rest"], after["part"]) == ("funded", 670, 1)
    assert (after["deadline"], after["shipped_at"]) == (NOW + 9, None)
    assert puts(made, "part")[0]["amount"] == 330


@pytest.mark.parametrize(("reason", "word"), [(2, "seller_refund"), (3, "ship_timeout")])
def test_escrow_refunded_gives_all_that_is_left_back(reason: int, word: str) -> None:
    made = in_escrow("EscrowRefunded", trade_row(rest=600), reason=reason)
    assert settled(made) == {"refund": 600}
    assert shares(made) == [("buyer", BUYER, 600)]
    assert (changes(made, "trade")["state"], changes(made, "trade")["reason"]) == ("refunded", word)


def test_escrow_disputed_is_about_what_is_left() -> None:
    made = in_escrow(
        "EscrowDisputed", trade_row(rest=600, part=2), arbiter=ARBITER, rulingDeadline=NOW + 60
    )
    (row,) = puts(made, "dispute")
    assert (row["trade_id"], row["part"], row["amount"], row["reason"]) == (TRADE, 2, 600, None)
    assert changes(made, "trade") == {
        "state": "disputed",
        "disputed_at": NOW,
        "deadline": NOW + 60,
    }


DIVIDED = {"toBuyer": 400, "arbiterFee": 30, "feeRecipient": FRIEND, "fee": 5}


@pytest.mark.parametrize(("reason", "word"), [(4, "ruled"), (5, "settled"), (6, "arbiter_silent")])
def test_escrow_divided_gives_each_their_part(reason: int, word: str) -> None:
    made = in_escrow(
        "EscrowDivided", trade_row(state="disputed", rest=900), reason=reason, **DIVIDED
    )
    assert settled(made) == {"seller": 465, "fee": 5, "refund": 400, "arbiter": 30}
    assert sum(settled(made).values()) == 900
    assert shares(made) == [
        ("seller", SELLER, 465),
        ("community", COMMUNITY, 5),
        ("buyer", BUYER, 400),
        ("arbiter", FRIEND, 30),
    ]
    ended = changes(made, "dispute")
    assert (ended["reason"], ended["to_seller"], ended["to_buyer"], ended["arbiter_fee"]) == (
        *(word, 470, 400, 30),
    )
    assert changes(made, "trade")["state"] == "divided"


@pytest.mark.parametrize(
    ("event", "values", "reason", "outcome"),
    [
        ("EscrowReleased", {"reason": 0, "fee": 1}, "confirmed", {"to_seller": 1_000}),
        (
            "PartReleased",
            {"reason": 0, "part": 0, "amount": 300, "fee": 1, "shipDeadline": 1},
            "confirmed",
            {"to_seller": 300},
        ),
        ("EscrowRefunded", {"reason": 2}, "seller_refund", {"to_buyer": 1_000}),
    ],
)
def test_a_dispute_ends_when_somebody_concedes(
    event: str, values: dict[str, Any], reason: str, outcome: dict[str, int]
) -> None:
    made = in_escrow(event, trade_row(state="disputed"), **values)
    assert changes(made, "dispute") == {"reason": reason, "ended_at": NOW, **outcome}
    calm = in_escrow(event, trade_row(state="funded"), **values)
    assert changes(calm, "dispute") == {}


def test_evidence_is_about_a_trade() -> None:
    values = {
        "arbitrator": ARBITER,
        "evidenceGroupID": 0xBB,
        "party": BUYER,
        "evidence": "ipfs://f0",
    }
    (row,) = puts(effects(record("EscrowMarket", "Evidence", **values)), "evidence")
    assert (row["trade_id"], row["party"], row["document"]) == (TRADE, BUYER, "ipfs://f0")


# Auctions


def auction_row(**changes: Any) -> dict[str, Any]:
    row = {"id": OFFER, "seller": SELLER, "asset": TOKEN, "bidder": None, "amount": 0, "bids": 0}
    return {**row, "collection": REGISTRY, "creation_id": creation_key(9), **changes}


def test_auction_opened_has_no_bid_yet() -> None:
    auction = {
        "seller": SELLER,
        "collection": TOKEN,
        "creationId": HUGE,
        "tenure": HUGE,
        "asset": COIN,
        "reserve": 5,
        "stepBps": 100,
        "endsAt": NOW + 50,
        "extensionSeconds": 10,
        "royaltyBpsMax": 0,
        "nonce": HUGE,
    }
    event = record("AuctionHouse", "AuctionOpened", auctionId=OFFER, seller=SELLER, auction=auction)
    (row,) = puts(effects(event), "auction")
    assert (row["state"], row["bidder"], row["amount"], row["bids"]) == ("open", None, 0, 0)
    assert (row["deadline"], row["creation_id"]) == (NOW + 50, "0x" + "f" * 64)


def test_auction_bid_is_the_highest_and_the_one_before_goes_back() -> None:
    values = {"auctionId": OFFER, "bidder": BUYER, "amount": 700, "deadline": NOW + 60}
    event = record("AuctionHouse", "AuctionBid", **values)
    first = effects(event, auction=auction_row())
    assert shares(first) == []
    assert puts(first, "auction_bid")[0]["amount"] == 700
    second = effects(event, auction=auction_row(bidder=FRIEND, amount=600, bids=1))
    assert shares(second) == [("bidder", FRIEND, 600)]
    assert changes(second, "auction") == {
        "bidder": BUYER,
        "amount": 700,
        "deadline": NOW + 60,
        "bids": 2,
    }


def test_auction_settled_is_a_trade() -> None:
    values = {"auctionId": OFFER, "winner": BUYER, "price": 700, "fee": 7}
    event = record("AuctionHouse", "AuctionSettled", **values)
    made = effects(event, auction=auction_row(bidder=BUYER, amount=700), market=MARKET_ROW)
    (trade,) = puts(made, "trade")
    assert (trade["kind"], trade["state"], trade["reason"]) == ("auction", "settled", "auctioned")
    assert (trade["seller"], trade["buyer"], trade["amount"]) == (SELLER, BUYER, 700)
    assert settled(made) == {"seller": 693, "fee": 7}
    assert adds(made, "credit") == [((COMMUNITY, "AuctionHouse", TOKEN), {"amount": 7})]
    assert changes(made, "auction") == {"state": "settled", "ended_at": NOW}


def test_auction_cancelled_ends_without_a_trade() -> None:
    made = effects(record("AuctionHouse", "AuctionCancelled", auctionId=OFFER, seller=SELLER))
    assert made == [Change("auction", (OFFER,), {"state": "cancelled", "ended_at": NOW})]


def test_creation_held_waits_until_it_is_retrieved() -> None:
    values = {"collection": TOKEN, "creationId": 9, "owner": BUYER}
    (row,) = puts(
        effects(record("AuctionHouse", "CreationHeld", auctionId=OFFER, **values)), "held_creation"
    )
    assert (row["owner"], row["auction_id"], row["retrieved_at"]) == (BUYER, OFFER, None)
    (change,) = effects(record("AuctionHouse", "CreationRetrieved", **values, to=FRIEND))
    taken = {"recipient": FRIEND, "retrieved_at": NOW}
    assert change == Change("held_creation", (TOKEN, creation_key(9)), taken)


# Desks


def test_a_desk_brings_a_trade_before_an_arbitrator_who_rules() -> None:
    made = effects(record("ArbitrationDesk", "MetaEvidence", metaEvidenceID=0, evidence="ipfs://b"))
    assert made == [Put("desk", {"address": MARKET, "meta_evidence": "ipfs://b"})]
    values = {"arbitrator": ARBITER, "disputeID": HUGE}
    group = {"metaEvidenceID": 0, "evidenceGroupID": 0xBB}
    (row,) = puts(effects(record("ArbitrationDesk", "Dispute", **values, **group)), "arbitration")
    assert (row["number"], row["trade_id"], row["ruling"]) == (HUGE, TRADE, None)
    (change,) = effects(record("ArbitrationDesk", "Ruling", **values, ruling=3))
    assert change == Change("arbitration", (MARKET, HUGE), {"ruling": 3, "ruled_at": NOW})


# Rewards


def posted(epoch: int, **changes: Any) -> Record:
    values = {"root": OFFER, "total": 9, "document": TRADE, "minted": 4, "claimableFrom": NOW + 5}
    return record("RewardPool", "RootPosted", epoch=epoch, **{**values, **changes})


def test_a_root_waits_and_may_be_stopped() -> None:
    (row,) = puts(effects(posted(7)), "reward_epoch")
    assert (row["number"], row["state"], row["root"], row["total"]) == (7, "posted", OFFER, 9)
    assert (row["minted"], row["claimable_from"], row["posted_at"]) == (4, NOW + 5, NOW)
    event = record("RewardPool", "RootStopped", epoch=7, reason=TRADE)
    made = effects(event, reward_epoch=row)
    assert changes(made, "reward_epoch") == {"state": "stopped"}
    (stop,) = puts(made, "reward_stop")
    assert (stop["epoch"], stop["root"], stop["reason"]) == (7, OFFER, TRADE)


def test_a_root_in_place_of_a_stopped_one_adds_what_it_minted() -> None:
    (before,) = puts(effects(posted(7)), "reward_epoch")
    (row,) = puts(effects(posted(7, minted=2), reward_epoch=before), "reward_epoch")
    assert (row["state"], row["minted"]) == ("posted", 6)


def test_claims_add_up() -> None:
    made = effects(record("RewardPool", "Claimed", account=BUYER, amount=HUGE))
    (row,) = puts(made, "reward_claim")
    assert (row["account"], row["amount"], row["claimed_at"]) == (BUYER, HUGE, NOW)
    assert adds(made, "rewarded") == [((BUYER,), {"amount": HUGE})]


def test_income_is_kept() -> None:
    values = {"asset": TOKEN, "rewards": 3, "treasury": 4}
    (row,) = puts(effects(record("RewardPool", "IncomeCollected", **values)), "reward_income")
    assert (row["asset"], row["rewards"], row["treasury"]) == (TOKEN, 3, 4)


@pytest.mark.parametrize("office", ["steward", "guardian"])
def test_offices_are_offered_taken_and_renounced(office: str) -> None:
    noun = f"{office.capitalize()}ship"
    made = effects(record("RewardPool", f"{noun}Offered", **{office: SELLER, "to": BUYER}))
    assert made == [Change("reward_office", (office,), {"offered_to": BUYER})]
    for holder, kept in ((BUYER, BUYER), (COIN, None)):
        event = record("RewardPool", f"{noun}Taken", **{"before": SELLER, office: holder})
        row = {"office": office, "holder": kept, "offered_to": None}
        assert effects(event) == [Put("reward_office", row)]


@pytest.mark.parametrize(
    ("contract", "event"),
    [
        ("CommunityToken", "Approval"),
        ("CommunityToken", "MinterNamed"),
        ("CommunityToken", "StewardshipOffered"),
        ("CommunityToken", "StewardshipTaken"),
        ("CreationRegistry", "Approval"),
        ("CreationRegistry", "ApprovalForAll"),
        ("CreationRegistry", "ContractURIUpdated"),
        *((market, "EIP712DomainChanged") for market in MARKETS),
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
