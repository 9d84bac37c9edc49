"""Works that are registered and sold in one transaction, by their creator's signature."""

import pytest
from brownie import ZERO_ADDRESS, accounts, chain, web3
from eth_account import Account

from tests.contracts.creation_market.conftest import FEE, PRICE, PRICE_MAX, hex_of, sale_of
from tests.contracts.creation_registry.conftest import partners_of
from tests.contracts.creation_registry.vouchers import Sale, make_voucher, voucher_digest
from tests.contracts.support import (
    COIN,
    event_names,
    events_of,
    id_of,
    only_event,
    register,
    reverts_with,
    sign,
    sign_permit,
    sleep_to,
)


@pytest.fixture
def voucher_of(creation_market):
    """A voucher for this market; `sale` are terms of the sale."""

    def voucher_of(creator, money=None, n=1, sale=None, **terms):
        asset = COIN if money is None else money.address
        sold = {"market": creation_market.address, "asset": asset, "price": PRICE, **(sale or {})}
        return make_voucher(creator, n, sale=Sale(**sold), **terms)

    return voucher_of


@pytest.fixture
def buy_new(creation_market, registry):
    """Buys by a voucher that its creator signed, unless told otherwise."""

    def buy_new(voucher, buyer, signature=None, referrer=ZERO_ADDRESS, permit=b"", value=None):
        if signature is None:
            signer = accounts.at(voucher.creator)
            signature = sign(voucher_digest(registry, voucher), signer)
        if value is None:
            value = voucher.sale.price if voucher.sale.asset == COIN else 0
        return creation_market.buyNew(
            voucher, signature, referrer, permit, {"from": buyer, "value": value}
        )

    return buy_new


def test_a_new_work_is_sold(registry, buy_new, voucher_of, watch, money, creator, treasury, buyer):
    voucher = voucher_of(creator, money)
    seen = watch(money, creator, treasury)
    tx = buy_new(voucher, buyer)
    id_ = id_of(voucher.work, creator)
    assert seen.gained() == [PRICE - FEE, FEE]
    assert registry.ownerOf(id_) == buyer
    assert tx.return_value == id_
    made = registry.creationOf(id_).dict()
    assert (made["creator"], made["createdAt"], made["tenure"]) == (creator, tx.timestamp, 0)
    assert registry.royaltyInfo(id_, 10_000) == (creator, 500)


def test_a_new_works_sale_says_everything(
    registry, buy_new, voucher_of, money, creator, buyer, referrer
):
    voucher = voucher_of(creator, money, sale={"referral_bps": 1_000})
    tx = buy_new(voucher, buyer, referrer=referrer)
    assert sale_of(tx) == {
        "documentId": hex_of(voucher_digest(registry, voucher)),
        "seller": creator,
        "buyer": buyer,
        "collection": registry,
        "creationId": id_of(voucher.work, creator),
        "asset": money.address,
        "price": PRICE,
        "referrer": referrer,
        "creator": ZERO_ADDRESS,
        "royalty": 0,
        "referral": PRICE // 10,
        "fee": FEE,
    }
    ours = [name for name in event_names(tx) if name not in {"Transfer", "Approval"}]
    assert ours == ["CreationRegistered", "SaleSettled"]


def test_the_creator_needs_no_coin_and_no_transaction(
    registry, buy_new, voucher_of, dkb, token, buyer
):
    maker = Account.from_key("0x" + "5a" * 32)
    voucher = voucher_of(maker.address, dkb)
    signed = maker.unsafe_sign_hash(voucher_digest(registry, voucher))
    buy_new(voucher, buyer, bytes(signed.signature))
    assert token.balanceOf(maker.address) == PRICE - FEE
    assert web3.eth.get_balance(maker.address) == 0
    assert web3.eth.get_transaction_count(maker.address) == 0


def test_buy_new_reverts_twice(buy_new, voucher_of, money, creator, buyer):
    voucher = voucher_of(creator, money)
    buy_new(voucher, buyer)
    with reverts_with("Creation_AlreadyRegistered", id_of(voucher.work, creator)):
        buy_new(voucher, buyer)


def test_buy_new_reverts_when_registered_meanwhile(
    registry, buy_new, voucher_of, money, creator, buyer
):
    voucher = voucher_of(creator, money)
    register(registry, creator, 1)
    with reverts_with("Creation_AlreadyRegistered", id_of(voucher.work, creator)):
        buy_new(voucher, buyer)


