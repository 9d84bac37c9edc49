"""Works that a creator made together with others."""

import pytest
from brownie import ZERO_ADDRESS, web3
from eth_abi import encode

from tests.contracts.creation_registry.conftest import partners_of, register_together
from tests.contracts.support import (
    content_commitment,
    event_names,
    id_of,
    make_work,
    only_event,
    register,
    reverts_with,
    reverts_without_error,
    set_storage,
)

CREATOR_COUNT_SLOT = 2
CREATORS_MAX = 2**30 - 1


@pytest.fixture(scope="module")
def others(accounts):
    """Five accounts by ascending address, none of them one that the tests name."""
    return sorted(accounts[10:15], key=lambda account: int(account.address, 16))


def together(registry, creator, partners, n=1):
    """Registers with exactly these partners, in this order."""
    return registry.registerTogether(make_work(n), partners, {"from": creator})


def creator_count(registry):
    slot = web3.eth.get_storage_at(registry.address, CREATOR_COUNT_SLOT)
    return int.from_bytes(bytes(slot), "big")


# What a work made together is


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_partners_are_kept_in_order(registry, creator, others, count):
    partners = [(account.address, 100 + n) for n, account in enumerate(others[:count])]
    id_ = only_event(together(registry, creator, partners), "CreationShared")["id"]
    assert list(registry.partnersOf(id_)) == partners


def test_register_together_makes_the_caller_creator_and_owner(registry, creator, others):
    tx = together(registry, creator, [(others[0].address, 100)])
    id_ = id_of(make_work(1), creator)
    assert tx.return_value == id_
    assert registry.ownerOf(id_) == creator
    assert registry.balanceOf(creator) == 1
    assert registry.balanceOf(others[0]) == 0
    moment = tx.timestamp
    assert registry.creationOf(id_) == (creator, moment, 500, 0, 0)


def test_register_together_emits_what_register_does_and_the_partners(registry, creator, others):
    work = make_work(1, royalty_bps=750)
    partners = [(others[0].address, 1), (others[1].address, 9_998)]
    tx = registry.registerTogether(work, partners, {"from": creator})
    assert event_names(tx) == ["CreationRegistered", "Transfer", "CreationShared"]
    id_ = id_of(work, creator)
    assert only_event(tx, "CreationRegistered") == {
        "id": id_,
        "creator": creator,
        "documentDigest": "0x" + work.document_digest.hex(),
        "documentSize": work.document_size,
        "royaltyBps": 750,
        "contentCommitment": "0x" + work.content_commitment.hex(),
    }
    assert only_event(tx, "CreationShared") == {"id": id_, "partners": tuple(partners)}


def test_a_derivative_can_be_made_together(registry, creator, seller, others):
    parent = register(registry, seller, 9)
    work = make_work(1, parents=[parent])
    partners = [(others[0].address, 5_000)]
    tx = registry.registerTogether(work, partners, {"from": creator})
    assert event_names(tx) == [
        "CreationRegistered",
        "CreationDerived",
        "Transfer",
        "CreationShared",
    ]
    assert registry.parentsOf(id_of(work, creator)) == (parent,)
    assert list(registry.partnersOf(id_of(work, creator))) == partners


def test_an_id_says_nothing_of_partners(registry, creator, others):
    """So nobody can take a work's id by naming other partners first."""
    work = make_work(1)
    registry.registerTogether(work, [(others[0].address, 1)], {"from": others[1]})
    registry.registerTogether(work, [(others[0].address, 1)], {"from": creator})
    assert registry.creationOf(id_of(work, creator))["creator"] == creator


def test_a_work_of_one_has_no_partners(registry, work_id):
    assert registry.partnersOf(work_id) == ()


def test_partners_of_reverts_when_unknown(registry):
    with reverts_with("Creation_Unknown", 7):
        registry.partnersOf(7)


