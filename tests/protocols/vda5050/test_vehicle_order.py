from typing import Any

import msgspec
import pytest
from tests.protocols.vda5050.conversation import ABILITIES, IDENTITY, action, edge, node, path
from tests.protocols.vda5050.samples import FACTSHEET, LEAST

from kouan.protocols.vda5050.order import Action, ActionParameter, BlockingType, InstantActions, Order
from kouan.protocols.vda5050.state import (
    ActionStatus,
    AgvPosition,
    BatteryState,
    Error,
    ErrorLevel,
    OperatingMode,
    State,
)
from kouan.protocols.vda5050.topics import Kind
from kouan.protocols.vda5050.vehicle_order import clearance, step
from kouan.protocols.vda5050.vehicle_types import (
    AbortAction,
    ActionProgressed,
    Changed,
    Drove,
    LeftNode,
    Localized,
    ModeChanged,
    Moved,
    PauseAction,
    PauseButton,
    Profile,
    Publish,
    ReachedNode,
    Restarted,
    ResumeAction,
    StartAction,
    TakePosition,
    Tick,
    Unreadable,
    VehicleState,
)
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Conflict

replace = msgspec.structs.replace


class Driven:
    """A vehicle with its outputs, one step after another."""

    def __init__(self, **profile: Any) -> None:
        self.state = VehicleState(profile=Profile(identity=IDENTITY, abilities=ABILITIES, **profile))
        self.now = 1_700_000_000 * SECOND
        self.outputs: list[Any] = []
        self.does(Localized("n0"))

    def does(self, *events: Any) -> list[Any]:
        """What the steps put out, the states aside."""
        found: list[Any] = []
        for event in events:
            self.state, outputs = step(self.state, event, self.now)
            found.extend(outputs)
        self.outputs.extend(found)
        return [each for each in found if not isinstance(each, Publish)]

    def told(self) -> State:
        """The last state that it sent."""
        return [e.message for e in self.outputs if isinstance(e, Publish) and isinstance(e.message, State)][-1]

    def order(self, nodes: Any, edges: Any, order_id: str = "o1", update: int = 0, **changes: Any) -> list[Any]:
        return self.does(Order(**LEAST, order_id=order_id, order_update_id=update, nodes=nodes, edges=edges, **changes))

    def instant(self, *kinds: str, **parameters: Any) -> list[Any]:
        given = tuple(ActionParameter(key=key, value=value) for key, value in parameters.items())
        actions = tuple(
            Action(
                action_type=kind,
                action_id=f"i-{kind}",
                blocking_type=BlockingType.NONE,
                action_parameters=given or None,
            )
            for kind in kinds
        )
        return self.does(InstantActions(**LEAST, actions=actions))

    def drive(self, sequence_id: int) -> None:
        """Enter the edge before a node and reach the node."""
        self.does(Drove(driving=True), LeftNode(sequence_id - 1), ReachedNode(sequence_id))

    def status(self, action_id: str) -> ActionStatus:
        return next(each.action_status for each in self.told().action_states if each.action_id == action_id)

    def refused(self) -> list[str]:
        return [error.error_type for error in self.told().errors]


def sequence(told: State) -> list[int]:
    return [each.sequence_id for each in told.node_states]


def test_an_order_is_taken_and_its_first_node_is_reached_at_once():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 2, 1))
    told = vehicle.told()
    assert (told.order_id, told.order_update_id, told.last_node_id, told.last_node_sequence_id) == ("o1", 0, "n0", 0)
    assert sequence(told) == [2, 4, 6]
    assert [each.released for each in told.edge_states] == [True, True, False]
    assert [each.sequence_id for each in clearance(vehicle.state).nodes] == [2, 4]


def test_nodes_are_dropped_as_they_are_reached_and_the_horizon_waits():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1, 1))
    vehicle.drive(2)
    told = vehicle.told()
    assert (told.last_node_id, told.last_node_sequence_id, sequence(told)) == ("n1", 2, [4])
    assert told.new_base_request is True
    assert clearance(vehicle.state).nodes == ()
    with pytest.raises(Conflict):
        vehicle.does(LeftNode(3))
    with pytest.raises(Conflict):
        vehicle.does(ReachedNode(4))


def test_an_update_is_stitched_to_the_last_released_node_and_replaces_the_horizon():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1, 2))
    nodes, edges = path(1, 2, 2)
    vehicle.order(nodes, edges, update=1)
    assert sequence(vehicle.told()) == [2, 4, 6]
    assert all(each.released for each in vehicle.told().node_states)
    assert vehicle.told().order_update_id == 1


