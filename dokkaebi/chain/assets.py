"""Money: the chain's coin and ERC-20 tokens, and amounts as people write them. Never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COIN, Contract, Suite, checksummed
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import amount_text

COIN_DECIMALS = 18
UINT256_MAX = 2**256 - 1
_DIGITS_MAX = len(str(UINT256_MAX))
_SYMBOL_LENGTH = 16
_DECIMALS_MAX = 77
_AMOUNT = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True)
class Asset:
    """What is paid with; `address` is `0x000…` for the chain's coin."""

    address: str
    symbol: str
    decimals: int

    @property
    def is_coin(self) -> bool:
        """Whether it is the chain's own coin."""
        return self.address == COIN

    def text(self, amount: int) -> str:
        """An amount in smallest units as people read it, `0.05 ETH`."""
        return amount_text(amount, self.decimals, self.symbol)

    def parse(self, text: str) -> int:
        """An amount in whole units (`0.05`) in smallest ones. More digits than the asset has, or
        anything but digits and a point, is a DokkaebiError."""
        return parse_decimal(text, self.decimals, "amount_too_fine", symbol=self.symbol)


def parse_decimal(text: str, decimals: int, too_fine: str, /, **details: object) -> int:
    """A decimal number times 10^decimals, exactly; `too_fine` is the error's key if it can't be."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise DokkaebiError("amount_wrong", seen=text)
    whole, part = match[1], match[2] or ""
    if len(part) > decimals:
        raise DokkaebiError(too_fine, seen=text, decimals=decimals, **details)
    number = (
        int(whole + part.ljust(decimals, "0")) if len(whole) <= _DIGITS_MAX else UINT256_MAX + 1
    )
    if number > UINT256_MAX:
        raise DokkaebiError("amount_wrong", seen=text)
    return number


def parse_percent(text: str) -> int:
    """A percentage (`2.5`, `2.5%`) in basis points."""
    return parse_decimal(text.strip().removesuffix("%"), 2, "percent_too_fine")


def parse_address(text: str) -> str:
    """An address with its checksum; one with a wrong checksum is refused."""
    seen = text.strip()
    if not _ADDRESS.fullmatch(seen):
        raise DokkaebiError("address_wrong", seen=text)
    right = checksummed(seen)
    mixed = seen[2:] != seen[2:].lower() and seen[2:] != seen[2:].upper()
    if mixed and seen != right:
        raise DokkaebiError("address_checksum_wrong", seen=text)
    return right


def named_asset(suite: Suite, name: str) -> Asset:
    """The asset behind `eth` (the chain's coin, whatever its name), `token` or an address."""
    if name.lower() in {"eth", "coin", coin_symbol(suite.chain.chain_id).lower()}:
        return read_asset(suite, COIN)
    if name.lower() == "token":
        return read_asset(suite, suite.token.address)
    if not name.startswith("0x"):
        raise DokkaebiError("asset_unknown", seen=name)
    return read_asset(suite, parse_address(name))


def read_asset(suite: Suite, address: str) -> Asset:
    """Symbol and decimals of the asset at an address, as it says itself."""
    if address == COIN:
        return Asset(COIN, coin_symbol(suite.chain.chain_id), COIN_DECIMALS)
    token = suite.erc20(address)
    try:
        decimals = int(token.call("decimals"))
    except (RpcRefused, DokkaebiError):
        raise DokkaebiError("asset_no_token", address=address) from None
    if decimals > _DECIMALS_MAX:
        raise DokkaebiError("asset_no_token", address=address)
    return Asset(address, _symbol(token), decimals)


def _symbol(token: Contract) -> str:
    """A token's symbol; its address if that can't be shown as one word."""
    try:
        symbol = str(token.call("symbol")).strip()
    except (DokkaebiError, ValueError):
        symbol = ""
    known = symbol.isprintable() and 0 < len(symbol) <= _SYMBOL_LENGTH and " " not in symbol
    return symbol if known else token.address