def test_buy_new_reverts_for_cancelled_vouchers(
    registry, buy_new, voucher_of, money, creator, buyer
):
    """A dearer one with a higher version is bought."""
    cheap = voucher_of(creator, money)
    work = cheap.work
    registry.cancelVouchers(work.document_digest, work.document_size, 1, {"from": creator})
    with reverts_with("Voucher_Cancelled", id_of(work, creator), 0, 1):
        buy_new(cheap, buyer)
    buy_new(voucher_of(creator, money, sale={"price": PRICE + 1}, version=1), buyer)
    assert registry.ownerOf(id_of(work, creator)) == buyer


@pytest.mark.parametrize(
    "change",
    [{"price": 1}, {"asset": "0x" + "11" * 20}, {"sponsor_amount": 1}, {"referral_bps": 1}],
    ids=str,
)
def test_buy_new_reverts_when_the_sale_was_altered(
    registry, buy_new, voucher_of, creator, buyer, change
):
    voucher = voucher_of(creator)
    signature = sign(voucher_digest(registry, voucher), creator)
    altered = voucher._replace(sale=voucher.sale._replace(**change))
    with reverts_with("Signature_Wrong", creator, voucher_digest(registry, altered)):
        buy_new(altered, buyer, signature)


def test_buy_new_reverts_for_another_market(
    CreationMarket, registry, treasury, creation_market, buy_new, voucher_of, creator, buyer
):
    twin = CreationMarket.deploy(registry, treasury, 250, {"from": buyer})
    voucher = voucher_of(creator, sale={"market": twin.address})
    with reverts_with("Voucher_NotMarket", creation_market, twin):
        buy_new(voucher, buyer)


def test_buy_new_reverts_for_a_voucher_without_sale(buy_new, voucher_of, creator, buyer):
    voucher = voucher_of(creator, sale={"market": ZERO_ADDRESS})
    with reverts_with("Voucher_NotCreator", buyer, creator):
        buy_new(voucher, buyer)


def test_buy_new_reverts_for_its_creator(buy_new, voucher_of, creator):
    with reverts_with("Buyer_IsSeller", creator):
        buy_new(voucher_of(creator), creator)


def test_a_voucher_is_kept_for_its_buyer(
    registry, buy_new, voucher_of, money, creator, buyer, stranger
):
    voucher = voucher_of(creator, money, sale={"buyer": str(buyer)})
    with reverts_with("Offer_Reserved", stranger, buyer):
        buy_new(voucher, stranger)
    buy_new(voucher, buyer)
    assert registry.ownerOf(id_of(voucher.work, creator)) == buyer


@pytest.mark.parametrize("price", [0, PRICE_MAX + 1])
def test_buy_new_reverts_for_an_impossible_price(buy_new, voucher_of, creator, buyer, price):
    with reverts_with("Price_OutOfRange", price, PRICE_MAX):
        buy_new(voucher_of(creator, sale={"price": price}), buyer, value=0)


def test_buy_new_reverts_for_too_much_commission(buy_new, voucher_of, creator, buyer):
    with reverts_with("Offer_ReferralTooHigh", 5_001, 5_000):
        buy_new(voucher_of(creator, sale={"referral_bps": 5_001}), buyer)


def test_buy_new_reverts_when_a_party_refers(creation_market, buy_new, voucher_of, creator, buyer):
    voucher = voucher_of(creator, sale={"referral_bps": 100})
    for referrer in (buyer, creator, creation_market):
        with reverts_with("Referrer_NotAllowed", referrer):
            buy_new(voucher, buyer, referrer=referrer)


def test_the_whole_of_shares_can_be_signed_away(
    registry, buy_new, voucher_of, watch, money, creator, treasury, buyer, referrer, stranger
):
    """Commission and sponsor together take all that the fee leaves, and not a unit more."""
    referral = PRICE * 5_000 // 10_000
    left = PRICE - FEE - referral
    terms = {"referral_bps": 5_000, "sponsor": str(stranger)}
    much = voucher_of(creator, money, sale={**terms, "sponsor_amount": left + 1})
    with reverts_with("Sponsor_TooDear", left + 1, left):
        buy_new(much, buyer, referrer=referrer)
    voucher = voucher_of(creator, money, sale={**terms, "sponsor_amount": left})
    seen = watch(money, creator, treasury, referrer, stranger)
    tx = buy_new(voucher, buyer, referrer=referrer)
    assert seen.gained() == [0, FEE, referral, left]
    assert only_event(tx, "SponsorRepaid") == {
        "documentId": hex_of(voucher_digest(registry, voucher)),
        "sponsor": stranger,
        "amount": left,
    }


