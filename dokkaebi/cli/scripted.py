"""What `brownie run …` does: the same commands, on the network that Brownie has opened.

A development network is a fresh chain each time, so a market is deployed there first where none
stands. The key is DOKKAEBI_KEY, on local chains `test:0` without it.
"""

from __future__ import annotations

import os

from dokkaebi.cli import run
from dokkaebi.errors import DokkaebiError


def deploy(url: str) -> None:
    """Deploys the market of `market.toml`, and writes `deployments/` and `frontend-abi/`."""
    _command(url, "deploy", "apply")
    _command(None, "export")


def deploy_init() -> None:
    """Writes a market file, or adds what it lacks."""
    _command(None, "deploy", "init")


def deploy_step(url: str, step: str, *words: str) -> None:
    """One step of `dokkaebi deploy`."""
    _command(url, "deploy", step, *(word for word in words if word))


def register(url: str, file: str, title: str = "") -> None:
    """Registers a file as the caller's creation."""
    _market_stands(url)
    _command(url, "publish", file, *(["--title", title] if title else []))


def offer(url: str, creation: str, price: str) -> None:
    """Offers a creation for a price in whole coins."""
    _market_stands(url)
    _command(url, "offer", "--creation", creation, "--price", price)


def buy(url: str, offer_id: str) -> None:
    """Buys an instant offer."""
    _market_stands(url)
    _command(url, "buy", offer_id)


def _market_stands(url: str) -> None:
    from dokkaebi.chain.networks import LOCAL_CHAIN_IDS
    from dokkaebi.chain.rpc import connect
    from dokkaebi.config import load_settings
    from dokkaebi.deploy import standing_market

    chain = connect(url)
    manifest = load_settings().manifest_path(chain.chain_id)
    if chain.chain_id in LOCAL_CHAIN_IDS and standing_market(chain, manifest) is None:
        _command(url, "deploy", "apply")


def _command(url: str | None, *words: str) -> None:
    """Runs one command; ends the script with its exit code where it fails."""
    options: list[str] = []
    if url is not None:
        options = ["--rpc", url]
        if _is_local(url):
            # Not as an option: some commands need no key and take none.
            os.environ.setdefault("DOKKAEBI_KEY", "test:0")
    if code := run([*words, *options]):
        raise SystemExit(code)


def _is_local(url: str) -> bool:
    from dokkaebi.chain.networks import LOCAL_CHAIN_IDS
    from dokkaebi.chain.rpc import connect

    try:
        return connect(url).chain_id in LOCAL_CHAIN_IDS
    except DokkaebiError:
        return False  # the command itself will say what is wrong
