"""Many questions at once: each asker gets what it asked, whatever the others do."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dokkaebi.chain.rpc import Chain, RpcRefused
from dokkaebi.chain.suite import Suite
from dokkaebi.chain.together import ASKERS_MAX, ask_together
from dokkaebi.errors import DokkaebiError
from tests.dokkaebi.chain.conftest import Stall
from tests.dokkaebi.conftest import BUYER, address


def nonce_used(number: int, times: int) -> Callable[[Suite], list[object]]:
    def ask(suite: Suite) -> list[object]:
        market = suite.creation_market
        return [market.call("nonceUsed", address(BUYER), number + n) for n in range(times)]

    return ask


def test_answers_are_those_of_asking_alone(stall: Stall) -> None:
    """Askers with fewer or more questions than others, more of them than one round has."""
    dice = random.Random(4)
    tasks = [nonce_used(number, dice.randrange(6)) for number in range(ASKERS_MAX + 9)]
    assert ask_together(stall.suite, tasks) == [task(stall.suite) for task in tasks]
    assert ask_together(stall.suite, []) == []


def test_same_question_is_asked_once(stall: Stall, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    real = Chain.raw_each

    def counted(self: Chain, requests: list[object]) -> list[object]:
        sent.append(len(requests))
        return real(self, requests)  # type: ignore[arg-type]

    monkeypatch.setattr(Chain, "raw_each", counted)
    ask_together(stall.suite, [nonce_used(1, 3) for _ in range(20)])
    assert sent == [1, 1, 1]


def test_refusal_is_its_askers_alone(stall: Stall) -> None:
    def refused(suite: Suite) -> object:
        return suite.registry.call("ownerOf", 7)

    def wrong(suite: Suite) -> object:
        raise DokkaebiError("unexpected", problem="x")

    found = ask_together(stall.suite, [refused, nonce_used(1, 2), wrong, refused])
    assert isinstance(found[0], RpcRefused)
    assert found[1] == [False, False]
    assert isinstance(found[2], DokkaebiError)
    assert isinstance(found[3], RpcRefused)


def test_fault_of_ours_is_raised(stall: Stall) -> None:
    def broken(suite: Suite) -> object:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_together(stall.suite, [broken, nonce_used(1, 1)])


@pytest.mark.parametrize("words", ["quota", "rate limit exceeded", "compute units"])
def test_contract_that_says_too_often_stops_nobody(words: str) -> None:
    """A revert's words are the contract's own; they'd make everybody wait."""
    assert not RpcRefused("eth_call", 3, f"execution reverted: {words}", "0x").too_often
    assert RpcRefused("eth_call", -32005, words, "0x").too_often
