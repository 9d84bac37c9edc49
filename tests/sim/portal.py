"""`make sim`: who farms the pool? The best adversary that a search finds, against our rules and
against pools as others have them.

An honest population writes, praises and trades for an epoch. An adversary may have many accounts,
praise itself in rings, vote at the last minute, trade with itself for standing, split into many
accounts or merge into one wallet, and spam. Honest members praise its one worthwhile piece of work
in any case; what a plain single account gets for that is no profit. All else is:

    profit = reward - what the plain account gets - fees paid - gas

in the community token at the rules' own rate. Gas is counted and, beside it, left out, since it is
nearly nothing on some chains. Everything is drawn from seeds; money is integers.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dokkaebi.portal.names import Persona, chain_persona
from dokkaebi.portal.rules import BPS, DAY_SECONDS, HOUR_SECONDS, Rules, load_rules
from dokkaebi.portal.scoring import Contribution, Epoch, Payment, Scores, score

TOKEN = 10**18
START, DAYS = 1_800_000_000, 28
END = START + DAYS * DAY_SECONDS
SITE, CHAIN = "town.example", 1
COIN = "0x" + "0" * 40
HONEST, FANS = 40, 30
TRADES, POSTS, PRAISES = 60, 160, 900
# One coin's fees are a thousand tokens by the rules' rate; a gwei of gas price.
GAS_CLAIM, GAS_TRADE = 55_000 * 10**9 * 1_000, 220_000 * 10**9 * 1_000
# Of each trade of an honest member, in coins.
FEE = 10**15
RANDOM, CLIMBS = 40, 80
Claims = dict[str, int]


@dataclass(frozen=True)
class Strategy:
    """What an adversary does in an epoch. `fee` is what its self-trades cost, in tokens."""

    accounts: int = 1
    merged: bool = True
    ring: str = "none"
    praises: int = 0
    last_minute: bool = False
    posts_a_day: int = 0
    fee: int = 0
    trades: int = 0
    aged: bool = True


CHOICES: dict[str, Sequence[object]] = {
    "accounts": (1, 2, 3, 5, 8, 12, 20),
    "merged": (False, True),
    "ring": ("none", "cycle", "star", "mutual"),
    "praises": (0, 1, 3, 10),
    "last_minute": (False, True),
    "posts_a_day": (0, 1, 3, 8),
    "fee": (0, 1, 5, 20, 100),
    "trades": (0, 1, 4, 12),
    "aged": (True, False),
}


@dataclass(frozen=True)
class World:
    """An epoch of honest members, always the same for a seed."""

    contributions: tuple[Contribution, ...]
    payments: tuple[Payment, ...]
    links: dict[Persona, str]
    first_seen: dict[Persona, int]
    fans: tuple[Persona, ...]


def make_world(seed: int) -> World:
    chance = random.Random(seed)
    people = [Persona(SITE, f"member{number}") for number in range(HONEST)]
    links = {who: f"0x{number + 1:040x}" for number, who in enumerate(people)}
    made, payments = [], []
    for number in range(POSTS):
        made.append(
            Contribution(_moment(chance), SITE, "WRITE", f"w{number}", chance.choice(people))
        )
    for number in range(PRAISES):
        giver, taker = chance.sample(people, 2)
        kind = chance.choices(("LIKE", "COMMENT", "SHARE"), (6, 3, 1))[0]
        made.append(Contribution(_moment(chance), SITE, kind, f"p{number}", giver, taker))
    for number in range(TRADES):
        buyer, seller = chance.sample(people, 2)
        made += _trade(payments, f"t{number}", _moment(chance), links[buyer], links[seller], FEE)
    seen = dict.fromkeys(people, START - 400 * DAY_SECONDS)
    fans = tuple(chance.choices(people, k=FANS))
    return World(tuple(made), tuple(payments), links, seen, fans)


def _moment(chance: random.Random) -> int:
    return START + chance.randrange((DAYS - 1) * DAY_SECONDS)


def _trade(
    payments: list[Payment], name: str, at: int, buyer: str, seller: str, fee: int
) -> list[Contribution]:
    payments.append(Payment(at, name, buyer, seller, COIN, fee))
    who, whom = chain_persona(CHAIN, buyer), chain_persona(CHAIN, seller)
    return [Contribution(at, who.source, "TRADE", name, who, whom)]


@dataclass(frozen=True)
class Play:
    """What came of a strategy: the scores of the epoch, and who is the adversary's."""

    scores: Scores
    mine: frozenset[Persona]
    wallets: frozenset[str]
    links: dict[Persona, str]
    fees: int
    all_fees: int
    gas_trades: int


