#!/usr/bin/env python3
"""A signer for `--key "command:…"`: signs with the encrypted keystore file that it is given.

    --key "command:python examples/signers/keystore.py KEYSTORE PASSWORD_FILE"

An example of the protocol in README.md, to begin one's own from: Dokkaebi itself opens keystores as
well.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from eth_account import Account


def answer(request: dict[str, Any], keystore: Path, password: str) -> dict[str, str]:
    """One request's answer."""
    document = json.loads(keystore.read_text(encoding="utf-8"))
    if request["request"] == "address":
        return {"address": "0x" + document["address"].removeprefix("0x")}
    account = Account.from_key(Account.decrypt(document, password))
    if request["request"] == "transaction":
        signed = account.sign_transaction(request["fields"])
        return {"raw": "0x" + signed.raw_transaction.hex()}
    if request["request"] == "typed_data":
        signature = account.sign_typed_data(full_message=request["document"]).signature
        return {"signature": "0x" + signature.hex()}
    raise ValueError(f"unknown request {request['request']}")


def main() -> int:
    """Reads a request and writes its answer."""
    keystore, password_file = (Path(argument) for argument in sys.argv[1:3])
    try:
        password = password_file.read_text(encoding="utf-8").rstrip("\r\n")
        print(json.dumps(answer(json.load(sys.stdin), keystore, password)))
    except (OSError, ValueError, KeyError) as problem:
        print(json.dumps({"error": str(problem)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
