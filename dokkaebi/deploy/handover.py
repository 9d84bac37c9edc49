"""Hands a market over: what power and money its deployer has goes to a multisig or a timelock.

Two steps, the same command: the first offers the stewardship, which the new steward has to accept;
the second, once they did, moves what is left. Each act looks at the chain first, so that a run that
was ended anywhere is gone on with, and one that has nothing to do sends nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.assets import read_asset
from dokkaebi.chain.lookup import address_topic, now_on
from dokkaebi.chain.manifest import Manifest, write_atomically
from dokkaebi.chain.reverts import Reverted
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.sender import WAIT_SECONDS, Sender
from dokkaebi.chain.suite import COIN, Call, Contract, Suite
from dokkaebi.chain.till import credits_of, withdraw
from dokkaebi.deploy.apply import Say
from dokkaebi.deploy.custody import (
    DELEGATED,
    PERSON,
    SAFE,
    TIMELOCK,
    TIMELOCK_ABI,
    View,
    custody_of,
)
from dokkaebi.deploy.safe_file import safe_file
from dokkaebi.errors import DokkaebiError

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

# How far a market is handed over.
OFFERED, HANDED_OVER, RENOUNCED, ENDED = "offered", "handed over", "renounced", "ended"
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Act:
    """Something to send, and the sentence that says what it does."""

    key: str
    facts: dict[str, Any]
    call: Call


def handover(
    chain: Chain,
    account: Signer,
    manifest: Manifest,
    to: str | None,
    say: Say = lambda key, values: None,
    *,
    renounce: bool = False,
    folder: Path | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> dict[str, Any]:
    """Hands everything of `account` over to `to`, or `renounce`s the stewardship, for ever: as far
    as it goes now. What `--json` prints: `state`, the `transactions` sent, what was `left` and why,
    and the `calls` with which `to` accepts, which go into `folder` as files too.

    Tokens and credits go to the fee recipient, or to `to` where that is the account itself.

    Errors: `handover_to_…` and `custody_…` for a `to` that can't be one, `handover_nobody`,
    `handover_not_steward`, `handover_waiting`, `handover_no_treasury`; those of the node.
    """
    suite = Suite.open(chain, manifest)
    run = _Run(suite, account, to, say, folder, dry_run, wait_seconds)
    if to is not None:
        run.check_recipient(to)
    elif not renounce:
        raise DokkaebiError("handover_nobody")
    run.settle()
    state = run.renounce() if renounce else run.offer()
    if state != OFFERED:
        run.clear()
    if dry_run:
        say("handover_dry_run", {})
    elif state != OFFERED:
        say("handover_done" if not run.left else "handover_left", {"count": len(run.left)})
    return {
        "state": state,
        "to": to,
        "transactions": run.sent,
        "left": run.left,
        "calls": run.calls,
        "files": [str(path) for path in run.files],
    }


class _Run:
    """One call of `handover`."""

    def __init__(
        self,
        suite: Suite,
        account: Signer,
        to: str | None,
        say: Say,
        folder: Path | None,
        dry_run: bool,
        wait_seconds: float,
    ) -> None:
        self._suite = suite
        self._who: str = account.address
        self._sender = Sender(suite.chain, account)
        self._to = to
        self._say = say
        self._folder = folder
        self._dry_run = dry_run
        self._wait_seconds = wait_seconds
        self._own = {d.address for d in suite.manifest.contracts.values()}
        self.sent: list[dict[str, str]] = []
        self.left: list[dict[str, str]] = []
        self.calls: dict[str, dict[str, str]] = {}
        self.files: list[Path] = []

    def check_recipient(self, to: str) -> None:
        """Refuses whoever couldn't, or mustn't, be the steward."""
        if to in {self._who, self._suite.manifest.deployer}:
            raise DokkaebiError("handover_to_deployer", to=to)
        if to in self._own:
            raise DokkaebiError("handover_to_market", to=to)
        view = View(self._suite.chain)
        custody = custody_of(view, to, self._who)
        if custody.kind == PERSON:
            raise DokkaebiError("handover_to_person", to=to)
        if custody.kind == DELEGATED:
            raise DokkaebiError("handover_to_delegated", to=to)
        if custody.kind not in {SAFE, TIMELOCK}:
            raise DokkaebiError("handover_to_unknown", to=to)
        if custody.problem is not None:
            raise DokkaebiError(custody.problem, **custody.facts)
        self._kind = custody.kind

    def settle(self) -> None:
        """Waits for what an earlier run sent and didn't see mined: nothing is sent twice."""
        chain, end = self._suite.chain, time.monotonic() + self._wait_seconds
        while (waiting := chain.nonce(self._who) - chain.mined_nonce(self._who)) > 0:
            if time.monotonic() > end:
                raise DokkaebiError(
                    "handover_waiting",
                    account=self._who,
                    count=waiting,
                    seconds=round(self._wait_seconds),
                )
            time.sleep(_LOOK_SECONDS)

    # The stewardship

    def offer(self) -> str:
        """Offers the stewardship, unless that was done; how far it is."""
        token, to = self._suite.token, self._to
        steward = token.call("steward")
        if steward == to:
            self._say("handover_accepted", {"to": to})
            return HANDED_OVER
        if steward == COIN:
            self._say("handover_ended", {"minter": token.call("minter")})
            return ENDED
        self._refuse_other(steward)
        if token.call("pendingSteward") == to:
            self._say("handover_offered_before", {"to": to})
        else:
            call = token.prepare("offerStewardship", to)
            self._do(Act("handover_offering", {"to": to}, call))
        if token.call("pendingSteward") == to:
            self._tell_how_to_accept()
        return OFFERED

    def renounce(self) -> str:
        """Ends the stewardship, unless it has ended; how far it is."""
        token = self._suite.token
        steward = token.call("steward")
        if steward == COIN:
            minter = token.call("minter")
            self._say("handover_ended", {"minter": minter})
            return RENOUNCED if minter == COIN else ENDED
        self._refuse_other(steward)
        self._do(Act("handover_renouncing", {}, token.prepare("renounceStewardship")))
        return RENOUNCED

    def _refuse_other(self, steward: str) -> None:
        if steward != self._who:
            raise DokkaebiError("handover_not_steward", account=self._who, steward=steward)

    def _tell_how_to_accept(self) -> None:
        """The calls with which the new steward accepts, told, and as files for a Safe."""
        token, to = self._suite.token, str(self._to)
        accept = token.prepare("acceptStewardship")
        calls = {"accept": accept}
        if self._kind == TIMELOCK:
            calls = _through_timelock(self._suite, to, accept, self._offer_transaction(to))
        for name, call in calls.items():
            self.calls[name] = {"to": call.to, "value": str(call.value), "data": call.data}
            self._say(f"handover_call_{name}", {"to": call.to, "data": call.data, "by": to})
            if self._folder is not None:
                self._write(self._folder, name, call)

    def _write(self, folder: Path, name: str, call: Call) -> None:
        chain_id = self._suite.chain.chain_id
        path = folder / f"handover-{chain_id}-{name}.json"
        text = safe_file(
            [call],
            chain_id=chain_id,
            created_at=now_on(self._suite),
            name=f"Dokkaebi: {name} the stewardship",
            description=f"Stewardship of {self._suite.token.address}",
            safe=str(self._to) if self._kind == SAFE else "",
        )
        write_atomically(path, text)
        self.files.append(path)
        self._say("handover_file", {"path": path})

    def _offer_transaction(self, to: str) -> str:
        """The transaction of the offer that stands."""
        topics = (address_topic(self._who), address_topic(to))
        first = self._suite.manifest.first_block
        offers = self._suite.token.logs("StewardshipOffered", first, topics)
        return str(offers[-1]["transactionHash"])

    # What is left

    def clear(self) -> None:
        """Moves credits and tokens to the treasury, and revokes the approvals of the account."""
        for acts in (self._withdrawals, self._tokens, self._revocations):
            for act in acts():
                try:
                    self._do(act)
                except Reverted as reason:
                    # The others needn't wait for it.
                    why = str(reason)
                    self._say("handover_act_left", {"why": why})
                    self.left.append({"act": act.key, "why": why, **_texts(act.facts)})

    def _withdrawals(self) -> Iterator[Act]:
        for credit in credits_of(self._suite, self._who):
            facts = {
                "amount": _amount(self._suite, credit.asset, credit.amount),
                "market": credit.market.name,
                "to": self._treasury(),
            }
            call = withdraw(credit.market, credit.asset, self._treasury())
            yield Act("handover_withdrawing", facts, call)

    def _tokens(self) -> Iterator[Act]:
        token = self._suite.token
        balance = int(token.call("balanceOf", self._who))
        if balance:
            amount = _amount(self._suite, token.address, balance)
            call = token.prepare("transfer", self._treasury(), balance)
            yield Act("handover_sending", {"amount": amount, "to": self._treasury()}, call)

    def _revocations(self) -> Iterator[Act]:
        token, registry = self._suite.token, self._suite.registry
        for spender in self._approved(token, "Approval", "spender"):
            if token.call("allowance", self._who, spender):
                call = token.prepare("approve", spender, 0)
                yield Act("handover_revoking_tokens", {"spender": spender}, call)
        for operator in self._approved(registry, "ApprovalForAll", "operator"):
            if registry.call("isApprovedForAll", self._who, operator):
                call = registry.prepare("setApprovalForAll", operator, False)
                yield Act("handover_revoking_works", {"operator": operator}, call)
        for work in self._approved(registry, "Approval", "id"):
            if _approved_of(registry, self._who, work) != COIN:
                call = registry.prepare("approve", COIN, work)
                yield Act("handover_revoking_work", {"work": work}, call)

    def _approved(self, contract: Contract, event: str, field: str) -> list[Any]:
        """What the account's approvals of a kind were about, each once."""
        first = self._suite.manifest.first_block
        logs = contract.logs(event, first, (address_topic(self._who),))
        return list(dict.fromkeys(contract.decode_log(event, log)[field] for log in logs))

    def _treasury(self) -> str:
        """Who gets what is left: the fee recipient, unless that's the account itself."""
        recipients = [market.call("FEE_RECIPIENT") for market in self._suite.markets]
        others = [r for r in recipients if r != self._who and r not in self._own]
        place = next(iter(others), self._to)
        if place is None:
            raise DokkaebiError("handover_no_treasury", account=self._who)
        return place

    def _do(self, act: Act) -> None:
        """Says an act and sends it."""
        self._say(act.key, act.facts)
        if self._dry_run:
            return
        receipt = self._sender.transact(*act.call)
        self.sent.append({"act": act.key, "hash": receipt["transactionHash"]})


