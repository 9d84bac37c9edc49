"""What the lane is good for: deploying, calls, errors, logs, the clock, balances and snapshots."""

from __future__ import annotations

import pytest

from tests.lane.chain import Contract, Lane, events_in
from tests.lane.keys import person
from tests.models.books import NOTHING

ADA, BEN = person("ada").address, person("ben").address


@pytest.fixture
def lane() -> Lane:
    made = Lane()
    made.endow(ADA)
    made.endow(BEN)
    return made


@pytest.fixture
def token(lane: Lane) -> Contract:
    return lane.deploy(ADA, "CommunityToken", "Token", "TKN", 1_000, 600, ADA, ADA)


def balance(lane: Lane, token: Contract, holder: str) -> int:
    found = token.functions["balanceOf"]
    return int(found.read(lane.ask(token.address, found(holder))))


def test_a_call_changes_the_state_and_leaves_logs(lane: Lane, token: Contract) -> None:
    outcome = lane.send(ADA, token.address, token.functions["transfer"](BEN, 5))
    assert outcome.error is None
    events = events_in(outcome.logs, {token.address: token.name})
    assert events == [(token.address, "Transfer", ADA, BEN, 5)]
    assert (balance(lane, token, ADA), balance(lane, token, BEN)) == (595, 5)


def test_a_refusal_is_an_error_with_arguments_and_changes_nothing(
    lane: Lane, token: Contract
) -> None:
    outcome = lane.send(BEN, token.address, token.functions["transfer"](ADA, 5))
    assert outcome.error == ("ERC20InsufficientBalance", BEN, 0, 5)
    assert outcome.logs == ()
    assert (balance(lane, token, ADA), balance(lane, token, BEN)) == (600, 0)


def test_coins_move_and_are_refused_without_a_word(lane: Lane, token: Contract) -> None:
    before = lane.balance(BEN)
    assert lane.send(ADA, BEN, b"", 7).error is None
    assert lane.balance(BEN) == before + 7
    assert lane.send(ADA, token.address, b"", 7).error == NOTHING
    assert lane.balance(token.address) == 0


def test_the_clock_is_what_it_is_set_to(lane: Lane, token: Contract) -> None:
    permit = token.functions["permit"]
    deadline = lane.now + 10
    for now, error in (
        (deadline, "ERC2612InvalidSigner"),
        (deadline + 1, "ERC2612ExpiredSignature"),
    ):
        lane.at(now)
        data = permit(ADA, BEN, 1, deadline, *_signature())
        outcome = lane.send(ADA, token.address, data)
        assert outcome.error is not None
        assert outcome.error[0] == error


def _signature() -> tuple[int, bytes, bytes]:
    made = person("ada").sign(bytes(31) + b"\1")
    return made[64], made[:32], made[32:64]


def test_a_snapshot_brings_everything_back(lane: Lane, token: Contract) -> None:
    coins, mark = lane.balance(ADA), lane.snapshot()
    lane.send(ADA, token.address, token.functions["transfer"](BEN, 5))
    lane.send(ADA, BEN, b"", 7)
    lane.revert(mark)
    assert balance(lane, token, BEN) == 0
    assert lane.balance(ADA) == coins


def test_the_rules_are_those_of_shanghai(lane: Lane) -> None:
    """PUSH0 came with it, MCOPY only after it: two accounts that try each."""
    push0, mcopy = "5f5ff3", "600060006000" + "5e" + "5f5ff3"
    for code, works in ((push0, True), (mcopy, False)):
        # Init code that does it; where it can't, nothing is deployed.
        try:
            lane._evm.deploy(ADA, bytes.fromhex(code))
        except RuntimeError:
            assert not works
        else:
            assert works
