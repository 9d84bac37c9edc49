"""Creations: what the registry and other collections say of them, and the calls that change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dokkaebi.chain.documents import Document, FileDigest, content_commitment, creation_text
from dokkaebi.chain.lookup import place_of, refused_with
from dokkaebi.chain.rpc import Log, RpcRefused
from dokkaebi.chain.suite import COIN, Call, Contract, NoAnswer, Suite
from dokkaebi.chain.terms import BPS, Creation, Partner, Work
from dokkaebi.errors import DokkaebiError

# The highest ERC-2981 royalty that a seller can agree to: `ICollections.ROYALTY_BPS_MAX`.
ROYALTY_BPS_MAX = 1_000


@dataclass(frozen=True)
class Registration:
    """One `CreationRegistered`; hashes as bytes."""

    creation_id: int
    creator: str
    content_commitment: bytes
    block_number: int
    transaction_hash: str


# Look up


def creation(suite: Suite, creation_id: int) -> Creation | None:
    """What the registry knows of a creation; None if it was never registered."""
    try:
        answer = suite.registry.call("creationOf", creation_id)
    except RpcRefused as refusal:
        if refused_with(refusal, "Creation_Unknown"):
            return None
        raise
    return Creation(*answer)


def partners(suite: Suite, creation_id: int) -> list[Partner]:
    """Who made a creation together with its creator."""
    return [Partner(*answer) for answer in suite.registry.call("partnersOf", creation_id)]


def owner(suite: Suite, creation_id: int, collection: str | None = None) -> str | None:
    """Who owns a creation; None if nobody does: never made, or burnt."""
    if not is_ours(suite, collection):
        return _foreign_owner(suite.erc721(str(collection)), creation_id)
    try:
        return str(suite.registry.call("ownerOf", creation_id))
    except RpcRefused as refusal:
        if refused_with(refusal, "TokenDoesNotExist"):
            return None
        raise


def _foreign_owner(collection: Contract, creation_id: int) -> str | None:
    """Other collections say in their own words that there is no such creation."""
    try:
        holder = str(collection.call("ownerOf", creation_id))
    except (RpcRefused, NoAnswer):
        return None
    return None if holder == COIN else holder


def tenure(suite: Suite, creation_id: int, collection: str | None = None) -> int:
    """How often a creation changed hands, as documents name it; zero in other collections."""
    if not is_ours(suite, collection):
        return 0
    return int(suite.registry.call("tenureOf", creation_id))


def is_ours(suite: Suite, collection: str | None) -> bool:
    """Whether a collection is the suite's registry; None is."""
    return collection in {None, suite.registry.address}


def tenure_if_owned(
    suite: Suite, creation_id: int, account: str, collection: str | None = None
) -> int:
    """The tenure of a creation that an account owns; a DokkaebiError if it doesn't."""
    shown = creation_text(creation_id)
    holder = owner(suite, creation_id, collection)
    if holder is None:
        known = is_ours(suite, collection) and creation(suite, creation_id) is not None
        raise DokkaebiError("creation_burnt" if known else "creation_unknown", seen=shown)
    if holder != account:
        raise DokkaebiError("creation_not_yours", seen=shown, owner=holder, account=account)
    return tenure(suite, creation_id, collection)


def royalty_bps(suite: Suite, creation_id: int, collection: str) -> int:
    """What another collection asks as royalty (ERC-2981), up to what a seller can agree to.

    Zero for the registry's own creations, which need no agreement.
    """
    if is_ours(suite, collection):
        return 0
    try:
        _, royalty = suite.erc721(collection).call("royaltyInfo", creation_id, BPS)
    except (RpcRefused, NoAnswer):
        return 0
    return min(int(royalty), ROYALTY_BPS_MAX)


def registrations(suite: Suite, creation_id: int | None = None) -> list[Registration]:
    """All registrations, or that of one creation; oldest first."""
    topic = None if creation_id is None else f"0x{creation_id:064x}"
    logs = suite.registry.logs(
        "CreationRegistered", suite.manifest.first_block, (topic,) if topic else ()
    )
    return [_registration(log) for log in logs]


def may_move(
    suite: Suite, market: Contract, creation_id: int, holder: str, collection: str | None = None
) -> bool:
    """Whether a market may hand over a creation of the holder's."""
    where = suite.erc721(collection or suite.registry.address)
    if where.call("isApprovedForAll", holder, market.address):
        return True
    return bool(where.call("getApproved", creation_id) == market.address)


# Act


def work_of(
    document: Document, file: FileDigest, royalty_bps: int, parents: Sequence[int] = ()
) -> Work:
    """What the registry takes of a document about a file."""
    commitment = content_commitment(file.sha256, document.creator)
    return Work(document.digest, len(document.text), royalty_bps, commitment, tuple(parents))


def register(suite: Suite, works: Sequence[Work]) -> Call:
    """Registers one work, or several at once."""
    if len(works) == 1:
        return suite.registry.prepare("register", works[0])
    return suite.registry.prepare("registerBatch", list(works))


def register_together(suite: Suite, work: Work, others: Sequence[Partner]) -> Call:
    """Registers a work that the sender made together with others; puts them in order."""
    ascending = sorted(others, key=lambda partner: int(partner.account, 16))
    return suite.registry.prepare("registerTogether", work, ascending)


def approve_creation(
    suite: Suite, market: Contract, creation_id: int, collection: str | None = None
) -> Call:
    """Lets a market hand over one creation; takes that back from whom it was given to before."""
    where = suite.erc721(collection or suite.registry.address)
    return where.prepare("approve", market.address, creation_id)


def approve_all_creations(
    suite: Suite, market: Contract, collection: str | None = None, *, approved: bool = True
) -> Call:
    """Lets a market hand over all of the sender's creations in a collection, or no longer."""
    where = suite.erc721(collection or suite.registry.address)
    return where.prepare("setApprovalForAll", market.address, approved)


def _registration(log: Log) -> Registration:
    """Decoded by hand: there may be a hundred thousand of them. The data is four words: document
    digest, document size, royalty, commitment."""
    from eth_utils.address import to_checksum_address

    _, creation_topic, creator_topic = log["topics"]
    return Registration(
        int(creation_topic, 16),
        to_checksum_address(creator_topic[-40:]),
        bytes.fromhex(log["data"][2 + 3 * 64 : 2 + 4 * 64]),
        *place_of(log),
    )
