"""The order machine of a vehicle: pure steps from what it hears and does to what it tells and must do.

It knows nothing of kinematics. Whoever drives asks ``clearance`` what may be driven now, and feeds back what was
reached, left and done.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kouan.protocols.vda5050 import vehicle_accept, vehicle_actions, vehicle_instant, vehicle_report
from kouan.protocols.vda5050.order import Edge, InstantActions, Node, Order
from kouan.protocols.vda5050.state import ActionStatus, ErrorLevel
from kouan.protocols.vda5050.vehicle_types import (
    ActionProgressed,
    Changed,
    Drove,
    LeftNode,
    Localized,
    ModeChanged,
    Moved,
    PauseButton,
    Publish,
    ReachedNode,
    Restarted,
    Stepped,
    Unreadable,
    VehicleInput,
    VehicleOutput,
    VehicleState,
)
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict

replace = msgspec.structs.replace


class Clearance(msgspec.Struct, frozen=True):
    """What the vehicle may drive over now, in sequence; nothing where it must stand."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


def clearance(state: VehicleState) -> Clearance:
    """Return the nodes and edges that may be driven now. A vehicle that must stop brakes within its base."""
    if not state.mode.by_master or state.paused or vehicle_actions.blocks_driving(state):
        return Clearance()
    if any(error.error_level is ErrorLevel.FATAL for error in state.faults):
        return Clearance()
    if state.cancels and state.profile.stops_between_nodes:
        return Clearance()
    nodes = tuple(node for node in state.nodes if node.released)
    return Clearance(nodes, tuple(edge for edge in state.edges if edge.released) if nodes else ())


def step(state: VehicleState, event: VehicleInput, now: Instant) -> Stepped:
    """Return the state after an input, and what to send and do.

    Raises Conflict if what drives the vehicle reports a node, edge or action that is not next or not known.
    """
    after, outputs = _taken(state, event)
    after, more = _settled(after)
    due = after.state_due or vehicle_report.told(after) != vehicle_report.told(state)
    if not due and after.told_at is not None:
        due = now - after.told_at >= after.profile.state_interval_us
    after, messages = _published(after, now, due=due or after.told_at is None)
    return after, (*outputs, *more, *messages)


def _taken(state: VehicleState, event: VehicleInput) -> Stepped:
    handler = _HANDLERS.get(type(event))
    return (_noted(state, event), ()) if handler is None else handler(state, event)


def _noted(state: VehicleState, event: VehicleInput) -> VehicleState:
    match event:
        case Drove(driving):
            return replace(state, driving=driving)
        case Moved(position=position, velocity=velocity, distance_m=distance_m):
            return replace(state, position=position, velocity=velocity, distance_m=distance_m)
        case Localized(node_id) if not vehicle_accept.busy(state):
            return replace(state, last_node_id=node_id, last_node_sequence_id=0, entered=None, between=not node_id)
        case Localized():
            raise Conflict("a vehicle with an order knows its nodes by driving over them")
        case Changed():
            return replace(
                state,
                battery=event.battery or state.battery,
                safety=event.safety or state.safety,
                loads=state.loads if event.loads is None else event.loads,
                faults=state.faults if event.faults is None else event.faults,
            )
        case _:
            return state


def _restarted(state: VehicleState, _: Restarted) -> Stepped:
    restarted = VehicleState(
        profile=state.profile,
        past_orders=state.past_orders,
        past_actions=state.past_actions,
        mode=state.mode,
        battery=state.battery,
        safety=state.safety,
        position=state.position,
        loads=state.loads,
        faults=state.faults,
        between=True,
        state_due=True,
    )
    return restarted, ()


