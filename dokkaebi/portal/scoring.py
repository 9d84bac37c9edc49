"""Contributions and fees → points and mileage. A pure function of integers: no clock, no float, no
order of rows; the same on any machine.

Points say *when* somebody is paid: they are honours, made by what one does and what others say to
it. Fees say *how much*: a share of each fee that was really paid goes to those whom its payer
praised, and nowhere else. So no set of accounts ever gets more than that share of what it paid
itself, and what others gave it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isqrt
from typing import Any, NamedTuple

from dokkaebi.portal.names import Persona
from dokkaebi.portal.rules import BPS, DAY_SECONDS, HOUR_SECONDS, MILLI, Rules

_NEVER = 1 << 62
# The lower half of a pair of numbers; points have room there, since rules allow a million at most.
_LOW = (1 << 32) - 1


class Contribution(NamedTuple):
    """What somebody did at a time (seconds since 1970), and whom it praises. `twin` is the same for
    the same text, `file` the number of the file that brought it (0: the chain)."""

    at: int
    source: str
    kind: str
    id: str
    author: Persona
    receiver: Persona | None = None
    twin: int = 0
    file: int = 0


class Payment(NamedTuple):
    """A fee that a trade between two wallets paid, in smallest units of its asset."""

    at: int
    id: str
    buyer: str
    seller: str
    asset: str
    fee: int


@dataclass(frozen=True)
class Epoch:
    """A time, its end excluded, in seconds since 1970; and how many files there were at its end and
    at the end of the one before, which says what is counted already."""

    number: int
    start: int
    end: int
    files: int = 0
    files_before: int = 0


@dataclass
class Points:
    """One's points in thousandths, by kind; `mutual` is what was taken off for mutual praise."""

    made: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    mutual: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.made.values()) + sum(self.received.values()) - self.mutual


class Step(NamedTuple):
    """Why somebody got something, or didn't: the text `portal_why_<key>` says it with `values`."""

    key: str
    values: dict[str, Any]


@dataclass
class Scores:
    """Points and mileage (the token's smallest units) of an epoch, and what was asked about one."""

    points: dict[Persona, Points]
    mileage: dict[Persona, int]
    trail: list[Step]


class Window:
    """Which contributions count in an epoch."""

    def __init__(self, rules: Rules, epoch: Epoch) -> None:
        self._epoch = epoch
        oldest = rules.accept_days * DAY_SECONDS
        # A reaction counts from some hours later on, when nobody can hurry to answer it any more.
        late = rules.late_hours * HOUR_SECONDS
        self._bounds = {
            kind: tuple(
                bound - (late if rule.received and not rule.at_once else 0)
                for bound in (epoch.start - oldest, epoch.start, epoch.end)
            )
            for kind, rule in rules.kinds.items()
        }

    def why_not(self, one: Contribution) -> str:
        """Why a contribution doesn't count: it counted before (`early`), counts in the next epoch
        (`late`), came too late for any (`old`), or the rules don't know its `kind`. Empty if it
        counts."""
        bounds = self._bounds.get(one.kind)
        if bounds is None:
            return "kind"
        oldest, start, end = bounds
        at, epoch = one.at, self._epoch
        if at >= end or one.file > epoch.files:
            return "late"
        if at >= start:
            return ""
        if one.file <= epoch.files_before:
            return "early"
        return "old" if at < oldest else ""


def wallet_of(persona: Persona, links: Mapping[Persona, str]) -> str:
    """The wallet behind a persona, lower-case; empty of one that isn't linked."""
    return persona.nickname if persona.source.startswith("chain:") else links.get(persona, "")


