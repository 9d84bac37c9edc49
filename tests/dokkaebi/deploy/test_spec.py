"""`market.toml`: what is taken, and each thing that is refused with its field named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dokkaebi.config import project_root
from dokkaebi.deploy import load_market_spec
from dokkaebi.deploy.spec import DAYS_MAX, FIELDS, Field, parse_market
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
        ('steward = ""', 'steward = "0x12"', "token.steward"),
        ("[market]", "[market]\nowner = 1", "market.owner"),
        ("ship_days = 7", "ship_days = 0", "windows.ship_days"),
        ("ship_days = 7", "ship_days = 61", "windows.ship_days"),
        ("inspect_days = 7", "inspect_days = 31", "windows.inspect_days"),
        ("offer_days = 30", "offer_days = 366", "windows.offer_days"),
        ('"hoodi",', "1,", "networks.allowed"),
        ('explorer = ""', 'explorer = "sepolia.example"', "networks.explorer"),
    ],
)
def test_wrong_fields_are_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(DokkaebiError) as caught:
        load_market_spec(changed(tmp_path, old, new))
    assert caught.value.key == "market_field_wrong"
    assert caught.value.details["field"] == field


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_what_is_missing_is_named(tmp_path: Path, field: Field) -> None:
    document = tomllib.loads(GIVEN)
    del document[field.section][field.name]
    with pytest.raises(DokkaebiError) as caught:
        parse_market(document, tmp_path)
    assert (caught.value.key, caught.value.details["field"]) == ("market_field_missing", field.path)


@pytest.mark.parametrize("days", [("ship_days", 60), ("inspect_days", 30), ("offer_days", 365)])
def test_the_longest_windows_are_those_of_the_contracts(days: tuple[str, int]) -> None:
    name, longest = days
    constant = f"{name.removesuffix('_days').upper()}_SECONDS_MAX"
    source = (project_root() / "contracts" / "EscrowMarket.sol").read_text("utf-8")
    assert f"{constant} = {longest} days;" in source
    assert DAYS_MAX[name] == longest


@pytest.mark.parametrize("text", ["[token", "\xff"])
def test_a_file_that_cant_be_read_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "market.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DokkaebiError) as caught:
        load_market_spec(path)
    assert caught.value.key == "market_unreadable"


def test_without_a_file_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(DokkaebiError) as caught:
        load_market_spec(tmp_path / "market.toml")
    assert caught.value.key == "market_missing"
    assert "dokkaebi deploy init" in str(caught.value)
