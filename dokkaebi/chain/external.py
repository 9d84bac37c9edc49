"""A key that another program keeps: for hardware wallets, and whatever else signs.

The program is run once for each request. It reads one JSON object on its standard input and writes
one on its standard output; what it says to people goes to standard error.

    {"request": "address"}                                            → {"address": "0x…"}
    {"request": "transaction", "chain_id": 1, "fields": {…}}          → {"raw": "0x…"}
    {"request": "typed_data", "document": {…}}                        → {"signature": "0x…"}

`fields` are those of eth_signTransaction, numbers as 0x… (no `to`: makes a contract; `gasPrice`, or
`maxFeePerGas` and `maxPriorityFeePerGas`); `document` is that of eth_signTypedData_v4. Who doesn't
want to sign ends with exit code 1 and {"error": "why"}. Nothing that it answers is believed: what
isn't signed by its address, or isn't what was asked for, is an error.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dokkaebi.errors import DokkaebiError

# People look at a small screen and press buttons.
TIMEOUT_SECONDS = 120
EXIT_REFUSED = 1
_SAID_LENGTH = 200
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})+")
# The order of a transaction's fields in its RLP, before the signature.
_LEGACY = ("nonce", "gasPrice", "gas", "to", "value", "data")
_DYNAMIC_FEE = (
    *("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
    *("to", "value", "data", "accessList"),
)
_DYNAMIC_FEE_TYPE = 2

Note = Callable[..., None]


@dataclass(frozen=True)
class Signed:
    """A transaction that came back as it was asked for."""

    hash: bytes
    raw_transaction: bytes


@dataclass(frozen=True)
class Signature:
    """A signature that is the account's."""

    signature: bytes


class ExternalSigner:
    """The account of a program. `command`: program and arguments, split as a shell does, which none
    of it goes through. `note(key, **values)` is told when a person has to act.

    Errors: `signer_command_wrong`, `signer_missing`, `signer_timeout`, `signer_refused`,
    `signer_failed`, `signer_unclear`, `signer_other_fields`, `signer_other_address`.
    """

    def __init__(self, command: str, note: Note | None = None) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError:
            self._command = []
        if not self._command:
            raise DokkaebiError("signer_command_wrong")
        # Arguments may say more than others should see.
        self._program = self._command[0]
        self._note = note or (lambda key, **values: None)

    @cached_property
    def address(self) -> str:
        """The account's address, asked for once."""
        from dokkaebi.chain.assets import parse_address

        said = self._ask("address", {"request": "address"})
        try:
            return parse_address(said)
        except DokkaebiError as problem:
            raise self._unclear(str(problem)) from None

    def sign_transaction(self, fields: dict[str, Any], /) -> Signed:
        """Lets the program sign a transaction, and looks whether it is just that one."""
        from eth_account import Account
        from eth_utils.crypto import keccak

        shown = {name: hex(v) if isinstance(v, int) else v for name, v in fields.items()}
        request = {"request": "transaction", "chain_id": fields["chainId"], "fields": shown}
        raw = self._bytes("raw", self._ask_person("raw", request))
        try:
            seen = _decoded(raw)
            signer = str(Account.recover_transaction(raw))
        except Exception:
            # Whatever the decoders stumble over, it isn't a transaction.
            raise self._unclear("raw") from None
        wanted = _wanted(fields)
        for name in sorted(wanted.keys() | seen.keys()):
            if seen.get(name) != wanted.get(name):
                raise DokkaebiError(
                    "signer_other_fields",
                    program=self._program,
                    field=name,
                    seen=_shown(seen.get(name)),
                    wanted=_shown(wanted.get(name)),
                )
        self._refuse_other(signer)
        return Signed(bytes(keccak(raw)), raw)

    def sign_typed_data(self, *, full_message: dict[str, Any]) -> Signature:
        """Lets the program sign typed data, and looks whether it did."""
        from dokkaebi.chain.consents import digest_of_typed, recover

        request = {"request": "typed_data", "document": full_message}
        signature = self._bytes("signature", self._ask_person("signature", request))
        if len(signature) == 65 and signature[64] < 2:
            # Some devices count v from 0.
            signature = signature[:64] + bytes([signature[64] + 27])
        self._refuse_other(recover(digest_of_typed(full_message), signature))
        return Signature(signature)

    def _refuse_other(self, signer: str | None) -> None:
        if signer != self.address:
            raise DokkaebiError(
                "signer_other_address",
                program=self._program,
                address=self.address,
                seen=signer or "—",
            )

    def _ask_person(self, field: str, request: dict[str, Any]) -> str:
        _ = self.address
        self._note("signer_waits", program=self._program, seconds=TIMEOUT_SECONDS)
        return self._ask(field, request)

    def _ask(self, field: str, request: dict[str, Any]) -> str:
        """One request; the one field of its answer."""
        try:
            done = subprocess.run(
                self._command,
                input=json.dumps(request).encode(),
                stdout=subprocess.PIPE,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DokkaebiError(
                "signer_timeout", program=self._program, seconds=TIMEOUT_SECONDS
            ) from None
        except OSError as problem:
            said = problem.strerror or type(problem).__name__
            raise DokkaebiError("signer_missing", program=self._program, problem=said) from None
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        told = answer if isinstance(answer, dict) else {}
        if done.returncode == EXIT_REFUSED and isinstance(told.get("error"), str):
            said = "".join(c for c in told["error"] if c.isprintable())[:_SAID_LENGTH]
            raise DokkaebiError("signer_refused", program=self._program, problem=said)
        if done.returncode != 0:
            raise DokkaebiError("signer_failed", program=self._program, code=done.returncode)
        if not isinstance(told.get(field), str):
            raise self._unclear(field)
        return str(told[field])

    def _bytes(self, field: str, said: str) -> bytes:
        if not _HEX.fullmatch(said):
            raise self._unclear(field)
        return bytes.fromhex(said[2:])

    def _unclear(self, problem: str) -> DokkaebiError:
        return DokkaebiError("signer_unclear", program=self._program, problem=problem)


def _wanted(fields: dict[str, Any]) -> dict[str, Any]:
    """A transaction's fields as its bytes have them."""
    return {
        **{name: value for name, value in fields.items() if isinstance(value, int)},
        "to": bytes.fromhex(fields.get("to", "0x")[2:]),
        "data": bytes.fromhex(fields["data"][2:]),
        "accessList": [],
    }


def _decoded(raw: bytes) -> dict[str, Any]:
    """The fields of a signed transaction. Raises whatever for what is none."""
    import rlp

    legacy = raw[0] != _DYNAMIC_FEE_TYPE
    names: tuple[str, ...] = _LEGACY if legacy else _DYNAMIC_FEE
    items = rlp.decode(raw if legacy else raw[1:])
    signature = items[len(names) :]
    if len(signature) != 3:
        raise ValueError("not as many fields as a transaction has")
    seen = {name: _field(name, item) for name, item in zip(names, items, strict=False)}
    if legacy:
        # EIP-155; without it, the transaction would be good on every other chain as well.
        parity = int.from_bytes(signature[0])
        seen |= {"chainId": (parity - 35) // 2 if parity >= 35 else None, "accessList": []}
    return seen


def _field(name: str, item: Any) -> Any:
    if name in {"to", "data"}:
        return bytes(item)
    return list(item) if name == "accessList" else int.from_bytes(item)


def _shown(value: Any) -> str:
    """A field as people compare it; of long data its beginning."""
    if value is None:
        return "—"
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= _SAID_LENGTH else text[:_SAID_LENGTH] + "…"
