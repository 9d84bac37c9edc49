"""Signed documents as files: what is written is read; whatever else comes is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.consent_files import (
    FILE_BYTES_MAX,
    FILED,
    SIGNATURE_BYTES_MAX,
    consent_text,
    parse_consent,
    read_consent,
    write_consent,
)
from dokkaebi.chain.consents import KINDS, Consent, Permit
from dokkaebi.chain.terms import Settlement, Terms
from tests.dokkaebi.chain.conftest import refused
from tests.dokkaebi.chain.test_consents import random_terms
from tests.dokkaebi.conftest import BUYER, CREATOR, address

MARKET = address(CREATOR)
Change = Callable[[dict[str, Any]], object]


def modest(kind: str) -> Terms:
    """Terms whose counts fit into everybody's numbers, as real ones do."""
    from dokkaebi.chain.consent_files import _AS_TEXT

    values: list[Any] = []
    for field, value in zip(KINDS[kind].fields, random_terms(kind, 3), strict=True):
        counted = field["type"] == "uint256" and field["name"] not in _AS_TEXT
        values.append(value % 2**53 if counted else value)
    make: Any = KINDS[kind].terms
    terms: Terms = make(*values)
    return terms


def consent(kind: str, permit: Permit | None = None) -> Consent:
    return Consent(modest(kind), 1337, MARKET, bytes(range(65)), permit)


def changed(kind: str, change: Change) -> bytes:
    document = json.loads(consent_text(consent(kind)))
    change(document)
    return json.dumps(document).encode()


def key_of(data: bytes) -> str:
    return refused(lambda: parse_consent(data))


@pytest.mark.parametrize("kind", FILED)
def test_document_comes_back_as_it_was_written(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "offer.json"
    write_consent(path, consent(kind))
    assert read_consent(path) == consent(kind)
    assert path.stat().st_size < 2_000
    assert list(json.loads(path.read_text())) == [
        "dokkaebi", "version", "chainId", "market", "terms", "digest", "signature",
    ]  # fmt: skip


def test_requests_are_paid_for_and_not_signed() -> None:
    assert set(KINDS) - set(FILED) == {"request"}


def test_bid_may_bring_a_permit() -> None:
    permitted = consent("bid", Permit(2**256 - 1, 1_800_000_000, bytes(range(65))))
    assert parse_consent(consent_text(permitted).encode()) == permitted
    permit = json.loads(consent_text(permitted))["permit"]
    assert key_of(changed("offer", lambda d: d.update(permit=permit))) == "consent_field_unknown"
    for name in permit:
        rest = {k: v for k, v in permit.items() if k != name}
        data = changed("bid", lambda d, rest=rest: d.update(permit=rest))
        assert key_of(data) == "consent_field_missing"


def test_signatures_of_contracts_may_be_long() -> None:
    long = "0x" + "00" * SIGNATURE_BYTES_MAX
    data = changed("offer", lambda d: d.update(signature=long))
    assert len(parse_consent(data).signature) == SIGNATURE_BYTES_MAX


def test_addresses_without_checksum_are_read() -> None:
    data = changed("offer", lambda d: d.update(market=MARKET.lower()))
    assert parse_consent(data).market == MARKET


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "consent_not_json"),
        (b"{", "consent_not_json"),
        (b"\xff\xfe", "consent_not_json"),
        (b"\xef\xbb\xbf{}", "consent_not_json"),
        (b'{"version": NaN}', "consent_not_json"),
        (b'{"version": -Infinity}', "consent_not_json"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "consent_not_json"),
        (b"[" * FILE_BYTES_MAX, "consent_not_json"),
        (b"{} {}", "consent_not_json"),
        (b"[]", "consent_field_wrong"),
        (b"null", "consent_field_wrong"),
        (b'"offer"', "consent_field_wrong"),
        (b"{}", "consent_field_missing"),
        (b'{"dokkaebi": "offer", "dokkaebi": "offer"}', "consent_field_twice"),
        (b'{"dokkaebi": "gift"}', "consent_kind_unknown"),
        (b'{"dokkaebi": "request"}', "consent_kind_unknown"),
        (b'{"dokkaebi": 1}', "consent_kind_unknown"),
        (b'{"dokkaebi": "\\ud800\\n"}', "consent_kind_unknown"),
        (b'{"dokkaebi": "offer", "version": 2}', "consent_version_unknown"),
        (b'{"dokkaebi": "offer", "version": "1"}', "consent_version_unknown"),
        (b'{"dokkaebi": "offer", "version": true}', "consent_version_unknown"),
        (b'{"dokkaebi": "offer", "version": 1.0}', "consent_version_unknown"),
    ],
)
def test_what_is_no_document_is_refused(data: bytes, key: str) -> None:
    assert key_of(data) == key


def test_file_is_not_read_beyond_its_limit(tmp_path: Path) -> None:
    text = consent_text(consent("offer")).encode()
    path = tmp_path / "offer.json"
    path.write_bytes(text.ljust(FILE_BYTES_MAX))
    assert read_consent(path) == consent("offer")
    path.write_bytes(text.ljust(FILE_BYTES_MAX + 1))
    assert refused(lambda: read_consent(path)) == "consent_too_large"


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(lambda: read_consent(tmp_path / "none.json")) == "file_missing"
    assert refused(lambda: read_consent(tmp_path)) == "file_unreadable"


