"""An old, cheap offer that comes back to life when the creation comes back to its owner.

Peer, the real one: Zora v3, `AsksCoreEth` of @zoralabs/v3 1.0.13 (2022). So it was at OpenSea,
whose users lost theirs that way in January 2022: what had moved away and back was still for sale.
"""

from __future__ import annotations

from eth_utils.crypto import keccak

from bench.gas.ours import PRICE, Terms
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall, zora

TENURE_BIT = 160 + 78


def away_and_back(hall: Hall, creation: int) -> None:
    seller, other = hall.at["seller"], hall.at["creator"]
    hall.send("seller", hall.suite.registry, "transferFrom", seller, other, creation)
    hall.send("creator", hall.suite.registry, "transferFrom", other, seller, creation)


def test_zora_sells_at_the_old_price(hall: Hall) -> None:
    asks = zora(hall, "AsksCoreEth", hall.model("OpenRoyalties").address)
    creation = hall.give_creation(hall.at["seller"])
    what = (hall.suite.registry.address, creation)
    hall.send("seller", asks, "createAsk", *what, PRICE)
    away_and_back(hall, creation)
    hall.send("rival", asks, "fillAsk", *what, coins=PRICE)
    assert hall.owner(creation) == hall.at["rival"]


def published(hall: Hall, offer: Terms) -> bytes:
    hall.send("seller", hall.suite.creation_market, "offer", offer)
    return b""


def signed(hall: Hall, offer: Terms) -> bytes:
    return hall.sign("seller", hall.suite.creation_market.call("hashOffer", offer))


def test_in_ours_the_old_offers_are_dead(hall: Hall) -> None:
    market = hall.suite.creation_market
    creation = hall.give_creation(hall.at["seller"])
    tenure = hall.suite.registry.call("tenureOf", creation)
    for offering in (published, signed):
        offer = hall.offer(COIN, creation)
        signature = offering(hall, offer)
        away_and_back(hall, creation)
        tenure += 2
        refused = hall.refusal("rival", market, "buy", offer, signature, COIN, coins=PRICE)
        what = (str(creation), str(tenure), str(tenure - 2))
        assert refused == ("Creation_Moved", *what)
    assert hall.owner(creation) == hall.at["seller"]


def test_ours_sells_what_stayed(hall: Hall) -> None:
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(COIN, creation)
    signature = signed(hall, offer)
    hall.send("rival", hall.suite.creation_market, "buy", offer, signature, COIN, coins=PRICE)
    assert hall.owner(creation) == hall.at["rival"]


def test_in_ours_no_number_of_transfers_brings_an_old_offer_back(hall: Hall) -> None:
    """Whoever has it meanwhile can move it to and fro, which costs little on a cheap chain.

    The registry keeps 17 bits of the tenure beside the owner; the test writes the last number that
    they hold, as 131,070 transfers would.
    """
    market, registry = hall.suite.creation_market, hall.suite.registry
    creation = hall.give_creation(hall.at["seller"])
    offer = hall.offer(COIN, creation)
    signature = signed(hall, offer)
    tenure = registry.call("tenureOf", creation)
    slot = hex(owner_slot(creation))
    for rounds in (1, 2):
        word = int(hall.chain.raw("eth_getStorageAt", [registry.address, slot, "latest"]), 16)
        full = word | ((1 << 17) - 1) << TENURE_BIT
        hall.chain.raw("anvil_setStorageAt", [registry.address, slot, f"0x{full:064x}"])
        away_and_back(hall, creation)
        # The record is as it was when the offer was signed, but for the bit that says so.
        assert registry.call("tenureOf", creation) == rounds * 2**17 + tenure
        refused = hall.refusal("rival", market, "buy", offer, signature, COIN, coins=PRICE)
        assert refused == (
            "Creation_Moved",
            str(creation),
            str(rounds * 2**17 + tenure),
            str(tenure),
        )


def owner_slot(creation: int) -> int:
    """Where Solady's ERC-721 keeps an owner and 96 bits beside them."""
    seed = bytes.fromhex("7d882553")
    base = keccak(creation.to_bytes(32, "big")[:28] + seed)
    return (2 * creation + int.from_bytes(base, "big")) % 2**256
