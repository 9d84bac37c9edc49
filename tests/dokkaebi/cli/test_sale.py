"""The commands of a sale: each one's success beside its refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from dokkaebi.chain import creation_market, escrow_market, lookup
from dokkaebi.chain.documents import creation_cid, parse_creation_id
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import save_manifest
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import COIN, MARKETS, Contract
from dokkaebi.chain.till import credits_of
from dokkaebi.cli.dealing import _approve_exactly
from dokkaebi.cli.output import Session
from dokkaebi.cli.sending import Steps
from dokkaebi.config import load_settings
from dokkaebi.deploy.artifacts import load_artifact
from dokkaebi.deploy.plan import Argument, init_code_of, keccak_text
from tests.dokkaebi.conftest import (
    BUYER,
    CREATOR,
    OPERATOR,
    REFERRER,
    STRANGER,
    TREASURY,
    Market,
    address,
)

ETH = 10**18


@pytest.fixture
def creation(market: Market, work: Path) -> str:
    """A creation of CREATOR's."""
    return market.publish(work)


@pytest.fixture
def instant(market: Market, creation: str) -> str:
    """An instant offer of it, for 0.05 ETH, with 10 % for whoever brings the buyer."""
    done = market.do("offer", "--creation", creation, "--price", "0.05", "--referral", "10")
    return str(done["offer"])


@pytest.fixture
def delivered(market: Market) -> str:
    """A delivered offer for 2 ETH: 7 days to ship, 3 to inspect."""
    words = ["--delivered", "--price", "2", "--ship-days", "7", "--inspect-days", "3"]
    return str(market.do("offer", *words)["offer"])


@pytest.fixture
def trade(market: Market, delivered: str) -> str:
    """The delivered offer, paid by BUYER."""
    return str(market.do("fund", delivered, key=BUYER)["trade"])


def acts(done: dict[str, Any]) -> list[str]:
    return [step["act"] for step in done["transactions"]]


# offer


def test_offer_approves_the_market_once(market: Market, creation: str) -> None:
    first = market.do("offer", "--creation", creation, "--price", "1")
    second = market.do("offer", "--creation", creation, "--price", "2")
    assert acts(first) == ["approve_creation", "offer"]
    assert acts(second) == ["offer"]
    assert creation_market.is_open(market.suite, first["offer"])


def test_offer_says_the_extra_transaction(market: Market, creation: str) -> None:
    answer = market.say("offer", "--creation", creation, "--price", "1")
    assert "one extra transaction" in answer.out
    assert "dokkaebi buy 0x" in answer.out


def test_offer_has_the_terms_asked_for(market: Market, tmp_path: Path) -> None:
    details = tmp_path / "details.md"
    details.write_text("a pot, 3 kg")
    done = market.do(
        "offer", "--delivered", "--price", "1.25", "--asset", "token", "--ship-days", "60",
        "--inspect-days", "30", "--details", details, "--referral", "50", "--expires-days", "365",
    )  # fmt: skip
    offer = escrow_market.find_offer(market.suite, done["offer"]).terms
    assert (offer.seller, offer.units, offer.creation_id) == (address(CREATOR), 1, 0)
    assert (offer.asset, offer.price) == (market.suite.token.address, 125 * 10**16)
    assert (offer.ship_seconds, offer.inspect_seconds) == (60 * 86_400, 30 * 86_400)
    assert offer.referral_bps == 5_000
    assert done["terms"]["details"] == "0x" + offer.details.hex() != "0x" + 64 * "0"


