"""The report as one page that needs nothing else: no script, no font, no link to anywhere.

Titles, names and symbols are strangers': Jinja escapes every value, pictures are `<img>` data, and
the page's own policy forbids scripts and requests.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from dokkaebi.chain.documents import creation_cid
from dokkaebi.ledger.reports.balance import Balance
from dokkaebi.ledger.reports.calendar import UTC_CALENDAR, Calendar
from dokkaebi.ledger.reports.community import Portal
from dokkaebi.ledger.reports.community import beats as portal_beats
from dokkaebi.ledger.reports.exhibits import Exhibit, Exhibits
from dokkaebi.ledger.reports.forms import Assets
from dokkaebi.ledger.reports.kinds import (
    Health,
    Milestone,
    RewardEpoch,
    TradeRow,
    Work,
    address,
)
from dokkaebi.ledger.reports.patchwork import COLOURS, patchwork
from dokkaebi.ledger.store import Snapshot
from dokkaebi.texts import LANGUAGES, language, t
from dokkaebi.texts.figures import span_text, units_text

# More than anybody scrolls through on a phone; JSON and CSV have all.
SHOWN = 120
# Digits behind the point that people read; the rest is there, and smaller.
READ_DIGITS = 6
# Ids that are short enough to be read whole.
WHOLE_UP_TO = 20
HOUR = 3_600
HOURLY_UP_TO = 36 * HOUR
DAILY_UP_TO = 62
BEATS = ("trades", "buyers", "works", "disputes")
REWARDED = ("fees", "granted", "minted", "claimed")
PARTS = ("seller", "royalty", "referral", "fee", "arbiter", "refund")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket of a plot; `permille` of the highest one's amount."""

    label: str
    amount: int
    sales: int
    permille: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Sales of an asset over time."""

    asset: str
    amount: int
    sales: int
    highest: int
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Slice:
    """Where a part of an asset's amounts went; `permille` of all of them."""

    part: str
    amount: int
    permille: int


@dataclass(frozen=True, slots=True)
class Ways:
    """Where an asset's amounts went."""

    asset: str
    amount: int
    slices: list[Slice]


def page(
    snapshot: Snapshot,
    answers: Mapping[str, Sequence[Any]],
    exhibits: Exhibits,
    balance: Balance | None,
    lang: str | None = None,
    calendar: Calendar = UTC_CALENDAR,
    refresh: int | None = None,
    portal: Portal | None = None,
) -> str:
    """The page, in Korean and English; `lang` is the language it opens in. With `refresh`, it is
    loaded again after so many seconds; with `portal`, it shows people's points."""
    works: Sequence[Work] = answers["works_by_creator"]
    trades: Sequence[TradeRow] = answers["trades"]
    shown: dict[int, Exhibit] = {work.id: exhibits.of(work) for work in works}
    forms = _Forms(Assets(snapshot), shown, names_of(works, shown))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        say=say,
        amount=forms.amount,
        exact=forms.exact,
        who=forms.who,
        work_name=forms.work_name,
        code=code,
        when=partial(when, calendar=calendar),
        duration=duration,
        cloth=cloth,
        percent=percent,
        points=points,
        cid=creation_cid,
    )
    return environment.get_template("page.html.j2").render(
        lang=lang or language(),
        languages=LANGUAGES,
        market=snapshot.identity.label or "Dokkaebi",
        identity=snapshot.identity,
        contracts={name: address(a) for name, a in snapshot.identity.addresses.items()},
        cursor=snapshot.cursor,
        seed=bytes.fromhex(snapshot.identity.genesis_hash[2:]),
        answers=answers,
        exhibits=shown,
        works=sorted(works, key=lambda w: (-w.sales, w.created_at))[:SHOWN],
        trades=newest(trades),
        newest=newest,
        counts={name: len(rows) for name, rows in answers.items()},
        makers=len({work.creator for work in works}),
        sales=sum(trade.is_sale for trade in trades),
        turnover=_turnover(trades),
        waiting=_sum_by_asset(answers["owed_against_paid"], "waiting"),
        escrow=_sum_by_asset(answers["money_in_escrow"], "amount"),
        plots=plots(trades, calendar),
        health=list(reversed(answers["market_health"]))[:SHOWN],
        beats=beats(answers["market_health"]),
        reward_plots=reward_plots(answers["rewards_by_epoch"]),
        portal=portal,
        portal_beats=portal_beats(portal.epochs) if portal else [],
        token=address(snapshot.identity.addresses["CommunityToken"]),
        zone=calendar.zone,
        refresh=refresh,
        ways=ways(answers),
        milestones=_by_trade(answers["milestones"]),
        parts=PARTS,
        balance=balance,
        shown=SHOWN,
    )


def newest(rows: Sequence[Any]) -> list[Any]:
    """The last rows, backwards."""
    return list(reversed(rows))[:SHOWN]


