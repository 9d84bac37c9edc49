"""The audit of an account's power: everything that could be kept is kept once, and found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dokkaebi.chain import escrow_market as escrow
from dokkaebi.chain import ranges
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import Manifest
from dokkaebi.chain.node import start_node
from dokkaebi.chain.rpc import connect
from dokkaebi.chain.suite import COIN, DESK, MARKETS, Suite
from dokkaebi.deploy import deploy_desk, deploy_market, load_market_spec, powers
from dokkaebi.deploy.audit import Audit, audit
from dokkaebi.findings import BAD, NOTED
from dokkaebi.texts import LANGUAGES, t
from tests.dokkaebi.chain.conftest import PRICE, refused
from tests.dokkaebi.conftest import (
    BUYER,
    CREATOR,
    GUARDIAN,
    OPERATOR,
    STRANGER,
    TREASURY,
    Market,
    address,
)
from tests.dokkaebi.deploy.village import Village, open_village

WHO = address(OPERATOR)
EVIDENCE = bytes(range(32))


@pytest.fixture(scope="module")
def opened() -> Iterator[Village]:
    """A market that was handed over to a multisig of CREATOR and BUYER."""
    with open_village() as village:
        safe = village.multisig()
        village.confirm(safe, village.hand_over(safe)["calls"]["accept"])
        village.hand_over(safe)
        yield village


@pytest.fixture
def village(opened: Village) -> Iterator[Village]:
    snapshot = opened.chain.raw("evm_snapshot")
    yield opened
    opened.chain.raw("evm_revert", [snapshot])


def look(village: Village, who: str | None = None, manifest: Manifest | None = None) -> Audit:
    """An audit, each of whose findings has its sentence in both languages."""
    found = audit(village.chain, manifest or village.manifest, who)
    for finding in found.findings:
        for lang in LANGUAGES:
            sentence = t(finding.name, lang, **finding.facts)
            assert "{" not in sentence
            assert finding.name not in sentence
    return found


def bad(village: Village, who: str | None = None, manifest: Manifest | None = None) -> set[str]:
    findings = look(village, who, manifest).findings
    return {finding.name for finding in findings if finding.state == BAD}


def noted(village: Village, who: str | None = None) -> set[str]:
    return {finding.name for finding in look(village, who).findings if finding.state == NOTED}


def safe_of(village: Village) -> str:
    return str(village.pool.call("steward"))


def by_safe(village: Village, function: str, *arguments: object) -> None:
    """The multisig that is the pool's steward acts."""
    from dokkaebi.chain.suite import Contract
    from dokkaebi.deploy.artifacts import load_artifact

    abi = load_artifact("MockMultisig").abi
    safe = Contract(village.chain, "MockMultisig", safe_of(village), abi)
    data = village.pool.encode(function, *arguments)
    village.confirm(safe, [{"to": village.pool.address, "data": data}])


# What is well


def test_what_was_handed_over_is_clean_and_proven(village: Village) -> None:
    found = look(village)
    assert found.clean
    assert bad(village) == set()
    document = json.loads(json.dumps(found.as_json()))
    assert document["block"]["hash"] == village.chain.block(found.block_number)["hash"]
    assert document["who"] == WHO
    pool = [word for word in document["storage"] if word["contract"] == "RewardPool"]
    steward = next(word for word in pool if word["slot"] == hex(0))
    assert int(steward["value"], 16) == int(safe_of(village), 16)
    assert len(document["storage"]) == 6 * 3 + 3 + 4


