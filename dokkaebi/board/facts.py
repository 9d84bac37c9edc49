"""What the board goes by of a signed document: whose it is, what of, for how much, until when."""

from __future__ import annotations

from dataclasses import dataclass

from dokkaebi.chain.consents import Consent
from dokkaebi.chain.lookup import address_topic
from dokkaebi.chain.suite import Suite
from dokkaebi.chain.terms import NOBODY, ZERO_WORD, Auction, Bid, Delivery, Offer, Swap, Voucher
from dokkaebi.chain.vouchers import creation_of
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.rows import creation_key, creation_or_none

# What a work can be had by; settlements concern two people, who can mail them.
SELLING = ("offer", "delivery", "auction", "voucher")
POSTED = (*SELLING, "bid", "swap")


@dataclass(frozen=True)
class Facts:
    """A document's facts. `topics`: an event that has one of them may have changed how the document
    stands. `details`: sha2-256 of a file that belongs to it, if there is one."""

    kind: str
    contract: str
    signer: str
    collection: str | None
    creation: str | None
    asset: str | None
    price: int | None
    expires_at: int
    topics: tuple[str, ...]
    details: bytes | None = None


def facts_of(suite: Suite, consent: Consent) -> Facts:
    """The facts. Raises `board_kind_refused` for what the board doesn't take."""
    kind, terms = consent.kind, consent.terms
    if kind.name not in POSTED:
        raise DokkaebiError("board_kind_refused", seen=kind.name, known=", ".join(POSTED))
    signer = str(consent.signer)
    whose = (address_topic(signer), consent.id)

    def facts(
        collection: str | None,
        creation: str | None,
        asset: str | None,
        price: int | None,
        expires_at: int,
        *more: str,
        details: bytes = ZERO_WORD,
    ) -> Facts:
        creations = (creation,) if creation else ()
        return Facts(
            kind.name,
            kind.contract,
            signer,
            collection,
            creation,
            asset,
            price,
            # What no clock reaches is for ever.
            min(expires_at, 2**53),
            (*whose, *creations, *more),
            details if details != ZERO_WORD else None,
        )

    if isinstance(terms, Offer):
        creation = creation_key(terms.creation_id)
        return facts(terms.collection, creation, terms.asset, terms.price, terms.expiry)
    if isinstance(terms, Delivery):
        certificate = creation_or_none(terms.creation_id)
        collection = suite.registry.address if certificate else None
        return facts(
            collection, certificate, terms.asset, terms.price, terms.expiry, details=terms.details
        )
    if isinstance(terms, Auction):
        creation = creation_key(terms.creation_id)
        return facts(terms.collection, creation, terms.asset, terms.reserve, terms.ends_at)
    if isinstance(terms, Swap):
        given, wanted = creation_key(terms.given_id), creation_key(terms.wanted_id)
        return facts(terms.given_collection, given, None, None, terms.expiry, wanted)
    if isinstance(terms, Voucher):
        creation = creation_key(creation_of(terms))
        price = terms.sale.price if terms.is_sold else None
        return facts(suite.registry.address, creation, terms.asset, price, terms.expiry)
    assert isinstance(terms, Bid)  # noqa: S101 - the last kind that is taken
    wanted_one = creation_key(terms.creation_id) if terms.creator == NOBODY else None
    return facts(terms.collection, wanted_one, terms.asset, terms.price, terms.expiry)
