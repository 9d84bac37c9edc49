"""Works that their creator only signed, and anybody registers."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.creation_registry.conftest import partners_of
from tests.contracts.creation_registry.vouchers import Sale, make_voucher, voucher_digest
from tests.contracts.support import (
    DAY,
    event_names,
    fields,
    id_of,
    make_work,
    only_event,
    register,
    reverts_with,
    sign,
    sleep_to,
    typed_digest,
)

CANCELLATION = {
    "VoucherCancellation": fields(
        "address creator,bytes32 documentDigest,uint256 documentSize,uint256 version,uint256 expiry"
    )
}


@pytest.fixture
def bring(registry, stranger):
    """Somebody brings a voucher; the creator signed it, unless told otherwise."""

    def bring(voucher, signature=None, owner=None, caller=stranger, signer=None):
        if signature is None:
            signature = sign(voucher_digest(registry, voucher), signer)
        return registry.registerFor(voucher, signature, owner or voucher.creator, {"from": caller})

    return bring


@pytest.fixture
def cancel_for(registry, stranger):
    """Somebody brings a signed cancellation of the vouchers of the first test work."""

    def cancel_for(creator, version, signer=None, expiry=None, altered=None):
        work = make_work(1)
        expiry = chain.time() + DAY if expiry is None else expiry
        terms = (str(creator), work.document_digest, work.document_size, version, expiry)
        message = dict(
            zip(
                ("creator", "documentDigest", "documentSize", "version", "expiry"),
                terms,
                strict=True,
            )
        )
        digest = typed_digest(
            registry, "Dokkaebi CreationRegistry", "VoucherCancellation", CANCELLATION, message
        )
        signature = sign(digest, signer or creator)
        brought = (*terms[:3], version if altered is None else altered, expiry)
        return digest, lambda: registry.cancelVouchersFor(*brought, signature, {"from": stranger})

    return cancel_for


def test_the_voucher_is_what_wallets_hash(registry, creator, seller, buyer):
    """The digest is eth-account's, with every field different from nothing."""
    parents = sorted(register(registry, seller, n) for n in (7, 8))
    sale = Sale(str(seller), str(buyer), str(registry), 7, 8, str(seller), 9)
    voucher = make_voucher(
        creator,
        partners=partners_of({seller: 100, buyer: 200}),
        sale=sale,
        version=3,
        parents=parents,
    )
    assert bytes(registry.hashVoucher(voucher)) == voucher_digest(registry, voucher)


def test_a_signed_work_is_its_creators(registry, bring, creator, stranger):
    voucher = make_voucher(creator)
    tx = bring(voucher, signer=creator)
    id_ = id_of(voucher.work, creator)
    assert registry.ownerOf(id_) == creator
    made = registry.creationOf(id_).dict()
    assert (made["creator"], made["createdAt"], made["tenure"]) == (creator, tx.timestamp, 0)
    assert tx.return_value == (id_, "0x" + voucher_digest(registry, voucher).hex())
    assert event_names(tx) == ["CreationRegistered", "Transfer"]
    assert only_event(tx, "CreationRegistered")["creator"] == creator
    assert registry.balanceOf(stranger) == 0


def test_a_signed_work_is_like_a_registered_one(registry, bring, creator, seller):
    """The creator has one number, whichever way works come."""
    first = bring(make_voucher(creator, n=1), signer=creator).return_value[0]
    second = register(registry, creator, n=2)
    third = bring(make_voucher(creator, n=3), signer=creator).return_value[0]
    for id_ in (first, second, third):
        assert registry.creationOf(id_).dict()["creator"] == creator
        assert registry.royaltyInfo(id_, 10_000) == (creator, 500)


def test_register_for_reverts_twice(registry, bring, creator):
    voucher = make_voucher(creator)
    bring(voucher, signer=creator)
    with reverts_with("Creation_AlreadyRegistered", id_of(voucher.work, creator)):
        bring(voucher, signer=creator)


