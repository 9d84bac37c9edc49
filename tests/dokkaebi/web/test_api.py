"""The API: every answer against the reports and its own OpenAPI document, every refusal beside."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dokkaebi.chain.documents import creation_cid
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.index import index
from dokkaebi.ledger.reports import QUESTIONS, answer, forms
from dokkaebi.ledger.reports.calendar import Calendar
from dokkaebi.ledger.reports.events import EVENTS
from dokkaebi.ledger.reports.statement import statement
from dokkaebi.ledger.store import Identity, Snapshot, open_ledger, read_ledger
from dokkaebi.texts import catalogue
from dokkaebi.web import books as books_module
from dokkaebi.web.app import LISTINGS, create_app
from dokkaebi.web.books import Books
from dokkaebi.web.limits import Limits
from tests.dokkaebi.ledger.engines import new_database
from tests.dokkaebi.ledger.market_day import Day

ANSWERS = {
    "works": "works_by_creator",
    "offers": "open_offers",
    "requests": "requests",
    "trades": "trades",
    "auctions": "auctions",
    "bids": "bids",
    "swaps": "swaps",
    "disputes": "disputes",
    "cancellations": "cancelled_nonces",
    "voucher-cancellations": "cancelled_vouchers",
}


def served(books: Books, rate: str = "100000/second", **more: Any) -> TestClient:
    app = create_app(books, limits=Limits(rate), **more)
    return TestClient(app, raise_server_exceptions=False)


def everything(api: TestClient, path: str, limit: int) -> list[dict[str, Any]]:
    """All pages, one after the other."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        asked = {"limit": limit, **({"after": after} if after else {})}
        page = api.get(path, params=asked).json()
        assert 0 < len(page["items"]) <= limit
        found += page["items"]
        after = page["next"]
    return found


def rows_of(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    if name == "events":
        return list(map(forms.as_json, EVENTS.all(snapshot)))
    return list(map(forms.as_json, answer(snapshot, [ANSWERS[name]])[ANSWERS[name]]))


def text_of(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(map(repr, rows))


# Rows


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.parametrize("limit", [1, 7, 500])
def test_pages_give_every_row_once(
    api: TestClient, snapshot: Snapshot, name: str, limit: int
) -> None:
    if (name, limit) == ("events", 1):
        limit = 3
    found = everything(api, f"/v1/{name}", limit)
    assert text_of(found) == text_of(rows_of(snapshot, name))


def test_pages_begin_with_the_newest(api: TestClient) -> None:
    places = [(e["block_number"], e["log_index"]) for e in everything(api, "/v1/events", 100)]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        *(("trades", column) for column in ("seller", "buyer", "kind", "state", "asset")),
        *(("works", column) for column in ("creator", "owner")),
        *(("offers", column) for column in ("seller", "kind", "asset", "creation")),
        *(("auctions", column) for column in ("seller", "asset")),
        *(("bids", column) for column in ("bidder", "document")),
        *(("disputes", column) for column in ("arbiter", "trade")),
        *(("events", column) for column in ("contract", "name", "address")),
        *(("swaps", column) for column in ("maker", "taker")),
        *(("cancellations", column) for column in ("market", "signer")),
        *(("voucher-cancellations", column) for column in ("creator", "creation")),
        ("requests", "buyer"),
        ("trades", "creation"),
    ],
)
def test_filters_choose_rows(api: TestClient, snapshot: Snapshot, name: str, column: str) -> None:
    rows = rows_of(snapshot, name)
    values = {row[column] for row in rows if row[column] is not None}
    assert values
    for value in sorted(values)[:4]:
        wanted = [row for row in rows if row[column] == value]
        found = api.get(f"/v1/{name}", params={column: value, "limit": 500}).json()["items"]
        assert text_of(found) == text_of(wanted)


def test_a_creation_goes_by_any_of_its_names(api: TestClient, snapshot: Snapshot) -> None:
    row = rows_of(snapshot, "works")[0]
    number = int(row["id"])
    answers = [
        api.get(f"/v1/works/{name}")
        for name in (row["id"], f"0x{number:064x}", creation_cid(number))
    ]
    assert [one.status_code for one in answers] == [200] * 3
    assert [one.json()["item"] for one in answers] == [row] * 3
    assert api.get(f"/v1/works/{number ^ 1}").status_code == 404


