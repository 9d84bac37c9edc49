"""ERC-7730: every document that is signed, every field of it, in a form that wallets know."""

from __future__ import annotations

from typing import Any

import pytest

from dokkaebi.chain.consents import KINDS, typed_data
from dokkaebi.chain.suite import COIN, MARKETS
from dokkaebi.chain.terms import NOBODY
from dokkaebi.deploy.artifacts import load_suite
from dokkaebi.deploy.clear_signing import descriptors
from tests.dokkaebi.chain.test_consents import random_terms
from tests.dokkaebi.conftest import BUYER, address

# The formats of ERC-7730, and the parameters that each needs.
FORMATS = {
    "raw": set(),
    "addressName": {"types"},
    "tokenAmount": {"tokenPath", "nativeCurrencyAddress"},
    "nftName": {"collectionPath"},
    "date": {"encoding"},
    "duration": set(),
    "unit": {"base", "decimals"},
}
ADDRESSES = {"11155111": {"AuctionHouse": address(BUYER)}, "1": {"AuctionHouse": NOBODY}}
MADE = descriptors(load_suite(), ADDRESSES)


def format_of(kind: str) -> dict[str, Any]:
    display: dict[str, Any] = MADE[KINDS[kind].contract]["display"]
    found: dict[str, Any] = display["formats"][KINDS[kind].primary_type]
    return found


def leaves(fields: list[dict[str, Any]], place: str = "") -> dict[str, str]:
    """The type of each field that isn't a struct, by its path."""
    found: dict[str, str] = {}
    for field in fields:
        path = place + field["name"] + (".[]" if field["type"].endswith("[]") else "")
        if "components" in field:
            found |= leaves(field["components"], f"{path}.")
        else:
            found[path] = field["type"]
    return found


def test_whatever_is_signed_for_has_a_descriptor() -> None:
    assert tuple(MADE) == ("CreationRegistry", *MARKETS)
    for name, descriptor in MADE.items():
        assert set(descriptor) == {"$schema", "context", "metadata", "display"}
        kinds = [kind.primary_type for kind in KINDS.values() if kind.contract == name]
        assert list(descriptor["display"]["formats"]) == kinds


@pytest.mark.parametrize("kind", KINDS)
def test_descriptor_binds_what_is_signed(kind: str) -> None:
    data = typed_data(random_terms(kind, 0), 1, NOBODY)
    context = MADE[KINDS[kind].contract]["context"]["eip712"]
    assert context["domain"].items() <= data["domain"].items()
    schema = {"primaryType": data["primaryType"], "types": data["types"]}
    assert schema in context["schemas"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_shown_or_left_out_on_purpose(kind: str) -> None:
    shown = format_of(kind)
    paths = [field["path"] for field in shown["fields"]]
    assert paths + shown["excluded"] == list(leaves(KINDS[kind].fields))
    assert shown["excluded"] == []
    assert shown["required"] == paths
    assert shown["intent"]


@pytest.mark.parametrize("kind", KINDS)
def test_formats_are_known_and_point_at_fields(kind: str) -> None:
    fields = leaves(KINDS[kind].fields)
    for field in format_of(kind)["fields"]:
        params = field.get("params", {})
        assert set(params) == FORMATS[field["format"]], field
        assert field["label"]
        assert len(field["label"]) <= 32
        for name in ("tokenPath", "collectionPath"):
            if name in params:
                assert fields[params[name]] == "address"
        type_ = fields[field["path"]]
        assert (field["format"] == "addressName") == (type_ == "address")


def test_labels_differ_where_meanings_do() -> None:
    labels = {f["path"]: f["label"] for f in format_of("delivery")["fields"]}
    assert labels["price"] == "Price of one unit"
    assert {f["path"]: f["label"] for f in format_of("offer")["fields"]}["price"] == "Price"
    for kind in KINDS:
        fields = format_of(kind)["fields"]
        assert len({f["label"] for f in fields}) == len(fields), kind


def test_coins_are_told_from_tokens() -> None:
    price = next(f for f in format_of("offer")["fields"] if f["path"] == "price")
    assert price["params"] == {"tokenPath": "asset", "nativeCurrencyAddress": COIN}


def test_addresses_of_public_chains_are_named_in_order() -> None:
    deployments = {name: d["context"]["eip712"]["deployments"] for name, d in MADE.items()}
    assert deployments["CreationMarket"] == []
    assert deployments["AuctionHouse"] == [
        {"chainId": 1, "address": NOBODY},
        {"chainId": 11155111, "address": address(BUYER)},
    ]
