"""Creations of other collections: their royalties, their refusals, their lies."""

import pytest
from brownie import web3

from tests.contracts.auction_house.conftest import (
    FEE,
    MUCH_GAS,
    PRICE,
    auction_id,
    next_bid,
)
from tests.contracts.support import (
    COIN,
    event_names,
    events_of,
    only_event,
    register,
    reverts_with,
    set_code,
)

REVERT, BURN_GAS, REVERT_BOMB = 1, 2, 3
ROYALTY_GAS, HAND_OVER_GAS = 100_000, 500_000


def needed(gas):
    """What must be there so that a callee gets this much: a sixty-fourth stays with the caller."""
    return gas + gas // 63 + 2_000


@pytest.fixture
def honest(foreign, MockCollection):
    return foreign(MockCollection)


@pytest.fixture
def picky(foreign, MockRefusingCollection):
    return foreign(MockRefusingCollection)


def won_in(house, collection, seller, buyer, amount=PRICE, **terms):
    """An auction of the collection's creation 5 in which the buyer bids most."""
    terms = {"creation_id": 5, "reserve": 1, **terms}
    auction = house.opened(seller, collection=collection.address, **terms)
    house.bid(auction, buyer, amount)
    return auction


# An honest collection


def test_a_foreign_creation_goes_to_the_winner(house, money, honest, seller, buyer):
    auction = won_in(house, honest, seller, buyer, asset=money.address)
    assert honest.ownerOf(5) == house.contract
    before = money.of(seller)
    tx = house.settle(auction)
    assert honest.ownerOf(5) == buyer
    assert money.of(seller) - before == PRICE - FEE
    assert not events_of(tx, "RoyaltyPaid")
    assert not events_of(tx, "CreationHeld")


def test_a_foreign_creation_has_no_tenure(house, honest, seller, buyer):
    auction = house.opened(seller, collection=honest.address, creation_id=5, tenure=1)
    with reverts_with("Creation_Moved", 5, 0, 1):
        house.bid(auction, buyer)


def test_a_foreign_creation_that_left_is_refused(house, honest, seller, buyer, stranger):
    auction = house.opened(seller, collection=honest.address, creation_id=5)
    honest.transferFrom(seller, stranger, 5, {"from": seller})
    with reverts_with("ERC721InsufficientApproval", house.contract, 5):
        house.bid(auction, buyer)
    honest.setApprovalForAll(house.contract, True, {"from": stranger})
    with reverts_with("ERC721IncorrectOwner", seller, 5, stranger):
        house.bid(auction, buyer)
    assert house.bidder(auction) == "0x" + "0" * 40


def test_a_foreign_creation_that_came_back_is_sold(house, honest, seller, buyer, stranger):
    """No tenure is counted there; the interface warns of it."""
    auction = house.opened(seller, collection=honest.address, creation_id=5)
    honest.transferFrom(seller, stranger, 5, {"from": seller})
    honest.transferFrom(stranger, seller, 5, {"from": stranger})
    house.bid(auction, buyer)
    assert house.bidder(auction) == buyer


def test_bid_reverts_when_the_house_may_not_move_a_foreign_creation(house, honest, seller, buyer):
    auction = house.opened(seller, collection=honest.address, creation_id=5)
    honest.setApprovalForAll(house.contract, False, {"from": seller})
    with reverts_with("ERC721InsufficientApproval", house.contract, 5):
        house.bid(auction, buyer)


def test_equal_ids_in_two_collections_stay_apart(
    house, registry, foreign, honest, MockCollection, seller, buyer, stranger
):
    other = foreign(MockCollection)
    first = won_in(house, honest, seller, buyer)
    second = won_in(house, other, seller, stranger)
    house.settle(second)
    assert (honest.ownerOf(5), other.ownerOf(5)) == (house.contract, stranger)
    house.settle(first)
    assert honest.ownerOf(5) == buyer


# Royalties by ERC-2981


