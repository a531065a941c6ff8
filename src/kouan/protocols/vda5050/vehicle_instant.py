"""What a vehicle does with instant actions (sections 6.6.3, 6.8 and 6.9)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kouan.protocols.vda5050 import vehicle_actions
from kouan.protocols.vda5050.factsheet_words import ActionScope
from kouan.protocols.vda5050.order import Action, InstantActions
from kouan.protocols.vda5050.state import ActionStatus
from kouan.protocols.vda5050.vehicle_accept import KEPT_IDS, busy, warn, warning
from kouan.protocols.vda5050.vehicle_types import ActionRecord, Stepped, TakePosition, VehicleOutput, VehicleState

replace = msgspec.structs.replace

CANCEL = "cancelOrder"
START_PAUSE = "startPause"
STOP_PAUSE = "stopPause"
STATE_REQUEST = "stateRequest"
FACTSHEET_REQUEST = "factsheetRequest"
INIT_POSITION = "initPosition"
"""The instant actions that every vehicle of ours performs (section 6.8.1)."""

NO_ORDER = "noOrderToCancel"
REFUSED = "instantActionError"
"""Types of error: the first of section 6.6.3.2; the second is our choice, since 2.1.0 names none."""


def take(state: VehicleState, message: InstantActions) -> Stepped:
    """Perform instant actions, one after another; an id that was seen before does nothing."""
    outputs: list[VehicleOutput] = []
    for action in message.actions:
        if action.action_id in state.past_actions:
            continue
        past = (*state.past_actions, action.action_id)[-KEPT_IDS:]
        record = ActionRecord(action=action, status=ActionStatus.RUNNING)
        state = replace(state, past_actions=past, actions=(*state.actions, record), state_due=True)
        state, more = _perform(state, action)
        outputs.extend(more)
    return vehicle_actions.forget_old_instants(replace(state, state_due=True)), tuple(outputs)


def _perform(state: VehicleState, action: Action) -> Stepped:
    handler = _ALWAYS.get(action.action_type)
    if handler is None and not state.mode.by_master:
        return _refuse(state, action, f"a person is in control ({state.mode})"), ()
    handler = handler or _BY_MASTER.get(action.action_type, _machinery)
    return handler(state, action)


def _machinery(state: VehicleState, action: Action) -> Stepped:
    ability = state.profile.abilities.get(action.action_type)
    if ability is None or ActionScope.INSTANT not in ability.scopes:
        return _refuse(state, action, "the vehicle cannot perform this at once"), ()
    waiting = vehicle_actions.change(
        state,
        lambda each: each.action.action_id == action.action_id,
        lambda each: replace(each, status=ActionStatus.WAITING, triggered=True),
    )
    return waiting, ()


def _refuse(state: VehicleState, action: Action, why: str, error_type: str = REFUSED) -> VehicleState:
    failed = vehicle_actions.finish(state, action.action_id, ActionStatus.FAILED, why)
    return warn(failed, warning(error_type, why, actionId=action.action_id, actionType=action.action_type))


def _tell(state: VehicleState, action: Action) -> Stepped:
    return vehicle_actions.finish(state, action.action_id, ActionStatus.FINISHED), ()


def _pause(state: VehicleState, _: Action) -> Stepped:
    return vehicle_actions.pause(state)


def _factsheet(state: VehicleState, action: Action) -> Stepped:
    if state.profile.factsheet is None:
        return _refuse(state, action, "the vehicle has no factsheet"), ()
    return replace(vehicle_actions.finish(state, action.action_id, ActionStatus.FINISHED), factsheet_due=True), ()


def _resume(state: VehicleState, action: Action) -> Stepped:
    if state.button:
        return _refuse(state, action, "the button on the vehicle holds it"), ()
    resumed, outputs = vehicle_actions.resume(state)
    for each in state.actions:
        if each.action.action_type == START_PAUSE and not each.status.ended:
            why = "ended before the vehicle stood"
            resumed = vehicle_actions.finish(resumed, each.action.action_id, ActionStatus.FAILED, why)
    return vehicle_actions.finish(resumed, action.action_id, ActionStatus.FINISHED), outputs


def _cancel(state: VehicleState, action: Action) -> Stepped:
    if not busy(state):
        return _refuse(state, action, "the vehicle has no order", NO_ORDER), ()
    broken, outputs = vehicle_actions.break_off(state)
    nodes, edges = state.nodes, state.edges
    if not state.profile.stops_between_nodes and not state.cancels:
        onward = state.between or state.driving
        nodes = tuple(node for node in nodes if node.released)[: 1 if onward else 0]
        edges = tuple(edge for edge in edges if edge.released)[: len(nodes)]
    return replace(broken, nodes=nodes, edges=edges, cancels=(*state.cancels, action.action_id)), outputs


def _init_position(state: VehicleState, action: Action) -> Stepped:
    if busy(state) or state.driving:
        return _refuse(state, action, "the vehicle has an order or is driving"), ()
    given: Mapping[str, Any] = {each.key: each.value for each in action.action_parameters or ()}
    try:
        place = msgspec.convert(
            {"last_node_id": given.get("lastNodeId", ""), "map_id": given.get("mapId"), **given}, _Pose
        )
    except msgspec.ValidationError as error:
        return _refuse(state, action, f"x, y, theta and mapId must be given: {error}"), ()
    taken = replace(
        vehicle_actions.finish(state, action.action_id, ActionStatus.FINISHED),
        last_node_id=place.last_node_id,
        last_node_sequence_id=0,
        entered=None,
        between=False,
    )
    pose = TakePosition(x=place.x, y=place.y, theta=place.theta, map_id=place.map_id, last_node_id=place.last_node_id)
    return taken, (pose,)


class _Pose(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    x: float
    y: float
    theta: float
    map_id: str
    last_node_id: str = ""


_Handler = Callable[[VehicleState, Action], Stepped]

_ALWAYS: Mapping[str, _Handler] = {STATE_REQUEST: _tell, FACTSHEET_REQUEST: _factsheet}

_BY_MASTER: Mapping[str, _Handler] = {
    CANCEL: _cancel,
    START_PAUSE: _pause,
    STOP_PAUSE: _resume,
    INIT_POSITION: _init_position,
}
