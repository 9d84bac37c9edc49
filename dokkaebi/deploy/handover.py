"""Hands a market over: what power and money its deployer has goes to a multisig or a timelock, but
for the guardianship of the rewards, which goes to somebody else, who watches over the steward.

Two steps, the same command: the first offers the offices, which the new holders have to accept; the
second, once they did, moves what is left. Each act looks at the chain first, so that a run that
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
from dokkaebi.chain.suite import COIN, POOL, Call, Contract, Suite
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
class Office:
    """A right over a contract that is offered and accepted."""

    contract: Contract
    name: str

    @property
    def facts(self) -> dict[str, Any]:
        """What names it in sentences."""
        return {"contract": self.contract.name, "office": self.name}

    def holder(self) -> str:
        """Who holds it; zero: nobody, for ever."""
        return str(self.contract.call(self.name))

    def offered_to(self) -> str:
        """Who may accept it."""
        return str(self.contract.call(f"pending{self.name.capitalize()}"))

    def _call(self, verb: str, *arguments: object) -> Call:
        right = {"steward": "Stewardship", "guardian": "Guardianship"}[self.name]
        return self.contract.prepare(f"{verb}{right}", *arguments)

    def offer(self, to: str) -> Call:
        """The call with which its holder offers it."""
        return self._call("offer", to)

    def accept(self) -> Call:
        """The call that accepts it."""
        return self._call("accept")

    def renounce(self) -> Call:
        """The call that ends it."""
        return self._call("renounce")


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
    guardian: str | None = None,
    renounce: bool = False,
    folder: Path | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> dict[str, Any]:
    """Hands everything of `account` over to `to`, or `renounce`s the stewardships, for ever: as far
    as it goes now; the guardianship of the rewards, if the account has it, to `guardian`. What
    `--json` prints: `state`, the `transactions` sent, what was `left` and why, and the `calls` with
    which each of them is accepted, which go into `folder` as files too.

    Tokens and credits go to the treasury, or to `to` where that is the account itself.

    Errors: `handover_to_…` and `custody_…` for a `to` that can't be one, `handover_guardian_…`,
    `handover_nobody`, `handover_not_steward`, `handover_waiting`, `handover_no_treasury`; those of
    the node.
    """
    suite = Suite.open(chain, manifest)
    run = _Run(suite, account, to, guardian, say, folder, dry_run, wait_seconds)
    if to is not None:
        run.check_recipient(to)
    elif not renounce:
        raise DokkaebiError("handover_nobody")
    if guardian is not None:
        run.check_guardian(guardian)
    run.settle()
    state = run.renounce() if renounce else run.offer()
    if run.offer_guardianship():
        state = OFFERED
    run.tell_how_to_accept()
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
        guardian: str | None,
        say: Say,
        folder: Path | None,
        dry_run: bool,
        wait_seconds: float,
    ) -> None:
        self._suite = suite
        self._who: str = account.address
        self._sender = Sender(suite.chain, account)
        self._to = to
        self._guardian = guardian
        self._offered: list[Office] = []
        self._say = say
        self._folder = folder
        self._dry_run = dry_run
        self._wait_seconds = wait_seconds
        self._own = {d.address for d in suite.manifest.contracts.values()}
        self.sent: list[dict[str, str]] = []
        self.left: list[dict[str, str]] = []
        self.calls: dict[str, list[dict[str, str]]] = {}
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

    def check_guardian(self, guardian: str) -> None:
        """Refuses a guardian who isn't another party than everybody else."""
        if guardian in {self._who, self._suite.manifest.deployer, self._to}:
            raise DokkaebiError("handover_guardian_same", guardian=guardian)
        if guardian in self._own:
            raise DokkaebiError("handover_to_market", to=guardian)
        custody = custody_of(View(self._suite.chain), guardian, self._who)
        if custody.problem is not None:
            raise DokkaebiError(custody.problem, **custody.facts)

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

    # The offices

    def _stewardships(self) -> list[Office]:
        contracts = [self._suite.token]
        if POOL in self._suite.manifest.contracts:
            contracts.append(self._suite.pool)
        return [Office(contract, "steward") for contract in contracts]

    def offer(self) -> str:
        """Offers the stewardships that are the account's, unless that was done; how far it is."""
        to = str(self._to)
        holders = self._holders(to)
        for office, holder in holders.items():
            if holder == to:
                self._say("handover_accepted", {**office.facts, "to": to})
            elif holder == self._who:
                self._offer(office, to)
        if self._who in holders.values():
            return OFFERED
        return HANDED_OVER if to in holders.values() else ENDED

    def renounce(self) -> str:
        """Ends the stewardships that are the account's; how far it is."""
        holders = self._holders(None)
        for office, holder in holders.items():
            if holder == self._who:
                self._do(Act("handover_renouncing", office.facts, office.renounce()))
        return RENOUNCED

    def _holders(self, to: str | None) -> dict[Office, str]:
        """Who holds each stewardship; what is nobody's or somebody else's is said. Refuses an
        account that has no part in it."""
        holders = {office: office.holder() for office in self._stewardships()}
        others = [one for one in holders.values() if one not in {self._who, COIN, to}]
        if others and not {self._who, to} & set(holders.values()):
            raise DokkaebiError("handover_not_steward", account=self._who, steward=others[0])
        for office, holder in holders.items():
            if holder == COIN:
                self._say("handover_ended", office.facts)
            elif holder in others:
                self._say("handover_others", {**office.facts, "holder": holder})
        return holders

    def offer_guardianship(self) -> bool:
        """Offers the guardianship of the rewards, if it is the account's; whether it is."""
        if POOL not in self._suite.manifest.contracts:
            return False
        office = Office(self._suite.pool, "guardian")
        if office.holder() != self._who:
            return False
        if self._guardian is None:
            self._say("handover_guardian_left", {"account": self._who})
            self.left.append({"act": "handover_guardian_left", "account": self._who})
            return False
        self._offer(office, self._guardian)
        return True

    def _offer(self, office: Office, to: str) -> None:
        facts = {**office.facts, "to": to}
        if office.offered_to() == to:
            self._say("handover_offered_before", facts)
        else:
            self._do(Act("handover_offering", facts, office.offer(to)))
        if not self._dry_run or office.offered_to() == to:
            self._offered.append(office)

    def tell_how_to_accept(self) -> None:
        """The calls with which the new holders accept, told, and as files for a Safe."""
        stewardships = [office for office in self._offered if office.name == "steward"]
        if stewardships and self._kind == TIMELOCK:
            to = str(self._to)
            pairs = [
                _through_timelock(self._suite, to, one.accept(), self._offer_transaction(one, to))
                for one in stewardships
            ]
            for name in ("schedule", "execute"):
                self._tell(name, to, [pair[name] for pair in pairs])
        elif stewardships:
            self._tell("accept", str(self._to), [office.accept() for office in stewardships])
        guardianships = [office.accept() for office in self._offered if office.name == "guardian"]
        if guardianships:
            self._tell("accept-guardianship", str(self._guardian), guardianships)

    def _tell(self, name: str, by: str, calls: list[Call]) -> None:
        self.calls[name] = [
            {"to": call.to, "value": str(call.value), "data": call.data} for call in calls
        ]
        key = f"handover_call_{name.split('-')[0]}"
        for call in calls:
            self._say(key, {"to": call.to, "data": call.data, "by": by})
        if self._folder is not None:
            self._write(self._folder, name, by, calls)

    def _write(self, folder: Path, name: str, by: str, calls: list[Call]) -> None:
        chain_id = self._suite.chain.chain_id
        path = folder / f"handover-{chain_id}-{name}.json"
        is_safe = custody_of(View(self._suite.chain), by, self._who).kind == SAFE
        text = safe_file(
            calls,
            chain_id=chain_id,
            created_at=now_on(self._suite),
            name=f"Dokkaebi: {name.replace('-', ' ')}",
            description=f"Offices of {', '.join(call.to for call in calls)}",
            safe=by if is_safe else "",
        )
        write_atomically(path, text)
        self.files.append(path)
        self._say("handover_file", {"path": path})

    def _offer_transaction(self, office: Office, to: str) -> str:
        """The transaction of the offer that stands."""
        topics = (address_topic(self._who), address_topic(to))
        first = self._suite.manifest.first_block
        offers = office.contract.logs("StewardshipOffered", first, topics)
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
        """Who gets what is left: the treasury, unless that's the account itself."""
        if POOL in self._suite.manifest.contracts:
            recipients = [self._suite.pool.call("TREASURY")]
        else:
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
