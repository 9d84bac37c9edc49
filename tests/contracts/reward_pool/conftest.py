"""What the pool's tests share: a pool that is the token's minter, and epochs with their trees."""

import pytest
from brownie import chain

from tests.contracts.reward_pool.tree import Tree, leaf
from tests.contracts.support import DAY, TOKENS, only_event, sha256, sleep_to

EPOCH_SECONDS = 7 * DAY
CHALLENGE_SECONDS = 2 * DAY
SHARE_BPS = 5_000
ALLOWANCE = 1_000 * TOKENS
ALLOWANCE_EPOCHS = 4
DOCUMENT = sha256(b"an epoch's document")
REASON = sha256(b"why it was stopped")


class Rewards:
    """An epoch's cumulative amounts, pairs of account and amount, and their tree."""

    def __init__(self, pool, epoch, pairs, chain_id=None):
        self.epoch = epoch
        self.pairs = [(str(account), amount) for account, amount in pairs]
        number = chain.id if chain_id is None else chain_id
        self.leaves = [leaf(number, pool, epoch, *pair) for pair in self.pairs]
        self.tree = Tree(self.leaves)
        self.root = self.tree.root
        self.total = sum(amount for _, amount in self.pairs)

    def claim(self, index):
        """The arguments of one claim."""
        return (*self.pairs[index], self.tree.proof(index))

    @property
    def claims(self):
        return [self.claim(index) for index in range(len(self.pairs))]


class Fund:
    """A pool and those who work it."""

    def __init__(self, pool, token, steward, guardian):
        self.pool, self.token = pool, token
        self.steward, self.guardian = steward, guardian
        self.counts_from = 0

    def end_of(self, epoch):
        return self.pool.START() + epoch * EPOCH_SECONDS

    def rewards(self, epoch, *pairs, **options):
        return Rewards(self.pool, epoch, pairs, **options)

    def post(self, rewards, total=None, sender=None):
        amount = rewards.total if total is None else total
        arguments = (rewards.epoch, rewards.root, amount, DOCUMENT)
        tx = self.pool.post(*arguments, {"from": sender or self.steward})
        self.counts_from = only_event(tx, "RootPosted")["claimableFrom"]
        return tx

    def posted(self, epoch, *pairs, total=None):
        """A root that waits, posted as soon as its epoch is over."""
        rewards = self.rewards(epoch, *pairs)
        if chain.time() < self.end_of(epoch):
            sleep_to(chain, self.end_of(epoch))
        self.post(rewards, total)
        return rewards

    def wait(self):
        """Until the root that was posted last counts, if nobody stopped it."""
        sleep_to(chain, self.counts_from)

    def counting(self, epoch, *pairs, total=None):
        """A root that counts with the next transaction."""
        rewards = self.posted(epoch, *pairs, total=total)
        self.wait()
        return rewards

    def claim(self, rewards, index=0, sender=None):
        return self.pool.claim(*rewards.claim(index), {"from": sender or self.steward})

    def earn(self, payer, amount):
        """Tokens arrive at the purse, as a market's fee does."""
        return self.token.transfer(self.pool.PURSE(), amount, {"from": payer})


@pytest.fixture(scope="session")
def steward(accounts):
    return accounts[7]


@pytest.fixture(scope="session")
def guardian(accounts):
    return accounts[8]


@pytest.fixture(scope="module")
def terms(token, treasury, steward, guardian):
    """The constructor's arguments by name, in order."""
    return {
        "token": token,
        "treasury": treasury,
        "steward": steward,
        "guardian": guardian,
        "epoch_seconds": EPOCH_SECONDS,
        "challenge_seconds": CHALLENGE_SECONDS,
        "share_bps": SHARE_BPS,
        "allowance": ALLOWANCE,
        "allowance_epochs": ALLOWANCE_EPOCHS,
    }


@pytest.fixture(scope="module")
def deploy(RewardPool, terms, deployer):
    def deploy(**changes):
        assert set(changes) <= set(terms)
        return RewardPool.deploy(*{**terms, **changes}.values(), {"from": deployer})

    return deploy


@pytest.fixture(scope="module")
def fund(deploy, token, deployer, steward, guardian):
    pool = deploy()
    token.setMinter(pool, {"from": deployer})
    return Fund(pool, token, steward, guardian)


@pytest.fixture
def pool(fund):
    return fund.pool
