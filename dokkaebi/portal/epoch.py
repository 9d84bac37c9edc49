"""Epochs: what their documents say, closing one, and computing one again.

A document is canonical JSON (sorted keys, no spaces, UTF-8), so its sha2-256 is one everywhere:

```json
{"dokkaebi": "epoch", "version": 1, "community": "…", "chainId": 1, "pool": "0x…", "epoch": 2,
 "start": 1798761600, "end": 1801440000, "budget": "…", "rules": "<sha256>",
 "previous": "<sha256 of epoch 1's document>",
 "inputs": {"files": ["<sha256>", …], "contributions": {"count": 7, "sha256": "…"}, "market": {…},
            "payments": {…}, "firstSeen": {…}, "links": [["source", "nickname", "0x…"], …]},
 "people": [{"source": "…", "nickname": "…", "made": {"WRITE": 10000}, "received": {…},
             "mutual": 0, "points": 10000, "mileage": "…", "waiting": "…", "paid": "…"}, …],
 "accounts": [["0x…", "<cumulative>"], …], "root": "0x…", "paid": "…", "total": "…"}
```

Points are thousandths. `points` are those saved up and not used, `mileage` is what came in now,
`waiting` what is left of it, `paid` what was paid out now, all in the token's smallest units, as
decimal text. `accounts` are all who ever were paid, with all they ever were paid.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.market import Market
from dokkaebi.portal.names import Persona
from dokkaebi.portal.rules import MILLI, Rules
from dokkaebi.portal.scoring import (
    Contribution,
    Epoch,
    Points,
    Scores,
    Window,
    score,
    wallet_of,
)
from dokkaebi.portal.store import Store
from dokkaebi.portal.tree import Tree, leaf, leaves

VERSION = 1
_DIGESTED_AT_ONCE = 10_000

Document = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """What an epoch is closed with. `budget`: the most it may pay, in the token's smallest units;
    `pool` is the pool's address on the chain."""

    number: int
    start: int
    end: int
    budget: int
    chain_id: int
    pool: str


@dataclass(frozen=True)
class Difference:
    """Where a document says something else than what was computed again."""

    where: str
    document: str
    computed: str


@dataclass(frozen=True)
class Claim:
    """What `RewardPool.claim` takes for an account."""

    epoch: int
    account: str
    cumulative: int
    proof: list[bytes]
    root: bytes


# Documents


def document_path(folder: Path, number: int) -> Path:
    """Where an epoch's document is."""
    return folder / f"epoch-{number:06}.json"


def canonical(document: Document) -> bytes:
    """The one text of a document."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest_of(document: Document) -> bytes:
    """sha2-256 of a document, which is posted with its root."""
    return hashlib.sha256(canonical(document)).digest()


def read_document(path: Path) -> Document:
    """Reads an epoch's document; raises `file_missing`, `portal_document_wrong`."""
    try:
        data = path.read_bytes()
        document: Document = json.loads(data)
        wrong = document["dokkaebi"] != "epoch" or document["version"] != VERSION
    except FileNotFoundError:
        raise DokkaebiError("file_missing", path=str(path)) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise DokkaebiError("portal_document_wrong", path=str(path)) from None
    if wrong or canonical(document) != data:
        raise DokkaebiError("portal_document_wrong", path=str(path))
    return document


def write_document(folder: Path, document: Document) -> Path:
    """Writes a document whole or not at all; one that is there stays if it is the same, else
    `portal_epoch_closed` is raised."""
    from dokkaebi.chain.manifest import write_atomically

    path = document_path(folder, document["epoch"])
    if path.exists() and read_document(path) != document:
        raise DokkaebiError("portal_epoch_closed", epoch=document["epoch"], path=str(path))
    write_atomically(path, canonical(document).decode())
    return path


def previous_document(folder: Path, number: int) -> Document | None:
    """The document of the epoch before; None before the first. Raises `portal_epoch_gap`."""
    if number == 1:
        return None
    path = document_path(folder, number - 1)
    if not path.is_file():
        raise DokkaebiError("portal_epoch_gap", epoch=number, path=str(path))
    return read_document(path)


# Close


def close(
    store: Store, rules: Rules, terms: Terms, previous: Document | None, market: Market
) -> Document:
    """The document of an epoch that ended, of everything imported by now. Pure but for `store`.

    Raises `portal_epoch_order` where it doesn't follow on the one before.
    """
    files = [file.digest for file in store.files()]
    return _compute(store, rules, terms, previous, market, files)


