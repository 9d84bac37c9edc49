"""The sponsor on a chain: it pays for those who have nothing, and loses no more than it said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dokkaebi.chain.consents import sign_typed
from dokkaebi.chain.documents import creation_id
from dokkaebi.chain.fees import gas_prices
from dokkaebi.chain.rpc import Chain, RpcUnreachable
from dokkaebi.chain.terms import Work
from dokkaebi.chain.vouchers import new_voucher, register_for
from dokkaebi.errors import DokkaebiError
from dokkaebi.journal import Journal, open_journal
from dokkaebi.sponsor import relay as relay_module
from dokkaebi.sponsor.books import Budgets
from dokkaebi.sponsor.relay import Sponsor
from dokkaebi.web.app import create_app
from dokkaebi.web.books import Books
from dokkaebi.web.desk import Desk
from dokkaebi.web.limits import Limits
from tests.dokkaebi.chain.conftest import Stall, refused, stall
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, address
from tests.signing import typed_of

__all__ = ["stall"]

PAYER = "test:9"
COIN = 10**18
MUCH = Budgets(COIN, COIN, COIN)


class Purse:
    """A sponsor of a test's own, its clock, and what it really paid."""

    def __init__(self, stall: Stall, path: Path, budgets: Budgets = MUCH, **more: Any) -> None:
        self.stall = stall
        self.path = path
        self.budgets = budgets
        self.more = {"confirmations": 1, **more}
        self.now = 1_800_000_000.0
        self.begun = stall.suite.chain.balance(address(PAYER))
        self.opening: Any = None
        self.sponsor = self.open()

    def open(self) -> Sponsor:
        """As after a kill: only the journal is left."""
        if self.opening is not None:
            self.opening.__exit__(None, None, None)
        self.opening = open_journal(self.path)
        journal: Journal = self.opening.__enter__()
        members = self.more.pop("members", lambda account: True)
        self.sponsor = Sponsor(
            self.stall.suite, self.stall.key(PAYER), journal, self.budgets, members,
            clock=lambda: self.now, **self.more,
        )  # fmt: skip
        self.more["members"] = members
        return self.sponsor

    @property
    def paid(self) -> int:
        return self.begun - self.stall.suite.chain.balance(address(PAYER))

    def run(self, rounds: int = 3) -> None:
        for _ in range(rounds):
            self.sponsor.step()


def cancellation(stall: Stall, nonce: int, key: str = CREATOR, expiry: int | None = None) -> Any:
    """Calldata that cancels a nonce of somebody who signed for it."""
    suite, place = stall.suite, stall.suite.creation_market
    end = stall.soon(10 * 86_400) if expiry is None else expiry
    who = address(key)
    fields = "address signer,uint256 first,uint256 last,uint256 expiry"
    data = typed_of(place, suite.chain.chain_id, "Cancellation", fields, who, nonce, nonce, end)
    signature = sign_typed(stall.key(key), data)
    return place.prepare("cancelNoncesFor", who, nonce, nonce, end, signature)


@pytest.fixture
def desk(stall: Stall, tmp_path: Path) -> Iterator[Purse]:
    opened = Purse(stall, tmp_path / "sponsor.journal")
    yield opened
    opened.opening.__exit__(None, None, None)


def test_fresh_key_has_a_work_registered(desk: Purse) -> None:
    from eth_account import Account

    suite, nobody = desk.stall.suite, Account.create()
    work = Work(b"\7" * 32, 300, 500, bytes(32), ())
    voucher = new_voucher(suite, nobody.address, work, expiry=desk.stall.soon())
    from dokkaebi.chain.consents import sign

    signed = sign(nobody, voucher, suite)
    call = register_for(suite, voucher, signed.signature)
    entry, new = desk.sponsor.offer(call.to, call.data)
    assert (new, entry.state, entry.member) == (True, "queued", nobody.address)
    assert desk.sponsor.offer(call.to, call.data) == (entry, False)
    desk.run()
    assert entry.state == "done"
    id_ = creation_id(work.document_digest, 300, nobody.address)
    assert suite.registry.call("ownerOf", id_) == nobody.address
    assert (suite.chain.balance(nobody.address), suite.chain.nonce(nobody.address)) == (0, 0)
    assert desk.paid == desk.sponsor.books.counted(member=nobody.address) > 0