def play(rules: Rules, world: World, strategy: Strategy) -> Play:
    """Lets the adversary act beside the honest members."""
    names = [Persona(SITE, f"shade{number}") for number in range(strategy.accounts)]
    wallets = [f"0x{0xBAD0000 + number:040x}" for number in range(max(strategy.accounts, 2))]
    links = dict(world.links)
    for number, name in enumerate(names):
        links[name] = wallets[0 if strategy.merged else number]
    made: list[Contribution] = []
    payments = list(world.payments)
    for number, fan in enumerate(world.fans):
        at = START + (number + 1) * DAY_SECONDS // 2
        made.append(Contribution(at, SITE, "LIKE", f"fan{number}", fan, names[number % len(names)]))
    made += _posts(strategy, names) + _ring(strategy, names)
    spent = 0
    if strategy.fee and strategy.trades:
        # Coins whose fee is worth so many tokens by the rate.
        each = strategy.fee * TOKEN // 1_000 // strategy.trades
        for number in range(strategy.trades):
            buyer = wallets[number % len(wallets)]
            seller = wallets[(number + 1) % len(wallets)]
            made += _trade(payments, f"s{number}", START + number + 1, buyer, seller, each)
            spent += each
    seen = dict(world.first_seen)
    if strategy.aged:
        seen |= dict.fromkeys(names, START - 400 * DAY_SECONDS)
    epoch = Epoch(rules.opening_epochs + 1, START, END)
    everything = [*world.contributions, *made]
    mine = {*names, *(chain_persona(CHAIN, wallet) for wallet in wallets)}
    return Play(
        score(rules, epoch, everything, payments, links, seen),
        frozenset(mine),
        frozenset(wallets),
        links,
        rules.in_token(COIN, spent),
        sum(rules.in_token(COIN, one.fee) for one in payments),
        GAS_TRADE * (strategy.trades if strategy.fee else 0),
    )


def _posts(strategy: Strategy, names: list[Persona]) -> list[Contribution]:
    return [
        Contribution(START + day * DAY_SECONDS + post, SITE, "WRITE", f"x{n}-{day}-{post}", name)
        for n, name in enumerate(names)
        for day in range(DAYS)
        for post in range(strategy.posts_a_day)
    ]


def _ring(strategy: Strategy, names: list[Persona]) -> list[Contribution]:
    count = len(names)
    pairs = {
        "none": [],
        "cycle": [(n, (n + 1) % count) for n in range(count)],
        "star": [(n, 0) for n in range(1, count)],
        "mutual": [(n, m) for n in range(count) for m in range(count)],
    }[strategy.ring]
    base = END - HOUR_SECONDS // 2 if strategy.last_minute else START + 3 * DAY_SECONDS
    return [
        Contribution(base + turn, SITE, "SHARE", f"r{n}-{m}-{turn}", names[n], names[m])
        for n, m in pairs
        if n != m
        for turn in range(strategy.praises)
    ]


# Pools: what the adversary's accounts get in all, in the token's smallest units.

Pool = Callable[[Rules, Play], Claims]


def ours(rules: Rules, played: Play) -> Claims:
    """Mileage, whether it is paid out already or still waits."""
    return {str(who): amount for who, amount in played.scores.mileage.items() if who in played.mine}


def by_points(rules: Rules, played: Play) -> Claims:
    """Control: the budget by everybody's points, with all of our caps."""
    return _divided(rules, played, {w: p.total for w, p in played.scores.points.items()})


def by_votes(rules: Rules, played: Play) -> Claims:
    """Control: Steem after 2019, a linear pool by received votes."""
    return _divided(rules, played, _votes(played, 1))


def by_votes_squared(rules: Rules, played: Play) -> Claims:
    """Control: Steem's first curve, where votes count by their square."""
    return _divided(rules, played, _votes(played, 2))


def _votes(played: Play, power: int) -> dict[Persona, int]:
    return {w: sum(p.received.values()) ** power for w, p in played.scores.points.items()}


