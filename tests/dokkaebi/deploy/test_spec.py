"""`market.toml`: what is taken, and each thing that is refused with its field named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dokkaebi.config import project_root
from dokkaebi.deploy import load_market_spec
from dokkaebi.errors import DokkaebiError

GIVEN = (project_root() / "market.toml").read_text("utf-8")


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in GIVEN
    path = folder / "market.toml"
    path.write_text(GIVEN.replace(old, new), "utf-8")
    return path


def test_the_shipped_market_is_taken() -> None:
    spec = load_market_spec()
    assert spec.cap == 100_000_000 * 10**18
    assert (spec.opening_supply, spec.fee_bps) == (1_000_000 * 10**18, 100)
    assert spec.opening_holder == spec.steward == spec.fee_recipient == ""


def test_amounts_are_exact_up_to_the_largest(tmp_path: Path) -> None:
    text = f"{(2**256 - 1) // 10**18}.{(2**256 - 1) % 10**18:018d}"
    path = changed(tmp_path, 'cap = "100000000"', f'cap = "{text}"')
    assert load_market_spec(path).cap == 2**256 - 1


def test_addresses_get_their_checksum(tmp_path: Path) -> None:
    lower = "0x" + "ab" * 20
    path = changed(tmp_path, 'fee_recipient = ""', f'fee_recipient = "{lower}"')
    assert load_market_spec(path).fee_recipient.lower() == lower


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('cap = "100000000"', 'cap = "0"', "token.cap"),
        ('cap = "100000000"', 'cap = "999999"', "token.cap"),
        ('cap = "100000000"', 'cap = "-1"', "token.cap"),
        ('cap = "100000000"', "cap = 100000000", "token.cap"),
        ('cap = "100000000"', 'cap = "1.0000000000000000001"', "token.cap"),
        ("fee_bps = 100", "fee_bps = 251", "market.fee_bps"),
        ("fee_bps = 100", "fee_bps = true", "market.fee_bps"),
        ("fee_bps = 100", "", "market.fee_bps"),
        ('steward = ""', 'steward = "0x12"', "token.steward"),
        ("[market]", "[market]\nowner = 1", "market.owner"),
        ("[registry]", "[registries]", "registry"),
    ],
)
def test_wrong_fields_are_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(DokkaebiError) as caught:
        load_market_spec(changed(tmp_path, old, new))
    assert caught.value.key == "market_field_wrong"
    assert caught.value.details["field"] == field


@pytest.mark.parametrize("text", [None, "[token", "\xff"])
def test_a_file_that_cant_be_read_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "market.toml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DokkaebiError) as caught:
        load_market_spec(path)
    assert caught.value.key == "market_unreadable"
