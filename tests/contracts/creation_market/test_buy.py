"""Buying what was offered on chain: the creation against the price, divided, or nothing at all."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.creation_market.conftest import (
    FEE,
    PRICE,
    PRICE_MAX,
    ROYALTY,
    hex_of,
    sale_of,
)
from tests.contracts.support import (
    COIN,
    DAY,
    ZERO_BYTES32,
    event_names,
    only_event,
    reverts_with,
    sleep_to,
)

# Mode of MockReceiver.
REJECT = 1


def test_a_creation_changes_hands_for_its_price(
    shop, registry, money, watch, creation, seller, creator, buyer, treasury
):
    offer = shop.published(seller, creation, asset=money.address)
    seen = watch(money, seller, creator, treasury)
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY, FEE]


def test_a_buyer_pays_the_price_exactly(shop, money, creation, seller, buyer):
    offer = shop.published(seller, creation, asset=money.address)
    before = money.of(buyer)
    tx = shop.buy(offer, buyer)
    gas = tx.gas_used * tx.gas_price if offer.asset == COIN else 0
    assert before - money.of(buyer) - gas == PRICE


def test_a_sale_says_everything(shop, money, creation, seller, buyer, creator, referrer):
    offer = shop.published(seller, creation, asset=money.address, referral_bps=1_000)
    tx = shop.buy(offer, buyer, referrer=referrer)
    assert sale_of(tx) == {
        "documentId": hex_of(shop.digest(offer)),
        "seller": seller,
        "buyer": buyer,
        "collection": shop.registry,
        "creationId": creation,
        "asset": money.address,
        "price": PRICE,
        "referrer": referrer,
        "creator": creator,
        "royalty": ROYALTY,
        "referral": PRICE // 10,
        "fee": FEE,
    }
    ours = [name for name in event_names(tx) if name not in {"Transfer", "Approval"}]
    assert ours == ["SaleSettled"]


def test_coins_wait_for_the_community(shop, coin, creation, seller, buyer, treasury):
    shop.buy(shop.published(seller, creation), buyer)
    assert shop.credit(coin, treasury) == FEE == coin.of(shop.contract)


def test_tokens_go_straight_to_everybody(shop, dkb, creation, seller, buyer, treasury, referrer):
    """Nothing stays with the market, not even the community's part."""
    before = dkb.of(treasury)
    offer = shop.published(seller, creation, asset=dkb.address, referral_bps=5_000)
    shop.buy(offer, buyer, referrer=referrer)
    assert dkb.of(treasury) - before == FEE
    assert dkb.of(shop.contract) == 0


def test_a_sold_offer_is_closed(shop, creation, seller, buyer, stranger):
    offer = shop.published(seller, creation)
    shop.buy(offer, buyer)
    assert shop.contract.sellerOf(shop.digest(offer)) == ZERO_ADDRESS
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.buy(offer, stranger)


def test_a_buyer_sells_on(shop, registry, money, watch, creation, seller, buyer, creator, stranger):
    shop.buy(shop.published(seller, creation, asset=money.address), buyer)
    registry.approve(shop.contract, creation, {"from": buyer})
    offer = shop.published(buyer, creation, asset=money.address, price=3 * PRICE)
    assert offer.tenure == 2
    seen = watch(money, buyer, creator)
    tx = shop.buy(offer, stranger)
    assert registry.ownerOf(creation) == stranger
    parts = sale_of(tx)
    assert seen.gained() == [3 * PRICE - parts["fee"] - parts["royalty"], parts["royalty"]]
    assert parts["royalty"] == 3 * PRICE * 500 // 10_000


def test_a_contract_buys(shop, registry, coin, creation, seller, wallet, buyer):
    """Creations come by `transferFrom`: the receiver isn't asked."""
    offer = shop.published(seller, creation)
    shop.act(wallet, buyer, "buy", offer, b"", ZERO_ADDRESS, value=PRICE)
    assert registry.ownerOf(creation) == wallet


def test_a_contract_sells(shop, registry, coin, creation, seller, wallet, buyer):
    registry.transferFrom(seller, wallet, creation, {"from": seller})
    offer = shop.published_by(wallet, buyer, creation)
    before = coin.of(wallet)
    shop.buy(offer, buyer)
    assert coin.of(wallet) - before == PRICE - FEE - ROYALTY


# Not open


def test_buy_reverts_when_nothing_was_published(shop, creation, seller, buyer):
    offer = shop.offer(seller, creation)
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.buy(offer, buyer)