def _divided(rules: Rules, played: Play, weights: dict[Persona, int]) -> Claims:
    budget, whole = played.all_fees * rules.share_bps // BPS, sum(weights.values())
    if not whole:
        return {}
    return {str(w): budget * x // whole for w, x in weights.items() if w in played.mine and x}


POOLS: dict[str, Pool] = {
    "ours": ours,
    "ours, opening share": ours,
    "by points, with caps": by_points,
    "by votes (linear)": by_votes,
    "by votes (squared)": by_votes_squared,
}


# Search


@dataclass(frozen=True)
class Outcome:
    """A strategy's profit in the token's smallest units, with gas and without."""

    strategy: Strategy
    profit: int
    without_gas: int


class Search:
    """Random strategies, and from the best of them step by step to a better one."""

    def __init__(self, rules: Rules, seed: int, name: str) -> None:
        pool = POOLS[name]
        # Raw votes have no caps, as Steem has none.
        self._rules = uncapped(rules) if pool in (by_votes, by_votes_squared) else rules
        if "opening" in name:
            self._rules = replace(rules, share_bps=rules.opening_share_bps)
        self._world = make_world(seed)
        self._pool = pool
        self._chance = random.Random(seed + 1)
        self._known: dict[Strategy, Outcome] = {}
        self._plain = sum(pool(self._rules, play(self._rules, self._world, Strategy())).values())

    @property
    def tried(self) -> int:
        """How many strategies were tried."""
        return len(self._known)

    def judge(self, strategy: Strategy) -> Outcome:
        """Plays a strategy; doing nothing but the plain account's work isn't one."""
        if strategy not in self._known:
            played = play(self._rules, self._world, strategy)
            claims = self._pool(self._rules, played)
            gained = sum(claims.values()) - self._plain - played.fees
            # The plain account claims as well.
            gas = GAS_CLAIM * max(len(claims) - 1, 0) + played.gas_trades
            self._known[strategy] = Outcome(strategy, gained - gas, gained)
        return self._known[strategy]

    def best(self) -> Outcome:
        """The best strategy found."""
        for _ in range(RANDOM):
            self.judge(self._random())
        best = max(self._known.values(), key=_rank)
        for _ in range(CLIMBS):
            name = self._chance.choice(list(CHOICES))
            value = self._chance.choice(CHOICES[name])
            tried = replace(best.strategy, **{name: value})  # type: ignore[arg-type]
            if _acts(tried):
                best = max(best, self.judge(tried), key=_rank)
        return best

    def best_spending(self) -> Outcome:
        """The best of those tried that paid fees to itself."""
        paid = [one for one in self._known.values() if one.strategy.fee and one.strategy.trades]
        return max(paid, key=_rank)

    def _random(self) -> Strategy:
        while True:
            values = {name: self._chance.choice(choice) for name, choice in CHOICES.items()}
            strategy = Strategy(**values)  # type: ignore[arg-type]
            if _acts(strategy):
                return strategy


def _rank(outcome: Outcome) -> tuple[int, int]:
    return outcome.without_gas, outcome.profit


def _acts(strategy: Strategy) -> bool:
    """Whether it is anything beyond the plain account."""
    rings = strategy.ring != "none" and strategy.praises and strategy.accounts > 1
    trades = strategy.fee and strategy.trades
    return bool(strategy.accounts > 1 or strategy.posts_a_day or rings or trades)


def uncapped(rules: Rules) -> Rules:
    """The rules without caps and tempering."""
    much = 10**6
    return replace(
        rules, day_max=much, pair_max=much, mutual_free=much, late_hours=0, age_start_bps=BPS
    )


@dataclass(frozen=True)
class Row:
    """The best adversary against a pool over all seeds, and the best of those that pay fees."""

    pool: str
    best: Outcome
    spending: Outcome
    tried: int
    splitting: int


def run(rules: Rules, seeds: Sequence[int]) -> list[Row]:
    """The best adversary against every pool. `splitting` is what merely dividing into 20 accounts
    gains at most, without gas."""
    rows = []
    for name in POOLS:
        searches = [Search(rules, seed, name) for seed in seeds]
        best = max((search.best() for search in searches), key=_rank)
        spending = max((search.best_spending() for search in searches), key=_rank)
        split = Strategy(accounts=20, merged=False)
        splitting = max(search.judge(split).without_gas for search in searches)
        tried = sum(search.tried for search in searches)
        rows.append(Row(name, best, spending, tried, splitting))
    return rows


def tokens(amount: int) -> str:
    """Tokens with three digits, rounded away from zero, so that no loss looks like none."""
    milli = -(-abs(amount) * 1_000 // TOKEN)
    return f"{'-' if amount < 0 else ''}{milli // 1_000}.{milli % 1_000:03}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many worlds")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--figures", type=Path, help="a JSON file to write")
    asked = parser.parse_args()
    rules = load_rules()
    rows = run(rules, range(asked.seed, asked.seed + asked.seeds))
    table = Table(
        "pool",
        "best profit",
        "without gas",
        "if it trades",
        "by splitting",
        "tried",
        "strategy",
        box=None,
    )
    for row in rows:
        best = row.best
        changed = {k: v for k, v in asdict(best.strategy).items() if v != getattr(Strategy(), k)}
        table.add_row(
            row.pool,
            tokens(best.profit),
            tokens(best.without_gas),
            tokens(row.spending.without_gas),
            tokens(row.splitting),
            str(row.tried),
            " ".join(f"{name}={value}" for name, value in changed.items()),
        )
    Console(width=150).print(table)
    share = Fraction(rules.share_bps, BPS)
    print(f"Self-trades pay from a token price of {1 / share} times the rules' rate on.")
    if asked.figures:
        facts = [
            {"pool": row.pool, "profit": str(row.best.profit), "tried": row.tried,
             "without_gas": str(row.best.without_gas), "splitting": str(row.splitting),
             "if_it_trades": str(row.spending.without_gas),
             "strategy": asdict(row.best.strategy)}
            for row in rows
        ]  # fmt: skip
        asked.figures.write_text(json.dumps(facts, indent=2) + "\n")
    ours_hold = all(
        max(row.best.profit, row.best.without_gas, row.splitting) <= 0
        for row in rows
        if POOLS[row.pool] is ours
    )
    others_break = all(row.best.profit > 0 for row in rows if POOLS[row.pool] is not ours)
    return 0 if ours_hold and others_break else 1


if __name__ == "__main__":
    raise SystemExit(main())