@pytest.mark.parametrize("said", [0, 1, 499, 500, 501, 999, 1_000, 1_001, 5_000, 10_000, 60_000])
@pytest.mark.parametrize("most", [0, 500, 1_000])
def test_a_foreign_royalty_is_clamped_to_what_the_seller_agreed(
    house, coin, honest, seller, buyer, creator, said, most
):
    honest.setRoyalty(creator, said)
    auction = won_in(house, honest, seller, buyer, royalty_bps_max=most)
    before = coin.of(seller), coin.of(creator)
    tx = house.settle(auction)
    royalty = min(PRICE * said // 10_000, PRICE * most // 10_000)
    assert coin.of(creator) - before[1] == royalty
    assert coin.of(seller) - before[0] == PRICE - FEE - royalty
    assert [(e["payee"], e["amount"]) for e in events_of(tx, "RoyaltyPaid")] == (
        [(creator, royalty)] if royalty else []
    )


@pytest.mark.parametrize("who", ["zero", "seller", "house"])
def test_a_foreign_royalty_to_nobody_else_stays_with_the_seller(
    house, money, honest, seller, buyer, who
):
    to = {"zero": "0x" + "0" * 40, "seller": seller, "house": house.contract}[who]
    honest.setRoyalty(to, 1_000)
    auction = won_in(house, honest, seller, buyer, asset=money.address)
    before = money.of(seller)
    tx = house.settle(auction)
    assert money.of(seller) - before == PRICE - FEE
    assert not events_of(tx, "RoyaltyPaid")


def test_a_foreign_royalty_in_tokens(house, dkb, honest, seller, buyer, creator):
    honest.setRoyalty(creator, 250)
    auction = won_in(house, honest, seller, buyer, asset=dkb.address)
    before = dkb.of(creator)
    house.settle(auction)
    assert dkb.of(creator) - before == PRICE * 250 // 10_000


def test_a_foreign_royalty_to_the_winner(house, coin, honest, seller, buyer):
    honest.setRoyalty(buyer, 1_000)
    auction = won_in(house, honest, seller, buyer)
    before = coin.of(buyer)
    house.settle(auction)
    assert coin.of(buyer) - before == PRICE // 10


@pytest.mark.parametrize("mode", [1, 2, 4], ids=["reject", "burn", "bomb"])
def test_a_hostile_royalty_payee_is_credited(house, coin, honest, hostile, seller, buyer, mode):
    honest.setRoyalty(hostile, 1_000)
    hostile.setMode(mode)
    house.settle(won_in(house, honest, seller, buyer), gas_limit=MUCH_GAS)
    assert honest.ownerOf(5) == buyer
    assert house.credit(coin, hostile) == PRICE // 10


WORD = 32
BAD_ANSWERS = {
    "nothing": (b"", 0, 0),
    "a word": (b"\1" * WORD, WORD, 0),
    "63 bytes": (b"\0" * 31 + b"\1" + b"\0" * 31, 63, 0),
    "no address": (b"\xff" * WORD + b"\0" * 31 + b"\5", 64, 0),
    "bit 160": (b"\0" * 11 + b"\1" + b"\7" * 20 + b"\0" * 31 + b"\5", 64, 0),
    "a revert": (b"\0" * 31 + b"\7" + b"\0" * 31 + b"\5", 64, 1),
    "a long revert": (b"\0" * 31 + b"\7" + b"\0" * 31 + b"\5", 20_000, 1),
    "an endless bomb": (b"", 10**9, 0),
    "burnt gas": (b"", 0, 2),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_royalty_that_makes_no_sense_is_none(
    house, coin, foreign, MockAnswerCollection, seller, buyer, answer
):
    collection = foreign(MockAnswerCollection)
    collection.setAnswer(*answer)
    auction = won_in(house, collection, seller, buyer)
    before = coin.of(seller)
    tx = house.settle(auction, gas_limit=MUCH_GAS)
    assert collection.ownerOf(5) == buyer
    assert coin.of(seller) - before == PRICE - FEE
    assert not events_of(tx, "RoyaltyPaid")
    assert tx.gas_used < 400_000


@pytest.mark.parametrize("size", [64, 96, 500])
def test_a_longer_answer_about_the_royalty_counts(
    house, coin, foreign, MockAnswerCollection, seller, buyer, creator, size
):
    collection = foreign(MockAnswerCollection)
    words = bytes.fromhex(creator.address[2:]).rjust(WORD, b"\0") + (9).to_bytes(WORD, "big")
    collection.setAnswer(words.ljust(size, b"\7"), size, 0)
    before = coin.of(creator)
    house.settle(won_in(house, collection, seller, buyer))
    assert coin.of(creator) - before == 9


def test_the_largest_royalty_is_clamped_without_overflow(
    house, coin, foreign, MockAnswerCollection, seller, buyer, creator
):
    collection = foreign(MockAnswerCollection)
    words = bytes.fromhex(creator.address[2:]).rjust(WORD, b"\0") + b"\xff" * WORD
    collection.setAnswer(words, 64, 0)
    before = coin.of(creator)
    house.settle(won_in(house, collection, seller, buyer, royalty_bps_max=333))
    assert coin.of(creator) - before == PRICE * 333 // 10_000


# A collection that refuses the winner


@pytest.fixture
def held(house, picky, seller, buyer):
    """A creation that its collection didn't hand to the buyer, who won it."""
    auction = won_in(house, picky, seller, buyer)
    picky.setRefusal(buyer, REVERT)
    return auction, house.settle(auction, gas_limit=MUCH_GAS)


@pytest.mark.parametrize("how", [REVERT, BURN_GAS, REVERT_BOMB], ids=["revert", "burn", "bomb"])
def test_the_money_flows_though_the_collection_refuses(
    house, money, picky, seller, buyer, creator, how
):
    picky.setRoyalty(creator, 1_000)
    auction = won_in(house, picky, seller, buyer, asset=money.address)
    picky.setRefusal(buyer, how)
    before = money.of(seller), money.of(creator)
    tx = house.settle(auction, gas_limit=MUCH_GAS)
    assert money.of(seller) - before[0] == PRICE - FEE - PRICE // 10
    assert money.of(creator) - before[1] == PRICE // 10
    assert picky.ownerOf(5) == house.contract
    assert house.contract.heldFor(picky, 5) == buyer
    assert (tx.gas_used > 500_000) == (how == BURN_GAS)
    assert tx.gas_used < 1_000_000


def test_a_held_creation_is_announced(house, held, picky, buyer):
    auction, tx = held
    assert event_names(tx)[:2] == ["AuctionSettled", "CreationHeld"]
    assert only_event(tx, "CreationHeld") == {
        "auctionId": "0x" + auction_id(house.contract, auction).hex(),
        "owner": buyer,
        "collection": picky,
        "creationId": 5,
    }
    assert only_event(tx, "AuctionSettled")["winner"] == buyer


def test_nothing_is_held_without_a_refusal(house, honest, seller, buyer):
    house.settle(won_in(house, honest, seller, buyer))
    assert house.contract.heldFor(honest, 5) == "0x" + "0" * 40


def test_the_winner_retrieves_to_another_address(house, held, picky, buyer, referrer):
    tx = house.contract.retrieve(picky, 5, referrer, {"from": buyer})
    assert picky.ownerOf(5) == referrer
    assert house.contract.heldFor(picky, 5) == "0x" + "0" * 40
    assert event_names(tx) == ["CreationRetrieved", "Transfer"]
    assert only_event(tx, "CreationRetrieved") == {
        "collection": picky,
        "creationId": 5,
        "owner": buyer,
        "to": referrer,
    }


def test_a_winner_whom_the_collection_accepts_again_retrieves(house, held, picky, buyer):
    with reverts_with("Account_Refused", buyer):
        house.contract.retrieve(picky, 5, buyer, {"from": buyer})
    assert house.contract.heldFor(picky, 5) == buyer
    picky.setRefusal(buyer, 0)
    house.contract.retrieve(picky, 5, buyer, {"from": buyer})
    assert picky.ownerOf(5) == buyer


def test_retrieve_reverts_when_the_caller_didnt_win(house, held, picky, buyer, seller, stranger):
    for thief in (seller, stranger):
        with reverts_with("Creation_NotHeld", picky, 5, thief, buyer):
            house.contract.retrieve(picky, 5, thief, {"from": thief})


def test_retrieve_reverts_twice(house, held, picky, buyer, referrer):
    house.contract.retrieve(picky, 5, referrer, {"from": buyer})
    with reverts_with("Creation_NotHeld", picky, 5, buyer, "0x" + "0" * 40):
        house.contract.retrieve(picky, 5, referrer, {"from": buyer})


def test_retrieve_reverts_when_it_would_go_nowhere(house, held, picky, buyer):
    for to in ("0x" + "0" * 40, house.contract.address):
        with reverts_with("Recipient_NotAllowed", to):
            house.contract.retrieve(picky, 5, to, {"from": buyer})
    assert house.contract.heldFor(picky, 5) == buyer


def test_retrieve_reverts_during_the_auction(house, honest, seller, buyer):
    """The creation is in the house, but nobody's yet."""
    won_in(house, honest, seller, buyer)
    for caller in (seller, buyer):
        with reverts_with("Creation_NotHeld", honest, 5, caller, "0x" + "0" * 40):
            house.contract.retrieve(honest, 5, caller, {"from": caller})


def test_retrieve_reverts_for_the_registrys_creations(house, registry, seller, buyer, creation):
    house.bid(house.opened(seller, creation_id=creation), buyer)
    with reverts_with("Creation_NotHeld", registry, creation, buyer, "0x" + "0" * 40):
        house.contract.retrieve(registry, creation, buyer, {"from": buyer})


def test_a_retrieved_creation_can_be_auctioned_again(house, held, picky, buyer, referrer, stranger):
    house.contract.retrieve(picky, 5, referrer, {"from": buyer})
    picky.setApprovalForAll(house.contract, True, {"from": referrer})
    auction = won_in(house, picky, referrer, stranger)
    house.settle(auction)
    assert picky.ownerOf(5) == stranger


def test_a_held_creation_cant_be_auctioned_by_others(house, held, picky, seller, stranger):
    """A thief names themselves or the house as its seller; neither works."""
    auction = house.opened(stranger, collection=picky.address, creation_id=5)
    with reverts_with("ERC721IncorrectOwner", stranger, 5, house.contract):
        house.bid(auction, seller)
    own = auction._replace(seller=house.contract.address)
    with reverts_with("Auction_NotSeller", stranger, house.contract):
        house.contract.open(own, {"from": stranger})
    with reverts_with("Signature_Wrong", house.contract, auction_id(house.contract, own)):
        house.bid(own, seller, signature=b"x")


def test_hand_out_is_for_the_house_only(house, held, picky, seller, buyer, stranger):
    for thief in (seller, buyer, stranger):
        with reverts_with("Caller_NotMarket", thief):
            house.contract.handOut(picky, 5, thief, {"from": thief})


def test_two_held_creations_of_two_winners(house, picky, seller, buyer, stranger, referrer):
    picky.mint(seller, 6, {"from": seller})
    first = won_in(house, picky, seller, buyer)
    second = won_in(house, picky, seller, stranger, creation_id=6)
    for winner in (buyer, stranger):
        picky.setRefusal(winner, REVERT)
    for auction in (first, second):
        house.settle(auction, gas_limit=MUCH_GAS)
    with reverts_with("Creation_NotHeld", picky, 6, buyer, stranger):
        house.contract.retrieve(picky, 6, referrer, {"from": buyer})
    house.contract.retrieve(picky, 6, referrer, {"from": stranger})
    assert house.contract.heldFor(picky, 5) == buyer
    assert picky.ownerOf(6) == referrer


# Collections that lie


def test_bid_reverts_when_the_collection_moves_nothing(
    house, coin, foreign, MockLyingCollection, seller, buyer
):
    collection = foreign(MockLyingCollection)
    collection.setLying(True)
    auction = house.opened(seller, collection=collection.address, creation_id=5)
    with reverts_with("Creation_NotDelivered", collection, 5, seller):
        house.bid(auction, buyer)
    assert coin.of(house.contract) == 0


def test_bid_reverts_when_the_collection_says_another_got_it(
    house, foreign, MockLyingCollection, seller, buyer, stranger
):
    collection = foreign(MockLyingCollection)
    collection.setClaimed(5, stranger)
    auction = house.opened(seller, collection=collection.address, creation_id=5)
    with reverts_with("Creation_NotDelivered", collection, 5, stranger):
        house.bid(auction, buyer)


def test_a_collection_that_moves_nothing_at_the_end_leaves_it_held(
    house, coin, foreign, MockLyingCollection, seller, buyer
):
    collection = foreign(MockLyingCollection)
    auction = won_in(house, collection, seller, buyer)
    collection.setLying(True)
    before = coin.of(seller)
    tx = house.settle(auction)
    assert coin.of(seller) - before == PRICE - FEE
    assert only_event(tx, "CreationHeld")["owner"] == buyer
    with reverts_with("Creation_NotDelivered", collection, 5, house.contract):
        house.contract.retrieve(collection, 5, buyer, {"from": buyer})
    collection.setLying(False)
    house.contract.retrieve(collection, 5, buyer, {"from": buyer})
    assert collection.ownerOf(5) == buyer


def test_a_collection_that_lies_hurts_its_own_sale_only(
    house, coin, registry, creation, foreign, MockLyingCollection, seller, buyer, stranger
):
    """It says that the house has it: the buyer pays for nothing, and others don't notice."""
    collection = foreign(MockLyingCollection)
    collection.setLying(True)
    collection.setClaimed(5, house.contract)
    auction = won_in(house, collection, seller, buyer)
    other = house.opened(seller, creation_id=creation)
    house.bid(other, stranger)
    house.settle(auction)
    house.settle(other)
    assert registry.ownerOf(creation) == stranger


def test_a_collection_that_vanished_doesnt_stop_the_money(house, coin, honest, seller, buyer):
    auction = won_in(house, honest, seller, buyer)
    set_code(honest, "0x")
    before = coin.of(seller)
    house.settle(auction)
    assert coin.of(seller) - before == PRICE - FEE
    assert house.contract.heldFor(honest.address, 5) == buyer
    with reverts_with("Collection_HasNoCode", honest):
        house.contract.retrieve(honest.address, 5, buyer, {"from": buyer})


@pytest.mark.parametrize("kind", ["person", "token", "house"])
def test_bid_reverts_when_there_is_no_such_collection(house, token, stranger, seller, buyer, kind):
    """A token's `transferFrom` takes an amount for an id, but a token has no `ownerOf`."""
    collection = {"person": stranger, "token": token, "house": house.contract}[kind]
    token.approve(house.contract, 2**255, {"from": seller})
    before = token.balanceOf(seller)
    auction = house.opened(seller, collection=collection.address, creation_id=10**18)
    with pytest.raises(Exception, match="revert") as caught:
        house.bid(auction, buyer)
    if kind == "person":
        assert "Collection_HasNoCode" in str(caught.value)
    assert token.balanceOf(seller) == before


def test_another_registry_is_a_foreign_collection(
    house, CreationRegistry, coin, seller, buyer, creator, deployer
):
    """Its tenure doesn't count here, and its royalty goes to the one receiver of ERC-2981."""
    other = CreationRegistry.deploy("Others", "OTH", bytes(32), {"from": deployer})
    work = register(other, creator, 1, royalty_bps=1_000)
    other.transferFrom(creator, seller, work, {"from": creator})
    other.setApprovalForAll(house.contract, True, {"from": seller})
    auction = house.opened(seller, collection=other.address, creation_id=work, royalty_bps_max=700)
    house.bid(auction, buyer)
    before = coin.of(creator)
    house.settle(auction)
    assert other.ownerOf(work) == buyer
    assert coin.of(creator) - before == PRICE * 700 // 10_000


# Gas


@pytest.mark.parametrize("gas", [105_000, 120_000])
def test_settle_reverts_when_the_royalty_cant_be_asked(house, honest, seller, buyer, gas):
    """Whoever sends too little must not save the creator's royalty."""
    auction = won_in(house, honest, seller, buyer)
    house.ends(auction)
    with pytest.raises(Exception, match=f"Gas_TooLittle: .*, {needed(ROYALTY_GAS)}"):
        house.contract.settle(auction, {"from": seller, "gas_limit": gas})


@pytest.mark.parametrize("gas", [200_000, 540_000])
def test_settle_reverts_when_the_creation_cant_be_handed_out(house, honest, seller, buyer, gas):
    """Whoever sends too little must not keep the creation from the winner."""
    auction = won_in(house, honest, seller, buyer)
    house.ends(auction)
    with pytest.raises(Exception, match=f"Gas_TooLittle: .*, {needed(HAND_OVER_GAS)}"):
        house.contract.settle(auction, {"from": seller, "gas_limit": gas})
    assert honest.ownerOf(5) == house.contract


def test_our_creations_need_no_such_gas(house, registry, seller, buyer, creation):
    auction = house.opened(seller, creation_id=creation)
    house.bid(auction, buyer)
    house.settle(auction, gas_limit=250_000)
    assert registry.ownerOf(creation) == buyer


def test_with_any_gas_the_winner_gets_it_or_nothing_happens(
    house, MockGasProbe, picky, seller, buyer, creator, coin
):
    """Neither the winner's creation nor the creator's royalty depends on what a settler sends."""
    picky.setRoyalty(creator, 1_000)
    auction = won_in(house, picky, seller, buyer)
    house.ends(auction)
    probe = MockGasProbe.deploy({"from": buyer})
    watches = [
        (picky.address, picky.ownerOf.encode_input(5)),
        (creator.address, b""),
        (seller.address, b""),
        (house.contract.address, house.contract.heldFor.encode_input(picky, 5)),
        (house.contract.address, house.contract.creditOf.encode_input(COIN, creator)),
    ]
    before = coin.of(creator), coin.of(seller)
    settled = 0
    for first, step in ((100_000, 5_000), (520_000, 1_500), (590_000, 500)):
        data = probe.probe.encode_input(
            house.contract, 0, house.contract.settle.encode_input(auction), watches, first, step, 40
        )
        call = {"from": buyer.address, "to": probe.address, "data": data, "gas": 29_000_000}
        for gas, success, seen in probe.probe.decode_output(web3.eth.call(call)):
            owner, creators, sellers, held, credit = seen
            if success:
                settled += 1
                assert (owner, held, credit) == (int(buyer.address, 16), 0, 0), gas
                assert creators - before[0] == PRICE // 10
                assert sellers - before[1] == PRICE - FEE - PRICE // 10
            else:
                assert owner == int(house.contract.address, 16)
                assert (creators, sellers) == before
    assert 5 < settled < 115


def test_a_thirsty_collection_is_still_handed_over(
    house, foreign, MockHookCollection, MockReceiver, seller, buyer
):
    """One whose transfer calls others, as rental and staking collections do."""
    collection = foreign(MockHookCollection)
    hook = MockReceiver.deploy({"from": seller})
    collection.setHook(hook)
    house.settle(won_in(house, collection, seller, buyer), gas_limit=MUCH_GAS)
    assert collection.ownerOf(5) == buyer


def test_outbidding_doesnt_ask_the_collection(house, picky, seller, buyer, stranger):
    """A collection that refuses everything later can't freeze the bids."""
    auction = won_in(house, picky, seller, buyer)
    for account in (buyer, stranger, seller, house.contract):
        picky.setRefusal(account, BURN_GAS)
    house.bid(auction, stranger, next_bid(PRICE))
    assert house.bidder(auction) == stranger
