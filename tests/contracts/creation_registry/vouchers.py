"""Vouchers with defaults, and their digests as eth-account makes them of the published types."""

from typing import NamedTuple

from brownie import ZERO_ADDRESS, chain

from tests.contracts.support import COIN, DAY, Work, fields, make_work, typed_digest

TYPES = {
    "Voucher": fields(
        "address creator,Work work,Partner[] partners,Sale sale,uint256 expiry,uint256 version"
    ),
    "Work": fields(
        "bytes32 documentDigest,uint16 documentSize,uint16 royaltyBps,bytes32 contentCommitment,"
        "uint256[] parents"
    ),
    "Partner": fields("address account,uint16 shareBps"),
    "Sale": fields(
        "address market,address buyer,address asset,uint256 price,uint256 referralBps,"
        "address sponsor,uint256 sponsorAmount"
    ),
}


class Sale(NamedTuple):
    """`ICreationRegistry.Sale`."""

    market: str = ZERO_ADDRESS
    buyer: str = ZERO_ADDRESS
    asset: str = COIN
    price: int = 0
    referral_bps: int = 0
    sponsor: str = ZERO_ADDRESS
    sponsor_amount: int = 0


class Voucher(NamedTuple):
    """`ICreationRegistry.Voucher`; change a field with `_replace`."""

    creator: str
    work: Work
    partners: tuple
    sale: Sale
    expiry: int
    version: int


def make_voucher(creator, n=1, partners=(), sale=None, expiry=None, version=0, **work):
    """A voucher of the n-th test work, for a week."""
    return Voucher(
        creator=str(creator),
        work=make_work(n, **work),
        partners=tuple(partners),
        sale=sale or Sale(),
        expiry=chain.time() + 7 * DAY if expiry is None else expiry,
        version=version,
    )


def voucher_digest(registry, voucher):
    """EIP-712: what the creator signs."""
    message = {
        "creator": voucher.creator,
        "work": _named("Work", voucher.work),
        "partners": [_named("Partner", partner) for partner in voucher.partners],
        "sale": _named("Sale", voucher.sale),
        "expiry": voucher.expiry,
        "version": voucher.version,
    }
    return typed_digest(registry, "Dokkaebi CreationRegistry", "Voucher", TYPES, message)


def _named(name, values):
    names = (field["name"] for field in TYPES[name])
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in zip(names, values, strict=True)
    }