def test_anybody_can_repeat_it_later(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    block = village.chain.block_number
    found = audit(village.chain, village.manifest)
    village.act(STRANGER, village.token, "approve", WHO, 5)
    monkeypatch.setattr(ranges, "SPAN_FIRST", 1)
    monkeypatch.setattr(ranges, "SPAN_MAX", 1)
    reached = []
    again = audit(
        village.chain,
        village.manifest,
        WHO,
        block=block,
        progress=lambda at, last: reached.append((at, last)),
    )
    assert again.as_json() == found.as_json()
    assert reached == [(n, block) for n in range(village.manifest.first_block, block + 1)]
    assert audit(village.chain, village.manifest).logs_sha256 != found.logs_sha256


def test_a_stranger_has_no_power_either(village: Village) -> None:
    assert bad(village, address(STRANGER)) == set()


# Powers


def test_the_stewardship_is_a_power() -> None:
    with open_village() as village:
        assert bad(village) == {"power_steward_who", "power_function_open", "power_tokens"}
        opened = [f.facts for f in look(village).findings if f.name == "power_function_open"]
        assert {facts["function"] for facts in opened} == {
            "offerStewardship",
            "renounceStewardship",
        }


def test_an_offered_stewardship_is_a_power(village: Village) -> None:
    by_safe(village, "offerStewardship", WHO)
    assert bad(village) == {"power_offered_who", "power_function_open"}
    assert "power_offered" in noted(village, address(STRANGER))
    by_safe(village, "offerStewardship", COIN)
    assert bad(village) == set()


def test_a_multisig_of_ones_own_is_a_power(village: Village) -> None:
    own = village.multisig([OPERATOR], 1)
    by_safe(village, "offerStewardship", own.address)
    assert bad(village) == {"custody_safe_alone"}
    assert "power_offered" in noted(village, address(STRANGER))
    accept = bytes.fromhex(village.pool.encode("acceptStewardship")[2:])
    village.act(OPERATOR, own, "execute", village.pool.address, accept)
    assert bad(village) == {"custody_safe_alone"}


def test_anothers_key_as_steward_is_noted(village: Village) -> None:
    def unknown() -> list[object]:
        findings = look(village).findings
        return [f.facts["office"] for f in findings if f.name == "power_steward_unknown"]

    assert unknown() == ["guardian"]
    by_safe(village, "offerStewardship", address(STRANGER))
    village.act(STRANGER, village.pool, "acceptStewardship")
    assert unknown() == ["steward", "guardian"]
    assert bad(village) == set()


def test_the_guardian_is_another_party(village: Village) -> None:
    village.act(GUARDIAN, village.pool, "offerGuardianship", WHO)
    assert bad(village) == {"power_offered_who", "power_function_open"}
    village.act(OPERATOR, village.pool, "acceptGuardianship")
    assert bad(village) == {"power_steward_who", "power_function_open"}
    village.act(OPERATOR, village.pool, "offerGuardianship", safe_of(village))
    by_safe(village, "acceptGuardianship")
    assert bad(village) == {"power_guardian_steward"}
    by_safe(village, "renounceGuardianship")
    assert bad(village) == set()


def test_a_guardian_who_cant_act_is_noted() -> None:
    with start_node("anvil") as node:
        chain = connect(node.url)
        key = open_key(OPERATOR, chain.chain_id)
        manifest = deploy_market(chain, key, load_market_spec(), network="t")
        names = {finding.name for finding in audit(chain, manifest).findings}
    assert "power_guardian_nobody" in names


@pytest.fixture
def unnamed() -> Iterator[Village]:
    """A market handed over whose token's steward, STRANGER, hasn't named the minter."""
    with open_village(token_steward=address(STRANGER)) as village:
        safe = village.multisig()
        village.confirm(safe, village.hand_over(safe)["calls"]["accept"])
        village.hand_over(safe)
        yield village


def test_the_minter_is_the_pool_or_named_later(village: Village, unnamed: Village) -> None:
    names = {finding.name for finding in look(village).findings}
    assert "power_minter_pool" in names
    assert "power_minter_open" in noted(unnamed)
    unnamed.act(STRANGER, unnamed.token, "setMinter", unnamed.pool.address)
    assert "power_minter_open" not in noted(unnamed)
    assert bad(unnamed) == set()


def test_a_minter_that_is_no_contract_is_a_power(unnamed: Village) -> None:
    village = unnamed
    minter = village.mock("MockMinter").address
    village.act(STRANGER, village.token, "setMinter", minter)
    assert bad(village) == {"power_wiring_other"}
    code = "0x" + village.chain.code(minter).hex()
    for other in ("0x", "0xef0100" + "11" * 20):
        village.chain.raw("anvil_setCode", [minter, other])
        assert bad(village) == {"power_minter_no_code"}
    village.chain.raw("anvil_setCode", [minter, code])
    assert bad(village) == {"power_wiring_other"}


def test_a_minter_of_ones_own_is_a_power(unnamed: Village) -> None:
    own = unnamed.multisig([OPERATOR], 1).address
    unnamed.act(STRANGER, unnamed.token, "setMinter", own)
    assert bad(unnamed) == {"custody_safe_alone"}


def test_an_arbitrator_of_ones_own_is_a_power(village: Village) -> None:
    def with_desk(arbitrator: str) -> Manifest:
        return deploy_desk(
            village.key(STRANGER),
            village.suite,
            arbitrator=arbitrator,
            extra_data=b"",
            meta_evidence=EVIDENCE,
        )

    own, others = village.multisig([OPERATOR], 1), village.multisig()
    manifest = with_desk(own.address)
    assert DESK in manifest.contracts
    assert bad(village, manifest=manifest) == {"custody_safe_alone"}
    assert bad(village, manifest=with_desk(others.address)) == set()


def test_the_fee_for_ever_is_said() -> None:
    with open_village(OPERATOR) as village:
        assert "power_fee_who" in bad(village)
        assert "power_fee_who" not in bad(village, address(STRANGER))


# Approvals


def test_approvals_of_others_are_powers_until_they_are_revoked(village: Village) -> None:
    token, registry = village.token, village.suite.registry
    work = village.stall.create(CREATOR)

    village.act(STRANGER, token, "approve", WHO, 5)
    assert bad(village) == {"power_allowance"}
    village.act(STRANGER, token, "approve", WHO, 0)
    assert bad(village) == set()

    village.act(CREATOR, registry, "setApprovalForAll", WHO, True)
    assert bad(village) == {"power_operator"}
    assert bad(village, address(STRANGER)) == set()
    village.act(CREATOR, registry, "setApprovalForAll", WHO, False)
    assert bad(village) == set()

    village.act(CREATOR, registry, "approve", WHO, work)
    assert bad(village) == {"power_approved"}
    village.act(CREATOR, registry, "transferFrom", address(CREATOR), address(BUYER), work)
    assert bad(village) == set(), "which ends with a transfer"
    village.act(BUYER, registry, "approve", WHO, work)
    assert bad(village) == {"power_approved"}
    village.act(BUYER, registry, "burn", work)
    assert bad(village) == set()


def test_what_others_grant_each_other_is_theirs(village: Village) -> None:
    village.act(STRANGER, village.token, "approve", address(BUYER), 5)
    village.act(CREATOR, village.suite.registry, "setApprovalForAll", address(BUYER), True)
    # And what one grants oneself says nothing.
    village.act(OPERATOR, village.token, "approve", WHO, 5)
    assert bad(village) == set()


# Contracts


def test_other_code_is_all_that_is_said(village: Village) -> None:
    place = village.suite.escrow_market.address
    code = village.chain.code(place)
    for other in (b"", code[:-1] + bytes([code[-1] ^ 1])):
        village.chain.raw("anvil_setCode", [place, "0x" + other.hex()])
        assert [finding.name for finding in look(village).findings] == ["power_code_other"]
    village.chain.raw("anvil_setCode", [place, "0x" + code.hex()])
    assert bad(village) == set()


@pytest.mark.parametrize("slot", powers.PROXY_SLOTS)
def test_a_proxy_is_a_power(village: Village, slot: str) -> None:
    place, where = village.suite.registry.address, powers.PROXY_SLOTS[slot]
    for value, wanted in ((1, {"power_proxy_set"}), (0, set())):
        village.chain.raw("anvil_setStorageAt", [place, where, f"0x{value:064x}"])
        assert bad(village) == wanted


def test_a_registry_of_another_market_is_found(village: Village) -> None:
    spec = load_market_spec().with_fee_recipient(address(TREASURY))
    other = deploy_market(village.chain, village.key(STRANGER), spec, network="other")
    registry = {"CreationRegistry": other.contracts["CreationRegistry"]}
    mixed = replace(village.manifest, contracts={**village.manifest.contracts, **registry})
    findings = [f for f in look(village, manifest=mixed).findings if f.state == BAD]
    assert [finding.name for finding in findings] == ["power_wiring_other"] * 3
    assert {finding.facts["contract"] for finding in findings} == set(MARKETS)


def test_storage_that_contradicts_the_contract_is_found(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the function read another slot than the compiler gave the variable.
    slots = {**powers.SLOTS["CommunityToken"], "minter": powers.SLOTS["CommunityToken"]["steward"]}
    monkeypatch.setattr(powers, "SLOTS", {"CommunityToken": slots})
    assert bad(village) == {"power_storage_other"}


def test_contracts_that_nobody_knows_are_refused(village: Village) -> None:
    contracts = dict(village.manifest.contracts)
    contracts["Vault"] = contracts["EscrowMarket"]
    unknown = replace(village.manifest, contracts=contracts)
    assert refused(lambda: look(village, manifest=unknown)) == "power_contract_unknown"


def test_another_chain_is_refused(village: Village) -> None:
    other = replace(village.manifest, chain_id=1)
    assert refused(lambda: look(village, manifest=other)) == "manifest_other_chain"
    other = replace(village.manifest, genesis_hash="0x" + "00" * 32)
    assert refused(lambda: look(village, manifest=other)) == "manifest_other_genesis"


def test_a_chain_that_moves_meanwhile_proves_nothing(village: Village) -> None:
    village.chain.raw("anvil_mine", [hex(3)])

    def reorg(reached: int, last: int) -> None:
        village.chain.raw("anvil_reorg", [2, []])

    chain, manifest = village.chain, village.manifest
    assert refused(lambda: audit(chain, manifest, progress=reorg)) in {
        # By a node that is asked by hash and has it no more, or by the last look.
        "rpc_refused",
        "power_chain_moved",
    }


# Money, and what isn't


def test_tokens_and_belongings(village: Village) -> None:
    token = village.token
    village.act(TREASURY, token, "transfer", WHO, 1)
    village.stall.create(OPERATOR)
    assert bad(village) == {"power_tokens"}
    village.act(OPERATOR, token, "transfer", address(TREASURY), 1)
    assert bad(village) == set()
    facts = {f.name: f.facts for f in look(village).findings}
    assert facts["power_works"]["count"] == 1
    assert int(facts["power_coins"]["wei"]) == village.chain.balance(WHO)


def test_being_an_arbiter_is_named_while_it_lasts(village: Village) -> None:
    suite: Suite = village.suite
    day = 86_400
    terms = escrow.new_delivery(
        suite,
        address(CREATOR),
        PRICE,
        expiry=village.stall.soon(),
        arbiter=WHO,
        ruling_seconds=7 * day,
    )
    consent = village.stall.sign(CREATOR, terms)
    receipt = village.send(BUYER, escrow.fund(suite, terms, consent.signature))
    trade = escrow.funded_trade(suite, receipt["logs"])
    found = {f.name: f for f in look(village).findings}
    assert found["power_arbiter"].facts["trade"] == trade.id
    assert bad(village) == set()
    assert "power_arbiter" not in noted(village, address(STRANGER))
    village.send(CREATOR, escrow.refund(suite, trade.terms))
    assert "power_arbiter" not in noted(village)


def test_a_node_that_knows_no_blocks_by_hash_is_asked_by_number(market: Market) -> None:
    """Ganache."""
    found = audit(market.chain, market.suite.manifest)
    assert {f.name for f in found.findings if f.state == BAD} == {
        "power_steward_who",
        "power_function_open",
        "power_tokens",
    }
    token = market.suite.token
    for call in (
        market.suite.pool.prepare("renounceStewardship"),
        token.prepare("transfer", address(TREASURY), token.call("balanceOf", WHO)),
    ):
        market.send(OPERATOR, call.to, call.data)
    assert audit(market.chain, market.suite.manifest).clean
    assert not found.clean
