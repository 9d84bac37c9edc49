"""Epochs: what is paid and what waits, documents that anybody computes again, claims."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.config import project_root
from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.epoch import (
    _DIGESTED_AT_ONCE,
    Document,
    Terms,
    canonical,
    claim_of,
    close,
    digest_of,
    document_path,
    epoch_of,
    previous_document,
    read_document,
    recompute,
    scored,
    settle,
    terms_of,
    write_document,
)
from dokkaebi.portal.importing import import_file
from dokkaebi.portal.market import Market, from_ledger
from dokkaebi.portal.names import Persona, chain_persona
from dokkaebi.portal.reports import by_kind, by_person, epochs
from dokkaebi.portal.rules import DAY_SECONDS, Rules
from dokkaebi.portal.scoring import Epoch, Payment, Scores, Window
from dokkaebi.portal.store import LinkRow, Store, open_store
from dokkaebi.portal.tree import Tree, leaf, leaves, verify
from tests.dokkaebi.portal.conftest import DATA, NOW

START = 1_793_577_600
WEEK = 7 * DAY_SECONDS
POOL = "0x" + "5" * 40
COIN = "0x" + "0" * 40
TOKEN = 10**18
FEE = TOKEN // 20
NABI, GOM = (Persona("club.example", name) for name in ("nabi", "gom"))
WALLETS = {NABI: "0x" + "a" * 40, GOM: "0x" + "b" * 40}


class Trade:
    """A settled trade as the ledger gives it."""

    def __init__(self, number: int, buyer: str, seller: str, fee: int, at: int) -> None:
        self.id, self.buyer, self.seller = f"t{number}", buyer, seller
        self.asset, self.fee, self.at = COIN, fee, at


class Work:
    """A registered work as the ledger gives it."""

    def __init__(self, number: int, creator: str, at: int) -> None:
        self.id, self.creator, self.at = f"w{number}", creator, at


def terms(number: int = 1, budget: int = 10**24) -> Terms:
    start = START + (number - 1) * WEEK
    return Terms(number, start, start + WEEK, budget, 1, POOL)


def trades(*numbers: int, fee: int = FEE) -> Market:
    """Each week a stranger buys of gom, and gom of the stranger."""
    stranger = "0x" + "c" * 40
    made = [
        Trade(n, *parties, fee, START + (n - 1) * WEEK + DAY_SECONDS)
        for n in numbers
        for parties in ((stranger, WALLETS[GOM]), (WALLETS[GOM], stranger))
    ]
    for place, one in enumerate(made):
        one.id = f"t{place}"
    return from_ledger(1, [Work(1, stranger, START)], made)


def link(store: Store, who: Persona, at: int = START, *, linked: bool = True) -> None:
    nonce = store.next_nonce(who)
    digest = f"{who}{nonce}"
    store.add_link(LinkRow(digest, who, WALLETS[who], linked, nonce, at, "{}"))


def wrote(store: Store, rules: Rules, folder: Path, at: int) -> None:
    """Imports a file of one text of nabi's."""
    path = folder / "wrote.csv"
    path.write_text(f"kind,id,author,at,source\nWRITE,w,nabi,{at},s\n")
    import_file(store, path, rules.kinds, NOW)


def state(document: Document, who: Persona) -> dict[str, Any]:
    return next(one for one in document["people"] if (one["source"], one["nickname"]) == tuple(who))


@pytest.fixture
def generous(rules: Rules) -> Rules:
    """A threshold that the few contributions of the data reach."""
    return replace(rules, threshold_points=1, age_start_bps=10_000, opening_epochs=0)


@pytest.fixture
def filled(store: Store, rules: Rules) -> Store:
    import_file(store, DATA / "all.csv", rules.kinds, NOW)
    return store


