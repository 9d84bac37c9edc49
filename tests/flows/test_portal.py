"""From what people wrote to tokens that they spend: an epoch of the portal, command by command, on
a chain of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain import creation_market, reward_pool
from dokkaebi.chain.keys import TEST_ADDRESSES, open_key
from dokkaebi.chain.node import start_node
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.suite import COIN
from dokkaebi.chain.till import sign_permit
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.portal.epoch import canonical, claim_of, read_document
from dokkaebi.portal.rules import DEFAULT
from dokkaebi.texts import set_language
from tests.dokkaebi.conftest import (
    BUYER,
    CREATOR,
    DAY,
    OPERATOR,
    REFERRER,
    STRANGER,
    TREASURY,
    Market,
    address,
)

TOKENS = 10**18
SITE = "club.example"


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with start_node("ganache") as node:
        yield connect(node.url)


@pytest.fixture(scope="module")
def manifest_file(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite."""
    path = tmp_path_factory.mktemp("deployment") / "1337.json"
    key = open_key(OPERATOR, chain.chain_id)
    spec = load_market_spec().with_fee_recipient(address(TREASURY))
    spec = spec.with_guardian(address(TREASURY))
    rewards = replace(spec.rewards, opening_allowance=1_000 * TOKENS, opening_epochs=10)
    spec = replace(spec, rewards=rewards)
    deploy_market(chain, key, spec, network="tests", manifest_path=path)
    return path


class Community:
    """A market whose members write, link their wallets and trade."""

    def __init__(self, market: Market, folder: Path) -> None:
        self.market, self.suite, self.folder = market, market.suite, folder
        self.terms = reward_pool.terms(self.suite)
        self.rules, self.database = folder / "rules.toml", folder / "ledger.sqlite3"
        self.options = ("--folder", folder / "portal", "--rules", self.rules)
        self.books = ("--database", self.database)
        state = reward_pool.state(self.suite)
        self.steward, self.guardian = (
            f"test:{TEST_ADDRESSES['test'].index(who)}" for who in (state.steward, state.guardian)
        )
        text = DEFAULT.read_text("utf-8").replace(
            '"0x' + 40 * "0" + '"', f'"{address(OPERATOR).lower()}"'
        )
        for old, new in (
            ("age_start_bps = 2500", "age_start_bps = 10000"),
            ("threshold_points = 20", "threshold_points = 1"),
            ("payout_min = 1000000000000000000", "payout_min = 100000000000000000"),
        ):
            assert old in text
            text = text.replace(old, new)
        self.rules.write_text(text, "utf-8")

    def gather(self) -> None:
        """Two write and praise; both link their wallets."""
        at = datetime.fromtimestamp(self.terms.start - 60, UTC).isoformat()
        rows: list[dict[str, Any]] = [
            {"kind": "WRITE", "id": 1, "author": "nabi", "text": "how to fire a pot"},
            {"kind": "LIKE", "id": 2, "author": "gom", "target": 1},
            {"kind": "COMMENT", "id": 3, "author": "gom", "target": 1, "text": "it held"},
        ]
        path = self.folder / "club.jsonl"
        lines = (json.dumps({**row, "at": at, "source": SITE}) for row in rows)
        path.write_text("\n".join(lines), "utf-8")
        found = self.bare("import", path, *self.options)["files"][0]
        assert (found["new"], found["skipped"]) == ({"WRITE": 1, "LIKE": 1, "COMMENT": 1}, [])
        for name, key in (("nabi", STRANGER), ("gom", BUYER)):
            link = self.folder / f"{name}.json"
            words = ("sign-link", f"{name}@{SITE}", "--output", link, *self.options)
            self.market.do("portal", *words, key=key)
            self.market.do("portal", "attest", link, "--rules", self.rules, key=OPERATOR)
            assert self.bare("link", link, *self.options)["new"]

    def trade(self) -> None:
        """CREATOR sells a work to BUYER, for a fee of 0.01 coins."""
        creation = self.publish("pot")
        offer = self.market.do("offer", "--creation", creation, "--price", "1")["offer"]
        assert self.market.do("buy", offer, key=BUYER)["split"]["fee"] == str(10**16)

    def publish(self, name: str) -> str:
        path = self.folder / f"{name}.svg"
        path.write_text(f"<svg xmlns='http://www.w3.org/2000/svg'><title>{name}</title></svg>")
        return self.market.publish(path)

    def end_epoch(self) -> None:
        """The epoch passes, and nothing in it can change any more."""
        self.market.pass_days(self.terms.epoch_seconds / DAY)
        self.market.pass_days(0)
        self.index()

    def index(self) -> None:
        self.do("index", "--finality", 1, *self.books)

    def close(self, *words: object) -> Path:
        told = self.do("portal", "close", *words, *self.books, *self.options)
        return Path(told["document"])

    def post(self, document: Path, *words: object) -> tuple[object, ...]:
        return ("portal", "post", document, *words, *self.books, *self.options)

    def status(self, *accounts: str) -> Any:
        return self.do("portal", "status", *accounts, "--folder", self.folder / "portal")

    def do(self, *words: object) -> Any:
        """A command that signs nothing."""
        return self.market.do(*words, key=None)

    def bare(self, *words: object) -> Any:
        """A command of the portal that needs no chain."""
        answer = self.market.bare("portal", *words, "--json")
        assert answer.code == 0, answer
        return answer.json

    def be_at(self, moment: int) -> None:
        """Makes a block with a time."""
        self.market.chain.raw("evm_mine", [moment])
        assert int(self.market.chain.block()["timestamp"], 16) == moment


