"""What a sponsor pays for: calls that do what somebody signed, or what anybody may do for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dokkaebi.chain.creation_registry import owner
from dokkaebi.chain.suite import Contract, Suite
from dokkaebi.errors import DokkaebiError

DATA_BYTES_MAX = 16_384


@dataclass(frozen=True)
class Kind:
    """A kind of act: the function, the most gas that it may take, and for whom it is."""

    function: str
    gas_max: int
    member: Callable[[Suite, tuple[Any, ...]], str]


@dataclass(frozen=True)
class Act:
    """A call that a sponsor may send. `member`: whose budget bears it."""

    kind: str
    to: str
    data: str
    member: str
    gas_max: int


def _argument(place: int, *inner: int) -> Callable[[Suite, tuple[Any, ...]], str]:
    """The member is an argument, or a part of one."""

    def member(_: Suite, arguments: tuple[Any, ...]) -> str:
        found = arguments[place]
        for at in inner:
            found = found[at]
        return str(found)

    return member


def _owner_of_creation(suite: Suite, arguments: tuple[Any, ...]) -> str:
    holder = owner(suite, arguments[1])
    if holder is None:
        raise DokkaebiError("sponsor_nobody")
    return holder


_TILL = (
    Kind("cancelNoncesFor", 300_000, _argument(0)),
    # Where a payee wants the money may be a contract that burns gas.
    Kind("withdrawToFor", 400_000, _argument(0)),
    Kind("withdrawFor", 400_000, _argument(1)),
)
KINDS: dict[str, tuple[Kind, ...]] = {
    "CreationRegistry": (
        Kind("registerFor", 600_000, _argument(0, 0)),
        Kind("cancelVouchersFor", 200_000, _argument(0)),
        Kind("permit", 200_000, _owner_of_creation),
    ),
    "CreationMarket": (*_TILL, Kind("acceptFor", 800_000, _argument(2, 0))),
    "EscrowMarket": (
        *_TILL,
        Kind("shipFor", 200_000, _argument(0, 1)),
        Kind("refundFor", 400_000, _argument(0, 1)),
        Kind("acceptFor", 500_000, _argument(1)),
        Kind("submitEvidenceFor", 300_000, _argument(1)),
    ),
    "AuctionHouse": _TILL,
    "RewardPool": (Kind("claim", 300_000, _argument(0)),),
}


def known_kinds() -> list[str]:
    """All kinds, as `Contract.function`."""
    return [f"{contract}.{kind.function}" for contract, kinds in KINDS.items() for kind in kinds]


def read_act(suite: Suite, to: str, data: str) -> Act:
    """What a call is, if a sponsor pays for such calls. Errors: `sponsor_act_unknown`,
    `sponsor_act_wrong`, `sponsor_nobody`."""
    contract = _contract(suite, to)
    kinds = {contract.selector(kind.function): kind for kind in KINDS[contract.name]}
    kind = kinds.get(data[:10].lower())
    if kind is None:
        raise DokkaebiError("sponsor_act_unknown", known=", ".join(known_kinds()))
    if len(data) > 2 * DATA_BYTES_MAX:
        raise DokkaebiError("sponsor_act_wrong", function=kind.function)
    arguments = _arguments(contract, kind.function, data)
    # Written another way it would be dearer, and shows somebody something else.
    if contract.encode(kind.function, *arguments) != data.lower():
        raise DokkaebiError("sponsor_act_wrong", function=kind.function)
    member = kind.member(suite, arguments)
    name = f"{contract.name}.{kind.function}"
    return Act(name, contract.address, data.lower(), member, kind.gas_max)


def _contract(suite: Suite, to: str) -> Contract:
    own = [suite.registry, *suite.markets]
    if "RewardPool" in suite.manifest.contracts:
        own.append(suite.pool)
    found = next((contract for contract in own if contract.address == to), None)
    if found is None:
        raise DokkaebiError("sponsor_act_unknown", known=", ".join(known_kinds()))
    return found


def _arguments(contract: Contract, function: str, data: str) -> tuple[Any, ...]:
    from eth_abi.exceptions import DecodingError

    try:
        return contract.decode_call(function, data)
    except (DecodingError, ValueError, OverflowError):
        raise DokkaebiError("sponsor_act_wrong", function=function) from None