def test_buy_new_reverts_for_a_sponsor_who_is_nobody(
    creation_market, buy_new, voucher_of, creator, buyer
):
    for sponsor in (ZERO_ADDRESS, creation_market.address):
        voucher = voucher_of(creator, sale={"sponsor": sponsor, "sponsor_amount": 1})
        with reverts_with("Recipient_NotAllowed", sponsor):
            buy_new(voucher, buyer)


def test_too_many_coins_come_back(buy_new, voucher_of, coin, creator, buyer):
    before = coin.of(buyer)
    tx = buy_new(voucher_of(creator), buyer, value=PRICE + 5)
    assert coin.of(buyer) == before - PRICE - tx.gas_used * tx.gas_price


def test_buy_new_reverts_for_too_few_coins(buy_new, voucher_of, creator, buyer):
    with reverts_with("Value_Wrong", PRICE - 1, PRICE):
        buy_new(voucher_of(creator), buyer, value=PRICE - 1)


def test_buy_new_reverts_for_coins_beside_tokens(buy_new, voucher_of, dkb, creator, buyer):
    with reverts_with("Value_Wrong", 1, 0):
        buy_new(voucher_of(creator, dkb), buyer, value=1)


def test_a_permit_stands_for_an_approval(
    registry, creation_market, buy_new, voucher_of, token, dkb, creator, buyer
):
    token.approve(creation_market, 0, {"from": buyer})
    voucher = voucher_of(creator, dkb)
    with reverts_with("TransferFromFailed"):
        buy_new(voucher, buyer)
    buy_new(voucher, buyer, permit=sign_permit(token, buyer, creation_market, PRICE))
    assert registry.ownerOf(id_of(voucher.work, creator)) == buyer
    assert token.allowance(buyer, creation_market) == 0


def test_nothing_is_registered_when_the_payment_fails(
    registry, creation_market, buy_new, voucher_of, token, dkb, creator, buyer
):
    token.approve(creation_market, PRICE - 1, {"from": buyer})
    voucher = voucher_of(creator, dkb)
    with reverts_with("TransferFromFailed"):
        buy_new(voucher, buyer)
    with reverts_with("Creation_Unknown", id_of(voucher.work, creator)):
        registry.creationOf(id_of(voucher.work, creator))


def test_partners_and_parents_get_their_shares(
    registry, buy_new, voucher_of, watch, money, creator, seller, treasury, buyer, referrer
):
    """Half of the royalty of 5 % is the parent's maker's; of the rest a tenth the partner's."""
    parent = register(registry, seller, 9)
    voucher = voucher_of(creator, money, parents=(parent,), partners=partners_of({referrer: 1_000}))
    seen = watch(money, creator, seller, referrer, treasury)
    tx = buy_new(voucher, buyer)
    royalty = PRICE * 500 // 10_000 * 5_000 // 10_000
    partner = (PRICE - FEE - royalty) * 1_000 // 10_000
    assert seen.gained() == [PRICE - FEE - royalty - partner, royalty, partner, FEE]
    assert [event["amount"] for event in events_of(tx, "RoyaltyPaid")] == [partner, royalty]


def test_a_contract_sells_a_new_work_and_is_credited(
    registry, creation_market, buy_new, voucher_of, wallet, coin, shop, buyer, stranger
):
    """It refuses coins, and yet the buyer gets the work and it its money, later."""
    voucher = voucher_of(wallet)
    wallet.sign(voucher_digest(registry, voucher), b"ours", {"from": buyer})
    wallet.setMode(1, {"from": buyer})
    buy_new(voucher, stranger, b"ours")
    assert registry.ownerOf(id_of(voucher.work, wallet)) == stranger
    assert shop.credit(coin, wallet) == PRICE - FEE
    wallet.setMode(0, {"from": buyer})
    creation_market.withdrawFor(COIN, wallet, {"from": stranger})
    assert shop.credit(coin, wallet) == 0


