"""What makes Brownie quick enough for thousands of tests, and cures faults that it has.

Nothing here changes what a node is asked to execute or what a test gets to see; only how often the
same is asked, and by which way. What each change saves: docs/decisions/0022.
"""

import inspect
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from types import SimpleNamespace
from urllib.parse import urlsplit

import orjson
from brownie import web3
from brownie.network import contract, state, transaction
from brownie.network.rpc import anvil
from web3 import HTTPProvider

SAME_FOR_EVER = ("eth_chainId", "web3_clientVersion")


def install(config):
    """Takes the places of Brownie's own ways; a second call does nothing more."""
    if HTTPProvider.make_request is make_request:
        return
    HTTPProvider.make_request = make_request
    # `brownie.network.rpc` is an object; its module is hidden behind it.
    sys.modules["brownie.network.rpc"].inspect = SimpleNamespace(stack=caller_of_the_caller)
    state.Chain._add_to_undo_buffer = follow_the_clock
    transaction.threading = SimpleNamespace(Event=threading.Event, Thread=NoThread)
    transaction.time = SimpleNamespace(time=lambda: 0, sleep=lambda _: time.sleep(0.01))
    for layer in ("ens_name_to_address", "validation"):
        web3.middleware_onion.remove(layer)
    anvil.mine = mine_at
    if config.getoption("--coverage", default=False):
        mend_coverage()


# Requests


class Line:
    """One lasting connection to a node, with what never changes there remembered.

    `requests` looks for proxies and credentials before every call, which takes longer than the
    call. An answer that doesn't come because the line was cut is not asked for again: the node may
    have done what it was asked.
    """

    def __init__(self, place, seconds):
        self.connection = HTTPConnection(urlsplit(place).netloc, timeout=seconds)
        self.known = {}
        self.lock = threading.Lock()

    def ask(self, method, params):
        with self.lock:
            if method not in self.known:
                answer = self._ask(method, params)
                if method not in SAME_FOR_EVER:
                    return answer
                self.known[method] = answer
            return self.known[method]

    def _ask(self, method, params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        head = {"Content-Type": "application/json"}
        try:
            self.connection.request("POST", "/", orjson.dumps(body, default=plain), head)
            return orjson.loads(self.connection.getresponse().read())
        except (HTTPException, OSError):
            self.connection.close()
            raise


def plain(value):
    """What web3 lets through to the provider and JSON doesn't know."""
    return dict(value) if hasattr(value, "keys") else "0x" + bytes(value).hex()


LINES = {}


def make_request(self, method, params):
    place = str(self.endpoint_uri)
    if place not in LINES:
        LINES[place] = Line(place, self.get_request_kwargs()["timeout"])
    return LINES[place].ask(method, params)


# Brownie


def caller_of_the_caller():
    """As much of `inspect.stack()` as Brownie looks at, without reading sources for it."""
    return [None, SimpleNamespace(frame=inspect.currentframe().f_back.f_back)]


def follow_the_clock(self, tx, *_):
    """What Brownie does after a transaction, but for the snapshot of `chain.undo`."""
    with self._undo_lock:
        tx._confirmed.wait()
        self._set_time_offset_from_block()


class NoThread:
    """Looks for the receipt at once: both nodes mine a block for each transaction."""

    def __init__(self, target, args, daemon):
        self.work = target, args

    def start(self):
        target, args = self.work
        target(*args)

    def join(self):
        pass


def mine_at(timestamp=None):
    """Anvil takes a list here; Brownie sends the bare number."""
    anvil._request("evm_mine", [] if timestamp is None else [timestamp])


def mend_coverage():
    # Contracts with immutables differ from their compiled code and would be left out of the report.
    contract._verify_deployed_code = lambda *_: True
    # Views become transactions at no gas price: Ganache refuses them, Brownie retries for ever.
    transact = contract.ContractCall.transact

    def transact_at_a_price(self, *args):
        args[-1].pop("gas_price")
        return transact(self, *args)

    contract.ContractCall.transact = transact_at_a_price
