"""The ground on which the contracts' models stand: the clock, everybody's money, tokens and
collections that misbehave as their mocks say, and agents that strike back when they are paid."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.lane.abi import keccak
from tests.lane.keys import Person
from tests.models.books import NOTHING, Books, Reason, Refused, refuse_if

COIN = NOBODY = "0x" + "0" * 40
ENDLESS = 2**256 - 1
ACCEPT, REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB, REENTER, WRONG_ANSWER = range(7)
HONEST = 0
FAILED_FRAMES = {"Credited", "CreationHeld"}


class Scripted(NamedTuple):
    """A call that an agent makes when something arrives, and what it means to the model."""

    target: str
    act: Callable[[], Any]


class Town:
    """`witness`: what is known of a call that gave little gas away to somebody who calls back.
    Gas is the one thing that the model doesn't know: whether such a frame had enough of it, the
    chain says, and the model says whether what happened was allowed."""

    def __init__(self, now: int, chain_id: int) -> None:
        self.books = Books()
        self.now, self.chain_id = now, chain_id
        self.money = self.books.open("money")
        self.modes = self.books.open("modes", ACCEPT)
        self.scripts = self.books.open("scripts", ())
        self.answers = self.books.open("answers", HONEST)
        self.agreed = self.books.open("agreed", None)
        self.people: dict[str, Person] = {}
        self.agents: set[str] = set()
        self.tokens: dict[str, Token] = {}
        self.collections: dict[str, Any] = {}
        # Whether a frame of little gas failed, from the outermost in.
        self._frames: list[bool] = []
        self._failed: deque[tuple[Any, ...]] = deque()
        self._reentered: dict[str, deque[tuple[bool, Reason]]] = {}
        self._finished = True
        self._guesses = self.guessed = 0
        self.limited_reentries = 0

    # What is known of gas

    def witness(self, finished: bool, events: list[tuple[Any, ...]], guesses: int = 0) -> None:
        """What the chain says happened. Of a call that was refused it says nothing: then `guesses`
        tells, a bit for each question, what wanted for gas; `guessed` counts the questions."""
        self._finished = finished
        self._guesses, self.guessed = guesses, 0
        self._frames.clear()
        self._failed = deque(event for event in events if event[1] in FAILED_FRAMES)
        self._reentered = {agent: deque() for agent in self.agents}
        for address, name, *arguments in events:
            if name == "Reentered":
                self._reentered[address].append((arguments[1], arguments[2]))

    def say(self, address: str, name: str, *arguments: Any) -> None:
        event = (address, name, *arguments)
        if self._failed and self._failed[0] == event:
            self._failed.popleft()
        self.books.emit(*event)

    @contextmanager
    def little_gas(self, *event: Any) -> Iterator[None]:
        """A frame of little gas; `event` is said if it fails."""
        self._frames.append(bool(self._failed) and self._failed[0] == event)
        try:
            yield
        finally:
            self._frames.pop()

    # Agents

    def arrive(self, account: str) -> None:
        """Something arrives at an account, which may be one that strikes back."""
        if account not in self.agents:
            return
        mode = self.modes[account]
        if mode == REJECT:
            raise Refused(("Receiver_Refused",))
        if mode in {BURN_GAS, REVERT_BOMB}:
            raise Refused(NOTHING)
        if mode == REENTER and self.scripts[account]:
            self._reenter(account)

    def _wants_gas(self) -> bool:
        if self._finished or not self._frames:
            return False
        self.guessed += 1
        wants, self._guesses = bool(self._guesses & 1), self._guesses >> 1
        return wants

    def _reenter(self, agent: str) -> None:
        if any(self._frames) or self._wants_gas():
            raise Refused(NOTHING)
        script, self.scripts[agent] = self.scripts[agent], ()
        for call in script:
            if self._frames:
                self.limited_reentries += 1
            seen = self._reentered[agent].popleft() if self._reentered.get(agent) else None
            success, error = seen if seen is not None else (None, NOTHING)
            starved = success is False and error[0] in {"", "Gas_TooLittle"}
            if (self._frames and starved) or self._wants_gas():
                self.books.emit(agent, "Reentered", call.target, False)
                continue
            reasons = self.books.attempt(call.act)
            if success is False and error not in reasons:
                raise AssertionError(f"A nested call was refused with {error}, not {set(reasons)}")
            if success is True and reasons:
                raise AssertionError(f"A nested call succeeded in spite of {set(reasons)}")
            self.books.emit(agent, "Reentered", call.target, not reasons)

    def not_signed(self, signer: str, digest: bytes, signature: bytes) -> tuple[Any, ...]:
        wrong = not self.has_signed(signer, digest, signature)
        return (wrong, "Signature_Wrong", signer, digest)

    def no_consent(
        self, signer: str, digest: bytes, expiry: int, signature: bytes
    ) -> list[tuple[Any, ...]]:
        """Why what somebody brings for a signer doesn't count."""
        return [
            (self.now > expiry, "Document_Expired", digest, expiry, self.now),
            self.not_signed(signer, digest, signature),
        ]

    def has_signed(self, signer: str, digest: bytes, signature: bytes) -> bool:
        """Whether this is the signer's consent, now."""
        person = self.people.get(signer)
        if person is not None:
            made = person.sign(digest)
            # ERC-2098: the parity in the highest bit of s.
            s = int.from_bytes(made[32:64], "big") | ((made[64] - 27) << 255)
            return signature in {made, made[:32] + s.to_bytes(32, "big")}
        if signer not in self.agents or self.answers[signer] != HONEST:
            return False
        return bool(self.agreed[signer, digest] == keccak(signature))

    # Money

    def balance(self, asset: str, account: str) -> int:
        return int(self.money[asset, account])

    def move(self, asset: str, giver: str, to: str, amount: int) -> None:
        self.money.add((asset, giver), -amount)
        self.money.add((asset, to), amount)

    def pay_coins(self, giver: str, to: str, amount: int) -> None:
        self.move(COIN, giver, to, amount)
        self.arrive(to)

    def token(self, asset: str) -> Token | None:
        return self.tokens.get(asset)


