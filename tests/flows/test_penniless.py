"""From an empty key to money earned and spent: every act is signed, a sponsor brings it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain import creation_market, escrow_market
from dokkaebi.chain.consents import sign, sign_typed
from dokkaebi.chain.documents import creation_id
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from dokkaebi.chain.sender import Receipt, Sender
from dokkaebi.chain.signer import Signer
from dokkaebi.chain.suite import Call, Contract, Suite
from dokkaebi.chain.terms import Work
from dokkaebi.chain.till import sign_permit
from dokkaebi.chain.vouchers import buy_new, new_voucher, register_for
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.journal import open_journal
from dokkaebi.sponsor.books import Budgets
from dokkaebi.sponsor.relay import Sponsor
from tests.dokkaebi.conftest import BUYER, CREATOR, DAY, GUARDIAN, OPERATOR, TREASURY, address
from tests.signing import typed_of

TOKENS = 10**18
PRICE = 20 * TOKENS
SPONSOR = "test:9"


class Village:
    """A market, a sponsor with a small budget, and a maker who has nothing."""

    def __init__(self, suite: Suite, sponsor: Sponsor) -> None:
        from eth_account import Account

        self.suite, self.sponsor = suite, sponsor
        self.maker: Signer = Account.create()

    def act(self, key: str, call: Call) -> Receipt:
        """Somebody with coins acts."""
        return Sender(self.suite.chain, open_key(key, self.suite.chain.chain_id)).transact(*call)

    def brought(self, call: Call) -> None:
        """The sponsor brings what the maker signed, and the maker still has and sent nothing."""
        entry, _ = self.sponsor.offer(call.to, call.data)
        for _ in range(3):
            self.sponsor.step()
        assert (entry.state, entry.member) == ("done", self.maker.address)
        self.untouched()

    def untouched(self) -> None:
        """No wei came, and no transaction went."""
        chain, maker = self.suite.chain, self.maker.address
        assert (chain.balance(maker), chain.nonce(maker)) == (0, 0)

    def signed(self, place: Contract, name: str, fields: str, *values: Any) -> bytes:
        """The maker's signature under a struct of a contract's."""
        data = typed_of(place, self.suite.chain.chain_id, name, fields, *values)
        return sign_typed(self.maker, data)

    def tokens(self, account: str) -> int:
        return int(self.suite.token.call("balanceOf", account))


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with start_node("ganache") as node:
        chain = connect(node.url)
        key = open_key(OPERATOR, chain.chain_id)
        spec = load_market_spec().with_fee_recipient(address(TREASURY))
        spec = spec.with_guardian(address(GUARDIAN))
        manifest = deploy_market(chain, key, spec, network="tests")
        suite = Suite.open(chain, manifest)
        call = suite.token.prepare("transfer", address(BUYER), 100 * TOKENS)
        Sender(chain, key).transact(*call)
        yield suite


@pytest.fixture
def village(suite: Suite, tmp_path: Path) -> Iterator[Village]:
    budgets = Budgets(TOKENS // 50, TOKENS // 50, TOKENS // 50)
    key = open_key(SPONSOR, suite.chain.chain_id)
    with open_journal(tmp_path / "sponsor.journal") as journal:
        yield Village(suite, Sponsor(suite, key, journal, budgets, lambda _: True, confirmations=1))


def test_an_empty_key_registers_offers_sells_ships_is_paid_and_spends(village: Village) -> None:
    suite, maker = village.suite, village.maker
    registry, market, token = suite.registry, suite.escrow_market, suite.token
    soon = now_on(suite) + DAY

    # She registers her jar.
    work = Work(hashlib.sha256(b"a jar").digest(), 300, 500, bytes(32), ())
    voucher = new_voucher(suite, maker.address, work, expiry=soon)
    village.brought(register_for(suite, voucher, sign(maker, voucher, suite).signature))
    jar = creation_id(work.document_digest, 300, maker.address)
    assert registry.call("ownerOf", jar) == maker.address

    # She lets the market hand it over, and offers it with delivery.
    permit = village.signed(
        registry,
        "Permit",
        "address spender,uint256 tokenId,uint256 nonce,uint256 deadline",
        *(market.address, jar, 0, soon),
    )
    village.brought(registry.prepare("permit", market.address, jar, soon, permit))
    delivery = escrow_market.new_delivery(
        suite, maker.address, PRICE, expiry=soon, asset=token.address, creation_id=jar
    )
    offer = sign(maker, delivery, suite)
    village.untouched()

    # Somebody pays into escrow, without an approval.
    buyer = open_key(BUYER, suite.chain.chain_id)
    allowed = sign_permit(suite, buyer, token.address, market, PRICE, soon)
    receipt = village.act(
        BUYER, escrow_market.fund(suite, delivery, offer.signature, permit=allowed)
    )
    trade = escrow_market.funded_trade(suite, receipt["logs"]).terms
    trade_id = market.call("hashTrade", trade)

    # She ships, and is paid.
    shipment = hashlib.sha256(b"parcel 7").digest()
    shipped = village.signed(
        market,
        "Shipment",
        "bytes32 tradeId,uint256 part,bytes32 shipment,uint256 expiry",
        *(trade_id, 0, shipment, soon),
    )
    village.brought(market.prepare("shipFor", trade, shipment, soon, shipped))
    village.act(BUYER, escrow_market.confirm(suite, trade))
    fee = PRICE // 100
    assert village.tokens(maker.address) == PRICE - fee
    assert registry.call("ownerOf", jar) == buyer.address
    village.untouched()

    # She spends some on clay that a neighbour sells, and sends the rest where she keeps it.
    clay = Work(hashlib.sha256(b"clay").digest(), 300, 500, bytes(32), ())
    village.act(CREATOR, registry.prepare("register", clay))
    lump = creation_id(clay.document_digest, 300, address(CREATOR))
    village.act(CREATOR, registry.prepare("approve", suite.creation_market.address, lump))
    bid = creation_market.new_bid(
        suite, maker.address, 5 * TOKENS, token.address, expiry=soon, creation_id=lump
    )
    paying = sign_permit(suite, maker, token.address, suite.creation_market, 5 * TOKENS, soon)
    bidding = sign(maker, bid, suite)
    village.act(CREATOR, creation_market.accept_bid(suite, bid, bidding.signature, permit=paying))
    assert registry.call("ownerOf", lump) == maker.address
    left = PRICE - fee - 5 * TOKENS
    assert village.tokens(maker.address) == left
    village.untouched()


def test_a_signed_work_is_sold_without_anybody_bringing_anything(village: Village) -> None:
    """Its buyer registers it; the sponsor who once helped is repaid of the price."""
    suite, maker, token = village.suite, village.maker, village.suite.token
    work = Work(hashlib.sha256(b"a bowl").digest(), 300, 500, bytes(32), ())
    voucher = new_voucher(
        suite,
        maker.address,
        work,
        expiry=now_on(suite) + DAY,
        price=PRICE,
        asset=token.address,
        sponsor=address(SPONSOR),
        sponsor_amount=TOKENS,
    )
    consent = sign(maker, voucher, suite)
    buyer = open_key(BUYER, suite.chain.chain_id)
    allowed = sign_permit(
        suite, buyer, token.address, suite.creation_market, PRICE, now_on(suite) + DAY
    )
    before = village.tokens(address(SPONSOR))
    village.act(BUYER, buy_new(suite, voucher, consent.signature, permit=allowed))
    bowl = creation_id(work.document_digest, 300, maker.address)
    assert suite.registry.call("ownerOf", bowl) == buyer.address
    assert suite.registry.call("creationOf", bowl)[0] == maker.address
    assert village.tokens(maker.address) == PRICE - PRICE // 100 - TOKENS
    assert village.tokens(address(SPONSOR)) - before == TOKENS
    village.untouched()
