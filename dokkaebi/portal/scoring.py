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


def counts_in(rules: Rules, epoch: Epoch, one: Contribution) -> str:
    """Whether a contribution counts in an epoch: empty if so, else why not (`early`: it counted
    before, `late`: it counts in the next one, `old`: it came too late for any)."""
    rule = rules.kinds.get(one.kind)
    if rule is None:
        return "kind"
    # A reaction counts from some hours later on, when nobody can hurry to answer it any more.
    counted_at = one.at + (rules.late_hours * HOUR_SECONDS if rule.received else 0)
    if counted_at >= epoch.end or one.file > epoch.files:
        return "late"
    if counted_at < epoch.start and one.file <= epoch.files_before:
        return "early"
    if counted_at < epoch.start - rules.accept_days * DAY_SECONDS:
        return "old"
    return ""


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
    ordered = sorted(contributions)
    scorer.meet(ordered)
    for one in ordered:
        scorer.take(one)
    scorer.temper_mutual()
    return Scores(scorer.points, scorer.divide(), scorer.trail)


class _Scorer:
    def __init__(
        self,
        rules: Rules,
        epoch: Epoch,
        links: Mapping[Persona, str],
        first_seen: Mapping[Persona, int],
        watched: Persona | None,
    ) -> None:
        self.points: dict[Persona, Points] = {}
        self.trail: list[Step] = []
        self._rules, self._epoch, self._links = rules, epoch, links
        self._watched = watched
        self._seen = dict(first_seen)
        self._share_bps = rules.share_in(epoch.number)
        self._fees: dict[str, int] = defaultdict(int)
        # Wallet → whom it praised → weight.
        self._praised: dict[str, dict[Persona, int]] = defaultdict(lambda: defaultdict(int))
        self._wallets: dict[Persona, str] = {}
        # (who, kind, day) → how many; (who, day) → points; (giver, taker) → points.
        self._times: dict[tuple[Persona, str, int], int] = defaultdict(int)
        self._days: dict[tuple[Persona, int], int] = defaultdict(int)
        self._pairs: dict[tuple[Persona, Persona], int] = defaultdict(int)
        self._twins: set[tuple[Persona, int]] = set()

    def pay(self, payments: Iterable[Payment]) -> None:
        """Both parties of a trade bear its fee, half each."""
        for payment in payments:
            if self._epoch.start <= payment.at < self._epoch.end:
                fee = self._rules.in_token(payment.asset, payment.fee)
                self._fees[payment.seller.lower()] += fee // 2
                self._fees[payment.buyer.lower()] += fee - fee // 2

    def meet(self, ordered: Iterable[Contribution]) -> None:
        """Notes when accounts began."""
        seen = self._seen
        for one in ordered:
            if one.at < seen.get(one.author, one.at + 1):
                seen[one.author] = one.at

    def take(self, one: Contribution) -> None:
        """One contribution, in the order of time."""
        if reason := counts_in(self._rules, self._epoch, one):
            # What counted in an earlier epoch is told there.
            if reason != "early":
                self._tell(one, reason)
            return
        rule = self._rules.kinds[one.kind]
        factor = self._age_bps(one)
        if rule.made:
            self._make(one, rule.made * MILLI * factor // BPS, factor)
        if rule.received and one.receiver is not None:
            self._praise(one, one.receiver, rule.received, factor)

    def _age_bps(self, one: Contribution) -> int:
        """How much of a contribution counts, by its author's age then."""
        rules = self._rules
        full = rules.age_full_days * DAY_SECONDS
        age = min(max(one.at - self._seen[one.author], 0), full)
        if age == full:
            return BPS
        return rules.age_start_bps + (BPS - rules.age_start_bps) * age // full

    def _make(self, one: Contribution, worth: int, factor: int) -> None:
        """Points for one's own piece: the n-th of a day gives 1/n, the same text nothing."""
        author, day = one.author, one.at // DAY_SECONDS
        if one.twin:
            if (author, one.twin) in self._twins:
                self._tell(one, "twin")
                return
            self._twins.add((author, one.twin))
        key = (author, one.kind, day)
        self._times[key] += 1
        room = self._rules.day_max * MILLI - self._days[author, day]
        given = min(worth // self._times[key], room)
        self._days[author, day] += given
        made = self._of(author).made
        made[one.kind] = made.get(one.kind, 0) + given
        if author == self._watched:
            values = {"points": given, "nth": self._times[key], "age_bps": factor, "room": room}
            self._tell(one, "made" if given or not worth else "day_full", **values)

    def _praise(self, one: Contribution, receiver: Persona, weight: int, factor: int) -> None:
        """Points for whom a reaction praises, and a claim to the share of its giver's fees."""
        wallet = self._wallet(one.author)
        if receiver == one.author or (wallet and wallet == self._wallet(receiver)):
            self._tell(one, "self")
            return
        if wallet in self._fees:
            # Without caps: what an honest payer gives must not depend on into how many names
            # somebody divides.
            self._praised[wallet][receiver] += weight
        pair = (one.author, receiver)
        room = self._rules.pair_max * MILLI - self._pairs[pair]
        given = min(weight * MILLI * factor // BPS, room)
        self._pairs[pair] += given
        received = self._of(receiver).received
        received[one.kind] = received.get(one.kind, 0) + given
        if self._watched in pair:
            key = "received" if given or not factor else "pair_full"
            self._tell(one, key, points=given, age_bps=factor)

    def temper_mutual(self) -> None:
        """What two give each other beyond a little counts like its square root."""
        free = self._rules.mutual_free * MILLI
        for (giver, taker), given in self._pairs.items():
            mutual = min(given, self._pairs.get((taker, giver), 0))
            if mutual > free:
                beyond = mutual - free
                lost = beyond - min(beyond, isqrt(beyond * MILLI))
                self._of(taker).mutual += lost
                if taker == self._watched:
                    values = {"giver": str(giver), "mutual": mutual, "points": lost}
                    self.trail.append(Step("mutual", values))

    def divide(self) -> dict[Persona, int]:
        """Each payer's share of fees goes to those whom it praised, by weight. What nobody was
        praised with, and what division leaves, isn't given to anybody."""
        mileage: dict[Persona, int] = defaultdict(int)
        for wallet, praised in self._praised.items():
            share = self._fees[wallet] * self._share_bps // BPS
            whole = sum(praised.values())
            for receiver, weight in praised.items():
                part = share * weight // whole
                if part:
                    mileage[receiver] += part
                if receiver == self._watched:
                    values = {"wallet": wallet, "amount": part, "weight": weight, "whole": whole}
                    self.trail.append(Step("backed", {**values, "share": share}))
        return dict(mileage)

    def _of(self, persona: Persona) -> Points:
        found = self.points.get(persona)
        if found is None:
            found = self.points[persona] = Points()
        return found

    def _wallet(self, persona: Persona) -> str:
        found = self._wallets.get(persona)
        if found is None:
            found = self._wallets[persona] = wallet_of(persona, self._links)
        return found

    def _tell(self, one: Contribution, key: str, **values: Any) -> None:
        if self._watched is not None and self._watched in (one.author, one.receiver):
            about = {"id": one.id, "kind": one.kind, "at": one.at, "author": str(one.author)}
            receiver = str(one.receiver) if one.receiver else ""
            self.trail.append(Step(key, {**about, "receiver": receiver, **values}))