def test_an_update_is_taken_when_the_decision_point_is_reached_and_when_the_order_is_finished():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1, 1))
    vehicle.drive(2)
    vehicle.order(*path(1, 2, 1), update=1)
    vehicle.drive(4)
    assert sequence(vehicle.told()) == []
    vehicle.order(*path(2, 4, 1), update=2)
    assert sequence(vehicle.told()) == [6]
    assert vehicle.refused() == []


def test_an_update_can_change_the_horizon_alone():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1, 2))
    vehicle.order(*path(1, 2, 0, 1), update=1)
    assert [(each.sequence_id, each.released) for each in vehicle.told().node_states] == [(2, True), (4, False)]


def test_actions_of_a_horizon_that_was_replaced_are_gone_and_those_of_the_base_stay():
    vehicle = Driven()
    nodes = (node(0, 0), node(1, 2, actions=(action("base"),)), node(2, 4, released=False, actions=(action("old"),)))
    vehicle.order(nodes, (edge(0, 1), edge(1, 3, released=False)))
    vehicle.order((node(1, 2), node(2, 4, actions=(action("new"),))), (edge(1, 3),), update=1)
    assert [each.action_id for each in vehicle.told().action_states] == ["base", "new"]


@pytest.mark.parametrize(
    ("place", "start", "update", "error"),
    [
        (1, 2, 0, None),
        (2, 4, 1, "orderUpdateError"),
        (1, 4, 1, "orderUpdateError"),
        (3, 2, 1, "orderUpdateError"),
        (0, 0, 1, "orderUpdateError"),
    ],
)
def test_an_update_that_begins_elsewhere_is_refused_and_a_repeated_one_is_passed_over(place, start, update, error):
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1, 1))
    vehicle.order(*path(place, start, 1), update=update)
    assert vehicle.refused() == ([error] if error else [])
    assert (sequence(vehicle.told()), vehicle.told().order_update_id) == ([2, 4], 0)
    if error:
        references = {each.reference_key: each.reference_value for each in vehicle.told().errors[0].error_references}
        assert (references["orderId"], references["orderUpdateId"]) == ("o1", "1")


def test_an_older_update_is_refused_and_the_warning_ends_with_the_next_one_taken():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1))
    vehicle.order(*path(1, 2, 1), update=5)
    vehicle.order(*path(2, 4, 1), update=3)
    assert vehicle.refused() == ["orderUpdateError"]
    vehicle.order(*path(2, 4, 1), update=6)
    assert vehicle.refused() == []


def test_another_order_is_refused_while_one_is_under_way():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1))
    vehicle.order(*path(0, 0, 2), order_id="o2")
    assert vehicle.refused() == ["orderError"]
    assert vehicle.told().order_id == "o1"
    vehicle.drive(2)
    vehicle.order(*path(1, 0, 1), order_id="o2")
    assert (vehicle.told().order_id, vehicle.refused()) == ("o2", [])


def test_an_order_waits_for_the_actions_of_the_one_before():
    vehicle = Driven()
    vehicle.order((node(0, 0, actions=(action("a"),)),), ())
    vehicle.order(*path(0, 0, 1), order_id="o2")
    assert vehicle.refused() == ["orderError"]
    vehicle.does(ActionProgressed("a", ActionStatus.FINISHED))
    vehicle.order(*path(0, 0, 1), order_id="o2")
    assert vehicle.told().order_id == "o2"


def test_a_late_copy_of_an_order_that_was_done_is_refused():
    vehicle = Driven()
    vehicle.order((node(0, 0),), ())
    vehicle.order((node(0, 0),), (), order_id="o2")
    vehicle.order((node(0, 0),), ())
    assert (vehicle.told().order_id, vehicle.refused()) == ("o2", ["orderError"])


def position(x: float, *, map_id: str = "line", known: bool = True) -> Moved:
    return Moved(position=AgvPosition(x=x, y=0.0, theta=0.0, map_id=map_id, position_initialized=known))


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        (position(29.0), True),
        (position(25.0), True),
        (position(24.9), False),
        (position(30.0, map_id="yard"), False),
        (position(30.0, known=False), False),
        (Moved(), False),
    ],
)
def test_an_order_begins_within_the_deviation_of_its_first_node_or_is_refused(where, taken):
    vehicle = Driven()
    vehicle.does(where)
    vehicle.order(*path(3, 0, 1))
    assert vehicle.refused() == ([] if taken else ["noRouteError"])