class Token:
    """A well-behaved ERC-20 token. Transfers say yes or no, or refuse."""

    def __init__(self, town: Town, address: str) -> None:
        self.town, self.address = town, address
        self.allowances = town.books.open("allowances")
        self.supply = town.books.open("supply")
        self.flags = town.books.open("flags", 0)
        town.tokens[address] = self

    def balance(self, account: str) -> int:
        return self.town.balance(self.address, account)

    def mint(self, to: str, amount: int) -> None:
        self._update(NOBODY, to, amount)

    def approve(self, owner: str, spender: str, amount: int) -> None:
        self.allowances[owner, spender] = amount
        self.said("Approval", owner, spender, amount)

    def transfer(self, caller: str, to: str, amount: int) -> bool:
        self._move(caller, to, amount)
        return True

    def transfer_from(self, caller: str, giver: str, to: str, amount: int) -> bool:
        allowed = self.allowances[giver, caller]
        if allowed != ENDLESS:
            if allowed < amount:
                raise Refused(("ERC20InsufficientAllowance", caller, allowed, amount))
            self.allowances[giver, caller] = allowed - amount
        self._move(giver, to, amount)
        return True

    def _move(self, giver: str, to: str, amount: int) -> None:
        if to == NOBODY:
            raise Refused(("ERC20InvalidReceiver", NOBODY))
        self._update(giver, to, amount)

    def _update(self, giver: str, to: str, amount: int) -> None:
        self._shift(giver, to, amount)

    def _shift(self, giver: str, to: str, amount: int) -> None:
        """Zero as giver mints, as receiver burns."""
        if giver == NOBODY:
            self.supply.add(0, amount)
        else:
            had = self.balance(giver)
            if had < amount:
                raise Refused(("ERC20InsufficientBalance", giver, had, amount))
            self.town.money.add((self.address, giver), -amount)
        if to == NOBODY:
            self.supply.add(0, -amount)
        else:
            self.town.money.add((self.address, to), amount)
        self.said("Transfer", giver, to, amount)

    def said(self, name: str, *arguments: Any) -> None:
        """Mocks' events are nobody's promise."""


class BlocklistToken(Token):
    def _update(self, giver: str, to: str, amount: int) -> None:
        refuse_if(
            (self.flags[giver], "Account_Blocked", giver),
            (self.flags[to], "Account_Blocked", to),
        )
        self._shift(giver, to, amount)


