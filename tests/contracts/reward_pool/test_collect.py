"""What arrives at the purse is divided: the rewards' share, and the treasury's."""

import pytest
from brownie import ZERO_ADDRESS

from tests.contracts.reward_pool.conftest import SHARE_BPS
from tests.contracts.support import (
    COIN,
    FEE_BPS,
    TOKENS,
    event_names,
    make_offer,
    make_trade,
    only_event,
    reverts_with,
)


def test_collect_divides_tokens(fund, buyer, treasury, stranger):
    before = fund.token.balanceOf(treasury)
    fund.earn(buyer, 3 * TOKENS + 1)
    tx = fund.pool.collect(fund.token, {"from": stranger})
    rewards = (3 * TOKENS + 1) * SHARE_BPS // 10_000
    rest = 3 * TOKENS + 1 - rewards
    assert event_names(tx) == ["IncomeCollected", "Transfer"]
    assert only_event(tx, "IncomeCollected") == {
        "asset": fund.token,
        "rewards": rewards,
        "treasury": rest,
    }
    assert tx.return_value == (rewards, rest)
    assert fund.pool.income() == rewards
    assert fund.token.balanceOf(treasury) == before + rest
    assert fund.token.balanceOf(fund.pool.PURSE()) == rewards


def test_what_is_the_rewards_is_divided_once(fund, buyer, seller, stranger):
    """In the purse, in a root that waits, in the pool, and claimed."""
    fund.earn(buyer, 2 * TOKENS)
    fund.pool.collect(fund.token, {"from": stranger})
    with reverts_with("Income_Empty", fund.token):
        fund.pool.collect(fund.token, {"from": stranger})
    rewards = fund.posted(1, (seller, 3 * TOKENS))
    with reverts_with("Income_Empty", fund.token):
        fund.pool.collect(fund.token, {"from": stranger})
    fund.wait()
    fund.claim(rewards)
    with reverts_with("Income_Empty", fund.token):
        fund.pool.collect(fund.token, {"from": stranger})
    assert fund.pool.income() == TOKENS
    fund.earn(buyer, 2)
    fund.pool.collect(fund.token, {"from": stranger})
    assert fund.pool.income() == TOKENS + 1


@pytest.mark.parametrize("share", [0, 1, 9_999, 10_000])
def test_shares_go_from_nothing_to_all(deploy, token, treasury, buyer, share):
    pool = deploy(share_bps=share)
    token.transfer(pool.PURSE(), 10_001, {"from": buyer})
    before = token.balanceOf(treasury)
    assert pool.collect(token, {"from": buyer}).return_value == (
        10_001 * share // 10_000,
        10_001 - 10_001 * share // 10_000,
    )
    assert token.balanceOf(treasury) - before == 10_001 - pool.income()


@pytest.mark.parametrize("amount", [1, 7])
def test_other_assets_go_to_the_treasury_and_count_nothing(
    fund, MockToken, treasury, deployer, stranger, amount
):
    other = MockToken.deploy({"from": deployer})
    other.mint(fund.pool.PURSE(), amount, {"from": deployer})
    tx = fund.pool.collect(other, {"from": stranger})
    assert only_event(tx, "IncomeCollected") == {"asset": other, "rewards": 0, "treasury": amount}
    assert (other.balanceOf(treasury), fund.pool.income()) == (amount, 0)


def test_coins_go_to_the_treasury_and_count_nothing(fund, treasury, stranger):
    stranger.transfer(fund.pool.PURSE(), 9)
    before = treasury.balance()
    tx = fund.pool.collect(COIN, {"from": stranger})
    assert only_event(tx, "IncomeCollected") == {"asset": COIN, "rewards": 0, "treasury": 9}
    assert (treasury.balance() - before, fund.pool.income()) == (9, 0)


def test_there_must_be_something_to_collect(fund, MockToken, deployer, stranger):
    other = MockToken.deploy({"from": deployer})
    for asset in (COIN, other, fund.token, fund.pool, stranger):
        with reverts_with("Income_Empty", asset):
            fund.pool.collect(asset, {"from": stranger})


def test_only_the_pool_opens_the_purse(fund, RewardPurse, buyer, deployer):
    fund.earn(buyer, 1)
    purse = RewardPurse.at(fund.pool.PURSE())
    for caller in (deployer, fund.steward, fund.guardian):
        with reverts_with("Caller_NotPool", caller, fund.pool):
            purse.pay(fund.token, caller, 1, {"from": caller})


def test_tokens_sent_to_the_pool_itself_are_nobodys_income(fund, buyer, stranger):
    fund.token.transfer(fund.pool, TOKENS, {"from": buyer})
    assert fund.pool.budget(0) == 0
    with reverts_with("Income_Empty", fund.token):
        fund.pool.collect(fund.token, {"from": stranger})


@pytest.mark.parametrize("kind", ["token", "coin"])
def test_a_markets_fee_arrives(fund, EscrowMarket, registry, deployer, seller, buyer, kind):
    """A market whose fee recipient is the purse, and a real trade there."""
    market = EscrowMarket.deploy(registry, fund.pool.PURSE(), FEE_BPS, {"from": deployer})
    asset = fund.token.address if kind == "token" else COIN
    price = 10**15
    offer = make_offer(seller, asset=asset, price=price)
    market.offer(offer, {"from": seller})
    fund.token.approve(market, price, {"from": buyer})
    coins = {} if kind == "token" else {"value": price}
    market.fund(offer, b"", 1, ZERO_ADDRESS, {"from": buyer, **coins})
    market.confirm(make_trade(market, offer, buyer), {"from": buyer})
    fee = price * FEE_BPS // 10_000
    market.withdrawFor(asset, fund.pool.PURSE(), {"from": deployer})
    tx = fund.pool.collect(asset, {"from": deployer})
    share = fee * SHARE_BPS // 10_000 if kind == "token" else 0
    assert tx.return_value == (share, fee - share)
