"""Carries out a plan: each transaction is signed, written down, sent, waited for; whatever happens
meanwhile, a later run goes on from the journal and deploys nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.assets import COIN_DECIMALS
from dokkaebi.chain.fees import DataFee, gas_prices
from dokkaebi.chain.manifest import Deployment, Manifest, check_manifest
from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.rpc import Chain, RpcRefused, RpcUnreachable
from dokkaebi.chain.suite import SUITE
from dokkaebi.deploy.costs import OverCeiling, coins_problem, costs_of, fee_problem, with_margin
from dokkaebi.deploy.plan import Plan, Step, created_address, keccak_text
from dokkaebi.deploy.sources import project_commit
from dokkaebi.errors import DokkaebiError
from dokkaebi.journal import Journal
from dokkaebi.texts.figures import amount_text

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

Say = Callable[[str, Mapping[str, object]], None]
# Words of nodes that have the transaction, or one of the same nonce that was mined.
KNOWN_WORDS = ("already known", "known transaction", "already imported", "already exists")
USED_WORDS = ("nonce too low", "nonce is too low", "correct nonce", "invalid nonce")
# A replacement must pay a tenth more; some nodes want an eighth.
BUMP_PERCENT = 25
# How often a reorg may take something back before that is said.
ROUNDS = 5
FIRST_PAUSE = 0.05


@dataclass(frozen=True)
class Patience:
    """How long is waited, seconds: between looks, before a fee is raised, and in all for a step."""

    look: float = 1.0
    bump: float = 60.0
    step: float = 600.0


def apply(
    plan: Plan,
    chain: Chain,
    account: Signer,
    journal: Journal,
    *,
    say: Say = lambda key, values: None,
    fee_ceiling: int | None = None,
    patience: Patience = Patience(),
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Manifest:
    """Deploys what the plan says and isn't there yet; the manifest of what stands then.
    `fee_ceiling`: wei a unit of gas that is never gone over.

    Errors: `plan_other_chain`, `deploy_coins_too_few`, `coins_too_few`, `fee_over_ceiling`,
    `deploy_nonce_taken`, `deploy_step_failed`, `deploy_waiting`, `deploy_moves`, those of the
    journal and of the node.
    """
    if (chain.chain_id, chain.genesis_hash) != (plan.chain_id, plan.genesis_hash):
        raise DokkaebiError("plan_other_chain", plan=plan.chain_id, chain=chain.chain_id)
    _refuse_half(plan, chain)
    run = _Run(plan, chain, account, journal, say, fee_ceiling, patience, sleep, clock)
    if not journal.of("begin"):
        journal.append("begin", plan=plan.as_json(), digest=plan.digest())
    before: dict[str, Deployment] = {}
    for _ in range(ROUNDS):
        done = {step.name: run.stand(step, number) for number, step in enumerate(plan.steps, 1)}
        # A reorg may have taken back what stood a moment ago, or put it into another block.
        if done == before:
            break
        before = done
    else:
        raise DokkaebiError("deploy_moves", rounds=ROUNDS)
    contracts = {name: done[name] for name in SUITE}
    first = min(deployment.block_number for deployment in contracts.values())
    manifest = Manifest(
        chain_id=plan.chain_id,
        genesis_hash=plan.genesis_hash,
        network=plan.network,
        deployer=plan.deployer,
        first_block=first,
        contracts=contracts,
        commit=project_commit(),
        compiler=next(step.artifact.compiler for step in plan.steps if step.artifact),
    )
    check_manifest(manifest, chain)
    return manifest


def _refuse_half(plan: Plan, chain: Chain) -> None:
    """Begins nothing that today's fees wouldn't let end."""
    missing = [step for step in plan.steps if not step.is_done(chain)]
    if missing:
        costs = costs_of(chain, plan.deployer, missing)
        if (problem := coins_problem(chain, plan.deployer, costs)) is not None:
            raise problem


class _Run:
    """One call of `apply`."""

    def __init__(
        self,
        plan: Plan,
        chain: Chain,
        account: Signer,
        journal: Journal,
        say: Say,
        fee_ceiling: int | None,
        patience: Patience,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._chain = chain
        self._account = account
        self._journal = journal
        self._say = say
        self._fee_ceiling = fee_ceiling
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._told: set[str] = set()
        self._blocks: list[int] = []

    @cached_property
    def _data_fee(self) -> DataFee:
        return DataFee(self._chain)

    def stand(self, step: Step, number: int) -> Deployment:
        """The contract of a step, deployed if it isn't there; of a call, when it was made."""
        signed = self._journal.of("signed", contract=step.name)
        if not step.is_done(self._chain):
            told = {"contract": step.name, "number": number, "of": len(self._plan.steps)}
            self._say("calling_contract" if step.is_call else "deploying_contract", told)
            receipt = self._deploy(step, signed)
        else:
            receipt = self._receipt(signed) or self._found(step)
        if step.name not in self._told:
            self._told.add(step.name)
            told = {"contract": step.name, "address": step.address}
            self._say("called_contract" if step.is_call else "deployed_contract", told)
        self._blocks.append(int(receipt["blockNumber"], 16))
        return self._deployment(step, receipt)

    def _deploy(self, step: Step, signed: list[dict[str, Any]]) -> dict[str, Any]:
        signed = self._unspent(signed)
        if not signed:
            nonce = self._chain.mined_nonce(self._account.address)
            if step.to is None and created_address(self._account.address, nonce) != step.address:
                # All other addresses follow from this one.
                raise DokkaebiError("plan_changed")
            self._sign(step, nonce, None)
            signed = self._journal.of("signed", contract=step.name)[-1:]
        began = sent = self._clock()
        pause = min(FIRST_PAUSE, self._patience.look)
        self._send(signed[-1])
        while True:
            receipt = self._receipt(signed)
            if receipt is not None:
                if int(receipt["status"], 16) != 1:
                    self._journal.append(
                        "failed", contract=step.name, hash=receipt["transactionHash"]
                    )
                    raise DokkaebiError(
                        "deploy_step_failed",
                        contract=step.name,
                        transaction=receipt["transactionHash"],
                    )
                return receipt
            self._refuse_foreign(step, signed)
            now = self._clock()
            if now - began > self._patience.step:
                raise DokkaebiError(
                    "deploy_waiting",
                    contract=step.name,
                    transaction=signed[-1]["hash"],
                    seconds=round(now - began),
                )
            if now - sent > self._patience.bump:
                # Over the ceiling, what was sent has to wait for the fees to fall.
                with suppress(OverCeiling):
                    self._sign(step, signed[-1]["nonce"], signed[-1])
                    signed.append(self._journal.of("signed", contract=step.name)[-1])
                sent = now
            self._sleep(pause)
            pause = min(2 * pause, self._patience.look)
            # Nodes forget, and a reorg puts a transaction back into the queue, or loses it.
            self._send(signed[-1])

    def _unspent(self, signed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What was signed for a step and may still be mined: not what failed, nor what another
        transaction with the same nonce has kept out for ever."""
        failed = {entry["hash"] for entry in self._journal.of("failed")}
        spent = {entry["nonce"] for entry in signed if entry["hash"] in failed}
        spent |= {entry["nonce"] for entry in self._journal.of("lost")}
        return [entry for entry in signed if entry["nonce"] not in spent]

    def _sign(self, step: Step, nonce: int, before: dict[str, Any] | None) -> None:
        """Signs a step's transaction and writes it down; `before`: the one it replaces."""
        prices = gas_prices(self._chain)[0]
        if before is not None:
            for name, price in before["prices"].items():
                least = int(price) * (100 + BUMP_PERCENT) // 100 + 1
                prices[name] = max(prices.get(name, 0), least)
        highest = max(prices.values())
        if (problem := fee_problem(highest, self._fee_ceiling)) is not None:
            raise problem
        fields: dict[str, Any] = {
            "chainId": self._plan.chain_id,
            "nonce": nonce,
            "gas": self._gas(step) if before is None else before["gas"],
            "value": 0,
            "data": step.data,
            **prices,
        }
        if step.to is not None:
            fields["to"] = step.to
        self._check_balance(fields)
        made = self._account.sign_transaction(fields)
        self._journal.append(
            "signed",
            contract=step.name,
            nonce=nonce,
            hash="0x" + made.hash.hex(),
            raw="0x" + made.raw_transaction.hex(),
            gas=fields["gas"],
            prices={name: str(price) for name, price in prices.items()},
        )

    def _gas(self, step: Step) -> int:
        try:
            estimate = self._chain.estimate(step.to, step.data, self._account.address)
        except RpcRefused as refusal:
            raise DokkaebiError(
                "deploy_step_refused", contract=step.name, problem=refusal.message
            ) from None
        # L2s whose estimates leave out what the size of the code costs.
        return with_margin(max(estimate, step.gas * 9 // 10))

    def _check_balance(self, fields: Mapping[str, Any]) -> None:
        price = fields.get("maxFeePerGas", fields.get("gasPrice", 0))
        needs = fields["gas"] * price + self._data_fee.of(fields["data"], fields["gas"])
        has = self._chain.balance(self._account.address)
        if has < needs:
            symbol = coin_symbol(self._plan.chain_id)
            raise DokkaebiError(
                "coins_too_few",
                account=self._account.address,
                has=amount_text(has, COIN_DECIMALS, symbol),
                needs=amount_text(needs, COIN_DECIMALS, symbol),
            )

    def _send(self, entry: Mapping[str, Any]) -> None:
        """Sends what was signed, unless the node has it: Ganache mines twice what it gets twice."""
        try:
            if self._chain.raw("eth_getTransactionByHash", [entry["hash"]]) is not None:
                return
            self._chain.send_raw(bytes.fromhex(entry["raw"][2:]))
        except RpcUnreachable:
            # Whether it came through is seen by its receipt.
            return
        except RpcRefused as refusal:
            said = refusal.message.lower()
            if any(word in said for word in (*KNOWN_WORDS, *USED_WORDS, "underpriced")):
                return
            if refusal.too_often:
                return
            raise DokkaebiError(
                "deploy_step_refused", contract=entry["contract"], problem=refusal.message
            ) from None

    def _receipt(self, signed: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The receipt of whichever was mined."""
        for entry in reversed(signed):
            try:
                receipt = self._chain.receipt(entry["hash"])
            except RpcUnreachable:
                continue
            if receipt is not None and receipt.get("blockHash"):
                return receipt
        return None

    def _refuse_foreign(self, step: Step, signed: list[dict[str, Any]]) -> None:
        """Another transaction with our nonce was mined: somebody else uses the key."""
        nonce = signed[-1]["nonce"]
        try:
            if self._chain.mined_nonce(self._account.address) <= nonce:
                return
            # The node may know the number before it gives the receipt.
            for _ in range(ROUNDS):
                if self._receipt(signed) is not None or step.is_done(self._chain):
                    return
                self._sleep(self._patience.look)
        except RpcUnreachable:
            return
        self._journal.append("lost", contract=step.name, nonce=nonce)
        raise DokkaebiError(
            "deploy_nonce_taken", account=self._account.address, nonce=nonce, contract=step.name
        )

    def _found(self, step: Step) -> dict[str, Any]:
        """The block of what no transaction of ours did: of a contract by its first code, of a call
        by its log."""
        if step.is_call:
            return self._found_log(step)
        low, high = 0, self._chain.block_number
        while low < high:
            middle = (low + high) // 2
            if self._chain.code(step.address, middle):
                high = middle
            else:
                low = middle + 1
        block = self._chain.raw("eth_getBlockByNumber", [hex(low), True])
        inputs = [one for one in block["transactions"] if step.data[2:] in str(one["input"])]
        if not inputs:
            raise DokkaebiError("deploy_origin_unknown", contract=step.name, address=step.address)
        return {
            "transactionHash": inputs[0]["hash"],
            "blockNumber": block["number"],
            "blockHash": block["hash"],
        }

    def _found_log(self, step: Step) -> dict[str, Any]:
        last = self._chain.block_number
        logs = self._chain.all_logs([step.address], min(self._blocks), last, [step.event])
        if not logs:
            raise DokkaebiError("deploy_origin_unknown", contract=step.name, address=step.address)
        return logs[-1]

    def _deployment(self, step: Step, receipt: Mapping[str, Any]) -> Deployment:
        code = self._chain.code(step.address)
        return Deployment(
            address=step.address,
            transaction_hash=receipt["transactionHash"],
            block_number=int(receipt["blockNumber"], 16),
            block_hash=receipt["blockHash"],
            constructor_arguments=dict(step.arguments),
            init_code_hash=step.init_code_hash,
            runtime_code_hash=keccak_text(code),
            runtime_masked_hash=keccak_text(step.artifact.masked(code) if step.artifact else code),
            compiler_input_hash=step.compiler_input_hash,
        )