class FeeToken(Token):
    """Burns a part of what is sent; says no to some recipients."""

    def transfer(self, caller: str, to: str, amount: int) -> bool:
        return not self.flags[to] and super().transfer(caller, to, amount)

    def transfer_from(self, caller: str, giver: str, to: str, amount: int) -> bool:
        return not self.flags[to] and super().transfer_from(caller, giver, to, amount)

    def _update(self, giver: str, to: str, amount: int) -> None:
        if NOBODY not in {giver, to}:
            fee = amount * self.flags["fee"] // 10_000
            self._shift(giver, NOBODY, fee)
            amount -= fee
        self._shift(giver, to, amount)


class SenderFeeToken(Token):
    """Burns a part on top of what is sent."""

    def _update(self, giver: str, to: str, amount: int) -> None:
        self._shift(giver, to, amount)
        fee = amount * self.flags["fee"] // 10_000
        if fee and NOBODY not in {giver, to}:
            self._shift(giver, NOBODY, fee)


class LyingToken(Token):
    def transfer(self, caller: str, to: str, amount: int) -> bool:
        return bool(self.flags["lying"]) or super().transfer(caller, to, amount)

    def transfer_from(self, caller: str, giver: str, to: str, amount: int) -> bool:
        return bool(self.flags["lying"]) or super().transfer_from(caller, giver, to, amount)


class BombToken(Token):
    """To marked recipients: an answer of 100,000 bytes, in place of all it did, or as an error."""

    def transfer(self, caller: str, to: str, amount: int) -> bool:
        return not self._bombed(to) and super().transfer(caller, to, amount)

    def transfer_from(self, caller: str, giver: str, to: str, amount: int) -> bool:
        if not self.flags[to]:
            return super().transfer_from(caller, giver, to, amount)
        # The bomb ends the call, but not what it did before: the allowance is spent.
        allowed = self.allowances[giver, caller]
        if allowed != ENDLESS:
            if allowed < amount:
                raise Refused(("ERC20InsufficientAllowance", caller, allowed, amount))
            self.allowances[giver, caller] = allowed - amount
        return not self._bombed(to)

    def _bombed(self, to: str) -> bool:
        if self.flags[to] and self.flags["reverting"]:
            raise Refused(NOTHING)
        return bool(self.flags[to])


class BurnerToken(Token):
    def _update(self, giver: str, to: str, amount: int) -> None:
        if self.flags[to]:
            raise Refused(NOTHING)
        self._shift(giver, to, amount)


class HookToken(Token):
    """Calls its holders."""

    def _update(self, giver: str, to: str, amount: int) -> None:
        if self.flags[giver]:
            self.town.arrive(giver)
        self._shift(giver, to, amount)
        if self.flags[to]:
            self.town.arrive(to)


class Collection:
    """An ERC-721 collection as OpenZeppelin's is, with a royalty that anybody can set."""

    def __init__(self, town: Town, address: str) -> None:
        self.town, self.address = town, address
        self.owners = town.books.open("owners", NOBODY)
        self.operators = town.books.open("operators", False)
        self.flags = town.books.open("flags", 0)
        self.royalty_receiver, self.royalty_bps = NOBODY, 0
        town.collections[address] = self

    def owner_of(self, id_: int) -> str:
        return str(self.owners[id_])

    def move(self, caller: str, giver: str, to: str, id_: int) -> None:
        """`transferFrom`."""
        owner = self.owners[id_]
        allowed = owner != NOBODY and (caller == owner or self.operators[owner, caller])
        refuse_if(
            (to == NOBODY, "ERC721InvalidReceiver", NOBODY),
            (owner == NOBODY, "ERC721NonexistentToken", id_),
            (owner != NOBODY and not allowed, "ERC721InsufficientApproval", caller, id_),
            (owner not in {NOBODY, giver}, "ERC721IncorrectOwner", giver, id_, owner),
        )
        self.owners[id_] = to

    def royalty_of(self, id_: int, price: int) -> tuple[str, int]:
        return self.royalty_receiver, price * self.royalty_bps // 10_000


class RefusingCollection(Collection):
    def move(self, caller: str, giver: str, to: str, id_: int) -> None:
        if self.flags[to]:
            raise Refused(("Account_Refused", to) if self.flags[to] == 1 else NOTHING)
        super().move(caller, giver, to, id_)


class LyingCollection(Collection):
    def move(self, caller: str, giver: str, to: str, id_: int) -> None:
        if not self.flags["lying"]:
            super().move(caller, giver, to, id_)


class HookCollection(Collection):
    def move(self, caller: str, giver: str, to: str, id_: int) -> None:
        if self.flags["hook"]:
            self.town.arrive(self.flags["hook"])
        super().move(caller, giver, to, id_)
