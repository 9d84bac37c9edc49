"""A registration that somebody reads in the mempool and sends first, as their own.

Peer, the real one: Zora v1, `Media` of @zoralabs/core 1.0.8 (2021): whoever brings a file's hash
first is its creator, and nobody can bring it again.
"""

from __future__ import annotations

import hashlib

from bench.gas.ours import DAY
from dokkaebi.chain.suite import COIN
from tests.museum.hall import Hall

PERCENT = 10**18


def test_zoras_creator_can_never_register_their_own_file(hall: Hall) -> None:
    artifacts = "dist/artifacts"
    market = hall.peer("@zoralabs/core", f"{artifacts}/Market.sol/Market.json")
    place = (f"{artifacts}/Media.sol/Media.json", market.address)
    media = hall.peer("@zoralabs/core", *place)
    hall.send("deployer", market, "configure", media.address)
    file, metadata = (hashlib.sha256(text).digest() for text in (b"a song", b"its title"))
    shares = ((0,), (10 * PERCENT,), (90 * PERCENT,))
    registration = (("ipfs://song", "ipfs://title", file, metadata), shares)
    hall.send("rival", media, "mint", *registration)  # copied, with a higher tip
    assert hall.refusal("creator", media, "mint", *registration) == (
        "revert_said",
        "Media: a token has already been created with this content hash",
    )
    assert media.call("tokenCreators", 0) == hall.at["rival"]
    assert media.call("ownerOf", 0) == hall.at["rival"]


def test_in_ours_a_copy_takes_nothing(hall: Hall) -> None:
    registry, work = hall.suite.registry, hall.work()
    hall.send("rival", registry, "register", work)  # copied, with a higher tip
    hall.send("creator", registry, "register", work)
    ids = {
        who: registry.call("idOf", work[0], work[1], hall.at[who]) for who in ("rival", "creator")
    }
    assert ids["rival"] != ids["creator"]
    for who, creation in ids.items():
        assert registry.call("creationOf", creation)[0] == hall.at[who]
        assert hall.owner(creation) == hall.at[who]
        # Each id is the address of a folder that names its creator.
        assert registry.call("tokenURI", creation).endswith(f"/{hall.at[who].lower()}.json")


def test_in_ours_a_stolen_voucher_registers_for_its_creator(hall: Hall) -> None:
    registry, creator, rival = hall.suite.registry, hall.at["creator"], hall.at["rival"]
    nobody = (COIN, COIN, COIN, 0, 0, COIN, 0)  # it isn't for sale
    voucher = (creator, hall.work(), [], nobody, hall.now() + DAY, 0)
    signature = hall.sign("creator", registry.call("hashVoucher", voucher))
    refused = hall.refusal("rival", registry, "registerFor", voucher, signature, rival)
    assert refused == ("Voucher_NotCreator", rival, creator)
    forged = (rival, *voucher[1:])
    digest = "0x" + registry.call("hashVoucher", forged).hex()
    refused = hall.refusal("rival", registry, "registerFor", forged, signature, rival)
    assert refused == ("Signature_Wrong", rival, digest)
    hall.send("rival", registry, "registerFor", voucher, signature, creator)
    creation = registry.call("idOf", voucher[1][0], voucher[1][1], creator)
    assert registry.call("creationOf", creation)[0] == creator
    assert hall.owner(creation) == creator