def test_partners_survive_transfers_and_a_burn(registry, creator, buyer, others):
    partners = [(others[0].address, 100)]
    id_ = only_event(together(registry, creator, partners), "CreationShared")["id"]
    registry.transferFrom(creator, buyer, id_, {"from": creator})
    assert list(registry.partnersOf(id_)) == partners
    registry.burn(id_, {"from": buyer})
    assert list(registry.partnersOf(id_)) == partners


def test_contracts_can_be_partners(registry, creator, token, MockBuyer, deployer):
    maker = MockBuyer.deploy({"from": deployer})
    id_ = register_together(registry, creator, {maker: 100, token: 200})
    assert set(registry.partnersOf(id_)) == {(maker.address, 100), (token.address, 200)}


def test_a_contract_can_be_the_creator(registry, MockBuyer, others, deployer):
    maker = MockBuyer.deploy({"from": deployer})
    partners = [(others[0].address, 100)]
    data = registry.registerTogether.encode_input(make_work(1), partners)
    maker.execute(registry, 0, data, {"from": deployer})
    id_ = id_of(make_work(1), maker)
    assert registry.ownerOf(id_) == maker
    assert list(registry.partnersOf(id_)) == partners


def test_partners_agree_to_nothing_and_own_nothing(registry, creator, others):
    """A partner can't sell, burn or approve what the creator owns."""
    id_ = register_together(registry, creator, {others[0]: 9_999})
    with reverts_with("Creation_NotOwned", id_, others[0], creator):
        registry.burn(id_, {"from": others[0]})
    with reverts_with("NotOwnerNorApproved"):
        registry.transferFrom(creator, others[0], id_, {"from": others[0]})
    with reverts_with("NotOwnerNorApproved"):
        registry.approve(others[0], id_, {"from": others[0]})


# How many


@pytest.mark.parametrize("count", [0, 5])
def test_register_together_reverts_when_the_count_is_out_of_range(registry, creator, others, count):
    partners = [(account.address, 100) for account in others[:count]]
    with reverts_with("Partners_CountOutOfRange", count, 4):
        together(registry, creator, partners)


def test_register_together_reverts_when_there_are_far_too_many(registry, creator):
    partners = [(f"0x{n:040x}", 1) for n in range(1, 258)]
    with reverts_with("Partners_CountOutOfRange", 257, 4):
        together(registry, creator, partners)


# Who


def test_register_together_reverts_when_partners_descend(registry, creator, others):
    partners = [(others[1].address, 100), (others[0].address, 100)]
    with reverts_with("Partner_NotAllowed", others[0]):
        together(registry, creator, partners)


def test_register_together_reverts_when_the_last_partner_descends(registry, creator, others):
    partners = [(others[n].address, 100) for n in (0, 1, 3, 2)]
    with reverts_with("Partner_NotAllowed", others[2]):
        together(registry, creator, partners)


def test_register_together_reverts_when_a_partner_comes_twice(registry, creator, others):
    with reverts_with("Partner_NotAllowed", others[0]):
        together(registry, creator, [(others[0].address, 100)] * 2)


def test_register_together_reverts_when_a_partner_is_zero(registry, creator, others):
    for partners in ([(ZERO_ADDRESS, 100)], [(ZERO_ADDRESS, 100), (others[0].address, 100)]):
        with reverts_with("Partner_NotAllowed", ZERO_ADDRESS):
            together(registry, creator, partners)


def test_register_together_reverts_when_the_creator_is_a_partner(registry, others):
    partners = [(account.address, 100) for account in others[:3]]
    for maker in others[:3]:
        with reverts_with("Partner_NotAllowed", maker):
            together(registry, maker, partners)


def test_the_lowest_and_the_highest_address_can_be_partners(registry, creator):
    partners = [("0x" + "0" * 39 + "1", 1), (web3.to_checksum_address("0x" + "f" * 40), 1)]
    id_ = only_event(together(registry, creator, partners), "CreationShared")["id"]
    assert list(registry.partnersOf(id_)) == partners


# How much


