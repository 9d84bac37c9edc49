"""The liars lie as they say; tests that trust them would pass for the wrong reason otherwise."""

from contextlib import nullcontext

import pytest
from brownie import history, web3
from brownie.exceptions import VirtualMachineError

from tests.contracts.support import (
    events_of,
    make_work,
    only_event,
    register,
    reverts_with,
    reverts_without_error,
)

ACCEPT, REJECT, BURN_GAS, RETURN_BOMB, REVERT_BOMB, REENTER, WRONG_ANSWER = range(7)
# What the market gives a payee's receive function.
COIN_GAS = 50_000


@pytest.fixture
def make(deployer, seller):
    """Deploys a mock token and gives the seller 1,000 of it."""

    def make(container):
        token = container.deploy({"from": deployer})
        token.mint(seller, 1_000, {"from": deployer})
        return token

    return make


@pytest.fixture
def receiver(module_isolation, MockReceiver, deployer):
    return MockReceiver.deploy({"from": deployer})


def test_fee_token_delivers_less(make, MockFeeToken, seller, buyer):
    token = make(MockFeeToken)
    token.transfer(buyer, 1_000, {"from": seller})
    assert token.balanceOf(buyer) == 990


def test_fee_token_delivers_all_without_a_fee(make, MockFeeToken, seller, buyer):
    token = make(MockFeeToken)
    token.setFee(0, {"from": seller})
    token.transfer(buyer, 1_000, {"from": seller})
    assert token.balanceOf(buyer) == 1_000


def test_no_return_token_moves_and_says_nothing(make, MockNoReturnToken, seller, buyer):
    token = make(MockNoReturnToken)
    token.transfer(buyer, 400, {"from": seller})
    token.approve(buyer, 600, {"from": seller})
    token.transferFrom(seller, buyer, 600, {"from": buyer})
    assert token.balanceOf(buyer) == 1_000
    assert token.transfer.abi["outputs"] == []


def test_no_return_token_reverts_when_an_allowance_changes(make, MockNoReturnToken, seller, buyer):
    token = make(MockNoReturnToken)
    token.approve(buyer, 1, {"from": seller})
    with reverts_with("Allowance_NotZero"):
        token.approve(buyer, 2, {"from": seller})


def test_false_token_refuses_without_reverting(make, MockFalseToken, seller, buyer):
    token = make(MockFalseToken)
    token.setRefused(buyer, True, {"from": seller})
    tx = token.transfer(buyer, 1, {"from": seller})
    assert tx.return_value is False
    assert token.balanceOf(buyer) == 0


def test_false_token_serves_everybody_else(make, MockFalseToken, seller, buyer, stranger):
    token = make(MockFalseToken)
    token.setRefused(buyer, True, {"from": seller})
    assert token.transfer(stranger, 1, {"from": seller}).return_value is True
    assert token.balanceOf(stranger) == 1


def test_lying_token_says_yes_and_moves_nothing(make, MockLyingToken, seller, buyer):
    token = make(MockLyingToken)
    token.setLying(True, {"from": seller})
    assert token.transfer(buyer, 1, {"from": seller}).return_value is True
    assert token.balanceOf(buyer) == 0


def test_blocklist_token_blocks_both_ways(make, MockBlocklistToken, seller, buyer, stranger):
    token = make(MockBlocklistToken)
    token.transfer(buyer, 1, {"from": seller})
    token.setBlocked(buyer, True, {"from": seller})
    with reverts_with("Account_Blocked", buyer):
        token.transfer(buyer, 1, {"from": seller})
    with reverts_with("Account_Blocked", buyer):
        token.transfer(stranger, 1, {"from": buyer})


def test_rebasing_token_changes_balances(make, MockRebasingToken, seller, buyer):
    token = make(MockRebasingToken)
    token.rebase(5 * 10**17, {"from": seller})
    assert token.balanceOf(seller) == 500
    token.rebase(2 * 10**18, {"from": seller})
    token.transfer(buyer, 2_000, {"from": seller})
    assert token.balanceOf(buyer) == 2_000


def test_pausable_token_stops(make, MockPausableToken, seller, buyer):
    token = make(MockPausableToken)
    token.setPaused(True, {"from": seller})
    with reverts_with("Token_Paused"):
        token.transfer(buyer, 1, {"from": seller})


def test_zero_revert_token_refuses_nothing(make, MockZeroRevertToken, seller, buyer):
    token = make(MockZeroRevertToken)
    with reverts_with("Amount_Zero"):
        token.transfer(buyer, 0, {"from": seller})
    token.transfer(buyer, 1, {"from": seller})


@pytest.mark.parametrize("mode", [BURN_GAS, REVERT_BOMB])
def test_receiver_costs_its_payer_gas(receiver, seller, mode):
    receiver.setMode(mode, {"from": seller})
    with pytest.raises(VirtualMachineError):
        seller.transfer(receiver, 5, gas_limit=100_000)
    assert history[-1].gas_used > (99_999 if mode == BURN_GAS else 30_000)


def test_receiver_answers_coins_with_a_bomb(receiver, seller):
    receiver.setMode(RETURN_BOMB, {"from": seller})
    seller.transfer(receiver, 5)
    assert receiver.balance() == 5


def test_gas_burner_token_burns_all_of_it(make, MockGasBurnerToken, seller, buyer):
    token = make(MockGasBurnerToken)
    token.setBurning(buyer, True, {"from": seller})
    with pytest.raises(VirtualMachineError):
        token.transfer(buyer, 1, {"from": seller, "gas_limit": 300_000})
    assert history[-1].gas_used == 300_000