def test_a_creator_who_reenters_gets_nothing_more(
    registry, creation_market, buy_new, voucher_of, wallet, shop, coin, buyer, stranger
):
    """Paid in the midst of the sale, it brings the same voucher again, and withdraws."""
    voucher = voucher_of(wallet)
    wallet.sign(voucher_digest(registry, voucher), b"ours", {"from": buyer})
    again = creation_market.buyNew.encode_input(voucher, b"ours", ZERO_ADDRESS, b"")
    wallet.setMode(5, {"from": buyer})
    wallet.addCall(creation_market, PRICE, again, {"from": buyer})
    take = creation_market.withdraw.encode_input(COIN, wallet)
    wallet.addCall(creation_market, 0, take, {"from": buyer})
    before = coin.of(wallet)
    tx = buy_new(voucher, stranger, b"ours")
    assert [event["success"] for event in events_of(tx, "Reentered")] == [False, False]
    assert coin.of(wallet) + shop.credit(coin, wallet) - before == PRICE - FEE
    assert registry.ownerOf(id_of(voucher.work, wallet)) == stranger


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_voucher_sells_to_its_last_second(registry, buy_new, voucher_of, creator, buyer, seconds):
    voucher = voucher_of(creator)
    sleep_to(chain, voucher.expiry + seconds)
    buy_new(voucher, buyer)
    assert registry.ownerOf(id_of(voucher.work, creator)) == buyer


def test_buy_new_reverts_after_the_last_second(registry, buy_new, voucher_of, creator, buyer):
    voucher = voucher_of(creator)
    sleep_to(chain, voucher.expiry + 1)
    with reverts_with(
        "Document_Expired", voucher_digest(registry, voucher), voucher.expiry, voucher.expiry + 1
    ):
        buy_new(voucher, buyer)


def test_words_in_another_order_mean_the_same(
    registry, creation_market, voucher_of, creator, buyer
):
    """The voucher goes to the registry as it came: with the signature first, and rubbish before
    it, both read the same."""
    voucher = voucher_of(creator)
    signature = sign(voucher_digest(registry, voucher), creator)
    usual = creation_market.buyNew.encode_input(voucher, signature, ZERO_ADDRESS, b"")
    data = bytes.fromhex(usual[2:])
    head, tail = data[4:132], data[132:]
    first, second = (int.from_bytes(head[n : n + 32], "big") for n in (0, 32))
    sized = tail[second - 128 : second - 128 + 32 + 96]
    body = tail[first - 128 : second - 128]
    rubbish = b"\xaa" * 64
    moved = (
        (128 + len(rubbish) + len(sized)).to_bytes(32, "big")
        + (128 + len(rubbish)).to_bytes(32, "big")
        + bytes(32)
        + (128 + len(rubbish) + len(sized) + len(body)).to_bytes(32, "big")
        + rubbish
        + sized
        + body
        + bytes(32)
    )
    buyer.transfer(creation_market, PRICE, data="0x" + (data[:4] + moved).hex())
    assert registry.ownerOf(id_of(voucher.work, creator)) == buyer


def test_what_is_owed_is_there_with_any_fee(
    CreationMarket, registry, treasury, creator, buyer, deployer
):
    """No fee, and the highest."""
    for n, fee_bps in ((31, 0), (32, 250)):
        market = CreationMarket.deploy(registry, treasury, fee_bps, {"from": deployer})
        sale = Sale(market=market.address, price=PRICE)
        voucher = make_voucher(creator, n, sale=sale)
        signature = sign(voucher_digest(registry, voucher), creator)
        before = creator.balance()
        market.buyNew(voucher, signature, ZERO_ADDRESS, b"", {"from": buyer, "value": PRICE})
        fee = PRICE * fee_bps // 10_000
        assert creator.balance() - before == PRICE - fee
        assert market.creditOf(COIN, treasury) == market.balance() == fee


def test_the_first_offer_after_a_new_sale_is_the_buyers(
    registry, shop, buy_new, voucher_of, creator, buyer, stranger
):
    """Bought works are offered, and pay their creator, like any other."""
    voucher = voucher_of(creator)
    buy_new(voucher, buyer)
    id_ = id_of(voucher.work, creator)
    registry.approve(shop.contract, id_, {"from": buyer})
    offer, signature = shop.signed(buyer, id_)
    before = creator.balance()
    shop.contract.buy(offer, signature, ZERO_ADDRESS, {"from": stranger, "value": PRICE})
    assert registry.ownerOf(id_) == stranger
    assert creator.balance() - before == PRICE * 500 // 10_000