@pytest.mark.parametrize("shares", [(9_999,), (1, 9_998), (1, 1, 1, 9_996)])
def test_partners_can_have_all_but_one_basis_point(registry, creator, others, shares):
    partners = [(o.address, bps) for o, bps in zip(others, shares, strict=False)]
    id_ = only_event(together(registry, creator, partners), "CreationShared")["id"]
    assert list(registry.partnersOf(id_)) == partners


@pytest.mark.parametrize(
    "shares", [(10_000,), (10_001,), (65_535,), (1, 9_999), (65_535,) * 4, (2_500,) * 4]
)
def test_register_together_reverts_when_nothing_is_left(registry, creator, others, shares):
    partners = [(o.address, bps) for o, bps in zip(others, shares, strict=False)]
    with reverts_with("Partners_SharesOutOfRange", sum(shares)):
        together(registry, creator, partners)


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_register_together_reverts_when_a_partner_has_no_share(registry, creator, others, position):
    shares = [100] * 4
    shares[position] = 0
    partners = [(o.address, bps) for o, bps in zip(others, shares, strict=False)]
    with reverts_with("Partners_SharesOutOfRange", 0):
        together(registry, creator, partners)


@pytest.mark.parametrize("dirty", ["account", "share"])
def test_register_together_reverts_when_a_word_is_too_large(registry, creator, others, dirty):
    """Higher bits would name one partner to the hash and another to the record."""
    account, share = int(others[0].address, 16), 100
    if dirty == "account":
        account |= 1 << 160
    else:
        share |= 1 << 16
    work = make_work(1)
    data = (
        registry.registerTogether.signature
        + encode(
            ["(bytes32,uint16,uint16,bytes32,uint256[])", "(uint256,uint256)[]"],
            [(*work[:4], list(work.parents)), [(account, share)]],
        ).hex()
    )
    with reverts_without_error():
        creator.transfer(registry, data=data)


# What the work itself must be


def test_register_together_reverts_when_registered_before(registry, creator, others):
    partners = [(others[0].address, 100)]
    id_ = register(registry, creator, 1)
    with reverts_with("Creation_AlreadyRegistered", id_):
        together(registry, creator, partners)
    assert registry.partnersOf(id_) == ()
    id_ = register_together(registry, creator, {others[0]: 100}, n=2)
    with reverts_with("Creation_AlreadyRegistered", id_):
        together(registry, creator, [(others[0].address, 9_999)], n=2)
    with reverts_with("Creation_AlreadyRegistered", id_):
        register(registry, creator, 2)
    assert list(registry.partnersOf(id_)) == partners


def test_register_together_reverts_when_burnt(registry, creator, others):
    id_ = register_together(registry, creator, {others[0]: 100})
    registry.burn(id_, {"from": creator})
    with reverts_with("Creation_AlreadyRegistered", id_):
        together(registry, creator, [(others[0].address, 100)])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"royalty_bps": 1_001}, ("Royalty_TooHigh", 1_001, 1_000)),
        ({"document_size": 127}, ("Document_SizeOutOfRange", 127, 128, 16_383)),
        ({"document_size": 16_384}, ("Document_SizeOutOfRange", 16_384, 128, 16_383)),
        ({"parents": (7,)}, ("Creation_Unknown", 7)),
        ({"parents": (0,)}, ("Parents_NotAscending", 0, 0)),
        ({"parents": tuple(range(1, 10))}, ("Parents_TooMany", 9, 8)),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else part[0],
)
def test_register_together_reverts_as_register_does(registry, creator, others, change, error):
    work = make_work(1)._replace(**change)
    with reverts_with(*error):
        registry.register(work, {"from": creator})
    with reverts_with(*error):
        registry.registerTogether(work, [(others[0].address, 100)], {"from": creator})


def test_register_together_takes_no_coins(registry, creator, others):
    data = registry.registerTogether.encode_input(make_work(1), [(others[0].address, 100)])
    with reverts_without_error():
        creator.transfer(registry, 1, data=data)