def test_between_nodes_the_last_one_is_no_start_unless_its_deviation_reaches_the_vehicle():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 2))
    vehicle.does(Drove(driving=True), LeftNode(1), position(9.0))
    vehicle.instant("cancelOrder")
    vehicle.does(Drove(driving=False))
    vehicle.order(*path(0, 0, 1), order_id="o2")
    assert vehicle.refused() == ["noRouteError"]
    vehicle.does(position(4.0))
    vehicle.order(*path(0, 0, 1), order_id="o2")
    assert vehicle.told().order_id == "o2"


def test_an_order_that_contradicts_itself_and_bytes_that_are_none_are_told():
    vehicle = Driven()
    vehicle.order((node(0, 0), node(1, 2)), ())
    assert vehicle.refused() == ["validationError"]
    vehicle.does(Unreadable(kind=Kind.ORDER, field="nodes", rule="field.type", mend="must be a list"))
    assert vehicle.refused() == ["validationError", "validationError"]
    assert vehicle.told().order_id == ""


@pytest.mark.parametrize(
    "nodes",
    [
        (node(0, 0, actions=(action("a", "dance"),)),),
        (node(0, 0, actions=(action("a"), action("b", "fly"))),),
    ],
)
def test_an_order_with_an_action_that_the_vehicle_cannot_perform_is_refused_by_its_id(nodes):
    vehicle = Driven()
    vehicle.order(nodes, ())
    assert vehicle.refused() == ["orderError"]
    keys = {each.reference_key for each in vehicle.told().errors[0].error_references}
    assert {"orderId", "actionId", "actionType"} <= keys


def test_an_order_for_another_zone_set_is_refused():
    vehicle = Driven()
    vehicle.order((node(0, 0),), (), zone_set_id="z")
    assert vehicle.refused() == ["orderError"]


@pytest.mark.parametrize("mode", [OperatingMode.MANUAL, OperatingMode.SERVICE, OperatingMode.TEACHIN])
def test_a_person_in_control_clears_the_order_and_the_vehicle_takes_none(mode):
    vehicle = Driven()
    vehicle.order((node(0, 0, actions=(action("a", "lift"),)), node(1, 2, actions=(action("b"),))), (edge(0, 1),))
    assert AbortAction("a") in vehicle.does(ModeChanged(mode))
    told = vehicle.told()
    assert (told.operating_mode, sequence(told), told.order_id) == (mode, [], "o1")
    assert (vehicle.status("a"), vehicle.status("b")) == (ActionStatus.FAILED, ActionStatus.FAILED)
    vehicle.order((node(0, 0),), (), order_id="o2")
    assert vehicle.refused() == ["orderError"]
    vehicle.instant("startPause")
    assert vehicle.status("i-startPause") is ActionStatus.FAILED
    vehicle.does(ModeChanged(OperatingMode.AUTOMATIC), Localized("n0"))
    vehicle.order((node(0, 0),), (), order_id="o3")
    assert vehicle.told().order_id == "o3"


def test_the_half_automatic_mode_keeps_the_order():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1))
    vehicle.does(ModeChanged(OperatingMode.SEMIAUTOMATIC))
    assert clearance(vehicle.state).nodes
    vehicle.does(ModeChanged(OperatingMode.AUTOMATIC))
    assert sequence(vehicle.told()) == [2]


def test_blocking_actions_run_in_their_order_and_hold_the_vehicle():
    vehicle = Driven()
    actions = (action("none"), action("soft", blocking="SOFT"), action("hard", blocking="HARD"), action("late"))
    begun = vehicle.order((node(0, 0, actions=actions), node(1, 2)), (edge(0, 1),))
    assert [each.action.action_id for each in begun] == ["none", "soft"]
    assert clearance(vehicle.state).nodes == ()
    vehicle.does(ActionProgressed("soft", ActionStatus.FINISHED))
    assert vehicle.status("hard") is ActionStatus.WAITING
    begun = vehicle.does(ActionProgressed("none", ActionStatus.FINISHED))
    assert [each.action.action_id for each in begun] == ["hard"]
    begun = vehicle.does(ActionProgressed("hard", ActionStatus.FAILED, "jammed"))
    assert [each.action.action_id for each in begun] == ["late"]
    assert [each.sequence_id for each in clearance(vehicle.state).nodes] == [2]
    assert vehicle.told().action_states[2].result_description == "jammed"


