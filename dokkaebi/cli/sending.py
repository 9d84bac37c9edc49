"""The transactions of one command: announced, sent or (in a dry run) only priced, and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dokkaebi.cli.output import Session
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.sender import Plan, Receipt


class Steps:
    """What a command sends, in order; `listed` is what `--json` shows of it.

    An act's name is also the key of its text, `act_<name>`.
    """

    def __init__(self, session: Session) -> None:
        from dokkaebi.chain.assets import Asset
        from dokkaebi.chain.networks import coin_symbol
        from dokkaebi.chain.sender import Sender
        from dokkaebi.chain.suite import COIN

        self.session = session
        self.sender = Sender(session.chain, session.account)
        self.listed: list[dict[str, Any]] = []
        self._coin = Asset(COIN, coin_symbol(session.chain.chain_id), 18)

    def plan(self, to: str, data: str, value: int = 0) -> Plan:
        """Tries and prices a call; raises what it would fail with."""
        return self.sender.plan(to, data, value)

    def do(self, act: str, plan: Plan) -> Receipt | None:
        """Sends a planned call and waits for its block; None in a dry run."""
        if self.session.dry_run:
            self._price(act, plan)
            return None
        receipt = self.sender.send(plan)
        gas = int(receipt["gasUsed"], 16)
        fee = gas * int(receipt["effectiveGasPrice"], 16)
        entry = {
            "act": act,
            "transaction": receipt["transactionHash"],
            "block": int(receipt["blockNumber"], 16),
            "gas": gas,
            "fee": str(fee),
        }
        self.listed.append(entry)
        self.session.say(
            "step_done",
            act=t(f"act_{act}"),
            transaction=entry["transaction"],
            block=entry["block"],
            gas=f"{gas:,}",
            fee=self._coin.text(fee),
        )
        return receipt

    def call(self, act: str, to: str, data: str, value: int = 0) -> Receipt | None:
        """Plans and does a call."""
        return self.do(act, self.plan(to, data, value))

    def later(self, act: str) -> None:
        """Lists, in a dry run, a call that can't be priced before the one listed before it."""
        self.listed.append({"act": act, "gas": None, "fee": None, "fee_max": None})
        self.session.say("step_later", act=t(f"act_{act}"))

    def result(self, **values: Any) -> dict[str, Any]:
        """The command's object for `--json`."""
        if self.session.dry_run:
            self.session.say("dry_run_done")
        return {"dry_run": self.session.dry_run, **values, "transactions": self.listed}

    def _price(self, act: str, plan: Plan) -> None:
        self.listed.append(
            {"act": act, "gas": plan.gas, "fee": str(plan.fee), "fee_max": str(plan.fee_max)}
        )
        self.session.say(
            "step_priced",
            act=t(f"act_{act}"),
            gas=f"{plan.gas:,}",
            fee=self._coin.text(plan.fee),
            fee_max=self._coin.text(plan.fee_max),
        )