def scored(
    store: Store,
    rules: Rules,
    epoch: Epoch,
    market: Market,
    links: Mapping[Persona, str],
    first_seen: Mapping[Persona, int],
    watched: Persona | None = None,
    see: Callable[[Contribution], object] | None = None,
) -> Scores:
    """An epoch's scores of what is in the store; `first_seen` is the store's of the epoch's files,
    `see` is shown each contribution that counts."""
    # The trail tells about what came too late for any epoch as well.
    since = 0 if watched else rules.oldest_in(epoch.start)
    window = Window(rules, epoch)

    def all_of_them() -> Iterator[Contribution]:
        for one in store.contributions(since, epoch.end, epoch.files):
            if see is not None and not window.why_not(one):
                see(one)
            yield one
        yield from market.contributions

    return score(rules, epoch, all_of_them(), market.payments, links, first_seen, watched)


def epoch_of(terms: Terms, previous: Document | None, files: int) -> Epoch:
    """An epoch's bounds, and which files were counted before."""
    before = len(previous["inputs"]["files"]) if previous else 0
    return Epoch(terms.number, terms.start, terms.end, files, before)


def _compute(
    store: Store,
    rules: Rules,
    terms: Terms,
    previous: Document | None,
    market: Market,
    files: list[str],
) -> Document:
    _check_order(terms, previous)
    epoch = epoch_of(terms, previous, len(files))
    links = store.links(terms.end)
    lines, authors = _Lines(), set[Persona]()

    def see(one: Contribution) -> None:
        lines.add(_line(one))
        authors.add(one.author)

    seen = store.first_seen(epoch.files)
    scores = scored(store, rules, epoch, market, links, seen, see=see)
    first = _Lines()
    for who in sorted(authors):
        first.add(f"{who.source}\t{who.nickname}\t{seen[who]}\n")
    on_chain, paid = _Lines(), _Lines()
    window = Window(rules, epoch)
    for one in market.contributions:
        if not window.why_not(one):
            on_chain.add(_line(one))
    for payment in market.payments:
        if terms.start <= payment.at < terms.end:
            paid.add("\t".join(map(str, payment)) + "\n")
    people, payouts = settle(rules, terms, scores, links, _people(previous))
    accounts = {account: int(amount) for account, amount in (previous or {}).get("accounts", [])}
    for account, amount in payouts.items():
        accounts[account] = accounts.get(account, 0) + amount
    accounts = dict(sorted(accounts.items()))
    root = Tree(leaves(terms.chain_id, terms.pool, terms.number, accounts)).root
    return {
        "dokkaebi": "epoch",
        "version": VERSION,
        "community": rules.community,
        "chainId": terms.chain_id,
        "pool": terms.pool.lower(),
        "epoch": terms.number,
        "start": terms.start,
        "end": terms.end,
        "budget": str(terms.budget),
        "rules": rules.digest,
        "previous": digest_of(previous).hex() if previous else None,
        "inputs": {
            "files": files,
            "contributions": lines.summary(),
            "firstSeen": first.summary(),
            "market": on_chain.summary(),
            "payments": paid.summary(),
            "links": [[*persona, wallet] for persona, wallet in sorted(links.items())],
        },
        "people": people,
        "accounts": [[account, str(amount)] for account, amount in accounts.items()],
        "root": "0x" + root.hex(),
        "paid": str(sum(payouts.values())),
        "total": str(sum(accounts.values())),
    }


def _check_order(terms: Terms, previous: Document | None) -> None:
    wrong = terms.end <= terms.start or terms.number < 1
    if previous is not None:
        place = (previous["chainId"], previous["pool"])
        wrong = (
            wrong
            or previous["epoch"] != terms.number - 1
            or previous["end"] != terms.start
            or place != (terms.chain_id, terms.pool.lower())
        )
    if wrong or (previous is None) != (terms.number == 1):
        raise DokkaebiError("portal_epoch_order", epoch=terms.number)


def _people(previous: Document | None) -> dict[Persona, tuple[int, int]]:
    """Saved points and waiting mileage of the epoch before."""
    return {
        Persona(one["source"], one["nickname"]): (one["points"], int(one["waiting"]))
        for one in (previous or {}).get("people", [])
    }


