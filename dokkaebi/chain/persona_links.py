"""Links between a nickname and a wallet: signed by both sides, ended by either.

```json
{
  "dokkaebi": "persona-link", "version": 1, "community": "…", "source": "blog.example",
  "nickname": "lee", "wallet": "0x…", "linked": true, "nonce": 1,
  "issuedAt": 1798761600, "deadline": 1799366400,
  "walletSignature": "0x…", "stewardSignature": "0x…"
}
```

The wallet's owner signs and puts the document's claim code into the profile that has the nickname;
the community's steward looks whether it is there, and signs too.
"""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.assets import parse_address
from dokkaebi.chain.consent_files import read_beginning
from dokkaebi.chain.consents import TypedData, digest_of_typed, recover, sign_typed
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.errors import DokkaebiError

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

VERSION = 1
FILE_BYTES_MAX = 8_192
# How long the two signatures may lie apart.
DEADLINE_SECONDS = 7 * 86_400
AHEAD_SECONDS = 300
_TEXT_LENGTH_MAX = 500
_NUMBER_MAX = 2**53 - 1
_DOMAIN = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}]
_TYPE = [
    {"name": "community", "type": "string"},
    {"name": "source", "type": "string"},
    {"name": "nickname", "type": "string"},
    {"name": "wallet", "type": "address"},
    {"name": "linked", "type": "bool"},
    {"name": "nonce", "type": "uint256"},
    {"name": "issuedAt", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


@dataclass(frozen=True)
class PersonaLink:
    """That a nickname in a source is a wallet's owner's (`linked`), or no longer. Times in seconds
    since 1970; a signature that isn't there yet is empty."""

    community: str
    source: str
    nickname: str
    wallet: str
    linked: bool
    nonce: int
    issued_at: int
    deadline: int
    wallet_signature: bytes = b""
    steward_signature: bytes = b""

    @property
    def digest(self) -> bytes:
        """What is signed."""
        return digest_of_typed(typed_data(self))

    @property
    def claim_code(self) -> str:
        """What the owner of the nickname puts into its profile."""
        return "dokkaebi-" + b32encode(self.digest[:10]).decode().lower()


def typed_data(link: PersonaLink) -> TypedData:
    """The EIP-712 typed data of a link. It binds no chain: a nickname is the same on each."""
    message = {
        "community": link.community,
        "source": link.source,
        "nickname": link.nickname,
        "wallet": link.wallet,
        "linked": link.linked,
        "nonce": str(link.nonce),
        "issuedAt": str(link.issued_at),
        "deadline": str(link.deadline),
    }
    return {
        "types": {"EIP712Domain": _DOMAIN, "PersonaLink": _TYPE},
        "primaryType": "PersonaLink",
        "domain": {"name": "Dokkaebi Portal", "version": "1"},
        "message": message,
    }


def sign_as_wallet(account: Signer, link: PersonaLink) -> PersonaLink:
    """The link with its wallet's signature; raises `portal_link_wallet` for another's key."""
    if account.address != link.wallet:
        raise DokkaebiError("portal_link_wallet", wallet=link.wallet, signer=account.address)
    return replace(link, wallet_signature=sign_typed(account, typed_data(link)))


def sign_as_steward(account: Signer, link: PersonaLink) -> PersonaLink:
    """The link with a steward's signature."""
    return replace(link, steward_signature=sign_typed(account, typed_data(link)))


def check_link(link: PersonaLink, community: str, steward: str, now: int) -> None:
    """Refuses what both sides haven't signed; of an end one of them is enough.

    `steward` is the rules' one, lower-case. Raises `portal_link_community`, `portal_no_steward`,
    `portal_link_time`, `portal_link_signature`.
    """
    if link.community != community:
        raise DokkaebiError("portal_link_community", seen=link.community, right=community)
    if int(steward, 16) == 0 and link.linked:
        raise DokkaebiError("portal_no_steward")
    if not link.issued_at <= now + AHEAD_SECONDS or not now <= link.deadline:
        raise DokkaebiError("portal_link_time", issued=link.issued_at, deadline=link.deadline)
    if not link.issued_at <= link.deadline <= link.issued_at + DEADLINE_SECONDS:
        raise DokkaebiError("portal_link_time", issued=link.issued_at, deadline=link.deadline)
    by_wallet = recover(link.digest, link.wallet_signature) == link.wallet
    by_steward = (recover(link.digest, link.steward_signature) or "").lower() == steward
    if not (by_wallet and by_steward if link.linked else by_wallet or by_steward):
        missing = link.wallet if not by_wallet else steward
        raise DokkaebiError("portal_link_signature", missing=missing)


# The file


def link_text(link: PersonaLink) -> str:
    """The file's text."""
    document = {
        "dokkaebi": "persona-link",
        "version": VERSION,
        "community": link.community,
        "source": link.source,
        "nickname": link.nickname,
        "wallet": link.wallet,
        "linked": link.linked,
        "nonce": link.nonce,
        "issuedAt": link.issued_at,
        "deadline": link.deadline,
        "walletSignature": "0x" + link.wallet_signature.hex(),
        "stewardSignature": "0x" + link.steward_signature.hex(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_link(path: Path, link: PersonaLink) -> None:
    """Writes the file, whole or not at all."""
    write_atomically(path, link_text(link))


def read_link(path: Path) -> PersonaLink:
    """Reads a file strictly. Raises `file_missing`, `file_unreadable`, `portal_link_wrong`."""
    data = read_beginning(path, FILE_BYTES_MAX + 1)
    try:
        if len(data) > FILE_BYTES_MAX:
            raise ValueError(f"> {FILE_BYTES_MAX}")
        return _read(json.loads(data.decode("utf-8")))
    except (ValueError, RecursionError) as problem:
        raise DokkaebiError("portal_link_wrong", path=str(path), problem=str(problem)) from None


def _read(document: Any) -> PersonaLink:
    if not isinstance(document, dict) or document.pop("dokkaebi", None) != "persona-link":
        raise ValueError("dokkaebi")
    if document.pop("version", None) != VERSION:
        raise ValueError("version")
    values = []
    for name, read in _READERS.items():
        try:
            values.append(read(document.pop(name)))
        except (KeyError, TypeError, ValueError, DokkaebiError):
            raise ValueError(name) from None
    if document:
        raise ValueError(", ".join(document))
    return PersonaLink(*values)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > _TEXT_LENGTH_MAX:
        raise ValueError(value)
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _NUMBER_MAX:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(value)
    return value


def _signature(value: Any) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError(value)
    return bytes.fromhex(value[2:])


_READERS: dict[str, Callable[[Any], Any]] = {
    "community": _text,
    "source": _text,
    "nickname": _text,
    "wallet": parse_address,
    "linked": _flag,
    "nonce": _number,
    "issuedAt": _number,
    "deadline": _number,
    "walletSignature": _signature,
    "stewardSignature": _signature,
}
