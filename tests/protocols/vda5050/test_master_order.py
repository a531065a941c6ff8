from typing import Any

import msgspec
import pytest
from tests.protocols.vda5050.conversation import IDENTITY, path
from tests.protocols.vda5050.samples import FACTSHEET, LEAST, MINIMAL

from kouan.protocols.vda5050.header import timestamp
from kouan.protocols.vda5050.master_order import held, lost, may_assign, may_extend, step
from kouan.protocols.vda5050.master_types import (
    Accepted,
    ActionTold,
    Assign,
    Cancel,
    Elapsed,
    Ended,
    Extend,
    Held,
    MasterConfig,
    MasterState,
    Passed,
    Perform,
    Phase,
    Placed,
    Refused,
    Send,
    StrangeOrder,
)
from kouan.protocols.vda5050.order import InstantActions, Order
from kouan.protocols.vda5050.state import (
    ActionState,
    ActionStatus,
    Connection,
    ConnectionState,
    EdgeState,
    Error,
    ErrorLevel,
    NodeState,
    OperatingMode,
    Reference,
    State,
)
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Conflict, InvalidValue

replace = msgspec.structs.replace
IDLE = next(message for message in MINIMAL if isinstance(message, State))


class Mastered:
    """A master with what it sends and notes, and a vehicle's states made by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND
        self.number = 0
        self.state = MasterState(config=MasterConfig(identity=IDENTITY, session="s"))

    def does(self, event: Any) -> list[Any]:
        self.state, outputs = step(self.state, event, self.now)
        return list(outputs)

    def later(self, seconds: float) -> list[Any]:
        self.now += round(seconds * SECOND)
        return self.does(Elapsed())

    def message(self, **changes: Any) -> State:
        """The next state of the vehicle."""
        self.number += 1
        changes = {"header_id": self.number, "timestamp": timestamp(self.now + 1000 * self.number)} | changes
        return replace(IDLE, **({"operating_mode": OperatingMode.AUTOMATIC} | changes))

    def hears(self, **changes: Any) -> list[Any]:
        return self.does(self.message(**changes))

    def drives(
        self, last: int, *left: int, update: int = 0, horizon: tuple[int, ...] = (), **changes: Any
    ) -> list[Any]:
        """The vehicle tells that it follows order o1: its last node and those that are left, by their place."""
        nodes = tuple(
            NodeState(node_id=f"n{place}", sequence_id=2 * place, released=place not in horizon) for place in left
        )
        edges = tuple(
            EdgeState(edge_id=f"e{place - 1}", sequence_id=2 * place - 1, released=place not in horizon)
            for place in left
        )
        return self.hears(
            **(
                {
                    "order_id": "o1",
                    "order_update_id": update,
                    "last_node_id": f"n{last}",
                    "last_node_sequence_id": 2 * last,
                    "node_states": nodes,
                    "edge_states": edges,
                    "driving": bool(left),
                }
                | changes
            )
        )

    def assign(self, base: int, horizon: int = 0, order_id: str = "o1") -> list[Any]:
        nodes, edges = path(0, 0, base, horizon)
        return self.does(Assign(order_id=order_id, nodes=nodes, edges=edges))

    def extend(self, place: int, base: int, horizon: int = 0) -> list[Any]:
        nodes, edges = path(place, 2 * place, base, horizon)
        return self.does(Extend(nodes=nodes, edges=edges))

    @property
    def held(self) -> Held:
        return held(self.state)

    @property
    def phase(self) -> Phase:
        assert self.state.order is not None
        return self.state.order.phase


def begun(base: int = 3, horizon: int = 0) -> Mastered:
    """A vehicle that stands on n0 and has taken an order."""
    master = Mastered()
    master.hears(last_node_id="n0")
    master.assign(base, horizon)
    master.drives(0, *range(1, base + horizon + 1), horizon=tuple(range(base + 1, base + horizon + 1)))
    assert master.phase is Phase.ACTIVE
    return master


def orders(outputs: list[Any]) -> list[Order]:
    return [each.message for each in outputs if isinstance(each, Send) and isinstance(each.message, Order)]


def instants(outputs: list[Any]) -> list[str]:
    return [
        action.action_type
        for each in outputs
        if isinstance(each, Send) and isinstance(each.message, InstantActions)
        for action in each.message.actions
    ]


def refusal(kind: str = "orderUpdateError", **references: str) -> Error:
    pairs = tuple(Reference(reference_key=key, reference_value=value) for key, value in references.items())
    return Error(error_type=kind, error_level=ErrorLevel.WARNING, error_references=pairs or None)


def test_a_vehicle_that_was_never_heard_gets_no_order():
    master = Mastered()
    assert not may_assign(master.state)
    with pytest.raises(Conflict):
        master.assign(1)


@pytest.mark.parametrize("mode", [OperatingMode.MANUAL, OperatingMode.SERVICE, OperatingMode.TEACHIN])
def test_a_vehicle_under_a_person_gets_no_order_and_no_repetition(mode):
    master = Mastered()
    master.hears(operating_mode=mode)
    with pytest.raises(Conflict):
        master.assign(1)
    master.hears()
    master.assign(1)
    master.hears(operating_mode=mode)
    assert orders(master.later(60)) == []
    assert len(orders(master.hears())) == 1


def test_an_order_holds_its_base_from_the_moment_that_it_is_sent():
    master = Mastered()
    master.hears(last_node_id="n0")
    (sent,) = orders(master.assign(2, 2))
    assert (sent.order_id, sent.order_update_id, len(sent.nodes)) == ("o1", 0, 5)
    assert master.held == Held(("n0", "n1", "n2"), ("e0", "e1"))


def test_an_order_that_is_not_answered_is_sent_again_unchanged_until_it_is():
    master = Mastered()
    master.hears(last_node_id="n0")
    (first,) = orders(master.assign(2))
    assert orders(master.later(4)) == []
    (again,) = orders(master.later(1))
    assert replace(again, header_id=first.header_id, timestamp=first.timestamp) == first
    assert again.header_id == first.header_id + 1
    assert Accepted("o1", 0) in master.drives(0, 1, 2)
    assert orders(master.later(60)) == []


def test_nodes_that_were_never_reported_are_passed_with_the_last_one():
    master = begun(5)
    outputs = master.drives(3, 4, 5)
    assert [each.node_id for each in outputs if isinstance(each, Passed)] == ["n1", "n2", "n3"]
    assert master.held == Held(("n3", "n4", "n5"), ("e3", "e4"))


def test_a_last_node_of_the_order_before_frees_nothing_of_this_one():
    master = Mastered()
    master.hears(last_node_id="n9")
    master.assign(3)
    everything = {"n0", "n1", "n2", "n3"}
    master.drives(0, 0, 1, 2, 3, last_node_id="n9", last_node_sequence_id=6)
    assert everything <= set(master.held.nodes)
    master.drives(0, 0, 1, 2, 3, last_node_id="n3", last_node_sequence_id=6)
    assert everything <= set(master.held.nodes)


def test_where_the_last_node_and_the_nodes_left_disagree_the_smaller_progress_counts():
    master = begun(4)
    master.drives(1, 4)
    assert set(master.held.nodes) == {"n1", "n2", "n3", "n4"}


def test_a_late_or_doubled_state_changes_nothing():
    master = begun(4)
    old = master.message(order_id="o1", last_node_id="n1", last_node_sequence_id=2)
    master.drives(3, 4)
    before = master.state
    assert master.does(old) == []
    assert master.does(before.told) == []
    assert master.state == before


def test_a_vehicle_that_counts_its_messages_anew_is_believed_by_its_clock():
    master = begun(4)
    master.now += SECOND
    master.hears(header_id=0)
    assert master.state.told.header_id == 0


def test_a_clock_that_was_set_back_is_believed_by_the_count_but_not_past_a_restart():
    master = begun(4)
    back = timestamp(master.now - 3600 * SECOND)
    master.drives(1, 2, 3, 4, timestamp=back)
    assert master.state.order.reached == 2
    master.now += 7200 * SECOND
    master.hears(header_id=0)
    assert master.hears(header_id=999, timestamp=back) == []
    assert master.state.told.header_id == 0


def test_after_a_new_connection_the_vehicle_is_believed_whatever_its_clock():
    master = begun(4)
    for told in (ConnectionState.CONNECTIONBROKEN, ConnectionState.ONLINE):
        master.does(Connection(**LEAST, connection_state=told))
    master.hears(header_id=0, timestamp="1970-01-01T00:00:01.000Z")
    assert master.state.told.header_id == 0


def test_an_extension_is_stitched_to_the_last_released_node_under_the_next_number():
    master = begun(2, 1)
    (sent,) = orders(master.extend(2, 2))
    assert (sent.order_update_id, [node.node_id for node in sent.nodes]) == (1, ["n2", "n3", "n4"])
    assert set(master.held.nodes) == {"n0", "n1", "n2", "n3", "n4"}
    with pytest.raises(InvalidValue, match=r"order\.stitch"):
        master.extend(2, 1)


def test_only_one_update_is_under_way_and_what_follows_waits_for_its_answer():
    master = begun(2)
    assert len(orders(master.extend(2, 1))) == 1
    assert orders(master.extend(3, 1)) == []
    assert orders(master.extend(4, 1, 1)) == []
    assert "n4" not in master.held.nodes
    (sent,) = orders(master.drives(0, 1, 2, 3, update=1))
    assert (sent.order_update_id, [node.node_id for node in sent.nodes]) == (2, ["n3", "n4", "n5", "n6"])
    assert [node.released for node in sent.nodes] == [True, True, True, False]


def test_a_horizon_can_change_alone_and_grants_nothing():
    master = begun(2, 1)
    before = set(master.held.nodes)
    (sent,) = orders(master.extend(2, 0, 2))
    assert [node.released for node in sent.nodes] == [True, False, False]
    assert set(master.held.nodes) == before


def test_an_order_is_finished_where_its_base_ends_and_only_the_last_node_is_held():
    master = begun(2)
    assert Ended("o1", Phase.FINISHED) in master.drives(2)
    assert master.held == Held(("n2",))
    assert may_assign(master.state)


def test_an_order_with_actions_or_a_horizon_left_is_not_finished():
    master = begun(2)
    running = ActionState(action_id="a", action_status=ActionStatus.RUNNING)
    master.drives(2, action_states=(running,))
    assert master.phase is Phase.ACTIVE
    waiting = begun(2, 1)
    waiting.drives(2, 3, horizon=(3,), driving=False)
    assert waiting.phase is Phase.ACTIVE


def test_a_finished_order_can_be_extended():
    master = begun(2)
    master.drives(2)
    (sent,) = orders(master.extend(2, 1))
    assert sent.order_update_id == 1
    assert master.phase is Phase.ACTIVE


def test_a_cancel_frees_nothing_until_the_vehicle_stands_without_nodes():
    master = begun(4)
    assert instants(master.does(Cancel())) == ["cancelOrder"]
    everything = master.held
    running = (ActionState(action_id="s-0", action_type="cancelOrder", action_status=ActionStatus.RUNNING),)
    master.drives(0, 1, 2, 3, 4, action_states=running)
    assert master.held == everything
    master.drives(1, driving=True, action_states=running)
    assert set(master.held.nodes) == {"n1", "n2", "n3", "n4"}
    done = (ActionState(action_id="s-0", action_type="cancelOrder", action_status=ActionStatus.FINISHED),)
    assert Ended("o1", Phase.CANCELLED) in master.drives(1, action_states=done)
    assert master.held == Held(("n1",), ("e1",))


def test_what_a_vehicle_held_where_it_stood_is_free_when_it_has_reached_the_second_node_of_the_next_order():
    master = begun(4)
    master.does(Cancel())
    master.drives(1)
    nodes, edges = path(1, 0, 2)
    master.does(Assign(order_id="o2", nodes=nodes, edges=edges))
    there = {"order_id": "o2", "last_node_id": "n1", "last_node_sequence_id": 0}
    left = {"node_states": (NodeState(node_id="n3", sequence_id=4, released=True),), "driving": True}
    master.hears(**there, **left)
    assert {"n1", "e1"} <= {*master.held.nodes, *master.held.edges}
    master.hears(**there | {"last_node_id": "n2", "last_node_sequence_id": 2}, **left)
    master.later(121)
    assert master.held == Held(("n2", "n3"), ("e2",))


def test_a_cancel_that_overtook_its_order_is_sent_anew_when_the_order_comes_alive():
    master = Mastered()
    master.hears(last_node_id="n0")
    master.assign(2)
    master.does(Cancel())
    failed = (ActionState(action_id="s-0", action_type="cancelOrder", action_status=ActionStatus.FAILED),)
    assert instants(master.hears(last_node_id="n0", action_states=failed)) == []
    assert set(master.held.nodes) == {"n0", "n1", "n2"}
    assert instants(master.drives(0, 1, 2, action_states=failed)) == ["cancelOrder"]
    assert master.phase is Phase.CANCELLING


def test_an_order_that_was_cancelled_before_it_came_holds_until_no_copy_can_be_under_way():
    master = Mastered()
    master.hears(last_node_id="n0")
    master.assign(2)
    master.does(Cancel())
    master.later(119)
    master.hears(last_node_id="n0")
    assert set(master.held.nodes) == {"n0", "n1", "n2"}
    master.later(2)
    assert Ended("o1", Phase.REFUSED) in master.hears(last_node_id="n0")
    assert master.held == Held(("n0",), ("e0",))
    assert may_assign(master.state)


def test_a_vehicle_that_still_tells_the_order_before_has_not_driven_by_the_one_it_refused():
    master = begun(2)
    master.drives(2)
    nodes, edges = path(2, 0, 2)
    master.does(Assign(order_id="o2", nodes=nodes, edges=edges))
    error = refusal("noRouteError", orderId="o2", orderUpdateId="0")
    master.drives(2, errors=(error,))
    master.later(121)
    assert Ended("o2", Phase.REFUSED) in master.drives(2, errors=(error,))
    assert master.held == Held(("n2",))


def test_a_vehicle_that_may_have_driven_unheard_and_forgotten_it_keeps_the_road_of_its_order():
    master = Mastered()
    master.hears(last_node_id="n0")
    master.assign(2)
    master.does(Cancel())
    master.later(121)
    assert Ended("o1", Phase.LOST) in master.hears()
    assert set(master.held.nodes) == {"n0", "n1", "n2"}


def test_an_update_that_is_perhaps_under_way_is_held_beyond_the_cancel():
    master = begun(2)
    master.extend(2, 2)
    master.does(Cancel())
    master.drives(1)
    assert (master.phase, set(master.held.nodes)) == (Phase.CANCELLED, {"n1", "n2", "n3", "n4"})
    master.later(121)
    master.drives(1)
    assert master.held == Held(("n1",), ("e1",))


def test_a_cancelled_order_that_a_late_update_wakes_is_cancelled_again():
    master = begun(2)
    master.extend(2, 2)
    master.does(Cancel())
    master.drives(2)
    assert master.phase is Phase.CANCELLED
    outputs = master.drives(2, 3, 4, update=1)
    assert instants(outputs) == ["cancelOrder"]
    assert Ended("o1", Phase.CANCELLING) in outputs
    assert set(master.held.nodes) == {"n2", "n3", "n4"}


def test_a_cancelled_order_that_a_late_update_woke_and_that_stopped_unheard_holds_where_it_stands_now():
    master = begun(2)
    master.extend(2, 3)
    master.does(Cancel())
    master.drives(1)
    assert master.phase is Phase.CANCELLED
    master.drives(3, update=1)
    assert master.phase is Phase.CANCELLED
    assert master.held == Held(("n3",), ("e3",))


@pytest.mark.parametrize(
    "error",
    [
        refusal(orderId="o1", orderUpdateId="1"),
        refusal("vendorSaysNo", orderId="o1", orderUpdateId="1"),
        refusal(orderId="o1"),
        refusal("validationError"),
    ],
)
def test_a_refused_update_stops_and_is_held_until_no_copy_can_be_under_way(error):
    master = begun(2)
    master.extend(2, 2)
    assert Refused("o1", 1, (error,)) in master.drives(0, 1, 2, errors=(error,))
    assert not may_extend(master.state)
    assert orders(master.later(60)) == []
    assert "n4" in master.held.nodes
    master.later(61)
    master.drives(0, 1, 2, errors=(error,))
    assert set(master.held.nodes) == {"n0", "n1", "n2"}
    assert len(orders(master.extend(2, 1))) == 1


@pytest.mark.parametrize(
    "error",
    [
        refusal(orderId="o0", orderUpdateId="1"),
        refusal(orderId="o1", orderUpdateId="0"),
        refusal("noOrderToCancel", actionId="x"),
        refusal("lowOil"),
    ],
)
def test_an_error_about_something_else_refuses_nothing(error):
    master = begun(2)
    master.extend(2, 2)
    assert not [each for each in master.drives(0, 1, 2, errors=(error,)) if isinstance(each, Refused)]


def test_an_update_that_was_refused_and_is_taken_after_all_counts():
    master = begun(2)
    master.extend(2, 2)
    error = refusal(orderId="o1", orderUpdateId="1")
    master.drives(0, 1, 2, errors=(error,))
    assert Accepted("o1", 1) in master.drives(1, 2, 3, 4, update=1, errors=(error,))
    assert may_extend(master.state)


def test_a_vehicle_that_restarts_in_mid_order_keeps_its_whole_road_until_somebody_sees_it():
    master = begun(4)
    master.drives(1, 2, 3, 4)
    assert Ended("o1", Phase.LOST) in master.hears(header_id=0, timestamp=timestamp(master.now + 99 * SECOND))
    assert set(master.held.nodes) == {"n1", "n2", "n3", "n4"}
    master.later(100_000)
    assert set(master.held.nodes) == {"n1", "n2", "n3", "n4"}
    master.does(Placed(Held(("n2",), ("e2",))))
    assert master.held == Held(("n2",), ("e2",))


def test_a_vehicle_that_goes_on_with_an_order_believed_lost_is_followed_again():
    master = begun(4)
    master.hears()
    assert master.phase is Phase.LOST
    assert Ended("o1", Phase.ACTIVE) in master.drives(2, 3, 4)
    assert master.held == Held(("n2", "n3", "n4"), ("e2", "e3"))


def test_a_person_who_takes_the_vehicle_over_frees_nothing_of_its_road():
    master = begun(4)
    master.drives(1, operating_mode=OperatingMode.MANUAL)
    assert master.phase is Phase.LOST
    assert set(master.held.nodes) == {"n1", "n2", "n3", "n4"}


def test_a_vehicle_that_forgets_where_it_stands_keeps_the_place():
    master = Mastered()
    master.hears(last_node_id="n7")
    master.hears()
    assert master.held == Held(("n7",))


def test_an_order_of_another_master_is_told_and_its_base_is_held():
    master = Mastered()
    ahead = tuple(NodeState(node_id=f"x{i}", sequence_id=2 * i, released=i < 3) for i in (1, 2, 3))
    outputs = master.hears(order_id="theirs", node_states=ahead, last_node_id="x0", driving=True)
    assert StrangeOrder("theirs") in outputs
    assert master.held == Held(("x0", "x1", "x2"))
    assert not may_assign(master.state)


def test_an_order_of_another_master_can_be_cancelled_and_the_cancel_is_repeated_until_it_is_gone():
    master = Mastered()
    ahead = (NodeState(node_id="x1", sequence_id=2, released=True),)
    master.hears(order_id="theirs", node_states=ahead, driving=True)
    assert instants(master.does(Perform(action_type="cancelOrder"))) == ["cancelOrder"]
    assert instants(master.later(5)) == ["cancelOrder"]
    master.hears(order_id="theirs", last_node_id="x0")
    assert instants(master.later(5)) == []


def test_a_vehicle_that_may_be_driving_cannot_be_placed():
    master = begun(4)
    with pytest.raises(Conflict):
        master.does(Placed(Held()))


def test_a_silent_or_parted_vehicle_is_lost_and_holds_what_it_held():
    master = begun(3)
    assert not lost(master.state, master.now)
    everything = master.held
    master.does(Connection(**LEAST, connection_state=ConnectionState.CONNECTIONBROKEN))
    assert lost(master.state, master.now)
    master.drives(0, 1, 2, 3)
    assert not lost(master.state, master.now)
    master.later(61)
    assert lost(master.state, master.now)
    assert master.held == everything


@pytest.mark.parametrize("told", [ConnectionState.OFFLINE, ConnectionState.CONNECTIONBROKEN])
def test_nothing_is_repeated_to_a_vehicle_that_is_offline(told):
    master = Mastered()
    master.hears(last_node_id="n0")
    master.assign(2)
    master.does(Connection(**LEAST, connection_state=told))
    assert master.later(60) == []
    assert len(orders(master.does(Connection(**LEAST, connection_state=ConnectionState.ONLINE)))) == 1


def test_instant_actions_have_ids_of_their_own_and_are_repeated_until_they_are_told():
    master = Mastered()
    sent = [*master.does(Perform(action_type="startPause")), *master.does(Perform(action_type="stateRequest"))]
    ids = [each.message.actions[0].action_id for each in sent]
    assert ids == ["s-0", "s-1"]
    assert instants(master.later(5)) == ["startPause", "stateRequest"]
    outputs = master.hears(action_states=(ActionState(action_id="s-0", action_status=ActionStatus.RUNNING),))
    assert ActionTold("s-0", ActionStatus.RUNNING) in outputs
    assert instants(master.later(5)) == ["stateRequest"]


def test_an_instant_action_that_nobody_answers_is_given_up():
    master = Mastered()
    master.does(Perform(action_type="stateRequest"))
    repeated = [kind for _ in range(60) for kind in instants(master.later(5))]
    assert len(repeated) == 19
    assert master.state.instants[0].given_up


def test_a_factsheet_is_kept():
    master = Mastered()
    master.does(FACTSHEET)
    assert master.state.factsheet == FACTSHEET


def test_what_is_no_order_is_not_sent():
    master = Mastered()
    master.hears(last_node_id="n0")
    nodes, edges = path(0, 0, 2)
    with pytest.raises(InvalidValue, match=r"order\.edges"):
        master.does(Assign(order_id="o1", nodes=nodes, edges=edges[:1]))
    with pytest.raises(InvalidValue, match=r"order\.id"):
        master.does(Assign(order_id="", nodes=nodes, edges=edges))
    with pytest.raises(Conflict):
        master.does(Cancel())
    with pytest.raises(Conflict):
        master.extend(0, 1)
