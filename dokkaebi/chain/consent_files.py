"""A signed document as a small JSON file that a person can read and mail, and its strict reading.

```json
{
  "dokkaebi": "offer", "version": 1, "chainId": 1, "market": "0x…",
  "terms": {"seller": "0x…", "price": "50000000000000000", "expiry": 1798761600, …},
  "digest": "0x…", "signature": "0x…"
}
```

Amounts, ids and nonces are decimal text, times, lengths of time, shares and counts numbers. A bid
may carry a `permit` beside: `{"value": "…", "deadline": …, "signature": "0x…"}`; a voucher the
metadata document of its work, `"document": "{…}"`, which its digest names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dokkaebi.chain.assets import parse_address
from dokkaebi.chain.consents import KINDS, Consent, Kind, Permit, struct_name
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.terms import INNER
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

VERSION = 1
FILE_BYTES_MAX = 65_536
SIGNATURE_BYTES_MAX = 4_096
# What is signed; a request is paid for instead.
FILED = tuple(name for name in KINDS if name != "request")

_FIELDS = ("dokkaebi", "version", "chainId", "market", "terms", "digest", "signature")
_PERMIT_FIELDS = ("value", "deadline", "signature")
# Counted in something that may not fit into the numbers of other programs' JSON.
_AS_TEXT = {
    *("price", "endPrice", "reserve", "sponsorAmount"),
    *("nonce", "creationId", "givenId", "wantedId", "parents"),
}
# What may stand beside, by kind.
_BESIDE = {"bid": "permit", "voucher": "document"}
_NUMBER_MAX = 2**53 - 1
_UINT256_MAX = 2**256 - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)
_SHOWN_LENGTH = 60


# Write


def consent_text(consent: Consent) -> str:
    """The file's text."""
    kind = consent.kind
    document = {
        "dokkaebi": kind.name,
        "version": VERSION,
        "chainId": consent.chain_id,
        "market": consent.market,
        "terms": _written_struct(kind.fields, consent.terms),
        "digest": consent.id,
        "signature": "0x" + consent.signature.hex(),
    }
    if consent.permit is not None:
        permit = consent.permit
        document["permit"] = {
            "value": str(permit.value),
            "deadline": permit.deadline,
            "signature": "0x" + permit.signature.hex(),
        }
    if consent.document is not None:
        document["document"] = consent.document.decode()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_consent(path: Path, consent: Consent) -> None:
    """Writes the file, whole or not at all."""
    write_atomically(path, consent_text(consent))


def _written_struct(fields: list[dict[str, Any]], values: Any) -> dict[str, Any]:
    return {
        field["name"]: _written(field, value) for field, value in zip(fields, values, strict=True)
    }