def test_who_is_linked_is_paid(filled: Store, generous: Rules) -> None:
    link(filled, GOM)
    link(filled, NABI)
    document = close(filled, generous, terms(), None, trades(1))
    # Half of both trades' fees is gom's, and half of that comes back. Gom praised nabi with a like
    # and a comment, and the stranger with a trade.
    nabi = state(document, NABI)
    share = 2 * (FEE // 2) * 1_000 // 2
    assert int(nabi["mileage"]) == share * 4 // 24
    assert nabi["paid"] == nabi["mileage"]
    assert nabi["waiting"] == "0"
    assert dict(document["accounts"])[WALLETS[NABI]] == nabi["paid"]
    assert document["paid"] == document["total"]
    assert int(document["total"]) == sum(int(amount) for _, amount in document["accounts"])


def test_who_isnt_linked_yet_waits(filled: Store, generous: Rules) -> None:
    link(filled, GOM)
    first = close(filled, generous, terms(), None, trades(1))
    mileage = int(state(first, NABI)["mileage"])
    assert mileage
    assert state(first, NABI)["waiting"] == str(mileage)
    assert WALLETS[NABI] not in dict(first["accounts"])
    link(filled, NABI, START + WEEK)
    second = close(filled, generous, terms(2), first, trades(1, 2))
    assert dict(second["accounts"])[WALLETS[NABI]] == str(mileage)
    assert int(state(second, NABI)["waiting"]) == 0
    # The wallet keeps what it was paid, whoever is linked later.
    link(filled, NABI, START + 2 * WEEK, linked=False)
    third = close(filled, generous, terms(3), second, trades(1, 2, 3))
    assert dict(third["accounts"])[WALLETS[NABI]] == str(mileage)


@pytest.mark.parametrize(("after", "paid"), [(-1, True), (0, False), (1, False)])
def test_a_link_counts_from_when_it_was_issued(
    after: int, paid: bool, filled: Store, generous: Rules
) -> None:
    link(filled, GOM)
    link(filled, NABI, START + WEEK + after)
    document = close(filled, generous, terms(), None, trades(1))
    assert (state(document, NABI)["paid"] != "0") == paid


def test_points_are_saved_up_and_used(filled: Store, generous: Rules) -> None:
    link(filled, GOM)
    link(filled, NABI)
    points = state(close(filled, generous, terms(), None, trades(1)), NABI)["points"]
    needed = points // 1_000 + 1
    for threshold, paid in ((needed, True), (needed + 1, False)):
        rules = replace(generous, threshold_points=threshold)
        one = state(close(filled, rules, terms(), None, trades(1)), NABI)
        assert (one["paid"] != "0") == paid
        assert one["points"] == points + 1_000 - (threshold * 1_000 if paid else 0)


@pytest.mark.parametrize(("more", "paid"), [(-1, True), (0, True), (1, False)])
def test_little_mileage_waits(more: int, paid: bool, filled: Store, generous: Rules) -> None:
    link(filled, GOM)
    link(filled, NABI)
    mileage = int(state(close(filled, generous, terms(), None, trades(1)), NABI)["mileage"])
    rules = replace(generous, payout_min=mileage + more)
    document = close(filled, rules, terms(), None, trades(1))
    assert (state(document, NABI)["paid"] != "0") == paid


def test_no_more_is_paid_than_the_budget(filled: Store, generous: Rules) -> None:
    link(filled, GOM)
    link(filled, NABI)
    whole = int(close(filled, generous, terms(), None, trades(1))["paid"])
    for budget in (0, 1, whole // 3, whole - 1, whole, whole + 1):
        document = close(filled, generous, terms(1, budget), None, trades(1))
        paid = int(document["paid"])
        assert paid <= budget
        assert paid >= min(budget, whole) - len(document["people"])
        left = sum(int(one["waiting"]) for one in document["people"])
        mileage = sum(int(one["mileage"]) for one in document["people"])
        assert paid + left == mileage
    # What a small budget left is paid with the next one.
    first = close(filled, generous, terms(1, whole // 3), None, trades(1))
    second = close(filled, generous, terms(2), first, trades(1))
    assert int(second["total"]) == whole


# Documents


def closed(store: Store, rules: Rules, folder: Path, *numbers: int) -> list[Path]:
    paths = []
    for number in numbers:
        market = trades(*range(1, number + 1))
        previous = previous_document(folder, number)
        document = close(store, rules, terms(number), previous, market)
        paths.append(write_document(folder, document))
    return paths


def test_anybody_computes_it_again(filled: Store, generous: Rules, tmp_path: Path) -> None:
    link(filled, GOM)
    link(filled, NABI)
    for number, path in enumerate(closed(filled, generous, tmp_path, 1, 2, 3), 1):
        document = read_document(path)
        previous = previous_document(tmp_path, number)
        assert recompute(filled, generous, document, previous, trades(1, 2, 3)) == []
        assert terms_of(document) == terms(number)
        if previous is not None:
            assert document["previous"] == digest_of(previous).hex()


def test_what_is_imported_later_changes_no_closed_epoch(
    filled: Store, generous: Rules, tmp_path: Path
) -> None:
    (path,) = closed(filled, generous, tmp_path, 1)
    later = tmp_path / "later.jsonl"
    at = START + DAY_SECONDS
    later.write_text(
        f'{{"kind":"WRITE","id":"new","author":"nabi","at":{at},"source":"club.example"}}\n'
    )
    import_file(filled, later, generous.kinds, NOW)
    document = read_document(path)
    assert recompute(filled, generous, document, None, trades(1)) == []
    # It counts in the next one.
    second = close(filled, generous, terms(2), document, trades(1, 2))
    assert state(second, NABI)["made"] == {"WRITE": 10_000}


GOLDEN = DATA / "closed"


def market_at_the_edges() -> Market:
    """Trades in the first and the last second of an epoch, and in the one after."""
    made = trades(1, 2).contributions
    fees = [
        Payment(START + at, f"f{at}", WALLETS[GOM], "0x" + "C" * 40, COIN, FEE)
        for at in (-1, 0, WEEK - 1, WEEK, 2 * WEEK - 1, 2 * WEEK)
    ]
    return Market(made, fees)


@pytest.fixture
def golden(filled: Store, generous: Rules, tmp_path: Path) -> list[Document]:
    """Two epochs, closed by this version."""
    rows = tmp_path / "names.csv"
    rows.write_text(
        "kind,id,author,at,source,to\n"
        f"LIKE,n1,나비,{START + 5},마을,달\n"
        f"LIKE,n2,달,{START - 5},마을,나비\n"
        f"WRITE,n3,달,{START + WEEK},마을,\n",
        "utf-8",
    )
    import_file(filled, rows, generous.kinds, NOW)
    for who in (NABI, GOM):
        link(filled, who)
    rules = replace(generous, digest="0" * 64)
    first = close(filled, rules, terms(), None, market_at_the_edges())
    return [first, close(filled, rules, terms(2), first, market_at_the_edges())]


def test_what_an_older_version_closed_is_still_computed_the_same(golden: list[Document]) -> None:
    """Every byte: whoever changes a document's form, changes `VERSION`."""
    for document in golden:
        path = document_path(GOLDEN, document["epoch"])
        assert canonical(document).decode() == path.read_text("utf-8")
        assert read_document(path) == document


def test_inputs_are_digested_as_the_store_and_the_market_have_them(
    filled: Store, generous: Rules, golden: list[Document]
) -> None:
    def digest(lines: list[str]) -> dict[str, Any]:
        text = "".join(f"{line}\n" for line in lines)
        return {"count": len(lines), "sha256": hashlib.sha256(text.encode()).hexdigest()}

    inputs = golden[0]["inputs"]
    window = Window(generous, Epoch(1, START, START + WEEK, files=2))
    counted = [one for one in filled.contributions(0, NOW, 2) if not window.why_not(one)]
    rows = [
        (one.source, one.kind, one.id, one.at, *one.author, *(one.receiver or ("", "")), one.twin)
        for one in counted
    ]
    assert inputs["contributions"] == digest(["\t".join(map(str, row)) for row in rows])
    # An account begins with its oldest contribution, whether that counts or not.
    began: dict[Persona, int] = {}
    for one in filled.contributions(0, NOW, 2):
        began[one.author] = min(began.get(one.author, one.at), one.at)
    authors = sorted({one.author for one in counted})
    assert inputs["firstSeen"] == digest(["\t".join([*who, str(began[who])]) for who in authors])
    fees = [one for one in market_at_the_edges().payments if 0 <= one.at - START < WEEK]
    assert len(fees) == 2
    assert inputs["payments"] == digest(["\t".join(map(str, one)) for one in fees])
    assert inputs["market"]["count"] == 3
    assert inputs["links"] == [[*who, WALLETS[who]] for who in (GOM, NABI)]


def test_more_lines_than_are_digested_at_once(
    store: Store, generous: Rules, tmp_path: Path
) -> None:
    count = 2 * _DIGESTED_AT_ONCE + 1
    rows = tmp_path / "many.csv"
    with rows.open("w", encoding="utf-8") as file:
        file.write("kind,id,author,at,source,to\n")
        file.writelines(f"LIKE,{n:06},nabi,{START + n // 50},s,gom\n" for n in range(count))
    import_file(store, rows, generous.kinds, NOW)
    document = close(store, generous, terms(), None, Market())
    lines = "".join(
        f"s\tLIKE\t{n:06}\t{START + n // 50}\ts\tnabi\ts\tgom\t0\n" for n in range(count)
    )
    digest = hashlib.sha256(lines.encode()).hexdigest()
    assert document["inputs"]["contributions"] == {"count": count, "sha256": digest}


def test_the_first_epoch_has_counted_no_file() -> None:
    assert epoch_of(terms(), None, 3) == Epoch(1, START, START + WEEK, 3, 0)
    before = {"inputs": {"files": ["a", "b"]}}
    assert epoch_of(terms(2), before, 3) == Epoch(2, START + WEEK, START + 2 * WEEK, 3, 2)


def test_of_one_who_is_watched_what_came_too_late_is_told(
    store: Store, generous: Rules, tmp_path: Path
) -> None:
    wrote(store, generous, tmp_path, START - 99 * DAY_SECONDS)
    epoch, nabi = epoch_of(terms(), None, 1), Persona("s", "nabi")
    found = scored(store, generous, epoch, Market(), {}, {}, nabi)
    assert [step.key for step in found.trail] == ["old"]
    assert found.points == {}


def test_the_least_there_is_can_be_paid(generous: Rules) -> None:
    rules = replace(generous, payout_min=0)
    saved = {NABI: (1_000, 0), GOM: (1_000, 0)}
    scores = Scores({}, {NABI: 1}, [])
    people, payouts = settle(rules, terms(), scores, WALLETS, saved)
    assert payouts == {WALLETS[NABI]: 1}
    # Who has no mileage keeps the points.
    points = {one["nickname"]: one["points"] for one in people}
    assert points == {"nabi": 0, "gom": 1_000}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.update(paid="1"), "paid"),
        (lambda d: d.update(root="0x" + "0" * 64), "root"),
        (lambda d: d["accounts"].append(["0x" + "e" * 40, "7"]), "accounts.0x" + "e" * 40),
        (lambda d: d["people"][0].update(points=1), ".points"),
        (lambda d: d["people"].pop(), "people."),
        (lambda d: d["inputs"]["contributions"].update(count=1), "inputs.contributions.count"),
        (lambda d: d["inputs"]["links"].pop(), "inputs.links"),
        (lambda d: d.update(rules="0" * 64), "rules"),
        (lambda d: d.update(more=1), "more"),
        (lambda d: d.update(paid={}), "paid"),
        (lambda d: d.update(paid=[]), "paid"),
        (lambda d: d.update(people=7), "people"),
        (lambda d: d.update(people={}), "people"),
        (lambda d: d.update(inputs={**d["inputs"], "links": {}}), "inputs.links"),
        (lambda d: d["inputs"].update(market=7), "inputs.market"),
        (lambda d: d["inputs"].update(market=[]), "inputs.market"),
    ],
)
def test_a_changed_document_is_found_out(
    change: Callable[[Document], object],
    where: str,
    filled: Store,
    generous: Rules,
    tmp_path: Path,
) -> None:
    link(filled, GOM)
    (path,) = closed(filled, generous, tmp_path, 1)
    document = read_document(path)
    change(document)
    found = recompute(filled, generous, document, None, trades(1))
    assert any(where in one.where for one in found), found


def test_differences_say_what_is_there_and_what_should_be(
    filled: Store, generous: Rules, tmp_path: Path
) -> None:
    link(filled, GOM)
    (path,) = closed(filled, generous, tmp_path, 1)
    document = read_document(path)
    document["inputs"]["links"] = [[*NABI, "0x"]]
    document["accounts"].append("x")
    found = recompute(filled, generous, document, None, trades(1))
    shown = [(one.where, one.document, one.computed) for one in found if "people" not in one.where]
    # In the order of names.
    assert shown[0] == ("accounts.x", "x", "-")
    links = [one for one in shown if one[0].startswith("inputs.links")]
    assert links == [
        ("inputs.links.club.example gom", "-", WALLETS[GOM]),
        ("inputs.links.club.example nabi", "0x", "-"),
    ]
    assert [one.where for one in found] == sorted(one.where for one in found)


def test_files_in_another_order_are_other_inputs(
    filled: Store, generous: Rules, tmp_path: Path
) -> None:
    wrote(filled, generous, tmp_path, START)
    document = close(filled, generous, terms(), None, Market())
    assert recompute(filled, generous, document, None, Market()) == []
    files = document["inputs"]["files"]
    files.reverse()
    with pytest.raises(DokkaebiError) as caught:
        recompute(filled, generous, document, None, Market())
    assert caught.value.key == "portal_inputs_missing"
    assert caught.value.details == {"number": 1, "digest": files[0]}


def test_other_inputs_or_rules_are_found_out(
    filled: Store, generous: Rules, tmp_path: Path
) -> None:
    (path,) = closed(filled, generous, tmp_path, 1)
    document = read_document(path)
    wheres = {
        one.where for one in recompute(filled, generous, document, None, trades(1, fee=TOKEN))
    }
    assert "inputs.payments.sha256" in wheres
    other = replace(generous, pair_max=1, digest="0" * 64)
    wheres = {one.where for one in recompute(filled, other, document, None, trades(1))}
    assert "rules" in wheres
    with open_store(tmp_path / "empty", make=True) as empty:
        with pytest.raises(DokkaebiError) as caught:
            recompute(empty, generous, document, None, trades(1))
        assert caught.value.key == "portal_inputs_missing"


def test_a_file_that_isnt_canonical_is_refused(
    filled: Store, generous: Rules, tmp_path: Path
) -> None:
    (path,) = closed(filled, generous, tmp_path, 1)
    document = read_document(path)
    others = [canonical({**document, **other}) for other in ({"dokkaebi": "x"}, {"version": 2})]
    texts = [json.dumps(document, indent=2), "{}", "[1]", "", '{"dokkaebi":"epoch"}']
    for text in [*texts, *(one.decode() for one in others)]:
        path.write_text(text)
        with pytest.raises(DokkaebiError) as caught:
            read_document(path)
        assert caught.value.key == "portal_document_wrong"
    path.unlink()
    with pytest.raises(DokkaebiError) as caught:
        read_document(path)
    assert caught.value.key == "file_missing"


def test_a_closed_epoch_stays(filled: Store, generous: Rules, tmp_path: Path) -> None:
    (path,) = closed(filled, generous, tmp_path, 1)
    before = path.read_bytes()
    closed(filled, generous, tmp_path, 1)
    link(filled, GOM)
    with pytest.raises(DokkaebiError) as caught:
        closed(filled, generous, tmp_path, 1)
    assert caught.value.key == "portal_epoch_closed"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": START + WEEK + 1},
        {"start": START + WEEK - 1},
        {"number": 3},
        {"end": START + WEEK},
        {"chain_id": 2},
        {"pool": COIN},
    ],
)
def test_epochs_follow_on_one_another(
    wrong: dict[str, Any], filled: Store, generous: Rules
) -> None:
    first = close(filled, generous, terms(), None, Market())
    with pytest.raises(DokkaebiError) as caught:
        close(filled, generous, replace(terms(2), **wrong), first, Market())
    assert caught.value.key == "portal_epoch_order"
    with pytest.raises(DokkaebiError):
        close(filled, generous, terms(2), None, Market())
    for number in (0, -1):
        before, negative = {**first, "epoch": number - 1}, replace(terms(2), number=number)
        with pytest.raises(DokkaebiError):
            close(filled, generous, negative, before, Market())
    assert close(filled, generous, terms(2), first, Market())["epoch"] == 2