def test_register_for_reverts_for_a_burnt_work(registry, bring, creator):
    voucher = make_voucher(creator)
    bring(voucher, signer=creator)
    registry.burn(id_of(voucher.work, creator), {"from": creator})
    with reverts_with("Creation_AlreadyRegistered", id_of(voucher.work, creator)):
        bring(voucher, signer=creator)


def test_register_for_reverts_when_registered_by_its_creator(registry, bring, creator):
    voucher = make_voucher(creator)
    register(registry, creator, 1)
    with reverts_with("Creation_AlreadyRegistered", id_of(voucher.work, creator)):
        bring(voucher, signer=creator)


def test_register_for_reverts_when_somebody_else_signed(registry, bring, creator, seller):
    voucher = make_voucher(creator)
    with reverts_with("Signature_Wrong", creator, voucher_digest(registry, voucher)):
        bring(voucher, signer=seller)


def test_register_for_reverts_for_nobodys_signature(registry, bring):
    voucher = make_voucher(ZERO_ADDRESS)
    with reverts_with("Signature_Wrong", ZERO_ADDRESS, voucher_digest(registry, voucher)):
        bring(voucher, signature=bytes(65))


@pytest.mark.parametrize(
    "change",
    [
        {"royalty_bps": 499},
        {"document_size": 999},
        {"content_commitment": b"\1" * 32},
        {"document_digest": b"\2" * 32},
    ],
    ids=str,
)
def test_register_for_reverts_when_the_work_was_altered(registry, bring, creator, change):
    voucher = make_voucher(creator)
    signature = sign(voucher_digest(registry, voucher), creator)
    altered = voucher._replace(work=voucher.work._replace(**change))
    with reverts_with("Signature_Wrong", creator, voucher_digest(registry, altered)):
        bring(altered, signature)


def test_register_for_reverts_when_parents_or_partners_were_altered(
    registry, bring, creator, seller
):
    parent = register(registry, seller, 9)
    voucher = make_voucher(creator, partners=partners_of({seller: 100}))
    signature = sign(voucher_digest(registry, voucher), creator)
    for altered in (
        voucher._replace(work=voucher.work._replace(parents=(parent,))),
        voucher._replace(partners=()),
        voucher._replace(partners=tuple(partners_of({seller: 101}))),
        voucher._replace(expiry=voucher.expiry + 1),
        voucher._replace(version=1),
        voucher._replace(sale=Sale(price=1)),
    ):
        with reverts_with("Signature_Wrong", creator, voucher_digest(registry, altered)):
            bring(altered, signature)


def test_register_for_reverts_for_another_registrys_voucher(
    CreationRegistry, registry, bring, creator
):
    twin = CreationRegistry.deploy("Twin", "T", bytes(32), {"from": creator})
    voucher = make_voucher(creator)
    with reverts_with("Signature_Wrong", creator, voucher_digest(registry, voucher)):
        bring(voucher, sign(voucher_digest(twin, voucher), creator))


def test_nobody_takes_a_voucher_from_the_mempool(registry, bring, creator, stranger):
    """Whoever copies it brings it for its creator; in another's name it is another work."""
    voucher = make_voucher(creator)
    signature = sign(voucher_digest(registry, voucher), creator)
    with reverts_with("Voucher_NotCreator", stranger, creator):
        bring(voucher, signature, owner=stranger)
    stolen = voucher._replace(creator=str(stranger))
    with reverts_with("Signature_Wrong", stranger, voucher_digest(registry, stolen)):
        bring(stolen, signature)
    registry.register(voucher.work, {"from": stranger})
    bring(voucher, signature)
    assert registry.ownerOf(id_of(voucher.work, creator)) == creator


def test_only_its_market_uses_a_voucher_of_a_sale(registry, bring, creator, seller, buyer):
    voucher = make_voucher(creator, sale=Sale(market=str(seller), price=1))
    for caller, owner in ((buyer, buyer), (buyer, creator), (creator, creator)):
        with reverts_with("Voucher_NotMarket", caller, seller):
            bring(voucher, owner=owner, caller=caller, signer=creator)
    bring(voucher, owner=buyer, caller=seller, signer=creator)
    id_ = id_of(voucher.work, creator)
    assert registry.ownerOf(id_) == buyer
    made = registry.creationOf(id_).dict()
    assert (made["creator"], made["tenure"]) == (creator, 0)