def _reached(state: VehicleState, event: ReachedNode) -> Stepped:
    sequence_id = event.sequence_id
    node = state.nodes[0] if state.nodes else None
    if node is None or not node.released or node.sequence_id != sequence_id:
        raise Conflict(f"node {sequence_id} is not the next one of the base")
    outputs: tuple[VehicleOutput, ...] = ()
    for edge in state.edges:
        if edge.sequence_id < sequence_id:
            state, more = vehicle_actions.leave_edge(state, edge.sequence_id)
            outputs += more
    reached = replace(
        state,
        nodes=state.nodes[1:],
        edges=tuple(edge for edge in state.edges if edge.sequence_id > sequence_id),
        last_node_id=node.node_id,
        last_node_sequence_id=sequence_id,
        entered=None,
        between=False,
        distance_m=None,
    )
    return (vehicle_actions.trigger(reached, sequence_id) if not state.cancels else reached), outputs


def _left(state: VehicleState, event: LeftNode) -> Stepped:
    sequence_id = event.sequence_id
    edge = state.edges[0] if state.edges else None
    if edge is None or not edge.released or edge.sequence_id != sequence_id:
        raise Conflict(f"edge {sequence_id} is not the next one of the base")
    return vehicle_actions.trigger(replace(state, entered=sequence_id, between=True), sequence_id), ()


def _progressed(state: VehicleState, event: ActionProgressed) -> Stepped:
    known = next((each for each in state.actions if each.action.action_id == event.action_id), None)
    if known is None or known.status.ended:
        return state, ()  # what was broken off may still say so
    return vehicle_actions.finish(state, event.action_id, event.status, event.result), ()


def _button(state: VehicleState, event: PauseButton) -> Stepped:
    pressing = replace(state, button=event.pressed)
    return vehicle_actions.pause(pressing) if event.pressed else vehicle_actions.resume(pressing)


def _mode(state: VehicleState, event: ModeChanged) -> Stepped:
    """Clear the order where a person takes over or gives back (section 6.10.6)."""
    by_hand = not state.mode.by_master
    after = replace(state, mode=event.mode, between=state.between or by_hand)
    if event.mode.by_master and state.mode.by_master:
        return after, ()
    if not event.mode.by_master and not vehicle_accept.busy(state):
        return replace(after, closed=True), ()
    after, outputs = vehicle_actions.break_off(after, all_of_them=True)
    for name in state.cancels:
        after = vehicle_actions.finish(after, name, ActionStatus.FINISHED)
    return replace(after, nodes=(), edges=(), entered=None, cancels=(), closed=True), outputs


def _settled(state: VehicleState) -> Stepped:
    if not state.driving:
        for each in state.actions:
            if each.action.action_type == vehicle_instant.START_PAUSE and each.status is ActionStatus.RUNNING:
                state = vehicle_actions.finish(state, each.action.action_id, ActionStatus.FINISHED)
    if state.cancels and _stopped(state):
        for name in state.cancels:
            state = vehicle_actions.finish(state, name, ActionStatus.FINISHED)
        state = replace(state, nodes=(), edges=(), cancels=(), entered=None, closed=True)
    return vehicle_actions.start_what_may(state)


def _stopped(state: VehicleState) -> bool:
    there = state.profile.stops_between_nodes or not state.nodes
    return there and not state.driving and not vehicle_actions.unended(state)


def _published(state: VehicleState, now: Instant, *, due: bool) -> Stepped:
    messages: list[VehicleOutput] = []
    sheet = state.profile.factsheet
    if state.factsheet_due and sheet is not None:
        state, made = vehicle_report.factsheet(state, sheet, now)
        messages.append(Publish(made))
    if due:
        state, message = vehicle_report.report(state, now)
        messages.append(Publish(message))
    return state, tuple(messages)


_HANDLERS: Mapping[type, Callable[[VehicleState, Any], Stepped]] = {
    Order: vehicle_accept.take,
    InstantActions: vehicle_instant.take,
    ReachedNode: _reached,
    LeftNode: _left,
    ActionProgressed: _progressed,
    PauseButton: _button,
    ModeChanged: _mode,
    Unreadable: vehicle_accept.unreadable,
    Restarted: _restarted,
}