def test_an_action_that_needs_standstill_waits_for_it():
    vehicle = Driven()
    vehicle.order(
        (node(0, 0), node(1, 2, actions=(action("s", blocking="SOFT"),)), node(2, 4)), (edge(0, 1), edge(1, 3))
    )
    vehicle.drive(2)
    assert (vehicle.status("s"), clearance(vehicle.state).nodes) == (ActionStatus.WAITING, ())
    assert vehicle.does(Drove(driving=False)) == [StartAction(action("s", blocking="SOFT"))]


def test_actions_of_an_edge_begin_on_it_and_end_with_it():
    vehicle = Driven()
    vehicle.order((node(0, 0), node(1, 2)), (edge(0, 1, actions=(action("e"), action("f", blocking="SOFT"))),))
    assert vehicle.status("e") is ActionStatus.WAITING
    assert vehicle.does(Drove(driving=True), LeftNode(1)) == [StartAction(action("e"))]
    assert vehicle.does(ReachedNode(2)) == [AbortAction("e")]
    assert (vehicle.status("e"), vehicle.status("f")) == (ActionStatus.FINISHED, ActionStatus.FAILED)


def test_a_cancel_ends_what_can_be_ended_and_finishes_when_all_stands():
    vehicle = Driven()
    first = node(0, 0, actions=(action("a"), action("b", "lift")))
    vehicle.order((first, node(1, 2, actions=(action("c"),))), (edge(0, 1),))
    vehicle.does(Drove(driving=True), LeftNode(1))
    assert vehicle.instant("cancelOrder") == [AbortAction("a")]
    states = [vehicle.status(name) for name in ("a", "b", "c", "i-cancelOrder")]
    assert states == [ActionStatus.FAILED, ActionStatus.INITIALIZING, ActionStatus.FAILED, ActionStatus.RUNNING]
    assert clearance(vehicle.state).nodes == ()
    assert sequence(vehicle.told()) == [2]
    vehicle.does(Drove(driving=False))
    assert vehicle.status("i-cancelOrder") is ActionStatus.RUNNING
    vehicle.does(ActionProgressed("b", ActionStatus.FINISHED))
    told = vehicle.told()
    assert (sequence(told), told.edge_states, told.order_id) == ([], (), "o1")
    assert (vehicle.status("b"), vehicle.status("i-cancelOrder")) == (ActionStatus.FINISHED, ActionStatus.FINISHED)


def test_an_update_of_a_cancelled_order_is_refused():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1))
    vehicle.instant("cancelOrder")
    vehicle.order(*path(0, 0, 1), update=1)
    assert vehicle.refused() == ["orderUpdateError"]
    assert sequence(vehicle.told()) == []


def test_a_vehicle_that_cannot_stop_between_nodes_drives_on_to_the_next_after_a_cancel():
    vehicle = Driven(stops_between_nodes=False)
    vehicle.order(*path(0, 0, 3, 1))
    vehicle.does(Drove(driving=True), LeftNode(1))
    vehicle.instant("cancelOrder")
    assert (sequence(vehicle.told()), vehicle.status("i-cancelOrder")) == ([2], ActionStatus.RUNNING)
    assert [each.sequence_id for each in clearance(vehicle.state).nodes] == [2]
    vehicle.does(ReachedNode(2), Drove(driving=False))
    assert (vehicle.told().last_node_id, vehicle.status("i-cancelOrder")) == ("n1", ActionStatus.FINISHED)


def test_a_cancel_without_an_order_fails_by_name():
    vehicle = Driven()
    vehicle.instant("cancelOrder")
    (error,) = vehicle.told().errors
    assert (error.error_type, error.error_level) == ("noOrderToCancel", ErrorLevel.WARNING)
    assert ("actionId", "i-cancelOrder") in {(e.reference_key, e.reference_value) for e in error.error_references}
    assert vehicle.status("i-cancelOrder") is ActionStatus.FAILED


def test_a_doubled_cancel_does_nothing_to_the_next_order():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1))
    vehicle.instant("cancelOrder")
    vehicle.order(*path(0, 0, 1), order_id="o2")
    vehicle.instant("cancelOrder")
    assert sequence(vehicle.told()) == [2]


