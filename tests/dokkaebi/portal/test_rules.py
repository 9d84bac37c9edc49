"""A rules file is read strictly: each field at both ends of what it may be, and one step beyond."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.rules import DEFAULT, Rules, load_rules

COIN = "0x" + "00" * 20
OTHER = "0x" + "ab" * 20
UNSET = object()
Write = Callable[..., Path]

# Field, the least and the most that it may be, in the file's unit.
BOUNDS = [
    ("version", 1, 1),
    ("kinds.WRITE.made", 0, 1_000_000),
    ("kinds.LIKE.received", 0, 1_000_000),
    ("points.day_max", 0, 1_000_000),
    ("points.pair_max", 0, 1_000_000),
    ("points.mutual_free", 0, 1_000_000),
    ("points.age_start_bps", 0, 10_000),
    ("points.age_full_days", 0, 36_500),
    ("epoch.late_hours", 0, 8_784),
    ("epoch.accept_days", 0, 36_500),
    ("mileage.threshold_points", 0, 1_000_000),
    ("mileage.payout_min", 0, 2**256 - 1),
    ("fees.share_bps", 0, 9_999),
    ("fees.opening_share_bps", 0, 9_999),
    ("fees.opening_epochs", 0, 10_000),
    (f"fees.rates.{COIN}.units", 0, 2**128),
    (f"fees.rates.{COIN}.per", 1, 2**128),
]
# A kind that gives nothing for one side may leave it out.
MAY_BE_MISSING = {"kinds.WRITE.made", "kinds.LIKE.received"}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the package's own rules with a field changed, added, or left out."""

    def written(field: str, value: Any) -> Path:
        document = tomlkit.parse(DEFAULT.read_text("utf-8"))
        *tables, name = field.split(".")
        table: Any = document
        for one in tables:
            table = table[one]
        if value is UNSET:
            table.pop(name, None)
        else:
            table[name] = value
        path = tmp_path / "rules.toml"
        path.write_text(tomlkit.dumps(document), "utf-8")
        return path

    return written


def refusal(path: Path, key: str = "portal_rules_wrong") -> dict[str, Any]:
    with pytest.raises(DokkaebiError) as caught:
        load_rules(path)
    assert caught.value.key == key
    assert caught.value.details["path"] == str(path)
    return caught.value.details


def read(rules: Rules, field: str) -> object:
    *tables, name = field.split(".")
    if tables[:1] == ["kinds"]:
        return getattr(rules.kinds[tables[1]], name)
    if tables[:2] == ["fees", "rates"]:
        return rules.rates[tables[2]][("units", "per").index(name)]
    return getattr(rules, name)


@pytest.mark.parametrize(("field", "least", "most"), BOUNDS)
def test_the_ends_are_allowed_and_what_is_beyond_is_refused(
    field: str, least: int, most: int, write: Write
) -> None:
    for value in (least, most):
        rules = load_rules(write(field, value))
        assert field == "version" or read(rules, field) == value
    for value in (least - 1, most + 1):
        # TOML's own whole numbers may be of any size in Python.
        seen = refusal(write(field, value))
        assert (seen["field"], seen["seen"]) == (field, str(value)[:60])
        assert seen["needed"] == f"{least} … {most}"


@pytest.mark.parametrize(("field", "least"), [(field, least) for field, least, _ in BOUNDS])
@pytest.mark.parametrize("value", [True, 1.0, "1"])
def test_what_is_no_whole_number_is_refused(
    field: str, least: int, value: object, write: Write
) -> None:
    assert refusal(write(field, value))["field"] == field


@pytest.mark.parametrize("field", [field for field, *_ in BOUNDS])
def test_no_number_may_be_missing(field: str, write: Write) -> None:
    if field in MAY_BE_MISSING:
        assert read(load_rules(write(field, UNSET)), field) == 0
    else:
        assert refusal(write(field, UNSET))["field"] == field


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("more", "community, epoch, fees, kinds, mileage, points, steward, version"),
        ("kinds.WRITE.more", "at_once, made, received"),
        ("points.more", "age_full_days, age_start_bps, day_max, mutual_free, pair_max"),
        ("epoch.more", "accept_days, late_hours"),
        ("mileage.more", "payout_min, threshold_points"),
        ("fees.more", "opening_epochs, opening_share_bps, rates, share_bps"),
        (f"fees.rates.{COIN}.more", "per, units"),
    ],
)
def test_an_unknown_name_is_refused(field: str, known: str, write: Write) -> None:
    seen = refusal(write(field, 1))
    assert (seen["field"], seen["needed"]) == (field, known)