def test_buy_reverts_for_nobodys_offer(shop, creation, buyer):
    """The empty slot of an unknown offer names the zero address, who sells nothing."""
    offer = shop.offer(ZERO_ADDRESS, creation)
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.buy(offer, buyer)


@pytest.mark.parametrize(
    "field",
    ["buyer", "collection", "creation_id", "tenure", "price", "asset", "expiry",
     "royalty_bps_max", "referral_bps", "nonce"],
)  # fmt: skip
def test_buy_reverts_when_a_term_was_altered(shop, creation, seller, buyer, field):
    offer = shop.published(seller, creation)
    value = getattr(offer, field)
    altered = offer._replace(**{field: value + 1 if isinstance(value, int) else buyer.address})
    with reverts_with("Offer_NotOpen", shop.digest(altered)):
        shop.buy(altered, buyer, value=2 * PRICE)


def test_buy_reverts_when_another_is_named_as_seller(shop, creation, seller, stranger, buyer):
    offer = shop.published(seller, creation)._replace(seller=stranger.address)
    with reverts_with("Offer_NotOpen", shop.digest(offer)):
        shop.buy(offer, buyer)


# Until when


@pytest.mark.parametrize("early", [0, 1])
def test_an_offer_is_good_to_its_last_second(shop, registry, creation, seller, buyer, early):
    offer = shop.published(seller, creation)
    sleep_to(chain, offer.expiry - early)
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


def test_buy_reverts_after_the_last_second(shop, creation, seller, buyer):
    offer = shop.published(seller, creation)
    sleep_to(chain, offer.expiry + 1)
    with reverts_with("Document_Expired", shop.digest(offer), offer.expiry, offer.expiry + 1):
        shop.buy(offer, buyer)


# For whom


def test_a_reserved_offer_is_for_one_buyer(shop, registry, money, creation, seller, buyer):
    offer = shop.published(seller, creation, asset=money.address, buyer=buyer.address)
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


def test_buy_reverts_when_it_is_reserved_for_another(shop, creation, seller, buyer, stranger):
    offer = shop.published(seller, creation, buyer=buyer.address)
    with reverts_with("Offer_Reserved", stranger, buyer):
        shop.buy(offer, stranger)
    assert shop.open(offer)


def test_buy_reverts_when_the_seller_buys(shop, creation, seller):
    offer = shop.published(seller, creation)
    with reverts_with("Buyer_IsSeller", seller):
        shop.buy(offer, seller)


def test_buy_reverts_when_it_is_reserved_for_the_seller(shop, creation, seller, buyer):
    offer = shop.published(seller, creation, buyer=seller.address)
    with reverts_with("Offer_Reserved", buyer, seller):
        shop.buy(offer, buyer)
    with reverts_with("Buyer_IsSeller", seller):
        shop.buy(offer, seller)


# Commission


@pytest.mark.parametrize("bps", [0, 1, 999, 5_000])
def test_a_referrer_gets_the_commission(shop, money, watch, creation, seller, buyer, referrer, bps):
    offer = shop.published(seller, creation, asset=money.address, referral_bps=bps)
    seen = watch(money, referrer, seller)
    shop.buy(offer, buyer, referrer=referrer)
    referral = PRICE * bps // 10_000
    assert seen.gained() == [referral, PRICE - FEE - ROYALTY - referral]


def test_without_a_referrer_the_commission_is_the_sellers(
    shop, money, watch, creation, seller, buyer
):
    offer = shop.published(seller, creation, asset=money.address, referral_bps=5_000)
    seen = watch(money, seller)
    tx = shop.buy(offer, buyer)
    assert seen.gained() == [PRICE - FEE - ROYALTY]
    assert (sale_of(tx)["referrer"], sale_of(tx)["referral"]) == (ZERO_ADDRESS, 0)


