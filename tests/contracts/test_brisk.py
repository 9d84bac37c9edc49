"""The short way to a node says what the long one would."""

import json
import threading
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from brownie import web3

from tests.contracts.brisk import Line


class Node(BaseHTTPRequestHandler):
    """Counts what it's asked, answers with the count; `eth_cut` ends the line unanswered."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked["method"])
        if asked["method"] == "eth_cut":
            self.close_connection = True
            return
        answer = json.dumps({"id": asked["id"], "result": len(self.server.asked)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def node():
    with ThreadingHTTPServer(("127.0.0.1", 0), Node) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def line(node):
    line = Line(f"http://127.0.0.1:{node.server_address[1]}", seconds=30)
    yield line
    line.connection.close()


def test_only_what_never_changes_is_remembered(node, line):
    asked = ["eth_chainId", "eth_blockNumber"] * 2
    assert [line.ask(method, [])["result"] for method in asked] == [1, 2, 1, 3]
    assert node.asked == ["eth_chainId", "eth_blockNumber", "eth_blockNumber"]


def test_a_cut_line_is_not_asked_twice_and_mends(node, line):
    with pytest.raises(RemoteDisconnected):
        line.ask("eth_cut", [])
    assert line.ask("eth_blockNumber", [])["result"] == 2
    assert node.asked == ["eth_cut", "eth_blockNumber"]


def test_what_a_node_refuses_comes_back_whole(chain):
    answer = web3.provider.make_request("no_such_method", [])
    assert "method" in answer["error"]["message"].lower()
    assert chain.height == len(chain) - 1
