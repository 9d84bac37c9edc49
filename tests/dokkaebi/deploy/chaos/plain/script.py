"""A deploy script as tutorials write it; the control of our own deployment."""

import json
from hashlib import sha256
from pathlib import Path

from brownie import (
    AuctionHouse,
    CommunityToken,
    CreationMarket,
    CreationRegistry,
    EscrowMarket,
    accounts,
)

PHRASE = "test test test test test test test test test test test junk"


def main():
    account = accounts.from_mnemonic(PHRASE, offset=7)
    total = 1_000_000 * 10**18
    token = account.deploy(CommunityToken, "Token", "TOK", 100 * total, total, account, account)
    registry = account.deploy(CreationRegistry, "Creations", "CRE", sha256(b"{}").digest())
    deployed = {"CommunityToken": token.address, "CreationRegistry": registry.address}
    for market in (CreationMarket, EscrowMarket, AuctionHouse):
        deployed[market._name] = account.deploy(market, registry, account, 100).address
    Path("deployed.json").write_text(json.dumps(deployed))