@pytest.fixture
def community(
    chain: Chain,
    manifest_file: Path,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Community]:
    for name in os.environ:
        if name.startswith("DOKKAEBI_") or name in {"LC_ALL", "LC_MESSAGES", "LANG"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DOKKAEBI_DOCUMENTS", str(tmp_path / "documents"))
    monkeypatch.chdir(tmp_path)
    set_language(None)
    snapshot = chain.raw("evm_snapshot")
    yield Community(Market(chain, manifest_file, capsys), tmp_path)
    chain.raw("evm_revert", [snapshot])


@pytest.fixture
def epoch(community: Community) -> Path:
    """The document of the first epoch."""
    community.gather()
    community.trade()
    community.end_epoch()
    return community.close(1)


def test_a_root_counts_from_the_end_of_its_window_on(community: Community, epoch: Path) -> None:
    market, suite = community.market, community.suite
    made = read_document(epoch)
    # 0.01 coins are 10 tokens; three quarters come back, half of that of the buyer's praise:
    # 20 parts for who sold to her, 1 + 3 for whose text she liked and commented.
    assert dict(made["accounts"]) == {
        address(CREATOR).lower(): str(3_125 * 10**15),
        address(STRANGER).lower(): str(625 * 10**15),
    }
    assert (made["start"], made["end"]) == reward_pool.epoch_bounds(community.terms, 1)
    assert int(made["budget"]) == reward_pool.budget(suite, 1)

    # A root that is stopped never counts; posted again it waits again.
    claim = ("portal", "claim", epoch)
    assert market.error(*claim, "--all") == "portal_claim_other"
    market.do(*community.post(epoch), key=community.steward)
    market.do("portal", "stop", "the rules weren't agreed on", key=community.guardian)
    assert community.status()["pending"] is None
    posted = market.do(*community.post(epoch), key=community.steward)
    counts = posted["claimable_from"]
    assert community.status()["pending"]["claimable_from"] == counts

    mine = claim_of(made, address(CREATOR))
    call = suite.pool.encode("claim", mine.account, mine.cumulative, mine.proof)
    community.be_at(counts - 1)
    assert market.error(*claim, "--all", key=REFERRER) == "portal_claim_waits"
    assert community.status()["active"] is None
    with pytest.raises(Reverted, match="tree"):
        market.send(REFERRER, suite.pool.address, call)


def test_what_is_paid_is_spent_by_permit(community: Community, epoch: Path) -> None:
    market, suite, token = community.market, community.suite, community.suite.token
    posted = market.do(*community.post(epoch), key=community.steward)
    counts = posted["claimable_from"]
    claim = ("portal", "claim", epoch)
    community.be_at(counts)
    wallets = (address(CREATOR), address(STRANGER), address(BUYER))
    due = {address(CREATOR): 3_125, address(STRANGER): 625, address(BUYER): 0}
    said = community.status(*wallets)
    assert said["claimable"] == {who: str(amount * 10**15) for who, amount in due.items()}
    assert (said["active"]["epoch"], said["pending"]) == (1, None)

    # A stranger to it all claims for others; each once.
    priced = market.do(*claim, address(STRANGER), "--dry-run", key=REFERRER)
    assert priced["dry_run"]
    assert token.call("balanceOf", address(STRANGER)) == 0
    assert market.error(*claim, address(BUYER)) == "portal_nothing_to_claim"
    first = market.do(*claim, address(STRANGER), key=REFERRER)
    assert first["claimed"] == {address(STRANGER).lower(): str(625 * 10**15)}
    rest = market.do(*claim, "--all", key=REFERRER)
    assert rest["claimed"] == {address(CREATOR).lower(): str(3_125 * 10**15)}
    assert rest["skipped"] == 1
    again = market.do(*claim, "--all", key=REFERRER)
    assert (again["claimed"], again["skipped"], again["transactions"]) == ({}, 2, [])
    paid = str(3_750 * 10**15)
    assert community.status(*wallets)["paid"] == paid

    # The tokens buy a work at once, by permit, for its price and not a unit more.
    price, buyer = 6 * 10**17, open_key(STRANGER, market.chain.chain_id)
    creation = community.publish("bowl")
    words = ("--creation", creation, "--price", "0.6", "--asset", "token")
    offer = creation_market.find_offer(suite, market.do("offer", *words)["offer"]).terms
    earned = creation_market.split_of(suite, offer).seller
    deadline = int(market.chain.block()["timestamp"], 16) + DAY
    permit = sign_permit(suite, buyer, token.address, suite.creation_market, price, deadline)
    assert permit is not None
    before = token.call("balanceOf", address(CREATOR))
    market.send(STRANGER, *creation_market.buy(suite, offer, permit=permit))
    assert token.call("balanceOf", address(CREATOR)) == before + earned
    assert token.call("balanceOf", address(STRANGER)) == 25 * 10**15
    assert suite.registry.call("ownerOf", offer.creation_id) == address(STRANGER)

    # The books know all of it, and agree with the chain.
    community.index()
    assert community.do("audit", *community.books)["passes"]
    assert community.do("report", "--check", *community.books)["balances_match"]

    # The report has the cost of the pool beside the fees, and who got it.
    told = community.do("report", "rewards-by-epoch", "rewards-by-account", *community.books)
    cost = {(row["epoch"], row["asset"]): row for row in told["rewards_by_epoch"]}
    assert cost[1, COIN]["fees"] == str(10**16)
    first, second = (cost[epoch, token.address] for epoch in (1, 2))
    assert (first["state"], first["granted"], first["claimed"]) == ("claimable", paid, "0")
    assert (second["state"], second["claimed"]) == ("running", paid)
    assert second["fees"] == str(6 * 10**15)
    assert [(row["account"], row["amount"]) for row in told["rewards_by_account"]] == [
        (address(CREATOR), str(3_125 * 10**15)),
        (address(STRANGER), str(625 * 10**15)),
    ]
    page = ("report", "--format", "html", "--output", "page.html", *community.books)
    community.do(*page, "--portal", community.folder / "portal")
    text = Path("page.html").read_text("utf-8")
    assert f"nabi@{SITE}" in text
    assert 'id="portal"' in text
    community.do(*page)
    assert 'id="portal"' not in Path("page.html").read_text("utf-8")
    empty = community.folder / "empty"
    assert market.error(*page, "--portal", empty, key=None) == "report_portal_empty"


def test_what_does_not_fit_is_not_posted(community: Community, epoch: Path) -> None:
    market, suite = community.market, community.suite
    made = read_document(epoch)

    def changed(**values: object) -> Path:
        path = epoch.parent / "changed.json"
        path.write_bytes(canonical({**made, **values}))
        return path

    def refused(path: Path, key: str = community.steward) -> str:
        return market.error(*community.post(path), key=key)

    assert refused(changed(paid="1")) == "portal_post_differs"
    assert refused(changed(root="0x" + 64 * "1")) == "portal_post_differs"
    assert refused(changed(pool=address(BUYER).lower())) == "portal_other_pool"
    assert refused(changed(chainId=1)) == "portal_other_pool"
    assert refused(changed(end=made["end"] - 1)) == "portal_post_end"
    budget = reward_pool.budget(suite, 1)
    assert refused(changed(total=str(budget + 1))) == "portal_post_budget"
    assert refused(changed(total=str(budget))) == "portal_post_differs"
    assert refused(epoch, key=STRANGER) == "Steward_Required"
    words = ("portal", "close", 2, *community.books, *community.options)
    assert market.error(*words, key=None) == "portal_epoch_open"

    priced = market.do(*community.post(epoch, "--dry-run"), key=community.steward)
    assert (priced["dry_run"], priced["claimable_from"]) == (True, None)
    assert community.status()["pending"] is None
    market.do(*community.post(epoch), key=community.steward)
    assert refused(epoch) == "Root_Pending"
    assert market.error("portal", "stop", "no-such-file", key=community.guardian) == "file_missing"
    assert market.error("portal", "stop", "for no reason", key=STRANGER) == "Guardian_Required"
    reason = community.folder / "reason.txt"
    reason.write_text("a ring of puppets", "utf-8")
    by_file = market.do("portal", "stop", reason, "--dry-run", key=community.guardian)
    by_text = market.do("portal", "stop", "a ring of puppets", key=community.guardian)
    assert by_file["reason"] == by_text["reason"]
    assert market.error("portal", "stop", reason, key=community.guardian) == "Root_NotPending"


def test_what_arrived_is_divided(community: Community) -> None:
    market, suite = community.market, community.suite
    purse, treasury = community.terms.purse, community.terms.treasury
    wired = suite.creation_market.call("FEE_RECIPIENT") == purse
    community.trade()
    market.send(OPERATOR, *suite.token.prepare("transfer", purse, 9))
    market.send(OPERATOR, purse, value=11)
    before = suite.token.call("balanceOf", treasury), market.chain.balance(treasury)
    collect = ("portal", "collect")
    assert market.do(*collect, "--dry-run", key=REFERRER)["dry_run"]
    assert reward_pool.state(suite).income == 0
    done = market.do(*collect, key=REFERRER)
    assert done["divided"] == [COIN, suite.token.address]
    income = 9 * community.terms.share_bps // 10_000
    assert reward_pool.state(suite).income == income
    fee = 10**16 if wired else 0
    after = suite.token.call("balanceOf", treasury), market.chain.balance(treasury)
    assert after == (before[0] + 9 - income, before[1] + 11 + fee)
    assert market.do(*collect, key=REFERRER)["transactions"] == []
    assert market.error(*collect, "token", key=REFERRER) == "Income_Empty"
