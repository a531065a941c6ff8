"""A vehicle and a master over a bad link: what it may drive is held at any moment, and both agree once it heals."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocols.vda5050.conversation import Conversation
from tests.protocols.vda5050.strategies import structs

from kouan.protocols.vda5050 import codec, master_order, vehicle_accept, vehicle_order
from kouan.protocols.vda5050.master_types import Held, Passed, Phase
from kouan.protocols.vda5050.order import InstantActions, Order
from kouan.protocols.vda5050.state import Connection, State
from kouan.protocols.vda5050.topics import Kind
from kouan.protocols.vda5050.vehicle_types import Publish


class Forgetful(Conversation):
    """A vehicle by the letter of figure 8: it remembers no ids, and an update may wake an order that was cancelled."""

    def to_vehicle(self, event):
        self.vehicle = msgspec.structs.replace(self.vehicle, past_orders=(), past_actions=(), closed=False)
        super().to_vehicle(event)


def troubled(talk: Conversation) -> Conversation:
    talk.loss = talk.random.choice([0.0, 0.2, 0.6])
    for _ in range(200):
        talk.second()
        if talk.random.random() < 0.3:
            talk.command()
        if talk.random.random() < 0.06:
            talk.trouble()
    return talk


def agreed(talk: Conversation) -> None:
    vehicle, told = talk.vehicle, talk.master.told
    assert told is not None
    assert (told.order_id, told.order_update_id) == (vehicle.order_id, vehicle.order_update_id)
    assert (told.last_node_id, told.last_node_sequence_id) == (vehicle.last_node_id, vehicle.last_node_sequence_id)
    assert [each.sequence_id for each in told.node_states] == [each.sequence_id for each in vehicle.nodes]
    assert [each.action_id for each in told.action_states] == [each.action.action_id for each in vehicle.actions]


@pytest.mark.parametrize("stops_between_nodes", [True, False])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_a_vehicle_may_drive_is_held_through_any_trouble_and_both_agree_once_it_ends(seed, stops_between_nodes):
    talk = troubled(Conversation(seed, stops_between_nodes=stops_between_nodes))
    talk.heal()
    agreed(talk)
    order = talk.master.order
    if order is not None and not order.phase.ended:
        # Only a horizon that nobody releases keeps an order open for ever.
        assert order.outstanding is None
        assert not [each for each in talk.vehicle.nodes if each.released]
        assert talk.vehicle.nodes
        talk.extend(1, 0)
        for _ in range(60):
            talk.second()
        agreed(talk)
    assert not vehicle_accept.busy(talk.vehicle)
    assert master_order.may_assign(talk.master)
    talk.assign(3, 0)
    for _ in range(200):
        talk.second()
    agreed(talk)
    assert talk.master.order is not None
    assert talk.master.order.phase is Phase.FINISHED
    assert master_order.held(talk.master) == Held((f"n{talk.place}",))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_a_vehicle_may_drive_is_held_even_if_it_takes_late_copies_for_new_orders(seed):
    talk = troubled(Forgetful(seed))
    assert talk.checked > 400


MIXED = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@MIXED
@given(heard=st.lists(structs(State) | structs(Connection), max_size=4), seed=st.integers(0, 99))
def test_nothing_that_a_vehicle_tells_is_too_strange_for_the_master_or_frees_what_was_sent(heard, seed):
    talk = Conversation(seed)
    talk.second()
    talk.assign(3, 1)
    talk.second()
    base = {each.edge_id for each in talk.vehicle.edges if each.released}
    for message in heard:
        talk.master, outputs = master_order.step(talk.master, message, talk.now)
        assert not [each for each in outputs if isinstance(each, Passed)]
        assert base <= set(master_order.held(talk.master).edges)


@MIXED
@given(heard=st.lists(structs(Order) | structs(InstantActions), max_size=4))
def test_nothing_that_a_master_sends_is_too_strange_for_the_vehicle(heard):
    talk = Conversation(0)
    for message in heard:
        talk.vehicle, outputs = vehicle_order.step(talk.vehicle, message, talk.now)
        states = [each.message for each in outputs if isinstance(each, Publish) and isinstance(each.message, State)]
        assert [codec.decode(Kind.STATE, codec.encode(each)) for each in states]
        if isinstance(message, Order) and vehicle_order.clearance(talk.vehicle).nodes:
            assert states[-1].order_id == message.order_id
