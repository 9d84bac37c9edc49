"""Money beside a sale: credits and withdrawals, approvals and permits of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dokkaebi.chain.consents import (
    DOMAIN_FIELDS,
    Permit,
    TypedData,
    digest_of_typed,
    domain_separator,
    recover,
    sign_typed,
)
from dokkaebi.chain.lookup import address_topic, logs_of, now_on
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COIN, Call, Contract, NoAnswer, Suite
from dokkaebi.chain.terms import Auction, Trade

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

# ERC-2612.
_PERMIT_FIELDS = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


class Credit(NamedTuple):
    """What somebody can withdraw from a market in an asset, smallest unit."""

    market: Contract
    asset: str
    amount: int


class Purse(NamedTuple):
    """What an account has of a token, and what a market may take of it; smallest unit."""

    balance: int
    allowance: int


# Credits


def credits_of(suite: Suite, payee: str) -> list[Credit]:
    """What a payee can withdraw now: by market, then by asset."""
    places = [
        (market, asset) for market in suite.markets for asset in _assets(suite, market, payee)
    ]
    requests = [market.question("creditOf", asset, payee) for market, asset in places]
    answers = suite.chain.raw_batch(requests)
    found = []
    for (market, asset), answer in zip(places, answers, strict=True):
        amount = int(market.decode("creditOf", bytes.fromhex(answer[2:])))
        if amount:
            found.append(Credit(market, asset, amount))
    return found


def _assets(suite: Suite, market: Contract, payee: str) -> list[str]:
    """Every asset in which a payee may have credit in a market."""
    credited = logs_of(suite, market, "Credited", None, address_topic(payee))
    found = {COIN, suite.token.address}
    found |= {market.decode_log("Credited", log)["asset"] for log in credited}
    if payee == market.call("FEE_RECIPIENT"):
        found |= set(_paid_in(suite, market))
    return sorted(found)


def _paid_in(suite: Suite, market: Contract) -> Iterator[str]:
    """The assets in which a market credits its fee without a word; of tokens, the creation market
    says it."""
    if market.name == "EscrowMarket":
        for log in logs_of(suite, market, "EscrowFunded"):
            yield Trade(*market.decode_log("EscrowFunded", log)["trade"]).asset
    elif market.name == "AuctionHouse":
        for log in logs_of(suite, market, "AuctionOpened"):
            yield Auction(*market.decode_log("AuctionOpened", log)["auction"]).asset


def withdraw(market: Contract, asset: str, to: str) -> Call:
    """Sends the sender's whole credit in an asset to somebody."""
    return market.prepare("withdraw", asset, to)


def withdraw_for(market: Contract, asset: str, payee: str) -> Call:
    """Sends a payee's whole credit in an asset to that payee."""
    return market.prepare("withdrawFor", asset, payee)


# Tokens


def purse(suite: Suite, asset: str, account: str, market: Contract) -> Purse:
    """What an account has of a token, and what a market may take of it."""
    token = suite.erc20(asset)
    balance = token.call("balanceOf", account)
    return Purse(int(balance), int(token.call("allowance", account, market.address)))


def approve_token(suite: Suite, asset: str, market: Contract, amount: int) -> Call:
    """Lets a market take an amount of a token."""
    return suite.erc20(asset).prepare("approve", market.address, amount)


def sign_permit(
    suite: Suite, account: Signer, asset: str, market: Contract, value: int, deadline: int
) -> Permit | None:
    """An ERC-2612 permit that lets a market take `value` until `deadline`, instead of an approval;
    None if the token knows no permits, or not in this form."""
    data = permit_data(suite, asset, account.address, market, value, deadline)
    return None if data is None else Permit(value, deadline, sign_typed(account, data))


def permit_works(suite: Suite, asset: str, owner: str, market: Contract, permit: Permit) -> bool:
    """Whether a permit can be used now: signed by the owner, not used up, not expired."""
    value, deadline = permit.value, permit.deadline
    data = permit_data(suite, asset, owner, market, value, deadline)
    if data is None or now_on(suite) > deadline:
        return False
    return recover(digest_of_typed(data), permit.signature) == owner


def permit_data(
    suite: Suite, asset: str, owner: str, market: Contract, value: int, deadline: int
) -> TypedData | None:
    """The EIP-712 typed data of a permit; None if the token's domain isn't the usual one."""
    token = suite.erc20(asset)
    try:
        nonce = int(token.call("nonces", owner))
        separator = bytes(token.call("DOMAIN_SEPARATOR"))
        name = str(token.call("name"))
    except (RpcRefused, NoAnswer, ValueError):
        return None
    for version in ("1", "2"):
        data: TypedData = {
            "types": {
                "EIP712Domain": DOMAIN_FIELDS,
                "Permit": _PERMIT_FIELDS,
            },
            "primaryType": "Permit",
            "domain": {
                "name": name,
                "version": version,
                "chainId": suite.chain.chain_id,
                "verifyingContract": asset,
            },
            "message": {
                "owner": owner,
                "spender": market.address,
                "value": str(value),
                "nonce": str(nonce),
                "deadline": str(deadline),
            },
        }
        if domain_separator(data) == separator:
            return data
    return None
