"""ERC-7730: how wallets show what people sign here, field by field, instead of bare numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dokkaebi.chain.consents import DOMAIN_VERSION, KINDS, Kind, python_name
from dokkaebi.chain.suite import COIN, MARKETS
from dokkaebi.deploy.artifacts import Artifact
from dokkaebi.texts import DEFAULT, catalogue, t

SCHEMA = "https://eips.ethereum.org/assets/eip-7730/erc7730-v1.schema.json"

_MOMENTS = {"expiry", "start", "endsAt"}
_AMOUNTS = {"price", "endPrice", "reserve", "sponsorAmount"}
# What people sign for: markets, and the registry.
SIGNED_FOR = ("CreationRegistry", *MARKETS)
_PAIRED = {"creationId": "collection", "givenId": "givenCollection", "wantedId": "wantedCollection"}


def descriptors(
    artifacts: Mapping[str, Artifact], addresses: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """A descriptor for each contract that documents are signed for, by its name; `addresses` are
    those of contracts by chain id."""
    return {name: _descriptor(artifacts[name], addresses) for name in SIGNED_FOR}


def _descriptor(artifact: Artifact, addresses: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    contract, abi = artifact.name, artifact.abi
    kinds = [kind for kind in KINDS.values() if kind.contract == contract]
    formats = {kind.primary_type: _format(kind, kind.fields_in(abi)) for kind in kinds}
    binding = {
        "domain": {"name": kinds[0].domain_name, "version": DOMAIN_VERSION},
        "deployments": [
            {"chainId": int(chain_id), "address": known[contract]}
            for chain_id, known in sorted(addresses.items(), key=lambda entry: int(entry[0]))
            if contract in known
        ],
        "schemas": [
            {"primaryType": kind.primary_type, "types": kind.types(kind.fields_in(abi))}
            for kind in kinds
        ],
    }
    return {
        "$schema": SCHEMA,
        "context": {"$id": kinds[0].domain_name, "eip712": binding},
        "metadata": {"owner": "Dokkaebi"},
        "display": {"formats": formats},
    }


def _format(kind: Kind, fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Every field is shown: what people agree to has no small print."""
    shown = _fields(kind, "", fields)
    return {
        "intent": t(f"wallet_{kind.name}", DEFAULT),
        "fields": shown,
        "required": [field["path"] for field in shown],
        "excluded": [],
    }


def _fields(kind: Kind, place: str, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A struct's fields; `place`: where it stands, with a dot behind, empty for the document."""
    names = {field["name"] for field in fields}
    shown: list[dict[str, Any]] = []
    for field in fields:
        path = place + field["name"] + (".[]" if field["type"].endswith("[]") else "")
        if "components" in field:
            shown += _fields(kind, f"{path}.", field["components"])
        else:
            shown.append(_field(kind, path, place, field, names))
    return shown


def _field(
    kind: Kind, path: str, place: str, field: dict[str, Any], beside: set[str]
) -> dict[str, Any]:
    shown, params = _shown(field["name"], field["type"], place, beside)
    told = {"path": path, "label": t(_label(kind, field["name"]), DEFAULT), "format": shown}
    return {**told, "params": params} if params else told


def _label(kind: Kind, name: str) -> str:
    """The label of a field: of this kind of document, or of all."""
    own = f"wallet_{kind.name}_{python_name(name)}"
    return own if own in catalogue() else f"wallet_{python_name(name)}"


def _shown(name: str, type_: str, place: str, beside: set[str]) -> tuple[str, dict[str, Any]]:
    """The format in which wallets show a field, and its parameters."""
    if type_ == "address":
        return "addressName", {"types": _address_types(name)}
    if name in _AMOUNTS:
        return "tokenAmount", {"tokenPath": f"{place}asset", "nativeCurrencyAddress": COIN}
    if _PAIRED.get(name) in beside:
        return "nftName", {"collectionPath": _PAIRED[name]}
    if name in _MOMENTS:
        return "date", {"encoding": "timestamp"}
    if "Bps" in name:
        return "unit", {"base": "%", "decimals": 2}
    return ("duration" if name.endswith("Seconds") else "raw"), {}


def _address_types(name: str) -> list[str]:
    if name == "asset":
        return ["token"]
    return ["collection"] if name.lower().endswith("collection") else ["eoa", "contract"]