def test_register_together_takes_a_commitment(registry, creator, others):
    commitment = content_commitment(b"\7" * 32, creator)
    work = make_work(1)._replace(content_commitment=commitment)
    tx = registry.registerTogether(work, [(others[0].address, 1)], {"from": creator})
    shown = only_event(tx, "CreationRegistered")["contentCommitment"]
    assert bytes.fromhex(str(shown)[2:]) == commitment


# The group's number


def test_the_same_partners_use_their_number_again(registry, creator, others):
    partners = {others[0]: 100, others[1]: 200}
    first = register_together(registry, creator, partners, n=1)
    count = creator_count(registry)
    tx = together(registry, creator, partners_of(partners), n=2)
    assert creator_count(registry) == count
    assert tx.gas_used < 110_000
    second = only_event(tx, "CreationShared")["id"]
    assert registry.partnersOf(first) == registry.partnersOf(second) != ()


@pytest.mark.parametrize("other", ["share", "partner", "fewer", "creator"])
def test_other_partners_are_another_group(registry, creator, seller, others, other):
    partners = {others[0]: 100, others[1]: 200}
    first = register_together(registry, creator, partners)
    maker, changed = {
        "share": (creator, {others[0]: 100, others[1]: 201}),
        "partner": (creator, {others[0]: 100, others[2]: 200}),
        "fewer": (creator, {others[0]: 100}),
        "creator": (seller, partners),
    }[other]
    count = creator_count(registry)
    second = register_together(registry, maker, changed, n=2)
    assert creator_count(registry) == count + 1
    assert list(registry.partnersOf(first)) == partners_of(partners)
    assert list(registry.partnersOf(second)) == partners_of(changed)
    assert registry.creationOf(first)["creator"] == creator
    assert registry.creationOf(second)["creator"] == maker


def test_a_creators_own_number_is_another(registry, creator, others):
    """Before and after works made together, a creator's own works are the creator's alone."""
    before = register(registry, creator, 1)
    shared = register_together(registry, creator, {others[0]: 100}, n=2)
    after = register(registry, creator, 3)
    assert registry.partnersOf(before) == registry.partnersOf(after) == ()
    assert list(registry.partnersOf(shared)) == [(others[0].address, 100)]


def test_a_first_work_made_together_leaves_later_ones_alone(registry, creator, others):
    shared = register_together(registry, creator, {others[0]: 100}, n=1)
    own = register(registry, creator, 2)
    again = register_together(registry, creator, {others[0]: 100}, n=3)
    assert registry.partnersOf(own) == ()
    assert registry.creationOf(own)["creator"] == creator
    assert registry.partnersOf(shared) == registry.partnersOf(again) != ()


def test_a_partner_can_be_a_creator_of_their_own(registry, creator, others):
    shared = register_together(registry, creator, {others[0]: 100}, n=1)
    own = register(registry, others[0], 1)
    turned = register_together(registry, others[0], {creator: 100}, n=2)
    assert registry.creationOf(own)["creator"] == others[0]
    assert registry.partnersOf(own) == ()
    assert list(registry.partnersOf(turned)) == [(creator.address, 100)]
    assert list(registry.partnersOf(shared)) == [(others[0].address, 100)]


def test_a_refused_group_leaves_nothing(registry, creator, others):
    """It is refused again, not taken for a known one."""
    count = creator_count(registry)
    partners = [(others[0].address, 10_000)]
    for _ in range(2):
        with reverts_with("Partners_SharesOutOfRange", 10_000):
            together(registry, creator, partners)
    assert creator_count(registry) == count


def test_register_together_reverts_when_there_are_too_many_creators(registry, creator, others):
    known = {others[0]: 100}
    register_together(registry, creator, known, n=1)
    set_storage(registry, CREATOR_COUNT_SLOT, CREATORS_MAX)
    with reverts_with("Creators_TooMany", CREATORS_MAX):
        together(registry, creator, [(others[0].address, 101)], n=2)
    id_ = register_together(registry, creator, known, n=2)
    assert list(registry.partnersOf(id_)) == partners_of(known)
