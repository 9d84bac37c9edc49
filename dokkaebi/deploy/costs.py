"""What a deployment costs at today's fees, and whether the deployer has that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dokkaebi.chain.assets import COIN_DECIMALS
from dokkaebi.chain.fees import DataFee, gas_prices
from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.deploy.plan import Step
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import amount_text, units_text

GAS_MARGIN_PERCENT = 25
GWEI_DECIMALS = 9


class OverCeiling(DokkaebiError):  # noqa: N818 - reads as what it is where it's caught
    """The fee that would be needed is higher than the operator allows."""


@dataclass(frozen=True)
class Costs:
    """Of some steps, in wei and units of gas. `fees`: what each of them costs about; `needs`: what
    the deployer must hold so that none of them is turned away; `price`: the highest that a unit of
    gas may cost."""

    gas: int
    fees: tuple[int, ...]
    needs: int
    price: int

    @property
    def fee(self) -> int:
        """About what all of them cost."""
        return sum(self.fees)


def costs_of(chain: Chain, deployer: str, steps: Sequence[Step]) -> Costs:
    """What steps that are still missing cost at today's fees."""
    _, expected, highest = gas_prices(chain)
    data_fee = DataFee(chain)
    seen, ours = _ratio(chain, deployer, steps)
    gas = needs = 0
    fees: list[int] = []
    for step in steps:
        step_gas = max(step.gas, step.gas * seen // ours)
        limit = with_margin(step_gas)
        beside = data_fee.of(step.data, limit)
        # Nodes want the highest price for the whole limit, and give back what wasn't used.
        needs = max(needs, sum(fees) + limit * highest + beside)
        gas += step_gas
        fees.append(step_gas * expected + beside)
    return Costs(gas, tuple(fees), needs, highest)


def with_margin(gas: int) -> int:
    """A gas limit for what is expected to take so much."""
    return gas * (100 + GAS_MARGIN_PERCENT) // 100


def coins_problem(chain: Chain, deployer: str, costs: Costs) -> DokkaebiError | None:
    """Why the deployer can't pay for it; None if that is possible."""
    has = chain.balance(deployer)
    if has >= costs.needs:
        return None
    symbol = coin_symbol(chain.chain_id)
    return DokkaebiError(
        "deploy_coins_too_few",
        account=deployer,
        has=amount_text(has, COIN_DECIMALS, symbol),
        needs=amount_text(costs.needs, COIN_DECIMALS, symbol),
        steps=len(costs.fees),
    )


def fee_problem(price: int, ceiling: int | None) -> OverCeiling | None:
    """Why a price of gas, wei, is more than the operator allows; None if it isn't."""
    if ceiling is None or price <= ceiling:
        return None
    seen, allowed = (units_text(one, GWEI_DECIMALS) for one in (price, ceiling))
    return OverCeiling("fee_over_ceiling", seen=seen, ceiling=allowed)


def _ratio(chain: Chain, deployer: str, steps: Sequence[Step]) -> tuple[int, int]:
    """The node's estimate and ours, of the one step that it can be asked about: chains that count
    their data's cost as gas are far above."""
    if not steps:
        return 1, 1
    first = steps[0]
    try:
        return chain.estimate(first.to, first.data, deployer), first.gas
    except RpcRefused as refusal:
        if refusal.too_often:
            raise
        # Why is said when its turn comes.
        return 1, 1
