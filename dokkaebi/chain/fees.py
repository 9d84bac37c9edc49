"""What a transaction costs: the price of gas now, and what some chains take beside it."""

from __future__ import annotations

from dokkaebi.chain.networks import NETWORKS
from dokkaebi.chain.rpc import Chain, RpcRefused

# Where chains of the OP stack tell what a transaction's data costs on the chain below.
ORACLE = "0x420000000000000000000000000000000000000F"
_TIP_WEI = 1_500_000_000
# Of a signed transaction, beside its data.
_ENVELOPE_BYTES = 120


def gas_prices(chain: Chain) -> tuple[dict[str, int], int, int]:
    """Fields that set the gas price, the price to expect, and the highest possible one; wei."""
    base = chain.block("latest").get("baseFeePerGas")
    if base is None:
        price = int(chain.raw("eth_gasPrice"), 16)
        return {"gasPrice": price}, price, price
    try:
        tip = int(chain.raw("eth_maxPriorityFeePerGas"), 16)
    except RpcRefused:
        tip = _TIP_WEI
    highest = 2 * int(base, 16) + tip
    fields = {"maxFeePerGas": highest, "maxPriorityFeePerGas": tip}
    return fields, int(base, 16) + tip, highest


class DataFee:
    """What a chain of the OP stack takes for a transaction beside its gas; nothing elsewhere."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        network = NETWORKS.get(chain.chain_id)
        # A local chain may be a copy of any other.
        possible = network is None or network.fees == "op-stack" or network.worth == "local"
        self._asked = possible and bool(chain.code(ORACLE))

    def of(self, data: str, gas: int) -> int:
        """Wei at most, now, of a transaction with this data and this gas limit."""
        from eth_abi.abi import encode

        if not self._asked:
            return 0
        body = bytes.fromhex(data[2:])
        size = len(body) + _ENVELOPE_BYTES
        fee = self._ask("getL1FeeUpperBound(uint256)", encode(["uint256"], [size]))
        if fee is None:  # as it was before Fjord
            whole = encode(["bytes"], [body + b"\xff" * _ENVELOPE_BYTES])
            fee = self._ask("getL1Fee(bytes)", whole)
        # Since Isthmus; zero on most chains.
        operator = self._ask("getOperatorFee(uint256)", encode(["uint256"], [gas]))
        return (fee or 0) + (operator or 0)

    def _ask(self, function: str, arguments: bytes) -> int | None:
        """An answer of the oracle; None if it hasn't that function."""
        from eth_utils.crypto import keccak

        question = "0x" + (keccak(text=function)[:4] + arguments).hex()
        try:
            answer = self._chain.call(ORACLE, question)
        except RpcRefused as refusal:
            if refusal.too_often:
                raise
            return None
        return int.from_bytes(answer[:32]) if len(answer) >= 32 else None
