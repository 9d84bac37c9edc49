"""What the board shows: rows whose types say how JSON has them (`ledger.reports.kinds`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dokkaebi.ledger.reports.kinds import Address, CreationId, Moment, Number, Units

# What may be odd about a creator's name: letters of several scripts in one word, or the look of a
# name that another creator on the board bore before.
Warning_ = Literal["name_mixed_script", "name_taken"]


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """A signed document that could be used when it was last checked. `document`: its file, whole,
    with its signature. `creation`: what is given, or wanted by a bid; None of services and of bids
    for any work of a creator. `price`: of one unit; of an auction its reserve, of a swap or a
    settlement None. `expires_at`: its last second."""

    number: int
    digest: str
    kind: str
    contract: str
    signer: Address
    collection: Address | None
    creation: CreationId | None
    cid: str | None
    asset: Address | None
    price: Units | None
    expires_at: Moment
    accepted_at: Moment
    checked_at: Moment
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GoneItem:
    """A document that was here and can't be used any more. `reason`: the error's key."""

    digest: str
    kind: str
    reason: str
    message: str
    gone_at: Moment


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A work whose metadata document is here, and the newest document that sells it (None: none).

    All words are the creator's own and plain text. `image`: the picture's CID, None if it isn't
    named; `held`: whether its file is here. `document_cid`: of the metadata document.
    `registered`: whether the registry has it; else a signed work (voucher) offers it."""

    number: int
    id: CreationId
    cid: str
    title: str
    description: str
    tags: tuple[str, ...]
    creator: Address
    creator_name: str
    warnings: tuple[str, ...]
    document_cid: str
    content_type: str
    content_cid: str | None
    content_size: Number | None
    image: str | None
    held: bool
    registered: bool
    kind: str | None
    digest: str | None
    asset: Address | None
    price: Units | None
    expires_at: Moment | None
    posted_at: Moment


@dataclass(frozen=True, slots=True)
class FileItem:
    """A file that the board keeps. `type`: its media type where it is a picture that a browser may
    show, a metadata document, else `application/octet-stream`. `sha256`: of the whole file."""

    cid: str
    size: Number
    sha256: str
    type: str
    url: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What the board takes, in bytes and numbers; of one key and in all."""

    document_bytes: int
    file_bytes: Number
    key_bytes: Number
    all_bytes: Number
    key_documents: int
    key_files: int
    documents_per_minute: int
