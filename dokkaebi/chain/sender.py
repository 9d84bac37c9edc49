"""One transaction: tried without sending, priced, signed, sent, waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.fees import gas_prices
from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.reverts import reverted
from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import amount_text

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

Receipt = dict[str, Any]

WAIT_SECONDS = 300
# Refunds and payees' receive functions make an estimate a lower bound.
_MARGIN_PERCENT = 25
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


@dataclass(frozen=True)
class Plan:
    """A transaction that would succeed now. Prices are wei; `fee` is what it will cost about,
    `fee_max` what the sender must hold for it, both without `value`."""

    to: str | None
    data: str
    value: int
    gas: int
    gas_limit: int
    prices: dict[str, int]
    fee: int
    fee_max: int


class Sender:
    """An account on a chain."""

    def __init__(self, chain: Chain, account: Signer) -> None:
        self.chain = chain
        self.account = account
        self.address: str = account.address

    def plan(self, to: str | None, data: str, value: int = 0) -> Plan:
        """Tries a transaction without sending it, and prices it.

        Raises Reverted with the contract's reason, or DokkaebiError if the coins don't suffice.
        """
        balance = self.chain.balance(self.address)
        if balance < value:
            raise self._too_little(balance, value)
        try:
            self.chain.call(to, data, self.address, value)
            gas = self.chain.estimate(to, data, self.address, value)
        except RpcRefused as refusal:
            raise reverted(refusal) from None
        gas_limit = gas + gas * _MARGIN_PERCENT // 100
        prices, expected, highest = gas_prices(self.chain)
        if balance < value + gas_limit * highest:
            raise self._too_little(balance, value + gas_limit * highest)
        return Plan(to, data, value, gas, gas_limit, prices, gas * expected, gas_limit * highest)

    def send(self, plan: Plan, wait_seconds: float = WAIT_SECONDS) -> Receipt:
        """Signs and sends a planned transaction and waits until it is in a block.

        The receipt is as the node sent it. Once it is sent, every error names its hash.
        """
        signed = self.account.sign_transaction(self._fields(plan))
        transaction = "0x" + signed.hash.hex()
        try:
            self.chain.send_raw(signed.raw_transaction)
        except RpcRefused as refusal:
            raise reverted(refusal) from None
        except RpcUnreachable as lost:
            raise DokkaebiError(
                "sent_unknown", transaction=transaction, problem=str(lost)
            ) from None
        try:
            receipt = self._wait(transaction, wait_seconds)
        except RpcUnreachable as lost:
            raise DokkaebiError("sent_lost", transaction=transaction, problem=str(lost)) from None
        if int(receipt["status"], 16) != 1:
            raise self._failed(plan, receipt)
        return receipt

    def transact(self, to: str, data: str, value: int = 0) -> Receipt:
        """Plans and sends a call."""
        return self.send(self.plan(to, data, value))

    def create(self, init_code: bytes) -> Receipt:
        """Plans and sends a contract; its address is the receipt's `contractAddress`."""
        return self.send(self.plan(None, "0x" + init_code.hex()))

    def _fields(self, plan: Plan) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "chainId": self.chain.chain_id,
            "nonce": self.chain.nonce(self.address),
            "gas": plan.gas_limit,
            "value": plan.value,
            "data": plan.data,
            **plan.prices,
        }
        return fields if plan.to is None else {**fields, "to": plan.to}

    def _wait(self, transaction: str, seconds: float) -> Receipt:
        end = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while True:
            receipt = self.chain.receipt(transaction)
            if receipt is not None and receipt.get("blockHash"):
                return receipt
            if time.monotonic() > end:
                raise DokkaebiError("sent_waiting", transaction=transaction, seconds=int(seconds))
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _failed(self, plan: Plan, receipt: Receipt) -> DokkaebiError:
        """Why a transaction failed in its block, found by running it again there."""
        transaction = receipt["transactionHash"]
        try:
            number = int(receipt["blockNumber"], 16)
            self.chain.call(plan.to, plan.data, self.address, plan.value, number)
        except RpcRefused as refusal:
            reason = str(reverted(refusal))
            return DokkaebiError("sent_reverted", transaction=transaction, reason=reason)
        except RpcUnreachable:
            pass
        return DokkaebiError("sent_reverted_silently", transaction=transaction)

    def _too_little(self, has: int, needs: int) -> DokkaebiError:
        symbol = coin_symbol(self.chain.chain_id)
        return DokkaebiError(
            "coins_too_few",
            account=self.address,
            has=amount_text(has, 18, symbol),
            needs=amount_text(needs, 18, symbol),
        )