@pytest.mark.parametrize("who", ["creator", "treasury"])
def test_creator_and_community_may_refer(
    shop, money, watch, creation, seller, buyer, creator, treasury, who
):
    account = {"creator": creator, "treasury": treasury}[who]
    offer = shop.published(seller, creation, asset=money.address, referral_bps=1_000)
    seen = watch(money, account)
    shop.buy(offer, buyer, referrer=account)
    assert seen.gained() == [PRICE // 10 + {"creator": ROYALTY, "treasury": FEE}[who]]


@pytest.mark.parametrize("who", ["buyer", "seller", "market"])
def test_buy_reverts_when_a_party_refers(shop, creation, seller, buyer, who):
    account = {"buyer": buyer, "seller": seller, "market": shop.contract}[who]
    offer = shop.published(seller, creation, referral_bps=1_000)
    with reverts_with("Referrer_NotAllowed", account):
        shop.buy(offer, buyer, referrer=account)


# Coins along with it


@pytest.mark.parametrize("more", [1, PRICE, 10**18])
def test_coins_too_many_come_back(shop, coin, watch, creation, seller, buyer, creator, more):
    offer = shop.published(seller, creation)
    before, seen = coin.of(buyer), watch(coin, seller, creator)
    tx = shop.buy(offer, buyer, value=PRICE + more)
    assert before - coin.of(buyer) - tx.gas_used * tx.gas_price == PRICE
    assert seen.gained() == [PRICE - FEE - ROYALTY, ROYALTY]


def test_change_that_nobody_takes_is_credited(shop, coin, creation, seller, hostile, buyer):
    offer = shop.published(seller, creation)
    hostile.setMode(REJECT)
    tx = shop.act(hostile, buyer, "buy", offer, b"", ZERO_ADDRESS, value=PRICE + 5)
    assert only_event(tx, "Credited") == {
        "tradeId": hex_of(ZERO_BYTES32),
        "payee": hostile,
        "asset": COIN,
        "amount": 5,
    }
    assert shop.credit(coin, hostile) == 5


@pytest.mark.parametrize("sent", [0, 1, PRICE - 1])
def test_buy_reverts_when_the_coins_are_too_few(shop, creation, seller, buyer, sent):
    offer = shop.published(seller, creation)
    with reverts_with("Value_Wrong", sent, PRICE):
        shop.buy(offer, buyer, value=sent)


@pytest.mark.parametrize("sent", [1, PRICE])
def test_buy_reverts_when_coins_come_along_with_tokens(shop, dkb, creation, seller, buyer, sent):
    offer = shop.published(seller, creation, asset=dkb.address)
    with reverts_with("Value_Wrong", sent, 0):
        shop.buy(offer, buyer, value=sent)


def test_the_highest_price_can_be_paid(
    shop, odd_token, MockToken, watch, creation, seller, creator, buyer, treasury
):
    money = odd_token(MockToken, amount=PRICE_MAX)
    offer = shop.published(seller, creation, asset=money.address, price=PRICE_MAX)
    seen = watch(money, seller, creator, treasury)
    shop.buy(offer, buyer)
    fee, royalty = PRICE_MAX // 100, PRICE_MAX // 20
    assert seen.gained() == [PRICE_MAX - fee - royalty, royalty, fee]


@pytest.mark.parametrize("price", [1, 19, 20, 99, 100])
def test_the_lowest_prices_leave_the_rounding_to_the_seller(
    shop, money, watch, creation, seller, creator, buyer, treasury, price
):
    offer = shop.published(seller, creation, asset=money.address, price=price)
    seen = watch(money, seller, creator, treasury)
    shop.buy(offer, buyer)
    fee, royalty = price // 100, price // 20
    assert seen.gained() == [price - fee - royalty, royalty, fee]


# Tokens that can't be paid


def test_buy_reverts_without_an_approval(shop, token, dkb, creation, seller, buyer):
    token.approve(shop.contract, PRICE - 1, {"from": buyer})
    offer = shop.published(seller, creation, asset=dkb.address)
    with reverts_with("TransferFromFailed"):
        shop.buy(offer, buyer)


def test_an_approval_of_the_price_is_enough(shop, registry, token, dkb, creation, seller, buyer):
    token.approve(shop.contract, PRICE, {"from": buyer})
    shop.buy(shop.published(seller, creation, asset=dkb.address), buyer)
    assert registry.ownerOf(creation) == buyer
    assert token.allowance(buyer, shop.contract) == 0


def test_buy_reverts_when_the_buyer_has_too_few_tokens(
    shop, token, dkb, creation, seller, stranger
):
    offer = shop.published(seller, creation, asset=dkb.address)
    token.transfer(seller, token.balanceOf(stranger) - PRICE + 1, {"from": stranger})
    with reverts_with("TransferFromFailed"):
        shop.buy(offer, stranger)


# The creation


def test_buy_reverts_when_the_creation_left(shop, registry, creation, seller, stranger, buyer):
    offer = shop.published(seller, creation)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    with reverts_with("Creation_Moved", creation, 2, 1):
        shop.buy(offer, buyer)


def test_buy_reverts_when_the_creation_left_and_came_back(
    shop, registry, creation, seller, stranger, buyer
):
    offer = shop.published(seller, creation)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    with reverts_with("Creation_Moved", creation, 3, 1):
        shop.buy(offer, buyer)


@pytest.mark.parametrize("tenure", [0, 2, 2**32, 2**256 - 1])
def test_buy_reverts_when_the_tenure_isnt_now(shop, creation, seller, buyer, tenure):
    offer = shop.published(seller, creation, tenure=tenure)
    with reverts_with("Creation_Moved", creation, 1, tenure):
        shop.buy(offer, buyer)


def test_an_offer_of_the_next_tenure_works_then(shop, registry, creation, seller, stranger, buyer):
    """A tenure to come can be promised; nobody else can make it come."""
    offer = shop.published(seller, creation, tenure=3)
    registry.transferFrom(seller, stranger, creation, {"from": seller})
    registry.transferFrom(stranger, seller, creation, {"from": stranger})
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer


def test_buy_reverts_when_the_creation_is_unknown(shop, seller, buyer):
    offer = shop.published(seller, 12_345, tenure=0)
    with reverts_with("Creation_Unknown", 12_345):
        shop.buy(offer, buyer)


def test_buy_reverts_when_the_creation_was_burnt(shop, registry, creation, seller, buyer):
    offer = shop.published(seller, creation)
    registry.burn(creation, {"from": seller})
    with reverts_with("TokenDoesNotExist"):
        shop.buy(offer, buyer)


def test_buy_reverts_when_the_seller_isnt_the_owner(shop, creation, stranger, buyer):
    offer = shop.published(stranger, creation)
    with reverts_with("TransferFromIncorrectOwner"):
        shop.buy(offer, buyer)


def test_buy_reverts_when_the_market_may_not_move_the_creation(
    shop, registry, creation, seller, buyer
):
    registry.setApprovalForAll(shop.contract, False, {"from": seller})
    offer = shop.published(seller, creation)
    with reverts_with("NotOwnerNorApproved"):
        shop.buy(offer, buyer)
    assert shop.open(offer)


def test_a_thief_cant_use_anothers_approval(shop, registry, creation, seller, stranger, buyer):
    """The market may move the seller's creation and the buyer's tokens: nobody else gains by it."""
    own = shop.published(stranger, creation, price=1)
    with reverts_with("TransferFromIncorrectOwner"):
        shop.buy(own, buyer)
    forged = shop.offer(seller, creation, price=1)
    with reverts_with("Offer_NotSeller", stranger, seller):
        shop.contract.offer(forged, {"from": stranger})
    assert registry.ownerOf(creation) == seller


def test_an_offer_of_one_market_is_nothing_in_another(
    CreationMarket, shop, registry, treasury, creation, seller, buyer
):
    twin = CreationMarket.deploy(registry, treasury, 100, {"from": treasury})
    offer = shop.published(seller, creation)
    with reverts_with("Offer_NotOpen", twin.hashOffer(offer)):
        twin.buy(offer, b"", ZERO_ADDRESS, {"from": buyer, "value": PRICE})


def test_coins_forced_into_the_market_change_nothing(
    shop, coin, books, watch, MockForcer, creation, seller, buyer, stranger
):
    MockForcer.deploy(shop.contract, {"from": stranger, "value": 12_345})
    books.gifts[COIN] = 12_345
    offer = shop.published(seller, creation)
    seen = watch(coin, seller)
    shop.buy(offer, buyer)
    assert seen.gained() == [PRICE - FEE - ROYALTY]


def test_donated_tokens_belong_to_nobody(shop, token, dkb, books, creation, seller, buyer):
    token.transfer(shop.contract, 12_345, {"from": seller})
    books.gifts[dkb.address] = 12_345
    shop.buy(shop.published(seller, creation, asset=dkb.address), buyer)
    assert dkb.of(shop.contract) == 12_345


def test_a_year_is_the_longest_offer(shop, registry, creation, seller, buyer):
    now = chain.time() + 100
    offer = shop.offer(seller, creation, expiry=now + 365 * DAY)
    sleep_to(chain, now)
    shop.contract.offer(offer, {"from": seller})
    sleep_to(chain, offer.expiry)
    shop.buy(offer, buyer)
    assert registry.ownerOf(creation) == buyer
