"""The lane itself: the same lives on a node and in process, at the same addresses and seconds, must
be the same to the last log and error; and the node's agree with the model as well."""

from brownie import chain, web3

from tests.lane.chain import Lane, Node
from tests.lane.drain import drain
from tests.lane.fuzz import ACTS, plan
from tests.lane.machine import Machine
from tests.lane.world import World

STEPS = 120
# A life of all contracts together, in which no frame of little gas calls back: how far such a one
# comes is a matter of gas, which a node counts otherwise.
SEED = 8


def test_a_life_is_the_same_on_a_node_and_in_process():
    node = Node(web3.provider.make_request, chain.time() + 100_000)
    there, here = Machine(World(node)), Machine(World(Lane(node.now, node.chain_id)))
    assert there.world.names == here.world.names
    for step in plan(SEED, STEPS):
        for machine in (there, here):
            machine.take(step, ACTS)
    for machine in (there, here):
        drain(machine)
    assert here.town.limited_reentries == 0
    assert told_by(there) == told_by(here)
    assert there.acts == here.acts
    assert there.acts.total() > STEPS // 2
    assert there.refusals.total() > STEPS // 10


def told_by(machine):
    """Of each act its second, who did what, the error, and the logs."""
    return [
        (now, intent.sender, intent.function, intent.arguments, outcome.error, outcome.logs)
        for now, intent, outcome in machine.record
    ]