@pytest.mark.parametrize("kind", FILED)
def test_every_field_is_needed_once_and_no_other(kind: str) -> None:
    whole = consent_text(consent(kind))
    for name in json.loads(whole):
        assert key_of(changed(kind, lambda d, n=name: d.pop(n))) == "consent_field_missing"
    for name in json.loads(whole)["terms"]:
        data = changed(kind, lambda d, n=name: d["terms"].pop(n))
        assert key_of(data) == "consent_field_missing"
        doubled = whole.replace(f'    "{name}":', f'    "{name}": 1,\n    "{name}":')
        assert key_of(doubled.encode()) == "consent_field_twice"
    extra = changed(kind, lambda d: d.update(note="cheap"))
    assert key_of(extra) == "consent_field_unknown"
    assert key_of(changed(kind, lambda d: d["terms"].update(tip=1))) == "consent_field_unknown"


@pytest.mark.parametrize("value", [1, 1.5, True, None, -1, "1", "x", [], {}, [1, 2], 2**53])
@pytest.mark.parametrize("kind", FILED)
def test_every_field_has_one_type(kind: str, value: object) -> None:
    """Whatever stands where it shouldn't is refused, and whatever may stand there changes the
    digest, so nothing passes."""
    for name, right in json.loads(consent_text(consent(kind)))["terms"].items():
        if value == right and type(value) is type(right):
            continue
        data = changed(kind, lambda d, n=name: d["terms"].update({n: value}))
        wrong = {"consent_field_wrong", "consent_digest_wrong", "consent_field_missing"}
        assert key_of(data) in wrong


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chainId", "1337"),
        ("chainId", -1),
        ("chainId", 1337.0),
        ("market", None),
        ("market", "0x12"),
        ("market", f" {MARKET}"),
        ("market", MARKET.swapcase().replace("0X", "0x")),
        ("terms", []),
        ("terms", "x"),
        ("digest", "0x12"),
        ("digest", 1),
        ("signature", "0x"),
        ("signature", "0x123"),
        ("signature", "xyz"),
        pytest.param("signature", "0x" + "00" * (SIGNATURE_BYTES_MAX + 1), id="signature-long"),
    ],
)
def test_frame_has_one_type_each(field: str, value: object) -> None:
    data = changed("offer", lambda d: d.update({field: value}))
    assert key_of(data) == "consent_field_wrong"


@pytest.mark.parametrize("value", ["01", "+1", "1.0", "1e3", " 1", "", "-1", "١", str(2**256)])
def test_amounts_are_digits_and_nothing_else(value: str) -> None:
    data = changed("offer", lambda d: d["terms"].update(price=value))
    assert key_of(data) == "consent_field_wrong"


@pytest.mark.parametrize("value", [[256], [-1], [1.0], [True], ["1"], "1", {"0": 1}])
def test_parts_are_small_numbers(value: object) -> None:
    data = changed("delivery", lambda d: d["terms"].update(parts=value))
    assert key_of(data) == "consent_field_wrong"


@pytest.mark.parametrize("kind", FILED)
def test_changed_field_is_found_by_the_digest(kind: str) -> None:
    document = json.loads(consent_text(consent(kind)))
    structs = [name for name, value in document["terms"].items() if isinstance(value, dict)]
    for struct in [None, *structs]:
        for name, value in (document["terms"][struct] if struct else document["terms"]).items():
            if name in structs or (name, value) == ("partners", []):
                continue
            other: Any = {int: 7, list: ["7"] if struct else [50, 50]}.get(type(value), "7")
            if isinstance(value, str) and value.startswith("0x"):
                other = address(BUYER) if len(value) == 42 else "0x" + "07" * 32
            if name == "partners":
                other = []

            def change(d: dict[str, Any], n: str = name, o: Any = other, s: Any = struct) -> None:
                (d["terms"][s] if s else d["terms"]).update({n: o})

            assert key_of(changed(kind, change)) == "consent_digest_wrong", name
    assert key_of(changed(kind, lambda d: d.update(chainId=1))) == "consent_digest_wrong"


def test_digest_of_another_kind_is_wrong() -> None:
    def swap_kind(document: dict[str, Any]) -> None:
        document["dokkaebi"] = "settlement"
        document["terms"] = json.loads(consent_text(consent("settlement")))["terms"]

    assert key_of(changed("auction", swap_kind)) == "consent_digest_wrong"


def test_strangers_words_are_shown_short_and_harmless() -> None:
    name = "\x1b[2J" + "x" * 1_000
    data = changed("offer", lambda d: d.update({name: 1}))
    with pytest.raises(Exception, match="xxx") as caught:
        parse_consent(data)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_settlement_is_read_as_one() -> None:
    assert isinstance(parse_consent(consent_text(consent("settlement")).encode()).terms, Settlement)
