"""A node that answers, and all the ways in which one doesn't."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from dokkaebi.chain import endpoints, rpc
from dokkaebi.chain.node import CHAIN_IDS
from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable, connect, shown_url
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.chain.fake_node import error, fake_node, result
from tests.dokkaebi.conftest import BUYER, NODE, OPERATOR, Market, address


def unreachable(url: str) -> str:
    with pytest.raises(RpcUnreachable) as caught:
        connect(url)
    return caught.value.key


def test_the_chain_is_read(market: Market) -> None:
    chain = market.chain
    assert chain.chain_id == CHAIN_IDS[NODE]
    assert chain.block(0)["hash"] == chain.genesis_hash
    assert chain.block_number >= 3
    assert chain.balance(address(BUYER)) > 0
    assert chain.code(address(BUYER)) == b""
    assert chain.timestamp(1) == int(chain.block(1)["timestamp"], 16)


def test_logs_come_as_the_node_sent_them(market: Market) -> None:
    manifest, house = market.suite.manifest, market.suite.auction_house
    logs = market.chain.get_logs([house.address], manifest.first_block, market.chain.block_number)
    assert [log["topics"][0] for log in logs] == [house.topic("MarketOpened")]
    assert logs[0]["blockNumber"].startswith("0x")


def test_many_requests_go_in_few(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "BATCH_SIZE", 2)
    answers = chain.raw_batch([("eth_getBlockByNumber", [hex(n), False]) for n in (2, 0, 1)])
    assert [int(block["number"], 16) for block in answers] == [2, 0, 1]


def test_one_refusal_in_many_is_a_refusal(chain: Chain) -> None:
    with pytest.raises(RpcRefused):
        chain.raw_batch([("eth_chainId", []), ("eth_nonsense", [])])


def test_a_node_without_batches_is_asked_one_by_one() -> None:
    def answer(method: str, params: list[Any]) -> bytes:
        return error(-32600, "no batches") if method == "first" else result(method)

    asked: list[str] = []

    def one_by_one(method: str, params: list[Any]) -> bytes:
        asked.append(method)
        return error(-32600, "no batches") if len(asked) == 1 else result(method)

    with fake_node(one_by_one) as url:
        assert Chain(url).raw_batch([("eth_a", []), ("eth_b", [])]) == ["eth_a", "eth_b"]
    assert asked == ["eth_a", "eth_a", "eth_b"]


def test_a_range_that_is_too_large_is_halved() -> None:
    def answer(method: str, params: list[Any]) -> bytes:
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        if last - first >= 3:
            return error(-32005, "more than 3 blocks")
        return result([{"blockNumber": hex(n)} for n in range(first, last + 1)])

    with fake_node(answer) as url:
        logs = Chain(url).all_logs([], 5, 20)
        assert Chain(url).all_logs([], 5, 4) == []
    assert [int(log["blockNumber"], 16) for log in logs] == list(range(5, 21))


def test_a_range_that_is_always_refused_ends() -> None:
    asked: list[int] = []

    def answer(method: str, params: list[Any]) -> bytes:
        asked.append(1)
        return error(-32601, "no such method")

    with fake_node(answer) as url, pytest.raises(RpcRefused):
        Chain(url).all_logs([], 0, 1_000_000)
    assert len(asked) < 30


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert unreachable(f"http://127.0.0.1:{port}") == "rpc_unreachable"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "http://:x", "http://[1"])
def test_what_is_no_address_of_a_node(url: str) -> None:
    assert unreachable(url) == "rpc_url_wrong"


def test_a_node_that_hangs_up() -> None:
    with fake_node(lambda method, params: None) as url:
        assert unreachable(url) == "rpc_unreachable"


def test_a_node_that_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "TIMEOUT_SECONDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        assert unreachable(f"http://127.0.0.1:{silent.getsockname()[1]}") == "rpc_timeout"


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[1]", b"{}", b'"x"', b""])
def test_a_server_that_is_no_node(body: bytes) -> None:
    with fake_node(lambda method, params: body) as url:
        assert unreachable(url) == "rpc_no_json"


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_server_that_refuses(status: int) -> None:
    with fake_node(lambda method, params: b"{}", status) as url:
        assert unreachable(url) == "rpc_http"


def test_a_short_failure_is_got_over() -> None:
    asked: list[str] = []

    def answer(method: str, params: list[Any]) -> bytes | None:
        asked.append(method)
        return None if len(asked) == 1 else result("0x539")

    with fake_node(answer) as url:
        assert connect(url).chain_id == 1337
    assert len(asked) == 2


def test_a_transaction_is_never_sent_twice() -> None:
    asked: list[str] = []

    def answer(method: str, params: list[Any]) -> bytes | None:
        asked.append(method)
        return None

    with fake_node(answer) as url, pytest.raises(RpcUnreachable):
        Chain(url).send_raw(b"\x01")
    assert asked == ["eth_sendRawTransaction"]


@pytest.mark.parametrize("data", ["0xabcd", {"result": "0xabcd"}, {"data": "0xabcd"}])
def test_revert_data_is_found_wherever_nodes_put_it(data: object) -> None:
    refuse = error(3, "execution reverted", data)
    with fake_node(lambda method, params: refuse) as url, pytest.raises(RpcRefused) as caught:
        Chain(url).call("0x" + 40 * "1", "0x")
    assert caught.value.data == "0xabcd"
    assert (caught.value.code, caught.value.message) == (3, "execution reverted")


def test_an_unknown_block_is_said(chain: Chain) -> None:
    with pytest.raises(DokkaebiError) as caught:
        chain.timestamps([0, 10**9])
    assert caught.value.key == "block_unknown"


def test_an_address_is_shown_without_its_secrets() -> None:
    shown = shown_url("https://user:secret@node.example:444/v3/secretkey?key=secret")
    assert shown == "https://node.example:444/…"
    assert shown_url("http://127.0.0.1:8545") == "http://127.0.0.1:8545"
    with fake_node(lambda method, params: b"x") as url, pytest.raises(RpcUnreachable) as caught:
        connect(url + "/secretkey")
    assert "secretkey" not in str(caught.value) + json.dumps(caught.value.details)


def test_the_operators_key_deployed(chain: Chain, market: Market) -> None:
    assert market.suite.manifest.deployer == address(OPERATOR)


def test_each_of_several_addresses_is_shown_without_secrets() -> None:
    shown = shown_url(
        "http://127.0.0.1:8545,wss://node.example/v3/secretkey, https://a:secret@b.example"
    )
    assert shown == "http://127.0.0.1:8545, wss://node.example/…, https://b.example"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("127.0.0.1:8545", "127.0.0.1:8545"),
        ("localhost", "localhost"),
        ("htp://user:secret@node.example/v3/secret", "htp://node.example"),
        ("node.example/v3/secret", "node.example"),
        ("https://user:secret@/", "https://…"),
        ("https://node.example:port/secret", "https://…"),
        ("secretkeysecretkeysecretkey", "…"),
        ("secretkeysecretkey://x", "…://…"),
        ("secret:secret", "…"),
        ("secret:1234567", "…"),
        ("e." * 33, "…"),
        ("", ""),
    ],
)
def test_what_is_no_address_is_shown_without_secrets(url: str, shown: str) -> None:
    with pytest.raises(RpcUnreachable) as caught:
        Chain(url)
    assert caught.value.key == "rpc_url_wrong"
    assert caught.value.details["url"] == shown


def test_a_block_that_is_missing_tells_no_secret() -> None:
    with fake_node(lambda method, params: result(None)) as url:
        chain = Chain(f"{url}/v3/secretkey")
        for ask in (lambda: chain.block(5), lambda: chain.timestamp(5)):
            with pytest.raises(DokkaebiError) as caught:
                ask()
            assert caught.value.key == "block_unknown"
            assert caught.value.details["url"] == f"{url}/…"