@pytest.mark.parametrize(
    "field",
    [
        "kinds",
        "kinds.WRITE",
        "points",
        "epoch",
        "mileage",
        "fees",
        "fees.rates",
        f"fees.rates.{COIN}",
    ],
)
def test_what_is_no_table_is_refused(field: str, write: Write) -> None:
    assert refusal(write(field, 1))["field"] == field


@pytest.mark.parametrize("field", ["kinds", "points", "epoch", "mileage", "fees"])
def test_no_table_may_be_missing(field: str, write: Write) -> None:
    assert refusal(write(field, UNSET))["field"] == field


def test_rates_may_be_missing(write: Write) -> None:
    assert load_rules(write("fees.rates", UNSET)).rates == {}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("community", ["도", "x" * 64], ["", "x" * 65, 1, UNSET]),
        ("steward", [OTHER], ["0x" + "AB" * 20, OTHER[2:], OTHER + "0", OTHER[:-1], 1, UNSET]),
        ("kinds.WRITE.at_once", [True, False, UNSET], [0, 1, "true"]),
    ],
)
def test_words(field: str, good: list[object], bad: list[object], write: Write) -> None:
    for value in good:
        rules = load_rules(write(field, value))
        assert read(rules, field) == (False if value is UNSET else value)
    for value in bad:
        assert refusal(write(field, value))["field"] == field


@pytest.mark.parametrize("name", ["A", "A_9", "A" * 32])
def test_kinds_are_named_in_capitals(name: str, write: Write) -> None:
    assert load_rules(write(f"kinds.{name}", {"made": 3})).kinds[name].made == 3


@pytest.mark.parametrize("name", ["a", "_A", "9A", "A" * 33, "글"])
def test_a_kind_of_another_name_is_refused(name: str, write: Write) -> None:
    assert refusal(write(f"kinds.{name}", {"made": 3}))["seen"] == name


@pytest.mark.parametrize("name", ["0x" + "AB" * 20, OTHER[:-1], OTHER + "0", "DKB"])
def test_a_rate_of_what_is_no_address_is_refused(name: str, write: Write) -> None:
    assert refusal(write(f"fees.rates.{name}", {"units": 1, "per": 1}))["seen"] == name


@pytest.mark.parametrize("content", [b"[points", b"\xff = 1", None])
def test_a_file_that_cant_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    if content is not None:
        path.write_bytes(content)
    assert refusal(path, "portal_rules_unreadable")["problem"]


def test_the_packages_own_rules_are_read_without_a_path() -> None:
    rules = load_rules()
    assert rules == load_rules(DEFAULT)
    assert rules.community == "Dokkaebi"
    trade, write = rules.kinds["TRADE"], rules.kinds["WRITE"]
    assert (trade.made, trade.received, trade.at_once) == (0, 20, True)
    assert (write.made, write.received, write.at_once) == (10, 0, False)


def test_the_digest_is_of_every_byte(write: Write) -> None:
    one = load_rules(write("points.day_max", 60)).digest
    path = write("points.day_max", 60)
    path.write_bytes(path.read_bytes() + b"\n")
    assert load_rules(path).digest != one


# What is computed from them


def test_the_share_of_the_opening_epochs_is_another(write: Write) -> None:
    rules = load_rules(write("fees.opening_epochs", 2))
    assert [rules.share_in(epoch) for epoch in (1, 2, 3)] == [7_500, 7_500, 5_000]


def test_the_oldest_that_counts_is_from_before_the_epoch() -> None:
    # 30 days and 12 hours.
    assert load_rules().oldest_in(10**9) == 10**9 - 30 * 86_400 - 12 * 3_600


@pytest.mark.parametrize(("fee", "worth"), [(0, 0), (2, 4), (3, 7), (10**30, 7 * 10**30 // 3)])
def test_a_fee_is_worth_tokens_by_its_rate(fee: int, worth: int, write: Write) -> None:
    rules = load_rules(write(f"fees.rates.{OTHER}", {"units": 7, "per": 3}))
    assert rules.in_token(OTHER.upper().replace("0X", "0x"), fee) == worth
    assert rules.in_token(COIN, fee) == 1_000 * fee


def test_a_fee_in_what_has_no_rate_is_worth_nothing() -> None:
    assert load_rules().in_token(OTHER, 10**30) == 0