def test_offer_dry_run_sends_nothing(market: Market, creation: str) -> None:
    before = market.chain.block_number
    done = market.do("offer", "--creation", creation, "--price", "1", "--dry-run")
    assert acts(done) == ["approve_creation", "offer"]
    assert all(step["gas"] > 20_000 for step in done["transactions"])
    assert market.chain.block_number == before


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["--price", "1"], "offer_sells_nothing"),
        (["--creation", "CID", "--price", "1", "--ship-days", "3"], "offer_not_delivered"),
        (["--creation", "7", "--price", "1"], "creation_unknown"),
        (["--creation", "pot", "--price", "1"], "creation_id_wrong"),
        (["--creation", "CID", "--price", "0"], "Price_OutOfRange"),
        (["--creation", "CID", "--price", "9" * 30], "Price_OutOfRange"),
        (["--creation", "CID", "--price", "one"], "amount_wrong"),
        (["--creation", "CID", "--price", "0." + "1" * 19], "amount_too_fine"),
        (["--creation", "CID", "--price", "1", "--asset", "dogs"], "asset_unknown"),
        (["--creation", "CID", "--price", "1", "--referral", "50.01"], "Offer_ReferralTooHigh"),
        (["--creation", "CID", "--price", "1", "--expires-days", "0"], "usage_wrong"),
        (["--creation", "CID", "--price", "1", "--expires-days", "366"], "Expiry_OutOfRange"),
        (["--delivered", "--price", "1", "--ship-days", "61"], "Offer_ShipWindowOutOfRange"),
        (["--delivered", "--price", "1", "--ship-days", "0"], "Offer_ShipWindowOutOfRange"),
        (["--delivered", "--price", "1", "--inspect-days", "31"], "Offer_InspectWindowOutOfRange"),
        (["--delivered", "--price", "1", "--details", "none"], "file_missing"),
    ],
)
def test_offer_refuses_wrong_terms(
    market: Market, creation: str, options: list[str], key: str
) -> None:
    before = market.chain.block_number
    words = [creation if word == "CID" else word for word in options]
    assert market.error("offer", *words) == key
    assert market.chain.block_number == before


def test_offer_refuses_what_is_not_the_sellers(market: Market, creation: str) -> None:
    words = ["offer", "--creation", creation, "--price", "1"]
    assert market.error(*words, key=STRANGER) == "creation_not_yours"
    registry = market.suite.registry
    market.send(CREATOR, registry.address, registry.encode("burn", parse_creation_id(creation)))
    assert market.error(*words) == "creation_burnt"


# cancel


def test_cancel_takes_an_offer_back(market: Market, instant: str) -> None:
    assert market.do("cancel", instant)["offer"] == instant
    assert not creation_market.is_open(market.suite, instant)
    assert market.error("cancel", instant) == "Offer_NotOpen"


def test_cancel_is_the_sellers_alone(market: Market, instant: str) -> None:
    assert market.error("cancel", instant, key=STRANGER) == "Offer_NotSeller"


# buy


def test_buy_moves_the_creation_and_divides_the_price(
    market: Market, creation: str, instant: str
) -> None:
    before = market.chain.balance(address(CREATOR))
    earned = market.chain.balance(address(REFERRER))
    done = market.do("buy", instant, "--referrer", address(REFERRER), key=BUYER)
    split = {name: int(amount) for name, amount in done["split"].items()}
    assert split == {
        "seller": 445 * ETH // 10_000,
        "royalty": 0,
        "referral": 5 * ETH // 1_000,
        "fee": 5 * ETH // 10_000,
    }
    owner = market.suite.registry.call("ownerOf", parse_creation_id(creation))
    assert owner == address(BUYER)
    assert market.chain.balance(address(CREATOR)) == before + split["seller"]
    assert market.chain.balance(address(REFERRER)) == earned + split["referral"]


def test_buy_shows_the_split_first(market: Market, instant: str) -> None:
    said = market.say("buy", instant, key=BUYER).out
    assert said.index("to the community") < said.index("Buy: transaction")
    assert "0.0005 ETH" in said


def test_buy_takes_the_beginning_of_an_id(market: Market, instant: str) -> None:
    assert market.do("buy", instant[:8], "--dry-run", key=BUYER)["offer"] == instant
    assert market.error("buy", instant[:7], key=BUYER) == "id_wrong"


def test_buy_pays_royalty_on_a_resale(market: Market, creation: str, instant: str) -> None:
    market.do("buy", instant, key=BUYER)
    resale = market.do("offer", "--creation", creation, "--price", "1", key=BUYER)["offer"]
    earned = market.chain.balance(address(CREATOR))
    split = market.do("buy", resale, key=STRANGER)["split"]
    assert int(split["royalty"]) == ETH * 5 // 100
    assert market.chain.balance(address(CREATOR)) == earned + ETH * 5 // 100