def test_a_gap_is_refused(tmp_path: Path) -> None:
    assert previous_document(tmp_path, 1) is None
    with pytest.raises(DokkaebiError) as caught:
        previous_document(tmp_path, 2)
    assert caught.value.key == "portal_epoch_gap"


def test_two_machines_write_the_same_bytes(tmp_path: Path) -> None:
    """Two processes with other hash seeds, which import the same rows in another order."""
    lines = (DATA / "all.csv").read_text().splitlines(keepends=True)
    chance = random.Random(2)
    documents = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = [
            f"LIKE,l{n},nabi,{START + n * 977},club.example,,{chance.choice(('gom', 'byeol'))},\n"
            for n in range(300)
        ]
        rows.sort()
        random.Random(number).shuffle(rows)
        (folder / "a.csv").write_text(lines[0] + "".join(rows))
        code = f"""
from pathlib import Path
from dokkaebi.portal.epoch import Terms, canonical, close
from dokkaebi.portal.importing import import_file
from dokkaebi.portal.market import Market
from dokkaebi.portal.rules import load_rules
from dokkaebi.portal.store import open_store
import sys
folder, rules = Path({str(folder)!r}), load_rules()
with open_store(folder / "p", make=True) as store:
    import_file(store, folder / "a.csv", rules.kinds, {NOW})
    terms = Terms(1, {START}, {START + WEEK}, 7, 1, {POOL!r})
    document = close(store, rules, terms, None, Market())
document["inputs"]["files"] = []
sys.stdout.buffer.write(canonical(document))
"""
        chance = random.Random(2)
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            cwd=project_root(),
            env={**os.environ, "PYTHONHASHSEED": str(number + 1), "TZ": f"UTC{number * 5}"},
        )
        documents.append(done.stdout)
    assert documents[0] == documents[1]
    assert json.loads(documents[0])["inputs"]["contributions"]["count"] == 300