def settle(
    rules: Rules,
    terms: Terms,
    scores: Scores,
    links: Mapping[Persona, str],
    before: Mapping[Persona, tuple[int, int]],
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Everybody's state after an epoch, and wallet → what is paid out to it.

    Who has saved enough points and mileage and is linked gets all that waits; of a budget that
    isn't enough each gets the same part, and the rest goes on waiting.
    """
    everybody = sorted({*before, *scores.points, *scores.mileage})
    points, waiting = {}, {}
    for who in everybody:
        saved, waited = before.get(who, (0, 0))
        points[who] = saved + scores.points.get(who, Points()).total
        waiting[who] = waited + scores.mileage.get(who, 0)
    price = rules.threshold_points * MILLI
    ready = [
        who
        for who in everybody
        if points[who] >= price
        and waiting[who] >= max(rules.payout_min, 1)
        and wallet_of(who, links)
    ]
    wanted = sum(waiting[who] for who in ready)
    paid, payouts = dict[Persona, int](), dict[str, int]()
    for who in ready:
        due = waiting[who]
        paid[who] = due if wanted <= terms.budget else due * terms.budget // wanted
        if paid[who]:
            points[who] -= price
            waiting[who] -= paid[who]
            wallet = wallet_of(who, links)
            payouts[wallet] = payouts.get(wallet, 0) + paid[who]
    people = [
        {
            "source": who.source,
            "nickname": who.nickname,
            "made": scores.points.get(who, Points()).made,
            "received": scores.points.get(who, Points()).received,
            "mutual": scores.points.get(who, Points()).mutual,
            "points": points[who],
            "mileage": str(scores.mileage.get(who, 0)),
            "waiting": str(waiting[who]),
            "paid": str(paid.get(who, 0)),
        }
        for who in everybody
    ]
    return people, payouts


def _line(one: Contribution) -> str:
    """A contribution as it is digested; what is printable has no tabs in it."""
    receiver = one.receiver or ("", "")
    words = (one.source, one.kind, one.id, one.at, *one.author, *receiver, one.twin)
    return "\t".join(map(str, words)) + "\n"


class _Lines:
    """Counts and digests lines as they come."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._waiting: list[str] = []
        self._count = 0

    def add(self, line: str) -> None:
        self._waiting.append(line)
        self._count += 1
        if len(self._waiting) == _DIGESTED_AT_ONCE:
            self._flush()

    def summary(self) -> dict[str, Any]:
        self._flush()
        return {"count": self._count, "sha256": self._digest.hexdigest()}

    def _flush(self) -> None:
        self._digest.update("".join(self._waiting).encode())
        self._waiting.clear()


# Compute again


def terms_of(document: Document) -> Terms:
    """What a document's epoch was closed with."""
    return Terms(
        document["epoch"],
        document["start"],
        document["end"],
        int(document["budget"]),
        document["chainId"],
        document["pool"],
    )


def recompute(
    store: Store, rules: Rules, document: Document, previous: Document | None, market: Market
) -> list[Difference]:
    """Where a document isn't what its inputs and rules give; nothing if it is. Files imported since
    don't count.

    Raises `portal_inputs_missing` where the store hasn't its files, in their order.
    """
    files = list(document["inputs"]["files"])
    known = [file.digest for file in store.files()]
    for number, digest in enumerate(files):
        if number >= len(known) or known[number] != digest:
            raise DokkaebiError("portal_inputs_missing", number=number + 1, digest=digest)
    computed = _compute(store, rules, terms_of(document), previous, market, files)
    return list(_differences("", document, computed))


def _differences(where: str, document: Any, computed: Any) -> Iterator[Difference]:
    if isinstance(document, dict) and isinstance(computed, dict):
        for name in sorted({*document, *computed}):
            inside = f"{where}.{name}".lstrip(".")
            yield from _differences(inside, document.get(name), computed.get(name))
    elif isinstance(document, list) and isinstance(computed, list):
        yield from _differences(where, _by_name(document), _by_name(computed))
    elif document != computed:
        yield Difference(where, _shown(document), _shown(computed))


def _by_name(rows: list[Any]) -> dict[str, Any]:
    """Rows by what they are about, so that one row too many is one difference."""
    return dict(_named(rows))


def _named(rows: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for row in rows:
        if isinstance(row, dict):
            yield f"{row.get('nickname')}@{row.get('source')}", row
        elif isinstance(row, list):
            yield " ".join(map(str, row[:-1])), row[-1]
        else:
            yield str(row), row


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


# Claim


def claim_of(document: Document, account: str) -> Claim:
    """What an account may claim by a document; raises `portal_nothing_to_claim`."""
    return next(claims_of(document, [account]))


def claims_of(document: Document, accounts: Iterable[str]) -> Iterator[Claim]:
    """What accounts may claim by a document; raises `portal_nothing_to_claim` of the first that
    never was paid."""
    amounts = {wallet: int(amount) for wallet, amount in document["accounts"]}
    place = (document["chainId"], document["pool"], document["epoch"])
    tree = Tree(leaves(*place, amounts))
    for account in accounts:
        mine = account.lower()
        if mine not in amounts:
            raise DokkaebiError("portal_nothing_to_claim", account=account, epoch=place[2])
        proof = tree.proof(leaf(*place, mine, amounts[mine]))
        yield Claim(place[2], mine, amounts[mine], proof, tree.root)
