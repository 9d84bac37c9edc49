"""What a new pool is, and which one can't be."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.conftest import CAP, OPENING_SUPPLY
from tests.contracts.reward_pool.conftest import ALLOWANCE
from tests.contracts.support import (
    DAY,
    event_names,
    only_event,
    reverts_with,
    reverts_without_error,
)

ROOM = CAP - OPENING_SUPPLY


def test_deploy_keeps_its_terms(deploy, terms, token, treasury, steward, guardian):
    pool = deploy()
    assert pool.TOKEN() == token
    assert pool.TREASURY() == treasury
    assert (pool.steward(), pool.guardian()) == (steward, guardian)
    assert pool.EPOCH_SECONDS() == terms["epoch_seconds"]
    assert pool.CHALLENGE_SECONDS() == terms["challenge_seconds"]
    assert pool.SHARE_BPS() == terms["share_bps"]
    assert pool.OPENING_ALLOWANCE() == terms["allowance"]
    assert pool.OPENING_EPOCHS() == terms["allowance_epochs"]
    assert pool.START() == chain[pool.tx.block_number].timestamp


def test_deploy_says_its_terms(deploy, terms, token, treasury, steward, guardian):
    pool = deploy()
    taken = ["StewardshipTaken", "GuardianshipTaken"]
    assert event_names(pool.tx) == [*taken, "PoolOpened"]
    assert only_event(pool.tx, "StewardshipTaken") == {"before": ZERO_ADDRESS, "steward": steward}
    assert only_event(pool.tx, "GuardianshipTaken") == {
        "before": ZERO_ADDRESS,
        "guardian": guardian,
    }
    assert only_event(pool.tx, "PoolOpened") == {
        "token": token,
        "treasury": treasury,
        "purse": pool.PURSE(),
        "epochSeconds": terms["epoch_seconds"],
        "challengeSeconds": terms["challenge_seconds"],
        "shareBps": terms["share_bps"],
        "openingAllowance": terms["allowance"],
        "openingEpochs": terms["allowance_epochs"],
    }


def test_deploy_makes_a_purse_at_the_address_that_follows_from_the_pools(deploy, RewardPurse):
    """The first contract that the pool makes: markets can name it before it exists."""
    from eth_utils import keccak, to_checksum_address

    pool = deploy()
    word = b"\xd6\x94" + bytes.fromhex(pool.address[2:]) + b"\x01"
    assert pool.PURSE() == to_checksum_address(keccak(word)[-20:])
    assert RewardPurse.at(pool.PURSE()).POOL() == pool


def test_a_new_pool_owes_nothing(deploy):
    pool = deploy()
    assert pool.claimable() == (0, "0x" + "00" * 24, 0)
    assert pool.pending() == (0, "0x" + "00" * 24, 0, 0)
    assert (pool.income(), pool.minted(), pool.epochsOver()) == (0, 0, 0)


@pytest.mark.parametrize("who", ["zero", "person"])
def test_deploy_reverts_when_the_token_has_no_code(deploy, stranger, who):
    account = ZERO_ADDRESS if who == "zero" else stranger
    with reverts_with("Token_HasNoCode", account):
        deploy(token=account)


def test_deploy_reverts_without_a_treasury(deploy):
    with reverts_with("Treasury_NotAllowed", ZERO_ADDRESS):
        deploy(treasury=ZERO_ADDRESS)


@pytest.mark.parametrize("which", ["pool", "purse"])
def test_deploy_reverts_when_the_treasury_is_its_own(deploy, deployer, which):
    """Either address is known before."""
    from eth_utils import keccak, to_checksum_address

    pool = deployer.get_deployment_address()
    word = b"\xd6\x94" + bytes.fromhex(str(pool)[2:]) + b"\x01"
    treasury = pool if which == "pool" else to_checksum_address(keccak(word)[-20:])
    with reverts_with("Treasury_NotAllowed", treasury):
        deploy(treasury=treasury)


def test_deploy_reverts_without_a_steward(deploy):
    with reverts_with("Steward_Zero"):
        deploy(steward=ZERO_ADDRESS)


def test_deploy_reverts_without_a_guardian(deploy):
    with reverts_with("Guardian_NotAllowed", ZERO_ADDRESS):
        deploy(guardian=ZERO_ADDRESS)


def test_deploy_reverts_when_the_steward_guards_themselves(deploy, steward):
    with reverts_with("Guardian_NotAllowed", steward):
        deploy(guardian=steward)


@pytest.mark.parametrize(
    ("name", "error", "least", "most"),
    [
        ("epoch_seconds", "EpochLength_OutOfRange", DAY, 366 * DAY),
        ("challenge_seconds", "ChallengeWindow_OutOfRange", 2 * DAY, 30 * DAY),
    ],
)
def test_deploy_bounds_times(deploy, name, error, least, most):
    for seconds in (least, most):
        deploy(**{name: seconds})
    for seconds in (0, least - 1, most + 1, 2**256 - 1):
        with reverts_with(error, seconds, least, most):
            deploy(**{name: seconds})


def test_deploy_bounds_the_share(deploy):
    for share in (0, 9_999, 10_000):
        assert deploy(share_bps=share).SHARE_BPS() == share
    with reverts_with("Share_TooHigh", 10_001, 10_000):
        deploy(share_bps=10_001)


def test_deploy_bounds_the_allowance_by_what_can_be_minted(deploy):
    for allowance in (0, ROOM - 1, ROOM):
        assert deploy(allowance=allowance).OPENING_ALLOWANCE() == allowance
    with reverts_with("Allowance_TooHigh", ROOM + 1, ROOM):
        deploy(allowance=ROOM + 1)


def test_deploy_bounds_the_allowance_of_a_boundless_token(CommunityToken, deploy, deployer):
    token = CommunityToken.deploy("V", "V", 2**256 - 1, 0, deployer, deployer, {"from": deployer})
    pool = deploy(token=token, allowance=2**128 - 1, allowance_epochs=1_000)
    assert pool.released(999) == (2**128 - 1) * 999 // 1_000
    with reverts_with("Allowance_TooHigh", 2**128, 2**128 - 1):
        deploy(token=token, allowance=2**128)


def test_deploy_bounds_the_epochs_of_the_allowance(deploy):
    for epochs in (1, 1_000):
        assert deploy(allowance_epochs=epochs).OPENING_EPOCHS() == epochs
    for epochs in (0, 1_001):
        with reverts_with("AllowanceEpochs_OutOfRange", epochs, 1_000):
            deploy(allowance_epochs=epochs)


def test_the_allowance_is_released_in_equal_parts(deploy):
    pool = deploy(allowance=ALLOWANCE + 3, allowance_epochs=4)
    whole = ALLOWANCE + 3
    released = [pool.released(epoch) for epoch in (0, 1, 2, 3, 4, 5, 2**256 - 1)]
    assert released == [0, whole // 4, whole // 2, 3 * whole // 4, whole, whole, whole]


def test_the_pool_takes_no_coins(pool, stranger):
    with reverts_without_error():
        stranger.transfer(pool, 1)


def test_nobody_has_other_functions_than_these(pool):
    """No owner, no pause, no upgrade, no way to take tokens out but by claims."""
    writing = {
        item["name"]
        for item in pool.abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    offices = {"Stewardship", "Guardianship"}
    handing = {f"{act}{office}" for act in ("offer", "accept", "renounce") for office in offices}
    assert writing == {"post", "stop", "claim", "claimMany", "collect", *handing}