def test_buy_in_tokens_approves_exactly_the_price(market: Market, creation: str) -> None:
    words = ["--creation", creation, "--price", "3", "--asset", "token"]
    offer = market.do("offer", *words)["offer"]
    market.give_tokens(BUYER, 5 * ETH)
    token, spender = market.suite.token, market.suite.creation_market.address
    dry = market.do("buy", offer, "--dry-run", key=BUYER)
    assert acts(dry) == ["approve_token", "buy"]
    assert [step["gas"] is None for step in dry["transactions"]] == [False, True]
    assert token.call("allowance", address(BUYER), spender) == 0
    assert acts(market.do("buy", offer, key=BUYER)) == ["approve_token", "buy"]
    assert token.call("allowance", address(BUYER), spender) == 0
    assert token.call("balanceOf", address(BUYER)) == 2 * ETH


def test_buy_in_tokens_uses_an_approval_that_is_there(market: Market, creation: str) -> None:
    offer = market.do("offer", "--creation", creation, "--price", "3", "--asset", "token")["offer"]
    market.give_tokens(BUYER, 5 * ETH)
    token = market.suite.token
    data = token.encode("approve", market.suite.creation_market.address, 4 * ETH)
    market.send(BUYER, token.address, data)
    assert acts(market.do("buy", offer, key=BUYER)) == ["buy"]


def test_buy_needs_the_tokens_before_it_approves(market: Market, creation: str) -> None:
    offer = market.do("offer", "--creation", creation, "--price", "3", "--asset", "token")["offer"]
    market.give_tokens(BUYER, 2 * ETH)
    before = market.chain.block_number
    assert market.error("buy", offer, key=BUYER) == "tokens_too_few"
    assert market.chain.block_number == before


def test_token_offers_are_checked_before_the_approval(market: Market, creation: str) -> None:
    """Nobody pays for an approval of an offer that can't be taken."""
    words = ["--creation", creation, "--price", "3", "--asset", "token", "--expires-days", "1"]
    offer = market.do("offer", *words)["offer"]
    market.give_tokens(BUYER, 5 * ETH)
    market.give_tokens(CREATOR, 5 * ETH)
    before = market.chain.block_number
    assert market.error("buy", offer, key=CREATOR) == "Buyer_IsSeller"
    registry = market.suite.registry
    revoke = registry.encode("approve", COIN, parse_creation_id(creation))
    market.send(CREATOR, registry.address, revoke)
    assert market.error("buy", offer, key=BUYER) == "seller_withdrew_approval"
    market.pass_days(2)
    assert market.error("buy", offer, key=BUYER) == "Document_Expired"
    assert market.chain.block_number == before + 2


def test_buy_refusals(market: Market, creation: str, instant: str, delivered: str) -> None:
    assert market.error("buy", "0x" + 64 * "1", key=BUYER) == "offer_unknown"
    assert market.error("buy", "0x123456", key=BUYER) == "offer_unknown"
    assert market.error("buy", "pot", key=BUYER) == "id_wrong"
    assert market.error("buy", delivered, key=BUYER) == "offer_is_delivered"
    assert market.error("fund", instant, key=BUYER) == "offer_is_instant"
    assert market.error("buy", instant, key=CREATOR) == "Buyer_IsSeller"
    himself = ["--referrer", address(BUYER)]
    assert market.error("buy", instant, *himself, key=BUYER) == "Referrer_NotAllowed"
    assert market.error("buy", instant, "--referrer", "me", key=BUYER) == "address_wrong"
    market.do("buy", instant, key=BUYER)
    assert market.error("buy", instant, key=STRANGER) == "Offer_NotOpen"


def test_buy_refuses_an_offer_of_an_earlier_tenure(market: Market, creation: str) -> None:
    cheap = market.do("offer", "--creation", creation, "--price", "0.001")["offer"]
    dear = market.do("offer", "--creation", creation, "--price", "1")["offer"]
    market.do("buy", dear, key=BUYER)
    assert market.error("buy", cheap, key=STRANGER) == "Creation_Moved"


def test_buy_refuses_after_the_expiry(market: Market, instant: str) -> None:
    market.pass_days(31)
    assert market.error("buy", instant, key=BUYER) == "Document_Expired"


def test_buy_needs_coins_for_price_and_gas(market: Market, creation: str) -> None:
    offer = market.do("offer", "--creation", creation, "--price", "1000")["offer"]
    assert market.error("buy", offer, key="test:18") == "coins_too_few"


