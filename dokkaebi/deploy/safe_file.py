"""Files that Safe's Transaction Builder loads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dokkaebi.chain.suite import Call

BUILDER_VERSION = "1.18.0"


def safe_file(
    calls: Sequence[Call], *, chain_id: int, created_at: int, name: str, description: str, safe: str
) -> str:
    """A batch of calls as the Transaction Builder wants it. `created_at`: seconds since 1970;
    `safe`: whose it is, may be empty."""
    batch: dict[str, Any] = {
        "version": "1.0",
        "chainId": str(chain_id),
        "createdAt": created_at * 1_000,
        "meta": {
            "name": name,
            "description": description,
            "txBuilderVersion": BUILDER_VERSION,
            "createdFromSafeAddress": safe,
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": call.to,
                "value": str(call.value),
                "data": call.data,
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
    batch["meta"]["checksum"] = checksum_of(batch)
    return json.dumps(batch, indent=2, ensure_ascii=False) + "\n"


def checksum_of(batch: dict[str, Any]) -> str:
    """The builder's checksum of a batch without one; it warns of a file that has another. The
    batch's name isn't covered."""
    from eth_utils.crypto import keccak

    return "0x" + keccak(text=_flat({**batch, "meta": {**batch["meta"], "name": None}})).hex()


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_flat, value))}]"
    if isinstance(value, dict):
        keys = sorted(value)
        return "{" + _plain(keys) + "".join(_flat(value[key]) + "," for key in keys) + "}"
    return _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