def _approved_of(registry: Contract, owner: str, work: int) -> str:
    """Who is approved for a work of an owner's; nobody if it isn't theirs any more."""
    try:
        if registry.call("ownerOf", work) != owner:
            return COIN
        return str(registry.call("getApproved", work))
    except DokkaebiError:
        # Burnt.
        return COIN


def _through_timelock(suite: Suite, timelock: str, call: Call, offer: str) -> dict[str, Call]:
    """A call, scheduled at once and executed after the timelock's delay. The salt is the offer's
    transaction: a timelock does each act once, and there may be another offer some day."""
    lock = Contract(suite.chain, "TimelockController", timelock, TIMELOCK_ABI)
    data, salt = bytes.fromhex(call.data[2:]), bytes.fromhex(offer[2:])
    act = (call.to, call.value, data, bytes(32), salt)
    delay = int(lock.call("getMinDelay"))
    return {
        "schedule": lock.prepare("schedule", *act, delay),
        "execute": lock.prepare("execute", *act),
    }


def _amount(suite: Suite, asset: str, amount: int) -> str:
    """An amount for people; of a token that doesn't tell its decimals, in its smallest unit."""
    try:
        return read_asset(suite, asset).text(amount)
    except DokkaebiError:
        return f"{amount} · {asset}"


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in facts.items()}
