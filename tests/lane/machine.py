"""The machine: random acts on a world, each compared with what the model says of it.

A step is a rule's name and a seed; whatever it does follows from these and from what came before.
So a run is a list of steps, and of a run that fails steps can be left out until none is too many.

After each step every entry of the books that it touched is compared with the chain, the events with
the model's, and the laws of money are checked for every asset that it moved; every `FULL_EVERY`
steps, and at the end, everything is. A run ends with the drain (`tests/lane/drain.py`)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from tests.lane.abi import NOTHING, error_of, functions_of
from tests.lane.chain import Contract, Outcome, events_in
from tests.lane.world import World
from tests.models.books import Book, Reason, Refused
from tests.models.till import Till
from tests.models.town import COIN, NOBODY, REENTER, Scripted

FULL_EVERY = 100
# Near the end of a word of the bitmap in which they are kept.
NONCE_FIRST = 240
GUESSES_MOST = 6
T = TypeVar("T")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HOUR, DAY = 3_600, 86_400
NO_WORD = bytes(32)
# For how many days documents are good, as a rule.
LONG = (14, 29, 29, 60, 200, 364)


class Step(NamedTuple):
    rule: str
    seed: int


class Intent(NamedTuple):
    """What somebody is about to do; `do` is what it means to the model, whoever does it."""

    sender: str
    contract: Contract
    function: str
    arguments: tuple[Any, ...]
    do: Callable[[str], Any]
    value: int = 0


class Mismatch(AssertionError):  # noqa: N818
    """The chain and the model disagree, or a law is broken."""


class Machine:
    def __init__(self, world: World) -> None:
        self.world, self.chain, self.town = world, world.chain, world.town
        self.begin_again()
        self.acts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.steps = self.checks = 0

    def begin_again(self) -> None:
        self.world.begin_again()
        self.dice = Random(0)
        self.nonces: Counter[str] = Counter()
        # Documents with their signatures, to be brought, and brought again.
        self.papers: dict[str, deque[Any]] = {}
        # What was seen before: works, published documents, roots.
        self.known: dict[str, deque[Any]] = {}
        self.forced: str | None = None
        self.record: list[tuple[int, Intent, Outcome]] = []
        self.step_number = 0

    # Steps

    def take(self, step: Step, rules: dict[str, Callable[[Machine], Intent | None]]) -> None:
        """One step. Raises `Mismatch`."""
        self.dice = Random(step.seed)
        self.forced = None
        self.jump(self.chain.now + self.dice.choice((1, 1, 2, 5, 40)))
        intent = rules[step.rule](self)
        self.steps += 1
        self.step_number += 1
        if intent is not None:
            self.act(intent)
        if self.step_number % FULL_EVERY == 0:
            self.check_everything()

    def jump(self, now: int) -> None:
        """To a second that hasn't passed."""
        now = max(now, self.chain.now)
        self.chain.at(now)
        self.town.now = now

    def act(self, intent: Intent) -> bool:
        """Does it on the chain and in the model, and compares. Whether it came about."""
        outcome = self._send(intent)
        events = events_in(outcome.logs, self.world.core)
        told = [_reentered(event) for event in events]
        reasons = self._ask(intent, outcome, told)
        self.record.append((self.town.now, intent, outcome))
        self._compare(intent, outcome, reasons, told)
        return outcome.error is None

    def _ask(self, intent: Intent, outcome: Outcome, told: list[Any]) -> frozenset[Reason]:
        """What the model says. Where a call was refused in which an agent acted with little gas,
        one of the ways in which it may have run out must explain it."""
        reasons, guesses, questions = frozenset[Reason](), 0, 0
        mark = len(self.town.books.undo)
        while guesses < 2 ** min(questions, GUESSES_MOST) or guesses == 0:
            self.town.witness(outcome.error is None, told, guesses)
            try:
                reasons = self.town.books.attempt(lambda: self._model(intent))
            except Mismatch:
                raise
            except AssertionError as problem:
                raise Mismatch(str(problem)) from problem
            questions = max(questions, self.town.guessed)
            if outcome.error is None or outcome.error in reasons:
                break
            self.town.books.back_to(mark)
            guesses += 1
        return reasons

    def _send(self, intent: Intent) -> Outcome:
        data = intent.contract.functions[intent.function](*intent.arguments)
        target, sender, value = intent.contract.address, intent.sender, intent.value
        if sender not in self.town.agents:
            return self.chain.send(sender, target, data, value)
        execute = functions_of("MockSigner")["execute"](target, value, data)
        return self.chain.send(self.world.address("deployer"), sender, execute, value)

    def _model(self, intent: Intent) -> None:
        payer = intent.sender
        if payer in self.town.agents:
            payer = self.world.address("deployer")
        self.town.move(COIN, payer, intent.contract.address, intent.value)
        intent.do(intent.sender)

    def _compare(
        self, intent: Intent, outcome: Outcome, reasons: frozenset[Reason], told: list[Any]
    ) -> None:
        name = f"{intent.contract.name}.{intent.function}"
        self.acts[name] += 1
        if outcome.error is not None:
            self.refusals[outcome.error[0] or "(none)"] += 1
            if not reasons:
                raise Mismatch(f"{name} was refused with {self.show(outcome.error)}, needlessly")
            if outcome.error not in reasons:
                expected = self.show(sorted(reasons, key=str))
                raise Mismatch(
                    f"{name} was refused with {self.show(outcome.error)}, not {expected}"
                )
            self.town.books.close()
            return
        if reasons:
            raise Mismatch(f"{name} came about in spite of {self.show(sorted(reasons, key=str))}")
        touched, expected = self.town.books.close()
        seen = [(*e[:4], None) if e[1] == "Reentered" else e for e in told]
        wanted = [(*e[:4], None) if e[1] == "Reentered" else e for e in expected]
        if Counter(map(repr, seen)) != Counter(map(repr, wanted)):
            missing = [one for one in wanted if one not in seen]
            more = [one for one in seen if one not in wanted]
            raise Mismatch(f"{name} said {self.show(more)} in place of {self.show(missing)}")
        self.check(touched.values())

    # Laws

    def check(self, entries: Iterable[tuple[Book, Any]]) -> None:
        """Compares entries with the chain, and checks the laws for the assets among them."""
        assets = set()
        for book, key in entries:
            if book.look is not None:
                found, wanted = book.look(key, book[key])
                self.checks += 1
                if found != wanted:
                    raise Mismatch(
                        f"{book.name} of {self.show(key)} is {self.show(found)}, "
                        f"not {self.show(wanted)}"
                    )
            if book is self.town.money:
                assets.add(key[0])
        for asset in assets:
            self._check_solvency(asset)
            self._check_conservation(asset)

    def _check_solvency(self, asset: str) -> None:
        for name, market in self.world.markets.items():
            has, owes = self.town.balance(asset, market.address), market.owes(asset)
            self.checks += 1
            if has != owes:
                raise Mismatch(f"{name} has {has} of {self.show(asset)} and owes {owes}")

    def _check_conservation(self, asset: str) -> None:
        """Nothing is made or lost: what all have is what there is."""
        everything = sum(amount for (one, _), amount in self.town.money.items() if one == asset)
        token = self.town.tokens.get(asset)
        supply = token.supply[0] if token else self.world.coins
        self.checks += 1
        if everything != supply:
            raise Mismatch(f"There is {supply} of {self.show(asset)}, and all have {everything}")

    def check_everything(self) -> None:
        self.check((book, key) for book in self.town.books.all for key in list(book))
        for name, mock in self.world.contracts.items():
            token = self.town.tokens.get(mock.address)
            if token is not None and self.world.ask(name, "totalSupply") != token.supply[0]:
                raise Mismatch(f"{name}'s supply isn't {token.supply[0]}")
        pool = self.world.pool
        most = pool.released(pool.over()) + pool.state["income"]
        if pool.effective.total > pool.state["minted"] + pool.state["income"]:
            raise Mismatch("A total isn't covered.")
        if pool.state["minted"] > pool.released(pool.over()) or pool.effective.total > most:
            raise Mismatch("Rewards cost more than the budget.")

    # Choices

    def pick(self, among: Sequence[T]) -> T:
        return among[self.dice.randrange(len(among))]

    def some(self, among: Iterable[T]) -> T | None:
        found = list(among)
        return self.pick(found) if found else None

    def chance(self, one_in: int) -> bool:
        return self.dice.randrange(one_in) == 0

    def who(self, proper: str = "") -> str:
        """Who acts: whom it is meant for, or rarely anybody; in a script always the agent."""
        if self.forced is not None:
            return self.forced
        can_act = proper in self.town.people or proper in self.town.agents
        if can_act and not self.chance(12):
            return proper
        return self.pick(self.world.traders)

    def address(self, name: str) -> str:
        return self.world.address(name)

    def asset(self) -> str:
        """Coins, the community's token, or one of those that misbehave."""
        if self.chance(3):
            return COIN
        known = [a for a in self.town.tokens if a != self.world.young.address]
        return self.pick([*known, self.world.token.address, self.address("MockHookToken")])

    def price(self, asset: str) -> int:
        return self.dice.choice((
            1, 2, self.dice.randrange(1, 100), self.dice.randrange(1, 10**6),
            self.dice.randrange(1, 10**18), 10**18,
            2**128 - 1 if asset not in {COIN, self.world.token.address} else 10**19 + 1,
        ))  # fmt: skip

    def odd(self, value: T, *others: T) -> T:
        """The value as it should be, or rarely one that is out of bounds."""
        return self.pick(others) if self.chance(40) else value

    def new_nonce(self, signer: str) -> int:
        """A new one, or rarely one that was there before."""
        if self.nonces[signer] and self.chance(15):
            return NONCE_FIRST + self.dice.randrange(self.nonces[signer])
        self.nonces[signer] += 1
        return NONCE_FIRST + self.nonces[signer] - 1 + (2**200 if self.chance(30) else 0)

    def expiry(self, longest: int = 365 * DAY) -> int:
        now = self.town.now
        return now + self.dice.choice((
            self.odd(DAY, 0, 1), HOUR, 2 * DAY, *(min(longest, days * DAY) for days in LONG),
            longest, self.odd(longest, longest + 1, -1),
        ))  # fmt: skip

    def sign(self, signer: str, digest: bytes) -> bytes:
        """A signer's signature, in any of its forms, or rarely one that is none."""
        person = self.town.people.get(signer)
        if person is None:
            signature = digest + b"agreed"
            if signer in self.town.agents and not self.chance(12):
                agent = Contract("MockSigner", signer)
                self.world.side(self.address("deployer"), agent, "sign", digest, signature)
                self.town.agreed[signer, digest] = _keccak(signature)
            return signature
        made = person.sign(digest)
        if self.chance(12):
            r, s, v = made[:32], int.from_bytes(made[32:64], "big"), made[64]
            twin = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
            other = self.town.people[self.address(self.pick(("mia", "stranger")))]
            return self.pick((twin, other.sign(digest), made[:64] + b"\0", made + b"\0", b"\1"))
        return self.pick((made, made, r_and_s(made)))

    def permit(self, owner: str, spender: str, asset: str) -> bytes:
        """For the community's token a permit, at times; at times one that is no good."""
        if not self.chance(6) or self.forced is not None:
            return b""
        person, token = self.town.people.get(owner), self.world.token
        if asset != token.address or person is None:
            return bytes(self.pick((160, 160, 159)))
        amount = 2**256 - 1
        deadline = self.expiry()
        made = person.sign(token.permit_digest(owner, spender, amount, deadline))
        words = (amount, deadline, made[64] if not self.chance(5) else 29)
        return b"".join(one.to_bytes(32, "big") for one in words) + made[:64]

    def keep(self, kind: str, paper: Any) -> Any:
        self.papers.setdefault(kind, deque(maxlen=12)).append(paper)
        return paper

    def paper(self, kind: str) -> Any:
        """One that was signed before, used or not."""
        return self.some(self.papers.get(kind, ()))

    def remember(self, kind: str, thing: Any) -> None:
        self.known.setdefault(kind, deque(maxlen=16)).append(thing)

    def remembered(self, kind: str) -> Any:
        return self.some(self.known.get(kind, ()))

    def boundary(self) -> int:
        """A second before, at or after one at which something ends."""
        escrow, auctions, pool = self.world.escrow, self.world.auctions, self.world.pool
        ends = [t.deadline for t in escrow.trades.values() if t]
        ends += [r.expiry for r in escrow.requested.values() if r]
        ends += [lot.deadline for lot in auctions.lots.values() if lot]
        if pool.waiting:
            ends.append(pool.waiting.counts_from)
        ends.append(pool.terms.start + (pool.over() + 1) * pool.terms.epoch_seconds)
        later = sorted(end for end in ends if end > self.town.now)
        return self.pick(later[:3]) + self.dice.choice((-1, 0, 0, 1, 1))

    # Reentering

    def script(self, agent: str, intents: list[Intent]) -> None:
        """Makes an agent do this when something arrives."""
        deployer, contract = self.address("deployer"), Contract("MockSigner", agent)
        side = self.world.side
        calls = list(self.town.scripts[agent])
        for intent in intents:
            data = intent.contract.functions[intent.function](*intent.arguments)
            side(deployer, contract, "addCall", intent.contract.address, intent.value, data)
            calls.append(Scripted(intent.contract.address, self._nested(agent, intent)))
        side(deployer, contract, "setMode", REENTER)
        self.town.scripts[agent] = tuple(calls)
        self.town.modes[agent] = REENTER

    def _nested(self, agent: str, intent: Intent) -> Callable[[], Any]:
        def act() -> None:
            if self.town.balance(COIN, agent) < intent.value:
                raise Refused(NOTHING)
            self.town.move(COIN, agent, intent.contract.address, intent.value)
            intent.do(agent)

        return act

    # Telling

    def show(self, value: Any) -> str:
        """With names in place of addresses."""
        text = repr(value)
        for address, name in self.world.names.items():
            text = text.replace(f"'{address}'", name).replace(address, name)
        return text.replace(f"'{NOBODY}'", "nobody")

    @property
    def diary(self) -> list[str]:
        """What was done in this run, and what came of it."""
        return [self._line(*entry) for entry in self.record]

    def _line(self, now: int, intent: Intent, outcome: Outcome) -> str:
        answer = "ok" if outcome.error is None else self.show(outcome.error)
        value = f" value={intent.value}" if intent.value else ""
        return (
            f"{now}  {self.show(intent.sender)}: {intent.contract.name}."
            f"{intent.function}{self.show(intent.arguments)}{value} -> {answer}"
        )

    def market_of(self, till: Till) -> Contract:
        return self.world.contracts[till.name]


def _reentered(event: Any) -> Any:
    """What came back to an agent, as an error where it was one."""
    if event[1] != "Reentered":
        return event
    address, name, target, success, answer = event
    return (address, name, target, success, NOTHING if success else error_of(answer))


def r_and_s(signature: bytes) -> bytes:
    """ERC-2098: 64 bytes."""
    s = int.from_bytes(signature[32:64], "big") | ((signature[64] - 27) << 255)
    return signature[:32] + s.to_bytes(32, "big")


def _keccak(data: bytes) -> bytes:
    from tests.lane.abi import keccak

    return keccak(data)