def test_only_known_acts_that_would_succeed_are_taken(desk: Purse) -> None:
    suite, stall = desk.stall.suite, desk.stall
    good = cancellation(stall, 1)
    market = suite.creation_market
    assert refused(lambda: desk.sponsor.offer(address(BUYER), good.data)) == "sponsor_act_unknown"
    plain = market.prepare("cancelNonces", 0, 1)
    assert refused(lambda: desk.sponsor.offer(*plain[:2])) == "sponsor_act_unknown"
    for data in (good.data[:-2], good.data + "00" * 32, good.data[:10] + "ff" * 160):
        assert refused(lambda d=data: desk.sponsor.offer(good.to, d)) == "sponsor_act_wrong"
    forged = cancellation(stall, 1, STRANGER)
    swapped = forged.data.replace(address(STRANGER)[2:].lower(), address(CREATOR)[2:].lower())
    assert refused(lambda: desk.sponsor.offer(forged.to, swapped)) == "Signature_Wrong"
    late = cancellation(stall, 1, expiry=stall.soon(-1))
    assert refused(lambda: desk.sponsor.offer(late.to, late.data)) == "Document_Expired"
    assert desk.sponsor.offer(good.to, good.data)[1]


def test_only_members_are_paid_for(stall: Stall, tmp_path: Path) -> None:
    desk = Purse(stall, tmp_path / "j", members=lambda account: account == address(CREATOR))
    stranger = cancellation(stall, 1, STRANGER)
    assert refused(lambda: desk.sponsor.offer(stranger.to, stranger.data)) == "sponsor_no_member"
    member = cancellation(stall, 1)
    assert desk.sponsor.offer(member.to, member.data)[1]


@pytest.mark.parametrize(
    ("place", "key"),
    [(0, "sponsor_person_spent"), (1, "sponsor_day_spent"), (2, "sponsor_spent")],
)
def test_budgets_end_what_is_taken(stall: Stall, tmp_path: Path, place: int, key: str) -> None:
    """To the wei: what an act costs at the prices of this block is enough, a wei less isn't."""
    call = cancellation(stall, 300)
    sponsor = Purse(stall, tmp_path / "any").sponsor
    cost = sponsor._cost(call.data, sponsor._gas(call.to, call.data, 10**7))
    budgets = [COIN, COIN, COIN]
    budgets[place] = cost - 1
    poor = Purse(stall, tmp_path / "poor", Budgets(*budgets))
    assert refused(lambda: poor.sponsor.offer(call.to, call.data)) == key
    assert poor.paid == 0
    budgets[place] = cost
    assert Purse(stall, tmp_path / "enough", Budgets(*budgets)).sponsor.offer(call.to, call.data)[1]