def plots(trades: Sequence[TradeRow], calendar: Calendar = UTC_CALENDAR) -> list[Plot]:
    """Sales by hour, day or month, whichever gives a readable number of bars."""
    ends: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for trade in trades:
        if trade.is_sale and trade.ended_at is not None:
            ends[trade.asset].append((trade.ended_at, trade.sold))
    if not ends:
        return []
    moments = [moment for sales in ends.values() for moment, _ in sales]
    buckets = _buckets(min(moments), max(moments), calendar)
    return [_plot(asset, sales, buckets, calendar) for asset, sales in sorted(ends.items())]


def beats(health: Sequence[Health]) -> dict[str, list[Bar]]:
    """What is plotted of the market's health, period by period."""
    found = {}
    for name in BEATS:
        counts = [getattr(one, name) for one in health]
        highest = max(counts, default=0) or 1
        found[name] = [
            Bar(one.period, count, count, count * 1000 // highest)
            for one, count in zip(health, counts, strict=True)
        ]
    return found


def reward_plots(epochs: Sequence[RewardEpoch]) -> list[tuple[str, Plot]]:
    """What is plotted of the pool, epoch by epoch: fees by asset, then what the pool gave."""
    numbers = sorted({one.epoch for one in epochs})
    found = []
    for asset in sorted({one.asset for one in epochs}):
        mine = {one.epoch: one for one in epochs if one.asset == asset}
        for name in REWARDED:
            amounts = [getattr(mine[n], name) if n in mine else 0 for n in numbers]
            highest = max(amounts)
            if highest:
                bars = [
                    Bar(str(number), amount, amount, amount * 1000 // highest)
                    for number, amount in zip(numbers, amounts, strict=True)
                ]
                found.append((name, Plot(asset, sum(amounts), len(bars), highest, bars)))
    return sorted(found, key=lambda one: REWARDED.index(one[0]))


def _plot(asset: str, sales: list[tuple[int, int]], buckets: list[str], calendar: Calendar) -> Plot:
    amounts, counts = Counter[str](), Counter[str]()
    length = len(buckets[0])
    for moment, amount in sales:
        label = calendar.short(moment)[:length]
        amounts[label] += amount
        counts[label] += 1
    highest = max(amounts.values())
    bars = [Bar(b, amounts[b], counts[b], amounts[b] * 1000 // highest) for b in buckets]
    return Plot(asset, sum(amounts.values()), len(sales), highest, bars)


def _buckets(first: int, last: int, calendar: Calendar) -> list[str]:
    """Labels of all hours, days or months from the first sale to the last: the beginnings of
    their moments' texts."""
    if last - first <= HOURLY_UP_TO:
        hours = [*range(first, last, HOUR), last]
        return list(dict.fromkeys(calendar.short(hour)[: len("2026-11-23 10")] for hour in hours))
    days = [day.isoformat() for day in calendar.days(first, last)]
    if len(days) <= DAILY_UP_TO:
        return days
    return list(dict.fromkeys(day[: len("2026-11")] for day in days))


def ways(answers: Mapping[str, Sequence[Any]]) -> list[Ways]:
    """Where all that buyers paid went: for trades, for requests, and as highest bids."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for trade in answers["trades"]:
        for part in PARTS:
            sums[trade.asset][part] += getattr(trade.split, part)
        sums[trade.asset]["escrow"] += trade.in_escrow
    for request in answers["requests"]:
        # An accepted one is a trade.
        if request.status != "accepted":
            way = "refund" if request.status == "retracted" else "escrow"
            sums[request.asset][way] += request.price
    for auction in answers["auctions"]:
        if auction.ended_at is None:
            sums[auction.asset]["escrow"] += auction.amount
    found = []
    for asset, parts in sorted(sums.items()):
        amounts = {part: parts[part] for part in (*PARTS, "escrow") if parts[part]}
        if not amounts:
            continue
        permilles = rounded(list(amounts.values()))
        slices = [
            Slice(part, amount, permille)
            for (part, amount), permille in zip(amounts.items(), permilles, strict=True)
        ]
        found.append(Ways(asset, sum(amounts.values()), slices))
    return found


def rounded(amounts: Sequence[int]) -> list[int]:
    """Permilles of amounts that make 1000 together: the largest remainders are rounded up."""
    total = sum(amounts)
    permilles = [amount * 1000 // total for amount in amounts]
    by_remainder = sorted(range(len(amounts)), key=lambda i: -(amounts[i] * 1000 % total))
    for index in by_remainder[: 1000 - sum(permilles)]:
        permilles[index] += 1
    return permilles


def _turnover(trades: Sequence[TradeRow]) -> dict[str, int]:
    sums = Counter[str]()
    for trade in trades:
        if trade.is_sale:
            sums[trade.asset] += trade.sold
    return dict(sorted(sums.items()))


def _by_trade(milestones: Sequence[Milestone]) -> dict[str, list[Milestone]]:
    found: dict[str, list[Milestone]] = defaultdict(list)
    for milestone in milestones:
        found[milestone.trade].append(milestone)
    return found


def _sum_by_asset(rows: Sequence[Any], column: str) -> dict[str, int]:
    sums = Counter[str]()
    for row in rows:
        sums[row.asset] += getattr(row, column)
    return {asset: amount for asset, amount in sorted(sums.items()) if amount}


class _Forms:
    """How amounts and works are written on the page."""

    def __init__(
        self, assets: Assets, exhibits: Mapping[int, Exhibit], names: Mapping[str, str]
    ) -> None:
        self._assets = assets
        self._exhibits = exhibits
        self._names = names

    def exact(self, units: int, asset: str) -> str:
        """An amount as plain text."""
        return self._assets.text(units, asset)

    def amount(self, units: int, asset: str) -> Markup:
        """An amount, every digit of it; those that nobody reads are small."""
        whole, _, part = self._assets.number(units, asset).partition(".")
        read, dust = part[:READ_DIGITS], part[READ_DIGITS:]
        point = Markup("<span class=part>.{}<span class=dust>{}</span></span>")
        mark_up = Markup("<span class=amount><span>{}{}</span> <span class=symbol>{}</span></span>")
        return mark_up.format(
            f"{int(whole):,}",
            point.format(read, dust) if part else "",
            self._assets.symbol(asset),
        )

    def who(self, account: str) -> Markup:
        """An address: four patches of its own, its name if it has one, shortened to the eye."""
        places = (account[2 + 2 * n : 4 + 2 * n] for n in range(4))
        patches = (f"--p{n}:var(--cloth{int(p, 16) % COLOURS})" for n, p in enumerate(places))
        return Markup('<span class=who title="{}"><i style="{}"></i>{} {}</span>').format(
            account, ";".join(patches), self._names.get(account, ""), code(account)
        )

    def work_name(self, creation: int | None, collection: str | None = None) -> Markup:
        """A work's title, or its shortened CID; of another collection its number there."""
        if creation is None:
            return say("page_no_work")
        if collection is not None and not self._assets.is_ours(collection):
            return say("page_other", id=code(str(creation)), collection=self.who(collection))
        title = self._exhibits.get(creation, Exhibit()).title
        return Markup("<cite>{}</cite>").format(title) if title else code(creation_cid(creation))


def names_of(works: Sequence[Work], exhibits: Mapping[int, Exhibit]) -> dict[str, str]:
    """What creators call themselves: always the same, and as nobody else does."""
    said: dict[str, set[str]] = defaultdict(set)
    for work in works:
        if name := exhibits[work.id].creator_name:
            said[work.creator].add(name)
    claims = Counter(name for names in said.values() for name in names)
    return {
        account: name
        for account, names in said.items()
        for name in names
        if len(names) == 1 and claims[name] == 1
    }


def say(key: str, **values: object) -> Markup:
    """A text in all languages; the page shows one of them. `values` may be mark-up."""
    spans = [
        Markup("<span class={} lang={}>{}</span>").format(
            lang, lang, escape(t(key, lang)).format(**values)
        )
        for lang in LANGUAGES
    ]
    return Markup("").join(spans)


def code(text: str) -> Markup:
    """An id or address: its middle is hidden from the eye, but copied."""
    if len(text) <= WHOLE_UP_TO:
        return Markup("<code>{}</code>").format(text)
    head = 9 if text.startswith("bafy") else 6
    return Markup('<code title="{}">{}<span class=middle>{}</span>{}</code>').format(
        text, text[:head], text[head:-4], text[-4:]
    )


def when(moment: int, calendar: Calendar = UTC_CALENDAR) -> Markup:
    """A moment on the calendar's clock."""
    return Markup('<time datetime="{}">{}</time>').format(
        calendar.text(moment), calendar.short(moment)
    )


def duration(seconds: int | None) -> Markup:
    """A span of time, or none."""
    if seconds is None:
        return Markup("—")
    return Markup("").join(
        Markup("<span class={} lang={}>{}</span>").format(lang, lang, span_text(seconds, lang))
        for lang in LANGUAGES
    )


def points(milli: int) -> str:
    """Points of thousandths, exact."""
    return units_text(milli, 3)


def percent(permille: int) -> str:
    """A share, one digit behind the point."""
    return f"{permille // 10}.{permille % 10} %"


def cloth(seed: int | bytes, width: int, height: int, patches: int) -> Markup:
    """The patchwork of a seed as a drawing."""
    raw = seed if isinstance(seed, bytes) else seed.to_bytes(32, "big")
    rects = Markup("").join(
        Markup("<rect class=c{} x={} y={} width={} height={} />").format(
            p.colour, p.x, p.y, p.width, p.height
        )
        for p in patchwork(raw, width, height, patches)
    )
    return Markup(
        '<svg class=cloth viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice" '
        "aria-hidden=true>{}</svg>"
    ).format(width, height, rects)
