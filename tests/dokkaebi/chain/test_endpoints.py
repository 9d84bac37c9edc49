"""Several addresses of a node: which one is asked, when, how often, and over what."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain import endpoints
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable, connect
from dokkaebi.config import load_settings
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.chain.fake_node import error, fake_node, result


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "WAIT_SECONDS", 0.01)


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{free.getsockname()[1]}"


class Counted:
    """An answer that counts how often it was asked for."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = answers
        self.asked = 0

    def __call__(self, method: str, params: list[Any]) -> bytes | None:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return answer


# Failover


def test_the_next_is_asked_when_one_fails(nobody: str) -> None:
    other = Counted(result("0x539"))
    with fake_node(other) as url:
        assert connect(f"{nobody}, {url}").chain_id == 1337
    assert other.asked == 1


@pytest.mark.parametrize(
    "failure",
    [
        None,
        b"<html>busy</html>",
        error(429, "slow down"),
        error(-32005, "daily request quota reached"),
        error(-32000, "Your app has exceeded its compute units per second capacity"),
    ],
)
def test_one_that_failed_is_passed_over_for_a_while(
    failure: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "REST_SECONDS", 0.5)
    first, second = Counted(failure, result("0x1")), Counted(result("0x2"))
    with fake_node(first) as one, fake_node(second) as two:
        chain = Chain(f"{one},{two}")
        assert chain.raw("eth_a") == "0x2"
        assert chain.raw("eth_b") == "0x2"
        assert (first.asked, second.asked) == (1, 2)
        time.sleep(0.6)
        assert chain.raw("eth_c") == "0x1"


def test_a_refusal_is_an_answer_and_nobody_else_is_asked() -> None:
    first, second = Counted(error(3, "execution reverted")), Counted(result("0x2"))
    with fake_node(first) as one, fake_node(second) as two, pytest.raises(RpcRefused):
        Chain(f"{one},{two}").raw("eth_call")
    assert (first.asked, second.asked) == (1, 0)


def test_all_are_tried_several_times_before_it_is_said(nobody: str) -> None:
    busy = Counted(error(429, "slow down"))
    with fake_node(busy) as url, pytest.raises((RpcRefused, RpcUnreachable)):
        Chain(f"{url},{nobody}").raw("eth_a")
    assert busy.asked == endpoints.ATTEMPTS


def test_a_transaction_is_sent_to_one_alone() -> None:
    first, second = Counted(None), Counted(result("0x2"))
    with fake_node(first) as one, fake_node(second) as two, pytest.raises(RpcUnreachable):
        Chain(f"{one},{two}").send_raw(b"\x01")
    assert (first.asked, second.asked) == (1, 0)


@pytest.mark.parametrize("urls", ["http://127.0.0.1:1,", "http://127.0.0.1:1,ftp://x", ","])
def test_each_must_be_an_address(urls: str) -> None:
    with pytest.raises(RpcUnreachable) as caught:
        Chain(urls)
    assert caught.value.key == "rpc_url_wrong"


# Batches


def test_a_batch_may_be_answered_in_any_order() -> None:
    answers = [{"jsonrpc": "2.0", "id": n, "result": hex(n)} for n in (2, 0, 1)]
    with fake_node(Counted(json.dumps(answers).encode())) as url:
        found = Chain(url).raw_batch([("eth_a", []), ("eth_b", []), ("eth_c", [])])
    assert found == ["0x0", "0x1", "0x2"]


@pytest.mark.parametrize("ids", [[0], [0, 0], [0, 5], []])
def test_a_batch_with_an_answer_missing_is_no_answer(ids: list[int]) -> None:
    answers = [{"jsonrpc": "2.0", "id": number, "result": "0x1"} for number in ids]
    with (
        fake_node(Counted(json.dumps(answers).encode())) as url,
        pytest.raises(RpcUnreachable) as caught,
    ):
        Chain(url).raw_batch([("eth_a", []), ("eth_b", [])])
    assert caught.value.key == "rpc_no_json"


# Budget


def test_a_budget_is_kept() -> None:
    with fake_node(Counted(result("0x1"))) as url:
        chain = Chain(url, requests_per_second=10)
        began = time.monotonic()
        for _ in range(21):
            chain.raw("eth_a")
        took = time.monotonic() - began
    # Ten at once, ten after a second, the last after two.
    assert took >= 1.9


def test_without_a_budget_nothing_waits() -> None:
    with fake_node(Counted(result("0x1"))) as url:
        chain = Chain(url)
        began = time.monotonic()
        for _ in range(21):
            chain.raw("eth_a")
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("seen", ["0", "-1", "many", "1.5"])
def test_a_budget_is_a_number(seen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOKKAEBI_RPC_REQUESTS_PER_SECOND", seen)
    with pytest.raises(DokkaebiError) as caught:
        load_settings()
    assert caught.value.key == "config_no_count"


def test_a_budget_is_not_shared_with_another_process() -> None:
    assert Chain("http://127.0.0.1:1", requests_per_second=5).anew is None
    again = Chain("http://127.0.0.1:1").anew
    assert again is not None
    assert again().url == "http://127.0.0.1:1"


# WebSocket


@pytest.fixture(scope="module")
def anvil() -> Iterator[str]:
    with start_node("anvil") as node:
        yield node.url


def test_a_node_is_asked_over_a_web_socket(anvil: str) -> None:
    over_http, over_socket = connect(anvil), connect(anvil.replace("http", "ws"))
    assert over_socket.genesis_hash == over_http.genesis_hash
    wanted = [("eth_getBlockByNumber", [hex(0), False]), ("eth_chainId", [])]
    assert over_socket.raw_batch(wanted) == over_http.raw_batch(wanted)
    with pytest.raises(RpcRefused):
        over_socket.raw("eth_nonsense")
    assert over_socket.block_number == over_http.block_number


def test_a_socket_that_nobody_opens(nobody: str) -> None:
    with pytest.raises(RpcUnreachable) as caught:
        connect(nobody.replace("http", "ws"))
    assert caught.value.key in {"rpc_unreachable", "rpc_timeout"}


def test_a_socket_falls_back_to_http(anvil: str, nobody: str) -> None:
    chain = connect(f"{nobody.replace('http', 'ws')},{anvil}")
    assert chain.genesis_hash == connect(anvil).genesis_hash


def test_a_node_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chain = Chain(f"http://127.0.0.1:{port}")
    with pytest.raises(RpcUnreachable):
        chain.raw("eth_chainId")
    with start_node("anvil", port=port):
        assert chain.chain_id == 31337 or chain.chain_id == 1337
    with pytest.raises(RpcUnreachable):
        chain.raw("eth_blockNumber")
