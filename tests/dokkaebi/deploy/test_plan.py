"""Plans: what they are made of, and where contracts will stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import Chain, connect
from dokkaebi.chain.suite import POOL, SUITE
from dokkaebi.deploy import deploy_market, load_market_spec
from dokkaebi.deploy.plan import (
    FACTORY,
    FACTORY_CODE,
    MINTER_STEP,
    TOKEN,
    USUAL_FACTORY,
    Argument,
    arguments_of,
    create2_address,
    created_address,
    lacks_guardian,
    make_plan,
)
from dokkaebi.deploy.spec import MarketSpec
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.conftest import BUYER, DAY, OPERATOR, STRANGER, TREASURY, address

TOKEN_PLACE = "0x" + 20 * "77"


# The examples of EIP-1014.
@pytest.mark.parametrize(
    ("factory", "salt", "code", "wanted"),
    [
        ("00" * 20, "00" * 32, "00", "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"),
        (
            "deadbeef" + "00" * 16,
            "00" * 32,
            "00",
            "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3",
        ),
        (
            "00" * 16 + "deadbeef",
            "00" * 28 + "cafebabe",
            "deadbeef",
            "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7",
        ),
        ("00" * 20, "00" * 32, "", "0xE33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0"),
    ],
)
def test_create2_addresses_are_those_of_the_standard(
    factory: str, salt: str, code: str, wanted: str
) -> None:
    found = create2_address("0x" + factory, bytes.fromhex(salt), bytes.fromhex(code))
    assert found == wanted


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 70_000])
def test_an_accounts_creations_stand_where_the_node_says(chain: Chain, nonce: int) -> None:
    import rlp
    from eth_utils.address import to_checksum_address
    from eth_utils.crypto import keccak

    who = address(STRANGER)
    wanted = keccak(rlp.encode([bytes.fromhex(who[2:]), nonce]))[12:]
    assert created_address(who, nonce) == to_checksum_address(wanted)


def test_a_plan_is_the_same_for_the_same_world(chain: Chain) -> None:
    spec, who = load_market_spec(), address(OPERATOR)
    plans = [make_plan(chain, who, spec, network="n", salt="s") for _ in range(2)]
    assert plans[0] == plans[1]
    assert plans[0].digest() == plans[1].digest()
    assert [step.name for step in plans[0].steps] == [FACTORY, *SUITE, MINTER_STEP]


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: replace(spec, fee_bps=spec.fee_bps + 1),
        lambda spec: replace(spec, registry_description="another"),
        lambda spec: replace(spec, token_name="another"),
        lambda spec: spec.with_guardian(address(STRANGER)),
    ],
)
def test_another_market_file_is_another_plan(chain: Chain, change: Callable[..., object]) -> None:
    spec, who = load_market_spec(), address(OPERATOR)
    digests = {
        make_plan(chain, who, one, network="n").digest()  # type: ignore[arg-type]
        for one in (spec, change(spec))
    }
    assert len(digests) == 2


def test_salt_deployer_and_chain_make_other_addresses() -> None:
    spec = load_market_spec()
    with start_node("anvil") as node:
        chain = connect(node.url)
        assert chain.code(USUAL_FACTORY) == FACTORY_CODE
        plans = [
            make_plan(chain, address(OPERATOR), spec, network="n"),
            make_plan(chain, address(OPERATOR), spec, network="n", salt="second"),
            make_plan(chain, address(STRANGER), spec, network="n"),
        ]
        assert [step.name for step in plans[0].steps] == [*SUITE, MINTER_STEP]
        places = [{step.address for step in plan.steps} for plan in plans]
        assert len(set.union(*places)) == 3 * len(SUITE)


def test_contracts_stand_where_they_were_planned() -> None:
    spec = load_market_spec()
    with start_node("anvil") as node:
        chain = connect(node.url)
        key = open_key(OPERATOR, chain.chain_id)
        salt = str(chain.mined_nonce(key.address))
        plan = make_plan(chain, key.address, spec, network="n", salt=salt)
        manifest = deploy_market(chain, key, spec, network="n")
        assert {step.name: step.address for step in plan.steps if not step.is_call} == {
            name: deployment.address for name, deployment in manifest.contracts.items()
        }
        again = make_plan(chain, key.address, spec, network="n", salt=salt)
        assert all(step.standing for step in again.steps)


# The reward pool


def pool_arguments(spec: MarketSpec, deployer: str = address(OPERATOR)) -> dict[str, Argument]:
    return arguments_of(POOL, spec, deployer, {TOKEN: TOKEN_PLACE})


def test_the_pool_gets_what_the_file_says_in_its_own_units() -> None:
    spec = load_market_spec().with_fee_recipient(address(TREASURY)).with_guardian(address(BUYER))
    assert pool_arguments(spec) == {
        "token": TOKEN_PLACE,
        "treasury": address(TREASURY),
        "firstSteward": address(OPERATOR),
        "firstGuardian": address(BUYER),
        "epochSeconds": 7 * DAY,
        "challengeSeconds": 2 * DAY,
        "shareBps": 5_000,
        "openingAllowance": 10**24,
        "openingEpochs": 52,
    }


def test_the_pool_is_never_guarded_by_its_steward() -> None:
    plain = load_market_spec()
    assert pool_arguments(plain)["firstGuardian"] == TOKEN_PLACE, "who never acts"
    assert lacks_guardian(plain, address(OPERATOR))
    elsewhere = replace(plain, rewards=replace(plain.rewards, steward=address(BUYER)))
    assert pool_arguments(elsewhere)["firstGuardian"] == address(OPERATOR)
    assert not lacks_guardian(elsewhere, address(OPERATOR))
    with pytest.raises(DokkaebiError) as caught:
        pool_arguments(plain.with_guardian(address(OPERATOR)))
    assert caught.value.key == "rewards_guardian_is_steward"


def test_a_steward_who_is_not_the_deployer_names_the_minter(chain: Chain) -> None:
    who, spec = address(OPERATOR), load_market_spec()
    own = make_plan(chain, who, replace(spec, steward=who), network="n")
    assert (own.steps[-1].name, own.for_steward) == (MINTER_STEP, None)
    theirs = make_plan(chain, who, replace(spec, steward=address(BUYER)), network="n")
    places = {step.name: step.address for step in theirs.steps}
    assert MINTER_STEP not in places
    assert theirs.for_steward is not None
    assert theirs.for_steward.to == places[TOKEN]
    assert theirs.for_steward.data.endswith(places[POOL][2:].lower())