def score(
    rules: Rules,
    epoch: Epoch,
    contributions: Iterable[Contribution],
    payments: Iterable[Payment] = (),
    links: Mapping[Persona, str] | None = None,
    first_seen: Mapping[Persona, int] | None = None,
    watched: Persona | None = None,
) -> Scores:
    """The points and the mileage of one epoch.

    `links` are those in force at its end, with lower-case wallets; `first_seen` says when accounts
    began, where that was before the contributions given. With `watched`, the trail tells about
    this one.
    """
    scorer = _Scorer(rules, epoch, links or {}, first_seen or {}, watched)
    scorer.pay(payments)
    scorer.take(scorer.meet(contributions))
    scorer.temper_mutual()
    return Scores(scorer.all_points(), scorer.divide(), scorer.trail)


class _Scorer:
    """People are numbers here, and so are pairs of them: a million tuples take their time."""

    def __init__(
        self,
        rules: Rules,
        epoch: Epoch,
        links: Mapping[Persona, str],
        first_seen: Mapping[Persona, int],
        watched: Persona | None,
    ) -> None:
        self.trail: list[Step] = []
        self._rules, self._epoch, self._links = rules, epoch, links
        self._window = Window(rules, epoch)
        self._watched = watched
        self._share_bps = rules.share_in(epoch.number)
        self._day_max, self._pair_max = rules.day_max * MILLI, rules.pair_max * MILLI
        self._full_seconds = rules.age_full_days * DAY_SECONDS
        self._fees: dict[str, int] = defaultdict(int)
        self._numbers: dict[Persona, int] = {}
        # By number: name, points, wallet, when the account began.
        self._people: list[Persona] = []
        self._points: list[Points] = []
        self._wallets: list[str] = []
        self._began: list[int] = []
        self._first_seen = first_seen
        # kind → who and day → how many; who and day → points; giver and taker → weight above,
        # points below.
        self._times: dict[str, dict[int, int]] = {kind: {} for kind in rules.kinds}
        self._days: dict[int, int] = {}
        self._pairs: dict[int, int] = {}
        self._twins: set[int] = set()

    def pay(self, payments: Iterable[Payment]) -> None:
        """Both parties of a trade bear its fee, half each."""
        for payment in payments:
            if self._epoch.start <= payment.at < self._epoch.end:
                fee = self._rules.in_token(payment.asset, payment.fee)
                self._fees[payment.seller.lower()] += fee // 2
                self._fees[payment.buyer.lower()] += fee - fee // 2

    def meet(self, contributions: Iterable[Contribution]) -> list[Contribution]:
        """Those that count, in the order of time; notes when their authors began."""
        counted = []
        began = self._began
        for one in contributions:
            number = self._number(one.author)
            began[number] = min(began[number], one.at)
            reason = self._window.why_not(one)
            if not reason:
                counted.append(one)
            # What counted in an earlier epoch is told there.
            elif reason != "early":
                self._tell(one, reason)
        counted.sort()
        return counted

    def take(self, ordered: Iterable[Contribution]) -> None:
        """All that count, in the order of time."""
        kinds = {kind: (rule.made, rule.received) for kind, rule in self._rules.kinds.items()}
        numbers, began, full = self._numbers, self._began, self._full_seconds
        start = self._rules.age_start_bps
        for one in ordered:
            made, weight = kinds[one.kind]
            author = numbers[one.author]
            age = one.at - began[author]
            # How much counts of what an account of that age does.
            factor = BPS if age >= full else start + (BPS - start) * age // full
            if made:
                self._make(one, author, made * MILLI * factor // BPS, factor)
            if weight and one.receiver is not None:
                self._praise(one, author, weight, factor)

    def _make(self, one: Contribution, author: int, worth: int, factor: int) -> None:
        """Points for one's own piece: the n-th of a day gives 1/n, the same text nothing."""
        if one.twin:
            twin = author << 64 | one.twin
            if twin in self._twins:
                self._tell(one, "twin")
                return
            self._twins.add(twin)
        day = author << 32 | one.at // DAY_SECONDS
        times = self._times[one.kind]
        nth = times[day] = times.get(day, 0) + 1
        had = self._days.get(day, 0)
        room = self._day_max - had
        given = worth // nth
        if given > room:
            given = room
        self._days[day] = had + given
        made = self._points[author].made
        made[one.kind] = made.get(one.kind, 0) + given
        if one.author == self._watched:
            values = {"points": given, "nth": nth, "age_bps": factor, "room": room}
            self._tell(one, "made" if given or not worth else "day_full", **values)

    def _praise(self, one: Contribution, author: int, weight: int, factor: int) -> None:
        """Points for whom a reaction praises, and a claim to the share of its giver's fees."""
        receiver = self._number(one.receiver)  # type: ignore[arg-type]
        wallet = self._wallets[author]
        if receiver == author or (wallet and wallet == self._wallets[receiver]):
            self._tell(one, "self")
            return
        # The weight has no cap: what an honest payer gives must not depend on into how many names
        # somebody divides.
        pair = author << 32 | receiver
        had = self._pairs.get(pair, 0)
        given, room = weight * MILLI * factor // BPS, self._pair_max - (had & _LOW)
        if given > room:
            given = room
        self._pairs[pair] = had + (weight << 32 | given)
        received = self._points[receiver].received
        received[one.kind] = received.get(one.kind, 0) + given
        if self._watched is not None:
            key = "received" if given or not factor else "pair_full"
            self._tell(one, key, points=given, age_bps=factor)

    def temper_mutual(self) -> None:
        """What two give each other beyond a little counts like its square root."""
        free = self._rules.mutual_free * MILLI
        for pair, value in self._pairs.items():
            giver, taker = pair >> 32, pair & _LOW
            mutual = min(value & _LOW, self._pairs.get(taker << 32 | giver, 0) & _LOW)
            if mutual > free:
                beyond = mutual - free
                lost = beyond - min(beyond, isqrt(beyond * MILLI))
                self._points[taker].mutual += lost
                if self._people[taker] == self._watched:
                    values = {"mutual": mutual, "points": lost}
                    self.trail.append(Step("mutual", {"giver": self._people[giver], **values}))

    def divide(self) -> dict[Persona, int]:
        """Each payer's share of fees goes to those whom it praised, by weight. What nobody was
        praised with, and what division leaves, isn't given to anybody."""
        praised: dict[str, dict[int, int]] = defaultdict(dict)
        for pair, value in self._pairs.items():
            wallet, number = self._wallets[pair >> 32], pair & _LOW
            if wallet in self._fees:
                by_wallet = praised[wallet]
                by_wallet[number] = by_wallet.get(number, 0) + (value >> 32)
        mileage: dict[Persona, int] = defaultdict(int)
        for wallet, weights in praised.items():
            share = self._fees[wallet] * self._share_bps // BPS
            whole = sum(weights.values())
            for number, weight in weights.items():
                receiver = self._people[number]
                part = share * weight // whole
                if part:
                    mileage[receiver] += part
                if receiver == self._watched:
                    values = {"wallet": wallet, "amount": part, "weight": weight, "whole": whole}
                    self.trail.append(Step("backed", {**values, "share": share}))
        return dict(mileage)

    def all_points(self) -> dict[Persona, Points]:
        """Of everybody who made or received something that counts."""
        named = zip(self._people, self._points, strict=True)
        return {who: points for who, points in named if points.made or points.received}

    def _number(self, persona: Persona) -> int:
        number = self._numbers.get(persona)
        if number is None:
            number = self._numbers[persona] = len(self._people)
            self._people.append(persona)
            self._points.append(Points())
            self._wallets.append(wallet_of(persona, self._links))
            self._began.append(self._first_seen.get(persona, _NEVER))
        return number

    def _tell(self, one: Contribution, key: str, **values: Any) -> None:
        if self._watched is not None and self._watched in (one.author, one.receiver):
            about = {"id": one.id, "kind": one.kind, "at": one.at, "author": str(one.author)}
            receiver = str(one.receiver) if one.receiver else ""
            self.trail.append(Step(key, {**about, "receiver": receiver, **values}))