# Trees and claims


def test_leaves_are_what_the_contract_hashes() -> None:
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    fields = (137, "0x" + "12" * 20, 2**255, "0x" + "ab" * 20, 2**256 - 1)
    types = ["uint256", "address", "uint256", "address", "uint256"]
    assert leaf(*fields) == keccak(keccak(encode(types, fields)))


def test_the_tree_is_openzeppelins() -> None:
    """Roots of `StandardMerkleTree`, built here by its definition."""
    from eth_utils.crypto import keccak

    def root(hashes: list[bytes]) -> bytes:
        ordered = sorted(hashes)
        nodes = [b""] * (len(ordered) - 1) + ordered[::-1]
        for i in range(len(ordered) - 2, -1, -1):
            nodes[i] = keccak(b"".join(sorted(nodes[2 * i + 1 : 2 * i + 3])))
        return nodes[0]

    for count in (1, 2, 3, 4, 5, 7, 8, 9, 100):
        amounts = {f"0x{n:040x}": n * TOKEN for n in range(count)}
        made = leaves(1, POOL, 3, amounts)
        tree = Tree(made)
        assert tree.root == root(made) == Tree(reversed(made)).root
        for one in made:
            proof = tree.proof(one)
            assert verify(tree.root, proof, one)
            assert len(proof) <= (count - 1).bit_length()
            assert not verify(tree.root, proof, leaf(1, POOL, 4, "0x" + "0" * 40, 1))
        with pytest.raises(ValueError):
            tree.proof(bytes(32))