def test_ids_that_begin_alike_are_told(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real ids that share six digits would take thousands of offers."""
    for price in (1, 2):
        market.do("offer", "--delivered", "--price", price)
    real = lookup.logs_of

    def alike(*arguments: Any) -> list[Any]:
        logs = real(*arguments)
        for number, log in enumerate(logs):
            log["topics"][1] = "0x123456" + f"{number:058x}"
        return logs

    monkeypatch.setattr(lookup, "logs_of", alike)
    assert market.error("buy", "0x123456", key=BUYER) == "id_ambiguous"


# fund


def test_fund_puts_the_price_into_escrow(market: Market, delivered: str) -> None:
    done = market.do("fund", delivered, "--referrer", address(REFERRER), key=BUYER)
    assert market.chain.balance(market.suite.escrow_market.address) == 2 * ETH
    state = escrow_market.trade_state(market.suite, done["trade"])
    assert state == (1, done["ship_deadline"], 0)


def test_fund_says_how_to_get_the_money_back(market: Market, delivered: str) -> None:
    answer = market.say("fund", delivered, key=BUYER)
    assert "claim-timeout 0x" in answer.out


def test_fund_holds_the_certificate(market: Market, creation: str) -> None:
    words = ["--delivered", "--price", "1", "--creation", creation]
    offer = market.do("offer", *words)["offer"]
    trade = market.do("fund", offer, key=BUYER)["trade"]
    registry, number = market.suite.registry, parse_creation_id(creation)
    assert registry.call("ownerOf", number) == market.suite.escrow_market.address
    market.do("confirm", trade, key=BUYER)
    assert registry.call("ownerOf", number) == address(BUYER)


def test_fund_dry_run_sends_nothing(market: Market, delivered: str) -> None:
    before = market.chain.block_number
    done = market.do("fund", delivered, "--dry-run", key=BUYER)
    assert (done["trade"], acts(done)) == (None, ["fund"])
    assert market.chain.block_number == before


def test_fund_refuses_a_taken_offer(market: Market, delivered: str, trade: str) -> None:
    assert market.error("fund", delivered, key=STRANGER) == "Offer_NotOpen"


# ship, confirm, refund, claim-timeout


def test_ship_and_confirm_pay_the_seller(market: Market, trade: str, tmp_path: Path) -> None:
    slip = tmp_path / "slip.txt"
    slip.write_text("parcel 7")
    shipped = market.do("ship", trade, "--document", slip)
    state = escrow_market.trade_state(market.suite, trade)
    assert state == (2, shipped["inspect_deadline"], 0)
    before = market.chain.balance(address(CREATOR))
    done = market.do("confirm", trade, key=BUYER)
    assert (done["outcome"], done["reason"]) == ("released", "confirmed")
    assert market.chain.balance(address(CREATOR)) == before + 198 * ETH // 100


def test_confirm_takes_the_offers_id_too(market: Market, delivered: str, trade: str) -> None:
    assert market.do("confirm", delivered, "--dry-run", key=BUYER)["trade"] == trade


def test_refund_pays_the_buyer_back(market: Market, trade: str) -> None:
    before = market.chain.balance(address(BUYER))
    done = market.do("refund", trade)
    assert (done["outcome"], done["reason"]) == ("refunded", "seller_refund")
    assert market.chain.balance(address(BUYER)) == before + 2 * ETH
    assert "went back to the buyer" not in market.say("refund", trade).out


def test_claim_timeout_before_shipping_refunds(market: Market, trade: str) -> None:
    assert market.error("claim-timeout", trade, key=STRANGER) == "Trade_DeadlineNotPassed"
    market.pass_days(7.1)
    assert market.error("ship", trade) == "Trade_DeadlinePassed"
    done = market.do("claim-timeout", trade, key=STRANGER)
    assert (done["outcome"], done["reason"]) == ("refunded", "ship_timeout")


def test_claim_timeout_after_shipping_pays(market: Market, trade: str) -> None:
    market.do("ship", trade)
    market.pass_days(3.1)
    done = market.do("claim-timeout", trade, key=STRANGER)
    assert (done["outcome"], done["reason"]) == ("released", "inspection_timeout")


@pytest.mark.parametrize(
    ("act", "key", "error"),
    [
        ("ship", BUYER, "Trade_NotSeller"),
        ("refund", BUYER, "Trade_NotSeller"),
        ("confirm", CREATOR, "Trade_NotBuyer"),
        ("confirm", STRANGER, "Trade_NotBuyer"),
    ],
)
def test_someone_elses_trade_is_refused(
    market: Market, trade: str, act: str, key: str, error: str
) -> None:
    assert market.error(act, trade, key=key) == error


@pytest.mark.parametrize("act", ["ship", "confirm", "refund", "claim-timeout"])
def test_an_ended_trade_is_refused(market: Market, trade: str, act: str) -> None:
    market.do("refund", trade)
    assert market.error(act, trade) == "Trade_StateWrong"


def test_an_unknown_trade_is_refused(market: Market, instant: str) -> None:
    for act in ("ship", "confirm", "refund", "claim-timeout"):
        assert market.error(act, "0x" + 64 * "1") == "trade_unknown"
        assert market.error(act, instant) == "trade_unknown"
        assert market.error(act, "trade") == "id_wrong"


@pytest.mark.parametrize("act", ["ship", "refund"])
def test_dry_run_of_an_act_sends_nothing(market: Market, trade: str, act: str) -> None:
    before = market.chain.block_number
    assert acts(market.do(act, trade, "--dry-run")) == [act]
    assert market.chain.block_number == before


def test_shipping_twice_is_refused(market: Market, trade: str) -> None:
    market.do("ship", trade)
    assert market.error("ship", trade) == "Trade_StateWrong"


# withdraw


@pytest.fixture
def older(market: Market, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Market:
    """Markets as they were before the reward pool: their fees wait for TREASURY."""
    sender = Sender(market.chain, open_key(OPERATOR, market.chain.chain_id))
    registry, manifest = market.suite.registry.address, market.suite.manifest
    contracts = dict(manifest.contracts)
    for name in MARKETS:
        arguments: dict[str, Argument] = {
            "registry": registry,
            "feeRecipient": address(TREASURY),
            "feeBps": 100,
        }
        made = sender.create(init_code_of(load_artifact(name), arguments))["contractAddress"]
        code = keccak_text(market.chain.code(made))
        contracts[name] = replace(contracts[name], address=made, runtime_code_hash=code)
    path = tmp_path / "older.json"
    save_manifest(path, replace(manifest, contracts=contracts))
    return Market(market.chain, path, capsys)


@pytest.fixture
def fees(older: Market, work: Path) -> Market:
    """Fees in coins and tokens wait for TREASURY, in two markets."""
    creation = older.publish(work)
    for price, *asset in (("2",), ("3", "--asset", "token")):
        offer = older.do("offer", "--delivered", "--price", price, *asset)["offer"]
        older.give_tokens(BUYER, 3 * ETH)
        older.do("confirm", older.do("fund", offer, key=BUYER)["trade"], key=BUYER)
    sold = older.do("offer", "--creation", creation, "--price", "1")["offer"]
    older.do("buy", sold, key=BUYER)
    return older


def test_withdraw_shows_what_waits(fees: Market) -> None:
    before = fees.chain.block_number
    credits = fees.do("withdraw", key=TREASURY)["credits"]
    assert {c["symbol"]: c["amount"] for c in credits} == {
        "ETH": str(3 * ETH // 100),
        "DKB": str(3 * ETH // 100),
    }
    answer = fees.say("withdraw", key=TREASURY)
    assert "0.03 ETH" in answer.out
    assert "0.03 DKB" in answer.out
    assert fees.chain.block_number == before


def test_withdraw_collects_one_or_all(fees: Market) -> None:
    treasury = address(TREASURY)
    done = fees.do("withdraw", "--asset", "token", "--to", address(STRANGER), key=TREASURY)
    assert done["withdrawn"] == {fees.suite.token.address: str(3 * ETH // 100)}
    assert fees.suite.token.call("balanceOf", address(STRANGER)) == 3 * ETH // 100
    assert len(fees.do("withdraw", "--asset", "all", key=TREASURY)["transactions"]) == 2
    assert fees.suite.creation_market.call("creditOf", COIN, treasury) == 0
    assert fees.do("withdraw", key=TREASURY)["credits"] == []
    assert fees.error("withdraw", "--asset", "eth", key=TREASURY) == "Credit_Empty"


def test_withdraw_refusals(fees: Market) -> None:
    words = ["withdraw", "--asset", "eth", "--to"]
    assert fees.error(*words, COIN, key=TREASURY) == "Recipient_NotAllowed"
    assert fees.error(*words, "me", key=TREASURY) == "address_wrong"
    assert fees.error("withdraw", "--to", address(BUYER), key=TREASURY) == "withdraw_what"
    token = ["withdraw", "--asset", "token", "--to", address(BUYER)]
    assert fees.error("withdraw", "--asset", "dogs", key=TREASURY) == "asset_unknown"
    assert acts(fees.do(*token, "--dry-run", key=TREASURY)) == ["withdraw"]


def test_withdraw_finds_payments_that_failed(market: Market, instant: str) -> None:
    """The referrer is a contract that takes no coins."""
    referrer = market.suite.registry.address
    market.do("buy", instant, "--referrer", referrer, key=BUYER)
    [credit] = credits_of(market.suite, referrer)
    assert (credit.asset, credit.amount) == (COIN, 5 * ETH // 1000)
    assert credits_of(market.suite, address(CREATOR)) == []


# The rest


def test_offer_published_elsewhere_can_be_bought(market: Market, creation: str) -> None:
    """An offer of another tool, with windows in seconds and no expiry of ours."""
    suite = market.suite
    number = parse_creation_id(creation)
    market.send(
        CREATOR,
        suite.registry.address,
        suite.registry.encode("approve", suite.creation_market.address, number),
    )
    expiry = int(market.chain.block()["timestamp"], 16) + 1_000
    terms = creation_market.new_offer(suite, address(CREATOR), number, 1, expiry=expiry)
    call = creation_market.publish(suite, terms)
    market.send(CREATOR, call.to, call.data)
    offer = "0x" + suite.creation_market.call("hashOffer", terms).hex()
    assert int(market.do("buy", offer, key=BUYER)["split"]["seller"]) == 1
    assert creation_cid(number) == creation


# Tokens that the market doesn't know


def deployed(market: Market, name: str) -> Contract:
    """A token of contracts/mocks, with 10 whole ones for BUYER."""
    artifact = load_artifact(name)
    sender = Sender(market.chain, open_key(STRANGER, market.chain.chain_id))
    where = to_checksum_address(sender.create(artifact.init_code)["contractAddress"])
    token = Contract(market.chain, name, where, artifact.abi)
    market.send(STRANGER, where, token.encode("mint", address(BUYER), 10 * ETH))
    return token


def test_any_token_can_be_asked_for(market: Market, creation: str) -> None:
    token = deployed(market, "MockToken")
    words = ["--creation", creation, "--price", "2.5", "--asset", token.address.lower()]
    offer = market.do("offer", *words)["offer"]
    assert "2.5 MOCK" in market.say("show", offer).out
    market.do("buy", offer, key=BUYER)
    assert token.call("balanceOf", address(CREATOR)) == 2_475 * ETH // 1_000
    assert token.call("balanceOf", market.suite.pool.call("PURSE")) == 25 * ETH // 1_000


def test_a_token_without_decimals_is_refused(market: Market) -> None:
    token = deployed(market, "MockNoReturnToken")
    words = ["offer", "--delivered", "--price", "1", "--asset", token.address]
    assert market.error(*words) == "asset_no_token"


@pytest.mark.parametrize("before", [0, 1])
def test_an_allowance_changes_by_way_of_zero_where_it_must(market: Market, before: int) -> None:
    from dokkaebi.chain.assets import Asset

    token, place = deployed(market, "MockNoReturnToken"), market.suite.escrow_market
    spender, asset = place.address, Asset(token.address, "MOCK", 18)
    market.send(BUYER, token.address, token.encode("approve", spender, before))
    flags = {"rpc": market.chain.url, "manifest": market.manifest, "key": BUYER}
    for dry_run in (True, False):
        session = Session(load_settings(**flags), as_json=True, dry_run=dry_run)
        steps = Steps(session)
        _approve_exactly(session, steps, place, asset, 5, allowed=before)
        assert len(steps.listed) == 1 + before
        assert token.call("allowance", address(BUYER), spender) == (before if dry_run else 5)