def _written(field: dict[str, Any], value: Any) -> Any:
    if field["type"].endswith("[]"):
        element = {**field, "type": field["type"].removesuffix("[]")}
        return [_written(element, part) for part in value]
    if "components" in field:
        return _written_struct(field["components"], value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if field["name"] in _AS_TEXT else value


# Read


def read_consent(path: Path) -> Consent:
    """Reads a file strictly; whatever is wrong with it is a DokkaebiError of its own.

    What a file can't tell by itself, `standing.check_consent` asks the chain.
    """
    return parse_consent(read_beginning(path, FILE_BYTES_MAX + 1))


def read_beginning(path: Path, size: int) -> bytes:
    """At most so many bytes of a file. Raises `file_missing`, `file_unreadable`."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        raise DokkaebiError("file_missing", path=str(path)) from None
    except OSError as problem:
        raise DokkaebiError("file_unreadable", path=str(path), problem=str(problem)) from None


def parse_consent(data: bytes) -> Consent:
    """Reads a file's bytes strictly."""
    if len(data) > FILE_BYTES_MAX:
        raise DokkaebiError("consent_too_large", max=FILE_BYTES_MAX)
    document = _object("JSON", _load(data))
    kind = _kind(document.get("dokkaebi"))
    version = document.get("version", VERSION)
    if type(version) is not int or version != VERSION:
        raise DokkaebiError("consent_version_unknown", seen=_shown(version))
    beside = _BESIDE.get(kind.name)
    _check_fields("", document, _FIELDS, (*_FIELDS, beside) if beside else _FIELDS)
    chain_id = _number("chainId", document["chainId"])
    market = _address("market", document["market"])
    terms = _terms(kind, document["terms"])
    digest = _hex("digest", document["digest"], 32)
    signature = _signature("signature", document["signature"])
    permit = _permit(document["permit"]) if "permit" in document else None
    text = _document(document["document"], terms) if "document" in document else None
    consent = Consent(terms, chain_id, market, signature, permit, text)
    if digest != consent.digest:
        raise DokkaebiError("consent_digest_wrong", seen="0x" + digest.hex(), right=consent.id)
    return consent


def _load(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise DokkaebiError("consent_not_json", problem=_shown(str(problem))) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise DokkaebiError("consent_field_twice", field=_shown(name))
        found[name] = value
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _kind(name: object) -> Kind:
    known = ", ".join(FILED)
    if name is None:
        raise DokkaebiError("consent_field_missing", field="dokkaebi")
    if not isinstance(name, str) or name not in FILED:
        raise DokkaebiError("consent_kind_unknown", seen=_shown(name), known=known)
    return KINDS[name]


def _check_fields(
    inside: str, found: Mapping[str, Any], needed: tuple[str, ...], known: tuple[str, ...]
) -> None:
    for name in needed:
        if name not in found:
            raise DokkaebiError("consent_field_missing", field=inside + name)
    for name in found:
        if name not in known:
            raise DokkaebiError("consent_field_unknown", field=_shown(inside + name))


def _terms(kind: Kind, value: Any) -> Any:
    return _struct("terms", kind.terms, kind.fields, value)


def _struct(place: str, make: Any, fields: list[dict[str, Any]], value: Any) -> Any:
    found = _object(place, value)
    names = tuple(field["name"] for field in fields)
    _check_fields(f"{place}.", found, names, names)
    return make(
        *(_value(f"{place}.{field['name']}", field, found[field["name"]]) for field in fields)
    )


def _value(place: str, field: dict[str, Any], value: Any) -> Any:
    kind = str(field["type"])
    if kind.endswith("[]") and kind not in _READERS:
        if not isinstance(value, list):
            raise _wrong(place, value, "needs_list")
        element = {**field, "type": kind.removesuffix("[]")}
        return tuple(_value(f"{place}.{at}", element, part) for at, part in enumerate(value))
    if "components" in field:
        return _struct(place, INNER[struct_name(field)], field["components"], value)
    return _decimal(place, value) if field["name"] in _AS_TEXT else _READERS[kind](place, value)


def _document(value: Any, terms: Any) -> bytes:
    """The metadata document beside a voucher, if it is the one that the voucher names."""
    if not isinstance(value, str):
        raise _wrong("document", value, "needs_text")
    try:
        text = value.encode()
    except UnicodeEncodeError:
        raise _wrong("document", value, "needs_text") from None
    work = terms.work
    if hashlib.sha256(text).digest() != work.document_digest or len(text) != work.document_size:
        raise DokkaebiError("consent_document_other")
    return text


def _permit(value: Any) -> Permit:
    found = _object("permit", value)
    _check_fields("permit.", found, _PERMIT_FIELDS, _PERMIT_FIELDS)
    return Permit(
        _decimal("permit.value", found["value"]),
        _number("permit.deadline", found["deadline"]),
        _hex("permit.signature", found["signature"], 65),
    )


def _object(field: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(field, value, "needs_object")
    return value


def _number(field: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _NUMBER_MAX:
        raise _wrong(field, value, "needs_number")
    return value


def _small_number(field: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**16:
        raise _wrong(field, value, "needs_small_number")
    return value


def _decimal(field: str, value: Any) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or int(value) > _UINT256_MAX:
        raise _wrong(field, value, "needs_decimal")
    return int(value)


def _address(field: str, value: Any) -> str:
    if isinstance(value, str) and value == value.strip():
        with suppress(DokkaebiError):
            return parse_address(value)
    raise _wrong(field, value, "needs_address")


def _word(field: str, value: Any) -> bytes:
    return _hex(field, value, 32)


def _hex(field: str, value: Any, size: int) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(rf"0x[0-9a-fA-F]{{{2 * size}}}", value):
        raise _wrong(field, value, "needs_hex", digits=2 * size)
    return bytes.fromhex(value[2:])


def _signature(field: str, value: Any) -> bytes:
    """Of a key 64 or 65 bytes, of a contract (ERC-1271) whatever it wants, but something."""
    most = SIGNATURE_BYTES_MAX
    if not isinstance(value, str) or not re.fullmatch(rf"0x([0-9a-fA-F]{{2}}){{1,{most}}}", value):
        raise _wrong(field, value, "needs_signature")
    return bytes.fromhex(value[2:])


def _parts(field: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or any(type(p) is not int or not 0 <= p < 256 for p in value):
        raise _wrong(field, value, "needs_parts")
    return tuple(value)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "address": _address,
    "uint256": _number,
    "uint16": _small_number,
    "bytes32": _word,
    "uint8[]": _parts,
}


def _wrong(field: str, value: object, needed: str, **details: int) -> DokkaebiError:
    return DokkaebiError(
        "consent_field_wrong", field=field, seen=_shown(value), needed=t(needed, None, **details)
    )


def _shown(value: object) -> str:
    """A value out of a stranger's file: short, on one line, and nothing that moves a cursor."""
    text = value if isinstance(value, str) else json.dumps(value)
    safe = "".join(c if c.isprintable() else "�" for c in text)
    return safe if len(safe) <= _SHOWN_LENGTH else safe[:_SHOWN_LENGTH] + "…"