def test_register_for_reverts_for_no_owner(bring, creator, seller):
    voucher = make_voucher(creator, sale=Sale(market=str(seller), price=1))
    with reverts_with("TransferToZeroAddress"):
        bring(voucher, owner=ZERO_ADDRESS, caller=seller, signer=creator)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_voucher_is_good_to_its_last_second(registry, bring, creator, seconds):
    voucher = make_voucher(creator)
    sleep_to(chain, voucher.expiry + seconds)
    assert bring(voucher, signer=creator).timestamp == voucher.expiry + seconds


def test_register_for_reverts_after_the_last_second(registry, bring, creator):
    voucher = make_voucher(creator)
    sleep_to(chain, voucher.expiry + 1)
    with reverts_with(
        "Document_Expired", voucher_digest(registry, voucher), voucher.expiry, voucher.expiry + 1
    ):
        bring(voucher, signer=creator)


def test_register_for_checks_the_work_as_register_does(registry, bring, creator):
    with reverts_with("Royalty_TooHigh", 1_001, 1_000):
        bring(make_voucher(creator, royalty_bps=1_001), signer=creator)
    with reverts_with("Document_SizeOutOfRange", 127, 128, 16_383):
        bring(make_voucher(creator, size=127), signer=creator)
    with reverts_with("Creation_Unknown", 5):
        bring(make_voucher(creator, parents=(5,)), signer=creator)


def test_a_signed_work_has_its_partners(registry, bring, creator, seller, buyer):
    partners = partners_of({seller: 1_000, buyer: 500})
    voucher = make_voucher(creator, partners=partners)
    tx = bring(voucher, signer=creator)
    assert event_names(tx) == ["CreationRegistered", "Transfer", "CreationShared"]
    found = registry.partnersOf(id_of(voucher.work, creator))
    assert [tuple(partner) for partner in found] == partners


def test_a_signed_work_checks_its_partners(bring, creator):
    voucher = make_voucher(creator, partners=((str(creator), 100),))
    with reverts_with("Partner_NotAllowed", creator):
        bring(voucher, signer=creator)


def test_a_contract_signs_a_work(registry, bring, MockSigner, creator):
    maker = MockSigner.deploy({"from": creator})
    voucher = make_voucher(maker)
    with reverts_with("Signature_Wrong", maker, voucher_digest(registry, voucher)):
        bring(voucher, b"ours")
    maker.sign(voucher_digest(registry, voucher), b"ours", {"from": creator})
    bring(voucher, b"ours")
    assert registry.ownerOf(id_of(voucher.work, maker)) == maker


@pytest.mark.parametrize("answer", [1, 2, 3, 4], ids=["wrong", "revert", "burn gas", "bomb"])
def test_register_for_reverts_when_the_contract_answers_badly(
    registry, bring, MockSigner, creator, answer
):
    maker = MockSigner.deploy({"from": creator})
    voucher = make_voucher(maker)
    maker.sign(voucher_digest(registry, voucher), b"ours", {"from": creator})
    maker.setAnswer(answer, {"from": creator})
    with reverts_with("Signature_Wrong", maker, voucher_digest(registry, voucher)):
        bring(voucher, b"ours")


# Cancelling


def test_cancelled_vouchers_are_dead(registry, bring, creator):
    work = make_work(1)
    id_ = id_of(work, creator)
    tx = registry.cancelVouchers(work.document_digest, work.document_size, 2, {"from": creator})
    assert only_event(tx, "VouchersCancelled") == {
        "id": id_,
        "creator": creator,
        "leastVersion": 2,
    }
    assert registry.leastVersionOf(id_) == 2
    for version in (0, 1):
        with reverts_with("Voucher_Cancelled", id_, version, 2):
            bring(make_voucher(creator, version=version), signer=creator)
    bring(make_voucher(creator, version=2), signer=creator)
    assert registry.creationOf(id_).dict()["creator"] == creator


