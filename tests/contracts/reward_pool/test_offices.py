"""Stewardship and guardianship: handed over in two steps, or renounced for ever."""

import pytest
from brownie import ZERO_ADDRESS, chain

from tests.contracts.reward_pool.conftest import REASON
from tests.contracts.support import TOKENS, event_names, only_event, reverts_with, sleep_to

OFFICES = ["steward", "guardian"]


class Office:
    """One office of a pool by its name."""

    def __init__(self, fund, name):
        self.name, self.pool = name, fund.pool
        self.holder = getattr(fund, name)
        self.noun = f"{name.capitalize()}ship"

    def call(self, act, *arguments, sender):
        return getattr(self.pool, f"{act}{self.noun}")(*arguments, {"from": sender})

    def held_by(self):
        return getattr(self.pool, self.name)()

    def offered_to(self):
        return getattr(self.pool, f"pending{self.name.capitalize()}")()


@pytest.fixture(params=OFFICES)
def office(fund, request):
    return Office(fund, request.param)


def test_an_office_is_offered_and_accepted(office, stranger):
    tx = office.call("offer", stranger, sender=office.holder)
    assert only_event(tx, f"{office.noun}Offered") == {office.name: office.holder, "to": stranger}
    assert (office.held_by(), office.offered_to()) == (office.holder, stranger)
    tx = office.call("accept", sender=stranger)
    assert event_names(tx) == [f"{office.noun}Taken"]
    assert only_event(tx, f"{office.noun}Taken") == {
        "before": office.holder,
        office.name: stranger,
    }
    assert (office.held_by(), office.offered_to()) == (stranger, ZERO_ADDRESS)


def test_only_the_holder_offers_and_renounces(office, stranger):
    for act, arguments in (("offer", (stranger,)), ("renounce", ())):
        with reverts_with(f"{office.name.capitalize()}_Required", stranger, office.holder):
            office.call(act, *arguments, sender=stranger)


def test_an_office_is_accepted_only_by_whom_it_is_offered_to(office, stranger, buyer):
    with reverts_with(f"{office.noun}_NotOffered", stranger, ZERO_ADDRESS):
        office.call("accept", sender=stranger)
    office.call("offer", buyer, sender=office.holder)
    with reverts_with(f"{office.noun}_NotOffered", stranger, buyer):
        office.call("accept", sender=stranger)
    office.call("accept", sender=buyer)
    with reverts_with(f"{office.noun}_NotOffered", buyer, ZERO_ADDRESS):
        office.call("accept", sender=buyer)


def test_an_offer_is_withdrawn_by_another(office, stranger, buyer):
    office.call("offer", stranger, sender=office.holder)
    office.call("offer", buyer, sender=office.holder)
    with reverts_with(f"{office.noun}_NotOffered", stranger, buyer):
        office.call("accept", sender=stranger)
    office.call("offer", ZERO_ADDRESS, sender=office.holder)
    with reverts_with(f"{office.noun}_NotOffered", buyer, ZERO_ADDRESS):
        office.call("accept", sender=buyer)


def test_a_renounced_office_is_nobodys_for_ever(office, stranger):
    office.call("offer", stranger, sender=office.holder)
    tx = office.call("renounce", sender=office.holder)
    assert only_event(tx, f"{office.noun}Taken") == {
        "before": office.holder,
        office.name: ZERO_ADDRESS,
    }
    assert (office.held_by(), office.offered_to()) == (ZERO_ADDRESS, ZERO_ADDRESS)
    with reverts_with(f"{office.noun}_NotOffered", stranger, ZERO_ADDRESS):
        office.call("accept", sender=stranger)
    with reverts_with(f"{office.name.capitalize()}_Required", office.holder, ZERO_ADDRESS):
        office.call("offer", stranger, sender=office.holder)


def test_offices_are_apart(fund, stranger):
    with reverts_with("Guardian_Required", fund.steward, fund.guardian):
        fund.pool.renounceGuardianship({"from": fund.steward})
    with reverts_with("Steward_Required", fund.guardian, fund.steward):
        fund.pool.renounceStewardship({"from": fund.guardian})


def test_a_new_steward_posts_and_the_old_one_doesnt(fund, stranger, seller):
    fund.pool.offerStewardship(stranger, {"from": fund.steward})
    fund.pool.acceptStewardship({"from": stranger})
    rewards = fund.rewards(1, (seller, TOKENS))
    sleep_to(chain, fund.end_of(1))
    with reverts_with("Steward_Required", fund.steward, stranger):
        fund.post(rewards)
    fund.post(rewards, sender=stranger)


def test_a_new_guardian_stops_and_the_old_one_doesnt(fund, stranger, seller):
    fund.pool.offerGuardianship(stranger, {"from": fund.guardian})
    fund.pool.acceptGuardianship({"from": stranger})
    fund.posted(1, (seller, TOKENS))
    with reverts_with("Guardian_Required", fund.guardian, stranger):
        fund.pool.stop(REASON, {"from": fund.guardian})
    fund.pool.stop(REASON, {"from": stranger})


def test_without_a_steward_the_last_root_stays_claimable(fund, seller):
    rewards = fund.counting(1, (seller, TOKENS))
    fund.pool.renounceStewardship({"from": fund.steward})
    before = fund.token.balanceOf(seller)
    fund.claim(rewards)
    assert fund.token.balanceOf(seller) == before + TOKENS