@pytest.mark.parametrize("reverting", [True, False])
def test_return_bomb_token_answers_too_much(
    make, MockReturnBombToken, MockBuyer, deployer, buyer, reverting
):
    """Whoever copies the answer pays for it."""
    caller = MockBuyer.deploy({"from": deployer})
    token = make(MockReturnBombToken)
    token.setBombing(buyer, True, {"from": deployer})
    token.setBomb(100_000, reverting, {"from": deployer})
    data = token.transfer.encode_input(buyer, 0)
    with pytest.raises(VirtualMachineError) if reverting else nullcontext():
        caller.execute(token, 0, data, {"from": deployer})
    assert history[-1].gas_used > 60_000


def test_hook_token_calls_sender_and_recipient(make, MockHookToken, receiver, seller, stranger):
    token = make(MockHookToken)
    token.setHooked(receiver, True, {"from": seller})
    token.transfer(receiver, 10, {"from": seller})
    receiver.setMode(REJECT, {"from": seller})
    with reverts_with("Receiver_Refused"):
        token.transfer(receiver, 1, {"from": seller})
    onward = token.transfer.encode_input(stranger, 1)
    with reverts_with("Receiver_Refused"):
        receiver.execute(token, 0, onward, {"from": seller})


def test_hook_token_lets_its_recipient_reenter(make, MockHookToken, receiver, seller, stranger):
    token = make(MockHookToken)
    token.setHooked(receiver, True, {"from": seller})
    receiver.setMode(REENTER, {"from": seller})
    receiver.addCall(token, 0, token.transfer.encode_input(stranger, 4), {"from": seller})
    tx = token.transfer(receiver, 10, {"from": seller})
    assert only_event(tx, "Reentered")["success"]
    assert (token.balanceOf(receiver), token.balanceOf(stranger)) == (6, 4)


# MockReceiver with coins


def test_receiver_accepts_coins(receiver, seller):
    seller.transfer(receiver, 5)
    assert receiver.balance() == 5


def test_receiver_rejects_coins(receiver, seller):
    receiver.setMode(REJECT, {"from": seller})
    with reverts_with("Receiver_Refused"):
        seller.transfer(receiver, 5)


def test_receiver_spends_its_coins(receiver, seller, stranger):
    before = stranger.balance()
    seller.transfer(receiver, 5)
    receiver.execute(stranger, 5, b"", {"from": seller})
    assert stranger.balance() == before + 5


def test_receiver_reenters_in_order_and_once(receiver, token, seller, stranger):
    token.transfer(receiver, 5, {"from": seller})
    receiver.setMode(REENTER, {"from": seller})
    for amount in (3, 9, 2):
        data = token.transfer.encode_input(stranger, amount)
        receiver.addCall(token, 0, data, {"from": seller})
    tx = seller.transfer(receiver, 1)
    assert [event["success"] for event in events_of(tx, "Reentered")] == [True, False, True]
    assert token.balanceOf(stranger) == 5
    assert events_of(seller.transfer(receiver, 1), "Reentered") == []


def test_receiver_can_reenter_with_the_gas_that_a_payee_gets(receiver, token, seller, stranger):
    token.transfer(receiver, 5, {"from": seller})
    token.transfer(stranger, 1, {"from": seller})
    receiver.setMode(REENTER, {"from": seller})
    receiver.addCall(token, 0, token.transfer.encode_input(stranger, 5), {"from": seller})
    tx = seller.transfer(receiver, 1, gas_limit=21_000 + COIN_GAS)
    assert only_event(tx, "Reentered")["success"]


# Answers and calls


@pytest.mark.parametrize("answer", [b"", b"\x01", bytes(32), b"\xff" * 64])
def test_answer_token_answers_as_told(MockAnswerToken, deployer, stranger, answer):
    token = MockAnswerToken.deploy({"from": deployer})
    token.setAnswer(answer, False, {"from": deployer})
    call = {"to": token.address, "data": "0xa9059cbb"}
    assert bytes(web3.eth.call(call)) == answer
    token.setAnswer(answer, True, {"from": deployer})
    with pytest.raises(VirtualMachineError):
        stranger.transfer(token, data="0xa9059cbb")


def test_buyer_calls_what_it_is_told(MockBuyer, registry, deployer, seller):
    buyer = MockBuyer.deploy({"from": deployer})
    buyer.execute(registry, 0, registry.register.encode_input(make_work(1)), {"from": seller})
    assert registry.balanceOf(buyer) == 1


def test_buyer_hands_back_a_refusal(MockBuyer, registry, deployer, seller):
    buyer = MockBuyer.deploy({"from": deployer})
    id_ = register(registry, seller, 1)
    with reverts_with("Creation_NotOwned", id_, buyer, seller):
        buyer.execute(registry, 0, registry.burn.encode_input(id_), {"from": seller})


def test_buyer_takes_and_spends_coins(MockBuyer, deployer, seller, stranger):
    buyer = MockBuyer.deploy({"from": deployer})
    before = stranger.balance()
    buyer.execute(stranger, 7, b"", {"from": seller, "value": 9})
    assert stranger.balance() == before + 7
    assert buyer.balance() == 2


def test_forcer_forces_coins_in(MockForcer, registry, deployer):
    with reverts_without_error():
        deployer.transfer(registry, 5)
    MockForcer.deploy(registry, {"from": deployer, "value": 5})
    assert registry.balance() == 5
