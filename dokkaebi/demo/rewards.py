"""What people wrote becomes tokens, and the tokens buy something: an epoch of the portal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain import creation_market, reward_pool
from dokkaebi.chain.creation_registry import owner
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.persona_links import sign_as_steward, sign_as_wallet
from dokkaebi.chain.terms import NOBODY
from dokkaebi.chain.till import sign_permit
from dokkaebi.config import project_root
from dokkaebi.demo.stage import Person
from dokkaebi.ledger.index import index
from dokkaebi.ledger.reports.patronage import paid_trades, registered_works
from dokkaebi.ledger.store import Identity, open_ledger, read_ledger
from dokkaebi.portal.epoch import (
    Document,
    Terms,
    claims_of,
    close,
    digest_of,
    write_document,
)
from dokkaebi.portal.importing import import_file
from dokkaebi.portal.market import from_ledger
from dokkaebi.portal.names import Persona
from dokkaebi.portal.people import add_link, new_link
from dokkaebi.portal.rules import Rules, load_rules
from dokkaebi.portal.store import Store, open_store

if TYPE_CHECKING:
    from dokkaebi.demo.day import MarketDay

SOURCE = "village.example"


class Rewards:
    """Imports what people wrote, closes the epochs that are over, pays, and lets one spend."""

    def __init__(self, day: MarketDay, folder: Path) -> None:
        self.day, self.stage, self.suite, self.say = day, day.stage, day.stage.suite, day.say
        self.folder = folder / "portal"
        self.database = folder / "ledger.sqlite3"
        self.writers = {
            "moru": day.someone(0),
            "dallae": day.someone(1),
            "ari": day.ari,
            "boram": day.boram,
            "chan": day.chan,
        }

    def play(self) -> None:
        """From the portal's files to a purchase."""
        self.say("demo_scene_rewards")
        self.folder.mkdir(parents=True)
        terms = reward_pool.terms(self.suite)
        last = max(reward_pool.state(self.suite).over, 1)
        self.stage.pass_time_until(
            max(reward_pool.epoch_bounds(terms, last)[1] + 1, now_on(self.suite) + 1)
        )
        rules = self._rules()
        with open_store(self.folder / "portal.sqlite3", make=True) as store:
            self._gather(store, rules, terms.start)
            document = self._close(store, rules, last)
        if not document["accounts"]:
            self.say("demo_rewards_none")
            return
        self._pay(document, terms.challenge_seconds)
        self._spend(document)

    def _rules(self) -> Rules:
        """The village's rules; the co-operative vouches for nicknames."""
        text = (project_root() / "examples" / "portal" / "rules.toml").read_text("utf-8")
        path = self.folder / "rules.toml"
        steward = self.stage.cooperative.address.lower()
        write_atomically(path, text.replace(f'steward = "{NOBODY}"', f'steward = "{steward}"'))
        return load_rules(path)

    def _gather(self, store: Store, rules: Rules, start: int) -> None:
        """Imports what was written, as if in the days before the market, and links wallets."""
        given = project_root() / "examples" / "portal" / "village.jsonl"
        rows = [json.loads(line) for line in given.read_text("utf-8").splitlines()]
        moved = self.folder / given.name
        write_atomically(moved, "\n".join(map(json.dumps, _moved(rows, start))) + "\n")
        now = now_on(self.suite)
        report = import_file(store, moved, rules.kinds, now)
        self.say("demo_imported", file=given.name, count=report.total)
        steward = self.stage.cooperative.sender.account
        for nickname, person in self.writers.items():
            persona = Persona(SOURCE, nickname)
            link = new_link(store, rules, persona, person.address, start, linked=True)
            link = sign_as_steward(steward, sign_as_wallet(person.sender.account, link))
            add_link(store, rules, link, start)
        self.say("demo_linked", count=len(self.writers))

    def _close(self, store: Store, rules: Rules, last: int) -> Document:
        """Closes every epoch that is over, each on the one before."""
        suite, terms = self.suite, reward_pool.terms(self.suite)
        identity = Identity.of(suite.manifest)
        documents: list[Document] = []
        with open_ledger(self.database, identity) as ledger:
            index(self.stage.chain, identity, ledger)
        for number in range(1, last + 1):
            start, end = reward_pool.epoch_bounds(terms, number)
            with read_ledger(self.database, identity) as snapshot:
                works, trades = registered_works(snapshot, end), paid_trades(snapshot, end)
                market = from_ledger(suite.chain.chain_id, works, trades)
            before = documents[-1] if documents else None
            promised = int(before["total"]) if before else 0
            most = reward_pool.budget_left(suite, number, promised)
            place = (most, suite.chain.chain_id, suite.pool.address)
            bounds = Terms(number, start, end, *place)
            documents.append(close(store, rules, bounds, before, market))
            write_document(self.folder, documents[-1])
        document = documents[-1]
        total = self.stage.token.text(int(document["total"]))
        self.say("demo_closed", epochs=last, people=len(document["accounts"]), total=total)
        return document

    def _pay(self, document: Document, challenge_seconds: int) -> None:
        """Posts the root, lets the window pass, and claims for everybody."""
        root, total = bytes.fromhex(document["root"][2:]), int(document["total"])
        call = reward_pool.post(self.suite, document["epoch"], root, total, digest_of(document))
        self.stage.act(self.stage.operator, call)
        self.say("demo_posted", days=challenge_seconds // 86_400)
        self.stage.pass_time(challenge_seconds)
        claims = [
            reward_pool.Claim(one.account, one.cumulative, one.proof)
            for one in claims_of(document, [account for account, _ in document["accounts"]])
        ]
        self.stage.act(self.day.passerby, reward_pool.claim_many(self.suite, claims))
        everybody = (*self._people(), *self.day.newcomers)
        names = {person.address.lower(): person.name for person in everybody}
        for one in claims:
            name = names.get(one.account.lower(), one.account)
            self.say("demo_claimed", person=name, amount=self.stage.token.text(one.cumulative))

    def _people(self) -> list[Person]:
        day = self.day
        guests = (day.ari, day.boram, day.chan, day.passerby, day.arbiter)
        return [*day.makers.values(), *guests]

    def _spend(self, document: Document) -> None:
        """Whoever earned most buys a work of somebody else's, in one transaction, by a permit."""
        earned = {account: int(amount) for account, amount in document["accounts"]}
        people = {person.address.lower(): person for person in self._people()}
        buyer = people[max(earned.keys() & people.keys(), key=lambda one: (earned[one], one))]
        price = earned[buyer.address.lower()]
        for published in self.day.shelf:
            seller = people.get(str(owner(self.suite, published.creation)).lower())
            if seller is None or seller is buyer:
                continue
            token, market = self.stage.token, self.suite.creation_market
            offer = self.stage.new_offer(seller, token, price, published.creation)
            signature = self.stage.sign(seller, offer).signature
            permit = sign_permit(
                self.suite,
                buyer.sender.account,
                token.address,
                market,
                price,
                self.stage.soon(),
            )
            call = creation_market.buy(self.suite, offer, signature, permit=permit)
            self.stage.act(buyer, call)
            title, shown = published.work.title, token.text(price)
            self.say("demo_spent", buyer=buyer.name, seller=seller.name, title=title, price=shown)
            return


def _moved(rows: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """The same, so much later that the newest was written a minute before `start`."""
    times = [datetime.fromisoformat(row["at"]) for row in rows]
    later = timedelta(seconds=start - 60) - timedelta(seconds=max(times).timestamp())
    return [{**row, "at": (at + later).isoformat()} for row, at in zip(rows, times, strict=True)]