def test_kill_anywhere_sends_each_act_once(
    stall: Stall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before and after each write and each sending: one good transaction for each act."""
    for place in range(8):
        desk = Purse(stall, tmp_path / f"journal {place}")
        nonce_before = stall.suite.chain.nonce(address(PAYER))
        call = cancellation(stall, 1_000 + place)
        left = place

        def dying(real: Any, after: bool) -> Any:
            def act(*arguments: Any, **values: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0 and not after:
                    raise KeyboardInterrupt
                found = real(*arguments, **values)
                if left == 0:
                    raise KeyboardInterrupt
                return found

            return act

        with monkeypatch.context() as patched:
            patched.setattr(Journal, "append", dying(Journal.append, place % 2 == 0))
            patched.setattr(Chain, "send_raw", dying(Chain.send_raw, place % 2 == 1))
            try:
                desk.sponsor.offer(call.to, call.data)
                desk.run()
            except KeyboardInterrupt:
                pass
        sponsor = desk.open()
        sponsor.offer(call.to, call.data)
        desk.run(4)
        assert stall.suite.creation_market.call("nonceUsed", address(CREATOR), 1_000 + place)
        assert stall.suite.chain.nonce(address(PAYER)) == nonce_before + 1
        assert [a.state for a in sponsor.books.acts.values()] == ["done"]
        assert desk.paid == sponsor.books.counted()
        desk.opening.__exit__(None, None, None)


def test_lost_transaction_is_sent_again_and_made_dearer(
    desk: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = cancellation(desk.stall, 5_000)
    entry, _ = desk.sponsor.offer(call.to, call.data)

    def lost(self: Chain, raw: bytes) -> str:
        raise RpcUnreachable("rpc_unreachable", url="x")

    with monkeypatch.context() as patched:
        patched.setattr(Chain, "send_raw", lost)
        with pytest.raises(RpcUnreachable):
            desk.sponsor.step()
        assert (entry.state, len(entry.signed)) == ("sent", 1)
        # The node has it, but nobody mines it.
        real = Chain.raw

        def waits(self: Chain, method: str, params: Any = ()) -> Any:
            found = real(self, method, params)
            return {"hash": params[0]} if method == "eth_getTransactionByHash" else found

        patched.setattr(Chain, "raw", waits)
        desk.sponsor.step()
        assert len(entry.signed) == 1
        desk.now += relay_module.BUMP_SECONDS
        with pytest.raises(RpcUnreachable):
            desk.sponsor.step()
        assert len(entry.signed) == 2
        cheap, dear = (one.max_fee for one in entry.signed)
        assert dear * 100 >= cheap * 110
        assert len({one.hash for one in entry.signed}) == 2
        # Beyond the budget the cheaper ones go on waiting.
        desk.sponsor.budgets = Budgets(entry.counted, COIN, COIN)
        desk.now += relay_module.BUMP_SECONDS
        desk.sponsor.step()
        assert len(entry.signed) == 2
    desk.run()
    assert entry.state == "done"
    assert desk.paid == desk.sponsor.books.counted()


def test_key_used_elsewhere_is_noticed(desk: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    call = cancellation(desk.stall, 6_000)
    entry, _ = desk.sponsor.offer(call.to, call.data)
    with monkeypatch.context() as patched:
        patched.setattr(Chain, "send_raw", lambda self, raw: "0x")
        desk.sponsor.step()
    desk.stall.market.send(PAYER, address(BUYER))
    desk.run()
    assert (entry.state, entry.reason) == ("failed", "sponsor_nonce_taken")
    assert entry.counted > 0
    again, new = desk.sponsor.offer(call.to, call.data)
    desk.run()
    assert (new, again.state) == (True, "done")


# Hostile acts


# A wallet of code that changes its mind whenever it is called without data: it agrees to every
# signature (ERC-1271), or burns all gas that it gets.
TURNCOAT = "36600c5760005415600055005b600054156018575b6014565b631626ba7e60e01b60005260206000f3"
AGREES = "631626ba7e60e01b60005260206000f3"


def test_no_attack_costs_more_than_the_budgets(
    stall: Stall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members who cheat in every way there is: contracts that agree in a trial and burn all gas in
    a block, acts that were done by others just before, doubled and forged ones, kills between."""
    dice = random.Random(7)
    market = stall.suite.creation_market
    turncoats = [stall.deploy(TURNCOAT) for _ in range(2)]
    yes = stall.deploy(AGREES)
    # About what one act may cost.
    one = 80_000 * gas_prices(stall.suite.chain)[2]
    budgets = Budgets(person=4 * one, day=7 * one, total=12 * one)
    desk = Purse(stall, tmp_path / "journal", budgets)
    real_send = Chain.send_raw

    def spoiling(self: Chain, raw: bytes) -> str:
        """Sometimes somebody does the same just before, and wallets change their minds."""
        spoil = dice.random() < 0.6
        monkeypatch.setattr(Chain, "send_raw", real_send)
        waiting = [a for a in desk.sponsor.books.acts.values() if a.state == "sent"]
        minds = {act.member for act in waiting} & set(turncoats) if spoil else set()
        for act in waiting if spoil else []:
            if act.member in minds:
                stall.market.send(STRANGER, act.member)
            else:
                with suppress(DokkaebiError):
                    stall.market.send(STRANGER, act.to, act.data)
        found = real_send(self, raw)
        for wallet in minds:
            stall.market.send(STRANGER, wallet)
        monkeypatch.setattr(Chain, "send_raw", spoiling)
        return found

    monkeypatch.setattr(Chain, "send_raw", spoiling)
    taken = failed = 0
    for number in range(40):
        who = dice.choice([*turncoats, yes, CREATOR, BUYER])
        nonce, end = 10_000 + 300 * number, stall.soon(40 * 86_400)
        if who in {CREATOR, BUYER}:
            call = cancellation(stall, nonce, who)
        else:
            call = market.prepare("cancelNoncesFor", who, nonce, nonce, end, b"\1" * 65)
        for _ in range(dice.randrange(1, 3)):
            try:
                taken += desk.sponsor.offer(call.to, call.data)[1]
            except DokkaebiError:
                failed += 1
        if dice.random() < 0.8:
            desk.sponsor.step()
        if dice.random() < 0.1:
            desk.open()
        if dice.random() < 0.1:
            desk.now += 86_400
        books = desk.sponsor.books
        assert desk.paid <= books.counted() <= budgets.total
    for _ in range(60):
        desk.sponsor.step()
        desk.now += 61
    books = desk.sponsor.books
    assert desk.paid <= books.counted() <= budgets.total
    for member in {act.member for act in books.acts.values()}:
        assert books.counted(member=member) <= budgets.person
    for day in {int(act.at) // 86_400 for act in books.acts.values()}:
        assert books.counted(day=day) <= budgets.day
    states = [act.state for act in books.acts.values()]
    assert {"done", "failed"} <= set(states)
    assert taken > 5
    assert failed > 5


# HTTP


def test_sponsor_over_http(desk: Purse, tmp_path: Path) -> None:
    sponsors = Desk(lambda: nullcontext(desk.sponsor), "sponsor_shut")
    books = Books(tmp_path / "none.sqlite3", None, desk.stall.suite.chain)
    app = create_app(books, limits=Limits("1000/second"), sponsor=sponsors)
    with TestClient(app, raise_server_exceptions=False) as http:
        who = address(CREATOR)
        about = http.get("/v1/sponsor", params={"account": who}).json()
        assert (about["sponsor"], about["member"]) == (address(PAYER), True)
        assert about["person"] == {"most": str(COIN), "left": str(COIN)}
        call = cancellation(desk.stall, 9_000)
        posted = http.post("/v1/sponsor/acts", json={"to": call.to, "data": call.data})
        assert posted.status_code == 201, posted.text
        id_ = posted.json()["item"]["id"]
        desk.run()
        item = http.get(f"/v1/sponsor/acts/{id_}").json()["item"]
        assert (item["state"], item["member"]) == ("done", who)
        left = int(http.get("/v1/sponsor", params={"account": who}).json()["person"]["left"])
        assert left == COIN - desk.paid
        for body, status in (
            ({"to": call.to, "data": "0x12"}, 422),
            ({"to": call.to, "data": call.data, "more": 1}, 422),
            ({"to": who, "data": call.data}, 422),
        ):
            answer = http.post("/v1/sponsor/acts", json=body)
            assert answer.status_code == status
            assert answer.json()["message"] != answer.json()["error"]
        assert http.get("/v1/sponsor/acts/0x" + "0" * 64).status_code == 404