def test_a_pause_holds_the_vehicle_and_its_actions_until_it_is_ended():
    vehicle = Driven()
    vehicle.order((node(0, 0, actions=(action("a"),)), node(1, 2)), (edge(0, 1),))
    vehicle.does(ActionProgressed("a", ActionStatus.RUNNING), Drove(driving=True), LeftNode(1))
    assert vehicle.instant("startPause") == [PauseAction("a")]
    assert (vehicle.told().paused, vehicle.status("i-startPause")) == (True, ActionStatus.RUNNING)
    assert clearance(vehicle.state).nodes == ()
    vehicle.does(Drove(driving=False))
    assert vehicle.status("i-startPause") is ActionStatus.FINISHED
    assert vehicle.instant("stopPause") == [ResumeAction("a")]
    assert (vehicle.told().paused, vehicle.status("a")) == (False, ActionStatus.RUNNING)
    assert clearance(vehicle.state).nodes


def test_the_button_on_the_vehicle_is_stronger_than_the_master():
    vehicle = Driven()
    vehicle.does(PauseButton(pressed=True))
    vehicle.instant("stopPause")
    assert (vehicle.told().paused, vehicle.status("i-stopPause")) == (True, ActionStatus.FAILED)
    vehicle.does(PauseButton(pressed=False))
    assert vehicle.told().paused is False


def test_requests_are_answered_and_what_is_not_known_fails_by_name():
    vehicle = Driven(factsheet=FACTSHEET)
    vehicle.instant("stateRequest", "factsheetRequest", "logReport", "dance", "beep")
    done = [vehicle.status(f"i-{kind}") for kind in ("stateRequest", "factsheetRequest", "logReport", "dance", "beep")]
    finished, failed = ActionStatus.FINISHED, ActionStatus.FAILED
    assert done == [finished, finished, failed, failed, ActionStatus.INITIALIZING]
    assert vehicle.refused() == ["instantActionError", "instantActionError"]
    sheets = [each.message for each in vehicle.outputs if isinstance(each, Publish)]
    assert any(type(each) is type(FACTSHEET) for each in sheets)


def test_a_position_is_taken_when_the_vehicle_is_free_and_all_of_it_is_given():
    vehicle = Driven()
    place = {"x": 1.0, "y": 2, "theta": 0.5, "mapId": "line", "lastNodeId": "n4"}
    taken = vehicle.instant("initPosition", **place)
    assert taken == [TakePosition(x=1.0, y=2.0, theta=0.5, map_id="line", last_node_id="n4")]
    assert vehicle.told().last_node_id == "n4"
    other = Driven()
    assert other.instant("initPosition", x=1.0, y="north", theta=0.5, mapId="line") == []
    assert other.status("i-initPosition") is ActionStatus.FAILED
    busy = Driven()
    busy.order(*path(0, 0, 1))
    assert busy.instant("initPosition", **place) == []
    assert busy.status("i-initPosition") is ActionStatus.FAILED


def test_a_restart_in_mid_order_forgets_it_and_counts_its_messages_anew():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 2))
    vehicle.does(Drove(driving=True), LeftNode(1), Restarted())
    told = vehicle.told()
    assert (told.order_id, told.order_update_id, told.last_node_id, told.header_id) == ("", 0, "", 0)
    assert (sequence(told), told.action_states) == ([], ())
    vehicle.does(Localized("n0"))
    vehicle.order(*path(0, 0, 2))
    assert vehicle.refused() == ["orderError"]


def test_a_fatal_fault_holds_the_vehicle():
    vehicle = Driven()
    vehicle.order(*path(0, 0, 1))
    vehicle.does(Changed(faults=(Error(error_type="scanner", error_level=ErrorLevel.FATAL),)))
    assert clearance(vehicle.state).nodes == ()
    vehicle.does(Changed(faults=()))
    assert clearance(vehicle.state).nodes


def test_a_state_is_told_on_change_and_after_30_s_and_not_for_every_movement():
    vehicle = Driven()
    before = len(vehicle.outputs)
    vehicle.does(
        position(1.0), position(2.0), Changed(battery=BatteryState(battery_charge=50.0, charging=False)), Tick()
    )
    assert len(vehicle.outputs) == before
    vehicle.does(Changed(battery=BatteryState(battery_charge=50.0, charging=True)))
    assert len(vehicle.outputs) == before + 1
    vehicle.now += 30 * SECOND
    vehicle.does(Tick())
    assert [each.message.header_id for each in vehicle.outputs] == list(range(before + 2))
    assert vehicle.told().agv_position.x == 2.0