def test_after_cancelling_the_creator_still_registers(registry, creator):
    work = make_work(1)
    most = registry.VERSION_MAX()
    registry.cancelVouchers(work.document_digest, work.document_size, most, {"from": creator})
    id_ = register(registry, creator, 1)
    made = registry.creationOf(id_).dict()
    assert (made["royaltyBps"], made["parentCount"], made["tenure"]) == (500, 0, 0)
    assert registry.royaltyInfo(id_, 10_000) == (creator, 500)


def test_a_cancelled_work_isnt_a_creation(registry, creator):
    work = make_work(1)
    id_ = id_of(work, creator)
    registry.cancelVouchers(work.document_digest, work.document_size, 2**62 - 1, {"from": creator})
    for look in (registry.creationOf, registry.tenureOf, registry.partnersOf):
        with reverts_with("Creation_Unknown", id_):
            look(id_)
    with reverts_with("TokenDoesNotExist"):
        registry.ownerOf(id_)
    with reverts_with("Creation_Unknown", id_):
        registry.register(make_work(2, parents=(id_,)), {"from": creator})


@pytest.mark.parametrize("version", [0, 1, 2])
def test_the_least_version_only_rises(registry, creator, version):
    work = make_work(1)
    registry.cancelVouchers(work.document_digest, work.document_size, 2, {"from": creator})
    most = registry.VERSION_MAX()
    with reverts_with("Version_OutOfRange", version, 3, most):
        registry.cancelVouchers(
            work.document_digest, work.document_size, version, {"from": creator}
        )


def test_cancel_vouchers_reverts_above_the_highest_version(registry, creator):
    work = make_work(1)
    most = registry.VERSION_MAX()
    assert most == 2**62 - 1
    with reverts_with("Version_OutOfRange", most + 1, 1, most):
        registry.cancelVouchers(
            work.document_digest, work.document_size, most + 1, {"from": creator}
        )


def test_cancel_vouchers_reverts_when_registered(registry, creator):
    id_ = register(registry, creator, 1)
    work = make_work(1)
    with reverts_with("Creation_AlreadyRegistered", id_):
        registry.cancelVouchers(work.document_digest, work.document_size, 1, {"from": creator})
    with reverts_with("Creation_AlreadyRegistered", id_):
        registry.leastVersionOf(id_)


def test_nobody_cancels_anothers_vouchers(registry, bring, creator, stranger):
    work = make_work(1)
    registry.cancelVouchers(work.document_digest, work.document_size, 9, {"from": stranger})
    bring(make_voucher(creator), signer=creator)


def test_a_signed_cancellation_cancels(registry, bring, cancel_for, creator):
    _, brought = cancel_for(creator, 1)
    brought()
    with reverts_with("Voucher_Cancelled", id_of(make_work(1), creator), 0, 1):
        bring(make_voucher(creator), signer=creator)
    # Brought again, and by whoever, it does nothing.
    with reverts_with("Version_OutOfRange", 1, 2, registry.VERSION_MAX()):
        brought()


def test_cancel_vouchers_for_reverts_when_forged_altered_or_late(
    registry, cancel_for, creator, stranger
):
    digest, forged = cancel_for(creator, 1, signer=stranger)
    with reverts_with("Signature_Wrong", creator, digest):
        forged()
    right, _ = cancel_for(creator, 2, expiry=2**40)
    _, altered = cancel_for(creator, 1, altered=2, expiry=2**40)
    with reverts_with("Signature_Wrong", creator, right):
        altered()
    expiry = chain.time() + DAY
    digest, late = cancel_for(creator, 1, expiry=expiry)
    sleep_to(chain, expiry + 1)
    with reverts_with("Document_Expired", digest, expiry, expiry + 1):
        late()
