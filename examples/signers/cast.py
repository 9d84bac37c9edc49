#!/usr/bin/env python3
"""A signer for `--key "command:…"`: lets Foundry's `cast` sign, by a Ledger unless told otherwise.

    ETH_RPC_URL=https://… --key "command:python examples/signers/cast.py --ledger"
    … --key "command:python examples/signers/cast.py --trezor --mnemonic-index 1"

All arguments go to `cast` as they are. Written after cast's documentation, and never tried with a
device: begin on a testnet. Whatever it gets wrong, Dokkaebi compares before anything is sent.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

# Less than Dokkaebi waits, so that `cast` isn't left behind.
TIMEOUT_SECONDS = 110


def cast(*arguments: str) -> str:
    """Runs cast; the last line that it prints. Its questions and complaints go to the terminal."""
    done = subprocess.run(
        ["cast", *arguments], stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS, check=True
    )
    return done.stdout.split()[-1]


def transaction_arguments(fields: dict[str, str]) -> list[str]:
    """What `cast mktx` is told for a transaction."""
    numbers = {name: str(int(fields[name], 16)) for name in fields if name not in {"to", "data"}}
    arguments = ["--chain", numbers["chainId"], "--nonce", numbers["nonce"]]
    arguments += ["--value", numbers["value"], "--gas-limit", numbers["gas"]]
    if "gasPrice" in numbers:
        arguments += ["--legacy", "--gas-price", numbers["gasPrice"]]
    else:
        arguments += ["--gas-price", numbers["maxFeePerGas"]]
        arguments += ["--priority-gas-price", numbers["maxPriorityFeePerGas"]]
    target = [fields["to"], fields["data"]] if "to" in fields else ["--create", fields["data"]]
    return [*arguments, *target]


def answer(request: dict[str, Any], wallet: list[str]) -> dict[str, str]:
    """One request's answer."""
    if request["request"] == "address":
        return {"address": cast("wallet", "address", *wallet)}
    if request["request"] == "transaction":
        return {"raw": cast("mktx", *wallet, *transaction_arguments(request["fields"]))}
    if request["request"] == "typed_data":
        document = json.dumps(request["document"])
        return {"signature": cast("wallet", "sign", *wallet, "--data", document)}
    raise ValueError(f"unknown request {request['request']}")


def main() -> int:
    """Reads a request and writes its answer."""
    try:
        print(json.dumps(answer(json.load(sys.stdin), sys.argv[1:] or ["--ledger"])))
    except subprocess.CalledProcessError as problem:
        print(json.dumps({"error": f"cast ended with exit code {problem.returncode}"}))
        return 1
    except (OSError, ValueError, LookupError, subprocess.TimeoutExpired) as problem:
        print(json.dumps({"error": f"{type(problem).__name__}: {problem}"[:150]}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
