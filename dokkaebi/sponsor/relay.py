"""The queue: what is taken, signed, sent, dearer made and ended, each written down before it is
done. One act is on its way at a time, so nonces leave no gap and none is used twice."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.fees import DataFee, gas_prices
from dokkaebi.chain.reverts import reverted
from dokkaebi.chain.rpc import RpcRefused, RpcUnreachable
from dokkaebi.chain.suite import Suite
from dokkaebi.errors import DokkaebiError
from dokkaebi.journal import Journal
from dokkaebi.sponsor.acts import Act, read_act
from dokkaebi.sponsor.books import DONE, DROPPED, FAILED, QUEUED, SENT, Books, Budgets, Entry
from dokkaebi.sponsor.members import Members

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

# Acts that wait at most, and those of one member.
QUEUE_MAX, QUEUE_MEMBER_MAX = 200, 5
# What isn't in a block after so long is made dearer, by so much at least (nodes want a tenth).
BUMP_SECONDS, BUMP_PERCENT = 60, 15
# An estimate is what a call takes now; a hostile contract may want more in the block.
GAS_MARGIN_PERCENT = 25
# Blocks on top after which nobody expects a transaction to be undone.
CONFIRMATIONS = 3
ROUND_SECONDS = 1.0


@dataclass(frozen=True)
class Left:
    """What budgets still allow, wei: of a person, of today, of all."""

    person: int
    day: int
    total: int


class Sponsor:
    """A key that pays. Any thread may offer acts and ask; one runs the queue (`step`, every
    ROUND_SECONDS)."""

    def __init__(
        self,
        suite: Suite,
        account: Signer,
        journal: Journal,
        budgets: Budgets,
        is_member: Members,
        *,
        confirmations: int = CONFIRMATIONS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.suite = suite
        self.address: str = account.address
        self.budgets = budgets
        self.books = Books(journal.entries)
        self._account = account
        self._journal = journal
        self._is_member = is_member
        self._confirmations = confirmations
        self._clock = clock
        self._data_fee = DataFee(suite.chain)
        self._lock = threading.RLock()

    # Ask

    def left(self, member: str) -> Left:
        """What budgets still allow for somebody."""
        with self._lock:
            day = int(self._clock()) // 86_400
            return Left(
                max(self.budgets.person - self.books.counted(member=member), 0),
                max(self.budgets.day - self.books.counted(day=day), 0),
                max(self.budgets.total - self.books.counted(), 0),
            )

    def is_member(self, account: str) -> bool:
        """Whether the sponsor pays for somebody at all."""
        return self._is_member(account)

    def find(self, id_: str) -> Entry | None:
        """An act that was taken."""
        return self.books.acts.get(id_)

    # Take

    def offer(self, to: str, data: str) -> tuple[Entry, bool]:
        """Takes an act, if it is one that would succeed now, and whether it is new. The same act
        again is the same one, unless it ended without success.

        Errors: those of `read_act`, `sponsor_no_member`, `sponsor_busy`, `sponsor_gas`, those of
        `Books.check`, Reverted.
        """
        act = read_act(self.suite, to, data)
        if not self._is_member(act.member):
            raise DokkaebiError("sponsor_no_member", member=act.member)
        with self._lock:
            known = self._same(act)
            if known is not None:
                return known, False
            self._check_queue(act)
        gas = self._gas(act.to, act.data, act.gas_max)
        with self._lock:
            known = self._same(act)
            if known is not None:
                return known, False
            self._check_queue(act)
            now = int(self._clock())
            id_ = hashlib.sha256(f"{len(self.books.acts)} {act.to} {act.data}".encode()).hexdigest()
            entry = Entry(f"0x{id_}", act.kind, act.member, act.to, act.data, now)
            # Those before it in the queue will count as well.
            waiting = sum(self._cost(a.data, a.gas or gas) for a in self._queued())
            cost = self._cost(act.data, gas)
            self.books.check(self.budgets, entry, cost + waiting, now)
            self._write("act", entry.id, act=act.kind, member=act.member, to=act.to,
                        data=act.data, at=now)  # fmt: skip
            return self.books.acts[entry.id], True

    def _same(self, act: Act) -> Entry | None:
        """The same act, if it waits or was done."""
        for entry in reversed(self.books.acts.values()):
            if (entry.to, entry.data) == (act.to, act.data):
                return None if entry.state in {FAILED, DROPPED} else entry
        return None

    def _queued(self) -> list[Entry]:
        return [act for act in self.books.open_acts() if act.state == QUEUED]

    def _check_queue(self, act: Act) -> None:
        waiting = self._queued()
        own = [entry for entry in waiting if entry.member == act.member]
        if len(waiting) >= QUEUE_MAX or len(own) >= QUEUE_MEMBER_MAX:
            raise DokkaebiError("sponsor_busy")

    def _gas(self, to: str, data: str, most: int) -> int:
        """The gas limit of an act that would succeed now. Errors: Reverted, `sponsor_gas`."""
        chain = self.suite.chain
        try:
            chain.call(to, data, self.address)
            gas = chain.estimate(to, data, self.address)
        except RpcRefused as refusal:
            raise reverted(refusal) from None
        limit = gas + gas * GAS_MARGIN_PERCENT // 100
        if limit > most:
            raise DokkaebiError("sponsor_gas", gas=limit, most=most)
        return limit

    def _cost(self, data: str, gas: int) -> int:
        """The most that a transaction can cost at today's prices, wei. What a chain takes for data
        beside gas isn't bounded by the transaction: it is counted twice."""
        return gas * gas_prices(self.suite.chain)[2] + 2 * self._data_fee.of(data, gas)

    # Send

    def step(self) -> None:
        """One round: ends what is confirmed, goes on with what is on its way, begins the next."""
        sent = [act for act in self.books.open_acts() if act.state == SENT]
        mined = [act for act in sent if self._settle(act)]
        rest = [act for act in sent if act not in mined]
        if rest:
            self._go_on(rest[0])
            return
        queued = self._queued()
        if queued:
            self._begin(queued[0])

    def _begin(self, act: Entry) -> None:
        """Signs an act for the first time, if it would still succeed and is within the budgets."""
        try:
            known = read_act(self.suite, act.to, act.data)
            gas = self._gas(act.to, act.data, known.gas_max)
        except (RpcUnreachable, RpcRefused):
            raise
        except DokkaebiError as problem:
            self._drop(act, problem)
            return
        prices, _, highest = gas_prices(self.suite.chain)
        # Behind what we signed ourselves, whatever a node has forgotten.
        own = max((a.nonce for a in self.books.acts.values() if a.nonce is not None), default=-1)
        nonce = max(self.suite.chain.mined_nonce(self.address), own + 1)
        try:
            self._sign(act, nonce, gas, prices, highest)
        except DokkaebiError as problem:
            if not problem.key.startswith("sponsor_"):
                raise
            if problem.key != "sponsor_day_spent":
                self._drop(act, problem)

    def _go_on(self, act: Entry) -> None:
        """Sends again what the node forgot, and makes dearer what waits too long."""
        chain, last = self.suite.chain, act.signed[-1]
        mined = chain.mined_nonce(self.address)
        for before in self.books.acts.values():
            # A reorg undid what was done already, and ours would wait for it for ever.
            if before.nonce is not None and mined <= before.nonce < (act.nonce or 0):
                self._send(before.signed[-1].raw)
        if act.nonce is not None and mined > act.nonce:
            if not any(chain.receipt(one.hash) for one in act.signed):
                # Somebody else used the key. Should a reorg bring ours back, it is counted.
                self._end_act(act, FAILED, None, last.cost, "sponsor_nonce_taken")
            return
        if chain.raw("eth_getTransactionByHash", [last.hash]) is None:
            self._send(last.raw)
        elif self._clock() - last.at >= BUMP_SECONDS:
            self._bump(act)

    def _bump(self, act: Entry) -> None:
        prices, _, highest = gas_prices(self.suite.chain)
        least = act.signed[-1].max_fee * (100 + BUMP_PERCENT) // 100 + 1
        if "maxFeePerGas" in prices:
            tip = max(prices["maxPriorityFeePerGas"], least // 4)
            fee = max(highest, least)
            prices = {"maxFeePerGas": fee, "maxPriorityFeePerGas": min(tip, fee)}
        else:
            prices = {"gasPrice": max(highest, least)}
        # Beyond the budgets the cheaper one goes on waiting.
        with suppress(_BeyondBudget):
            nonce = act.nonce if act.nonce is not None else 0
            self._sign(act, nonce, act.gas, prices, max(prices.values()))

    def _sign(self, act: Entry, nonce: int, gas: int, prices: dict[str, int], max_fee: int) -> None:
        """Reserves the most that it can cost, writes down what is signed, then sends it."""
        cost = gas * max_fee + 2 * self._data_fee.of(act.data, gas)
        now = int(self._clock())
        with self._lock:
            try:
                self.books.check(self.budgets, act, cost, now)
            except DokkaebiError as problem:
                raise _BeyondBudget(problem.key, **problem.details) from None
            fields: dict[str, Any] = {
                "chainId": self.suite.chain.chain_id,
                "nonce": nonce,
                "to": act.to,
                "gas": gas,
                "value": 0,
                "data": act.data,
                **prices,
            }
            signed = self._account.sign_transaction(fields)
            raw = "0x" + signed.raw_transaction.hex()
            self._write("signed", act.id, nonce=nonce, gas=gas, raw=raw,
                        hash="0x" + signed.hash.hex(), max_fee=str(max_fee), cost=str(cost),
                        at=now)  # fmt: skip
        self._send(raw)

    def _send(self, raw: str) -> None:
        # A node that has it already, or refuses it now: the next round looks.
        with suppress(RpcRefused):
            self.suite.chain.send_raw(bytes.fromhex(raw[2:]))

    # End

    def _settle(self, act: Entry) -> bool:
        """Whether an act is in a block; written down as ended once enough blocks are on top."""
        chain = self.suite.chain
        receipt = next((found for one in act.signed if (found := chain.receipt(one.hash))), None)
        if receipt is None or not receipt.get("blockHash"):
            return False
        number = int(receipt["blockNumber"], 16)
        if chain.block_number - number + 1 >= self._confirmations:
            price = int(receipt.get("effectiveGasPrice", hex(act.signed[-1].max_fee)), 16)
            cost = int(receipt["gasUsed"], 16) * price + int(receipt.get("l1Fee") or "0x0", 16)
            succeeded = int(receipt["status"], 16) == 1
            reason = "" if succeeded else "sponsor_reverted"
            state = DONE if succeeded else FAILED
            self._end_act(act, state, receipt["transactionHash"], cost, reason)
        return True

    def _drop(self, act: Entry, problem: DokkaebiError) -> None:
        self._end_act(act, DROPPED, None, 0, problem.key)

    def _end_act(
        self, act: Entry, state: str, transaction: str | None, cost: int, reason: str
    ) -> None:
        self._write("end", act.id, state=state, transaction=transaction, cost=str(cost),
                    reason=reason)  # fmt: skip

    def _write(self, kind: str, id_: str, **values: Any) -> None:
        """Onto the disk first, then into the books."""
        with self._lock:
            self._journal.append(kind, id=id_, **values)
            self.books.note({"kind": kind, "id": id_, **values})


class _BeyondBudget(DokkaebiError):  # noqa: N818 - what it is
    """A signature would exceed a budget."""