def test_a_trade_comes_with_its_parts_and_disputes(api: TestClient, snapshot: Snapshot) -> None:
    parts = list(map(forms.as_json, answer(snapshot, ["milestones"])["milestones"]))
    disputes = rows_of(snapshot, "disputes")
    for row in rows_of(snapshot, "trades"):
        found = api.get(f"/v1/trades/{row['id']}").json()
        assert row in found["items"]
        assert found["milestones"] == [part for part in parts if part["trade"] == row["id"]]
        assert found["disputes"] == [one for one in disputes if one["trade"] == row["id"]]
    assert api.get("/v1/trades/0x" + "12" * 32).status_code == 404


def test_an_auction_and_its_bids(api: TestClient, snapshot: Snapshot) -> None:
    for row in rows_of(snapshot, "auctions"):
        assert api.get(f"/v1/auctions/{row['id']}").json()["item"] == row
        bids = api.get("/v1/bids", params={"document": row["id"]}).json()["items"]
        assert len(bids) == row["bids"]
    assert api.get("/v1/auctions/0x" + "12" * 32).status_code == 404


def test_accounts_say_what_they_are_owed(api: TestClient, snapshot: Snapshot, day: Day) -> None:
    owed = list(map(forms.as_json, answer(snapshot, ["owed_against_paid"])["owed_against_paid"]))
    for person in day.people:
        found = api.get(f"/v1/accounts/{person}").json()
        assert found["account"] == person
        assert found["owed"] == [row for row in owed if row["payee"] == person]
        assert found["community_tokens"] == str(day.token.call("balanceOf", person))
    stranger = api.get("/v1/accounts/0x" + "9" * 40).json()
    assert (stranger["owed"], stranger["community_tokens"]) == ([], "0")


def test_statements(api: TestClient, snapshot: Snapshot, day: Day) -> None:
    path = f"/v1/accounts/{day.people[2]}/statement"
    found = api.get(path).json()
    receipts = list(map(forms.as_json, statement(snapshot, day.people[2]).receipts))
    assert found["receipts"] == receipts
    calendar = Calendar("Asia/Seoul")
    last = calendar.day(receipts[-1]["at"])
    part = api.get(path, params={"from": last, "zone": "Asia/Seoul"}).json()
    assert part["receipts"] == [row for row in receipts if calendar.day(row["at"]) >= last]
    assert part["from"] == calendar.begin(last)


@pytest.mark.parametrize("question", QUESTIONS)
def test_reports_are_those_of_the_command(
    api: TestClient, snapshot: Snapshot, question: str
) -> None:
    rows = list(map(forms.as_json, answer(snapshot, [question])[question]))
    for _ in range(2):
        assert api.get(f"/v1/reports/{question}").json()["items"] == rows
    dated = {"zone": "Pacific/Kiritimati", "by": "day"}
    calendar = Calendar(*dated.values())
    rows = list(map(forms.as_json, answer(snapshot, [question], calendar)[question]))
    assert api.get(f"/v1/reports/{question}", params=dated).json()["items"] == rows


def test_the_market_and_its_assets(api: TestClient, day: Day) -> None:
    market = api.get("/v1/market").json()
    assert market["market"] == "도깨비 장터"
    assert market["contracts"]["EscrowMarket"] == day.escrow.address
    assert market["head"]["hash"] == day.chain.block()["hash"]
    assets = api.get("/v1/assets").json()["items"]
    assert {COIN, day.token.address} <= {asset["address"] for asset in assets}


# What it says of itself


