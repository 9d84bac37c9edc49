"""Rows of the board as readers get them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from dokkaebi.board.items import DocumentItem, FileItem, GoneItem, WorkItem
from dokkaebi.chain.documents import creation_cid
from dokkaebi.ledger.reports.kinds import Address, CreationId, Moment, Number, Units
from dokkaebi.texts import t


def document_item(row: Row[Any], registry: str) -> DocumentItem:
    """A document; a CID is only of the registry's creations."""
    creation = None if row.creation is None else int(row.creation, 16)
    own = creation is not None and row.collection == registry
    return DocumentItem(
        number=row.number,
        digest=row.digest,
        kind=row.kind,
        contract=row.contract,
        signer=Address(row.signer),
        collection=None if row.collection is None else Address(row.collection),
        creation=None if creation is None else CreationId(creation),
        cid=creation_cid(creation) if own and creation is not None else None,
        asset=None if row.asset is None else Address(row.asset),
        price=None if row.price is None else Units(row.price),
        expires_at=Moment(row.expires_at),
        accepted_at=Moment(row.accepted_at),
        checked_at=Moment(row.checked_at),
        document=json.loads(row.body),
    )


def gone_item(row: Row[Any], lang: str) -> GoneItem:
    """A document that was dropped, and why, in a language."""
    message = t(row.reason, lang, **json.loads(row.details))
    return GoneItem(row.digest, row.kind, row.reason, message, Moment(row.gone_at))


def work_item(row: Row[Any]) -> WorkItem:
    """A work."""
    creation = int(row.id, 16)
    return WorkItem(
        number=row.number,
        id=CreationId(creation),
        cid=creation_cid(creation),
        title=row.title,
        description=row.description,
        tags=tuple(json.loads(row.tags)),
        creator=Address(row.creator),
        creator_name=row.creator_name,
        warnings=tuple(json.loads(row.warnings)),
        document_cid=row.document_cid,
        content_type=row.content_type,
        content_cid=row.content_cid,
        content_size=None if row.content_size is None else Number(row.content_size),
        image=row.image,
        held=bool(row.held),
        registered=bool(row.registered),
        kind=row.kind,
        digest=row.digest,
        asset=None if row.asset is None else Address(row.asset),
        price=None if row.price is None else Units(row.price),
        expires_at=None if row.expires_at is None else Moment(row.expires_at),
        posted_at=Moment(row.posted_at),
    )


def file_item(row: Row[Any]) -> FileItem:
    """A file."""
    where = f"/v1/board/files/{row.cid}"
    return FileItem(row.cid, Number(row.size), "0x" + row.sha256.hex(), row.type, where)
