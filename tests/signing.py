"""Typed data of our contracts, as a wallet gets it to sign."""

from __future__ import annotations

from typing import Any

from dokkaebi.chain.consents import DOMAIN_FIELDS
from dokkaebi.chain.suite import Contract


def typed_of(place: Contract, chain_id: int, name: str, fields: str, *values: Any) -> Any:
    """EIP-712 data of a contract's struct without structs in it; `fields` as in its type:
    "address signer,uint256 first"."""
    members = [
        dict(zip(("type", "name"), field.split(), strict=True)) for field in fields.split(",")
    ]
    return {
        "types": {"EIP712Domain": DOMAIN_FIELDS, name: members},
        "primaryType": name,
        "domain": {
            "name": f"Dokkaebi {place.name}",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": place.address,
        },
        "message": {
            member["name"]: str(value) if isinstance(value, int) else value
            for member, value in zip(members, values, strict=True)
        },
    }
