"""Whether a chain's EVM runs what the compiler made: PUSH0, of the Shanghai upgrade."""

from __future__ import annotations

from dokkaebi.chain.rpc import Chain, RpcRefused

# Creations that return 32 bytes with a 1 in them; the first pushes its zeros with PUSH0.
_BY_PUSH0 = "0x60015f5260205ff3"
_BY_PUSH1 = "0x600160005260206000f3"


def evm_problem(chain: Chain) -> str | None:
    """Why contracts can't be deployed there, in the node's words; None if they can, or if the node
    runs no creations that aren't sent, so that nobody can tell."""
    problem = _run(chain, _BY_PUSH0)
    return problem if problem and _run(chain, _BY_PUSH1) is None else None


def _run(chain: Chain, init_code: str) -> str | None:
    try:
        answer = chain.call(None, init_code)
    except RpcRefused as refusal:
        if refusal.too_often:
            raise
        return refusal.message
    return None if int.from_bytes(answer) == 1 else "0x" + answer.hex()
