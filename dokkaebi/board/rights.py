"""The right to bring a file: a key's signature over which, how long, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from dokkaebi.chain.consents import (
    DOMAIN_FIELDS,
    DOMAIN_VERSION,
    TypedData,
    digest_of_typed,
    is_signed_by,
)
from dokkaebi.chain.suite import Suite
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import time_text

DOMAIN_NAME = "Dokkaebi Board"
# A right that lasts longer is refused, seconds.
RIGHT_SECONDS_MAX = 86_400
UPLOAD = [
    {"name": "cid", "type": "string"},
    {"name": "size", "type": "uint256"},
    {"name": "expiry", "type": "uint256"},
]


@dataclass(frozen=True)
class UploadRight:
    """A signature that lets its signer's quota bear a file."""

    signer: str
    expiry: int
    signature: bytes


def upload_domain(suite: Suite) -> dict[str, object]:
    """The EIP-712 domain of uploads: a market's, whichever board keeps the file."""
    return {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": suite.chain.chain_id,
        "verifyingContract": suite.registry.address,
    }


def upload_data(suite: Suite, cid: str, size: int, expiry: int) -> TypedData:
    """What is signed to bring a file."""
    return {
        "types": {"EIP712Domain": DOMAIN_FIELDS, "Upload": UPLOAD},
        "primaryType": "Upload",
        "domain": upload_domain(suite),
        "message": {"cid": cid, "size": str(size), "expiry": str(expiry)},
    }


def check_right(suite: Suite, right: UploadRight, cid: str, size: int, now: int) -> None:
    """Errors: `board_right_expired`, `board_right_long`, `consent_signature_wrong`."""
    if now > right.expiry:
        raise DokkaebiError("board_right_expired", expiry=time_text(right.expiry))
    if right.expiry > now + RIGHT_SECONDS_MAX:
        raise DokkaebiError("board_right_long", hours=RIGHT_SECONDS_MAX // 3_600)
    digest = digest_of_typed(upload_data(suite, cid, size, right.expiry))
    if not is_signed_by(suite.chain, right.signer, digest, right.signature):
        raise DokkaebiError("consent_signature_wrong", signer=right.signer)
