"""Vouchers: works that their creators sign instead of registering, from the terms to the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from dokkaebi.chain.consents import Consent, Permit
from dokkaebi.chain.creation_registry import creation
from dokkaebi.chain.documents import creation_id, creation_text
from dokkaebi.chain.reverts import Reverted, reverted
from dokkaebi.chain.rpc import RpcRefused
from dokkaebi.chain.suite import COIN, Call, Suite
from dokkaebi.chain.terms import BPS, NO_SALE, NOBODY, Partner, Sale, Voucher, Work
from dokkaebi.errors import DokkaebiError

# A buyer's trial gets so far, whatever the terms are: it brings no money.
_WITHOUT_MONEY = {
    *("Value_Wrong", "Asset_AmountWrong", "TransferFromFailed", "TransferFailed"),
    *("ETHTransferFailed", "revert_said", "revert_unknown", "revert_silent", "revert_panic"),
}

# Terms


def new_voucher(
    suite: Suite,
    creator: str,
    work: Work,
    *,
    expiry: int,
    partners: Sequence[Partner] = (),
    price: int = 0,
    asset: str = COIN,
    buyer: str = NOBODY,
    referral_bps: int = 0,
    sponsor: str = NOBODY,
    sponsor_amount: int = 0,
) -> Voucher:
    """A voucher for a work; without a price it is only registered. Its version is the least that
    the registry takes of this work."""
    market = suite.creation_market.address
    sale = Sale(market, buyer, asset, price, referral_bps, sponsor, sponsor_amount)
    id_ = creation_id(work.document_digest, work.document_size, creator)
    version = least_version(suite, id_)
    together = tuple(sorted(partners, key=lambda partner: int(partner.account, 16)))
    return Voucher(creator, work, together, sale if price else NO_SALE, expiry, version)


def creation_of(voucher: Voucher) -> int:
    """The id that the voucher's work has or will have."""
    work = voucher.work
    return creation_id(work.document_digest, work.document_size, voucher.creator)


# Look up


def least_version(suite: Suite, creation: int) -> int:
    """The least version that a work's vouchers need."""
    return int(suite.registry.call("leastVersionOf", creation))


def problems_of_voucher(suite: Suite, consent: Consent) -> Iterator[DokkaebiError]:
    """Why a voucher that isn't expired can't be used now."""
    voucher = consent.terms
    assert isinstance(voucher, Voucher)  # noqa: S101 - whoever calls has looked
    id_ = creation_of(voucher)
    if creation(suite, id_) is not None:
        yield DokkaebiError("voucher_used", creation=creation_text(id_))
        return
    least = least_version(suite, id_)
    if voucher.version < least:
        yield DokkaebiError("voucher_cancelled", creator=voucher.creator, least=least)
        return
    problem = _refusal(partial(_try_registering, suite, voucher, consent.signature))
    if problem is None and voucher.is_sold:
        problem = _refusal(partial(_try_buying, suite, voucher, consent.signature))
        if problem is not None and problem.key in _WITHOUT_MONEY:
            problem = None
    if problem is not None:
        yield problem
    elif voucher.sale.sponsor_amount:
        yield from _sponsor(suite, voucher)


def _refusal(attempt: Callable[[], None]) -> Reverted | None:
    try:
        attempt()
    except RpcRefused as refusal:
        problem = reverted(refusal)
        if not isinstance(problem, Reverted):
            raise problem from None
        return problem
    return None


def _try_registering(suite: Suite, voucher: Voucher, signature: bytes) -> None:
    buyer = voucher.creator if voucher.sale.buyer == NOBODY else voucher.sale.buyer
    owner = buyer if voucher.is_sold else voucher.creator
    caller = voucher.sale.market if voucher.is_sold else voucher.creator
    suite.registry.call("registerFor", voucher, signature, owner, sender=caller)


def _try_buying(suite: Suite, voucher: Voucher, signature: bytes) -> None:
    named = voucher.sale.buyer
    buyer = suite.registry.address if named == NOBODY else named
    suite.creation_market.call("buyNew", voucher, signature, NOBODY, b"", sender=buyer)


def _sponsor(suite: Suite, voucher: Voucher) -> Iterator[DokkaebiError]:
    """A sponsor who would get more than is left to the creator, or nobody who would get it."""
    sale, price = voucher.sale, voucher.sale.price
    bps = int(suite.creation_market.call("FEE_BPS")) + sale.referral_bps
    if voucher.work.parents:
        bps += voucher.work.royalty_bps
    left = price - price * bps // BPS
    if sale.sponsor_amount > left or sale.sponsor in {NOBODY, suite.creation_market.address}:
        yield DokkaebiError("voucher_sponsor_wrong", amount=sale.sponsor_amount, left=left)


# Act


def register_for(suite: Suite, voucher: Voucher, signature: bytes) -> Call:
    """Registers a voucher's work for its creator; anybody may."""
    return suite.registry.prepare("registerFor", voucher, signature, voucher.creator)


def buy_new(
    suite: Suite,
    voucher: Voucher,
    signature: bytes,
    referrer: str = NOBODY,
    permit: Permit | None = None,
) -> Call:
    """Registers a voucher's work and buys it."""
    sale = voucher.sale
    encoded = permit.encoded if permit else b""
    value = sale.price if sale.asset == COIN else 0
    return suite.creation_market.prepare(
        "buyNew", voucher, signature, referrer, encoded, value=value
    )


def cancel_voucher(suite: Suite, voucher: Voucher) -> Call:
    """Kills a voucher of the sender's, and all older ones of its work."""
    work, version = voucher.work, voucher.version + 1
    arguments = (work.document_digest, work.document_size, version)
    return suite.registry.prepare("cancelVouchers", *arguments)
