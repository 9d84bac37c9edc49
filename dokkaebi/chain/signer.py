"""Whoever signs: what the rest of the package needs of a key, wherever it is kept."""

from __future__ import annotations

from typing import Any, Protocol


class SignedTransaction(Protocol):
    """A transaction as nodes take it."""

    @property
    def hash(self) -> bytes:
        """What the transaction is called."""

    @property
    def raw_transaction(self) -> bytes:
        """Its bytes."""


class SignedMessage(Protocol):
    """A signature of something that is no transaction."""

    @property
    def signature(self) -> bytes:
        """r, s and v, 65 bytes; v is 27 or 28."""


class Signer(Protocol):
    """An account that signs. eth_account's are such, and `external.ExternalSigner`."""

    @property
    def address(self) -> str:
        """The account's address, with its checksum."""

    def sign_transaction(self, fields: dict[str, Any], /) -> SignedTransaction:
        """Signs a transaction, given as web3 has it (`chainId`, `nonce`, `gas`, …)."""

    def sign_typed_data(self, *, full_message: dict[str, Any]) -> SignedMessage:
        """Signs EIP-712 typed data, given as `eth_signTypedData_v4` takes it."""