def test_a_tree_of_nobody() -> None:
    assert Tree([]).root == bytes(32)


def test_claims(filled: Store, generous: Rules) -> None:
    link(filled, GOM)
    link(filled, NABI)
    document = close(filled, generous, terms(), None, trades(1))
    wallets = [wallet for wallet, _ in document["accounts"]]
    assert len(wallets) > 1
    for wallet, amount in document["accounts"]:
        claim = claim_of(document, wallet.upper().replace("0X", "0x"))
        assert (claim.epoch, claim.account, claim.cumulative) == (1, wallet, int(amount))
        assert "0x" + claim.root.hex() == document["root"]
        mine = leaf(1, POOL, 1, wallet, claim.cumulative)
        assert verify(claim.root, claim.proof, mine)
        more = leaf(1, POOL, 1, wallet, claim.cumulative + 1)
        assert not verify(claim.root, claim.proof, more)
    with pytest.raises(DokkaebiError) as caught:
        claim_of(document, COIN)
    assert caught.value.key == "portal_nothing_to_claim"
    assert caught.value.details == {"account": COIN, "epoch": 1}


# Reports


def test_reports(filled: Store, generous: Rules, tmp_path: Path) -> None:
    link(filled, GOM)
    documents = [read_document(p) for p in closed(filled, generous, tmp_path, 1, 2)]
    rows = epochs(documents)
    assert [row.epoch for row in rows] == [1, 2]
    people = {row.persona: row for row in by_person(documents)}
    assert sum(row.mileage for row in rows) == sum(one.mileage for one in people.values())
    assert sum(row.points for row in rows) == sum(one.points for one in people.values())
    assert sum(row.paid for row in rows) == rows[-1].total
    kinds = by_kind(documents)
    for who, one in people.items():
        gained = sum(row.made + row.received for row in kinds if row.persona == who)
        mutual = sum(
            each["mutual"]
            for document in documents
            for each in document["people"]
            if (each["source"], each["nickname"]) == tuple(who)
        )
        assert gained - mutual == one.points
    assert people[chain_persona(1, WALLETS[GOM])].paid > 0
    assert document_path(tmp_path, 2).is_file()
    assert canonical(documents[0]) == document_path(tmp_path, 1).read_bytes()