def paths(api: TestClient, day: Day, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Each route's pattern, and an address there that has an answer."""
    examples = {
        "creation": rows_of(snapshot, "works")[0]["id"],
        "auction": rows_of(snapshot, "auctions")[0]["id"],
        "trade": rows_of(snapshot, "disputes")[0]["trade"],
        "account": day.people[2],
    }
    for pattern in api.get("/openapi.json").json()["paths"]:
        if "{question}" in pattern:
            for question in QUESTIONS:
                yield pattern, pattern.format(question=question)
        else:
            yield pattern, pattern.format(**examples)


def test_every_answer_is_as_the_openapi_document_says(
    api: TestClient, day: Day, snapshot: Snapshot
) -> None:
    document = api.get("/openapi.json").json()
    checked = 0
    for pattern, path in paths(api, day, snapshot):
        response = api.get(path)
        assert response.status_code == 200, path
        said = document["paths"][pattern]["get"]["responses"]["200"]
        if pattern == "/metrics":
            continue
        schema = {**said["content"]["application/json"]["schema"], **document}
        problems = list(Draft202012Validator(schema).iter_errors(response.json()))
        assert not problems, (path, problems[0])
        checked += 1
    assert checked == len(document["paths"]) - 2 + len(QUESTIONS)


def test_the_check_of_the_document_can_fail(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    said = document["paths"]["/v1/market"]["get"]["responses"]["200"]
    schema = {**said["content"]["application/json"]["schema"], **document}
    wrong = api.get("/v1/market").json() | {"chain_id": "1337"}
    assert list(Draft202012Validator(schema).iter_errors(wrong))


def test_every_route_is_documented(api: TestClient) -> None:
    for path, route in api.get("/openapi.json").json()["paths"].items():
        assert route["get"]["description"], path


# Caching


def test_an_answer_is_not_sent_twice(api: TestClient, day: Day, snapshot: Snapshot) -> None:
    tag = api.get("/v1/market").headers["etag"]
    assert snapshot.cursor.block_hash[2:] in tag
    for sent in (tag, f'"other", {tag}'):
        again = api.get("/v1/trades", headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    other = api.get("/v1/trades", headers={"If-None-Match": 'W/"0"'})
    assert other.status_code == 200


def test_a_new_block_has_a_new_tag(anvil_market: Day, tmp_path: Path) -> None:
    chain, path = anvil_market.chain, tmp_path / "l"
    identity = Identity.of(anvil_market.manifest())

    def follow() -> None:
        with open_ledger(path, identity) as ledger:
            index(chain, identity, ledger)

    follow()
    with served(Books(path, identity, chain)) as api:
        first = api.get("/v1/market")
        chain.raw("evm_mine")
        follow()
        second = api.get("/v1/market", headers={"If-None-Match": first.headers["etag"]})
        assert second.status_code == 200
        assert second.json()["head"]["number"] == first.json()["head"]["number"] + 1
        # The same height on another branch is another answer.
        chain.raw("anvil_reorg", [1, []])
        follow()
        third = api.get("/v1/market", headers={"If-None-Match": second.headers["etag"]})
        assert third.status_code == 200
        assert third.json()["head"]["number"] == second.json()["head"]["number"]


# Whose, and how often


def test_pages_of_others_may_read_it(books: Path) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    with served(Books(books, None, None)) as api:
        assert api.options("/v1/trades", headers=asked).status_code == 200
        seen = api.get("/v1/trades", headers=asked).headers
        assert seen["access-control-allow-origin"] == "*"
        assert "ETag" in seen["access-control-expose-headers"]
    with served(Books(books, None, None), origins=["https://ours.example"]) as api:
        assert "access-control-allow-origin" not in api.get("/v1/trades", headers=asked).headers
        ours = api.get("/v1/trades", headers={"Origin": "https://ours.example"}).headers
        assert ours["access-control-allow-origin"] == "https://ours.example"


@pytest.mark.parametrize("asks", [2, 3, 4])
def test_asking_too_often_is_refused_for_a_while(books: Path, asks: int) -> None:
    with served(Books(books, None, None), "3/minute") as api:
        answers = [api.get("/health") for _ in range(asks)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429][:asks]
        last = answers[-1]
        if last.status_code == 429:
            assert 0 < int(last.headers["retry-after"]) <= 60
            assert last.json()["error"] == "asked_too_often"


def test_everybody_has_their_own_share() -> None:
    limits = Limits("1/minute")
    assert limits.wait("10.0.0.1") == 0
    assert limits.wait("10.0.0.1") > 0
    assert limits.wait("10.0.0.2") == 0


@pytest.mark.parametrize("rate", ["", "fast", "0", "5", "5/fortnight", "-1/second"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(DokkaebiError) as refused:
        Limits(rate)
    assert refused.value.key == "rate_wrong"


# State


def ready(api: TestClient) -> tuple[int, dict[str, Any]]:
    response = api.get("/ready")
    return response.status_code, response.json()


def test_books_at_the_head_are_ready(api: TestClient, day: Day) -> None:
    status, said = ready(api)
    assert (status, said["ready"], said["reason"]) == (200, True, None)
    assert (said["behind_blocks"], said["behind_seconds"]) == (0, 0)
    assert said["node_block"] == said["head"]["number"] == day.chain.block_number


class Ahead:
    """A node that is some blocks further than its chain."""

    def __init__(self, chain: Chain, blocks: int) -> None:
        self._chain = chain
        self._blocks = blocks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def block(self) -> dict[str, Any]:
        header = self._chain.block()
        ahead = {"number": self._blocks, "timestamp": 12 * self._blocks}
        return {**header, **{k: hex(int(header[k], 16) + more) for k, more in ahead.items()}}


@pytest.mark.parametrize("behind", [-1, 0, 1])
def test_books_too_far_behind_are_not_ready(books: Path, day: Day, behind: int) -> None:
    blocks = books_module.BEHIND_MAX + behind
    chain: Any = Ahead(day.chain, blocks)
    with served(Books(books, None, chain)) as api:
        status, said = ready(api)
        assert (said["behind_blocks"], said["behind_seconds"]) == (blocks, 12 * blocks)
        assert (status, said["reason"]) == ((503, "behind") if behind > 0 else (200, None))
        assert api.get("/v1/trades").status_code == 200


def test_without_a_node_the_books_are_served_but_not_called_ready(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dokkaebi.chain.endpoints.WAIT_SECONDS", 0.01)
    for chain, reason in (
        (None, "node_unknown"),
        (Chain("http://127.0.0.1:9"), "node_unreachable"),
    ):
        with served(Books(books, None, chain)) as api:
            status, said = ready(api)
            assert (status, said["reason"]) == (503, reason)
            assert said["behind_blocks"] is None
            assert said["head"]["number"] > 0
            assert api.get("/v1/trades").status_code == 200


def test_another_chains_node_is_noticed(books: Path, anvil_market: Day) -> None:
    with served(Books(books, None, anvil_market.chain)) as api:
        assert ready(api)[1]["reason"] == "node_other_chain"


def test_the_node_is_not_asked_for_each_request(books: Path, day: Day) -> None:
    now, asked = [0.0], []

    class Counted(Ahead):
        def block(self) -> dict[str, Any]:
            asked.append(1)
            return super().block()

    chain: Any = Counted(day.chain, 0)
    with served(Books(books, None, chain, clock=lambda: now[0])) as api:
        for moment, times in ((0.0, 1), (1.0, 1), (2.0, 1), (2.1, 2)):
            now[0] = moment
            ready(api)
            assert len(asked) == times


def test_books_that_are_not_there_yet(tmp_path: Path, copied: Path) -> None:
    path = tmp_path / "later"
    with served(Books(path, None, None)) as api:
        assert api.get("/health").status_code == 200
        assert ready(api)[1]["reason"] == "ledger_missing"
        missing = api.get("/v1/trades")
        assert (missing.status_code, missing.json()["error"]) == (503, "ledger_missing")
        copied.rename(path)
        assert api.get("/v1/trades").status_code == 200


def test_books_of_postgresql_and_a_server_that_goes_away(
    copied: Path, postgres: str, day: Day, identity: Identity
) -> None:
    import psycopg

    from dokkaebi.ledger.store import copy_ledger

    url = new_database(postgres)
    with read_ledger(copied) as snapshot:
        copy_ledger(snapshot, url)
    with served(Books(url, identity, day.chain)) as api:
        here = everything(api, "/v1/trades", 10)
        # Connections that the server has closed are replaced.
        with psycopg.connect(postgres, autocommit=True) as connection:
            ours = "FROM pg_stat_activity WHERE datname LIKE 'books_%'"
            connection.execute(f"SELECT pg_terminate_backend(pid) {ours}".encode())
        assert everything(api, "/v1/trades", 10) == here
        assert ready(api)[0] == 200


def test_metrics_tell_prometheus(api: TestClient, day: Day) -> None:
    api.get("/v1/trades")
    api.get("/v1/works/1")
    api.get("/v1/works/2")
    api.get("/nowhere/" + "x" * 100)
    said = api.get("/metrics").text
    assert f"dokkaebi_ledger_block {float(day.chain.block_number)}" in said
    assert "dokkaebi_behind_blocks 0.0" in said
    assert "dokkaebi_ready 1.0" in said
    assert 'dokkaebi_requests_total{route="/v1/trades",status="200"} 1.0' in said
    assert 'dokkaebi_requests_total{route="/v1/works/{creation}",status="404"} 2.0' in said
    assert 'dokkaebi_requests_total{route="none",status="404"} 1.0' in said


# Bad input


@pytest.mark.parametrize(
    ("path", "status", "key"),
    [
        ("/", 404, "route_unknown"),
        ("/v1/trades/", 404, "route_unknown"),
        ("/docs", 404, "route_unknown"),
        ("/v1/trades?limit=0", 422, "request_wrong"),
        ("/v1/trades?limit=501", 422, "request_wrong"),
        ("/v1/trades?limit=a", 422, "request_wrong"),
        ("/v1/trades?after=1", 422, "request_wrong"),
        ("/v1/trades?after=99999999999999999999-1", 422, "request_wrong"),
        ("/v1/trades?after=1-1'--", 422, "request_wrong"),
        ("/v1/trades?seller=0x12", 422, "request_wrong"),
        ("/v1/trades?seler=0x12", 422, "request_wrong"),
        ("/v1/trades?creation=bafybei", 422, "request_wrong"),
        ("/v1/works/" + "9" * 80, 422, "request_wrong"),
        ("/v1/works/%00", 422, "request_wrong"),
        ("/v1/trades/0x12", 422, "request_wrong"),
        ("/v1/accounts/me", 422, "request_wrong"),
        ("/v1/reports/sales", 422, "request_wrong"),
        ("/v1/reports/trades?zone=Mars", 422, "zone_unknown"),
        ("/v1/reports/trades?zone=../../etc/passwd", 422, "zone_unknown"),
        ("/v1/reports/trades?by=year", 422, "request_wrong"),
        ("/v1/accounts/0x" + "9" * 40 + "/statement?from=2026-02-30", 422, "day_unknown"),
        ("/v1/accounts/0x" + "9" * 40 + "/statement?to=soon", 422, "request_wrong"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_words(
    api: TestClient, path: str, status: int, key: str
) -> None:
    response = api.get(path, headers={"Accept-Language": "ko-KR,ko;q=0.9"})
    assert response.status_code == status
    said = response.json()
    assert said["error"] == key
    assert re.search("[가-힣]", said["message"])
    assert re.search("[a-z]", api.get(path).json()["message"])
    assert not re.search("[가-힣]", api.get(path).json()["message"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(api: TestClient, method: str) -> None:
    response = api.request(method, "/v1/trades", json={})
    assert (response.status_code, response.headers["allow"]) == (405, "GET")


def test_every_answer_forbids_scripts(api: TestClient) -> None:
    for path in ("/v1/trades", "/nowhere", "/health", "/v1/trades?limit=0"):
        headers = api.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_a_spoiled_ledger_is_an_error_and_no_traceback(copied: Path) -> None:
    with sqlite3.connect(copied) as connection:
        connection.execute("DROP TABLE trade")
    with served(Books(copied, None, None)) as api:
        response = api.get("/v1/trades")
    assert (response.status_code, response.json()["error"]) == (503, "ledger_corrupt")


def test_our_own_faults_are_told_without_a_trace(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("dokkaebi.web.app.tokens_of", fail)
    with served(Books(books, None, None)) as api:
        response = api.get("/v1/accounts/0x" + "9" * 40)
    assert (response.status_code, response.json()["error"]) == (500, "unexpected")
    assert "secret" not in response.text


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from([*LISTINGS, "market", "reports/trades", "accounts", "health"]),
    rest=st.text(max_size=20),
    query=st.dictionaries(st.sampled_from(["limit", "after", "seller", "zone"]), st.text()),
)
def test_no_nonsense_is_our_fault(
    api: TestClient, name: str, rest: str, query: dict[str, str]
) -> None:
    from urllib.parse import quote

    path = f"/v1/{name}/{quote(rest)}" if rest else f"/v1/{name}"
    assert api.get(path, params=query).status_code in {200, 404, 422}


def test_every_error_of_the_api_has_a_text() -> None:
    assert {"asked_too_often", "request_wrong", "route_unknown", "method_unknown"} <= set(
        catalogue()
    )


def test_many_may_ask_at_once(api: TestClient) -> None:
    paths = ["/v1/trades", "/v1/reports/trades", "/v1/events?limit=500"] * 30
    with ThreadPoolExecutor(60) as threads:
        answers = list(threads.map(lambda path: api.get(path), paths))
    assert {one.status_code for one in answers} == {200}
    assert len({one.content for one in answers}) == 3
