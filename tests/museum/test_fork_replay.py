"""A signature that counts once more where the chain forked.

Peer, the real one: `UniswapV2ERC20` of @uniswap/v2-core 1.0.1 (2020), whose domain keeps the chain
id of its deployment: after a fork, a permit for one chain counts on the other as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.gas.ours import DAY, PRICE
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall

AMOUNT = 10**18


@contextmanager
def forked(hall: Hall) -> Iterator[None]:
    """The same state under another chain id, as after a fork."""
    hall.chain.raw("anvil_setChainId", [61])
    # Anvil signs for the chain that it was started as.
    hall.chain.raw("anvil_impersonateAccount", [hall.at["rival"]])
    try:
        yield
    finally:
        hall.chain.raw("anvil_stopImpersonatingAccount", [hall.at["rival"]])
        hall.chain.raw("anvil_setChainId", [31337])


def test_uniswaps_token_takes_the_permit_on_the_fork(hall: Hall) -> None:
    pair = hall.peer("@uniswap/v2-core", "build/UniswapV2ERC20.json")
    spender, deadline = hall.at["rival"], hall.now() + DAY
    signature = hall.sign_permit(pair, "seller", spender, AMOUNT, deadline)
    with forked(hall):
        permit = (hall.at["seller"], spender, AMOUNT, deadline, *signature)
        hall.send("rival", pair, "permit", *permit)
        assert pair.call("allowance", hall.at["seller"], spender) == AMOUNT


def test_our_token_takes_it_on_its_chain_only(hall: Hall) -> None:
    token, spender, deadline = hall.suite.token, hall.at["rival"], hall.now() + DAY
    signature = hall.sign_permit(token, "seller", spender, AMOUNT, deadline)
    permit = (hall.at["seller"], spender, AMOUNT, deadline, *signature)
    with forked(hall):
        assert hall.refusal("rival", token, "permit", *permit)[0] == "ERC2612InvalidSigner"
    hall.send("rival", token, "permit", *permit)
    assert token.call("allowance", hall.at["seller"], spender) == AMOUNT


def test_our_markets_take_a_signed_offer_on_its_chain_only(hall: Hall) -> None:
    market = hall.suite.creation_market
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(COIN, creation)
    signature = hall.sign("seller", market.call("hashOffer", offer))
    with forked(hall):
        digest = "0x" + market.call("hashOffer", offer).hex()
        refused = hall.refusal("rival", market, "buy", offer, signature, COIN, coins=PRICE)
        assert refused == ("Signature_Wrong", hall.at["seller"], digest)
    hall.send("rival", market, "buy", offer, signature, COIN, coins=PRICE)
    assert hall.owner(creation) == hall.at["rival"]
