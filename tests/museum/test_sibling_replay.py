"""A signature for one market that counts in another as well.

Peer, a model: `models/DomainlessShop.sol`, which signs the terms but not for whom. So did many
markets before EIP-712 (2017); the second contract is often the first one's next version.
"""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from bench.gas.ours import PRICE
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall


def test_the_models_offer_is_filled_twice(hall: Hall) -> None:
    old, new = hall.model("DomainlessShop"), hall.model("DomainlessShop")
    registry, seller = hall.suite.registry, hall.at["seller"]
    creation = hall.give_creation(seller)
    for shop in (old, new):
        hall.send("seller", registry, "setApprovalForAll", shop.address, True)
    words = (registry.address, seller, creation, PRICE)
    signature = hall.sign_hash(
        "seller", keccak(encode(["address", "address", "uint256", "uint256"], words))
    )
    hall.send("buyer", old, "fill", *words, *signature, coins=PRICE)
    # The seller buys it back, since it's worth more now; the old signature sells it again.
    hall.send("buyer", registry, "transferFrom", hall.at["buyer"], seller, creation)
    assert hall.refusal("rival", old, "fill", *words, *signature, coins=PRICE)[0] == "revert_said"
    hall.send("rival", new, "fill", *words, *signature, coins=PRICE)
    assert hall.owner(creation) == hall.at["rival"]


def test_ours_is_filled_in_the_market_that_was_signed_for(hall: Hall) -> None:
    market, registry = hall.suite.creation_market, hall.suite.registry
    other = hall.contract("CreationMarket", registry.address, hall.at["treasury"], 100)
    hall.send("seller", registry, "setApprovalForAll", other.address, True)
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(COIN, creation)
    signature = hall.sign("seller", market.call("hashOffer", offer))
    digest = "0x" + other.call("hashOffer", offer).hex()
    refused = hall.refusal("rival", other, "buy", offer, signature, COIN, coins=PRICE)
    assert refused == ("Signature_Wrong", hall.at["seller"], digest)
    hall.send("buyer", market, "buy", offer, signature, COIN, coins=PRICE)
    assert hall.owner(creation) == hall.at["buyer"]


def test_ours_is_filled_once(hall: Hall) -> None:
    market, registry = hall.suite.creation_market, hall.suite.registry
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(COIN, creation)
    signature = hall.sign("seller", market.call("hashOffer", offer))
    hall.send("buyer", market, "buy", offer, signature, COIN, coins=PRICE)
    hall.send("buyer", registry, "transferFrom", hall.at["buyer"], hall.at["seller"], creation)
    refused = hall.refusal("rival", market, "buy", offer, signature, COIN, coins=PRICE)
    assert refused == ("Nonce_Used", hall.at["seller"], str(offer[-1]))
